"""Where things lie: where a study says, or in an unpacked bundle where its ``bundle.json`` says.

A bundle (bundle.py) may be unpacked anywhere, but its runs keep the names that encoders, text and lists have
at home, for names are part of a run's id. So whatever opens what a parameter names asks here where it lies.
"""

from __future__ import annotations

import hashlib
import json
import os
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUNDLE, TEXTS, DATA = "bundle.json", "texts.bin", "data"  # at the root of an unpacked bundle
DIGEST = 8  # bytes that stand for a text
MAKE_IT_HERE = "make it here with run_all.py STUDY --force --only LABEL"  # a model that lies elsewhere


@cache
def bundle() -> dict | None:
    """What ``bundle.json`` says, in an unpacked bundle; None anywhere else."""
    path = ROOT / BUNDLE
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def is_path(name: str, hub: bool = False) -> bool:
    """Whether a name is written as a path: only then it can mean a folder or file of one's own.

    What lies in the working directory never decides it: a folder called ``ntrex`` there hides no corpus.

    Args:
        hub: of an encoder, of which ``organisation/model`` is a hub id, also with ``@commit`` behind it;
            ``./models/labse`` is a folder.

    Example:
        >>> is_path("ntrex"), is_path("./ntrex"), is_path("lists/synonyms.json")
        (False, True, True)
        >>> is_path("sentence-transformers/LaBSE", hub=True), is_path("/models/labse", hub=True)
        (False, True)
    """
    begins = name in (".", "..") or name.startswith(("/", "./", "../", "~")) or os.path.isabs(name)
    return begins or ("/" in name and not (hub and name.count("/") == 1))


def short(name: str) -> str:
    """A name as tables print it: of a path the last part.

    Example:
        >>> short("paws-x"), short("/elsewhere/mine")
        ('paws-x', 'mine')
    """
    return Path(name).name if is_path(name, hub=True) else name


def located(name: str) -> str:
    """Where an encoder, or a folder or file of text, lies: its name, but in a bundle that holds it."""
    packed = bundle()
    if packed and name in packed["places"]:
        return str(ROOT / packed["places"][name])
    return os.path.expanduser(name)


def absolute(name: str, beside: Path) -> str:
    """A path as parameters keep it: absolute, in a bundle as it was at home.

    Args:
        beside: what a relative path is relative to: the folder of the studies' file.
    """
    packed = bundle()
    if packed is not None and name in packed["written"]:
        return packed["written"][name]
    return str((Path(beside) / os.path.expanduser(name)).resolve())


def packed_data(folder: str) -> Path | None:
    """The data folder of an unpacked bundle; None if its study reads no file.

    Raises:
        ValueError: another folder is asked for.
    """
    packed_folder = ROOT / DATA if bundle()["data"] else None
    if folder and Path(folder).resolve() != packed_folder:
        raise ValueError(f"data folder {folder!r}: a bundle reads the data that were packed with it")
    return packed_folder


def said() -> str:
    """What stands behind a mistake in an unpacked bundle: what it holds. Nothing anywhere else."""
    packed = bundle()
    return f" (this is a bundle of {packed['holds']}; for more, pack another at home)" if packed else ""


def digest(text: str) -> bytes:
    """A few bytes that stand for a text."""
    return hashlib.blake2b(text.encode(), digest_size=DIGEST).digest()


@cache
def _texts() -> frozenset[bytes] | None:
    """Digests of the texts that a bundle's encoder was trimmed to; None where the vocabulary is whole."""
    path = ROOT / TEXTS
    if bundle() is None or not path.is_file():
        return None
    raw = path.read_bytes()
    return frozenset(raw[i : i + DIGEST] for i in range(0, len(raw), DIGEST))


def refuse_other_text(texts: list[str]) -> None:
    """Stop in a bundle whose encoder knows only the text that was packed, when it is to read another.

    Its pieces are gone from the vocabulary: it would be cut otherwise than at home.

    Raises:
        ValueError: shows the first such text.
    """
    known = _texts()
    if known is None:
        return
    other = next((text for text in texts if digest(text) not in known), None)
    if other is not None:
        raise ValueError(f"{other[:60]!r} is no text that this bundle's encoder was packed for")
