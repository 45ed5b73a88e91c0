"""Cross-lingual and hybrid batches (Elmahdy, Lin & Ahmad 2024, arXiv 2408.10536), and what is in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Iterator

import numpy as np

from xltlib import batching, tasks
from xltlib.components.base import Component, gathered, option, part
from xltlib.provenance import Entry, naming_facts

if TYPE_CHECKING:
    from xltlib.components.labelled import Data


@dataclass(frozen=True, kw_only=True)
class Labels(Component):
    """Labelled items in two languages or more: sentence 1 in one, sentence 2 in another (rung Z4)."""

    needs_languages = 2  # of the labelled pairs

    def read(self, run, use: str) -> Labels:
        """Nothing more than the labelled pairs; an entry for the batches ``use``.

        Raises:
            DataError: an item has not the same label in all languages.
        """
        train = run.data.train
        tasks.refuse_other_labels(train, "labelled pairs of cross-lingual batches")
        others = tuple(sorted(set(train.language1) - {run.source}))
        kind = "labelled-target" if others else "labelled-source"
        facts, items = naming_facts(kind, "0", 0, []), train["item"].nunique()
        run.provenance.note(Entry("batches", use, kind, others or (run.source,), run.task, items, told=facts))
        return self

    def stream(self, model, data: Data, size: int, rng: np.random.Generator) -> Iterator[batching.Batch]:
        """Endless batches of ``size`` pairs."""
        return batching.cross_lingual(data.train, size, model.lengths, rng)


@dataclass(frozen=True, kw_only=True)
class Translations(Component):
    """Translations without labels, ranked against the rest of their batch (rung Z3).

    The loss is additive-margin translation ranking (adaptation/align.py).

    Args:
        corpus: ``"ntrex"``, ``"tatoeba"``, ``"demo"``, a folder, or two corpora with a blank between.
        languages: of the translations; English is their other side, or where there is none another pivot.
        sentences: translations a language (0: all).
        size: translations an update.
        exponent: of two corpora, one of n translations is drawn in proportion to n ** exponent.
    """

    corpus: str = option(reads=True)
    languages: str = option("targets", languages=True)
    sentences: int = option(0, at_least=0)
    size: int = option(32, at_least=2, at_most=65_536)
    exponent: float = option(1.0, at_least=0, at_most=2)
    corpora: dict | None = gathered()

    def read(self, run, use: str) -> Translations:
        """The translations, for the batches ``use``."""
        codes = run.codes(self.languages)
        facts = naming_facts("parallel", self.corpus, self.sentences, [])
        entry = Entry("batches", use, "parallel", tuple(codes), self.corpus, told=facts)
        corpora = tasks.several(self.corpus) or [self.corpus]
        return self.holding(corpora=run.provenance.corpora(corpora, codes, self.sentences, entry))

    def stream(self, model, data: Data, size: int, rng: np.random.Generator) -> Iterator[batching.Batch]:
        """Endless batches of translations; ``size``, of labelled pairs, is not theirs."""
        corpora = list(self.corpora.values())
        streams = [batching.translations(pairs, self.size, model.lengths, rng) for pairs in corpora]
        sizes = [sum(map(len, pairs.values())) for pairs in corpora]
        return batching.mixed(streams, sizes, self.exponent, rng)


@dataclass(frozen=True, kw_only=True)
class CrossLingual(Component):
    """Every batch in several languages (the rung is that of what it is made of).

    Args:
        size: labelled pairs an update.
        cross: what a batch is made of: labelled items, translations, or a view of one side of each pair.
    """

    size: int = option(8, at_least=1, at_most=65_536)
    cross: Component = part("cross", "labels")
    name = "cross-lingual"

    def gather(self, run) -> CrossLingual:
        return self.holding(cross=self.cross.read(run, self.name))

    def stream(self, model, data: Data, rng: np.random.Generator) -> Iterator[batching.Batch]:
        """Endless batches; arguments as Monolingual.stream."""
        return self.cross.stream(model, data, self.size, rng)


@dataclass(frozen=True, kw_only=True)
class Hybrid(Component):
    """Per batch, monolingual with probability alpha, else cross-lingual (the rung is that of ``cross``).

    Args:
        size: labelled pairs an update.
        alpha: the paper's best was 0.5, flat between 0.4 and 0.6. Fix it before looking at results.
        exponent: of monolingual batches: a language with n items is drawn in proportion to n ** exponent.
        cross: what a cross-lingual batch is made of, as above.
    """

    size: int = option(8, at_least=1, at_most=65_536)
    alpha: float = option(0.5, at_least=0, at_most=1)
    exponent: float = option(0.0, at_least=0, at_most=2)
    cross: Component = part("cross", "labels")
    name = "hybrid"

    def gather(self, run) -> Hybrid:
        return self.holding(cross=self.cross.read(run, self.name))

    def stream(self, model, data: Data, rng: np.random.Generator) -> Iterator[batching.Batch]:
        """Endless batches; arguments as Monolingual.stream."""
        mono = batching.monolingual(data.train, self.size, model.lengths, rng, self.exponent)
        cross = self.cross.stream(model, data, self.size, rng)
        return batching.hybrid(mono, cross, self.alpha, rng)
