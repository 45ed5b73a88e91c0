"""Write what a run has trained as a folder that sentence-transformers loads, without this package.

python -m xltlib.export finetune-04e4f93c3e --to models/paraphrases
python -m xltlib.export adapt-29e3dc5296 --to models/encoder --vocabulary trimmed
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from xltlib import console, files, places
from xltlib.exporting import kept

WHOLE, TRIMMED = "whole", "trimmed"  # vocabularies


def export(run: str, folder: Path, runs: Path, vocabulary: str = WHOLE, data: str = ""):
    """Write a run's model, checked against the one that the run had.

    Args:
        run: its id, or the path of its folder.
        folder: one that is not there yet, or is empty.
        runs: where the run lies.
        vocabulary: ``"whole"``, or ``"trimmed"`` to the text that the run read: smaller by most of its size.
        data: folder of downloaded data; "": where the run read it.
    Returns:
        What was compared: an exporting.agreement.Agreement.
    Raises:
        ValueError, OSError: the run has no model, it cannot be written or it differs; no folder is left.
    """
    left = kept.find(run, runs)
    with whole_folder(folder) as part, tempfile.TemporaryDirectory() as empty:
        from xltlib.exporting import agreement, model_card, modules, rebuilt  # they import torch

        again = rebuilt.rebuild(left, vocabulary == TRIMMED, data, Path(empty))
        modules.write(again, part)
        found = agreement.check(again, part)
        model_card.write(again, found, vocabulary, part)
    return found


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A folder that appears whole or not at all: the block fills it under the name that it is given.

    Raises:
        ValueError: something is there already, or nothing can be written there.
    """
    if os.path.lexists(folder) and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"{folder} is there already, and not empty: name another folder")
    files.refuse_unwritable(folder.absolute())
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield part
        for path in [part, *part.rglob("*")]:  # what is made by way of temporary files is for its owner alone
            path.chmod((0o777 if path.is_dir() else 0o666) & ~_umask())
        os.replace(part, folder)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def _umask() -> int:
    """What new files of this process are kept from; it can only be read by setting it."""
    found = os.umask(0)
    os.umask(found)
    return found


def parsed(given: list[str] | None) -> argparse.Namespace:
    """The command line's arguments."""
    layout = argparse.RawDescriptionHelpFormatter
    parser = console.Parser(
        "export", prog="python -m xltlib.export", description=__doc__, formatter_class=layout
    )
    parser.add_argument("run", help="a run's id, or the path of its folder")
    parser.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="that is made")
    parser.add_argument(
        "--runs", type=Path, default=places.ROOT / "runs", metavar="DIR", help="where runs lie"
    )
    shown = "all pieces of the encoder's vocabulary, or those that the run read"
    parser.add_argument("--vocabulary", choices=(WHOLE, TRIMMED), default=WHOLE, help=shown)
    shown = "folder of downloaded data (else where the run read it, else XLTLIB_DATA)"
    parser.add_argument("--data", default="", metavar="DIR", help=shown)
    return parser.parse_args(given)


def main(given: list[str] | None = None) -> int:
    """Do what the command line asks; the exit status: 2 where nothing was written."""
    console.forgiving()
    args = parsed(given)
    try:
        found = export(args.run, Path(os.path.expanduser(args.to)), args.runs, args.vocabulary, args.data)
    except (OSError, ValueError) as error:
        print(f"export: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    print(f"written: {args.to}")
    print(f"{found.pairs} pairs read back: numbers differ by at most {found.difference:.1e}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
