"""Lines: losses, responses to a dose or a strength, effects against what is known of languages."""

from __future__ import annotations

import math
import textwrap
from itertools import cycle

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from xltlib import languages
from xltlib.figures import marks
from xltlib.figures.style import adaptation_name, in_order, look, noise_looks, palette, theme, titled

FEWEST_FOR_A_LINE = 3  # through so many languages or fewer no line is drawn
APART = 1.06  # by what factor two lines stand apart on a logarithmic scale


def loss_curve(losses: list[float]):
    """Training loss of each update, and its running mean.

    Cross-entropy of two classes that stays at ln 2 = 0.69 means that nothing is learned yet.
    """
    with plt.style.context("seaborn-v0_8-whitegrid"):
        figure, axis = plt.subplots(figsize=(6, 2.6))
    updates = range(1, len(losses) + 1)
    window = max(1, len(losses) // 20)
    smooth = pd.Series(losses).rolling(window, min_periods=1).mean()
    axis.plot(updates, losses, color="0.8", linewidth=0.8, label="each update")
    axis.plot(updates, smooth, color="#0072B2", label="running mean")
    axis.legend()
    axis.set(xlabel="update", ylabel="loss", ylim=(0, None))
    return figure


def strength_response(effects: pd.DataFrame, caption: str):
    """Effect of a noise against its strength, one line a noise, with intervals.

    Args:
        effects: columns ``noise, strength, effect, low, high, verdict, n_seeds``.
    """
    lines, line_styles = {}, {}
    looks = noise_looks(list(effects.noise.unique()))
    for noise, rows in effects.groupby("noise", sort=False):
        name, *line_style = looks[noise]
        lines[name], line_styles[name] = rows.rename(columns={"strength": "x"}), line_style
    xlabel = "radius relative to the mean embedding (log scale)"
    ylabel = "mean of targets against\nthe control (points)"
    return _responses({"": lines}, xlabel, ylabel, caption, line_styles)


def dose_response(effects: pd.DataFrame, caption: str):
    """Mean effect of an adaptation against how much text it could read, with intervals.

    One line an adaptation and strategy; a panel a group of languages, where there are several. Lines of one
    adaptation have the colours and markers of their strategies.

    Args:
        effects: columns ``strategy, use, sentences, effect, low, high, verdict, n_seeds`` and, of groups,
            ``group``; ``sentences`` in all languages together.
    """
    panels, line_styles = {}, {}
    by_group = effects.groupby("group", sort=False) if "group" in effects else [("", effects)]
    for group, of_group in by_group:
        panels[group.replace("-", " ")] = lines = {}
        for (use, strategy), rows in of_group.groupby(["use", "strategy"], sort=False):
            strategy_name, colour, marker = look(strategy)
            name = f"{adaptation_name(use)}, {strategy_name}"
            lines[name] = rows.rename(columns={"sentences": "x"})
            line_styles[name] = (colour, marker)
    ylabel = "mean effect on zero-shot\ntargets (points)"
    distinct = len(set(line_styles.values())) == len(line_styles)
    styles_of_strategies = line_styles if effects.use.nunique() == 1 and distinct else None
    xlabel = "sentences read, all languages together (log scale)"
    return _responses(panels, xlabel, ylabel, caption, styles_of_strategies)


def _responses(
    panels: dict[str, dict[str, pd.DataFrame]],
    xlabel: str,
    ylabel: str,
    caption: str,
    line_styles: dict[str, tuple] | None = None,
):
    """Panels, by title, of lines of ``effect`` with intervals over ``x``, on one logarithmic scale.

    Args:
        line_styles: colour and marker of each line; None: those of a palette.
    """
    theme()
    if line_styles is None:
        names = list(dict.fromkeys(name for lines in panels.values() for name in lines))
        line_styles = dict(zip(names, zip(palette(max(5, len(names))), cycle("osD^v"))))
    if len(panels) == 1:
        figure, axes = plt.subplots(figsize=(6.5, 3.8), squeeze=False, layout="constrained")
    else:  # two in a row
        rows = math.ceil(len(panels) / 2)
        figure, axes = plt.subplots(
            rows, 2, figsize=(9, 3 * rows), sharex=True, sharey=True, squeeze=False, layout="constrained"
        )
    for axis, (title, lines) in zip(axes.flat, panels.items()):
        _response(axis, lines, line_styles)
        axis.set(title=title)
    for axis in axes.flat[len(panels) :]:
        axis.set_visible(False)
    for axis in axes[-1]:
        axis.set(xlabel=xlabel if len(panels) == 1 else textwrap.fill(xlabel, 30))
    for axis in axes[:, 0]:
        axis.set(ylabel=ylabel)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper left", frameon=False)
    effects = pd.concat([rows for lines in panels.values() for rows in lines.values()])
    return titled(figure, "", caption + marks.meaning(effects))


def _response(axis, lines: dict[str, pd.DataFrame], line_styles: dict[str, tuple]) -> None:
    """Lines of ``effect`` with intervals over ``x``, with a tick at each value.

    Lines stand side by side around their values, so that no interval hides another.
    """
    factors = APART ** (np.arange(len(lines)) - (len(lines) - 1) / 2)
    for (name, rows), factor in zip(lines.items(), factors):
        rows, (colour, marker) = rows.sort_values("x"), line_styles[name]
        places = rows.x.to_numpy(float) * factor
        axis.plot(places, rows.effect, color=colour, linewidth=1, alpha=0.6)
        marks.draw_effects(axis, places, rows, (name, colour, marker))
    axis.axhline(0, color="0.3", linewidth=1)
    values = sorted({x for rows in lines.values() for x in rows.x})
    axis.set(xscale="log")
    axis.set_xticks(values, [f"{x:,}" if x >= 1000 else f"{x:g}" for x in values])
    axis.set_xticks([], minor=True)


def covariates(effects: pd.DataFrame, table: pd.DataFrame, caption: str):
    """Effect per language against what is known of it: a picture, not a test, for seven languages decide
    nothing.

    One row of panels a strategy, one column a covariate, on the same scales. Thick: least squares through all
    languages; thin: the same with each language left out once.

    Args:
        effects: columns ``strategy, head, adaptation, language, effect``, of one adaptation and head.
        table: one row a language (index), one column a covariate.
    """
    theme()
    strategies = in_order(effects.strategy)
    width = max(5.2 if len(table.columns) == 1 else 3.8, 0.45 * len(table))
    figure, axes = plt.subplots(
        len(strategies),
        len(table.columns),
        figsize=(width * len(table.columns) + 0.4, 2.2 + 2.6 * len(strategies)),
        sharex="col",
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    for row_of_axes, strategy in zip(axes, strategies):
        of_strategy = effects[effects.strategy == strategy].set_index("language")
        name, colour, marker = look(strategy, of_strategy["head"].iloc[0])
        for axis, covariate in zip(row_of_axes, table):
            rows = of_strategy.join(table[covariate], how="inner").dropna(subset=[covariate, "effect"])
            if len(rows):
                x, y = rows[covariate].to_numpy(float), rows.effect.to_numpy(float)
                _scatter_with_fits(axis, x, y, colour, marker)
            for value in table[covariate].dropna():
                axis.axvline(value, color="0.93", linewidth=0.8, zorder=0)
            axis.axhline(0, color="0.3", linewidth=1)
        wrapped = textwrap.fill(name, 24, break_on_hyphens=False)
        row_of_axes[0].set_ylabel(f"{wrapped}\n(accuracy points)", fontsize=10)
    for top, bottom, covariate in zip(axes[0], axes[-1], table):
        _name_languages_above(top, table[covariate].dropna().sort_values())
        bottom.set(xlabel=textwrap.fill(covariate, 26))
    name = adaptation_name(effects.adaptation.iloc[0])
    title = f"The effect against what is known of a language: {name}"
    if effects.language.nunique() > FEWEST_FOR_A_LINE:
        caption += " Thick lines: least squares; thin: with one language left out."
    return titled(figure, textwrap.fill(title, int(9 * figure.get_figwidth())), caption)


def _scatter_with_fits(axis, x: np.ndarray, y: np.ndarray, colour: str, marker: str) -> None:
    """A mark a language, and lines of least squares: through all of them, and with each left out once."""
    ends = np.array([x.min(), x.max()])

    def fit(kept: np.ndarray, linewidth: float, alpha: float) -> None:
        line = np.polyval(np.polyfit(x[kept], y[kept], 1), ends)
        axis.plot(ends, line, color=colour, linewidth=linewidth, alpha=alpha)

    if len(x) > FEWEST_FOR_A_LINE:
        fit(np.full(len(x), True), 2, 1)
        for left_out in range(len(x)):
            fit(np.arange(len(x)) != left_out, 0.6, 0.5)
    axis.plot(x, y, marker, color=colour, markersize=6, linestyle="none")


def _name_languages_above(axis, values: pd.Series) -> None:
    """Names of languages side by side above the axis, each tied to its place; values sorted, by language."""
    rail = np.linspace(values.min(), values.max(), len(values))
    above = axis.get_xaxis_transform()
    for (code, value), place in zip(values.items(), rail):
        axis.plot([value, place], [1.0, 1.08], color="0.7", linewidth=0.6, transform=above, clip_on=False)
        name = languages.row(code).name
        alignment = {"ha": "left", "va": "bottom", "rotation_mode": "anchor", "transform": above}
        axis.text(place, 1.09, name, rotation=60, fontsize=8, **alignment)
