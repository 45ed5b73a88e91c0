"""Cards for runs, asked of a stand-in for nvidia-smi."""

import pytest

from xltlib import cards


@pytest.fixture
def two_cards(tmp_path, monkeypatch):
    """A machine with two cards, of 60 and 20 GiB free memory."""
    command = tmp_path / "nvidia-smi"
    command.write_text("#!/bin/sh\necho '0, 61440'\necho '1, 20480'\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def test_free_memory_is_that_of_the_cards_that_may_be_used(two_cards, monkeypatch):
    assert cards.free_memory() == {"0": 60.0, "1": 20.0}
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert cards.free_memory() == {"1": 20.0}


def test_without_a_card_or_where_it_does_not_answer_there_is_none(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert cards.free_memory() == {} and cards.queue_of(8, 8) is None
    (tmp_path / "nvidia-smi").write_text("#!/bin/sh\nexit 9\n")
    (tmp_path / "nvidia-smi").chmod(0o755)
    assert cards.free_memory() == {}


def test_runs_are_dealt_out_by_room_and_share_a_card(two_cards):
    queue = cards.queue_of(9, each=8)
    dealt = [queue.get() for _ in range(9)]
    assert sorted(dealt) == ["0"] * 7 + ["1"] * 2 and queue.empty()
    assert cards.dealt(2, {"0": 30.0, "1": 20.0}, each=16) == ["0", "1"]


def test_more_runs_than_memory_holds_are_refused(two_cards):
    said = "--jobs 10: the cards have room for 9 runs of 8 GiB each.*--card-memory"
    with pytest.raises(ValueError, match=said):
        cards.queue_of(10, each=8)
