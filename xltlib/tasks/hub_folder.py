"""A task that lies on the hub: a data set with a ``task.yaml``, and the files that it names."""

from __future__ import annotations

import posixpath
from functools import cache
from glob import escape
from pathlib import Path

from xltlib.tasks.description import FILE, Description, read_description
from xltlib.text_files import DataError


def description_folder(name: str) -> Path:
    """The folder that a data set of the hub was downloaded to, called after its revision.

    First its ``task.yaml`` is fetched, then the files that this names, and nothing else.

    Args:
        name: ``organisation/name``, or that with ``@`` and a revision behind it.
    Raises:
        DataError: the hub gave nothing, or the description has a mistake; says what to do.
    """
    return _downloaded(*name.partition("@")[::2])


@cache
def _downloaded(name: str, revision: str) -> Path:
    import huggingface_hub

    try:
        downloaded = huggingface_hub.hf_hub_download(
            name, FILE, repo_type="dataset", revision=revision or None
        )
    except Exception as error:  # its errors have no class in common
        raise DataError(f"task {name!r}: {_why(name, error)}") from error
    path = Path(downloaded)
    patterns = files_named(read_description(path))
    if not patterns:
        return path.parent
    try:
        folder = huggingface_hub.snapshot_download(
            name, repo_type="dataset", revision=path.parent.name, allow_patterns=[FILE, *patterns]
        )
    except Exception as error:
        raise DataError(f"task {name!r}: {_why(name, error)}") from error
    return Path(folder)


def files_named(description: Description) -> list[str]:
    """Patterns of the files that a description names beside itself.

    Raises:
        DataError: a file lies outside the data set.
    """
    patterns = {}
    for split, sources in description.sources.items():
        for source in sources:
            paths = list(source.files.values()) if isinstance(source.files, dict) else [source.files]
            paths += [] if source.ids in ("line", "column") else [source.ids]
            for path in paths:
                if not path or path.startswith("{data}/"):
                    continue
                path = posixpath.normpath(path.replace("{split}", split))
                if path.startswith(("/", "../", "~")):
                    raise DataError(f"{source.where}: {path} lies outside the data set")
                patterns["*".join(escape(part) for part in path.split("{language}"))] = None
    return list(patterns)


def _why(name: str, error: Exception) -> str:
    """Why the hub gave nothing, and what to do."""
    from huggingface_hub import errors as hub

    fetch = f"fetch it with 'hf download {name} --repo-type dataset' while online"
    if isinstance(error, hub.GatedRepoError):  # a kind of RepositoryNotFoundError
        return "gated: accept its terms on its page of the hub, and log in with 'hf auth login'"
    if isinstance(error, hub.RepositoryNotFoundError):
        return "the hub has no such data set: check the spelling, and log in if it is a private one"
    if isinstance(error, hub.RevisionNotFoundError):
        return "the hub has no such revision of it"
    away = (hub.LocalEntryNotFoundError, hub.OfflineModeIsEnabled, hub.IncompleteSnapshotError)
    if isinstance(error, away):
        return (
            "not all of it is downloaded, and the hub is out of reach or kept away (HF_HUB_OFFLINE): "
            f"{fetch}. A folder is written as a path: ./{name}"
        )
    if isinstance(error, hub.EntryNotFoundError):
        return f"no {FILE} in this data set of the hub; download it, and write one in its folder"
    if isinstance(error, hub.HFValidationError):
        return f"no name of a data set, as in organisation/name; a folder is written as a path: ./{name}"
    message = " ".join(str(error).split())[:120]
    return f"its download failed ({type(error).__name__}: {message}); {fetch}"
