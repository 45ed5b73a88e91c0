"""Executing notebooks through papermill, several at a time, as what they need is there."""

from __future__ import annotations

import json
import re
import uuid
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterator

from xltlib import cards, kernels, progress, records, stopping
from xltlib.fingerprint import code_fingerprint
from xltlib.plan import Node, Plan
from xltlib.showing import Shown
from xltlib.stopping import Stopped, kill_kernels


@dataclass
class Pool:
    """Where runs are executed.

    Attributes:
        executor: takes ``submit(function, *arguments)``.
        jobs: runs at a time.
        threads: of each; 0: a worker counts its own.
        cards: one for each of so many runs at a time; "" where there is none, or where a worker has its own.
        study: tells it from others that the same workers serve; "" on this machine.
    """

    executor: Executor
    jobs: int
    threads: int
    cards: list[str] = field(default_factory=list)
    study: str = ""

    def __post_init__(self):
        self.cards = self.cards or [""] * self.jobs


@contextmanager
def pool(jobs: int, scheduler: str | None = None, card_memory: float = 8.0) -> Iterator[Pool]:
    """A thread a job on this machine (a kernel is a process of its own), or the workers of a dask scheduler.

    Args:
        jobs: runs at a time; the cores that one may use are divided among them, and the graphics cards.
        scheduler: address of a dask.distributed scheduler; each of its workers gives a run all its cores.
        card_memory: of a graphics card, that a run needs, in GiB.
    Raises:
        ValueError: the cards have no room for so many runs.
    """
    if scheduler:
        from distributed import Client

        with Client(scheduler) as client:
            study = uuid.uuid4().hex
            try:
                yield Pool(client.get_executor(), jobs, threads=0, study=study)
            except Stopped:
                client.run(stopping.stop_worker, study, wait=False)  # a worker may be out of reach
                raise
        return
    dealt = cards.dealt(jobs, cards.free_memory(), card_memory) if jobs > 1 else []
    executor = ThreadPoolExecutor(jobs)
    try:
        yield Pool(executor, jobs, kernels.threads_of(jobs), dealt)
    except BaseException:  # do not wait for its threads: whoever asked to stop would
        executor.shutdown(wait=False, cancel_futures=True)
        kill_kernels()
        raise
    executor.shutdown()


def execute(
    plan: Plan, todo: list[str], pool: Pool, runs: Path, beside: Path, shown: Shown
) -> dict[str, str]:
    """Run what is to do, the longest chain first; returns label -> problem of those that did not finish.

    Args:
        todo: labels.
        beside: folder of the studies' file: modules of one's own are found there.
        shown: is told how far it is, about once a second.
    Raises:
        Stopped: by a signal.
    """
    graph, chain = plan.sorter(plan.nodes, todo), plan.chains(todo)
    graph.prepare()
    ready, running, failed, ended = [], {}, {}, set()
    while graph.is_active():
        ready = sorted([*ready, *graph.get_ready()], key=chain.get, reverse=True)
        for label in list(ready):
            broken = [need for need in plan[label].needs if need in failed]
            if not broken and len(running) == pool.jobs:
                continue
            ready.remove(label)
            if broken:
                failed[label] = f"not run: needs {broken[0]}"
                shown.say(f"FAILED {label}: {failed[label]}")
                ended.add(label)
                graph.done(label)
                continue
            card, node = pool.cards.pop(0), plan[label]
            given = (node.notebook, node.parameters, str(runs / node.run), pool.threads, str(beside))
            running[pool.executor.submit(run_one, *given, card, pool.study)] = label, card
        shown.update(ended, [label for label, _ in running.values()])
        for future in wait(running, timeout=1, return_when=FIRST_COMPLETED).done if running else ():
            label, card = running.pop(future)
            pool.cards.append(card)
            problem = outcome(future) or not_as_planned(plan[label], runs)
            if problem:
                failed[label] = problem
            shown.say(f"FAILED {label}: {problem}" if problem else f"done   {label}")
            ended.add(label)
            graph.done(label)
    return failed


def outcome(future: Future) -> str:
    """What went wrong with a run; "" if nothing did."""
    error = future.exception()
    return f"{type(error).__name__}: {error}" if error else future.result()


def not_as_planned(node: Node, runs: Path) -> str:
    """What is wrong with the record that a run has left; "" if it is of what was planned."""
    record = records.read(runs / node.run)
    if record is None:
        return "ended without a record"
    planned = f"{node.run} {code_fingerprint(node.notebook, node.parameters)}"
    done = f"{record['run']} {record['code']}"
    if planned == done:
        return ""
    return (
        f"planned as {planned} and recorded as {done}: the code changed meanwhile, or the kernel imports "
        "another copy of it; start again"
    )


def run_one(
    notebook: str, given: dict, folder: str, threads: int, beside: str, card: str = "", study: str = ""
) -> str:
    """Execute one notebook in a fresh kernel; returns "" or what went wrong.

    Args:
        given: its parameters, resolved: a dictionary that papermill injects replaces the default whole.
        folder: of the run.
        threads: of torch and OpenMP; 0: as many as this machine has cores that one may use.
        beside: folder in which modules of one's own are found.
        card: graphics card that the kernel sees; "": all.
        study: of :class:`Pool`.
    """
    if stopping.is_asked(study):
        return "stopped"
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    for stale in ("record.json", "predictions.parquet", "FAILED.json", progress.FILE):
        (place / stale).unlink(missing_ok=True)
    progress.Progress(place).stage(progress.STARTING)
    variables = kernels.environment(threads or kernels.threads_of(1), beside, card) | {stopping.STUDY: study}
    try:
        kernels.execute(notebook, place / "notebook.ipynb", given, variables)
    except Exception as error:  # one failed run must not stop the others
        return "stopped" if stopping.is_asked(study) else _failure(error, place, beside)
    return ""


def _failure(error: Exception, place: Path, beside: str) -> str:
    """Write what went wrong beside the notebook, and say it in two lines."""
    kind, message = kernels.reason(error, place / "notebook.ipynb")
    cell = getattr(error, "exec_count", None)
    failure = {"type": kind, "cell": cell, "message": message}
    (place / "FAILED.json").write_text(json.dumps(failure, indent=1))
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))  # without colours
    own = [f"{path}:{line}" for path, line in re.findall(r"File (\S+\.py):(\d+)", text) if beside in path]
    where = f" at {own[-1]}" if own else ""
    notebook = f"{place.parent.name}/{place.name}/notebook.ipynb"
    return f"{kind} in cell {cell}{where}: {message}\n       see {notebook}"
