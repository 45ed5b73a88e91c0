"""Cross-encoders whose head is that of transformers' own classifier of the same architecture."""

from __future__ import annotations

import copy
from pathlib import Path

import torch

from xltlib import heads

# Architectures whose classifier is W tanh(V h + b) + c of the first token's state: where V and W lie.
LAYERS = {
    "albert": ("albert.pooler", "classifier"),
    "bert": ("bert.pooler.dense", "classifier"),
    "camembert": ("classifier.dense", "classifier.out_proj"),
    "mpnet": ("classifier.dense", "classifier.out_proj"),
    "rembert": ("rembert.pooler.dense", "classifier"),
    "roberta": ("classifier.dense", "classifier.out_proj"),
    "xlm-roberta": ("classifier.dense", "classifier.out_proj"),
}


def has_own(model: heads.PairClassifier) -> bool:
    """Whether transformers has a classifier that computes what a cross-encoder of ours does."""
    return model.pretrained.pooling == "cls" and model.model.config.model_type in LAYERS


def save(model: heads.PairClassifier, classes: list[str], folder: Path) -> None:
    """Write a cross-encoder as ``AutoModelForSequenceClassification`` reads it, without its tokenizer."""
    from transformers import AutoModelForSequenceClassification

    config = copy.deepcopy(model.model.config)
    named(config, classes)
    classifier = AutoModelForSequenceClassification.from_config(config, dtype=torch.float32)
    base = getattr(classifier, classifier.base_model_prefix)
    missing, unexpected = base.load_state_dict(model.model.state_dict(), strict=False)
    if unexpected or any("pooler" not in name for name in missing):
        raise ValueError(f"{config.model_type}: transformers' classifier has other weights than its encoder")
    for name, layer in zip(LAYERS[config.model_type], (model.classifier[0], model.classifier[3])):
        classifier.get_submodule(name).load_state_dict(layer.state_dict())
    classifier.save_pretrained(folder)


def named(config, classes: list[str]) -> None:
    """Give a configuration of transformers the names of the classes."""
    config.id2label = dict(enumerate(classes))
    config.label2id = {name: number for number, name in enumerate(classes)}
