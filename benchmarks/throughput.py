"""Training and scoring beside peers: the same encoder, pairs, batch size and machine, in turns in one run.

    XLTLIB_DATA=<folder> python benchmarks/throughput.py --out benchmarks/throughput.csv
    python benchmarks/throughput.py                   # on the rows that ship with the package

Contenders are in benchmarks/contenders.py. Each has a process of its own, so none inherits another's memory or
settings, and its peak is its own; the processes take turns, round after round, so that a slow minute of the
machine hits all alike. Measured are, of each contender:

* start-up: seconds from reading the pairs until the first of them reach the embedding table;
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
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

KEY = ["device", "encoder"]  # whose rows a new measurement replaces
EMULATED = "Trainer, bf16"  # where there is no hardware for it
EASY = ("demo-easy", 8)  # task, and pairs an update, of the accuracies


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
    parser.add_argument("--peers", nargs="*", choices=peers, default=peers, metavar="NAME", help="these alone")
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
    return f"{name}, {torch.get_num_threads()} cores, {bf16}{limited}"


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


class Turns:
    """The contenders, each in a process of its own; only the one that is asked does anything.

    Args:
        args: of the benchmark.
    """

    def __init__(self, args: Namespace):
        from contenders import take_part

        fresh = multiprocessing.get_context("spawn")
        self.pools = {
            name: ProcessPoolExecutor(1, fresh, initializer=take_part, initargs=(name, args))
            for name in ("ours", *args.peers)
        }

    def ask(self, name: str, method: str, *given):
        """What a contender answers."""
        from contenders import asked

        return self.pools[name].submit(asked, method, *given).result()

    def close(self) -> None:
        for pool in self.pools.values():
            pool.shutdown()


class Rate:
    """Pairs a second, over all that was counted."""

    def __init__(self):
        self.pairs, self.seconds = 0, 0.0

    def add(self, pairs: int, seconds: float) -> None:
        self.pairs, self.seconds = self.pairs + pairs, self.seconds + seconds

    def __call__(self) -> float:
        return self.pairs / self.seconds if self.pairs else float("nan")


def measured(turns: Turns, args: Namespace, once: set[str]) -> pd.DataFrame:
    """Start-up, pairs a second, peak memory and accuracy: a row a contender.

    Args:
        once: contenders that train a single update, and do nothing else.
    """
    rows = {name: {} for name in turns.pools}
    training, scoring = ({name: Rate() for name in rows} for _ in range(2))
    for name, row in rows.items():
        turns.ask(name, "test_pairs")  # imports, and files into the system's cache
        row["start-up, s"], seconds = turns.ask(name, "start_up")
        print(f"{name}: first batch after {row['start-up, s']:.1f} s", flush=True)
        if name in once:
            training[name].add(args.batch_size, seconds)
    for number in range(1, args.rounds + 1):
        for name in rows:
            if name not in once:
                training[name].add(args.steps * args.batch_size, turns.ask(name, "update", args.steps))
                scoring[name].add(*turns.ask(name, "score"))
                rates = f"training {training[name]():.1f}, scoring {scoring[name]():.1f} pairs/s so far"
                print(f"round {number}, {name}: {rates}", flush=True)
    for name, row in rows.items():
        row["training, pairs/s"], row["scoring, pairs/s"] = training[name](), scoring[name]()
        row["peak memory, GiB"], row["on the GPU, GiB"] = turns.ask(name, "memory")
    return pd.DataFrame.from_dict(rows, orient="index")


def accuracies(turns: Turns, args: Namespace, left_out: set[str]) -> dict[str, tuple[float, float]]:
    """Accuracy after equally many updates, and its standard error."""
    from contenders import learned

    found = {}
    for name, pool in turns.pools.items():
        if name not in left_out:
            found[name] = pool.submit(learned, *EASY, args.accuracy).result()
            print(f"{name}: {found[name][0]:.1f} % after {args.accuracy} updates", flush=True)
    return found


def merged(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """The table, in the place of what the file has of its device and encoder; the rest of it stays."""
    if not path.exists():
        return table
    before = pd.read_csv(path)
    fresh = set(map(tuple, table[KEY].to_numpy()))
    others = before[[tuple(of) not in fresh for of in before[KEY].to_numpy()]]
    return pd.concat([others, table], ignore_index=True)


def exported(args: Namespace, folder: str) -> str:
    """The encoder as peers can load it: by its own name, or the offline one as a folder."""
    if args.encoder != "offline":
        return args.encoder
    from xltlib import encoders

    encoders.save(encoders.load("offline"), Path(folder))
    return folder


def complete(table: pd.DataFrame, work: dict, peak: float, found: dict) -> pd.DataFrame:
    """The table with shares of the peak, accuracies, and how many times as fast ours is.

    Args:
        table: of :func:`measured`.
        work: operations an average pair, and its tokens, of ours and its variants.
        peak: of a matrix product, TFLOP/s.
        found: of :func:`accuracies`.
    """
    unknown = (float("nan"), float("nan"))
    flops = [work.get(name, work["ours"])[0] for name in table.index]
    table["share of the matrix peak"] = table["training, pairs/s"] * flops / 1e12 / peak
    for place, column in enumerate(("accuracy", "standard error")):
        table[column] = [found.get(name, unknown)[place] for name in table.index]
    for what in ("training", "scoring"):
        rates = table[f"{what}, pairs/s"]
        table[f"{what}, ours is faster by"] = rates["ours"] / rates
    return table


def main() -> None:
    args = arguments()
    from xltlib import tasks, training

    native = training.mixed_precision() == "bf16" and args.precision != "no"
    args.task = "paws-x" if tasks.data_folder() else "demo"
    once = set() if native else {EMULATED}
    with TemporaryDirectory() as folder:
        args.peer_encoder = exported(args, folder)
        turns = Turns(args)
        table = measured(turns, args, once)
        work = {name: turns.ask(name, "work") for name in table.index if name.startswith("ours")}
        found = accuracies(turns, args, once) if args.accuracy else {}
        turns.close()
    peak, (_, tokens) = matrix_peak(native), work["ours"]
    table = complete(table, work, peak, found)
    about = {"device": args.device or device_name(native), "encoder": Path(args.encoder).name}
    about |= {"task": args.task, "tokens": tokens, "batch size": args.batch_size}
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
