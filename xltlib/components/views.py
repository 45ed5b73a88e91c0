"""Cross-lingual batches without another language: one sentence of each pair is seen otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Iterator

import numpy as np

from xltlib import batching
from xltlib.components.base import Component, gathered, option
from xltlib.noise import words
from xltlib.provenance import Entry, naming_facts

if TYPE_CHECKING:
    from xltlib.components.labelled import Data


@dataclass(frozen=True, kw_only=True)
class View(Component):
    """What the views share: labelled pairs of the source language with one side, drawn anew, seen otherwise.

    Args:
        rate: share of the words (that a list has) to which this happens.
    """

    rate: float = option(0.3, above=0, at_most=1)
    of_source = True  # word lists are of words of the source language, and so must the pairs be

    def view(self) -> words.View:
        """The function ``(sentence, rng) -> sentence``."""
        raise TypeError(f"{type(self).__name__} has no view")

    def entry(self, run, use: str, view: str, kind: str, source: str = "") -> Entry:
        """An entry for the batches ``use`` of this view."""
        return Entry("batches", use, kind, (run.source,), source, told=naming_facts(view, source, 0, []))

    def stream(self, model, data: Data, size: int, rng: np.random.Generator) -> Iterator[batching.Batch]:
        """Endless batches of ``size`` pairs.

        Raises:
            ValueError: no labelled pair is in the source language.
        """
        source_pairs = data.train[data.train.language1 == data.source]
        if source_pairs.empty:
            raise ValueError(
                f"batches.cross: it changes pairs in {data.source}, and none is read; add {data.source} to "
                "labelled.languages"
            )
        return batching.viewed(source_pairs, size, model.lengths, rng, self.view())


@dataclass(frozen=True, kw_only=True)
class DropView(View):
    """Words left out (rung Z0)."""

    of_source = False

    def read(self, run, use: str) -> DropView:
        run.provenance.note(self.entry(run, use, "drop", "nothing"))
        return self

    def view(self) -> words.View:
        return words.dropping(self.rate)


@dataclass(frozen=True, kw_only=True)
class DictionaryView(View):
    """Words exchanged for translations from word lists (rung Z2).

    CoSDA-ML, Qin et al. 2020 (arXiv 2006.06402).

    Args:
        folder: with lists ``<source>-<language>.txt``, a line ``word translation``.
        languages: of those lists.
    """

    folder: str = option(place=True)
    languages: str = option("targets", languages=True)
    lists: dict | None = gathered()

    def read(self, run, use: str) -> DictionaryView:
        codes = run.codes(self.languages)
        entry = Entry("batches", use, "dictionary", tuple(codes), told=naming_facts("dictionary", "", 0, []))
        return self.holding(lists=run.provenance.dictionaries(self.folder, run.source, codes, entry))

    def view(self) -> words.View:
        return words.code_switching(self.lists, self.rate)


@dataclass(frozen=True, kw_only=True)
class SynonymView(View):
    """Words exchanged for synonyms (rung Z0: a list of words of the source language).

    Args:
        words: a file, a name below the data folder's synonyms/, or ``"wordnet"``.
        names_safe: capitalised words, numbers and the words beside them stay.
    """

    words: str = option(place=True)
    names_safe: bool = option(False)
    table: dict | None = gathered()

    def read(self, run, use: str) -> SynonymView:
        return self.holding(
            table=run.provenance.synonyms(self.words, run.data, self.entry(run, use, "synonyms", "words"))
        )

    def view(self) -> words.View:
        return words.Synonyms(self.table, self.rate, self.names_safe)


@dataclass(frozen=True, kw_only=True)
class SelfView(View):
    """Words exchanged for neighbours in the encoder's own embedding table (rung Z0').

    SALT-style: a reconstruction (augmentation.py).

    Args:
        text: more text of the source language, whose words are no neighbours: ``"wikipedia"``, a folder.
        names_safe: as above.
    """

    text: str = option("", reads=True)
    names_safe: bool = option(False)
    table: dict | None = gathered()

    def read(self, run, use: str) -> SelfView:
        from xltlib.components.augmentation import neighbours_of

        entry = self.entry(run, use, "self", "self", "nearest in the table of input embeddings")
        candidates = neighbours_of(run, self.text, entry)
        return self.holding(table=candidates.groupby("word").candidate.agg(list).to_dict())

    def view(self) -> words.View:
        return words.Synonyms(self.table, self.rate, self.names_safe)
