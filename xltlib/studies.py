"""Studies: experiments.yaml -> a graph of runs, every parameter checked before a kernel starts.

A study has these fields::

    about, cost   what it asks, and what it takes
    seeds         of its trunk and arms; one of them may name its own
    common        parameters and options of every run of the study that has such a one
    parts         never run by themselves: what ``like:`` names
    encoders      adapted encoders, each made once and shared by all seeds
    trunk         once a seed: what arms start from
    arms          once a seed: what is compared
    summary       the notebook that reads them (90_summary)

``like: NAME`` takes over the parameters of another run of the study, or of a part; options of a component are
added to those of its like, another kind starts afresh. A study may be like another study, too. ``start:`` and
``encoder.name`` may name a run of the study: that is the graph. A run with an ``adaptation`` is made by
10_adapt, one whose head trains nothing by 21_frozen, any other by 20_finetune.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pandas as pd
import yaml

from xltlib import parameters, tasks
from xltlib.components.base import find, make, merged, options_of, split
from xltlib.components.kinds import FROZEN

ADAPT, FINETUNE, FROZEN_NOTEBOOK, SUMMARY = "10_adapt", "20_finetune", "21_frozen", "90_summary"
FIELDS = ("about", "cost", "like", "seeds", "common", "parts", "encoders", "trunk", "arms", "summary")
SECTIONS = ("parts", "encoders", "trunk", "arms")
SHIPPED = ("task", "demo", "demo-news")  # text that needs no data folder


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
        ValueError: runs that wait for each other.
    """

    def __init__(self, study: Study, nodes: dict[str, Node]):
        self.study = study
        order = self.sorter(nodes, nodes)
        try:
            order.prepare()
        except CycleError as error:
            raise ValueError(f"runs that wait for each other: {', '.join(error.args[1])}") from error
        self.nodes = nodes

    @staticmethod
    def sorter(nodes: dict[str, Node], of) -> TopologicalSorter:
        """The standard library's graph of some of the nodes."""
        graph = {label: [need for need in nodes[label].needs if need in of] for label in of}
        return TopologicalSorter(graph)

    def __getitem__(self, label: str) -> Node:
        return self.nodes[label]

    def only(self, text: str | None) -> Plan:
        """The runs whose label contains a text, and what they need.

        Raises:
            ValueError: it fits none; names what there is.
        """
        if not text:
            return self
        wanted = [label for label in self.nodes if text in label]
        if not wanted:
            raise ValueError(f"--only {text!r} fits no run: they are {', '.join(self.nodes)}")
        for label in reversed(list(self.nodes)):
            if label in wanted:
                wanted += [need for need in self.nodes[label].needs if need not in wanted]
        return Plan(self.study, {label: node for label, node in self.nodes.items() if label in wanted})

    def chain_behind(self, label: str, todo: list[str]) -> int:
        """How many runs wait for this one in the longest chain: such come first, so that no job is left alone
        with a chain at the end."""
        behind = [other for other in todo if label in self.nodes[other].needs]
        return 1 + max((self.chain_behind(other, todo) for other in behind), default=0)

    def table(self, todo: list[str], values: bool = False) -> str:
        """The plan, and what is done.

        Args:
            todo: labels of what is not.
            values: also every resolved parameter.
        """
        rows = []
        for label, node in self.nodes.items():
            state = "to do" if label in todo else "done"
            rows.append({"run": node.run, "what": label, "needs": ", ".join(node.needs), "state": state})
        said = [f"{self.study.about}\nCost: {self.study.cost}\n", pd.DataFrame(rows).to_string(index=False)]
        if values:
            for label, node in self.nodes.items():
                said.append(f"\n{label} ({node.notebook})")
                said += [f"  {line}" for line in written(parameters.placeless(node.parameters))]
        return "\n".join(said)


def written(values: dict) -> list[str]:
    """Resolved parameters as lines of YAML, a component a line.

    Example:
        >>> written({"steps": 5, "noise": {"kind": "fgm", "radius": 0.1}})
        ['steps: 5', 'noise: {kind: fgm, radius: 0.1}']
    """
    lines = []
    for name, value in values.items():
        text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10_000, allow_unicode=True)
        lines.append(f"{name}: {text.removesuffix('...' + chr(10)).strip()}")
    return lines


class Study:
    """A named grid of runs, as experiments.yaml has it.

    Args:
        name: of the study.
        fields: as the module's docstring says.
    Raises:
        ValueError: an unknown field.
    """

    def __init__(self, name: str, fields: dict):
        for field_name in fields:
            if field_name not in FIELDS:
                raise ValueError(f"unknown field {field_name!r} in study {name}: known are {', '.join(FIELDS)}")
        self.name, self.fields = name, fields
        self.about = " ".join(str(fields.get("about", "")).split())
        self.cost = fields.get("cost", "not stated")
        self.summary = fields.get("summary", SUMMARY)

    def sections(self) -> dict[str, dict[str, dict]]:
        """Each section's runs with what their ``like`` gives them.

        Raises:
            ValueError: a label stands twice, or a like names nothing above it.
        """
        known, sections = {}, {}
        for section in SECTIONS:
            sections[section] = {}
            for label, own in (self.fields.get(section) or {}).items():
                own = dict(own or {})
                like = own.pop("like", None)
                if label in known:
                    raise ValueError(f"{label!r} stands twice in the study: give one of them another name")
                if like is not None and like not in known:
                    above = ", ".join(known) or "nothing"
                    raise ValueError(f"{label}: like {like!r} is nothing above it in the study; above are {above}")
                known[label] = merged(known[like], own) if like is not None else own
                sections[section][label] = known[label]
        return sections

    def plan(self, overrides: dict, data: str = "", runs: Path = Path("runs"), reads: bool = True) -> Plan:
        """The study's graph of runs.

        Args:
            overrides: of :func:`parse_set`.
            data: folder of downloaded data; "": none.
            runs: where records go.
            reads: whether the runs will read anything: text is then looked for now.
        Raises:
            ValueError: an unknown field, parameter, option, type, range or reference; names it.
        """
        return _Planning(self, overrides, data, runs, reads).plan()


class _Planning:
    """The planning of one study: arguments as Study.plan."""

    def __init__(self, study: Study, overrides: dict, data: str, runs: Path, reads: bool):
        self.study, self.data, self.runs, self.reads = study, data, runs, reads
        self.overrides = dict(overrides)
        chosen = self.overrides.pop("seeds", None)
        self.common = study.fields.get("common") or {}
        if "seed" in {**self.common, **self.overrides} or not (chosen or study.fields.get("seeds")):
            raise ValueError("name the seeds of a study as seeds, a list: seeds: [1, 2] or --set seeds=1,2")
        self.chosen_seeds = chosen
        self.seeds = whole_numbers(chosen or study.fields["seeds"])
        self.nodes: dict[str, Node] = {}
        self.used: set[str] = set()
        self._check_common()

    def _check_common(self) -> None:
        known = {n for notebook in (ADAPT, FINETUNE, FROZEN_NOTEBOOK) for n in parameters.declared(notebook)}
        for name in self.common:
            if name not in known:
                listed = ", ".join(sorted(known))
                raise ValueError(f"no notebook has a parameter {name!r}: known are seeds, {listed}")

    def plan(self) -> Plan:
        sections = self.study.sections()
        for label, own in sections["encoders"].items():
            self._add(label, {k: v for k, v in own.items() if k != "seeds"}, "", "encoders")
        seeds_of = {label: self._seeds_of(own, self.seeds) for label, own in sections["arms"].items()}
        seeds = sorted({*self.seeds, *(seed for of in seeds_of.values() for seed in of)})
        for label, own in sections["trunk"].items():
            seeds_of[label] = self._seeds_of(own, seeds)
        for seed in seeds:
            for section in ("trunk", "arms"):
                for label, own in sections[section].items():
                    if seed not in seeds_of[label]:
                        continue
                    own = {name: value for name, value in own.items() if name != "seeds"}
                    self._add(label, {**own, "seed": seed}, f" seed {seed}", section)
        unused = set(self.overrides) - self.used
        if unused:
            raise ValueError(f"--set {sorted(unused)[0]}: no run of this study has it")
        self._ask_for_controls()
        return Plan(self.study, self.nodes)

    def _seeds_of(self, own: dict, else_these: list[int]) -> list[int]:
        """Seeds of a run: its own, or else these. Those asked for on the command line hold for all."""
        return self.seeds if self.chosen_seeds else whole_numbers(own.get("seeds", else_these))

    def _add(self, label: str, own: dict, suffix: str, section: str) -> None:
        notebook = notebook_of(own, self.common)
        if notebook == ADAPT and section == "arms":
            raise ValueError(f"{label}: an adaptation is no arm; put it under trunk, or under encoders")
        if notebook == ADAPT and section == "trunk" and not own.get("start"):
            raise ValueError(
                f"{label}: an adaptation in the trunk needs start, the model it adapts; adapted encoders go "
                "under encoders"
            )
        if notebook == FROZEN_NOTEBOOK and not own.get("start") and own.get("seed", 1) != self.seeds[0]:
            return  # vectors of the encoder itself: nothing is drawn, another seed would give the same again
        declared = parameters.declared(notebook)
        shared = {name: value for name, value in self.common.items() if name in declared}
        blank = {name: {} for name, (kind, _) in declared.items() if kind is dict}
        chosen = merged(merged(blank, shared), own)
        chosen = {name: spelled(name, value) if name in blank else value for name, value in chosen.items()}
        needs = self._resolve_references(label, chosen, suffix)
        self._override(notebook, chosen, needs)
        chosen |= {"data": self.data, "runs": str(self.runs)}
        self._resolve_places(chosen)
        try:
            resolved = parameters.resolve(notebook, chosen)
            self._ask_for_data(resolved)
        except ValueError as error:
            raise ValueError(f"{label}: {error}") from error
        arm = section == "arms"
        self.nodes[label + suffix] = Node(label + suffix, notebook, resolved, needs, arm)

    def _resolve_references(self, label: str, chosen: dict, suffix: str) -> list[str]:
        """Labels that a run names become the ids of the runs they stand for."""
        needs = []
        encoder, start = chosen["encoder"], chosen.get("start", "")
        if (need := self._node(encoder.get("name", ""), suffix)) is not None:
            needs.append(need)
            chosen["encoder"] = {**encoder, "name": self.nodes[need].run}
        if start:
            need = self._node(start, suffix)
            if need is None:
                raise ValueError(f"{label}: start {start!r} is nothing above it in the study")
            theirs = self.nodes[need].parameters
            if not theirs.get("keep_model", theirs.get("start")):
                raise ValueError(
                    f"{label}: starts from {start!r}, which keeps no trained model: give it keep_model: true, "
                    "or, if it is an adaptation, a start"
                )
            needs.append(need)
            chosen["start"] = self.nodes[need].run
        return needs

    def _node(self, label: str, suffix: str) -> str | None:
        for candidate in (label, label + suffix):
            if candidate in self.nodes:
                return candidate
        return None

    def _override(self, notebook: str, chosen: dict, needs: list[str]) -> None:
        """What the command line sets, where this run has it."""
        declared = parameters.declared(notebook)
        for name, value in self.overrides.items():
            family, dot, option = name.partition(".")
            if family not in declared or family in parameters.PLACES:
                continue
            adapted = family == "encoder" and any(n in self.nodes and not self.nodes[n].arm for n in needs)
            if adapted and option == "name" and chosen["encoder"].get("name", "").startswith("adapt-"):
                continue  # the adapted encoder that this run names starts from the override itself
            if not dot:
                chosen[family] = value
                self.used.add(name)
            elif declared[family][0] is dict and _has(family, chosen[family], option):
                chosen[family] = {**spelled(family, chosen[family]), option: value}
                self.used.add(name)

    def _resolve_places(self, chosen: dict) -> None:
        """Kernels run in notebooks/: a relative path would be another one there."""
        for family, given in chosen.items():
            if isinstance(given, dict):
                chosen[family] = _absolute(family, given)

    def _ask_for_data(self, resolved: dict) -> None:
        """Text that no hub has must be there before a kernel starts."""
        for what, value, reads in parameters.places_named(resolved):
            if what.endswith(".folder") and not Path(value).is_dir():
                raise ValueError(f"{what} = {value!r} is no folder; it holds word lists <source>-<language>.txt")
            words = [value] if Path(value).is_dir() else value.split()
            if reads and self.reads and not self.data and not all(w in SHIPPED or Path(w).is_dir() for w in words):
                raise ValueError(
                    f"{what} = {value!r} comes from a data folder, not from the hub: set XLTLIB_DATA or --data"
                )

    def _ask_for_controls(self) -> None:
        """Copies kept with the passes made more updates, too: only a control tells the two apart."""
        for node in self.nodes.values():
            if node.parameters.get("noise", {}).get("kind") != "synonyms-copies":
                continue
            bare = _without_noise(node)
            plain = [of for of in self.nodes.values() if of.parameters.get("noise", {}).get("kind") == "none"]
            if not any(_without_noise(of) == bare for of in plain):
                raise ValueError(
                    f"{node.label}: synonyms-copies without a control; give the study an arm with the same "
                    "parameters, as many steps and no noise"
                )


def _without_noise(node: Node) -> tuple[str, dict]:
    own = ("noise", "keep_model")
    rest = {name: value for name, value in node.parameters.items() if name not in own}
    rest["scored"] = {name: value for name, value in rest.get("scored", {}).items() if name not in ("votes", "attack")}
    return node.notebook, rest


def _has(family: str, given: dict | str, option: str) -> bool:
    """Whether a component has an option; a part of a component is named with a dot: ``cross.corpus``."""
    kind, _ = split(family, given)
    return option in options_of(find(family, kind))


def spelled(family: str, given: dict | str) -> dict:
    """A component that stands as a bare word, as a dictionary.

    Example:
        >>> spelled("noise", "fgm"), spelled("encoder", "offline")
        ({'kind': 'fgm'}, {'kind': 'held', 'name': 'offline'})
    """
    if not isinstance(given, str):
        return given
    kind, options = split(family, given)
    return {"kind": kind, **options}


def _absolute(family: str, given: dict) -> dict:
    """A component's options with relative paths resolved, those of components inside it too."""
    kind = given.get("kind")
    try:
        known = options_of(find(family, kind) if kind else type(make(family, {})))
    except ValueError:
        return given  # named where the component is made
    found = dict(given)
    for name, of in known.items():
        value = found.get(name)
        if "family" in of.metadata and isinstance(value, dict):
            found[name] = _absolute(of.metadata["family"], value)
        elif of.metadata.get("place") and isinstance(value, str) and value and Path(value).exists():
            found[name] = str(Path(value).resolve())
    return found


def notebook_of(own: dict, common: dict) -> str:
    """The notebook that makes a run: by whether it adapts, and what its head trains."""
    if "adaptation" in own:
        return ADAPT
    head = common.get("head", {})
    if "head" in own:
        head = merged({"head": head}, own)["head"]
    kind, _ = split("head", head)
    return FROZEN_NOTEBOOK if kind in FROZEN else FINETUNE


def whole_numbers(seeds: int | list) -> list[int]:
    """Seeds as a list.

    Raises:
        ValueError: they are no whole numbers from 1.
    """
    seeds = [seeds] if isinstance(seeds, int) else list(seeds)
    if any(type(seed) is not int or seed < 1 for seed in seeds):
        raise ValueError(f"seeds {seeds}: a list of whole numbers from 1, as in [1, 2]")
    return seeds


def parse_set(entries: list[str]) -> dict:
    """What ``--set`` gives: values are JSON (numbers, true, a component in braces), else text.

    Example:
        >>> parse_set(["steps=10", "seeds=1,2", "noise.radius=0.01"])
        {'steps': 10, 'seeds': [1, 2], 'noise.radius': 0.01}
    """
    chosen = {}
    for entry in entries:
        name, equals, value = entry.partition("=")
        if not equals:
            raise ValueError(f"--set {entry!r}: write name=value, or component.option=value")
        if name == "seeds":
            if not all(seed.strip().isdigit() for seed in value.split(",")):
                raise ValueError(f"--set {entry!r}: seeds are whole numbers from 1, as in seeds=1,2,3")
            chosen[name] = [int(seed) for seed in value.split(",")]
            continue
        try:
            chosen[name] = json.loads(value)
        except json.JSONDecodeError:
            chosen[name] = {"True": True, "False": False}.get(value, value)
    return chosen


class Book:
    """The studies of a file, each read when it is asked for."""

    def __init__(self, path: Path, studies: dict):
        self.path, self.studies = path, studies

    def __getitem__(self, name: str) -> Study:
        if name not in self.studies:
            raise ValueError(f"no study {name!r} in {self.path.name}: it has {', '.join(self.studies)}")
        return Study(name, self._fields(name))

    def _fields(self, name: str) -> dict:
        """The fields of a study, added to those of the study that it is like."""
        own = dict(self.studies[name] or {})
        like = own.pop("like", None)
        if like is None:
            return own
        if like not in self.studies or like == name:
            raise ValueError(f"study {name}: like {like!r} is no other study of {self.path.name}")
        return merged(self._fields(like), own)

    def table(self) -> str:
        """The name of each study, and what it asks."""
        return "\n".join(f"{name}: {self[name].about}" for name in self.studies)


def read(path: Path) -> Book:
    """The studies of a YAML file.

    Raises:
        ValueError: it is no mapping of studies.
    """
    try:
        studies = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ValueError(f"{Path(path).name}: {' '.join(str(error).split())}") from error
    if not isinstance(studies, dict):
        raise ValueError(f"{Path(path).name}: wanted a mapping, study -> its fields")
    return Book(Path(path), studies)
