"""Executing notebooks through papermill, several at a time, as what they need is there."""

from __future__ import annotations

import json
import logging
import os
import re
import uuid
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Iterator

from xltlib import files, gpus, kernels, locks, progress, records, stopping
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
    dealt = gpus.dealt(jobs, gpus.free_memory(), card_memory) if jobs > 1 else []
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
        ValueError: it does not answer, it has no workers, one of them would take several runs at once, or
            dask is not installed.
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
    except (OSError, ValueError, TypeError, AssertionError) as error:  # the last: dask's own loop is too slow
        raise ValueError(
            f"--scheduler {scheduler}: no dask scheduler answers there within {ANSWERS} s "
            f"({type(error).__name__}); start one, or leave --scheduler out"
        ) from error
    finally:
        logger.setLevel(before)
    if problem := _unfit(client.nthreads()):
        client.close()
        raise ValueError(f"--scheduler {scheduler}: {problem}: dask worker {scheduler} --nthreads 1")
    return client


def _unfit(threads: dict[str, int]) -> str:
    """What is wrong with the workers of a scheduler; "" if nothing is.

    A worker takes as many runs at once as it has threads, each with all its cores and cards.

    Args:
        threads: of each worker, by its address.
    """
    if not threads:
        return "it has no workers; start some"
    several = [f"{address} {count}" for address, count in threads.items() if count > 1]
    if several:
        return (
            f"workers with several threads ({', '.join(several)}) take as many runs at once, each with all "
            "their cores and cards; start them anew, one a card"
        )
    return ""


def execute(
    plan: Plan,
    todo: list[str],
    pool: Pool,
    runs: Path,
    module_folder: Path,
    shown: Shown,
    force: bool = False,
) -> dict[str, str]:
    """Run what is to do, the longest chain first; returns label -> problem of those that did not finish.

    Args:
        todo: labels.
        module_folder: folder of the studies' file: modules of one's own are found there.
        shown: is told how far it is, about once a second.
        force: whether runs are made that are done already.
    Raises:
        Stopped: by a signal.
    """
    replaced = {label: records.digest(runs / plan[label].run) for label in todo} if force else {}
    work = _Work(plan, pool, runs, module_folder, shown, plan.chains(todo), replaced)
    graph = plan.sorter(plan.nodes, todo)
    graph.prepare()
    while graph.is_active():
        work.ready += graph.get_ready()
        ended = [*work.skip(), *work.start_and_wait()]
        graph.done(*ended)
    return work.failed


@dataclass
class _Work:
    """Runs on their way.

    Attributes:
        plan, pool, runs, module_folder, shown: of :func:`execute`.
        chain: label -> how many runs the longest chain that begins with it has.
        replaced: digests of records that are to be made anew.
        ready: labels of runs that nothing has to be waited for.
        running: what is asked for -> its label, and the card that it has.
        failed: label -> problem.
        ended: labels of all that are done or failed.
    """

    plan: Plan
    pool: Pool
    runs: Path
    module_folder: Path
    shown: Shown
    chain: dict[str, int]
    replaced: dict[str, str | None]
    ready: list[str] = field(default_factory=list)
    running: dict[Future, tuple[str, str]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)

    def skip(self) -> list[str]:
        """Leave out what is ready and needs a run that failed; returns the labels."""
        skipped = []
        for label in self.ready:
            broken = [need for need in self.plan[label].needs if need in self.failed]
            if broken:
                self._end(label, f"not run: needs {broken[0]}")
                skipped.append(label)
        self.ready = [label for label in self.ready if label not in skipped]
        return skipped

    def start_and_wait(self) -> list[str]:
        """Start what there is room for, and wait for a second; returns the labels of those that ended."""
        # The longest chain first; what another process is making is waited for last.
        self.ready.sort(key=self.chain.get, reverse=True)
        self.ready.sort(key=self._is_made)
        while self.ready and len(self.running) < self.pool.jobs:
            self._start(self.ready.pop(0))
        self.shown.update(self.ended, [label for label, _ in self.running.values()])
        finished = wait(self.running, timeout=1, return_when=FIRST_COMPLETED).done
        return [self._finish(future) for future in finished]

    def _is_made(self, label: str) -> bool:
        """Whether another process is making it."""
        return locks.is_made(self.runs / self.plan[label].run)

    def _start(self, label: str) -> None:
        card, node = self.pool.cards.pop(0), self.plan[label]
        if self._is_made(label):
            self.shown.say(f"waits  {label}: another process is making it")
        folder, module_folder = str(self.runs / node.run), str(self.module_folder)
        arguments = (node.notebook, node.parameters, folder, self.pool.threads, module_folder, card)
        future = self.pool.executor.submit(run_once, self.replaced.get(label), self.pool.study, *arguments)
        self.running[future] = label, card

    def _finish(self, future: Future) -> str:
        """Take what came of a run; returns its label."""
        label, card = self.running.pop(future)
        self.pool.cards.append(card)
        self._end(label, outcome(future) or not_as_planned(self.plan[label], self.runs))
        return label

    def _end(self, label: str, problem: str) -> None:
        """Note that a run ended; ``problem`` is "" if it is done."""
        if problem:
            self.failed[label] = problem
        self.shown.say(f"FAILED {label}: {problem}" if problem else f"done   {label}")
        self.ended.add(label)


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


def run_once(replaced: str | None, study: str, notebook: str, parameters: dict, folder: str, *options) -> str:
    """:func:`run_one`, by one process at a time, and not again where another one has made the run meanwhile.

    Args:
        replaced: digest of a record that is to be made anew; None: any that stands will do.
        study: of :class:`Pool`.
        notebook, parameters, folder, options: of :func:`run_one`.
    """
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    with locks.making(place, partial(stopping.is_asked, study)) as ours:
        if not ours:
            return "stopped"
        is_done = records.stands(place, parameters, code_fingerprint(notebook, parameters))
        if is_done and records.digest(place) != replaced:
            return ""
        _clear(place)
        try:
            return run_one(study, notebook, parameters, folder, *options)
        finally:
            _clear(place)


def _clear(place: Path) -> None:
    """Remove what whoever was killed, or had no room on the disk, left half-written."""
    for part in place.glob("*.part"):
        part.unlink(missing_ok=True)


def run_one(
    study: str, notebook: str, parameters: dict, folder: str, threads: int, module_folder: str, card: str = ""
) -> str:
    """Execute one notebook in a fresh kernel; returns "" or what went wrong.

    Args:
        study: of :class:`Pool`.
        parameters: its parameters, resolved: a dictionary that papermill injects replaces the default whole.
        folder: of the run.
        threads: of torch and OpenMP; 0: as many as this machine has cores that one may use.
        module_folder: folder in which modules of one's own are found.
        card: graphics card that the kernel sees; "": all.
    """
    if stopping.is_asked(study):
        return "stopped"
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    for stale in ("record.json", "predictions.parquet", "FAILED.json", progress.FILE, records.ELSEWHERE):
        (place / stale).unlink(missing_ok=True)
    progress.Progress(place).stage(progress.STARTING)
    variables = kernels.environment(threads or kernels.cores(), module_folder, card) | {stopping.STUDY: study}
    try:
        kernels.execute(notebook, place / "notebook.ipynb", parameters, variables)
    except Exception as error:  # one failed run must not stop the others
        if (state := progress.read(place)) is not None and state.stage == progress.STARTING:
            (place / progress.FILE).unlink()  # whoever opens the notebook later does not make this run
        return "stopped" if stopping.is_asked(study) else _failure(error, place, module_folder)
    return ""


def _failure(error: Exception, place: Path, module_folder: str) -> str:
    """Write what went wrong beside the notebook, and say it in two lines."""
    kind, message = kernels.reason(error, place / "notebook.ipynb")
    cell = getattr(error, "exec_count", None)
    failure = {"type": kind, "cell": cell, "message": message}
    with suppress(OSError):  # a full disk may be what went wrong
        with files.whole(place / "FAILED.json") as part:
            part.write_text(json.dumps(failure, indent=1))
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))  # without colours
    locations = re.findall(r"File (.+?\.py):(\d+)", text)  # IPython writes ~ for one's home
    own_lines = [f"{path}:{line}" for path, line in locations if module_folder in os.path.expanduser(path)]
    location = f" at {own_lines[-1]}" if own_lines else ""
    return f"{kind} in cell {cell}{location}: {message}\n       see {place / 'notebook.ipynb'}"
