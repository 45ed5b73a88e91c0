"""Files of translations and synonyms, and WordNet: word -> other words."""

from __future__ import annotations

import json
import re
from pathlib import Path

from xltlib import places
from xltlib.text_files import DataError, read_lines, read_text

NUMBER = re.compile(r"[-+]?[\d.,]*\d([eE][-+]?\d+)?")
LONE_SURROGATE = re.compile("[\ud800-\udfff]")  # JSON can name half a character


def read_dictionary(path: Path) -> dict[str, list[str]]:
    """Translations of lower-cased words from a MUSE-style list.

    Args:
        path: a text file, ``word translation`` a line, a tab or blanks between; with a tab each of the two
            may be several words. No other white space parts columns. In a ``.tsv`` a number may stand in a
            third column, as a score does: it is ignored, and all translations of a word count alike.
    Raises:
        DataError: a line of more or fewer columns, numbers in place of translations (a list of frequencies,
            or vectors), no translation at all, or what :func:`xltlib.text_files.read_text` refuses; names the
            file and the line.
    """
    found: dict[str, list[str]] = {}
    entries = numbers = 0
    for number, line in enumerate(read_lines(path), start=1):
        if not line.strip():
            continue
        word, translation = _two_columns(line, f"{path}, line {number}", path.suffix.lower() == ".tsv")
        if (word[0] == "#" and len(word) > 1) or (number == 1 and word.lower() in ("word", "source")):
            raise DataError(f"{path}, line {number}: {line[:40]!r} is no translation; delete the line")
        if word[-1] == ";" and len(word) > 1:
            raise DataError(f"{path}, line {number}: {line[:40]!r}: columns are parted by a tab or a blank")
        found.setdefault(word.lower(), []).append(translation)
        entries += 1
        if NUMBER.fullmatch(translation) and not NUMBER.fullmatch(word):
            numbers += 1
    if not found:
        raise DataError(f"{path}: no translation in it")
    if 2 * numbers > entries:
        reason = f"{numbers} of {entries} words have a number in place of a translation"
        raise DataError(f"{path}: {reason}; wanted words, not frequencies or vectors")
    return found


def _two_columns(line: str, place: str, scored: bool = False) -> list[str]:
    """The word and the translation of a line; behind them a number may stand where a list is scored."""
    parts = line.split("\t") if "\t" in line else re.split(" +", line.strip(" "))
    parts = [part.strip() for part in parts]
    if scored and len(parts) == 3 and NUMBER.fullmatch(parts[2]):
        parts.pop()
    wanted = "wanted 'word translation' with a tab or a blank between, a tab if either is several words"
    if len(parts) != 2:
        raise DataError(f"{place}: {line[:40]!r} has {len(parts)} columns, {wanted}")
    if not all(parts):
        raise DataError(f"{place}: {line[:40]!r} has an empty column, {wanted}")
    return parts


def read_synonyms(path: Path) -> dict[str, list[str]]:
    """Synonyms of each word from a file.

    Args:
        path: a JSON object ``word -> list`` (as Robust-XLT's release has it), or lines ``word synonym``.
    Raises:
        DataError: no such file, or another content; names the file.
    """
    path = Path(path)
    if not path.is_file():
        advice = "name a JSON file (word -> list) or a text file with 'word synonym' a line"
        raise DataError(f"synonyms {path}: no such file; {advice}")
    found = _from_json(path) if path.suffix.lower() == ".json" else read_dictionary(path)
    if found and all(set(others) <= {word} for word, others in found.items()):
        raise DataError(f"synonyms {path}: no word has another than itself; wanted other words")
    return found


def _from_json(path: Path) -> dict[str, list[str]]:
    """The synonyms of a JSON object."""
    text, wanted = read_text(path), "wanted one JSON object, word -> list of words"
    try:
        table = json.loads(text, object_pairs_hook=_each_once)
    except json.JSONDecodeError as error:
        raise DataError(f"synonyms {path}, line {error.lineno}: no JSON ({error.msg}); {wanted}") from error
    except (ValueError, RecursionError) as error:  # a word twice, a number too long, lists too deep
        raise DataError(f"synonyms {path}: {error}; {wanted}") from error
    if not isinstance(table, dict) or not all(map(_are_words, table, table.values())):
        raise DataError(f"synonyms {path}: {wanted}, none of them empty")
    return {word: found for word, found in table.items() if found}


def _each_once(entries: list[tuple[str, object]]) -> dict:
    """A JSON object, of which no word may stand twice: the last would win."""
    table = dict(entries)
    if len(table) < len(entries):
        words = [word for word, _ in entries]
        twice = next(word for word in table if words.count(word) > 1)
        raise ValueError(f"the word {twice!r} stands in it twice")
    return table


def _are_words(word: str, found: object) -> bool:
    """Whether these are a word and a list of words, with text in each of them that UTF-8 can write.

    A word without synonyms may be anything: the published table has two that are white space.
    """
    if not isinstance(found, list) or not all(isinstance(other, str) for other in found):
        return False
    return not found or all(each.strip() and not LONE_SURROGATE.search(each) for each in [word, *found])


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


def synonyms_of(words: set[str], source: str, folder: Path | None = None) -> dict[str, list[str]]:
    """Synonyms of the words of a text.

    Args:
        words: of the text, as they are written.
        source: a file, written as a path (``./mine.json``), a name below ``synonyms/`` of the data folder, or
            ``"wordnet"``.
        folder: the data folder.
    Raises:
        ValueError: none is named, the file is not there, or no word has any.
    """
    if not source:
        wanted = "a file, a name below the data folder's synonyms/, or wordnet"
        raise ValueError(f"synonyms name where they come from: {wanted}")
    if source == "wordnet":
        found = wordnet(words)
    elif places.is_path(source):
        found = read_synonyms(Path(places.located(source)))
    elif folder:
        found = read_synonyms(folder / "synonyms" / source)
    else:
        advice = f"set XLTLIB_DATA or --data; a file of one's own is written as a path (./{source})"
        raise DataError(f"synonyms {source!r} is no path, and no data folder is named: {advice}")
    if not any(word in found for word in words):
        why = "words are looked up as they are written, and most lists are lower case"
        raise ValueError(f"synonyms={source!r}: no word of this text has any; {why}")
    return {word: others for word, others in found.items() if word in words}
