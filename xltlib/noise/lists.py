"""Files of translations and synonyms, and WordNet: word -> other words."""

from __future__ import annotations

import json
import re
from pathlib import Path

from xltlib import places


def read_dictionary(path: Path) -> dict[str, list[str]]:
    """Translations of lower-cased words from a MUSE-style list.

    Args:
        path: a text file, ``word translation`` a line, a tab or a blank between.
    Raises:
        ValueError: a line without two parts, or no line at all; names file and line.
    """
    found: dict[str, list[str]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        text = line.strip()
        if not text:
            continue
        between = r"\t+" if "\t" in text else r"\s+"
        parts = re.split(between, text, maxsplit=1)
        if len(parts) < 2:
            wanted = "wanted 'word translation' with a tab or a blank between"
            raise ValueError(f"{path}, line {number}: {line[:40]!r}, {wanted}")
        word, translation = parts
        found.setdefault(word.lower(), []).append(translation)
    if not found:
        raise ValueError(f"{path}: no translation in it")
    return found


def read_synonyms(path: Path) -> dict[str, list[str]]:
    """Synonyms of each word from a file.

    Args:
        path: a JSON object ``word -> list`` (as Robust-XLT's release has it), or lines ``word synonym``.
    Raises:
        ValueError: no such file, or another content; names the file.
    """
    path = Path(path)
    if not path.is_file():
        advice = "name a JSON file (word -> list) or a text file with 'word synonym' a line"
        raise ValueError(f"synonyms {path}: no such file; {advice}")
    if path.suffix != ".json":
        return read_dictionary(path)
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        wanted = "wanted one object, word -> list of words"
        raise ValueError(f"synonyms {path}, line {error.lineno}: no JSON ({error.msg}); {wanted}") from error
    if not isinstance(table, dict) or not all(_are_words(found) for found in table.values()):
        raise ValueError(f"synonyms {path}: wanted one JSON object, word -> list of words")
    return {word: found for word, found in table.items() if found}


def _are_words(found: object) -> bool:
    return isinstance(found, list) and all(isinstance(word, str) for word in found)


def wordnet(words: set[str], limit: int = 8) -> dict[str, list[str]]:
    """Synonyms of English words from WordNet, by way of nltk.

    They are lemmas of the word's senses, the commonest first.

    Args:
        words: those that are not lower case are left out, as in lists of synonyms: they may be names.
        limit: synonyms a word; lemmas of several words are none.
    Raises:
        ValueError: nltk or its WordNet data is not at hand; says what to install.
    """
    try:
        from nltk.corpus import wordnet as senses

        senses.ensure_loaded()
    except (ImportError, LookupError) as error:
        install = "pip install nltk; python -m nltk.downloader wordnet"
        raise ValueError(
            f"WordNet needs nltk and its data ({install}), or name a file of synonyms"
        ) from error
    table = {}
    for word in sorted(word for word in words if word.islower()):
        names = [lemma.name().lower() for sense in senses.synsets(word) for lemma in sense.lemmas()]
        found = [name for name in dict.fromkeys(names) if name != word and name.isalpha()]
        if found[:limit]:
            table[word] = found[:limit]
    return table


def listed(words: set[str], source: str, folder: Path | None = None) -> dict[str, list[str]]:
    """Synonyms of the words of a text.

    Args:
        words: of the text, as they are written.
        source: a file, a name below ``synonyms/`` of the data folder, or ``"wordnet"``.
        folder: the data folder.
    Raises:
        ValueError: none is named, the file is not there, or no word has any.
    """
    if not source:
        wanted = "a file, a name below the data folder's synonyms/, or wordnet"
        raise ValueError(f"synonyms name where they come from: {wanted}")
    if source == "wordnet":
        found = wordnet(words)
    elif folder and not Path(places.located(source)).is_file():
        found = read_synonyms(folder / "synonyms" / source)
    else:
        found = read_synonyms(Path(places.located(source)))
    if not any(word in found for word in words):
        why = "words are looked up as they are written, and most lists are lower case"
        raise ValueError(f"synonyms={source!r}: no word of this text has any; {why}")
    return {word: others for word, others in found.items() if word in words}
