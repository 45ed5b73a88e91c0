"""A model as a folder of sentence-transformers: transformer, tokenizer, and the layers behind them."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import numpy as np
import torch
from torch import nn

from xltlib import encoders, frozen
from xltlib.exporting import classifier
from xltlib.exporting.loaded import HEAD, WEIGHTS
from xltlib.exporting.rebuilt import Rebuilt


def write(rebuilt: Rebuilt, folder: Path) -> None:
    """Write a model, all but its card.

    Args:
        folder: that is there, and empty.
    """
    from sentence_transformers import CrossEncoder, SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()
    kept, model = rebuilt.kept, rebuilt.model
    save_tokenizer(model.pretrained, kept.max_length, folder)
    if kept.form == "cross" and classifier.has_own(model):
        classifier.save(model, kept.classes, folder)
        task = "sequence-classification"
    else:
        bare = _configured(model.model, kept.classes if kept.form == "cross" else None)
        bare.save_pretrained(folder)
        task = "feature-extraction"
    modules = [_transformer(folder, task, model.layer)]
    if task == "feature-extraction":
        modules += _behind(rebuilt)
    whole = CrossEncoder if kept.form == "cross" else SentenceTransformer
    whole(modules=modules, device="cpu").save_pretrained(str(folder), create_model_card=False)
    if kept.form not in ("cross", "encoder"):
        _write_head(rebuilt, folder)
    if kept.form == "logistic":
        _ask_for_eager_attention(folder)


def _configured(model: nn.Module, classes: list[str] | None) -> nn.Module:
    """The transformer with a configuration of its own, in which the classes are named."""
    shallow = copy.copy(model)
    shallow.config = copy.deepcopy(model.config)
    if classes:
        classifier.named(shallow.config, classes)
    return shallow


def save_tokenizer(encoder: encoders.Encoder, max_length: int, folder: Path) -> None:
    """Write a tokenizer that cuts and marks text as the encoder does.

    A fast one is written as its pieces and rules alone, for the class of an architecture may have rules of
    its own. Segment ids are among what it gives only where the model learned some.
    """
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

    tokenizer = encoder.tokenizer
    inputs = ["input_ids", *(["token_type_ids"] if encoder.has_segments else []), "attention_mask"]
    if tokenizer.is_fast:
        backend = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
        backend.no_truncation()
        backend.no_padding()
        named = tokenizer.special_tokens_map.items()
        special = {name: str(token) for name, token in named if isinstance(token, str)}
        options = {"model_input_names": inputs, "model_max_length": max_length}
        PreTrainedTokenizerFast(tokenizer_object=backend, **options, **special).save_pretrained(folder)
    else:
        written = copy.deepcopy(tokenizer)
        written.model_max_length = max_length
        written.save_pretrained(folder)


def _transformer(folder: Path, task: str, layer: int):
    """The module that reads the transformer's folder; its states are those of a layer."""
    from sentence_transformers.base.modules import Transformer

    options = {}
    if layer != -1:
        states = {"method": "forward", "method_output_name": ["hidden_states", layer]}
        options = {"modality_config": {"text": states}, "module_output_name": "token_embeddings"}
    return Transformer(str(folder), transformer_task=task, **options)


def _behind(rebuilt: Rebuilt) -> list[nn.Module]:
    """What follows the transformer: pooling, a dense layer, and the head or unit length."""
    from sentence_transformers.base.modules import Normalize
    from sentence_transformers.sentence_transformer.modules import Pooling

    model, form = rebuilt.model, rebuilt.kept.form
    modules = [Pooling(model.pretrained.hidden, model.pretrained.pooling)]
    if form == "cross":
        return [*modules, _dense(model.classifier[0], nn.Tanh()), _dense(model.classifier[3], None, "scores")]
    if not isinstance(model.dense, nn.Identity):
        modules.append(_dense(model.dense[0], nn.Tanh()))
    return modules if form == "bi" else [*modules, Normalize()]


def _dense(layer: nn.Linear, activation: nn.Module | None, output: str | None = None):
    """A linear layer as a module."""
    from sentence_transformers.base.modules import Dense

    dense = Dense(layer.in_features, layer.out_features, True, activation, module_output_name=output)
    dense.linear.load_state_dict(layer.state_dict())
    return dense


def _write_head(rebuilt: Rebuilt, folder: Path) -> None:
    """Write what compares two vectors: its numbers, and what they are for."""
    from safetensors.torch import save_file

    kept, tensors = rebuilt.kept, {}
    about = {"kind": kept.form, "classes": kept.classes}
    if kept.form == "cosine":
        about |= {"threshold": rebuilt.fitted, "sharpness": frozen.SHARPNESS}
    elif kept.form == "logistic":
        tensors = _regression(rebuilt.fitted, len(kept.classes))
    else:
        for name, layer in (("hidden", 0), ("scores", 3)):
            linear = rebuilt.model.classifier[layer]
            tensors |= {f"{name}.weight": linear.weight, f"{name}.bias": linear.bias}
    if tensors:
        save_file({name: p.detach().float().contiguous() for name, p in tensors.items()}, folder / WEIGHTS)
    (folder / HEAD).write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _ask_for_eager_attention(folder: Path) -> None:
    """Have the folder loaded with the attention that the regression was fitted with.

    Other kernels move a vector by some 1e-7; on PAWS-X a regression made 1.2e-5 of a probability of it.
    """
    path = folder / "sentence_bert_config.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    settings["model_kwargs"] = {"attn_implementation": "eager"}
    path.write_text(json.dumps(settings, indent=4) + "\n", encoding="utf-8")


def _regression(pipeline, classes: int) -> dict[str, torch.Tensor]:
    """The numbers of a fitted pipeline; of two classes the first one's scores are all 0.

    Raises:
        ValueError: it was fitted on pairs of some of the classes alone.
    """
    scaler, regression = pipeline[0], pipeline[-1]
    if len(regression.classes_) != classes:
        raise ValueError(f"the training pairs are of {len(regression.classes_)} of {classes} classes")
    weight, bias = regression.coef_, regression.intercept_
    if classes == 2:
        weight, bias = np.concatenate([0 * weight, weight]), np.concatenate([0 * bias, bias])
    numbers = {"mean": scaler.mean_, "scale": scaler.scale_, "weight": weight, "bias": bias}
    return {name: torch.from_numpy(np.asarray(array, dtype=np.float64)) for name, array in numbers.items()}
