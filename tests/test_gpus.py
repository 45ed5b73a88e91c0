"""Cards for runs, asked of a stand-in for torch, and dealt out by run_all.py."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tiny_studies import tiny_study

from xltlib import execution, gpus, kernels, showing, studies
from xltlib.forecast import Forecast


@pytest.fixture
def two_cards(monkeypatch):
    """A torch that was built for cards, and sees two of 60 and 20 GiB free memory."""
    monkeypatch.setattr(gpus.metadata, "version", {"torch": "2.13.0"}.get)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(gpus, "ASK", f"print({json.dumps('[60.0, 20.0]')})")


def test_free_memory_is_named_as_kernels_are_told(two_cards, monkeypatch):
    assert gpus.free_memory() == {"0": 60.0, "1": 20.0}
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,GPU-0a1b")  # torch counts what it may see
    assert gpus.free_memory() == {"3": 60.0, "GPU-0a1b": 20.0}


def test_without_a_card_that_torch_can_use_there_is_none(two_cards, monkeypatch):
    monkeypatch.setattr(gpus, "ASK", "print('[]')")  # a build for CPUs
    assert gpus.free_memory() == {} and gpus.dealt(8, {}, 8) == []
    monkeypatch.setattr(gpus, "ASK", "raise RuntimeError('no driver')")
    with pytest.raises(ValueError, match="cannot be asked for their memory .*no driver.*--jobs 1"):
        gpus.free_memory()
    monkeypatch.setattr(gpus.metadata, "version", {"torch": "2.13.0+cpu"}.get)
    assert gpus.free_memory() == {}


ASK = gpus.ASK
FAKE = """
import sys, types
def mem_get_info(card):
    if card == 1: raise RuntimeError("CUDA error: out of memory")
    return 12 * 2**30, 80 * 2**30
sys.modules["torch"] = types.SimpleNamespace(
    cuda=types.SimpleNamespace(device_count=lambda: 3, mem_get_info=mem_get_info))
"""


def test_a_card_that_is_full_does_not_hide_the_others(two_cards, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(gpus, "ASK", FAKE + ASK)
    assert gpus.free_memory() == {"0": 12.0, "1": 0.0, "2": 12.0}


def test_runs_are_dealt_out_by_room_and_share_a_card():
    assert sorted(gpus.dealt(9, {"0": 60.0, "1": 20.0}, 8)) == ["0"] * 7 + ["1"] * 2
    assert gpus.dealt(2, {"0": 60.0, "1": 20.0}, 8) == ["0", "1"]  # rather than both on the larger
    assert gpus.dealt(2, {"0": 30.0, "1": 20.0}, each=16) == ["0", "1"]
    assert gpus.dealt(1, {"0": 5.5}, 8) == []  # a single run is never refused


def test_more_runs_than_memory_holds_are_refused():
    said = "--jobs 10: the cards have room for 9 runs of 8 GiB each.*--card-memory"
    with pytest.raises(ValueError, match=said):
        gpus.dealt(10, {"0": 60.0, "1": 20.0}, each=8)


def test_a_run_gets_a_card_and_gives_it_back(tmp_path, monkeypatch):
    study = tiny_study("offline", seeds=[1, 2, 3], encoders={}, arms={"english": {}})
    plan, given = studies.Study("tiny", study).plan({}, runs=tmp_path), []

    def run_one(study, notebook, parameters, folder, threads, beside, card):
        given.append(card)
        return ""

    monkeypatch.setattr(execution, "run_one", run_one)
    monkeypatch.setattr(execution, "not_as_planned", lambda node, runs: "")
    todo = list(plan.nodes)
    shown = showing.Shown(Forecast(plan, todo, 2, tmp_path))
    with ThreadPoolExecutor(2) as executor:
        pool = execution.Pool(executor, 2, 1, ["a", "b"])
        assert execution.execute(plan, todo, pool, tmp_path, Path(), shown) == {}
    assert len(given) == 3 and set(given) == {"a", "b"} and sorted(pool.cards) == ["a", "b"]


def test_a_kernel_sees_its_card_alone():
    assert kernels.environment(1, card="7")["CUDA_VISIBLE_DEVICES"] == "7"
