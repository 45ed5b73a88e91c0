import itertools
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linear_sum_assignment
from scipy.special import softmax
from scipy.stats import binomtest, false_discovery_control, norm
from statsmodels.stats.multitest import multipletests

from xltlib import languages, statistics


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_answers_at_matched_shares_are_an_optimal_assignment(classes):
    rng = np.random.default_rng(classes)
    for items in (7, 60, 200):
        labels = rng.integers(classes, size=items)
        scores = rng.normal(size=(items, classes)) + rng.normal(size=classes)  # one class has too many
        p = softmax(scores, axis=1)
        found = statistics.matched_answers(p, labels)
        wanted = np.bincount(labels, minlength=classes)
        assert (np.bincount(found, minlength=classes) == wanted).all()
        columns = np.repeat(np.arange(classes), wanted)
        rows, chosen = linear_sum_assignment(-np.log(p)[:, columns])
        best = np.log(p)[rows, columns[chosen]].sum()
        assert np.log(p)[np.arange(items), found].sum() == pytest.approx(best)


@pytest.mark.parametrize(
    "p, labels",
    [
        (np.full((4, 2), 0.5), [0, 1, 0, 1]),
        (np.tile([1.0, 0.0], (4, 1)), [0, 1, 0, 1]),
        (np.tile([0.2, 0.3, 0.5], (6, 1)), [0, 1, 2, 0, 1, 2]),
        (np.round(np.random.default_rng(1).dirichlet([1, 1], 300), 2), np.arange(300) % 2),
    ],
)
def test_shares_are_matched_where_probabilities_are_tied(p, labels):
    found = statistics.matched_answers(p, np.array(labels))
    assert np.bincount(found).tolist() == np.bincount(labels).tolist()
    assert (found == statistics.matched_answers(p, np.array(labels))).all()


def test_a_label_without_probabilities_is_refused():
    with pytest.raises(ValueError, match="label 2 has no probabilities: there are 2 classes"):
        statistics.matched_answers(np.full((3, 2), 0.5), np.array([0, 1, 2]))


def test_a_shift_towards_one_answer_costs_nothing_at_matched_shares():
    rng, labels = np.random.default_rng(1), np.repeat([0, 1], 50)
    scores = np.where(np.arange(2) == labels[:, None], 1.0, 0.0) + rng.normal(size=(100, 2))
    shifted = scores + np.array([3.0, 0.0])
    assert (shifted.argmax(1) == labels).mean() < (scores.argmax(1) == labels).mean()
    one, other = (statistics.matched_answers(softmax(each, axis=1), labels) for each in (scores, shifted))
    assert (one == other).all()
    assert (statistics.matched_answers(np.full((4, 2), 0.5), np.zeros(4, int)) == 0).all()  # one label alone


def runs_and_predictions(shift=0.1, seeds=(1, 2, 3), items=240, codes=("en", "de", "ja", "id"), noise=0.3):
    """Six arms' predictions: adaptation flips some wrong answers to right, more of them in hybrid arms."""
    rng = np.random.default_rng(1)
    runs, predictions = [], []
    labels = rng.integers(2, size=items)
    difficulty = rng.random((items, len(codes)))
    for strategy, gain in (("hybrid", shift), ("labse-recipe", 0.0)):
        for adaptation in ("none", "mlm"):
            for seed in seeds:
                run = f"{strategy}-{adaptation}-{seed}"
                arm = {"encoder": "e", "head": "cross", "strategy": strategy, "adaptation": adaptation}
                runs.append({"run": run, "seed": seed, "rung": "Z3", **arm})
                threshold = 0.6 + (gain if adaptation == "mlm" else 0)
                for column, code in enumerate(codes):
                    right = difficulty[:, column] + noise * (rng.random(items) - 0.5) < threshold
                    p1 = np.where(right, labels, 1 - labels) * 0.8 + 0.1
                    answers = {"label": labels, "selection": "last", "p0": 1 - p1, "p1": p1}
                    columns = {"item": np.arange(items), "cluster": np.arange(items) // 2}
                    columns |= {"language1": code, "language2": code}
                    predictions.append(pd.DataFrame({"run": run, **columns, **answers}))
    return pd.DataFrame(runs), pd.concat(predictions, ignore_index=True)


def test_costs_follow_the_chain_of_trainings():
    bias = [{"retrieval": 0.5, "rank_distance": 0.2}, {"retrieval": 0.7, "rank_distance": 0.4}]
    probes = {"ru": {"before": 0.9, "after": 0.6}, "ar": {"before": 0.5, "after": 0.4}}
    late = {"ru": {"before": None, "after": 0.7}}
    training, scored = {"training": 1.0}, {"training": 1.0, "scoring": 9.0}
    a = {"run": "a", "arm": False, "parents": {}, "seconds": {"training": 10.0}, "tokens": 100}
    b = {"run": "b", "arm": False, "parents": {"a": ""}, "seconds": {"training": 5.0}, "tokens": 50}
    c = {"run": "c", "arm": True, "parents": {"b": "", "a": ""}, "seconds": scored, "tokens": 10}
    d = {"run": "d", "arm": True, "parents": {"a": ""}, "seconds": training, "bias": []}
    e = {"run": "e", "arm": True, "parents": {}, "seconds": training, "probes": late}
    table = statistics.costs([a, b | {"probes": probes}, c | {"bias": bias}, d, e]).set_index("run")
    expected = {"seconds": 16.0, "tokens": 160.0, "retrieval": 0.6, "rank_distance": 0.3, "forgotten": 0.2}
    assert table.loc["c"].round(6).to_dict() == expected
    # Another adaptation of the same model was measured before.
    assert table.loc["e", "forgotten"] == pytest.approx(0.2)
    assert table.loc["d", "seconds"] == 11.0
    assert table.loc["d", ["tokens", "retrieval", "forgotten"]].isna().all()


def test_languages_count_alike_in_a_mean_however_many_items_they_have(right):
    fewer = right[(right.language != "de") | (right["item"] >= 150)]
    codes = sorted(right.language.unique())
    table = statistics.mean_effects(fewer).set_index(["strategy", "adaptation"])
    effects, _, _ = statistics.adaptation_effects(fewer, groups=codes)
    apart = effects[effects.language.isin(codes)]
    together = effects[effects.language == "mean"].set_index(["strategy", "adaptation"])
    assert apart.n_items.nunique() == 2
    for arm, rows in apart.groupby(["strategy", "adaptation"]):
        found, mean = table.loc[arm], rows.effect.mean()
        pooled = np.average(rows.effect, weights=rows.n_items)
        assert found.effect == pytest.approx(mean, abs=1e-12) == together.loc[arm, "effect"]
        assert together.loc[arm, "effect"] != pytest.approx(pooled, abs=1e-6)
        assert found.low == pytest.approx(together.loc[arm, "low"]) and found.low <= mean <= found.high


def test_verdicts_are_corrected_over_the_languages_of_an_arm_and_means_over_the_arms():
    codes, p = ["de", "ko", "id", "mean", "high"], np.array([0.01, 0.02, 0.04, 0.03, 0.004])
    rows = []
    for name, offset in (("mlm", 0.0), ("tsdae", 0.02)):
        rows.append(pd.DataFrame({"adaptation": name, "language": codes, "p": p + offset}))
    table = pd.concat(rows, ignore_index=True)
    table["resource"] = table.language.replace({"de": "high", "ko": "high", "id": "medium"})
    table = table.assign(encoder="x", strategy="x", head="x", effect=1.0, p_equivalent=0.9, n_seeds=6)
    by_planned = {n: statistics.corrected(table, n)["p (Holm)"] for n in (0, 10)}
    table = statistics.corrected(table)
    of_language = table.language.isin(codes[:3])
    assert by_planned[0].equals(table["p (Holm)"])
    assert by_planned[10][of_language].equals(table["p (Holm)"][of_language])
    of_means = table[table.language == "high"]
    expected = multipletests([*of_means.p, *[1.0] * 8], method="holm")[1][: len(of_means)]
    assert np.allclose(by_planned[10][of_means.index], expected) and expected[0] == pytest.approx(0.04)
    families = [family for _, family in table[of_language].groupby("adaptation")]
    families += [family for _, family in table[~of_language].groupby("language")]
    for family in families:
        corrected = multipletests(family.p, method="holm")[1]
        assert len(family) in (2, 3) and np.allclose(family["p (Holm)"], corrected)
    assert table.verdict.tolist() == ["up", "up", "up", "undecided", "up", *["undecided"] * 4, "up"]


@pytest.fixture(scope="module")
def right():
    runs, predictions = runs_and_predictions()
    return statistics.right_answers(predictions, runs)


def test_effects_agree_with_a_direct_computation(right):
    effects, between, missing = statistics.adaptation_effects(right)
    assert missing == [] and len(effects) == 8 and len(between) == 4
    for row in effects.itertuples():
        rows = right[(right.strategy == row.strategy) & (right.language == row.language)]
        wide = rows.pivot(index=["seed", "item"], columns="adaptation", values="right")
        assert row.effect == pytest.approx(100 * (wide["mlm"] - wide["none"]).mean(), abs=1e-9)
        assert (row.n_items, row.n_seeds) == (240, 3) and row.low <= row.effect <= row.high
    wide = effects.pivot(index="language", columns="strategy", values="effect")
    for row in between.itertuples():
        expected = wide.at[row.language, "hybrid"] - wide.at[row.language, "labse-recipe"]
        assert row.effect == pytest.approx(expected, abs=1e-9)


def test_an_effect_that_is_there_is_found_and_none_is_not(right):
    effects, _, _ = statistics.adaptation_effects(right)
    hybrid, labse = (effects[effects.strategy == s] for s in ("hybrid", "labse-recipe"))
    assert (hybrid.low > 0).all() and (labse.low < 0).all() and (labse.high > 0).all()


def test_clusters_widen_the_interval():
    runs, predictions = runs_and_predictions(seeds=(1,), noise=0)
    right = statistics.right_answers(predictions, runs)
    right["right"] = right.groupby([*statistics.ARM, "seed", "language", "cluster"]).right.transform("first")
    alone = right.assign(cluster=right["item"])
    widths = []
    for part in (right, alone):
        effects, _, _ = statistics.adaptation_effects(part)
        widths.append((effects.high - effects.low)[effects.strategy == "hybrid"].mean())
    assert widths[0] == pytest.approx(2**0.5 * widths[1], rel=0.15)  # clusters of two equal items


def test_arms_without_a_partner_are_named_and_doubles_refused(right):
    lonely = right[~((right.strategy == "hybrid") & (right.adaptation == "none"))]
    effects, between, missing = statistics.adaptation_effects(lonely)
    assert set(effects.strategy) == {"labse-recipe"} and between.empty
    assert any("hybrid" in name for name in missing)
    with pytest.raises(ValueError, match="two runs of one arm"):
        statistics.adaptation_effects(pd.concat([right, right]))


def test_unequal_seeds_are_paired_on_those_both_have(right):
    part = right[~((right.strategy == "hybrid") & (right.adaptation == "mlm") & (right.seed == 3))]
    effects, _, _ = statistics.adaptation_effects(part)
    assert effects[effects.strategy == "hybrid"].n_seeds.unique().tolist() == [2]
    assert np.isfinite(effects[["effect", "low", "high"]]).all().all()


def test_an_interaction_is_over_the_seeds_that_all_four_cells_have(right):
    both = right[right.seed < 3]
    uneven = right[~((right.strategy == "hybrid") & (right.seed == 3))].copy()
    flip = (uneven.strategy == "labse-recipe") & (uneven.seed == 3) & (uneven.adaptation == "mlm")
    uneven.loc[flip, "right"] = 0  # a seed that hybrid lacks must not move the difference
    expected, measured = (statistics.adaptation_effects(part)[1] for part in (both, uneven))
    assert np.allclose(measured.effect, expected.effect) and measured.n_seeds.unique().tolist() == [2]


def test_sign_permutation_is_exact_and_knows_its_limit():
    assert statistics.sign_permutation(np.ones(5)) == (0.0625, 0.0625)  # five seeds never reach 0.05
    p, smallest = statistics.sign_permutation(np.array([3.0, -1.0, 2.0, 2.0]))
    patterns = itertools.product((1, -1), repeat=4)
    sums = [sum(s * d for s, d in zip(signs, (3, -1, 2, 2))) for signs in patterns]
    assert p == np.mean([abs(total) >= 6 for total in sums]) and smallest == 0.125
    assert statistics.sign_permutation(np.ones(40)) == (2 / 2**16, 2 / 2**16)  # drawn, with their opposites
    drawn, _ = statistics.sign_permutation(np.array([*[1.0] * 14, *[-1.0] * 10]))
    assert drawn == pytest.approx(0.54, abs=0.02)  # 2 P(X >= 14) of a binomial of 24
    with pytest.raises(ValueError, match="no seed"):
        statistics.sign_permutation(np.empty(0))


def test_almost_stochastic_order_falls_as_one_gets_better():
    rng = np.random.default_rng(1)
    b = rng.normal(70, 1, 10)
    found = [statistics.almost_stochastic_order(b + gain, b) for gain in (-2, 0.5, 1, 3)]
    assert found[0] > 0.9 and found[1] > found[2] > found[3] == 0
    assert statistics.almost_stochastic_order(b, b) >= 0.5


def clustered_error(differences: pd.Series, clusters: pd.Series) -> float:
    """The standard error of a mean whose items come in clusters, worked out by hand."""
    off = differences - differences.mean()
    return np.sqrt((off.groupby(clusters).sum() ** 2).sum()) / len(off)


def test_items_that_share_a_sentence_are_one_cluster_of_every_other_test(right):
    hybrid = right[(right.strategy == "hybrid") & (right.language == "de")]
    wide = hybrid.pivot(index=["seed", "item", "cluster"], columns="adaptation", values="right").reset_index()
    difference = 100 * (wide.mlm - wide.none)
    error = clustered_error(difference, wide.cluster)
    assert error > 1.05 * clustered_error(difference, wide["item"])
    found = statistics.gee_effects(hybrid, together=True).iloc[0]
    assert (found.high - found.low) / 2 == pytest.approx(norm.ppf(0.975) * error, rel=1e-6)
    runs, predictions = runs_and_predictions()
    two = predictions[predictions.language1 == "de"].assign(language2="en")
    table = statistics.pair_effects(two, runs).set_index("strategy")
    clusters = wide.cluster.nunique()
    corrected = error * np.sqrt(clusters / (clusters - 1))  # as statsmodels does for few clusters
    expected = 2 * norm.sf(abs(table.effect["hybrid"]) / corrected)
    assert table.p["hybrid"] == pytest.approx(expected, rel=1e-6)


def test_the_power_table_counts_seeds_in_both_arms():
    found = statistics.power_table((10**12,), (0.1,), seeds=4, seed_noise=2.0).iloc[0, 0]
    assert found == pytest.approx((norm.ppf(0.975) + norm.ppf(0.8)) * np.sqrt(2 * 2.0**2 / 4))


def test_equivalence_is_corrected_over_the_family_too():
    family = pd.DataFrame({"effect": 0.1, "p": 0.9, "p_equivalent": [0.03, 0.03], "n_seeds": 6})
    assert statistics.judge(family).verdict.tolist() == ["undecided"] * 2
    assert statistics.judge(family[:1]).verdict.tolist() == ["equivalent to nothing"]


def test_answers_are_matched_within_each_language():
    labels = np.tile([0, 1], 10)
    parts = []
    for code, shift in (("de", 0.4), ("ja", -0.4)):  # one answers 1 too often, the other too rarely
        p1 = np.clip(0.5 + 0.05 * (2 * labels - 1) + shift, 0.01, 0.99)
        columns = {"run": "r", "item": np.arange(20), "cluster": np.arange(20), "label": labels}
        columns |= {"selection": "last", "language1": code, "language2": code, "p0": 1 - p1, "p1": p1}
        parts.append(pd.DataFrame(columns))
    arm = {"encoder": "e", "head": "cross", "strategy": "plain", "adaptation": "none", "rung": "Z0"}
    runs = pd.DataFrame([{"run": "r", "seed": 1, **arm}])
    right = statistics.right_when_matched(pd.concat(parts), runs)
    assert len(right) == 40 and right.right.all()


def test_labse_is_compared_with_another_encoder_and_other_strategies_are_not(right):
    other = right[right.strategy == "labse-recipe"].assign(encoder="another")
    both = pd.concat([right[right.strategy == "hybrid"], other])
    _, between, _ = statistics.adaptation_effects(both)
    assert between.empty
    _, between, _ = statistics.adaptation_effects(both.replace({"strategy": {"labse-recipe": "labse"}}))
    assert set(between.strategy) == {"hybrid - labse"}


def test_gee_finds_the_same_effects(right):
    effects, _, _ = statistics.adaptation_effects(right)
    for strategy in ("hybrid", "labse-recipe"):
        other = statistics.gee_effects(right[right.strategy == strategy]).set_index("language")
        ours = effects[effects.strategy == strategy].set_index("language")
        assert np.allclose(other.effect, ours.effect.loc[other.index], atol=1e-9)
        assert (other.low < other.effect).all()


def test_gee_of_one_language_is_the_same_together_and_apart(right):
    one = right[(right.strategy == "hybrid") & (right.language == "de")]
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # weights that add up to one item leave no degrees of freedom
        apart, together = (statistics.gee_effects(one, together=of).iloc[0] for of in (False, True))
    numbers = ["effect", "low", "high"]
    assert together[numbers].tolist() == pytest.approx(apart[numbers].tolist())


def test_the_gee_interval_is_of_the_mean_in_which_languages_count_alike(right):
    few = right[(right.language != "ja") | (right["item"].isin(right["item"].unique()[:20]))]
    assert few[few.language == "ja"]["item"].nunique() < few[few.language == "de"]["item"].nunique() / 2
    table = statistics.other_tests(few, ["de", "ja"])
    for row in table.itertuples():
        of_arm = few[(few.strategy == row.strategy) & few.language.isin(["de", "ja"])]
        found = statistics.gee_effects(of_arm, together=True).iloc[0]
        assert found.effect == pytest.approx(row.effect)
        apart = statistics.gee_effects(of_arm).effect
        assert found.effect == pytest.approx(apart.mean())


def test_the_gee_interval_surrounds_opposite_effects_of_a_large_and_a_small_language():
    rows = []
    for code, n_items, gains in (("de", 200, True), ("sw", 20, False)):
        for adaptation, seed, item in itertools.product(("none", "mlm"), (1, 2), range(n_items)):
            differs = item < n_items / 10  # in one item of ten adaptation makes the difference
            right = (adaptation == "mlm") == gains if differs else True
            name = f"{code}-{item}"
            about = {"seed": seed, "language": code, "item": name, "cluster": name, "right": int(right)}
            rows.append({**dict(zip(statistics.ARM, ("e", "plain", "cross", adaptation))), **about})
    (row,) = statistics.other_tests(pd.DataFrame(rows), ["de", "sw"]).to_dict("records")
    assert row["effect"] == pytest.approx(0) and row["gee low"] == pytest.approx(-row["gee high"])
    assert row["gee low"] < 0


def test_mcnemar_is_the_exact_binomial_of_the_items_that_differ(right):
    table = statistics.mcnemar_table(right)
    assert len(table) == 2 * 4 * 3 and (table.gained + table.lost > 0).any()
    for row in table.itertuples():
        rows = right[(right.strategy == row.strategy) & (right.language == row.language)]
        rows = rows[rows.seed == row.seed].set_index("item")
        change = rows[rows.adaptation == "mlm"].right - rows[rows.adaptation == "none"].right
        assert (row.gained, row.lost) == ((change == 1).sum(), (change == -1).sum())
        differ = row.gained + row.lost
        expected = binomtest(row.gained, differ).pvalue if differ else 1.0
        assert row.p == pytest.approx(expected, abs=1e-12)


def test_effects_on_pairs_of_languages_are_corrected_as_scipy_does():
    runs, predictions = runs_and_predictions()
    assert statistics.pair_effects(predictions, runs).empty
    two = predictions[predictions.language1 != "en"].assign(language2="en")
    table = statistics.pair_effects(pd.concat([predictions, two]), runs)
    assert len(table) == 2 * 3
    for _, rows in table.groupby("strategy"):
        assert np.allclose(rows["p (BH)"], false_discovery_control(rows.p))
        assert (rows["p (BH)"] >= rows.p).all()
    right = statistics.right_answers(predictions, runs)
    means = 100 * right[right.strategy == "hybrid"].groupby(["language", "adaptation"]).right.mean().unstack()
    hybrid = table[table.strategy == "hybrid"].set_index("language1").effect
    assert np.allclose(hybrid, (means.mlm - means.none)[hybrid.index])


def test_other_tests_agree_on_the_mean_and_on_a_clear_effect():
    runs, predictions = runs_and_predictions(seeds=(1, 2, 3, 4, 5))
    right = statistics.right_answers(predictions, runs)
    table = statistics.other_tests(right, ["de", "ja"]).set_index("strategy")
    two = right[right.language.isin(["de", "ja"])]
    means = 100 * two.groupby(["strategy", "adaptation"]).right.mean().unstack()
    assert np.allclose(table.effect, (means.mlm - means.none)[table.index])
    assert (table.smallest == 2 / 32).all()
    clear = table.loc["hybrid"]
    assert clear.violation == 0 and clear["p (signs)"] == 2 / 32
    assert 0 < clear["gee low"] < clear.effect < clear["gee high"]
    few = statistics.other_tests(right[right.seed < 3], ["de"])
    assert few.violation.isna().all() and (few.smallest == 0.5).all()


def test_other_tests_of_nothing_have_their_columns(right):
    some = statistics.other_tests(right, ["de", "ja"])
    none = statistics.other_tests(right[right.adaptation == "none"], ["de", "ja"])
    assert none.empty and none.columns.tolist() == some.columns.tolist()


def test_effects_agree_with_pandas_to_twelve_digits(right):
    effects, between, _ = statistics.adaptation_effects(right)
    wide = right.pivot_table(index=["strategy", "language"], columns="adaptation", values="right")
    expected = 100 * (wide["mlm"] - wide["none"])
    found = effects.set_index(["strategy", "language"]).effect
    assert (found - expected.loc[found.index]).abs().max() < 1e-12
    both = expected["hybrid"] - expected["labse-recipe"]
    assert (between.set_index("language").effect - both).abs().max() < 1e-12
    groups, _, _ = statistics.adaptation_effects(right, groups=["en", "de", "ja", "id"])
    means = groups[groups.language == "mean"].set_index("strategy").effect
    assert np.allclose(means, expected.groupby("strategy").mean().loc[means.index])


def test_secondary_metrics_by_hand():
    p1 = np.array([0.1, 0.9, 0.8, 0.4, 0.6, 0.9, 0.3, 0.4])
    codes = ["en"] * 4 + ["de"] * 4
    frame = pd.DataFrame({"item": [1, 2, 3, 4] * 2, "label": [0, 1, 1, 0] * 2, "p0": 1 - p1, "p1": p1})
    frame = frame.assign(run="r", language1=codes, language2=codes)
    table = statistics.secondary(frame).set_index("language")
    assert table.agreement.to_dict() == {"en": 1.0, "de": 0.5} and (table.consistency == 0.5).all()
    assert table.loc["en", "macro_f1"] == 1 and table.loc["de", "macro_f1"] == 0.5
    assert table.loc["en", "brier"] == pytest.approx(2 * np.mean([0.01, 0.01, 0.04, 0.16]))
    # confidences .9 .9 (one bin), .8, .6: all right
    assert table.loc["en", "calibration_error"] == pytest.approx((0.2 + 0.2 + 0.4) / 4)
    assert table.loc["de", "average_precision"] == pytest.approx((1 + 2 / 4) / 2)
    without = statistics.secondary(frame.assign(label=frame.label.where(frame.language1 == "en", 0)))
    assert without.set_index("language").average_precision.isna().to_dict() == {"en": False, "de": True}
    sure = frame[:4].assign(p0=0.1, p1=0.9)  # in one bin, half of them right: 0.9 - 0.5
    assert statistics.secondary(sure).calibration_error[0] == pytest.approx(0.4)


def test_published_rows_have_a_source_and_average_to_what_it_prints():
    both = pd.concat([statistics.published(task, unverified=True) for task in ("paws-x", "xnli")])
    assert both.source.notna().all() and set(both.source_kind) == {"readme", "mteb", "report"}
    assert not both.duplicated(["task", "model", "setting", "language", "metric"]).any()
    assert statistics.published("xnli").verified.all()
    assert not both[both.metric == "accuracy gain"].verified.all()
    accuracies = both[both.metric == "accuracy"]
    tables = accuracies.pivot(index=["task", "model", "setting"], columns="language", values="value")
    averaged = tables[tables["mean"].notna()]
    off = averaged.drop(columns="mean").mean(axis=1) - averaged["mean"]
    assert len(averaged) > 10 and off.abs().max() < 0.11


def test_gee_of_answers_that_are_all_the_same_has_no_interval(right):
    plain = right[(right.strategy == "hybrid") & (right.adaptation == "none")]
    found = statistics.gee_effects(pd.concat([plain, plain.assign(adaptation="mlm")]), together=True).iloc[0]
    assert found.effect == 0 and np.isnan(found.low) and np.isnan(found.high)


def test_what_is_known_of_languages_is_known_of_every_one():
    known = statistics.covariates("offline")
    assert set(known.index) == set(languages.ORDER) - {"en"}
    assert known.iloc[:, 1:].notna().all(axis=None)
    assert known.loc[["de", "fr", "es", "zh", "ja", "ko", "id"]].notna().all(axis=None)
    # Eight of the features of URIEL's syntax_knn.
    assert known.iloc[:, 2]["de"] == pytest.approx(8 / 103, abs=1e-4) and known.iloc[:, 2].idxmin() == "de"
    assert 10 ** known.iloc[:, 1]["jv"] == pytest.approx(0.2)
    assert statistics.covariates("another encoder")["tokenizer fertility"].isna().all()


def test_a_task_with_the_test_items_of_another_has_its_published_figures():
    for task in statistics.published_figures.SAME_TEST:
        assert statistics.published(task).equals(statistics.published("paws-x"))
    assert statistics.published("xnli-lowres").empty
