"""What a loaded encoder must be: whole, of finite weights, and with a tokenizer that knows its text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn

from xltlib.encoders.folders import Refused
from xltlib.encoders.hub import first_line

if TYPE_CHECKING:
    from xltlib.encoders.encoder import Encoder


def read_tensors(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a file, by name.

    Raises:
        Refused: it is not there, is cut short, or holds something else.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise Refused(f"{path.name} is missing or damaged ({first_line(error)})") from error


def check_weights(model: nn.Module, info: dict) -> None:
    """Refuse a model of which a file holds less or more than its configuration says.

    A pooler is never used, and heads above the encoder are no part of it.

    Args:
        info: what transformers tells of the loading.
    """
    missing = sorted(key for key in info["missing_keys"] if "pooler" not in key)
    if missing:
        depth = getattr(model.config, "num_hidden_layers", "?")
        raise Refused(f"lacks weights of {_some(missing)} that config.json ({depth} layers) asks for")
    parts = {name for name, _ in model.named_children() if "pooler" not in name}
    prefix = f"{model.base_model_prefix}."
    left = sorted(key for key in info["unexpected_keys"] if key.removeprefix(prefix).split(".")[0] in parts)
    if left:
        raise Refused(f"has weights that config.json has no place for: {_some(left)}; a part is not taken")
    for key, there, wanted in sorted(info["mismatched_keys"]):
        raise Refused(f"weights of {key} have the shape {tuple(there)}, config.json says {tuple(wanted)}")


def _some(names: list[str]) -> str:
    """The first of some names, and how many there are."""
    return ", ".join(names[:3]) + (f", ... ({len(names)} in all)" if len(names) > 3 else "")


def is_finite(weights: torch.Tensor) -> bool:
    """Whether all are numbers; nothing of their size is allocated."""
    low, high = torch.aminmax(weights.detach())  # both are NaN where one is
    return bool(torch.isfinite(low) and torch.isfinite(high))


def check_finite(*parts: nn.Module) -> None:
    """Refuse weights that are NaN or infinite."""
    for part in parts:
        for name, weights in part.named_parameters():
            if weights.numel() and not is_finite(weights):
                raise Refused(f"weights of {name} are NaN or infinite: take another version of this model")


def rows_of(model: nn.Module) -> int:
    """How many rows the embedding table of a model has."""
    try:
        rows, _ = model.get_input_embeddings().weight.shape
    except (AttributeError, NotImplementedError, ValueError) as error:
        raise Refused(f"{type(model).__name__} has no table of embeddings: no model of text?") from error
    return rows


def check_widths(encoder: Encoder) -> None:
    """Refuse a dense layer that does not take the states of this transformer."""
    if not isinstance(encoder.dense, nn.Identity) and encoder.dense[0].in_features != encoder.hidden:
        wanted = encoder.dense[0].in_features
        raise Refused(f"its dense layer takes vectors of {wanted}, its states have {encoder.hidden} numbers")


def check_tokenizer(tokenizer, rows: int) -> None:
    """Refuse a tokenizer that cannot be this model's.

    Args:
        tokenizer: of transformers.
        rows: of the embedding table.
    """
    vocabulary = tokenizer.get_vocab()
    if not set(vocabulary) - set(tokenizer.all_special_tokens):
        raise Refused("its tokenizer has no vocabulary: every word would be unknown. Copy its files, too")
    highest = max(vocabulary.values())
    if highest >= rows:
        raise Refused(f"its tokenizer has a piece {highest}, its embedding table {rows} rows: of two models?")
    if len(vocabulary) < rows / 2 and rows - len(vocabulary) > 1024:  # tables are padded by less
        raise Refused(f"its tokenizer has {len(vocabulary)} pieces for {rows} rows of its embedding table")
    if tokenizer.pad_token_id is None:
        raise Refused("its tokenizer has no padding token: sentences of several lengths make no batch")
