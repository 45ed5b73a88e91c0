"""Views of a sentence (words left out or exchanged), and training with a view as noise."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Callable

import numpy as np
import pandas as pd

from xltlib.batching import Batch
from xltlib.noise.base import WORD, View, check_rate, plain

if TYPE_CHECKING:
    from torch import Tensor


def dropping(rate: float = 0.1) -> View:
    """A view that leaves words out, but never all of them.

    As the other side of a hybrid batch it reads nothing but the sentence itself (rung Z0).

    Args:
        rate: probability that a word is left out.
    Raises:
        ValueError: the rate is no probability.

    Example:
        >>> dropping(1.0)("one two three", np.random.default_rng(1)) in ("one", "two", "three")
        True
    """
    check_rate(rate)

    def view(sentence: str, rng: np.random.Generator) -> str:
        words = sentence.split()
        kept = [word for word in words if rng.random() >= rate]
        if words and not kept:
            kept = [words[int(rng.integers(len(words)))]]
        return " ".join(kept)

    return view


def code_switching(dictionaries: dict[str, dict[str, list[str]]], rate: float = 0.5) -> View:
    """A view that exchanges words for translations, each in a language of its own.

    The method is that of CoSDA-ML (Qin et al. 2020, arXiv 2006.06402).

    Args:
        dictionaries: per language, word -> translations.
        rate: probability that a word which some dictionary has is exchanged.
    Raises:
        ValueError: the rate is no probability.

    Example:
        >>> view = code_switching({"de": {"cat": ["Katze"]}, "es": {"cat": ["gato"]}}, rate=1.0)
        >>> view("A cat .", np.random.default_rng(1)) in ("A Katze .", "A gato .")
        True
    """
    check_rate(rate)
    codes = sorted(dictionaries)

    def view(sentence: str, rng: np.random.Generator) -> str:
        def switched(match: re.Match) -> str:
            word = match[0].lower()
            known = [code for code in codes if word in dictionaries[code]]
            if not known or rng.random() >= rate:
                return match[0]
            code = known[int(rng.integers(len(known)))]
            translations = dictionaries[code][word]
            return translations[int(rng.integers(len(translations)))]

        return WORD.sub(switched, sentence)

    return view


@dataclass
class Synonyms:
    """A view that draws each word anew among itself and its synonyms (RS-DA as published).

    A word with k synonyms is exchanged with probability k / (k + 1). Words are what blanks part. They are
    looked up as they are written: lists of synonyms hold no capitalised words.

    Args:
        table: word -> synonyms.
        rate: probability that a word is drawn at all; 1 is the published procedure, 0 changes nothing.
        names_safe: leave capitalised words (but a sentence's first), numbers and the words beside them as
            they are: they may be a name.
    Raises:
        ValueError: the rate is no probability.

    Example:
        >>> view = Synonyms({"big": ["large"]})
        >>> view("a big dog", np.random.default_rng(1)) in ("a big dog", "a large dog")
        True
    """

    table: dict[str, list[str]]
    rate: float = 1.0
    names_safe: bool = False

    def __post_init__(self):
        check_rate(self.rate)

    def __call__(self, sentence: str, rng: np.random.Generator, drawn: dict[str, str] | None = None) -> str:
        """The sentence with words exchanged.

        Args:
            drawn: what words of this pair were exchanged for so far; given, a word is exchanged alike again.
        """
        words = sentence.split(" ")
        changed = []
        for position, word in enumerate(words):
            if word not in self.table or (self.names_safe and _beside_a_name(words, position)):
                changed.append(word)
            elif drawn is None:
                changed.append(self._draw(word, rng))
            else:
                if word not in drawn:
                    drawn[word] = self._draw(word, rng)
                changed.append(drawn[word])
        return " ".join(changed)

    def _draw(self, word: str, rng: np.random.Generator) -> str:
        """The word itself or one of its synonyms."""
        if rng.random() >= self.rate:
            return word
        choices = [word, *self.table[word]]
        return choices[int(rng.integers(len(choices)))]


def _beside_a_name(words: list[str], position: int) -> bool:
    """Whether the word here, or one beside it, may belong to a name."""
    for place in range(max(0, position - 1), min(position + 2, len(words))):
        first = words[place][:1]
        if first.isdigit() or (place > 0 and first.isupper()):
            return True
    return False


@dataclass
class WordNoise:
    """Noise by a view: each labelled batch is seen through it, drawn anew every time.

    Args:
        view: ``(sentence, rng) -> sentence``; :class:`Synonyms` can draw jointly.
        seed: of the draws; those of the order of the data are others.
        joint: exchange a word alike in both sentences of a pair (RS-DA draws them apart).
        share_of_pairs: share of the pairs that are seen so; 0.5 trains on the sentence and its view in turn.
    Raises:
        ValueError: the share is no probability.
    """

    view: View
    seed: int = 1
    joint: bool = False
    share_of_pairs: float = 1.0
    rng: np.random.Generator = field(init=False, repr=False)

    def __post_init__(self):
        check_rate(self.share_of_pairs)
        self.rng = np.random.default_rng([self.seed, 5])

    def noisy(self, batch: Batch) -> Batch:
        """The batch with its sentences seen through the view."""
        first, second = list(batch.first), list(batch.second)
        for k in range(len(first)):
            if self.share_of_pairs < 1 and self.rng.random() >= self.share_of_pairs:
                continue
            first[k], second[k] = self._pair(first[k], second[k])
        return replace(batch, first=first, second=second)

    def _pair(self, one: str, two: str) -> tuple[str, str]:
        if not self.joint:
            return self.view(one, self.rng), self.view(two, self.rng)
        drawn: dict[str, str] = {}
        return self.view(one, self.rng, drawn), self.view(two, self.rng, drawn)

    def __call__(self, loss: Callable, batch: Batch, backward: Callable) -> Tensor:
        if batch.labels is not None:
            batch = self.noisy(batch)
        return plain(loss, batch, backward)


def copies(frame: pd.DataFrame, noise: WordNoise, n: int) -> pd.DataFrame:
    """Labelled pairs n times over, each time seen through the view (RS-DA as published).

    The copies are fixed, and the originals are not among them. Compare with a control of as many updates, not
    of as many passes: published copies kept the passes and made ten times the updates.

    Args:
        frame: labelled pairs.
        noise: what they are seen through.
        n: copies of each pair.
    """
    pairs = Batch.of(frame)
    copied = []
    for k in range(n):
        seen = noise.noisy(pairs)
        copy = frame.assign(sentence1=seen.first, sentence2=seen.second)
        if "cluster" in frame:  # batches keep clusters together: copies of a pair must not fill one
            copy = copy.assign(cluster=copy.cluster + k * (1 + frame.cluster.max()))
        copied.append(copy)
    return pd.concat(copied, ignore_index=True)
