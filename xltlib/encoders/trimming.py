"""A smaller vocabulary for a run, and the whole one back: only the pieces of the text that the run reads."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from xltlib.encoders.encoder import Encoder
from xltlib.encoders.pieces import Pieces, refuse_unknown

SLICE = 4096  # texts tokenised at a time: token lists of a whole corpus are larger than the corpus


class NotTrimmable(ValueError):
    """A tokenizer of a kind whose pieces cannot be dropped safely."""


@dataclass(frozen=True)
class Vocabulary:
    """The pieces that some text needs, and that text in pieces.

    Attributes:
        texts: ascending, each once.
        kept: ids of the pieces in the whole vocabulary, ascending; their places here are the new ids.
        specification: the tokenizer of these pieces alone, in JSON; its special tokens and inputs.
        pieces: new ids of all texts, one text behind the other, without special tokens.
        ends: where each text ends in ``pieces``.
        whole_norm: mean norm of the rows of the whole embedding table.
    """

    texts: list[str]
    kept: np.ndarray
    specification: str
    pieces: np.ndarray
    ends: np.ndarray
    whole_norm: float

    @classmethod
    def of(cls, encoder: Encoder, texts: list[str]) -> Vocabulary:
        """The vocabulary of texts.

        Args:
            encoder: with a Unigram or WordPiece tokenizer.
            texts: every sentence the run will read, in any order.
        Raises:
            ValueError: the tokenizer is of another kind (BPE merges cannot be dropped safely), or knows less
                than half of the text.
        """
        spec, texts = _specification(encoder), sorted(set(texts))
        rows = []
        for start in range(0, len(texts), SLICE):
            encoder.pieces.learn(texts[start : start + SLICE])
            rows += [np.array(encoder.pieces.known[text], np.int32) for text in texts[start : start + SLICE]]
        pieces = np.concatenate(rows) if rows else np.empty(0, np.int32)
        refuse_unknown(encoder.name, pieces, encoder.tokenizer)
        needed = [*encoder.pieces.specials, *_needed(encoder.tokenizer, spec["model"])]
        kept = np.union1d(pieces, needed).astype(np.int64)
        small = _small(encoder.tokenizer, spec, kept)
        ends = np.cumsum([len(row) for row in rows], dtype=np.int64)
        new_ids = np.searchsorted(kept, pieces).astype(np.int32)
        return cls(texts, kept, json.dumps(small), new_ids, ends, encoder.mean_norm)

    def as_arrays(self) -> dict[str, np.ndarray]:
        """All but the texts, for a file."""
        return {
            "kept": self.kept,
            "specification": np.frombuffer(self.specification.encode(), np.uint8),
            "pieces": self.pieces,
            "ends": self.ends,
            "whole_norm": np.array([self.whole_norm]),
        }

    @classmethod
    def from_arrays(cls, texts: list[str], arrays: dict[str, np.ndarray]) -> Vocabulary:
        """What :meth:`as_arrays` gave.

        Args:
            texts: those that it was made of, in any order.
        """
        specification = arrays["specification"].tobytes().decode()
        norm = float(arrays["whole_norm"][0])
        return cls(
            sorted(set(texts)), arrays["kept"], specification, arrays["pieces"], arrays["ends"], norm
        )

    def tokenizer(self):
        """A tokenizer of these pieces alone."""
        from tokenizers import Tokenizer
        from transformers import PreTrainedTokenizerFast

        small = json.loads(self.specification)
        backend = Tokenizer.from_str(json.dumps(small["tokenizer"]))
        inputs = small["inputs"]
        return PreTrainedTokenizerFast(tokenizer_object=backend, model_input_names=inputs, **small["special"])

    def encoder(self, name: str, model: nn.Module, pooling: str, dense: nn.Module) -> Encoder:
        """An encoder of this vocabulary.

        Args:
            model: its embedding table has these rows alone.
        """
        tokenizer, ids = self.tokenizer(), self.pieces.tolist()
        starts = [0, *self.ends[:-1].tolist()]
        known = {text: ids[start:end] for text, start, end in zip(self.texts, starts, self.ends.tolist())}
        pieces = Pieces(tokenizer, known)
        return Encoder(name, model, tokenizer, pooling, dense, self.kept, self.whole_norm, pieces)


def trim(encoder: Encoder, texts: list[str]) -> Encoder:
    """A copy whose vocabulary holds only the pieces of ``texts`` and the special tokens.

    Outputs on ``texts`` are bit-identical; other text falls back to smaller pieces or ``<unk>``.
    Trimming is what makes CPU training quick: 118M parameters become some 30M on PAWS-X.

    Args:
        encoder: with a Unigram or WordPiece tokenizer.
        texts: every sentence the run will read. Reading test text here moves no output and no weight.
    Raises:
        ValueError: the tokenizer is of another kind (BPE merges cannot be dropped safely).
    """
    return with_vocabulary(encoder, Vocabulary.of(encoder, texts))


def with_vocabulary(encoder: Encoder, vocabulary: Vocabulary) -> Encoder:
    """A copy of a whole encoder with the rows of a vocabulary alone."""
    model, dense = _with_rows(encoder.model, vocabulary.kept), copy.deepcopy(encoder.dense)
    return vocabulary.encoder(encoder.name, model, encoder.pooling, dense)


def _specification(encoder: Encoder) -> dict:
    """The tokenizer as its JSON file describes it; of a kind that can be trimmed."""
    backend = getattr(encoder.tokenizer, "backend_tokenizer", None)
    spec = {"model": {"type": type(encoder.tokenizer).__name__}}
    if backend:
        spec = json.loads(backend.to_str())
    kind = spec["model"]["type"]
    if kind not in ("Unigram", "WordPiece"):
        advice = "set encoder.trim to False"
        raise NotTrimmable(f"vocabulary of {encoder.name!r} ({kind}) cannot be trimmed: {advice}")
    return spec


def _needed(tokenizer, model: dict) -> list[int]:
    """Ids of the pieces that a tokenizer cannot do without, whatever the text."""
    needed = list(tokenizer.all_special_ids)
    if model["type"] == "Unigram":
        # An unknown character scores min(score) - 10: keep the minimum, or segmentations around one may move.
        needed.append(int(np.argmin([score for _, score in model["vocab"]])))
    return needed


def _small(tokenizer, spec: dict, kept: np.ndarray) -> dict:
    """What a tokenizer of these pieces alone, under new ids, is made from.

    Args:
        tokenizer: the whole one.
        spec: of the whole one; it is changed.
        kept: old ids, ascending.
    """
    model, new_id = spec["model"], {int(old): new for new, old in enumerate(kept)}
    if model["type"] == "Unigram":
        size = len(model["vocab"])
        model["vocab"] = [model["vocab"][old] for old in kept if old < size]
        model["unk_id"] = new_id[model["unk_id"]]
    else:
        model["vocab"] = {piece: new_id[old] for piece, old in model["vocab"].items() if old in new_id}
    added = [token for token in spec["added_tokens"] if token["id"] in new_id]
    spec["added_tokens"] = [{**token, "id": new_id[token["id"]]} for token in added]
    for token in (spec["post_processor"] or {}).get("special_tokens", {}).values():
        token["ids"] = [new_id[old] for old in token["ids"]]
    named = tokenizer.special_tokens_map.items()
    special = {name: str(token) for name, token in named if isinstance(token, str)}
    return {"tokenizer": spec, "special": special, "inputs": list(tokenizer.model_input_names)}


def table_of(rows: torch.Tensor) -> nn.Embedding:
    """An embedding table of these rows."""
    # The padding index only stops gradients at that row; masks keep pads out anyway, so this needs none.
    return nn.Embedding.from_pretrained(rows, freeze=False)  # draws no random number


def _with_rows(model: nn.Module, kept: np.ndarray) -> nn.Module:
    """A copy of ``model`` with only these rows in its embedding table."""
    table = model.get_input_embeddings()
    small = table_of(table.weight.data[torch.from_numpy(kept)])
    memo = {id(table): small}  # deepcopy takes the small table where the large one stood
    trimmed = copy.deepcopy(model, memo)
    trimmed.config.vocab_size = len(kept)
    return trimmed


def untrim(trimmed: Encoder, whole: Encoder) -> Encoder:
    """``whole`` with the weights of ``trimmed``; rows that were trimmed away stay as in ``whole``."""
    if trimmed.kept is None:
        return trimmed
    state = trimmed.model.state_dict()
    key = next(name for name, weight in trimmed.model.named_parameters() if weight is trimmed.table)
    table = whole.table.data.clone()
    table[torch.from_numpy(trimmed.kept)] = state[key].float().to(table.device)  # trained on a GPU, perhaps
    model = copy.deepcopy(whole.model)
    model.load_state_dict({**state, key: table})
    dense, norm = trimmed.dense, whole.whole_norm
    return Encoder(whole.name, model, whole.tokenizer, trimmed.pooling, dense, whole_norm=norm)
