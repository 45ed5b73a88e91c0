"""The form of what the check of a task prints."""

from __future__ import annotations

import textwrap

import pandas as pd

WIDTH = 110  # characters of a line of the report
TOGETHER = 10  # languages with the same numbers on a line


def filled(text: str) -> str:
    """A paragraph of the report; names with a hyphen are not broken."""
    return textwrap.fill(text, WIDTH, break_on_hyphens=False, break_long_words=False)


def together(table: pd.DataFrame) -> str:
    """A table in which languages with the same numbers share a line, a few on each."""
    numbers = [name for name in table if name != "language"]
    lines = []
    for of_all, rows in table.groupby(numbers, sort=False):
        codes = rows.language.tolist()
        for start in range(0, len(codes), TOGETHER):
            lines.append([*of_all, " ".join(codes[start : start + TOGETHER])])
    return printed(pd.DataFrame(lines, columns=[*numbers, "languages"]).set_index(numbers[0]))


def printed(table: pd.DataFrame) -> str:
    """A table as wide as the report."""
    return table.to_string(line_width=WIDTH)
