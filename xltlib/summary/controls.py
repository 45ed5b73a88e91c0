"""Effects over the controls that a study names."""

from __future__ import annotations

import pandas as pd

from xltlib import collected, statistics
from xltlib.summary.data import StudyData


def over_controls(data: StudyData) -> pd.DataFrame:
    """What each adaptation does beyond a control, on the mean of the targets and of each group.

    A control is an arm of the same strategy; the difference is taken as that from no adaptation is.

    Returns:
        The columns of ``statistics.mean_effects`` and of ``statistics.judge``; ``over``: adaptation of the
        control; ``language``: ``"mean"`` or the group. p values are corrected over the arms compared with
        one control, on one mean. Empty where the study names no control that was run.
    """
    rows, found = data.right_zero_shot, []
    adapted = rows[(rows.adaptation != "none") & ~data.is_control(rows.adaptation)]
    means = {"mean": " ".join(data.zero_shot), **data.grouped}
    planned = collected.planned_tests(data.missing, data.runs.label)
    for control in data.named_controls:
        beside = pd.concat([adapted, rows[rows.adaptation == control].assign(adaptation="none")])
        for name, codes in means.items():
            of = statistics.mean_effects(beside[beside.language.isin(codes.split())])
            if len(of):
                found.append(statistics.judge(of, planned).assign(over=control, language=name))
    return pd.concat(found) if found else pd.DataFrame()
