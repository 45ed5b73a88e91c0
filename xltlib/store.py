"""Which runs are done, in the folder of runs or among the committed ones; collecting them for tables."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pandas as pd

from xltlib import collected, files, parameters, provenance, records
from xltlib.files import Damaged
from xltlib.fingerprint import code_fingerprint
from xltlib.notebooks import ADAPT
from xltlib.plan import Node, Plan
from xltlib.values import counted

MADE_FROM = {"parameters": dict, "code": str, "parents": dict}  # without which no record says what it is of
NEEDED = {"label": str, "run": str, "arm": bool, "code": str, "parameters": dict, "read": list}


class WouldBeLost(ValueError):
    """Collecting would lose runs that the study's folder holds."""


class NoArm(ValueError):
    """There is nothing to collect yet."""


class Store:
    """The runs of a study.

    Args:
        runs: folder of runs, ``<id>/record.json`` in each.
        figures: the study's folder of figures, with ``runs.json`` and ``predictions.parquet``.
        committed: whether what lies there counts as done, and what lies in the folders of other studies
            beside it: studies share runs.
        any_code: whether runs count, too, that another code made, or whose models are gone: they are drawn.
            Folders beside it do not count then.
    Raises:
        Damaged: the study's folder is, or another one that is read.
    """

    def __init__(self, runs: Path, figures: Path, committed: bool = False, any_code: bool = False):
        self.runs, self.figures, self.any_code = Path(runs), Path(figures), any_code
        beside = sorted(self.figures.parent.glob("*/")) if committed and not any_code else []
        # The study's own last: what it says of languages of one's own counts.
        places = [*(place for place in beside if place != self.figures), self.figures]
        held = {place: self._committed(place) for place in places}  # damage is better known before a run
        self.held = held if committed else {}
        self.predicted: dict[Path, dict[str, pd.DataFrame]] = {}  # by folder and run, as far as asked for

    def _committed(self, place: Path) -> dict[str, dict]:
        """Records that a study's folder holds, by id: of arms whose predictions are there, and of what they
        started from."""
        state = self._state(place)
        if state.get("study") != place.name:
            return {}
        predicted = set()
        if collected.file(place, collected.PREDICTIONS).exists():
            predicted = set(collected.predictions(place, ["run"])["run"])
        return {r["run"]: r for r in state["runs"] if r["run"] in predicted or not r["arm"]}

    @staticmethod
    def _state(place: Path) -> dict:
        """What a study's folder says of its runs; without any where nothing was collected."""
        try:
            return collected.state(place, NEEDED)
        except (FileNotFoundError, NotADirectoryError):
            return {"runs": []}

    def _kept(self, node: Node) -> tuple[dict, Path] | None:
        """The collected record by which a run is done, and the folder that holds it; its own first.

        Where other runs only started from it, there are no predictions that an arm could take over.
        """
        code = None if self.any_code else code_fingerprint(node.notebook, node.parameters)
        for place in reversed(self.held):
            record = self.held[place].get(node.run)  # its id is that of these parameters
            if record and (record["arm"] or not node.arm) and code in (None, record["code"]):
                return record, place
        return None

    def outdated(self, plan: Plan) -> set[str]:
        """Labels of what is not done: no record, other parameters or code, predictions or a model that are
        gone or damaged, or made from what is outdated or was made anew since.

        Raises:
            Damaged: a record is.
        """
        found: set[str] = set()
        for label, node in plan.nodes.items():
            if not self._is_done(node, plan, found):
                found.add(label)
        return found

    def _is_done(self, node: Node, plan: Plan, outdated: set[str]) -> bool:
        place = self.runs / node.run
        record = records.read(place)  # first: one that is damaged is never made anew unasked
        if outdated.intersection(node.needs):
            return False
        code = None if self.any_code else code_fingerprint(node.notebook, node.parameters)
        if record is None:
            return self._kept(node) is not None
        files.refuse_without(record, MADE_FROM, place / records.RECORD, records.AGAIN)
        if not records.done(place, node.parameters, code or record["code"], models=not self.any_code):
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

    def drawn_from(self, plan: Plan) -> str:
        """How many runs of a plan are drawn, and from which folders, in words."""
        outdated = self.outdated(plan)
        done = [node for label, node in plan.nodes.items() if label not in outdated]
        made_here = sum((self.runs / node.run / records.RECORD).exists() for node in done)
        return (
            f"drawing {len(done)} of {counted(len(plan.nodes), 'run')}: {made_here} from {self.runs}, "
            f"{len(done) - made_here} as collected earlier in {self.figures}"
        )

    def missing(self, plan: Plan, force: bool = False) -> list[str]:
        """Labels of what must be run, in the plan's order: what is not done, the models that it starts from
        and that are not there any more, and what was made from these.

        Args:
            force: what is done, too.
        """
        todo = set(plan.nodes) if force else self.outdated(plan)
        gone = todo
        while gone:
            needs = {need for label in gone for need in plan[label].needs if need not in todo}
            gone = {need for need in needs if not self._has_model(plan[need])}
            todo = todo | gone
        for label, node in plan.nodes.items():  # in an order in which they can run
            if todo.intersection(node.needs) and (self.runs / node.run / records.RECORD).exists():
                todo.add(label)
        return [label for label in plan.nodes if label in todo]

    def _has_model(self, node: Node) -> bool:
        """Whether what starts from a run finds its model, as it was written."""
        place = self.runs / node.run
        record = records.read(place)
        return record is not None and records.has_model(place, record, looked_into=True)

    def _record(self, node: Node) -> dict:
        return records.read(self.runs / node.run) or self._kept(node)[0]

    def collect(self, plan: Plan, folder: Path | None = None) -> list[dict]:
        """Gather the finished runs into the study's folder: ``runs.json`` and ``predictions.parquet``.

        Strategy, adaptation and rung are worked out anew from what each run has read.

        Args:
            folder: another one, given by ``collected.exchanged``; None: the study's own, both files at once.
        Returns:
            Their records.
        Raises:
            ValueError: no arm is done, or a file is damaged; the study's folder is left as it is.
            WouldBeLost: runs that the folder holds would be lost; it is left as it is.
        """
        outdated = self.outdated(plan)
        finished = [node for label, node in plan.nodes.items() if label not in outdated]
        if not any(node.arm for node in finished):
            where = f"in {self.runs} or {self.figures}"
            lost = collected.lost_half(self.figures)
            raise NoArm(f"no arm of this study is done {where}; {lost or 'figures are left as they are'}")
        read = {node.run: self._read_by(node) for node in finished}
        arms = {node.run: self._record(node) for node in finished if node.arm}
        others = {
            run: tuple(record.get(key) for key in ("seed", "encoder", "head")) for run, record in arms.items()
        }
        facts = provenance.facts_in_names({run: read[run] for run in arms}, others)
        summaries, predictions = [], []
        for node in finished:
            record, entries = self._record(node), read[node.run]
            record = {name: value for name, value in record.items() if name != "files"}  # beside the record
            record["parameters"] = parameters.placeless(record["parameters"])
            record["rung"] = provenance.rung(entries)
            if node.arm:
                record |= provenance.names(entries, facts)
                predictions.append(self._predictions(node))
            named = {"label": node.label, "arm": node.arm}
            if node.arm:
                collected.refuse_bad_record({**record, **named}, *self._where(node))
            if node.notebook == ADAPT:
                collected.refuse_bad_adaptation({**record, **named}, *self._where(node))
            summaries.append({**named, **record, **named})  # a committed record has the names of its time
        missing = [label for label in plan.nodes if label in outdated]
        with nullcontext(folder) if folder is not None else collected.exchanged(self.figures) as place:
            if lost := self._lost(plan, {node.label for node in finished}):
                raise WouldBeLost(lost)
            self._write(plan, summaries, missing, predictions, place)
        return summaries

    def _read_by(self, node: Node) -> list[provenance.Entry]:
        """What a run has read.

        Raises:
            Damaged: its record does not say so.
        """
        try:
            return provenance.from_record(self._record(node)["read"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            path, then = self._where(node)
            raise Damaged(path, f"'read' of {node.label} ({error})", then) from error

    def _where(self, node: Node) -> tuple[Path, str]:
        """The file in which a run's record stands, and what to do if it is damaged."""
        path = self.runs / node.run / records.RECORD
        if path.exists():
            return path, records.AGAIN
        return collected.file(self._kept(node)[1], collected.RUNS), collected.AGAIN

    def _predictions(self, node: Node) -> pd.DataFrame:
        record = records.read(self.runs / node.run)
        if record is not None:
            return records.predictions(self.runs / node.run, record).assign(run=node.run)
        _, place = self._kept(node)
        if place not in self.predicted:
            self.predicted[place] = self._predictions_in(place)
        try:
            return self.predicted[place][node.run]
        except KeyError:
            path, gone = collected.file(place, collected.PREDICTIONS), f"{node.label} is not in it any more"
            raise Damaged(path, gone, "give the same command again") from None

    @staticmethod
    def _predictions_in(place: Path) -> dict[str, pd.DataFrame]:
        earlier = collected.predictions(place).astype({"run": str})
        records.refuse_bad_predictions(earlier, collected.file(place, collected.PREDICTIONS), collected.AGAIN)
        return dict(iter(earlier.groupby("run", sort=False)))

    def beforehand(self, plan: Plan, todo: list[str]) -> str:
        """What to know of the study's folder before all that is to do is done; "" if there is nothing.

        Why collecting will be refused, or how many of its runs will be replaced by runs that are others.
        """
        labels = {*(set(plan.nodes) - self.outdated(plan)), *todo}
        if refused := self._lost(plan, labels):
            return refused
        run_ids = {plan[label].run for label in labels}
        others = [run["label"] for run in self._state(self.figures)["runs"] if run["run"] not in run_ids]
        if not others:
            return ""
        return (
            f"{self.figures} holds {counted(len(others), 'run')} with other parameters, {others[0]} among "
            "them; they will be replaced (git restore brings back what is committed; --figures draws "
            "elsewhere)"
        )

    def _lost(self, plan: Plan, labels: set[str]) -> str:
        """Which runs of the study's folder are not among these, in a line; "" without any.

        One of the same label is replaced; one that has another label now is the same run.
        """
        run_ids = {plan[label].run for label in labels}
        runs = self._state(self.figures)["runs"]
        lost = [run["label"] for run in runs if run["label"] not in labels and run["run"] not in run_ids]
        if not lost:
            return ""
        if half := collected.lost_half(self.figures):
            return half
        return (
            f"{self.figures} holds {counted(len(lost), 'run')} not done by this plan, {lost[0]} among them; "
            "they would be lost, so it is left as it is. --keep takes over those of today's code, --figures "
            f"draws elsewhere; to give them up, delete its {collected.RUNS}"
        )

    @staticmethod
    def _write(
        plan: Plan, summaries: list[dict], missing: list[str], predictions: list, folder: Path
    ) -> None:
        state = {"study": plan.study.name, "about": plan.study.about, "missing": missing, "runs": summaries}
        if plan.study.groups:
            state["groups"] = plan.study.groups
        if plan.study.controls:
            state["controls"] = plan.study.controls
        text = json.dumps(state, indent=1, ensure_ascii=False) + "\n"
        table = pd.concat(predictions, ignore_index=True)
        for column in ("run", "language1", "language2", "selection"):
            table[column] = table[column].astype("category")
        # Rules of selection often choose the same checkpoint: its rows side by side compress to one.
        place = table.groupby(["run", "selection"], observed=True).cumcount()
        table = table.iloc[np.lexsort([place, pd.factorize(table.run)[0]])]
        repeating = [name for name in table if not pd.api.types.is_float_dtype(table[name])]
        options = {"compression": "zstd", "compression_level": 12, "use_dictionary": repeating}
        table.to_parquet(folder / collected.PREDICTIONS, index=False, **options)
        (folder / collected.RUNS).write_text(text, encoding="utf-8")
