"""What a loaded encoder must be: whole, of finite weights, and with a tokenizer that knows its text."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn

from xltlib.encoders.folders import Refused, weight_files
from xltlib.encoders.hub import first_line
from xltlib.encoders.pieces import Pieces

if TYPE_CHECKING:
    from xltlib.encoders.encoder import Encoder


FLOATS = ("F64", "F32", "F16", "BF16")
PARAMETERS = ("weight", "bias", "gamma", "beta")  # other tensors of a file count positions, and the like


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


def read_norms(path: Path) -> torch.Tensor:
    """The norms of the rows of a table, of an encoder that was packed trimmed.

    Raises:
        Refused: the file holds something else.
    """
    norms = read_tensors(path).get("norms")
    if norms is None or not norms.is_floating_point() or not 0 < norms.mean().item() < math.inf:
        raise Refused(f"{path.name} is damaged (it holds no norms above 0): unpack the bundle again")
    return norms


def check_numbers(folder: Path) -> None:
    """Refuse weights that are no real numbers: what was quantised, say, of which the scales are not read."""
    from safetensors import safe_open

    for path in weight_files(folder):
        with safe_open(path, framework="pt") as file:
            for name in file.keys():
                kind = file.get_slice(name).get_dtype()
                if name.endswith(PARAMETERS) and kind not in FLOATS:
                    raise Refused(f"weights of {name} are {kind}, wanted {', '.join(FLOATS)}")


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
    if info["mismatched_keys"]:
        key, shape, wanted = min(info["mismatched_keys"])
        raise Refused(f"weights of {key} have the shape {tuple(shape)}, config.json says {tuple(wanted)}")


def _some(names: list[str]) -> str:
    """The first of some names, and how many there are."""
    return ", ".join(names[:3]) + (f", ... ({len(names)} in all)" if len(names) > 3 else "")


def is_finite(weights: torch.Tensor) -> bool:
    """Whether all are numbers; nothing of their size is allocated."""
    low, high = torch.aminmax(weights.detach())  # both are NaN where one is
    return bool(torch.isfinite(low) and torch.isfinite(high))


def check_finite(*parts: nn.Module) -> None:
    """Refuse weights that are NaN or infinite, and layers whose weights are all the same number."""
    again = "take another version of this model"
    for part in parts:
        layers = {f"{name}.weight" for name, module in part.named_modules() if isinstance(module, nn.Linear)}
        for name, weights in part.named_parameters():
            if weights.numel() and not is_finite(weights):
                raise Refused(f"weights of {name} are NaN or infinite: {again}")
            if name in layers and weights.numel() > 1 and weights.min() == weights.max():
                raise Refused(f"weights of {name} are all {weights.min().item():g}: {again}")


def check_table(model: nn.Module) -> None:
    """Refuse a table of embeddings in which all pieces are the same."""
    low, high = torch.aminmax(model.get_input_embeddings().weight.detach(), dim=0)
    if rows_of(model) > 1 and torch.equal(low, high):
        raise Refused("all rows of its table of embeddings are the same: take another version of this model")


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
    if not Pieces(tokenizer).separates_pairs:
        advice = "copy tokenizer.json as the model came with it"
        raise Refused(f"its tokenizer puts no special piece between the sentences of a pair: {advice}")
