"""What a run is: the parameters of a notebook, checked, with every option of every component filled in.

What every run has is a line in a notebook's parameters cell; what only some have is a component, a dictionary
there. Nothing here starts a kernel or imports torch.
"""

from __future__ import annotations

import ast
import hashlib
import json
from functools import cache
from pathlib import Path

import yaml

from xltlib import tasks
from xltlib.components.base import Component, check, make, options_of, resolved
from xltlib.components.kinds import FAMILIES

ROOT = Path(__file__).resolve().parent.parent
PLACES = ("data", "runs")  # parameters that say where things lie, not what is computed
TYPES = {"int": int, "float": float, "str": str, "bool": bool, "dict": dict}
RULES = {  # what plain parameters may be, where their type does not say it all
    "task": {"among": tasks.TASKS},
    "targets": {"languages": True},
    "steps": {"at_least": 1},
    "learning_rate": {"at_least": 0},
    "warmup": {"at_least": 0, "at_most": 1},
    "precision": {"among": ("no", "bf16", "auto")},
    "checkpoints": {"at_least": 1},
    "seed": {"at_least": 1},
    "draw": {"at_least": 1},
}


@cache
def declared(notebook: str) -> dict[str, tuple[type, object]]:
    """Names, types and defaults of a notebook's parameters cell, in its order; nothing is executed.

    Raises:
        ValueError: no cell has the tag ``parameters``, or a line is not ``name: type = literal``.
    """
    path = ROOT / "notebooks" / f"{notebook}.ipynb"
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if "parameters" in cell["metadata"].get("tags", [])]
    if len(sources) != 1:
        raise ValueError(f"{path.name}: {len(sources)} cells have the tag 'parameters', wanted one")
    found = {}
    for line in ast.parse(sources[0]).body:
        if not isinstance(line, ast.AnnAssign) or ast.unparse(line.annotation) not in TYPES:
            said = ast.unparse(line)
            raise ValueError(f"{path.name}: parameters are lines like 'seed: int = 1', not {said!r}")
        found[line.target.id] = (TYPES[ast.unparse(line.annotation)], ast.literal_eval(line.value))
    return found


def resolve(notebook: str, given: dict) -> dict:
    """Defaults of a notebook overridden by ``given``; of components every option, defaults filled in.

    Raises:
        ValueError: one line that names the parameter or option, its value, and what there is.

    Example:
        >>> resolve("20_finetune", {"seed": 2, "noise": {"kind": "fgm", "radius": 0.1}})["noise"]
        {'kind': 'fgm', 'radius': 0.1, 'norm': 'token'}
    """
    known = declared(notebook)
    for name in given:
        if name not in known:
            raise ValueError(f"{notebook} has no parameter {name!r}: it has {', '.join(known)}")
    chosen = {name: given.get(name, default) for name, (_, default) in known.items()}
    for name, (kind, _) in known.items():
        if kind is not dict:
            check(f"{notebook}: {name}", kind, RULES.get(name, {}), chosen[name])
            chosen[name] = kind(chosen[name])
    codes = chosen.get("targets", "").replace(",", " ").split()
    if not codes:
        raise ValueError(
            f"{notebook}: targets = {chosen.get('targets')!r}, wanted language codes, the source first"
        )
    others = " ".join(codes[1:])  # the first is the source language
    for name, (kind, _) in known.items():
        if kind is dict:
            chosen[name] = resolved(name, chosen[name], others)
    refuse(notebook, chosen)
    return chosen


def components(parameters: dict) -> dict[str, Component]:
    """The components of resolved parameters, by family."""
    return {name: make(name, value) for name, value in parameters.items() if isinstance(value, dict)}


def nested(parameters: dict) -> list[tuple[str, Component]]:
    """All components of resolved parameters, those inside others too, each with its family."""
    found, left = [], list(components(parameters).items())
    while left:
        family, component = left.pop()
        found.append((family, component))
        for name, of in options_of(type(component)).items():
            if "family" in of.metadata:
                left.append((of.metadata["family"], getattr(component, name)))
    return found


def places_named(parameters: dict) -> list[tuple[str, str, bool]]:
    """Options that name a place or a corpus: (what, value, whether it is text or translations)."""
    found = []
    for family, component in nested(parameters):
        for name, of in options_of(type(component)).items():
            if of.metadata.get("place") and getattr(component, name):
                found.append((f"{family}.{name}", getattr(component, name), of.metadata["reads"]))
    return found


def refuse(notebook: str, parameters: dict) -> None:
    """Refuse components that do not go together.

    Raises:
        ValueError: one line that names both, and what to do.
    """
    parts = components(parameters)
    if "head" in parts:
        _refuse_head(notebook, parameters, parts["head"])
    if "labelled" in parts:
        _refuse_labels(parameters, parts)
    if "penalty" in parts:
        _refuse_penalty(parameters, parts)
    if "scored" in parts:
        _refuse_scored(parameters, parts)
    if "adaptation" in parts:
        _refuse_adaptation(parts["adaptation"], parts["measured"])


def _refuse_head(notebook: str, parameters: dict, head: Component) -> None:
    kind, task = parameters["head"]["kind"], parameters["task"]
    if head.trains != (notebook == "20_finetune"):
        made_by = (
            "20_finetune" if head.trains else "21_frozen, where only what compares two vectors is trained"
        )
        raise ValueError(f"head {kind} is not of {notebook}: it is of {made_by}")
    if getattr(head, "two_classes", False) and len(tasks.CLASSES[task]) != 2:
        raise ValueError(f"head {kind}: compares paraphrases; task {task} has more than two classes")


def _refuse_labels(parameters: dict, parts: dict[str, Component]) -> None:
    labelled, batches, noise = parts["labelled"], parts.get("batches"), parts.get("noise")
    source = parameters["targets"].replace(",", " ").split()[0]
    if labelled.stands_for and not getattr(batches, "monolingual", False):
        raise ValueError("labelled.stands_for: the control of an adaptation has monolingual batches")
    words = [part for part in (noise, getattr(batches, "cross", None)) if getattr(part, "of_source", False)]
    if words and labelled.languages.split() != [source]:
        raise ValueError(
            f"labelled.languages = {labelled.languages!r}: word lists and neighbours are of words of "
            f"{source}, and so must the training pairs be"
        )
    both = sorted(set(labelled.languages.split()) & set(labelled.zero_shot.split()))
    if both:
        raise ValueError(
            f"{' '.join(both)}: called zero-shot, but labelled items of it are read; take it out of "
            "labelled.languages, or name in labelled.zero_shot only the others"
        )


def _refuse_penalty(parameters: dict, parts: dict[str, Component]) -> None:
    penalty, noise = parts["penalty"], parts["noise"]
    if penalty.adds and noise.adversarial:
        raise ValueError(
            f"noise {parameters['noise']['kind']} computes the loss several times a step, a penalty draws "
            "text each time: one of them a run"
        )
    if penalty.reads_development and parts["labelled"].split == "dev":
        raise ValueError("penalty: its pairs are the items that labelled.split dev trains on")
    if penalty.reads_development and getattr(penalty, "decay", 0) == 1 and not parameters["start"]:
        raise ValueError("penalty consistency: a teacher that stays as it was needs start (or decay < 1)")


def _refuse_scored(parameters: dict, parts: dict[str, Component]) -> None:
    scored, attack = parts["scored"], parameters["scored"]["attack"]["kind"]
    if scored.votes and not getattr(parts.get("noise"), "votes", False):
        kinds = [kind for kind in FAMILIES["noise"] if _votes(kind)]
        raise ValueError(f"scored.votes = {scored.votes}: goes with noise {', '.join(kinds)}")
    if attack != "none" and not scored.attack.adversarial:
        raise ValueError(f"scored.attack: {attack} is no adversarial noise")


def _refuse_adaptation(adaptation: Component, measured: Component) -> None:
    if 0 < adaptation.sentences <= adaptation.held_out:
        raise ValueError(
            f"adaptation.sentences = {adaptation.sentences}: {adaptation.held_out} of them are held out, and "
            "nothing is left to train on"
        )
    if adaptation.patience and not adaptation.checks:
        raise ValueError("adaptation.patience needs checks: how often held-out text is measured on the way")
    both = set(measured.probes.split()) & set(adaptation.languages.split())
    if both:
        raise ValueError(f"measured.probes: {' '.join(sorted(both))} is adapted to, and measured anyway")
    if measured.probes and not measured.corpus:
        raise ValueError("measured.probes needs measured.corpus, translations of these languages")


def _votes(kind: str) -> bool:
    from xltlib.components.base import find

    return find("noise", kind).votes


def placeless(parameters: dict) -> dict:
    """Parameters without those that say where things lie."""
    return {name: value for name, value in parameters.items() if name not in PLACES}


def run_id(notebook: str, parameters: dict) -> str:
    """Short name of a run: its notebook, and a hash of its parameters, places left out.

    Options at their class's default do not count, so that a new option changes no identity.

    Args:
        parameters: resolved.

    Example:
        >>> one, two = (resolve("10_adapt", {"runs": place}) for place in "ab")
        >>> run_id("10_adapt", one) == run_id("10_adapt", two)
        True
    """
    told = {}
    for name, value in placeless(parameters).items():
        told[name] = _own_options(name, value) if isinstance(value, dict) else value
    digest = hashlib.sha256(json.dumps([notebook, told], sort_keys=True).encode()).hexdigest()
    return f"{notebook.split('_', 1)[-1]}-{digest[:10]}"


def _own_options(family: str, value: dict) -> dict:
    """The options of a component that are not at their default."""
    component, told = make(family, value), {"kind": value["kind"]}
    for name, of in options_of(type(component)).items():
        if "family" in of.metadata:
            told[name] = _own_options(of.metadata["family"], value[name])
        elif value[name] != of.default:
            told[name] = value[name]
    return told


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
        lines.append(f"{name}: {text.removesuffix('...' + chr(10)).strip()}")
    return lines
