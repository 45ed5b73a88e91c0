"""What the check of a task says that is no fault, but good to know."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from xltlib import languages
from xltlib.tasks.base import Task
from xltlib.tasks.described import DescribedTask
from xltlib.tasks.pairs import SPLITS
from xltlib.tasks.printing import filled

SAME = (  # names of what is class 1
    "same", "paraphrase", "yes", "true", "equivalent", "duplicate", "similar", "entailment",
)  # fmt: skip


def says_same(name: str) -> bool:
    """Whether the name of a class says that the two sentences mean the same.

    Example:
        >>> says_same("Yes"), says_same("nein")
        (True, False)
    """
    return name.lower() in SAME


def unknown(frames: dict[str, pd.DataFrame]) -> list[str]:
    """Codes of languages that no study knows.

    Args:
        frames: rows of each split.
    """
    codes = dict.fromkeys(code for rows in frames.values() for code in rows.language1)
    return [code for code in codes if not _is_known(code)]


def without_code(task: Task, folder: Path | None) -> list[str]:
    """Names of files that would be read if they had a language's code."""
    if not isinstance(task, DescribedTask):
        return []
    return list(dict.fromkeys(name for split in SPLITS for name in task.without_code(split, folder)))


def paragraphs(
    classes: list[str], frames: dict[str, pd.DataFrame], codes_unknown: list[str], files_without: list[str]
) -> str:
    """All notes, a paragraph each.

    Args:
        classes: of the task.
        frames: rows of each split.
        codes_unknown, files_without: of the two functions above.
    """
    notes = []
    if len(classes) == 2 and says_same(classes[0]):
        notes.append(
            f"Class 0 is called {classes[0]!r}. Of two classes the second must be the one that says the "
            f"same; if that is {classes[0]!r}, let labels name {classes[1]!r} first."
        )
    if "train" not in frames and "dev" in frames:
        notes.append("No training pairs: a study trains on development pairs (labelled: {split: dev}).")
    if files_without:
        notes.append(
            f"Not read, because their names have no language's code: {' '.join(files_without)}. Rename those "
            "that are meant."
        )
    if codes_unknown:
        notes.append(
            f"Languages that no study knows: {' '.join(codes_unknown)}. Say how a study writes them, as in "
            f"codes: {{zh: {codes_unknown[0]}}}, or write a row into languages.yaml beside the study "
            "(read here from the folder above the task's, or else from the one you are in)."
        )
    return "\n".join(map(filled, notes))


def _is_known(code: str) -> bool:
    try:
        languages.parse(code)
    except ValueError:
        return False
    return True
