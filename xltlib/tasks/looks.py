"""What a table of labelled pairs looks like: its format, whether it has a header, what its columns hold.

Names of a header decide where they are known; else what stands in the columns does.
"""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from xltlib import languages
from xltlib.tasks.description import ENDINGS, READ
from xltlib.tasks.tables import SEPARATORS
from xltlib.text_files import DataError, read_text

NAMES = {  # what a column holds -> names that headers have for it, in lower case
    "sentence1": "sentence1 sentence_1 premise text1 text_a question1 sent1 string1 source",
    "sentence2": "sentence2 sentence_2 hypothesis hypo text2 text_b question2 sent2 string2 target",
    "label": "label labels gold_label gold class is_duplicate paraphrase score quality",
    "id": "id idx index pairid pair_id guid item uid",
    "language": "language lang locale language_code lang_code",
}
SAMPLE = 500  # rows that are looked at
MOST_CLASSES = 10
NO_NUMBER = re.compile(r"[^\s\d.]")


@dataclass(frozen=True)
class Look:
    """What a table looks like.

    Attributes:
        format: one of ``xltlib.tasks.tables.FORMATS``.
        columns: what is read -> its column's name, in a file with names; else what stands in each column.
        labels: that stand there, in the order of first appearance; none where no column looks like labels.
        missing: what no column could be told to be.
        items: id (or the number of the row) and label of the first rows.
        separator: of ``csv``, if it is no comma.
    """

    format: str
    columns: dict[str, str] | list[str]
    labels: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    items: tuple[tuple[str, str], ...] = ()
    separator: str = ""


def look(path: Path) -> Look | None:
    """What a file looks like; None of what is no table.

    Raises:
        DataError: it cannot be read; names the file and the line.
    """
    format = ENDINGS.get(path.suffix)
    if format is None:
        return None
    format, separator = _parted(path, format) if format in SEPARATORS else (format, "")
    header, rows = _rows(path, format, separator)
    if not rows or len(rows[0]) < 3:
        return None
    known = _by_name(header) if header else {}
    if len(known) < 2 and format in SEPARATORS:
        header, known = [], {}  # what looked like a header is a row
        _, rows = _read_text(path, format, separator, header=False)
    places = _places(rows, known)
    if not header and format in SEPARATORS and _is_header(rows, places):  # in words that are not known here
        header, rows = rows[0], rows[1:]
        places = _places(rows, {})
    missing = tuple(kind for kind in READ[:3] if kind not in places)
    labels = [row[places["label"]] for row in rows] if "label" in places else []
    ids = [row[places["id"]] for row in rows] if "id" in places else map(str, range(len(rows)))
    classes = tuple(dict.fromkeys(label for label in labels if label))
    unusual_separator = separator if format == "csv" and separator != SEPARATORS["csv"] else ""
    columns = _columns(header, places, len(rows[0]))
    return Look(format, columns, classes, missing, tuple(zip(ids, labels)), unusual_separator)


def _columns(header: list[str], places: dict[str, int], width: int) -> dict[str, str] | list[str]:
    """What is read and where it stands: by name, or without a header what stands in each column."""
    if header:
        return {kind: header[place] for kind, place in places.items()}
    kinds = {place: kind for kind, place in places.items()}
    return [kinds.get(place, "_") for place in range(width)]


def _places(rows: list[list[str]], known: dict[str, int]) -> dict[str, int]:
    """Where everything stands: what is known by name, and what can be told by content."""
    return _by_content(rows, known, [place for place in range(len(rows[0])) if place not in known.values()])


def _is_header(rows: list[list[str]], places: dict[str, int]) -> bool:
    """Whether the first row names the columns: where others have a label it has what none of them has."""
    labels = [row[places["label"]] for row in rows] if "label" in places else []
    return len(labels) > 3 and labels[0] not in labels[1:]


def _parted(path: Path, format: str) -> tuple[str, str]:
    """Format and separator of a text file by its first lines, whatever its ending promises.

    What spreadsheets call CSV is often parted by semicolons or tabs. Where all cells between tabs are quoted
    (numbers need not be), quotes belong to the file and not to its cells.
    """
    first, *rows = read_text(path).split("\n", 4)[:4]
    if format == "tsv":
        cells = [cell for row in rows for cell in row.split("\t") if NO_NUMBER.search(cell)]
        quoted = cells and all(len(cell) > 1 and cell[0] == cell[-1] == '"' for cell in cells)
        return ("csv" if quoted else "tsv"), "\t"
    try:
        widths = {mark: len(next(csv.reader([first], delimiter=mark), [])) for mark in ",;\t"}
    except csv.Error as error:
        raise DataError(f"{path}, line 1: {error}") from error
    return "csv", max(widths, key=widths.get)


def _rows(path: Path, format: str, separator: str) -> tuple[list[str], list[list[str]]]:
    """Names of the columns and the first rows."""
    if format in SEPARATORS:
        return _read_text(path, format, separator)
    return _read_json(path) if format == "jsonl" else _read_parquet(path)


def _read_text(
    path: Path, format: str, separator: str, header: bool = True
) -> tuple[list[str], list[list[str]]]:
    """Names of the columns, or what stands in their place, and the first rows that are as wide."""
    text = read_text(path)
    if format == "tsv":
        lines = [line.split("\t") for line in text.split("\n")[: SAMPLE + 1]]
    else:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        try:
            lines = list(islice(reader, SAMPLE + 1))
        except csv.Error as error:
            raise DataError(f"{path}, line {reader.line_num}: {error}; is a quote left open?") from error
    lines = [[cell.strip() for cell in line] for line in lines if any(cell.strip() for cell in line)]
    if not lines:
        return [], []
    names, rows = (lines[0], lines[1:]) if header else ([], lines)
    return names, [row for row in rows if len(row) == len(lines[0])]


def _read_json(path: Path) -> tuple[list[str], list[list[str]]]:
    names, rows = [], []
    for number, line in enumerate(read_text(path).split("\n")[:SAMPLE], start=1):
        try:
            record = json.loads(line) if line.strip() else {}
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path}, line {number}: no JSON ({error})") from error
        if isinstance(record, dict) and record:
            names = names or list(record)
            rows.append([_cell(record.get(name, "")) for name in names])
    return names, rows


def _read_parquet(path: Path) -> tuple[list[str], list[list[str]]]:
    import pyarrow
    from pyarrow import parquet

    try:
        batch = next(parquet.ParquetFile(path).iter_batches(SAMPLE), None)
        records = batch.to_pylist() if batch is not None else []
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError, LookupError) as error:
        # The last three: a time that Python does not have, or in a zone that it does not know.
        raise DataError(f"{path}: no table of Parquet ({' '.join(str(error).split())[:80]})") from error
    return (list(records[0]) if records else []), [[_cell(cell) for cell in row.values()] for row in records]


def _cell(value: object) -> str:
    """A typed value as text."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value).strip()


def _by_name(header: list[str]) -> dict[str, int]:
    """What columns hold by their names: the first that has one of the names."""
    lower, places = [name.lower() for name in header], {}
    for kind, names in NAMES.items():
        matching = [name for name in names.split() if lower.count(name) == 1]
        if matching:
            places[kind] = lower.index(matching[0])
    return places


def _by_content(rows: list[list[str]], known: dict[str, int], remaining: list[int]) -> dict[str, int]:
    """What is not known yet of the columns, by what stands in them."""
    known, cells = dict(known), {place: [row[place] for row in rows] for place in remaining}
    if "language" not in known:
        code_places = [place for place in remaining if all(map(_is_code, cells[place]))]
        _take(known, "language", remaining, code_places)
    if "label" not in known:
        label_places = [place for place in remaining if _looks_like_labels(cells[place])]
        _take(known, "label", remaining, label_places)
    missing = [kind for kind in READ[:2] if kind not in known]
    texts = [place for place in remaining if _looks_like_text(cells[place])]
    if len(texts) == len(missing):
        known |= dict(zip(missing, texts))
        remaining = [place for place in remaining if place not in texts]
    if "id" not in known:
        words = [place for place in remaining if not any(" " in cell or not cell for cell in cells[place])]
        _take(known, "id", remaining, [place for place in words if len(set(cells[place])) == len(rows) > 1])
    return known


def _take(known: dict[str, int], kind: str, remaining: list[int], places: list[int]) -> None:
    """Note the one place where something stands; where there are several, none is taken."""
    if len(places) == 1:
        known[kind] = places[0]
        remaining.remove(places[0])


def _looks_like_labels(cells: list[str]) -> bool:
    """Whether these are few words that come again."""
    distinct = set(cells)
    short = all(cell and len(cell) <= 20 and " " not in cell for cell in distinct)
    return short and 2 <= len(distinct) <= min(MOST_CLASSES, len(cells) - 1)


def _looks_like_text(cells: list[str]) -> bool:
    """Whether most of these are several words, or long."""
    return sum(" " in cell or len(cell) > 15 for cell in cells) > len(cells) / 2


def _is_code(cell: str) -> bool:
    return cell in languages.BY_CODE
