"""Consistency on unlabelled parallel pairs: the prediction for a pair teaches that for its translation."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import kl_div, log_softmax, softmax


def consistency(teacher: Tensor, student: Tensor) -> Tensor:
    """``KL(softmax(teacher) || softmax(student))``, mean over the batch.

    No gradient goes to the teacher.

    Args:
        teacher, student: class scores of the same pairs in two languages, shape (batch, classes).

    Example:
        >>> abs(round(consistency(torch.tensor([[2.0, 0.0]]), torch.tensor([[2.0, 0.0]])).item(), 6))
        0.0
    """
    p = softmax(teacher.detach().float(), dim=-1)
    return kl_div(log_softmax(student.float(), dim=-1), p, reduction="batchmean")


@torch.no_grad()
def update_teacher(teacher: torch.nn.Module, student: torch.nn.Module, decay: float) -> None:
    """Exponential moving average of the student's parameters, in place.

    ``t = decay * t + (1 - decay) * s`` (mean teacher; Tarvainen & Valpola 2017, arXiv 1703.01780).
    """
    for t, s in zip(teacher.parameters(), student.parameters(), strict=True):
        t.lerp_(s.to(t), 1 - decay)
