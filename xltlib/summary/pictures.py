"""The figures of a study, each with the table of what it plots and the name under which it is saved."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure

from xltlib import figures, levels, statistics
from xltlib.statistics import ARM
from xltlib.summary import costs, grids
from xltlib.summary.data import StudyData
from xltlib.summary.words import caption, interval_note, language
from xltlib.values import counted, counted_from_to, from_to, without_seed

EFFECT_COLUMNS = [
    *("study", "encoder", "strategy", "head", "adaptation", "language", "resource", "rung"),
    *("effect", "low", "high", "p", "p (Holm)", "p_equivalent", "verdict", "n_items", "n_seeds"),
]
# Differences that figures of languages show.
DRAWN = [f"{first} - {second}" for first, second in statistics.COMPARED]


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
    pictures = []
    for (adaptation, head), effects in groups:
        stem, table = figures.file_name(f"adaptation_effect_{adaptation}_{head}"), effects[EFFECT_COLUMNS]
        if not pictures:
            stem, table = "adaptation_effect", data.targets[EFFECT_COLUMNS]
        between = data.between[(data.between["head"] == head) & data.between.strategy.isin(DRAWN)]
        seeds = data.by_seed[data.by_seed["head"] == head]
        figure = figures.adaptation_effect(
            effects, between, seeds, adaptation, caption(data, effects), data.seen, list(data.grouped)
        )
        pictures.append(Picture(stem, figure, table))
    return pictures


def _controls_last(data: StudyData, effects: pd.DataFrame) -> pd.DataFrame:
    """Effects with those of controls behind the others, else as they stood."""
    return effects.sort_values("adaptation", key=data.is_control, kind="stable")


def _items(data: StudyData) -> str:
    """Items of a target, the fewest to the most: a mean of targets counts all that any of them has."""
    return from_to(data.shown[data.shown.language1 != data.source].groupby("language1").n_items.max())


def family_pictures(data: StudyData) -> list[Picture]:
    """All adaptations side by side, one figure a head, where there are more than two."""
    pictures, family = [], _family_with_verdicts(data)
    for position, (head, arms) in enumerate(family.groupby("head", sort=False)):
        if arms.adaptation.nunique() < 3:
            continue
        seeds = counted_from_to(arms.n_seeds, "seed")
        text = f"Study {data.study}, head {head}, checkpoint: {data.selection}. "
        text += f"{seeds}, {_items(data)} items a language. Lines: {interval_note(arms.n_seeds.max())}."
        at_source = {f"effect on {data.source}": "effect on source"}
        table = arms.rename(columns=at_source).assign(control=data.is_control(arms.adaptation))
        figure = figures.adaptation_family(table, text, language(data.source))
        pictures.append(
            Picture("adaptation_family" if position == 0 else f"adaptation_family_{head}", figure, arms)
        )
    return pictures


def _family_with_verdicts(data: StudyData) -> pd.DataFrame:
    """The family with the verdict on each mean effect, in the order of the study, controls last."""
    verdicts = data.groups[data.groups.language == "mean"][[*ARM, "verdict"]]
    family = costs.family(data).merge(verdicts, on=ARM, how="left")
    order = list(dict.fromkeys(data.runs.adaptation))
    return _controls_last(data, statistics.ordered(family, "adaptation", order))


def answer_pictures(data: StudyData) -> list[Picture]:
    """The figures that answer the question: effects by group and by language; of many adaptations the family.

    Groups are shown where the study has some of its own.
    """
    pictures = group_pictures(data) + effect_pictures(data)
    return pictures + family_pictures(data) if data.many_adaptations else pictures


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


def _group_pictures(data: StudyData, means: pd.DataFrame, stem: str, measure: str) -> list[Picture]:
    """Effects on means of groups, one figure a head."""
    pictures, order = [], list(dict.fromkeys(data.runs.adaptation))
    means = means[means.language.isin(list(data.grouped))]
    means = statistics.ordered(means, "adaptation", order)
    for head, of_head in means.groupby("head", sort=False):
        effects = _controls_last(data, of_head)
        name = f"{stem}_{head}" if pictures else stem
        text = caption(data, effects, dots=False, unit="group of languages")
        figure = figures.group_effects(effects, list(data.grouped), text, measure)
        pictures.append(Picture(name, figure, effects[EFFECT_COLUMNS[1:]]))
    return pictures


def cost_pictures(data: StudyData) -> list[Picture]:
    """The family of adaptations, unless it stands beside the answer already."""
    return [] if data.many_adaptations else family_pictures(data)


def described_effects(data: StudyData) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Effects of the first adaptation, and what is known of their languages (a column a covariate)."""
    effects = _controls_last(data, data.targets)
    if len(effects):
        first = effects.iloc[0]
        effects = effects[(effects.adaptation == first.adaptation) & (effects["head"] == first["head"])]
    covariates = statistics.covariates(data.runs.encoder.iloc[0])
    return effects, covariates[covariates.index.isin(effects.language)].dropna(axis=1, how="all")


def covariate_pictures(data: StudyData) -> list[Picture]:
    """The effect on each language against what is known of it, for three languages or more.

    None where little is known of most of them: a line through the others would say nothing of these. None of
    a study with groups of languages: what else the groups differ in would look like the covariate's doing.
    """
    effects, covariates = described_effects(data)
    too_few = len(covariates) < max(3, effects.language.nunique() / 2)
    if data.grouped or too_few or not len(covariates.columns):
        return []
    figure = figures.covariates(effects, covariates, caption(data, effects).split("\n")[0])
    columns = ["strategy", "adaptation", "language", "effect", *covariates.columns]
    table = effects.merge(covariates.rename_axis("language").reset_index(), on="language")[columns]
    return [Picture("covariates", figure, table)]


def covariate_table(data: StudyData) -> pd.DataFrame:
    """What is known of the languages of that figure: a row a language.

    Where the runs counted pieces, every language stands there, beside them its resource level and the source
    of that; of several encoders there is a row each.
    """
    _, covariates = described_effects(data)
    pieces = piece_table(data)
    table = pieces.join(covariates.round(2), on="language") if len(pieces) else covariates.round(2)
    if len(pieces):
        table = table.set_index(["encoder", "language"] if pieces.encoder.nunique() > 1 else "language")
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
        counts = data.pieces.get((encoder, code))
        if counts is not None:
            source = levels.source(code, encoder, counts["unknown"])
            about = {"encoder": encoder, "language": code, "level": level, "source of the level": source}
            shares = {"unknown pieces (%)": round(100 * counts["unknown"], 1)}
            rows.append({**about, "pieces a word": round(counts["pieces_per_word"], 2), **shares})
    return pd.DataFrame(rows)


def grid_pictures(data: StudyData) -> list[Picture]:
    """Accuracy of every pair of two languages, one figure a head, where the study was scored on them.

    The table beside the first holds all cells of the study.
    """
    pictures, cells = [], grids.cells(data)
    for (encoder, head), arm_cells in cells.groupby(["encoder", "head"], sort=False):
        items, rungs = arm_cells.n_items.max(), ", ".join(sorted(set(arm_cells.rung)))
        seeds, half_width = counted(arm_cells.n_seeds.max(), "seed"), 98 / items**0.5
        text = (
            f"Study {data.study}. Encoder {figures.encoder_name(encoder)}, head {head}, "
            f"{seeds}, rung {rungs}. {items} items a cell (95 % interval of one seed's cell: "
            f"up to {half_width:.0f} points to each side), checkpoint: {data.selection}."
        )
        figure = figures.generalized_grid(arm_cells, text)
        stem, table = (f"generalized_{head}", arm_cells) if pictures else ("generalized", cells)
        pictures.append(Picture(stem, figure, table))
    return pictures


def dose_pictures(data: StudyData) -> list[Picture]:
    """The mean effect by how much text an adaptation could read, where the study has several doses of one."""
    doses = costs.doses(data)
    if doses.empty:
        return []
    seeds = counted_from_to(doses.n_seeds, "seed")
    text = f"Study {data.study}; {seeds}, {_items(data)} items a language. "
    text += f"Lines: {interval_note(doses.n_seeds.max())}."
    return [Picture("dose_response", figures.dose_response(doses, text), doses)]


def tree_pictures(data: StudyData) -> list[Picture]:
    """How much of dependency trees the encoder's vectors have, where adaptations were asked about it."""
    table = costs.trees(data)
    if table.empty:
        return []
    runs = [record for record in data.records if record.get("trees")]
    encoder, seeds = runs[0]["encoder"], counted(len({record["seed"] for record in runs}), "seed")
    text = f"Study {data.study}. Encoder {figures.encoder_name(encoder)}, {seeds}."
    trained = {without_seed(run["label"]): run["strategy"] for run in runs if run["parameters"].get("start")}
    floors = costs.tree_floors(runs)
    if floors:
        text += " Floor: each word joined to the next (benchmarks/tree_floors.csv)."
    return [Picture("trees", figures.trees(table, text, trained, floors), table)]
