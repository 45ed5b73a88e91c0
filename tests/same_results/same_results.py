"""Do two commits compute the same? Runs a study of every kind of run by the code of each, and compares.

    python tests/same_results/same_results.py OLD NEW [--only TEXT] [--work DIR]

OLD and NEW are commits, or ``.`` for the files as they lie here. Each is run on a tiny encoder with random
weights, on one thread, in a worktree of its own. Compared bit by bit are predictions, losses, what was
measured, data and rungs, what was read, and names; the exit status is 1 where anything differs. The study is
none to read: run_all.py says at the end that its summary cannot be drawn.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
COMPARED = (
    "strategy", "adaptation", "head", "rung", "supervision", "zero_shot", "seed", "task", "encoder", "noise",
    "attack", "data", "selected_step", "dev_accuracy", "loss", "penalty", "tokens", "updates", "accuracy",
    "bias", "bias_before", "before", "after", "probes", "on_the_way", "kept_step", "retrieved",
    "languages_guessed",    "layer", "method",
)  # fmt: skip


def checkout(commit: str, work: Path) -> Path:
    """The files of a commit in a worktree."""
    if commit == ".":
        return ROOT
    name = subprocess.run(
        ["git", "rev-parse", "--short", commit], cwd=ROOT, capture_output=True, text=True, check=True
    )
    place = work / name.stdout.strip()
    if not place.exists():
        subprocess.run(["git", "worktree", "add", "--detach", str(place), commit], cwd=ROOT, check=True)
    return place


def materials(work: Path) -> dict[str, Path]:
    """The tiny encoder, synonyms and a word list."""
    sys.path.insert(0, str(ROOT / "tests"))
    from conftest import demo_sentences, tiny_encoders

    if not (work / "encoders").exists():
        tiny_encoders(work / "encoders", demo_sentences())
    synonyms, lists = work / "synonyms.txt", work / "lists"
    synonyms.write_text("was were\nborn made\nthe a\nfrom of\n", encoding="utf-8")
    lists.mkdir(exist_ok=True)
    (lists / "en-de.txt").write_text("was wurde\nborn geboren\nthe das\n", encoding="utf-8")
    return {"ENCODER": work / "encoders/xlm-r", "SYNONYMS": synonyms, "LISTS": lists}


def run(
    place: Path, given: dict[str, Path], work: Path, only: str
) -> tuple[dict[str, dict], dict[str, pd.DataFrame]]:
    """Records and predictions of the study by the code that lies in ``place``, by label."""
    flat = not (place / "xltlib/studies.py").exists()
    text = (HERE / ("flat.yaml" if flat else "nested.yaml")).read_text(encoding="utf-8")
    for name, path in given.items():
        text = text.replace(name, str(path))
    own = work / f"of-{place.name}"
    own.mkdir(parents=True, exist_ok=True)
    (own / "studies.yaml").write_text(text, encoding="utf-8")
    places = ["--runs", own / "runs", "--figures", own / "figures", "--experiments", own / "studies.yaml"]
    asked = ["--only", only] if only else []
    command = [sys.executable, "run_all.py", "tiny", "--jobs", str(os.cpu_count()), *map(str, places), *asked]
    threads = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONPATH": str(place), "XLTLIB_DATA": ""}
    subprocess.run(command, cwd=place, env={**os.environ, **threads})
    records, predictions = {}, {}
    for record in json.loads((own / "figures/tiny/runs.json").read_text(encoding="utf-8"))["runs"]:
        records[record["label"]] = record
        path = own / "runs" / record["run"] / "predictions.parquet"
        if path.exists():
            predictions[record["label"]] = pd.read_parquet(path)
    return records, predictions


def reading(record: dict) -> set[tuple]:
    """What lifts a run's rung: kinds and languages of what was read beside the source language."""
    lifting = ("text", "dictionary", "parallel", "labelled-target")
    found = {
        (entry["kind"], *sorted(entry["languages"])) for entry in record["read"] if entry["kind"] in lifting
    }
    return found - {("text", "en")}


def common(old: object, new: object) -> tuple[object, object]:
    """Two values; of dictionaries, what both have: a newer record may say more."""
    if isinstance(old, dict) and isinstance(new, dict):
        both = old.keys() & new.keys()
        return {name: old[name] for name in both}, {name: new[name] for name in both}
    return old, new


def differences(old: dict, new: dict) -> list[str]:
    """What differs between two records of one run."""
    found = []
    for name in COMPARED:
        if name in old and name in new:
            one, two = common(old[name], new[name])
            if one != two:
                found.append(f"{name}: {str(one)[:100]} / {str(two)[:100]}")
    if reading(old) != reading(new):
        found.append(f"read: {sorted(reading(old))} / {sorted(reading(new))}")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("commits", nargs=2, metavar="COMMIT")
    parser.add_argument("--only", default="", metavar="TEXT", help="only runs whose label contains TEXT")
    parser.add_argument(
        "--work", type=Path, metavar="DIR", help="where worktrees and runs lie; kept, and gone on with"
    )
    args = parser.parse_args()
    work = (args.work or Path(tempfile.mkdtemp())).resolve()
    work.mkdir(parents=True, exist_ok=True)
    given = materials(work)
    (old, old_predictions), (new, new_predictions) = (
        run(checkout(commit, work), given, work, args.only) for commit in args.commits
    )
    different = sorted(old.keys() ^ new.keys())
    print(f"{len(old)} and {len(new)} runs; of one commit only: {', '.join(different) or 'none'}")
    for label in sorted(old.keys() & new.keys()):
        found = differences(old[label], new[label])
        if label in old_predictions and not old_predictions[label].equals(new_predictions.get(label)):
            found.append("predictions")
        if found:
            different.append(label)
            print(f"{label} differs:", *found, sep="\n  ")
    print(f"{len(old.keys() & new.keys())} runs compared, {len(different)} differ")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
