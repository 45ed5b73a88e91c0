"""The embedded corpus: PAWS-like pairs in many languages, n-way parallel, written by a grammar from a seed.

A statement is a relation with its roles; a sentence is a statement in one of the relation's templates. Pairs come as
twins that share their first sentence: a paraphrase and a non-paraphrase of one level,

* level 1: the paraphrase in any other template; the other with one slot replaced;
* level 2: both keep the order in which the swapped roles are named. Only the other exchanges the roles;
* level 3: both turn that order round. Only the other exchanges the roles.

So neither the words (levels 2 and 3) nor their order tells the label: at one level, all pairs have the same words and
the same order of them. Every draw follows from the name of the split, so the bytes are the same on every machine.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache

import pandas as pd

from xltlib import languages
from xltlib.demo import fillers, grammar

SIZES = {"train": 4000, "dev": 240, "test": 520, "news": 520, "unseen": 260, "text": 1200, "parallel": 1200}
POOLS = {"unseen": "test", "parallel": "text"}  # the other splits have names of their own
LEVELS = (1, 2, 3, 2, 3)  # in turn
UNSEEN = ("letter", "office", "postponed", "portrait")  # relations that only the stress test has
HALF = ("born_died", "north", "transfer", "film")  # relations that have templates 2 and 4 only in the stress test
NEWS = ("news", "text", "parallel")  # splits in the target domain's register
BUDGET = {"high": 1200, "medium": 600, "low": 200}  # unlabelled sentences, and as many translations, by resource level


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
    spans = {"country": fillers.COUNTRIES, "language": fillers.LANGUAGES, "year": range(1900, 2021), "month": range(1, 13), "number": range(3, 91)}
    return _pick(rng, spans[kind])


def _other(rng: random.Random, kind: str, pool: str, taken: list):
    """A filler of this type that no slot has yet; two persons also differ in both names."""
    while True:
        found = _filler(rng, kind, pool)
        if found not in taken and not (kind == "person" and any(isinstance(t, tuple) and set(zip(found, (0, 1))) & set(zip(t, (0, 1))) for t in taken)):
            return found


def _roles(rng: random.Random, relation: grammar.Relation, pool: str) -> dict:
    roles: dict = {}
    for slot, kind in relation.slots.items():
        roles[slot] = _other(rng, kind, pool, list(roles.values()))
    return roles


def _twins(rng: random.Random, split: str, level: int) -> list[tuple[int, Statement, Statement]]:
    """``(label, first, second)`` of a paraphrase and of a non-paraphrase with the same first sentence."""
    known, pool = grammar.relations(), POOLS.get(split, split)
    if split == "unseen":
        name = _pick(rng, UNSEEN + HALF)
    else:
        name = _pick(rng, [name for name in known if name not in UNSEEN and not (level == 2 and name in HALF)])
    relation = known[name]
    allowed = (0, 2) if name in HALF and split != "unseen" else (0, 1, 2, 3)
    roles = _roles(rng, relation, pool)
    swapped = {**roles, "a": roles["b"], "b": roles["a"]}
    base = _pick(rng, allowed)
    same = [t for t in allowed if t // 2 == base // 2]
    across = [t for t in allowed if t // 2 != base // 2]
    again = rng.random() < 0.4  # of non-paraphrases that may stay in the template, the share that does
    if level == 1:
        slot = _pick(rng, list(roles))
        others = {**roles, slot: _other(rng, relation.slots[slot], pool, list(roles.values()))}
        yes, no = _pick(rng, [t for t in allowed if t != base]), _pick(rng, [base] if again else [t for t in allowed if t != base])
    elif level == 2:
        others, yes, no = swapped, _pick(rng, [t for t in same if t != base]), _pick(rng, across)
    else:
        others, yes, no = swapped, _pick(rng, across), base if again or len(same) == 1 else _pick(rng, [t for t in same if t != base])
    frames = [None, None, None]
    if split in NEWS:
        frames = [int(rng.random() * grammar.FRAMES) for _ in frames]
        around = {"frame_c": _filler(rng, "city", pool), "frame_d": _filler(rng, "date", pool)}
        roles, others = {**roles, **around}, {**others, **around}
    first, second, third = (
        Statement(name, tuple(said.items()), template, frame)
        for said, template, frame in zip((roles, roles, others), (base, yes, no), frames)
    )
    return [(1, first, second), (0, first, third)]


@cache
def items(split: str) -> tuple[Item, ...]:
    """The pairs of a split: ``train``, ``dev``, ``test`` (new names), ``news`` (target domain), ``unseen`` (stress test)."""
    rng, found, seen = random.Random(f"xltlib corpus, {split}"), [], set()
    while len(found) < SIZES[split]:
        turned = rng.random() < 0.5
        twins = _twins(rng, split, LEVELS[len(found) // 2 % len(LEVELS)])
        if twins[0][1] in seen:
            continue
        seen.add(twins[0][1])
        for label, first, second in twins:
            pair = (second, first) if turned else (first, second)
            found.append(Item(len(found) + 1, LEVELS[len(found) // 2 % len(LEVELS)], label, *pair))
    return tuple(found)


def rows(split: str, code: str) -> pd.DataFrame:
    """One language's pairs: columns item, sentence1, sentence2, label, level, relation."""
    filled = [(i.number, i.first.sentence(code), i.second.sentence(code), i.label, i.level, i.first.relation) for i in items(split)]
    return pd.DataFrame(filled, columns=["item", "sentence1", "sentence2", "label", "level", "relation"])


@cache
def _statements(split: str) -> tuple[Statement, ...]:
    rng, found = random.Random(f"xltlib corpus, {split}"), {}
    while len(found) < SIZES[split]:
        found.setdefault(_twins(rng, split, 1)[0][1])
    return tuple(found)


def text(code: str) -> list[str]:
    """Unlabelled sentences of the target domain; a low-resource language has few."""
    return [statement.sentence(code) for statement in _statements("text")[: _budget(code)]]


def parallel(code: str) -> list[tuple[str, str]]:
    """(English, other language) translations of sentences of the target domain, without labels."""
    return [(statement.sentence("en"), statement.sentence(code)) for statement in _statements("parallel")[: _budget(code)]]


def _budget(code: str) -> int:
    return BUDGET[languages.BY_CODE[code].resource]
