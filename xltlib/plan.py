"""A plan: the runs of a study as a graph, in an order in which they can run."""

from __future__ import annotations

from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

import pandas as pd

from xltlib import languages, parameters
from xltlib.notebooks import SUMMARY
from xltlib.values import counted, without_seed

if TYPE_CHECKING:
    from xltlib.studies import Study


@dataclass
class Node:
    """One notebook to execute.

    Attributes:
        label: in tables; with the seed behind it, where it has one.
        notebook: its name.
        parameters: resolved.
        needs: labels of the runs it waits for.
        arm: whether it is compared with others.
        run: its id.
    """

    label: str
    notebook: str
    parameters: dict
    needs: list[str] = field(default_factory=list)
    arm: bool = False

    def __post_init__(self):
        self.run = parameters.run_id(self.notebook, self.parameters)


class Plan:
    """The runs of a study and what they need, in an order in which they can run.

    Args:
        study: whose they are.
        nodes: by label.
    Raises:
        ValueError: runs that wait for each other, or two that are the same.
    """

    def __init__(self, study: Study, nodes: dict[str, Node]):
        self.study = study
        order = self.sorter(nodes, nodes)
        try:
            order.prepare()
        except CycleError as error:
            raise ValueError(f"runs that wait for each other: {', '.join(error.args[1])}") from error
        self.nodes = nodes
        labels: dict[str, str] = {}
        for label, node in nodes.items():
            first = labels.setdefault(node.run, label)
            if first != label:
                raise ValueError(
                    f"{label} is the same run as {first}, parameter by parameter: take one of them out, or "
                    "let them differ (--set may have made them alike)"
                )

    @staticmethod
    def sorter(nodes: dict[str, Node], labels) -> TopologicalSorter:
        """The standard library's graph of some of the nodes."""
        graph = {label: [need for need in nodes[label].needs if need in labels] for label in labels}
        return TopologicalSorter(graph)

    def __getitem__(self, label: str) -> Node:
        return self.nodes[label]

    def only(self, text: str | None) -> Plan:
        """The runs whose label contains a text, and what they need.

        Raises:
            ValueError: it fits none; names what there is.
        """
        if text is None:
            return self
        if not text.strip():
            raise ValueError(f"--only {text!r} is blank: write a part of a run's label")
        labels = [label for label in self.nodes if text in label]
        if not labels:
            raise ValueError(f"--only {text!r} fits no run: they are {', '.join(self.nodes)}")
        for label in reversed(list(self.nodes)):
            if label in labels:
                labels += [need for need in self.nodes[label].needs if need not in labels]
        return Plan(self.study, {label: node for label, node in self.nodes.items() if label in labels})

    def chains(self, todo: list[str]) -> dict[str, int]:
        """How many runs wait for each in the longest chain, itself included: long ones come first, so that no
        job is left alone with a chain at the end."""
        length = dict.fromkeys(todo, 1)
        for label in reversed(list(self.sorter(self.nodes, todo).static_order())):
            for need in self.nodes[label].needs:
                if need in length:
                    length[need] = max(length[need], 1 + length[label])
        return length

    def no_answer(self) -> str:
        """Why the summary will not answer what the study asks, however its runs end; "" where it may."""
        arms = [node.parameters for node in self.nodes.values() if node.arm]
        if self.study.summary != SUMMARY or not arms or any(map(_has_zero_shot_target, arms)):
            return ""
        return (
            f"targets = {arms[0]['targets']!r}: no arm has a zero-shot target, so the summary will have no "
            "answer; name a language behind the source of which no label is read"
        )

    def table(self, todo: list[str]) -> str:
        """Every resolved parameter of each run, one seed of each; then the plan, and what is done.

        Args:
            todo: labels of what is not.
        """
        lines_of_runs, names = [], set()
        for label, node in self.nodes.items():
            name = without_seed(label)
            if name not in names:
                names.add(name)
                lines = parameters.written(parameters.placeless(node.parameters))
                lines_of_runs += [f"{label} ({node.notebook})", *(f"  {line}" for line in lines), ""]
        rows = []
        for label, node in self.nodes.items():
            state = "to do" if label in todo else "done"
            rows.append({"run": node.run, "what": label, "needs": ", ".join(node.needs), "state": state})
        header = f"{self.study.about}\nCost: {self.study.cost}\n"
        n_to_do = sum(row["state"] == "to do" for row in rows)
        total = f"{counted(len(rows), 'run')}: {n_to_do} to do, {len(rows) - n_to_do} done"
        lines = [*lines_of_runs, header, pd.DataFrame(rows).to_string(index=False), "", total]
        return "\n".join([*lines, *filter(None, [self.no_answer()])])


def _has_zero_shot_target(parameters: dict) -> bool:
    """Whether an arm predicts a language, beside its source, of which it reads no label."""
    others = languages.listed(parameters["targets"])[1:]
    return len(languages.shared(others, parameters["labelled"]["languages"].split())) < len(others)
