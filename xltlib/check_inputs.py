"""What a run will read must be there before a kernel starts: encoder, test pairs, text, folders, packages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from xltlib import languages, parameters, places, tasks, tracking
from xltlib.tasks.base import Released

SHIPPED = ("task", "demo", "demo-news")  # text that needs no data folder
OLD_HUB_IDS = (  # how the few ids of the hub begin that have no organisation
    "bert-", "albert-", "camembert-", "distilbert-", "distilroberta-", "roberta-", "xlm-", "xlnet-",
)  # fmt: skip


def refuse_missing(resolved: dict, data: str, reads: bool) -> None:
    """Stop where an encoder's folder, test pairs, text, word lists, or the package of a tracker is missing.

    Args:
        resolved: parameters of a run.
        data: folder of downloaded data; "": none.
        reads: whether the run will read anything.
    Raises:
        ValueError: names the option, and what there is. A DataError is one.
    """
    if reads:
        tracking.refuse_missing(resolved.get("tracker", ""))
        _ask_for_encoder(resolved.get("encoder", {}).get("name", ""))
        for code in languages.parse(resolved["targets"]):
            _ask_for_test_pairs(resolved["task"], code, resolved["data"])
    for what, value, is_text in parameters.places_named(resolved):
        if what.endswith(".folder") and not Path(places.located(value)).is_dir():
            raise ValueError(f"{what} = {value!r} is no folder; it holds word lists <source>-<language>.txt")
        if is_text and reads:
            _ask_for_corpora(what, value, data)
            _ask_for_languages(what, value, resolved, data)


def refuse_misspelt_encoder(name: str, labels: Iterable[str]) -> None:
    """Stop at a bare word that is ``offline`` or a run of the study but for its spelling or place.

    It would be sought on the hub. Ids there have an organisation, but for some old ones. Those pass, as does
    a word that resembles nothing here: what the hub has is not asked.

    Args:
        name: of an encoder; labels have become ids of runs.
        labels: of all runs of the study.
    Raises:
        ValueError: names what was meant.
    """
    is_run = re.fullmatch(r"adapt-[0-9a-f]{10}", name)
    if is_run or "/" in name or name == "offline" or name.startswith(OLD_HUB_IDS):
        return
    near = get_close_matches(name.partition(" ")[0], ["offline", *labels], 1)
    if near:
        hint = "" if near[0] == name else f"; did you mean {near[0]}?"
        raise ValueError(
            f"encoder.name = {name!r}: no adapted encoder above it in the study, and no hub id, as in "
            f"ORGANISATION/MODEL{hint}"
        )


def _ask_for_encoder(name: str) -> None:
    """A folder of one's own must be there. What only the hub could tell is not asked."""
    if places.is_path(name, hub=True) and not Path(places.located(name)).is_dir():
        raise ValueError(f"encoder.name = {name!r}: no such folder; one of the hub is ORGANISATION/MODEL")


def _ask_for_test_pairs(task: str, code: str, data: str) -> None:
    """There must be test pairs of a target. What only the hub could tell is not asked."""
    the_task, folder = tasks.find(task), tasks.data_folder(data)
    if isinstance(the_task, Released):
        if folder is not None:
            the_task.find_file(folder, code, "test")  # its error says where it was looked for
        return
    available = the_task.languages("test", folder)
    if code not in available:
        listed = " ".join(available) or "none"
        raise tasks.DataError(f"task {task}: no test pairs of language {code!r}; there are {listed}")


def _ask_for_corpora(what: str, value: str, data: str) -> None:
    """One corpus, or several that are each there and stand once."""
    words = tasks.several(value) or [value]
    if len(words) > 1 and "task" in words:
        raise ValueError(f"{what} = {value!r}: the task's own text stands alone")
    if len(set(words)) < len(words):
        raise ValueError(f"{what} = {value!r}: a corpus stands twice")
    for word in words:
        _ask_for_corpus(what, word, data)


def _ask_for_languages(what: str, value: str, resolved: dict, data: str) -> None:
    """Text, or trees, in every one of the ``languages`` of a component."""
    family, _, name = what.partition(".")
    has = {"text": tasks.has_text, "trees": tasks.has_trees}.get(name)
    if has is None or value == "task" or family not in resolved:  # a part of a component has no place here
        return
    folder = tasks.data_folder(data)
    for code in languages.listed(resolved[family].get("languages", "")):
        if not any(has(corpus, code, folder) for corpus in tasks.several(value) or [value]):
            file = f"{code}.conllu" if name == "trees" else f"{code}.txt"
            raise ValueError(f"{what} = {value!r}: nothing in {code!r}; a folder of one's own has {file}")


def _ask_for_corpus(what: str, word: str, data: str) -> None:
    """A corpus must ship with the package, be a folder, or lie in the data folder."""
    if word == "task" and what.endswith(".corpus"):
        raise ValueError(f"{what} = 'task': translations are asked for, and the task's text has none")
    if word in SHIPPED:
        return
    if places.is_path(word):
        place = Path(places.located(word))
        if not place.is_dir():
            file = "CODE.conllu" if what.endswith(".trees") else "CODE.txt"
            a_file = f"is a file; name its folder, which holds {file}"
            raise ValueError(f"{what} = {word!r}: {a_file if place.is_file() else 'there is no such folder'}")
        return
    if not data:
        raise ValueError(
            f"{what} = {word!r} comes from a data folder, not from the hub: set XLTLIB_DATA or --data"
        )
    corpora = _corpora(what, Path(data))
    if word not in corpora:
        known = ", ".join([*SHIPPED, *sorted(corpora)])
        raise ValueError(
            f"{what} = {word!r} is not in the data folder, {data}: known are {known}, or the path of a "
            f"folder, as in ./{word}"
        )


def _corpora(what: str, data: Path) -> set[str]:
    """Names of the corpora of a data folder that an option may name."""
    treebanks = {path.parent.name for path in data.glob("*/*.conllu")}
    if what.endswith(".trees"):
        return treebanks
    kinds = ("parallel",) if what.endswith(".corpus") else ("text", "parallel")
    named = {path.name for kind in kinds for path in (data / kind).glob("*") if path.is_dir()}
    return named if what.endswith(".corpus") else named | (treebanks & set(tasks.TREEBANKS))
