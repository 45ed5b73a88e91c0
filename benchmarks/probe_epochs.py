"""Is the structural probe fitted long enough? What it finds in the encoder as it was pretrained, by epochs.

    XLTLIB_DATA=... python benchmarks/probe_epochs.py --out benchmarks/probe_epochs.csv

As in the study `syntax`: fitted to trees 101 to 300 of seven languages, evaluated on the first 100 of these
and of four others.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from pathlib import Path

import pandas as pd
from tree_floors import report

from xltlib import encoders, heads, tasks
from xltlib.adaptation import syntax

FITTED_TO = "en de es fr ko zh id".split()
TREEBANKS = {code: "ud-pud" for code in [*FITTED_TO, "hi", "th", "tr"]} | {"ja": "ja-ginza"}
TREES = 300  # a language


def found(args: Namespace, folder: Path) -> pd.DataFrame:
    """A row a language and number of epochs: ``epochs, language, correlation, uuas``."""
    treebank = {code: tasks.load_trees(of, code, folder, TREES) for code, of in TREEBANKS.items()}
    texts = [tree.text for trees in treebank.values() for tree in trees]
    reader = heads.build("bi", encoders.trim(encoders.load("offline"), texts), max_length=128)
    rows = []
    for count in args.epochs:
        scores = syntax.probe_quality(reader, treebank, FITTED_TO, count)
        rows += [{"epochs": count, "language": code, **of} for code, of in scores.items()]
    return pd.DataFrame(rows)


if __name__ == "__main__":
    asked = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    asked.add_argument("--epochs", nargs="+", type=int, default=[syntax.EPOCHS, 3 * syntax.EPOCHS])
    report(asked, found)
