"""Adaptation of sentence vectors after training: centring, whitening, an orthogonal map (Procrustes)."""

from __future__ import annotations

from typing import Callable

import numpy as np

EPSILON = 1e-5  # added to variances, so that a direction without variance can be whitened


def centred(vectors: np.ndarray, mean: np.ndarray, towards: np.ndarray) -> np.ndarray:
    """``u - mu_l + mu_en``: a language's mean exchanged for another's.

    Args:
        vectors: shape (sentences, hidden).
        mean: of unlabelled sentences of the language.
        towards: mean of the source language.
    """
    return vectors - mean + towards


def zca(sample: np.ndarray) -> np.ndarray:
    """ZCA matrix W with ``cov((x - mean) W) = I`` on the sample, shape (hidden, hidden).

    ``W = V diag(1 / sqrt(lambda + 1e-5)) V'`` of the eigenvalues and eigenvectors of the covariance.

    Args:
        sample: unlabelled vectors of the language, two at least; more than their width, or directions that it
            does not span are stretched by ``1 / sqrt(1e-5)``.
    """
    values, axes = np.linalg.eigh(np.cov(sample.T))
    return (axes / np.sqrt(values + EPSILON)) @ axes.T


def procrustes(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The orthogonal map W, a rotation or a reflection, that brings ``x`` closest to ``y``.

    ``argmin_{W'W = I} ||xW - y||_F = UV'`` with ``USV' = svd(x'y)`` (Schoenemann 1966).

    Args:
        x, y: centred vectors of translations, row by row; shape (sentences, hidden).

    Example:
        >>> turn = np.array([[0.0, 1.0], [-1.0, 0.0]])
        >>> np.allclose(procrustes(np.eye(2), turn), turn)
        True
    """
    u, _, vt = np.linalg.svd(x.T @ y)
    return u @ vt


def centring(sample: np.ndarray, source_sample: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Vectors of a language -> the same with the mean of the source language.

    Args:
        sample: vectors of unlabelled sentences of the language, shape (sentences, hidden).
        source_sample: those of the source language.
    """
    mean, towards = sample.mean(0), source_sample.mean(0)

    def adapted(vectors: np.ndarray) -> np.ndarray:
        return centred(vectors, mean, towards)

    return adapted


def whitening(sample: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Vectors of a language -> centred and whitened ones (:func:`zca`).

    Args:
        sample: vectors of unlabelled sentences of the language, shape (sentences, hidden).
    """
    mean, matrix = sample.mean(0), zca(sample)

    def adapted(vectors: np.ndarray) -> np.ndarray:
        return (vectors - mean) @ matrix

    return adapted


def rotation(x: np.ndarray, y: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Vectors of a language -> mapped onto those of the source language (:func:`procrustes`).

    Args:
        x, y: vectors of translations in the language and in the source language, row by row.
    """
    mean, towards = x.mean(0), y.mean(0)
    turn = procrustes(x - mean, y - towards)

    def adapted(vectors: np.ndarray) -> np.ndarray:
        return (vectors - mean) @ turn + towards

    return adapted


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

        codes = np.repeat(list(samples), [len(sample) for sample in samples.values()])
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
    scores, rows = x @ y.T, np.arange(len(x))
    forward, back = (scores.argmax(1) == rows).mean(), (scores.argmax(0) == rows).mean()
    return float((forward + back) / 2)
