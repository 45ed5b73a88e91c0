"""How differently from English each language builds its sentences: the share of URIEL's syntactic features.

    pip install lang2vec==1.1.2
    python benchmarks/distance.py --out xltlib/distance.csv

A covariate of the summary. The features are the 103 binary ones of URIEL's ``syntax_knn``, gaps filled from
neighbouring languages by its makers (Littell et al. 2017, https://aclanthology.org/E17-2002). lang2vec's own
precomputed distances are cosines of such vectors; a share of features that differ is easier to read.
"""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path

import pandas as pd

from xltlib import languages

# Where URIEL's code is not that of NTREX's file names.
CODES = {"zh": "cmn", "ar": "arb", "uz": "uzn", "sw": "swh"}


def main() -> None:
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="also write the table as CSV")
    args = parser.parse_args()
    from lang2vec import lang2vec  # old, and needed for nothing else: no dependency of the project

    codes = {language.code: CODES.get(language.code, language.alpha3) for language in languages.TABLE}
    features = pd.DataFrame(lang2vec.get_features(list(codes.values()), "syntax_knn")).astype(float)
    rows = []
    for code, uriel in codes.items():
        if code != "en":
            distance = (features[uriel] != features["eng"]).mean()
            rows.append({"language": code, "uriel": uriel, "features": len(features), "distance": distance})
    table = pd.DataFrame(rows)
    print(table.round(3).to_string(index=False))
    if args.out:
        table.to_csv(args.out, index=False, float_format="%.4f", lineterminator="\n")


if __name__ == "__main__":
    main()
