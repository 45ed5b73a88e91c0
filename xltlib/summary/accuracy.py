"""Tables of accuracy: by arm and language, beside baselines; other metrics; the choice of the checkpoint."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from xltlib import figures, levels, statistics
from xltlib.statistics import ARM
from xltlib.summary.data import StudyData
from xltlib.summary.words import adaptation_name, in_words, language

METRICS = ["macro_f1", "average_precision", "brier", "calibration_error"]


def accuracy_table(data: StudyData, *functions: Callable[[pd.DataFrame], object]) -> pd.DataFrame:
    """Mean accuracy over seeds, ± their standard deviation, in per cent: a row an arm, a column a language.

    Behind the languages: means of targets of which the same was read.

    Args:
        functions: further columns: each a function of one arm's accuracies (columns ``seed, language1,
            supervision, accuracy, n_items``, accuracy a share); its name becomes the column's.
    """
    keys = [*data.arm, "rung"]
    per_cent = data.shown.assign(accuracy=100 * data.shown.accuracy)
    cells = per_cent.groupby([*keys, "language1"], sort=False, observed=True).accuracy
    texts = cells.mean().map("{:.1f}".format) + cells.std().map(_plus_minus)
    targets = per_cent[per_cent.language1 != data.source]
    by_supervision = targets.pivot_table(
        index=keys, columns="supervision", values="accuracy", sort=False, observed=True
    ).add_prefix("mean, read: ")
    headers = {}
    for code in data.order:
        of_code = [level for (_, name), level in data.levels.items() if name == code]
        headers[code] = levels.marked(code, of_code)
    table = texts.unstack("language1")[data.order].rename(columns=headers)
    table = table.join(by_supervision.round(1).astype(object).fillna("")).rename_axis(columns=None)
    for function in functions:
        values = {arm: function(rows) for arm, rows in data.shown.groupby(keys, sort=False, observed=True)}
        table[function.__name__.replace("_", " ")] = pd.Series(values)
    return in_words(table, data)


def _plus_minus(deviation: float) -> str:
    return "" if pd.isna(deviation) else f" ± {deviation:.1f}"


def items(data: StudyData) -> str:
    """How many test items each language has, and how many seeds."""
    of_language = data.shown.groupby("language1", observed=True).n_items.first()
    counts = ", ".join(f"{code} {of_language[code]}" for code in data.order)
    return f"items: {counts}; seeds: {data.n_seeds}"


def labels_read(data: StudyData) -> str:
    """Of which languages labels were read."""
    return f"languages of which labels were read: {', '.join(sorted(data.seen)) or 'none but the source'}"


def published_table(data: StudyData) -> pd.DataFrame:
    """Published accuracies of zero-shot transfer on the study's task, a row a model and source."""
    task = data.runs.task.iloc[0] if "task" in data.runs else data.study
    published = statistics.published(task)
    published = published[(published.metric == "accuracy") & (published.setting == "zero-shot")]
    published = published.assign(source=published.source + ", " + published.note.fillna(""))
    wide = published.pivot_table(index=["model", "source"], columns="language", values="value", sort=False)
    return wide.round(1).rename_axis(columns=None)


def majority_table(data: StudyData) -> pd.DataFrame:
    """In how many languages an arm is better than the more frequent answer, with its whole interval."""
    above = data.intervals.assign(above=data.intervals.low > data.intervals.majority)
    table = above.groupby(ARM, sort=False).above.agg(languages="size", above_majority="sum")
    return in_words(table, data)


def level_table(data: StudyData) -> pd.DataFrame:
    """Accuracy in per cent by what tells a pair's two sentences apart, in the source and in the targets.

    Empty where the task does not say; the corpus in the package does.
    """
    if "level" not in data.predictions:
        return pd.DataFrame()
    chosen = data.predictions[data.predictions.selection == data.selection]
    chosen = chosen[statistics.is_one_language(chosen)]
    rows = chosen.merge(data.runs[["run", *ARM]], on="run")
    language = np.where(rows.language1 == data.source, data.source, "targets")
    rows = rows.assign(right=100 * statistics.is_right(rows), language=language)
    columns = ["language", "level"]
    table = rows.pivot_table(index=data.arm, columns=columns, values="right", sort=False)
    return in_words(table.round(1), data)


def rules(data: StudyData) -> pd.DataFrame:
    """Mean accuracy of the zero-shot targets under each checkpoint rule, in per cent, a row an arm."""
    one_language = statistics.is_one_language(data.accuracy)
    zero_shot = (data.accuracy.language1 != data.source) & (data.accuracy.supervision != "labelled")
    rows = data.accuracy[one_language & zero_shot]
    wide = rows.pivot_table(index=data.arm, columns="selection", values="accuracy", sort=False, observed=True)
    return 100 * wide.rename_axis(columns=None).rename(columns=str)


def rule_table(data: StudyData) -> pd.DataFrame:
    """The same to be read; empty where every rule chose the same checkpoint, or one was kept."""
    table = rules(data)
    differ = table.nunique(axis=1).max() > 1
    return in_words(table.round(1) if differ else table.head(0), data)


def rules_agree(data: StudyData) -> str:
    """Whether the rules order the arms alike: Spearman's correlation of their means."""
    table = rules(data)
    if rule_table(data).empty or len(table) < 3:
        return "Spearman: one checkpoint, or too few arms: the rules cannot differ"
    correlations = []
    for rule in ("averaged", "ema", "en-dev", "oracle"):
        if rule in table:
            correlations.append(f"last and {rule} {table['last'].corr(table[rule], method='spearman'):.2f}")
    return f"Spearman: {'; '.join(correlations)}"


def stuck_runs(data: StudyData) -> str:
    """Runs that never left the plateau at the rate of the more frequent answer, in the source language."""
    source_items = data.predictions[data.predictions.language1 == data.source]
    source_items = source_items[source_items.selection == data.selection].drop_duplicates("item")
    most_frequent = source_items.label.value_counts(normalize=True).max()
    in_source = data.shown[data.shown.language1 == data.source]
    stuck = in_source[in_source.accuracy < most_frequent + 0.05]
    names = [
        f"{figures.strategy_name(run.strategy, run.head)}, {adaptation_name(run.adaptation)}, seed {run.seed}"
        for run in stuck.itertuples()
    ]
    return f"runs that did not leave the plateau: {'; '.join(names) or 'none'}"


def spread(data: StudyData) -> pd.Series:
    """Standard deviation over seeds of each arm's accuracy in each language, in points."""
    return data.shown.groupby([*ARM, "language1"], sort=False).accuracy.std().mul(100)


def largest_spread(data: StudyData) -> str:
    """The largest of them, in words."""
    if data.n_seeds < 2:
        return "largest standard deviation over seeds, in points: one seed only"
    return f"largest standard deviation over seeds, in points: {spread(data).max():.1f}"


def metric_table(data: StudyData) -> pd.DataFrame:
    """Metrics beside accuracy (statistics.secondary), mean of zero-shot targets and seeds, a row an arm."""
    chosen = data.predictions[data.predictions.selection == data.selection]
    metrics = statistics.secondary(chosen, source=data.source)
    metrics = metrics[~metrics.language.isin(data.seen | {data.source})]
    metrics = metrics.merge(data.runs[["run", *ARM]], on="run")
    renamed = {"agreement": f"as in {language(data.source)}", "consistency": "all languages alike"}
    metrics = metrics.rename(columns=renamed)
    table = metrics.pivot_table(index=data.arm, values=[*METRICS, *renamed.values()], sort=False)
    return in_words(table.round(3), data)
