"""Sentence 1 in one language, sentence 2 in another: accuracy of every pair of languages."""

from __future__ import annotations

import pandas as pd

from xltlib.statistics import ARM
from xltlib.summary.data import StudyData
from xltlib.summary.words import in_words

MEASURES = ["diagonal", "off_diagonal", "off_diagonal_without_source", "gap", "asymmetry"]


def cells(data: StudyData) -> pd.DataFrame:
    """Mean accuracy (a share) over seeds of each arm and pair of languages; empty where none was scored."""
    keys = [*ARM, "rung", "language1", "language2"]
    if not data.grids:
        return pd.DataFrame(columns=[*keys, "accuracy", "n_items", "n_seeds"])
    grid, _ = data.grids["all languages"]
    runs = data.runs[["run", "seed", "rung", *ARM]].merge(grid, on="run")
    of_cell = runs.groupby(keys, sort=False, observed=True)
    table = of_cell.agg(
        accuracy=("accuracy", "mean"), n_items=("n_items", "first"), n_seeds=("accuracy", "size")
    )
    return table.reset_index()


def grid_table(data: StudyData) -> pd.DataFrame:
    """What each arm's grid says as a whole, in points, mean over seeds; empty where none was scored.

    Returns:
        Rows: all languages, then the zero-shot targets alone, an arm each. ``gap`` is the diagonal minus the
        rest, ``asymmetry`` the mean of |A(i, j) - A(j, i)|; ``cells`` and ``items`` say what they are of.
    """
    tables, runs = {}, data.runs[["run", "seed", "rung", *ARM]]
    for title, (grid, summary) in data.grids.items():
        of_arm = runs.merge(summary, on="run").groupby([*data.arm, "rung"], sort=False)
        about = {"cells": len(grid) // len(summary), "items": summary.n_items.min()}
        tables[title] = of_arm[MEASURES].mean().round(1).assign(**about)
    if not tables:
        return pd.DataFrame(columns=[*MEASURES, "cells", "items"])
    return in_words(pd.concat(tables, names=["of"]), data)
