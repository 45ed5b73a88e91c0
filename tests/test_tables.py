"""The tables of the pages are those of the committed CSV files; the generator, on made-up folders."""

import json
from pathlib import Path

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from nbconvert.filters import markdown2html
from pages import ROOT, TEXTS, cells_of, committed, markers

from xltlib.tables import PAGES, TABLES, __main__, adaptation, benchmarks, controls, encoders, filled
from xltlib.tables import matched, robustness, sensitivity, write


@pytest.mark.parametrize("page", PAGES)
def test_generating_the_tables_again_changes_nothing(page, tmp_path):
    assert filled(TEXTS[page], committed(page, tmp_path)) == TEXTS[page], "run make tables"


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_the_tables_that_the_registry_says(page):
    _, names = PAGES[page]
    assert sorted(markers(page)) == sorted(names)


def test_every_study_has_a_page_and_every_table_a_place():
    folders = {path.parent.name for path in ROOT.glob("figures/*/*.csv")}
    assert {Path(page).parent.name for page in PAGES if page.startswith("figures/")} == folders
    assert {name for _, names in PAGES.values() for name in names} == set(TABLES)
    assert not [page for page in TEXTS if markers(page) and page not in PAGES]


# The generator

ARM = {"encoder": "offline", "strategy": "hybrid", "head": "cross", "adaptation": "none", "rung": "Z3"}


def saved(folder: Path, name: str, rows: list[dict]) -> None:
    """A CSV file in a made-up folder."""
    pd.DataFrame(rows).to_csv(folder / f"{name}.csv", index=False)


def accuracies(seeds=(1, 2), **about) -> list[dict]:
    """Rows of accuracy.csv: English 0.9, German 0.7 and 0.8 in two seeds, Korean 0.5."""
    levels, rows = {"en": (0.9, 0.9), "de": (0.7, 0.8), "ko": (0.5, 0.5)}, []
    for seed in seeds:
        for code, level in levels.items():
            row = {**ARM, "seed": seed, "language1": code, "language2": code, "supervision": "parallel"}
            row |= {"selection": "last", "accuracy": level[seed - 1], "n_items": 100 if code == "en" else 99}
            rows.append(row | about)
    return rows


def raised(rows: list[dict], by: float) -> list[dict]:
    """The rows with a higher accuracy."""
    return [row | {"accuracy": row["accuracy"] + by} for row in rows]


def effect(value: float, low: float, high: float, **about) -> dict:
    """A row with an effect of masked language modelling."""
    found = {"effect": value, "low": low, "high": high, "p (Holm)": 0.2, "verdict": "undecided"}
    return ARM | {"adaptation": "mlm", "n_items": 99, "n_seeds": 2} | found | about


def test_accuracies_are_means_over_seeds_and_of_the_targets(tmp_path):
    saved(tmp_path, "accuracy", accuracies() + raised(accuracies((1,), adaptation="mlm"), 0.1))
    header, (plain, mlm, items) = cells_of(adaptation.accuracy(tmp_path))
    assert header == ["strategy", "adaptation", "rung", "seeds", "en", "de", "ko", "mean of the targets"]
    assert plain == ["hybrid batches", "none", "Z3", "2", "90.0", "75.0", "50.0", "62.5"]
    assert mlm[1:] == ["masked language modelling", "Z3", "1", "100.0", "80.0", "60.0", "70.0"]
    assert items == ["test items", "", "", "", "100", "99", "99", ""]


def test_targets_of_which_labels_were_read_have_a_mean_of_their_own(tmp_path):
    rows = accuracies()
    for row in rows:
        row["supervision"] = "none" if row["language1"] == "ko" else "labelled"
    saved(tmp_path, "accuracy", rows)
    header, (row, _) = cells_of(adaptation.accuracy(tmp_path))
    assert header[-2:] == ["mean of de (labels read)", "mean of the zero-shot targets"]
    assert row[-2:] == ["75.0", "50.0"]


def test_checkpoints_chosen_otherwise_are_shown_where_they_differ(tmp_path):
    rows = accuracies((1,))
    same = [row | {"selection": rule} for row in rows for rule in ("en-dev", "oracle")]
    saved(tmp_path, "accuracy", rows + same)
    assert "oracle" not in adaptation.accuracy(tmp_path)
    other = [row | {"accuracy": 0.4} if row["selection"] == "oracle" else row for row in same]
    saved(tmp_path, "accuracy", rows + other)
    header, (row, _) = cells_of(adaptation.accuracy(tmp_path))
    assert header[-2:] == ["chosen by English dev items", "chosen by the oracle"]
    assert row[-3:] == ["60.0", "60.0", "40.0"]


def test_pairs_of_two_languages_are_no_accuracies_of_a_language(tmp_path):
    two = [row | {"language2": "en", "accuracy": 0.0} for row in accuracies() if row["language1"] != "en"]
    saved(tmp_path, "accuracy", accuracies() + two)
    _, (row, _) = cells_of(adaptation.accuracy(tmp_path))
    assert row[-1] == "62.5"


def test_heads_stand_in_the_table_only_where_there_are_several(tmp_path):
    saved(tmp_path, "accuracy", accuracies() + accuracies(head="cosine", strategy="plain"))
    header, (cross, cosine, _) = cells_of(adaptation.accuracy(tmp_path))
    assert header[:3] == ["strategy", "head", "adaptation"]
    assert cross[:3] == ["hybrid batches", "cross", "none"]
    assert cosine[:3] == ["encoder as it is", "cosine", "none"]


def test_encoders_stand_in_the_tables_only_where_there_are_several(tmp_path):
    other = raised(accuracies(encoder="my/own"), 0.1)
    saved(tmp_path, "accuracy", accuracies() + other)
    header, rows = cells_of(adaptation.accuracy(tmp_path))
    assert header[:3] == ["encoder", "strategy", "adaptation"]
    assert [row[0] for row in rows[:2]] == ["multilingual-e5-small (offline)", "my/own"]
    saved(tmp_path, "groups", [effect(1, 0, 2, language="mean")])
    header, rows = cells_of(adaptation.answer(tmp_path))
    assert header[:2] == ["encoder", "adaptation"] and [row[2] for row in rows] == ["62.5", "72.5"]
    two = ("offline", "my/own")
    doses = [effect(k, 0, 2, sentences=100, encoder=name) for k, name in enumerate(two)]
    saved(tmp_path, "dose_response", doses)
    assert cells_of(adaptation.doses(tmp_path))[0][0] == "encoder"
    between = {"strategy": "hybrid - plain", "language": "mean"}
    saved(tmp_path, "groups", [effect(k, 0, 2, encoder=name, **between) for k, name in enumerate(two)])
    header, rows = cells_of(adaptation.differences(tmp_path))
    assert header[:3] == ["encoder", "strategies", "adaptation"]
    assert rows[1][:2] == ["my/own", "hybrid batches minus monolingual batches"]
    own = [effect(k, 0, 2, language="de", encoder=name) for k, name in enumerate(two)]
    saved(tmp_path, "adaptation_effect", own)
    _, rows = cells_of(adaptation.by_language(tmp_path))
    assert [row[1] for row in rows] == ["+0.0 [+0.0, +2.0]", "+1.0 [+0.0, +2.0]"]


def test_the_answer_has_an_effect_of_each_adaptation_under_each_strategy(tmp_path):
    recipe = accuracies(strategy="labse-recipe")
    saved(tmp_path, "accuracy", accuracies() + recipe + raised(accuracies(adaptation="mlm"), 0.02))
    effects = [effect(2.0, 1.0, 3.0, language="mean", verdict="up"), effect(9, 8, 10, language="high")]
    saved(tmp_path, "groups", effects)
    header, rows = cells_of(adaptation.answer(tmp_path))
    assert header == ["adaptation", "hybrid batches", "effect", "LaBSE recipe"]  # it has no effect
    assert rows == [
        ["none", "62.5", "", "62.5"],
        ["masked language modelling", "64.5", "**+2.0 [+1.0, +3.0]**", ""],
    ]


COSTS = {"effect on en": 0.5, "forgotten": 0.05, "tokens, more": 1234.0, "seconds, more": 10.0}
COSTS |= {"retrieval": 0.5, "retrieval, more": -0.1}
COSTS |= {"rank_distance": None, "rank_distance, more": None, "effect on unread": None}


def effects_folder(folder: Path) -> None:
    """A folder with an adaptation under two strategies, one of them with a single seed."""
    arms = [effect(1.0, -1.0, 3.0), effect(-2.0, -3.0, -1.0, strategy="labse-recipe", n_seeds=1)]
    saved(folder, "adaptation", [arm | COSTS for arm in arms])
    means = [arm | {"language": "mean"} for arm in arms]
    between = effect(3.0, 0.0, 6.0, strategy="hybrid - labse-recipe", language="mean")
    saved(folder, "groups", [*means, effect(9.0, 9.0, 9.0, language="high"), between])


def test_effects_say_what_could_have_been_found_but_not_of_one_seed(tmp_path):
    effects_folder(tmp_path)
    header, (two, one) = cells_of(adaptation.effects(tmp_path))
    assert header[-2:] == ["found in 4 of 5", "effect on English"] and "over the control" not in header
    assert two[2:] == [
        "Z3",
        "2",
        "99",
        "+1.0 [−1.0, +3.0]",
        "0.20",
        "undecided",
        "2.6",
        "+0.5",
    ]  # 0.643 of 4
    assert one[2:] == ["Z3", "1", "99", "−2.0 [−3.0, −1.0]", "0.20", "undecided", "", "+0.5"]


def test_effects_over_as_many_updates_stand_beside_their_arm(tmp_path):
    effects_folder(tmp_path)
    saved(tmp_path, "over_updates", [effect(-0.5, -1.5, 0.5, strategy="labse-recipe")])
    header, rows = cells_of(adaptation.effects(tmp_path))
    place = header.index("over the control")
    assert [row[place] for row in rows] == ["", "−0.5 [−1.5, +0.5]"]


def test_differences_are_those_of_the_mean_between_strategies(tmp_path):
    effects_folder(tmp_path)
    _, (row,) = cells_of(adaptation.differences(tmp_path))
    assert row[:2] == ["hybrid batches minus LaBSE recipe", "masked language modelling"]
    assert row[2:] == ["2", "+3.0 [+0.0, +6.0]", "0.20", "undecided"]


def test_what_was_not_measured_has_no_column(tmp_path):
    effects_folder(tmp_path)
    header, (row, _) = cells_of(adaptation.costs(tmp_path))
    assert header[3:] == ["translations found (change)", "forgotten", "thousand tokens more", "seconds more"]
    assert row[3:] == ["0.50 (−0.10)", "+0.05", "1", "10"]


def test_the_longer_of_arms_and_languages_goes_down_and_what_is_clear_is_bold(tmp_path):
    own = [effect(1, 0, 2, language="de"), effect(-2, -3, -1, language="ko", verdict="down")]
    saved(tmp_path, "adaptation_effect", own)
    header, rows = cells_of(adaptation.by_language(tmp_path))
    assert header == ["language", "masked language modelling"]
    assert rows == [["German", "+1.0 [+0.0, +2.0]"], ["Korean", "**−2.0 [−3.0, −1.0]**"]]
    more = [
        effect(0, 0, 0, language=code, adaptation=name) for code in ("de", "ko") for name in ("mmd", "coral")
    ]
    saved(tmp_path, "adaptation_effect", own + more)
    header, rows = cells_of(adaptation.by_language(tmp_path))
    assert header == ["adaptation", "de", "ko"]
    assert [row[0] for row in rows] == ["masked language modelling", "MMD", "CORAL"]


def test_effects_seed_by_seed_are_over_no_adaptation_of_the_same_seed(tmp_path):
    saved(tmp_path, "accuracy", accuracies() + raised(accuracies((2,), adaptation="mlm"), 0.04))
    header, rows = cells_of(adaptation.by_seed(tmp_path))
    assert header == ["strategy", "adaptation", "seed 2"]  # seed 1 was not adapted: nothing stands there
    assert rows == [["hybrid batches", "masked language modelling", "+4.0"]]


def test_other_tests_leave_out_what_few_seeds_cannot_say(tmp_path):
    row = ARM | {"adaptation": "mlm", "effect": 1.0, "p (signs)": 0.5, "smallest": 0.5, "violation": None}
    saved(tmp_path, "other_tests", [row | {"gee low": -0.5, "gee high": 2.5, "n_seeds": 2}])
    header, (row,) = cells_of(adaptation.other_tests(tmp_path))
    assert "order violated" not in header and row[-1] == "[−0.5, +2.5]"


def test_held_out_text_is_perplexity_or_a_share(tmp_path):
    about = [
        ("mlm", "de", 12000.4, 900.0),
        ("mlm", "ko", 5.0, 4.0),
        ("align", "de", 0.5, 1.0),
        ("align", "ko", 0.2, 0.9),
    ]
    columns = ("method", "language", "before", "after")
    saved(tmp_path, "held_out", [{"adaptation": of[0]} | dict(zip(columns, of)) for of in about])
    _, (mlm, align) = cells_of(encoders.held_out(tmp_path))
    assert mlm[2:] == ["12,000 → 900", "5 → 4"] and align[2:] == ["50 → 100 %", "20 → 90 %"]
    draws = [dict(zip(("adaptation", *columns), (f"mlm draw {k}", *about[0]))) for k in (1, 2)]
    saved(tmp_path, "held_out", draws)
    _, lines = cells_of(encoders.held_out(tmp_path))
    assert [line[0] for line in lines] == ["`mlm draw 1`", "`mlm draw 2`"]


def test_held_out_text_on_the_way_is_one_row_an_adaptation(tmp_path):
    rows = [("mlm", 0, 6417.2), ("mlm", 500, 553.6), ("mlm", 1000, 8.25), ("syntax", 0, 0.5)]
    columns = ["adaptation", "update", "held_out"]
    saved(tmp_path, "on_the_way", [{"method": "mlm"} | dict(zip(columns, row)) for row in rows])
    _, (mlm, syntax) = cells_of(encoders.on_the_way(tmp_path))
    assert mlm == ["`mlm`", "mlm", "0, 500, 1,000", "6,417 → 554 → 8.25"] and syntax[-1] == "0.50"


def test_held_out_text_of_many_languages_goes_down(tmp_path):
    codes = "de fr es zh ja ko id mr hy sw ur".split()
    rows = [
        {"adaptation": name, "method": method, "language": code, "before": 9.0, "after": after}
        for name, method, after in (
            ("mlm draw 1", "mlm", 3.0), ("mlm draw 2", "mlm", 5.0), ("tsdae", "tsdae", 6.0)
        )
        for code in codes
    ]  # fmt: skip
    saved(tmp_path, "held_out", rows)
    header, lines = cells_of(encoders.held_out(tmp_path))
    assert header == ["language", "`mlm` (mlm)", "`tsdae` (tsdae)"] and len(lines) == len(codes)
    assert ["German", "9 → 4", "9 → 6"] in lines


def test_bias_is_the_mean_over_languages(tmp_path):
    measured = ARM | {"average_precision": 0.25, "same_language": 0.5, "retrieval": 0.75, "n_seeds": 2}
    rows = [
        measured | {"language": "de", "rank_distance": 0.1},
        measured | {"language": "ko", "rank_distance": 0.3},
    ]
    saved(tmp_path, "language_bias", rows)
    _, (row,) = cells_of(adaptation.bias(tmp_path))
    assert row[2:] == ["2", "0.200", "0.250", "0.500", "0.750"]


def test_intervals_and_the_majority(tmp_path):
    german = {"language": "de", "accuracy": 70.0, "low": 65.0, "high": 75.0, "majority": 60.0}
    korean = {"language": "ko", "accuracy": 55.0, "low": 50.0, "high": 60.0, "majority": 58.0}
    saved(tmp_path, "intervals", [ARM | german, ARM | korean])
    _, rows = cells_of(adaptation.intervals(tmp_path))
    assert rows == [["German", "70.0 [65.0, 75.0]"], ["Korean", "55.0 [50.0, 60.0]"]]
    _, (row,) = cells_of(adaptation.majority(tmp_path))
    assert row[2:] == ["62.5", "59.0", "+3.5", "−3.0 (Korean)", "+10.0 (German)"]


def test_floors_stand_beside_each_language(tmp_path):
    german = {"language": "de", "accuracy": 70.0, "low": 65.0, "high": 75.0, "majority": 60.0}
    german |= {"overlap": 61.5, "n_items": 1968}
    saved(tmp_path, "intervals", [ARM | german, ARM | german | {"adaptation": "mlm", "accuracy": 71.0}])
    header, (row,) = cells_of(adaptation.floors(tmp_path))
    assert header[:4] == ["language", "test items", "majority", "word overlap"] and len(header) == 6
    assert row == ["German", "1,968", "60.0", "61.5", "70.0 [65.0, 75.0]", "71.0 [65.0, 75.0]"]


def test_the_spread_over_seeds_of_each_rule_stands_beside_that_of_the_last(tmp_path):
    two = accuracies()
    four = two + [row | {"seed": row["seed"] + 2} for row in two]
    calmer = {0.7: 0.74, 0.8: 0.76}  # German: a fifth of the spread
    ema = [row | {"selection": "ema", "accuracy": calmer.get(row["accuracy"], 0.5)} for row in four]
    saved(tmp_path, "accuracy", four + ema)
    _, (last, other) = cells_of(adaptation.rules(tmp_path))
    assert last[2:] == ["last", "4", "90.0", "62.5", "4.08", "2.89"]
    assert other[2:] == ["ema", "4", "50.0", "62.5", "0.82 (−80 %)", "0.58 (−80 %)"]
    saved(tmp_path, "accuracy", two + [row for row in ema if row["seed"] < 3])
    assert cells_of(adaptation.rules(tmp_path))[1][1][-1] == "0.71"  # two seeds: not which is smaller
    saved(tmp_path, "accuracy", accuracies((1,)))
    assert len(cells_of(adaptation.rules(tmp_path))[1]) == 0  # one seed has no spread


def test_pairs_of_two_languages_are_of_zero_shot_targets_alone(tmp_path):
    two = []
    for row in accuracies():
        for other in {"en", "de", "ko"} - {row["language1"]}:
            with_english = "en" in (row["language1"], other)
            two.append(row | {"language2": other, "accuracy": 1.0 if with_english else 0.4})
    saved(tmp_path, "accuracy", accuracies() + two)
    _, (row,) = cells_of(adaptation.two_languages(tmp_path))
    assert row[2:] == ["60.0 / 65.0", "62.5", "40.0 / 40.0", "40.0"]


def test_effects_over_controls_and_on_pairs_name_what_they_are_over(tmp_path):
    rows = [effect(2, 1, 3, over="more-updates", language="mean", verdict="up")]
    saved(tmp_path, "over_controls", [*rows, rows[0] | {"language": "near"}])
    saved(tmp_path, "over_controls_matched", [effect(1, 0, 2, over="more-updates", language="mean")])
    header, found = cells_of(controls.controls(tmp_path))
    assert header[-4:] == ["over", "seeds", "effect on the mean", "at matched shares"] and len(found) == 1
    assert found[0][-4:-2] == ["extra English updates (control)", "2"]
    assert found[0][-2:] == ["**+2.0 [+1.0, +3.0]**", "+1.0 [+0.0, +2.0]"]
    two_means = ["two targets", "a target and another"]
    rows = [effect(-1, -2, 0, over="none"), effect(1, 0, 2, over="none")]
    saved(tmp_path, "on_pairs", [row | {"language": mean} for row, mean in zip(rows, two_means)])
    saved(tmp_path, "on_pairs_matched", [effect(3, 2, 4, over="none", language=mean) for mean in two_means])
    header, (row,) = cells_of(controls.pairs(tmp_path))
    assert header[-4::2] == ["effect on two targets", "effect on a target and another"]
    assert row[-6:-4] == ["none", "2"]
    assert row[-4::2] == ["−1.0 [−2.0, +0.0]", "+1.0 [+0.0, +2.0]"]
    assert row[-3::2] == ["+3.0 [+2.0, +4.0]"] * 2


def test_answers_are_given_by_group_and_accuracy_also_at_matched_shares(tmp_path):
    classes = ["contradiction", "entailment", "neutral"]
    run = {"label": "plain seed 1", "arm": True, "adaptation": "none", "data": {"classes": classes}}
    state = {"groups": {"near": "de nl", "not-near": "ko"}, "runs": [run]}
    (tmp_path / "runs.json").write_text(json.dumps(state), encoding="utf-8")
    about = {**ARM, "accuracy": 50.0, "matched": 55.0, "labels_0": 40, "labels_1": 30, "labels_2": 30}
    shares = {"en": (40, 30, 30), "de": (20, 30, 50), "nl": (40, 30, 30), "ko": (0, 100, 0)}
    rows = [
        {**about, "language": code, **{f"answered_{k}": share for k, share in enumerate(answered)}}
        for code, answered in shares.items()
    ]
    saved(tmp_path, "answers", rows)
    header, (arm, labels) = cells_of(matched.group_answers(tmp_path))
    assert header[-2:] == [
        f"{name}: contradiction / entailment / neutral" for name in ("near", "not near")
    ]
    state["runs"][0]["data"] = {}  # of a task that is not at hand
    (tmp_path / "runs.json").write_text(json.dumps(state), encoding="utf-8")
    assert cells_of(matched.group_answers(tmp_path))[0][-1] == "not near: 0 / 1 / 2"
    assert arm[-2:] == ["30 / 30 / 40", "0 / 100 / 0"] and labels[-2:] == ["40 / 30 / 30"] * 2
    header, found = cells_of(matched.accuracy(tmp_path))
    assert [row[0] for row in found] == ["English", "German", "Dutch", "Korean"]
    assert {row[1] for row in found} == {"50.0 → 55.0"}
    between = effect(1, 0, 2, strategy="hybrid - plain", language="mean")
    saved(tmp_path, "matched", [effect(2, 1, 3, language="mean", verdict="up"), between])
    assert [row[-1] for row in cells_of(matched.effects(tmp_path))[1]] == [
        "**+2.0 [+1.0, +3.0]**",
        "+1.0 [+0.0, +2.0]",
    ]


def test_doses_go_up(tmp_path):
    doses = [("mlm-all", 5000), ("mlm-100", 100)]
    saved(tmp_path, "dose_response", [effect(1, 0, 2, adaptation=name, sentences=n) for name, n in doses])
    _, rows = cells_of(adaptation.doses(tmp_path))
    assert [row[1:3] for row in rows] == [
        ["masked language modelling, 100 sentences a language", "100"],
        ["masked language modelling, all", "5,000"],
    ]
    over = [effect(2, 1, 3, adaptation="mlm-all", over="mlm-100", language="mean", verdict="up")]
    saved(tmp_path, "over_doses", over)
    assert [row[-1] for row in cells_of(adaptation.doses(tmp_path))[1]] == ["", "**+2.0 [+1.0, +3.0]**"]
    of_groups = [effect(k, 0, 2, sentences=100, group=name) for k, name in enumerate(("known", "not-known"))]
    saved(tmp_path, "dose_response", of_groups)
    header, rows = cells_of(adaptation.doses(tmp_path))
    assert header[2] == "group" and [row[2] for row in rows] == ["known", "not known"]


def noise_folder(folder: Path) -> None:
    """A study of noise: the control and FGM, of which seed 2 is missing."""
    rows = accuracies(label="plain") + accuracies(label="step-matched") + accuracies((1,), label="fgm")
    saved(folder, "accuracy", rows)
    plain, updates = {"control": "over plain training"}, {"control": "over as many updates"}
    control = effect(0.2, -1.0, 1.4, label="step-matched", **plain)
    fgm = [effect(-1.0, -2.0, 0.0, label="fgm", **plain), effect(-1.2, -2.0, -0.4, label="fgm", **updates)]
    saved(folder, "noise_mean", [control, *fgm])
    two = effect(0.5, 0.0, 1.0, label="fgm", pairs="two minus one")
    saved(folder, "generalized", [effect(9, 9, 9, label="fgm", pairs="two languages"), two])
    attacked = [
        {"label": label, "seed": seed, "attacked": 10.0 * seed}
        for label in ("plain", "fgm")
        for seed in (2, 1)
    ]
    saved(folder, "attack", attacked)
    given = {"kind": "fgm", "radius": 0.03, "norm": "token"}
    runs = {"runs": [{"label": "fgm seed 1", "parameters": {"noise": given}}]}
    (folder / "runs.json").write_text(json.dumps(runs))


def test_noise_is_compared_twice_and_levels_are_of_shared_seeds(tmp_path):
    noise_folder(tmp_path)
    _, (plain, control, fgm) = cells_of(robustness.noise(tmp_path))
    assert plain == ["none: the model the others start from", "2", "", "", "", "60.0", "90.0", "10.0"]
    assert control[:4] == ["as many updates without noise", "2", "+0.2 [−1.0, +1.4]", ""]
    assert fgm[:4] == ["FGM (radius 0.03)", "1", "−1.0 [−2.0, +0.0]", "−1.2 [−2.0, −0.4]"]
    assert fgm[4:] == ["+0.5 [+0.0, +1.0]", "60.0", "90.0", "10.0"]


def test_strengths_go_up_within_a_noise(tmp_path):
    saved(tmp_path, "noise_strength", [effect(0, 0, 0, noise="fgm", strength=of) for of in (0.1, 0.001)])
    _, rows = cells_of(robustness.noise_strength(tmp_path))
    assert [row[:2] for row in rows] == [["FGM", "0.001"], ["FGM", "0.1"]]


def test_claims_link_to_their_figure_and_keep_hyphens(tmp_path):
    claim = {"claim": "1", "said": "It helps", "report": "verified", "verdict": "inconclusive", "on": ""}
    claim["measured"] = "e5-small -0.4 [-1.6, +0.7]"
    saved(tmp_path, "claims", [claim | {"figure": "demo/ladder.png"}, claim | {"figure": None}])
    _, (one, two) = cells_of(robustness.claims(tmp_path))
    assert one[3:5] == ["**inconclusive**", "e5-small −0.4 [−1.6, +0.7]"]
    assert one[-1] == "[demo/ladder.png](../demo/ladder.png)" and two[-1] == ""


def test_the_ladder_has_no_effect_of_its_lowest_rung(tmp_path):
    low = effect(0, 0, 0, strategy="plain", adaptation="none", accuracy=70.0)
    saved(tmp_path, "ladder", [low, effect(1.0, 0.0, 2.0, accuracy=71.0)])
    _, rows = cells_of(robustness.ladder(tmp_path))
    assert [row[-1] for row in rows] == ["", "+1.0 [+0.0, +2.0]"]


def peers_folder(folder: Path) -> None:
    """Throughput on two devices, on one of which a contender was left out."""
    one = {"device": "one", "encoder": "offline", "peak memory, GiB": 2.04, "on the GPU, GiB": 0.0}
    one |= {"start-up, s": 9.08, "accuracy": 87.4, "share of the matrix peak": 0.73}
    one |= {"training, ours is faster by": 1.0, "scoring, ours is faster by": 1.0}
    ours = one | {"contender": "ours", "training, pairs/s": 13.52, "scoring, pairs/s": 45.6}
    mine = one | {"contender": "mine", "training, pairs/s": 6.0, "scoring, pairs/s": 23.0}
    mine |= {"training, ours is faster by": 2.26, "scoring, ours is faster by": 1.98}
    bf16 = one | {"contender": "Trainer, bf16", "training, pairs/s": 0.32, "scoring, pairs/s": None}
    bf16 |= {"training, ours is faster by": 42.22, "scoring, ours is faster by": None, "accuracy": None}
    card = ours | {"device": "card", "encoder": "other", "on the GPU, GiB": 3.5}
    saved(folder, "throughput", [ours, mine, bf16, card])


def test_peers_have_a_column_a_device_and_a_ratio_of_peers_alone(tmp_path):
    peers_folder(tmp_path)
    header, (ours, mine, bf16) = cells_of(benchmarks.throughput(tmp_path))
    assert header == ["", "one", "card; other"]
    assert ours == ["xltlib", "13.5 · 73 %", "13.5 · 73 %"]
    assert mine == ["mine", "6.0 · 73 % · 2.3 ×", ""] and bf16[1] == "0.3 · 73 % · 42 ×"


def test_what_a_peer_did_not_do_stays_blank(tmp_path):
    peers_folder(tmp_path)
    _, (ours, mine, bf16) = cells_of(benchmarks.scoring_peers(tmp_path))
    assert (ours[1], mine[1], bf16[1]) == ("45.6", "23.0 · 2.0 ×", "")
    _, (ours, _, bf16) = cells_of(benchmarks.start_up(tmp_path))
    assert ours[1:] == ["9.1 s · 2.0 GiB · 87 %", "9.1 s · 2.0 GiB + 3.5 GiB · 87 %"]
    assert bf16[1] == "9.1 s · 2.0 GiB"


def test_the_cost_of_noise_stands_beside_its_aim(tmp_path):
    columns = ("relative to plain", "0 layers frozen", "4 layers frozen")
    saved(tmp_path, "noise", [dict(zip(columns, row)) for row in (("plain", 1, 1), ("FGM", 1.7625, 1.8))])
    _, rows = cells_of(benchmarks.noise_cost(tmp_path))
    assert rows == [["FGM", "1.76", "1.80", "1.70"]]


# Writing pages


def test_only_what_stands_between_markers_is_replaced(tmp_path):
    saved(tmp_path, "dose_response", [effect(1.0, 0.0, 2.0, sentences=100)])
    page = tmp_path / "README.md"
    page.write_text("before\n\n<!-- doses -->\nold\n<!-- /doses -->\n\nafter − ü\n", encoding="utf-8")
    assert write(page, tmp_path) and not write(page, tmp_path)
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n\n<!-- doses -->\n| strategy |")
    assert text.endswith(" |\n<!-- /doses -->\n\nafter − ü\n") and "old" not in text


def test_a_marker_that_names_no_table_is_refused_with_what_there_is(tmp_path):
    with pytest.raises(ValueError, match="no table 'nonsense'.*accuracy"):
        filled("<!-- nonsense -->\n<!-- /nonsense -->", tmp_path)


def test_a_marker_without_an_end_is_refused(tmp_path):
    with pytest.raises(ValueError, match="has no end: write <!-- /doses -->"):
        filled("<!-- doses -->\n| a |", tmp_path)


def test_the_command_writes_the_page_of_a_folder(tmp_path, capsys):
    saved(tmp_path, "dose_response", [effect(1.0, 0.0, 2.0, sentences=100)])
    (tmp_path / "README.md").write_text("<!-- doses -->\n<!-- /doses -->")
    __main__.main([str(tmp_path)])
    __main__.main([str(tmp_path)])
    assert capsys.readouterr().out == f"written: {tmp_path / 'README.md'}\n"


DAMAGED = [None, "", "adaptation,effect\nmlm,1.0\n", "adaptation,effect\nmlm,1", "a,b\n,\n"]


@pytest.mark.parametrize("csv", DAMAGED)
def test_a_file_that_is_missing_or_damaged_is_named_in_a_line(tmp_path, capsys, csv):
    page = "<!-- doses -->\n<!-- /doses -->"
    (tmp_path / "README.md").write_text(page)
    if csv is not None:
        (tmp_path / "dose_response.csv").write_text(csv)
    assert __main__.main([str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("tables: ") and str(tmp_path) in said and said.count("\n") == 1
    assert (tmp_path / "README.md").read_text() == page


@pytest.mark.parametrize("state", ["", '{"runs": [', "[]", '{"groups": {}}', '{"runs": []}'])
def test_a_damaged_list_of_runs_is_named_in_a_line(tmp_path, capsys, state):
    (tmp_path / "README.md").write_text("<!-- group-retrieval -->\n<!-- /group-retrieval -->")
    (tmp_path / "runs.json").write_text(state)
    assert __main__.main([str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert f"{tmp_path}/runs.json is damaged: " in said and said.count("\n") == 1


def test_a_page_that_is_no_text_is_named(tmp_path, capsys):
    (tmp_path / "README.md").write_bytes(b"\xff <!-- doses -->\n<!-- /doses -->")
    assert __main__.main([str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert said == f"tables: {tmp_path}/README.md: no UTF-8 (invalid start byte at byte 0)\n"


def test_asked_for_help_the_command_says_what_it_does_and_looks_for_no_page(capsys):
    with pytest.raises(SystemExit) as ended:
        __main__.main(["--help"])
    assert ended.value.code == 0 and "Write the tables of pages anew" in capsys.readouterr().out


def test_a_page_that_is_not_there_is_named(tmp_path, capsys):
    assert __main__.main([str(tmp_path / "nowhere")]) == 2
    assert "nowhere" in capsys.readouterr().err


def test_what_was_not_measured_of_an_arm_is_an_empty_cell_and_no_mean(tmp_path):
    few = [row for row in accuracies(adaptation="mlm") if row["language1"] != "ko"]
    saved(tmp_path, "accuracy", accuracies() + few)
    _, (_, mlm, _) = cells_of(adaptation.accuracy(tmp_path))
    assert mlm[4:] == ["90.0", "75.0", "", ""]
    own = [effect(1, 0, 2, language=code) for code in ("de", "ko")]
    saved(tmp_path, "adaptation_effect", [*own, effect(3, 2, 4, language="de", adaptation="mmd")])
    _, rows = cells_of(adaptation.by_language(tmp_path))
    assert rows == [["German", "+1.0 [+0.0, +2.0]", "+3.0 [+2.0, +4.0]"], ["Korean", "+1.0 [+0.0, +2.0]", ""]]
    columns = ("adaptation", "method", "language", "before", "after")
    texts = [("mlm", "de", 9.0, 8.0), ("mlm", "ko", 7.0, 6.0), ("tsdae", "ko", 5.0, 4.0)]
    saved(tmp_path, "held_out", [dict(zip(columns, (method, method, *rest))) for method, *rest in texts])
    _, (_, tsdae) = cells_of(encoders.held_out(tmp_path))
    assert tsdae == ["`tsdae`", "tsdae", "", "5 → 4"]


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>", "a|b", "null", "[x](javascript:y)"])
def test_a_name_of_a_study_stays_text_in_every_table(tmp_path, name):
    effects_folder(tmp_path)
    for table in ("adaptation", "groups"):
        rows = pd.read_csv(tmp_path / f"{table}.csv").assign(adaptation=name, head=name)
        rows.to_csv(tmp_path / f"{table}.csv", index=False)
    saved(tmp_path, "accuracy", accuracies(adaptation=name, head="cross"))
    text = {"adaptation": name, "method": name, "language": "de", "before": 2, "after": 1}
    saved(tmp_path, "held_out", [text])
    makers = (adaptation.effects, adaptation.differences, adaptation.costs, adaptation.accuracy)
    for table in (*makers, encoders.held_out):
        page = BeautifulSoup(markdown2html(table(tmp_path)), "html.parser")
        rows = [[cell.get_text() for cell in row.find_all(["td", "th"])] for row in page.find_all("tr")]
        assert {len(row) for row in rows} == {len(rows[0])} and len(rows) > 1
        assert name in rows[1] and not page.find_all(["img", "a", "script"])


def test_quality_of_a_probe_stands_before_and_after_by_measure(tmp_path):
    row = {"adaptation": "english-trees", "method": "syntax", "trees_read": True, "correlation_before": 0.5}
    row |= {"correlation_after": 0.75, "uuas_before": 0.4, "uuas_after": None}
    saved(tmp_path, "trees", [{**row, "language": "de"}, {**row, "language": "ja", "trees_read": False}])
    header, rows = cells_of(encoders.trees(tmp_path))
    assert header[2:] == ["measure", "de", "ja"] and rows[0][3:] == ["0.50 → 0.75"] * 2
    assert rows[1][2:] == ["UUAS", "", ""]


def test_effects_on_parts_stand_side_by_side_and_the_english_model_in_one_row(tmp_path):
    folder, beside = tmp_path / "figures" / "again", tmp_path / "benchmarks" / "again"
    beside.mkdir(parents=True)
    apart = effect(0.5, -1.0, 2.0, strategy="hybrid - labse-recipe", part="all")
    found = effect(-2.0, -3.0, -1.0, verdict="down", part="all")
    saved(beside, "effects_on_parts", [found, apart, effect(-1.5, -3.2, 0.2, part="without seed 3")])
    header, rows = cells_of(sensitivity.effects_on_parts(folder))
    assert header == ["strategy", "adaptation", "all", "without seed 3"]
    adaptation = "masked language modelling"
    assert rows[0] == ["hybrid batches", adaptation, "**−2.0 [−3.0, −1.0]**", "−1.5 [−3.2, +0.2]"]
    assert rows[1] == ["hybrid batches minus LaBSE recipe", adaptation, "+0.5 [−1.0, +2.0]", ""]
    saved(beside, "effects_on_english", [effect(-0.6, -1.1, 0.0)])
    header, rows = cells_of(sensitivity.effects_on_english(folder))
    assert header[2:] == ["seeds", "effect on English", "p (Holm)"] and rows[0][3] == "−0.6 [−1.1, +0.0]"
    compared = {"outcome": "accuracy", "p of these": 0.018, "compared": 6, "of_these": 4}
    saved(beside, "over_the_control", [found | compared | {"p (Holm)": 0.0527}])
    header, rows = cells_of(sensitivity.over_the_control(folder))
    assert header[-2:] == ["p (Holm), 6 tests", "p (Holm), 4 tests"]
    assert rows[0][0] == "accuracy" and rows[0][3:] == ["−2.0 [−3.0, −1.0]", "0.053", "0.018"]
    of_power = {"half_width": 1.0, "found": 2.29}
    saved(beside, "power", [{**found, **of_power, "seeds": 9}, {**apart, **of_power, "seeds": 100}])
    header, rows = cells_of(sensitivity.power(folder))
    assert rows[0][2:] == ["−2.0", "±1.0", "2.3", "9", "down"] and rows[1][5] == "100 or more"
    measured = [("en", 90.0), ("ko", 70.04), ("mean", 70.04)]
    model = [{"language": name, "accuracy": accuracy, "n_seeds": 6} for name, accuracy in measured]
    saved(beside, "english_model", model)
    header, rows = cells_of(sensitivity.english_model(folder))
    assert header == ["seeds", "English", "Korean", "mean of the targets"]
    assert rows == [["6", "90.0", "70.0", "70.0"]]
