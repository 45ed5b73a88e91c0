"""From the fields of a study to its plan: likes resolved, seeds dealt out, every parameter checked."""

from __future__ import annotations

import re
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from xltlib import check_inputs, languages, lineage, parameters
from xltlib.check_options import UNREAD_IF_FROZEN
from xltlib.components.base import find, merged, spelled, split
from xltlib.notebooks import ADAPT, COMPUTING, FINETUNE, FROZEN, ROBUSTNESS
from xltlib.overrides import changed, paths
from xltlib.plan import Node, Plan
from xltlib.studyfile import draws_in_turn, mapping, whole_numbers
from xltlib.values import shown, without_seed

if TYPE_CHECKING:
    from xltlib.studies import Study


class Planning:
    """The planning of one study: arguments as Study.plan."""

    def __init__(self, study: Study, overrides: dict, data: str, runs: Path, reads: bool):
        self.study, self.data, self.runs, self.reads = study, data, runs, reads
        self.overrides = dict(overrides)
        chosen = self.overrides.pop("seeds", None)
        self.common = mapping("common", study.fields.get("common"))
        if "seed" in {**self.common, **self.overrides} or not (chosen or study.fields.get("seeds")):
            message = "name the seeds of a study as seeds, a list: seeds: [1, 2] or --set seeds=1,2"
            raise ValueError(f"study {study.name}: {message}{study.line()}")
        self.chosen_seeds = chosen
        self.seeds = whole_numbers(chosen or study.fields["seeds"])
        self.nodes: dict[str, Node] = {}
        self.draws: dict[str, list[int]] = {}  # of adapted encoders that are made more than once, in turn
        self.used: set[str] = set()
        self.had: set[str] = set()  # of what is common, what some run has
        self._check_names()

    def _check_names(self) -> None:
        """Parameters that are common to the runs, or those of parts, and what the command line says."""
        parameter_names = {n for notebook in COMPUTING for n in parameters.declared(notebook)}
        parameter_names -= set(parameters.PLACES)
        used = [("common", ("common",), name) for name in self.common]
        for label, fields in mapping("parts", self.study.fields.get("parts")).items():
            names = [name for name in mapping(label, fields) if name not in ("like", "seeds", "draws")]
            used += [(f"part {label}", ("parts", label), name) for name in names]
        for context, place, name in used:
            if name not in parameter_names:
                listed = ", ".join(sorted(parameter_names))
                similar = get_close_matches(str(name), parameter_names, 1)
                hint = f"; did you mean {similar[0]}?" if similar else ":"
                raise ValueError(
                    f"{context}: no notebook has a parameter {shown(name)}{hint} Known are seeds, "
                    f"{listed}{self.study.line(*place, name)}"
                )
        for name, value in self.overrides.items():
            if name in parameters.PLACES:
                raise ValueError(f"--set {name}: say --{name} {shown(value)}")
            if name == "start":
                raise ValueError("--set start: what a run goes on from stands in the study")
            if name == "encoder.name" and value in self._labels():
                raise ValueError(f"--set {name}: {value} is a run of the study; name an encoder")

    def _labels(self) -> list[str]:
        """The labels of all runs, as the study writes them."""
        fields = self.study.fields
        sections = [mapping(section, fields.get(section)) for section in ("encoders", "trunk", "arms")]
        return [label for labels in sections for label in labels]

    def plan(self) -> Plan:
        sections = self.study.sections()
        seeds_of = {label: self._seeds_of(fields, self.seeds) for label, fields in sections["arms"].items()}
        seeds = sorted({*self.seeds, *(seed for own_seeds in seeds_of.values() for seed in own_seeds)})
        for label, fields in sections["encoders"].items():
            if fields.get("seeds"):
                raise ValueError(
                    f"{label}: an encoder is made once for all seeds; take its seeds out"
                    f"{self.study.line('encoders', label)}"
                )
            self._add_encoder(label, {k: v for k, v in fields.items() if k != "seeds"}, seeds)
        for label, fields in sections["trunk"].items():
            seeds_of[label] = self._seeds_of(fields, seeds)
        for seed in seeds:
            for section in ("trunk", "arms"):
                for label, fields in sections[section].items():
                    if seed not in seeds_of[label]:
                        continue
                    fields = {name: value for name, value in fields.items() if name != "seeds"}
                    self._add(label, {**fields, "seed": seed}, f" seed {seed}", section)
        self._refuse_unused(sections["arms"])
        self._check_groups()
        lineage.refuse_copies_alone(self.nodes)
        self._check_compared(sections["arms"])
        return Plan(self.study, self.nodes)

    def _add_encoder(self, label: str, fields: dict, seeds: list[int]) -> None:
        """An adapted encoder, once; or the draws of it that seeds take in turn."""
        draws = fields.pop("draws", 1)
        turns = draws_in_turn(draws)
        if not turns or (turns != [1] and "draw" in fields):
            raise ValueError(
                f"{label}: draws = {shown(draws)}: a number from 1, or a list of draws that seeds take in "
                f"turn, without draw{self.study.line('encoders', label)}"
            )
        if turns == [1]:
            self._add(label, fields, "", "encoders")
            return
        self.draws[label] = turns
        for draw in sorted({turns[(seed - 1) % len(turns)] for seed in seeds}):
            self._add(label, {**fields, "draw": draw}, f" draw {draw}", "encoders")

    def _refuse_unused(self, arms: dict) -> None:
        """What was asked for and no run has."""
        unused = sorted(set(self.overrides) - self.used)
        if unused:
            raise ValueError(f"--set {unused[0]}: {self._settable_names(unused[0])}")
        for label in arms:
            if not any(node.arm and node.label.startswith(f"{label} seed ") for node in self.nodes.values()):
                raise ValueError(
                    f"{label}: frozen vectors of an encoder are made for the first seed of the study alone, "
                    f"{self.seeds[0]}, which is none of its seeds{self.study.line('arms', label)}"
                )
        for name in self.common:
            if name not in self.had:
                line = self.study.line("common", name)
                raise ValueError(f"common: no run of this study has {name}; take it out{line}")

    def _settable_names(self, name: str) -> str:
        """Why a name cannot be set, and which can."""
        settable = sorted({path for node in self.nodes.values() for path in paths(node.parameters)})
        family, dot, _ = name.partition(".")
        similar = get_close_matches(name, settable, 1)
        hint = f"; did you mean {similar[0]}?" if similar else "."
        listed = [path for path in settable if path.startswith(f"{family}.")] if dot else []
        listed = listed or [path for path in settable if "." not in path]
        return f"no run of this study has it{hint} There is {', '.join(listed)}"

    def _seeds_of(self, fields: dict, default: list[int]) -> list[int]:
        """Seeds of a run: its own, or else these. Those asked for on the command line hold for all."""
        return self.seeds if self.chosen_seeds else whole_numbers(fields.get("seeds") or default)

    def _add(self, label: str, fields: dict, suffix: str, section: str) -> None:
        """A run of the study becomes a node.

        Raises:
            ValueError: names the label, and the line where it stands.
        """
        try:
            self._add_node(label, fields, suffix, section)
        except ValueError as error:
            if self.overrides and self._is_right_as_written(label, fields, suffix, section):
                raise ValueError(f"--set: {label}: {error}") from error
            line = self._line_of(str(error), fields, section, label)
            raise ValueError(f"{label}: {error}{line}") from error

    def _line_of(self, message: str, fields: dict, section: str, label: str) -> str:
        """The line of a mistake: in common, where it is of a parameter that the run has from there."""
        match = re.match(r"(?:\w+_\w+: )?(\w+)", message)
        if match and match[1] in self.common and match[1] not in fields:
            return self.study.line("common", match[1])
        return self.study.line(section, label)

    def _is_right_as_written(self, label: str, fields: dict, suffix: str, section: str) -> bool:
        """Whether a run could be planned without what the command line sets; no plan is made after this."""
        self.overrides = {}
        try:
            self._add_node(label, fields, suffix, section)
        except ValueError:
            return False
        return True

    def _add_node(self, label: str, fields: dict, suffix: str, section: str) -> None:
        notebook = notebook_of(fields, self.common)
        if notebook == ADAPT and section == "arms":
            raise ValueError("an adaptation is no arm; put it under trunk, or under encoders")
        if notebook == ADAPT and section == "trunk" and not fields.get("start"):
            raise ValueError(
                "an adaptation in the trunk needs start, the model it adapts; adapted encoders go under "
                "encoders"
            )
        if notebook != ADAPT and section == "encoders":
            raise ValueError("under encoders stand adaptations of encoders: give it one, or move it to trunk")
        if notebook == FROZEN and not fields.get("start") and fields.get("seed", 1) != self.seeds[0]:
            return  # vectors of the encoder itself: nothing is drawn, another seed would give the same again
        declared = parameters.declared(notebook)
        shared = {name: value for name, value in self.common.items() if name in declared}
        self.had |= set(shared)
        blank = {name: {} for name, (kind, _) in declared.items() if kind is dict}
        chosen = merged(merged(blank, shared), fields)
        for name in blank:
            split(name, chosen[name])  # refuses what is no component
            chosen[name] = spelled(name, chosen[name])
        needs = self._resolve_references(chosen, suffix)
        self._override(notebook, chosen, needs)
        chosen |= {"data": self.data, "runs": str(self.runs)}
        chosen = parameters.with_absolute_places(chosen, self.study.folder)
        resolved = parameters.resolve(notebook, chosen)
        check_inputs.refuse_misspelt_encoder(resolved["encoder"]["name"], self._labels())
        check_inputs.refuse_missing(resolved, self.data, self.reads)
        lineage.refuse_bad_start(resolved, needs, self.nodes)
        self.nodes[label + suffix] = Node(label + suffix, notebook, resolved, needs, section == "arms")

    def _resolve_references(self, chosen: dict, suffix: str) -> list[str]:
        """Labels that a run names become the ids of the runs they stand for."""
        needs = []
        encoder, start = chosen["encoder"], chosen.get("start", "")
        if (need := self._node(encoder.get("name", ""), suffix)) is not None:
            if self.nodes[need].notebook != ADAPT or self.nodes[need].parameters["start"]:
                name = encoder["name"]
                raise ValueError(f"encoder.name {name!r} is no adapted encoder: say start: {name}")
            needs.append(need)
            chosen["encoder"] = {**encoder, "name": self.nodes[need].run}
        if start:
            need = self._node(start, suffix)
            if need is None:
                if str(start).partition(" seed ")[0] + suffix in self.nodes:
                    raise ValueError(f"start {shown(start)}: leave out its seed, which is that of this run")
                has_other_seeds = any(label.startswith(f"{start} seed ") for label in self.nodes)
                similar = get_close_matches(str(start), map(without_seed, self.nodes), 1)
                hint = f"; did you mean {similar[0]}?" if similar else ""
                problem = f"is nothing above it in the study{hint}"
                if has_other_seeds:
                    problem = f"is not made for{suffix}"
                raise ValueError(f"start {shown(start)} {problem}")
            starting_run = self.nodes[need]
            by_default = starting_run.notebook == ADAPT and starting_run.parameters["start"]
            if not starting_run.parameters.get("keep_model", by_default):
                raise ValueError(
                    f"starts from {start!r}, which keeps no trained model: "
                    "give it keep_model: true, or, if it is an adaptation, a start"
                )
            needs.append(need)
            chosen["start"] = self.nodes[need].run
        return needs

    def _node(self, label: object, suffix: str) -> str | None:
        if not isinstance(label, str) or " " in label:  # "english seed 1" would stand for another seed, too
            return None
        for candidate in (label, label + suffix, label + self._draw_of(label, suffix)):
            if candidate in self.nodes:
                return candidate
        return None

    def _draw_of(self, label: str, suffix: str) -> str:
        """The draw of an adapted encoder that goes to a seed, in turn; of another encoder its own draw.

        Raises:
            ValueError: what starts from an encoder with draws has none itself, or others.
        """
        if label not in self.draws:
            return ""
        turns = self.draws[label]
        kind, _, number = suffix.strip().partition(" ")
        if kind == "seed":
            return f" draw {turns[(int(number) - 1) % len(turns)]}"
        if not number or int(number) not in turns:
            raise ValueError(f"{label} has draws: give draws: {shown(turns)} to what starts from it, too")
        return suffix

    def _override(self, notebook: str, chosen: dict, needs: list[str]) -> None:
        """What the command line sets, where this run has it."""
        declared = parameters.declared(notebook)
        for name, value in self.overrides.items():
            family, dot, option = name.partition(".")
            if family not in declared or family in parameters.PLACES:
                continue
            adapted = family == "encoder" and any(n in self.nodes and not self.nodes[n].arm for n in needs)
            if adapted and option in ("", "name") and str(chosen["encoder"].get("name")).startswith("adapt-"):
                continue  # the adapted encoder that this run names starts from the override itself
            if notebook == FROZEN and name in ("encoder.frozen_layers", "encoder.dropout", *UNREAD_IF_FROZEN):
                continue  # nothing of the encoder is trained there
            if not dot:
                chosen[family] = value
                self.used.add(name)
            elif declared[family][0] is dict:
                new_value = changed(family, chosen[family], option.split("."), value)
                if new_value is not None:
                    chosen[family] = new_value
                    self.used.add(name)

    def _check_groups(self) -> None:
        """Groups hold the targets, all of them."""
        if not self.study.groups:
            return
        grouped = {code for codes in self.study.groups.values() for code in codes.split()}
        targets = {c for node in self.nodes.values() if node.arm for c in _targets(node.parameters)}
        if unmatched := sorted(grouped ^ targets):
            problem = "is no target" if unmatched[0] in grouped else "is a target in none of them"
            raise ValueError(f"groups: {unmatched[0]} {problem}{self.study.line('groups')}")

    def _check_compared(self, arms: dict) -> None:
        """A summary of noise compares every arm with two, by their names in its parameters."""
        if self.study.summary != ROBUSTNESS:
            return
        for name in ("plain", "control"):
            label = parameters.declared(ROBUSTNESS)[name][1]
            if label not in arms:
                raise ValueError(
                    f"summary: {ROBUSTNESS} compares with an arm {label!r}: give the study one"
                    f"{self.study.line('summary')}"
                )


def _targets(parameters: dict) -> list[str]:
    """The languages of a run but its source."""
    return languages.listed(parameters["targets"])[1:]


def notebook_of(fields: dict, common: dict) -> str:
    """The notebook that makes a run: by whether it adapts, and what its head trains."""
    if "adaptation" in fields:
        return ADAPT
    head = common.get("head", {})
    if "head" in fields:
        head = merged({"head": head}, fields)["head"]
    kind, _ = split("head", head)
    return FINETUNE if find("head", kind).trains else FROZEN
