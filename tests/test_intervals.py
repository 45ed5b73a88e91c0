"""Intervals and p values of means: against cases computed by hand, statsmodels, and what must always hold."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from xltlib import statistics

# Two clusters and three seeds; seeds' means 4, 2 and 0, clusters' means 3 and 1, mean 2.
CELLS = np.array([[6.0, 2.0, 1.0], [2.0, 2.0, -1.0]])


def rows_of(cells: np.ndarray, draws: list[str] | None = None) -> pd.DataFrame:
    """One row a cell, shape (clusters, seeds): differences in hundredths of points."""
    table = pd.DataFrame(cells / 100).melt(ignore_index=False, var_name="seed", value_name="difference")
    table = table.rename_axis("cluster").reset_index()
    if draws:
        table["draw"] = np.array(draws)[table.seed.to_numpy(int)]
    return table


def error_of(cells, draws=None) -> tuple[float, float]:
    influence = (cells - cells.mean()) / cells.size
    return statistics.standard_error_and_df(influence, np.ones(cells.shape), draws)


def test_two_way_crossed_variance_by_hand():
    # Mean squares: seeds 2 (4 + 0 + 4) / 2 = 8, clusters 3 (1 + 1) / 1 = 6, noise (4 x 1) / 2 = 2.
    influence = (CELLS - 2) / 6
    assert statistics.crossed_variance(influence, np.ones((2, 3))) == pytest.approx(((8 + 6 - 2) / 6, 8 / 6))
    # Of the variance 2 seeds are 2/3 with two degrees of freedom, the rest has the one of clusters.
    error, freedom = error_of(CELLS)
    assert (error**2, freedom) == pytest.approx((2, 1 / ((2 / 3) / 2 + (1 / 3) / 1)))
    found = statistics.mean_interval(rows_of(CELLS))
    wide = t.ppf(0.975, 1.5) * 2**0.5
    assert [found["effect"], found["low"], found["high"]] == pytest.approx([2, 2 - wide, 2 + wide])
    assert found["p"] == pytest.approx(2 * t.sf(2 / 2**0.5, 1.5))
    assert found["p_equivalent"] == pytest.approx(t.sf(-1.5 / 2**0.5, 1.5))


def test_mean_squares_are_those_of_statsmodels():
    rng = np.random.default_rng(2)
    cells = rng.normal(size=(40, 5)) + 2 * rng.normal(size=(40, 1)) + rng.normal(size=5)
    fit = ols("difference ~ C(cluster) + C(seed)", rows_of(100 * cells)).fit()
    of_cluster, of_seed, noise = anova_lm(fit).mean_sq / cells.size
    variance, seeds = statistics.crossed_variance((cells - cells.mean()) / cells.size, np.ones(cells.shape))
    assert (variance, seeds) == pytest.approx((of_cluster + of_seed - noise, of_seed))


def test_a_component_below_nothing_counts_as_nothing():
    rng = np.random.default_rng(2)
    cells = rng.normal(size=(40, 1)) + rng.normal(size=(40, 4))
    cells -= 0.7 * (cells.mean(0) - cells.mean())  # seeds agree more than single answers can
    by_cluster = cells.mean(1).var(ddof=1) / 40
    seeds = cells.mean(0).var(ddof=1) / 4
    error, freedom = error_of(cells)
    assert seeds < by_cluster and error**2 == pytest.approx(by_cluster)
    assert 3 < freedom < 39 and 1 / freedom == pytest.approx(
        seeds / by_cluster / 3 + (1 - seeds / by_cluster) / 39
    )


def test_with_one_seed_clusters_alone_are_counted_and_with_two_there_is_one_degree_of_freedom():
    values = np.array([3.0, 1.0, -1.0, 5.0])
    error, freedom = error_of(values[:, None])
    assert (error, freedom) == pytest.approx((values.std(ddof=1) / 2, 3))
    found = statistics.mean_interval(rows_of(values[:, None]))
    assert found["high"] - found["effect"] == pytest.approx(t.ppf(0.975, 3) * error)
    rng = np.random.default_rng(1)
    assert error_of(rng.normal(size=(50, 2)))[1] == 1


@pytest.mark.parametrize("seeds, variance, freedom", [
    ((5, 3, -3, -5), 16, 1),  # mean squares: between draws 64 / 4, between seeds 68 / 3 / 4
    ((5, -5, 3, -3), 17 / 3, 3),  # draws agree: as of four seeds
    ((5, -3, 3, -5), 17 / 3, 1 / ((3 / 17) / 1 + (14 / 17) / 3)),  # between draws 4 / 4, within 64 / 2 / 4
])  # fmt: skip
def test_seeds_that_share_draws_by_hand(seeds, variance, freedom):
    cells = np.tile(np.array(seeds, float), (2, 1))  # clusters agree, and answers are without noise
    error, found = error_of(cells, np.array(["a", "a", "b", "b"]))
    assert (error**2, found) == pytest.approx((variance, freedom))
    said = statistics.mean_interval(rows_of(cells, ["a", "a", "b", "b"]))
    assert said["high"] - said["effect"] == pytest.approx(t.ppf(0.975, freedom) * variance**0.5)


@pytest.mark.parametrize("draws", [["", "", "", ""], ["a", "b", "c", "d"], ["a", "a", "a", "a"]])
def test_draws_that_no_seeds_share_or_that_all_do_change_nothing(draws):
    cells = np.random.default_rng(3).normal(size=(30, 4)) + [0.0, 1.0, 2.0, 3.0]
    assert statistics.mean_interval(rows_of(cells, draws)) == statistics.mean_interval(rows_of(cells))


def test_a_seed_without_a_draw_is_one_of_its_own():
    cells = np.random.default_rng(3).normal(size=(30, 5)) + [0.0, 0.1, 3.0, 3.1, 6.0]
    some, named = (
        statistics.mean_interval(rows_of(cells, draws))
        for draws in (["a", "a", "b", "b", ""], ["a", "a", "b", "b", "c"])
    )
    assert some == named and some["high"] > statistics.mean_interval(rows_of(cells))["high"]


numbers = st.floats(-20, 20).map(lambda value: round(value, 3))


@given(point=numbers, error=st.floats(0.01, 10), freedom=st.floats(1, 500))
def test_an_interval_excludes_zero_exactly_if_p_is_below_five_per_cent(point, error, freedom):
    said = statistics.t_interval(point, error, freedom)
    if abs(said["p"] - 0.05) > 1e-9:
        assert (said["low"] > 0 or said["high"] < 0) == (said["p"] < 0.05)
    # Two one-sided tests at 5 % are a 90 % interval within the margin.
    wide = t.ppf(0.95, freedom) * error
    if abs(said["p_equivalent"] - 0.05) > 1e-9:
        assert (abs(point) + wide < 0.5) == (said["p_equivalent"] < 0.05)


@given(
    answers=st.lists(
        st.tuples(st.integers(1, 4), st.integers(0, 5), st.sampled_from([-1, 0, 1])), min_size=2, max_size=40
    ),
    shared=st.booleans(),
)
def test_so_do_intervals_of_any_answers(answers, shared):
    rows = pd.DataFrame(answers, columns=["seed", "cluster", "difference"])
    if shared:
        rows["draw"] = np.where(rows.seed % 2, "a", "b")
    said = statistics.mean_interval(rows)
    if np.isnan(said["p"]):
        assert np.isnan(said["low"]) and np.isnan(said["high"])
    else:
        assert said["low"] <= said["effect"] <= said["high"]
        assert (said["low"] > 0 or said["high"] < 0) == (said["p"] < 0.05)


def test_where_all_answers_differ_alike_there_is_nothing_to_test_by():
    rows = pd.DataFrame({"seed": [1, 1, 2, 2], "cluster": [1, 2, 1, 2], "difference": 1})
    said = statistics.mean_interval(rows)
    assert said["effect"] == 100 and np.isnan([said["low"], said["high"], said["p"]]).all()
    nothing = statistics.mean_interval(rows.assign(difference=0))
    assert (nothing["low"], nothing["high"], nothing["p"]) == (0, 0, 1)


def test_equivalence_is_concluded_only_from_narrow_intervals():
    narrow, wide = (statistics.t_interval(0.1, error, 50) for error in (0.1, 0.6))
    assert narrow["p_equivalent"] < 0.01 and wide["p_equivalent"] > 0.2
    assert statistics.t_interval(0.5, 0.1, 50)["p_equivalent"] == pytest.approx(0.5)


def answered(strategy: str, draws: tuple, adapted: float) -> pd.DataFrame:
    """Right answers of one strategy: six seeds without adaptation and with one, in two languages."""
    rng, parts = np.random.default_rng(5), []
    for seed in range(1, 7):
        for adaptation, draw in (("none", ""), ("mlm", draws[seed % len(draws)])):
            moved = 0.0 if adaptation == "none" else adapted * (seed % len(draws))
            for language in ("de", "ja"):
                right = (rng.random(80) < 0.5 + moved).astype(int)
                about = {"encoder": "e", "head": "cross", "strategy": strategy, "adaptation": adaptation}
                about |= {"seed": seed, "draw": draw, "language": language, "rung": "Z1"}
                parts.append(pd.DataFrame({**about, "item": range(80), "cluster": range(80), "right": right}))
    return pd.concat(parts, ignore_index=True)


def test_the_draw_of_an_effect_is_that_of_the_adapted_arm_in_differences_and_means_too():
    right = pd.concat([answered("hybrid", ("a", "b"), 0.3), answered("labse", ("a", "b"), 0.0)])
    assert set(statistics.beside_plain(right).draw) == {"a", "b"}
    alone = right.drop(columns="draw")
    known, unknown = (statistics.adaptation_effects(of, groups=["de", "ja"])[:2] for of in (right, alone))
    for shared, apart in zip(known, unknown):
        assert np.allclose(shared.effect, apart.effect) and set(shared.language) == {"de", "ja", "mean"}
        hybrid = shared.strategy.str.startswith("hybrid")
        wider = (shared.high - shared.low)[hybrid] / (apart.high - apart.low)[hybrid]
        assert (wider > 2).all()  # draws differ by 30 points there
    means = statistics.mean_effects(right)
    assert np.allclose(means.low, known[0][known[0].language == "mean"].low)


def test_the_column_of_draws_comes_from_the_runs():
    runs = pd.DataFrame({"run": ["a", "b"], "seed": [1, 1], "rung": "Z0", "label": ["plain", "mlm"]})
    runs = runs.assign(encoder="e", strategy="plain", head="cross", adaptation=["none", "mlm"])
    rows = pd.DataFrame({"run": ["a", "b"], "item": 1, "cluster": 1, "language1": "de", "language2": "de"})
    rows = rows.assign(selection="last", label=1, p0=0.2, p1=0.8)
    assert "draw" not in statistics.right_answers(rows, runs)
    drawn = runs.assign(draw=[None, "x"])
    assert statistics.right_answers(rows, drawn).draw.tolist() == ["", "x"]
    assert statistics.differences(rows, drawn, "plain").draw.tolist() == ["x"]


@pytest.mark.slow
def test_intervals_cover_and_errors_stay_below_five_per_cent():
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benchmarks"))
    import intervals

    for effect, seed_noise in ((0.0, 0.7), (2.0, 0.7), (0.0, 1.5), (2.0, 1.5)):
        found = intervals.measured(effect, studies=400, seed_noise=seed_noise)
        assert 0.93 <= found["languages"] and found["percentile"] > found["languages"] - 0.005
        assert 0.93 - 0.011 <= found["mean"]  # one interval a study: the error of 400
        assert effect or found["Holm finds one"] <= 0.055
    found = intervals.measured(0.5, studies=100, clusters=1500, seed_noise=0.2)
    assert found["called equivalent"] <= 0.05
    found = intervals.measured(0.0, studies=400, seeds=2, seed_noise=1.5)
    assert found["languages"] >= 0.95 and found["mean"] >= 0.95 and found["Holm finds one"] <= 0.01
    found = intervals.measured(0.0, studies=400, draws=3, draw_noise=1.5)
    assert found["languages"] >= 0.93 and found["mean"] >= 0.93 and found["Holm finds one"] <= 0.055
