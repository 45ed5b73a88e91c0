"""Run a study: plan it, execute its notebooks through papermill, resume, collect, draw, report.

What it can be asked: ``python run_all.py --help``, or xltlib/command_line.py.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from xltlib import bundle, command_line, console, drawing, execution, files, lineage, places, progress
from xltlib import showing, stopping, studies, tasks
from xltlib.forecast import Forecast
from xltlib.store import NoArm, Store
from xltlib.values import counted

ROOT = Path(__file__).resolve().parent


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
    reads = not any((args.list, args.status, args.draw, args.results, args.collect))
    return study.plan(studies.parse_set(args.set), data, args.runs.resolve(), reads)


def carried_out(
    args: argparse.Namespace, plan: studies.Plan, store: Store, todo: list[str]
) -> dict[str, str]:
    """Run what is to do; returns label -> problem of those that are not done then.

    Raises:
        ValueError: graphics cards have no room for so many runs, or a folder cannot be written to.
    """
    runs = args.runs.resolve()
    files.refuse_unwritable(runs, args.figures.resolve() / args.study)
    shown = showing.Shown(Forecast(plan, todo, args.jobs, runs))
    try:
        with execution.pool(args.jobs, args.scheduler, args.card_memory) as pool:
            module_folder = args.experiments.resolve().parent
            failed = execution.execute(plan, todo, pool, runs, module_folder, shown, args.force)
        for label in set(todo) & set(store.missing(plan)) - set(failed):
            failed[label] = "it ran, and is not done"
            shown.say(f"FAILED {label}: {failed[label]}")
        return failed
    except stopping.Stopped:
        for label in set(todo) & set(store.missing(plan)):  # --status would take them for running
            (runs / plan[label].run / progress.FILE).unlink(missing_ok=True)
        raise
    finally:
        shown.close()


def main(argv: list[str] | None = None) -> int:
    """Do what the command line asks; returns the exit status: 0, 1 (something failed) or 2 (a mistake)."""
    args, began = command_line.parsed(argv, ROOT), time.time()
    runs, figures = args.runs.resolve(), args.figures.resolve() / args.study
    try:
        if not args.study:
            console.say(studies.read(args.experiments).table(), sys.stdout)
            return 0
        plan = planned(args)
        chosen = plan.only(args.only)
        if bundle.asked(args, chosen):
            return 0
        store = Store(runs, figures, committed=args.keep or args.draw, any_code=args.draw)
        missing = store.missing(chosen, args.force)
        if args.list:
            console.say(chosen.table(missing), sys.stdout)
            return 0
        if args.status:
            console.say(showing.status(chosen, missing, runs), sys.stdout)
            return 0
        todo, done = [] if args.draw else missing, len(chosen.nodes) - len(missing)
        begins = f"{counted(len(todo), 'run')} to do, {done} done already; {args.jobs} at a time"
        console.say(f"{args.study}: {store.drawn_from(plan) if args.draw else begins}", sys.stdout)
        warnings = [chosen.no_answer(), lineage.same_batches(chosen.nodes), store.beforehand(plan, todo)]
        for message in filter(None, warnings if todo else []):
            console.say(f"beforehand: {message}")
        failed = carried_out(args, plan, store, todo) if todo else {}
        if args.draw and (older := store.other_code(plan)):
            console.say(f"{counted(older, 'run')} made by other code than today's, drawn as they are")
        drawn = drawing.draw(plan, store, runs, args.report)
    except NoArm as error:
        console.say(f"run_all: {error}")
        return 1 if failed or args.draw else 0
    except (ValueError, OSError) as error:
        console.say(f"run_all: {error}{places.said()}")
        return 2
    console.say(str(drawn), sys.stderr if drawn.problem else sys.stdout)
    minutes = (time.time() - began) / 60
    ended = f"{len(todo) - len(failed)} of {counted(len(todo), 'run')} done in {minutes:.1f} minutes"
    if args.draw and not drawn.problem:
        ended = f"drawn in {minutes:.1f} minutes"
    console.say(ended, sys.stdout)
    return 1 if failed or drawn.problem else 0


if __name__ == "__main__":
    sys.exit(stopping.stoppable(main))
