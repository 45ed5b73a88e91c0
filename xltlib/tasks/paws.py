"""PAWS-X: files in the layout of the official release, or the data set on the hub."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from xltlib.tasks.paws_files import CLASSES, HUB_LANGUAGES, find_file, hub_rows, read_paws_file

__all__ = ["CLASSES", "HUB_LANGUAGES", "SHARES_STOCK_SENTENCES", "hub_rows", "rows"]

SHARES_STOCK_SENTENCES = False


def rows(code: str, split: str, folder: Path | None) -> tuple[pd.DataFrame, str]:
    """One language's rows of a split, and where they came from (see :class:`xltlib.tasks.base.Task`)."""
    if folder is None:
        return hub_rows(code, split)
    path = find_file(folder, code, split)
    return read_paws_file(path), str(path)
