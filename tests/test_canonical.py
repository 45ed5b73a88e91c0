"""The identity of code does not depend on its layout, nor on the Python that reads it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from xltlib import canonical

ROOT = Path(__file__).resolve().parent.parent
SNIPPET = '''
"""Docstring."""
import a.b as c
from . import d

async def f(x: int = 1, /, *rest, k=2.0, **more) -> "text":
    """Docstring."""
    # comment
    y = f"{x!r:>{k}} {{}} é\\u2028 {x=}"; z = b"\\xff" if False else b"a"
    match y:
        case [1, *_] | {"k": None}: return -1j
        case _ if (w := x @ k): pass
    try: yield lambda: (x for x in rest if not x)
    except* ValueError as error: raise SystemExit from error
    finally: del y[::2], z
    return {**more}, {*rest}, ..., None, True, 1_000, 1e400, u"u"
'''


def pythons() -> list[str]:
    """Interpreters from 3.11 on that are at hand, one of each version, this one among them."""
    found = {sys.version_info.minor: sys.executable}
    managed = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for minor in range(11, 15):
        places = sorted(map(str, managed.glob(f"3.{minor}.*/bin/python3")))
        if (path := shutil.which(f"python3.{minor}")) and "shims" not in path:
            places.append(path)
        if places:
            found.setdefault(minor, places[0])
    return list(found.values())


FILES = sorted(ROOT.joinpath("xltlib").rglob("*.py"))


@pytest.fixture(scope="module")
def here() -> list[str]:
    """What this Python writes of every file of the package."""
    return [canonical.digest(path.read_text(encoding="utf-8")) for path in FILES]


@pytest.mark.parametrize("python", pythons())
def test_every_python_writes_the_same_form(python, tmp_path, here):
    (tmp_path / "snippet.py").write_text(SNIPPET, encoding="utf-8")
    command = [python, str(ROOT / "xltlib" / "canonical.py"), str(tmp_path / "snippet.py"), *map(str, FILES)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert said[0] == "d8d5959a7503abae"
    assert said[1:] == here


def test_sources_are_parsed_in_one_place_alone_where_threads_wait_for_each_other():
    parsing = [path for path in (ROOT / "xltlib").rglob("*.py") if "ast.parse(" in path.read_text("utf-8")]
    assert [path.name for path in parsing] == ["canonical.py"]


def test_layout_comments_and_docstrings_do_not_count():
    code = 'def f(x):\n    """Says."""\n    return ( x +\n  1 )  # one\n'
    assert canonical.digest(code) == canonical.digest("def f(x): return x + 1")
    assert canonical.digest("async def f():\n    'says'") == canonical.digest("async def f(): pass")


@pytest.mark.parametrize(
    "one, other",
    [("x = 1", "x = 1.0"), ("x = 'a'", "x = b'a'"), ("x = True", "x = 1"), ("f'{x}'", "f'{x!r}'"),
     ("a - b - c", "a - (b - c)"), ("x = 'a'", "x = 'A'"), ("'text'; x = 1", "x = 1; 'text'")],
)  # fmt: skip
def test_what_code_does_counts(one, other):
    assert canonical.digest(one) != canonical.digest(other)
