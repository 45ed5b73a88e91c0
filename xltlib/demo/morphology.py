"""Endings that follow from the last sound of a filler.

French elision, Korean particles, Basque cases, Uzbek -ga. Rules are of this corpus: they cover its fillers
(names from tables, CLDR names, whole numbers), not the languages.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

FRENCH = {  # before a vowel, before a consonant
    "de": ("d'", "de "),
    "le": ("l'", "le "),
    "du": ("de l'", "du "),
    "au": ("à l'", "au "),
}
KOREAN = {  # particle after a final consonant, after none
    "은": ("은", "는"),
    "이": ("이", "가"),
    "을": ("을", "를"),
    "과": ("과", "와"),
    "으로": ("으로", "로"),
    "이라": ("이라", "라"),
    "이었": ("이었", "였"),
}
# How Sino-Korean numerals from 0 to 9 end: in a consonant or not, and in the consonant l, after which -euro
# loses its vowel.
KOREAN_DIGITS = dict(zip("0123456789", ("ng", "l", "", "m", "", "", "k", "l", "l", "")))
BASQUE = {  # after a vowel, after a consonant
    "erg": ("k", "ek"),
    "dat": ("ri", "i"),
    "gen": ("ren", "en"),
    "soc": ("rekin", "ekin"),
    "ine": ("n", "en"),
    "all": ("ra", "era"),
    "abl": ("tik", "etik"),
    "loc": ("ko", "eko"),
}
UZBEK = {"k": "ka", "q": "qa"}  # the ending after these letters
RULES = {"fr": tuple(FRENCH), "ko": tuple(KOREAN), "uz": ("ga",), "eu": tuple(BASQUE)}


def inflect(code: str, rule: str, form: str) -> str:
    """A filler with the ending that a language's rule gives it.

    Raises:
        ValueError: the language has no such rule.

    Example:
        >>> inflect("fr", "de", "Oslo"), inflect("ko", "은", "서울")
        ("d'Oslo", '서울은')
        >>> inflect("eu", "ine", "Berlin"), inflect("uz", "ga", "Bangkok")
        ('Berlinen', 'Bangkokka')
    """
    functions: dict[str, Callable[[str, str], str]] = {
        "fr": _french,
        "ko": _korean,
        "eu": _basque,
        "uz": _uzbek,
    }
    known = RULES.get(code, ())
    if rule not in known:
        raise ValueError(f"language {code!r} has no rule {rule!r}: it has {', '.join(known) or 'none'}")
    return functions[code](rule, form)


def _bare(text: str) -> str:
    """Lower case without accents."""
    return "".join(c for c in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(c))


def _french(rule: str, form: str) -> str:
    elided, whole = FRENCH[rule]
    start = _bare(form)  # an h or y at the start counts as a consonant, and so does the w of Oua-
    if start[0] in "aeiou" and not start.startswith("oua"):
        return elided + form
    return whole + form


def _korean(rule: str, form: str) -> str:
    last = form.rstrip(' 》」』"”')[-1]
    if "가" <= last <= "힣":
        final = (ord(last) - ord("가")) % 28  # 0: open syllable; 8: the consonant l
        closed, liquid = final > 0, final == 8
    else:
        sound = KOREAN_DIGITS.get(last, "")
        closed, liquid = bool(sound), sound == "l"
    after_consonant, after_vowel = KOREAN[rule]
    if not closed or (rule == "으로" and liquid):
        return form + after_vowel
    return form + after_consonant


def _basque(rule: str, form: str) -> str:
    if form.isdigit():
        return form + _basque_numeral(form)
    last = _bare(form)[-1]
    stem = form
    if last == "r":  # a final r is strong
        stem = form + "r"
    if rule == "abl" and last in "nl":  # -tik and -ko soften after n and l
        return stem + "dik"
    if rule == "loc" and last in "nl":
        return stem + "go"
    after_vowel, after_consonant = BASQUE[rule]
    if last in "aeiouy":
        return stem + after_vowel
    return stem + after_consonant


def _basque_numeral(digits: str) -> str:
    """The ending, with an article, of the year or number.

    Numerals that end in a consonant take -e-: bat (1), bost (5), hamar (10 and its sums), ehun (hundreds);
    hamaika (11) and mila (thousands) bring the a along.
    """
    last, tens = int(digits[-1]), int(digits[-2:])
    if tens == 11 or int(digits) % 1000 == 0:
        return "n"
    odd_tens = last == 0 and (tens // 10) % 2 == 1
    if tens == 0 or last in (1, 5) or odd_tens:
        return "ean"
    return "an"


def _uzbek(rule: str, form: str) -> str:
    return form + UZBEK.get(form.casefold()[-1], "ga")
