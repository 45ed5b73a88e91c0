"""Run a study: plan it, execute its notebooks through papermill, resume, collect, draw, report.

python run_all.py demo                         # whatever is not done yet
python run_all.py paws-x --list                # the plan, its parameters, and what is done
python run_all.py robustness --set noise.radius=0.01 --set seeds=1,2 --jobs 2
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from xltlib import bundle, execution, places, studies, tasks
from xltlib.store import Store

ROOT = Path(__file__).resolve().parent


def parsed(given: list[str] | None) -> argparse.Namespace:
    """The command line's arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("study", nargs="?", default="", help="a study of experiments.yaml; without one, print what there is")
    add("--list", action="store_true", help="print the plan, its parameters, and what is done; run nothing")
    add("--only", metavar="TEXT", help="only runs whose label contains TEXT, and what they need")
    add("--force", action="store_true", help="run again what is done already")
    add("--jobs", type=int, default=1, metavar="N", help="runs at a time; cores are divided among them")
    shown = "steps=10, noise.radius=0.01, seeds=1,2"
    add("--set", action="append", default=[], metavar="NAME=VALUE", help=shown)
    shown = "folder of downloaded data (else XLTLIB_DATA, else the hub)"
    add("--data", default="", metavar="DIR", help=shown)
    add("--draw", action="store_true", help="run nothing; collect and draw what is done, or committed")
    add(
        "--keep", action="store_true", help="what is committed counts as done: run only what is missing there"
    )
    add("--report", action="store_true", help="write the summary as one HTML file")
    add("--scheduler", metavar="ADDRESS", help="a dask.distributed scheduler whose workers share this folder")
    shown = "pack the study and all that it reads for a machine without a network; run nothing"
    add("--bundle", type=Path, metavar="FILE", help=shown)
    add("--results", type=Path, metavar="FILE", help="pack records and predictions that are done")
    add("--collect", type=Path, metavar="FILE", help="take over what --results packed on another machine")
    add("--runs", type=Path, default=ROOT / "runs", metavar="DIR", help="where records go")
    add("--figures", type=Path, default=ROOT / "figures", metavar="DIR", help="where figures go")
    add("--experiments", type=Path, default=ROOT / "experiments.yaml", metavar="FILE", help="the studies")
    return parser.parse_args(given)


def planned(args: argparse.Namespace) -> studies.Plan:
    """The plan of the study that the arguments name.

    Raises:
        ValueError: a study, parameter, option or file that is not there; names it.
    """
    if args.jobs < 1:
        raise ValueError(f"--jobs {args.jobs}: at least one run at a time")
    sys.path.append(str(args.experiments.resolve().parent))  # components of one's own lie beside the studies
    data = str(tasks.data_folder(args.data) or "")
    study = studies.read(args.experiments)[args.study]
    reads = not any((args.list, args.draw, args.results, args.collect))
    return study.plan(studies.parse_set(args.set), data, args.runs.resolve(), reads)


def main(given: list[str] | None = None) -> int:
    """Do what the command line asks; returns the exit status: 0, 1 (something failed) or 2 (a mistake)."""
    args, began = parsed(given), time.time()
    places.found_by_kernels()
    try:
        if not args.study:
            print(studies.read(args.experiments).table())
            return 2
        plan = planned(args)
        chosen = plan.only(args.only)
        if bundle.asked(args, chosen):
            return 0
    except (ValueError, OSError) as error:
        print(f"run_all: {error}{places.said()}", file=sys.stderr)
        return 2
    runs, figures = args.runs.resolve(), args.figures.resolve() / args.study
    store = Store(runs, figures, committed=args.keep or args.draw, any_code=args.draw)
    missing = store.missing(chosen, args.force)
    todo = [] if args.draw else missing
    if args.list:
        print(chosen.table(todo))
        return 0
    if args.draw and (older := store.other_code(plan)):
        print(f"{older} runs were made by other code than today's; they are drawn as they are")
    done = len(chosen.nodes) - len(missing)
    print(f"{args.study}: {len(todo)} runs to do, {done} done already; {args.jobs} at a time")
    with execution.pool(args.jobs, args.scheduler) as pool:
        failed = execution.execute(plan, todo, pool, runs, args.experiments.resolve().parent)
    print(execution.table(failed), file=sys.stderr, end="")
    try:
        drawn = execution.draw(plan, store.collect(plan), figures, runs, args.report)
    except ValueError as error:
        print(f"run_all: {error}", file=sys.stderr)
        return 1 if failed or args.draw else 0
    print(drawn, file=sys.stderr if drawn.problem else sys.stdout)
    print(f"{len(todo) - len(failed)} of {len(todo)} runs done in {(time.time() - began) / 60:.1f} minutes")
    return 1 if failed or drawn.problem else 0


if __name__ == "__main__":
    sys.exit(main())
