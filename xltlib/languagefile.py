"""``languages.yaml``: rows of languages that the package's table lacks, beside a file of studies.

    bzd: {name: Bribri, script: Latin, family: Chibchan, resource: low, source: assumed}

``source`` says where the level is from. Name and script may be left out where CLDR has them, the family
always. The project's own file holds for all studies; that beside a study's file adds to it, and wins.
"""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cache
from pathlib import Path

import yaml

from xltlib import languages, studyfile
from xltlib.languages import Language
from xltlib.places import ROOT
from xltlib.text_files import read_text
from xltlib.values import shown, unprintable

NAME = "languages.yaml"
VARIABLE = "XLTLIB_LANGUAGES"  # environment variable: the study's file, for kernels; set by run_all.py
FIELDS = ("name", "script", "family", "resource", "source")
GIVEN = ("high", "medium", "low")  # levels; whether an encoder has seen a language is not said here


def use(folder: Path) -> None:
    """Let the rows beside a file of studies hold from now on, in this process and those that it starts.

    Args:
        folder: of the file of studies.
    Raises:
        ValueError: the file is there, and something in it is wrong; names the line.
    """
    path = Path(folder) / NAME
    _read.cache_clear()
    os.environ.pop(VARIABLE, None)
    if path.is_file():
        read(path)
        os.environ[VARIABLE] = str(path)


def variables(beside: str) -> dict[str, str]:
    """The environment variable by which a kernel finds the file in a folder; empty where there is none."""
    path = Path(beside) / NAME
    return {VARIABLE: str(path)} if beside and path.is_file() else {}


def of_study() -> dict[str, Language]:
    """Rows of the file beside the study's, by code."""
    path = os.environ.get(VARIABLE, "")
    return _read(path) if path else {}


def of_project() -> dict[str, Language]:
    """Rows of the project's own file, by code; none where the package is installed without it."""
    path = ROOT / NAME
    return _read(str(path)) if path.is_file() else {}


@cache
def _read(path: str) -> dict[str, Language]:
    return read(Path(path))


def read(path: Path) -> dict[str, Language]:
    """The rows of a file, by code.

    Raises:
        ValueError: names file, line, language and field.
    """
    found, lines = _parsed(path)
    rows = {}
    for code, row in found.items():
        place = f"{lines.at(code)}: {shown(code)}"
        if not languages.is_code(code):
            raise ValueError(f"{place} is no language code: two or three letters, or as in sna-Latn")
        if code in languages.BY_CODE:
            raise ValueError(f"{place} is in the table of xltlib/languages.py, which holds; take it out")
        if not isinstance(row, dict):
            raise ValueError(f"{place}: wanted fields, as in {{name: ..., script: ..., resource: low, ...}}")
        for name, value in row.items():
            _check(f"{lines.at(code, name)}: {code}", name, value)
        known = languages.from_cldr(code)
        for name in ("resource", "source", *(() if known else ("name", "script"))):
            if name not in row:
                raise ValueError(f"{place} lacks {name}")
        rows[code] = replace(known or languages.of_code_alone(code), **row)
    return rows


def _parsed(path: Path) -> tuple[dict, studyfile.Lines]:
    """What a file holds, and the lines on which it stands."""
    found, lines = studyfile.parse(read_text(path), path.name)
    if not isinstance(found or {}, dict):
        raise ValueError(f"{path.name}: wanted a row a language, as in bzd: {{name: Bribri, ...}}")
    return found or {}, lines


def _check(place: str, name: str, value: object) -> None:
    """Refuse a field that there is not, or what it cannot be."""
    if name not in FIELDS:
        raise ValueError(f"{place}: no field {shown(name)}; known are {', '.join(FIELDS)}")
    if not isinstance(value, str) or unprintable(value) or not value.strip():
        raise ValueError(f"{place}: {name} = {shown(value)}: wanted text on one line")
    if name == "resource" and value not in GIVEN:
        raise ValueError(f"{place}: resource = {shown(value)}: known are {', '.join(GIVEN)}")


def merged(folder: Path) -> str:
    """The rows that hold for a study, as one file: for a bundle, which has one.

    Args:
        folder: of the study's file.
    """
    rows = {}
    for path in dict.fromkeys([ROOT / NAME, Path(folder) / NAME]):
        if path.is_file():
            rows |= _parsed(path)[0]
    return yaml.safe_dump(rows, sort_keys=False, allow_unicode=True, width=110)
