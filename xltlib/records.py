"""What a run leaves: one JSON record and its predictions, each whole or not at all.

A run is done only if its record is there and its parameters and code fingerprint match. Nothing is read from
folder names or notebook outputs.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from importlib import metadata
from pathlib import Path

import pandas as pd

from xltlib.parameters import placeless

PACKAGES = ("torch", "transformers", "accelerate", "sentence-transformers", "datasets", "numpy", "pandas")


def write(folder: Path, record: dict, predictions: pd.DataFrame | None = None) -> None:
    """Write predictions, then the record that makes the run count as done; each whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    if predictions is not None:
        temporary = folder / "predictions.parquet.part"
        predictions.to_parquet(temporary, index=False)
        os.replace(temporary, folder / "predictions.parquet")
    temporary = folder / "record.json.part"
    text = json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False)
    temporary.write_text(text + "\n", encoding="utf-8")
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
    if record is None or record["code"] != fingerprint:
        return False
    return placeless(record["parameters"]) == placeless(parameters)


def digest(folder: Path) -> str:
    """Hash of a run's record: another one when the run is made anew."""
    path = Path(folder) / "record.json"
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path.exists() else ""


def machine() -> dict:
    """Versions and hardware, for the record."""
    import torch

    versions = {name: metadata.version(name) for name in PACKAGES}
    on_gpu = torch.cuda.is_available()
    device = torch.cuda.get_device_name() if on_gpu else f"cpu, {torch.get_num_threads()} threads"
    capability = torch.backends.cpu.get_cpu_capability()
    return {"python": platform.python_version(), "device": device, "capability": capability, **versions}


def peak_memory() -> float:
    """Largest resident memory of this process so far, in GiB."""
    import resource

    unit = 2**30 if platform.system() == "Darwin" else 2**20  # bytes there, kibibytes elsewhere
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, 2)
