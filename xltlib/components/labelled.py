"""Labelled pairs: which are read, and what a run has of them."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from xltlib import languages, tasks
from xltlib.components.base import Component, option


@dataclass
class Data:
    """The labelled pairs of a run.

    Attributes:
        task: its name.
        source: the language that is trained on.
        targets: languages to predict, the source among them, in plot order.
        classes: their names.
        train, dev, test: frames as tasks.load_pairs returns them.
        zero_shot: languages of which no label is read.
    """

    task: str
    source: str
    targets: list[str]
    classes: list[str]
    train: pd.DataFrame
    dev: pd.DataFrame
    test: pd.DataFrame
    zero_shot: list[str]

    def counts(self) -> pd.DataFrame:
        """What the test set has of each language."""
        return tasks.counts(self.test)

    def said(self) -> str:
        """Training pairs and fingerprints in words."""
        codes = " ".join(languages.in_order(self.train.language1.unique()))
        return (
            f"{len(self.train)} labelled pairs in {codes}; none holds a test sentence\n"
            f"data fingerprint: train {tasks.fingerprint(self.train)}, test {tasks.fingerprint(self.test)}"
        )

    def record(self, scored: pd.DataFrame) -> dict:
        """What the record keeps of the data.

        ``train_items`` counts rows: items times languages, and copies. ``dev_shared_with_test`` is what was
        kept from training for a sentence of the test set: under ``split: dev`` development items; of tasks
        with stock sentences (XNLI) training pairs.

        Args:
            scored: the pairs that were predicted.
        """
        return {
            "train": tasks.fingerprint(self.train),
            "dev": tasks.fingerprint(self.dev),
            "test": tasks.fingerprint(self.test),
            "train_items": len(self.train),
            "classes": self.classes,
            "test_items": self.counts().rows.to_dict(),
            "overlap": tasks.overlap_floors(self.test),
            "dropped": self.test.attrs["dropped"],
            "unquoted": self.test.attrs["unquoted"],
            "revision": self.test.attrs["revision"],
            "pairs_scored": len(scored),
            "pairs_left_out": scored.attrs.get("left_out", 0),
            "dev_shared_with_test": self.train.attrs.get("shared_with_test", 0),
        }


@dataclass(frozen=True, kw_only=True)
class Labelled(Component):
    """Labelled pairs of a task to train on (rung Z0 in the source language, Z4 in others).

    Args:
        languages: of the training pairs.
        split: ``"train"``, or ``"dev"``: development items that share no sentence with the test set.
        items: the first so many (0: all), of each set of items that are translations of each other.
        zero_shot: languages of which no label may be read, by this run or by one that it goes on from.
        stands_for: this training stands where an adaptation would: ``"more-updates"`` is the control with as
            many updates in all, ``"more-pairs"`` has more labelled pairs of the source language to draw from.
    """

    languages: str = option("en", languages=True)
    split: str = option("train", among=("train", "dev"))
    items: int = option(0, at_least=0)
    zero_shot: str = option("targets", languages=True, blank=True)
    stands_for: str = option("", among=("", "more-updates", "more-pairs"))

    def load(self, run, dev_languages: list[str] | None = None) -> Data:
        """Read the pairs, through the door, and refuse labels of what is called zero-shot.

        Args:
            run: whose task, targets and test set these are.
            dev_languages: languages of the development pairs; None: all targets.
        """
        door, codes = run.provenance, languages.parse(self.languages)
        test = tasks.load_pairs(run.task, "test", run.targets, run.folder, run.scored.test)
        train, dev = tasks.load_training(
            run.task, codes, dev_languages or run.targets, door.test, run.folder,
            self.split, self.items, run.scored.dev,
        )  # fmt: skip
        if run.head.only_dev:
            train = dev  # a threshold needs no more
        zero_shot = run.codes(self.zero_shot)
        role = "adaptation" if self.stands_for else "labels"
        door.labels(train, run.source, self.stands_for or "train", role)
        door.refuse_labels(zero_shot)
        for frame in (train, dev, test):
            door.know([*frame.sentence1, *frame.sentence2])
        classes = tasks.find(run.task).CLASSES
        return Data(run.task, run.source, run.targets, classes, train, dev, test, zero_shot)
