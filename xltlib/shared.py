"""What the runs of a folder have in common, made once and read by all: vocabularies, and leak checks of text.

    python -m xltlib.shared runs            # what there is
    python -m xltlib.shared runs --clear    # delete it

It lies in ``shared/`` below the folder of runs. Each entry is one file, named by a hash of everything that it
was made from, and appears whole or not at all; runs that need the same at once may each make it. Nothing
depends on it: a run without it takes longer, and gives the same.
"""

from __future__ import annotations

import hashlib
import re
from argparse import RawDescriptionHelpFormatter
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Callable

import numpy as np

from xltlib import console, files, locks

ENTRY = re.compile(r"[a-z]+-[0-9a-f]{24}\.safetensors(\.part|\.lock)?")  # names of what is made here
LOCK = ".lock"  # who holds it may write: one at a time, so that nobody's half-written file is left behind
FORMAT = "1"  # of the entries: another one makes all of them anew
PACKAGES = ("tokenizers", "transformers", "torch", "numpy")  # whose versions count into the hash


class Shared:
    """Arrays that several runs need.

    Args:
        runs: the folder of runs; None: nothing is shared, everything is made.
    """

    def __init__(self, runs: Path | None):
        self.folder = None if runs is None else Path(runs) / "shared"

    def arrays(
        self, kind: str, made_from: list[str], make: Callable[[], dict[str, np.ndarray]]
    ) -> dict[str, np.ndarray]:
        """What an earlier run left, or else what ``make`` gives.

        Args:
            kind: a word, for the list of what there is.
            made_from: everything that the arrays depend on.
        """
        if self.folder is None:
            return make()
        path = self.folder / f"{kind}-{_digest(made_from)}.safetensors"
        found = self._kept(path)
        if found is None:
            found = make()
            self._keep(found, path)
        return found

    @staticmethod
    def _kept(path: Path) -> dict[str, np.ndarray] | None:
        """The arrays of an entry; None where it is not there, broken, or holds others than were written."""
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, framework="numpy") as file:
                digest = (file.metadata() or {}).get("holds")
                found = {name: file.get_tensor(name) for name in file.keys()} if digest else {}
        except (OSError, SafetensorError):  # a disk may be full
            return None
        return found if digest == _digest_of(path.name, found) else None

    @staticmethod
    def _keep(arrays: dict[str, np.ndarray], path: Path) -> None:
        """Write a file whole, or not at all. Where it cannot be written the run goes on without."""
        from safetensors.numpy import save

        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            with locks.held(path.parent / LOCK):  # another run may write the same
                with files.whole(path) as part:
                    part.write_bytes(save(arrays, {"holds": _digest_of(path.name, arrays)}))


def _digest(made_from: list[str]) -> str:
    """Hash of texts and of the versions that they went through."""
    versions = [metadata.version(name) for name in PACKAGES]
    found = hashlib.sha256()
    for text in (FORMAT, *versions, *made_from):
        written = text.encode("utf-8", "surrogatepass")
        found.update(len(written).to_bytes(8) + written)
    return found.hexdigest()[:24]


def _digest_of(name: str, arrays: dict[str, np.ndarray]) -> str:
    """Hash of what an entry holds, and of its name: a copy of another is not taken for it."""
    found = hashlib.sha256(name.encode())
    for key, array in sorted(arrays.items()):
        found.update(f" {key} {array.dtype} {array.shape} ".encode())
        found.update(np.ascontiguousarray(array))
    return found.hexdigest()


def entries_in(runs: Path) -> list[Path]:
    """The entries of a folder of runs, what an interrupted writing left included; nothing else there."""
    found = (Path(runs) / "shared").glob("*")
    return sorted(path for path in found if ENTRY.fullmatch(path.name) and path.is_file())


def main() -> None:
    """List the entries, or delete them."""
    console.forgiving()
    parser = console.Parser("shared", description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, help="folder of runs")
    parser.add_argument("--clear", action="store_true", help="delete them, and nothing else")
    args = parser.parse_args()
    if not args.runs.is_dir():
        parser.exit(2, f"{args.runs}: no such folder; name a folder of runs\n")
    entries = entries_in(args.runs)
    for path in entries:
        print(f"{path.stat().st_size / 2**20:8.1f} MiB  {path.name}")
        if args.clear:
            path.unlink(missing_ok=True)  # another may clear, too
    print(f"{len(entries)} entries{', deleted' if args.clear else ''}")


if __name__ == "__main__":
    main()
