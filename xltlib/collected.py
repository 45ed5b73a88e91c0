"""What a study's folder of figures holds: reading its runs and predictions, and exchanging all of it at once.

``runs.json`` and ``predictions.parquet`` belong together, and what is drawn belongs to them. All of it is
made beside the folder. Then one renaming puts it inside, as ``.new``: from that moment on it counts, and a
process that is killed before the last file has moved to its place leaves nothing half-done, for whoever reads
looks there first, and whoever collects next moves the rest.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pandas as pd

from xltlib import files, languages, locks, provenance, records
from xltlib.files import Damaged
from xltlib.notebooks import ADAPT
from xltlib.values import joined, without_seed

RUNS, PREDICTIONS = "runs.json", "predictions.parquet"
NEW = ".new"  # in the folder: a whole new content, of which not every file has moved to its place
OF_STUDY = {"runs": list, "about": str, "missing": list, "groups": dict, "controls": list}
OF_ARM = {  # what tables are made from, beside the predictions
    "label": str, "seed": int, "encoder": str, "head": str, "strategy": str, "adaptation": str, "rung": str,
    "read": list, "accuracy": list, "parameters": dict,
}  # fmt: skip
OF_ADAPTATION = {"method": str, "before": dict, "after": dict}  # held-out text, by language
OF_PIECES = {"pieces_per_word": (float, int), "unknown": (float, int)}
OF_ACCURACY = {"selection": str, "language1": str, "language2": str, "accuracy": (float, int)}
AGAIN = "take it back from version control (git restore), or delete it and collect anew (run_all.py)"
CONTROL = "more-updates"  # as many updates on labels of the source language, nothing else


def file(figures: Path, name: str) -> Path:
    """Where a file of a study lies."""
    moving = Path(figures) / NEW / name
    return moving if moving.exists() else Path(figures) / name


def lost_half(figures: Path) -> str:
    """Which of the two files of a study is gone while the other is there, and what to do; "" if none is."""
    present = [name for name in (RUNS, PREDICTIONS) if file(figures, name).is_file()]
    if len(present) != 1:
        return ""
    (lost,) = {RUNS, PREDICTIONS} - set(present)
    return (
        f"{Path(figures) / lost} is not there, though {present[0]} is: take it back from version control "
        f"(git restore {figures}), or collect anew (run_all.py {Path(figures).name})"
    )


def state(figures: Path, needed: dict[str, type] | None = None) -> dict:
    """A study's ``runs.json``: ``study, about, missing, runs``, perhaps ``groups`` and ``controls``.

    Args:
        figures: the study's folder.
        needed: what each of its runs must have; name -> type.
    Raises:
        FileNotFoundError: there is none.
        Damaged: it is no such file, or a run stands in it twice; names it.
    """
    path = file(figures, RUNS)
    found = files.as_json(path, AGAIN)
    optional = {"about": "", "missing": [], "groups": {}, "controls": []}
    files.refuse_without({**optional, **found}, OF_STUDY, path, AGAIN)
    for name in ("missing", "controls"):
        if not all(isinstance(label, str) for label in found.get(name, [])):
            raise Damaged(path, f"{name!r} is no list of labels", AGAIN)
    for record in found["runs"]:
        if not isinstance(record, dict):
            raise Damaged(path, "one of its runs is no object", AGAIN)
        files.refuse_without(record, needed or {}, path, AGAIN)
        records.learn_languages(record, path, AGAIN)
        if record.get("notebook") == ADAPT:
            refuse_bad_adaptation(record, path, AGAIN)
    _refuse_twice(found["runs"], path)
    return found


def csv_table(path: Path, **types: type) -> pd.DataFrame:
    """A table as it was saved. An empty cell is missing, and nothing else: ``null`` may be a name.

    Args:
        types: of columns that are not to be guessed.
    Raises:
        OSError: it cannot be read.
        Damaged: it was cut short.
        ValueError: it is no CSV file.
    """
    if not path.read_bytes().endswith(b"\n"):
        raise Damaged(path, "it ends within a line", f"git restore {path}, or draw it anew")
    return pd.read_csv(path, dtype=types, keep_default_na=False, na_values=[""])


def is_control(adaptation: str, named: Iterable[str] = ()) -> bool:
    """Whether an adaptation is a control: extra English updates, or one that its study names as such.

    Example:
        >>> is_control("more-updates-200"), is_control("mlm-en", ["mlm-en"]), is_control("mlm")
        (True, True, False)
    """
    return adaptation == CONTROL or adaptation.startswith(f"{CONTROL}-") or adaptation in named


def named_controls(runs: Iterable[tuple[str, str]], arms: list[str]) -> list[str]:
    """Adaptations of the arms that a study names as controls, under whatever strategy.

    Args:
        runs: label and adaptation of each run.
        arms: the labels that the study names, without seeds.
    """
    found = dict.fromkeys(adaptation for label, adaptation in runs if without_seed(label) in arms)
    return [adaptation for adaptation in found if adaptation != "none"]


def _refuse_twice(runs: list[dict], path: Path) -> None:
    """Stop where two runs have one name, one id, or the same parameters."""
    for name in ("label", "run"):
        for value, times in Counter(str(record[name]) for record in runs if name in record).items():
            if times > 1:
                raise Damaged(path, f"{name} {value!r} stands in it {times} times", AGAIN)
    seen: dict[str, str] = {}
    for record in runs:
        if "parameters" in record:
            key = json.dumps([record.get("notebook"), record["parameters"]], sort_keys=True)
            other = seen.setdefault(key, record.get("label", "one"))
            if other != record.get("label", "one"):
                raise Damaged(path, f"{other} and {record.get('label')} have the same parameters", AGAIN)


def refuse_alike(right: pd.DataFrame, runs: pd.DataFrame, study: str) -> None:
    """Refuse arms that tables cannot tell apart: they have one name, and answer the same items.

    Args:
        right: columns ``encoder, strategy, head, adaptation, seed, language, item``.
        runs: records, a row a run of an arm.
        study: for the error.
    Raises:
        ValueError: names the runs, and what to do.
    """
    names = ["encoder", "strategy", "head", "adaptation", "seed"]
    again = right[right.duplicated([*names, "language", "item"])]
    if len(again):
        alike = runs[(runs[names] == again[names].iloc[0]).all(axis=1)]
        raise ValueError(
            f"study {study}: {joined(list(alike.label))} have one name in tables "
            f"({', '.join(again[names[:-1]].iloc[0])}), because they differ in options alone. Let a "
            "component of your own list them as TOLD (docs/extending.md), or compare settings on development "
            "data (summary: 50_development), noises by summary: 30_robustness, or arms apart"
        )


def predictions(figures: Path, columns: list[str] | None = None) -> pd.DataFrame:
    """The predictions of a study's arms.

    Raises:
        FileNotFoundError: there are none.
        Damaged: they cannot be read, or lack a column.
    """
    return files.as_table(file(figures, PREDICTIONS), AGAIN, columns)


def both(figures: Path, needed: dict[str, type] | None = None) -> tuple[dict, pd.DataFrame]:
    """Runs and predictions of a study, which must be of the same arms.

    Raises:
        FileNotFoundError: one of the two is not there.
        Damaged: one of the two is, or they are not of the same runs.
    """
    found, table = state(figures, {"run": str, "arm": bool, **(needed or {})}), predictions(figures, None)
    if "run" not in table:
        raise Damaged(file(figures, PREDICTIONS), "no column run", AGAIN)
    arms = {record["run"] for record in found["runs"] if record["arm"]}
    if arms != set(table["run"].astype(str)):
        reason = f"not of the same runs as {RUNS} beside it"
        raise Damaged(file(figures, PREDICTIONS), reason, "take both back, or collect anew")
    return found, table


def complete(figures: Path) -> tuple[dict, pd.DataFrame]:
    """The same, with all that tables are made from.

    Raises:
        FileNotFoundError: as :func:`both`.
        Damaged: as :func:`both`, or something is not there, or of another kind, or they are of another study.
    """
    found, table = both(figures, {"label": str})
    path, name = file(figures, RUNS), Path(figures).name
    if found.get("study", name) != name:
        raise Damaged(path, f"it is of the study {found['study']!r}", AGAIN)
    for record in found["runs"]:
        if record["arm"]:
            refuse_bad_record(record, path, AGAIN)
    records.refuse_bad_predictions(table, file(figures, PREDICTIONS), AGAIN)
    return found, table


def planned_tests(missing: list[str], records: list[dict]) -> int:
    """How many tests a family of a study has at least while some arm has no run: as many as there are arms.

    Args:
        missing: labels of runs that are planned and not done, as ``runs.json`` has them. Those of trunks, of
            which a run is done, do not count.
        records: of the runs that are done: ``label`` and ``arm``.
    Returns:
        0 once every arm has a run.

    Example:
        >>> done = [{"label": "english seed 1", "arm": False}, {"label": "plain seed 1", "arm": True}]
        >>> planned_tests(["english seed 2", "plain seed 2", "hybrid seed 1", "mlm draw 1"], done)
        2
        >>> planned_tests(["english seed 2", "plain seed 2"], done)
        0
    """
    arms = {without_seed(record["label"]) for record in records if record["arm"]}
    trunks = {without_seed(record["label"]) for record in records if not record["arm"]}
    waiting = {without_seed(label) for label in missing if " seed " in label} - trunks
    return len(waiting | arms) if waiting - arms else 0


def shortened(labels: list[str], most: int = 3) -> str:
    """Labels of runs in a line, at most so many by name.

    Example:
        >>> shortened(["plain seed 1", "plain seed 2", "plain seed 3", "hybrid seed 1", "hybrid seed 2"])
        'plain seed 1, plain seed 2, plain seed 3 and 2 more'
    """
    more = f" and {len(labels) - most} more" if len(labels) > most else ""
    return ", ".join(labels[:most]) + more


def refuse_bad_record(record: dict, path: Path, then: str) -> None:
    """Stop where a record of an arm lacks something that tables are made from.

    Args:
        path, then: the file, and what to do.
    Raises:
        Damaged: names what, and the run.
    """
    try:
        files.refuse_without(record, OF_ARM, path, then)
        files.refuse_without(record["parameters"], {"targets": str}, path, then)
        languages.parse(record["parameters"]["targets"])
        for row in record["accuracy"] or [None]:
            files.refuse_without(row, OF_ACCURACY, path, then)
        for counted in record.get("pieces", {}).values():
            files.refuse_without(counted, OF_PIECES, path, then)
        provenance.from_record(record["read"])
    except Damaged:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Damaged(path, f"{record['label']} ({error})", then) from error


def refuse_bad_adaptation(record: dict, path: Path, then: str) -> None:
    """Stop where a record of an adaptation does not say what it did to held-out text.

    Args:
        path, then: the file, and what to do.
    Raises:
        Damaged: names what, and the run.
    """
    for name, kind in OF_ADAPTATION.items():
        if not isinstance(record.get(name), kind):
            reason = f"{record.get('label', 'an adaptation')} has no {name!r}, or no {kind.__name__} there"
            raise Damaged(path, reason, then)
    if lost := sorted(set(record["before"]) - set(record["after"])):
        raise Damaged(path, f"'after' of {record.get('label')} lacks {joined(lost)}", then)


@contextmanager
def exchanged(figures: Path) -> Iterator[Path]:
    """Give a folder of the same name elsewhere; what the block leaves in it takes the places of what is here.

    Nothing else collects into this folder meanwhile. If the block raises, the folder stays as it is.

    Args:
        figures: the study's folder.
    """
    figures.parent.mkdir(parents=True, exist_ok=True)
    beside = figures.parent / f".{figures.name}.new"
    lock = figures.parent / f".{figures.name}.lock"
    if locks.is_held(lock):
        print(f"{figures}: another process is collecting; waiting for it", file=sys.stderr)
    with locks.held(lock):
        settle(figures)
        shutil.rmtree(beside, ignore_errors=True)  # of a process that was killed
        place = beside / figures.name
        try:
            place.mkdir(parents=True)
            yield place
            figures.mkdir(exist_ok=True)
            os.rename(place, figures / NEW)
            settle(figures)
        finally:
            shutil.rmtree(beside, ignore_errors=True)


def settle(figures: Path) -> None:
    """Move what an exchange has left to its place; a file without content stands for one that is to go."""
    with suppress(FileNotFoundError, NotADirectoryError):
        for path in sorted((figures / NEW).iterdir()):
            if path.stat().st_size:
                os.replace(path, figures / path.name)
                continue
            (figures / path.name).unlink(missing_ok=True)
            path.unlink()
        (figures / NEW).rmdir()
