"""Where notebooks find studies and leave runs: never decided by the folder in which a kernel was started.

A notebook names places as they are seen from where it lies (``"../figures"``). Its kernel may be started
anywhere: JupyterLab starts it there, papermill wherever its command is given.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
AGAIN = "take it from where it is committed, or collect the study again"


def seen_from_notebooks(name: str) -> Path:
    """The place that a parameter of a notebook names: a relative one is seen from the folder of notebooks.

    Example:
        >>> seen_from_notebooks("../figures") == ROOT / "figures"
        True
        >>> seen_from_notebooks("/tmp/runs").as_posix()
        '/tmp/runs'
    """
    return Path(os.path.normpath(NOTEBOOKS / Path(name).expanduser()))


def of_figures(folder: Path | str) -> Path:
    """A folder in which studies lie.

    Raises:
        FileNotFoundError: there is no such folder. A study that is not in it was not run; without the folder
            nothing can be said of any.
    """
    place = Path(folder)
    if not place.is_dir():
        raise FileNotFoundError(
            f"figures_folder {str(folder)!r}: there is no folder {place.absolute()}; give one that "
            "run_all.py has filled (in a notebook, a relative one is seen from notebooks/)"
        )
    return place


def of_study(folder: Path | str, study: str) -> Path:
    """The folder of one study.

    Args:
        folder: where studies lie.
    Raises:
        FileNotFoundError: there is no such folder, or no such study in it; says which are.
    """
    place = of_figures(folder)
    if study and has_study(place, study):
        return place / study
    there = ", ".join(sorted(path.parent.name for path in place.glob("*/runs.json"))) or "none"
    raise FileNotFoundError(f"no study {study!r} in {place.name}/: it has {there}")


def has_study(folder: Path, study: str) -> bool:
    """Whether a folder of figures holds a study."""
    return (folder / study / "runs.json").is_file()


def state(folder: Path | str, study: str) -> dict:
    """What a study's ``runs.json`` says: ``missing`` labels, and the records of its ``runs``.

    Raises:
        FileNotFoundError: there is no such folder or study.
        ValueError: the file is damaged.
    """
    path = of_study(folder, study) / "runs.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # no JSON, or not UTF-8
        raise ValueError(f"{study}/runs.json is damaged ({error}); {AGAIN}") from error
    if not isinstance(found, dict) or not {"missing", "runs"} <= set(found):
        raise ValueError(f"{study}/runs.json is damaged (it has no 'missing' or no 'runs'); {AGAIN}")
    return found


def of_table(folder: Path, study: str, name: str) -> Path:
    """The file of a table that a study's summary wrote.

    Raises:
        FileNotFoundError: the study is there but the table is not: it was never drawn, or the file was lost.
            That is no study that was not run.
    """
    path = of_study(folder, study) / name
    if not path.is_file():
        raise FileNotFoundError(
            f"{study}/{name} is not in {Path(folder).name}/, though the study is: "
            f"draw it (python run_all.py {study} --draw)"
        )
    return path
