"""What the tables share: Markdown, numbers as text, names of arms, and the languages that means are over.

Names come from studies and may hold anything: whoever puts one into a cell takes it from here, escaped.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from xltlib import collected, figures, languages, levels
from xltlib.markdown import escaped
from xltlib.statistics import ARM, is_one_language
from xltlib.values import signed, with_interval

SOURCE = "en"  # the language that is trained on: no target


def markdown(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table; columns in which nothing stands are left out.

    Example:
        >>> print(markdown(["a", "b", "c"], [["1", "", "3"]]))
        | a | c |
        |---|---|
        | 1 | 3 |
    """
    columns = [k for k in range(len(header)) if any(row[k] for row in rows)]
    lines = ["| " + " | ".join(cells[k] for k in columns) + " |" for cells in (header, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(columns), *lines[1:]])


def per_cent(value: float) -> str:
    """A number with one digit; "" where there is none: a mean of what was not all measured is none either.

    Example:
        >>> per_cent(72.84), per_cent(float("nan"))
        ('72.8', '')
    """
    return "" if pd.isna(value) else f"{value:.1f}"


def points(row) -> str:
    """An effect and its 95 % interval.

    Example:
        >>> points({"effect": 1.3242, "low": -0.0324, "high": 2.7202})
        '+1.3 [−0.0, +2.7]'
    """
    return with_interval(row["effect"], row["low"], row["high"])


def judged_points(row) -> str:
    """The same; bold if it is detected after Holm's correction, and said if it is equivalent to nothing.

    Example:
        >>> row = {"effect": 1.3, "low": 0.1, "high": 2.5, "verdict": "up"}
        >>> judged_points(row), judged_points(row | {"verdict": "undecided"})
        ('**+1.3 [+0.1, +2.5]**', '+1.3 [+0.1, +2.5]')
    """
    if row["verdict"] in ("up", "down"):
        return f"**{points(row)}**"
    return points(row) + (" (nothing)" if row["verdict"] == "equivalent to nothing" else "")


def accuracy_within(row) -> str:
    """An accuracy and its 95 % interval, in per cent.

    Example:
        >>> accuracy_within({"accuracy": 61.17, "low": 57.3, "high": 65.0})
        '61.2 [57.3, 65.0]'
    """
    return f"{row['accuracy']:.1f} [{row['low']:.1f}, {row['high']:.1f}]"


def read(folder: Path, name: str) -> pd.DataFrame:
    """A CSV file of a folder. An empty cell is missing, and nothing else: ``null`` may be a name.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no CSV file, or ends within a line.
    """
    return collected.csv_table(folder / f"{name}.csv")


def marked(table: pd.DataFrame, name: str, code: str) -> str:
    """The name or code of a language; where an encoder of the table has not seen it, that is said."""
    return levels.marked(name, [levels.level(code, encoder) for encoder in table.encoder.unique()])


def strategy_name(strategy: str, head: str = "") -> str:
    """A strategy in words, as figures have it, but without what stands there in brackets.

    Example:
        >>> strategy_name("labse-recipe+hybrid"), strategy_name("plain", "cosine")
        ('LaBSE recipe, hybrid batches', 'encoder as it is')
    """
    return escaped(figures.strategy_name(strategy, head))


def adaptation_name(adaptation: str) -> str:
    """An adaptation in words, as figures have it.

    Example:
        >>> adaptation_name("mlm-<wiki>")
        'masked language modelling, &lt;wiki&gt;'
    """
    return escaped(figures.adaptation_name(adaptation))


def arm_columns(table: pd.DataFrame) -> list[str]:
    """The columns that tell a study's arms apart: encoder and head only where there are several."""
    always = ("strategy", "adaptation")
    return [name for name in ARM if name in always or table[name].nunique() > 1]


def arm_cells(row, arm: list[str]) -> list[str]:
    """The cells that name an arm, in words; the strategy of a difference is "this minus that"."""
    cells = {
        "encoder": escaped(figures.encoder_name(row["encoder"])),
        "strategy": strategy_name(row["strategy"], row["head"]),
        "head": escaped(row["head"]),
        "adaptation": adaptation_name(row["adaptation"]),
    }
    return [cells[name] for name in arm]


def accuracies(folder: Path) -> pd.DataFrame:
    """A study's accuracies in per cent, of pairs whose two sentences are in one language."""
    table = read(folder, "accuracy")
    table = table[is_one_language(table)]
    return table.assign(accuracy=100 * table.accuracy)


def target_means(table: pd.DataFrame) -> dict[str, list[str]]:
    """The means over languages that a table ends with: name -> codes.

    Args:
        table: columns ``language1`` and perhaps ``supervision``; targets of which an arm has read labels get
            a mean of their own, which comes first.
    """
    codes, labels_read = [code for code in languages.in_order(table.language1) if code != SOURCE], []
    if "supervision" in table:
        labelled = set(table.language1[table.supervision == "labelled"])
        labels_read = [code for code in codes if code in labelled]
    if not labels_read:
        return {"mean of the targets": codes}
    others = [code for code in codes if code not in labels_read]
    name = f"mean of {', '.join(labels_read)} (labels read)"
    return {name: labels_read, "mean of the zero-shot targets": others}


def zero_shot(table: pd.DataFrame) -> list[str]:
    """Codes of the targets of which no arm has read a label; arguments as above."""
    return list(target_means(table).values())[-1]
