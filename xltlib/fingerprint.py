"""Which code computes a run: a hash in its record, which must match for the run to count as done."""

from __future__ import annotations

import ast
import hashlib
import json
from functools import cache
from importlib import util
from pathlib import Path

from xltlib import canonical
from xltlib.parameters import nested, places_named
from xltlib.places import ROOT
from xltlib.tasks.demo import DEMO
from xltlib.tasks.described import DescribedTask
from xltlib.tasks.kinds import TABLE, find

READERS = (  # of the package: they read records or draw, name kinds, or plan; none computes a prediction
    "__init__.py", "records.py", "fingerprint.py", "canonical.py", "parameters.py", "languages.py",
    "kinds.py", "plan.py", "planning.py", "studies.py", "store.py", "execution.py", "kernels.py",
    "stopping.py", "drawing.py", "progress.py", "forecast.py", "showing.py", "shared.py", "gpus.py",
    "command_line.py", "report.py", "summary", "bundle.py", "reading.py", "results_archive.py", "claims.py",
    "evidence.py", "question.py", "syntax_claims.py", "translations_claim.py",
    "robustness.py", "robustness_claims.py", "ladder.py", "bias_tables.py", "figures", "statistics",
    "tables", "values.py", "studyfile.py", "check_options.py", "lineage.py", "overrides.py", "markdown.py",
    "console.py", "folders.py", "diverged.py", "locks.py", "collected.py", "files.py", "languagefile.py",
    "levels.py", "tracking.py", "development.py", "export.py", "exporting", "check_inputs.py",
    "notebooks.py",
)  # fmt: skip


def code_fingerprint(notebook: str, parameters: dict) -> str:
    """Hash of the code that computes a run.

    That is the notebook's cells, the modules they import, and those of the run's own task and components,
    followed through.

    Comments, docstrings and layout do not count, nor the version of Python (see canonical.py), nor modules
    that only read records or draw, nor those of components that this run does not use: a new noise makes no
    plain run stale. Data are not code: their fingerprints stand in the record. The corpus in the package
    counts where a parameter names it.

    Args:
        parameters: resolved.
    """
    modules = {type(component).__module__ for _, component in nested(parameters)}
    task, described = find(parameters["task"]) if "task" in parameters else None, ""
    if task is not None:
        modules.add(type(task).__module__)
    if isinstance(task, DescribedTask):
        described = json.dumps(task.description.deciding)
    named = [parameters.get("task", ""), *(value for _, value, reads in places_named(parameters) if reads)]
    demo = any(word.startswith("demo") for value in named for word in value.split())
    return _code_of(notebook, tuple(sorted(modules)), demo, described)


@cache
def _code_of(notebook: str, modules: tuple[str, ...], demo: bool, described: str) -> str:
    """The hash for a notebook, the modules of its components, with or without the corpus in the package.

    Args:
        described: what a ``task.yaml`` says; "" of a task of the package.
    """
    component_files = {path for module in modules for path in _own_files(module)}
    cells = _cells(notebook)
    paths = _followed((*cells, *(path.read_text(encoding="utf-8") for path in sorted(component_files))))
    tasks = {_file_of(type(task).__module__) for name, task in TABLE.items() if not demo or name not in DEMO}
    code = [_form(source) for source in cells]
    counted = (paths - tasks) | component_files  # of the tasks, its own alone
    files = [path for path in counted if demo or path.parent.name != "demo"]
    # In an order that does not depend on where they lie: a bundle has the fingerprints of home.
    code += sorted(_form(path.read_text(encoding="utf-8")) for path in files)
    if demo:
        corpus = sorted((ROOT / "xltlib" / "demo").rglob("*.t[sx][vt]"))
        code += [path.read_text(encoding="utf-8") for path in corpus]
    code += [described] if described else []
    return hashlib.sha256("\n".join(code).encode()).hexdigest()[:16]


@cache
def _form(source: str) -> str:
    return canonical.form(source)


@cache
def _cells(notebook: str) -> tuple[str, ...]:
    """Sources of a notebook's code cells, the parameters left out."""
    path = ROOT / "notebooks" / f"{notebook}.ipynb"
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    return tuple("".join(c["source"]) for c in code if "parameters" not in c["metadata"].get("tags", []))


def _file_of(module: str) -> Path:
    """The file of a module, of the package or of one's own."""
    if module.split(".")[0] == "xltlib":
        return ROOT.joinpath(*module.split(".")).with_suffix(".py")
    return Path(util.find_spec(module).origin)


def _own_files(module: str) -> set[Path]:
    """The file of a module; of one's own also those of its package that it imports, followed through."""
    found, left, top = set(), [module], module.split(".")[0]
    while left:
        path = _file_of(left.pop())
        if path in found:
            continue
        found.add(path)
        if top != "xltlib":
            left += _imported_from(top, path.read_text(encoding="utf-8"))
    return found


def _imported_from(top: str, source: str) -> list[str]:
    """Modules of a package that a source imports."""
    named = []
    for node in ast.walk(canonical.parse(source)):
        if isinstance(node, ast.Import):
            named += [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom) and node.module:
            named += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return [name for name in named if name.split(".")[0] == top and _is_file(name)]


def _is_file(module: str) -> bool:
    """Whether there is a module of this name that is a file."""
    try:
        spec = util.find_spec(module)
    except ModuleNotFoundError:
        return False
    return spec is not None and spec.origin is not None


@cache
def _imports(source: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Modules of the package that a source imports from, and the names; not those for type hints alone."""
    tree = canonical.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    imports = [node for node in nodes if (node.module or "").split(".")[0] == "xltlib"]
    return tuple((node.module, tuple(alias.name for alias in node.names)) for node in imports)


@cache
def _followed(sources: tuple[str, ...]) -> frozenset[Path]:
    """Files of the package that these sources import, and that those import in turn."""
    found, left = set(), list(sources)
    while left:
        for module, names in _imports(left.pop()):
            base = ROOT.joinpath(*module.split("."))
            candidates = [base.with_suffix(".py"), base / "__init__.py"]
            candidates += [base / f"{name}{end}" for name in names for end in (".py", "/__init__.py")]
            for path in candidates:
                if path.exists() and path not in found and not _only_reads(path):
                    found.add(path)
                    left.append(path.read_text(encoding="utf-8"))
    return frozenset(found)


def _only_reads(path: Path) -> bool:
    """Whether a file computes no prediction. An empty ``__init__`` does not count; one with imports does."""
    parts = path.relative_to(ROOT / "xltlib").parts
    return parts[0] in READERS or parts[-1] == "kinds.py"
