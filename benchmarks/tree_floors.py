"""How much of dependency trees the order of words alone gives: what a structural probe must beat.

    XLTLIB_DATA=... python benchmarks/tree_floors.py ud-pud ja-ginza --out benchmarks/tree_floors.csv

Of the first 100 trees of each language, as a probe is evaluated on them: Spearman's correlation of the
distances of words in the tree with those in the sentence, and UUAS where every word is joined to the next.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Callable

import pandas as pd
import torch

from xltlib import tasks
from xltlib.adaptation import syntax


def by_place(words: torch.Tensor) -> torch.Tensor:
    """Distances in the sentence, in words: what a probe gives that knows their order alone.

    Args:
        words: their vectors, shape (words, hidden), of which nothing but their number counts.
    Returns:
        Shape (words, words).
    """
    places = torch.arange(len(words), dtype=torch.float)
    return (places[:, None] - places[None, :]).abs()


def floors(treebank: str, folder: Path) -> pd.DataFrame:
    """A row a language of a treebank: ``treebank, language, correlation, uuas``."""
    rows = []
    for path in sorted((folder / treebank).glob("*.conllu")):
        trees = tasks.load_trees(treebank, path.stem, folder)[: tasks.EVALUATED]
        found = syntax.probe_scores(by_place, [torch.zeros(len(tree.heads), 1) for tree in trees], trees)
        rows.append({"treebank": treebank, "language": path.stem, **found})
    return pd.DataFrame(rows)


def report(parser: ArgumentParser, compute: Callable[[Namespace, Path], pd.DataFrame]) -> None:
    """Print a table made from the data folder, and write it where that was asked for.

    Args:
        compute: what was asked for, and the data folder -> the table.
    """
    parser.add_argument("--data", default="", help="folder of downloaded data; else XLTLIB_DATA")
    parser.add_argument("--out", type=Path, help="also write the table as CSV")
    args = parser.parse_args()
    folder = tasks.data_folder(args.data)
    if folder is None:
        parser.error("treebanks lie in the data folder: set XLTLIB_DATA or --data")
    try:
        table = compute(args, folder)
    except tasks.DataError as error:
        parser.error(str(error))
    print(table.round(2).to_string(index=False))
    if args.out:
        table.to_csv(args.out, index=False, float_format="%.4f", lineterminator="\n")


def of_all(args: Namespace, folder: Path) -> pd.DataFrame:
    """The floors of all treebanks that were named."""
    return pd.concat([floors(name, folder) for name in args.treebanks], ignore_index=True)


if __name__ == "__main__":
    asked = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    asked.add_argument("treebanks", nargs="+", help="names of folders below the data folder")
    report(asked, of_all)
