"""What a run goes on from, or is compared with, must fit it: what would stop it later is refused at once."""

from __future__ import annotations

from xltlib import languages
from xltlib.components.base import find
from xltlib.parameters import WATCHING
from xltlib.plan import Node


def refuse_bad_start(parameters: dict, needs: list[str], nodes: dict[str, Node]) -> None:
    """Refuse a run that cannot go on from what it names.

    Args:
        parameters: its own, resolved.
        needs: labels of the encoder and the model that it goes on from.
        nodes: of the plan so far.
    Raises:
        ValueError: one line that names both, and what to do.
    """
    for need in needs:
        theirs = nodes[need].parameters
        missing = set(languages.listed(parameters["targets"])) - set(languages.listed(theirs["targets"]))
        if theirs["task"] != parameters["task"] or missing:
            raise ValueError(
                f"{need}, which it goes on from, keeps the test set of {theirs['task']} in "
                f"{theirs['targets']!r} out of what it reads, not that of {parameters['task']} in "
                f"{parameters['targets']!r}: give both the same"
            )
        if nodes[need].run != parameters["start"]:
            continue
        encoder = theirs["encoder"]["name"]
        if encoder != parameters["encoder"]["name"]:
            raise ValueError(
                f"start {need} has encoder {encoder}, not {parameters['encoder']['name']}: give both the same"
            )
        line = _line(need, nodes)
        _refuse_another_head(parameters, line[-1])
        _refuse_labels_read(parameters, line)


def refuse_copies_alone(nodes: dict[str, Node]) -> None:
    """Refuse a study of copies without a control.

    Copies kept with the passes made more updates, too: only a control tells the two apart.

    Args:
        nodes: of the plan, by label.
    """
    for node in nodes.values():
        if node.parameters.get("noise", {}).get("kind") != "synonyms-copies":
            continue
        without_noise = _without_noise(node)
        plain = [other for other in nodes.values() if other.parameters.get("noise", {}).get("kind") == "none"]
        if not any(_without_noise(other) == without_noise for other in plain):
            raise ValueError(
                f"{node.label}: synonyms-copies without a control; give the study an arm with the same "
                "parameters, as many steps and no noise"
            )


def same_batches(nodes: dict[str, Node]) -> str:
    """Which training draws the pairs of another one before it in their order, in a line; "" without any.

    What goes on from a model has one random stream a seed, however long the chain (Run.rng).

    Args:
        nodes: of the plan, by label.
    """
    found = []
    for node in nodes.values():
        if not node.parameters.get("learning_rate") or not node.parameters["start"]:  # it learns nothing
            continue
        for earlier in _line(node.label, nodes)[1:-1]:
            if _drawn_from(earlier) and _drawn_from(earlier) == _drawn_from(node):
                found.append((node.label, earlier.label))
    if not found:
        return ""
    label, earlier_label = found[0]
    others = f", and so in {len(found) - 1} more" if found[1:] else ""
    return (
        f"{label} draws the labelled pairs of {earlier_label}, which it goes on from, again in the same order"
        f"{others}; give it another labelled.items"
    )


def _drawn_from(node: Node) -> tuple:
    """What fixes the order in which a training draws its labelled pairs; empty where there are none."""
    labelled, batches = node.parameters.get("labelled"), node.parameters.get("batches")
    if not labelled or not batches:
        return ()
    pairs = (labelled["languages"], labelled["split"], labelled["items"])
    return (*pairs, batches["kind"], node.parameters["seed"])


def _line(need: str, nodes: dict[str, Node]) -> list[Node]:
    """A run and those that it goes on from, the first training last."""
    found = [nodes[need]]
    while found[-1].parameters["start"]:
        start = found[-1].parameters["start"]
        found.append(next(nodes[label] for label in found[-1].needs if nodes[label].run == start))
    return found


def _refuse_another_head(parameters: dict, first: Node) -> None:
    """A head takes over the tensors of one that reads pairs as it does."""
    if "head" not in parameters or "head" not in first.parameters:
        return
    kinds = parameters["head"]["kind"], first.parameters["head"]["kind"]
    architecture, earlier_architecture = (getattr(find("head", kind), "architecture", kind) for kind in kinds)
    if architecture != earlier_architecture:
        raise ValueError(f"head {kinds[0]} cannot go on from head {kinds[1]} of {first.label}")


def _refuse_labels_read(parameters: dict, line: list[Node]) -> None:
    """What is called zero-shot was labelled for none of the trainings before."""
    zero_shot = parameters.get("labelled", {}).get("zero_shot", "").split()
    for node in line:
        labelled = node.parameters.get("labelled", {}).get("languages", "").split()
        read = languages.shared(zero_shot, labelled)
        if read:
            raise ValueError(
                f"{' '.join(sorted(read))}: called zero-shot, but {node.label}, which it goes on from, reads "
                "labelled items of it; name in labelled.zero_shot only the others"
            )


def _without_noise(node: Node) -> tuple[str, dict]:
    ignored = ("noise", "keep_model", *WATCHING)
    parameters = {name: value for name, value in node.parameters.items() if name not in ignored}
    parameters["scored"] = {
        name: value for name, value in parameters.get("scored", {}).items() if name not in ("votes", "attack")
    }
    return node.notebook, parameters
