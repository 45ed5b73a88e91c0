"""A smaller vocabulary for a run, and the whole one back: only the pieces of the text that the run reads."""

from __future__ import annotations

import copy
import json

import numpy as np
import torch
from torch import nn

from xltlib.encoders.encoder import Encoder

SLICE = 4096  # texts tokenised at a time: token lists of a whole corpus are larger than the corpus


def trim(encoder: Encoder, texts: list[str]) -> Encoder:
    """A copy whose vocabulary holds only the pieces of ``texts`` and the special tokens.

    Outputs on ``texts`` are bit-identical; other text falls back to smaller pieces or ``<unk>``.
    Trimming is what makes CPU training quick: 118M parameters become some 30M on PAWS-X.

    Args:
        encoder: with a Unigram or WordPiece tokenizer.
        texts: every sentence the run will read. Reading test text here moves no output and no weight.
    Raises:
        ValueError: the tokenizer is of another kind (BPE merges cannot be dropped safely), or cuts the text
            otherwise once trimmed.
    """
    spec = _specification(encoder)
    texts = list(dict.fromkeys(texts))  # pairs share sentences
    slices = [texts[i : i + SLICE] for i in range(0, len(texts), SLICE)]
    kept = np.array(sorted(_pieces_to_keep(encoder.tokenizer, spec["model"], slices)))
    new_id = {int(old): new for new, old in enumerate(kept)}
    tokenizer = _with_pieces(encoder.tokenizer, spec, kept, new_id)
    for part in slices:
        before, after = _ids(encoder.tokenizer, part), _ids(tokenizer, part)
        if any([new_id[old] for old in ids] != new for ids, new in zip(before, after)):
            # WordPiece: an unknown word came apart.
            advice = "set trim_vocabulary to False"
            raise ValueError(f"trimming would change how {encoder.name!r} cuts this text: {advice}")
    model, dense = _with_rows(encoder.model, kept), copy.deepcopy(encoder.dense)
    return Encoder(encoder.name, model, tokenizer, encoder.pooling, dense, kept, encoder.mean_norm)


def _specification(encoder: Encoder) -> dict:
    """The tokenizer as its JSON file describes it; of a kind that can be trimmed."""
    backend = getattr(encoder.tokenizer, "backend_tokenizer", None)
    spec = {"model": {"type": type(encoder.tokenizer).__name__}}
    if backend:
        spec = json.loads(backend.to_str())
    kind = spec["model"]["type"]
    if kind not in ("Unigram", "WordPiece"):
        advice = "set trim_vocabulary to False"
        raise ValueError(f"vocabulary of {encoder.name!r} ({kind}) cannot be trimmed: {advice}")
    return spec


def _ids(tokenizer, texts: list[str]) -> list[list[int]]:
    return tokenizer(texts, return_attention_mask=False)["input_ids"]


def _pieces_to_keep(tokenizer, model: dict, slices: list[list[str]]) -> set[int]:
    """Ids of the pieces that the texts are made of, and of those that the tokenizer cannot do without."""
    keep = set(tokenizer.all_special_ids)
    for part in slices:
        keep.update(*_ids(tokenizer, part))
    if model["type"] == "Unigram":
        # An unknown character scores min(score) - 10: keep the minimum, or segmentations around one may move.
        keep.add(int(np.argmin([score for _, score in model["vocab"]])))
    return keep


def _with_pieces(tokenizer, spec: dict, kept: np.ndarray, new_id: dict[int, int]):
    """A tokenizer of these pieces alone, under new ids.

    Args:
        tokenizer: the whole one.
        spec: of the whole one; it is changed.
        kept: old ids, ascending.
        new_id: old id -> new id.
    """
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

    model = spec["model"]
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
    return PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(json.dumps(spec)),
        model_input_names=tokenizer.model_input_names,
        **special,
    )


def _with_rows(model: nn.Module, kept: np.ndarray) -> nn.Module:
    """A copy of ``model`` with only these rows in its embedding table."""
    table = model.get_input_embeddings()
    rows = table.weight.data[torch.from_numpy(kept)]
    small = nn.Embedding.from_pretrained(rows, freeze=False)  # draws no random number
    # The padding index only stops gradients at that row; masks keep pads out anyway, so the copy needs none.
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
