"""What labelled pairs of several languages must have in common, and cells that are no sentences."""

from __future__ import annotations

import pandas as pd

from xltlib.lines import DataError
from xltlib.tasks.leakage import normalised

# What stands in PAWS-X where there is no translation: NS, also written "NS", NS. or ns; and, rarely, WL.
PLACEHOLDERS = ("ns", "wl")
SHORT = 2  # letters and digits of a cell that is counted: it may be no sentence
LONGEST = 16  # characters of a cell that is looked at


def placeholders(cells: pd.Series) -> pd.Series:
    """Whether each cell stands where a translation is missing.

    Example:
        >>> placeholders(pd.Series(["NS", '"NS"', "ns", "NS.", "WL", "Not so .", "NSW"])).tolist()
        [True, True, True, True, True, False, False]
    """
    return cells.map(_letters).isin(PLACEHOLDERS)


def short(cells: pd.Series) -> pd.Series:
    """Whether each cell has at most two letters or digits and is no placeholder.

    Example:
        >>> short(pd.Series(["...", "Sh", "Yes", "NS"])).tolist()
        [True, True, False, False]
    """
    letters = cells.map(_letters)
    return (letters.str.len() <= SHORT) & ~letters.isin(PLACEHOLDERS)


def _letters(cell: str) -> str:
    """Letters and digits of a short cell in lower case; a long one as it is."""
    return normalised(cell) if len(cell) <= LONGEST else cell


def refuse_other_labels(frame: pd.DataFrame, what: str) -> None:
    """Stop when an item has not the same label in all languages: it is not one item then.

    Args:
        frame: one row an item and language; items that some languages lack are compared in the others.
        what: is read, for the error.
    Raises:
        DataError: names the languages, and in how many items they differ.

    Example:
        >>> rows = {"item": [1, 2, 1, 2], "language1": ["en", "en", "de", "de"], "label": [0, 1, 0, 1]}
        >>> refuse_other_labels(pd.DataFrame(rows), "test")
    """
    labels = frame.groupby("item").label
    if (labels.min() == labels.max()).all():
        return
    wide = frame.pivot(index="item", columns="language1", values="label")[frame.language1.unique()]
    found = {code: _differing(wide, code) for code in wide}
    reference = min(found, key=lambda code: len(found[code]))  # the one that most others agree with
    told = [f"{code} in {differ} of {both}" for code, (differ, both) in found[reference].items()]
    raise DataError(
        f"{what}: labels differ from those of {reference} for {', '.join(told)} items with the same id. Items "
        "with one id must be translations of each other: check the ids of these files, or give items that "
        "are no translations ids of their own"
    )


def _differing(wide: pd.DataFrame, code: str) -> dict[str, tuple[int, int]]:
    """Languages whose labels differ from those of one: how many differ, of how many items that both have."""
    found = {}
    for other in wide.columns.drop(code):
        both = wide[[code, other]].dropna()
        differ = int((both[code] != both[other]).sum())
        if differ:
            found[other] = (differ, len(both))
    return found
