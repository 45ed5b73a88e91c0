"""Contracts of the committed notebooks: nbval compares what they print, these look at what they are."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from xltlib import parameters

NOTEBOOKS = sorted((Path(__file__).resolve().parent.parent / "notebooks").glob("*.ipynb"))
IDS = [path.stem for path in NOTEBOOKS]


@pytest.fixture(params=NOTEBOOKS, ids=IDS)
def book(request):
    return json.loads(request.param.read_text(encoding="utf-8"))


def code_cells(book):
    return [cell for cell in book["cells"] if cell["cell_type"] == "code"]


def test_the_notebooks_of_the_house_are_there():
    assert {"00_explore", "10_adapt", "20_finetune", "21_frozen", "40_language_bias", "90_summary"} <= set(
        IDS
    )


def test_cells_were_run_once_in_order_without_error(book):
    assert [cell["execution_count"] for cell in code_cells(book)] == list(range(1, len(code_cells(book)) + 1))
    assert not [
        o
        for cell in code_cells(book)
        for o in cell["outputs"]
        if o["output_type"] == "error" or o.get("name") == "stderr"
    ]


def test_the_kernel_is_python3_and_no_run_metadata_is_left(book):
    assert book["metadata"]["kernelspec"]["name"] == "python3"
    assert not {"papermill", "widgets"} & set(book["metadata"])
    assert not any({"papermill", "execution"} & set(cell["metadata"]) for cell in book["cells"])


def test_at_least_three_outputs_are_compared(book):
    compared = [
        cell
        for cell in code_cells(book)
        if cell["outputs"] and "nbval-ignore-output" not in cell["metadata"].get("tags", [])
    ]
    assert len(compared) >= 3


def test_no_output_names_a_place_on_a_machine(book):
    outputs = [output for cell in code_cells(book) for output in cell["outputs"]]
    texts = [output.get("text", "") for output in outputs]
    texts += [
        text
        for output in outputs
        for kind, text in output.get("data", {}).items()
        if kind.startswith("text/")
    ]
    text = "\n".join("".join(part) for part in texts) + json.dumps(book["metadata"])
    # A path from the root, a drive, a file URL. Not </td>, a fraction or the inside of a relative path.
    assert not re.findall(r"(?<![\w<&/.:])/[\w.-]+/|\b[A-Z]:\\|file://", text)


def test_prose_stands_between_short_cells(book):
    kinds = [cell["cell_type"] for cell in book["cells"]]
    assert kinds[0] == "markdown" and kinds.count("markdown") >= 4
    for cell in code_cells(book):
        if "parameters" not in cell["metadata"].get("tags", []):
            assert len("".join(cell["source"]).splitlines()) <= 30


@pytest.mark.parametrize("name", IDS)
def test_parameters_are_typed_literals_with_a_comment(name):
    declared = parameters.declared(name)
    book = json.loads(next(path for path in NOTEBOOKS if path.stem == name).read_text())
    cell = next(c for c in book["cells"] if "parameters" in c["metadata"].get("tags", []))
    lines = "".join(cell["source"]).splitlines()
    assert len(lines) == len(declared)
    assert all("  # " in line for line in lines), "each parameter says what it is"
    assert all(type(default) is kind for kind, default in declared.values())


@pytest.mark.parametrize("name", IDS)
def test_papermill_sees_the_same_parameters(name):
    import papermill

    path = next(path for path in NOTEBOOKS if path.stem == name)
    assert list(papermill.inspect_notebook(str(path))) == list(parameters.declared(name))


WITHOUT_TORCH = """
import json, sys
class Without:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "torch":
            raise ImportError("no torch here")
sys.meta_path.insert(0, Without())
import matplotlib
matplotlib.use("Agg")
display = lambda *shown, **_: None
study = {"study": sys.argv[1]}
for name, given in (("90_summary", study), ("40_language_bias", {**study, "encoder": ""})):
    space = {"__name__": name, "display": display}
    for cell in json.load(open(f"{name}.ipynb", encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), name, "exec"), space)
            if "parameters" in cell["metadata"].get("tags", []):
                space.update(given)
"""


def test_the_question_is_drawn_from_what_is_committed_without_torch():
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, "paws-x"],
        cwd=NOTEBOOKS[0].parent,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
