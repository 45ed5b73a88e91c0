"""What every task answers, what the releases have in common, and the error of a bad file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path

import pandas as pd

from xltlib.text_files import DataError, read_lines

__all__ = ["HEADER", "ITEMS_OF_A_SET", "PLACEHOLDER", "DataError", "Released", "Task", "read_lines"]

HEADER = ["id", "sentence1", "sentence2", "label"]
PLACEHOLDER = "NS"  # stands where a translation is missing
# Items of one set are numbered below this. Those of a further set have its number times this on top: items
# with the same number are translations of each other, and these are not.
ITEMS_OF_A_SET = 10**12


class Task(ABC):
    """A source of labelled pairs, of which there are three kinds.

    :class:`Released` is the files of an official release (PAWS-X, XNLI), ``DemoTask`` the corpus of the
    package, and ``DescribedTask`` what a ``task.yaml`` describes. In the last two a language may lack a
    split, and items of one set with the same id are translations of each other in every split.

    Attributes:
        CLASSES: what the labels 0, 1, ... are called.
        SHARES_STOCK_SENTENCES: whether training and test items share stock sentences by chance. Training
            pairs that hold a test sentence are then left out and counted; in every other task they are
            refused.
        LICENCE: of the pairs; "": not stated.
    """

    CLASSES: list[str]
    SHARES_STOCK_SENTENCES = False
    LICENCE = ""

    @abstractmethod
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

    @abstractmethod
    def languages(self, split: str, folder: Path | None) -> list[str]:
        """Codes of the languages that a split has pairs in; whether they can be read is another question."""

    def set_names(self, split: str) -> dict[int, str]:
        """Names of the sets that the items of a split are of, by the number of the set.

        Splits that name the same set have items in common. Here every split is a set of its own.
        """
        return {0: split}


class Released(Task):
    """An official release: its files in the data folder, or, without one, its data set on the hub.

    It is complete: where a language is asked for and its file is missing, that is an error. Its training
    files need not be translations of each other.

    Attributes:
        HUB_LANGUAGES: codes of the languages of the data set on the hub.
    """

    HUB_LANGUAGES: tuple[str, ...]

    def rows(self, code: str, split: str, folder: Path | None) -> tuple[pd.DataFrame, str]:
        """One language's rows of a split, and where they came from."""
        if folder is None:
            return self.hub_rows(code, split)
        path = self.find_file(folder, code, split)
        return self.read_file(path), str(path)

    def languages(self, split: str, folder: Path | None) -> list[str]:
        """Codes of the languages of the hub's data set, or of those that have a file in the folder."""
        return list(self.HUB_LANGUAGES) if folder is None else self.languages_of_files(folder, split)

    @abstractmethod
    def find_file(self, folder: Path, code: str, split: str) -> Path:
        """The file of a language.

        Raises:
            DataError: there is none; says where it was looked for.
        """

    @abstractmethod
    def read_file(self, path: Path) -> pd.DataFrame:
        """The rows of a file."""

    @abstractmethod
    def languages_of_files(self, folder: Path, split: str) -> list[str]:
        """Codes of the languages that have a file of a split, in alphabetical order."""

    @abstractmethod
    def hub_rows(self, code: str, split: str) -> tuple[pd.DataFrame, str]:
        """The same rows from the hub, and where they came from."""
