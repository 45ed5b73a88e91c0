"""Claims 11 and 12, of dependency trees; the rules were written before the study was run."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from xltlib import evidence, figures, folders

STUDY = "syntax"


def judged(folder: Path, direction) -> dict[str, dict]:
    """Both claims, as rows of claims.judged.

    Claim 11 is read as "trees raise accuracy", judged by the largest dose under every strategy. Claim 12 is
    read as "it takes many": few, the smallest dose, must not be enough.

    Args:
        folder: where studies lie.
        direction: what a family of effects says of "this raises accuracy" (claims.py).
    """
    if not folders.has_study(folder, STUDY):
        return {claim: evidence.missing(STUDY) for claim in ("11", "12")}
    table = evidence.table(folder, STUDY, "dose_response").query("use == @STUDY")
    if table.empty:
        return {claim: evidence.missing(STUDY, " with several doses of trees") for claim in ("11", "12")}
    few = table[table.sentences == table.groupby("strategy").sentences.transform("min")]
    many = table[table.sentences == table.groupby("strategy").sentences.transform("max")]
    on = evidence.on_largest(folder, STUDY, table)
    trees = f"Trees of {_counts(many)} sentences in all: {_said(many)} points on the mean of the targets."
    doses = f"{_counts(few)} sentences: {_said(few)}; {_counts(many)}: {_said(many)} points."
    figure = folder / STUDY / "dose_response.png"
    return {
        "11": evidence.row(trees, on, direction(many), folder / STUDY / "adaptation_family.png"),
        "12": evidence.row(doses, on, needs_much(direction(few), direction(many)), figure),
    }


def needs_much(few: str, many: str) -> str:
    """The verdict on "it takes many" from those on few and on many.

    Example:
        >>> needs_much("inconclusive", "reproduced"), needs_much("reproduced", "reproduced")
        ('reproduced', 'not reproduced')
        >>> needs_much("inconclusive", "inconclusive")
        'inconclusive'
    """
    if few == "reproduced":
        return "not reproduced"
    return "reproduced" if many == "reproduced" else "inconclusive"


def _counts(table: pd.DataFrame) -> str:
    return " or ".join(f"{count:,}" for count in sorted(set(table.sentences.astype(int))))


def _said(table: pd.DataFrame) -> str:
    return "; ".join(f"{figures.look(row.strategy)[0]} {evidence.points(row)}" for row in table.itertuples())
