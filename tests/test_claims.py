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
    (folder / name / "runs.json").write_text(json.dumps({"study": name, "missing": ["fgm seed 2"], "runs": runs}), encoding="utf-8")
    for table, rows in tables.items():
        rows.to_csv(folder / name / f"{table}.csv", index=False)


def outcome(claim: int, arm: str, effect: float, verdict: str) -> dict:
    return {"claim": claim, "arm": arm, "effect": effect, "low": effect - 1, "high": effect + 1, "n_items": 10, "n_seeds": 2, "over as many updates": 0.2, "verdict": verdict}


def test_without_any_study_every_measured_claim_is_inconclusive_and_says_what_is_missing(tmp_path):
    table = claims.judged(tmp_path).set_index("claim")
    measured = table[table.kind == "measured"]
    assert set(measured.verdict) == {"inconclusive"} and measured.measured.str.contains("has not been run here").all()
    assert set(table.loc[["5", "6", "7", "11", "12"], "verdict"]) == {"not testable here"}
    assert table.loc["1", "measured"] == "Study robustness has not been run here."


@pytest.mark.parametrize("said, verdict", [("reproduced", "reproduced"), ("step-explained", "not reproduced"), ("not reproduced: larger", "not reproduced"), ("inconclusive", "inconclusive")])
def test_the_first_claim_is_judged_by_synonyms_alone(tmp_path, said, verdict):
    study(tmp_path, "robustness", claims=pd.DataFrame([outcome(1, "fgm", 9.0, "reproduced"), outcome(1, "synonyms", 2.0, said), outcome(3, "synonyms", 1.5, "reproduced")]))
    table = claims.judged(tmp_path).set_index("claim")
    assert table.loc["1", "verdict"] == verdict and table.loc["2", "verdict"] == "inconclusive"
    assert "Synonyms +2.0 [+1.0, +3.0] points over plain training, +0.2 over as many updates" in table.loc["1", "measured"]
    assert "fgm +9.0" in table.loc["1", "measured"] and "missing: fgm seed 2" in table.loc["1", "on"]
    assert table.loc["3", "verdict"] == "reproduced"


def test_two_studies_that_disagree_leave_the_third_claim_open(tmp_path):
    for name, said in (("robustness", "reproduced"), ("robustness-xnli", "not reproduced")):
        study(tmp_path, name, claims=pd.DataFrame([outcome(3, "synonyms", 1.5, said)]))
    assert claims.judged(tmp_path).set_index("claim").loc["3", "verdict"] == "inconclusive"


def test_a_cell_with_another_label_breaks_the_definition_of_the_generalized_setting(tmp_path):
    study(tmp_path, "paws-x")
    rows = pd.DataFrame({"item": [1, 1, 2, 2], "language1": ["en", "en", "en", "en"], "language2": ["en", "de", "en", "de"], "label": [1, 1, 0, 0]})
    rows.to_parquet(tmp_path / "paws-x" / "predictions.parquet")
    assert claims._definition(tmp_path)["verdict"] == "reproduced"
    rows.assign(label=[1, 0, 0, 0]).to_parquet(tmp_path / "paws-x" / "predictions.parquet")
    assert claims._definition(tmp_path)["verdict"] == "not reproduced"


@pytest.mark.parametrize("effects, verdict", [((1.5, 0.2), "reproduced"), ((-1.5, 0.2), "not reproduced"), ((1.5, -1.5), "inconclusive"), ((0.2, 0.1), "inconclusive")])
def test_alignment_is_judged_by_its_effects(tmp_path, effects, verdict):
    rows = pd.DataFrame([{"adaptation": name, "effect": e, "low": e - 1, "high": e + 1, "n_seeds": 2, "n_items": 9} for name, e in zip(("centre", "procrustes"), effects)])
    study(tmp_path, "adaptation-after", adaptation=rows, adaptation_effect=rows)
    assert claims.judged(tmp_path).set_index("claim").loc["8", "verdict"] == verdict


def test_the_committed_verdicts_are_among_the_known_and_their_figures_exist():
    table = claims.judged(ROOT / "figures")
    assert table.claim.tolist() == [*map(str, range(1, 13)), "Q"] and set(table.verdict) <= set(claims.VERDICTS)
    assert [(ROOT / "figures" / figure).exists() for figure in table.figure if figure] == [True] * sum(table.figure != "")
