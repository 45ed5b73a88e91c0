"""Python code in a form that depends on what it does alone: not on its layout, nor on the interpreter.

What ``ast.unparse`` and ``ast.dump`` write changes from one version of Python to the next, so the form is our
own. This module needs the standard library alone: a test runs it under every Python that is at hand.

    python xltlib/canonical.py FILE...      # a digest of each file
"""

from __future__ import annotations

import ast
import hashlib
import json
import sys
import threading
from pathlib import Path

PARSING = threading.Lock()
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def parse(source: str) -> ast.Module:
    """The syntax tree of a source, one thread at a time: those of Python 3.11 may disturb each other.

    Raises:
        SyntaxError: it is no Python.
    """
    with PARSING:
        return ast.parse(source)


def form(source: str) -> str:
    """The syntax tree of a source in JSON, without comments, docstrings and layout.

    Fields that are empty are left out: a newer Python has fields that an older one has not.

    Raises:
        SyntaxError: it is no Python.

    Example:
        >>> form("x = ( 1 )  # one")
        '["Module", {"body": [["Assign", {"targets": [["Name", {"id": "x", "ctx": ["Store", {}]}]], \
"value": ["Constant", {"value": "int 1"}]}]]}]'
        >>> form("x = ( 1 )  # one") == form("x=1"), form("x = 1") == form("x = 1.0")
        (True, False)
    """
    return json.dumps(_plain(parse(source)))


def digest(source: str) -> str:
    """Sixteen hexadecimal digits that stand for what a source does."""
    return hashlib.sha256(form(source).encode()).hexdigest()[:16]


def _plain(value: object) -> object:
    """A node, or what stands in its fields, as lists and text."""
    if isinstance(value, ast.Constant):
        return ["Constant", {"value": _constant(value.value)}]
    if isinstance(value, ast.AST):
        return [type(value).__name__, {name: _plain(item) for name, item in _fields(value).items()}]
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value  # a name, or a number that stands for a conversion


def _fields(node: ast.AST) -> dict[str, object]:
    """What a node is made of, without its docstring."""
    fields = {name: item for name, item in ast.iter_fields(node) if item is not None and item != []}
    if isinstance(node, ast.JoinedStr):  # an f-string; 3.12 had empty text behind a nested format
        fields["values"] = [item for item in node.values if not _is_empty_text(item)]
    if isinstance(node, DOCUMENTED) and ast.get_docstring(node) is not None:
        fields["body"] = node.body[1:] or [ast.Pass()]
    return fields


def _is_empty_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value == ""


def _constant(value: object) -> str:
    """A literal with its type. Text is told by JSON: which letters ``repr`` escapes changes with Unicode."""
    text = json.dumps(value) if isinstance(value, str) else repr(value)
    return f"{type(value).__name__} {text}"


if __name__ == "__main__":
    for path in sys.argv[1:]:
        print(digest(Path(path).read_text(encoding="utf-8")))
