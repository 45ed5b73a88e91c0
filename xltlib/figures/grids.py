"""Grids of numbers: pairs of languages, and language bias."""

from __future__ import annotations

import math
import textwrap

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from xltlib import languages
from xltlib.figures.style import NOISE_NAME, adaptation_name, in_order, look, theme, titled


def generalized_grid(grid: pd.DataFrame, caption: str):
    """Accuracy of every pair of languages, one panel a strategy and adaptation.

    Args:
        grid: columns ``head, strategy, adaptation, language1, language2, accuracy`` (share), one row each.
    """
    theme(style="white")
    strategies = in_order(grid.strategy)
    adaptations = sorted(grid.adaptation.unique(), key=lambda name: (name != "none", name))
    codes = languages.in_order(grid.language1.unique())
    columns = min(3, len(strategies))  # three side by side can still be read on paper
    places = []  # one row of panels each
    for first in range(0, len(strategies), columns):
        places += [(strategies[first : first + columns], adaptation) for adaptation in adaptations]
    size = max(2.3, 0.36 * len(codes) + 0.5)
    figsize = (size * columns + 1.2, (size + 0.25) * len(places) + 1.0)
    figure, axes = _panels(len(places), columns, figsize)
    low, high = 100 * grid.accuracy.min(), 100 * grid.accuracy.max()
    look_of_cells = {"vmin": low, "vmax": high, "cmap": "cividis", "annot_kws": {"size": 8}}
    for row, (strategies_in_row, adaptation) in enumerate(places):
        for column, axis in enumerate(axes[row]):
            if column >= len(strategies_in_row):
                axis.set_visible(False)
                continue
            cells = grid[(grid.strategy == strategies_in_row[column]) & (grid.adaptation == adaptation)]
            if cells.empty:  # the study has no such arm
                axis.set_visible(False)
                continue
            _heat_map(axis, 100 * _wide(cells, "accuracy", codes), **look_of_cells)
            name, _, _ = look(strategies_in_row[column], grid["head"].iloc[0])
            subtitle = textwrap.fill(f"adaptation: {adaptation_name(adaptation)}", 38)
            axis.set_title(f"{name}\n{subtitle}", fontsize=9)
            _name_sentences(axis, row == len(places) - 1, column == 0)
            axis.tick_params(labelsize=8, rotation=0)
    heat = next(axis.collections[0] for axis in axes.flat if axis.collections)
    figure.colorbar(heat, ax=axes, label="accuracy, per cent", shrink=0.5, aspect=40)
    return titled(figure, "Both sentences in one language (diagonal), and in two", caption)


def difference_grid(cells: pd.DataFrame, caption: str):
    """Difference of each arm and the control for every pair of languages, one panel an arm.

    Args:
        cells: columns ``label, language1, language2, effect`` (points).
    """
    theme(style="white")
    labels = list(dict.fromkeys(cells.label))
    codes = languages.in_order(cells.language1.unique())
    rows = math.ceil(len(labels) / 4)  # at most four side by side, and rows as full as can be
    columns = math.ceil(len(labels) / rows)
    size = max(2.3, 0.38 * len(codes) + 0.4)
    figure, axes = _panels(rows, columns, (size * columns + 1, size * rows + 1.2))
    for axis in axes.flat[len(labels) :]:
        axis.set_visible(False)
    limit = cells.effect.abs().max()
    look_of_cells = {"vmin": -limit, "vmax": limit, "cmap": "PuOr", "annot_kws": {"size": 7}}
    for position, (axis, label) in enumerate(zip(axes.flat, labels)):
        _heat_map(axis, _wide(cells[cells.label == label], "effect", codes), **look_of_cells)
        is_lowest = position + columns >= len(labels)
        _name_sentences(axis, is_lowest, position % columns == 0)
        axis.set_title(NOISE_NAME.get(label, label), fontsize=10)
        axis.tick_params(labelbottom=is_lowest, labelsize=8, rotation=0)
    heat = axes[0, 0].collections[0]
    figure.colorbar(heat, ax=axes, label="difference, points", shrink=0.6, aspect=30)
    return titled(figure, "Against the control, both sentences in one language and in two", caption)


def _panels(rows: int, columns: int, figsize: tuple[float, float]):
    shared = {"squeeze": False, "sharex": True, "sharey": True}
    return plt.subplots(rows, columns, figsize=figsize, layout="constrained", **shared)


def _wide(cells: pd.DataFrame, value: str, codes: list[str]) -> pd.DataFrame:
    """One row a first language and one column a second one."""
    wide = cells.pivot(index="language1", columns="language2", values=value)
    return wide.reindex(index=codes, columns=codes)


def _heat_map(axis, values: pd.DataFrame, **look_of_cells) -> None:
    shape = {"square": True, "cbar": False, "linewidths": 0.4}
    import seaborn as sns

    sns.heatmap(values, ax=axis, annot=True, fmt=".0f", **look_of_cells, **shape)


def _name_sentences(axis, bottom: bool, left: bool) -> None:
    """Labels of the outer panels only: the second sentence below, the first beside."""
    axis.set(xlabel="sentence 2" if bottom else "", ylabel="sentence 1" if left else "")


def language_bias(table: pd.DataFrame, measure: str, caption: str):
    """A measure of language bias per query language.

    One mark an arm, hollow without adaptation and filled with; of several adaptations, a table in colour.

    Args:
        table: columns ``head, strategy, adaptation, language`` and the measure, one row each.
        measure: column to draw, as bias.language_bias names it.
    """
    theme()
    codes = languages.in_order(table.language.unique())
    arms = []
    for strategy in in_order(table.strategy):
        adaptations = dict.fromkeys(table[table.strategy == strategy].adaptation)
        arms += [(strategy, adaptation) for adaptation in adaptations]
    if len({adaptation for _, adaptation in arms}) > 2:  # hollow and filled cannot tell more apart: numbers
        figure = _bias_as_numbers(table, measure, codes, arms)
        caption = caption.replace(" Hollow: no adaptation.", "")
    else:
        figure = _bias_as_marks(table, measure, codes, arms)
    if measure == "rank_distance":
        caption += " Lower: less language bias."
    return titled(figure, f"Language bias: {_words(measure)} of translations, per query language", caption)


def _words(measure: str) -> str:
    return measure.replace("_", " ")


def _bias_as_numbers(table: pd.DataFrame, measure: str, codes: list[str], arms: list[tuple[str, str]]):
    """One row an arm, one column a language."""
    cells = table.pivot_table(index=["strategy", "adaptation"], columns="language", values=measure)
    cells = cells.loc[arms, codes]
    head = table["head"].iloc[0]
    cells.index = [
        f"{look(strategy, head)[0]}; {adaptation_name(adaptation)}" for strategy, adaptation in arms
    ]
    cells.columns = [languages.row(code).name for code in codes]
    figsize = (max(9.5, 0.9 * len(codes) + 5.5), 0.4 * len(cells) + 1.7)
    figure, axis = plt.subplots(figsize=figsize, layout="constrained")
    numbers = {"annot": True, "fmt": ".2f", "annot_kws": {"size": 9}}
    colours = {"cmap": "cividis", "vmin": 0, "cbar_kws": {"label": _words(measure)}, "linewidths": 0.4}
    import seaborn as sns

    # seaborn would first draw names of rows upright, for which there is no room.
    sns.heatmap(cells, ax=axis, yticklabels=False, **colours, **numbers)
    axis.set_yticks(np.arange(len(cells)) + 0.5, cells.index, va="center")
    axis.set(xlabel="", ylabel="")
    axis.tick_params(labelsize=9)
    return figure


def _bias_as_marks(table: pd.DataFrame, measure: str, codes: list[str], arms: list[tuple[str, str]]):
    """One mark an arm and language, side by side."""
    figure, axis = plt.subplots(figsize=(max(6.5, 1.15 * len(codes) + 3.2), 4.2), layout="constrained")
    offsets = np.linspace(-0.3, 0.3, len(arms)) if len(arms) > 1 else [0.0]
    for offset, (strategy, adaptation) in zip(offsets, arms):
        name, colour, marker = look(strategy, table["head"].iloc[0])
        face = "none"
        if adaptation != "none":
            name, face = f"{name}; {adaptation_name(adaptation)}", colour
        rows = table[(table.strategy == strategy) & (table.adaptation == adaptation)]
        values = rows.set_index("language").reindex(codes)[measure]
        mark = {"color": colour, "markerfacecolor": face, "markersize": 6, "linestyle": "none"}
        axis.plot(np.arange(len(codes)) + offset, values, marker, label=name, **mark)
    axis.set_xticks(range(len(codes)), [languages.row(code).name for code in codes])
    axis.set(ylabel=_words(measure), ylim=(0, None))
    axis.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, fontsize=8)
    return figure
