"""Dependency trees in vectors of words: the structural probe (Hewitt & Manning 2019), trained or measured.

A linear map B makes of two words' vectors a squared distance that is to be the number of edges between them
in the tree: ``d(i, j) = |B (h_i - h_j)|^2``. Trained along with the encoder it writes trees into the vectors;
fitted to vectors as they are it tells how much of the trees is in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from xltlib.batching import bucketed
from xltlib.encoders import Encoder, freeze, set_dropout
from xltlib.tasks.trees import EVALUATED, Tree

LOSSES = ("absolute", "squared")
RANK, EPOCHS = 64, 20  # of the probe that looks for trees; more find no more (benchmarks/probe_epochs.py)


@dataclass
class TreeBatch:
    """Sentences with their trees, padded.

    Attributes:
        inputs: ``input_ids`` and ``attention_mask``, shape (sentences, tokens).
        pooling: weights that make word vectors of token states, shape (sentences, words, tokens).
        distances: edges between words, shape (sentences, words, words).
        words: how many words each sentence has, shape (sentences,).
    """

    inputs: dict[str, Tensor]
    pooling: Tensor
    distances: Tensor
    words: Tensor

    def to(self, device) -> TreeBatch:
        """The same on another device."""
        inputs = {name: tensor.to(device) for name, tensor in self.inputs.items()}
        return TreeBatch(inputs, self.pooling.to(device), self.distances.to(device), self.words.to(device))


class StructuralProbe(nn.Module):
    """The linear map, and squared distances under it.

    Args:
        hidden: width of the states.
        rank: of the map.

    Example:
        >>> probe = StructuralProbe(2, 2)
        >>> _ = probe.map.weight.data.copy_(torch.eye(2))
        >>> probe(torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])).tolist()
        [[0.0, 1.0, 2.0], [1.0, 0.0, 1.0], [2.0, 1.0, 0.0]]
    """

    def __init__(self, hidden: int, rank: int):
        super().__init__()
        self.map = nn.Linear(hidden, rank, bias=False)

    def forward(self, words: Tensor) -> Tensor:
        """Squared distances of word vectors, shape (..., words, hidden) -> (..., words, words)."""
        mapped = self.map(words)
        return (mapped.unsqueeze(-2) - mapped.unsqueeze(-3)).square().sum(-1)


def tree_loss(found: Tensor, distances: Tensor, words: Tensor, kind: str = "absolute") -> Tensor:
    """Mean over sentences of ``1 / n^2 sum_ij |d_tree(i, j) - d(i, j)|``, or of its squares.

    Args:
        found: squared distances, shape (sentences, words, words).
        distances: those of the trees, likewise.
        words: n of each sentence; what is beyond is padding.
        kind: ``"absolute"`` (Hewitt & Manning) or ``"squared"``.

    Example:
        >>> gold = torch.tensor([[[0.0, 1.0], [1.0, 0.0]]])
        >>> [tree_loss(found, gold, torch.tensor([2])).item() for found in (gold, gold + 1)]
        [0.0, 1.0]
    """
    if kind not in LOSSES:
        raise ValueError(f"unknown loss {kind!r}: known are {' and '.join(LOSSES)}")
    is_word = torch.arange(found.shape[-1], device=found.device) < words[:, None]
    is_pair = is_word[:, :, None] & is_word[:, None, :]
    off = (found - distances).masked_fill(~is_pair, 0)
    off = off.abs() if kind == "absolute" else off.square()
    return (off.sum((1, 2)) / words.square()).mean()


def tree_batch(encoder: Encoder, trees: list[Tree], max_length: int) -> TreeBatch:
    """Sentences in pieces, and which pieces each word has; words beyond ``max_length`` pieces are left out.

    Raises:
        ValueError: the tokenizer does not say where its pieces stand (transformers' Python tokenizers).
    """
    if not encoder.tokenizer.is_fast:
        raise ValueError(
            f"encoder {encoder.name!r}: trees need a fast tokenizer, which knows where pieces stand"
        )
    texts = [tree.text for tree in trees]
    options = {"truncation": True, "max_length": max_length, "padding": True, "return_tensors": "pt"}
    found = encoder.tokenizer(texts, return_offsets_mapping=True, **options)
    offsets = found.pop("offset_mapping").numpy()
    names = ["input_ids", "attention_mask", *(["token_type_ids"] if encoder.has_segments else [])]
    pooled = [_pooling(tree, spans) for tree, spans in zip(trees, offsets)]
    words, tokens = max(len(weights) for weights, _ in pooled), offsets.shape[1]
    pooling = np.zeros((len(trees), words, tokens), np.float32)
    distances = np.zeros((len(trees), words, words), np.float32)
    for row, (weights, kept) in enumerate(pooled):
        pooling[row, : len(weights)] = weights
        distances[row, : len(weights), : len(weights)] = trees[row].distances[np.ix_(kept, kept)]
    counted = torch.tensor([len(weights) for weights, _ in pooled])
    inputs = {name: found[name] for name in names}
    return TreeBatch(inputs, torch.from_numpy(pooling), torch.from_numpy(distances), counted)


def _pooling(tree: Tree, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights of each word's pieces, shape (words, tokens), and which words have some.

    A piece belongs to every word that it shares a character with.

    Args:
        offsets: first character of each piece, and the one behind its last; alike for special tokens.
    """
    spans = np.array(tree.spans)
    begin = np.maximum(spans[:, :1], offsets[None, :, 0])
    end = np.minimum(spans[:, 1:], offsets[None, :, 1])
    shared = begin < end
    kept = np.flatnonzero(shared.any(1))
    weights = shared[kept].astype(np.float32)
    return weights / weights.sum(1, keepdims=True), kept


class TreeReader(nn.Module):
    """An encoder with a structural probe on it; what is trained is both.

    Args:
        encoder: trimmed to the text, or whole.
        rank: of the probe.
        kind: of the loss, see :func:`tree_loss`.
        frozen_layers: see encoders.freeze.
        dropout: probability in the encoder.
    """

    tokens = 0  # read in training so far

    def __init__(self, encoder: Encoder, rank: int, kind: str, frozen_layers: int = 0, dropout: float = 0.0):
        super().__init__()
        self.model, self.kind = encoder.model, kind
        set_dropout(self.model, dropout)
        freeze(self.model, frozen_layers)
        # Named like every other head, so that training gives it the head's learning rate.
        self.classifier = StructuralProbe(encoder.hidden, rank)

    def forward(self, batch: TreeBatch) -> Tensor:
        """The loss of a batch of trees."""
        return probe_loss(self.model, self.classifier, batch, self.kind)


def probe_loss(model: nn.Module, probe: StructuralProbe, batch: TreeBatch, kind: str) -> Tensor:
    """:func:`tree_loss` of the distances that a probe finds in the states of an encoder's model."""
    distances = probe(word_vectors(model, batch)).float()
    return tree_loss(distances, batch.distances, batch.words, kind)


def word_vectors(model: nn.Module, batch: TreeBatch) -> Tensor:
    """Mean of the states of each word's pieces, shape (sentences, words, hidden)."""
    states = model(**batch.inputs).last_hidden_state
    return batch.pooling.to(states.dtype) @ states


def tree_batches(
    encoder: Encoder, trees: list[Tree], batch_size: int, max_length: int, seed: int
) -> Iterator[TreeBatch]:
    """Endless batches of trees of similar length; the order is fixed by the seed.

    Raises:
        ValueError: no tree.
    """
    if not trees:
        raise ValueError("no tree to learn from: ask for more sentences than are held out")
    rng = np.random.default_rng(seed)
    lengths = [len(tree.heads) for tree in trees]
    while True:
        for positions in bucketed(lengths, batch_size, rng):
            yield tree_batch(encoder, [trees[i] for i in positions], max_length)


@torch.inference_mode()
def tree_error(reader: TreeReader, encoder: Encoder, trees: list[Tree], max_length: int) -> float:
    """The loss on held-out trees: mean over sentences."""
    reader.eval()
    device = reader.classifier.map.weight.device
    losses, sizes = [], []
    for start in range(0, len(trees), 16):
        batch = tree_batch(encoder, trees[start : start + 16], max_length).to(device)
        losses.append(reader(batch).item())
        sizes.append(len(batch.words))
    return float(np.average(losses, weights=sizes))


def fit_probe(
    vectors: list[Tensor], trees: list[Tree], rank: int, seed: int, epochs: int
) -> StructuralProbe:
    """A probe fitted to vectors as they are, by Adam, 16 sentences an update.

    Args:
        vectors: of the words of each tree, shape (words, hidden).
        trees: as many; those of which words were cut off are left out.
        rank, epochs: of the probe; passes over the trees.
        seed: of its weights and of the order.
    """
    torch.manual_seed(seed)
    probe, rng = StructuralProbe(vectors[0].shape[1], rank), np.random.default_rng(seed)
    optimizer = torch.optim.Adam(probe.parameters(), lr=1e-3)
    whole = [k for k, tree in enumerate(trees) if len(tree.heads) == len(vectors[k])]
    for _ in range(epochs):
        for positions in bucketed([len(trees[k].heads) for k in whole], 16, rng):
            batch = [whole[position] for position in positions]
            words = torch.tensor([len(vectors[k]) for k in batch])
            padded = nn.utils.rnn.pad_sequence([vectors[k] for k in batch], batch_first=True)
            loss = tree_loss(probe(padded), _padded([trees[k].distances for k in batch]), words)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return probe.eval()


def _padded(distances: list[np.ndarray]) -> Tensor:
    """Distances of several trees, shape (sentences, words, words)."""
    words = max(map(len, distances))
    padded = [np.pad(matrix, (0, words - len(matrix))) for matrix in distances]
    return torch.tensor(np.stack(padded), dtype=torch.float)


@torch.no_grad()
def probe_scores(
    probe: StructuralProbe, vectors: list[Tensor], trees: list[Tree]
) -> dict[str, float | None]:
    """How well a probe finds trees, punctuation and sentences that were cut off left out.

    Not comparable in size with what is published, where correlation is computed word by word and averaged by
    the length of sentences.

    Returns:
        ``correlation``: Spearman's, of the distances between the words of a sentence, mean over sentences;
        where all distances that the probe finds are alike, 0. ``uuas``, the undirected unlabelled attachment
        score: share of all edges that are in the minimum spanning trees of the distances. None: no sentence
        has three words.

    Example:
        >>> tree = Tree("a b c", ((0, 1), (2, 3), (4, 5)), (2, 0, 2), (False,) * 3)
        >>> probe = StructuralProbe(2, 2)
        >>> _ = probe.map.weight.data.copy_(torch.eye(2))
        >>> probe_scores(probe, [torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])], [tree])["uuas"]
        1.0
    """
    correlations, hits, edges = [], 0, 0
    for rows, tree in zip(vectors, trees):
        words = [word for word, is_mark in enumerate(tree.punctuation) if not is_mark]
        if len(words) < 3 or len(rows) < len(tree.heads):
            continue
        found, gold = probe(rows[words]).numpy(), tree.distances[np.ix_(words, words)]
        correlations.append(_correlation(found, gold))
        wanted = {edge for edge in tree.edges if set(edge) <= set(words)}
        hits, edges = hits + len(wanted & _spanning(found, words)), edges + len(wanted)
    correlation = float(np.mean(correlations)) if correlations else None
    return {"correlation": correlation, "uuas": hits / edges if edges else None}


def _correlation(found: np.ndarray, gold: np.ndarray) -> float:
    """Spearman's, of the distances of each two words; 0 where all that are found, or all gold, are alike."""
    from scipy.stats import spearmanr

    upper = np.triu_indices(len(gold), 1)
    if np.ptp(found[upper]) == 0 or np.ptp(gold[upper]) == 0:
        return 0.0
    return float(spearmanr(found[upper], gold[upper]).statistic)


def _spanning(distances: np.ndarray, words: list[int]) -> set[tuple[int, int]]:
    """Edges of the minimum spanning tree, as pairs of words."""
    from scipy.sparse.csgraph import minimum_spanning_tree

    # A distance of nothing would be no edge: all are moved a little.
    ends = minimum_spanning_tree(distances + 1e-6).nonzero()
    return {tuple(sorted((words[i], words[j]))) for i, j in zip(*ends)}


def probe_quality(
    reader, treebank: dict[str, list[Tree]], fitted_to: list[str], epochs: int = EPOCHS
) -> dict[str, dict]:
    """Quality of a probe on the first trees of each language.

    It is fitted to further trees of the languages that are adapted to, or of all where these have none.

    Args:
        reader: a pair classifier, whose encoder is looked at.
        treebank: trees by language.
        fitted_to: codes.
        epochs: of the probe.
    """
    vectors = {code: _vectors(reader, trees) for code, trees in treebank.items()}
    with_more = [code for code, trees in treebank.items() if len(trees) > EVALUATED]
    fit_codes = [code for code in with_more if code in fitted_to] or with_more
    fit_vectors, fit_trees = [], []
    for code in fit_codes:
        fit_vectors += vectors[code][EVALUATED:]
        fit_trees += treebank[code][EVALUATED:]
    probe = fit_probe(fit_vectors, fit_trees, RANK, 1, epochs)
    scores = {}
    for code, trees in treebank.items():
        scores[code] = probe_scores(probe, vectors[code][:EVALUATED], trees[:EVALUATED])
    return scores


@torch.no_grad()
def _vectors(reader, trees: list[Tree]) -> list[Tensor]:
    """Vectors of the words of each tree, shape (words, hidden)."""
    reader.eval()
    device, vectors = next(reader.parameters()).device, []
    for start in range(0, len(trees), 32):
        batch = tree_batch(reader.pretrained, trees[start : start + 32], reader.max_length).to(device)
        padded = word_vectors(reader.model, batch).float().cpu()
        vectors += [rows[:words].clone() for rows, words in zip(padded, batch.words.tolist())]
    return vectors
