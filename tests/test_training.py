"""Heads, batching, adaptation and the loop, on tiny models."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from torch.nn.functional import cross_entropy

from xltlib import batching, checkpoints, encoders, heads, parameters, prediction, tasks, training
from xltlib.adaptation import mlm
from xltlib.adaptation.align import retrieval_accuracy, translation_ranking
from xltlib.components.base import make

QUIET = {"precision": "no", "progress": False}


def lengths(first, second):
    return [len(a) + len(b) for a, b in zip(first, second)]


def take(stream, n):
    return [next(stream) for _ in range(n)]


@pytest.fixture(scope="module")
def frame():
    return tasks.load_pairs("demo", "train", ["en", "de", "es"], items=60)


# -- heads ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("head", heads.HEADS)
@pytest.mark.parametrize("name", ["bert", "xlm-r", "xlm", "labse"])
def test_heads_give_the_same_logits_alone_and_in_a_padded_batch(tiny, words, head, name):
    training.set_seed(1)
    model = heads.build(head, encoders.load(str(tiny[name]))).eval()
    first, second = words[:4], words[10:14]
    with torch.inference_mode():
        together = model.logits(first, second)
        alone = torch.cat([model.logits([a], [b]) for a, b in zip(first, second)])
    assert together.shape == (4, 2)
    assert torch.allclose(together, alone, atol=1e-5)


def test_the_loss_is_plain_cross_entropy_of_what_transformers_computes(tiny, words):
    from transformers import AutoModel, AutoTokenizer

    training.set_seed(1)
    model = heads.build("cross", encoders.load(str(tiny["xlm-r"]))).eval()
    tokenizer = AutoTokenizer.from_pretrained(tiny["xlm-r"])
    reference = AutoModel.from_pretrained(tiny["xlm-r"]).eval()
    inputs = tokenizer(words[:3], words[3:6], padding=True, return_tensors="pt")
    with torch.inference_mode():
        states, mask = reference(**inputs).last_hidden_state, inputs["attention_mask"].unsqueeze(-1)
        pooled = (states * mask).sum(1) / mask.sum(1)
        expected = cross_entropy(model.classifier(pooled), torch.tensor([0, 1, 1]))
        measured = heads.loss(model, batching.Batch(words[:3], words[3:6], [0, 1, 1]))
    assert torch.allclose(measured, expected, atol=1e-6)


@pytest.mark.parametrize("probability", [0.0, 0.3])
def test_dropout_is_that_of_the_encoder_s_component(tiny, words, probability):
    held = make("encoder", {"name": str(tiny["xlm-r"]), "dropout": probability})
    model = make("head", "cross").build(encoders.load(held.name), held, 2).train()
    dropped = [module.p for module in model.modules() if isinstance(module, torch.nn.Dropout)]
    assert dropped and set(dropped) == {probability}
    one, other = (model.logits(words[:2], words[2:4]) for _ in range(2))
    assert torch.equal(one, other) is (probability == 0)


def test_frozen_layers_and_embeddings_stay_as_they_were(tiny, words):
    training.set_seed(1)
    model = heads.build("cross", encoders.load(str(tiny["bert"])), frozen_layers=1)
    before = {name: p.clone() for name, p in model.named_parameters()}
    batch = batching.Batch(words[:8], words[8:16], [0, 1] * 4)
    training.train(model, iter(lambda: batch, None), lambda b: heads.loss(model, b), 2, 1e-2, **QUIET)
    moved = {name for name, p in model.named_parameters() if not torch.equal(p, before[name])}
    assert any("layer.1." in name for name in moved) and any("classifier" in name for name in moved)
    assert not any("layer.0." in name or "embeddings" in name for name in moved)
    with pytest.raises(ValueError, match="frozen_layers=9.*2 layers"):
        heads.build("cross", encoders.load(str(tiny["bert"])), frozen_layers=9)


def test_trained_tensors_are_saved_and_taken_over(tiny, words, tmp_path):
    training.set_seed(1)
    one = heads.build("cross", encoders.load(str(tiny["bert"])))
    heads.save_trained(one, tmp_path)
    training.set_seed(2)
    two = heads.build("cross", encoders.load(str(tiny["bert"])))
    with torch.inference_mode():
        logits = one.eval().logits(words[:2], words[2:4])
        assert not torch.equal(logits, two.eval().logits(words[:2], words[2:4]))
        heads.load_trained(two, tmp_path)
        assert torch.equal(logits, two.logits(words[:2], words[2:4]))
    with pytest.raises(ValueError, match="use the same head as the start"):
        heads.load_trained(heads.build("bi", encoders.load(str(tiny["bert"]))), tmp_path)


# -- batching ---------------------------------------------------------------------------------------


def test_buckets_hold_everything_once_and_pad_little():
    rng = np.random.default_rng(1)
    sizes = rng.integers(5, 100, 1003).tolist()
    batches = batching.bucketed(sizes, 16, rng)
    assert sorted(np.concatenate(batches).tolist()) == list(range(1003))
    padded = sum(len(b) * max(sizes[i] for i in b) for b in batches)
    assert padded < 1.05 * sum(sizes)


def test_the_same_seed_gives_the_same_batches(frame):
    streams = [batching.monolingual(frame, 8, lengths, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    runs = [take(stream, 20) for stream in streams]
    assert runs[0] == runs[1] != runs[2]


def test_monolingual_batches_hold_one_language_drawn_uniformly(frame):
    code = dict(zip(frame.sentence1, frame.language1))
    german = frame[frame.language1 == "de"]
    uneven = pd.concat([frame[frame.language1 != "de"], german[german["item"] <= 12]])
    stream = batching.monolingual(uneven, 4, lengths, np.random.default_rng(1))
    seen = [{code[s] for s in b.first} for b in take(stream, 300)]
    assert all(len(codes) == 1 for codes in seen)
    share = sum(codes == {"de"} for codes in seen) / 300
    assert abs(share - 1 / 3) < 4 * math.sqrt(2 / 9 / 300)


def test_cross_lingual_batches_never_pair_a_language_with_itself(frame):
    # A sentence of two items would not tell them apart.
    frame = frame.drop_duplicates(["cluster", "language1"])
    side1 = {(r.item, r.sentence1): r.language1 for r in frame.itertuples()}
    side2 = {(r.item, r.sentence2): r.language1 for r in frame.itertuples()}
    item1 = {r.sentence1: r.item for r in frame.itertuples()}
    label = frame.set_index("item").label.to_dict()
    for batch in take(batching.cross_lingual(frame, 4, lengths, np.random.default_rng(1)), 60):
        for a, b, y in zip(batch.first, batch.second, batch.labels):
            item = item1[a]
            assert side1[item, a] != side2[item, b] and y == label[item]
    with pytest.raises(ValueError, match="two languages or more"):
        next(batching.cross_lingual(frame[frame.language1 == "en"], 4, lengths, np.random.default_rng(1)))


@pytest.mark.parametrize("alpha", [0.0, 0.3, 0.5, 1.0])
def test_hybrid_mixes_at_the_rate_alpha(frame, alpha):
    rng = np.random.default_rng(1)
    pairs = {"de": tasks.load_parallel("demo", "de", None)}
    mono, cross = batching.monolingual(frame, 4, lengths, rng), batching.translations(pairs, 4, lengths, rng)
    labelled = [b.labels is not None for b in take(batching.hybrid(mono, cross, alpha, rng), 400)]
    assert abs(np.mean(labelled) - alpha) <= 4 * math.sqrt(alpha * (1 - alpha) / 400)
    with pytest.raises(ValueError, match="alpha=1.5"):
        next(batching.hybrid(mono, cross, 1.5, rng))


# -- adaptation -------------------------------------------------------------------------------------


def test_translations_without_a_negative_are_refused_and_not_looked_for_for_ever():
    pairs = {"de": [("a", "x"), ("b", "x")]}  # the same sentence twice would be its own negative
    stream = batching.translations(pairs, 2, lambda first, second: [1] * len(first), np.random.default_rng(1))
    with pytest.raises(ValueError, match="two different translations in a batch"):
        next(stream)


def test_no_sentence_stands_twice_in_a_batch_of_translations():
    # n-way parallel text, as NTREX is: every English sentence has a translation in each language.
    pairs = {code: [(f"sentence {i}", f"{code} {i}") for i in range(60)] for code in ("de", "fr", "zh")}
    stream = batching.translations(pairs, 16, lengths, np.random.default_rng(1))
    seen = set()
    for batch in take(stream, 200):
        assert len(set(batch.first)) == len(set(batch.second)) == len(batch.first) > 1
        seen.update(batch.second)
    assert len(seen) == 180  # all languages get their turn


def test_translations_of_a_language_with_little_text_are_drawn_as_often_as_others():
    pairs = {}
    for code, size in (("de", 1200), ("fr", 1200), ("sw", 200), ("jv", 200)):
        pairs[code] = [(f"sentence {i}", f"{code} {i}") for i in range(size)]
    stream = batching.translations(pairs, 16, lengths, np.random.default_rng(1))
    drawn = [sentence.split()[0] for batch in take(stream, 50) for sentence in batch.second]
    # Both small languages translate the same 200 sentences, each of which stands once in a pass of 800.
    swahili, javanese = drawn.count("sw"), drawn.count("jv")
    assert swahili + javanese > 150 and swahili > 70 and javanese > 70


def test_pairs_that_share_a_sentence_share_a_batch(frame):
    first, second = [f"s{i // 2}" for i in range(64)], [f"t{i}" for i in range(64)]
    rows = pd.DataFrame({"language1": "en", "sentence1": first, "sentence2": second})
    rows = rows.assign(label=[0, 1] * 32, cluster=[i // 2 for i in range(64)])
    for batch in take(batching.monolingual(rows, 8, lengths, np.random.default_rng(1)), 8):
        assert sum(batch.labels) == 4 and len(set(batch.first)) == 4


def test_the_head_s_first_weights_depend_on_the_seed_alone(tiny, words):
    drawn = []
    for texts in (words, words[:30]):
        whole = encoders.load(str(tiny["xlm-r"]))
        training.set_seed(1)
        drawn.append(heads.build("cross", encoders.trim(whole, texts)).classifier[0].weight)
    assert torch.equal(*drawn)


def test_layers_trained_by_an_ancestor_survive_a_chain_of_starts(tiny, words, tmp_path):
    chain = []
    for name, frozen in (("a", 0), ("b", 2), ("c", 2)):
        training.set_seed(1)
        chain.append(heads.build("cross", encoders.load(str(tiny["bert"])), frozen_layers=frozen).eval())
        if name == "a":
            with torch.no_grad():
                chain[0].model.encoder.layer[0].output.dense.weight.add_(0.1)
        else:
            heads.load_trained(chain[-1], tmp_path / previous)
        heads.save_trained(chain[-1], tmp_path / name)
        previous = name
    logits = [model.logits(words[:3], words[3:6]) for model in chain]
    assert torch.equal(logits[0], logits[1]) and torch.equal(logits[1], logits[2])


def test_translation_ranking_equals_the_hand_computed_3x3():
    x = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]])
    y = torch.tensor([[0.8, 0.6], [0.0, 1.0], [1.0, 0.0]])
    scale, margin = 2.0, 0.3
    cosine = [[0.8, 0.0, 1.0], [0.6, 1.0, 0.0], [0.96, 0.8, 0.6]]
    total = 0.0
    for table in (cosine, [list(column) for column in zip(*cosine)]):
        for i in range(3):
            scores = [scale * (table[i][n] - (margin if n == i else 0)) for n in range(3)]
            total -= math.log(math.exp(scores[i]) / sum(map(math.exp, scores))) / 3
    assert translation_ranking(x, y, scale, margin).item() == pytest.approx(total, abs=1e-6)


def test_aligning_brings_translations_together(tiny):
    training.set_seed(1)
    pairs = tasks.load_parallel("demo", "de", None)[:24]
    model = heads.build("bi", encoders.load(str(tiny["bert"])))
    before = retrieval_accuracy(model, pairs)
    stream = batching.translations({"de": pairs}, 24, model.lengths, np.random.default_rng(1))
    losses = training.train(model, stream, lambda b: heads.loss(model, b), 60, 3e-3, **QUIET)
    assert np.mean(losses[-5:]) < 0.7 * np.mean(losses[:5])
    assert retrieval_accuracy(model, pairs) > before


def test_text_of_which_the_tokenizer_knows_nothing_cannot_be_masked(tiny):
    encoder = encoders.load(str(tiny["bert"]))
    with pytest.raises(ValueError, match="no piece of .* can be masked"):
        next(mlm.masked_batches(encoder, ["ⵣⵣ ⵣⵣ", "ⵣ"], 2, 16, seed=1))


def test_masking_takes_15_per_cent_as_80_10_10(tiny, words):
    encoder = encoders.load(str(tiny["xlm-r"]))
    mask, special = encoder.tokenizer.mask_token_id, set(encoder.tokenizer.all_special_ids)
    n = masked = kept = total = 0
    for batch in take(mlm.masked_batches(encoder, words, 16, 64, seed=1), 200):
        chosen, attended = batch["labels"] != -100, batch["attention_mask"] == 1
        original = torch.where(chosen, batch["labels"], batch["input_ids"])
        content = attended & ~torch.isin(original, torch.tensor(sorted(special)))
        assert not (chosen & ~content).any()  # never a pad or a special token
        total += int(content.sum())
        n += int(chosen.sum())
        masked += int((batch["input_ids"][chosen] == mask).sum())
        kept += int((batch["input_ids"] == batch["labels"])[chosen].sum())
    assert abs(n / total - 0.15) < 4 * math.sqrt(0.15 * 0.85 / total)
    assert abs(masked / n - 0.8) < 4 * math.sqrt(0.16 / n)
    assert abs(kept / n - 0.1) < 4 * math.sqrt(0.09 / n) + 0.01  # a random piece is the old one now and then


def test_masked_language_modelling_lowers_held_out_perplexity(tiny, words):
    training.set_seed(1)
    encoder = encoders.trim(encoders.load(str(tiny["xlm-r"])), words)
    model = mlm.MaskedLanguageModel(encoder, words[40:])
    before = mlm.perplexity(model, encoder, words[:40])
    # It starts from the frequencies of the pieces, not from nothing.
    assert before < len(model.classifier.bias)
    assert before == mlm.perplexity(model, encoder, words[:40])
    stream = mlm.masked_batches(encoder, words[40:], 16, 64, seed=1)
    training.train(model, stream, lambda b: model(**b), 60, 3e-3, **QUIET)
    assert mlm.perplexity(model, encoder, words[:40]) < 0.7 * before
    # The decoder is tied to the embeddings, and those do not move.
    assert not model.model.get_input_embeddings().weight.requires_grad


# -- the loop ---------------------------------------------------------------------------------------


def train_tiny(tiny, frame, seed, steps=12, averages=False, seen=None):
    """Losses and checkpoints of a short training; the weights after each update go into ``seen``."""
    training.set_seed(seed)
    model = heads.build("cross", encoders.load(str(tiny["xlm-r"])), dropout=0.1)
    rng = np.random.default_rng(seed)
    english = frame[frame.language1 == "en"]
    averaged = {}
    if averages:
        averaged = {"averaged": checkpoints.Averaged(model, steps, 3),
                    "ema": checkpoints.ExponentialAverage(model, 0.9)}
    kept = checkpoints.Checkpoints(model, frame[frame["item"] <= 10], averages=averaged)

    def after_update(step):
        if seen is not None:
            seen.append({name: p.detach().clone() for name, p in checkpoints.trained(model)})
        kept.updated(step)

    stream = batching.monolingual(english, 8, model.lengths, rng)
    options = QUIET | {"checkpoints": 3, "at_checkpoint": kept, "after_update": after_update}
    losses = training.train(model, stream, lambda b: heads.loss(model, b), steps, 1e-3, **options)
    return losses, kept


def test_one_seed_is_bit_identical_and_two_are_not(tiny, frame):
    test = frame[frame["item"] > 40]
    runs = [train_tiny(tiny, frame, seed) for seed in (1, 1, 2)]
    scored = [kept.predict(test) for _, kept in runs]
    assert runs[0][0] == runs[1][0] != runs[2][0]
    assert scored[0].equals(scored[1]) and not scored[0].equals(scored[2])


def test_the_loop_learns_and_reports_three_selections(tiny, frame):
    losses, kept = train_tiny(tiny, frame, 1, steps=60)
    assert np.mean(losses[-10:]) < np.mean(losses[:10])
    assert kept.steps == [20, 40, 60]
    scored = kept.predict(frame[frame["item"] > 40])
    assert set(scored.selection) == set(checkpoints.SELECTIONS)
    assert (scored[scored.selection == "last"].step == 60).all()
    for rule in ("en-dev", "oracle"):
        for code in ("en", "de", "es"):
            steps = scored[(scored.selection == rule) & (scored.language1 == code)].step.unique()
            column = [s["en" if rule == "en-dev" else code] for s in kept.scores]
            assert len(steps) == 1 and column[kept.steps.index(steps[0])] == max(column)
    # Scoring other checkpoints leaves the model with its last weights.
    assert kept.predict(frame[frame["item"] > 40]).equals(scored)


def test_averaged_weights_predict_too_and_change_nothing_else(tiny, frame):
    test, seen = frame[frame["item"] > 40], []
    _, plain = train_tiny(tiny, frame, 1)
    _, kept = train_tiny(tiny, frame, 1, averages=True, seen=seen)
    assert kept.averages["averaged"].marks == {8, 10, 12} and len(seen) == 12
    exponential = seen[0]
    for weights in seen[1:]:
        exponential = {name: 0.9 * exponential[name] + 0.1 * weights[name] for name in weights}
    uniform = {name: torch.stack([seen[k][name] for k in (7, 9, 11)]).mean(0) for name in seen[0]}
    scored = kept.predict(test)
    others = scored[~scored.selection.isin(kept.averages)]
    assert others.reset_index(drop=True).equals(plain.predict(test))
    for rule, mean in {"averaged": uniform, "ema": exponential}.items():
        for name, weights in kept.averages[rule].weights.items():
            assert torch.allclose(weights, mean[name], atol=1e-6)
        kept.model.load_state_dict(kept.averages[rule].weights, strict=False)
        own = scored[scored.selection == rule].reset_index(drop=True)
        assert own[["p0", "p1"]].equals(prediction.predict(kept.model, test)[["p0", "p1"]])


def test_averages_that_are_not_refused_are_of_as_many_updates_as_asked_for():
    for steps in range(4, 40):
        parameters.resolve("20_finetune", {"steps": steps, "scored": {"averaged": steps // 2}})
        for number in range(2, steps // 2 + 1):
            marks = checkpoints.Averaged(None, steps, number).marks
            assert len(marks) == number and max(marks) == steps and min(marks) > steps / 2


@pytest.mark.parametrize("head", heads.HEADS)
def test_scoring_in_bf16_gives_nearly_the_same_and_leaves_the_model_as_it_is(tiny, frame, head):
    training.set_seed(1)
    model = heads.build(head, encoders.load(str(tiny["xlm-r"])))
    before = {name: p.clone() for name, p in model.state_dict().items()}
    whole = prediction.predict(model, frame)
    half = prediction.predict(model, frame, precision="bf16")
    off = (whole.p0 - half.p0).abs()
    assert 0 < off.max() < 0.01
    assert all(torch.equal(p, before[name]) for name, p in model.state_dict().items())
    assert prediction.predict(model, frame).equals(whole)


def test_accuracy_is_scikit_learns(tiny, frame):
    from sklearn.metrics import accuracy_score

    _, kept = train_tiny(tiny, frame, 1, steps=2)
    scored = prediction.predict(kept.model, frame)
    assert np.allclose(scored[["p0", "p1"]].sum(axis=1), 1)
    table = prediction.accuracy(scored).set_index("language1")
    for code, group in scored.groupby("language1"):
        assert table.accuracy[code] == accuracy_score(group.label, group[["p0", "p1"]].to_numpy().argmax(1))
        assert table.n_items[code] == len(group)


def test_bad_settings_are_refused(tiny, words):
    with pytest.raises(ValueError, match="seeds start at 1"):
        training.set_seed(0)
    model = torch.nn.Linear(1, 1)
    data = iter(lambda: torch.tensor([[float("nan")]]), None)
    with pytest.raises(ValueError, match="the loss is nan at step 1"):
        training.train(model, data, lambda x: model(x).sum(), 3, **QUIET)
    with pytest.raises(ValueError, match="nothing to train"):
        training.train(model.requires_grad_(False), data, lambda x: model(x).sum(), 3, **QUIET)
