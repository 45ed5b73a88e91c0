"""Drawing a study: the notebooks that read the collected runs, and what is said of them on the console."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from xltlib import kernels, markdown
from xltlib.plan import Plan
from xltlib.stopping import kill_kernels

BIAS = "40_language_bias"
NO_FIGURES = (
    "none: no arm with adaptation has one without beside it "
    "(a study of noise asks for summary: 30_robustness)"
)


@dataclass
class Drawn:
    """What a study's summary left.

    Attributes:
        figures: the study's folder.
        problem: what went wrong; "" if nothing did.
        report: the page that was written, if one was asked for.
        answer: what the summary begins with.
    """

    figures: Path
    problem: str = ""
    report: Path | None = None
    answer: str = ""

    def __str__(self) -> str:
        if self.problem:
            return self.problem
        own = effect_files(self.figures) or sorted(self.figures.glob("noise_*"))
        pictures = [path.name for path in own if path.suffix in (".png", ".svg")]
        lines = [accuracies(self.figures), self.answer, f"in {self.figures}:"]
        lines.append(f"  figures  {', '.join(pictures) or NO_FIGURES}")
        lines.append(f"  tables   {', '.join(sorted(path.name for path in self.figures.glob('*.csv')))}")
        if self.report is not None:
            lines.append(f"  report   {self.report.name}")
        return "\n".join(lines)


def draw(plan: Plan, collected: list[dict], figures: Path, runs: Path, page: bool = False) -> Drawn:
    """Execute the notebooks that read the collected runs; figures about other runs than these are removed.

    Args:
        collected: of Store.collect.
        page: whether to write the summary as one HTML file.
    """
    runs.mkdir(
        parents=True, exist_ok=True
    )  # in a clean checkout, where committed runs are drawn, nothing made it yet
    summary, given = runs / f"{plan.study.name}-summary.ipynb", {"study": plan.study.name, "save": True}
    given["figures_folder"] = str(figures.parent)
    before = {path: path.stat().st_mtime_ns for path in effect_files(figures)}
    first = next(record for record in collected if record["arm"])["parameters"]["targets"]
    source = {"source": first.replace(",", " ").split()[0]}  # what was trained on
    problem = _summarise(plan.study.summary, {**given, **source}, summary)
    if not problem and any(record.get("bias") for record in collected):
        problem = _summarise(BIAS, {**given, "encoder": ""}, runs / f"{plan.study.name}-language-bias.ipynb")
    if problem:
        return Drawn(figures, problem)
    for path, stamp in before.items():
        if (
            path.stat().st_mtime_ns == stamp
        ):  # not drawn now: it is about other runs than those just collected
            path.unlink()
    return Drawn(figures, "", _page(summary, figures / "report.html") if page else None, _answer(summary))


def _answer(notebook: Path) -> str:
    """The sentences that a summary begins with; "" of one that begins otherwise."""
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        for output in cell.get("outputs", []):
            if said := "".join(output.get("data", {}).get("text/markdown", "")):
                return markdown.plain(said) + "\n"
    return ""


def _page(notebook: Path, target: Path) -> Path:
    from xltlib import report

    return report.write(notebook, target)


def _summarise(notebook: str, given: dict, output: Path) -> str:
    """Execute a notebook that reads the collected runs; returns "" or what went wrong."""
    variables = kernels.environment(kernels.threads_of(1))
    # In the main thread papermill would take Ctrl-C for itself (stopping.py).
    with ThreadPoolExecutor(1) as aside:
        drawn = aside.submit(kernels.execute, notebook, output, given, variables)
        try:
            error = drawn.exception()
        except BaseException:
            kill_kernels()
            raise
    return f"{notebook}: {': '.join(kernels.reason(error, output))}" if error else ""


def effect_files(figures: Path) -> list[Path]:
    """The figures of effects that a study has, with their tables."""
    found = figures.glob("adaptation_effect*")
    return sorted(path for path in found if path.suffix in (".png", ".svg", ".csv"))


def accuracies(figures: Path) -> str:
    """The accuracies of a study as text, an arm a column; of one with a summary of its own, nothing."""
    if not (figures / "intervals.csv").exists():
        return ""
    rows = pd.read_csv(figures / "intervals.csv")
    several = [name for name in ("encoder", "head") if rows[name].nunique() > 1]
    rows["arm"] = rows[[*several, "strategy", "adaptation"]].agg(", ".join, axis=1)
    rows["shown"] = [f"{row.accuracy:.1f} [{row.low:.1f}, {row.high:.1f}]" for row in rows.itertuples()]
    shown = rows.pivot_table(index="language", columns="arm", values="shown", aggfunc="first", sort=False)
    shown["majority"] = rows.groupby("language", sort=False).majority.first().round(1)
    title = "accuracy in per cent with 95 % interval over items, last checkpoint, beside the majority rate:"
    return f"\n{title}\n{shown.rename_axis(index=None, columns=None).to_string()}\n"
