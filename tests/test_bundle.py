"""A study packed, run where nothing else is, and its results brought home; what both refuse."""

import ast
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest
import torch
import yaml
from test_code import code_of
from test_encoders import vectors
from test_store import answers
from tiny_studies import ROOT, here, tiny_study

from xltlib import encoders, parameters, reading, records, results_archive, studies, tasks
from xltlib.encoders import loading, offline, packing
from xltlib.fingerprint import code_fingerprint
from xltlib.store import Store

one_worker = pytest.mark.xdist_group("bundle")  # so that the study below is run once
of_offline = pytest.mark.xdist_group("offline")  # so that it is loaded once
TURNED = """from dataclasses import dataclass

from mine.helping import turned
from xltlib.components.noise import Noise
from xltlib.noise import words


@dataclass(frozen=True, kw_only=True)
class Turned(Noise):
    def step(self, model, seed: int):
        return words.WordNoise(turned, seed)
"""


def study_of(encoder: str) -> dict:
    """A task of one's own, text in a folder, noise relative to the whole table, a module of one's own."""
    study = tiny_study(encoder)
    study["common"] |= {"task": "./pairs"}
    study["encoders"] = {"mlm": {"adaptation": {"text": "./texts", "sentences": 60}, "steps": 2}}
    study["arms"] = {
        "turned": {"noise": {"kind": "mine.turning:Turned"}},
        "mlm-pgd": {"encoder": {"name": "mlm"}, "noise": {"kind": "pgd", "radius": 0.3}},
    }
    return study


TASK = """labels: {different: "0", same: "1"}
columns: {id: id, sentence1: sentence1, sentence2: sentence2, label: label}
splits:
  train: {files: "{data}/paws-x/x-final/{language}/train.tsv"}
  dev: {files: "{data}/paws-x/x-final/{language}/dev_2k.tsv"}
  test: {files: "{language}.tsv"}
"""


def in_bundle(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """run_all.py of an unpacked bundle; other checkouts stand in the way, if anything."""
    environment = {name: value for name, value in os.environ.items() if name != "XLTLIB_DATA"}
    environment |= {"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
    return subprocess.run(
        [sys.executable, "run_all.py", *arguments], cwd=folder, env=environment, capture_output=True,
        text=True, timeout=900,
    )  # fmt: skip


@pytest.fixture(scope="module")
def carried(tiny, tmp_path_factory):
    """A study, partly run at home, and packed, run elsewhere, its results packed: the folders of both."""
    home, far = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("far")
    shutil.copytree(tiny["xlm-r"], home / "encoder")
    (home / "mine").mkdir()
    (home / "mine/turning.py").write_text(TURNED)
    (home / "mine/helping.py").write_text(
        "def turned(sentence, rng):\n    return ' '.join(reversed(sentence.split(' ')))\n"
    )
    (home / "texts").mkdir()
    for code in ("de", "es"):
        lines = tasks.load_text("demo", code, None, 60)
        (home / f"texts/{code}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for code in ("en", "de"):
        place = home / "data/paws-x/x-final" / code
        place.mkdir(parents=True)
        for split in ("train", "dev", "test"):
            rows = tasks.load_pairs("demo", split, [code]).rename(columns={"item": "id"})[tasks.HEADER]
            lines = ["\t".join(map(str, row)) for row in [tasks.HEADER, *rows.to_numpy().tolist()]]
            (place / tasks.FILES[split]).write_text("\n".join(lines) + "\n", encoding="utf-8")
        (home / "pairs").mkdir(exist_ok=True)
        (place / tasks.FILES["test"]).rename(home / f"pairs/{code}.tsv")
    (home / "pairs/task.yaml").write_text(TASK, encoding="utf-8")
    (home / "data/unread.txt").write_text("of another study\n")
    study = study_of("./encoder")
    given = ("--data", str(home / "data"), "--only", "mlm-pgd")  # and what it needs
    at_home = here(home, study, *given, draws=False)
    assert at_home.returncode == 0, at_home.stderr
    packed = here(home, study, "--data", str(home / "data"), "--bundle", "tiny.zip")
    assert packed.returncode == 0, packed.stderr
    with zipfile.ZipFile(home / "tiny.zip") as archive:
        archive.extractall(far)
    # What only reads records is no code: here it tells where the package was imported from.
    path = far / "xltlib/records.py"
    path.write_text(path.read_text().replace('return {"python"', 'return {"from": "bundle", "python"'))
    home.rename(home.with_name("elsewhere"))  # nothing of home may be read
    done = in_bundle(far, "tiny")  # with --jobs as at home: threads move the last digits of sums
    home.with_name("elsewhere").rename(home)
    assert done.returncode == 0, done.stderr
    assert in_bundle(far, "tiny", "--results", "results.zip").returncode == 0
    return home, far


@one_worker
def test_a_bundle_holds_what_its_runs_read_and_nothing_else(carried):
    home, _ = carried
    with zipfile.ZipFile(home / "tiny.zip") as archive:
        names, sizes = archive.namelist(), {of.filename: of.file_size for of in archive.infolist()}
        book = archive.read("experiments.yaml").decode()
        start = archive.read("README.md").decode()
    others = {name for name in names if name.split("/")[0] not in ("xltlib", "notebooks", "encoders")}
    files = [f"data/paws-x/x-final/{code}/{file}" for code in ("en", "de") for file in tasks.FILES.values()]
    unread = {"data/paws-x/x-final/de/train.tsv", *(name for name in files if "test_2k" in name)}
    assert others == {
        *(set(files) - unread), *(f"texts/0-pairs/{name}" for name in ("task.yaml", "en.tsv", "de.tsv")),
        "texts/1-texts/de.txt", "mine/turning.py", "mine/helping.py", "run_all.py", "bundle.json",
        "texts.bin", "experiments.yaml", "requirements.lock", "pyproject.toml", "LICENSE", "README.md",
        "languages.yaml",
    }  # fmt: skip
    assert "xltlib/demo/grammar/de.txt" in names or any(name.startswith("xltlib/demo/") for name in names)
    whole = (home / "encoder/model.safetensors").stat().st_size
    assert sizes["encoders/0-encoder/model.safetensors"] < whole
    assert list(yaml.safe_load(book)) == ["tiny"] and "run_all.py tiny --results" in start


@one_worker
def test_a_bundle_runs_to_the_same_predictions_without_what_was_at_home(carried):
    home, far = carried
    paths = list((home / "runs").glob("*/record.json"))
    assert len(paths) == 2 and len(list((far / "runs").glob("*/record.json"))) == 3
    for path in paths:
        ours, theirs = (records.read(folder / "runs" / path.parent.name) for folder in (home, far))
        assert theirs["machine"]["from"] == "bundle"
        for name in ("code", "encoder", "head", "strategy", "adaptation", "rung", "read", "supervision"):
            assert ours[name] == theirs[name], name
        if (path.parent / "predictions.parquet").exists():
            predicted = (folder / "runs" / path.parent.name / "predictions.parquet" for folder in (home, far))
            assert pd.read_parquet(next(predicted)).equals(pd.read_parquet(next(predicted)))
    assert (far / "figures/tiny/accuracy.csv").exists()


@one_worker
def test_results_come_home_and_count_as_done(carried, tmp_path):
    home, far = carried
    study, runs = study_of("./encoder"), ("--runs", str(tmp_path / "runs"), "--data", str(home / "data"))
    taken = here(home, study, *runs, "--collect", str(far / "results.zip"))
    assert (taken.returncode, taken.stdout.strip()) == (0, "3 runs taken over, 0 were here already")
    listed = here(home, study, *runs, "--list").stdout
    assert listed.endswith("3 runs: 0 to do, 3 done\n")
    assert len(list((tmp_path / "runs").glob("*/predictions.parquet"))) == 2
    again = here(home, study, *runs, "--collect", str(far / "results.zip"))
    assert again.stdout.strip() == "0 runs taken over, 3 were here already"
    made = here(home, study, "--data", str(home / "data"), "--collect", str(far / "results.zip"))
    assert made.returncode == 2 and "was made here, too; --force replaces it" in made.stderr
    other = here(home, study, *runs, "--set", "steps=5", "--collect", str(far / "results.zip"))
    assert other.returncode == 2 and "none of this plan; give the same --set" in other.stderr


@one_worker
def test_a_bundle_refuses_what_it_does_not_hold(carried):
    _, far = carried

    def refused(*arguments: str) -> str:
        result = in_bundle(far, *arguments)
        assert result.returncode == 2 and len(result.stderr.splitlines()) == 1, result.stderr
        assert "this is a bundle of study tiny: 7 files of data, encoder " in result.stderr
        return result.stderr

    assert "no study 'demo'" in refused("demo", "--list")
    assert "no test pairs of language 'es'; there are de en" in refused("tiny", "--set", "targets=en es")
    assert "nothing in 'es'" in refused("tiny", "--set", "adaptation.languages=es")
    assert "is no text that this bundle's encoder was packed for" in refused("tiny", "--set", "scored.test=0")
    assert "encoder 'offline' is not here" in refused("tiny", "--set", "encoder.name=offline")
    assert "reads the data that were packed" in refused("tiny", "--data", str(far))
    assert "packed at home" in refused("tiny", "--bundle", "again.zip")
    # Other seeds, steps and radii read no other text.
    free = ["--set", "seeds=7,8", "--set", "steps=9", "--set", "noise.radius=0.1"]
    assert in_bundle(far, "tiny", "--list", *free).stdout.endswith("5 runs: 5 to do, 0 done\n")
    assert in_bundle(far, "tiny", "--set", "scored.test=10", "--list").returncode == 0  # a part of the text


def small_plan(tmp_path: Path):
    """A plan of two runs, one of which goes on from the other, and a store for it; nothing is done."""
    common = {"task": "demo", "targets": "en de", "steps": 2}
    arms = {"english": {"keep_model": True}, "more": {"start": "english"}}
    plan = studies.Study("small", {"seeds": [1], "common": common, "arms": arms}).plan({}, "", tmp_path)
    return plan, Store(tmp_path, tmp_path / "figures/small")


def finish(plan, folder: Path, said: str = "") -> None:
    """Leave what the runs of a plan would leave."""
    for node in plan.nodes.values():
        parents = {plan[need].run: records.digest(folder / plan[need].run) for need in node.needs}
        code = code_fingerprint(node.notebook, node.parameters)
        record = {"parameters": node.parameters, "code": code, "parents": parents, "said": said}
        records.write(folder / node.run, record, answers())


def changed(source: Path, target: Path, name: str, content: bytes, attributes: int = 0) -> Path:
    """A copy of an archive with one member another, or added."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for member in old.namelist():
            if member != name:
                new.writestr(member, old.read(member))
        added = zipfile.ZipInfo(name)
        added.external_attr = attributes
        new.writestr(added, content)
    return target


@pytest.fixture
def small(tmp_path):
    """A plan, a store in which nothing is done, and a file of its results from elsewhere."""
    plan, store = small_plan(tmp_path / "there")
    with pytest.raises(ValueError, match="no run of small is done"):
        results_archive.pack(plan, store, tmp_path / "results.zip")
    finish(plan, tmp_path / "there")
    assert "2 of 2 runs packed" in results_archive.pack(plan, store, tmp_path / "results.zip")
    plan, store = small_plan(tmp_path / "here")
    return plan, store, tmp_path / "results.zip"


def complaint(plan, store, source: Path) -> str:
    """What collecting says, which must leave the store as it is."""
    before = sorted(store.runs.rglob("*"))
    with pytest.raises(ValueError) as error:
        results_archive.collect(plan, store, source)
    assert sorted(store.runs.rglob("*")) == before
    return str(error.value)


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("/runs/finetune-0/record.json", 0),
        ("runs/../record.json", 0),
        ("runs/..\\finetune-0/record.json", 0),
        ("runs/finetune-0/../../record.json", 0),
        ("runs/finetune-0/record.json", 0o120777 << 16),
        ("runs/finetune-0/trained.pkl", 0),
        ("xltlib/run.py", 0),
    ],
)
def test_members_that_could_lie_elsewhere_are_refused(small, tmp_path, name, attributes):
    plan, store, source = small
    bad = changed(source, tmp_path / "bad.zip", name, b"{}", attributes)
    assert "is none of its files" in complaint(plan, store, bad)


def test_results_of_something_else_are_refused_in_a_line_and_nothing_is_written(small, tmp_path, monkeypatch):
    plan, store, source = small
    english, more = (plan[f"{label} seed 1"] for label in ("english", "more"))

    def with_record(node, **other) -> Path:
        record = json.loads(zipfile.ZipFile(source).read(f"runs/{node.run}/record.json")) | other
        content = json.dumps(record).encode()
        return changed(source, tmp_path / "other.zip", f"runs/{node.run}/record.json", content)

    assert "made by other code" in complaint(plan, store, with_record(more, code="0" * 16))
    other = {**more.parameters, "steps": 3}
    assert "has other parameters" in complaint(plan, store, with_record(more, parameters=other))
    assert "went on from another english seed 1" in complaint(plan, store, with_record(english, said="anew"))
    of_another = changed(source, tmp_path / "other.zip", "results.json", b'{"study": "large"}')
    assert "results of the study large, not of small" in complaint(plan, store, of_another)
    broken = changed(source, tmp_path / "other.zip", f"runs/{more.run}/predictions.parquet", b"PAR1")
    assert "more seed 1 cannot be read" in complaint(plan, store, broken)
    told = {"predictions.parquet": {"size": 1, "sha256": "0" * 64}}
    assert "has other predictions than its record" in complaint(plan, store, with_record(more, files=told))
    unknown = changed(source, tmp_path / "other.zip", "runs/finetune-0/record.json", b"{}")
    assert "finetune-0 is none of this plan" in complaint(plan, store, unknown)
    (tmp_path / "no.zip").write_bytes(b"no archive")
    assert "is no file that --results wrote" in complaint(plan, store, tmp_path / "no.zip")
    assert store.outdated(plan) == set(plan.nodes)
    for key, value in (("parents", None), ("parents", []), ("parameters", []), ("code", 5)):
        assert f"{key!r} is no" in complaint(plan, store, with_record(more, **{key: value}))


BROKEN = [b"[]", b"null", b'"text"', b'{"study": ', b"[" * 100_000, b"\xff"]


@pytest.mark.parametrize("says", BROKEN, ids=range(len(BROKEN)))
def test_results_that_say_nothing_are_refused(small, tmp_path, says):
    plan, store, source = small
    other = changed(source, tmp_path / "other.zip", "results.json", says)
    assert "is no file that --results wrote" in complaint(plan, store, other)


def test_archives_that_cannot_be_read_and_places_that_are_taken_are_refused(small, tmp_path):
    plan, store, source = small
    whole, other = source.read_bytes(), tmp_path / "other.zip"
    with zipfile.ZipFile(source) as archive:
        largest = max(archive.infolist(), key=lambda member: member.compress_size)
    middle = largest.header_offset + 100
    entries = whole.index(b"PK\x01\x02")  # of the first member: flags at 8, way of compression at 10
    for place, raw in ((middle, b"\xff" * 8), (entries + 8, b"\x01"), (entries + 10, b"\x63")):
        other.write_bytes(whole[:place] + raw + whole[place + len(raw) :])
        assert "is no file that --results wrote" in complaint(plan, store, other)
    for name in (tmp_path, tmp_path / "nope.zip", tmp_path / ("n" * 300)):
        assert complaint(plan, store, name) == f"--collect {name}: there is no such file"
    taken = store.runs / plan["more seed 1"].run
    taken.parent.mkdir(exist_ok=True)
    taken.write_text("")
    assert f"{taken} is no folder" in complaint(plan, store, source)


def test_predictions_that_are_none_are_not_collected(small, tmp_path):
    plan, store, source = small
    run, table = plan["more seed 1"].run, answers()
    name = f"runs/{run}/predictions.parquet"
    with zipfile.ZipFile(source) as archive:
        record = json.loads(archive.read(f"runs/{run}/record.json"))
    del record["files"]
    for bad in (table.drop(columns="p1"), table.assign(p1=1.5), table.assign(label=7)):
        file = io.BytesIO()
        bad.to_parquet(file)
        content = json.dumps(record).encode()
        middle = changed(source, tmp_path / "middle.zip", f"runs/{run}/record.json", content)
        other = changed(middle, tmp_path / "other.zip", name, file.getvalue())
        assert f"other.zip/{name} is damaged" in complaint(plan, store, other)


def test_results_zipped_again_by_hand_are_taken(small, tmp_path):
    plan, store, source = small
    other = changed(source, tmp_path / "a.zip", "runs/", b"")
    other = changed(other, tmp_path / "b.zip", "__MACOSX/runs/._record.json", b"mac")
    other = changed(other, tmp_path / "c.zip", ".DS_Store", b"mac")
    assert results_archive.collect(plan, store, other).startswith("2 runs taken over")
    assert not store.outdated(plan)


def test_a_later_file_of_results_adds_to_an_earlier_one(small, tmp_path):
    plan, store, source = small
    there = Store(tmp_path / "there", tmp_path / "figures")
    results_archive.pack(plan.only("english seed 1"), there, tmp_path / "first.zip")
    assert results_archive.collect(plan, store, tmp_path / "first.zip").startswith("1 runs taken over, 0")
    assert results_archive.collect(plan, store, source) == "1 runs taken over, 1 were here already"
    assert not store.outdated(plan) and not list(store.runs.rglob("*.part"))
    finish(plan, store.runs, "made here")
    assert "was made here, too" in complaint(plan, store, source)
    assert results_archive.collect(plan, store, source, force=True).startswith("2 runs taken over")
    assert records.read(store.runs / plan["more seed 1"].run)["said"] == "" and not store.outdated(plan)


@pytest.fixture(scope="module")
def packed_offline(offline_encoder, words, tmp_path_factory):
    """The offline encoder, and the same packed for a few sentences, read from its 4-bit file."""
    folder = tmp_path_factory.mktemp("packed") / "offline"
    assert packing.pack("offline", words[:300] + ["☃ 2019 ⚗"], folder)
    small = offline.load_offline(folder / offline.FILE)
    loading._restore_norm(small, folder)
    return offline_encoder, small, folder


@of_offline
def test_the_4_bit_file_of_a_part_of_the_vocabulary_gives_the_same_outputs(packed_offline, words):
    whole, small, folder = packed_offline
    texts = words[:300] + ["☃ 2019 ⚗"]
    assert len(small.tokenizer) < 3000 and (folder / offline.FILE).stat().st_size < 15e6
    assert torch.equal(vectors(whole, texts), vectors(small, texts))
    assert small.mean_norm == whole.mean_norm != small.table.norm(dim=1).mean().item()


@of_offline
def test_a_run_trims_a_packed_encoder_to_the_same_as_the_whole_one(packed_offline, words):
    ours, theirs = (encoders.trim(encoder, words[:50]) for encoder in packed_offline[:2])
    assert ours.tokenizer.backend_tokenizer.to_str() == theirs.tokenizer.backend_tokenizer.to_str()
    assert torch.equal(ours.table, theirs.table) and ours.mean_norm == theirs.mean_norm


@pytest.mark.parametrize("name", ["bert", "xlm-r", "xlm", "labse"])
def test_encoders_in_folders_are_packed_trimmed_or_whole(tiny, words, name, tmp_path):
    assert packing.pack(str(tiny[name]), words[:20], tmp_path / "packed") == (name != "xlm")
    whole, packed = encoders.load(str(tiny[name])), encoders.load(str(tmp_path / "packed"))
    assert (len(packed.tokenizer) < len(whole.tokenizer)) == (name != "xlm")
    assert (packed.pooling, packed.mean_norm) == (whole.pooling, whole.mean_norm)
    assert torch.equal(vectors(whole, words[:20]), vectors(packed, words[:20]))
    pair = whole.tokenize(words[:5], words[5:10]).keys()
    assert packed.tokenize(words[:5], words[5:10]).keys() == pair
    # An adaptation of it keeps the mean norm of the whole table.
    if name != "xlm":
        adapted = encoders.untrim(encoders.trim(packed, words[:5]), packed)
        encoders.save(adapted, tmp_path / "adapted")
        assert encoders.load(str(tmp_path / "adapted")).mean_norm == whole.mean_norm


@pytest.mark.parametrize("notebook", ["10_adapt", "20_finetune", "21_frozen"])
def test_runs_read_here_what_they_read_in_their_notebooks(notebook):
    tree = ast.parse("\n".join(code_of(ROOT / "notebooks" / f"{notebook}.ipynb")))
    asked = {"gather": [], "load": []}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in asked:
            asked[node.func.attr] += [[ast.unparse(given) for given in node.args]]
    families = [name for name in reading.GATHERED if name in parameters.declared(notebook)]
    assert asked["gather"] == [[repr(name) for name in families]]
    of_source = [["[run.source]"]] if notebook == "21_frozen" else [[]]
    assert asked["load"] == ([] if notebook == "10_adapt" else of_source)


def test_a_noise_of_neighbours_needs_the_whole_vocabulary(tmp_path):
    common = {"task": "demo-easy", "targets": "en de", "labelled": {"items": 40}, "scored": {"test": 5}}
    arms = {"salt": {"noise": {"kind": "salt", "share": 0.3}}, "plain": {}}
    plan = studies.Study("own", {"seeds": [1, 2], "common": common, "arms": arms}).plan({}, "", tmp_path)
    found = {node.label: reading.Alone(node, base) for node, base in reading.distinct(plan).values()}
    assert list(found) == ["salt seed 1", "plain seed 1"]  # once for both seeds
    assert all(run.read() for run in found.values())
    assert [run.needs_whole for run in found.values()] == [True, False]


def test_what_lies_in_no_file_of_the_data_folder_is_refused(tmp_path):
    places = ("--runs", "--figures")
    given = [word for place in places for word in (place, str(tmp_path))]
    for arguments, said in (
        (
            ["baseline", "--set", "task=paws-x", "--set", "targets=en,de"],
            "a bundle holds no pairs of the hub; name their folder with --data",
        ),
        (["demo", "--set", 'noise={"kind": "synonyms", "words": "wordnet"}'], "a bundle holds no WordNet"),
    ):
        environment = {name: value for name, value in os.environ.items() if name != "XLTLIB_DATA"}
        asked = [sys.executable, str(ROOT / "run_all.py"), *arguments, *given, "--bundle", "x.zip"]
        result = subprocess.run(asked, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert result.returncode == 2 and said in result.stderr and not list(tmp_path.glob("x.zip*"))
