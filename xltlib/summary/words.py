"""Numbers, arms and intervals in words: the phrases that all tables, captions and sentences share."""

from __future__ import annotations

import pandas as pd

from xltlib import figures, languages
from xltlib.provenance import Entry
from xltlib.values import counted_from_to, from_to, joined, signed

SOURCES = {
    "pairs": "the task's own development items",
    "task": "the task's own development sentences",
    "ntrex": "NTREX (news)",
    "wikipedia": "Wikipedia",
}
KINDS = {
    "parallel": "translations from",
    "text": "text from",
    "labelled-target": "labels from",
}
NUMBERS = (
    *("no", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)
MEANS_IN_WORDS = {
    "mean": "mean of all",
    "high": "mean of high-resource",
    "medium": "mean of medium-resource",
    "low": "mean of low-resource",
    "unseen": "mean of unseen",
}


class PlainText(str):
    """Text that a notebook shows as it is, without quotes."""

    def __repr__(self) -> str:
        return str(self)


def unless_empty(table: pd.DataFrame, text: str) -> pd.DataFrame | PlainText:
    """The table, or where it has no rows the text that says why.

    Example:
        >>> unless_empty(pd.DataFrame(), "nothing was adapted")
        nothing was adapted
    """
    return table if len(table) else PlainText(text)


def number(n: int) -> str:
    """A count as prose has it.

    Example:
        >>> number(7), number(28)
        ('seven', '28')
    """
    return NUMBERS[n] if n < len(NUMBERS) else str(n)


def interval(low: float, high: float) -> str:
    """The ends of an interval; one that is nearly zero with two digits, so that its side can be seen.

    Example:
        >>> interval(-2.4, 2.44), interval(-0.032, 2.7)
        ('−2.4 to +2.4', '−0.03 to +2.7')
    """
    return f"{_end(low)} to {_end(high)}"


def _end(value: float) -> str:
    digits = 2 if abs(value) < 0.05 else 1
    return signed(value, digits)


def estimate(row) -> str:
    """An effect with its 95 % interval.

    Args:
        row: with ``effect, low, high``, in points.
    """
    return f"{signed(row.effect)} ({interval(row.low, row.high)})"


def adaptation_name(adaptation: str) -> str:
    """An adaptation as sentences name it: what tells doses and kinds apart stands in parentheses.

    Example:
        >>> adaptation_name("mlm-wikipedia"), adaptation_name("dann")
        ('masked language modelling (wikipedia)', 'domain discriminator')
    """
    parts = []
    for part in figures.adaptation_name(adaptation).split(" + "):
        name, _, detail = part.partition(", ")
        parts.append(f"{name} ({detail})" if detail else name)
    return " + ".join(parts)


def under(strategy: str, head: str = "") -> str:
    """A strategy as the circumstance of an effect.

    Example:
        >>> under("hybrid"), under("labse-recipe"), under("plain", "logistic")
        ('under hybrid batches', 'under the LaBSE recipe', 'with the encoder as it is')
    """
    name = figures.strategy_name(strategy, head)
    if name.startswith("LaBSE recipe"):
        return f"under the {name}"
    if name.startswith("LaBSE"):
        return f"with {name}"
    if name.startswith("encoder as it is"):
        return f"with the {name}"
    return f"under {name}"


def against(difference: str) -> str:
    """Two strategies side by side, of a row of their difference.

    Example:
        >>> against("hybrid - labse-recipe")
        'hybrid batches against the LaBSE recipe'
    """
    first, second = (figures.strategy_name(strategy) for strategy in difference.split(" - "))
    second = f"the {second}" if second.startswith("LaBSE recipe") else second
    return f"{first} against {second}"


def language(code: str) -> str:
    """A language's name; of a mean of languages, what it is of."""
    return MEANS_IN_WORDS[code] if code in languages.MEANS else languages.row(code).name


def mean_name(name: str) -> str:
    """A mean of several languages in words: of a resource level, or of a group of the study's own.

    Example:
        >>> mean_name("low"), mean_name("known-from-text")
        ('mean of low-resource', 'mean of known from text')
    """
    return MEANS_IN_WORDS.get(name, f"mean of {name.replace('-', ' ')}")


def in_words(table: pd.DataFrame, data=None) -> pd.DataFrame:
    """A table to be read: encoders, strategies and adaptations of its rows and columns by name, not by id.

    Args:
        data: the study, of which the head is taken where the table does not have it.
    """
    heads = [] if data is None else data.runs["head"].unique()
    head = heads[0] if len(heads) == 1 else ""
    rows, columns = _named(table.index, head), _named(table.columns, head)
    return table.set_axis(rows).set_axis(columns, axis="columns")


def _named(labels: pd.Index, head: str) -> pd.Index:
    """Labels of rows or columns with names in place of ids; ``head`` is that of all, where they share one."""
    levels = labels.to_frame(index=False).astype(object)
    heads = levels["head"] if "head" in levels else [head] * len(levels)
    if "strategy" in levels:
        levels["strategy"] = [figures.strategy_name(*arm) for arm in zip(levels["strategy"], heads)]
    for level, naming in (("encoder", figures.encoder_name), ("adaptation", figures.adaptation_name)):
        if level in levels:
            levels[level] = levels[level].map(naming)
    if labels.nlevels == 1:
        return pd.Index(levels.iloc[:, 0].tolist(), name=labels.name)
    return pd.MultiIndex.from_frame(levels)


def reading(entries: list[Entry]) -> str:
    """What was read beside labelled items of the source language.

    Example:
        >>> reading([Entry("adaptation", "mlm", "text", ("de", "fr"), "wikipedia")])
        'mlm: text from Wikipedia, 2 languages'
    """
    parts = []
    for entry in entries:
        if entry.kind == "labelled-source":
            continue
        kind = KINDS.get(entry.kind, entry.kind)
        source = SOURCES.get(entry.source, entry.source or "the task")
        parts.append(f"{entry.use}: {kind} {source}, {len(entry.languages)} languages")
    return "; ".join(dict.fromkeys(parts)) or "nothing more"


def encoders(data) -> str:
    """The encoders of a study."""
    return ", ".join(map(figures.encoder_name, data.runs.encoder.unique()))


def interval_note(n_seeds: int) -> str:
    """What an interval knows of."""
    if n_seeds > 1:
        return "95 % intervals over seeds and clusters of shared sentences"
    text = "95 % intervals over clusters of shared sentences"
    return f"{text}; with one seed they do not include variation between seeds"


def caption(data, effects: pd.DataFrame, dots: bool = True, unit: str = "language") -> str:
    """What stands below a figure: encoder, seeds, items, rungs, and what its marks are.

    Args:
        effects: the effects that are drawn.
        dots: whether single seeds are drawn as well.
        unit: what has so many test items: ``"language"`` or ``"group"``.
    """
    max_seeds, items = effects.n_seeds.max(), from_to(effects.n_items)
    seeds = counted_from_to(effects.n_seeds, "seed")
    by_strategy = effects.groupby(["strategy", "head"], sort=False).rung.unique()
    rungs = ", ".join(
        f"{figures.look(*arm)[0]} {' or '.join(sorted(names))}" for arm, names in by_strategy.items()
    )
    head = joined(effects["head"].unique())
    marks = f"Lines: {interval_note(1)}."
    if max_seeds > 1:
        marks = f"Points: mean over seeds; lines: {interval_note(max_seeds)}"
        marks += "; small dots: single seeds." if dots else "."
    return (
        f"Study {data.study}. Encoder {encoders(data)}, head {head}, {seeds}, {items} test items a {unit}, "
        f"checkpoint: {data.selection}. Rungs: {rungs}.\n{marks}"
    )
