"""Tables of the effect of adaptation: by language, by seed, between strategies; the arms; other tests."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from xltlib import collected, figures, markdown, records, statistics
from xltlib.statistics import ARM
from xltlib.summary.accuracy import spread
from xltlib.summary.data import StudyData
from xltlib.summary.words import encoders, estimate, in_words, language, mean_name, reading

SHOWN = ["rung", "effect", "low", "high", "p (Holm)", "verdict", "n_items", "n_seeds"]
ROUNDED = {"effect": 1, "low": 1, "high": 1, "p (Holm)": 3}


def language_table(data: StudyData) -> pd.DataFrame:
    """The answer by language: effect (95 % interval) in points, with an asterisk where it is detected.

    A row a language, below them means of the zero-shot targets; a column an adapted arm. The other way round
    where there are more arms than languages.
    """
    rows = pd.concat([data.targets, data.groups])
    rows = rows.assign(cell=[_with_asterisk(row) for row in rows.itertuples()])
    arms = rows[ARM].drop_duplicates().sort_values("adaptation", key=data.is_control, kind="stable")
    wide = rows.pivot(index="language", columns=ARM, values="cell")
    wide = wide.reindex(index=rows.language.unique(), columns=pd.MultiIndex.from_frame(arms)).fillna("")
    means = set(data.groups.language)
    wide.index = [_row_name(code, data.seen, means) for code in wide.index]
    names = [_column_name(data, arm) for arm in arms.itertuples()]
    wide.columns = pd.MultiIndex.from_tuples(names, names=data.arm)
    return wide.T if len(wide.columns) > len(wide) else wide


def _column_name(data: StudyData, arm) -> tuple[str, ...]:
    """An arm in words, a level a column that tells arms apart."""
    levels = {
        "encoder": figures.encoder_name(arm.encoder),
        "strategy": figures.strategy_name(arm.strategy, arm.head),
        "head": arm.head,
        "adaptation": figures.adaptation_name(arm.adaptation),
    }
    return tuple(levels[name] for name in data.arm)


def _with_asterisk(row) -> str:
    mark = " *" if row.verdict in ("up", "down") else ""
    return f"{estimate(row)}{mark}".replace(" ", "\u00a0")  # a cell is not broken into lines


def _row_name(code: str, labelled: set[str], means: set[str]) -> str:
    if code in labelled:
        return f"{language(code)} (labels read)"
    if code not in means:
        return language(code)
    return f"{mean_name(code)} zero-shot targets" if code == "mean" else f"{mean_name(code)} targets"


def effect_table(data: StudyData, *functions: Callable[[pd.Series], object]) -> pd.DataFrame:
    """Every effect in numbers, a row an arm and target language.

    Args:
        functions: further columns: each a function of one row (``row.effect``, ``row.low``,
            ``row.n_seeds``, ...); its name becomes the column's.
    """
    rows = data.targets.assign(language=data.targets.language.map(language))
    table = rows.set_index([*data.arm, "language"])[SHOWN].round(ROUNDED)
    for function in functions:
        values = [function(row) for _, row in data.targets.iterrows()]
        table[function.__name__.replace("_", " ")] = values
    return in_words(table, data)


def seed_table(data: StudyData) -> pd.DataFrame:
    """The effect on the mean of the zero-shot targets, a row an arm, a column a seed."""
    rows = data.by_seed[~data.by_seed.language.isin(data.seen | {data.source})]
    if rows.empty:
        return pd.DataFrame()
    table = rows.pivot_table(index=data.arm, columns="seed", values="effect", sort=False)
    return in_words(table.round(1), data)


def between_table(data: StudyData) -> pd.DataFrame:
    """Differences of effects between strategies, on each target language; then, on means of the zero-shot
    targets, effects and differences.

    Compared are ``statistics.COMPARED``; in a study with groups, ``statistics.WITH_PLAIN``.
    """
    rows = pd.concat([data.between, data.groups, data.between_groups])
    is_mean = statistics.is_mean(rows)
    rows["language"] = [
        (mean_name if mean else language)(name) for name, mean in zip(rows.language, is_mean)
    ]
    columns = ["effect", "low", "high", "p (Holm)", "verdict"]
    return in_words(rows.set_index([*data.arm, "language"])[columns].round(ROUNDED), data)


def about(data: StudyData) -> str:
    """The study in its own words, and how much of it is there: Markdown."""
    state = f"encoder {encoders(data)}; missing: {collected.shortened(data.missing) or 'none'}."
    if unlike := records.machines_differ(data.records):
        state += f" Note: {unlike}."
    return (
        f"**Study {markdown.code(data.study)}.** {markdown.prose(data.about)}\n\n"
        f"{len(data.runs)} runs, {data.n_seeds} seeds, {markdown.escaped(state)}"
    )


def arm_table(data: StudyData) -> pd.DataFrame:
    """The arms: rung, seeds, and what each reads beside labelled items of the source language."""
    rows = data.runs.assign(reads=[reading(data.read[run]) for run in data.runs.run])
    table = rows.groupby(ARM, sort=False).agg(
        rung=("rung", "first"), seeds=("seed", "nunique"), reads=("reads", "first")
    )
    return in_words(table, data)


def partners(data: StudyData) -> str:
    """Arms that nothing can be compared with."""
    if data.targets.empty:
        return "arms without a partner: all, no adapted arm is done yet"
    return f"arms without a partner: {'; '.join(data.without_partner) or 'none'}"


def other_test_table(data: StudyData) -> pd.DataFrame:
    """The mean effect by tests that rest on other assumptions."""
    table = data.other_tests.set_index(data.arm)
    return in_words(table.drop(columns=[name for name in ARM if name in table]).round(3), data)


def single_tests(data: StudyData) -> pd.DataFrame:
    """McNemar's test of every adaptation, zero-shot target and seed alone."""
    return statistics.mcnemar_table(data.right[data.right.language.isin(data.zero_shot)])


def single_tests_sentence(data: StudyData) -> str:
    """How many of them find something, and how many chance alone finds."""
    single = single_tests(data)
    n_significant = (single.p < 0.05).sum()
    return (
        "exact McNemar, one seed and language at a time, before any correction: p < 0.05 in "
        f"{n_significant} of {len(single)}, where chance alone gives up to {0.05 * len(single):.0f}"
    )


def pairs_sentence(data: StudyData) -> str:
    """How many effects on pairs of two languages are found, before and after a correction."""
    pairs = statistics.pair_effects(data.predictions, data.runs, data.selection)
    if pairs.empty:
        return "pairs of two languages were not scored"
    n_significant, n_corrected = (pairs.p < 0.05).sum(), (pairs["p (BH)"] < 0.05).sum()
    return (
        f"pairs of two languages: {len(pairs)} effects, {n_significant} with p < 0.05, "
        f"{n_corrected} after Benjamini and Hochberg"
    )


def power_table(data: StudyData) -> pd.DataFrame:
    """The smallest effect on one language that is found in four of five cases, in points.

    Returns:
        A row a number of items, a column a share of items that two arms answer differently; empty without an
        effect.
    """
    single = single_tests(data)
    if single.empty:
        return pd.DataFrame()
    items = int(data.right.groupby("language")["item"].nunique().loc[data.zero_shot].median())
    shares = ((single.gained + single.lost) / items).quantile([0.1, 0.5, 0.9]).round(2)
    counts, noise = (items, 500, 1000, 2000), seed_noise(data)
    return statistics.power_table(counts, tuple(dict.fromkeys(shares)), max(1, data.n_seeds), noise).round(1)


def seed_noise(data: StudyData) -> float:
    """The median standard deviation over seeds, in points; 0 with one seed."""
    return float(spread(data).median()) if data.n_seeds > 1 else 0.0


def seed_noise_sentence(data: StudyData) -> str:
    """The same in words."""
    noise = seed_noise(data)
    if not noise:
        return "one seed: its spread is not in the table, which is too small"
    return f"standard deviation over seeds: {noise:.1f} points"
