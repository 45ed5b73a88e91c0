"""How differently from English each language builds its sentences: the share of URIEL's syntactic features that differ.

    pip install lang2vec==1.1.2
    python benchmarks/distance.py --out xltlib/distance.csv

A covariate of the summary. The features are the 103 binary ones of URIEL's ``syntax_knn``, gaps filled from neighbouring languages by its makers
(Littell et al. 2017, https://aclanthology.org/E17-2002). lang2vec's own precomputed distances are cosines of such vectors; a share is easier to read.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from xltlib import languages

CODES = {"zh": "cmn", "ar": "arb", "uz": "uzn", "sw": "swh"}  # where URIEL's code is not that of NTREX's file names


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="also write the table as CSV")
    args = parser.parse_args()
    from lang2vec import lang2vec  # old, and needed for nothing else: no dependency of the project

    codes = {language.code: CODES.get(language.code, language.alpha3) for language in languages.TABLE}
    features = pd.DataFrame(lang2vec.get_features(list(codes.values()), "syntax_knn")).astype(float)
    others = [code for code in codes if code != "en"]
    differ = [(features[codes[code]] != features["eng"]).mean() for code in others]
    table = pd.DataFrame({"language": others, "uriel": [codes[code] for code in others], "features": len(features), "distance": differ})
    print(table.round(3).to_string(index=False))
    if args.out:
        table.to_csv(args.out, index=False, float_format="%.4f", lineterminator="\n")


if __name__ == "__main__":
    main()
