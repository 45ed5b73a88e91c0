"""Batches, updates, heads, noise and adaptation, with models of a few numbers: against what they must be."""

import itertools
from types import SimpleNamespace

import accelerate
import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from xltlib import batching, checkpoints, heads, losses, prediction, tasks, training
from xltlib.adaptation import during, mlm, syntax, tsdae
from xltlib.adaptation.align import retrieval_accuracy, translation_ranking
from xltlib.adaptation.consistency import consistency
from xltlib.adaptation.training import AdaptationTraining, by_language
from xltlib.batching import Batch
from xltlib.components.base import make
from xltlib.door import Door
from xltlib.noise import neighbours
from xltlib.noise.embeddings import RandomPerturbation
from xltlib.noise import words as noisy
from xltlib.noise.neighbours import Mixup
from xltlib.run import Run
from xltlib.shared import Shared

# Batches


def length(first: list[str], second: list[str]) -> list[int]:
    """Tokens, where each letter is one."""
    return [len(one) + len(other) for one, other in zip(first, second)]


def pairs(**items: int) -> pd.DataFrame:
    """So many labelled pairs of each language, of growing length; each sentence begins with its language."""
    rows = [
        (item, code, f"{code}{'x' * item}", f"{code}{'y' * item}", item % 2)
        for code, count in items.items()
        for item in range(count)
    ]
    return pd.DataFrame(rows, columns=["item", "language1", "sentence1", "sentence2", "label"])


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def language(batch: Batch) -> str:
    return batch.first[0][:2]


def share(stream, count: int, holds) -> float:
    """Share of the next batches of which something holds."""
    return sum(map(holds, itertools.islice(stream, count))) / count


def test_batches_do_not_come_in_order_of_length_and_follow_the_seed():
    lengths = list(range(4 * batching.POOL))  # all in one pool
    drawn = batching.bucketed(lengths, 4, rng())
    means = [np.mean(batch) for batch in drawn]
    assert means != sorted(means) and means != sorted(means, reverse=True)
    assert [batch.tolist() for batch in drawn] != [b.tolist() for b in batching.bucketed(lengths, 4, rng(2))]
    many = [1] * (2 * batching.POOL)  # of equal length: what shares a batch is by chance alone
    together = [{frozenset(batch.tolist()) for batch in batching.bucketed(many, 2, rng(of))} for of in (1, 2)]
    assert len(together[0] & together[1]) < 10


@pytest.mark.parametrize("exponent, expected", [(0.0, 0.5), (1.0, 0.1)])
def test_languages_with_little_text_are_drawn_by_the_exponent(exponent, expected):
    stream = batching.monolingual(pairs(de=10, en=90), 5, length, rng(), exponent)
    assert share(stream, 600, lambda batch: language(batch) == "de") == pytest.approx(expected, abs=0.06)


def test_either_language_may_come_first_in_a_cross_lingual_pair():
    stream = batching.cross_lingual(pairs(de=20, en=20), 4, length, rng())
    batches = list(itertools.islice(stream, 10))
    found = {(one[:2], two[:2]) for batch in batches for one, two in zip(batch.first, batch.second)}
    assert found == {("de", "en"), ("en", "de")}


def test_which_sentence_is_seen_through_a_view_is_drawn_anew_in_each_pass():
    def view(sentence: str, rng) -> str:
        return f"seen {sentence}"

    stream = batching.viewed(pairs(en=20), 20, length, rng(), view)
    passes = []
    for batch in itertools.islice(stream, 2):
        seen = [[text.startswith("seen") for text in side] for side in (batch.first, batch.second)]
        assert all(one != two for one, two in zip(*seen))
        passes.append(dict(zip([text.removeprefix("seen ") for text in batch.first], seen[0])))
    assert passes[0].keys() == passes[1].keys() and passes[0] != passes[1]


def translated(*codes: str, count: int = 40) -> dict[str, list[tuple[str, str]]]:
    return {code: [(f"en{'x' * n}", f"{code}{'x' * n}") for n in range(count)] for code in codes}


def stream_of(component, corpora: dict):
    """Batches of a component of batches whose translations are given."""
    ready = component.holding(cross=component.cross.holding(corpora=corpora))
    data = SimpleNamespace(train=pairs(en=60))
    return ready.stream(SimpleNamespace(lengths=length), data, rng())


@pytest.mark.parametrize("alpha", [0.2, 0.8])
def test_hybrid_batches_have_their_own_share_and_sizes(alpha):
    cross = {"kind": "translations", "corpus": "one", "size": 6}
    hybrid = make("batches", {"kind": "hybrid", "size": 4, "alpha": alpha, "cross": cross})
    batches = list(itertools.islice(stream_of(hybrid, {"one": translated("de")}), 400))
    labelled = [batch for batch in batches if batch.labels is not None]
    assert len(labelled) / 400 == pytest.approx(alpha, abs=0.08)
    assert max(len(batch.first) for batch in labelled) == 4
    assert max(len(batch.first) for batch in batches if batch.labels is None) == 6


@pytest.mark.parametrize("exponent, expected", [(0.0, 0.5), (1.0, 0.1)])
def test_two_corpora_of_translations_are_drawn_by_their_exponent(exponent, expected):
    cross = {"kind": "translations", "corpus": "one two", "size": 4, "exponent": exponent}
    both = make("batches", {"kind": "cross-lingual", "cross": cross})
    corpora = {"one": translated("de", count=10), "two": translated("ja", count=90)}
    found = share(stream_of(both, corpora), 500, lambda batch: batch.second[0].startswith("de"))
    assert found == pytest.approx(expected, abs=0.07)


# Updates


class Line(nn.Module):
    """A body and a head of one number each; dropout tells whether it is in training mode."""

    def __init__(self):
        super().__init__()
        self.body, self.classifier = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
        for layer in (self.body, self.classifier):
            nn.init.constant_(layer.weight, 0.5)

    def forward(self, x):
        return self.classifier(self.body(x))


def test_training_is_the_loop_that_one_would_write_by_hand():
    numbers = [torch.tensor([[float(n)]]) for n in range(1, 9)]

    def loss(model):
        return lambda x: (model(x) - 3 * x).square().mean()

    model = Line()
    options = {"steps": 8, "learning_rate": 0.01, "weight_decay": 0.1, "warmup": 0.25, "clip": 0.5}
    found = training.train(model, iter(numbers), loss(model), **options, precision="no", progress=False)
    other, expected = Line(), []
    groups = [{"params": other.body.parameters()}, {"params": other.classifier.parameters()}]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.1)
    for step, x in enumerate(numbers):
        share = (step / 2) if step < 2 else (8 - step) / 6  # of the peak: up in two updates, down in six
        for group, peak in zip(optimizer.param_groups, (0.01, 0.1)):
            group["lr"] = share * peak
        optimizer.zero_grad()
        value = loss(other)(x)
        value.backward()
        torch.nn.utils.clip_grad_norm_(other.parameters(), 0.5)
        optimizer.step()
        expected.append(value.item())
    assert found == pytest.approx(expected, rel=1e-6)
    assert model.body.weight.item() == pytest.approx(other.body.weight.item(), rel=1e-6)


@pytest.mark.parametrize(
    ("warmup", "rates"),
    [(0.0, [1, 3 / 4, 2 / 4, 1 / 4]), (0.1, [0, 1, 2 / 3, 1 / 3]), (0.5, [0, 1 / 2, 1, 1 / 2])],
)
def test_without_warmup_the_first_update_has_the_peak(warmup, rates):
    groups = [{"params": [nn.Parameter(torch.ones(1))], "lr": 1.0}]
    optimizer, schedule = training.optimizer_and_schedule(groups, 4, 0.0, warmup)
    found = []
    for _ in rates:
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    assert found == pytest.approx(rates)


def test_a_single_step_without_warmup_trains():
    model = Line()
    batches, options = iter([torch.ones(1, 1)]), {"precision": "no", "progress": False}
    training.train(model, batches, lambda x: model(x).square().mean(), 1, 0.01, warmup=0.0, **options)
    assert model.body.weight.item() == pytest.approx(0.49)


def test_training_goes_on_in_training_mode_after_a_checkpoint():
    model, modes = nn.Linear(1, 1), []

    def loss(x):
        modes.append(model.training)
        return model(x).square().mean()

    def measure(step: int) -> None:
        model.eval()

    data, options = itertools.repeat(torch.ones(1, 1)), {"checkpoints": 2, "at_checkpoint": measure}
    training.train(model, data, loss, 4, precision="no", progress=False, **options)
    assert modes == [True] * 4


@pytest.mark.parametrize("precision", ["auto", "bf16", "no"])
def test_the_model_runs_in_the_precision_that_was_asked_for(precision, monkeypatch):
    class Asked(Exception):
        pass

    def accelerator(mixed_precision: str):
        raise Asked(mixed_precision)

    monkeypatch.setattr(accelerate, "Accelerator", accelerator)  # of a process there is one
    monkeypatch.setattr(training, "mixed_precision", lambda: "what the machine has")
    with pytest.raises(Asked, match="what the machine has" if precision == "auto" else precision):
        training.train(nn.Linear(1, 1), iter(()), None, 1, precision=precision)


def test_what_starts_from_nothing_has_the_rate_of_the_head():
    model = nn.Module()
    for name in ("model", "classifier", "discriminator", "probe"):
        setattr(model, name, nn.Linear(1, 1, bias=False))
    model.model.query = nn.Module()
    model.model.query.lora_A = nn.Linear(1, 1, bias=False)
    names = {id(p): name.removesuffix(".weight") for name, p in model.named_parameters()}
    body, head = training.parameter_groups(model, 1.0, 10.0)
    assert [names[id(p)] for p in body["params"]] == ["model"] and (body["lr"], head["lr"]) == (1.0, 10.0)
    fresh = {"classifier", "discriminator", "probe", "model.query.lora_A"}
    assert {names[id(p)] for p in head["params"]} == fresh


# Seeds of a run


def test_batches_follow_the_seed_and_whether_a_model_goes_on():
    def drawn(seed: int, start: str, name: str) -> float:
        return Run.rng(SimpleNamespace(seed=seed, start=start), name).random()

    cases = [*itertools.product((1, 2), ("", "finetune-1"), ("batches",))]
    cases += [(1, "", "penalty"), (2, "", "penalty")]
    assert len({drawn(*case) for case in cases}) == len(cases)
    assert drawn(1, "", "batches") == drawn(1, "", "batches")


def test_the_head_is_drawn_by_the_seed_and_an_adaptation_by_seed_and_draw():
    class Part:
        """A head or an adaptation, of which only what is drawn matters."""

        def build(self, encoder, encoder_options, seed_or_classes):
            self.drawn, self.given = torch.rand(1).item(), seed_or_classes
            return self

        def in_run(self, place, measured, trained):
            pass

    class Stub:
        task, start, measured, encoder_place, _whole = "demo", "", None, "", None
        encoder = SimpleNamespace(frozen_layers=0)
        head = adaptation = Part()

        def __init__(self, seed: int, draw: int = 1):
            self.seed, self.draw = seed, draw

        def trimmed(self):
            return SimpleNamespace(model=SimpleNamespace(config=SimpleNamespace(num_hidden_layers=12)))

    def head(seed: int) -> float:
        return Run.model(Stub(seed)).drawn

    def adapted(seed: int, draw: int) -> tuple[float, int]:
        adapting = Run.adapting(Stub(seed, draw))
        return adapting.drawn, adapting.given

    assert head(1) == head(1) != head(2)
    assert len({adapted(*of) for of in ((1, 1), (2, 1), (1, 2))}) == 3 and adapted(1, 2) == adapted(1, 2)


# Heads and their losses


class Table:
    """A bi-encoder that looks vectors up; its scores are the features that the classifier sees."""

    VECTORS = {"a": [1.0, 0.0], "b": [0.0, 1.0], "c": [1.0, 1.0], "d": [0.5, 1.0], "e": [0.8, 0.6]}

    def __init__(self):
        self.classifier = nn.Sequential(nn.Identity())
        self.classifier[0].weight = torch.zeros(1)

    def eval(self):
        pass

    def collate(self, first, second):
        return first, second

    def vectors(self, sentences):
        return torch.tensor([self.VECTORS[sentence] for sentence in sentences])

    embed = vectors

    def compare(self, u, v):
        return heads.BiEncoder.compare(self, u, v)

    def logits(self, first, second):
        return self.compare(self.vectors(first), self.vectors(second))


def test_a_bi_encoder_compares_by_difference_and_product():
    assert Table().logits(["d"], ["e"])[0].tolist() == pytest.approx([0.5, 1, 0.8, 0.6, 0.3, 0.4, 0.4, 0.6])


@pytest.mark.parametrize("weight", [0.5, 2.0])
def test_info_nce_is_added_with_its_weight_and_options(weight):
    model = Table()
    batch = Batch(["a", "b", "c"], ["c", "d", "a"], [1, 1, 0])
    asked = {"temperature": 0.3, "margin": 0.2, "negatives": "neg_only"}
    plain, both = heads.loss(model, batch), heads.loss(model, batch, weight, **asked)
    u, v = (nn.functional.normalize(model.vectors(side), dim=-1) for side in (batch.first, batch.second))
    pull = losses.info_nce(u, v, torch.tensor(batch.labels), same=heads._same(batch), **asked)
    assert (both - plain).item() == pytest.approx(weight * pull.item(), rel=1e-5) and pull > 0
    component = make("head", {"kind": "bi-negatives", "weight": weight, **asked})
    assert component.loss(model)(batch).item() == pytest.approx(both.item(), rel=1e-6)


def test_what_says_the_same_is_no_negative():
    batch = Batch(["a", "a", "b", "c"], ["x", "y", "y", "a"], [1, 1, 0, 0])
    same = heads._same(batch).tolist()
    assert same[0] == [True, True, False, True]  # its own, its other paraphrase, itself
    assert same[2] == [False, True, True, False]  # its own second sentence, whichever pair has it
    assert same[3] == [False, False, False, True]


def test_a_true_pair_is_ranked_with_the_margin_of_the_paper():
    eye = torch.eye(2)
    by_hand = 2 * np.log(1 + np.exp(20 * (0.3 - 1)))  # 2 * -log(e^14 / (e^14 + e^0))
    assert translation_ranking(eye, eye).item() == pytest.approx(by_hand, rel=1e-2)


def test_retrieval_is_the_mean_of_both_directions():
    # Both sentences of the source find their translations; e finds a, not b.
    assert retrieval_accuracy(Table(), [("a", "a"), ("b", "e")]) == pytest.approx(0.75)


# Penalties


def test_the_discriminator_tells_the_source_language_from_others():
    calls = []

    class Discriminator(nn.Module):
        def forward(self, vectors, domain, strength):
            calls.append((vectors.flatten().tolist(), domain.tolist(), strength))
            return vectors.sum()

    class Model:
        pretrained = SimpleNamespace(hidden=1)

        def tensors(self, sentences):
            return sentences

        def pool(self, sentences):
            return torch.tensor([[float(len(sentence))] for sentence in sentences])

    model = Model()
    penalty = during.DannPenalty(model, itertools.repeat((["a", "bb"], ["ccc"])), steps=100)
    model.discriminator = Discriminator()
    for done in (0, 50, 100):
        penalty.at(done)
    assert all(call[:2] == ([1.0, 2.0, 3.0], [0, 0, 1]) for call in calls)
    strengths = [strength for _, _, strength in calls]
    assert strengths[0] == 0 and strengths == sorted(strengths) and 0.9 < strengths[2] < 1


class Scores(nn.Module):
    """Class scores that differ by language; ``shift`` is what is trained."""

    def __init__(self):
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(1))

    def logits(self, first, second):
        scores = torch.tensor([[1.0, 0.0] if one.startswith("en") else [0.0, 3.0] for one in first])
        return scores + torch.stack([self.shift, -self.shift], dim=-1)


@pytest.mark.parametrize("decay", [1.0, 0.5])
def test_the_teacher_answers_pairs_of_the_source_language(decay):
    model = Scores()
    source, target = Batch(["en1", "en2"], ["en3", "en4"]), Batch(["de1", "de2"], ["de3", "de4"])
    penalty = during.ConsistencyPenalty(model, itertools.repeat((source, target)), decay)
    with torch.no_grad():
        model.shift += 1.0
    found = penalty.at(1)
    follows = torch.tensor([[1.5, -0.5]] * 2) if decay == 0.5 else torch.tensor([[1.0, 0.0]] * 2)
    expected = consistency(follows, model.logits(target.first, target.second))
    assert found.item() == pytest.approx(expected.item(), rel=1e-6) and found > 0


# Noise, and what adaptations read and measure


@pytest.mark.parametrize("rate", [0.2, 0.6])
def test_words_are_left_out_at_their_rate(rate):
    sentence = " ".join(["word"] * 4000)
    left = len(noisy.dropping(rate)(sentence, rng()).split())
    assert left / 4000 == pytest.approx(1 - rate, abs=0.04)


def seen(share: float) -> noisy.WordNoise:
    """Noise that writes sentences in capitals."""

    def view(sentence: str, rng) -> str:
        return sentence.upper()

    return noisy.WordNoise(view, 1, share_of_pairs=share)


def test_word_noise_changes_labelled_pairs_alone():
    given = []

    def loss(batch):
        given.append(batch)
        return torch.zeros(1, requires_grad=True).sum()

    for labels in ([1], None):
        seen(1.0)(loss, Batch(["a"], ["b"], labels), torch.Tensor.backward)
    assert (given[0].first, given[0].second) == (["A"], ["B"]) and given[1].first == ["a"]


def test_noise_with_a_share_changes_that_share_of_the_pairs():
    batch = seen(0.5).noisy(Batch(["a"] * 2000, ["b"] * 2000, [1] * 2000))
    assert batch.first.count("A") / 2000 == pytest.approx(0.5, abs=0.05)
    assert [one == "A" for one in batch.first] == [two == "B" for two in batch.second]


def test_mixup_mixes_embeddings_at_its_rate():
    mixup = Mixup(model=None, mixed=torch.ones(1, 1), rate=0.3)
    changed = mixup._change(torch.zeros(50, 80, dtype=torch.long), torch.zeros(50, 80, 1))
    assert (changed > 0).float().mean().item() == pytest.approx(0.3, abs=0.03)


def test_perplexity_weighs_each_masked_piece_alike(monkeypatch):
    labels = [torch.tensor([[5, -100, -100]]), torch.tensor([[5, 6, 7]])]

    class Model:
        classifier = SimpleNamespace(bias=torch.zeros(1))

        def eval(self):
            pass

        def __call__(self, labels):
            return torch.tensor(float((labels != -100).sum()))

    monkeypatch.setattr(mlm, "masked_batches", lambda *given, seed: iter([{"labels": of} for of in labels]))
    assert mlm.perplexity(Model(), None, ["text"] * 32) == pytest.approx(np.exp((1 * 1 + 3 * 3) / 4))


def test_texts_are_drawn_by_the_exponent_or_from_one_pool():
    def texts(exponent: float) -> SimpleNamespace:
        return SimpleNamespace(exponent=exponent, training_texts={"de": ["de"] * 90, "gn": ["gn"] * 10})

    def batches(texts: list[str]):
        return itertools.repeat(texts)

    assert len(next(by_language(texts(1), batches, 1))) == 100
    apart = by_language(texts(0.0), batches, 1)
    assert share(apart, 600, lambda batch: batch[0] == "gn") == pytest.approx(0.5, abs=0.06)


def test_held_out_text_has_the_geometric_mean_of_its_languages():
    found = SimpleNamespace(measure=lambda: {"de": 1.0, "gn": 100.0})
    assert AdaptationTraining.mean_held_out(found) == pytest.approx(10.0)


@pytest.mark.parametrize("zero_shot", ["de", "es"])
def test_labels_of_a_language_that_is_called_zero_shot_are_refused(zero_shot, tmp_path):
    test = tasks.load_pairs("demo", "test", ["en", "de", "es"])
    run = SimpleNamespace(task="demo", targets=["en", "de", "es"], source="en", folder=None)
    run.provenance = Door("demo", test, None, [], Shared(tmp_path))
    run.scored, run.codes, run.head = SimpleNamespace(test=4, dev=4), str.split, make("head", "cross")
    labelled = make("labelled", {"languages": "en de", "zero_shot": zero_shot})
    if zero_shot == "es":
        assert set(labelled.load(run).train.language1) == {"en", "de"}
    else:
        with pytest.raises(ValueError, match="de: called zero-shot, but labelled items of it are read"):
            labelled.load(run)


def test_a_word_is_looked_up_in_lower_case():
    view = noisy.code_switching({"de": {"cat": ["Katze"]}}, rate=1.0)
    assert view("Cat CAT cat dog", rng()) == "Katze Katze Katze dog"


def test_a_neighbour_is_as_near_as_was_asked_for():
    table = torch.tensor([[1.0, 0.0], [0.8, 0.6], [0.6, 0.8], [1.0, 0.1]])
    pieces = ["▁cat", "▁Katze", "▁gato", "▁chat"]
    found = neighbours._nearest(table, {"cat": 0}, [1, 2, 3], pieces, limit=3, at_least=0.7)
    assert found.candidate.tolist() == ["chat", "Katze"]
    assert found.cosine.tolist() == pytest.approx([1 / 1.01**0.5, 0.8])


def test_perplexity_of_denoising_weighs_each_piece_alike(monkeypatch):
    def batch(pieces: int) -> tuple[dict, dict]:
        mask = torch.tensor([[1] * (pieces + 1)])  # the first is where a sentence begins
        return {"attention_mask": mask}, {"attention_mask": mask}

    class Model(nn.Linear):
        def forward(self, noisy, original):
            return torch.tensor(float(original["attention_mask"].sum() - 1))

    monkeypatch.setattr(tsdae, "noisy_batches", lambda *given, **options: iter([batch(1), batch(3)]))
    found = tsdae.perplexity(Model(1, 1), None, ["text"] * 32)
    assert found == pytest.approx(np.exp((1 * 1 + 3 * 3) / 4))


@pytest.mark.parametrize("labels", [[1], None])
def test_embeddings_are_perturbed_for_labelled_pairs_alone(labels, monkeypatch):
    class Perturbed(Exception):
        pass

    def drawn(self):
        raise Perturbed

    def loss(batch):
        return torch.zeros(1, requires_grad=True).sum()

    monkeypatch.setattr(RandomPerturbation, "drawn", drawn)
    noise = RandomPerturbation(SimpleNamespace(pretrained=SimpleNamespace(mean_norm=1.0)))
    if labels:
        with pytest.raises(Perturbed):
            noise(loss, Batch(["a"], ["b"], labels), torch.Tensor.backward)
    else:
        assert noise(loss, Batch(["a"], ["b"]), torch.Tensor.backward).item() == 0


@pytest.mark.parametrize("asked", [True, False])
def test_synonyms_are_drawn_as_their_options_say(asked):
    options = {"words": "list.txt", "share": 0.4, "joint": asked, "names_safe": asked}
    noise = make("noise", {"kind": "synonyms", **options}).holding(table={"big": ["large"]})
    step = noise.step(None, 3)
    assert (step.joint, step.seed, step.view.rate, step.view.names_safe) == (asked, 3, 0.4, asked)


def test_a_rotation_is_not_evaluated_on_the_translations_that_it_was_fitted_to():
    drawn, vectors = rng(), {}

    def vectors_of(sentences: list[str]) -> np.ndarray:
        for sentence in sentences:
            vectors.setdefault(sentence, drawn.normal(size=64))
        return np.stack([vectors[sentence] for sentence in sentences])

    rotation = make("after", {"kind": "procrustes", "corpus": "ntrex"})
    ready = rotation.holding(texts={"de": translated("de", count=60)["de"]}, source="en")
    found = ready.fit(vectors_of)
    assert found.retrieved["de"]["after"] < 0.25  # vectors without any relation; its own it would all find


def test_a_probe_is_not_fitted_to_the_trees_that_it_is_evaluated_on(monkeypatch):
    trees = {code: [f"{code} {n}" for n in range(syntax.EVALUATED + 20)] for code in ("de", "ja")}
    fitted, evaluated = [], []

    def scores(probe, vectors, trees):
        evaluated.extend(trees)
        assert len(vectors) == len(trees)

    def fit(vectors, trees, rank, seed, epochs):
        fitted.extend(trees)

    monkeypatch.setattr(syntax, "_vectors", lambda reader, trees: list(trees))
    monkeypatch.setattr(syntax, "fit_probe", fit)
    monkeypatch.setattr(syntax, "probe_scores", scores)
    syntax.probe_quality(None, trees, fitted_to=["de"])
    assert fitted == trees["de"][syntax.EVALUATED :]
    assert evaluated == [*trees["de"][: syntax.EVALUATED], *trees["ja"][: syntax.EVALUATED]]


def test_as_many_votes_and_averages_are_taken_as_were_asked_for(monkeypatch):
    asked = {}

    def averaged(model, steps, count):
        asked["averaged"] = (steps, count)

    def voted(model, frame, voting, votes, progress, source):
        asked["votes"] = votes

    class Kept:
        model = None

        def predict(self, pairs, progress, score):
            score(None, pairs, progress)

    monkeypatch.setattr(checkpoints, "Averaged", averaged)
    monkeypatch.setattr(checkpoints, "Checkpoints", lambda *given: None)
    monkeypatch.setattr(prediction, "voted", voted)
    scored = make("scored", {"averaged": 8, "votes": 5})
    data = SimpleNamespace(dev=None, source="en", test=None)
    scored.checkpoints(None, data, 100)
    scored.predict(Kept(), data, make("noise", "none"), 1)
    assert asked == {"averaged": (100, 8), "votes": 5}
