"""Secondary outcomes of `paws-x-strong`: on parts of the data, over its control, on English; its power.

    python benchmarks/sensitivity.py --out benchmarks/paws-x-strong

Parts of the data are those on which nothing was chosen: without the test items on which adaptations were
chosen (study `adaptation`), and without the seed with which settings were chosen on development items (study
`paws-x-strong-settings`). Effects on the mean of the targets, their intervals and their correction are those
of the summary. Effects over the control `more-updates` are corrected over all arms that the summary compares
with it, and over those alone whose control it is by the design. The English model, with no strategy and no
last updates, is that of the study `baseline`, on the same items: trained with the parameters and seeds of
this study's English models, on another machine, so that its weights are others. Power is that after
correction: of a t test at 5 % divided by the number of tests, with one degree of freedom less than there are
seeds. Reads committed predictions alone.
"""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path

import pandas as pd
from scipy.optimize import brentq
from scipy.stats import nct, t

from xltlib import collected, statistics, summary
from xltlib.statistics import ARM
from xltlib.summary import controls
from xltlib.summary.data import StudyData

STUDY, ENGLISH_MODEL, CHOSEN_IN = "paws-x-strong", "baseline", "adaptation"
SEED_OF_CHOICES = 3  # of the study paws-x-strong-settings
CONTROLLED = ("mlm-7-languages", "tsdae")  # by the design, the arms whose control `more-updates` is
POWER, MOST_SEEDS = 0.8, 100


def parts(right: pd.DataFrame, chosen_items: set[int], chosen_seed: int) -> dict[str, pd.DataFrame]:
    """The data as a whole, and what is left without items or the seed on which something was chosen.

    Args:
        right: as statistics.right_answers returns it.
        chosen_items: ids of test items on which something was chosen.
        chosen_seed: with which something was chosen.

    Example:
        >>> right = pd.DataFrame({"item": [1, 1, 2, 2], "seed": [1, 3, 1, 3]})
        >>> [len(rows) for rows in parts(right, {1}, 3).values()]
        [4, 2, 2]
    """
    return {
        "all": right,
        f"without the {len(chosen_items)} items of choices": right[~right["item"].isin(chosen_items)],
        f"without seed {chosen_seed}": right[right.seed != chosen_seed],
    }


def effects_on_parts(data: StudyData, chosen_items: set[int], chosen_seed: int) -> pd.DataFrame:
    """Effects on the mean of the targets and their differences between strategies, on each part of the data.

    Args:
        data: the study.
        chosen_items, chosen_seed: see parts.
    Returns:
        Columns ``part, encoder, strategy, head, adaptation, effect, low, high, p, p (Holm), verdict, n_items,
        n_seeds``: a row an effect or difference and a part. A part without items or seeds has no row.
    """
    found = []
    for name, rows in parts(data.right, chosen_items, chosen_seed).items():
        effects, between, _ = data.effects_of(rows)
        for table in (effects, between):
            found.append(table[table.language == "mean"].assign(part=name))
    columns = ["part", *ARM, "effect", "low", "high", "p", "p (Holm)", "verdict", "n_items", "n_seeds"]
    return pd.concat(found)[columns].reset_index(drop=True)


def english_model(data: StudyData, baseline: StudyData) -> pd.DataFrame:
    """Accuracy of English models on a study's items, languages and seeds, in per cent.

    Args:
        data: the study.
        baseline: the study whose English models are trained as its are.
    Returns:
        Columns ``language, accuracy, n_items, n_seeds``; the last row is the mean of the zero-shot targets.
    Raises:
        ValueError: the English models were not scored on all of the study's items.
    """
    same = ["seed", "language", "item"]
    scored = data.right[same].drop_duplicates()
    right = scored.merge(baseline.right[[*same, "right"]], on=same, validate="one_to_one")
    if len(right) < len(scored):
        raise ValueError(f"{baseline.study} lacks {len(scored) - len(right):,} answers that {data.study} has")
    rows = []
    for language in [*data.order, "mean"]:
        codes = data.zero_shot if language == "mean" else [language]
        answers = right[right.language.isin(codes)]
        accuracy = 100 * answers.groupby("language").right.mean().mean()
        counted = {"n_items": answers["item"].nunique(), "n_seeds": answers.seed.nunique()}
        rows.append({"language": language, "accuracy": accuracy, **counted})
    return pd.DataFrame(rows)


def effects_on_english(data: StudyData) -> pd.DataFrame:
    """Effects on the source language, judged as one family.

    Args:
        data: the study.
    Returns:
        Columns ``encoder, strategy, head, adaptation, effect, low, high, p, p (Holm), verdict, n_seeds``.
    """
    columns = [*ARM, "effect", "low", "high", "p", "p (Holm)", "verdict", "n_seeds"]
    return controls.at_source(data)[columns].reset_index(drop=True)


def over_the_control(data: StudyData) -> pd.DataFrame:
    """Effects over `more-updates` of the arms whose control it is, corrected over two families of tests.

    Args:
        data: the study.
    Returns:
        Columns ``outcome, encoder, strategy, head, adaptation, effect, low, high, p, p (Holm), p of these,
        compared, of_these``: p corrected over all ``compared`` arms, and over ``of_these`` arms alone.
    """
    found = []
    for outcome, matched in (("accuracy", False), ("matched shares", True)):
        table = controls.over_controls(data, matched)
        table = table[table.over == collected.CONTROL]
        named = table[table.adaptation.isin(CONTROLLED)]
        counts = {"compared": len(table), "of_these": len(named)}
        found.append(named.assign(**counts, outcome=outcome, **{"p of these": statistics.holm(named.p)}))
    columns = ["outcome", *ARM, "effect", "low", "high", "p", "p (Holm)", "p of these"]
    return pd.concat(found)[[*columns, "compared", "of_these"]].reset_index(drop=True)


def found(half_width: float, n_seeds: int, n_tests: int) -> float:
    """The effect that a t test at 5 %, divided by the number of tests, finds in four of five cases.

    Args:
        half_width: of a 95 % interval, in points.
        n_seeds: that the interval comes from.
        n_tests: of the family.

    Example:
        >>> round(found(1.0, 6, 9), 1)
        2.3
    """
    df = n_seeds - 1
    error, critical = half_width / t.isf(0.025, df), t.isf(0.025 / n_tests, df)

    def missed(effect: float) -> float:
        return nct.sf(critical, df, effect / error) - POWER

    return brentq(missed, 0, 100 * half_width)


def seeds_to_find(effect: float, half_width: float, n_seeds: int, n_tests: int) -> int:
    """How many seeds such a test takes to find this effect in four of five cases, or MOST_SEEDS.

    Takes the width as coming from seeds alone, so that more seeds narrow it.

    Args:
        effect: in points.
        half_width, n_seeds, n_tests: as of :func:`found`.

    Example:
        >>> seeds_to_find(2.3, 1.0, 6, 9), seeds_to_find(0.0, 1.0, 6, 9)
        (6, 100)
    """
    spread = half_width / t.isf(0.025, n_seeds - 1) * n_seeds**0.5
    for seeds in range(2, MOST_SEEDS):
        critical = t.isf(0.025 / n_tests, seeds - 1)
        if nct.sf(critical, seeds - 1, abs(effect) / (spread / seeds**0.5)) >= POWER:
            return seeds
    return MOST_SEEDS


def power(effects: pd.DataFrame) -> pd.DataFrame:
    """What could have been found after correction, and what it takes to find the estimated effect.

    Args:
        effects: as :func:`effects_on_parts` returns them, of one part. Effects are one family, differences
            between strategies another.
    Returns:
        Columns ``encoder, strategy, head, adaptation, effect, verdict, half_width, found, seeds``.
    """
    is_difference = effects.strategy.str.contains(" - ")
    n_tests = is_difference.map(is_difference.value_counts())
    rows = effects[[*ARM, "effect", "verdict"]].assign(half_width=(effects.high - effects.low) / 2)
    given = list(zip(rows.effect, rows.half_width, effects.n_seeds, n_tests, strict=True))
    rows["found"] = [found(*of_test) for _, *of_test in given]
    rows["seeds"] = [seeds_to_find(*of_test) for of_test in given]
    return rows


def main() -> None:
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--figures", type=Path, default=Path("figures"), help="folder of studies")
    parser.add_argument("--out", type=Path, help="also write both tables as CSV into this folder")
    args = parser.parse_args()
    data = summary.load(args.figures, STUDY)
    chosen_items = set(summary.load(args.figures, CHOSEN_IN).predictions["item"])
    on_parts = effects_on_parts(data, chosen_items, SEED_OF_CHOICES)
    tables = {
        "effects_on_parts": on_parts,
        "over_the_control": over_the_control(data),
        "effects_on_english": effects_on_english(data),
        "power": power(on_parts[on_parts["part"] == "all"]),
        "english_model": english_model(data, summary.load(args.figures, ENGLISH_MODEL)),
    }
    for name, table in tables.items():
        print(table.round(2).to_string(index=False))
        if args.out:
            args.out.mkdir(parents=True, exist_ok=True)
            table.round(4).to_csv(args.out / f"{name}.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
