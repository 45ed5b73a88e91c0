"""Effects over another adapted arm: a control that the study names, or the smallest dose of the same method."""

from __future__ import annotations

import pandas as pd

from xltlib import collected, statistics
from xltlib.summary import costs
from xltlib.summary.data import StudyData


def over_controls(data: StudyData) -> pd.DataFrame:
    """What each adaptation does beyond a control, on the mean of the targets and of each group.

    A control is an arm of the same strategy; the difference is taken as that from no adaptation is.

    Returns:
        The columns of ``statistics.mean_effects`` and of ``statistics.judge``; ``over``: adaptation of the
        control; ``language``: ``"mean"`` or the group. p values are corrected over the arms compared with
        one control, on one mean. Empty where the study names no control that was run.
    """
    rows = data.right_zero_shot
    adapted = rows[(rows.adaptation != "none") & ~data.is_control(rows.adaptation)]
    found = [_over(data, adapted, control) for control in data.named_controls]
    return pd.concat(found) if found else pd.DataFrame()


def over_doses(data: StudyData) -> pd.DataFrame:
    """What each larger dose of an adaptation does beyond its smallest, as :func:`over_controls`.

    Returns:
        As there; ``over`` is the smallest dose. p values are corrected over the larger doses of one method
        under all strategies, on one mean. Empty where the study has one dose of each adaptation.
    """
    rows, found = data.right_zero_shot, []
    for _, of in costs.doses(data).groupby("use", sort=False):
        smallest = of.adaptation[of.sentences.idxmin()]
        larger = set(of.adaptation) - {smallest}
        found.append(_over(data, rows[rows.adaptation.isin(larger)], smallest))
    return pd.concat(found) if found else pd.DataFrame()


def _over(data: StudyData, adapted: pd.DataFrame, other: str) -> pd.DataFrame:
    """Effects of right answers ``adapted`` over another adaptation, a row an arm and mean."""
    rows, found = data.right_zero_shot, []
    beside = pd.concat([adapted, rows[rows.adaptation == other].assign(adaptation="none")])
    planned = collected.planned_tests(data.missing, data.runs.label)
    for name, codes in {"mean": " ".join(data.zero_shot), **data.grouped}.items():
        of = statistics.mean_effects(beside[beside.language.isin(codes.split())])
        if len(of):
            found.append(statistics.judge(of, planned).assign(over=other, language=name))
    return pd.concat(found) if found else pd.DataFrame()
