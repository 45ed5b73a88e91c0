"""Progress of runs and the forecast of a study, replayed without a kernel."""

import io
import json
import time

import pytest
from tiny_studies import ROOT, tiny_study

from xltlib import forecast, progress, showing, studies
from xltlib.forecast import Forecast

TRAIN, SCORE, START = 0.031, 0.017, 4.0  # seconds that this machine takes, unlike the first guesses

# Not adaptation-dose: other work beside it came and went, and equal runs took 376 and 705 seconds.
COMMITTED = ("adaptation", "demo", "paws-x", "paws-x-bi", "paws-x-factorial", "robustness")


@pytest.fixture
def plan(tmp_path):
    """Two seeds of a study of trainings and adaptations of unequal length; records go to a folder."""
    study = tiny_study("offline", seeds=[1, 2])
    study["arms"]["english"]["steps"], study["arms"]["english-mlm"]["steps"] = 400, 400
    study["arms"]["hybrid"]["steps"], study["arms"]["hybrid-mlm"]["steps"] = 150, 150
    study["common"]["scored"] = {"test": 200, "dev": 10}
    return studies.Study("tiny", study).plan({}, runs=tmp_path)


class Taken(dict):
    """What each run takes, by its label: seconds of start-up, training and scoring."""

    def __init__(self, of: Forecast):
        for label, work in of.work.items():
            slower = 1.3 if "hybrid" in work.kind else 1.0  # pairs of translations
            training = slower * TRAIN * work.training / forecast.TRAIN
            self[label] = START, training, SCORE * work.scoring / forecast.FORWARD


def committed(study: str) -> tuple:
    """A study's plan, and what each of its runs took when it was made, from the committed records."""
    state = json.loads((ROOT / "figures" / study / "runs.json").read_text(encoding="utf-8"))
    plan = studies.read(ROOT / "experiments.yaml")[study].plan({}, reads=False)
    taken = {}
    for run in state["runs"]:
        if run["label"] in plan.nodes:
            seconds = run["seconds"]
            training, scoring = seconds.get("training", 0.0), seconds.get("scoring", 0.0)
            taken[run["label"]] = seconds["all"] - training - scoring, training, scoring
    return plan, taken


def written(of: Forecast, label: str, spent: float, taken: dict) -> None:
    """The file of a run that began so long ago, as far as it is."""
    work, place = of.work[label], of.place(label)
    place.mkdir(parents=True, exist_ok=True)
    start, training, scoring = taken[label]
    trained = min(max(spent - start, 0.0), training)
    scored = min(max(spent - start - training, 0.0), scoring)
    state = progress.State(began=time.time() - spent, changed=time.time())
    state.seconds = {progress.STARTING: min(spent, start)}
    state.stage = progress.STARTING
    if trained:
        steps = of.plan[label].parameters["steps"]
        state.done, state.total = round(steps * trained / training), steps
        state.stage, state.updates = progress.TRAINING, (state.done, steps)
        state.seconds[progress.TRAINING] = trained
    if scored:
        state.stage, state.seconds[progress.SCORING] = progress.SCORING, scored
        state.scored = round(work.scoring / forecast.FORWARD * scored / scoring)
    (place / progress.FILE).write_text(json.dumps(vars(state)))


def replay(of: Forecast, taken: dict, until: float = float("inf")) -> tuple[float, set[str], set[str]]:
    """Run the study on a clock of its own; returns the time, what has ended and what runs."""
    waiting, running, ended, now = list(of.todo), {}, set(), 0.0
    while (waiting or running) and now < until:
        for label in sorted(waiting, key=of.chain.get, reverse=True):
            if len(running) < of.jobs and ended.issuperset(of.plan[label].needs):
                running[label] = now
                waiting.remove(label)
        ends = {label: began + sum(taken[label]) for label, began in running.items()}
        label = min(ends, key=ends.get)
        if ends[label] > until:
            break
        now = ends[label]
        written(of, label, now - running.pop(label), taken)
        ended.add(label)
    now = min(now if not running else max(now, until), until)
    for label, began in running.items():
        written(of, label, now - began, taken)
    return now, ended, set(running)


@pytest.mark.parametrize("jobs", [1, 2, 3])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_after_a_fifth_of_the_time_the_forecast_lies_within_a_quarter(plan, tmp_path, jobs, share):
    whole = Forecast(plan, list(plan.nodes), jobs, tmp_path / "whole")
    taken = Taken(whole)
    takes, ended, _ = replay(whole, taken)
    assert len(ended) == len(plan.nodes)
    of = Forecast(plan, list(plan.nodes), jobs, tmp_path)
    now, ended, running = replay(of, taken, share * takes)
    estimate = of.now(ended, running)
    assert abs(now + estimate.left - takes) <= 0.25 * takes
    assert abs(estimate.share - share) < 0.25


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("study", COMMITTED)
def test_the_same_holds_for_what_committed_studies_took(study, jobs, tmp_path):
    plan, taken = committed(study)
    takes, _, _ = replay(Forecast(plan, list(taken), jobs, tmp_path / "whole"), taken)
    of = Forecast(plan, list(taken), jobs, tmp_path)
    now, ended, running = replay(of, taken, 0.2 * takes)
    assert abs(now + of.now(ended, running).left - takes) <= 0.25 * takes


def test_averages_of_weights_are_scored_anew(tmp_path):
    def scoring(**rules) -> float:
        study = tiny_study("offline")
        study["common"]["scored"] = {"test": 20, "dev": 10, **rules}
        plan = studies.Study("tiny", study).plan({}, runs=tmp_path)
        return forecast.work(plan["english seed 1"]).scoring

    test, dev = (forecast.FORWARD * 2 * items for items in (20, 10))  # in two languages
    assert scoring() == pytest.approx(test + dev)
    assert scoring(averaged=2, ema=0.9) == pytest.approx(3 * test + dev)


def test_before_a_speed_was_seen_nothing_is_guessed(plan, tmp_path):
    of = Forecast(plan, list(plan.nodes), 2, tmp_path)
    assert of.now(set(), set()).left is None
    written(of, "english seed 1", 2.0, Taken(of))  # still starting
    assert of.now(set(), {"english seed 1"}).left is None
    shown = io.StringIO()
    lines = showing.Shown(of, shown)
    lines._last_shown = 0.0  # a minute ago
    lines.update(set(), ["english seed 1"])
    assert "0 of 9 runs, 0 % of the work" in shown.getvalue() and "speed not known yet" in shown.getvalue()
    assert "english seed 1: starting" in shown.getvalue() and "\r" not in shown.getvalue()
    lines.update(set(), ["english seed 1"])
    assert shown.getvalue().count("\n") == 1  # a line a minute


def test_status_says_what_runs_what_failed_and_what_is_silent(plan, tmp_path):
    missing = list(plan.nodes)
    assert showing.status(plan, missing, tmp_path) == "0 of 9 runs done; nothing is running"
    of = Forecast(plan, missing, 2, tmp_path)
    written(of, "english seed 1", 10.0, Taken(of))
    written(of, "english seed 2", 10.0, Taken(of))
    state = progress.read(of.place("english seed 2"))
    state.changed -= 120
    (of.place("english seed 2") / progress.FILE).write_text(json.dumps(vars(state)))
    of.place("mlm").mkdir()
    (of.place("mlm") / "FAILED.json").write_text("{}")
    said = showing.status(plan, missing, tmp_path)
    assert "1 failed (mlm), 2 running, about" in said and "of 400 updates" in said
    assert "english seed 2: training" in said and said.endswith("silent for 2 min")
    state.changed -= 1000  # killed, or its machine is gone
    (of.place("english seed 2") / progress.FILE).write_text(json.dumps(vars(state)))
    (of.place("english seed 1") / "record.json").write_text("{}")  # it ended, by other code than today's
    said = showing.status(plan, missing, tmp_path)
    assert said.endswith("1 silent for long, perhaps dead (english seed 2); nothing else is running")


def test_a_forecast_that_fails_stops_nothing_and_parts_of_ones_own_have_one(plan, tmp_path, monkeypatch):
    of, shown = Forecast(plan, list(plan.nodes), 2, tmp_path), io.StringIO()
    lines = showing.Shown(of, shown)
    lines._last_shown = 0.0
    monkeypatch.setattr(of, "now", lambda ended, running: 1 / 0)
    lines.update(set(), ["english seed 1"])
    assert "no forecast (ZeroDivisionError" in shown.getvalue() and "speed not known yet" in shown.getvalue()
    node = plan["english seed 1"]
    batches = {"kind": "mylab.batches:Own"}  # without the option size
    monkeypatch.setitem(node.parameters, "batches", batches)
    assert forecast.work(node).training > 0


def test_a_run_says_its_stage_speed_and_loss_and_how_long_each_stage_took(tmp_path, monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr(time, "time", lambda: clock[0])
    progress.Progress(tmp_path).stage(progress.STARTING)
    clock[0] += 3
    progress.begin(tmp_path)
    run = progress.current()
    run.stage(progress.BUILDING)
    clock[0] += 2
    run.stage(progress.TRAINING, 10)
    for step in range(1, 5):
        clock[0] += 0.5
        run.updated(step, 10, 0.7, pairs=8)
    state = progress.read(tmp_path)
    assert (state.stage, state.done, state.updates) == ("training", 4, [4, 10])
    assert (state.loss, state.rate) == (0.7, 16.0)
    assert state.seconds == {"starting": 3.0, "building the model": 2.0, "training": 2.0}
    run.stage(progress.SCORING, 100)
    clock[0] += 4
    run.scored(40)
    state = progress.read(tmp_path)
    assert (state.stage, state.done, state.total, state.scored, state.rate) == ("scoring", 40, 100, 40, 10.0)
    assert state.updates == [4, 10] and not list(tmp_path.glob("*.part"))
    progress.begin(tmp_path / "none")  # a folder that is not there: nothing is written
    progress.current().stage(progress.TRAINING, 10)
    assert not (tmp_path / "none").exists()


def test_a_broken_file_is_no_progress(tmp_path):
    (tmp_path / progress.FILE).write_text("{")
    assert progress.read(tmp_path) is None
    (tmp_path / progress.FILE).write_text('{"stages": 1}')
    assert progress.read(tmp_path) is None
