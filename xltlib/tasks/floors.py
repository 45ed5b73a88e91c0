"""What the overlap of words alone reaches on labelled pairs: a floor under every model."""

from __future__ import annotations

import numpy as np
import pandas as pd


def word_overlap(first: str, second: str) -> float:
    """Jaccard's index of the words of two sentences: lower case, parted by white space.

    Example:
        >>> word_overlap("The cat sleeps", "the dog sleeps")
        0.5
    """
    words1, words2 = set(first.lower().split()), set(second.lower().split())
    return len(words1 & words2) / max(1, len(words1 | words2))


def overlap_floors(rows: pd.DataFrame) -> dict[str, float]:
    """:func:`overlap_floor` of each language's own pairs.

    Args:
        rows: labelled pairs, as tasks.load_pairs returns them.
    """
    in_one_language = rows.language1.astype(str) == rows.language2.astype(str)
    by_language = rows[in_one_language].groupby("language1", sort=False, observed=True)
    return {code: overlap_floor(of_language) for code, of_language in by_language}


def overlap_floor(rows: pd.DataFrame) -> float:
    """Accuracy that word overlap reaches, in per cent, with thresholds that are chosen on these very pairs.

    The overlap is cut into as many intervals as there are classes, and each interval is called one class:
    for two classes that is one threshold, for three there are two. Cuts and classes are those that are right
    most often.

    Args:
        rows: columns sentence1, sentence2 and label; at least one row.

    Example:
        >>> sentences = {"sentence1": ["a b", "a c", "d e"], "sentence2": ["a b", "a b", "f g"]}
        >>> overlap_floor(pd.DataFrame(sentences | {"label": [1, 0, 0]}))
        100.0
    """
    overlaps = [word_overlap(*sentences) for sentences in zip(rows.sentence1, rows.sentence2)]
    values, place = np.unique(np.round(overlaps, 12), return_inverse=True)
    classes = rows.label.unique()
    # right[c][i]: pairs of class c whose overlap is among the lowest i values.
    right = np.zeros((len(classes), len(values) + 1))
    for number, label in enumerate(classes):
        class_counts = np.bincount(place[(rows.label == label).to_numpy()], minlength=len(values))
        right[number, 1:] = class_counts.cumsum()
    best = right.max(axis=0)  # one interval
    for _ in classes[1:]:  # one more, which begins where it is best
        best = (np.maximum.accumulate(best - right, axis=1) + right).max(axis=0)
    return float(round(100 * best[-1] / len(rows), 1))
