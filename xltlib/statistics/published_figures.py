"""What is known beforehand: published figures of tasks, and properties of languages."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

TABLES = Path(__file__).resolve().parent.parent  # they lie beside the package's modules
SAME_TEST = {"paws-lowres": "paws-x", "paws-lowres-more": "paws-x"}  # tasks with the test items of another


def published(task: str, unverified: bool = False) -> pd.DataFrame:
    """Published figures of a task, or of the one whose test items it shares, with source and kind.

    Only those that could be read where ``source`` says, or that the founding report calls verified.

    Args:
        unverified: the others, too; they must never be drawn or cited as facts. Kind ``report``: as the
            founding report of this project has it.
    Returns:
        Columns ``task, model, head, setting, language, metric, value, n_seeds, source, source_kind, verified,
        note``; language ``"mean"`` is the source's own average.

    Example:
        >>> table = published("paws-x")
        >>> table[(table.model == "mBERT") & (table.language == "mean")].value.item()
        81.9
    """
    table = pd.read_csv(TABLES / "published.csv")
    task = task.removesuffix("-literal")  # the reading that published numbers probably carry
    task = SAME_TEST.get(task, task)
    return table[(table.task == task) & (table.verified | unverified)].reset_index(drop=True)


def covariates(encoder: str) -> pd.DataFrame:
    """What is known of each language that an effect could depend on; gaps where nothing was read or computed.

    Returns:
        A row a language, columns named as on an axis: pieces of a translation over those of its English
        original (``benchmarks/fertility.py``, for the encoders it was run for); text of the language in
        CC-100, on which XLM-R was pretrained (of other encoders a stand-in) (sources in ``pretraining.csv``);
        and the share of URIEL's syntactic features in which it differs from English
        (``benchmarks/distance.py``).

    Example:
        >>> covariates("offline").idxmax().tolist()
        ['el', 'ru', 'sw']
    """
    fertility = pd.read_csv(TABLES / "fertility.csv").set_index("language")
    size = pd.read_csv(TABLES / "pretraining.csv").set_index("language")
    distance = pd.read_csv(TABLES / "distance.csv").set_index("language")
    known = {
        "tokenizer fertility": fertility[fertility.encoder == encoder].fertility,
        "pretraining text, CC-100 (log10 GiB)": np.log10(size.gib),
        "syntactic features unlike English (share)": distance.distance,
    }
    return pd.DataFrame(known).drop("en", errors="ignore")
