"""What settings do on development data: the tables of 50_development, by which one chooses them.

Nothing here reads a prediction of a test item, or an accuracy on a test set.
"""

from __future__ import annotations

import pandas as pd
from scipy.stats import gmean

from xltlib import figures, languages
from xltlib.notebooks import ADAPT
from xltlib.values import counted, without_seed

# What a run goes on from, what is drawn, and what is measured.
NO_SETTING = ("kind", "seed", "draw", "start", "scored", "measured")


def table(records: list[dict], source: str = "en") -> pd.DataFrame:
    """What the arms of a study reach on development data, and in which settings they differ.

    Args:
        records: of its runs (``runs.json``).
        source: the language of the development pairs.
    Returns:
        A row a run of an arm: ``arm`` (as the study calls it), ``seed``; a column for each setting of which
        arms have different values, as text, named as in a study (``encoder.frozen_layers``); ``pairs`` (how
        many were asked for; 0: all), ``accuracy`` (of the last checkpoint, in per cent) and its ``standard
        error`` over pairs, in points (0 where all were asked for: how many is not known). Where arms start
        from adaptations, also the last one's method (``adaptation``), its measure on held-out text as a
        geometric mean over languages (``before``, at the last check but one: ``late``, and ``after``), and
        its settings in the same way (``adaptation: steps``).
    Raises:
        ValueError: no run has an accuracy on development pairs of this language.

    Example:
        >>> settings = {"steps": 9, "learning_rate": 1e-4, "scored": {"kind": "pairs", "dev": 25}}
        >>> run = {"arm": True, "seed": 1, "parents": {}, "parameters": settings}
        >>> run["dev_accuracy"] = [{"en": 0.5}]
        >>> other = {**run, "parameters": {**settings, "steps": 18}}
        >>> found = table([{**run, "label": "short seed 1"}, {**other, "label": "long seed 1"}])
        >>> found.to_numpy().tolist()
        [['short', 1, '9', 25, 50.0, 10.0], ['long', 1, '18', 25, 50.0, 10.0]]
    """
    arms = [record for record in records if record["arm"] and _reached(record, source) is not None]
    if not arms:
        raise ValueError(f"source = {source!r}: no run was scored on development pairs of this language")
    by_run = {record.get("run"): record for record in records}
    adapted = [_adaptation(record, by_run) for record in arms]
    rows = pd.DataFrame({"arm": [without_seed(record["label"]) for record in arms]})
    rows["seed"] = [record["seed"] for record in arms]
    settings = _differing([record["parameters"] for record in arms])
    reached = pd.DataFrame({"pairs": [record["parameters"]["scored"]["dev"] for record in arms]})
    reached["accuracy"] = [100 * _reached(record, source) for record in arms]
    reached["standard error"] = _standard_error(reached.accuracy, reached.pairs)
    if not any(adapted):
        return pd.concat([rows, settings, reached], axis="columns")
    measured = pd.DataFrame([_held_out(record) if record else {} for record in adapted])
    adaptation_settings = _differing([record["parameters"] if record else {} for record in adapted])
    adaptation_settings = adaptation_settings.drop(columns="adaptation", errors="ignore")
    adaptation_settings = adaptation_settings.rename(columns=_of_adaptation)
    return pd.concat([rows, settings, measured, adaptation_settings, reached], axis="columns")


def _of_adaptation(name: str) -> str:
    """The name of one of its settings, beside those of the training after it."""
    return name if name.startswith("adaptation.") else f"adaptation: {name}"


def _reached(record: dict, source: str) -> float | None:
    """The share of right development pairs at the last checkpoint; None where none was scored."""
    checkpoints = record.get("dev_accuracy")
    return checkpoints[-1].get(source) if isinstance(checkpoints, list) and checkpoints else None


def _standard_error(accuracy: pd.Series, pairs: pd.Series) -> pd.Series:
    """Of accuracies in per cent, in points; 0 where it is not known on how many pairs they are."""
    share = accuracy / 100
    return (100 * (share * (1 - share) / pairs.where(pairs > 0)) ** 0.5).fillna(0.0)


def _adaptation(record: dict, by_run: dict[str, dict]) -> dict | None:
    """The last adaptation that a run started from; None where there is none.

    Its parents are the encoder, and then the model that it goes on from.
    """
    for above in [by_run[parent] for parent in reversed(record["parents"]) if parent in by_run]:
        found = above if above["notebook"] == ADAPT else _adaptation(above, by_run)
        if found is not None:
            return found
    return None


def _differing(runs: list[dict]) -> pd.DataFrame:
    """The settings of which these runs have different values, a row a run, as text."""
    flat = pd.DataFrame([_flat(parameters) for parameters in runs], index=range(len(runs)))
    return flat[[name for name in flat if flat[name].nunique() > 1]].fillna("")


def _flat(parameters: dict, above: str = "") -> dict:
    """Parameters as text by their dotted names; a component's own name stands for its kind.

    Example:
        >>> _flat({"steps": 5, "noise": {"kind": "pgd", "radius": 0.1}, "seed": 1})
        {'steps': '5', 'noise': 'pgd', 'noise.radius': '0.1'}
    """
    found = {}
    for name, value in parameters.items():
        if name in NO_SETTING or str(value).startswith("adapt-"):  # an encoder that the study adapted
            continue
        if isinstance(value, dict):
            found[above + name] = value["kind"]
            found |= _flat(value, f"{above}{name}.")
        else:
            found[above + name] = f"{value:g}" if isinstance(value, float) else str(value)
    return found


def _held_out(record: dict) -> dict:
    """What an adaptation did to held-out text of its own kind."""
    checks = [value for _, value in record.get("on_the_way", [])]  # older records have none
    late = checks[-2] if len(checks) > 1 else None
    before, after = (gmean(list(record[when].values())) for when in ("before", "after"))
    return {"adaptation": record["method"], "before": before, "late": late, "after": after}


def means(table: pd.DataFrame) -> pd.DataFrame:
    """The table with a row an arm: means over seeds of accuracy, its error and an adaptation's measure.

    Args:
        table: of :func:`table`.
    Returns:
        Its columns without ``seed``, with ``seeds``, how many; in the study's order.
    """
    by_arm = table.groupby("arm", sort=False)
    measured = ("before", "late", "after", "accuracy", "standard error")
    numbers = [name for name in measured if name in table]
    settings = by_arm[[name for name in table if name not in ("arm", "seed", *numbers)]].first()
    settings.insert(0, "seeds", by_arm.seed.nunique())
    return settings.join(by_arm[numbers].mean()).reset_index()


def said(table: pd.DataFrame, source: str = "en") -> str:
    """What stands out, in a sentence or two.

    Args:
        table: of :func:`table`.
        source: the language of the development pairs.

    Example:
        >>> arms = pd.DataFrame({"arm": ["short", "long"], "seed": 1, "accuracy": [50.0, 51.0]})
        >>> arms["standard error"] = 5.0
        >>> print(said(arms).replace(". ", ".\\n"))
        On English development pairs arms reach 50.0 to 51.0 %, mean of 1 seed; highest: `long`.
        The standard error of one accuracy is 5.0 points.
        Arms are no further apart, so accuracy alone decides nothing.
    """
    arms = means(table)
    low, high = arms.accuracy.min(), arms.accuracy.max()
    sentences = [
        f"On {languages.row(source).name} development pairs arms reach {low:.1f} to {high:.1f} %, "
        f"mean of {_seeds(arms)}; highest: `{arms.arm[arms.accuracy.idxmax()]}`."
    ]
    error = arms["standard error"].max()
    if error:
        sentences.append(f"The standard error of one accuracy is {error:.1f} points.")
    if high - low < error:
        sentences.append("Arms are no further apart, so accuracy alone decides nothing.")
    return " ".join(sentences)


def _seeds(arms: pd.DataFrame) -> str:
    """How many seeds arms have."""
    most, fewest = arms.seeds.max(), arms.seeds.min()
    return counted(most, "seed") if most == fewest else f"{fewest} to {counted(most, 'seed')}"


def caption(study: str, records: list[dict], table: pd.DataFrame) -> str:
    """What stands below the figure.

    Args:
        study: its name.
        records: of its runs.
        table: of :func:`table`.
    """
    encoder = next(record["encoder"] for record in records if record["arm"])
    sizes = sorted(set(table.pairs))
    pairs = " or ".join(f"{number:,}" if number else "all" for number in sizes)
    below = (
        f"Study {study}. Encoder {figures.encoder_name(encoder)}, {_seeds(means(table))}, "
        f"{pairs} development pairs, last checkpoint."
    )
    return f"{below} Lines of accuracy: 95 % intervals over pairs." if any(sizes) else below
