"""One process at a time: a run is waited for and not made twice, and a dead process holds nothing up."""

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest
from test_store import finish, plan  # noqa: F401 (a fixture)

from xltlib import collected, execution, locks, progress, records
from xltlib.store import Store

HOLD = """
import sys, time
from pathlib import Path
from xltlib import locks
if sys.argv[1] == "for life":
    locks.hold_for_life(Path(sys.argv[2]))
    print("held", flush=True)
    time.sleep(600)
with locks.held(Path(sys.argv[2])):
    print("held", flush=True)
    sys.stdin.read()
"""
KERNEL = """
import sys, time
from pathlib import Path
from xltlib import progress
progress.begin(Path(sys.argv[1]))
print("begun", flush=True)
time.sleep(600)
"""
COLLECT = """
import json, sys
from pathlib import Path
import pandas as pd
from xltlib import collected
print("begun", flush=True)
for number in range(int(sys.argv[2]), 10**9):
    with collected.exchanged(Path(sys.argv[1])) as beside:
        pd.DataFrame({"run": ["a"] * 2000, "number": number}).to_parquet(beside / "predictions.parquet")
        state = {"runs": [{"run": "a", "arm": True, "number": number}]}
        (beside / "runs.json").write_text(json.dumps(state))
"""


def other_process(code: str, *words: str) -> subprocess.Popen:
    """A process that has begun."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    process = subprocess.Popen([sys.executable, "-c", code, *words], **pipes)
    assert process.stdout.readline().strip() in ("held", "begun")
    return process


@pytest.mark.parametrize("how", ["for a while", "for life"])
def test_a_lock_ends_with_its_process_however_that_ends(tmp_path, how):
    path = tmp_path / "lock"
    assert not locks.is_held(path) and not path.exists()
    process = other_process(HOLD, how, str(path))
    assert locks.is_held(path) and locks.is_held(path)
    process.kill()
    process.wait()
    assert not locks.is_held(path)
    with locks.held(path) as ours:
        assert ours


def test_whoever_waits_goes_on_when_the_lock_is_let_go_and_stops_when_asked(tmp_path):
    path, stop = tmp_path / "lock", threading.Event()
    process = other_process(HOLD, "for a while", str(path))

    def waited(stop: Callable[[], bool] | None) -> bool:
        with locks.held(path, stop) as ours:
            return ours

    with ThreadPoolExecutor(2) as threads:
        patient, asked = threads.submit(waited, None), threads.submit(waited, stop.is_set)
        stop.set()
        assert asked.result(30) is False and not patient.done()
        process.communicate("", timeout=30)
        assert patient.result(30) is True


@pytest.fixture
def ran(monkeypatch) -> list[str]:
    """The labels that are run in earnest: each leaves its record."""
    found = []

    def run_one(study: str, notebook: str, given: dict, folder: str, leave) -> str:
        found.append(Path(folder).name)
        leave()
        return ""

    monkeypatch.setattr(execution, "run_one", run_one)
    return found


def once(plan, runs: Path, label: str, replaced: str | None = None) -> str:  # noqa: F811
    node = plan[label]
    given = node.notebook, node.parameters, str(runs / node.run)
    return execution.run_once(replaced, "", *given, lambda: finish(plan, runs, label))


def test_a_run_that_another_process_makes_is_waited_for(plan, tmp_path, ran):  # noqa: F811
    runs, place = tmp_path / "runs", tmp_path / "runs" / plan["english seed 1"].run
    place.mkdir(parents=True)
    process = other_process(HOLD, "for a while", str(place / locks.RUN))
    with ThreadPoolExecutor(1) as threads:
        ours = threads.submit(once, plan, runs, "english seed 1")
        time.sleep(0.3)
        assert not ours.done()
        finish(plan, runs, "english seed 1")  # what the other one leaves
        process.communicate("", timeout=30)
        assert ours.result(30) == "" and ran == []


def test_a_run_whose_maker_is_killed_is_made_here(plan, tmp_path, ran):  # noqa: F811
    runs, place = tmp_path / "runs", tmp_path / "runs" / plan["english seed 1"].run
    place.mkdir(parents=True)
    (place / "trained.safetensors.part").write_bytes(b"half")
    process = other_process(HOLD, "for a while", str(place / locks.RUN))
    with ThreadPoolExecutor(1) as threads:
        ours = threads.submit(once, plan, runs, "english seed 1")
        process.kill()
        process.wait()
        assert ours.result(30) == "" and ran == [place.name]
    assert not list(place.glob("*.part"))


def test_a_run_is_made_again_where_it_does_not_stand_or_is_to_be_replaced(plan, tmp_path, ran):  # noqa: F811
    runs = tmp_path / "runs"
    english, hybrid = plan["english seed 1"], plan["hybrid seed 1"]
    for label in ("english seed 1", "hybrid seed 1"):
        once(plan, runs, label)
        once(plan, runs, label)
    assert ran == [english.run, hybrid.run]
    before = records.digest(runs / english.run)
    once(plan, runs, "english seed 1", replaced=before)  # --force
    finish(plan, runs, "english seed 1", code="other code")
    once(plan, runs, "english seed 1", replaced=before)
    assert ran == [english.run, hybrid.run, english.run, english.run]
    record = records.read(runs / english.run)
    predictions = records.predictions(runs / english.run, record)
    records.write(runs / english.run, record | {"anew": True}, predictions)
    once(plan, runs, "english seed 1", replaced=before)  # another --force has just made it
    assert len(ran) == 4
    once(plan, runs, "hybrid seed 1")  # it was made from the former one
    assert ran[4:] == [hybrid.run]


def test_a_kernel_whose_parent_was_killed_is_waited_for(plan, tmp_path, ran):  # noqa: F811
    runs, place = tmp_path / "runs", tmp_path / "runs" / plan["english seed 1"].run
    place.mkdir(parents=True)
    progress.Progress(place).stage(progress.STARTING)  # as whoever starts a kernel says
    kernel = other_process(KERNEL, str(place))
    with ThreadPoolExecutor(1) as threads:
        ours = threads.submit(once, plan, runs, "english seed 1")
        time.sleep(0.5)
        assert not ours.done() and ran == []
        kernel.kill()
        kernel.wait()
        assert ours.result(30) == "" and ran == [place.name]


def test_a_notebook_that_someone_opens_by_hand_holds_nothing(tmp_path):
    kernel = other_process(KERNEL, str(tmp_path))
    assert not locks.is_held(tmp_path / locks.KERNEL)
    kernel.kill()
    kernel.wait()


# Exchanging what a study's folder holds.


def test_an_exchange_that_is_killed_at_any_moment_leaves_both_files_of_one_moment(tmp_path):
    figures, seen, draw = tmp_path / "figures/tiny", 0, random.Random(1)
    for _ in range(8):
        process = other_process(COLLECT, str(figures), str(seen + 1))
        time.sleep(draw.uniform(0.05, 0.4))
        process.kill()
        process.wait()
        if seen == 0 and not figures.exists():
            continue
        state, table = collected.both(figures)
        (record,) = state["runs"]
        assert set(table.number) == {record["number"]} and record["number"] >= seen
        seen = record["number"]
    assert seen > 8
    with collected.exchanged(figures) as beside:
        (beside / "new.csv").write_text("new")
    assert sorted(os.listdir(figures)) == ["new.csv", "predictions.parquet", "runs.json"]
    assert not (tmp_path / "figures/.tiny.new").exists()


def begun(figures: Path) -> Path:
    """An exchange of which no file has moved yet."""
    figures.mkdir(parents=True)
    for place, number in ((figures, 1), (figures / collected.NEW, 2)):
        place.mkdir(exist_ok=True)
        pd.DataFrame({"run": ["a"], "number": number}).to_parquet(place / "predictions.parquet")
        state = {"runs": [{"run": "a", "arm": True, "number": number}]}
        (place / "runs.json").write_text(json.dumps(state))
    (figures / "adaptation_effect.png").write_text("of other runs")
    (figures / collected.NEW / "adaptation_effect.png").touch()
    return figures


@pytest.mark.parametrize("moved", [(), ("predictions.parquet",), ("predictions.parquet", "runs.json")])
def test_whoever_reads_in_the_middle_of_an_exchange_reads_what_is_new(tmp_path, moved):
    figures = begun(tmp_path / "tiny")
    for name in moved:
        os.replace(figures / collected.NEW / name, figures / name)
    state, table = collected.both(figures)
    assert state["runs"][0]["number"] == table.number[0] == 2
    collected.settle(figures)
    assert sorted(os.listdir(figures)) == ["predictions.parquet", "runs.json"]
    assert collected.both(figures)[1].number[0] == 2
    collected.settle(figures)


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_an_exchange_that_fails_leaves_everything_as_it_was(tmp_path, error):
    figures = begun(tmp_path / "tiny")
    collected.settle(figures)
    before = {path.name: path.read_bytes() for path in figures.iterdir()}
    with pytest.raises(type(error)):
        with collected.exchanged(figures) as beside:
            (beside / "runs.json").write_text("half")
            raise error
    assert {path.name: path.read_bytes() for path in figures.iterdir()} == before
    assert not list(tmp_path.glob(".*.new"))


def test_two_that_collect_at_once_take_turns(tmp_path):
    figures = tmp_path / "figures/tiny"
    both = [other_process(COLLECT, str(figures), number) for number in ("1", "1000000")]
    time.sleep(1.5)
    for process in both:
        assert process.poll() is None
        process.kill()
        process.wait()
    state, table = collected.both(figures)
    assert set(table.number) == {state["runs"][0]["number"]}


def test_collecting_waits_for_its_turn(plan, tmp_path):  # noqa: F811
    runs, figures = tmp_path / "runs", tmp_path / "figures/tiny"
    finish(plan, runs, *plan.nodes)
    figures.parent.mkdir()
    process = other_process(HOLD, "for a while", str(figures.parent / ".tiny.lock"))
    with ThreadPoolExecutor(1) as threads:
        collecting = threads.submit(Store(runs, figures).collect, plan)
        time.sleep(0.3)
        assert not collecting.done() and not figures.exists()
        process.communicate("", timeout=30)
        assert len(collecting.result(30)) == 5 and (figures / "runs.json").exists()


# A scheduler that does not answer.


@pytest.mark.parametrize(
    "address", ["tcp://127.0.0.1:1", "nowhere", "tcp://no-such-host.invalid:8786", "ftp://127.0.0.1:1", ""]
)
def test_a_scheduler_that_does_not_answer_is_a_line(address, monkeypatch):
    monkeypatch.setattr(execution, "ANSWERS", 1)
    if not address:
        with execution.pool(1, address) as pool:  # none was asked for
            assert pool.jobs == 1
        return
    with pytest.raises(ValueError) as error:
        with execution.pool(1, address):
            pass
    said = str(error.value)
    assert said.startswith(f"--scheduler {address}: no dask scheduler answers there") and "\n" not in said


def test_a_client_of_dask_that_cannot_start_is_a_line(monkeypatch):
    import distributed

    def client(*given, **options):
        assert False  # as dask says that its loop did not start

    monkeypatch.setattr(distributed, "Client", client)
    with pytest.raises(ValueError, match="no dask scheduler answers there .* \\(AssertionError\\)"):
        with execution.pool(1, "tcp://127.0.0.1:1"):
            pass


def test_a_scheduler_without_workers_is_a_line():
    from distributed import LocalCluster

    with LocalCluster(n_workers=0, dashboard_address=None, host="127.0.0.1") as cluster:
        with pytest.raises(ValueError, match="it has no workers; start some: dask worker .* --nthreads 1$"):
            with execution.pool(1, cluster.scheduler_address):
                pass


def test_workers_that_would_take_several_runs_at_once_are_refused_in_a_line():
    from distributed import LocalCluster

    options = {"processes": False, "dashboard_address": None}
    with LocalCluster(n_workers=2, threads_per_worker=1, **options) as cluster:
        with execution.pool(1, cluster.scheduler_address) as pool:
            assert pool.jobs == 1
    with LocalCluster(n_workers=2, threads_per_worker=3, **options) as cluster:
        address = cluster.scheduler_address
        with pytest.raises(ValueError) as error:
            with execution.pool(1, address):
                pass
    said = str(error.value)
    assert said.startswith(f"--scheduler {address}: workers with several threads (") and "\n" not in said
    assert said.count(" 3") == 2 and said.endswith(f"one a card: dask worker {address} --nthreads 1")
