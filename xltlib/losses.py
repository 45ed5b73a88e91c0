"""Contrastive losses of sentence vectors with hard negatives (L3)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy


def info_nce(
    u: Tensor,
    v: Tensor,
    labels: Tensor,
    temperature: float = 0.05,
    margin: float = 0.0,
    negatives: str = "all",
    same: Tensor | None = None,
) -> Tensor:
    """InfoNCE over the paraphrases of a batch, with its non-paraphrases as hard negatives.

    For each pair i with label 1: ``-log exp(s_ii - m) / (exp(s_ii - m) + sum_j exp(s_ij))``, s = cosine /
    temperature, m = margin / temperature. Over which j the sum runs is the difference between the formula
    that Elmahdy, Lin & Ahmad 2024 (arXiv 2408.10536) print and the usual one; they print no temperature.

    Args:
        u, v: unit-length vectors of first and second sentences, shape (batch, hidden).
        labels: 1 where the two say the same; shape (batch,).
        temperature: a cosine lies between -1 and 1: without one the softmax is nearly flat.
        margin: taken off the cosine of each true pair; with one, this is the additive-margin softmax.
        negatives: ``"neg_only"``: second sentences of pairs with label 0, as printed; ``"all"``: of all other
            pairs.
        same: True where second sentence j is no negative of first sentence i, being it or a paraphrase of it;
            shape (batch, batch).
    Returns:
        The mean over pairs with label 1; 0 if there are none, or none has a negative.
    Raises:
        ValueError: an unknown kind of negatives.

    Example:
        >>> eye = torch.eye(2)
        >>> round(info_nce(eye, eye, torch.tensor([1, 0]), temperature=1.0).item(), 4)  # log(1 + exp(-1))
        0.3133
    """
    if negatives not in ("all", "neg_only"):
        raise ValueError(f"negatives={negatives!r}: known are 'all' and 'neg_only'")
    is_positive = labels.to(u.device).bool()
    diagonal = torch.eye(len(u), dtype=torch.bool, device=u.device)
    with torch.autocast(u.device.type, enabled=False):
        logits = (u.float() @ v.float().T - margin * diagonal.float()) / temperature
    is_negative = ~diagonal
    if negatives == "neg_only":
        is_negative = is_negative & ~is_positive  # of column j, the label of pair j
    if same is not None:
        is_negative = is_negative & ~same.to(u.device)
    anchors = is_positive & is_negative.any(dim=1)
    if not anchors.any():
        return logits.sum() * 0.0
    logits = logits.masked_fill(~(diagonal | is_negative), -torch.inf)
    targets = torch.arange(len(u), device=u.device)
    return cross_entropy(logits[anchors], targets[anchors])
