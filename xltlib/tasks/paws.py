"""PAWS-X: files in the layout of the official release, or the data set on the hub."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pandas as pd

from xltlib.tasks import paws_files
from xltlib.tasks.base import Released


@dataclass(frozen=True)
class PawsX(Released):
    """PAWS-X in one of two readings.

    Attributes:
        literal: the quotes of CSV are kept: the reading that published numbers probably carry.

    Example:
        >>> PawsX().languages("test", None)
        ['de', 'en', 'es', 'fr', 'ja', 'ko', 'zh']
    """

    literal: bool = False
    CLASSES: ClassVar[list[str]] = ["different", "paraphrase"]
    HUB_LANGUAGES: ClassVar[tuple[str, ...]] = ("de", "en", "es", "fr", "ja", "ko", "zh")

    def find_file(self, folder: Path, code: str, split: str) -> Path:
        """The first file of a language in ``paws-x/`` or a folder beside it."""
        return paws_files.find_file(folder, code, split)

    def read_file(self, path: Path) -> pd.DataFrame:
        """The rows of a file."""
        return paws_files.read_paws_file(path, self.literal)

    def languages_of_files(self, folder: Path, split: str) -> list[str]:
        """Codes of the languages that have a file of a split, in alphabetical order."""
        names = [paws_files.FILES[split], *([paws_files.TRANSLATED] if split == "train" else [])]
        paths = [path for name in names for path in folder.glob(f"paws-*/x-final/*/{name}")]
        return sorted({path.parent.name for path in paths})

    def hub_rows(self, code: str, split: str) -> tuple[pd.DataFrame, str]:
        """The same rows from the hub, at a pinned revision, and where they came from."""
        return paws_files.hub_rows(code, split, literal=self.literal)
