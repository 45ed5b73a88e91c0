"""Which runs are done, in the folder of runs or among the committed ones; collecting them for tables."""

from __future__ import annotations

import json
import os
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from xltlib import parameters, provenance, records
from xltlib.fingerprint import code_fingerprint
from xltlib.plan import Node, Plan


class Store:
    """The runs of a study.

    Args:
        runs: folder of runs, ``<id>/record.json`` in each.
        figures: the study's folder of figures, with ``runs.json`` and ``predictions.parquet``.
        committed: whether what lies there counts as done.
        any_code: whether runs that another code made count, too.
    """

    def __init__(self, runs: Path, figures: Path, committed: bool = False, any_code: bool = False):
        self.runs, self.figures, self.any_code = Path(runs), Path(figures), any_code
        self.kept = self._committed() if committed else {}

    def _committed(self) -> dict[str, dict]:
        """Records that the study's folder holds, by id: of arms whose predictions are there, and of what they
        started from."""
        try:
            state = json.loads((self.figures / "runs.json").read_text(encoding="utf-8"))
            predicted = set(pd.read_parquet(self.figures / "predictions.parquet", columns=["run"]).run)
        except (OSError, ValueError):
            return {}
        if state["study"] != self.figures.name:
            return {}
        return {r["run"]: r for r in state["runs"] if r["run"] in predicted or not r["arm"]}

    def outdated(self, plan: Plan) -> set[str]:
        """Labels of what is not done: no record, other parameters or code, or made from what is outdated or
        was made anew since."""
        found: set[str] = set()
        for label, node in plan.nodes.items():
            if not self._is_done(node, plan, found):
                found.add(label)
        return found

    def _is_done(self, node: Node, plan: Plan, outdated: set[str]) -> bool:
        if outdated.intersection(node.needs):
            return False
        record = records.read(self.runs / node.run)
        code = None if self.any_code else code_fingerprint(node.notebook, node.parameters)
        if record is None:
            kept = self.kept.get(node.run)  # its id is that of these parameters
            return kept is not None and (code is None or kept["code"] == code)
        if not records.done(self.runs / node.run, node.parameters, code or record["code"]):
            return False
        parents = record["parents"]
        return all(
            parents.get(plan[need].run) == records.digest(self.runs / plan[need].run) for need in node.needs
        )

    def other_code(self, plan: Plan) -> int:
        """How many of the runs that are done were made by other code than today's."""
        outdated = self.outdated(plan)
        done = [node for label, node in plan.nodes.items() if label not in outdated]
        codes = [
            (self._record(node)["code"], code_fingerprint(node.notebook, node.parameters)) for node in done
        ]
        return sum(then != now for then, now in codes)

    def missing(self, plan: Plan, force: bool = False) -> list[str]:
        """Labels of what must be run, in the plan's order: what is not done, and the models that it starts
        from and that are not there any more.

        Args:
            force: what is done, too.
        """
        todo = set(plan.nodes) if force else self.outdated(plan)
        gone = todo
        while gone:
            needs = {need for label in gone for need in plan[label].needs if need not in todo}
            gone = {need for need in needs if records.read(self.runs / plan[need].run) is None}
            todo = todo | gone
        return [label for label in plan.nodes if label in todo]

    def _record(self, node: Node) -> dict:
        return records.read(self.runs / node.run) or self.kept[node.run]

    def collect(self, plan: Plan) -> list[dict]:
        """Gather the finished runs into the study's folder: ``runs.json`` and ``predictions.parquet``.

        Strategy, adaptation and rung are worked out anew from what each run has read.

        Returns:
            Their records.
        Raises:
            ValueError: no arm is done, or runs that the folder holds would be lost; it is left as it is.
        """
        outdated = self.outdated(plan)
        finished = [node for label, node in plan.nodes.items() if label not in outdated]
        if not any(node.arm for node in finished):
            raise ValueError("no arm of this study is done; figures are left as they are")
        if self.any_code:
            self._refuse_to_lose({node.label for node in finished})
        read = {node.run: provenance.from_record(self._record(node)["read"]) for node in finished}
        told = provenance.differing([read[node.run] for node in finished if node.arm])
        summaries, predictions = [], []
        for node in finished:
            record, entries = self._record(node), read[node.run]
            record = {**record, "parameters": parameters.placeless(record["parameters"])}
            record["rung"] = provenance.rung(entries)
            if node.arm:
                record |= provenance.names(entries, told)
                predictions.append(self._predictions(node))
            summaries.append({"label": node.label, "arm": node.arm, **record})
        missing = [label for label in plan.nodes if label in outdated]
        self._write(plan, summaries, missing, predictions)
        return summaries

    def _predictions(self, node: Node) -> pd.DataFrame:
        own = self.runs / node.run / "predictions.parquet"
        if records.read(self.runs / node.run) is not None:
            return pd.read_parquet(own).assign(run=node.run)
        return self._committed_predictions[node.run]

    @cached_property
    def _committed_predictions(self) -> dict[str, pd.DataFrame]:
        """The committed predictions, by run."""
        earlier = pd.read_parquet(self.figures / "predictions.parquet").astype({"run": str})
        return dict(iter(earlier.groupby("run", sort=False)))

    def _refuse_to_lose(self, labels: set[str]) -> None:
        """Stop where a drawing would lose runs that the study's folder holds."""
        path = self.figures / "runs.json"
        state = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"runs": []}
        lost = [run["label"] for run in state["runs"] if run["label"] not in labels]
        if lost:
            raise ValueError(
                f"{self.figures} holds {len(lost)} runs that are not done by this plan, {lost[0]} among "
                "them; drawn here they would be lost. Draw into another folder (--figures)"
            )

    def _write(self, plan: Plan, summaries: list[dict], missing: list[str], predictions: list) -> None:
        self.figures.mkdir(parents=True, exist_ok=True)
        state = {"study": plan.study.name, "about": plan.study.about, "missing": missing, "runs": summaries}
        text = json.dumps(state, indent=1, ensure_ascii=False) + "\n"
        table = pd.concat(predictions, ignore_index=True)
        for column in ("run", "language1", "language2", "selection"):
            table[column] = table[column].astype("category")
        # Rules of selection often choose the same checkpoint: its rows side by side compress to one.
        place = table.groupby(["run", "selection"], observed=True).cumcount()
        table = table.iloc[np.lexsort([place, pd.factorize(table.run)[0]])]
        repeating = [name for name in table if not pd.api.types.is_float_dtype(table[name])]
        whole = self.figures / "predictions.parquet"
        table.to_parquet(
            whole.with_suffix(".part"),
            index=False,
            compression="zstd",
            compression_level=12,
            use_dictionary=repeating,
        )
        (self.figures / "runs.part").write_text(text, encoding="utf-8")
        os.replace(whole.with_suffix(".part"), whole)  # each appears whole or not at all
        os.replace(self.figures / "runs.part", self.figures / "runs.json")
