"""Where an encoder's files lie: a folder that is written as a path, or what the model hub gives."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from xltlib import places
from xltlib.encoders.encoder import OFFLINE

FILES = ["*.json", "*.txt", "*.model", "*.safetensors", "*/*.json", "*/*.safetensors"]  # what is downloaded
LOG_IN = "log in with 'hf auth login'"


def local_folder(name: str) -> Path:
    """The folder of an encoder; in a bundle that which was packed, of a hub id that of its download.

    A name is a folder only where it is written as a path (places.is_path): what lies in the working directory
    hides no model of the hub.

    Raises:
        OSError: nothing is there, or the hub does not give it; says which it was, and what to do.
    """
    place = places.located(name)
    if place == name and not places.is_path(name, hub=True):
        return _downloaded(name)
    folder = Path(os.path.expanduser(place))
    if folder.is_dir():
        return folder
    if folder.exists():
        raise OSError(f"encoder {name!r} is a file: name the folder that it lies in")
    advice = f"Name a folder with config.json, a hub id while online, or {OFFLINE!r}."
    raise OSError(f"encoder {name!r}: no such folder. {advice}")


def is_of_hub(name: str) -> bool:
    """Whether a name stands for a model of the hub."""
    return places.located(name) == name and not places.is_path(name, hub=True)


def split(name: str) -> tuple[str, str | None]:
    """A hub id, and the revision that stands behind its ``@``; None: the newest, or it is a folder.

    Example:
        >>> split("organisation/model@836121a"), split("organisation/model"), split("./mine@home")
        (('organisation/model', '836121a'), ('organisation/model', None), ('./mine@home', None))
    """
    repository, at, revision = name.partition("@")
    return (repository, revision) if at and is_of_hub(name) else (name, None)


def pinned(name: str, revision: str) -> str:
    """The name of an encoder at a revision, where it is of the hub and names none itself.

    Example:
        >>> pinned("organisation/model", "836121a"), pinned("/models/mine", "")
        ('organisation/model@836121a', '/models/mine')
    """
    return f"{name}@{revision}" if revision and is_of_hub(name) and "@" not in name else name


def revision_of(name: str) -> str:
    """The commit of the hub that an encoder is read at; "" of one that is no download of the hub.

    Raises:
        OSError: as :func:`local_folder`.
    """
    if name == OFFLINE:
        return ""
    folder = local_folder(name)
    return folder.name if folder.parent.name == "snapshots" else ""  # as the hub's cache lays them out


def file_names(name: str, folder: Path) -> set[str]:
    """Names of all files of an encoder; of one of the hub those that were not downloaded, too."""
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    if is_of_hub(name):
        from huggingface_hub import get_cached_repo_tree
        from huggingface_hub.errors import CachedRepoTreeNotFoundError

        try:
            repository, revision = split(name)
            found |= {file.path for file in get_cached_repo_tree(repository, revision=revision)}
        except (CachedRepoTreeNotFoundError, OSError, ValueError):
            pass  # the list of files is a help to the reader of an error, and nothing more
    return found


@cache
def _downloaded(name: str) -> Path:
    """The folder that a model was downloaded to, now or earlier."""
    from huggingface_hub import snapshot_download

    repository, revision = split(name)
    if revision == "":
        raise OSError(f"encoder {name!r}: behind the @ stands a revision of the hub, a commit or a tag")
    if repository == OFFLINE:
        raise OSError(f"encoder {name!r}: {OFFLINE!r} is no model of the hub: take out what begins with @")
    try:
        return Path(snapshot_download(repository, revision=revision, allow_patterns=FILES))
    except Exception as error:  # its errors have no class in common
        raise OSError(f"encoder {name!r}: {_why(name, error)}{_folder_of_that_name(name)}") from error


def _folder_of_that_name(name: str) -> str:
    """What to write where a folder was meant."""
    near = [place for place in (Path.cwd(), places.ROOT) if (place / name).is_dir()]
    return f". There is a folder {name}: to mean it, write ./{name}" if near else places.said()


def _why(name: str, error: Exception) -> str:
    """Why the hub gave nothing, and what to do."""
    from huggingface_hub import errors as hub

    repository, revision = split(name)
    download = f"'hf download {repository}{f' --revision {revision}' if revision else ''}'"
    status = getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(error, hub.HFValidationError):
        return f"no path of a folder (write ./NAME), no hub id as in organisation/model, and not {OFFLINE!r}"
    if isinstance(error, hub.GatedRepoError):  # a kind of RepositoryNotFoundError
        return f"gated: accept its terms on its page of the hub, and {LOG_IN}"
    if isinstance(error, hub.RepositoryNotFoundError):
        return f"the hub has no such model: check the spelling; if it is a private one, {LOG_IN}"
    if isinstance(error, hub.RevisionNotFoundError):
        advice = "look up its commits and tags" if revision else "download one by hand, and name its folder"
        return f"the hub has no version {revision or 'main'!r} of it: {advice}"
    if isinstance(error, hub.DisabledRepoError):
        return "the hub has switched this model off: name another"
    if isinstance(error, hub.IncompleteSnapshotError):
        fetch = f"fetch the rest with {download} while online"
        return f"an earlier download of it is incomplete, and the hub is out of reach: {fetch}"
    if _switched_off(error):
        fetch = f"fetch it first with {download}, or take {OFFLINE!r}"
        return f"no download of it is here, and HF_HUB_OFFLINE keeps the hub away: unset that, {fetch}"
    if status in (401, 403):
        return f"the hub does not let this account have it ({status}): {LOG_IN}"
    if status is not None:
        return f"the hub answered with error {status}: try again later"
    if isinstance(error, hub.LocalEntryNotFoundError) or type(error).__module__.startswith("httpx"):
        return (
            "no download of it is here, and the hub is out of reach (no network?): fetch it with "
            f"{download} while online, name a folder, or take {OFFLINE!r}"
        )
    return f"its download failed ({first_line(error)})"


def _switched_off(error: Exception) -> bool:
    """Whether it was the user who keeps the hub away."""
    from huggingface_hub.errors import OfflineModeIsEnabled

    return any(isinstance(cause, OfflineModeIsEnabled) for cause in (error, error.__cause__))


def first_line(error: BaseException) -> str:
    """The kind of an error and the first line of what it says."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
