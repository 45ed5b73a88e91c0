"""Languages: a table of the project's own, and rows of any other: names, scripts, resource levels, order.

``resource`` groups languages by how much text multilingual pretraining usually has of them. The groups
were fixed before any result was looked at; they are this project's choice, not a published classification.
The level of a language that is not in the table is that of ``languages.yaml`` (languagefile.py), or assumed.
A fourth level, ``unseen``, depends on the encoder (levels.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache


@dataclass(frozen=True)
class Language:
    """One row.

    Attributes:
        code: ISO 639-1, the code PAWS-X and XNLI use; of other languages two or three letters, a script may
            follow (``sna-Latn``).
        alpha3: the code of NTREX file names.
        tatoeba: the code of Tatoeba file names.
        source: where the level is from; "" in the table.
        others: further codes that file names may have.
    """

    code: str
    name: str
    script: str
    family: str
    resource: str
    alpha3: str
    tatoeba: str
    source: str = ""
    others: tuple[str, ...] = ()


# Plot order: resource level first, then family; English, the source language, leads.
TABLE = [
    Language(*row)
    for row in (
        ("en", "English", "Latin", "Germanic", "high", "eng", "eng"),
        ("de", "German", "Latin", "Germanic", "high", "deu", "deu"),
        ("fr", "French", "Latin", "Romance", "high", "fra", "fra"),
        ("es", "Spanish", "Latin", "Romance", "high", "spa", "spa"),
        ("ru", "Russian", "Cyrillic", "Slavic", "high", "rus", "rus"),
        ("zh", "Chinese", "Han", "Sinitic", "high", "zho-CN", "cmn"),
        ("ja", "Japanese", "Kana, Han", "Japonic", "high", "jpn", "jpn"),
        ("ko", "Korean", "Hangul", "Koreanic", "high", "kor", "kor"),
        ("ca", "Catalan", "Latin", "Romance", "medium", "cat", "cat"),
        ("id", "Indonesian", "Latin", "Austronesian", "medium", "ind", "ind"),
        ("vi", "Vietnamese", "Latin", "Austroasiatic", "medium", "vie", "vie"),
        ("ar", "Arabic", "Arabic", "Semitic", "medium", "arb", "ara"),
        ("bg", "Bulgarian", "Cyrillic", "Slavic", "medium", "bul", "bul"),
        ("el", "Greek", "Greek", "Hellenic", "medium", "ell", "ell"),
        ("tr", "Turkish", "Latin", "Turkic", "medium", "tur", "tur"),
        ("gl", "Galician", "Latin", "Romance", "low", "glg", "glg"),
        ("af", "Afrikaans", "Latin", "Germanic", "low", "afr", "afr"),
        ("eu", "Basque", "Latin", "isolate", "low", "eus", "eus"),
        ("uz", "Uzbek", "Latin", "Turkic", "low", "uzb", "uzb"),
        ("jv", "Javanese", "Latin", "Austronesian", "low", "jav", "jav"),
        ("th", "Thai", "Thai", "Kra-Dai", "low", "tha", "tha"),
        ("hi", "Hindi", "Devanagari", "Indic", "low", "hin", "hin"),
        ("bn", "Bengali", "Bengali", "Indic", "low", "ben", "ben"),
        ("gu", "Gujarati", "Gujarati", "Indic", "low", "guj", "guj"),
        ("mr", "Marathi", "Devanagari", "Indic", "low", "mar", "mar"),
        ("pa", "Punjabi", "Gurmukhi", "Indic", "low", "pan", "pan"),
        ("kn", "Kannada", "Kannada", "Dravidian", "low", "kan", "kan"),
        ("ml", "Malayalam", "Malayalam", "Dravidian", "low", "mal", "mal"),
        ("te", "Telugu", "Telugu", "Dravidian", "low", "tel", "tel"),
        ("ur", "Urdu", "Arabic", "Indic", "low", "urd", "urd"),
        ("sw", "Swahili", "Latin", "Bantu", "low", "swa", "swh"),
    )
]
BY_CODE = {language.code: language for language in TABLE}
ORDER = tuple(BY_CODE)
# None of them is a strategy's colour.
RESOURCE_COLOURS = {"high": "#222222", "medium": "#6A4C93", "low": "#B5179E", "unseen": "#7F4F24"}
LEVELS = tuple(RESOURCE_COLOURS)
MEANS = ("mean", *LEVELS)  # what stands in the place of a language where a mean of several is meant
ASSUMED = "assumed"  # source of a level that nobody has stated
CODE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?")
# A level; what pandas takes for a gap; and what CLDR has names for and is no language.
TAKEN = ("low", "nan", "mul", "und", "zxx")
SAID = ("name", "script", "family", "resource", "source")  # what a record keeps of a row

_recorded: dict[str, Language] = {}  # rows of the records that were read


def row(code: str) -> Language:
    """The row of a language: of the table, the study's file, the project's file, records, or CLDR.

    A code that none of them has gets a bare row: whatever was measured can be shown.

    Example:
        >>> row("sw").name, row("si").name, row("si").script, row("si").resource
        ('Swahili', 'Sinhala', 'Sinhala', 'low')
        >>> row("xx").name
        'xx'
    """
    return _known(code) or of_code_alone(code)


def is_known(code: str) -> bool:
    """Whether there is a row of a language.

    Example:
        >>> is_known("si"), is_known("xx"), is_known("Si")
        (True, False, False)
    """
    return _known(code) is not None


def is_code(text: str) -> bool:
    """Whether this has the form of a language code, and is no other word that stands in tables.

    Example:
        >>> is_code("sna-Latn"), is_code("targets"), is_code("low")
        (True, False, False)
    """
    return CODE.fullmatch(text) is not None and text not in TAKEN


def rank(code: str) -> tuple[int, int, str]:
    """What languages are sorted by: the table's in its order, then all others by level and code.

    Example:
        >>> sorted(["si", "sw", "de", "en"], key=rank)
        ['en', 'de', 'sw', 'si']
    """
    if code in BY_CODE:
        return 0, ORDER.index(code), code
    return 1, LEVELS.index(row(code).resource), code


def in_order(codes: Iterable[str]) -> list[str]:
    """Languages in plot order, each once; words that stand for a mean of several are left out.

    Example:
        >>> in_order(["si", "mean", "de", "si"])
        ['de', 'si']
    """
    return sorted({str(code) for code in codes} - set(MEANS), key=rank)


def _known(code: str) -> Language | None:
    if code in BY_CODE:
        return BY_CODE[code]
    if not is_code(code):
        return None
    from xltlib import languagefile  # it imports what reads YAML, which imports this module

    files = languagefile.of_study(), languagefile.of_project()
    return files[0].get(code) or files[1].get(code) or _recorded.get(code) or from_cldr(code)


def learn(rows: dict[str, dict]) -> None:
    """Take over the rows of languages that a record keeps: its ``languages.yaml`` may not be here.

    Raises:
        ValueError: they are no such rows; names the first.
    """
    if not isinstance(rows, dict):
        raise ValueError("'languages' is no object")
    for code, row in rows.items():
        fits = isinstance(row, dict) and all(isinstance(row.get(name), str) for name in SAID)
        if not fits or not is_code(code) or row["resource"] not in LEVELS:
            raise ValueError(f"'languages' holds no row of {code!r}")
        _recorded[code] = replace(of_code_alone(code), **{name: row[name] for name in SAID})


def rows_for_record(codes: list[str]) -> dict[str, dict]:
    """What a record keeps of languages: the rows of those that are not in the table.

    Example:
        >>> rows_for_record(["en", "si"])["si"]["script"]
        'Sinhala'
    """
    rows = {code: row(code) for code in codes if code not in BY_CODE}
    return {code: {name: getattr(row, name) for name in SAID} for code, row in rows.items()}


def of_code_alone(code: str) -> Language:
    """The row of a language of which nothing is known but its code."""
    letters, _, _ = code.partition("-")
    return Language(code, code, "", "", "low", letters, letters, ASSUMED)


@cache
def from_cldr(code: str) -> Language | None:
    """The row of a language by CLDR (through Babel), its level assumed to be low; None where it has no name.

    Of a language of the table that is written with three letters (``swa``), family and level are the table's.
    """
    from babel import Locale
    from babel.core import get_global

    letters, _, script = code.partition("-")
    short, english = shortest(letters), Locale("en")
    name = english.languages.get(letters) or english.languages.get(short)
    if name is None or not is_code(code):
        return None
    likely = get_global("likely_subtags").get(short, "").split("_")
    usual = likely[1] if len(likely) == 3 else ""
    is_usual = script in ("", usual)
    if not is_usual:
        name = f"{name} ({english.scripts.get(script, script)})"
    row, source = of_code_alone(code), ASSUMED
    written = english.scripts.get(script or usual, script or usual)
    if short in BY_CODE:
        row = BY_CODE[short]
        if is_usual:
            written, source = row.script, ""
    files = _codes_of_files(letters, script or usual, is_usual)
    return replace(row, code=code, name=name, script=written, source=source, **files)


def _codes_of_files(letters: str, script: str, is_usual: bool) -> dict:
    """The codes by which files name a language: with three letters first, and with its script.

    Args:
        is_usual: whether the script is the usual one, which need not be named.
    """
    from babel.core import get_global

    aliases, short = get_global("language_aliases"), shortest(letters)
    three = [other for other, meant in aliases.items() if meant == short and len(other) == 3]
    codes = [letters] if len(letters) == 3 else [*three, letters]
    scripted = [f"{other}-{script}" for other in codes]
    names = [*codes, *scripted] if is_usual else scripted
    return {"alpha3": names[0], "tatoeba": names[0], "others": tuple(names[1:])}


def shortest(code: str) -> str:
    """The letters by which CLDR knows a language: two, where it has two.

    Example:
        >>> shortest("hau"), shortest("sna-Latn"), shortest("bzd")
        ('ha', 'sn', 'bzd')
    """
    from babel.core import get_global

    letters, _, _ = code.partition("-")
    return get_global("language_aliases").get(letters, letters)


def same(code: str, other: str) -> bool:
    """Whether two codes are of one language in one script.

    Example:
        >>> same("sw", "swa"), same("sna", "sna-Latn"), same("zh", "zh-Hant"), same("sw", "de")
        (True, True, False, False)
    """
    return code == other or _identity(code) == _identity(other)


def shared(codes: Iterable[str], others: Iterable[str]) -> list[str]:
    """Those codes whose language is among others, whatever code or script it has there.

    Example:
        >>> shared(["de", "sw", "zh"], ["en", "swh", "zh-Hant"])
        ['sw', 'zh']
    """
    others = {shortest(other) for other in others}
    return [code for code in codes if shortest(code) in others]


def _identity(code: str) -> tuple[str, str]:
    return shortest(code), row(code).script


def listed(codes: str) -> list[str]:
    """Language codes from a parameter in the order in which they stand there: of targets, the source first.

    Example:
        >>> listed("en, de fr")
        ['en', 'de', 'fr']
    """
    return codes.replace(",", " ").split()


def parse(codes: str) -> list[str]:
    """Language codes from a parameter: ``"de en"`` -> ``["en", "de"]``, in plot order.

    Raises:
        ValueError: there is no row of a code, or it stands twice.
    """
    names = listed(codes)
    for code in names:
        if not is_known(code):
            raise ValueError(f"unknown language {code!r}: {_advice(code)}")
    if len({_identity(code) for code in names}) < len(names):
        raise ValueError(f"a language stands twice in {codes!r}")
    return sorted(names, key=rank)


def _advice(code: str) -> str:
    """What to do about a code that has no row."""
    if code in TAKEN:
        return f"this word has another meaning in tables; put the script behind it, as in {code}-Latn"
    if not is_code(code):
        return "a code has two or three small letters, and may have a script behind them, as in sna-Latn"
    row = f"{code}: {{name: ..., script: ..., resource: low, source: assumed}}"
    return f"CLDR has no name of it; write a row into languages.yaml, beside the file of studies: {row}"
