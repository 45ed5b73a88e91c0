"""One run: its parameters and components, what it reads, its random streams, clocks, and its record."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager

import numpy as np
import pandas as pd

from xltlib import files, folders, languages, parameters, places, progress, provenance, records, tasks
from xltlib import tracking
from xltlib.ancestry import encoder_name, parent
from xltlib.components.base import Component, make
from xltlib.components.encoder import PretrainedEncoder
from xltlib.door import Door
from xltlib.fingerprint import code_fingerprint
from xltlib.provenance import Entry
from xltlib.shared import Shared
from xltlib.tasks.base import Released


class Run:
    """What a notebook is given, ready to use.

    Components are attributes (``run.noise``), and so are the plain parameters (``run.seed``).

    Args:
        notebook: its name, as in ``"20_finetune"``.
        namespace: its ``globals()``, in which the parameters stand.
    Raises:
        ValueError: a parameter or an option is unknown, mistyped or out of its range, or its record could not
            be written.
    """

    writes = True  # a record, at the end

    def __init__(self, notebook: str, namespace: dict):
        given = parameters.given_in(namespace, notebook)
        self.notebook, self.parameters = notebook, parameters.resolve(notebook, given)
        self.id = parameters.run_id(notebook, self.parameters)
        self.code = code_fingerprint(notebook, self.parameters)
        self.runs = folders.seen_from_notebooks(self.parameters["runs"])
        self.place = self.runs / self.id
        if self.writes:
            files.refuse_unwritable(self.place)
            tracker, settings = self.parameters.get("tracker", ""), parameters.placeless(self.parameters)
            tracking.begin(tracker, self.id, self.place, settings)
        self.began, self.seconds = time.time(), {}
        progress.begin(self.place)
        progress.current().stage(progress.READING)
        self.draw, self.start = 1, ""
        for name, value in self.parameters.items():
            if name not in (*parameters.PLACES, "targets"):
                setattr(self, name, value)
        for name, component in parameters.components(self.parameters).items():
            setattr(self, name, component)
        self.folder = tasks.data_folder(self.parameters["data"])
        self.targets = languages.parse(self.parameters["targets"])
        self.source = languages.listed(self.parameters["targets"])[0]
        self.encoder_place, self.encoder_name, inherited, self.parents = self.ancestry()
        test = tasks.load_pairs(self.task, "test", self._guarded(), self.folder)
        self.provenance = Door(self.task, test, self.folder, inherited, Shared(self.runs), self.source)
        self._whole, self.pieces = None, {}

    def ancestry(self) -> tuple[str, str, list[Entry], dict[str, str]]:
        """Where the encoder lies, its name, what it and the model to start from have read, their digests.

        Raises:
            FileNotFoundError: a run that is named has no record; says which to run first.
            ValueError: the model to start from has another encoder or recipe, or an ancestor did not keep
                this run's test set out of what it read.
        """
        from xltlib.encoders import hub, recipes  # they import torch

        encoder, parents = self.encoder.name, {}
        place, name, read = encoder, encoder_name(encoder), []
        if encoder.startswith("adapt-"):
            record, parents[encoder] = parent(self, encoder), records.digest(self.runs / encoder)
            place, name = os.path.abspath(self.runs / encoder / "encoder"), record["encoder"]
            if not os.path.isdir(place):  # its record was collected from another machine
                raise FileNotFoundError(f"run {encoder} has left no encoder here; {places.MAKE_IT_HERE}")
            read = provenance.from_record(record["read"])
        elif (self.encoder.recipe or recipes.recipe_of(encoder)) == "labse":
            read = [provenance.LABSE]  # rung Z3 because of its pretraining
        if self.start:
            record, parents[self.start] = parent(self, self.start), records.digest(self.runs / self.start)
            theirs = record["parameters"]["encoder"]["name"]
            if theirs != encoder:
                raise ValueError(f"start {self.start} was trained from encoder {theirs}, not from {encoder}")
            read = provenance.from_record(record["read"])
            place = hub.pinned(place, record.get("encoder_revision", ""))  # what its layers were trained on
        if self.encoder.recipe and not provenance.knows_labse(read):
            origin = self.start or encoder
            raise ValueError(f"encoder.recipe = 'labse': {origin} was not told so; say it there, too")
        return place, name, read, parents

    def _guarded(self) -> list[str]:
        """Languages whose test sentences must not be read: the targets, and those that are trained on."""
        labelled = self.codes(self.labelled.languages) if hasattr(self, "labelled") else []
        others = [code for code in labelled if code not in self.targets]
        task = tasks.find(self.task)
        if not isinstance(task, Released):  # of which no language that is trained on may lack test pairs
            available = task.languages("test", self.folder)
            others = [code for code in others if code in available]
        return [*self.targets, *others]

    def kind(self, family: str) -> str:
        """The kind of a component, as tables name it."""
        return self.parameters[family]["kind"].partition(":")[2].lower() or self.parameters[family]["kind"]

    def _encoder_revision(self) -> str:
        """The commit of the hub at which the encoder, or what it was adapted from, was read; "": no hub's."""
        if self.parents:
            first = next(iter(self.parents))
            return records.read(self.runs / first).get("encoder_revision", "")
        from xltlib.encoders import hub

        return hub.revision_of(self.encoder.name)

    def said(self) -> str:
        """The resolved components, a line each: every option, defaults filled in."""
        dictionaries = {name: value for name, value in self.parameters.items() if isinstance(value, dict)}
        return "\n".join(parameters.written(dictionaries))

    def codes(self, text: str) -> list[str]:
        """Language codes from an option, in plot order."""
        return languages.parse(text)

    def gather(self, *families: str) -> list[Component]:
        """Let components read what they need, in this order, and come back ready to use."""
        for family in families:
            before = len(self.provenance.entries)
            setattr(self, family, getattr(self, family).gather(self))
            must_read = family in ("noise", "penalty", "adaptation", "after") and self.kind(family) != "none"
            if must_read and len(self.provenance.entries) == before:
                raise ValueError(f"{family} {self.kind(family)}: its gather wrote no entry of what it read")
        return [getattr(self, family) for family in families]

    def load(self, dev_languages: list[str] | None = None):
        """The labelled pairs: a components.labelled.Data, which is ``run.data`` from now on."""
        self.data = self.labelled.load(self, dev_languages)
        bias = self.scored.bias if hasattr(self, "scored") else 0
        if bias and len(tasks.parallel_sentences(self.data.test, bias)[self.source]) < 2:
            raise ValueError(f"scored.bias = {bias}: fewer than two test sentences are in all languages")
        return self.data

    def rng(self, name: str) -> np.random.Generator:
        """A random stream of this run; each has its own name, so that one never moves another.

        What goes on from a model that goes on from none draws other batches than that model did. Whatever
        goes on from another has one stream, though, however long the chain: of A -> B -> C, C draws the
        pairs of B in the order of B, unless labelled.items or the batches differ.
        """
        streams = {"batches": [self.seed, 9] if self.start else self.seed, "penalty": [self.seed, 7]}
        return np.random.default_rng(streams[name])

    @property
    def whole(self):
        """The encoder with its whole vocabulary, from when it is first asked for until the model is built."""
        if self._whole is None:
            from xltlib import encoders

            self._whole = encoders.load(self.encoder_place)
        return self._whole

    def trimmed(self):
        """The encoder with the pieces of what was read, or all of them."""
        from xltlib import encoders

        progress.current().stage(progress.BUILDING)
        texts = self.provenance.vocabulary
        if self.encoder.trim:
            places.refuse_other_text(texts)
            encoder = encoders.load_trimmed(self.encoder_place, texts, Shared(self.runs), self._whole)
        else:
            encoder = encoders.load(self.encoder_place)
            encoder.pieces.learn(texts)
            encoder.refuse_unknown()
        self.pieces = self._measured(encoder)
        return encoder

    def _measured(self, encoder) -> dict[str, dict[str, float]]:
        """How finely the encoder cuts the test sentences of each language; empty where none is scored."""
        if not hasattr(self, "data"):
            return {}
        from xltlib.encoders.pieces import measured

        by_language = self.data.test.groupby("language1", sort=False)
        texts = {code: [*pairs.sentence1, *pairs.sentence2] for code, pairs in by_language}
        return {code: measured(encoder.pieces, sentences) for code, sentences in texts.items()}

    def model(self):
        """The classifier, its head drawn by the seed alone; or the trained one that this run goes on from."""
        from xltlib import heads, training

        encoder, self._whole = self.trimmed(), None
        training.set_seed(self.seed)  # right before the head is drawn
        model = self.head.build(encoder, self.encoder, len(tasks.find(self.task).CLASSES))
        if self.start:
            heads.load_trained(model, self.runs / self.start)
        return model

    def adapting(self):
        """The training of an adaptation: an adaptation.training.AdaptationTraining."""
        from xltlib import heads, training

        encoder, seed, trained = self.trimmed(), self.seed + 1000 * (self.draw - 1), None
        frozen = self.encoder.frozen_layers
        if frozen == encoder.model.config.num_hidden_layers:
            raise ValueError(f"encoder.frozen_layers = {frozen}: those are all, and nothing would be adapted")
        training.set_seed(seed)
        if self.start:
            head = make("head", self._trained_head())
            trained = head.build(encoder, PretrainedEncoder(), len(tasks.find(self.task).CLASSES))
            heads.load_trained(trained, self.runs / self.start)
        adapting = self.adaptation.build(encoder, self.encoder, seed)
        adapting.in_run(self.encoder_place, self.measured, trained)
        return adapting

    def _trained_head(self) -> dict:
        """The head of the model that this run goes on from: an adaptation between leaves it as it is."""
        theirs = records.read(self.runs / self.start)["parameters"]
        while "head" not in theirs:
            theirs = records.read(self.runs / theirs["start"])["parameters"]
        return theirs["head"]

    def head_name(self) -> str:
        """The head as tables name it; "" of an encoder that was adapted by itself."""
        if hasattr(self, "head"):
            kind, layer = self.kind("head"), self.head.layer
            return kind if layer == -1 else f"{kind}-layer-{layer}"
        return self._trained_head()["kind"] if self.start else ""

    def noise_name(self) -> str:
        """The noise of this training as tables name it, with what it was asked for behind it; "" without."""
        noises = [entry.use for entry in self.provenance.entries if entry.role == "noise"]
        return noises[-1] if self.kind("noise") != "none" else ""

    @contextmanager
    def clock(self, name: str, but=None):
        """Time what is inside, in seconds.

        Args:
            but: something with ``seconds`` of its own, which are taken off.
        """
        began, before = time.time(), getattr(but, "seconds", 0.0)
        yield
        self.seconds[name] = round(time.time() - began - getattr(but, "seconds", 0.0) + before, 1)

    def names(self) -> dict[str, str]:
        """Strategy, adaptation and rung, from what was read."""
        entries = self.provenance.entries
        return {**provenance.names(entries), "rung": provenance.rung(entries)}

    def supervision(self) -> pd.DataFrame:
        """The most that was read of each target."""
        kinds = {code: provenance.supervision(self.provenance.entries, code) for code in self.targets}
        return pd.Series(kinds, name="the most that was read of it").rename_axis("language").to_frame()

    def write(self, predictions: pd.DataFrame | None = None, **extra) -> dict:
        """Write the predictions, and last the record: with it the run counts as done.

        Args:
            extra: what this notebook adds to what all records have.
        """
        progress.current().stage(progress.ENDING)
        entries = self.provenance.entries
        record = {
            "run": self.id,
            "notebook": self.notebook,
            "parameters": self.parameters,
            "code": self.code,
            "encoder": self.encoder_name,
            "encoder_revision": self._encoder_revision(),
            "head": self.head_name(),
            **self.names(),
            "read": [entry.as_record() for entry in entries],
            "parents": self.parents,
            "seed": self.seed,
            "task": places.short(self.task),
            "languages": languages.rows_for_record(self._guarded()),
            "pieces": self.pieces,
            "supervision": {code: provenance.supervision(entries, code) for code in self.targets},
            **extra,
            "seconds": {**self.seconds, "all": round(time.time() - self.began, 1)},
            "peak_memory_gib": records.peak_memory(),
            "machine": records.machine(),
        }
        records.write(self.place, record, predictions)
        return record
