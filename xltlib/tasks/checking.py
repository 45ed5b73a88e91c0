"""The check of a task: what it holds, what is parallel to what, what splits share, and every fault."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from xltlib.tasks import notes
from xltlib.tasks.agreement import no_sentences, refuse_no_translations, refuse_other_labels
from xltlib.tasks.base import ITEMS_OF_A_SET, Released, Task
from xltlib.tasks.counting import counts
from xltlib.tasks.described import DescribedTask
from xltlib.tasks.floors import overlap_floor
from xltlib.tasks.kinds import find
from xltlib.tasks.leakage import normalised, overlapping, refuse_test_items, refuse_test_pairs
from xltlib.tasks.pairs import SPLITS, shared_sentence_clusters
from xltlib.tasks.printing import filled, printed, together
from xltlib.text_files import DataError

MOST = 50  # faults that are listed
FAILINGS = ("dropped", "unquoted", "short", "identical", "repeated")  # columns that are rarely more than 0
KEYS = """\
dropped: rows in which a placeholder stands for a sentence. majority: share of the largest class, per cent.
repeated: pairs that stood above already. identical: pairs of one sentence. clusters: of shared sentences.
short: a sentence of two letters at most. unquoted: it was a field of CSV. Columns of zeros are left out."""
FLOOR = """\
overlap: accuracy, per cent, that thresholds on word overlap reach (Jaccard; one threshold for two classes),
chosen on these very pairs: a floor to print beside every result."""
SHARED = """\
same: letter by letter. alike: but for case and punctuation. inside: a test sentence stands anywhere in one
of the two. Compared with the test set of all languages."""


@dataclass
class Split:
    """What was read of one split.

    Attributes:
        rows: of all languages, as a study reads them.
        faults: with file and line, each once.
    """

    rows: pd.DataFrame = field(default_factory=pd.DataFrame)
    faults: list[str] = field(default_factory=list)


@dataclass
class Check:
    """What the check of a task found.

    Attributes:
        report: what the task holds, without its faults.
        faults: what keeps a study from running on the task, with file and line where there is one.
        unknown: codes of languages that a study does not know yet.
    """

    report: str
    faults: list[str]
    unknown: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        if not self.faults and self.unknown:
            return f"{self.report}\n\nNo faults; a study can run on the other languages."
        if not self.faults:
            return f"{self.report}\n\nNo faults: a study can run on it."
        listed = "\n".join(self.faults[:MOST])
        more = f"\nand {len(self.faults) - MOST} more" if self.faults[MOST:] else ""
        return f"{self.report}\n\nFaults: {len(self.faults)}\n{listed}{more}".lstrip()


def check(name: str, folder: Path | None) -> Check:
    """Read all of a task, and say what it holds and what is wrong with it.

    Args:
        name: of the task, as a study writes it.
        folder: of downloaded data, or None.

    Example:
        >>> check("./nowhere", None).faults
        ["task './nowhere': no such folder"]
    """
    try:
        task = find(name)
    except DataError as error:
        return Check("", [str(error)])
    splits = {split: _read(task, name, split, folder) for split in SPLITS}
    faults = [fault for split in splits.values() for fault in split.faults]
    frames = {split: content.rows for split, content in splits.items() if len(content.rows)}
    paragraphs = [_heading(task, name), *(_counted(task, split, frames[split]) for split in frames)]
    if not faults:  # with rows missing, neither items nor sentences can be compared
        faults = _disagreements(task, name, frames)
        shared, refused = _shared(task, frames)
        paragraphs += [_parallel(task, frames), shared]
        faults += refused
    else:
        paragraphs.append("Items and sentences of splits are compared when there are no faults.")
    unknown = notes.unknown(frames)
    unread = notes.without_code(task, folder) if not faults else []
    paragraphs.append(notes.paragraphs(task.CLASSES, frames, unknown, unread))
    if "test" not in frames or "dev" not in frames:
        missing = "test" if "test" not in frames else "dev"
        wanted = "a study scores test pairs, and chooses checkpoints by dev"
        faults.append(f"{name}: no {missing} pairs: {wanted}")
    report = "\n\n".join(part for part in paragraphs if part)
    return Check(report, list(dict.fromkeys(faults)), unknown)


def _read(task: Task, name: str, split: str, folder: Path | None) -> Split:
    """All languages of a split, with every fault."""
    result, frames = Split(), []
    attrs: dict[str, dict[str, int]] = {"dropped": {}, "unquoted": {}, "short": {}}
    try:
        codes = _languages(task, name, split, folder)
        result.faults += task.empty(split, folder) if isinstance(task, DescribedTask) else []
    except DataError as error:
        codes, result.faults = [], [str(error)]
    for code in codes:
        try:
            rows, origin, faults = _rows(task, code, split, folder)
        except DataError as error:
            result.faults.append(str(error))
            continue
        missing, short = no_sentences(rows)
        attrs["dropped"][code] = int(missing.sum())
        attrs["unquoted"][code] = rows.attrs.get("unquoted", 0)
        attrs["short"][code] = int(short.sum())
        rows = rows[~missing].assign(language1=code, language2=code)
        if split == "test" and not faults and rows.label.nunique() < 2:
            faults = [f"{origin}: fewer than two classes in language {code}: wanted gold labels"]
        result.faults += faults
        frames.append(rows)
    if frames:
        result.rows = pd.concat(frames, ignore_index=True)
        result.rows["cluster"] = shared_sentence_clusters(result.rows)
        result.rows.attrs = attrs
    result.faults = list(dict.fromkeys(result.faults))  # a file with all languages is read for each
    return result


def _rows(task: Task, code: str, split: str, folder: Path | None) -> tuple[pd.DataFrame, str, list[str]]:
    """One language's rows, where they came from, and faults; a task of the package stops at the first."""
    if isinstance(task, DescribedTask):
        return task.read(code, split, folder)
    return *task.rows(code, split, folder), []


def _languages(task: Task, name: str, split: str, folder: Path | None) -> list[str]:
    """Codes of the languages that a split has pairs in."""
    if isinstance(task, Released) and folder is None:
        raise DataError(f"task {name}: its files lie in the data folder: set XLTLIB_DATA or --data")
    return task.languages(split, folder)


def _heading(task: Task, name: str) -> str:
    """What the task says of itself."""
    description = task.description if isinstance(task, DescribedTask) else None
    same = {"class 1, read as the same meaning": task.CLASSES[1]} if len(task.CLASSES) == 2 else {}
    lines = {
        "task": name,
        "about": description.about or "nothing is said" if description else "a task of the package",
        "licence": description.licence or "none stated" if description else "see docs/data.md",
        "classes": ", ".join(task.CLASSES),
        **same,
        "training pairs with a test sentence": "left out" if task.SHARES_STOCK_SENTENCES else "refused",
    }
    return "\n".join(filled(f"{key}: {value}") for key, value in lines.items())


def _counted(task: Task, split: str, rows: pd.DataFrame) -> str:
    """Numbers of a split, a row a language."""
    table, by_language = counts(rows), rows.groupby("language1", sort=False)
    for number, name in enumerate(task.CLASSES):
        of_class = rows[rows.label == number].groupby("language1").size()
        table.insert(2 + number, name, of_class.reindex(table.index, fill_value=0))
    pairs = rows[rows.duplicated(["language1", "sentence1", "sentence2"])]
    table["repeated"] = pairs.groupby("language1").size().reindex(table.index, fill_value=0)
    if split == "test":
        floors = {code: overlap_floor(of_language) for code, of_language in by_language}
        table.insert(table.columns.get_loc("majority") + 1, "overlap", pd.Series(floors))
    table = table.drop(columns=[name for name in FAILINGS if name in table and not table[name].any()])
    keys = f"{KEYS}\n{FLOOR}" if split == "test" else ""
    return f"{split.upper()}\n{printed(table)}\n{keys}".rstrip()


def _disagreements(task: Task, name: str, frames: dict[str, pd.DataFrame]) -> list[str]:
    """What keeps a study from running though every row can be read."""
    faults = []
    for split in ("dev", "test"):
        if split not in frames:
            continue
        for refuse in (refuse_other_labels, refuse_no_translations):
            faults += _refused(refuse, frames[split], f"{name}, {split}")
    if "test" in frames:
        names = {split: task.set_names(split) for split in SPLITS}
        for split in ("train", "dev"):
            if split in frames:
                faults += _refused(refuse_test_items, frames[split], frames["test"], names, split, name)
    return faults


def _refused(refuse, *arguments) -> list[str]:
    """What a check says that stops at its first complaint."""
    try:
        refuse(*arguments)
    except DataError as error:
        return [str(error)]
    return []


def _parallel(task: Task, frames: dict[str, pd.DataFrame]) -> str:
    """Of each set with several languages: how many items of a language others have, too."""
    rows_of_table = []
    for split, rows in frames.items():
        names = task.set_names(split)
        for number, items in rows.groupby(rows["item"] // ITEMS_OF_A_SET):
            n_languages = items.groupby("item").language1.nunique()
            all_of_them = items.language1.nunique()
            if all_of_them == 1:
                continue
            shared = items["item"].map(n_languages)
            for code, numbers in shared.groupby(items.language1, sort=False):  # of languages, per item
                in_another, in_all = (numbers > 1).sum(), (numbers == all_of_them).sum()
                rows_of_table.append((split, names.get(number, ""), code, len(numbers), in_another, in_all))
    if not rows_of_table:
        return "No two languages have items in common: none is called parallel to another."
    columns = ["split", "set", "language", "items", "in another language", "in every language"]
    table = together(pd.DataFrame(rows_of_table, columns=columns))
    return f"PARALLEL: items of one set with the same id are translations of each other\n{table}"


def _shared(task: Task, frames: dict[str, pd.DataFrame]) -> tuple[str, list[str]]:
    """Pairs of the other splits that share a sentence with the test set, and what of it is refused."""
    tables, faults, test = [], [], frames.get("test", pd.DataFrame())
    if test.empty:
        return "", []
    sentences = {*test.sentence1, *test.sentence2}
    letters = {normalised(sentence) for sentence in sentences}
    for split in [split for split in frames if split != "test"]:
        rows = frames[split]
        pairs = list(zip(rows.sentence1, rows.sentence2))
        flags = pd.DataFrame({"language": rows.language1, "split": split, "pairs": 1})
        flags["same"] = [first in sentences or second in sentences for first, second in pairs]
        normal = [(normalised(first), normalised(second)) for first, second in pairs]
        flags["alike"] = [first in letters or second in letters for first, second in normal]
        flags["inside"] = overlapping(pairs, test)
        tables.append(flags.groupby(["split", "language"], sort=False, as_index=False).sum())
        if split == "train":
            faults += _training_pairs_refused(task, pairs, flags)
        if split == "dev":
            faults += _refused(refuse_test_pairs, rows, test, "dev")
    if not tables:
        return "", faults
    table, items = together(pd.concat(tables)), _in_two(task, frames)
    return f"SHARED: pairs of which a sentence is one of the test set\n{table}\n{SHARED}{items}", faults


def _training_pairs_refused(task: Task, pairs: list[tuple[str, str]], flags: pd.DataFrame) -> list[str]:
    """Why training pairs that hold test sentences keep a study from running."""
    refused = flags["inside"].sum()
    if refused and not task.SHARES_STOCK_SENTENCES:
        first = pairs[flags["inside"].tolist().index(True)]
        return [
            f"train: {refused} pairs hold a sentence of the test set (first: {str(first)[:200]}). Take "
            "these rows out of the files, or say test_sentences: leave-out"
        ]
    if task.SHARES_STOCK_SENTENCES and flags["alike"].all():
        return ["train: every pair holds a sentence of the test set: none is left to train on"]
    return []


def _in_two(task: Task, frames: dict[str, pd.DataFrame]) -> str:
    """Items of one set that two splits have."""
    sets = {}
    for split, rows in frames.items():
        names = task.set_names(split)
        numbers = rows["item"] // ITEMS_OF_A_SET, rows["item"] % ITEMS_OF_A_SET
        sets[split] = {(names[number], item) for number, item in zip(*numbers) if number in names}
    splits = list(sets)
    sentences = ""
    for place, first in enumerate(splits):
        for second in splits[place + 1 :]:
            n_shared = len(sets[first] & sets[second])
            sentences += f"\n{n_shared} items of {first} are items of {second}, too." if n_shared else ""
    return sentences
