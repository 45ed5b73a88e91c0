"""Means of differences with 95 % intervals and p values: seeds and clusters of items drawn together."""

from __future__ import annotations

import numpy as np
import pandas as pd


class Resamples:
    """One two-level bootstrap for everything that is compared: the same drawn seeds and the same drawn
    clusters of items for all languages, arms and contrasts, so that differences between them have joint
    intervals.

    Seeds and clusters are crossed: every seed answers every item. Drawing both counts the noise of single
    answers three times, and with S seeds sees (S - 1) / S of the variance between them: at six seeds
    percentile intervals covered 98 to 99 % (benchmarks/intervals.py, seed noise up to 1.5 points). So the
    width of the draws' 95 % is scaled to :func:`crossed_variance` under t. Theirs stays the skew, and that
    all move together.

    Args:
        seeds, clusters: all of the study.
        resamples, seed: how many draws, and their seed.
    """

    def __init__(self, seeds, clusters, resamples: int = 10_000, seed: int = 1):
        self.seeds, self.clusters = np.unique(seeds), np.unique(clusters)
        rng = np.random.default_rng(seed)

        def drawn(n: int) -> np.ndarray:
            """How often each of n was drawn, in every resample: shape (resamples, n)."""
            return rng.multinomial(n, np.full(n, 1 / n), size=resamples).astype(np.float32)

        self.of_clusters = drawn(len(self.clusters))
        self.of_seeds = drawn(len(self.seeds))

    def __call__(
        self, rows: pd.DataFrame, columns: list | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Mean difference of each column, its draws, degrees of freedom of its p values, its standard error.

        Args:
            rows: columns ``seed, cluster, difference``; ``column`` (a language, say) where ``columns`` are
                given; ``weight`` where rows do not count alike.
            columns: values of ``column``, each of which gets a mean.
        Returns:
            In points: shapes (columns,), (resamples, columns), (columns,), (columns,).
        """
        sums, counts = self._cells(rows, columns)
        from scipy.stats import t  # slow to import, and no run needs it

        means = self._means(sums, counts)
        with np.errstate(invalid="ignore", divide="ignore"):
            point = sums.sum((0, 1)) / counts.sum((0, 1))
            influence = (sums - counts * np.nan_to_num(point)) / counts.sum((0, 1))
        variance, of_width, freedom = crossed_variance(influence, counts)
        error = np.sqrt(variance)
        low, high = np.zeros((2, len(point)))
        if np.isfinite(means).any():
            low, high = np.nanpercentile(means, [2.5, 97.5], axis=0)
        width = 2 * t.ppf(0.975, of_width) * error
        scale = np.divide(width, high - low, out=np.ones(len(point)), where=high > low)
        return point, point + (means - point) * scale, freedom, error

    def percentiles(self, rows: pd.DataFrame, columns: list | None = None) -> np.ndarray:
        """95 % percentile intervals of the draws as they are, unscaled: shape (2, columns)."""
        return np.nanpercentile(self._means(*self._cells(rows, columns)), [2.5, 97.5], axis=0)

    def _cells(self, rows: pd.DataFrame, columns: list | None) -> tuple[np.ndarray, np.ndarray]:
        """Sums of the differences, in points, and of their weights, shape (clusters, seeds, columns)."""
        place, n_columns = np.zeros(len(rows), int), 1
        if columns:
            place = rows.column.map({name: k for k, name in enumerate(columns)}).to_numpy(int)
            n_columns = len(columns)
        shape = (len(self.clusters), len(self.seeds), n_columns)
        of_cluster = np.searchsorted(self.clusters, rows.cluster)
        of_seed = np.searchsorted(self.seeds, rows.seed)
        cell = np.ravel_multi_index((of_cluster, of_seed, place), shape)
        weight = rows.weight.to_numpy(float) if "weight" in rows else np.ones(len(rows))
        points = 100 * weight * rows.difference.to_numpy(float)
        size = int(np.prod(shape))
        return np.bincount(cell, points, size).reshape(shape), np.bincount(cell, weight, size).reshape(shape)

    def _means(self, sums: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Mean of every draw, shape (resamples, columns); NaN where a column has nothing in a draw."""

        def drawn(cells: np.ndarray) -> np.ndarray:
            """The sum of every draw: a cluster counts as often as it was drawn, and so does a seed."""
            by_seed = np.tensordot(self.of_clusters, cells.astype(np.float32), 1)
            return np.einsum("rs,rsl->rl", self.of_seeds, by_seed)

        of_sums, of_counts = drawn(sums), drawn(counts)
        nothing = np.full(of_sums.shape, np.nan, dtype=np.float32)
        return np.divide(of_sums, of_counts, out=nothing, where=of_counts > 0)


def crossed_variance(influence: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Variance of a mean over crossed seeds and clusters, its degrees of freedom, and those of a p value.

    Components by moments (Searle, Casella & McCulloch 1992; exact where every seed has every cluster), one
    below nothing taken as nothing: what the sums by seed, and those by cluster, vary beyond the noise of
    single cells. Degrees of freedom are Satterthwaite's, of the components left; for a p value all count, so
    that it has fewer: with one kind, by simulation, intervals hold too much or Holm errs too often.

    Args:
        influence, counts: what each cell adds to the mean less its share of it, and its weight (0: no such
            cell), shape (clusters, seeds, columns).
    Returns:
        Three of shape (columns,). With one seed the variance is that by clusters.
    """
    there = counts > 0
    n_seeds, n_clusters = (counts.sum(0) > 0).sum(0), (counts.sum(1) > 0).sum(0)
    of_seeds, of_clusters = np.maximum(n_seeds - 1, 1), np.maximum(n_clusters - 1, 1)
    share = np.divide(counts, counts.sum(0), out=np.zeros(counts.shape), where=there)
    by_seed, by_cluster = influence.sum(0), influence.sum(1)
    of_cluster = (by_cluster / np.maximum(there.sum(1), 1))[:, None]
    noise = np.where(there, influence - of_cluster - share * by_seed, 0.0)

    # The variance of the mean as each of the three alone would have it; of one seed, by clusters only.
    several = n_seeds > 1
    seeds = np.where(several, np.square(by_seed).sum(0) * n_seeds / of_seeds, 0.0)
    clusters = np.square(by_cluster).sum(0) * n_clusters / of_clusters
    cells = np.square(noise).sum((0, 1)) * n_seeds / of_seeds * n_clusters / of_clusters
    cells = np.where(several, cells, 0.0)

    # A component that is no larger than the noise, which all three hold, has nothing of its own.
    with_seeds, with_clusters = seeds > cells, (clusters > cells) | ~several
    both, one = with_seeds & with_clusters, with_seeds ^ with_clusters
    variance = np.select(
        [both, with_seeds, with_clusters], [seeds + clusters - cells, seeds, clusters], cells
    )

    # Satterthwaite: the squares of the components over their degrees of freedom.
    of_noise = np.square(np.where(one, 0.0, cells)) / (of_seeds * of_clusters)
    square_seeds, square_clusters = np.square(seeds) / of_seeds, np.square(clusters) / of_clusters
    left = np.where(with_seeds, square_seeds, 0.0) + np.where(with_clusters, square_clusters, 0.0) + of_noise
    with np.errstate(invalid="ignore", divide="ignore"):
        freedom = np.square(variance) / left
        of_p = np.square(variance) / (square_seeds + square_clusters + of_noise)
    freedom, of_p = (np.where(np.isfinite(of), of, of_clusters) for of in (freedom, of_p))
    return variance, freedom, of_p


def alike(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with a ``weight`` by which each ``language`` counts alike, however many items it has.

    Example:
        >>> alike(pd.DataFrame({"language": ["de", "de", "ko"]})).weight.tolist()
        [0.5, 0.5, 1.0]
    """
    return rows.assign(weight=1 / rows.groupby("language").language.transform("size"))


def described(point: float, draws: np.ndarray, freedom: float, error: float, margin: float = 0.5) -> dict:
    """What is said of one mean difference: 95 % interval, two-sided p value, and is it as good as nothing?

    Args:
        point, draws, freedom, error: of one column of :class:`Resamples`.
        margin: points; ``p_equivalent`` is that of two one-sided tests against -margin and +margin (TOST):
            small, if the difference lies between.
    Returns:
        ``effect, low, high, p, p_equivalent``. The interval keeps the skew of the draws, and p values have
        fewer degrees of freedom: an interval may lie off zero where p is above 5 %, with two seeds far above.
    """
    from scipy.stats import t

    low, high = np.nan, np.nan
    if np.isfinite(draws).any():
        low, high = np.nanpercentile(draws, [2.5, 97.5])
    if error > 0:
        p = 2 * t.sf(abs(point) / error, freedom)
        equivalent = max(t.sf((point + margin) / error, freedom), t.cdf((point - margin) / error, freedom))
    else:  # every answer is the same, or there is one cluster: nothing to test by
        p, equivalent = 1.0 if point == 0 else np.nan, np.nan
    return {
        "effect": float(point),
        "low": float(low),
        "high": float(high),
        "p": float(p),
        "p_equivalent": float(equivalent),
    }


def mean_interval(rows: pd.DataFrame, resamples: int = 10_000, seed: int = 1) -> dict:
    """Mean of ``difference`` in points with its 95 % interval and p value (:class:`Resamples`).

    Args:
        rows: columns ``seed, cluster, difference``, and perhaps ``weight``.
    Returns:
        ``effect, low, high, p, p_equivalent``.

    Example:
        >>> rows = pd.DataFrame({"seed": [1, 1, 2, 2], "cluster": [1, 2, 1, 2], "difference": [1, 0, 1, 0]})
        >>> mean_interval(rows, 200)["effect"]
        50.0
    """
    point, drawn, freedom, error = Resamples(rows.seed, rows.cluster, resamples, seed)(rows)
    return described(point[0], drawn[:, 0], freedom[0], error[0])
