"""From predictions to answers: which were right, in which languages, and metrics beside accuracy."""

from __future__ import annotations

import numpy as np
import pandas as pd

ARM = ["encoder", "strategy", "head", "adaptation"]
BINS = 10  # of the expected calibration error


def class_columns(predictions: pd.DataFrame) -> list[str]:
    """The columns of class probabilities, ``p0, p1, ...``, in the order of the classes.

    Example:
        >>> class_columns(pd.DataFrame(columns=["item", "p1", "p0", "p10", "p2"]))
        ['p0', 'p1', 'p2', 'p10']
    """
    classes = [column for column in predictions.columns if column[0] == "p" and column[1:].isdigit()]
    return sorted(classes, key=lambda column: int(column[1:]))


def is_right(predictions: pd.DataFrame) -> np.ndarray:
    """Whether the most probable class (columns ``p0, p1, ...``) is the label, row by row."""
    return predictions[class_columns(predictions)].to_numpy().argmax(1) == predictions.label.to_numpy()


def share_of_the_most_frequent(labels: pd.Series) -> float:
    """Accuracy of always giving the more frequent answer.

    Example:
        >>> share_of_the_most_frequent(pd.Series([0, 0, 1, 0]))
        0.75
    """
    return float(labels.value_counts(normalize=True).max())


def answers_of_pairs(chosen: pd.DataFrame, right: np.ndarray | None = None) -> pd.DataFrame:
    """Columns ``run, item, cluster, language1, language2, right`` (0 or 1) of predictions, row by row.

    Args:
        right: whether each answer is right; None: :func:`is_right`.
    """
    right = is_right(chosen) if right is None else right
    return chosen[["run", "item", "cluster"]].assign(
        language1=chosen.language1.astype(str),
        language2=chosen.language2.astype(str),
        right=right.astype(np.int8),
    )


def columns_of_runs(runs: pd.DataFrame, more: list[str]) -> pd.DataFrame:
    """Columns ``run, seed``, those of ``more``, and, where there is one, ``draw``, an id as text.

    Args:
        runs: a draw is the adaptation whose encoder the run was trained from; ``""`` or missing: one of its
            own, or none.
    """
    found = runs[["run", "seed", *more]]
    if "draw" in runs:
        found = found.assign(draw=runs.draw.fillna("").astype(str))
    return found


def right_answers(predictions: pd.DataFrame, runs: pd.DataFrame, selection: str = "last") -> pd.DataFrame:
    """One row a run, item and language: was the answer right?

    Args:
        predictions: columns ``run, item, cluster, language1, language2, label, selection, p0, p1, ...``.
        runs: columns ``run, seed, rung`` and those of ``ARM``; perhaps ``draw`` (:func:`columns_of_runs`).
        selection: rule by which the checkpoint was chosen.
    Returns:
        Columns of ``ARM`` and ``seed, rung, item, cluster, language, right`` (0 or 1), and ``draw``.
    """
    chosen = of_one_language(predictions, selection)
    return beside_runs(chosen, is_right(chosen), runs)


def is_one_language(rows: pd.DataFrame) -> pd.Series:
    """Whether both sentences of each row (columns ``language1, language2``) are in one language.

    Compared as text: pandas refuses to compare categories of which one column has more than the other.

    Example:
        >>> is_one_language(pd.DataFrame({"language1": ["de", "de"], "language2": ["de", "ko"]})).tolist()
        [True, False]
    """
    return rows.language1.astype(str) == rows.language2.astype(str)


def of_one_language(predictions: pd.DataFrame, selection: str = "last") -> pd.DataFrame:
    """Predictions of one rule for pairs whose sentences are in one language."""
    return predictions[(predictions.selection == selection) & is_one_language(predictions)]


def beside_runs(chosen: pd.DataFrame, right: np.ndarray, runs: pd.DataFrame) -> pd.DataFrame:
    """What :func:`right_answers` returns, of predictions and whether each answer is right."""
    rows = chosen[["run", "item", "cluster"]].assign(
        language=chosen.language1.astype(str), right=right.astype(np.int8)
    )
    return rows.merge(columns_of_runs(runs, ["rung", *ARM]), on="run", validate="many_to_one")


def generalized(
    predictions: pd.DataFrame, selection: str = "last", source: str = "en"
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Accuracy of every language pair, and what the grid says as a whole; only of items that all cells have.

    Args:
        predictions: of runs that were scored on all language pairs (columns as for :func:`right_answers`).
    Returns:
        The grid: columns ``run, language1, language2, accuracy, n_items``. And one row a run, in points:
        ``diagonal``, ``off_diagonal``, ``off_diagonal_without_source`` (neither language is the source),
        ``gap`` (diagonal minus off-diagonal), ``asymmetry`` (mean of |A(i, j) - A(j, i)| over i < j) and
        ``n_items``.
    Raises:
        ValueError: a run was scored on some language pairs only.
    """
    chosen = predictions[predictions.selection == selection]
    chosen = chosen.assign(
        right=is_right(chosen), language1=chosen.language1.astype(str), language2=chosen.language2.astype(str)
    )
    grids, rows = [], []
    for run, answered in chosen.groupby("run", sort=False, observed=True):
        cells = answered.groupby("item").size()
        n_cells = len(answered.groupby(["language1", "language2"]))
        answered = answered[answered["item"].isin(cells.index[cells == n_cells])]
        by_pair = answered.groupby(["language1", "language2"], sort=False).right
        grid = by_pair.agg(accuracy="mean", n_items="size").reset_index()
        grids.append(grid.assign(run=run))
        wide = 100 * grid.pivot(index="language1", columns="language2", values="accuracy")
        if wide.isna().any(axis=None) or len(wide) < 2:
            raise ValueError(f"run {run} was not scored on all language pairs: run it with pairs=all")
        rows.append({"run": run, **_grid_means(wide, source), "n_items": int(grid.n_items.iloc[0])})
    return pd.concat(grids, ignore_index=True), pd.DataFrame(rows)


def _grid_means(wide: pd.DataFrame, source: str) -> dict:
    """Means over parts of a square grid of accuracies in per cent."""
    values = wide.to_numpy()
    other = np.array([code != source for code in wide.index])
    off = ~np.eye(len(wide), dtype=bool)
    return {
        "diagonal": values[~off].mean(),
        "off_diagonal": values[off].mean(),
        "off_diagonal_without_source": values[off & other & other[:, None]].mean(),
        "gap": values[~off].mean() - values[off].mean(),
        "asymmetry": np.abs(values - values.T)[np.triu(off)].mean(),
    }


def secondary(predictions: pd.DataFrame, source: str = "en") -> pd.DataFrame:
    """Metrics beside accuracy, one row a run and language, of one-language pairs.

    Args:
        predictions: columns ``run, item, language1, language2, label, p0, p1, ...``; of one selection.
    Returns:
        ``run, language, macro_f1, average_precision`` (scikit-learn; of class 1, NaN with three classes or no
        item of class 1),
        ``brier`` (mean squared distance of the probabilities from the label, summed over classes),
        ``calibration_error`` (mean |confidence - accuracy|, weighted by ten equally wide bins), ``agreement``
        (share of items that this language answers as the source does) and ``consistency`` (share of items
        answered alike in all languages of the run, the same in all its rows).
    """
    classes = class_columns(predictions)
    same = predictions[is_one_language(predictions)]
    rows = []
    for run, of_run in same.groupby("run", observed=True, sort=False):
        answers, rows_of_run = {}, []
        for code, of_language in of_run.groupby(of_run.language1.astype(str), sort=False):
            p, label = of_language[classes].to_numpy(float), of_language.label.to_numpy()
            answers[code] = pd.Series(p.argmax(1), index=of_language["item"].to_numpy())
            rows_of_run.append({"run": run, "language": code, **_probability_metrics(p, label)})
        alike = (pd.DataFrame(answers).dropna().nunique(axis=1) == 1).mean()
        for row in rows_of_run:
            row["agreement"] = np.nan
            if source in answers:
                both = pd.concat([answers[row["language"]], answers[source]], axis=1, join="inner")
                row["agreement"] = float((both[0] == both[1]).mean())
            row["consistency"] = float(alike)
        rows += rows_of_run
    return pd.DataFrame(rows)


def _probability_metrics(p: np.ndarray, label: np.ndarray) -> dict:
    """Metrics of class probabilities, shape (items, classes), of one run and language."""
    from sklearn.metrics import average_precision_score, f1_score

    answers, confidence = p.argmax(1), p.max(1)
    bin_of = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = np.bincount(bin_of, confidence - (answers == label), BINS)
    precision = np.nan
    if p.shape[1] == 2 and (label == 1).any():
        precision = average_precision_score(label, p[:, 1])
    return {
        "macro_f1": f1_score(label, answers, average="macro"),
        "average_precision": precision,
        "brier": float(np.square(p - np.eye(p.shape[1])[label]).sum(1).mean()),
        "calibration_error": float(np.abs(gaps).sum() / len(label)),
    }
