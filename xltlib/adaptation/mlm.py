"""Masked language modelling on unlabelled text: DAPT and TAPT (Gururangan et al. 2020, arXiv 2004.10964)."""

from __future__ import annotations

import math
from typing import Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from xltlib.batching import bucketed
from xltlib.encoders import Encoder, freeze, set_dropout


class MaskedLanguageModel(nn.Module):
    """An encoder with a decoder tied to its embedding table; the encoder needs no MLM head of its own.

    Args:
        encoder: trimmed to the text, so that the softmax runs over the pieces the text has.
        texts: their piece frequencies are the decoder's first guess; what the encoder says moves scores by
            about 1 at first. Begin and end pieces count, too, though they are never masked, and at most 128
            pieces of a text.
        frozen_layers: see encoders.freeze.
        dropout: probability in the encoder.
        train_layers: False leaves to others what of the encoder is trained (lora.attach).
        train_table: whether the embedding table is trained, too, whatever layers are frozen.
    """

    tokens = 0  # read in training so far

    def __init__(
        self,
        encoder: Encoder,
        texts: list[str],
        frozen_layers: int = 0,
        dropout: float = 0.0,
        train_layers: bool = True,
        train_table: bool = False,
    ):
        super().__init__()
        self.model, hidden = encoder.model, encoder.hidden
        table = self.model.get_input_embeddings().weight
        width = table.shape[1]  # of factorised models less than that of the states
        set_dropout(self.model, dropout)
        if train_layers:
            freeze(self.model, frozen_layers)
        if train_table:
            self.model.get_input_embeddings().requires_grad_(True)
        # Named like every other head, so that training gives it the head's learning rate: it starts from
        # nothing.
        self.classifier = nn.Sequential(nn.Linear(hidden, width), nn.GELU(), nn.LayerNorm(width))
        nn.init.constant_(self.classifier[2].weight, 1 / table.norm(dim=1).mean().item())
        pieces = torch.tensor([piece for ids in encoder.tokenize(texts)["input_ids"] for piece in ids])
        counts = 1 + torch.bincount(pieces, minlength=len(table))
        self.classifier.register_parameter("bias", nn.Parameter((counts / counts.sum()).log()))

    def forward(self, input_ids: Tensor, attention_mask: Tensor, labels: Tensor) -> Tensor:
        """Mean cross-entropy at the masked positions, in nats.

        Args:
            labels: the piece at a masked position, -100 elsewhere; shape (batch, tokens) like the others.
        """
        states = self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        masked = labels != -100  # decode these only: 15 % of the positions
        table = self.model.get_input_embeddings().weight
        scores = self.classifier(states[masked]) @ table.T + self.classifier.bias
        return cross_entropy(scores.float(), labels[masked])


def masked_batches(
    encoder: Encoder, texts: list[str], batch_size: int, max_length: int, seed: int
) -> Iterator[dict[str, Tensor]]:
    """Endless batches of text with 15 % of the pieces masked.

    Of these 80 % become ``<mask>``, 10 % a random piece, and 10 % stay as they are. Masking is transformers'
    DataCollatorForLanguageModeling; texts are cut at ``max_length`` pieces.

    Raises:
        ValueError: no text, or none with a piece that can be masked.
    """
    from transformers import DataCollatorForLanguageModeling

    if not texts:
        raise ValueError("no text to mask: ask for more sentences than are held out")
    rng = np.random.default_rng(seed)
    ids = encoder.tokenize(texts, None, max_length)["input_ids"]
    special = set(encoder.tokenizer.all_special_ids)  # never masked, and <unk> is one of them
    if all(piece in special for text in ids for piece in text):
        raise ValueError(
            f"no piece of {texts[0][:40]!r} and the other texts can be masked: the tokenizer knows none"
        )
    collator = DataCollatorForLanguageModeling(encoder.tokenizer, mlm_probability=0.15, seed=seed)
    while True:
        for positions in bucketed([len(i) for i in ids], batch_size, rng):
            batch = collator([{"input_ids": ids[i]} for i in positions])
            if (batch["labels"] != -100).any():
                yield {name: batch[name] for name in ("input_ids", "attention_mask", "labels")}


@torch.inference_mode()
def perplexity(model: MaskedLanguageModel, encoder: Encoder, texts: list[str], max_length: int = 64) -> float:
    """exp of the mean masked cross-entropy on held-out text, under masks that are always the same."""
    model.eval()
    batches = masked_batches(encoder, texts, 16, max_length, seed=1)
    device = model.classifier.bias.device
    losses, weights = [], []
    for _ in range(math.ceil(len(texts) / 16)):
        batch = {name: tensor.to(device) for name, tensor in next(batches).items()}
        losses.append(model(**batch).item())
        weights.append(int((batch["labels"] != -100).sum()))
    return float(np.exp(np.average(losses, weights=weights)))
