"""Batches of sentence pairs: monolingual, cross-lingual, hybrid.

Pairs of a batch are of similar length; the order is fixed by a seed. Hybrid batching (Elmahdy, Lin & Ahmad
2024, arXiv 2408.10536): each batch is monolingual with probability alpha and cross-lingual otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Iterator

import numpy as np
import pandas as pd

NO_NEGATIVES = "translation ranking needs two different translations in a batch"
POOL = 50  # batches among which pairs are sorted by length: enough to cut padding to some 2 %


@dataclass
class Batch:
    """Pairs for one update.

    Attributes:
        first, second: the sentences.
        labels: class numbers, or None when the two sentences are translations without a label.
    """

    first: list[str]
    second: list[str]
    labels: list[int] | None = None

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Batch:
        """Labelled pairs, all in one batch.

        Args:
            frame: columns ``sentence1, sentence2, label``.
        """
        return cls(frame.sentence1.tolist(), frame.sentence2.tolist(), frame.label.tolist())


def bucketed(
    lengths: list[int], batch_size: int, rng: np.random.Generator, groups: list | None = None
) -> list[np.ndarray]:
    """Shuffled batches of positions whose lengths are alike; the last, smaller batch is kept.

    Args:
        lengths: tokens at each position.
        groups: per position; those of one group stand side by side, so that most share a batch.

    Example:
        >>> sorted(sorted(b.tolist()) for b in bucketed([9, 1, 8, 2], 2, np.random.default_rng(1)))
        [[0, 2], [1, 3]]
    """
    if groups is None:
        group = np.arange(len(lengths))
    else:
        group = np.unique(groups, return_inverse=True)[1]
    mean_length = np.bincount(group, lengths) / np.bincount(group)
    # Groups in random order, and the members of each in random order.
    place_of_group = rng.permutation(len(mean_length))[group]
    place = rng.permutation(len(lengths))
    order = np.lexsort((place, place_of_group))  # the last key counts first
    batches = []
    for start in range(0, len(order), POOL * batch_size):
        pool = order[start : start + POOL * batch_size]
        by_length = np.lexsort((place_of_group[pool], mean_length[group[pool]]))
        pool = pool[by_length]
        batches += [pool[i : i + batch_size] for i in range(0, len(pool), batch_size)]
    rng.shuffle(batches)
    return batches


def monolingual(
    frame: pd.DataFrame, batch_size: int, lengths: Callable, rng: np.random.Generator, exponent: float = 0.0
) -> Iterator[Batch]:
    """Endless labelled batches, each in one language.

    Items that share a sentence (``cluster``) come together: labels are told apart by what differs in a batch.

    Args:
        frame: labelled pairs.
        lengths: ``(first, second) -> tokens of each pair``.
        exponent: a language with n items is drawn in proportion to n ** exponent; 0: all alike.
    """
    groups = [group for _, group in frame.groupby("language1", sort=True)]
    streams = [_passes(group, batch_size, lengths, rng) for group in groups]
    yield from mixed(streams, [len(group) for group in groups], exponent, rng)


def proportions(sizes: list[int], exponent: float) -> np.ndarray:
    """Probabilities proportional to ``size ** exponent``: 0 draws alike, 1 by size (corpora and languages).

    Example:
        >>> proportions([100, 300], 1.0).tolist(), proportions([100, 300], 0.0).tolist()
        ([0.25, 0.75], [0.5, 0.5])
    """
    weights = np.asarray(sizes, float) ** exponent
    return weights / weights.sum()


def cross_lingual(
    frame: pd.DataFrame, batch_size: int, lengths: Callable, rng: np.random.Generator
) -> Iterator[Batch]:
    """Endless labelled batches of mixed languages: each item has sentence 1 in one, sentence 2 in another.

    Args:
        frame: n-way parallel items; an item that a language lacks is paired among those that have it.
    Raises:
        ValueError: no item stands in two languages.
    """
    wide1 = frame.pivot(index="item", columns="language1", values="sentence1")
    wide2 = frame.pivot(index="item", columns="language1", values="sentence2")
    labels = frame.groupby("item").label.agg(["first", "nunique"])
    if "cluster" in frame:
        clusters = frame.groupby("item").cluster.first()
    else:
        clusters = labels.index.to_series()
    usable = wide1.index[(wide1.notna().sum(axis=1) >= 2) & (labels["nunique"] == 1)]
    if usable.empty:
        raise ValueError(
            "cross-lingual batches need labelled items in two languages or more; this data has none"
        )
    while True:
        rows = []
        for item in usable:
            codes = wide1.columns[wide1.loc[item].notna()]
            i, j = rng.choice(len(codes), size=2, replace=False)
            one, two = wide1.at[item, codes[i]], wide2.at[item, codes[j]]
            rows.append((one, two, labels.at[item, "first"], clusters.at[item]))
        drawn = pd.DataFrame(rows, columns=["sentence1", "sentence2", "label", "cluster"])
        yield from _one_pass(drawn, batch_size, lengths, rng)


def viewed(
    frame: pd.DataFrame, batch_size: int, lengths: Callable, rng: np.random.Generator, view: Callable
) -> Iterator[Batch]:
    """Endless labelled batches; one sentence of each pair, drawn anew each time, is seen through ``view``.

    Args:
        frame: labelled pairs.
        view: ``(sentence, rng) -> sentence``, as in noise/words.py.
    """
    while True:
        in_first = rng.random(len(frame)) < 0.5
        first = [view(text, rng) if seen else text for text, seen in zip(frame.sentence1, in_first)]
        second = [text if seen else view(text, rng) for text, seen in zip(frame.sentence2, in_first)]
        yield from _one_pass(frame.assign(sentence1=first, sentence2=second), batch_size, lengths, rng)


def translations(
    pairs: dict[str, list[tuple[str, str]]], batch_size: int, lengths: Callable, rng: np.random.Generator
) -> Iterator[Batch]:
    """Endless unlabelled batches of (pivot, other language) translations, languages mixed and drawn alike.

    Args:
        pairs: per language, its translation pairs.
    Raises:
        ValueError: batches of one pair, or of one sentence of the pivot.
    """
    codes = sorted(code for code in pairs if pairs[code])
    if batch_size < 2 or len({english for code in codes for english, _ in pairs[code]}) < 2:
        raise ValueError(NO_NEGATIVES)
    while True:
        left, found = {}, False
        for code in rng.permutation(codes).tolist():
            left[code] = [pairs[code][i] for i in rng.permutation(len(pairs[code]))]
        drawn = pd.DataFrame(_in_turn(left, POOL * batch_size), columns=["sentence1", "sentence2"])
        for batch in _one_pass(drawn, batch_size, lengths, rng):
            if len(batch.first) > 1:  # in-batch negatives need a second meaning
                found = True
                yield batch
        if not found:
            raise ValueError(NO_NEGATIVES)


def _in_turn(left: dict[str, list[tuple[str, str]]], wanted: int) -> list[tuple[str, str]]:
    """Pairs of all languages in turn, each sentence once, until as many as wanted are drawn or none is left.

    A language with few sentences is not drowned by those with many. The same sentence twice in a batch, in
    two languages, would be its own translation and be ranked as a negative.

    Args:
        left: per language, its pairs in the order in which they are taken, the last first; used up here.
        wanted: pairs; a last turn may give a few more.
    """
    drawn, taken = [], set()
    while left and len(drawn) < wanted:
        for code in list(left):
            while left[code] and not taken.isdisjoint(left[code][-1]):
                left[code].pop()  # drawn already, in another language
            if not left[code]:
                del left[code]
                continue
            pair = left[code].pop()
            drawn.append(pair)
            taken.update(pair)
    return drawn


def mixed(
    streams: list[Iterator[Batch]], sizes: list[int], exponent: float, rng: np.random.Generator
) -> Iterator[Batch]:
    """Per batch, one of several corpora or languages, drawn in proportion to size ** exponent.

    Args:
        streams: batches of each.
        sizes: its number of items.
        exponent: 0 draws alike, 1 by size.
    """
    drawn = proportions(sizes, exponent)
    if len(streams) == 1:
        yield from streams[0]
    while True:
        yield next(streams[int(rng.choice(len(streams), p=drawn))])


def hybrid(
    mono: Iterator[Batch], cross: Iterator[Batch], alpha: float, rng: np.random.Generator
) -> Iterator[Batch]:
    """Per batch, monolingual with probability ``alpha``, else cross-lingual.

    Args:
        mono, cross: batches of either kind.
        alpha: in [0, 1]; the paper's best was 0.5, flat between 0.4 and 0.6. Fix it before seeing results.
    Raises:
        ValueError: alpha is no probability.
    """
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha={alpha}: a probability lies between 0 and 1")
    while True:
        yield next(mono if rng.random() < alpha else cross)


def _passes(
    frame: pd.DataFrame, batch_size: int, lengths: Callable, rng: np.random.Generator
) -> Iterator[Batch]:
    while True:
        yield from _one_pass(frame, batch_size, lengths, rng)


def _one_pass(
    frame: pd.DataFrame, batch_size: int, lengths: Callable, rng: np.random.Generator
) -> Iterator[Batch]:
    """Every pair of the frame once, in buckets of similar length."""
    first, second = frame.sentence1.tolist(), frame.sentence2.tolist()
    labels = frame.label.tolist() if "label" in frame else None
    for positions in bucketed(lengths(first, second), batch_size, rng, frame.get("cluster")):
        batch = Batch([first[i] for i in positions], [second[i] for i in positions])
        if labels:
            batch.labels = [labels[i] for i in positions]
        yield batch
