"""Heads that fine-tuning trains on top of an encoder: what reads a pair, and the loss of a batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xltlib.components.base import Component, option


@dataclass(frozen=True, kw_only=True)
class Head(Component):
    """What the heads share.

    Args:
        max_length: tokens of a pair (``cross``) or of a sentence (``bi``); what is longer is cut.
    Attributes:
        architecture: of the classifier that it builds, a name in heads.HEADS.
        trains: whether 20_finetune trains it; 21_frozen makes the others.
        least_batch: pairs of a batch of which its loss can be computed.
        two_classes: whether it can only tell two classes apart.
        only_dev: whether it reads development pairs alone, and no training pair.
        layer: whose states are pooled: -1 the last.
    """

    max_length: int = option(128, at_least=8, at_most=8192)
    architecture: ClassVar[str]
    trains = True
    least_batch = 1
    two_classes = False
    only_dev = False
    layer = -1

    def build(self, encoder, encoder_options, classes: int):
        """A fresh classifier; its weights are drawn from torch's global generator, so seed it right before.

        Args:
            encoder: an ``encoders.Encoder``.
            encoder_options: the component that it comes from, whose dropout and frozen layers these are.
            classes: how many.
        Returns:
            A heads.PairClassifier.
        """
        from xltlib import heads

        options = {"dropout": encoder_options.dropout, "frozen_layers": encoder_options.frozen_layers}
        return heads.build(self.architecture, encoder, labels=classes, max_length=self.max_length, **options)

    def loss(self, model):
        """Batch -> scalar: cross-entropy of labelled pairs, translation ranking of unlabelled ones."""
        from xltlib import heads

        def loss(batch):
            return heads.loss(model, batch)

        return loss


@dataclass(frozen=True, kw_only=True)
class Cross(Head):
    """Both sentences through the encoder at once (rung Z0).

    ``softmax(W tanh(V pool(<s> s1 </s></s> s2 </s>)))``.
    """

    architecture = "cross"


@dataclass(frozen=True, kw_only=True)
class Bi(Head):
    """Each sentence by itself; the classifier sees [u; v; |u-v|; u*v] (rung Z0).

    Reimers & Gurevych 2019 (arXiv 1908.10084).
    """

    architecture = "bi"


@dataclass(frozen=True, kw_only=True)
class BiNegatives(Head):
    """``bi``, and InfoNCE among the pairs of a batch, non-paraphrases as hard negatives (rung Z0).

    The equation, and where it is from: losses.info_nce.

    Args:
        weight: of InfoNCE beside cross-entropy.
        temperature: of its softmax.
        margin: taken off the cosine of a true pair.
        negatives: ``"all"`` other pairs, or ``"neg_only"``: second sentences of non-paraphrases.
    """

    weight: float = option(1.0, above=0)
    temperature: float = option(0.05, at_least=0.001, at_most=100)
    margin: float = option(0.0, at_least=0, at_most=2)
    negatives: str = option("all", among=("all", "neg_only"))
    architecture = "bi"
    least_batch = 2  # a pair is told from others
    two_classes = True

    def loss(self, model):
        from xltlib import heads

        options = {"temperature": self.temperature, "margin": self.margin, "negatives": self.negatives}

        def loss(batch):
            return heads.loss(model, batch, self.weight, **options)

        return loss
