"""What is done otherwise on a GPU, as far as a CPU can follow."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from xltlib import batching, devices, diverged, encoders, heads, prediction, tasks, training
from xltlib.adaptation import syntax
from xltlib.adaptation.during import Penalised
from xltlib.adaptation.training import AdaptationTraining
from xltlib.components.base import make
from xltlib.run import Run
from xltlib.tasks.trees import Tree
from xltlib.vectors import Vectors

QUIET = {"precision": "no", "progress": False}


@pytest.fixture(scope="module")
def frame():
    return tasks.load_pairs("demo", "test", ["en", "de"], items=60)


def trained(place, frame, **options):
    """Losses of a short training, and the model."""
    encoder = encoders.load(str(place))
    training.set_seed(1)
    model = heads.build("cross", encoder)
    stream = batching.monolingual(frame, 8, model.lengths, np.random.default_rng(1))
    losses = training.train(model, stream, lambda b: heads.loss(model, b), 10, 1e-3, **QUIET, **options)
    return losses, model


def test_a_loss_that_is_looked_at_seldom_is_the_same(tiny, frame):
    losses, model = trained(tiny["xlm-r"], frame)
    seldom, same = trained(tiny["xlm-r"], frame, look_every=4)
    assert len(losses) == 10 and seldom == losses
    for one, two in zip(model.parameters(), same.parameters()):
        assert torch.equal(one, two)


def test_at_a_checkpoint_and_at_the_end_every_loss_is_known(tiny, frame):
    counted = []
    looks = {"checkpoints": 2, "at_checkpoint": lambda step: counted.append(step), "look_every": 100}
    losses, _ = trained(tiny["xlm-r"], frame, **looks)
    assert counted == [5, 10] and len(losses) == 10


def test_a_loss_that_is_no_number_is_named_by_its_step_however_late_it_is_looked_at():
    losses = training.Losses(look_every=3, learning_rate=0.1)
    losses.add(torch.tensor(1.0))
    losses.add(torch.tensor(float("inf")))
    with pytest.raises(ValueError, match="the loss is inf at step 2: lower learning_rate"):
        losses.add(torch.tensor(2.0))


def test_the_learning_rate_is_blamed_only_where_it_is_the_cause():
    model, nothing = torch.nn.Linear(2, 1), torch.tensor(float("nan"))

    def said(values: list) -> str:
        losses = training.Losses(look_every=1, learning_rate=0.1, model=model)
        with pytest.raises(ValueError) as raised:
            for value in values:
                losses.add(value)
        return str(raised.value)

    first = "the loss is nan at step 1: no update was made before it, so it is not learning_rate"
    assert said([nothing]).startswith(first)
    assert "the weights are of usual size, so it is not learning_rate" in said([torch.tensor(1.0), nothing])
    model.weight.data[0, 0] = 1e20
    assert said([torch.tensor(1.0), nothing]).endswith("driven the weights off; lower learning_rate (0.1)")
    model.weight.requires_grad_(False)[0, 0] = float("nan")
    for values in ([nothing], [torch.tensor(1.0), nothing]):
        assert "weight holds values that are no numbers, and nothing trained it" in said(values)


@pytest.mark.parametrize(
    ("look_every", "checkpoints", "both"),
    [(1, 0, False), (3, 0, False), (4, 0, True), (50, 0, True), (50, 2, True)],
)
def test_where_updates_followed_a_bad_loss_the_learning_rate_is_not_blamed_alone(
    look_every, checkpoints, both
):
    model = torch.nn.Linear(1, 1, bias=False)  # the third batch is broken, the learning rate is harmless
    good, bad = torch.ones(1, 1), torch.tensor([[float("nan")]])
    batches = iter([good, good, bad, good, good, good])
    looks = {"look_every": look_every, "checkpoints": checkpoints, "at_checkpoint": lambda step: None}
    with pytest.raises(ValueError, match="the loss is nan at step 3: ") as raised:
        training.train(model, batches, lambda x: model(x).square().mean(), 6, 1e-4, **QUIET, **looks)
    said = str(raised.value)
    if both:
        assert "lower learning_rate (0.0001); or, as updates were made with that loss before it was" in said
        assert said.endswith("it alone has done so: " + diverged.PLACES)
    else:
        assert "so it is not learning_rate" in said and "lower" not in said


def test_a_training_that_goes_astray_names_its_learning_rate():
    model = torch.nn.Linear(1, 1, bias=False)
    ones = itertools.repeat(torch.ones(1, 1))
    with pytest.raises(ValueError, match=r"step \d+: training has driven the weights off; lower learn"):
        training.train(model, ones, lambda x: (model(x) ** 2).sum(), 9, 1e30, **QUIET)


def test_a_look_at_an_adaptation_moves_the_random_state_of_no_device(monkeypatch):
    state = {device: torch.tensor([device]) for device in (0, 1)}  # of two cards

    def seeded(seed: int) -> None:
        state.update({device: torch.tensor([100 + seed]) for device in state})

    monkeypatch.setattr(torch.cuda, "device_count", lambda: len(state))
    monkeypatch.setattr(torch.cuda, "get_rng_state", lambda device: state[device].clone())
    monkeypatch.setattr(torch.cuda, "set_rng_state", lambda found, device: state.update({device: found}))
    monkeypatch.setattr(torch.cuda, "manual_seed_all", seeded)
    tree, during = Tree("a b c", ((0, 1), (2, 3), (4, 5)), (2, 0, 2), (False,) * 3), []

    def look(self, reader, looked) -> None:
        syntax.fit_probe([torch.ones(3, 4)], [tree], 2, 1, 1)
        during.append(state[0].item())

    monkeypatch.setattr(AdaptationTraining, "_look", look)
    monkeypatch.setattr(AdaptationTraining, "_reader", lambda self: None)
    adapting = AdaptationTraining(None, None, False, None, None, None, None)
    adapting.measured = SimpleNamespace(sentences={}, translations={}, treebank={"de": [tree]})
    before = torch.get_rng_state()
    adapting.look()
    assert during == [101] and torch.get_rng_state().equal(before)
    assert {device: found.item() for device, found in state.items()} == {0: 0, 1: 1}


def test_vectors_and_what_is_measured_before_an_adaptation_are_computed_where_models_are_trained(
    tiny, frame, words, monkeypatch
):
    assert devices.chosen() == torch.device("cpu")
    monkeypatch.setattr(devices, "chosen", lambda: torch.device("meta"))  # in place of a GPU
    found = []

    def encoded(model, sentences, progress):
        found.extend({p.device.type for p in model.parameters()})
        return np.ones((len(sentences), 4))

    monkeypatch.setattr(prediction, "encoded", encoded)
    model = heads.build("bi", encoders.load(str(tiny["labse"])))
    Vectors(model, {"test": frame}).add(["one more"])
    assert found == ["meta", "meta"]

    class Asked:  # of a run, as far as this reads it
        seed, draw, start, encoder_place, measured = 1, 1, "", "", None
        encoder = make("encoder", {"name": "tiny"})

        def trimmed(self):
            return encoders.load(str(tiny["labse"]))

    translations = {"de": list(zip(words[:30], words[30:60]))}
    for kind in ("mlm", "mlm-ranking", "align", "tsdae"):
        component = make("adaptation", {"kind": kind, "held_out": 4})
        texts = translations if kind == "align" else {"de": words[:30]}
        Asked.adaptation = component.holding(texts=texts, translations=translations)
        adapting = Run.adapting(Asked())
        assert {p.device.type for p in adapting.model.parameters()} == {"meta"}
        assert adapting.encoder.table.device.type == "meta"  # where what looks at it goes, too


def test_fused_attention_trains_as_eager_attention_does(tiny, frame, monkeypatch):
    eager, _ = trained(tiny["xlm-r"], frame)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert encoders.attention() == "sdpa"
    encoder = encoders.load(str(tiny["xlm-r"]))
    monkeypatch.undo()
    assert encoder.model.config._attn_implementation == "sdpa"
    monkeypatch.setattr(encoders, "load", lambda place: encoder)
    fused, _ = trained(tiny["xlm-r"], frame, look_every=50)
    assert np.allclose(eager, fused, rtol=0, atol=1e-5)


def test_scoring_in_large_batches_gives_the_same_answers(tiny, frame):
    _, model = trained(tiny["xlm-r"], frame)
    small, large = (prediction.predict(model, frame, batch_size=size) for size in (8, prediction.LARGEST))
    assert np.allclose(small[["p0", "p1"]], large[["p0", "p1"]], atol=1e-5)


def test_where_memory_runs_out_fewer_pairs_are_scored_at_a_time():
    model = torch.nn.Linear(1, 1, device="meta")  # not on the CPU
    lengths, sizes = list(range(2000)), []

    def collate(positions: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(positions.copy())

    def compute(positions: torch.Tensor) -> torch.Tensor:
        sizes.append(len(positions))
        if len(positions) > 300:
            raise RuntimeError("CUDA out of memory.")
        return positions[:, None]

    found = prediction._batched(model, lengths, 0, collate, compute, False, 0)
    assert found[:, 0].tolist() == lengths  # each once, in order
    assert sizes[0] == prediction.LARGEST and max(sizes[-4:]) <= 300


def test_penalties_are_numbers_only_when_they_are_asked_for():
    class Constant:
        def at(self, done):
            return torch.tensor(float(done), requires_grad=True)

    penalised = Penalised(lambda batch: torch.tensor(1.0), Constant(), weight=2.0)
    values = [penalised(None).item() for _ in range(3)]
    assert values == [1.0, 3.0, 5.0] and penalised.penalties == [0.0, 1.0, 2.0]
