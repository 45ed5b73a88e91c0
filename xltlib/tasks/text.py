"""Unlabelled text and translations: files with a sentence a line, or the embedded corpus."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from xltlib import demo, languages, places
from xltlib.lines import DataError, read_sentences
from xltlib.tasks.demo import DEMO_TEXT
from xltlib.tasks.task import load_pairs, load_training

PARALLEL = ("ntrex", "tatoeba")  # corpora of translations


def load_text(source: str, code: str, folder: Path | None, limit: int = 0) -> list[str]:
    """Unlabelled sentences or paragraphs of a language, one a line of ``text/<source>/<code>.txt``.

    Args:
        source: name of a folder below ``text/``, or a folder, written as a path (``./mine``); ``"demo"`` and
            ``"demo-news"`` ship with the package. A corpus of translations (``"ntrex"``, ``"tatoeba"``)
            gives the sentences of this language alone.
        code: of the language.
        folder: of downloaded data, or None.
        limit: keep only the first so many (0: all).
    Raises:
        DataError: there is no such folder or file, or what :func:`xltlib.lines.read_sentences` refuses.
    """
    if source in DEMO_TEXT:
        return demo.text(code, source)[: limit or None]
    if source in PARALLEL:
        if code == "en":  # the other side of any translations
            return [english for english, _ in load_parallel(source, "de", folder, limit)]
        return [other for _, other in load_parallel(source, code, folder, limit)]
    lines = read_sentences(_source_folder("text", source, folder) / f"{code}.txt")
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
    """Translation pairs (English, other language) from NTREX- or Tatoeba-style line-aligned files.

    Args:
        source: ``ntrex`` or ``tatoeba`` below ``parallel/``, a folder with either layout, written as a path
            (``./mine``), ``"demo"`` or ``"demo-news"``.
        code: of the other language.
        folder: of downloaded data, or None.
        limit: keep only the first so many (0: all).
    Raises:
        DataError: a file is missing, the two have unequal numbers of lines, no line has text in both, or
            what :func:`xltlib.lines.read_sentences` refuses.
    """
    if source in DEMO_TEXT:
        return demo.parallel(code, source)[: limit or None]
    english, other = _parallel_files(_source_folder("parallel", source, folder), code)
    left, right = read_sentences(english), read_sentences(other)
    if len(left) != len(right):
        sizes = f"{len(right)} lines beside {len(left)} in {english.name}"
        raise DataError(f"{other}: {sizes}; parallel files are line-aligned")
    pairs = [(a, b) for a, b in zip(left, right) if a and b]
    if pairs and all(a == b for a, b in pairs):
        raise DataError(f"{other}: the same sentences as in {english.name}; wanted their translations")
    if not pairs:
        raise DataError(f"{other}: no line has text in both it and {english.name}")
    return pairs[: limit or None]


def _parallel_files(place: Path, code: str) -> tuple[Path, Path]:
    """The English file and the other language's, in NTREX's layout if there are such, else in Tatoeba's."""
    language = languages.of(code)
    for name in (language.alpha3, *language.others):
        ntrex = place / f"newstest2019-ref.{name}.txt"
        if ntrex.is_file():
            return place / "newstest2019-src.eng.txt", ntrex
    for name in (language.tatoeba, *language.others):
        english, other = (place / f"tatoeba.{name}-eng.{end}" for end in ("eng", name))
        if other.is_file():
            return english, other
    names = ", ".join(dict.fromkeys([language.alpha3, language.tatoeba, *language.others]))
    looked_for = f"newstest2019-ref.<code>.txt and tatoeba.<code>-eng.<code>, the code {names}"
    raise DataError(f"no translations of language {code!r}: looked in {place} for {looked_for}")


def _source_folder(kind: str, source: str, folder: Path | None) -> Path:
    """The folder of a source: a path as it is written, or a name below ``<data folder>/<kind>/``.

    What lies in the working directory decides nothing: a folder called ``ntrex`` there is ``./ntrex``.
    """
    if places.is_path(source):
        place = Path(places.located(source)).expanduser()
    elif folder is None:
        advice = f"set XLTLIB_DATA or --data; a folder of one's own is written as a path (./{source})"
        raise DataError(f"{kind} {source!r} is no path, and no data folder is named: {advice}")
    else:
        place = folder / kind / source
    if not place.is_dir():
        raise DataError(f"{kind} {source!r}: {place} is no folder")
    return place
