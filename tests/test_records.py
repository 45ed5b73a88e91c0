"""A run is done only while what it left is there as it was written; full disks leave nothing half-written."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from test_store import finish, plan  # noqa: F401 (a fixture)
from tiny_studies import here, tiny_study

from xltlib import drawing, files, records, training
from xltlib.store import Store

TABLE = pd.DataFrame({"p0": [0.25, 0.5], "p1": [0.75, 0.5]})
GIVEN = {"seed": 1}


def made(folder: Path) -> Path:
    """A run that left a model, an encoder and predictions."""
    (folder / "encoder").mkdir(parents=True)
    (folder / "encoder/model.safetensors").write_bytes(b"weights")
    (folder / "encoder/config.json").write_text("{}")
    (folder / "trained.safetensors").write_bytes(b"tensors")
    records.write(folder, {"parameters": GIVEN, "code": "c", "parents": {}, "notebook": "20_finetune"}, TABLE)
    return folder


def other_byte(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def longer(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


@pytest.mark.parametrize("name", ["predictions.parquet", "trained.safetensors", "encoder/config.json"])
@pytest.mark.parametrize("harm", [Path.unlink, longer, other_byte], ids=["gone", "longer", "other"])
def test_what_a_run_left_must_be_there_as_it_was_written(tmp_path, name, harm):
    folder = made(tmp_path / "run")
    assert records.done(folder, GIVEN, "c") and records.stands(folder, GIVEN, "c")
    harm(folder / name)
    assert not records.stands(folder, GIVEN, "c")
    looked_into = harm is not other_byte or name == "predictions.parquet"  # of models the size alone
    assert records.done(folder, GIVEN, "c") is not looked_into
    if name != "predictions.parquet":
        assert records.done(folder, GIVEN, "c", models=False)  # it is drawn all the same


def test_a_model_that_stayed_on_another_machine_is_missed_only_where_it_is_needed(tmp_path):
    folder = made(tmp_path / "run")
    (folder / "trained.safetensors").unlink()
    (folder / records.ELSEWHERE).touch()
    assert records.done(folder, GIVEN, "c") and not records.stands(folder, GIVEN, "c")


def test_records_of_a_time_when_they_named_no_files_still_count(tmp_path):
    folder = made(tmp_path / "run")
    record = {name: of for name, of in records.read(folder).items() if name != "files"}
    (folder / "record.json").write_text(json.dumps(record))
    (folder / "trained.safetensors").unlink()
    assert records.done(folder, GIVEN, "c")
    (folder / "predictions.parquet").unlink()
    assert not records.done(folder, GIVEN, "c")
    (folder / "record.json").write_text(json.dumps(record | {"notebook": "10_adapt"}))
    assert records.done(folder, GIVEN, "c")


def test_a_run_whose_parents_were_made_anew_does_not_stand(tmp_path):
    parent, child = made(tmp_path / "parent"), made(tmp_path / "child")
    record = {"parameters": GIVEN, "code": "c", "parents": {"parent": records.digest(parent)}}
    records.write(child, record, TABLE)
    assert records.stands(child, GIVEN, "c")
    records.write(parent, {"parameters": GIVEN, "code": "c", "parents": {}, "anew": True}, TABLE)
    assert not records.stands(child, GIVEN, "c")


def test_what_is_lost_is_planned_again_with_what_was_made_from_it(plan, tmp_path):  # noqa: F811
    runs, store = tmp_path / "runs", Store(tmp_path / "runs", tmp_path / "figures/tiny")
    for label in plan.nodes:
        place = runs / plan[label].run
        place.mkdir(parents=True)
        (place / "trained.safetensors").write_bytes(b"tensors")
        finish(plan, runs, label)
    assert store.missing(plan) == []
    english = runs / plan["english seed 1"].run
    predictions = (english / "predictions.parquet").read_bytes()
    (english / "predictions.parquet").unlink()
    assert store.missing(plan) == ["english seed 1", "hybrid seed 1"]
    (english / "predictions.parquet").write_bytes(predictions)
    assert store.missing(plan) == []
    (english / "trained.safetensors").unlink()
    assert store.missing(plan) == ["english seed 1", "hybrid seed 1"]
    drawing = Store(tmp_path / "runs", tmp_path / "figures/tiny", any_code=True)
    assert drawing.missing(plan) == []  # a model is not drawn
    (english / "trained.safetensors").write_bytes(b"TENSORS")  # of the same size
    assert store.missing(plan) == []  # until something starts from it
    (runs / plan["hybrid seed 1"].run / "record.json").unlink()
    assert store.missing(plan) == ["english seed 1", "hybrid seed 1"]


def test_predictions_changed_behind_the_record_are_not_collected(plan, tmp_path):  # noqa: F811
    runs = tmp_path / "runs"
    finish(plan, runs, *plan.nodes)
    node = plan["english seed 1"]
    other_byte(runs / node.run / "predictions.parquet")
    with pytest.raises(files.Damaged, match=f"{node.run}/predictions.parquet is damaged: it is not the one"):
        records.predictions(runs / node.run, records.read(runs / node.run))


FULL = """
import resource, sys, pandas as pd
from pathlib import Path
from xltlib import files, records
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
try:
    records.write(Path(sys.argv[1]), {"parameters": {}, "code": "new"}, pd.DataFrame({"p0": range(5000)}))
except OSError as error:
    sys.exit(f"{error.strerror}")
"""


@pytest.mark.parametrize("room", [0, 1000, 20_000])
def test_on_a_full_disk_nothing_half_written_is_left(tmp_path, room):
    folder = made(tmp_path / "run")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(folder), str(room)], capture_output=True, text=True
    )
    assert done.stderr.strip() == "File too large", done.stderr
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_place_where_nothing_can_be_written_is_refused_before_anything_is_run(tmp_path):
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file/runs", Path("/proc/runs")):
        with pytest.raises(ValueError, match=f"^{place}: nothing can be written there"):
            files.refuse_unwritable(tmp_path, place)
    files.refuse_unwritable(tmp_path / "new/runs")
    assert sorted(tmp_path.iterdir()) == [tmp_path / "file"]


def test_a_record_says_what_precision_auto_comes_to(monkeypatch):
    for wanted in ("no", "bf16"):
        monkeypatch.setattr(training, "mixed_precision", lambda wanted=wanted: wanted)
        assert records.machine()["auto_precision"] == wanted


def on(device: str, auto: str = "", **asked) -> dict:
    """The record of a run that was made on a device; older ones do not know what ``auto`` came to."""
    machine = {"device": device} | ({"auto_precision": auto} if auto else {})
    return {"parameters": {"precision": "auto", **asked}, "machine": machine}


CPU, GPU = "cpu, 1 threads", "NVIDIA H200"


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        ([on(CPU, "no")] * 3, ""),
        ([on(CPU), on(CPU, "bf16")], ""),  # an older one says nothing
        ([{"parameters": {}}, {}, on(CPU, "no")], ""),
        ([on(CPU, "no")] * 2 + [on(CPU, "bf16")] * 3, "precision (3 in bf16, 2 in fp32): compare arms"),
        ([on(GPU, "bf16"), on("cpu, 8 threads", "bf16")], "device (1 on GPU, 1 on CPU)"),
        (
            [on(CPU, "no"), on(GPU, "bf16")],
            "precision (1 in fp32, 1 in bf16) and in device (1 on CPU, 1 on GPU): compare arms",
        ),
        ([on(CPU, "no", precision="no"), on(CPU, "bf16", precision="no")], ""),  # neither asked
        (
            [on(CPU, of, precision="no", scored={"precision": "auto"}) for of in ("no", "bf16")],
            "precision (1 in fp32, 1 in bf16): compare arms of one precision only",
        ),
    ],
)
def test_a_study_made_in_two_precisions_or_on_two_kinds_of_device_says_so(runs, said):
    found = records.machines_differ(runs)
    assert found.startswith(f"runs differ in {said}") if said else found == ""


def test_what_was_drawn_says_so_once_and_of_one_precision_nothing(tmp_path):
    said = str(drawing.Drawn(tmp_path, unlike=records.machines_differ([on(CPU, "no"), on(CPU, "bf16")])))
    assert "\nruns differ in precision (1 in fp32, 1 in bf16): compare arms of one precision only\n" in said
    assert "differ" not in str(drawing.Drawn(tmp_path))


def test_run_all_says_it_where_it_collects(tiny, tmp_path):
    arms = {"plain": {}, "drop": {"noise": {"kind": "drop", "share": 0.1}}}
    study = tiny_study(tiny["xlm-r"], encoders={}, arms=arms)
    study["common"] |= {"steps": 1, "precision": "auto"}
    first = here(tmp_path, study, draws=False)
    assert first.returncode == 0 and "runs differ" not in first.stdout, first.stderr
    path = next((tmp_path / "runs").glob("*/record.json"))
    record = json.loads(path.read_text())
    other = "no" if record["machine"]["auto_precision"] == "bf16" else "bf16"
    path.write_text(json.dumps(record | {"machine": {"device": GPU, "auto_precision": other}}))
    again = here(tmp_path, study, draws=False)
    assert re.search(r"^runs differ in precision .*: compare arms of one precision only$", again.stdout, re.M)
