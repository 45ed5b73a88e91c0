"""Tables of the studies of noise, and of language bias, from records and predictions made up here."""

import itertools

import numpy as np
import pandas as pd
import pytest

from xltlib import bias_tables, robustness, robustness_claims, statistics

CODES = ("en", "de", "ko")
# How often an arm is right: pairs of one language, and of two.
SHARES = {"plain": (0.5, 0.5), "step-matched": (0.55, 0.5), "fgm": (0.8, 0.9), "synonyms": (0.5, 0.5)}


def record(label: str, seed: int, noise: dict | None = None, steps: int = 10, words: str = "") -> dict:
    noise = noise or {"kind": "none"}
    parameters = {"noise": noise, "steps": steps, "batches": {"kind": "monolingual", "size": 4}}
    names = {"encoder": "offline", "strategy": "plain", "head": "cross", "adaptation": "none"}
    about = {
        "run": f"{label}-{seed}",
        "label": f"{label} seed {seed}",
        "seed": seed,
        "task": "paws-x",
        **names,
    }
    read = [{"role": "noise", "use": noise["kind"], "kind": "nothing", "languages": [], "source": words}]
    of_run = {"arm": True, "rung": "Z0", "attack": {}, "read": read, "seconds": {"training": 8.0}}
    return {**about, **of_run, "noise": noise["kind"].replace("none", ""), "parameters": parameters}


@pytest.fixture(scope="module")
def state():
    runs = []
    for seed in (1, 2, 3):
        runs += [
            record("plain", seed, steps=1),
            record("step-matched", seed),
            record("fgm", seed, {"kind": "fgm", "radius": 0.1}),
            record("synonyms", seed, {"kind": "synonyms", "share": 1.0}, words="near.json"),
        ]
    runs[2]["attack"] = {"accuracy": 0.25, "radius": 0.1}
    runs.append({"run": "trunk", "arm": False})
    return {"runs": runs, "missing": []}


@pytest.fixture(scope="module")
def arms(state):
    return robustness.arms(state)


@pytest.fixture(scope="module")
def predictions(arms):
    rng, parts = np.random.default_rng(1), []
    for run, label in zip(arms.run, arms.label):
        for one, two in itertools.product(CODES, repeat=2):
            right = rng.random(200) < SHARES[label][int(one != two)]
            p1 = np.where(right, 0.9, 0.1)
            cells = {"language1": one, "language2": two, "selection": "last", "p0": 1 - p1, "p1": p1}
            parts.append(
                pd.DataFrame({"run": run, "item": range(200), "cluster": range(200), "label": 1, **cells})
            )
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def against(arms, predictions):
    controls = {robustness.OVER_PLAIN: "plain", robustness.OVER_UPDATES: "step-matched"}
    return {name: statistics.differences(predictions, arms, label) for name, label in controls.items()}


def test_an_arm_is_listed_with_its_noise_and_what_it_costs(state, arms):
    table = robustness.overview(arms, "step-matched")
    assert table.index.tolist() == list(SHARES) and (table.seeds == 3).all()
    assert table.loc["synonyms", "words"] == "near.json" and table.loc["fgm", "words"] == ""
    assert table.loc["fgm", "strength"] == 0.1 and np.isnan(table.loc["step-matched", "strength"])
    assert np.isnan(table.loc["plain", "cost"])  # other updates: its cost compares with nothing
    assert table.cost.drop("plain").tolist() == [1.0, 1.0, 1.0]
    salt = record("salt", 1, {"kind": "salt", "share": 0.3}, words="own table")
    text = {"role": "noise", "use": "salt", "kind": "text", "languages": ["en"], "source": "wikipedia"}
    salt["read"].insert(0, text)  # further text of the source language, beside the table
    assert robustness.arms({"runs": [salt]}).words.tolist() == ["own table"]


def test_a_control_that_is_not_there_is_named(arms):
    with pytest.raises(
        ValueError, match="no finished arm 'freelb' to compare with: it has plain, step-matched"
    ):
        robustness.refuse_without(arms, "robustness", ["plain", "freelb"])


@pytest.mark.parametrize("radius", ["0.03", "1", "12.5", "1e-3"])
def test_arms_named_after_a_radius_are_left_to_the_curve(radius):
    labels = ["plain", f"gaussian-r{radius}", "xlm-r", "gaussian", f"salt-r{radius}"]
    arms = pd.DataFrame({"label": labels, "kind": ["", "gaussian", "", "gaussian", "salt"]})
    assert robustness.compared(arms) == ["plain", "xlm-r", "gaussian", f"salt-r{radius}"]


def test_arms_are_compared_over_the_seeds_that_all_have(arms, predictions):
    fewer = arms[~((arms.label == "fgm") & (arms.seed == 2))]
    labels = robustness.compared(fewer)
    seeds = robustness.seeds_of_all(fewer, labels)
    assert seeds == [1, 3]
    by_seed = robustness.accuracy(robustness.answers(predictions, fewer, "last"))
    means = robustness.mean_accuracy(by_seed, labels, seeds, "en")
    assert means.columns.tolist() == [*CODES, "targets"]
    expected = (by_seed["plain", 1, "de"] + by_seed["plain", 3, "de"]) / 2
    assert means.loc["plain", "de"] == pytest.approx(expected)
    assert np.allclose(means.targets, (means.de + means.ko) / 2)


def test_effects_are_differences_of_accuracies_and_claims_follow_from_them(arms, predictions, against):
    labels = ["step-matched", "fgm", "synonyms"]
    by_seed = robustness.accuracy(robustness.answers(predictions, arms, "last"))
    mean_of = by_seed.groupby(["label", "language1"]).mean()
    effects = robustness.effects(against, "plain", list(CODES), "en")
    found = effects.set_index(["control", "label", "language"]).effect
    expected = mean_of["fgm", "de"] - mean_of["step-matched", "de"]
    assert found[robustness.OVER_UPDATES, "fgm", "de"] == pytest.approx(expected)
    targets = [found[robustness.OVER_PLAIN, "fgm", code] for code in ("de", "ko")]
    assert found[robustness.OVER_PLAIN, "fgm", "mean"] == pytest.approx(np.mean(targets))
    mean = robustness.means_of_targets(effects, labels)
    assert len(mean) == 5 and (mean["p (Holm)"] >= mean.p).all()
    judged = robustness.judged(effects, labels)
    assert judged.drop(columns=["p (Holm)", "verdict"]).equals(effects)
    assert judged.loc[mean.index, "p (Holm)"].equals(mean["p (Holm)"])
    of_arm = judged[(judged.control == robustness.OVER_PLAIN) & (judged.label == "fgm")]
    of_languages = of_arm[of_arm.language != "mean"]
    assert np.allclose(of_languages["p (Holm)"], statistics.holm(of_languages.p))

    generalized = robustness.effects_by_pair_kind(against[robustness.OVER_UPDATES], labels)
    wide = generalized.pivot(index="label", columns="pairs", values="effect")
    assert np.allclose(wide["two minus one"], wide["two languages"] - wide["one language"])
    outcomes = robustness_claims.outcomes("paws-x", mean, generalized, against, "step-matched", ["de", "ko"])
    verdict = outcomes.set_index(["claim", "arm"]).verdict
    assert verdict.index.tolist() == [(1, "fgm"), (1, "synonyms"), (3, "fgm"), (3, "synonyms")]
    assert verdict[1, "fgm"] == "not reproduced: larger" and verdict[3, "fgm"] == "reproduced"


def test_every_target_counts_alike_in_a_mean_however_many_items_it_has(arms, predictions):
    few = predictions[(predictions.language1 != "ko") | (predictions["item"] < 20)]
    controls = {robustness.OVER_PLAIN: "plain", robustness.OVER_UPDATES: "step-matched"}
    against = {name: statistics.differences(few, arms, label) for name, label in controls.items()}
    effects = robustness.effects(against, "plain", list(CODES), "en")
    wide = effects.pivot(index=["control", "label"], columns="language", values="effect")
    assert np.allclose(wide["mean"], (wide.de + wide.ko) / 2)
    assert (effects.low <= effects.effect).all() and (effects.effect <= effects.high).all()

    mean = robustness.means_of_targets(effects, ["step-matched", "fgm"])
    no_pairs = robustness.effects_by_pair_kind(against[robustness.OVER_UPDATES], [])
    found = robustness_claims.outcomes("paws-x", mean, no_pairs, against, "step-matched", ["de", "ko"])
    assert np.allclose(found["by updates"], wide.loc[(robustness.OVER_PLAIN, "step-matched"), "mean"])

    twice = pd.concat([arms, arms[arms.label == "fgm"].assign(label="fgm-r0.3", strength=0.3)])
    over_updates = against[robustness.OVER_UPDATES]
    again = over_updates[over_updates.label == "fgm"].assign(label="fgm-r0.3")
    curve = robustness.over_strength(twice, pd.concat([over_updates, again]), ["de", "ko"])
    assert np.allclose(curve.effect.astype(float), wide.loc[(robustness.OVER_UPDATES, "fgm"), "mean"])


def test_without_the_control_in_the_same_seeds_no_gain_is_reproduced(arms, predictions):
    kept = arms[(arms.label != "step-matched") | (arms.seed == 1)]
    kept = kept[(kept.label != "fgm") | (kept.seed != 1)]
    controls = {robustness.OVER_PLAIN: "plain", robustness.OVER_UPDATES: "step-matched"}
    against = {name: statistics.differences(predictions, kept, label) for name, label in controls.items()}
    effects = robustness.effects(against, "plain", list(CODES), "en")
    mean = robustness.means_of_targets(effects, ["step-matched", "fgm", "synonyms"])
    generalized = robustness.effects_by_pair_kind(against[robustness.OVER_UPDATES], ["synonyms"])
    found = robustness_claims.outcomes("paws-x", mean, generalized, against, "step-matched", ["de", "ko"])
    fgm = found[(found.arm == "fgm") & (found.claim == 1)].iloc[0]
    assert fgm.low > 0 and np.isnan(fgm["by updates"]) and fgm.verdict == "inconclusive"


def test_verdicts_are_said_of_each_claim_and_of_a_task_without_one():
    row = {"arm": "fgm", "effect": 1.0, "low": -1.0, "high": 3.0, "verdict": "inconclusive"}
    found = pd.DataFrame([{"claim": None, **row}, {"claim": 3, **row}])
    said = "inconclusive with FGM (+1.0 [−1.0, +3.0])."
    assert robustness_claims.in_words(found) == f"No claim is on this task: {said} Claim 3: {said}"
    assert robustness_claims.in_words(found.iloc[:0]) == "No noise has a run beside the control yet."


def test_claims_of_a_study_without_any_noise_are_a_table_that_can_be_read(arms, against, tmp_path):
    effects = robustness.effects(against, "plain", list(CODES), "en")
    mean = robustness.means_of_targets(effects, ["step-matched"])
    no_pairs = robustness.effects_by_pair_kind(against[robustness.OVER_UPDATES], [])
    found = robustness_claims.outcomes("paws-x", mean, no_pairs, against, "step-matched", ["de", "ko"])
    assert robustness_claims.in_words(found).startswith("No noise has a run")
    robustness.save_tables(tmp_path, claims=found, generalized=no_pairs)
    kept = pd.read_csv(tmp_path / "claims.csv")
    assert kept.empty and kept.columns.tolist() == list(robustness_claims.OUTCOMES)


def test_arms_that_share_no_seed_are_named():
    table = pd.DataFrame({"label": ["a", "b"], "seed": [1, 2]})
    with pytest.raises(ValueError, match="no seed is done of all of these arms: a, b"):
        robustness.seeds_of_all(table, ["a", "b"])


def test_a_noise_has_a_curve_only_with_several_strengths(arms, predictions, against):
    over_updates = against[robustness.OVER_UPDATES]
    assert robustness.over_strength(arms, over_updates, ["de", "ko"]).empty
    again = arms[arms.label == "fgm"].assign(label="fgm-r0.3", strength=0.3).query("seed == 1")
    more = over_updates[(over_updates.label == "fgm") & (over_updates.seed == 1)].assign(label="fgm-r0.3")
    both = pd.concat([arms, again]), pd.concat([over_updates, more])
    curve = robustness.over_strength(*both, ["de", "ko"])
    assert curve.strength.tolist() == [0.1, 0.3] and curve.n_seeds.tolist() == [1, 1]
    assert curve.effect.nunique() == 1  # over the one seed that both have, the same answers
    caption = robustness.caption("s", arms, pd.Series([2, 4]), 200, "last")
    assert "multilingual-e5-small (offline), 2 to 4 seeds, 200 test items a language, rung Z0" in caption


def test_attacked_runs_stand_beside_their_clean_accuracy(arms, predictions):
    by_seed = robustness.accuracy(robustness.answers(predictions, arms, "last"))
    row = robustness.under_attack(arms, by_seed, "en").iloc[0]
    assert (row.label, row.attacked, row.radius) == ("fgm", 25.0, 0.1)
    assert row.clean == pytest.approx(by_seed["fgm", 1, "en"])


def test_an_adaptation_that_measured_nothing_before_takes_it_from_another_of_the_same_model():
    before, after = ([dict.fromkeys(bias_tables.MEASURES, value)] for value in (0.2, 0.4))
    about = {"arm": False, "notebook": "10_adapt", "parameters": {"start": "english"}, "bias": after}
    runs = [
        {**about, "label": "mlm seed 1", "bias_before": before},
        {**about, "label": "lora seed 1", "bias_before": None},
    ]
    table = bias_tables.around_adaptations({"runs": runs})
    assert table.index.tolist() == [(name, when) for name in ("mlm", "lora") for when in ("before", "after")]
    assert table.rank_distance.tolist() == [0.2, 0.4, 0.2, 0.4]
    assert bias_tables.around_adaptations({"runs": runs[1:]}).rank_distance.tolist() == [0.4]
    runs[1].pop("bias_before")  # as older records are
    assert bias_tables.around_adaptations({"runs": runs[1:]}).rank_distance.tolist() == [0.4]


def test_zero_shot_languages_stand_apart_from_those_whose_labels_were_read():
    bias = [
        {"language": code, **dict.fromkeys(bias_tables.MEASURES, value)}
        for code, value in (("en", 0.1), ("de", 0.3))
    ]
    read = [{"role": "labels", "use": "train", "kind": "labelled-source", "languages": ["en"]}]
    run = record("plain", 1) | {"bias": bias, "read": read, "notebook": "20_finetune"}
    table = bias_tables.of_arms({"runs": [run, record("fgm", 1)]})
    assert len(table) == 2 and table.supervision.tolist() == ["labelled", "none"]
    row = bias_tables.by_supervision(table).iloc[0]
    assert row.to_dict() == {"languages with labels": 0.1, "zero-shot languages": 0.3}
    assert bias_tables.of_arms({"runs": []}).empty


def test_rank_distances_are_summed_up_in_a_sentence():
    runs = []
    for name, value in (("fgm", 0.1), ("plain", 0.3)):
        bias = [{"language": "de", **dict.fromkeys(bias_tables.MEASURES, value)}]
        runs.append(record(name, 1) | {"bias": bias, "read": [], "notebook": "20_finetune"})
    runs[0] |= {"strategy": "hybrid", "adaptation": "mlm"}
    one = bias_tables.answer(bias_tables.of_arms({"runs": runs[:1]}))
    lowest = "0.100 (hybrid batches, masked language modelling)"
    assert one == f"Rank distance after training is {lowest}, on the mean of languages and seeds."
    both = bias_tables.answer(bias_tables.of_arms({"runs": runs}))
    assert f"lie between {lowest} and 0.300 (monolingual batches, none)" in both
