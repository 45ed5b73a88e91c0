"""What follows from effects: Holm's correction over a family of tests, and verdicts in plain words."""

from __future__ import annotations

import gc

import numpy as np
import pandas as pd

from xltlib.statistics.answers import ARM


def corrected(table: pd.DataFrame, planned: int = 0) -> pd.DataFrame:
    """The table with ``p (Holm)`` and a plain ``verdict``.

    Holm's correction is over the languages of each arm; of the mean of all, or of a level, over the arms.
    Planned tests that have not been run count there as p = 1, so that leaving a study unfinished cannot make
    its results look more significant.

    ``"up"`` and ``"down"``: p (Holm) below 5 %. ``"equivalent to nothing"``: within 0.5 points, two one-sided
    tests at 5 %, Holm's correction likewise. Else ``"undecided"``: the study cannot tell. With one seed
    ``"one seed"``: items alone decide nothing about a training.

    Args:
        table: as :func:`adaptation_effects` gives it.
        planned: how many tests a family of means has at least.
    """
    if table.empty:
        return table.assign(**{"p (Holm)": np.nan, "verdict": "undecided"})
    is_a_mean = is_mean(table)
    arm = table[ARM].astype(str).agg(" / ".join, axis=1)
    family = ("mean of " + table.language.astype(str)).where(is_a_mean, "languages of " + arm)
    judged = []
    for _, rows in table.groupby(family, sort=False):
        tests_planned = planned if is_a_mean[rows.index].any() else 0
        judged.append(judge(rows, tests_planned))
    return pd.concat(judged).loc[table.index]


def is_mean(table: pd.DataFrame) -> pd.Series:
    """Which rows are means of several languages: their name stands for a language and for its level, too.

    Example:
        >>> is_mean(pd.DataFrame({"language": ["de", "high"], "resource": ["high", "high"]})).tolist()
        [False, True]
    """
    return table.language.astype(str) == table.resource.astype(str)


def ordered(table: pd.DataFrame, column: str, order: list[str]) -> pd.DataFrame:
    """The rows in the order in which the values of a column stand in a list; those of one value as they were.

    Example:
        >>> ordered(pd.DataFrame({"language": ["de", "sw"]}), "language", ["sw", "de"]).language.tolist()
        ['sw', 'de']
    """
    return table.loc[table[column].map(order.index).sort_values(kind="stable").index]


def judge(family: pd.DataFrame, planned: int = 0) -> pd.DataFrame:
    """One family of effects with ``p (Holm)`` and the verdicts of :func:`corrected`.

    Args:
        family: columns ``effect, p, p_equivalent, n_seeds``; all its rows are tests of one question.
        planned: how many tests it has at least, with those that have not been run.

    Example:
        >>> p = {"p": [0.01, 0.04], "p_equivalent": [0.9, 0.9]}
        >>> judge(pd.DataFrame({"effect": [2.0, 2.0], **p, "n_seeds": [6, 1]})).verdict.tolist()
        ['up', 'one seed']
    """
    p, equivalent = holm(family.p, planned), holm(family.p_equivalent, planned)
    conditions = [family.n_seeds < 2, np.less(p, 0.05), np.less(equivalent, 0.05)]
    words = ["one seed", np.where(family.effect > 0, "up", "down"), "equivalent to nothing"]
    return family.assign(**{"p (Holm)": p, "verdict": np.select(conditions, words, "undecided")})


def is_detected(effects: pd.DataFrame) -> pd.Series:
    """Whether an effect has the verdict up or down: p below 5 % after Holm's correction, and several seeds.

    Example:
        >>> is_detected(pd.DataFrame({"verdict": ["down", "undecided", "one seed"]})).tolist()
        [True, False, False]
    """
    return effects.verdict.isin(["up", "down"])


def holm(p: pd.Series, planned: int = 0) -> np.ndarray:
    """p values corrected over each other by Holm's method (1979); a missing one counts as 1.

    Args:
        planned: how many tests the family has at least; those that are not there count as 1.

    Example:
        >>> holm(pd.Series([0.01, 0.04, np.nan])).tolist()
        [0.03, 0.08, 1.0]
        >>> holm(pd.Series([0.01, 0.04]), planned=3).tolist()
        [0.03, 0.08]
    """
    from statsmodels.stats.multitest import multipletests

    if not len(p):
        return np.array([])
    gc.freeze()  # statsmodels collects garbage at each call, a quarter of a second with what is loaded here
    family = np.concatenate([p.fillna(1.0), np.ones(max(0, planned - len(p)))])
    corrected_p = multipletests(family, method="holm")[1]
    gc.unfreeze()
    return corrected_p[: len(p)]


def verdict(gain: float, low: float, high: float, by_updates: float, published: float | None = None) -> str:
    """What a measured gain over plain training says about a published one; the rule stood before the runs.

    Args:
        gain, low, high: mean gain over the plain arm and its 95 % interval, in points.
        by_updates: gain of the control that makes as many updates without noise.
        published: the gain to reproduce; None: none is published.
    Returns:
        ``"step-explained"`` (the interval excludes 0, and the updates alone bring more than half of the
        gain); else ``"reproduced"`` (it excludes 0 and includes the published gain), ``"not reproduced"`` (it
        excludes the published gain; ``"not reproduced: larger"`` where it lies above), ``"up"`` and
        ``"down"`` where none is published, or ``"inconclusive"``.

    Example:
        >>> verdict(2.0, 0.5, 3.5, 0.2, 2.1), verdict(2.0, 0.5, 3.5, 1.5, 2.1)
        ('reproduced', 'step-explained')
        >>> verdict(0.1, -0.9, 1.1, 0.0, 2.1)
        'not reproduced'
    """
    if low > 0 and by_updates > gain / 2:
        return "step-explained"
    if published is None:
        if low > 0 or high < 0:
            return "up" if gain > 0 else "down"
        return "inconclusive"
    if low > published:
        return "not reproduced: larger"
    if not low <= published <= high:
        return "not reproduced"
    return "reproduced" if low > 0 else "inconclusive"
