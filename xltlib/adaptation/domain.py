"""Penalties that make sentence vectors of two domains, here languages, alike: DANN, CORAL, MMD."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy


class _Reverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor, strength: float) -> Tensor:
        ctx.strength = strength
        return x.view_as(x)

    @staticmethod
    def backward(ctx, gradient: Tensor):
        return -ctx.strength * gradient, None


def reversed_gradient(x: Tensor, strength: float) -> Tensor:
    """``x`` as it is; on the way back its gradient times ``-strength``.

    Ganin & Lempitsky 2015, arXiv 1409.7495.

    Example:
        >>> x = torch.ones(1, requires_grad=True)
        >>> reversed_gradient(3 * x, 0.5).sum().backward()
        >>> x.grad.item()
        -1.5
    """
    return _Reverse.apply(x, strength)


def dann_strength(progress: float) -> float:
    """``2 / (1 + exp(-10 p)) - 1``, from 0 to 1 as training goes from p = 0 to p = 1.

    As commonly given; the constants were not verified.
    """
    return 2 / (1 + math.exp(-10 * progress)) - 1


class Discriminator(nn.Module):
    """Tells two domains apart by sentence vectors.

    The encoder is trained against it through a reversed gradient.

    Args:
        hidden: width of the vectors.
    """

    def __init__(self, hidden: int):
        super().__init__()
        self.classifier = nn.Sequential(nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 2))

    def forward(self, vectors: Tensor, domain: Tensor, strength: float) -> Tensor:
        """Mean cross-entropy of the domains.

        Args:
            vectors: shape (batch, hidden).
            domain: 0 or 1, shape (batch,).
            strength: of the reversed gradient.
        """
        return cross_entropy(self.classifier(reversed_gradient(vectors.float(), strength)), domain)


def coral(source: Tensor, target: Tensor) -> Tensor:
    """``||C_s - C_t||_F^2 / (4 d^2)`` of the covariances (Sun & Saenko 2016, arXiv 1607.01719).

    Args:
        source, target: vectors, shape (batch, d); two rows or more each.
    """
    d = source.shape[1]
    with torch.autocast(source.device.type, enabled=False):  # a difference of two likes loses digits in bf16
        difference = torch.cov(source.float().T) - torch.cov(target.float().T)
    return difference.square().sum() / (4 * d * d)


def mmd(source: Tensor, target: Tensor, factors: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0, 4.0)) -> Tensor:
    """Squared maximum mean discrepancy under a mean of Gaussian kernels (Gretton et al. 2012).

    ``E k(s, s') + E k(t, t') - 2 E k(s, t)`` with k(x, y) = exp(-|x - y|^2 / (f * m)), m the median squared
    distance of all pairs; the biased estimate, which is 0 for equal samples and never negative.

    Args:
        source, target: vectors, shape (batch, d).
        factors: f of each kernel.
    """
    both = torch.cat([source, target]).float()
    squared = torch.cdist(both, both, compute_mode="donot_use_mm_for_euclid_dist").square()
    itself = torch.eye(len(both), dtype=torch.bool, device=both.device)
    median = squared.detach()[~itself].median().clamp_min(1e-12)
    kernel = torch.stack([torch.exp(-squared / (factor * median)) for factor in factors]).mean(0)
    n = len(source)
    return kernel[:n, :n].mean() + kernel[n:, n:].mean() - 2 * kernel[:n, n:].mean()
