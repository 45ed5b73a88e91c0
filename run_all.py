"""Run a study: plan its graph, execute the notebooks through papermill, resume, collect, draw, report.

    python run_all.py demo                     # whatever is not done yet
    python run_all.py paws-x --list            # the plan, and what is done
    python run_all.py paws-x --set seeds=1,2,3 --jobs 2
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from tqdm import tqdm

from xltlib import records, tasks

ROOT = Path(__file__).resolve().parent
ADAPT, FINETUNE, FROZEN, BIAS, SUMMARY = "10_adapt", "20_finetune", "21_frozen", "40_language_bias", "90_summary"
QUIET = ["--IPKernelApp.log_level=40"]  # kernels otherwise warn, once a run, that they listen on the loopback interface
FIELDS = {"about", "cost", "seeds", "common", "adapt", "trunk", "finetune", "summary"}


@dataclass
class Node:
    """One notebook to execute: its label in tables, checked parameters, the labels it waits for, whether it is an arm to compare."""

    label: str
    notebook: str
    parameters: dict
    needs: list[str] = field(default_factory=list)
    arm: bool = False

    @property
    def run(self) -> str:
        return records.run_id(self.notebook, self.parameters)


def plan(study: dict, overrides: dict, data: str, runs: Path) -> dict[str, Node]:
    """The study's graph, in an order in which it can run: adapted encoders, then arms (and what they start from) per seed.

    Raises:
        ValueError: an unknown field, parameter, type or reference; names it.
    """
    unknown = set(study) - FIELDS
    if unknown:
        raise ValueError(f"unknown field {sorted(unknown)[0]!r} in the study: known are {', '.join(sorted(FIELDS))}")
    overrides = dict(overrides)
    if "seed" in {**study.get("common", {}), **overrides} or not (overrides.get("seeds") or study.get("seeds")):
        raise ValueError("name the seeds of a study as seeds, a list: seeds: [1, 2] or --set seeds=1,2")
    chosen_seeds = overrides.pop("seeds", None)
    seeds = whole_numbers(chosen_seeds or study["seeds"])
    # An arm may name seeds of its own, more or fewer; seeds asked for on the command line hold for all.
    seeds_of = {label: whole_numbers((own or {}).get("seeds", seeds)) if not chosen_seeds else seeds for label, own in study.get("finetune", {}).items()}
    declared = {notebook: records.declared_parameters(notebook) for notebook in (ADAPT, FINETUNE, FROZEN)}
    common = {**study.get("common", {}), **overrides}
    for name in common:
        if not any(name in names for names in declared.values()):
            known = sorted({name for names in declared.values() for name in names})
            raise ValueError(f"no notebook has a parameter {name!r}: known are seeds, {', '.join(known)}")

    nodes: dict[str, Node] = {}

    def add(label: str, own: dict, suffix: str, trunk: bool = False) -> None:
        notebook = ADAPT if "method" in own else FROZEN if "features" in own else FINETUNE
        if notebook == ADAPT and suffix and not own.get("start"):
            raise ValueError(f"{label}: an adaptation among the arms needs start, the model it adapts; adapted encoders go under adapt")
        shared = {name: value for name, value in common.items() if name in declared[notebook]}
        forced = {name: value for name, value in overrides.items() if name in declared[notebook]}
        if own.get("encoder") in nodes:
            forced.pop("encoder", None)  # the adapted encoder this arm names starts from the override itself
        chosen = {**shared, **own, **forced, "data": data, "runs": str(runs)}
        needs = []
        for name in ("encoder", "start"):  # a label of the study becomes the id of the run it stands for
            value = chosen.get(name, "")
            for candidate in (value, value + suffix):
                if candidate in nodes:
                    needs.append(candidate)
                    chosen[name] = nodes[candidate].run
                    break
            else:
                if name == "start" and value:
                    raise ValueError(f"{label}: start {value!r} is nothing above it in the study")
            if name == "start" and value and not nodes[needs[-1]].parameters.get("keep_model", nodes[needs[-1]].parameters["start"]):
                raise ValueError(f"{label}: starts from {value!r}, which keeps no trained model: give it keep_model: true, or, if it is an adaptation, a start")
        for name in ("encoder", "text", "parallel", "dictionary", "synonyms", "source_text", "penalty_text", "after_text", "after_parallel"):  # kernels run in notebooks/: a relative folder would be another one
            if chosen.get(name) and (Path(chosen[name]).is_dir() or (name == "synonyms" and Path(chosen[name]).is_file())):
                chosen[name] = str(Path(chosen[name]).resolve())
            elif name == "dictionary" and chosen.get(name):
                raise ValueError(f"{label}: dictionary {chosen[name]!r} is no folder; it holds word lists <source>-<language>.txt")
            elif name.endswith(("text", "parallel")) and not data and not set(chosen.get(name, "").split()) <= {*tasks.DEMO_TEXT, "task"}:
                raise ValueError(f"{label}: {name} {chosen[name]!r} comes from a data folder, not from the hub: set XLTLIB_DATA or --data")
        if label + suffix in nodes:
            raise ValueError(f"{label!r} stands twice in the study: give one of them another name")
        nodes[label + suffix] = Node(label + suffix, notebook, records.check_parameters(notebook, chosen), needs, notebook != ADAPT and not trunk)

    for label, own in study.get("adapt", {}).items():
        add(label, {"method": "mlm", **(own or {})}, "")
    for seed in sorted({*seeds, *(seed for own in seeds_of.values() for seed in own)}):
        for section in ("trunk", "finetune"):
            for label, own in study.get(section, {}).items():
                own = {name: value for name, value in (own or {}).items() if name != "seeds"}
                if section == "finetune" and seed not in seeds_of[label]:
                    continue
                if "features" in (own or {}) and not own.get("start") and seed != seeds[0]:
                    continue  # frozen vectors of the encoder itself: nothing is drawn, another seed would give the same again
                add(label, {**(own or {}), "seed": seed}, f" seed {seed}", section == "trunk")
    own_control = ("noise", "noise_strength", "noise_copies", "synonyms", "joint", "names_safe", "votes", "attack_radius", "keep_model")
    rest = lambda node: {name: value for name, value in node.parameters.items() if name not in own_control}
    for node in nodes.values():  # copies kept with the passes made more updates, too: only a control tells the two apart
        if node.parameters.get("noise_copies") and not any(of.notebook == FINETUNE and not of.parameters["noise"] and rest(of) == rest(node) for of in nodes.values()):
            raise ValueError(f"{node.label}: noise_copies without a control; give the study an arm with the same parameters, as many steps and no noise")
    return nodes


def whole_numbers(seeds: int | list) -> list[int]:
    """Seeds as a list.

    Raises:
        ValueError: they are no whole numbers from 1.
    """
    seeds = [seeds] if isinstance(seeds, int) else list(seeds)
    if any(type(seed) is not int or seed < 1 for seed in seeds):
        raise ValueError(f"seeds {seeds}: a list of whole numbers from 1, as in [1, 2]")
    return seeds


def outdated(nodes: dict[str, Node], runs: Path, codes: dict[str, str] | None = None, kept: dict[str, dict] | None = None) -> set[str]:
    """Labels of what is not done: no record, other parameters or code, or made from what is outdated or was made anew since.

    Args:
        codes: label -> fingerprint of the code that a run must be made by; None: any.
        kept: records of :func:`committed`, which stand in for those that are not in ``runs``.
    """
    found: set[str] = set()
    for label, node in nodes.items():
        record = records.read(runs / node.run) or {}
        of = (kept or {}).get(node.run) if not record else None  # its id is that of these parameters
        if of and (codes is None or of["code"] == codes[label]) and not found.intersection(node.needs):
            continue
        fingerprint = record.get("code") if codes is None else codes[label]
        parents = record.get("parents", {})
        if (
            not records.done(runs / node.run, node.parameters, fingerprint)
            or found.intersection(node.needs)
            or any(parents.get(nodes[need].run) != records.digest(runs / nodes[need].run) for need in node.needs)
        ):
            found.add(label)
    return found


def committed(study: str, figures: Path) -> dict[str, dict]:
    """Records that ``figures/<study>`` holds, by run id: of arms whose predictions are there, and of what they started from.

    A record is found by the id that its parameters have today: those that a notebook was given since are at their defaults in it.
    """
    try:
        state = json.loads((figures / "runs.json").read_text(encoding="utf-8"))
        predicted = set(pd.read_parquet(figures / "predictions.parquet", columns=["run"]).run)
    except (OSError, ValueError):
        return {}
    found, today = {}, {}
    for record in state["runs"] if state["study"] == study else ():
        defaults = {name: default for name, (_, default) in records.declared_parameters(record["notebook"]).items()}
        completed = defaults | {name: today.get(value, value) for name, value in record["parameters"].items()}
        today[record["run"]] = run = records.run_id(record["notebook"], completed)
        if record["run"] in predicted or not record.get("arm", record["notebook"] != ADAPT):
            found[run] = record
    return found


def models_needed(todo: set[str], nodes: dict[str, Node], runs: Path) -> set[str]:
    """What must be made again for the sake of these: what they start from and is not in ``runs``, be its record committed or not."""
    more = {need for label in todo for need in nodes[label].needs if need not in todo and records.read(runs / nodes[need].run) is None}
    return more | models_needed(more, nodes, runs) if more else set()


def run_one(notebook: str, parameters: dict, folder: str, threads: int) -> str:
    """Execute one notebook in a fresh kernel; returns "" or what went wrong. The record alone says it is done."""
    import papermill

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for stale in ("record.json", "FAILED.json"):
        (folder / stale).unlink(missing_ok=True)
    # Kernels inherit this: two trainings with two threads each on two cores run many times slower.
    os.environ.update(OMP_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads), TOKENIZERS_PARALLELISM="false")
    try:
        papermill.execute_notebook(
            ROOT / "notebooks" / f"{notebook}.ipynb", folder / "notebook.ipynb", parameters,
            cwd=str(ROOT / "notebooks"), kernel_name="python3", progress_bar=False, extra_arguments=QUIET,
        )  # fmt: skip
    except Exception as error:  # one failed run must not stop the others
        lines = [line for line in str(error).splitlines() if line.strip() and not line.startswith("---")]
        cell = getattr(error, "exec_count", None)
        kind = getattr(error, "ename", type(error).__name__)
        failure = {"type": kind, "cell": cell, "message": (lines or [""])[-1].removeprefix(f"{kind}: ")}
        (folder / "FAILED.json").write_text(json.dumps(failure, indent=1))
        return f"{kind} in cell {cell}: {failure['message']} (see {folder.name}/notebook.ipynb)"
    return "" if records.read(folder) else "ended without a record"


def chain_behind(label: str, nodes: dict[str, Node], todo: set[str]) -> int:
    """How many runs wait for this one in the longest chain: such come first, so that no job is left alone with a chain at the end."""
    return 1 + max((chain_behind(other, nodes, todo) for other in todo if label in nodes[other].needs), default=0)


def execute(nodes: dict[str, Node], todo: list[str], executor: Executor, jobs: int, threads: int, runs: Path) -> dict[str, str]:
    """Run the nodes as their needs are met, ``jobs`` at a time; returns label -> problem of those that did not finish."""
    waiting, running, failed = sorted(todo, key=lambda label: -chain_behind(label, nodes, set(todo))), {}, {}
    with tqdm(total=len(todo), desc="runs", unit="run") as bar:
        while waiting or running:
            for label in list(waiting):
                node = nodes[label]
                broken = [need for need in node.needs if need in failed]
                if broken:
                    failed[label] = f"not run: needs {broken[0]}"
                    waiting.remove(label)
                    bar.update()
                elif len(running) < jobs and not any(need in waiting or need in running.values() for need in node.needs):
                    future: Future = executor.submit(run_one, node.notebook, node.parameters, str(runs / node.run), threads)
                    running[future] = label
                    waiting.remove(label)
            bar.set_postfix_str(", ".join(running.values())[:60])
            for future in wait(running, return_when=FIRST_COMPLETED).done if running else ():
                label = running.pop(future)
                problem = f"{type(future.exception()).__name__}: {future.exception()}" if future.exception() else future.result()
                if problem:
                    failed[label] = problem
                tqdm.write(f"{'FAILED' if problem else 'done  '} {label}{': ' + problem if problem else ''}")
                bar.update()
    return failed


def dropped(figures: Path, labels: set[str]) -> list[str]:
    """Runs that a study's folder of figures holds, and that are not among these."""
    state = json.loads((figures / "runs.json").read_text(encoding="utf-8")) if (figures / "runs.json").exists() else {"runs": []}
    return [run["label"] for run in state["runs"] if run["label"] not in labels]


def collect(name: str, about: str, finished: list[Node], missing: list[str], runs: Path, figures: Path, kept: dict[str, dict]) -> list[dict]:
    """Gather a study's finished runs into ``figures/<study>/``, runs.json and the compact predictions.parquet; returns their records.

    Args:
        about: what the summary says of the study.
        kept: of :func:`committed`; their predictions are taken from where they are committed.
    """
    summaries, predictions = [], []
    finished_records = [records.read(runs / node.run) or kept[node.run] for node in finished]
    earlier = pd.read_parquet(figures / "predictions.parquet").astype({"run": str}) if kept else pd.DataFrame(columns=["run"])
    several = records.several([record["read"] for node, record in zip(finished, finished_records) if node.arm])
    for node, record in zip(finished, finished_records):
        for place in records.PLACES:
            record["parameters"].pop(place, None)
        record["rung"] = records.rung(record["read"])  # names and rungs by today's rules, from what was read
        if node.arm:
            record |= records.arm(record["read"], record["encoder"], record["head"], several, record.get("noise", ""))
            own = runs / node.run / "predictions.parquet"
            predictions.append(pd.read_parquet(own).assign(run=node.run) if own.exists() else earlier[earlier.run == record["run"]])
        summaries.append({"label": node.label, "arm": node.arm, **record})
    figures.mkdir(parents=True, exist_ok=True)
    state = {"study": name, "about": about, "missing": missing, "runs": summaries}
    (figures / "runs.json").write_text(json.dumps(state, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if predictions:
        table = pd.concat(predictions, ignore_index=True)
        for column in ("run", "language1", "language2", "selection"):
            table[column] = table[column].astype("category")
        # Rules of selection often choose the same checkpoint: its rows side by side, as plain floats, compress to one.
        place = table.groupby(["run", "selection"], observed=True).cumcount()
        table = table.iloc[np.lexsort([place, pd.factorize(table.run)[0]])]
        repeating = [column for column in table if not pd.api.types.is_float_dtype(table[column])]
        table.to_parquet(figures / "predictions.parquet", index=False, compression="zstd", compression_level=12, use_dictionary=repeating)
    return summaries


def accuracies(figures: Path) -> str:
    """The accuracies of a study as text; of one with a summary of its own, where to look."""
    if not (figures / "intervals.csv").exists():
        return f"\nall figures and tables: {figures}\n"
    table = pd.read_csv(figures / "intervals.csv")
    arm = [name for name in ("encoder", "head") if table[name].nunique() > 1] + ["strategy", "adaptation"]
    table["shown"] = [f"{row.accuracy:.1f} [{row.low:.1f}, {row.high:.1f}]" for row in table.itertuples()]
    shown = table.pivot_table(index="language", columns=arm, values="shown", aggfunc="first", sort=False)
    shown[("majority", *[""] * (len(arm) - 1))] = table.groupby("language", sort=False).majority.first().round(1)
    title = "accuracy in per cent with 95 % interval over items, last checkpoint, beside the rate of the majority class:"
    return f"\n{title}\n{shown.rename_axis(index=None, columns=[None] * len(arm)).to_string()}\n"


def failures(failed: dict[str, str]) -> str:
    """The final table of what did not finish, and why; "" if all did."""
    return pd.DataFrame({"run": list(failed), "problem": list(failed.values())}).to_string(index=False) + "\n" if failed else ""


def parse_set(entries: list[str]) -> dict:
    """``["steps=10", "seeds=1,2"]`` -> ``{"steps": 10, "seeds": [1, 2]}``; values are numbers, true or false, else text."""
    chosen = {}
    for entry in entries:
        name, equals, value = entry.partition("=")
        if not equals:
            raise ValueError(f"--set {entry!r}: write name=value")
        if name == "seeds" and not all(seed.strip().isdigit() for seed in value.split(",")):
            raise ValueError(f"--set {entry!r}: seeds are whole numbers from 1, as in seeds=1,2,3")
        try:
            chosen[name] = [int(seed) for seed in value.split(",")] if name == "seeds" else json.loads(value)
        except json.JSONDecodeError:
            chosen[name] = {"True": True, "False": False}.get(value, value)
    return chosen


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", nargs="?", default="", help="name of a study in experiments.yaml; without one, print what there is")
    parser.add_argument("--list", action="store_true", help="print the plan and what is done; run nothing")
    parser.add_argument("--only", metavar="TEXT", help="only runs whose label contains TEXT, and what they need")
    parser.add_argument("--force", action="store_true", help="run again what is done already")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="runs at a time; cores are divided among them")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="override a parameter, or seeds=1,2,3")
    parser.add_argument("--data", default="", metavar="DIR", help="folder of downloaded data (else XLTLIB_DATA, else the hub)")
    parser.add_argument("--draw", action="store_true", help="run nothing; collect and draw what is done, or lies in the figures' folder")
    parser.add_argument("--keep", action="store_true", help="runs whose predictions lie in the figures' folder count as done: run only what is missing there")
    parser.add_argument("--report", action="store_true", help="write the summary as one HTML file")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="send runs to a dask.distributed scheduler whose workers share this folder")
    parser.add_argument("--runs", default=str(ROOT / "runs"), metavar="DIR", help="where records go")
    parser.add_argument("--figures", default=str(ROOT / "figures"), metavar="DIR", help="where figures go")
    parser.add_argument("--experiments", default=str(ROOT / "experiments.yaml"), metavar="FILE", help="the studies")
    args = parser.parse_args(arguments)
    runs, figures = Path(args.runs).resolve(), Path(args.figures).resolve() / args.study
    try:
        studies = yaml.safe_load(Path(args.experiments).read_text(encoding="utf-8"))
        if not args.study:
            print("\n".join(f"{name}: {' '.join(study.get('about', '').split())}" for name, study in studies.items()))
            return 2
        if args.study not in studies:
            raise ValueError(f"no study {args.study!r} in {Path(args.experiments).name}: it has {', '.join(studies)}")
        data = str(tasks.data_folder(args.data) or "")
        if args.jobs < 1:
            raise ValueError(f"--jobs {args.jobs}: at least one run at a time")
        nodes = plan(studies[args.study], parse_set(args.set), data or "not needed" * (args.list or args.draw), runs)  # a plan reads no data
        if args.only and not any(args.only in label for label in nodes):
            raise ValueError(f"--only {args.only!r} fits no run: they are {', '.join(nodes)}")
    except (ValueError, OSError, yaml.YAMLError) as error:
        print(f"run_all: {error}", file=sys.stderr)
        return 2

    wanted = [label for label in nodes if not args.only or args.only in label]
    for label in reversed(list(nodes)):
        if label in wanted:
            wanted += [need for need in nodes[label].needs if need not in wanted]
    codes = {label: records.code_fingerprint(node.notebook, node.parameters) for label, node in nodes.items()}  # as it is now
    kept = committed(args.study, figures) if args.keep or args.draw else {}
    stale = outdated(nodes, runs, codes, kept)
    todo = {label for label in wanted if args.force or label in stale}
    todo |= models_needed(todo, nodes, runs)
    todo = [label for label in nodes if label in todo]
    if args.list:
        print(studies[args.study].get("about", "").strip(), f"\nCost: {studies[args.study].get('cost', 'not stated')}\n")
        table = [
            {"run": node.run, "what": label, "needs": ", ".join(node.needs), "state": "to do" if label in todo else "done"}
            for label, node in nodes.items() if label in wanted
        ]  # fmt: skip
        print(pd.DataFrame(table).to_string(index=False))
        return 0

    if args.draw:
        todo, wanted = [], [label for label in nodes if label not in outdated(nodes, runs, kept=kept)]
        older = len(stale.intersection(wanted))
        if older:
            print(f"{older} of {len(wanted)} runs were made by other code than today's; they are drawn as they are")
    # On a cluster each worker is given the cores of one run; here the machine's cores are divided among the jobs.
    threads = max(1, (os.cpu_count() or 1) // (1 if args.scheduler else args.jobs))
    began = time.time()
    print(f"{args.study}: {len(todo)} runs to do, {len(wanted) - len(todo)} done already; {args.jobs} at a time, {threads} threads each")
    if args.scheduler:
        from distributed import Client

        with Client(args.scheduler) as client:
            failed = execute(nodes, todo, client.get_executor(), args.jobs, threads, runs)
    else:
        with ThreadPoolExecutor(args.jobs) as executor:
            failed = execute(nodes, todo, executor, args.jobs, threads, runs)

    stale = outdated(nodes, runs, None if args.draw else codes, kept)
    finished = [node for label, node in nodes.items() if label not in stale]
    if not any(node.arm for node in finished):
        print(failures(failed) + "run_all: no arm of this study is done; figures are left as they are", file=sys.stderr)
        return 1 if failed or args.draw else 0
    missing = [label for label, node in nodes.items() if node not in finished]
    if args.draw and (lost := dropped(figures, {node.label for node in finished})):
        print(f"run_all: {figures} holds {len(lost)} runs that are not done by this plan, {lost[0]} among them; drawn here they would be lost. Draw into another folder (--figures)", file=sys.stderr)
        return 1
    collected = collect(args.study, " ".join(studies[args.study].get("about", "").split()), finished, missing, runs, figures, kept)
    runs.mkdir(parents=True, exist_ok=True)  # in a clean checkout, where committed runs are drawn, nothing has made it yet
    summary = runs / f"{args.study}-summary.ipynb"
    before = {path: path.stat().st_mtime_ns for path in effect_files(figures)}
    problem = summarise(studies[args.study].get("summary", SUMMARY), {"study": args.study, "figures_folder": str(figures.parent), "save": True}, summary)
    if not problem and any(record.get("bias") for record in collected):
        problem = summarise(BIAS, {"study": args.study, "figures_folder": str(figures.parent), "save": True, "encoder": ""}, runs / f"{args.study}-language-bias.ipynb")
    if problem:
        failed["summary"] = problem
    if args.report and not problem:
        print(f"report: {write_report(summary, figures / 'report.html')}")
    if failed:
        print(failures(failed), end="", file=sys.stderr)
    if not problem:
        for path, stamp in before.items():
            if path.stat().st_mtime_ns == stamp:  # not drawn now: it is about other runs than those just collected
                path.unlink()
        drawn = effect_files(figures) or sorted(figures.glob("noise_*.png"))
        print(accuracies(figures))
        print(f"tables: {figures / 'accuracy.csv'}")
        print(f"figures: {', '.join(map(str, drawn)) or 'none: no arm with adaptation has one without beside it'}")
    print(f"{len(todo) - len([label for label in failed if label in todo])} of {len(todo)} runs done in {(time.time() - began) / 60:.1f} minutes")
    return 1 if failed else 0


def effect_files(figures: Path) -> list[Path]:
    """The figures of effects that a study has, with their tables."""
    return sorted(path for path in figures.glob("adaptation_effect*") if path.suffix in (".png", ".svg", ".csv"))


def summarise(notebook: str, parameters: dict, output: Path) -> str:
    """Execute a notebook that reads the collected runs; returns "" or what went wrong."""
    import papermill

    try:
        papermill.execute_notebook(
            ROOT / "notebooks" / f"{notebook}.ipynb", output, parameters,
            cwd=str(ROOT / "notebooks"), kernel_name="python3", progress_bar=False, extra_arguments=QUIET,
        )  # fmt: skip
    except Exception as error:
        return f"{notebook}: {type(error).__name__}: {str(error).strip().splitlines()[-1]}"
    return ""


def write_report(notebook: Path, target: Path) -> Path:
    """The executed summary as one self-contained HTML file, without code; each figure is described by the prose above it."""
    import nbformat
    from nbconvert import HTMLExporter

    said, above = [], ""  # nbconvert's page has no place for a description but puts a sentence that there is none
    cells = nbformat.read(notebook, 4)
    for cell in cells.cells:
        above = " ".join(line.lstrip("# ") for line in cell.source.splitlines()) if cell.cell_type == "markdown" else above
        said += [escape(f"Figure. {above}") for output in cell.get("outputs", []) if "image/png" in output.get("data", {})]
    page = HTMLExporter(exclude_input=True, embed_images=True, mathjax_url="", require_js_url="", jquery_url="")
    html, _ = page.from_notebook_node(cells, {"metadata": {"name": cells.cells[0].source.partition("\n")[0].lstrip("# ")}})
    texts = iter(said)
    target.write_text(re.sub('(?<= alt=")No description has been provided for this image', lambda _: next(texts, "Figure."), html), encoding="utf-8")
    return target


if __name__ == "__main__":
    sys.exit(main())
