"""How finely an encoder's vocabulary cuts each language: pieces of a translation relative to those of its English original.

    XLTLIB_DATA=... python benchmarks/fertility.py --encoder offline --out xltlib/fertility.csv    # NTREX
    python benchmarks/fertility.py                                                                     # the corpus in the package

A covariate of the summary: content is the same, so the ratio says how much longer a sequence gets, whatever the script calls a word.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from xltlib import encoders, languages, tasks


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", default="offline", help="hub id, folder, or offline")
    parser.add_argument("--sentences", type=int, default=1000, help="translations a language")
    parser.add_argument("--out", type=Path, help="also write the table as CSV")
    args = parser.parse_args()
    folder, rows = tasks.data_folder(), []
    corpus = "ntrex" if folder else "demo"
    tokenizer = encoders.load(args.encoder).tokenizer
    pieces = lambda sentences: sum(len(ids) for ids in tokenizer(sentences, add_special_tokens=False)["input_ids"])
    for code in tqdm([code for code in languages.ORDER if code != "en"], desc="languages"):
        try:
            pairs = tasks.load_parallel(corpus, code, folder, args.sentences)
        except (tasks.DataError, FileNotFoundError):  # not every corpus has every language
            continue
        english, other = zip(*pairs)
        rows.append({"encoder": args.encoder, "corpus": corpus, "language": code, "sentences": len(pairs), "fertility": pieces(list(other)) / pieces(list(english))})
    table = pd.DataFrame(rows)
    print(table.round(2).to_string(index=False))
    if args.out:
        table.to_csv(args.out, index=False, float_format="%.4f", lineterminator="\n")


if __name__ == "__main__":
    main()
