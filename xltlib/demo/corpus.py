"""The embedded corpus: PAWS-like pairs in many languages, n-way parallel, written by a grammar from a seed.

A statement is a relation with its roles; a sentence is a statement in one of the relation's templates. Pairs come as
twins that share their first sentence: a paraphrase and a non-paraphrase of one level,

* level 1: the paraphrase in any other template; the other with one slot replaced;
* level 2: both keep the order in which the swapped roles are named. Only the other exchanges the roles;
* level 3: both turn that order round. Only the other exchanges the roles;
* level 0, in the first 800 training pairs only: the paraphrase keeps the order, the other turns it round and exchanges
  the roles, as in most of PAWS. A training that begins with these learns to compare orders; at levels 2 and 3 order
  tells nothing to who does not know yet which templates name whom first.

So at levels 2 and 3 neither the names nor their order tells the label, nor how alike the wording is: which template names
whom first has to be known. Every draw follows from the name of the split, so the bytes are the same on every machine.
"""

from __future__ import annotations

import random
import zlib
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

import pandas as pd

from xltlib.demo import fillers, grammar

SIZES = {
    "train": 16800, "dev": 240, "test": 600, "news": 600, "unseen": 300, "easy": 120,
    "demo-text": 1200, "demo-parallel": 1200, "demo-news-text": 1200, "demo-news-parallel": 1200,
}  # fmt: skip
POOLS = {  # names of which a split draws, where they are not its own
    "unseen": "test", "easy": "test", "demo-text": "text", "demo-parallel": "text", "demo-news-text": "news-text", "demo-news-parallel": "news-text",
}  # fmt: skip
LEVELS = (1, 2, 3)  # in turn
WARMUP, WARMUP_LEVELS, TRAIN_LEVELS = 400, (0, 0, 0, 1), (1, 2, 3, 2, 3, 2, 3)  # twins of training, first and then
SEEN = (  # relations of training and of both tests; all others are in the stress test only
    "taught", "hired", "born_died", "larger", "train", "north", "wheat", "river", "beat", "transfer", "composed", "earlier", "film",
)  # fmt: skip
HALF = ("born_died", "north", "transfer", "film")  # of them, those whose template 4 only the stress test has
NEWS = ("news", "demo-news-text", "demo-news-parallel")  # splits in the target domain's register
BUDGET = {"id": 600, **dict.fromkeys("gl af eu uz jv ur sw".split(), 200)}  # unlabelled sentences of a language, and translations


@dataclass(frozen=True)
class Statement:
    """A relation, what fills its slots, and the template (0 to 3) that says it; a frame reports it or None."""

    relation: str
    roles: tuple[tuple[str, object], ...]
    template: int
    frame: int | None = None

    def fact(self) -> tuple:
        """What is stated, however it is said."""
        return self.relation, tuple(pair for pair in self.roles if not pair[0].startswith("frame_"))

    def sentence(self, code: str) -> str:
        """The sentence in a language."""
        slots, language, roles = grammar.relations()[self.relation].slots, grammar.read(code), dict(self.roles)
        plain = fillers.fill(code, language.templates[self.relation][self.template], slots, roles)
        if self.frame is None:
            return plain
        around = {"c": roles["frame_c"], "d": roles["frame_d"], "s": plain}
        return fillers.fill(code, language.frames[self.frame], {"c": "city", "d": "date", "s": "sentence"}, around)


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
    spans = {"country": grammar.COUNTRIES, "language": grammar.LANGUAGES, "year": range(1900, 2021), "month": range(1, 13), "number": range(3, 91)}
    return _pick(rng, spans[kind])


def _other(rng: random.Random, kind: str, pool: str, taken: list):
    """A filler of this type that no slot has yet; two persons also differ in both names."""
    while True:
        found = _filler(rng, kind, pool)
        if found not in taken and not (kind == "person" and any(a == b for name in taken if isinstance(name, tuple) for a, b in zip(found, name))):
            return found


def _roles(rng: random.Random, relation: grammar.Relation, pool: str) -> dict:
    while True:
        roles: dict = {}
        for slot, kind in relation.slots.items():
            roles[slot] = _other(rng, kind, pool, list(roles.values()))
        if _belongs(relation, roles, pool):
            return roles


def _belongs(relation: grammar.Relation, roles: dict, pool: str) -> bool:
    """Whether a pool may state this: what has no name of the pool in it is dealt out to the pools by its fillers."""
    if {"person", "city", "team", "work"}.intersection(relation.slots.values()):
        return True
    dealt = [name for name, shares in fillers.SHARES.items() for _ in range(shares[2])]
    return dealt[zlib.crc32(repr(sorted(map(str, roles.values()))).encode()) % len(dealt)] == pool


def _twins(rng: random.Random, split: str, level: int) -> list[tuple[int, Statement, Statement]]:
    """``(label, first, second)`` of a paraphrase and of a non-paraphrase with the same first sentence."""
    known, pool = grammar.relations(), POOLS.get(split, split)
    names = SEEN if split != "unseen" else [name for name in known if name not in SEEN or name in HALF]
    relation = known[_pick(rng, names)]
    held_back = relation.name in HALF
    roles = _roles(rng, relation, pool)
    swapped = {**roles, "a": roles["b"], "b": roles["a"]}
    # Templates 1 and 2 name a before b, 3 and 4 name b before a. A pair that turns the order round joins 1 with 4 or 2 with 3:
    # these have as many words in common as 1 with 2 or 3 with 4 in every language (1 with 3 have more), so that likeness tells nothing.
    base = (3 if split == "unseen" else 1) if held_back else int(rng.random() * 4)
    same, across = base ^ 1, 3 - base
    if level == 1:
        others = roles
        while others == roles or not _belongs(relation, others, pool):
            slot = _pick(rng, list(roles))
            others = {**roles, slot: _other(rng, relation.slots[slot], pool, list(roles.values()))}
        allowed = [t for t in range(3 if held_back and split != "unseen" else 4) if t != base]
        yes, no = _pick(rng, allowed), _pick(rng, allowed)
    else:
        others = swapped
        yes, no = {0: (same, _pick(rng, (base, same))), 2: (same, across), 3: (across, same)}[level]
    frames = [None, None, None]
    if split in NEWS:
        frames = [int(rng.random() * grammar.FRAMES)] * 3
        around = {"frame_c": _filler(rng, "city", pool), "frame_d": _filler(rng, "date", pool)}
        roles, others = {**roles, **around}, {**others, **around}
    first, second, third = (
        Statement(relation.name, tuple(said.items()), template, frame)
        for said, template, frame in zip((roles, roles, others), (base, yes, no), frames)
    )
    return [(1, first, second), (0, first, third)]


@cache
def items(split: str) -> tuple[Item, ...]:
    """The pairs of a split: ``train``, ``dev``, ``test`` (new names), ``news`` (target domain), ``unseen`` (stress test), ``easy`` (level 0)."""
    rng, found, seen = random.Random(f"xltlib corpus, {split}"), [], set()
    while len(found) < SIZES[split]:
        levels, number = (0,) if split == "easy" else LEVELS, len(found) // 2
        if split == "train":
            levels = WARMUP_LEVELS if number < WARMUP else TRAIN_LEVELS
        level = levels[number % len(levels)]
        turned = rng.random() < 0.5
        twins = _twins(rng, split, level)
        if twins[0][1] in seen:
            continue
        seen.add(twins[0][1])
        for label, first, second in twins:
            pair = (second, first) if turned else (first, second)
            found.append(Item(len(found) + 1, level, label, *pair))
    return tuple(found)


def rows(split: str, code: str) -> pd.DataFrame:
    """One language's pairs: columns item, sentence1, sentence2, label, level, relation."""
    filled = [(i.number, i.first.sentence(code), i.second.sentence(code), i.label, i.level, i.first.relation) for i in items(split)]
    return pd.DataFrame(filled, columns=["item", "sentence1", "sentence2", "label", "level", "relation"])


@cache
def _statements(split: str) -> tuple[Statement, ...]:
    rng, found = random.Random(f"xltlib corpus, {split}"), {}
    others = {statement.fact() for statement in _statements(split.replace("parallel", "text"))} if split.endswith("parallel") else ()
    while len(found) < SIZES[split]:
        statement = _twins(rng, split, 1)[0][1]
        if statement.fact() not in others:
            found.setdefault(statement)
    return tuple(found)


def text(code: str, source: str = "demo") -> list[str]:
    """Unlabelled sentences like those of a task, ``"demo"`` or ``"demo-news"``; a low-resource language has few."""
    return [statement.sentence(code) for statement in _part(_statements(f"{source}-text"), code)]


def parallel(code: str, source: str = "demo") -> list[tuple[str, str]]:
    """(English, other language) translations of other such sentences, without labels."""
    return [(statement.sentence("en"), statement.sentence(code)) for statement in _part(_statements(f"{source}-parallel"), code)]


def _part(statements: tuple[Statement, ...], code: str) -> tuple[Statement, ...]:
    """A language's share; languages with little begin at different places, so that together they have most of the English side."""
    size, start = BUDGET.get(code, len(statements)), dict(zip(BUDGET, accumulate(BUDGET.values(), initial=0))).get(code, 0)
    return tuple(statements[(start + k) % len(statements)] for k in range(size))
