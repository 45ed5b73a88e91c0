"""A first task.yaml for a folder of files: what can be told from them, and comments where nothing can."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from xltlib import languages
from xltlib.files import whole
from xltlib.tasks.described import CODE
from xltlib.tasks.description import ENDINGS, FILE, SPLITS
from xltlib.tasks.looks import MOST_CLASSES, Look, look
from xltlib.tasks.notes import says_same
from xltlib.tasks.tables import SEPARATORS
from xltlib.text_files import DataError
from xltlib.values import shown

SPLIT_WORDS = {  # what stands for a split in names of files and folders
    "train": "train training trn",
    "dev": "dev development valid validation val",
    "test": "test testing tst",
}
SPLIT_OF = {word: split for split, words in SPLIT_WORDS.items() for word in words.split()}
TO_FILL = "# FILL IN: "  # begins what a person has to complete
ORDERS = (["contradiction", "entailment", "neutral"],)  # of classes that are known by name
MOST_FILES = 2000
PLAIN = ("columns: [sentence1, sentence2, label]",)  # what holds where nothing is said


@dataclass(frozen=True)
class PairsFile:
    """A file of pairs.

    Attributes:
        pattern: its path below the folder, with ``{language}`` where its name says which.
        split, language: by its name; "" where it says neither.
        look: of the file.
    """

    pattern: str
    split: str
    language: str
    look: Look


def begin(folder: Path) -> list[str]:
    """Write a first ``task.yaml`` into a folder that has none.

    Args:
        folder: with files of pairs, in folders or not.
    Returns:
        What is to be filled in, with the line of each; nothing where it is complete.
    Raises:
        DataError: there is one already, no file of pairs, or it cannot be written.
    """
    path = folder / FILE
    if path.exists():
        raise DataError(f"{path} is there already: it is not touched")
    tables, passed_over = _files(folder)
    text = _written(folder, tables)
    try:
        with whole(path) as part:
            part.write_text(text, encoding="utf-8")
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror})") from error
    except UnicodeEncodeError as error:
        name = shown(text[: error.end].rpartition("\n")[2])
        raise DataError(f"{folder}: {name} is not UTF-8: rename the file, or the column") from error
    lines = enumerate(text.splitlines(), start=1)
    gaps = [(number, line.partition(TO_FILL)[2]) for number, line in lines if TO_FILL in line]
    gap_lines = [f"{path}, line {number}: {gap}" for number, gap in gaps]
    return gap_lines + passed_over if gap_lines else []


def _files(folder: Path) -> tuple[list[PairsFile], list[str]]:
    """The files of a folder that look like tables of pairs, by name; and what is said of the others."""
    paths = [path for path in folder.rglob("*") if path.suffix in ENDINGS and path.is_file()]
    paths = [path for path in paths if not _is_hidden(path.relative_to(folder))]
    if len(paths) > MOST_FILES:
        raise DataError(f"{folder}: {len(paths):,} tables; describe a folder that holds one task")
    files, passed_over = [], []
    for path in sorted(paths):
        file_look = look(path)
        if file_look:
            files.append(PairsFile(*_named(path.relative_to(folder).as_posix()), file_look))
        else:
            passed_over.append(f"{path}: passed over: not three columns or more, or no row below its header")
    if not files:
        kinds = ", ".join(ENDINGS)
        raise DataError(f"{folder}: no table of pairs in it (looked for {kinds} with three columns or more)")
    return files, passed_over


def _is_hidden(path: Path) -> bool:
    """Whether a name of a path begins with a dot."""
    return any(part.startswith(".") for part in path.parts)


def _named(name: str) -> tuple[str, str, str]:
    """Pattern, split and language that the name of a file says.

    Example:
        >>> _named("x/test-gn.tsv"), _named("de/dev_2k.tsv")
        (('x/test-{language}.tsv', 'test', 'gn'), ('{language}/dev_2k.tsv', 'dev', 'de'))
    """
    stem, dot, ending = name.rpartition(".")
    parts = re.split(r"([/._-])", stem)
    split = next((SPLIT_OF[part.lower()] for part in reversed(parts) if part.lower() in SPLIT_OF), "")
    coded = [part for part in parts if re.fullmatch(CODE, part) and part.lower() not in SPLIT_OF]
    listed = [part for part in coded if part in languages.BY_CODE]
    known = [part for part in coded if languages.is_known(part)]
    possible = [part for part in coded if len(part) == 3 and part.islower()]
    code = next((candidates[-1] for candidates in (listed, known, possible) if candidates), "")
    parts = ["{language}" if code and part == code else part for part in parts]
    return f"{''.join(parts)}{dot}{ending}", split, code


def _written(folder: Path, files: list[PairsFile]) -> str:
    """The text of a task.yaml."""
    usual = Counter(_form(file.look) for file in files if not file.look.missing).most_common(1)
    form = usual[0][0] if usual else _form(files[0].look)
    lines = [
        "# Begun by looking at the files; correct what is not so. All keys: docs/tasks.md",
        f"about: {_value(folder.resolve().name)}",
        "# licence: under which the data may be used",
        *_labels(files),
    ]
    if not usual:
        missing = ", ".join(files[0].look.missing)
        lines.append(f"{TO_FILL}columns: {{sentence1: NAME, ...}}, or a list; which is {missing}?")
    elif form != PLAIN:
        lines += form
    lines += _parallel(files)
    lines.append("splits:")
    for split in SPLITS:
        of_split = [file for file in files if file.split == split]
        lines += _sources(split, of_split, form)
    for pattern in dict.fromkeys(file.pattern for file in files if not file.split):
        lines.append(f"  {TO_FILL}of which split is {pattern}? As in test: {{files: {_value(pattern)}}}")
    return "\n".join(lines) + "\n"


def _sources(split: str, files: list[PairsFile], form: tuple[str, ...]) -> list[str]:
    """What a task.yaml says of a split."""
    if not files and split == "test":
        return [f"  {TO_FILL}test: no file is called test; name one, as in test: {{files: PATH}}"]
    if not files:
        return [f"  # {split}: no such file was found"]
    groups = {}
    for file in files:
        groups.setdefault((file.pattern, _form(file.look)), []).append(file)
    lines = []
    for (pattern, group_form), group in groups.items():
        fields = [f"files: {_value(pattern)}"]
        if group_form != form and not group[0].look.missing:
            fields += group_form if group_form[1:] or not form[1:] else [*group_form, *_parted(group[0].look)]
        comment = ""
        if "{language}" not in pattern and "language" not in group[0].look.columns:
            comment = f"  {TO_FILL}languages: which language is this? As in languages: en"
        lines.append(f"{{{', '.join(fields)}}}{comment}")
    if len(lines) == 1:
        return [f"  {split}: {lines[0]}"]
    return [f"  {split}:", *(f"    - {line}" for line in lines)]


def _parallel(files: list[PairsFile]) -> list[str]:
    """Whether items with the same id, or on the same line, can be translations: their labels must agree.

    Where files spell labels in different words only the check can tell, once it knows which are one class.
    """
    if len({file.language for file in files}) < 2:
        return []
    for split in ("dev", "test"):
        labels: dict[tuple, str] = {}
        for file in [file for file in files if file.split == split]:
            spelled = frozenset(file.look.labels)
            for item, label in file.look.items:
                if labels.setdefault((file.pattern, spelled, item), label) != label:
                    reason = f"id or line {item} differs in label between languages"
                    return [f"parallel: false  # {reason}; those that agree can be a source of their own"]
    return ["# The same id (without ids: line) is one item in all languages; if not, say parallel: false"]


def _form(file_look: Look) -> tuple[str, ...]:
    """The lines that say what the columns hold and, where that is unusual, what parts them."""
    if isinstance(file_look.columns, list):
        columns = f"columns: [{', '.join(file_look.columns)}]"
    else:
        pairs = ", ".join(f"{kind}: {_value(name)}" for kind, name in file_look.columns.items())
        columns = f"columns: {{{pairs}}}"
    return (columns, *(_parted(file_look) if file_look.separator else ()))


def _parted(file_look: Look) -> tuple[str, ...]:
    """The lines that say what parts the columns."""
    separator = file_look.separator or SEPARATORS.get(file_look.format, "")
    lines = [f"format: {file_look.format}"]
    if file_look.format == "csv":
        lines.append(f"separator: {_value(separator)}")
    return tuple(lines)


def _labels(files: list[PairsFile]) -> list[str]:
    """The line that names the classes."""
    kinds = list(dict.fromkeys(tuple(sorted(file.look.labels)) for file in files if file.look.labels))
    if not kinds:
        return [f"{TO_FILL}labels: [NAME, NAME], the classes: no column looks like labels"]
    names = sorted({label for kind in kinds for label in kind}, key=_order)
    if max(map(len, kinds)) > MOST_CLASSES:
        examples = f"{len(names)} labels, such as {' '.join(names[:3])}"
        problem = f"{examples}, look like scores or words, not classes"
        return [f"{TO_FILL}labels: [NAME, NAME], the classes; {problem}"]
    for order in ORDERS:
        if set(names) == set(order):
            names = order
    largest = max(map(len, kinds))
    if len(names) > largest:
        examples = "; ".join(" ".join(kind) for kind in kinds[:4])
        example = "labels: {different: [no, non], same: [yes, oui]}"
        advice = f"say which spellings are one class, as in {example}"
        return [f"{TO_FILL}labels: files differ ({examples}); {advice}"]
    if len(names) == 2:
        names.sort(key=says_same)
    line = f"labels: [{', '.join(map(_value, names))}]"
    if all(name.isdecimal() for name in names):
        line += '  # or with names, as in {different: "0", same: "1"}'
    elif len(names) == 2 and says_same(names[0]) == says_same(names[1]):
        line += "  # by alphabet, but the second must be that of equal meaning: exchange them if it is not"
    return [line]


def _order(label: str) -> tuple:
    """Numbers by size, then words."""
    number = re.fullmatch(r"-?\d{1,9}", label)
    return (0, int(label), "") if number else (1, 0, label)


def _value(text: str) -> str:
    """A text as YAML has it: in quotes."""
    return json.dumps(text, ensure_ascii=False)
