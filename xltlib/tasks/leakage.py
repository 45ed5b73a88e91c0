"""Whether text that is to be read holds a sentence of the test set."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import numpy as np
import pandas as pd

from xltlib.lines import DataError

SHORTEST = 6  # letters of a test sentence that is looked for inside a text
START = 12  # letters of a test sentence that a place in a text must begin with to be compared in full
NEITHER = re.compile(r"[\W_]+")  # neither a letter nor a digit


@lru_cache(maxsize=2**17)  # test sentences are compared with every corpus that is read
def normalised(sentence: str) -> str:
    """What two sentences must share to count as the same: NFKC, lower case, letters and digits only."""
    return NEITHER.sub("", unicodedata.normalize("NFKC", sentence).casefold())


def overlapping(texts: list, test: pd.DataFrame) -> list[bool]:
    """Whether each text (or tuple of texts) is, or holds anywhere inside, a sentence of the test set.

    Inside a text, test sentences are looked for from 6 letters on.

    Example:
        >>> test = pd.DataFrame({"sentence1": ["Dr. No was born in 1902 ."], "sentence2": ["Else ."]})
        >>> overlapping(["He said: Dr. No was born in 1902, in May.", "Elsewhere"], test)
        [True, False]
    """
    sentences = _test_sentences(test)
    short = [sentence for sentence in sentences if SHORTEST <= len(sentence) < START]
    by_start: dict[str, list[str]] = {}  # only places that begin like a test sentence are compared in full
    for sentence in sentences:
        by_start.setdefault(sentence[:START], []).append(sentence)

    def holds(text: str) -> bool:
        text = normalised(text)
        if text in sentences or any(sentence in text for sentence in short):
            return True
        starts = {text[place : place + START] for place in range(len(text) - START + 1)}
        return any(sentence in text for start in starts & by_start.keys() for sentence in by_start[start])

    found = []
    for text in texts:
        parts = (text,) if isinstance(text, str) else text
        found.append(any(holds(part) for part in parts))
    return found


def without_test_pairs(pairs: pd.DataFrame, test: pd.DataFrame) -> pd.DataFrame:
    """Labelled pairs of which no sentence is one of the test set.

    Sentences are compared as a whole. ``attrs["shared_with_test"]`` counts the pairs that were left out.
    """
    known = _test_sentences(test)
    both = zip(pairs.sentence1, pairs.sentence2)
    held = [normalised(first) in known or normalised(second) in known for first, second in both]
    kept = pairs[~np.array(held)].reset_index(drop=True)
    kept.attrs["shared_with_test"] = sum(held)
    return kept


def refuse_test_sentences(texts: list, test: pd.DataFrame, what: str) -> None:
    """Stop when a text that is about to be trained on, labelled or not, holds a sentence of the test set.

    Raises:
        DataError: names ``what`` was read, how many texts overlap and the first of them.
    """
    found = [text for text, bad in zip(texts, overlapping(texts, test)) if bad]
    if found:
        raise DataError(
            f"{what}: {len(found)} of {len(texts)} stand in the test set "
            f"(first: {str(found[0])[:120]!r}). Take these rows out of the file."
        )


def _test_sentences(test: pd.DataFrame) -> set[str]:
    return {normalised(sentence) for sentence in {*test.sentence1, *test.sentence2}}
