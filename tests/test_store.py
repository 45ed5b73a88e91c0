"""What counts as done: records, fingerprints, ancestors; and collecting, without a kernel."""

import json
from pathlib import Path

import pandas as pd
import pytest
from tiny_studies import tiny_study

from xltlib import files, records, studies
from xltlib.fingerprint import code_fingerprint
from xltlib.store import Store

ENGLISH = {
    "role": "labels", "use": "train", "kind": "labelled-source", "languages": ["en"], "source": "demo",
    "count": 60, "left_out": 0, "fingerprint": "", "told": {},
}  # fmt: skip
MLM = {**ENGLISH, "role": "adaptation", "use": "mlm", "kind": "text", "languages": ["de"]}


def answers(step: int = 4) -> pd.DataFrame:
    rows = [
        {"item": k, "cluster": k, "language1": code, "language2": code, "label": k % 2, "step": step,
         "selection": rule}
        for rule in ("last", "en-dev", "oracle") for code in ("en", "de") for k in range(6)
    ]  # fmt: skip
    return pd.DataFrame(rows).assign(p0=0.4, p1=0.6)


@pytest.fixture
def plan(tmp_path):
    return studies.Study("tiny", tiny_study(Path("tiny-encoder"))).plan({}, "", tmp_path / "runs")


def finish(plan, runs: Path, *labels: str, code: str | None = None) -> None:
    """Leave the records that runs would leave."""
    for label in labels:
        node = plan[label]
        read = [MLM, ENGLISH] if "mlm" in label else [ENGLISH]
        record = {
            "run": node.run, "notebook": node.notebook, "parameters": node.parameters, "encoder": "tiny",
            "code": code or code_fingerprint(node.notebook, node.parameters), "read": read, "head": "cross",
            "seed": 1,
            "accuracy": [{"selection": "last", "language1": "de", "language2": "de", "accuracy": 0.5}],
            "parents": {plan[need].run: records.digest(runs / plan[need].run) for need in node.needs},
        }  # fmt: skip
        if node.notebook == "10_adapt":
            record |= {"method": "mlm", "before": {"de": 9.0}, "after": {"de": 8.0}}
        records.write(runs / node.run, record, answers() if node.arm else None)


def test_a_run_counts_as_done_only_with_a_whole_matching_record(tmp_path):
    parameters = {"seed": 1, "runs": "a"}
    assert not records.done(tmp_path, parameters, "code")
    records.write(tmp_path, {"parameters": parameters, "code": "code"}, pd.DataFrame({"p0": [0.5]}))
    assert records.done(tmp_path, {"seed": 1, "runs": "b"}, "code")
    assert not records.done(tmp_path, {"seed": 2, "runs": "a"}, "code")
    assert not records.done(tmp_path, parameters, "other code")
    text = (tmp_path / "record.json").read_text()
    (tmp_path / "record.json").write_text(text[: len(text) // 2])
    with pytest.raises(files.Damaged, match="record.json is damaged"):  # never made anew unasked
        records.done(tmp_path, parameters, "code")
    with pytest.raises(ValueError):  # a record that JSON cannot hold leaves the old one alone
        records.write(tmp_path, {"loss": float("nan")})
    assert (tmp_path / "record.json").read_text() == text[: len(text) // 2]


def test_what_is_made_from_what_is_outdated_or_was_made_anew_is_outdated(plan, tmp_path):
    store = Store(tmp_path / "runs", tmp_path / "figures/tiny")
    assert store.missing(plan) == list(plan.nodes)
    finish(plan, tmp_path / "runs", *plan.nodes)
    assert store.missing(plan) == []
    assert store.missing(plan, force=True) == list(plan.nodes)
    finish(plan, tmp_path / "runs", "mlm", code="other code")
    assert store.missing(plan) == ["mlm", "english-mlm seed 1", "hybrid-mlm seed 1"]
    finish(plan, tmp_path / "runs", "mlm")
    assert store.missing(plan) == []  # the same record again: its digest is what its children name
    path = tmp_path / "runs" / plan["mlm"].run / "record.json"
    path.write_text(path.read_text().replace('"encoder": "tiny"', '"encoder":  "tiny"'))
    assert store.missing(plan) == ["english-mlm seed 1", "hybrid-mlm seed 1"]


def test_code_counts_but_for_drawing(plan, tmp_path):
    finish(plan, tmp_path / "runs", *plan.nodes, code="other code")
    assert len(Store(tmp_path / "runs", tmp_path / "figures/tiny").missing(plan)) == 5
    drawing = Store(tmp_path / "runs", tmp_path / "figures/tiny", any_code=True)
    assert drawing.missing(plan) == [] and drawing.other_code(plan) == 5


def test_only_what_is_asked_for_and_what_it_needs(plan):
    assert list(plan.only("hybrid-mlm").nodes) == ["mlm", "english-mlm seed 1", "hybrid-mlm seed 1"]
    with pytest.raises(ValueError, match="--only 'some' fits no run: they are mlm, english seed 1"):
        plan.only("some")


def test_collecting_names_arms_by_what_the_study_has(plan, tmp_path):
    store = Store(tmp_path / "runs", tmp_path / "figures/tiny")
    with pytest.raises(ValueError, match="no arm of this study is done in .*; figures are left as they are"):
        store.collect(plan)
    assert not (tmp_path / "figures").exists()
    finish(plan, tmp_path / "runs", "mlm", "english seed 1", "english-mlm seed 1")
    store.collect(plan)
    state = json.loads((tmp_path / "figures/tiny/runs.json").read_text())
    assert state["missing"] == ["hybrid seed 1", "hybrid-mlm seed 1"] and state["study"] == "tiny"
    arms = {
        run["label"]: (run["strategy"], run["adaptation"], run["rung"]) for run in state["runs"] if run["arm"]
    }
    assert arms == {"english seed 1": ("plain", "none", "Z0"), "english-mlm seed 1": ("plain", "mlm", "Z1")}
    assert not any({"data", "runs"} & set(run["parameters"]) for run in state["runs"])
    predicted = pd.read_parquet(tmp_path / "figures/tiny/predictions.parquet")
    assert set(predicted.run) == {plan["english seed 1"].run, plan["english-mlm seed 1"].run}


def test_what_is_committed_stands_in_for_runs_that_are_gone_and_is_never_lost(plan, tmp_path):
    figures = tmp_path / "figures/tiny"
    finish(plan, tmp_path / "runs", *plan.nodes)
    Store(tmp_path / "runs", figures).collect(plan)
    committed = (figures / "predictions.parquet").read_bytes()
    empty = tmp_path / "empty"
    kept = Store(empty, figures, committed=True)
    assert kept.missing(plan) == []
    more = studies.Study("tiny", tiny_study(Path("tiny-encoder"))).plan({"seeds": [1, 2]}, "", empty)
    todo = kept.missing(more)  # the arms of another seed, and the adapted encoder, whose model is gone
    assert todo == ["mlm", *(f"{arm} seed 2" for arm in ("english", "english-mlm", "hybrid", "hybrid-mlm"))]
    drawing = Store(empty, figures, committed=True, any_code=True)
    drawing.collect(plan)
    assert (figures / "predictions.parquet").read_bytes() == committed
    with pytest.raises(
        ValueError, match="2 runs not done by this plan, english seed 1 among them; they would be lost"
    ):
        drawing.collect(plan.only("hybrid-mlm"))
    assert (figures / "predictions.parquet").read_bytes() == committed


def test_a_new_option_at_its_default_leaves_committed_runs_done(plan, tmp_path):
    figures = tmp_path / "figures/tiny"
    finish(plan, tmp_path / "runs", *plan.nodes)
    Store(tmp_path / "runs", figures).collect(plan)
    state = json.loads((figures / "runs.json").read_text())
    for run in state["runs"]:  # as if they had been made before these options were thought of
        run["parameters"].get("scored", {}).pop("votes", None)
        run["parameters"]["encoder"].pop("trim")
    (figures / "runs.json").write_text(json.dumps(state))
    assert Store(tmp_path / "empty", figures, committed=True).missing(plan) == []
    changed = plan["english seed 1"]
    for label, node in plan.nodes.items():  # and as much of runs that are not collected yet
        path = tmp_path / "runs" / node.run / "record.json"
        record = json.loads(path.read_text())
        record["parameters"]["encoder"].pop("trim")
        if node is changed:
            record["parameters"]["steps"] += 1
        path.write_text(json.dumps(record))
    outdated = Store(tmp_path / "runs", tmp_path / "figures/other").outdated(plan)
    assert "english seed 1" in outdated and "mlm" not in outdated, label
