"""A model's probabilities for labelled pairs."""

from __future__ import annotations

import copy
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Callable

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from tqdm.auto import tqdm

from xltlib import diverged, training
from xltlib import progress as progress_of
from xltlib.batching import Batch
from xltlib.heads import BiEncoder, PairClassifier
from xltlib.statistics import is_right

if TYPE_CHECKING:
    from xltlib.noise.embeddings import Adversarial, RandomPerturbation
    from xltlib.noise.words import WordNoise

BATCH, LARGEST = 32, 1024  # pairs scored at a time on a CPU, and at most on a GPU


def predict(
    model: PairClassifier,
    frame: pd.DataFrame,
    batch_size: int = 0,
    progress: bool = False,
    workers: int = 0,
    precision: str = "no",
) -> pd.DataFrame:
    """Probability of each class for every pair: the frame without sentences, with columns ``p0, p1, ...``.

    Pairs are scored in order of length, so that little is padded; rows come back in the frame's order. On a
    CPU each thread scores batches of its own rather than sharing each matrix product; the result is the same
    for any number.

    Args:
        model: put into evaluation mode.
        frame: as tasks.load_pairs returns it.
        batch_size: pairs, or for a bi-encoder sentences; 0: 32 on a CPU, on a GPU as many as its memory
            holds.
        progress: show a tqdm bar.
        workers: batches scored at a time on a CPU; 0: as many as torch has threads.
        precision: ``"no"`` (fp32), ``"bf16"`` (a copy of the model scores), or ``"auto"``: bf16 where the
            hardware has it.
    Raises:
        ValueError: a probability is NaN or infinite.
    """
    model.eval()
    first, second = frame.sentence1.tolist(), frame.sentence2.tolist()
    predict_pairs = _predict_by_vectors if isinstance(model, BiEncoder) else _predict_jointly
    scoring = _in_precision(model, precision)
    probabilities = predict_pairs(scoring, first, second, batch_size, progress, workers)
    if not np.isfinite(probabilities).all():
        raise ValueError(f"probabilities are NaN or infinite: {diverged.cause(model)}")
    scored = frame.drop(columns=["sentence1", "sentence2"]).reset_index(drop=True)
    columns = {f"p{k}": probabilities[:, k] for k in range(probabilities.shape[1])}
    return scored.assign(**columns)


def _in_precision(model: PairClassifier, precision: str) -> PairClassifier:
    """The model, or a copy of it in bf16.

    Autocast would cast the weights anew for each batch. Attention is fused, which pays where there is no
    backward pass.
    """
    wanted = training.mixed_precision() if precision == "auto" else precision
    if wanted == "no":
        return model
    shared = {id(model.pretrained): model.pretrained}  # the tokenizer and its pieces are not copied
    copied = copy.deepcopy(model, shared)
    for p in copied.parameters():  # no buffers: those of rotary positions need their digits
        p.data = p.data.to(torch.bfloat16)
    if getattr(copied.model, "_supports_sdpa", False):
        copied.model.set_attn_implementation("sdpa")
    return copied


def _predict_jointly(
    model: PairClassifier,
    first: list[str],
    second: list[str],
    batch_size: int,
    progress: bool,
    workers: int,
) -> np.ndarray:
    """Probabilities of a cross-encoder, shape (pairs, classes)."""

    def collate(indices: np.ndarray) -> dict[str, Tensor]:
        return model.tensors([first[i] for i in indices], [second[i] for i in indices])

    def score(inputs: dict[str, Tensor]) -> Tensor:
        return model(inputs).float().softmax(-1)

    return _batched(model, model.lengths(first, second), batch_size, collate, score, progress, workers)


def _predict_by_vectors(
    model: BiEncoder,
    first: list[str],
    second: list[str],
    batch_size: int,
    progress: bool,
    workers: int,
) -> np.ndarray:
    """Probabilities of a bi-encoder, shape (pairs, classes); a sentence of several pairs is encoded once."""
    number, sentences = pd.factorize(np.array(first + second, dtype=object))
    vectors = encoded(model, sentences.tolist(), model.vectors, batch_size, progress, workers)
    weight = model.classifier[0].weight
    with torch.inference_mode():
        u, v = (torch.from_numpy(vectors[side]).to(weight) for side in np.split(number, 2))
        logits = torch.cat([model.compare(*part) for part in zip(u.split(4096), v.split(4096))]).float()
        return logits.softmax(-1).cpu().numpy()


def encoded(
    model: PairClassifier,
    sentences: list[str],
    vectors: Callable | None = None,
    batch_size: int = 0,
    progress: bool = False,
    workers: int = 0,
) -> np.ndarray:
    """Sentence vectors, shape (sentences, width): the encoder's hidden size, or that of its dense layer.

    Args:
        model: put into evaluation mode.
        sentences: in any order.
        vectors: padded tensors -> vectors; None: unit-length ones, as ``model.embed`` gives them.
        batch_size, progress, workers: as in :func:`predict`.
    """
    model.eval()

    def collate(indices: np.ndarray) -> dict[str, Tensor]:
        return model.tensors([sentences[i] for i in indices])

    compute = vectors or model.unit
    return _batched(model, model.lengths(sentences), batch_size, collate, compute, progress, workers)


def _batched(
    model: PairClassifier,
    lengths: list[int],
    batch_size: int,
    collate: Callable,
    compute: Callable,
    progress: bool,
    workers: int,
) -> np.ndarray:
    """``compute(collate(positions))`` of all positions.

    The longest come first: memory peaks at once, and little is padded.
    """
    order = np.argsort(lengths, kind="stable")[::-1]

    @torch.inference_mode()
    def run(inputs) -> np.ndarray:
        return compute(inputs).float().cpu().numpy()

    def compute_all(batch_size: int, workers: int) -> np.ndarray:
        chunks = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
        return _computed(chunks, collate, run, workers, progress)[np.argsort(order)]

    if next(model.parameters()).is_cpu:
        return compute_all(batch_size or BATCH, workers or torch.get_num_threads())
    if batch_size:
        return compute_all(batch_size, 1)
    from accelerate.utils import find_executable_batch_size

    # It gives the batch size, a smaller one each time that memory runs out.
    compute_what_fits = find_executable_batch_size(compute_all, starting_batch_size=LARGEST)
    return compute_what_fits(workers=1)


def _computed(
    chunks: list[np.ndarray], collate: Callable, run: Callable, workers: int, progress: bool
) -> np.ndarray:
    """``run(collate(positions))`` of each chunk of positions, one below the other."""
    threads, status, parts = torch.get_num_threads(), progress_of.current(), []
    status.stage(progress_of.SCORING, sum(map(len, chunks)))
    with ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        results = pool.map(run, map(collate, chunks))
        hidden = _hidden(progress)
        for part in tqdm(results, "batches scored", len(chunks), unit="batch", disable=hidden, leave=False):
            parts.append(part)
            status.scored(len(part))
    torch.set_num_threads(threads)
    return np.concatenate(parts)


def _hidden(progress: bool) -> bool:
    """Whether to show no bar."""
    return not progress or "TQDM_DISABLE" in os.environ


def voted(
    model: PairClassifier,
    frame: pd.DataFrame,
    noise: WordNoise | RandomPerturbation,
    votes: int,
    progress: bool = False,
    source: str = "en",
) -> pd.DataFrame:
    """Share of the votes that each class gets from noisy copies of every pair.

    Randomized smoothing (Cohen, Rosenfeld & Kolter 2019, arXiv 1902.02918), without its certificate.
    The shares are in columns ``p0, p1, ...``. Where classes draw level the mean probability decides: it
    weighs a millionth of the columns.

    Args:
        model: put into evaluation mode.
        frame: as tasks.load_pairs returns it.
        noise: of words, with a method ``noisy(batch)``, or of the embeddings, with a context ``drawn()``.
        votes: copies.
        progress: show a tqdm bar.
        source: sentences of this language alone are seen through noise of words: its words are those of this
            language, and may stand in others, too.
    """
    total, summed = 0, 0
    for _ in tqdm(range(votes), "votes", disable=_hidden(progress), leave=False):
        if hasattr(noise, "noisy"):
            scored = predict(model, _seen(frame, noise, source))
        else:
            with noise.drawn():
                # One worker: several would share the draws in an order of their own.
                scored = predict(model, frame, workers=1)
        classes = [column for column in scored if column[0] == "p" and column[1:].isdigit()]
        probabilities = scored[classes].to_numpy()
        total = total + np.eye(len(classes))[probabilities.argmax(1)]
        summed = summed + probabilities
    shares = ((1 - 1e-6) * total + 1e-6 * summed) / votes
    return scored.assign(**{column: shares[:, k] for k, column in enumerate(classes)})


def _seen(frame: pd.DataFrame, noise: WordNoise, source: str) -> pd.DataFrame:
    """The pairs with their sentences of the source language seen through noise of words."""
    seen = noise.noisy(Batch.of(frame))
    first = frame.sentence1.where(frame.language1 != source, seen.first)
    second = frame.sentence2.where(frame.language2 != source, seen.second)
    return frame.assign(sentence1=first, sentence2=second)


def under_attack(
    model: PairClassifier, frame: pd.DataFrame, attack: Adversarial, batch_size: int = 16
) -> float:
    """Share of right answers when each pair's embeddings are perturbed against its label.

    Args:
        model: put into evaluation mode.
        frame: labelled pairs.
        attack: on this model.
        batch_size: pairs.
    """
    model.eval()
    device = model.classifier[0].weight.device

    def loss(batch: Batch) -> Tensor:
        logits = model.logits(batch.first, batch.second).float()
        return cross_entropy(logits, torch.tensor(batch.labels, device=device))

    right = 0
    for start in range(0, len(frame), batch_size):
        batch = Batch.of(frame.iloc[start : start + batch_size])
        with attack.against(loss, batch), torch.no_grad():
            answers = model.logits(batch.first, batch.second).argmax(-1).cpu().numpy()
        right += int((answers == np.array(batch.labels)).sum())
    return right / len(frame)


def accuracy(predictions: pd.DataFrame) -> pd.DataFrame:
    """Share of right answers, and number of items, per language pair (and selection, where there is one)."""
    columns = [column for column in ("selection", "language1", "language2") if column in predictions]
    right = predictions.assign(right=is_right(predictions)).groupby(columns, sort=False).right
    table = right.agg(["mean", "size"])
    return table.rename(columns={"mean": "accuracy", "size": "n_items"}).reset_index()
