"""Marks of effects with their intervals: filled where an effect is detected, hollow where it is not."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xltlib.statistics import is_detected


def draw_effects(
    axis,
    places: np.ndarray,
    rows: pd.DataFrame,
    look: tuple[str, str, str],
    size: float = 7,
    across: bool = False,
) -> None:
    """A mark with its interval for each row, and one entry in the legend.

    Args:
        places: where each row stands, on the axis of languages or arms.
        rows: columns ``effect, low, high, verdict, n_seeds``; missing values where nothing was measured.
        look: name, colour and marker.
        across: effects from left to right, places from top to bottom.
    """
    name, colour, marker = look
    mark = {"color": colour, "markersize": size, "linestyle": "none"}
    detected, one_seed = is_detected(rows).to_numpy(), (rows.n_seeds == 1).to_numpy()
    draw_lines = axis.hlines if across else axis.vlines
    for chosen, width, face in ((detected, 2.6, colour), (~detected, 1.3, "white")):
        for part, style in ((chosen & ~one_seed, "solid"), (chosen & one_seed, "dotted")):
            line = {"color": colour, "linewidth": width, "linestyle": style}
            draw_lines(places[part], rows.low[part], rows.high[part], **line)
        effects = rows.effect[chosen]
        x, y = (effects, places[chosen]) if across else (places[chosen], effects)
        axis.plot(x, y, marker, markerfacecolor=face, **mark)
    axis.plot([], [], marker, label=name, **mark)


def meaning(effects: pd.DataFrame) -> str:
    """What is to be said of these marks below a figure.

    Args:
        effects: columns ``verdict, n_seeds``.

    Example:
        >>> meaning(pd.DataFrame({"verdict": ["undecided"], "n_seeds": [6]}))
        ' Hollow: not detected (p above 5 % after correction), even if the interval excludes zero.'
    """
    text = ""
    detected, one_seed = is_detected(effects), effects.n_seeds == 1
    if detected.any():
        text += " Filled: detected after Holm's correction."
    if (~detected & ~one_seed).any():
        text += " Hollow: not detected (p above 5 % after correction), even if the interval excludes zero."
    if one_seed.any():
        text += " Dotted: one seed, an interval over test items alone, no verdict."
    return text
