"""What a trained model, frozen vectors and adaptations of vectors refuse, by name."""

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save_file

from xltlib import encoders, frozen, heads, vectors
from xltlib.components.base import make
from xltlib.components.encoder import PretrainedEncoder
from xltlib.vectors import Turned, Vectors

FILE = "trained.safetensors"


@pytest.fixture(scope="module")
def model(tiny):
    return heads.build("cross", encoders.load(str(tiny["bert"])))


@pytest.fixture
def saved(model, tmp_path):
    """A folder of a run, finetune-0, that holds the model."""
    heads.save_trained(model, tmp_path / "finetune-0")
    return tmp_path / "finetune-0"


def changed(folder, change) -> None:
    tensors = load_file(folder / FILE)
    change(tensors)
    save_file(tensors, folder / FILE)


def without(tensors: dict, word: str) -> None:
    for key in [key for key in tensors if word in key]:
        del tensors[key]


def put(tensors: dict, name: str, value: float) -> None:
    tensors[name].view(-1)[0] = value


BIAS, QUERY = "classifier.3.bias", "model.encoder.layer.0.attention.self.query.weight"
DAMAGE = {
    "half of it": (
        lambda f: changed(f, lambda t: without(t, "layer.1.")),
        "lacks 16 of .* tensors: .*layer.1",
    ),
    "its classifier is gone": (
        lambda f: changed(f, lambda t: without(t, "classifier")),
        "lacks 4 of .*classifier.0",
    ),
    "one tensor is gone": (lambda f: changed(f, lambda t: without(t, QUERY)), f"lacks 1 of .*{QUERY}"),
    "it is NaN": (lambda f: changed(f, lambda t: put(t, BIAS, float("nan"))), f"{BIAS} is NaN or infinite"),
    "it is infinite": (
        lambda f: changed(f, lambda t: put(t, QUERY, float("-inf"))),
        f"{QUERY} is NaN or infinite",
    ),
    "a tensor of another shape": (
        lambda f: changed(f, lambda t: t.update({BIAS: torch.zeros(3)})),
        f"do not fit this head: {BIAS} of .3,., here .2,.; use the same head",
    ),
    "a tensor of another model": (
        lambda f: changed(f, lambda t: t.update({"model.encoder.layer.2.bias": torch.zeros(3)})),
        "tensors that this head does not have: .*layer.2.bias",
    ),
    "it is cut short": (
        lambda f: (f / FILE).write_bytes((f / FILE).read_bytes()[:999]),
        f"{FILE} is missing or dam",
    ),
    "it is empty": (lambda f: (f / FILE).write_bytes(b""), f"{FILE} is missing or damaged"),
    "it is text": (lambda f: (f / FILE).write_text("no tensors here"), f"{FILE} is missing or damaged"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_trained_model_is_refused_and_changes_nothing(model, saved, name):
    before = {key: p.clone() for key, p in model.named_parameters()}
    damage, words = DAMAGE[name]
    damage(saved)
    with pytest.raises(ValueError, match=words) as caught:
        heads.load_trained(model, saved)
    assert str(caught.value).startswith("finetune-0: ") and "\n" not in str(caught.value)
    assert all(torch.equal(before[key], p) for key, p in model.named_parameters())


def test_a_discriminator_is_no_part_of_what_is_taken_over(model, saved):
    model.discriminator = torch.nn.Linear(2, 2)
    heads.load_trained(model, saved)
    del model.discriminator


def test_a_layer_that_is_not_there_is_refused_before_anything_is_scored(tiny):
    encoder = encoders.load(str(tiny["xlm-r"]))
    for layer in (-1, 0, 2):
        model = make("head", {"kind": "cosine", "layer": layer}).build(encoder, PretrainedEncoder(), 2)
        assert model.layer == layer  # whose states are pooled
    with pytest.raises(ValueError, match="head.layer = 3: this encoder has 2 layers"):
        make("head", {"kind": "logistic", "layer": 3}).build(encoder, PretrainedEncoder(), 2)


def pairs(sentences: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {"sentence1": sentences, "sentence2": sentences, "language1": "en", "language2": "en"}
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_vectors_that_are_no_numbers_are_refused(tiny, words, value):
    broken = heads.build("bi", encoders.load(str(tiny["bert"])))
    with torch.no_grad():
        broken.model.encoder.layer[1].output.dense.bias[0] = value
    with pytest.raises(
        ValueError, match=r"3 of 3 sentence vectors are NaN or infinite, that of 'A.* among them"
    ):
        Vectors(broken, {"dev": pairs(words[:3])})


def test_a_sound_encoder_gives_vectors(tiny, words):
    sound = heads.build("bi", encoders.load(str(tiny["bert"])))
    found = Vectors(sound, {"dev": pairs(words[:3])})
    assert found.side(pairs(words[:3]), 1, Turned({})).shape == (3, 32)
    with pytest.raises(ValueError, match="3 of 3 adapted vectors are NaN or infinite"):
        found.side(pairs(words[:3]), 1, Turned({"en": np.zeros_like}))
    with pytest.raises(ValueError, match="1 of 2 them are NaN"):
        vectors.refuse_no_numbers(np.array([[0, 1], [0, np.inf]]), "them")


def sides(count: int, value: float = 0.5, classes: int = 2) -> tuple:
    rng = np.random.default_rng(1)
    u = rng.normal(size=(count, 3))
    u[-1:] *= value
    return u, rng.normal(size=(count, 3)), np.arange(count) % classes


def classes_1_and_2() -> tuple:
    u, v, labels = sides(4)
    return u, v, labels + 1


@pytest.mark.parametrize(
    "features, train, dev, test, words",
    [
        ("cosine", sides(4), sides(4, np.nan), sides(4)[:2], "vectors of development pairs are NaN"),
        ("cosine", sides(4), sides(4), sides(4, np.nan)[:2], "vectors of test pairs are NaN"),
        ("logistic", sides(4, np.inf), sides(4), sides(4)[:2], "vectors of training pairs are NaN"),
        ("cosine", sides(0), sides(0), sides(4)[:2], "features cosine: no development pairs"),
        ("logistic", sides(0), sides(4), sides(4)[:2], "features logistic: no training pairs"),
        ("logistic", sides(4, classes=1), sides(4), sides(4)[:2], "all training pairs are of one class"),
        ("logistic", classes_1_and_2(), sides(4), sides(4)[:2], "no training pair is of class 0"),
        ("cosine", sides(4), sides(4, classes=1), sides(4)[:2], "all development pairs are of one class"),
    ],
)
def test_frozen_vectors_that_tell_nothing_are_refused(features, train, dev, test, words):
    with pytest.raises(ValueError, match=words):
        frozen.probabilities(features, train, dev, test)


def fitted(kind: str, texts: dict, **given):
    """The fit of an adaptation of vectors on texts that were read."""
    ready = make("after", {"kind": kind, **given}).holding(texts=texts, source="en")
    rng = np.random.default_rng(1)
    return ready.fit(lambda of: rng.normal(size=(len(of), 4)))


@pytest.mark.parametrize(
    "kind, counts, words",
    [
        ("whiten", {"en": 1, "de": 1}, "after whiten needs 2 sentences .* has 1 of en, 1 of de"),
        ("whiten", {"en": 9, "de": 0}, "needs 2 sentences a language at least, and has 0 of de"),
        ("centre", {"en": 9, "de": 1}, "after centre needs 2 sentences .* 1 of de"),
        ("procrustes", {"de": 3}, "after procrustes needs 4 sentences .* 3 of de"),
        ("procrustes", {"de": 8, "ko": 0}, "after procrustes needs 4 sentences .* 0 of ko"),
    ],
)
def test_too_little_text_for_an_adaptation_of_vectors_is_refused(kind, counts, words):
    texts = {
        code: [("one", "eins") if kind == "procrustes" else "one"] * count for code, count in counts.items()
    }
    with pytest.raises(ValueError, match=words):
        fitted(kind, texts)


def test_as_little_as_it_needs_will_do():
    for kind, text, count in (("whiten", "one", 2), ("centre", "one", 2), ("procrustes", ("one", "eins"), 4)):
        assert "de" in fitted(kind, {"en": [text] * count, "de": [text] * count}).turns
