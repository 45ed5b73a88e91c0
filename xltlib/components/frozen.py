"""Heads of vectors that stay as they are: what an encoder knows before any fine-tuning (frozen.py)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xltlib import frozen
from xltlib.components.base import option
from xltlib.components.encoder import MOST_LAYERS
from xltlib.components.head import Head


@dataclass(frozen=True, kw_only=True)
class Frozen(Head):
    """What the two share: nothing is trained but what compares two vectors.

    Args:
        layer: whose states are pooled: -1 the last, 0 the embeddings.
    """

    layer: int = option(-1, at_least=-1, at_most=MOST_LAYERS)
    architecture = "bi"
    trains = False

    def build(self, encoder, encoder_options, classes: int):
        """A classifier whose sentence vectors are those of ``layer``; arguments as those of Head.build.

        Raises:
            ValueError: the encoder has fewer layers.
        """
        model = super().build(encoder, encoder_options, classes)
        layers = encoder.model.config.num_hidden_layers
        if self.layer > layers:
            raise ValueError(f"head.layer = {self.layer}: this encoder has {layers} layers")
        model.layer = self.layer
        return model

    def probabilities(self, train: tuple, dev: tuple, test: tuple) -> np.ndarray:
        """Probability of each class for the test pairs, shape (pairs, classes).

        Args:
            train, dev: ``(u, v, labels)``: unit-length vectors of first and second sentences, and classes.
            test: ``(u, v)``.
        """
        return frozen.probabilities(self.features, train, dev, test)


@dataclass(frozen=True, kw_only=True)
class Cosine(Frozen):
    """L0: a threshold on the cosine, fitted on development pairs of the source language (rung Z0).

    Pairs that share a sentence with the test set are left out.
    """

    features = "cosine"
    two_classes = True
    only_dev = True  # no training pair is read


@dataclass(frozen=True, kw_only=True)
class Logistic(Frozen):
    """L1: a logistic regression on [u; v; |u-v|; u*v] of the training pairs (rung Z0).

    Its penalty is chosen on development pairs.
    """

    features = "logistic"
