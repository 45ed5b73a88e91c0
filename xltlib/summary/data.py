"""One study's runs and predictions, and the numbers that cost time: computed when asked for, then kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from statsmodels.api import OLS

from xltlib import collected, languages, levels, provenance, statistics
from xltlib.provenance import Entry
from xltlib.statistics import ARM

ACCURACY_OF = ["run", "language1", "language2", "selection"]  # what one accuracy is of
ASKED_ABOUT = ("hybrid", "labse", "labse-recipe")  # the strategies that the question names


@dataclass(eq=False)
class StudyData:
    """What a study left, and what follows from it.

    Args:
        study: its name.
        folder: where its tables and figures lie.
        about: what it is, in words.
        missing: labels of runs that are planned and not done.
        records: of all runs, as they stand in ``runs.json``, adaptations and trunks among them.
        predictions: columns ``run, item, cluster, language1, language2, label, selection, p0, p1, ...``.
        selection: checkpoint rule: ``"last"``, ``"averaged"``, ``"ema"``, ``"en-dev"`` or ``"oracle"``.
        source: the language that was trained on.
        grouped: languages of each group, where the study has groups of its own.
        controls: arms that the study names as controls.
    """

    study: str
    folder: Path
    about: str
    missing: list[str]
    records: list[dict]
    predictions: pd.DataFrame
    selection: str = "last"
    source: str = "en"
    grouped: dict[str, str] = field(default_factory=dict)
    controls: list[str] = field(default_factory=list)

    # What was run, and what it read.

    @cached_property
    def runs(self) -> pd.DataFrame:
        """Records of the arms that are compared, a row a run.

        ``draw`` tells which of an arm's adapted encoders a seed has; "" where the arm has not several.
        """
        runs = pd.DataFrame([record for record in self.records if record["arm"]])
        runs["draw"] = [provenance.draw_of(provenance.from_record(read)) for read in runs.read]
        several = runs.groupby(ARM).draw.transform("nunique") > 1
        return runs.assign(draw=runs.draw.where(several, ""))

    @cached_property
    def read(self) -> dict[str, list[Entry]]:
        """What each run has read."""
        return {run.run: provenance.from_record(run.read) for run in self.runs.itertuples()}

    @cached_property
    def run_identity(self) -> dict[str, tuple]:
        """What tells a run from others beside what it has read."""
        return {run.run: (run.seed, run.encoder, run.head) for run in self.runs.itertuples()}

    @cached_property
    def n_seeds(self) -> int:
        """How many seeds the study has."""
        return self.runs.seed.nunique()

    @cached_property
    def seen(self) -> set[str]:
        """Languages beside the source of which labels were read by some arm: not zero-shot."""
        labelled = self.shown[(self.shown.language1 != self.source) & (self.shown.supervision == "labelled")]
        return set(labelled.language1.astype(str))

    @cached_property
    def order(self) -> list[str]:
        """Languages that were scored, in the order of figures."""
        return languages.in_order(self.shown.language1.unique())

    @cached_property
    def zero_shot(self) -> list[str]:
        """Targets of which no label was read."""
        return [code for code in self.order if code not in self.seen | {self.source}]

    @cached_property
    def pieces(self) -> dict[tuple[str, str], dict[str, float]]:
        """Pieces a word and the share of unknown pieces, by encoder and language; of older runs nothing.

        Runs of one encoder on other test sentences differ a little: here is the last one's.
        """
        pieces = {}
        for record in self.records:
            of_arm = record.get("pieces", {}) if record["arm"] else {}
            for code, counts in of_arm.items():
                pieces[record["encoder"], code] = counts
        return pieces

    @cached_property
    def levels(self) -> dict[tuple[str, str], str]:
        """The resource level of each language that was scored for each encoder: see levels.py.

        Where the study has groups of its own, the group instead.
        """
        if self.grouped:
            groups = {code: name for name, codes in self.grouped.items() for code in codes.split()}
            codes = [code for code in self.order if code in groups]
            return {(encoder, code): groups[code] for encoder in self.runs.encoder.unique() for code in codes}
        by_language = {}
        for encoder in self.runs.encoder.unique():
            for code in self.order:
                unknown = self.pieces.get((encoder, code), {}).get("unknown")
                by_language[encoder, code] = levels.level(code, encoder, unknown)
        return by_language

    @cached_property
    def arm(self) -> list[str]:
        """Columns that tell this study's arms apart: encoder and head where there are several."""
        always = ("strategy", "adaptation")
        return [name for name in ARM if name in always or self.accuracy[name].nunique() > 1]

    # Accuracies.

    @cached_property
    def by_cell(self) -> pd.DataFrame:
        """Accuracy (a share) of each run, pair of languages and checkpoint rule, from the predictions."""
        answers = self.predictions.assign(right=statistics.is_right(self.predictions))
        cells = answers.groupby(ACCURACY_OF, observed=True, sort=False).right
        return cells.agg(accuracy="mean", n_items="size").reset_index()

    @cached_property
    def accuracy(self) -> pd.DataFrame:
        """The same beside what describes the run; ``supervision`` is the most that was read of it."""
        rows = self.by_cell.merge(self.runs[["run", *ARM, "rung", "seed"]], on="run")
        pairs = list(zip(rows.run, rows.language1.astype(str)))
        supervision = {(run, code): provenance.supervision(self.read[run], code) for run, code in set(pairs)}
        rows["supervision"] = [supervision[pair] for pair in pairs]
        columns = [*ARM, "rung", "seed", "language1", "language2", "supervision", "selection"]
        return rows[[*columns, "accuracy", "n_items"]]

    @cached_property
    def shown(self) -> pd.DataFrame:
        """Accuracies of one-language pairs under the chosen checkpoint rule."""
        chosen = self.accuracy.selection == self.selection
        return self.accuracy[chosen & statistics.is_one_language(self.accuracy)]

    @cached_property
    def right(self) -> pd.DataFrame:
        """One row a run, item and language: see statistics.right_answers."""
        return statistics.right_answers(self.predictions, self.runs, self.selection)

    @cached_property
    def right_matched(self) -> pd.DataFrame:
        """The same where each answer is given as often as it occurs among the labels."""
        return statistics.right_when_matched(self.predictions, self.runs, self.selection)

    @cached_property
    def right_zero_shot(self) -> pd.DataFrame:
        """Those of targets of which no label was read."""
        return self.of_zero_shot(self.right)

    def of_zero_shot(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The rows of targets of which no label was read."""
        return rows[(rows.language != self.source) & ~rows.language.isin(self.seen)]

    @cached_property
    def intervals(self) -> pd.DataFrame:
        """Accuracy of each arm and language in per cent, all seeds together, with a 95 % interval.

        Over clusters of shared sentences; ``majority`` is the share of the most frequent answer, ``overlap``
        what the overlap of words alone reaches (tasks.overlap_floor), where the runs know it.
        """
        chosen = self.predictions[self.predictions.selection == self.selection]
        labels = chosen.drop_duplicates(["language1", "item"]).groupby("language1", observed=True).label
        majority = 100 * labels.agg(statistics.share_of_the_most_frequent)
        overlap = {}
        for record in self.records:
            overlap |= record.get("data", {}).get("overlap", {})
        rows, keys = [], [*ARM, "rung", "language"]
        for names, answers in self.right.groupby(keys, sort=False):
            fit = OLS(100 * answers.right, np.ones(len(answers))).fit(
                cov_type="cluster", cov_kwds={"groups": answers.cluster}
            )
            low, high = fit.conf_int().clip(0, 100).to_numpy()[0]
            row = dict(zip(keys, names))
            row |= {"accuracy": fit.params.iloc[0], "low": low, "high": high, "majority": majority[names[-1]]}
            if overlap:
                row["overlap"] = overlap.get(names[-1])
            rows.append({**row, "n_items": answers["item"].nunique()})
        return pd.DataFrame(rows)

    @cached_property
    def grids(self) -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
        """Of runs that were scored on all pairs of languages: see statistics.generalized; empty without any.

        Returns:
            Accuracy of every pair, and what the grid says as a whole, by which languages they are of.
        """
        one, two = self.predictions.language1.astype(str), self.predictions.language2.astype(str)
        scored = self.predictions.run.isin(self.predictions.run[one != two].unique())
        if not scored.any():
            return {}
        masks = {"all languages": scored}
        if len(self.zero_shot) > 1:
            masks["zero-shot targets alone"] = scored & one.isin(self.zero_shot) & two.isin(self.zero_shot)
        grids = {}
        for title, mask in masks.items():
            grids[title] = statistics.generalized(self.predictions[mask], self.selection, self.source)
        return grids

    # Effects of adaptation.

    @cached_property
    def _effects(self) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
        return self.effects_of(self.right)

    def effects_of(self, right: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
        """Effects of right answers, their differences between strategies, and arms without a partner.

        Args:
            right: as statistics.right_answers returns it.
        Returns:
            The first two as statistics.corrected returns them.
        """
        collected.refuse_alike(right, self.runs, self.study)
        of_targets = right[right.language != self.source]
        if of_targets.empty:
            effects, missing = pd.DataFrame(columns=statistics.EFFECTS), []
            between = pd.DataFrame(columns=statistics.BETWEEN)
        else:
            compared = statistics.WITH_PLAIN if self.grouped else statistics.COMPARED
            tables = statistics.adaptation_effects(of_targets, self.zero_shot, self.levels, compared)
            effects, between, missing = tables
        planned = collected.planned_tests(self.missing, self.records)
        return statistics.corrected(effects, planned), statistics.corrected(between, planned), missing

    @cached_property
    def matched_effects(self) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
        """The same at matched shares."""
        return self.effects_of(self.right_matched)

    @cached_property
    def targets(self) -> pd.DataFrame:
        """The effect on each target language: see statistics.adaptation_effects and corrected."""
        effects, _, _ = self._effects
        return effects[~statistics.is_mean(effects)].assign(study=self.study)

    @cached_property
    def groups(self) -> pd.DataFrame:
        """The effect on means of zero-shot targets: of all (language ``"mean"``), of each resource level."""
        effects, _, _ = self._effects
        return effects[statistics.is_mean(effects)]

    @cached_property
    def between(self) -> pd.DataFrame:
        """Differences of effects between strategies (COMPARED; with groups WITH_PLAIN), on each target."""
        _, between, _ = self._effects
        return between[~statistics.is_mean(between)]

    @cached_property
    def between_groups(self) -> pd.DataFrame:
        """The same on means of zero-shot targets."""
        _, between, _ = self._effects
        return between[statistics.is_mean(between)]

    @cached_property
    def without_partner(self) -> list[str]:
        """Arms that lack the run beside them from which an effect would follow."""
        _, _, missing = self._effects
        return missing

    @cached_property
    def by_seed(self) -> pd.DataFrame:
        """The effect for each seed alone."""
        return statistics.effects_by_seed(self.right)

    @cached_property
    def many_adaptations(self) -> bool:
        """Too many to draw each: the figure of the family has them all."""
        return self.targets.adaptation[~self.is_control(self.targets.adaptation)].nunique() > 4

    @cached_property
    def mean_effects(self) -> pd.DataFrame:
        """The effect on the mean of the zero-shot targets, a row an adapted arm."""
        return statistics.mean_effects(self.right_zero_shot)

    @cached_property
    def mean_effects_by_group(self) -> pd.DataFrame:
        """The same on the mean of each ``group``, where the study has groups of its own."""
        effects = []
        for group, codes in self.grouped.items():
            of_group = self.right_zero_shot[self.right_zero_shot.language.isin(codes.split())]
            effects.append(statistics.mean_effects(of_group).assign(group=group))
        return pd.concat(effects)

    @cached_property
    def effects_at_source(self) -> pd.DataFrame:
        """The effect on the source language."""
        return statistics.mean_effects(self.right[self.right.language == self.source])

    @cached_property
    def over_updates(self) -> pd.DataFrame:
        """The effect on the mean of the zero-shot targets over the control; empty without one."""
        adapted = self.right_zero_shot[self.right_zero_shot.adaptation != "none"]
        beside_control = adapted.replace({"adaptation": {collected.CONTROL: "none"}})
        planned = collected.planned_tests(self.missing, self.records)
        return statistics.judge(statistics.mean_effects(beside_control), planned)

    @cached_property
    def named_controls(self) -> list[str]:
        """Adaptations of the arms that the study names as controls, under whatever strategy."""
        return collected.named_controls(zip(self.runs.label, self.runs.adaptation), self.controls)

    def is_control(self, adaptations: pd.Series) -> pd.Series:
        """Whether these are controls: extra English updates, or what the study names."""
        names = adaptations.astype(str)
        controls = [name for name in names.unique() if collected.is_control(name, self.named_controls)]
        return names.isin(controls)

    @cached_property
    def other_tests(self) -> pd.DataFrame:
        """The mean effect by tests that rest on other assumptions: see statistics.other_tests."""
        return statistics.other_tests(self.right, self.zero_shot)
