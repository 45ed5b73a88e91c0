"""Training throughput beside peers: the same encoder, pairs, batch size and machine, interleaved in one run.

    python benchmarks/throughput.py                   # on the rows that ship with the package
    XLTLIB_DATA=... python benchmarks/throughput.py   # on English PAWS-X

Every contender does a few updates in turn, round after round, so that a slow minute of the machine hits them
alike; the table gives all pairs over all seconds. A contender is: how pairs become batches, which model, and
how it updates.

* ``ours``: xltlib.training on length buckets, vocabulary trimmed, eager attention, embeddings frozen, no
  dropout; bf16 where the hardware has it.
* ``trainer``: transformers' Trainer as its documentation sets it up: DataCollatorWithPadding, its defaults.
* ``robust-xlt``: the recipe of Robust-XLT's scripts: padded to 128, fp32, full vocabulary, gradient
  accumulation off.

Then each contender trains ``--accuracy`` updates from the same start and is scored on English test pairs (but
for bf16 where the hardware only emulates it, which would take hours). ``--accuracy 0`` leaves this longer
part out.
"""

from __future__ import annotations

import copy
import tempfile
import time
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from xltlib import batching, encoders, heads, tasks, training


def matrix_peak(dtype: torch.dtype, seconds: float = 1.0) -> float:
    """TFLOP/s of this machine's best matrix product: shapes of the encoder's layers, and one large square."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    best = 0.0
    for rows, inner, columns in ((2048, 384, 1536), (2048, 1536, 384), (2048, 2048, 2048)):
        a = torch.randn(rows, inner, device=device, dtype=dtype)
        b = torch.randn(columns, inner, device=device, dtype=dtype)
        torch.nn.functional.linear(a, b)
        done, began = 0, time.perf_counter()
        while time.perf_counter() - began < seconds:
            torch.nn.functional.linear(a, b)
            done += 1
        if device == "cuda":
            torch.cuda.synchronize()
        best = max(best, 2 * rows * inner * columns * done / (time.perf_counter() - began) / 1e12)
    return best


def flops_per_pair(model: torch.nn.Module, tokens: float) -> float:
    """Operations in the layers' matrix products for an average pair.

    Two a weight forward, and four backward where it is trained.
    """
    matrices = [p for name, p in model.named_parameters() if p.dim() == 2 and "embeddings" not in name]
    return tokens * sum((6 if p.requires_grad else 2) * p.numel() for p in matrices)


class Ours:
    def __init__(self, whole, frame: pd.DataFrame, args, frozen_layers: int = 0):
        training.set_seed(args.seed)
        trimmed = encoders.trim(whole, [*frame.sentence1, *frame.sentence2])
        self.model = heads.build("cross", trimmed, frozen_layers=frozen_layers)
        rng = np.random.default_rng(args.seed)
        self.stream = batching.monolingual(frame, args.batch_size, self.model.lengths, rng)
        self.rate = args.learning_rate

    def update(self, steps: int) -> float:
        from accelerate.state import AcceleratorState

        AcceleratorState._reset_state(True)  # a Trainer before may have left another precision behind
        drawn = [next(self.stream) for _ in range(steps)]
        began = time.perf_counter()
        training.train(self.model, iter(drawn), self._loss, steps, self.rate, progress=False)
        return time.perf_counter() - began

    def _loss(self, batch: batching.Batch) -> torch.Tensor:
        return heads.loss(self.model, batch)

    def logits(self, first: list[str], second: list[str]) -> torch.Tensor:
        return self.model.eval().logits(first, second)


class Peer:
    """transformers' Trainer on BertForSequenceClassification, with the encoder's full vocabulary."""

    def __init__(self, whole, frame: pd.DataFrame, args, bf16: bool = False, pad_to: int = 0):
        from datasets import Dataset
        from transformers import BertConfig, BertForSequenceClassification

        training.set_seed(args.seed)
        self.tokenizer, self.args = whole.tokenizer, args
        self.bf16, self.pad_to, self.calls = bf16, pad_to, 0
        config = BertConfig.from_dict({**whole.model.config.to_dict(), "num_labels": 2})
        config._attn_implementation = "sdpa"  # what transformers takes when nobody says otherwise
        self.model = BertForSequenceClassification(config)
        self.model.bert.load_state_dict(copy.deepcopy(whole.model.state_dict()), strict=False)
        tokens = whole.tokenize(frame.sentence1.tolist(), frame.sentence2.tolist(), 128)["input_ids"]
        self.data = Dataset.from_dict({"input_ids": tokens, "labels": frame.label.tolist()})

    def update(self, steps: int) -> float:
        from transformers import DataCollatorWithPadding, Trainer, TrainingArguments

        padding = {"padding": "max_length", "max_length": self.pad_to} if self.pad_to else {}
        self.calls += 1  # another order of the pairs each time: rounds time different batches
        with tempfile.TemporaryDirectory() as folder:
            options = TrainingArguments(
                folder,
                max_steps=steps,
                per_device_train_batch_size=self.args.batch_size,
                learning_rate=self.args.learning_rate / 2,
                bf16=self.bf16,
                report_to=[],
                save_strategy="no",
                logging_strategy="no",
                disable_tqdm=True,
                seed=self.args.seed + self.calls,
                use_cpu=not torch.cuda.is_available(),
                dataloader_pin_memory=torch.cuda.is_available(),
            )
            collator = DataCollatorWithPadding(self.tokenizer, **padding)
            trainer = Trainer(self.model, options, train_dataset=self.data, data_collator=collator)
            began = time.perf_counter()
            trainer.train()
            return time.perf_counter() - began

    def logits(self, first: list[str], second: list[str]) -> torch.Tensor:
        options = {"truncation": True, "max_length": 128, "padding": True, "return_tensors": "pt"}
        inputs = self.tokenizer(first, second, **options)
        return self.model.eval()(**inputs.to(self.model.device)).logits


@torch.inference_mode()
def accuracy(contender, frame: pd.DataFrame) -> tuple[float, float]:
    """Share of right answers and its standard error, in per cent."""
    order = frame.sentence1.str.len().sort_values().index
    right = []
    for start in range(0, len(order), 32):
        rows = frame.loc[order[start : start + 32]]
        logits = contender.logits(rows.sentence1.tolist(), rows.sentence2.tolist())
        right += (logits.argmax(1).cpu().numpy() == rows.label).tolist()
    return 100 * np.mean(right), 100 * np.std(right) / len(right) ** 0.5


def encoded_tokens(whole, frame: pd.DataFrame) -> float:
    """Tokens of an average pair."""
    ids = whole.tokenize(frame.sentence1.tolist(), frame.sentence2.tolist())["input_ids"]
    return float(np.mean([len(of_pair) for of_pair in ids]))


def timed(contenders: dict, steps: dict[str, int], rounds: int, batch_size: int) -> dict[str, float]:
    """Pairs a second of each contender, over rounds in which they take turns."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for contender in contenders.values():
        contender.update(1)  # allocators, kernels and caches are warm before anything counts
    for number in range(rounds):
        for name, contender in contenders.items():
            seconds[name].append(contender.update(steps[name]))
            rate = steps[name] * batch_size / seconds[name][-1]
            print(f"round {number + 1}, {name}: {rate:.1f} pairs/s", flush=True)
    return {name: steps[name] * batch_size / np.mean(times) for name, times in seconds.items()}


def trained(
    makers: dict, left_out: set[str], updates: int, test: pd.DataFrame
) -> dict[str, tuple[float, float]]:
    """Accuracy of each contender, made anew, after so many updates, and its standard error."""
    scores = {}
    for name, make in makers.items():
        if name in left_out:
            scores[name] = (float("nan"), float("nan"))
            continue
        contender = make()
        contender.update(updates)
        scores[name] = accuracy(contender, test)
        print(f"{name}: {scores[name][0]:.1f} after {updates} updates", flush=True)
    return scores


def arguments() -> Namespace:
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=8, help="updates a round")
    parser.add_argument("--batch-size", type=int, default=32)
    half = "ours; the peers, without a separate head rate, take half"
    parser.add_argument("--learning-rate", type=float, default=1e-4, help=half)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--encoder", default="offline")
    then = "then train N updates each and score on test pairs; 0: do not"
    parser.add_argument("--accuracy", type=int, default=250, metavar="N", help=then)
    parser.add_argument("--test-items", type=int, default=500)
    parser.add_argument("--out", type=Path, help="also write the table as CSV")
    return parser.parse_args()


def main() -> None:
    args = arguments()
    folder = tasks.data_folder()
    task = "paws-x" if folder else "demo"
    frame = tasks.load_pairs(task, "train", ["en"], folder)
    whole = encoders.load(args.encoder)
    tokens = encoded_tokens(whole, frame)
    native = training.mixed_precision() == "bf16"
    makers = {
        "ours": lambda: Ours(whole, frame, args),
        "ours, 4 lowest layers frozen": lambda: Ours(whole, frame, args, frozen_layers=4),
        "Trainer, fp32 (defaults)": lambda: Peer(whole, frame, args),
        "Trainer, bf16": lambda: Peer(whole, frame, args, bf16=True),
        "Robust-XLT recipe (fp32, padded to 128)": lambda: Peer(whole, frame, args, pad_to=128),
    }
    contenders = {name: make() for name, make in makers.items()}
    # bf16 in software: an update takes the better part of a minute.
    emulated = set() if native else {"Trainer, bf16"}
    steps = {name: 1 if name in emulated else args.steps for name in contenders}
    rates = timed(contenders, steps, args.rounds, args.batch_size)
    peak = matrix_peak(torch.bfloat16 if native else torch.float32)
    table = pd.DataFrame({"pairs/s": rates})
    table["ours is faster by"] = rates["ours"] / table["pairs/s"]
    # The work of a peer's pair is counted as that of ours: what it does beyond is no use.
    counted = [contenders[name if name.startswith("ours") else "ours"].model for name in table.index]
    flops = [flops_per_pair(model, tokens) for model in counted]
    table["share of the matrix peak"] = table["pairs/s"] * flops / 1e12 / peak
    if args.accuracy:
        test = tasks.load_pairs(task, "test", ["en"], folder, args.test_items)
        scores = trained(makers, emulated, args.accuracy, test)
        table["accuracy"], table["standard error"] = zip(*(scores[name] for name in table.index))
    kind = "bf16" if native else "fp32; no native bf16 here"
    print(
        f"\n{args.encoder}, {task} ({tokens:.0f} tokens a pair), batches of {args.batch_size}, "
        f"{torch.get_num_threads()} threads, {torch.backends.cpu.get_cpu_capability()}; "
        f"matrix peak {peak:.2f} TFLOP/s ({kind})\n"
    )
    print(table.round(2).to_string())
    if args.out:
        table.round(4).to_csv(args.out, index_label="contender", lineterminator="\n")


if __name__ == "__main__":
    main()
