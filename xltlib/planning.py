"""From the fields of a study to its plan: likes resolved, seeds dealt out, every parameter checked."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from xltlib import parameters, places
from xltlib.components.base import find, make, merged, options_of, spelled, split
from xltlib.plan import Node, Plan

if TYPE_CHECKING:
    from xltlib.studies import Study

ADAPT, FINETUNE, FROZEN_NOTEBOOK = "10_adapt", "20_finetune", "21_frozen"
SHIPPED = ("task", "demo", "demo-news")  # text that needs no data folder


class Planning:
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
            raise ValueError(f"--set {sorted(unused)[0]}: {self._what_there_is(sorted(unused)[0])}")
        self._ask_for_controls()
        return Plan(self.study, self.nodes)

    def _what_there_is(self, name: str) -> str:
        """Why a name cannot be set, and which can."""
        known = sorted({path for node in self.nodes.values() for path in paths(node.parameters)})
        family, dot, _ = name.partition(".")
        alike = get_close_matches(name, known, 1)
        meant = f"; did you mean {alike[0]}?" if alike else "."
        beside = [path for path in known if path.startswith(f"{family}.")] if dot else []
        beside = beside or [path for path in known if "." not in path]
        return f"no run of this study has it{meant} There is {', '.join(beside)}"

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
        try:
            for name in blank:
                split(name, chosen[name])  # refuses what is no component
                chosen[name] = spelled(name, chosen[name])
            needs = self._resolve_references(chosen, suffix)
            self._override(notebook, chosen, needs)
            chosen |= {"data": self.data, "runs": str(self.runs)}
            self._resolve_places(chosen)
            resolved = parameters.resolve(notebook, chosen)
            self._ask_for_data(resolved)
        except ValueError as error:
            raise ValueError(f"{label}: {error}") from error
        arm = section == "arms"
        self.nodes[label + suffix] = Node(label + suffix, notebook, resolved, needs, arm)

    def _resolve_references(self, chosen: dict, suffix: str) -> list[str]:
        """Labels that a run names become the ids of the runs they stand for."""
        needs = []
        encoder, start = chosen["encoder"], chosen.get("start", "")
        if (need := self._node(encoder.get("name", ""), suffix)) is not None:
            needs.append(need)
            chosen["encoder"] = {**encoder, "name": self.nodes[need].run}
        if start:
            need = self._node(start, suffix)
            if need is None:
                raise ValueError(f"start {start!r} is nothing above it in the study")
            theirs = self.nodes[need].parameters
            if not theirs.get("keep_model", theirs.get("start")):
                raise ValueError(
                    f"starts from {start!r}, which keeps no trained model: "
                    "give it keep_model: true, or, if it is an adaptation, a start"
                )
            needs.append(need)
            chosen["start"] = self.nodes[need].run
        return needs

    def _node(self, label: object, suffix: str) -> str | None:
        if not isinstance(label, str):
            return None
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
            if adapted and option in ("", "name") and chosen["encoder"].get("name", "").startswith("adapt-"):
                continue  # the adapted encoder that this run names starts from the override itself
            if not dot:
                chosen[family] = value
                self.used.add(name)
            elif declared[family][0] is dict:
                given = changed(family, chosen[family], option.split("."), value)
                if given is not None:
                    chosen[family] = given
                    self.used.add(name)

    def _resolve_places(self, chosen: dict) -> None:
        """Relative paths are relative to the file of the study, wherever the command is started."""
        for family, given in chosen.items():
            if isinstance(given, dict):
                chosen[family] = _absolute(family, given, self.study.folder)

    def _ask_for_data(self, resolved: dict) -> None:
        """Text that no hub has must be there before a kernel starts."""
        for what, value, reads in parameters.places_named(resolved):
            if what.endswith(".folder") and not Path(places.located(value)).is_dir():
                raise ValueError(
                    f"{what} = {value!r} is no folder; it holds word lists <source>-<language>.txt"
                )
            if reads and self.reads:
                for word in [value] if places.is_path(value) else value.split():
                    self._ask_for_text(what, word)

    def _ask_for_text(self, what: str, word: str) -> None:
        """A corpus must ship with the package, be a folder, or lie in the data folder."""
        if word in SHIPPED:
            return
        if places.is_path(word):
            if not Path(places.located(word)).is_dir():
                raise ValueError(f"{what} = {word!r}: there is no such folder")
            return
        if not self.data:
            raise ValueError(
                f"{what} = {word!r} comes from a data folder, not from the hub: set XLTLIB_DATA or --data"
            )
        data = Path(self.data)
        kinds = ("parallel",) if what.endswith(".corpus") else ("text", "parallel")
        if data.is_dir() and not any((data / kind / word).is_dir() for kind in kinds):
            there = sorted(path.name for kind in kinds for path in (data / kind).glob("*") if path.is_dir())
            known = ", ".join([*SHIPPED, *there])
            raise ValueError(
                f"{what} = {word!r} is not in the data folder: known are {known}, or the path of a folder, "
                f"as in ./{word}"
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
    rest["scored"] = {
        name: value for name, value in rest.get("scored", {}).items() if name not in ("votes", "attack")
    }
    return node.notebook, rest


def changed(family: str, given: dict | str, path: list[str], value: object) -> dict | None:
    """A component with one option set; None where it has no such option.

    Args:
        path: the option; inside a part of the component, the names that lead to it: ``["cross", "corpus"]``.

    Example:
        >>> changed("noise", {"kind": "fgm", "radius": 0.1}, ["radius"], 0.2)
        {'kind': 'fgm', 'radius': 0.2}
    """
    kind, options = split(family, given)
    known, (name, *deeper) = options_of(find(family, kind)), path
    if name == "kind":
        return {"kind": value}  # another kind starts afresh
    if name not in known:
        return None
    if deeper:
        inner = known[name].metadata.get("family")
        value = changed(inner, options.get(name, known[name].default), deeper, value) if inner else None
        if value is None:
            return None
    return {"kind": kind, **options, name: value}


def paths(given: dict, above: str = "") -> list[str]:
    """Names by which parameters and options can be set.

    Example:
        >>> paths({"steps": 5, "noise": {"kind": "pgd", "radius": 0.1}})
        ['steps', 'noise', 'noise.kind', 'noise.radius']
    """
    found = []
    for name, value in given.items():
        if name not in parameters.PLACES:
            found.append(above + name)
        if isinstance(value, dict):
            found += paths(value, f"{above}{name}.")
    return found


def _absolute(family: str, given: dict, beside: Path) -> dict:
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
            found[name] = _absolute(of.metadata["family"], value, beside)
        elif of.metadata.get("place") and isinstance(value, str):
            if name == "folder" or places.is_path(value, hub=family == "encoder"):
                found[name] = places.absolute(value, beside)
    return found


def notebook_of(own: dict, common: dict) -> str:
    """The notebook that makes a run: by whether it adapts, and what its head trains."""
    if "adaptation" in own:
        return ADAPT
    head = common.get("head", {})
    if "head" in own:
        head = merged({"head": head}, own)["head"]
    kind, _ = split("head", head)
    return FINETUNE if find("head", kind).trains else FROZEN_NOTEBOOK


def whole_numbers(seeds: int | list) -> list[int]:
    """Seeds as a list.

    Raises:
        ValueError: they are no whole numbers from 1.
    """
    if not isinstance(seeds, (list, tuple)):
        seeds = [seeds]
    if not seeds or any(type(seed) is not int or seed < 1 for seed in seeds):
        raise ValueError(f"seeds {seeds}: a list of whole numbers from 1, as in [1, 2]")
    return seeds
