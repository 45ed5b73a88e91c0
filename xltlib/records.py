"""What a run leaves: one JSON record, its predictions, and what must match for it to count as done.

A run is done only if its record is there and its parameters and code fingerprint match. Nothing is read
from folder names or notebook outputs.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import platform
from functools import cache
from importlib import metadata
from pathlib import Path

import pandas as pd

from xltlib import languages

ROOT = Path(__file__).resolve().parent.parent
PLACES = ("data", "runs")  # parameters that say where things lie, not what is computed
READERS = ("__init__.py", "records.py", "figures", "languages.py", "statistics")  # compute no prediction
PACKAGES = ("torch", "transformers", "accelerate", "sentence-transformers", "datasets", "numpy", "pandas")
RUNGS = {"labelled-source": 0, "self": 0, "text": 1, "dictionary": 2, "parallel": 3, "labelled-target": 4}


def declared_parameters(notebook: str) -> dict[str, tuple[type, object]]:
    """Names, types and defaults of a notebook's parameters cell, in its order; nothing is executed.

    Raises:
        ValueError: no cell has the tag ``parameters``, or a line is not ``name: type = literal``.
    """
    cells = json.loads((ROOT / "notebooks" / f"{notebook}.ipynb").read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if "parameters" in cell["metadata"].get("tags", [])]
    if len(sources) != 1:
        raise ValueError(f"{notebook}.ipynb: {len(sources)} cells have the tag 'parameters', wanted one")
    types = {"int": int, "float": float, "str": str, "bool": bool}
    declared = {}
    for line in ast.parse(sources[0]).body:
        if not isinstance(line, ast.AnnAssign) or ast.unparse(line.annotation) not in types:
            raise ValueError(f"{notebook}.ipynb: parameters are lines like 'seed: int = 1', not {ast.unparse(line)!r}")
        declared[line.target.id] = (types[ast.unparse(line.annotation)], ast.literal_eval(line.value))
    return declared


def check_parameters(notebook: str, given: dict) -> dict:
    """Defaults of a notebook overridden by ``given``, each of its declared type.

    Raises:
        ValueError: a name is unknown or a value mistyped; names both and what is known.

    Example:
        >>> check_parameters("20_finetune", {"seed": 2})["seed"]
        2
    """
    declared = declared_parameters(notebook)
    for name, value in given.items():
        if name not in declared:
            raise ValueError(f"{notebook} has no parameter {name!r}: it has {', '.join(declared)}")
        wanted = declared[name][0]
        if type(value) is not wanted and not (wanted is float and type(value) is int):
            raise ValueError(f"{notebook}: {name} = {value!r} is {type(value).__name__}, wanted {wanted.__name__}")
    for name in {"source", "targets", "labelled", "languages_read", "parallel_languages", "zero_shot", "dictionary_languages", "penalty_languages"}.intersection(given):
        languages.parse(given[name])
    return {name: kind(given.get(name, default)) for name, (kind, default) in declared.items()}


def notebook_parameters(notebook: str, namespace: dict) -> dict:
    """The parameters as they stand in a running notebook's ``globals()``, checked."""
    return check_parameters(notebook, {name: namespace[name] for name in declared_parameters(notebook)})


def run_id(notebook: str, parameters: dict) -> str:
    """Short name of a run: its notebook and a hash of its parameters, places left out.

    Example:
        >>> run_id("10_adapt", {"seed": 1, "runs": "a"}) == run_id("10_adapt", {"runs": "b", "seed": 1})
        True
    """
    digest = hashlib.sha256(json.dumps([notebook, _placeless(parameters)], sort_keys=True).encode()).hexdigest()
    return f"{notebook.split('_', 1)[-1]}-{digest[:10]}"


def code_fingerprint(notebook: str, parameters: dict) -> str:
    """Hash of the code that computes a run: the notebook's cells and the modules they import, followed through.

    Comments, docstrings and layout do not count, nor do modules that only read records or draw. Data are not
    code: their fingerprints stand in the record. What ships with the package counts where a parameter names it.
    """
    cells = json.loads((ROOT / "notebooks" / f"{notebook}.ipynb").read_text(encoding="utf-8"))["cells"]
    code = (cell for cell in cells if cell["cell_type"] == "code" and "parameters" not in cell["metadata"].get("tags", []))
    sources = ["".join(cell["source"]) for cell in code]
    named = (parameters["task"], parameters.get("parallel" if parameters.get("method") in (None, "align") else "text", ""), *(parameters.get(name, "") for name in ("penalty_text", "after_text", "after_parallel", "source_text")))
    demo = any(name.startswith("demo") for name in named)
    paths = [path for path in sorted(_imported(sources)) if demo or path.parent.name != "demo"]
    sources = [_without_comments(source) for source in [*sources, *(path.read_text(encoding="utf-8") for path in paths)]]
    sources += [path.read_text(encoding="utf-8") for path in sorted((ROOT / "xltlib" / "demo").rglob("*.t[sx][vt]")) if demo]
    return hashlib.sha256("\n".join(sources).encode()).hexdigest()[:16]


@cache
def _imports(source: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Modules of xltlib that a source imports from, and the names."""
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)]
    return tuple((node.module, tuple(alias.name for alias in node.names)) for node in nodes if (node.module or "").split(".")[0] == "xltlib")


def _imported(sources: list[str]) -> set[Path]:
    """Files of xltlib that these sources import, and that those import in turn."""
    found, left = set(), list(sources)
    while left:
        for module, names in _imports(left.pop()):
            base = ROOT.joinpath(*module.split("."))
            for path in [base.with_suffix(".py"), base / "__init__.py", *(base / f"{name}{end}" for end in (".py", "/__init__.py") for name in names)]:
                if path.exists() and path not in found and path.relative_to(ROOT / "xltlib").parts[0] not in READERS:
                    found.add(path)
                    left.append(path.read_text(encoding="utf-8"))
    return found


@cache
def _without_comments(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


def ancestry(runs: Path, parameters: dict) -> tuple[str, str, list[dict], dict[str, str]]:
    """Where a run's encoder lies, what it is called, what it and the model to start from have read, and their digests.

    Args:
        runs: folder of runs.
        parameters: of the run; ``encoder`` may be a run of 10_adapt, ``start`` one of 20_finetune, or of 10_adapt that started from one.
    Raises:
        FileNotFoundError: a run that is named has no record; says which to run first.
        ValueError: the model to start from has another encoder, or an ancestor did not keep this run's test set out.
    """
    encoder, start, parents = parameters["encoder"], parameters.get("start", ""), {}
    place, name, seen = encoder, Path(encoder).name if Path(encoder).is_dir() else encoder, []
    if encoder.startswith("adapt-"):
        record, parents[encoder] = _parent(runs, encoder, parameters), digest(Path(runs) / encoder)
        place, name, seen = str(Path(runs) / encoder / "encoder"), record["encoder"], record["read"]
    elif "labse" in name.lower():  # rung Z3 by birth: pretrained on billions of translation pairs
        seen = [{"use": "pretrain", "kind": "parallel", "languages": [], "source": "LaBSE's pretraining"}]
    if start:
        record, parents[start] = _parent(runs, start, parameters), digest(Path(runs) / start)
        if record["parameters"]["encoder"] != encoder:
            raise ValueError(f"start {start} was trained from encoder {record['parameters']['encoder']}, not from {encoder}")
        seen = record["read"]
    return place, name, seen, parents


def digest(folder: Path) -> str:
    """Hash of a run's record: another one when the run is made anew."""
    path = Path(folder) / "record.json"
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path.exists() else ""


def _parent(runs: Path, run: str, parameters: dict) -> dict:
    record = read(Path(runs) / run)
    if record is None:
        raise FileNotFoundError(f"run {run} has left no record in {Path(runs).name}/: run it first (run_all.py does so by itself)")
    theirs = record["parameters"]
    if theirs["task"] != parameters["task"] or set(languages.parse(parameters["targets"])) - set(languages.parse(theirs["targets"])):
        raise ValueError(f"run {run} kept the test set of {theirs['task']} in {theirs['targets']!r} out of its training, not this run's")
    return record


def rung(read: list[dict]) -> str:
    """How much supervision beyond labelled English was read: ``"Z0"`` to ``"Z4"``; ``"Z0'"``: what the encoder itself knew of other languages.

    Args:
        read: one entry a source, ``{"kind": ..., "languages": [...], ...}``, kinds as in ``RUNGS``;
            unlabelled text of the source language alone adds nothing.

    Example:
        >>> rung([{"kind": "labelled-source", "languages": ["en"]}, {"kind": "parallel", "languages": ["de"]}])
        'Z3'
    """
    source = {code for entry in read if entry["kind"] == "labelled-source" for code in entry["languages"]}
    levels = [RUNGS[entry["kind"]] for entry in read if entry["kind"] != "text" or set(entry["languages"]) - source]
    own = not any(levels) and any(entry["kind"] == "self" for entry in read)
    return "Z0'" if own else f"Z{max(levels, default=0)}"


def supervision(read: list[dict], code: str) -> str:
    """The most that was read of a language, ``"none"`` to ``"labelled"``: languages that differ in it share no mean.

    Example:
        >>> supervision([{"kind": "parallel", "languages": ["de"]}], "de"), supervision([], "de")
        ('parallel', 'none')
    """
    kinds = {entry["kind"] for entry in read if code in entry["languages"]}
    if any(kind.startswith("labelled") for kind in kinds):
        return "labelled"
    return max(kinds - {"self"}, key=RUNGS.get, default="none")


def labelled_read(train: pd.DataFrame, source: str, use: str) -> list[dict]:
    """What labelled training data a run read, for its rung: the source language, then all others."""
    entries = []
    for kind, part in (("labelled-source", train[train.language1 == source]), ("labelled-target", train[train.language1 != source])):
        if len(part):
            entries.append({"use": use, "kind": kind, "languages": sorted(part.language1.unique()), "items": part["item"].nunique()})
    return entries


def refuse_labels(read: list[dict], codes: list[str]) -> None:
    """Stop when labels were read of a language that is to be zero-shot.

    Raises:
        ValueError: names the languages and what was read of them.
    """
    for entry in read:
        overlap = sorted(set(entry["languages"]) & set(codes))
        if entry["kind"].startswith("labelled") and overlap:
            raise ValueError(
                f"{' '.join(overlap)}: called zero-shot, but labelled items of {'it' if len(overlap) == 1 else 'them'} are read "
                f"({entry['use']}); take them out of labelled, or name in zero_shot only the others"
            )


TELLERS = ("dose", "kind", "source", "weight", "draw", "languages")


def several(reads: list[list[dict]]) -> set[tuple[str, str]]:
    """What the runs of a study use in several doses, kinds, sources, weights, draws or languages, and so must be told apart by name.

    Example:
        >>> several([[{"use": "mlm", "kind": "text", "dose": 100}], [{"use": "mlm", "kind": "text", "dose": 0}]])
        {('mlm', 'dose')}
    """
    found: dict[tuple[str, str, str], set] = {}
    for entry in [entry for read in reads for entry in _last(read).values()]:
        for what in TELLERS if entry["use"] != "train" else ():
            within = _told(entry, "kind") if what == "source" else ""  # two kinds have two sources anyway: the kind tells them apart
            found.setdefault((entry["use"], what, within), set()).add(_told(entry, what))
    return {(use, what) for (use, what, _), values in found.items() if len(values) > 1}


def _told(entry: dict, what: str):
    """The dose, source, weight or draw of an entry, or its kind: of a view of the labelled pairs, the view; of an adaptation, its languages."""
    if what == "languages":  # batches and translations of a strategy may leave out one language after the other, and stay one strategy
        codes = sorted(entry.get("languages", ())) if entry["use"] not in ("train", "hybrid", "cross-lingual", "align", "pretrain") else []
        return "-".join(codes) if len(codes) < 4 else f"{len(codes)}-languages"
    if what in ("weight", "draw"):
        return f"{what}-{entry.get(what, 1)}"
    return entry.get("view") or entry["kind"] if what == "kind" and "kind" in entry else entry.get(what, 0)


def _last(read: list[dict]) -> dict[str, dict]:
    """Of each use, the entry that says most: the last, which for cross-lingual batches is what they were made of."""
    return {entry["use"]: entry for entry in read}


def arm(read: list[dict], encoder: str, head: str, told_apart: set[tuple[str, str]] = frozenset(), noise: str = "") -> dict:
    """Strategy and adaptation of a run, worked out from what it and its ancestors did.

    The strategy names two things. What the encoder learned before labels came: ``labse`` (the LaBSE checkpoint), ``labse-recipe``
    (translation ranking), or nothing. And the batches, where they were not monolingual throughout: ``cross-lingual``, ``hybrid``.
    ``plain``: neither. Everything else that was read is the adaptation.

    Args:
        told_apart: what :func:`several` found in the study; doses, kinds, sources, weights and draws then stand behind the names.
        noise: of the training, the last part of the strategy's name.

    Example:
        >>> arm([{"use": "align"}, {"use": "train"}, {"use": "mlm"}, {"use": "hybrid"}], "offline", "cross")["strategy"]
        'labse-recipe+hybrid'
    """
    named = {}
    for use, entry in _last(read).items():
        told = [entry.get("dose") or "all" if what == "dose" else _told(entry, what) for what in TELLERS if (use, what) in told_apart]
        named[use] = "-".join([use, *map(str, told)])
    recipe = ["labse"] if "labse" in encoder.lower() else [named.pop("align").replace("align", "labse-recipe")] if "align" in named else []
    batches = [named[kind] for kind in ("hybrid", "cross-lingual") if kind in named][:1]
    adapted = [name for use, name in named.items() if use not in ("pretrain", "train", "hybrid", "cross-lingual")]
    return {"encoder": encoder, "strategy": "+".join([*recipe, *batches, *[noise] * bool(noise)]) or "plain", "head": head, "adaptation": "+".join(adapted) or "none"}


def machine() -> dict:
    """Versions and hardware, for the record."""
    import torch

    versions = {name: metadata.version(name) for name in PACKAGES}
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else f"cpu, {torch.get_num_threads()} threads"
    return {"python": platform.python_version(), "device": device, "capability": torch.backends.cpu.get_cpu_capability(), **versions}


def peak_memory() -> float:
    """Largest resident memory of this process so far, in GiB."""
    import resource

    unit = 2**30 if platform.system() == "Darwin" else 2**20  # bytes there, kibibytes elsewhere
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, 2)


def write(folder: Path, record: dict, predictions: pd.DataFrame | None = None) -> None:
    """Write predictions, then the record that makes the run count as done; each appears whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    if predictions is not None:
        temporary = folder / "predictions.parquet.part"
        predictions.to_parquet(temporary, index=False)
        os.replace(temporary, folder / "predictions.parquet")
    temporary = folder / "record.json.part"
    temporary.write_text(json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    os.replace(temporary, folder / "record.json")


def read(folder: Path) -> dict | None:
    """The record of a run, or None when it has none that can be read."""
    try:
        return json.loads((Path(folder) / "record.json").read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError):
        return None


def done(folder: Path, parameters: dict, fingerprint: str) -> bool:
    """Whether a run with these parameters and this code has finished."""
    record = read(folder)
    matches = record is not None and _placeless(record["parameters"]) == _placeless(parameters)
    return matches and record["code"] == fingerprint


def _placeless(parameters: dict) -> dict:
    return {name: value for name, value in parameters.items() if name not in PLACES}
