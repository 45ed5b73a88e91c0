"""The command ``python -m xltlib.tasks TASK``: what a task holds, and what is wrong with it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from xltlib import console, languagefile
from xltlib.tasks.checking import check
from xltlib.tasks.described import known_names
from xltlib.tasks.description import FILE
from xltlib.tasks.kinds import TABLE
from xltlib.tasks.pairs import data_folder
from xltlib.tasks.skeleton import begin
from xltlib.text_files import DataError


def main(argv: list[str]) -> int:
    """Check a task and print the report; of a folder without a ``task.yaml`` begin one.

    Returns:
        The exit status: 0 when a study could run on the task, 1 when there are faults or gaps.
    """
    console.forgiving()
    about = "Check a task: counts, what splits share, every fault. Begins a task.yaml where there is none."
    parser = console.Parser("tasks", prog="python -m xltlib.tasks", description=about)
    parser.add_argument("task", help="a folder, its task.yaml, or the name of a task")
    parser.add_argument("--data", default="", help="folder of downloaded data (default: XLTLIB_DATA)")
    args = parser.parse_args(argv)
    if not args.task.strip():
        parser.error(f"TASK = {args.task!r}: it must name something")
    try:
        name = _name(args.task)
        folder = Path(name)
        _use_languages(folder)
        if name not in _words() and folder.is_dir() and not (folder / FILE).exists():
            gaps = begin(folder)
            console.say(f"written: {folder / FILE}", sys.stdout)
            if gaps:
                console.say("\n".join(["to be filled in, before it can be checked:", *gaps]), sys.stdout)
                return 1
        result = check(name, data_folder(args.data))
    except DataError as error:
        console.say(f"tasks: {error}")
        return 1
    console.say(str(result), sys.stdout)
    return 1 if result.faults else 0


def _use_languages(folder: Path) -> None:
    """Let a ``languages.yaml`` hold: that above the task's folder, where a study would lie, or else one here.

    Raises:
        DataError: something in it is wrong; names the line.
    """
    for place in (folder.resolve().parent, Path.cwd()):
        if (place / languagefile.NAME).is_file():
            try:
                languagefile.use(place)
            except ValueError as error:
                raise DataError(str(error)) from error
            return


def _words() -> list[str]:
    return [*TABLE, *known_names()]


def _name(word: str) -> str:
    """A task as a study names it: a folder here is written as a path."""
    if word in _words():
        return word
    path = Path(os.path.expanduser(word))
    if path.name == FILE:
        path = path.parent
    elif path.is_file():
        raise DataError(f"{word} is a file: name its folder, or the folder's {FILE}")
    elif not path.is_dir():
        return word
    return str(path) if path.is_absolute() else f"./{path.as_posix()}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
