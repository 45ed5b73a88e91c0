"""Classifying pairs by vectors of an encoder that stays as it is: what it knows before any fine-tuning.

L0: a threshold; L1: a logistic regression.
"""

from __future__ import annotations

import numpy as np

FEATURES = ("cosine", "logistic")
SHARPNESS = 20.0  # of the logistic function around the threshold of a cosine


def threshold(cosines: np.ndarray, labels: np.ndarray) -> float:
    """The cosine from which on calling a pair a paraphrase is right most often.

    It lies halfway between two pairs; on a tie it is the lowest.

    Example:
        >>> float(threshold(np.array([0.9, 0.8, 0.3, 0.2]), np.array([1, 1, 0, 0])))
        0.55
    """
    values = np.unique(cosines)
    candidates = np.concatenate([[values[0] - 1e-6], (values[1:] + values[:-1]) / 2, [values[-1] + 1e-6]])
    right = ((cosines >= candidates[:, None]) == (labels == 1)).mean(1)
    return candidates[right.argmax()]


def from_cosines(cosines: np.ndarray, limit: float) -> np.ndarray:
    """Probabilities of two classes, shape (pairs, 2); not calibrated.

    That of a paraphrase is ``1 / (1 + exp(-20 (cosine - limit)))``.

    Args:
        cosines: of pairs, shape (pairs,).
        limit: the cosine at which both classes are as likely, see :func:`threshold`.

    Example:
        >>> from_cosines(np.array([0.5]), 0.5).tolist()
        [[0.5, 0.5]]
    """
    p = 1 / (1 + np.exp(-SHARPNESS * (cosines - limit)))
    return np.column_stack([1 - p, p])


def probabilities(features: str, train: tuple, dev: tuple, test: tuple) -> np.ndarray:
    """Probability of each class for the test pairs, shape (pairs, classes).

    ``cosine``: above a threshold that does best on development pairs, two classes only
    (:func:`from_cosines`). ``logistic``: multinomial logistic regression on [u; v; |u-v|; u*v] of the
    training pairs, its penalty chosen on development pairs (features and choice as in SentEval: Conneau &
    Kiela 2018, arXiv 1803.05449).

    Args:
        train, dev: ``(u, v, labels)``: unit-length vectors of first and second sentences, shape (pairs,
            width), and classes.
        test: ``(u, v)``.
    Raises:
        ValueError: unknown features, cosine with more than two classes, vectors that are NaN or infinite, no
            pairs to fit on, pairs of one class to fit on, or training pairs that lack a class.
    """
    if features not in FEATURES:
        raise ValueError(f"features={features!r}: known are {' and '.join(FEATURES)}")
    for name, (u, v, *labels) in (("training", train), ("development", dev), ("test", test)):
        if not np.isfinite(u).all() or not np.isfinite(v).all():
            raise ValueError(f"vectors of {name} pairs are NaN or infinite: the encoder gives no numbers")
        needed = name == "development" or (name == "training" and features == "logistic")
        if needed and not len(u):
            raise ValueError(f"features {features}: no {name} pairs to fit it on")
    if features == "cosine":
        if max(dev[2]) > 1:
            raise ValueError("features cosine: a threshold tells two classes apart, this task has more")
        if len(np.unique(dev[2])) < 2:
            raise ValueError("features cosine: all development pairs are of one class")
        cosines = [(u * v).sum(1) for u, v, *_ in (dev, test)]
        return from_cosines(cosines[1], threshold(cosines[0], np.asarray(dev[2])))

    seen = np.unique(train[2])
    if len(seen) < 2:
        raise ValueError("features logistic: all training pairs are of one class")
    unseen = sorted(set(range(max(seen))) - set(seen))
    if unseen:  # there is a column of each class that was seen, and none of others
        raise ValueError(f"features logistic: no training pair is of class {unseen[0]}")
    compared = [pair_features(u, v) for u, v, *_ in (train, dev, test)]
    return regression(compared[0], train[2], compared[1], dev[2]).predict_proba(compared[2])


def pair_features(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """[u; v; |u-v|; u*v] of pairs of vectors, shape (pairs, 4 width)."""
    return np.concatenate([u, v, np.abs(u - v), u * v], axis=1)


def regression(train: np.ndarray, train_labels, dev: np.ndarray, dev_labels):
    """A logistic regression on standardised features, its penalty chosen on development pairs.

    Args:
        train, dev: of :func:`pair_features`.
    Returns:
        A fitted pipeline of scikit-learn: StandardScaler, LogisticRegression.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    fits = []
    for c in (1e-4, 1e-3, 1e-2, 1e-1):
        pipeline = make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=500))
        fits.append(pipeline.fit(train, train_labels))
    return max(fits, key=lambda fit: fit.score(dev, dev_labels))  # the strongest penalty on a tie
