"""Rows of a data set from the model hub."""

from __future__ import annotations

import pandas as pd

from xltlib.lines import DataError

SPLITS = {"train": "train", "dev": "validation", "test": "test"}  # ours -> the hub's


def from_hub(repository: str, revision: str | None, code: str, split: str) -> tuple[pd.DataFrame, str]:
    """A data set's rows in one language, and where they came from.

    Raises:
        DataError: the hub gave nothing; says what to do.
    """
    from datasets import load_dataset

    name = SPLITS.get(split, split)
    try:
        rows = load_dataset(repository, code, split=name, revision=revision).to_pandas()
    except Exception as error:  # whatever the hub client raises, the user needs the same advice
        raise DataError(
            f"{repository} ({code}, {split}) could not be had from the hub "
            f"({type(error).__name__}: {error}). "
            "Download the official release and name its folder with --data or XLTLIB_DATA."
        ) from error
    return rows, f"{repository}@{revision} {code}/{name}"
