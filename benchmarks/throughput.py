"""Training and scoring beside peers: the same encoder, pairs, batch size and machine, in turns in one run.

    XLTLIB_DATA=<folder> python benchmarks/throughput.py --out benchmarks/throughput.csv
    python benchmarks/throughput.py                   # on the rows that ship with the package

Contenders are in benchmarks/contenders.py. They take turns, round after round, so that a slow minute of the
machine hits all alike. A turn is a process of its own, so no contender inherits another's memory or settings,
and the peak is its own. Measured are, of each contender:

* start-up: seconds from reading the pairs until the first of them reach the embedding table, on average;
* training and scoring: pairs a second, over all rounds;
* the share of the matrix product's peak that its training uses; the work of a peer's pair is counted as that
  of ours, since what it does beyond is of no use;
* peak memory of its process (on a GPU: of what it allocated there);
* accuracy after equally many updates of 8 pairs on the package's easy corpus, which takes few to learn.

bf16 without hardware for it is emulated and takes minutes an update: it then trains a single update.
``--out`` keeps what other devices have in the file and replaces what this one has.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import sys
import time
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

KEY = ["device", "encoder"]  # whose rows a new measurement replaces
EMULATED = "Trainer, bf16"  # where there is no hardware for it
EASY = {"task": "demo-easy", "batch_size": 8, "items": 0, "test_items": 256}  # of the accuracies


def arguments(given: list[str] | None = None) -> Namespace:
    from contenders import KINDS

    peers = [name for name in KINDS if name != "ours"]
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=8, help="updates a round")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--max-length", type=int, default=128, help="tokens of a pair at most")
    half = "ours; the peers, without a separate head rate, take half"
    parser.add_argument("--learning-rate", type=float, default=1e-4, help=half)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--encoder", default="offline", help="hub id, folder, or offline")
    parser.add_argument("--precision", default="auto", choices=("auto", "bf16", "no"), help="of ours")
    parser.add_argument("--items", type=int, default=0, help="training pairs, the first so many; 0: all")
    parser.add_argument("--test-items", type=int, default=256, help="test pairs that are scored")
    then = "then train N updates of 8 each on the easy corpus and score its test pairs; 0: do not"
    parser.add_argument("--accuracy", type=int, default=64, metavar="N", help=then)
    only = "these alone beside ours"
    parser.add_argument("--peers", nargs="*", choices=peers, default=peers, metavar="NAME", help=only)
    parser.add_argument("--device", default="", help="its name in the table; default: what it says of itself")
    parser.add_argument("--out", type=Path, help="also write the table as CSV")
    return parser.parse_args(given)


def device_name(native: bool) -> str:
    """The machine in words: its GPU, or processor and cores; and whether it multiplies bf16."""
    import torch

    bf16 = "bf16" if native else "no bf16"
    if torch.cuda.is_available():
        return f"{torch.cuda.get_device_name()}, {bf16}"
    cpuinfo = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.*)", cpuinfo.read_text()) if cpuinfo.exists() else None
    name = re.sub(r"\((R|TM)\)", "", found[1]).strip() if found else "CPU"
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA")
    limited = f", instructions limited to {limit}" if limit else ""
    threads = torch.get_num_threads()
    cores = "1 core" if threads == 1 else f"{threads} cores"
    return f"{name}, {cores}, {bf16}{limited}"


def matrix_peak(native: bool, seconds: float = 1.0) -> float:
    """TFLOP/s of this machine's best matrix product: shapes of the encoder's layers, and large squares."""
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    dtype = torch.bfloat16 if native else torch.float32
    shapes = [(2048, 384, 1536), (2048, 1536, 384), (2048, 2048, 2048)]
    if device == "cuda":
        shapes.append((8192, 8192, 8192))
    best = 0.0
    for rows, inner, columns in shapes:
        a = torch.randn(rows, inner, device=device, dtype=dtype)
        b = torch.randn(columns, inner, device=device, dtype=dtype)
        torch.nn.functional.linear(a, b)
        done, began = 0, time.perf_counter()
        while time.perf_counter() - began < seconds:
            for _ in range(10):
                torch.nn.functional.linear(a, b)
            if device == "cuda":
                torch.cuda.synchronize()
            done += 10
        best = max(best, 2 * rows * inner * columns * done / (time.perf_counter() - began) / 1e12)
    return best


def apart(function: Callable, *given):
    """What a function answers in a process of its own, which then ends."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *given).result()


def rate(turns: list[dict], what: str) -> float:
    """Pairs a second over all turns.

    Args:
        what: ``"training"`` or ``"scoring"``.
    """
    pairs, seconds = (sum(of[what][place] for of in turns) for place in (0, 1))
    return pairs / seconds if pairs else float("nan")


def in_turns(args: Namespace, once: set[str]) -> dict[str, list[dict]]:
    """What each contender's turns were; see contenders.turn.

    Args:
        once: contenders that have one turn, of a single update.
    """
    from contenders import turn

    turns: dict[str, list[dict]] = {name: [] for name in ("ours", *args.peers)}
    for number in range(1, args.rounds + 1):
        for name, before in turns.items():
            if name in once and before:
                continue
            before.append(apart(turn, name, args, 0 if name in once else args.steps))
            rates = f"training {rate(before, 'training'):.1f}, scoring {rate(before, 'scoring'):.1f} pairs/s"
            print(f"round {number}, {name}: start-up {before[-1]['start-up']:.1f} s, {rates}", flush=True)
    return turns


def accuracies(args: Namespace, left_out: set[str]) -> dict[str, tuple[float, float]]:
    """Accuracy after equally many updates on the easy corpus, and its standard error."""
    from contenders import learned

    found, easy = {}, Namespace(**vars(args) | EASY)
    for name in ("ours", *args.peers):
        if args.accuracy and name not in left_out:
            found[name] = apart(learned, name, easy, args.accuracy)
            print(f"{name}: {found[name][0]:.1f} % after {args.accuracy} updates", flush=True)
    return found


def complete(turns: dict[str, list[dict]], peak: float, found: dict) -> pd.DataFrame:
    """A row a contender: rates, shares of the peak, how many times as fast ours is, and the rest.

    Args:
        turns: of :func:`in_turns`.
        peak: of a matrix product, TFLOP/s.
        found: of :func:`accuracies`.
    """
    rows = {}
    for name, of in turns.items():
        flops, _ = of[0]["work"] or turns["ours"][0]["work"]
        accuracy, error = found.get(name, (float("nan"), float("nan")))
        rows[name] = {
            "start-up, s": sum(one["start-up"] for one in of) / len(of),
            "training, pairs/s": rate(of, "training"),
            "training, ours is faster by": rate(turns["ours"], "training") / rate(of, "training"),
            "share of the matrix peak": rate(of, "training") * flops / 1e12 / peak,
            "scoring, pairs/s": rate(of, "scoring"),
            "scoring, ours is faster by": rate(turns["ours"], "scoring") / rate(of, "scoring"),
            "peak memory, GiB": max(one["memory"][0] for one in of),
            "on the GPU, GiB": max(one["memory"][1] for one in of),
            "accuracy": accuracy,
            "standard error": error,
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def merged(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """The table, in the place of what the file has of its device and encoder; the rest of it stays."""
    if not path.exists():
        return table
    before = pd.read_csv(path)
    fresh = set(map(tuple, table[KEY].to_numpy()))
    others = before[[tuple(of) not in fresh for of in before[KEY].to_numpy()]]
    return pd.concat([others, table], ignore_index=True)


def exported(folder: str) -> None:
    """Write the offline encoder as a folder, as which peers can load it."""
    from xltlib import encoders

    encoders.save(encoders.load("offline"), Path(folder))


def main() -> None:
    args = arguments()
    from xltlib import tasks, training

    native = training.mixed_precision() == "bf16" and args.precision != "no"
    args.task = "paws-x" if tasks.data_folder() else "demo"
    once = set() if native else {EMULATED}
    with TemporaryDirectory() as folder:
        args.peer_encoder = args.encoder
        if args.encoder == "offline":
            args.peer_encoder = folder
            apart(exported, folder)
        turns = in_turns(args, once)
        found = accuracies(args, once)
    peak = matrix_peak(native)
    table = complete(turns, peak, found)
    about = {"device": args.device or device_name(native), "encoder": Path(args.encoder).name}
    about |= {"task": args.task, "tokens": turns["ours"][0]["work"][1], "batch size": args.batch_size}
    about |= {"matrix peak, TFLOP/s": peak, "updates before accuracy": args.accuracy}
    print(f"\n{about}\n\n{table.round(2).T.to_string()}")
    if args.out:
        table = table.assign(**about).rename_axis("contender").reset_index().round(4)
        first = [*about, "contender"]
        table = table[first + [column for column in table if column not in first]]
        merged(table, args.out).to_csv(args.out, index=False, lineterminator="\n")


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()
