"""What further supervision buys: the arms of one study by their rungs, over plain training on English."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from xltlib import collected, folders, statistics

LADDER = "paws-x-parallel"
SOURCE = "en"  # the language of its labels


def ladder(folder: Path) -> pd.DataFrame:
    """Mean accuracy of the targets on each rung, and its difference to plain training.

    Args:
        folder: where studies lie; read is the study without labels in other languages. Its plain training, on
            labelled English, is rung Z0.
    Returns:
        One row an arm: ``strategy, adaptation, rung, accuracy, effect, low, high, p, p_equivalent, n_seeds,
        n_items``, and those of ``statistics.judge``, corrected over all arms but the plain one, which has
        effect 0 and no verdict. Empty where the study was not run, or its plain arm was not.
    Raises:
        FileNotFoundError: there is no such folder, or the study in it has lost its predictions.
    """
    arm = ["strategy", "adaptation", "rung"]
    columns = [*arm, "accuracy", "effect", "low", "high", "p", "p_equivalent", "n_seeds", "n_items"]
    columns += ["p (Holm)", "verdict"]
    if not folders.has_study(folders.of_figures(folder), LADDER):
        return pd.DataFrame(columns=columns)
    folders.of_table(folder, LADDER, collected.PREDICTIONS)
    state, predictions = collected.complete(folder / LADDER)
    runs = pd.DataFrame([run for run in state["runs"] if run["arm"]])
    right = statistics.right_answers(predictions, runs)
    right = right[right.language != SOURCE]
    keys, rows = ["seed", "language", "item"], []
    plain = right[(right.strategy == "plain") & (right.adaptation == "none")][[*keys, "right"]]
    for names, of_arm in right.groupby(arm, sort=False):
        paired = of_arm.merge(plain, on=keys, suffixes=("", "_plain"))
        if paired.empty:
            continue
        paired = paired.assign(difference=paired.right - paired.right_plain)
        accuracy = 100 * of_arm.groupby("language").right.mean().mean()
        interval = statistics.mean_interval(statistics.weighted_by_language(paired))
        counts = {"n_seeds": paired.seed.nunique(), "n_items": paired["item"].nunique()}
        rows.append({**dict(zip(arm, names)), "accuracy": accuracy, **interval, **counts})
    if not rows:
        return pd.DataFrame(columns=columns)
    table = pd.DataFrame(rows)
    is_plain = (table.strategy == "plain") & (table.adaptation == "none")
    table = pd.concat([table[is_plain], statistics.judge(table[~is_plain])])
    order = ["rung", "strategy", "adapted", "adaptation"]
    return table.assign(adapted=table.adaptation != "none").sort_values(order, ignore_index=True)[columns]
