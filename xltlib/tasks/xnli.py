"""XNLI: files in XTREME's layout, or the data set on the hub."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from xltlib.tasks.base import HEADER, Released
from xltlib.tasks.hub import HUB_SPLITS, from_hub
from xltlib.text_files import DataError, read_lines

CLASSES = ["contradiction", "entailment", "neutral"]
HUB_XNLI = ("facebook/xnli", None)  # newest revision: which one to pin could not be checked; the rows tell
HUB_CLASSES = ("entailment", "neutral", "contradiction")  # as the hub numbers them


class Xnli(Released):
    """XNLI, whose training set is MNLI.

    Example:
        >>> Xnli().languages("test", None)[:5]
        ['ar', 'bg', 'de', 'el', 'en']
    """

    CLASSES = CLASSES
    SHARES_STOCK_SENTENCES = True  # premises of MNLI and of XNLI: "It is true."
    HUB_LANGUAGES = tuple("ar bg de el en es fr hi ru sw th tr ur vi zh".split())

    def find_file(self, folder: Path, code: str, split: str) -> Path:
        """The file of a language.

        Raises:
            DataError: there is none; says where it was looked for.
        """
        path = folder / "xnli" / f"{split}-{code}.tsv"
        if not path.is_file():
            raise DataError(
                f"no file {path}: XNLI in XTREME's layout is <data folder>/xnli/<split>-<lang>.tsv"
            )
        return path

    def read_file(self, path: Path) -> pd.DataFrame:
        """The rows of a file."""
        return read_xnli_file(path)

    def languages_of_files(self, folder: Path, split: str) -> list[str]:
        """Codes of the languages that have a file of a split, in alphabetical order."""
        return sorted(path.stem.partition("-")[2] for path in folder.glob(f"xnli/{split}-*.tsv"))

    def hub_rows(self, code: str, split: str) -> tuple[pd.DataFrame, str]:
        """The same rows from the hub, whose labels have other numbers, and where they came from."""
        rows, origin = from_hub(*HUB_XNLI, code, HUB_SPLITS[split])
        columns = {
            "item": range(1, len(rows) + 1),
            "sentence1": rows.premise.str.strip(),
            "sentence2": rows.hypothesis.str.strip(),
            "label": [CLASSES.index(HUB_CLASSES[label]) for label in rows.label],
        }
        frame = pd.DataFrame(columns)
        frame.attrs["revision"] = rows.attrs["revision"]
        return frame, origin


def read_xnli_file(path: Path) -> pd.DataFrame:
    """One file of XTREME's layout: ``premise TAB hypothesis TAB label`` a line, no header, UTF-8.

    Items are the lines, from 1.

    Raises:
        DataError: stray or missing tab, empty sentence, unknown label, no row at all, or what
            :func:`xltlib.text_files.read_text` refuses; names the file and the line.
    """
    rows = []
    for number, line in enumerate(read_lines(path), start=1):
        place = f"{path}, line {number}"
        fields = [field.strip() for field in line.split("\t")]
        if not line.strip():
            raise DataError(f"{place}: an empty line; delete it")
        if len(fields) != 3 or not all(fields):
            expected = "wanted premise, hypothesis and label with tabs between, none of them empty"
            raise DataError(f"{place}: {expected}; found {len(fields)} fields")
        premise, hypothesis, spelling = fields
        label = spelling.replace("contradictory", "contradiction")
        if label not in CLASSES:
            raise DataError(f"{place}: label {spelling[:40]!r}, wanted one of {', '.join(CLASSES)}")
        rows.append((number, premise, hypothesis, CLASSES.index(label)))
    if not rows:
        raise DataError(f"{path}: no rows in it")
    return pd.DataFrame(rows, columns=["item", *HEADER[1:]])
