"""Pair classifiers on top of an encoder: one call from sentences to logits, whatever the head.

``CrossEncoder`` reads both sentences at once; ``BiEncoder`` encodes them apart and compares the vectors.
Both pool token states to sentence vectors by :meth:`embed`, which translation ranking trains.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from xltlib import files
from xltlib.adaptation.align import translation_ranking
from xltlib.batching import Batch
from xltlib.encoders import Encoder, checks, freeze, refuse_length, set_dropout
from xltlib.losses import info_nce
from xltlib.places import MAKE_IT_HERE


class PairClassifier(nn.Module):
    """What the two heads share: an encoder, pooling, and sentences -> padded tensors.

    Widths are those of the encoder: ``hidden`` of its states, ``width`` of its sentence vectors.

    Args:
        encoder: its tokenizer and pooling are used as they are.
        labels: number of classes.
        max_length: tokens of a pair (cross) or of a sentence (bi).
        dropout: probability in the encoder and before the classifier; 0 learned fastest here.
        frozen_layers: this many of the lowest layers get no gradient; the embedding table never does:
            its rows of unseen languages would stay behind while those of English move.
    Raises:
        ValueError: the encoder has fewer layers than are frozen, or no positions for so many tokens.
    """

    parts = 1  # vectors that the classifier sees side by side
    of_vectors = False  # whether these have gone through the dense layer, which may change their width
    tokens = 0  # read in training mode so far: what a training costs
    layer = -1  # whose states are pooled: 0 the embeddings, -1 the last

    def __init__(
        self,
        encoder: Encoder,
        labels: int = 2,
        max_length: int = 128,
        dropout: float = 0.0,
        frozen_layers: int = 0,
    ):
        super().__init__()
        self.pretrained, self.max_length = encoder, max_length
        self.model, self.dense = encoder.model, encoder.dense
        set_dropout(self.model, dropout)
        freeze(self.model, frozen_layers)
        refuse_length(self.model, max_length)
        compared = encoder.width if self.of_vectors else encoder.hidden
        hidden = nn.Linear(self.parts * compared, encoder.hidden)
        scores = nn.Linear(encoder.hidden, labels)
        self.classifier = nn.Sequential(hidden, nn.Tanh(), nn.Dropout(dropout), scores)
        for layer in (hidden, scores):
            nn.init.normal_(layer.weight, std=0.02)
            nn.init.zeros_(layer.bias)

    def tensors(self, first: list[str], second: list[str] | None = None) -> dict[str, Tensor]:
        """Sentences or pairs as padded ``input_ids`` and ``attention_mask``, shape (batch, longest)."""
        tokens = self.pretrained.tokenize(first, second, self.max_length)
        if self.training:
            self.tokens += sum(map(len, tokens["input_ids"]))
        padded = self.pretrained.tokenizer.pad(tokens, return_tensors="pt", return_attention_mask=True)
        return dict(padded.to(self.classifier[0].weight.device, non_blocking=True))

    def pool(self, inputs: dict[str, Tensor]) -> Tensor:
        """States of each row as one vector, shape (batch, hidden)."""
        if self.layer == -1:
            states = self.model(**inputs, output_hidden_states=False).last_hidden_state
        else:
            states = self.model(**inputs, output_hidden_states=True).hidden_states[self.layer]
        if self.pretrained.pooling == "cls":
            return states[:, 0]
        mask = inputs["attention_mask"].unsqueeze(-1).to(states.dtype)
        return (states * mask).sum(1) / mask.sum(1)

    def embed(self, sentences: list[str]) -> Tensor:
        """Unit-length vectors of single sentences, shape (batch, width): pool, dense layer, normalise."""
        return self.unit(self.tensors(sentences))

    def unit(self, inputs: dict[str, Tensor]) -> Tensor:
        """The same of sentences that are padded tensors already."""
        return normalize(self.dense(self.pool(inputs)).float(), dim=-1)

    def logits(self, first: list[str], second: list[str]) -> Tensor:
        """Class scores of sentence pairs, shape (batch, labels)."""
        return self(*self.collate(first, second))

    def lengths(self, first: list[str], second: list[str] | None = None) -> list[int]:
        """Tokens of each sentence or pair, for length buckets."""
        tokens = self.pretrained.tokenize(first, second, 2 * self.max_length)["input_ids"]
        return [len(ids) for ids in tokens]


class CrossEncoder(PairClassifier):
    """``<s> s1 </s></s> s2 </s>`` through the encoder, pooled, then tanh layer and softmax."""

    def collate(self, first: list[str], second: list[str]) -> tuple[dict[str, Tensor], ...]:
        """Both sentences in one padded row a pair, as :meth:`forward` takes them."""
        return (self.tensors(first, second),)

    def forward(self, pair: dict[str, Tensor]) -> Tensor:
        """Class scores, shape (batch, labels)."""
        return self.classifier(self.pool(pair))


class BiEncoder(PairClassifier):
    """Each sentence through the encoder; the classifier sees [u; v; |u-v|; u*v] (Reimers & Gurevych 2019)."""

    parts = 4
    of_vectors = True

    def collate(self, first: list[str], second: list[str]) -> tuple[dict[str, Tensor], ...]:
        """First and second sentences, padded apart, as :meth:`forward` takes them."""
        return self.tensors(first), self.tensors(second)

    def vectors(self, sentences: dict[str, Tensor]) -> Tensor:
        """Sentence vectors as the classifier takes them, shape (batch, width)."""
        return self.dense(self.pool(sentences))

    def compare(self, u: Tensor, v: Tensor) -> Tensor:
        """Class scores of pairs of vectors."""
        return self.classifier(torch.cat([u, v, (u - v).abs(), u * v], dim=-1))

    def forward(self, one: dict[str, Tensor], two: dict[str, Tensor]) -> Tensor:
        """Class scores, shape (batch, labels)."""
        return self.compare(self.vectors(one), self.vectors(two))


HEADS = {"cross": CrossEncoder, "bi": BiEncoder}


def build(head: str, encoder: Encoder, **options) -> PairClassifier:
    """A classifier by name, ``"cross"`` or ``"bi"``; options are those of :class:`PairClassifier`.

    Example:
        >>> from xltlib import encoders
        >>> model = build("bi", encoders.load("offline"))
        >>> model.logits(["a cat", "a dog"], ["ein Hund", "ein Hund"]).shape
        torch.Size([2, 2])
    """
    if head not in HEADS:
        raise ValueError(f"unknown head {head!r}: known are {' and '.join(HEADS)}")
    return HEADS[head](encoder, **options)


def save_trained(model: PairClassifier, folder: Path) -> None:
    """Write all tensors but the embedding table, which is never trained: the encoder has it."""
    from safetensors.torch import save_file

    Path(folder).mkdir(parents=True, exist_ok=True)
    trained = {name: p.detach().cpu().contiguous() for name, p in _own_tensors(model).items()}
    with files.whole(Path(folder) / "trained.safetensors") as path:
        save_file(trained, path)


def _own_tensors(model: PairClassifier) -> dict[str, nn.Parameter]:
    """What is written of a model, by name."""
    table = model.model.get_input_embeddings().weight
    tensors = {}
    for name, p in model.named_parameters():
        # A discriminator or a probe serves training alone.
        if p is not table and not name.startswith(("discriminator.", "probe.")):
            tensors[name] = p
    return tensors


def load_trained(model: PairClassifier, folder: Path) -> None:
    """Take over the tensors that :func:`save_trained` wrote for a model on the same encoder.

    Raises:
        FileNotFoundError: they are not there.
        ValueError: the file is damaged, lacks some of them, holds others, or holds no finite numbers.
    """
    path = Path(folder) / "trained.safetensors"
    if not path.is_file():
        raise FileNotFoundError(f"run {path.parent.name} has left no model here; {MAKE_IT_HERE}")
    try:
        _take_over(model, checks.read_tensors(path))
    except ValueError as error:
        raise ValueError(f"{path.parent.name}: {error}") from error


def _take_over(model: PairClassifier, tensors: dict[str, Tensor]) -> None:
    """Put tensors in place of a model's own: all that :func:`save_trained` writes, and no others."""
    wanted = _own_tensors(model)
    same_head = "use the same head as the start"
    if others := sorted(set(tensors) - set(wanted)):
        raise ValueError(f"tensors that this head does not have: {others[:3]}; {same_head}")
    if missing := sorted(set(wanted) - set(tensors)):
        raise ValueError(f"trained.safetensors lacks {len(missing)} of {len(wanted)} tensors: {missing[:3]}")
    for name, tensor in tensors.items():
        if tensor.shape != wanted[name].shape:
            shapes = f"{tuple(tensor.shape)}, here {tuple(wanted[name].shape)}"
            raise ValueError(f"tensors that do not fit this head: {name} of {shapes}; {same_head}")
        if not checks.is_finite(tensor):
            raise ValueError(f"trained.safetensors: {name} is NaN or infinite: train it again")
    model.load_state_dict(tensors, strict=False)


def keep(model: PairClassifier, folder: Path, wanted: bool) -> None:
    """:func:`save_trained`, where it is wanted."""
    if wanted:
        save_trained(model, folder)


def said(model: PairClassifier) -> str:
    """A model in words: its encoder, and how many parameters are trained."""
    parameters = list(model.parameters())
    trained = sum(p.numel() for p in parameters if p.requires_grad)
    everything = sum(p.numel() for p in parameters)
    name = f"{type(model).__name__} on {model.pretrained.name}"
    return f"{name}: {everything:,} parameters, {trained:,} of them trained"


def loss(model: PairClassifier, batch: Batch, contrastive: float = 0.0, **options) -> Tensor:
    """Cross-entropy of a labelled batch; translation ranking of an unlabelled one (of translations).

    Args:
        model: a pair classifier.
        batch: labelled, or not.
        contrastive: weight of InfoNCE among the batch's sentence vectors, its non-paraphrases as hard
            negatives; for bi-encoders of two classes only.
        options: of :func:`losses.info_nce`.
    """
    if batch.labels is None:
        return translation_ranking(model.embed(batch.first), model.embed(batch.second))
    labels = torch.tensor(batch.labels, device=model.classifier[0].weight.device)
    if not contrastive:
        return cross_entropy(model.logits(batch.first, batch.second).float(), labels)
    u, v = (model.vectors(side) for side in model.collate(batch.first, batch.second))
    unit_u, unit_v = normalize(u.float(), dim=-1), normalize(v.float(), dim=-1)
    pull = info_nce(unit_u, unit_v, labels, same=_same(batch), **options)
    return cross_entropy(model.compare(u, v).float(), labels) + contrastive * pull


def _same(batch: Batch) -> Tensor:
    """True where second sentence j says the same as first sentence i, as far as the batch tells.

    Shape (batch, batch). It is the first sentence itself, or that of pair i, or by the label of pair j a
    paraphrase of it.
    """
    first, second = np.array(batch.first, dtype=object), np.array(batch.second, dtype=object)
    same_sentence = second == first[:, None]
    same_second = second == second[:, None]
    paraphrase = (first == first[:, None]) & (np.array(batch.labels) == 1)
    return torch.from_numpy(same_sentence | same_second | paraphrase)
