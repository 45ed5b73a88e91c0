"""Ids of labelled pairs as files write them, and the numbers of the items that they stand for."""

from __future__ import annotations

import hashlib
from pathlib import Path

from xltlib.tasks.base import ITEMS_OF_A_SET
from xltlib.text_files import DataError, read_lines


def numbered(item_id: str, subtract: int = 0) -> int | None:
    """An id as a number: digits as they are, a word by a hash; None of what is no id.

    Example:
        >>> numbered("17"), numbered("17.0"), numbered("12467", subtract=12450)
        (17, 17, 17)
        >>> numbered("17n") == numbered("17n")
        True
    """
    # Tables write numbers of which some were missing as 17.0.
    if item_id.endswith(".0") and item_id[:-2].isdecimal():
        item_id = item_id[:-2]
    if item_id.isascii() and item_id.isdecimal():
        item = int(item_id[:20]) - subtract
        return item if 0 <= item < ITEMS_OF_A_SET // 10 else None
    if not item_id or subtract:
        return None
    tenth = ITEMS_OF_A_SET // 10  # numbers below are those of ids that are numbers
    return tenth + int.from_bytes(hashlib.blake2b(item_id.encode(), digest_size=8).digest()) % (9 * tenth)


def read_items(path: Path, subtract: int = 0) -> set[int]:
    """The items of a file with an id a line.

    Raises:
        DataError: a line is no id, or there is no such file.
    """
    items = [numbered(line.strip(), subtract) for line in read_lines(path)]
    if None in items:
        raise DataError(f"{path}, line {items.index(None) + 1}: no id; wanted one a line")
    return set(items)
