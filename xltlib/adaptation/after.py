"""Adaptation after training, of sentence vectors alone: centring and whitening per language, rotation onto English (Procrustes)."""

from __future__ import annotations

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
        sample: unlabelled vectors of the language; more than ``hidden`` of them, or directions that it does not span stay small.
        epsilon: added to the variances.
    """
    values, axes = np.linalg.eigh(np.cov(sample.T))
    return (axes / np.sqrt(values + epsilon)) @ axes.T


def procrustes(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The rotation W that brings ``x`` closest to ``y``: ``argmin_{W'W = I} ||xW - y||_F = UV'``, ``USV' = svd(x'y)`` (Schoenemann 1966).

    Args:
        x, y: centred vectors of translations, row by row; shape (sentences, hidden).

    Example:
        >>> turn = np.array([[0.0, 1.0], [-1.0, 0.0]])
        >>> np.allclose(procrustes(np.eye(2), turn), turn)
        True
    """
    u, _, v = np.linalg.svd(x.T @ y)
    return u @ v
