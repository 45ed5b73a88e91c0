"""Answers at matched shares: what is left of a difference when no class is answered too often."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from xltlib.statistics.answers import beside_runs, class_columns, of_one_language

CYCLES = 100  # two to four do on what was measured


def matched_answers(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The most probable answers of which each class has as many as there are labels of it.

    A constant is added to each class's log-probability until the shares are those of the labels. Answers are
    then those of the highest total log-probability with these shares: the constants are the prices of an
    optimal assignment of classes to items. Ties are broken at random, the same way each time.

    Args:
        probabilities: shape (items, classes).
        labels: shape (items,), 0, 1, ...; only how many there are of each class is used. Where all items have
            one label, all are right.
    Returns:
        Answers, shape (items,).
    Raises:
        ValueError: a label has no probabilities.

    Example:
        >>> matched_answers(np.array([[0.4, 0.6], [0.1, 0.9], [0.3, 0.7]]), np.array([0, 1, 1]))
        array([0, 1, 1])
    """
    classes = probabilities.shape[1]
    wanted = np.bincount(labels, minlength=classes)
    if len(wanted) > classes:
        raise ValueError(f"label {len(wanted) - 1} has no probabilities: there are {classes} classes")
    scores = np.log(np.maximum(probabilities, 1e-12))
    scores += np.random.default_rng(1).normal(scale=1e-6, size=scores.shape)  # ties
    for _ in range(CYCLES):
        for label in range(classes):
            others = np.delete(scores, label, axis=1).max(axis=1)
            scores[:, label] += _price(np.sort(others - scores[:, label]), wanted[label])
        answers = scores.argmax(axis=1)
        if (np.bincount(answers, minlength=classes) == wanted).all():
            return answers
    columns = np.repeat(np.arange(classes), wanted)  # a slower way to the same
    _, chosen = linear_sum_assignment(-scores[:, columns])
    return columns[chosen]


def _price(behind: np.ndarray, wanted: int) -> float:
    """What a class needs to be ahead in as many items as wanted.

    Args:
        behind: how much it is behind in each item, in rising order.
    """
    if wanted == 0:
        return behind[0] - 1.0
    if wanted == len(behind):
        return behind[-1] + 1.0
    return (behind[wanted - 1] + behind[wanted]) / 2


def right_when_matched(
    predictions: pd.DataFrame, runs: pd.DataFrame, selection: str = "last"
) -> pd.DataFrame:
    """As answers.right_answers, where each run gives each answer as often as it occurs among the labels.

    Shares are those of a language. This asks for test labels, so it is an analysis and no classifier.
    """
    chosen = of_one_language(predictions, selection)
    return beside_runs(chosen, is_right_when_matched(chosen), runs)


def is_right_when_matched(chosen: pd.DataFrame) -> np.ndarray:
    """As answers.is_right, at matched shares in each run and pair of languages; shape (rows,)."""
    classes, right = class_columns(chosen), np.zeros(len(chosen), dtype=bool)
    probabilities, labels = chosen[classes].to_numpy(float), chosen.label.to_numpy(int)
    cells = chosen.groupby(["run", "language1", "language2"], observed=True, sort=False)
    for rows in cells.indices.values():
        right[rows] = matched_answers(probabilities[rows], labels[rows]) == labels[rows]
    return right


def shares(predictions: pd.DataFrame, selection: str = "last") -> pd.DataFrame:
    """How often each class is answered, and how often it occurs among the labels, in per cent.

    Returns:
        One row a run and language: ``run, language``, ``answered_0, answered_1, ...`` and ``labels_0, ...``.
    """
    chosen = of_one_language(predictions, selection)
    classes = class_columns(chosen)
    answers, labels = chosen[classes].to_numpy().argmax(1), chosen.label.to_numpy()
    rows = chosen[["run"]].assign(language=chosen.language1.astype(str))
    for number in range(len(classes)):
        rows[f"answered_{number}"] = answers == number
        rows[f"labels_{number}"] = labels == number
    means = rows.groupby(["run", "language"], observed=True, sort=False).mean()
    return (100 * means).reset_index()
