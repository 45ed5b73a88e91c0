"""An exported folder asked about pairs, by sentence-transformers, torch and safetensors alone."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch

HEAD, WEIGHTS = "head.json", "head.safetensors"  # what compares two vectors, beside the modules


def vectors(folder: Path, sentences: list[str]) -> np.ndarray:
    """Sentence vectors, shape (sentences, width)."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    return model.encode(sentences, show_progress_bar=False)


def probabilities(folder: Path, first: list[str], second: list[str]) -> np.ndarray:
    """Probability of each class for every pair, shape (pairs, classes), as the folder's card computes it."""
    if not (folder / HEAD).is_file():
        return _of_cross_encoder(folder, first, second)
    about = json.loads((folder / HEAD).read_text(encoding="utf-8"))
    sides = np.split(vectors(folder, [*first, *second]), 2)
    if about["kind"] == "logistic":
        return _of_regression(folder, *sides)
    u, v = map(torch.from_numpy, sides)
    if about["kind"] == "cosine":
        p = torch.sigmoid(about["sharpness"] * ((u * v).sum(1) - about["threshold"]))
        return torch.stack([1 - p, p], dim=1).numpy()
    from safetensors.torch import load_file

    head, compared = load_file(folder / WEIGHTS), torch.cat([u, v, (u - v).abs(), u * v], dim=1)
    hidden = torch.tanh(compared @ head["hidden.weight"].T + head["hidden.bias"])
    scores = hidden @ head["scores.weight"].T + head["scores.bias"]
    return scores.softmax(dim=1).numpy()


def _of_regression(folder: Path, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Probabilities of a logistic regression, which magnifies the last digits of a vector."""
    from safetensors.numpy import load_file
    from scipy.special import softmax

    head = load_file(folder / WEIGHTS)
    u, v = (side / np.linalg.norm(side, axis=1, keepdims=True) for side in (u, v))
    compared = np.concatenate([u, v, abs(u - v), u * v], axis=1)
    scores = (compared - head["mean"]) / head["scale"] @ head["weight"].T + head["bias"]
    return softmax(scores, axis=1)


def _of_cross_encoder(folder: Path, first: list[str], second: list[str]) -> np.ndarray:
    from sentence_transformers import CrossEncoder

    model = CrossEncoder(str(folder), device="cpu", local_files_only=True)
    return model.predict(list(zip(first, second)), apply_softmax=True, show_progress_bar=False)


def classes(folder: Path) -> list[str]:
    """Names of the classes.

    Raises:
        ValueError: it is no folder of an exported classifier.
    """
    for name, key in ((HEAD, "classes"), ("config.json", "id2label")):
        if (folder / name).is_file():
            found = json.loads((folder / name).read_text(encoding="utf-8")).get(key)
            if found:
                return list(found.values()) if isinstance(found, dict) else found
    raise ValueError(f"{folder}: no classifier that python -m xltlib.export wrote is there")
