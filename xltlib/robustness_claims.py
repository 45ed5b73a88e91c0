"""What a study of noise says of the claims on it: 30_robustness writes it, xltlib/claims.py reads it.

The rule for a gain (statistics.verdict) stood before the studies ran.
"""

from __future__ import annotations

import pandas as pd

from xltlib import statistics
from xltlib.figures import NOISE_NAME
from xltlib.robustness import OVER_PLAIN, OVER_UPDATES, one_language, two_languages
from xltlib.values import joined, with_interval

OUTCOMES = [  # columns of claims.csv
    *("claim", "arm", "effect", "low", "high", "p (Holm)", "n_items", "n_seeds", "by updates", OVER_UPDATES),
    "verdict",
]
CLAIM_OF_TASK = {"paws-x": 1, "paws-x-literal": 1, "xnli": 2}


def published_gain(task: str) -> tuple[float | None, str]:
    """The published mean gain of a task (None if there is none), and whose it is."""
    rows = statistics.published(task, unverified=True).query("metric == 'accuracy gain'")
    gain = rows.value.item() if len(rows) else None
    note = (
        f"published average, +{gain}\n(Huang et al. 2021, as the\nfounding report has it; no table\n"
        "per language could be read"
    )
    if not rows.verified.all():
        note += ",\nby itself marked unverified"
    return gain, note + ")"


def outcomes(
    task: str,
    mean: pd.DataFrame,
    generalized: pd.DataFrame,
    differences: dict[str, pd.DataFrame],
    control: str,
    targets: list[str],
) -> pd.DataFrame:
    """What the study says of the claims, one row a claim and arm.

    Args:
        task: decides whether claim 1 or 2 is meant.
        mean, generalized: of robustness.means_of_targets and robustness.effects_by_pair_kind.
        differences: by control, differences to it.
        control: label of the arm with as many updates and no noise.
    Returns:
        The columns ``OUTCOMES``; no row where no noise has a run.
    """
    published, _ = published_gain(task)
    over_plain = differences[OVER_PLAIN]
    pairs = one_language(over_plain)
    of_control = pairs[(pairs.label == control) & pairs.language1.isin(targets)]
    over_updates = mean[mean.control == OVER_UPDATES].set_index("label").effect
    rows = []
    for _, effect in mean[(mean.control == OVER_PLAIN) & (mean.label != control)].iterrows():
        seeds_of_arm = over_plain[over_plain.label == effect.label].seed.unique()
        by_language = of_control[of_control.seed.isin(seeds_of_arm)].groupby("language1").difference.mean()
        by_updates = 100 * by_language.mean()
        verdict = statistics.verdict(effect.effect, effect.low, effect.high, by_updates, published)
        if pd.isna(by_updates):  # no seed of this arm has the control: what updates alone bring is not known
            verdict = "inconclusive"
        row = {"claim": CLAIM_OF_TASK.get(task), "arm": effect.label}
        row |= effect[["effect", "low", "high", "p (Holm)", "n_items", "n_seeds"]].to_dict()
        row |= {"by updates": by_updates, OVER_UPDATES: over_updates.get(effect.label), "verdict": verdict}
        rows.append(row)
    seeds = two_languages(differences[OVER_UPDATES]).groupby("label").seed.nunique()
    for row in generalized[generalized.pairs == "two minus one"].itertuples():
        verdict = "inconclusive"
        if row.low > 0:
            verdict = "reproduced"
        elif row.high < 0:
            verdict = "not reproduced"
        effect_columns = {name: getattr(row, name) for name in ("effect", "low", "high", "n_items")}
        n_seeds = int(seeds[row.label])
        rows.append({"claim": 3, "arm": row.label, **effect_columns, "n_seeds": n_seeds, "verdict": verdict})
    return pd.DataFrame(rows, columns=OUTCOMES)


def in_words(table: pd.DataFrame) -> str:
    """What follows for each claim, in a sentence, with the gain of each noise over plain training.

    Args:
        table: of :func:`outcomes`.

    Example:
        >>> row = {"claim": 1, "arm": "fgm", "effect": -3.1, "low": -21.2, "high": 15.0}
        >>> in_words(pd.DataFrame([{**row, "verdict": "inconclusive"}]))
        'Claim 1: inconclusive with FGM (−3.1 [−21.2, +15.0]).'
    """
    if table.empty:
        return "No noise has a run beside the control yet."
    sentences = []
    for claim, of_claim in table.fillna({"claim": 0}).groupby("claim", sort=False):
        parts = []
        for verdict, rows in _undecided_last(of_claim).groupby("verdict", sort=False):
            arms = [
                f"{NOISE_NAME.get(row.arm, row.arm)} ({with_interval(row.effect, row.low, row.high)})"
                for row in rows.itertuples()
            ]
            parts.append(f"{verdict} with {joined(arms)}")
        name = f"Claim {int(claim)}" if claim else "No claim is on this task"
        sentences.append(f"{name}: {'; '.join(parts)}.")
    return " ".join(sentences)


def _undecided_last(outcomes: pd.DataFrame) -> pd.DataFrame:
    undecided = outcomes.verdict == "inconclusive"
    return pd.concat([outcomes[~undecided], outcomes[undecided]])
