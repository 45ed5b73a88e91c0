"""Seconds from starting run_all.py to a run's first update, on one core: with nothing shared yet, and with.

    XLTLIB_DATA=<folder> python benchmarks/start_up.py [--study paws-x] [--only "english seed 1"]

The run is stopped as soon as its progress says that it has made an update.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path

from xltlib import progress

ROOT = Path(__file__).resolve().parent.parent


def first_update(study: str, only: str, runs: Path) -> tuple[float, dict[str, float]]:
    """Seconds to the first update, and how they were spent."""
    command = [sys.executable, str(ROOT / "run_all.py"), study, "--only", only, "--runs", str(runs)]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        for path in runs.glob(f"*/{progress.FILE}"):
            state = progress.read(path.parent)
            if state and state.updates[0]:
                seconds = time.perf_counter() - began - (time.time() - state.changed)
                process.send_signal(signal.SIGINT)
                process.wait()
                path.unlink()
                return seconds, state.seconds
        time.sleep(0.05)
    raise RuntimeError(f"{' '.join(command)} ended before it made an update")


def main() -> None:
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--study", default="paws-x")
    parser.add_argument("--only", default="english seed 1")
    parser.add_argument("--repeat", type=int, default=2)
    args = parser.parse_args()
    os.sched_setaffinity(0, {0})  # inherited by the kernels
    os.environ["OMP_NUM_THREADS"] = "1"
    for _ in range(args.repeat):
        with tempfile.TemporaryDirectory() as folder:
            for what in ("nothing shared yet", "shared by an earlier run"):
                seconds, spent = first_update(args.study, args.only, Path(folder))
                stages = ", ".join(f"{stage} {of:.1f}" for stage, of in spent.items())
                print(f"{what}: {seconds:.1f} s ({stages})", flush=True)


if __name__ == "__main__":
    main()
