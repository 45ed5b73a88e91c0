"""Tables of benchmarks/: speed, and how often intervals are right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from xltlib.markdown import escaped
from xltlib.tables.cells import markdown, read

# What noise may cost, relative to plain training.
AIMS = {"FGM": 1.70, "PGD, 3 steps": 3.20, "RS-RP (gaussian)": 1.05, "RS-DA on the fly": 1.10}
IN_WORDS = {
    "ours": "xltlib",
    "ours, 4 lowest layers frozen": "xltlib, 4 lowest layers frozen, as in the studies here",
    "Trainer, fp32 (defaults)": "transformers' Trainer, its defaults (fp32, dynamic padding)",
    "Trainer, bf16": "transformers' Trainer, bf16",
    "CrossEncoderTrainer (defaults)": "sentence-transformers' CrossEncoderTrainer, its defaults",
    "Robust-XLT recipe (fp32, padded to 128)": "the Robust-XLT recipe (fp32, padded to 128, full vocabulary)",
    "RS-RP (gaussian)": "random perturbation",
    "RS-DA on the fly": "synonyms, drawn on the fly",
    "bi": "bi-encoder",
    "cross": "cross-encoder",
}
DRAWN = ("seed", "draw")  # what has noise of its own in a simulated study


def in_words(name: str) -> str:
    """A row's name, for readers who have not read the benchmark."""
    return escaped(IN_WORDS.get(name, name))


def by_device(folder: Path, cell: Callable[[pd.Series], str]) -> str:
    """What was measured beside peers: a row a contender, a column a device it was measured on."""
    table = read(folder, "throughput")
    devices = list(dict.fromkeys(table.device + "; " + table.encoder))
    cells: dict[str, list[str]] = {}
    for _, row in table.iterrows():
        of_contender = cells.setdefault(row["contender"], [""] * len(devices))
        of_contender[devices.index(f"{row['device']}; {row['encoder']}")] = cell(row)
    header = [escaped(name.removesuffix("; offline")) for name in devices]
    return markdown(["", *header], [[in_words(name), *values] for name, values in cells.items()])


def times(row: pd.Series, measure: str) -> str:
    """How many times as fast as a peer xltlib is; "" of itself."""
    ratio = row[f"{measure}, ours is faster by"]
    if row["contender"].startswith("ours") or pd.isna(ratio):
        return ""
    return f" · {ratio:.0f} ×" if ratio >= 10 else f" · {ratio:.1f} ×"


def throughput(folder: Path) -> str:
    """Training beside peers: pairs a second, the share of the matrix product's peak, and the ratio."""

    def cell(row: pd.Series) -> str:
        share = 100 * row["share of the matrix peak"]
        return f"{row['training, pairs/s']:.1f} · {share:.0f} %{times(row, 'training')}"

    return by_device(folder, cell)


def scoring_peers(folder: Path) -> str:
    """Scoring beside peers: pairs a second, and the ratio."""

    def cell(row: pd.Series) -> str:
        rate = row["scoring, pairs/s"]
        return "" if pd.isna(rate) else f"{rate:.1f}{times(row, 'scoring')}"

    return by_device(folder, cell)


def start_up(folder: Path) -> str:
    """Seconds before the first update, peak memory, and accuracy after equally many updates."""

    def cell(row: pd.Series) -> str:
        text = f"{row['start-up, s']:.1f} s · {row['peak memory, GiB']:.1f} GiB"
        if row["on the GPU, GiB"]:
            text += f" + {row['on the GPU, GiB']:.1f} GiB"
        return text if pd.isna(row["accuracy"]) else f"{text} · {row['accuracy']:.0f} %"

    return by_device(folder, cell)


def noise_cost(folder: Path) -> str:
    """Seconds a pair in training with noise, relative to plain training, beside the aim."""
    rows = []
    for _, row in read(folder, "noise").iterrows():
        name = row["relative to plain"]
        if name != "plain":
            cells = [f"{row[column]:.2f}" for column in ("0 layers frozen", "4 layers frozen")]
            rows.append([in_words(name), *cells, f"{AIMS[name]:.2f}"])
    return markdown(["noise", "all layers trained", "four lowest frozen", "aim"], rows)


def adaptation_speed(folder: Path) -> str:
    """Tokens a second of each adaptation beside fine-tuning."""
    rows = []
    for name, rate, relative in read(folder, "adaptation").to_numpy():
        rows.append([escaped(name), f"{rate:.0f}", f"{relative:.2f}"])
    return markdown(["training", "tokens a second", "relative to fine-tuning"], rows)


def scoring(folder: Path) -> str:
    """Scoring all pairs of languages beside the pairs in one language."""
    rows = []
    for name, diagonal, all_pairs, seconds, pairs, cost in read(folder, "scoring").to_numpy():
        numbers = [f"{diagonal:.1f}", f"{all_pairs:.1f}", f"{seconds:.1f}", f"{pairs:.1f}", f"{cost:.2f}"]
        rows.append([in_words(name), *numbers])
    header = ["head", "seconds, one language", "seconds, all pairs", "times the seconds", "times the pairs"]
    return markdown([*header, "cost of a pair"], rows)


def known_languages(folder: Path) -> str:
    """What the encoder knows of each language as it is: translations found, pieces a word, and its group."""
    rows = []
    for _, row in read(folder, "known_languages").iterrows():
        found = []
        for source in ("development", "text"):
            share, count = row[f"found, {source}"], row[f"n, {source}"]
            found.append("" if pd.isna(share) else f"{share:.0f} % of {count:.0f}")
        name = f"{escaped(row['name'])} ({row['language']})"
        on_list = "yes" if row["on the list"] else "no"
        rows.append([name, on_list, *found, f"{row['pieces a word']:.1f}", row["group"]])
    header = ["language", "in pretraining text", "found, development", "found, text", "pieces a word"]
    return markdown([*header, "known from"], rows)


def simulations(folder: Path) -> str:
    """How often intervals, Holm's correction and verdicts of equivalence are right in simulated studies.

    A row a design; where it was simulated with several noises, the lowest and the highest share.
    """
    shares, rows = ["languages", "mean", "Holm finds one"], []
    names = [*shares, "called equivalent"]
    table, design = read(folder, "intervals"), ["effect", "clusters", "seeds", "draws"]
    for (effect, clusters, seeds, draws), studies in table.groupby(design, sort=False):
        noises = []
        for name in DRAWN:
            values = sorted(studies[f"{name} noise"].unique())
            noises.append(", ".join(f"{noise:g}" for noise in values))
        cells = [f"{effect:g}", f"{clusters:,.0f}", f"{seeds:.0f}", noises[0]]
        cells += [f"{draws:.0f}", noises[1]] if draws else ["", ""]
        rows.append([*cells, *(_from_to(100 * studies[name]) for name in names), _from_to(studies["width"])])
    header = ["true effect", "clusters", "seeds", "seed noise", "draws", "their noise"]
    header += ["coverage, by language", "on the mean", "Holm finds one", "called equivalent"]
    header += ["width on the mean"]
    return markdown(header, rows)


def _from_to(values) -> str:
    """The lowest and the highest, or the only one."""
    ends = [f"{value:.1f}" for value in (values.min(), values.max())]
    return ends[0] if ends[0] == ends[1] else " to ".join(ends)
