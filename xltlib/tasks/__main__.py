"""The command ``python -m xltlib.tasks TASK [--data FOLDER]``: what a task holds, and what is wrong with it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from xltlib import console
from xltlib.lines import DataError
from xltlib.tasks.checking import check
from xltlib.tasks.task import data_folder


class Parser(argparse.ArgumentParser):
    """One line says what is wrong."""

    def error(self, message: str):
        self.exit(2, f"tasks: {' '.join(message.split())}; --help says what there is\n")


def main(given: list[str]) -> int:
    """Check a task and print the report.

    Returns:
        The exit status: 0 when a study could run on the task, 1 when there are faults.
    """
    console.forgiving()
    parser = Parser(prog="python -m xltlib.tasks", description="Check a task: counts, overlap, every fault.")
    parser.add_argument("task", help="a folder, its task.yaml, or the name of a task")
    parser.add_argument("--data", default="", help="folder of downloaded data (default: XLTLIB_DATA)")
    asked = parser.parse_args(given)
    try:
        found = check(asked.task, data_folder(asked.data))
    except DataError as error:
        print(f"tasks: {error}", file=sys.stderr)
        return 1
    print(found)
    return 1 if found.faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
