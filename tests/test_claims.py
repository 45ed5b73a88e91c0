"""Verdicts on the founding report's claims follow from tables, by rules that can say no."""

import json
from pathlib import Path

import pandas as pd
import pytest

from xltlib import claims

ROOT = Path(__file__).resolve().parent.parent


def study(folder: Path, name: str, missing: str = "hybrid-mlm seed 2", **tables: pd.DataFrame) -> None:
    (folder / name).mkdir(parents=True)
    run = {"label": "hybrid-mlm seed 1", "adaptation": "mlm", "encoder": "offline"}
    runs = [{"run": "a", "arm": True, "notebook": "20_finetune", **run}]
    state = {"study": name, "missing": [missing], "runs": runs}
    (folder / name / "runs.json").write_text(json.dumps(state), encoding="utf-8")
    for table, rows in tables.items():
        rows.to_csv(folder / name / f"{table}.csv", index=False)


def outcome(claim: int, arm: str, effect: float, verdict: str) -> dict:
    found = {"effect": effect, "low": effect - 1, "high": effect + 1, "over as many updates": 0.2}
    return {"claim": claim, "arm": arm, **found, "n_items": 10, "n_seeds": 2, "verdict": verdict}


def test_without_any_study_every_measured_claim_is_inconclusive_and_says_what_is_missing(tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other/runs.json").write_text('{"runs": []}', encoding="utf-8")
    table = claims.judged(tmp_path).set_index("claim")
    measured = table[table.kind == "measured"]
    assert set(measured.verdict) == {"inconclusive"}
    assert measured.measured.str.contains("has not been run here").all()
    assert set(table.loc[["5", "6", "7"], "verdict"]) == {"not testable here"}
    assert table.loc["1", "measured"] == "Study robustness has not been run here."


@pytest.mark.parametrize(
    "said, verdict",
    [
        ("reproduced", "reproduced"),
        ("step-explained", "not reproduced"),
        ("not reproduced: larger", "not reproduced"),
        ("inconclusive", "inconclusive"),
    ],
)
def test_the_first_claim_is_judged_by_synonyms_alone(tmp_path, said, verdict):
    outcomes = [
        outcome(1, "fgm", 9.0, "reproduced"),
        outcome(1, "synonyms", 2.0, said),
        outcome(3, "synonyms", 1.5, "reproduced"),
    ]
    study(tmp_path, "robustness", claims=pd.DataFrame(outcomes))
    table = claims.judged(tmp_path).set_index("claim")
    assert table.loc["1", "verdict"] == verdict and table.loc["2", "verdict"] == "inconclusive"
    measured = table.loc["1", "measured"]
    assert "Synonyms +2.0 [+1.0, +3.0] points over the model that training starts from" in measured
    assert "+0.2 over equally many updates" in measured and "FGM +9.0" in measured
    assert "planned and not run: hybrid-mlm seed 2" in table.loc["1", "on"]
    assert table.loc["3", "verdict"] == "reproduced"


def test_a_study_that_was_not_run_is_named_beside_the_one_that_was(tmp_path):
    study(tmp_path, "robustness", claims=pd.DataFrame([outcome(3, "synonyms", 1.5, "reproduced")]))
    claim = claims.judged(tmp_path).set_index("claim").loc["3"]
    assert claim.measured.endswith("points. Study robustness-xnli has not been run here.")
    study(tmp_path, "robustness-xnli", claims=pd.DataFrame([outcome(2, "synonyms", 1.5, "reproduced")]))
    claim = claims.judged(tmp_path).set_index("claim").loc["3"]
    assert claim.measured.endswith("[+0.5, +2.5] points.")


def test_an_adaptation_under_one_strategy_alone_answers_no_question(tmp_path):
    tables = question(("up", "up", "up"), THREE_LEVELS)
    more = tables["groups"].iloc[:1].assign(adaptation="tsdae")
    study(tmp_path, "paws-x", **tables | {"groups": pd.concat([tables["groups"], more])})
    row = claims.judged(tmp_path).set_index("claim").loc["Q"]
    assert row.verdict == "inconclusive" and "difference not measured" in row.measured


def test_two_studies_that_disagree_leave_the_third_claim_open(tmp_path):
    for name, said in (("robustness", "reproduced"), ("robustness-xnli", "not reproduced")):
        study(tmp_path, name, claims=pd.DataFrame([outcome(3, "synonyms", 1.5, said)]))
    assert claims.judged(tmp_path).set_index("claim").loc["3", "verdict"] == "inconclusive"


def test_a_cell_with_another_label_breaks_the_definition_of_the_generalized_setting(tmp_path):
    study(tmp_path, "paws-x")
    languages = {"language1": ["en", "en", "en", "en"], "language2": ["en", "de", "en", "de"]}
    rows = pd.DataFrame({"item": [1, 1, 2, 2], **languages, "label": [1, 1, 0, 0]})
    rows.to_parquet(tmp_path / "paws-x" / "predictions.parquet")
    assert claims._definition(tmp_path)["verdict"] == "reproduced"
    rows.assign(label=[1, 0, 0, 0]).to_parquet(tmp_path / "paws-x" / "predictions.parquet")
    assert claims._definition(tmp_path)["verdict"] == "not reproduced"


def aligned(*effects: float, p: float, n_seeds: int = 6, p_equivalent: float = 0.9) -> pd.DataFrame:
    found = {"p": p, "p_equivalent": p_equivalent, "n_seeds": n_seeds, "n_items": 9}
    rows = []
    for name, effect in zip(("centre", "centre-detected", "procrustes"), effects):
        rows.append({"adaptation": name, "effect": effect, "low": effect - 1, "high": effect + 1, **found})
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    "rows, verdict",
    [
        (aligned(1.5, 0.2, p=0.01), "reproduced"),
        (aligned(-1.5, -0.2, p=0.01), "not reproduced"),
        (aligned(1.5, -1.5, p=0.01), "inconclusive"),
        (aligned(1.5, 0.2, p=0.04), "inconclusive"),  # two of them: Holm's 0.08
        (aligned(1.5, 1.0, p=0.01, n_seeds=1), "inconclusive"),
        (aligned(0.1, 0.0, p=0.9, p_equivalent=0.01), "not reproduced"),
    ],
)
def test_alignment_is_judged_after_holms_correction_and_never_by_one_seed(tmp_path, rows, verdict):
    intervals = {"adaptation": ["none", "centre"], "accuracy": [55.0, 90.0], "majority": 58.0}
    study(tmp_path, "adaptation-after", adaptation=rows, intervals=pd.DataFrame(intervals))
    claim = claims.judged(tmp_path).set_index("claim").loc["8"]
    assert claim.verdict == verdict
    assert "55.0 per cent" in claim.measured  # below the majority: said


def doses(few: float, many: float, p: float = 0.001) -> pd.DataFrame:
    """Effects of 100 and of 900 trees a language under two strategies; an effect of 0 has no small p."""
    rows = []
    for strategy in ("plain", "hybrid"):
        for sentences, effect in ((700, few), (6300, many)):
            found = {"effect": effect, "low": effect - 1, "high": effect + 1, "p": p if effect else 0.9}
            rows.append({"strategy": strategy, "use": "syntax", "sentences": sentences, **found})
    return pd.DataFrame(rows).assign(p_equivalent=0.9, n_seeds=4, n_items=100)


def syntax_tables(few: float, many: float, p_more: float = 0.001) -> dict[str, pd.DataFrame]:
    """What the study of trees leaves: the largest dose is as far above the smallest as ``p_more`` says."""
    table = doses(few, many)
    table["adaptation"] = table.sentences.map({700: "syntax-100", 6300: "syntax"})
    over = table[table.sentences == 6300].drop(columns="sentences")
    verdict = "up" if many > few and p_more < 0.01 else "undecided"
    more = over.assign(effect=many - few, p=p_more, verdict=verdict, language="mean", over="syntax-100")
    text = over.assign(over="mlm", language="mean")
    return {"dose_response": table, "over_updates": over, "over_doses": more, "over_controls": text}


@pytest.mark.parametrize(
    "few, many, p_more, trees, much_data",
    [
        (0.0, 2.5, 0.001, "reproduced", "reproduced"),
        (0.0, 1.5, 0.2, "reproduced", "inconclusive"),  # not clearly more than the smallest dose
        (2.0, 3.0, 0.001, "reproduced", "not reproduced"),
        (0.0, 0.0, 0.9, "inconclusive", "inconclusive"),
        (0.0, -2.0, 0.001, "not reproduced", "inconclusive"),
        (-8.0, 0.0, 0.001, "inconclusive", "inconclusive"),  # few do harm, many nothing
    ],
)
def test_trees_are_judged_by_the_largest_dose_and_their_need_by_the_smallest(
    tmp_path, few, many, p_more, trees, much_data
):
    study(tmp_path, "syntax", **syntax_tables(few, many, p_more))
    found = claims.judged(tmp_path).set_index("claim")
    assert found.loc[["11", "12"], "verdict"].tolist() == [trees, much_data]
    assert "6,300 sentences in all" in found.loc["11", "measured"]


@pytest.mark.parametrize("over", ["over_updates", "over_controls"])
def test_trees_that_raise_no_more_than_what_has_none_do_not_reproduce_the_claim(tmp_path, over):
    tables = syntax_tables(0.0, 2.5)
    lower = tables[over].assign(effect=-2.0, low=-3.0, high=-1.0)
    study(tmp_path, "syntax", **tables | {over: lower})
    assert claims.judged(tmp_path).set_index("claim").loc["11", "verdict"] == "not reproduced"


@pytest.mark.parametrize("missing", ["over_updates", "over_controls", "over_doses", "dose_response"])
def test_trees_without_what_they_are_compared_with_have_no_verdict(tmp_path, missing):
    tables = syntax_tables(0.0, 2.5)
    del tables[missing]
    study(tmp_path, "syntax", **tables)
    found = claims.judged(tmp_path).set_index("claim").loc[["11", "12"]]
    assert set(found.verdict) == {"inconclusive"}
    assert found.measured.str.contains("more English updates").all()


def test_a_dose_between_that_one_strategy_lacks_decides_nothing(tmp_path):
    tables = syntax_tables(0.0, 2.5)
    harm = {"adaptation": "syntax-300", "effect": -9.0, "low": -10.0, "high": -8.0}
    between = tables["dose_response"].query("strategy == 'plain'").head(1).assign(sentences=2100, **harm)
    tables["dose_response"] = pd.concat([tables["dose_response"], between])
    beside = between.assign(over="syntax-100", verdict="down", language="mean")
    tables["over_doses"] = pd.concat([tables["over_doses"], beside])
    study(tmp_path, "syntax", **tables)
    assert set(claims.judged(tmp_path).set_index("claim").loc[["11", "12"], "verdict"]) == {"reproduced"}


def test_the_need_of_many_trees_is_judged_within_a_strategy(tmp_path):
    tables = syntax_tables(0.0, 2.5)
    of_plain = tables["over_doses"].strategy == "plain"
    tables["over_doses"]["verdict"] = of_plain.map({True: "undecided", False: "up"})
    lower = {"effect": 0.0, "low": -1.0, "high": 1.0, "p": 0.9}
    largest = tables["dose_response"].sentences == 6300
    hybrid = tables["dose_response"].strategy == "hybrid"
    tables["dose_response"].loc[largest & hybrid, list(lower)] = list(lower.values())
    study(tmp_path, "syntax", **tables)
    assert claims.judged(tmp_path).set_index("claim").loc["12", "verdict"] == "inconclusive"


@pytest.mark.parametrize(
    "missing, verdict", [("hybrid-syntax seed 1", "inconclusive"), ("hybrid-mlm seed 3", "reproduced")]
)
def test_trees_have_no_verdict_before_every_arm_has_run(tmp_path, missing, verdict):
    study(tmp_path, "syntax", missing, **syntax_tables(0.0, 2.5))
    assert set(claims.judged(tmp_path).set_index("claim").loc[["11", "12"], "verdict"]) == {verdict}


@pytest.mark.parametrize("seeds, verdict", [(2, "inconclusive"), (3, "reproduced")])
def test_trees_have_no_verdict_before_three_seeds(tmp_path, seeds, verdict):
    tables = syntax_tables(0.0, 2.5)
    tables["over_controls"] = tables["over_controls"].assign(n_seeds=seeds)
    study(tmp_path, "syntax", **tables)
    assert set(claims.judged(tmp_path).set_index("claim").loc[["11", "12"], "verdict"]) == {verdict}


def question(verdicts: tuple[str, str, str], resources: tuple[str, ...]) -> dict[str, pd.DataFrame]:
    strategies = ("hybrid", "labse-recipe", "hybrid - labse-recipe")
    groups = pd.DataFrame(
        {"strategy": strategies, "adaptation": "mlm", "language": "mean", "verdict": verdicts}
    )
    groups = groups.assign(effect=1.0, low=0.5, high=1.5, n_seeds=6)
    return {"groups": groups, "adaptation_effect": pd.DataFrame({"resource": resources, "n_items": 9})}


THREE_LEVELS = ("high", "medium", "low")


@pytest.mark.parametrize(
    "verdicts, resources, said",
    [
        (("up", "equivalent to nothing", "up"), THREE_LEVELS, "answered"),
        (("up", "up", "undecided"), THREE_LEVELS, "inconclusive"),
        (("up", "up", "up"), ("high", "medium"), "inconclusive"),
        (("one seed", "up", "up"), THREE_LEVELS, "inconclusive"),
    ],
)
def test_the_question_is_answered_only_if_all_is_decided_down_to_low_resource_languages(
    tmp_path, verdicts, resources, said
):
    study(tmp_path, "paws-x", **question(verdicts, resources))
    row = claims.judged(tmp_path).set_index("claim").loc["Q"]
    assert row.verdict == said
    assert ("No low-resource language was measured" in row.measured) == ("low" not in resources)


@pytest.mark.parametrize(
    "found, said, verdict",
    [
        ("down", "unknown: 2 of 2 effects detected (", "answered"),
        ("undecided", "unknown: 1 of 2 effects detected", "inconclusive"),
    ],
)
def test_groups_of_low_resource_languages_count_for_the_question(tmp_path, found, said, verdict):
    study(tmp_path, "paws-x", **question(("up", "up", "up"), ("high", "medium")))
    groups = question((found, "up", "up"), ())["groups"].assign(language="unknown", n_items=600)
    control = groups.iloc[:1].assign(adaptation="more-updates", verdict="undecided")
    of_languages = groups.assign(language="nah", n_items=735)
    study(tmp_path, "lowres-nli", groups=pd.concat([groups, control]), adaptation_effect=of_languages)
    path = tmp_path / "lowres-nli/runs.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"groups": {"unknown": "nah shp"}}))
    row = claims.judged(tmp_path).set_index("claim").loc["Q"]
    assert said in row.measured and row.verdict == verdict
    assert "No low-resource" not in row.measured and "lowres-nli" in row.on
    assert "matched" not in row.measured
    difference = "unknown: hybrid batches minus LaBSE recipe, masked language"
    assert f"Differences between strategies that are detected: {difference} modelling +1.0" in row.measured
    groups.assign(verdict="undecided").to_csv(tmp_path / "lowres-nli/matched.csv", index=False)
    row = claims.judged(tmp_path).set_index("claim").loc["Q"]
    assert row.measured.endswith("At matched shares there, no effect is detected.")
    assert "735 items a language" in row.on


def translations(effect: float, p: float) -> pd.DataFrame:
    """Effects of strategies over plain training; gains in languages that claim 10 is not about."""
    found = {"low": effect - 1, "high": effect + 1, "p_equivalent": 0.9, "n_seeds": 4, "n_items": 1230}
    rows = [
        {"strategy": strategy, "adaptation": "none", "over": "plain", "language": group, **found}
        for strategy in ("hybrid", "labse-recipe")
        for group in ("known-from-text", "known-from-translations", "unknown")
    ]
    table = pd.DataFrame(rows).assign(effect=effect, p=p)
    return table.mask(table.language != "known-from-translations", table.assign(effect=9.0, p=0.0001))


@pytest.mark.parametrize(
    "effect, p, verdict",
    [(2.0, 0.001, "reproduced"), (-2.0, 0.001, "not reproduced"), (2.0, 0.03, "inconclusive")],
)
def test_the_want_of_translations_is_judged_where_there_are_some(tmp_path, effect, p, verdict):
    languages = pd.DataFrame({"language": ["yor"], "n_items": [600], "n_seeds": [3], "resource": ["low"]})
    study(tmp_path, "lowres-nli", over_plain=translations(effect, p), adaptation_effect=languages)
    path = tmp_path / "lowres-nli/runs.json"
    state = json.loads(path.read_text())
    read = {"role": "batches", "use": "hybrid", "kind": "parallel", "languages": ["yor", "sw"], "told": {}}
    state["runs"][0]["read"] = [read | {"source": "ntrex", "count": 9, "left_out": 0, "fingerprint": ""}]
    state["groups"] = {"known-from-text": "sw", "known-from-translations": "yor", "unknown": "nah shp"}
    path.write_text(json.dumps(state))
    (tmp_path / "lowres-nli/groups.csv").write_text("language,strategy,adaptation\n")
    row = claims.judged(tmp_path).set_index("claim").loc["10"]
    assert row.verdict == verdict
    assert "2 of 4 languages have none here" in row.measured and "+9.0" not in row.measured
    assert "4 seeds, up to 600 items a language" in row.on


def test_the_question_is_judged_by_the_stronger_model_where_that_was_run(tmp_path):
    study(tmp_path, "paws-x", **question(("up", "up", "up"), THREE_LEVELS))
    study(tmp_path, "paws-x-strong", **question(("up", "up", "undecided"), THREE_LEVELS))
    row = claims.judged(tmp_path).set_index("claim").loc["Q"]
    assert row.verdict == "inconclusive" and row.on.startswith("paws-x-strong, ")


@pytest.mark.parametrize("n_seeds, read", [(2, "paws-x, "), (3, "paws-x-strong, ")])
def test_the_stronger_model_is_read_from_three_seeds_on(tmp_path, n_seeds, read):
    study(tmp_path, "paws-x", **question(("up", "up", "up"), THREE_LEVELS))
    tables = question(("up", "up", "up"), THREE_LEVELS)
    tables["groups"].loc[1, "n_seeds"] = n_seeds
    study(tmp_path, "paws-x-strong", **tables)
    assert claims.judged(tmp_path).set_index("claim").loc["Q", "on"].startswith(read)


@pytest.mark.parametrize("missing, rows", [(["hybrid-tsdae seed 1"], 3), ([], 1), ([], 0)])
def test_the_stronger_model_is_not_read_before_every_arm_has_run(tmp_path, missing, rows):
    study(tmp_path, "paws-x", **question(("up", "up", "up"), THREE_LEVELS))
    tables = question(("up", "up", "up"), THREE_LEVELS)
    study(tmp_path, "paws-x-strong", **tables | {"groups": tables["groups"].iloc[:rows]})
    path = tmp_path / "paws-x-strong/runs.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"missing": missing}))
    assert claims.judged(tmp_path).set_index("claim").loc["Q", "on"].startswith("paws-x, ")


@pytest.mark.parametrize("control", ["more-updates", "more-updates-200", "mlm-en"])
def test_controls_leave_no_question_open(tmp_path, control):
    tables = question(("up", "up", "up"), THREE_LEVELS)
    others = tables["groups"].assign(adaptation=control, verdict="undecided", n_seeds=2)
    study(tmp_path, "paws-x-strong", **tables | {"groups": pd.concat([tables["groups"], others])})
    path = tmp_path / "paws-x-strong/runs.json"
    state = json.loads(path.read_text())
    arm = state["runs"][0] | {"run": "b", "label": "hybrid-english-text seed 1", "adaptation": "mlm-en"}
    path.write_text(json.dumps(state | {"runs": [*state["runs"], arm], "controls": ["hybrid-english-text"]}))
    row = claims.judged(tmp_path).set_index("claim").loc["Q"]
    assert row.verdict == "answered" and "control" not in row.measured and "English" not in row.measured


def test_a_question_without_both_strategies_is_not_answered(tmp_path):
    tables = question(("up", "up", "up"), THREE_LEVELS)
    study(tmp_path, "paws-x", **tables | {"groups": tables["groups"].iloc[:1]})
    assert claims.judged(tmp_path).set_index("claim").loc["Q", "verdict"] == "inconclusive"


def test_the_committed_verdicts_are_among_the_known_and_link_to_figures():
    table = claims.judged(ROOT / "figures").set_index("claim")
    assert table.index.tolist() == [*map(str, range(1, 13)), "Q"]
    assert set(table.verdict) <= set(claims.VERDICTS)
    assert table.loc["9", "figure"] == "claims/ladder.png"
    assert table.loc["Q", "figure"] == "paws-x-strong/adaptation_family.png"
    path = ROOT / "figures" / "claims" / "claims.csv"
    saved = pd.read_csv(path, dtype=str, keep_default_na=False).set_index("claim")
    assert saved.verdict.tolist() == table.verdict.tolist()
    assert saved.measured.tolist() == table.measured.tolist() and saved.on.tolist() == table.on.tolist()


def test_the_table_of_claims_links_to_figures_from_where_it_stands():
    table = claims.judged(ROOT / "figures")
    head, line, *rows = claims.as_markdown(table, "../figures").splitlines()
    assert len(rows) == len(table) and head.count("|") == line.count("|") == 8
    assert rows[-1].startswith("| Q |")
    assert "[paws-x-strong/adaptation_family.png](../figures/paws-x-strong/adaptation_family.png)" in rows[-1]
    assert rows[4].endswith("| **not testable here** |  |")
