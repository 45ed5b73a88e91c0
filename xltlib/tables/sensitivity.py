"""Tables of benchmarks/sensitivity.py: parts of the data, over the control, English and its model, power."""

from __future__ import annotations

from pathlib import Path

from xltlib import languages
from xltlib.tables.cells import arm_cells, judged_points, markdown, per_cent, points, read, signed


def effects_on_parts(folder: Path) -> str:
    """Effects on the mean of the targets, a column a part of the data; bold: detected.

    Args:
        folder: of the study; the benchmark's tables are in the folder of the same name in benchmarks/.
    """
    table, cells = read(_benchmark(folder), "effects_on_parts"), {}
    parts = list(dict.fromkeys(table.part))
    for _, row in table.iterrows():
        cells.setdefault(tuple(arm_cells(row, ["strategy", "adaptation"])), {})[row["part"]] = row
    rows = []
    for arm, by_part in cells.items():
        rows.append([*arm, *(judged_points(by_part[part]) if part in by_part else "" for part in parts)])
    return markdown(["strategy", "adaptation", *parts], rows)


def over_the_control(folder: Path) -> str:
    """Effects over the control, with p corrected over all arms compared with it, and over its own alone."""
    table, rows = read(_benchmark(folder), "over_the_control"), []
    for _, row in table.iterrows():
        p = [f"{row[name]:.3f}" for name in ("p (Holm)", "p of these")]
        rows.append([row["outcome"], *arm_cells(row, ["strategy", "adaptation"]), points(row), *p])
    counts = table.iloc[0]
    header = ["effect", f"p (Holm), {counts['compared']} tests", f"p (Holm), {counts['of_these']} tests"]
    return markdown(["outcome", "strategy", "adaptation", *header], rows)


def effects_on_english(folder: Path) -> str:
    """The effect of each adaptation on the source language; bold: detected."""
    rows = []
    for _, row in read(_benchmark(folder), "effects_on_english").iterrows():
        cells = [str(row["n_seeds"]), judged_points(row), f"{row['p (Holm)']:.2f}"]
        rows.append([*arm_cells(row, ["strategy", "adaptation"]), *cells])
    return markdown(["strategy", "adaptation", "seeds", "effect on English", "p (Holm)"], rows)


def power(folder: Path) -> str:
    """What could have been found after correction, and how many seeds finding the estimate takes."""
    rows = []
    for _, row in read(_benchmark(folder), "power").iterrows():
        seeds = "100 or more" if row["seeds"] >= 100 else str(row["seeds"])
        cells = [signed(row["effect"]), f"±{row['half_width']:.1f}", f"{row['found']:.1f}", seeds]
        rows.append([*arm_cells(row, ["strategy", "adaptation"]), *cells, row["verdict"]])
    header = ["estimate", "interval", "found in 4 of 5, after correction", "seeds to find the estimate"]
    return markdown(["strategy", "adaptation", *header, "verdict"], rows)


def english_model(folder: Path) -> str:
    """Accuracy of the English model, before any strategy, on the study's items; a column a language."""
    table = read(_benchmark(folder), "english_model")
    names = [
        "mean of the targets" if code == "mean" else languages.row(code).name for code in table.language
    ]
    cells = [per_cent(accuracy) for accuracy in table.accuracy]
    return markdown(["seeds", *names], [[str(table.n_seeds.max()), *cells]])


def _benchmark(folder: Path) -> Path:
    return folder.parents[1] / "benchmarks" / folder.name
