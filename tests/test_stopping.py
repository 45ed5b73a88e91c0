"""Stopping a study by a signal: at once, nothing left behind, what is done is kept."""

import signal
import subprocess
import sys
import time

import psutil
import pytest
from tiny_studies import command, here, tiny_study

from xltlib import progress


def started(folder, study) -> subprocess.Popen:
    """The study in a process of its own, once a kernel of it trains."""
    words = command(folder, study, "--jobs", "2")
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, cwd=folder, start_new_session=True)
    deadline = time.time() + 120
    while time.time() < deadline:
        states = [progress.read(path.parent) for path in (folder / "runs").glob(f"*/{progress.FILE}")]
        if any(state and state.updates[0] for state in states):
            return process
        time.sleep(0.2)
    raise AssertionError(f"nothing trains after two minutes: {process.communicate()}")


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_everything_within_five_seconds(tiny, tmp_path, number, status):
    study = tiny_study(tiny["xlm-r"])
    study["common"]["steps"] = 100_000
    study["arms"] = {"english": {}, "other": {"learning_rate": 2e-4}}
    del study["encoders"]
    process = started(tmp_path, study)
    children = psutil.Process(process.pid).children(recursive=True)
    began = time.time()
    process.send_signal(number)
    said = process.communicate(timeout=30)[1]
    assert time.time() - began < 5 and process.returncode == status
    assert "stopped; runs that are done are kept" in said and "Traceback" not in said
    assert children and not any(child.is_running() and child.status() != "zombie" for child in children)
    assert not list((tmp_path / "runs").glob("*/record.json")) and not (tmp_path / "figures").exists()
    assert not list((tmp_path / "runs").glob("*/FAILED.json")) and "died" not in said
    assert here(tmp_path, study, "--status").stdout.strip() == "0 of 2 runs done; nothing is running"


PARENT = """
import sys, time
from pathlib import Path
from threading import Thread
from xltlib import kernels
given = "00_explore", Path(sys.argv[1]), {}, kernels.environment(1)
Thread(target=kernels.execute, args=given, daemon=True).start()
time.sleep(600)
"""


@pytest.mark.parametrize("after", [0.0, 0.2, 1.0])
def test_a_kernel_ends_with_its_parent_whenever_that_is_killed(tmp_path, after):
    process = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path / "out.ipynb")], cwd=tmp_path)
    parent, kernels, until = psutil.Process(process.pid), [], time.time() + 60
    while not kernels and time.time() < until:
        kernels = parent.children(recursive=True)
        time.sleep(0.01)
    time.sleep(after)
    process.kill()
    process.wait()
    _, alive = psutil.wait_procs(kernels, timeout=30)
    assert kernels and not alive
