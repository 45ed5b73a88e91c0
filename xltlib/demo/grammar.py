"""The grammar of the embedded corpus: one file of templates a language, read strictly.

A language file (``grammar/<code>.txt``) has, under ``[relation]``, four templates: 1 and 2 name role a before
role b, 3 and 4 name b before a. ``{a}`` is a filler as it is, ``{a|rule}`` an inflected one: first looked up
in the file's own ``[forms <type> <rule>]`` (lines ``key = form``), else computed by ``morphology.py``.
``team:`` says how a team is named after its city, ``[frames]`` holds six ways to report a sentence ``{s}``.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from xltlib.demo import morphology

FOLDER = Path(__file__).resolve().parent
TYPES = ("person", "city", "country", "language", "year", "month", "date", "number", "team", "work")
COUNTRIES = "AR AU BR CA CN EG FR DE IN IT JP KE MX NG NO PL PT TR VN ZA".split()
LANGUAGES = "ar de el en es fi fr hi it ja ko nl pl pt ru sv tr vi".split()
KEYS = {"country": COUNTRIES, "language": LANGUAGES, "month": [str(month) for month in range(1, 13)]}  # what a [forms ...] must list
SLOT = re.compile(r"\{(\w+)(?:\|([^{}|]+))?\}")
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
    """How one language says it: relation -> four templates, forms, frames, the name of a team."""

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
            table[row["relation"]] = Relation(row["relation"], {"a": row["swapped"], "b": row["swapped"], **others})
    return table


def languages() -> list[str]:
    """Codes of the languages that have a file."""
    return sorted(path.stem for path in (FOLDER / "grammar").glob("*.txt"))


@cache
def read(code: str) -> Language:
    """A language's file, checked.

    Raises:
        GrammarError: names every missing template, slot or relation, by file and line.
    """
    path = FOLDER / "grammar" / f"{code}.txt"
    language, complaints = parse(path)
    if complaints:
        raise GrammarError("\n".join(complaints))
    return language


def parse(path: Path) -> tuple[Language, list[str]]:
    """What a language file says, and every complaint about it as ``file, line: what``."""
    language, complaints, section, opened, ruled = Language(path.stem), [], None, {}, []
    known = relations()

    def complain(number: int, what: str) -> None:
        complaints.append(f"{path.name}, line {number}: {what}")

    lines = path.read_text(encoding="utf-8").split("\n")
    for number, line in enumerate(map(str.strip, lines), start=1):
        if not line or line.startswith("#"):
            continue
        if line.startswith("[") and line.endswith("]"):
            section = tuple(line[1:-1].split()) or ("",)
            if section in opened:
                complain(number, f"[{' '.join(section)}] stands on line {opened[section]} already")
            opened[section] = number
            if section[0] == "forms" and (len(section) != 3 or section[1] not in TYPES):
                complain(number, "write [forms TYPE RULE], TYPE one of " + ", ".join(TYPES))
            elif section[0] not in ("forms", "frames") and section[0] not in known:
                complain(number, f"no relation {section[0]!r} in relations.tsv")
        elif section is None:
            name, colon, value = line.partition(":")
            if name != "team" or not colon or "{city}" not in value:
                complain(number, "before the first section only 'team: ... {city} ...'")
            language.team = value.strip()
        elif section[0] == "forms":
            key, equals, form = (part.strip() for part in line.partition("="))
            if not equals or not key or not form:
                complain(number, f"write key = form, not {line[:40]!r}")
            language.forms.setdefault(section[1:], {})[key] = form
        elif section[0] == "frames":
            language.frames.append(line)
            if line.count("{s}") != 1 or {slot for slot, _ in SLOT.findall(line)} - {"s", "c", "d"}:
                complain(number, "a frame has {s} once, and of other slots only {c} (a city) and {d} (a date)")
        elif section[0] in known:
            of = language.templates.setdefault(section[0], [])
            of.append(line)
            _check_template(line, len(of), known[section[0]], lambda what, number=number: complain(number, what))
        kinds = {"c": "city", "d": "date"} if section == ("frames",) else known[section[0]].slots if section and section[0] in known else {}
        ruled += [(number, slot, kinds[slot], rule) for slot, rule in SLOT.findall(line) if rule and slot in kinds]
        if line.count("{") != len(SLOT.findall(line)) and section and section[0] != "forms":
            complain(number, f"braces that are no slot in {line[:50]!r}")
    end = len(lines)
    if not language.team:
        complain(end, "no line 'team: ... {city} ...'")
    if len(set(language.frames)) != FRAMES:
        complain(opened.get(("frames",), end), f"{len(set(language.frames))} different frames, wanted {FRAMES}")
    for (kind, rule), table in language.forms.items():
        lacking = [key for key in KEYS.get(kind, ()) if key not in table]
        if lacking:
            complain(opened["forms", kind, rule], f"[forms {kind} {rule}] lacks {' '.join(lacking)}")
    for number, slot, kind, rule in ruled:
        if (kind, rule) not in language.forms and rule not in morphology.RULES.get(language.code, ()):
            complain(number, f"{{{slot}|{rule}}}: no section [forms {kind} {rule}] here and no rule {rule!r} of {language.code!r} in morphology.py")
    for name in known:
        found = language.templates.get(name, [])
        if len(set(found)) != TEMPLATES:
            complain(opened.get((name,), end), f"relation {name!r} has {len(set(found))} different templates, wanted {TEMPLATES}")
    return language, complaints


def _check_template(line: str, position: int, relation: Relation, complain) -> None:
    slots = [slot for slot, _ in SLOT.findall(line)]
    missing, unknown = sorted(set(relation.slots) - set(slots)), sorted(set(slots) - set(relation.slots))
    if missing:
        complain(f"slot {{{missing[0]}}} of {relation.name!r} is missing")
    if unknown:
        complain(f"{relation.name!r} has no slot {{{unknown[0]}}}: it has {', '.join(relation.slots)}")
    if len(slots) != len(set(slots)):
        complain("a slot stands twice")
    if {"a", "b"} <= set(slots) and (slots.index("a") < slots.index("b")) != (position <= TEMPLATES // 2):
        complain(f"template {position} must name {'a before b' if position <= TEMPLATES // 2 else 'b before a'}")
    if not line.endswith((".", "。", "۔")):
        complain("a sentence ends with a full stop")


if __name__ == "__main__":  # python -m xltlib.demo.grammar [CODE ...]: check files, or all of them
    import sys

    found = [complaint for code in sys.argv[1:] or languages() for complaint in parse(FOLDER / "grammar" / f"{code}.txt")[1]]
    print("\n".join(found) or "no complaint")
    sys.exit(bool(found))
