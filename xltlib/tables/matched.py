"""Tables of answers at matched shares: what is left of effects, and how often each answer is given."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from xltlib import collected, files, languages
from xltlib.markdown import escaped
from xltlib.tables.cells import arm_cells, arm_columns, judged_points, markdown, per_cent, read
from xltlib.tables.groups import between_strategies, by_group, grouped, in_words, of_arms


def group_effects(folder: Path) -> str:
    """Effects on the mean of each group at matched shares; bold: detected after Holm's correction."""
    return by_group(folder, of_arms(read(folder, "matched")), judged_points)


def group_differences(folder: Path) -> str:
    """How much these effects differ between two strategies; bold: detected after Holm's correction."""
    return by_group(folder, between_strategies(read(folder, "matched")), judged_points)


def group_answers(folder: Path) -> str:
    """How often each arm gives each answer, in per cent, on the mean of each group."""
    table, groups, rows = read(folder, "answers"), grouped(folder), []
    arm, count = arm_columns(table), sum(name.startswith("answered_") for name in table)
    classes = class_names(folder, count)

    def shares(arm_rows: pd.DataFrame, codes: list[str], kind: str) -> str:
        columns = [f"{kind}_{number}" for number in range(count)]
        means = arm_rows[arm_rows.language.isin(codes)][columns].mean()
        return " / ".join(f"{share:.0f}" for share in means)

    for _, arm_rows in table.groupby(arm, sort=False):
        cells = [shares(arm_rows, codes, "answered") for codes in groups.values()]
        rows.append([*arm_cells(arm_rows.iloc[0], arm), *cells])
    labels = [shares(table, codes, "labels") for codes in groups.values()]
    rows.append(["labels", *[""] * (len(arm) - 1), *labels])
    header = [f"{name}: {' / '.join(map(escaped, classes))}" for name in in_words(groups)]
    return markdown([*arm, *header], rows)


def effects(folder: Path) -> str:
    """Effects on the mean of the targets, and their differences between strategies, at matched shares."""
    table = read(folder, "matched").query("language == 'mean'")
    arm, rows = arm_columns(table), []
    for _, row in table.iterrows():
        rows.append([*arm_cells(row, arm), str(row["n_seeds"]), judged_points(row)])
    return markdown([*arm, "seeds", "effect at matched shares"], rows)


def accuracy(folder: Path) -> str:
    """Accuracy of each arm as it answers, and at matched shares, in per cent; a row a language."""
    table, cells = read(folder, "answers"), {}
    arm = arm_columns(table)
    for _, row in table.iterrows():
        name = ", ".join(arm_cells(row, arm))
        cell = f"{per_cent(row['accuracy'])} → {per_cent(row['matched'])}"
        cells.setdefault(row["language"], {})[name] = cell
    names = list(next(iter(cells.values())))
    rows = []
    for code, by_arm in cells.items():
        rows.append([languages.row(code).name, *(by_arm.get(name, "") for name in names)])
    return markdown(["language", *names], rows)


def class_names(folder: Path, classes: int) -> list[str]:
    """What the study's task calls the labels 0, 1, ...: as its runs have recorded it, else their numbers."""
    path = folder / collected.RUNS
    state = files.as_json(path, collected.AGAIN)
    files.refuse_without(state, {"runs": list}, path, collected.AGAIN)
    runs = state["runs"]
    recorded = [run["data"]["classes"] for run in runs if run["arm"] and "classes" in run.get("data", {})]
    return recorded[0] if recorded else [str(number) for number in range(classes)]
