"""Drawing a study: the notebooks that read the collected runs, and what is said of them on the console."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from xltlib import collected, files, kernels, languages, markdown
from xltlib.notebooks import LANGUAGE_BIAS
from xltlib.plan import Plan
from xltlib.records import machines_differ
from xltlib.stopping import kill_kernels
from xltlib.store import Store, WouldBeLost

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
        unlike: in what the machines of its runs differ; "" if in nothing.
    """

    figures: Path
    problem: str = ""
    report: Path | None = None
    answer: str = ""
    unlike: str = ""

    def __str__(self) -> str:
        if self.problem:
            return self.problem
        pictures = sorted(path.name for path in self.figures.iterdir() if path.suffix in (".png", ".svg"))
        lines = [accuracies(self.figures), self.answer, *([self.unlike] if self.unlike else [])]
        lines.append(f"in {self.figures}:")
        lines.append(f"  figures  {', '.join(pictures) or NO_FIGURES}")
        lines.append(f"  tables   {', '.join(sorted(path.name for path in self.figures.glob('*.csv')))}")
        if self.report is not None:
            lines.append(f"  report   {self.report.name}")
        return "\n".join(lines)


def draw(plan: Plan, store: Store, runs: Path, page: bool = False) -> Drawn:
    """Collect the finished runs and execute the notebooks that read them; figures about other runs go.

    All of it is made beside the study's folder and takes its places at the end. If drawing fails, the runs
    are exchanged alone, so that one can look; if collecting does, nothing is. The executed notebooks are kept
    in the folder of runs, which others may draw from meanwhile: what is said and reported is of one's own.

    Args:
        page: whether to write the summary as one HTML file.
    Raises:
        ValueError: no arm is done, or a file is damaged.
    """
    figures, answer = store.figures, ""
    try:
        with collected.exchanged(figures) as new_folder:
            records = store.collect(plan, new_folder)
            drafts = new_folder.parent
            problem = _notebooks(plan, records, new_folder, figures, runs)
            if problem:
                _keep_the_runs_alone(new_folder)
            else:
                summary = drafts / _of_summary(plan)
                answer = _answer(summary)
                if page:
                    _page(summary, new_folder / "report.html")
                for path in effect_files(figures):
                    if not (new_folder / path.name).exists():  # it is about other runs than these: let it go
                        (new_folder / path.name).touch()
    except (WouldBeLost, OSError) as error:
        return Drawn(figures, f"{error}" if isinstance(error, WouldBeLost) else f"{figures}: {error}")
    written = figures / "report.html" if page and not problem else None
    return Drawn(figures, problem, written, answer, machines_differ(records))


def _notebooks(plan: Plan, records: list[dict], new_folder: Path, figures: Path, runs: Path) -> str:
    """Execute what draws a study; returns "" or what went wrong.

    Args:
        records: of the collected runs.
        new_folder: folder that holds them, and gets what is drawn.
        figures: the folder that all this will move to: executed notebooks name that one.
        runs: folder that keeps the executed notebooks.
    """
    runs.mkdir(parents=True, exist_ok=True)  # in a clean checkout nothing made it yet
    common = {"study": plan.study.name, "save": True, "figures_folder": str(new_folder.parent)}
    targets = next(record for record in records if record["arm"])["parameters"]["targets"]
    source = languages.listed(targets)[0]  # what was trained on
    drawing = {plan.study.summary: (_of_summary(plan), {**common, "source": source})}
    if any(record.get("bias") for record in records):
        drawing[LANGUAGE_BIAS] = f"{plan.study.name}-language-bias.ipynb", {**common, "encoder": ""}
    for notebook, (name, parameters) in drawing.items():
        draft = new_folder.parent / name
        problem = _summarise(notebook, parameters, draft)
        if draft.exists():
            text = draft.read_text(encoding="utf-8").replace(str(new_folder.parent), str(figures.parent))
            draft.write_text(text, encoding="utf-8")
            with files.whole(runs / name) as part:
                part.write_text(text, encoding="utf-8")
        if problem:
            return problem
    return ""


def _of_summary(plan: Plan) -> str:
    """The name of the executed summary."""
    return f"{plan.study.name}-summary.ipynb"


def _keep_the_runs_alone(new_folder: Path) -> None:
    """Remove what was drawn before drawing failed."""
    for path in new_folder.iterdir():
        if path.name not in (collected.RUNS, collected.PREDICTIONS):
            path.unlink()


def _answer(notebook: Path) -> str:
    """The sentences that a summary begins with; "" of one that begins otherwise."""
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        for output in cell.get("outputs", []):
            if text := "".join(output.get("data", {}).get("text/markdown", "")):
                return markdown.plain(text) + "\n"
    return ""


def _page(notebook: Path, target: Path) -> None:
    from xltlib import report

    report.write(notebook, target)


def _summarise(notebook: str, parameters: dict, output: Path) -> str:
    """Execute a notebook that reads the collected runs; returns "" or what went wrong."""
    variables = kernels.environment(kernels.threads_of(1))
    # In the main thread papermill would take Ctrl-C for itself (stopping.py).
    with ThreadPoolExecutor(1) as aside:
        future = aside.submit(kernels.execute, notebook, output, parameters, variables)
        try:
            error = future.exception()
        except BaseException:
            kill_kernels()
            raise
    return f"{notebook}: {': '.join(kernels.reason(error, output))}" if error else ""


def effect_files(figures: Path) -> list[Path]:
    """The figures of effects that a study has, with their tables."""
    stems = ("adaptation_effect*", "group_effects*", "covariates*")
    found = [path for stem in stems for path in figures.glob(stem)]
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
