"""Noise of words: each labelled batch is seen through a view of its sentences, drawn anew every time."""

from __future__ import annotations

from dataclasses import dataclass

from xltlib.components.base import gathered, option
from xltlib.components.noise import Noise
from xltlib.noise import words


@dataclass(frozen=True, kw_only=True)
class Drop(Noise):
    """Words left out, but never all of a sentence (rung Z0).

    Args:
        share: of the words.
    """

    share: float = option(above=0, at_most=1)
    votes = True

    def step(self, model, seed: int) -> words.WordNoise:
        return words.WordNoise(words.dropping(self.share), seed)


@dataclass(frozen=True, kw_only=True)
class Synonyms(Noise):
    """Words drawn anew among themselves and their synonyms (RS-DA; rung Z0).

    Huang et al. 2021 (arXiv 2104.08645).

    ``min E_{x' ~ S(x)} CE(f(x'), y)``: a word with k synonyms is exchanged with probability k / (k + 1).

    Args:
        words: a file, a name below the data folder's synonyms/, or ``"wordnet"``.
        share: of the words that are drawn at all; 1 as published.
        joint: a word is exchanged alike in both sentences.
        names_safe: capitalised words, numbers and the words beside them stay.
    """

    words: str = option(place=True)
    share: float = option(1.0, above=0, at_most=1)
    joint: bool = option(False)
    names_safe: bool = option(False)
    table: dict | None = gathered()
    reads = "words"
    votes = True
    of_source = True

    def gather(self, run) -> Synonyms:
        entry = self.entry(run, languages=(run.source,))
        return self.holding(table=run.provenance.synonyms(self.words, run.data, entry))

    def step(self, model, seed: int) -> words.WordNoise:
        return words.WordNoise(words.Synonyms(self.table, self.share, self.names_safe), seed, self.joint)


@dataclass(frozen=True, kw_only=True)
class SynonymCopies(Synonyms):
    """Fixed noisy copies of the training pairs instead of the pairs, as RS-DA was published (rung Z0).

    Copies kept with as many passes make more updates: a study must have a control with as many and no noise.

    Args:
        copies: how many of each pair; published are 10 for PAWS-X, 3 for XNLI.
    """

    copies: int = option(10, at_least=1, at_most=1000)
    votes = False

    def gather(self, run) -> SynonymCopies:
        ready = super().gather(run)
        run.data.train = words.copies(run.data.train, Synonyms.step(ready, None, run.seed), self.copies)
        return ready

    def step(self, model, seed: int):
        return Noise.step(self, model, seed)  # the copies are in the data already


@dataclass(frozen=True, kw_only=True)
class CodeSwitch(Noise):
    """Words exchanged for translations from word lists (rung Z2).

    CoSDA-ML, Qin et al. 2020 (arXiv 2006.06402).

    Args:
        folder: with lists ``<source>-<language>.txt``, a line ``word translation``.
        languages: of those lists.
        share: of the words that some list has.
    """

    folder: str = option(place=True)
    languages: str = option("targets", languages=True)
    share: float = option(0.5, above=0, at_most=1)
    lists: dict | None = gathered()
    reads = "dictionary"
    of_source = True

    def gather(self, run) -> CodeSwitch:
        codes = run.codes(self.languages)
        entry = self.entry(run, languages=tuple(codes))
        return self.holding(lists=run.provenance.dictionaries(self.folder, run.source, codes, entry))

    def step(self, model, seed: int) -> words.WordNoise:
        return words.WordNoise(words.code_switching(self.lists, self.share), seed)
