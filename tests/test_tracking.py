"""Watching a training: what a tracker is told, that it moves nothing, and that it may fail."""

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate import tracking as of_accelerate
from tiny_studies import ROOT, tiny_study

from xltlib import (
    batching,
    checkpoints,
    encoders,
    fingerprint,
    heads,
    parameters,
    prediction,
    studies,
    tasks,
    tracking,
)
from xltlib import training
from xltlib.run import Run

RUN = "finetune-0123456789"
FAILS_AT = {}  # a method of the tracker below -> the error that it raises


class Noting(of_accelerate.GeneralTracker):
    """Keeps in memory what it is told, and draws random numbers meanwhile."""

    name = "tensorboard"
    requires_logging_directory = True
    made = []

    def __init__(self, run_name, logging_dir, **options):
        super().__init__()
        self.run_name, self.folder, self.told, self.finished = run_name, Path(logging_dir), [], 0
        Noting.made.append(self)

    @property
    def tracker(self):
        return self

    def start(self):
        fail("start")
        (self.folder / "log").write_text("")

    def store_init_configuration(self, values):
        self.config = values

    def log(self, values, step=None, **options):
        random.random(), torch.rand(3)
        self.told.append((step, values))
        fail("log")

    def finish(self):
        self.finished += 1


def fail(where):
    if where in FAILS_AT:
        raise FAILS_AT[where]


@pytest.fixture
def noting(monkeypatch):
    """The tracker above stands in for TensorBoard, which is not installed with the project."""
    monkeypatch.setitem(of_accelerate.LOGGER_TYPE_TO_CLASS, "tensorboard", Noting)
    monkeypatch.setattr(of_accelerate, "_available_trackers", [of_accelerate.LoggerType.TENSORBOARD])
    monkeypatch.setattr(tracking, "find_spec", lambda module: module == "tensorboard" or None)
    monkeypatch.setattr(Noting, "made", [])
    yield Noting.made
    FAILS_AT.clear()
    tracking.begin("", "", Path(), {})


def trained(tiny, tracker, place):
    """Losses, accuracy on development data, and probabilities of a tiny training with dropout."""
    tracking.begin(tracker, RUN, place, {"steps": 4, "noise": {"kind": "none"}})
    frame = tasks.load_pairs("demo", "train", ["en"], items=20)
    training.set_seed(1)
    model = heads.build("cross", encoders.load(str(tiny["bert"])), dropout=0.2)
    kept = checkpoints.Checkpoints(model, frame)
    stream = batching.monolingual(frame, 4, model.lengths, np.random.default_rng(1))
    losses = training.train(
        model, stream, lambda batch: heads.loss(model, batch), 4, checkpoints=2, at_checkpoint=kept,
        precision="no", progress=False,
    )  # fmt: skip
    return losses, kept.history(), prediction.predict(model, frame)[["p0", "p1"]].to_numpy()


@pytest.fixture(scope="module")
def untracked(tiny, tmp_path_factory):
    return trained(tiny, "", tmp_path_factory.mktemp("untracked"))


def assert_same(one, two):
    assert one[:2] == two[:2] and np.array_equal(one[2], two[2])


def test_a_tracker_is_told_all_and_moves_no_bit(tiny, noting, untracked, tmp_path):
    (tmp_path / tracking.FOLDER).mkdir()
    (tmp_path / tracking.FOLDER / "of-an-earlier-attempt").write_text("")
    assert_same(trained(tiny, "tensorboard", tmp_path), untracked)
    (tracker,) = noting
    assert tracker.run_name == RUN and tracker.config == {"steps": 4, "noise.kind": "none"}
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()] == [
        "tracker/log"
    ]
    losses, history, _ = untracked
    updates = [(step, values) for step, values in tracker.told if "loss" in values]
    assert [(step, values["loss"]) for step, values in updates] == list(enumerate(losses, start=1))
    assert [values["learning_rate"] for _, values in updates] == pytest.approx([0, 1e-4, 2e-4 / 3, 1e-4 / 3])
    assert all(of["head_learning_rate"] == pytest.approx(10 * of["learning_rate"]) for _, of in updates)
    scored = {step: values["dev_accuracy/en"] for step, values in tracker.told if "loss" not in values}
    assert scored == pytest.approx({of["step"]: of["en"] for of in history}, abs=1e-6)
    assert tracker.finished == 1


@pytest.mark.parametrize("where", ["start", "log"])
def test_a_tracker_that_fails_is_told_of_once_and_loses_nothing(
    tiny, noting, untracked, tmp_path, capsys, where
):
    FAILS_AT[where] = ConnectionError("no route\nto anything")
    assert_same(trained(tiny, "tensorboard", tmp_path), untracked)
    said = capsys.readouterr().err.splitlines()
    assert said == ["tracker tensorboard failed (ConnectionError: no route); the training goes on without it"]
    assert len(noting) == 1


def test_on_a_gpu_the_losses_between_two_looks_are_logged_as_their_mean(noting, tmp_path):
    tracking.begin("tensorboard", RUN, tmp_path, {})
    losses = training.Losses(3, 0.5, groups=[{"name": "learning_rate", "lr": 0.5}])
    for value in (1.0, 2.0, 6.0, 9.0):
        losses.add(torch.tensor(value))
    assert noting[0].told == [(3, {"loss": 3.0, "learning_rate": 0.5})]


def test_a_measure_of_held_out_text_is_logged_where_it_is_checked(noting, tmp_path):
    tracking.begin("tensorboard", RUN, tmp_path, {})
    stop = training.EarlyStop(torch.nn.Linear(1, 1), iter([7.0, 5.0]).__next__, patience=2)
    stop(10), stop(20)
    assert noting[0].told == [(10, {"held_out": 7.0}), (20, {"held_out": 5.0})]


def test_without_a_tracker_nothing_is_made(tmp_path):
    tracking.begin("", RUN, tmp_path, {})
    tracking.current().updated(1, [0.5], [{"name": "learning_rate", "lr": 0.5}])
    tracking.current().finish()
    assert list(tmp_path.iterdir()) == []


def test_the_trackers_are_those_of_accelerate():
    assert set(tracking.PACKAGES) == set(of_accelerate.LOGGER_TYPE_TO_CLASS)


# -- as a parameter ---------------------------------------------------------------------------------


def planned(given=(), reads=True, **common):
    study = tiny_study(Path("tiny-encoder"))
    study["common"] |= common
    return studies.Study("tiny", study, ROOT).plan(studies.parse_set(list(given)), "", Path("runs"), reads)


def test_a_study_or_the_command_line_sets_it_and_runs_stay_who_they_are(noting):
    off = planned()
    for on in (planned(["tracker=tensorboard"]), planned(tracker="tensorboard")):
        assert {node.parameters["tracker"] for node in on.nodes.values()} == {"tensorboard"}
        for label, node in on.nodes.items():
            before = off.nodes[label]
            assert node.run == before.run
            assert parameters.placeless(node.parameters) == parameters.placeless(before.parameters)
            codes = [fingerprint.code_fingerprint(of.notebook, of.parameters) for of in (node, before)]
            assert codes[0] == codes[1]


@pytest.mark.parametrize(("tracker", "words"), [
    ("tensorbord", "tracker = 'tensorbord': known are '', 'aim'.*'tensorboard'"),
    ("comet_ml", "'comet_ml' is not installed: pip install comet-ml .installed here: tensorboard"),
    (True, "tracker = True is bool, wanted str"),
])  # fmt: skip
def test_what_is_unknown_or_not_installed_is_refused_before_a_kernel_starts(noting, tracker, words):
    with pytest.raises(ValueError, match=words) as caught:
        planned(tracker=tracker)
    assert "\n" not in str(caught.value)


def test_a_tracker_of_another_machine_is_no_matter_where_nothing_runs(noting):
    assert planned(tracker="wandb", reads=False).nodes


def test_a_notebook_refuses_a_tracker_that_is_not_there(noting, tmp_path):
    given = {name: default for name, (_, default) in parameters.declared("20_finetune").items()}
    with pytest.raises(ValueError, match="tracker = 'mlflow' is not installed: pip install mlflow"):
        Run("20_finetune", given | {"tracker": "mlflow", "runs": str(tmp_path)})
