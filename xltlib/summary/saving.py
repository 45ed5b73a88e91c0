"""Writing a study's figures and tables into its folder."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from matplotlib import pyplot as plt

from xltlib import figures
from xltlib.summary import costs, pictures
from xltlib.summary.data import StudyData


def all_pictures(data: StudyData) -> list[pictures.Picture]:
    """Every figure of a study."""
    drawing = (
        pictures.effect_pictures,
        pictures.covariate_pictures,
        pictures.grid_pictures,
        pictures.family_pictures,
        pictures.dose_pictures,
    )
    return [picture for draw in drawing for picture in draw(data)]


def save(data: StudyData, folder: Path | None = None) -> list[str]:
    """Write the study's figures, each with the table of what it plots, and its tables.

    Args:
        folder: where to; None: the study's own.
    Returns:
        Names of the tables.
    """
    place = Path(folder or data.folder)
    for picture in all_pictures(data):
        figures.save(picture.figure, picture.table, place / picture.stem)
        plt.close(picture.figure)
    tables = {
        "accuracy": data.accuracy,
        "intervals": data.intervals,
        "adaptation": costs.family(data),
        "held_out": costs.held_out(data),
        "other_tests": data.other_tests,
        "groups": pd.concat([data.groups, data.between_groups]),
        "interaction": data.between,
    }
    if len(data.over_updates):
        tables["over_updates"] = data.over_updates
    for name, table in tables.items():
        digits = "%.6f" if name == "accuracy" else "%.4f"
        path = place / f"{name}.csv"
        table.to_csv(path, index=False, float_format=digits, lineterminator="\n")
    return sorted(f"{name}.csv" for name in tables)
