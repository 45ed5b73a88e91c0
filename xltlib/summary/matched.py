"""Answers at matched shares: has an adaptation moved the answers, or does it tell items apart less well?"""

from __future__ import annotations

import pandas as pd

from xltlib import statistics
from xltlib.statistics import ARM
from xltlib.summary.data import StudyData
from xltlib.summary.effects import ROUNDED
from xltlib.summary.words import of_group


def effects(data: StudyData) -> pd.DataFrame:
    """What each adaptation does where each run gives each answer as often as it occurs among the labels.

    A shift towards one answer then costs nothing.

    Returns:
        Effects on means of zero-shot targets, and their differences between strategies: the columns of
        ``data.groups``, corrected as those are.
    """
    of_arms, between, _ = data.matched_effects
    found = pd.concat([of_arms, between])
    return found[statistics.is_mean(found)]


def effects_table(data: StudyData) -> pd.DataFrame:
    """The same to be read, a row an arm and mean."""
    rows = effects(data)
    rows = rows.assign(language=rows.language.map(of_group))
    columns = ["effect", "low", "high", "p (Holm)", "verdict"]
    return rows.set_index([*data.arm, "language"])[columns].round(ROUNDED)


def answers(data: StudyData) -> pd.DataFrame:
    """How often each arm gives each answer in each language, and how many it gets right.

    Returns:
        One row an arm and language, in per cent: columns of ``ARM``, ``language``; ``accuracy``; ``matched``,
        accuracy at matched shares; ``answered_0``, ..., and ``labels_0``, ..., how often the answer is given,
        and occurs among the labels.
    """
    where = [*ARM, "language"]
    rights = {"accuracy": data.right, "matched": data.right_matched}
    found = {name: 100 * of.groupby(where, sort=False).right.mean() for name, of in rights.items()}
    shares = statistics.shares(data.predictions, data.selection).merge(data.runs[["run", *ARM]], on="run")
    shares = shares.drop(columns="run").groupby(where, sort=False).mean()
    return pd.DataFrame(found).join(shares).reset_index()
