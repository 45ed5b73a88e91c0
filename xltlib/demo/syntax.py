"""Dependency trees of the embedded corpus, from its grammar: what is said, and which words name whom.

* The root is the predicate that the grammar marks in each template: the main verb, not its auxiliary, or what
  is said of somebody ("was the *teacher* of", "is by *Ana*"), as in Universal Dependencies.
* In a report the root is the predicate of the frame, and that of what is reported depends on it (as in
  ``parataxis``, whose first part is the head). All other words stay with the predicate of their own part.
* A name is a subtree: its first word depends on the predicate, its other words on the first. Numbers, dates
  and whatever else fills a slot are names here.
* A word right before a name depends on it, in some languages the word right behind: mostly an adposition, an
  article or a particle (``case``, ``det``). A conjunction or a further verb in this place is taken for one.
* Every other word, and all punctuation, depends on the predicate.

They are not those of a treebank: but for reports all clauses of a sentence share one predicate, adjectives
and articles depend on no plain noun, a word is what stands between blanks, names and punctuation (in Japanese
and Chinese mostly several), and no annotator or parser has checked them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from xltlib.demo import corpus, grammar

WORD = re.compile(r"[\w\u0300-\u036f\u064b-\u065f\u0670]+|[^\w\s]")  # letters with their marks
PREPOSITIONS = "af de en es fr gl id jv sw zh".split()  # languages in which a name follows its adposition
POSTPOSITIONS = "ja ko ur uz".split()  # in which it precedes it; in Basque cases are endings, within the name


@dataclass(frozen=True)
class Word:
    """A word of a clause.

    Attributes:
        start, end: its first character in the clause, and the one behind its last.
        name: place of the first word of the name that it belongs to; None: of no name.
        is_mark: punctuation.
    """

    start: int
    end: int
    name: int | None
    is_mark: bool


def trees(code: str, source: str = "demo") -> list[tuple]:
    """Trees of the unlabelled sentences of a language (:func:`xltlib.demo.text`), in their order.

    Returns:
        For each sentence what a tasks.trees.Tree holds: text, spans, heads, punctuation, name.
    """
    statements = corpus.of_text(code, source)
    return [tree(statement, code, f"{source}-{number}") for number, statement in enumerate(statements)]


def tree(statement: corpus.Statement, code: str, name: str) -> tuple:
    """The tree of a sentence: the first clause's predicate is the root, the second's depends on it."""
    spans, heads, punctuation, length, above = [], [], [], 0, 0
    for clause in statement.clauses(code):
        words, predicate, characters = _read(clause)
        before = len(heads)
        spans += [(length + word.start, length + word.end) for word in words]
        punctuation += [word.is_mark for word in words]
        for place in range(len(words)):
            heads.append(above if place == predicate else before + _head(words, place, predicate, code) + 1)
        above, length = before + predicate + 1, length + characters
    return statement.sentence(code), tuple(spans), tuple(heads), tuple(punctuation), name


def _read(clause: list[tuple[str, str]]) -> tuple[list[Word], int, int]:
    """The words of a clause, the place of its predicate (in or before it stands the sign), how long it is."""
    words, length, sign = [], 0, 0
    for slot, text in clause:
        if not slot and grammar.PREDICATE in text:
            sign = length + text.index(grammar.PREDICATE)
            text = text.replace(grammar.PREDICATE, "")
        name = len(words) if slot else None
        for match in WORD.finditer(text):
            is_mark = not match[0][0].isalnum()
            words.append(Word(length + match.start(), length + match.end(), name, is_mark))
        length += len(text)
    predicate = next(place for place, word in enumerate(words) if word.end > sign)
    return words, predicate, length


def _head(words: list[Word], place: int, predicate: int, code: str) -> int:
    """The place of the head of a word that is not the predicate."""
    word = words[place]
    if word.name is not None:
        return predicate if word.name == place else word.name
    beside = None
    if code in PREPOSITIONS and place + 1 < len(words):
        beside = words[place + 1].name
    elif code in POSTPOSITIONS and place > 0:
        beside = words[place - 1].name
    return predicate if beside is None or word.is_mark else beside
