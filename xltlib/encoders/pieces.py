"""Sentences as rows of token ids: each is cut into pieces once, and rows are put together from these."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MOST_UNKNOWN = 0.5  # share of pieces; above it the tokenizer is another model's, or lacks its vocabulary
FEWEST_PIECES = 20  # below so many a share says nothing


@dataclass(frozen=True)
class Frame:
    """The special tokens of a row, and the segment ids of what stands in it.

    Attributes:
        specials: ids before the first sentence, behind it, and of a pair behind the second.
        segments: segment ids of those, as many.
        sentence_segments: the segment id of the pieces of each sentence.
    """

    specials: list[list[int]]
    segments: list[list[int]]
    sentence_segments: list[int]

    @property
    def size(self) -> int:
        """How many special tokens a row has."""
        return sum(map(len, self.specials))

    def row(self, sentences: list[list[int]]) -> list[int]:
        """Ids of a row, specials included."""
        found = list(self.specials[0])
        for pieces, specials in zip(sentences, self.specials[1:]):
            found += pieces
            found += specials
        return found

    def row_of_segments(self, sentences: list[list[int]]) -> list[int]:
        """Segment ids of the same row."""
        found = list(self.segments[0])
        for pieces, segment, specials in zip(sentences, self.sentence_segments, self.segments[1:]):
            found += [segment] * len(pieces)
            found += specials
        return found


class Pieces:
    """Cuts sentences, and remembers the pieces of those that it was told to.

    Args:
        tokenizer: of transformers.
        known: sentences and their pieces, without special tokens.

    Example:
        >>> from xltlib import encoders
        >>> pieces = Pieces(encoders.load("offline").tokenizer)
        >>> pieces.learn(["a cat", "a dog"])
        >>> ids, _ = pieces.rows(["a cat"], ["a dog"], 128)
        >>> ids == pieces.tokenizer(["a cat"], ["a dog"])["input_ids"]
        True
    """

    def __init__(self, tokenizer, known: dict[str, list[int]] | None = None):
        self.tokenizer, self.known = tokenizer, known or {}
        self._frames = {1: _frame(tokenizer, ["a"]), 2: _frame(tokenizer, ["a", "b"])}

    @property
    def specials(self) -> list[int]:
        """Ids of the special tokens of rows."""
        return [piece for frame in self._frames.values() for part in frame.specials for piece in part]

    @property
    def separates_pairs(self) -> bool:
        """Whether there is a special token between the two sentences of a pair."""
        specials = self._frames[2].specials
        return len(specials) == 3 and bool(specials[1])

    def learn(self, sentences: list[str]) -> None:
        """Cut sentences that are not known yet, each once, and remember their pieces."""
        self.known |= self._cut([sentence for sentence in sentences if sentence not in self.known])

    def _cut(self, sentences: list[str]) -> dict[str, list[int]]:
        """Pieces of sentences, in one call of the tokenizer."""
        sentences = list(dict.fromkeys(sentences))
        if not sentences:
            return {}
        options = {"add_special_tokens": False, "return_attention_mask": False, "verbose": False}
        return dict(zip(sentences, self.tokenizer(sentences, **options)["input_ids"]))

    def rows(
        self, first: list[str], second: list[str] | None, max_length: int
    ) -> tuple[list[list[int]], list[list[int]]]:
        """Ids and segment ids of sentences or pairs, as the tokenizer gives them that cuts at the end.

        What is too long is cut to ``max_length``, specials included, of a pair the longer sentence first.
        """
        sides = [first] if second is None else [first, second]
        frame, all_sentences = self._frames[len(sides)], [sentence for side in sides for sentence in side]
        found = self._cut([sentence for sentence in all_sentences if sentence not in self.known])
        room, ids, segments = max_length - frame.size, [], []
        for sentences in zip(*sides):
            parts = [self.known.get(sentence) or found.get(sentence, []) for sentence in sentences]
            sizes = cut_sizes([len(part) for part in parts], room, self.tokenizer.is_fast)
            parts = [part[:size] for part, size in zip(parts, sizes)]
            ids.append(frame.row(parts))
            segments.append(frame.row_of_segments(parts))
        return ids, segments


def measured(pieces: Pieces, sentences: list[str]) -> dict[str, float]:
    """How finely a tokenizer cuts sentences, and what share of the pieces it does not know.

    Args:
        pieces: which know these sentences: of a trimmed encoder, whose vocabulary has no others.
        sentences: of one language. A word is what stands between blanks.
    """
    ids = np.array([piece for sentence in sentences for piece in pieces.known[sentence]], np.int64)
    words = sum(len(sentence.split()) for sentence in sentences)
    unknown, blank = _unknown_and_blank(pieces.tokenizer)
    share = 0.0 if unknown is None else unknown_share(ids, unknown, blank)
    return {"pieces_per_word": round(len(ids) / max(words, 1), 4), "unknown": round(share, 4)}


def _unknown_and_blank(tokenizer) -> tuple[int | None, int | None]:
    """Ids of the unknown piece and of a blank by itself; None where a tokenizer has none."""
    unknown, blank = tokenizer.unk_token_id, tokenizer.convert_tokens_to_ids("▁")
    return unknown, None if blank == unknown else blank


def cut_sizes(sizes: list[int], room: int, fast: bool) -> list[int]:
    """How many pieces of a sentence, or of each of two, stay: the longer one gives way first.

    Args:
        room: pieces that there is room for.
        fast: whether to cut as the tokenizers library does; else as transformers' Python tokenizers do. Of
            two that both give way the odd piece goes to the longer one, or to the first.

    Example:
        >>> cut_sizes([9, 3], 8, True), cut_sizes([9, 8], 7, True), cut_sizes([8, 9], 7, False)
        ([5, 3], [4, 3], [4, 3])
    """
    if sum(sizes) <= room:
        return sizes
    if len(sizes) == 1:
        return [room]
    shorter = min(sizes)
    if shorter <= room - shorter:  # the longer one alone gives way
        return [size if size == shorter else room - shorter for size in sizes]
    half, odd = room // 2, room % 2
    longer_first = sizes[0] > sizes[1] if fast else True
    return [half + odd, half] if longer_first else [half, half + odd]


def _frame(tokenizer, sentences: list[str]) -> Frame:
    """The special tokens that a tokenizer puts around sentences, read off an example."""
    options = {"return_special_tokens_mask": True, "return_token_type_ids": True, "verbose": False}
    encoded = tokenizer(*sentences, **options)
    specials, segments, segment_of_each = [[]], [[]], []
    left = [len(tokenizer(text, add_special_tokens=False)["input_ids"]) for text in sentences]
    for piece, segment, special in zip(
        encoded["input_ids"], encoded["token_type_ids"], encoded["special_tokens_mask"]
    ):
        if special:
            specials[-1].append(piece)
            segments[-1].append(segment)
            continue
        if len(segment_of_each) < len(specials):  # the first piece of a sentence
            segment_of_each.append(segment)
            remaining = left[len(segment_of_each) - 1]
        remaining -= 1
        if not remaining:
            specials.append([])
            segments.append([])
    return Frame(specials, segments, segment_of_each)


def unknown_share(pieces: np.ndarray, unknown: int, blank: int | None = None) -> float:
    """Share of the pieces of some text that stand for what a tokenizer does not know.

    Args:
        pieces: their ids, without special tokens.
        unknown: the id of the unknown piece.
        blank: the id of a blank by itself, which does not count: before an unknown word there is one.

    Example:
        >>> unknown_share(np.array([5, 3, 3, 7]), 3), unknown_share(np.array([6, 3, 6, 3]), 3, blank=6)
        (0.5, 1.0)
    """
    counted = pieces[pieces != blank] if blank is not None else pieces
    return float(np.mean(counted == unknown)) if len(counted) else 0.0


def refuse_unknown(name: str, pieces: np.ndarray, tokenizer) -> None:
    """Stop a run whose text a tokenizer does not know.

    Args:
        name: of the encoder.
        pieces: ids of all text that the run reads, without special tokens.
        tokenizer: of transformers.
    Raises:
        ValueError: more than half of the pieces are unknown.
    """
    unknown, blank = _unknown_and_blank(tokenizer)
    if unknown is None or len(pieces) < FEWEST_PIECES:
        return
    share = unknown_share(pieces, unknown, blank)
    if share > MOST_UNKNOWN:
        raise ValueError(
            f"encoder {name!r}: {share:.0%} of the pieces of this text are unknown to its tokenizer; are its "
            "files those of the model, and is the text in languages that it has?"
        )
