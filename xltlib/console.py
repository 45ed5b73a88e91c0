"""What is printed reaches every console: reporting never ends the work."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import suppress
from typing import TextIO


class Parser(argparse.ArgumentParser):
    """A command line that says in one line what is wrong.

    Args:
        tool: what the line begins with.
        given: of argparse.ArgumentParser.
    """

    def __init__(self, tool: str, **given):
        super().__init__(**given)
        self.tool = tool

    def error(self, message: str):
        self.exit(2, f"{self.tool}: {' '.join(message.split())}; --help says what there is\n")


def forgiving(*streams: TextIO) -> None:
    """Have streams write what their encoding lacks as ``\\uXXXX`` rather than raise.

    A Latin-1 console knows no Korean, an ASCII one no minus sign, and none a file name that is not UTF-8.

    Args:
        streams: none: this process's output and errors.
    """
    for stream in streams or (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # None where there is no console, and a StringIO takes any text
            stream.reconfigure(errors="backslashreplace")


def say(text: str, stream: TextIO | None = None) -> None:
    """Print a line at once; a console that is gone, or a log on a full disk, is no reason to stop.

    Args:
        stream: None: this process's errors.
    """
    try:
        print(text, file=stream or sys.stderr, flush=True)
    except BrokenPipeError:  # head has what it wanted; what is left would fail again when Python ends
        with suppress(OSError, ValueError), open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), (stream or sys.stderr).fileno())
    except (OSError, ValueError):  # ValueError: the stream is closed
        return
