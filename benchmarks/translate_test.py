"""Translate-test beside zero-shot transfer: one English training, asked in a language and in translation.

    python benchmarks/translate_test.py --out benchmarks/translate_test.csv

Reads the committed predictions of two studies. In `lowres-nli`, plain English training without adaptation
answers test items in each language; in `lowres-nli-translated` the same training, with the same seeds,
answers their machine translations into English. Both answer the same items. The effect is translate-test
minus zero-shot, in points; its interval is that of all effects here (`xltlib.statistics.mean_interval`).
"""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path

import pandas as pd

from xltlib import statistics, summary

ZERO_SHOT, TRANSLATED = "lowres-nli", "lowres-nli-translated"
STRATEGY = "plain"


def answers(figures: Path) -> tuple[pd.DataFrame, dict[str, str]]:
    """Right answers of both, those about translations as if translating were an adaptation; and the groups.

    Args:
        figures: folder of studies.
    """
    zero_shot, translated = summary.load(figures, ZERO_SHOT), summary.load(figures, TRANSLATED)
    rows = zero_shot.right_zero_shot
    plain = rows[(rows.strategy == STRATEGY) & (rows.adaptation == "none")]
    asked = translated.right_zero_shot.assign(adaptation="translate-test")
    plain = plain[plain.language.isin(asked.language.unique())]
    return pd.concat([plain, asked]), zero_shot.grouped


def compared(right: pd.DataFrame, groups: dict[str, str]) -> pd.DataFrame:
    """Accuracy of both and the effect, a row a language and a row a mean.

    Args:
        right: of ``answers``.
        groups: codes of the languages of each group. Its mean is that of those that were translated, if there
            are several.
    Returns:
        Columns ``group, language, zero-shot, translate-test, effect, low, high, p, p (Holm), verdict,
        n_items, n_seeds``; Holm's correction is over the languages.
    """
    there = list(right.language.unique())
    means = {name: [code for code in codes.split() if code in there] for name, codes in groups.items()}
    means = {name: codes for name, codes in means.items() if codes} | {"all": there}
    of_language = [row_of(right, name, [code]) for name in means if name != "all" for code in means[name]]
    judged = statistics.judge(pd.concat(of_language))
    of_means = [row_of(right, name, codes) for name, codes in means.items() if len(codes) > 1]
    return pd.concat([judged, *of_means], ignore_index=True).drop(columns=[*statistics.ARM, "p_equivalent"])


def row_of(right: pd.DataFrame, group: str, codes: list[str]) -> pd.DataFrame:
    """One row: a language, or the mean of several."""
    of = right[right.language.isin(codes)]
    both = statistics.beside_plain(of)
    accuracies = {
        "zero-shot": 100 * both.groupby("language").right_plain.mean().mean(),
        "translate-test": 100 * both.groupby("language").right.mean().mean(),
    }
    name = codes[0] if len(codes) == 1 else "mean"
    row = statistics.mean_effects(of).assign(**accuracies)
    row.insert(0, "group", group)
    row.insert(1, "language", name)
    return row


def main() -> None:
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--figures", type=Path, default=Path("figures"), help="folder of studies")
    parser.add_argument("--out", type=Path, help="also write the table as CSV")
    args = parser.parse_args()
    table = compared(*answers(args.figures))
    print(table.round(2).to_string(index=False))
    if args.out:
        table.round(4).to_csv(args.out, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
