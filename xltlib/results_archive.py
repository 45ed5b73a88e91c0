"""Records and predictions of a study in one file, and taking them over where they count as done.

Models stay where they were trained.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import zipfile
from contextlib import ExitStack
from pathlib import Path, PurePosixPath

import pandas as pd

from xltlib import files, locks, progress, records
from xltlib.fingerprint import code_fingerprint
from xltlib.notebooks import ADAPT
from xltlib.parameters import are_same
from xltlib.plan import Node, Plan
from xltlib.records import PREDICTIONS, RECORD
from xltlib.store import MADE_FROM, Store

SAYS = "results.json"
LARGEST = 2**30  # bytes of a member: a file of predictions has some megabytes
AGAIN = "pack it again where the runs are"


def pack(plan: Plan, store: Store, target: Path) -> str:
    """Write records and predictions of the runs that are done; returns what was packed, in words.

    Args:
        target: the file; it appears whole or not at all.
    Raises:
        ValueError: no run is done.
    """
    outdated = store.outdated(plan)
    done = [node for label, node in plan.nodes.items() if label not in outdated]
    if not done:
        raise ValueError(f"--results: no run of {plan.study.name} is done")
    with files.whole(target) as part:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
            archive.writestr(SAYS, json.dumps({"study": plan.study.name}))
            for node in done:
                for name in _files(node):
                    archive.write(store.runs / node.run / name, f"runs/{node.run}/{name}")
    size = target.stat().st_size / 1e6
    return f"{len(done)} of {len(plan.nodes)} runs packed: {size:.1f} MB, {target}"


def _files(node: Node) -> list[str]:
    """What a run leaves that is brought home."""
    return [RECORD] if node.notebook == ADAPT else [PREDICTIONS, RECORD]


def collect(plan: Plan, store: Store, source: Path, force: bool = False) -> str:
    """Take over the runs of a file of results; returns how many, in words.

    Everything is looked at before anything is written, and each run appears whole or not at all.

    Args:
        force: whether runs that were made here, too, are replaced.
    Raises:
        ValueError: the file is none of results, or of another study, other parameters, other code, or other
            runs that these go on from; says which.
    """
    found = _read(source, plan.study.name)
    by_id = {node.run: node for node in plan.nodes.values()}
    for run in found:
        if run not in by_id:
            raise ValueError(f"{source}: run {run} is none of this plan; give the same --set as where it ran")
    nodes = [node for node in plan.nodes.values() if node.run in found]  # what is started from comes first
    outdated = store.outdated(plan)
    new = []
    for node in nodes:
        _refuse(node, plan, found, store, source)
        existing = store.runs / node.run / RECORD
        if existing.exists() and existing.read_bytes() == found[node.run][RECORD]:
            continue
        if node.label not in outdated and not force:
            raise ValueError(f"{source}: {node.label} was made here, too; --force replaces it")
        new.append(node)
    for node in new:
        folder = store.runs / node.run
        folder.mkdir(parents=True, exist_ok=True)
        with locks.making(folder), ExitStack() as written:
            for name in reversed(_files(node)):  # they appear in the opposite order: the record last
                part = written.enter_context(files.whole(folder / name))
                part.write_bytes(found[node.run][name])
            _clear(folder)  # not before there was room for all that takes its place
            (folder / records.ELSEWHERE).touch()
    return f"{len(new)} runs taken over, {len(nodes) - len(new)} were here already"


def _clear(folder: Path) -> None:
    """Take away what an earlier run left, its model above all: that of the new record stayed elsewhere.

    The record goes first: until the new one is there, the run is not done.
    """
    for name in (RECORD, records.MODEL, "FAILED.json", progress.FILE):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / records.ENCODER, ignore_errors=True)


def _read(source: Path, study: str) -> dict[str, dict[str, bytes]]:
    """By run, the bytes of its files.

    Raises:
        ValueError: a member is none that :func:`pack` writes, or the study is another.
    """
    if not os.path.isfile(source):
        raise ValueError(f"--collect {source}: there is no such file")
    try:
        with zipfile.ZipFile(source) as archive:
            members = [member for member in archive.infolist() if not _is_of_a_file_manager(member)]
            foreign = _foreign(members)
            contents = {} if foreign else {member.filename: archive.read(member) for member in members}
            theirs = "" if foreign else json.loads(contents.pop(SAYS))["study"]
    except OSError:  # it is the disk that says so
        raise
    except Exception as error:  # whatever a broken, encrypted or foreign file raises
        message = " ".join(str(error).split())
        reason = f"{type(error).__name__}: {message}"
        raise ValueError(f"{source} is no file that --results wrote ({reason})") from error
    if foreign:
        raise ValueError(f"{source} is no file that --results wrote: {foreign} is none of its files")
    if theirs != study:
        raise ValueError(f"{source} holds results of the study {theirs}, not of {study}")
    found: dict[str, dict[str, bytes]] = {}
    for member, content in contents.items():
        _, run, name = member.split("/")
        found.setdefault(run, {})[name] = content
    return found


def _is_of_a_file_manager(member: zipfile.ZipInfo) -> bool:
    """Whether a member came in when what was unpacked was zipped again by hand: it holds nothing of a run."""
    parts = PurePosixPath(member.filename).parts
    return member.is_dir() or "__MACOSX" in parts or parts[-1:] == (".DS_Store",)


def _foreign(members: list[zipfile.ZipInfo]) -> str:
    """The first member that :func:`pack` does not write; "" without any."""
    for member in members:
        parts = PurePosixPath(member.filename).parts
        is_file = len(parts) == 3 and parts[0] == "runs" and parts[2] in (RECORD, PREDICTIONS)
        is_plain = ".." not in parts and "\\" not in member.filename and "/".join(parts) == member.filename
        is_link = member.external_attr >> 28 == 0o12
        is_ours = is_file or member.filename == SAYS
        if is_link or not is_plain or not is_ours or member.file_size > LARGEST:
            return repr(member.filename)
    return ""


def _refuse(node: Node, plan: Plan, found: dict, store: Store, source: Path) -> None:
    """Refuse a run that would not count as done here: by the rules of the store."""
    contents, place = found[node.run], store.runs / node.run
    if os.path.lexists(place) and not place.is_dir():
        raise ValueError(f"{place} is no folder: move it away, {node.label} belongs there")
    if set(contents) != set(_files(node)):
        raise ValueError(f"{source}: {node.label} lacks {' or '.join(_files(node))}")
    try:
        record = json.loads(contents[RECORD])
        if PREDICTIONS in contents:
            table = pd.read_parquet(io.BytesIO(contents[PREDICTIONS]))
        entry = record.get("files", {}).get(PREDICTIONS)
        wanted = entry["sha256"] if entry else ""
    except Exception as error:  # whatever a broken file raises
        raise ValueError(f"{source}: {node.label} cannot be read ({type(error).__name__})") from error
    if wanted and PREDICTIONS in contents and wanted != hashlib.sha256(contents[PREDICTIONS]).hexdigest():
        raise ValueError(f"{source}: {node.label} has other predictions than its record tells of")
    inside = source / "runs" / node.run
    files.refuse_without(record, MADE_FROM, inside / RECORD, AGAIN)
    given, code, parents = (record[name] for name in ("parameters", "code", "parents"))
    records.learn_languages(record, inside / RECORD, AGAIN)
    if PREDICTIONS in contents:
        records.refuse_bad_predictions(table, inside / PREDICTIONS, AGAIN)
    if code != code_fingerprint(node.notebook, node.parameters):
        raise ValueError(f"{source}: {node.label} was made by other code than that of this checkout")
    if not are_same(given, node.parameters):
        raise ValueError(f"{source}: {node.label} has other parameters than this plan")
    for need in node.needs:
        parent = plan[need].run
        if parent in found:
            digest = hashlib.sha256(found[parent][RECORD]).hexdigest()[:16]
        else:
            digest = records.digest(store.runs / parent)
        if parents.get(parent) != digest:
            reason = "not the one that is here" if digest else "which is neither in the file nor here"
            raise ValueError(f"{source}: {node.label} went on from another {need}, {reason}")
