"""Claims 11 and 12, of dependency trees; the rules were written before the study was run."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from xltlib import collected, evidence, folders, statistics

STUDY = METHOD = "syntax"
OVER = ("over_updates", "over_controls", "over_doses")  # tables: what the largest dose does beyond others
WITHOUT_TREES = "mlm"  # the control: masked language modelling on the same sentences


def judged(folder: Path, direction) -> dict[str, dict]:
    """Both claims, as rows of claims.judged.

    Claim 11 is read as "trees raise accuracy": under some strategy the largest dose must do so over no
    adaptation, over extra English updates, and over the same sentences without their trees (masked
    language modelling); and lower it over no adaptation under none. Claim 12 is read as "it takes many": the
    largest dose must raise accuracy, the smallest must not, and the largest must do so by more than the
    smallest, compared seed by seed and item by item, all under one strategy. Doses between decide nothing,
    nor do fewer than three seeds, or a study of which an arm has no run.

    Args:
        folder: where studies lie.
        direction: what a family of effects says of "this raises accuracy" (claims.py).
    """
    if not folders.has_study(folder, STUDY):
        return {claim: evidence.missing(STUDY) for claim in ("11", "12")}
    study_folder = folders.of_study(folder, STUDY)
    if not all(collected.file(study_folder, f"{name}.csv").is_file() for name in ("dose_response", *OVER)):
        return _incomplete()
    table = evidence.table(folder, STUDY, "dose_response").query("use == @METHOD")
    few = table[table.sentences == table.groupby("strategy").sentences.transform("min")]
    many = table[table.sentences == table.groupby("strategy").sentences.transform("max")]
    updates, without_trees, larger = (_rows_of(many, evidence.table(folder, STUDY, name)) for name in OVER)
    without_trees = without_trees[without_trees.over == WITHOUT_TREES]
    if any(rows.empty for rows in (table, updates, without_trees, larger)):
        return _incomplete()
    basis = evidence.measured_on_table(folder, STUDY, table)
    trees = f"Trees of {_counts(many)} sentences in all: {evidence.by_strategy(many)} points on the mean of "
    trees += f"the targets; over extra English updates: {evidence.by_strategy(updates)}; over the same "
    trees += f"sentences without trees: {evidence.by_strategy(without_trees)}."
    doses = f"{_counts(few)} sentences: {evidence.by_strategy(few)}; "
    doses += f"{_counts(many)}: {evidence.by_strategy(many)} points. "
    doses += f"The one over the other: {evidence.by_strategy(larger)}."
    over_nothing = _by_strategy(many)
    verdict = raised(direction(many), over_nothing, _by_strategy(updates), _by_strategy(without_trees))
    over_few = larger.set_index("strategy").verdict.to_dict()
    dose_verdict = needs_much(direction(few), direction(many), over_nothing, over_few)
    seeds = min(rows.n_seeds.min() for rows in (few, many, updates, without_trees, larger))
    if seeds < evidence.FEWEST_SEEDS or not evidence.has_every_arm(folder, STUDY):
        verdict = dose_verdict = "inconclusive"
    return {
        "11": evidence.row(trees, basis, verdict, folder / STUDY / "adaptation_family.png"),
        "12": evidence.row(doses, basis, dose_verdict, folder / STUDY / "dose_response.png"),
    }


def _rows_of(arms: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Rows of a table that are of these arms, on the mean of all targets."""
    if "language" in table:
        table = table[table.language == "mean"]
    return table.merge(arms[["strategy", "adaptation"]])


def _incomplete() -> dict[str, dict]:
    """Of both claims, where the study lacks arms that they are judged by."""
    detail = " with several doses of trees, and beside them more English updates and text without trees"
    return {claim: evidence.missing(STUDY, detail) for claim in ("11", "12")}


def _by_strategy(effects: pd.DataFrame) -> dict[str, str]:
    """The verdict on a family of effects, for each strategy."""
    return statistics.judge(effects).set_index("strategy").verdict.to_dict()


def raised(alone: str, over_nothing: dict, *over_others: dict) -> str:
    """The verdict on "trees raise accuracy".

    Args:
        alone: the verdict on them over no adaptation, under all strategies.
        over_nothing: verdicts over no adaptation by strategy.
        over_others: the same over others.

    Example:
        >>> up = {"plain": "up", "hybrid": "undecided"}
        >>> raised("reproduced", up, {"plain": "up"}), raised("reproduced", up, {"plain": "undecided"})
        ('reproduced', 'inconclusive')
        >>> raised("reproduced", up, {"plain": "down", "hybrid": "up"})
        'not reproduced'
    """
    if alone != "reproduced":
        return alone
    raising = [strategy for strategy, verdict in over_nothing.items() if verdict == "up"]
    beyond = [{verdict_of.get(strategy, "undecided") for verdict_of in over_others} for strategy in raising]
    if any(verdicts == {"up"} for verdicts in beyond):
        return "reproduced"
    refuted = all(verdicts & {"down", "equivalent to nothing"} for verdicts in beyond)
    return "not reproduced" if refuted else "inconclusive"


def needs_much(few: str, many: str, over_nothing: dict, over_few: dict) -> str:
    """The verdict on "it takes many".

    Args:
        few, many: the verdicts on few and on many over no adaptation, under all strategies.
        over_nothing, over_few: verdicts on many, over no adaptation and over few, by strategy.

    Example:
        >>> up = {"plain": "up", "hybrid": "undecided"}
        >>> needs_much("inconclusive", "reproduced", up, up)
        'reproduced'
        >>> needs_much("inconclusive", "reproduced", up, {"plain": "undecided", "hybrid": "up"})
        'inconclusive'
        >>> needs_much("reproduced", "reproduced", up, up)
        'not reproduced'
    """
    if few == "reproduced":
        return "not reproduced"
    under_one_strategy = False
    for strategy, verdict in over_nothing.items():
        under_one_strategy |= verdict == over_few.get(strategy) == "up"
    return "reproduced" if many == "reproduced" and under_one_strategy else "inconclusive"


def _counts(table: pd.DataFrame) -> str:
    return " or ".join(f"{count:,}" for count in sorted(set(table.sentences.astype(int))))
