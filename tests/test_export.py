"""Exported models: folders that sentence-transformers and transformers load, with the run's probabilities."""

import contextlib
import io
import json
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch

from xltlib import answers, encoders, explore, export, heads, parameters, prediction, records, tasks
from xltlib.exporting import accuracy, loaded, modules
from xltlib.run import Run
from xltlib.vectors import Turned, Vectors

TINY = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
ROOM = {"max_position_embeddings": 140}


@pytest.fixture(scope="module")
def architectures(tiny, tmp_path_factory):
    """Folders of tiny encoders of several architectures and poolings."""
    import shutil

    import transformers as hf

    root = tmp_path_factory.mktemp("architectures")
    torch.manual_seed(1)
    ids = {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2}
    rows = len(hf.AutoTokenizer.from_pretrained(tiny["xlm-r"]))
    distil = {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64}
    models = {
        "mpnet": hf.MPNetModel(hf.MPNetConfig(vocab_size=rows, **ids, **TINY, **ROOM)),
        "distilbert": hf.DistilBertModel(hf.DistilBertConfig(vocab_size=rows, **distil, **ROOM, **ids)),
        "albert": hf.AlbertModel(hf.AlbertConfig(vocab_size=rows, embedding_size=12, **ids, **TINY, **ROOM)),
        "electra": hf.ElectraModel(
            hf.ElectraConfig(vocab_size=rows, embedding_size=16, **ids, **TINY, **ROOM)
        ),
    }
    found = dict(tiny)
    for name, model in models.items():
        shutil.copytree(tiny["xlm-r"], root / name)
        model.save_pretrained(root / name)
        found[name] = root / name
    for name in ("xlm-r", "albert", "mpnet", "electra"):  # the same, pooled by their first token
        encoder = encoders.load(str(found[name]))
        encoder.pooling = "cls"
        encoders.save(encoder, root / f"{name}-cls")
        found[f"{name}-cls"] = root / f"{name}-cls"
    return found


def begun(runs, notebook: str, encoder, **given) -> Run:
    """A run of a few pairs that has read nothing yet."""
    namespace = {name: default for name, (_, default) in parameters.declared(notebook).items()}
    encoder = encoder if isinstance(encoder, dict) else {"name": str(encoder)}
    chosen = {"task": "demo-easy", "targets": "en de", "runs": str(runs), "encoder": encoder}
    return Run(notebook, {**namespace, **chosen, **given})


def finished(runs, encoder, head="cross", **given) -> Run:
    """A run whose weights were moved at random in place of a training."""
    options = {"scored": {"test": 12, "dev": 8, "pairs": "all"}, "labelled": {"items": 40}}
    run = begun(runs, "20_finetune", encoder, **{"keep_model": True, "head": head, **options, **given})
    data = run.load()
    run.gather("batches", "noise", "penalty")
    model = run.model()
    torch.manual_seed(5)
    with torch.no_grad():
        for name, weight in heads._own_tensors(model).items():
            weight.add_(torch.randn_like(weight), alpha=0.3 if name.startswith("classifier") else 0.05)
    pairs = run.scored.pairs_of(data.test)
    found = answers.of_one_model(pairs, prediction.predict(model, pairs).filter(regex=r"p\d").to_numpy())
    heads.keep(model, run.place, run.keep_model)
    about = {"zero_shot": data.zero_shot, "data": data.record(pairs)}
    run.write(found, accuracy=prediction.accuracy(found).to_dict("records"), **about)
    return run


def frozen_run(runs, encoder, head, **given) -> Run:
    """A run of frozen vectors, cell by cell as its notebook has it."""
    options = {"scored": {"test": 12, "dev": 20}, "labelled": {"items": 60}, **given}
    run = begun(runs, "21_frozen", encoder, head=head, **options)
    data = run.load([run.source])
    run.gather("after")
    model = run.model()
    frames = {"train": data.train, "dev": data.dev, "test": run.scored.pairs_of(data.test)}
    vectors = Vectors(model, frames)
    sides = {name: vectors.sides(frame, Turned({})) for name, frame in frames.items()}
    fitted_on = [(*sides[name], frames[name].label.to_numpy()) for name in ("train", "dev")]
    found = answers.of_one_model(frames["test"], run.head.probabilities(*fitted_on, sides["test"]))
    about = {"zero_shot": data.zero_shot, "data": data.record(frames["test"])}
    run.write(found, accuracy=prediction.accuracy(found).to_dict("records"), **about)
    return run


def exported(run: Run, to, *more: str):
    """The folder that the command writes."""
    assert export.main([run.id, "--runs", str(run.runs), "--to", str(to), *more]) == 0
    return to


def predicted(run: Run) -> tuple[pd.DataFrame, np.ndarray]:
    """Test pairs, and what the run says of them."""
    last = records.predictions(run.place, records.read(run.place)).query("selection == 'last'")
    pairs = run.scored.pairs_of(run.load([run.source] if run.notebook == "21_frozen" else None).test)
    assert pairs["item"].tolist() == last["item"].tolist()
    return pairs, last.filter(regex=r"^p\d").to_numpy()


def said_by_the_card(folder, pairs: pd.DataFrame, monkeypatch, number: int = 0) -> np.ndarray:
    """Probabilities that the code of a card computes, run in the folder; its own sentences replaced."""
    card = (folder / "README.md").read_text(encoding="utf-8")
    code = re.findall(r"```python\n(.*?)```", card, re.DOTALL)[number]
    first, second = pairs.sentence1.tolist(), pairs.sentence2.tolist()
    for there, ours in (
        ('[("A first sentence .", "A second one .")]', list(zip(first, second))),
        ('["A first sentence ."], ["A second one ."]', (first, second)),
    ):
        code = code.replace(there, repr(ours))
    assert "A first sentence" not in code and "xltlib" not in code
    monkeypatch.chdir(folder)
    space = {}
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        exec(code, space)
    assert "different" in shown.getvalue()
    return np.asarray(space["probabilities"])


@pytest.mark.parametrize("name", ["bert", "xlm-r", "distilbert", "albert"])
def test_a_cross_encoder_answers_as_its_run_did(architectures, tmp_path, monkeypatch, name):
    run = finished(tmp_path, architectures[name], {"kind": "cross", "max_length": 40})
    pairs, wanted = predicted(run)
    assert max(wanted.max(0) - wanted.min(0)) > 0.01 and (pairs.language1 != pairs.language2).any()
    found = said_by_the_card(exported(run, tmp_path / "to"), pairs, monkeypatch)
    assert np.abs(found - wanted).max() <= 1e-5


@pytest.mark.parametrize("name", ["labse", "xlm-r-cls", "albert-cls", "mpnet-cls"])
def test_a_first_token_is_classified_by_transformers_alone_too(architectures, tmp_path, monkeypatch, name):
    run = finished(tmp_path, architectures[name], {"kind": "cross", "max_length": 20})  # some are cut
    (pairs, wanted), folder = predicted(run), exported(run, tmp_path / "to")
    for number in (0, 1):
        assert np.abs(said_by_the_card(folder, pairs, monkeypatch, number) - wanted).max() <= 1e-5
    assert not list(folder.glob("*_Pooling"))


@pytest.mark.parametrize("name", ["xlm-r", "electra-cls"])
def test_where_transformers_has_another_head_the_card_says_so(architectures, tmp_path, name):
    folder = exported(finished(tmp_path, architectures[name]), tmp_path / "to")
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert "of transformers has no such head" in text and text.count("```python") == 1


def test_a_tokenizer_in_python_and_a_vocabulary_of_merges(architectures, tmp_path, monkeypatch, capsys):
    encoder = {"name": str(architectures["xlm"]), "trim": False}
    run = finished(tmp_path, encoder, {"kind": "cross", "max_length": 40})
    pairs, wanted = predicted(run)
    found = said_by_the_card(exported(run, tmp_path / "to"), pairs, monkeypatch)
    assert np.abs(found - wanted).max() <= 1e-5
    again = [run.id, "--runs", str(tmp_path), "--to", str(tmp_path / "small"), "--vocabulary", "trimmed"]
    assert export.main(again) == 2 and "cannot be trimmed" in capsys.readouterr().err


@pytest.mark.parametrize("name, head", [("xlm-r", "bi"), ("labse", "bi"), ("bert", "bi-negatives")])
def test_a_bi_encoder_and_its_head_are_ten_lines(architectures, tmp_path, monkeypatch, name, head):
    run = finished(tmp_path, architectures[name], head)
    (pairs, wanted), folder = predicted(run), exported(run, tmp_path / "to")
    assert np.abs(said_by_the_card(folder, pairs, monkeypatch) - wanted).max() <= 1e-5
    assert json.loads((folder / "head.json").read_text())["classes"] == ["different", "same"]


@pytest.mark.parametrize("head", ["cosine", "logistic", {"kind": "logistic", "layer": 1}])
def test_frozen_vectors_are_exported_with_what_compares_them(architectures, tmp_path, monkeypatch, head):
    run = frozen_run(tmp_path, architectures["labse"], head)
    (pairs, wanted), folder = predicted(run), exported(run, tmp_path / "to")
    assert np.abs(said_by_the_card(folder, pairs, monkeypatch) - wanted).max() <= 1e-5


def test_frozen_vectors_of_a_trained_bi_encoder(architectures, tmp_path, monkeypatch):
    start = finished(tmp_path, architectures["xlm-r"], "bi")
    run = frozen_run(tmp_path, architectures["xlm-r"], "cosine", start=start.id)
    pairs, wanted = predicted(run)
    found = said_by_the_card(exported(run, tmp_path / "to"), pairs, monkeypatch)
    assert np.abs(found - wanted).max() <= 1e-5


def adapted(runs, encoder, **given) -> Run:
    """An adaptation whose weights were moved at random."""
    options = {"kind": "mlm", "text": "demo", "sentences": 40, "held_out": 5, **given.pop("adaptation", {})}
    run = begun(runs, "10_adapt", encoder, adaptation=options, **given)
    run.gather("adaptation", "measured")
    adapting = run.adapting()
    torch.manual_seed(5)
    with torch.no_grad():
        for weight in adapting.encoder.model.parameters():
            if weight.requires_grad:
                weight.add_(torch.randn_like(weight), alpha=0.1)
    adapting.merge()
    adapting.save(run.place)
    run.write()
    return run


@pytest.mark.parametrize("name, more", [("labse", {}), ("xlm-r", {"lora_rank": 2})])
def test_an_adapted_encoder_is_a_plain_sentence_transformer(architectures, tmp_path, words, name, more):
    from sentence_transformers import SentenceTransformer

    run = adapted(tmp_path, architectures[name], adaptation=more)
    model = SentenceTransformer(str(exported(run, tmp_path / "to")), device="cpu")
    again = heads.build("bi", encoders.load(str(run.place / "encoder"))).eval()
    before = heads.build("bi", encoders.load(str(architectures[name]))).eval()
    with torch.inference_mode():
        wanted, other = again.embed(words[:6]), before.embed(words[:6])
    found = torch.from_numpy(model.encode(words[:6]))
    assert torch.allclose(found, wanted, atol=1e-5) and not torch.allclose(found, other, atol=1e-3)
    assert not list((tmp_path / "to").glob("adapter*"))


def test_a_run_on_an_adapted_encoder_and_a_model_adapted_after_training(architectures, tmp_path, monkeypatch):
    encoder = adapted(tmp_path, architectures["xlm-r"])
    run = finished(tmp_path, encoder.id)
    pairs, wanted = predicted(run)
    found = said_by_the_card(exported(run, tmp_path / "to"), pairs, monkeypatch)
    assert np.abs(found - wanted).max() <= 1e-5
    between = adapted(tmp_path, encoder.id, start=run.id)
    other = said_by_the_card(exported(between, tmp_path / "between"), pairs, monkeypatch)
    assert np.abs(other - wanted).max() > 1e-3


@pytest.mark.parametrize("name", ["xlm-r", "bert"])
def test_a_trimmed_vocabulary_is_smaller_and_answers_alike(architectures, tmp_path, monkeypatch, name):
    run = finished(tmp_path, architectures[name], {"kind": "cross", "max_length": 40})
    pairs, wanted = predicted(run)
    whole = exported(run, tmp_path / "to")
    small = exported(run, tmp_path / "small", "--vocabulary", "trimmed")
    assert np.abs(said_by_the_card(small, pairs, monkeypatch) - wanted).max() <= 1e-5
    sizes = [json.loads((folder / "config.json").read_text())["vocab_size"] for folder in (small, whole)]
    assert sizes[0] < sizes[1]


def test_segment_ids_are_given_only_where_the_model_learned_some(architectures, tmp_path):
    from transformers import AutoTokenizer

    for name, has_segments in (("bert", True), ("xlm-r", False)):
        encoder = encoders.load(str(architectures[name]))
        encoder.tokenizer.model_input_names = ["input_ids", "token_type_ids", "attention_mask"]
        modules.save_tokenizer(encoder, 24, tmp_path / name)
        tokenizer = AutoTokenizer.from_pretrained(tmp_path / name)
        assert ("token_type_ids" in tokenizer(["a"], ["b"])) == has_segments
        assert tokenizer.model_max_length == 24


# The card


def test_the_card_says_what_the_record_says(architectures, tmp_path):
    from huggingface_hub import ModelCard

    run = finished(tmp_path, architectures["xlm-r"])
    folder = exported(run, tmp_path / "to")
    card = ModelCard.load(folder / "README.md")
    assert card.data.language == ["en", "de"] and card.data.pipeline_tag == "text-classification"
    assert card.data.license == "other" and card.data.base_model is None  # a folder is no model of the hub
    assert {"cross", "demo-easy"} <= set(card.data.tags)
    table = accuracy.by_language(records.predictions(run.place, records.read(run.place)))
    german = table.loc["de"]
    row = f"| German (de) | {german.accuracy:.1f} | {german.low:.1f} to {german.high:.1f} | 12 | none |"
    assert row in card.text and german.low < german.accuracy < german.high
    assert "| labels | train | labelled-source | en | demo-easy | 40 |" in card.text
    assert "* demo-easy: not stated" in card.text and "On 24 pairs in two languages" in card.text
    assert "German (zero-shot)" in card.text


def test_the_licence_of_the_data_is_what_the_task_states(architectures, tmp_path, monkeypatch):
    from xltlib.tasks.demo import DemoTask

    monkeypatch.setattr(DemoTask, "LICENCE", "CC0-1.0")
    run = finished(tmp_path, architectures["xlm-r"])
    monkeypatch.setattr(DemoTask, "CLASSES", ["renamed", "since"])  # those of the run stand in its record
    folder = exported(run, tmp_path / "to")
    assert "* demo-easy: CC0-1.0" in (folder / "README.md").read_text(encoding="utf-8")
    named = json.loads((folder / "config.json").read_text(encoding="utf-8"))["id2label"]
    assert named == {"0": "different", "1": "same"}


def test_no_file_names_a_place_of_this_machine(architectures, tmp_path):
    folder = exported(finished(tmp_path, architectures["labse"], "bi"), tmp_path / "to")
    for path in folder.rglob("*"):
        if path.suffix in (".json", ".md"):
            text = path.read_text(encoding="utf-8")
            assert str(tmp_path.parent) not in text and str(architectures["labse"].parent) not in text, path


@pytest.mark.parametrize("right, low, high", [([1] * 40, 0.912, 1.0), ([1, 0] * 20, 0.352, 0.648)])
def test_intervals_of_independent_items_are_those_of_wilson(right, low, high):
    found = accuracy.interval(np.array(right, float), np.arange(40))
    assert found == pytest.approx((low, high), abs=0.005)


def test_items_that_share_a_sentence_count_as_fewer():
    right, clusters = np.repeat([1.0, 0.0, 1.0, 1.0], 10), np.repeat(np.arange(4), 10)
    low, high = accuracy.interval(right, clusters)
    assert high - low > 0.5 and low < 0.75 < high


# What is refused


def complaint(capsys, *arguments: str) -> str:
    """The one line of a command that writes nothing."""
    assert export.main(list(arguments)) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said


def test_what_cannot_be_exported_is_one_line_and_leaves_nothing(architectures, tmp_path, capsys):
    runs, to = tmp_path / "runs", tmp_path / "to"
    kept = finished(runs, architectures["xlm-r"])
    without = finished(runs, architectures["xlm-r"], keep_model=False)
    given = ("--runs", str(runs), "--to", str(to))
    assert "keep_model: true" in complaint(capsys, without.id, *given)
    said = complaint(capsys, "finetune-0", *given)
    assert "no run with a record is there" in said and kept.id in said
    record = records.read(without.place)
    for change, wanted in (
        ({"after": {"kind": "centre"}}, "after: centre turns vectors by their language"),
        ({"head": {"kind": "mylab.own:Head"}}, "head mylab.own:Head is not known to the export"),
    ):
        changed = {**record, "parameters": {**record["parameters"], **change}}
        (without.place / records.RECORD).write_text(json.dumps(changed))
        assert wanted in complaint(capsys, without.id, *given)
    (kept.place / records.MODEL).write_bytes(b"other")
    assert "the model of its record is not in" in complaint(capsys, kept.id, *given)
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


def test_a_folder_with_something_in_it_is_left_alone(architectures, tmp_path, capsys):
    run, to = finished(tmp_path / "runs", architectures["xlm-r"]), tmp_path / "to"
    to.mkdir()
    (to / "mine").touch()
    given = (run.id, "--runs", str(run.runs), "--to", str(to))
    assert "is there already, and not empty" in complaint(capsys, *given)
    (to / "mine").unlink()
    assert export.main(list(given)) == 0 and (to / "modules.json").is_file()


def test_a_folder_that_does_not_agree_is_not_left(architectures, tmp_path, capsys, monkeypatch):
    run, to = finished(tmp_path / "runs", architectures["xlm-r"]), tmp_path / "to"
    given = (run.id, "--runs", str(run.runs), "--to", str(to))
    probabilities = loaded.probabilities
    monkeypatch.setattr(loaded, "probabilities", lambda *given: probabilities(*given) + 2e-5)
    assert "differ by 2e-05, more than 1e-05" in complaint(capsys, *given)
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


def test_an_encoder_that_has_changed_since_is_noticed(architectures, tmp_path, capsys):
    import shutil

    shutil.copytree(architectures["xlm-r"], tmp_path / "encoder")
    run = finished(tmp_path / "runs", tmp_path / "encoder")
    other = encoders.load(str(tmp_path / "encoder"))
    with torch.no_grad():
        other.table.add_(torch.randn_like(other.table), alpha=3.0)
    encoders.save(other, tmp_path / "encoder")
    said = complaint(capsys, run.id, "--runs", str(run.runs), "--to", str(tmp_path / "to"))
    assert "its data or its encoder are others now" in said


def test_a_record_of_an_earlier_version_may_lack_options(architectures, tmp_path):
    run = finished(tmp_path / "runs", architectures["xlm-r"])
    record = records.read(run.place)
    del record["parameters"]["encoder"]["recipe"], record["parameters"]["scored"]["votes"]
    (run.place / records.RECORD).write_text(json.dumps(record))
    assert (exported(run, tmp_path / "to") / "README.md").is_file()


def test_a_record_without_what_the_card_says_is_named(architectures, tmp_path, capsys):
    run = finished(tmp_path / "runs", architectures["xlm-r"])
    record = records.read(run.place)
    del record["machine"]
    (run.place / records.RECORD).write_text(json.dumps(record))
    said = complaint(capsys, run.id, "--runs", str(run.runs), "--to", str(tmp_path / "to"))
    assert "record.json is damaged: it has no 'machine'" in said
    del record["parameters"]["task"]
    (run.place / records.RECORD).write_text(json.dumps({**record, "machine": {}}))
    said = complaint(capsys, run.id, "--runs", str(run.runs), "--to", str(tmp_path / "to"))
    assert "record.json is damaged: it has no 'task'" in said


@pytest.mark.parametrize("change", ["ids", "labels"])
def test_test_pairs_with_other_ids_or_labels_are_noticed(architectures, tmp_path, capsys, paws, change):
    given = {"task": "paws-x", "targets": "en de", "data": str(paws), "scored": {"test": 6, "dev": 4}}
    run = finished(tmp_path / "runs", architectures["xlm-r"], **given)
    for path in paws.glob("paws-x/x-final/*/test_2k.tsv"):
        head, *rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
        for row in rows:
            if change == "ids":
                row[0] = str(int(row[0]) + 1000)
            else:
                row[3] = str(1 - int(row[3]))
        path.write_text("".join("\t".join(row) + "\n" for row in [head, *rows]), encoding="utf-8")
    said = complaint(capsys, run.id, "--runs", str(run.runs), "--to", str(tmp_path / "to"))
    assert "the ids or labels of its test pairs are other ones now" in said


def test_a_run_is_left_as_it_was(architectures, tmp_path):
    run = finished(tmp_path, architectures["xlm-r"])
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in run.place.rglob("*")}
    exported(run, tmp_path / "to")
    assert before == {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in run.place.rglob("*")}


def test_the_command_line_is_read_without_torch():
    code = "import sys, xltlib.export; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_small_model_of_the_notebook_is_asked_about_pairs_typed_by_hand(tiny, tmp_path):
    encoder = encoders.load(str(tiny["xlm-r"]))
    train = tasks.load_pairs("demo-easy", "dev", ["en"], None, 20)
    explore.write_small_model(encoder, train, "demo-easy", tmp_path)
    said = explore.ask(tmp_path, [("Rome .", "Oslo ."), ("Rom .", "Rome .")])
    assert list(said.columns) == ["p(different)", "p(same)"] and said.index[0] == "Rome . | Oslo ."
    assert np.allclose(said.sum(axis=1), 1, atol=0.02)
    with pytest.raises(ValueError, match="no classifier that python -m xltlib.export wrote is there"):
        explore.ask(tiny["bert"], [("Rome .", "Oslo .")])
