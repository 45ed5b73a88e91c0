"""What run_all.py can be asked."""

from __future__ import annotations

import argparse
import math
import os
import zipfile
from contextlib import nullcontext
from pathlib import Path

from xltlib import console

EXAMPLES = """Run a study: plan it, execute its notebooks through papermill, resume, collect, draw, report.

python run_all.py                              # the studies there are
python run_all.py demo --jobs 2                # whatever is not done yet, two runs at a time
python run_all.py demo --status                # how far it is, asked from elsewhere
python run_all.py paws-x --list                # the plan, its parameters, and what is done
python run_all.py robustness-xnli --set noise.radius=0.01 --set seeds=1,2
"""
MOST_JOBS = 1024
OURS = {"bundle.json", "results.json"}  # one of them is in every file that --bundle or --results wrote
IGNORED = {  # what has no effect beside a thing to do; --list --force shows what --force would run
    "list": ("report",), "status": ("report", "force"), "draw": ("force",), "bundle": ("report", "force"),
    "results": ("report", "force"), "collect": ("report",),
}  # fmt: skip


def jobs(text: str) -> int:
    """How many runs at a time."""
    if not text.isdecimal() or not 1 <= int(text[:9]) <= MOST_JOBS:
        raise argparse.ArgumentTypeError(f"{text!r}: wanted a whole number from 1 to {MOST_JOBS}")
    return int(text)


def memory(text: str) -> float:
    """GiB of a graphics card."""
    try:
        gib = float(text)
    except ValueError:
        gib = math.nan
    if not 0 < gib <= 10_000:
        raise argparse.ArgumentTypeError(f"{text!r}: wanted GiB, a number above 0, as in 8 or 0.5")
    return gib


def folder(text: str) -> Path:
    """A folder that is there, or may be made."""
    path = place(text)
    if os.path.lexists(path) and not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is no folder")
    return path


def place(text: str) -> Path:
    """A path that a file or folder may have."""
    try:
        path = Path(text).expanduser()
        path.resolve().exists()  # raises where it is too long, or links lead in a circle
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise argparse.ArgumentTypeError(f"{text[:60]!r} is no path ({reason})") from error
    if not text.strip() or "\0" in text:
        raise argparse.ArgumentTypeError(f"{text!r} is no path")
    return path


def archive(text: str) -> Path:
    """A file that is written, or replaced where it is such a file already."""
    path = place(text)
    if not path.resolve().parent.is_dir():
        raise argparse.ArgumentTypeError(f"{text}: there is no such folder")
    if os.path.lexists(path) and not _is_ours(path):
        raise argparse.ArgumentTypeError(f"{text} is there, and no file that this wrote: name another")
    return path


def _is_ours(path: Path) -> bool:
    """Whether a file is a bundle or one of results."""
    try:
        with zipfile.ZipFile(path) if path.is_file() else nullcontext() as zipped:
            return bool(zipped) and not OURS.isdisjoint(zipped.namelist())
    except (zipfile.BadZipFile, OSError):
        return False


def data(text: str) -> str:
    """A folder of data; "" is none."""
    if text and place(text).is_file():
        raise argparse.ArgumentTypeError(f"{text!r} is a file, wanted the folder of data")
    return text


def parsed(argv: list[str] | None, root: Path) -> argparse.Namespace:
    """The command line's arguments.

    Args:
        argv: words; None: those of this process.
        root: folder of run_all.py.
    """
    layout = argparse.RawDescriptionHelpFormatter
    parser = console.Parser("run_all", prog="run_all.py", description=EXAMPLES, formatter_class=layout)
    add = parser.add_argument
    add("study", nargs="?", default="", help="a study of experiments.yaml; without one, print what there is")
    group = parser.add_argument_group("what to do; without one of these, run what is not done, and draw")
    group = group.add_mutually_exclusive_group()
    group.add_argument("--list", action="store_true", help="print the plan, its parameters, and what is done")
    group.add_argument("--status", action="store_true", help="print how far the study is, wherever it runs")
    help_text = "collect and draw what is done, or committed"
    group.add_argument("--draw", action="store_true", help=help_text)
    help_text = "pack the study and all that it reads for a machine without a network"
    group.add_argument("--bundle", type=archive, metavar="FILE", help=help_text)
    help_text = "pack records and predictions that are done"
    group.add_argument("--results", type=archive, metavar="FILE", help=help_text)
    help_text = "take over what --results packed on another machine"
    group.add_argument("--collect", type=place, metavar="FILE", help=help_text)

    add("--only", metavar="TEXT", help="only runs whose label contains TEXT, and what they need")
    help_text = "steps=10, noise.radius=0.01, seeds=1,2"
    add("--set", action="append", default=[], metavar="NAME=VALUE", help=help_text)
    add("--force", action="store_true", help="run again what is done already")
    help_text = "what figures/ holds of today's code counts as done, of other studies, too"
    add("--keep", action="store_true", help=help_text)
    add("--report", action="store_true", help="write the summary as one HTML file")
    add("--jobs", type=jobs, default=1, metavar="N", help="runs at a time; cores are divided among them")
    help_text = "memory of a graphics card that a run needs (8)"
    add("--card-memory", type=memory, default=8.0, metavar="GIB", help=help_text)
    add("--scheduler", metavar="ADDRESS", help="a dask.distributed scheduler whose workers share this folder")
    help_text = "folder of downloaded data (else XLTLIB_DATA, else the hub)"
    add("--data", type=data, default="", metavar="DIR", help=help_text)
    add("--runs", type=folder, default=root / "runs", metavar="DIR", help="where records go")
    add("--figures", type=folder, default=root / "figures", metavar="DIR", help="where figures go")
    add("--experiments", type=place, default=root / "experiments.yaml", metavar="FILE", help="the studies")
    args = parser.parse_args(argv)
    modes = (args.list, args.status, args.draw, args.bundle, args.results, args.collect)
    if not args.study and any((*modes, args.only, args.set)):
        parser.error("name a study; run_all.py alone prints what there is")
    for mode, ignored in IGNORED.items():
        for name in ignored:
            if getattr(args, mode) and getattr(args, name):
                parser.error(f"--{name} has no effect with --{mode}: leave it out")
    return args
