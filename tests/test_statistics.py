import numpy as np
import pandas as pd
import pytest

from xltlib import figures, statistics


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
                runs.append({"run": run, "seed": seed, "rung": "Z3", "encoder": "e", "head": "cross", "strategy": strategy, "adaptation": adaptation})
                threshold = 0.6 + (gain if adaptation == "mlm" else 0)
                for column, code in enumerate(codes):
                    right = difficulty[:, column] + noise * (rng.random(items) - 0.5) < threshold
                    p1 = np.where(right, labels, 1 - labels) * 0.8 + 0.1
                    predictions.append(pd.DataFrame({
                        "run": run, "item": np.arange(items), "cluster": np.arange(items) // 2, "language1": code, "language2": code,
                        "label": labels, "selection": "last", "p0": 1 - p1, "p1": p1,
                    }))  # fmt: skip
    return pd.DataFrame(runs), pd.concat(predictions, ignore_index=True)


def test_costs_follow_the_chain_of_trainings():
    bias = [{"retrieval": 0.5, "rank_distance": 0.2}, {"retrieval": 0.7, "rank_distance": 0.4}]
    runs = [
        {"run": "a", "arm": False, "parents": {}, "seconds": {"training": 10.0}, "tokens": 100},
        {"run": "b", "arm": False, "parents": {"a": ""}, "seconds": {"training": 5.0}, "tokens": 50, 
         "probes": {"ru": {"before": 0.9, "after": 0.6}, "ar": {"before": 0.5, "after": 0.4}}},
        {"run": "c", "arm": True, "parents": {"b": "", "a": ""}, "seconds": {"training": 1.0, "scoring": 9.0}, "tokens": 10, "bias": bias},
        {"run": "d", "arm": True, "parents": {"a": ""}, "seconds": {"training": 1.0}, "bias": []},
    ]  # fmt: skip
    table = statistics.costs(runs).set_index("run")
    assert table.loc["c"].round(6).to_dict() == {"seconds": 16.0, "tokens": 160.0, "retrieval": 0.6, "rank_distance": 0.3, "forgotten": 0.2}
    assert table.loc["d", "seconds"] == 11.0 and table.loc["d", ["tokens", "retrieval", "forgotten"]].isna().all()


def test_mean_effects_are_means_of_the_effects(right):
    table = statistics.mean_effects(right, 500).set_index(["strategy", "adaptation"])
    effects, _, _ = statistics.adaptation_effects(right, 50)
    for key, of in effects.groupby(["strategy", "adaptation"]):
        pooled = np.average(of.effect, weights=of.n_items * of.n_seeds)
        assert table.loc[key, "effect"] == pytest.approx(pooled, abs=1e-9) and table.loc[key, "low"] <= pooled <= table.loc[key, "high"]


@pytest.fixture(scope="module")
def right():
    runs, predictions = runs_and_predictions()
    return statistics.right_answers(predictions, runs)


def test_effects_agree_with_a_direct_computation(right):
    effects, between, missing = statistics.adaptation_effects(right, resamples=200)
    assert missing == [] and len(effects) == 8 and len(between) == 4
    for row in effects.itertuples():
        of = right[(right.strategy == row.strategy) & (right.language == row.language)]
        wide = of.pivot(index=["seed", "item"], columns="adaptation", values="right")
        assert row.effect == pytest.approx(100 * (wide["mlm"] - wide["none"]).mean(), abs=1e-9)
        assert (row.n_items, row.n_seeds) == (240, 3) and row.low <= row.effect <= row.high
    wide = effects.pivot(index="language", columns="strategy", values="effect")
    for row in between.itertuples():
        assert row.effect == pytest.approx(wide.at[row.language, "hybrid"] - wide.at[row.language, "labse-recipe"], abs=1e-9)


def test_the_interval_is_the_two_level_bootstrap_written_out_slowly(right):
    effects, _, _ = statistics.adaptation_effects(right, resamples=4000)
    of = right[(right.strategy == "hybrid") & (right.language == "de")]
    wide = of.pivot(index=["seed", "item"], columns="adaptation", values="right")
    difference = (wide["mlm"] - wide["none"]).reset_index(name="d").merge(of[["item", "cluster"]].drop_duplicates(), on="item")
    table = difference.pivot_table(index="cluster", columns="seed", values="d", aggfunc="sum").to_numpy()
    rng, drawn = np.random.default_rng(7), []
    for _ in range(4000):
        seeds, clusters = rng.integers(3, size=3), rng.integers(len(table), size=len(table))
        drawn.append(100 * table[np.ix_(clusters, seeds)].sum() / (2 * len(table) * 3))
    row = effects[(effects.strategy == "hybrid") & (effects.language == "de")].iloc[0]
    assert np.allclose([row.low, row.high], np.percentile(drawn, [2.5, 97.5]), atol=0.8)


def test_an_effect_that_is_there_is_found_and_none_is_not(right):
    effects, _, _ = statistics.adaptation_effects(right, resamples=1000)
    hybrid, labse = (effects[effects.strategy == s] for s in ("hybrid", "labse-recipe"))
    assert (hybrid.low > 0).all() and (labse.low < 0).all() and (labse.high > 0).all()


def test_clusters_widen_the_interval():
    runs, predictions = runs_and_predictions(seeds=(1,), noise=0)
    right = statistics.right_answers(predictions, runs)
    right["right"] = right.groupby([*statistics.ARM, "seed", "language", "cluster"]).right.transform("first")
    alone = right.assign(cluster=right["item"])
    widths = [
        (lambda e: (e.high - e.low)[e.strategy == "hybrid"].mean())(statistics.adaptation_effects(part, 2000)[0])
        for part in (right, alone)
    ]
    assert widths[0] == pytest.approx(2**0.5 * widths[1], rel=0.15)  # clusters of two equal items


def test_arms_without_a_partner_are_named_and_doubles_refused(right):
    lonely = right[~((right.strategy == "hybrid") & (right.adaptation == "none"))]
    effects, between, missing = statistics.adaptation_effects(lonely, 100)
    assert set(effects.strategy) == {"labse-recipe"} and between.empty
    assert any("hybrid" in name for name in missing)
    with pytest.raises(ValueError, match="two runs of one arm"):
        statistics.adaptation_effects(pd.concat([right, right]), 100)


def test_unequal_seeds_are_paired_on_those_both_have(right):
    part = right[~((right.strategy == "hybrid") & (right.adaptation == "mlm") & (right.seed == 3))]
    effects, _, _ = statistics.adaptation_effects(part, 200)
    assert effects[effects.strategy == "hybrid"].n_seeds.unique().tolist() == [2]
    assert np.isfinite(effects[["effect", "low", "high"]]).all().all()


def test_an_interaction_is_over_the_seeds_that_all_four_cells_have(right):
    both = right[right.seed < 3]
    uneven = right[~((right.strategy == "hybrid") & (right.seed == 3))].copy()
    flip = (uneven.strategy == "labse-recipe") & (uneven.seed == 3) & (uneven.adaptation == "mlm")
    uneven.loc[flip, "right"] = 0  # a seed that hybrid lacks must not move the difference
    expected, measured = (statistics.adaptation_effects(part, 200)[1] for part in (both, uneven))
    assert np.allclose(measured.effect, expected.effect) and measured.n_seeds.unique().tolist() == [2]


def test_seeds_and_interactions_are_resampled_as_written_out_slowly(right):
    """Effects that differ between seeds: resampling clusters alone would give a much narrower interval."""
    shifted, rng = right.copy(), np.random.default_rng(3)
    for seed, share in ((1, 0.0), (2, 0.15), (3, 0.4)):
        lucky = (shifted.seed == seed) & (shifted.adaptation == "mlm") & (shifted.strategy == "hybrid") & (rng.random(len(shifted)) < share)
        shifted.loc[lucky, "right"] = 1
    effects, between, _ = statistics.adaptation_effects(shifted, 4000)
    tables = {}
    for strategy in ("hybrid", "labse-recipe"):
        of = shifted[(shifted.strategy == strategy) & (shifted.language == "ja")]
        wide = of.pivot(index=["cluster", "item", "seed"], columns="adaptation", values="right")
        tables[strategy] = (wide["mlm"] - wide["none"]).groupby(["cluster", "seed"]).sum().unstack().to_numpy()
    draws = {name: [] for name in ("hybrid", "clusters only", "interaction")}
    for _ in range(4000):
        seeds, clusters = rng.integers(3, size=3), rng.integers(120, size=120)
        cells = {name: 100 * table[np.ix_(clusters, seeds)].sum() / 720 for name, table in tables.items()}
        draws["hybrid"].append(cells["hybrid"])
        draws["interaction"].append(cells["hybrid"] - cells["labse-recipe"])
        draws["clusters only"].append(100 * tables["hybrid"][clusters].sum() / 720)
    width = {name: np.subtract(*np.percentile(values, [97.5, 2.5])) for name, values in draws.items()}
    effect = effects[(effects.strategy == "hybrid") & (effects.language == "ja")].iloc[0]
    interaction = between[between.language == "ja"].iloc[0]
    assert effect.high - effect.low == pytest.approx(width["hybrid"], rel=0.06)
    assert effect.high - effect.low > 1.5 * width["clusters only"]
    assert interaction.high - interaction.low == pytest.approx(width["interaction"], rel=0.06)


def test_the_figure_shows_what_its_table_says_and_is_byte_stable(right, tmp_path):
    effects, between, _ = statistics.adaptation_effects(right, 200)
    by_seed = statistics.effects_by_seed(right)
    for name in ("a", "b"):
        figure = figures.adaptation_effect(effects, between, by_seed, "mlm", "caption")
        figures.save(figure, effects, tmp_path / name)
    for kind in (".png", ".svg", ".csv"):
        assert (tmp_path / "a").with_suffix(kind).read_bytes() == (tmp_path / "b").with_suffix(kind).read_bytes()
    top, bottom = figure.axes
    drawn = {line.get_label(): line.get_ydata() for line in top.lines}
    expected = effects[effects.strategy == "hybrid"].set_index("language").effect
    labels = [label.get_text() for label in bottom.get_xticklabels()]
    assert labels == ["English", "German", "Japanese", "Indonesian"]
    assert np.allclose(drawn["hybrid batches"], expected.loc[["en", "de", "ja", "id"]])
    assert np.allclose(bottom.lines[0].get_ydata(), between.set_index("language").effect.loc[["en", "de", "ja", "id"]])
    boxes = [text.get_window_extent() for text in bottom.get_xticklabels()]
    assert all(a.x1 < b.x0 for a, b in zip(boxes, boxes[1:]))
