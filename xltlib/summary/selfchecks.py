"""Self-checks: whether a study's numbers agree with each other. One that fails stops whoever asks."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xltlib.statistics import ARM
from xltlib.summary.data import ACCURACY_OF, StudyData

ROUNDING = 1e-4  # points


def checks(data: StudyData) -> pd.DataFrame:
    """What must hold of the numbers, and whether it does."""
    results = {
        "the runs recorded the same accuracies": not unlike_recorded(data),
        "the accuracies with interval are those of the table": intervals_agree(data),
        "every interval holds its effect": intervals_hold(data),
        "one row an arm and target language": each_once(data),
        "every arm has the same rung in all its runs": one_rung(data),
    }
    return pd.DataFrame({"holds": results})


def checked(data: StudyData) -> pd.DataFrame:
    """The same, of numbers for which all of it holds.

    Raises:
        ValueError: something does not; names it. Numbers that contradict each other are no result.
    """
    table = checks(data)
    failed = table.index[~table.holds]
    if len(failed):
        unlike = unlike_recorded(data)
        detail = f" ({unlike})" if unlike else ""
        statements = ", nor that ".join(failed)
        failure = f"it does not hold that {statements}{detail}"
        raise ValueError(f"study {data.study} fails its self-checks: {failure}")
    return table


def refuse_other_accuracies(data: StudyData) -> None:
    """The first of these checks alone, for whoever reads predictions of a study and no effect of adaptation.

    Raises:
        ValueError: accuracies by the predictions are not those that the runs recorded; names the first.
    """
    unlike = unlike_recorded(data)
    if unlike:
        raise ValueError(f"study {data.study}: predictions and records disagree ({unlike})")


def unlike_recorded(data: StudyData) -> str:
    """Where accuracies computed from the predictions are not those that the runs saw; "" if nowhere."""
    frames = [pd.DataFrame(run.accuracy).assign(run=run.run) for run in data.runs.itertuples()]
    recorded = pd.concat(frames)
    merged = data.by_cell.merge(recorded, on=ACCURACY_OF, suffixes=("", "_recorded"))
    if not len(merged) == len(recorded) == len(data.by_cell):
        counts = f"{len(recorded)} recorded, {len(merged)} of both"
        return f"{len(data.by_cell)} accuracies are predicted, {counts}"
    agree = (merged.accuracy - merged.accuracy_recorded).abs() < 1e-9
    if agree.all():
        return ""
    row = merged[~agree].iloc[0]
    return (
        f"run {row.run}, {row.language1} and {row.language2}, {row.selection}: "
        f"{row.accuracy:.4f} by its predictions, {row.accuracy_recorded:.4f} by its record"
    )


def intervals_agree(data: StudyData) -> bool:
    """Whether the accuracies that have an interval are the mean right answers."""
    of_arm = data.right.groupby([*ARM, "rung", "language"], sort=False).right.mean()
    return bool(np.allclose(data.intervals.accuracy.mean(), 100 * of_arm.mean()))


def intervals_hold(data: StudyData) -> bool:
    """Whether every effect that has an interval lies in it."""
    effects = pd.concat([data.targets, data.between]).dropna(subset=["low", "high"])
    inside = (effects.low - ROUNDING <= effects.effect) & (effects.effect <= effects.high + ROUNDING)
    return bool(inside.all())


def each_once(data: StudyData) -> bool:
    """Whether no effect stands twice."""
    return not data.targets.duplicated([*ARM, "language"]).any()


def one_rung(data: StudyData) -> bool:
    """Whether the runs of an arm read the same kinds of things."""
    return not (data.runs.groupby(ARM).rung.nunique() > 1).any()
