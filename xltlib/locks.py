"""Locks, so that two processes do not make the same thing at once: each ends with the process that holds it.

A lock is an empty file that the operating system locks for a process (flock, through the package filelock).
However the process ends, the lock is free then; the file stays. Network disks pass such locks on to other
machines (NFS with its lock service, NFS 4; Lustre where it is mounted with ``flock``). On a disk that has no
locks at all work goes on without them, and says so.
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

RUN = ".lock"  # in a run's folder: held by whoever has the run made
KERNEL = ".kernel.lock"  # in a run's folder: held by the kernel that makes it, as long as it lives
NONE_HERE = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)  # said by disks that have no locks
POLL = 1.0  # seconds between two looks at whether someone asked to stop

_for_life: list[FileLock] = []  # an object that is gone would free its lock


def _lock(path: Path) -> FileLock:
    # Not the package's other kind of lock, a file that a dead process would leave behind.
    return FileLock(path, thread_local=False, fallback_to_soft=False)


def _acquired(lock: FileLock, seconds: float) -> bool:
    """Whether a lock is ours within some seconds; on a disk that has no locks it is at once."""
    try:
        lock.acquire(timeout=seconds)
    except Timeout:
        return False
    except OSError as error:
        if error.errno not in NONE_HERE:
            raise
        print(f"{lock.lock_file}: this disk has no locks; start nothing twice at once", file=sys.stderr)
    return True


@contextmanager
def held(path: Path, stop: Callable[[], bool] | None = None) -> Iterator[bool]:
    """Wait for a lock, and hold it through the block.

    Args:
        path: its file, in a folder that is there.
        stop: says whether the waiting is to end.
    Yields:
        Whether it is held: False if the waiting was ended.
    """
    lock, ours = _lock(path), False
    while not ours and not (stop is not None and stop()):
        ours = _acquired(lock, POLL)
    try:
        yield ours
    finally:
        lock.release()


@contextmanager
def making(place: Path, stop: Callable[[], bool] | None = None) -> Iterator[bool]:
    """Be the only one that makes a run: wait for who is making it now, and for a kernel whose parent is dead.

    Args, Yields: as :func:`held`, with the folder of the run.
    """
    with held(place / RUN, stop) as ours:
        with held(place / KERNEL, stop) as no_kernel:
            pass
        yield ours and no_kernel


def hold_for_life(path: Path) -> None:
    """Hold a lock until this process ends."""
    lock = _lock(path)
    if _acquired(lock, -1):
        _for_life.append(lock)


def is_made(place: Path) -> bool:
    """Whether some process is making a run just now.

    Args:
        place: folder of the run.
    """
    return is_held(place / RUN) or is_held(place / KERNEL)


def is_held(path: Path) -> bool:
    """Whether some process holds a lock just now."""
    if not path.exists():
        return False
    lock = _lock(path)
    if not _acquired(lock, 0):
        return True
    lock.release()
    return False
