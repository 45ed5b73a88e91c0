"""What a run goes on from: an encoder and its name, a model, and what their records tell."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from xltlib import languages, places, records

if TYPE_CHECKING:
    from xltlib.run import Run


def encoder_name(name: str) -> str:
    """An encoder as tables name it: of a folder the last part, of one in the hub's cache its hub id.

    Example:
        >>> encoder_name("/models/mine"), encoder_name("FacebookAI/xlm-roberta-base")
        ('mine', 'FacebookAI/xlm-roberta-base')
        >>> encoder_name("/cache/models--sentence-transformers--LaBSE/snapshots/836121a")
        'sentence-transformers/LaBSE'
    """
    if not places.is_path(name, hub=True):
        return name
    path = Path(os.path.abspath(os.path.expanduser(name)))
    for part, below in zip(path.parts, path.parts[1:]):
        if part.startswith("models--") and below == "snapshots":
            return "/".join(part.split("--")[1:])
    return path.name


def parent(run: Run, name: str) -> dict:
    """The record of a run that another one goes on from.

    Raises:
        FileNotFoundError: there is none; says which to run first.
        ValueError: it kept another test set out of what it read.
    """
    record = records.read(run.runs / name)
    if record is None:
        raise FileNotFoundError(
            f"run {name} has left no record in {run.runs.name}/: run it first (run_all.py does so by itself)"
        )
    theirs = record["parameters"]
    missing = set(run.targets) - set(languages.parse(theirs["targets"]))
    if theirs["task"] != run.task or missing:
        ours = " ".join(run.targets)
        raise ValueError(
            f"run {name} kept the test set of {theirs['task']} in {theirs['targets']!r} out of its training, "
            f"not that of {run.task} in {ours!r}"
        )
    return record
