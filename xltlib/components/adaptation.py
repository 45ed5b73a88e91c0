"""Adaptation before training: an encoder, or a trained model, goes on with text of the targets.

How each loss is computed: adaptation/mlm.py, tsdae.py, align.py. A kind of one's own is a subclass of
:class:`TextAdaptation` with the method ``build``. Dependency trees have files of their own, both syntax.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from xltlib import provenance, tasks
from xltlib.components.base import Component, gathered, option
from xltlib.provenance import Entry, naming_facts


@dataclass(frozen=True, kw_only=True)
class Adaptation(Component):
    """What the adaptations share.

    Args:
        languages: that are adapted to.
        sentences: texts or translations a language (0: all).
        held_out: of them, a language, kept to measure on.
        size: texts or translations an update.
        max_length: pieces of a text.
    Attributes:
        measures: what is measured of held-out text, as tables name it.
        lower_is_better: of what is measured.
        train_table: whether the embedding table is trained.
        head_learning_rate: of the parts that start from nothing; None: there are none.
        lora_rank, checks, patience: as of :class:`TextAdaptation`.
    """

    languages: str = option("targets", languages=True)
    sentences: int = option(0, at_least=0)
    held_out: int = option(20, at_least=1)
    size: int = option(16, at_least=1, at_most=65_536)
    max_length: int = option(64, at_least=8, at_most=8192)
    texts: dict | None = gathered()
    measures = "perplexity"
    lower_is_better = True
    train_table = False
    head_learning_rate = None
    lora_rank = 0
    checks = 0
    patience = 0

    @property
    def training_texts(self) -> dict[str, list]:
        """What is trained on, by language; a line that is held out is not, however often it comes."""
        return {code: tasks.trained_on(texts, self.held_out) for code, texts in self.texts.items()}

    @property
    def held_out_texts(self) -> dict[str, list]:
        """What is measured on, by language."""
        return {code: texts[: self.held_out] for code, texts in self.texts.items()}

    def refuse_few(self, texts: dict[str, list]) -> None:
        """Stop where nothing of a language is left to train on.

        Raises:
            ValueError: names the language and what there is of it.
        """
        for code, own_texts in texts.items():
            if not tasks.trained_on(own_texts, self.held_out):
                raise ValueError(
                    f"adaptation.held_out = {self.held_out}: {len(own_texts)} texts of {code} hold no test "
                    "sentence, and nothing is left to train on; hold out fewer, or read more"
                )

    @property
    def dose(self) -> int:
        """Texts or translations a language that may be trained on; 0: all."""
        return max(0, self.sentences - self.held_out)

    def counts(self) -> pd.DataFrame:
        """What is read and held out, by language; and what is left out because it is held out, if any is."""
        parts = {"read": self.training_texts, "held out": self.held_out_texts}
        counts = {name: {code: len(texts) for code, texts in part.items()} for name, part in parts.items()}
        table = pd.DataFrame(counts).rename_axis("language")
        again = pd.Series({code: len(texts) for code, texts in self.texts.items()}) - table.sum(axis=1)
        return table.assign(**{"left out (held out)": again}) if again.any() else table

    def better(self, before: dict[str, float], after: dict[str, float]) -> bool:
        """Whether the measure of held-out text got better in every language.

        A measure of which less is better must fall; one of which more is better may also stay as it is.
        """
        if self.lower_is_better:
            return all(after[code] < before[code] for code in before)
        return all(after[code] >= before[code] for code in before)


@dataclass(frozen=True, kw_only=True)
class TextAdaptation(Adaptation):
    """Adaptation to unlabelled text of the targets (rung Z1).

    Args:
        text: ``"wikipedia"``, ``"ntrex"`` (news), ``"task"`` (its own sentences), ``"demo"``, a folder, or
            several names with blanks between.
        exponent: a language with n texts is drawn in proportion to n ** exponent; 0: all alike.
        head_learning_rate: of the parts that start from nothing.
        lora_rank: train low-rank updates of this rank, merged at the end, instead of the layers (0).
        checks: how often held-out text is measured on the way (0: not).
        patience: stop when so many checks bring nothing new, and keep the best (0: never).
    """

    text: str = option("wikipedia", reads=True)
    exponent: float = option(1.0, at_least=0, at_most=2)
    head_learning_rate: float = option(1e-3, above=0, at_most=1)
    lora_rank: int = option(0, at_least=0, at_most=1024)
    checks: int = option(0, at_least=0)
    patience: int = option(0, at_least=0, only_with="checks")

    def gather(self, run) -> TextAdaptation:
        codes, use = run.codes(self.languages), self.named(run)
        facts = naming_facts("text", self.text, self.dose, codes, draw=run.draw) | self.told_options()
        entry = Entry("adaptation", use, "text", tuple(codes), self.text, told=facts)
        texts = run.provenance.text(self.text, codes, self.sentences, entry, held_out=self.held_out)
        self.refuse_few(texts)
        return self.holding(texts=texts)

    def named(self, run) -> str:
        """The method as tables name it: its kind, and what of the encoder it trains beside or instead."""
        parts = {"table": self.train_table, "lora": self.lora_rank > 0}
        return "-".join([run.kind("adaptation"), *(name for name, trained in parts.items() if trained)])


@dataclass(frozen=True, kw_only=True)
class Mlm(TextAdaptation):
    """Masked language modelling (rung Z1): DAPT and TAPT, Gururangan et al. 2020 (arXiv 2004.10964).

    ``L = -sum_{t in M} log p(w_t | x without M)``, 15 % of the pieces masked. The encoder's own head is gone:
    a new one, tied to the embedding table, starts as the frequencies of the pieces.

    Args:
        train_table: train the embedding table, too: the rows of the pieces that the text has. Of an encoder
            alone: a trained model is kept without its table.
    """

    train_table: bool = option(False)

    def build(self, encoder, encoder_options, seed: int):
        """The training of masked language modelling: an adaptation.training.AdaptationTraining.

        Args:
            encoder: trimmed to the text; adapted in place.
            encoder_options: the component it comes from, whose dropout and frozen layers these are.
            seed: of masking and order.
        """
        from xltlib import encoders
        from xltlib.adaptation import lora, mlm
        from xltlib.adaptation.training import AdaptationTraining, by_language

        encoders.refuse_length(encoder.model, self.max_length, "adaptation.max_length")
        attached, frozen_layers = None, encoder_options.frozen_layers
        if self.lora_rank:
            attached = lora.attach(encoder.model, self.lora_rank, frozen_layers=frozen_layers)
        model = mlm.MaskedLanguageModel(
            encoder,
            [text for texts in self.training_texts.values() for text in texts],
            frozen_layers=frozen_layers,
            dropout=encoder_options.dropout,
            train_layers=attached is None,
            train_table=self.train_table,
        )

        def batches(texts):
            return mlm.masked_batches(encoder, texts, self.size, self.max_length, seed)

        def loss(batch):
            model.tokens += int(batch["attention_mask"].sum())  # here: on a GPU this would wait for it
            return model(**{name: ids.to(model.classifier.bias.device) for name, ids in batch.items()})

        def measure(texts):
            return mlm.perplexity(model, encoder, texts, self.max_length)

        return AdaptationTraining(
            component=self,
            encoder=encoder,
            trim=encoder_options.trim,
            model=model,
            stream=by_language(self, batches, seed),
            loss=loss,
            measure_of=measure,
            attached=attached,
        )


@dataclass(frozen=True, kw_only=True)
class Tsdae(TextAdaptation):
    """Denoising: most of a sentence is deleted, and written again from its vector (rung Z1).

    Wang, Reimers & Gurevych 2021 (arXiv 2104.06979).

    Args:
        deletion: share of the pieces that are deleted.
    """

    deletion: float = option(0.6, above=0, below=1)

    def build(self, encoder, encoder_options, seed: int):
        """The training of an encoder and a decoder that writes the text again; arguments as those of Mlm."""
        from xltlib import encoders
        from xltlib.adaptation import lora, tsdae
        from xltlib.adaptation.training import AdaptationTraining, by_language

        encoders.refuse_length(encoder.model, self.max_length, "adaptation.max_length")
        attached, frozen_layers = None, encoder_options.frozen_layers
        model = tsdae.DenoisingAutoEncoder(
            encoder, frozen_layers, encoder_options.dropout, train_layers=not self.lora_rank
        )
        encoder.model = model.model  # the encoder is trained where its decoder shares its layers
        if self.lora_rank:
            attached = lora.attach(model.model, self.lora_rank, frozen_layers=frozen_layers)

        def batches(texts):
            return tsdae.noisy_batches(encoder, texts, self.size, self.max_length, seed, self.deletion)

        def loss(batch):
            model.tokens += int(sum(part["attention_mask"].sum() for part in batch))
            device = next(model.parameters()).device
            return model(*({name: ids.to(device) for name, ids in part.items()} for part in batch))

        def measure(texts):
            return tsdae.perplexity(model, encoder, texts, self.max_length, self.deletion)

        return AdaptationTraining(
            component=self,
            encoder=encoder,
            trim=encoder_options.trim,
            model=model,
            stream=by_language(self, batches, seed),
            loss=loss,
            measure_of=measure,
            attached=attached,
        )


@dataclass(frozen=True, kw_only=True)
class Align(Adaptation):
    """Translation ranking with an additive margin: the LaBSE recipe (Feng et al. 2022, 2007.01852; rung Z3).

    Args:
        corpus: ``"ntrex"``, ``"tatoeba"``, ``"demo"``, a folder, or several names with blanks between.
        size: translations an update; two at least, for each is ranked against the others.
    """

    corpus: str = option("ntrex", reads=True)
    size: int = option(16, at_least=2, at_most=65_536)
    measures = "translations found"
    lower_is_better = False

    def gather(self, run) -> Align:
        codes = run.codes(self.languages)
        is_recipe = not provenance.knows_labse(run.provenance.entries)
        role, use = ("recipe", "labse-recipe") if is_recipe else ("adaptation", "align")
        languages = [] if is_recipe else codes
        facts = naming_facts("parallel", self.corpus, self.dose, languages, draw=run.draw)
        entry = Entry(role, use, "parallel", tuple(codes), self.corpus, told=facts)
        translations = run.provenance.translations(
            self.corpus, codes, self.sentences, entry, held_out=self.held_out
        )
        self.refuse_few(translations)
        return self.holding(texts=translations)

    def build(self, encoder, encoder_options, seed: int):
        """The training of a bi-encoder by translation ranking; arguments as those of Mlm."""
        from xltlib import batching, encoders, heads
        from xltlib.adaptation import align
        from xltlib.adaptation.training import AdaptationTraining

        encoders.refuse_length(encoder.model, self.max_length, "adaptation.max_length")
        options = {"dropout": encoder_options.dropout, "frozen_layers": encoder_options.frozen_layers}
        model = heads.build("bi", encoder, max_length=self.max_length, **options)
        rng = np.random.default_rng(seed)

        def loss(batch):
            return heads.loss(model, batch)

        def measure(pairs):
            return align.retrieval_accuracy(model, pairs)

        return AdaptationTraining(
            component=self,
            encoder=encoder,
            trim=encoder_options.trim,
            model=model,
            stream=batching.translations(self.training_texts, self.size, model.lengths, rng),
            loss=loss,
            measure_of=measure,
        )
