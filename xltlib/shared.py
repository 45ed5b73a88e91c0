"""What the runs of a folder have in common, made once and read by all: vocabularies, and leak checks of text.

    python -m xltlib.shared runs            # what there is
    python -m xltlib.shared runs --clear    # delete it

It lies in ``shared/`` below the folder of runs. Each entry is one file, named by a hash of everything that it
was made from, and appears whole or not at all; runs that need the same at once may each make it. Nothing
depends on it: a run without it takes longer, and gives the same.
"""

from __future__ import annotations

import hashlib
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Callable

import numpy as np

from xltlib import console, files, locks

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
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        path = self.folder / f"{kind}-{_digest(made_from)}.safetensors"
        try:
            return load_file(path)
        except (OSError, SafetensorError):  # not there, or broken: a disk may be full
            found = make()
        self._keep(found, path)
        return found

    @staticmethod
    def _keep(arrays: dict[str, np.ndarray], path: Path) -> None:
        """Write a file whole, or not at all. Where it cannot be written the run goes on without."""
        from safetensors.numpy import save

        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            with locks.held(path.parent / LOCK):  # another run may write the same
                with files.whole(path) as part:
                    part.write_bytes(save(arrays))


def _digest(made_from: list[str]) -> str:
    """Hash of texts and of the versions that they went through."""
    versions = [metadata.version(name) for name in PACKAGES]
    found = hashlib.sha256()
    for text in (FORMAT, *versions, *made_from):
        written = text.encode("utf-8", "surrogatepass")
        found.update(len(written).to_bytes(8) + written)
    return found.hexdigest()[:24]


def listed(runs: Path) -> list[Path]:
    """The entries of a folder of runs, what an interrupted writing left included."""
    return sorted(path for path in (Path(runs) / "shared").glob("[!.]*") if path.is_file())


def main() -> None:
    """List the entries, or delete them."""
    console.forgiving()
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, help="folder of runs")
    parser.add_argument("--clear", action="store_true", help="delete all")
    args = parser.parse_args()
    entries = listed(args.runs)
    for path in entries:
        print(f"{path.stat().st_size / 2**20:8.1f} MiB  {path.name}")
        if args.clear:
            path.unlink()
    print(f"{len(entries)} entries{', deleted' if args.clear else ''}")


if __name__ == "__main__":
    main()
