"""The summary of a study: tables, sentences and figures as functions of what its runs left; no kernel."""

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from xltlib import report, summary
from xltlib.provenance import Entry
from xltlib.summary import controls, costs, matched, pictures, saving
from xltlib.tables import groups

of_committed = pytest.mark.xdist_group("committed")  # so that each study is read once
FIGURES = Path(__file__).resolve().parent.parent / "figures"
STUDIES = (
    "paws-x", "paws-x-bi", "adaptation", "adaptation-after", "adaptation-dose", "demo", "demo-hard",
    "baseline",
)  # fmt: skip
IN_WORDS = "masked language modelling"
ARM_OF_TABLES = {"encoder": "offline", "strategy": "plain", "head": "cross"}
TABLES = (
    summary.language_table,
    summary.effect_table,
    summary.seed_table,
    summary.between_table,
    summary.arm_table,
    summary.covariate_table,
    summary.accuracy_table,
    summary.level_table,
    summary.rule_table,
    summary.majority_table,
    summary.published_table,
    summary.metric_table,
    summary.grid_table,
    summary.family_table,
    summary.over_updates_table,
    summary.penalty_table,
    summary.dose_table,
    summary.held_out_table,
    summary.other_test_table,
    summary.power_table,
    summary.checks,
)
TEXTS = (
    summary.answer,
    summary.verdict_list,
    summary.about,
    summary.partners,
    summary.labels_read,
    summary.items,
    summary.largest_spread,
    summary.rules_agree,
    summary.stuck_runs,
    summary.single_tests_sentence,
    summary.pairs_sentence,
    summary.seed_noise_sentence,
)
ENGLISH = Entry("labels", "train", "labelled-source", ("en",), "paws-x", 100)
MLM = Entry("adaptation", "mlm", "text", ("de", "fr"), "wikipedia", 50, told={"dose": "50"})


def made_up(
    arms: list[dict], seeds=(1, 2, 3, 4), codes=("en", "de", "fr"), n_items=200, missing=(), pairs="same"
):
    """A study whose answers are right as often as the arms say.

    Args:
        arms: strategy, adaptation, head; ``right``: share of right answers, or a function of seed and code to
            it; ``read``: entries; ``more``: what the records have besides.
    """
    records, predictions = [], []
    cells = [(one, two) for one in codes for two in codes if one == two or pairs == "all"]
    for arm in arms:
        for seed in arm.get("seeds", seeds):
            record = made_up_record(arm, seed)
            for one, two in cells:
                rows = answered(record["run"], arm, seed, (one, two), n_items)
                seen = {"selection": "last", "language1": one, "language2": two, "accuracy": right_of(rows)}
                record["accuracy"].append({**seen, "n_items": n_items})
                predictions.append(rows)
            records.append(record)
    frame = pd.concat(predictions, ignore_index=True)
    for column in ("run", "language1", "language2", "selection"):
        frame[column] = frame[column].astype("category")
    about = ("made-up", Path("made-up"), "A study.", list(missing))
    return summary.StudyData(*about, records, frame)


def made_up_record(arm: dict, seed: int) -> dict:
    """The record of one run; its accuracies are still to come."""
    strategy, adaptation = arm.get("strategy", "hybrid"), arm.get("adaptation", "none")
    head, entries = arm.get("head", "cross"), arm.get("read", [ENGLISH])
    record = {
        "label": f"{adaptation} seed {seed}",
        "arm": True,
        "run": f"finetune-{strategy}-{adaptation}-{head}-{seed}",
        "notebook": "20_finetune",
        "encoder": "offline",
        "strategy": strategy,
        "head": head,
        "adaptation": adaptation,
        "rung": "Z1",
        "read": [entry.as_record() for entry in entries],
        "seed": seed,
        "task": "paws-x",
        "parents": {},
        "parameters": {},
        "seconds": {"training": 10.0},
        "tokens": 1000,
        "accuracy": [],
    }
    return record | arm.get("more", {})


def answered(run: str, arm: dict, seed: int, cell: tuple[str, str], n_items: int) -> pd.DataFrame:
    """Predictions of one run and pair of languages: the same items are right where the share is the same."""
    share = arm.get("right", 0.7)
    share = share(seed, cell[0]) if callable(share) else share
    order = np.random.default_rng(1).permutation(n_items)
    right = order < round(share * n_items)
    label = np.arange(n_items) % 2
    sure = np.where(right == (label == 1), 0.9, 0.1)
    columns = {"item": np.arange(n_items), "cluster": np.arange(n_items), "label": label}
    found = {"run": run, "language1": cell[0], "language2": cell[1], "selection": "last", **columns}
    return pd.DataFrame({**found, "p0": 1 - sure, "p1": sure})


def right_of(predictions: pd.DataFrame) -> float:
    return float(((predictions.p1 > 0.5) == (predictions.label == 1)).mean())


def pair_of_arms(right, **given):
    """An arm without adaptation, 70 % right, and one with, as right as it is said."""
    return made_up([{}, {"adaptation": "mlm", "right": right, "read": [ENGLISH, MLM]}], **given)


def swinging(seed: int, code: str) -> float:
    """Better with one seed, worse with the next."""
    if code == "en":
        return 0.7
    return 0.75 if seed % 2 else 0.64


@cache
def committed(study: str):
    return summary.load(FIGURES, study)


@pytest.fixture(scope="module")
def paws_x():
    """The committed study of the question, with as many draws as its committed tables."""
    return committed("paws-x")


# The answer.


@pytest.mark.parametrize(
    ("right", "given", "headline", "by"),
    [
        (0.8, {}, "Detected gain", "+10.0 points"),
        (0.6, {}, "Detected loss", "−10.0 points"),
        (swinging, {}, "No detectable effect", "−0.5 points"),
        (0.7, {"n_items": 4000}, "Equivalent to zero within half a point", "+0.0 points"),
        (0.8, {"seeds": (1,)}, "One seed", "+10.0 points"),
    ],
    ids=["up", "down", "undecided", "equivalent", "one-seed"],
)
def test_the_first_sentence_is_the_verdict(right, given, headline, by):
    data = pair_of_arms(right, **given)
    if headline.startswith("Equivalent"):
        data = almost_the_same(data)
    first = summary.answer(data).splitlines()[0]
    assert first.startswith(f"- **{headline}")
    who = "under hybrid batches, masked language modelling"
    assert (
        f"{who} changes the mean of the two zero-shot targets by {by}" in first and "95 % interval" in first
    )
    (row,) = data.groups[data.groups.language == "mean"].itertuples()
    assert f"{row.low:+.1f}".replace("-", "−") in first and f"{row.high:+.1f}" in first.replace("−", "-")


def almost_the_same(data):
    """The same study, in which adaptation turns ten answers right and ten others wrong, in each language."""
    adapted = data.predictions.run.astype(str).str.contains("-mlm-")
    right = (data.predictions.p1 > 0.5) == (data.predictions.label == 1)
    rank = right.groupby([data.predictions.run, data.predictions.language1, right], observed=True).cumcount()
    turned = adapted & (rank < 10)
    data.predictions.loc[turned, ["p0", "p1"]] = data.predictions.loc[turned, ["p1", "p0"]].to_numpy()
    return data


def test_what_cannot_be_told_is_called_underpowered():
    said = summary.answer(pair_of_arms(swinging))
    size = re.search(
        r"Underpowered:\*\* an effect of ([\d.]+) points would have been found four times in five", said
    )
    (row,) = pair_of_arms(swinging).groups.query("language == 'mean'").itertuples()
    assert float(size[1]) == pytest.approx((row.high - row.low) * 2.8 / 3.92, abs=0.06)
    assert "Underpowered" not in summary.answer(pair_of_arms(0.8))


def test_an_interval_off_zero_is_no_effect_before_the_correction():
    data = pair_of_arms(0.8)
    data.groups["verdict"], data.groups["p (Holm)"] = "undecided", 0.12
    first = summary.answer(data).splitlines()[0]
    assert (
        first.startswith("- **Not established:**")
        and "excludes zero, but p is 0.12 after Holm's correction" in first
    )


def test_a_detected_effect_stands_beside_that_over_the_control():
    arms = [{}, {"adaptation": "mlm", "right": 0.8}, {"adaptation": "more-updates", "right": 0.78}]
    said = summary.answer(made_up(arms))
    assert "Detected gain" in said and "the control) that is +2.0" in said
    assert "extra English updates" not in said  # a control is no answer


def test_a_single_target_is_named():
    said = summary.answer(pair_of_arms(0.8, codes=("en", "de")))
    assert "changes accuracy in German by +10.0 points" in said


def test_without_adaptation_there_is_no_answer():
    assert "No answer" in summary.answer(made_up([{}, {"strategy": "labse-recipe"}]))
    assert "No answer yet" in summary.answer(made_up([{"strategy": "plain"}, {"adaptation": "mlm"}]))


def test_labels_of_every_target_leave_no_answer():
    labels = Entry("labels", "train", "labelled-target", ("de", "fr"))
    data = made_up([{"read": [ENGLISH, labels]}, {"adaptation": "mlm", "read": [ENGLISH, labels]}])
    assert "labels of every target were read" in summary.answer(data)
    assert summary.labels_read(data).endswith("de, fr")


def test_runs_in_two_precisions_are_said_where_runs_are_counted():
    ran = {name: {"machine": {"device": "cpu, 1 threads", "auto_precision": name}} for name in ("no", "bf16")}
    given = {"parameters": {"precision": "auto", "targets": "en de fr"}}
    asked = {name: of | given for name, of in ran.items()}
    arms = [{"right": 0.7, "more": asked["no"]}, {"adaptation": "mlm", "right": 0.7, "more": asked["bf16"]}]
    said = "runs differ in precision (4 in fp32, 4 in bf16): compare arms of one precision only"
    assert f"missing: none. Note: {said}." in summary.about(made_up(arms))
    assert "Note" not in summary.about(made_up([arms[0], arms[1] | {"more": asked["no"]}]))


def test_missing_runs_are_said_last_and_five_sentences_are_enough():
    arms = [{"strategy": s, "adaptation": a, "right": r} for s, a, r in varied()]
    lines = summary.answer(made_up(arms, missing=["mlm seed 5", "mlm seed 6"])).splitlines()
    assert len(lines) == 5
    assert lines[-1] == "- **Incomplete:** 2 planned runs are not done, mlm seed 5 among them."


def varied() -> list[tuple]:
    """Arms of two strategies, whose adaptations gain, lose and swing."""
    effects = [("none", 0.7), ("mlm", 0.8), ("tsdae", 0.6), ("coral", swinging), ("more-updates", 0.71)]
    return [(strategy, *effect) for strategy in ("hybrid", "labse-recipe", "plain") for effect in effects]


@of_committed
@pytest.mark.parametrize("study", STUDIES)
def test_the_answer_of_a_committed_study_is_short(study):
    lines = summary.answer(committed(study)).splitlines()
    assert 1 <= len(lines) <= 5 and all(line.startswith("- ") and line.endswith(".") for line in lines)


@of_committed
def test_the_answer_of_the_question_is_that_of_its_tables(paws_x):
    said, table = summary.answer(paws_x), pd.read_csv(FIGURES / "paws-x/groups.csv")
    means = table[(table.language == "mean") & (table.adaptation != "more-updates")]
    assert said.startswith(
        "- **No detectable effect:** under hybrid batches, consistency on parallel pairs changes"
    )
    for row in means.itertuples():
        assert f"{row.effect:+.1f}".replace("-", "−") in said
    assert "none of 28 effects is detectable" in said and "no detectable difference" in said


@of_committed
def test_the_answer_of_the_stronger_study_says_what_is_left_over_the_control_and_compares_strategies():
    data = committed("paws-x-strong")
    said, key = summary.answer(data), ["strategy", "adaptation", "language"]
    table = pd.read_csv(FIGURES / "paws-x-strong/groups.csv").set_index(key)
    again = pd.concat([data.groups, data.between_groups]).set_index(key).loc[table.index]
    numbers = ["effect", "low", "high", "p (Holm)"]
    assert np.allclose(again[numbers], table[numbers], atol=0.02)
    assert again.verdict.tolist() == table.verdict.tolist()
    loss = said.splitlines()[0]
    assert loss.startswith("- **Detected loss:** under the LaBSE recipe, masked language modelling (7")
    assert "for masked language modelling (7 languages) under the LaBSE recipe (detected)" in loss
    assert "for denoising (TSDAE) under the LaBSE recipe (not detected)" in loss
    assert "**Hybrid batches against the LaBSE recipe:** no detectable difference" in said


# Tables.


@of_committed
def test_every_table_of_the_question_is_the_committed_one(paws_x):
    for name, table in summary.all_tables(paws_x).items():
        kept = pd.read_csv(FIGURES / "paws-x" / f"{name}.csv")
        assert list(table.columns) == list(kept.columns), name
        for column in kept:
            if pd.api.types.is_numeric_dtype(kept[column]):
                assert np.allclose(table[column].astype(float), kept[column], atol=0.02, equal_nan=True), (
                    name,
                    column,
                )
            else:
                assert table[column].fillna("").astype(str).tolist() == kept[column].fillna("").tolist(), (
                    name,
                    column,
                )


@of_committed
def test_accuracies_are_saved_as_they_are_committed(paws_x, tmp_path):
    options = {"index": False, "float_format": "%.6f", "lineterminator": "\n"}
    paws_x.accuracy.to_csv(tmp_path / "accuracy.csv", **options)
    assert (tmp_path / "accuracy.csv").read_bytes() == (FIGURES / "paws-x/accuracy.csv").read_bytes()


@of_committed
@pytest.mark.parametrize("study", STUDIES)
def test_every_check_of_a_committed_study_holds(study):
    assert summary.checks(committed(study)).holds.all()


def test_a_check_can_fail_which_stops_and_nothing_is_saved(tmp_path):
    data = pair_of_arms(0.8)
    data.records[0]["accuracy"][0]["accuracy"] = 0.1
    assert not summary.checks(data).holds["the runs recorded the same accuracies"]
    said = "it does not hold that the runs recorded the same accuracies .run finetune-hybrid-none-cross-1, en"
    with pytest.raises(ValueError, match=f"study made-up fails its self-checks: {said}.*0.7000 .*0.1000 "):
        summary.checked(data)
    with pytest.raises(ValueError, match=said):
        summary.save(data, tmp_path)
    assert not list(tmp_path.iterdir())
    with pytest.raises(ValueError, match="predictions and records disagree"):
        summary.refuse_other_accuracies(data)


def test_accuracies_that_stand_on_one_side_alone_are_no_agreement():
    data = pair_of_arms(0.8)
    data.records[0]["accuracy"].pop()
    with pytest.raises(ValueError, match="24 accuracies are predicted, 23 recorded, 23 of both"):
        summary.checked(data)
    data = pair_of_arms(0.8)
    data.records[0]["accuracy"][0]["accuracy"] = float("nan")
    with pytest.raises(ValueError, match="nan by its record"):
        summary.checked(data)


def test_an_arm_whose_runs_read_different_things_fails_its_check():
    data = pair_of_arms(0.8)
    data.records[0]["rung"] = "Z3"
    with pytest.raises(ValueError, match="every arm has the same rung in all its runs"):
        summary.checked(data)


def test_the_table_by_language_has_effects_means_and_marks():
    table = summary.language_table(pair_of_arms(0.8))
    assert table.index.tolist() == ["German", "French", "mean of all zero-shot targets"]
    assert table.columns.tolist() == [("hybrid batches", "masked language modelling")]
    assert all(re.fullmatch(r"\+10\.0\s\(\+\d.*\)\s\*", cell) for cell in table.iloc[:, 0])
    undetected = summary.language_table(pair_of_arms(swinging))
    assert not undetected.iloc[:, 0].str.contains("*", regex=False).any()


def test_more_arms_than_languages_stand_in_rows():
    arms = [{"adaptation": name} for name in ("none", "mlm", "tsdae", "coral", "mmd", "more-updates")]
    table = summary.language_table(made_up(arms))
    assert table.columns.tolist() == ["German", "French", "mean of all zero-shot targets"]
    assert table.index[-1] == ("hybrid batches", "extra English updates (control)")


def test_accuracy_by_arm_and_language():
    table = summary.accuracy_table(pair_of_arms(swinging))
    assert table.loc[("hybrid batches", "none", "Z1"), "de"] == "70.0 ± 0.0"
    assert table.loc[("hybrid batches", IN_WORDS, "Z1"), "de"] == "69.5 ± 6.4"
    assert table.loc[("hybrid batches", "none", "Z1"), "mean, read: none"] == 70.0
    assert table.loc[("hybrid batches", IN_WORDS, "Z1"), "mean, read: text"] == 69.5


def worst_seed(rows):
    return 100 * rows.groupby("seed").accuracy.mean().min()


def width(row):
    return row.high - row.low


def test_another_column_is_one_function():
    data = pair_of_arms(swinging)
    accuracy = summary.accuracy_table(data, worst_seed)
    assert accuracy["worst seed"].round(6).tolist() == [70.0, 66.0]
    effects = summary.effect_table(data, width)
    assert np.allclose(effects["width"], data.targets.high - data.targets.low)
    assert list(accuracy.columns[:-1]) == list(summary.accuracy_table(data).columns)


def test_seeds_stand_side_by_side():
    table = summary.seed_table(pair_of_arms(swinging))
    assert table.loc[("hybrid batches", IN_WORDS)].tolist() == [5.0, -6.0, 5.0, -6.0]


def test_the_difference_of_two_strategies():
    arms = [{"strategy": s, "adaptation": a} for s in ("hybrid", "labse-recipe") for a in ("none", "mlm")]
    arms[1]["right"] = 0.8
    table = summary.between_table(made_up(arms))
    difference = table.xs("hybrid batches minus LaBSE recipe", level="strategy")
    assert difference.effect.tolist() == [10.0, 10.0, 10.0] and set(difference.verdict) == {"up"}
    assert difference.index.tolist() == [(IN_WORDS, name) for name in ("German", "French", "mean of all")]
    assert table.columns.name is None
    assert "a detected difference; the effects differ by +10.0" in summary.answer(made_up(arms))


def test_what_an_arm_reads_is_said():
    table = summary.arm_table(pair_of_arms(0.8))
    assert table.reads.tolist() == ["nothing more", "mlm: text from Wikipedia, 2 languages"]
    assert table.seeds.tolist() == [4, 4]


def test_costs_are_those_beyond_no_adaptation():
    arms = [{}, {"adaptation": "mlm", "right": 0.8, "more": {"tokens": 3500}}]
    table = summary.family_table(made_up(arms))[("hybrid batches", IN_WORDS)]
    assert table["effect on the zero-shot targets"] == table["effect on German"] == "+10.0"
    assert table["effect on languages not read"] == "+10.0" and table["thousand tokens more"] == "2"
    assert not {"translations found", "retrieval"} & set(table.index)


def test_effects_over_the_control():
    arms = [{}, {"adaptation": "mlm", "right": 0.8}, {"adaptation": "more-updates", "right": 0.75}]
    table = summary.over_updates_table(made_up(arms))
    assert table.effect.tolist() == [5.0] and table.index.tolist() == [("hybrid batches", IN_WORDS)]
    assert summary.over_updates_table(pair_of_arms(0.8)).empty


def test_doses_are_drawn_where_nothing_else_differs():
    few = Entry(
        "adaptation", "mlm", "text", ("de",), "wikipedia", 50, told={"dose": "50", "source": "wikipedia"}
    )
    many = Entry(
        "adaptation", "mlm", "text", ("de",), "wikipedia", 400, told={"dose": "all", "source": "wikipedia"}
    )
    other = Entry("adaptation", "mlm", "text", ("de",), "ntrex", 400, told={"dose": "all", "source": "ntrex"})
    arms = [
        {},
        {"adaptation": "mlm-50", "read": [ENGLISH, few]},
        {"adaptation": "mlm-all", "read": [ENGLISH, many]},
    ]
    table = summary.dose_table(made_up(arms))
    assert table.index.tolist() == [("hybrid batches", IN_WORDS, 50), ("hybrid batches", IN_WORDS, 400)]
    assert [picture.stem for picture in summary.dose_pictures(made_up(arms))] == ["dose_response"]
    data = made_up(arms)
    data.grouped = {"near": "de", "far": "fr"}
    doses = [("hybrid batches", IN_WORDS, group, count) for group in ("near", "far") for count in (50, 400)]
    assert sorted(summary.dose_table(data).index) == sorted(doses)
    (picture,) = summary.dose_pictures(data)
    assert [axis.get_title() for axis in picture.figure.axes] == ["near", "far"]
    arms[2]["read"] = [ENGLISH, other]
    assert summary.dose_table(made_up(arms)).empty and not summary.dose_pictures(made_up(arms))


def test_penalties_and_held_out_text():
    arms = [{}, {"adaptation": "coral", "more": {"penalty": [4.0] * 5 + [1.0] + [2.0] * 5}}]
    data = made_up(arms)
    data.records.append(
        {"label": "mlm seed 1", "arm": False, "notebook": "10_adapt", "method": "mlm", "run": "adapt-1"}
        | {"before": {"de": 900.0}, "after": {"de": 8.5}, "parents": {}, "seconds": {}}
    )
    assert summary.penalty_table(data).loc[("hybrid batches", "CORAL")].tolist() == ["4", "1", "2"]
    table = summary.held_out_table(data)
    assert table["German"].to_dict() == {("mlm", "mlm", "before"): "900", ("mlm", "mlm", "after"): "8.50"}


def test_what_a_probe_reads_is_no_dose():
    def trees(count: int) -> Entry:
        facts = {"dose": str(count)}
        return Entry("adaptation", "syntax", "trees", ("de",), "ud-pud", count, told=facts)

    probed = Entry("probe", "syntax", "measured", ("de",), "ud-pud", 300)
    arms = [{"adaptation": f"syntax-{n}", "read": [ENGLISH, probed, trees(n)]} for n in (100, 900)]
    mlm = Entry("adaptation", "mlm", "text", ("de",), "ud-pud", 900)
    data = made_up([{}, *arms, {"adaptation": "mlm", "read": [ENGLISH, probed, mlm]}])
    assert costs.doses(data).sentences.tolist() == [100, 900]


def test_pairs_of_languages_have_an_effect_over_nothing_and_over_each_control():
    arms = [{}, {"adaptation": "mlm", "right": 0.8}, {"adaptation": "more-updates", "right": 0.75}]
    table = controls.on_pairs(made_up(arms, pairs="all")).set_index(["over", "language"])
    means = ["two targets", "a target and another"]
    assert sorted(table.index) == sorted((over, name) for over in ("none", "more-updates") for name in means)
    assert set(table.adaptation) == {"mlm"}
    assert table.effect["none"].tolist() == pytest.approx([10.0, 10.0], abs=0.1)
    assert table.effect["more-updates"].tolist() == pytest.approx([5.0, 5.0], abs=0.1)
    assert controls.on_pairs(made_up(arms)).empty


def test_held_out_text_on_the_way_is_a_mean_over_languages_and_draws():
    data = made_up([{}, {"adaptation": "mlm"}])
    assert costs.on_the_way(data).empty
    for draw, after in ((1, 4.0), (2, 16.0)):
        data.records.append(
            {"label": f"mlm draw {draw}", "arm": False, "notebook": "10_adapt", "method": "mlm"}
            | {"before": {"de": 100.0, "fr": 400.0}, "on_the_way": [[5, 2 * after], [10, after]]}
        )
    table = costs.on_the_way(data)
    assert table.adaptation.tolist() == ["mlm"] * 3 and table["update"].tolist() == [0, 5, 10]
    assert table.held_out.tolist() == pytest.approx([200.0, 16.0, 8.0])


def test_all_pairs_of_languages():
    data = made_up([{}, {"adaptation": "mlm", "right": 0.8}], pairs="all")
    table = summary.grid_table(data)
    assert table.loc[("all languages", "hybrid batches", IN_WORDS, "Z1"), "diagonal"] == 80.0
    assert table.cells.tolist() == [9, 9, 4, 4] and set(table["items"]) == {200}
    assert summary.pairs_sentence(data).startswith("pairs of two languages: 6 effects, 6 with p < 0.05")
    assert [picture.stem for picture in summary.grid_pictures(data)] == ["generalized"]


def test_checkpoint_rules_that_differ_are_shown():
    arms = [("hybrid", 0.8), ("labse-recipe", 0.75), ("plain", 0.7)]
    data = made_up([{"strategy": name, "right": right} for name, right in arms])
    last = data.predictions
    oracle = last.assign(selection="oracle")
    oracle.loc[oracle.run == "finetune-plain-none-cross-1", ["p0", "p1"]] = [0.9, 0.1]
    data.predictions = pd.concat([last, oracle], ignore_index=True)
    table = summary.rule_table(data)
    plain = table.loc[("monolingual batches", "none")]
    assert plain["last"] == 70.0 and plain["oracle"] == 65.0
    assert summary.rules_agree(data) == "Spearman: last and oracle 1.00"
    assert summary.rule_table(pair_of_arms(0.8)).empty


def test_runs_on_the_plateau_are_named():
    data = made_up([{}, {"adaptation": "mlm", "right": 0.5}])
    assert summary.stuck_runs(data).count(f"hybrid batches, {IN_WORDS}, seed") == 4
    above = summary.majority_table(data).droplevel(["encoder", "head"])
    assert above.above_majority.tolist() == [3, 0]


# What is not there, or more than usual.


def scored_in_part():
    """One arm was scored on pairs of two languages, the other was not."""
    data = made_up([{}, {"adaptation": "mlm"}], pairs="all")
    same = data.predictions.language1.astype(str) == data.predictions.language2.astype(str)
    data.predictions = data.predictions[same | ~data.predictions.run.astype(str).str.contains("mlm")]
    for record in data.records:
        if record["adaptation"] == "mlm":
            record["accuracy"] = [row for row in record["accuracy"] if row["language1"] == row["language2"]]
    return data


def in_groups() -> summary.StudyData:
    """Arms of three strategies; adaptation loses ten points in two languages, and nothing in two others."""

    def right(seed: int, code: str) -> float:
        return 0.6 + seed / 1000 if code in ("yor", "quy") else 0.7

    arms = [{"strategy": strategy} for strategy in ("plain", "hybrid", "labse-recipe")]
    arms += [arm | {"adaptation": "mlm", "right": right, "read": [ENGLISH, MLM]} for arm in arms[:2]]
    arms += [{"strategy": "labse-recipe", "adaptation": "mlm", "read": [ENGLISH, MLM]}]
    data = made_up(arms, seeds=(1, 2, 3, 4, 5, 6), codes=("en", "yor", "quy", "nah", "shp"))
    data.grouped = {"unknown": "nah shp", "known-from-translations": "yor quy"}
    return data


LABELS = Entry("labels", "train", "labelled-target", ("de", "fr"))
UNUSUAL = {
    "an arm without its partner": lambda: made_up([{"strategy": "plain"}, {"adaptation": "mlm"}]),
    "seeds without their partner": lambda: made_up(
        [{"seeds": (1, 2)}, {"adaptation": "mlm", "seeds": (3, 4)}]
    ),
    "one seed": lambda: pair_of_arms(0.8, seeds=(1,)),
    "no adaptation": lambda: made_up([{}, {"strategy": "labse-recipe"}]),
    "one run": lambda: made_up([{}], seeds=(1,)),
    "the source alone": lambda: pair_of_arms(0.8, codes=("en",)),
    "one target": lambda: pair_of_arms(0.8, codes=("en", "de")),
    "two heads": lambda: made_up(
        [{"head": h, "adaptation": a} for h in ("cross", "bi") for a in ("none", "mlm")]
    ),
    "labels of all targets": lambda: made_up([{"read": [LABELS]}, {"adaptation": "mlm", "read": [LABELS]}]),
    "labels in one arm": lambda: made_up([{}, {"adaptation": "mlm", "read": [ENGLISH, LABELS]}]),
    "scored in part": scored_in_part,
    "groups": in_groups,
    "many adaptations": lambda: made_up(
        [{"strategy": s, "adaptation": a, "right": r} for s, a, r in varied()]
    ),
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_an_unusual_study_has_tables_and_no_exception(name, tmp_path):
    data = UNUSUAL[name]()
    for table in TABLES:
        assert isinstance(table(data), pd.DataFrame), table.__name__
    for text in TEXTS:
        assert isinstance(text(data), str) and "nan" not in text(data).split(), text.__name__
    summary.save(data, tmp_path)
    assert {"accuracy.csv", "intervals.csv", "adaptation.csv", "groups.csv"} <= {
        p.name for p in tmp_path.iterdir()
    }
    assert (tmp_path / "adaptation_effect.png").exists() == bool(len(data.targets))
    for path in tmp_path.glob("*.csv"):
        assert len(pd.read_csv(path).columns) > 1, path.name  # also of a table without a row


def test_a_study_with_groups_answers_group_by_group():
    data = in_groups()
    effects = data.groups.set_index(["strategy", "language"]).effect.round(2)
    assert effects["plain", "known-from-translations"] == pytest.approx(-9.67)
    assert effects["labse-recipe", "known-from-translations"] == effects["plain", "unknown"] == 0
    unknown, translations, between = summary.answer(data).splitlines()
    assert unknown.startswith("- **Unknown:** no detectable effect of 3 arms")
    assert "detected" in translations and "under monolingual batches" in translations
    assert translations.startswith("- **Known from translations:**")
    assert "known from translations, LaBSE recipe against monolingual batches" in between
    drawn = {picture.stem: picture for picture in summary.answer_pictures(data)}
    picture = drawn["group_effects"]
    assert picture.figure.axes[0].get_xlabel() == "effect on the group's mean (points)"
    assert picture.figure.get_suptitle() == "Effect on accuracy, by group"
    assert drawn["group_matched"].figure.get_suptitle() == "Effect on accuracy at matched shares, by group"
    assert [label.get_text() for label in picture.figure.axes[0].get_yticklabels()] == [
        "unknown",
        "known from\ntranslations",
    ]
    plt.close("all")


def test_tables_of_groups_say_what_the_csv_files_say(tmp_path):
    data = in_groups()
    for record in data.records:
        share = 0.4 if record["adaptation"] == "mlm" else 0.9
        measures = {"retrieval": share, "rank_distance": share / 2}
        record["bias"] = [{"language": code, **measures} for code in ("yor", "quy", "nah", "shp")]
    summary.save(data, tmp_path)
    state = {"runs": data.records, "groups": data.grouped}
    (tmp_path / "runs.json").write_text(json.dumps(state), encoding="utf-8")
    effects = groups.effects(tmp_path).splitlines()
    assert effects[0] == "| strategy | adaptation | seeds | English | unknown | known from translations |"
    assert len(effects) == 2 + 3 and "**−9.7 [−13.8, −5.6]**" in effects[2] + effects[3]
    assert "| monolingual batches | masked language modelling | 6 | 0.0 | 5.9 |" in groups.power(tmp_path)
    between = groups.differences(tmp_path).splitlines()
    assert between[0] == effects[0].replace(" English |", "")
    assert any(line.startswith("| LaBSE recipe minus monolingual batches | masked") for line in between)
    chance = groups.chance(tmp_path).splitlines()
    assert chance[0].startswith("| group | language | test items | majority | monolingual batches |")
    assert len(chance) == 2 + 4 and "| 200 | 50.0 | **70.0 [" in chance[2]
    plain = [line for line in groups.accuracy(tmp_path).splitlines() if "monolingual" in line]
    assert "| none | 6 | 70.0 | 70.0 | 70.0 |" in plain[0] and "| 70.0 | 60.3 |" in plain[1]
    assert "| 40.0 | 40.0 |" in groups.retrieval(tmp_path)
    assert "| 20.0 | 20.0 |" in groups.rank_distance(tmp_path)
    plt.close("all")


def test_doses_stand_beside_each_other_in_groups(tmp_path):
    found = ARM_OF_TABLES | {"n_items": 9, "n_seeds": 3, "low": 0.0, "high": 2.0}
    doses = [(name, 100 * k, group) for k, name in enumerate(("mlm-1", "mlm-2"), 1) for group in "ab"]
    rows = [
        found | {"adaptation": name, "use": "mlm", "sentences": count, "group": group, "effect": count / 100}
        for name, count, group in doses
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "dose_response.csv", index=False)
    judged = [row | {"language": row["group"], "verdict": "undecided"} for row in rows]
    pd.DataFrame([judged[0] | {"verdict": "up"}, *judged[1:]]).to_csv(tmp_path / "groups.csv", index=False)
    larger = found | {"adaptation": "mlm-2", "over": "mlm-1", "effect": 1.0}
    over = [larger | {"language": "a", "verdict": "up"}, larger | {"language": "b", "verdict": "undecided"}]
    pd.DataFrame(over).to_csv(tmp_path / "over_doses.csv", index=False)
    state = {"runs": [], "groups": {"b": "fr", "a": "de"}}
    (tmp_path / "runs.json").write_text(json.dumps(state), encoding="utf-8")
    _, _, one, two = groups.doses(tmp_path).splitlines()
    assert one.endswith("| 100 | 3 | +1.0 [+0.0, +2.0] | **+1.0 [+0.0, +2.0]** |")
    assert "| 200 | 3 | +2.0" in two
    header, _, row = groups.larger_doses(tmp_path).splitlines()
    assert header.endswith("| over | seeds | b | a |")
    assert row.endswith("| 3 | +1.0 [+0.0, +2.0] | **+1.0 [+0.0, +2.0]** |")


def test_seeds_that_share_an_adapted_encoder_are_told_by_their_draw():
    def drawn(number: int) -> Entry:
        return Entry("adaptation", "mlm", "text", ("de",), told={"draw": f"draw-{number}"})

    arms = [{"adaptation": "mlm", "read": [ENGLISH, drawn(n)], "seeds": (n, n + 2)} for n in (1, 2)]
    data = made_up([{}, *arms], seeds=(1, 2, 3, 4))
    draws = data.runs.set_index(["adaptation", "seed"]).draw
    assert draws["none"].tolist() == [""] * 4
    assert draws["mlm"].sort_index().tolist() == ["draw-1", "draw-2", "draw-1", "draw-2"]


@of_committed
@pytest.mark.parametrize("study", STUDIES)
def test_every_table_of_a_committed_study_can_be_made(study):
    data = committed(study)
    for table in TABLES:
        if table is not summary.metric_table:  # the slow one; made-up studies have it
            assert isinstance(table(data), pd.DataFrame), table.__name__
    for text in TEXTS:
        assert text(data), text.__name__


# Figures.


@of_committed
def test_figures_are_named_after_what_they_show_and_the_control_comes_last(paws_x):
    stems = [picture.stem for picture in summary.answer_pictures(paws_x)]
    assert stems == [
        "adaptation_effect",
        "adaptation_effect_tsdae_cross",
        "adaptation_effect_more-updates_cross",
    ]
    tables = {picture.stem: picture.table for picture in summary.all_pictures(paws_x)}
    assert set(tables["adaptation_effect"].adaptation) == {"consistency", "tsdae", "more-updates"}
    assert set(tables["adaptation_effect_tsdae_cross"].adaptation) == {"tsdae"}
    assert {path.stem for path in (FIGURES / "paws-x").glob("*.svg")} == {*tables, "language_bias"}
    plt.close("all")


def test_the_family_answers_where_adaptations_are_many():
    stems = [picture.stem for picture in summary.answer_pictures(committed("adaptation"))]
    assert stems == ["adaptation_effect", "adaptation_family"]
    assert not summary.cost_pictures(committed("adaptation"))


def test_effects_over_a_named_control_are_those_from_no_adaptation_less_the_controls_own():
    arms = [{}, {"adaptation": "mlm", "right": 0.8}, {"adaptation": "mlm-en", "right": 0.7}]
    data = made_up(arms, codes=("en", "de", "fr", "es"))
    assert controls.over_controls(data).empty and not data.is_control(pd.Series(["mlm-en"])).any()
    data = made_up(arms, codes=("en", "de", "fr", "es"))
    data.grouped = {"near": "de fr", "far": "es"}
    data.controls = ["mlm-en"]  # what the arm is called, too
    over = controls.over_controls(data)
    assert set(over.adaptation) == {"mlm"} and set(over.over) == {"mlm-en"}
    assert over.language.tolist() == ["mean", "near", "far"]
    means = data.mean_effects.set_index("adaptation").effect
    assert over.effect.iloc[0] == pytest.approx(means["mlm"] - means["mlm-en"])
    assert data.is_control(pd.Series(["mlm", "mlm-en", "more-updates"])).tolist() == [False, True, True]


def test_a_control_that_shifts_answers_alone_is_no_worse_at_matched_shares():
    arms = [{}, {"adaptation": "mlm", "right": 0.8}, {"adaptation": "shifted"}]
    data = made_up(arms, codes=("en", "de", "fr"), pairs="all")
    data.controls = ["shifted"]
    rows = data.predictions
    shifted = rows.run.astype(str).str.contains("shifted")  # it always answers 1, surer where it is right
    data.predictions = rows.assign(
        p0=rows.p0.where(~shifted, np.where(rows.label == 1, 0.1, 0.4)),
        p1=rows.p1.where(~shifted, np.where(rows.label == 1, 0.9, 0.6)),
    )
    assert controls.over_controls(data).effect.tolist() == pytest.approx([30])
    assert controls.over_controls(data, matched=True).effect.tolist() == pytest.approx([-20], abs=3)
    columns = ["over", "language"]
    plain, matched = (controls.on_pairs(data, of).set_index(columns).effect for of in (False, True))
    assert plain["shifted", "two targets"] == pytest.approx(30)
    assert matched["shifted", "two targets"] == pytest.approx(-20, abs=3)
    assert {"over_controls_matched", "on_pairs_matched"} <= set(saving.all_tables(data))


def test_a_strategy_is_compared_with_plain_training_without_adaptation():
    hybrid = {"strategy": "hybrid", "right": 0.6}
    arms = [{"strategy": "plain", "right": 0.5}, hybrid, hybrid | {"adaptation": "mlm", "right": 0.9}]
    data = made_up(arms, codes=("en", "de", "fr"))
    data.grouped = {"near": "de", "far": "fr"}
    over = controls.over_plain(data)
    assert set(over.strategy) == {"hybrid"} and set(over.adaptation) == {"none"}
    assert over.language.tolist() == ["mean", "near", "far"]
    targets = data.shown[data.shown.language1.isin(["de", "fr"])]
    levels = targets.groupby(["strategy", "adaptation"]).accuracy.mean()
    gain = levels["hybrid", "none"] - levels["plain", "none"]
    assert over.effect.tolist() == pytest.approx([100 * gain] * 3) and gain != 0
    two = made_up([*arms[:2], arms[1] | {"strategy": "labse-recipe"}], codes=("en", "de"))
    pair = controls.over_plain(two)
    assert (pair["p (Holm)"] >= 2 * pair.p.min()).all()  # of two strategies
    assert controls.over_plain(made_up(arms[1:], codes=("en", "de"))).empty
    assert controls.over_plain(made_up(arms[:1], codes=("en", "de"))).empty


def test_at_matched_shares_a_shift_of_the_answers_is_no_effect():
    data = made_up([{}, {"adaptation": "mlm"}], codes=("en", "de", "fr"))
    of_mlm = data.predictions.run.isin(data.runs.run[data.runs.adaptation == "mlm"])
    odds = np.log(data.predictions.p1 / data.predictions.p0)
    shifted = 1 / (1 + np.exp(-(odds + 20 * of_mlm)))  # adapted, every pair is called a paraphrase
    data.predictions = data.predictions.assign(p0=1 - shifted, p1=shifted)
    found = matched.effects(data)
    assert found.effect.tolist() == [0.0] and data.mean_effects.effect.iloc[0] < -10
    answers = matched.answers(data).set_index(["adaptation", "language"])
    assert (answers.loc["mlm"].answered_1 == 100).all()
    assert (answers.loc["mlm"].labels_1 == answers.loc["none"].labels_1).all()


def test_what_more_text_adds_is_the_difference_from_the_smallest_dose():
    def text(dose: int) -> list[Entry]:
        facts = {"dose": str(dose), "source": "wikipedia"}
        return [ENGLISH, Entry("adaptation", "mlm", "text", ("de",), "wikipedia", dose, told=facts)]

    rights = {50: 0.8, 400: 0.7, 900: 0.75}
    arms = [
        {"adaptation": f"mlm-{dose}", "read": text(dose), "right": right} for dose, right in rights.items()
    ]
    data = made_up([{}, *arms], codes=("en", "de", "fr"))
    data.grouped = {"near": "de", "far": "fr"}
    over = controls.over_doses(data)
    assert set(over.over) == {"mlm-50"}
    assert over.language.tolist() == ["mean", "mean", "near", "near", "far", "far"]
    means = data.mean_effects.set_index("adaptation").effect
    of_means = over[over.language == "mean"].set_index("adaptation").effect
    assert of_means["mlm-400"] == pytest.approx(means["mlm-400"] - means["mlm-50"])
    assert of_means["mlm-900"] == pytest.approx(means["mlm-900"] - means["mlm-50"])
    of_two = [dict(arm, strategy="plain") if "50" in arm["adaptation"] else arm for arm in arms]
    data_of_two = made_up([{}, {"strategy": "plain"}, *of_two], codes=("en", "de", "fr"))
    assert set(controls.over_doses(data_of_two).over) == {"mlm-400"}  # the smallest under hybrid batches
    assert "over_doses" in saving.all_tables(data)
    assert "over_doses" not in saving.all_tables(made_up([{}, arms[0]]))


def test_a_figure_of_means_says_how_many_items_a_language_has():
    arms = [{}, *({"adaptation": name, "right": 0.8} for name in ("mlm", "tsdae", "align"))]
    data = made_up(arms, codes=("en", "de", "fr"))
    data.shown.loc[data.shown.language1 == "fr", "n_items"] = 7
    (picture,) = summary.family_pictures(data)
    most = data.shown[data.shown.language1 == "de"].n_items.max()
    assert f"7 to {most} items a language" in " ".join(text.get_text() for text in picture.figure.texts)
    plt.close("all")
    plt.close("all")


def test_effects_stand_against_what_is_known_only_where_it_is_known_of_most_languages():
    few, most = ("en", "de", "fr", "es", "nah", "shp", "cni", "quy", "gn"), ("en", "de", "fr", "es", "nah")
    assert not summary.covariate_pictures(pair_of_arms(0.8, codes=few))
    data = pair_of_arms(0.8, codes=most)
    assert len(summary.covariate_pictures(data)) == 1
    data.grouped = {"near": "de fr", "far": "es nah"}  # which may differ in more than what is known
    assert not summary.covariate_pictures(data)
    plt.close("all")


def test_saving_twice_leaves_the_same_bytes(tmp_path):
    data = pair_of_arms(0.8, codes=("en", "de", "fr", "es"))
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        summary.save(data, tmp_path / name)
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert "covariates.svg" in files and "adaptation_effect.csv" in files
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name


# Names that are no words.


def hostile(live: str):
    """A study whose adaptations, encoder, missing run and sentence must not be read as markup."""
    encoder = {"more": {"encoder": live}}
    arms = [encoder]
    for number in ("", " 2"):
        read = [ENGLISH, Entry("adaptation", live + number, "text", ("de", "fr"), live, 50)]
        arms.append({"adaptation": live + number, "right": 0.8, "read": read, **encoder})
    data = made_up(arms, codes=("en", "de", "fr", "es"), missing=[f"{live} seed 9"])
    data.about = f"Does {live} help? [Yes](javascript:alert(2)) | no\nnor <script>alert(3)</script>"
    return data


@pytest.mark.parametrize(
    "live", ["<img src=x onerror=alert(1)>", "[click](javascript:alert(1))", "a|b `c` $x_{$ <svg onload=x>"]
)
def test_names_of_a_study_are_shown_in_its_report_and_none_is_live(tmp_path, live):
    data = hostile(live)
    outputs = [{"text/markdown": of(data)} for of in (summary.answer, summary.verdict_list, summary.about)]
    tables = (summary.language_table, summary.effect_table, summary.arm_table, summary.family_table)
    outputs += [{"text/html": table(data)._repr_html_()} for table in tables]
    cells = [new_code_cell(outputs=[new_output("display_data", output)]) for output in outputs]
    nbformat.write(new_notebook(cells=[new_markdown_cell("# Made up"), *cells]), tmp_path / "made-up.ipynb")
    written = report.write(tmp_path / "made-up.ipynb", tmp_path / "page.html").read_text(encoding="utf-8")
    page = BeautifulSoup(written, "html.parser")
    shown = [" ".join(part.get_text().split()) for part in page.find_all(class_="output_html")]
    shown, asked = [part.replace("`", "") for part in shown], live.replace("`", "")
    assert len(shown) == len(outputs) and all(asked in part for part in shown)
    assert not page.find_all(["img", "script", "svg", "iframe"])
    attributes = {name for tag in page.body.find_all() for name in tag.attrs}
    assert not [name for name in attributes if name.startswith("on")]
    assert not [a for a in page.find_all("a", href=True) if not a["href"].startswith("#")]


@pytest.mark.parametrize("live", ["<img src=x onerror=alert(1)>", "../../out/side", "$x_{$ & <b>"])
def test_names_of_a_study_are_drawn_as_they_are_and_files_stay_in_its_folder(tmp_path, live):
    place = tmp_path / "figures" / "made-up"
    place.mkdir(parents=True)
    summary.save(hostile(live), place)
    plt.close("all")
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == set(place.iterdir())
    drawn = list(place.glob("*.svg"))
    assert len(drawn) >= 3
    for path in drawn:
        names = {element.tag.rpartition("}")[2] for element in ElementTree.parse(path).iter()}
        assert "path" in names and not names & {"script", "img", "image", "foreignObject", "a"}
    assert live in set(pd.read_csv(place / "adaptation_effect.csv").adaptation)


# Around it.


def test_what_a_study_names_as_a_control_is_not_what_its_figures_begin_with():
    data = summary.load(FIGURES, "syntax")
    assert data.targets.adaptation.iloc[0] == "mlm" and data.is_control(pd.Series(["mlm"])).all()
    effects, _ = pictures.described_effects(data)
    assert set(effects.adaptation) == {"syntax-100"} and set(effects.strategy) == {"plain", "hybrid"}


def test_a_study_that_is_not_there_is_named():
    with pytest.raises(FileNotFoundError, match="no study 'paws' in figures/: it has .*paws-x"):
        summary.load(FIGURES, "paws")


def test_nothing_here_needs_torch():
    code = "import sys; import xltlib.summary, xltlib.report; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_trees_before_and_after_are_means_over_seeds_and_say_of_which_languages_trees_were_read():
    data = made_up([{}], seeds=(1, 2))
    read = Entry("adaptation", "syntax", "trees", ("de",))
    for record, uuas in zip(data.records, (0.5, 0.7)):
        found = {"before": {"correlation": 0.25, "uuas": 0.25}, "after": {"correlation": 0.5, "uuas": uuas}}
        record |= {"label": f"trees seed {record['seed']}", "method": "syntax", "read": [read.as_record()]}
        record["trees"] = {"de": found, "ja": found}
    table = costs.trees(data).set_index("language")
    assert table.trees_read.to_dict() == {"de": True, "ja": False}
    assert table.uuas_after.tolist() == pytest.approx([0.6, 0.6]) and set(table.adaptation) == {"trees"}
    (picture,) = summary.tree_pictures(data)
    axis = picture.figure.axes[0]
    assert [label.get_text() for label in axis.get_xticklabels()] == ["German", "Japanese"]
    assert {text.get_text() for text in axis.texts} == {"trees read by some adaptation", "no tree read"}
    assert "floor: order of words alone" not in legend_of(axis)  # which treebank it was is not known
    probed = Entry("probe", "syntax", "measured", ("de", "ja"), "ud-pud mine")
    for record in data.records:
        record["read"] = [read.as_record(), probed.as_record()]
        record["parameters"] = record["parameters"] | {"start": "finetune-1"}
    (picture,) = summary.tree_pictures(data)
    axis = picture.figure.axes[0]
    known = pd.read_csv(costs.FLOORS).set_index(["treebank", "language"]).uuas["ud-pud", "de"]
    (german,) = [line.get_segments() for line in axis.collections if line.get_linewidth() > 1]
    assert np.allclose(german, [[[-0.4, known], [0.4, known]]])  # of Japanese in one's own there is none
    assert legend_of(axis) == [
        "trained on hybrid batches, then",
        "trees",
        "hollow: before the adaptation",
        "floor: order of words alone",
    ]
    plt.close("all")


def legend_of(axis) -> list[str]:
    return [text.get_text() for text in axis.get_legend().get_texts()]
