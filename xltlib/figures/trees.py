"""How much of dependency trees is in an encoder's vectors, before and after adaptations."""

from __future__ import annotations

from itertools import cycle

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.lines import Line2D

from xltlib import languages
from xltlib.figures.style import look, palette, theme, titled

READ, NOT_READ = "trees read by some adaptation", "no tree read"
FLOOR = {"color": "0.15", "linewidth": 1.6}  # the line of what the order of words alone gives
APART = 0.7  # between adaptations of two models, on the scale on which those of one stand 1 apart


def trees(table: pd.DataFrame, caption: str, trained: dict[str, str], floors: dict[str, float]):
    """The share of edges that a structural probe finds (UUAS), by language and adaptation.

    Languages of which some adaptation read trees stand first. A grey line joins what was found before the
    adaptations (hollow) and after each. Adaptations of one model stand together. A short dark line is what
    the order of words alone gives.

    Args:
        table: as summary.costs.trees returns it.
        trained: the strategy of the trained model that an adaptation goes on with, of those that do.
        floors: UUAS of the order of words alone, by language, as far as it is known.
    """
    theme()
    was_read = table.groupby("language").trees_read.any()
    codes = sorted(languages.in_order(table.language), key=lambda code: not was_read[code])
    models = list(dict.fromkeys(trained.get(name, "") for name in table.adaptation))
    names = sorted(dict.fromkeys(table.adaptation), key=lambda name: models.index(trained.get(name, "")))
    figure, axis = plt.subplots(figsize=(2.2 + 0.85 * len(codes), 4.2), layout="constrained")
    positions = {code: k for k, code in enumerate(codes)}
    handles = {model: [] for model in models}
    offsets = _side_by_side([trained.get(name, "") for name in names])
    for name, colour, marker, offset in zip(names, cycle(palette(8)), cycle("os^DvPX"), offsets):
        rows = table[table.adaptation == name]
        x = rows.language.map(positions) + offset
        axis.vlines(x, rows.uuas_before, rows.uuas_after, color="0.8", linewidth=1)
        axis.plot(x, rows.uuas_before, marker, color=colour, markerfacecolor="white", markersize=5)
        after = axis.plot(x, rows.uuas_after, marker, color=colour, markersize=6, label=name)
        handles[trained.get(name, "")] += after
    for code in [code for code in codes if code in floors]:
        axis.hlines(floors[code], positions[code] - 0.4, positions[code] + 0.4, **FLOOR)
    axis.set_xticks(range(len(codes)), [languages.row(code).name for code in codes], rotation=30, ha="right")
    axis.set(ylabel="edges of held-out trees found\n(UUAS)", xlim=(-0.6, len(codes) - 0.4))
    axis.xaxis.grid(False)
    _mark_read(axis, int(was_read.sum()), len(codes))
    _legend(axis, handles, bool(set(floors) & set(codes)))
    return titled(figure, "", f"{caption} UUAS: share of undirected edges.")


def _side_by_side(models: list[str]) -> np.ndarray:
    """Where the marks of adaptations stand around their language, those of one model together."""
    if len(models) == 1:
        return np.zeros(1)
    steps = [1 if one == two else 1 + APART for one, two in zip(models, models[1:])]
    places = np.cumsum([0, *steps])
    return 0.6 * (places / places[-1] - 0.5)


def _legend(axis, handles: dict[str, list[Line2D]], has_floors: bool) -> None:
    """Adaptations below the model that they went on with, then what is before them, and the floor."""
    entries = []
    for model, of_model in handles.items():
        name = f"trained on {look(model)[0]}, then" if model else "adapted as pretrained"
        entries += [Line2D([], [], linestyle="none", label=name), *of_model]
    hollow = {"color": "0.3", "markerfacecolor": "white", "markersize": 5, "linestyle": "none"}
    entries += [Line2D([], [], marker="o", label="hollow: before the adaptation", **hollow)]
    if has_floors:
        entries += [Line2D([], [], label="floor: order of words alone", **FLOOR)]
    place = {"loc": "center left", "bbox_to_anchor": (1.01, 0.5)}
    axis.legend(handles=entries, frameon=False, fontsize=8, handlelength=1.6, **place)


def _mark_read(axis, n_read: int, n_languages: int) -> None:
    """Say which languages have trees that were read, and draw a line between the two."""
    above = axis.get_xaxis_transform()
    for label, first, last in ((READ, 0, n_read), (NOT_READ, n_read, n_languages)):
        if first < last:
            axis.text((first + last - 1) / 2, 1.02, label, ha="center", fontsize=9, transform=above)
    if 0 < n_read < n_languages:
        axis.axvline(n_read - 0.5, color="0.5", linewidth=1, linestyle=":")
