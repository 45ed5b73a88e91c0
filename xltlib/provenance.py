"""The one door to text and labels: what a run reads comes through it, and is written down there.

Texts and translations that hold a test sentence are left out and counted; labelled pairs that hold one
stop the run. Everything else is let in, its words are kept in the encoder's vocabulary, and an entry says
what was read, of which languages, and what for. From the entries alone follow the rung, the names of
strategy and adaptation, and what was read of each language. Nobody types these in.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import pandas as pd

from xltlib import tasks

LEVELS = {  # what was read -> the rung it lifts a run to, at least
    "labelled-source": 0,
    "words": 0,  # a list of words of the source language
    "measured": 0,  # looked at before and after, trained on by nothing
    "nothing": 0,
    "self": 0,  # what the encoder itself knows of other languages
    "text": 1,
    "dictionary": 2,
    "parallel": 3,
    "labelled-target": 4,
}
ROLES = ("recipe", "batches", "noise", "adaptation", "labels", "probe")


@dataclass(frozen=True)
class Entry:
    """One thing that a run has read.

    Attributes:
        role: what for, one of ``ROLES``.
        use: the method that read it, as tables name it: ``"train"``, ``"hybrid"``, ``"mlm"``, ...
        kind: what it is, one of ``LEVELS``.
        languages: of which languages.
        source: where from: a corpus, a file.
        count: items, sentences, translations or words that were let in.
        left_out: those kept out because they hold a test sentence.
        fingerprint: hash of what was let in.
        told: what stands behind the name of the method where the arms of a study differ in it:
            ``"dose"``, ``"kind"``, ``"source"``, ``"weight"``, ``"draw"``, ``"languages"``.
    """

    role: str
    use: str
    kind: str
    languages: tuple[str, ...] = ()
    source: str = ""
    count: int = 0
    left_out: int = 0
    fingerprint: str = ""
    told: dict[str, str] = field(default_factory=dict)

    def __post_init__(self):
        if self.role not in ROLES or self.kind not in LEVELS:
            raise ValueError(
                f"role {self.role!r}, kind {self.kind!r}: roles are {', '.join(ROLES)}; "
                f"kinds are {', '.join(LEVELS)}"
            )

    def as_record(self) -> dict:
        """The entry as a record keeps it."""
        return asdict(self) | {"languages": list(self.languages)}


def from_record(read: list[dict]) -> list[Entry]:
    """The entries that a record keeps as dictionaries."""
    return [Entry(**{**entry, "languages": tuple(entry["languages"])}) for entry in read]


def rung(entries: list[Entry]) -> str:
    """How much supervision beyond labelled English was read: ``"Z0"`` to ``"Z4"``.

    ``"Z0'"`` is what the encoder itself knew of other languages. Unlabelled text of the source language
    alone adds nothing.

    Example:
        >>> rung([Entry("labels", "train", "labelled-source", ("en",)), Entry("adaptation", "mlm", "text", ("de",))])
        'Z1'
    """
    source = {code for entry in entries if entry.kind == "labelled-source" for code in entry.languages}
    levels = [LEVELS[e.kind] for e in entries if e.kind != "text" or set(e.languages) - source]
    highest = max(levels, default=0)
    if highest == 0 and any(entry.kind == "self" for entry in entries):
        return "Z0'"
    return f"Z{highest}"


def supervision(entries: list[Entry], code: str) -> str:
    """The most that was read of a language, ``"none"`` to ``"labelled"``.

    Example:
        >>> supervision([Entry("recipe", "labse-recipe", "parallel", ("de",))], "de")
        'parallel'
    """
    kinds = {entry.kind for entry in entries if code in entry.languages}
    if any(kind.startswith("labelled") for kind in kinds):
        return "labelled"
    said = [kind for kind in kinds if LEVELS[kind] > 0]
    return max(said, key=LEVELS.get, default="none")


def _last(entries: list[Entry]) -> dict[str, Entry]:
    """Of each method the last entry, in the order in which the methods came first."""
    return {entry.use: entry for entry in entries if entry.role not in ("labels", "probe")}


def differing(reads: list[list[Entry]]) -> set[tuple[str, str]]:
    """Facts of a method in which the arms of a study differ: they must stand behind its name.

    Example:
        >>> few = Entry("adaptation", "mlm", "text", ("de",), told={"dose": "100"})
        >>> many = Entry("adaptation", "mlm", "text", ("de",), told={"dose": "all"})
        >>> differing([[few], [many]])
        {('mlm', 'dose')}
    """
    seen: dict[tuple[str, str, str], set[str]] = {}
    for entries in reads:
        for entry in _last(entries).values():
            for fact, value in entry.told.items():
                within = ""
                if fact == "source":  # two kinds have two sources anyway: the kind tells them apart
                    within = entry.told.get("kind", "")
                seen.setdefault((entry.use, fact, within), set()).add(value)
    return {(use, fact) for (use, fact, _), values in seen.items() if len(values) > 1}


def names(entries: list[Entry], told: set[tuple[str, str]] = frozenset()) -> dict[str, str]:
    """Strategy and adaptation of a run, from what it and the runs that it goes on from have read.

    The strategy names what the encoder learned before labels came (``labse``, ``labse-recipe``), batches
    that were not monolingual throughout, and noise; ``plain``: none of these. The adaptation is the rest.

    Args:
        told: of :func:`differing`, for the study.

    Example:
        >>> names([Entry("recipe", "labse-recipe", "parallel", ("de",)), Entry("batches", "hybrid", "parallel")])
        {'strategy': 'labse-recipe+hybrid', 'adaptation': 'none'}
    """
    by_role: dict[str, list[str]] = {role: [] for role in ROLES}
    for entry in _last(entries).values():
        facts = [value for fact, value in entry.told.items() if (entry.use, fact) in told]
        by_role[entry.role].append("-".join([entry.use, *facts]))
    strategy = [*by_role["recipe"], *by_role["batches"][:1], *by_role["noise"]]
    return {
        "strategy": "+".join(strategy) or "plain",
        "adaptation": "+".join(by_role["adaptation"]) or "none",
    }


def told_by(
    kind: str, source: str, dose: int, codes: list[str], weight: float = 1, draw: int = 1
) -> dict[str, str]:
    """The facts of an adaptation that may have to be told.

    Args:
        dose: sentences or pairs a language (0: all).
    """
    languages = "-".join(sorted(codes)) if len(codes) < 4 else f"{len(codes)}-languages"
    return {
        "dose": str(dose or "all"),
        "kind": kind,
        "source": source,
        "weight": f"weight-{weight}",
        "draw": f"draw-{draw}",
        "languages": languages,
    }


class Provenance:
    """What a run reads, as it reads it.

    Args:
        task: whose test set must not be read.
        test: the whole test set in all languages that the run could read anything of.
        folder: of downloaded data; None: the hub.
        inherited: entries of the runs that this one goes on from.
    """

    def __init__(self, task: str, test: pd.DataFrame, folder: Path | None, inherited: list[Entry] = ()):
        self.task, self.test, self.folder = task, test, folder
        self.entries = list(inherited)
        self.vocabulary: list[str] = []

    def admit(self, texts: list, entry: Entry, vocabulary: bool = True) -> list:
        """Let texts in but those that hold a test sentence, and write an entry for them.

        Args:
            texts: sentences, or tuples of them that belong together.
            entry: without counts and fingerprint.
            vocabulary: whether the encoder must know their words.
        Returns:
            Those let in, in their order.
        """
        (kept,) = self.admit_by_language({"": texts}, entry, vocabulary).values()
        return kept

    def admit_by_language(
        self, texts: dict[str, list], entry: Entry, vocabulary: bool = True, held_out: int = 0
    ) -> dict[str, list]:
        """The same for each language, with one entry for all.

        Args:
            held_out: of those let in, so many a language are measured on, not trained on: they do not count.
        """
        kept, left_out = {}, 0
        for code, found in texts.items():
            kept[code], without = tasks.without_test_sentences(found, self.test)
            left_out += without
        everything = [text for of in kept.values() for text in of]
        if vocabulary:
            self.know([text for of in everything for text in ((of,) if isinstance(of, str) else of)])
        counted = sum(len(of[held_out:]) for of in kept.values())
        counts = {"count": counted, "left_out": left_out, "fingerprint": tasks.fingerprint(everything)}
        self.entries.append(replace(entry, **counts))
        return kept

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
            source: see tasks.load_text; ``"task"``: the task's own sentences.
            sentences: the first so many a language (0: all).
            entry, vocabulary, held_out: as above.
        """
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
        """Translation pairs (English, other language) of each language; arguments as above."""
        found = {code: tasks.load_parallel(corpus, code, self.folder, sentences) for code in codes}
        return self.admit_by_language(found, entry, vocabulary, held_out)

    def corpora(
        self, corpora: list[str], codes: list[str], sentences: int, entry: Entry
    ) -> dict[str, dict[str, list[tuple[str, str]]]]:
        """Translation pairs of each language in each of several corpora, with one entry for all."""
        found = {
            (corpus, code): tasks.load_parallel(corpus, code, self.folder, sentences)
            for corpus in corpora
            for code in codes
        }
        kept = self.admit_by_language(found, entry)
        return {corpus: {code: kept[corpus, code] for code in codes} for corpus in corpora}

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
        free, _ = tasks.load_training(self.task, [source, *codes], [source], self.test, self.folder, "dev")
        left_out = free.attrs.get("shared_with_test", 0)
        free = free[~free["item"].isin(without["item"]) & ~free.cluster.isin(without.cluster)]
        free = free[free["item"].isin(sorted(free["item"].unique())[: items or None])]
        sentences = [*free.sentence1, *free.sentence2]
        self.know(sentences)
        counts = {"count": len(sentences), "left_out": left_out, "fingerprint": tasks.fingerprint(sentences)}
        self.entries.append(replace(entry, **counts))
        return free

    def labels(self, train: pd.DataFrame, source: str, use: str, role: str) -> None:
        """Write down labelled pairs: those of the source language, then all others. They were checked as they
        were loaded (tasks.load_training refuses test sentences)."""
        own = train.language1 == source
        for kind, part in (("labelled-source", train[own]), ("labelled-target", train[~own])):
            if len(part):
                codes = tuple(sorted(part.language1.unique()))
                counts = {"count": part["item"].nunique(), "fingerprint": tasks.fingerprint(part)}
                self.entries.append(Entry(role, use, kind, codes, self.task, **counts))

    def synonyms(self, words: str, data, entry: Entry) -> dict[str, list[str]]:
        """Synonyms of the words of a run's training and test pairs: see noise.lists.listed."""
        from xltlib.noise import lists

        sentences = [s for frame in (data.train, data.test) for s in [*frame.sentence1, *frame.sentence2]]
        known = {word for sentence in sentences for word in sentence.split(" ")}
        table = lists.listed(known, words, self.folder)
        self.words(table, replace(entry, source=Path(words).name))
        return table

    def dictionaries(
        self, folder: str, source: str, codes: list[str], entry: Entry
    ) -> dict[str, dict[str, list[str]]]:
        """Word lists ``<source>-<language>.txt`` of each language: word -> translations."""
        from xltlib.noise import lists

        found = {code: lists.read_dictionary(Path(folder) / f"{source}-{code}.txt") for code in codes}
        rows = [(code, word, *of) for code, table in found.items() for word, of in table.items()]
        self._words(rows, [row[2:] for row in rows], replace(entry, source=Path(folder).name))
        return found

    def words(self, table: dict[str, list[str]], entry: Entry) -> None:
        """A list of words and what they may be exchanged for: its entry; the words are kept in the vocabulary."""
        self._words(sorted(table.items()), list(table.values()), entry)

    def _words(self, rows: list[tuple], found: list, entry: Entry) -> None:
        # A word after a blank, or not: two pieces.
        self.know([form for of in found for word in of for form in (word, f"({word}")])
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
            overlap = sorted(set(entry.languages) & set(codes))
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
        shown = pd.DataFrame(rows, columns=columns).rename(columns={"left_out": "left out (test)"})
        return shown.set_index("role")
