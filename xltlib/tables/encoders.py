"""Tables of adapted encoders: held-out text and dependency trees, before and after."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd

from xltlib import languages
from xltlib.development import means
from xltlib.markdown import code, escaped
from xltlib.places import ROOT
from xltlib.tables.cells import markdown, read

BENCHMARKS = ROOT / "benchmarks"
MANY = 10  # languages; more do not fit side by side
MEASURED = ("arm", "seeds", "adaptation", "before", "late", "after", "pairs", "accuracy", "standard error")


def held_out(folder: Path) -> str:
    """Held-out text before and after: perplexity, or per cent of translations found, or distance error.

    A row an adaptation, a column a language; of many languages the other way round, means over draws.
    """
    table, rows = read(folder, "held_out"), []
    codes = languages.in_order(table.language)
    if len(codes) > MANY:
        names = table.adaptation.str.replace(r" draw \d+$", "", regex=True)
        table = table.groupby([names, "method", "language"], sort=False).mean(numeric_only=True).reset_index()
    for (adaptation, method), group in table.groupby(["adaptation", "method"], sort=False):
        pairs = group.set_index("language").reindex(codes)[["before", "after"]].to_numpy()
        cells = _before_and_after(pairs, method)
        rows.append([code(adaptation), escaped(method), *cells])
    if len(codes) <= MANY:
        return markdown(["adaptation", "method", *codes], rows)
    names = [f"{row[0]} ({row[1]})" for row in rows]
    turned = [[languages.row(codes[k]).name, *(row[k + 2] for row in rows)] for k in range(len(codes))]
    return markdown(["language", *names], turned)


def on_the_way(folder: Path) -> str:
    """Held-out text while adaptations went on, on the mean of their languages: is it still falling?"""
    rows = []
    table = read(folder, "on_the_way")
    for (adaptation, method), group in table.groupby(["adaptation", "method"], sort=False):
        updates, values = ", ".join(f"{update:,}" for update in group["update"]), group.held_out
        shown = " → ".join(held_out_value(value) for value in values)
        rows.append([code(adaptation), escaped(method), updates, shown])
    return markdown(["adaptation", "method", "after updates", "held-out text"], rows)


def development(folder: Path) -> str:
    """What settings were chosen by: the settings of each arm, held-out text and development accuracy."""
    table = means(read(folder, "development"))
    settings = [name for name in table if name not in MEASURED]
    if "adaptation" in table:  # between the settings of the arm and its own
        arm_settings = [name for name in settings if not name.startswith("adaptation")]
        settings = [*arm_settings, "adaptation", *settings[len(arm_settings) :]]
    rows = []
    for _, row in table.iterrows():
        values = [row.get(stage) for stage in ("before", "late", "after")]
        held_out = " → ".join(held_out_value(value) for value in values if not pd.isna(value))
        cells = ["" if pd.isna(row[name]) else escaped(_number(row[name])) for name in settings]
        rows.append([code(row["arm"]), *cells, held_out, f"{row['seeds']}", f"{row['accuracy']:.2f}"])
    return markdown(["arm", *settings, "held-out text", "seeds", "development accuracy"], rows)


def held_out_value(value: float) -> str:
    """A perplexity, an error or a share.

    Example:
        >>> held_out_value(1234.5), held_out_value(0.738)
        ('1,234', '0.74')
    """
    return f"{value:,.0f}" if value >= 10 else f"{value:.2f}"


def _number(value) -> str:
    """A setting as a study has it: whole numbers without a point, rates as powers of ten.

    Example:
        >>> _number(2000.0), _number(0.0001), _number(0.25), _number("held")
        ('2000', '1e-4', '0.25', 'held')
    """
    if not isinstance(value, float):
        return str(value)
    if value == int(value):
        return str(int(value))
    return f"{value:g}" if abs(value) >= 1e-3 else f"{Decimal(f'{value:.3g}'):e}"


def _before_and_after(pairs: np.ndarray, method: str) -> list[str]:
    """Two numbers a language in a cell; blank where nothing was measured. Shares are in per cent."""
    if method == "syntax":
        shape = "{:,.1f} → {:,.1f}"
    elif np.nanmax(pairs) <= 1:
        pairs, shape = 100 * pairs, "{:.0f} → {:.0f} %"
    else:
        shape = "{:,.0f} → {:,.0f}"
    return ["" if np.isnan(pair).any() else shape.format(*pair) for pair in pairs]


def trees(folder: Path) -> str:
    """How well a structural probe finds trees, before → after: correlation of distances, and UUAS."""
    table, rows = read(folder, "trees"), []
    codes = languages.in_order(table.language)
    for (adaptation, method), group in table.groupby(["adaptation", "method"], sort=False):
        group = group.set_index("language").reindex(codes)
        for measure, name in (("correlation", "correlation"), ("uuas", "UUAS")):
            pairs = group[[f"{measure}_before", f"{measure}_after"]].to_numpy()
            cells = ["" if pd.isna(pair).any() else "{:.2f} → {:.2f}".format(*pair) for pair in pairs]
            rows.append([code(adaptation), escaped(method), name, *cells])
    return markdown(["adaptation", "method", "measure", *codes], [*rows, *_floors(codes)])


def _floors(codes: list[str]) -> list[list[str]]:
    """What the order of words alone gives, a row a measure (benchmarks/tree_floors.py)."""
    floors = read(BENCHMARKS, "tree_floors").set_index("language").reindex(codes)
    rows = []
    for measure, name in (("correlation", "correlation"), ("uuas", "UUAS")):
        cells = ["" if pd.isna(value) else f"{value:.2f}" for value in floors[measure]]
        rows.append(["order of words alone", "", name, *cells])
    return rows
