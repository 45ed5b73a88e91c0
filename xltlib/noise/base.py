"""What all noises share.

The type of a view, what counts as a word, the training step without noise, two noises in one step, and the
check of a rate.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

    from xltlib.batching import Batch
    from xltlib.noise.words import WordNoise

View = Callable[[str, np.random.Generator], str]
WORD = re.compile(r"\w+")


def plain(loss: Callable[[Batch], Tensor], batch: Batch, backward: Callable[[Tensor], None]) -> Tensor:
    """A training step without noise.

    Args:
        loss: batch -> scalar.
        backward: takes the loss and computes the gradients.
    Returns:
        The loss, detached.
    """
    value = loss(batch)
    backward(value)
    return value.detach()


@dataclass
class Both:
    """Two noises in one step: the first changes the batch, the second the embeddings.

    SALT-style training is made so: words switched by a view, and mixup.

    Args:
        outer: noise by a view.
        inner: noise of the embeddings.
    """

    outer: WordNoise
    inner: Callable

    def __call__(self, loss: Callable, batch: Batch, backward: Callable) -> Tensor:
        if batch.labels is not None:
            batch = self.outer.noisy(batch)
        return self.inner(loss, batch, backward)


def check_rate(rate: float) -> None:
    """Refuse a rate that is no probability.

    Raises:
        ValueError: the rate is below 0 or above 1.
    """
    if not 0 <= rate <= 1:
        raise ValueError(f"rate={rate}: a probability lies between 0 and 1")
