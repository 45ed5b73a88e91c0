"""Tables of studies of adaptation, from what 90_summary writes into a study's folder."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import pandas as pd

from xltlib import languages
from xltlib.markdown import escaped
from xltlib.statistics import ARM, detectable, is_one_language
from xltlib.tables.cells import (
    SOURCE,
    accuracies,
    accuracy_within,
    arm_cells,
    arm_columns,
    judged_points,
    markdown,
    marked,
    per_cent,
    points,
    read,
    signed,
    strategy_name,
    target_means,
    zero_shot,
)

SEEDS_OF_A_SPREAD = 4  # fewer do not tell which of two spreads is the larger


def accuracy(folder: Path) -> str:
    """Accuracy of each arm and language at the last checkpoint, mean over seeds; last row: test items.

    Where there were several checkpoints, also the mean of the targets if they are chosen otherwise.
    """
    table = accuracies(folder)
    arm, codes, means = arm_columns(table), languages.in_order(table.language1), target_means(table)
    rules = {"chosen by English dev items": "en-dev", "chosen by the oracle": "oracle"}
    chosen = table[table.selection.isin(["last", *rules.values()])]
    if chosen.groupby("selection").accuracy.mean().round(9).nunique() < 2:
        rules = {}
    rows = []
    for _, of_arm in table.groupby([*arm, "rung"], sort=False):
        by_rule = of_arm.groupby(["selection", "language1"]).accuracy.mean()
        measured, first = by_rule["last"], of_arm.iloc[0]
        numbers = [*measured.reindex(codes)]
        numbers += [measured.reindex(targets).mean(skipna=False) for targets in means.values()]
        numbers += [by_rule[rule][zero_shot(table)].mean() for rule in rules.values()]
        names = [*arm_cells(first, arm), first["rung"], str(of_arm.seed.nunique())]
        rows.append([*names, *map(per_cent, numbers)])
    items = table.groupby("language1").n_items.max()
    blank = [""] * (len(means) + len(rules))
    rows.append(["test items", *[""] * (len(arm) + 1), *(f"{items[code]:,}" for code in codes), *blank])
    return markdown([*arm, "rung", "seeds", *codes, *means, *rules], rows)


def answer(folder: Path) -> str:
    """The question in a few rows: the mean of the targets, and the effect of each adaptation on it.

    A row an adaptation, two columns a strategy; bold: detected after Holm's correction.
    """
    table, groups = accuracies(folder), read(folder, "groups")
    table, targets = table[table.selection == "last"], zero_shot(table)
    of_the_mean = groups[groups.language == "mean"].set_index(ARM)
    arm = [name for name in arm_columns(table) if name != "strategy"]
    strategies, by_adaptation = list(dict.fromkeys(table.strategy)), {}
    for names, of_arm in table.groupby(ARM, sort=False):
        first, measured = of_arm.iloc[0], of_arm.groupby("language1").accuracy.mean()
        mean = per_cent(measured.reindex(targets).mean(skipna=False))
        effect = judged_points(of_the_mean.loc[names]) if names in of_the_mean.index else ""
        by_adaptation.setdefault(tuple(arm_cells(first, arm)), {})[first.strategy] = [mean, effect]
    header, rows = list(arm), []
    for strategy in strategies:
        header += [strategy_name(strategy), "effect"]
    for names, by_strategy in by_adaptation.items():
        cells = [by_strategy.get(strategy, ["", ""]) for strategy in strategies]
        rows.append([*names, *chain.from_iterable(cells)])
    return markdown(header, rows)


def effects(folder: Path) -> str:
    """The effect of each adaptation on the mean of the zero-shot targets, and what could have been found.

    Bold: detected after Holm's correction.
    """
    family, judged = read(folder, "adaptation"), read(folder, "groups")
    judged = judged[judged.language == "mean"].set_index(ARM)
    over_updates = pd.DataFrame()
    if (folder / "over_updates.csv").exists():
        over_updates = read(folder, "over_updates").set_index(ARM)
    arm, rows = arm_columns(family), []
    for _, row in family.iterrows():
        names = tuple(row[ARM])
        mean = judged.loc[names]
        cells = [*arm_cells(row, arm), mean["rung"], str(mean["n_seeds"]), f"{mean['n_items']:,}"]
        cells += [judged_points(mean), f"{mean['p (Holm)']:.2f}", mean["verdict"]]
        smallest_effect = f"{detectable(mean['low'], mean['high'], mean['n_seeds']):.1f}"
        cells.append(smallest_effect if mean["n_seeds"] > 1 else "")
        cells.append(judged_points(over_updates.loc[names]) if names in over_updates.index else "")
        rows.append([*cells, signed(row[f"effect on {SOURCE}"])])
    header = ["rung", "seeds", "test items", "effect on the mean", "p (Holm)", "verdict", "found in 4 of 5"]
    return markdown([*arm, *header, "over the control", "effect on English"], rows)


def differences(folder: Path) -> str:
    """How much the effect differs between two strategies, on the mean of the zero-shot targets."""
    table = read(folder, "groups")
    table, rows = table[table.strategy.str.contains(" - ") & (table.language == "mean")], []
    arm = arm_columns(table)
    for _, row in table.iterrows():
        cells = [*arm_cells(row, arm), str(row["n_seeds"]), points(row)]
        rows.append([*cells, f"{row['p (Holm)']:.2f}", row["verdict"]])
    header = ["strategies" if name == "strategy" else name for name in arm]
    return markdown([*header, "seeds", "difference of effects", "p (Holm)", "verdict"], rows)


def by_language(folder: Path) -> str:
    """The effect of each adaptation in each language; bold: an effect after Holm's correction.

    The longer of the two, arms or languages, goes down.
    """
    table = read(folder, "adaptation_effect")
    arm, cells = arm_columns(table), {}
    if table.strategy.nunique() == 1:
        arm = [name for name in arm if name != "strategy"]
    for _, row in table.iterrows():
        bold = "**" if row["verdict"] in ("up", "down") else ""
        cells[", ".join(arm_cells(row, arm)), row["language"]] = f"{bold}{points(row)}{bold}"
    arms, codes = list(dict.fromkeys(name for name, _ in cells)), languages.in_order(table.language)
    if len(arms) > len(codes):
        rows = [[name, *(cells.get((name, code), "") for code in codes)] for name in arms]
        return markdown(["adaptation", *(marked(table, code, code) for code in codes)], rows)
    rows = [
        [marked(table, languages.row(code).name, code), *(cells.get((name, code), "") for name in arms)]
        for code in codes
    ]
    return markdown(["language", *arms], rows)


def by_seed(folder: Path) -> str:
    """The effect of each adaptation on the mean of the zero-shot targets, seed by seed."""
    table = accuracies(folder)
    chosen = table[(table.selection == "last") & table.language1.isin(zero_shot(table))]
    arm = arm_columns(table)
    means = chosen.groupby([*arm, "seed"], sort=False).accuracy.mean().unstack("seed")
    arms, rows = chosen.groupby(arm)[ARM].first(), []
    for names, by_seed_of_arm in means.iterrows():
        plain = (*names[:-1], "none")
        if names[-1] != "none" and plain in means.index:
            change = by_seed_of_arm - means.loc[plain]
            rows.append([*arm_cells(arms.loc[names], arm), *(signed(change[seed]) for seed in means)])
    return markdown([*arm, *(f"seed {seed}" for seed in means)], rows)


def costs(folder: Path) -> str:
    """What each adaptation does to the vectors of translations, and what it takes beside no adaptation."""
    family = read(folder, "adaptation")
    arm, rows = arm_columns(family), []
    for _, row in family.iterrows():
        cells = [*arm_cells(row, arm), str(row["n_seeds"])]
        for name in ("retrieval", "rank_distance"):
            change = signed(row[f"{name}, more"], 2)
            cells.append(f"{row[name]:.2f} ({change})" if change else "")
        cells += [signed(row["forgotten"], 2), signed(row["effect on unread"])]
        tokens = row["tokens, more"]
        cells.append("" if pd.isna(tokens) else f"{tokens / 1e3:,.0f}")
        rows.append([*cells, f"{row['seconds, more']:,.0f}"])
    header = ["seeds", "translations found (change)", "rank distance (change)", "forgotten"]
    header += ["effect on languages not read", "thousand tokens more", "seconds more"]
    return markdown([*arm, *header], rows)


def other_tests(folder: Path) -> str:
    """The mean effect by tests that rest on other assumptions."""
    table = read(folder, "other_tests")
    arm, rows = arm_columns(table), []
    for _, row in table.iterrows():
        gee = f"[{signed(row['gee low'])}, {signed(row['gee high'])}]"
        violation = "" if pd.isna(row["violation"]) else f"{row['violation']:.2f}"
        numbers = [f"{row['p (signs)']:.2f}", f"{row['smallest']:.2f}", violation, gee]
        rows.append([*arm_cells(row, arm), str(row["n_seeds"]), signed(row["effect"]), *numbers])
    header = ["seeds", "effect", "p (signs)", "smallest p", "order violated", "GEE interval (items only)"]
    return markdown([*arm, *header], rows)


def bias(folder: Path) -> str:
    """How far apart the vectors of translations lie in each arm: means over languages and seeds."""
    table = read(folder, "language_bias")
    arm, rows = arm_columns(table), []
    measures = ["rank_distance", "average_precision", "same_language", "retrieval"]
    for _, of_arm in table.groupby(arm, sort=False):
        means = [f"{of_arm[name].mean():.3f}" for name in measures]
        rows.append([*arm_cells(of_arm.iloc[0], arm), str(of_arm.n_seeds.max()), *means])
    return markdown([*arm, "seeds", *(name.replace("_", " ") for name in measures)], rows)


def intervals(folder: Path) -> str:
    """Accuracy of each language and arm with its 95 % interval over items."""
    table = read(folder, "intervals")
    wide = _accuracies_with_intervals(table)
    rows = [[marked(table, languages.row(code).name, code), *wide.loc[code]] for code in wide.index]
    return markdown(["language", *wide.columns], rows)


def _accuracies_with_intervals(table: pd.DataFrame) -> pd.DataFrame:
    """Cells of a table: a row a language, a column an arm; "" where an arm lacks a language."""
    arm, cells = arm_columns(table), {}
    for _, row in table.iterrows():
        cells.setdefault(", ".join(arm_cells(row, arm)), {})[row["language"]] = accuracy_within(row)
    return pd.DataFrame(cells, index=languages.in_order(table.language)).fillna("")


def majority(folder: Path) -> str:
    """Accuracy of each arm beside the rate of the majority class: mean of all languages, and the extremes."""
    table, rows = read(folder, "intervals"), []
    table = table.assign(above=table.accuracy - table.majority)
    arm = arm_columns(table)
    for _, of_arm in table.groupby(arm, sort=False):
        accuracy_and_majority = [f"{of_arm[name].mean():.1f}" for name in ("accuracy", "majority")]
        cells = [*accuracy_and_majority, signed(of_arm.above.mean())]
        for row in (of_arm.loc[of_arm.above.idxmin()], of_arm.loc[of_arm.above.idxmax()]):
            cells.append(f"{signed(row['above'])} ({languages.row(row['language']).name})")
        rows.append([*arm_cells(of_arm.iloc[0], arm), *cells])
    return markdown([*arm, "mean of the languages", "majority", "above it", "least in", "most in"], rows)


def floors(folder: Path) -> str:
    """Accuracy of each language and arm beside the majority rate and what word overlap alone reaches."""
    table, rows = read(folder, "intervals"), []
    wide, first = _accuracies_with_intervals(table), table.groupby("language").first()
    for code, cells in wide.iterrows():
        floor = [per_cent(first.loc[code, name]) for name in ("majority", "overlap")]
        rows.append([languages.row(code).name, f"{first.n_items[code]:,}", *floor, *cells])
    return markdown(["language", "test items", "majority", "word overlap", *wide.columns], rows)


def rules(folder: Path) -> str:
    """Accuracy under each checkpoint rule, and its spread over seeds beside that of the last checkpoint.

    The spread of a language is the standard deviation over seeds, its square averaged over the targets; that
    of the mean is of the mean of the targets. Arms with several seeds, and rules that did not pick the last.
    By how much a spread is larger or smaller than that of the last is told of four seeds or more.
    """
    table = accuracies(folder)
    arm, codes, rows = arm_columns(table), zero_shot(table), []
    for _, of_arm in table.groupby(arm, sort=False):
        if of_arm.seed.nunique() < 2:
            continue
        by_rule = {rule: _spread(of_rule, codes) for rule, of_rule in of_arm.groupby("selection", sort=False)}
        _, _, *last_spreads = by_rule["last"]
        for rule, (english, mean, *spreads) in by_rule.items():
            if rule != "last" and by_rule[rule] == by_rule["last"]:
                continue  # one checkpoint was kept, and every rule picked it
            cells = [per_cent(english), per_cent(mean)]
            for spread, reference in zip(spreads, last_spreads):
                is_compared = rule != "last" and of_arm.seed.nunique() >= SEEDS_OF_A_SPREAD and reference
                change = f" ({signed(100 * (spread / reference - 1), 0)} %)" if is_compared else ""
                cells.append(f"{spread:.2f}{change}")
            rows.append([*arm_cells(of_arm.iloc[0], arm), rule, str(of_arm.seed.nunique()), *cells])
    header = ["rule", "seeds", "English", "mean of the targets", "spread of a language", "spread of the mean"]
    return markdown([*arm, *header], rows)


def _spread(table: pd.DataFrame, codes: list[str]) -> tuple[float, float, float, float]:
    """Accuracy in English and on the mean of the targets, spread of a target and of the mean, over seeds."""
    wide = table.pivot(index="seed", columns="language1", values="accuracy")
    targets = wide[codes]
    of_language, of_mean = targets.var().mean() ** 0.5, targets.mean(axis=1).std()
    return wide[SOURCE].mean(), targets.to_numpy().mean(), of_language, of_mean


def two_languages(folder: Path) -> str:
    """Accuracy on zero-shot targets, seed by seed: sentences in one language, and in two different ones."""
    table = read(folder, "accuracy").query("selection == 'last'")
    table = table.assign(accuracy=100 * table.accuracy, same=is_one_language(table))
    codes, arm = zero_shot(table[table.same]), arm_columns(table)
    chosen, rows = table[table.language1.isin(codes) & table.language2.isin(codes)], []
    for _, of_arm in chosen.groupby(arm, sort=False):
        by_seed = of_arm.groupby(["same", "seed"]).accuracy.mean()
        cells = []
        for same in (True, False):
            values = by_seed[by_seed.index.get_level_values("same") == same]
            cells += [" / ".join(map(per_cent, values)), per_cent(values.mean())]
        rows.append([*arm_cells(of_arm.iloc[0], arm), *cells])
    return markdown([*arm, "one language, by seed", "mean", "two languages, by seed", "mean"], rows)


def doses(folder: Path) -> str:
    """The effect on the mean of the zero-shot targets by how many sentences were read.

    Beside it that over the smallest dose; bold: detected after Holm's correction.
    """
    table, rows, over_smallest = read(folder, "dose_response"), [], pd.DataFrame()
    if (folder / "over_doses.csv").exists():
        over_smallest = read(folder, "over_doses").set_index([*ARM, "language"])
    arm = arm_columns(table)
    for _, row in table.sort_values("sentences", kind="stable").iterrows():
        counts = [f"{row['sentences']:,}", f"{row['n_items']:,}", str(row["n_seeds"])]
        name = row["group"] if "group" in table else "mean"
        group = escaped(name.replace("-", " ")) if "group" in table else ""
        mean = (*row[ARM], name)
        beyond = judged_points(over_smallest.loc[mean]) if mean in over_smallest.index else ""
        rows.append([*arm_cells(row, arm), group, *counts, points(row), beyond])
    header = ["group", "sentences read", "test items", "seeds", "effect on the mean"]
    return markdown([*arm, *header, "over the smallest dose"], rows)
