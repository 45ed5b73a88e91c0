"""Effects with their intervals: per language, by arm, and by supervision."""

from __future__ import annotations

import textwrap
from itertools import cycle

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from xltlib import languages
from xltlib.figures import marks
from xltlib.figures.style import (
    adaptation_name,
    cut_scale,
    in_order,
    look,
    noise_looks,
    strategy_name,
    theme,
    titled,
)

LEVEL_NAME = {  # what stands above the languages of a level; a group of a study has its own name
    "high": "high-resource",
    "medium": "medium-resource",
    "low": "low-resource",
    "unseen": "unseen by the encoder",
}


def adaptation_effect(
    effects: pd.DataFrame,
    between: pd.DataFrame,
    by_seed: pd.DataFrame,
    adaptation: str,
    caption: str,
    labelled: set[str] = frozenset(),
    groups: list[str] = (),
):
    """The effect of one adaptation per target language and strategy, and below it the difference of
    strategies.

    Args:
        effects, between, by_seed: from statistics.adaptation_effects, with verdicts, and effects_by_seed,
            whose seeds are drawn as small dots.
        adaptation: which one to draw.
        labelled: languages of which labels were read; their names say so.
        groups: of languages, in the order in which they are drawn; none: resource levels.
    Raises:
        ValueError: a strategy has effects of two encoders.
    """
    theme()
    effects, between = (table[table.adaptation == adaptation] for table in (effects, between))
    colours = colours_of(groups)
    levels = levels_of(effects, list(colours))
    codes = sorted(languages.in_order(levels), key=lambda code: list(colours).index(levels[code]))
    if effects.groupby("strategy").encoder.nunique().max() > 1:
        raise ValueError("two encoders in one strategy: draw them apart")
    by_seed = by_seed[(by_seed.adaptation == adaptation) & by_seed.language.isin(codes)]
    figure, axes, beside = _axes_of_effects(len(codes), in_order(effects.strategy), bool(len(between)))
    _draw_effects(axes[0], effects, by_seed, codes, beside)
    dots = by_seed.effect.abs().max()
    cut_note = cut_scale(axes[0], effects, 3, dots)
    if len(between):
        _draw_between(axes[1], between, codes)
        cut_note_between = cut_scale(axes[1], between, 3, dots)
        cut_note = cut_note or cut_note_between
    _name_languages(axes[-1], codes, labelled, levels, colours)
    _mark_resource_levels(axes, codes, levels, colours)
    measure = "accuracy" if labelled else "zero-shot accuracy"
    title = f"Effect on {measure}: {adaptation_name(adaptation)}"
    figure.suptitle(title, x=0.01, ha="left", fontsize=13)
    caption += marks.meaning(pd.concat([effects, between]))
    lines = [
        textwrap.fill(line, int(16 * figure.get_figwidth())) for line in (caption + cut_note).splitlines()
    ]
    figure.supxlabel("\n".join(lines), x=0.01, ha="left", fontsize=8, color="0.35")
    return figure


def colours_of(groups: list[str]) -> dict[str, str]:
    """The colour of each group of languages, in their order; of no groups those of the resource levels."""
    if not groups:
        return languages.RESOURCE_COLOURS
    return dict(zip(groups, cycle(languages.RESOURCE_COLOURS.values())))


def levels_of(effects: pd.DataFrame, order: list[str] = languages.LEVELS) -> dict[str, str]:
    """The resource level, or group, of each language; where one of several encoders has not seen it, that.

    Args:
        effects: columns ``language, resource``.
        order: of the levels.

    Example:
        >>> rows = {"language": ["yo", "de", "yo"], "resource": ["unseen", "high", "low"]}
        >>> levels_of(pd.DataFrame(rows))
        {'yo': 'unseen', 'de': 'high'}
    """
    levels = {}
    for code, level in zip(effects.language, effects.resource):
        levels[code] = max(levels.get(code, level), level, key=order.index)
    return levels


def _axes_of_effects(n_languages: int, strategies: list[str], two_panels: bool):
    """The figure, its panels, and whether the legend stands beside them: it has no room in a row above."""
    width_per_language = 1.05 if n_languages <= 10 else 0.85
    width = max(6.5, width_per_language * n_languages + 1.6)
    names = [look(strategy)[0] for strategy in strategies]
    beside = len(names) > 3 or sum(0.75 + 0.085 * len(name) for name in names) > width  # inches, about
    if beside:
        width += 3.2
    height, panels, ratios = 3.9, 1, [3]
    if two_panels:
        height, panels, ratios = 3.9 + 2.3, 2, [3, 2]
    shared = {"sharex": True, "squeeze": False, "height_ratios": ratios, "layout": "constrained"}
    figure, axes = plt.subplots(panels, 1, figsize=(width, height), **shared)
    return figure, axes[:, 0], beside


def _draw_effects(axis, effects: pd.DataFrame, by_seed: pd.DataFrame, codes: list[str], beside: bool):
    """A mark with its interval a language and strategy, strategies side by side; beside it a dot a seed.

    The legend stands ``beside`` the panel, or in a row above.
    """
    strategies = in_order(effects.strategy)
    many = len(strategies) > 3
    width = min(0.34, 0.1 * len(strategies))
    if many:
        width += 0.16
    offsets = np.linspace(-width / 2, width / 2, len(strategies)) if len(strategies) > 1 else [0.0]
    between_marks = width / (len(strategies) - 1) if len(strategies) > 1 else 0.2
    aside = 0.4 * between_marks  # of a mark: the dots of its seeds
    for offset, strategy in zip(offsets, strategies):
        of_strategy = effects[effects.strategy == strategy]
        strategy_look = look(strategy, of_strategy["head"].iloc[0])
        rows, places = of_strategy.set_index("language").reindex(codes), np.arange(len(codes)) + offset
        marks.draw_effects(axis, places, rows, strategy_look, 6 if many else 8)
        seeds = by_seed[by_seed.strategy == strategy]
        if seeds.seed.nunique() > 1:  # the dot of a single seed would only repeat the point
            place = seeds.language.map(codes.index) + offset + aside
            axis.plot(place, seeds.effect, ".", color=strategy_look[1], alpha=0.6, markersize=5)
    axis.axhline(0, color="0.3", linewidth=1)
    axis.set_ylabel("effect\n(accuracy points)")
    if beside:
        axis.legend(loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False, fontsize=9)
    else:
        place = {"loc": "lower left", "bbox_to_anchor": (0, 1.08), "borderaxespad": 0}
        axis.legend(ncols=len(strategies), frameon=False, **place)


def _draw_between(axis, between: pd.DataFrame, codes: list[str]) -> None:
    """Differences of strategies: against LaBSE and against its recipe, if both are there."""
    for position, (_, rows) in enumerate(between.groupby("strategy")):
        rows, places = rows.set_index("language").reindex(codes), np.arange(len(codes)) + 0.17 * position
        marks.draw_effects(axis, places, rows, ("", "0.25", "Ds"[position]))
    axis.axhline(0, color="0.3", linewidth=1)
    axis.set_ylabel("hybrid minus\nLaBSE arm (points)")


def _name_languages(
    axis, codes: list[str], labelled: set[str], levels: dict[str, str], colours: dict[str, str]
) -> None:
    """Names of languages below, in the colour of their resource level."""
    names = []
    for code in codes:
        name = textwrap.fill(languages.row(code).name, 12)
        names.append(f"{name}\n(labels read)" if code in labelled else name)
    axis.set_xticks(range(len(codes)), names, fontsize=10)
    for label, code in zip(axis.get_xticklabels(), codes):
        label.set_color(colours[levels[code]])
    axis.set_xlim(-0.6, len(codes) - 0.4)


def _mark_resource_levels(axes, codes: list[str], levels: dict[str, str], colours: dict[str, str]) -> None:
    """The name of each resource level above its languages, and a line between levels in every panel."""
    top = axes[0]
    for level, colour in colours.items():
        places = [i for i, code in enumerate(codes) if levels[code] == level]
        if not places:
            continue
        above = {"transform": top.get_xaxis_transform(), "ha": "center", "fontsize": 9, "color": colour}
        text = LEVEL_NAME.get(level, level.replace("-", " "))
        top.text(np.mean(places), 1.01, text, **above)
        if places[0] > 0:
            for axis in axes:
                axis.axvline(places[0] - 0.5, color="0.7", linewidth=1, linestyle=":")


def arm_effects(effects: pd.DataFrame, caption: str, published: float | None = None, note: str = ""):
    """Effect of each arm per language, with intervals, one panel a control; the mean of the targets comes
    last.

    Args:
        effects: columns ``control, label, language, effect, low, high, verdict, n_seeds``; language
            ``"mean"`` is the mean of the targets.
        published: a published mean gain, a star beside the mean in the first panel: it was over plain
            training.
        note: whose it is.
    """
    theme()
    codes = [*languages.in_order(effects.language.unique()), "mean"]
    controls = list(dict.fromkeys(effects.control))
    figsize = (max(8, 1.15 * len(codes) + 3), 3.4 * len(controls) + 1.2)
    shared = {"sharex": True, "sharey": True, "squeeze": False, "layout": "constrained"}
    figure, axes = plt.subplots(len(controls), 1, figsize=figsize, **shared)
    labels = list(dict.fromkeys(effects.label))
    for row, (axis, control) in enumerate(zip(axes[:, 0], controls)):
        _draw_arms(axis, effects[effects.control == control], labels, codes)
        if published is not None and row == 0:
            star = {"color": "0.2", "markersize": 10, "linestyle": "none"}
            axis.plot(len(codes) - 1 + 0.45, published, "*", label=note, **star)
        axis.axhline(0, color="0.3", linewidth=1)
        axis.axvline(len(codes) - 1.5, color="0.7", linewidth=1, linestyle=":")
        axis.set(ylabel=f"right answers\n{control} (points)", xlim=(-0.6, len(codes) - 0.3))
        cut_note = cut_scale(axis, effects, 2)
    names = [languages.row(code).name for code in codes[:-1]] + ["mean of\ntargets"]
    axes[-1, 0].set_xticks(range(len(codes)), names, rotation=35 if len(codes) > 10 else 0)
    axes[0, 0].legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize=9)
    caption = f"{caption}{marks.meaning(effects)}{cut_note}"
    return titled(figure, "What noise in training does to zero-shot accuracy", caption)


def _draw_arms(axis, effects: pd.DataFrame, labels: list[str], codes: list[str]) -> None:
    """A mark with its interval a language and arm, arms side by side."""
    looks = noise_looks(labels)
    for label, offset in zip(labels, np.linspace(-0.33, 0.33, len(labels))):
        rows = effects[effects.label == label].set_index("language").reindex(codes)
        marks.draw_effects(axis, np.arange(len(codes)) + offset, rows, looks[label], size=6)


def ladder(table: pd.DataFrame, caption: str):
    """Accuracy over plain training by what supervision was read beyond labelled English.

    One mark an arm, rungs from left to right.

    Args:
        table: from claims.ladder: ``strategy, adaptation, rung, effect, low, high, verdict, n_seeds``.
    """
    theme()
    figure, axis = plt.subplots(figsize=(max(6.5, 1.5 * len(table) + 2), 4.2), layout="constrained")
    names = []
    for x, row in enumerate(table.itertuples()):
        marks.draw_effects(axis, np.array([x]), table.iloc[[x]], look(row.strategy), size=8)
        name, adaptation = strategy_name(row.strategy), adaptation_name(row.adaptation)
        below = [row.rung, textwrap.fill(name, 18), textwrap.fill(adaptation, 18)]
        names.append("\n".join(below))
    axis.set_xticks(range(len(table)), names, fontsize=8)
    axis.axhline(0, color="0.3", linewidth=1)
    axis.set(ylabel="difference in accuracy (points)", xlim=(-0.5, len(table) - 0.5))
    title = "Accuracy by supervision, relative to plain training"
    return titled(figure, title, caption + marks.meaning(table))
