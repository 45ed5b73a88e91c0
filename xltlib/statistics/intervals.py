"""Means of differences with 95 % intervals and p values, over seeds, draws of an adaptation, and items."""

from __future__ import annotations

import numpy as np
import pandas as pd

ROUNDING = 1e-9  # points: an error below is no variation


def crossed_variance(influence: np.ndarray, counts: np.ndarray) -> tuple[float, float]:
    """Variance of a mean over trainings that each answer all clusters of items, and the trainings' part.

    Two-way crossed random effects by moments (Searle, Casella & McCulloch 1992; exact where every training
    has every cluster). What sums by training and sums by cluster vary both holds the noise of single cells,
    which is therefore taken off once. A component that comes out below nothing counts as nothing.

    Args:
        influence, counts: what each cell adds to the mean less its share of it, and its weight (0: no such
            cell), shape (clusters, trainings); no row and no column is empty.
    Returns:
        The variance; and what it would be by the trainings' mean square alone, 0 with one training.

    Example:
        >>> cells = np.array([[3.0, -1.0], [1.0, -3.0]])  # mean squares 16 and 4, and no noise
        >>> crossed_variance(cells / 4, np.ones((2, 2)))
        (5.0, 4.0)
    """
    occupied = counts > 0
    n_clusters, n_trainings = counts.shape
    by_training, by_cluster = influence.sum(0), influence.sum(1)
    of_clusters = np.square(by_cluster).sum() * n_clusters / max(n_clusters - 1, 1)
    if n_trainings == 1:
        return float(of_clusters), 0.0
    more = n_trainings / (n_trainings - 1)
    of_trainings = np.square(by_training).sum() * more
    expected = (by_cluster / occupied.sum(1))[:, None] + counts / counts.sum(0) * by_training
    noise = np.where(occupied, influence - expected, 0.0)
    of_cells = np.square(noise).sum() * more * n_clusters / max(n_clusters - 1, 1)
    return float(max(of_trainings, of_cells) + max(of_clusters, of_cells) - of_cells), float(of_trainings)


def _degrees_of_freedom(part: float, variance: float, of_part: float, of_rest: float) -> float:
    """Degrees of freedom of a variance of which one part has few and the rest more.

    Their reciprocals are averaged by the shares of the variance. Satterthwaite's have squares of the shares;
    by simulation they are too many just where few trainings agree by luck (benchmarks/intervals.py).

    Example:
        >>> _degrees_of_freedom(2.0, 4.0, 5, 20), _degrees_of_freedom(6.0, 4.0, 5, 20)
        (8.0, 5.0)
    """
    share = min(part / variance, 1.0)
    return 1 / (share / of_part + (1 - share) / of_rest)


def standard_error_and_df(
    influence: np.ndarray, counts: np.ndarray, draws: np.ndarray | None = None
) -> tuple[float, float]:
    """Standard error of a mean over crossed seeds and clusters, and the degrees of freedom of its t.

    With draws of an adaptation that several seeds share, seeds are nested in draws: the variance is the
    larger one of seeds and of draws as the trainings, which is nested moments with a component of draws that
    is never below nothing.

    Args:
        influence, counts: as for :func:`crossed_variance`, shape (clusters, seeds).
        draws: of each seed, by which encoder it was trained; None: each by its own.
    Returns:
        The error; and the degrees of freedom: of the seeds' share of the variance, those of seeds, of the
        rest, those of clusters; and with draws, those of draws for their share. With two seeds 1: how much
        they share cannot be told from one difference. With one seed those of clusters.
    """
    n_clusters, n_seeds = counts.shape
    variance, of_seeds = crossed_variance(influence, counts)
    if variance**0.5 < ROUNDING:
        return 0.0, 1.0
    freedom = 1.0
    if n_seeds != 2:
        freedom = _degrees_of_freedom(of_seeds, variance, max(n_seeds - 1, 1), max(n_clusters - 1, 1))
    names = np.unique(draws) if draws is not None else ()
    if 1 < len(names) < n_seeds:
        nested = (draws[:, None] == names).astype(float)
        over_draws, of_draws = crossed_variance(influence @ nested, counts @ nested)
        variance = max(variance, over_draws)
        freedom = _degrees_of_freedom(of_draws, variance, len(names) - 1, freedom)
    return variance**0.5, freedom


def interval_of_cells(sums: np.ndarray, counts: np.ndarray, draws: np.ndarray | None = None) -> dict:
    """Interval and p values of the mean of ``sums / counts``: see :func:`t_interval`.

    Args:
        sums, counts: sums of differences in points, and of their weights, shape (clusters, seeds).
        draws: as for :func:`standard_error_and_df`.
    """
    point = sums.sum() / counts.sum()
    influence = (sums - counts * point) / counts.sum()
    return t_interval(point, *standard_error_and_df(influence, counts, draws))


def t_interval(point: float, error: float, freedom: float, margin: float = 0.5) -> dict:
    """Interval and p value of one mean difference, all by one t; and is it as good as nothing?

    The 95 % interval excludes zero exactly if p is below 5 %.

    Args:
        point, error, freedom: the mean in points, its standard error, and the degrees of freedom of t.
        margin: points; ``p_equivalent`` is that of two one-sided tests against -margin and +margin (TOST;
            Schuirmann 1987): small, if the difference lies between.
    Returns:
        ``effect, low, high, p, p_equivalent``. Without an error (every answer is the same, or there is one
        cluster) there is nothing to test by: NaN, but for the interval and p of an effect of 0.

    Example:
        >>> {name: round(value, 3) for name, value in t_interval(2.0, 1.0, 5).items()}
        {'effect': 2.0, 'low': -0.571, 'high': 4.571, 'p': 0.102, 'p_equivalent': 0.903}
    """
    from scipy.special import stdtr, stdtrit  # the distribution of t and its quantiles; slow to import

    if error > 0:
        wide = stdtrit(freedom, 0.975) * error
        low, high = point - wide, point + wide
        p = 2 * stdtr(freedom, -abs(point) / error)
        equivalent = stdtr(freedom, (abs(point) - margin) / error)  # the larger one of the two
    else:
        low, high, p, equivalent = (0.0, 0.0, 1.0, np.nan) if point == 0 else [np.nan] * 4
    found = {"effect": point, "low": low, "high": high, "p": p, "p_equivalent": equivalent}
    return {name: float(value) for name, value in found.items()}


def detectable(low, high, n_seeds):
    """The effect that a two-sided test of 5 % finds in four of five cases, from the width of an interval.

    0.71 of the width, (1.96 + 0.84) / (2 * 1.96), from quantiles of the normal distribution. With two seeds,
    whose t has one degree of freedom, 0.64: there the noncentral t with a noncentrality of 0.64 * 2 * 12.706
    exceeds 12.706 in four of five cases. An orientation: with three to six seeds it is up to 8 % too large.

    Args:
        low, high, n_seeds: numbers, or columns of them.

    Example:
        >>> round(float(detectable(-1.0, 1.0, 6)), 2), round(float(detectable(-1.0, 1.0, 2)), 2)
        (1.43, 1.29)
    """
    share = np.where(np.equal(n_seeds, 2), 0.643, (1.96 + 0.84) / (2 * 1.96))
    return share * (high - low)


def weighted_by_language(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with a ``weight``, so that every language counts the same however many items it has.

    Example:
        >>> weighted_by_language(pd.DataFrame({"language": ["de", "de", "ko"]})).weight.tolist()
        [0.5, 0.5, 1.0]
    """
    return rows.assign(weight=1 / rows.groupby("language").language.transform("size"))


def mean_interval(rows: pd.DataFrame) -> dict:
    """Mean of ``difference`` in points with its 95 % interval and p values.

    Args:
        rows: columns ``seed, cluster, difference``; perhaps ``weight``, and ``draw``: an id of the adaptation
            whose encoder the seed was trained from, which seeds may share; ``""``: of no other seed.
    Returns:
        ``effect, low, high, p, p_equivalent``.

    Example:
        >>> rows = pd.DataFrame({"seed": [1, 1, 2, 2], "cluster": [1, 2, 1, 2], "difference": [1, 0, 1, 0]})
        >>> mean_interval(rows)["effect"]
        50.0
    """
    of_cluster, clusters = pd.factorize(rows.cluster)
    of_seed, seeds = pd.factorize(rows.seed)
    shape = (len(clusters), len(seeds))
    cell = np.ravel_multi_index((of_cluster, of_seed), shape)
    weight = rows.weight.to_numpy(float) if "weight" in rows else np.ones(len(rows))
    points = 100 * weight * rows.difference.to_numpy(float)
    sums, counts = (np.bincount(cell, values, np.prod(shape)).reshape(shape) for values in (points, weight))
    draws = None
    if "draw" in rows:
        named = rows.drop_duplicates("seed").draw.astype(str)  # in the order of factorize
        draws = named.where(named != "", "seed " + pd.Series(seeds, named.index).astype(str)).to_numpy(str)
    return interval_of_cells(sums, counts, draws)
