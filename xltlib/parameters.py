"""What a run is: the parameters of a notebook, checked, with every option of every component filled in.

What every run has is a line in a notebook's parameters cell; what only some have is a component, a dictionary
there. Nothing here starts a kernel or imports torch.
"""

from __future__ import annotations

import ast
import hashlib
import json
from difflib import get_close_matches
from functools import cache
from pathlib import Path

import yaml

from xltlib import canonical, check_options, languages, places, tasks, tracking
from xltlib.components.base import Component, find, make, options_of, resolved
from xltlib.values import check, shown

PLACES = ("data", "runs")  # parameters that say where things lie, not what is computed
WATCHING = ("tracker",)  # parameters that say who looks on
INJECTED = "# Parameters\n"  # how papermill begins the cell of what it sets
TYPES = {"int": int, "float": float, "str": str, "bool": bool, "dict": dict}
RULES = {  # what plain parameters may be, where their type does not say it all
    "targets": {"codes": True},
    "steps": {"at_least": 1, "at_most": 10_000_000},
    "learning_rate": {"at_least": 0, "at_most": 1},
    "warmup": {"at_least": 0, "below": 1},
    "precision": {"among": ("no", "bf16", "auto")},
    "checkpoints": {"at_least": 1},
    "tracker": {"among": ("", *tracking.PACKAGES)},
    "seed": {"at_least": 1},
    "draw": {"at_least": 1, "at_most": 1000},
    "codes": {"codes": True},
    "source": {"codes": True},
    "selection": {"among": ("last", "averaged", "ema", "en-dev", "oracle")},
    "sentences": {"at_least": 2},
    "max_length": {"at_least": 8, "at_most": 8192},
    "figures_folder": {"place": True},
    "head": {"among": ("cross", "bi", "bi-negatives")},
    "runs": {"place": True},
}


@cache
def declared(notebook: str) -> dict[str, tuple[type, object]]:
    """Names, types and defaults of a notebook's parameters cell, in its order; nothing is executed.

    Raises:
        ValueError: no cell has the tag ``parameters``, or a line is not ``name: type = literal``.
    """
    path = places.ROOT / "notebooks" / f"{notebook}.ipynb"
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if "parameters" in cell["metadata"].get("tags", [])]
    if len(sources) != 1:
        raise ValueError(f"{path.name}: {len(sources)} cells have the tag 'parameters', wanted one")
    parameters = {}
    for line in canonical.parse(sources[0]).body:
        if not isinstance(line, ast.AnnAssign) or ast.unparse(line.annotation) not in TYPES:
            text = ast.unparse(line)
            raise ValueError(f"{path.name}: parameters are lines like 'seed: int = 1', not {text!r}")
        parameters[line.target.id] = (TYPES[ast.unparse(line.annotation)], ast.literal_eval(line.value))
    return parameters


def resolve(notebook: str, values: dict) -> dict:
    """Defaults of a notebook overridden by ``values``; of components every option, defaults filled in.

    Raises:
        ValueError: one line that names the parameter or option, its value, and what there is.

    Example:
        >>> resolve("20_finetune", {"seed": 2, "noise": {"kind": "fgm", "radius": 0.1}})["noise"]
        {'kind': 'fgm', 'radius': 0.1, 'norm': 'token'}
    """
    parameters = declared(notebook)
    for name in values:
        _refuse_unknown(notebook, name, parameters)
    chosen = {name: values.get(name, default) for name, (_, default) in parameters.items()}
    for name, (kind, _) in parameters.items():
        if kind is not dict:
            _check(notebook, name, kind, chosen[name])
            chosen[name] = kind(chosen[name])
    codes = languages.listed(chosen.get("targets", ""))
    if not codes:
        raise ValueError(
            f"{notebook}: targets = {chosen.get('targets')!r}, wanted language codes, the source first"
        )
    others = " ".join(codes[1:])  # the first is the source language
    for name, (kind, _) in parameters.items():
        if kind is dict:
            chosen[name] = resolved(name, chosen[name], others)
    check_options.refuse(notebook, chosen, components(chosen))
    return chosen


def given_in(namespace: dict, notebook: str) -> dict:
    """What a notebook's kernel holds of its parameters, and whatever else papermill was asked to set.

    Papermill writes what it sets into a cell of its own, which IPython remembers. A variable of any other
    cell is nobody's parameter.

    Args:
        namespace: the notebook's ``globals()``.
    """
    names = list(declared(notebook))
    for cell in namespace.get("In", []):
        if cell.startswith(INJECTED):
            lines = [line for line in canonical.parse(cell).body if isinstance(line, ast.Assign)]
            names += [line.targets[0].id for line in lines if isinstance(line.targets[0], ast.Name)]
    return {name: namespace[name] for name in names}


def refuse_bad_parameters(notebook: str, namespace: dict) -> None:
    """Refuse parameters of a notebook that makes no run: unknown, mistyped or out of their range.

    Args:
        namespace: its ``globals()``.
    Raises:
        ValueError: names the parameter, its value, and what was wanted.
    """
    parameters = declared(notebook)
    for name, value in given_in(namespace, notebook).items():
        _refuse_unknown(notebook, name, parameters)
        _check(notebook, name, parameters[name][0], value)


def _check(notebook: str, name: str, kind: type, value: object) -> None:
    """Refuse a parameter that is mistyped or out of its range, or names no task."""
    check(f"{notebook}: {name}", kind, RULES.get(name, {}), value)
    if name == "task":
        try:
            tasks.find(value)
        except ValueError as error:
            raise ValueError(f"{notebook}: {error}") from error


def _refuse_unknown(notebook: str, name: str, known: dict) -> None:
    if name not in known:
        similar = get_close_matches(str(name), known, 1)
        hint = f"; did you mean {similar[0]}?" if similar else ": it has "
        listed = "" if similar else ", ".join(known)
        raise ValueError(f"{notebook} has no parameter {shown(name)}{hint}{listed}")


def components(parameters: dict) -> dict[str, Component]:
    """The components of resolved parameters, by family."""
    return {name: make(name, value) for name, value in parameters.items() if isinstance(value, dict)}


def nested(parameters: dict) -> list[tuple[str, Component]]:
    """All components of resolved parameters, those inside others too, each with its family."""
    components_found, waiting = [], list(components(parameters).items())
    while waiting:
        family, component = waiting.pop()
        components_found.append((family, component))
        for name, option in options_of(type(component)).items():
            if "family" in option.metadata:
                waiting.append((option.metadata["family"], getattr(component, name)))
    return components_found


def places_named(parameters: dict) -> list[tuple[str, str, bool]]:
    """Options that name a place or a corpus: (what, value, whether it is text or translations)."""
    found = []
    for family, component in nested(parameters):
        for name, option in options_of(type(component)).items():
            if option.metadata.get("place") and getattr(component, name):
                found.append((f"{family}.{name}", getattr(component, name), option.metadata["reads"]))
    return found


def with_absolute_places(chosen: dict, folder: Path) -> dict:
    """Parameters with relative paths resolved, of a task and in components.

    Args:
        chosen: not resolved yet; what is no component is left as it is, and named where it is made.
        folder: what they are relative to: the folder of the study's file.
    """
    resolved_values = {
        family: _with_absolute_places(family, value, folder) if isinstance(value, dict) else value
        for family, value in chosen.items()
    }
    task = resolved_values.get("task")
    if isinstance(task, str) and places.is_path(task, hub=True):
        resolved_values["task"] = places.absolute(task, folder)
    return resolved_values


def _with_absolute_places(family: str, options: dict, folder: Path) -> dict:
    """A component's options, those of components inside it too."""
    kind = options.get("kind")
    try:
        declared_options = options_of(find(family, kind) if kind else type(make(family, {})))
    except ValueError:
        return options
    resolved_options = dict(options)
    for name, option in declared_options.items():
        value = resolved_options.get(name)
        if "family" in option.metadata and isinstance(value, dict):
            resolved_options[name] = _with_absolute_places(option.metadata["family"], value, folder)
        elif option.metadata.get("place") and isinstance(value, str):
            if name == "folder" or places.is_path(value, hub=family == "encoder"):
                resolved_options[name] = places.absolute(value, folder)
    return resolved_options


def placeless(parameters: dict) -> dict:
    """Parameters without those that change no result: where things lie, and who looks on."""
    return {name: value for name, value in parameters.items() if name not in (*PLACES, *WATCHING)}


def run_id(notebook: str, parameters: dict) -> str:
    """Short name of a run: its notebook, and a hash of its parameters, places and trackers left out.

    Options at their class's default do not count, so that a new option changes no identity.

    Args:
        parameters: resolved.

    Example:
        >>> one, two = (resolve("10_adapt", {"runs": place}) for place in "ab")
        >>> run_id("10_adapt", one) == run_id("10_adapt", two)
        True
    """
    identity = json.dumps([notebook, _identity(parameters)], sort_keys=True)
    digest = hashlib.sha256(identity.encode()).hexdigest()
    return f"{notebook.split('_', 1)[-1]}-{digest[:10]}"


def are_same(first: dict, second: dict) -> bool:
    """Whether two sets of resolved parameters are of one run, as :func:`run_id` tells runs apart.

    One that lacks an option has it at its default: it was resolved before there was this option.

    Example:
        >>> now = resolve("10_adapt", {})
        >>> before = {**now, "encoder": {name: of for name, of in now["encoder"].items() if name != "trim"}}
        >>> are_same(before, now), are_same({**now, "steps": 7}, now)
        (True, False)
    """
    try:
        return _identity(first) == _identity(second)
    except ValueError:  # a component or an option that there is no more
        return False


def _identity(parameters: dict) -> dict:
    """What tells a run from others: neither places nor options at their default."""
    return {
        name: _own_options(name, value) if isinstance(value, dict) else value
        for name, value in placeless(parameters).items()
    }


def _own_options(family: str, value: dict) -> dict:
    """The options of a component that are not at their default."""
    component, changed = make(family, value), {"kind": value["kind"]}
    for name, option in options_of(type(component)).items():
        if "family" in option.metadata:
            changed[name] = _own_options(option.metadata["family"], value.get(name, {"kind": option.default}))
        elif value.get(name, option.default) != option.default:
            changed[name] = value[name]
    return changed


def written(values: dict) -> list[str]:
    """Resolved parameters as lines of YAML, a component a line.

    Example:
        >>> written({"steps": 5, "noise": {"kind": "fgm", "radius": 0.1}})
        ['steps: 5', 'noise: {kind: fgm, radius: 0.1}']
    """
    lines = []
    for name, value in values.items():
        text = yaml.safe_dump(
            value, default_flow_style=True, sort_keys=False, width=10_000, allow_unicode=True
        )
        text = text.removesuffix("...\n").strip()  # YAML ends a bare word so
        lines.append(f"{name}: {text}")
    return lines
