"""Files that appear whole or not at all, and that are read with checks: what is damaged is named."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd


class Damaged(ValueError):
    """A file that this project wrote is not what it was.

    Args:
        path: the file.
        why: what is wrong with it.
        then: what to do.
    """

    def __init__(self, path: Path, why: str, then: str):
        super().__init__(f"{path} is damaged: {' '.join(str(why).split())}; {then}")


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A file that appears whole or not at all: the block writes it under the name that it is given."""
    part = path.with_name(f"{path.name}.part")
    try:
        yield part
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def refuse_unwritable(*folders: Path) -> None:
    """Stop where nothing can be written, before hours are spent on what cannot be kept.

    Args:
        folders: of which some may not be there yet.
    Raises:
        ValueError: names the first in which nothing can be written.
    """
    for folder in folders:
        existing = next(place for place in (folder, *folder.parents) if os.path.exists(place))
        try:
            with tempfile.TemporaryFile(dir=existing) as file:
                file.write(bytes(2**16))
        except OSError as error:
            raise ValueError(f"{folder}: nothing can be written there ({error.strerror})") from error


def as_json(path: Path, then: str) -> dict:
    """The JSON object that a file holds.

    Args:
        then: what to do if it is damaged.
    Raises:
        OSError: it cannot be read.
        Damaged: it holds something else.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise Damaged(path, f"no UTF-8 ({error.reason} at byte {error.start})", then) from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits is a ValueError, too
        raise Damaged(path, f"no JSON ({error})", then) from error
    if not isinstance(content, dict):
        raise Damaged(path, f"a {type(content).__name__} where an object is wanted", then)
    return content


def as_table(path: Path, then: str, columns: list[str] | None = None) -> pd.DataFrame:
    """A table from a parquet file.

    Raises:
        OSError: it cannot be read.
        Damaged: it is no parquet file, or lacks a column.
    """
    from pyarrow import ArrowException

    try:
        return pd.read_parquet(path, columns=columns)
    except (ArrowException, OSError) as error:
        if getattr(error, "errno", None) is not None:  # it is the disk that says so, not the file
            raise
        raise Damaged(path, f"no table ({str(error).splitlines()[0]})", then) from error


def refuse_without(content: dict, needed: dict[str, type | tuple], path: Path, then: str) -> None:
    """Stop where what JSON gave is no object, lacks something, or has it of another type.

    Raises:
        Damaged: names the first.
    """
    if not isinstance(content, dict):
        raise Damaged(path, f"a {type(content).__name__} where an object is wanted", then)
    for key, kind in needed.items():
        if key not in content:
            raise Damaged(path, f"it has no {key!r}", then)
        if not isinstance(content[key], kind):
            types = " or ".join(type_.__name__ for type_ in (kind if isinstance(kind, tuple) else (kind,)))
            raise Damaged(path, f"{key!r} is no {types}", then)
