"""Tables of studies of noise, from what 30_robustness writes, and of the claims, from what 91_claims does."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from xltlib import collected
from xltlib.figures import NOISE_NAME
from xltlib.markdown import escaped, linked
from xltlib.tables.cells import SOURCE, accuracies, adaptation_name, markdown, points, read, strategy_name

CONTROLS = {"plain": "none: the model the others start from", "step-matched": "as many updates without noise"}
OPTIONS = ("radius", "share", "steps")  # of a noise, as far as it has them


def noise(folder: Path) -> str:
    """Each noise over the model it starts from and over as many updates without noise.

    Levels, the last three columns, are of the seeds that all arms have.
    """
    means, table = read(folder, "noise_mean"), accuracies(folder)
    labels = ["plain", *dict.fromkeys(means.label)]
    seeds = set.intersection(*(set(table.seed[table.label == label]) for label in labels))
    two, attack = read(folder, "generalized"), read(folder, "attack")
    two, rows = two[two.pairs == "two minus one"].set_index("label"), []
    for label in labels:
        of_label, effect = table[table.label == label], means[means.label == label].set_index("control")
        cells = [noise_name(folder, label), str(of_label.seed.nunique())]
        for control in ("over plain training", "over as many updates"):
            cells.append(points(effect.loc[control]) if control in effect.index else "")
        cells.append(points(two.loc[label]) if label in two.index else "")
        by_language = of_label[of_label.seed.isin(seeds)].groupby("language1").accuracy.mean()
        cells += [f"{by_language.drop(SOURCE).mean():.1f}", f"{by_language[SOURCE]:.1f}"]
        attacked = attack[(attack.label == label) & attack.seed.isin(seeds)].sort_values("seed").attacked
        rows.append([*cells, " / ".join(f"{value:.1f}" for value in attacked)])
    header = ["further training", "seeds", "over the model it starts from", "over as many updates"]
    header += ["two languages minus one", "mean of the targets", "English", "English under attack, by seed"]
    return markdown(header, rows)


def noise_name(folder: Path, label: str) -> str:
    """A noise in words, with the options that its runs had."""
    if label in CONTROLS:
        return CONTROLS[label]
    runs = collected.state(folder, {"label": str, "parameters": dict})["runs"]
    options = [run["parameters"]["noise"] for run in runs if run["label"].startswith(f"{label} seed")]
    if not options:
        raise ValueError(f"{folder.name}/runs.json has no run of the arm {label!r}, which the tables have")
    settings = [f"{option} {options[0][option]:g}" for option in OPTIONS if option in options[0]]
    return escaped(f"{NOISE_NAME.get(label, label)} ({', '.join(settings)})")


def noise_strength(folder: Path) -> str:
    """One noise at several strengths, over as many updates without noise."""
    table, rows = read(folder, "noise_strength"), []
    for _, row in table.sort_values(["noise", "strength"]).iterrows():
        name = escaped(NOISE_NAME.get(row["noise"], row["noise"]))
        rows.append([name, f"{row['strength']:g}", str(row["n_seeds"]), points(row)])
    return markdown(["noise", "radius", "seeds", "over as many updates"], rows)


def claims(folder: Path) -> str:
    """The verdict on each claim of the founding report."""
    table, rows = pd.read_csv(folder / "claims.csv", dtype=str, keep_default_na=False), []
    for _, row in table.iterrows():
        link = linked(row["figure"], "..") if row["figure"] else ""
        measured = re.sub(r"(?<![\w-])-(?=\d)", "−", row["measured"])
        about = [*map(escaped, row[["claim", "said", "report"]]), f"**{escaped(row['verdict'])}**"]
        rows.append([*about, escaped(measured), escaped(row["on"]), link])
    return markdown(["", "claim", "the report calls it", "verdict", "measured here", "on", "figure"], rows)


def ladder(folder: Path) -> str:
    """Accuracy of the targets by how much supervision was read, and what it adds to English labels alone."""
    rows = []
    for _, row in read(folder, "ladder").iterrows():
        level = [escaped(row["rung"]), strategy_name(row["strategy"]), adaptation_name(row["adaptation"])]
        counts = [str(row["n_seeds"]), f"{row['n_items']:,}", f"{row['accuracy']:.1f}"]
        is_plain = row["strategy"] == "plain" and row["adaptation"] == "none"
        rows.append([*level, *counts, "" if is_plain else points(row)])
    header = ["rung", "strategy", "adaptation", "seeds", "test items", "mean of the targets"]
    return markdown([*header, "over plain training"], rows)
