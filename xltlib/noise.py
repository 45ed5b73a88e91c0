"""Views of a sentence that keep its meaning, more or less: the other side of a hybrid batch without parallel text.

A view is a function ``(sentence, rng) -> sentence``. Dictionary code-switching (rung Z2) after Qin et al. 2020
(CoSDA-ML, arXiv 2006.06402): each word is exchanged, with some probability, for a translation in a language drawn anew.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Callable

import numpy as np

View = Callable[[str, np.random.Generator], str]
WORD = re.compile(r"\w+")


def dropping(rate: float = 0.1) -> View:
    """A view that leaves words out, but never all: the other side of a hybrid batch where nothing but the sentence may be read (Z0).

    Args:
        rate: probability that a word is left out.
    Raises:
        ValueError: the rate is no probability.

    Example:
        >>> dropping(1.0)("one two three", np.random.default_rng(1)) in ("one", "two", "three")
        True
    """
    _check(rate)

    def view(sentence: str, rng: np.random.Generator) -> str:
        words = sentence.split()
        kept = [word for word in words if rng.random() >= rate]
        return " ".join(kept or [words[int(rng.integers(len(words)))]])

    return view


def read_dictionary(path: Path) -> dict[str, list[str]]:
    """Translations of lower-cased words from a MUSE-style list: ``word translation`` a line, a tab or a blank between.

    Raises:
        ValueError: a line without two parts, or no line at all; names file and line.
    """
    found: dict[str, list[str]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        word, *translation = re.split(r"\t+" if "\t" in line.strip() else r"\s+", line.strip(), maxsplit=1)
        if not translation:
            if word:
                raise ValueError(f"{path}, line {number}: {line[:40]!r}, wanted 'word translation' with a tab or a blank between")
            continue
        found.setdefault(word.lower(), []).append(translation[0])
    if not found:
        raise ValueError(f"{path}: no translation in it")
    return found


def code_switching(dictionaries: dict[str, dict[str, list[str]]], rate: float = 0.5) -> View:
    """A view that exchanges words for translations, each in a language of its own.

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
    _check(rate)
    codes = sorted(dictionaries)

    def view(sentence: str, rng: np.random.Generator) -> str:
        def switched(match: re.Match) -> str:
            known = [code for code in codes if match[0].lower() in dictionaries[code]]
            if not known or rng.random() >= rate:
                return match[0]
            translations = dictionaries[known[int(rng.integers(len(known)))]][match[0].lower()]
            return translations[int(rng.integers(len(translations)))]

        return WORD.sub(switched, sentence)

    return view


def _check(rate: float) -> None:
    if not 0 <= rate <= 1:
        raise ValueError(f"rate={rate}: a probability lies between 0 and 1")
