"""What the factorial stands on: language pairs, frozen arms, bias, XNLI; and every kind of run in a study."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from tiny_studies import here, tiny_study
from torch.nn.functional import normalize

from xltlib import batching, bias, encoders, frozen, heads, losses, prediction, statistics, tasks


@pytest.fixture(scope="module")
def test_pairs():
    return tasks.load_pairs("demo", "test", ["en", "de", "es"], items=12)


def test_language_pairs_share_items_and_labels_and_leave_unequal_ones_out(test_pairs):
    first_spanish = (test_pairs.language1 == "es") & (test_pairs["item"] == test_pairs["item"].iloc[0])
    missing = test_pairs[~first_spanish].copy()
    flipped = (missing.language1 == "de") & (missing["item"] == test_pairs["item"].iloc[1])
    missing.loc[flipped, "label"] = 1 - missing.loc[flipped, "label"]
    pairs = tasks.language_pairs(missing)
    off = pairs[pairs.language1 != pairs.language2]
    assert pairs.attrs["left_out"] == 2 and len(off) == 60
    assert (off.groupby(["language1", "language2"]).size() == 10).all()
    assert off.groupby("item").label.nunique().eq(1).all()
    row = off[(off.language1 == "de") & (off.language2 == "es")].iloc[0]
    of_item = missing[missing["item"] == row["item"]].set_index("language1")
    assert row.sentence1 == of_item.sentence1["de"] and row.sentence2 == of_item.sentence2["es"]
    limited = tasks.language_pairs(missing, 4)
    off = limited[limited.language1 != limited.language2]
    assert (off.groupby(["language1", "language2"]).size() == 4).all()
    assert len(limited) == len(missing) + 24


def test_the_grid_says_diagonal_gap_and_asymmetry(test_pairs):
    pairs = tasks.language_pairs(test_pairs)
    right = {
        ("en", "en"): 12,
        ("de", "de"): 9,
        ("es", "es"): 6,
        ("en", "de"): 8,
        ("de", "en"): 6,
        ("en", "es"): 6,
        ("es", "en"): 6,
        ("de", "es"): 3,
        ("es", "de"): 0,
    }
    parts = []
    for key, part in pairs.groupby(["language1", "language2"]):
        answered = np.arange(len(part)) < right[key]
        parts.append(part.assign(p1=np.where(answered, part.label, 1 - part.label)))
    scored = pd.concat(parts).assign(run="r", selection="last")
    scored["p0"] = 1 - scored.p1
    grid, whole = statistics.generalized(scored)
    accuracy = grid.set_index(["language1", "language2"]).accuracy.to_dict()
    assert accuracy == {key: count / 12 for key, count in right.items()}
    row = whole.iloc[0]
    off = 100 * np.mean([8, 6, 6, 6, 3, 0]) / 12
    assert row.diagonal == pytest.approx(75) and row.off_diagonal == pytest.approx(off)
    assert row.gap == pytest.approx(75 - off)
    assert row.off_diagonal_without_source == pytest.approx(100 * 1.5 / 12)
    assert row.asymmetry == pytest.approx(100 * (2 + 0 + 3) / 3 / 12)
    cell = (scored.language1 == "es") & (scored.language2 == "de")
    lacking = cell & (scored["item"] == scored["item"].min())
    fewer, whole = statistics.generalized(scored[~lacking])  # only items that all cells have
    assert (fewer.n_items == 11).all() and whole.n_items[0] == 11
    with pytest.raises(ValueError, match="run it with pairs=all"):
        statistics.generalized(scored[scored.language1 == scored.language2])


def test_a_bi_encoder_encodes_each_sentence_once_for_all_language_pairs(tiny, words, test_pairs, monkeypatch):
    model = heads.build("bi", encoders.trim(encoders.load(str(tiny["xlm-r"])), words))
    pairs, counted = tasks.language_pairs(test_pairs), []
    vectors = heads.BiEncoder.vectors

    def counting(self, inputs):
        counted.append(len(inputs["input_ids"]))
        return vectors(self, inputs)

    monkeypatch.setattr(heads.BiEncoder, "vectors", counting)
    everywhere = prediction.predict(model, pairs)
    assert sum(counted) == len({*pairs.sentence1, *pairs.sentence2})
    counted.clear()
    diagonal = prediction.predict(model, test_pairs)
    # As many: the grid costs no encoding.
    assert sum(counted) == len({*test_pairs.sentence1, *test_pairs.sentence2})
    assert np.allclose(everywhere.p1[: len(diagonal)], diagonal.p1, atol=1e-6)
    with torch.inference_mode():
        logits = model.eval().logits(pairs.sentence1.tolist(), pairs.sentence2.tolist())
    assert np.allclose(logits.softmax(-1)[:, 1], everywhere.p1, atol=1e-6)


def at_degrees(angles):
    """Unit vectors in the plane at these angles."""
    angles = np.deg2rad(angles)
    return np.column_stack([np.cos(angles), np.sin(angles)])


def test_rank_distance_of_a_ranking_by_hand():
    # Translations are 20 and 15 degrees apart, other sentences 55 and more.
    clean = bias.language_bias({"en": at_degrees([0, 90]), "de": at_degrees([20, 75])})
    assert (clean.retrieval == 1).all()
    assert (clean.average_precision == 1).all() and (clean.rank_distance == 0).all()
    three = {"en": at_degrees([0, 90]), "de": at_degrees([10, 100]), "fr": at_degrees([60, 20])}
    found = bias.language_bias(three)
    english = found.loc["en"]
    # Query en 1 (0): de 1 at 10, fr 2 at 20, fr 1 at 60, en 2 at 90, de 2 at 100.
    # Its translations de 1 and fr 1 rank 1 and 3.
    # Query en 2 (90): de 2 at 10, fr 1 at 30, fr 2 at 70, de 1 at 80, en 1 at 90.
    # Its translations de 2 and fr 2 rank 1 and 3.
    assert english.rank_distance == pytest.approx(2 / 5)
    assert english.average_precision == pytest.approx((1 + 2 / 3) / 2)
    assert english.retrieval == pytest.approx(0.5) and english.same_language == pytest.approx(1 / 3)
    assert (found.pool == 5).all()


def test_vectors_that_know_only_the_language_are_called_biased():
    rng = np.random.default_rng(1)
    of_language = {"en": [8, 0], "de": [0, 8]}
    vectors = {}
    for code, shift in of_language.items():
        v = np.column_stack([np.tile(shift, (30, 1)), rng.normal(size=(30, 6))])
        vectors[code] = v / np.linalg.norm(v, axis=1, keepdims=True)
    found = bias.language_bias(vectors)
    assert (found.same_language > 0.95).all() and (found.retrieval < 0.2).all()


def test_corpora_are_drawn_by_size_to_the_exponent():
    streams = [iter(lambda name=name: name, None) for name in ("small", "large")]
    drawn = batching.mixed(streams, [100, 300], 0.5, np.random.default_rng(1))
    share = np.mean([next(drawn) == "large" for _ in range(4000)])
    p = 3**0.5 / (1 + 3**0.5)
    assert abs(share - p) <= 4 * (p * (1 - p) / 4000) ** 0.5


def test_one_side_of_each_pair_is_seen_through_the_view(test_pairs):
    english = test_pairs[test_pairs.language1 == "en"]

    def lengths(first, second):
        return [len(a) + len(b) for a, b in zip(first, second)]

    def view(sentence, rng):
        return f"<{sentence}>"

    stream = batching.viewed(english, 4, lengths, np.random.default_rng(1), view)
    batches = [next(stream) for _ in range(30)]
    rows = [row for batch in batches for row in zip(batch.first, batch.second, batch.labels)]
    assert all((a[0] == "<") != (b[0] == "<") for a, b, _ in rows)
    assert 0.25 < np.mean([a[0] == "<" for a, _, _ in rows]) < 0.75
    known = set(zip(english.sentence1, english.sentence2, english.label))
    assert {(a.strip("<>"), b.strip("<>"), label) for a, b, label in rows} == known


def test_development_items_that_share_a_sentence_with_the_test_set_are_never_trained_on(test_pairs):
    dev = tasks.load_pairs("demo", "dev", ["en", "de", "es"], items=10)
    shared = dev["item"].unique()[3]
    place = (dev["item"] == shared) & (dev.language1 == "de")
    dev.loc[place, "sentence2"] = test_pairs[test_pairs.language1 == "de"].sentence1.iloc[5]
    train, rest = tasks.divided(dev, test_pairs, 4)
    last = sorted(set(dev["item"]) - {shared})[-3:]
    assert set(rest["item"]) == {shared, *last} and not set(rest["item"]) & set(train["item"])
    assert train["item"].nunique() == 6 and train.attrs["shared_with_test"] == 1
    assert len(train) == 18  # left out in every language
    with pytest.raises(tasks.DataError, match="no development item is left"):
        tasks.divided(dev, test_pairs, 10)


def test_a_threshold_and_a_regression_on_frozen_vectors():
    rng = np.random.default_rng(1)
    u = rng.normal(size=(400, 8))
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    labels = rng.integers(0, 2, 400)
    v = np.where(labels[:, None] == 1, u, -u) + 0.3 * rng.normal(size=u.shape)
    v /= np.linalg.norm(v, axis=1, keepdims=True)
    parts = (u[:200], v[:200], labels[:200]), (u[200:300], v[200:300], labels[200:300]), (u[300:], v[300:])
    for features in frozen.FEATURES:
        p = frozen.probabilities(features, *parts)
        assert p.shape == (100, 2) and np.allclose(p.sum(1), 1)
        assert (p.argmax(1) == labels[300:]).mean() > 0.95
    cosines = (u * v).sum(1)
    best = max(((cosines >= t) == labels).mean() for t in np.linspace(-1, 1, 2001))
    assert ((cosines >= frozen.threshold(cosines, labels)) == labels).mean() >= best
    with pytest.raises(ValueError, match="this task has more"):
        frozen.probabilities("cosine", parts[0], (*parts[1][:2], labels[200:300] * 2), parts[2])
    with pytest.raises(ValueError, match="features='some'"):
        frozen.probabilities("some", *parts)


def test_xnli_is_read_strictly(tmp_path):
    (tmp_path / "xnli").mkdir()
    path = tmp_path / "xnli/test-en.tsv"
    rows = (
        "A dog .\tAn animal .\tentailment",
        "A dog .\tA cat .\tcontradiction",
        "A bird .\tIt sings .\tneutral",
    )
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    frame = tasks.load_pairs("xnli", "test", ["en"], tmp_path)
    classes = [tasks.find("xnli").CLASSES[label] for label in frame.label]
    assert classes == ["entailment", "contradiction", "neutral"]
    assert frame["item"].tolist() == [1, 2, 3] and frame.cluster.tolist() == [1, 1, 3]
    for line, complaint in (
        ("A dog .\tA cat .", "line 1: wanted premise"),
        ("A\tB\tmaybe", "line 1: label 'maybe'"),
        ("\tB\tneutral", "line 1: wanted premise"),
    ):
        path.write_text(line + "\n", encoding="utf-8")
        with pytest.raises(tasks.DataError, match=complaint):
            tasks.load_pairs("xnli", "test", ["en"], tmp_path)
    with pytest.raises(tasks.DataError, match="test-de.tsv: XNLI in XTREME's layout"):
        tasks.load_pairs("xnli", "test", ["de"], tmp_path)


def test_a_sentence_is_no_negative_of_its_own_paraphrase(tiny, words):
    model = heads.build("bi", encoders.trim(encoders.load(str(tiny["xlm-r"])), words)).eval()
    first, second, labels = words[:3], [words[3], words[0], words[4]], [1, 0, 1]
    assert len({*first, *second}) == 5
    batch = batching.Batch(first, second, labels)  # pair 1 holds words[0] again: no negative of pair 0
    u, v = (normalize(model.vectors(side), dim=-1) for side in model.collate(first, second))
    s = (u @ v.T / 0.1).detach().numpy()
    by_hand = np.mean([np.log1p(np.exp(s[0, 2] - s[0, 0])), np.log(np.exp(s[2] - s[2, 2]).sum())])
    more = heads.loss(model, batch, contrastive=1.0, temperature=0.1) - heads.loss(model, batch)
    assert more.item() == pytest.approx(by_hand, abs=1e-5)


def test_info_nce_without_hard_negatives_is_the_ranking_loss_of_sentence_transformers():
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

    generators = (torch.Generator().manual_seed(seed) for seed in (1, 2))
    u, v = (normalize(torch.randn(6, 8, generator=generator), dim=-1) for generator in generators)
    ranking = MultipleNegativesRankingLoss(torch.nn.Identity(), scale=20.0)
    theirs = ranking.compute_loss_from_embeddings([u, v], None)
    ours = losses.info_nce(u, v, torch.ones(6), temperature=0.05)
    assert ours.item() == pytest.approx(theirs.item(), abs=1e-5)


def test_contrastive_training_takes_non_paraphrases_apart(tiny, words, test_pairs):
    torch.manual_seed(1)
    model = heads.build("bi", encoders.trim(encoders.load(str(tiny["xlm-r"])), words))
    english = test_pairs[test_pairs.language1 == "en"]
    batch = batching.Batch(english.sentence1.tolist(), english.sentence2.tolist(), english.label.tolist())
    plain, both = heads.loss(model, batch), heads.loss(model, batch, contrastive=0.5, temperature=0.1)
    assert both > plain
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(20):
        optimizer.zero_grad()
        heads.loss(model, batch, contrastive=1.0, temperature=0.1).backward()
        optimizer.step()
    assert heads.loss(model, batch, contrastive=1.0, temperature=0.1) < both


# -- studies of every kind of run -------------------------------------------------------------------


def finished(folder: Path, text: str, encoder: Path):
    """A study that is made and drawn in this process, for a kernel a run would take minutes.

    Args:
        text: fields of the study, in YAML.
    Returns:
        Where its figures lie, the state of each run by its label without the seed, what the command said.
    """
    synonyms, lists = folder / "synonyms.txt", folder / "lists"
    synonyms.write_text("was were\nborn made\nthe a\nfrom of\n", encoding="utf-8")
    lists.mkdir()
    (lists / "en-de.txt").write_text("was wurde\nborn geboren\nthe das\n", encoding="utf-8")
    fields = yaml.safe_load(text.replace("SYNONYMS", str(synonyms)).replace("LISTS", str(lists)))
    study = tiny_study(encoder)
    fields["common"] = study["common"] | fields["common"]
    study = {**study, "encoders": {}, **fields}
    result = here(folder, study)
    assert result.returncode == 0, result.stderr
    figures = folder / "figures/tiny"
    runs = json.loads((figures / "runs.json").read_text(encoding="utf-8"))["runs"]
    return figures, {run["label"].removesuffix(" seed 1"): run for run in runs}, result


# Every kind of noise once, on a model that they share as their start.
NOISE = """
summary: 30_robustness
common: {scored: {test: 20, dev: 10, pairs: all, pair_items: 6, attack: {kind: pgd, radius: 0.1}}}
parts:
  more: {start: english, steps: 3}
  same: {like: more, scored: {pairs: same}}
trunk:
  english: {keep_model: true, scored: {pairs: same, attack: none}}
arms:
  plain: {start: english, steps: 1, learning_rate: 0.0}
  step-matched: {like: more}
  fgm: {like: more, noise: {kind: fgm, radius: 0.03}}
  copies: {like: more, noise: {kind: synonyms-copies, words: SYNONYMS, copies: 2}}
  synonyms: {like: more, noise: {kind: synonyms, words: SYNONYMS}, scored: {votes: 3}}
  view: {like: more, batches: {kind: hybrid, cross: {kind: synonyms, words: SYNONYMS}}}
  self: {like: more, batches: {kind: hybrid, cross: self}}
  salt: {like: more, noise: {kind: salt, share: 0.3}}
  mixup: {like: same, noise: {kind: mixup, share: 0.3}}
  switched: {like: same, noise: {kind: code-switch, folder: LISTS, languages: de, share: 1.0}}
  gaussian: {like: more, noise: {kind: gaussian, radius: 0.03}}
  gaussian-r0.3: {like: same, noise: {kind: gaussian, radius: 0.3}}
"""
of_noise = pytest.mark.xdist_group("noise")  # so that the study is run once


@pytest.fixture(scope="module")
def noises(tiny, tmp_path_factory):
    return finished(tmp_path_factory.mktemp("noises"), NOISE, tiny["xlm-r"])


@of_noise
def test_a_study_of_noise_names_what_each_arm_read(noises):
    _, state, result = noises
    assert "13 of 13 runs done" in result.stdout
    assert {label: run["strategy"] for label, run in state.items() if run["arm"]} == {
        "plain": "plain",
        "step-matched": "plain",
        "fgm": "fgm",
        "copies": "synonyms-copies",
        "synonyms": "synonyms-votes",
        "salt": "salt",
        "mixup": "mixup",
        "switched": "code-switch",
        "gaussian": "gaussian",
        "gaussian-r0.3": "gaussian",
        "view": "hybrid-synonyms",
        "self": "hybrid-self",
    }
    assert {label: run["rung"] for label, run in state.items() if run["rung"] != "Z0"} == {
        "salt": "Z0'",
        "mixup": "Z0'",
        "self": "Z0'",
        "switched": "Z2",
    }
    for label in ("copies", "synonyms", "view"):
        (words,) = [entry for entry in state[label]["read"] if entry["kind"] == "words"]
        assert words["source"] == "synonyms.txt" and words["languages"] == ["en"] and words["count"] > 0
    assert state["fgm"]["attack"]["items"] == 20 and state["english"]["attack"] == {}


@of_noise
def test_a_study_of_noise_ends_in_its_own_summary(noises):
    figures, _, result = noises
    assert result.returncode == 0, result.stderr
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


# Every adaptation once: of the encoder, during training, after it; doses of text, batches seen through word
# lists, and frozen arms. All are scored on pairs of languages.
FAMILY = """
common:
  targets: en de es
  scored: {test: 20, dev: 10, pairs: all, pair_items: 5, bias: 6}
  steps: 2
parts:
  text: {adaptation: {kind: mlm, text: demo, sentences: 60, languages: de}}
  low-rank: {like: text, adaptation: {lora_rank: 2}}
  dose: {like: text, adaptation: {held_out: 8}, measured: {bias: 6}}
  frozen-vectors: {head: {kind: cosine}}
  centred: {like: frozen-vectors, after: {kind: centre, sentences: 30}}
encoders:
  tsdae: {adaptation: {kind: tsdae, text: demo, sentences: 60, languages: de es}}
  lora: {like: low-rank, adaptation: {checks: 2, patience: 1}, measured: {probes: es, corpus: demo}}
  again: {like: low-rank, draw: 2}
  mlm: {like: dose, adaptation: {sentences: 48}}
  mlm-60: {like: dose, adaptation: {sentences: 68}}
trunk:
  more: {steps: 3, labelled: {stands_for: more-updates}, keep_model: true}
arms:
  plain: {}
  after-tsdae: {encoder: tsdae}
  after-lora: {encoder: lora}
  after-again: {encoder: again}
  dose-40: {encoder: mlm}
  dose-60: {encoder: mlm-60}
  longer: {start: more}
  dann: {keep_model: true, penalty: {kind: dann, text: demo, languages: de es}}
  consistency: {start: dann, penalty: {kind: consistency, languages: de}}
  words: {steps: 4, batches: {kind: hybrid, cross: {kind: dictionary, folder: LISTS, languages: de}}}
  drop: {steps: 4, batches: {kind: hybrid, cross: drop}}
  frozen: {like: frozen-vectors}
  layer: {like: frozen-vectors, head: {layer: 1}}
  logistic: {head: logistic}
  centre: {like: centred, after: {text: demo}}
  detected: {like: centred, head: {layer: 1}, after: {text: task, language_identity: detected}}
  procrustes: {like: frozen-vectors, after: {kind: procrustes, corpus: demo, sentences: 60}}
"""
READ = {  # head, strategy, adaptation and rung of each arm
    "plain": ("cross", "plain", "none", "Z0"),
    "after-tsdae": ("cross", "plain", "tsdae", "Z1"),
    "after-lora": ("cross", "plain", "mlm-lora-draw-1", "Z1"),
    "after-again": ("cross", "plain", "mlm-lora-draw-2", "Z1"),
    "dose-40": ("cross", "plain", "mlm-40", "Z1"),
    "dose-60": ("cross", "plain", "mlm-60", "Z1"),
    "longer": ("cross", "plain", "more-updates", "Z0"),
    "dann": ("cross", "plain", "dann", "Z1"),
    "consistency": ("cross", "plain", "dann+consistency", "Z3"),
    "words": ("cross", "hybrid-dictionary", "none", "Z2"),
    "drop": ("cross", "hybrid-drop", "none", "Z0"),
    "frozen": ("cosine", "plain", "none", "Z0"),
    "layer": ("cosine-layer-1", "plain", "none", "Z0"),
    "logistic": ("logistic", "plain", "none", "Z0"),
    "centre": ("cosine", "plain", "centre", "Z1"),
    "detected": ("cosine-layer-1", "plain", "centre-detected", "Z1"),
    "procrustes": ("cosine", "plain", "procrustes", "Z3"),
}
of_family = pytest.mark.xdist_group("family")


@pytest.fixture(scope="module")
def family(tiny, tmp_path_factory):
    return finished(tmp_path_factory.mktemp("family"), FAMILY, tiny["xlm-r"])


@of_family
def test_a_study_of_the_family_names_what_each_arm_read(family):
    _, state, result = family
    assert "23 of 23 runs done" in result.stdout
    arms = {label: run for label, run in state.items() if run["arm"]}
    parts = ("head", "strategy", "adaptation", "rung")
    assert {label: tuple(run[part] for part in parts) for label, run in arms.items()} == READ
    assert state["words"]["supervision"] == {"en": "labelled", "de": "dictionary", "es": "none"}


@of_family
def test_a_study_of_the_family_keeps_what_was_measured(family):
    figures, state, _ = family
    of_lora = state["lora"]
    assert set(of_lora["before"]) == {"de"} and set(of_lora["probes"]) == {"es"}
    assert 0 <= of_lora["probes"]["es"]["after"] <= 1 and 1 <= len(of_lora["on_the_way"]) <= 2
    assert state["more"]["updates"] == 3 and state["plain"]["updates"] == 2
    assert all(state[label]["tokens"] > 0 for label in ("plain", "tsdae", "centre"))
    assert state["dann"]["penalty"] and 0 <= state["detected"]["languages_guessed"] <= 1
    assert set(state["procrustes"]["retrieved"]) == {"de", "es"}
    assert all(len(state[label][key]) == 3 for label in ("mlm", "mlm-60") for key in ("bias", "bias_before"))
    predicted = pd.read_parquet(figures / "predictions.parquet")
    last = predicted[predicted.selection == "last"]
    cells = last.groupby(["run", "language1", "language2"], observed=True).size()
    off = cells.index.get_level_values(1) != cells.index.get_level_values(2)
    assert len(cells) == len(READ) * 9 and (cells[off] == 5).all()


@of_family
def test_a_study_of_the_family_ends_in_its_figures(family):
    figures, _, result = family
    assert result.returncode == 0, result.stderr
    assert {path.name for path in figures.glob("*.csv")} >= {"generalized.csv", "language_bias.csv"}
    assert len(pd.read_csv(figures / "language_bias.csv")) == len(READ) * 3
    effects = pd.read_csv(figures / "adaptation_effect.csv")
    assert set(effects.language) == {"de", "es"}
    assert set(effects.adaptation) == {adaptation for _, _, adaptation, _ in READ.values()} - {"none"}


def test_a_test_sentence_among_the_training_pairs_stops_a_run_and_xnli_beside_it_trains_three_classes(
    tiny, tmp_path, paws
):
    english = paws / "paws-x/x-final/en"
    lines = (english / "test_2k.tsv").read_text(encoding="utf-8").splitlines()
    train = (english / "train.tsv").read_text(encoding="utf-8").splitlines()
    leaked = ["9" + line for line in lines[1:4]]
    (english / "train.tsv").write_text("\n".join(train[:20] + leaked) + "\n", encoding="utf-8")
    labels = ["entailment", "neutral", "contradiction"] * 4
    rows = [f"A man saw {a} .\tThe man saw {a} .\t{label}\n" for a, label in zip("abcdefghijkl", labels)]
    (paws / "xnli").mkdir()
    for code in ("en", "de"):
        for split, word in (("dev", "man"), ("test", "woman")):
            text = "".join(rows).replace("man", word + code)
            (paws / f"xnli/{split}-{code}.tsv").write_text(text, encoding="utf-8")
    study = tiny_study(tiny["xlm-r"], encoders={})
    of_xnli = {"task": "xnli", "encoder": {"trim": False}, "labelled": {"split": "dev"}, "scored": {"dev": 3}}
    study["arms"] = {
        "leaked": {"steps": 2, "task": "paws-x", "labelled": {"items": 0}},
        "english": {"steps": 2, **of_xnli},
    }
    result = here(tmp_path, study, "--data", str(paws))
    assert result.returncode == 1
    assert "labelled training pairs: 3 of 22 stand in the test set" in result.stderr
    (record,) = [json.loads(path.read_text()) for path in (tmp_path / "runs").glob("*/record.json")]
    assert record["task"] == "xnli"
    predicted = pd.read_parquet(tmp_path / "figures/tiny/predictions.parquet")
    assert {"p0", "p1", "p2"} <= set(predicted.columns) and set(predicted.label) == {0, 1, 2}
    table = pd.read_csv(tmp_path / "figures/tiny/intervals.csv")
    assert table.majority.round(1).tolist() == [33.3, 33.3]


# -- real data --------------------------------------------------------------------------------------


def test_real_paws_x_development_data_is_refused_as_training_data_and_cleaned_on_request(real):
    codes = ["en", "de", "es", "fr", "ja", "ko", "zh", "id"]
    test = tasks.load_pairs("paws-x", "test", codes, real)
    dev = tasks.load_pairs("paws-x", "dev", ["en"], real)
    complaint = r"labelled training pairs: 1\d\d\d of 2000 stand in the test set"
    with pytest.raises(tasks.DataError, match=complaint):
        tasks.refuse_test_sentences(list(zip(dev.sentence1, dev.sentence2)), test, "labelled training pairs")
    of_test = {*test.sentence1, *test.sentence2}
    exact = dev.sentence1.isin(of_test) | dev.sentence2.isin(of_test)
    assert exact.sum() == 1271
    train, rest = tasks.load_training("paws-x", ["en", "de", "zh"], codes, test, real, "dev", 0, 40)
    assert set(train.language1) == {"en", "de", "zh"}
    assert rest["item"].nunique() == 40 and set(rest.language1) == set(codes)
    assert not set(dev["item"][exact]) & set(train["item"]) and train.attrs["shared_with_test"] >= 1271
    assert 500 < train["item"].nunique() <= 729


def test_real_xnli_is_parallel_and_balanced(real):
    frame = tasks.load_pairs("xnli", "test", ["en", "sw", "ur", "th", "hi"], real)
    assert len(frame) == 5 * 5010 and (frame.groupby(["language1", "label"]).size() == 1670).all()
    assert frame.groupby("item").label.nunique().eq(1).all()
