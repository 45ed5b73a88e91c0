"""The founding report's twelve claims and its question: what was measured here, on what, and what follows (methods h).

A verdict comes from committed tables by a rule that stands in this file, written before the studies were run. A study that is not
there is named, and its claim is inconclusive.
"""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from xltlib import figures, languages, statistics

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
        "8": lambda: _alignment(folder), "9": lambda: _ladder(folder), "10": lambda: _dose(folder),
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
    said = {"step-explained": "not reproduced", "not reproduced: larger": "not reproduced"}.get(own.verdict, own.verdict)
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
    verdicts = {row.verdict for _, row in found}
    measured = "; ".join(f"{study}: synonyms, two languages minus one {_points(row)} points" for study, row in found)
    on = "; ".join(_on(folder, study, row.n_seeds, row.n_items) for study, row in found)
    return _row(measured + ".", on, verdicts.pop() if len(verdicts) == 1 else "inconclusive", folder / "robustness/noise_generalized.png")


def _definition(folder: Path) -> dict:
    """Claim 4 is a definition: every cell of two languages holds the same items with the same labels as the diagonal."""
    study = next((name for name in ("robustness", "paws-x") if (folder / name / "predictions.parquet").exists()), None)
    if study is None:
        return _missing("paws-x")
    cells = pd.read_parquet(folder / study / "predictions.parquet", columns=["item", "language1", "language2", "label"]).drop_duplicates()
    two = cells[cells.language1.astype(str) != cells.language2.astype(str)]
    agree = bool(len(two)) and (cells.groupby("item").label.nunique() == 1).all() and not two.duplicated(["item", "language1", "language2"]).any()
    n = len(two[["language1", "language2"]].drop_duplicates())
    return _row(f"A definition. In {n} cells of two languages each item has the label it has everywhere: {agree}.", study, "reproduced" if agree else "not reproduced")


def _effects(folder: Path, study: str, chosen) -> tuple[list[str], list[str]]:
    """Effects of a study's adaptation.csv as text, and the direction of each: "up", "down" or "open"."""
    table = pd.read_csv(folder / study / "adaptation.csv")
    table = table[table.adaptation.map(chosen)]
    said = [f"{figures.ADAPTATION_NAME.get(row.adaptation, row.adaptation)} {_points(row)}" for row in table.itertuples()]
    return said, ["up" if row.low > 0 else "down" if row.high < 0 else "open" for row in table.itertuples()]


def _alignment(folder: Path) -> dict:
    """Claim 8, read as "alignment of contextual vectors raises accuracy": centring, whitening and rotation of sentence vectors."""
    study = "adaptation-after"
    if not (folder / study / "adaptation.csv").exists():
        return _missing(study)
    said, ways = _effects(folder, study, lambda name: name.startswith(("centre", "whiten", "procrustes")))
    verdict = "reproduced" if "up" in ways and "down" not in ways else "not reproduced" if "down" in ways and "up" not in ways else "inconclusive"
    row = pd.read_csv(folder / study / "adaptation_effect.csv").iloc[0]
    return _row(f"Effect on accuracy: {'; '.join(said)} points.", _on(folder, study, int(row.n_seeds), int(row.n_items)), verdict, folder / study / "adaptation_effect.png")


def ladder(folder: Path, study: str = "paws-x-parallel", selection: str = "last", source: str = "en", resamples: int = 10_000) -> pd.DataFrame:
    """Mean accuracy of the targets on each rung, and its difference to plain training on labelled English (rung Z0).

    Returns:
        One row an arm: ``strategy, adaptation, rung, accuracy, effect, low, high, n_seeds, n_items``; the plain arm has effect 0.
    """
    state = json.loads((folder / study / "runs.json").read_text(encoding="utf-8"))
    runs = pd.DataFrame([run for run in state["runs"] if run.get("arm", run["notebook"] != "10_adapt")])
    right = statistics.right_answers(pd.read_parquet(folder / study / "predictions.parquet"), runs, selection)
    right = right[right.language != source]
    plain = right[(right.strategy == "plain") & (right.adaptation == "none")]
    same, rows = ["seed", "language", "item"], []
    for (strategy, adaptation, rung), of in right.groupby(["strategy", "adaptation", "rung"], sort=False):
        both = of.merge(plain[[*same, "right"]], on=same, suffixes=("", "_plain"))
        found = statistics.mean_interval(both.assign(difference=both.right - both.right_plain), resamples)
        about = {"strategy": strategy, "adaptation": adaptation, "rung": rung, "accuracy": 100 * of.groupby("language").right.mean().mean()}
        rows.append({**about, **{name: found[name] for name in ("effect", "low", "high")}, "n_seeds": both.seed.nunique(), "n_items": both["item"].nunique()})
    return pd.DataFrame(rows).sort_values(["rung", "strategy", "adaptation"], ignore_index=True)


def _ladder(folder: Path) -> dict:
    """Claim 9, read as "translations help where text alone does not": arms of rung Z3 against plain training, beside those of Z1."""
    study = "paws-x-parallel"
    if not (folder / study / "predictions.parquet").exists():
        return _missing(study)
    table = ladder(folder, study)
    translations = table[table.rung == "Z3"]
    up, down = (translations.low > 0).any(), (translations.high < 0).all()
    said = "; ".join(f"{row.rung} {row.strategy}, {row.adaptation}: {_points(row)}" for row in table[table.rung != "Z0"].itertuples())
    verdict = "reproduced" if up and not (table[table.rung == "Z1"].low > 0).any() else "not reproduced" if down else "inconclusive"
    on = _on(folder, study, int(table.n_seeds.max()), int(table.n_items.max()))
    return _row(f"Over plain training (Z0), mean of the targets: {said} points. That most published methods need them is not a measurement.", on, verdict, folder / "claims" / "ladder.png")


def _dose(folder: Path) -> dict:
    """Claim 10 is about a price. What can be measured is how many translations an effect needs."""
    if not (folder / "dose" / "adaptation_effect.csv").exists():
        return _missing("dose", "; the price of translations is no measurement")
    table = pd.read_csv(folder / "dose" / "accuracy.csv")
    own = table[(table.selection == "last") & (table.language1 == table.language2) & (table.language1 != "en")]
    means = 100 * own.groupby(["strategy", "adaptation"]).accuracy.mean()
    said = "; ".join(f"{strategy}, {adaptation} {value:.1f}" for (strategy, adaptation), value in means.items())
    return _row(f"Mean of the targets by budget: {said}. A price was not measured.", _on(folder, "dose", int(own.seed.nunique()), int(own.n_items.max())), "not testable here")


def _question(folder: Path) -> dict:
    """The question: the mean effect under each strategy and their difference, from the study's own tables."""
    study = "paws-x"
    path = folder / study / "adaptation.csv"
    if not path.exists():
        return _missing(study)
    table = pd.read_csv(path)
    main = table[table.strategy.isin(["hybrid", "labse-recipe"])]
    said = "; ".join(f"{figures.look(row.strategy)[0]}, {row.adaptation}: {_points(row)}" for row in main.itertuples())
    between = pd.read_csv(folder / study / "interaction.csv")
    off = int(((between.low > 0) | (between.high < 0)).sum())
    own = between[between.language.isin(languages.BY_CODE)]
    levels = ", ".join(sorted(set(own.resource), key=["high", "medium", "low"].index))
    decided = any(row.low > 0 or row.high < 0 for row in main.itertuples())
    small = all(row.p_equivalent < 0.05 for row in main.itertuples())
    end = " Each is equivalent to nothing (±0.5 points)." * small + " Neither an effect nor its absence is shown." * (not small and not decided)
    return _row(
        f"Effect on the mean of the zero-shot targets: {said} points; the difference of the two is off zero in {off} of {len(own)} languages ({levels} resource).{end}",
        _on(folder, study, int(table.n_seeds.max()), int(own.n_items.max())), "answered" if decided or small else "inconclusive", folder / study / "adaptation_effect.png",
    )  # fmt: skip
