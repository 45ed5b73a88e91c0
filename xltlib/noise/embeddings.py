"""Adversarial and random perturbations of the input embeddings.

They follow Huang et al. 2021 (arXiv 2104.08645), whose norms and radii could not be read. The radius here is
relative to the mean norm of the embedding table, so that encoders can be compared.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Callable

import torch
from torch import Tensor

from xltlib.batching import Batch
from xltlib.noise.base import plain


@contextmanager
def at_embeddings(model, change: Callable[[int, Tensor, Tensor], Tensor]):
    """While open, what the embedding table gives out goes through ``change(call, real, embeddings)``.

    Args:
        model: a pair classifier.
        change: returns the new embeddings. ``call`` counts the forward passes from 0 (a bi-encoder makes
            two); ``real``, shape (batch, tokens, 1), is False at padding and special tokens; ``embeddings``
            has shape (batch, tokens, hidden).
    """
    table, calls = model.model.get_input_embeddings(), count()
    special = torch.tensor(sorted(model.pretrained.tokenizer.all_special_ids), device=table.weight.device)

    def changed(module, inputs, output):
        real = ~torch.isin(inputs[0], special).unsqueeze(-1)
        return change(next(calls), real, output)

    hook = table.register_forward_hook(changed)
    try:
        yield
    finally:
        hook.remove()


@dataclass
class Adversarial:
    """The perturbation of the input embeddings, within a radius, that raises the loss most.

    ``min E max_{|d| <= eps} CE(f(e + d))``. One step from zero is FGM (Miyato et al. 2017, arXiv 1605.07725),
    several from a random start are PGD (Madry et al. 2018, arXiv 1706.06083). With ``accumulate`` it is
    FreeLB (Zhu et al. 2020, arXiv 1909.11764), here from zero: the gradients of the parameters at all steps
    are averaged, and there is no separate update at the final perturbation.

    Args:
        model: whose embedding table is perturbed; it may be frozen.
        radius: largest norm of a token's perturbation, relative to the mean norm of the embedding table.
        norm: ``"token"``: of each token; ``"sequence"``: of the whole sequence, ``radius * sqrt(tokens)``.
        steps: ascents; a single one goes ``radius`` far, each of several ``2 * radius / steps``.
        random_start: begin at random in the ball instead of at zero.
        accumulate: train at each step, not at the end.
        seed: of the start.
    Raises:
        ValueError: an unknown norm, a negative radius or no step.
    """

    model: object
    radius: float = 0.03
    norm: str = "token"
    steps: int = 1
    random_start: bool = False
    accumulate: bool = False
    seed: int = 1

    def __post_init__(self):
        if self.norm not in ("token", "sequence") or self.radius < 0 or self.steps < 1:
            given = f"norm={self.norm!r}, radius={self.radius}, steps={self.steps}"
            known = "norms are token and sequence, a radius is not negative, steps are 1 or more"
            raise ValueError(f"{given}: {known}")
        self.epsilon = self.radius * self.model.pretrained.mean_norm
        self.generator = torch.Generator().manual_seed(self.seed)

    def _length(self, delta: Tensor) -> Tensor:
        """Norm of each token, or of each sequence."""
        if self.norm == "token":
            return delta.norm(dim=-1, keepdim=True)
        return delta.norm(dim=(1, 2), keepdim=True)

    def _most(self, real: Tensor) -> Tensor | float:
        """Largest norm allowed, in the embeddings' own unit."""
        if self.norm == "token":
            return self.epsilon
        return self.epsilon * real.sum(dim=(1, 2), keepdim=True).sqrt()

    def _start(self, real: Tensor, embeddings: Tensor) -> Tensor:
        if not self.random_start:
            return torch.zeros_like(embeddings)
        return _in_ball(embeddings.shape, self.epsilon, self.generator).to(embeddings) * real

    def _ascend(self, delta: Tensor, gradient: Tensor, real: Tensor) -> Tensor:
        """One step along the gradient, and back onto the ball where it left it."""
        gradient, most = gradient * real, self._most(real)
        direction = gradient / self._length(gradient).clamp_min(1e-20)
        stride = 1 if self.steps == 1 else 2 / self.steps  # of the largest norm
        delta = delta + direction * most * stride
        return delta * (most / self._length(delta).clamp_min(1e-20)).clamp_max(1)

    def perturbation(
        self, loss: Callable, batch: Batch, backward: Callable | None = None
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Perturbations, one a forward pass of the loss, and the losses of the steps.

        Args:
            loss: batch -> scalar.
            batch: labelled.
            backward: given, each step's share of the loss is sent backward too (FreeLB).
        """
        deltas, reals, values = [], [], []

        def add(call: int, real: Tensor, embeddings: Tensor) -> Tensor:
            if call == len(deltas):
                deltas.append(self._start(real, embeddings.detach()).requires_grad_())
                reals.append(real)
            return embeddings + deltas[call]

        for _ in range(self.steps):
            with at_embeddings(self.model, add):
                value = loss(batch)
            if backward is None:
                gradients = torch.autograd.grad(value, deltas)  # no gradient goes to the weights
            else:
                backward(value / self.steps)
                gradients = [delta.grad for delta in deltas]
            values.append(value.detach())
            with torch.no_grad():
                for k, (gradient, real) in enumerate(zip(gradients, reals)):
                    deltas[k] = self._ascend(deltas[k].detach(), gradient, real)
            for delta in deltas:
                delta.requires_grad_()
        return [delta.detach() for delta in deltas], values

    def against(self, loss: Callable, batch: Batch):
        """Context in which this batch's embeddings are perturbed against its labels."""
        deltas, _ = self.perturbation(loss, batch)

        def add(call: int, real: Tensor, embeddings: Tensor) -> Tensor:
            return embeddings + deltas[call]

        return at_embeddings(self.model, add)

    def __call__(self, loss: Callable, batch: Batch, backward: Callable) -> Tensor:
        if batch.labels is None or not self.radius:  # further passes would move dropout's generator
            return plain(loss, batch, backward)
        if self.accumulate:
            _, values = self.perturbation(loss, batch, backward)
            return torch.stack(values).mean()
        with self.against(loss, batch):
            return plain(loss, batch, backward)


@dataclass
class RandomPerturbation:
    """Random perturbation of the input embeddings, drawn once a forward pass (RS-RP).

    Args:
        model: whose embeddings are perturbed.
        radius: relative to the mean norm of the embedding table. ``gaussian``: root mean square norm of a
            token's perturbation; ``uniform``: largest norm, uniform in the ball.
        kind: ``"gaussian"`` or ``"uniform"``.
        seed: of the draws.
    Raises:
        ValueError: an unknown kind, or a negative radius.
    """

    model: object
    radius: float = 0.03
    kind: str = "gaussian"
    seed: int = 1

    def __post_init__(self):
        if self.kind not in ("gaussian", "uniform") or self.radius < 0:
            known = "kinds are gaussian and uniform, a radius is not negative"
            raise ValueError(f"kind={self.kind!r}, radius={self.radius}: {known}")
        self.epsilon = self.radius * self.model.pretrained.mean_norm
        self.generator = torch.Generator().manual_seed(self.seed)

    def drawn(self):
        """Context in which every forward pass is perturbed anew."""
        draw = _in_ball if self.kind == "uniform" else _gaussian

        def add(call: int, real: Tensor, embeddings: Tensor) -> Tensor:
            return embeddings + draw(embeddings.shape, self.epsilon, self.generator).to(embeddings) * real

        return at_embeddings(self.model, add)

    def __call__(self, loss: Callable, batch: Batch, backward: Callable) -> Tensor:
        if batch.labels is None or not self.radius:
            return plain(loss, batch, backward)
        with self.drawn():
            return plain(loss, batch, backward)


def _gaussian(shape: torch.Size, radius: float, generator: torch.Generator) -> Tensor:
    """Vectors whose root mean square norm is ``radius``."""
    return torch.randn(shape, generator=generator) * radius / shape[-1] ** 0.5


def _in_ball(shape: torch.Size, radius: float, generator: torch.Generator) -> Tensor:
    """Vectors uniform in the ball of this radius."""
    direction = torch.nn.functional.normalize(torch.randn(shape, generator=generator), dim=-1)
    length = torch.rand(*shape[:-1], 1, generator=generator) ** (1 / shape[-1])
    return direction * radius * length
