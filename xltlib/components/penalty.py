"""Adaptation during training: a penalty beside the labelled loss. No label of a target is read.

The kinds are in penalties.py. A kind of one's own is a subclass of :class:`Penalty`, or of
penalties.TextPenalty, with the method ``beside``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xltlib.components.base import Component
from xltlib.provenance import Entry


@dataclass(frozen=True, kw_only=True)
class Penalty(Component):
    """What the penalties share.

    Attributes:
        adds: whether there is a penalty at all.
        reads_development: whether it reads the task's development items.
        needs_start: whether it needs a model that was trained before, such as a teacher that is never
            updated.
        least_batch: pairs or sentences of a batch of which it can be computed.
        languages: codes of those that it reads; "": none.
    """

    adds = True
    reads_development = False
    needs_start = False
    least_batch = 1
    languages = ""

    def gather(self, run) -> Penalty:
        """Nothing is read; what reads text says so in an entry of its own."""
        run.provenance.note(Entry("adaptation", run.kind("penalty"), "nothing", told=self.told_options()))
        return self

    def beside(self, loss, model, steps: int, rng: np.random.Generator):
        """A loss with the penalty added: batch -> scalar.

        Args:
            loss: the labelled one.
            model: being trained. A submodule that it gets for the training alone is called ``discriminator``
                or ``probe``: these learn at the head's rate, and are not kept with the model.
            steps: updates of the training.
            rng: of what is drawn for the penalty.
        """
        return loss


@dataclass(frozen=True, kw_only=True)
class NoPenalty(Penalty):
    """The labelled loss alone (rung Z0)."""

    adds = False

    def gather(self, run) -> NoPenalty:
        return self
