"""How often are the intervals right? Simulated studies with clustered items and seed noise, of known effect.

    python benchmarks/intervals.py --out benchmarks/intervals.csv

Each study has two arms, seven languages, and six seeds or two. An answer is right if a latent value is: item,
item in this language, and shared sentences (clusters of one to four items) draw it once for all arms and
seeds; the seed moves an arm as a whole and in each language; the rest is noise of the single answer. Printed
per true effect: the share of 95 % intervals that hold it (per language, and of the mean of the languages), of
plain percentile intervals of the same two-level bootstrap for comparison, the share of studies in which
Holm's correction finds anything (an error where the effect is nothing), and the share of languages called
equivalent to nothing within 0.5 points.
"""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import norm
from tqdm import tqdm

from xltlib import statistics

LANGUAGES = 7
LEVEL = norm.ppf(0.75)  # three answers of four are right without adaptation
SPREAD = {"cluster": 0.5, "item": 0.7, "language": 0.5, "answer": 0.5}  # of the latent value
TOTAL = sum(value**2 for value in SPREAD.values()) ** 0.5


def latent(points: float) -> float:
    """The shift of the latent value that moves the accuracy by so many points."""
    return TOTAL * (norm.ppf(norm.cdf(LEVEL) + points / 100) - LEVEL)


def simulated(
    effect: float, seeds: int, clusters: int, seed_noise: float, rng: np.random.Generator
) -> pd.DataFrame:
    """One study's differences: columns ``seed, cluster, column, difference``.

    Args:
        effect: in points.
        seed_noise: standard deviation, in points, of an arm's accuracy over seeds: two thirds of its variance
            shared by all languages.
    """
    cluster = np.repeat(np.arange(clusters), rng.integers(1, 5, clusters))
    n = len(cluster)
    of_cluster = SPREAD["cluster"] * rng.normal(size=(clusters, 1))[cluster]
    of_item = SPREAD["item"] * rng.normal(size=(n, 1))
    known = of_cluster + of_item + SPREAD["language"] * rng.normal(size=(n, LANGUAGES))
    unit, parts = latent(1.0), []
    for seed in range(1, seeds + 1):
        right = []
        for shift in (0.0, latent(effect)):
            shared, own = rng.normal(), rng.normal(size=LANGUAGES)
            moved = seed_noise * unit * ((2 / 3) ** 0.5 * shared + (1 / 3) ** 0.5 * own)
            answer = SPREAD["answer"] * rng.normal(size=(n, LANGUAGES))
            right.append(known + shift + moved + answer > -LEVEL * TOTAL)
        difference = right[1].astype(np.int8) - right[0]
        rows = {
            "seed": seed,
            "cluster": np.repeat(cluster, LANGUAGES),
            "column": np.tile(np.arange(LANGUAGES), n),
        }
        parts.append(pd.DataFrame({**rows, "difference": difference.ravel()}))
    return pd.concat(parts, ignore_index=True)


def truth(effect: float, seed_noise: float) -> float:
    """The effect on accuracy itself: seeds that move the latent value bend it a little."""
    wide = (TOTAL**2 + (seed_noise * latent(1.0)) ** 2) ** 0.5
    return 100 * (norm.cdf((LEVEL * TOTAL + latent(effect)) / wide) - norm.cdf(LEVEL * TOTAL / wide))


def measured(
    effect: float,
    studies: int,
    seeds: int = 6,
    clusters: int = 150,
    seed_noise: float = 0.7,
    resamples: int = 600,
    progress: bool = False,
) -> dict:
    """Shares over simulated studies; see above."""
    rng = np.random.default_rng([1, seeds, clusters, int(100 * effect), int(100 * seed_noise)])
    true = truth(effect, seed_noise)
    held, held_mean, plain, found, equivalent = [], [], [], [], []
    for number in tqdm(range(studies), f"effect {effect}", disable=not progress, leave=False):
        rows = simulated(effect, seeds, clusters, seed_noise, rng)
        draws = statistics.Resamples(rows.seed, rows.cluster, resamples, seed=number + 1)
        point, drawn, freedom, error = draws(rows, list(range(LANGUAGES)))
        said = pd.DataFrame([statistics.described(*of) for of in zip(point, drawn.T, freedom, error)])
        held += ((said.low <= true) & (true <= said.high)).tolist()
        mean = statistics.described(*(of[..., 0] for of in draws(rows)))
        held_mean.append(mean["low"] <= true <= mean["high"])
        unscaled = draws.percentiles(rows, list(range(LANGUAGES)))
        plain += ((unscaled[0] <= true) & (true <= unscaled[1])).tolist()
        found.append(said.p.min() < 0.05 / LANGUAGES)  # Holm's first step; he goes on only from there
        equivalent += (said.p_equivalent < 0.05).tolist()
    return {
        "effect": effect,
        "true": true,
        "seeds": seeds,
        "clusters": clusters,
        "seed noise": seed_noise,
        "studies": studies,
        "languages": float(np.mean(held)),
        "mean": float(np.mean(held_mean)),
        "percentile": float(np.mean(plain)),
        "Holm finds one": float(np.mean(found)),
        "called equivalent": float(np.mean(equivalent)),
    }


def main() -> None:
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--out", type=Path, help="also write the table as CSV")
    args = parser.parse_args()
    settings = [{"effect": effect, "seed_noise": noise} for noise in (0.7, 1.5, 3.0) for effect in (0.0, 2.0)]
    settings += [{"effect": effect, "seeds": 2} for effect in (0.0, 2.0)]
    settings += [{"effect": 0.0, "seeds": 2, "seed_noise": 1.5}]
    settings += [{"effect": effect, "clusters": 1500, "seed_noise": 0.2} for effect in (0.5, 0.0)]
    table = pd.DataFrame([measured(studies=args.studies, progress=True, **of) for of in settings])
    print(table.round(3).to_string(index=False))
    if args.out:
        table.to_csv(args.out, index=False, float_format="%.4f", lineterminator="\n")


if __name__ == "__main__":
    main()
