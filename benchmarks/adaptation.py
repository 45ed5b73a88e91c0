"""Tokens a second of each adaptation beside fine-tuning, with the same encoder, taking turns in one run.

    python benchmarks/adaptation.py                   # on the rows that ship with the package
    XLTLIB_DATA=... python benchmarks/adaptation.py   # on English PAWS-X and German Wikipedia text

Tokens are those that go through the encoder, padding left out; of TSDAE those through its decoder as well.
Prints a table, and what each rate is relative to fine-tuning's.
"""

from __future__ import annotations

import copy
import time
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from xltlib import batching, encoders, heads, tasks, training
from xltlib.adaptation import lora, mlm, tsdae

Contender = tuple[object, Iterator, Callable]  # a model, its batches, and the loss of a batch


def contenders(args: Namespace) -> dict[str, Contender]:
    """What is trained in turn, by name: all from one trimmed encoder."""
    folder = tasks.data_folder()
    frame = tasks.load_pairs("paws-x" if folder else "demo", "train", ["en"], folder, 1000)
    texts = tasks.load_text("wikipedia" if folder else "demo", "de", folder, 1000)
    pairs = tasks.load_parallel("ntrex" if folder else "demo", "de", folder, 1000)
    translations = [side for pair in pairs for side in pair]
    whole = encoders.load("offline")
    trimmed = encoders.trim(whole, [*frame.sentence1, *frame.sentence2, *texts, *translations])
    training.set_seed(1)
    options = {"frozen_layers": args.frozen_layers}
    size, length = args.batch_size, args.max_length

    def fine_tuning() -> Contender:
        model = heads.build("cross", copy.deepcopy(trimmed), max_length=length, **options)
        stream = batching.monolingual(frame, size, model.lengths, np.random.default_rng(1))
        return model, stream, lambda batch: heads.loss(model, batch)

    def align() -> Contender:
        model = heads.build("bi", copy.deepcopy(trimmed), max_length=length, **options)
        stream = batching.translations({"de": pairs}, size, model.lengths, np.random.default_rng(1))
        return model, stream, lambda batch: heads.loss(model, batch)

    def masked(rank: int) -> Contender:
        encoder = copy.deepcopy(trimmed)
        if rank:  # nothing but the updates of low rank is trained
            lora.attach(encoder.model, rank)
            model = mlm.MaskedLanguageModel(encoder, texts, train_layers=False)
        else:
            model = mlm.MaskedLanguageModel(encoder, texts, train_layers=True, **options)
        stream = mlm.masked_batches(encoder, texts, size, length, 1)
        return model, stream, lambda batch: model(**batch)

    def denoised() -> Contender:
        model = tsdae.DenoisingAutoEncoder(trimmed, **options)
        stream = tsdae.noisy_batches(trimmed, texts, size, length, 1)
        return model, stream, lambda batch: model(*batch)

    return {
        "fine-tuning (cross-encoder)": fine_tuning(),
        "mlm": masked(0),
        "mlm, LoRA of rank 8": masked(8),
        "align": align(),
        "tsdae": denoised(),
    }


def main() -> None:
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=5, help="updates a round")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--max-length", type=int, default=64)
    parser.add_argument("--frozen-layers", type=int, default=4)
    parser.add_argument("--out", type=Path, help="also write the table as CSV")
    args = parser.parse_args()
    made = contenders(args)
    tokens, seconds = dict.fromkeys(made, 0), dict.fromkeys(made, 0.0)
    for number in range(args.rounds + 1):  # the first warms caches and does not count
        for name, (model, stream, loss) in made.items():
            before, began = model.tokens, time.perf_counter()
            training.train(model, stream, loss, args.steps, 1e-5, progress=False)
            if number:
                tokens[name] += model.tokens - before
                seconds[name] += time.perf_counter() - began
    rates = pd.Series({name: tokens[name] / seconds[name] for name in made})
    relative = (rates / rates.iloc[0]).round(2)
    table = pd.DataFrame({"tokens/s": rates.round(0), "relative to fine-tuning": relative})
    table = table.rename_axis("training")
    print(table.to_string())
    if args.out:
        table.to_csv(args.out, lineterminator="\n")


if __name__ == "__main__":
    main()
