"""Noise in training: what is done to a sentence, or to its embeddings, that should not change the answer.

The kinds are in perturbations.py (embeddings), word_noise.py (words) and augmentation.py (both). A kind of
one's own is a subclass of :class:`Noise` with the method ``step``.
"""

from __future__ import annotations

from dataclasses import dataclass

from xltlib.components.base import Component
from xltlib.provenance import Entry


@dataclass(frozen=True, kw_only=True)
class Noise(Component):
    """What the noises share.

    Attributes:
        reads: the kind of what it reads, for the rung: see provenance.RUNG_OF_KIND.
        votes: whether a trained model can be asked for noisy copies of a pair, and answer by majority.
        adversarial: whether it computes the loss of a batch several times, against its labels.
        of_source: whether its words are of the source language, so that all training pairs must be.
        joint: whether it changes a word alike in both sentences of a pair.
        names_safe: whether it leaves words alone that may be names.
        radius: of what perturbs embeddings.
    """

    reads = "nothing"
    votes = False
    adversarial = False
    of_source = False
    joint = False
    names_safe = False
    radius = None

    def entry(self, run, source: str = "", languages: tuple[str, ...] = ()) -> Entry:
        """An entry under the name of this noise, as tables print it."""
        flags = [name for name in ("joint", "names_safe") if getattr(self, name)]
        if run.scored.votes:
            flags.append("votes")
        use = "-".join([run.kind("noise"), *flags]).replace("_", "-")
        return Entry("noise", use, self.reads, languages, source, told=self.told_options())

    def gather(self, run) -> Noise:
        run.provenance.note(self.entry(run))
        return self

    def step(self, model, seed: int):
        """One training step: ``step(loss, batch, backward)`` computes the loss and sends it backward.

        Args:
            model: being trained.
            seed: of the draws.
        """
        from xltlib.noise.base import plain

        return plain


@dataclass(frozen=True, kw_only=True)
class NoNoise(Noise):
    """Pairs as they are (rung Z0)."""

    def gather(self, run) -> NoNoise:
        return self
