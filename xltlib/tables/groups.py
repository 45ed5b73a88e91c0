"""Tables of a study whose languages stand in groups of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from xltlib import collected, files, languages
from xltlib.markdown import escaped
from xltlib.statistics import ARM, detectable, ordered
from xltlib.tables.cells import (
    accuracies,
    accuracy_within,
    adaptation_name,
    arm_cells,
    arm_columns,
    judged_points,
    markdown,
    per_cent,
    read,
)


def _state(folder: Path) -> dict:
    """What a study's ``runs.json`` says of its groups and runs."""
    path = folder / collected.RUNS
    found = files.as_json(path, collected.AGAIN)
    files.refuse_without(found, {"runs": list, "groups": dict}, path, collected.AGAIN)
    return found


def grouped(folder: Path) -> dict[str, list[str]]:
    """The languages of each group, as the study has them."""
    return {name: codes.split() for name, codes in _state(folder)["groups"].items()}


def in_words(groups) -> list[str]:
    """Names of groups, as they stand in tables."""
    return [escaped(name.replace("-", " ")) for name in groups]


def chance(folder: Path) -> str:
    """Accuracy of each arm without adaptation in each language beside the majority rate.

    Intervals are over items; bold: they are above that rate.
    """
    table, groups = read(folder, "intervals"), grouped(folder)
    table, rows = table[table.adaptation == "none"], []
    columns = [name for name in arm_columns(table) if name != "adaptation"]
    arms = list(table.groupby(columns, sort=False))
    for group, codes in groups.items():
        for code in codes:
            of_code = table[table.language == code]
            cells = [escaped(group.replace("-", " ")), languages.row(code).name]
            cells += [f"{of_code.n_items.iloc[0]:,}", per_cent(of_code.majority.iloc[0])]
            for _, of_arm in arms:
                cells += [_above(row) for _, row in of_arm[of_arm.language == code].iterrows()] or [""]
            rows.append(cells)
    names = [", ".join(arm_cells(of_arm.iloc[0], columns)) for _, of_arm in arms]
    return markdown(["group", "language", "test items", "majority", *names], rows)


def _above(row) -> str:
    """An accuracy with its interval; bold if that is above the majority rate."""
    shown = accuracy_within(row)
    return f"**{shown}**" if row["low"] > row["majority"] else shown


def effects(folder: Path) -> str:
    """The effect of each adaptation on the mean of each group; bold: detected after Holm's correction.

    Equivalent to nothing: that is said; all else is undecided.
    """
    at_source = read(folder, "at_source").assign(language="English")
    combined = pd.concat([of_arms(read(folder, "groups")), at_source], ignore_index=True)
    return by_group(folder, combined, judged_points, first=("English",))


def strategies(folder: Path) -> str:
    """What each strategy does over plain training, without adaptation; bold: detected after correction."""
    return by_group(folder, read(folder, "over_plain"), judged_points)


def power(folder: Path) -> str:
    """The smallest effect on the mean of each group that would be found in four of five cases, in points."""
    return by_group(folder, of_arms(read(folder, "groups")), _found)


def differences(folder: Path) -> str:
    """How much these effects differ between two strategies; bold: detected after Holm's correction."""
    return by_group(folder, between_strategies(read(folder, "groups")), judged_points)


def of_arms(table: pd.DataFrame) -> pd.DataFrame:
    """Rows that are effects of arms."""
    return table[~table.strategy.str.contains(" - ")]


def between_strategies(table: pd.DataFrame) -> pd.DataFrame:
    """Rows that are differences between the effects of two strategies."""
    return table[table.strategy.str.contains(" - ")]


def by_group(
    folder: Path, table: pd.DataFrame, cell: Callable[[pd.Series], str], first: tuple[str, ...] = ()
) -> str:
    """A row an arm, or a difference of two, in the study's order of adaptations; a column a group.

    Args:
        folder: of the study.
        table: a row an arm and group.
        cell: what stands in the cell of such a row.
        first: what else the table has in its column ``language``; it stands before the groups.
    """
    groups, arm, rows = [*first, *grouped(folder)], arm_columns(table), []
    order = list(dict.fromkeys(run["adaptation"] for run in _state(folder)["runs"] if run["arm"]))
    for _, of_arm in ordered(table, "adaptation", order).groupby(arm, sort=False):
        by_language = of_arm.set_index("language")
        cells = [cell(by_language.loc[name]) if name in by_language.index else "" for name in groups]
        rows.append([*arm_cells(of_arm.iloc[0], arm), str(of_arm.n_seeds.iloc[0]), *cells])
    return markdown([*arm, "seeds", *in_words(groups)], rows)


def controls(folder: Path) -> str:
    """The effect of each adaptation over each control; bold: detected after Holm's correction."""
    return _over(folder, "over_controls")


def doses(folder: Path) -> str:
    """The effect on the mean of each group by how many sentences there were, in all languages together.

    Bold: detected after Holm's correction over all arms of the study.
    """
    table, groups, rows = read(folder, "dose_response"), grouped(folder), []
    table = table.sort_values(["use", "sentences"], kind="stable")
    judged = read(folder, "groups").set_index([*ARM, "language"])
    arm = arm_columns(table)
    for (_, sentences), of_dose in table.groupby(["use", "sentences"], sort=False):
        for names, of_arm in of_dose.groupby(ARM, sort=False):
            means = [(*names, group) for group in groups]
            cells = [judged_points(judged.loc[mean]) if mean in judged.index else "" for mean in means]
            first = of_arm.iloc[0]
            rows.append([*arm_cells(first, arm), f"{sentences:,}", str(first["n_seeds"]), *cells])
    return markdown([*arm, "sentences at hand", "seeds", *in_words(groups)], rows)


def larger_doses(folder: Path) -> str:
    """The effect of each larger dose over the smallest; bold: detected after Holm's correction."""
    return _over(folder, "over_doses")


def _over(folder: Path, name: str) -> str:
    """A row an arm and what it is compared with, a column a group."""
    table, groups, rows = read(folder, name), grouped(folder), []
    arm = arm_columns(table)
    for _, compared in table.groupby([*arm, "over"], sort=False):
        cells = compared.set_index("language")
        first = compared.iloc[0]
        row = [*arm_cells(first, arm), adaptation_name(first["over"]), str(first["n_seeds"])]
        means = [judged_points(cells.loc[name]) if name in cells.index else "" for name in groups]
        rows.append([*row, *means])
    return markdown([*arm, "over", "seeds", *in_words(groups)], rows)


def translate_test(folder: Path) -> str:
    """Zero-shot accuracy beside that of translate-test; bold: detected after Holm's correction.

    Args:
        folder: of benchmarks/translate_test.csv.
    """
    rows = []
    for _, row in read(folder, "translate_test").iterrows():
        name = "mean" if row["language"] == "mean" else languages.row(row["language"]).name
        accuracy_cells = [per_cent(row["zero-shot"]), per_cent(row["translate-test"])]
        named = [*in_words([row["group"]]), name, f"{row['n_seeds']}"]
        rows.append([*named, *accuracy_cells, judged_points(row)])
    return markdown(["group", "language", "seeds", "zero-shot", "translate-test", "effect"], rows)


def _found(row) -> str:
    return per_cent(detectable(row["low"], row["high"], row["n_seeds"]))


def accuracy(folder: Path) -> str:
    """Accuracy of each arm on the mean of each group, in per cent, mean over seeds; and in English."""
    table, groups = accuracies(folder), {"English": ["en"], **grouped(folder)}
    table = table[table.selection == "last"]
    arm, rows = arm_columns(table), []
    for _, of_arm in table.groupby(arm, sort=False):
        by_language = of_arm.groupby("language1").accuracy.mean()
        means = [by_language.reindex(codes).mean(skipna=False) for codes in groups.values()]
        rows.append([*arm_cells(of_arm.iloc[0], arm), str(of_arm.seed.nunique()), *map(per_cent, means)])
    return markdown([*arm, "seeds", *in_words(groups)], rows)


def retrieval(folder: Path) -> str:
    """Translations of test sentences that each arm finds, in per cent, on the mean of each group."""
    return _of_vectors(folder, "retrieval")


def rank_distance(folder: Path) -> str:
    """Highest minus lowest rank of a sentence's translations, in per cent of the pool; lower is better."""
    return _of_vectors(folder, "rank_distance")


def _of_vectors(folder: Path, measure: str) -> str:
    """One of the measures of :mod:`xltlib.bias`, in per cent: a row an arm, a column a group.

    Mean over seeds, and over the languages of the group.
    """
    groups, records = grouped(folder), []
    for run in [run for run in _state(folder)["runs"] if run["arm"]]:
        for bias in run["bias"]:
            records.append({**run, "language": bias["language"], "measured": 100 * bias[measure]})
    table = pd.DataFrame(records)
    arm, rows = arm_columns(table), []
    for _, of_arm in table.groupby(arm, sort=False):
        by_language = of_arm.groupby("language").measured.mean()
        means = [by_language.reindex(codes).mean(skipna=False) for codes in groups.values()]
        rows.append([*arm_cells(of_arm.iloc[0], arm), *map(per_cent, means)])
    return markdown([*arm, *in_words(groups)], rows)
