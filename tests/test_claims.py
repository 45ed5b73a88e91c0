"""Verdicts on the founding report's claims follow from tables, by rules that can say no."""

import json
from pathlib import Path

import pandas as pd
import pytest

from xltlib import claims

ROOT = Path(__file__).resolve().parent.parent


def study(folder: Path, name: str, **tables: pd.DataFrame) -> None:
    (folder / name).mkdir(parents=True)
    runs = [{"run": "a", "arm": True, "encoder": "offline", "notebook": "20_finetune"}]
    (folder / name / "runs.json").write_text(
        json.dumps({"study": name, "missing": ["fgm seed 2"], "runs": runs}), encoding="utf-8"
    )
    for table, rows in tables.items():
        rows.to_csv(folder / name / f"{table}.csv", index=False)


def outcome(claim: int, arm: str, effect: float, verdict: str) -> dict:
    return {
        "claim": claim,
        "arm": arm,
        "effect": effect,
        "low": effect - 1,
        "high": effect + 1,
        "n_items": 10,
        "n_seeds": 2,
        "over as many updates": 0.2,
        "verdict": verdict,
    }


def test_without_any_study_every_measured_claim_is_inconclusive_and_says_what_is_missing(tmp_path):
    table = claims.judged(tmp_path).set_index("claim")
    measured = table[table.kind == "measured"]
    assert (
        set(measured.verdict) == {"inconclusive"}
        and measured.measured.str.contains("has not been run here").all()
    )
    assert set(table.loc[["5", "6", "7", "10", "11", "12"], "verdict"]) == {"not testable here"}
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
    study(
        tmp_path,
        "robustness",
        claims=pd.DataFrame(
            [
                outcome(1, "fgm", 9.0, "reproduced"),
                outcome(1, "synonyms", 2.0, said),
                outcome(3, "synonyms", 1.5, "reproduced"),
            ]
        ),
    )
    table = claims.judged(tmp_path).set_index("claim")
    assert table.loc["1", "verdict"] == verdict and table.loc["2", "verdict"] == "inconclusive"
    assert (
        "Synonyms +2.0 [+1.0, +3.0] points over plain training, +0.2 over as many updates"
        in table.loc["1", "measured"]
    )
    assert "fgm +9.0" in table.loc["1", "measured"] and "missing: fgm seed 2" in table.loc["1", "on"]
    assert table.loc["3", "verdict"] == "reproduced"


def test_two_studies_that_disagree_leave_the_third_claim_open(tmp_path):
    for name, said in (("robustness", "reproduced"), ("robustness-xnli", "not reproduced")):
        study(tmp_path, name, claims=pd.DataFrame([outcome(3, "synonyms", 1.5, said)]))
    assert claims.judged(tmp_path).set_index("claim").loc["3", "verdict"] == "inconclusive"


def test_a_cell_with_another_label_breaks_the_definition_of_the_generalized_setting(tmp_path):
    study(tmp_path, "paws-x")
    rows = pd.DataFrame(
        {
            "item": [1, 1, 2, 2],
            "language1": ["en", "en", "en", "en"],
            "language2": ["en", "de", "en", "de"],
            "label": [1, 1, 0, 0],
        }
    )
    rows.to_parquet(tmp_path / "paws-x" / "predictions.parquet")
    assert claims._definition(tmp_path)["verdict"] == "reproduced"
    rows.assign(label=[1, 0, 0, 0]).to_parquet(tmp_path / "paws-x" / "predictions.parquet")
    assert claims._definition(tmp_path)["verdict"] == "not reproduced"


def aligned(*effects: float, p: float, n_seeds: int = 6, p_equivalent: float = 0.9) -> pd.DataFrame:
    rows = [{"adaptation": name, "effect": e, "low": e - 1, "high": e + 1, "p": p, "p_equivalent": p_equivalent, "n_seeds": n_seeds, "n_items": 9}
            for name, e in zip(("centre", "centre-detected", "procrustes"), effects)]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.mark.parametrize("rows, verdict", [
    (aligned(1.5, 0.2, p=0.01), "reproduced"), (aligned(-1.5, -0.2, p=0.01), "not reproduced"), (aligned(1.5, -1.5, p=0.01), "inconclusive"),
    (aligned(1.5, 0.2, p=0.04), "inconclusive"),  # two of them: Holm's 0.08
    (aligned(1.5, 1.0, p=0.01, n_seeds=1), "inconclusive"), (aligned(0.1, 0.0, p=0.9, p_equivalent=0.01), "not reproduced"),
])  # fmt: skip
def test_alignment_is_judged_after_holms_correction_and_never_by_one_seed(tmp_path, rows, verdict):
    study(
        tmp_path,
        "adaptation-after",
        adaptation=rows,
        intervals=pd.DataFrame(
            {"adaptation": ["none", "centre"], "accuracy": [55.0, 90.0], "majority": 58.0}
        ),
    )
    assert claims.judged(tmp_path).set_index("claim").loc["8", "verdict"] == verdict
    assert (
        "55.0 per cent" in claims.judged(tmp_path).set_index("claim").loc["8", "measured"]
    )  # below the majority: said


def question(verdicts: tuple[str, str, str], resources: tuple[str, ...]) -> dict[str, pd.DataFrame]:
    strategies = ("hybrid", "labse-recipe", "hybrid - labse-recipe")
    groups = [
        {
            "strategy": s,
            "adaptation": "mlm",
            "language": "mean",
            "effect": 1.0,
            "low": 0.5,
            "high": 1.5,
            "n_seeds": 6,
            "verdict": v,
        }
        for s, v in zip(strategies, verdicts)
    ]
    return {
        "groups": pd.DataFrame(groups),
        "adaptation_effect": pd.DataFrame({"resource": resources, "n_items": 9}),
    }


def test_the_question_is_answered_only_if_all_is_decided_down_to_low_resource_languages(tmp_path):
    for k, (verdicts, resources, said) in enumerate([
        (("up", "equivalent to nothing", "up"), ("high", "medium", "low"), "answered"), (("up", "up", "undecided"), ("high", "medium", "low"), "inconclusive"),
        (("up", "up", "up"), ("high", "medium"), "inconclusive"), (("one seed", "up", "up"), ("high", "medium", "low"), "inconclusive"),
    ]):  # fmt: skip
        study(tmp_path / str(k), "paws-x", **question(verdicts, resources))
        row = claims.judged(tmp_path / str(k)).set_index("claim").loc["Q"]
        assert row.verdict == said and ("No low-resource language was measured" in row.measured) == (
            "low" not in resources
        )


def test_a_question_without_both_strategies_is_not_answered(tmp_path):
    tables = question(("up", "up", "up"), ("high", "medium", "low"))
    study(tmp_path, "paws-x", **tables | {"groups": tables["groups"].iloc[:1]})
    assert claims.judged(tmp_path).set_index("claim").loc["Q", "verdict"] == "inconclusive"


def test_the_committed_verdicts_are_among_the_known_and_link_to_figures():
    table = claims.judged(ROOT / "figures").set_index("claim")
    assert table.index.tolist() == [*map(str, range(1, 13)), "Q"] and set(table.verdict) <= set(
        claims.VERDICTS
    )
    assert table.loc[["9", "Q"], "figure"].tolist() == ["claims/ladder.png", "paws-x/adaptation_effect.png"]
    saved = pd.read_csv(
        ROOT / "figures" / "claims" / "claims.csv", dtype=str, keep_default_na=False
    ).set_index("claim")
    assert (
        saved.verdict.tolist() == table.verdict.tolist()
        and saved.measured.tolist() == table.measured.tolist()
    )
