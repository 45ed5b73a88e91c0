"""Adaptation during fine-tuning: a penalty beside the labelled loss.

It is computed from unlabelled text (DANN, CORAL, MMD), from text with dependency trees, or from unlabelled
parallel pairs (consistency) of the targets.
"""

from __future__ import annotations

import copy
from typing import Callable, Iterator

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from xltlib.adaptation.consistency import consistency, update_teacher
from xltlib.adaptation.domain import Discriminator, dann_strength
from xltlib.adaptation.syntax import StructuralProbe, probe_loss
from xltlib.batching import Batch


def text_batches(
    texts: dict[str, list[str]], source: str, batch_size: int, rng: np.random.Generator
) -> Iterator[tuple[list[str], list[str]]]:
    """Endless pairs of batches of unlabelled sentences: of the source language, and of the others.

    The other languages are drawn alike. Both sides come from one corpus: else a penalty would also tell kinds
    of text apart.

    Args:
        texts: per language, its sentences.
        source: the source language.
        batch_size: sentences of each side.
    Raises:
        ValueError: no text of the source language, or of no other.
    """
    codes = sorted(code for code in texts if texts[code] and code != source)
    if not codes or not texts.get(source):
        counts = {code: len(sentences) for code, sentences in texts.items()}
        raise ValueError(f"a penalty compares text of {source} with text of other languages: got {counts}")

    def draw(code: str) -> str:
        return texts[code][int(rng.integers(len(texts[code])))]

    while True:
        in_source = [draw(source) for _ in range(batch_size)]
        others = [draw(code) for code in rng.choice(codes, size=batch_size)]
        yield in_source, others


def pair_batches(
    frame: pd.DataFrame, source: str, batch_size: int, rng: np.random.Generator
) -> Iterator[tuple[Batch, Batch]]:
    """Endless pairs of batches: items in the source language, and the same items in one other language each.

    No label is read.

    Args:
        frame: n-way parallel pairs; items that the source language lacks are left out.
        source: the source language.
        batch_size: items.
    Raises:
        ValueError: no item stands in the source language and another.
    """
    source_pairs = frame[frame.language1 == source].set_index("item")
    others = frame[(frame.language1 != source) & frame["item"].isin(source_pairs.index)]
    if others.empty:
        raise ValueError(
            f"consistency needs pairs in {source} and another language, and none is left; scored.dev must "
            "leave some of the development items (0 takes all)"
        )
    by_language = [group for _, group in others.groupby("language1", sort=True)]
    while True:
        drawn = [by_language[int(rng.integers(len(by_language)))] for _ in range(batch_size)]
        rows = [group.iloc[int(rng.integers(len(group)))] for group in drawn]
        first = source_pairs.loc[[row["item"] for row in rows]]
        in_source = Batch(first.sentence1.tolist(), first.sentence2.tolist())
        in_others = Batch([row.sentence1 for row in rows], [row.sentence2 for row in rows])
        yield in_source, in_others


class Penalised:
    """A loss with a penalty: ``loss(batch) + weight * penalty``.

    Args:
        loss: labelled batch -> scalar.
        penalty: has a method ``at(done) -> scalar``, as the classes below have.
        weight: of the penalty.
    Attributes:
        done: calls so far, which are updates: no noise that computes a loss twice goes with a penalty.
    """

    def __init__(self, loss: Callable[[Batch], Tensor], penalty, weight: float):
        self.loss, self.penalty, self.weight = loss, penalty, weight
        self.done, self._penalties = 0, []

    @property
    def penalties(self) -> list[float]:
        """The penalty at each update so far, before it was weighted."""
        return torch.stack(self._penalties).float().tolist() if self._penalties else []

    def __call__(self, batch: Batch) -> Tensor:
        penalty = self.penalty.at(self.done)
        self.done += 1
        self._penalties.append(penalty.detach())  # a number of it now would wait for the device
        return self.loss(batch) + self.weight * penalty


def _pooled(model, sides: tuple[list[str], list[str]]) -> list[Tensor]:
    """Vectors of the sentences of the source language and of the others; shape (batch, hidden) each.

    They are single sentences whatever the head: unlabelled text comes in sentences, not in pairs.
    """
    return [model.pool(model.tensors(sentences)) for sentences in sides]


class DannPenalty:
    """Cross-entropy of a discriminator of languages, with a reversed gradient (domain.Discriminator).

    Args:
        model: a pair classifier with its head; it gets a submodule ``discriminator``, which is trained along.
        stream: of :func:`text_batches`.
        steps: updates of the training; the strength of the reversed gradient grows over them.
    """

    def __init__(self, model, stream: Iterator, steps: int):
        self.model, self.stream, self.steps = model, stream, steps
        model.discriminator = Discriminator(model.pretrained.hidden)

    def at(self, done: int) -> Tensor:
        """The penalty after ``done`` updates."""
        source, others = _pooled(self.model, next(self.stream))
        domain = torch.tensor([0] * len(source) + [1] * len(others), device=source.device)
        return self.model.discriminator(torch.cat([source, others]), domain, dann_strength(done / self.steps))


class DistancePenalty:
    """A distance between the vectors of both sides: domain.coral, domain.mmd, or one of one's own.

    Args:
        model: a pair classifier.
        stream: of :func:`text_batches`.
        distance: two tensors of shape (batch, hidden) -> scalar.
    """

    def __init__(self, model, stream: Iterator, distance: Callable[[Tensor, Tensor], Tensor]):
        self.model, self.stream, self.distance = model, stream, distance

    def at(self, done: int) -> Tensor:
        """The penalty of the next batch of text."""
        return self.distance(*_pooled(self.model, next(self.stream)))


class TreePenalty:
    """How far distances of words are from those in their dependency trees (syntax.py).

    Args:
        model: a pair classifier; it gets a submodule ``probe``, which is trained along.
        stream: of syntax.tree_batches.
        rank: of the probe.
        kind: of the loss.
    """

    def __init__(self, model, stream: Iterator, rank: int, kind: str):
        self.model, self.stream, self.kind = model, stream, kind
        model.probe = StructuralProbe(model.pretrained.hidden, rank)

    def at(self, done: int) -> Tensor:
        """The penalty of the next batch of trees."""
        batch = next(self.stream)
        self.model.tokens += int(batch.inputs["attention_mask"].sum())
        batch = batch.to(self.model.classifier[0].weight.device)
        return probe_loss(self.model.model, self.model.probe, batch, self.kind)


class ConsistencyPenalty:
    """``KL(teacher's prediction of a source-language pair || the model's of its translation)``.

    Args:
        model: a pair classifier; the teacher is a copy of it as it is now.
        stream: of :func:`pair_batches`.
        decay: 1 keeps the teacher as it is; below 1 it follows the model (mean teacher).
    """

    def __init__(self, model, stream: Iterator, decay: float = 1.0):
        self.model, self.stream, self.decay = model, stream, decay
        self.teacher = copy.deepcopy(model).requires_grad_(False)

    def at(self, done: int) -> Tensor:
        """The penalty after ``done`` updates."""
        source, target = next(self.stream)
        with torch.no_grad():
            self.teacher.to(next(self.model.parameters()).device).eval()
            if self.decay < 1 and done:
                update_teacher(self.teacher, self.model, self.decay)
            taught = self.teacher.logits(source.first, source.second)
        return consistency(taught, self.model.logits(target.first, target.second))
