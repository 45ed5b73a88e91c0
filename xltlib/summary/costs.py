"""What an adaptation costs and what else it changes; doses, penalties, and text that was held out from it."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from scipy.stats import gmean

from xltlib import provenance, statistics
from xltlib.notebooks import ADAPT
from xltlib.places import ROOT
from xltlib.statistics import ARM
from xltlib.summary.data import StudyData
from xltlib.summary.words import in_words, language
from xltlib.values import signed, without_draw, without_seed

MEASURES = ["seconds", "tokens", "retrieval", "rank_distance"]
# What other tables have, and seconds, which are those of a machine.
IN_OTHER_TABLES = ["low", "high", "p", "p_equivalent", "n_items", "n_seeds", "seconds, more"]
IN_WORDS = {
    "effect": "effect on the zero-shot targets",
    "effect on unread": "effect on languages not read",
    "retrieval": "translations found",
    "retrieval, more": "translations found, change",
    "rank_distance": "rank distance",
    "rank_distance, more": "rank distance, change",
    "tokens, more": "thousand tokens more",
}
ROUNDED = {"effect": 1, "low": 1, "high": 1, "p": 3, "p (Holm)": 3}
FLOORS = ROOT / "benchmarks" / "tree_floors.csv"
HELD_OUT = ["adaptation", "method", "language"]


def resources(data: StudyData) -> pd.DataFrame:
    """What the runs of each arm took, and how much more than those of the same seed without adaptation.

    Returns:
        Columns of statistics.costs, and ``..., more``: mean over seeds, a row an arm.
    """
    keys = ["encoder", "strategy", "head", "seed"]
    of_run = data.runs[["run", "seed", *ARM]].merge(statistics.costs(data.records), on="run")
    baseline = of_run[of_run.adaptation == "none"][[*keys, *MEASURES]]
    of_run = of_run.merge(baseline, on=keys, how="left", suffixes=("", ", without"))
    for name in MEASURES:
        of_run[f"{name}, more"] = of_run[name] - of_run.pop(f"{name}, without")
    return of_run.groupby(ARM, sort=False).mean(numeric_only=True).drop(columns="seed")


def family(data: StudyData) -> pd.DataFrame:
    """All adaptations side by side, a row an adapted arm.

    Returns:
        The mean effect; the effect on each target, on the source, and on targets of which nothing was read;
        what it took, and what it did to sentence retrieval.
    """
    targets = data.targets.assign(language="effect on " + data.targets.language.astype(str))
    on_each = targets.pivot_table(index=ARM, columns="language", values="effect", sort=False).reset_index()
    on_source = _effect_only(data.effects_at_source, f"effect on {data.source}")
    unread = _effect_only(effects_on_unread(data), "effect on unread")
    costs = resources(data).drop(columns=["seconds", "tokens"]).reset_index()
    table = data.mean_effects
    if len(on_each):
        table = table.merge(on_each, on=ARM, how="left")
    return table.merge(on_source, on=ARM).merge(unread, on=ARM, how="left").merge(costs, on=ARM)


def effects_on_unread(data: StudyData) -> pd.DataFrame:
    """The effect on those targets of which the adapted arm has read nothing at all."""
    columns = [*ARM, "language1", "supervision"]
    supervision = data.accuracy[columns].astype(str).drop_duplicates()
    supervision = supervision.rename(columns={"language1": "language"})
    rows = data.right_zero_shot.merge(supervision, on=[*ARM, "language"])
    unread = (rows.supervision == "none") | (rows.adaptation == "none")
    return statistics.mean_effects(rows[unread])


def _effect_only(effects: pd.DataFrame, name: str) -> pd.DataFrame:
    return effects[[*ARM, "effect"]].rename(columns={"effect": name})


def family_table(data: StudyData) -> pd.DataFrame:
    """The family to be read: a column an adapted arm, a row a number; rows that no arm has are left out.

    Effects are in points; other numbers are shares, or tokens in thousands.
    """
    table = family(data).set_index(data.arm).drop(columns=IN_OTHER_TABLES).select_dtypes("number")
    on_languages = {f"effect on {code}": f"effect on {language(code)}" for code in data.order}
    names, rows = IN_WORDS | on_languages, {}
    for name, values in table.dropna(axis=1, how="all").items():
        rows[names.get(name, name)] = [_in_digits(name, value) for value in values]
    return in_words(pd.DataFrame(rows, index=table.index).T, data)


def _in_digits(name: str, value: float) -> str:
    """A number of the family: points with one digit and their sign, shares with two, tokens in thousands."""
    if pd.isna(value):
        return ""
    if name.startswith("effect"):
        return signed(value)
    if name.startswith("tokens"):
        return f"{round(value / 1000):,}".replace("-", "−")
    return signed(value, 2) if name.endswith("more") else f"{value:.2f}"


def over_updates_table(data: StudyData) -> pd.DataFrame:
    """The mean effect of each adaptation over the control of as many updates; empty without that control."""
    columns = ["effect", "low", "high", "p", "p (Holm)", "verdict", "n_items", "n_seeds"]
    return in_words(data.over_updates.set_index(data.arm)[columns].round(ROUNDED), data)


def penalty_table(data: StudyData) -> pd.DataFrame:
    """How large the penalties on training were, before their weight, mean over seeds; empty without any.

    Records keep a curve of at most 50 points, each the mean of some updates.
    """
    rows = []
    for _, run in data.runs.iterrows():
        curve = run.get("penalty")
        if isinstance(curve, list) and curve:
            tenth = math.ceil(len(curve) / 10)
            rows.append((*run[data.arm], np.mean(curve[:tenth]), min(curve), np.mean(curve[-tenth:])))
    columns = [*data.arm, "first tenth", "lowest point", "last tenth"]
    table = pd.DataFrame(rows, columns=columns).groupby(data.arm, sort=False).mean()
    return in_words(table.map("{:.2g}".format), data)


def doses(data: StudyData) -> pd.DataFrame:
    """Adaptations that the study has in several doses and that differ in nothing else, a row an arm.

    Returns:
        ``use``: the method; ``sentences`` that it could read in all languages together; and its mean effect
        with its ``verdict``, on each ``group`` where the study has groups of its own.
    """
    facts = provenance.facts_in_names(data.read, data.run_identity)
    other_uses = {use for use, fact in facts if fact != "dose"}
    uses = {use for use, fact in facts if fact == "dose"} - other_uses
    counts = [
        (run, entry.use, entry.count)
        for run, entries in data.read.items()
        # What only measures, as a probe of trees does, is no dose.
        for entry in provenance.first_kinds([entry for entry in entries if entry.role != "probe"])
        if entry.use in uses
    ]
    sentences = pd.DataFrame(counts, columns=["run", "use", "sentences"])
    arms = data.runs[["run", *ARM]].merge(sentences, on="run").drop(columns="run").drop_duplicates()
    effects = data.mean_effects_by_group if data.grouped else data.mean_effects.assign(group="mean")
    verdicts = data.groups.rename(columns={"language": "group"})[[*ARM, "group", "verdict"]]
    table = arms.merge(effects, on=ARM).merge(verdicts, on=[*ARM, "group"], how="left")
    return table if data.grouped else table.drop(columns="group")


def dose_table(data: StudyData) -> pd.DataFrame:
    """The mean effect by dose; empty where the study has one dose of each adaptation."""
    rows = doses(data)
    rows = rows.assign(adaptation=rows.use)  # without its dose, which is a column of its own
    if data.grouped:
        rows["group"] = rows.group.str.replace("-", " ")
    index = [*data.arm, *(["group"] if data.grouped else []), "sentences"]
    return in_words(rows.set_index(index)[["effect", "low", "high", "n_seeds"]].round(ROUNDED), data)


def held_out(data: StudyData) -> pd.DataFrame:
    """What adaptations did to held-out text of their own kind, mean over seeds; each draw by itself.

    Returns:
        ``adaptation, method, language, before, after``: perplexities, or shares of translations found.
    """
    rows = []
    for record in data.records:
        if record["notebook"] == ADAPT:
            name = without_seed(record["label"])
            values = ((code, record["before"][code], record["after"][code]) for code in record["before"])
            rows += [(name, record["method"], *numbers) for numbers in values]
    for record in data.records:
        if record["arm"] and isinstance(record.get("retrieved"), dict):
            name = "last layer" if record["layer"] == -1 else f"layer {record['layer']}"
            values = ((code, share["before"], share["after"]) for code, share in record["retrieved"].items())
            rows += [(name, "rotation", *numbers) for numbers in values]
    table = pd.DataFrame(rows, columns=[*HELD_OUT, "before", "after"])
    return table.groupby(HELD_OUT, sort=False).mean().reset_index()


def on_the_way(data: StudyData) -> pd.DataFrame:
    """Held-out text while adaptations went on, on the mean of their languages, geometric mean over draws.

    Returns:
        ``adaptation, method, update, held_out``; update 0 is before. Empty where none was looked at on its
        way.
    """
    rows = []
    for record in data.records:
        if record.get("on_the_way"):
            name = without_draw(record["label"])
            start = [0, gmean(list(record["before"].values()))]
            rows += [(name, record["method"], *point) for point in (start, *record["on_the_way"])]
    table = pd.DataFrame(rows, columns=["adaptation", "method", "update", "held_out"])
    return table.groupby(["adaptation", "method", "update"], sort=False).held_out.agg(gmean).reset_index()


def trees(data: StudyData) -> pd.DataFrame:
    """How well a structural probe finds dependency trees before and after adaptations.

    Mean over seeds; each draw by itself.

    Returns:
        ``adaptation, method, language, trees_read``, whether the adaptation read trees of the language, and
        ``correlation_before, correlation_after, uuas_before, uuas_after``, see syntax.probe_scores.
    """
    rows = []
    for record in data.records:
        entries = provenance.from_record(record["read"])
        languages_read = {code for entry in entries if entry.kind == "trees" for code in entry.languages}
        for code, probe in record.get("trees", {}).items():
            row = {"adaptation": without_seed(record["label"]), "method": record["method"]}
            row |= {"language": code, "trees_read": code in languages_read}
            for measure in ("correlation", "uuas"):
                for stage in ("before", "after"):
                    row[f"{measure}_{stage}"] = (probe[stage] or {}).get(measure)
            rows.append(row)
    if not rows:
        return pd.DataFrame()
    names = [*HELD_OUT, "trees_read"]
    return pd.DataFrame(rows).groupby(names, sort=False).mean().reset_index()


def tree_floors(records: list[dict]) -> dict[str, float]:
    """UUAS of the order of words alone in the treebanks that probes were evaluated on, by language.

    Of treebanks that benchmarks/tree_floors.csv has; others, of one's own perhaps, have none.
    """
    if not FLOORS.is_file():
        return {}
    entries = [entry for record in records for entry in provenance.from_record(record["read"])]
    probed = [entry for entry in entries if entry.role == "probe"]
    treebanks = {name for entry in probed for name in entry.source.split()}
    table = pd.read_csv(FLOORS, keep_default_na=False)
    return table[table.treebank.isin(treebanks)].set_index("language").uuas.to_dict()


def held_out_table(data: StudyData) -> pd.DataFrame:
    """The same to be read: a row an adaptation, before and after; a column a language."""
    table = held_out(data)
    if table.empty:
        return table
    long = table.melt(HELD_OUT, ["before", "after"], "when")
    index = ["adaptation", "method", "when"]
    wide = long.pivot_table(index=index, columns="language", values="value", sort=False)
    return wide.map(_perplexity).rename(columns=language)


def _perplexity(value: float) -> str:
    if pd.isna(value):
        return ""
    return f"{value:,.2f}" if value < 10 else f"{value:,.0f}"
