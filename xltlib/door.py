"""The one door to text and labels: what a run reads comes through it, and is written down there.

Texts and translations that hold a test sentence are left out and counted; labelled pairs that hold one stop
the run. Everything else is let in, its words are kept in the encoder's vocabulary, and an entry says what was
read, of which languages, and what for (provenance.py).
"""

from __future__ import annotations

import inspect
from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from xltlib import languages, places, tasks
from xltlib.provenance import Entry
from xltlib.shared import Shared
from xltlib.tasks import layouts, leakage


class Door:
    """What a run reads, as it reads it.

    Args:
        task: whose test set must not be read.
        test: the whole test set in all languages that the run could read anything of.
        folder: of downloaded data; None: the hub.
        inherited: entries of the runs that this one goes on from.
        shared: where runs find what others made.
        source: the language that is trained on.
    """

    def __init__(
        self,
        task: str,
        test: pd.DataFrame,
        folder: Path | None,
        inherited: list[Entry] = (),
        shared: Shared = Shared(None),
        source: str = "en",
    ):
        self.task, self.test, self.folder, self.shared, self.source = task, test, folder, shared, source
        self._kept_out = test  # and test pairs of whatever further languages are read
        self.entries = list(inherited)
        self.vocabulary: list[str] = []

    def admit_by_language(
        self, texts: dict[str, list], entry: Entry, vocabulary: bool = True, held_out: int = 0
    ) -> dict[str, list]:
        """Let texts in but those that hold a test sentence, and write one entry for all languages.

        Args:
            texts: by language, sentences, or tuples of them that belong together.
            entry: without counts and fingerprint.
            vocabulary: whether the encoder must know their words.
            held_out: of those let in, so many a language are measured on, not trained on: they do not count.
        Raises:
            DataError: all texts of a language hold a test sentence.
        """
        kept, left_out = {}, 0
        for code, candidates in texts.items():
            kept[code] = self._without_test_sentences(candidates)
            left_out += len(candidates) - len(kept[code])
        leakage.refuse_nothing_left(texts, kept, entry.source or entry.use, entry.use)
        everything = [item for items in kept.values() for item in items]
        if vocabulary:
            for item in everything:
                self.know([item] if isinstance(item, str) else item)
        count = sum(len(tasks.trained_on(items, held_out)) for items in kept.values())
        counts = {"count": count, "left_out": left_out, "fingerprint": tasks.fingerprint(everything)}
        self.entries.append(replace(entry, **counts))
        return kept

    def _without_test_sentences(self, texts: list) -> list:
        """Texts, or tuples of them, that hold no test sentence; what an earlier run found out is shared."""

        def check() -> dict[str, np.ndarray]:
            return {"holds": np.array(tasks.overlapping(texts, self._kept_out), dtype=bool)}

        keys = [text if isinstance(text, str) else "\t".join(text) for text in texts]
        holds = self.shared.arrays("leaks", [*self._checked_by, *keys], check)["holds"]
        return [text for text, leaks in zip(texts, holds, strict=True) if not leaks]

    @cached_property
    def _checked_by(self) -> list[str]:
        """The code that looks for test sentences, and the sentences: with others it looks anew."""
        return [inspect.getsource(leakage), *sorted({*self._kept_out.sentence1, *self._kept_out.sentence2})]

    def _guard(self, codes: list[str]) -> None:
        """Keep out the test sentences of further languages that are read, where the task has such."""
        new_codes = [code for code in dict.fromkeys(codes) if code not in set(self._kept_out.language1)]
        frames = [tasks.test_pairs(self.task, code, self.folder) for code in new_codes]
        frames = [pairs for pairs in frames if len(pairs)]
        if frames:
            self._kept_out = pd.concat([self._kept_out, *frames], ignore_index=True)
            self.__dict__.pop("_checked_by", None)  # it is of these

    def know(self, texts: list[str]) -> None:
        """Keep the words of texts in the encoder's vocabulary. Test text may be known: it moves no weight."""
        self.vocabulary += texts

    def text(
        self,
        source: str,
        codes: list[str],
        sentences: int,
        entry: Entry,
        vocabulary: bool = True,
        held_out: int = 0,
    ) -> dict[str, list[str]]:
        """Unlabelled sentences of each language.

        Args:
            source: one corpus or several, see tasks.load_text; ``"task"``: the task's own sentences.
            sentences: the first so many a language (0: all).
            entry, vocabulary, held_out: as above.
        """
        self._guard(codes)
        if source == "task":
            found = {c: tasks.task_text(self.task, c, self.folder, self.test, sentences) for c in codes}
        else:
            found = {c: tasks.load_text(source, c, self.folder, sentences) for c in codes}
        return self.admit_by_language(found, entry, vocabulary, held_out)

    def translations(
        self,
        corpus: str,
        codes: list[str],
        sentences: int,
        entry: Entry,
        vocabulary: bool = True,
        held_out: int = 0,
    ) -> dict[str, list[tuple[str, str]]]:
        """Translation pairs (pivot, other language) of each language; arguments as above.

        A pivot that is not the source language is read, too: the entry names it among its languages.
        """
        found = {code: tasks.load_parallel(corpus, code, self.folder, sentences) for code in codes}
        entry = self._with_pivots(entry, {corpus: codes})
        return self.admit_by_language(found, entry, vocabulary, held_out)

    def trees(
        self,
        source: str,
        codes: list[str],
        sentences: int,
        entry: Entry,
        vocabulary: bool = True,
        held_out: int = 0,
    ) -> dict[str, list]:
        """Sentences with their dependency trees (tasks.Tree) of each language.

        Args:
            source: see tasks.load_trees.
            sentences: the first so many a language (0: all).
            entry, vocabulary, held_out: as above.
        """
        self._guard(codes)
        found = {code: tasks.load_trees(source, code, self.folder, sentences) for code in codes}
        by_rows = {code: {_as_row(tree): tree for tree in loaded} for code, loaded in found.items()}
        rows = {code: [_as_row(tree) for tree in loaded] for code, loaded in found.items()}
        kept = self.admit_by_language(rows, entry, vocabulary=False, held_out=held_out)
        trees = {code: [by_rows[code][row] for row in loaded] for code, loaded in kept.items()}
        count = sum(len(tasks.trained_on(loaded, held_out)) for loaded in trees.values())
        self.entries[-1] = replace(self.entries[-1], count=count)  # of sentences, whatever their parses
        if vocabulary:
            self.know([tree.text for loaded in trees.values() for tree in loaded])
        return trees

    def pivots(self, corpus: str, codes: list[str]) -> dict[str, str]:
        """The language on the other side of each language's translations."""
        return {code: tasks.pivot(corpus, code, self.folder) for code in codes}

    def _with_pivots(self, entry: Entry, by_corpus: dict[str, list[str]]) -> Entry:
        """An entry that names the pivots, too, whose test sentences are kept out from now on.

        That the source language is read, its labels say.

        Args:
            by_corpus: languages by corpus.
        """
        pivots = []
        for corpus, codes in by_corpus.items():
            pivots += self.pivots(corpus, codes).values()
        self._guard([*(code for codes in by_corpus.values() for code in codes), *pivots])
        others = [pivot for pivot in pivots if pivot != self.source]
        return replace(entry, languages=tuple(dict.fromkeys([*entry.languages, *others])))

    def corpora(
        self, corpora: list[str], codes: list[str], sentences: int, entry: Entry
    ) -> dict[str, dict[str, list[tuple[str, str]]]]:
        """Translation pairs of each language in each of several corpora that has it, with one entry for all.

        Raises:
            DataError: none has a language.
        """
        codes_by_corpus = {
            corpus: [code for code in codes if tasks.has_translations(corpus, code, self.folder)]
            for corpus in corpora
        }
        for code in codes:
            if not any(code in corpus_codes for corpus_codes in codes_by_corpus.values()):
                tasks.pivot(corpora[-1], code, self.folder)  # it says what is missing
        found = {
            (corpus, code): tasks.load_parallel(corpus, code, self.folder, sentences)
            for corpus, corpus_codes in codes_by_corpus.items()
            for code in corpus_codes
        }
        kept = self.admit_by_language(found, self._with_pivots(entry, codes_by_corpus))
        by_corpus: dict[str, dict[str, list[tuple[str, str]]]] = {}
        for (corpus, code), pairs in kept.items():
            by_corpus.setdefault(corpus, {})[code] = pairs
        return by_corpus

    def parallel_items(
        self, codes: list[str], source: str, without: pd.DataFrame, items: int, entry: Entry
    ) -> pd.DataFrame:
        """The task's own development items in several languages, as translations without labels.

        Args:
            codes: languages beside the source language.
            without: development pairs that choose a checkpoint; they, and what shares a sentence with them,
                are left out.
            items: the first so many (0: all).
        """
        codes = list(dict.fromkeys([source, *codes]))
        self._guard(codes)
        free, _ = tasks.load_training(self.task, codes, [source], self._kept_out, self.folder, "dev")
        left_out = free.attrs.get("shared_with_test", 0)
        # Names of clusters are those of the languages they are of: without's own may be of others.
        clusters = tasks.load_pairs(self.task, "dev", codes, self.folder)
        near = clusters.cluster[clusters["item"].isin(without["item"])]
        free = free[~free["item"].isin(without["item"]) & ~free.cluster.isin(near)]
        free = free[free["item"].isin(sorted(free["item"].unique())[: items or None])]
        sentences = [*free.sentence1, *free.sentence2]
        self.know(sentences)
        counts = {"count": len(sentences), "left_out": left_out, "fingerprint": tasks.fingerprint(sentences)}
        self.entries.append(replace(entry, **counts))
        return free

    def labels(self, train: pd.DataFrame, source: str, use: str, role: str, left_out: int = 0) -> None:
        """Write down labelled pairs: those of the source language, then all others.

        They were checked as they were loaded: tasks.load_training refuses test sentences, and development
        pairs that hold one are left out where a head is fitted on such (components/labelled.py).

        Args:
            left_out: items that were.
        """
        is_source = train.language1 == source
        for kind, pairs in (("labelled-source", train[is_source]), ("labelled-target", train[~is_source])):
            if len(pairs):
                codes = tuple(sorted(pairs.language1.unique()))
                counts = {"count": pairs["item"].nunique(), "left_out": left_out}
                counts["fingerprint"] = tasks.fingerprint(pairs)
                self.entries.append(Entry(role, use, kind, codes, self.task, **counts))

    def synonyms(self, words: str, data, entry: Entry) -> dict[str, list[str]]:
        """Synonyms of the words of a run's training and test pairs: see noise.lists.synonyms_of."""
        from xltlib.noise import lists

        sentences = [s for frame in (data.train, data.test) for s in [*frame.sentence1, *frame.sentence2]]
        text_words = {word for sentence in sentences for word in sentence.split(" ")}
        table = lists.synonyms_of(text_words, words, self.folder)
        self.words(table, replace(entry, source=Path(words).name))
        return table

    def dictionaries(
        self, folder: str, source: str, codes: list[str], entry: Entry
    ) -> dict[str, dict[str, list[str]]]:
        """Word lists ``<source>-<language>.txt`` of each language, by any code: word -> translations."""
        from xltlib.noise import lists

        place = Path(places.located(folder))
        found = {code: lists.read_dictionary(layouts.word_list(place, source, code)) for code in codes}
        rows = []
        for code, table in found.items():
            rows += [(code, word, *translations) for word, translations in table.items()]
        self._words(rows, [row[2:] for row in rows], replace(entry, source=Path(folder).name))
        return found

    def words(self, table: dict[str, list[str]], entry: Entry) -> None:
        """Words and what they may be exchanged for: their entry; they are kept in the vocabulary."""
        self._words(sorted(table.items()), list(table.values()), entry)

    def _words(self, rows: list[tuple], alternatives: list, entry: Entry) -> None:
        # A word after a blank, or not: two pieces.
        self.know([form for words in alternatives for word in words for form in (word, f"({word}")])
        self.entries.append(replace(entry, count=len(rows), fingerprint=tasks.fingerprint(rows)))

    def note(self, entry: Entry) -> None:
        """An entry for what has no text: noise drawn from nothing, words that are left out."""
        self.entries.append(entry)

    def refuse_labels(self, codes: list[str]) -> None:
        """Stop when labels were read, by this run or one that it goes on from, of a zero-shot language.

        Raises:
            ValueError: names the languages and what was read of them.
        """
        for entry in self.entries:
            overlap = languages.shared(codes, entry.languages)
            if entry.kind.startswith("labelled") and overlap:
                whom = "it" if len(overlap) == 1 else "them"
                raise ValueError(
                    f"{' '.join(overlap)}: called zero-shot, but labelled items of {whom} are read "
                    f"({entry.use}); take them out of labelled.languages, or name in labelled.zero_shot "
                    "only the others"
                )

    def table(self) -> pd.DataFrame:
        """What was read, a row an entry, in the order of reading."""
        columns = ["role", "use", "kind", "languages", "source", "count", "left_out"]
        rows = [asdict(entry) | {"languages": " ".join(entry.languages)} for entry in self.entries]
        table = pd.DataFrame(rows, columns=columns).rename(columns={"left_out": "left out (test)"})
        return table.set_index("role")


def _as_row(tree) -> tuple[str, str]:
    """A tree as the texts that are let in or left out: the sentence, and the heads of its words."""
    return tree.text, " ".join(map(str, tree.heads))
