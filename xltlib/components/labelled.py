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

        A head that is fitted on development pairs alone (``only_dev``) gets those that share no sentence with
        the test set, whatever the split; the others are left out, and counted.

        Args:
            run: whose task, targets and test set these are.
            dev_languages: languages of the development pairs; None: all targets.
        Raises:
            ValueError: labels of a zero-shot language are read; or a head that is fitted in one go, and so
                knows only classes that it has seen, has no pair of one.
        """
        door, dev_codes = run.provenance, dev_languages or run.targets
        fits_dev, left_out = run.head.only_dev, 0
        codes = dev_codes if fits_dev and self.split == "dev" else languages.parse(self.languages)
        test = tasks.load_pairs(run.task, "test", run.targets, run.folder, run.scored.test)
        train, dev = tasks.load_training(
            run.task, codes, dev_codes, door.test, run.folder, self.split, self.items, run.scored.dev
        )
        if fits_dev:  # their labels are trained on, where others only choose a checkpoint by them
            if self.split == "train":
                train, _ = tasks.divided(dev, door.test, held_out=0)
            dev, left_out = train, train.attrs["shared_with_test"]
        zero_shot = run.codes(self.zero_shot)
        role = "adaptation" if self.stands_for else "labels"
        door.labels(train, run.source, self.stands_for or "train", role, left_out)
        door.refuse_labels(zero_shot)
        for frame in (train, dev, test):
            door.know([*frame.sentence1, *frame.sentence2])
        classes = tasks.find(run.task).CLASSES
        if not run.head.trains:
            _refuse_unseen_classes(train, classes)
        return Data(run.task, run.source, run.targets, classes, train, dev, test, zero_shot)


def _refuse_unseen_classes(pairs: pd.DataFrame, classes: list[str]) -> None:
    """Stop when pairs that a frozen head is fitted on lack a class: its columns would be other classes.

    Raises:
        ValueError: names the classes, and says what to do.
    """
    seen = set(pairs.label)
    unseen = [name for number, name in enumerate(classes) if number not in seen]
    if unseen:
        raise ValueError(
            f"none of the {len(pairs)} labelled pairs that the head is fitted on is {' or '.join(unseen)}, "
            "and it knows only classes that it has seen; read more items (labelled.items, of a threshold "
            "scored.dev)"
        )
