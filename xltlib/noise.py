"""Noise for training: what is done to a sentence, or to its embeddings, that should not change the answer.

A *view* is a function ``(sentence, rng) -> sentence``: words left out, exchanged for synonyms, for translations from a word list
(CoSDA-ML, Qin et al. 2020, arXiv 2006.06402), or for neighbours in the encoder's own embedding table. It is the other side of a
cross-lingual batch (batching.viewed), or, as :class:`Seen`, noise of its own.

A *noise* takes one training step: ``noise(loss, batch, backward)`` computes the loss, sends it backward and returns its value;
training.train is given one. Adversarial and random perturbations of the input embeddings follow Huang et al. 2021
(arXiv 2104.08645), whose norms and radii could not be read; the radius here is relative to the mean norm of the embedding table,
so that encoders can be compared. Of a batch without labels every noise leaves the loss as it is.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import unicodedata
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Callable

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from xltlib.batching import Batch

View = Callable[[str, np.random.Generator], str]
WORD = re.compile(r"\w+")


def dropping(rate: float = 0.1) -> View:
    """A view that leaves words out, but never all: the other side of a hybrid batch where nothing but the sentence may be read (Z0).

    Args:
        rate: probability that a word is left out.
    Raises:
        ValueError: the rate is no probability.

    Example:
        >>> dropping(1.0)("one two three", np.random.default_rng(1)) in ("one", "two", "three")
        True
    """
    _check(rate)

    def view(sentence: str, rng: np.random.Generator) -> str:
        words = sentence.split()
        kept = [word for word in words if rng.random() >= rate]
        return " ".join(kept or [words[int(rng.integers(len(words)))]])

    return view


def read_dictionary(path: Path) -> dict[str, list[str]]:
    """Translations of lower-cased words from a MUSE-style list: ``word translation`` a line, a tab or a blank between.

    Raises:
        ValueError: a line without two parts, or no line at all; names file and line.
    """
    found: dict[str, list[str]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        word, *translation = re.split(r"\t+" if "\t" in line.strip() else r"\s+", line.strip(), maxsplit=1)
        if not translation:
            if word:
                raise ValueError(f"{path}, line {number}: {line[:40]!r}, wanted 'word translation' with a tab or a blank between")
            continue
        found.setdefault(word.lower(), []).append(translation[0])
    if not found:
        raise ValueError(f"{path}: no translation in it")
    return found


def code_switching(dictionaries: dict[str, dict[str, list[str]]], rate: float = 0.5) -> View:
    """A view that exchanges words for translations, each in a language of its own.

    Args:
        dictionaries: per language, word -> translations.
        rate: probability that a word which some dictionary has is exchanged.
    Raises:
        ValueError: the rate is no probability.

    Example:
        >>> view = code_switching({"de": {"cat": ["Katze"]}, "es": {"cat": ["gato"]}}, rate=1.0)
        >>> view("A cat .", np.random.default_rng(1)) in ("A Katze .", "A gato .")
        True
    """
    _check(rate)
    codes = sorted(dictionaries)

    def view(sentence: str, rng: np.random.Generator) -> str:
        def switched(match: re.Match) -> str:
            known = [code for code in codes if match[0].lower() in dictionaries[code]]
            if not known or rng.random() >= rate:
                return match[0]
            translations = dictionaries[known[int(rng.integers(len(known)))]][match[0].lower()]
            return translations[int(rng.integers(len(translations)))]

        return WORD.sub(switched, sentence)

    return view


def _check(rate: float) -> None:
    if not 0 <= rate <= 1:
        raise ValueError(f"rate={rate}: a probability lies between 0 and 1")


def read_synonyms(path: Path) -> dict[str, list[str]]:
    """Synonyms of each word: a JSON object ``word -> list`` (as Robust-XLT's release has it), or lines ``word synonym``.

    Raises:
        ValueError: no such file, or another content; names the file.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"synonyms {path}: no such file; name a JSON file (word -> list) or a text file with 'word synonym' a line")
    if path.suffix != ".json":
        return read_dictionary(path)
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"synonyms {path}, line {error.lineno}: no JSON ({error.msg}); wanted one object, word -> list of words") from error
    lists = table.values() if isinstance(table, dict) else [None]
    if not all(isinstance(found, list) and all(isinstance(word, str) for word in found) for found in lists):
        raise ValueError(f"synonyms {path}: wanted one JSON object, word -> list of words")
    return {word: found for word, found in table.items() if found}


def wordnet(words: set[str], limit: int = 8) -> dict[str, list[str]]:
    """Synonyms of English words from WordNet, by way of nltk: single-word lemmas of the word's senses, the commonest first.

    Raises:
        ValueError: nltk or its WordNet data is not at hand; says what to install.
    """
    try:
        from nltk.corpus import wordnet as senses

        senses.ensure_loaded()
    except (ImportError, LookupError) as error:
        raise ValueError("WordNet needs nltk and its data (pip install nltk; python -m nltk.downloader wordnet), or name a file of synonyms") from error
    table = {}
    for word in sorted(word for word in words if word.islower()):  # as in lists of synonyms: a capitalised word may be a name
        lemmas = dict.fromkeys(lemma.name().lower() for sense in senses.synsets(word) for lemma in sense.lemmas())
        found = [lemma for lemma in lemmas if lemma != word and lemma.isalpha()][:limit]
        if found:
            table[word] = found
    return table


def listed(words: set[str], source: str, folder: Path | None = None) -> dict[str, list[str]]:
    """Synonyms of the words of a text.

    Args:
        source: a file, a name below ``synonyms/`` of the data folder, or ``"wordnet"``.
    Raises:
        ValueError: none is named, the file is not there, or no word has any.
    """
    if not source:
        raise ValueError("synonyms name where they come from: a file, a name below the data folder's synonyms/, or wordnet")
    inside = folder / "synonyms" / source if folder and not Path(source).is_file() else Path(source)
    found = wordnet(words) if source == "wordnet" else read_synonyms(inside)
    if not any(word in found for word in words):
        raise ValueError(f"synonyms={source!r}: no word of this text has any; words are looked up as they are written, and most lists are lower case")
    return {word: others for word, others in found.items() if word in words}


@dataclass
class Synonyms:
    """A view that draws each word anew among itself and its synonyms (RS-DA as published).

    A word with k synonyms is exchanged with probability k / (k + 1). Words are what blanks part, looked up as they are
    written: capitalised ones are not in such lists.

    Args:
        table: word -> synonyms.
        strength: with this probability a word is drawn at all; 1 is the published procedure, 0 changes nothing.
        names_safe: leave capitalised words (but a sentence's first), numbers and the words beside them as they are: they may be a name.

    Example:
        >>> Synonyms({"big": ["large"]})("a big dog", np.random.default_rng(1)) in ("a big dog", "a large dog")
        True
    """

    table: dict[str, list[str]]
    strength: float = 1.0
    names_safe: bool = False

    def __post_init__(self):
        _check(self.strength)

    def __call__(self, sentence: str, rng: np.random.Generator, drawn: dict[str, str] | None = None) -> str:
        """The sentence with words exchanged.

        Args:
            drawn: what words of this pair were exchanged for already; given, the same word is exchanged alike.
        """
        words = sentence.split(" ")
        of_names = [word[:1].isdigit() or (position > 0 and word[:1].isupper()) for position, word in enumerate(words)]
        changed = []
        for position, word in enumerate(words):
            if word not in self.table or (self.names_safe and any(of_names[max(0, position - 1) : position + 2])):
                changed.append(word)
                continue
            if drawn is None or word not in drawn:
                choice = word
                if rng.random() < self.strength:
                    choice = [word, *self.table[word]][int(rng.integers(len(self.table[word]) + 1))]
                if drawn is not None:
                    drawn[word] = choice
            changed.append(choice if drawn is None else drawn[word])
        return " ".join(changed)


UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "THAI", "LAO", "KHMER", "MYANMAR")  # pieces of two characters may be words


def script(word: str) -> str:
    """The script of a word by its first letter, as Unicode names it.

    Example:
        >>> script("Haus"), script("кот"), script("日本")
        ('LATIN', 'CYRILLIC', 'CJK')
    """
    return unicodedata.name(word[0], "UNKNOWN").split()[0]


def _is_word(piece: str) -> bool:
    """Whether a piece of the vocabulary can be a word: of three letters or more after a blank, or of two where no blanks are written."""
    word = piece.removeprefix("▁")
    if not word or any(unicodedata.category(letter)[0] not in "LM" for letter in word):
        return False
    return len(word) >= 2 if script(word) in UNSPACED else len(word) >= 3 and piece != word


def neighbours(encoder, sentences: list[str], limit: int = 10, at_least: float = 0.3, more: list[str] = (), cache: Path | None = None) -> pd.DataFrame:
    """Words of other languages that lie nearest in the encoder's own embedding table: candidates for self-augmentation.

    A reconstruction in the manner of SALT (Wang et al. 2023, arXiv 2309.10891), whose code and hyperparameters are not public: it asks
    the masked-word head, which the offline encoder has lost; this asks the table of input embeddings. Names are asked for like other words
    (:class:`Synonyms` can leave them as they are).

    Args:
        encoder: with its whole vocabulary; words of one piece take part.
        sentences: of the source language; their words are asked for.
        limit: candidates a word.
        at_least: cosine.
        more: further text of the source language; a piece that stands in it, or in the sentences, is no candidate.
        cache: folder for a Parquet file, named after all of the above, that is read where it lies already.
    Returns:
        Columns ``word, candidate, piece, script, cosine``; nearest first.
    """
    tokenizer, table = encoder.tokenizer, encoder.model.get_input_embeddings().weight.detach()
    of_word = {}
    for word in sorted({word for sentence in sentences for word in sentence.split(" ") if word.isalpha()}):
        ids = tokenizer(word, add_special_tokens=False)["input_ids"]
        if len(ids) == 1:
            of_word[word] = ids[0]
    own = {piece for ids in tokenizer([*sentences, *more], add_special_tokens=False)["input_ids"] for piece in ids}
    asked = hashlib.sha256(json.dumps([of_word, sorted(own), limit, at_least]).encode())
    asked.update(memoryview(np.ascontiguousarray(table.cpu().numpy())).cast("B"))
    path = Path(cache) / f"neighbours-{asked.hexdigest()[:10]}.parquet" if cache else None
    if path and path.exists():
        return pd.read_parquet(path)
    pieces = tokenizer.convert_ids_to_tokens(list(range(len(table))))
    written = {pieces[i].lower() for i in own}  # SCHOOL is no translation of school
    others = [i for i, piece in enumerate(pieces) if piece and piece.lower() not in written and _is_word(piece)]
    unit = lambda places: torch.nn.functional.normalize(table[places], dim=1)
    foreign, rows = unit(others).T, []
    for start in range(0, len(of_word), 256):
        part = list(of_word)[start : start + 256]
        cosines, places = (unit([of_word[word] for word in part]) @ foreign).topk(min(limit, len(others)))
        for word, values, at in zip(part, cosines.tolist(), places.tolist()):
            found = ((pieces[others[place]], value) for value, place in zip(values, at) if value >= at_least)
            rows += [(word, piece.removeprefix("▁"), piece, script(piece.removeprefix("▁")), value) for piece, value in found]
    candidates = pd.DataFrame(rows, columns=["word", "candidate", "piece", "script", "cosine"])
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".part{os.getpid()}")  # another run may write the same file
        candidates.to_parquet(temporary, index=False)
        os.replace(temporary, path)
    return candidates


def plain(loss: Callable[[Batch], Tensor], batch: Batch, backward: Callable[[Tensor], None]) -> Tensor:
    """A training step without noise."""
    value = loss(batch)
    backward(value)
    return value.detach()


@dataclass
class Seen:
    """Noise by a view: each labelled batch is seen through it, drawn anew every time.

    Args:
        view: as above; :class:`Synonyms` can draw jointly.
        seed: of the draws; those of the order of the data are others.
        joint: exchange a word alike in both sentences of a pair (RS-DA draws them apart).
        share: of the pairs that are seen so; 0.5 trains on the sentence and its view in turn.
    """

    view: View
    seed: int = 1
    joint: bool = False
    share: float = 1.0
    rng: np.random.Generator = field(init=False, repr=False)

    def __post_init__(self):
        _check(self.share)
        self.rng = np.random.default_rng([self.seed, 5])

    def noisy(self, batch: Batch) -> Batch:
        """The batch with its sentences seen through the view."""
        first, second = list(batch.first), list(batch.second)
        for k in range(len(first)):
            if self.share < 1 and self.rng.random() >= self.share:
                continue
            drawn = ({},) if self.joint else ()
            first[k], second[k] = self.view(first[k], self.rng, *drawn), self.view(second[k], self.rng, *drawn)
        return replace(batch, first=first, second=second)

    def __call__(self, loss: Callable, batch: Batch, backward: Callable) -> Tensor:
        return plain(loss, batch if batch.labels is None else self.noisy(batch), backward)


def copies(frame: pd.DataFrame, noise: Seen, n: int) -> pd.DataFrame:
    """Labelled pairs n times over, each time seen through the view: n fixed copies, without the originals (RS-DA as published).

    Compare with a control of as many updates, not of as many passes: published copies kept the passes and made ten times the updates.
    """
    parts = [noise.noisy(Batch(frame.sentence1.tolist(), frame.sentence2.tolist(), frame.label.tolist())) for _ in range(n)]
    copied = [frame.assign(sentence1=part.first, sentence2=part.second) for part in parts]
    if "cluster" in frame:  # batches keep clusters together: copies of a pair must not fill one
        copied = [copy.assign(cluster=copy.cluster + k * (1 + frame.cluster.max())) for k, copy in enumerate(copied)]
    return pd.concat(copied, ignore_index=True)


@contextmanager
def _at_embeddings(model, change: Callable[[int, Tensor, Tensor], Tensor]):
    """While open, what the embedding table gives out goes through ``change(call, real, embeddings)``.

    ``call`` counts the forward passes from 0 (a bi-encoder makes two); ``real``, shape (batch, tokens, 1), is False at
    padding and special tokens; ``embeddings`` has shape (batch, tokens, hidden).
    """
    table, calls = model.model.get_input_embeddings(), count()
    special = torch.tensor(sorted(model._encoder.tokenizer.all_special_ids), device=table.weight.device)
    changed = lambda module, inputs, output: change(next(calls), ~torch.isin(inputs[0], special).unsqueeze(-1), output)
    hook = table.register_forward_hook(changed)
    try:
        yield
    finally:
        hook.remove()


@dataclass
class Adversarial:
    """The perturbation of the input embeddings, within a radius, that raises the loss most: ``min E max_{|d| <= eps} CE(f(e + d))``.

    ``steps=1`` from zero is FGM; more from a random start are PGD; ``accumulate`` is FreeLB: the gradients of the parameters at all
    steps are averaged, none is taken at the end.

    Args:
        model: whose embedding table is perturbed; it may be frozen.
        radius: largest norm of a token's perturbation, relative to the mean norm of the embedding table.
        norm: ``"token"``: of each token; ``"sequence"``: of the whole sequence, ``radius * sqrt(tokens)``.
        steps: ascents; each goes ``radius`` far if there is one, else ``2 * radius / steps``.
        random_start: begin at random in the ball instead of at zero.
        accumulate: as above.
        seed: of the start.
    Raises:
        ValueError: an unknown norm, a negative radius or no step.
    """

    model: object
    radius: float = 0.03
    norm: str = "token"
    steps: int = 1
    random_start: bool = False
    accumulate: bool = False
    seed: int = 1

    def __post_init__(self):
        if self.norm not in ("token", "sequence") or self.radius < 0 or self.steps < 1:
            raise ValueError(f"norm={self.norm!r}, radius={self.radius}, steps={self.steps}: norms are token and sequence, a radius is not negative, steps are 1 or more")
        self.epsilon = self.radius * self.model._encoder.mean_norm
        self.generator = torch.Generator().manual_seed(self.seed)

    def _length(self, delta: Tensor) -> Tensor:
        """Norm of each token, or of each sequence."""
        return delta.norm(dim=-1, keepdim=True) if self.norm == "token" else delta.norm(dim=(1, 2), keepdim=True)

    def _most(self, real: Tensor) -> Tensor | float:
        """Largest norm allowed, in the embeddings' own unit."""
        return self.epsilon if self.norm == "token" else self.epsilon * real.sum(dim=(1, 2), keepdim=True).sqrt()

    def _start(self, real: Tensor, embeddings: Tensor) -> Tensor:
        if not self.random_start:
            return torch.zeros_like(embeddings)
        return _in_ball(embeddings.shape, self.epsilon, self.generator).to(embeddings) * real

    def _ascend(self, delta: Tensor, gradient: Tensor, real: Tensor) -> Tensor:
        gradient, most = gradient * real, self._most(real)
        delta = delta + gradient / self._length(gradient).clamp_min(1e-20) * most * (1 if self.steps == 1 else 2 / self.steps)
        return delta * (most / self._length(delta).clamp_min(1e-20)).clamp_max(1)

    def perturbation(self, loss: Callable, batch: Batch, backward: Callable | None = None) -> tuple[list[Tensor], list[Tensor]]:
        """Perturbations, one a forward pass of the loss, and the losses of the steps.

        Args:
            backward: given, each step's share of the loss is sent backward too (FreeLB).
        """
        deltas, reals, values = [], [], []

        def add(call: int, real: Tensor, embeddings: Tensor) -> Tensor:
            if call == len(deltas):
                deltas.append(self._start(real, embeddings.detach()).requires_grad_())
                reals.append(real)
            return embeddings + deltas[call]

        for _ in range(self.steps):
            with _at_embeddings(self.model, add):
                value = loss(batch)
            if backward is None:
                gradients = torch.autograd.grad(value, deltas)  # of the perturbation alone: weights are not asked
            else:
                backward(value / self.steps)
                gradients = [delta.grad for delta in deltas]
            values.append(value.detach())
            with torch.no_grad():
                deltas[:] = [self._ascend(delta.detach(), gradient, real) for delta, gradient, real in zip(deltas, gradients, reals)]
            for delta in deltas:
                delta.requires_grad_()
        return [delta.detach() for delta in deltas], values

    def __call__(self, loss: Callable, batch: Batch, backward: Callable) -> Tensor:
        if batch.labels is None or not self.radius:  # further passes would move dropout's generator
            return plain(loss, batch, backward)
        if self.accumulate:
            return torch.stack(self.perturbation(loss, batch, backward)[1]).mean()
        with self.against(loss, batch):
            return plain(loss, batch, backward)

    def against(self, loss: Callable, batch: Batch):
        """Context in which this batch's embeddings are perturbed against its labels."""
        deltas, _ = self.perturbation(loss, batch)
        return _at_embeddings(self.model, lambda call, real, embeddings: embeddings + deltas[call])


@dataclass
class RandomPerturbation:
    """Random perturbation of the input embeddings, drawn once a forward pass (RS-RP).

    Args:
        model: whose embeddings are perturbed.
        radius: relative to the mean norm of the embedding table. ``gaussian``: root mean square norm of a token's perturbation;
            ``uniform``: largest norm, uniform in the ball.
        kind: ``"gaussian"`` or ``"uniform"``.
        seed: of the draws.
    """

    model: object
    radius: float = 0.03
    kind: str = "gaussian"
    seed: int = 1

    def __post_init__(self):
        if self.kind not in ("gaussian", "uniform") or self.radius < 0:
            raise ValueError(f"kind={self.kind!r}, radius={self.radius}: kinds are gaussian and uniform, a radius is not negative")
        self.epsilon = self.radius * self.model._encoder.mean_norm
        self.generator = torch.Generator().manual_seed(self.seed)

    def drawn(self):
        """Context in which every forward pass is perturbed anew."""
        draw = _in_ball if self.kind == "uniform" else _gaussian
        change = lambda call, real, embeddings: embeddings + draw(embeddings.shape, self.epsilon, self.generator).to(embeddings) * real
        return _at_embeddings(self.model, change)

    def __call__(self, loss: Callable, batch: Batch, backward: Callable) -> Tensor:
        if batch.labels is None or not self.radius:
            return plain(loss, batch, backward)
        with self.drawn():
            return plain(loss, batch, backward)


def _gaussian(shape: torch.Size, radius: float, generator: torch.Generator) -> Tensor:
    return torch.randn(shape, generator=generator) * radius / shape[-1] ** 0.5


def _in_ball(shape: torch.Size, radius: float, generator: torch.Generator) -> Tensor:
    direction = torch.nn.functional.normalize(torch.randn(shape, generator=generator), dim=-1)
    return direction * radius * torch.rand(*shape[:-1], 1, generator=generator) ** (1 / shape[-1])


@dataclass
class Mixup:
    """Input embeddings mixed with those of a word's neighbours: ``lam * E[w] + (1 - lam) * mean E[candidates]`` (SALT-style, online).

    Args:
        model: whose embeddings are mixed.
        mixed: for each row of the embedding table what it is mixed with, shape (pieces, hidden); NaN: left as it is.
        rate: share of the tokens that have neighbours to which this happens.
        alpha: lam ~ Beta(alpha, alpha), one a token; None: lam is 1, nothing changes.
        seed: of the draws.
    """

    model: object
    mixed: Tensor
    rate: float = 0.3
    alpha: float | None = 1.0
    seed: int = 1

    def __post_init__(self):
        _check(self.rate)
        self.rng = np.random.default_rng([self.seed, 6])

    def _change(self, ids: Tensor, embeddings: Tensor) -> Tensor:
        other = self.mixed.to(embeddings)[ids]
        lam = np.ones(ids.shape) if self.alpha is None else self.rng.beta(self.alpha, self.alpha, ids.shape)
        lam = np.where(self.rng.random(ids.shape) < self.rate, lam, 1.0)
        lam = torch.from_numpy(lam).to(embeddings).unsqueeze(-1).masked_fill(other.isnan().any(-1, keepdim=True), 1.0)
        return lam * embeddings + (1 - lam) * other.nan_to_num()

    def __call__(self, loss: Callable, batch: Batch, backward: Callable) -> Tensor:
        if batch.labels is None:
            return plain(loss, batch, backward)
        hook = self.model.model.get_input_embeddings().register_forward_hook(lambda module, inputs, output: self._change(inputs[0], output))
        try:
            return plain(loss, batch, backward)
        finally:
            hook.remove()


@dataclass
class Both:
    """Two noises in one step: the first changes the batch, the second the embeddings (SALT-style: switched words, and mixup)."""

    outer: Seen
    inner: Callable

    def __call__(self, loss: Callable, batch: Batch, backward: Callable) -> Tensor:
        return self.inner(loss, batch if batch.labels is None else self.outer.noisy(batch), backward)


def mixtures(encoder, candidates: pd.DataFrame, whole) -> Tensor:
    """For each row of ``encoder``'s table, the mean embedding of its word's candidates in the ``whole`` one; NaN where it has none.

    Args:
        candidates: as :func:`neighbours` gives them.
    """
    table = whole.model.get_input_embeddings().weight.detach()
    rows = torch.full((len(encoder.model.get_input_embeddings().weight), table.shape[1]), float("nan"))
    for word, of in candidates.groupby("word", sort=False):
        (own,) = encoder.tokenizer(word, add_special_tokens=False)["input_ids"][:1]
        rows[own] = table[whole.tokenizer.convert_tokens_to_ids(of.piece.tolist())].mean(0)
    return rows


VIEWS = ("drop", "dictionary", "synonyms", "self")


def make_view(name: str, rate: float, dictionaries: dict, synonyms: dict[str, list[str]], own: dict[str, list[str]], names_safe: bool = False) -> View:
    """The other side of a cross-lingual batch by name.

    Args:
        rate: share of the words to which it happens.
        dictionaries: for ``dictionary``, see :func:`code_switching`.
        synonyms, own: for ``synonyms`` and ``self``: word -> synonyms, or neighbours in the encoder's own table.
    Raises:
        ValueError: an unknown name.
    """
    if name not in VIEWS:
        raise ValueError(f"view={name!r}: known are {', '.join(VIEWS)}")
    if name == "drop":
        return dropping(rate)
    if name == "dictionary":
        return code_switching(dictionaries, rate)
    return Synonyms(synonyms if name == "synonyms" else own, rate, names_safe)


NAMES = ("fgm", "pgd", "freelb", "perturbation", "gaussian", "uniform", "synonyms", "drop", "code-switch", "mixup", "salt")
BY_VIEW = {"synonyms": "synonyms", "drop": "drop", "code-switch": "dictionary", "salt": "self"}  # noises of words, and their view


def check(name: str, strength: float, view: str = "", joint: bool = False, names_safe: bool = False, fixed_copies: int = 0, votes: int = 0) -> None:
    """Refuse options of noise that would do nothing, before anything is trained.

    Args:
        name: of the noise, one of :data:`NAMES` or ``""``.
        strength: of it; negative: not given.
        view: of the cross-lingual batches.
        joint, names_safe, fixed_copies, votes: as in ``20_finetune``.
    Raises:
        ValueError: names the option and what it goes with.
    """
    if name and name not in NAMES:
        raise ValueError(f"noise={name!r}: known are none, {', '.join(NAMES)}")
    if name and strength < 0:
        raise ValueError(f"noise={name!r} needs noise_strength: share of the words of synonyms (1 as published), drop, code-switch, mixup and salt; else a radius")
    for option, given, goes_with in (
        ("joint", joint, ("synonyms",)),
        ("names_safe", names_safe, ("synonyms", "salt")),
        ("noise_copies", fixed_copies, ("synonyms",)),
        ("votes", votes, ("synonyms", "drop", "perturbation", "gaussian", "uniform")),
    ):
        if given and name not in goes_with and not (option == "names_safe" and view in ("synonyms", "self")):
            raise ValueError(f"{option} with noise={name!r}: goes with {', '.join(goes_with)}")


def make(name: str, model, strength: float, seed: int = 1, norm: str = "token", steps: int = 3, view: View | None = None, joint: bool = False, mixed: Tensor | None = None):
    """A noise by name; None for ``""``.

    Args:
        strength: relative radius of a perturbation; of noises of words, ``mixup`` and ``salt`` the share of words that are drawn.
        norm, steps: of ``pgd`` and ``freelb``; ``fgm`` makes one step from zero.
        view: of ``synonyms``, ``drop``, ``code-switch`` and ``salt``, made with this strength.
        joint: of ``synonyms``: a word is exchanged alike in both sentences.
        mixed: of ``mixup`` and ``salt``, see :class:`Mixup`.
    Raises:
        ValueError: an unknown name.
    """
    if name in ("", None):
        return None
    if name in ("fgm", "pgd", "freelb"):
        return Adversarial(model, strength, norm, 1 if name == "fgm" else steps, name == "pgd", name == "freelb", seed)
    if name in ("perturbation", "gaussian", "uniform"):
        return RandomPerturbation(model, strength, "uniform" if name == "uniform" else "gaussian", seed)
    if name == "mixup":
        return Mixup(model, mixed, strength, seed=seed)
    if name == "salt":
        return Both(Seen(view, seed, share=0.5), Mixup(model, mixed, strength, seed=seed))
    if name in BY_VIEW:
        return Seen(view, seed, joint)
    raise ValueError(f"noise={name!r}: known are {', '.join(NAMES)}")
