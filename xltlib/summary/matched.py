"""Answers at matched shares: has an adaptation moved the answers, or does it tell items apart less well?"""

from __future__ import annotations

import pandas as pd

from xltlib import statistics
from xltlib.statistics import ARM
from xltlib.summary.data import StudyData
from xltlib.summary.effects import ROUNDED
from xltlib.summary.words import in_words, mean_name


def effects(data: StudyData) -> pd.DataFrame:
    """What each adaptation does where each run gives each answer as often as it occurs among the labels.

    A shift towards one answer then costs nothing.

    Returns:
        Effects on means of zero-shot targets, and their differences between strategies: the columns of
        ``data.groups``, corrected as those are.
    """
    of_arms, between, _ = data.matched_effects
    rows = pd.concat([of_arms, between])
    return rows[statistics.is_mean(rows)]


def effects_table(data: StudyData) -> pd.DataFrame:
    """The same to be read, a row an arm and mean."""
    rows = effects(data)
    rows = rows.assign(language=rows.language.map(mean_name))
    columns = ["effect", "low", "high", "p (Holm)", "verdict"]
    return in_words(rows.set_index([*data.arm, "language"])[columns].round(ROUNDED), data)


def answers(data: StudyData) -> pd.DataFrame:
    """How often each arm gives each answer in each language, and how many it gets right.

    Returns:
        One row an arm and language, in per cent: columns of ``ARM``, ``language``; ``accuracy``; ``matched``,
        accuracy at matched shares; ``answered_0``, ..., and ``labels_0``, ..., how often the answer is given,
        and occurs among the labels.
    """
    keys = [*ARM, "language"]
    rights = {"accuracy": data.right, "matched": data.right_matched}
    accuracies = {name: 100 * right.groupby(keys, sort=False).right.mean() for name, right in rights.items()}
    shares = statistics.shares(data.predictions, data.selection).merge(data.runs[["run", *ARM]], on="run")
    shares = shares.drop(columns="run").groupby(keys, sort=False).mean()
    return pd.DataFrame(accuracies).join(shares).reset_index()
