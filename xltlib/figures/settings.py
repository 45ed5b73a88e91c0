"""What settings do on development data: accuracy and held-out text, an arm a row."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from xltlib import languages
from xltlib.figures.style import palette, theme, titled

BEFORE, AFTER = {"marker": "o", "markerfacecolor": "white"}, {"marker": "o"}


def development(table: pd.DataFrame, source: str, caption: str):
    """Accuracy on development pairs by arm, and an adaptation's measure on held-out text before and after.

    Args:
        table: as development.table returns it: a dot a seed, with a 95 % interval over pairs.
        source: the language of the development pairs.
    """
    theme()
    arms, measured = list(dict.fromkeys(table.arm)), "after" in table
    size = (9 if measured else 6.5, 1.6 + 0.34 * len(arms))
    figure, axes = plt.subplots(
        1, 2 if measured else 1, figsize=size, sharey=True, squeeze=False, layout="constrained"
    )
    rows = table.arm.map(arms.index)
    blue, orange = palette(2)
    half_width = 1.96 * table["standard error"]
    axes[0, 0].errorbar(table.accuracy, rows, xerr=half_width, fmt="o", color=blue, elinewidth=1)
    axes[0, 0].set_yticks(range(len(arms)), arms)
    axes[0, 0].set(ylim=(len(arms) - 0.5, -0.5))
    axes[0, 0].set(xlabel=f"accuracy on {languages.row(source).name} development pairs (%)")
    if measured:
        axis = axes[0, 1]
        for row, before, after in zip(rows, table.before, table.after):
            axis.plot([before, after], [row, row], color=orange, linewidth=1)
        axis.plot(table.before, rows, linestyle="none", color=orange, label="before", **BEFORE)
        axis.plot(table.after, rows, linestyle="none", color=orange, label="after adaptation", **AFTER)
        axis.set(xlabel="measure of held-out text (log scale)", xscale="log")
        axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.xaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))
        axis.xaxis.set_minor_formatter(NullFormatter())
        axis.legend(loc="best", frameon=True, fontsize=8)
    return titled(figure, "", caption)
