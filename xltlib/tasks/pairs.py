"""Labelled pairs: the splits of a task in several languages, and what training may read of them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import pandas as pd

from xltlib import places
from xltlib.tasks.agreement import no_sentences, refuse_no_translations, refuse_other_labels
from xltlib.tasks.base import ITEMS_OF_A_SET, Released
from xltlib.tasks.kinds import find
from xltlib.tasks.leakage import (
    overlapping,
    refuse_test_items,
    refuse_test_pairs,
    refuse_test_sentences,
    without_test_pairs,
)
from xltlib.text_files import DataError

SPLITS = ("train", "dev", "test")
COLUMNS = ["item", "language1", "language2", "sentence1", "sentence2", "label", "cluster"]


def data_folder(folder: str = "") -> Path | None:
    """The folder of downloaded data: the argument, else ``XLTLIB_DATA``, else None (use the hub).

    In an unpacked bundle it is the bundle's own.

    Raises:
        DataError: there is no such folder.
    """
    if places.bundle() is not None:
        return places.packed_data(folder)
    chosen = folder or os.environ.get("XLTLIB_DATA", "")
    if not chosen:
        return None
    path = Path(os.path.expanduser(chosen)).resolve()
    if not path.is_dir():
        raise DataError(f"data folder {chosen!r} does not exist: check --data or XLTLIB_DATA")
    return path


def load_pairs(
    task: str, split: str, codes: list[str], folder: Path | None = None, items: int = 0
) -> pd.DataFrame:
    """Labelled pairs of a split in some languages, both sentences of a pair in the same one.

    Args:
        task: ``"paws-x"``, ``"paws-x-literal"`` (with the quotes of CSV kept), ``"xnli"``, or the corpus that
            ships with the package: ``"demo"`` (test pairs with new names), ``"demo-news"`` (test pairs of the
            target domain), ``"demo-unseen"`` (relations and templates not trained on), ``"demo-easy"``
            (level 0); or what a ``task.yaml`` describes (:func:`xltlib.tasks.kinds.find`).
        split: ``train``, ``dev`` or ``test``.
        codes: language codes.
        folder: of downloaded data; None asks the hub.
        items: keep only the first so many items of each set (0: all), the same ones in every language.
    Returns:
        The frame. Its attrs count rows of the whole file per language: ``dropped`` (a placeholder stands for
        a sentence), ``unquoted`` (a sentence was a field of CSV) and ``short`` (kept, but a sentence has at
        most two letters). ``revision`` is that of a data set of the hub; "" of files.
    Raises:
        DataError: with file and line; or the languages whose labels of development or test items differ.
            Training files of a release need not be translations of each other.

    Example:
        >>> load_pairs("demo", "test", ["en", "de"]).language1.unique().tolist()
        ['en', 'de']
    """
    the_task = find(task)
    if not codes or len(set(codes)) < len(codes):
        raise DataError(f"languages {' '.join(codes) or 'are not named'}: wanted at least one, and each once")
    if items < 0:
        raise DataError(f"items = {items}: wanted 0, which is all, or more")
    frames, attrs, revisions = [], {"dropped": {}, "unquoted": {}, "short": {}}, set()
    for code in codes:
        rows, origin = the_task.rows(code, split, folder)
        revisions.add(rows.attrs.get("revision", ""))
        missing, short = no_sentences(rows)
        attrs["dropped"][code] = int(missing.sum())
        attrs["unquoted"][code] = rows.attrs.get("unquoted", 0)
        attrs["short"][code] = int(short.sum())
        rows = rows[~missing]
        if rows.empty:
            raise DataError(f"{origin}: no row is left: placeholders stand in all of them")
        if split == "test" and rows.label.nunique() < 2:
            reason = "wanted gold labels"
            if task.startswith("paws"):
                reason = (
                    "this is a placeholder release, not gold labels (XTREME packages PAWS-X so); take the "
                    "test files of the original PAWS-X release"
                )
            raise DataError(f"{origin}: every label is {rows.label.iloc[0]}: {reason}")
        frames.append(rows.assign(language1=code, language2=code))
    frame = pd.concat(frames, ignore_index=True)
    if split != "train" or not isinstance(the_task, Released):
        refuse_other_labels(frame, f"{task}, {split}")
    if split != "train":
        refuse_no_translations(frame, f"{task}, {split}")
    if items:
        frame = _part(frame, codes, items)
    frame = frame.assign(cluster=shared_sentence_clusters(frame))
    further = frame.columns.intersection(["level", "relation"])  # the embedded corpus has these
    frame = frame[[*COLUMNS, *further]]
    frame.attrs = {**attrs, "revision": " ".join(sorted(revisions)).strip()}
    return frame


def test_pairs(task: str, code: str, folder: Path | None) -> pd.DataFrame:
    """The test pairs of a task in one language; none of a language that it has no test pairs in.

    Raises:
        DataError: a test file is broken, or the hub is out of reach.

    Example:
        >>> len(test_pairs("demo", "xx", None)), len(test_pairs("demo", "de", None)) > 0
        (0, True)
    """
    if code not in find(task).languages("test", folder):
        return pd.DataFrame()
    return load_pairs(task, "test", [code], folder)


def _part(frame: pd.DataFrame, codes: list[str], items: int) -> pd.DataFrame:
    """The rows in these languages of the first so many items (0: all) of each set of the frame."""
    first = pd.Series(np.unique(frame["item"]))
    if items:
        first = first.groupby(first // ITEMS_OF_A_SET).head(items)
    return frame[frame.language1.isin(codes) & frame["item"].isin(first)].reset_index(drop=True)


def shared_sentence_clusters(frame: pd.DataFrame) -> np.ndarray:
    """Cluster of each row, named by its smallest item.

    Clusters are connected components: items are joined where they share a sentence in a language.

    Example:
        >>> pairs = pd.DataFrame({"item": [1, 2, 3], "sentence1": list("acd"), "sentence2": list("bae")})
        >>> shared_sentence_clusters(pairs).tolist()
        [1, 1, 3]
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    items, item_index = np.unique(frame["item"], return_inverse=True)
    # The same string in two languages (a name, a number) is no shared sentence of two items.
    keys = pd.concat([frame.get(f"language{k}", "") + "\t" + frame[f"sentence{k}"] for k in (1, 2)])
    sentence_index, sentences = pd.factorize(keys)
    size = len(items) + len(sentences)
    edges = (np.ones(len(keys)), (np.tile(item_index, 2), sentence_index + len(items)))
    _, component = connected_components(coo_matrix(edges, shape=(size, size)), directed=False)
    _, first, number = np.unique(component[: len(items)], return_index=True, return_inverse=True)
    return items[first[number[item_index]]]


def load_training(
    task: str,
    codes: list[str],
    targets: list[str],
    test: pd.DataFrame,
    folder: Path | None = None,
    split: str = "train",
    items: int = 0,
    dev_items: int = 0,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Labelled pairs to train on, and development pairs to choose a checkpoint by.

    Args:
        codes: languages of the training pairs.
        targets: languages of the development pairs.
        test: the whole test set in all of these languages; no training pair may hold one of its sentences.
        split: ``"train"``; or ``"dev"``, where there are no labelled training items in these languages:
            development items that share no sentence with the test set, those that do choose the checkpoint
            (see :func:`divided`).
        items, dev_items: the first so many of each set (0: all).
    Raises:
        DataError: a training pair holds a test sentence, it or a development pair is a test item in another
            language, or the split is another.
    """
    if split not in ("train", "dev"):
        raise DataError(f"labelled.split = {split!r}: known are train and dev")
    the_task = find(task)
    if not isinstance(the_task, Released):  # of which no language may lack development pairs
        available = the_task.languages("dev", folder)
        targets = [code for code in targets if code in available] or targets
    if split == "train":
        train = load_pairs(task, "train", codes, folder, items)
        dev = load_pairs(task, "dev", targets, folder, dev_items)
    else:
        all_codes = list(dict.fromkeys([*targets, *codes]))
        train, dev = divided(load_pairs(task, "dev", all_codes, folder), test, dev_items)
        train, dev = _part(train, codes, items), _part(dev, targets, dev_items)
    names = {name: the_task.set_names(name) for name in SPLITS}
    refuse_test_items(train, test, names, split, task)
    refuse_test_items(dev, test, names, "dev", task)
    refuse_test_pairs(dev, test, f"{task}, dev")
    if split == "train" and the_task.SHARES_STOCK_SENTENCES:
        train = without_test_pairs(train, test, translations=not isinstance(the_task, Released))
    else:
        pairs = list(zip(train.sentence1, train.sentence2))
        refuse_test_sentences(pairs, test, "labelled training pairs")
    return train, dev


def divided(dev: pd.DataFrame, test: pd.DataFrame, held_out: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Development items as training items, and what is left of them to choose a checkpoint by.

    An item of which any language shares a sentence with the test set goes to the second part, in all
    languages. Where fewer than ``held_out`` do so (as in XNLI), the last items join them.

    Raises:
        DataError: nothing is left to train on.
    """
    overlaps = overlapping(list(zip(dev.sentence1, dev.sentence2)), test)
    shared = set(dev["item"][overlaps])
    free = [item for item in sorted(dev["item"].unique()) if item not in shared]
    free = free[: len(free) - max(0, held_out - len(shared))]
    if not free:
        counts = f"{len(shared)} share a sentence with the test set, {held_out} are held out"
        raise DataError(f"no development item is left to train on: {counts}")
    chosen = dev["item"].isin(free)
    parts = dev[chosen].reset_index(drop=True), dev[~chosen].reset_index(drop=True)
    for part in parts:
        part.attrs |= dev.attrs | {"shared_with_test": len(shared)}
    return parts


def language_pairs(frame: pd.DataFrame, limit: int = 0) -> pd.DataFrame:
    """The frame, and below it each item in every ordered pair of two languages.

    Sentence 1 is in one, sentence 2 in the other: the generalized cross-lingual test (Huang et al. 2021,
    arXiv 2104.08645). Items that one of the languages lacks, or that have not the same label in all, stay on
    the diagonal alone; ``attrs["left_out"]`` counts them.

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
    left_out = len(items) - len(usable)
    usable = usable[: limit or None]
    parts = [frame]
    for first in codes:
        for second in codes[codes != first]:
            left = frame[(frame.language1 == first) & frame["item"].isin(usable)]
            right = frame[frame.language2 == second].set_index("item").sentence2
            parts.append(left.assign(language2=second, sentence2=right.loc[left["item"]].to_numpy()))
    pairs = pd.concat(parts, ignore_index=True)
    pairs.attrs |= frame.attrs | {"left_out": left_out}
    return pairs


def parallel_sentences(frame: pd.DataFrame, limit: int = 0) -> dict[str, list[str]]:
    """Per language the first sentences of the items, as far as all languages have them; no sentence twice.

    Args:
        limit: the first so many (0: all).

    Example:
        >>> sentences = parallel_sentences(load_pairs("demo", "test", ["en", "de"]), 5)
        >>> {code: len(texts) for code, texts in sentences.items()}
        {'en': 5, 'de': 5}
    """
    wide = frame.pivot(index="item", columns="language1", values="sentence1")
    wide = wide[frame.language1.unique()].dropna()
    for code in wide:
        wide = wide.drop_duplicates(code)
    return {code: wide[code].tolist()[: limit or None] for code in wide}


def fingerprint(rows: pd.DataFrame | list) -> str:
    """Sixteen hexadecimal digits of the content of labelled pairs, texts or translations, in any order."""
    if isinstance(rows, pd.DataFrame):
        columns = ["item", "language1", "language2", "sentence1", "sentence2", "label"]
        rows = rows[columns].itertuples(index=False)
    lines = sorted(row if isinstance(row, str) else "\t".join(map(str, row)) for row in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
