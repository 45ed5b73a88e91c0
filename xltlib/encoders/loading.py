"""Load an encoder by its name, and save it: folders of transformers or sentence-transformers, the hub."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from torch import nn

from xltlib import places
from xltlib.encoders import offline
from xltlib.encoders.encoder import OFFLINE, Encoder, attention
from xltlib.encoders.trimming import Vocabulary, table_of, with_vocabulary
from xltlib.shared import Shared

STATE = "xltlib_encoder.json"  # beside the model: its pooling, and whether there is a dense layer
DENSE = "dense.safetensors"  # that layer's weights
NORMS = "norms.safetensors"  # of an encoder packed trimmed: the norm of every row of its whole table
HUB_FILES = ["*.json", "*.txt", "*.model", "*.safetensors", "*/*.json", "*/*.safetensors"]


def load(name: str, vocabulary: Vocabulary | None = None) -> Encoder:
    """Load an encoder by hub id, by folder, or ``"offline"``, in fp32.

    Args:
        name: hub id, folder, or ``"offline"`` (in the extra ``offline``). A plain transformer pools by the
            mean.
        vocabulary: its pieces alone are loaded; None: all.
    Raises:
        OSError: nothing is there and no hub answers, with what to do.
        ValueError: weights are missing, or the sentence-transformers folder has modules this project does not
            know.

    Example:
        >>> encoder = load("offline")
        >>> encoder.hidden
        384
    """
    from transformers.utils import logging

    logging.disable_progress_bar()  # a bar over a dozen tensors is noise in every notebook, and so is
    logging.set_verbosity_error()  # a table of missing weights: what matters of it is checked below
    if name == OFFLINE:
        encoder = offline.load_offline(vocabulary=vocabulary)
        return encoder if vocabulary else _restore_norm(encoder, places.located(name))
    folder = _local_folder(name)
    try:
        if (folder / "modules.json").exists():
            encoder = _load_sentence_transformer(name, folder)
            return encoder if vocabulary is None else with_vocabulary(encoder, vocabulary)
        encoder = _load_transformer(name, folder, vocabulary)
    except OSError as error:
        raise _not_loaded(name, "its folder cannot be loaded", error) from error
    _restore(encoder, folder)
    return encoder if vocabulary else _restore_norm(encoder, folder)


def _not_loaded(name: str, place: str, error: Exception) -> OSError:
    """What went wrong with a place, and what to do."""
    advice = f"Name a folder with config.json, a hub id while online, or {OFFLINE!r}."
    return OSError(f"encoder {name!r}: {place} ({str(error).splitlines()[0]}). {advice}")


def load_trimmed(name: str, texts: list[str], shared: Shared, whole: Encoder | None = None) -> Encoder:
    """``trim(load(name), texts)``: an encoder with the pieces of texts alone, from what is shared if there.

    Args:
        name: as :func:`load` takes it.
        texts: every sentence the run will read.
        shared: where vocabularies are kept.
        whole: the encoder with all its pieces, if it is at hand.
    Raises:
        OSError, ValueError: as :func:`load` and :func:`xltlib.encoders.trim`.
    """

    def make() -> dict:
        return Vocabulary.of(whole or _without_weights(name), texts).as_arrays()

    made_from = [*_identity(name), *sorted(set(texts))]
    vocabulary = Vocabulary.from_arrays(texts, shared.arrays("vocabulary", made_from, make))
    return with_vocabulary(whole, vocabulary) if whole else load(name, vocabulary)


def _without_weights(name: str) -> Encoder:
    """An encoder of which a vocabulary is to be made; the offline one needs no layers for that."""
    if name == OFFLINE:
        return _restore_norm(offline.without_weights(), places.located(name))
    return load(name)


def _identity(name: str) -> list[str]:
    """What tells an encoder's files from others: their places, sizes and times of change.

    The last digits of the mean norm of its table depend on how many threads add up.
    """
    if name == OFFLINE:
        files = [offline.installed_file()]
    else:
        files = sorted(path for path in _local_folder(name).rglob("*") if path.is_file())
    told = [f"{path} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in files]
    return [*told, f"{torch.get_num_threads()} threads"]


def _local_folder(name: str) -> Path:
    """A folder itself, in a bundle that which was packed, or that of a download from the hub."""
    if Path(places.located(name)).is_dir():
        return Path(places.located(name))
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError

    try:
        return Path(snapshot_download(name, allow_patterns=HUB_FILES))
    except (OSError, HFValidationError) as error:
        raise _not_loaded(name, "no such folder, and the model hub gave nothing", error) from error


def _load_transformer(name: str, folder: Path, vocabulary: Vocabulary | None) -> Encoder:
    """A folder of transformers, which must have every weight but a pooler's."""
    from transformers import AutoModel, AutoTokenizer

    model, info = AutoModel.from_pretrained(
        folder, dtype=torch.float32, attn_implementation=attention(), output_loading_info=True
    )
    missing = [key for key in info["missing_keys"] if "pooler" not in key]
    if missing:
        raise ValueError(f"encoder {name!r}: the folder lacks weights of {missing[:3]}")
    if vocabulary is None:
        return Encoder(name, model, AutoTokenizer.from_pretrained(folder))
    rows = model.get_input_embeddings().weight.data[torch.from_numpy(vocabulary.kept)]
    model.set_input_embeddings(table_of(rows))
    model.config.vocab_size = len(rows)
    return vocabulary.encoder(name, model, "mean", nn.Identity())


def _load_sentence_transformer(name: str, folder: Path) -> Encoder:
    """Transformer, Pooling, optionally Dense and Normalize: LaBSE's form and most others'."""
    from sentence_transformers import SentenceTransformer

    chain = SentenceTransformer(str(folder), device="cpu", model_kwargs={"attn_implementation": attention()})
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
    encoder.pooling = state["pooling"]
    encoder.whole_norm = encoder.whole_norm or state.get("whole_norm")
    if state["dense"]:
        from safetensors.torch import load_file

        weights = load_file(folder / DENSE)
        width_out, width_in = weights["0.weight"].shape
        encoder.dense = nn.Sequential(nn.Linear(width_in, width_out), nn.Tanh())
        encoder.dense.load_state_dict(weights)


def _restore_norm(encoder: Encoder, folder: str | Path) -> Encoder:
    """Give an encoder that was packed trimmed the mean norm of its whole table.

    The mean is taken here: its last digits depend on how many threads add up the norms, as at home.
    """
    path = Path(folder) / NORMS
    if path.exists():
        from safetensors.torch import load_file

        encoder.whole_norm = load_file(path)["norms"].mean().item()
    return encoder
