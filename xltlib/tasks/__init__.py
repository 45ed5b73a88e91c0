"""Labelled pairs, unlabelled text and parallel text, read strictly and checked against the test set.

Labelled items come as one tidy frame: ``item, language1, language2, sentence1, sentence2, label, cluster``.
A cluster holds the items that share a sentence; items are translations of each other across languages, so
they keep their cluster in all of them, and resampling clusters keeps dependent items together.

A task is a word of the package or a folder with a ``task.yaml`` (:func:`xltlib.tasks.kinds.find`).
"""

from xltlib.tasks.agreement import refuse_other_labels
from xltlib.tasks.base import HEADER, DataError, Task
from xltlib.tasks.counting import counts
from xltlib.tasks.demo import DEMO_TEXT
from xltlib.tasks.floors import overlap_floors
from xltlib.tasks.kinds import find
from xltlib.tasks.layouts import several
from xltlib.tasks.leakage import (
    normalised,
    overlapping,
    refuse_test_sentences,
    trained_on,
)
from xltlib.tasks.pairs import (
    COLUMNS,
    data_folder,
    divided,
    fingerprint,
    language_pairs,
    load_pairs,
    load_training,
    parallel_sentences,
    shared_sentence_clusters,
    test_pairs,
)
from xltlib.tasks.paws_files import FILES, read_paws_file
from xltlib.tasks.text import (
    PARALLEL,
    TREEBANKS,
    has_text,
    has_translations,
    load_parallel,
    load_text,
    pivot,
    task_text,
)
from xltlib.tasks.trees import EVALUATED, PROBED, Tree, has_trees, load_trees

__all__ = [
    "COLUMNS",
    "DEMO_TEXT",
    "FILES",
    "EVALUATED",
    "HEADER",
    "PARALLEL",
    "PROBED",
    "TREEBANKS",
    "DataError",
    "Task",
    "Tree",
    "counts",
    "data_folder",
    "divided",
    "find",
    "fingerprint",
    "has_text",
    "has_translations",
    "has_trees",
    "language_pairs",
    "load_pairs",
    "load_parallel",
    "load_text",
    "load_training",
    "load_trees",
    "normalised",
    "overlap_floors",
    "overlapping",
    "parallel_sentences",
    "pivot",
    "read_paws_file",
    "refuse_other_labels",
    "refuse_test_sentences",
    "several",
    "shared_sentence_clusters",
    "task_text",
    "test_pairs",
    "trained_on",
]
