"""Endings that follow from the last sound of a filler: French elision, Korean particles, Basque cases, Uzbek -ga.

Rules are of this corpus: they cover its fillers (names from tables, CLDR names, whole numbers), not the languages.
"""

from __future__ import annotations

import unicodedata
from typing import Callable

KOREAN = {  # particle after a final consonant, after none
    "은": ("은", "는"), "이": ("이", "가"), "을": ("을", "를"), "과": ("과", "와"), "으로": ("으로", "로"),
    "이라": ("이라", "라"), "이었": ("이었", "였"),
}  # fmt: skip
# How Sino-Korean numerals end: in a consonant or not, and in the consonant l, after which -euro loses its vowel.
KOREAN_DIGITS = {"0": "ng", "1": "l", "2": "", "3": "m", "4": "", "5": "", "6": "k", "7": "l", "8": "l", "9": ""}


def inflect(code: str, rule: str, form: str) -> str:
    """A filler with the ending that a language's rule gives it.

    Raises:
        ValueError: the language has no such rule.

    Example:
        >>> inflect("fr", "de", "Oslo"), inflect("ko", "은", "서울"), inflect("eu", "ine", "Berlin"), inflect("uz", "ga", "Bangkok")
        ("d'Oslo", '서울은', 'Berlinen', 'Bangkokka')
    """
    rules: dict[str, Callable[[str, str], str]] = {"fr": _french, "ko": _korean, "eu": _basque, "uz": _uzbek}
    if rule not in RULES.get(code, ()):
        raise ValueError(f"language {code!r} has no rule {rule!r}: it has {', '.join(RULES.get(code, ())) or 'none'}")
    return rules[code](rule, form)


def _bare(text: str) -> str:
    """Lower case without accents."""
    return "".join(c for c in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(c))


def _french(rule: str, form: str) -> str:
    elided, whole = {"de": ("d'", "de "), "le": ("l'", "le "), "du": ("de l'", "du "), "au": ("à l'", "au ")}[rule]
    start = _bare(form)  # an h or y at the start counts as a consonant, and so does the w of Oua-
    return (elided if start[0] in "aeiou" and not start.startswith("oua") else whole) + form


def _korean(rule: str, form: str) -> str:
    last = form.rstrip(" 》」』\"”")[-1]
    if "가" <= last <= "힣":
        final = (ord(last) - ord("가")) % 28  # 0: open syllable; 8: the consonant l
        closed, liquid = final > 0, final == 8
    else:
        sound = KOREAN_DIGITS.get(last, "")
        closed, liquid = bool(sound), sound == "l"
    return form + KOREAN[rule][0 if closed and not (rule == "으로" and liquid) else 1]


def _basque(rule: str, form: str) -> str:
    if form.isdigit():
        # Numerals that end in a consonant take -e-: bat (1), bost (5), hamar (10 and its sums), ehun (hundreds);
        # hamaika (11) and mila (thousands) bring the a along.
        last, tens = int(form[-1]), int(form[-2:])
        if tens == 11 or int(form) % 1000 == 0:
            return form + "n"
        return form + ("ean" if tens == 0 or last in (1, 5) or last == 0 and (tens // 10) % 2 == 1 else "an")
    last, vowel = _bare(form)[-1], _bare(form)[-1] in "aeiouy"
    stem = form + "r" if last == "r" else form  # a final r is strong
    soft = last in "nl"  # -tik and -ko soften after n and l
    endings = {
        "erg": ("k", "ek"), "dat": ("ri", "i"), "gen": ("ren", "en"), "soc": ("rekin", "ekin"), "ine": ("n", "en"), "all": ("ra", "era"),
        "abl": ("tik", "dik" if soft else "etik"), "loc": ("ko", "go" if soft else "eko"),
    }  # fmt: skip
    return stem + endings[rule][0 if vowel else 1]


def _uzbek(rule: str, form: str) -> str:
    last = form.casefold()[-1]
    return form + {"k": "ka", "q": "qa"}.get(last, "ga")


RULES = {
    "fr": ("de", "le", "du", "au"), "ko": tuple(KOREAN), "uz": ("ga",),
    "eu": ("erg", "dat", "gen", "soc", "ine", "all", "abl", "loc"),
}  # fmt: skip
