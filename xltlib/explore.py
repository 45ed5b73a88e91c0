"""What 00_explore shows: how a vocabulary cuts a language, what noise does to a pair, what a model says."""

from __future__ import annotations

import html
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import ipywidgets
import numpy as np
import pandas as pd
import torch

from xltlib import batching, encoders, folders, frozen, heads, prediction, tasks
from xltlib.exporting import loaded, modules
from xltlib.exporting.kept import Kept
from xltlib.exporting.rebuilt import Rebuilt
from xltlib.noise import embeddings, words


TEXT = '<pre style="white-space: pre-wrap">'


def fertility(encoder: encoders.Encoder, pairs: pd.DataFrame) -> pd.DataFrame:
    """Pieces of the vocabulary per word, per character and per pair of sentences, one row a language.

    Args:
        pairs: columns ``language1, sentence1, sentence2``.
    """
    rows = {}
    for language, group in pairs.groupby("language1", sort=False):
        sentences = [*group.sentence1, *group.sentence2]
        pieces = sum(len(ids) - 2 for ids in encoder.tokenize(sentences)["input_ids"])  # without the two ends
        rows[language] = {
            "pieces per word": pieces / sum(len(sentence.split()) for sentence in sentences),
            "pieces per character": pieces / sum(map(len, sentences)),
            "pieces per pair": 2 * pieces / len(sentences),
        }
    return pd.DataFrame(rows).T.rename_axis("language")


class NoiseOnPairs:
    """What noise does to a pair's first sentence, to its vector, and to a prediction.

    The prediction is a logistic regression's on frozen vectors of a few pairs: something to see change, not a
    good classifier.

    Args:
        encoder: of the vectors.
        train: pairs to fit the regression on.
        pairs: to choose from, in any language.
        tables: by name of a noise, what it may put in place of each word.
        name: of class 1, whose probability is shown.
    """

    def __init__(
        self,
        encoder: encoders.Encoder,
        train: pd.DataFrame,
        pairs: pd.DataFrame,
        tables: dict[str, dict[str, list[str]]],
        name: str = "paraphrase",
    ):
        self.pairs, self.tables, self.name = pairs, tables, name
        sentences = [*train.sentence1, *train.sentence2, *pairs.sentence1, *pairs.sentence2]
        words = [word for table in tables.values() for found in table.values() for word in found]
        self.reader = heads.build("bi", encoders.trim(encoder, [*sentences, *words]))
        u, v = self._vectors(train.sentence1), self._vectors(train.sentence2)
        self.fitted = (u, v, train.label.to_numpy())
        # The noises there are, each with a strength at which it can be seen.
        embeddings = {"gaussian": 1.0, "uniform": 1.0, "fgm": 0.1}
        self.kinds = {"words left out": 0.3, **dict.fromkeys(tables, 1.0), **embeddings}

    def show(self, language: str, row: int, kind: str, strength: float) -> pd.DataFrame:
        """A pair's first sentence as it is and with noise, its cosine to the clean one, and P(class 1)."""
        pair = self.pairs[self.pairs.language1 == language].iloc[row]
        u, v = self._vectors([pair.sentence1]), self._vectors([pair.sentence2])
        view = self._view(kind, strength)
        if view:
            noisy, perturbed = view(pair.sentence1, np.random.default_rng(1)), nullcontext()
        else:
            noisy, perturbed = pair.sentence1, self._perturbation(pair, kind, strength)
        with perturbed:
            w = self._vectors([noisy])
        test = (np.concatenate([u, w]), np.concatenate([v, v]))
        p = frozen.probabilities("logistic", self.fitted, self.fitted, test)[:, 1]
        columns = {
            "sentence": [pair.sentence1, noisy],
            "cosine to clean": [1.0, (u * w).sum()],
            f"p({self.name})": p,
        }
        return pd.DataFrame(columns, index=["clean", f"{kind}, {strength}"]).round(2)

    def _vectors(self, sentences) -> np.ndarray:
        return prediction.encoded(self.reader, list(sentences), workers=1)

    def _view(self, kind: str, strength: float) -> Callable | None:
        """What exchanges or leaves out words; None where the noise is one of embeddings."""
        share = min(strength, 1.0)
        if kind == "words left out":
            return words.dropping(share)
        if kind in self.tables:
            return words.Synonyms(self.tables[kind], share)
        return None

    def _perturbation(self, pair: pd.Series, kind: str, strength: float) -> AbstractContextManager:
        """What perturbs the input embeddings while it is entered: at random, or against the pair's label."""
        if kind != "fgm":
            return embeddings.RandomPerturbation(self.reader, strength, kind).drawn()

        def towards_the_wrong_answer(batch: batching.Batch) -> torch.Tensor:
            cosine = (self.reader.embed(batch.first) * self.reader.embed(batch.second)).sum()
            return cosine if pair.label == 0 else -cosine

        batch = batching.Batch([pair.sentence1], [pair.sentence2])
        return embeddings.Adversarial(self.reader, strength).against(towards_the_wrong_answer, batch)


def given_model(model: str) -> Path | None:
    """The folder of an exported model; None where none is named.

    Args:
        model: its path; a relative one is seen from the folder of notebooks.
    Raises:
        FileNotFoundError: it is not there.
    """
    if not model:
        return None
    folder = folders.seen_from_notebooks(model)
    if not folder.is_dir():
        advice = "name one that python -m xltlib.export wrote; a relative path is seen from notebooks/"
        raise FileNotFoundError(f"model = {model!r}: there is no folder {folder}; {advice}")
    return folder


def write_small_model(encoder: encoders.Encoder, train: pd.DataFrame, task: str, folder: Path) -> None:
    """Fit a logistic regression on frozen vectors of a few pairs, and write both as an exported model.

    Args:
        encoder: of the vectors.
        train: pairs to fit the regression on, of a task.
        folder: that is there, and empty.
    """
    reader = heads.build("bi", encoder).eval()
    sides = (train.sentence1, train.sentence2)
    u, v = (prediction.encoded(reader, side.tolist(), workers=1) for side in sides)
    pairs, labels = frozen.pair_features(u, v), train.label.to_numpy()
    fitted = frozen.regression(pairs, labels, pairs, labels)
    record = {"data": {"classes": tasks.find(task).CLASSES}}
    kept = Kept(folder, record, {"kind": "logistic", "max_length": reader.max_length}, "", None)
    modules.write(Rebuilt(kept, reader, fitted, train), folder)


def ask(folder: Path, pairs: list[tuple[str, str]]) -> pd.DataFrame:
    """What an exported model says of pairs: a row a pair, a column a class.

    Args:
        folder: that ``python -m xltlib.export`` wrote; sentence-transformers loads it.
    Raises:
        ValueError: it holds no classifier.
    """
    first, second = zip(*pairs)
    columns = [f"p({name})" for name in loaded.classes(folder)]
    found = loaded.probabilities(folder, list(first), list(second))
    return pd.DataFrame(found, columns=columns, index=[f"{one} | {two}" for one, two in pairs]).round(2)


def chooser(show: Callable[..., pd.DataFrame | str], **choices) -> ipywidgets.VBox:
    """Selectors, and below them what a function returns for what is chosen; anew at every change.

    ``ipywidgets.interact`` captures what is printed, and may then hang for ever where a notebook is executed
    without a browser (github.com/jupyter/nbclient/issues/312). Nothing is captured here.

    Args:
        show: returns a table, or text.
        choices: by the name of its argument, what ``interact`` takes: a list, or the ends of a slider.

    Example:
        >>> import textwrap
        >>> box = chooser(textwrap.dedent, text=["one", " two"])
        >>> box.children[0].value = " two"
        >>> box.children[1].value
        '<pre style="white-space: pre-wrap">two</pre>'
    """
    controls = {name: ipywidgets.interactive.widget_from_abbrev(choice) for name, choice in choices.items()}
    shown = ipywidgets.HTML()

    def anew(change=None) -> None:
        found = show(**{name: control.value for name, control in controls.items()})
        as_table = isinstance(found, pd.DataFrame)
        shown.value = found.to_html(border=0) if as_table else f"{TEXT}{html.escape(found)}</pre>"

    for name, control in controls.items():
        control.description = name
        control.continuous_update = False  # of sliders: what is shown takes a moment
        control.observe(anew, "value")
    anew()
    return ipywidgets.VBox([*controls.values(), shown])
