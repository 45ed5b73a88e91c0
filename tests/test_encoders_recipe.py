"""LaBSE is known by what a study says or by its own files, never by the name of a folder."""

import json
import shutil
from functools import cache

import pytest

from xltlib import parameters, provenance
from xltlib.components.base import make, resolved
from xltlib.encoders import recipes
from xltlib.ancestry import encoder_name
from xltlib.run import Run

SIZE = recipes.LABSE["vocab_size"]


@cache
def vocabulary(pieces: int, tokenizer: str) -> str:
    """A vocabulary of so many pieces, as such a file has it."""
    if tokenizer == "vocab.txt":
        return "\n".join(f"p{number}" for number in range(pieces)) + "\n"
    numbered = {f"p{number}": number for number in range(pieces)}
    return json.dumps({"model": {"type": "WordPiece", "vocab": numbered}})


def like_labse(folder, pieces: int = SIZE, tokenizer: str = "vocab.txt", **other):
    """The small files of LaBSE, or of a model that differs in something."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({**recipes.LABSE, "type_vocab_size": 2, **other}))
    (folder / tokenizer).write_text(vocabulary(pieces, tokenizer))
    return folder


@pytest.mark.parametrize(
    "place", ["collabserver", "model", "models--sentence-transformers--LaBSE/snapshots/836121a"]
)
def test_labse_is_known_by_its_files_in_any_folder(tmp_path, place):
    assert recipes.recipe_of(str(like_labse(tmp_path / place))) == "labse"


@pytest.mark.parametrize("tokenizer", ["vocab.txt", "tokenizer.json"])
def test_the_vocabulary_counts_in_either_form(tmp_path, tokenizer):
    assert recipes.recipe_in(like_labse(tmp_path / "one", tokenizer=tokenizer)) == "labse"
    assert recipes.recipe_in(like_labse(tmp_path / "two", SIZE - 1, tokenizer)) == ""


@pytest.mark.parametrize(
    "other",
    [{"model_type": "xlm-roberta"}, {"vocab_size": 119_547}, {"num_hidden_layers": 6}, {"hidden_size": 384}],
)
def test_another_model_in_a_folder_called_labse_is_none(tmp_path, other):
    assert recipes.recipe_of(str(like_labse(tmp_path / "LaBSE", **other))) == ""


def test_the_form_of_sentence_transformers_is_looked_through(tiny, tmp_path):
    folder = like_labse(tmp_path / "0_Transformer").parent
    for name in ("1_Pooling", "2_Dense"):
        shutil.copytree(tiny["labse"] / name, folder / name)
    listed = json.loads((tiny["labse"] / "modules.json").read_text())
    listed[0]["path"] = "0_Transformer"
    (folder / "modules.json").write_text(json.dumps(listed))
    assert recipes.recipe_in(folder) == "labse"
    assert recipes.recipe_in(tiny["labse"]) == ""  # of its form, but not of its size


def test_a_hub_id_is_no_folder_name_and_known_without_a_download():
    assert recipes.recipe_of("sentence-transformers/LaBSE") == "labse"
    assert recipes.recipe_of("offline") == ""


def test_a_packed_model_keeps_what_it_was(tiny, tmp_path, words, monkeypatch):
    from xltlib.encoders import packing

    monkeypatch.setattr(
        packing, "recipe_of", lambda name: "labse"
    )  # its vocabulary has that size at home alone
    assert packing.pack(str(tiny["labse"]), words[:20], tmp_path / "packed")
    assert recipes.recipe_of(str(tmp_path / "packed")) == "labse"
    monkeypatch.undo()
    assert packing.pack(str(tiny["labse"]), words[:20], tmp_path / "other")
    assert recipes.recipe_of(str(tmp_path / "other")) == ""


def test_a_file_that_tells_and_cannot_be_read_is_named(tmp_path):
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ValueError, match="encoder .*config.json cannot be read as JSON"):
        recipes.recipe_of(str(tmp_path))


@pytest.mark.parametrize(
    "asked, name",
    [
        (
            "/cache/models--sentence-transformers--LaBSE/snapshots/836121a0533e5664b21c7aacc5d22951f2b8b25b",
            "sentence-transformers/LaBSE",
        ),
        ("/cache/models--bert-base-uncased/snapshots/1", "bert-base-uncased"),
        ("/home/me/collabserver", "collabserver"),
        ("../models/mine/", "mine"),
        ("./org/name", "name"),
        ("org/name", "org/name"),
        ("offline", "offline"),
        ("/data/models--old", "models--old"),
    ],
)
def test_an_encoder_is_named_by_its_hub_id_or_the_last_part_of_its_path(asked, name):
    assert encoder_name(asked) == name


def run(tmp_path, encoder, notebook: str = "20_finetune", **given) -> Run:
    """A run that has read nothing yet."""
    namespace = {name: default for name, (_, default) in parameters.declared(notebook).items()}
    chosen = {
        "task": "demo-easy",
        "targets": "en de",
        "runs": str(tmp_path),
        "data": "",
        "encoder": encoder,
        **given,
    }
    return Run(notebook, {**namespace, **chosen})


def entries(run: Run) -> list[tuple[str, str]]:
    return [(entry.role, entry.use) for entry in run.provenance.entries]


def test_the_rung_follows_from_the_files_or_from_what_the_study_says(tiny, tmp_path):
    labse = [("recipe", "labse")]
    called = tmp_path / "LaBSE"
    shutil.copytree(tiny["bert"], called)
    assert entries(run(tmp_path, {"name": str(called)})) == []
    told = run(tmp_path, {"name": str(called), "recipe": "labse"})
    assert entries(told) == labse and told.names() == {
        "strategy": "labse",
        "adaptation": "none",
        "rung": "Z3",
    }
    assert entries(run(tmp_path, {"name": str(like_labse(tmp_path / "collabserver"))})) == labse
    assert entries(run(tmp_path, {"name": "sentence-transformers/LaBSE"})) == labse
    assert entries(run(tmp_path, {"name": "offline"})) == []


@pytest.mark.parametrize(
    "encoder, entry",
    [
        ({"name": "offline"}, ("recipe", "labse-recipe")),
        ({"name": "org/smaller-labse", "recipe": "labse"}, ("adaptation", "align")),
    ],
)
def test_translation_ranking_is_the_recipe_of_labse_but_on_labse_itself(tmp_path, encoder, entry):
    adapting = run(
        tmp_path,
        encoder,
        "10_adapt",
        adaptation={"kind": "align", "corpus": "demo", "languages": "de", "sentences": 30, "held_out": 5},
    )
    adapting.gather("adaptation")
    assert entries(adapting)[-1] == entry


def test_an_option_at_its_default_changes_no_run_and_another_word_is_refused():
    ids = [
        parameters.run_id(
            "20_finetune", parameters.resolve("20_finetune", {"encoder": {"name": "org/mine", **more}})
        )
        for more in ({}, {"recipe": ""}, {"recipe": "labse"})
    ]
    assert ids[0] == ids[1] != ids[2]
    assert resolved("encoder", {"name": "offline"})["recipe"] == ""
    with pytest.raises(ValueError, match="encoder held: recipe = 'LaBSE': known are '', 'labse'"):
        make("encoder", {"recipe": "LaBSE"})


def test_a_recipe_is_said_where_the_chain_of_runs_begins(tmp_path, monkeypatch):
    record = {
        "read": [],
        "encoder": "mine",
        "parameters": {"task": "demo-easy", "targets": "en de", "encoder": {"name": "org/smaller-labse"}},
    }
    monkeypatch.setattr("xltlib.run.records.read", lambda place: record)
    monkeypatch.setattr("xltlib.run.records.digest", lambda place: "0")
    (tmp_path / "adapt-0" / "encoder").mkdir(parents=True)
    for given in (
        {"encoder": {"name": "adapt-0", "recipe": "labse"}},
        {"encoder": {"name": "org/smaller-labse", "recipe": "labse"}, "start": "finetune-0"},
    ):
        with pytest.raises(ValueError, match="(adapt|finetune)-0 was not told so; say it there, too"):
            run(tmp_path, **given)
    record["read"] = [provenance.LABSE.as_record()]
    assert entries(run(tmp_path, {"name": "adapt-0", "recipe": "labse"})) == [("recipe", "labse")]
