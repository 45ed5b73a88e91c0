"""Planning, checking, resuming, failing: run_all.py on a study of tiny models, with real kernels."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import yaml

from xltlib import records

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import run_all


def tiny_study(encoder: Path, **more) -> dict:
    common = {"task": "demo", "targets": "en de", "encoder": str(encoder), "frozen_layers": 0, "test_items": 20, "dev_items": 10, "trim_vocabulary": True}
    return {
        "about": "tiny", "cost": "seconds", "seeds": [1], "common": common,
        "adapt": {"mlm": {"method": "mlm", "languages_read": "de", "steps": 2}},
        "finetune": {
            "english": {"steps": 4, "keep_model": True},
            "english-mlm": {"steps": 4, "keep_model": True, "encoder": "mlm"},
            "hybrid": {"steps": 4, "start": "english", "batching": "hybrid", "parallel": "demo", "parallel_languages": "de"},
            "hybrid-mlm": {"steps": 4, "start": "english-mlm", "encoder": "mlm", "batching": "hybrid", "parallel": "demo", "parallel_languages": "de"},
        }, **more,
    }  # fmt: skip


def command(folder: Path, study: dict, *arguments: str) -> list[str]:
    (folder / "studies.yaml").write_text(yaml.safe_dump({"tiny": study}, sort_keys=False))
    places = ["--runs", str(folder / "runs"), "--figures", str(folder / "figures"), "--experiments", str(folder / "studies.yaml")]
    return [sys.executable, str(ROOT / "run_all.py"), "tiny", *places, *arguments]


def run(folder: Path, study: dict, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(command(folder, study, *arguments), capture_output=True, text=True, cwd=folder, timeout=900)


def predictions(folder: Path) -> pd.DataFrame:
    table = pd.read_parquet(folder / "figures/tiny/predictions.parquet")
    return table.sort_values(["run", "language1", "selection", "item"]).reset_index(drop=True)


def test_the_plan_resolves_names_to_runs_and_shares_encoders(tiny):
    nodes = run_all.plan(tiny_study(tiny["xlm-r"]), {"seeds": [1, 2]}, "", Path("runs"))
    assert len(nodes) == 1 + 2 * 4
    assert nodes["english-mlm seed 1"].parameters["encoder"] == nodes["english-mlm seed 2"].parameters["encoder"] == nodes["mlm"].run
    assert nodes["hybrid seed 2"].parameters["start"] == nodes["english seed 2"].run
    assert nodes["hybrid-mlm seed 1"].needs == ["mlm", "english-mlm seed 1"]
    assert len({node.run for node in nodes.values()}) == len(nodes)
    # Where things lie is no part of what a run is.
    elsewhere = run_all.plan(tiny_study(tiny["xlm-r"]), {"seeds": [1, 2]}, "/data", Path("elsewhere"))
    assert [n.run for n in elsewhere.values()] == [n.run for n in nodes.values()]


def test_what_a_long_chain_waits_for_comes_first(tiny):
    nodes = run_all.plan(tiny_study(tiny["xlm-r"]), {}, "", Path("runs"))
    behind = {label: run_all.chain_behind(label, nodes, set(nodes)) for label in nodes}
    for label, node in nodes.items():
        assert all(behind[need] > behind[label] for need in node.needs)
    assert behind["mlm"] == 3 and behind["hybrid-mlm seed 1"] == 1  # mlm, english-mlm, hybrid-mlm


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"common": {"task": "demo", "stepz": 3}}, "no notebook has a parameter 'stepz'"),
        ({"finetune": {"english": {"step": 3}}}, "20_finetune has no parameter 'step'"),
        ({"finetune": {"english": {"steps": "3"}}}, "steps = '3' is str, wanted int"),
        ({"finetune": {"english": {"steps": True}}}, "steps = True is bool, wanted int"),
        ({"finetune": {"hybrid": {"start": "english"}}}, "start 'english' is nothing above it"),
        ({"finetune": {"english": {"steps": 4}, "hybrid": {"start": "english"}}}, "keeps no trained model: give it keep_model: true"),
        ({"finetune": {"english": {"steps": 4, "start": "mlm"}}}, "starts from 'mlm', which keeps no trained model"),
        ({"trunk": {"english": {"steps": 4}}}, "'english' stands twice"),
        ({"finetune": {"more": {"method": "mlm"}}}, "needs start, the model it adapts"),
        ({"fintune": {}}, "unknown field 'fintune'"),
        ({"seeds": None, "common": {"seed": 3}}, "name the seeds of a study as seeds"),
        ({"seeds": [0]}, "a list of whole numbers from 1"),
        ({"seeds": "1, 2"}, "a list of whole numbers from 1"),
        ({"finetune": {"english": {"targets": "en xx"}}}, "unknown language 'xx'"),
    ],
)
def test_mistakes_are_named_before_any_kernel_starts(tiny, tmp_path, change, complaint):
    result = run(tmp_path, tiny_study(tiny["xlm-r"], **change))
    assert result.returncode == 2 and complaint in result.stderr
    assert not (tmp_path / "runs").exists()


def test_an_arm_can_have_seeds_of_its_own(tiny):
    study = tiny_study(tiny["xlm-r"])
    study["finetune"]["english"]["seeds"] = [1, 2, 3]
    labels = set(run_all.plan(study, {}, "", Path("runs")))
    assert {f"english seed {seed}" for seed in (1, 2, 3)} <= labels and "english-mlm seed 2" not in labels
    assert "english seed 3" not in run_all.plan(study, {"seeds": [1]}, "", Path("runs"))
    study["finetune"]["english"]["seeds"] = [0]
    with pytest.raises(ValueError, match="whole numbers from 1"):
        run_all.plan(study, {}, "", Path("runs"))


def test_unknown_studies_and_overrides_are_named(tiny, tmp_path):
    arguments = command(tmp_path, tiny_study(tiny["xlm-r"]))
    arguments[2] = "paws"
    result = subprocess.run(arguments, capture_output=True, text=True)
    assert result.returncode == 2 and "no study 'paws'" in result.stderr
    for override, complaint in (("stepz=1", "parameter 'stepz'"), ("steps", "write name=value"), ("seed=3", "as seeds"), ("seeds=a", "seeds are whole numbers")):
        result = run(tmp_path, tiny_study(tiny["xlm-r"]), "--set", override)
        assert result.returncode == 2 and complaint in result.stderr


def test_text_that_no_hub_has_is_asked_for_before_any_kernel_starts(tiny):
    study = tiny_study(tiny["xlm-r"], adapt={"mlm": {"text": "wikipedia"}})
    with pytest.raises(ValueError, match="mlm: text 'wikipedia' comes from a data folder"):
        run_all.plan(study, {}, "", Path("runs"))
    assert "mlm" in run_all.plan(study, {}, "/data", Path("runs"))
    study = tiny_study(tiny["xlm-r"])
    study["common"]["parallel"] = "ntrex"
    with pytest.raises(ValueError, match="parallel 'ntrex' comes from a data folder"):
        run_all.plan(study, {}, "", Path("runs"))


def test_an_ancestor_that_guarded_another_test_set_is_refused(tmp_path):
    theirs = {"encoder": "offline", "task": "demo", "targets": "en de"}
    records.write(tmp_path / "adapt-1", {"parameters": theirs, "encoder": "offline", "read": []})
    ours = {"encoder": "adapt-1", "task": "demo", "targets": "de en"}
    place, name, seen, parents = records.ancestry(tmp_path, ours)
    assert (name, seen) == ("offline", []) and parents == {"adapt-1": records.digest(tmp_path / "adapt-1")}
    for change in ({"task": "paws-x"}, {"targets": "en de es"}):
        with pytest.raises(ValueError, match="kept the test set of demo"):
            records.ancestry(tmp_path, ours | change)


def test_the_rung_is_worked_out_from_what_was_read():
    english = [{"use": "train", "kind": "labelled-source", "languages": ["en"]}]
    text = [{"use": "mlm", "kind": "text", "languages": ["en"]}]
    assert records.rung(english) == records.rung(text + english) == "Z0"
    assert records.rung([{**text[0], "languages": ["de"]}] + english) == "Z1"
    hybrid = english + [{"use": "hybrid", "kind": "parallel", "languages": ["de"]}]
    assert records.rung(hybrid) == "Z3"
    assert records.rung(hybrid + [{"use": "hybrid", "kind": "labelled-target", "languages": ["de"]}]) == "Z4"
    arms = [records.arm(read, "offline", "cross") for read in (english, text + english, hybrid, text + hybrid)]
    assert [(a["strategy"], a["adaptation"]) for a in arms] == [("plain", "none"), ("plain", "mlm"), ("hybrid", "none"), ("hybrid", "mlm")]
    aligned = [{"use": "align", "kind": "parallel", "languages": ["de"]}]
    assert records.arm(text + aligned + english, "offline", "cross") | {"strategy": "labse-recipe", "adaptation": "mlm"} == records.arm(text + aligned + english, "offline", "cross")
    assert records.arm(english, "sentence-transformers/LaBSE", "bi")["strategy"] == "labse"
    assert records.arm(aligned + english, "sentence-transformers/LaBSE", "bi")["adaptation"] == "align"
    assert records.arm(text + aligned + hybrid, "offline", "cross")["strategy"] == "labse-recipe+hybrid"
    dose = [{**text[0], "dose": 100}], [{**text[0], "dose": 0}]
    assert [records.arm(read + english, "offline", "cross", {("mlm", "dose")})["adaptation"] for read in dose] == ["mlm-100", "mlm-all"]
    fewer = [{**text[0], "languages": ["de"]}], [{**text[0], "languages": ["de", "es"]}]
    assert records.several([read for read in fewer]) == {("mlm", "languages")}
    assert [records.arm(read + english, "offline", "cross", {("mlm", "languages")})["adaptation"] for read in fewer] == ["mlm-de", "mlm-de-es"]
    assert records.several([[{"use": "hybrid", "kind": "labelled-target", "languages": of}] for of in (["de"], ["de", "es"])]) == set()  # one strategy
    assert records.supervision(hybrid, "de") == "parallel" and records.supervision(english, "de") == "none"


def test_comments_do_not_change_the_code_fingerprint_and_code_does():
    source = 'def f(x):\n    """Doc."""\n    return x + 1  # why\n'
    assert records._without_comments(source) == records._without_comments(source.replace("Doc", "Other").replace("  # why", ""))
    assert records._without_comments(source) != records._without_comments(source.replace("+ 1", "+ 2"))
    names = {path.name for path in records._imported(["from xltlib import prediction"])}
    assert {"prediction.py", "heads.py", "align.py", "batching.py", "encoders.py"} <= names
    assert "mlm.py" not in names and not names & {"style.py", "intervals.py"}  # figures and statistics only read


def test_the_rows_that_ship_with_the_package_are_code_of_the_runs_that_read_them(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "xltlib", tmp_path / "xltlib")
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    monkeypatch.setattr(records, "ROOT", tmp_path)
    (tmp_path / "xltlib" / "demo" / ".ipynb_checkpoints").mkdir()
    given = ({}, {"task": "paws-x"}, {"task": "paws-x", "text": "wikipedia"}, {"task": "paws-x", "method": "align", "parallel": "ntrex"})
    runs = [records.check_parameters("10_adapt", parameters) for parameters in given]
    before = [records.code_fingerprint("10_adapt", parameters) for parameters in runs]
    table = next((tmp_path / "xltlib" / "demo").glob("*.tsv"))
    table.write_text(table.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    after = [records.code_fingerprint("10_adapt", parameters) for parameters in runs]
    assert [a == b for a, b in zip(before, after)] == [False, False, True, True]


def test_a_run_counts_as_done_only_with_a_whole_matching_record(tmp_path):
    parameters = {"seed": 1, "runs": "a"}
    assert not records.done(tmp_path, parameters, "code")
    records.write(tmp_path, {"parameters": parameters, "code": "code"}, pd.DataFrame({"p0": [0.5]}))
    assert records.done(tmp_path, {"seed": 1, "runs": "b"}, "code")
    assert not records.done(tmp_path, {"seed": 2, "runs": "a"}, "code")
    assert not records.done(tmp_path, parameters, "other code")
    text = (tmp_path / "record.json").read_text()
    (tmp_path / "record.json").write_text(text[: len(text) // 2])
    assert not records.done(tmp_path, parameters, "code")
    with pytest.raises(ValueError):  # a record that JSON cannot hold leaves the old one alone
        records.write(tmp_path, {"loss": float("nan")})
    assert (tmp_path / "record.json").read_text() == text[: len(text) // 2]


def test_overrides_are_typed_and_adapted_encoders_keep_their_arms(tiny):
    assert run_all.parse_set(["learning_rate=1e-4", "steps=3", "keep_model=true", "text=wikipedia", "seeds=1,2"]) == {
        "learning_rate": 1e-4, "steps": 3, "keep_model": True, "text": "wikipedia", "seeds": [1, 2],
    }  # fmt: skip
    nodes = run_all.plan(tiny_study(tiny["bert"]), {"encoder": str(tiny["xlm-r"])}, "", Path("runs"))
    assert nodes["mlm"].parameters["encoder"] == nodes["english seed 1"].parameters["encoder"] == str(tiny["xlm-r"])
    assert nodes["english-mlm seed 1"].parameters["encoder"] == nodes["mlm"].run


one_worker = pytest.mark.xdist_group("undisturbed")  # so that the study below is run once


@pytest.fixture(scope="module")
def undisturbed(tiny, tmp_path_factory):
    """A study run in peace, and its console output."""
    folder = tmp_path_factory.mktemp("undisturbed")
    return folder, run(folder, tiny_study(tiny["xlm-r"]), "--report")


@one_worker
def test_a_study_ends_in_records_figures_and_a_report(undisturbed):
    folder, result = undisturbed
    assert result.returncode == 0, result.stderr
    assert "5 of 5 runs done" in result.stdout
    figures = folder / "figures/tiny"
    effect = pd.read_csv(figures / "adaptation_effect.csv")
    assert list(effect.columns) == [
        "study", "encoder", "strategy", "head", "adaptation", "language", "resource", "rung", "effect", "low", "high", "p", "p (Holm)", "p_equivalent", "verdict", "n_items", "n_seeds",
    ]  # fmt: skip
    assert set(effect.strategy) == {"plain", "hybrid"} and set(effect.language) == {"de"} and (effect.n_items == 20).all()
    assert set(effect.set_index("strategy").rung.items()) == {("plain", "Z1"), ("hybrid", "Z3")}
    accuracy = pd.read_csv(figures / "accuracy.csv")
    assert len(accuracy) == 4 * 2 * 3 and {"seed", "language1", "language2", "selection", "accuracy", "n_items"} <= set(accuracy.columns)
    assert (figures / "adaptation_effect.png").read_bytes()[:4] == b"\x89PNG"
    assert "<svg" in (figures / "adaptation_effect.svg").read_text()
    html = (figures / "report.html").read_text()
    assert "data:image/png;base64" in html and "resamples: int" not in html and "No description" not in html
    assert not re.search(r"""(src|href)=["']https?://""", html)  # nothing is fetched when it is opened
    state = json.loads((figures / "runs.json").read_text())
    assert state["missing"] == [] and not any(set(records.PLACES) & set(run["parameters"]) for run in state["runs"])


@one_worker
def test_a_finished_study_is_not_run_again(undisturbed, tiny):
    folder, _ = undisturbed
    before = {path: path.stat().st_mtime_ns for path in (folder / "runs").glob("*/record.json")}
    result = run(folder, tiny_study(tiny["xlm-r"]), "--list")
    assert result.stdout.count("done") == 5 and "to do" not in result.stdout
    assert before == {path: path.stat().st_mtime_ns for path in (folder / "runs").glob("*/record.json")}


@one_worker
def test_a_copy_of_the_records_counts_as_done_whatever_the_files_times(undisturbed, tiny, tmp_path):
    source = undisturbed[0] / "runs"
    for path in sorted(source.glob("*/record.json"), key=lambda path: -path.stat().st_mtime):
        (tmp_path / "runs" / path.parent.name).mkdir(parents=True)
        (tmp_path / "runs" / path.parent.name / "record.json").write_bytes(path.read_bytes())
    assert "to do" not in run(tmp_path, tiny_study(tiny["xlm-r"]), "--list").stdout
    # A parent made anew makes its children stale, and only them.
    parent = next(p for p in (tmp_path / "runs").glob("adapt-*/record.json"))
    parent.write_text(parent.read_text().replace('"seconds"', '"seconds "'))
    listed = run(tmp_path, tiny_study(tiny["xlm-r"]), "--list").stdout.splitlines()
    assert {line.split()[1] for line in listed if line.endswith("to do")} == {"english-mlm", "hybrid-mlm"}
    nodes = run_all.plan(tiny_study(tiny["xlm-r"]), {}, "", tmp_path / "runs")
    codes = {label: records.code_fingerprint(node.notebook, node.parameters) for label, node in nodes.items()}
    assert run_all.outdated(nodes, tmp_path / "runs", codes) == {"english-mlm seed 1", "hybrid-mlm seed 1"}  # so neither is drawn
    other = {**codes, "english seed 1": "other code"}
    assert run_all.outdated(nodes, tmp_path / "runs", other) == set(nodes) - {"mlm"}
    assert run_all.outdated(nodes, tmp_path / "runs") == {"english-mlm seed 1", "hybrid-mlm seed 1"}


@one_worker
def test_only_force_and_draw(undisturbed, tiny, tmp_path):
    study = tiny_study(tiny["xlm-r"])
    listed = run(undisturbed[0], study, "--list", "--only", "hybrid-mlm").stdout
    assert "english-mlm seed 1" in listed and " english seed 1" not in listed  # what it needs, nothing else
    assert run(undisturbed[0], study, "--list", "--force").stdout.count("to do") == 5
    stale = tmp_path / "figures" / "tiny" / "adaptation_effect.csv"
    stale.parent.mkdir(parents=True)
    stale.write_text("of another study\n")
    os.utime(stale, (1, 1))
    first = run(tmp_path, study, "--only", "english seed")
    assert "1 of 1 runs done" in first.stdout and first.returncode == 0, first.stderr
    assert "figures: none" in first.stdout and not stale.exists()  # one arm has no effect to draw; no old one poses as it
    stamp = next((tmp_path / "runs").glob("finetune-*/record.json")).stat().st_mtime_ns
    drawn = run(tmp_path, study, "--draw")
    assert drawn.returncode == 0 and "0 runs to do, 1 done already" in drawn.stdout
    forced = run(tmp_path, study, "--force", "--only", "english seed")
    assert "1 of 1 runs done" in forced.stdout
    assert next((tmp_path / "runs").glob("finetune-*/record.json")).stat().st_mtime_ns > stamp


def test_hybrid_batches_of_labelled_languages_leave_the_evaluated_ones_out(tiny, tmp_path):
    """Rung Z4: n-way parallel labelled items, one language held out."""
    study = tiny_study(tiny["xlm-r"])
    del study["adapt"]
    study["common"] |= {"targets": "en es"}
    study["finetune"] = {"lolo": {"steps": 6, "batching": "hybrid", "labelled": "en de id"}}
    result = run(tmp_path, study)
    assert result.returncode == 0, result.stderr
    record = json.loads(next((tmp_path / "runs").glob("*/record.json")).read_text())
    assert (record["rung"], record["strategy"]) == ("Z4", "hybrid")
    assert {tuple(entry["languages"]) for entry in record["read"]} == {("en",), ("de", "id")}
    study["finetune"]["lolo"]["labelled"] = "en es"
    refused = run(tmp_path, study)
    assert refused.returncode == 1 and "es: called zero-shot, but labelled items of it are read" in refused.stderr
    study["finetune"]["lolo"] |= {"labelled": "en es de", "zero_shot": "de"}
    refused = run(tmp_path, study)
    assert refused.returncode == 1 and "de: called zero-shot, but labelled items of it are read" in refused.stderr


def test_an_adaptation_between_two_trainings_keeps_the_head_and_changes_the_encoder(tiny, tmp_path):
    from safetensors.torch import load_file

    study = tiny_study(tiny["xlm-r"])
    del study["adapt"]
    study["trunk"] = {"english": {"steps": 4, "keep_model": True}}
    study["finetune"] = {
        "mlm": {"method": "mlm", "start": "english", "languages_read": "de", "steps": 2},
        "aligned": {"method": "align", "start": "mlm", "languages_read": "de", "steps": 2},
        "plain": {"steps": 2, "start": "english"},
        "labse-recipe": {"steps": 2, "start": "aligned"},
    }
    result = run(tmp_path, study)
    assert result.returncode == 0, result.stderr
    state = {r["label"]: r for r in json.loads((tmp_path / "figures/tiny/runs.json").read_text())["runs"]}
    recipe = state["labse-recipe seed 1"]
    assert [entry["use"] for entry in recipe["read"]] == ["train", "mlm", "align", "train"]
    assert (recipe["strategy"], recipe["adaptation"], recipe["rung"]) == ("labse-recipe", "mlm", "Z3")
    assert {label for label, r in state.items() if r["arm"]} == {"plain seed 1", "labse-recipe seed 1"}  # a trunk is no arm
    assert set(pd.read_csv(tmp_path / "figures/tiny/accuracy.csv").strategy) == {"plain", "labse-recipe"}
    (tmp_path / "figures/tiny/runs.json").unlink()
    trunk = run(tmp_path, study, "--only", "english", "--draw", "--runs", str(tmp_path / "none"))
    assert trunk.returncode == 1 and not (tmp_path / "figures/tiny/runs.json").exists()
    chain = [load_file(tmp_path / "runs" / state[f"{name} seed 1"]["run"] / "trained.safetensors") for name in ("english", "mlm", "aligned")]
    for before, after in zip(chain, chain[1:]):
        changed = {name for name in before if not before[name].equal(after[name])}
        assert changed and not any(name.startswith("classifier") for name in changed) and before.keys() == after.keys()


@one_worker
def test_killed_in_the_middle_it_goes_on_where_it_was_and_ends_bit_identical(undisturbed, tiny, tmp_path):
    study = tiny_study(tiny["xlm-r"])
    process = subprocess.Popen(command(tmp_path, study), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=tmp_path, start_new_session=True)
    deadline = time.time() + 600
    while len(list((tmp_path / "runs").glob("*/record.json"))) < 2 and time.time() < deadline:
        time.sleep(0.2)
    os.killpg(process.pid, signal.SIGKILL)  # run_all.py; its kernel notices that its parent is gone
    process.wait()
    time.sleep(3)
    finished = {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").glob("*/record.json")}
    assert 2 <= len(finished) < 5
    result = run(tmp_path, study)
    assert result.returncode == 0, result.stderr
    assert f"{5 - len(finished)} runs to do, {len(finished)} done already" in result.stdout
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in finished.items())
    assert predictions(tmp_path).equals(predictions(undisturbed[0]))
    for name in ("adaptation_effect.csv", "adaptation_effect.png", "adaptation_effect.svg", "accuracy.csv"):
        assert (tmp_path / "figures/tiny" / name).read_bytes() == (undisturbed[0] / "figures/tiny" / name).read_bytes()


def test_a_failed_run_is_named_the_rest_is_done_and_the_exit_code_says_so(tiny, tmp_path):
    study = tiny_study(tiny["xlm-r"])
    study["finetune"] = {
        "english": {"steps": 2},
        "broken": {"steps": 4, "learning_rate": 1e38, "keep_model": True},
        "after": {"steps": 2, "start": "broken"},
    }
    del study["adapt"]
    result = run(tmp_path, study, "--jobs", "2")
    assert result.returncode == 1
    assert "1 of 3 runs done" in result.stdout
    assert "ValueError in cell" in result.stderr and "not run: needs broken seed 1" in result.stderr
    folder = next((tmp_path / "runs").glob("*/FAILED.json")).parent
    assert not (folder / "record.json").exists() and (folder / "notebook.ipynb").exists()
    assert set(json.loads((tmp_path / "figures/tiny/runs.json").read_text())["missing"]) == {"broken seed 1", "after seed 1"}


def test_dask_takes_the_same_runs(tiny, tmp_path):
    from distributed import LocalCluster

    study = tiny_study(tiny["xlm-r"])
    study["finetune"] = {"english": {"steps": 2}}
    del study["adapt"]
    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None, host="127.0.0.1") as cluster:
        result = run(tmp_path, study, "--scheduler", cluster.scheduler_address)
    assert result.returncode == 0 and "1 of 1 runs done" in result.stdout, result.stderr


def test_what_is_committed_is_drawn_and_kept_where_runs_are_gone(tiny, tmp_path):
    study = tiny_study(tiny["xlm-r"])
    study["finetune"] = {name: study["finetune"][name] for name in ("english", "english-mlm")}
    assert run(tmp_path, study).returncode == 0
    before, effects = predictions(tmp_path), (tmp_path / "figures/tiny/adaptation_effect.csv").read_bytes()
    shutil.rmtree(tmp_path / "runs")
    drawn = run(tmp_path, study, "--draw")
    assert drawn.returncode == 0, drawn.stderr
    fewer = run(tmp_path, {**study, "finetune": {"english": study["finetune"]["english"]}}, "--draw")  # would lose what is committed
    assert fewer.returncode == 1 and "english-mlm seed 1 among them" in fewer.stderr
    assert predictions(tmp_path).equals(before) and (tmp_path / "figures/tiny/adaptation_effect.csv").read_bytes() == effects
    listed = run(tmp_path, study, "--list", "--keep", "--set", "seeds=1,2").stdout.splitlines()
    assert [line.split()[-1] for line in listed if "seed 1" in line.split("  ")[0] or " seed 1 " in line] == ["done", "done"]
    more = run(tmp_path, study, "--keep", "--set", "seeds=1,2")
    assert more.returncode == 0 and "3 runs to do" in more.stdout, more.stderr  # both of seed 2, and the adapted encoder, whose model is gone
    both = predictions(tmp_path)
    assert both.run.nunique() == 4 and both[both.run.isin(before.run.unique())].reset_index(drop=True).equals(before.astype({"run": both.run.dtype}))
    study["finetune"]["english"]["steps"] = 5  # another run: what is committed is not it
    listed = run(tmp_path, study, "--list", "--keep").stdout
    assert [line.split()[-1] for line in listed.splitlines() if " english seed 1 " in line] == ["do"]
