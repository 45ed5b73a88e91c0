"""Masked language modelling that keeps translations together: updates of text and of translations in turn."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from xltlib.components.adaptation import Mlm
from xltlib.components.base import gathered, option
from xltlib.provenance import Entry, naming_facts


@dataclass(frozen=True, kw_only=True)
class MlmRanking(Mlm):
    """Masked language modelling beside translation ranking (rung Z3).

    Language modelling alone may undo what brought translations together. Here an update reads text with
    probability ``alpha`` (masked language modelling, as ``mlm``), else translations (ranking, as ``align``).

    Args:
        alpha: share of the updates that read text.
        corpus: of the translations, as of ``align``.
        translated: languages of the translations.
        pairs: translations of each language (0: all).
        ranked: translations an update.
    """

    alpha: float = option(0.5, above=0, below=1)
    corpus: str = option("ntrex", reads=True)
    translated: str = option("targets", languages=True)
    pairs: int = option(0, at_least=0)
    ranked: int = option(24, at_least=2, at_most=65_536)
    translations: dict | None = gathered()

    def gather(self, run) -> MlmRanking:
        ready, codes = super().gather(run), run.codes(self.translated)
        facts = naming_facts("parallel", self.corpus, self.pairs, codes, draw=run.draw)
        entry = Entry("adaptation", self.named(run), "parallel", tuple(codes), self.corpus, told=facts)
        found = run.provenance.translations(self.corpus, codes, self.pairs, entry)
        return ready.holding(translations=found)

    def build(self, encoder, encoder_options, seed: int):
        """The training of Mlm, its updates in turn with those of translation ranking; arguments as there."""
        from xltlib import batching, heads

        text = super().build(encoder, encoder_options, seed)
        options = {"dropout": encoder_options.dropout, "frozen_layers": encoder_options.frozen_layers}
        reader = heads.build("bi", encoder, max_length=self.max_length, **options)
        if any(True for _ in encoder.dense.parameters()):  # of LaBSE: ranking trains it, as in align
            text.model.dense = encoder.dense
        if self.train_table:  # building the reader froze it again
            encoder.table.requires_grad_(True)
        rng = np.random.default_rng([seed, 11])
        pairs = batching.translations(self.translations, self.ranked, reader.lengths, rng)

        def loss(batch):
            if not isinstance(batch, batching.Batch):
                return text.loss(batch)
            reader.to(encoder.table.device)  # training moves the encoder, and text's head alone with it
            before = reader.tokens
            value = heads.loss(reader, batch)
            text.model.tokens += reader.tokens - before
            return value

        return replace(text, stream=batching.hybrid(text.stream, pairs, self.alpha, rng), loss=loss)
