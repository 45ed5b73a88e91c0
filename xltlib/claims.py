"""The founding report's twelve claims and its question: what was measured here, on what, and what follows.

A verdict comes from committed tables by a rule that stands here or in syntax_claims.py,
translations_claim.py and question.py. The rules of claims 1, 2, 3, 8, 11 and 12 were written before their
studies were run, and so was what the question asks of groups of languages; those of 4, 9, 10 and the rest of
the question after. A study that is not in the folder of figures is named, and its claim is inconclusive;
without the folder nothing is said of any claim.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from xltlib import collected, evidence, figures, folders, question, statistics
from xltlib import syntax_claims, translations_claim
from xltlib.ladder import LADDER, ladder
from xltlib.markdown import escaped, linked
from xltlib.values import counted

# The last is of the question alone.
VERDICTS = ("reproduced", "not reproduced", "inconclusive", "not testable here", "answered")
# The only method of claims 1 to 3 whose code is public (RS-DA); the other noises are shown, not judged by.
SMOOTHING = "synonyms"

NOT_TESTABLE = {
    "5": (
        "No hub here: none of the three was run. What is published of them on PAWS-X stands in published.csv."
    ),
    "6": "Both layouts are read, and XTREME's placeholder labels are refused (tests).",
    "7": "History. A random rotation is recovered to 1e-6 (tests).",
}


def read() -> pd.DataFrame:
    """The claims in our words.

    Returns:
        Columns ``claim`` (1 to 12, Q), ``said``, ``report`` (what the founding report calls it) and ``kind``.

    Example:
        >>> read().claim.tolist()[:3], len(read())
        (['1', '2', '3'], 13)
    """
    return pd.read_csv(Path(__file__).with_name("claims.csv"), dtype=str)


def judged(folder: Path) -> pd.DataFrame:
    """All claims with what was measured and what follows.

    Args:
        folder: where studies lie, each with the tables that its summary wrote.
    Returns:
        The columns of :func:`read`, and ``measured``, ``on`` (encoder, study, seeds, items), ``verdict`` (one
        of ``VERDICTS``) and ``figure``.
    Raises:
        FileNotFoundError: there is no such folder, or a study that lies there lacks a table.
    """
    folders.of_figures(folder)
    outcomes = {
        "1": _noise(folder, "robustness", "1"),
        "2": _noise(folder, "robustness-xnli", "2"),
        "3": _two_languages(folder),
        "4": _definition(folder),
        "8": _alignment(folder),
        "9": _ladder(folder),
        "10": translations_claim.judged(folder, _direction),
        **syntax_claims.judged(folder, _direction),
        "Q": question.judged(folder),
        **{claim: evidence.row(reason, "", "not testable here") for claim, reason in NOT_TESTABLE.items()},
    }
    table = read()
    return table.join(pd.DataFrame([outcomes[claim] for claim in table.claim]))


def as_markdown(table: pd.DataFrame, figures_folder: str) -> str:
    """The claims with their verdicts as a table in Markdown, with links to figures.

    Args:
        table: as :func:`judged` returns it.
        figures_folder: where the figures lie, seen from where the table will stand.
    """
    lines = [
        "| | claim | the report calls it | measured here | on | verdict | figure |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in table.itertuples():
        link = linked(row.figure, figures_folder) if row.figure else ""
        texts = map(escaped, (row.claim, row.said, row.report, row.measured, row.on))
        cells = [*texts, f"**{escaped(row.verdict)}**", link]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _outcomes(folder: Path, study: str, claim: str) -> pd.DataFrame:
    """What 30_robustness wrote of a claim: one row an arm; empty where the study is not there."""
    if not folders.has_study(folder, study):
        return pd.DataFrame(columns=["arm"])
    return evidence.table(folder, study, "claims").query("claim == @claim")


def _noise(folder: Path, study: str, claim: str) -> dict:
    """Claims 1 and 2: the gain of synonyms over plain training, against the published average.

    The rule is statistics.verdict.
    """
    if not folders.has_study(folder, study):
        return evidence.missing(study)
    rows = _outcomes(folder, study, claim).rename(columns={"over as many updates": "over_updates"})
    by_arm = {row.arm: row for row in rows.itertuples()}
    synonyms = by_arm.pop(SMOOTHING, None)
    if synonyms is None:
        return evidence.missing(study, f" with the arm {SMOOTHING}")
    remarks = ""
    if synonyms.verdict == "step-explained":
        remarks += " The updates alone bring more than half of it."
    if synonyms.verdict.endswith("larger"):
        remarks += " It is larger than published."
    verdict = synonyms.verdict
    if synonyms.n_seeds < 2:
        verdict = "inconclusive"
    elif verdict in ("step-explained", "not reproduced: larger"):
        verdict = "not reproduced"
    other_noises = "; ".join(
        f"{figures.NOISE_NAME.get(name, name)} {evidence.points(row)} ({counted(row.n_seeds, 'seed')})"
        for name, row in by_arm.items()
    )
    over_updates = "not measured" if pd.isna(synonyms.over_updates) else f"{synonyms.over_updates:+.1f}"
    measured = (
        f"Synonyms {evidence.points(synonyms)} points over the model that training starts from, "
        f"{over_updates} over equally many updates without them.{remarks} "
        f"Other noises, over that model: {other_noises or 'none'}."
    )
    basis = evidence.measured_on(folder, study, synonyms.n_seeds, synonyms.n_items)
    return evidence.row(measured, basis, verdict, folder / study / "noise_effect.png")


def _two_languages(folder: Path) -> dict:
    """Claim 3: what pairs of two languages gain by synonyms minus what pairs of one gain.

    Decided where all studies at hand agree.
    """
    studies = ("robustness", "robustness-xnli")
    sentences, bases, verdicts = [], [], set()
    for study in studies:
        for row in _outcomes(folder, study, "3").query("arm == @SMOOTHING").itertuples():
            sentences.append(f"{study}: synonyms, two languages minus one {evidence.points(row)} points")
            bases.append(evidence.measured_on(folder, study, row.n_seeds, row.n_items))
            verdicts.add(row.verdict if row.n_seeds > 1 else "inconclusive")
    absent = [study for study in studies if not folders.has_study(folder, study)]
    gaps = [evidence.missing(study)["measured"] for study in absent]
    if not sentences:
        detail = f" with the arm {SMOOTHING} on pairs of two languages"
        gaps += [evidence.missing(study, detail)["measured"] for study in studies if study not in absent]
        return evidence.row(" ".join(gaps), "", "inconclusive")
    measured = " ".join(["; ".join(sentences) + ".", *gaps])
    verdict = verdicts.pop() if len(verdicts) == 1 else "inconclusive"
    figure = folder / "robustness/noise_generalized.png"
    return evidence.row(measured, "; ".join(bases), verdict, figure)


def _definition(folder: Path) -> dict:
    """Claim 4 is a definition.

    A cell of two languages holds items of the diagonal, each with the label it has everywhere.
    """
    candidates = ("robustness", "paws-x-factorial", "paws-x")
    present = [name for name in candidates if folders.has_study(folder, name)]
    if not present:
        return evidence.missing("paws-x")
    with_predictions = []
    for name in present:
        if collected.file(folder / name, collected.PREDICTIONS).is_file():
            with_predictions.append(name)
    if not with_predictions:
        return evidence.row(f"Study {present[0]} is here without its predictions.", "", "inconclusive")
    study = with_predictions[0]
    columns = ["item", "language1", "language2", "label"]
    cells = collected.predictions(folder / study, columns).drop_duplicates()
    off_diagonal = ~statistics.is_one_language(cells)
    if not off_diagonal.any():
        return evidence.missing(study, " on pairs of two languages")
    one_label = (cells.groupby("item").label.nunique() == 1).all()
    agree = bool(one_label and set(cells[off_diagonal]["item"]) <= set(cells[~off_diagonal]["item"]))
    n = len(cells[off_diagonal][["language1", "language2"]].drop_duplicates())
    kept_label = "every item keeps its label" if agree else "not every item keeps its label"
    measured = f"A definition. In {n} cells of two languages {kept_label}."
    return evidence.row(measured, study, "reproduced" if agree else "not reproduced")


def _direction(table: pd.DataFrame) -> str:
    """What a family of effects says of "this raises accuracy": by Holm's correction, never by one seed."""
    verdicts = set(statistics.judge(table).verdict)
    if {"up", "down"} <= verdicts:
        return "inconclusive"
    if "up" in verdicts:
        return "reproduced"
    if "down" in verdicts or verdicts == {"equivalent to nothing"}:
        return "not reproduced"
    return "inconclusive"


def _alignment(folder: Path) -> dict:
    """Claim 8, read as "alignment of contextual vectors raises accuracy".

    Alignment is centring, whitening and rotation of sentence vectors.
    """
    study = "adaptation-after"
    if not folders.has_study(folder, study):
        return evidence.missing(study)
    table = evidence.table(folder, study, "adaptation")
    table = table[table.adaptation.astype(str).str.startswith(("centre", "whiten", "procrustes"))]
    if table.empty:
        return evidence.missing(study, " with centring, whitening or rotation")
    effects = [
        f"{figures.adaptation_name(row.adaptation)} {evidence.points(row)}" for row in table.itertuples()
    ]
    measured = f"Effect on accuracy: {'; '.join(effects)} points."
    intervals = evidence.table(folder, study, "intervals")
    unadapted = intervals[intervals.adaptation == "none"][["accuracy", "majority"]].mean()
    if unadapted.accuracy < unadapted.majority:
        measured += (
            f" Without, {unadapted.accuracy:.1f} per cent are right, the more frequent answer is in "
            f"{unadapted.majority:.1f}: little is there to be raised."
        )
    basis = evidence.measured_on_table(folder, study, table)
    return evidence.row(measured, basis, _direction(table), folder / study / "adaptation_family.png")


def ladder_caption(folder: Path, table: pd.DataFrame) -> str:
    """What stands below the figure of :func:`ladder`."""
    basis = evidence.measured_on_table(folder, LADDER, table)
    return f"Study {basis}; mean of the targets; checkpoint: last."


def _ladder(folder: Path) -> dict:
    """Claim 9, read as "translations raise accuracy over labelled English alone".

    Judged are arms of rung Z3 that were not adapted otherwise.
    """
    table = ladder(folder)
    translations = table[(table.rung == "Z3") & (table.adaptation == "none")]
    if not folders.has_study(folder, LADDER):
        return evidence.missing(LADDER)
    if translations.empty:
        return evidence.missing(LADDER, " with translations beside plain training")
    measured = (
        "What translations (Z3) add to plain training (Z0), mean of the targets: "
        f"{evidence.by_strategy(translations)} points. What most published methods need is not a measurement."
    )
    basis = evidence.measured_on_table(folder, LADDER, table)
    return evidence.row(measured, basis, _direction(translations), folder / "claims" / "ladder.png")
