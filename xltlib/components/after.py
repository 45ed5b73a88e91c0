"""Adaptation after training: of sentence vectors that nothing trains any more.

The kinds are in vector_adaptation.py. A kind of one's own is a subclass of :class:`After`, or of
vector_adaptation.Centre, with the method ``fit``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

import numpy as np

from xltlib.components.base import Component, gathered
from xltlib.vectors import Turned


@dataclass(frozen=True, kw_only=True)
class After(Component):
    """What the adaptations of vectors share."""

    texts: dict | None = gathered()  # unlabelled text or translations of each language
    source: str | None = gathered()

    def sentences_read(self) -> list[str]:
        """All of it, each once."""
        found = [text for texts in (self.texts or {}).values() for text in texts]
        flat = [part for text in found for part in ((text,) if isinstance(text, str) else text)]
        return list(dict.fromkeys(flat))

    def fit(self, vectors_of: Callable[[list[str]], np.ndarray]) -> Turned:
        """What turns vectors, fitted on those of the text.

        Args:
            vectors_of: sentences -> unit-length vectors, shape (sentences, hidden).
        """
        return Turned({})


@dataclass(frozen=True, kw_only=True)
class NoAfter(After):
    """Vectors as they are (rung Z0)."""
