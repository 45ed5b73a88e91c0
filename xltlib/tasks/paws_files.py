"""PAWS-X as it is released: files of its official layout, or the data set on the hub, in two readings.

In six languages the files hold fields of CSV (``"a ""b"" c"``) in a tab-separated file. They are sentences
that were quoted when the files were written, so they are unquoted and counted. The literal reading keeps
their quotes.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from xltlib.tasks.base import HEADER, PLACEHOLDER
from xltlib.tasks.hub import HUB_SPLITS, from_hub
from xltlib.text_files import DataError, read_lines

# The repository's Parquet form.
HUB_PAWS_X = ("google-research-datasets/paws-x", "4cd8187c404bda33cb1f62b49b001115862acf37")
FILES = {"train": "train.tsv", "dev": "dev_2k.tsv", "test": "test_2k.tsv"}
TRANSLATED = "translated_train.tsv"  # by machine translation: the training file of every language but English
LONGEST_ID = 12  # digits: above them stands the set of an item


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


def read_paws_file(path: Path, literal: bool = False) -> pd.DataFrame:
    """One file of the official layout: a header, then ``id TAB sentence1 TAB sentence2 TAB label``, UTF-8.

    Args:
        literal: keep the quotes of CSV.
    Returns:
        Columns item, sentence1, sentence2, label; ``attrs["unquoted"]`` counts rows that were unquoted.
    Raises:
        DataError: wrong header, stray or missing tab, empty sentence, repeated id, label other than 0 or 1,
            no row at all, or what :func:`xltlib.text_files.read_text` refuses; names the file and the line.
    """
    lines = read_lines(path)
    header = lines[0] if lines else ""
    if header.split("\t") != HEADER:
        wanted = f"wanted the tab-separated columns {' '.join(HEADER)}"
        raise DataError(f"{path}, line 1: header is {header[:60]!r}, {wanted}")
    rows, line_by_item, changed = [], {}, 0
    for number, line in enumerate(lines[1:], start=2):
        place = f"{path}, line {number}"
        fields = line.split("\t")
        if not line.strip():
            raise DataError(f"{place}: an empty line; delete it")
        if len(fields) != len(HEADER):
            raise DataError(f"{place}: {len(fields)} fields, wanted {len(HEADER)} (a stray or missing tab)")
        item_id, *sentences, label = fields
        item = _number(item_id.strip(), place)
        if item in line_by_item:
            raise DataError(f"{place}: id {item} is already on line {line_by_item[item]}")
        line_by_item[item] = number
        if '"' in line and not literal:
            plain = [unquoted(sentence) for sentence in sentences]
            if plain != sentences:
                changed += 1
                sentences = plain
        sentences = [sentence.strip() for sentence in sentences]
        if not all(sentences):
            if path.name != TRANSLATED:
                raise DataError(f"{place}: an empty sentence")
            # The official machine translations have blanks: they count as missing.
            sentences = [sentence or PLACEHOLDER for sentence in sentences]
        rows.append((item, *sentences, _label(label.strip(), place)))
    if not rows:
        raise DataError(f"{path}: no rows below the header")
    frame = pd.DataFrame(rows, columns=["item", *HEADER[1:]])
    frame.attrs["unquoted"] = changed
    return frame


def unquoted(field: str) -> str:
    """A field without the quotes of CSV, where it is wholly one well-formed field of CSV; else as it is.

    Example:
        >>> unquoted('"He said ""yes"" ."'), unquoted('"Yes" , he said "no"')
        ('He said "yes" .', '"Yes" , he said "no"')
    """
    inside = field[1:-1]
    whole = len(field) > 1 and field[0] == field[-1] == '"' and '"' not in inside.replace('""', "")
    return inside.replace('""', '"') if whole else field


def _number(item: str, place: str) -> int:
    if not (item.isascii() and item.isdecimal() and len(item) <= LONGEST_ID):
        raise DataError(f"{place}: id {item[:40]!r} is not a number of at most {LONGEST_ID} digits")
    return int(item)


def _label(label: str, place: str) -> int:
    if label not in ("0", "1"):
        raise DataError(f"{place}: label {label[:40]!r}, wanted 0 or 1")
    return int(label)


def hub_rows(
    code: str,
    split: str,
    repository: str = HUB_PAWS_X[0],
    revision: str | None = HUB_PAWS_X[1],
    literal: bool = False,
) -> tuple[pd.DataFrame, str]:
    """The same rows from the model hub, at a pinned revision, and where they came from."""
    raw, origin = from_hub(repository, revision, code, HUB_SPLITS[split])
    rows = raw.rename(columns={"id": "item"}).astype({"item": int})[["item", *HEADER[1:]]]
    sentences = ["sentence1", "sentence2"]
    plain = rows[sentences] if literal else rows[sentences].map(unquoted)
    changed = (plain != rows[sentences]).any(axis=1)
    for column in sentences:  # machine-translated training rows have blanks
        rows[column] = plain[column].str.strip().replace("", PLACEHOLDER)
    rows.attrs = {"unquoted": int(changed.sum()), "revision": raw.attrs["revision"]}
    return rows, origin
