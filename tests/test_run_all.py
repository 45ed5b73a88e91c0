"""Running studies of tiny models with real kernels: resuming, failing, drawing, keeping; on dask."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest
from tiny_studies import command, here, predictions, run, tiny_study

from xltlib import execution, parameters, stopping

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
        "study", "encoder", "strategy", "head", "adaptation", "language", "resource", "rung", "effect", "low",
        "high", "p", "p (Holm)", "p_equivalent", "verdict", "n_items", "n_seeds",
    ]  # fmt: skip
    assert (
        set(effect.strategy) == {"plain", "hybrid"}
        and set(effect.language) == {"de"}
        and (effect.n_items == 20).all()
    )
    assert set(effect.set_index("strategy").rung.items()) == {("plain", "Z1"), ("hybrid", "Z3")}
    accuracy = pd.read_csv(figures / "accuracy.csv")
    assert len(accuracy) == 4 * 2 * 3 and {
        "seed",
        "language1",
        "language2",
        "selection",
        "accuracy",
        "n_items",
    } <= set(accuracy.columns)
    assert (figures / "adaptation_effect.png").read_bytes()[:4] == b"\x89PNG"
    assert "<svg" in (figures / "adaptation_effect.svg").read_text()
    html = (figures / "report.html").read_text()
    assert "data:image/png;base64" in html and "selection: str" not in html and "No description" not in html
    assert not re.search(r"""(src|href)=["']https?://""", html)  # nothing is fetched when it is opened
    state = json.loads((figures / "runs.json").read_text())
    assert state["missing"] == [] and not any(
        set(parameters.PLACES) & set(run["parameters"]) for run in state["runs"]
    )


@one_worker
def test_a_finished_study_is_not_run_again(undisturbed, tiny):
    folder, _ = undisturbed
    before = {path: path.stat().st_mtime_ns for path in (folder / "runs").glob("*/record.json")}
    result = run(folder, tiny_study(tiny["xlm-r"]), "--list")
    assert result.stdout.endswith("5 runs: 0 to do, 5 done\n")
    assert before == {path: path.stat().st_mtime_ns for path in (folder / "runs").glob("*/record.json")}


@one_worker
def test_a_copy_of_the_runs_counts_as_done_whatever_the_files_times(undisturbed, tiny, tmp_path):
    source = undisturbed[0] / "runs"
    for path in sorted(source.glob("*/record.json"), key=lambda path: -path.stat().st_mtime):
        shutil.copytree(path.parent, tmp_path / "runs" / path.parent.name, copy_function=shutil.copyfile)
    assert "5 runs: 0 to do, 5 done" in here(tmp_path, tiny_study(tiny["xlm-r"]), "--list").stdout
    # A parent made anew makes its children stale, and only them.
    parent = next(p for p in (tmp_path / "runs").glob("adapt-*/record.json"))
    parent.write_text(parent.read_text().replace('"seconds"', '"seconds "'))
    listed = here(tmp_path, tiny_study(tiny["xlm-r"]), "--list").stdout.splitlines()
    assert {line.split()[1] for line in listed if line.endswith("to do")} == {"english-mlm", "hybrid-mlm"}


@one_worker
def test_only_force_and_draw(undisturbed, tiny, tmp_path):
    study = tiny_study(tiny["xlm-r"])
    listed = here(undisturbed[0], study, "--list", "--only", "hybrid-mlm").stdout
    assert "english-mlm seed 1" in listed and " english seed 1" not in listed  # what it needs, nothing else
    assert "5 runs: 5 to do, 0 done" in here(undisturbed[0], study, "--list", "--force").stdout
    stale = tmp_path / "figures" / "tiny" / "adaptation_effect.csv"
    stale.parent.mkdir(parents=True)
    stale.write_text("of another study\n")
    os.utime(stale, (1, 1))
    first = here(tmp_path, study, "--only", "english seed")
    assert "1 of 1 run done" in first.stdout and first.returncode == 0, first.stderr
    assert (
        "figures  none" in first.stdout and not stale.exists()
    )  # one arm has no effect to draw; no old one poses as it
    stamp = next((tmp_path / "runs").glob("finetune-*/record.json")).stat().st_mtime_ns
    drawn = here(tmp_path, study, "--draw")
    told = f"drawing 1 of 5 runs: 1 from {tmp_path / 'runs'}, 0 as collected earlier in {stale.parent}"
    assert drawn.returncode == 0 and told in drawn.stdout and "to do" not in drawn.stdout
    shutil.rmtree(tmp_path / "runs")
    drawn = here(tmp_path, study, "--draw", "--only", "hybrid-mlm")  # --only does not choose what is drawn
    told = f"drawing 1 of 5 runs: 0 from {tmp_path / 'runs'}, 1 as collected earlier in {stale.parent}"
    assert drawn.returncode == 0 and told in drawn.stdout and "drawn in " in drawn.stdout
    forced = here(tmp_path, study, "--force", "--only", "english seed")
    assert "1 of 1 run done" in forced.stdout
    assert next((tmp_path / "runs").glob("finetune-*/record.json")).stat().st_mtime_ns > stamp


def test_hybrid_batches_of_labelled_languages_leave_the_evaluated_ones_out(tiny, tmp_path):
    """Rung Z4: n-way parallel labelled items, one language held out."""
    study = tiny_study(tiny["xlm-r"])
    del study["encoders"]
    study["common"] |= {"targets": "en es"}
    labelled = {"languages": "en de id", "items": 60}
    study["arms"] = {"lolo": {"steps": 6, "batches": "hybrid", "labelled": labelled}}
    result = here(tmp_path, study, draws=False)
    assert result.returncode == 0, result.stderr
    record = json.loads(next((tmp_path / "runs").glob("*/record.json")).read_text())
    assert (record["rung"], record["strategy"]) == ("Z4", "hybrid")
    assert {tuple(entry["languages"]) for entry in record["read"]} == {("en",), ("de", "id")}
    labelled["languages"] = "en es"
    refused = here(tmp_path, study)
    assert (
        refused.returncode == 2
        and "es: called zero-shot, but labelled items of it are read" in refused.stderr
    )
    labelled |= {"languages": "en es de", "zero_shot": "de"}
    refused = here(tmp_path, study)
    assert (
        refused.returncode == 2
        and "de: called zero-shot, but labelled items of it are read" in refused.stderr
    )


def test_an_adaptation_between_two_trainings_keeps_the_head_and_changes_the_encoder(tiny, tmp_path):
    from safetensors.torch import load_file

    study = tiny_study(tiny["xlm-r"])
    del study["encoders"]
    study["trunk"] = {
        "english": {"keep_model": True},
        "mlm": {
            "start": "english",
            "adaptation": {"kind": "mlm", "text": "demo", "sentences": 60},
            "steps": 2,
        },
        "aligned": {
            "start": "mlm",
            "adaptation": {"kind": "align", "corpus": "demo", "sentences": 60},
            "steps": 2,
        },
    }
    study["arms"] = {
        "plain": {"steps": 2, "start": "english"},
        "labse-recipe": {"steps": 2, "start": "aligned"},
    }
    result = here(tmp_path, study)
    assert result.returncode == 0, result.stderr
    state = {r["label"]: r for r in json.loads((tmp_path / "figures/tiny/runs.json").read_text())["runs"]}
    recipe = state["labse-recipe seed 1"]
    assert [entry["use"] for entry in recipe["read"]] == ["train", "mlm", "labse-recipe", "train"]
    assert (recipe["strategy"], recipe["adaptation"], recipe["rung"]) == ("labse-recipe", "mlm", "Z3")
    assert {label for label, r in state.items() if r["arm"]} == {"plain seed 1", "labse-recipe seed 1"}
    assert set(pd.read_csv(tmp_path / "figures/tiny/accuracy.csv").strategy) == {"plain", "labse-recipe"}
    (tmp_path / "figures/tiny/runs.json").unlink()
    trunk = here(tmp_path, study, "--draw", "--runs", str(tmp_path / "none"))
    assert trunk.returncode == 1 and not (tmp_path / "figures/tiny/runs.json").exists()
    names = [f"{name} seed 1" for name in ("english", "mlm", "aligned")]
    chain = [load_file(tmp_path / "runs" / state[name]["run"] / "trained.safetensors") for name in names]
    for before, after in zip(chain, chain[1:]):
        changed = {name for name in before if not before[name].equal(after[name])}
        assert changed and not any(name.startswith("classifier") for name in changed)
        assert before.keys() == after.keys()


@one_worker
def test_killed_in_the_middle_it_goes_on_where_it_was_and_ends_bit_identical(undisturbed, tiny, tmp_path):
    study = tiny_study(tiny["xlm-r"])
    process = subprocess.Popen(
        command(tmp_path, study),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=tmp_path,
        start_new_session=True,
    )
    deadline = time.time() + 600
    while len(list((tmp_path / "runs").glob("*/record.json"))) < 2 and time.time() < deadline:
        time.sleep(0.2)
    os.killpg(process.pid, signal.SIGKILL)  # run_all.py; its kernel notices that its parent is gone
    process.wait()
    time.sleep(3)
    finished = {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").glob("*/record.json")}
    assert 2 <= len(finished) < 5
    result = here(tmp_path, study)  # what is left, as scripts: they have to end where kernels do
    assert result.returncode == 0, result.stderr
    assert f"{5 - len(finished)} runs to do, {len(finished)} done already" in result.stdout
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in finished.items())
    assert predictions(tmp_path).equals(predictions(undisturbed[0]))
    for name in ("adaptation_effect.csv", "adaptation_effect.png", "adaptation_effect.svg", "accuracy.csv"):
        assert (tmp_path / "figures/tiny" / name).read_bytes() == (
            undisturbed[0] / "figures/tiny" / name
        ).read_bytes()


def test_a_failed_run_is_named_the_rest_is_done_and_the_exit_code_says_so(tiny, tmp_path):
    study = tiny_study(tiny["xlm-r"])
    study["arms"] = {
        "english": {"steps": 2},
        "broken": {"encoder": {"frozen_layers": 9}, "keep_model": True},  # it has two
        "after": {"steps": 2, "start": "broken"},
    }
    del study["encoders"]
    result = here(tmp_path, study, "--jobs", "2", draws=False, scripts=False)
    assert result.returncode == 1
    assert "1 of 3 runs done" in result.stdout
    assert "ValueError in cell" in result.stderr and "not run: needs broken seed 1" in result.stderr
    folder = next((tmp_path / "runs").glob("*/FAILED.json")).parent
    assert not (folder / "record.json").exists() and (folder / "notebook.ipynb").exists()
    state = json.loads((tmp_path / "figures/tiny/runs.json").read_text())
    assert set(state["missing"]) == {"broken seed 1", "after seed 1"}


def test_dask_takes_the_same_runs(tiny, tmp_path):
    from distributed import LocalCluster

    study = tiny_study(tiny["xlm-r"])
    study["arms"] = {"english": {"steps": 2}}
    del study["encoders"]
    options = {"n_workers": 1, "threads_per_worker": 1, "dashboard_address": None, "host": "127.0.0.1"}
    with LocalCluster(**options) as cluster:  # its worker is another process, and starts kernels
        result = here(tmp_path, study, "--scheduler", cluster.scheduler_address, draws=False)
    assert result.returncode == 0 and "1 of 1 run done" in result.stdout, result.stderr


def test_a_study_that_is_stopped_stops_on_its_workers_alone():
    from distributed import Client, LocalCluster

    with LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None) as cluster:
        with pytest.raises(stopping.Stopped):
            with execution.pool(1, cluster.scheduler_address) as pool:
                study = pool.study
                raise stopping.Stopped(2)
        with Client(cluster.scheduler_address) as client:
            deadline = time.time() + 20
            while not client.submit(stopping.is_asked, study, pure=False).result() and time.time() < deadline:
                time.sleep(0.1)
            assert client.submit(stopping.is_asked, study, pure=False).result()
            assert not client.submit(stopping.is_asked, "another", pure=False).result()
    stopping.stopped.clear()


def test_kernels_of_another_study_are_left_alone():
    sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
    ours, theirs = (subprocess.Popen(sleep, env={**os.environ, stopping.STUDY: of}) for of in ("a", "b"))
    try:
        time.sleep(0.5)  # until they have their environment
        stopping.kill_kernels(0.0, study="a")
        assert ours.wait(10) == -9 and theirs.poll() is None
    finally:
        theirs.kill()
        theirs.wait()


def state_of(listed: str, label: str) -> str:
    """Whether ``--list`` calls a run done."""
    line = next(line for line in listed.splitlines() if re.search(rf"^ *\S+ +{label} ", line))
    return "to do" if line.endswith("to do") else line.split()[-1]


def test_what_is_committed_is_drawn_and_kept_where_runs_are_gone(tiny, tmp_path):
    study = tiny_study(tiny["xlm-r"])
    study["arms"] = {name: study["arms"][name] for name in ("english", "english-mlm")}
    assert here(tmp_path, study).returncode == 0
    effect_file = tmp_path / "figures/tiny/adaptation_effect.csv"
    before, effects = predictions(tmp_path), effect_file.read_bytes()
    shutil.rmtree(tmp_path / "runs")
    drawn = here(tmp_path, study, "--draw")
    assert drawn.returncode == 0, drawn.stderr
    # What would lose committed runs is refused.
    fewer = here(tmp_path, {**study, "arms": {"english": study["arms"]["english"]}}, "--draw")
    assert fewer.returncode == 1 and "english-mlm seed 1 among them" in fewer.stderr
    assert predictions(tmp_path).equals(before) and effect_file.read_bytes() == effects
    listed = here(tmp_path, study, "--list", "--keep", "--set", "seeds=1,2").stdout
    assert [state_of(listed, f"{arm} seed 1") for arm in ("english", "english-mlm")] == ["done", "done"]
    more = here(tmp_path, study, "--keep", "--set", "seeds=1,2")
    # Both of seed 2, and the adapted encoder, whose model is gone.
    assert more.returncode == 0 and "3 runs to do" in more.stdout, more.stderr
    both = predictions(tmp_path)
    earlier = both[both.run.isin(before.run.unique())].reset_index(drop=True)
    assert both.run.nunique() == 4 and earlier.equals(before.astype({"run": both.run.dtype}))
    study["arms"]["english"]["steps"] = 5  # another run: what is committed is not it
    assert state_of(here(tmp_path, study, "--list", "--keep").stdout, "english seed 1") == "to do"
