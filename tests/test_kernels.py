"""The kernel of a run is a child of its parent: this interpreter, this checkout, these cores."""

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from xltlib import execution, kernels, records
from xltlib.plan import Node

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def notebook(tmp_path, monkeypatch):
    """Makes notebook ``x`` of one cell, in a checkout whose path has braces."""

    def make(source: str) -> Path:
        checkout = tmp_path / "a {seed} b"
        (checkout / "notebooks").mkdir(parents=True)
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
        nbformat.write(book, checkout / "notebooks" / "x.ipynb")
        monkeypatch.setattr(kernels, "ROOT", checkout)
        return checkout / "out {x}" / "notebook.ipynb"

    return make


def executed(output: Path, **variables) -> str:
    output.parent.mkdir()
    kernels.execute("x", output, {}, {**kernels.environment(1), **variables})
    return nbformat.read(output, 4).cells[-1].outputs[0].text


def test_another_kernel_called_python3_is_not_started(notebook, tmp_path):
    spec = tmp_path / "jupyter" / "kernels" / "python3"
    spec.mkdir(parents=True)
    kernel = {"argv": ["/bin/false", "{connection_file}"], "display_name": "other", "language": "python"}
    (spec / "kernel.json").write_text(json.dumps(kernel))
    output = notebook("import sys; print(sys.executable)")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
        assert executed(output) == f"{sys.executable}\n"
    assert not output.with_suffix(kernels.LOG).exists()


@pytest.mark.parametrize("before", ["", "/elsewhere", str(ROOT / "tests")])
def test_this_checkout_comes_first(before, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", before)
    paths = kernels.environment(1, module_folder="/mine")["PYTHONPATH"].split(os.pathsep)
    assert paths == [str(ROOT), *([before] if before else []), "/mine"]


def test_a_dead_kernel_leaves_its_last_words(notebook):
    output = notebook("import os; os.kill(os.getpid(), 9)")
    output.parent.mkdir()
    with pytest.raises(Exception) as raised:
        kernels.execute("x", output, {}, kernels.environment(1))
    said = execution._failure(raised.value, output.parent, "/mine")
    assert "DeadKernelError" in said and "the kernel died; most often memory was short" in said
    output.with_suffix(kernels.LOG).write_bytes(b"warning\nFatal: no such \xffthing\n\n")
    assert "Fatal: no such" in execution._failure(raised.value, output.parent, "/mine")


def test_a_kernel_that_cannot_start_says_why(notebook, tmp_path):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "ipykernel_launcher.py").write_text("raise ImportError('no such library')")
    output = notebook("1")
    output.parent.mkdir()
    with pytest.raises(Exception) as raised:
        kernels.execute("x", output, {}, {**kernels.environment(1), "PYTHONPATH": str(tmp_path / "broken")})
    assert "ImportError: no such library" in execution._failure(raised.value, output.parent, "/mine")


@pytest.mark.parametrize("at_home", [True, False])
def test_a_failure_names_the_line_of_ones_own_module(notebook, tmp_path, monkeypatch, at_home):
    folder = tmp_path / "my modules"
    folder.mkdir()
    (folder / "own_of_test.py").write_text("def fails():\n    raise ValueError('boom')\n")
    if at_home:  # IPython writes ~ for it
        monkeypatch.setenv("HOME", str(tmp_path))
    output = notebook("import own_of_test; own_of_test.fails()")
    output.parent.mkdir()
    with pytest.raises(Exception) as raised:
        kernels.execute("x", output, {}, kernels.environment(1, module_folder=str(folder)))
    said = execution._failure(raised.value, output.parent, str(folder))
    assert "own_of_test.py:2: boom" in said


@pytest.mark.parametrize(
    "exported, jobs, threads",
    [("", 1, 1), ("3", 1, 3), ("3", 2, 3), ("4,2", 1, 4), ("no", 1, 1), ("0", 2, 1)],
)
def test_threads_are_the_cores_that_one_may_use(exported, jobs, threads):
    """A process that may use one core of several."""
    code = (
        "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))]); "
        f"from xltlib import kernels; print(kernels.threads_of({jobs}))"
    )
    environment = {**os.environ, "OMP_NUM_THREADS": exported}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT)
    assert done.stdout == f"{threads}\n", done.stderr


@pytest.mark.parametrize("exported", ["", "3"])
def test_what_the_user_exported_is_kept(exported, monkeypatch):
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if exported:
        monkeypatch.setenv("OMP_NUM_THREADS", exported)
    found = kernels.environment(kernels.threads_of(1) if exported else 2)
    assert found["OMP_NUM_THREADS"] == found["MKL_NUM_THREADS"] == (exported or "2")


@pytest.mark.parametrize("asked, wanted", [(0, kernels.cores()), (3, 3)])
def test_on_a_worker_its_own_variables_are_not_the_users(asked, wanted, tmp_path, monkeypatch):
    """A dask worker is started with one thread by whoever starts it."""
    found = {}

    def execute(notebook, output, given, variables):
        found.update(variables)

    monkeypatch.setattr(kernels, "execute", execute)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("MKL_NUM_THREADS", "1")
    assert execution.run_one("study", "x", {}, str(tmp_path / "run"), asked, "/mine") == ""
    assert found["OMP_NUM_THREADS"] == found["MKL_NUM_THREADS"] == str(wanted)


def test_a_record_of_other_code_is_not_what_was_planned(tmp_path, monkeypatch):
    monkeypatch.setattr(execution, "code_fingerprint", lambda notebook, parameters: "ours")
    node = Node("plain seed 1", "20_finetune", {}, [], True)
    node.run = "finetune-1"
    (tmp_path / "finetune-1").mkdir()
    assert execution.not_as_planned(node, tmp_path) == "ended without a record"
    records.write(tmp_path / "finetune-1", {"run": "finetune-1", "code": "theirs"})
    said = "planned as finetune-1 ours and recorded as finetune-1 theirs"
    assert execution.not_as_planned(node, tmp_path).startswith(said)
    records.write(tmp_path / "finetune-1", {"run": "finetune-1", "code": "ours"})
    assert execution.not_as_planned(node, tmp_path) == ""


@pytest.mark.parametrize(
    "message, said",
    [("one", "one"), ("first\nsecond\nlast", "first ... last"), ("\n\n  only  \n", "only"), ("", "")],
)
def test_a_message_keeps_its_first_line(message, said):
    assert kernels.in_a_line(message) == said
