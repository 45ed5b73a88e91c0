"""Tables of a study whose languages stand in groups of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from xltlib.markdown import escaped
from xltlib.tables.cells import (
    accuracies,
    adaptation_name,
    arm_cells,
    arm_columns,
    markdown,
    per_cent,
    points,
    read,
    strategy_name,
)


def _state(folder: Path) -> dict:
    return json.loads((folder / "runs.json").read_text(encoding="utf-8"))


def grouped(folder: Path) -> dict[str, list[str]]:
    """The languages of each group, as the study has them."""
    return {name: codes.split() for name, codes in _state(folder)["groups"].items()}


def _names(groups) -> list[str]:
    return [escaped(name.replace("-", " ")) for name in groups]


def _bold(row) -> str:
    """An effect with its interval; bold if it is detected after Holm's correction."""
    return f"**{points(row)}**" if row["verdict"] in ("up", "down") else points(row)


def effects(folder: Path) -> str:
    """The effect of each adaptation on the mean of each group; bold: detected after Holm's correction."""
    table, groups = read(folder, "groups"), grouped(folder)
    table = table[~table.strategy.str.contains(" - ")]
    arm, rows = arm_columns(table), []
    for _, of in table.groupby([*arm, "head"], sort=False):
        cells = of.set_index("language")
        said = [_bold(cells.loc[name]) if name in cells.index else "" for name in groups]
        rows.append([*arm_cells(of.iloc[0], arm), str(of.n_seeds.iloc[0]), *said])
    return markdown([*arm, "seeds", *_names(groups)], rows)


def differences(folder: Path) -> str:
    """How much these effects differ between two strategies; bold: detected after Holm's correction."""
    table, groups = read(folder, "groups"), grouped(folder)
    table, rows = table[table.strategy.str.contains(" - ")], []
    for (strategies, adaptation), of in table.groupby(["strategy", "adaptation"], sort=False):
        between = " minus ".join(strategy_name(name) for name in strategies.split(" - "))
        cells = of.set_index("language")
        said = [_bold(cells.loc[name]) if name in cells.index else "" for name in groups]
        rows.append([between, adaptation_name(adaptation), *said])
    return markdown(["strategies", "adaptation", *_names(groups)], rows)


def accuracy(folder: Path) -> str:
    """Accuracy of each arm on the mean of each group, in per cent, mean over seeds; and in English."""
    table, groups = accuracies(folder), {"English": ["en"], **grouped(folder)}
    table = table[table.selection == "last"]
    arm, rows = arm_columns(table), []
    for _, of in table.groupby([*arm, "head"], sort=False):
        by_language = of.groupby("language1").accuracy.mean()
        means = [by_language.reindex(codes).mean(skipna=False) for codes in groups.values()]
        rows.append([*arm_cells(of.iloc[0], arm), str(of.seed.nunique()), *map(per_cent, means)])
    return markdown([*arm, "seeds", *_names(groups)], rows)


def retrieval(folder: Path) -> str:
    """Translations of test sentences that each arm finds, in per cent, on the mean of each group."""
    groups, rows = grouped(folder), []
    for run in [run for run in _state(folder)["runs"] if run["arm"]]:
        rows += [{**run, "language": of["language"], "found": 100 * of["retrieval"]} for of in run["bias"]]
    table = pd.DataFrame(rows)
    arm, said = arm_columns(table), []
    for _, of in table.groupby([*arm, "head"], sort=False):
        by_language = of.groupby("language").found.mean()
        means = [by_language.reindex(codes).mean(skipna=False) for codes in groups.values()]
        said.append([*arm_cells(of.iloc[0], arm), *map(per_cent, means)])
    return markdown([*arm, *_names(groups)], said)
