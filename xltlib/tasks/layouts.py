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
    wanted = [_parted(REGION.sub("", one)) for one in names]
    return int(any(bare == one and (not script or not other or script == other) for one, other in wanted))


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
    found = _fitting(place, code)
    if not found:
        _, alpha3, tatoeba, *_ = _codes(code)
        wanted = f"newstest2019-ref.{alpha3}.txt, tatoeba.{tatoeba}-eng.{tatoeba}, en-{code}.tsv"
        raise DataError(
            f"no translations of language {code!r} in {place}: looked for {wanted} and the other layouts of "
            "docs/data.md"
        )
    return _only(found, f"translations of language {code!r}", place, f", or leave {code} out")


def has_translations(place: Path, code: str) -> bool:
    """Whether a folder has translations of a language, once or several times."""
    return bool(_fitting(place, code))


def _fitting(place: Path, code: str) -> list[Translations]:
    """All that fit best in the layout they are of; with English where there are such."""
    found = []
    for layout in (_ntrex, _moses, _tables, _flores):
        found += _closest(_with_english(layout(place, code)))
    return _with_english(found)


def _with_english(found: list[Translations]) -> list[Translations]:
    """Those with English where there are such, else all."""
    return [each for each in found if each.pivot == "en"] or found


def _closest(found: list[Translations]) -> list[Translations]:
    """Those whose names fit best."""
    best = max((each.close for each in found), default=0)
    return [each for each in found if each.close == best]


def _only(found: list, what: str, place: Path, advice: str = ""):
    """What fits, if it is one."""
    if len(found) > 1:
        told = f"{found[0]} and {found[1]}"
        raise DataError(f"{place}: {what} may be {told}; name a folder with only one of them{advice}")
    return found[0]


def _files(place: Path) -> list[Path]:
    """The files of a folder, by name; none where there is no such folder."""
    return sorted(path for path in place.iterdir() if path.is_file()) if place.is_dir() else []


def _ntrex(place: Path, code: str) -> list[Translations]:
    """``newstest2019-ref.<code>.txt`` beside ``newstest2019-src.eng.txt``."""
    found, source = [], place / "newstest2019-src.eng.txt"
    for path in _files(place):
        if path.name.startswith("newstest2019-ref.") and path.suffix == ".txt":
            close = closeness(path.name.removeprefix("newstest2019-ref.").removesuffix(".txt"), code)
            if close:
                found.append(Translations("en", (source, path), close=close))
    return found


def _moses(place: Path, code: str) -> list[Translations]:
    """``<name>.<one>-<other>.<one>`` beside the same with ``.<other>``; the name may lack."""
    found = []
    for path in _files(place):
        stem, _, side = path.name.rpartition(".")
        pair, close = stem.rpartition(".")[2], closeness(side, code)
        if not close:
            continue
        for other in (pair.removeprefix(f"{side}-"), pair.removesuffix(f"-{side}")):
            if other != pair and CODE.fullmatch(_plain(other)) and not closeness(other, code):
                files = place / f"{stem}.{other}", path
                found.append(Translations(code_of(other), files, close=close))
    return found


def _flores(place: Path, code: str) -> list[Translations]:
    """``<code>_<Script>.dev`` or ``.devtest``, a file a language, there or in folders of these names."""
    found = []
    for folder in (place, place / "dev", place / "devtest"):
        named = {path: FLORES.fullmatch(path.name) for path in _files(folder)}
        named = {path: match.groups() for path, match in named.items() if match}
        for path, (name, split) in named.items():
            close = closeness(name, code)
            for other, (other_name, other_split) in named.items():
                if close and other_split == split and not closeness(other_name, code):
                    found.append(Translations(code_of(other_name), (other, path), close=close))
    return found


def _tables(place: Path, code: str) -> list[Translations]:
    """``<one>-<other>.tsv`` with the columns in this order, or ``<code>.tsv`` with English first.

    A header of two codes or names of languages says otherwise.
    """
    found = []
    for path in _files(place):
        if path.suffix != ".tsv":
            continue
        close, sides = closeness(path.stem, code), ("en", path.stem)
        if not close:
            sides = next((each for each in _splits(path.stem) if _one_fits(each, code)), ())
            close = max((closeness(side, code) for side in sides), default=0)
        if close:
            found += _table(path, code, sides, close)
    return found


def _splits(stem: str) -> list[tuple[str, str]]:
    """Every way to read a name as two codes with a hyphen between."""
    ways = [(stem[: at.start()], stem[at.end() :]) for at in re.finditer("-", stem)]
    return [way for way in ways if all(CODE.fullmatch(_plain(side)) for side in way)]


def _one_fits(sides: tuple[str, str], code: str) -> bool:
    """Whether one side, and not both, is the language."""
    return sum(closeness(side, code) > 0 for side in sides) == 1


def _table(path: Path, code: str, sides: tuple[str, str], close: int) -> list[Translations]:
    """The translations of a table whose name says these sides; what its header says is taken before."""
    first = (read_lines(path) or [""])[0].split("\t")
    cells = [_code_in(cell.strip()) for cell in first]
    are_languages = len(cells) == 2 and all(cell and languages.is_known(code_of(cell)) for cell in cells)
    header = are_languages and _one_fits(tuple(cells), code)
    if not header and len(first) == 2 and {cell.strip().lower() for cell in first} <= UNSAID:
        told = "it names columns, but no languages; write their codes there, or delete the line"
        raise DataError(f"{path}, line 1: {told}")
    sides = tuple(cells) if header else sides
    if not _one_fits(sides, code):  # of English, with English
        return []
    pivot_first = not closeness(sides[0], code)
    pivot = code_of(sides[0] if pivot_first else sides[1])
    return [Translations(pivot, (path,), pivot_first, header, close)]


def _code_in(cell: str) -> str:
    """The code that a cell of a header holds, or that of the language it names; empty if neither."""
    named = {language.name.lower(): language.code for language in languages.TABLE}
    if cell.lower() in named:
        return named[cell.lower()]
    return cell if CODE.fullmatch(_plain(cell)) else ""


def text_file(place: Path, code: str) -> Path:
    """The file of a language's unlabelled text: ``<code>.txt``, else by another of its codes.

    Raises:
        DataError: several files fit; names them.
    """
    exact = place / f"{code}.txt"
    found = [path for path in _files(place) if path.suffix == ".txt" and closeness(path.stem, code)]
    if exact.exists() or not found:
        return exact
    return place / _only([path.name for path in found], f"text of language {code!r}", place)


def has_text(place: Path, code: str) -> bool:
    """Whether a folder has unlabelled text of a language, once or several times."""
    return any(path.suffix == ".txt" and closeness(path.stem, code) for path in _files(place))


def word_list(place: Path, source: str, code: str) -> Path:
    """The file of a language's words in another: ``<source>-<code>.txt`` or ``.tsv``, by any of their codes.

    A part of MUSE's (``.0-5000.txt``) is taken where the whole list is not there.

    Raises:
        DataError: several files fit; names them.
    """
    whole, parts = [], []
    for path in _files(place):
        stem, _, part = path.stem.partition(".")
        fits = any(closeness(one, source) and closeness(other, code) for one, other in _splits(stem))
        if fits and path.suffix in (".txt", ".tsv") and (not part or re.fullmatch(r"\d+-\d+", part)):
            (parts if part else whole).append(path.name)
    if not whole and not parts:
        return place / f"{source}-{code}.txt"
    return place / _only(whole or parts, f"words of {source!r} in {code!r}", place)


def several(source: str) -> list[str]:
    """The names of several corpora with blanks between; none where it is one, or a path.

    Example:
        >>> several("wikipedia lowres"), several("wikipedia")
        (['wikipedia', 'lowres'], [])
    """
    return source.split() if " " in source and not places.is_path(source) else []
