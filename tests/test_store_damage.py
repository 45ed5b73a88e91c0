"""What is damaged is named in a line, and nothing is written over: records, runs.json, predictions."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml
import run_all
from test_store import answers, finish, plan  # noqa: F401 (a fixture)
from tiny_studies import command, tiny_study

from xltlib import claims, collected, drawing, folders, ladder, provenance, records, summary
from xltlib.files import Damaged
from xltlib.store import Store, WouldBeLost

FIGURES = Path(__file__).resolve().parent.parent / "figures"
HALVES = ("runs.json", "predictions.parquet")
NO_OBJECT = [
    (b"", "no JSON"),
    (b'{"runs": [{"run": "a', "no JSON"),
    (b"\xff\xfe{}", "no UTF-8"),
    (b"[]", "a list where an object is wanted"),
    (b"null", "a NoneType where an object is wanted"),
    (b"[" * 100_000, "no JSON"),
]


def content(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, the locks left out."""
    found = {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {path: of for path, of in found.items() if not path.endswith("lock")}


def without(given: dict, key: str, **other) -> bytes:
    return json.dumps({name: value for name, value in given.items() if name != key} | other).encode()


@pytest.fixture
def done(plan, tmp_path):  # noqa: F811
    """A plan whose runs are done and collected: its runs, its figures."""
    finish(plan, tmp_path / "runs", *plan.nodes)
    Store(tmp_path / "runs", tmp_path / "figures/tiny").collect(plan)
    return plan, tmp_path / "runs", tmp_path / "figures/tiny"


@pytest.mark.parametrize("bad, why", NO_OBJECT)
def test_a_record_that_is_none_stops_the_plan_and_stays_as_it_is(done, bad, why):
    plan, runs, figures = done
    path = runs / plan["mlm"].run / "record.json"
    path.write_bytes(bad)
    before = content(runs.parent)
    with pytest.raises(Damaged, match=f"^{path} is damaged: {why}.*; delete it, and the run is made again$"):
        Store(runs, figures).missing(plan)
    assert content(runs.parent) == before


@pytest.mark.parametrize(
    "key, other, why",
    [
        ("code", {}, "it has no 'code'"),
        ("parameters", {}, "it has no 'parameters'"),
        ("parents", {}, "it has no 'parents'"),
        ("parents", {"parents": [1]}, "'parents' is no dict"),
        ("parameters", {"parameters": "steps"}, "'parameters' is no dict"),
        ("files", {"files": {"predictions.parquet": 3}}, "'files' is not size and sha256"),
        ("files", {"files": [1]}, "'files' is not size and sha256"),
    ],
)
def test_a_record_that_lacks_something_is_named(done, key, other, why):
    plan, runs, figures = done
    path = runs / plan["english seed 1"].run / "record.json"
    path.write_bytes(without(json.loads(path.read_text()), key, **other))
    with pytest.raises(Damaged, match=f"{plan['english seed 1'].run}/record.json is damaged: {why}"):
        Store(runs, figures).missing(plan)


@pytest.mark.parametrize("read", [3, [3], [{"role": "labels"}], [{"role": "x", "kind": "y", "use": "z"}]])
def test_a_record_that_does_not_say_what_was_read_is_named_and_nothing_is_collected(done, read):
    plan, runs, figures = done
    path = runs / plan["hybrid seed 1"].run / "record.json"
    path.write_bytes(without(json.loads(path.read_text()), "read", read=read))
    before = content(runs.parent)
    with pytest.raises(Damaged, match="record.json is damaged: 'read' of hybrid seed 1"):
        Store(runs, figures).collect(plan)
    assert content(runs.parent) == before


def twice(state: dict, **other) -> dict:
    return state | {"runs": [*state["runs"], state["runs"][1] | other]}


BAD_STATES = [
    *NO_OBJECT,
    (lambda state: without(state, "runs"), "it has no 'runs'"),
    (lambda state: without(state, "runs", runs=3), "'runs' is no list"),
    (lambda state: without(state, "missing", missing=None), "'missing' is no list"),
    (lambda state: without(state, "about", about=5), "'about' is no str"),
    (lambda state: without(state, "runs", runs=["a"]), "one of its runs is no object"),
    (lambda state: without(state, "runs", runs=[{"label": "a", "run": "a"}]), "it has no 'arm'"),
    (lambda state: json.dumps(twice(state)).encode(), "label 'english seed 1' stands in it 2 times"),
    (lambda state: json.dumps(twice(state, label="b")).encode(), "run 'finetune-.*' stands in it 2 times"),
    (
        lambda state: json.dumps(twice(state, label="b", run="b")).encode(),
        "english seed 1 and b have the same parameters",
    ),
]


@pytest.mark.parametrize("bad, why", BAD_STATES)
def test_runs_json_that_is_damaged_stops_every_door_and_stays_as_it_is(done, bad, why, tmp_path, capsys):
    plan, runs, figures = done
    path = figures / "runs.json"
    path.write_bytes(bad if isinstance(bad, bytes) else bad(json.loads(path.read_text())))
    before = content(tmp_path)
    for door in (
        lambda: Store(runs, figures),
        lambda: Store(runs, figures, committed=True, any_code=True),
        lambda: summary.load(figures.parent, "tiny"),
    ):
        with pytest.raises(Damaged, match=f"^{path} is damaged: .*{why}.*; take it back from version"):
            door()
    study = tiny_study(Path("tiny-encoder"))
    for asked in ("--list", "--draw", "--keep"):
        words = command(tmp_path, study, asked)
        assert run_all.main(words[2:]) == 2
        said = capsys.readouterr().err
        assert str(path) in said and len(said.splitlines()) == 1
    assert {name: of for name, of in content(tmp_path).items() if "studies.yaml" not in name} == before


@pytest.mark.parametrize("kept", [0, 4, 400, -200, -4])
def test_predictions_that_are_torn_are_named_and_stay_as_they_are(done, kept):
    plan, runs, figures = done
    path = figures / "predictions.parquet"
    path.write_bytes(path.read_bytes()[:kept])
    before = content(runs.parent)
    for door in (
        lambda: Store(runs, figures),
        lambda: Store(runs, figures, committed=True),
        lambda: summary.load(figures.parent, "tiny"),
    ):
        with pytest.raises(Damaged, match=f"^{path} is damaged: no table"):
            door()
    assert content(runs.parent) == before


@pytest.mark.parametrize("lost, left", [HALVES, HALVES[::-1]])
def test_a_study_that_lost_one_of_its_two_files_says_which(done, lost, left, tmp_path, capsys):
    _, runs, figures = done
    shutil.rmtree(runs)
    (figures / lost).unlink()
    words = command(tmp_path, tiny_study(Path("tiny-encoder")), "--draw")
    assert run_all.main(words[2:]) == 1
    (said,) = capsys.readouterr().err.splitlines()
    assert f"{figures / lost} is not there, though {left} is: " in said and f"git restore {figures}" in said


def test_predictions_of_other_runs_than_those_beside_them_are_refused(done):
    plan, _, figures = done
    path = figures / "predictions.parquet"
    table = pd.read_parquet(path)
    table[table.run != plan["hybrid seed 1"].run].to_parquet(path)
    with pytest.raises(Damaged, match="predictions.parquet is damaged: not of the same runs as runs.json"):
        summary.load(figures.parent, "tiny")
    table.drop(columns="run").to_parquet(path)
    with pytest.raises(Damaged, match="predictions.parquet is damaged: no "):
        Store(figures.parent, figures)
    with pytest.raises(Damaged, match="predictions.parquet is damaged: no column run"):
        summary.load(figures.parent, "tiny")


def test_whoever_reads_a_study_reads_it_with_the_same_checks(tmp_path):
    place = tmp_path / ladder.LADDER
    place.mkdir()
    answers().assign(run="a").to_parquet(place / "predictions.parquet")
    (place / "runs.json").write_text('{"runs": [')
    with pytest.raises(Damaged, match="runs.json is damaged"):
        ladder.ladder(tmp_path)
    shutil.rmtree(place)
    (tmp_path / "paws-x").mkdir()
    (tmp_path / "paws-x/runs.json").write_text('{"runs": []}')
    (tmp_path / "paws-x/predictions.parquet").write_bytes(b"PAR1")
    with pytest.raises(Damaged, match="predictions.parquet is damaged"):
        claims.judged(tmp_path)


@pytest.mark.parametrize("folder", sorted(path.parent for path in FIGURES.glob("*/runs.json")), ids=str)
def test_what_is_committed_is_whole(folder):
    state, table = collected.complete(folder)
    assert len(table) and all(provenance.from_record(run["read"]) for run in state["runs"])


def test_an_arm_that_lacks_what_tables_are_made_from_is_named(done):
    _, runs, figures = done
    path = figures / "runs.json"
    state = json.loads(path.read_text())
    arm = next(run for run in state["runs"] if run["arm"])
    of_arm = ("seed", "encoder", "head", "strategy", "adaptation", "rung", "read", "accuracy", "parameters")
    bad = [({name: value}, name) for name in of_arm for value in (None, 0.5)]
    bad += [({"accuracy": of}, "accuracy|object|selection") for of in ([], [1], [{"accuracy": 1.0}])]
    bad += [({"parameters": {}}, "targets"), ({"parameters": {"targets": "xx"}}, "unknown language 'xx'")]
    bad += [({"read": [{"role": "labels"}]}, "english seed 1")]
    for other, why in bad:
        others = [run | other if run is arm else run for run in state["runs"]]
        path.write_text(json.dumps(state | {"runs": others}))
        with pytest.raises(Damaged, match=f"^{path} is damaged: .*({why})"):
            summary.load(figures.parent, "tiny")
    for name in of_arm:
        others = [{key: run[key] for key in run if run is not arm or key != name} for run in state["runs"]]
        path.write_text(json.dumps(state | {"runs": others}))
        with pytest.raises(Damaged, match=f"^{path} is damaged: it has no {name!r}"):
            summary.load(figures.parent, "tiny")
    path.write_text(json.dumps(state | {"study": "other"}))
    with pytest.raises(Damaged, match="it is of the study 'other'"):
        summary.load(figures.parent, "tiny")


@pytest.mark.parametrize("bad, why", [
    ({"before": None}, "mlm has no 'before', or no dict there"), ({"after": [9.0]}, "mlm has no 'after'"),
    ({"method": 5}, "mlm has no 'method'"), ({"before": {"de": 9.0, "fr": 9.0}}, "'after' of mlm lacks fr"),
])  # fmt: skip
def test_an_adaptation_that_does_not_say_what_it_did_to_held_out_text_is_named(done, bad, why):
    plan, runs, figures = done
    path = runs / plan["mlm"].run / "record.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | bad))
    with pytest.raises(Damaged, match=f"^{path} is damaged: {why}.*; delete it, and the run is made again"):
        Store(runs, figures).collect(plan)
    path = figures / "runs.json"
    state = json.loads(path.read_text())
    others = [run | (bad if run["label"] == "mlm" else {}) for run in state["runs"]]
    path.write_text(json.dumps(state | {"runs": others}))
    doors = (Store, summary.load, folders.state)
    for door, asked in zip(doors, ((runs, figures), (figures.parent, "tiny"), (figures.parent, "tiny"))):
        with pytest.raises(Damaged, match=f"^{path} is damaged: {why}.*; take it back"):
            door(*asked)


def test_an_arm_without_targets_is_not_drawn(done):
    plan, runs, figures = done
    path = figures / "runs.json"
    state = json.loads(path.read_text())
    for run in state["runs"]:
        run["parameters"].pop("targets")
    path.write_text(json.dumps(state))
    before = content(figures)
    with pytest.raises(Damaged, match=f"^{path} is damaged: it has no 'targets'; take it back"):
        Store(runs / "empty", figures, committed=True, any_code=True).collect(plan)
    assert content(figures) == before


def test_predictions_that_are_none_are_named_and_nothing_is_collected(done):
    plan, runs, figures = done
    path = figures / "predictions.parquet"
    table = pd.read_parquet(path).astype({"selection": str, "language1": str, "language2": str})
    gap = table.index > 0
    needed = [*records.ANSWER, "cluster", "label", "p0", "p1"]
    bad = [(table.drop(columns=name), f"no column {name}") for name in needed]
    bad += [(table.assign(**{name: table[name].where(gap)}), f"{name} has gaps") for name in records.ANSWER]
    bad += [(table.assign(language1=code), f"language1 names '{code}'") for code in ("xx", "")]
    bad += [(table.assign(**{name: None}), f"{name} has gaps") for name in ("cluster", "label", "p0", "p1")]
    bad += [(table.assign(p1=of), "column p1 holds no probabilities") for of in ("0.5", 1.5, -0.5)]
    bad += [(table.assign(p0=1.0, p1=1.0), "p0, p1 do not add up to 1")]
    bad += [(table.assign(label=of), "label holds what is none of 2 classes") for of in (2, -1)]
    bad += [(table.assign(cluster="a"), "column cluster holds no whole numbers")]
    bad += [(pd.concat([table, table[:1]]), "an item stands in it twice")]
    record = records.read(runs / plan["english seed 1"].run)
    place = runs / plan["english seed 1"].run / "predictions.parquet"
    for other, why in bad:
        other.to_parquet(path)
        with pytest.raises(Damaged, match=f"^{path} is damaged: .*{why}"):
            summary.load(figures.parent, "tiny")
        other[other.run == plan["english seed 1"].run].drop(columns="run").to_parquet(place)
        with pytest.raises(Damaged, match=f"^{place} is damaged: .*{why}"):
            records.predictions(place.parent, {name: record[name] for name in record if name != "files"})
    before = content(figures)
    with pytest.raises(Damaged, match="is not the one that the record tells of"):
        Store(runs, figures)._predictions(plan["english seed 1"])
    with pytest.raises(Damaged, match=f"^{path} is damaged: .*twice; take it back"):
        Store(runs / "empty", figures, committed=True, any_code=True).collect(plan)
    assert content(figures) == before


# What the folder holds is never lost.


@pytest.mark.parametrize("labels", [["english seed 1"], ["english seed 1", "hybrid seed 1"]])
def test_a_part_made_in_a_clean_checkout_leaves_the_committed_arms_alone(done, tmp_path, labels):
    plan, _, figures = done
    before = content(figures)
    elsewhere = tmp_path / "clean"
    finish(plan, elsewhere, *labels)
    store = Store(elsewhere, figures)
    with pytest.raises(WouldBeLost, match="not done by this plan, mlm among them.*--keep"):
        store.collect(plan)
    drawn = drawing.draw(plan, store, elsewhere)
    assert "would be lost, so it is left as it is" in drawn.problem and "\n" not in drawn.problem
    assert content(figures) == before
    Store(elsewhere, figures, committed=True).collect(plan)  # --keep: those of the same code are taken over
    assert {path: of for path, of in content(figures).items() if "predictions" in path} == {
        path: of for path, of in before.items() if "predictions" in path
    }


def test_what_another_study_has_committed_is_kept_and_never_drawn_unasked(done, tmp_path):
    from xltlib import studies

    plan, runs, figures = done
    study = tiny_study(Path("tiny-encoder"))
    like = studies.Study("like", study).plan({}, "", runs)
    assert {node.run for node in like.nodes.values()} == {node.run for node in plan.nodes.values()}
    place = figures.parent / "like"
    assert Store(tmp_path / "clean", place).missing(like) == list(like.nodes)
    kept = Store(tmp_path / "clean", place, committed=True)
    assert kept.missing(like) == []
    kept.collect(like)
    assert collected.predictions(place).equals(collected.predictions(figures))
    assert collected.state(place)["study"] == "like"
    shutil.rmtree(place)
    drawn = Store(tmp_path / "clean", place, committed=True, any_code=True)
    assert drawn.missing(like) == list(like.nodes)
    path = collected.file(figures, collected.RUNS)
    path.write_text("{", encoding="utf-8")
    with pytest.raises(Damaged, match=f"^{path} is damaged"):
        Store(tmp_path / "clean", place, committed=True)


def test_what_another_study_started_from_is_no_arm_that_answers(done, tmp_path):
    from xltlib import studies

    plan, runs, figures = done
    path = collected.file(figures, collected.RUNS)
    state = json.loads(path.read_text(encoding="utf-8"))
    first = next(label for label, node in plan.nodes.items() if node.arm)
    for record in state["runs"]:
        record["arm"] = record["arm"] and record["label"] != first
    path.write_text(json.dumps(state), encoding="utf-8")
    like = studies.Study("like", tiny_study(Path("tiny-encoder"))).plan({}, "", runs)
    kept = Store(tmp_path / "clean", figures.parent / "like", committed=True)
    assert first in kept.missing(like)
    as_arms = shutil.copytree(figures, figures.parent / "aaa")
    state["study"] = "aaa"
    for record in state["runs"]:
        record["arm"] = record["arm"] or record["label"] == first
    (as_arms / collected.RUNS).write_text(json.dumps(state), encoding="utf-8")
    assert Store(tmp_path / "clean", figures.parent / "like", committed=True).missing(like) == []


def test_of_two_studies_that_one_counts_whose_code_is_todays(done, tmp_path):
    from xltlib import studies

    _, runs, figures = done
    older = shutil.copytree(figures, figures.parent / "aaa")
    state = collected.state(figures)
    state["study"] = "aaa"
    for record in state["runs"]:
        record["code"] = "of another day"
    (older / collected.RUNS).write_text(json.dumps(state), encoding="utf-8")
    like = studies.Study("like", tiny_study(Path("tiny-encoder"))).plan({}, "", runs)
    place = figures.parent / "like"
    assert Store(tmp_path / "clean", place, committed=True).missing(like) == []
    (older / collected.PREDICTIONS).unlink()  # of no use, and no obstacle
    kept = Store(tmp_path / "clean", place, committed=True)
    assert kept.missing(like) == []
    answers = collected.predictions(figures)
    answers[answers.run.astype(str) != like["english seed 1"].run].to_parquet(figures / collected.PREDICTIONS)
    with pytest.raises(Damaged, match="english seed 1 is not in it any more; give the same command again"):
        kept.collect(like)
    assert not place.exists()


def test_arms_made_anew_replace_those_of_the_same_label_and_a_removed_arm_is_not_lost(done, tmp_path):
    from xltlib import studies

    _, runs, figures = done
    study = tiny_study(Path("tiny-encoder"))
    study["common"]["steps"] = 5
    longer = studies.Study("tiny", study).plan({}, "", runs)
    assert Store(runs, figures).beforehand(done[0], []) == ""
    told = Store(runs, figures).beforehand(longer, list(longer.nodes))
    assert "with other parameters" in told and "they will be replaced" in told
    finish(longer, runs, *longer.nodes)
    Store(runs, figures).collect(longer)
    assert {run["parameters"]["steps"] for run in collected.state(figures)["runs"] if run["arm"]} == {5}
    del study["arms"]["hybrid"]
    fewer = studies.Study("tiny", study).plan({}, "", runs)
    with pytest.raises(WouldBeLost, match="holds 1 run not done .* hybrid seed 1 among them"):
        Store(runs, figures).collect(fewer)


def test_an_arm_that_has_another_name_now_is_the_same_run(done):
    from xltlib import studies

    _, runs, figures = done
    study = tiny_study(Path("tiny-encoder"))
    study["arms"] = {{"hybrid": "both"}.get(name, name): of for name, of in study["arms"].items()}
    renamed = studies.Study("tiny", study).plan({}, "", runs)
    for store in (Store(runs, figures), Store(runs / "empty", figures, committed=True, any_code=True)):
        labels = {run["label"] for run in store.collect(renamed)}
        assert "both seed 1" in labels and "hybrid seed 1" not in labels


def test_a_study_folder_that_holds_another_study_is_not_drawn_over(done):
    plan, runs, figures = done
    state = json.loads((figures / "runs.json").read_text())
    others = [run | {"label": f"{run['label']}0", "run": f"{run['run']}0"} for run in state["runs"]]
    other = state | {"study": "other", "runs": others}
    (figures / "runs.json").write_text(json.dumps(other))
    with pytest.raises(WouldBeLost):
        Store(runs, figures, committed=True).collect(plan)


def test_a_damaged_record_at_collecting_is_no_success(done, tmp_path, monkeypatch, capsys):
    plan, runs, figures = done
    (tmp_path / "studies.yaml").write_text(yaml.safe_dump({"tiny": tiny_study(Path("tiny-encoder"))}))
    path = runs / plan["hybrid seed 1"].run / "record.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps(record | {"read": 5}))
    before = content(figures)
    monkeypatch.setattr(Store, "missing", lambda *asked: [])
    places = {"--runs": runs, "--figures": figures.parent, "--experiments": tmp_path / "studies.yaml"}
    given = ["tiny", *(str(word) for pair in places.items() for word in pair)]
    assert run_all.main(given) == 2 and run_all.main([*given, "--draw", "--only", "english"]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2 and all(str(path) in line and "damaged" in line for line in said)
    assert content(figures) == before


def test_records_of_today_and_of_yesterday(done):
    plan, runs, figures = done
    record = records.read(runs / plan["english seed 1"].run)
    assert set(record["files"]) == {"predictions.parquet"}
    assert not any("files" in run for run in collected.state(figures)["runs"])  # they are of the run's folder


@pytest.mark.parametrize("problem", ["", "90_summary: ValueError: no"])
def test_what_is_drawn_takes_its_place_with_the_runs(plan, tmp_path, monkeypatch, problem):  # noqa: F811
    runs, figures = tmp_path / "runs", tmp_path / "figures/tiny"
    finish(plan, runs, *plan.nodes)
    figures.mkdir(parents=True)
    for name in ("adaptation_effect.png", "adaptation_effect_old.csv", "covariates.csv", "README.md"):
        (figures / name).write_text("earlier")

    def summarised(notebook: str, given: dict, output: Path) -> str:
        place = Path(given["figures_folder"]) / given["study"]
        assert collected.both(place) and not (figures / "runs.json").exists()
        assert output.parent != runs  # another drawing of the study may keep its summary there meanwhile
        (place / "adaptation_effect.png").write_text("now")
        output.write_text(json.dumps({"cells": [], "folder": given["figures_folder"]}))
        return problem

    monkeypatch.setattr(drawing, "_summarise", summarised)
    drawn = drawing.draw(plan, Store(runs, figures), runs)
    names = {path.name: path.read_bytes() for path in figures.iterdir()}
    assert drawn.problem == problem and names["README.md"] == b"earlier" and "runs.json" in names
    assert names["adaptation_effect.png"] == (b"earlier" if problem else b"now")
    for name in ("adaptation_effect_old.csv", "covariates.csv"):  # of other runs than these
        assert (name in names) is bool(problem)
    kept = json.loads((runs / "tiny-summary.ipynb").read_text())
    assert kept["folder"] == str(figures.parent)  # whoever opens it later reads from the study's own folder
    assert sorted(path.name for path in figures.parent.iterdir()) == [".tiny.lock", "tiny"]


def test_a_full_disk_while_drawing_is_a_line_and_leaves_the_figures(done, monkeypatch):
    plan, runs, figures = done
    before = content(figures)

    def summarised(notebook: str, given: dict, output: Path) -> str:
        raise OSError(28, "No space left on device", str(output))

    monkeypatch.setattr(drawing, "_summarise", summarised)
    drawn = drawing.draw(plan, Store(runs, figures), runs)
    assert drawn.problem.startswith(f"{figures}: [Errno 28] No space left on device")
    assert content(figures) == before
