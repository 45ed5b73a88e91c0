"""What noise costs in training, relative to none: the same model and pairs, taking turns in one run.

    python benchmarks/noise.py                   # on the rows that ship with the package
    XLTLIB_DATA=... python benchmarks/noise.py   # on English PAWS-X, synonyms from the data folder

Prints seconds a pair relative to plain training, per frozen layers: an adversarial perturbation needs the
gradient all the way down to the embeddings, so it costs relatively more where lower layers are frozen and
plain training need not go there.
"""

from __future__ import annotations

import copy
import time
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from pathlib import Path

import numpy as np
import pandas as pd

from xltlib import batching, encoders, heads, tasks, training
from xltlib.components.base import make
from xltlib.noise import lists

KINDS = {
    "plain": {"kind": "none"},
    "FGM": {"kind": "fgm", "radius": 0.03},
    "PGD, 3 steps": {"kind": "pgd", "radius": 0.03, "steps": 3},
    "RS-RP (gaussian)": {"kind": "gaussian", "radius": 0.03},
    "RS-DA on the fly": {"kind": "synonyms", "words": "those below"},
}


def synonyms_of(frame: pd.DataFrame, folder: Path | None) -> dict[str, list[str]]:
    """Synonyms of the words of these pairs; without a data folder, themselves in capitals."""
    sentences = [*frame.sentence1, *frame.sentence2]
    known = {word for sentence in sentences for word in sentence.split(" ")}
    if folder:
        table = lists.read_synonyms(folder / "synonyms/counterfitted_neighbors.json")
    else:
        table = {word: [word.upper()] * 2 for word in known}
    return {word: found for word, found in table.items() if word in known}


def seconds_of_noises(
    model, frame: pd.DataFrame, table: dict[str, list[str]], args: Namespace
) -> dict[str, list[float]]:
    """Seconds of each round, by noise."""
    stream = batching.monolingual(frame, args.batch_size, model.lengths, np.random.default_rng(1))
    seconds: dict[str, list[float]] = {name: [] for name in KINDS}

    def loss(batch: batching.Batch):
        return heads.loss(model, batch)

    for number in range(args.rounds + 1):  # the first warms caches and does not count
        drawn = [next(stream) for _ in range(args.steps)]
        for name, options in KINDS.items():
            noise = make("noise", options)
            if options["kind"] == "synonyms":
                noise = noise.holding(table=table)
            step = noise.step(model, 1)
            began = time.perf_counter()
            training.train(model, iter(drawn), loss, args.steps, 1e-5, progress=False, noise=step)
            if number:
                seconds[name].append(time.perf_counter() - began)
    return seconds


def main() -> None:
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=6, help="updates a round")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--frozen-layers", type=int, nargs="+", default=[0, 4])
    parser.add_argument("--out", type=Path, help="also write the table as CSV")
    args = parser.parse_args()
    folder = tasks.data_folder()
    frame = tasks.load_pairs("paws-x" if folder else "demo", "train", ["en"], folder, 2000)
    table = synonyms_of(frame, folder)
    exchanged = [word for found in table.values() for word in found]
    trimmed = encoders.trim(encoders.load("offline"), [*frame.sentence1, *frame.sentence2, *exchanged])
    columns = {}
    for frozen in args.frozen_layers:
        training.set_seed(1)
        model = heads.build("cross", copy.deepcopy(trimmed), frozen_layers=frozen)
        total = {name: np.sum(of) for name, of in seconds_of_noises(model, frame, table, args).items()}
        columns[f"{frozen} layers frozen"] = {name: of / total["plain"] for name, of in total.items()}
    result = pd.DataFrame(columns).rename_axis("relative to plain")
    print(result.round(2).to_string())
    if args.out:
        result.round(4).to_csv(args.out, lineterminator="\n")


if __name__ == "__main__":
    main()
