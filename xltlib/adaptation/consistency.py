"""Consistency on unlabelled parallel pairs: the prediction for a pair teaches that for its translation."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import kl_div, log_softmax, softmax


def consistency(teacher: Tensor, student: Tensor, temperature: float = 1.0) -> Tensor:
    """``KL(softmax(teacher / T) || softmax(student / T)) * T^2``, mean over the batch.

    No gradient goes to the teacher.

    Args:
        teacher, student: class scores of the same pairs in two languages, shape (batch, classes).
        temperature: T.

    Example:
        >>> abs(round(consistency(torch.tensor([[2.0, 0.0]]), torch.tensor([[2.0, 0.0]])).item(), 6))
        0.0
    """
    p = softmax(teacher.detach().float() / temperature, dim=-1)
    return (
        kl_div(log_softmax(student.float() / temperature, dim=-1), p, reduction="batchmean") * temperature**2
    )


@torch.no_grad()
def averaged(teacher: torch.nn.Module, student: torch.nn.Module, decay: float) -> None:
    """Move the teacher's parameters a little towards the student's.

    ``t = decay * t + (1 - decay) * s`` (mean teacher; Tarvainen & Valpola 2017, arXiv 1703.01780).
    """
    for t, s in zip(teacher.parameters(), student.parameters(), strict=True):
        t.lerp_(s.to(t), 1 - decay)
