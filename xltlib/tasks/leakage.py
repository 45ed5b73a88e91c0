"""Whether text that is to be read holds a sentence of the test set."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import lru_cache

import numpy as np
import pandas as pd

from xltlib.tasks.base import ITEMS_OF_A_SET
from xltlib.text_files import DataError

SHORTEST = 6  # letters of a test sentence that is looked for inside a text
START = 12  # letters of a test sentence that a place in a text must begin with to be compared in full
NEITHER = re.compile(r"[\W_]")  # neither a letter nor a digit, or a mark on one


@lru_cache(maxsize=2**17)  # test sentences are compared with every corpus that is read
def normalised(sentence: str) -> str:
    """What two sentences must share to count as the same: NFKC, lower case, letters, their marks and digits.

    In many scripts of India a mark is a vowel.

    Example:
        >>> normalised("Dr. No was born in 1902 ."), normalised("कि") == normalised("का")
        ('drnowasbornin1902', False)
    """
    return NEITHER.sub(_mark, unicodedata.normalize("NFKC", sentence).casefold())


def _mark(match: re.Match) -> str:
    return match[0] if unicodedata.category(match[0]).startswith("M") else ""


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

    holding = []
    for text in texts:
        parts = (text,) if isinstance(text, str) else text
        holding.append(any(holds(part) for part in parts))
    return holding


def trained_on(items: list, held_out: int) -> list:
    """What may be trained on where the first so many items are measured on: none that is one of these again.

    Args:
        items: sentences, tuples of them, or trees, which are told by their sentences.

    Example:
        >>> trained_on(["one", "two", "one", "three"], 1)
        ['two', 'three']
    """
    measured_on = {getattr(item, "text", item) for item in items[:held_out]}
    return [item for item in items[held_out:] if getattr(item, "text", item) not in measured_on]


def refuse_nothing_left(texts: dict, kept: dict, source: str, use: str) -> None:
    """Stop where a language would be said to be read, and is not.

    Args:
        texts, kept: lists before and after what holds a test sentence was left out, by language, or by corpus
            and language: what is left of one corpus is enough.
        source, use: what was read and what for, for the error.
    Raises:
        DataError: names the first such language, and says what to do.
    """
    candidates, left = Counter(), Counter()
    for key, items in texts.items():
        code = key if isinstance(key, str) else key[-1]
        candidates[code] += len(items)
        left[code] += len(kept[key])
    for code, count in candidates.items():
        if count and not left[code]:
            raise DataError(
                f"{source}: all {count} texts of {code} hold a test sentence, and none is left for {use}; "
                f"read more of them, name another source, or leave {code} out"
            )


def without_test_pairs(pairs: pd.DataFrame, test: pd.DataFrame, translations: bool = False) -> pd.DataFrame:
    """Labelled pairs of which no sentence is one of the test set.

    Sentences are compared as a whole. ``attrs["shared_with_test"]`` counts the pairs that were left out.

    Args:
        translations: pairs of one item are translations of each other, and leave together: a translation of
            a test sentence is one, too, whatever its words.
    """
    test_sentences = _test_sentences(test)
    overlaps = []
    for sentences in zip(pairs.sentence1, pairs.sentence2):
        overlaps.append(not test_sentences.isdisjoint(map(normalised, sentences)))
    is_held = np.array(overlaps, dtype=bool)
    if translations:
        is_held = pairs["item"].isin(pairs["item"][is_held]).to_numpy()
    kept = pairs[~is_held].reset_index(drop=True)
    kept.attrs["shared_with_test"] = int(is_held.sum())
    return kept


def refuse_test_items(
    pairs: pd.DataFrame, test: pd.DataFrame, names: dict[str, dict[int, str]], split: str, whose: str
) -> None:
    """Stop when pairs that are about to be read are items of the test set, in whatever language.

    Args:
        pairs: with items of a split.
        test: the whole test set.
        names: of each split, the sets of items by their numbers.
        split: that of the pairs.
        whose: task, for the error.
    Raises:
        DataError: names the set, and how many items are in both.

    Example:
        >>> pairs, names = pd.DataFrame({"item": [1, 2]}), {"dev": {0: "xnli dev"}, "test": {0: "xnli dev"}}
        >>> try:
        ...     refuse_test_items(pairs, pairs, names, "dev", "mine")
        ... except DataError as error:
        ...     print(str(error).partition(":")[0])
        mine, dev
    """
    tested = names.get("test", {})
    for number, name in names.get(split, {}).items():
        test_sets = [tested_number for tested_number, test_name in tested.items() if test_name == name]
        items = pairs["item"][pairs["item"] // ITEMS_OF_A_SET == number] % ITEMS_OF_A_SET
        of_test = {item % ITEMS_OF_A_SET for item in test["item"] if item // ITEMS_OF_A_SET in test_sets}
        common = set(items) & of_test
        if common:
            raise DataError(
                f"{whose}, {split}: {len(common)} items are test items, too (parallel: {name}), in this or "
                "another language; test on others, or read others"
            )


def refuse_test_pairs(dev: pd.DataFrame, test: pd.DataFrame, subject: str) -> None:
    """Stop when all development pairs are test pairs: checkpoints would be chosen by what is scored.

    Raises:
        DataError: they are.
    """
    pairs = {frozenset(map(normalised, sentences)) for sentences in zip(test.sentence1, test.sentence2)}
    dev_pairs = zip(dev.sentence1, dev.sentence2)
    are_test_pairs = [frozenset(map(normalised, sentences)) in pairs for sentences in dev_pairs]
    if are_test_pairs and all(are_test_pairs):
        problem = "every pair is a test pair: checkpoints would be chosen by what is scored"
        raise DataError(f"{subject}: {problem}")


def refuse_test_sentences(texts: list, test: pd.DataFrame, subject: str) -> None:
    """Stop when a text that is about to be trained on, labelled or not, holds a sentence of the test set.

    Raises:
        DataError: names ``subject`` was read, how many texts overlap and the first of them.
    """
    bad_texts = [text for text, overlaps in zip(texts, overlapping(texts, test)) if overlaps]
    if bad_texts:
        raise DataError(
            f"{subject}: {len(bad_texts)} of {len(texts)} stand in the test set "
            f"(first: {str(bad_texts[0])[:120]!r}). Take these rows out of the file."
        )


def _test_sentences(test: pd.DataFrame) -> set[str]:
    return {normalised(sentence) for sentence in {*test.sentence1, *test.sentence2}}
