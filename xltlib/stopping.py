"""Ctrl-C and SIGTERM: what was started is ended at once, and what is finished is kept."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from typing import Callable

from xltlib import console

asked = threading.Event()  # to stop: what ends from now on has not failed, and nothing new begins
SAID = "stopped; runs that are done are kept, and the same command goes on"


class Stopped(BaseException):
    """Someone asked this process to stop.

    Args:
        number: of the signal.
    """

    def __init__(self, number: int):
        self.number = number


def stoppable(main: Callable[[], int]) -> int:
    """Call a function; the first Ctrl-C or SIGTERM stops it and all it started, a second one does so at once.

    Args:
        main: returns the exit status.
    """

    def stop(number, frame):
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, at_once)
        asked.set()
        logging.disable()  # notebooks whose kernels are gone complain
        raise Stopped(number)

    def at_once(number, frame):
        kill_kernels(0.0)
        os._exit(128 + number)

    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, stop)
    console.forgiving()
    try:
        return main()
    except Stopped as stopped:
        kill_kernels()
        console.say(f"\n{SAID}")
        os._exit(128 + stopped.number)  # not waiting for threads whose kernels are gone


def kill_kernels(seconds: float = 2.0) -> None:
    """End every process that this one started.

    Args:
        seconds: in which what is started meanwhile is ended, too.
    """
    import psutil

    until, quiet = time.time() + seconds, 0
    while quiet < 3:
        children = psutil.Process().children(recursive=True)
        for child in children:
            try:
                child.kill()
            except psutil.NoSuchProcess:
                continue
        if time.time() >= until:
            return
        psutil.wait_procs(children, timeout=0.5)
        quiet = 0 if children else quiet + 1
        time.sleep(0.1)


def start_worker() -> None:
    """What a dask worker is told first: an earlier study may have been stopped."""
    asked.clear()


def stop_worker() -> None:
    """What a dask worker is told: end its kernels, and begin none."""
    asked.set()
    kill_kernels()
