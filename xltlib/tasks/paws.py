"""PAWS-X: files in the layout of the official release, or the data set on the hub."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from xltlib.tasks.base import HEADER, PLACEHOLDER, DataError
from xltlib.tasks.hub import from_hub

CLASSES = ["different", "paraphrase"]
SHARES_STOCK_SENTENCES = False
# The repository's Parquet form.
HUB_PAWS_X = ("google-research-datasets/paws-x", "4cd8187c404bda33cb1f62b49b001115862acf37")
FILES = {"train": "train.tsv", "dev": "dev_2k.tsv", "test": "test_2k.tsv"}
TRANSLATED = "translated_train.tsv"  # by machine translation: the training file of every language but English


def rows(code: str, split: str, folder: Path | None) -> tuple[pd.DataFrame, str]:
    """One language's rows of a split, and where they came from (see :class:`xltlib.tasks.base.Task`)."""
    if folder is None:
        return hub_rows(code, split)
    path = find_file(folder, code, split)
    return read_paws_file(path), str(path)


def find_file(folder: Path, code: str, split: str) -> Path:
    """The first file of a language in ``paws-x/`` or any ``paws-*/`` beside it, all of the official layout.

    Raises:
        DataError: there is none; names every place that was tried.
    """
    files = [FILES[split]]
    if split == "train":
        files.append(TRANSLATED)
    others = sorted(place for place in folder.glob("paws-*") if place.name != "paws-x")
    tried = [place / "x-final" / code / file for place in [folder / "paws-x", *others] for file in files]
    for path in tried:
        if path.is_file():
            return path
    raise DataError(
        f"no {split} file of language {code!r}: looked for {' and '.join(str(path) for path in tried)}. "
        "Unpack the official PAWS-X release so that paws-x/x-final/<lang>/ lies in the data folder."
    )


def read_paws_file(path: Path) -> pd.DataFrame:
    """One file of the official layout: a header, then ``id TAB sentence1 TAB sentence2 TAB label``, UTF-8.

    Raises:
        DataError: byte-order mark, wrong header, stray or missing tab, empty sentence, repeated id, label
            other than 0 or 1, or no row at all; names the file and the line.
    """
    lines = _decoded(path).split("\n")
    if lines[0].rstrip("\r").split("\t") != HEADER:
        wanted = f"wanted the tab-separated columns {' '.join(HEADER)}"
        raise DataError(f"{path}, line 1: header is {lines[0][:60]!r}, {wanted}")
    found, seen = [], {}
    for number, line in enumerate(lines[1:], start=2):
        line = line.rstrip("\r")
        if not line and number == len(lines):
            break  # the newline that ends the file
        place = f"{path}, line {number}"
        item, *sentences_and_label = _fields(line, place, translated=path.name == TRANSLATED)
        if item in seen:
            raise DataError(f"{place}: id {item} stands on line {seen[item]} already")
        seen[item] = number
        found.append((int(item), *sentences_and_label))
    if not found:
        raise DataError(f"{path}: no rows below the header")
    return pd.DataFrame(found, columns=["item", *HEADER[1:]])


def _decoded(path: Path) -> str:
    """A file's text, which must be UTF-8 without a byte-order mark."""
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DataError(f"{path}, line {line}: not UTF-8; save the file as UTF-8") from error
    if text.startswith("\ufeff"):
        raise DataError(f"{path}, line 1: starts with a byte-order mark; save the file as UTF-8 without one")
    return text


def _fields(line: str, place: str, translated: bool) -> tuple[str, str, str, int]:
    """The id (still a string: leading zeros make another one), both sentences and the label of a line."""
    fields = line.split("\t")
    if len(fields) != 4:
        raise DataError(f"{place}: {len(fields)} fields, wanted 4 (a stray or missing tab)")
    item, first, second, label = (part.strip() for part in fields)
    if label not in ("0", "1"):
        raise DataError(f"{place}: label {label!r}, wanted 0 or 1")
    if translated:  # the official machine translations have blanks: count them as missing
        first = first or PLACEHOLDER
        second = second or PLACEHOLDER
    if not first or not second:
        raise DataError(f"{place}: an empty sentence")
    if not item.isdigit():
        raise DataError(f"{place}: id {item!r} is not a number")
    return item, first, second, int(label)


def hub_rows(
    code: str, split: str, repository: str = HUB_PAWS_X[0], revision: str | None = HUB_PAWS_X[1]
) -> tuple[pd.DataFrame, str]:
    """The same rows from the model hub, at a pinned revision."""
    found, where = from_hub(repository, revision, code, split)
    found = found.rename(columns={"id": "item"}).astype({"item": int})[["item", *HEADER[1:]]]
    for column in ("sentence1", "sentence2"):  # machine-translated training rows have blanks
        found[column] = found[column].str.strip().replace("", PLACEHOLDER)
    return found, where
