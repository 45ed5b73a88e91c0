"""Effects over another arm: a control, the smallest dose of a method, plain training; and those on the source
language and on pairs of languages."""

from __future__ import annotations

import pandas as pd

from xltlib import collected, statistics
from xltlib.statistics import ARM
from xltlib.summary import costs
from xltlib.summary.data import StudyData


def over_controls(data: StudyData, matched: bool = False) -> pd.DataFrame:
    """What each adaptation does beyond a control, on the mean of the targets and of each group.

    A control is an arm of the same strategy; the difference is taken as that from no adaptation is.

    Args:
        matched: whether answers are those at matched shares (statistics.matched_answers).
    Returns:
        The columns of ``statistics.mean_effects`` and of ``statistics.judge``; ``over``: adaptation of the
        control; ``language``: ``"mean"`` or the group. p values are corrected over the arms compared with
        one control, on one mean. Empty where the study names no control that was run.
    """
    rows = data.of_zero_shot(data.right_matched if matched else data.right)
    adapted = _adapted(data, rows)
    effects = [_effects(rows, adapted, control, _means(data)) for control in data.named_controls]
    return _judged(data, effects, ["over", "language"])


def over_doses(data: StudyData) -> pd.DataFrame:
    """What each larger dose of an adaptation does beyond the smallest of the same strategy.

    Returns:
        As :func:`over_controls`; ``use`` is the method, ``over`` the smallest dose. p values are corrected
        over the larger doses of one method under all strategies, on one mean. Empty where the study has one
        dose of each adaptation.
    """
    effects, keys = [], ["encoder", "strategy", "head"]
    for (use, *place), arms in costs.doses(data).groupby(["use", *keys], sort=False):
        rows = data.right_zero_shot[(data.right_zero_shot[keys] == place).all(axis=1)]
        smallest = arms.adaptation[arms.sentences.idxmin()]
        larger = rows[rows.adaptation.isin(set(arms.adaptation) - {smallest})]
        effects.append(_effects(rows, larger, smallest, _means(data)).assign(use=use))
    return _judged(data, effects, ["use", "language"])


def over_plain(data: StudyData) -> pd.DataFrame:
    """What each strategy does without adaptation over plain English training.

    Returns:
        As :func:`over_controls`; ``adaptation`` is ``"none"`` and ``over`` ``"plain"``. p values are
        corrected over the strategies, on one mean (while an arm has no run, over as many tests as there are
        arms). Empty where the study has no plain training, or nothing beside it.
    """
    rows = data.right_zero_shot[data.right_zero_shot.adaptation == "none"]
    # Strategies take the place of adaptations, of which effects are computed.
    rows = rows.assign(adaptation=rows.strategy.replace("plain", "none"), strategy="plain")
    effects = _effects(rows, rows[rows.adaptation != "none"], "none", _means(data))
    effects = effects.assign(strategy=effects.adaptation, adaptation="none", over="plain")
    return _judged(data, [effects], ["language"])


def at_source(data: StudyData) -> pd.DataFrame:
    """What each adaptation does to the source language, corrected over the arms."""
    planned = collected.planned_tests(data.missing, data.records)
    return statistics.judge(data.effects_at_source, planned)


def on_pairs(data: StudyData, matched: bool = False) -> pd.DataFrame:
    """What each adaptation does to pairs of two languages, over no adaptation and over each control.

    The generalized setting: a sentence in one language, the other in another; a mean counts each ordered
    pair of languages alike.

    Args:
        matched: as in :func:`over_controls`.
    Returns:
        As :func:`over_controls`; ``over`` is ``"none"`` or a control; ``language`` is ``"two targets"``, of
        which no label was read, or ``"a target and another"``. Empty where the study was scored on
        one-language pairs alone.
    """
    chosen = data.predictions[data.predictions.selection == data.selection]
    chosen = chosen[~statistics.is_one_language(chosen)]
    right = statistics.is_right_when_matched(chosen) if matched else statistics.is_right(chosen)
    rows = statistics.answers_of_pairs(chosen, right)
    rows = rows.merge(statistics.columns_of_runs(data.runs, list(ARM)), on="run")
    rows = rows.assign(language=rows.language1 + "-" + rows.language2)
    targets = rows[["language1", "language2"]].isin(data.zero_shot).sum(axis=1)
    means = {
        name: rows.language[targets == count].unique().tolist()
        for count, name in ((2, "two targets"), (1, "a target and another"))
    }
    adapted, names = _adapted(data, rows), pd.Series(rows.adaptation.unique())
    baselines = ["none", *names[data.is_control(names)]]
    effects = [_effects(rows, adapted, baseline, means) for baseline in baselines]
    return _judged(data, effects, ["over", "language"])


def _adapted(data: StudyData, rows: pd.DataFrame) -> pd.DataFrame:
    """Those of adapted arms that are no controls."""
    return rows[(rows.adaptation != "none") & ~data.is_control(rows.adaptation)]


def _means(data: StudyData) -> dict[str, list[str]]:
    """Languages of each mean: of all targets, and of each group of the study's own."""
    return {"mean": data.zero_shot, **{name: codes.split() for name, codes in data.grouped.items()}}


def _effects(rows: pd.DataFrame, adapted: pd.DataFrame, baseline: str, means: dict[str, list[str]]):
    """Effects of right answers ``adapted`` over those of another adaptation among ``rows``, on each mean."""
    compared = pd.concat([adapted, rows[rows.adaptation == baseline].assign(adaptation="none")])
    effects = [
        statistics.mean_effects(compared[compared.language.isin(codes)]).assign(over=baseline, language=name)
        for name, codes in means.items()
    ]
    return pd.concat(effects)


def _judged(data: StudyData, effects: list[pd.DataFrame], family: list[str]) -> pd.DataFrame:
    """All effects, corrected within each family, which counts what is planned while an arm has no run."""
    if not effects:
        return pd.DataFrame()
    table = pd.concat(effects)
    planned = collected.planned_tests(data.missing, data.records)
    judged = [statistics.judge(rows, planned) for _, rows in table.groupby(family, sort=False)]
    return pd.concat(judged) if judged else pd.DataFrame()
