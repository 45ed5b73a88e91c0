"""What noise in training does: the tables of 30_robustness.

Every arm is compared twice: with the model before any further training (``plain``), as published figures are,
and with as many updates without noise (``control``), which is what noise itself does.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from xltlib import figures, languages, statistics
from xltlib.values import counted, without_seed

OVER_PLAIN, OVER_UPDATES = "over plain training", "over as many updates"
WITH_RADIUS = ("fgm", "pgd", "freelb", "gaussian", "uniform")  # noises that perturb embeddings
RADIUS = re.compile(r"-r\d[\d.]*(?:e-?\d+)?$")  # ends the name of an arm that is left to the curve


def arms(state: dict) -> pd.DataFrame:
    """One row a run of an arm, with what its noise was.

    Nothing else in this module looks into a record's parameters or what it read.

    Args:
        state: a study's runs.json.
    Returns:
        ``run, label`` (without its seed), ``seed, task, rung``, the columns of ``statistics.ARM``,
        ``attack``, and ``noise`` (as it is called in tables), ``kind`` (as it was asked for; "": none),
        ``strength`` (NaN without noise), ``words`` (where exchanged words come from), ``updates`` and
        ``seconds a pair`` of training.
    """
    rows = []
    for run in state["runs"]:
        if not run["arm"]:
            continue
        parameters, noise = run["parameters"], run["parameters"]["noise"]
        kind = {"none": "", "perturbation": "gaussian"}.get(noise["kind"], noise["kind"])
        listed = [entry["source"] for entry in run["read"] if entry["role"] == "noise"]
        about = {name: run[name] for name in ("run", "seed", "task", "rung", *statistics.ARM)}
        about["label"] = without_seed(run["label"])
        about["attack"] = run.get("attack")
        about["noise"] = run["noise"]
        about["kind"] = kind
        about["strength"] = noise.get("radius", noise.get("share", np.nan))
        about["words"] = listed[-1] if kind and listed else ""
        about["updates"] = parameters["steps"]
        n_pairs = parameters["steps"] * parameters["batches"]["size"]
        about["seconds a pair"] = run["seconds"]["training"] / n_pairs
        rows.append(about)
    return pd.DataFrame(rows)


def refuse_without(table: pd.DataFrame, study: str, labels: list[str]) -> None:
    """Stop where there is nothing to compare with.

    Raises:
        ValueError: names the arm that is not there, and those that are.
    """
    present = list(dict.fromkeys(table.label))
    for label in labels:
        if label not in present:
            listed = ", ".join(present)
            raise ValueError(f"study {study} has no finished arm {label!r} to compare with: it has {listed}")


def costs(table: pd.DataFrame, control: str) -> pd.Series:
    """Seconds of training a pair, by arm, of those with as many updates as the control.

    Args:
        table: of :func:`arms`.
    """
    by_label = table.groupby("label", sort=False)
    updates = by_label.updates.first()
    return by_label["seconds a pair"].mean()[updates == updates[control]]


def overview(table: pd.DataFrame, control: str) -> pd.DataFrame:
    """One row an arm: noise, where words come from, strength, updates, seeds, cost relative to the control's.

    Args:
        table: of :func:`arms`.
    """
    shown = table.groupby("label", sort=False).agg(
        noise=("noise", "first"),
        words=("words", "first"),
        strength=("strength", "first"),
        updates=("updates", "first"),
        seeds=("seed", "nunique"),
    )
    seconds = costs(table, control)
    return shown.assign(cost=(seconds / seconds[control]).round(2))


def compared(table: pd.DataFrame) -> list[str]:
    """Labels of the arms that are compared.

    Arms named ``<name>-r<radius>`` whose noise has a radius are left to the curve.
    """
    of_curve = table.kind.isin(WITH_RADIUS) & table.label.str.contains(RADIUS)
    return list(dict.fromkeys(table.label[~of_curve]))


def seeds_of_all(table: pd.DataFrame, labels: list[str]) -> list[int]:
    """Seeds that all these arms have.

    Raises:
        ValueError: there are none, and nothing can be compared.

    Example:
        >>> seeds_of_all(pd.DataFrame({"label": ["a", "a", "b"], "seed": [1, 2, 2]}), ["a", "b"])
        [2]
    """
    shared = set.intersection(*(set(table.seed[table.label == label]) for label in labels))
    if not shared:
        raise ValueError(f"no seed is done of all of these arms: {', '.join(labels)}")
    return sorted(shared)


def answers(predictions: pd.DataFrame, table: pd.DataFrame, selection: str) -> pd.DataFrame:
    """Predictions of one selection with ``label`` of the arm, ``seed`` and ``right``."""
    rows = predictions[predictions.selection == selection].assign(right=statistics.is_right)
    rows = rows.drop(columns="label")  # of the item: from here on a label is an arm
    rows = rows.assign(language1=rows.language1.astype(str), language2=rows.language2.astype(str))
    return rows.merge(table[["run", "label", "seed"]], on="run")


def accuracy(answered: pd.DataFrame) -> pd.Series:
    """Per cent of right answers where both sentences are in one language, by ``label, seed, language1``."""
    return one_language(answered).groupby(["label", "seed", "language1"], sort=False).right.mean().mul(100)


def mean_accuracy(by_seed: pd.Series, labels: list[str], seeds: list[int], source: str) -> pd.DataFrame:
    """Mean over seeds, one row an arm and one column a language; ``targets`` is the mean of all but the
    source."""
    level = by_seed.index.get_level_values
    chosen = by_seed[level("seed").isin(seeds) & level("label").isin(labels)]
    means = chosen.groupby(["label", "language1"], sort=False).mean().unstack()
    codes = languages.in_order(means)
    targets = means[[code for code in codes if code != source]]
    return means[codes].assign(targets=targets.mean(axis=1)).rename_axis(columns=None)


def one_language(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows whose two sentences are in one language."""
    return rows[statistics.is_one_language(rows)]


def two_languages(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows whose two sentences are in different languages."""
    return rows[~statistics.is_one_language(rows)]


def of_targets(pairs: pd.DataFrame, targets: list[str]) -> pd.DataFrame:
    """The rows in these languages, with a ``weight`` by which each counts alike, however many items it has.

    Args:
        pairs: rows whose two sentences are in one language, of one arm.
    """
    rows = pairs[pairs.language1.isin(targets)]
    return statistics.weighted_by_language(rows.assign(language=rows.language1))


def effects(against: dict[str, pd.DataFrame], plain: str, codes: list[str], source: str) -> pd.DataFrame:
    """Effect of each arm per language and on the mean of the targets, over each control.

    Args:
        against: by control, its differences as :func:`statistics.differences` returns them.
        plain: label that is no noise, and gets no row.
    Returns:
        ``control, label, language, effect, low, high, p, p_equivalent, n_items, n_seeds``.
    """
    rows, targets = [], [code for code in codes if code != source]
    for control, differences in against.items():
        pairs = one_language(differences)
        for label, of_arm in pairs[pairs.label != plain].groupby("label", sort=False):
            parts = {code: of_arm[of_arm.language1 == code] for code in codes}
            parts["mean"] = of_targets(of_arm, targets)
            for code, part in parts.items():
                about = {"control": control, "label": label, "language": code}
                counted = {"n_items": part["item"].nunique(), "n_seeds": part.seed.nunique()}
                rows.append({**about, **statistics.mean_interval(part), **counted})
    return pd.DataFrame(rows)


def judged(effects: pd.DataFrame, labels: list[str]) -> pd.DataFrame:
    """Effects with ``p (Holm)`` and ``verdict``, corrected apart for each control.

    An effect on a language is corrected over the languages of its arm, one on the mean of the targets over
    the arms.

    Args:
        effects: of :func:`effects`.
        labels: arms that are compared with each other; the mean of any other is a family of its own.
    """
    families = [_family(row, labels) for row in effects.itertuples()]
    tests = effects.groupby(["control", families], sort=False)
    return pd.concat([statistics.judge(rows) for _, rows in tests]).sort_index()


def _family(row, labels: list[str]) -> str:
    """The effects that one of :func:`effects` is corrected with."""
    if row.language != "mean":
        return f"languages of {row.label}"
    return "means" if row.label in labels else f"mean of {row.label}"


def means_of_targets(effects: pd.DataFrame, labels: list[str]) -> pd.DataFrame:
    """Effects of these arms on the mean of the targets, corrected over the arms of each control."""
    rows = judged(effects, labels)
    return rows[(rows.language == "mean") & rows.label.isin(labels)]


def effects_by_pair_kind(differences: pd.DataFrame, labels: list[str]) -> pd.DataFrame:
    """Effects where both sentences are in one language, in two, and the latter minus the former, item by
    item.

    Args:
        differences: to one control.
        labels: arms; those that were scored on pairs of two languages get rows.
    Returns:
        ``label, pairs`` (``"one language"``, ``"two languages"``, ``"two minus one"``), ``effect, low, high,
        p, p_equivalent, n_items``; of the items that pairs of two languages have.
    """
    keys, rows = ["seed", *differences.columns.intersection(["draw"]), "item", "cluster"], []
    one, two = one_language(differences), two_languages(differences)
    items = set(two["item"])
    one = one[one["item"].isin(items)]
    for label in [label for label in labels if label in set(two.label)]:
        diagonal = one[one.label == label].groupby(keys).difference.mean()
        off = two[two.label == label].groupby(keys).difference.mean()
        parts = {"one language": diagonal, "two languages": off, "two minus one": off - diagonal}
        for name, values in parts.items():
            found = statistics.mean_interval(values.dropna().reset_index(name="difference"))
            rows.append({"label": label, "pairs": name, **found, "n_items": len(items)})
    columns = ["label", "pairs", "effect", "low", "high", "p", "p_equivalent", "n_items"]
    return pd.DataFrame(rows, columns=columns)


def cells(differences: pd.DataFrame) -> pd.DataFrame:
    """Mean difference in points of each arm and pair of languages: ``label, language1, language2,
    effect``."""
    by_pair = differences.groupby(["label", "language1", "language2"], sort=False)
    return by_pair.difference.mean().mul(100).reset_index(name="effect")


def over_strength(table: pd.DataFrame, differences: pd.DataFrame, targets: list[str]) -> pd.DataFrame:
    """Mean effect on the targets at each strength of the noises that have several, over the seeds that all
    have.

    Args:
        table: of :func:`arms`.
        differences: to the control with as many updates.
    Returns:
        ``label, noise, strength, effect, low, high, p, p_equivalent, n_seeds``, and those of
        ``statistics.judge``, corrected over all strengths; empty if no noise has two.
    """
    curve = table[table.kind.isin(WITH_RADIUS)].drop_duplicates("label")[["label", "kind", "strength"]]
    curve = curve.rename(columns={"kind": "noise"})
    curve = curve[curve.groupby("noise").strength.transform("nunique") > 1]
    if curve.empty:
        return curve
    pairs = one_language(differences)
    pairs = pairs[pairs.language1.isin(targets) & pairs.label.isin(curve.label)]
    shared = set.intersection(*pairs.groupby("label").seed.unique().map(set))
    by_label = pairs[pairs.seed.isin(shared)].groupby("label")
    found = {label: statistics.mean_interval(of_targets(of_arm, targets)) for label, of_arm in by_label}
    found = pd.DataFrame(found).T.rename_axis("label").reset_index()
    return statistics.judge(curve.merge(found, on="label").assign(n_seeds=len(shared)))


def under_attack(table: pd.DataFrame, by_seed: pd.Series, source: str) -> pd.DataFrame:
    """Accuracy on the source language with and without an attack: ``label, seed, clean, attacked, radius``.

    Args:
        table: of :func:`arms`.
        by_seed: of :func:`accuracy`.
    """
    columns = ["label", "seed", "clean", "attacked", "radius"]
    attacked = table[[bool(attack) for attack in table.attack]]
    if attacked.empty:
        return pd.DataFrame(columns=columns)
    clean = by_seed[by_seed.index.get_level_values("language1") == source]
    clean = clean.droplevel("language1").rename("clean").reset_index()
    points = [100 * attack["accuracy"] for attack in attacked.attack]
    radius = [attack["radius"] for attack in attacked.attack]
    return attacked.assign(attacked=points, radius=radius).merge(clean, on=["label", "seed"])[columns]


def accuracy_of_pairs(answered: pd.DataFrame, table: pd.DataFrame, selection: str) -> pd.DataFrame:
    """One row a run and pair of languages: columns of the arm, ``accuracy`` (share), ``n_items, selection``.

    Args:
        answered, table: of :func:`answers` and :func:`arms`.
    """
    by_pair = answered.groupby(["run", "language1", "language2"], sort=False).right
    rows = by_pair.agg(accuracy="mean", n_items="size").reset_index()
    about = table[["run", *statistics.ARM, "label", "rung", "seed"]]
    return rows.merge(about, on="run").drop(columns="run").assign(selection=selection)


def caption(study: str, table: pd.DataFrame, n_seeds: pd.Series, n_items: int, selection: str) -> str:
    """What stands below a figure.

    Args:
        table: of :func:`arms`.
        n_seeds: of what is drawn; they may differ.
        n_items: test items a language.
    """
    name = table.encoder.iloc[0]
    encoder = figures.encoder_name(name)
    seeds = counted(max(n_seeds), "seed")
    if min(n_seeds) < max(n_seeds):
        seeds = f"{min(n_seeds)} to {seeds}"
    rungs = " and ".join(sorted(set(table.rung)))
    return (
        f"Study {study}. Encoder {encoder}, {seeds}, {n_items} test items a language, rung {rungs}, "
        f"checkpoint: {selection}."
    )


def save_tables(folder: Path, **tables: pd.DataFrame) -> None:
    """Write each table as a CSV of its name into a study's folder."""
    digits = {"accuracy": 6, "cost": 5}
    for name, table in tables.items():
        number = f"%.{digits.get(name, 4)}f"
        table.to_csv(folder / f"{name}.csv", index=False, float_format=number, lineterminator="\n")
