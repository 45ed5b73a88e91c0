"""The grammar of the embedded corpus: one file of templates a language, read strictly.

A language file (``grammar/<code>.txt``) has, under ``[relation]``, four templates: 1 and 2 name role a before
role b, 3 and 4 name b before a. ``{a}`` is a filler as it is, ``{a|rule}`` an inflected one: first looked up
in the file's own ``[forms <type> <rule>]`` (lines ``key = form``), else computed by ``morphology.py``.
``team:`` says how a team is named after its city, ``[frames]`` holds six ways to report a sentence ``{s}``.
In each template and frame a ``*`` stands before the predicate, which ``syntax.py`` makes the root; it is no
part of a sentence.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from xltlib.demo import morphology
from xltlib.text_files import read_text

FOLDER = Path(__file__).resolve().parent
TYPES = ("person", "city", "country", "language", "year", "month", "date", "number", "team", "work")
COUNTRIES = "AR AU BR CA CN EG FR DE IN IT JP KE MX NG NO PL PT TR VN ZA".split()
LANGUAGES = "ar de el en es fi fr hi it ja ko nl pl pt ru sv tr vi".split()
MONTHS = [str(month) for month in range(1, 13)]
KEYS = {"country": COUNTRIES, "language": LANGUAGES, "month": MONTHS}  # what a [forms ...] must list
SLOT = re.compile(r"\{(\w+)(?:\|([^{}|]+))?\}")
PREDICATE = "*"  # stands before it: the main verb; of a nominal sentence the noun, adjective or name
TEMPLATES, FRAMES = 4, 6


class GrammarError(ValueError):
    """Something is missing or wrong in a language file; one line per complaint, each with file and line."""


@dataclass(frozen=True)
class Relation:
    """What can be said: two roles that swap, and the slots around them.

    Attributes:
        slots: slot -> type of filler, ``a`` and ``b`` among them.
    """

    name: str
    slots: dict[str, str]


@dataclass
class Language:
    """How one language says it: relation -> four templates, forms, frames, the name of a team.

    Templates and frames are as in the file, with the sign of the predicate.
    """

    code: str
    templates: dict[str, list[str]] = field(default_factory=dict)
    forms: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    frames: list[str] = field(default_factory=list)
    team: str = ""


@cache
def relations() -> dict[str, Relation]:
    """All relations, in the order of ``relations.tsv``."""
    table = {}
    with open(FOLDER / "relations.tsv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            others = dict(entry.split(":") for entry in row["others"].split() if entry != "-")
            slots = {"a": row["swapped"], "b": row["swapped"], **others}
            table[row["relation"]] = Relation(row["relation"], slots)
    return table


def languages() -> list[str]:
    """Codes of the languages that have a file."""
    return sorted(path.stem for path in (FOLDER / "grammar").glob("*.txt"))


@cache
def read(code: str) -> Language:
    """A language's file, checked.

    Raises:
        GrammarError: there is none; or names every missing template, slot or relation, by file and line.
    """
    if code not in languages():
        raise GrammarError(f"the corpus has no language {code!r}: it has {' '.join(languages())}")
    path = FOLDER / "grammar" / f"{code}.txt"
    language, complaints = parse(path)
    if complaints:
        raise GrammarError("\n".join(complaints))
    return language


def parse(path: Path) -> tuple[Language, list[str]]:
    """What a language file says, and every complaint about it as ``file, line: what``."""
    reader = _Reader(path)
    lines = read_text(path).split("\n")
    for number, line in enumerate(map(str.strip, lines), start=1):
        if line and not line.startswith("#"):
            reader.read(number, line)
    reader.finish(len(lines))
    return reader.language, reader.complaints


class _Reader:
    """Reads a language file line by line.

    Attributes:
        language: what was read.
        complaints: in the order of reading.
        section: what stands in the brackets above the line that is read, in words; empty before the first.
        opened: section -> line where it begins.
        ruled: slots with a rule: line, slot, type of filler, rule.
    """

    def __init__(self, path: Path):
        self.path = path
        self.language = Language(path.stem)
        self.complaints: list[str] = []
        self.section: tuple[str, ...] = ()
        self.opened: dict[tuple[str, ...], int] = {}
        self.ruled: list[tuple[int, str, str, str]] = []

    def complain(self, number: int, what: str) -> None:
        """Add a complaint about a line."""
        self.complaints.append(f"{self.path.name}, line {number}: {what}")

    def read(self, number: int, line: str) -> None:
        """Read a line that is neither empty nor a comment."""
        if line.startswith("[") and line.endswith("]"):
            self.open_section(number, line)
        elif not self.section:
            self.read_team(number, line)
        elif self.section[0] == "forms":
            self.read_form(number, line)
        elif self.section[0] == "frames":
            self.read_frame(number, line)
        elif self.section[0] in relations():
            self.read_template(number, line)
        self.read_slots(number, line)

    def open_section(self, number: int, line: str) -> None:
        """``[relation]``, ``[frames]`` or ``[forms TYPE RULE]``."""
        section = tuple(line[1:-1].split()) or ("",)
        if section in self.opened:
            self.complain(number, f"[{' '.join(section)}] stands on line {self.opened[section]} already")
        self.opened[section] = number
        self.section = section
        if section[0] == "forms" and (len(section) != 3 or section[1] not in TYPES):
            self.complain(number, "write [forms TYPE RULE], TYPE one of " + ", ".join(TYPES))
        elif section[0] not in ("forms", "frames") and section[0] not in relations():
            self.complain(number, f"no relation {section[0]!r} in relations.tsv")

    def read_team(self, number: int, line: str) -> None:
        """``team: ... {city} ...``, above the first section."""
        name, colon, value = line.partition(":")
        if name != "team" or not colon or "{city}" not in value:
            self.complain(number, "before the first section only 'team: ... {city} ...'")
        self.language.team = value.strip()

    def read_form(self, number: int, line: str) -> None:
        """``key = form``."""
        key, equals, form = (part.strip() for part in line.partition("="))
        if not equals or not key or not form:
            self.complain(number, f"write key = form, not {line[:40]!r}")
        self.language.forms.setdefault(self.section[1:], {})[key] = form

    def read_frame(self, number: int, line: str) -> None:
        """A way to report a sentence."""
        self.language.frames.append(line)
        slots = {slot for slot, _ in SLOT.findall(line)}
        if line.count("{s}") != 1 or not line.endswith("{s}") or slots - {"s", "c", "d"}:
            wanted = "{s} once, at its end, and of other slots only {c} (a city) and {d} (a date)"
            self.complain(number, f"a frame has {wanted}")
        if mistake := _predicate_mistake(line.removesuffix("{s}")):
            self.complain(number, mistake)

    def read_template(self, number: int, line: str) -> None:
        """A way to say a relation."""
        name = self.section[0]
        templates = self.language.templates.setdefault(name, [])
        templates.append(line)
        for mistake in _template_mistakes(line, len(templates), relations()[name]):
            self.complain(number, mistake)

    def read_slots(self, number: int, line: str) -> None:
        """Remember which slots need a rule; whether there is one is known at the end."""
        kinds: dict[str, str] = {}
        if self.section == ("frames",):
            kinds = {"c": "city", "d": "date"}
        elif self.section and self.section[0] in relations():
            kinds = relations()[self.section[0]].slots
        slots = SLOT.findall(line)
        for slot, rule in slots:
            if rule and slot in kinds:
                self.ruled.append((number, slot, kinds[slot], rule))
        if line.count("{") != len(slots) and self.section and self.section[0] != "forms":
            self.complain(number, f"braces that are no slot in {line[:50]!r}")

    def finish(self, end: int) -> None:
        """Complain about what is missing.

        Args:
            end: number of the last line.
        """
        language = self.language
        if not language.team:
            self.complain(end, "no line 'team: ... {city} ...'")
        frames = len(set(language.frames))
        if frames != FRAMES:
            place = self.opened.get(("frames",), end)
            self.complain(place, f"{frames} different frames, wanted {FRAMES}")
        for (kind, rule), table in language.forms.items():
            lacking = [key for key in KEYS.get(kind, ()) if key not in table]
            if lacking:
                place = self.opened["forms", kind, rule]
                self.complain(place, f"[forms {kind} {rule}] lacks {' '.join(lacking)}")
        for number, slot, kind, rule in self.ruled:
            if (kind, rule) not in language.forms and rule not in morphology.RULES.get(language.code, ()):
                no_forms = f"no section [forms {kind} {rule}] here"
                no_rule = f"no rule {rule!r} of {language.code!r} in morphology.py"
                self.complain(number, f"{{{slot}|{rule}}}: {no_forms} and {no_rule}")
        for name in relations():
            templates = len(set(language.templates.get(name, [])))
            if templates != TEMPLATES:
                place = self.opened.get((name,), end)
                what = f"relation {name!r} has {templates} different templates, wanted {TEMPLATES}"
                self.complain(place, what)


def _template_mistakes(line: str, position: int, relation: Relation) -> list[str]:
    """What is wrong with a relation's template, the ``position``-th (from 1)."""
    mistakes = []
    slots = [slot for slot, _ in SLOT.findall(line)]
    missing, unknown = sorted(set(relation.slots) - set(slots)), sorted(set(slots) - set(relation.slots))
    if missing:
        mistakes.append(f"slot {{{missing[0]}}} of {relation.name!r} is missing")
    if unknown:
        known = ", ".join(relation.slots)
        mistakes.append(f"{relation.name!r} has no slot {{{unknown[0]}}}: it has {known}")
    if len(slots) != len(set(slots)):
        mistakes.append("a slot stands twice")
    if "a" in slots and "b" in slots:
        a_first = position <= TEMPLATES // 2
        if (slots.index("a") < slots.index("b")) != a_first:
            order = "a before b" if a_first else "b before a"
            mistakes.append(f"template {position} must name {order}")
    if not line.endswith((".", "。", "۔")):
        mistakes.append("a sentence ends with a full stop")
    if mistake := _predicate_mistake(line):
        mistakes.append(mistake)
    return mistakes


def _predicate_mistake(line: str) -> str:
    """What is wrong with the sign of the predicate in a template, or in a frame without its ``{s}``."""
    signs = line.count(PREDICATE)
    if signs != 1:
        return f"{signs} times {PREDICATE!r}, wanted it once, before the predicate"
    rest = line.partition(PREDICATE)[2]
    if not rest[:1].isalpha() and not SLOT.match(rest):
        return f"behind {PREDICATE!r} stands no word: {rest[:20]!r}"
    return ""


if __name__ == "__main__":  # python -m xltlib.demo.grammar [CODE ...]: check files, or all of them
    import sys

    from xltlib import console

    console.forgiving()
    found = []
    for code in sys.argv[1:] or languages():
        found += parse(FOLDER / "grammar" / f"{code}.txt")[1]
    print("\n".join(found) or "no complaint")
    sys.exit(bool(found))
