"""What all figures share: theme, names in words, colours and markers, titles and captions, files."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import matplotlib
import pandas as pd

from xltlib import frozen, languages
from xltlib.values import joined

matplotlib.rcParams["svg.hashsalt"] = "xltlib"  # SVG ids, and so the bytes, are the same every time
matplotlib.rcParams["text.parse_math"] = False  # a name with dollars in it is no formula

BARE = {"axes.spines.right": False, "axes.spines.top": False, "grid.color": "0.92"}
THEME = {"style": "whitegrid", "rc": BARE}
STRATEGIES = {  # name, colour, marker: apart for colour-blind readers and in greyscale
    "plain": ("monolingual batches", "#7F7F7F", "D"),
    "cross-lingual": ("cross-lingual batches", "#56B4E9", "^"),
    "hybrid": ("hybrid batches", "#0072B2", "o"),
    "labse": ("LaBSE", "#D55E00", "s"),
    "labse+cross-lingual": ("LaBSE, cross-lingual batches", "#E69F00", "v"),
    "labse+hybrid": ("LaBSE, hybrid batches", "#009E73", "P"),
    "labse-recipe": ("LaBSE recipe (align, then classify)", "#D55E00", "s"),
    "labse-recipe+cross-lingual": ("LaBSE recipe, cross-lingual batches", "#E69F00", "v"),
    "labse-recipe+hybrid": ("LaBSE recipe, hybrid batches", "#009E73", "P"),
}
ENCODER_NAME = {"offline": "multilingual-e5-small (offline)"}
ADAPTATION_NAME = {
    "none": "none",
    "mlm": "masked language modelling",
    "mlm-table": "masked language modelling (embedding table trained)",
    "mlm-ranking": "masked language modelling beside translation ranking",
    "mlm-ranking-table": "masked language modelling beside translation ranking (embedding table trained)",
    "align": "translation ranking",
    "tsdae": "denoising (TSDAE)",
    "syntax": "dependency trees",
    "dann": "domain discriminator",
    "coral": "CORAL",
    "mmd": "MMD",
    "consistency": "consistency on parallel pairs",
    "centre": "centring per language",
    "centre-detected": "centring per guessed language",
    "whiten": "whitening per language",
    "procrustes": "rotation onto English",
    "more-updates": "extra English updates (control)",
    "more-pairs": "more English pairs, of other kinds",
}
READ = {  # what a dose counts
    "consistency": "pairs",
    "align": "translations",
    "syntax": "trees",
    **dict.fromkeys(("mlm", "mlm-table", "mlm-ranking", "mlm-ranking-table", "tsdae"), "sentences"),
}
NOISE_NAME = {
    "plain": "start",
    "step-matched": "no noise (control)",
    "fgm": "FGM",
    "pgd": "PGD",
    "freelb": "FreeLB",
    "gaussian": "random perturbation",
    "uniform": "uniform perturbation",
    "synonyms": "synonyms",
    "drop": "words left out",
    "salt": "self-augmentation",
}
RUNS_ON = " Lines that reach the edge run on; the table has their ends."


def theme(**options) -> None:
    """seaborn's theme: these options, or those of most figures here."""
    import seaborn as sns  # imports scipy.stats: a run, which draws its losses alone, need not wait for it

    sns.set_theme(**(options or THEME))


def palette(colours: int) -> list:
    """So many colours that colour-blind readers can tell apart."""
    import seaborn as sns

    return sns.color_palette("colorblind", colours)


def base_strategy(strategy: str) -> str:
    """The strategy of the table above that one with a dose or a kind behind it is a case of."""
    fitting = [
        name for name in STRATEGIES if strategy == name or strategy.startswith((f"{name}-", f"{name}+"))
    ]
    return max(fitting, key=len, default="plain")


def look(strategy: str, head: str = "") -> tuple[str, str, str]:
    """Name, colour and marker of a strategy; under a frozen head the plain one has no batches to speak of.

    Example:
        >>> look("labse-recipe-100")[0]
        'LaBSE recipe (align, then classify), 100'
    """
    name, colour, marker = STRATEGIES[base_strategy(strategy)]
    if strategy == "plain" and head in frozen.FEATURES:
        name = "encoder as it is"
    rest = strategy.removeprefix(base_strategy(strategy)).lstrip("-+")
    if rest:
        name = f"{name}, {rest}"
    return name, colour, marker


def strategy_name(strategy: str, head: str = "") -> str:
    """The name of a strategy alone, without what stands there in brackets; of a difference both names.

    Example:
        >>> strategy_name("labse-recipe+hybrid"), strategy_name("hybrid - labse-recipe")
        ('LaBSE recipe, hybrid batches', 'hybrid batches minus LaBSE recipe')
    """
    names = [look(name, head)[0] for name in strategy.split(" - ")]
    return " minus ".join(re.sub(r" \(.*?\)", "", name) for name in names)


def encoder_name(encoder: str) -> str:
    """The name of an encoder.

    Example:
        >>> encoder_name("offline"), encoder_name("FacebookAI/xlm-roberta-base")
        ('multilingual-e5-small (offline)', 'FacebookAI/xlm-roberta-base')
    """
    return ENCODER_NAME.get(encoder, encoder)


def noise_looks(labels: list[str]) -> dict[str, tuple[str, str, str]]:
    """Name, colour and marker of arms with noise; those of known noises are the same in every figure.

    Example:
        >>> looks = noise_looks(["salt", "mine", "ours"])
        >>> looks["salt"][0], len(set(looks.values()))
        ('self-augmentation', 3)
    """
    order = [*NOISE_NAME, *(label for label in dict.fromkeys(labels) if label not in NOISE_NAME)]
    colours, markers = palette(len(NOISE_NAME)), "osD^vPXd<"  # 10 and 9: 90 pairs before one comes again
    looks = {}
    for label in labels:
        place = order.index(label)
        looks[label] = (NOISE_NAME.get(label, label), colours[place % 10], markers[place % 9])
    return looks


def in_order(strategies) -> list[str]:
    """Strategies as they stand side by side in figures, each once."""
    names = list(STRATEGIES)
    return sorted(set(strategies), key=lambda strategy: (names.index(base_strategy(strategy)), strategy))


def adaptation_name(adaptation: str) -> str:
    """An adaptation in words, with what tells it apart behind it.

    Example:
        >>> adaptation_name("mlm-wikipedia")
        'masked language modelling, wikipedia'
        >>> adaptation_name("mlm-16-languages")
        'masked language modelling, 16 languages'
        >>> adaptation_name("consistency-160")
        'consistency on parallel pairs, 160 pairs a language'
        >>> adaptation_name("consistency-de-es-fr")
        'consistency on parallel pairs, German, Spanish and French'
        >>> adaptation_name("dann+consistency")
        'domain discriminator + consistency on parallel pairs'
    """
    return " + ".join(_name_of_one(part) for part in adaptation.split("+"))


def _name_of_one(part: str) -> str:
    fitting = [name for name in ADAPTATION_NAME if part == name or part.startswith(f"{name}-")]
    base = max(fitting, key=len, default="")
    rest = re.sub(r"(\d+)-languages", r"\1 languages", part.removeprefix(base).lstrip("-"))
    if rest.isdecimal() and base in READ:
        rest = f"{int(rest):,} {READ[base]} a language"
    codes = rest.split("-")
    if all(code in languages.BY_CODE for code in codes):
        rest = joined([languages.row(code).name for code in codes])
    if not rest:
        return ADAPTATION_NAME[base]
    return f"{ADAPTATION_NAME.get(base, '')}, {rest}".strip(", ")


def titled(figure, title: str, caption: str):
    """The figure with a title above, if any, and what is to be known below."""
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=13)
    wrapped = textwrap.fill(caption, int(15 * figure.get_figwidth()))
    figure.supxlabel(wrapped, x=0.01, ha="left", fontsize=8, color="0.35")
    return figure


def cut_scale(axis, table: pd.DataFrame, times: float, must_fit: float = 0.0) -> str:
    """Cut the scale where intervals would dwarf all estimates, as those of two seeds can.

    Args:
        axis: of the table's ``effect, low, high``.
        times: how often the median end of an interval must fit.
        must_fit: something else, in points, that must fit.
    Returns:
        What is to be said below; "" where nothing was cut.
    """
    ends = table[["low", "high"]].abs().stack()
    edge = max(1.25 * max(table.effect.abs().max(), must_fit), times * ends.median())
    if ends.max() > edge:
        axis.set_ylim(-edge, edge)
        return RUNS_ON
    return ""


def file_name(stem: str) -> str:
    """The stem of a file's name, from names that may hold anything: no separators, blanks or marks.

    Example:
        >>> file_name("adaptation_effect_dann+mlm-100_cross"), file_name("adaptation_effect_../<a b>")
        ('adaptation_effect_dann+mlm-100_cross', 'adaptation_effect_..-a-b-')
    """
    return re.sub(r"[^\w.+-]+", "-", stem)


def save(figure, table: pd.DataFrame, stem: Path) -> None:
    """Write ``stem``.png (200 dpi), .svg and .csv; the same bytes every time the same thing is drawn."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    for kind, metadata in ((".png", {"Software": None}), (".svg", {"Date": None})):
        path = stem.with_name(stem.name + kind)  # with_suffix would cut a name with a dot in it
        figure.savefig(path, dpi=200, metadata=metadata)
    csv = stem.with_name(stem.name + ".csv")
    table.to_csv(csv, index=False, float_format="%.4f", lineterminator="\n")
