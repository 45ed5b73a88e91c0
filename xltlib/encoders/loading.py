"""Load an encoder by its name, and save it: folders of transformers or sentence-transformers, the hub."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from torch import nn

from xltlib import places
from xltlib.encoders.encoder import OFFLINE, Encoder
from xltlib.encoders.offline import load_offline

STATE = "xltlib_encoder.json"  # beside the model: its pooling, and whether there is a dense layer
DENSE = "dense.safetensors"  # that layer's weights
NORMS = "norms.safetensors"  # of an encoder packed trimmed: the norm of every row of its whole table
HUB_FILES = ["*.json", "*.txt", "*.model", "*.safetensors", "*/*.json", "*/*.safetensors"]
ATTENTION = "eager"  # the CPU backward of sdpa took 55 % of a training step (benchmarks/throughput.py)


def load(name: str) -> Encoder:
    """Load an encoder by hub id, by folder, or ``"offline"``, in fp32.

    Args:
        name: hub id, folder, or ``"offline"`` (in the extra ``offline``). A plain transformer pools by the
            mean.
    Raises:
        OSError: nothing is there and no hub answers, with what to do.
        ValueError: weights are missing, or the sentence-transformers folder has modules this project does not
            know.

    Example:
        >>> encoder = load("offline")
        >>> encoder.hidden
        384
    """
    from huggingface_hub.errors import HFValidationError
    from transformers.utils import logging

    logging.disable_progress_bar()  # a bar over a dozen tensors is noise in every notebook, and so is
    logging.set_verbosity_error()  # a table of missing weights: what matters of it is checked below
    if name == OFFLINE:
        encoder = load_offline()
        _restore_norm(encoder, Path(places.located(name)))
        return encoder
    try:
        folder = _local_folder(places.located(name))
        if (folder / "modules.json").exists():
            return _load_sentence_transformer(name, folder)
        encoder = _load_transformer(name, folder)
    except (OSError, HFValidationError) as error:
        place = "no such folder, and the model hub gave nothing"
        if Path(name).is_dir():
            place = "its folder cannot be loaded"
        advice = f"Name a folder with config.json, a hub id while online, or {OFFLINE!r}."
        reason = str(error).splitlines()[0]
        raise OSError(f"encoder {name!r}: {place} ({reason}). {advice}") from error
    _restore(encoder, folder)
    _restore_norm(encoder, folder)
    return encoder


def _local_folder(name: str) -> Path:
    if Path(name).is_dir():
        return Path(name)
    from huggingface_hub import snapshot_download

    return Path(snapshot_download(name, allow_patterns=HUB_FILES))


def _load_transformer(name: str, folder: Path) -> Encoder:
    """A folder of transformers, which must have every weight but a pooler's."""
    from transformers import AutoModel, AutoTokenizer

    model, info = AutoModel.from_pretrained(
        folder, dtype=torch.float32, attn_implementation=ATTENTION, output_loading_info=True
    )
    missing = [key for key in info["missing_keys"] if "pooler" not in key]
    if missing:
        raise ValueError(f"encoder {name!r}: the folder lacks weights of {missing[:3]}")
    return Encoder(name, model, AutoTokenizer.from_pretrained(folder))


def _load_sentence_transformer(name: str, folder: Path) -> Encoder:
    """Transformer, Pooling, optionally Dense and Normalize: LaBSE's form and most others'."""
    from sentence_transformers import SentenceTransformer

    chain = SentenceTransformer(str(folder), device="cpu", model_kwargs={"attn_implementation": ATTENTION})
    modules = list(chain)
    kinds = [type(module).__name__ for module in modules]
    if kinds[:2] != ["Transformer", "Pooling"] or set(kinds[2:]) - {"Dense", "Normalize"}:
        known = "known: Transformer, Pooling, Dense, Normalize"
        raise ValueError(f"encoder {name!r}: unknown module in {kinds}; {known}")
    transformer, pooling, *others = modules
    mode = str(pooling.pooling_mode)
    layers = [nn.Sequential(m.linear, m.activation_function) for m in others if type(m).__name__ == "Dense"]
    plain = all(layer[0].bias is not None and isinstance(layer[1], nn.Tanh) for layer in layers)
    if mode not in ("cls", "mean") or len(layers) > 1 or not plain:
        known = "known are pooling by cls or mean and at most one dense layer with bias and tanh"
        raise ValueError(f"encoder {name!r}: {known}")
    dense = layers[0] if layers else nn.Identity()
    model = getattr(transformer, "auto_model", None) or transformer.model
    return Encoder(name, model.float(), transformer.tokenizer, mode, dense)


def save(encoder: Encoder, folder: Path) -> None:
    """Write model and tokenizer as a folder that :func:`load` and transformers both read.

    Raises:
        ValueError: the vocabulary is trimmed; put the trained weights back first
            (:func:`xltlib.encoders.untrim`).
    """
    if encoder.kept is not None:
        raise ValueError("a trimmed encoder is not saved: use untrim(trimmed, whole) first")
    write(encoder, folder)


def write(encoder: Encoder, folder: Path) -> None:
    """What :func:`save` writes, of a trimmed encoder, too: for a bundle, whose text is known."""
    encoder.model.save_pretrained(folder)
    encoder.tokenizer.save_pretrained(folder)
    dense = not isinstance(encoder.dense, nn.Identity)
    state = {"pooling": encoder.pooling, "dense": dense}
    if encoder.whole_norm is not None:
        state["whole_norm"] = encoder.whole_norm
    (Path(folder) / STATE).write_text(json.dumps(state))
    if dense:
        from safetensors.torch import save_file

        save_file(encoder.dense.state_dict(), Path(folder) / DENSE)


def _restore(encoder: Encoder, folder: Path) -> None:
    """Give an encoder the pooling, the dense layer and the mean norm that :func:`save` wrote beside it."""
    if not (folder / STATE).exists():
        return
    state = json.loads((folder / STATE).read_text())
    encoder.pooling, encoder.whole_norm = state["pooling"], state.get("whole_norm")
    if state["dense"]:
        from safetensors.torch import load_file

        weights = load_file(folder / DENSE)
        width_out, width_in = weights["0.weight"].shape
        encoder.dense = nn.Sequential(nn.Linear(width_in, width_out), nn.Tanh())
        encoder.dense.load_state_dict(weights)


def _restore_norm(encoder: Encoder, folder: Path) -> None:
    """Give an encoder that was packed trimmed the mean norm of its whole table.

    The mean is taken here: its last digits depend on how many threads add up the norms, as at home.
    """
    if (folder / NORMS).exists():
        from safetensors.torch import load_file

        encoder.whole_norm = load_file(folder / NORMS)["norms"].mean().item()
