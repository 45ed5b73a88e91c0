"""Tables of effects over a control, and of effects on pairs of two languages, each also at matched shares."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from xltlib.statistics import ARM
from xltlib.tables.cells import adaptation_name, arm_cells, arm_columns, judged_points, markdown, read


def controls(folder: Path) -> str:
    """The effect of each adaptation over each control, also at matched shares.

    Bold: detected after Holm's correction.
    """
    return _over(read(folder, "over_controls"), read(folder, "over_controls_matched"), ["mean"])


def pairs(folder: Path) -> str:
    """The same on means of pairs of two languages, over no adaptation and over each control."""
    table = read(folder, "on_pairs")
    return _over(table, read(folder, "on_pairs_matched"), list(dict.fromkeys(table.language)))


def _over(table: pd.DataFrame, matched: pd.DataFrame, means: list[str]) -> str:
    """A row an arm and what it is compared with; for each mean the effect, and that at matched shares."""
    arm, effects, at_matched_shares = arm_columns(table), _effects(table), _effects(matched)
    rows, header = [], [*arm, "over", "seeds"]
    for mean in means:
        header += [f"effect on {_of_mean(mean)}", "at matched shares"]
    for names, compared in table[table.language.isin(means)].groupby([*ARM, "over"], sort=False):
        first = compared.iloc[0]
        row = [*arm_cells(first, arm), adaptation_name(first["over"]), str(first["n_seeds"])]
        for mean in means:
            row += [effects.get((*names, mean), ""), at_matched_shares.get((*names, mean), "")]
        rows.append(row)
    return markdown(header, rows)


def _effects(table: pd.DataFrame) -> dict[tuple, str]:
    """By arm, control and mean: the effect in words."""
    keys = [*ARM, "over", "language"]
    return {tuple(row[key] for key in keys): judged_points(row) for row in table.to_dict("records")}


def _of_mean(name: str) -> str:
    return "the mean" if name == "mean" else name
