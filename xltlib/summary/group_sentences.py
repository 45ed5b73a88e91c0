"""The answer of a study that has groups of languages of its own, a sentence a group, from the numbers."""

from __future__ import annotations

import pandas as pd

from xltlib import statistics
from xltlib.summary.data import StudyData
from xltlib.summary.words import adaptation_name, against, estimate, signed, under
from xltlib.values import counted, joined

NAMED = 4  # arms that a sentence names at most


def by_group(data: StudyData) -> list[str]:
    """What adaptation does to the mean of each group: a sentence a group, the group before its colon."""
    sentences = []
    rows = data.groups[~data.is_control(data.groups.adaptation)]
    for group in data.grouped:
        effects = rows[rows.language == group]
        if len(effects):
            sentences.append(f"{group_name(group)}: {_effects(effects)}.")
    return sentences


def group_name(group: str) -> str:
    """A group as a sentence begins with it.

    Example:
        >>> group_name("known-from-text")
        'Known from text'
    """
    words = group.replace("-", " ")
    return words[0].upper() + words[1:]


def _effects(rows: pd.DataFrame) -> str:
    """Effects on one group: those that are detected by name, of the others the range."""
    if rows.n_seeds.max() < 2:
        return f"one seed, which cannot tell an effect from the luck of a training: {_range(rows)}"
    is_detected = statistics.is_detected(rows)
    detected, undetected = rows[is_detected], rows[~is_detected]
    parts = []
    if len(detected):
        parts.append(f"detected {joined([_of_arm(row) for _, row in _strongest(detected)])}{_more(detected)}")
    if len(undetected):
        parts.append(f"no detectable effect of {counted(len(undetected), 'arm')}, {_range(undetected)}")
    return "; ".join(parts)


def _strongest(rows: pd.DataFrame):
    """The arms with the largest effects, as many as a sentence names."""
    order = rows.effect.abs().sort_values(ascending=False, kind="stable").index
    return rows.loc[order[:NAMED]].iterrows()


def _more(rows: pd.DataFrame) -> str:
    return f" and {len(rows) - NAMED} more" if len(rows) > NAMED else ""


def _of_arm(row: pd.Series) -> str:
    return f"{estimate(row)} by {adaptation_name(row.adaptation)} {under(row.strategy, row['head'])}"


def _range(rows: pd.DataFrame) -> str:
    least, most = signed(rows.effect.min()), signed(rows.effect.max())
    return f"{least} points" if least == most else f"{least} to {most} points"


def between_strategies(data: StudyData) -> str:
    """The differences between strategies that are detected on means of groups; "" where none is compared."""
    rows = data.between_groups[data.between_groups.language.isin(list(data.grouped))]
    rows = rows[~data.is_control(rows.adaptation) & (rows.n_seeds > 1)]
    if rows.empty:
        return ""
    detected = rows[statistics.is_detected(rows)]
    if detected.empty:
        return f"Between strategies: none of {len(rows)} differences of effects on a group is detected."
    parts = []
    for _, row in _strongest(detected):
        group = group_name(row.language).lower()
        parts.append(
            f"{estimate(row)} for {adaptation_name(row.adaptation)}, {group}, {against(row.strategy)}"
        )
    return f"Between strategies: the effects differ by {joined(parts)}{_more(detected)}."
