"""PAWS-X with the quotes of CSV kept: the reading that published numbers probably carry."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pandas as pd

from xltlib.tasks import paws_files
from xltlib.tasks.paws_files import CLASSES, HUB_LANGUAGES, find_file, read_paws_file

__all__ = ["CLASSES", "HUB_LANGUAGES", "SHARES_STOCK_SENTENCES", "hub_rows", "rows"]

SHARES_STOCK_SENTENCES = False
hub_rows = partial(paws_files.hub_rows, literal=True)


def rows(code: str, split: str, folder: Path | None) -> tuple[pd.DataFrame, str]:
    """One language's rows of a split, and where they came from (see :class:`xltlib.tasks.base.Task`)."""
    if folder is None:
        return hub_rows(code, split)
    path = find_file(folder, code, split)
    return read_paws_file(path, literal=True), str(path)
