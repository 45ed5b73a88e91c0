"""What a run leaves: one JSON record and its predictions, each whole or not at all.

A run is done only if its record is there, its parameters and code fingerprint match, and the files that the
record names are there as they were written. Nothing is read from folder names or notebook outputs.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections import Counter
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

import pandas as pd

from xltlib import languages
from xltlib.files import Damaged, as_json, as_table, refuse_without, whole
from xltlib.notebooks import SCORING
from xltlib.parameters import are_same

PACKAGES = ("torch", "transformers", "accelerate", "sentence-transformers", "datasets", "numpy", "pandas")
RECORD, PREDICTIONS, MODEL, ENCODER = "record.json", "predictions.parquet", "trained.safetensors", "encoder"
ELSEWHERE = "model-elsewhere"  # in a run's folder: it was made on another machine, where its model stayed
LOOKED_INTO = 2**23  # bytes up to which predictions are looked into when it is asked what is done
AGAIN = "delete it, and the run is made again"
NEEDED = {"parameters": dict, "code": str}  # in every record
ROUNDING = 1e-4  # by which a probability may lie outside [0, 1]
ANSWER = ["item", "language1", "language2", "selection"]  # of a run's predictions: each once


def write(folder: Path, record: dict, predictions: pd.DataFrame | None = None) -> None:
    """Write predictions, then the record that makes the run count as done; each whole or not at all.

    The record keeps size and digest of the predictions and of the model that lies there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    table = predictions.to_parquet(index=False) if predictions is not None else None
    files = {} if table is None else {PREDICTIONS: _about(table)}
    for path in [folder / MODEL, *sorted((folder / ENCODER).rglob("*"))]:
        if path.is_file():
            files[path.relative_to(folder).as_posix()] = {"size": path.stat().st_size, "sha256": _hash(path)}
    record = {**record, "files": files}
    text = json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False)
    if table is not None:
        with whole(folder / PREDICTIONS) as part:
            part.write_bytes(table)
    with whole(folder / RECORD) as part:
        part.write_text(text + "\n", encoding="utf-8")


def _about(content: bytes) -> dict:
    return {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read(folder: Path) -> dict | None:
    """The record of a run, or None when it has none.

    Raises:
        Damaged: there is one, and it is no JSON object.
    """
    path = Path(folder) / RECORD
    try:
        found = as_json(path, AGAIN)
    except (FileNotFoundError, NotADirectoryError):
        return None
    learn_languages(found, path, AGAIN)
    return found


def learn_languages(record: dict, path: Path, then: str) -> None:
    """Take over what a record says of languages that are not in the table.

    Args:
        path, then: the file, and what to do if it is damaged.
    Raises:
        Damaged: it says something else there.
    """
    try:
        languages.learn(record.get("languages", {}))
    except ValueError as error:
        raise Damaged(path, str(error), then) from error


def done(folder: Path, parameters: dict, fingerprint: str, models: bool = True) -> bool:
    """Whether a run with these parameters and this code has finished, and what it left is there.

    Args:
        models: whether its model must be there, too.
    Raises:
        Damaged: the record is.
    """
    record = read(folder)
    if record is None:
        return False
    refuse_without(record, NEEDED, Path(folder) / RECORD, AGAIN)
    if record["code"] != fingerprint or not are_same(record["parameters"], parameters):
        return False
    return has_predictions(folder, record) and (not models or has_model(folder, record))


def stands(folder: Path, parameters: dict, fingerprint: str) -> bool:
    """Whether a run is done in every respect: from the runs that are here, with its whole model."""
    if not done(folder, parameters, fingerprint):
        return False
    record = read(folder)
    parents = record.get("parents", {}).items()
    from_these = all(digest(Path(folder).parent / run) == recorded for run, recorded in parents)
    return from_these and has_model(folder, record, looked_into=True)


def has_predictions(folder: Path, record: dict) -> bool:
    """Whether a run's predictions are there as they were written; small ones are looked into."""
    files = _files(folder, record)
    if "files" not in record:  # of a time when records named none
        return record.get("notebook") not in SCORING or (Path(folder) / PREDICTIONS).is_file()
    return PREDICTIONS not in files or _is(Path(folder) / PREDICTIONS, files[PREDICTIONS], LOOKED_INTO)


def has_model(folder: Path, record: dict, looked_into: bool = False) -> bool:
    """Whether the model that a run kept is there.

    Args:
        looked_into: whether its content counts, not its size alone, and one that stayed on another machine
            is missed.
    """
    if not looked_into and (Path(folder) / ELSEWHERE).exists():
        return True
    files = {name: file_record for name, file_record in _files(folder, record).items() if name != PREDICTIONS}
    largest = float("inf") if looked_into else 0
    return all(_is(Path(folder) / name, file_record, largest) for name, file_record in files.items())


def _files(folder: Path, record: dict) -> dict[str, dict]:
    """What a record says of the files beside it: name -> size and digest."""
    files = record.get("files", {})
    if not isinstance(files, dict) or not all(map(_is_file_record, files.values())):
        raise Damaged(Path(folder) / RECORD, "'files' is not size and sha256 of each file", AGAIN)
    return files


def _is_file_record(value: object) -> bool:
    return isinstance(value, dict) and {"size", "sha256"} <= set(value)


def _is(path: Path, file_record: dict, looked_into: float) -> bool:
    """Whether a file is the one that a record tells of: by its size, and up to a size by its content."""
    try:
        size = path.stat().st_size
        return size == file_record["size"] and (size > looked_into or _hash(path) == file_record["sha256"])
    except OSError:
        return False


def predictions(folder: Path, record: dict) -> pd.DataFrame:
    """The predictions of a run.

    Raises:
        Damaged: they cannot be read, are not those of the record, or are no predictions.
    """
    path = Path(folder) / PREDICTIONS
    file_record = _files(folder, record).get(PREDICTIONS)
    if file_record is not None and not _is(path, file_record, float("inf")):
        raise Damaged(path, "it is not the one that the record tells of", AGAIN)
    table = as_table(path, AGAIN)
    refuse_bad_predictions(table, path, AGAIN)
    return table


def refuse_bad_predictions(table: pd.DataFrame, path: Path, then: str) -> None:
    """Stop where a table is none of predictions, of one run or of several.

    Args:
        table: columns ``item, cluster, language1, language2, label, selection, p0, p1, ...``.
        path, then: the file, and what to do.
    Raises:
        Damaged: names the column.
    """
    chances = [name for name in map(str, table.columns) if name[0:1] == "p" and name[1:].isdigit()]
    for name in [*ANSWER, "cluster", "label", "p0", "p1", *(f"p{k}" for k in range(2, len(chances)))]:
        if name not in table:
            raise Damaged(path, f"no column {name}", then)
        if table[name].isna().any():
            raise Damaged(path, f"column {name} has gaps", then)
    for name in ("cluster", "label"):
        if not pd.api.types.is_integer_dtype(table[name]):
            raise Damaged(path, f"column {name} holds no whole numbers", then)
    for name in ("language1", "language2"):
        if unknown := [code for code in map(str, _distinct(table[name])) if not languages.is_known(code)]:
            raise Damaged(path, f"column {name} names {min(unknown)!r}, no language that is known", then)
    for name in chances:
        fits = pd.api.types.is_float_dtype(table[name]) and table[name].between(-ROUNDING, 1 + ROUNDING).all()
        if not fits:
            raise Damaged(path, f"column {name} holds no probabilities", then)
    if not table[chances].sum(axis=1).between(1 - ROUNDING * len(chances), 1 + ROUNDING * len(chances)).all():
        raise Damaged(path, f"{', '.join(chances)} do not add up to 1", then)
    if not table.label.between(0, len(chances) - 1).all():
        raise Damaged(path, f"column label holds what is none of {len(chances)} classes", then)
    if table.duplicated([*ANSWER, *(name for name in ["run"] if name in table)]).any():
        raise Damaged(path, "an item stands in it twice", then)


def _distinct(column: pd.Series) -> Iterable:
    """The values of a column; of one that holds lists all of them."""
    try:
        return column.unique()
    except TypeError:
        return column


def digest(folder: Path) -> str:
    """Hash of a run's record: another one when the run is made anew; "" without one."""
    try:
        return hashlib.sha256((Path(folder) / RECORD).read_bytes()).hexdigest()[:16]
    except (FileNotFoundError, NotADirectoryError):
        return ""


def machine() -> dict:
    """Versions and hardware, for the record; ``auto_precision`` is what ``precision: auto`` comes to here."""
    import torch

    from xltlib.training import mixed_precision

    versions = {name: metadata.version(name) for name in PACKAGES}
    on_gpu = torch.cuda.is_available()
    device = torch.cuda.get_device_name() if on_gpu else f"cpu, {torch.get_num_threads()} threads"
    hardware = {"device": device, "capability": torch.backends.cpu.get_cpu_capability()}
    hardware["auto_precision"] = mixed_precision()
    return {"python": platform.python_version(), **hardware, **versions}


def machines_differ(runs: list[dict]) -> str:
    """In what the machines of a study's runs differ, in words; "" if in nothing.

    Precision counts where a run asked for ``auto``: where a study names another, its id says so.

    Args:
        runs: records; older ones do not say.

    Example:
        >>> asked = {"parameters": {"precision": "auto"}}
        >>> here, there = ({"machine": {"auto_precision": name}} for name in ("no", "bf16"))
        >>> machines_differ([asked | there, asked | there, asked | here])
        'runs differ in precision (2 in bf16, 1 in fp32): compare arms of one precision only'
    """
    precisions, devices = Counter(), Counter()
    for run in runs:
        given, own = _part(run, "parameters"), _part(run, "machine")
        asked = given.get("precision"), _part(given, "scored").get("precision")
        if "auto" in asked and "auto_precision" in own:
            precisions["fp32" if own["auto_precision"] == "no" else str(own["auto_precision"])] += 1
        if "device" in own:
            devices["CPU" if str(own["device"]).startswith("cpu") else "GPU"] += 1
    found = [("precision", "in", precisions), ("device", "on", devices)]
    said = [
        f"in {what} ({', '.join(f'{count} {where} {name}' for name, count in counts.most_common())})"
        for what, where, counts in found
        if len(counts) > 1
    ]
    advice = ": compare arms of one precision only" if len(precisions) > 1 else ""
    return f"runs differ {' and '.join(said)}{advice}" if said else ""


def _part(record: dict, name: str) -> dict:
    """What a record keeps under a name; of one that lacks it, nothing."""
    found = record.get(name)
    return found if isinstance(found, dict) else {}


def peak_memory() -> float:
    """Largest resident memory of this process so far, in GiB."""
    import resource

    unit = 2**30 if platform.system() == "Darwin" else 2**20  # bytes there, kibibytes elsewhere
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, 2)
