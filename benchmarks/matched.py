"""Are intervals at matched shares wide enough? They take the constants of a run and language as known.

    python benchmarks/matched.py --out benchmarks/matched.csv

Of masked language modelling in `lowres-nli`, seeds 1 and 2, in four languages: the standard error of an
effect at matched shares over resampled premises, with the answers as they are, and matched anew in each
sample. In points; below, the ratio of their quadratic means.
"""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path

import numpy as np
import pandas as pd

from xltlib import statistics, summary
from xltlib.statistics.answers import class_columns, of_one_language

STUDY, ADAPTATION = "lowres-nli", "mlm-table-16-languages"
STRATEGIES, SEEDS, LANGUAGES = ("plain", "hybrid"), (1, 2), ("yor", "zul", "sw", "nah")


def errors(with_it: pd.DataFrame, without: pd.DataFrame, samples: int, rng: np.random.Generator) -> dict:
    """The standard error of one run's effect in one language, in points, in both ways.

    Args:
        with_it, without: predictions for the same items, in the same order.
        samples: of premises, with replacement.
        rng: draws them.
    Returns:
        ``fixed`` and ``anew``.
    """
    labels = without.label.to_numpy(int)
    classes = class_columns(without)
    both = [of[classes].to_numpy(float) for of in (with_it, without)]

    def effect(rows: np.ndarray) -> np.ndarray:
        """Right with minus right without, item by item, matched among these rows."""
        one, two = (statistics.matched_answers(p[rows], labels[rows]) == labels[rows] for p in both)
        return one.astype(int) - two.astype(int)

    premises = list(without.reset_index(drop=True).groupby("cluster", observed=True).indices.values())
    known = effect(np.arange(len(labels)))
    found = {"fixed": [], "anew": []}
    for _ in range(samples):
        rows = np.concatenate([premises[k] for k in rng.integers(len(premises), size=len(premises))])
        found["fixed"].append(100 * known[rows].mean())
        found["anew"].append(100 * effect(rows).mean())
    return {name: np.std(values) for name, values in found.items()}


def measured(figures: Path, samples: int) -> pd.DataFrame:
    """Both errors of each strategy, seed and language."""
    data = summary.load(figures, STUDY)
    chosen = of_one_language(data.predictions)
    rng = np.random.default_rng(1)
    rows = []
    for strategy in STRATEGIES:
        for seed in SEEDS:
            arms = data.runs[(data.runs.strategy == strategy) & (data.runs.seed == seed)]
            run = arms.set_index("adaptation").run
            for code in LANGUAGES:
                of_code = chosen[chosen.language1.astype(str) == code]
                pair = [
                    of_code[of_code.run == run[name]].sort_values("item") for name in (ADAPTATION, "none")
                ]
                found = errors(*pair, samples, rng)
                rows.append({"strategy": strategy, "seed": seed, "language": code, **found})
    return pd.DataFrame(rows)


if __name__ == "__main__":
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--figures", type=Path, default=Path("figures"), help="folder of studies")
    parser.add_argument("--samples", type=int, default=150, help="of premises, for each effect")
    parser.add_argument("--out", type=Path, help="CSV")
    args = parser.parse_args()
    table = measured(args.figures, args.samples)
    print(table.round(2).to_string(index=False))
    if args.out:
        table.to_csv(args.out, index=False, float_format="%.3f", lineterminator="\n")
    ratio = np.sqrt((table.anew**2).mean() / (table.fixed**2).mean())
    print(f"matched anew, the error is {ratio:.2f} times as large")
