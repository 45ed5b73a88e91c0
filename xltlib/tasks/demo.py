"""The tasks that ship with the package: pairs of the embedded corpus (``xltlib/demo/``)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pandas as pd

from xltlib import demo
from xltlib.demo import grammar
from xltlib.tasks.base import Task

# Task -> the split of the corpus that it is tested on.
DEMO = {"demo": "test", "demo-news": "news", "demo-unseen": "unseen", "demo-easy": "easy"}
DEMO_TEXT = ("demo", "demo-news")  # tasks of which there is unlabelled text, too


@dataclass(frozen=True)
class DemoTask(Task):
    """One of the tasks of the corpus; they have their training and development pairs in common.

    Attributes:
        name: of the task.
        tested_on: the split of the corpus that it is tested on.
    """

    name: str
    tested_on: str
    CLASSES: ClassVar[list[str]] = ["different", "same"]

    def rows(self, code: str, split: str, folder: Path | None) -> tuple[pd.DataFrame, str]:
        """One language's rows of a split, from the package (see :class:`xltlib.tasks.base.Task`)."""
        if split == "test":
            split = self.tested_on
        return demo.rows(split, code), f"{self.name}/{code}"

    def languages(self, split: str, folder: Path | None) -> list[str]:
        """Codes of the languages that a split has pairs in: those of the corpus."""
        return grammar.languages()


DEMO_TASKS = {name: DemoTask(name, split) for name, split in DEMO.items()}
