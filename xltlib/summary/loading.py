"""A study as collecting its runs has left it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from xltlib import collected, folders
from xltlib.summary.data import StudyData


def _refuse(predictions: pd.DataFrame, selection: str, source: str) -> None:
    """Refuse what would leave tables empty, as if nothing had been measured."""
    rules, codes = (sorted(set(predictions[name].astype(str))) for name in ("selection", "language1"))
    if selection not in rules:
        raise ValueError(f"selection = {selection!r}: there are predictions of {', '.join(rules)}")
    if source not in codes:
        raise ValueError(f"source = {source!r}: there are predictions in {', '.join(codes)}")


def load(
    folder: Path | str,
    study: str,
    selection: str = "last",
    source: str = "en",
) -> StudyData:
    """A study from the folder that collecting its runs has filled.

    Args:
        folder: where studies lie; this one in ``folder/study``.
        study, selection, source: see :class:`StudyData`.
    Raises:
        FileNotFoundError: the folder or the study is not there; says which are.
        ValueError: nothing was predicted under this rule, or in this source language; or a file is damaged.
    """
    place = folders.of_study(folder, study)
    state, predictions = collected.complete(place)
    _refuse(predictions, selection, source)
    about, missing = state.get("about", ""), state.get("missing", [])
    runs, grouped, controls = state["runs"], state.get("groups", {}), state.get("controls", [])
    return StudyData(study, place, about, missing, runs, predictions, selection, source, grouped, controls)
