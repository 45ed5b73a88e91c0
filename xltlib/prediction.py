"""A model's probabilities for labelled pairs, and the selection of checkpoints."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Callable

import numpy as np
import pandas as pd
import torch
from torch.nn.functional import cross_entropy
from tqdm.auto import tqdm

from xltlib.batching import Batch
from xltlib.heads import BiEncoder, PairClassifier
from xltlib.noise import Adversarial, Seen
from xltlib.statistics import is_right

SELECTIONS = ("last", "en-dev", "oracle")


def predict(model: PairClassifier, frame: pd.DataFrame, batch_size: int = 32, progress: bool = False, workers: int = 0) -> pd.DataFrame:
    """Probability of each class for every pair: the frame without sentences, with columns ``p0, p1, ...``.

    Pairs are scored in order of length, so that little is padded; rows come back in the frame's order. On a CPU each
    thread scores batches of its own rather than sharing each matrix product, and the result is the same for any number.

    Args:
        model: put into evaluation mode.
        frame: as tasks.load_pairs returns it.
        workers: batches scored at a time on a CPU; 0: as many as torch has threads.
    """
    model.eval()
    first, second = frame.sentence1.tolist(), frame.sentence2.tolist()
    hidden = not progress or "TQDM_DISABLE" in os.environ
    if isinstance(model, BiEncoder):  # each sentence is encoded once, however many pairs it stands in
        number, sentences = pd.factorize(np.array(first + second, dtype=object))
        vectors = encoded(model, sentences.tolist(), model.vectors, batch_size, progress, workers)
        with torch.inference_mode():
            u, v = (torch.from_numpy(vectors[side]).to(model.classifier[0].weight.device) for side in np.split(number, 2))
            logits = torch.cat([model.compare(*part) for part in zip(u.split(4096), v.split(4096))]).float()
            probabilities = logits.softmax(-1).cpu().numpy()
    else:
        collate = lambda at: model.tensors([first[i] for i in at], [second[i] for i in at])
        score = lambda inputs: model(inputs).float().softmax(-1)
        probabilities = _batched(model, model.lengths(first, second), batch_size, collate, score, hidden, workers)
    if not np.isfinite(probabilities).all():
        raise ValueError("probabilities that are no numbers: the training diverged; lower learning_rate")
    scored = frame.drop(columns=["sentence1", "sentence2"]).reset_index(drop=True)
    return scored.assign(**{f"p{k}": probabilities[:, k] for k in range(probabilities.shape[1])})


def encoded(model: PairClassifier, sentences: list[str], vectors: Callable | None = None, batch_size: int = 32, progress: bool = False, workers: int = 0) -> np.ndarray:
    """Sentence vectors, shape (sentences, hidden).

    Args:
        vectors: padded tensors -> vectors; None: unit-length ones, as ``model.embed`` gives them.
    """
    model.eval()
    hidden = not progress or "TQDM_DISABLE" in os.environ
    collate = lambda at: model.tensors([sentences[i] for i in at])
    return _batched(model, model.lengths(sentences), batch_size, collate, vectors or model.unit, hidden, workers)


def _batched(model: PairClassifier, lengths: list[int], batch_size: int, collate: Callable, compute: Callable, hidden: bool, workers: int = 0) -> np.ndarray:
    """``compute(collate(positions))`` of all positions, longest first: memory peaks at once, and little is padded."""
    order = np.argsort(lengths, kind="stable")[::-1]
    chunks = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
    run = torch.inference_mode()(lambda inputs: compute(inputs).float().cpu().numpy())
    threads = torch.get_num_threads()
    workers = (workers or threads) if next(model.parameters()).is_cpu else 1
    with ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        parts = list(tqdm(pool.map(run, map(collate, chunks)), "batches scored", len(chunks), unit="batch", disable=hidden, leave=False))
    torch.set_num_threads(threads)
    return np.concatenate(parts)[np.argsort(order)]


def voted(model: PairClassifier, frame: pd.DataFrame, noise, votes: int, progress: bool = False, source: str = "en") -> pd.DataFrame:
    """Share of the votes that each class gets from noisy copies of every pair, in columns ``p0, p1, ...`` (randomized smoothing).

    Where classes draw level the mean probability decides: it weighs a millionth of the columns.

    Args:
        noise: :class:`noise.Seen` (copies of the sentences) or :class:`noise.RandomPerturbation` (of the embeddings).
        votes: copies.
        source: sentences of this language alone are seen through a view: its words are those of this language, and may stand in others, too.
    """
    total, probability = 0, 0
    for _ in tqdm(range(votes), "votes", disable=not progress or "TQDM_DISABLE" in os.environ, leave=False):
        if isinstance(noise, Seen):
            copy = noise.noisy(Batch(frame.sentence1.tolist(), frame.sentence2.tolist(), frame.label.tolist()))
            sides = {f"sentence{k}": frame[f"sentence{k}"].where(frame[f"language{k}"] != source, side) for k, side in ((1, copy.first), (2, copy.second))}
            scored = predict(model, frame.assign(**sides))
        else:
            with noise.drawn():
                scored = predict(model, frame, workers=1)  # several would share the draws in an order of their own
        classes = [column for column in scored if column[0] == "p" and column[1:].isdigit()]
        total = total + np.eye(len(classes))[scored[classes].to_numpy().argmax(1)]
        probability = probability + scored[classes].to_numpy()
    shares = ((1 - 1e-6) * total + 1e-6 * probability) / votes
    return scored.assign(**{column: shares[:, k] for k, column in enumerate(classes)})


def under_attack(model: PairClassifier, frame: pd.DataFrame, attack: Adversarial, batch_size: int = 16) -> float:
    """Share of right answers when each pair's embeddings are perturbed against its label."""
    model.eval()
    loss = lambda batch: cross_entropy(model.logits(batch.first, batch.second).float(), torch.tensor(batch.labels, device=model.classifier[0].weight.device))
    right = 0
    for start in range(0, len(frame), batch_size):
        rows = frame.iloc[start : start + batch_size]
        batch = Batch(rows.sentence1.tolist(), rows.sentence2.tolist(), rows.label.tolist())
        with attack.against(loss, batch), torch.no_grad():
            right += int((model.logits(batch.first, batch.second).argmax(-1).cpu().numpy() == rows.label.to_numpy()).sum())
    return right / len(frame)


def accuracy(predictions: pd.DataFrame) -> pd.DataFrame:
    """Share of right answers per language pair (and selection, where there is one), with the number of items."""
    by = [column for column in ("selection", "language1", "language2") if column in predictions]
    table = predictions.assign(right=is_right(predictions)).groupby(by, sort=False).right.agg(["mean", "size"])
    return table.rename(columns={"mean": "accuracy", "size": "n_items"}).reset_index()


class Checkpoints:
    """Weights at each checkpoint, with accuracy on development data; picks them by three rules.

    ``last`` is the final one, ``en-dev`` the best on source-language development data, ``oracle`` the best on
    each target language's own (no zero-shot method may use it: it only shows what selection costs;
    Keung et al. 2020, arXiv 2004.15001).

    Args:
        model: being trained.
        dev: development pairs, the source language among them.
        source: the source language.
    """

    def __init__(self, model: PairClassifier, dev: pd.DataFrame, source: str = "en"):
        if source not in set(dev.language1):
            raise ValueError(f"the source language {source!r} is not among the targets: its development data select a checkpoint")
        self.model, self.dev, self.source = model, dev, source
        self.steps, self.weights, self.scores, self.seconds = [], [], [], 0.0

    def __call__(self, step: int) -> None:
        """Score the model as it is now and keep its trainable weights; the time it takes is added to ``seconds``."""
        began = time.perf_counter()
        table = accuracy(predict(self.model, self.dev)).set_index("language1").accuracy
        self.steps.append(step)
        self.weights.append({name: p.detach().clone() for name, p in self.model.named_parameters() if p.requires_grad})
        self.scores.append(table)
        self.seconds += time.perf_counter() - began

    def choice(self, selection: str, code: str) -> int:
        """Position of the checkpoint that a rule picks for a language; the later one on a tie."""
        if selection == "last" or code not in self.scores[0] and selection == "oracle":
            return len(self.steps) - 1
        column = [scores[self.source if selection == "en-dev" else code] for scores in self.scores]
        return int(len(column) - 1 - np.argmax(column[::-1]))

    def predict(self, test: pd.DataFrame, progress: bool = False, score: Callable = predict) -> pd.DataFrame:
        """Predictions on the test set under each rule; a checkpoint scores only the languages it is picked for.

        Args:
            score: ``(model, frame, progress=...) -> predictions``: :func:`predict`, or votes of noisy copies.
        """
        codes = test.language1.unique()
        chosen = {(selection, code): self.choice(selection, code) for selection in SELECTIONS for code in codes}
        scored = {}
        for position in sorted(set(chosen.values())):  # all its languages in one go: a bi-encoder encodes each sentence once
            self.model.load_state_dict(self.weights[position], strict=False)
            wanted = test.language1.isin([code for (_, code), picked in chosen.items() if picked == position])
            scored[position] = score(self.model, test[wanted], progress=progress).assign(step=self.steps[position])
        parts = [scored[position][scored[position].language1 == code].assign(selection=rule) for (rule, code), position in chosen.items()]
        self.model.load_state_dict(self.weights[-1], strict=False)
        return pd.concat(parts, ignore_index=True)

