"""The adaptation family against what can be worked out by hand."""

import math

import numpy as np
import pytest
import torch

from xltlib import batching, encoders, heads, parameters, provenance, tasks, training
from xltlib.adaptation import after, consistency, domain, during, lora, mlm, tsdae
from xltlib.components.base import make
from xltlib.door import Door


def test_a_reversed_gradient_has_the_other_sign_and_the_forward_pass_is_the_same():
    x = torch.randn(5, 3, generator=torch.Generator().manual_seed(1), requires_grad=True)
    plain = torch.autograd.grad(x.square().sum(), x)[0]
    y = domain.reversed_gradient(x, 0.3)
    assert y.equal(x) and torch.allclose(torch.autograd.grad(y.square().sum(), x)[0], -0.3 * plain)
    assert domain.dann_strength(0) == 0 and domain.dann_strength(1) == pytest.approx(1, abs=1e-4)
    assert domain.dann_strength(0.1) == pytest.approx(2 / (1 + math.exp(-1)) - 1)


def test_a_discriminator_learns_while_what_it_sees_unlearns():
    torch.manual_seed(1)
    vectors = torch.cat([torch.randn(40, 6) + 1, torch.randn(40, 6) - 1])
    labels = torch.arange(80) // 40
    judge, shift = domain.Discriminator(6), torch.zeros(6, requires_grad=True)
    optimizer = torch.optim.SGD([*judge.parameters(), shift], lr=0.1)
    of_first = (labels == 0).float().unsqueeze(1)
    first = None
    for _ in range(150):
        optimizer.zero_grad()
        value = judge(vectors + of_first * shift, labels, 1.0)
        value.backward()
        optimizer.step()
        first = first or value.item()
    assert shift.mean() < -0.2  # the first domain moves towards the second, against the discriminator
    assert judge(vectors, labels, 0.0) < first


@pytest.mark.parametrize("distance", [domain.coral, domain.mmd])
def test_distances_are_zero_on_equal_samples_and_grow_with_the_shift(distance):
    rng = torch.Generator().manual_seed(1)
    one = torch.randn(60, 5, generator=rng)
    assert distance(one, one).item() == pytest.approx(0, abs=1e-6)
    scaled = []
    for factor in (1.2, 1.5, 2.0, 3.0):
        other = one * factor if distance is domain.coral else one + factor - 1
        scaled.append(distance(one, other).item())
    assert all(a < b for a, b in zip([0, *scaled], scaled))


def test_coral_and_mmd_by_hand():
    s, t = torch.tensor([[0.0, 0.0], [2.0, 0.0]]), torch.tensor([[0.0, 0.0], [0.0, 2.0]])
    by_hand = (2**2 + 2**2) / (4 * 4)  # covariances diag(2, 0) and diag(0, 2)
    assert domain.coral(s, t).item() == pytest.approx(by_hand)
    a, b = torch.tensor([[0.0], [1.0]]), torch.tensor([[3.0], [5.0]])
    d = np.square(np.subtract.outer([0, 1, 3, 5], [0, 1, 3, 5]))
    m = np.sort(d[~np.eye(4, dtype=bool)])[5]  # torch takes the lower middle of twelve
    k = np.exp(-d / m)
    by_hand = k[:2, :2].mean() + k[2:, 2:].mean() - 2 * k[:2, 2:].mean()
    assert domain.mmd(a, b, (1.0,)).item() == pytest.approx(by_hand, abs=1e-6)


def test_consistency_is_zero_when_both_agree_and_teaches_one_way():
    teacher = torch.tensor([[1.0, -1.0], [0.0, 2.0]], requires_grad=True)
    student = torch.tensor([[1.0, -1.0], [0.0, 2.0]], requires_grad=True)
    assert consistency.consistency(teacher, student).item() == pytest.approx(0, abs=1e-7)
    other = torch.tensor([[0.0, 0.0], [0.0, 0.0]], requires_grad=True)
    value = consistency.consistency(teacher, other)
    p = torch.softmax(teacher, -1)
    assert value.item() == pytest.approx((p * (p.log() - math.log(0.5))).sum(-1).mean().item(), abs=1e-6)
    value.backward()
    assert teacher.grad is None and torch.allclose(other.grad, (0.5 - p.detach()) / 2, atol=1e-6)
    one, two = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)
    before, target = one.weight.detach().clone(), two.weight.detach().clone()
    consistency.update_teacher(one, two, 0.75)
    assert torch.allclose(one.weight, 0.75 * before + 0.25 * target)


def test_procrustes_recovers_a_random_rotation_and_centring_and_whitening_do_what_they_say():
    rng = np.random.default_rng(1)
    rotation, _ = np.linalg.qr(rng.normal(size=(24, 24)))
    x = rng.normal(size=(200, 24))
    assert np.abs(after.procrustes(x, x @ rotation) - rotation).max() < 1e-6
    noisy = after.procrustes(x, x @ rotation + 0.05 * rng.normal(size=x.shape))
    assert np.allclose(noisy.T @ noisy, np.eye(24), atol=1e-10) and np.abs(noisy - rotation).max() < 0.05
    shifted = rng.normal(size=(50, 4)) + [5, 0, -3, 1]
    assert np.allclose(after.centred(shifted, shifted.mean(0), np.ones(4)).mean(0), 1)
    correlated = rng.normal(size=(500, 4)) @ rng.normal(size=(4, 4))
    white = (correlated - correlated.mean(0)) @ after.zca(correlated)
    assert np.allclose(np.cov(white.T), np.eye(4), atol=1e-2)


def test_sixty_per_cent_is_deleted_and_never_everything():
    rng = np.random.default_rng(1)
    left = sum(len(tsdae.deleted([0, *range(5, 25), 2], 0.6, rng)) - 2 for _ in range(500))
    assert abs(left - 0.4 * 10_000) <= 4 * math.sqrt(10_000 * 0.24)
    for length in (1, 2):
        found = [tsdae.deleted([0, *range(5, 5 + length), 2], 0.99, rng) for _ in range(300)]
        assert all(3 <= len(ids) <= length + 2 and ids[0] == 0 and ids[-1] == 2 for ids in found)
    assert tsdae.deleted([0, 2], 0.6, rng) == [0, 2]


@pytest.mark.parametrize("name", ["bert", "xlm-r"])
def test_denoising_lowers_its_loss_and_shares_layers_with_the_decoder(tiny, words, name):
    whole = encoders.load(str(tiny[name]))
    training.set_seed(1)
    trimmed = encoders.trim(whole, words)
    model = tsdae.DenoisingAutoEncoder(trimmed, frozen_layers=1)
    trained = [key for key, p in model.named_parameters() if p.requires_grad]
    assert all(key.startswith(("classifier.", "loss.encoder")) for key in trained)
    # What starts from nothing gets the head's learning rate by its name.
    fresh = [key for key, _ in model.named_parameters() if key.startswith("classifier.")]
    assert any("query" in key for key in fresh)
    texts = tasks.load_text("demo", "de", None, 60)
    stream = tsdae.noisy_batches(trimmed, texts, 8, 32, 1)
    own = dict(model.model.named_parameters())
    decoder = dict(model.loss.decoder.named_parameters())
    name = "layer.1.attention.self.query.weight"
    assert [p for key, p in decoder.items() if key.endswith(name)][0] is own[f"encoder.{name}"]
    lowest = [p for key, p in own.items() if "layer.0." in key and "crossattention" not in key]
    assert all(p.requires_grad is False for p in lowest)
    before = {key: p.detach().clone() for key, p in own.items()}
    options = {"precision": "no", "progress": False}
    losses = training.train(model, stream, lambda batch: model(*batch), 120, 1e-3, 3e-3, **options)
    assert np.mean(losses[-10:]) < np.mean(losses[:10]) - 0.15
    after_training = dict(model.model.named_parameters())
    assert any(not before[key].equal(after_training[key]) for key in before)
    frozen = [key for key in before if "layer.0." in key or "word_embeddings" in key]
    assert all(before[key].equal(after_training[key]) for key in frozen)


def build(tiny, words):
    torch.manual_seed(1)
    return heads.build("cross", encoders.trim(encoders.load(str(tiny["xlm-r"])), words))


@pytest.fixture
def model(tiny, words):
    return build(tiny, words)


def penalised(kind, weight, loss, model, frame):
    """The loss with a penalty beside it, whose component holds what a run would have gathered."""
    if kind == "consistency":
        penalty = make("penalty", {"kind": kind, "weight": weight})
        penalty = penalty.holding(pairs=frame, source="en", size=4)
    else:
        texts = {code: frame[frame.language1 == code].sentence1.tolist() for code in ("en", "de")}
        penalty = make("penalty", {"kind": kind, "text": "demo", "weight": weight})
        penalty = penalty.holding(texts=texts, source="en", size=4)
    return penalty.beside(loss, model, 5, np.random.default_rng(2))


@pytest.mark.parametrize("kind", ["dann", "coral", "mmd", "consistency"])
def test_a_penalty_of_weight_zero_trains_as_none_and_more_does_not(tiny, words, kind):
    frame = tasks.load_pairs("demo", "dev", ["en", "de", "es"], items=12)
    english = frame[frame.language1 == "en"]
    options = {"precision": "no", "progress": False, "clip": 1e9}
    results = []
    for weight in (None, 0.0, 1.0):
        model = build(tiny, words)

        def loss(batch):
            return heads.loss(model, batch)

        if weight is not None:
            loss = penalised(kind, weight, loss, model, frame)
        training.set_seed(1)
        batches = batching.monolingual(english, 4, model.lengths, np.random.default_rng(1))
        losses = training.train(model, batches, loss, 5, 1e-3, **options)
        kept = ((name, p) for name, p in model.named_parameters() if not name.startswith("discriminator"))
        results.append((losses, {name: p.detach().clone() for name, p in kept}))
        if weight:
            assert len(loss.penalties) == 5 and (kind == "consistency" or max(loss.penalties) > 0)
    (none, weights), (zero, weights_of_zero), (_, weights_of_one) = results
    assert none == zero and all(weights[key].equal(weights_of_zero[key]) for key in weights)
    assert any(not weights[key].equal(weights_of_one[key]) for key in weights)


def test_a_discriminator_is_trained_but_not_kept_with_the_model(model, tiny, words, tmp_path):
    during.DannPenalty(model, iter(()), 5)
    assert any(name.startswith("discriminator.") for name, _ in model.named_parameters())
    heads.save_trained(model, tmp_path)
    heads.load_trained(build(tiny, words), tmp_path)


def test_parallel_pairs_are_of_the_same_item_and_text_is_drawn_alike():
    frame = tasks.load_pairs("demo", "dev", ["en", "de", "es"], items=12)
    stream = during.pair_batches(frame, "en", 8, np.random.default_rng(1))
    english, other = {}, {}
    for row in frame.itertuples():
        if row.language1 == "en":
            english[row.sentence1, row.sentence2] = row.item
        else:
            other[row.sentence1, row.sentence2] = row.item, row.language1
    seen = []
    for _ in range(40):
        source, target = next(stream)
        assert source.labels is None and target.labels is None
        for one, two in zip(zip(source.first, source.second), zip(target.first, target.second)):
            assert english[one] == other[two][0]
            seen.append(other[two][1])
    assert abs(seen.count("de") - 160) <= 4 * (320 / 4) ** 0.5
    with pytest.raises(ValueError, match="none is left; scored.dev must leave"):
        next(during.pair_batches(frame[frame.language1 == "de"], "en", 8, np.random.default_rng(1)))
    sentences = {"en": ["e"], "de": ["a"] * 100, "sw": ["b"]}
    texts = during.text_batches(sentences, "en", 50, np.random.default_rng(1))
    sides = [next(texts) for _ in range(20)]
    drawn = [sentence for _, target in sides for sentence in target]
    assert abs(drawn.count("b") - 500) <= 4 * 250**0.5
    assert {sentence for source, _ in sides for sentence in source} == {"e"}
    for texts in ({"de": ["a"]}, {"en": ["e"]}):
        with pytest.raises(ValueError, match="a penalty compares text of en"):
            next(during.text_batches(texts, "en", 4, np.random.default_rng(1)))


def test_vectors_are_adapted_after_training_language_by_language():
    rng = np.random.default_rng(1)
    rotation, _ = np.linalg.qr(rng.normal(size=(8, 8)))
    english = rng.normal(size=(60, 8)) + 2
    german = (english - 2) @ rotation.T + 5
    assert np.allclose(after.rotation(german, english)(german), english, atol=1e-8)
    texts = {"en": ["one"] * 60, "de": ["eins"] * 60}

    def vectors_of(sentences):
        return english if sentences[0] == "one" else german

    centre = make("after", "centre").holding(texts=texts, source="en").fit(vectors_of).turns
    assert np.allclose(centre["de"](german).mean(0), english.mean(0)) and set(centre) == {"de"}
    with pytest.raises(ValueError, match="after centre needs text of en, the source language, too"):
        make("after", "centre").holding(texts={"de": texts["de"]}, source="en").fit(vectors_of)
    white = make("after", "whiten").holding(texts=texts, source="en").fit(vectors_of).turns
    for code, vectors in (("en", english), ("de", german)):
        assert np.allclose(np.cov(white[code](vectors).T), np.eye(8), atol=1e-2)


def test_languages_are_detected_and_retrieval_finds_what_a_rotation_hid():
    rng = np.random.default_rng(1)
    english = rng.normal(size=(80, 8))
    samples = {"en": english, "de": rng.normal(size=(80, 8)) + 3}
    detect = after.Detector(samples)
    assert (detect(samples["de"]) == "de").mean() > 0.9 and set(detect(english)) <= {"en", "de"}
    rotation, _ = np.linalg.qr(rng.normal(size=(8, 8)))
    turned = after.rotation(english[:60] @ rotation, english[:60])
    hidden = english[60:] @ rotation
    assert after.retrieval(hidden, english[60:]) < 0.5
    assert after.retrieval(turned(hidden), english[60:]) > 0.95


def test_an_early_stop_keeps_the_best_weights():
    model = torch.nn.Linear(1, 1, bias=False)
    values = iter([3.0, 1.0, 2.0, 2.0, 0.0])
    stop = training.EarlyStop(model, lambda: next(values), patience=2)
    best = []
    for step in range(1, 6):
        torch.nn.init.constant_(model.weight, step)
        if stop(step):
            break
        best.append(step)
    assert step == 4 and stop.restore(4) == 2 and model.weight.item() == 2
    values = iter([float("nan"), 2.0, 3.0, 3.0])
    stop = training.EarlyStop(model, lambda: next(values), patience=2)  # NaN is no lowest value
    for step in range(1, 5):
        torch.nn.init.constant_(model.weight, step)
        assert stop(step) == (step == 4)
    assert stop.restore(4) == 2 and model.weight.item() == 2
    never = training.EarlyStop(model, lambda: 1.0, patience=0)
    assert not any(never(step) for step in range(5)) and never.restore(9) == 4 and model.weight.item() == 2
    unmeasured = training.EarlyStop(model, lambda: 1.0, patience=1)
    assert unmeasured.restore(7) == 7 and model.weight.item() == 2
    data = iter(lambda: torch.ones(1, 1), None)

    def late(step):
        return step >= 6

    options = {"precision": "no", "progress": False, "checkpoints": 10, "at_checkpoint": late}
    losses = training.train(model, data, lambda x: model(x).square().mean(), 20, 0.1, **options)
    assert len(losses) == 6


def test_tokens_are_counted_in_training_alone(model):
    model.eval().logits(["a cat"], ["a dog"])
    assert model.tokens == 0
    model.train().logits(["born in"], ["the cat sat"])
    (ids,) = model.pretrained.tokenize(["born in"], ["the cat sat"])["input_ids"]
    assert model.tokens == len(ids)


def test_low_rank_updates_are_merged_into_the_weights(tiny, words):
    trimmed = encoders.trim(encoders.load(str(tiny["xlm-r"])), words)
    before = {name: p.detach().clone() for name, p in trimmed.model.named_parameters()}
    texts = tasks.load_text("demo", "de", None, 40)
    training.set_seed(1)
    attached = lora.attach(trimmed.model, 4)
    model = mlm.MaskedLanguageModel(trimmed, texts, train_layers=False)
    small = sum(p.numel() for p in trimmed.model.parameters() if p.requires_grad)
    assert 0 < small < 0.1 * sum(p.numel() for p in before.values())
    stream = mlm.masked_batches(trimmed, texts, 8, 32, 1)
    training.train(model, stream, lambda b: model(**b), 5, 1e-3, precision="no", progress=False)
    trimmed.model.eval()
    ids = torch.tensor(trimmed.tokenize(texts[:1])["input_ids"])
    adapted = trimmed.model(input_ids=ids).last_hidden_state.detach()
    trimmed.model = lora.merge(attached)
    assert torch.allclose(trimmed.model.eval()(input_ids=ids).last_hidden_state, adapted, atol=1e-5)
    changed = {name for name, p in trimmed.model.named_parameters() if not p.equal(before[name])}
    assert changed and all("query.weight" in name or "value.weight" in name for name in changed)
    assert set(dict(trimmed.model.named_parameters())) == set(before)
    denoising = tsdae.DenoisingAutoEncoder(trimmed, train_layers=False)
    carried = lora.attach(denoising.model, 4)
    kept = {name: p.detach().clone() for name, p in denoising.model.named_parameters() if "lora_" not in name}
    stream = tsdae.noisy_batches(trimmed, texts, 8, 32, 1)
    training.train(denoising, stream, lambda b: denoising(*b), 5, 1e-3, precision="no", progress=False)
    assert all(p.equal(kept[name]) for name, p in denoising.model.named_parameters() if "lora_" not in name)
    merged = dict(lora.merge(carried).named_parameters())
    changed = {name for name, p in merged.items() if not p.equal(before[name])}
    assert {name.split(".")[-2] for name in changed} <= {"query", "value"}
    with pytest.raises(ValueError, match="lora_rank=0"):
        lora.attach(trimmed.model, 0)


@pytest.mark.parametrize("train_table", [False, True])
def test_the_embedding_table_is_trained_where_it_is_asked_for(tiny, words, train_table):
    encoder = encoders.load(str(tiny["xlm-r"]))
    before = encoder.table.detach().clone()
    small = encoders.trim(encoder, words[:20])
    model = mlm.MaskedLanguageModel(small, words[:20], frozen_layers=1, train_table=train_table)
    layers = small.model.encoder.layer
    first = layers[0].output.dense.weight.detach().clone()
    batches = mlm.masked_batches(small, words[:20], 8, 32, seed=1)
    training.train(model, batches, lambda batch: model(**batch), 3, 1e-2, precision="no", progress=False)
    assert torch.equal(layers[0].output.dense.weight, first)
    whole, seen = encoders.untrim(small, encoder), torch.from_numpy(small.kept)
    assert torch.equal(whole.table[seen], before[seen]) != train_table
    unseen = torch.ones(len(before), dtype=bool).index_fill(0, seen, False)
    assert unseen.any() and torch.equal(whole.table[unseen], before[unseen])


def test_language_modelling_and_translation_ranking_take_turns(tiny):
    class Asked:  # what a component is given, as far as this one reads it
        provenance = Door("demo", tasks.load_pairs("demo", "test", ["en", "de"], items=6), None)
        start, draw = "", 1

        def codes(self, text):
            return text.split()

        def kind(self, family):
            return "mlm-ranking"

    options = {"text": "demo", "corpus": "demo", "languages": "de", "translated": "de es", "sentences": 40}
    chosen = {"kind": "mlm-ranking", **options, "pairs": 40, "size": 8, "ranked": 8, "train_table": True}
    component = make("adaptation", chosen).gather(Asked())
    entries = Asked.provenance.entries
    assert [entry.kind for entry in entries] == ["text", "parallel"]
    assert provenance.names(entries)["adaptation"] == "mlm-ranking-table" and provenance.rung(entries) == "Z3"
    training.set_seed(1)
    encoder = encoders.trim(encoders.load(str(tiny["xlm-r"])), Asked.provenance.vocabulary)
    adapting = component.build(encoder, make("encoder", {"name": "tiny"}), 1)
    drawn = [next(adapting.stream) for _ in range(40)]
    text = [batch for batch in drawn if not isinstance(batch, batching.Batch)]
    assert 8 < len(text) < 32 and encoder.table.requires_grad
    for batch in (text[0], next(batch for batch in drawn if isinstance(batch, batching.Batch))):
        before = adapting.model.tokens
        adapting.loss(batch).backward()
        assert adapting.model.tokens > before and encoder.table.grad.abs().sum() > 0
        encoder.table.grad = None
    perplexity = adapting.measure()["de"]
    training.train(adapting.model, adapting.stream, adapting.loss, 30, 1e-3, precision="no", progress=False)
    assert adapting.measure()["de"] < perplexity
    adapting.model.to("meta")  # as training moves it to a GPU: what ranks translations goes along
    pairs = next(batch for batch in drawn if isinstance(batch, batching.Batch))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(heads, "loss", lambda reader, batch: next(reader.classifier.parameters()))
        assert adapting.loss(pairs).device.type == "meta"


@pytest.mark.parametrize("kind", ["mlm-ranking", "align"])
@pytest.mark.parametrize("name", ["labse", "bert"])
def test_translation_ranking_trains_the_dense_layer_where_there_is_one(tiny, kind, name):
    encoder = encoders.load(str(tiny[name]))
    translations = {"de": tasks.load_parallel("demo", "de", None, 40)}
    component = make("adaptation", {"kind": kind, "corpus": "demo", "held_out": 4})
    if kind == "align":
        component = component.holding(texts=translations)
    else:
        text = {"de": [german for _, german in translations["de"]]}
        component = component.holding(texts=text, translations=translations)
    training.set_seed(1)
    adapting = component.build(encoder, make("encoder", {"name": name}), 1)
    before = [p.detach().clone() for p in encoder.dense.parameters()]
    training.train(adapting.model, adapting.stream, adapting.loss, 12, 1e-3, precision="no", progress=False)
    assert len(before) == (2 if name == "labse" else 0)
    assert all((p != old).any() for p, old in zip(encoder.dense.parameters(), before))


def test_a_trained_model_is_not_adapted_with_its_table():
    given = {"adaptation": {"kind": "mlm", "text": "demo", "train_table": True}, "start": "finetune-x"}
    with pytest.raises(ValueError, match="adaptation.train_table: a model that was trained on the task"):
        parameters.resolve("10_adapt", given)


def test_the_tasks_own_text_is_of_the_same_items_in_every_language_and_of_no_test_item(real):
    codes = ["en", "de", "zh", "id"]
    whole_test = tasks.load_pairs("paws-x", "test", codes, real)
    dev = tasks.load_pairs("paws-x", "dev", codes, real)
    items = {}
    for code in codes[1:]:
        texts = set(tasks.task_text("paws-x", code, real, whole_test))
        pairs = dev[dev.language1 == code]
        items[code] = set(pairs[pairs.sentence1.isin(texts) & pairs.sentence2.isin(texts)]["item"])
    free, _ = tasks.load_training("paws-x", codes, codes, whole_test, real, "dev")
    expected = set(free["item"])
    for code, found in items.items():  # a sentence may stand in another item, too
        missing = expected & set(dev[dev.language1 == code]["item"]) - found
        assert not missing and len(found - expected) < 0.02 * len(expected), code


def test_low_rank_updates_leave_frozen_layers_alone(tiny, words):
    trimmed = encoders.trim(encoders.load(str(tiny["xlm-r"])), words)
    lora.attach(trimmed.model, 2, frozen_layers=1)
    trained = {name for name, p in trimmed.model.named_parameters() if p.requires_grad}
    assert trained and all("layer.1." in name for name in trained)
