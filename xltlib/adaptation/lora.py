"""LoRA as the carrier of an adaptation (by peft).

Small low-rank updates are trained instead of the layers, and merged into them at the end.
"""

from __future__ import annotations

from torch import nn

# What layers are called, and the parts of them that get updates: in BERT and XLM-R, in XLM.
TARGETS = {"layer": ("query", "value"), "attentions": ("q_lin", "v_lin")}

ALPHA = 16  # divided by the rank, the scale of the updates


def attach(model: nn.Module, rank: int, frozen_layers: int = 0):
    """``W' = W + (16 / rank) B A`` on query and value (Hu et al. 2021, arXiv 2106.09685).

    Nothing else is trained any more.

    Args:
        model: changed in place.
        rank: of the updates.
        frozen_layers: this many of the lowest layers get none.
    Returns:
        What :func:`merge` takes.
    Raises:
        ValueError: the model has no layers of these names, or the rank is below 1.
    """
    from peft import LoraConfig, get_peft_model

    names = {name.split(".")[-1] for name, _ in model.named_modules()}
    layers = next((called for called, parts in TARGETS.items() if names.issuperset(parts)), None)
    if layers is None or rank < 1:
        known = " or ".join("/".join(parts) for parts in TARGETS.values())
        raise ValueError(f"lora_rank={rank}: 1 or more, for encoders with layers named {known}")
    config = LoraConfig(
        r=rank,
        lora_alpha=ALPHA,
        lora_dropout=0.0,
        target_modules=list(TARGETS[layers]),
        layers_to_transform=list(range(frozen_layers, model.config.num_hidden_layers)),
        layers_pattern=layers,
    )
    return get_peft_model(model, config)


def merge(attached) -> nn.Module:
    """The model with its updates added to its weights, as it was built before."""
    return attached.merge_and_unload()
