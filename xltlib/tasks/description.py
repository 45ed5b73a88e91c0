"""A task that is described in a file, ``task.yaml``: what the file may say, and reading it strictly.

Keys of the file stand for the whole task (``about``, ``licence``, ``labels``, ``test_sentences``,
``splits``), or say where rows lie and how they look. The latter may stand at the top, where they hold for
every split, in a split, or in each of several sources of a split.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from xltlib import studyfile
from xltlib.tasks.hub import HUB_SPLITS
from xltlib.tasks.tables import FORMATS, SEPARATORS, Form
from xltlib.text_files import DataError, read_text
from xltlib.values import shown

FILE = "task.yaml"
SPLITS = ("train", "dev", "test")
READ = ("sentence1", "sentence2", "label", "id", "language")  # what a column may hold
OF_TASK = ("about", "licence", "labels", "test_sentences", "splits")
OF_SOURCE = (
    "files", "hub", "revision", "config", "split", "format", "separator", "encoding", "columns", "languages",
    "codes", "spelled", "ids", "subtract", "only", "placeholder", "unquote", "parallel",
)  # fmt: skip
TEXTS = (
    "hub", "revision", "config", "split", "separator", "encoding", "languages", "ids", "only", "placeholder",
)  # fmt: skip
FILLED = ("{language}", "{split}", "{data}")  # what may stand in a path
NO_TEXT = ("punycode", "idna", "undefined")  # which Python counts among encodings of text
ENDINGS = {".tsv": "tsv", ".txt": "tsv", ".csv": "csv", ".jsonl": "jsonl", ".parquet": "parquet"}


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where rows of a split lie, and how they look.

    Attributes:
        where: file and line of the description, for messages.
        files: a path with ``{language}`` and ``{split}``, relative to the description or below ``{data}``;
            or a path a language.
        hub: a data set of the hub instead, with its revision, config and split.
        form: of the files.
        languages: those that are here; empty: all that are found.
        codes: code of a language -> how the files write it.
        labels: spelling -> class.
        ids: ``"line"``, ``"column"``, or the path of files with the id of each row on a line.
        subtract: from each id.
        only: path of a file with the ids of the rows that are read; "": all.
        placeholder: what stands where a sentence is missing.
        unquote: whether a cell that is wholly a field of CSV loses its quotes.
        parallel: the set of items that the ids count; "": each language has items of its own.
    """

    where: str
    files: str | dict[str, str] = ""
    hub: str = ""
    revision: str = ""
    config: str = "{language}"
    split: str = ""
    form: Form
    languages: tuple[str, ...] = ()
    codes: dict[str, str] = field(default_factory=dict)
    labels: dict[str, int]
    ids: str = "line"
    subtract: int = 0
    only: str = ""
    placeholder: str = ""
    unquote: bool = False
    parallel: str = ""


@dataclass(frozen=True, kw_only=True)
class Description:
    """What a ``task.yaml`` says.

    Attributes:
        classes: names of the classes 0, 1, ...
        sources: of each split, in the order of the file.
        about, licence: in words.
        leaves_out: training pairs that hold a test sentence are left out and counted, not refused.
        deciding: what decides which rows are read, as it stands in the file.
    """

    classes: list[str]
    sources: dict[str, list[Source]]
    about: str = ""
    licence: str = ""
    leaves_out: bool = False
    deciding: dict


def read_description(path: Path) -> Description:
    """What a ``task.yaml`` says.

    Raises:
        DataError: one line that names the file, the line, the key, and what was wanted.
    """
    return Reading(path).description()


class Reading:
    """The reading of one description: every value checked, with its line.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path):
        try:
            content, self.lines = studyfile.parse(read_text(path), str(path))
        except DataError:
            raise
        except ValueError as error:
            raise DataError(str(error)) from error
        self.path = path
        if not isinstance(content, dict) or not content:
            raise DataError(f"{path}: wanted keys with values, such as labels and splits")
        self.content = content

    def description(self) -> Description:
        content = self.content
        self._refuse_unknown((), content, (*OF_TASK, *OF_SOURCE))
        for name in ("about", "licence"):
            if not isinstance(content.get(name, ""), str):
                raise self._error((name,), f"{name} = {shown(content[name])}: wanted text, in quotes")
        leaves_out = self._among(
            ("test_sentences",), content.get("test_sentences", "refuse"), ("refuse", "leave-out")
        )
        classes, spelled = self._labels(("labels",), content.get("labels"))
        common = {name: value for name, value in content.items() if name in OF_SOURCE}
        sources = {}
        for split, value in self._mapping(("splits",), content.get("splits")).items():
            self._among(("splits", split), split, SPLITS)
            entries = value if isinstance(value, list) else [value]
            sources[split] = [
                self._source(split, number, self._place(split, number, value), common, own, classes, spelled)
                for number, own in enumerate(entries, start=1)
            ]
        if "test" not in sources:
            raise self._error(("splits",), "no test: a task needs pairs to be scored")
        deciding = {name: value for name, value in content.items() if name not in ("about", "licence")}
        return Description(
            classes=classes, sources=sources, about=content.get("about", ""),
            licence=content.get("licence", ""), leaves_out=leaves_out == "leave-out", deciding=deciding,
        )  # fmt: skip

    def _place(self, split: str, number: int, value: object) -> tuple:
        return ("splits", split, number) if isinstance(value, list) else ("splits", split)

    def _labels(self, keys: tuple, value: object) -> tuple[list[str], dict[str, int]]:
        """Names of the classes, and the class of each spelling."""
        if isinstance(value, list):
            if len(set(map(str, value))) < len(value):
                raise self._error(keys, f"{keys[-1]}: {shown(value)}: wanted each class once")
            value = {str(name): name for name in value}
        classes, spelled = [], {}
        for number, (name, spellings) in enumerate(self._mapping(keys, value).items()):
            classes.append(name)
            for spelling in spellings if isinstance(spellings, list) else [spellings]:
                if (
                    not isinstance(spelling, (str, int))
                    or isinstance(spelling, bool)
                    or str(spelling) in spelled
                ):
                    hint = "wanted each spelling once, a word in quotes or a whole number"
                    raise self._error(keys, f"{name}: {shown(spelling)}: {hint}")
                spelled[str(spelling)] = number
        if len(classes) < 2:
            raise self._error(keys, f"{keys[-1]}: wanted two classes or more, as in [different, paraphrase]")
        return classes, spelled

    def _source(
        self,
        split: str,
        number: int,
        keys: tuple,
        common: dict,
        entry: object,
        classes: list[str],
        spelled: dict,
    ) -> Source:
        entry = self._mapping(keys, entry, blank=True)
        self._refuse_unknown(keys, entry, OF_SOURCE)
        options = {**common, **entry}
        for name in TEXTS:
            if not isinstance(options.get(name, ""), str):
                raise self._error(
                    (*keys, name), f"{name} = {shown(options[name])}: wanted text; put it in quotes"
                )
        has_none = "files" not in options and "hub" not in options
        if has_none or {"files", "hub"} <= set(entry):
            raise self._error(keys, f"{split}: wanted files (a path), or hub (the name of a data set)")
        if "files" in entry:
            options.pop("hub", None)
        if "hub" in options:
            options.pop("files", None)
        if "spelled" in options:
            spelled = self._respelled((*keys, "spelled"), options["spelled"], classes)
        unquote = self._among((*keys, "unquote"), options.get("unquote", False), (True, False))
        ids, form = options.get("ids", ""), self._form(keys, options)
        has_id = "id" in form.reads
        if ids == "column" and not has_id:
            raise self._error((*keys, "ids"), "ids = 'column': no column is called id")
        subtract = options.get("subtract", 0)
        if type(subtract) is not int:
            raise self._error((*keys, "subtract"), f"subtract = {shown(subtract)}: wanted a whole number")
        if ids not in ("", "line", "column") and "parallel" not in options:
            hint = f"say of which set these are, as in parallel: xnli {split}"
            raise self._error((*keys, "ids"), f"ids = {shown(ids)}: {hint}")
        parallel = self._parallel((*keys, "parallel"), options.get("parallel", f"{split} {number}"))
        return Source(
            where=self.lines.at(*keys), files=self._files(keys, options), hub=options.get("hub", ""),
            revision=options.get("revision", ""), config=options.get("config", "{language}"),
            split=options.get("split", HUB_SPLITS[split]), form=form,
            languages=tuple(options.get("languages", "").replace(",", " ").split()),
            codes=self._codes(keys, options.get("codes")), labels=spelled,
            ids=ids or ("column" if has_id else "line"), subtract=subtract,
            only=options.get("only", ""), placeholder=options.get("placeholder", ""), unquote=unquote,
            parallel=parallel.replace("{split}", split),
        )  # fmt: skip

    def _respelled(self, keys: tuple, value: object, classes: list[str]) -> dict[str, int]:
        """Spellings of one source: of the same classes, in any order."""
        names, spelled = self._labels(keys, value)
        if set(names) != set(classes):
            raise self._error(
                keys, f"spelled: wanted the classes {', '.join(classes)}, and how each is written"
            )
        return {spelling: classes.index(names[number]) for spelling, number in spelled.items()}

    def _files(self, keys: tuple, options: dict) -> str | dict[str, str]:
        files = options.get("files", "")
        paths = files.values() if isinstance(files, dict) else [files]
        if any(not isinstance(path, str) or (files and not path) for path in paths):
            raise self._error(
                (*keys, "files"), f"files = {shown(files)}: wanted a path, or a path a language"
            )
        for name in [name for path in paths for name in re.findall(r"{[^{}]*}", path)]:
            if name not in FILLED:
                raise self._error((*keys, "files"), f"files: {name}: known are {', '.join(FILLED)}")
        return files

    def _parallel(self, keys: tuple, value: object) -> str:
        """The name of a set of items; empty where there is none."""
        if not isinstance(value, (str, bool)) or value is True:
            hint = "wanted the name of the set of items that the ids count, or false"
            raise self._error(keys, f"parallel = {shown(value)}: {hint}")
        for name in re.findall(r"{[^{}]*}", value or ""):
            if name != "{split}":
                raise self._error(keys, f"parallel: {name}: known is {{split}}")
        return value or ""

    def _codes(self, keys: tuple, value: object) -> dict[str, str]:
        codes = self._mapping((*keys, "codes"), value, blank=True)
        if any(not isinstance(code, str) for code in codes.values()):
            raise self._error((*keys, "codes"), "codes: wanted code: how the files write it, as in {sw: swh}")
        return codes

    def _form(self, keys: tuple, options: dict) -> Form:
        files = options.get("files", "")
        sample = next(iter(files.values()), "") if isinstance(files, dict) else files
        by_ending = ENDINGS.get(Path(str(sample)).suffix, "tsv")
        file_format = self._among((*keys, "format"), options.get("format", by_ending), FORMATS)
        separator = options.get("separator", SEPARATORS.get(file_format, ""))
        if file_format == "csv" and (len(separator) != 1 or separator in '"\r\n'):
            raise self._error((*keys, "separator"), f"separator = {shown(separator)}: wanted one character")
        try:
            encoding = codecs.lookup(options.get("encoding", "utf-8"))
            is_text = encoding._is_text_encoding and encoding.name not in NO_TEXT
        except (LookupError, ValueError):  # of a name with a NUL
            is_text = False
        if not is_text:
            raise self._error((*keys, "encoding"), f"encoding = {shown(options['encoding'])} is not known")
        return Form(file_format, self._columns(keys, options, file_format), separator, encoding.name)

    def _columns(self, keys: tuple, options: dict, format: str) -> tuple:
        """Of a file with a header pairs of what is read and its column; else what stands in each column."""
        columns, place = options.get("columns", list(READ[:3])), (*keys, "columns")
        by_place = isinstance(columns, list) and format in SEPARATORS and "hub" not in options
        if isinstance(columns, list) and not by_place:
            columns = {str(name): name for name in columns}
        if not isinstance(columns, (list, dict)):
            raise self._error(
                place, f"columns = {shown(columns)}: wanted names, as in {{sentence1: premise}}"
            )
        kinds = [name for name in columns if not (by_place and name == "_")]
        for name in kinds:
            if name not in READ or kinds.count(name) > 1:
                raise self._error(
                    place, f"columns: {shown(name)}: wanted each of {', '.join(READ)} once at most"
                )
        missing = next((name for name in READ[:3] if name not in kinds), None)
        if missing:
            raise self._error(place, f"columns: {missing} is missing")
        if by_place:
            return tuple(columns)
        names = [str(name) for name in columns.values()]
        repeated = next((name for name in names if names.count(name) > 1), None)
        if repeated is not None:
            raise self._error(place, f"columns: {shown(repeated)} stands twice; each is read from its own")
        return tuple(zip(columns, names))

    def _among(self, keys: tuple, value: object, allowed: tuple) -> object:
        if value not in allowed or type(value) is not type(allowed[0]):
            raise self._error(keys, f"{keys[-1]} = {shown(value)}: known are {', '.join(map(str, allowed))}")
        return value

    def _refuse_unknown(self, keys: tuple, options: dict, allowed: tuple[str, ...]) -> None:
        for name in options:
            if name not in allowed:
                similar = get_close_matches(str(name), allowed, 1)
                hint = f"did you mean {similar[0]}?" if similar else f"known are {', '.join(allowed)}"
                raise self._error((*keys, name), f"unknown key {shown(name)}: {hint}")

    def _mapping(self, keys: tuple, value: object, blank: bool = False) -> dict:
        if value is None and blank:
            return {}
        if value is None:
            raise self._error(keys, f"{keys[-1]}: nothing is said; wanted names with a value each")
        if not isinstance(value, dict) or (not value and not blank):
            raise self._error(keys, f"{keys[-1]} = {shown(value)}: wanted names with a value each")
        return value

    def _error(self, keys: tuple, message: str) -> DataError:
        return DataError(f"{self.lines.at(*keys)}: {message}")
