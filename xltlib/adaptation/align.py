"""Translation ranking with an additive margin: the LaBSE recipe (Feng et al. 2022, arXiv 2007.01852)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy


def translation_ranking(x: Tensor, y: Tensor, scale: float = 20.0, margin: float = 0.3) -> Tensor:
    """Bidirectional additive-margin softmax over in-batch translations.

    ``-mean_i log softmax_n(scale * (cos(x_i, y_n) - margin * [i = n]))[i]``, plus the same for y and x.

    Args:
        x, y: unit-length vectors, shape (batch, hidden); row i of both says the same thing.
        scale: inverse temperature; 20 is the default of sentence-transformers (the paper's was not checked).
        margin: taken off the cosine of each true pair.

    Example:
        >>> eye = torch.eye(2)
        >>> round(translation_ranking(eye, eye, scale=1.0, margin=0.0).item(), 4)  # 2 * log(1 + exp(-1))
        0.6265
    """
    with torch.autocast(x.device.type, enabled=False):  # in bf16 a score near 20 moves in steps of 0.125
        scores = scale * (x.float() @ y.float().T - margin * torch.eye(len(x), device=x.device))
    target = torch.arange(len(x), device=x.device)
    return cross_entropy(scores, target) + cross_entropy(scores.T, target)


@torch.inference_mode()
def retrieval_accuracy(model, pairs: list[tuple[str, str]]) -> float:
    """Share of sentences whose translation is the nearest by cosine, averaged over both directions.

    Args:
        model: has ``embed(sentences) -> unit vectors``.
        pairs: distinct translation pairs; the pool is the other side of all of them.
    """
    model.eval()
    first, second = ([pair[side] for pair in pairs] for side in (0, 1))
    scores = _embedded(model, first) @ _embedded(model, second).T
    target = torch.arange(len(pairs), device=scores.device)
    forward, back = (scores.argmax(1) == target).float().mean(), (scores.argmax(0) == target).float().mean()
    return float((forward + back) / 2)


def _embedded(model, sentences: list[str], batch_size: int = 32) -> Tensor:
    """Unit vectors of all sentences, shape (sentences, hidden)."""
    starts = range(0, len(sentences), batch_size)
    return torch.cat([model.embed(sentences[start : start + batch_size]) for start in starts])
