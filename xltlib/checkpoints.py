"""Weights on the way of a training: the checkpoints that are kept, the rules that pick one, their average."""

from __future__ import annotations

import time
from functools import partial
from typing import Callable

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from xltlib import tracking
from xltlib.heads import PairClassifier
from xltlib.prediction import accuracy, predict
from xltlib.training import trained

SELECTIONS = ("last", "en-dev", "oracle")
RULES = (*SELECTIONS, "averaged", "ema")


class Averaged:
    """Mean of the weights at evenly spaced updates of the second half of a training.

    Stochastic weight averaging (Izmailov et al. 2018, arXiv 1803.05407), here with the schedule as it is; for
    zero-shot transfer Schmidt et al. 2023 (arXiv 2305.16834).

    Args:
        model: being trained.
        steps: updates of the training.
        number: of updates whose weights are averaged, the last among them; half the steps at most.
    Attributes:
        weights: their mean so far, by name.

    Example:
        >>> model = nn.Linear(1, 1, bias=False)
        >>> mean = Averaged(model, steps=8, number=2)
        >>> for step in range(1, 9):
        ...     _ = nn.init.constant_(model.weight, step)
        ...     mean(step)
        >>> mean.weights["weight"].item()  # of updates 6 and 8
        7.0
    """

    def __init__(self, model: nn.Module, steps: int, number: int):
        self.model, self.seen = model, 0
        self.marks = {steps - round(k * steps / (2 * number)) for k in range(number)}
        self.weights: dict[str, Tensor] = {}

    @torch.no_grad()
    def __call__(self, step: int) -> None:
        """After each update: take its weights into the mean, if it is one of those."""
        if step not in self.marks:
            return
        self.seen += 1
        for name, p in trained(self.model):
            if self.seen == 1:
                self.weights[name] = p.detach().clone()
            else:
                self.weights[name].lerp_(p, 1 / self.seen)


class ExponentialAverage:
    """Exponential moving average of the weights over all updates of a training.

    Args:
        model: being trained.
        decay: what stays of the mean at an update; 0.99 looks back on some hundred updates.
    Attributes:
        weights: their mean so far, by name.

    Example:
        >>> model = nn.Linear(1, 1, bias=False)
        >>> mean = ExponentialAverage(model, decay=0.5)
        >>> for step in range(1, 4):
        ...     _ = nn.init.constant_(model.weight, step)
        ...     mean(step)
        >>> mean.weights["weight"].item()  # (1 / 2 + 2 / 2) / 2 + 3 / 2
        2.25
    """

    def __init__(self, model: nn.Module, decay: float):
        self.model, self.decay = model, decay
        self.weights: dict[str, Tensor] = {}

    @torch.no_grad()
    def __call__(self, step: int) -> None:
        """After each update: take its weights into the mean."""
        for name, p in trained(self.model):
            if name in self.weights:
                self.weights[name].lerp_(p, 1 - self.decay)
            else:
                self.weights[name] = p.detach().clone()


class Checkpoints:
    """Weights at each checkpoint, with accuracy on development data; picks them by three rules, or more.

    ``last`` is the final one, ``en-dev`` the best on source-language development data, ``oracle`` the best on
    each target language's own (no zero-shot method may use it: it only shows what selection costs;
    Keung et al. 2020, arXiv 2004.15001). Averages, where they are asked for, are rules of their own:
    ``averaged`` (:class:`Averaged`) and ``ema`` (:class:`ExponentialAverage`).

    Args:
        model: being trained.
        dev: development pairs, the source language among them.
        source: the source language.
        averages: by the name of their rule, what averages weights on the way; None: nothing.
        precision: of scoring, see prediction.predict.
    """

    def __init__(
        self,
        model: PairClassifier,
        dev: pd.DataFrame,
        source: str = "en",
        averages: dict[str, Averaged | ExponentialAverage] | None = None,
        precision: str = "no",
    ):
        if source not in set(dev.language1):
            why = "its development data select a checkpoint"
            raise ValueError(f"the source language {source!r} is not among the targets: {why}")
        self.model, self.dev, self.source = model, dev, source
        self.steps, self.weights, self.scores = [], [], []
        self.averages = averages or {}
        self.rules = (*SELECTIONS, *self.averages)
        self.precision, self.seconds = precision, 0.0

    def __call__(self, step: int) -> None:
        """Score the model as it is now and keep its trainable weights; ``seconds`` counts the time of it."""
        began = time.perf_counter()
        table = (
            accuracy(predict(self.model, self.dev, precision=self.precision)).set_index("language1").accuracy
        )
        self.steps.append(step)
        self.weights.append({name: p.detach().clone() for name, p in trained(self.model)})
        self.scores.append(table)
        tracking.current().log(step, {f"dev_accuracy/{code}": float(share) for code, share in table.items()})
        self.seconds += time.perf_counter() - began

    def updated(self, step: int) -> None:
        """After each update: take its weights into the averages."""
        for average in self.averages.values():
            average(step)

    def choice(self, selection: str, code: str) -> int:
        """Position of the checkpoint that a rule picks for a language; the later one on a tie.

        Averages stand behind the last.
        """
        last = len(self.steps) - 1
        if selection in self.averages:
            return last + 1 + list(self.averages).index(selection)
        if selection == "last":
            return last
        judge = self.source if selection == "en-dev" else code
        if judge not in self.scores[0]:
            return last
        column = [scores[judge] for scores in self.scores]
        return int(last - np.argmax(column[::-1]))

    def predict(
        self, test: pd.DataFrame, progress: bool = False, score: Callable | None = None
    ) -> pd.DataFrame:
        """Predictions on the test set under each rule; a checkpoint scores the languages it is picked for.

        Args:
            test: labelled pairs.
            progress: show a tqdm bar.
            score: ``(model, frame, progress=...) -> predictions``: votes of noisy copies; None: the model's.
        """
        score = score or partial(predict, precision=self.precision)
        codes = test.language1.unique()
        chosen = {(rule, code): self.choice(rule, code) for rule in self.rules for code in codes}
        weights = [*self.weights, *(average.weights for average in self.averages.values())]
        steps = [*self.steps, *(self.steps[-1] for _ in self.averages)]
        scored = {}
        # All languages of a checkpoint in one go: a bi-encoder encodes each sentence once.
        for position in sorted(set(chosen.values())):
            self.model.load_state_dict(weights[position], strict=False)
            wanted = test.language1.isin([code for (_, code), picked in chosen.items() if picked == position])
            found = score(self.model, test[wanted], progress=progress)
            scored[position] = found.assign(step=steps[position])
        parts = []
        for (rule, code), position in chosen.items():
            of_language = scored[position].language1 == code
            parts.append(scored[position][of_language].assign(selection=rule))
        self.model.load_state_dict(self.weights[-1], strict=False)
        return pd.concat(parts, ignore_index=True)

    def selected(self, codes: list[str]) -> dict[str, dict[str, int]]:
        """The step that each rule picks for each language."""
        return {code: {rule: self.steps[self.choice(rule, code)] for rule in SELECTIONS} for code in codes}

    def history(self) -> list[dict]:
        """Accuracy on development data at each checkpoint, by language."""
        scored = zip(self.steps, self.scores)
        return [{"step": step, **scores.round(6).to_dict()} for step, scores in scored]
