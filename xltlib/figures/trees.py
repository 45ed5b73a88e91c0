"""How much of dependency trees is in an encoder's vectors, before and after adaptations."""

from __future__ import annotations

from itertools import cycle

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from xltlib import languages
from xltlib.figures.style import palette, theme, titled

READ, NOT_READ = "trees read by some adaptation", "no tree read"


def trees(table: pd.DataFrame, caption: str):
    """The share of edges that a structural probe finds (UUAS), by language and adaptation.

    Languages of which some adaptation read trees stand first. A grey line joins what was found before the
    adaptations (hollow) and after each.

    Args:
        table: as summary.costs.trees returns it.
    """
    theme()
    was_read = table.groupby("language").trees_read.any()
    codes = sorted(languages.in_order(table.language), key=lambda code: not was_read[code])
    names = list(dict.fromkeys(table.adaptation))
    figure, axis = plt.subplots(figsize=(1.5 + 0.85 * len(codes), 4.2), layout="constrained")
    offsets = np.linspace(-0.28, 0.28, len(names)) if len(names) > 1 else [0.0]
    positions = {code: k for k, code in enumerate(codes)}
    for name, colour, marker, shift in zip(names, cycle(palette(8)), cycle("os^DvPX"), offsets):
        rows = table[table.adaptation == name]
        x = rows.language.map(positions) + shift
        axis.vlines(x, rows.uuas_before, rows.uuas_after, color="0.8", linewidth=1)
        axis.plot(x, rows.uuas_before, marker, color=colour, markerfacecolor="white", markersize=5)
        axis.plot(x, rows.uuas_after, marker, color=colour, markersize=6, label=name)
    axis.set_xticks(range(len(codes)), [languages.row(code).name for code in codes], rotation=30, ha="right")
    axis.set(ylabel="edges of held-out trees found\n(UUAS)", xlim=(-0.6, len(codes) - 0.4))
    axis.xaxis.grid(False)
    _mark_read(axis, int(was_read.sum()), len(codes))
    axis.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, fontsize=8, title="after")
    return titled(figure, "", f"{caption} Hollow: before.")


def _mark_read(axis, n_read: int, n_languages: int) -> None:
    """Say which languages have trees that were read, and draw a line between the two."""
    above = axis.get_xaxis_transform()
    for label, first, last in ((READ, 0, n_read), (NOT_READ, n_read, n_languages)):
        if first < last:
            axis.text((first + last - 1) / 2, 1.02, label, ha="center", fontsize=9, transform=above)
    if 0 < n_read < n_languages:
        axis.axvline(n_read - 0.5, color="0.5", linewidth=1, linestyle=":")
