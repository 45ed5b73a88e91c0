"""Adaptation during fine-tuning: a penalty beside the labelled loss, from unlabelled text or unlabelled parallel pairs of the targets."""

from __future__ import annotations

import copy
from typing import Callable, Iterator

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from xltlib.adaptation.consistency import averaged, consistency
from xltlib.adaptation.domain import Discriminator, coral, dann_strength, mmd
from xltlib.batching import Batch

PENALTIES = ("dann", "coral", "mmd", "consistency")


def text_batches(texts: dict[str, list[str]], source: str, batch_size: int, rng: np.random.Generator) -> Iterator[tuple[list[str], list[str]]]:
    """Endless pairs of batches of unlabelled sentences: of the source language, and of the others, drawn alike.

    Both sides come from one corpus: else a penalty would also tell kinds of text apart.

    Raises:
        ValueError: no text of the source language, or of no other.
    """
    codes = sorted(code for code in texts if texts[code] and code != source)
    if not codes or not texts.get(source):
        raise ValueError(f"a penalty compares text of {source} with text of other languages: got {({code: len(of) for code, of in texts.items()})}")
    draw = lambda code: texts[code][int(rng.integers(len(texts[code])))]
    while True:
        yield [draw(source) for _ in range(batch_size)], [draw(code) for code in rng.choice(codes, size=batch_size)]


def pair_batches(frame: pd.DataFrame, source: str, batch_size: int, rng: np.random.Generator) -> Iterator[tuple[Batch, Batch]]:
    """Endless pairs of batches: items in the source language, and the same items in one other language each; no label is read.

    Args:
        frame: n-way parallel pairs; items that the source language lacks are left out.
    Raises:
        ValueError: no item stands in the source language and another.
    """
    own = frame[frame.language1 == source].set_index("item")
    others = frame[(frame.language1 != source) & frame["item"].isin(own.index)]
    if others.empty:
        raise ValueError(f"consistency needs pairs in {source} and another language; this data has none")
    by_language = [group for _, group in others.groupby("language1", sort=True)]
    while True:
        drawn = [by_language[int(rng.integers(len(by_language)))] for _ in range(batch_size)]
        rows = [group.iloc[int(rng.integers(len(group)))] for group in drawn]
        first = own.loc[[row["item"] for row in rows]]
        yield Batch(first.sentence1.tolist(), first.sentence2.tolist()), Batch([r.sentence1 for r in rows], [r.sentence2 for r in rows])


class Penalised:
    """A loss with a penalty: ``loss(batch) + weight * penalty``; a discriminator, where there is one, is trained along.

    ``dann``, ``coral`` and ``mmd`` compare the pooled vectors of single sentences of the source language and of the others, whatever the
    head: unlabelled text comes in sentences, not in pairs. ``consistency`` compares class scores for translated pairs with the teacher's for the source-language ones.

    Args:
        model: a pair classifier; for ``dann`` it gets a submodule ``discriminator``.
        loss: labelled batch -> scalar.
        kind: one of ``PENALTIES``.
        stream: of :func:`text_batches`, for ``consistency`` of :func:`pair_batches`.
        weight: of the penalty.
        steps: updates of the training; ``dann`` grows over them.
        decay: ``consistency``: 1 keeps the teacher as the model was at the start; below 1 it follows the model (mean teacher).
    Raises:
        ValueError: an unknown kind.
    """

    def __init__(self, model, loss: Callable[[Batch], Tensor], kind: str, stream: Iterator, weight: float, steps: int, decay: float = 1.0):
        if kind not in PENALTIES:
            raise ValueError(f"penalty={kind!r}: known are {', '.join(PENALTIES)}")
        self.model, self.loss, self.kind, self.stream, self.weight, self.steps, self.decay = model, loss, kind, stream, weight, steps, decay
        self.done, self.penalties = 0, []
        if kind == "dann":
            model.discriminator = Discriminator(model.classifier[0].out_features)
        self.teacher = copy.deepcopy(model).requires_grad_(False) if kind == "consistency" else None

    def __call__(self, batch: Batch) -> Tensor:
        penalty = self._consistency() if self.kind == "consistency" else self._distance()
        self.done += 1
        self.penalties.append(float(penalty.detach()))
        return self.loss(batch) + self.weight * penalty

    def _consistency(self) -> Tensor:
        source, target = next(self.stream)
        with torch.no_grad():
            self.teacher.to(next(self.model.parameters()).device).eval()
            if self.decay < 1 and self.done:
                averaged(self.teacher, self.model, self.decay)
            taught = self.teacher.logits(source.first, source.second)
        return consistency(taught, self.model.logits(target.first, target.second))

    def _distance(self) -> Tensor:
        sides = [self.model.pool(self.model.tensors(sentences)) for sentences in next(self.stream)]
        if self.kind != "dann":
            return (coral if self.kind == "coral" else mmd)(*sides)
        domain = torch.cat([torch.full((len(side),), number, device=side.device) for number, side in enumerate(sides)])
        return self.model.discriminator(torch.cat(sides), domain, dann_strength(self.done / self.steps))
