"""Language bias of sentence vectors: does an encoder find what a sentence means, or which language it is in?

A query is sentence k in one language; the pool holds all sentences of all languages but the query itself;
relevant are its translations (rank distance after Elmahdy, Lin & Ahmad 2024, arXiv 2408.10536, carried to any
n-way parallel set).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

MEASURES = ("rank_distance", "average_precision", "same_language", "retrieval")


def language_bias(vectors: dict[str, np.ndarray], top: int = 10) -> pd.DataFrame:
    """Measures of each query language, averaged over its sentences.

    Args:
        vectors: per language, unit-length vectors of the same sentences in the same order, shape (sentences,
            hidden).
        top: how many neighbours ``same_language`` looks at.
    Returns:
        One row a query language: ``rank_distance`` (highest minus lowest rank among the translations, as a
        share of the pool), ``average_precision``, ``same_language`` (share of the query's own language among
        the nearest ``top`` that are no translations; without bias it is near (n - 1) / pool), ``retrieval``
        (share of sentences whose nearest neighbour within a target language is the translation, mean over
        target languages) and ``pool`` (its size).
    Raises:
        ValueError: fewer than two languages, or different numbers of sentences.

    Example:
        >>> eye = np.eye(3)
        >>> found = language_bias({"en": eye, "de": eye})
        >>> found.loc["en", ["rank_distance", "average_precision", "retrieval"]].tolist()
        [0.0, 1.0, 1.0]
    """
    codes = list(vectors)
    sizes = {code: len(matrix) for code, matrix in vectors.items()}
    if len(codes) < 2 or len(set(sizes.values())) > 1:
        raise ValueError(f"two languages or more, each with the same sentences: got {sizes}")
    n = sizes[codes[0]]
    everything = np.concatenate([vectors[code] for code in codes])
    rows = []
    for language, code in enumerate(codes):
        found = np.zeros((len(MEASURES), n))
        for k in range(n):
            scores = everything @ vectors[code][k]
            found[:, k] = _of_query(scores, language, k, len(codes), n, top)
        rows.append({**dict(zip(MEASURES, found.mean(1))), "pool": len(everything) - 1})
    return pd.DataFrame(rows, index=pd.Index(codes, name="language"))


def _of_query(
    scores: np.ndarray, language: int, k: int, n_languages: int, n: int, top: int
) -> tuple[float, ...]:
    """The measures of one query, in the order of ``MEASURES``.

    Args:
        scores: similarity of every sentence to the query, languages one after the other; changed in place.
        language, k: the query is sentence k of the language with this number.
        n_languages, n: how many, and sentences of each.
        top: as above.
    """
    query = language * n + k
    scores[query] = -np.inf  # comes last; not in the pool
    order = np.argsort(-scores, kind="stable")[:-1]
    rank = np.empty(len(scores), int)
    rank[order] = np.arange(1, len(order) + 1)
    others = [other for other in range(n_languages) if other != language]
    relevant = np.array([other * n + k for other in others])
    ranks = np.sort(rank[relevant])
    nearest = order[~np.isin(order, relevant)][:top]
    within = [scores[other * n : (other + 1) * n].argmax() == k for other in others]
    return (
        (ranks[-1] - ranks[0]) / len(order),
        (np.arange(1, len(ranks) + 1) / ranks).mean(),
        (nearest // n == language).mean(),
        np.mean(within),
    )
