"""Rows of a data set from the model hub."""

from __future__ import annotations

import re
from typing import Iterable

import pandas as pd

from xltlib.text_files import DataError

HUB_SPLITS = {"train": "train", "dev": "validation", "test": "test"}  # ours -> the hub's
COMMIT = re.compile(r"@([0-9a-f]{40})/")  # in a file's address: hf://datasets/organisation/name@commit/...


def from_hub(repository: str, revision: str | None, code: str, split: str) -> tuple[pd.DataFrame, str]:
    """A data set's rows in one language, and where they came from.

    Args:
        repository, revision: on the hub; None: its newest revision.
        code, split: configuration (mostly a language) and split, as the hub names them.
    Returns:
        The rows, with the commit that was read in their attrs as ``revision`` ("": not known), and the place.
    Raises:
        DataError: the hub gave nothing; says what to do.
    """
    from datasets import load_dataset

    try:
        dataset = load_dataset(repository, code, split=split, revision=revision)
        rows = dataset.to_pandas()
    except Exception as error:  # whatever the hub client raises, the user needs the same advice
        raise DataError(
            f"{repository} ({code}, {split}) could not be had from the hub "
            f"({type(error).__name__}: {error}). "
            "Download the official release and name its folder with --data or XLTLIB_DATA."
        ) from error
    rows.attrs["revision"] = commit_of(dataset.info.download_checksums or {}) or revision or ""
    return rows, f"{repository}@{rows.attrs['revision'] or 'unknown'} {code}/{split}"


def commit_of(files: Iterable[str]) -> str:
    """The commit that files of the hub were read at, by their addresses; "" where they tell none.

    Example:
        >>> commit_of([f"hf://datasets/organisation/corpus@{'0a' * 20}/en/test.parquet"])
        '0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a'
    """
    commits = {match[1] for file in files if (match := COMMIT.search(file))}
    return commits.pop() if len(commits) == 1 else ""
