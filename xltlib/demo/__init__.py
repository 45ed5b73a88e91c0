"""A few labelled pairs in four languages that ship with the package, for tests and for the notebooks' defaults.

Sentences are filled templates. A positive is two orders of one statement. Half of the negatives agree in
nothing but their relation, the other half in all slots but one: easy items, so that a minute of training
shows something. Names are disjoint
between splits and text. No result about PAWS-X follows from them.
"""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from functools import cache
from pathlib import Path

import pandas as pd

LANGUAGES = ("en", "de", "es", "id")
SIZES = {"train": 400, "dev": 40, "test": 80, "text": 160}
NAMES = {
    "train": "Maria Anna Paul Robert Laura Peter Julia Martin Clara Simon".split(),
    "dev": "Daniel Eva Victor Nora".split(),
    "test": "Teresa Felix Irene Oscar Helena Hugo".split(),
    "text": "Monica Adam Silvia Leon Vera Bruno".split(),
}


@cache
def _table(name: str) -> dict[str, list[dict]]:
    rows = defaultdict(list)
    with open(Path(__file__).parent / name, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            rows[row.get("relation") or row["slot"]].append(row)
    return dict(rows)


def _roles(rng: random.Random, split: str) -> dict:
    """One filler a slot; words that languages share (names, numbers) are plain strings."""
    fillers = _table("fillers.tsv")
    return {
        "name": rng.choice(NAMES[split]), "year": str(rng.randint(1900, 2020)), "number": str(rng.randint(3, 90)),
        "city": rng.choice(fillers["city"]), "job": rng.choice(fillers["job"]),
    }  # fmt: skip


def _fill(template: str, roles: dict, code: str) -> str:
    return template.format(**{slot: word if isinstance(word, str) else word[code] for slot, word in roles.items()})


@cache
def _items(split: str) -> list[tuple]:
    """(relation's two templates, roles of sentence 1, roles of sentence 2, label), the same for all languages."""
    rng, templates, items = random.Random(f"xltlib-demo-{split}"), _table("templates.tsv"), []
    for number in range(SIZES[split]):
        pair = templates[rng.choice(sorted(templates))]
        first = _roles(rng, split)
        second = _roles(rng, split)
        while any(first[slot] == second[slot] for slot in first):
            second = _roles(rng, split)
        if number % 4 == 0:  # keep all but one of the slots that this relation has
            slots = [slot for slot in first if f"{{{slot}}}" in pair[0]["en"]]
            second = {**first, (slot := rng.choice(slots)): second[slot]}
        label = number % 2
        items.append((rng.sample(pair, 2), first, first if label else second, label))
    return items


def rows(split: str, code: str) -> pd.DataFrame:
    """Columns item, sentence1, sentence2, label of one language."""
    if code not in LANGUAGES:
        raise ValueError(f"the demo rows have no language {code!r}: they have {' '.join(LANGUAGES)}")
    filled = [
        (number, _fill(one[code], a, code), _fill(two[code], b, code), label)
        for number, ((one, two), a, b, label) in enumerate(_items(split), start=1)
    ]
    return pd.DataFrame(filled, columns=["item", "sentence1", "sentence2", "label"])


def text(code: str) -> list[str]:
    """Unlabelled sentences of a language, of names that no split has."""
    return rows("text", code).sentence1.tolist()


def parallel(code: str) -> list[tuple[str, str]]:
    """(English, other language) sentences of the same names."""
    return list(zip(text("en"), text(code)))
