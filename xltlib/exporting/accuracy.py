"""Accuracy per language for a model card, with intervals that know which items share a sentence."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xltlib.statistics import is_one_language, is_right


def interval(right: np.ndarray, clusters: np.ndarray) -> tuple[float, float]:
    """95 % interval of a share of right answers, by Wilson, of as many items as the clusters are worth.

    Items of a cluster share a sentence and are no independent answers: where their sums vary more than those
    of independent items, these count as fewer (their variance over that of independent ones).

    Args:
        right: 0 or 1 for each item.
        clusters: the cluster of each.

    Example:
        >>> ones = np.array([1, 1, 0, 1, 0, 1, 1, 1])
        >>> low, high = interval(ones, np.arange(8))
        >>> round(low, 3), round(high, 3)
        (0.409, 0.929)
        >>> wider = interval(np.repeat(ones, 2), np.repeat(np.arange(8), 2))
        >>> wider[1] - wider[0] >= high - low
        True
    """
    from statsmodels.stats.proportion import proportion_confint

    share, items = right.mean(), len(right)
    sums = pd.Series(right - share).groupby(clusters).sum().to_numpy()
    independent = share * (1 - share) / max(items - 1, 1)
    worth = float(min(items, len(sums)))
    if independent and len(sums) > 1:
        clustered = np.square(sums).sum() / items**2 * len(sums) / (len(sums) - 1)
        worth = items * min(1.0, independent / clustered) if clustered else items
    low, high = proportion_confint(share * worth, worth, method="wilson")
    return float(low), float(high)


def by_language(predictions: pd.DataFrame) -> pd.DataFrame:
    """Accuracy of the last checkpoint, in per cent, a row a language: ``accuracy, low, high, items``.

    Args:
        predictions: of one run; pairs in two languages are left out.
    """
    last = predictions[predictions.selection == "last"]
    same = last[is_one_language(last)]
    rows = {}
    for code, pairs in same.groupby(same.language1.astype(str), sort=False):
        right = is_right(pairs).astype(float)
        low, high = interval(right, pairs.cluster.to_numpy())
        in_per_cent = {"accuracy": 100 * right.mean(), "low": 100 * low, "high": 100 * high}
        rows[code] = {**in_per_cent, "items": len(pairs)}
    return pd.DataFrame.from_dict(rows, orient="index")


def in_two_languages(predictions: pd.DataFrame) -> tuple[float, int]:
    """Accuracy in per cent on pairs in two languages, and how many there are; (NaN, 0) without any."""
    last = predictions[predictions.selection == "last"]
    two = last[~is_one_language(last)]
    return (100 * is_right(two).mean(), len(two)) if len(two) else (float("nan"), 0)
