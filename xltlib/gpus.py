"""Which graphics card a run gets: runs are dealt out to all cards, and share one where its memory allows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import metadata

# Asked of torch, in a process of its own: it knows which cards it can use, and in which order it counts them.
ASK = """
import json, torch
free = []
for card in range(torch.cuda.device_count()):
    try:
        free.append(torch.cuda.mem_get_info(card)[0] / 2**30)
    except RuntimeError:  # it is full, or is another's alone
        free.append(0.0)
print(json.dumps(free))
"""


def free_memory() -> dict[str, float]:
    """Free memory of the cards that torch can use, in GiB, by their names in CUDA_VISIBLE_DEVICES.

    Raises:
        ValueError: torch cannot say.
    """
    if metadata.version("torch").endswith("+cpu"):  # do not wait for it
        return {}
    answer = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True)
    if answer.returncode != 0:
        reason = (answer.stderr.strip().splitlines() or ["no word"])[-1]
        raise ValueError(f"graphics cards cannot be asked for their memory ({reason}); --jobs 1 does not ask")
    free = json.loads(answer.stdout)
    allowed = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = allowed.split(",") if allowed else map(str, range(len(free)))
    return dict(zip(names, free))


def dealt(jobs: int, free: dict[str, float], each: float) -> list[str]:
    """A card for each of so many runs at a time: the one with the fewest of them, then the emptiest.

    A single run is given none: it takes the card that torch would take, whatever its memory.

    Args:
        jobs: runs at a time.
        free: of :func:`free_memory`.
        each: memory that a run needs, in GiB.
    Raises:
        ValueError: the cards have no room for so many.

    Example:
        >>> dealt(3, {"0": 30.0, "1": 20.0}, each=8)
        ['0', '1', '0']
    """
    if jobs == 1 or not free:
        return []
    room = {card: int(gib // each) for card, gib in free.items()}
    if jobs > sum(room.values()):
        raise ValueError(
            f"--jobs {jobs}: the cards have room for {sum(room.values())} runs of {each:g} GiB each; "
            "ask for fewer, or say with --card-memory what a run needs"
        )
    left, chosen = dict(free), []
    for _ in range(jobs):
        card = min((card for card in room if room[card]), key=lambda card: (chosen.count(card), -left[card]))
        room[card] -= 1
        left[card] -= each
        chosen.append(card)
    return chosen
