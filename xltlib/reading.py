"""What the runs of a plan read: each reads it here as it would in its notebook, but trains nothing."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from xltlib.notebooks import FROZEN
from xltlib.parameters import nested, placeless
from xltlib.plan import Node, Plan
from xltlib.ancestry import encoder_name
from xltlib.run import Run

GATHERED = ("batches", "noise", "penalty", "after", "adaptation", "measured")  # as the notebooks do
NO_TEXT = (  # parameters that change nothing of what is read
    "steps", "learning_rate", "warmup", "precision", "checkpoints", "keep_model", "draw", "start",
)  # fmt: skip


class Alone(Run):
    """A run that reads without the runs that it goes on from: they need not be there.

    Args:
        node: of a plan.
        base: the encoder that it, or what it goes on from, began with.
    """

    writes = False

    def __init__(self, node: Node, base: str):
        self.base, self.looks_at_whole = base, False
        super().__init__(node.notebook, node.parameters)

    def ancestry(self):
        return self.base, encoder_name(self.base), [], {}

    @property
    def whole(self):
        self.looks_at_whole = True
        return super().whole

    def read(self) -> list[str]:
        """Every text whose pieces its encoder must know."""
        if hasattr(self, "labelled"):
            self.load([self.source] if self.notebook == FROZEN else None)
        self.gather(*(family for family in GATHERED if hasattr(self, family)))
        measured = self.measured.looked_at() if hasattr(self, "measured") else []
        return [*self.provenance.vocabulary, *measured]

    @property
    def needs_whole(self) -> bool:
        """Whether it uses the encoder's whole vocabulary: its neighbours are no part of the text."""
        return self.looks_at_whole or not self.encoder.trim


def base_encoder(plan: Plan, node: Node) -> str:
    """The encoder that a run began with: its own, or that of the adapted encoder that it names."""
    by_id = {other.run: other for other in plan.nodes.values()}
    name = node.parameters["encoder"]["name"]
    while name in by_id:
        name = by_id[name].parameters["encoder"]["name"]
    return name


def distinct(plan: Plan) -> dict[str, tuple[Node, str]]:
    """The runs of a plan that differ in what they read, one of each, with its first encoder.

    Returns:
        By a hash of what decides it: parameters and options, but for those that change nothing of what is
        read. Seeds count where a component is of one's own, which may draw its text.
    """
    found = {}
    for node in plan.nodes.values():
        settings = {name: value for name, value in placeless(node.parameters).items() if name not in NO_TEXT}
        parts = [part for _, part in nested(node.parameters)]
        if all(type(part).__module__.startswith("xltlib.") for part in parts):
            settings.pop("seed")
        base = base_encoder(plan, node)
        settings["encoder"] = {**settings["encoder"], "name": base}
        key = hashlib.sha256(json.dumps([node.notebook, settings], sort_keys=True).encode()).hexdigest()[:16]
        found.setdefault(key, (node, base))
    return found


@contextmanager
def opened() -> Iterator[set[Path]]:
    """The files that this process opens meanwhile, whoever opens them."""
    found: set[Path] = set()
    active = True

    def note(event: str, given: tuple) -> None:
        if active and event == "open" and isinstance(given[0], (str, bytes, os.PathLike)):
            found.add(Path(os.path.abspath(os.fsdecode(given[0]))))

    sys.addaudithook(note)  # it cannot be taken away again
    try:
        yield found
    finally:
        active = False
