"""Noise: nothing at strength zero, never beyond its radius, at its published rate, the same for a seed."""

import json
import math
import sys
import types
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from tiny_studies import run, tiny_study
from xltlib import batching, encoders, heads, noise, prediction, records, statistics, tasks, training
from xltlib.noise.embeddings import _gaussian, _in_ball, at_embeddings
from xltlib.noise.neighbours import _is_word


@pytest.fixture(scope="module")
def frame():
    return tasks.load_pairs("demo", "test", ["en"], items=24)


@pytest.fixture
def model(tiny, words):
    return build(tiny, words)


def build(tiny, words, head="cross"):
    torch.manual_seed(1)
    return heads.build(head, encoders.trim(encoders.load(str(tiny["xlm-r"])), words), frozen_layers=1)


def batch(frame, n=6):
    first = frame.head(n)
    return batching.Batch(first.sentence1.tolist(), first.sentence2.tolist(), first.label.tolist())


def trained(model, frame, step, steps=5):
    training.set_seed(1)
    stream = batching.monolingual(frame, 4, model.lengths, np.random.default_rng(1))
    options = {"precision": "no", "progress": False, "noise": step}
    losses = training.train(model, stream, lambda b: heads.loss(model, b), steps, 1e-3, **options)
    return losses, {name: p.detach().clone() for name, p in model.named_parameters()}


def view(frame, strength):
    words = sorted({word for sentence in frame.sentence1 for word in sentence.split(" ")})
    return noise.Synonyms({word: [words[0], words[1]] for word in words[2:]}, strength)


def mixed(model):
    table = model.model.get_input_embeddings().weight
    return torch.randn(table.shape, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("head", ["cross", "bi"])
@pytest.mark.parametrize("name", noise.NAMES)
def test_strength_zero_is_bit_identical_to_none_and_more_is_not(tiny, words, frame, name, head):
    results = []
    for strength in (None, 0.0, 0.5):
        model = build(tiny, words, head)
        seen = noise.dropping(strength or 0) if name == "drop" else view(frame, strength or 0)
        step = None if strength is None else noise.make(name, model, strength, view=seen, mixed=mixed(model))
        results.append(trained(model, frame, step))
    (none, weights), (zero, weights_of_zero), (more, _) = results
    assert none == zero and all(weights[key].equal(weights_of_zero[key]) for key in weights)
    assert none != more


@pytest.mark.parametrize("norm", ["token", "sequence"])
@pytest.mark.parametrize("kind", ["fgm", "pgd"])
@pytest.mark.parametrize("head", ["cross", "bi"])
def test_a_perturbation_stays_in_its_radius_and_raises_the_loss(tiny, words, frame, norm, kind, head):
    model = build(tiny, words, head).eval()
    attack = noise.make(kind, model, 0.3, norm=norm)
    fixed, loss = batch(frame), lambda b: heads.loss(model, b)
    deltas, _ = attack.perturbation(loss, fixed)
    assert len(deltas) == {"cross": 1, "bi": 2}[head]
    for delta, inputs in zip(deltas, model.collate(fixed.first, fixed.second)):
        special = torch.isin(inputs["input_ids"], torch.tensor(model._encoder.tokenizer.all_special_ids))
        assert special.any() and not delta[special].any() and delta[~special].any()
        count = (~special).sum(1)
        length = delta.norm(dim=-1).amax(1) if norm == "token" else delta.norm(dim=(1, 2)) / count.sqrt()
        assert (length <= attack.epsilon * (1 + 1e-5)).all() and length.max() > 0.5 * attack.epsilon
    with torch.no_grad():
        clean = loss(fixed)
        with at_embeddings(model, lambda call, real, e: e + deltas[call]):
            assert loss(fixed) > clean + 1e-6
        assert loss(fixed) == clean  # the hook is gone
    assert not any(p.grad is not None for p in model.parameters())  # finding it trains nothing


def test_free_adversarial_training_averages_the_gradients_of_its_steps(tiny, words, frame):
    model = build(tiny, words).eval()
    fixed, loss = batch(frame), lambda b: heads.loss(model, b)
    free = noise.make("freelb", model, 0.3, steps=2)
    value = free(loss, fixed, lambda v: v.backward())
    got = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    one = noise.Adversarial(model, 0.3, steps=2)  # its first ascent is the second step of the other
    state = []
    first = loss(fixed)
    first.backward()
    seen = noise.Adversarial(model, 0.3, steps=2)
    seen.steps = 1

    def ascend(delta, gradient, real):
        state.append(noise.Adversarial._ascend(one, delta, gradient, real))
        return state[-1]

    seen._ascend = ascend
    seen.perturbation(loss, fixed)
    with at_embeddings(model, lambda call, real, e: e + state[call]):
        second = loss(fixed)
        second.backward()
    assert value.item() == pytest.approx((first.item() + second.item()) / 2, abs=1e-6)
    for name, p in model.named_parameters():
        if p.grad is not None:
            assert torch.allclose(got[name], p.grad / 2, atol=1e-6)


@pytest.mark.parametrize("kind", ["gaussian", "uniform"])
def test_random_perturbations_have_their_size_and_follow_the_seed(model, kind):
    shape = torch.Size([200, 20, 32])
    draw = _gaussian if kind == "gaussian" else _in_ball
    lengths = draw(shape, 0.5, torch.Generator().manual_seed(1)).norm(dim=-1)
    if kind == "gaussian":
        assert lengths.square().mean().sqrt().item() == pytest.approx(0.5, rel=0.01)
    else:
        assert lengths.max() <= 0.5
        assert (lengths**32).mean().item() == pytest.approx(0.5**32 / 2, rel=0.05)  # uniform in volume
    one, same, other = (draw(shape, 0.5, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert one.equal(same) and not one.equal(other)


def test_words_are_exchanged_at_the_published_rate():
    rng = np.random.default_rng(1)
    for k in (1, 4, 8):
        table = {"w": [f"s{i}" for i in range(k)]}
        out = noise.Synonyms(table)(" ".join(["w"] * 4000), rng).split(" ")
        p = 1 - 1 / (k + 1)
        assert abs(sum(word != "w" for word in out) - 4000 * p) <= 4 * math.sqrt(4000 * p * (1 - p))
        assert {f"s{i}" for i in range(k)} < set(out)
    half = noise.Synonyms({"w": ["s"]}, strength=0.5)(" ".join(["w"] * 4000), rng).split(" ")
    assert abs(sum(word == "s" for word in half) - 1000) <= 4 * math.sqrt(4000 * 0.25 * 0.75)


def test_names_are_left_and_joint_draws_agree():
    table = {"north": ["ireland"], "of": ["from"], "big": ["large", "huge"]}
    rng = np.random.default_rng(1)
    careful = noise.Synonyms(table, names_safe=True)
    safe = [careful("The bank of Rome lies north of big towns", rng) for _ in range(60)]
    assert all(s.startswith("The bank of Rome lies ") for s in safe) and any("ireland" in s for s in safe)
    swap = {"Rome": ["Paris"], "big": ["large"]}
    kept = noise.Synonyms(swap, names_safe=True)("the big city Rome", rng)
    assert kept.endswith(" city Rome")  # the name itself stays, too
    cities = {noise.Synonyms(swap)("the big city Rome", rng)[-5:].strip() for _ in range(60)}
    assert cities == {"Rome", "Paris"}
    beside_commas = [careful(", big , towns", rng) for _ in range(20)]
    assert "large" in " ".join(beside_commas)  # a comma is no name
    assert any("from Rome" in noise.Synonyms(table)("The bank of Rome", rng) for _ in range(20))
    pairs = batching.Batch(["big towns"] * 80, ["towns are big"] * 80, [1] * 80)
    joint = noise.Seen(noise.Synonyms(table), 1, joint=True).noisy(pairs)
    apart = noise.Seen(noise.Synonyms(table), 1, joint=False).noisy(pairs)

    def agree(b):
        return np.mean([one.split()[0] == two.split()[-1] for one, two in zip(b.first, b.second)])

    assert agree(joint) == 1 and agree(apart) < 0.6
    assert noise.Seen(noise.Synonyms(table), 1).noisy(pairs).first == apart.first  # by the seed


@pytest.mark.parametrize("name", sorted(set(noise.NAMES) - {"fgm", "freelb"}))  # these two draw nothing
def test_every_noise_that_is_drawn_follows_the_seed(tiny, words, frame, name):
    results = []
    for seed in (1, 1, 2):
        model = build(tiny, words)
        seen = noise.dropping(0.5) if name == "drop" else view(frame, 0.5)
        step = noise.make(name, model, 0.5, seed, view=seen, mixed=mixed(model))
        losses, _ = trained(model, frame, step, 3)
        results.append(losses)
    assert results[0] == results[1] != results[2]


@pytest.mark.parametrize("kind", ["gaussian", "uniform"])
def test_random_perturbations_leave_pads_and_special_tokens(model, frame, kind):
    fixed, seen = batch(frame), []
    inputs = model.collate(fixed.first, fixed.second)
    table = model.model.get_input_embeddings()

    def record(module, ids, output):
        seen.append((ids[0], output - module.weight[ids[0]]))

    with torch.no_grad(), noise.make(kind, model, 0.3).drawn():
        hook = table.register_forward_hook(record)
        model.logits(fixed.first, fixed.second)
        hook.remove()
    special_ids = torch.tensor(model._encoder.tokenizer.all_special_ids)
    special = [torch.isin(ids, special_ids) for ids, _ in seen]
    assert len(seen) == len(inputs) and all(mask.any() for mask in special)
    for mask, (_, change) in zip(special, seen):
        assert change[mask].abs().max() == 0 and (change[~mask].abs().amax(-1) > 0).all()


def test_a_radius_is_relative_to_the_whole_table_though_most_of_it_was_cut_off(tiny, words):
    whole = encoders.load(str(tiny["xlm-r"]))
    norm = whole.model.get_input_embeddings().weight.detach().norm(dim=1).mean().item()
    model = heads.build("cross", encoders.trim(whole, words[:20]))
    assert len(model.model.get_input_embeddings().weight) < len(whole.tokenizer)
    for name in ("fgm", "gaussian"):
        assert noise.make(name, model, 0.03).epsilon == pytest.approx(0.03 * norm, rel=1e-5)


def test_options_that_would_do_nothing_are_refused():
    for options in (
        {"name": "fmg", "strength": 0.1},
        {"name": "synonyms", "strength": -1.0},
        {"name": "salt", "strength": 0.3, "joint": True},
        {"name": "", "strength": -1.0, "names_safe": True},
        {"name": "gaussian", "strength": 0.1, "fixed_copies": 3},
        {"name": "fgm", "strength": 0.1, "votes": 3},
        {"name": "", "strength": -1.0, "votes": 3},
    ):
        with pytest.raises(ValueError, match="noise="):
            noise.check(**options)
    noise.check("", -1.0, view="self", names_safe=True)
    noise.check("synonyms", 1.0, joint=True, names_safe=True, fixed_copies=3)


def test_votes_that_draw_level_are_decided_by_the_mean_probability(model, frame):
    found = prediction.voted(model, frame, noise.make("gaussian", model, 3.0), 2)
    level = found[(found.p0 - found.p1).abs() < 1e-3]
    assert len(level) and (level.p0 != level.p1).all() and np.allclose(found.p0 + found.p1, 1)


def test_copies_need_a_control_of_as_many_updates(tiny):
    study = tiny_study(tiny["xlm-r"])
    study.pop("adapt")
    copied = {"noise": "synonyms", "noise_strength": 1.0, "noise_copies": 2, "synonyms": "wordnet"}
    study["finetune"] = {"plain": {"steps": 2}, "copied": {"steps": 4} | copied}
    with pytest.raises(ValueError, match="copied seed 1: noise_copies without a control"):
        run_all.plan(study, {}, "", Path("runs"))
    study["finetune"]["control"] = {"steps": 4}
    assert "control seed 1" in run_all.plan(study, {}, "", Path("runs"))


def test_synonyms_from_wordnet_are_single_words_of_lower_case(monkeypatch):
    senses = {"big": [["large", "big"], ["bad", "big_league"]], "Rome": [["capital"]], "odd": [["odd"]]}

    def lemma(name):
        return types.SimpleNamespace(name=lambda: name)

    def sense(names):
        return types.SimpleNamespace(lemmas=lambda: [lemma(name) for name in names])

    def synsets(word):
        return [sense(names) for names in senses.get(word, [])]

    wordnet = types.SimpleNamespace(ensure_loaded=lambda: None, synsets=synsets)
    corpus = types.SimpleNamespace(wordnet=wordnet)
    monkeypatch.setitem(sys.modules, "nltk", types.SimpleNamespace(corpus=corpus))
    monkeypatch.setitem(sys.modules, "nltk.corpus", corpus)
    assert noise.wordnet({"big", "Rome", "odd", "unknown"}) == {"big": ["large", "bad"]}
    assert noise.wordnet({"big"}, limit=1) == {"big": ["large"]}
    monkeypatch.setitem(sys.modules, "nltk.corpus", None)
    with pytest.raises(ValueError, match="pip install nltk"):
        noise.wordnet({"big"})


def test_fixed_copies_are_of_every_pair_and_differ(frame):
    made = noise.copies(frame, noise.Seen(view(frame, 1.0), 1), 3)
    by_item = made.groupby("item")
    assert len(made) == 3 * len(frame)
    assert (by_item.size() == 3).all() and by_item.label.nunique().eq(1).all()
    assert (by_item.sentence1.nunique() > 1).mean() > 0.9

    def lengths(first, second):
        return [len(a) for a in first]

    batches = list(batching._one_pass(made, 8, lengths, np.random.default_rng(1)))
    item_of = dict(zip(made.sentence1 + made.sentence2, made["item"]))
    items = [{item_of[a + b] for a, b in zip(part.first, part.second)} for part in batches]
    assert np.mean([len(of) for of in items]) > 5  # copies do not fill a batch


def test_mixup_with_lambda_one_changes_no_bit_and_leaves_words_without_neighbours(model, frame):
    model.eval()
    other = mixed(model)
    ids = model.tensors(frame.sentence1.tolist()[:4])["input_ids"]
    embeddings = model.model.get_input_embeddings()(ids).detach()
    assert noise.Mixup(model, other, rate=1.0, alpha=None)._change(ids, embeddings).equal(embeddings)
    piece = int(ids[0, 2])
    other[piece] = float("nan")
    changed = noise.Mixup(model, other, rate=1.0)._change(ids, embeddings)
    assert changed[ids == piece].equal(embeddings[ids == piece])
    assert not changed[ids != piece].equal(embeddings[ids != piece])
    lam = ((changed - other[ids]) / (embeddings - other[ids]))[ids != piece]
    assert torch.allclose(lam.std(-1), torch.zeros(len(lam)), atol=1e-2)
    assert -1e-3 < lam.min() and lam.max() < 1 + 1e-3


def test_neighbours_come_from_other_words_nearest_first(tiny, words):
    whole = encoders.load(str(tiny["xlm-r"]))
    english = tasks.load_pairs("demo", "test", ["en"], items=30).sentence1.tolist()
    found = noise.neighbours(whole, english, limit=3, at_least=-1.0)
    assert len(found) and found.equals(noise.neighbours(whole, english, limit=3, at_least=-1.0))
    assert (found.groupby("word", sort=False).cosine.apply(lambda c: c.is_monotonic_decreasing)).all()
    own = {piece for ids in whole.tokenizer(english)["input_ids"] for piece in ids}
    table = whole.model.get_input_embeddings().weight
    for row in found.head(20).itertuples():
        one = whole.tokenizer(row.word, add_special_tokens=False)["input_ids"]
        two = whole.tokenizer.convert_tokens_to_ids(row.piece)
        assert len(one) == 1 and two not in own
        cosine = torch.cosine_similarity(table[one[0]], table[two], dim=0).item()
        assert cosine == pytest.approx(row.cosine, abs=1e-5)
    trimmed = encoders.trim(whole, [*english, *found.candidate])
    rows = noise.mixtures(trimmed, found, whole)
    word = found.word.iloc[0]
    pieces = whole.tokenizer.convert_tokens_to_ids(found[found.word == word].piece.tolist())
    row = trimmed.tokenizer(word, add_special_tokens=False)["input_ids"][0]
    assert torch.allclose(rows[row], table[pieces].mean(0))
    assert rows.isnan().any(1).sum() == len(rows) - found.word.nunique()


def test_neighbours_are_cached_and_no_word_of_the_source_language_is_one(tiny, tmp_path):
    whole = encoders.load(str(tiny["xlm-r"]))
    english = tasks.load_pairs("demo", "test", ["en"], items=10).sentence1.tolist()
    first = noise.neighbours(whole, english, at_least=-1.0, cache=tmp_path)
    (path,) = tmp_path.glob("neighbours-*.parquet")
    assert pd.read_parquet(path).equals(first)
    pd.DataFrame({"word": ["read"]}).to_parquet(path)
    assert noise.neighbours(whole, english, at_least=-1.0, cache=tmp_path).word.tolist() == ["read"]
    more = first.candidate.unique()[:5].tolist()  # these turn out to be English, too
    again = noise.neighbours(whole, english, at_least=-1.0, more=more, cache=tmp_path)
    assert not set(again.candidate) & set(more) and len(list(tmp_path.glob("*.parquet"))) == 2
    assert all(_is_word(piece) for piece in ("▁Haus", "日本", "▁日本", "▁हिन्दी"))
    assert not any(_is_word(piece) for piece in ("Haus", "▁ab", "日", "▁1990", "▁"))


def test_a_batch_can_be_the_view_of_any_word_noise():
    rng = np.random.default_rng(1)
    tables = ({"de": {"cat": ["Katze"]}}, {"cat": ["feline"]}, {"cat": ["chat"]})
    names = ("dictionary", "synonyms", "self")
    found = {name: noise.make_view(name, 1.0, *tables)("a cat", rng) for name in names}
    assert found["dictionary"] == "a Katze"
    assert found["synonyms"] in ("a cat", "a feline") and found["self"] in ("a cat", "a chat")
    with pytest.raises(ValueError, match="known are drop, dictionary, synonyms, self"):
        noise.make_view("typos", 1.0, *tables)
    own = [
        {"use": "train", "kind": "labelled-source", "languages": ["en"]},
        {"use": "hybrid", "kind": "self", "view": "self", "languages": ["en"]},
    ]
    assert records.rung(own) == "Z0'"
    assert records.supervision(own, "en") == "labelled" and records.supervision(own, "de") == "none"
    assert records.rung(own + [{"use": "mlm", "kind": "text", "languages": ["de"]}]) == "Z1"


def test_votes_are_shares_and_the_same_for_a_seed(model, frame):
    settled = prediction.voted(model, frame, noise.RandomPerturbation(model, 0.0), 3)
    plain = prediction.predict(model, frame)
    columns = ["p0", "p1"]
    assert (settled[columns].to_numpy().argmax(1) == plain[columns].to_numpy().argmax(1)).all()
    assert set(settled.p1.round(4)) <= {0.0, 1.0}
    for make in (lambda: noise.RandomPerturbation(model, 2.0), lambda: noise.Seen(view(frame, 1.0), 1)):
        one, two = (prediction.voted(model, frame, make(), 5) for _ in range(2))
        assert one.equals(two) and np.allclose(one.p0 + one.p1, 1)
        assert set((5 * one.p1).round(4)) <= {0, 1, 2, 3, 4, 5}
    # Synonyms are of the source language: nothing is exchanged in others.
    german = frame.assign(language1="de", language2="de")
    plain = prediction.predict(model, german)
    still = prediction.voted(model, german, noise.Seen(view(frame, 1.0), 1), 3)
    assert (still.p1.round(4).to_numpy() == (plain.p1 > plain.p0).to_numpy()).all()


def test_an_attack_lowers_accuracy(model, frame):
    trained(model, frame, None, 60)
    clean = (prediction.predict(model, frame).eval("p1 > p0") == (frame.label == 1)).mean()
    nothing, strong = (noise.Adversarial(model, radius, steps=3) for radius in (0.0, 2.0))
    assert prediction.under_attack(model, frame, nothing) == pytest.approx(clean)
    assert prediction.under_attack(model, frame, strong) < clean - 0.2


def study_of_noise(encoder, folder):
    """Every kind of noise once, on a model that they share as their start."""
    synonyms, lists = folder / "synonyms.txt", folder / "lists"
    synonyms.write_text("was were\nborn made\nthe a\nfrom of\n", encoding="utf-8")
    lists.mkdir()
    (lists / "en-de.txt").write_text("was wurde\nborn geboren\nthe das\n", encoding="utf-8")
    study = tiny_study(encoder)
    del study["adapt"]
    study["summary"] = "30_robustness"
    study["trunk"] = {"english": {"steps": 4, "keep_model": True, "pairs": "same", "attack_radius": 0.0}}
    study["common"] |= {"pairs": "all", "pair_items": 6, "attack_radius": 0.1}
    more = {"start": "english", "steps": 3}
    same = more | {"pairs": "same"}
    words = more | {"noise": "synonyms", "noise_strength": 1.0, "synonyms": str(synonyms)}
    switched = {"noise": "code-switch", "dictionary": str(lists), "dictionary_languages": "de"}
    study["finetune"] = {
        "plain": {"start": "english", "steps": 1, "learning_rate": 0.0},
        "step-matched": more,
        "fgm": more | {"noise": "fgm", "noise_strength": 0.03},
        "synonyms": words | {"noise_copies": 2, "votes": 3},
        "view": words | {"noise": "", "batching": "hybrid", "view": "synonyms"},
        "self": more | {"batching": "hybrid", "view": "self"},
        "salt": more | {"noise": "salt", "noise_strength": 0.3},
        "mixup": same | {"noise": "mixup", "noise_strength": 0.3},
        "switched": same | switched | {"noise_strength": 1.0},
        "gaussian": more | {"noise": "gaussian", "noise_strength": 0.03},
        "gaussian-r0.3": same | {"noise": "gaussian", "noise_strength": 0.3},
    }
    return study


def test_a_study_of_noise_ends_in_its_own_summary(tiny, tmp_path):
    result = run(tmp_path, study_of_noise(tiny["xlm-r"], tmp_path), "--jobs", "2")
    assert result.returncode == 0, result.stderr
    figures = tmp_path / "figures/tiny"
    state = {r["label"]: r for r in json.loads((figures / "runs.json").read_text())["runs"]}
    arms = {label: r for label, r in state.items() if r["arm"] and "seed 1" in label}
    assert {label.removesuffix(" seed 1"): r["strategy"] for label, r in arms.items()} == {
        "plain": "plain",
        "step-matched": "plain",
        "fgm": "fgm",
        "synonyms": "synonyms-copies-votes",
        "salt": "salt",
        "mixup": "mixup",
        "switched": "code-switch",
        "gaussian": "gaussian",
        "gaussian-r0.3": "gaussian",
        "view": "hybrid-synonyms",
        "self": "hybrid-self",
    }
    assert {label: r["rung"] for label, r in state.items() if r["rung"] != "Z0"} == {
        "salt seed 1": "Z0'",
        "mixup seed 1": "Z0'",
        "self seed 1": "Z0'",
        "switched seed 1": "Z2",
    }
    assert set(state["synonyms seed 1"]["words"]) == {"synonyms"}
    assert state["fgm seed 1"]["attack"]["items"] == 20
    names = {path.name for path in figures.iterdir()}
    for kind in ("effect", "generalized", "strength"):
        assert {f"noise_{kind}.png", f"noise_{kind}.svg", f"noise_{kind}.csv"} <= names
    accuracy = pd.read_csv(figures / "accuracy.csv")
    arm = {"encoder", "strategy", "head", "adaptation", "rung", "seed"}
    assert arm <= set(accuracy.columns)
    assert {"language1", "language2", "selection", "accuracy", "n_items"} <= set(accuracy.columns)
    same = accuracy[accuracy.language1 == accuracy.language2]
    accuracy = 100 * same.groupby(["label", "language1"]).accuracy.mean()
    effects = pd.read_csv(figures / "noise_effect.csv").set_index(["control", "label", "language"]).effect
    for control, name in (("plain", "over plain training"), ("step-matched", "over as many updates")):
        for label in ("fgm", "salt"):  # the figure's effects are the differences of the accuracies
            difference = accuracy[label, "de"] - accuracy[control, "de"]
            assert effects[name, label, "de"] == pytest.approx(difference, abs=1e-3)


def test_the_rule_for_published_gains():
    assert statistics.verdict(2.0, -0.5, 4.5, 0.0, 2.1) == "inconclusive"
    assert statistics.verdict(3.0, 2.5, 3.5, 0.0, 2.1) == "not reproduced: larger"
    assert statistics.verdict(1.0, 0.5, 1.5, 0.0) == "up"
    assert statistics.verdict(-1.0, -1.5, -0.5, 0.0) == "down"
    assert statistics.verdict(0.1, -0.5, 0.7, 0.0) == "inconclusive"


def test_files_of_synonyms_are_read_strictly(tmp_path):
    (tmp_path / "s.json").write_text(json.dumps({"big": ["large"], "a": []}))
    assert noise.read_synonyms(tmp_path / "s.json") == {"big": ["large"]}
    (tmp_path / "bad.json").write_text("[1]")
    (tmp_path / "cut.json").write_text('{"big": [\n"large"')
    (tmp_path / "numbers.json").write_text('{"big": [1]}')
    for name, complaint in (
        ("bad.json", "wanted one JSON object"),
        ("none.json", "no such file"),
        ("cut.json", "cut.json, line 2: no JSON"),
        ("numbers.json", "wanted one"),
    ):
        with pytest.raises(ValueError, match=complaint):
            noise.read_synonyms(tmp_path / name)
    inside = tmp_path / "synonyms"
    inside.mkdir()
    (inside / "s.txt").write_text("big large\nsmall tiny\n")
    assert noise.listed({"big", "a"}, "s.txt", tmp_path) == {"big": ["large"]}
    assert noise.listed({"big"}, str(inside / "s.txt")) == {"big": ["large"]}
    for words, source, complaint in (
        (set(), "", "name where they come from"),
        ({"Big"}, "s.txt", "no word of this text has any"),
    ):
        with pytest.raises(ValueError, match=complaint):
            noise.listed(words, source, tmp_path)
    with pytest.raises(ValueError, match="noise='some'"):
        noise.make("some", None, 0.1)


def test_the_published_table_of_synonyms_has_its_documented_size(real):
    table = noise.read_synonyms(real / "synonyms/counterfitted_neighbors.json")
    sizes = [len(found) for found in table.values()]
    assert len(table) == 49975 - 24384 and sum(sizes) == 109104 and max(sizes) == 8
