"""Tables of benchmarks/: speed, and how often intervals are right."""

from __future__ import annotations

from pathlib import Path

from xltlib.tables.cells import markdown, read

# What noise may cost, relative to plain training.
AIMS = {"FGM": 1.70, "PGD, 3 steps": 3.20, "RS-RP (gaussian)": 1.05, "RS-DA on the fly": 1.10}
IN_WORDS = {
    "ours": "xltlib",
    "ours, 4 lowest layers frozen": "xltlib, 4 lowest layers frozen, as in the studies here",
    "Trainer, fp32 (defaults)": "transformers' Trainer, its defaults (fp32, dynamic padding)",
    "Trainer, bf16": "transformers' Trainer, bf16 (emulated: the machine has none)",
    "Robust-XLT recipe (fp32, padded to 128)": "the Robust-XLT recipe (fp32, padded to 128, full vocabulary)",
    "RS-RP (gaussian)": "random perturbation",
    "RS-DA on the fly": "synonyms, drawn on the fly",
    "bi": "bi-encoder",
    "cross": "cross-encoder",
}


def in_words(name: str) -> str:
    """A row's name, for readers who have not read the benchmark."""
    return IN_WORDS.get(name, name)


def throughput(folder: Path) -> str:
    """Training throughput beside peers."""
    rows = []
    for _, row in read(folder, "throughput").iterrows():
        ratio, faster = row["ours is faster by"], ""
        if not row["contender"].startswith("ours"):
            faster = f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.1f}"
        peak = f"{100 * row['share of the matrix peak']:.0f} %"
        rows.append([in_words(row["contender"]), f"{row['pairs/s']:.1f}", faster, peak])
    header = ["training", "pairs a second", "xltlib is faster by", "of the matrix product's peak"]
    return markdown(header, rows)


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
        rows.append([name, f"{rate:.0f}", f"{relative:.2f}"])
    return markdown(["training", "tokens a second", "relative to fine-tuning"], rows)


def scoring(folder: Path) -> str:
    """Scoring all pairs of languages beside the pairs in one language."""
    rows = []
    for name, diagonal, every, seconds, pairs, cost in read(folder, "scoring").to_numpy():
        numbers = [f"{diagonal:.1f}", f"{every:.1f}", f"{seconds:.1f}", f"{pairs:.1f}", f"{cost:.2f}"]
        rows.append([in_words(name), *numbers])
    header = ["head", "seconds, one language", "seconds, all pairs", "times the seconds", "times the pairs"]
    return markdown([*header, "cost of a pair"], rows)


def simulations(folder: Path) -> str:
    """How often intervals, Holm's correction and verdicts of equivalence are right in simulated studies."""
    shares, rows = ["languages", "mean", "percentile", "Holm finds one", "called equivalent"], []
    for _, row in read(folder, "intervals").iterrows():
        design = [f"{row['effect']:g}", f"{row['seeds']:.0f}", f"{row['clusters']:,.0f}"]
        rows.append([*design, f"{row['seed noise']:g}", *(f"{100 * row[name]:.1f}" for name in shares)])
    header = ["true effect, points", "seeds", "clusters", "seed noise, points", "hold it, by language"]
    header += ["on the mean", "plain percentiles", "Holm finds one", "called equivalent"]
    return markdown(header, rows)
