"""What labelled pairs of several languages must have in common, and cells that are no sentences."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xltlib.tasks.base import ITEMS_OF_A_SET
from xltlib.tasks.leakage import normalised
from xltlib.text_files import DataError

# What stands in PAWS-X where there is no translation: NS, also written "NS", NS. or ns; and, rarely, WL.
PLACEHOLDERS = ("ns", "wl")
SHORT = 2  # letters and digits of a cell that is counted: it may be no sentence
LONGEST = 8  # characters of a cell that is looked at


def no_sentences(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Rows in which a placeholder stands for a sentence; and other rows with a very short one.

    Args:
        rows: columns sentence1 and sentence2. ``rows.attrs["placeholder"]`` may state what stands there: then
            nothing else is taken for one.
    Returns:
        Two masks of the rows: a placeholder in either sentence; no placeholder, but at most two letters or
        digits in either.

    Example:
        >>> cells = ["NS", '"NS"', "ns", "NS.", "WL", "Not so .", "NSW", "...", "Sh"]
        >>> missing, short = no_sentences(pd.DataFrame({"sentence1": cells, "sentence2": "Fine ."}))
        >>> missing.sum(), [cell for cell, found in zip(cells, short) if found]
        (np.int64(5), ['...', 'Sh'])
    """
    missing, short = np.zeros((2, len(rows)), dtype=bool)
    stated = rows.attrs.get("placeholder")
    for column in ("sentence1", "sentence2"):
        for place, cell in enumerate(rows[column].tolist()):
            if len(cell) <= LONGEST:  # few are: the rest need no second look
                letters = normalised(cell)
                missing[place] |= cell == stated if stated else letters in PLACEHOLDERS
                short[place] |= len(letters) <= SHORT
    return missing, short & ~missing


def refuse_other_labels(frame: pd.DataFrame, subject: str) -> None:
    """Stop when an item has not the same label in all languages: it is not one item then.

    Args:
        frame: one row an item and language; items that some languages lack are compared in the others.
        subject: is read, for the error.
    Raises:
        DataError: names the languages, and in how many items they differ.

    Example:
        >>> frame = pd.DataFrame({"item": [1, 1], "language1": ["en", "de"], "label": [0, 1]})
        >>> try:
        ...     refuse_other_labels(frame, "test")
        ... except DataError as error:
        ...     print(str(error).partition(".")[0])
        test: labels differ from those of en for de in 1 of 1 items with the same id
    """
    labels = frame.groupby("item").label
    if (labels.min() == labels.max()).all():
        return
    wide = frame.pivot(index="item", columns="language1", values="label")[frame.language1.unique()]
    differing = {code: _differing(wide, code) for code in wide}
    reference = min(differing, key=lambda code: len(differing[code]))  # the one that most others agree with
    counts = [f"{code} in {differ} of {shared}" for code, (differ, shared) in differing[reference].items()]
    raise DataError(
        f"{subject}: labels differ from those of {reference} for {', '.join(counts)} items with the same id"
        f"{_first_of(frame, labels)}. Correct the labels, or the ids: items with one id must be translations "
        "of each other. What is no translation has an id of its own (in a task.yaml: parallel: false)"
    )


def _first_of(frame: pd.DataFrame, labels) -> str:
    """The first item whose labels differ, by what it says."""
    if "sentence1" not in frame:
        return ""
    differ = labels.transform("min") != labels.transform("max")
    shown = [f"{row.sentence1[:80]!r} in {row.language1}" for row in frame[differ].head(1).itertuples()]
    return f" (the first: {shown[0]})"


def refuse_no_translations(frame: pd.DataFrame, subject: str) -> None:
    """Stop when a language has no item in common with the others, or the very sentences of another.

    Languages are compared in the sets of items that they are of.

    Args:
        frame, subject: as above.
    Raises:
        DataError: names the languages.
    """
    code_by_sentences, sets = {}, frame["item"] // ITEMS_OF_A_SET
    for code, rows in frame.groupby("language1", sort=False):
        of_these = sets.isin(sets[rows.index])
        others = frame["item"][of_these & (frame.language1 != code)]
        if len(others) and not rows["item"].isin(others).any():
            raise DataError(f"{subject}: no item of {code} has an id of another language")
        sentences = tuple(rows.sentence1), tuple(rows.sentence2)
        if sentences in code_by_sentences:
            other = code_by_sentences[sentences]
            raise DataError(f"{subject}: {code} has the sentences of {other}; one of the files is wrong")
        code_by_sentences[sentences] = code


def _differing(wide: pd.DataFrame, code: str) -> dict[str, tuple[int, int]]:
    """Languages whose labels differ from those of one: how many differ, of how many items that both have."""
    counts = {}
    for other in wide.columns.drop(code):
        labels = wide[[code, other]].dropna()
        differ = int((labels[code] != labels[other]).sum())
        if differ:
            counts[other] = (differ, len(labels))
    return counts
