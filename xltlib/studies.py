"""Studies: experiments.yaml -> a graph of runs, every parameter checked before a kernel starts.

A study has these fields::

    about, cost   what it asks, and what it takes
    seeds         of its trunk and arms; one of them may name its own
    groups        names of groups of languages, each of which gets a mean of its own, and their codes
    controls      arms that adapted ones are also compared with
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

from xltlib import languagefile, studyfile
from xltlib.components.base import merged
from xltlib.notebooks import SUMMARY
from xltlib.places import ROOT
from xltlib.plan import Plan
from xltlib.planning import Planning
from xltlib.studyfile import FIELDS, SECTIONS, Lines, mapping, whole_numbers
from xltlib.values import shown, unprintable

__all__ = ["FIELDS", "Book", "Plan", "Study", "parse_set", "read"]


class Study:
    """A named grid of runs, as experiments.yaml has it.

    Args:
        name: of the study.
        fields: as the module's docstring says.
        folder: of the file; relative paths are relative to it.
        lines: on which they stand in their file.
    Raises:
        ValueError: it has not the shape of a study, or no arms.
    """

    def __init__(self, name: str, fields: dict, folder: Path = ROOT, lines: Lines | None = None):
        self.name, self.fields, self.folder = name, fields, Path(folder).resolve()
        self.lines = lines or Lines("")
        studyfile.check_study(name, fields, self.lines)
        if not fields.get("arms"):
            raise ValueError(f"study {name} has no arms: they are what is compared")
        self.about = " ".join(fields.get("about", "").split())
        self.cost = " ".join(fields.get("cost", "not stated").split())
        self.summary = fields.get("summary", SUMMARY)
        self.groups: dict[str, str] = fields.get("groups") or {}
        self.controls: list[str] = list(dict.fromkeys((fields.get("controls") or "").split()))
        for label in self.controls:
            if label not in fields["arms"]:
                raise ValueError(
                    f"controls: {label} is no arm of this study; leave it out, or say controls: ''"
                    f"{self.line('controls')}"
                )

    def line(self, *keys: str) -> str:
        """Where a part of it stands, for the end of a message; "" where no file says."""
        found = (self.name, *keys) in self.lines
        return f" ({self.lines.at(self.name, *keys)})" if found else ""

    def sections(self) -> dict[str, dict[str, dict]]:
        """Each section's runs with what their ``like`` gives them.

        Raises:
            ValueError: a label stands twice, or a like names nothing above it.
        """
        known, sections = {}, {}
        for section in SECTIONS:
            sections[section] = {}
            for label, fields in mapping(section, self.fields.get(section)).items():
                fields, place = dict(mapping(label, fields)), self.line(section, label)
                like = fields.pop("like", None)
                if "seed" in fields or "data" in fields or "runs" in fields:
                    raise ValueError(
                        f"{label}: seeds, --data and --runs say what seed, data and runs are{place}"
                    )
                if label in known:
                    raise ValueError(
                        f"{label!r} stands twice in the study: give one of them another name{place}"
                    )
                if like is not None and (not isinstance(like, str) or like not in known):
                    above = ", ".join(map(shown, known)) or "nothing"
                    raise ValueError(
                        f"{label}: like {shown(like)} is nothing above it in the study; above are "
                        f"{above}{place}"
                    )
                known[label] = merged(known[like], fields) if like is not None else fields
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
        languagefile.use(self.folder)
        return Planning(self, overrides, data, runs, reads).plan()


def parse_set(entries: list[str]) -> dict:
    """What ``--set`` gives: values are JSON (numbers, true, a component in braces), else text.

    Raises:
        ValueError: an entry is no name=value, or a name stands twice.

    Example:
        >>> parse_set(["steps=10", "seeds=1,2", "noise.radius=0.01"])
        {'steps': 10, 'seeds': [1, 2], 'noise.radius': 0.01}
    """
    chosen = {}
    for entry in entries:
        name, equals, value = entry.partition("=")
        if not equals or not name.strip() or unprintable(name):
            raise ValueError(f"--set {shown(entry)}: write name=value, or component.option=value")
        if name in chosen:
            raise ValueError(f"--set {name} stands twice: say it once")
        chosen[name] = _seeds(entry, value) if name == "seeds" else _value(entry, value)
    return chosen


def _seeds(entry: str, value: str) -> list[int]:
    numbers = [seed.strip() for seed in value.split(",")]
    if not all(seed.isdecimal() and len(seed) < 11 for seed in numbers):
        raise ValueError(f"--set {shown(entry)}: seeds are whole numbers from 1, as in seeds=1,2,3")
    return whole_numbers([int(seed) for seed in numbers], "--set")


def _value(entry: str, value: str) -> object:
    """JSON where it can be read as such, else text."""
    if max(value.count("["), value.count("{")) > 20:
        raise ValueError(f"--set {shown(entry)}: too many brackets")

    def once(pairs: list[tuple[str, object]]) -> dict:
        names = [name for name, _ in pairs]
        repeated = [name for name in names if names.count(name) > 1]
        if repeated:
            raise DoubledName(repeated[0])
        return dict(pairs)

    try:
        return json.loads(value, object_pairs_hook=once)
    except DoubledName as error:
        raise ValueError(f"--set {shown(entry)}: {error} stands twice") from error
    except ValueError as error:
        if value.lstrip().startswith(("{", "[")):
            wanted = """names and words in double quotes, as in '{"kind": "fgm", "radius": 0.1}'"""
            raise ValueError(f"--set {shown(entry)}: no JSON, which wants {wanted}") from error
        return {"True": True, "False": False}.get(value, value)


class DoubledName(Exception):
    """A name that stands twice between braces."""


class Book:
    """The studies of a file, each read when it is asked for."""

    def __init__(self, path: Path, studies: dict, lines: Lines | None = None):
        self.path, self.studies, self.lines = path, studies, lines

    def __getitem__(self, name: str) -> Study:
        if name not in self.studies:
            known = ", ".join(map(str, self.studies))
            raise ValueError(f"no study {name!r} in {self.path.name}: it has {known}")
        return Study(name, self._fields(name), self.path.parent, self.lines)

    def _fields(self, name: str, above: tuple[str, ...] = ()) -> dict:
        """The fields of a study, added to those of the study that it is like."""
        fields = dict(mapping(f"study {name}", self.studies[name]))
        like = fields.pop("like", None)
        if like is None:
            return fields
        if not isinstance(like, str) or like not in self.studies or like in (name, *above):
            raise ValueError(f"study {name}: like {shown(like)} is no other study of {self.path.name}")
        return merged(self._fields(like, (name, *above)), fields)

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
    """The studies of a YAML file, each of which has the shape of a study.

    Raises:
        ValueError: one line that names the file, and the place in it.
    """
    studies, lines = studyfile.read(Path(path))
    return Book(Path(path), studies, lines)
