"""Resource levels for an encoder: those of languages.py, and ``unseen``: not in its pretraining text.

Which languages an encoder has seen is what its makers say (encoder_languages.csv, with sources). An encoder
without a list is judged by its tokenizer alone. The list is checked against the run's own test sentences: a
language of which more than 5 % of the pieces are unknown counts as unseen, whatever the list says.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

from xltlib import languages

UNSEEN = "unseen"
MOST_UNKNOWN = 0.05  # share of pieces; above it a language is unseen
LISTS = Path(__file__).with_name("encoder_languages.csv")


@dataclass(frozen=True)
class Seen:
    """The languages of an encoder.

    Attributes:
        name: of the list.
        codes: as CLDR shortens them.
    """

    name: str
    codes: frozenset[str]

    def has(self, code: str) -> bool:
        """Whether a language is on the list, in whatever script it is written here.

        Example:
            >>> seen_by("offline").has("hau"), seen_by("offline").has("wo")
            (True, False)
        """
        return languages.shortest(code) in self.codes


@cache
def seen_by(encoder: str) -> Seen | None:
    """The list of an encoder by its name; None where there is none.

    Args:
        encoder: as records have it; an adapted encoder has the name of the one that it began as.

    Example:
        >>> seen_by("FacebookAI/xlm-roberta-base").name, seen_by("mine/xlm-roberta-base-yoruba")
        ('XLM-R', None)
    """
    name = encoder.lower().partition("@")[0].rpartition("/")[2]
    for row in pd.read_csv(LISTS, keep_default_na=False).itertuples():
        if name in row.encoders.split():
            return Seen(row.list, frozenset(map(languages.shortest, row.languages.split())))
    return None


def level(code: str, encoder: str, unknown: float | None = None) -> str:
    """The resource level of a language for an encoder.

    Args:
        unknown: share of the subword tokens of its test sentences that the tokenizer does not know; None: not
            counted.

    Example:
        >>> level("de", "offline"), level("zul", "offline"), level("zul", "sentence-transformers/LaBSE")
        ('high', 'unseen', 'low')
        >>> level("am", "mine"), level("am", "mine", unknown=0.4)
        ('low', 'unseen')
    """
    if unknown is not None and unknown > MOST_UNKNOWN:
        return UNSEEN
    seen = seen_by(encoder)
    if seen is not None and not seen.has(code):
        return UNSEEN
    return languages.row(code).resource


def marked(name: str, levels: Iterable[str]) -> str:
    """The name of a language as tables print it: where an encoder of theirs has not seen it, that is said.

    Args:
        levels: of the language, for each encoder.

    Example:
        >>> marked("Yoruba", ["unseen"]), marked("German", ["high"])
        ('Yoruba (unseen)', 'German')
    """
    return f"{name} ({UNSEEN})" if UNSEEN in levels else name


def source(code: str, encoder: str, unknown: float | None = None) -> str:
    """Where that level is from, in words.

    Example:
        >>> source("zul", "offline"), source("de", "offline"), source("si", "mine")
        ('not on the list of XLM-R', 'this project', 'assumed; no list of mine, tokenizer alone')
        >>> source("am", "offline", unknown=0.4)
        '40 % of its pieces are unknown'
    """
    if unknown is not None and unknown > MOST_UNKNOWN:
        return f"{unknown:.0%} of its pieces are unknown".replace("%", " %")
    seen, stated = seen_by(encoder), languages.row(code).source or "this project"
    if seen is None:
        return f"{stated}; no list of {encoder}, tokenizer alone"
    return stated if seen.has(code) else f"not on the list of {seen.name}"
