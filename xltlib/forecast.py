"""How long a study will take: the work of its runs, weighed by the speed that this very study shows.

A run's work is its start-up, its training (pairs that go forward and back) and what it scores (pairs that go
forward). Each kind of training has a speed of its own once one of that kind was seen; until then it is that
of the others, in the relation in which multiplications stand. The time that is left follows from dealing out
the runs that are left to the jobs, in the order of the graph: one chain may take longer than all the rest.
"""

from __future__ import annotations

import heapq
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from xltlib import languages, progress, tasks
from xltlib.notebooks import ADAPT, FROZEN
from xltlib.plan import Node, Plan

START, FORWARD, TRAIN = 10.0, 0.02, 0.06  # seconds a run, a scored pair, a trained pair, before any was seen
SOME = 2000  # items of a file that cannot be read
PASSES = {"fgm": 1.8, "pgd": 1.0, "freelb": 0.7}  # relative to plain training; of the last two, a step


@dataclass
class Work:
    """What a run has to do, in seconds as they are before any speed was seen.

    Attributes:
        kind: of its training: runs of one kind are equally fast.
        training, scoring: seconds.
        scored_as: the kind of its scoring: adaptations measure on held-out text by ways of their own.
    """

    kind: str
    training: float
    scoring: float
    scored_as: str = "scoring"


def work(node: Node) -> Work:
    """The work of a run, from its parameters alone."""
    options = node.parameters
    if node.notebook == ADAPT:
        return _of_adaptation(options)
    scored, scored_as = _scored(node)
    if node.notebook == FROZEN:
        return Work("frozen", 0.0, FORWARD * scored, scored_as)
    batches, noise, penalty = (options[name]["kind"] for name in ("batches", "noise", "penalty"))
    pairs = options["batches"].get("size", 8)  # batches of one's own may have no such option
    if options["batches"].get("cross", {}).get("kind") == "translations":
        alpha = options["batches"].get("alpha", 0.0)
        pairs = alpha * pairs + (1 - alpha) * options["batches"]["cross"]["size"]
    passes = PASSES.get(noise, 1.0)
    if noise in ("pgd", "freelb"):
        passes = 1 + passes * options["noise"].get("steps", 3)
    if penalty != "none":
        passes += 1.6  # a second batch, of which a teacher may say something first
    kind = f"{batches} {noise} {penalty} {options['head']['kind']}"
    return Work(kind, TRAIN * options["steps"] * pairs * passes, FORWARD * scored, scored_as)


def guessed_work(node: Node) -> Work:
    """The work of a run, or of one with components of one's own that say nothing of it, a guess."""
    try:
        return work(node)
    except Exception:  # whatever their options look like, no study stops for want of a forecast
        return Work(node.notebook, TRAIN * 8 * node.parameters.get("steps", 0), FORWARD * SOME)


def _scored(node: Node) -> tuple[float, str]:
    """What a run scores, and what it counts: pairs, or where a sentence is encoded once, sentences."""
    options, codes = node.parameters, languages.parse(node.parameters["targets"])
    scoring, frozen = options["scored"], node.notebook == FROZEN
    test, dev = _items(options, "test", scoring["test"]), _items(options, "dev", scoring["dev"])
    n_checkpoints = 1 if frozen else options["checkpoints"]
    rules = 1 + len([rule for rule in ("averaged", "ema") if scoring.get(rule)])  # weights that are tested
    if options["head"]["kind"] != "cross":
        train = _items(options, options["labelled"]["split"], options["labelled"]["items"]) if frozen else 0
        return 2.0 * (len(codes) * (test * rules + dev * n_checkpoints) + train), "sentences"
    pairs = test * len(codes)
    if scoring["pairs"] == "all":
        pairs += (scoring["pair_items"] or test) * len(codes) * (len(codes) - 1)
    pairs = rules * pairs * max(1, scoring["votes"]) + dev * len(codes) * n_checkpoints
    return pairs + scoring["bias"] * len(codes) / 2, "scoring"  # a sentence is half a pair


def _of_adaptation(options: dict) -> Work:
    adaptation, codes = options["adaptation"], languages.parse(options["targets"])
    measured = 2 * adaptation["held_out"] * (len(codes) - 1) + options["measured"]["bias"] * len(codes)
    training = TRAIN * options["steps"] * adaptation["size"]
    return Work(adaptation["kind"], training, FORWARD * measured, f"measuring {adaptation['kind']}")


def _items(options: dict, split: str, limit: int) -> int:
    """Items of a split: as many as were asked for, or all there are."""
    source = languages.listed(options["targets"])[0]
    available = _count_items(options["task"], split, source, options["data"])
    return min(limit, available) if limit else available


@cache
def _count_items(task: str, split: str, source: str, data: str) -> int:
    """Items of a split in the source language; a guess where it cannot be read now."""
    try:
        return len(tasks.load_pairs(task, split, [source], tasks.data_folder(data)))
    except (ValueError, OSError):
        return SOME


@dataclass
class Speeds:
    """Seconds that were seen, beside those of the same work before any speed was seen.

    Attributes:
        seen: by what was done: seconds it took, seconds by the first guess.
    """

    seen: dict[str, list[float]] = field(default_factory=dict)

    def add(self, kind: str, took: float, guessed: float) -> None:
        """Something of a kind was done."""
        if guessed > 0:
            total = self.seen.setdefault(kind, [0.0, 0.0])
            total[0] += took
            total[1] += guessed

    def factor(self, kind: str) -> float:
        """What a first guess of this kind is to be multiplied by."""
        observed = self.seen.get(kind)
        if observed is None:  # another kind of training, as far as one was seen
            others = [times for name, times in self.seen.items() if name != "start"]
            observed = [sum(column) for column in zip(*others)]
        return observed[0] / observed[1] if observed and observed[1] else 1.0

    def seconds(self, work: Work, training: float, scoring: float, start: float = START) -> float:
        """Seconds that so much of a run's work takes."""
        began, trained = start * self.factor("start"), training * self.factor(work.kind)
        return began + trained + scoring * self.factor(work.scored_as)


@dataclass
class Estimate:
    """What is known of a study that runs.

    Attributes:
        share: of the work that is done, 0 to 1.
        left: seconds until the last run is done; None before a training or a scoring was seen.
    """

    share: float
    left: float | None


class Forecast:
    """The forecast of a study.

    Args:
        plan: of the study.
        todo: labels of what is to be done.
        jobs: runs at a time.
        runs: folder of runs.
    """

    def __init__(self, plan: Plan, todo: list[str], jobs: int, runs: Path):
        self.plan, self.todo, self.jobs, self.runs = plan, todo, jobs, runs
        self.work = {label: guessed_work(plan[label]) for label in todo}
        self.chain = plan.chains(todo)
        self._finished: dict[str, progress.State] = {}

    def place(self, label: str) -> Path:
        """Folder of a run."""
        return self.runs / self.plan[label].run

    def state(self, label: str) -> progress.State | None:
        """What a run that is to be done said last."""
        if label not in self._finished:
            return progress.read(self.place(label))
        return self._finished[label]

    def now(self, done: set[str], running: set[str]) -> Estimate:
        """Where the study stands.

        Args:
            done: labels of runs that have ended, whether well or not.
            running: labels of runs that are being executed.
        """
        for label in done - self._finished.keys():
            self._finished[label] = progress.read(self.place(label))
        states = {label: self.state(label) for label in (*done, *running) if label in self.work}
        states = {label: state for label, state in states.items() if state is not None}
        speeds = Speeds()
        for label, state in states.items():
            _learn(speeds, self.work[label], state, ended=label in done)
        forecasts = {}
        for label, todo in self.work.items():
            forecasts[label] = speeds.seconds(todo, todo.training, todo.scoring)
        left = {label: forecasts[label] for label in self.todo if label not in done}
        for label in running:
            if label in states:
                left[label] = max(1.0, forecasts[label] - _spent(speeds, self.work[label], states[label]))
        total = sum(forecasts.values())
        share = 1 - sum(left.values()) / total if total else 1.0
        seen = any(kind != "start" for kind in speeds.seen)
        return Estimate(share, self._makespan(left, running) if seen or not left else None)

    def _makespan(self, left: dict[str, float], running: set[str]) -> float:
        """Seconds until all is done, if what is ready is dealt out as run_all.py does."""
        busy = [(left[label], label) for label in running if label in left]
        heapq.heapify(busy)
        waiting = [label for label in left if label not in running]
        now = 0.0
        while busy or waiting:
            pending = set(waiting) | {label for _, label in busy}
            ready = [label for label in waiting if not pending.intersection(self.plan[label].needs)]
            for label in sorted(ready, key=self.chain.get, reverse=True)[: max(0, self.jobs - len(busy))]:
                heapq.heappush(busy, (now + left[label], label))
                waiting.remove(label)
            now, _ = heapq.heappop(busy)
        return now


def _learn(speeds: Speeds, work: Work, state: progress.State, ended: bool) -> None:
    """Add what one run shows of the speed."""
    seconds = state.seconds
    trained = seconds.get(progress.TRAINING, 0.0)
    around = (progress.STARTING, progress.READING, progress.BUILDING, progress.ENDING)
    if ended or trained:
        speeds.add("start", sum(seconds.get(stage, 0.0) for stage in around), START)
    done, total = state.updates
    if total and done > min(5, total - 1):
        speeds.add(work.kind, trained, work.training * done / total)
    if state.scored:
        speeds.add(work.scored_as, seconds.get(progress.SCORING, 0.0), FORWARD * state.scored)
    elif ended and progress.MEASURING in seconds:
        speeds.add(work.scored_as, seconds[progress.MEASURING], work.scoring)


def _spent(speeds: Speeds, work: Work, state: progress.State) -> float:
    """Seconds of the forecast of a run that what it has done already stands for."""
    done, total = state.updates
    trained = work.training * done / total if total else 0.0
    if not total and state.stage != progress.SCORING:
        return min(time.time() - state.began, START * speeds.factor("start"))
    return speeds.seconds(work, trained, min(work.scoring, FORWARD * state.scored))


def duration(seconds: float) -> str:
    """A time in words.

    Example:
        >>> duration(42), duration(754), duration(8000)
        ('42 s', '13 min', '2 h 13 min')
    """
    if seconds < 99:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


def line(label: str, state: progress.State | None, now: float | None = None) -> str:
    """What a running notebook is doing, in a line.

    Args:
        now: seconds since 1970; one that has said nothing for a minute is said to be silent.

    Example:
        >>> state = progress.State("training", 5, 60, (5, 60), 0.69, 21.3, began=0.0, changed=9.0)
        >>> line("hybrid seed 1", state, now=10.0)
        'hybrid seed 1: training, 5 of 60 updates, loss 0.690, 21.3 pairs/s'
    """
    if state is None:
        return f"{label}: starting"
    parts = [f"{label}: {state.stage}"]
    if state.stage == progress.TRAINING:
        parts.append(f"{state.done} of {state.total} updates")
        if state.loss is not None:
            parts.append(f"loss {state.loss:.3f}")
    elif state.total:
        parts.append(f"{state.done} of {state.total}")
    if state.rate:
        parts.append(f"{state.rate:.1f} pairs/s")
    silent = (time.time() if now is None else now) - state.changed
    if silent > 60:
        parts.append(f"silent for {duration(silent)}")
    return ", ".join(parts)
