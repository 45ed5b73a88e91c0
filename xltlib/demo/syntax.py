"""Dependency trees of the embedded corpus: the grammar knows which words name whom, and what is said of them.

The root is the longest word that is no name: mostly the verb. Names depend on it by their first word, and all
other words of a name on that one; what else stands in the sentence depends on the root. These trees are
flatter than those of a treebank, and alike in all languages.
"""

from __future__ import annotations

import re
from typing import Iterator

from xltlib.demo import corpus

WORD = re.compile(r"[\w\u0300-\u036f\u064b-\u065f\u0670]+|[^\w\s]")  # letters with their marks


def trees(code: str, source: str = "demo") -> list[tuple]:
    """Trees of the unlabelled sentences of a language (:func:`xltlib.demo.text`), in their order.

    Returns:
        For each sentence what a tasks.trees.Tree holds: text, spans, heads, punctuation, name.
    """
    statements = corpus.of_text(code, source)
    return [_tree(statement.parts(code), f"{source}-{number}") for number, statement in enumerate(statements)]


def _tree(parts: list[tuple[str, str]], name: str) -> tuple:
    words = list(_words(parts))
    plain = [place for place, (start, end, first) in enumerate(words) if first is None]
    text = "".join(part for _, part in parts)
    # Of words of one length the first; where all but punctuation are names, a full stop is the root.
    root = max(plain, key=_length_in(words), default=0)
    heads = []
    for place, (_, _, first) in enumerate(words):
        if place == root:
            heads.append(0)
        elif first is None or first == place:
            heads.append(root + 1)
        else:
            heads.append(first + 1)
    spans = tuple((start, end) for start, end, _ in words)
    punctuation = tuple(not text[start:end].isalnum() for start, end in spans)
    return text, spans, tuple(heads), punctuation, name


def _length_in(words: list[tuple]):
    """How long the word at a place is."""

    def length(place: int) -> int:
        start, end, _ = words[place]
        return end - start

    return length


def _words(parts: list[tuple[str, str]]) -> Iterator[tuple[int, int, int | None]]:
    """Words of a sentence: first character, the one behind the last; of a name where its first word is."""
    at = place = 0
    for slot, text in parts:
        first = place if slot else None
        for match in WORD.finditer(text):
            yield at + match.start(), at + match.end(), first
            place += 1
        at += len(text)
