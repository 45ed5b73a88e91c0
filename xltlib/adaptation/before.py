"""Adaptation before fine-tuning as one training: what is trained, on what, by which loss, and how it is measured."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator

import numpy as np
import torch
from torch import nn

from xltlib import batching, bias, encoders, heads, prediction, training
from xltlib.adaptation import align, lora, mlm, tsdae
from xltlib.encoders import Encoder


@dataclass
class Adapting:
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
        whole: the encoder with its whole vocabulary, as it was.
        measured: a components.scored.Measured: what else is looked at.
        trained: the classifier that is adapted between two trainings; None: the encoder itself is.
    """

    component: object
    encoder: Encoder
    trim: bool
    model: nn.Module
    stream: Iterator
    loss: Callable
    measure_of: Callable[[list], float]
    attached: object = None
    whole: Encoder | None = None
    measured: object = None
    trained: nn.Module | None = None

    def measure(self) -> dict[str, float]:
        """By language: perplexity of held-out text, or the share of held-out translations that are found."""
        return {code: self.measure_of(of) for code, of in self.component.held.items()}

    def mean_perplexity(self) -> float:
        """The geometric mean over languages."""
        return float(np.exp(np.mean(np.log(list(self.measure().values())))))

    def early_stop(self) -> training.EarlyStop:
        """What ends the training when held-out text gets no better, if it was asked to."""
        return training.EarlyStop(self.model, self.mean_perplexity, self.component.patience)

    def look(self) -> dict:
        """Language bias and translations of the probes found by the encoder as it is now.

        It moves no random state. With low-rank updates attached there is nothing to look at: what is before is
        the run that it starts from.
        """
        found = {"bias": [], "probes": {}}
        wanted = bool(self.measured.sentences or self.measured.translations)
        if not wanted or self.attached is not None:
            return found
        state = torch.get_rng_state()
        reader = self._reader()
        for code, pairs in self.measured.translations.items():
            found["probes"][code] = align.retrieval_accuracy(reader, pairs)
        if self.measured.sentences:
            vectors = {code: prediction.encoded(reader, of) for code, of in self.measured.sentences.items()}
            found["bias"] = bias.language_bias(vectors).reset_index().to_dict("records")
        torch.set_rng_state(state)
        return found

    def _reader(self) -> nn.Module:
        """The encoder as it is now, trimmed to what is looked at."""
        sentences = [s for of in self.measured.sentences.values() for s in of]
        sides = [side for of in self.measured.translations.values() for pair in of for side in pair]
        now = encoders.untrim(self.encoder, self.whole)
        small = encoders.trim(now, sentences + sides) if self.trim else copy.deepcopy(now)
        return heads.build("bi", small, max_length=self.component.max_length)

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
        """Write the adapted encoder with its whole vocabulary; of a trained model what training may change."""
        if self.trained is not None:
            heads.save_trained(self.trained, place)
        else:
            encoders.save(encoders.untrim(self.encoder, self.whole), place / "encoder")


def masking(component, encoder: Encoder, held, seed: int) -> Adapting:
    """Masked language modelling; arguments as components.adaptation.Mlm.build."""
    attached = None
    if component.lora_rank:
        attached = lora.attach(encoder.model, component.lora_rank, frozen_layers=held.frozen_layers)
    texts = [text for of in component.seen.values() for text in of]
    own_layers = not component.lora_rank
    model = mlm.MaskedLanguageModel(encoder, texts, held.frozen_layers, held.dropout, train_layers=own_layers)

    def batches(of: list[str]) -> Iterator:
        return mlm.masked_batches(encoder, of, component.size, component.max_length, seed)

    def loss(batch: dict) -> torch.Tensor:
        return model(**{name: tensor.to(model.classifier.bias.device) for name, tensor in batch.items()})

    def measure_of(texts: list[str]) -> float:
        return mlm.perplexity(model, encoder, texts, component.max_length)

    stream = _by_language(component, batches, seed)
    return Adapting(component, encoder, held.trim, model, stream, loss, measure_of, attached)


def denoising(component, encoder: Encoder, held, seed: int) -> Adapting:
    """TSDAE; arguments as components.adaptation.Mlm.build."""
    own_layers, attached = not component.lora_rank, None
    model = tsdae.DenoisingAutoEncoder(encoder, held.frozen_layers, held.dropout, train_layers=own_layers)
    encoder.model = model.model  # the encoder is trained where its decoder shares its layers
    if component.lora_rank:
        attached = lora.attach(model.model, component.lora_rank, frozen_layers=held.frozen_layers)

    def batches(of: list[str]) -> Iterator:
        size, length = component.size, component.max_length
        return tsdae.noisy_batches(encoder, of, size, length, seed, component.deletion)

    def loss(batch: tuple[dict, dict]) -> torch.Tensor:
        device = next(model.parameters()).device
        return model(*({name: tensor.to(device) for name, tensor in part.items()} for part in batch))

    def measure_of(texts: list[str]) -> float:
        return tsdae.perplexity(model, encoder, texts, component.max_length, component.deletion)

    stream = _by_language(component, batches, seed)
    return Adapting(component, encoder, held.trim, model, stream, loss, measure_of, attached)


def ranking(component, encoder: Encoder, held, seed: int) -> Adapting:
    """Translation ranking; arguments as components.adaptation.Mlm.build."""
    options = {"dropout": held.dropout, "frozen_layers": held.frozen_layers}
    model = heads.build("bi", encoder, max_length=component.max_length, **options)
    rng = np.random.default_rng(seed)
    stream = batching.translations(component.seen, component.size, model.lengths, rng)

    def loss(batch: batching.Batch) -> torch.Tensor:
        return heads.loss(model, batch)

    def measure_of(pairs: list[tuple[str, str]]) -> float:
        return align.retrieval_accuracy(model, pairs)

    return Adapting(component, encoder, held.trim, model, stream, loss, measure_of)


def _by_language(component, batches: Callable[[list[str]], Iterator], seed: int) -> Iterator:
    """Batches of all languages in one pool, or each of one language, drawn by the exponent."""
    if component.exponent == 1:
        return batches([text for of in component.seen.values() for text in of])
    streams = [batches(of) for of in component.seen.values()]
    sizes = [len(of) for of in component.seen.values()]
    return batching.mixed(streams, sizes, component.exponent, np.random.default_rng(seed))
