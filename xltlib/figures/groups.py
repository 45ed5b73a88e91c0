"""The effect of each adaptation on means of groups of languages: the headline of a study that has groups."""

from __future__ import annotations

import math
import textwrap

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from xltlib.figures import marks
from xltlib.figures.style import adaptation_name, in_order, look, theme, titled


def group_effects(effects: pd.DataFrame, groups: list[str], caption: str, measure: str = "accuracy"):
    """One panel an adaptation, one line a group of languages, one mark with its interval a strategy.

    More than four panels stand in rows of three.

    Args:
        effects: columns ``adaptation, strategy, head, language, effect, low, high, verdict, n_seeds``;
            language is the group.
        groups: in the order in which they stand, the first above.
        caption: what stands below.
        measure: what the effects are on.
    """
    theme()
    adaptations = list(dict.fromkeys(effects.adaptation))
    columns = len(adaptations) if len(adaptations) <= 4 else 3
    rows = math.ceil(len(adaptations) / columns)
    # Title and legend stand side by side, above however few panels.
    figsize = (max(11.0, 2.6 + 2.7 * columns), 1.2 + (0.8 + 0.65 * len(groups)) * rows)
    shared = {"sharex": True, "sharey": True, "squeeze": False, "layout": "constrained"}
    figure, axes = plt.subplots(rows, columns, figsize=figsize, **shared)
    panels = axes.flatten()
    for axis, adaptation in zip(panels, adaptations):
        _draw_panel(axis, effects[effects.adaptation == adaptation], groups)
        axis.tick_params(axis="y", labelsize=10)
        axis.set_title(textwrap.fill(adaptation_name(adaptation), 36), fontsize=10)
    for axis in panels[: len(adaptations)][-columns:]:  # the lowest of each column
        axis.set_xlabel("effect on the group's mean (points)", fontsize=10)
        axis.tick_params(labelbottom=True)
    for axis in panels[len(adaptations) :]:
        axis.remove()
    names = [textwrap.fill(group.replace("-", " "), 18) for group in groups]
    axes[0, 0].set_yticks(range(len(groups)), names)
    axes[0, 0].set_ylim(len(groups) - 0.5, -0.5)
    handles = {label: handle for axis in panels for handle, label in zip(*axis.get_legend_handles_labels())}
    figure.legend(
        handles.values(), handles.keys(), loc="outside upper right", ncols=3, frameon=False, fontsize=9
    )
    return titled(figure, f"Effect on {measure}, by group", caption + marks.meaning(effects))


def _draw_panel(axis, effects: pd.DataFrame, groups: list[str]) -> None:
    """The effects of one adaptation."""
    strategies = in_order(effects.strategy)
    offsets = np.linspace(-0.22, 0.22, len(strategies)) if len(strategies) > 1 else [0.0]
    for offset, strategy in zip(offsets, strategies):
        of_strategy = effects[effects.strategy == strategy]
        rows, places = of_strategy.set_index("language").reindex(groups), np.arange(len(groups)) + offset
        marks.draw_effects(axis, places, rows, look(strategy, of_strategy["head"].iloc[0]), across=True)
    axis.axvline(0, color="0.3", linewidth=1)
