"""The benchmark beside peers, and the script for a GPU, with an encoder of tiny shapes."""

import importlib
from argparse import Namespace
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from xltlib import command_line

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def benchmark(monkeypatch):
    """A module of benchmarks/ by its name."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module


@pytest.fixture
def throughput(benchmark):
    return benchmark("throughput")


def test_another_device_leaves_the_rows_of_the_first(tmp_path, throughput):
    path = tmp_path / "throughput.csv"
    before = pd.DataFrame({"device": ["one", "one", "card"], "encoder": ["offline", "offline", "other"]})
    before.to_csv(path, index=False)
    measured = {"start-up": 3.0, "scoring": (8, 1.0), "memory": (2.0, 0.0), "work": None}
    ours = [
        measured | {"training": (30, 1.0), "work": (1e9, 40.0)},
        measured | {"training": (30, 2.0), "start-up": 5.0},
    ]
    mine = [measured | {"training": (5, 1.0), "scoring": (0, 0.0)}]
    fresh = throughput.complete({"ours": ours, "mine": mine}, 0.1, {"ours": (90.0, 1.0)})
    assert fresh["training, pairs/s"].tolist() == [20.0, 5.0] and fresh.loc["ours", "start-up, s"] == 4.0
    assert fresh.loc["mine", "training, ours is faster by"] == 4.0
    assert fresh["share of the matrix peak"].tolist() == pytest.approx([0.2, 0.05])
    assert fresh.loc["mine", ["accuracy", "scoring, pairs/s"]].isna().all()
    fresh = fresh.rename_axis("contender").reset_index()
    again = throughput.merged(fresh.assign(device="one", encoder="offline"), path)
    assert again.device.tolist() == ["card", "one", "one"]  # all rows of this device are replaced
    more = throughput.merged(fresh.assign(device="two", encoder="offline"), path)
    assert more.device.tolist() == [*before.device, "two", "two"]


def test_a_device_says_when_its_instructions_were_limited(throughput, monkeypatch):
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    whole = throughput.device_name(True)
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    limited = throughput.device_name(False)
    assert whole.endswith(", bf16") and limited.endswith(", no bf16, instructions limited to AVX2")


def test_translate_test_is_compared_item_by_item_with_the_same_training(benchmark):
    translate_test = benchmark("translate_test")
    languages, items, seeds = ("sw", "yor"), range(40), (1, 2)
    rows = pd.DataFrame(product(languages, seeds, items), columns=["language", "seed", "item"])
    rows = rows.assign(cluster=rows["item"], encoder="offline", strategy="plain", head="cross", rung="Z0")
    zero_shot = rows.assign(adaptation="none", right=rows["item"] % 2)  # half of the items
    # In Yoruba translation mends every second wrong answer; in Swahili nothing.
    mended = (rows.language == "yor") & (rows["item"] % 4 == 0)
    translated = zero_shot.assign(adaptation="translate-test", right=zero_shot.right.where(~mended, 1))
    groups = {"text": "sw", "translations": "yor zul", "unknown": "nah"}
    table = translate_test.compared(pd.concat([zero_shot, translated]), groups)
    assert table.group.tolist() == ["text", "translations", "all"]
    assert table.language.tolist() == ["sw", "yor", "mean"]
    assert table["zero-shot"].tolist() == [50.0] * 3
    assert table["translate-test"].tolist() == [50.0, 75.0, 62.5]
    assert table.effect.tolist() == pytest.approx([0.0, 25.0, 12.5])
    assert table.n_items.tolist() == [40] * 3 and table.n_seeds.tolist() == [2] * 3


def test_the_english_model_is_asked_about_the_items_and_seeds_of_the_study(benchmark):
    sensitivity = benchmark("sensitivity")
    asked = pd.DataFrame(product(("en", "de", "ko"), (1, 2), range(4)), columns=["language", "seed", "item"])
    study = SimpleNamespace(study="again", right=asked, order=["en", "de", "ko"], zero_shot=["de", "ko"])
    scored = pd.DataFrame(product(("en", "de", "ko"), (1, 2, 3), range(9)), columns=asked.columns)
    # Right in German, in Korean with seed 1 alone; never on items and with seeds that the study has not.
    of_study = (scored["item"] < 4) & (scored.seed < 3)
    right = of_study & (scored.language.isin(["en", "de"]) | (scored.seed == 1))
    baseline = SimpleNamespace(study="model", right=scored.assign(right=right.astype(int)))
    table = sensitivity.english_model(study, baseline)
    assert table.language.tolist() == ["en", "de", "ko", "mean"]
    assert table.accuracy.tolist() == [100.0, 100.0, 50.0, 75.0]
    assert set(table.n_items) == {4} and set(table.n_seeds) == {2}
    baseline.right = baseline.right[baseline.right["item"] != 3]
    with pytest.raises(ValueError, match="model lacks 6 answers that again has"):
        sensitivity.english_model(study, baseline)


def test_effects_on_parts_leave_out_items_and_seeds_of_choices(benchmark):
    sensitivity = benchmark("sensitivity")
    rows = pd.DataFrame(product((1, 2, 3), range(6)), columns=["seed", "item"])
    of_seed = rows.seed.map({1: 0.0, 2: 0.0, 3: 10.0})
    rows = rows.assign(effect=of_seed.where(rows["item"] >= 2, of_seed + 1))
    seen = []

    def effects_of(right):
        seen.append(right)
        table = pd.DataFrame({"language": ["de", "mean"], "encoder": "e", "strategy": "hybrid"})
        table = table.assign(head="cross")
        table = table.assign(adaptation="mlm", effect=right.effect.mean(), n_items=right["item"].nunique())
        judged = {"low": 0.0, "high": 1.0, "p": 0.5, "p (Holm)": 1.0, "verdict": "undecided"}
        return table.assign(**judged, n_seeds=right.seed.nunique()), table.head(0), []

    data = SimpleNamespace(right=rows, effects_of=effects_of)
    table = sensitivity.effects_on_parts(data, {0, 1}, 3)
    assert table.part.tolist() == ["all", "without the 2 items of choices", "without seed 3"]
    assert table.n_items.tolist() == [6, 4, 6] and table.n_seeds.tolist() == [3, 3, 2]
    assert table.effect.tolist() == pytest.approx([1 / 3 + 10 / 3, 10 / 3, 1 / 3])


def test_power_after_correction_is_that_of_simulated_studies(benchmark):
    sensitivity = benchmark("sensitivity")
    effect = sensitivity.found(1.0, 6, 9)
    assert effect == pytest.approx(2.29, abs=0.01)  # what the design of paws-x-strong reckoned with
    assert sensitivity.found(0.5, 6, 9) == pytest.approx(effect / 2)
    spread, rng = 6**0.5 / stats.t.isf(0.025, 5), np.random.default_rng(1)
    studies = rng.normal(effect, spread, (20_000, 6))
    assert (stats.ttest_1samp(studies, 0, axis=1).pvalue < 0.05 / 9).mean() == pytest.approx(0.8, abs=0.01)


def test_how_many_seeds_an_effect_takes_falls_with_its_size(benchmark):
    sensitivity = benchmark("sensitivity")
    effect = sensitivity.found(1.0, 6, 9)
    takes = [sensitivity.seeds_to_find(size * effect, 1.0, 6, 9) for size in (-1.001, 0.8, 0.5, 0.0)]
    assert takes[0] == 6 and takes == sorted(takes) and takes[-1] == sensitivity.MOST_SEEDS
    row = {"encoder": "e", "head": "cross", "adaptation": "mlm", "low": -1.0, "high": 1.0, "n_seeds": 6}
    row |= {"effect": 2.0, "verdict": "undecided"}
    names = ["hybrid", "labse-recipe", "hybrid - labse-recipe"]
    table = sensitivity.power(pd.DataFrame([{**row, "strategy": name} for name in names]))
    expected = [sensitivity.found(1.0, 6, tests) for tests in (2, 2, 1)]
    assert table.half_width.tolist() == [1.0] * 3 and table.found.tolist() == pytest.approx(expected)


def test_effects_on_english_are_judged_as_one_family(benchmark):
    row = {"encoder": "e", "strategy": "hybrid", "head": "cross", "effect": -1.0, "low": -2.0, "high": -0.1}
    tests = {"mlm": 0.01, "tsdae": 0.04}
    rows = [{**row, "adaptation": name, "p": p, "p_equivalent": 0.9} for name, p in tests.items()]
    data = SimpleNamespace(effects_at_source=pd.DataFrame(rows).assign(n_seeds=6), missing=[], records=[])
    table = benchmark("sensitivity").effects_on_english(data)
    assert table.effect.tolist() == [-1.0, -1.0]
    assert table["p (Holm)"].tolist() == pytest.approx([0.02, 0.04])
    assert table.verdict.tolist() == ["down", "down"]


def test_effects_over_the_control_are_corrected_over_all_arms_and_over_its_own(benchmark, monkeypatch):
    sensitivity = benchmark("sensitivity")
    row = {"encoder": "e", "strategy": "hybrid", "head": "cross", "effect": -1.0, "low": -2.0, "high": -0.1}
    compared = pd.DataFrame({"adaptation": ["mlm-7-languages", "tsdae", "consistency", "tsdae"], **row})
    compared = compared.assign(over=["more-updates"] * 3 + ["mlm-en"], p=[0.02, 0.03, 0.5, 0.001])
    compared["p (Holm)"] = [0.06, 0.06, 0.5, 0.001]
    monkeypatch.setattr(sensitivity.controls, "over_controls", lambda data, matched: compared)
    table = sensitivity.over_the_control(None)
    assert table.outcome.tolist() == ["accuracy"] * 2 + ["matched shares"] * 2
    assert table["p of these"].tolist() == pytest.approx([0.04, 0.04] * 2)
    assert set(table.compared) == {3} and set(table.of_these) == {2}


def test_what_the_script_for_a_gpu_asks_for_is_there(benchmark, throughput, tmp_path):
    gpu = benchmark("gpu")
    for tiny in (False, True):
        args = throughput.arguments(gpu.beside_peers(tmp_path, tiny, tmp_path / "out.csv"))
        assert args.max_length == 64 and args.peers == gpu.PEERS and args.accuracy == 0
        assert args.batch_size == (4 if tiny else 32)
    study = command_line.parsed(gpu.study("paws-x", 3, ["seeds=1"], tmp_path), ROOT)
    assert (study.study, study.jobs, study.set) == ("paws-x", 3, ["seeds=1"])


@pytest.fixture(scope="module")
def random_encoder(tmp_path_factory):
    """A folder with a random encoder of tiny shapes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "benchmarks"))
        gpu = importlib.import_module("gpu")
    folder = tmp_path_factory.mktemp("random") / gpu.NAME
    gpu.random_encoder(folder, gpu.TINY)
    return folder


@pytest.fixture
def tiny(random_encoder, monkeypatch):
    """The benchmark's arguments, for a tiny encoder and some rows that are in the package."""
    monkeypatch.delenv("XLTLIB_DATA", raising=False)
    folder = str(random_encoder)
    about = {"task": "demo-easy", "encoder": folder, "peer_encoder": folder, "precision": "no", "seed": 1}
    about |= {"items": 40, "test_items": 6, "batch_size": 4}
    return Namespace(**about, max_length=64, learning_rate=1e-4)


@pytest.mark.parametrize("name", ["ours", "Trainer, fp32 (defaults)", "CrossEncoderTrainer (defaults)"])
def test_contenders_train_and_score_alike(name, benchmark, tiny):
    contenders = benchmark("contenders")
    said = contenders.turn(name, tiny, 2)
    assert said["start-up"] > 0 and said["training"][0] == 8 and said["scoring"][0] == 6
    assert said["training"][1] > 0 and said["scoring"][1] > 0 and said["memory"][0] > 0
    assert (said["work"] is None) == (name != "ours")
    contender = contenders.made(name, tiny)
    contender.prepare()
    before = [p.detach().clone() for p in parameters(contender)]
    contender.train(2)
    assert any((p != q).any() for p, q in zip(parameters(contender), before))
    assert contender.logits(contender.test_pairs()).shape == (6, 2)


def parameters(contender) -> list:
    """A contender's trained parameters."""
    return [p for p in contender.model.parameters() if p.requires_grad]
