"""What claims are judged by: cells of their table, and the tables that studies left."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from xltlib import collected, figures, folders
from xltlib.values import counted, with_interval

FEWEST_SEEDS = 3  # of a study whose design gives fewer no verdict


def row(measured: str, basis: str, verdict: str, figure: Path | None = None) -> dict:
    """What was measured of a claim, on what, what follows, and the figure, where it is there."""
    link = ""
    if figure and figure.exists():
        link = f"{figure.parent.name}/{figure.name}"
    return {"measured": measured, "on": basis, "verdict": verdict, "figure": link}


def missing(study: str, detail: str = "") -> dict:
    """The same of a claim whose study was not run; ``detail`` says what of it is missing."""
    return row(f"Study {study} has not been run here{detail}.", "", "inconclusive")


def measured_on(folder: Path, study: str, seeds: int, items: int) -> str:
    """What a claim was measured on: study, encoder, seeds, items, and planned runs that were not made."""
    state = folders.state(folder, study, {"arm": bool, "encoder": str})
    encoder = next(run["encoder"] for run in state["runs"] if run["arm"])
    not_made = state.get("missing")
    gaps = f"; planned and not run: {collected.shortened(not_made)}" if not_made else ""
    name = figures.encoder_name(encoder)
    return f"{study}, {name}, {counted(seeds, 'seed')}, up to {items:,} items a language{gaps}"


def measured_on_table(folder: Path, study: str, table: pd.DataFrame) -> str:
    """As :func:`measured_on`, with the most seeds and items that stand in a table."""
    return measured_on(folder, study, int(table.n_seeds.max()), int(table.n_items.max()))


def has_every_arm(folder: Path, study: str) -> bool:
    """Whether every arm that a study plans has a run, of one seed at least."""
    state = folders.state(folder, study, {"label": str, "arm": bool})
    return not collected.planned_tests(state.get("missing", []), state["runs"])


def points(row) -> str:
    """An effect and its interval, in points, with the minus of a keyboard, as claims.csv has it."""
    return with_interval(row.effect, row.low, row.high).replace("−", "-")


def by_strategy(effects: pd.DataFrame) -> str:
    """Effects with their intervals, each after the name of its strategy."""
    named = [f"{figures.strategy_name(row.strategy)} {points(row)}" for row in effects.itertuples()]
    return "; ".join(named)


def table(folder: Path, study: str, name: str) -> pd.DataFrame:
    """A table of a study that is there; of its text only an empty cell is missing.

    Raises:
        Damaged: it was cut short.
    """
    return collected.csv_table(folders.of_table(folder, study, f"{name}.csv"), claim=str)
