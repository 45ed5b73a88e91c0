"""TSDAE: a sentence with most of its pieces deleted goes through one vector, and a decoder writes it again.

Wang, Reimers & Gurevych 2021 (arXiv 2104.06979). The loss and the tying are sentence-transformers'
DenoisingAutoEncoderLoss.
"""

from __future__ import annotations

import math
import tempfile
from typing import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from xltlib.batching import bucketed
from xltlib.encoders import Encoder, freeze, set_dropout


class DenoisingAutoEncoder(nn.Module):
    """An encoder and a decoder that share their layers, with cross-attention to the sentence vector.

    Args:
        encoder: of a BERT or XLM-R kind, trimmed to the text or whole; ``self.model`` is a copy of its model,
            trained here.
        frozen_layers: see encoders.freeze; what is frozen is frozen in the decoder, too.
        dropout: probability in both.
        train_layers: False leaves to others what of the encoder is trained (lora.attach on ``self.model``);
            its layers in the decoder stay as they are.
    """

    tokens = 0  # read in training so far, by encoder and decoder

    def __init__(
        self, encoder: Encoder, frozen_layers: int = 0, dropout: float = 0.0, train_layers: bool = True
    ):
        super().__init__()
        from sentence_transformers import SentenceTransformer
        from sentence_transformers.sentence_transformer import losses, modules

        # The loss loads its decoder from where the encoder lies.
        with tempfile.TemporaryDirectory() as folder:
            encoder.model.save_pretrained(folder)
            encoder.tokenizer.save_pretrained(folder)
            parts = [modules.Transformer(folder), modules.Pooling(encoder.hidden, encoder.pooling)]
            sentence_encoder = SentenceTransformer(modules=parts, device="cpu")
            loss = losses.DenoisingAutoEncoderLoss(sentence_encoder, tie_encoder_decoder=True)
        loss.float()
        fresh = [m for name, m in loss.decoder.named_modules() if name.endswith("crossattention")]
        head = [m for name, m in loss.decoder.named_children() if name != loss.decoder.base_model_prefix]
        # Named like every other head, and before all else, so that training gives them the head's learning
        # rate: they start from nothing.
        self.classifier = nn.ModuleList(fresh + head)
        self.loss, self.model = loss, loss.encoder.transformers_model
        if getattr(self.model, "pooler", None) is not None:
            self.model.pooler = None  # loaded with random weights, and never used
        for part in (self.model, self.loss.decoder):
            set_dropout(part, dropout)
        if train_layers:
            freeze(self.model, frozen_layers)

    def forward(self, noisy: dict[str, Tensor], original: dict[str, Tensor]) -> Tensor:
        """Mean cross-entropy of the next piece, given the pieces before and the noisy sentence; in nats."""
        return self.loss([dict(noisy), dict(original)], None)


def deleted(ids: list[int], rate: float, rng: np.random.Generator) -> list[int]:
    """A sentence's pieces, each deleted with probability ``rate``, but never all of them.

    Args:
        ids: pieces of a sentence; the first and the last are special tokens, which are kept.
        rate: probability that a piece is deleted.

    Example:
        >>> deleted([0, 5, 6, 2], 1.0, np.random.default_rng(1)) in ([0, 5, 2], [0, 6, 2])
        True
    """
    inner = ids[1:-1]
    kept = [piece for piece in inner if rng.random() >= rate]
    if inner and not kept:
        kept = [inner[int(rng.integers(len(inner)))]]
    return [ids[0], *kept, ids[-1]]


def noisy_batches(
    encoder: Encoder, texts: list[str], batch_size: int, max_length: int, seed: int, rate: float = 0.6
) -> Iterator[tuple[dict, dict]]:
    """Endless batches ``(noisy, original)`` of padded ids and masks; deletions are drawn anew each time.

    Raises:
        ValueError: no text.
    """
    if not texts:
        raise ValueError("no text to delete from: ask for more sentences than are held out")
    rng = np.random.default_rng(seed)
    ids = encoder.tokenize(texts, None, max_length)["input_ids"]

    def pad(rows: list[list[int]]) -> dict[str, Tensor]:
        padded = encoder.tokenizer.pad({"input_ids": rows}, return_tensors="pt", return_attention_mask=True)
        return dict(padded)

    while True:
        for positions in bucketed([len(i) for i in ids], batch_size, rng):
            noisy = [deleted(ids[i], rate, rng) for i in positions]
            original = [ids[i] for i in positions]
            yield pad(noisy), pad(original)


@torch.inference_mode()
def perplexity(
    model: DenoisingAutoEncoder,
    encoder: Encoder,
    texts: list[str],
    max_length: int = 64,
    rate: float = 0.6,
) -> float:
    """exp of the mean cross-entropy of held-out text written again; the deletions are always the same."""
    model.eval()
    batches = noisy_batches(encoder, texts, 16, max_length, seed=1, rate=rate)
    device = next(model.parameters()).device
    losses, weights = [], []
    for _ in range(math.ceil(len(texts) / 16)):
        noisy, original = next(batches)
        noisy = {name: tensor.to(device) for name, tensor in noisy.items()}
        original = {name: tensor.to(device) for name, tensor in original.items()}
        losses.append(model(noisy, original).item())
        weights.append(int(original["attention_mask"][:, 1:].sum()))
    return float(np.exp(np.average(losses, weights=weights)))
