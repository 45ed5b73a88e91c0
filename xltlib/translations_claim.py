"""Claim 10, of the want of translations; its rule was written after the study's accuracies had been seen."""

from __future__ import annotations

from pathlib import Path

from xltlib import collected, evidence, folders, provenance

STUDY = "lowres-nli"
TRANSLATED = "known-from-translations"  # its group of low-resource languages with translations


def judged(folder: Path, direction) -> dict:
    """Claim 10 as a row of claims.judged.

    That translations are hard to come by is no measurement. Read as "they are missed": where there are some,
    reading them raises accuracy in low-resource languages over labelled English alone. The strategies that
    read them make more updates, too.

    Args:
        folder: where studies lie.
        direction: what a family of effects says of "this raises accuracy" (claims.py).
    """
    if not folders.has_study(folder, STUDY):
        return evidence.missing(STUDY)
    if not collected.file(folders.of_study(folder, STUDY), "over_plain.csv").is_file():
        return evidence.missing(STUDY, " with translations beside plain training")
    table = evidence.table(folder, STUDY, "over_plain")
    table = table[table.language == TRANSLATED]
    measured = (
        f"What reading translations adds to labelled English in languages {TRANSLATED.replace('-', ' ')}, "
        f"without adaptation: {evidence.by_strategy(table)} points. {_untranslated(folder)} have none here. "
        "How hard they are to come by is not a measurement."
    )
    items = evidence.table(folder, STUDY, "adaptation_effect").n_items.max()
    basis = evidence.measured_on(folder, STUDY, int(table.n_seeds.max()), int(items))
    return evidence.row(measured, basis, direction(table))


def _untranslated(folder: Path) -> str:
    """How many of the targets have no translations in what the study reads: "3 of 17 languages"."""
    state = folders.state(folder, STUDY, {"read": list})
    targets = {code for codes in state["groups"].values() for code in codes.split()}
    entries = [entry for run in state["runs"] for entry in provenance.from_record(run["read"])]
    translated = {code for entry in entries if entry.kind == "parallel" for code in entry.languages}
    return f"{len(targets - translated)} of {len(targets)} languages"
