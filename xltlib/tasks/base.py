"""What all tasks share: how a task looks to the package, and the error of a bad file."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pandas as pd

from xltlib.lines import DataError, read_lines

__all__ = ["HEADER", "PLACEHOLDER", "DataError", "Task", "read_lines"]

HEADER = ["id", "sentence1", "sentence2", "label"]
PLACEHOLDER = "NS"  # stands where a translation is missing


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
            ``frame.attrs["unquoted"]`` may count the rows of which a sentence was unquoted.
        Raises:
            DataError: there are no such rows, or a file is broken.
        """
        ...
