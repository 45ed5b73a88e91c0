"""Which page has which tables, and writing them between their markers."""

from __future__ import annotations

import re
from pathlib import Path

from xltlib import files
from xltlib.tables import adaptation, benchmarks, controls, encoders, groups, matched, robustness, sensitivity

TABLES = {  # name of a marker -> function
    "answer": adaptation.answer,
    "accuracy": adaptation.accuracy,
    "effects": adaptation.effects,
    "by-language": adaptation.by_language,
    "by-seed": adaptation.by_seed,
    "differences": adaptation.differences,
    "costs": adaptation.costs,
    "other-tests": adaptation.other_tests,
    "held-out": encoders.held_out,
    "on-the-way": encoders.on_the_way,
    "development": encoders.development,
    "trees": encoders.trees,
    "bias": adaptation.bias,
    "intervals": adaptation.intervals,
    "majority": adaptation.majority,
    "floors": adaptation.floors,
    "rules": adaptation.rules,
    "two-languages": adaptation.two_languages,
    "pairs": controls.pairs,
    "controls": controls.controls,
    "doses": adaptation.doses,
    "group-chance": groups.chance,
    "group-accuracy": groups.accuracy,
    "group-strategies": groups.strategies,
    "group-effects": groups.effects,
    "group-differences": groups.differences,
    "group-controls": groups.controls,
    "group-doses": groups.doses,
    "group-larger-doses": groups.larger_doses,
    "group-power": groups.power,
    "group-retrieval": groups.retrieval,
    "group-distance": groups.rank_distance,
    "translate-test": groups.translate_test,
    "group-matched": matched.group_effects,
    "group-matched-differences": matched.group_differences,
    "group-answers": matched.group_answers,
    "matched": matched.effects,
    "matched-accuracy": matched.accuracy,
    "effects-on-parts": sensitivity.effects_on_parts,
    "over-the-control": sensitivity.over_the_control,
    "effects-on-english": sensitivity.effects_on_english,
    "study-power": sensitivity.power,
    "english-model": sensitivity.english_model,
    "noise": robustness.noise,
    "noise-strength": robustness.noise_strength,
    "claims": robustness.claims,
    "ladder": robustness.ladder,
    "throughput": benchmarks.throughput,
    "scoring-peers": benchmarks.scoring_peers,
    "start-up": benchmarks.start_up,
    "noise-cost": benchmarks.noise_cost,
    "adaptation-speed": benchmarks.adaptation_speed,
    "scoring": benchmarks.scoring,
    "simulations": benchmarks.simulations,
    "known-languages": benchmarks.known_languages,
}
PEERS = ("throughput", "scoring-peers", "start-up")
EFFECTS = ("accuracy", "effects", "by-language", "by-seed")
LEVELS = ("group-chance", "group-accuracy", "group-strategies")
BY_GROUP = ("group-effects", "group-differences", "group-controls", "group-power")
VECTORS = ("group-retrieval", "group-distance", "held-out", "on-the-way")
ANSWERS = ("group-answers", "group-matched")
DOSES = ("on-the-way", "by-language")
OF_ARMS = ("accuracy", "effects", "by-language")
TREES = ("trees", "held-out", "on-the-way")
BEYOND = ("controls", "costs", "other-tests")
PARTS = ("effects-on-parts", "over-the-control", "effects-on-english", "study-power", "english-model")
PARAPHRASES = ("group-accuracy", "matched-accuracy", "floors")
STUDIES = {
    "paws-x": (*EFFECTS, "differences", "matched", "majority", "costs", "other-tests", "held-out"),
    "paws-x-strong": (*EFFECTS, "differences", "matched", *BEYOND, *PARTS, "held-out", "on-the-way"),
    "paws-x-factorial": (*EFFECTS, "differences", "two-languages", "pairs", "bias", "held-out"),
    "paws-x-bi": (*EFFECTS, "differences", "two-languages", "majority", "held-out"),
    "paws-x-parallel": (*EFFECTS, "differences", "held-out"),
    "adaptation": (*EFFECTS, "costs", "held-out"),
    "adaptation-after": ("effects", "by-language", "majority", "costs", "held-out"),
    "adaptation-dose": ("doses", "by-seed", "by-language", "costs"),
    "baseline": ("accuracy", "floors", "rules"),
    "syntax": (*TREES, *OF_ARMS, "controls", "by-seed", "doses", "matched", "pairs", "costs"),
    "syntax-settings": ("development",),
    "paraphrase": ("group-effects", "by-language", *ANSWERS, *PARAPHRASES),
    "lowres-nli": (*LEVELS, *BY_GROUP, *ANSWERS, "group-matched-differences", *VECTORS, "by-language"),
    "lowres-nli-dose": ("group-doses", "group-larger-doses", *ANSWERS, "group-accuracy", *DOSES),
    "demo": ("intervals", "effects", "by-language", "by-seed", "differences", "held-out"),
    "demo-hard": ("intervals", "effects", "by-language", "differences", "held-out"),
    "robustness": ("noise", "noise-strength"),
    "robustness-xnli": ("noise",),
    "claims": ("claims", "ladder"),
}
PAGES = {  # page -> folder of its CSV files, its tables
    "README.md": ("figures/paws-x-strong", ("answer",)),
    "docs/measuring.md": ("benchmarks", ("simulations",)),
    "docs/preregistration.md": ("benchmarks", ("known-languages",)),
    "docs/preregistration-paws-x.md": ("benchmarks/paws-x-strong-settings", ("development",)),
    "figures/lowres-nli-translated/README.md": ("benchmarks", ("translate-test",)),
    "docs/speed.md": ("benchmarks", (*PEERS, "adaptation-speed", "noise-cost", "scoring")),
    **{f"figures/{study}/README.md": (f"figures/{study}", names) for study, names in STUDIES.items()},
}
MARKED = re.compile(r"<!-- (?P<name>[\w-]+) -->\n.*?<!-- /(?P=name) -->", re.DOTALL)


def filled(text: str, folder: Path) -> str:
    """A page with its tables written anew.

    Args:
        text: with markers.
        folder: of the CSV files.
    Raises:
        ValueError: a marker names no table, or has no end, or a CSV file lacks what a table needs.
    """
    for name in re.findall(r"<!-- ([\w-]+) -->", text):
        if name not in TABLES:
            raise ValueError(f"no table {name!r}: there are {', '.join(TABLES)}")
        if f"<!-- /{name} -->" not in text:
            raise ValueError(f"<!-- {name} --> has no end: write <!-- /{name} --> below the table")

    def anew(match: re.Match) -> str:
        name = match["name"]
        try:
            table = TABLES[name](folder)
        except KeyError as error:
            raise ValueError(f"table {name} of {folder}: its CSV files have no {error}") from error
        except (ValueError, TypeError, IndexError, AttributeError) as error:  # pandas' name no file
            raise ValueError(f"table {name} of {folder}: {error}") from error
        return f"<!-- {name} -->\n{table}\n<!-- /{name} -->"

    return MARKED.sub(anew, text)


def write(page: Path, folder: Path) -> bool:
    """Write a page's tables anew; returns whether anything has changed.

    Raises:
        OSError: the page, or a CSV file, is not there or cannot be written.
        ValueError: as :func:`filled`, or the page is no UTF-8.
    """
    try:
        before = page.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{page}: no UTF-8 ({error.reason} at byte {error.start})") from error
    after = filled(before, folder)
    if after != before:
        with files.whole(page) as part:
            part.write_text(after, encoding="utf-8")
    return after != before
