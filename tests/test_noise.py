"""Noise: nothing at strength zero, never beyond its radius, at its published rate, the same for a seed."""

import json
import math
import sys
import types
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from xltlib import batching, checkpoints, encoders, heads, parameters, prediction, provenance, statistics
from xltlib import tasks, training
from xltlib.components.base import find, make
from xltlib.components.kinds import FAMILIES
from xltlib.noise import lists, neighbours
from xltlib.noise.embeddings import Adversarial, RandomPerturbation, _gaussian, _in_ball, at_embeddings
from xltlib.noise.neighbours import _is_word
from xltlib.noise.words import Synonyms, WordNoise, copies, dropping
from xltlib.provenance import Entry

# Those that act in a training step; copies are made before it.
KINDS = [kind for kind in FAMILIES["noise"] if kind not in ("none", "synonyms-copies")]


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


def synonyms_of(frame):
    """Two words of the frame for each of its others."""
    words = sorted({word for sentence in frame.sentence1 for word in sentence.split(" ")})
    return {word: [words[0], words[1]] for word in words[2:]}


def view(frame, strength):
    return Synonyms(synonyms_of(frame), strength)


def mixed(model):
    table = model.model.get_input_embeddings().weight
    return torch.randn(table.shape, generator=torch.Generator().manual_seed(1))


def step_of(kind, strength, model, frame, seed=1):
    """A step of this noise, holding what a run would have gathered.

    The class is asked, not ``make``, which refuses a strength of zero: it would do nothing.
    """
    made, table = find("noise", kind), synonyms_of(frame)
    if kind == "synonyms":
        component = made(words="", share=strength).holding(table=table)
    elif kind == "code-switch":
        component = made(folder="", share=strength).holding(lists={"de": table})
    elif kind in ("mixup", "salt"):
        means = dict(zip(table, mixed(model)))
        component = made(share=strength).holding(table=table, means=means)
    elif kind == "drop":
        component = made(share=strength)
    else:
        component = made(radius=strength)
    return component.step(model, seed)


@pytest.mark.parametrize("head", ["cross", "bi"])
@pytest.mark.parametrize("kind", KINDS)
def test_strength_zero_is_bit_identical_to_none_and_more_is_not(tiny, words, frame, kind, head):
    results = []
    for strength in (None, 0.0, 0.5):
        model = build(tiny, words, head)
        if strength is None:
            step = make("noise", "none").step(model, 1)
        else:
            step = step_of(kind, strength, model, frame)
        results.append(trained(model, frame, step))
    (none, weights), (zero, weights_of_zero), (more, _) = results
    assert none == zero and all(weights[key].equal(weights_of_zero[key]) for key in weights)
    assert none != more


@pytest.mark.parametrize("norm", ["token", "sequence"])
@pytest.mark.parametrize("kind", ["fgm", "pgd"])
@pytest.mark.parametrize("head", ["cross", "bi"])
def test_a_perturbation_stays_in_its_radius_and_raises_the_loss(tiny, words, frame, norm, kind, head):
    model = build(tiny, words, head).eval()
    attack = make("noise", {"kind": kind, "radius": 0.3, "norm": norm}).step(model, 1)
    fixed, loss = batch(frame), lambda b: heads.loss(model, b)
    deltas, _ = attack.perturbation(loss, fixed)
    assert len(deltas) == {"cross": 1, "bi": 2}[head]
    for delta, inputs in zip(deltas, model.collate(fixed.first, fixed.second)):
        special = torch.isin(inputs["input_ids"], torch.tensor(model.pretrained.tokenizer.all_special_ids))
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
    free = make("noise", {"kind": "freelb", "radius": 0.3, "steps": 2}).step(model, 1)
    value = free(loss, fixed, lambda v: v.backward())
    got = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    one = Adversarial(model, 0.3, steps=2)  # its first ascent is the second step of the other
    state = []
    first = loss(fixed)
    first.backward()
    seen = Adversarial(model, 0.3, steps=2)
    seen.steps = 1

    def ascend(delta, gradient, real):
        state.append(Adversarial._ascend(one, delta, gradient, real))
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
        out = Synonyms(table)(" ".join(["w"] * 4000), rng).split(" ")
        p = 1 - 1 / (k + 1)
        assert abs(sum(word != "w" for word in out) - 4000 * p) <= 4 * math.sqrt(4000 * p * (1 - p))
        assert {f"s{i}" for i in range(k)} < set(out)
    half = Synonyms({"w": ["s"]}, rate=0.5)(" ".join(["w"] * 4000), rng).split(" ")
    assert abs(sum(word == "s" for word in half) - 1000) <= 4 * math.sqrt(4000 * 0.25 * 0.75)


def test_names_are_left_and_joint_draws_agree():
    table = {"north": ["ireland"], "of": ["from"], "big": ["large", "huge"]}
    rng = np.random.default_rng(1)
    careful = Synonyms(table, names_safe=True)
    safe = [careful("The bank of Rome lies north of big towns", rng) for _ in range(60)]
    assert all(s.startswith("The bank of Rome lies ") for s in safe) and any("ireland" in s for s in safe)
    swap = {"Rome": ["Paris"], "big": ["large"]}
    kept = Synonyms(swap, names_safe=True)("the big city Rome", rng)
    assert kept.endswith(" city Rome")  # the name itself stays, too
    cities = {Synonyms(swap)("the big city Rome", rng)[-5:].strip() for _ in range(60)}
    assert cities == {"Rome", "Paris"}
    beside_commas = [careful(", big , towns", rng) for _ in range(20)]
    assert "large" in " ".join(beside_commas)  # a comma is no name
    assert any("from Rome" in Synonyms(table)("The bank of Rome", rng) for _ in range(20))
    pairs = batching.Batch(["big towns"] * 80, ["towns are big"] * 80, [1] * 80)
    joint = WordNoise(Synonyms(table), 1, joint=True).noisy(pairs)
    apart = WordNoise(Synonyms(table), 1, joint=False).noisy(pairs)

    def agree(b):
        return np.mean([one.split()[0] == two.split()[-1] for one, two in zip(b.first, b.second)])

    assert agree(joint) == 1 and agree(apart) < 0.6
    assert WordNoise(Synonyms(table), 1).noisy(pairs).first == apart.first  # by the seed


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"fgm", "freelb"}))  # these two draw nothing
def test_every_noise_that_is_drawn_follows_the_seed(tiny, words, frame, kind):
    results = []
    for seed in (1, 1, 2):
        model = build(tiny, words)
        losses, _ = trained(model, frame, step_of(kind, 0.5, model, frame, seed), 3)
        results.append(losses)
    assert results[0] == results[1] != results[2]


@pytest.mark.parametrize("kind", ["gaussian", "uniform"])
def test_random_perturbations_leave_pads_and_special_tokens(model, frame, kind):
    fixed, seen = batch(frame), []
    inputs = model.collate(fixed.first, fixed.second)
    table = model.model.get_input_embeddings()

    def record(module, ids, output):
        seen.append((ids[0], output - module.weight[ids[0]]))

    with torch.no_grad(), make("noise", {"kind": kind, "radius": 0.3}).step(model, 1).drawn():
        hook = table.register_forward_hook(record)
        model.logits(fixed.first, fixed.second)
        hook.remove()
    special_ids = torch.tensor(model.pretrained.tokenizer.all_special_ids)
    special = [torch.isin(ids, special_ids) for ids, _ in seen]
    assert len(seen) == len(inputs) and all(mask.any() for mask in special)
    for mask, (_, change) in zip(special, seen):
        assert change[mask].abs().max() == 0 and (change[~mask].abs().amax(-1) > 0).all()


def test_a_radius_is_relative_to_the_whole_table_though_most_of_it_was_cut_off(tiny, words):
    whole = encoders.load(str(tiny["xlm-r"]))
    norm = whole.model.get_input_embeddings().weight.detach().norm(dim=1).mean().item()
    model = heads.build("cross", encoders.trim(whole, words[:20]))
    assert len(model.model.get_input_embeddings().weight) < len(whole.tokenizer)
    for kind in ("fgm", "gaussian"):
        step = make("noise", {"kind": kind, "radius": 0.03}).step(model, 1)
        assert step.epsilon == pytest.approx(0.03 * norm, rel=1e-5)


def test_options_that_would_do_nothing_are_refused():
    for given in (
        {"kind": "synonyms", "words": "s.txt", "share": -1.0},
        {"kind": "salt", "share": 0.3, "joint": True},
        {"kind": "none", "names_safe": True},
        {"kind": "gaussian", "radius": 0.1, "copies": 3},
    ):
        with pytest.raises(ValueError, match=f"^noise {given['kind']}"):
            make("noise", given)
    for kind in ({"kind": "fgm", "radius": 0.1}, {"kind": "none"}):
        with pytest.raises(ValueError, match="^scored.votes = 3: goes with noise gaussian"):
            parameters.resolve("20_finetune", {"noise": kind, "scored": {"votes": 3}})
    hybrid = {"kind": "hybrid", "cross": {"kind": "self", "names_safe": True}}
    parameters.resolve("20_finetune", {"batches": hybrid})
    options = {"words": "s.txt", "share": 1.0, "joint": True, "names_safe": True}
    parameters.resolve("20_finetune", {"noise": {"kind": "synonyms-copies", "copies": 3, **options}})


def test_votes_that_draw_level_are_decided_by_the_mean_probability(model, frame):
    noise = make("noise", {"kind": "gaussian", "radius": 3.0}).step(model, 1)
    found = prediction.voted(model, frame, noise, 2)
    level = found[(found.p0 - found.p1).abs() < 1e-3]
    assert len(level) and (level.p0 != level.p1).all() and np.allclose(found.p0 + found.p1, 1)


def test_synonyms_from_wordnet_are_single_words_of_lower_case(monkeypatch):
    senses = {"big": [["large", "big"], ["bad", "big_league"]], "Rome": [["capital"]], "odd": [["odd"]]}

    class Lemma(str):
        def name(self):
            return str(self)

    class Sense(list):
        def lemmas(self):
            return [Lemma(name) for name in self]

    def synsets(word):
        return [Sense(names) for names in senses.get(word, [])]

    def ensure_loaded():
        pass

    wordnet = types.SimpleNamespace(ensure_loaded=ensure_loaded, synsets=synsets)
    corpus = types.SimpleNamespace(wordnet=wordnet)
    monkeypatch.setitem(sys.modules, "nltk", types.SimpleNamespace(corpus=corpus))
    monkeypatch.setitem(sys.modules, "nltk.corpus", corpus)
    assert lists.wordnet({"big", "Rome", "odd", "unknown"}) == {"big": ["large", "bad"]}
    assert lists.wordnet({"big"}, limit=1) == {"big": ["large"]}
    monkeypatch.setitem(sys.modules, "nltk.corpus", None)
    with pytest.raises(ValueError, match="pip install nltk"):
        lists.wordnet({"big"})


def test_fixed_copies_are_of_every_pair_and_differ(frame):
    made = copies(frame, WordNoise(view(frame, 1.0), 1), 3)
    by_item = made.groupby("item")
    assert len(made) == 3 * len(frame)
    assert (by_item.size() == 3).all() and by_item.label.nunique().eq(1).all()
    assert (by_item.sentence1.nunique() > 1).mean() > 0.9

    def lengths(first, second):
        return [len(a) for a in first]

    batches = list(batching._one_pass(made, 8, lengths, np.random.default_rng(1)))
    item_of = dict(zip(made.sentence1 + made.sentence2, made["item"]))
    items = [{item_of[a + b] for a, b in zip(part.first, part.second)} for part in batches]
    assert np.mean([len(batch) for batch in items]) > 5  # copies do not fill a batch


def test_mixup_leaves_words_without_neighbours(model, frame):
    model.eval()
    other = mixed(model)
    ids = model.tensors(frame.sentence1.tolist()[:4])["input_ids"]
    embeddings = model.model.get_input_embeddings()(ids).detach()
    piece = int(ids[0, 2])
    other[piece] = float("nan")
    changed = neighbours.Mixup(model, other, rate=1.0)._change(ids, embeddings)
    assert changed[ids == piece].equal(embeddings[ids == piece])
    assert not changed[ids != piece].equal(embeddings[ids != piece])
    lam = ((changed - other[ids]) / (embeddings - other[ids]))[ids != piece]
    assert torch.allclose(lam.std(-1), torch.zeros(len(lam)), atol=1e-2)
    assert -1e-3 < lam.min() and lam.max() < 1 + 1e-3


def test_neighbours_come_from_other_words_nearest_first(tiny, words):
    whole = encoders.load(str(tiny["xlm-r"]))
    english = tasks.load_pairs("demo", "test", ["en"], items=30).sentence1.tolist()
    found = neighbours.neighbours(whole, english, limit=3, at_least=-1.0)
    assert len(found) and found.equals(neighbours.neighbours(whole, english, limit=3, at_least=-1.0))
    assert (found.groupby("word", sort=False).cosine.apply(lambda c: c.is_monotonic_decreasing)).all()
    in_text = {piece for ids in whole.tokenizer(english)["input_ids"] for piece in ids}
    table = whole.model.get_input_embeddings().weight
    for row in found.head(20).itertuples():
        one = whole.tokenizer(row.word, add_special_tokens=False)["input_ids"]
        two = whole.tokenizer.convert_tokens_to_ids(row.piece)
        assert len(one) == 1 and two not in in_text
        cosine = torch.cosine_similarity(table[one[0]], table[two], dim=0).item()
        assert cosine == pytest.approx(row.cosine, abs=1e-5)
    trimmed = encoders.trim(whole, [*english, *found.candidate])
    rows = neighbours.mixtures(trimmed, neighbours.mean_embeddings(found, whole))
    word = found.word.iloc[0]
    pieces = whole.tokenizer.convert_tokens_to_ids(found[found.word == word].piece.tolist())
    row = trimmed.tokenizer(word, add_special_tokens=False)["input_ids"][0]
    assert torch.allclose(rows[row], table[pieces].mean(0))
    assert rows.isnan().any(1).sum() == len(rows) - found.word.nunique()


def test_neighbours_are_cached_and_no_word_of_the_source_language_is_one(tiny, tmp_path):
    whole = encoders.load(str(tiny["xlm-r"]))
    english = tasks.load_pairs("demo", "test", ["en"], items=10).sentence1.tolist()
    first = neighbours.neighbours(whole, english, at_least=-1.0, cache=tmp_path)
    (path,) = tmp_path.glob("neighbours-*.parquet")
    assert pd.read_parquet(path).equals(first)
    pd.DataFrame({"word": ["read"]}).to_parquet(path)
    assert neighbours.neighbours(whole, english, at_least=-1.0, cache=tmp_path).word.tolist() == ["read"]
    more = first.candidate.unique()[:5].tolist()  # these turn out to be English, too
    again = neighbours.neighbours(whole, english, at_least=-1.0, more=more, cache=tmp_path)
    assert not set(again.candidate) & set(more) and len(list(tmp_path.glob("*.parquet"))) == 2
    assert all(_is_word(piece) for piece in ("▁Haus", "日本", "▁日本", "▁हिन्दी"))
    assert not any(_is_word(piece) for piece in ("Haus", "▁ab", "日", "▁1990", "▁"))


def test_neighbours_in_a_wordpiece_vocabulary_are_pieces_that_begin_a_word(tiny):
    whole = encoders.load(str(tiny["bert"]))
    english = tasks.load_pairs("demo", "test", ["en"], items=30).sentence1.tolist()
    found = neighbours.neighbours(whole, english, limit=3, at_least=-1.0)
    assert found.word.nunique() > 5 and set(found.script) == {"LATIN"}
    assert found.piece.equals(found.candidate) and found.piece.str.fullmatch(r"\w{3,}").all()
    with pytest.raises(ValueError, match="need a SentencePiece or WordPiece tokenizer"):
        neighbours.neighbours(encoders.load(str(tiny["xlm"])), english, limit=3, at_least=-1.0)


def test_a_word_mark_among_the_pieces_of_a_wordpiece_vocabulary_is_a_piece_like_others():
    bert = ["[PAD]", "▁", "▁▁", "the", "house", "##s", "##es", "##ing"]
    assert neighbours._as_sentencepiece(bert, "x")[4:6] == ["▁house", ""]
    xlm_r = ["<s>", "##", "###", "▁the", "▁house", "s"]
    assert neighbours._as_sentencepiece(xlm_r, "x") == xlm_r


def test_a_sentence_without_words_is_left_without_words():
    assert dropping(0.5)("  ", np.random.default_rng(1)) == ""


def test_a_batch_can_be_the_view_of_any_word_noise():
    rng = np.random.default_rng(1)
    dictionary = make("cross", {"kind": "dictionary", "folder": "lists", "rate": 1.0})
    synonyms = make("cross", {"kind": "synonyms", "words": "s.txt", "rate": 1.0})
    own = make("cross", {"kind": "self", "rate": 1.0})
    dictionary = dictionary.holding(lists={"de": {"cat": ["Katze"]}})
    synonyms, own = synonyms.holding(table={"cat": ["feline"]}), own.holding(table={"cat": ["chat"]})
    assert dictionary.view()("a cat", rng) == "a Katze"
    of_synonyms, of_own = ([cross.view()("a cat", rng) for _ in range(30)] for cross in (synonyms, own))
    assert set(of_synonyms) == {"a cat", "a feline"} and set(of_own) == {"a cat", "a chat"}
    assert make("cross", {"kind": "drop", "rate": 1.0}).view()("a cat", rng) in ("a", "cat")
    with pytest.raises(
        ValueError, match="cross: no kind 'typos'; known are labels, translations, drop, dict"
    ):
        make("cross", "typos")
    entries = [
        Entry("labels", "train", "labelled-source", ("en",)),
        Entry("batches", "hybrid", "self", ("en",)),
    ]
    assert provenance.rung(entries) == "Z0'"
    assert [provenance.supervision(entries, code) for code in ("en", "de")] == ["labelled", "none"]
    assert provenance.rung([*entries, Entry("adaptation", "mlm", "text", ("de",))]) == "Z1"


@pytest.mark.parametrize("kind", ["gaussian", "drop"])
def test_votes_of_the_last_checkpoint_are_its_own_whatever_others_were_picked(tiny, words, frame, kind):
    model = build(tiny, words)
    noise = make("noise", {"kind": kind, **({"share": 0.5} if kind == "drop" else {"radius": 1.0})})
    data = SimpleNamespace(test=frame, dev=frame, source="en")
    found = []
    for earlier in (False, True):
        kept = checkpoints.Checkpoints(model, frame)
        kept.steps, kept.weights = [1, 2], 2 * [{name: p.clone() for name, p in training.trained(model)}]
        picked = 0 if earlier else 1  # by the rules that look at development data

        def choice(rule, code, picked=picked):
            return 1 if rule == "last" else picked

        kept.choice = choice
        scored = make("scored", {"votes": 3}).predict(kept, data, noise, 1)
        found.append(scored[scored.selection == "last"])
    alone, beside = found
    assert alone.equals(beside) and alone.p0.nunique() > 2


def test_votes_are_shares_and_the_same_for_a_seed(model, frame):
    settled = prediction.voted(model, frame, RandomPerturbation(model, 0.0), 3)
    plain = prediction.predict(model, frame)
    columns = ["p0", "p1"]
    assert (settled[columns].to_numpy().argmax(1) == plain[columns].to_numpy().argmax(1)).all()
    assert set(settled.p1.round(4)) <= {0.0, 1.0}
    for kind, strength in (("gaussian", 2.0), ("synonyms", 1.0)):
        steps = [step_of(kind, strength, model, frame) for _ in range(2)]
        one, two = (prediction.voted(model, frame, step, 5) for step in steps)
        assert one.equals(two) and np.allclose(one.p0 + one.p1, 1)
        assert set((5 * one.p1).round(4)) <= {0, 1, 2, 3, 4, 5}
    # Synonyms are of the source language: nothing is exchanged in others.
    german = frame.assign(language1="de", language2="de")
    plain = prediction.predict(model, german)
    still = prediction.voted(model, german, WordNoise(view(frame, 1.0), 1), 3)
    assert (still.p1.round(4).to_numpy() == (plain.p1 > plain.p0).to_numpy()).all()


def test_an_attack_lowers_accuracy(model, frame):
    trained(model, frame, None, 60)
    clean = (prediction.predict(model, frame).eval("p1 > p0") == (frame.label == 1)).mean()
    nothing, strong = (Adversarial(model, radius, steps=3) for radius in (0.0, 2.0))
    assert prediction.under_attack(model, frame, nothing) == pytest.approx(clean)
    assert prediction.under_attack(model, frame, strong) < clean - 0.2


def test_the_rule_for_published_gains():
    assert statistics.verdict(2.0, -0.5, 4.5, 0.0, 2.1) == "inconclusive"
    assert statistics.verdict(3.0, 2.5, 3.5, 0.0, 2.1) == "not reproduced: larger"
    assert statistics.verdict(1.0, 0.5, 1.5, 0.0) == "up"
    assert statistics.verdict(-1.0, -1.5, -0.5, 0.0) == "down"
    assert statistics.verdict(0.1, -0.5, 0.7, 0.0) == "inconclusive"


def test_files_of_synonyms_are_read_strictly(tmp_path):
    (tmp_path / "s.json").write_text(json.dumps({"big": ["large"], "a": []}))
    assert lists.read_synonyms(tmp_path / "s.json") == {"big": ["large"]}
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
            lists.read_synonyms(tmp_path / name)
    inside = tmp_path / "synonyms"
    inside.mkdir()
    (inside / "s.txt").write_text("big large\nsmall tiny\n")
    assert lists.synonyms_of({"big", "a"}, "s.txt", tmp_path) == {"big": ["large"]}
    assert lists.synonyms_of({"big"}, str(inside / "s.txt")) == {"big": ["large"]}
    for words, source, complaint in (
        (set(), "", "name where they come from"),
        ({"Big"}, "s.txt", "no word of this text has any"),
    ):
        with pytest.raises(ValueError, match=complaint):
            lists.synonyms_of(words, source, tmp_path)


def test_the_published_table_of_synonyms_has_its_documented_size(real):
    table = lists.read_synonyms(real / "synonyms/counterfitted_neighbors.json")
    sizes = [len(found) for found in table.values()]
    assert len(table) == 49975 - 24384 and sum(sizes) == 109104 and max(sizes) == 8
