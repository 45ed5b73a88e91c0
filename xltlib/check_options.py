"""What goes together in a run: components that exclude each other, and values that nothing would read.

Limits of one method stand in its component (xltlib/components); here is what only the whole run can tell.
"""

from __future__ import annotations

import math

from xltlib import languages, tasks
from xltlib.components.base import Component, find, options_of
from xltlib.components.kinds import FAMILIES
from xltlib.notebooks import FINETUNE, FROZEN
from xltlib.values import shown

UNREAD_IF_FROZEN = {  # options of scored that 21_frozen does not read, and why
    "scored.averaged": "trains no weights",
    "scored.ema": "trains no weights",
    "scored.precision": "computes vectors in fp32",
}


def refuse(notebook: str, parameters: dict, parts: dict[str, Component]) -> None:
    """Refuse components that do not go together, and values without effect.

    Args:
        parameters: resolved.
        parts: their components, by family.
    Raises:
        ValueError: one line that names both, and what to do.
    """
    if "head" in parts:
        _refuse_head(notebook, parameters, parts)
    if "labelled" in parts:
        _refuse_labels(parameters, parts)
    if "batches" in parts:
        _refuse_batches(parameters, parts)
    if "penalty" in parts:
        _refuse_penalty(parameters, parts)
    if "scored" in parts:
        _refuse_scored(notebook, parameters, parts)
    if "adaptation" in parts:
        _refuse_adaptation(parameters, parts["adaptation"], parts["measured"])
        _refuse_frozen(parameters["adaptation"]["kind"], parts["encoder"])
    _refuse_english(parts)
    if parameters.get("after", {"kind": "none"})["kind"] != "none":
        _refuse_one_target(f"after {parameters['after']['kind']}", parameters)
    _refuse_encoder(notebook, parameters, parts["encoder"])
    if parameters.get("checkpoints", 1) > parameters.get("steps", 1):
        raise ValueError(
            f"checkpoints = {parameters['checkpoints']}: there are {parameters['steps']} steps, and one "
            "checkpoint at most after each"
        )


def _refuse_head(notebook: str, parameters: dict, parts: dict[str, Component]) -> None:
    head, kind, task = parts["head"], parameters["head"]["kind"], parameters["task"]
    if head.trains != (notebook == FINETUNE):
        frozen = f"{FROZEN}, where only what compares two vectors is trained"
        made_by = FINETUNE if head.trains else frozen
        raise ValueError(f"head {kind} is not of {notebook}: it is of {made_by}")
    if head.two_classes and len(tasks.find(task).CLASSES) != 2:
        raise ValueError(f"head {kind}: compares paraphrases; task {task} has more than two classes")
    _refuse_small_batches(f"head {kind}", head, parts)
    if head.layer > parts["encoder"].layers:
        raise ValueError(f"head {kind}: layer = {head.layer}, but {_said_of_layers(parts['encoder'])}")


def _refuse_small_batches(what: str, part: Component, parts: dict[str, Component]) -> None:
    size = getattr(parts.get("batches"), "size", None)
    if size is not None and size < part.least_batch:
        raise ValueError(f"batches.size = {size}: {what} needs {part.least_batch} at least")


def _said_of_layers(encoder: Component) -> str:
    return f"encoder {encoder.name} has {encoder.layers} layers"


def _refuse_encoder(notebook: str, parameters: dict, encoder: Component) -> None:
    if encoder.frozen_layers > encoder.layers:
        raise ValueError(f"encoder.frozen_layers = {encoder.frozen_layers}, but {_said_of_layers(encoder)}")
    if encoder.recipe and encoder.name == "offline":
        raise ValueError(f"encoder.recipe = {encoder.recipe!r}: offline is known, and was not made so")
    if notebook == FROZEN:
        for name in ("frozen_layers", "dropout"):
            if getattr(encoder, name):
                raise ValueError(
                    f"encoder.{name} = {getattr(encoder, name)} has no effect: head "
                    f"{parameters['head']['kind']} trains no encoder; a bare name drops it, as in "
                    "encoder: offline"
                )


def _refuse_frozen(kind: str, encoder: Component) -> None:
    if encoder.frozen_layers == encoder.layers:
        raise ValueError(
            f"adaptation {kind}: encoder.frozen_layers = {encoder.frozen_layers}, which is all of them: "
            "nothing of the encoder would be adapted"
        )


def _refuse_english(parts: dict[str, Component]) -> None:
    """English is the other side of translations, or none of theirs: it is never asked for.

    What was read of it is written down all the same, see Door.translations.
    """
    cross, adaptation = getattr(parts.get("batches"), "cross", None), parts.get("adaptation")
    # One that reads text and translations may read English text.
    translated = "translated" if hasattr(adaptation, "translated") else "languages"
    asking = [("cross", cross, "languages"), ("adaptation", adaptation, translated)]
    for family, part, option in [*asking, ("measured", parts.get("measured"), "probes")]:
        codes = getattr(part, option, "")
        if getattr(part, "corpus", "") and "en" in codes.split():
            why = "English is the other side of translations wherever there is a choice; name others"
            raise ValueError(f"{family}.{option} = {codes!r}: {why}")


def _refuse_labels(parameters: dict, parts: dict[str, Component]) -> None:
    labelled, batches, noise = parts["labelled"], parts.get("batches"), parts.get("noise")
    targets = languages.listed(parameters["targets"])
    source = targets[0]
    if labelled.stands_for and not getattr(batches, "monolingual", False):
        raise ValueError("labelled.stands_for: what stands for an adaptation has monolingual batches")
    words = [part for part in (noise, getattr(batches, "cross", None)) if getattr(part, "of_source", False)]
    if words and labelled.languages.split() != [source]:
        raise ValueError(
            f"labelled.languages = {labelled.languages!r}: word lists and neighbours are of words of "
            f"{source}, and so must the training pairs be"
        )
    if source != "en" and any(getattr(part, "words", "") == "wordnet" for part in words):
        raise ValueError(
            f"words = 'wordnet': it is of English words, and the source language is {source}; name a file of "
            "synonyms"
        )
    if source not in labelled.languages.split() and not parameters.get("start"):
        raise ValueError(
            f"labelled.languages = {labelled.languages!r}: it lacks {source}, the first of targets, which is "
            f"the source language; say labelled: {{languages: {source}}}, or let targets begin with the "
            "language that is trained on"
        )
    both = sorted(languages.shared(labelled.zero_shot.split(), labelled.languages.split()))
    if both:
        raise ValueError(
            f"{' '.join(both)}: called zero-shot, but labelled items of it are read; take it out of "
            "labelled.languages, or name in labelled.zero_shot only the others"
        )
    unasked = [code for code in labelled.zero_shot.split() if code not in targets]
    if unasked:
        raise ValueError(f"labelled.zero_shot: {unasked[0]} is none of the targets, {' '.join(targets)}")


def _refuse_batches(parameters: dict, parts: dict[str, Component]) -> None:
    batches, kind = parts["batches"], parameters["batches"]["kind"]
    codes = parts["labelled"].languages.split()
    cross = getattr(batches, "cross", None)
    wanted = getattr(cross, "needs_languages", 1)
    if len(codes) < wanted:
        raise ValueError(
            f"batches {kind}: labelled pairs in {wanted} languages or more are mixed, and labelled.languages "
            f"is {parts['labelled'].languages!r}; name more, or say what else a batch is made of, as in "
            "cross: drop"
        )
    if getattr(batches, "exponent", 0) and len(codes) == 1:
        raise ValueError(
            f"batches.exponent = {batches.exponent} has no effect: all labelled pairs are in {codes[0]}"
        )
    if cross is not None and getattr(batches, "alpha", 0) == 1:
        raise ValueError("batches.alpha = 1: nothing is drawn of cross; take monolingual batches, or less")
    if getattr(cross, "exponent", 1) != 1 and len(getattr(cross, "corpus", "").split()) == 1:
        raise ValueError(f"cross.exponent = {cross.exponent} has no effect: there is one corpus")


def _refuse_penalty(parameters: dict, parts: dict[str, Component]) -> None:
    penalty, noise, kind = parts["penalty"], parts["noise"], parameters["penalty"]["kind"]
    if penalty.adds and noise.adversarial:
        raise ValueError(
            f"noise {parameters['noise']['kind']} computes the loss several times a step, a penalty draws "
            "text each time: one of them a run"
        )
    if penalty.reads_development and parts["labelled"].split == "dev":
        raise ValueError("penalty: its pairs are the items that labelled.split dev trains on")
    if penalty.needs_start and not parameters["start"]:
        raise ValueError("penalty consistency: a teacher that stays as it was needs start (or decay < 1)")
    source = languages.listed(parameters["targets"])[0]
    if penalty.languages.split() == [source]:
        raise ValueError(f"penalty {kind}: languages = {source!r} is the source language; name others")
    _refuse_small_batches(f"penalty {kind}", penalty, parts)


def _refuse_scored(notebook: str, parameters: dict, parts: dict[str, Component]) -> None:
    scored, attack = parts["scored"], parameters["scored"]["attack"]["kind"]
    if scored.votes and not getattr(parts.get("noise"), "votes", False):
        kinds = [kind for kind in FAMILIES["noise"] if find("noise", kind).votes]
        raise ValueError(f"scored.votes = {scored.votes}: goes with noise {', '.join(kinds)}")
    if 2 * scored.averaged > parameters.get("steps", math.inf):
        raise ValueError(
            f"scored.averaged = {scored.averaged}: it is of updates of the second half, and more than half "
            f"of {parameters['steps']} steps; average fewer, or make more steps"
        )
    if attack != "none" and not scored.attack.adversarial:
        raise ValueError(f"scored.attack: {attack} is no adversarial noise")
    if notebook == FROZEN:
        _refuse_unread(scored, attack)
    if scored.pairs == "all":
        _refuse_one_target("scored.pairs = 'all'", parameters)
    if scored.bias:
        _refuse_one_target(f"scored.bias = {scored.bias}", parameters)
    if scored.bias and scored.test == 1:
        raise ValueError(f"scored.bias = {scored.bias}: it is measured on test items, and scored.test is 1")


def _refuse_unread(scored: Component, attack: str) -> None:
    """Refuse what only a model that is trained is asked for."""
    if attack != "none":
        raise ValueError(f"scored.attack has no effect: {FROZEN} compares vectors that nothing perturbs")
    for name, why in UNREAD_IF_FROZEN.items():
        option = name.partition(".")[2]
        value, default = getattr(scored, option), options_of(type(scored))[option].default
        if value != default:
            raise ValueError(
                f"{name} = {shown(value)} has no effect: {FROZEN} {why}; leave it at {shown(default)} there"
            )


def _refuse_one_target(what: str, parameters: dict) -> None:
    if len(languages.listed(parameters["targets"])) < 2:
        raise ValueError(f"{what}: it compares languages, and targets has one, {parameters['targets']!r}")


def _refuse_adaptation(parameters: dict, adaptation: Component, measured: Component) -> None:
    if 0 < adaptation.sentences <= adaptation.held_out:
        raise ValueError(
            f"adaptation.sentences = {adaptation.sentences}: {adaptation.held_out} of them are held out, and "
            "nothing is left to train on"
        )
    if adaptation.checks > parameters["steps"]:
        raise ValueError(
            f"adaptation.checks = {adaptation.checks}: there are {parameters['steps']} steps, and one check "
            "at most after each"
        )
    if adaptation.patience > adaptation.checks:
        raise ValueError(
            f"adaptation.patience = {adaptation.patience} is never reached: held-out text is measured "
            f"{adaptation.checks} times; raise adaptation.checks"
        )
    if adaptation.train_table and parameters["start"]:
        raise ValueError(
            "adaptation.train_table: a model that was trained on the task is kept without its embedding "
            "table; adapt an encoder (leave out start), or leave the table as it is"
        )
    both = set(measured.probes.split()) & set(adaptation.languages.split())
    if both:
        raise ValueError(f"measured.probes: {' '.join(sorted(both))} is adapted to, and measured anyway")
    if measured.bias:
        _refuse_one_target(f"measured.bias = {measured.bias}", parameters)
