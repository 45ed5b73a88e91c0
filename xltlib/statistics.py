"""Effects with honest uncertainty: paired by item and seed, resampled by seed and by cluster of shared sentences."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd

from xltlib import languages

ARM = ["encoder", "strategy", "head", "adaptation"]
BETWEEN = ["encoder", "strategy", "head", "adaptation", "language", "resource", "effect", "low", "high", "n_items", "n_seeds"]
EFFECTS = [*BETWEEN[:6], "rung", *BETWEEN[6:]]


def is_right(predictions: pd.DataFrame) -> np.ndarray:
    """Whether the most probable class (columns ``p0, p1, ...``) is the label, row by row."""
    classes = sorted((c for c in predictions.columns if c[0] == "p" and c[1:].isdigit()), key=lambda c: int(c[1:]))
    return predictions[classes].to_numpy().argmax(1) == predictions.label.to_numpy()


def right_answers(predictions: pd.DataFrame, runs: pd.DataFrame, selection: str = "last") -> pd.DataFrame:
    """One row a run, item and language: was the answer right?

    Args:
        predictions: columns ``run, item, cluster, language1, language2, label, selection, p0, p1, ...``.
        runs: columns ``run, seed, rung`` and those of ``ARM``.
        selection: rule by which the checkpoint was chosen.
    Returns:
        Columns of ``ARM`` and ``seed, rung, item, cluster, language, right`` (0 or 1).
    """
    same = predictions.language1.astype(str) == predictions.language2.astype(str)
    chosen = predictions[(predictions.selection == selection) & same]
    rows = chosen[["run", "item", "cluster"]].assign(language=chosen.language1.astype(str), right=is_right(chosen).astype(np.int8))
    return rows.merge(runs[["run", "seed", "rung", *ARM]], on="run", validate="many_to_one")


def generalized(predictions: pd.DataFrame, selection: str = "last", source: str = "en") -> tuple[pd.DataFrame, pd.DataFrame]:
    """Accuracy of every language pair, and what the grid says as a whole; only of items that all cells have.

    Args:
        predictions: of runs that were scored on all language pairs (columns as for :func:`right_answers`).
    Returns:
        The grid: columns ``run, language1, language2, accuracy, n_items``. And one row a run, in points: ``diagonal``,
        ``off_diagonal``, ``off_diagonal_without_source`` (neither language is the source), ``gap`` (diagonal minus
        off-diagonal), ``asymmetry`` (mean of |A(i, j) - A(j, i)| over i < j) and ``n_items``.
    """
    chosen = predictions[predictions.selection == selection]
    chosen = chosen.assign(right=is_right(chosen), language1=chosen.language1.astype(str), language2=chosen.language2.astype(str))
    grids, rows = [], []
    for run, of in chosen.groupby("run", sort=False, observed=True):
        cells = of.groupby("item").size()
        of = of[of["item"].isin(cells.index[cells == len(of.groupby(["language1", "language2"]))])]
        grid = of.groupby(["language1", "language2"], sort=False).right.agg(accuracy="mean", n_items="size").reset_index()
        grids.append(grid.assign(run=run))
        wide = 100 * grid.pivot(index="language1", columns="language2", values="accuracy")
        if wide.isna().any(axis=None) or len(wide) < 2:
            raise ValueError(f"run {run} was not scored on all language pairs: run it with pairs=all")
        values, other = wide.to_numpy(), np.array([code != source for code in wide.index])
        off = ~np.eye(len(wide), dtype=bool)
        rows.append({
            "run": run, "diagonal": values[~off].mean(), "off_diagonal": values[off].mean(),
            "off_diagonal_without_source": values[off & other & other[:, None]].mean(), "gap": values[~off].mean() - values[off].mean(),
            "asymmetry": np.abs(values - values.T)[np.triu(off)].mean(), "n_items": int(grid.n_items.iloc[0]),
        })  # fmt: skip
    return pd.concat(grids, ignore_index=True), pd.DataFrame(rows)


def adaptation_effects(right: pd.DataFrame, resamples: int = 10_000, seed: int = 1) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Effect of each adaptation within each strategy, and its difference between strategies.

    For language l the effect is the mean over seeds s and items k of right(adapted) - right(not adapted), in
    points. Its interval comes from a two-level bootstrap: seeds are drawn with replacement, then clusters of
    items, the same clusters for all languages, arms and seeds (methods g.3), so that differences between
    languages and between strategies get joint intervals from the same draws.

    Args:
        right: as :func:`right_answers` returns it.
        resamples: bootstrap draws.
        seed: of the draws.
    Returns:
        Effects and interactions, one row a language each (``effect, low, high`` in accuracy points, 95 %
        percentile intervals), and the names of arms that lack a partner. An interaction is over the seeds and items that
        all its four cells have. With S seeds an interval sees (S - 1) / S of the variance between seeds: with one, none.
    Raises:
        ValueError: two runs of one arm have the same seed.
    """
    twice = right.groupby([*ARM, "seed", "language", "item"], observed=True).size()
    if (twice > 1).any():
        raise ValueError(f"two runs of one arm with one seed: {twice[twice > 1].index[0][:5]}")
    codes = sorted(right.language.unique(), key=languages.ORDER.index)
    clusters = np.sort(right.cluster.unique())
    rng = np.random.default_rng(seed)
    n = len(clusters)
    weights = rng.multinomial(n, np.full(n, 1 / n), size=resamples)
    seeds = sorted(right.seed.unique())
    seed_weights = rng.multinomial(len(seeds), np.full(len(seeds), 1 / len(seeds)), size=resamples)

    def resampled(pairs: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Mean difference per language, and of every draw: shapes (languages,) and (resamples, languages)."""
        cell = (np.searchsorted(clusters, pairs.cluster), np.searchsorted(seeds, pairs.seed), pairs.language.map(codes.index).to_numpy(int))
        sums, counts = np.zeros((2, n, len(seeds), len(codes)))
        np.add.at(sums, cell, pairs.difference.to_numpy(float))
        np.add.at(counts, cell, 1)
        # A cluster counts as often as it was drawn, and so does a seed: both sums for all draws at once.
        drawn = [np.einsum("rs,rsl->rl", seed_weights, np.tensordot(weights, part, 1)) for part in (sums, counts)]
        return _ratio(sums.sum((0, 1)), counts.sum((0, 1))), _ratio(*drawn)

    def table(pairs: pd.DataFrame, **described) -> list[dict]:
        point, drawn = resampled(pairs)
        return [
            {
                **described, "language": code, "resource": languages.BY_CODE[code].resource,
                "effect": float(point[column]), **dict(zip(("low", "high"), np.nanpercentile(drawn[:, column], [2.5, 97.5]))),
                "n_items": int(pairs[pairs.language == code]["item"].nunique()), "n_seeds": int(pairs[pairs.language == code].seed.nunique()),
            }
            for column, code in enumerate(codes) if not np.isnan(point[column])
        ]  # fmt: skip

    same = ["seed", "language", "item"]
    rows, differences, missing = [], {}, []
    for (encoder, head, strategy), group in right.groupby(["encoder", "head", "strategy"], sort=False):
        plain = group[group.adaptation == "none"]
        for adaptation in sorted(set(group.adaptation) - {"none"}):
            adapted = group[group.adaptation == adaptation]
            pairs = adapted.merge(plain[[*same, "right"]], on=same, suffixes=("", "_plain"))
            if pairs.empty:
                missing.append(f"{strategy} with {adaptation}: no run without adaptation and with the same seed")
                continue
            pairs["difference"] = pairs.right - pairs.right_plain
            differences[encoder, head, strategy, adaptation] = pairs
            rows += table(pairs, encoder=encoder, strategy=strategy, head=head, adaptation=adaptation, rung=adapted.rung.max())
        if plain.empty:
            missing.append(f"{strategy} without adaptation")

    between = []
    for one, two in (("hybrid", "labse"), ("hybrid", "labse-recipe")):
        for ((encoder, head, strategy, adaptation), pairs), (key, other) in product(differences.items(), repeat=2):
            same_encoder = key[0] == encoder or two == "labse"  # LaBSE is another checkpoint by nature
            if strategy == one and key[1:] == (head, two, adaptation) and same_encoder:
                both = pairs.merge(other[[*same, "difference"]], on=same, suffixes=("", "_other"))  # what all four cells have
                both["difference"] -= both.difference_other
                between += table(both, encoder=encoder, strategy=f"{one} - {two}", head=head, adaptation=adaptation)
    return pd.DataFrame(rows, columns=EFFECTS), pd.DataFrame(between, columns=BETWEEN), missing


def _ratio(sums: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """100 * sums / counts; NaN where a language has no items in a draw."""
    return 100 * np.divide(sums, counts, out=np.full(sums.shape, np.nan, dtype=np.float64), where=counts > 0)


def effects_by_seed(right: pd.DataFrame) -> pd.DataFrame:
    """Effect of each adaptation for each seed alone, in points: the dots of the figure."""
    keys = ["encoder", "head", "strategy", "seed", "language"]
    means = right.groupby([*keys, "adaptation"], observed=True).right.mean().mul(100).reset_index(name="accuracy")
    plain = means[means.adaptation == "none"].drop(columns="adaptation")
    pairs = means[means.adaptation != "none"].merge(plain, on=keys, suffixes=("", "_plain"))
    return pairs.assign(effect=pairs.accuracy - pairs.accuracy_plain)[[*keys, "adaptation", "effect"]]


def differences(predictions: pd.DataFrame, runs: pd.DataFrame, control: str, selection: str = "last") -> pd.DataFrame:
    """Right answers of every arm minus those of one control, for the same seed, item and pair of languages.

    Args:
        predictions: as for :func:`right_answers`.
        runs: columns ``run, seed, label``; a label names an arm, whatever its parameters.
        control: label of the control.
    Returns:
        Columns ``label, seed, item, cluster, language1, language2, difference`` (-1, 0 or 1).
    """
    chosen = predictions[predictions.selection == selection]
    rows = chosen[["run", "item", "cluster"]].assign(
        language1=chosen.language1.astype(str), language2=chosen.language2.astype(str), right=is_right(chosen).astype(np.int8)
    )
    rows = rows.merge(runs[["run", "seed", "label"]], on="run", validate="many_to_one").drop(columns="run")
    same = ["seed", "item", "language1", "language2"]
    theirs = rows[rows.label == control][[*same, "right"]]
    both = rows[rows.label != control].merge(theirs, on=same, suffixes=("", "_control"), validate="many_to_one")
    return both.assign(difference=both.right - both.right_control).drop(columns=["right", "right_control"])


def mean_interval(rows: pd.DataFrame, resamples: int = 10_000, seed: int = 1) -> tuple[float, float, float, float]:
    """Mean of ``difference`` in points, its 95 % percentile interval over seeds and clusters drawn together (methods g.3), and a p value.

    With S seeds the draws see (S - 1) / S of the variance between seeds: with two, half of it. The p value is twice the share of draws
    on the other side of zero (and at zero), never below 2 / (resamples + 1).

    Args:
        rows: columns ``seed, cluster, difference``.

    Example:
        >>> rows = pd.DataFrame({"seed": [1, 1, 2, 2], "cluster": [1, 2, 1, 2], "difference": [1, 0, 1, 0]})
        >>> mean_interval(rows, 200)[:3]
        (50.0, 0.0, 100.0)
    """
    table = rows.groupby(["cluster", "seed"]).difference.agg(["sum", "size"]).unstack(fill_value=0)
    sums, counts = table["sum"].to_numpy(float), table["size"].to_numpy(float)
    rng = np.random.default_rng(seed)
    drawn = [rng.multinomial(n, np.full(n, 1 / n), size=resamples) for n in sums.shape]
    means = [100 * np.einsum("rc,cs,rs->r", drawn[0], part, drawn[1], optimize=True) for part in (sums, counts)]
    draws = np.divide(means[0], means[1] / 100, out=np.full(resamples, np.nan), where=means[1] > 0)
    low, high = np.nanpercentile(draws, [2.5, 97.5])
    beyond = min((draws <= 0).sum(), (draws >= 0).sum())
    return float(100 * sums.sum() / counts.sum()), float(low), float(high), float(min(1.0, 2 * (beyond + 1) / (resamples + 1)))


def verdict(gain: float, low: float, high: float, by_updates: float, published: float | None = None) -> str:
    """What a measured gain over plain training says about a published one (the rule was fixed before the runs: methods h.1).

    Args:
        gain, low, high: mean gain over the plain arm and its 95 % interval, in points.
        by_updates: gain of the control that makes as many updates without noise.
        published: the gain to reproduce; None: none is published.
    Returns:
        ``"step-explained"`` (the interval excludes 0, and the updates alone bring more than half of the gain); else ``"reproduced"`` (it
        excludes 0 and includes the published gain), ``"not reproduced"`` (it excludes the published gain), ``"up"`` and ``"down"`` where
        none is published, or ``"inconclusive"``.

    Example:
        >>> verdict(2.0, 0.5, 3.5, 0.2, 2.1), verdict(2.0, 0.5, 3.5, 1.5, 2.1), verdict(0.1, -0.9, 1.1, 0.0, 2.1)
        ('reproduced', 'step-explained', 'not reproduced')
    """
    off_zero = low > 0 or high < 0
    if low > 0 and by_updates > gain / 2:
        return "step-explained"
    if published is not None:
        inside = low <= published <= high
        return "reproduced" if inside and low > 0 else "inconclusive" if inside else "not reproduced"
    return ("up" if gain > 0 else "down") if off_zero else "inconclusive"


def costs(runs: list[dict]) -> pd.DataFrame:
    """What each arm took, its ancestors included, and what its encoder is like at the end.

    Args:
        runs: records as they stand in a study's runs.json, adaptations and trunks among them.
    Returns:
        One row an arm's run: ``run``, ``seconds`` of training and ``tokens`` read in training, both of the whole chain (tokens NaN where a
        record has none), ``retrieval`` and ``rank_distance`` (means over languages of bias.language_bias; NaN if not measured) and
        ``forgotten``: how many of the probes' translations fewer are found after adaptation than before, as a share (NaN without probes).
    """
    by_run = {run["run"]: run for run in runs}

    def chain(run: dict) -> list[dict]:
        return [run, *(record for parent in run.get("parents", {}) if parent in by_run for record in chain(by_run[parent]))]

    rows = []
    for run in runs:
        if not run.get("arm", run.get("notebook") != "10_adapt"):
            continue
        links = {record["run"]: record for record in chain(run)}.values()
        bias = pd.DataFrame(run.get("bias") or [], columns=["retrieval", "rank_distance"]).mean()
        probes = [of["before"] - of["after"] for link in links for of in link.get("probes", {}).values() if of["before"] is not None]
        tokens = [link.get("tokens", np.nan) for link in links if "training" in link["seconds"]]
        seconds = sum(link["seconds"].get("training", 0) for link in links)
        rows.append({"run": run["run"], "seconds": seconds, "tokens": sum(tokens), **bias, "forgotten": float(np.mean(probes)) if probes else np.nan})
    return pd.DataFrame(rows)


def mean_effects(right: pd.DataFrame, resamples: int = 10_000) -> pd.DataFrame:
    """The effect of each adaptation on the mean of the languages given, one row a strategy and adaptation, with its interval.

    Args:
        right: as :func:`right_answers` returns it, of the languages to average over.
    """
    rows, same = [], ["seed", "language", "item"]
    for names, group in right.groupby(["encoder", "head", "strategy"], sort=False):
        plain = group[group.adaptation == "none"][[*same, "right"]]
        for adaptation, of in group[group.adaptation != "none"].groupby("adaptation", sort=False):
            pairs = of.merge(plain, on=same, suffixes=("", "_plain"))
            if len(pairs):
                effect, low, high, p = mean_interval(pairs.assign(difference=pairs.right - pairs.right_plain), resamples)
                rows.append({**dict(zip(("encoder", "head", "strategy"), names)), "adaptation": adaptation, "effect": effect, "low": low, "high": high, "p": p, "n_seeds": pairs.seed.nunique()})
    return pd.DataFrame(rows, columns=["encoder", "head", "strategy", "adaptation", "effect", "low", "high", "p", "n_seeds"])
