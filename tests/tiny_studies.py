"""A study of tiny models, and running it: as a user does, with real kernels, or all in this process."""

import io
import json
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import matplotlib
import pandas as pd
import pytest
import torch
import yaml
from matplotlib import pyplot

from xltlib import drawing, kernels, locks

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import run_all

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


def here(
    folder: Path, study: dict, *arguments: str, draws: bool = True, scripts: bool = True
) -> subprocess.CompletedProcess:
    """The same in this process, notebooks as scripts: each kernel would take seconds to import torch.

    For tests of what runs read, compute and leave; that kernels do the same is for those that :func:`run`.
    Without ``draws`` runs are made and collected, and no notebook reads them; without ``scripts`` they are
    made by kernels.
    """
    given, known = command(folder, study, *arguments)[2:], set(sys.modules)
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patched, redirect_stdout(out), redirect_stderr(err):
        if scripts:
            patched.setattr(kernels, "execute", as_script)
        patched.setattr(sys, "path", sys.path.copy())  # run_all.py adds the folder of the study
        patched.setenv("TQDM_DISABLE", "1")
        if not draws:
            patched.setattr(drawing, "_notebooks", nothing)
            patched.setattr(drawing, "_answer", nothing)
        patched.chdir(folder)
        try:
            status = run_all.main(given)
        except SystemExit as asked:  # argparse
            status = asked.code
    for name in set(sys.modules) - known:  # another study may have modules of the same names
        if str(folder) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]
    return subprocess.CompletedProcess(given, status, out.getvalue(), err.getvalue())


def nothing(*_) -> str:
    """Takes the place of what draws."""
    return ""


def as_script(notebook: str, output: Path, given: dict, variables: dict[str, str]) -> None:
    """Execute a notebook's cells in this process; takes the place of :func:`xltlib.kernels.execute`."""
    book = json.loads((ROOT / "notebooks" / f"{notebook}.ipynb").read_text(encoding="utf-8"))
    code = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    space = {"display": print}
    matplotlib.use("agg")
    torch.set_num_threads(int(variables["OMP_NUM_THREADS"]))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(locks, "_for_life", [])  # a kernel's lock ends with it
        for cell in code:
            exec(compile("".join(cell["source"]), notebook, "exec"), space)
            if "parameters" in cell["metadata"].get("tags", []):
                space |= given
            cell["outputs"] = []  # those that are committed are of another study
    pyplot.close("all")
    output.write_text(json.dumps(book), encoding="utf-8")


def predictions(folder: Path) -> pd.DataFrame:
    """The collected predictions of the study, in one order."""
    table = pd.read_parquet(folder / "figures/tiny/predictions.parquet")
    return table.sort_values(["run", "language1", "selection", "item"]).reset_index(drop=True)
