"""Where notebooks find studies and leave runs: never decided by the folder in which a kernel was started.

A notebook names places as they are seen from where it lies (``"../figures"``). Its kernel may be started
anywhere: JupyterLab starts it there, papermill wherever its command is given.
"""

from __future__ import annotations

import os
from pathlib import Path

from xltlib import collected
from xltlib.places import ROOT

NOTEBOOKS = ROOT / "notebooks"


def seen_from_notebooks(name: str) -> Path:
    """The place that a parameter of a notebook names: a relative one is seen from the folder of notebooks.

    Example:
        >>> seen_from_notebooks("../figures") == ROOT / "figures"
        True
        >>> seen_from_notebooks("/elsewhere/runs").as_posix()
        '/elsewhere/runs'
    """
    return Path(os.path.normpath(NOTEBOOKS / os.path.expanduser(name)))


def of_figures(folder: Path | str) -> Path:
    """A folder in which studies lie.

    Raises:
        FileNotFoundError: there is no such folder, or no study in it. A study that is not in it was not run;
            without the folder nothing can be said of any.
    """
    place = Path(folder)
    if not place.is_dir():
        raise FileNotFoundError(
            f"figures_folder {str(folder)!r}: there is no folder {place.absolute()}; give one that "
            "run_all.py has filled (in a notebook, a relative one is seen from notebooks/)"
        )
    if not any(_has_runs(path) for path in place.iterdir()):
        hint = ": it is a study's own; give the one that it lies in" if _has_runs(place) else ""
        raise FileNotFoundError(f"figures_folder {str(folder)!r}: no study lies in {place.absolute()}{hint}")
    return place


def of_study(folder: Path | str, study: str) -> Path:
    """The folder of one study.

    Args:
        folder: where studies lie.
    Raises:
        FileNotFoundError: there is no such folder, or no such study in it; says which are.
    """
    place = of_figures(folder)
    if study != Path(study).name:
        raise FileNotFoundError(f"study {study!r}: wanted the name of a folder in {place}, not a path")
    if study and has_study(place, study):
        return place / study
    studies = ", ".join(sorted(path.parent.name for path in place.glob("*/runs.json"))) or "none"
    raise FileNotFoundError(f"no study {study!r} in {place.name}/: it has {studies}")


def has_study(folder: Path, study: str) -> bool:
    """Whether a folder of figures holds a study.

    Raises:
        FileNotFoundError: its predictions are there and its runs are not: it was run, and something was lost.
    """
    found = _has_runs(folder / study)
    if not found and (lost := collected.lost_half(folder / study)):
        raise FileNotFoundError(lost)
    return found


def _has_runs(place: Path) -> bool:
    return collected.file(place, collected.RUNS).is_file()


def state(folder: Path | str, study: str, needed: dict[str, type] | None = None) -> dict:
    """What a study's ``runs.json`` says: see :func:`xltlib.collected.state`.

    Raises:
        FileNotFoundError: there is no such folder or study.
        Damaged: the file is.
    """
    return collected.state(of_study(folder, study), needed)


def of_table(folder: Path, study: str, name: str) -> Path:
    """The file of a table that a study's summary wrote.

    Raises:
        FileNotFoundError: the study is there but the table is not: it was never drawn, or the file was lost.
            That is no study that was not run.
    """
    path = collected.file(of_study(folder, study), name)
    if not path.is_file():
        raise FileNotFoundError(
            f"{study}/{name} is not in {Path(folder).name}/, though the study is: "
            f"draw it (python run_all.py {study} --draw), or take it back (git restore {path})"
        )
    return path
