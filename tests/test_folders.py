"""Where notebooks find studies and leave runs: the folder in which a kernel was started decides nothing."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from xltlib import claims, folders, ladder, parameters, summary
from xltlib.run import Run

ROOT = Path(__file__).resolve().parent.parent
RUN_NOTEBOOKS = ("10_adapt", "20_finetune", "21_frozen")
READING = dict.fromkeys(("30_robustness", "50_development", "90_summary", "91_claims"), "figures_folder")
ALL = {**READING, "40_language_bias": "figures_folder", **dict.fromkeys(RUN_NOTEBOOKS, "runs")}


@pytest.mark.parametrize("notebook, name", [*ALL.items(), ("40_language_bias", "runs")])
def test_places_of_notebooks_are_those_of_the_checkout(notebook, name, tmp_path, monkeypatch):
    _, default = parameters.declared(notebook)[name]
    monkeypatch.chdir(tmp_path)
    assert folders.seen_from_notebooks(default) == ROOT / Path(default).name


def test_a_path_of_ones_own_stays_what_it_is(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert folders.seen_from_notebooks(str(tmp_path / "mine")) == tmp_path / "mine"
    assert folders.seen_from_notebooks("~/mine") == tmp_path / "mine"


@pytest.mark.parametrize("place", ["", "notebooks"])
def test_a_run_lands_in_the_checkout_wherever_its_kernel_is_started(place, tmp_path, monkeypatch):
    (tmp_path / "checkout" / "notebooks").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "checkout" / place)
    given = {name: default for name, (_, default) in parameters.declared("21_frozen").items()}
    assert Run("21_frozen", given | {"data": ""}).runs == ROOT / "runs"


def test_without_the_folder_of_figures_nothing_is_said(tmp_path):
    for ask in (claims.judged, claims.ladder, lambda folder: summary.load(folder, "paws-x")):
        with pytest.raises(FileNotFoundError, match="figures_folder .*nowhere'?: there is no folder"):
            ask(tmp_path / "nowhere")


def test_a_file_is_no_folder_of_figures(tmp_path):
    (tmp_path / "figures").write_text("")
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        claims.judged(tmp_path / "figures")


def test_a_study_that_was_not_run_is_named_and_one_that_lost_a_table_is_no_such_study(tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other/runs.json").write_text('{"runs": []}', encoding="utf-8")
    assert "Study robustness has not been run here." in claims.judged(tmp_path).measured.tolist()
    for study in ("robustness", "adaptation-after", "paws-x", "paws-x-parallel"):
        (tmp_path / study).mkdir()
        state = {"study": study, "missing": [], "runs": []}
        (tmp_path / study / "runs.json").write_text(json.dumps(state), encoding="utf-8")
        with pytest.raises(FileNotFoundError, match=f"{study}/.*is not in .*--draw"):
            claims.judged(tmp_path)
        (tmp_path / study / "runs.json").unlink()


def test_a_study_that_lost_its_runs_is_no_study_that_was_not_run(tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other/runs.json").write_text('{"runs": []}', encoding="utf-8")
    asking = [(claims.judged, name) for name in ("robustness", "adaptation-after", "paws-x", "syntax")]
    asking += [(claims.ladder, ladder.LADDER), (lambda folder: summary.load(folder, "paws-x"), "paws-x")]
    for ask, study in asking:
        (tmp_path / study).mkdir(exist_ok=True)
        (tmp_path / study / "predictions.parquet").write_bytes(b"PAR1")
        said = f"{study}/runs.json is not there, though predictions.parquet is: .*git restore .*{study}\\)"
        with pytest.raises(FileNotFoundError, match=said):
            ask(tmp_path)
        (tmp_path / study / "predictions.parquet").unlink()


@pytest.mark.parametrize("kept", [0, 10, -1])
def test_a_table_that_was_cut_short_is_named(tmp_path, kept):
    (tmp_path / "robustness").mkdir()
    (tmp_path / "robustness/runs.json").write_text('{"runs": []}', encoding="utf-8")
    whole = (ROOT / "figures/robustness/claims.csv").read_bytes()
    (tmp_path / "robustness/claims.csv").write_bytes(whole[:kept])
    with pytest.raises(ValueError, match="claims.csv is damaged: it ends within a line; .*git restore"):
        claims.judged(tmp_path)


def test_a_folder_without_studies_and_a_study_named_by_a_path_are_refused(tmp_path):
    for ask in (claims.judged, claims.ladder, lambda folder: summary.load(folder, "paws-x")):
        with pytest.raises(FileNotFoundError, match="no study lies in"):
            ask(tmp_path)
        with pytest.raises(FileNotFoundError, match="it is a study's own; give the one that it lies in"):
            ask(ROOT / "figures/paws-x")
    for path in ("../figures/demo", "demo/", "./demo", str(ROOT / "figures/demo")):
        with pytest.raises(FileNotFoundError, match="wanted the name of a folder"):
            summary.load(ROOT / "figures", path)


@pytest.mark.parametrize("damaged", ["{", "[]", '{"runs": {}}'])
def test_a_damaged_list_of_runs_is_named(tmp_path, damaged):
    (tmp_path / "paws-x").mkdir()
    (tmp_path / "paws-x" / "runs.json").write_text(damaged, encoding="utf-8")
    with pytest.raises(ValueError, match="paws-x/runs.json is damaged"):
        folders.state(tmp_path, "paws-x")


@pytest.mark.parametrize("given, said", [
    ({"selection": "lst"}, "selection = 'lst': there are predictions of en-dev, last, oracle"),
    ({"source": "gl"}, "source = 'gl': there are predictions in de, en, es"),
])  # fmt: skip
def test_what_was_not_predicted_leaves_no_empty_tables(given, said):
    with pytest.raises(ValueError, match=said):
        summary.load(ROOT / "figures", "paws-x", **given)


FROM_ELSEWHERE = """
import json, sys
import matplotlib
matplotlib.use("Agg")
space = {"__name__": "notebook", "display": lambda *shown, **_: None}
for cell in json.load(open(sys.argv[1], encoding="utf-8"))["cells"]:
    if cell["cell_type"] == "code":
        exec(compile("".join(cell["source"]), sys.argv[1], "exec"), space)
        if "parameters" in cell["metadata"].get("tags", []):
            space.update(json.loads(sys.argv[2]))
print(space["verdicts"])
"""


def verdicts(cwd: Path, **given) -> subprocess.CompletedProcess:
    """What 91_claims says, its kernel started somewhere."""
    command = [sys.executable, "-c", FROM_ELSEWHERE, str(ROOT / "notebooks/91_claims.ipynb")]
    return subprocess.run([*command, json.dumps(given)], cwd=cwd, capture_output=True, text=True)


def test_verdicts_are_the_same_from_every_folder_and_an_error_without_figures(tmp_path):
    saved = pd.read_csv(ROOT / "figures/claims/claims.csv", dtype=str)
    expected = ", ".join(f"{row.claim} {row.verdict}" for row in saved.itertuples())
    done = verdicts(tmp_path)
    assert done.returncode == 0 and done.stdout.splitlines()[-1] == expected, done.stderr[-2000:]
    lost = verdicts(tmp_path, figures_folder="../figs")
    assert lost.returncode == 1 and "FileNotFoundError: figures_folder" in lost.stderr.splitlines()[-1]
