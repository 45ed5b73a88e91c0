"""Self-checks: whether a study's numbers agree with each other."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xltlib.statistics import ARM
from xltlib.summary.data import CELL, StudyData


def checks(data: StudyData) -> pd.DataFrame:
    """What must hold of the numbers, and whether it does."""
    found = {
        "the runs recorded the same accuracies": recorded_the_same(data),
        "the accuracies with interval are those of the table": intervals_agree(data),
        "every interval holds its effect": intervals_hold(data),
        "one row an arm and target language": each_once(data),
        "every arm has the same rung in all its runs": one_rung(data),
    }
    return pd.DataFrame({"holds": found})


def recorded_the_same(data: StudyData) -> bool:
    """Whether accuracies computed from the predictions are those that the runs saw."""
    frames = [pd.DataFrame(run.accuracy).assign(run=run.run) for run in data.runs.itertuples()]
    recorded = pd.concat(frames)
    both = data.by_cell.merge(recorded, on=CELL, suffixes=("", "_recorded"))
    off = (both.accuracy - both.accuracy_recorded).abs()
    return len(both) == len(recorded) and bool(off.max() < 1e-9)


def intervals_agree(data: StudyData) -> bool:
    """Whether the accuracies that have an interval are the mean right answers."""
    of_arm = data.right.groupby([*ARM, "rung", "language"], sort=False).right.mean()
    return bool(np.allclose(data.intervals.accuracy.mean(), 100 * of_arm.mean()))


def intervals_hold(data: StudyData) -> bool:
    """Whether every effect lies in its interval."""
    effects = pd.concat([data.targets, data.between])
    return bool(((effects.low <= effects.effect) & (effects.effect <= effects.high)).all())


def each_once(data: StudyData) -> bool:
    """Whether no effect stands twice."""
    return not data.targets.duplicated([*ARM, "language"]).any()


def one_rung(data: StudyData) -> bool:
    """Whether the runs of an arm read the same kinds of things."""
    return not (data.runs.groupby(ARM).rung.nunique() > 1).any()
