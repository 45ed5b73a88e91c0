"""Writing a study's figures and tables into its folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from matplotlib import pyplot as plt

from xltlib import figures
from xltlib.summary import controls, costs, matched, pictures, selfchecks
from xltlib.summary.data import StudyData

DRAWING = (
    pictures.group_pictures,
    pictures.effect_pictures,
    pictures.covariate_pictures,
    pictures.grid_pictures,
    pictures.family_pictures,
    pictures.dose_pictures,
    pictures.tree_pictures,
)
# Tables that a study may lack.
OVER = ("over_updates", "over_controls", "over_doses", "over_plain")
MATCHED = ("matched", "over_controls_matched", "on_pairs_matched")
NOT_ALWAYS = (*OVER, *MATCHED, "at_source", "on_pairs", "on_the_way")


def all_pictures(data: StudyData) -> Iterator[pictures.Picture]:
    """Every figure of a study."""
    for draw in DRAWING:
        yield from draw(data)


def all_tables(data: StudyData) -> dict[str, pd.DataFrame]:
    """Every table that is kept, by the name of its file."""
    tables = {
        "accuracy": data.accuracy,
        "intervals": data.intervals,
        "adaptation": costs.family(data),
        "held_out": costs.held_out(data),
        "other_tests": data.other_tests,
        "groups": pd.concat([data.groups, data.between_groups]),
        "interaction": data.between,
        "answers": matched.answers(data),
    }
    others = {
        "over_updates": data.over_updates,
        "over_controls": controls.over_controls(data),
        "over_controls_matched": controls.over_controls(data, matched=True),
        "over_doses": controls.over_doses(data),
        "over_plain": controls.over_plain(data),
        "matched": matched.effects(data),
        # Without groups of its own a study has it in ``adaptation``.
        "at_source": controls.at_source(data) if data.grouped else pd.DataFrame(),
        "on_pairs": controls.on_pairs(data),
        "on_pairs_matched": controls.on_pairs(data, matched=True),
        "on_the_way": costs.on_the_way(data),
    }
    return tables | {name: others[name] for name in NOT_ALWAYS if len(others[name])}


def save(data: StudyData, folder: Path | None = None) -> None:
    """Write the study's figures, each with the table of what it plots, and its tables.

    Args:
        folder: where to; None: the study's own.
    Raises:
        ValueError: a self-check fails; nothing is written.
    """
    selfchecks.checked(data)
    place = Path(folder or data.folder)
    for picture in all_pictures(data):
        figures.save(picture.figure, picture.table, place / picture.stem)
        plt.close(picture.figure)
    tables = all_tables(data)
    for name in set(NOT_ALWAYS) - set(tables):
        # One of an earlier drawing would be read as if it were of this one.
        (place / f"{name}.csv").unlink(missing_ok=True)
    for name, table in tables.items():
        digits = "%.6f" if name == "accuracy" else "%.4f"
        table = table.infer_objects()  # an empty table that was put beside turns numbers into objects
        table.to_csv(place / f"{name}.csv", index=False, float_format=digits, lineterminator="\n")
