"""How often are the intervals right? Simulated studies with clustered items and seed noise, of known effect.

    python benchmarks/intervals.py --out benchmarks/intervals.csv

Each study has two arms and seven languages. An answer is right if a latent value is: item, item in this
language, and shared sentences (clusters of one to four items) draw it once for all arms and seeds; the seed
moves an arm as a whole and in each language, and so does a draw of the adaptation, which several seeds share,
the adapted arm; the rest is noise of the single answer. Printed per setting: the share of 95 % intervals that
hold the true effect (per language, and of the mean of the languages), the share of studies in which Holm's
correction over the languages finds anything (an error where the effect is nothing), the share of languages
called equivalent to nothing within 0.5 points, and how wide the mean's interval is.

The same is printed of other rules: a two-level bootstrap of seeds and clusters whose width is scaled to the
same variance; its plain percentiles; and t with other degrees of freedom: Satterthwaite's of all components,
and one fewer than there are seeds.
"""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import stdtrit
from scipy.stats import norm
from tqdm import tqdm

from xltlib import statistics

LANGUAGES = 7
LEVEL = norm.ppf(0.75)  # three answers of four are right without adaptation
SPREAD = {"cluster": 0.5, "item": 0.7, "language": 0.5, "answer": 0.5}  # of the latent value
TOTAL = sum(value**2 for value in SPREAD.values()) ** 0.5
RULES = ("", "bootstrap ", "Satterthwaite ", "seeds less one ")  # "": the package's


def latent(points: float) -> float:
    """The shift of the latent value that moves the accuracy by so many points."""
    return TOTAL * (norm.ppf(norm.cdf(LEVEL) + points / 100) - LEVEL)


def simulated(
    effect: float,
    seeds: int,
    clusters: int,
    seed_noise: float,
    rng: np.random.Generator,
    draws: int = 0,
    draw_noise: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """One study's differences in points.

    Args:
        effect: in points.
        seed_noise, draw_noise: standard deviation, in points, of an arm's accuracy over seeds, and of the
            adapted arm's over draws: two thirds of its variance shared by all languages.
        draws: of the adaptation; seeds take them in turn. 0: each seed has its own.
    Returns:
        Their sums, shape (clusters, seeds, languages); how many items, shape (clusters, seeds).
    """
    sizes = rng.integers(1, 5, clusters)
    cluster, starts = np.repeat(np.arange(clusters), sizes), np.cumsum(sizes) - sizes
    n = len(cluster)
    of_cluster = SPREAD["cluster"] * rng.normal(size=(clusters, 1))[cluster]
    of_item = SPREAD["item"] * rng.normal(size=(n, 1))
    known = of_cluster + of_item + SPREAD["language"] * rng.normal(size=(n, LANGUAGES))

    def moved(noise: float) -> np.ndarray:
        """By how much a seed, or a draw, moves an arm in each language."""
        shared, own = rng.normal(), rng.normal(size=LANGUAGES)
        return noise * latent(1.0) * ((2 / 3) ** 0.5 * shared + (1 / 3) ** 0.5 * own)

    drawn = [moved(draw_noise) for _ in range(draws)] or [0.0]
    sums = np.empty((clusters, seeds, LANGUAGES))
    for seed in range(seeds):
        right = []
        for shift in (0.0, latent(effect) + drawn[seed % len(drawn)]):
            answer = SPREAD["answer"] * rng.normal(size=(n, LANGUAGES))
            right.append(known + shift + moved(seed_noise) + answer > -LEVEL * TOTAL)
        sums[:, seed] = np.add.reduceat(100.0 * right[1] - 100.0 * right[0], starts)
    return sums, np.repeat(sizes[:, None], seeds, 1).astype(float)


def truth(effect: float, seed_noise: float, draw_noise: float = 0.0) -> float:
    """The effect on accuracy itself: what moves the latent value bends it a little."""
    plain = (TOTAL**2 + (seed_noise * latent(1.0)) ** 2) ** 0.5
    adapted = (plain**2 + (draw_noise * latent(1.0)) ** 2) ** 0.5
    return 100 * (norm.cdf((LEVEL * TOTAL + latent(effect)) / adapted) - norm.cdf(LEVEL * TOTAL / plain))


def means_of_draws(
    sums: np.ndarray, counts: np.ndarray, rng: np.random.Generator, resamples: int
) -> np.ndarray:
    """Means of a two-level bootstrap, seeds and clusters drawn together: shape (resamples, columns).

    Args:
        sums, counts: shapes (clusters, seeds, columns) and (clusters, seeds).
    """

    def drawn_of(n: int) -> np.ndarray:
        """How often each of n was drawn, in every resample: shape (resamples, n)."""
        places = rng.integers(n, size=(resamples, n)) + n * np.arange(resamples)[:, None]
        return np.bincount(places.ravel(), minlength=resamples * n).reshape(resamples, n).astype(np.float32)

    of_clusters, of_seeds = drawn_of(len(sums)), drawn_of(sums.shape[1])
    drawn = np.tensordot(of_clusters, np.dstack([sums, counts]).astype(np.float32), 1)
    drawn = np.einsum("rs,rsl->rl", of_seeds, drawn)
    return drawn[:, :-1] / drawn[:, -1:]


def components(influence: np.ndarray) -> tuple[float, float, float]:
    """Variances of a mean by the mean squares of seeds, of clusters, and of the noise of cells."""
    n_clusters, n_seeds = influence.shape
    more = n_seeds / (n_seeds - 1), n_clusters / (n_clusters - 1)
    by_seed, by_cluster = influence.sum(0), influence.sum(1)
    noise = influence - by_cluster[:, None] / n_seeds - by_seed / n_clusters
    found = [np.square(by_seed).sum() * more[0], np.square(by_cluster).sum() * more[1]]
    return *found, np.square(noise).sum() * more[0] * more[1]


def satterthwaite(influence: np.ndarray, left: bool) -> float:
    """Degrees of freedom of the variance: of the components above nothing, or as if all counted."""
    seeds, clusters, cells = components(influence)
    of_clusters, of_seeds = (n - 1 for n in influence.shape)
    above = np.array([seeds > cells, clusters > cells])
    variance = max(seeds, cells) + max(clusters, cells) - cells
    squares = np.array([seeds**2 / of_seeds, clusters**2 / of_clusters])
    counted = squares[above].sum() if left and above.any() else squares.sum()
    of_noise = 0.0 if above.sum() == 1 else cells**2 / (of_seeds * of_clusters)
    return variance**2 / (counted + of_noise)


def by_every_rule(
    sums: np.ndarray, counts: np.ndarray, drawn: np.ndarray, draws: np.ndarray | None
) -> dict[str, dict]:
    """What each rule says of one column: see :func:`xltlib.statistics.t_interval`.

    Args:
        sums, counts: shape (clusters, seeds).
        drawn: means of the bootstrap.
        draws: that of each seed; None: each has its own.
    """
    point = sums.sum() / counts.sum()
    influence = (sums - counts * point) / counts.sum()
    error, _ = statistics.standard_error_and_df(influence, counts)
    cautious = satterthwaite(influence, left=False)
    found = {
        "": statistics.interval_of_cells(sums, counts, draws),
        "Satterthwaite ": statistics.t_interval(point, error, cautious),
        "seeds less one ": statistics.t_interval(point, error, counts.shape[1] - 1),
    }
    # The rescaled bootstrap: intervals with the freedom of the components left, p values of all.
    percentiles = np.percentile(drawn, [2.5, 97.5])
    wide = 2 * stdtrit(satterthwaite(influence, left=True), 0.975) * error
    low, high = point + (percentiles - point) * wide / np.ptp(percentiles)
    found["bootstrap "] = {**found["Satterthwaite "], "low": low, "high": high}
    found["percentile "] = {**found["Satterthwaite "], "low": percentiles[0], "high": percentiles[1]}
    return found


def measured(
    effect: float,
    studies: int,
    seeds: int = 6,
    clusters: int = 150,
    seed_noise: float = 0.7,
    draws: int = 0,
    draw_noise: float = 0.0,
    resamples: int = 300,
    progress: bool = False,
) -> dict:
    """Shares over simulated studies, of each rule; see above."""
    noises = [int(100 * value) for value in (effect, seed_noise, draw_noise)]
    rng = np.random.default_rng([1, seeds, clusters, draws, *noises])
    true, rows = truth(effect, seed_noise, draw_noise), []
    of_seed = np.arange(seeds) % draws if draws else None
    for number in tqdm(range(studies), f"effect {effect}", disable=not progress, leave=False):
        sums, counts = simulated(effect, seeds, clusters, seed_noise, rng, draws, draw_noise)
        sums = np.dstack([sums, sums.mean(2)])
        drawn = means_of_draws(sums, counts, rng, resamples)
        for column in range(LANGUAGES + 1):
            said = by_every_rule(sums[..., column], counts, drawn[:, column], of_seed)
            rows += [{"study": number, "column": column, "rule": rule, **of} for rule, of in said.items()]
    said = pd.DataFrame(rows)
    said["held"] = (said.low <= true) & (true <= said.high)
    mean = said[said.column == LANGUAGES].set_index("rule")
    single = said[said.column < LANGUAGES].set_index("rule")
    found = {"effect": effect, "true": true, "seeds": seeds, "clusters": clusters, "seed noise": seed_noise}
    found |= {"draws": draws, "draw noise": draw_noise, "studies": studies}
    for rule in RULES:
        of = single.loc[rule]
        found[f"{rule}languages"] = of.held.mean()
        found[f"{rule}mean"] = mean.loc[rule].held.mean()
        # Holm's first step; he goes on only from there.
        found[f"{rule}Holm finds one"] = (of.groupby("study").p.min() < 0.05 / LANGUAGES).mean()
        found[f"{rule}called equivalent"] = (of.p_equivalent < 0.05).mean()
        found[f"{rule}width"] = (mean.loc[rule].high - mean.loc[rule].low).median()
    return {**found, "percentile": single.loc["percentile "].held.mean()}


def settings() -> list[dict]:
    """Designs and noises of the rows."""
    noises = (0.2, 0.7, 1.5, 3.0)
    found = [{"effect": 0.0, "seeds": n, "seed_noise": noise} for n in (2, 4, 6, 12) for noise in noises]
    found += [{"effect": 0.0, "seeds": 3, "seed_noise": noise} for noise in (0.7, 3.0)]
    found += [{"effect": 2.0, "seed_noise": noise} for noise in noises[1:]]
    many = {"clusters": 1500}
    found += [
        {"effect": 0.0, "seeds": n, "seed_noise": noise, **many} for n in (2, 4, 6) for noise in noises[:3]
    ]
    found += [{"effect": 0.5, "seeds": n, "seed_noise": 0.2, **many} for n in (6, 12)]
    for draws in (2, 3, 5):
        shared = [{"effect": 0.0, "draws": draws, "draw_noise": noise} for noise in (0.0, 0.7, 1.5)]
        found += [*shared, {**shared[-1], "seed_noise": 1.5}, {**shared[-1], **many}]
    return found


def main() -> None:
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--out", type=Path, help="also write the table as CSV")
    args = parser.parse_args()
    table = []
    for of in tqdm(settings(), "settings"):
        table.append(measured(studies=args.studies, progress=True, **of))
        if args.out:
            pd.DataFrame(table).to_csv(args.out, index=False, float_format="%.4f", lineterminator="\n")
    print(pd.DataFrame(table).round(3).to_string(index=False))


if __name__ == "__main__":
    main()
