"""Tables of one run's answers, as its notebook shows them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xltlib.checkpoints import RULES, SELECTIONS
from xltlib.statistics import is_one_language, is_right


def _last_of_one_language(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of the last checkpoint whose sentences are both in one language."""
    return table[(table.selection == "last") & is_one_language(table)]


def by_language(accuracy: pd.DataFrame, codes: list[str]) -> pd.DataFrame:
    """Accuracy in per cent, a row a language, a column a rule of selection.

    Args:
        accuracy: of :func:`xltlib.prediction.accuracy`.
        codes: the order of the rows.
    """
    same = accuracy[is_one_language(accuracy)]
    table = same.pivot(index="language1", columns="selection", values="accuracy")
    return (100 * table.loc[codes, _rules(accuracy)]).round(1).rename_axis(index="language", columns=None)


def _rules(table: pd.DataFrame) -> list[str]:
    """The rules of selection that a run must have answers of."""
    selections = {*SELECTIONS, *table.selection}
    return [rule for rule in RULES if rule in selections]


def beside_majority(accuracy: pd.DataFrame, test: pd.DataFrame) -> pd.DataFrame:
    """Accuracy of the last checkpoint beside the rate of the majority class, in per cent."""
    return (100 * _with_majority(accuracy, test)).round(1)


def _with_majority(accuracy: pd.DataFrame, test: pd.DataFrame) -> pd.DataFrame:
    """The same as shares."""
    found = _last_of_one_language(accuracy).set_index("language1").accuracy
    majority = test.groupby("language1").label.agg(_majority_rate)
    table = pd.DataFrame({"accuracy": found, "majority": majority}).loc[found.index]
    return table.rename_axis("language")


def _majority_rate(labels: pd.Series) -> float:
    return labels.value_counts(normalize=True).max()


def beats_majority(accuracy: pd.DataFrame, test: pd.DataFrame) -> pd.Series:
    """Whether the last checkpoint does better in each language than always answering the majority class."""
    table = _with_majority(accuracy, test)
    return (table.accuracy > table.majority).rename("better than always answering the majority")


def by_level(predictions: pd.DataFrame) -> pd.DataFrame:
    """Accuracy in per cent by what tells a pair's two sentences apart; empty where a task does not say."""
    if "level" not in predictions:
        return pd.DataFrame()
    last = _last_of_one_language(predictions)
    right = last.assign(right=is_right(last)).groupby(["level", "language1"], sort=False).right.mean()
    return (100 * right.unstack().sort_index()).round(1).rename_axis(columns=None)


def complete(predictions: pd.DataFrame, scored: pd.DataFrame) -> bool:
    """Whether every pair that was to be scored has an answer under every rule.

    Raises:
        ValueError: it has not, and what lacks answers must leave no record.
    """
    wanted = len(_rules(predictions)) * len(scored)
    if len(predictions) != wanted:
        raise ValueError(f"self-check failed: {len(predictions)} answers where {wanted} were asked for")
    return True


def of_one_model(scored: pd.DataFrame, probabilities: np.ndarray) -> pd.DataFrame:
    """Predictions of a model that has no checkpoints: the same under every rule.

    Args:
        scored: the pairs.
        probabilities: shape (pairs, classes).
    """
    columns = {f"p{k}": probabilities[:, k] for k in range(probabilities.shape[1])}
    found = scored.drop(columns=["sentence1", "sentence2"]).assign(**columns, step=0)
    return pd.concat([found.assign(selection=rule) for rule in SELECTIONS], ignore_index=True)
