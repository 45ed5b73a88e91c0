"""The figures of a study, each with the table of what it plots and the name under which it is saved."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure

from xltlib import figures, levels, statistics
from xltlib.summary import costs, grids
from xltlib.summary.data import StudyData
from xltlib.summary.words import caption, from_to, language, lines_are
from xltlib.values import counted, without_seed

EFFECT_COLUMNS = [
    *("study", "encoder", "strategy", "head", "adaptation", "language", "resource", "rung"),
    *("effect", "low", "high", "p", "p (Holm)", "p_equivalent", "verdict", "n_items", "n_seeds"),
]
DRAWN = [f"{one} - {two}" for one, two in statistics.COMPARED]  # differences that figures of languages show


@dataclass
class Picture:
    """A figure that was drawn.

    Attributes:
        stem: of its files.
        figure: as matplotlib has it.
        table: what it plots.
    """

    stem: str
    figure: Figure
    table: pd.DataFrame


def effect_pictures(data: StudyData) -> list[Picture]:
    """What an adaptation does to each target language, one figure an adaptation and head.

    Controls come last; of many adaptations the first alone is drawn. The table beside the first holds all
    effects of the study.
    """
    groups = list(_controls_last(data, data.targets).groupby(["adaptation", "head"], sort=False))
    if data.many_adaptations:
        groups = groups[:1]
    drawn = []
    for (adaptation, head), shown in groups:
        stem, table = figures.file_name(f"adaptation_effect_{adaptation}_{head}"), shown[EFFECT_COLUMNS]
        if not drawn:
            stem, table = "adaptation_effect", data.targets[EFFECT_COLUMNS]
        between = data.between[(data.between["head"] == head) & data.between.strategy.isin(DRAWN)]
        seeds = data.by_seed[data.by_seed["head"] == head]
        figure = figures.adaptation_effect(
            shown, between, seeds, adaptation, caption(data, shown), data.seen, list(data.grouped)
        )
        drawn.append(Picture(stem, figure, table))
    return drawn


def _controls_last(data: StudyData, effects: pd.DataFrame) -> pd.DataFrame:
    """Effects with those of controls behind the others, else as they stood."""
    return effects.sort_values("adaptation", key=data.is_control, kind="stable")


def _items(data: StudyData) -> str:
    """Items of a target, the fewest to the most: a mean of targets counts all that any of them has."""
    return from_to(data.shown[data.shown.language1 != data.source].groupby("language1").n_items.max())


def family_pictures(data: StudyData) -> list[Picture]:
    """All adaptations side by side, one figure a head, where there are more than two."""
    drawn, family = [], costs.family(data)
    for position, (head, shown) in enumerate(family.groupby("head", sort=False)):
        if shown.adaptation.nunique() < 3:
            continue
        most, fewest = shown.n_seeds.max(), shown.n_seeds.min()
        marks = f"{counted(most, 'seed')}, {_items(data)} items a language. Lines: {lines_are(most)}"
        if fewest == 1 < most:
            marks += ", of single seeds over clusters alone"
        below = f"Study {data.study}, head {head}, checkpoint: {data.selection}. {marks}."
        at_source = {f"effect on {data.source}": "effect on source"}
        of_source = shown.rename(columns=at_source).assign(control=data.is_control(shown.adaptation))
        figure = figures.adaptation_family(of_source, below, language(data.source))
        drawn.append(
            Picture("adaptation_family" if position == 0 else f"adaptation_family_{head}", figure, shown)
        )
    return drawn


def answer_pictures(data: StudyData) -> list[Picture]:
    """The figures that answer the question: effects by group and by language; of many adaptations the family.

    Groups are shown where the study has some of its own.
    """
    drawn = group_pictures(data) + effect_pictures(data)
    return drawn + family_pictures(data) if data.many_adaptations else drawn


def group_pictures(data: StudyData) -> list[Picture]:
    """The effect on means of the study's own groups of languages, and that at matched shares.

    One figure a head; adaptations stand in the order of the study, the controls last.
    """
    if not data.grouped:
        return []
    at_matched_shares, _, _ = data.matched_effects
    return [
        *_group_pictures(data, data.groups, "group_effects", "accuracy"),
        *_group_pictures(data, at_matched_shares, "group_matched", "accuracy at matched shares"),
    ]


def _group_pictures(data: StudyData, means: pd.DataFrame, stem: str, of_what: str) -> list[Picture]:
    """Effects on means of groups, one figure a head."""
    drawn, order = [], list(dict.fromkeys(data.runs.adaptation))
    means = means[means.language.isin(list(data.grouped))]
    means = statistics.ordered(means, "adaptation", order)
    for head, of_head in means.groupby("head", sort=False):
        shown = _controls_last(data, of_head)
        name = f"{stem}_{head}" if drawn else stem
        below = caption(data, shown, dots=False, of_what="group of languages")
        figure = figures.group_effects(shown, list(data.grouped), below, of_what)
        drawn.append(Picture(name, figure, shown[EFFECT_COLUMNS[1:]]))
    return drawn


def cost_pictures(data: StudyData) -> list[Picture]:
    """The family of adaptations, unless it stands beside the answer already."""
    return [] if data.many_adaptations else family_pictures(data)


def described_effects(data: StudyData) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Effects of the first adaptation, and what is known of their languages (a column a covariate)."""
    effects = _controls_last(data, data.targets)
    if len(effects):
        first = effects.iloc[0]
        effects = effects[(effects.adaptation == first.adaptation) & (effects["head"] == first["head"])]
    known = statistics.covariates(data.runs.encoder.iloc[0])
    return effects, known[known.index.isin(effects.language)].dropna(axis=1, how="all")


def covariate_pictures(data: StudyData) -> list[Picture]:
    """The effect on each language against what is known of it, for three languages or more.

    None where little is known of most of them: a line through the others would say nothing of these. None of
    a study with groups of languages: what else the groups differ in would look like the covariate's doing.
    """
    effects, known = described_effects(data)
    if data.grouped or len(known) < max(3, effects.language.nunique() / 2) or not len(known.columns):
        return []
    figure = figures.covariates(effects, known, caption(data, effects).split("\n")[0])
    columns = ["strategy", "adaptation", "language", "effect", *known.columns]
    table = effects.merge(known.rename_axis("language").reset_index(), on="language")[columns]
    return [Picture("covariates", figure, table)]


def covariate_table(data: StudyData) -> pd.DataFrame:
    """What is known of the languages of that figure: a row a language.

    Where the runs counted pieces, every language stands there, beside them its resource level and the source
    of that; of several encoders there is a row each.
    """
    _, known = described_effects(data)
    told = piece_table(data)
    table = told.join(known.round(2), on="language") if len(told) else known.round(2)
    if len(told):
        table = table.set_index(["encoder", "language"] if told.encoder.nunique() > 1 else "language")
        table = table.drop(columns="encoder", errors="ignore")
    return table.rename(index=language)


def piece_table(data: StudyData) -> pd.DataFrame:
    """How finely each encoder cuts each language, what it does not know of it, and the resource level.

    Returns:
        Columns ``encoder, language, level, source of the level, pieces a word, unknown pieces (%)``; no rows
        of runs that did not count pieces.
    """
    rows = []
    for (encoder, code), level in data.levels.items():
        counted = data.pieces.get((encoder, code))
        if counted is not None:
            said = levels.source(code, encoder, counted["unknown"])
            about = {"encoder": encoder, "language": code, "level": level, "source of the level": said}
            shares = {"unknown pieces (%)": round(100 * counted["unknown"], 1)}
            rows.append({**about, "pieces a word": round(counted["pieces_per_word"], 2), **shares})
    return pd.DataFrame(rows)


def grid_pictures(data: StudyData) -> list[Picture]:
    """Accuracy of every pair of two languages, one figure a head, where the study was scored on them.

    The table beside the first holds all cells of the study.
    """
    drawn, cells = [], grids.cells(data)
    for (encoder, head), shown in cells.groupby(["encoder", "head"], sort=False):
        items, rungs = shown.n_items.max(), ", ".join(sorted(set(shown.rung)))
        seeds, half_width = counted(shown.n_seeds.max(), "seed"), 98 / items**0.5
        below = (
            f"Study {data.study}. Encoder {figures.ENCODER_NAME.get(encoder, encoder)}, head {head}, "
            f"{seeds}, rung {rungs}. {items} items a cell (95 % interval of one seed's cell: "
            f"up to {half_width:.0f} points to each side), checkpoint: {data.selection}."
        )
        figure = figures.generalized_grid(shown, below)
        stem, table = (f"generalized_{head}", shown) if drawn else ("generalized", cells)
        drawn.append(Picture(stem, figure, table))
    return drawn


def dose_pictures(data: StudyData) -> list[Picture]:
    """The mean effect by how much text an adaptation could read, where the study has several doses of one."""
    doses = costs.doses(data)
    if doses.empty:
        return []
    most, fewest = doses.n_seeds.max(), doses.n_seeds.min()
    seeds = counted(most, "seed") if most == fewest else f"{fewest} to {most} seeds"
    below = f"Study {data.study}; {seeds}, {_items(data)} items a language. "
    below += f"Lines: {lines_are(most)}."
    return [Picture("dose_response", figures.dose_response(doses, below), doses)]


def tree_pictures(data: StudyData) -> list[Picture]:
    """How much of dependency trees the encoder's vectors have, where adaptations were asked about it."""
    table = costs.trees(data)
    if table.empty:
        return []
    runs = [record for record in data.records if record.get("trees")]
    encoder, seeds = runs[0]["encoder"], counted(len({record["seed"] for record in runs}), "seed")
    below = f"Study {data.study}. Encoder {figures.ENCODER_NAME.get(encoder, encoder)}, {seeds}."
    trained = {without_seed(of["label"]): of["strategy"] for of in runs if of["parameters"].get("start")}
    floors = costs.tree_floors(runs)
    if floors:
        below += " Floor: each word joined to the next (benchmarks/tree_floors.csv)."
    return [Picture("trees", figures.trees(table, below, trained, floors), table)]
