"""Noise of the input embeddings, adversarial or at random (Huang et al. 2021, arXiv 2104.08645; rung Z0).

Its norms and radii could not be read; the radius here is relative to the mean norm of the embedding table, so
that encoders can be compared. How each is computed: noise/embeddings.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from xltlib.components.base import option
from xltlib.components.noise import Noise


@dataclass(frozen=True, kw_only=True)
class Fgm(Noise):
    """One step from zero against the labels (rung Z0): ``min E max_{|d| <= eps} CE(f(e + d))``.

    Args:
        radius: largest norm of a token's perturbation, relative to the mean norm of the embedding table.
        norm: ``"token"``: of each token; ``"sequence"``: of the whole, ``radius * sqrt(tokens)``.
    """

    radius: float = option(above=0, at_most=100)
    norm: str = option("token", among=("token", "sequence"))
    adversarial = True

    def step(self, model, seed: int):
        from xltlib.noise.embeddings import Adversarial

        return Adversarial(model, self.radius, self.norm, 1, seed=seed)


@dataclass(frozen=True, kw_only=True)
class Pgd(Fgm):
    """Several steps from a random start, each projected back into the ball (rung Z0).

    Args:
        steps: ascents, each ``2 * radius / steps`` far; a single one goes ``radius`` far.
    """

    steps: int = option(3, at_least=1, at_most=1000)

    def step(self, model, seed: int):
        from xltlib.noise.embeddings import Adversarial

        return Adversarial(model, self.radius, self.norm, self.steps, random_start=True, seed=seed)


@dataclass(frozen=True, kw_only=True)
class FreeLb(Pgd):
    """Steps from zero whose gradients of the parameters are averaged (rung Z0).

    There is no separate update at the final perturbation.

    Args:
        steps: as of :class:`Pgd`, two at least: the first is at zero, which alone is plain training.
    """

    steps: int = option(3, at_least=2, at_most=1000)

    def step(self, model, seed: int):
        from xltlib.noise.embeddings import Adversarial

        return Adversarial(model, self.radius, self.norm, self.steps, accumulate=True, seed=seed)


@dataclass(frozen=True, kw_only=True)
class Gaussian(Noise):
    """Random perturbation, drawn once a forward pass (RS-RP; rung Z0): ``min E E_d CE(f(e + d))``.

    Args:
        radius: root mean square norm of a token's perturbation, relative to the mean norm of the table.
    """

    radius: float = option(above=0, at_most=100)
    votes = True

    def step(self, model, seed: int):
        from xltlib.noise.embeddings import RandomPerturbation

        return RandomPerturbation(model, self.radius, "gaussian", seed)


@dataclass(frozen=True, kw_only=True)
class Uniform(Gaussian):
    """The same, uniform in the ball of that radius (rung Z0)."""

    def step(self, model, seed: int):
        from xltlib.noise.embeddings import RandomPerturbation

        return RandomPerturbation(model, self.radius, "uniform", seed)
