"""Every arm in words: how many languages an adaptation changes, and what it does to their mean."""

from __future__ import annotations

import pandas as pd

from xltlib import figures, statistics
from xltlib.markdown import escaped
from xltlib.summary.data import StudyData
from xltlib.summary.words import estimate
from xltlib.values import counted

VERDICTS = ("up", "down", "equivalent to nothing", "undecided", "one seed")


def verdict_list(data: StudyData) -> str:
    """A line an adapted arm, controls among them, then a line a difference of strategies: a Markdown list."""
    lines, zero_shot = [], data.targets[~data.targets.language.isin(data.seen)]
    for names, rows in zero_shot.groupby(data.arm, sort=False):
        means = data.groups[data.groups.language == "mean"]
        mean = means[(means[data.arm] == list(names)).all(axis=1)]
        name, seeds = escaped(_arm_name(data, rows.iloc[0])), counted(rows.n_seeds.min(), "seed")
        lines.append(f"- **{name}** ({seeds}): {_languages_sentence(rows)}{_mean_sentence(mean)}")
    for _, row in data.between_groups[data.between_groups.language == "mean"].iterrows():
        strategies = figures.strategy_name(row.strategy, row["head"])
        title = escaped(f"{strategies}, {figures.adaptation_name(row.adaptation)}")
        lines.append(
            f"- **{title}**: the effects differ by {estimate(row)} "
            f"points on the mean of the zero-shot targets: {row.verdict}."
        )
    return "\n".join(lines) or "There is no effect on a zero-shot target."


def _arm_name(data: StudyData, row: pd.Series) -> str:
    details = [str(row[name]) for name in data.arm if name not in ("strategy", "adaptation")]
    strategy = figures.strategy_name(row.strategy, row["head"])
    return ", ".join([*details, strategy, figures.adaptation_name(row.adaptation)])


def _languages_sentence(rows: pd.DataFrame) -> str:
    counts = rows.verdict.value_counts()
    parts = [f"{verdict} in {counts[verdict]}" for verdict in VERDICTS if verdict in counts]
    return f"{', '.join(parts)} of {counted(len(rows), 'zero-shot language')}, after Holm's correction"


def _mean_sentence(mean: pd.DataFrame) -> str:
    """What an arm does to the mean of the zero-shot targets, and what would have been found.

    Args:
        mean: one row, or none where there is no mean.
    """
    if mean.empty:
        return "."
    row = mean.iloc[0]
    sentence = f"; {estimate(row)} points on their mean: {row.verdict}."
    if row.n_seeds > 1:
        size = statistics.detectable(row.low, row.high, row.n_seeds)
        sentence += f" About {size:.1f} points would have been found four times in five, "
        sentence += "before any correction."
    return sentence
