"""Where translations, unlabelled text and word lists lie: the layouts of their files, by codes of languages.

A language is looked for under every code it goes by, with a script or without. Where two files fit, none is
taken: which of them is meant must be said. Translations have a pivot, the language on their other side: it is
English wherever there is a choice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from xltlib import languages, places
from xltlib.text_files import DataError, read_lines

CODE = re.compile(r"[a-z]{2,3}(-[a-z]{2}|-[a-z]{4})?")  # a region or a script may stand behind it
SCRIPT = re.compile(r"-[a-z]{4}$")
REGION = re.compile(r"-[a-z]{2}$")
FLORES = re.compile(r"([a-z]{3}_[A-Z][a-z]{3})\.(dev|devtest)")
UNSAID = {"source", "target", "src", "tgt", "sentence1", "sentence2"}  # headers that name no language


def names_of(code: str) -> set[str]:
    """The codes that a language goes by in names of files, in lower case, parts joined by a hyphen.

    Example:
        >>> sorted(names_of("sw")), names_of("quy")
        (['sw', 'swa', 'swh'], {'quy'})
    """
    return {_plain(name) for name in _codes(code)}


def _codes(code: str) -> tuple[str, ...]:
    """The project's code of a language, NTREX's and Tatoeba's, and further ones."""
    language = languages.row(code)
    return code, language.alpha3, language.tatoeba, *language.others


def _plain(name: str) -> str:
    return name.lower().replace("_", "-")


def closeness(name: str, code: str) -> int:
    """How well a name fits a language: 2 is one of its codes, 1 a script more or less, 0 not at all.

    Example:
        >>> closeness("deu", "de"), closeness("deu_Latn", "de"), closeness("spa", "de")
        (2, 1, 0)
        >>> closeness("sna-Latn", "sna-Cyrl"), closeness("zho_Hans", "zh"), closeness("zho-TW", "zh")
        (0, 1, 0)
    """
    plain, names = _plain(name), names_of(code)
    if plain in names:
        return 2
    bare, script = _parted(plain)
    # The table names a region of Chinese, which no other layout does.
    aliases = [_parted(REGION.sub("", alias)) for alias in names]
    for alias, alias_script in aliases:
        if bare == alias and (not script or not alias_script or script == alias_script):
            return 1
    return 0


def _parted(plain: str) -> tuple[str, str]:
    """A code and its script; the script is empty where none is named."""
    script = SCRIPT.search(plain)
    return (plain[: script.start()], script.group()) if script else (plain, "")


def code_of(name: str) -> str:
    """The project's code of a language that a file names; a name that the table does not know stays itself.

    Example:
        >>> code_of("spa"), code_of("fra_Latn"), code_of("quy_Latn")
        ('es', 'fr', 'quy')
    """
    fitting = {code: closeness(name, code) for code in languages.ORDER}  # of others the name is the code
    best = max(fitting, key=fitting.get)
    return best if fitting[best] else _parted(_plain(name))[0]


@dataclass(frozen=True)
class Translations:
    """Where the translations of a language lie.

    Attributes:
        pivot: code of the language on their other side.
        files: the pivot's and the language's, line-aligned; or one table of two columns.
        pivot_first: whether the pivot's column is the first, of a table.
        header: whether a table's first line names its columns.
        close: how well the name of the file fits the language, see :func:`closeness`.
    """

    pivot: str
    files: tuple[Path, ...]
    pivot_first: bool = True
    header: bool = False
    close: int = 2

    def __str__(self) -> str:
        return " beside ".join(path.name for path in reversed(self.files))


def translations(place: Path, code: str) -> Translations:
    """The translations of a language in a folder.

    Args:
        place: a folder with files in one of the layouts: NTREX, Moses (Tatoeba's is one), FLORES, tables.
        code: of the language that is not the pivot.
    Raises:
        DataError: no file fits, or several do; names them.
    """
    candidates = _fitting(place, code)
    if not candidates:
        _, alpha3, tatoeba, *_ = _codes(code)
        examples = f"newstest2019-ref.{alpha3}.txt, tatoeba.{tatoeba}-eng.{tatoeba}, en-{code}.tsv"
        raise DataError(
            f"no translations of language {code!r} in {place}: looked for {examples} and the other layouts "
            "of docs/data.md"
        )
    return _only(candidates, f"translations of language {code!r}", place, f", or leave {code} out")


def has_translations(place: Path, code: str) -> bool:
    """Whether a folder has translations of a language, once or several times."""
    return bool(_fitting(place, code))


def _fitting(place: Path, code: str) -> list[Translations]:
    """All that fit best in the layout they are of; with English where there are such."""
    candidates = []
    for layout in (_ntrex, _moses, _tables, _flores):
        candidates += _closest(_with_english(layout(place, code)))
    return _with_english(candidates)


def _with_english(candidates: list[Translations]) -> list[Translations]:
    """Those with English where there are such, else all."""
    return [candidate for candidate in candidates if candidate.pivot == "en"] or candidates


def _closest(candidates: list[Translations]) -> list[Translations]:
    """Those whose names fit best."""
    best = max((candidate.close for candidate in candidates), default=0)
    return [candidate for candidate in candidates if candidate.close == best]


def _only(candidates: list, subject: str, place: Path, advice: str = ""):
    """What fits, if it is one."""
    if len(candidates) > 1:
        both = f"{candidates[0]} and {candidates[1]}"
        raise DataError(f"{place}: {subject} may be {both}; name a folder with only one of them{advice}")
    return candidates[0]


def _files(place: Path) -> list[Path]:
    """The files of a folder, by name; none where there is no such folder."""
    return sorted(path for path in place.iterdir() if path.is_file()) if place.is_dir() else []


def _ntrex(place: Path, code: str) -> list[Translations]:
    """``newstest2019-ref.<code>.txt`` beside ``newstest2019-src.eng.txt``."""
    candidates, source = [], place / "newstest2019-src.eng.txt"
    for path in _files(place):
        if path.name.startswith("newstest2019-ref.") and path.suffix == ".txt":
            close = closeness(path.name.removeprefix("newstest2019-ref.").removesuffix(".txt"), code)
            if close:
                candidates.append(Translations("en", (source, path), close=close))
    return candidates


def _moses(place: Path, code: str) -> list[Translations]:
    """``<name>.<one>-<other>.<one>`` beside the same with ``.<other>``; the name may lack."""
    candidates = []
    for path in _files(place):
        stem, _, side = path.name.rpartition(".")
        pair, close = stem.rpartition(".")[2], closeness(side, code)
        if not close:
            continue
        for pivot in (pair.removeprefix(f"{side}-"), pair.removesuffix(f"-{side}")):
            if pivot != pair and CODE.fullmatch(_plain(pivot)) and not closeness(pivot, code):
                files = place / f"{stem}.{pivot}", path
                candidates.append(Translations(code_of(pivot), files, close=close))
    return candidates


def _flores(place: Path, code: str) -> list[Translations]:
    """``<code>_<Script>.dev`` or ``.devtest``, a file a language, there or in folders of these names."""
    candidates = []
    for folder in (place, place / "dev", place / "devtest"):
        names = {path: FLORES.fullmatch(path.name) for path in _files(folder)}
        names = {path: match.groups() for path, match in names.items() if match}
        for path, (name, split) in names.items():
            close = closeness(name, code)
            for pivot_path, (pivot_name, pivot_split) in names.items():
                if close and pivot_split == split and not closeness(pivot_name, code):
                    candidates.append(Translations(code_of(pivot_name), (pivot_path, path), close=close))
    return candidates


def _tables(place: Path, code: str) -> list[Translations]:
    """``<one>-<other>.tsv`` with the columns in this order, or ``<code>.tsv`` with English first.

    A header of two codes or names of languages says otherwise.
    """
    candidates = []
    for path in _files(place):
        if path.suffix != ".tsv":
            continue
        close, sides = closeness(path.stem, code), ("en", path.stem)
        if not close:
            sides = next((pair for pair in _splits(path.stem) if _one_fits(pair, code)), ())
            close = max((closeness(side, code) for side in sides), default=0)
        if close:
            candidates += _table(path, code, sides, close)
    return candidates


def _splits(stem: str) -> list[tuple[str, str]]:
    """Every way to read a name as two codes with a hyphen between."""
    splits = [(stem[: hyphen.start()], stem[hyphen.end() :]) for hyphen in re.finditer("-", stem)]
    return [sides for sides in splits if all(CODE.fullmatch(_plain(side)) for side in sides)]


def _one_fits(sides: tuple[str, str], code: str) -> bool:
    """Whether one side, and not both, is the language."""
    return sum(closeness(side, code) > 0 for side in sides) == 1


def _table(path: Path, code: str, sides: tuple[str, str], close: int) -> list[Translations]:
    """The translations of a table whose name says these sides; what its header says is taken before."""
    first_line = (read_lines(path) or [""])[0].split("\t")
    cells = [_code_in(cell.strip()) for cell in first_line]
    are_languages = len(cells) == 2 and all(cell and languages.is_known(code_of(cell)) for cell in cells)
    header = are_languages and _one_fits(tuple(cells), code)
    if not header and len(first_line) == 2 and {cell.strip().lower() for cell in first_line} <= UNSAID:
        message = "it names columns, but no languages; write their codes there, or delete the line"
        raise DataError(f"{path}, line 1: {message}")
    sides = tuple(cells) if header else sides
    if not _one_fits(sides, code):  # of English, with English
        return []
    pivot_first = not closeness(sides[0], code)
    pivot = code_of(sides[0] if pivot_first else sides[1])
    return [Translations(pivot, (path,), pivot_first, header, close)]


def _code_in(cell: str) -> str:
    """The code that a cell of a header holds, or that of the language it names; empty if neither."""
    by_name = {language.name.lower(): language.code for language in languages.TABLE}
    if cell.lower() in by_name:
        return by_name[cell.lower()]
    return cell if CODE.fullmatch(_plain(cell)) else ""


def text_file(place: Path, code: str) -> Path:
    """The file of a language's unlabelled text: ``<code>.txt``, else by another of its codes.

    Raises:
        DataError: several files fit; names them.
    """
    exact = place / f"{code}.txt"
    candidates = [path for path in _files(place) if path.suffix == ".txt" and closeness(path.stem, code)]
    if exact.exists() or not candidates:
        return exact
    return place / _only([path.name for path in candidates], f"text of language {code!r}", place)


def has_text(place: Path, code: str) -> bool:
    """Whether a folder has unlabelled text of a language, once or several times."""
    return any(path.suffix == ".txt" and closeness(path.stem, code) for path in _files(place))


def word_list(place: Path, source: str, code: str) -> Path:
    """The file of a language's words in another: ``<source>-<code>.txt`` or ``.tsv``, by any of their codes.

    A part of MUSE's (``.0-5000.txt``) is taken where the whole list is not there.

    Raises:
        DataError: several files fit; names them.
    """
    whole_lists, partial_lists = [], []
    for path in _files(place):
        stem, _, suffix = path.stem.partition(".")
        fits = any(closeness(first, source) and closeness(second, code) for first, second in _splits(stem))
        if fits and path.suffix in (".txt", ".tsv") and (not suffix or re.fullmatch(r"\d+-\d+", suffix)):
            (partial_lists if suffix else whole_lists).append(path.name)
    if not whole_lists and not partial_lists:
        return place / f"{source}-{code}.txt"
    return place / _only(whole_lists or partial_lists, f"words of {source!r} in {code!r}", place)


def several(source: str) -> list[str]:
    """The names of several corpora with blanks between; none where it is one, or a path.

    Example:
        >>> several("wikipedia lowres"), several("wikipedia")
        (['wikipedia', 'lowres'], [])
    """
    return source.split() if " " in source and not places.is_path(source) else []
