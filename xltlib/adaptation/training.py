"""Adaptation before fine-tuning as one training: the model, its batches, its loss, and what is measured."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator

import numpy as np
import torch
from torch import nn

from xltlib import batching, bias, devices, encoders, heads, prediction, progress, training
from xltlib.adaptation import align, lora, syntax
from xltlib.encoders import Encoder


@dataclass
class AdaptationTraining:
    """An adaptation that is about to be trained, or was.

    Attributes:
        component: its options and texts: a components.adaptation.Adaptation.
        encoder: trimmed to the text; its model is what is adapted.
        trim: whether it was trimmed.
        model: what is trained: the encoder with the head of the method.
        stream: endless batches.
        loss: batch -> scalar.
        measure_of: held-out texts of one language -> a number.
        attached: low-rank updates, as lora.attach returns them; None without.
        place, measured, trained: of the run, see :meth:`in_run`.
    """

    component: object
    encoder: Encoder
    trim: bool
    model: nn.Module
    stream: Iterator
    loss: Callable
    measure_of: Callable[[list], float]
    attached: object = None
    place: str = ""
    measured: object = None
    trained: nn.Module | None = None

    def in_run(self, place: str, measured, trained: nn.Module | None = None) -> None:
        """Take over what only the run knows, and move the model to where it will be trained.

        So what is measured before the training is computed there, too.

        Args:
            place: what encoders.load takes to load the encoder with its whole vocabulary, as it was.
            measured: a components.scored.Measured: what else is looked at.
            trained: the classifier that is adapted between two trainings; None: the encoder itself is.
        """
        self.place, self.measured, self.trained = place, measured, trained
        if trained is not None:
            trained.model = self.encoder.model  # the same one, but where a method copies it
        self.model.to(devices.chosen())

    def measure(self) -> dict[str, float]:
        """By language: what the component ``measures`` of held-out text, such as its perplexity."""
        progress.current().stage(progress.MEASURING)
        return {code: self.measure_of(texts) for code, texts in self.component.held_out_texts.items()}

    def mean_held_out(self) -> float:
        """The geometric mean over languages."""
        return float(np.exp(np.mean(np.log(list(self.measure().values())))))

    def early_stop(self) -> training.EarlyStop:
        """What ends the training when held-out text gets no better, if it was asked to."""
        return training.EarlyStop(self.model, self.mean_held_out, self.component.patience)

    def look(self) -> dict:
        """Language bias, translations of the probes and trees found by the encoder as it is now.

        It moves no random state, neither the CPU's nor a GPU's. With low-rank updates attached there is
        nothing to look at: what is before is the run that it starts from.
        """
        looked = {"bias": [], "probes": {}, "trees": {}}
        wanted = bool(self.measured.sentences or self.measured.translations or self.measured.treebank)
        if not wanted or self.attached is not None:
            return looked
        with torch.random.fork_rng(range(torch.cuda.device_count())):  # all: a seed is given to all of them
            self._look(self._reader(), looked)
        return looked

    def _look(self, reader: nn.Module, looked: dict) -> None:
        """The same by a reader of the encoder, into ``looked``."""
        for code, pairs in self.measured.translations.items():
            looked["probes"][code] = align.retrieval_accuracy(reader, pairs)
        if self.measured.sentences:
            parallel = self.measured.sentences
            vectors = {code: prediction.encoded(reader, sentences) for code, sentences in parallel.items()}
            looked["bias"] = bias.language_bias(vectors).reset_index().to_dict("records")
        if self.measured.treebank:
            self._refuse_trained_trees()
            fitted_to = self.component.languages.split()
            looked["trees"] = syntax.probe_quality(reader, self.measured.treebank, fitted_to)

    @staticmethod
    def both(what: str, before: dict, after: dict) -> dict[str, dict]:
        """What was found before and after, by language; None: nothing was looked at.

        Args:
            what: ``"probes"``, translations of these, or ``"trees"``, how well a structural probe finds them.
            before, after: of :meth:`look`.
        """
        return {
            code: {"before": before[what].get(code), "after": value} for code, value in after[what].items()
        }

    def _refuse_trained_trees(self) -> None:
        """Refuse to evaluate a probe on sentences that the adaptation is trained on."""
        treebank, trained_on = self.measured.treebank, self.component.training_texts
        evaluated = {tree.text for trees in treebank.values() for tree in trees[: syntax.EVALUATED]}
        texts = [getattr(item, "text", item) for items in trained_on.values() for item in items]
        overlap = evaluated & {text for text in texts if isinstance(text, str)}
        if overlap:
            raise ValueError(
                f"measured.trees: {len(overlap)} sentences to evaluate a probe on are trained on; "
                f"adaptation.held_out = {syntax.EVALUATED} keeps them out"
            )

    def _reader(self) -> nn.Module:
        """The encoder as it is now, trimmed to what is looked at."""
        now = encoders.untrim(self.encoder, encoders.load(self.place))
        small = encoders.trim(now, self.measured.looked_at()) if self.trim else copy.deepcopy(now)
        reader = heads.build("bi", small, max_length=self.component.max_length)
        return reader.to(self.encoder.table.device)

    @property
    def what(self) -> str:
        """What is adapted, in a word."""
        return "encoder" if self.trained is None else "model"

    def merge(self) -> None:
        """Add low-rank updates, where there are such, to the weights."""
        if self.attached is not None:
            self.encoder.model = self.model.model = lora.merge(self.attached)
            self.attached = None

    def save(self, place: Path) -> None:
        """Write the encoder with its whole vocabulary; of a trained model what training may change."""
        if self.trained is not None:
            heads.save_trained(self.trained, place)
        else:
            whole = encoders.load(self.place)
            encoders.save(encoders.untrim(self.encoder, whole), place / "encoder")


def by_language(component, batches: Callable[[list[str]], Iterator], seed: int) -> Iterator:
    """Batches of all languages in one pool, or each of one language, drawn by the exponent.

    Args:
        component: a components.adaptation.TextAdaptation.
        batches: texts -> endless batches of them.
        seed: of the drawing.
    """
    by_code = component.training_texts.values()
    if component.exponent == 1:
        return batches([text for texts in by_code for text in texts])
    streams = [batches(texts) for texts in by_code]
    sizes = [len(texts) for texts in by_code]
    return batching.mixed(streams, sizes, component.exponent, np.random.default_rng(seed))
