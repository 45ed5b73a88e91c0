"""Forty kills: a tiny study is ended at random moments in every way there is; it comes out as if undisturbed.

    make torture                                   # or: python tests/torture.py [--kills 40] [--seed 1]

The study of tests/tiny_studies.py (five runs, two at a time) is run once undisturbed. Then it is begun in new
folders, ended at random moments again and again, and at last run to its end. After every ending this is
looked at: whether a process is left, whether what is collected is whole, whether a finished run was made
again. At the end: whether predictions, tables and figures are the undisturbed ones to the bit, and no
half-written file is left. The table is tests/torture.csv, a row an ending.

A full disk is a limit on the size of files, as every file of this study is small: the disk is full for those
that are larger. Read-only places are mounted so where this may be done (as root, on Linux), else folders
without the permission to write. It takes some fifteen minutes on two cores.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from conftest import demo_sentences, tiny_encoders
from tiny_studies import command, tiny_study

from xltlib import collected

TABLE = Path(__file__).with_name("torture.csv")
MARK = "XLTLIB_TORTURE"  # an environment variable, by which a process that was left behind is known
QUICK = 10.0  # seconds within which everything must be gone
ROOM = (1_000, 66_000, 90_000, 150_000, 400_000)  # bytes: the encoder of this study has some 300,000
COLUMNS = (
    "folder", "ending", "after_seconds", "runs_done", "made_again", "processes_left", "collected",
    "said_lines",
)  # fmt: skip


@dataclass
class Trial:
    """One folder in which the study is begun, ended and gone on with.

    Args:
        name: of the folder.
        ending: how it is ended.
        folder: where records and figures go.
        study: its fields.
    """

    name: str
    ending: str
    folder: Path
    study: dict
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)
    finished: dict[Path, bytes] = field(default_factory=dict)
    again: set[Path] = field(default_factory=set)
    rows: list[dict] = field(default_factory=list)

    def start(self, *before: str, limit: int = 0) -> subprocess.Popen:
        """Begin the study, or go on with it.

        Args:
            before: words of a command that runs it.
            limit: bytes beyond which no file may grow; 0: none.
        """

        def narrow() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

        words = [*before, *command(self.folder, self.study, "--jobs", "2")]
        options = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True, "cwd": self.folder}
        return subprocess.Popen(
            words,
            env={**os.environ, MARK: self.mark},
            start_new_session=True,
            preexec_fn=narrow if limit else None,
            **options,
        )

    def processes(self) -> list[psutil.Process]:
        """What of this trial is alive, whoever its parent is now."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get(MARK) == self.mark and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def watch(self) -> None:
        """Look at the records: one that was there and is another one now was made again."""
        for path in [*self.finished, *(self.folder / "runs").glob("*/record.json")]:
            try:
                now = path.read_bytes()
            except FileNotFoundError:
                now = b""
            if self.finished.setdefault(path, now) != now:
                self.again.add(path)

    def wait(self, process: subprocess.Popen, seconds: float = 600.0) -> None:
        """Wait for a moment, or for the end, and watch."""
        until = time.time() + seconds
        while process.poll() is None and time.time() < until:
            self.watch()
            time.sleep(max(0.0, min(0.2, until - time.time())))

    def look(self, said: str, after: float | None = None, how: str = "") -> None:
        """Note what an ending has left.

        Args:
            said: on the error output.
            after: seconds after which it came.
            how: more of it.
        """
        until = time.time() + QUICK
        while self.processes() and time.time() < until:
            time.sleep(0.2)
        left = self.processes()
        for process in left:
            process.kill()
        self.watch()
        lines = [line for line in said.splitlines() if line.strip()]
        self.rows.append(
            {
                "folder": self.name,
                "ending": " ".join([self.ending, how]).strip(),
                "after_seconds": "" if after is None else round(after, 1),
                "runs_done": len(self.finished),
                "made_again": len(self.again),
                "processes_left": len(left),
                "collected": self.collected(),
                "said_lines": "traceback" if "Traceback" in said else len(lines),
            }
        )
        print(" ".join(f"{name}={value}" for name, value in self.rows[-1].items()), flush=True)

    def collected(self) -> str:
        """Whether runs and predictions in the study's folder are a whole pair."""
        figures = self.folder / "figures/tiny"
        try:
            return "whole" if collected.both(figures) else ""
        except FileNotFoundError:
            return "torn" if collected.file(figures, collected.PREDICTIONS).exists() else "nothing yet"
        except ValueError as error:
            return f"torn: {error}"

    def ended(self, draw: random.Random, longest: float) -> None:
        """Begin, wait for a random moment, end it in this trial's way, and look."""
        ENDINGS[self.ending](self, draw.uniform(0.3, longest))

    def complete(self) -> tuple[str, list[str]]:
        """Run the study to its end; returns what it said where it failed, and half-written files."""
        process = self.start()
        self.wait(process)
        said = process.communicate(timeout=60)[1]
        self.watch()
        problem = said if process.returncode else ""
        if self.again:
            problem += f"{len(self.again)} finished runs were made again"
        return problem, half_written(self.folder)


def half_written(folder: Path) -> list[str]:
    """Files that a process wrote and did not bring to an end, and what an exchange left."""
    found = [path for path in folder.rglob("*") if path.suffix == ".part" or path.name.endswith(".new")]
    return [str(path.relative_to(folder)) for path in found]


def killed(trial: Trial, after: float) -> None:
    """SIGKILL for run_all.py alone: its kernels are orphans."""
    process = trial.start()
    trial.wait(process, after)
    process.kill()
    trial.look(process.communicate()[1], after)


def all_killed(trial: Trial, after: float) -> None:
    """SIGKILL for it and its kernels."""
    process = trial.start()
    trial.wait(process, after)
    for each in trial.processes():
        each.kill()
    trial.look(process.communicate()[1], after)


def kernel_killed(trial: Trial, after: float) -> None:
    """SIGKILL for a kernel: its run has failed, and the command goes on."""
    process = trial.start()
    trial.wait(process, after)
    kernels = [each for each in trial.processes() if each.pid != process.pid]
    if kernels:
        kernels[0].kill()
    trial.wait(process)
    trial.look(process.communicate()[1], after)


def signalled(number: signal.Signals):
    """The ending by a signal that may be caught."""

    def ending(trial: Trial, after: float) -> None:
        process = trial.start()
        trial.wait(process, after)
        process.send_signal(number)
        trial.look(process.communicate()[1], after)

    return ending


def two_at_once(trial: Trial, after: float) -> None:
    """Two at once on one folder, one of which is killed, the other one stopped a little later."""
    first, second = trial.start(), trial.start()
    trial.wait(first, after)
    first.kill()
    trial.wait(second, after / 4)
    second.terminate()
    first.communicate()
    trial.look(second.communicate()[1], after)


def both_to_the_end(trial: Trial, after: float) -> None:
    """Two at once on one folder, the second a little later, and nobody ends them: each run is made once."""
    shutil.rmtree(trial.folder / "runs", ignore_errors=True)
    trial.finished, first = {}, trial.start()
    trial.wait(first, after / 4)
    second = trial.start()
    trial.wait(first)
    trial.wait(second)
    said = first.communicate()[1] + second.communicate()[1]
    failed = first.returncode or second.returncode
    trial.look(said, how=f"failed: {said}" if failed else "")


def full_disk(trial: Trial, after: float) -> None:
    """No file may grow beyond some bytes, which are more each time: at first nothing is begun at all."""
    limit = ROOM[len(trial.rows) % len(ROOM)]
    process = trial.start(limit=limit)
    trial.wait(process)
    trial.look(process.communicate(timeout=60)[1], how=f"at {limit} bytes")


def read_only(trial: Trial, after: float) -> None:
    """A folder into which nothing can be written: that of the runs, or that of the figures."""
    place = trial.folder / ("runs" if len(trial.rows) % 2 else "figures")
    place.mkdir(exist_ok=True)
    mount = f'mount --bind "{place}" "{place}" && mount -o remount,ro,bind "{place}" && exec "$@"'
    if os.geteuid() == 0:
        process = trial.start("unshare", "--mount", "sh", "-c", mount, "sh")
    else:
        place.chmod(0o555)
        process = trial.start()
    trial.wait(process)
    trial.look(process.communicate(timeout=60)[1], how=place.name)
    place.chmod(0o755)


ENDINGS = {
    "SIGKILL": killed,
    "SIGKILL for all": all_killed,
    "SIGKILL for a kernel": kernel_killed,
    "SIGTERM": signalled(signal.SIGTERM),
    "SIGINT": signalled(signal.SIGINT),
    "two at once, one killed": two_at_once,
    "two at once": both_to_the_end,
    "full disk": full_disk,
    "read-only": read_only,
}


def same(trial: Trial, peace: Trial) -> str:
    """Which files of a completed trial are other ones than the undisturbed; "" if all are the same."""
    other = []
    for path in sorted((peace.folder / "runs").glob("*/predictions.parquet")):
        there = trial.folder / path.relative_to(peace.folder)
        if not there.exists() or there.read_bytes() != path.read_bytes():
            other.append(str(path.relative_to(peace.folder)))
    for path in sorted((peace.folder / "figures/tiny").iterdir()):
        there = trial.folder / path.relative_to(peace.folder)
        timed = path.name in (collected.RUNS, "adaptation.csv")  # seconds and dates stand in them
        if not timed and (not there.exists() or there.read_bytes() != path.read_bytes()):
            other.append(path.name)
    return ", ".join(other)


def main() -> int:
    shape = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=shape)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=ENDINGS, help="one way of ending; the other rows stay")
    args = parser.parse_args()
    draw, each = random.Random(args.seed), -(-args.kills // len(ENDINGS))
    began, rows, problems = time.time(), [], []
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        encoder = tiny_encoders(root / "encoders", demo_sentences())["xlm-r"]

        def trial(name: str, ending: str = "") -> Trial:
            (root / name).mkdir()
            return Trial(name, ending, root / name, tiny_study(encoder))

        peace, start = trial("undisturbed"), time.time()
        problem, _ = peace.complete()
        if problem:
            raise RuntimeError(problem)
        whole = time.time() - start
        print(f"undisturbed: {whole:.0f} s, {len(ENDINGS)} ways of ending, {each} times each", flush=True)
        for ending in [args.only] if args.only else ENDINGS:
            one = trial(ending.replace(" ", "-").replace(",", ""), ending)
            for number in range(each):
                one.ended(draw, whole * (1 - 0.6 * number / each))
            failed, half = one.complete()
            found = failed.strip() or same(one, peace) or ", ".join(half)
            problems += [f"{ending}: {found}"] if found else []
            rows += [row | {"result": found or "identical"} for row in one.rows]
            print(f"{ending}: {found or 'identical'}", flush=True)
            shutil.rmtree(one.folder)
    if args.only:
        kept = list(csv.DictReader(TABLE.open(encoding="utf-8")))
        of_others = [row for row in kept if row["folder"] != rows[0]["folder"]]
    with TABLE.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*COLUMNS, "result"], lineterminator="\n")
        writer.writeheader()
        writer.writerows([*of_others, *rows] if args.only else rows)
    for row in rows:
        bad = row["made_again"] or row["processes_left"] or row["collected"].startswith("torn")
        if bad or row["said_lines"] == "traceback" or "failed" in row["ending"]:
            problems.append(f"{row}")
    print(f"{len(rows)} endings in {(time.time() - began) / 60:.0f} minutes; {len(problems)} problems")
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
