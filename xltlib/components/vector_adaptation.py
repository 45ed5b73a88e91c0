"""Centring, whitening and rotation of sentence vectors, language by language.

How each is computed: adaptation/after.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

import numpy as np

from xltlib.adaptation import after
from xltlib.components.after import After
from xltlib.components.base import option
from xltlib.provenance import Entry, naming_facts
from xltlib.vectors import Turned


def _refuse_few(method: str, texts: dict[str, list], fewest: int) -> None:
    """Refuse a language with too little text to fit anything on.

    Args:
        method: as tables name it.
        texts: sentences or translations of each language, without those that were left out.
        fewest: that it needs of each.
    Raises:
        ValueError: names the languages.
    """
    few = [f"{len(items)} of {code}" for code, items in texts.items() if len(items) < fewest]
    if few:
        counted = ", ".join(few)
        raise ValueError(f"after {method} needs {fewest} sentences a language at least, and has {counted}")


@dataclass(frozen=True, kw_only=True)
class Centre(After):
    """A language's mean exchanged for that of the source language: ``u - mu_l + mu_en`` (rung Z1).

    Args:
        text: unlabelled text: ``"wikipedia"``, ``"ntrex"``, ``"task"``, ``"demo"``, a folder.
        sentences: a language.
        language_identity: of a sentence: ``"given"``, or ``"detected"`` from its vector.
    """

    text: str = option("task", reads=True)
    sentences: int = option(500, at_least=0)
    language_identity: str = option("given", among=("given", "detected"))
    method = "centre"

    def gather(self, run) -> Centre:
        use = run.kind("after")
        if self.language_identity == "detected":
            use += "-detected"
        codes = run.targets
        facts = naming_facts("text", self.text, self.sentences, codes) | self.told_options()
        entry = Entry("adaptation", use, "text", tuple(codes), self.text, told=facts)
        texts = run.provenance.text(self.text, codes, self.sentences, entry)
        return self.holding(texts=texts, source=run.source)

    def fit(self, vectors_of: Callable[[list[str]], np.ndarray]) -> Turned:
        _refuse_few(self.method, self.texts, 2)
        samples = {code: vectors_of(texts) for code, texts in self.texts.items()}
        detect = after.Detector(samples) if self.language_identity == "detected" else None
        return Turned(self.turns(samples), detect)

    def turns(self, samples: dict[str, np.ndarray]) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
        """By language, a function from vectors to adapted vectors; those of the source language stay.

        Args:
            samples: vectors of the sentences of each language, the source among them.
        Raises:
            ValueError: it is not.
        """
        if self.source not in samples:
            raise ValueError(f"after {self.method} needs text of {self.source}, the source language, too")
        source = samples[self.source]
        others = {code: sample for code, sample in samples.items() if code != self.source}
        return {code: after.centring(sample, source) for code, sample in others.items()}


@dataclass(frozen=True, kw_only=True)
class Whiten(Centre):
    """Every language, the source too, centred and whitened (ZCA; rung Z1).

    Args:
        sentences: a language; of a handful there is no covariance to speak of.
    """

    sentences: int = option(500, at_least=10, or_zero=True)
    method = "whiten"

    def turns(self, samples: dict[str, np.ndarray]) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
        """By language, the source too, a function from vectors to whitened ones; arguments as of Centre."""
        return {code: after.whitening(sample) for code, sample in samples.items()}


@dataclass(frozen=True, kw_only=True)
class Procrustes(After):
    """Vectors mapped onto those of the source language by translations (Schoenemann 1966; rung Z3).

    The map is orthogonal: a rotation, or a rotation and a reflection. It is fitted on every other
    translation; of the rest it is counted how many are found before and after.

    Args:
        corpus: ``"ntrex"``, ``"tatoeba"``, ``"demo"``, a folder.
        sentences: translations a language; of fewer than four no half has two.
    """

    corpus: str = option("ntrex", reads=True)
    sentences: int = option(500, at_least=4, or_zero=True)

    def gather(self, run) -> Procrustes:
        codes = [code for code in run.targets if code != run.source]
        facts = naming_facts("parallel", self.corpus, self.sentences, codes)
        entry = Entry("adaptation", run.kind("after"), "parallel", tuple(codes), self.corpus, told=facts)
        self._refuse_pivot(run.provenance.pivots(self.corpus, codes), run.source)
        texts = run.provenance.translations(self.corpus, codes, self.sentences, entry)
        return self.holding(texts=texts, source=run.source)

    def _refuse_pivot(self, pivots: dict[str, str], source: str) -> None:
        """Refuse translations with a third language: vectors are rotated onto those of the source.

        English is a third language, too, where it is not the source: the classifier never sees its vectors.
        """
        for code, pivot in pivots.items():
            if pivot != source:
                raise ValueError(
                    f"after procrustes: {self.corpus} has {code} with {pivot}, and vectors are rotated onto "
                    f"those of {source}; name a corpus of translations with {source}"
                )

    def fit(self, vectors_of: Callable[[list[str]], np.ndarray]) -> Turned:
        _refuse_few("procrustes", self.texts, 4)  # half of them fit the rotation, half are looked for

        def sides(pairs: list[tuple[str, str]]) -> tuple[np.ndarray, np.ndarray]:
            english, other = zip(*pairs)
            return vectors_of(other), vectors_of(english)

        turns, retrieved = {}, {}
        for code, pairs in self.texts.items():
            turns[code] = after.rotation(*sides(pairs[::2]))
            x, y = sides(pairs[1::2])
            retrieved[code] = {"before": after.retrieval(x, y), "after": after.retrieval(turns[code](x), y)}
        return Turned(turns, retrieved=retrieved)
