"""What the model hub answers, and what a name means: simulated, without a network."""

import httpx2
import huggingface_hub
import pytest
from huggingface_hub import errors

from xltlib import encoders, parameters, places, records
from xltlib.encoders import hub, recipes
from xltlib.run import Run


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

    def download(name, revision, allow_patterns):
        asked.append(allow_patterns)
        return str(tmp_path)

    class File:
        path = "pytorch_model.bin"

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    monkeypatch.setattr(huggingface_hub, "get_cached_repo_tree", lambda name, revision: [File])
    with pytest.raises(
        ValueError, match="its weights are in pytorch_model.bin.*convert it once: python -c"
    ) as caught:
        encoders.load("mine/old")
    assert "SentenceTransformer('mine/old', device='cpu').save_pretrained('converted')" in str(caught.value)
    assert not any("bin" in pattern for patterns in asked for pattern in patterns)


def test_a_model_without_any_weights_says_so_where_the_list_of_files_is_unknown(tiny, tmp_path, monkeypatch):
    (tmp_path / "config.json").write_bytes((tiny["bert"] / "config.json").read_bytes())

    def unknown(name, revision):
        raise errors.CachedRepoTreeNotFoundError("no list")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda name, **options: str(tmp_path))
    monkeypatch.setattr(huggingface_hub, "get_cached_repo_tree", unknown)
    with pytest.raises(ValueError, match="model.safetensors is missing: it holds the weights"):
        encoders.load("mine/empty")


def test_what_was_downloaded_is_asked_for_once(tiny, monkeypatch, words):
    asked = []

    def download(name, revision, allow_patterns):
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


# -- revisions --------------------------------------------------------------------------------------

NEW, OLD = "a1" * 20, "b2" * 20  # commits; the newest is NEW


@pytest.fixture
def cache(tiny, tmp_path, monkeypatch):
    """A hub's cache without a network, with two commits of ``mine/model``; what was asked of it."""
    snapshots, asked = tmp_path / "hub/models--mine--model/snapshots", []
    snapshots.mkdir(parents=True)
    for commit, architecture in ((NEW, "bert"), (OLD, "xlm-r")):
        (snapshots / commit).symlink_to(tiny[architecture])

    def download(name, revision, allow_patterns):
        asked.append((name, revision))
        if revision not in (None, NEW, OLD):
            raise of_kind(errors.RevisionNotFoundError, 404)
        return str(snapshots / (revision or NEW))

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    hub._downloaded.cache_clear()  # else an earlier test's folder may come back
    yield asked
    hub._downloaded.cache_clear()


def run_of(place, notebook="20_finetune", **given):
    """A run with few pairs to read."""
    space = {name: default for name, (_, default) in parameters.declared(notebook).items()}
    return Run(notebook, space | {"targets": "en de", "runs": str(place)} | given)


def test_a_pinned_encoder_is_read_at_its_revision(cache):
    assert encoders.load(f"mine/model@{OLD}").pooling == encoders.load("mine/model").pooling == "mean"
    kinds = [encoders.load(name).model.config.model_type for name in (f"mine/model@{OLD}", "mine/model")]
    assert kinds == ["xlm-roberta", "bert"] and set(cache) == {("mine/model", OLD), ("mine/model", None)}
    assert [hub.revision_of(name) for name in (f"mine/model@{OLD}", "mine/model")] == [OLD, NEW]


@pytest.mark.parametrize(("name", "complaint"), [
    ("mine/model@v9", "has no version 'v9' of it: look up its commits and tags"),
    ("mine/model@", "behind the @ stands a revision of the hub"),
    ("offline@main", "'offline' is no model of the hub"),
])  # fmt: skip
def test_a_revision_that_is_not_there_is_told(cache, name, complaint):
    with pytest.raises(OSError, match=complaint):
        encoders.load(name)


def test_advice_on_a_pinned_encoder_names_its_revision(monkeypatch):
    def download(name, revision, allow_patterns):
        raise errors.OfflineModeIsEnabled("HF_HUB_OFFLINE=1")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    with pytest.raises(OSError, match=f"'hf download mine/model --revision {OLD}'"):
        encoders.load(f"mine/model@{OLD}")


def test_labse_is_labse_at_any_revision_and_a_folder_may_have_an_at(tiny, tmp_path):
    assert recipes.recipe_of(f"sentence-transformers/LaBSE@{OLD}") == "labse"
    (tmp_path / "mine@home").symlink_to(tiny["bert"])
    name = str(tmp_path / "mine@home")
    assert encoders.load(name).hidden == 32 and hub.revision_of(name) == "" == hub.revision_of("offline")


def test_a_record_tells_the_commit_of_the_encoder_and_of_what_it_was_adapted_from(cache, tiny, tmp_path):
    assert run_of(tmp_path, encoder={"name": "mine/model"}).write()["encoder_revision"] == NEW
    assert run_of(tmp_path, encoder={"name": str(tiny["bert"])}).write()["encoder_revision"] == ""
    adapted = run_of(tmp_path, "10_adapt", encoder={"name": f"mine/model@{OLD}"})
    assert adapted.write()["encoder_revision"] == OLD
    (adapted.place / "encoder").symlink_to(tiny["xlm-r"])
    assert run_of(tmp_path, encoder={"name": adapted.id}).write()["encoder_revision"] == OLD


def test_what_goes_on_from_a_model_reads_the_encoder_that_the_model_began_with(cache, tmp_path):
    first = run_of(tmp_path, encoder={"name": "mine/model"})
    record = first.write()
    records.write(first.place, record | {"encoder_revision": OLD})  # the hub has moved on since
    second = run_of(tmp_path, encoder={"name": "mine/model"}, start=first.id)
    assert second.encoder_place == f"mine/model@{OLD}" and second.encoder_name == "mine/model"
    assert second.write()["encoder_revision"] == OLD
