"""What is done otherwise on a GPU, as far as a CPU can follow."""

import itertools

import numpy as np
import pytest
import torch

from xltlib import batching, encoders, heads, prediction, tasks, training
from xltlib.adaptation.during import Penalised

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


def test_a_training_that_goes_astray_names_its_learning_rate():
    model = torch.nn.Linear(1, 1, bias=False)
    ones = itertools.repeat(torch.ones(1, 1))
    with pytest.raises(ValueError, match=r"step \d+: training has driven the weights off; lower learn"):
        training.train(model, ones, lambda x: (model(x) ** 2).sum(), 9, 1e30, **QUIET)


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
