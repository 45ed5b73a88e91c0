"""What a run is doing just now: written by the run, read by whoever waits for it.

A run whose folder is there (run_all.py makes it) keeps ``progress.json`` in it: the stage, how far it is,
loss and speed, and how long each stage took. It is written about once a second, whole or not at all, and
changes no result.
"""

from __future__ import annotations

import json
import math
import os
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from xltlib import locks

EVERY = 1.0  # seconds between two writings
FILE = "progress.json"
STARTING, READING, BUILDING, MEASURING, TRAINING, SCORING, ENDING = (
    "starting", "reading", "building the model", "measuring", "training", "scoring", "writing",
)  # fmt: skip


@dataclass
class State:
    """What the file holds.

    Attributes:
        stage: what is done now.
        done, total: updates of a training, or pairs or sentences to score; 0 of 0 in other stages.
        updates: the same of the training, whatever the stage; a checkpoint interrupts it.
        loss: mean of the last updates; None before the first.
        rate: pairs or sentences a second in this stage; None before anything is done.
        seconds: spent in each stage.
        scored: pairs and sentences scored, in all stages.
        began, changed: seconds since 1970.
    """

    stage: str = STARTING
    done: int = 0
    total: int = 0
    updates: tuple[int, int] = (0, 0)
    loss: float | None = None
    rate: float | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    scored: int = 0
    began: float = 0.0
    changed: float = 0.0


class Progress:
    """Keeps the file of one run.

    Args:
        place: folder of the run; None, or where it is no folder: nothing is written.
    """

    def __init__(self, place: Path | None = None):
        self.path = place / FILE if place is not None and place.is_dir() else None
        now = time.time()
        self.state = State(began=now, changed=now)
        self._written, self._work, self._busy = 0.0, 0, 0.0

    def stage(self, name: str, total: int = 0) -> None:
        """A stage begins."""
        self._advance()
        self.state.stage, self.state.done, self.state.total, self.state.rate = name, 0, total, None
        self._work, self._busy = 0, 0.0
        self._write(now=True)

    def updated(self, done: int, total: int, loss: float, pairs: int) -> None:
        """An update was made.

        Args:
            done, total: updates.
            loss: mean of the last ones.
            pairs: of this update; 0 where a batch does not say.
        """
        if self.state.stage != TRAINING:
            self.stage(TRAINING, total)
        self._advance(pairs)
        self.state.done, self.state.updates = done, (done, total)
        self.state.loss = None if math.isnan(loss) else round(loss, 4)
        self._write()

    def scored(self, pairs: int) -> None:
        """So many more pairs or sentences were scored."""
        self._advance(pairs)
        self.state.done += pairs
        self.state.scored += pairs
        self._write()

    def _advance(self, work: int = 0) -> None:
        """The time since the last word belongs to the stage."""
        state, now = self.state, time.time()
        state.seconds[state.stage] = state.seconds.get(state.stage, 0.0) + now - state.changed
        self._busy += now - state.changed
        self._work += work
        state.changed = now
        if self._work and self._busy:
            state.rate = round(self._work / self._busy, 2)

    def _write(self, now: bool = False) -> None:
        if self.path is None or not (now or self.state.changed - self._written >= EVERY):
            return
        self._written = self.state.changed
        part = self.path.with_suffix(".part")
        try:
            part.write_text(json.dumps(asdict(self.state)), encoding="utf-8")
            os.replace(part, self.path)
        except OSError:  # a full disk stops the run where it writes its record, not here
            return


_current = Progress()


def begin(place: Path) -> None:
    """From now on what this process does is that of a run.

    Args:
        place: folder of the run.
    """
    global _current
    _current = Progress(place)
    before = read(place)
    if before is not None and before.stage == STARTING:  # who started this kernel said so
        _current.state.began = before.began
        _current.state.seconds[STARTING] = time.time() - before.began
        locks.hold_for_life(place / locks.KERNEL)  # if its parent is killed nobody else starts while it lives


def current() -> Progress:
    """That of the run in this process; one that writes nothing where there is none."""
    return _current


def read(place: Path) -> State | None:
    """What a run was doing last; None where it did not say, or what is there is no such file."""
    try:
        state = State(**json.loads((Path(place) / FILE).read_text(encoding="utf-8")))
        counts = [state.done, state.total, state.scored, *state.updates]
        numbers = [state.began, state.changed, *state.seconds.values()]
        numbers += [number for number in (state.loss, state.rate) if number is not None]
        fits = isinstance(state.stage, str) and len(state.updates) == 2
        fits = fits and all(isinstance(count, int) for count in counts)
        return state if fits and all(map(math.isfinite, [*counts, *numbers])) else None
    except (OSError, ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        return None
