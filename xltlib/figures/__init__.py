"""Figures, each with the CSV of what it plots; ``caption`` is what stands below: encoder, n, seeds, rungs.

``style`` and ``marks`` hold what they share; the other modules draw. Importing any of them sets what
makes the bytes of an SVG the same every time. Nothing here needs torch.
"""

from xltlib.figures.curves import covariates, dose_response, loss_curve, strength_response
from xltlib.figures.effects import adaptation_effect, arm_effects, ladder
from xltlib.figures.family import adaptation_family
from xltlib.figures.grids import difference_grid, generalized_grid, language_bias
from xltlib.figures.groups import group_effects
from xltlib.figures.settings import development
from xltlib.figures.style import (
    NOISE_NAME,
    adaptation_name,
    base_strategy,
    encoder_name,
    file_name,
    look,
    save,
    strategy_name,
)
from xltlib.figures.trees import trees

__all__ = [
    "NOISE_NAME",
    "adaptation_effect",
    "adaptation_family",
    "adaptation_name",
    "arm_effects",
    "base_strategy",
    "covariates",
    "development",
    "difference_grid",
    "dose_response",
    "encoder_name",
    "file_name",
    "generalized_grid",
    "group_effects",
    "ladder",
    "language_bias",
    "look",
    "loss_curve",
    "save",
    "strategy_name",
    "strength_response",
    "trees",
]
