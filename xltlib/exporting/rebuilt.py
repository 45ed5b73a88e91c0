"""A finished run's model in memory again, and pairs of its test set to compare it by."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from xltlib import encoders, frozen, heads, parameters, prediction, records, tasks
from xltlib.components.base import make
from xltlib.components.encoder import PretrainedEncoder
from xltlib.exporting.kept import Kept
from xltlib.plan import Node
from xltlib.reading import Alone
from xltlib.statistics.answers import class_columns
from xltlib.vectors import Turned, Vectors

MOST = 10  # pairs of each language, or of each two, that are compared
IN_ALL = 120  # of all of them, about


@dataclass
class Rebuilt:
    """A model as its run had it at its end.

    Attributes:
        kept: what the run has left.
        model: a heads.PairClassifier, in evaluation mode; of an adapted encoder a bi-encoder.
        fitted: of frozen vectors: the threshold of the cosine, or a pipeline of scikit-learn; else None.
        pairs: test pairs: ``language1, language2, sentence1, sentence2``, and ``p0, p1, ...`` as the run
            predicted them at its last checkpoint; without these where it predicted nothing, or by votes.
    """

    kept: Kept
    model: heads.PairClassifier
    fitted: object
    pairs: pd.DataFrame

    def answers(self, first: list[str], second: list[str]) -> np.ndarray:
        """Probabilities of pairs, shape (pairs, classes); of an encoder the vectors of both sides."""
        if self.kept.form in ("cross", "bi"):
            found = prediction.predict(self.model, pd.DataFrame({"sentence1": first, "sentence2": second}))
            return found.to_numpy()
        u, v = (prediction.encoded(self.model, side) for side in (first, second))
        if self.fitted is not None:
            u, v = (Turned({})(side, np.array([])) for side in (u, v))  # the last digits, as in the run
        if self.kept.form == "cosine":
            return frozen.from_cosines((u * v).sum(1), self.fitted)
        if self.kept.form == "logistic":
            return self.fitted.predict_proba(frozen.pair_features(u, v))
        return np.concatenate([u, v])


def rebuild(kept: Kept, trimmed: bool, data: str, empty: Path) -> Rebuilt:
    """Load what a run has left; what compares frozen vectors is fitted again, on the pairs it was fitted on.

    Args:
        trimmed: whether to keep only the pieces of the text that the run read.
        data: folder of downloaded data; "": the one that the run read.
        empty: a folder for what reading leaves behind.
    Raises:
        ValueError, OSError: the data, the encoder or the weights are not there, or are not those of the run.
    """
    run = _reader(kept, data, empty)
    encoder = encoders.load(kept.encoder)
    if trimmed:
        encoder = encoders.trim(encoder, run.read())
    if kept.head:
        model = make("head", kept.head).build(encoder, PretrainedEncoder(), len(kept.classes)).eval()
    else:
        model = heads.build("bi", encoder, max_length=kept.max_length).eval()
    if kept.trained is not None:
        heads.load_trained(model, kept.trained)
    fitted = _fitted(kept, run, model) if kept.form in ("cosine", "logistic") else None
    return Rebuilt(kept, model, fitted, _pairs(kept, run))


def _reader(kept: Kept, data: str, empty: Path) -> Alone:
    """What reads as the run did, and leaves its folder as it is."""
    notebook, given = kept.record["notebook"], dict(kept.record["parameters"])
    defaults = {name: default for name, (_, default) in parameters.declared(notebook).items()}
    places = {"data": data or given.get("data", ""), "runs": str(empty)}
    resolved = parameters.resolve(notebook, {**defaults, **given, **places})  # options that came later, too
    return Alone(Node(kept.place.name, notebook, resolved), kept.encoder)


def _fitted(kept: Kept, run: Alone, model: heads.PairClassifier):
    """What compares frozen vectors, fitted as in the notebook: on the same pairs, in the same batches.

    Raises:
        ValueError: the data are not those of the run.
    """
    data = run.load([run.source])
    data_record = data.record(data.test)
    for name in ("train", "dev", "test"):
        if data_record[name] != kept.record["data"][name]:
            raise ValueError(f"run {kept.place.name}: the {name} pairs are other ones now than when it ran")
    frames = {"train": data.train, "dev": data.dev, "test": run.scored.pairs_of(data.test)}
    vectors = Vectors(model, frames)
    train, dev = (vectors.sides(frames[name], Turned({})) for name in ("train", "dev"))
    model.cpu()  # vectors are computed where models are trained, and what is exported lies here
    train_labels, dev_labels = data.train.label.to_numpy(), data.dev.label.to_numpy()
    if kept.form == "cosine":
        return float(frozen.threshold((dev[0] * dev[1]).sum(1), dev_labels))
    return frozen.regression(
        frozen.pair_features(*train), train_labels, frozen.pair_features(*dev), dev_labels
    )


def _pairs(kept: Kept, run: Alone) -> pd.DataFrame:
    """The first test pairs of each language, or of each two, with what the run predicted of them."""
    columns = ["item", "language1", "language2", "sentence1", "sentence2"]
    items = run.scored.test if hasattr(run, "scored") else MOST
    test = tasks.load_pairs(run.task, "test", run.targets, run.folder, items)
    scored = run.scored.pairs_of(test) if hasattr(run, "scored") else test
    if hasattr(run, "scored") and not run.scored.votes:
        predicted = records.predictions(kept.place, kept.record)
        last = predicted[predicted.selection == "last"].astype({"language1": str, "language2": str})
        last = last[[*columns[:3], "label", *class_columns(last)]]
        scored = scored[[*columns, "label"]].merge(last, on=columns[:3], suffixes=("", "_then"))
        if scored.empty or (scored.label != scored.label_then).any():
            raise ValueError(
                f"run {kept.place.name}: the ids or labels of its test pairs are other ones now than when it "
                "ran; give it the data that it read (--data)"
            )
    groups = scored.groupby(["language1", "language2"], sort=False)
    few = groups.head(max(1, min(MOST, IN_ALL // max(groups.ngroups, 1))))
    return few.drop(columns=["label", "label_then", "cluster"], errors="ignore").reset_index(drop=True)
