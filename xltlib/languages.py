"""The languages of the project, declared once: names, scripts, families, resource level, order, colour.

``resource`` groups languages by how much text multilingual pretraining usually has of them. The groups
were fixed before any result was looked at; they are this project's choice, not a published classification.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """One row of the table.

    Attributes:
        code: ISO 639-1, the code PAWS-X and XNLI use.
        alpha3: the code of NTREX file names.
        tatoeba: the code of Tatoeba file names.
    """

    code: str
    name: str
    script: str
    family: str
    resource: str
    alpha3: str
    tatoeba: str


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
RESOURCE_COLOURS = {"high": "#222222", "medium": "#6A4C93", "low": "#B5179E"}


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
        ValueError: a code is not in the table, or stands twice.
    """
    names = listed(codes)
    unknown = [code for code in names if code not in BY_CODE]
    if unknown:
        known = f"known are {' '.join(ORDER)}; add a row to xltlib/languages.py"
        raise ValueError(f"unknown language {unknown[0]!r}: {known}")
    if len(set(names)) < len(names):
        raise ValueError(f"a language stands twice in {codes!r}")
    return sorted(names, key=ORDER.index)
