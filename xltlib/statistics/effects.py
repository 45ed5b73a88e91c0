"""Effects as paired differences: the same seed, item and language with an adaptation and without."""

from __future__ import annotations

from itertools import product

import pandas as pd

from xltlib import languages
from xltlib.statistics.answers import ARM, answers_of_pairs, columns_of_runs
from xltlib.statistics.intervals import mean_interval, weighted_by_language

ABOUT = ["encoder", "strategy", "head", "adaptation", "language", "resource"]
MEASURED = ["effect", "low", "high", "p", "p_equivalent", "n_items", "n_seeds"]
BETWEEN = [*ABOUT, *MEASURED]
EFFECTS = [*ABOUT, "rung", *MEASURED]
# Strategies that are compared: the first minus the second.
COMPARED = (("hybrid", "labse"), ("hybrid", "labse-recipe"))
WITH_PLAIN = (*COMPARED, ("hybrid", "plain"), ("labse-recipe", "plain"))


def beside_plain(right: pd.DataFrame, language_columns: tuple[str, ...] = ("language",)) -> pd.DataFrame:
    """Adapted arms' answers beside those of the same strategy, seed, item and language without adaptation.

    Args:
        right: as :func:`right_answers` returns it.
        language_columns: that name the language, or the two.
    Returns:
        The adapted arms' rows with ``right_plain`` and ``difference``; where there is a column ``draw``, that
        of :func:`one_draw`.
    """
    same = ["encoder", "head", "strategy", "seed", "item", *language_columns]
    plain = right[right.adaptation == "none"][[*same, "right", *right.columns.intersection(["draw"])]]
    paired = right[right.adaptation != "none"].merge(plain, on=same, suffixes=("", "_plain"))
    return one_draw(paired.assign(difference=paired.right - paired.right_plain), "draw_plain")


def one_draw(both: pd.DataFrame, other: str) -> pd.DataFrame:
    """Rows of two runs side by side, with the draw of both in one column ``draw``; as they are without any.

    Seeds share a draw where they share those of both runs: that of the adapted run, where the other's encoder
    is as it was published (``""``), and that of both, where they are of one adaptation.

    Args:
        both: perhaps with a column ``draw``.
        other: name of the column with the draw of the other run.

    Example:
        >>> rows = pd.DataFrame({"draw": ["a", "a", "a"], "draw_other": ["", "a", "b"]})
        >>> one_draw(rows, "draw_other").draw.tolist()
        ['a', 'a', 'a b']
    """
    if other not in both:
        return both
    joined = (both.draw.astype(str) + " " + both[other].astype(str)).str.strip()
    return both.assign(draw=both.draw.where(both.draw == both[other], joined)).drop(columns=other)


def adaptation_effects(
    right: pd.DataFrame,
    groups: list[str] = (),
    levels: dict[tuple[str, str], str] | None = None,
    compared: tuple[tuple[str, str], ...] = COMPARED,
) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Effect of each adaptation within each strategy, and its difference between strategies.

    For language l the effect is the mean over seeds s and items k of right(adapted) - right(not adapted), in
    points, with an interval by :func:`mean_interval`.

    Args:
        right: as :func:`right_answers` returns it; of the targets.
        groups: also the mean of these languages, each counting alike (language ``"mean"``: give those of
            which the same was read), and of those of one resource level (named after it), where there are two
            or more of them and others besides.
        compared: strategies whose effects are compared, the first minus the second.
        levels: the resource level of a language for an encoder, by (encoder, language), where it is another
            than that of the language itself. A difference of two encoders has the levels of the first.
    Returns:
        Effects and interactions, one row a language each (``effect, low, high`` in accuracy points, 95 %),
        and the names of arms that lack a partner. An interaction is over the seeds and items that all its
        four cells have.
    Raises:
        ValueError: two runs of one arm have the same seed.
    """
    twice = right.groupby([*ARM, "seed", "language", "item"], observed=True).size()
    if (twice > 1).any():
        raise ValueError(f"two runs of one arm with one seed: {twice[twice > 1].index[0][:5]}")
    codes = languages.in_order(right.language.unique())
    chosen = [code for code in codes if code in groups]
    paired, missing = _paired_by_arm(right)

    rows = []
    for names, pairs in paired.items():
        about = {**dict(zip(("encoder", "head", "strategy", "adaptation"), names)), "rung": pairs.rung.max()}
        rows += _effects_of_languages(pairs, _levels_for(names[0], codes, levels), chosen, about)
    between = []
    for names, pairs in _paired_by_strategies(paired, compared):
        about = dict(zip(("encoder", "head", "strategy", "adaptation"), names))
        between += _effects_of_languages(pairs, _levels_for(names[0], codes, levels), chosen, about)
    return pd.DataFrame(rows, columns=EFFECTS), pd.DataFrame(between, columns=BETWEEN), missing


def _levels_for(encoder: str, codes: list[str], levels: dict | None) -> dict[str, str]:
    """The resource level of each language for an encoder, in the order of the languages."""
    return {code: (levels or {}).get((encoder, code), languages.row(code).resource) for code in codes}


def _groups_to_average(chosen: list[str], levels: dict[str, str]) -> dict[str, list[str]]:
    """Languages of each mean: of all that were chosen, and of each resource level that is a part of them."""
    means = {"mean": chosen}
    for level in dict.fromkeys(levels.values()):
        means[level] = [code for code in chosen if levels[code] == level]
    return {
        name: members
        for name, members in means.items()
        if len(members) > 1 and (name == "mean" or len(members) < len(chosen))
    }


def _paired_by_arm(right: pd.DataFrame) -> tuple[dict[tuple, pd.DataFrame], list[str]]:
    """Differences of each (encoder, head, strategy, adaptation), and what lacks a partner, in words."""
    paired, missing = {}, []
    for names, group in right.groupby(["encoder", "head", "strategy"], sort=False):
        strategy = names[-1]
        for adaptation in sorted(set(group.adaptation) - {"none"}):
            pairs = beside_plain(group[group.adaptation.isin(["none", adaptation])])
            if len(pairs):
                paired[(*names, adaptation)] = pairs
            else:
                missing.append(
                    f"{strategy} with {adaptation}: no run without adaptation and with the same seed"
                )
        if "none" not in set(group.adaptation):
            missing.append(f"{strategy} without adaptation")
    return paired, missing


def _paired_by_strategies(
    paired: dict[tuple, pd.DataFrame], compared: tuple[tuple[str, str], ...]
) -> list[tuple[tuple, pd.DataFrame]]:
    """Differences of differences, of what all four cells have.

    Returns:
        Pairs of names (encoder, head, "one - two", adaptation) and rows.
    """
    same, differences_found = ["seed", "language", "item"], []
    for first, second in compared:
        for (names, pairs), (other_names, other) in product(paired.items(), repeat=2):
            encoder, head, strategy, adaptation = names
            if strategy != first or other_names[1:] != (head, second, adaptation):
                continue
            if other_names[0] != encoder and second != "labse":  # LaBSE is another checkpoint by nature
                continue
            subtracted = other[[*same, "difference", *other.columns.intersection(["draw"])]]
            merged = pairs.merge(subtracted, on=same, suffixes=("", "_other"))
            merged["difference"] -= merged.difference_other
            merged = one_draw(merged, "draw_other")
            differences_found.append(((encoder, head, f"{first} - {second}", adaptation), merged))
    return differences_found


def _effects_of_languages(
    pairs: pd.DataFrame, levels: dict[str, str], chosen: list[str], about: dict
) -> list[dict]:
    """One row a language, and one a mean of which all languages are there.

    Args:
        pairs: columns ``seed, cluster, item, language, difference``, and perhaps ``draw``.
        levels: all languages, each with its resource level.
        chosen: languages of the means.
        about: what else stands in each row.
    """
    by_language = dict(list(pairs.groupby("language", observed=True)))
    parts = {code: by_language[code] for code in levels if code in by_language}
    for name, members in _groups_to_average(chosen, levels).items():
        if set(members) <= set(by_language):
            parts[name] = weighted_by_language(pairs[pairs.language.isin(members)])
    rows = []
    for name, part in parts.items():
        counts = {"n_items": part["item"].nunique(), "n_seeds": part.seed.nunique()}
        resource = levels.get(name, name)
        rows.append({**about, "language": name, "resource": resource, **mean_interval(part), **counts})
    return rows


def effects_by_seed(right: pd.DataFrame) -> pd.DataFrame:
    """Effect of each adaptation for each seed alone, in points: the dots of the figure."""
    by_seed = beside_plain(right).groupby([*ARM, "seed", "language"], observed=True, sort=False)
    return by_seed.difference.mean().mul(100).reset_index(name="effect")


def mean_effects(right: pd.DataFrame) -> pd.DataFrame:
    """The effect of each adaptation on the mean of the languages given, each counting alike, one row an arm.

    Args:
        right: as :func:`right_answers` returns it, of the languages to average over.
    Returns:
        Columns of ``ARM`` and ``effect, low, high, p, p_equivalent, n_items, n_seeds``.
    """
    rows = []
    for names, pairs in beside_plain(right).groupby(ARM, sort=False):
        counts = {"n_items": pairs["item"].nunique(), "n_seeds": pairs.seed.nunique()}
        rows.append({**dict(zip(ARM, names)), **mean_interval(weighted_by_language(pairs)), **counts})
    return pd.DataFrame(rows, columns=[*ARM, *MEASURED])


def differences(
    predictions: pd.DataFrame, runs: pd.DataFrame, control: str, selection: str = "last"
) -> pd.DataFrame:
    """Right answers of every arm minus those of one control, for the same seed, item and pair of languages.

    Args:
        predictions: as for :func:`right_answers`.
        runs: columns ``run, seed, label``, and perhaps ``draw``; a label names an arm, whatever its
            parameters.
        control: label of the control.
    Returns:
        Columns ``label, seed, item, cluster, language1, language2, difference`` (-1, 0 or 1), and the
        ``draw`` of :func:`one_draw`.
    """
    rows = answers_of_pairs(predictions[predictions.selection == selection])
    rows = rows.merge(columns_of_runs(runs, ["label"]), on="run", validate="many_to_one").drop(columns="run")
    same = ["seed", "item", "language1", "language2"]
    of_control = rows[rows.label == control][[*same, "right", *rows.columns.intersection(["draw"])]]
    others = rows[rows.label != control]
    paired = others.merge(of_control, on=same, suffixes=("", "_control"), validate="many_to_one")
    difference = paired.right - paired.right_control
    paired = paired.assign(difference=difference).drop(columns=["right", "right_control"])
    return one_draw(paired, "draw_control")
