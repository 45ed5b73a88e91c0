"""Whether an exported folder gives the probabilities that the run's model gives: else it is not left."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from xltlib.exporting import loaded
from xltlib.exporting.kept import ENCODER
from xltlib.exporting.rebuilt import Rebuilt
from xltlib.statistics.answers import class_columns

CLOSE = 1e-5  # by which a probability, or a number of a unit-length vector, may differ
OF_THE_RUN = 1e-2  # of what the run predicted: on a graphics card sums have fewer digits
LONGEST = 1024  # tokens up to which a pair is tried that is cut


@dataclass(frozen=True)
class Agreement:
    """What was compared.

    Attributes:
        pairs: how many pairs the folder was asked about.
        difference: the largest, from the model in memory.
        predicted: how many pairs the run had predicted.
        of_the_run: the largest difference of these, from the model in memory; NaN of none.
    """

    pairs: int
    difference: float
    predicted: int
    of_the_run: float


def check(rebuilt: Rebuilt, folder: Path) -> Agreement:
    """Ask the model and the folder about the same pairs.

    Raises:
        ValueError: they differ, or the model is not the one that made the run's predictions.
    """
    first, second = rebuilt.pairs.sentence1.tolist(), rebuilt.pairs.sentence2.tolist()
    ours = rebuilt.answers(first, second)
    predicted, of_the_run = class_columns(rebuilt.pairs), float("nan")
    if predicted:
        of_the_run = float(np.abs(rebuilt.pairs[predicted].to_numpy() - ours).max())
        if of_the_run > OF_THE_RUN:
            raise ValueError(
                f"run {rebuilt.kept.place.name}: its model gives probabilities that differ by "
                f"{of_the_run:.2g} from those that it predicted: its data or its encoder are others now"
            )
    odd_first, odd_second = odd_pairs(rebuilt)
    first, second = [*first, *odd_first], [*second, *odd_second]
    ours = rebuilt.answers(first, second)
    if rebuilt.kept.form == ENCODER:
        theirs = loaded.vectors(folder, [*first, *second])
    else:
        theirs = loaded.probabilities(folder, first, second)
    difference = float(np.abs(ours - theirs).max())
    if not difference <= CLOSE:
        raise ValueError(
            f"run {rebuilt.kept.place.name}: loaded by sentence-transformers it gives numbers that differ by "
            f"{difference:.2g}, more than {CLOSE:g}; nothing is written"
        )
    return Agreement(len(first), difference, len(rebuilt.pairs) if predicted else 0, of_the_run)


def odd_pairs(rebuilt: Rebuilt) -> tuple[list[str], list[str]]:
    """Pairs that a test set may lack: in two languages, with unknown characters, longer than fits."""
    one = rebuilt.pairs.groupby("language1", sort=False).head(1)
    first, second = one.sentence1.tolist(), one.sentence2.tolist()
    in_two = first, [*second[1:], second[0]]
    unknown = [f"☃ {text} ⚗" for text in first], [f"{text} ꙮ𓀀 {text}" for text in second]
    pairs = [*zip(*in_two), *zip(*unknown)]
    if rebuilt.model.max_length <= LONGEST:
        long = _longer(" ".join(first), rebuilt)
        pairs += [(long, second[0]), (first[0], long), (long, f"{second[0]} {long}")]
    return [one for one, _ in pairs], [two for _, two in pairs]


def _longer(text: str, rebuilt: Rebuilt) -> str:
    """A text said again until it is longer than what the model reads."""
    while rebuilt.model.lengths([text])[0] <= rebuilt.model.max_length:
        text = f"{text} {text}"
    return text
