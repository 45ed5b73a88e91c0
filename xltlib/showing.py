"""How far a study is, on the screen or in a log: one line for all of it, one for each notebook that runs."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from tqdm import tqdm

from xltlib import console, forecast, records
from xltlib.forecast import Forecast
from xltlib.plan import Plan
from xltlib.values import counted

LINES = 8  # running notebooks shown at a time in a terminal
IN_A_LOG, ANEW = 60.0, 10.0  # seconds between two lines, and in a terminal between two forecasts
DEAD = 600.0  # seconds of silence after which a run hardly runs any more


def summary(ended: int, runs: int, estimate: forecast.Estimate, elapsed: float) -> str:
    """The study in a line.

    Example:
        >>> summary(3, 16, forecast.Estimate(0.21, 420.0), 125.0)
        '3 of 16 runs, 21 % of the work, 2 min so far, about 7 min left'
        >>> summary(0, 1, forecast.Estimate(0.0, None), 4.0)
        '0 of 1 run, 0 % of the work, 4 s so far, speed not known yet'
    """
    left = "speed not known yet"
    if estimate.left is not None:
        left = f"about {forecast.duration(estimate.left)} left"
    share = f"{100 * estimate.share:.0f} % of the work"
    return f"{ended} of {counted(runs, 'run')}, {share}, {forecast.duration(elapsed)} so far, {left}"


class Shown:
    """Shows a study while it runs. What cannot be shown is left out: reporting never ends the work.

    Args:
        of: its forecast.
        stream: where to; lines that change in a terminal, a line a minute anywhere else.
    """

    def __init__(self, predicted: Forecast, stream: TextIO | None = None):
        self.forecast, self.stream = predicted, stream or sys.stderr
        self.began = self._last_shown = time.time()
        console.forgiving(self.stream)
        self.bars: list[tqdm] = []
        self._estimate, self._estimated, self._problem = forecast.Estimate(0.0, None), 0.0, ""
        if self.stream.isatty() and predicted.todo:
            options = {"file": self.stream, "leave": False, "dynamic_ncols": True}
            shape = "{percentage:3.0f} %|{bar:20}| {desc}"
            self.bars.append(tqdm(total=100, position=0, bar_format=shape, **options))
            for place in range(min(predicted.jobs, LINES)):
                self.bars.append(tqdm(position=place + 1, bar_format="  {desc}", **options))

    def update(self, ended: set[str], running: list[str]) -> None:
        """Look at all that runs, and show it."""
        try:
            self._show(ended, running)
        except Exception as error:  # a console that is gone, a file of a run that is damaged
            problem = f"not shown ({type(error).__name__}: {error})"
            if problem != self._problem:
                self.say(problem)
            self._problem = problem

    def _show(self, ended: set[str], running: list[str]) -> None:
        in_a_log = not self.bars
        if in_a_log and time.time() - self._last_shown < IN_A_LOG:
            return
        self._last_shown = time.time()
        if time.time() - self._estimated >= ANEW:
            now = self._anew(ended, running)
            share = max(now.share, self._estimate.share)  # what is done stays done, whatever speed is seen
            self._estimate, self._estimated = forecast.Estimate(share, now.left), time.time()
        estimate = self._estimate
        whole = summary(len(ended), len(self.forecast.todo), estimate, time.time() - self.began)
        lines = [forecast.line(label, self.forecast.state(label)) for label in running]
        if in_a_log:
            self.say("; ".join([whole, *lines]))
            return
        self.bars[0].n = 100 * estimate.share
        for bar, text in zip(self.bars, [whole, *lines, *[""] * LINES]):
            bar.set_description_str(text)

    def _anew(self, ended: set[str], running: list[str]) -> forecast.Estimate:
        """The forecast; one that fails stops no study."""
        try:
            return self.forecast.now(ended, set(running))
        except Exception as error:
            self.say(f"no forecast ({type(error).__name__}: {error})")
            return forecast.Estimate(self._estimate.share, None)

    def say(self, text: str) -> None:
        """A line that stays."""
        if not self.bars:
            console.say(text, self.stream)
            return
        with suppress(OSError, ValueError):  # as console.say
            tqdm.write(text, file=self.stream)

    def close(self) -> None:
        """Take the changing lines away."""
        with suppress(OSError, ValueError):
            for bar in reversed(self.bars):
                bar.close()


def status(plan: Plan, missing: list[str], runs: Path) -> str:
    """What a study that runs elsewhere is doing.

    Args:
        plan: the runs that are asked about.
        missing: labels of what is not done.
        runs: folder of runs.
    """
    predicted, now = Forecast(plan, list(plan.nodes), 1, runs), time.time()
    ended = {label for label in plan.nodes if label not in missing}
    parts = [f"{len(ended)} of {counted(len(plan.nodes), 'run')} done"]
    running, silent, failed = [], [], []
    for label in missing:
        state, place = predicted.state(label), predicted.place(label)
        if (place / "FAILED.json").exists():
            failed.append(label)
        elif state and records.read(place) is None:  # a record of other code, or of other parents, has ended
            (running if now - state.changed < DEAD else silent).append(label)
    if failed:
        parts.append(f"{len(failed)} failed ({', '.join(failed)})")
    if silent:
        parts.append(f"{len(silent)} silent for long, perhaps dead ({', '.join(silent)})")
    if not running:
        return f"{', '.join(parts)}; nothing {'else ' if silent else ''}is running"
    predicted.jobs, predicted.todo = len(running), [label for label in predicted.todo if label not in silent]
    left = predicted.now(ended | set(failed), set(running)).left
    parts.append(f"{len(running)} running")
    parts.append("speed not known yet" if left is None else f"about {forecast.duration(left)} left")
    lines = [forecast.line(label, predicted.state(label), now) for label in running]
    return "\n  ".join([", ".join(parts), *lines])
