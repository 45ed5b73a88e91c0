"""Sentence vectors of an encoder that stays as it is, each sentence encoded once, and what turns them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Callable

import numpy as np
import pandas as pd


def refuse_no_numbers(vectors: np.ndarray, what: str, sentences: list[str] | None = None) -> None:
    """Stop where a vector is NaN or infinite: what compares it would call every pair the same class.

    Args:
        vectors: shape (sentences, width).
        what: what they are.
        sentences: of which they are; the first is shown.
    Raises:
        ValueError: says how many they are.
    """
    odd = ~np.isfinite(vectors).all(axis=1)
    if odd.any():
        shown = f", that of {sentences[int(odd.argmax())][:60]!r} among them" if sentences else ""
        raise ValueError(
            f"{int(odd.sum())} of {len(odd)} {what} are NaN or infinite{shown}: the weights of the encoder, "
            "or of the model that this starts from, are broken"
        )


@dataclass
class Turned:
    """Vectors adapted after training, language by language.

    Attributes:
        turns: by language, a function from vectors to adapted vectors; languages without one stay.
        detect: vectors -> language codes; None: the language of a sentence is given.
        retrieved: by language, the share of translations found before and after, where that was measured.
    """

    turns: dict[str, Callable[[np.ndarray], np.ndarray]]
    detect: Callable[[np.ndarray], np.ndarray] | None = None
    retrieved: dict[str, dict[str, float]] = field(default_factory=dict)

    def __call__(self, vectors: np.ndarray, codes: np.ndarray) -> np.ndarray:
        """Unit-length adapted vectors, shape (sentences, width).

        Args:
            vectors: shape (sentences, width).
            codes: the language of each.
        Raises:
            ValueError: an adapted vector has no direction.
        """
        found = vectors.copy()
        if self.detect is not None:
            codes = self.detect(found)
        for code, turn in self.turns.items():
            rows = codes == code
            found[rows] = turn(found[rows])
        with np.errstate(invalid="ignore", divide="ignore"):
            unit = found / np.linalg.norm(found, axis=1, keepdims=True)
        refuse_no_numbers(unit, "adapted vectors")
        return unit

    def said(self) -> pd.DataFrame | None:
        """Translations found before and after, a row a language; None where they were not looked for."""
        if not self.retrieved:
            return None
        return pd.DataFrame(self.retrieved).T.round(3).rename_axis("translations found")


class Vectors:
    """Unit-length vectors of sentences.

    Args:
        model: a bi-encoder; moved to where a training would move it (devices.py).
        frames: labelled pairs, by name, whose sentences these are.
    """

    def __init__(self, model, frames: dict[str, pd.DataFrame]):
        from xltlib import devices

        columns = [frame[column] for frame in frames.values() for column in ("sentence1", "sentence2")]
        self.sentences = list(dict.fromkeys(sentence for column in columns for sentence in column))
        self.model, self.table, self.tokens = model.to(devices.chosen()), pd.Series(dtype=object), 0
        self._encode(self.sentences)

    def _encode(self, sentences: list[str]) -> None:
        from xltlib import prediction

        vectors = prediction.encoded(self.model, sentences, progress=True)
        refuse_no_numbers(vectors, "sentence vectors", sentences)
        found = pd.Series(list(vectors), index=sentences)
        table = pd.concat([self.table, found]) if len(self.table) else found
        self.table = table[~table.index.duplicated()]

    def add(self, unlabelled: list[str]) -> None:
        """Encode more sentences, of an adaptation; their tokens are counted as what it cost."""
        if unlabelled:
            self._encode(unlabelled)
            self.tokens += sum(self.model.lengths(unlabelled))

    def of(self, sentences: list[str]) -> np.ndarray:
        """Vectors of sentences that were given, shape (sentences, width)."""
        return np.stack(self.table.loc[list(sentences)])

    def side(self, frame: pd.DataFrame, number: int, turned: Turned) -> np.ndarray:
        """Adapted vectors of a frame's first or second sentences."""
        return turned(self.of(frame[f"sentence{number}"]), frame[f"language{number}"].to_numpy())

    def sides(self, frame: pd.DataFrame, turned: Turned) -> tuple[np.ndarray, np.ndarray]:
        """Of both."""
        return self.side(frame, 1, turned), self.side(frame, 2, turned)

    def language_bias(self, test: pd.DataFrame, sentences: int, turned: Turned) -> pd.DataFrame:
        """Language bias of adapted vectors on n-way parallel test sentences (bias.language_bias); 0: none."""
        from xltlib import bias, tasks

        if not sentences:
            return pd.DataFrame()
        vectors = {}
        for code, texts in tasks.parallel_sentences(test, sentences).items():
            vectors[code] = turned(self.of(texts), np.full(len(texts), code))
        return bias.language_bias(vectors)

    def guessed(self, test: pd.DataFrame, turned: Turned) -> float | None:
        """The share of first sentences whose language was detected rightly; None where it was given."""
        if turned.detect is None:
            return None
        return float((turned.detect(self.of(test.sentence1)) == test.language1).mean())

    @staticmethod
    def shown(bias: pd.DataFrame) -> pd.DataFrame | None:
        """A table of language bias, rounded; None where it was not asked for."""
        return bias.round(3) if len(bias) else None

    @staticmethod
    def rows(bias: pd.DataFrame) -> list[dict]:
        """A table of language bias as a record keeps it."""
        return bias.reset_index().to_dict("records") if len(bias) else []
