"""Where models are trained, and where vectors of what is not trained are computed: the same device."""

from __future__ import annotations

import torch


def chosen() -> torch.device:
    """A GPU where accelerate finds one, else the CPU.

    Example:
        >>> chosen() == torch.device("cuda" if torch.cuda.is_available() else "cpu", chosen().index)
        True
    """
    from accelerate import PartialState

    return PartialState().device
