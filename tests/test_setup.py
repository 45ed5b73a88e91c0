"""make setup: whatever pip was told holds for uv, and what cannot be said to uv leaves the work to pip."""

import doctest
import importlib
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def install(monkeypatch):
    """The module tools/install.py."""
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    return importlib.import_module("install")


@pytest.fixture
def configured(tmp_path, install):
    """What pip says it was told by a configuration file and by variables."""

    def told(file: str, **variables: str) -> dict[str, str]:
        (tmp_path / "pip.conf").write_text(file)
        others = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
        asked = {**others, "PIP_CONFIG_FILE": str(tmp_path / "pip.conf"), **variables}
        command = [sys.executable, "-m", "pip", "config", "list"]
        listing = subprocess.run(command, env=asked, capture_output=True, text=True, check=True).stdout
        return install.told(listing)

    return told


def test_examples_of_the_module_hold(install):
    assert doctest.testmod(install) == (0, 3)


def test_places_and_constraints_of_a_file_reach_uv(configured, install):
    file = """
        [global]
        index-url = https://me:secret@one.example/simple
        extra-index-url =
            https://two.example/simple
            file:///three
        trusted-host = one.example
        cert = ~/own.pem
        [install]
        find-links = /wheels ~/more
        constraint = /limits.txt
        no-binary = a,b
    """
    variables, arguments = install.translated(configured(textwrap.dedent(file)))
    home = os.path.expanduser("~")
    assert variables["UV_DEFAULT_INDEX"] == "https://me:secret@one.example/simple"
    assert variables["UV_INDEX"] == "https://two.example/simple file:///three"
    assert variables["UV_FIND_LINKS"] == f"/wheels,{home}/more"
    assert variables["UV_CONSTRAINT"] == "/limits.txt" and variables["UV_INSECURE_HOST"] == "one.example"
    assert variables["SSL_CERT_FILE"] == f"{home}/own.pem"
    assert variables["UV_INDEX_STRATEGY"] == "unsafe-best-match"  # pip has no first index
    assert arguments == ["--no-binary=a", "--no-binary=b"]  # nothing secret: anybody can see arguments


def test_variables_are_stronger_than_files_and_install_than_global(configured, install):
    file = "[global]\nfind-links = /a\ntimeout = 5\nproxy = http://p\n[install]\nproxy = http://q\n"
    told = configured(file, PIP_FIND_LINKS="/b /c", PIP_DEFAULT_TIMEOUT="180", PIP_NO_INDEX="1")
    variables, arguments = install.translated(told)
    assert variables["UV_FIND_LINKS"] == "/b,/c" and variables["UV_HTTP_TIMEOUT"] == "180"
    assert variables["https_proxy"] == variables["HTTP_PROXY"] == "http://q"
    assert arguments == ["--no-index"]


def test_what_does_not_bear_upon_the_packages_is_passed_over(configured, install):
    told = configured("[global]\nquiet = 1\nuser = false\n[list]\nformat = json\n", PIP_NO_INPUT="1")
    assert install.translated(told) == ({"UV_INDEX_STRATEGY": "unsafe-best-match"}, [])


@pytest.mark.parametrize("option", ["target = /x", "require-hashes = yes", "platform = any"])
def test_what_uv_cannot_be_told_is_left_to_pip(option, configured, install):
    with pytest.raises(install.NoCounterpart, match=option.split()[0]):
        install.translated(configured(f"[global]\n{option}\n"))


def test_no_address_is_shown(install):
    message = "error: https://me:secret@host.example/simple/torch/: no answer\n  cause: file:///disk/x"
    shown = install.without_addresses(message)
    assert "host" not in shown and "secret" not in shown and "disk" not in shown and "no answer" in shown


def test_setup_goes_through_this_script_and_the_version_of_uv_is_exact(install):
    makefile = (ROOT / "Makefile").read_text()
    assert "tools/install.py\n" in makefile and install.UV.startswith("uv==")
    assert install.LOCK == ROOT / "requirements.lock" and install.LOCK.exists()


def planned(folder: Path, path_of_environment: str) -> str:
    """What make would do for ``make run`` in a folder whose environment was made at that path."""
    (folder / "tools").mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "tools/install.py"):
        (folder / name).write_text((ROOT / name).read_text())
    (folder / ".venv").mkdir()
    (folder / ".venv/ready").write_text(f"{path_of_environment}\n")
    command = ["make", "--dry-run", "--no-print-directory", "run"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def test_an_environment_is_made_anew_where_its_folder_was_moved(tmp_path):
    here = tmp_path.resolve() / "in its place"
    assert planned(here, str(here)).startswith(".venv/bin/python run_all.py demo")
    assert "-m venv --clear .venv" in planned(tmp_path / "moved", str(here))


def test_cleaning_keeps_runs():
    command = ["make", "--dry-run", "--no-print-directory", "clean"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "rm -rf .venv\n"
