"""Ctrl-C and SIGTERM: what was started is ended at once, and what is finished is kept."""

from __future__ import annotations

import os
import signal
import time
from contextlib import contextmanager
from typing import Iterator


class Stopped(BaseException):
    """Someone asked this process to stop.

    Args:
        number: of the signal.
    """

    def __init__(self, number: int):
        self.number = number


@contextmanager
def stoppable() -> Iterator[None]:
    """While open, the first Ctrl-C or SIGTERM raises :class:`Stopped`; a second ends this process at once."""

    def stop(number, frame):
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, at_once)
        raise Stopped(number)

    def at_once(number, frame):
        kill_kernels()
        os._exit(128 + number)

    before = {each: signal.signal(each, stop) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def kill_kernels(seconds: float = 2.0) -> None:
    """End every process that this one started, and what is started meanwhile."""
    import psutil

    until, quiet = time.time() + seconds, 0
    while time.time() < until and quiet < 3:
        children = psutil.Process().children(recursive=True)
        for child in children:
            try:
                child.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(children, timeout=0.5)
        quiet = 0 if children else quiet + 1
        time.sleep(0.1)
