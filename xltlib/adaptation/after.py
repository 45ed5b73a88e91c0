"""Adaptation of sentence vectors after training: centring, whitening, rotation onto English (Procrustes)."""

from __future__ import annotations

from typing import Callable

import numpy as np


def centred(vectors: np.ndarray, mean: np.ndarray, towards: np.ndarray | float = 0.0) -> np.ndarray:
    """``u - mu_l + mu_en``: a language's mean exchanged for another's.

    Args:
        vectors: shape (sentences, hidden).
        mean: of unlabelled sentences of the language.
        towards: mean of the source language; 0: centre at zero.
    """
    return vectors - mean + towards


def whitening(sample: np.ndarray, epsilon: float = 1e-5) -> np.ndarray:
    """ZCA matrix W with ``cov((x - mean) W) = I`` on the sample, shape (hidden, hidden).

    Args:
        sample: unlabelled vectors of the language, two at least; more than their width, or directions that it
            does not span are stretched by ``1 / sqrt(epsilon)``.
        epsilon: added to the variances.
    """
    values, axes = np.linalg.eigh(np.cov(sample.T))
    return (axes / np.sqrt(values + epsilon)) @ axes.T


def procrustes(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The rotation W that brings ``x`` closest to ``y``.

    ``argmin_{W'W = I} ||xW - y||_F = UV'`` with ``USV' = svd(x'y)`` (Schoenemann 1966).

    Args:
        x, y: centred vectors of translations, row by row; shape (sentences, hidden).

    Example:
        >>> turn = np.array([[0.0, 1.0], [-1.0, 0.0]])
        >>> np.allclose(procrustes(np.eye(2), turn), turn)
        True
    """
    u, _, v = np.linalg.svd(x.T @ y)
    return u @ v


class Detector:
    """Guesses the language of a sentence from its vector.

    A logistic regression (scikit-learn) on unlabelled text of each language.

    Args:
        samples: vectors of unlabelled sentences of each language.
    """

    def __init__(self, samples: dict[str, np.ndarray]):
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        codes = np.repeat(list(samples), [len(of) for of in samples.values()])
        vectors = np.concatenate(list(samples.values()))
        self.model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(vectors, codes)

    def __call__(self, vectors: np.ndarray) -> np.ndarray:
        """Language codes, shape (sentences,)."""
        return self.model.predict(vectors)


def retrieval(x: np.ndarray, y: np.ndarray) -> float:
    """Share of rows whose translation is the nearest by cosine, averaged over both directions.

    Args:
        x, y: vectors of translations, row by row.

    Example:
        >>> retrieval(np.eye(3), np.eye(3))
        1.0
    """
    x = x / np.linalg.norm(x, axis=1, keepdims=True)
    y = y / np.linalg.norm(y, axis=1, keepdims=True)
    scores, own = x @ y.T, np.arange(len(x))
    forward, back = (scores.argmax(1) == own).mean(), (scores.argmax(0) == own).mean()
    return float((forward + back) / 2)


KINDS = ("centre", "whiten", "procrustes")


def fit(
    kind: str,
    samples: dict[str, np.ndarray],
    source: str,
    pairs: dict[str, tuple[np.ndarray, np.ndarray]] | None = None,
) -> dict:
    """For each language a function from vectors to adapted vectors; the language of a sentence must be known.

    Args:
        kind: ``"centre"``: its mean exchanged for that of the source language; ``"whiten"``: every language,
            the source too, centred and whitened; ``"procrustes"``: rotated onto the source language by
            translations.
        samples: vectors of unlabelled sentences of each language, the source among them.
        source: the source language.
        pairs: for ``procrustes``, vectors ``(language, source)`` of translations.
    Raises:
        ValueError: an unknown kind, or no sample of the source language.
    """
    if kind not in KINDS or (kind != "procrustes" and source not in samples):
        known = f"known are {', '.join(KINDS)}; centring and whitening need text of {source}, too"
        raise ValueError(f"after={kind!r}: {known}")
    found = {source: _unchanged}
    if kind == "procrustes":
        for code, (x, y) in pairs.items():
            found[code] = _rotated(x, y)
    elif kind == "whiten":
        for code, sample in samples.items():
            found[code] = _whitened(sample)
    else:
        for code, sample in samples.items():
            if code != source:
                found[code] = _moved(sample.mean(0), samples[source].mean(0))
    return found


def _unchanged(vectors: np.ndarray) -> np.ndarray:
    return vectors


def _rotated(x: np.ndarray, y: np.ndarray) -> Callable:
    mean, towards = x.mean(0), y.mean(0)
    turn = procrustes(x - mean, y - towards)

    def adapted(vectors: np.ndarray) -> np.ndarray:
        return (vectors - mean) @ turn + towards

    return adapted


def _whitened(sample: np.ndarray) -> Callable:
    mean, matrix = sample.mean(0), whitening(sample)

    def adapted(vectors: np.ndarray) -> np.ndarray:
        return (vectors - mean) @ matrix

    return adapted


def _moved(mean: np.ndarray, towards: np.ndarray) -> Callable:
    def adapted(vectors: np.ndarray) -> np.ndarray:
        return centred(vectors, mean, towards)

    return adapted
