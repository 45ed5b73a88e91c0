"""What benchmarks/throughput.py compares: xltlib, and peers as their documentation sets them up.

All get the same encoder, pairs, batch size and device, cut pairs at the same length, and train with AdamW and
a learning rate that falls linearly.

* ``Ours``: a run as notebooks/20_finetune has it.
* ``TrainerPeer``: transformers' Trainer with AutoModelForSequenceClassification, pairs tokenised beforehand,
  DataCollatorWithPadding, its defaults; with ``bf16=True``; and as the scripts of Robust-XLT set it up: fp32,
  every batch padded to the full length.
* ``CrossEncoderPeer``: sentence-transformers' CrossEncoderTrainer with CrossEntropyLoss, its defaults.
"""

from __future__ import annotations

import time
from argparse import Namespace
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import torch
from datasets import Dataset
from sentence_transformers.cross_encoder import (
    CrossEncoder,
    CrossEncoderTrainer,
    CrossEncoderTrainingArguments,
    losses,
)
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    PrinterCallback,
    Trainer,
    TrainingArguments,
)
from transformers.utils import logging

from xltlib import parameters, prediction, records, tasks, training
from xltlib.run import Run


class Contender:
    """Something that trains on pairs and scores pairs.

    Args:
        args: of the benchmark; ``task`` and ``peer_encoder``, the encoder as transformers loads it, beside
            what its command line has.
        options: of the kind.
    """

    def __init__(self, args: Namespace, **options):
        self.args, self.options, self.calls = args, options, 0
        self.first_batch = 0.0

    def start_up(self) -> tuple[float, float]:
        """Seconds from reading the pairs until the first of them reach the embedding table, and of an update.

        Between lie loading the encoder, trimming its vocabulary (ours), tokenising, and building the trainer.
        Importing libraries does not count. The update warms allocators.
        """
        began = time.perf_counter()
        self.prepare()
        seconds = self.update(1)
        return self.first_batch - began, seconds

    def update(self, steps: int) -> float:
        """Seconds of so many updates, from when the first batch reaches the embedding table."""
        with self._listening():
            self.train(steps)
        return time.perf_counter() - self.first_batch

    def score(self) -> tuple[int, float]:
        """How many test pairs are scored, and the seconds from sentences to probabilities."""
        frame = self.test_pairs()
        self.logits(frame.head(self.args.batch_size))  # kernels are warm before anything counts
        began = time.perf_counter()
        self.logits(frame)
        return len(frame), time.perf_counter() - began

    def accuracy(self, updates: int) -> tuple[float, float]:
        """Of a fresh model after so many updates, on test pairs: per cent, and its standard error."""
        self.prepare()
        self.train(updates)
        frame = self.test_pairs()
        right = self.logits(frame).argmax(1) == frame.label.to_numpy()
        return 100 * right.mean(), 100 * right.std() / len(right) ** 0.5

    def memory(self) -> tuple[float, float]:
        """Peak so far in GiB: of this process, and of what it allocated on the GPU (0 without one)."""
        on_gpu = torch.cuda.max_memory_allocated() / 2**30 if torch.cuda.is_available() else 0.0
        return records.peak_memory(), on_gpu

    def train_pairs(self) -> pd.DataFrame:
        """English training pairs."""
        return tasks.load_pairs(self.args.task, "train", ["en"], tasks.data_folder(), self.args.items)

    def test_pairs(self) -> pd.DataFrame:
        """English test pairs."""
        return tasks.load_pairs(self.args.task, "test", ["en"], tasks.data_folder(), self.args.test_items)

    @contextmanager
    def _listening(self):
        """Note when the first batch reaches the embedding table; wait for the GPU at the end."""

        def note(module, inputs):
            self.first_batch = time.perf_counter()
            hook.remove()

        hook = self.embeddings().register_forward_pre_hook(note)
        yield
        if torch.cuda.is_available():
            torch.cuda.synchronize()


class Ours(Contender):
    """A run of the notebook 20_finetune; options are those of its encoder."""

    def prepare(self) -> None:
        args = self.args
        given = {name: default for name, (_, default) in parameters.declared("20_finetune").items()}
        given |= {
            "task": args.task,
            "targets": "en",
            "labelled": {"languages": "en", "items": args.items},
            "encoder": {"name": args.encoder, **self.options},
            "head": {"kind": "cross", "max_length": args.max_length},
            "batches": {"kind": "monolingual", "size": args.batch_size},
            "scored": {"test": args.test_items, "dev": 20},
            "seed": args.seed,
        }
        run = Run("20_finetune", given)
        data = run.load()
        batches, *_ = run.gather("batches", "noise", "penalty")
        self.model = run.model()
        self.stream = batches.stream(self.model, data, run.rng("batches"))
        self.loss, self.read = run.head.loss(self.model), data.train

    def embeddings(self) -> torch.nn.Module:
        return self.model.model.get_input_embeddings()

    def train(self, steps: int) -> None:
        options = {"precision": self.args.precision, "progress": False}
        training.train(self.model, self.stream, self.loss, steps, self.args.learning_rate, **options)

    def logits(self, frame: pd.DataFrame) -> np.ndarray:
        return prediction.predict(self.model, frame, self.args.batch_size)[["p0", "p1"]].to_numpy()

    def work(self) -> tuple[float, float]:
        """Operations in the layers' matrix products of an average pair, and its tokens.

        Two a weight and token forward, and four backward where it is trained.
        """
        some = self.read.head(2000)
        tokens = float(np.mean(self.model.lengths(some.sentence1.tolist(), some.sentence2.tolist())))
        named = self.model.named_parameters()
        matrices = [p for name, p in named if p.dim() == 2 and "embeddings" not in name]
        return tokens * sum((6 if p.requires_grad else 2) * p.numel() for p in matrices), tokens


class TrainerPeer(Contender):
    """transformers' Trainer; options: ``bf16``, and ``padded`` to the full length, not to the longest."""

    def prepare(self) -> None:
        folder = self.args.peer_encoder
        training.set_seed(self.args.seed)
        self.tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        self.model = AutoModelForSequenceClassification.from_pretrained(
            folder, num_labels=2, trust_remote_code=False
        )
        self.data = self._tokenised(self.train_pairs())

    def _tokenised(self, frame: pd.DataFrame) -> Dataset:
        sentences = frame.sentence1.tolist(), frame.sentence2.tolist()
        tokens = self.tokenizer(*sentences, truncation=True, max_length=self.args.max_length)
        return Dataset.from_dict({**tokens, "labels": frame.label.tolist()})

    def embeddings(self) -> torch.nn.Module:
        return self.model.get_input_embeddings()

    def trainer(self, folder: str, steps: int) -> Trainer:
        padding = {}
        if self.options.get("padded"):
            padding = {"padding": "max_length", "max_length": self.args.max_length}
        arguments = TrainingArguments(**training_arguments(self, folder, steps))
        collator = DataCollatorWithPadding(self.tokenizer, **padding)
        return Trainer(self.model, arguments, train_dataset=self.data, data_collator=collator)

    def train(self, steps: int) -> None:
        with TemporaryDirectory() as folder:
            trainer = self.trainer(folder, steps)
            trainer.remove_callback(PrinterCallback)
            trainer.train()

    def logits(self, frame: pd.DataFrame) -> np.ndarray:
        with TemporaryDirectory() as folder:
            return self.trainer(folder, 1).predict(self._tokenised(frame)).predictions


class CrossEncoderPeer(Contender):
    """sentence-transformers' CrossEncoderTrainer."""

    def prepare(self) -> None:
        training.set_seed(self.args.seed)
        folder, length = self.args.peer_encoder, self.args.max_length
        self.model = CrossEncoder(folder, num_labels=2, max_length=length, trust_remote_code=False)
        frame = self.train_pairs()[["sentence1", "sentence2", "label"]]
        self.data = Dataset.from_pandas(frame, preserve_index=False)

    def embeddings(self) -> torch.nn.Module:
        return self.model.model.get_input_embeddings()

    def train(self, steps: int) -> None:
        loss = losses.CrossEntropyLoss(self.model)
        with TemporaryDirectory() as folder:
            arguments = CrossEncoderTrainingArguments(**training_arguments(self, folder, steps))
            trainer = CrossEncoderTrainer(self.model, arguments, train_dataset=self.data, loss=loss)
            trainer.remove_callback(PrinterCallback)
            trainer.train()

    def logits(self, frame: pd.DataFrame) -> np.ndarray:
        pairs = list(zip(frame.sentence1, frame.sentence2))
        return self.model.predict(pairs, batch_size=self.args.batch_size, show_progress_bar=False)


def training_arguments(contender: Contender, folder: str, steps: int) -> dict:
    """What both trainers are told; the rest is their defaults.

    A peer's head learns at the rate of the encoder, so it gets half of ours, whose head learns ten times as
    fast. Another order of the pairs each time: rounds time different batches.
    """
    contender.calls += 1
    return {
        "output_dir": str(Path(folder)),
        "max_steps": steps,
        "per_device_train_batch_size": contender.args.batch_size,
        "per_device_eval_batch_size": contender.args.batch_size,
        "learning_rate": contender.args.learning_rate / 2,
        "bf16": contender.options.get("bf16", False),
        "seed": contender.args.seed + contender.calls,
        "use_cpu": not torch.cuda.is_available(),
        "dataloader_pin_memory": torch.cuda.is_available(),
        "report_to": [],
        "save_strategy": "no",
        "logging_strategy": "no",
        "disable_tqdm": True,
    }


KINDS = {
    "ours": (Ours, {}),
    "ours, 4 lowest layers frozen": (Ours, {"frozen_layers": 4}),
    "Trainer, fp32 (defaults)": (TrainerPeer, {}),
    "Trainer, bf16": (TrainerPeer, {"bf16": True}),
    "CrossEncoderTrainer (defaults)": (CrossEncoderPeer, {}),
    "Robust-XLT recipe (fp32, padded to 128)": (TrainerPeer, {"padded": True}),
}


def made(name: str, args: Namespace) -> Contender:
    """A contender by its name, in a process that is its own."""
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    kind, options = KINDS[name]
    return kind(args, **options)


def turn(name: str, args: Namespace, steps: int) -> dict:
    """A contender's turn: start-up, updates, scoring, peak memory.

    Args:
        steps: updates; 0: what start-up trains is timed, and nothing is scored.
    Returns:
        ``start-up`` in seconds; ``training`` and ``scoring`` as pairs and seconds; ``memory`` in GiB, of the
        process and on the GPU; ``work``, of ours alone.
    """
    contender = made(name, args)
    contender.test_pairs()  # what reading needs is imported
    start, seconds = contender.start_up()
    said = {"start-up": start, "training": (args.batch_size, seconds), "scoring": (0, 0.0), "work": None}
    if steps:
        said["training"] = (steps * args.batch_size, contender.update(steps))
        said["scoring"] = contender.score()
    if isinstance(contender, Ours):
        said["work"] = contender.work()
    return said | {"memory": contender.memory()}


def learned(name: str, args: Namespace, updates: int) -> tuple[float, float]:
    """A contender's accuracy after so many updates, and its standard error."""
    return made(name, args).accuracy(updates)
