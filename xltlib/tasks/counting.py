"""Numbers of labelled pairs, a row a language."""

from __future__ import annotations

import pandas as pd


def counts(frame: pd.DataFrame) -> pd.DataFrame:
    """Numbers of a frame per language.

    Returns:
        Indexed by language: rows, placeholder rows dropped from the whole file, majority rate in per cent,
        clusters, identical pairs; and where a file has such rows, how many were unquoted and how many hold a
        sentence of at most two letters.
    """
    table = frame.groupby("language1", sort=False).agg(
        rows=("item", "size"),
        majority=("label", _majority_rate),
        clusters=("cluster", "nunique"),
    )
    dropped = frame.attrs.get("dropped", {})
    table.insert(1, "dropped", [dropped.get(code, 0) for code in table.index])
    same = frame[frame.sentence1 == frame.sentence2].groupby("language1").size()
    table["identical"] = same.reindex(table.index, fill_value=0)
    for name in ("unquoted", "short"):
        by_language = frame.attrs.get(name, {})
        if any(by_language.get(code) for code in table.index):
            table[name] = [by_language.get(code, 0) for code in table.index]
    return table.rename_axis("language")


def _majority_rate(labels: pd.Series) -> float:
    return round(100 * labels.value_counts(normalize=True).max(), 1)
