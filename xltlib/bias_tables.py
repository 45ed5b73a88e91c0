"""Language bias in a study, from the records of its runs: the tables of 40_language_bias. Needs no torch."""

from __future__ import annotations

import pandas as pd

from xltlib import figures, provenance, statistics
from xltlib.bias import MEASURES
from xltlib.notebooks import ADAPT
from xltlib.summary.words import adaptation_name, in_words
from xltlib.values import counted_from_to, without_seed

ARM_AND_RUNG = [*statistics.ARM, "rung"]


def measured_arms(state: dict) -> list[dict]:
    """Records of a study's arms (of its runs.json) that measured language bias."""
    return [run for run in state["runs"] if run.get("bias") and run["arm"]]


def measured_adaptations(state: dict) -> list[dict]:
    """Records of a study's adaptations that measured language bias."""
    return [run for run in state["runs"] if run.get("bias") and run["notebook"] == ADAPT]


def of_arms(state: dict) -> pd.DataFrame:
    """One row an arm's run and query language; empty if nothing was measured.

    Returns:
        The columns of bias.language_bias with ``language``, then ``seed, rung``, those of ``statistics.ARM``,
        and ``supervision``: the most that was read of the language.
    """
    frames = []
    for run in measured_arms(state):
        run_columns = {name: run[name] for name in ("seed", "rung", *statistics.ARM)}
        entries = provenance.from_record(run["read"])
        supervision = [provenance.supervision(entries, measured["language"]) for measured in run["bias"]]
        frames.append(pd.DataFrame(run["bias"]).assign(**run_columns, supervision=supervision))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def mean_of_arms(table: pd.DataFrame) -> pd.DataFrame:
    """Mean of each measure over seeds and languages, one row an arm and rung.

    Args:
        table: of :func:`of_arms`.
    """
    return in_words(table.groupby(ARM_AND_RUNG, sort=False)[list(MEASURES)].mean())


def by_supervision(table: pd.DataFrame) -> pd.DataFrame:
    """Mean rank distance, one row an arm, apart for languages whose labels were read and for all others."""
    labelled = table.supervision == "labelled"
    supervision = labelled.map({True: "languages with labels", False: "zero-shot languages"}).rename(None)
    means = table.pivot_table(index=ARM_AND_RUNG, columns=supervision, values="rank_distance", sort=False)
    return in_words(means)


def answer(table: pd.DataFrame) -> str:
    """Between what rank distances the arms lie, in a sentence.

    Args:
        table: of :func:`of_arms`, of one arm or more.
    """
    means = table.groupby(ARM_AND_RUNG).rank_distance.mean().sort_values(kind="stable").reset_index()
    arms = []
    for arm in means.itertuples():
        name = f"{figures.strategy_name(arm.strategy, arm.head)}, {adaptation_name(arm.adaptation)}"
        arms.append(f"{arm.rank_distance:.3f} ({name})")
    if len(arms) == 1:
        return f"Rank distance after training is {arms[0]}, on the mean of languages and seeds."
    ends = f"between {arms[0]} and {arms[-1]}"
    return f"Rank distances after training lie {ends}, on the mean of languages and seeds."


def mean_of_seeds(table: pd.DataFrame) -> pd.DataFrame:
    """Mean of each measure over seeds, one row an arm and query language, with ``pool`` and ``n_seeds``."""
    keys = [*ARM_AND_RUNG, "language", "supervision"]
    means = {measure: (measure, "mean") for measure in MEASURES}
    counts = {"pool": ("pool", "first"), "n_seeds": ("seed", "nunique")}
    return table.groupby(keys, sort=False).agg(**means, **counts).reset_index()


def caption(study: str, means: pd.DataFrame) -> str:
    """What stands below the figure of one encoder and head.

    Args:
        means: rows of :func:`mean_of_seeds`.
    """
    name, head = means.encoder.iloc[0], means["head"].iloc[0]
    encoder = figures.encoder_name(name)
    rungs = ", ".join(sorted(set(means.rung)))
    seeds = counted_from_to(means.n_seeds, "seed")
    return (
        f"Study {study}. Encoder {encoder}, head {head}, {seeds}, "
        f"rung {rungs}; pool of {means.pool.max() + 1} sentences. Hollow: no adaptation."
    )


def around_adaptations(state: dict) -> pd.DataFrame:
    """Mean of each measure over languages and seeds, before and after each adaptation; empty if none measured
    it.

    Where low-rank updates are attached nothing is measured before: another adaptation of the same model has
    it.
    """
    adapted = measured_adaptations(state)
    before = {_start(run): run["bias_before"] for run in adapted if run.get("bias_before")}
    rows = []
    for run in adapted:
        by_stage = {"before": run.get("bias_before") or before.get(_start(run)), "after": run["bias"]}
        for stage, measured in by_stage.items():
            if measured:
                means = pd.DataFrame(measured)[list(MEASURES)].mean()
                rows.append({"adaptation": without_seed(run["label"]), "": stage, **means})
    if not rows:
        return pd.DataFrame()
    return pd.DataFrame(rows).groupby(["adaptation", ""], sort=False)[list(MEASURES)].mean()


def _start(run: dict) -> str | None:
    """Id of the run whose model an adaptation started from."""
    return run["parameters"].get("start")
