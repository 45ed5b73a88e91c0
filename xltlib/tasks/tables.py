"""Rows of tables of labelled pairs, in four formats, with the line on which each stands and every fault.

``tsv``: tabs part the cells, and a quote is a character. ``csv``: commas (or another separator) part them, a
cell may be quoted and hold line breaks. ``jsonl``: an object a line. ``parquet``: a table of typed columns.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from xltlib.text_files import DataError, read_lines, read_text
from xltlib.values import shown

FORMATS = ("tsv", "csv", "jsonl", "parquet")
SEPARATORS = {"tsv": "\t", "csv": ","}
NO_TEXT = re.compile("[\0\ud800-\udfff]")  # JSON can escape what no file of text can hold


@dataclass(frozen=True)
class Form:
    """How a table looks.

    Attributes:
        format: one of ``FORMATS``.
        columns: what is read -> name of its column; or what stands in each column of a file without a header.
        separator: between cells of ``csv``.
        encoding: of a text file.
    """

    format: str
    columns: tuple[tuple[str, str], ...] | tuple[str, ...]
    separator: str = "\t"
    encoding: str = "utf-8"

    @property
    def reads(self) -> list[str]:
        """What is read of a row."""
        return [column if isinstance(column, str) else column[0] for column in self.columns]

    @property
    def has_header(self) -> bool:
        """Whether the first line names the columns."""
        return bool(self.columns) and not isinstance(self.columns[0], str)


@dataclass(frozen=True)
class Row:
    """One row of a table.

    Attributes:
        line: on which it begins, from 1; of Parquet the number of the row.
        cells: what is read -> what stands there, without white space around it.
    """

    line: int
    cells: dict[str, str]


def read_rows(path: Path, form: Form) -> tuple[list[Row], list[str]]:
    """The rows of a file, and its faults, each with file and line; a row with a fault is left out.

    Raises:
        DataError: the file cannot be read as a whole: see :func:`xltlib.text_files.read_text`.
    """
    try:
        if not path.is_file():
            raise DataError(f"no file {path}")
        status = path.stat()
    except OSError as error:  # a name that is too long
        raise DataError(f"{str(path)[:80]}…: no file ({error.strerror})") from error
    return _read_rows(path, form, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=4)  # of a file with all languages each language asks in turn
def _read_rows(path: Path, form: Form, changed: int, size: int) -> tuple[list[Row], list[str]]:
    readers = {
        "tsv": _lines_of_tsv,
        "csv": _lines_of_csv,
        "jsonl": _lines_of_json,
        "parquet": _lines_of_parquet,
    }
    rows, faults = [], []
    for line, cells, fault in readers[form.format](path, form):
        if fault:
            place = f"{path}, row {line}" if form.format == "parquet" else f"{path}, line {line}"
            faults.append(f"{place}: {fault}")
        else:
            rows.append(Row(line, {kind: " ".join(cell.split("\n")).strip() for kind, cell in cells.items()}))
    return rows, faults


Records = Iterator[tuple[int, dict[str, str], str]]  # line, cells, or a fault


def _lines_of_tsv(path: Path, form: Form) -> Records:
    lines = ((number, line.split("\t")) for number, line in enumerate(read_lines(path, form.encoding), 1))
    return _cells(path, form, lines)


def _lines_of_csv(path: Path, form: Form) -> Records:
    return _cells(path, form, _records_of_csv(read_text(path, form.encoding), form.separator))


def _records_of_csv(text: str, separator: str) -> Iterator[tuple[int, list[str] | str]]:
    """Cells of each record, or what is wrong with it, and the line on which it begins."""
    reader, begins = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True), 1
    while True:
        try:
            yield begins, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield begins, f"{error}; inside quotes a quote is written twice, and a quoted cell is closed"
            return
        begins = reader.line_num + 1


def _cells(path: Path, form: Form, records: Iterator[tuple[int, list[str] | str]]) -> Records:
    """The cells that are read of each record, by the header or by their places."""
    columns: list[str] = [] if form.has_header else list(form.columns)
    places = {kind: place for place, kind in enumerate(columns) if kind != "_"}
    for line, record in records:
        if isinstance(record, str):
            yield line, {}, record
        elif form.has_header and not columns:
            columns, places = record, _places(path, form, [name.strip() for name in record])
        elif not any(cell.strip() for cell in record):
            yield line, {}, "an empty line; delete it"
        elif len(record) != len(columns):
            yield line, {}, f"{len(record)} cells, wanted {len(columns)} (a stray or missing separator?)"
        else:
            yield line, {kind: record[place] for kind, place in places.items()}, ""


def _places(path: Path, form: Form, header: list[str]) -> dict[str, int]:
    """Where the columns that are read stand."""
    for kind, name in form.columns:
        if header.count(name) != 1:
            how_often = "no column" if name not in header else "more than one column"
            listed = ", ".join(header[:20])
            raise DataError(f"{path}, line 1: {how_often} {shown(name)} for {kind}; it has {listed[:200]}")
    return {kind: header.index(name) for kind, name in form.columns}


def _lines_of_json(path: Path, form: Form) -> Records:
    for line, text in enumerate(read_text(path, form.encoding).removesuffix("\n").split("\n"), 1):
        try:
            record = json.loads(text)
        except ValueError as error:
            yield line, {}, f"no JSON ({error})"
            continue
        except RecursionError:
            yield line, {}, "too many brackets inside each other"
            continue
        if isinstance(record, dict):
            yield line, *typed(form, record)
        else:
            yield line, {}, 'wanted an object a line, as in {"sentence1": ...}'


def _lines_of_parquet(path: Path, form: Form) -> Records:
    import pyarrow
    from pyarrow import parquet

    try:
        table = parquet.read_table(path)
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(f"{path}: no table of Parquet ({' '.join(str(error).split())[:80]})") from error
    _places(path, form, table.column_names)
    names = [name for _, name in form.columns]
    for number, record in enumerate(table.select(list(dict.fromkeys(names))).to_pylist(), 1):
        yield number, *typed(form, record)


def typed(form: Form, record: dict) -> tuple[dict[str, str], str]:
    """Cells of a row whose values have types, or what is wrong with one."""
    cells = {}
    for kind, name in form.columns:
        value = record.get(name)
        if value is None:
            return {}, f"no {shown(name)} for {kind}"
        if isinstance(value, float) and value.is_integer():
            value = int(value)  # as a column of labels becomes in which some were missing
        if isinstance(value, bool):
            value = str(value).lower()
        if not isinstance(value, (str, int)):
            return {}, f"{name} = {shown(value)}: wanted text, a whole number, true or false"
        if NO_TEXT.search(str(value)):
            return {}, f"{name} = {shown(value)}: a NUL, or half a character, inside it"
        cells[kind] = str(value)
    return cells, ""
