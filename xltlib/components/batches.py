"""Monolingual batches; those of several languages are in mixed_batches.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Iterator

import numpy as np

from xltlib import batching
from xltlib.components.base import Component, option

if TYPE_CHECKING:
    from xltlib.components.labelled import Data


@dataclass(frozen=True, kw_only=True)
class Monolingual(Component):
    """Labelled pairs, each batch in one language (rung Z0; with labels of other languages Z4).

    Args:
        size: labelled pairs an update.
        exponent: a language with n items is drawn in proportion to n ** exponent; 0: all alike.
    """

    size: int = option(8, at_least=1, at_most=65_536)
    exponent: float = option(0.0, at_least=0, at_most=2)
    monolingual = True

    def stream(self, model, data: Data, rng: np.random.Generator) -> Iterator[batching.Batch]:
        """Endless batches.

        Args:
            model: has ``lengths(first, second)``, for buckets of similar length.
            rng: of their order.
        """
        return batching.monolingual(data.train, self.size, model.lengths, rng, self.exponent)
