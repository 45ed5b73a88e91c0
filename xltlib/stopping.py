"""Ctrl-C and SIGTERM: what was started is ended at once, and what is finished is kept."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
import time
from typing import Callable

from xltlib import console

asked = threading.Event()  # to stop: what ends from now on has not failed, and nothing new begins
stopped: set[str] = set()  # on a dask worker, which serves several studies: those that were stopped
STUDY = "XLTLIB_STUDY"  # environment variable of kernels on a dask worker: the study that started them
SAID = "stopped; runs that are done are kept; the same command begins the others again, and goes on"


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


def kill_kernels(seconds: float = 2.0, study: str = "") -> None:
    """End every process that this one started.

    Args:
        seconds: in which what is started meanwhile is ended, too.
        study: end those alone that this study started; "": all.
    """
    import psutil

    def is_meant(child: psutil.Process) -> bool:
        try:
            return not study or child.environ().get(STUDY) == study
        except psutil.Error:
            return False

    until, quiet = time.time() + seconds, 0
    while quiet < 3:
        children = [child for child in psutil.Process().children(recursive=True) if is_meant(child)]
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


def is_asked(study: str) -> bool:
    """Whether this process, or this study, was asked to stop."""
    return asked.is_set() or study in stopped


async def stop_worker(study: str) -> None:
    """What a dask worker is told: end the kernels of a study, and begin none."""
    stopped.add(study)
    await asyncio.to_thread(kill_kernels, study=study)
