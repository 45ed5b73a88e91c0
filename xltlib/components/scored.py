"""What is asked of a trained model, and what is measured of an adapted encoder."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from xltlib import tasks
from xltlib.components.base import Component, gathered, option, part
from xltlib.provenance import Entry


@dataclass(frozen=True, kw_only=True)
class Scored(Component):
    """What is predicted, and what else is looked at. Of the last checkpoint: bias and attack.

    Args:
        test: test items a language, the first so many of each set (0: all).
        dev: development items a language, to choose a checkpoint by (0: all).
        pairs: ``"same"``: both sentences in one language; ``"all"``: every ordered pair of targets, too.
        pair_items: test items of each pair of two languages (0: all). It may stand where ``pairs`` is
            ``"same"``: what a study has in common it says once.
        bias: n-way parallel test sentences on which language bias is measured (0: none); of one alone every
            other sentence is its translation.
        attack: an adversarial noise under which the source language is scored, too.
        votes: predict by majority of so many noisy copies (0: of the pair itself).
        averaged: weights of so many updates, evenly spaced over the second half of the training, are averaged
            and predict, too: the rule ``averaged`` (0: not). At most half the steps.
        ema: an exponential moving average of the weights, with this decay, predicts, too: the rule ``ema``
            (0: not).
        precision: of scoring, but for votes, which are in fp32: ``"no"`` (fp32), ``"bf16"``, or ``"auto"``
            (bf16 where the hardware has it).
    """

    test: int = option(0, at_least=0)
    dev: int = option(0, at_least=0)
    pairs: str = option("same", among=("same", "all"))
    pair_items: int = option(0, at_least=0)
    bias: int = option(0, at_least=2, or_zero=True)
    attack: Component = part("noise", "none")
    votes: int = option(0, at_least=0, at_most=1000)
    averaged: int = option(0, at_least=2, at_most=1000, or_zero=True)
    ema: float = option(0.0, at_least=0.0, below=1.0)
    precision: str = option("no", among=("no", "bf16", "auto"))

    def pairs_of(self, test: pd.DataFrame) -> pd.DataFrame:
        """The pairs that are scored."""
        return tasks.language_pairs(test, self.pair_items) if self.pairs == "all" else test

    def checkpoints(self, model, data, steps: int):
        """What keeps the weights on the way of a training of so many updates: a checkpoints.Checkpoints."""
        from xltlib.checkpoints import Averaged, Checkpoints, ExponentialAverage

        averages = {}
        if self.averaged:
            averages["averaged"] = Averaged(model, steps, self.averaged)
        if self.ema:
            averages["ema"] = ExponentialAverage(model, self.ema)
        return Checkpoints(model, data.dev, data.source, averages, self.precision)

    def predict(self, kept, data, noise, seed: int) -> pd.DataFrame:
        """Predictions of every checkpoint rule.

        Args:
            kept: of checkpoints.Checkpoints.
            noise: the component of the training, whose copies vote.
            seed: of the run; votes draw by seed + 1000, for each checkpoint anew.
        """
        from xltlib import prediction

        score = None
        if self.votes:

            def score(model, frame, progress):
                voting = noise.step(model, seed + 1000)  # else one checkpoint would move another's draws
                return prediction.voted(model, frame, voting, self.votes, progress, data.source)

        return kept.predict(self.pairs_of(data.test), progress=True, score=score)

    def look(self, model, data) -> Looked:
        """Language bias of the trained encoder, and accuracy under attack."""
        from xltlib import bias, prediction

        table, attacked = pd.DataFrame(), {}
        source_pairs = data.test[data.test.language1 == data.source]
        if self.attack.adversarial:
            step = self.attack.step(model, 1)  # one start for all runs
            accuracy = prediction.under_attack(model, source_pairs, step)
            attacked = {"radius": self.attack.radius, "accuracy": accuracy, "items": len(source_pairs)}
        if self.bias:
            sentences = tasks.parallel_sentences(data.test, self.bias)
            table = bias.language_bias(
                {code: prediction.encoded(model, texts) for code, texts in sentences.items()}
            )
        return Looked(table, attacked)


@dataclass
class Looked:
    """What else was looked at.

    Attributes:
        bias: of bias.language_bias, a row a language; empty if it was not asked for.
        attacked: radius, accuracy and items of the source language under attack; empty as well.
    """

    bias: pd.DataFrame
    attacked: dict

    def said(self) -> str:
        """Both in words."""
        return f"languages whose bias was measured: {len(self.bias)}; attacked: {bool(self.attacked)}"

    def table(self) -> pd.DataFrame | None:
        """Language bias, rounded; None if it was not asked for."""
        return self.bias.round(3) if len(self.bias) else None

    def rows(self) -> list[dict]:
        """Language bias as a record keeps it."""
        return self.bias.reset_index().to_dict("records") if len(self.bias) else []


@dataclass(frozen=True, kw_only=True)
class Measured(Component):
    """What is looked at before and after an adaptation, beside held-out text.

    Args:
        bias: n-way parallel test sentences on which language bias is measured (0: none).
        probes: languages not adapted to, of which translations are looked for: forgetting.
        corpus: translations for that.
        trees: dependency trees that a structural probe is evaluated on (adaptation/syntax.py), as of the
            adaptation ``syntax``.
        parsed: languages of these trees. The probe is fitted to trees of those that are adapted to.
    """

    bias: int = option(0, at_least=2, or_zero=True)
    probes: str = option("", languages=True, only_with="corpus")
    corpus: str = option("", reads=True, only_with="probes")
    trees: str = option("", reads=True, only_with="parsed")
    parsed: str = option("", languages=True, only_with="trees")
    translations: dict | None = gathered()
    sentences: dict | None = gathered()
    treebank: dict | None = gathered()

    def gather(self, run) -> Measured:
        codes, translations, sentences = run.codes(self.probes), {}, {}
        if codes:
            entry = Entry("probe", "probe", "measured", tuple(codes), self.corpus)
            translations = run.provenance.translations(self.corpus, codes, 200, entry, vocabulary=False)
        if self.bias:
            sentences = tasks.parallel_sentences(run.provenance.test, self.bias)
            if len(next(iter(sentences.values()))) < 2:
                raise ValueError(
                    f"measured.bias = {self.bias}: fewer than two test sentences are in all languages"
                )
        return self.holding(translations=translations, sentences=sentences, treebank=self._treebank(run))

    def _treebank(self, run) -> dict:
        """Trees of each language, those first that a probe is evaluated on."""
        codes = run.codes(self.parsed)
        if not codes:
            return {}
        entry = Entry("probe", "syntax", "measured", tuple(codes), self.trees)
        found = run.provenance.trees(self.trees, codes, tasks.PROBED, entry, vocabulary=False)
        for code, trees in found.items():
            if len(trees) < tasks.EVALUATED:
                wanted = f"wanted {tasks.EVALUATED} to evaluate on"
                raise ValueError(f"measured.trees = {self.trees!r}: {len(trees)} trees of {code}, {wanted}")
        if not any(len(found[code]) > tasks.EVALUATED for code in found):
            raise ValueError(f"measured.trees = {self.trees!r}: no further trees to fit a probe to")
        return found

    def looked_at(self) -> list[str]:
        """All sentences that were gathered."""
        sides = [side for pairs in self.translations.values() for pair in pairs for side in pair]
        tree_texts = [tree.text for trees in self.treebank.values() for tree in trees]
        return [text for texts in self.sentences.values() for text in texts] + sides + tree_texts
