"""The question: what every adaptation did under each strategy, down to low-resource languages."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from xltlib import collected, evidence, figures, folders, statistics

PAWS_X = "paws-x"  # the study of the question
STRONGER = "paws-x-strong"  # read in its place once it has seeds enough
LOW_RESOURCE = "lowres-nli"  # the study of groups of languages that the question's last words are judged by


def judged(folder: Path) -> dict:
    """The mean effect of every adaptation under each strategy on PAWS-X, and the difference of the two.

    Beside it the effects on groups of languages, down to low-resource ones, of the study that has such.

    Args:
        folder: where studies lie.
    Returns:
        A row of claims.judged. The question is answered where every effect is detected, or equivalent to
        nothing, and low-resource languages were measured. Controls are left out.
    """
    study = STRONGER if _has_seeds_enough(folder) else PAWS_X
    if not folders.has_study(folder, study):
        return evidence.missing(study)
    main, between = _on_the_mean(folder, study)
    if main.empty or between.empty:
        return evidence.missing(study, " with adaptation under both strategies")
    sentences = [_counted_on_the_mean(main, between)]
    for name, rows in main.groupby("adaptation"):
        sentences.append(_adaptation_sentence(rows, between[between.adaptation == name]))
    effects = evidence.table(folder, study, "adaptation_effect")
    # Of an unseen language the encoder has read even less.
    measured_levels = set(effects.resource.replace("unseen", "low"))
    unmeasured = [level for level in ("medium", "low") if level not in measured_levels]
    basis = evidence.measured_on(folder, study, int(main.n_seeds.max()), int(effects.n_items.max()))
    group_effects = _groups_of_languages(folder)
    if group_effects.empty:
        sentences += [f"No {level}-resource language was measured" for level in unmeasured]
    else:
        unmeasured = []
        counts = _counted_by_group(group_effects)
        sentences.append(f"On natural language inference ({LOW_RESOURCE}), {counts}")
        sentences += _differences_found(group_effects)
        if collected.file(folders.of_study(folder, LOW_RESOURCE), "matched.csv").is_file():
            at_matched_shares = _groups_of_languages(folder, "matched")
            counts = _counted_by_group(at_matched_shares, only_found=True)
            sentences.append(f"At matched shares there, {counts}")
            sentences += _differences_found(at_matched_shares)
        language_effects = evidence.table(folder, LOW_RESOURCE, "adaptation_effect")
        basis += f"; {evidence.measured_on_table(folder, LOW_RESOURCE, language_effects)}"
    decided = _is_decided(pd.concat([main, between, group_effects]))
    compared = set(main.adaptation) <= set(between.adaptation)  # each under both strategies
    verdict = "answered" if decided and compared and not unmeasured else "inconclusive"
    measured = f"{'. '.join(sentences)}."
    return evidence.row(measured, basis, verdict, folder / study / "adaptation_family.png")


def _has_seeds_enough(folder: Path) -> bool:
    """Whether the study with the stronger English model has three seeds of every effect and difference."""
    if not folders.has_study(folder, STRONGER):
        return False
    if not evidence.has_every_arm(folder, STRONGER):
        return False
    effects = _on_the_mean(folder, STRONGER)
    return all(len(table) and table.n_seeds.min() >= evidence.FEWEST_SEEDS for table in effects)


def _on_the_mean(folder: Path, study: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Effects on the mean of the targets under both strategies, and differences of these effects."""
    table = _without_controls(evidence.table(folder, study, "groups"), folder, study)
    table = table[table.language == "mean"]
    between = _is_difference(table)
    return table[table.strategy.isin(["hybrid", "labse", "labse-recipe"])], table[between]


def _without_controls(table: pd.DataFrame, folder: Path, study: str) -> pd.DataFrame:
    """Rows of adaptations that are no controls."""
    state = folders.state(folder, study, {"arm": bool, "label": str})
    arms = [(run["label"], run["adaptation"]) for run in state["runs"] if run["arm"]]
    controls = collected.named_controls(arms, state.get("controls", []))
    return table.loc[[not collected.is_control(name, controls) for name in table.adaptation]]


def _is_decided(table: pd.DataFrame) -> bool:
    """Whether each effect is detected, or equivalent to nothing."""
    return set(table.verdict) <= {"up", "down", "equivalent to nothing"}


def _groups_of_languages(folder: Path, name: str = "groups") -> pd.DataFrame:
    """Effects on groups of languages, and their differences between strategies; empty without the study.

    Args:
        name: of the table.
    """
    if not folders.has_study(folder, LOW_RESOURCE):
        return pd.DataFrame(columns=["verdict"])
    groups = folders.state(folder, LOW_RESOURCE, {"arm": bool, "encoder": str})["groups"]
    table = evidence.table(folder, LOW_RESOURCE, name)
    table = _without_controls(table[table.language.isin(groups)], folder, LOW_RESOURCE)
    return statistics.ordered(table, "language", list(groups))


def _is_difference(table: pd.DataFrame) -> pd.Series:
    """Whether a row is the difference of two strategies' effects."""
    return table.strategy.str.contains(" - ")


def _counted_by_group(effects: pd.DataFrame, only_found: bool = False) -> str:
    """How many effects on each group are detected, in words, and those that are, by name.

    Args:
        only_found: say nothing of groups on which none is.
    """
    sentences, effects = [], effects[~_is_difference(effects)]
    for group, rows in effects.groupby("language", sort=False):
        detected = rows[statistics.is_detected(rows)]
        if only_found and detected.empty:
            continue
        parts = []
        for adaptation, of_adaptation in detected.groupby("adaptation", sort=False):
            estimates = []
            for row in of_adaptation.itertuples():
                estimates.append(f"{figures.strategy_name(row.strategy)} {evidence.points(row)}")
            parts.append(f"{figures.adaptation_name(adaptation)}: {', '.join(estimates)}")
        count = f"{group.replace('-', ' ')}: {len(detected)} of {len(rows)} effects detected"
        sentences.append(f"{count} ({'; '.join(parts)})" if parts else count)
    return "; ".join(sentences) or "no effect is detected"


def _differences_found(effects: pd.DataFrame) -> list[str]:
    """Differences between strategies that are detected, in one sentence; none: no sentence."""
    detected = effects[_is_difference(effects) & statistics.is_detected(effects)]
    parts = []
    for row in detected.itertuples():
        strategies = figures.strategy_name(row.strategy)
        adaptation = figures.adaptation_name(row.adaptation)
        group = row.language.replace("-", " ")
        parts.append(f"{group}: {strategies}, {adaptation} {evidence.points(row)}")
    return [f"Differences between strategies that are detected: {'; '.join(parts)}"] if parts else []


def _counted_on_the_mean(main: pd.DataFrame, between: pd.DataFrame) -> str:
    """How many effects on the mean of the targets, and differences between strategies, are detected."""
    effects, differences = (int(statistics.is_detected(table).sum()) for table in (main, between))
    return (
        f"On PAWS-X (mean of the zero-shot targets, in points), {effects} of {len(main)} effects and "
        f"{differences} of {len(between)} differences between strategies are detected"
    )


def _with_verdict(row) -> str:
    """An effect with its interval, and its verdict if it has one."""
    undecided = row.verdict in ("undecided", "one seed")
    return evidence.points(row) + ("" if undecided else f" ({row.verdict})")


def _adaptation_sentence(main: pd.DataFrame, between: pd.DataFrame) -> str:
    """One adaptation's effects under each strategy and their differences, in words."""
    estimates = []
    for row in main.itertuples():
        estimates.append(f"{figures.strategy_name(row.strategy)} {_with_verdict(row)}")
    differences = [_with_verdict(row) for row in between.itertuples()]
    name = figures.adaptation_name(main.adaptation.iloc[0])
    return f"{name}: {', '.join(estimates)}; difference {', '.join(differences) or 'not measured'}"
