"""Why a loss or a probability is no number: said as far as the weights tell, and no further."""

from __future__ import annotations

import torch
from torch import Tensor, nn

USUAL = 1e4  # weights of pretrained encoders are far smaller; those that training has driven off, far larger
PLACES = "look at the encoder's weights, the text, noise and penalty"
ELSE = f"it is not learning_rate: {PLACES}"
OR_ELSE = f"; or, as updates were made with that loss before it was seen, it alone has done so: {PLACES}"


def cause(
    model: nn.Module, learning_rate: float | None = None, updated: bool = True, followed: bool = False
) -> str:
    """What to look at, in words; the learning rate only where updates have driven the weights off.

    Args:
        learning_rate: of the training; None: it is not known here.
        updated: whether any update was made before the loss, or the probability, was computed.
        followed: whether updates were made after it: a single loss that is no number drives the weights off.
    """
    for name, weights in model.named_parameters():
        if not weights.requires_grad and not torch.isfinite(weights).all():
            return f"{name} holds values that are no numbers, and nothing trained it: the encoder is damaged"
    if not updated:
        return f"no update was made before it, so {ELSE}"
    if any(driven_off(weights) for weights in model.parameters() if weights.requires_grad):
        value = "" if learning_rate is None else f" ({learning_rate})"
        blamed = f"training has driven the weights off; lower learning_rate{value}"
        return f"{blamed}{OR_ELSE}" if followed else blamed
    return f"the weights are of usual size, so {ELSE}"


def driven_off(weights: Tensor) -> bool:
    """Whether some of the weights are no numbers, or far larger than a training should leave them.

    Example:
        >>> driven_off(torch.tensor([0.1, -3.0])), driven_off(torch.tensor([0.1, float("nan")]))
        (False, True)
    """
    return not bool((weights.detach().abs() < USUAL).all())  # NaN is below nothing
