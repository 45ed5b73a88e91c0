"""Which graphics card a run gets: runs are dealt out to all cards, and share one where its memory allows."""

from __future__ import annotations

import os
import shutil
import subprocess
from queue import SimpleQueue

ASK = ["nvidia-smi", "--query-gpu=index,memory.free", "--format=csv,noheader,nounits"]


def free_memory() -> dict[str, float]:
    """Free memory of each card that this process may use, in GiB; empty where there is none."""
    if shutil.which(ASK[0]) is None:
        return {}
    said = subprocess.run(ASK, capture_output=True, text=True)
    if said.returncode != 0:
        return {}
    found = {}
    for line in said.stdout.splitlines():
        index, mebibytes = line.split(",")
        found[index.strip()] = float(mebibytes) / 1024
    allowed = os.environ.get("CUDA_VISIBLE_DEVICES")
    if allowed is None:
        return found
    return {index: found[index] for index in allowed.split(",") if index in found}


def dealt(jobs: int, free: dict[str, float], each: float) -> list[str]:
    """A card for each of so many runs at a time, the emptiest first.

    Args:
        jobs: runs at a time.
        free: of :func:`free_memory`.
        each: memory that a run needs, in GiB.
    Raises:
        ValueError: the cards have no room for so many.

    Example:
        >>> dealt(3, {"0": 30.0, "1": 20.0}, each=8)
        ['0', '0', '1']
    """
    room = {index: int(gib // each) for index, gib in free.items()}
    if jobs > sum(room.values()):
        raise ValueError(
            f"--jobs {jobs}: the cards have room for {sum(room.values())} runs of {each:g} GiB each; "
            "ask for fewer, or say with --card-memory what a run needs"
        )
    left, chosen = dict(free), []
    for _ in range(jobs):
        index = max((index for index in room if room[index]), key=left.get)
        room[index] -= 1
        left[index] -= each
        chosen.append(index)
    return chosen


def queue_of(jobs: int, each: float) -> SimpleQueue | None:
    """Cards to take from and to give back to, one for each of so many runs at a time; None without a card.

    Raises:
        ValueError: as :func:`dealt`.
    """
    free = free_memory()
    if not free:
        return None
    queue = SimpleQueue()
    for card in dealt(jobs, free, each):
        queue.put(card)
    return queue


def kernel_argument(card: str) -> str:
    """What lets a kernel see this card alone, before it imports torch."""
    return f"--IPKernelApp.exec_lines=import os; os.environ['CUDA_VISIBLE_DEVICES'] = '{card}'"
