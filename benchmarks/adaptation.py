"""Tokens a second of each adaptation beside fine-tuning: the same encoder, frozen layers and batch size, taking turns in one run.

    python benchmarks/adaptation.py                   # on the rows that ship with the package
    XLTLIB_DATA=... python benchmarks/adaptation.py   # on English PAWS-X and German Wikipedia text

Tokens are those that go through the encoder, padding left out; of TSDAE those through its decoder as well. Prints a table, and what each
rate is relative to fine-tuning's.
"""

from __future__ import annotations

import argparse
import copy
import time
from pathlib import Path
from typing import Callable, Iterator

import numpy as np
import pandas as pd

from xltlib import batching, encoders, heads, tasks, training
from xltlib.adaptation import lora, mlm, tsdae


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=5, help="updates a round")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--max-length", type=int, default=64)
    parser.add_argument("--frozen-layers", type=int, default=4)
    parser.add_argument("--out", type=Path, help="also write the table as CSV")
    args = parser.parse_args()
    folder = tasks.data_folder()
    frame = tasks.load_pairs("paws-x" if folder else "demo", "train", ["en"], folder, 1000)
    texts = tasks.load_text("wikipedia" if folder else "demo", "de", folder, 1000)
    pairs = tasks.load_parallel("ntrex" if folder else "demo", "de", folder, 1000)
    whole = encoders.load("offline")
    trimmed = encoders.trim(whole, [*frame.sentence1, *frame.sentence2, *texts, *(side for pair in pairs for side in pair)])
    training.set_seed(1)
    options = {"frozen_layers": args.frozen_layers}

    def task(head: str) -> tuple:
        model = heads.build(head, copy.deepcopy(trimmed), max_length=args.max_length, **options)
        if head == "cross":
            stream: Iterator = batching.monolingual(frame, args.batch_size, model.lengths, np.random.default_rng(1))
        else:
            stream = batching.translations({"de": pairs}, args.batch_size, model.lengths, np.random.default_rng(1))
        return model, stream, lambda batch: heads.loss(model, batch)

    def masked(rank: int) -> tuple:
        encoder = copy.deepcopy(trimmed)
        if rank:
            lora.attach(encoder.model, rank)
        model = mlm.MaskedLanguageModel(encoder, texts, train_layers=not rank, **({} if rank else options))
        return model, mlm.masked_batches(encoder, texts, args.batch_size, args.max_length, 1), lambda batch: model(**batch)

    def denoised() -> tuple:
        model = tsdae.DenoisingAutoEncoder(trimmed, **options)
        return model, tsdae.noisy_batches(trimmed, texts, args.batch_size, args.max_length, 1), lambda batch: model(*batch)

    makers: dict[str, Callable[[], tuple]] = {
        "fine-tuning (cross-encoder)": lambda: task("cross"), "mlm": lambda: masked(0), "mlm, LoRA of rank 8": lambda: masked(8),
        "align": lambda: task("bi"), "tsdae": denoised,
    }  # fmt: skip
    made = {name: make() for name, make in makers.items()}
    tokens, seconds = dict.fromkeys(made, 0), dict.fromkeys(made, 0.0)
    for number in range(args.rounds + 1):  # the first warms caches and does not count
        for name, (model, stream, loss) in made.items():
            before, began = model.tokens, time.perf_counter()
            training.train(model, stream, loss, args.steps, 1e-5, progress=False)
            if number:
                tokens[name] += model.tokens - before
                seconds[name] += time.perf_counter() - began
    rates = pd.Series({name: tokens[name] / seconds[name] for name in made})
    table = pd.DataFrame({"tokens/s": rates.round(0), "relative to fine-tuning": (rates / rates.iloc[0]).round(2)}).rename_axis("training")
    print(table.to_string())
    if args.out:
        table.to_csv(args.out, lineterminator="\n")


if __name__ == "__main__":
    main()
