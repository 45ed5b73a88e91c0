"""Self-augmentation in the manner of SALT (Wang et al. 2023, arXiv 2309.10891): a reconstruction (rung Z0').

Its code and hyperparameters are not public. It asks the masked-word head, which the offline encoder has lost;
this asks the table of input embeddings (noise/neighbours.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from xltlib.components.base import gathered, option
from xltlib.components.noise import Noise
from xltlib.provenance import Entry


def neighbours_of(run, text: str, entry: Entry):
    """Neighbours of the words of the training pairs in the encoder's own table: noise.neighbours.neighbours.

    Args:
        text: more text of the source language, whose words are no neighbours; "": none.
        entry: for them.
    """
    from xltlib.noise.neighbours import neighbours

    more = []
    if text:
        read = Entry(entry.role, entry.use, "text", (run.source,), text)
        more = run.provenance.text(text, [run.source], 0, read, vocabulary=False)[run.source]
    pairs = [*run.data.train.sentence1, *run.data.train.sentence2]
    candidates = neighbours(run.whole, pairs, more=more, cache=run.runs)
    if candidates.empty:
        raise ValueError(f"{entry.use}: no word of the training pairs has a neighbour in the embedding table")
    run.provenance.words(candidates.groupby("word").candidate.agg(list).to_dict(), entry)
    return candidates


@dataclass(frozen=True, kw_only=True)
class Mixup(Noise):
    """Embeddings mixed with those of a word's neighbours (rung Z0').

    ``lam E[w] + (1 - lam) mean E[candidates]``, lam ~ Beta(1, 1), one a token.

    Args:
        share: of the tokens that have neighbours.
        text: more text of the source language, whose words are no neighbours: ``"wikipedia"``, a folder.
    """

    share: float = option(above=0, at_most=1)
    text: str = option("", reads=True)
    table: dict | None = gathered()
    means: dict | None = gathered()
    reads = "self"
    of_source = True

    def gather(self, run) -> Mixup:
        from xltlib.noise.neighbours import mean_embeddings

        where = "nearest in the table of input embeddings"
        candidates = neighbours_of(run, self.text, self.entry(run, where, (run.source,)))
        table = candidates.groupby("word").candidate.agg(list).to_dict()
        return self.holding(table=table, means=mean_embeddings(candidates, run.whole))

    def step(self, model, seed: int):
        from xltlib.noise import neighbours

        mixed = neighbours.mixtures(model.pretrained, self.means)
        return neighbours.Mixup(model, mixed, self.share, seed=seed)


@dataclass(frozen=True, kw_only=True)
class Salt(Mixup):
    """Mixup, and words exchanged for their neighbours in every second pair (rung Z0').

    Args:
        share: of the words that have neighbours, and of the tokens that are mixed.
        names_safe: capitalised words, numbers and the words beside them stay.
    """

    names_safe: bool = option(False)

    def step(self, model, seed: int):
        from xltlib.noise import base, words

        view = words.Synonyms(self.table, self.share, self.names_safe)
        return base.Both(words.WordNoise(view, seed, share_of_pairs=0.5), super().step(model, seed))
