"""The answer in at most five list items, generated from the numbers.

Effects are those on the mean of the zero-shot targets: of all adaptations but the control, in the strategies
that the question names or, where none of them is there, in all.
"""

from __future__ import annotations

import pandas as pd

from xltlib import figures, statistics
from xltlib.markdown import escaped
from xltlib.statistics import ARM
from xltlib.summary import group_sentences
from xltlib.summary.data import ASKED_ABOUT, StudyData
from xltlib.summary.words import (
    adaptation_name,
    against,
    estimate,
    interval,
    language,
    number,
    signed,
    under,
)
from xltlib.values import counted, joined

SENTENCES, NAMED = 5, 4  # at most: items of the list; arms that one of them names


def answer(data: StudyData) -> str:
    """What the study says, as a Markdown list; what it matters most to know comes first."""
    rows = headline(data)
    if rows.empty:
        sentences = [nothing_to_compare(data), single_languages(data)]
    elif data.grouped:
        sentences = [*group_sentences.by_group(data), group_sentences.between_strategies(data)]
    else:
        sentences = [
            f"{detected(data, rows)} {over_control(data, rows)}".strip(),
            not_established(data, rows),
            no_effect(data, rows),
            equivalent(data, rows),
            one_seed(data, rows),
            difference(data),
            underpowered(rows),
            single_languages(data),
            other_strategies(data, rows),
        ]
    sentences = [sentence for sentence in sentences if sentence]
    if data.missing:
        sentences = [*sentences[: SENTENCES - 1], incomplete(data)]
    return "\n".join(f"- {emphasised(sentence)}" for sentence in sentences[:SENTENCES])


def emphasised(sentence: str) -> str:
    """A sentence as Markdown, with what stands before its colon in bold.

    Example:
        >>> emphasised("Underpowered: an effect of 2 points would have been found.")
        '**Underpowered:** an effect of 2 points would have been found.'
    """
    headline, colon, rest = sentence.partition(":")
    return f"**{escaped(headline)}:**{escaped(rest)}" if colon else escaped(sentence)


def on_the_mean(data: StudyData) -> pd.DataFrame:
    """The effect of each arm on the mean of the zero-shot targets, or on the one that there is.

    Without controls, unless there is nothing else.
    """
    rows = data.groups[data.groups.language == "mean"]
    if rows.empty and len(data.zero_shot) == 1:
        rows = data.targets[data.targets.language == data.zero_shot[0]]
    adapted = rows[~data.is_control(rows.adaptation)]
    return adapted if len(adapted) else rows


def headline(data: StudyData) -> pd.DataFrame:
    """Those of them that the question is about: of the strategies that it names, if they are there."""
    rows = on_the_mean(data)
    of_question = rows[rows.strategy.map(figures.base_strategy).isin(ASKED_ABOUT)] if len(rows) else rows
    return of_question if len(of_question) else rows


# The parts of sentences.


def what_changes(data: StudyData, rows: pd.DataFrame) -> str:
    """What the effects are on."""
    code = rows.language.iloc[0]
    if code == "mean":
        return f"the mean of the {number(len(data.zero_shot))} zero-shot targets"
    return f"accuracy in {language(code)}"


def circumstance(data: StudyData, row: pd.Series) -> str:
    """Strategy of an arm; head and encoder where the study has several."""
    details = []
    if "head" in data.arm:
        details.append(f"head {row['head']}")
    if "encoder" in data.arm:
        details.append(f"encoder {figures.encoder_name(row.encoder)}")
    condition = under(row.strategy, row["head"])
    return f"{condition} ({', '.join(details)})" if details else condition


def changes(data: StudyData, rows: pd.DataFrame, about_interval: str = "95 % interval") -> str:
    """What each of these arms changes, and by how much; of many the range."""
    outcome = what_changes(data, rows)
    if len(rows) > NAMED:
        least, most = signed(rows.effect.min()), signed(rows.effect.max())
        names = joined([adaptation_name(name) for name in dict.fromkeys(rows.adaptation)])
        return f"{number(len(rows))} arms ({names}) change {outcome} by {least} to {most} points"
    text, previous = "", ""
    for _, row in rows.iterrows():
        arm, condition = adaptation_name(row.adaptation), circumstance(data, row)
        if not text:
            ends = interval(row.low, row.high)
            change = f"{arm} changes {outcome} by {signed(row.effect)} points ({about_interval} {ends})"
            text = f"{condition}, {change}"
        elif condition == previous:
            text += f", {arm} by {estimate(row)}"
        else:
            text += f"; {condition}, {arm} by {estimate(row)}"
        previous = condition
    return text


# The sentences; each is "" where there is nothing to say.


def nothing_to_compare(data: StudyData) -> str:
    """Why there is no answer."""
    if set(data.runs.adaptation) == {"none"}:
        return "No answer: no arm with adaptation is done; the tables below say how accurate the others are."
    if not data.zero_shot:
        return "No answer: labels of every target were read, so that nothing here is zero-shot."
    if data.targets.empty:
        return "No answer yet: no adapted arm has one without adaptation beside it, of its strategy and seed."
    return "No answer on the mean of the zero-shot targets: no arm was scored on all of them."


def detected(data: StudyData, rows: pd.DataFrame) -> str:
    """Effects that remain after Holm's correction over the arms."""
    significant = rows[statistics.is_detected(rows)]
    if significant.empty:
        return ""
    words = {"up": "gain", "down": "loss"}
    kinds = " and ".join(words[verdict] for verdict in words if verdict in set(significant.verdict))
    return f"Detected {kinds}: {changes(data, significant)}."


def over_control(data: StudyData, rows: pd.DataFrame) -> str:
    """How much of a detected effect remains over the control of as many updates, where that was run."""
    significant = rows[statistics.is_detected(rows)]
    over_updates = significant[ARM].merge(data.over_updates, on=ARM)
    if over_updates.empty:
        return ""
    parts = []
    for found, (_, row) in zip(statistics.is_detected(over_updates), over_updates.iterrows(), strict=True):
        arm = f"{adaptation_name(row.adaptation)} {circumstance(data, row)}"
        parts.append(f"{estimate(row)} for {arm} ({'detected' if found else 'not detected'})")
    return f"Over equally many updates without adaptation (the control) that is {joined(parts)}."


def not_established(data: StudyData, rows: pd.DataFrame) -> str:
    """Effects whose interval excludes zero, but not after the correction."""
    found = rows[(rows.verdict == "undecided") & _excludes_zero(rows)]
    if found.empty:
        return ""
    smallest = found["p (Holm)"].min()
    interval_is = "the 95 % interval excludes zero" if len(found) == 1 else "the 95 % intervals exclude zero"
    return (
        f"Not established: {changes(data, found)}; {interval_is}, but p is {smallest:.2f} "
        "after Holm's correction over the arms."
    )


def no_effect(data: StudyData, rows: pd.DataFrame) -> str:
    """Effects that cannot be told from nothing."""
    found = rows[(rows.verdict == "undecided") & ~_excludes_zero(rows)]
    if found.empty:
        return ""
    if len(found) > NAMED:
        return f"No detectable effect: {changes(data, found)}, and every 95 % interval includes zero."
    return f"No detectable effect: {changes(data, found)}."


def _excludes_zero(rows: pd.DataFrame) -> pd.Series:
    return (rows.low > 0) | (rows.high < 0)


def equivalent(data: StudyData, rows: pd.DataFrame) -> str:
    """Effects that are shown to be nothing."""
    found = rows[rows.verdict == "equivalent to nothing"]
    if found.empty:
        return ""
    return f"Equivalent to zero within half a point: {changes(data, found)}."


def one_seed(data: StudyData, rows: pd.DataFrame) -> str:
    """Effects that one training speaks for."""
    found = rows[rows.verdict == "one seed"]
    if found.empty:
        return ""
    effects = changes(data, found, "95 % interval over items alone")
    return f"One seed, which cannot tell an effect from the luck of a training: {effects}."


def underpowered(rows: pd.DataFrame) -> str:
    """What could have been found, where something is undecided."""
    undecided = rows[rows.verdict == "undecided"]
    if undecided.empty:
        return ""
    sizes = statistics.detectable(undecided.low, undecided.high, undecided.n_seeds)
    least, most = f"{sizes.min():.1f}", f"{sizes.max():.1f}"
    size = least if least == most else f"{least} to {most}"
    return (
        f"Underpowered: an effect of {size} points would have been found four times in five, "
        "before any correction."
    )


def single_languages(data: StudyData) -> str:
    """What is detected in single languages."""
    rows = data.targets[data.targets.language.isin(data.zero_shot) & (data.targets.n_seeds > 1)]
    rows = rows[~data.is_control(rows.adaptation)]
    if len(data.zero_shot) < 2 or rows.empty:
        return ""
    significant = rows[statistics.is_detected(rows)]
    if significant.empty:
        return f"Language by language, none of {len(rows)} effects is detectable after Holm's correction."
    examples = []
    for _, row in significant.head(NAMED).iterrows():
        arm = f"{adaptation_name(row.adaptation)} {circumstance(data, row)}"
        examples.append(f"{signed(row.effect)} in {language(row.language)} ({arm})")
    more = f", and {len(significant) - NAMED} more" if len(significant) > NAMED else ""
    verb = "is" if len(significant) == 1 else "are"
    return (
        f"Language by language, {number(len(significant))} of {len(rows)} effects {verb} detected "
        f"after Holm's correction: {', '.join(examples)}{more}."
    )


def difference(data: StudyData) -> str:
    """Whether the effect depends on the strategy."""
    rows = data.between_groups[data.between_groups.language == "mean"]
    rows = rows[~data.is_control(rows.adaptation) & (rows.n_seeds > 1)]
    sentences = []
    for strategies, compared in rows.groupby("strategy", sort=False):
        verdict = "no detectable difference"
        if statistics.is_detected(compared).any():
            verdict = "a detected difference"
        parts = [f"{estimate(row)} for {adaptation_name(row.adaptation)}" for _, row in compared.iterrows()]
        sentences.append(f"{against(strategies)}: {verdict}; the effects differ by {joined(parts)}")
    text = "; ".join(sentences)
    return f"{text[0].upper()}{text[1:]}." if sentences else ""


def other_strategies(data: StudyData, rows: pd.DataFrame) -> str:
    """The effect in strategies that the question does not name."""
    others = on_the_mean(data).drop(index=rows.index)
    if others.empty:
        return ""
    n_detected = statistics.is_detected(others).sum()
    count = others.strategy.nunique()
    strategies = "the other strategy" if count == 1 else f"the {number(count)} other strategies"
    return (
        f"Under {strategies} the effect is "
        f"{signed(others.effect.min())} to {signed(others.effect.max())} points; "
        f"{n_detected or 'none'} of {counted(len(others), 'effect')} is detected after Holm's correction."
    )


def incomplete(data: StudyData) -> str:
    """That runs are missing."""
    count = len(data.missing)
    verb = "is" if count == 1 else "are"
    return f"Incomplete: {counted(count, 'planned run')} {verb} not done, {data.missing[0]} among them."
