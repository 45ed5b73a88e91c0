"""The founding report's twelve claims and its question: what was measured here, on what, and what follows.

A verdict comes from committed tables by a rule that stands in this file. The rules of claims 1, 2, 3 and 8 were written before their studies
were run; those of 4, 9 and the question after. A study that is not there is named, and its claim is inconclusive.
"""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from xltlib import figures, statistics

VERDICTS = ("reproduced", "not reproduced", "inconclusive", "not testable here", "answered")  # the last of the question alone
SMOOTHING = "synonyms"  # the only method of claims 1 to 3 whose code is public (RS-DA); the other noises are shown, not judged by


def read() -> pd.DataFrame:
    """The claims in our words: columns ``claim`` (1 to 12, Q), ``said``, ``report`` (what the founding report calls it) and ``kind``.

    Example:
        >>> read().claim.tolist()[:3], len(read())
        (['1', '2', '3'], 13)
    """
    return pd.read_csv(Path(__file__).with_name("claims.csv"), dtype=str)


def judged(folder: Path) -> pd.DataFrame:
    """All claims with ``measured``, ``on`` (encoder, study, seeds, items), ``verdict`` (one of ``VERDICTS``) and ``figure``.

    Args:
        folder: where studies lie, each with the tables that its summary wrote.
    """
    rules = {
        "1": lambda: _noise(folder, "robustness", "1"), "2": lambda: _noise(folder, "robustness-xnli", "2"), "3": lambda: _two_languages(folder),
        "4": lambda: _definition(folder),
        "5": lambda: _not_testable("No hub here: none of the three was run. What is published of them on PAWS-X stands in published.csv."),
        "6": lambda: _not_testable("XTREME's layout is read and its placeholder labels are refused (tests); XGLUE's is not."),
        "7": lambda: _not_testable("History. A random rotation is recovered to 1e-6 (tests)."),
        "8": lambda: _alignment(folder), "9": lambda: _ladder(folder), "10": lambda: _not_testable("A price is no measurement. How many translations an effect needs is what study adaptation-dose asks, of seven languages that have them."),
        "11": lambda: _not_testable("No syntactic features were built: no parser here."), "12": lambda: _not_testable("As claim 11."),
        "Q": lambda: _question(folder),
    }  # fmt: skip
    table = read()
    return table.join(pd.DataFrame([rules[claim]() for claim in table.claim]))


def _row(measured: str, on: str, verdict: str, figure: Path | None = None) -> dict:
    return {"measured": measured, "on": on, "verdict": verdict, "figure": f"{figure.parent.name}/{figure.name}" if figure and figure.exists() else ""}


def _not_testable(why: str) -> dict:
    return _row(why, "", "not testable here")


def _missing(study: str, why: str = "") -> dict:
    return _row(f"Study {study} has not been run here{why}.", "", "inconclusive")


def _on(folder: Path, study: str, seeds: int, items: int) -> str:
    state = json.loads((folder / study / "runs.json").read_text(encoding="utf-8"))
    encoder = next(run["encoder"] for run in state["runs"] if run.get("arm", run["notebook"] != "10_adapt"))
    gaps = f"; missing: {', '.join(state['missing'])}" if state["missing"] else ""
    return f"{study}, {figures.ENCODER_NAME.get(encoder, encoder)}, {seeds} seed{'s' * (seeds > 1)}, {items} items a language{gaps}"


def _points(row) -> str:
    return f"{row.effect:+.1f} [{row.low:+.1f}, {row.high:+.1f}]"


def _noise(folder: Path, study: str, claim: str) -> dict:
    """Claims 1 and 2: the gain of synonyms over plain training, against the published average (statistics.verdict)."""
    path = folder / study / "claims.csv"
    if not path.exists():
        return _missing(study)
    rows = pd.read_csv(path, dtype={"claim": str}).rename(columns={"over as many updates": "over_updates"}).query("claim == @claim")
    others = {row.arm: row for row in rows.itertuples()}
    own = others.pop(SMOOTHING, None)
    if own is None:
        return _missing(study, f" with the arm {SMOOTHING}")
    why = " The updates alone bring more than half of it." * (own.verdict == "step-explained") + " It is larger than published." * own.verdict.endswith("larger")
    said = {"step-explained": "not reproduced", "not reproduced: larger": "not reproduced"}.get(own.verdict, own.verdict) if own.n_seeds > 1 else "inconclusive"
    rest = "; ".join(f"{name} {_points(row)}" for name, row in others.items())
    return _row(
        f"Synonyms {_points(own)} points over plain training, {own.over_updates:+.1f} over as many updates without them.{why} Other noises, over plain: {rest}.",
        _on(folder, study, own.n_seeds, own.n_items), said, folder / study / "noise_effect.png",
    )  # fmt: skip


def _two_languages(folder: Path) -> dict:
    """Claim 3: what pairs of two languages gain by synonyms minus what pairs of one gain; decided where all studies at hand agree."""
    found = []
    for study in ("robustness", "robustness-xnli"):
        path = folder / study / "claims.csv"
        rows = pd.read_csv(path, dtype={"claim": str}).query("claim == '3' and arm == @SMOOTHING") if path.exists() else pd.DataFrame()
        found += [(study, row) for row in rows.itertuples()]
    if not found:
        return _missing("robustness")
    verdicts = {row.verdict if row.n_seeds > 1 else "inconclusive" for _, row in found}
    measured = "; ".join(f"{study}: synonyms, two languages minus one {_points(row)} points" for study, row in found)
    on = "; ".join(_on(folder, study, row.n_seeds, row.n_items) for study, row in found)
    return _row(measured + ".", on, verdicts.pop() if len(verdicts) == 1 else "inconclusive", folder / "robustness/noise_generalized.png")


def _definition(folder: Path) -> dict:
    """Claim 4 is a definition: a cell of two languages holds items of the diagonal, each with the label it has everywhere."""
    study = next((name for name in ("robustness", "paws-x-factorial", "paws-x") if (folder / name / "predictions.parquet").exists()), "paws-x")
    if not (folder / study / "predictions.parquet").exists():
        return _missing(study)
    cells = pd.read_parquet(folder / study / "predictions.parquet", columns=["item", "language1", "language2", "label"]).drop_duplicates()
    off = cells.language1.astype(str) != cells.language2.astype(str)
    if not off.any():
        return _missing(study, " on pairs of two languages")
    agree = bool((cells.groupby("item").label.nunique() == 1).all() and set(cells[off]["item"]) <= set(cells[~off]["item"]))
    n = len(cells[off][["language1", "language2"]].drop_duplicates())
    return _row(f"A definition. In {n} cells of two languages each item has the label it has everywhere: {agree}.", study, "reproduced" if agree else "not reproduced")


def _direction(table: pd.DataFrame) -> str:
    """What one family of effects says of "this raises accuracy": by Holm's correction over the family, never by one seed."""
    said = set(statistics.judge(table).verdict)
    if "up" in said:
        return "inconclusive" if "down" in said else "reproduced"
    return "not reproduced" if "down" in said or said == {"equivalent to nothing"} else "inconclusive"


def _alignment(folder: Path) -> dict:
    """Claim 8, read as "alignment of contextual vectors raises accuracy": centring, whitening and rotation of sentence vectors."""
    study = "adaptation-after"
    path = folder / study / "adaptation.csv"
    table = pd.read_csv(path) if path.exists() else pd.DataFrame(columns=["adaptation"])
    table = table[table.adaptation.astype(str).str.startswith(("centre", "whiten", "procrustes"))]
    if table.empty:
        return _missing(study)
    said = "; ".join(f"{figures.adaptation_name(row.adaptation)} {_points(row)}" for row in table.itertuples())
    without = pd.read_csv(folder / study / "intervals.csv").query("adaptation == 'none'")[["accuracy", "majority"]].mean()
    level = f" Without, {without.accuracy:.1f} per cent are right, the more frequent answer is in {without.majority:.1f}: little is there to be raised."
    on = _on(folder, study, int(table.n_seeds.max()), int(table.n_items.max()))
    return _row(f"Effect on accuracy: {said} points.{level * bool(without.accuracy < without.majority)}", on, _direction(table), path.with_name("adaptation_family.png"))


LADDER = "paws-x-parallel"


def ladder(folder: Path, selection: str = "last", source: str = "en", resamples: int = 10_000) -> pd.DataFrame:
    """Mean accuracy of the targets on each rung, and its difference to plain training on labelled English (rung Z0).

    Args:
        folder: where studies lie; read is the study without labels in other languages.
    Returns:
        One row an arm: ``strategy, adaptation, rung, accuracy, effect, low, high, p, p_equivalent, n_seeds, n_items``; the plain arm has effect
        0. Empty where the study or its plain arm is missing.
    """
    columns = ["strategy", "adaptation", "rung", "accuracy", "effect", "low", "high", "p", "p_equivalent", "n_seeds", "n_items"]
    place = folder / LADDER
    if not (place / "predictions.parquet").exists():
        return pd.DataFrame(columns=columns)
    state = json.loads((place / "runs.json").read_text(encoding="utf-8"))
    runs = pd.DataFrame([run for run in state["runs"] if run.get("arm", run["notebook"] != "10_adapt")])
    right = statistics.right_answers(pd.read_parquet(place / "predictions.parquet"), runs, selection)
    right = right[right.language != source]
    plain = right[(right.strategy == "plain") & (right.adaptation == "none")]
    same, rows = ["seed", "language", "item"], []
    for (strategy, adaptation, rung), of in right.groupby(["strategy", "adaptation", "rung"], sort=False):
        both = of.merge(plain[[*same, "right"]], on=same, suffixes=("", "_plain"))
        if len(both):
            found = statistics.mean_interval(statistics.alike(both.assign(difference=both.right - both.right_plain)), resamples)
            about = {"strategy": strategy, "adaptation": adaptation, "rung": rung, "accuracy": 100 * of.groupby("language").right.mean().mean()}
            rows.append({**about, **found, "n_seeds": both.seed.nunique(), "n_items": both["item"].nunique()})
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(adapted=table.adaptation != "none").sort_values(["rung", "strategy", "adapted", "adaptation"], ignore_index=True)[columns]


def ladder_caption(folder: Path, table: pd.DataFrame) -> str:
    """What stands below the figure of :func:`ladder`."""
    return f"Study {_on(folder, LADDER, int(table.n_seeds.max()), int(table.n_items.max()))}; mean of the targets; checkpoint: last."


def _ladder(folder: Path) -> dict:
    """Claim 9, read as "translations raise accuracy over labelled English alone": arms of rung Z3 that were not adapted otherwise."""
    table = ladder(folder)
    translations = table[(table.rung == "Z3") & (table.adaptation == "none")]
    if translations.empty:
        return _missing(LADDER)
    said = "; ".join(f"{row.rung} {figures.look(row.strategy)[0]}, {figures.adaptation_name(row.adaptation)} {_points(row)}" for row in table[table.rung != "Z0"].itertuples())
    on = _on(folder, LADDER, int(table.n_seeds.max()), int(table.n_items.max()))
    return _row(f"Over plain training (Z0), mean of the targets: {said} points. What most published methods need is not a measurement.", on, _direction(translations), folder / "claims" / "ladder.png")


def _question(folder: Path) -> dict:
    """The question: the mean effect of every adaptation under each strategy, and the difference of the two, from the study's own tables."""
    study = "paws-x"
    if not (folder / study / "groups.csv").exists():
        return _missing(study)
    groups = pd.read_csv(folder / study / "groups.csv").query("language == 'mean'")
    main, between = groups[groups.strategy.isin(["hybrid", "labse", "labse-recipe"])], groups[groups.strategy.str.contains(" - ")]
    if main.empty or between.empty:
        return _missing(study, " with adaptation under both strategies")
    said = []
    for adaptation, of in main.groupby("adaptation"):
        under = ", ".join(f"{figures.look(row.strategy)[0]} {_points(row)} ({row.verdict})" for row in of.itertuples())
        apart = ", ".join(f"{_points(row)} ({row.verdict})" for row in between[between.adaptation == adaptation].itertuples())
        said.append(f"{figures.adaptation_name(adaptation)}: {under}; difference {apart}")
    effects = pd.read_csv(folder / study / "adaptation_effect.csv")
    levels = [level for level in ("high", "medium", "low") if level in set(effects.resource)]
    open_ends = [f"No {level}-resource language was measured" for level in ("medium", "low") if level not in levels]
    decided = set(pd.concat([main, between]).verdict) <= {"up", "down", "equivalent to nothing"} and not open_ends
    return _row(
        f"Effect on the mean of the zero-shot targets, in points. {'. '.join([*said, *open_ends])}.",
        _on(folder, study, int(main.n_seeds.max()), int(effects.n_items.max())), "answered" if decided else "inconclusive", folder / study / "adaptation_effect.png",
    )  # fmt: skip
