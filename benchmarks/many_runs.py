"""How long run_all.py takes over a study of a thousand finished runs, which are simulated.

    XLTLIB_DATA=<folder> python benchmarks/many_runs.py [--runs 1000]

The runs are those of `paws-x` with so many seeds. Each has a committed record of the same arm, with its own
parameters, and the committed predictions, a tenth of the answers turned round. Then ``--list``, ``--status``
and ``--draw`` are timed, each in a process of its own, with its largest memory.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path

import numpy as np
import pandas as pd

from xltlib import records, studies, tasks
from xltlib.fingerprint import code_fingerprint
from xltlib.plan import Plan
from xltlib.values import without_seed

ROOT = Path(__file__).resolve().parent.parent
STUDY = "paws-x"


def simulate(plan: Plan, runs: Path) -> None:
    """Write a record, and of arms predictions, for every run of a plan."""
    committed = json.loads((ROOT / "figures" / STUDY / "runs.json").read_text(encoding="utf-8"))["runs"]
    by_arm = {without_seed(record["label"]): record for record in committed}
    predictions = pd.read_parquet(ROOT / "figures" / STUDY / "predictions.parquet")
    by_run = {run: of.drop(columns="run") for run, of in predictions.groupby("run", observed=True)}
    for number, node in enumerate(plan.nodes.values()):
        record = dict(by_arm[without_seed(node.label)])
        parents = {plan[need].run: records.digest(runs / plan[need].run) for need in node.needs}
        answers = _drawn_anew(by_run.get(record["run"]), np.random.default_rng(number))
        given = node.parameters
        record |= {"run": node.run, "parameters": given, "parents": parents, "seed": given["seed"]}
        record["code"] = code_fingerprint(node.notebook, given)
        records.write(runs / node.run, record, answers)


def _drawn_anew(answers: pd.DataFrame | None, rng: np.random.Generator) -> pd.DataFrame | None:
    """Predictions of which a tenth are turned round."""
    if answers is None:
        return None
    turned = rng.random(len(answers)) < 0.1
    p1 = np.where(turned, answers.p0, answers.p1)
    return answers.assign(p0=1 - p1, p1=p1)


def timed(*words: str) -> tuple[float, float]:
    """Seconds of run_all.py, and the largest memory of its kernels and itself in GiB."""
    began = time.perf_counter()
    command = [sys.executable, str(ROOT / "run_all.py"), STUDY, *words]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    return time.perf_counter() - began, memory


def main() -> None:
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000)
    args = parser.parse_args()
    study = studies.read(ROOT / "experiments.yaml")[STUDY]
    data = str(tasks.data_folder() or "")
    with tempfile.TemporaryDirectory() as folder:
        runs = Path(folder) / "runs"
        one = len(study.plan({"seeds": [1]}, data, runs, False).nodes)
        seeds = list(range(1, 1 + -(-args.runs // one)))
        plan = study.plan({"seeds": seeds}, data, runs, False)
        simulate(plan, runs)
        print(f"{len(plan.nodes)} runs simulated, {os.cpu_count()} cores", flush=True)
        places = ["--runs", str(runs), "--figures", str(Path(folder) / "figures")]
        asked = ["--set", f"seeds={','.join(map(str, seeds))}", *places]
        for what in ("--list", "--status", "--draw"):
            seconds, memory = timed(what, *asked)
            print(f"{what}: {seconds:.1f} s, {memory:.2f} GiB", flush=True)


if __name__ == "__main__":
    main()
