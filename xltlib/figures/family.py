"""All adaptations of a study side by side: what they do, and what they cost."""

from __future__ import annotations

import textwrap

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from xltlib.figures import marks
from xltlib.figures.style import adaptation_name, in_order, look, theme, titled
from xltlib.values import counted

FAMILY = {  # panels of adaptation_family: column of the table, what stands under it
    "effect": "effect on zero-shot\ntargets (points)",
    "effect on source": "effect on {source}\n(points)",
    "retrieval, more": "translations found\n(share, change)",
    "tokens, more": "thousand tokens more\n(less a teacher's)",
}


def adaptation_family(table: pd.DataFrame, caption: str, source: str = "English"):
    """All adaptations of a study side by side: mean effect with its interval, what it does to the source
    language and to alignment, and what it costs.

    Args:
        table: one row a strategy and adaptation, in the order in which they are drawn: columns ``strategy,
            head, adaptation, low, high, verdict``, those of ``FAMILY``, ``n_seeds``, and ``control``, whether
            it is one.
        source: the name of the source language.
    """
    theme()
    panels = [name for name in FAMILY if table[name].notna().any()]
    order = list(dict.fromkeys(table.adaptation))
    names = [textwrap.fill(name, 34, break_on_hyphens=False) for name in _names_with_seeds(table, order)]
    lines = max(len(name.splitlines()) for name in names)
    figsize = (3.4 + 2.3 * len(panels), 1.7 + max(0.42, 0.1 + 0.15 * lines) * len(order))
    ratios = [1.6 if name == "effect" else 1 for name in panels]
    shared = {"sharey": True, "squeeze": False, "layout": "constrained", "width_ratios": ratios}
    figure, axes = plt.subplots(1, len(panels), figsize=figsize, **shared)
    for axis, panel in zip(axes[0], panels):
        _draw_panel_of_family(axis, panel, table, order)
        axis.set_xlabel(FAMILY[panel].format(source=source), fontsize=10)
    axes[0, 0].set_yticks(range(len(order)), names, fontsize=9)
    n_strategies = table.strategy.nunique()
    if n_strategies > 1:
        handles = axes[0, 0].get_legend_handles_labels()
        figure.legend(*handles, loc="outside upper right", ncols=n_strategies, frameon=False, fontsize=9)
    caption += marks.meaning(table)
    if table.control.any():
        caption += " Grey: controls."
    return titled(figure, "The adaptation family", caption)


def _draw_panel_of_family(axis, panel: str, table: pd.DataFrame, order: list[str]) -> None:
    """One column of the table: a mark a strategy and adaptation, with intervals where it is the effect."""
    strategies = in_order(table.strategy)
    offsets = np.linspace(-0.2, 0.2, len(strategies)) if len(strategies) > 1 else [0.0]
    for adaptation in table[table.control].adaptation.unique():
        place = order.index(adaptation)
        axis.axhspan(place - 0.5, place + 0.5, color="0.95", zorder=0)
    for offset, strategy in zip(offsets, strategies):
        rows = table[table.strategy == strategy]
        strategy_look = look(strategy, rows["head"].iloc[0])
        y = np.array([order.index(adaptation) for adaptation in rows.adaptation]) + offset
        if panel == "effect":
            marks.draw_effects(axis, y, rows, strategy_look, across=True)
            continue
        x = rows[panel] / (1e3 if panel.startswith("tokens") else 1)
        _, colour, marker = strategy_look
        axis.plot(x, y, marker, color=colour, markersize=7, linestyle="none")
    axis.axvline(0, color="0.3", linewidth=1)
    axis.xaxis.set_major_locator(MaxNLocator(7 if panel == "effect" else 3))
    axis.set_ylim(len(order) - 0.4, -0.6)  # the first above


def _names_with_seeds(table: pd.DataFrame, order: list[str]) -> list[str]:
    """Adaptations in words, with their seeds where these differ."""
    seeds = table.groupby("adaptation").n_seeds.min()
    names = []
    for adaptation in order:
        name = adaptation_name(adaptation)
        if seeds.nunique() > 1:
            n = counted(seeds[adaptation], "seed").replace(" ", "\xa0")
            name = f"{name} ({n})"
        names.append(name)
    return names
