"""Dependency trees in CoNLL-U files (Universal Dependencies), read strictly by the package ``conllu``.

One file a language, ``<code>.conllu``. A multiword token (``3-4``, as *zum* for *zu dem*) has no head: its
words have, and share its place in the sentence. An empty node (``3.1``) is no word of the sentence, and is
left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from xltlib import demo, places
from xltlib.tasks.demo import DEMO_TEXT
from xltlib.tasks.layouts import several
from xltlib.text_files import DataError, read_lines

EVALUATED = 100  # trees of a language that a structural probe is evaluated on
PROBED = EVALUATED + 200  # and with the further ones that it is fitted to
FIELDS = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")


@dataclass(frozen=True)
class Tree:
    """A sentence and its dependency tree.

    Attributes:
        text: the sentence.
        spans: where each word stands in it: first character, and the one behind the last.
        heads: of each word the number of the word that governs it, from 1; 0 for the root.
        punctuation: of each word, whether it is punctuation.
        name: of the sentence in its file; translations have the same.

    Example:
        >>> tree = Tree("dogs chase cats", ((0, 4), (5, 10), (11, 15)), (2, 0, 2), (False,) * 3)
        >>> tree.distances.tolist()
        [[0, 1, 2], [1, 0, 1], [2, 1, 0]]
        >>> sorted(tree.edges)
        [(0, 1), (1, 2)]
    """

    text: str
    spans: tuple[tuple[int, int], ...]
    heads: tuple[int, ...]
    punctuation: tuple[bool, ...]
    name: str = ""

    @cached_property
    def distances(self) -> np.ndarray:
        """Edges on the way between each two words, shape (words, words)."""
        from scipy.sparse.csgraph import shortest_path

        graph = np.zeros((len(self.heads), len(self.heads)))
        for edge in self.edges:
            graph[edge] = 1
        return shortest_path(graph, directed=False, unweighted=True).astype(int)

    @cached_property
    def edges(self) -> set[tuple[int, int]]:
        """Pairs of words, numbered from 0, of which one governs the other; the smaller number first."""
        edges = ((word, head - 1) for word, head in enumerate(self.heads) if head)
        return {(min(edge), max(edge)) for edge in edges}


def load_trees(source: str, code: str, folder: Path | None, limit: int = 0) -> list[Tree]:
    """Trees of a language, from ``<source>/<code>.conllu``.

    Args:
        source: name of a folder of the data folder (``"ud-pud"``), or a folder, written as a path
            (``./mine``); ``"demo"`` and ``"demo-news"`` are of the sentences that ship with the package. Of
            several, with blanks between, all that have the language are read, one behind the other.
        code: of the language.
        folder: of downloaded data, or None.
        limit: keep only the first so many (0: all).
    Raises:
        DataError: there is no such folder or file, or what :func:`read_trees` refuses.
    """
    if names := several(source):
        having = [name for name in names if has_trees(name, code, folder)]
        found = [tree for name in having for tree in load_trees(name, code, folder)]
        if not found:
            raise DataError(f"trees {source!r}: none has {code}.conllu")
        return found[: limit or None]
    if source in DEMO_TEXT:
        return [Tree(*parts) for parts in demo.trees(code, source)][: limit or None]
    place = _folder(source, folder)
    if not place.is_dir():
        raise DataError(f"trees {source!r}: {place} is no folder; wanted one with {code}.conllu in it")
    if not has_trees(source, code, folder):
        available = " ".join(sorted(path.stem for path in place.glob("*.conllu"))) or "none"
        raise DataError(f"trees {source!r}: {place} has no {code}.conllu; languages there: {available}")
    return read_trees(place / f"{code}.conllu")[: limit or None]


def has_trees(source: str, code: str, folder: Path | None) -> bool:
    """Whether there is a file of trees of a language; arguments as above."""
    if source in DEMO_TEXT:
        return True
    return (_folder(source, folder) / f"{code}.conllu").is_file()


def _folder(source: str, folder: Path | None) -> Path:
    if places.is_path(source):
        return Path(places.located(source))
    return (folder or Path()) / source


def read_trees(path: Path) -> list[Tree]:
    """The trees of a CoNLL-U file.

    Raises:
        DataError: names file and line: a line that is no CoNLL-U, words that are not numbered 1, 2, 3, ..., a
            head that is none of them, no root or several, words that go in a circle, or a form that is not in
            ``# text``; or the file has no sentence.
    """
    trees, block = [], []
    for number, line in enumerate([*read_lines(path), ""], start=1):
        if line.strip():
            block.append((number, line))
        elif block:
            if not all(line.startswith("#") for _, line in block):  # else what is said of a document
                trees.append(_Sentence(path, block).tree())
            block = []
    if not trees:
        raise DataError(f"{path}: no sentence; wanted CoNLL-U")
    return trees


class _Sentence:
    """The lines of a sentence.

    Args:
        path: of the file, for messages.
        block: number and text of each line.
    """

    def __init__(self, path: Path, block: list[tuple[int, str]]):
        self.path, self.first, self.about, self.rows = path, block[0][0], {}, []
        for number, line in block:
            if line.startswith("#"):
                key, _, value = line[1:].partition("=")
                self.about[key.strip()] = value.strip()
            else:
                self.rows.append((number, self._parsed(number, line)))
        self.words = [(number, row) for number, row in self.rows if isinstance(row["id"], int)]

    def _error(self, number: int, message: str) -> DataError:
        return DataError(f"{self.path}, line {number}: {message}")

    def _parsed(self, number: int, line: str) -> dict:
        """The columns of a line."""
        from conllu.exceptions import ParseException
        from conllu.parser import parse_line

        columns = line.count("\t") + 1
        if columns != len(FIELDS):
            raise self._error(number, f"{columns} columns, wanted the ten of CoNLL-U with tabs between")
        try:
            row = parse_line(line, FIELDS)
        except ParseException as error:
            raise self._error(number, f"no CoNLL-U: {error}") from error
        if row["id"] is None or not row["form"].strip():
            raise self._error(number, "no id or no form")
        return row

    def tree(self) -> Tree:
        """The tree, checked."""
        self._refuse_numbers()
        text, spans = self._placed()
        heads = tuple(row["head"] for _, row in self.words)
        punctuation = tuple(row["upos"] == "PUNCT" for _, row in self.words)
        tree = Tree(text, spans, heads, punctuation, self.about.get("sent_id", ""))
        for word, (number, _) in enumerate(self.words, start=1):
            self._refuse_circle(number, word, heads)
        return tree

    def _refuse_circle(self, number: int, word: int, heads: tuple[int, ...]) -> None:
        """Refuse a word from which no head leads to the root."""
        above = word
        for _ in heads:
            above = heads[above - 1]
            if not above:
                return
        raise self._error(number, f"word {word}: its heads go in a circle, and never reach the root")

    def _refuse_numbers(self) -> None:
        """Refuse words that are not numbered from 1, and heads that are none of them."""
        if not self.words:
            raise self._error(self.first, "a sentence without words")
        for wanted, (number, row) in enumerate(self.words, start=1):
            if row["id"] != wanted:
                raise self._error(number, f"word {row['id']}, wanted {wanted}: words are numbered from 1")
            if row["head"] is None or not 0 <= row["head"] <= len(self.words) or row["head"] == wanted:
                raise self._error(
                    number, f"head {row['head']}: wanted 0, or another of the {len(self.words)} words"
                )
        roots = sum(row["head"] == 0 for _, row in self.words)
        if roots != 1:
            raise self._error(self.first, f"{roots} words with head 0, wanted one root")

    def _placed(self) -> tuple[str, tuple[tuple[int, int], ...]]:
        """The sentence, and where each word stands in it."""
        tokens = self._tokens()
        text = self.about.get("text") or _joined([row for _, row, _ in tokens])
        spans, position = [], 0
        for number, row, words in tokens:
            position += len(text[position:]) - len(text[position:].lstrip())
            if not text.startswith(row["form"], position):
                problem = f"{row['form']!r} does not stand in '# text' from character {position + 1} on"
                raise self._error(number, problem)
            spans += [(position, position + len(row["form"]))] * words
            position += len(row["form"])
        if text[position:].strip():
            rest = text[position:].strip()[:40]
            raise self._error(self.first, f"'# text' goes on behind the last word: {rest!r}")
        return text, tuple(spans)

    def _tokens(self) -> list[tuple[int, dict, int]]:
        """What is written: line, columns, and how many words it stands for."""
        tokens, last_word, last = [], 0, len(self.words)
        for number, row in self.rows:
            if isinstance(row["id"], int):
                if row["id"] > last_word:
                    tokens.append((number, row, 1))
                    last_word = row["id"]
            elif row["id"][1] == "-":
                first, end = row["id"][0], row["id"][2]
                if first != last_word + 1 or not first <= end <= last:
                    problem = f"words {first}-{end} of one token, wanted some from {last_word + 1} to {last}"
                    raise self._error(number, problem)
                tokens.append((number, row, end - first + 1))
                last_word = end
        return tokens


def _joined(rows: list[dict]) -> str:
    """The sentence of written tokens, where the file does not say it."""
    parts = [row["form"] + ("" if (row["misc"] or {}).get("SpaceAfter") == "No" else " ") for row in rows]
    return "".join(parts).strip()
