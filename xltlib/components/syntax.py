"""Dependency trees of the targets: what reads them, before training or beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xltlib.components.adaptation import Adaptation
from xltlib.components.base import gathered, option
from xltlib.components.penalty import Penalty
from xltlib.provenance import Entry, naming_facts


@dataclass(frozen=True, kw_only=True)
class Syntax(Adaptation):
    """The encoder learns the dependency trees of sentences (rung Z1t).

    A structural probe (Hewitt & Manning 2019) is trained along with the encoder: squared distances between
    linearly mapped word vectors are to be path lengths in the tree. For mBERT on PAWS-X another way of using
    trees is published by Ahmad et al. 2021 (arXiv 2106.02134).

    Args:
        trees: ``"ud-pud"``, ``"demo"``, or a folder with ``<code>.conllu``.
        rank: of the probe's map.
        loss: ``"absolute"`` or ``"squared"`` differences of distances.
        exponent: a language with n trees is drawn in proportion to n ** exponent; 0: all alike.
        head_learning_rate: of the probe.
        checks: how often held-out trees are measured on the way (0: not).
        patience: stop when so many checks bring nothing new, and keep the best (0: never).
    """

    trees: str = option("ud-pud", reads=True)
    rank: int = option(64, at_least=1, at_most=4096)
    loss: str = option("absolute", among=("absolute", "squared"))
    exponent: float = option(1.0, at_least=0, at_most=2)
    head_learning_rate: float = option(1e-3, above=0, at_most=1)
    max_length: int = option(128, at_least=8, at_most=8192)
    checks: int = option(0, at_least=0)
    patience: int = option(0, at_least=0, only_with="checks")
    measures = "distance error"

    def gather(self, run) -> Syntax:
        codes, kind = run.codes(self.languages), run.kind("adaptation")
        facts = naming_facts("trees", self.trees, self.dose, codes, draw=run.draw)
        entry = Entry("adaptation", kind, "trees", tuple(codes), self.trees, told=facts)
        found = run.provenance.trees(self.trees, codes, self.sentences, entry, held_out=self.held_out)
        self.refuse_few(found)
        return self.holding(texts=found)

    def build(self, encoder, encoder_options, seed: int):
        """The training of the encoder with a structural probe on it; arguments as those of Mlm."""
        from xltlib import encoders
        from xltlib.adaptation import syntax
        from xltlib.adaptation.training import AdaptationTraining, by_language

        encoders.refuse_length(encoder.model, self.max_length, "adaptation.max_length")
        frozen_layers, dropout = encoder_options.frozen_layers, encoder_options.dropout
        reader = syntax.TreeReader(encoder, self.rank, self.loss, frozen_layers, dropout)

        def batches(trees):
            return syntax.tree_batches(encoder, trees, self.size, self.max_length, seed)

        def loss(batch):
            reader.tokens += int(batch.inputs["attention_mask"].sum())
            return reader(batch.to(reader.classifier.map.weight.device))

        def measure(trees):
            return syntax.tree_error(reader, encoder, trees, self.max_length)

        return AdaptationTraining(
            component=self,
            encoder=encoder,
            trim=encoder_options.trim,
            model=reader,
            stream=by_language(self, batches, seed),
            loss=loss,
            measure_of=measure,
        )


@dataclass(frozen=True, kw_only=True)
class SyntaxPenalty(Penalty):
    """The same loss beside the labelled one (rung Z1t).

    Args:
        trees, rank, loss: as of :class:`Syntax`.
        languages: of the trees.
        sentences: of each language (0: all).
        size: sentences an update.
        weight: of the penalty, beside the labelled loss.
        max_length: pieces of a sentence.
    """

    trees: str = option("ud-pud", reads=True)
    languages: str = option("targets", languages=True)
    sentences: int = option(0, at_least=0)
    size: int = option(8, at_least=1, at_most=65_536)
    rank: int = option(64, at_least=1, at_most=4096)
    loss: str = option("absolute", among=("absolute", "squared"))
    weight: float = option(0.1, at_least=0)
    max_length: int = option(128, at_least=8, at_most=8192)
    found: dict | None = gathered()

    def gather(self, run) -> SyntaxPenalty:
        codes = run.codes(self.languages)
        facts = naming_facts("trees", self.trees, self.sentences, codes, self.weight)
        entry = Entry("adaptation", run.kind("penalty"), "trees", tuple(codes), self.trees, told=facts)
        return self.holding(found=run.provenance.trees(self.trees, codes, self.sentences, entry))

    def beside(self, loss, model, steps: int, rng: np.random.Generator):
        from xltlib import encoders
        from xltlib.adaptation import during, syntax

        encoders.refuse_length(model.model, self.max_length, "penalty.max_length")
        trees = [tree for trees in self.found.values() for tree in trees]
        seed = int(rng.integers(2**31))
        stream = syntax.tree_batches(model.pretrained, trees, self.size, self.max_length, seed)
        penalty = during.TreePenalty(model, stream, self.rank, self.loss)
        return during.Penalised(loss, penalty, self.weight)
