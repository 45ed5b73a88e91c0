"""Executing notebooks through papermill, several at a time, as what they need is there; and drawing."""

from __future__ import annotations

import json
import os
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

import pandas as pd
from tqdm import tqdm

from xltlib import records
from xltlib.parameters import ROOT
from xltlib.plan import Plan

BIAS = "40_language_bias"
QUIET = [
    "--IPKernelApp.log_level=40"
]  # kernels otherwise warn, once a run, that they listen on the loopback interface


@dataclass
class Pool:
    """Where runs are executed.

    Attributes:
        executor: takes ``submit(function, *arguments)``.
        jobs: runs at a time.
        threads: of each.
    """

    executor: Executor
    jobs: int
    threads: int


@contextmanager
def pool(jobs: int, scheduler: str | None = None) -> Iterator[Pool]:
    """A thread a job on this machine (a kernel is a process of its own), or the workers of a dask scheduler.

    Args:
        jobs: runs at a time; this machine's cores are divided among them.
        scheduler: address of a dask.distributed scheduler; each of its workers gives a run all its cores.
    """
    cores = os.cpu_count() or 1
    if scheduler:
        from distributed import Client

        with Client(scheduler) as client:
            yield Pool(client.get_executor(), jobs, cores)
    else:
        with ThreadPoolExecutor(jobs) as executor:
            yield Pool(executor, jobs, max(1, cores // jobs))


def execute(plan: Plan, todo: list[str], pool: Pool, runs: Path, beside: Path) -> dict[str, str]:
    """Run what is to do, the longest chain first; returns label -> problem of those that did not finish.

    Args:
        todo: labels.
        beside: folder of the studies' file: modules of one's own are found there.
    """
    graph = plan.sorter(plan.nodes, todo)
    graph.prepare()
    ready, running, failed = [], {}, {}
    with tqdm(total=len(todo), desc="runs", unit="run") as bar:
        while graph.is_active():
            ready = sorted([*ready, *graph.get_ready()], key=lambda label: -plan.chain_behind(label, todo))
            for label in list(ready):
                broken = [need for need in plan[label].needs if need in failed]
                if broken:
                    failed[label] = f"not run: needs {broken[0]}"
                    ready.remove(label)
                    graph.done(label)
                    bar.update()
                elif len(running) < pool.jobs:
                    given = (plan[label].notebook, plan[label].parameters, str(runs / plan[label].run))
                    running[pool.executor.submit(run_one, *given, pool.threads, str(beside))] = label
                    ready.remove(label)
            bar.set_postfix_str(", ".join(running.values())[:60])
            finished = wait(running, return_when=FIRST_COMPLETED).done if running else ()
            for future in finished:
                label = running.pop(future)
                problem = outcome(future)
                if problem:
                    failed[label] = problem
                tqdm.write(f"FAILED {label}: {problem}" if problem else f"done   {label}")
                graph.done(label)
                bar.update()
    return failed


def outcome(future: Future) -> str:
    """What went wrong with a run; "" if nothing did."""
    error = future.exception()
    return f"{type(error).__name__}: {error}" if error else future.result()


def run_one(notebook: str, given: dict, folder: str, threads: int, beside: str) -> str:
    """Execute one notebook in a fresh kernel; returns "" or what went wrong.

    The record alone says that it is done.

    Args:
        given: its parameters, resolved: a dictionary that papermill injects replaces the default whole.
        folder: of the run.
        threads: of torch and OpenMP.
        beside: folder in which modules of one's own are found.
    """
    import papermill

    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    for stale in ("record.json", "predictions.parquet", "FAILED.json"):
        (place / stale).unlink(missing_ok=True)
    # Kernels inherit this: two trainings with two threads each on two cores run many times slower.
    os.environ.update(
        OMP_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads), TOKENIZERS_PARALLELISM="false"
    )
    paths = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    if beside not in paths:
        os.environ["PYTHONPATH"] = os.pathsep.join([*paths, beside])
    try:
        papermill.execute_notebook(
            ROOT / "notebooks" / f"{notebook}.ipynb",
            place / "notebook.ipynb",
            given,
            cwd=str(ROOT / "notebooks"),
            kernel_name="python3",
            progress_bar=False,
            extra_arguments=QUIET,
        )
    except Exception as error:  # one failed run must not stop the others
        return _failure(error, place)
    return "" if records.read(place) else "ended without a record"


def _failure(error: Exception, place: Path) -> str:
    """Write what went wrong beside the notebook, and say it in a line."""
    lines = [line for line in str(error).splitlines() if line.strip() and not line.startswith("---")]
    cell, kind = getattr(error, "exec_count", None), getattr(error, "ename", type(error).__name__)
    message = (lines or [""])[-1].removeprefix(f"{kind}: ")
    failure = {"type": kind, "cell": cell, "message": message}
    (place / "FAILED.json").write_text(json.dumps(failure, indent=1))
    return f"{kind} in cell {cell}: {message} (see {place.name}/notebook.ipynb)"


def table(failed: dict[str, str]) -> str:
    """The final table of what did not finish, and why; "" if all did."""
    if not failed:
        return ""
    rows = pd.DataFrame({"run": list(failed), "problem": list(failed.values())})
    return rows.to_string(index=False) + "\n"


@dataclass
class Drawn:
    """What a study's summary left.

    Attributes:
        figures: the study's folder.
        problem: what went wrong; "" if nothing did.
        report: the page that was written, if one was asked for.
    """

    figures: Path
    problem: str = ""
    report: Path | None = None

    def __str__(self) -> str:
        if self.problem:
            return self.problem
        pictures = effect_files(self.figures) or sorted(self.figures.glob("noise_*.png"))
        said = ", ".join(map(str, pictures)) or "none: no arm with adaptation has one without beside it"
        lines = [accuracies(self.figures), f"tables: {self.figures / 'accuracy.csv'}", f"figures: {said}"]
        if self.report is not None:
            lines.append(f"report: {self.report}")
        return "\n".join(lines)


def draw(plan: Plan, collected: list[dict], figures: Path, runs: Path, page: bool = False) -> Drawn:
    """Execute the notebooks that read the collected runs; figures about other runs than these are removed.

    Args:
        collected: of Store.collect.
        page: whether to write the summary as one HTML file.
    """
    runs.mkdir(
        parents=True, exist_ok=True
    )  # in a clean checkout, where committed runs are drawn, nothing made it yet
    summary, given = runs / f"{plan.study.name}-summary.ipynb", {"study": plan.study.name, "save": True}
    given["figures_folder"] = str(figures.parent)
    before = {path: path.stat().st_mtime_ns for path in effect_files(figures)}
    problem = _summarise(plan.study.summary, given, summary)
    if not problem and any(record.get("bias") for record in collected):
        problem = _summarise(BIAS, {**given, "encoder": ""}, runs / f"{plan.study.name}-language-bias.ipynb")
    if problem:
        return Drawn(figures, problem)
    for path, stamp in before.items():
        if (
            path.stat().st_mtime_ns == stamp
        ):  # not drawn now: it is about other runs than those just collected
            path.unlink()
    return Drawn(figures, "", _page(summary, figures / "report.html") if page else None)


def _page(notebook: Path, target: Path) -> Path:
    from xltlib import report

    return report.write(notebook, target)


def _summarise(notebook: str, given: dict, output: Path) -> str:
    """Execute a notebook that reads the collected runs; returns "" or what went wrong."""
    import papermill

    try:
        papermill.execute_notebook(
            ROOT / "notebooks" / f"{notebook}.ipynb",
            output,
            given,
            cwd=str(ROOT / "notebooks"),
            kernel_name="python3",
            progress_bar=False,
            extra_arguments=QUIET,
        )
    except Exception as error:
        return f"{notebook}: {type(error).__name__}: {str(error).strip().splitlines()[-1]}"
    return ""


def effect_files(figures: Path) -> list[Path]:
    """The figures of effects that a study has, with their tables."""
    found = figures.glob("adaptation_effect*")
    return sorted(path for path in found if path.suffix in (".png", ".svg", ".csv"))


def accuracies(figures: Path) -> str:
    """The accuracies of a study as text; of one with a summary of its own, where to look."""
    if not (figures / "intervals.csv").exists():
        return f"\nall figures and tables: {figures}\n"
    rows = pd.read_csv(figures / "intervals.csv")
    several = [name for name in ("encoder", "head") if rows[name].nunique() > 1]
    arm = [*several, "strategy", "adaptation"]
    rows["shown"] = [f"{row.accuracy:.1f} [{row.low:.1f}, {row.high:.1f}]" for row in rows.itertuples()]
    shown = rows.pivot_table(index="language", columns=arm, values="shown", aggfunc="first", sort=False)
    majority = rows.groupby("language", sort=False).majority.first().round(1)
    shown[("majority", *[""] * (len(arm) - 1))] = majority
    title = "accuracy in per cent with 95 % interval over items, last checkpoint, beside the majority rate:"
    return f"\n{title}\n{shown.rename_axis(index=None, columns=[None] * len(arm)).to_string()}\n"
