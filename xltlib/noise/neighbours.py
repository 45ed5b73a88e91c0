"""Neighbours of words in the encoder's own embedding table, and mixup with them (self-augmentation)."""

from __future__ import annotations

import hashlib
import json
import os
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from xltlib.batching import Batch
from xltlib.noise.base import check_rate, plain

# Scripts in which a word may be two characters, with or without blanks between words.
SHORT_WORDS = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "THAI", "LAO", "KHMER", "MYANMAR")


def script(word: str) -> str:
    """The script of a word by its first letter, as Unicode names it.

    Example:
        >>> script("Haus"), script("кот"), script("日本")
        ('LATIN', 'CYRILLIC', 'CJK')
    """
    return unicodedata.name(word[0], "UNKNOWN").split()[0]


def _as_sentencepiece(pieces: list[str], encoder_name: str) -> list[str]:
    """Pieces as SentencePiece writes them, with ``▁`` before one that begins a word.

    WordPiece (BERT, LaBSE) marks the others instead: ``##`` stands before a piece that goes on with a word.
    Such a piece is no word, and becomes ``""``. Which it is, the more frequent mark tells: either may also
    stand in a text, and so be a piece.

    Raises:
        ValueError: the vocabulary has neither mark.
    """
    begin = sum(piece.startswith("▁") and piece != "▁" for piece in pieces)
    go_on = sum(piece.startswith("##") and piece != "##" for piece in pieces)
    if begin > go_on:
        return pieces
    if go_on:
        return ["" if piece.startswith("##") else f"▁{piece}" for piece in pieces]
    raise ValueError(
        f"encoder {encoder_name!r}: neighbours of words need a SentencePiece or WordPiece tokenizer; the "
        "pieces of this one do not say where a word begins"
    )


def _is_word(piece: str) -> bool:
    """Whether a piece of the vocabulary, as SentencePiece writes it, can be a word.

    That is one of three letters or more after a blank, or of two in the scripts above.
    """
    word = piece.removeprefix("▁")
    if not word or any(unicodedata.category(letter)[0] not in "LM" for letter in word):
        return False
    if script(word) in SHORT_WORDS:
        return len(word) >= 2
    return len(word) >= 3 and piece != word


def neighbours(
    encoder,
    sentences: list[str],
    limit: int = 10,
    at_least: float = 0.3,
    more: list[str] = (),
    cache: Path | None = None,
) -> pd.DataFrame:
    """Words of other languages that lie nearest in the encoder's own embedding table: for self-augmentation.

    A reconstruction in the manner of SALT (Wang et al. 2023, arXiv 2309.10891), whose code and
    hyperparameters are not public. SALT asks the masked-word head, which the offline encoder has lost; this
    asks the table of input embeddings. Names are asked for like other words (:class:`words.Synonyms` can
    leave them as they are).

    Args:
        encoder: with its whole vocabulary; words of one piece take part.
        sentences: of the source language; their words are asked for.
        limit: candidates a word.
        at_least: cosine.
        more: further text of the source language; pieces of it, and of the sentences, are no candidates.
        cache: folder for a Parquet file, named after all of the above, that is read where it lies already.
    Returns:
        Columns ``word, candidate, piece, script, cosine``; nearest first.
    Raises:
        ValueError: a tokenizer that is neither SentencePiece nor WordPiece.
    """
    tokenizer, table = encoder.tokenizer, encoder.model.get_input_embeddings().weight.detach()
    of_word = _words_of_one_piece(tokenizer, sentences)
    tokens = tokenizer([*sentences, *more], add_special_tokens=False)["input_ids"]
    in_source = {piece for ids in tokens for piece in ids}
    pieces = [piece or "" for piece in tokenizer.convert_ids_to_tokens(list(range(len(table))))]
    marked = _as_sentencepiece(pieces, encoder.name)
    request = [of_word, sorted(in_source), limit, at_least]
    if marked is not pieces:
        request.append("WordPiece")
    path = _cached(cache, table, request) if cache else None
    if path and path.exists():
        return pd.read_parquet(path)
    written = {pieces[i].lower() for i in in_source}  # SCHOOL is no translation of school
    others = [i for i, piece in enumerate(pieces) if piece.lower() not in written and _is_word(marked[i])]
    candidates = _nearest(table, of_word, others, pieces, limit, at_least)
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".part{os.getpid()}")  # another run may write the same file
        candidates.to_parquet(temporary, index=False)
        os.replace(temporary, path)
    return candidates


def _words_of_one_piece(tokenizer, sentences: list[str]) -> dict[str, int]:
    """Word -> its piece, of all words that are one."""
    words = {word for sentence in sentences for word in sentence.split(" ") if word.isalpha()}
    of_word = {}
    for word in sorted(words):
        ids = tokenizer(word, add_special_tokens=False)["input_ids"]
        if len(ids) == 1:
            of_word[word] = ids[0]
    return of_word


def _cached(folder: Path, table: Tensor, request: list) -> Path:
    """The file of these candidates, named after all that they depend on: the table, and what was asked."""
    digest = hashlib.sha256(json.dumps(request).encode())
    digest.update(memoryview(np.ascontiguousarray(table.cpu().numpy())).cast("B"))
    return Path(folder) / f"neighbours-{digest.hexdigest()[:10]}.parquet"


def _nearest(
    table: Tensor, of_word: dict[str, int], others: list[int], pieces: list[str], limit: int, at_least: float
) -> pd.DataFrame:
    """For each word the pieces among ``others`` that lie nearest to its own."""

    def unit(places: list[int]) -> Tensor:
        return torch.nn.functional.normalize(table[places], dim=1)

    foreign, words, rows = unit(others).T, list(of_word), []
    for start in range(0, len(words), 256):
        part = words[start : start + 256]
        queries = unit([of_word[word] for word in part])
        cosines, places = (queries @ foreign).topk(min(limit, len(others)))
        for word, values, indices in zip(part, cosines.tolist(), places.tolist()):
            for value, place in zip(values, indices):
                if value >= at_least:
                    piece = pieces[others[place]]
                    candidate = piece.removeprefix("▁")
                    rows.append((word, candidate, piece, script(candidate), value))
    return pd.DataFrame(rows, columns=["word", "candidate", "piece", "script", "cosine"])


def mean_embeddings(candidates: pd.DataFrame, whole) -> dict[str, Tensor]:
    """The mean embedding of each word's candidates.

    Args:
        candidates: as :func:`neighbours` gives them.
        whole: the encoder with its whole vocabulary.
    Returns:
        word -> vector, shape (hidden,).
    """
    table, means = whole.model.get_input_embeddings().weight.detach(), {}
    for word, rows in candidates.groupby("word", sort=False):
        means[word] = table[whole.tokenizer.convert_tokens_to_ids(rows.piece.tolist())].mean(0)
    return means


def mixtures(encoder, means: dict[str, Tensor]) -> Tensor:
    """For each row of ``encoder``'s table, the mean embedding of its word's candidates.

    Args:
        encoder: trimmed, or whole.
        means: of :func:`mean_embeddings`.
    Returns:
        Shape (pieces, hidden); NaN where a row has no candidates.
    """
    table = encoder.model.get_input_embeddings().weight
    rows = torch.full(table.shape, float("nan"))
    for word, mean in means.items():
        first_piece = encoder.tokenizer(word, add_special_tokens=False)["input_ids"][0]
        rows[first_piece] = mean
    return rows


@dataclass
class Mixup:
    """Input embeddings mixed with those of a word's neighbours (SALT-style, online).

    ``lam * E[w] + (1 - lam) * mean E[candidates]``.

    Args:
        model: whose embeddings are mixed.
        mixed: what each row of the embedding table is mixed with, shape (pieces, hidden); NaN: left as it is.
        rate: share of the tokens that have neighbours to which this happens.
        alpha: lam ~ Beta(alpha, alpha), one a token.
        seed: of the draws.
    Raises:
        ValueError: the rate is no probability.
    """

    model: object
    mixed: Tensor
    rate: float = 0.3
    alpha: float = 1.0
    seed: int = 1

    def __post_init__(self):
        check_rate(self.rate)
        self.rng = np.random.default_rng([self.seed, 6])

    def _change(self, ids: Tensor, embeddings: Tensor) -> Tensor:
        other = self.mixed.to(embeddings)[ids]
        lam = self.rng.beta(self.alpha, self.alpha, ids.shape)
        lam = np.where(self.rng.random(ids.shape) < self.rate, lam, 1.0)
        lam = torch.from_numpy(lam).to(embeddings).unsqueeze(-1)
        lam = lam.masked_fill(other.isnan().any(-1, keepdim=True), 1.0)
        return lam * embeddings + (1 - lam) * other.nan_to_num()

    def __call__(self, loss: Callable, batch: Batch, backward: Callable) -> Tensor:
        if batch.labels is None:
            return plain(loss, batch, backward)

        def changed(module, inputs, output):
            return self._change(inputs[0], output)

        hook = self.model.model.get_input_embeddings().register_forward_hook(changed)
        try:
            return plain(loss, batch, backward)
        finally:
            hook.remove()
