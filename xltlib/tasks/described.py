"""Tasks that are described in a ``task.yaml``: their rows, language by language, with every fault."""

from __future__ import annotations

import hashlib
import os
import re
from functools import lru_cache
from glob import escape
from pathlib import Path

import pandas as pd

from xltlib import places
from xltlib.tasks.base import HEADER, ITEMS_OF_A_SET, PLACEHOLDER, Task
from xltlib.tasks.description import FILE, Description, Source, read_description
from xltlib.tasks.items import numbered, read_items
from xltlib.tasks.paws_files import unquoted
from xltlib.tasks.tables import Row, read_rows, typed
from xltlib.text_files import DataError, read_lines

KNOWN = Path(__file__).parent / "known"  # descriptions that ship with the package, NAME.yaml
DATA = "{data}/"  # begins a path below the data folder
CODE = r"[A-Za-z]{2,3}(?:[-_](?:[A-Za-z]{4}|[A-Za-z]{2}))?"  # of a language, as file names write it
SETS = 2**22  # numbers that a set of items may have: with ITEMS_OF_A_SET items each they fit 63 bits


class DescribedTask(Task):
    """A task as its description says (see :class:`xltlib.tasks.base.Task`).

    Args:
        name: as a study writes it.
        path: of the description.
    """

    def __init__(self, name: str, path: Path):
        self.name, self.path = name, path
        self.description: Description = read_description(path)
        self.revision = path.parent.name if path.parent.parent.name == "snapshots" else ""  # of the hub
        self.CLASSES = self.description.classes
        self.SHARES_STOCK_SENTENCES = self.description.leaves_out
        self.LICENCE = self.description.licence

    def rows(self, code: str, split: str, folder: Path | None) -> tuple[pd.DataFrame, str]:
        """One language's rows of a split, and where they came from.

        Raises:
            DataError: there are none, or a file has faults: the first of them, and how many more.
        """
        frame, origin, faults = self.read(code, split, folder)
        if faults:
            further = ""
            if len(faults) > 1:
                further = f" (and {len(faults) - 1} more: python -m xltlib.tasks {self.name})"
            raise DataError(f"{faults[0]}{further}")
        return frame, origin

    def read(self, code: str, split: str, folder: Path | None) -> tuple[pd.DataFrame, str, list[str]]:
        """The same with all faults, each with file and line; rows with a fault are left out."""
        sources = self.description.sources.get(split, ())
        sources = [source for source in sources if code in self._languages(source, split, folder)]
        if not sources:
            available = " ".join(self.languages(split, folder)) or "none"
            raise DataError(f"{self.path}: no {split} pairs of language {code!r}; there are {available}")
        frames, origins, faults = [], [], []
        for source in sources:
            rows, origin, source_faults = self._rows_of(source, code, split, folder)
            frames.append(rows)
            origins.append(origin)
            faults += source_faults
        frame = pd.concat(frames, ignore_index=True)
        repeated = {origin for origin in origins if origins.count(origin) > 1}
        faults += [f"{name}: two sources of {split} read it in language {code}" for name in sorted(repeated)]
        duplicates = frame["item"][frame["item"].duplicated()]
        if len(duplicates):
            twice = f"id {duplicates.iloc[0] % ITEMS_OF_A_SET} stands twice in language {code}"
            faults.append(f"{origins[-1]}: {twice}; name what is parallel")
        revisions = sorted({rows.attrs["revision"] for rows in frames if rows.attrs.get("revision")})
        frame.attrs = {"revision": " ".join(revisions), "placeholder": PLACEHOLDER}
        return frame, " and ".join(origins), faults

    def empty(self, split: str, folder: Path | None) -> list[str]:
        """Faults of the sources of a split of which there is no file."""
        sources = self.description.sources.get(split, ())
        missing = [source for source in sources if not self._languages(source, split, folder)]
        return [f"{source.where}: no file fits {source.files}" for source in missing]

    def languages(self, split: str, folder: Path | None) -> list[str]:
        """Codes of the languages that a split has pairs in."""
        codes: dict[str, None] = {}
        for source in self.description.sources.get(split, ()):
            codes |= dict.fromkeys(self._languages(source, split, folder))
        return list(codes)

    def refuse_for_bundle(self, whose: str) -> None:
        """Stop where a bundle cannot hold what is read: rows of the hub, or a file beside neither.

        Args:
            whose: run, for the error.
        Raises:
            DataError: names the source.
        """
        of_hub = not places.is_path(self.name, hub=True) and self.path.parent != KNOWN
        for source in [source for sources in self.description.sources.values() for source in sources]:
            if source.hub or of_hub:
                raise DataError(f"{whose}: a bundle holds no pairs of the hub; name their folder")
            files = source.files.values() if isinstance(source.files, dict) else [source.files]
            ids = [source.only] if source.only else []
            ids += [] if source.ids in ("line", "column") else [source.ids]
            for path in [*files, *ids]:
                if path.startswith(("/", "~", "..")):
                    raise DataError(
                        f"{source.where}: {path} lies outside the folder of the task; move it there"
                    )

    def set_names(self, split: str) -> dict[int, str]:
        """Names of the sets that the items of a split are of, by the number of the set.

        Items of one set with the same id are translations of each other, in whatever file they stand.
        """
        sources = [source for source in self.description.sources.get(split, ()) if source.parallel]
        return {self._set(source, split, ""): source.parallel for source in sources}

    def _set(self, source: Source, split: str, code: str) -> int:
        """The number of the set that items of a source are of: 0 for the first that the split names."""
        names = [each.parallel for each in self.description.sources[split] if each.parallel]
        if source.parallel and source.parallel == names[0]:
            return 0
        number = 1 + self.description.sources[split].index(source)
        key = f"{source.parallel} " if source.parallel else f"own {split} {number} {code}"
        return 1 + int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest()) % (SETS - 1)

    def _languages(self, source: Source, split: str, folder: Path | None) -> list[str]:
        """Codes of the languages that a source has."""
        if source.languages:
            return list(source.languages)
        if isinstance(source.files, dict):
            return list(source.files)
        if source.hub:
            raise DataError(f"{source.where}: rows of the hub need languages, as in languages: en de")
        project_codes = {file_code: code for code, file_code in source.codes.items()}
        if "{language}" in source.files:
            file_codes = self._codes_in_names(source, split, folder)
            codes = sorted(project_codes.get(code, code) for code in file_codes)
            repeated = next((code for code in codes if codes.count(code) > 1), None)
            if repeated:
                problem = f"files of two codes are {repeated} by codes; name it otherwise"
                raise DataError(f"{source.where}: {problem}")
            return codes
        if "language" in source.form.reads:
            rows, faults = read_rows(self._file(source, "", split, folder), source.form)
            if faults and not rows:  # no row tells a language
                raise DataError(f"{faults[0]} (and {len(faults) - 1} more)" if faults[1:] else faults[0])
            file_codes = dict.fromkeys(row.cells["language"] for row in rows)
            return list(dict.fromkeys(project_codes.get(code, code) for code in file_codes))
        raise DataError(f"{source.where}: say which languages, as in languages: en")

    def without_code(self, split: str, folder: Path | None) -> list[str]:
        """Names of files that fit a pattern, but for a language's code in its place."""
        names = []
        for source in self.description.sources.get(split, ()):
            pattern = Path(str(source.files)).stem
            named_by_code = "{language}" in pattern and not source.languages
            if named_by_code and re.search(r"\w", pattern.replace("{language}", "")):
                codes = self._named(source, split, folder)
                names += [Path(path).name for path, code in codes.items() if not code]
        return sorted(names)

    def _codes_in_names(self, source: Source, split: str, folder: Path | None) -> set[str]:
        """What stands for the language in names of files that fit the pattern."""
        return {code for code in self._named(source, split, folder).values() if code}

    def _named(self, source: Source, split: str, folder: Path | None) -> dict[str, str]:
        """Files that fit a pattern, and the code that each name has in the language's place; "": none."""
        pattern = self._place(source.files, folder, source.where).replace("{split}", split)
        first, *rest = map(re.escape, pattern.split("{language}"))
        fits = re.compile(f"{first}(?P<language>{CODE}){'(?P=language)'.join(rest)}")
        paths = Path("/").glob("*".join(escape(part) for part in pattern.split("{language}")).lstrip("/"))
        matches = {path.as_posix(): fits.fullmatch(path.as_posix()) for path in paths}
        return {path: match["language"] if match else "" for path, match in matches.items()}

    def _place(self, path: str, folder: Path | None, where: str) -> str:
        """A path of the description as an absolute one."""
        if not path.startswith(DATA):
            return Path(os.path.abspath(self.path.parent / path)).as_posix()  # links of the hub stay
        if folder is None:
            raise DataError(f"{where}: {path} lies in the data folder: set XLTLIB_DATA or --data")
        return (folder / path.removeprefix(DATA)).as_posix()

    def _file(self, source: Source, code: str, split: str, folder: Path | None) -> Path:
        """The file of a language."""
        path = source.files[code] if isinstance(source.files, dict) else source.files
        return Path(self._filled(path, source, code, split, folder))

    def _filled(self, path: str, source: Source, code: str, split: str, folder: Path | None) -> str:
        place = self._place(path, folder, source.where)
        return place.replace("{split}", split).replace("{language}", source.codes.get(code, code))

    def _rows_of(
        self, source: Source, code: str, split: str, folder: Path | None
    ) -> tuple[pd.DataFrame, str, list[str]]:
        """One language's rows of a source, where they came from, and faults."""
        revision = ""
        if source.hub:
            rows, faults, origin, revision = self._rows_of_hub(source, code)
        else:
            path = self._file(source, code, split, folder)
            (rows, faults), origin = read_rows(path, source.form), str(path)
        file_code = source.codes.get(code, code)
        rows = [row for row in rows if row.cells.get("language", file_code) == file_code]
        faults = list(faults)
        if faults and source.ids not in ("line", "column"):
            rows = []  # which id is whose cannot be told
        ids = self._ids(source, code, split, folder, rows, origin)
        chosen = self._chosen(source, code, split, folder)
        rows_read, lines_by_item = [], {}
        place = f"{origin}, {'row' if source.hub or source.form.format == 'parquet' else 'line'}"
        for row, item_id in zip(rows, ids, strict=True):
            checked = _checked(row, item_id, source)
            if isinstance(checked, str):
                faults.append(f"{place} {row.line}: {checked}")
            elif checked[0] in lines_by_item:
                line = lines_by_item[checked[0]]
                faults.append(f"{place} {row.line}: id {item_id} is already on line {line}")
            else:
                lines_by_item[checked[0]] = row.line
                if chosen is None or checked[0] in chosen:
                    rows_read.append(checked)
        if not rows_read and not faults:
            faults.append(f"{origin}: no rows of language {code} in it")
        frame = pd.DataFrame(rows_read, columns=["item", *HEADER[1:]])
        frame = frame.astype({"item": "int64", "label": "int64"})
        frame["item"] += self._set(source, split, code) * ITEMS_OF_A_SET
        frame.attrs["revision"] = revision or self.revision
        return frame, origin, faults

    def _ids(self, source: Source, code: str, split: str, folder, rows: list[Row], origin: str) -> list[str]:
        """The id of each row, as it is written."""
        if source.ids == "column":
            return [row.cells["id"] for row in rows]
        if source.ids == "line":
            return [str(number) for number in range(1, len(rows) + 1)]
        path = Path(self._filled(source.ids, source, code, split, folder))
        ids = [line.strip() for line in read_lines(path)] if rows else []
        if len(ids) != len(rows):
            raise DataError(f"{path}: {len(ids)} ids beside {len(rows)} rows in {origin}; wanted one a row")
        return ids

    def _chosen(self, source: Source, code: str, split: str, folder: Path | None) -> set[int] | None:
        """Items of the rows that are read; None: of all."""
        if not source.only:
            return None
        return read_items(Path(self._filled(source.only, source, code, split, folder)), source.subtract)

    def _rows_of_hub(self, source: Source, code: str) -> tuple[list[Row], list[str], str, str]:
        """Rows of the hub, as :func:`xltlib.tasks.tables.read_rows` gives those of a file."""
        from xltlib.tasks.hub import from_hub

        config = source.config.replace("{language}", source.codes.get(code, code))
        frame, origin = from_hub(source.hub, source.revision or None, config, source.split)
        missing = [name for _, name in source.form.columns if name not in frame]
        if missing:
            available = ", ".join(map(str, frame.columns))
            raise DataError(f"{origin}: no column {missing[0]!r}; it has {available[:200]}")
        rows, faults = [], []
        frame = frame.astype(object).where(frame.notna(), None)  # pandas has NaN where a cell is missing
        for number, record in enumerate(frame.to_dict("records"), start=1):
            cells, fault = typed(source.form, record)
            if fault:
                faults.append(f"{origin}, row {number}: {fault}")
            else:
                rows.append(Row(number, {kind: cell.strip() for kind, cell in cells.items()}))
        return rows, faults, origin, frame.attrs.get("revision", "")


def _checked(row: Row, item_id: str, source: Source) -> tuple[int, str, str, int] | str:
    """Item, sentences and class of a row; or what is wrong with it."""
    sentences = [row.cells["sentence1"], row.cells["sentence2"]]
    if source.unquote:
        sentences = [unquoted(sentence).strip() for sentence in sentences]
    if not all(sentences):
        return "an empty sentence; name what stands where one is missing (placeholder), or delete the row"
    if source.placeholder:
        sentences = [PLACEHOLDER if sentence == source.placeholder else sentence for sentence in sentences]
    label = source.labels.get(row.cells["label"])
    if label is None:
        labels = ", ".join(source.labels)
        return f"label {row.cells['label'][:40]!r}, wanted one of {labels}"
    item = numbered(item_id, source.subtract)
    if item is None:
        return f"id {item_id[:40]!r}: wanted 1 to 11 digits above {source.subtract}, or a word"
    return item, *sentences, label


def known_names() -> list[str]:
    """Names of the descriptions that ship with the package."""
    return sorted(path.stem for path in KNOWN.glob("*.yaml"))


def described(name: str) -> DescribedTask:
    """A task by the name of a shipped description, by its folder, or by the name of a data set of the hub.

    Raises:
        DataError: there is no such folder, or no ``task.yaml`` in it, or it has a mistake.
    """
    path = KNOWN / f"{name}.yaml" if name in known_names() else _folder(name) / FILE
    if not path.is_file():
        raise DataError(
            f"task {name!r}: no {FILE} in {path.parent}; python -m xltlib.tasks {name} begins one"
        )
    status = path.stat()
    return _read(name, path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=64)
def _read(name: str, path: Path, changed: int, size: int) -> DescribedTask:
    return DescribedTask(name, path)


def _folder(name: str) -> Path:
    """The folder that holds a description."""
    place = places.located(name)
    if place == name and not places.is_path(name, hub=True):
        from xltlib.tasks.hub_folder import description_folder

        return description_folder(name)
    folder = Path(place)
    if not folder.is_dir():
        raise DataError(f"task {name!r}: no such folder")
    return folder.resolve()
