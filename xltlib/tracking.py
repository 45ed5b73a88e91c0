"""Watching a training with one of accelerate's trackers, where one is asked for.

What is tracked changes no result, and a tracker that fails ends nothing but itself.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Iterator

PROJECT = "xltlib"  # where a tracker groups runs
FOLDER = "tracker"  # below a run's own: what a tracker writes
PACKAGES = {  # accelerate's name of a tracker -> the module that it needs
    "aim": "aim",
    "clearml": "clearml",
    "comet_ml": "comet_ml",
    "dvclive": "dvclive",
    "mlflow": "mlflow",
    "swanlab": "swanlab",
    "tensorboard": "tensorboard",
    "trackio": "trackio",
    "wandb": "wandb",
}


def refuse_missing(tracker: str) -> None:
    """Refuse a tracker whose package is not installed.

    Args:
        tracker: one of :data:`PACKAGES`; ``""``: none is asked for.
    Raises:
        ValueError: says what to install, and which are there.
    """
    if tracker and find_spec(PACKAGES[tracker]) is None:
        installed = ", ".join(name for name, module in PACKAGES.items() if find_spec(module)) or "none"
        package = PACKAGES[tracker].replace("_", "-")
        raise ValueError(
            f"tracker = {tracker!r} is not installed: pip install {package} (installed here: {installed})"
        )


class Tracking:
    """Passes on what a training says about itself. It starts with the first update.

    Args:
        tracker: one of :data:`PACKAGES`; ``""``: nothing is passed on.
        run: the run's id, under which the tracker shows it.
        place: folder of the run; what the tracker writes lies in :data:`FOLDER` below it.
        parameters: of the run, resolved.

    Example:
        >>> Tracking().updated(1, [0.7], [{"name": "learning_rate", "lr": 1e-4}])  # off: nothing happens
    """

    def __init__(
        self, tracker: str = "", run: str = "", place: Path = Path(), parameters: dict | None = None
    ):
        self.tracker, self.run, self.folder = tracker, run, Path(place) / FOLDER
        self.parameters = parameters or {}
        self._accelerator = None

    def updated(self, step: int, losses: list[float], groups: list[dict]) -> None:
        """Updates were made: the mean of their losses and the learning rates are logged.

        Args:
            step: the last of them, from 1.
            losses: of those since the last call: of one on a CPU, of several on a GPU; of none: no log.
            groups: of the optimizer, each with ``name`` and ``lr``.
        """
        if self.tracker and losses:
            rates = {group["name"]: float(group["lr"]) for group in groups}
            self.log(step, {"loss": sum(losses) / len(losses), **rates})

    def log(self, step: int, values: dict[str, float]) -> None:
        """Numbers after an update."""
        if not self.tracker:
            return
        with self._harmless():
            if self._accelerator is None:
                self._start()
            self._accelerator.log(values, step=step)

    def finish(self) -> None:
        """The training is over; another one starts a new log."""
        if self._accelerator is not None:
            with self._harmless():
                self._accelerator.end_training()
        self._accelerator = None

    def _start(self) -> None:
        """What an earlier attempt at this run has logged gives way."""
        from accelerate import Accelerator

        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        for name, value in _variables(self.folder).items():
            os.environ.setdefault(name, value)
        named_by_project = self.tracker in ("tensorboard", "aim")
        self._accelerator = Accelerator(log_with=self.tracker, project_dir=str(self.folder))
        self._accelerator.init_trackers(
            self.run if named_by_project else PROJECT,
            config=flat(self.parameters),
            init_kwargs=_options(self.run, str(self.folder)),
        )

    @contextmanager
    def _harmless(self) -> Iterator[None]:
        """Random numbers stay as they are, and an error ends the tracker, not the training."""
        import torch

        state = random.getstate()
        try:
            with torch.random.fork_rng(range(torch.cuda.device_count())):
                yield
        except Exception as error:  # whatever a tracker raises: no network, no login, a full disk
            message = (str(error).strip().splitlines() or [""])[0]
            why = f"{type(error).__name__}: {message}"
            print(f"tracker {self.tracker} failed ({why}); the training goes on without it", file=sys.stderr)
            self.tracker, self._accelerator = "", None
        finally:
            random.setstate(state)


def flat(parameters: dict, above: str = "") -> dict[str, bool | int | float | str]:
    """Parameters on one level, as trackers take them.

    Example:
        >>> flat({"steps": 5, "noise": {"kind": "fgm", "radius": 0.1}})
        {'steps': 5, 'noise.kind': 'fgm', 'noise.radius': 0.1}
    """
    found = {}
    for name, value in parameters.items():
        if isinstance(value, dict):
            found |= flat(value, f"{above}{name}.")
        else:
            found[above + name] = value if isinstance(value, (bool, int, float, str)) else str(value)
    return found


def _options(run: str, folder: str) -> dict[str, dict]:
    """By which each tracker names a run, and where it writes, in words of its own."""
    return {
        "wandb": {"name": run, "dir": folder},
        "trackio": {"name": run},
        "mlflow": {"run_name": run, "logging_dir": folder},
        "dvclive": {"dir": folder, "save_dvc_exp": False},
        "swanlab": {"experiment_name": run, "logdir": folder},
        "clearml": {"task_name": run},
    }


def _variables(folder: Path) -> dict[str, str]:
    """Where trackers write that ask a variable of the environment; one that is set already stands."""
    return {"MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db", "TRACKIO_DIR": str(folder)}


_current = Tracking()


def begin(tracker: str, run: str, place: Path, parameters: dict) -> None:
    """From now on the trainings of this process are those of a run: arguments as :class:`Tracking`.

    Raises:
        ValueError: as :func:`refuse_missing`.
    """
    global _current
    refuse_missing(tracker)
    _current = Tracking(tracker, run, place, parameters)


def current() -> Tracking:
    """That of the run in this process; one that passes nothing on where there is none."""
    return _current
