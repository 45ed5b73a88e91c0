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

from xltlib import batching, encoders, heads, noise, tasks, training

KINDS = {
    "plain": "",
    "FGM": "fgm",
    "PGD, 3 steps": "pgd",
    "RS-RP (gaussian)": "gaussian",
    "RS-DA on the fly": "synonyms",
}


def synonyms_of(frame: pd.DataFrame, folder: Path | None) -> noise.Synonyms:
    """A view that exchanges words of these pairs; without a data folder, for themselves in capitals."""
    sentences = [*frame.sentence1, *frame.sentence2]
    words = {word for sentence in sentences for word in sentence.split(" ")}
    if folder:
        table = noise.read_synonyms(folder / "synonyms/counterfitted_neighbors.json")
    else:
        table = {word: [word.upper()] * 2 for word in words}
    return noise.Synonyms({word: found for word, found in table.items() if word in words})


def seconds_of_noises(
    model, frame: pd.DataFrame, view: noise.Synonyms, args: Namespace
) -> dict[str, list[float]]:
    """Seconds of each round, by noise."""
    stream = batching.monolingual(frame, args.batch_size, model.lengths, np.random.default_rng(1))
    seconds: dict[str, list[float]] = {name: [] for name in KINDS}

    def loss(batch: batching.Batch):
        return heads.loss(model, batch)

    for number in range(args.rounds + 1):  # the first warms caches and does not count
        drawn = [next(stream) for _ in range(args.steps)]
        for name, kind in KINDS.items():
            step = noise.make(kind, model, 1.0 if kind == "synonyms" else 0.03, view=view)
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
    view = synonyms_of(frame, folder)
    exchanged = [word for found in view.table.values() for word in found]
    trimmed = encoders.trim(encoders.load("offline"), [*frame.sentence1, *frame.sentence2, *exchanged])
    columns = {}
    for frozen in args.frozen_layers:
        training.set_seed(1)
        model = heads.build("cross", copy.deepcopy(trimmed), frozen_layers=frozen)
        total = {name: np.sum(of) for name, of in seconds_of_noises(model, frame, view, args).items()}
        columns[f"{frozen} layers frozen"] = {name: of / total["plain"] for name, of in total.items()}
    result = pd.DataFrame(columns).rename_axis("relative to plain")
    print(result.round(2).to_string())
    if args.out:
        result.round(4).to_csv(args.out, lineterminator="\n")


if __name__ == "__main__":
    main()
