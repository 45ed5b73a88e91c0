"""Executing notebooks through papermill, several at a time, as what they need is there."""

from __future__ import annotations

import json
import logging
import re
import uuid
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Iterator

from xltlib import cards, files, kernels, locks, progress, records, stopping
from xltlib.fingerprint import code_fingerprint
from xltlib.plan import Node, Plan
from xltlib.showing import Shown
from xltlib.stopping import Stopped, kill_kernels


ANSWERS = 10  # seconds within which a scheduler must


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
        ValueError: the cards have no room for so many runs, or the scheduler does not answer.
    """
    if scheduler:
        with _client(scheduler) as client:
            study = uuid.uuid4().hex
            try:
                yield Pool(client.get_executor(), jobs, kernels.exported_threads(), study=study)
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


def _client(scheduler: str):
    """A client of a dask scheduler.

    Raises:
        ValueError: it does not answer, it has no workers, or dask is not installed.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise ValueError("--scheduler needs dask: pip install 'xltlib[cluster]'") from error
    logger = logging.getLogger("distributed")
    before = logger.level
    try:
        logger.setLevel(logging.CRITICAL)  # it would print tracebacks of its own
        client = Client(scheduler, timeout=ANSWERS)
    except (OSError, ValueError, TypeError) as error:
        raise ValueError(
            f"--scheduler {scheduler}: no dask scheduler answers there within {ANSWERS} s "
            f"({type(error).__name__}); start one, or leave --scheduler out"
        ) from error
    finally:
        logger.setLevel(before)
    if not client.scheduler_info()["workers"]:
        client.close()
        raise ValueError(f"--scheduler {scheduler}: it has no workers; start some: dask worker {scheduler}")
    return client


def execute(
    plan: Plan, todo: list[str], pool: Pool, runs: Path, beside: Path, shown: Shown, force: bool = False
) -> dict[str, str]:
    """Run what is to do, the longest chain first; returns label -> problem of those that did not finish.

    Args:
        todo: labels.
        beside: folder of the studies' file: modules of one's own are found there.
        shown: is told how far it is, about once a second.
        force: whether runs are made that are done already.
    Raises:
        Stopped: by a signal.
    """
    graph, chain = plan.sorter(plan.nodes, todo), plan.chains(todo)
    replaced = {label: records.digest(runs / plan[label].run) for label in todo} if force else {}
    graph.prepare()
    ready, running, failed, ended = [], {}, {}, set()
    while graph.is_active():
        ready = sorted([*ready, *graph.get_ready()], key=chain.get, reverse=True)
        # What another process is making is waited for last.
        ready.sort(key=lambda label: locks.is_made(runs / plan[label].run))
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
            if locks.is_made(runs / node.run):
                shown.say(f"waits  {label}: another process is making it")
            asked = pool.executor.submit(run_once, replaced.get(label), pool.study, *given, card)
            running[asked] = label, card
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
    try:
        error = future.exception()
    except CancelledError:
        return "the scheduler, or the worker that made it, is gone"
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


def run_once(replaced: str | None, study: str, notebook: str, given: dict, folder: str, *more) -> str:
    """:func:`run_one`, by one process at a time, and not again where another one has made the run meanwhile.

    Args:
        replaced: digest of a record that is to be made anew; None: any that stands will do.
        study: of :class:`Pool`.
        notebook, given, folder, more: of :func:`run_one`.
    """
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    with locks.making(place, partial(stopping.is_asked, study)) as ours:
        if not ours:
            return "stopped"
        made = records.stands(place, given, code_fingerprint(notebook, given))
        if made and records.digest(place) != replaced:
            return ""
        _clear(place)
        try:
            return run_one(study, notebook, given, folder, *more)
        finally:
            _clear(place)


def _clear(place: Path) -> None:
    """Remove what whoever was killed, or had no room on the disk, left half-written."""
    for part in place.glob("*.part"):
        part.unlink(missing_ok=True)


def run_one(
    study: str, notebook: str, given: dict, folder: str, threads: int, beside: str, card: str = ""
) -> str:
    """Execute one notebook in a fresh kernel; returns "" or what went wrong.

    Args:
        study: of :class:`Pool`.
        given: its parameters, resolved: a dictionary that papermill injects replaces the default whole.
        folder: of the run.
        threads: of torch and OpenMP; 0: as many as this machine has cores that one may use.
        beside: folder in which modules of one's own are found.
        card: graphics card that the kernel sees; "": all.
    """
    if stopping.is_asked(study):
        return "stopped"
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    for stale in ("record.json", "predictions.parquet", "FAILED.json", progress.FILE, records.ELSEWHERE):
        (place / stale).unlink(missing_ok=True)
    progress.Progress(place).stage(progress.STARTING)
    variables = kernels.environment(threads or kernels.cores(), beside, card) | {stopping.STUDY: study}
    try:
        kernels.execute(notebook, place / "notebook.ipynb", given, variables)
    except Exception as error:  # one failed run must not stop the others
        if (said := progress.read(place)) is not None and said.stage == progress.STARTING:
            (place / progress.FILE).unlink()  # whoever opens the notebook later does not make this run
        return "stopped" if stopping.is_asked(study) else _failure(error, place, beside)
    return ""


def _failure(error: Exception, place: Path, beside: str) -> str:
    """Write what went wrong beside the notebook, and say it in two lines."""
    kind, message = kernels.reason(error, place / "notebook.ipynb")
    cell = getattr(error, "exec_count", None)
    failure = {"type": kind, "cell": cell, "message": message}
    with suppress(OSError):  # a full disk may be what went wrong
        with files.whole(place / "FAILED.json") as part:
            part.write_text(json.dumps(failure, indent=1))
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))  # without colours
    own = [f"{path}:{line}" for path, line in re.findall(r"File (\S+\.py):(\d+)", text) if beside in path]
    where = f" at {own[-1]}" if own else ""
    return f"{kind} in cell {cell}{where}: {message}\n       see {place / 'notebook.ipynb'}"
