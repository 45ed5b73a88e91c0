"""What the model hub answers, and what a name means: simulated, without a network."""

import httpx2
import huggingface_hub
import pytest
from huggingface_hub import errors

from xltlib import encoders, places
from xltlib.encoders import hub


def answer(status: int):
    """A response of the hub."""
    return httpx2.Response(status, request=httpx2.Request("GET", "https://hub.example/api/models/a/b"))


def of_kind(kind: type, status: int):
    """An error as huggingface_hub raises it of a response."""
    return kind(f"{status} Client Error.\n\nMore about it.", response=answer(status))


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


ANSWERS = {  # what the hub does: what the error must say
    "gated": (of_kind(errors.GatedRepoError, 403), "gated: accept its terms .*hf auth login"),
    "missing": (
        of_kind(errors.RepositoryNotFoundError, 404),
        "has no such model: check the spelling.*private",
    ),
    "private": (of_kind(errors.RepositoryNotFoundError, 401), "has no such model.*private one, log in"),
    "no main": (of_kind(errors.RevisionNotFoundError, 404), "no version 'main'"),
    "disabled": (of_kind(errors.DisabledRepoError, 403), "switched this model off"),
    "token": (of_kind(errors.HfHubHTTPError, 401), "does not let this account have it .401.: log in"),
    "too many": (of_kind(errors.HfHubHTTPError, 429), "answered with error 429: try again later"),
    "down": (of_kind(errors.HfHubHTTPError, 503), "answered with error 503: try again later"),
    "no network": (
        caused(errors.LocalEntryNotFoundError("Got: ConnectError"), httpx2.ConnectError("no route")),
        "the hub is out of reach.*hf download mine/model.*name a folder, or take 'offline'",
    ),
    "a proxy": (httpx2.ProxyError("407"), "the hub is out of reach"),
    "slow": (httpx2.ReadTimeout("slow"), "the hub is out of reach"),
    "switched off": (
        caused(errors.LocalEntryNotFoundError("no cache"), errors.OfflineModeIsEnabled("HF_HUB_OFFLINE=1")),
        "HF_HUB_OFFLINE keeps the hub away: unset that, fetch it first with 'hf download mine/model', or",
    ),
    "switched off at once": (
        errors.OfflineModeIsEnabled("HF_HUB_OFFLINE=1"),
        "HF_HUB_OFFLINE keeps the hub away",
    ),
    "half of a download": (
        errors.IncompleteSnapshotError("3 file(s) are missing", "/cache"),
        "an earlier download of it is incomplete",
    ),
    "no hub id": (
        errors.HFValidationError("Repo id must be"),
        "no path of a folder .write ./NAME., no hub id",
    ),
    "a full disk": (OSError(28, "No space left on device"), "its download failed .OSError: .*No space left"),
    "anything else": (RuntimeError(""), "its download failed .RuntimeError."),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_what_the_hub_answers_is_said_with_what_to_do(monkeypatch, case):
    error, words = ANSWERS[case]

    def download(name, **options):
        raise error

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    with pytest.raises(OSError, match=words) as caught:
        encoders.load("mine/model")
    said = str(caught.value)
    assert said.startswith("encoder 'mine/model': ") and "\n" not in said


def test_a_model_of_which_the_hub_has_other_weights_alone_is_not_read(tiny, tmp_path, monkeypatch):
    (tmp_path / "config.json").write_bytes((tiny["bert"] / "config.json").read_bytes())
    asked = []

    def download(name, allow_patterns):
        asked.append(allow_patterns)
        return str(tmp_path)

    class File:
        path = "pytorch_model.bin"

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    monkeypatch.setattr(huggingface_hub, "get_cached_repo_tree", lambda name: [File])
    with pytest.raises(
        ValueError, match="its weights are in pytorch_model.bin.*convert it once: python -c"
    ) as caught:
        encoders.load("mine/old")
    assert "SentenceTransformer('mine/old', device='cpu').save_pretrained('converted')" in str(caught.value)
    assert not any("bin" in pattern for patterns in asked for pattern in patterns)


def test_a_model_without_any_weights_says_so_where_the_list_of_files_is_unknown(tiny, tmp_path, monkeypatch):
    (tmp_path / "config.json").write_bytes((tiny["bert"] / "config.json").read_bytes())

    def unknown(name):
        raise errors.CachedRepoTreeNotFoundError("no list")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda name, allow_patterns: str(tmp_path))
    monkeypatch.setattr(huggingface_hub, "get_cached_repo_tree", unknown)
    with pytest.raises(ValueError, match="model.safetensors is missing: it holds the weights"):
        encoders.load("mine/empty")


def test_what_was_downloaded_is_asked_for_once(tiny, monkeypatch, words):
    asked = []

    def download(name, allow_patterns):
        asked.append(name)
        return str(tiny["bert"])

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    for _ in range(2):
        assert encoders.load("mine/good").name == "mine/good"
    assert asked == ["mine/good"]


@pytest.mark.parametrize("name", ["mine/here", "offline-here", "here"])
def test_a_folder_that_lies_there_hides_no_model_of_the_hub(tiny, tmp_path, monkeypatch, name):
    place = tmp_path / name
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(tiny["bert"])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda *given, **options: 1 / 0)
    with pytest.raises(OSError, match=f"There is a folder {name}: to mean it, write ./{name}"):
        encoders.load(name)
    assert encoders.load(f"./{name}").hidden == 32


def test_a_folder_called_offline_does_not_hide_the_encoder(tiny, tmp_path, monkeypatch):
    (tmp_path / "offline").symlink_to(tiny["bert"])
    monkeypatch.chdir(tmp_path)
    assert encoders.load("offline").hidden == 384 and encoders.load("./offline").hidden == 32


def test_a_path_that_leads_nowhere_is_not_asked_of_the_hub(tmp_path, monkeypatch):
    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda *given, **options: 1 / 0)
    (tmp_path / "weights.bin").write_text("")
    for name in ("/no/such/folder", "./nowhere", "../nowhere/model", "~/no-such-model", "a/b/c"):
        with pytest.raises(OSError, match="no such folder. Name a folder with config.json"):
            encoders.load(name)
    with pytest.raises(OSError, match="is a file: name the folder"):
        encoders.load(str(tmp_path / "weights.bin"))


def test_a_home_folder_is_found(tiny, tmp_path, monkeypatch):
    (tmp_path / "model").symlink_to(tiny["bert"])
    monkeypatch.setenv("HOME", str(tmp_path))
    assert hub.local_folder("~/model") == tmp_path / "model"


def test_in_a_bundle_what_was_not_packed_is_told_with_what_it_holds(monkeypatch):
    monkeypatch.setattr(places, "bundle", lambda: {"places": {}, "written": {}, "holds": "paws-x"})
    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda *given, **options: 1 / 0)
    with pytest.raises(OSError, match="this is a bundle of paws-x"):
        encoders.load("mine/unpacked")
