"""Unlabelled text and translations: from files, or from the embedded corpus."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import pandas as pd

from xltlib import demo, places
from xltlib.tasks import layouts
from xltlib.tasks.demo import DEMO_TEXT
from xltlib.tasks.layouts import several
from xltlib.tasks.pairs import load_pairs, load_training
from xltlib.tasks.trees import has_trees, load_trees
from xltlib.text_files import DataError, read_lines, read_sentences

PARALLEL = ("ntrex", "tatoeba")  # corpora of translations
TREEBANKS = ("ud-pud",)


def load_text(source: str, code: str, folder: Path | None, limit: int = 0) -> list[str]:
    """Unlabelled sentences or paragraphs of a language, one a line of ``text/<source>/<code>.txt``.

    Where that file is not there, another code of the language may name it (``deu.txt``).

    Args:
        source: name of a folder below ``text/``, or a folder, written as a path (``./mine``); ``"demo"`` and
            ``"demo-news"`` ship with the package. A corpus of translations (``"ntrex"``, ``"tatoeba"``)
            gives the sentences of this language alone, a treebank (``"ud-pud"``) its sentences. Of several,
            with blanks between, all that have the language are read, one behind the other.
        code: of the language.
        folder: of downloaded data, or None.
        limit: keep only the first so many (0: all).
    Raises:
        DataError: there is no such folder or file, or what :func:`xltlib.text_files.read_sentences` refuses.
    """
    if names := several(source):
        texts = [load_text(name, code, folder) for name in _having(names, has_text, code, folder)]
        return [line for lines in texts for line in lines][: limit or None]
    if source in DEMO_TEXT:
        return demo.text(code, source)[: limit or None]
    if source in PARALLEL:
        if code == "en":  # the other side of any translations
            return [english for english, _ in load_parallel(source, "de", folder, limit)]
        return [translation for _, translation in load_parallel(source, code, folder, limit)]
    if source in TREEBANKS:
        return [tree.text for tree in load_trees(source, code, folder, limit)]
    lines = read_sentences(layouts.text_file(_source_folder("text", source, folder), code))
    return [line for line in lines if line][: limit or None]


def task_text(
    task: str, code: str, folder: Path | None, whole_test: pd.DataFrame, limit: int = 0
) -> list[str]:
    """The task's own unlabelled sentences of a language, each once.

    They are of its training file, or where there is none of its development file.

    Args:
        whole_test: in all languages of the study; development items that share a sentence with it in any of
            them are left out in all.
        limit: keep only the first so many (0: all).
    Raises:
        DataError: the task has neither file in this language, or its training file holds a test sentence.
    """
    try:
        load_pairs(task, "train", [code], folder)
    except DataError:
        # In every language the same items: a translation of a test sentence is one, too, whatever its words.
        split, targets = "dev", list(whole_test.language1.unique())
    else:
        split, targets = "train", [code]
    frame, _ = load_training(task, [code], targets, whole_test, folder, split)
    return list(dict.fromkeys([*frame.sentence1, *frame.sentence2]))[: limit or None]


def load_parallel(source: str, code: str, folder: Path | None, limit: int = 0) -> list[tuple[str, str]]:
    """Translation pairs (pivot, other language): the pivot is English wherever there is a choice.

    Args:
        source: ``ntrex``, ``tatoeba`` or another folder below ``parallel/``, a folder written as a path
            (``./mine``), ``"demo"`` or ``"demo-news"``. Its layout: see xltlib/tasks/layouts.py. Several as
            of :func:`load_text`.
        code: of the other language.
        folder: of downloaded data, or None.
        limit: keep only the first so many (0: all).
    Raises:
        DataError: a file is missing, or several fit; two have unequal numbers of lines, or a row has not two
            columns; no line has text in both; or what :func:`xltlib.text_files.read_sentences` refuses.
    """
    if names := several(source):
        having = _having(names, has_translations, code, folder)
        return [pair for name in having for pair in load_parallel(name, code, folder)][: limit or None]
    if source in DEMO_TEXT:
        return demo.parallel(code, source)[: limit or None]
    layout = layouts.translations(_source_folder("parallel", source, folder), code)
    pairs = _aligned(*layout.files) if len(layout.files) == 2 else _from_table(layout)
    pairs = [(a, b) for a, b in pairs if a and b]
    path, pivot_name = layout.files[-1], "its other column"
    if len(layout.files) == 2:
        pivot_name = layout.files[0].name
    if pairs and all(a == b for a, b in pairs):
        raise DataError(f"{path}: the same sentences as in {pivot_name}; wanted their translations")
    if not pairs:
        raise DataError(f"{path}: no line has text in both it and {pivot_name}")
    return pairs[: limit or None]


def pivot(source: str, code: str, folder: Path | None) -> str:
    """The language on the other side of a language's translations: ``"en"`` wherever there is a choice.

    Args:
        source, code, folder: as of :func:`load_parallel`.
    Raises:
        DataError: no file of translations fits, or several do; or two corpora have other pivots.
    """
    if names := several(source):
        having = _having(names, has_translations, code, folder)
        pivots = {name: pivot(name, code, folder) for name in having}
        if len(set(pivots.values())) > 1:
            listed = ", ".join(f"{pivots[name]} in {name}" for name in having)
            problem = f"their other side is {listed}; name one corpus"
            raise DataError(f"translations of language {code!r}: {problem}")
        return next(iter(pivots.values()))
    if source in DEMO_TEXT:
        return "en"
    return layouts.translations(_source_folder("parallel", source, folder), code).pivot


def has_translations(source: str, code: str, folder: Path | None) -> bool:
    """Whether a corpus has translations of a language; the one in the package has them of all.

    Raises:
        DataError: there is no such corpus.
    """
    place = None if source in DEMO_TEXT else _source_folder("parallel", source, folder)
    return place is None or layouts.has_translations(place, code)


def has_text(source: str, code: str, folder: Path | None) -> bool:
    """Whether a corpus has unlabelled text of a language; arguments as of :func:`load_text`."""
    if source in (*DEMO_TEXT, *PARALLEL):
        return has_translations(source, "de" if code == "en" else code, folder)
    if source in TREEBANKS:
        return has_trees(source, code, folder)
    return layouts.has_text(_source_folder("text", source, folder), code)


def _having(names: list[str], has_language: Callable, code: str, folder: Path | None) -> list[str]:
    """Those corpora that have a language, else the last, which says what is missing."""
    return [name for name in names if has_language(name, code, folder)] or names[-1:]


def _aligned(pivot_file: Path, other_file: Path) -> list[tuple[str, str]]:
    """The lines of two files, side by side."""
    left, right = read_sentences(pivot_file), read_sentences(other_file)
    if len(left) != len(right):
        sizes = f"{len(right)} lines beside {len(left)} in {pivot_file.name}"
        raise DataError(f"{other_file}: {sizes}; parallel files are line-aligned")
    return list(zip(left, right))


def _from_table(layout: layouts.Translations) -> list[tuple[str, str]]:
    """The rows of a table of two columns, the pivot's sentence first."""
    (path,), pairs = layout.files, []
    for number, line in enumerate(read_lines(path), start=1):
        cells = [cell.strip() for cell in line.split("\t")]
        if (number == 1 and layout.header) or not line.strip():
            continue
        if len(cells) != 2:
            expected = "wanted two, with a tab between: a sentence and its translation"
            raise DataError(f"{path}, line {number}: {len(cells)} columns, {expected}")
        pairs.append(tuple(cells if layout.pivot_first else reversed(cells)))
    return pairs


def _source_folder(kind: str, source: str, folder: Path | None) -> Path:
    """The folder of a source: a path as it is written, or a name below ``<data folder>/<kind>/``.

    What lies in the working directory decides nothing: a folder called ``ntrex`` there is ``./ntrex``.
    """
    if places.is_path(source):
        place = Path(places.located(source))
    elif folder is None:
        advice = f"set XLTLIB_DATA or --data; a folder of one's own is written as a path (./{source})"
        raise DataError(f"{kind} {source!r} is no path, and no data folder is named: {advice}")
    else:
        place = folder / kind / source
    if not place.is_dir():
        raise DataError(f"{kind} {source!r}: {place} is no folder")
    return place
