"""What all tasks share: how a task looks to the package, the error of a bad file, lines of a file."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pandas as pd

HEADER = ["id", "sentence1", "sentence2", "label"]
PLACEHOLDER = "NS"  # stands where a translation is missing


class DataError(ValueError):
    """Something is wrong with a data file; the message names file and line, and what to do."""


class Task(Protocol):
    """What a module of a task has; a new task is such a module and a line in ``xltlib.tasks.kinds.TABLE``.

    Attributes:
        CLASSES: what the labels 0, 1, ... are called.
        SHARES_STOCK_SENTENCES: whether training and test items share stock sentences by chance. Training
            pairs that hold a test sentence are then left out and counted; in every other task they are
            refused.
    """

    CLASSES: list[str]
    SHARES_STOCK_SENTENCES: bool

    def rows(self, code: str, split: str, folder: Path | None) -> tuple[pd.DataFrame, str]:
        """One language's rows of a split, and where they came from.

        Args:
            code: of the language.
            split: ``train``, ``dev`` or ``test``.
            folder: of downloaded data; None asks the hub.
        Returns:
            ``(frame, where)``: columns item, sentence1, sentence2 and label, with ``PLACEHOLDER`` for a
            missing sentence (a task may add level and relation); and a file's or a hub's name for messages.
        Raises:
            DataError: there are no such rows, or a file is broken.
        """
        ...


def read_lines(path: Path) -> list[str]:
    """The lines of a UTF-8 file, stripped; the newline that ends the file begins no line.

    Raises:
        DataError: there is no such file.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    lines = path.read_text(encoding="utf-8").split("\n")
    if lines[-1] == "":
        lines = lines[:-1]
    return [line.strip() for line in lines]
