"""How finely an encoder's vocabulary cuts each language: pieces of a translation over those of its original.

    XLTLIB_DATA=... python benchmarks/fertility.py --encoder offline --out xltlib/fertility.csv    # NTREX
    python benchmarks/fertility.py                                          # the corpus in the package

A covariate of the summary: content is the same, so the ratio says how much longer a sequence gets, whatever
the script calls a word.
"""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from xltlib import encoders, languages, tasks


def main() -> None:
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", default="offline", help="hub id, folder, or offline")
    parser.add_argument("--sentences", type=int, default=1000, help="translations a language")
    parser.add_argument("--out", type=Path, help="also write the table as CSV")
    args = parser.parse_args()
    folder = tasks.data_folder()
    corpus = "ntrex" if folder else "demo"
    tokenizer = encoders.load(args.encoder).tokenizer

    def pieces(sentences: list[str]) -> int:
        """Into how many pieces these are cut, in all."""
        return sum(len(ids) for ids in tokenizer(sentences, add_special_tokens=False)["input_ids"])

    rows = []
    for code in tqdm([code for code in languages.ORDER if code != "en"], desc="languages"):
        try:
            pairs = tasks.load_parallel(corpus, code, folder, args.sentences)
        except (tasks.DataError, FileNotFoundError):  # not every corpus has every language
            continue
        english, other = zip(*pairs)
        ratio = pieces(list(other)) / pieces(list(english))
        about = {"encoder": args.encoder, "corpus": corpus, "language": code, "sentences": len(pairs)}
        rows.append({**about, "fertility": ratio})
    table = pd.DataFrame(rows)
    print(table.round(2).to_string(index=False))
    if args.out:
        table.to_csv(args.out, index=False, float_format="%.4f", lineterminator="\n")


if __name__ == "__main__":
    main()
