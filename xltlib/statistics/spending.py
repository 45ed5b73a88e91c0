"""What arms cost, from their records."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xltlib.notebooks import ADAPT


def costs(runs: list[dict]) -> pd.DataFrame:
    """What each arm took, its ancestors included, and what its encoder is like at the end.

    Args:
        runs: records as they stand in a study's runs.json, adaptations and trunks among them.
    Returns:
        One row an arm's run: ``run``, ``seconds`` of training and ``tokens`` read in training, both of the
        whole chain (tokens NaN where a record has none), ``retrieval`` and ``rank_distance`` (means over
        languages of bias.language_bias; NaN if not measured) and ``forgotten``: how many of the probes'
        translations fewer are found after adaptation than before, as a share (NaN without probes).
    """
    by_run = {run["run"]: run for run in runs}
    at_start = _probes_at_start(runs)
    rows = []
    for run in runs:
        if not run.get("arm", run.get("notebook") != ADAPT):
            continue
        chain = {record["run"]: record for record in _with_ancestors(run, by_run)}.values()
        bias = pd.DataFrame(run.get("bias") or [], columns=["retrieval", "rank_distance"]).mean()
        seconds = sum(record["seconds"].get("training", 0) for record in chain)
        tokens = sum(record.get("tokens", np.nan) for record in chain if "training" in record["seconds"])
        forgotten = [lost for record in chain for lost in _lost(record, at_start)]
        mean_lost = float(np.mean(forgotten)) if forgotten else np.nan
        rows.append({"run": run["run"], "seconds": seconds, "tokens": tokens, **bias, "forgotten": mean_lost})
    return pd.DataFrame(rows)


def _start(run: dict) -> tuple[str, str]:
    """What an adaptation started from: the run whose model it went on with ("": none), and the encoder."""
    parameters = run.get("parameters", {})
    return parameters.get("start", ""), parameters.get("encoder", {}).get("name", "")


def _with_ancestors(run: dict, by_run: dict[str, dict]) -> list[dict]:
    """The run and all that it was made from, each before its parents, some perhaps twice."""
    found = [run]
    for parent in run.get("parents", {}):
        if parent in by_run:
            found += _with_ancestors(by_run[parent], by_run)
    return found


def _probes_at_start(runs: list[dict]) -> dict[tuple[tuple[str, str], str], float]:
    """Share of translations found before an adaptation, of each model it starts from and probe language.

    Where low-rank updates are attached nothing is measured before: another one of the same model has it.
    """
    found = {}
    for run in runs:
        for code, probe in run.get("probes", {}).items():
            if probe["before"] is not None:
                found[_start(run), code] = probe["before"]
    return found


def _lost(record: dict, at_start: dict[tuple[tuple[str, str], str], float]) -> list[float]:
    """Shares of translations that are no longer found after an adaptation, one a probe language."""
    lost = []
    for code, probe in record.get("probes", {}).items():
        before = probe["before"] if probe["before"] is not None else at_start.get((_start(record), code))
        if before is not None:
            lost.append(before - probe["after"])
    return lost
