"""The embedded corpus: PAWS-like pairs in many languages, n-way parallel, written by a grammar from a seed.

A statement is a relation with its roles; a sentence is a statement in one of the relation's templates. Pairs
come as twins that share their first sentence: a paraphrase and a non-paraphrase of one level,

* level 1: the paraphrase in any other template; the other with one slot replaced;
* level 2: both keep the order in which the swapped roles are named. Only the other exchanges the roles;
* level 3: both turn that order round. Only the other exchanges the roles;
* level 0, in the first 800 training pairs only: the paraphrase keeps the order, the other turns it round and
  exchanges the roles, as in most of PAWS. A training that begins with these learns to compare orders; at
  levels 2 and 3 order tells nothing to who does not know yet which templates name whom first.

So at levels 2 and 3 neither the names nor their order tells the label, nor how alike the wording is: which
template names whom first has to be known. Every draw follows from the name of the split, so the bytes are the
same on every machine.
"""

from __future__ import annotations

import random
import zlib
from dataclasses import dataclass
from functools import cache

import pandas as pd

from xltlib.demo import fillers, grammar

SIZES = {  # pairs of a split; statements of text and of translations
    "train": 16800,
    "dev": 240,
    "test": 600,
    "news": 600,
    "unseen": 300,
    "easy": 120,
    "demo-text": 1200,
    "demo-parallel": 1200,
    "demo-news-text": 1200,
    "demo-news-parallel": 1200,
}
POOLS = {  # names of which a split draws, where they are not its own
    "unseen": "test",
    "easy": "test",
    "demo-text": "text",
    "demo-parallel": "text",
    "demo-news-text": "news-text",
    "demo-news-parallel": "news-text",
}
LEVELS = (1, 2, 3)  # in turn
WARMUP = 400  # twins of training that come first
WARMUP_LEVELS, TRAIN_LEVELS = (0, 0, 0, 1), (1, 2, 3, 2, 3, 2, 3)  # of these, and of the others
# Relations of training and of both tests; all others are in the stress test only.
SEEN = tuple(
    "taught hired born_died larger train north wheat river beat transfer composed earlier film".split()
)
HALF = ("born_died", "north", "transfer", "film")  # of them, those whose template 4 only the stress test has
NEWS = ("news", "demo-news-text", "demo-news-parallel")  # splits in the target domain's register
# Unlabelled sentences of a language, and translations.
BUDGET = {"id": 600, "gl": 200, "af": 200, "eu": 200, "uz": 200, "jv": 200, "ur": 200, "sw": 200}


@dataclass(frozen=True)
class Statement:
    """A relation, what fills its slots, and the template (0 to 3) that says it.

    Attributes:
        frame: that reports it (0 to 5), or None.
    """

    relation: str
    roles: tuple[tuple[str, object], ...]
    template: int
    frame: int | None = None

    def fact(self) -> tuple:
        """What is stated, however it is said."""
        return self.relation, tuple(pair for pair in self.roles if not pair[0].startswith("frame_"))

    def sentence(self, code: str) -> str:
        """The sentence in a language."""
        parts = [text for clause in self.clauses(code) for _, text in clause]
        return "".join(parts).replace(grammar.PREDICATE, "")

    def clauses(self, code: str) -> list[list[tuple[str, str]]]:
        """The frame, if any, and what it reports, each in parts: (slot, filler) or ("", the text between)."""
        language, roles = grammar.read(code), dict(self.roles)
        slots = grammar.relations()[self.relation].slots
        plain = fillers.parts(code, language.templates[self.relation][self.template], slots, roles)
        if self.frame is None:
            return [plain]
        around = {"c": roles["frame_c"], "d": roles["frame_d"]}
        frame = language.frames[self.frame].removesuffix("{s}")
        return [fillers.parts(code, frame, {"c": "city", "d": "date"}, around), plain]


@dataclass(frozen=True)
class Item:
    """A pair of statements, the same in every language."""

    number: int
    level: int
    label: int
    first: Statement
    second: Statement


def _pick(rng: random.Random, choices):
    return choices[int(rng.random() * len(choices))]  # random() alone is the same in every release of Python


def _filler(rng: random.Random, kind: str, pool: str):
    if kind == "person":
        return _pick(rng, fillers.pool("given", pool)), _pick(rng, fillers.pool("family", pool))
    if kind in ("city", "team"):
        return _pick(rng, fillers.pool("city", pool))
    if kind == "work":
        return _pick(rng, fillers.pool("work", pool))
    if kind == "date":
        return 1900 + int(rng.random() * 121), 1 + int(rng.random() * 12)
    spans = {
        "country": grammar.COUNTRIES,
        "language": grammar.LANGUAGES,
        "year": range(1900, 2021),
        "month": range(1, 13),
        "number": range(3, 91),
    }
    return _pick(rng, spans[kind])


def _other(rng: random.Random, kind: str, pool: str, taken: list):
    """A filler of this type that no slot has yet; two persons also differ in both names."""
    while True:
        found = _filler(rng, kind, pool)
        if found in taken:
            continue
        if kind == "person" and _shares_a_name(found, taken):
            continue
        return found


def _shares_a_name(person: tuple[int, int], taken: list) -> bool:
    """Whether a person who is taken has one of this person's names.

    Dates are pairs of numbers, too, and are compared likewise: later draws follow from it.
    """
    for other in taken:
        if isinstance(other, tuple) and any(a == b for a, b in zip(person, other)):
            return True
    return False


def _roles(rng: random.Random, relation: grammar.Relation, pool: str) -> dict:
    while True:
        roles: dict = {}
        for slot, kind in relation.slots.items():
            roles[slot] = _other(rng, kind, pool, list(roles.values()))
        if _belongs(relation, roles, pool):
            return roles


def _belongs(relation: grammar.Relation, roles: dict, pool: str) -> bool:
    """Whether a pool may state this.

    What has no name of the pool in it is dealt out to the pools by its fillers.
    """
    if {"person", "city", "team", "work"}.intersection(relation.slots.values()):
        return True
    dealt = [name for name, shares in fillers.SHARES.items() for _ in range(shares[2])]
    number = zlib.crc32(repr(sorted(map(str, roles.values()))).encode())
    return dealt[number % len(dealt)] == pool


def _relation(rng: random.Random, split: str) -> grammar.Relation:
    known = grammar.relations()
    names = SEEN
    if split == "unseen":
        names = [name for name in known if name not in SEEN or name in HALF]
    return known[_pick(rng, names)]


def _first_template(rng: random.Random, relation: grammar.Relation, split: str) -> int:
    """The template of the sentence that the twins share.

    Of relations with a template held back (number 3, from 0) it is fixed, so that the stress test has that
    one and no other split does.
    """
    if relation.name not in HALF:
        return int(rng.random() * 4)
    return 3 if split == "unseen" else 1


def _one_slot_replaced(rng: random.Random, relation: grammar.Relation, roles: dict, pool: str) -> dict:
    others = roles
    while others == roles or not _belongs(relation, others, pool):
        slot = _pick(rng, list(roles))
        others = {**roles, slot: _other(rng, relation.slots[slot], pool, list(roles.values()))}
    return others


def _any_templates(rng: random.Random, relation: grammar.Relation, split: str, base: int) -> tuple[int, int]:
    """At level 1: any two of the others that the split may use, perhaps the same."""
    usable = 4
    if relation.name in HALF and split != "unseen":
        usable = 3
    allowed = [template for template in range(usable) if template != base]
    return _pick(rng, allowed), _pick(rng, allowed)


def _ordered_templates(rng: random.Random, level: int, base: int) -> tuple[int, int]:
    """At levels 0, 2 and 3: those that keep the order of the roles or turn it round.

    Numbered from 1, as in the files: templates 1 and 2 name a before b, 3 and 4 name b before a. A pair that
    turns the order round joins 1 with 4 or 2 with 3: these have as many words in common as 1 with 2 or 3 with
    4 in every language (1 with 3 have more), so that likeness tells nothing.
    """
    same, across = (1, 0, 3, 2)[base], (3, 2, 1, 0)[base]
    either = _pick(rng, (base, same))  # at every level, for all later draws follow from it
    return {0: (same, either), 2: (same, across), 3: (across, same)}[level]


def _twins(rng: random.Random, split: str, level: int) -> list[tuple[int, Statement, Statement]]:
    """``(label, first, second)`` of a paraphrase and of a non-paraphrase with the same first sentence."""
    pool = POOLS.get(split, split)
    relation = _relation(rng, split)
    roles = _roles(rng, relation, pool)
    base = _first_template(rng, relation, split)
    if level == 1:
        others = _one_slot_replaced(rng, relation, roles, pool)
        yes, no = _any_templates(rng, relation, split, base)
    else:
        others = {**roles, "a": roles["b"], "b": roles["a"]}
        yes, no = _ordered_templates(rng, level, base)
    frame = None
    if split in NEWS:
        frame = int(rng.random() * grammar.FRAMES)
        around = {"frame_c": _filler(rng, "city", pool), "frame_d": _filler(rng, "date", pool)}
        roles, others = {**roles, **around}, {**others, **around}
    first = Statement(relation.name, tuple(roles.items()), base, frame)
    paraphrase = Statement(relation.name, tuple(roles.items()), yes, frame)
    contrast = Statement(relation.name, tuple(others.items()), no, frame)
    return [(1, first, paraphrase), (0, first, contrast)]


def _level(split: str, number: int) -> int:
    """The level of the twins of this number, from 0."""
    levels = LEVELS
    if split == "easy":
        levels = (0,)
    elif split == "train":
        levels = WARMUP_LEVELS if number < WARMUP else TRAIN_LEVELS
    return levels[number % len(levels)]


@cache
def items(split: str) -> tuple[Item, ...]:
    """The pairs of a split.

    Args:
        split: ``train``, ``dev``, ``test`` (new names), ``news`` (target domain), ``unseen`` (stress test) or
            ``easy`` (level 0).
    """
    rng = random.Random(f"xltlib corpus, {split}")
    found, seen = [], set()
    while len(found) < SIZES[split]:
        level = _level(split, len(found) // 2)
        turned = rng.random() < 0.5
        twins = _twins(rng, split, level)
        shared = twins[0][1]
        if shared in seen:
            continue
        seen.add(shared)
        for label, first, second in twins:
            if turned:
                first, second = second, first
            found.append(Item(len(found) + 1, level, label, first, second))
    return tuple(found)


def rows(split: str, code: str) -> pd.DataFrame:
    """One language's pairs: columns item, sentence1, sentence2, label, level, relation."""
    filled = []
    for item in items(split):
        first, second = item.first.sentence(code), item.second.sentence(code)
        filled.append((item.number, first, second, item.label, item.level, item.first.relation))
    return pd.DataFrame(filled, columns=["item", "sentence1", "sentence2", "label", "level", "relation"])


@cache
def _statements(split: str) -> tuple[Statement, ...]:
    """The statements of text or translations; translations say nothing that the text says."""
    rng = random.Random(f"xltlib corpus, {split}")
    others: set[tuple] = set()
    if split.endswith("parallel"):
        others = {statement.fact() for statement in _statements(split.replace("parallel", "text"))}
    found: dict[Statement, None] = {}  # in the order of drawing
    while len(found) < SIZES[split]:
        statement = _twins(rng, split, 1)[0][1]
        if statement.fact() not in others:
            found.setdefault(statement)
    return tuple(found)


def text(code: str, source: str = "demo") -> list[str]:
    """Unlabelled sentences like those of ``"demo"`` or ``"demo-news"``; of a low-resource language, few."""
    return [statement.sentence(code) for statement in of_text(code, source)]


def of_text(code: str, source: str = "demo") -> tuple[Statement, ...]:
    """The statements of these sentences."""
    return _part(_statements(f"{source}-text"), code)


def parallel(code: str, source: str = "demo") -> list[tuple[str, str]]:
    """(English, other language) translations of other such sentences, without labels."""
    part = _part(_statements(f"{source}-parallel"), code)
    return [(statement.sentence("en"), statement.sentence(code)) for statement in part]


def _part(statements: tuple[Statement, ...], code: str) -> tuple[Statement, ...]:
    """A language's share.

    Languages with little begin at different places, so that together they have most of the English side.
    """
    if code not in BUDGET:
        return statements
    codes = list(BUDGET)
    start = sum(BUDGET[other] for other in codes[: codes.index(code)])
    return tuple(statements[(start + k) % len(statements)] for k in range(BUDGET[code]))
