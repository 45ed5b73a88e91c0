"""The same effects by tests that rest on other assumptions, and how small an effect a study can find."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xltlib import languages
from xltlib.statistics.answers import ARM, answers_of_pairs, is_one_language
from xltlib.statistics.effects import beside_plain
from xltlib.statistics.intervals import weighted_by_language

OTHER_TESTS = [  # columns of the table of the same name
    *("encoder", "head", "strategy", "adaptation", "effect", "p (signs)", "smallest", "violation"),
    *("gee low", "gee high", "n_seeds"),
]
TRIED, DRAWN = 20, 2**16  # seeds of which all sign patterns are tried; how many are drawn of more
RESAMPLES = 1000  # of the runs' scores, for the error of an almost stochastic order


def sign_permutation(differences: np.ndarray) -> tuple[float, float]:
    """Two-sided p value of a mean of paired differences over seeds, and the smallest it can be.

    Up to 20 seeds all ways to set their signs are tried, and p is exact: the smallest is 2 / 2**S, so that
    five seeds alone can never reach 0.05, six can. Of more seeds 2**16 ways are drawn, half of them the
    opposites of the others.

    Args:
        differences: one a seed.
    Raises:
        ValueError: there is none.

    Example:
        >>> sign_permutation(np.array([1.0, 2.0, 0.5, 1.0, 3.0, 0.1]))
        (0.03125, 0.03125)
    """
    differences = np.asarray(differences, float)
    if not len(differences):
        raise ValueError("no seed: there are no signs to try")
    if len(differences) > TRIED:
        half = np.random.default_rng(1).choice((1.0, -1.0), (DRAWN // 2, len(differences)))
        half[0] = 1.0  # what was observed: without it p could be 0
        sums = half @ differences
        sums = np.concatenate([sums, -sums])
    else:
        sums = np.zeros(1)
        for difference in differences:
            sums = np.concatenate([sums + difference, sums - difference])
    as_extreme = np.abs(sums) >= abs(differences.sum()) - 1e-9
    return float(as_extreme.mean()), min(1.0, 2 / len(sums))


def almost_stochastic_order(a: np.ndarray, b: np.ndarray) -> float:
    """Upper bound of how much "a is better than b" is violated, from 0 (never) to 1 (b is better throughout).

    ``eps = int_V (F_a^-1 - F_b^-1)^2 / int (F_a^-1 - F_b^-1)^2`` with V where b's quantile is the higher (del
    Barrio et al. 2018), bounded as in Dror, Shlomov & Reichart 2019: ``eps - sqrt((n + m) / (n m)) * sigma *
    Phi^-1(0.05)``, sigma by bootstrap. 0.5 says nothing.

    Args:
        a, b: scores of runs, not paired.

    Example:
        >>> high, low = np.array([80.0, 81.0, 82.0, 83.0]), np.array([70.0, 71.0, 72.0, 73.0])
        >>> almost_stochastic_order(high, low), almost_stochastic_order(low, high)
        (0.0, 1.0)
    """
    a, b, rng = np.asarray(a, float), np.asarray(b, float), np.random.default_rng(1)
    grid = (np.arange(1000) + 0.5) / 1000

    def violated(one: np.ndarray, two: np.ndarray) -> np.ndarray:
        """Share of the squared distance of the quantiles where two's is the higher."""
        quantiles_one = np.quantile(one, grid, axis=-1, method="inverted_cdf")
        quantiles_two = np.quantile(two, grid, axis=-1, method="inverted_cdf")
        gap = quantiles_one - quantiles_two
        whole = np.square(gap).sum(0)
        worse = np.square(np.minimum(gap, 0)).sum(0)
        return np.divide(worse, whole, out=np.full(np.shape(whole), 0.5), where=whole > 0)

    from scipy.stats import norm

    found = float(violated(a, b))
    drawn = violated(rng.choice(a, (RESAMPLES, len(a))), rng.choice(b, (RESAMPLES, len(b))))
    return float(np.clip(found - np.std(drawn) * norm.ppf(0.05), 0, 1))


def gee_effects(right: pd.DataFrame, together: bool = False) -> pd.DataFrame:
    """The same effects by another road: a linear GEE (statsmodels) of the differences.

    Languages stand apart, items that share a sentence in one group. Seeds are no factor in it, so its
    intervals know only the items; the effects themselves must agree with :func:`adaptation_effects` where all
    seeds have all items.

    Args:
        right: of one strategy, without adaptation and with one, as :func:`right_answers` returns it.
        together: one effect of all languages, named ``"mean"``, each counting alike.
    Returns:
        One row a language: ``language, effect, low, high``.
    """
    from statsmodels.genmod.cov_struct import Independence
    from statsmodels.genmod.generalized_estimating_equations import GEE

    pairs, weights = beside_plain(right), None
    if together:
        codes, design = ["mean"], np.ones((len(pairs), 1))
        weights = weighted_by_language(pairs).weight
        weights = weights / weights.mean()  # their sum is to be the number of items: statsmodels counts it
    else:
        codes = languages.in_order(pairs.language.unique())
        design = (pairs.language.to_numpy()[:, None] == np.array(codes)).astype(float)
    if not pairs.difference.any():  # nothing varies: statsmodels finds no deviance
        return pd.DataFrame({"language": codes, "effect": 0.0, "low": np.nan, "high": np.nan})
    shape = {"groups": pairs.cluster, "cov_struct": Independence(), "weights": weights}
    fit = GEE(100.0 * pairs.difference, design, **shape).fit()
    low, high = fit.conf_int().to_numpy().T
    return pd.DataFrame({"language": codes, "effect": fit.params.to_numpy(), "low": low, "high": high})


def other_tests(right: pd.DataFrame, codes: list[str]) -> pd.DataFrame:
    """The mean effect of each adaptation by tests with other assumptions: a cross-check, not more evidence.

    Args:
        right: as :func:`right_answers` returns it.
        codes: languages to average over.
    Returns:
        One row an arm: ``effect``, ``p (signs)`` of :func:`sign_permutation` over seeds and the ``smallest``
        it can be, ``violation`` of :func:`almost_stochastic_order` of the adapted runs over the others (NaN
        with fewer than five seeds, where two lucky runs would give 0), ``gee low`` and ``gee high`` of the
        mean by :func:`gee_effects`, whose interval does not include variation between seeds.
    """
    rows, right = [], right[right.language.isin(codes)]
    for names, group in right.groupby(["encoder", "head", "strategy"], sort=False):
        plain = group[group.adaptation == "none"]
        for adaptation in dict.fromkeys(group.adaptation[group.adaptation != "none"]):
            adapted = group[group.adaptation == adaptation]
            if set(adapted.seed) & set(plain.seed):
                arm = {**dict(zip(("encoder", "head", "strategy"), names)), "adaptation": adaptation}
                rows.append({**arm, **_tests_of_one_arm(plain, adapted)})
    return pd.DataFrame(rows, columns=OTHER_TESTS)


def _tests_of_one_arm(plain: pd.DataFrame, adapted: pd.DataFrame) -> dict:
    """What :func:`other_tests` says of one adaptation, from answers without it and with it."""
    seeds = sorted(set(adapted.seed) & set(plain.seed))

    def accuracies(rows: pd.DataFrame) -> pd.Series:
        """Mean accuracy of the languages in per cent, seed by seed."""
        by_language = rows[rows.seed.isin(seeds)].groupby(["seed", "language"]).right.mean()
        return 100 * by_language.groupby("seed").mean()

    a, b = accuracies(adapted), accuracies(plain)
    p, smallest = sign_permutation((a - b).to_numpy())
    gee = gee_effects(pd.concat([plain, adapted]), together=True).iloc[0]
    violation = np.nan
    if len(seeds) > 4:
        violation = almost_stochastic_order(a.to_numpy(), b.to_numpy())
    return {
        "effect": (a - b).mean(),
        "p (signs)": p,
        "smallest": smallest,
        "violation": violation,
        "gee low": gee.low,
        "gee high": gee.high,
        "n_seeds": len(seeds),
    }


def mcnemar_table(right: pd.DataFrame) -> pd.DataFrame:
    """Exact McNemar test of every adaptation, language and seed alone (statsmodels).

    A description, since it knows one training only.

    Args:
        right: as :func:`right_answers` returns it.
    Returns:
        ``encoder, head, strategy, adaptation, language, seed``, ``gained`` and ``lost`` (items that only one
        of the two arms answers rightly), ``p``.
    """
    from statsmodels.stats.contingency_tables import mcnemar

    rows, keys = [], [*ARM, "language", "seed"]
    for names, pairs in beside_plain(right).groupby(keys, sort=False):
        gained = int(((pairs.right == 1) & (pairs.right_plain == 0)).sum())
        lost = int(((pairs.right == 0) & (pairs.right_plain == 1)).sum())
        p = float(mcnemar([[0, gained], [lost, 0]], exact=True).pvalue)
        rows.append({**dict(zip(keys, names)), "gained": gained, "lost": lost, "p": p})
    return pd.DataFrame(rows, columns=[*keys, "gained", "lost", "p"])


def pair_effects(predictions: pd.DataFrame, runs: pd.DataFrame, selection: str = "last") -> pd.DataFrame:
    """Effect of each adaptation on each pair of two languages.

    With Benjamini and Hochberg's correction over the pairs of an arm.

    Args:
        predictions, runs: as for :func:`right_answers`.
    Returns:
        ``encoder, head, strategy, adaptation, language1, language2, effect, p, p (BH), n_seeds``; p by least
        squares with items that share a sentence as clusters, without variation between seeds. Empty where a
        study was scored on one-language pairs alone.
    """
    from statsmodels.api import OLS
    from statsmodels.stats.multitest import multipletests

    two = ~is_one_language(predictions)
    rows = answers_of_pairs(predictions[(predictions.selection == selection) & two])
    rows = rows.merge(runs[["run", "seed", *ARM]], on="run")
    keys, found = [*ARM, "language1", "language2"], []
    for names, pairs in beside_plain(rows, ("language1", "language2")).groupby(keys, sort=False):
        p = 1.0
        if pairs.difference.any():
            model = OLS(100.0 * pairs.difference, np.ones(len(pairs)))
            p = model.fit(cov_type="cluster", cov_kwds={"groups": pairs.cluster}).pvalues.iloc[0]
        effect = 100.0 * pairs.difference.mean()
        found.append(
            {**dict(zip(keys, names)), "effect": effect, "p": float(p), "n_seeds": pairs.seed.nunique()}
        )
    table = pd.DataFrame(found, columns=[*keys, "effect", "p", "p (BH)", "n_seeds"])
    for _, of_arm in table.groupby(ARM, sort=False):
        table.loc[of_arm.index, "p (BH)"] = multipletests(of_arm.p, method="fdr_bh")[1]
    return table


def power_table(
    items=(250, 500, 1000, 2000), discordant=(0.03, 0.06, 0.1, 0.15), seeds: int = 1, seed_noise: float = 0.0
) -> pd.DataFrame:
    """The smallest effect, in points, that a study finds in four of five cases (two-sided 5 %).

    ``(z_.975 + z_.8) * sqrt(q / n + 2 sigma^2 / S)`` for n items, S seeds, a share q of the items answered
    differently by the two arms, and a standard deviation sigma over seeds. An orientation: quantiles of the
    normal distribution stand where with few seeds those of a wider t belong, and clusters of items make it
    larger; items that differ from seed to seed make it smaller.

    Args:
        items: test items of a language.
        discordant: shares q.
        seeds, seed_noise: S, and sigma in points.

    Example:
        >>> power_table((2000,), (0.03, 0.15)).round(2).to_numpy().tolist()
        [[1.09, 2.43]]
    """
    from scipy.stats import norm

    z = norm.ppf(0.975) + norm.ppf(0.8)
    rows = [[z * np.sqrt(1e4 * q / n + 2 * seed_noise**2 / seeds) for q in discordant] for n in items]
    columns = [f"{100 * q:g} % answered differently" for q in discordant]
    return pd.DataFrame(rows, index=pd.Index(items, name="items"), columns=columns)
