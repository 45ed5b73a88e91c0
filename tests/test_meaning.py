"""What a name means does not depend on where a command is started, nor on what lies there."""

from pathlib import Path

import pytest
from tiny_studies import ROOT

from xltlib import places, studies

KNOWN = ["wikipedia", "ntrex", "demo", "task", "offline", "wordnet"]


def planned(options: dict, folder: Path = ROOT, overrides: tuple[str, ...] = (), data: str = ""):
    study = {"seeds": [1], "common": {"task": "demo", "targets": "en de"}, "arms": {"plain": {}}}
    study["encoders" if "adaptation" in options else "arms"] = {"a": options}
    plan = studies.Study("own", study, folder).plan(studies.parse_set(list(overrides)), data)
    return next(iter(plan.nodes.values()))


@pytest.fixture
def crowded(tmp_path, monkeypatch):
    """A working directory with folders that are called like everything that has a name."""
    for name in [*KNOWN, "data/text/wikipedia", "data/parallel/ntrex", "org/model"]:
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "data/text/wikipedia/de.txt").write_text("Satz .\n", encoding="utf-8")
    before = planned_everything(str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return tmp_path, before


def planned_everything(data: str) -> list[str]:
    adaptation = {"kind": "mlm", "text": "wikipedia", "languages": "de"}
    align = {"kind": "align", "corpus": "ntrex", "languages": "de"}
    synonyms = {"noise": {"kind": "synonyms", "words": "wordnet"}}
    given = [{"adaptation": adaptation}, {"adaptation": align}, synonyms, {"encoder": "org/model"}]
    given += [{"adaptation": {**adaptation, "text": name}} for name in ("demo", "task")]
    return [planned(options, data=data).run for options in given]


def test_folders_in_the_working_directory_hide_no_known_name(crowded):
    here, before = crowded
    assert planned_everything(str(here / "data")) == before


@pytest.mark.parametrize("path", ["./lists", "lists/more", "../lists", "~/lists"])
def test_a_relative_path_is_relative_to_the_studies(path, tmp_path, monkeypatch):
    home, studies_of = tmp_path / "home", tmp_path / "studies"
    studies_of.mkdir()
    monkeypatch.setenv("HOME", str(home))
    folder = (home / "lists") if path.startswith("~") else (studies_of / path).resolve()
    folder.mkdir(parents=True)
    (folder / "de.txt").write_text("Satz .\n", encoding="utf-8")
    found = []
    for started in (studies_of, tmp_path):
        monkeypatch.chdir(started)
        node = planned({"adaptation": {"kind": "mlm", "text": path, "languages": "de"}}, studies_of)
        found.append(node.parameters["adaptation"]["text"])
    assert found == [str(folder)] * 2


def test_what_the_command_line_sets_is_relative_to_the_studies_too(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/de.txt").write_text("Satz .\n", encoding="utf-8")
    options = {"adaptation": {"kind": "mlm", "text": "demo", "languages": "de"}}
    node = planned(options, tmp_path, ("adaptation.text=./mine", "encoder.name=./mine"))
    assert node.parameters["adaptation"]["text"] == str(tmp_path / "mine")
    assert node.parameters["encoder"]["name"] == str(tmp_path / "mine")


def test_a_hub_id_stays_one(tmp_path):
    assert planned({"encoder": "org/model"}, tmp_path).parameters["encoder"]["name"] == "org/model"


@pytest.mark.parametrize("word", ["mine", "wikipedia.txt"])
def test_a_folder_that_is_not_written_as_a_path_is_named(word, tmp_path):
    (tmp_path / "data" / "text" / "wikipedia").mkdir(parents=True)
    (tmp_path / word).mkdir()
    options = {"adaptation": {"kind": "mlm", "text": word, "languages": "de"}}
    with pytest.raises(ValueError, match=f"known are .*wikipedia.* or the path of a folder, as in ./{word}"):
        planned(options, tmp_path, data=str(tmp_path / "data"))
    options["adaptation"]["text"] = f"./{word}2"
    with pytest.raises(ValueError, match="there is no such folder"):
        planned(options, tmp_path, data=str(tmp_path / "data"))


def test_a_tilde_is_opened_where_parameters_reach_a_notebook_as_they_are(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    assert places.located("~/models/mine") == "/home/me/models/mine"
    assert places.located("sentence-transformers/LaBSE") == "sentence-transformers/LaBSE"
