"""A study packed into one file, for a machine without a network; README.md inside says how to go on there.

A bundle holds code, notebooks, the study, the data files that its runs read, and its encoders, trimmed to the
text that they read. Its ``bundle.json`` says where what the parameters name lies (places.py).
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
import tempfile
import zipfile
from importlib import util
from pathlib import Path

import yaml
from tqdm import tqdm

from xltlib import languagefile, parameters, places, reading, results_archive, studies, studyfile
from xltlib.places import ROOT
from xltlib.plan import Plan
from xltlib.store import Store
from xltlib.tasks.base import Released
from xltlib.tasks.described import DescribedTask
from xltlib.tasks.kinds import find

FILES = ("run_all.py", "requirements.lock", "pyproject.toml", "LICENSE")
README = """# A bundle of the study `{study}`

Packed by xltlib for a machine without a network. It needs Python and the packages of requirements.lock
(`pip download -r requirements.lock` fetches them elsewhere). Unpacked in any folder:

    python run_all.py {arguments} --jobs 8                   # run it; after an interruption, the same again
    python run_all.py {arguments} --results results.zip      # pack records and predictions of what is done
    python run_all.py {arguments} --collect results.zip      # at home, in the checkout that packed it

It holds {holds}.
"""


def pack(plan: Plan, target: Path, experiments: Path, given: list[str]) -> str:
    """Write the bundle of a plan; returns what was packed, in words.

    Args:
        plan: of a study, or the part of one that --only names.
        target: the file; it appears whole or not at all.
        experiments: the file of studies.
        given: arguments of run_all.py that stand for this plan: the study, --set, --only.
    Raises:
        ValueError: a bundle cannot hold what some run reads; names it.
    """
    if places.bundle() is not None:
        raise ValueError("--bundle: another one is packed at home, from a checkout")
    if not target.resolve().parent.is_dir():
        raise ValueError(f"--bundle {target}: no such folder")
    for node in plan.nodes.values():
        _refuse_what_stays(node)
    packing = Packing(plan, experiments, given)
    temporary = target.with_name(target.name + ".part")
    try:
        with tempfile.TemporaryDirectory() as folder:
            packing.read()
            packing.pack_encoders(Path(folder))
            sizes = packing.write(temporary)
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
    lines = [f"{size / 1e6:8.1f} MB  {what}" for what, size in sizes.items()]
    return "\n".join([*lines, f"{target.stat().st_size / 1e6:8.1f} MB  {target}"])


def _refuse_what_stays(node) -> None:
    """Stop where a run reads what lies neither in a file of the data folder nor beside the study."""
    task = find(node.parameters["task"])
    if isinstance(task, DescribedTask):
        task.refuse_for_bundle(node.label)
    if isinstance(task, Released) and not node.parameters["data"]:
        raise ValueError(f"{node.label}: a bundle holds no pairs of the hub; name their folder with --data")
    if any(value == "wordnet" for _, value, _ in parameters.places_named(node.parameters)):
        raise ValueError(f"{node.label}: a bundle holds no WordNet; name a file of synonyms")


class Packing:
    """The parts of a bundle as they come together; arguments as :func:`pack`."""

    def __init__(self, plan: Plan, experiments: Path, given: list[str]):
        self.plan, self.experiments, self.given = plan, experiments, given
        self.files: dict[str, Path] = {}  # name in the bundle -> file
        self.places: dict[str, str] = {}  # name in parameters -> name in the bundle
        self.texts: list[str] = []
        self.whole: dict[str, bool] = {}  # encoder -> whether some run needs its whole vocabulary
        self.reads: list[str] = []

    def read(self) -> None:
        """Let every distinct run read what it reads, and note texts and files."""
        texts: dict[str, None] = {}
        with reading.opened() as opened:
            bar = tqdm(reading.distinct(self.plan).items(), desc="reading", unit="run")
            for key, (node, base) in bar:
                bar.set_postfix_str(node.label[:40])
                run = reading.Alone(node, base)
                texts |= dict.fromkeys(run.read())
                self.whole[base] = self.whole.get(base, False) or run.needs_whole
                self.reads.append(key)
        self.texts = list(texts)
        found_tasks = [find(node.parameters["task"]) for node in self.plan.nodes.values()]
        described = [task for task in found_tasks if isinstance(task, DescribedTask)]
        opened |= {task.path for task in described}  # was read when it was planned
        self._add_read({path for path in opened if path.is_file()})

    def _add_read(self, opened: set[Path]) -> None:
        """Files below the data folder, and in folders that parameters name."""
        data = next(iter(self.plan.nodes.values())).parameters["data"]
        named = {value for node in self.plan.nodes.values() for _, value, _ in _named(node)}
        named |= {node.parameters["task"] for node in self.plan.nodes.values()}
        for number, name in enumerate(sorted(name for name in named if Path(name).is_absolute())):
            self.places[name] = f"texts/{number}-{Path(name).name}"
            for path in opened:
                if path.is_relative_to(name):
                    self.files[str(Path(self.places[name]) / path.relative_to(name))] = path
        for path in opened:
            if data and path.is_relative_to(data):
                self.files[str(Path(places.DATA) / path.relative_to(data))] = path

    def pack_encoders(self, folder: Path) -> None:
        """The encoders, trimmed to all text of the study; whole where a run needs them so."""
        from xltlib.encoders import packing

        trimmed = False
        for number, (name, whole) in enumerate(self.whole.items()):
            print(f"packing the encoder {name}", file=sys.stderr)
            last = f"{number}-{Path(name).name}"
            self.places[name] = f"encoders/{last}"
            place = folder / last
            if whole:
                packing.pack_whole(name, place)
            elif packing.pack(name, self.texts, place):
                trimmed = True
            else:
                print(f"encoder {name}: its vocabulary cannot be trimmed; packed whole", file=sys.stderr)
            for path in place.rglob("*"):
                if path.is_file():
                    self.files[str(Path(self.places[name]) / path.relative_to(place))] = path
        if not trimmed:
            self.texts = []

    def write(self, target: Path) -> dict[str, int]:
        """Write the file; returns the bytes of each part before compression."""
        self.files |= _code() | _own_modules(self.plan, self.experiments.resolve().parent)
        written = {places.BUNDLE: json.dumps(self._says(), indent=1, ensure_ascii=False).encode()}
        written["experiments.yaml"] = self._study().encode()
        written[languagefile.NAME] = languagefile.merged(self.plan.study.folder).encode()
        says = self._says() | {"arguments": shlex.join(self.given)}
        written["README.md"] = README.format(**says).encode()
        if self.texts:
            written[places.TEXTS] = b"".join(sorted(map(places.digest, self.texts)))
        sizes = dict.fromkeys(("code and study", "data", "encoders"), 0)
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
            for name, content in written.items():
                archive.writestr(name, content)
                sizes["code and study"] += len(content)
            for name, path in sorted(self.files.items()):
                packed = name.startswith("encoders/")
                archive.write(path, name, zipfile.ZIP_STORED if packed else None)
                part = {"data": "data", "texts": "data", "encoders": "encoders"}
                sizes[part.get(name.split("/")[0], "code and study")] += path.stat().st_size
        return sizes

    def _says(self) -> dict:
        """``bundle.json``: what the bundle is of, and where what the parameters name lies."""
        study, encoders = self.plan.study.name, ", ".join(map(str, self.whole))
        data = any(name.startswith(f"{places.DATA}/") for name in self.files)
        files = sum(name.split("/")[0] in (places.DATA, "texts") for name in self.files)
        return {
            "study": study,
            "holds": f"study {shlex.join(self.given)}: {files} files of data, encoder {encoders}",
            "data": data,
            "places": self.places,
            "written": self._written(),
            "reads": self.reads,
        }

    def _written(self) -> dict[str, str]:
        """Relative paths of the study, as its runs name them: absolute, as they are at home."""
        left, absolute_places = [("", self.plan.study.fields), ("", studies.parse_set(_sets(self.given)))], {}
        while left:
            name, value = left.pop()
            if isinstance(value, str) and (name.endswith("folder") or places.is_path(value)):
                absolute = places.absolute(value, self.plan.study.folder)
                if absolute in self.places:
                    absolute_places[value] = absolute
            elif isinstance(value, dict):
                left += value.items()
            elif isinstance(value, list):
                left += [(name, part) for part in value]
        return absolute_places

    def _study(self) -> str:
        """The study, and those that its ``like`` names, as a file of studies."""
        every = studies.read(self.experiments).studies
        chosen, name = {}, self.plan.study.name
        while name is not None:
            chosen[name] = every[name]
            name = chosen[name].get("like")
        text = yaml.safe_dump(chosen, sort_keys=False, allow_unicode=True, width=110)
        if studyfile.parse(text, self.experiments.name)[0] != chosen:
            raise ValueError(f"study {self.plan.study.name}: it is another one when it is read back")
        return text


def _sets(given: list[str]) -> list[str]:
    return [after for option, after in zip(given, given[1:]) if option == "--set"]


def _named(node) -> list[tuple[str, str, bool]]:
    """Options that name a place, but the encoder's."""
    return [named for named in parameters.places_named(node.parameters) if named[0] != "encoder.name"]


def _code() -> dict[str, Path]:
    """The package, the notebooks and the command line: name in the bundle -> file."""
    found = {name: ROOT / name for name in FILES}
    for folder in ("xltlib", "notebooks"):
        for path in (ROOT / folder).rglob("*"):
            hidden = any(part.startswith((".", "__pycache__")) for part in path.relative_to(ROOT).parts)
            if path.is_file() and not hidden:
                found[str(path.relative_to(ROOT))] = path
    return found


def _own_modules(plan: Plan, beside: Path) -> dict[str, Path]:
    """Modules of the user's own: those that components name, and what was imported from beside the study.

    Raises:
        ValueError: a component's module lies elsewhere.
    """
    every = [part for node in plan.nodes.values() for _, part in parameters.nested(node.parameters)]
    tops = {type(part).__module__.split(".")[0] for part in every} - {"xltlib"}
    for name, module in list(sys.modules.items()):
        path = Path(getattr(module, "__file__", None) or "/")
        outside = ROOT / "xltlib", ROOT / "tests", Path(sys.prefix)
        if path.is_relative_to(beside) and not any(path.is_relative_to(place) for place in outside):
            tops.add(name.split(".")[0])
    found: dict[str, Path] = {}
    for top in sorted(top for top in tops if top != "run_all" and not top.startswith("__")):
        spec = util.find_spec(top)
        paths = [Path(spec.origin)] if spec.submodule_search_locations is None else []
        for folder in spec.submodule_search_locations or ():
            paths += [path for path in Path(folder).rglob("*.py")]
        for path in paths:
            if not path.is_relative_to(beside):
                raise ValueError(f"{path} is not beside {beside}: a bundle holds modules beside its study")
            found[str(path.relative_to(beside))] = path
    return found


def refuse_other(plan: Plan) -> None:
    """In an unpacked bundle, stop before a kernel starts where a run reads what was not packed.

    Raises:
        ValueError: names the run, and what it reads.
    """
    packed = places.bundle()
    if packed is None:
        return
    for key, (node, base) in reading.distinct(plan).items():
        if key in packed["reads"]:
            continue
        if base not in packed["places"]:
            raise ValueError(f"{node.label}: encoder {base!r} is not here")
        try:
            run = reading.Alone(node, base)
            places.refuse_other_text(run.read())
        except (ValueError, OSError) as error:
            raise ValueError(f"{node.label}: {error}") from error
        if run.needs_whole and (ROOT / places.TEXTS).exists():
            raise ValueError(f"{node.label}: it needs the whole vocabulary of {base!r}, which is not here")


def asked(args: argparse.Namespace, plan: Plan) -> bool:
    """Do what run_all.py is asked with --bundle, --results or --collect; returns whether it was one of these.

    In an unpacked bundle a plan that reads what is not there is refused first.

    Args:
        args: of run_all.py.
        plan: the runs that are chosen.
    Raises:
        ValueError: as :func:`pack`, :func:`refuse_other`, and those of results_archive.py.
    """
    refuse_other(plan)
    store = Store(args.runs.resolve(), args.figures.resolve() / plan.study.name)
    if args.bundle:
        only = ["--only", args.only] if args.only else []
        sets = [word for entry in args.set for word in ("--set", entry)]
        print(pack(plan, args.bundle, args.experiments, [args.study, *only, *sets]))
    elif args.results:
        print(results_archive.pack(plan, store, args.results))
    elif args.collect:
        print(results_archive.collect(plan, store, args.collect, args.force))
    return bool(args.bundle or args.results or args.collect)
