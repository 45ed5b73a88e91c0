"""Effects with honest uncertainty: paired by item and seed, resampled by seed and by cluster of shared sentences."""

from __future__ import annotations

import gc
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import norm, t

from xltlib import languages

ARM = ["encoder", "strategy", "head", "adaptation"]
BETWEEN = ["encoder", "strategy", "head", "adaptation", "language", "resource", "effect", "low", "high", "p", "p_equivalent", "n_items", "n_seeds"]
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


class Resamples:
    """One two-level bootstrap for everything that is compared: the same drawn seeds and the same drawn clusters of items for all languages,
    arms and contrasts, so that differences between them have joint intervals from the same draws.

    Seeds and clusters are crossed: every seed answers every item. Drawing both counts the noise of single answers three times, and with S seeds
    sees (S - 1) / S of the variance between them: at six seeds percentile intervals covered 98 to 99 % (benchmarks/intervals.py, seed noise up to
    1.5 points). So the width of the draws' 95 % is scaled to :func:`crossed_variance` under t. Theirs stays the skew, and that all move together.

    Args:
        seeds, clusters: all of the study.
        resamples, seed: how many draws, and their seed.
    """

    def __init__(self, seeds, clusters, resamples: int = 10_000, seed: int = 1):
        self.seeds, self.clusters = np.unique(seeds), np.unique(clusters)
        rng = np.random.default_rng(seed)
        draw = lambda n: rng.multinomial(n, np.full(n, 1 / n), size=resamples).astype(np.float32)
        self.of_clusters, self.of_seeds = draw(len(self.clusters)), draw(len(self.seeds))

    def __call__(self, rows: pd.DataFrame, columns: list | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Mean difference of each column, its draws, the degrees of freedom of its p values, and its standard error.

        Args:
            rows: columns ``seed, cluster, difference``; ``column`` (a language, say) where ``columns`` are given; ``weight`` where rows
                do not count alike.
            columns: values of ``column``, each of which gets a mean.
        Returns:
            In points: shapes (columns,), (resamples, columns), (columns,), (columns,).
        """
        sums, counts = self._cells(rows, columns)
        means = self._means(sums, counts)
        with np.errstate(invalid="ignore", divide="ignore"):
            point = sums.sum((0, 1)) / counts.sum((0, 1))
            influence = (sums - counts * np.nan_to_num(point)) / counts.sum((0, 1))
        variance, of_width, freedom = crossed_variance(influence, counts)
        error = np.sqrt(variance)
        low, high = (np.nanpercentile(means, [2.5, 97.5], axis=0) if np.isfinite(means).any() else np.zeros((2, len(point))))
        scale = np.divide(2 * t.ppf(0.975, of_width) * error, high - low, out=np.ones(len(point)), where=high > low)
        return point, point + (means - point) * scale, freedom, error

    def percentiles(self, rows: pd.DataFrame, columns: list | None = None) -> np.ndarray:
        """95 % percentile intervals of the draws as they are, unscaled: shape (2, columns)."""
        return np.nanpercentile(self._means(*self._cells(rows, columns)), [2.5, 97.5], axis=0)

    def _cells(self, rows: pd.DataFrame, columns: list | None) -> tuple[np.ndarray, np.ndarray]:
        """Sums of the differences, in points, and of their weights, shape (clusters, seeds, columns)."""
        place = rows.column.map({name: k for k, name in enumerate(columns)}).to_numpy(int) if columns else np.zeros(len(rows), int)
        shape = (len(self.clusters), len(self.seeds), len(columns) if columns else 1)
        cell = np.ravel_multi_index((np.searchsorted(self.clusters, rows.cluster), np.searchsorted(self.seeds, rows.seed), place), shape)
        size = int(np.prod(shape))
        weight = rows.weight.to_numpy(float) if "weight" in rows else np.ones(len(rows))
        sums, counts = (np.bincount(cell, values, size).reshape(shape) for values in (100 * weight * rows.difference.to_numpy(float), weight))
        return sums, counts

    def _means(self, sums: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Mean of every draw, shape (resamples, columns); NaN where a column has nothing in a draw."""
        # A cluster counts as often as it was drawn, and so does a seed: both sums for all draws at once.
        drawn = [np.einsum("rs,rsl->rl", self.of_seeds, np.tensordot(self.of_clusters, part.astype(np.float32), 1)) for part in (sums, counts)]
        return np.divide(drawn[0], drawn[1], out=np.full(drawn[0].shape, np.nan, dtype=np.float32), where=drawn[1] > 0)


def crossed_variance(influence: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Variance of a mean over seeds and clusters that are crossed, its degrees of freedom, and those of a p value.

    Components by moments (Searle, Casella & McCulloch 1992; exact where every seed has every cluster), one below nothing taken as nothing: what
    the sums by seed, and those by cluster, vary beyond the noise of single cells. Degrees of freedom are Satterthwaite's, of the components left;
    for a p value all count, so that it has fewer: with one kind, by simulation, intervals hold too much or Holm errs too often.

    Args:
        influence, counts: what each cell adds to the mean less its share of it, and its weight (0: no such cell), shape (clusters, seeds, columns).
    Returns:
        Three of shape (columns,). With one seed the variance is that by clusters.
    """
    there, (n_seeds, n_clusters) = counts > 0, ((counts.sum(axis) > 0).sum(0) for axis in (0, 1))
    of_seeds, of_clusters = np.maximum(n_seeds - 1, 1), np.maximum(n_clusters - 1, 1)
    share = np.divide(counts, counts.sum(0), out=np.zeros(counts.shape), where=there)
    by_seed, by_cluster = influence.sum(0), influence.sum(1)
    noise = there * (influence - (by_cluster / np.maximum(there.sum(1), 1))[:, None] - share * by_seed)
    seeds = np.square(by_seed).sum(0) * n_seeds / of_seeds * (n_seeds > 1)
    clusters = np.square(by_cluster).sum(0) * n_clusters / of_clusters
    cells = np.square(noise).sum((0, 1)) * n_seeds / of_seeds * n_clusters / of_clusters * (n_seeds > 1)
    few, many = seeds > cells, (clusters > cells) | (n_seeds < 2)  # else there is nothing in them beyond the noise, which all three hold
    variance = few * seeds + many * clusters + (1 - few - many) * cells
    of_noise, squares = np.square((1 - few - many) * cells) / (of_seeds * of_clusters), [np.square(seeds) / of_seeds, np.square(clusters) / of_clusters]
    with np.errstate(invalid="ignore", divide="ignore"):
        freedom = np.square(variance) / (few * squares[0] + many * squares[1] + of_noise)
        of_p = np.square(variance) / (squares[0] + squares[1] + of_noise)
    return variance, *(np.where(np.isfinite(of), of, of_clusters) for of in (freedom, of_p))


def alike(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with a ``weight`` by which each ``language`` counts alike in a mean, however many items it has.

    Example:
        >>> alike(pd.DataFrame({"language": ["de", "de", "ko"]})).weight.tolist()
        [0.5, 0.5, 1.0]
    """
    return rows.assign(weight=1 / rows.groupby("language").language.transform("size"))


def described(point: float, draws: np.ndarray, freedom: float, error: float, margin: float = 0.5) -> dict:
    """What is said of one mean difference: 95 % interval, two-sided p value, and whether it is as good as nothing.

    Args:
        point, draws, freedom, error: of one column of :class:`Resamples`.
        margin: points; ``p_equivalent`` is that of two one-sided tests against -margin and +margin (TOST): small, if the difference lies between.
    Returns:
        ``effect, low, high, p, p_equivalent``. The interval keeps the skew of the draws, and p values have fewer degrees of freedom: an interval
        may lie off zero where p is above 5 %, with two seeds far above.
    """
    low, high = np.nanpercentile(draws, [2.5, 97.5]) if np.isfinite(draws).any() else (np.nan, np.nan)
    if not error > 0:  # every answer is the same, or there is one cluster: nothing to test by
        return {"effect": float(point), "low": float(low), "high": float(high), "p": 1.0 if point == 0 else np.nan, "p_equivalent": np.nan}
    p = 2 * t.sf(abs(point) / error, freedom)
    equivalent = max(t.sf((point + margin) / error, freedom), t.cdf((point - margin) / error, freedom))
    return {"effect": float(point), "low": float(low), "high": float(high), "p": float(p), "p_equivalent": float(equivalent)}


def adaptation_effects(right: pd.DataFrame, resamples: int = 10_000, seed: int = 1, groups: list[str] = ()) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Effect of each adaptation within each strategy, and its difference between strategies.

    For language l the effect is the mean over seeds s and items k of right(adapted) - right(not adapted), in points; all intervals are
    from the draws of one :class:`Resamples`.

    Args:
        right: as :func:`right_answers` returns it; of the targets.
        resamples, seed: how many bootstrap draws, and their seed.
        groups: also the mean of these languages, each counting alike (language ``"mean"``: give those of which the same was read), and of
            those of one resource level (named after it), where there are two or more of them and others besides.
    Returns:
        Effects and interactions, one row a language each (``effect, low, high`` in accuracy points, 95 %), and the names of arms that lack a
        partner. An interaction is over the seeds and items that all its four cells have.
    Raises:
        ValueError: two runs of one arm have the same seed.
    """
    twice = right.groupby([*ARM, "seed", "language", "item"], observed=True).size()
    if (twice > 1).any():
        raise ValueError(f"two runs of one arm with one seed: {twice[twice > 1].index[0][:5]}")
    codes = sorted(right.language.unique(), key=languages.ORDER.index)
    draws = Resamples(right.seed, right.cluster, resamples, seed)
    levels = {code: languages.BY_CODE[code].resource for code in codes}
    chosen = [code for code in codes if code in groups]
    means = {"mean": chosen, **{level: [code for code in chosen if levels[code] == level] for level in dict.fromkeys(levels.values())}}
    means = {name: of for name, of in means.items() if len(of) > 1 and (name == "mean" or len(of) < len(chosen))}

    def table(pairs: pd.DataFrame, **about) -> list[dict]:
        pairs = pairs.assign(column=pairs.language)
        found = [(pairs, codes)] + [(alike(pairs[pairs.language.isin(of)]).assign(column=name), [name]) for name, of in means.items() if set(of) <= set(pairs.language)]
        rows = []
        for part, columns in found:
            point, drawn, freedom, error = draws(part, columns)
            for k, name in enumerate(columns):
                if not np.isnan(point[k]):
                    n_items, n_seeds = part[part.column == name][["item", "seed"]].nunique()
                    said = described(point[k], drawn[:, k], freedom[k], error[k])
                    rows.append({**about, "language": name, "resource": levels.get(name, name), **said, "n_items": n_items, "n_seeds": n_seeds})
        return rows

    same, rows, differences, missing = ["seed", "language", "item"], [], {}, []
    for (encoder, head, strategy), group in right.groupby(["encoder", "head", "strategy"], sort=False):
        for adaptation in sorted(set(group.adaptation) - {"none"}):
            pairs = beside_plain(group[group.adaptation.isin(["none", adaptation])])
            if pairs.empty:
                missing.append(f"{strategy} with {adaptation}: no run without adaptation and with the same seed")
                continue
            differences[encoder, head, strategy, adaptation] = pairs
            rows += table(pairs, encoder=encoder, strategy=strategy, head=head, adaptation=adaptation, rung=pairs.rung.max())
        if "none" not in set(group.adaptation):
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


def corrected(table: pd.DataFrame) -> pd.DataFrame:
    """The table with ``p (Holm)``, over the languages of each arm (of the mean of all, or of a level: over the arms), and a plain ``verdict``.

    ``"up"`` and ``"down"``: p (Holm) below 5 %. ``"equivalent to nothing"``: within 0.5 points, two one-sided tests at 5 %, Holm's correction
    likewise. Else ``"undecided"``: the study cannot tell. With one seed ``"one seed"``: items alone decide nothing about a training.

    Args:
        table: as :func:`adaptation_effects` gives it.
    """
    of_language = table.language.isin(languages.BY_CODE)
    family = [table[name].where(of_language, "") for name in ARM] + [table.language.where(~of_language, "").rename("mean of")]
    judged = [judge(of) for _, of in table.groupby(family, sort=False)]
    return pd.concat(judged).loc[table.index] if judged else table.assign(**{"p (Holm)": np.nan, "verdict": "undecided"})


def judge(family: pd.DataFrame) -> pd.DataFrame:
    """One family of effects with ``p (Holm)`` and the verdicts of :func:`corrected`.

    Args:
        family: columns ``effect, p, p_equivalent, n_seeds``; all its rows are tests of one question.

    Example:
        >>> judge(pd.DataFrame({"effect": [2.0, 2.0], "p": [0.01, 0.04], "p_equivalent": [0.9, 0.9], "n_seeds": [6, 1]})).verdict.tolist()
        ['up', 'one seed']
    """
    from statsmodels.stats.multitest import multipletests

    gc.freeze()  # statsmodels collects garbage at each call, a quarter of a second with what is loaded here
    p, equivalent = (multipletests(family[name].fillna(1.0), method="holm")[1] if len(family) else [] for name in ("p", "p_equivalent"))
    gc.unfreeze()
    said = [family.n_seeds < 2, np.less(p, 0.05), np.less(equivalent, 0.05)]
    words = ["one seed", np.where(family.effect > 0, "up", "down"), "equivalent to nothing"]
    return family.assign(**{"p (Holm)": p, "verdict": np.select(said, words, "undecided")})


def effects_by_seed(right: pd.DataFrame) -> pd.DataFrame:
    """Effect of each adaptation for each seed alone, in points: the dots of the figure."""
    return beside_plain(right).groupby([*ARM, "seed", "language"], observed=True, sort=False).difference.mean().mul(100).reset_index(name="effect")


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


def mean_interval(rows: pd.DataFrame, resamples: int = 10_000, seed: int = 1) -> dict:
    """Mean of ``difference`` in points with its 95 % interval and p value, over seeds and clusters drawn together (:class:`Resamples`).

    Args:
        rows: columns ``seed, cluster, difference``, and perhaps ``weight``.
    Returns:
        ``effect, low, high, p, p_equivalent``.

    Example:
        >>> rows = pd.DataFrame({"seed": [1, 1, 2, 2], "cluster": [1, 2, 1, 2], "difference": [1, 0, 1, 0]})
        >>> mean_interval(rows, 200)["effect"]
        50.0
    """
    point, drawn, freedom, error = Resamples(rows.seed, rows.cluster, resamples, seed)(rows)
    return described(point[0], drawn[:, 0], freedom[0], error[0])


def verdict(gain: float, low: float, high: float, by_updates: float, published: float | None = None) -> str:
    """What a measured gain over plain training says about a published one (the rule was fixed before the runs).

    Args:
        gain, low, high: mean gain over the plain arm and its 95 % interval, in points.
        by_updates: gain of the control that makes as many updates without noise.
        published: the gain to reproduce; None: none is published.
    Returns:
        ``"step-explained"`` (the interval excludes 0, and the updates alone bring more than half of the gain); else ``"reproduced"`` (it
        excludes 0 and includes the published gain), ``"not reproduced"`` (it excludes the published gain; ``"not reproduced: larger"`` where
        it lies above), ``"up"`` and ``"down"`` where none is published, or ``"inconclusive"``.

    Example:
        >>> verdict(2.0, 0.5, 3.5, 0.2, 2.1), verdict(2.0, 0.5, 3.5, 1.5, 2.1), verdict(0.1, -0.9, 1.1, 0.0, 2.1)
        ('reproduced', 'step-explained', 'not reproduced')
    """
    off_zero = low > 0 or high < 0
    if low > 0 and by_updates > gain / 2:
        return "step-explained"
    if published is not None:
        inside = low <= published <= high
        return "reproduced" if inside and low > 0 else "inconclusive" if inside else "not reproduced: larger" if low > published else "not reproduced"
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
    start_of = lambda run: run.get("parameters", {}).get("start", "")
    # Where low-rank updates are attached nothing is measured before: another adaptation of the same model has it.
    at_start = {(start_of(run), code): of["before"] for run in runs for code, of in run.get("probes", {}).items() if of["before"] is not None}

    def chain(run: dict) -> list[dict]:
        return [run, *(record for parent in run.get("parents", {}) if parent in by_run for record in chain(by_run[parent]))]

    rows = []
    for run in runs:
        if not run.get("arm", run.get("notebook") != "10_adapt"):
            continue
        links = {record["run"]: record for record in chain(run)}.values()
        bias = pd.DataFrame(run.get("bias") or [], columns=["retrieval", "rank_distance"]).mean()
        probes = [at_start[start_of(link), code] - of["after"] for link in links for code, of in link.get("probes", {}).items() if (start_of(link), code) in at_start]
        tokens = [link.get("tokens", np.nan) for link in links if "training" in link["seconds"]]
        seconds = sum(link["seconds"].get("training", 0) for link in links)
        rows.append({"run": run["run"], "seconds": seconds, "tokens": sum(tokens), **bias, "forgotten": float(np.mean(probes)) if probes else np.nan})
    return pd.DataFrame(rows)


def beside_plain(right: pd.DataFrame, of: tuple[str, ...] = ("language",)) -> pd.DataFrame:
    """Adapted arms' answers beside those of the same strategy, seed, item and language without adaptation: ``right_plain`` and ``difference``.

    Args:
        right, of: as :func:`right_answers` returns it, and the columns that name the language, or the two.
    """
    same = ["encoder", "head", "strategy", "seed", "item", *of]
    both = right[right.adaptation != "none"].merge(right[right.adaptation == "none"][[*same, "right"]], on=same, suffixes=("", "_plain"))
    return both.assign(difference=both.right - both.right_plain)


def mean_effects(right: pd.DataFrame, resamples: int = 10_000) -> pd.DataFrame:
    """The effect of each adaptation on the mean of the languages given, each counting alike, from draws of its own; one row an arm.

    Args:
        right: as :func:`right_answers` returns it, of the languages to average over.
    """
    counted = lambda of: {"n_items": of["item"].nunique(), "n_seeds": of.seed.nunique()}
    rows = [{**dict(zip(ARM, names)), **mean_interval(alike(of), resamples), **counted(of)} for names, of in beside_plain(right).groupby(ARM, sort=False)]
    return pd.DataFrame(rows, columns=[*ARM, "effect", "low", "high", "p", "p_equivalent", "n_items", "n_seeds"])


def sign_permutation(differences: np.ndarray) -> tuple[float, float]:
    """Exact two-sided p value of a mean of paired differences over seeds, by all ways to set their signs, and the smallest it can be.

    With S seeds the smallest is 2 / 2**S: five seeds alone can never reach 0.05, six can.

    Args:
        differences: one a seed; 20 at most.
    Raises:
        ValueError: none, or more than 20.

    Example:
        >>> sign_permutation(np.array([1.0, 2.0, 0.5, 1.0, 3.0, 0.1]))
        (0.03125, 0.03125)
    """
    differences = np.asarray(differences, float)
    if not 1 <= len(differences) <= 20:
        raise ValueError(f"{len(differences)} seeds: all sign patterns are tried for 1 to 20")
    signs = np.array(list(product((1.0, -1.0), repeat=len(differences))))
    means = signs @ differences
    return float((np.abs(means) >= abs(differences.sum()) - 1e-9).mean()), min(1.0, 2 / 2 ** len(differences))


def almost_stochastic_order(a: np.ndarray, b: np.ndarray, confidence: float = 0.95, resamples: int = 1000, seed: int = 1) -> float:
    """Upper bound of how much "a is better than b" is violated, from 0 (never) to 1 (b is better throughout); 0.5 says nothing.

    ``eps = int_V (F_a^-1 - F_b^-1)^2 / int (F_a^-1 - F_b^-1)^2`` with V where b's quantile is the higher (del Barrio et al. 2018), bounded as in
    Dror, Shlomov & Reichart 2019: ``eps - sqrt((n + m) / (n m)) * sigma * Phi^-1(1 - confidence)``, sigma by bootstrap.

    Args:
        a, b: scores of runs, not paired.

    Example:
        >>> high, low = np.array([80.0, 81.0, 82.0, 83.0]), np.array([70.0, 71.0, 72.0, 73.0])
        >>> almost_stochastic_order(high, low), almost_stochastic_order(low, high)
        (0.0, 1.0)
    """
    a, b, rng = np.asarray(a, float), np.asarray(b, float), np.random.default_rng(seed)
    grid = (np.arange(1000) + 0.5) / 1000

    def violated(one: np.ndarray, two: np.ndarray) -> np.ndarray:
        gap = np.quantile(one, grid, axis=-1, method="inverted_cdf") - np.quantile(two, grid, axis=-1, method="inverted_cdf")
        whole = np.square(gap).sum(0)
        return np.divide(np.square(np.minimum(gap, 0)).sum(0), whole, out=np.full(np.shape(whole), 0.5), where=whole > 0)

    found = float(violated(a, b))
    drawn = violated(rng.choice(a, (resamples, len(a))), rng.choice(b, (resamples, len(b))))
    return float(np.clip(found - np.std(drawn) * norm.ppf(1 - confidence), 0, 1))


def gee_effects(right: pd.DataFrame, together: bool = False) -> pd.DataFrame:
    """The same effects by another road: a linear GEE (statsmodels) of the differences, languages apart, items that share a sentence in one group.

    Seeds are no factor in it, so its intervals know only the items; the effects themselves must agree with :func:`adaptation_effects` where
    all seeds have all items.

    Args:
        right: of one strategy, without adaptation and with one, as :func:`right_answers` returns it.
        together: one effect of all languages, named ``"mean"``.
    Returns:
        One row a language: ``language, effect, low, high``.
    """
    from statsmodels.genmod.cov_struct import Independence
    from statsmodels.genmod.generalized_estimating_equations import GEE

    pairs = beside_plain(right)
    codes = ["mean"] if together else sorted(pairs.language.unique(), key=languages.ORDER.index)
    design = np.ones((len(pairs), 1)) if together else (pairs.language.to_numpy()[:, None] == np.array(codes)).astype(float)
    if not pairs.difference.any():  # nothing varies: statsmodels finds no deviance
        return pd.DataFrame({"language": codes, "effect": 0.0, "low": np.nan, "high": np.nan})
    fit = GEE(100.0 * pairs.difference, design, groups=pairs.cluster, cov_struct=Independence()).fit()
    low, high = fit.conf_int().to_numpy().T
    return pd.DataFrame({"language": codes, "effect": fit.params.to_numpy(), "low": low, "high": high})


def published(task: str, unverified: bool = False) -> pd.DataFrame:
    """Published figures of a task, with source and kind; only those that could be read where ``source`` says or the founding report calls verified.

    Args:
        unverified: the others, too; they must never be drawn or cited as facts. Kind ``report``: as the founding report of this project has it.
    Returns:
        Columns ``task, model, head, setting, language, metric, value, n_seeds, source, source_kind, verified, note``; language ``"mean"``
        is the source's own average.

    Example:
        >>> table = published("paws-x")
        >>> table[(table.model == "mBERT") & (table.language == "mean")].value.item()
        81.9
    """
    table = pd.read_csv(Path(__file__).with_name("published.csv"))
    return table[(table.task == task) & (table.verified | unverified)].reset_index(drop=True)


def covariates(encoder: str) -> pd.DataFrame:
    """What is known of each language that an effect could depend on; gaps where no source was read or nothing computed.

    Returns:
        A row a language, columns named as on an axis: pieces of a translation over those of its English original (``benchmarks/fertility.py``,
        for the encoders it was run for); text of the language in CC-100, on which XLM-R was pretrained (of other encoders a stand-in)
        (sources in ``pretraining.csv``); and the share of URIEL's syntactic features in which it differs from English (``benchmarks/distance.py``).

    Example:
        >>> covariates("offline").idxmax().tolist()
        ['el', 'ru', 'sw']
    """
    fertility, size, distance = (pd.read_csv(Path(__file__).with_name(f"{name}.csv")).set_index("language") for name in ("fertility", "pretraining", "distance"))
    known = {"tokenizer fertility": fertility[fertility.encoder == encoder].fertility, "pretraining text, CC-100 (log10 GiB)": np.log10(size.gib)}
    return pd.DataFrame(known | {"syntactic features unlike English (share)": distance.distance}).drop("en", errors="ignore")


def other_tests(right: pd.DataFrame, codes: list[str]) -> pd.DataFrame:
    """The mean effect of each adaptation by tests that rest on other assumptions: a cross-check, not more evidence.

    Args:
        right: as :func:`right_answers` returns it.
        codes: languages to average over.
    Returns:
        One row an arm: ``effect``, ``p (signs)`` of :func:`sign_permutation` over seeds and the ``smallest`` it can be, ``violation`` of
        :func:`almost_stochastic_order` of the adapted runs over the others (NaN with fewer than five seeds, where two lucky runs would give
        0), ``gee low`` and ``gee high`` of the mean by :func:`gee_effects`, whose interval knows nothing of seeds.
    """
    rows, right = [], right[right.language.isin(codes)]
    for names, group in right.groupby(["encoder", "head", "strategy"], sort=False):
        plain = group[group.adaptation == "none"]
        for adaptation in dict.fromkeys(group.adaptation[group.adaptation != "none"]):
            adapted = group[group.adaptation == adaptation]
            seeds = sorted(set(adapted.seed) & set(plain.seed))
            if not seeds:
                continue
            a, b = (100 * of[of.seed.isin(seeds)].groupby(["seed", "language"]).right.mean().groupby("seed").mean() for of in (adapted, plain))
            p, smallest = sign_permutation((a - b).to_numpy())
            gee = gee_effects(pd.concat([plain, adapted]), together=True).iloc[0]
            violation = almost_stochastic_order(a.to_numpy(), b.to_numpy()) if len(seeds) > 4 else np.nan
            rows.append({
                **dict(zip(("encoder", "head", "strategy"), names)), "adaptation": adaptation, "effect": (a - b).mean(), "p (signs)": p, "smallest": smallest,
                "violation": violation, "gee low": gee.low, "gee high": gee.high, "n_seeds": len(seeds),
            })  # fmt: skip
    return pd.DataFrame(rows)


def mcnemar_table(right: pd.DataFrame) -> pd.DataFrame:
    """Exact McNemar test of every adaptation, language and seed alone (statsmodels): a description, since it knows one training only.

    Args:
        right: as :func:`right_answers` returns it.
    Returns:
        ``encoder, head, strategy, adaptation, language, seed``, ``gained`` and ``lost`` (items that only one of the two arms answers rightly), ``p``.
    """
    from statsmodels.stats.contingency_tables import mcnemar

    rows, keys = [], [*ARM, "language", "seed"]
    for names, of in beside_plain(right).groupby(keys, sort=False):
        gained, lost = int(((of.right == 1) & (of.right_plain == 0)).sum()), int(((of.right == 0) & (of.right_plain == 1)).sum())
        rows.append({**dict(zip(keys, names)), "gained": gained, "lost": lost, "p": float(mcnemar([[0, gained], [lost, 0]], exact=True).pvalue)})
    return pd.DataFrame(rows, columns=[*keys, "gained", "lost", "p"])


def pair_effects(predictions: pd.DataFrame, runs: pd.DataFrame, selection: str = "last") -> pd.DataFrame:
    """Effect of each adaptation on each pair of two languages, with Benjamini and Hochberg's correction over the pairs of an arm.

    Args:
        predictions, runs: as for :func:`right_answers`.
    Returns:
        ``encoder, head, strategy, adaptation, language1, language2, effect, p, p (BH), n_seeds``; p by least squares with items that share a
        sentence as clusters: it knows nothing of seeds. Empty where a study was scored on one-language pairs alone.
    """
    from statsmodels.api import OLS
    from statsmodels.stats.multitest import multipletests

    chosen = predictions[(predictions.selection == selection) & (predictions.language1.astype(str) != predictions.language2.astype(str))]
    rows = chosen[["run", "item", "cluster"]].assign(language1=chosen.language1.astype(str), language2=chosen.language2.astype(str), right=is_right(chosen).astype(np.int8))
    rows = rows.merge(runs[["run", "seed", *ARM]], on="run")
    keys, found = [*ARM, "language1", "language2"], []
    for names, of in beside_plain(rows, ("language1", "language2")).groupby(keys, sort=False):
        p = OLS(100.0 * of.difference, np.ones(len(of))).fit(cov_type="cluster", cov_kwds={"groups": of.cluster}).pvalues.iloc[0] if of.difference.any() else 1.0
        found.append({**dict(zip(keys, names)), "effect": 100.0 * of.difference.mean(), "p": float(p), "n_seeds": of.seed.nunique()})
    table = pd.DataFrame(found, columns=[*keys, "effect", "p", "p (BH)", "n_seeds"])
    for _, of in table.groupby(keys[:4], sort=False):
        table.loc[of.index, "p (BH)"] = multipletests(of.p, method="fdr_bh")[1]
    return table


def power_table(items=(250, 500, 1000, 2000), discordant=(0.03, 0.06, 0.1, 0.15), seeds: int = 1, seed_noise: float = 0.0) -> pd.DataFrame:
    """The smallest effect, in points, that a study finds in four of five cases (two-sided 5 %).

    ``(z_.975 + z_.8) * sqrt(q / n + 2 sigma^2 / S)`` for n items, S seeds, a share q of the items answered differently by the two arms, and a
    standard deviation sigma over seeds. An orientation: quantiles of the normal distribution stand where with few seeds those of a
    wider t belong, and clusters of items make it larger; items that differ from seed to seed make it smaller.

    Args:
        items: test items of a language.
        discordant: shares q.
        seeds, seed_noise: S, and sigma in points.

    Example:
        >>> power_table((2000,), (0.03, 0.15)).round(2).to_numpy().tolist()
        [[1.09, 2.43]]
    """
    z = norm.ppf(0.975) + norm.ppf(0.8)
    rows = [[z * np.sqrt(1e4 * q / n + 2 * seed_noise**2 / seeds) for q in discordant] for n in items]
    return pd.DataFrame(rows, index=pd.Index(items, name="items"), columns=[f"{100 * q:g} % answered differently" for q in discordant])


def secondary(predictions: pd.DataFrame, bins: int = 10, source: str = "en") -> pd.DataFrame:
    """Metrics beside accuracy, one row a run and language, of one-language pairs.

    Args:
        predictions: columns ``run, item, language1, language2, label, p0, p1, ...``; of one selection.
        bins: of the expected calibration error, equally wide.
    Returns:
        ``run, language, macro_f1, average_precision`` (scikit-learn; of class 1, NaN with three classes), ``brier`` (mean squared
        distance of the probabilities from the label, summed over classes), ``calibration_error`` (mean |confidence - accuracy|, weighted
        by the bins), ``agreement`` (share of items that this language answers as the source does) and ``consistency`` (share of items answered
        alike in all languages of the run, the same in all its rows).
    """
    from sklearn.metrics import average_precision_score, f1_score

    classes = sorted(c for c in predictions.columns if c[0] == "p" and c[1:].isdigit())
    same = predictions[predictions.language1.astype(str) == predictions.language2.astype(str)]
    rows = []
    for run, of_run in same.groupby("run", observed=True, sort=False):
        answers = {}
        for code, of in of_run.groupby(of_run.language1.astype(str), sort=False):
            p, label = of[classes].to_numpy(float), of.label.to_numpy()
            given, sure = p.argmax(1), p.max(1)
            answers[code] = pd.Series(given, index=of["item"].to_numpy())
            bin_of = np.minimum((sure * bins).astype(int), bins - 1)
            off = np.bincount(bin_of, sure - (given == label), bins)
            rows.append({
                "run": run, "language": code, "macro_f1": f1_score(label, given, average="macro"),
                "average_precision": average_precision_score(label, p[:, 1]) if len(classes) == 2 else np.nan,
                "brier": float(np.square(p - np.eye(len(classes))[label]).sum(1).mean()), "calibration_error": float(np.abs(off).sum() / len(of)),
            })  # fmt: skip
        for row in rows[-len(answers) :]:
            both = pd.concat([answers[row["language"]], answers[source]], axis=1, join="inner") if source in answers else None
            row["agreement"] = float((both[0] == both[1]).mean()) if both is not None else np.nan
            row["consistency"] = float((pd.DataFrame(answers).dropna().nunique(axis=1) == 1).mean())
    return pd.DataFrame(rows)
