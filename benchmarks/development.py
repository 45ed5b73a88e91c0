"""What settings were chosen by: English development accuracy, and held-out text, of the arms of a study.

    XLTLIB_DATA=... python benchmarks/development.py paws-x-strong-settings \\
        --out benchmarks/paws_x_settings.csv

Reads the records of runs that were made (`python run_all.py paws-x-strong-settings`), and no prediction:
test items are scored in other studies. An arm that starts from an adaptation has its held-out text beside it:
perplexity before and after, as a geometric mean over languages; and after three quarters of the updates.
"""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path

import pandas as pd
from scipy.stats import gmean

from xltlib import records, studies, tasks
from xltlib.plan import Plan
from xltlib.values import without_seed

ROOT = Path(__file__).resolve().parent.parent
SOURCE = "en"


def developed(plan: Plan, runs: Path) -> pd.DataFrame:
    """A row an arm: what it adds, and what it reaches on development data.

    Args:
        plan: of the study.
        runs: folder of runs.
    Returns:
        Columns ``arm, seed, updates, accuracy`` (English development pairs, in per cent) and, of an arm that
        starts from an adaptation, ``method, adapted`` (its updates), ``rate, frozen`` (layers), and
        perplexities ``before, late, after``; ``late`` is the last check but one.
    Raises:
        FileNotFoundError: a run was not made; names it.
    """
    rows = []
    for node in plan.nodes.values():
        if not node.arm:
            continue
        record = _record(runs, node)
        row = {"arm": without_seed(node.label), "seed": record["seed"], "updates": record["updates"]}
        row["accuracy"] = 100 * record["dev_accuracy"][-1][SOURCE]
        for need in node.needs:
            if plan[need].notebook == "10_adapt":
                row |= _adapted(_record(runs, plan[need]))
        rows.append(row)
    return pd.DataFrame(rows)


def _record(runs: Path, node) -> dict:
    """What a run left."""
    record = records.read(runs / node.run)
    if record is None:
        raise FileNotFoundError(f"{node.label} ({node.run}) was not made: python run_all.py with its study")
    return record


def _adapted(record: dict) -> dict:
    """What an adaptation did to held-out text."""
    given = record["parameters"]
    about = {"method": record["method"], "adapted": record["updates"], "rate": given["learning_rate"]}
    about["frozen"] = given["encoder"]["frozen_layers"]
    checks = [value for _, value in record["on_the_way"]]
    late = checks[-2] if len(checks) > 1 else None
    before, after = gmean(list(record["before"].values())), gmean(list(record["after"].values()))
    return about | {"before": before, "late": late, "after": after}


def main() -> None:
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("study", help="its name in experiments.yaml")
    parser.add_argument("--runs", type=Path, default=ROOT / "runs", help="folder of runs")
    parser.add_argument("--out", type=Path, help="also write the table as CSV")
    args = parser.parse_args()
    try:
        study = studies.read(ROOT / "experiments.yaml")[args.study]
        plan = study.plan({}, str(tasks.data_folder() or ""), args.runs.resolve(), reads=False)
        table = developed(plan, args.runs)
    except (ValueError, FileNotFoundError) as error:
        parser.error(str(error))
    print(table.to_string(index=False, float_format="{:.4g}".format))
    if args.out:
        table.to_csv(args.out, index=False, float_format="%.6g", lineterminator="\n")


if __name__ == "__main__":
    main()
