"""What it costs to score all pairs of languages rather than the same-language ones, by head.

    XLTLIB_DATA=<folder> python benchmarks/scoring.py [--items 60]

A bi-encoder encodes each sentence once, so the grid should cost it little more than its diagonal; a
cross-encoder reads every pair, and should pay per pair what it pays on the diagonal. Prints a table.
"""

from __future__ import annotations

import time
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path

import pandas as pd
import torch

from xltlib import encoders, heads, languages, prediction, tasks


def main() -> None:
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--task", default="paws-x" if tasks.data_folder() else "demo")
    parser.add_argument("--languages", default="en de es fr ja ko zh id")
    parser.add_argument("--items", type=int, default=60, help="test items of each language")
    parser.add_argument("--repeat", type=int, default=3, help="the contenders take turns; the fastest counts")
    parser.add_argument("--out", type=Path, help="also write the table as CSV")
    args = parser.parse_args()
    codes = languages.parse(args.languages)
    test = tasks.load_pairs(args.task, "test", codes, tasks.data_folder(), args.items)
    frames = {"diagonal": test, "all pairs": tasks.language_pairs(test)}
    trimmed = encoders.trim(encoders.load("offline"), [*test.sentence1, *test.sentence2])
    torch.manual_seed(1)
    models = {head: heads.build(head, trimmed) for head in ("bi", "cross")}
    best: dict[tuple[str, str], float] = {}
    for _ in range(args.repeat):
        for head, model in models.items():
            for name, frame in frames.items():
                began = time.perf_counter()
                prediction.predict(model, frame)
                seconds = time.perf_counter() - began
                best[head, name] = min(best.get((head, name), float("inf")), seconds)
    pairs = len(frames["all pairs"]) / len(test)
    rows = []
    for head in models:
        ratio = best[head, "all pairs"] / best[head, "diagonal"]
        rows.append(
            {
                "head": head,
                "seconds, diagonal": best[head, "diagonal"],
                "seconds, all pairs": best[head, "all pairs"],
                "ratio of seconds": ratio,
                "ratio of pairs": pairs,
                "cost of a pair against the diagonal's": ratio / pairs,
            }
        )
    table = pd.DataFrame(rows).round(2)
    print(table.to_string(index=False))
    if args.out:
        table.to_csv(args.out, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
