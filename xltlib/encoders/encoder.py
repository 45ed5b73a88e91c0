"""An encoder: a transformer, its tokenizer and what makes a sentence vector of its states."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn

from xltlib.encoders.pieces import Pieces, refuse_unknown

OFFLINE = "offline"  # the name of the encoder that needs no hub


@dataclass
class Encoder:
    """A transformer, its tokenizer and what lies between its tokens and its sentence vector.

    Attributes:
        name: what the user asked for, as tables print it.
        model: maps token ids, shape (batch, tokens), to states (batch, tokens, hidden).
        tokenizer: the matching fast tokenizer.
        pooling: ``"mean"`` over tokens or ``"cls"``; what the encoder was pretrained with.
        dense: LaBSE's Dense+Tanh layer between pooling and normalisation, or an identity; it may change the
            width.
        kept: old ids of the rows of a trimmed embedding table; None while it is whole.
        whole_norm: mean norm of the whole table's rows, of one that was trimmed.
        pieces: cuts sentences, and knows the pieces of those that are at hand.
    """

    name: str
    model: nn.Module
    tokenizer: object
    pooling: str = "mean"
    dense: nn.Module = field(default_factory=nn.Identity)
    kept: np.ndarray | None = None
    whole_norm: float | None = None
    pieces: Pieces | None = None

    def __post_init__(self):
        self.pieces = self.pieces or Pieces(self.tokenizer)
        if getattr(self.model, "pooler", None) is not None:
            self.model.pooler = None  # never used here, and folders without one would get random weights

    @property
    def table(self) -> torch.Tensor:
        """Weights of the embedding table, shape (vocabulary, width of the table)."""
        return self.model.get_input_embeddings().weight

    @property
    def hidden(self) -> int:
        """Width of the states; in factorised models (ALBERT, RemBERT) that of the table is another."""
        return int(getattr(self.model.config, "hidden_size", self.table.shape[1]))

    @property
    def width(self) -> int:
        """Width of sentence vectors: of the states, or what the dense layer makes of them."""
        return self.hidden if isinstance(self.dense, nn.Identity) else int(self.dense[0].out_features)

    @property
    def mean_norm(self) -> float:
        """Mean norm of the rows of the embedding table before any trimming.

        What the radius of a perturbation is relative to.
        """
        return self.whole_norm or self.table.detach().norm(dim=1).mean().item()

    @property
    def has_segments(self) -> bool:
        """Whether the model learned segment ids, and its tokenizer gives them."""
        learned = getattr(self.model.config, "type_vocab_size", 0) > 1 and self.name != OFFLINE
        return learned and "token_type_ids" in self.tokenizer.model_input_names

    def tokenize(
        self, first: list[str], second: list[str] | None = None, max_length: int = 128
    ) -> dict[str, list[list[int]]]:
        """``input_ids`` of sentences or pairs, special tokens included.

        Of a pair the longer one is cut first. Segment ids come along only where the model learned some
        (mBERT, LaBSE).
        """
        ids, segments = self.pieces.rows(first, second, max_length)
        if self.has_segments:
            return {"input_ids": ids, "token_type_ids": segments}
        return {"input_ids": ids}

    def refuse_unknown(self) -> None:
        """Stop where most of the text at hand is unknown to the tokenizer.

        Raises:
            ValueError: more than half of its pieces.
        """
        known = self.pieces.known.values()
        pieces = np.array([piece for sentence in known for piece in sentence], np.int64)
        refuse_unknown(self.name, pieces, self.tokenizer)


def attention() -> str:
    """How transformers computes attention: ``"sdpa"`` on a GPU, ``"eager"`` on a CPU.

    There the backward pass of sdpa took 55 % of a training step (benchmarks/throughput.py).
    """
    return "sdpa" if torch.cuda.is_available() else "eager"


def set_dropout(model: nn.Module, probability: float) -> None:
    """Set every dropout of an encoder."""
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = probability
        elif isinstance(getattr(module, "dropout", None), float):  # XLM keeps probabilities as numbers
            module.dropout = probability


def freeze(model: nn.Module, layers: int) -> None:
    """Stop gradients of the embeddings and of the lowest ``layers`` transformer layers.

    Raises:
        ValueError: the encoder has fewer layers.
    """
    model.get_input_embeddings().requires_grad_(False)
    getattr(model, "embeddings", nn.Identity()).requires_grad_(False)
    stack = getattr(getattr(model, "encoder", None), "layer", [])
    if layers > len(stack):
        raise ValueError(f"frozen_layers={layers}: this encoder has a plain stack of {len(stack)} layers")
    for layer in stack[:layers]:
        layer.requires_grad_(False)


def refuse_length(model: nn.Module, max_length: int, what: str = "max_length") -> None:
    """Refuse rows that are longer than the positions that a model has learned, where it has learned some.

    Args:
        model: of an encoder.
        max_length: pieces of a row.
        what: the option, for the message.
    Raises:
        ValueError: says for how many there are positions.
    """
    for part in (model, getattr(model, "embeddings", None)):
        table = getattr(part, "position_embeddings", None)
        if isinstance(table, nn.Embedding):
            before = 0 if table.padding_idx is None else table.padding_idx + 1  # XLM-R counts from there
            room = table.num_embeddings - before
            if max_length > room:
                raise ValueError(f"{what} = {max_length}: this encoder has positions for {room} tokens")
