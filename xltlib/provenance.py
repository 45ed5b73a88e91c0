"""What a run has read, as entries; its rung, its names, and what was read of each language follow from them.

Entries are written by the door (door.py), as text and labels come through it. Nobody types these in.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field, replace

from xltlib import languages, places

RUNG_OF_KIND = {  # what was read -> the rung it lifts a run to, at least
    "labelled-source": 0,
    "words": 0,  # a list of words of the source language
    "measured": 0,  # looked at before and after, trained on by nothing
    "nothing": 0,
    "self": 0,  # what the encoder itself knows of other languages
    "text": 1,
    "trees": 1.5,  # text with parses, by people or by a parser that was trained on theirs
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
        kind: what it is, one of ``RUNG_OF_KIND``.
        languages: of which languages.
        source: where from: a corpus, a file; of a path the last part.
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
        if self.role not in ROLES or self.kind not in RUNG_OF_KIND:
            raise ValueError(
                f"role {self.role!r}, kind {self.kind!r}: roles are {', '.join(ROLES)}; "
                f"kinds are {', '.join(RUNG_OF_KIND)}"
            )
        # The class is frozen; where the source lies is no fact of it.
        object.__setattr__(self, "source", places.short(self.source))

    def as_record(self) -> dict:
        """The entry as a record keeps it."""
        return asdict(self) | {"languages": list(self.languages)}


LABSE = Entry("recipe", "labse", "parallel", source="LaBSE's pretraining")


def knows_labse(entries: list[Entry]) -> bool:
    """Whether the encoder was LaBSE from the start.

    Example:
        >>> knows_labse([LABSE]), knows_labse([Entry("recipe", "labse-recipe", "parallel", ("de",))])
        (True, False)
    """
    return any(entry.role == LABSE.role and entry.use == LABSE.use for entry in entries)


def from_record(read: list[dict]) -> list[Entry]:
    """The entries that a record keeps as dictionaries."""
    return [Entry(**{**entry, "languages": tuple(entry["languages"])}) for entry in read]


def rung(entries: list[Entry]) -> str:
    """How much supervision beyond labelled English was read: ``"Z0"`` to ``"Z4"``.

    ``"Z0'"`` is what the encoder itself knew of other languages, ``"Z1t"`` text with dependency trees.
    Unlabelled text or trees of the source language alone add nothing.

    Example:
        >>> english = Entry("labels", "train", "labelled-source", ("en",))
        >>> rung([english, Entry("adaptation", "mlm", "text", ("de",))])
        'Z1'
    """
    source = {code for entry in entries if entry.kind == "labelled-source" for code in entry.languages}
    relevant = [e for e in entries if e.kind not in ("text", "trees") or set(e.languages) - source]
    highest = max([RUNG_OF_KIND[entry.kind] for entry in relevant], default=0)
    if highest == 0 and any(entry.kind == "self" for entry in entries):
        return "Z0'"
    return "Z1t" if highest == RUNG_OF_KIND["trees"] else f"Z{highest}"


def supervision(entries: list[Entry], code: str) -> str:
    """The most that was read of a language, ``"none"`` to ``"labelled"``.

    Example:
        >>> read = [Entry("recipe", "labse-recipe", "parallel", ("sw",))]
        >>> supervision(read, "sw"), supervision(read, "swa"), supervision(read, "de")
        ('parallel', 'parallel', 'none')
    """
    kinds = {entry.kind for entry in entries if any(languages.same(code, other) for other in entry.languages)}
    if any(kind.startswith("labelled") for kind in kinds):
        return "labelled"
    strongest = [kind for kind in kinds if RUNG_OF_KIND[kind] > 0]
    return max(strongest, key=RUNG_OF_KIND.get, default="none")


def first_kinds(entries: list[Entry]) -> list[Entry]:
    """Entries of what each method reads first: one that reads text and translations is told by its text.

    Example:
        >>> read = [Entry("adaptation", "mlm-ranking", kind) for kind in ("text", "parallel")]
        >>> [entry.kind for entry in first_kinds(read)]
        ['text']
    """
    first: dict[str, str] = {}
    for entry in entries:
        first.setdefault(entry.use, entry.kind)
    return [entry for entry in entries if entry.kind == first[entry.use]]


def _last(entries: list[Entry]) -> dict[str, Entry]:
    """Of each method the last entry, in the order in which the methods came first.

    Of a method that reads things of several kinds, what it read first; facts of the others stand behind its
    own, as ``"parallel dose"``.
    """
    named = [entry for entry in entries if entry.role not in ("labels", "probe")]
    last = {entry.use: entry for entry in first_kinds(named)}
    for entry in named:
        if entry.kind != last[entry.use].kind:
            facts = dict(last[entry.use].told)
            for fact, value in entry.told.items():
                if fact != "draw":
                    facts[f"{entry.kind} {fact}"] = value
            last[entry.use] = replace(last[entry.use], told=facts)
    return last


def differing(reads: list[list[Entry]]) -> set[tuple[str, str]]:
    """Facts of a method in which the arms of a study differ: they must stand behind its name.

    Example:
        >>> few = Entry("adaptation", "mlm", "text", ("de",), told={"dose": "100"})
        >>> many = Entry("adaptation", "mlm", "text", ("de",), told={"dose": "all"})
        >>> differing([[few], [many]])
        {('mlm', 'dose')}
    """
    values_of: dict[tuple[str, str, str], set[str]] = {}
    for entries in reads:
        for entry in _last(entries).values():
            for fact, value in entry.told.items():
                kind = ""
                if fact == "source":  # two kinds have two sources anyway: the kind tells them apart
                    kind = entry.told.get("kind", "")
                values_of.setdefault((entry.use, fact, kind), set()).add(value)
    return {(use, fact) for (use, fact, _), values in values_of.items() if len(values) > 1}


def facts_in_names(read: dict[str, list[Entry]], others: dict[str, tuple]) -> set[tuple[str, str]]:
    """Facts of a method that must stand behind its name: of :func:`differing`, but draws only where needed.

    Where seeds have draws of their own, as replicates do, a draw is not told: it would make an arm of each.

    Args:
        read: what each run has read.
        others: what else tells a run from others, such as its seed.

    Example:
        >>> one, two = (Entry("adaptation", "mlm", "text", told={"draw": f"draw-{n}"}) for n in (1, 2))
        >>> facts_in_names({"a": [one], "b": [two]}, {"a": (1,), "b": (2,)})
        set()
        >>> facts_in_names({"a": [one], "b": [two]}, {"a": (1,), "b": (1,)})
        {('mlm', 'draw')}
    """
    facts = differing(list(read.values()))
    without_draws = {(use, fact) for use, fact in facts if fact != "draw"}
    counts = Counter((*others[run], *names(entries, without_draws).values()) for run, entries in read.items())
    return facts if max(counts.values(), default=0) > 1 else without_draws


def draw_of(entries: list[Entry]) -> str:
    """The draws of the adaptations that a run goes on from, in words; "" without any."""
    return "+".join(entry.told["draw"] for entry in _last(entries).values() if "draw" in entry.told)


def names(entries: list[Entry], naming: set[tuple[str, str]] = frozenset()) -> dict[str, str]:
    """Strategy and adaptation of a run, from what it and the runs that it goes on from have read.

    The strategy names what the encoder learned before labels came (``labse``, ``labse-recipe``), batches
    that were not monolingual throughout, and noise; ``plain``: none of these. The adaptation is the rest.

    Args:
        naming: of :func:`differing`, for the study.

    Example:
        >>> aligned = Entry("recipe", "labse-recipe", "parallel", ("de",))
        >>> names([aligned, Entry("batches", "hybrid", "parallel")])
        {'strategy': 'labse-recipe+hybrid', 'adaptation': 'none'}
    """
    by_role: dict[str, list[str]] = {role: [] for role in ROLES}
    for entry in _last(entries).values():
        facts = [value for fact, value in entry.told.items() if (entry.use, fact) in naming]
        by_role[entry.role].append("-".join([entry.use, *facts]))
    strategy = [*by_role["recipe"], *by_role["batches"][:1], *by_role["noise"]]
    return {
        "strategy": "+".join(strategy) or "plain",
        "adaptation": "+".join(by_role["adaptation"]) or "none",
    }


def naming_facts(
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
