"""Gates of readability: width of lines, length of files and functions, and what is never written."""

import ast
import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
WIDTH, FILE, FUNCTION = 110, 330, 60  # characters, lines, lines
RUN_NOTEBOOKS = ("10_adapt", "20_finetune", "21_frozen")


def tracked(*patterns: str) -> list[Path]:
    """Files of the project, committed or about to be."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return sorted(path for path in map(ROOT.joinpath, set(listed.stdout.splitlines())) if path.exists())


PYTHON = tracked("*.py")
PACKAGE = [path for path in PYTHON if path.is_relative_to(ROOT / "xltlib")] + [ROOT / "run_all.py"]
NOTEBOOKS = tracked("*.ipynb")


def named(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def code_of(notebook: Path) -> list[str]:
    """Sources of a notebook's code cells, the parameters left out."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    return ["".join(c["source"]) for c in code if "parameters" not in c["metadata"].get("tags", [])]


@pytest.mark.parametrize("path", PYTHON, ids=named(PYTHON))
def test_lines_fit_a_screen(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    assert not [number for number, line in enumerate(lines, start=1) if len(line) > WIDTH]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=named(NOTEBOOKS))
def test_lines_of_notebooks_fit_a_screen(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    wide = [line for cell in cells for line in "".join(cell["source"]).splitlines() if len(line) > WIDTH]
    assert not [line for line in wide if "](" not in line]  # but for a link


@pytest.mark.parametrize("path", PACKAGE, ids=named(PACKAGE))
def test_files_and_functions_are_short(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            documented = ast.get_docstring(node, clean=False)
            lines = node.end_lineno - node.lineno + 1 - len((documented or "").splitlines())
            assert lines <= FUNCTION, f"{node.name} has {lines} lines beside its docstring"


def cleverness(tree: ast.AST) -> list[str]:
    """Lambdas bound to a name, and truth values that are multiplied."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Lambda):
            found.append(f"line {node.lineno}: a lambda bound to a name")
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            for side in (node.left, node.right):
                compared = isinstance(side, (ast.Compare, ast.BoolOp))
                cast = isinstance(side, ast.Call) and getattr(side.func, "id", "") == "bool"
                text = any(
                    isinstance(s, (ast.Constant, ast.JoinedStr, ast.List)) for s in (node.left, node.right)
                )
                if (compared and text) or cast:
                    found.append(f"line {node.lineno}: a truth value is multiplied")
    return found


@pytest.mark.parametrize("path", PYTHON, ids=named(PYTHON))
def test_code_says_what_it_means(path):
    assert not cleverness(ast.parse(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=named(NOTEBOOKS))
def test_notebooks_say_what_they_mean(path):
    assert not [said for source in code_of(path) for said in cleverness(ast.parse(source))]


def test_the_gate_sees_what_it_is_for():
    for source in ("f = lambda x: x", '" s" * (n > 1)', '["a"] * bool(x)', '"a" * (x and y)'):
        assert cleverness(ast.parse(source)), source
    for source in ("sorted(x, key=lambda y: y)", "2 * n", "mask * (a > b)", '"-" * 10'):
        assert not cleverness(ast.parse(source)), source


@pytest.mark.parametrize("name", RUN_NOTEBOOKS)
def test_a_run_notebook_reads_like_a_method_section(name):
    path = ROOT / "notebooks" / f"{name}.ipynb"
    sources = code_of(path)
    lines = [line for source in sources for line in source.splitlines() if line.strip()]
    assert len(lines) <= 60
    tree = ast.parse("\n".join(sources))
    branches = (ast.If, ast.IfExp, ast.Raise, ast.Lambda, ast.FunctionDef, ast.ClassDef, ast.Try, ast.Match)
    assert not [type(node).__name__ for node in ast.walk(tree) if isinstance(node, branches)]
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    (given,) = [c for c in cells if "parameters" in c["metadata"].get("tags", [])]
    assert len("".join(given["source"]).splitlines()) <= 20


def test_the_command_line_is_all_that_run_all_is():
    assert len((ROOT / "run_all.py").read_text(encoding="utf-8").splitlines()) <= 110


def test_no_random_state_of_the_module_and_no_unsafe_reading():
    # Not model.eval(), literal_eval( or retrieval(.
    forbidden = re.compile(
        r"pickle|torch\.load\(|trust_remote_code(?!\W*False\b)"
        r"|(?<![\w.])(eval|exec)\(|np\.random\.(?!default_rng|Gen|seed)"
    )
    for path in PACKAGE:
        hits = [line for line in path.read_text(encoding="utf-8").splitlines() if forbidden.search(line)]
        assert not hits, f"{path.name}: {hits}"


def test_imports_point_down():
    """No module of a lower floor imports one of a higher: run, components, what computes, data."""
    floors = (
        ("bundle", "results", "export", "exporting"),
        ("reading", "execution", "store", "studies", "planning", "plan", "summary", "report", "tables"),
        ("run",),
        ("components", "parameters", "fingerprint"),
        ("door", "provenance", "vectors"),
        (
            "answers",
            "adaptation",
            "prediction",
            "heads",
            "training",
            "noise",
            "batching",
            "bias",
            "frozen",
            "losses",
        ),
        ("encoders", "tasks", "statistics", "languages", "demo"),
        ("places", "lines"),
    )
    level = {name: depth for depth, names in enumerate(floors) for name in names}
    for path in PACKAGE:
        own = level.get(path.relative_to(ROOT).parts[1].removesuffix(".py") if "xltlib" in path.parts else "")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if own is not None else ():
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("xltlib"):
                parts = node.module.split(".")
                modules = [parts[1]] if len(parts) > 1 else [alias.name for alias in node.names]
                upward = [name for name in modules if name in level and level[name] < own]
                assert not upward, f"{path.name} imports {upward[0]}"
