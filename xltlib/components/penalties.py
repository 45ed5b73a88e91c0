"""Penalties from unlabelled text of the targets, or from translations without labels.

How each is computed: adaptation/during.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from xltlib.components.base import gathered, option
from xltlib.components.penalty import Penalty
from xltlib.provenance import Entry, naming_facts


@dataclass(frozen=True, kw_only=True)
class TextPenalty(Penalty):
    """Sentence vectors of the targets are drawn towards those of the source language (rung Z1).

    Args:
        text: ``"wikipedia"``, ``"ntrex"`` (news), ``"task"`` (its own sentences), ``"demo"``, a folder.
        languages: whose text is drawn towards that of the source language.
        sentences: a language (0: all).
        weight: of the penalty, beside the labelled loss.
    """

    text: str = option(reads=True)
    languages: str = option("targets", languages=True)
    sentences: int = option(0, at_least=0)
    weight: float = option(0.1, at_least=0)
    texts: dict | None = gathered()  # sentences of each language, the source among them
    source: str | None = gathered()
    size: int | None = gathered()

    def gather(self, run) -> TextPenalty:
        codes = run.codes(self.languages)
        facts = naming_facts("text", self.text, self.sentences, codes, self.weight) | self.told_options()
        entry = Entry("adaptation", run.kind("penalty"), "text", tuple(codes), self.text, told=facts)
        texts = run.provenance.text(self.text, [run.source, *codes], self.sentences, entry)
        return self.holding(texts=texts, source=run.source, size=run.batches.size)

    def stream(self, rng: np.random.Generator):
        """Endless pairs of batches of sentences: of the source language, of the others."""
        from xltlib.adaptation import during

        return during.text_batches(self.texts, self.source, self.size, rng)


@dataclass(frozen=True, kw_only=True)
class Dann(TextPenalty):
    """A language discriminator through a reversed gradient (rung Z1); options of TextPenalty.

    Ganin & Lempitsky 2015 (arXiv 1409.7495); its strength grows as ``2 / (1 + exp(-10 p)) - 1`` (domain.py).
    """

    def beside(self, loss, model, steps: int, rng: np.random.Generator):
        from xltlib.adaptation import during

        return during.Penalised(loss, during.DannPenalty(model, self.stream(rng), steps), self.weight)


@dataclass(frozen=True, kw_only=True)
class Coral(TextPenalty):
    """``||C_s - C_t||_F^2 / (4 d^2)`` of the covariances (rung Z1); options of TextPenalty.

    Sun & Saenko 2016 (arXiv 1607.01719).
    """

    least_batch = 2  # one vector has no covariance

    def beside(self, loss, model, steps: int, rng: np.random.Generator):
        from xltlib.adaptation import domain, during

        penalty = during.DistancePenalty(model, self.stream(rng), domain.coral)
        return during.Penalised(loss, penalty, self.weight)


@dataclass(frozen=True, kw_only=True)
class Mmd(TextPenalty):
    """Squared maximum mean discrepancy under a mean of Gaussian kernels (rung Z1); options of TextPenalty.

    ``E k(s, s') + E k(t, t') - 2 E k(s, t)`` (Gretton et al. 2012; adaptation/domain.py).
    """

    def beside(self, loss, model, steps: int, rng: np.random.Generator):
        from xltlib.adaptation import domain, during

        penalty = during.DistancePenalty(model, self.stream(rng), domain.mmd)
        return during.Penalised(loss, penalty, self.weight)


@dataclass(frozen=True, kw_only=True)
class Consistency(Penalty):
    """The prediction for a pair in the source language teaches that for its translation (rung Z3).

    ``KL(softmax(teacher) || softmax(student))`` on the task's own development items, without their labels.

    Args:
        languages: of the translations.
        items: of them, the first so many (0: all that choose no checkpoint).
        weight: of the penalty, beside the labelled loss.
        decay: 1: the teacher stays as the model was at the start (the run needs one); below: it follows the
            model (mean teacher).
    """

    languages: str = option("targets", languages=True)
    items: int = option(0, at_least=0)
    weight: float = option(1.0, at_least=0)
    decay: float = option(1.0, at_least=0, at_most=1)
    pairs: pd.DataFrame | None = gathered()
    source: str | None = gathered()
    size: int | None = gathered()
    reads_development = True

    @property
    def needs_start(self) -> bool:
        """Whether the teacher stays as the model was at the start."""
        return self.decay == 1

    def gather(self, run) -> Consistency:
        codes = run.codes(self.languages)
        facts = naming_facts("parallel", "pairs", self.items, codes, self.weight)
        entry = Entry("adaptation", run.kind("penalty"), "parallel", tuple(codes), "pairs", told=facts)
        pairs = run.provenance.parallel_items(codes, run.source, run.data.dev, self.items, entry)
        return self.holding(pairs=pairs, source=run.source, size=run.batches.size)

    def beside(self, loss, model, steps: int, rng: np.random.Generator):
        from xltlib.adaptation import during

        stream = during.pair_batches(self.pairs, self.source, self.size, rng)
        return during.Penalised(loss, during.ConsistencyPenalty(model, stream, self.decay), self.weight)
