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
import textwrap
from pathlib import Path

import yaml

from xltlib.components.base import merged
from xltlib.parameters import ROOT
from xltlib.plan import Plan
from xltlib.planning import Planning

SUMMARY = "90_summary"
FIELDS = ("about", "cost", "like", "seeds", "common", "parts", "encoders", "trunk", "arms", "summary")
SECTIONS = ("parts", "encoders", "trunk", "arms")


class Study:
    """A named grid of runs, as experiments.yaml has it.

    Args:
        name: of the study.
        fields: as the module's docstring says.
        folder: of the file; relative paths are relative to it.
    Raises:
        ValueError: an unknown field.
    """

    def __init__(self, name: str, fields: dict, folder: Path = ROOT):
        for field_name in fields:
            if field_name not in FIELDS:
                raise ValueError(
                    f"unknown field {field_name!r} in study {name}: known are {', '.join(FIELDS)}"
                )
        self.name, self.fields, self.folder = name, fields, Path(folder).resolve()
        mapping("common", fields.get("common"))
        self.about = " ".join(str(fields.get("about", "")).split())
        self.cost = fields.get("cost", "not stated")
        self.summary = fields.get("summary", SUMMARY)
        if not (ROOT / "notebooks" / f"{self.summary}.ipynb").is_file():
            raise ValueError(
                f"study {name}: summary {self.summary!r} is no notebook; leave it out, or 30_robustness"
            )

    def sections(self) -> dict[str, dict[str, dict]]:
        """Each section's runs with what their ``like`` gives them.

        Raises:
            ValueError: a label stands twice, or a like names nothing above it.
        """
        known, sections = {}, {}
        for section in SECTIONS:
            sections[section] = {}
            for label, own in mapping(section, self.fields.get(section)).items():
                if not isinstance(label, str):
                    raise ValueError(f"{section}: {label!r} is no name; put it in quotes")
                own = dict(mapping(label, own))
                like = own.pop("like", None)
                if "seed" in own or "data" in own or "runs" in own:
                    raise ValueError(f"{label}: seeds, --data and --runs say what seed, data and runs are")
                if label in known:
                    raise ValueError(f"{label!r} stands twice in the study: give one of them another name")
                if like is not None and (not isinstance(like, str) or like not in known):
                    above = ", ".join(known) or "nothing"
                    raise ValueError(
                        f"{label}: like {like!r} is nothing above it in the study; above are {above}"
                    )
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
        return Planning(self, overrides, data, runs, reads).plan()


def mapping(what: str, given: object) -> dict:
    """A field that holds names and values; an empty one may be left blank.

    Raises:
        ValueError: it is something else; names it.
    """
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise ValueError(f"{what} = {given!r}: wanted names with a value each, as in {what}: {{steps: 10}}")
    return given


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
            if not all(seed.strip().isdecimal() for seed in value.split(",")):
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
        return Study(name, self._fields(name), self.path.parent)

    def _fields(self, name: str, above: tuple[str, ...] = ()) -> dict:
        """The fields of a study, added to those of the study that it is like."""
        own = dict(mapping(f"study {name}", self.studies[name]))
        like = own.pop("like", None)
        if like is None:
            return own
        if not isinstance(like, str) or like not in self.studies or like in (name, *above):
            raise ValueError(f"study {name}: like {like!r} is no other study of {self.path.name}")
        return merged(self._fields(like, (name, *above)), own)

    def table(self) -> str:
        """The name of each study, what it costs and what it asks, as far as a line holds."""
        width = max(map(len, self.studies), default=0)
        lines = []
        for name in self.studies:
            study = self[name]
            cost = textwrap.shorten(study.cost, 40, placeholder=" ...")
            about = textwrap.shorten(study.about, 70, placeholder=" ...")
            lines.append(f"{name:{width}}  {cost:40}  {about}")
        return "\n".join(lines)


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
