"""What all tasks share: how a task looks to the package, and the error of a bad file."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pandas as pd

from xltlib.lines import DataError, read_lines

__all__ = ["HEADER", "ITEMS_OF_A_SET", "PLACEHOLDER", "DataError", "Task", "read_lines"]

HEADER = ["id", "sentence1", "sentence2", "label"]
PLACEHOLDER = "NS"  # stands where a translation is missing
# Items of one set are numbered below this. Those of a further set have its number times this on top: items
# with the same number are translations of each other, and these are not.
ITEMS_OF_A_SET = 10**12


class Task(Protocol):
    """What a task has: a module of the package, or what a ``task.yaml`` describes.

    A described task also tells its licence, the languages of a split, and of which sets of items it is
    (:class:`xltlib.tasks.described.DescribedTask`).

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
            ``frame.attrs["unquoted"]`` may count the rows of which a sentence was unquoted, and
            ``frame.attrs["revision"]`` tell the revision of a data set of the hub.
        Raises:
            DataError: there are no such rows, or a file is broken.
        """
        ...
