"""A study of tiny models, and running it as a user does: run_all.py in a process of its own, with real kernels."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

HYBRID = {"kind": "hybrid", "cross": {"kind": "translations", "corpus": "demo", "languages": "de"}}


def tiny_study(encoder: Path, **more) -> dict:
    """Hybrid batches with and without an adapted encoder; ``more`` replaces fields."""
    return {
        "about": "tiny",
        "cost": "seconds",
        "seeds": [1],
        "common": {
            "task": "demo",
            "targets": "en de",
            "encoder": {"name": str(encoder)},
            "labelled": {"items": 60},
            "scored": {"test": 20, "dev": 10},
            "steps": 4,
        },
        "encoders": {"mlm": {"adaptation": {"text": "demo", "sentences": 60}, "steps": 2}},
        "trunk": {},
        "arms": {
            "english": {"keep_model": True},
            "english-mlm": {"keep_model": True, "encoder": {"name": "mlm"}},
            "hybrid": {"start": "english", "batches": HYBRID},
            "hybrid-mlm": {"start": "english-mlm", "encoder": {"name": "mlm"}, "batches": HYBRID},
        },
        **more,
    }


def command(folder: Path, study: dict, *arguments: str) -> list[str]:
    """The command that runs a study, with all its places in a folder."""
    text = yaml.safe_dump({"tiny": study}, sort_keys=False)
    (folder / "studies.yaml").write_text(text, encoding="utf-8")
    places = {"--runs": "runs", "--figures": "figures", "--experiments": "studies.yaml"}
    given = [word for option, place in places.items() for word in (option, str(folder / place))]
    return [sys.executable, str(ROOT / "run_all.py"), "tiny", *given, *arguments]


def run(folder: Path, study: dict, *arguments: str) -> subprocess.CompletedProcess:
    """Run a study to its end."""
    asked = command(folder, study, *arguments)
    return subprocess.run(asked, capture_output=True, text=True, cwd=folder, timeout=900)


def predictions(folder: Path) -> pd.DataFrame:
    """The collected predictions of the study, in one order."""
    table = pd.read_parquet(folder / "figures/tiny/predictions.parquet")
    return table.sort_values(["run", "language1", "selection", "item"]).reset_index(drop=True)
