"""Figures, each with the CSV of what it plots; ``caption`` is what stands below: encoder, n, seeds, rungs."""

from __future__ import annotations

import textwrap
from pathlib import Path

import matplotlib

matplotlib.rcParams["svg.hashsalt"] = "xltlib"  # SVG ids, and so the bytes, are the same every time

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.ticker import MaxNLocator

from xltlib import frozen, languages


THEME = {"style": "whitegrid", "rc": {"axes.spines.right": False, "axes.spines.top": False, "grid.color": "0.92"}}


def _titled(figure, title: str, caption: str):
    """The figure with a title above, if any, and what is to be known below."""
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=13)
    figure.supxlabel(textwrap.fill(caption, int(15 * figure.get_figwidth())), x=0.01, ha="left", fontsize=8, color="0.35")
    return figure


def _cut(axis, table: pd.DataFrame, times: float, most: float = 0.0) -> str:
    """What is to be said below where intervals leave the scale: those of two seeds can dwarf all estimates."""
    ends = table[["low", "high"]].abs().stack()
    cut = ends.max() > (edge := max(1.25 * max(table.effect.abs().max(), most), times * ends.median()))
    if cut:
        axis.set_ylim(-edge, edge)
    return " Lines that reach the edge run on; the table has their ends." * bool(cut)


def loss_curve(losses: list[float]):
    """Training loss of each update, and its running mean: a plateau at ln 2 means nothing is learned yet."""
    sns.set_theme(style="whitegrid")
    figure, axis = plt.subplots(figsize=(6, 2.6))
    smooth = pd.Series(losses).rolling(max(1, len(losses) // 20), min_periods=1).mean()
    axis.plot(range(1, len(losses) + 1), losses, color="0.8", linewidth=0.8)
    axis.plot(range(1, len(losses) + 1), smooth, color="#0072B2")
    axis.set(xlabel="update", ylabel="loss", ylim=(0, None))
    return figure


STRATEGIES = {  # name, colour, marker: apart for colour-blind readers and in greyscale
    "plain": ("monolingual batches", "#7F7F7F", "D"),
    "cross-lingual": ("cross-lingual batches", "#56B4E9", "^"),
    "hybrid": ("hybrid batches", "#0072B2", "o"),
    "labse": ("LaBSE", "#D55E00", "s"),
    "labse+cross-lingual": ("LaBSE, cross-lingual batches", "#E69F00", "v"),
    "labse+hybrid": ("LaBSE, hybrid batches", "#009E73", "P"),
    "labse-recipe": ("LaBSE recipe (align, then classify)", "#D55E00", "s"),
    "labse-recipe+cross-lingual": ("LaBSE recipe, cross-lingual batches", "#E69F00", "v"),
    "labse-recipe+hybrid": ("LaBSE recipe, hybrid batches", "#009E73", "P"),
}


def known(strategy: str) -> str:
    """The strategy of the table above that one with a dose or a kind behind it is a case of."""
    return max((name for name in STRATEGIES if strategy == name or strategy.startswith((f"{name}-", f"{name}+"))), key=len, default="plain")


def look(strategy: str, head: str = "") -> tuple[str, str, str]:
    """Name, colour and marker of a strategy; under a frozen head the plain one has no batches to speak of.

    Example:
        >>> look("labse-recipe-100")[0]
        'LaBSE recipe (align, then classify), 100'
    """
    name, colour, marker = STRATEGIES[known(strategy)]
    name = "encoder as it is" if strategy == "plain" and head in frozen.FEATURES else name
    rest = strategy.removeprefix(known(strategy)).lstrip("-+")
    return name + f", {rest}" * bool(rest), colour, marker


def in_order(strategies) -> list[str]:
    """Strategies as they stand side by side in figures, each once."""
    return sorted(set(strategies), key=lambda strategy: (list(STRATEGIES).index(known(strategy)), strategy))


ENCODER_NAME = {"offline": "multilingual-e5-small (offline)"}
ADAPTATION_NAME = {
    "none": "none", "mlm": "masked language modelling", "align": "translation ranking", "tsdae": "denoising (TSDAE)", "dann": "domain discriminator",
    "coral": "CORAL", "mmd": "MMD", "consistency": "consistency on parallel pairs", "centre": "centring per language", "whiten": "whitening per language",
    "procrustes": "rotation onto English", "more-updates": "as many more English updates (control)",
}  # fmt: skip
NOISE_NAME = {
    "plain": "start", "step-matched": "no noise (control)", "fgm": "FGM", "pgd": "PGD", "freelb": "FreeLB", "gaussian": "random perturbation",
    "uniform": "uniform perturbation", "synonyms": "synonyms", "drop": "words left out", "salt": "self-augmentation",
}  # fmt: skip


def adaptation_effect(effects: pd.DataFrame, between: pd.DataFrame, by_seed: pd.DataFrame, adaptation: str, caption: str, seen: set[str] = frozenset()):
    """The effect of one adaptation per target language and strategy, and below it the difference of strategies.

    Args:
        effects, between, by_seed: from statistics.adaptation_effects and effects_by_seed, whose seeds are drawn as small dots.
        adaptation: which one to draw.
        seen: languages of which labels were read; their names say so.
    """
    sns.set_theme(**THEME)
    effects, between = (part[part.adaptation == adaptation] for part in (effects, between))
    codes = list(dict.fromkeys(effects.sort_values("language", key=lambda c: c.map(languages.ORDER.index)).language))
    if effects.groupby("strategy").encoder.nunique().max() > 1:
        raise ValueError("two encoders in one strategy: draw them apart")
    strategies, panels = in_order(effects.strategy), 1 + bool(len(between))
    figure, axes = plt.subplots(
        panels, 1, figsize=(max(6.5, (1.05 if len(codes) <= 10 else 0.85) * len(codes) + 1.6) + 3.2 * (len(strategies) > 3), 3.9 + 2.3 * (panels - 1)), sharex=True, squeeze=False,
        height_ratios=[3, 2][:panels], layout="constrained",
    )  # fmt: skip
    top = axes[0, 0]
    width = min(0.34, 0.1 * len(strategies)) + 0.16 * (len(strategies) > 3)
    shift = np.linspace(-width / 2, width / 2, len(strategies)) if len(strategies) > 1 else [0.0]
    for offset, strategy in zip(shift, strategies):
        name, colour, marker = look(strategy)
        rows = effects[effects.strategy == strategy].set_index("language").reindex(codes)
        x = np.arange(len(codes)) + offset
        top.vlines(x, rows.low, rows.high, color=colour, linewidth=2)
        top.plot(x, rows.effect, marker, color=colour, markersize=8 if len(strategies) < 4 else 6, label=name, linestyle="none")
        seeds = by_seed[(by_seed.strategy == strategy) & (by_seed.adaptation == adaptation) & by_seed.language.isin(codes)]
        if seeds.seed.nunique() > 1:  # the dot of a single seed would only repeat the point
            place = seeds.language.map(codes.index) + offset + (0.09 if len(strategies) < 4 else 0.04)
            top.plot(place, seeds.effect, ".", color=colour, alpha=0.6, markersize=5)
    top.axhline(0, color="0.3", linewidth=1)
    top.set_ylabel("effect of adaptation\n(accuracy points)")
    dots = by_seed[(by_seed.adaptation == adaptation) & by_seed.language.isin(codes)].effect.abs().max()
    caption += (cut := _cut(top, effects, 3, dots))
    if len(strategies) > 3:
        top.legend(loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False, fontsize=9)
    else:
        top.legend(loc="lower left", bbox_to_anchor=(0, 1.08), ncols=len(strategies), frameon=False, borderaxespad=0)
    if panels == 2:
        low = axes[1, 0]
        for position, (_, rows) in enumerate(between.groupby("strategy")):  # against LaBSE and against its recipe, if both are there
            rows, x = rows.set_index("language").reindex(codes), np.arange(len(codes)) + 0.17 * position
            low.vlines(x, rows.low, rows.high, color="0.25", linewidth=2)
            low.plot(x, rows.effect, "Ds"[position], color="0.25", markersize=7)
        low.axhline(0, color="0.3", linewidth=1)
        low.set_ylabel("hybrid minus\nLaBSE arm (points)")
        caption += _cut(low, between, 3, dots) * (not cut)
    bottom = axes[-1, 0]
    bottom.set_xticks(range(len(codes)), [languages.BY_CODE[code].name + "\n(labels read)" * (code in seen) for code in codes], fontsize=10)
    for label, code in zip(bottom.get_xticklabels(), codes):
        label.set_color(languages.RESOURCE_COLOURS[languages.BY_CODE[code].resource])
    bottom.set_xlim(-0.6, len(codes) - 0.4)
    for level, colour in languages.RESOURCE_COLOURS.items():
        places = [i for i, code in enumerate(codes) if languages.BY_CODE[code].resource == level]
        if places:
            top.text(np.mean(places), 1.01, f"{level}-resource", transform=top.get_xaxis_transform(), ha="center", fontsize=9, color=colour)
        for axis in axes[:, 0] if places and places[0] > 0 else ():  # a line between resource levels
            axis.axvline(places[0] - 0.5, color="0.7", linewidth=1, linestyle=":")
    figure.suptitle(f"What {adaptation_name(adaptation)} does to zero-shot accuracy", x=0.01, ha="left", fontsize=13)
    wrapped = "\n".join(textwrap.fill(line, int(16 * figure.get_figwidth())) for line in caption.splitlines())
    figure.supxlabel(wrapped, x=0.01, ha="left", fontsize=8, color="0.35")
    return figure


def generalized_grid(grid: pd.DataFrame, caption: str):
    """Accuracy of every pair of languages, one panel a strategy and adaptation.

    Args:
        grid: columns ``head, strategy, adaptation, language1, language2, accuracy`` (share), one row each.
    """
    sns.set_theme(style="white")
    strategies = in_order(grid.strategy)
    adaptations = sorted(grid.adaptation.unique(), key=lambda name: (name != "none", name))
    codes = sorted(grid.language1.unique(), key=languages.ORDER.index)
    size, columns = max(2.3, 0.36 * len(codes) + 0.5), min(3, len(strategies))  # three side by side can still be read on paper
    places = [(strategies[first : first + columns], adaptation) for first in range(0, len(strategies), columns) for adaptation in adaptations]
    figure, axes = plt.subplots(
        len(places), columns, figsize=(size * columns + 1.2, (size + 0.25) * len(places) + 1.0), squeeze=False, sharex=True, sharey=True, layout="constrained"
    )
    low, high = 100 * grid.accuracy.min(), 100 * grid.accuracy.max()
    for row, (beside, adaptation) in enumerate(places):
        for column, axis in enumerate(axes[row]):
            if column >= len(beside):
                axis.set_visible(False)
                continue
            of = grid[(grid.strategy == beside[column]) & (grid.adaptation == adaptation)]
            values = 100 * of.pivot(index="language1", columns="language2", values="accuracy").reindex(index=codes, columns=codes)
            sns.heatmap(values, ax=axis, vmin=low, vmax=high, cmap="cividis", annot=True, fmt=".0f", annot_kws={"size": 8}, square=True,
                        cbar=False, linewidths=0.4)  # fmt: skip
            name, _, _ = look(beside[column], grid["head"].iloc[0])
            axis.set_title(f"{name}\nadaptation: {adaptation_name(adaptation)}", fontsize=9)
            axis.set(xlabel="sentence 2" if row == len(places) - 1 else "", ylabel="sentence 1" if column == 0 else "")
            axis.tick_params(labelsize=8, rotation=0)
    figure.colorbar(axes[0, 0].collections[0], ax=axes, label="accuracy, per cent", shrink=0.5, aspect=40)
    return _titled(figure, "Both sentences in one language (diagonal), and in two", caption)


def language_bias(table: pd.DataFrame, measure: str, caption: str):
    """A measure of language bias per query language: one mark an arm, hollow without adaptation, filled with; of several adaptations, a table in colour.

    Args:
        table: columns ``head, strategy, adaptation, language`` and the measure, one row each.
        measure: column to draw, as bias.language_bias names it.
    """
    sns.set_theme(**THEME)
    codes = sorted(table.language.unique(), key=languages.ORDER.index)
    arms = [(s, a) for s in in_order(table.strategy) for a in dict.fromkeys(table[table.strategy == s].adaptation)]
    title = f"Language bias: {measure.replace('_', ' ')} of translations, per query language"
    if len({a for _, a in arms}) > 2:  # hollow and filled cannot tell more apart: numbers
        cells = table.pivot_table(index=["strategy", "adaptation"], columns="language", values=measure).loc[arms, codes]
        cells.index = [f"{look(strategy, table['head'].iloc[0])[0]}; {adaptation_name(adaptation)}" for strategy, adaptation in arms]
        cells.columns = [languages.BY_CODE[code].name for code in codes]
        figure, axis = plt.subplots(figsize=(max(9.5, 0.9 * len(codes) + 5.5), 0.4 * len(cells) + 1.7), layout="constrained")
        sns.heatmap(cells, ax=axis, cmap="cividis", annot=True, fmt=".2f", annot_kws={"size": 9}, cbar_kws={"label": measure.replace("_", " ")}, linewidths=0.4)
        axis.set(xlabel="", ylabel="")
        axis.tick_params(labelsize=9)
        return _titled(figure, title, caption.replace(" Hollow: no adaptation.", ""))
    figure, axis = plt.subplots(figsize=(max(6.5, 1.15 * len(codes) + 3.2), 4.2), layout="constrained")
    for offset, (strategy, adaptation) in zip(np.linspace(-0.3, 0.3, len(arms)) if len(arms) > 1 else [0.0], arms):
        name, colour, marker = look(strategy, table["head"].iloc[0])
        of = table[(table.strategy == strategy) & (table.adaptation == adaptation)].set_index("language").reindex(codes)
        face = "none" if adaptation == "none" else colour
        label = name if adaptation == "none" else f"{name}; {adaptation_name(adaptation)}"
        axis.plot(np.arange(len(codes)) + offset, of[measure], marker, color=colour, markerfacecolor=face, markersize=6, linestyle="none", label=label)
    axis.set_xticks(range(len(codes)), [languages.BY_CODE[code].name for code in codes])
    axis.set(ylabel=measure.replace("_", " "), ylim=(0, None))
    axis.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, fontsize=8)
    return _titled(figure, title, caption)


def arm_effects(effects: pd.DataFrame, caption: str, published: float | None = None, note: str = ""):
    """Effect of each arm per language, with intervals, one panel a control; the mean of the targets in the last column.

    Args:
        effects: columns ``control, label, language, effect, low, high``; language ``"mean"`` is the mean of the targets.
        published: a published mean gain, drawn hollow beside the mean in the first panel: it was over plain training.
        note: whose it is.
    """
    sns.set_theme(**THEME)
    codes = [code for code in languages.ORDER if code in set(effects.language)] + ["mean"]
    labels, controls = list(dict.fromkeys(effects.label)), list(dict.fromkeys(effects.control))
    colours, markers = sns.color_palette("colorblind", len(labels)), "osD^vPXd<>"
    figure, axes = plt.subplots(
        len(controls), 1, figsize=(max(8, 1.15 * len(codes) + 3), 3.4 * len(controls) + 1.2), sharex=True, sharey=True, squeeze=False, layout="constrained"
    )
    for row, (axis, control) in enumerate(zip(axes[:, 0], controls)):
        for position, (label, offset) in enumerate(zip(labels, np.linspace(-0.33, 0.33, len(labels)))):
            of = effects[(effects.label == label) & (effects.control == control)].set_index("language").reindex(codes)
            x = np.arange(len(codes)) + offset
            axis.vlines(x, of.low, of.high, color=colours[position], linewidth=1.6)
            axis.plot(x, of.effect, markers[position % len(markers)], color=colours[position], markersize=6, linestyle="none", label=NOISE_NAME.get(label, label))
        if published is not None and row == 0:
            axis.plot(len(codes) - 1 + 0.45, published, "o", color="0.2", markerfacecolor="none", markersize=9, linestyle="none", label=note)
        axis.axhline(0, color="0.3", linewidth=1)
        axis.axvline(len(codes) - 1.5, color="0.7", linewidth=1, linestyle=":")
        axis.set(ylabel=f"right answers\n{control} (points)", xlim=(-0.6, len(codes) - 0.3))
        runs_on = _cut(axis, effects, 2)
    names = [languages.BY_CODE[code].name if code in languages.BY_CODE else "mean of\ntargets" for code in codes]
    axes[-1, 0].set_xticks(range(len(codes)), names, rotation=35 if len(codes) > 10 else 0)
    axes[0, 0].legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize=9)
    return _titled(figure, "What noise in training does to zero-shot accuracy", caption + runs_on)


def difference_grid(cells: pd.DataFrame, caption: str):
    """Difference of each arm and the control for every pair of languages, one panel an arm.

    Args:
        cells: columns ``label, language1, language2, effect`` (points).
    """
    sns.set_theme(style="white")
    labels, codes = list(dict.fromkeys(cells.label)), [code for code in languages.ORDER if code in set(cells.language1)]
    columns = -(-len(labels) // -(-len(labels) // 4))  # at most four side by side, rows as full as can be
    rows, size, most = -(-len(labels) // columns), max(2.3, 0.38 * len(codes) + 0.4), cells.effect.abs().max()
    figure, axes = plt.subplots(rows, columns, figsize=(size * columns + 1, size * rows + 1.2), squeeze=False, sharex=True, sharey=True, layout="constrained")
    for axis in axes.flat[len(labels) :]:
        axis.set_visible(False)
    for position, (axis, label) in enumerate(zip(axes.flat, labels)):
        values = cells[cells.label == label].pivot(index="language1", columns="language2", values="effect").reindex(index=codes, columns=codes)
        sns.heatmap(values, ax=axis, vmin=-most, vmax=most, cmap="PuOr", annot=True, fmt=".0f", annot_kws={"size": 7}, square=True, cbar=False, linewidths=0.4)
        last = position + columns >= len(labels)
        axis.set(xlabel="sentence 2" if last else "", ylabel="sentence 1" if position % columns == 0 else "")
        axis.set_title(NOISE_NAME.get(label, label), fontsize=10)
        axis.tick_params(labelbottom=last, labelsize=8, rotation=0)
    figure.colorbar(axes[0, 0].collections[0], ax=axes, label="difference, points", shrink=0.6, aspect=30)
    return _titled(figure, "Against the control, both sentences in one language and in two", caption)


def strength_response(effects: pd.DataFrame, caption: str):
    """Effect of a noise against its strength, one line a noise, with intervals.

    Args:
        effects: columns ``noise, strength, effect, low, high``.
    """
    lines = {NOISE_NAME.get(noise, noise): of.rename(columns={"strength": "x"}) for noise, of in effects.groupby("noise", sort=False)}
    return _response(lines, "radius relative to the mean embedding", "mean of targets against\nthe control (points)", caption)


def dose_response(effects: pd.DataFrame, caption: str):
    """Mean effect of an adaptation against how much text it could read, one line an adaptation and strategy, with intervals.

    Args:
        effects: columns ``strategy, use, sentences, effect, low, high``; ``sentences`` in all languages together.
    """
    lines = {f"{adaptation_name(use)}, {look(strategy)[0]}": of.rename(columns={"sentences": "x"}) for (use, strategy), of in effects.groupby(["use", "strategy"], sort=False)}
    return _response(lines, "sentences without labels, all languages together", "mean effect on zero-shot\ntargets (points)", caption)


def _response(lines: dict[str, pd.DataFrame], across: str, up: str, caption: str):
    """Lines of ``effect`` with intervals over ``x``, on a logarithmic scale whose ticks are the values that were tried."""
    sns.set_theme(**THEME)
    figure, axis = plt.subplots(figsize=(6.5, 3.8), layout="constrained")
    for (name, of), marker, colour in zip(lines.items(), "osD^v", sns.color_palette("colorblind")):
        of = of.sort_values("x")
        axis.errorbar(of.x, of.effect, [of.effect - of.low, of.high - of.effect], marker=marker, color=colour, label=name, capsize=3)
    axis.axhline(0, color="0.3", linewidth=1)
    values = sorted({x for of in lines.values() for x in of.x})
    axis.set(xscale="log", xlabel=across, ylabel=up)
    axis.set_xticks(values, [f"{x:,}" if x >= 1000 else f"{x:g}" for x in values])
    axis.set_xticks([], minor=True)
    axis.legend(frameon=False)
    return _titled(figure, "", caption)


FAMILY = {  # panels of the figure below: column of the table, what stands under it
    "effect": "effect on zero-shot\ntargets (points)", "effect on source": "effect on English\n(points)",
    "retrieval, more": "translations found\n(share, change)", "tokens, more": "thousand tokens more\n(less a teacher's)",
}  # fmt: skip


def adaptation_name(adaptation: str) -> str:
    """An adaptation in words, with what tells it apart behind it.

    Example:
        >>> adaptation_name("mlm-wikipedia"), adaptation_name("dann+consistency")
        ('masked language modelling, wikipedia', 'domain discriminator + consistency on parallel pairs')
    """
    parts = []
    for part in adaptation.split("+"):
        known = max((name for name in ADAPTATION_NAME if part == name or part.startswith(f"{name}-")), key=len, default="")
        rest = part.removeprefix(known).lstrip("-")
        parts.append(f"{ADAPTATION_NAME.get(known, '')}, {rest}".strip(", ") if rest else ADAPTATION_NAME[known])
    return " + ".join(parts)


def adaptation_family(table: pd.DataFrame, caption: str):
    """All adaptations of a study side by side: mean effect with its interval, what it does to English and to alignment, and what it costs.

    Args:
        table: one row a strategy and adaptation, columns ``strategy, adaptation, low, high``, those of ``FAMILY``, and ``n_seeds``.
    """
    sns.set_theme(**THEME)
    strategies, panels = in_order(table.strategy), [name for name in FAMILY if table[name].notna().any()]
    order = table.groupby("adaptation").effect.mean().sort_values().index.tolist()
    figure, axes = plt.subplots(1, len(panels), figsize=(3.4 + 2.3 * len(panels), 1.7 + 0.42 * len(order)), sharey=True, squeeze=False, layout="constrained",
                                width_ratios=[1.6 if name == "effect" else 1 for name in panels])  # fmt: skip
    for axis, panel in zip(axes[0], panels):
        for offset, strategy in zip(np.linspace(-0.2, 0.2, len(strategies)) if len(strategies) > 1 else [0.0], strategies):
            name, colour, marker = look(strategy)
            of = table[table.strategy == strategy]
            y = np.array([order.index(adaptation) for adaptation in of.adaptation]) + offset
            if panel == "effect":
                axis.hlines(y, of.low, of.high, color=colour, linewidth=2)
            x, control = of[panel] / (1e3 if panel.startswith("tokens") else 1), (of.adaptation == "more-updates").to_numpy()
            axis.plot(x, y, marker, color=colour, markersize=7, linestyle="none", label=name)
            axis.plot(x[control], y[control], marker, color=colour, markerfacecolor="white", markersize=7, linestyle="none")
        axis.axvline(0, color="0.3", linewidth=1)
        axis.set_xlabel(FAMILY[panel], fontsize=10)
        axis.xaxis.set_major_locator(MaxNLocator(7 if panel == "effect" else 3))
        axis.set_ylim(-0.6, len(order) - 0.4)
    seeds = table.groupby("adaptation").n_seeds.min()
    behind = {name: f" ({n}\xa0seed{'s' * (n > 1)})" if seeds.nunique() > 1 else "" for name, n in seeds.items()}
    axes[0, 0].set_yticks(range(len(order)), [textwrap.fill(adaptation_name(name) + behind[name], 34, break_on_hyphens=False) for name in order], fontsize=9)
    if len(strategies) > 1:
        figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper right", ncols=len(strategies), frameon=False, fontsize=9)
    return _titled(figure, "The adaptation family", caption + " Hollow: the control." * bool((table.adaptation == "more-updates").any()))


def covariates(effects: pd.DataFrame, known: pd.DataFrame, caption: str):
    """Effect per language against what is known of the language: a picture, not a test, for seven languages decide nothing.

    Args:
        effects: columns ``strategy, adaptation, language, effect``, of one adaptation and head.
        known: one row a language (index), one column a covariate.

    Thick: least squares through all languages; thin: the same with each language left out once.
    """
    sns.set_theme(**THEME)
    width = max(5.2 if len(known.columns) == 1 else 3.8, 0.45 * len(known))
    figure, axes = plt.subplots(1, len(known.columns), figsize=(width * len(known.columns) + 0.4, 4.8), sharey=True, squeeze=False, layout="constrained")
    for axis, covariate in zip(axes[0], known):
        for strategy in in_order(effects.strategy):
            name, colour, marker = look(strategy)
            of = effects[effects.strategy == strategy].set_index("language").join(known[covariate], how="inner").dropna(subset=[covariate, "effect"])
            x, y = of[covariate].to_numpy(float), of.effect.to_numpy(float)
            if not len(x):
                continue
            across = np.array([x.min(), x.max()])
            for left_out in [None, *range(len(x))] if len(x) > 3 else []:
                kept = np.arange(len(x)) != (-1 if left_out is None else left_out)
                axis.plot(across, np.polyval(np.polyfit(x[kept], y[kept], 1), across), color=colour, linewidth=2 if left_out is None else 0.6, alpha=1 if left_out is None else 0.5)
            axis.plot(x, y, marker, color=colour, markersize=6, linestyle="none", label=name)
        named = known[covariate].dropna().sort_values()
        rail = np.linspace(named.min(), named.max(), len(named))  # names stand side by side above, each tied to its place
        for (code, value), place in zip(named.items(), rail):
            above = axis.get_xaxis_transform()
            axis.plot([value, place], [1.0, 1.08], color="0.7", linewidth=0.6, transform=above, clip_on=False)
            axis.text(place, 1.09, languages.BY_CODE[code].name, rotation=60, fontsize=8, ha="left", va="bottom", rotation_mode="anchor", transform=above)
            axis.axvline(value, color="0.93", linewidth=0.8, zorder=0)
        axis.axhline(0, color="0.3", linewidth=1)
        axis.set(xlabel=textwrap.fill(covariate, 26))
    axes[0, 0].set(ylabel=textwrap.fill(f"effect of {adaptation_name(effects.adaptation.iloc[0])}", 30) + "\n(accuracy points)")
    axes[0, -1].legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, fontsize=8)
    return _titled(figure, "The effect against what is known of a language", caption)


def ladder(table: pd.DataFrame, caption: str):
    """Accuracy over plain training by what supervision was read beyond labelled English: one mark an arm, rungs from left to right.

    Args:
        table: from claims.ladder: ``strategy, adaptation, rung, effect, low, high``.
    """
    sns.set_theme(**THEME)
    figure, axis = plt.subplots(figsize=(max(6.5, 1.5 * len(table) + 2), 4.2), layout="constrained")
    for x, row in enumerate(table.itertuples()):
        _, colour, marker = look(row.strategy)
        axis.vlines(x, row.low, row.high, color=colour, linewidth=2)
        axis.plot(x, row.effect, marker, color=colour, markerfacecolor="white" if row.adaptation == "none" else colour, markersize=8)
    names = [f"{row.rung}\n{textwrap.fill(look(row.strategy)[0], 18)}\n{textwrap.fill(adaptation_name(row.adaptation), 18)}" for row in table.itertuples()]
    axis.set_xticks(range(len(table)), names, fontsize=8)
    axis.axhline(0, color="0.3", linewidth=1)
    axis.set(ylabel="over plain training (points)", xlim=(-0.5, len(table) - 0.5))
    return _titled(figure, "What further supervision buys", caption + " Filled: with adaptation.")


def save(figure, table: pd.DataFrame, stem: Path) -> None:
    """Write ``stem``.png (200 dpi), .svg and .csv; the same bytes every time the same thing is drawn."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    for kind, metadata in ((".png", {"Software": None}), (".svg", {"Date": None})):
        figure.savefig(stem.with_name(stem.name + kind), dpi=200, metadata=metadata)  # a name may have a dot in it
    table.to_csv(stem.with_name(stem.name + ".csv"), index=False, float_format="%.4f", lineterminator="\n")
