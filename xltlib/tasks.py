"""Labelled pairs, unlabelled text and parallel text, read strictly and checked against the test set.

Labelled items come as one tidy frame: ``item, language1, language2, sentence1, sentence2, label, cluster``.
A cluster holds the items that share a sentence; items are translations of each other across languages, so
they keep their cluster in all of them, and resampling clusters keeps dependent items together.
"""

from __future__ import annotations

import hashlib
import os
import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd

from xltlib import demo, languages

HUB_PAWS_X = ("google-research-datasets/paws-x", "4cd8187c404bda33cb1f62b49b001115862acf37")  # its Parquet form
HUB_XNLI = ("facebook/xnli", None)  # newest revision: which one to pin could not be checked
HEADER = ["id", "sentence1", "sentence2", "label"]
FILES = {"train": "train.tsv", "dev": "dev_2k.tsv", "test": "test_2k.tsv"}
TRANSLATED = "translated_train.tsv"  # the training file of every language but English, made by machine translation
PLACEHOLDER = "NS"  # stands where a translation is missing
DEMO = {"demo": "test", "demo-news": "news", "demo-unseen": "unseen", "demo-easy": "easy"}  # tasks that ship with the package; the split each is tested on
CLASSES = {"paws-x": ["different", "paraphrase"], "xnli": ["contradiction", "entailment", "neutral"]} | dict.fromkeys(DEMO, ["different", "same"])
TASKS = tuple(CLASSES)
PARALLEL = ("ntrex", "tatoeba")  # corpora of translations
DEMO_TEXT = ("demo", "demo-news")  # tasks that ship with the package, of which there is unlabelled text
COLUMNS = ["item", "language1", "language2", "sentence1", "sentence2", "label", "cluster"]


class DataError(ValueError):
    """Something is wrong with a data file; the message names file and line, and what to do."""


def data_folder(folder: str = "") -> Path | None:
    """The folder of downloaded data: the argument, else the variable ``XLTLIB_DATA``, else None (use the hub)."""
    chosen = folder or os.environ.get("XLTLIB_DATA", "")
    if not chosen:
        return None
    path = Path(chosen).expanduser().resolve()
    if not path.is_dir():
        raise DataError(f"data folder {chosen!r} does not exist: check --data or XLTLIB_DATA")
    return path


def load_pairs(task: str, split: str, codes: list[str], folder: Path | None = None, items: int = 0) -> pd.DataFrame:
    """Labelled pairs of a split in some languages, both sentences of a pair in the same one.

    Args:
        task: ``"paws-x"``, ``"xnli"``, or the corpus that ships with the package: ``"demo"`` (test pairs with new names),
            ``"demo-news"`` (test pairs of the target domain), ``"demo-unseen"`` (relations and templates not trained on), ``"demo-easy"`` (level 0).
        split: ``train``, ``dev`` or ``test``.
        codes: language codes.
        folder: of downloaded data; None asks the hub.
        items: keep only the first so many items (0: all), the same ones in every language.
    Returns:
        The frame; ``frame.attrs["dropped"]`` counts dropped placeholder rows per language.
    Raises:
        DataError: with file and line.

    Example:
        >>> load_pairs("demo", "test", ["en", "de"]).language1.unique().tolist()
        ['en', 'de']
    """
    if task not in TASKS:
        raise DataError(f"unknown task {task!r}: known are {', '.join(TASKS)}")
    frames, dropped = [], {}
    for code in codes:
        if task in DEMO:
            rows, where = demo.rows(DEMO[task] if split == "test" else split, code), f"{task}/{code}"
        elif folder is None:
            rows, where = _hub_rows(code, split) if task == "paws-x" else _hub_xnli(code, split)
        else:
            path = _paws_file(folder, code, split) if task == "paws-x" else folder / "xnli" / f"{split}-{code}.tsv"
            rows, where = read_paws_file(path) if task == "paws-x" else read_xnli_file(path), str(path)
        missing = (rows.sentence1 == PLACEHOLDER) | (rows.sentence2 == PLACEHOLDER)
        dropped[code] = int(missing.sum())
        rows = rows[~missing]
        if split == "test" and rows.label.nunique() < 2:
            raise DataError(
                f"{where}: every label is {rows.label.iloc[0]}: this is a placeholder release, not gold labels "
                "(XTREME packages PAWS-X so); take the test files of the original PAWS-X release"
            )
        frames.append(rows.assign(language1=code, language2=code))
    frame = pd.concat(frames, ignore_index=True)
    if items:
        frame = frame[frame["item"].isin(sorted(frame["item"].unique())[:items])].reset_index(drop=True)
    frame = frame.assign(cluster=shared_sentence_clusters(frame))[[*COLUMNS, *frame.columns.intersection(["level", "relation"])]]
    frame.attrs["dropped"] = dropped
    return frame


def language_pairs(frame: pd.DataFrame, limit: int = 0) -> pd.DataFrame:
    """The frame, and below it each item in every ordered pair of two languages: sentence 1 in one, sentence 2 in the other.

    This is the generalized cross-lingual test (Huang et al. 2021, arXiv 2104.08645). Items that one of the languages lacks, or
    that have not the same label in all, stay on the diagonal alone; ``attrs["left_out"]`` counts them.

    Args:
        limit: of items in two languages, keep only the first so many (0: all).

    Example:
        >>> pairs = language_pairs(load_pairs("demo", "test", ["en", "de"], items=2))
        >>> (pairs.language1 + pairs.language2).tolist()
        ['enen', 'enen', 'dede', 'dede', 'ende', 'ende', 'deen', 'deen']
    """
    codes = frame.language1.unique()
    items = frame.groupby("item").agg(languages=("language1", "nunique"), labels=("label", "nunique"))
    usable = items.index[(items.languages == len(codes)) & (items.labels == 1)]
    parts, left_out = [frame], len(items) - len(usable)
    usable = usable[: limit or None]
    for first in codes:
        for second in codes[codes != first]:
            left = frame[(frame.language1 == first) & frame["item"].isin(usable)]
            right = frame[frame.language2 == second].set_index("item")
            parts.append(left.assign(language2=second, sentence2=right.sentence2.loc[left["item"]].to_numpy()))
    pairs = pd.concat(parts, ignore_index=True)
    pairs.attrs |= frame.attrs | {"left_out": left_out}
    return pairs


def parallel_sentences(frame: pd.DataFrame, limit: int = 0) -> dict[str, list[str]]:
    """Per language the first sentences of the items, as far as all languages have them; no sentence twice.

    Args:
        limit: the first so many (0: all).

    Example:
        >>> sentences = parallel_sentences(load_pairs("demo", "test", ["en", "de"]), 5)
        >>> {code: len(of) for code, of in sentences.items()}
        {'en': 5, 'de': 5}
    """
    wide = frame.pivot(index="item", columns="language1", values="sentence1")[frame.language1.unique()].dropna()
    for code in wide:
        wide = wide.drop_duplicates(code)
    return {code: wide[code].tolist()[: limit or None] for code in wide}


def load_training(
    task: str, codes: list[str], targets: list[str], test: pd.DataFrame, folder: Path | None = None, split: str = "train", items: int = 0, dev_items: int = 0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Labelled pairs to train on, and development pairs to choose a checkpoint by.

    Args:
        codes: languages of the training pairs.
        targets: languages of the development pairs.
        test: the whole test set in all of these languages; no training pair may hold one of its sentences.
        split: ``"train"``; or ``"dev"``, where there are no labelled training items in these languages: development items
            that share no sentence with the test set, those that do choose the checkpoint (see :func:`divided`).
        items, dev_items: the first so many (0: all).
    Raises:
        DataError: a training pair holds a test sentence, or the split is another.
    """
    if split not in ("train", "dev"):
        raise DataError(f"labelled_split={split!r}: known are train and dev")
    if split == "train":
        train, dev = load_pairs(task, "train", codes, folder, items), load_pairs(task, "dev", targets, folder, dev_items)
    else:
        both = list(dict.fromkeys([*targets, *codes]))
        train, dev = divided(load_pairs(task, "dev", both, folder), test, dev_items)
        train = train[train.language1.isin(codes) & train["item"].isin(sorted(train["item"].unique())[: items or None])].reset_index(drop=True)
        dev = dev[dev.language1.isin(targets) & dev["item"].isin(sorted(dev["item"].unique())[: dev_items or None])].reset_index(drop=True)
    if task == "xnli" and split == "train":  # premises of MNLI and XNLI share stock sentences ("It is true."): such pairs are left out
        known = {normalised(sentence) for sentence in {*test.sentence1, *test.sentence2}}
        held = [bool({normalised(a), normalised(b)} & known) for a, b in zip(train.sentence1, train.sentence2)]
        train = train[~np.array(held)].reset_index(drop=True)
        train.attrs["shared_with_test"] = sum(held)
    else:
        refuse_test_sentences(list(zip(train.sentence1, train.sentence2)), test, "labelled training pairs")
    return train, dev


def _paws_file(folder: Path, code: str, split: str) -> Path:
    """The first file of a language among ``paws-x/`` and any ``paws-*/`` beside it, all in the official layout."""
    files = [FILES[split], TRANSLATED] if split == "train" else [FILES[split]]
    places = [folder / "paws-x", *sorted(place for place in folder.glob("paws-*") if place.name != "paws-x")]
    tried = [place / "x-final" / code / file for place in places for file in files]
    for path in tried:
        if path.is_file():
            return path
    raise DataError(
        f"no {split} file of language {code!r}: looked for {' and '.join(str(path) for path in tried)}. "
        "Unpack the official PAWS-X release so that paws-x/x-final/<lang>/ lies in the data folder."
    )


def read_paws_file(path: Path) -> pd.DataFrame:
    """One file of the official layout: a header, then ``id TAB sentence1 TAB sentence2 TAB label``, UTF-8.

    Raises:
        DataError: byte-order mark, wrong header, stray or missing tab, empty sentence, repeated id, label
            other than 0 or 1, or no row at all; names the file and the line.
    """
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DataError(f"{path}, line {line}: not UTF-8; save the file as UTF-8") from error
    if text.startswith("\ufeff"):
        raise DataError(f"{path}, line 1: starts with a byte-order mark; save the file as UTF-8 without one")
    lines = text.split("\n")
    if lines[0].rstrip("\r").split("\t") != HEADER:
        raise DataError(f"{path}, line 1: header is {lines[0][:60]!r}, wanted the tab-separated columns {' '.join(HEADER)}")
    rows, seen = [], {}
    for number, line in enumerate(lines[1:], start=2):
        line = line.rstrip("\r")
        if not line and number == len(lines):
            break  # the newline that ends the file
        fields = line.split("\t")
        if len(fields) != 4:
            raise DataError(f"{path}, line {number}: {len(fields)} fields, wanted 4 (a stray or missing tab)")
        item, first, second, label = (part.strip() for part in fields)
        if label not in ("0", "1"):
            raise DataError(f"{path}, line {number}: label {label!r}, wanted 0 or 1")
        if path.name == TRANSLATED:  # the official machine translations have blanks: count them as missing
            first, second = first or PLACEHOLDER, second or PLACEHOLDER
        if not first or not second:
            raise DataError(f"{path}, line {number}: an empty sentence")
        if not item.isdigit():
            raise DataError(f"{path}, line {number}: id {item!r} is not a number")
        if item in seen:
            raise DataError(f"{path}, line {number}: id {item} stands on line {seen[item]} already")
        seen[item] = number
        rows.append((int(item), first, second, int(label)))
    if not rows:
        raise DataError(f"{path}: no rows below the header")
    return pd.DataFrame(rows, columns=["item", *HEADER[1:]])


def _from_hub(repository: str, revision: str | None, code: str, split: str) -> tuple[pd.DataFrame, str]:
    """A data set's rows in one language from the model hub, and where they came from."""
    from datasets import load_dataset

    name = {"train": "train", "dev": "validation", "test": "test"}[split]
    try:
        rows = load_dataset(repository, code, split=name, revision=revision).to_pandas()
    except Exception as error:  # whatever the hub client raises, the user needs the same advice
        raise DataError(
            f"{repository} ({code}, {split}) could not be had from the hub ({type(error).__name__}: {error}). "
            "Download the official release and name its folder with --data or XLTLIB_DATA."
        ) from error
    return rows, f"{repository}@{revision} {code}/{name}"


def _hub_rows(code: str, split: str, repository: str = HUB_PAWS_X[0], revision: str | None = HUB_PAWS_X[1]) -> tuple[pd.DataFrame, str]:
    """The rows of PAWS-X from the model hub, at a pinned revision."""
    rows, where = _from_hub(repository, revision, code, split)
    rows = rows.rename(columns={"id": "item"}).astype({"item": int})[["item", *HEADER[1:]]]
    for column in ("sentence1", "sentence2"):
        rows[column] = rows[column].str.strip().replace("", PLACEHOLDER)  # machine-translated training rows have blanks
    return rows, where


def read_xnli_file(path: Path) -> pd.DataFrame:
    """One file of XTREME's layout: ``premise TAB hypothesis TAB label`` a line, no header, UTF-8; items are the lines, from 1.

    Raises:
        DataError: no such file, stray or missing tab, empty sentence, unknown label; names the file and the line.
    """
    names, rows = CLASSES["xnli"], []
    if not path.is_file():
        raise DataError(f"no file {path}: XNLI in XTREME's layout is <data folder>/xnli/<split>-<lang>.tsv")
    for number, line in enumerate(_lines(path), start=1):
        fields = [part.strip() for part in line.split("\t")]
        if len(fields) != 3 or not all(fields):
            raise DataError(f"{path}, line {number}: wanted premise, hypothesis and label with tabs between, none of them empty")
        if fields[2].replace("contradictory", "contradiction") not in names:
            raise DataError(f"{path}, line {number}: label {fields[2]!r}, wanted one of {', '.join(names)}")
        rows.append((number, *fields[:2], names.index(fields[2].replace("contradictory", "contradiction"))))
    return pd.DataFrame(rows, columns=["item", *HEADER[1:]])


def _hub_xnli(code: str, split: str) -> tuple[pd.DataFrame, str]:
    """The same rows from the model hub, whose labels are numbered entailment, neutral, contradiction."""
    rows, where = _from_hub(*HUB_XNLI, code, split)
    rows = pd.DataFrame({"item": range(1, len(rows) + 1), "sentence1": rows.premise.str.strip(), "sentence2": rows.hypothesis.str.strip(),
                         "label": [CLASSES["xnli"].index(("entailment", "neutral", "contradiction")[label]) for label in rows.label]})  # fmt: skip
    return rows, where


def shared_sentence_clusters(frame: pd.DataFrame) -> np.ndarray:
    """Cluster of each row, named by its smallest item: components of items that share a sentence in a language.

    Example:
        >>> pairs = pd.DataFrame({"item": [1, 2, 3], "sentence1": ["a", "c", "d"], "sentence2": ["b", "a", "e"]})
        >>> shared_sentence_clusters(pairs).tolist()
        [1, 1, 3]
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    items, item_index = np.unique(frame["item"], return_inverse=True)
    # The same string in two languages (a name, a number) is no shared sentence of two items.
    keys = pd.concat([frame.get(f"language{k}", "") + "\t" + frame[f"sentence{k}"] for k in (1, 2)])
    sentence_index, sentences = pd.factorize(keys)
    edges = (np.ones(len(keys)), (np.tile(item_index, 2), sentence_index + len(items)))
    graph = coo_matrix(edges, shape=(len(items) + len(sentences),) * 2)
    _, component = connected_components(graph, directed=False)
    _, first, number = np.unique(component[: len(items)], return_index=True, return_inverse=True)
    return items[first[number[item_index]]]


def load_text(source: str, code: str, folder: Path | None, limit: int = 0) -> list[str]:
    """Unlabelled sentences or paragraphs of a language, one a line of ``text/<source>/<code>.txt``.

    Args:
        source: name of a folder below ``text/``, or the path of a folder; ``"demo"`` and ``"demo-news"`` ship with the package. A corpus
            of translations (``"ntrex"``, ``"tatoeba"``) gives the sentences of this language alone.
        limit: keep only the first so many (0: all).
    """
    if source in DEMO_TEXT:
        return demo.text(code, source)[: limit or None]
    if source in PARALLEL:
        pairs = load_parallel(source, "de" if code == "en" else code, folder, limit)  # English is the other side of any
        return [pair[0 if code == "en" else 1] for pair in pairs]
    return [line for line in _lines(_text_folder("text", source, folder) / f"{code}.txt") if line][: limit or None]


def task_text(task: str, code: str, folder: Path | None, whole_test: pd.DataFrame, limit: int = 0) -> list[str]:
    """The task's own unlabelled sentences of a language, each once: of its training file, or where there is none of its development file.

    Args:
        whole_test: in all languages of the study; development items that share a sentence with it in any of them are left out in all.
        limit: keep only the first so many (0: all).
    Raises:
        DataError: the task has neither file in this language, or its training file holds a test sentence.
    """
    try:
        frame = load_pairs(task, "train", [code], folder)
    except DataError:  # in every language the same items: a translation of a test sentence is one, too, whatever its words
        frame, _ = load_training(task, [code], list(whole_test.language1.unique()), whole_test, folder, "dev")
    else:
        frame, _ = load_training(task, [code], [code], whole_test, folder, "train")
    return list(dict.fromkeys([*frame.sentence1, *frame.sentence2]))[: limit or None]


def load_parallel(source: str, code: str, folder: Path | None, limit: int = 0) -> list[tuple[str, str]]:
    """Translation pairs (English, other language) from NTREX- or Tatoeba-style line-aligned files.

    Args:
        source: ``ntrex`` or ``tatoeba`` below ``parallel/``, a folder with either layout, ``"demo"`` or ``"demo-news"``.
        limit: keep only the first so many (0: all).
    Raises:
        DataError: a file is missing, or the two have unequal numbers of lines.
    """
    if source in DEMO_TEXT:
        return demo.parallel(code, source)[: limit or None]
    place, language = _text_folder("parallel", source, folder), languages.BY_CODE[code]
    ntrex = place / f"newstest2019-ref.{language.alpha3}.txt"
    if ntrex.is_file():
        english, other = place / "newstest2019-src.eng.txt", ntrex
    else:
        stem = f"tatoeba.{language.tatoeba}-eng."
        english, other = place / f"{stem}eng", place / f"{stem}{language.tatoeba}"
    if not other.is_file():
        raise DataError(f"no translations of language {code!r}: looked for {ntrex} and {other}")
    left, right = _lines(english), _lines(other)
    if len(left) != len(right):
        raise DataError(f"{other}: {len(right)} lines beside {len(left)} in {english.name}; parallel files are line-aligned")
    return [(a, b) for a, b in zip(left, right) if a and b][: limit or None]


def _text_folder(kind: str, source: str, folder: Path | None) -> Path:
    if Path(source).is_dir():
        return Path(source)
    if folder is None:
        raise DataError(f"{kind} {source!r} is no folder, and no data folder is named: set XLTLIB_DATA or --data")
    return folder / kind / source


def _lines(path: Path) -> list[str]:
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    lines = path.read_text(encoding="utf-8").split("\n")
    return [line.strip() for line in (lines[:-1] if lines[-1] == "" else lines)]


def normalised(sentence: str) -> str:
    """What two sentences must share to count as the same: NFKC, lower case, letters and digits only."""
    return "".join(c for c in unicodedata.normalize("NFKC", sentence).casefold() if c.isalnum())


def overlapping(texts: list, test: pd.DataFrame) -> list[bool]:
    """Whether each text (or tuple of texts) is, or holds anywhere inside (from 6 letters on), a sentence of the test set.

    Example:
        >>> test = pd.DataFrame({"sentence1": ["Dr. No was born in 1902 ."], "sentence2": ["Else ."]})
        >>> overlapping(["He said: Dr. No was born in 1902, in May.", "Elsewhere"], test)
        [True, False]
    """
    sentences = {normalised(sentence) for sentence in {*test.sentence1, *test.sentence2}}
    short = [sentence for sentence in sentences if 6 <= len(sentence) < 12]
    by_start: dict[str, list[str]] = {}  # only places that begin like a test sentence are compared in full
    for sentence in sentences:
        by_start.setdefault(sentence[:12], []).append(sentence)

    def holds(text: str) -> bool:
        text = normalised(text)
        if text in sentences or any(sentence in text for sentence in short):
            return True
        starts = (i for i in range(len(text) - 11) if text[i : i + 12] in by_start)
        return any(text.startswith(sentence, i) for i in starts for sentence in by_start[text[i : i + 12]])

    return [any(map(holds, (text,) if isinstance(text, str) else text)) for text in texts]


def without_test_sentences(texts: list, test: pd.DataFrame) -> tuple[list, int]:
    """Texts (or tuples of texts) that hold no test sentence, and how many were left out."""
    kept = [text for text, bad in zip(texts, overlapping(texts, test)) if not bad]
    return kept, len(texts) - len(kept)


def divided(dev: pd.DataFrame, test: pd.DataFrame, held_out: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Development items as training items, and what is left of them to choose a checkpoint by.

    An item of which any language shares a sentence with the test set goes to the second part, in all languages. Where fewer than
    ``held_out`` do so (as in XNLI), the last items join them.

    Raises:
        DataError: nothing is left to train on.
    """
    shared = set(dev["item"][overlapping(list(zip(dev.sentence1, dev.sentence2)), test)])
    free = [item for item in sorted(dev["item"].unique()) if item not in shared]
    free = free[: len(free) - max(0, held_out - len(shared))]
    if not free:
        raise DataError(f"no development item is left to train on: {len(shared)} share a sentence with the test set, {held_out} are held out")
    chosen = dev["item"].isin(free)
    parts = dev[chosen].reset_index(drop=True), dev[~chosen].reset_index(drop=True)
    for part in parts:
        part.attrs |= dev.attrs | {"shared_with_test": len(shared)}
    return parts


def refuse_test_sentences(texts: list, test: pd.DataFrame, what: str) -> None:
    """Stop when a text that is about to be trained on, labelled or not, holds a sentence of the test set.

    Raises:
        DataError: names ``what`` was read, how many texts overlap and the first of them.
    """
    found = [text for text, bad in zip(texts, overlapping(texts, test)) if bad]
    if found:
        raise DataError(
            f"{what}: {len(found)} of {len(texts)} stand in the test set (first: {str(found[0])[:120]!r}). Take these rows out of the file."
        )


def fingerprint(rows: pd.DataFrame | list) -> str:
    """Sixteen hexadecimal digits of the content of labelled pairs, texts or translations, whatever their order."""
    if isinstance(rows, pd.DataFrame):
        rows = rows[["item", "language1", "language2", "sentence1", "sentence2", "label"]].itertuples(index=False)
    lines = sorted(row if isinstance(row, str) else "\t".join(map(str, row)) for row in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def counts(frame: pd.DataFrame) -> pd.DataFrame:
    """Per language: rows, placeholder rows dropped from the whole file, majority rate in per cent, clusters, identical pairs."""
    table = frame.groupby("language1", sort=False).agg(
        rows=("item", "size"),
        majority=("label", lambda labels: round(100 * labels.value_counts(normalize=True).max(), 1)),
        clusters=("cluster", "nunique"),
    )
    table.insert(1, "dropped", [frame.attrs.get("dropped", {}).get(code, 0) for code in table.index])
    same = frame[frame.sentence1 == frame.sentence2].groupby("language1").size().reindex(table.index, fill_value=0)
    return table.assign(identical=same).rename_axis("language")
