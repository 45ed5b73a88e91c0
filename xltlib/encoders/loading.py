"""Load an encoder by its name, and save it: folders of transformers or sentence-transformers, the hub."""

from __future__ import annotations

import json
import math
from pathlib import Path

import torch
from torch import nn

from xltlib import places
from xltlib.encoders import checks, folders, offline
from xltlib.encoders.encoder import OFFLINE, Encoder, attention
from xltlib.encoders.folders import Refused
from xltlib.encoders.hub import file_names, first_line, local_folder, split
from xltlib.encoders.recipes import STATE, written_recipe
from xltlib.encoders.trimming import Vocabulary, table_of, with_vocabulary
from xltlib.shared import Shared

DENSE = "dense.safetensors"  # weights of the layer behind the pooling, beside STATE
NORMS = "norms.safetensors"  # of an encoder packed trimmed: the norm of every row of its whole table
OWN = {"local_files_only": True, "trust_remote_code": False}  # nothing is fetched, and no model's code is run


def load(name: str, vocabulary: Vocabulary | None = None) -> Encoder:
    """Load an encoder by hub id, by folder, or ``"offline"``, in fp32.

    Args:
        name: hub id (``"organisation/model@commit"``: at a revision), folder written as a path, or
            ``"offline"`` (in the extra ``offline``). A plain transformer pools by the mean.
        vocabulary: its pieces alone are loaded; None: all.
    Raises:
        OSError: nothing is there, or the hub does not give it; says which, and what to do.
        ValueError: the folder is refused: a part is missing, does not fit, is not finite, is not known to
            this project, or would need code of the model's own.

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
    folder = _model_folder(name)
    try:
        encoder = _load_folder(name, folder, vocabulary)
    except Refused as error:
        raise ValueError(f"encoder {name!r}: {error}") from error
    except MemoryError:
        raise
    except Exception as error:  # whatever the libraries raise of files that they cannot read
        raise ValueError(f"encoder {name!r}: {folder} cannot be loaded ({first_line(error)})") from error
    return encoder if vocabulary else _restore_norm(encoder, folder)


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


def _model_folder(name: str) -> Path:
    """The folder of an encoder, refused before all that lies below it is listed: it may be anyone's home."""
    folder = local_folder(name)
    if not any((folder / file).is_file() for file in ("config.json", "modules.json")):
        raise ValueError(f"encoder {name!r}: config.json is missing in {folder}: it holds no model")
    return folder


def _identity(name: str) -> list[str]:
    """What tells an encoder's files from others: their places, sizes and times of change.

    The last digits of the mean norm of its table depend on how many threads add up.
    """
    if name == OFFLINE:
        files = [offline.installed_file()]
    else:
        files = sorted(path for path in _model_folder(name).rglob("*") if path.is_file())
    states = [f"{path} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in files]
    return [*states, f"{torch.get_num_threads()} threads"]


def _load_folder(name: str, folder: Path, vocabulary: Vocabulary | None) -> Encoder:
    """An encoder from its folder, every part of which is looked at first."""
    files, convert = file_names(name, folder), folders.converter(*split(name))
    chain = folders.chain_of(folder)
    folders.check_transformer(chain.transformer, files, convert)
    dense = nn.Identity()
    if chain.dense is not None:
        folders.check_weights(chain.dense, files, convert)
        dense = _dense(checks.read_tensors(chain.dense / folders.WEIGHTS[0]), "linear.")
    model = _load_transformer(chain.transformer)
    if vocabulary is None:
        tokenizer = _load_tokenizer(chain)
        checks.check_tokenizer(tokenizer, checks.rows_of(model))
        encoder = Encoder(name, model, tokenizer, chain.pooling, dense)
    else:
        rows = model.get_input_embeddings().weight.data[torch.from_numpy(vocabulary.kept)]
        model.set_input_embeddings(table_of(rows))
        model.config.vocab_size = len(rows)
        encoder = vocabulary.encoder(name, model, chain.pooling, dense)
    _restore(encoder, folder)
    checks.check_widths(encoder)
    checks.check_finite(encoder.model, encoder.dense)  # of the table those rows that are kept
    checks.check_table(encoder.model)
    return encoder


def _load_transformer(folder: Path):
    """A folder of transformers, which must have every weight but a pooler's."""
    from transformers import AutoModel

    checks.check_numbers(folder)
    model, info = AutoModel.from_pretrained(
        folder,
        dtype=torch.float32,
        attn_implementation=attention(),
        use_safetensors=True,
        output_loading_info=True,
        ignore_mismatched_sizes=True,  # they are refused by name below
        **OWN,
    )
    checks.check_weights(model, info)
    return model


def _load_tokenizer(chain: folders.Chain):
    """The tokenizer that lies beside a transformer."""
    from tokenizers import normalizers
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(chain.transformer, **OWN)
    if chain.lower_case:
        if not tokenizer.is_fast:
            raise Refused("do_lower_case: known for fast tokenizers alone")
        backend = tokenizer.backend_tokenizer
        existing = [backend.normalizer] if backend.normalizer is not None else []
        backend.normalizer = normalizers.Sequence([normalizers.Lowercase(), *existing])
    return tokenizer


def _dense(weights: dict[str, torch.Tensor], prefix: str) -> nn.Sequential:
    """The layer behind the pooling, ``tanh(Wx + b)``.

    Args:
        weights: of its file.
        prefix: of their names there.
    """
    wanted = {f"{prefix}weight", f"{prefix}bias"}
    if set(weights) != wanted:
        raise Refused(f"dense layer with weights {sorted(weights)}, wanted {sorted(wanted)}")
    shapes = [tuple(weights[name].shape) for name in sorted(wanted)]  # of the bias, of the weight
    if len(shapes[1]) != 2 or shapes[0] != shapes[1][:1] or 0 in shapes[1]:
        shown = f"a bias of shape {shapes[0]} and a weight of {shapes[1]}"
        raise Refused(f"dense layer with {shown}, wanted (n,) and (n, m)")
    other = next((str(weight.dtype) for weight in weights.values() if not weight.is_floating_point()), None)
    if other:
        raise Refused(f"dense layer with weights of {other}, wanted real numbers")
    width_out, width_in = shapes[1]
    linear = nn.Linear(width_in, width_out)
    linear.load_state_dict({key.removeprefix(prefix): weight.float() for key, weight in weights.items()})
    return nn.Sequential(linear, nn.Tanh())


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
    if not (folder / STATE).is_file():
        return
    state = folders.read_dictionary(folder / STATE)
    norm = state.get("whole_norm")
    if state.get("pooling") not in ("mean", "cls") or not isinstance(state.get("dense"), bool):
        raise Refused(f"{STATE} says {state}, wanted pooling (mean or cls) and dense (true or false)")
    if norm is not None and not (isinstance(norm, float) and 0 < norm < math.inf):
        raise Refused(f"{STATE}: whole_norm = {norm!r}, wanted a number above 0")
    written_recipe(state)
    encoder.pooling = state["pooling"]
    encoder.whole_norm = encoder.whole_norm or norm
    if state["dense"]:
        encoder.dense = _dense(checks.read_tensors(folder / DENSE), "0.")


def _restore_norm(encoder: Encoder, folder: str | Path) -> Encoder:
    """Give an encoder that was packed trimmed the mean norm of its whole table.

    The mean is taken here: its last digits depend on how many threads add up the norms, as at home.
    """
    path = Path(folder) / NORMS
    if path.exists():
        try:
            encoder.whole_norm = checks.read_norms(path).mean().item()
        except Refused as error:
            raise ValueError(f"encoder {encoder.name!r}: {error}") from error
    return encoder
