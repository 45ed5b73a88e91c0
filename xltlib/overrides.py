"""What ``--set`` names: the parameters and options of a run, and one of them changed."""

from __future__ import annotations

from xltlib import parameters
from xltlib.components.base import find, options_of, split


def changed(family: str, given: dict | str, path: list[str], value: object) -> dict | None:
    """A component with one option set; None where it has no such option.

    Args:
        path: the option; inside a part of the component, the names that lead to it: ``["cross", "corpus"]``.

    Example:
        >>> changed("noise", {"kind": "fgm", "radius": 0.1}, ["radius"], 0.2)
        {'kind': 'fgm', 'radius': 0.2}
    """
    kind, options = split(family, given)
    known, (name, *deeper) = options_of(find(family, kind)), path
    if name == "kind":
        return {"kind": value}  # another kind starts afresh
    if name not in known:
        return None
    if deeper:
        inner = known[name].metadata.get("family")
        value = changed(inner, options.get(name, known[name].default), deeper, value) if inner else None
        if value is None:
            return None
    return {"kind": kind, **options, name: value}


def paths(given: dict, above: str = "") -> list[str]:
    """Names by which parameters and options can be set.

    Example:
        >>> paths({"steps": 5, "noise": {"kind": "pgd", "radius": 0.1}})
        ['steps', 'noise', 'noise.kind', 'noise.radius']
    """
    found = []
    for name, value in given.items():
        if name not in parameters.PLACES:
            found.append(above + name)
        if isinstance(value, dict):
            found += paths(value, f"{above}{name}.")
    return found
