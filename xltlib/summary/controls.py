"""Effects over another adapted arm: a control, or the smallest dose of the same method; and on pairs of
languages."""

from __future__ import annotations

import pandas as pd

from xltlib import collected, statistics
from xltlib.statistics import ARM
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
    found = [_over(data, rows, _adapted(data, rows), control) for control in data.named_controls]
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
        larger = rows[rows.adaptation.isin(set(of.adaptation) - {smallest})]
        found.append(_over(data, rows, larger, smallest))
    return pd.concat(found) if found else pd.DataFrame()


def on_pairs(data: StudyData) -> pd.DataFrame:
    """What each adaptation does to pairs of two languages, over no adaptation and over each control.

    The generalized setting: a sentence in one language, the other in another; the mean counts each ordered
    pair of languages alike.

    Returns:
        As :func:`over_controls`; ``over`` is ``"none"`` or a control, ``language`` ``"pairs"``. Empty where
        the study was scored on one-language pairs alone.
    """
    chosen = data.predictions[data.predictions.selection == data.selection]
    two = chosen.language1.astype(str) != chosen.language2.astype(str)
    if not two.any():
        return pd.DataFrame()
    rows = statistics.answers_of_pairs(chosen[two])
    rows = rows.merge(statistics.columns_of_runs(data.runs, list(ARM)), on="run")
    rows = rows.assign(language=rows.language1 + "-" + rows.language2)
    adapted, names = _adapted(data, rows), pd.Series(rows.adaptation.unique())
    others = ["none", *names[data.is_control(names)]]
    pairs = {"pairs": list(rows.language.unique())}
    return pd.concat([_over(data, rows, adapted, other, pairs) for other in others])


def _adapted(data: StudyData, rows: pd.DataFrame) -> pd.DataFrame:
    """Those of adapted arms that are no controls."""
    return rows[(rows.adaptation != "none") & ~data.is_control(rows.adaptation)]


def _over(
    data: StudyData,
    rows: pd.DataFrame,
    adapted: pd.DataFrame,
    other: str,
    means: dict[str, list[str]] | None = None,
) -> pd.DataFrame:
    """Effects of right answers ``adapted`` over another adaptation, a row an arm and mean.

    Args:
        rows: right answers of all arms.
        other: adaptation of the arms that ``adapted`` is compared with.
        means: languages of each mean; by default those of all targets and of each group.
    """
    if means is None:
        means = {"mean": data.zero_shot, **{name: codes.split() for name, codes in data.grouped.items()}}
    beside = pd.concat([adapted, rows[rows.adaptation == other].assign(adaptation="none")])
    planned, found = collected.planned_tests(data.missing, data.runs.label), []
    for name, codes in means.items():
        of = statistics.mean_effects(beside[beside.language.isin(codes)])
        if len(of):
            found.append(statistics.judge(of, planned).assign(over=other, language=name))
    return pd.concat(found) if found else pd.DataFrame()
