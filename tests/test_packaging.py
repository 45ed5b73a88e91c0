"""The lock, pyproject.toml and environment.yml say the same; importing is light; the package stays thin."""

import os
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCK = {
    re.sub(r"[-_.]+", "-", name).lower(): version
    for name, version in (
        line.split("==")
        for line in (ROOT / "requirements.lock").read_text().splitlines()
        if line and not line.startswith("#")
    )
}


def wanted() -> list[Requirement]:
    extras = [entry for entries in PROJECT["optional-dependencies"].values() for entry in entries]
    return [Requirement(entry) for entry in PROJECT["dependencies"] + extras]


def test_the_lock_satisfies_every_range_of_every_extra():
    assert set(PROJECT["optional-dependencies"]) == {"offline", "cluster", "test"}
    for requirement in wanted():
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        assert name in LOCK, f"{name} is not in requirements.lock"
        assert requirement.specifier.contains(LOCK[name]), (
            f"{name} {LOCK[name]} is outside {requirement.specifier}"
        )
    assert LOCK["torch"] == "2.13.0"
    assert not any(name.startswith(("nvidia", "triton")) for name in LOCK)


def test_this_environment_is_the_lock():
    for requirement in wanted():
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        assert metadata.version(name).split("+")[0] == LOCK[name]


def test_the_lock_installs_on_the_oldest_python_that_is_promised():
    oldest = PROJECT["requires-python"].removeprefix(">=")
    for name, version in LOCK.items():
        try:
            needs = metadata.metadata(name)["Requires-Python"]
        except metadata.PackageNotFoundError:  # of another platform
            continue
        assert SpecifierSet(needs or "").contains(f"{oldest}.0"), f"{name} {version} needs Python {needs}"


def test_conda_installs_the_same_lock():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    assert environment["name"] == PROJECT["name"]
    pip = next(entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    assert pip == ["-r requirements.lock", "-e ."]
    python = next(entry for entry in environment["dependencies"] if str(entry).startswith("python="))
    assert Requirement(f"python{PROJECT['requires-python']}").specifier.contains(python.split("=")[1])


def test_versions_agree():
    import xltlib

    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert PROJECT["version"] == xltlib.__version__ == citation["version"]
    assert citation["license"] == PROJECT["license"] == "Apache-2.0"


def test_importing_and_reading_records_needs_no_torch():
    code = (
        "import sys; before = set(sys.modules); import xltlib;"
        "assert set(sys.modules) - before == {'xltlib'};"
        "from xltlib import records, statistics, languages, figures, tasks, studies, store, provenance;"
        "from xltlib import bundle, results_archive;"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    "command",
    ["run_all.py", "-m xltlib.tasks", "-m xltlib.tables", "-m xltlib.export", "-m xltlib.demo.grammar"],
)
def test_a_python_without_the_packages_is_told_what_to_do_in_one_line(command):
    given = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    asked = [sys.executable, "-S", *command.split()]  # -S: without site-packages
    done = subprocess.run(asked, cwd=ROOT, env=given, capture_output=True, text=True)
    (said,) = done.stderr.splitlines()
    assert done.returncode == 1 and not done.stdout
    assert "numpy" in said and "`make setup`" in said and ".venv/bin/python" in said
