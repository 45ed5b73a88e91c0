"""Claims 11 and 12, of dependency trees; the rules were written before the study was run."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from xltlib import evidence, figures, folders

STUDY = METHOD = "syntax"


def judged(folder: Path, direction) -> dict[str, dict]:
    """Both claims, as rows of claims.judged.

    Claim 11 is read as "trees raise accuracy": the largest dose must do so over no adaptation and over as
    many more English updates, under some strategy, and lower it under none. Claim 12 is read as "it takes
    many": the smallest dose must raise nothing, and the largest more than the smallest, compared seed by seed
    and item by item, under some strategy and less under none. Doses between decide nothing.

    Args:
        folder: where studies lie.
        direction: what a family of effects says of "this raises accuracy" (claims.py).
    """
    if not folders.has_study(folder, STUDY):
        return {claim: evidence.missing(STUDY) for claim in ("11", "12")}
    table = evidence.table(folder, STUDY, "dose_response").query("use == @METHOD")
    over, larger = (evidence.table(folder, STUDY, name) for name in ("over_updates", "over_doses"))
    larger = larger[larger.language == "mean"]
    if table.empty or over.empty:
        what = " with several doses of trees, and as many more English updates beside them"
        return {claim: evidence.missing(STUDY, what) for claim in ("11", "12")}
    few = table[table.sentences == table.groupby("strategy").sentences.transform("min")]
    many = table[table.sentences == table.groupby("strategy").sentences.transform("max")]
    over, more = (of.merge(many[["strategy", "adaptation"]]) for of in (over, larger))
    on = evidence.on_largest(folder, STUDY, table)
    trees = f"Trees of {_counts(many)} sentences in all: {_said(many)} points on the mean of the targets; "
    trees += f"over as many more English updates: {_said(over)}."
    doses = f"{_counts(few)} sentences: {_said(few)}; {_counts(many)}: {_said(many)} points. "
    doses += f"The one over the other: {_said(more)}."
    figure = folder / STUDY / "dose_response.png"
    verdict = both(direction(many), direction(over))
    is_more = direction(more) == "reproduced"
    return {
        "11": evidence.row(trees, on, verdict, folder / STUDY / "adaptation_family.png"),
        "12": evidence.row(doses, on, needs_much(direction(few), is_more), figure),
    }


def both(alone: str, over_updates: str) -> str:
    """The verdict on "trees raise accuracy" from those on it alone and over as many more English updates.

    Example:
        >>> both("reproduced", "reproduced"), both("reproduced", "not reproduced")
        ('reproduced', 'not reproduced')
        >>> both("reproduced", "inconclusive")
        'inconclusive'
    """
    return over_updates if alone == "reproduced" else alone


def needs_much(few: str, is_more: bool) -> str:
    """The verdict on "it takes many" from that on few, and whether many raise accuracy by more.

    Example:
        >>> needs_much("inconclusive", True), needs_much("reproduced", True)
        ('reproduced', 'not reproduced')
        >>> needs_much("inconclusive", False)
        'inconclusive'
    """
    if few == "reproduced":
        return "not reproduced"
    return "reproduced" if is_more else "inconclusive"


def _counts(table: pd.DataFrame) -> str:
    return " or ".join(f"{count:,}" for count in sorted(set(table.sentences.astype(int))))


def _said(table: pd.DataFrame) -> str:
    return "; ".join(f"{figures.look(row.strategy)[0]} {evidence.points(row)}" for row in table.itertuples())
