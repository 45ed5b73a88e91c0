"""python -m xltlib.tasks: what a task holds, every fault with its line, and a first task.yaml."""

import json
import os
from pathlib import Path

import huggingface_hub
import pandas as pd
import pytest
import yaml
from huggingface_hub import constants
from real_data import REAL, needs_lowres

from xltlib import languagefile, tasks
from xltlib.tasks import hub_folder
from xltlib.tasks.__main__ import main
from xltlib.tasks.checking import MOST, check
from xltlib.tasks.floors import overlap_floor, overlap_floors
from xltlib.tasks.looks import look
from xltlib.tasks.skeleton import begin

PLAIN = {
    "about": "Pairs for tests.",
    "licence": "CC0",
    "labels": {"different": "0", "same": "1"},
    "splits": {split: {"files": split + "-{language}.tsv"} for split in ("train", "dev", "test")},
}


def rows(split: str, code: str, labels: str = "0101") -> list[tuple[str, str, str]]:
    """Pairs of which no other split or language has a sentence."""
    numbered = enumerate(labels)
    return [(f"{code} {split} one {k}", f"{code} {split} two {k}", label) for k, label in numbered]


def lines(pairs: list[tuple], separator: str = "\t") -> str:
    return "".join(separator.join(pair) + "\n" for pair in pairs)


@pytest.fixture
def mine(tmp_path) -> Path:
    """A task in two languages without a fault."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "task.yaml").write_text(yaml.safe_dump(PLAIN, sort_keys=False), encoding="utf-8")
    for split, codes in {"train": ["en"], "dev": ["en", "de"], "test": ["en", "de"]}.items():
        for code in codes:
            (folder / f"{split}-{code}.tsv").write_text(lines(rows(split, code)), encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def no_file_of_a_study(monkeypatch):
    """The check lets a languages.yaml hold in this process: not for another test."""
    monkeypatch.setenv(languagefile.VARIABLE, "")


def numbers(report: str, heading: str) -> dict[str, dict[str, str]]:
    """The table below a heading, by its first column."""
    _, header, _, *below = [line.split() for line in report[report.index(heading) :].splitlines()]
    return {line[0]: dict(zip(header, line[1:])) for line in below if len(line) == len(header) + 1}


# The report


def test_classes_in_the_wrong_order_are_noted(mine):
    note = "Of two classes the second must be the one that says the same"
    assert note not in str(check(str(mine), None))
    swapped = {**PLAIN, "labels": {"same": "1", "different": "0"}}
    (mine / "task.yaml").write_text(yaml.safe_dump(swapped, sort_keys=False), encoding="utf-8")
    found = check(str(mine), None)
    assert note in " ".join(found.report.split()) and found.faults == []


def test_the_class_that_is_read_as_the_same_meaning_is_always_named(mine):
    for labels, last in (({"ja": "0", "nein": "1"}, "nein"), ({"entailment": "1", "not": "0"}, "not")):
        (mine / "task.yaml").write_text(yaml.safe_dump({**PLAIN, "labels": labels}, sort_keys=False))
        report = check(str(mine), None).report
        assert f"class 1, read as the same meaning: {last}" in report.splitlines()
        assert ("Class 0 is called" in report) == (last == "not")
    assert "class 1, read as the same meaning: paraphrase" in check("paws-x", None).report
    assert "read as" not in check("xnli", None).report  # three classes


def test_a_row_of_languages_yaml_beside_the_study_is_read(mine, capsys, monkeypatch):
    (mine / "test-qqz.tsv").write_text(lines(rows("test", "qqz")), encoding="utf-8")
    row = "qqz: {name: Quux, script: Latin, resource: low, source: assumed}\n"
    here = mine.parent / "elsewhere"
    here.mkdir()
    monkeypatch.chdir(here)
    for folder in (mine.parent, here):  # above the task's folder, where the study lies, or where one is
        monkeypatch.setenv(languagefile.VARIABLE, "")
        assert main([str(mine)]) == 0
        said = " ".join(capsys.readouterr().out.split())
        assert "Languages that no study knows: qqz." in said and "(read here from the folder above" in said
        (folder / languagefile.NAME).write_text(row, encoding="utf-8")
        assert main([str(mine)]) == 0
        assert "No faults: a study can run on it." in capsys.readouterr().out
        (folder / languagefile.NAME).unlink()
    (here / languagefile.NAME).write_text("qqz: {}\n", encoding="utf-8")
    assert main([str(mine)]) == 1
    assert "tasks: languages.yaml, line 1: 'qqz' lacks" in capsys.readouterr().err


def test_a_task_without_a_fault(mine, capsys):
    assert main([str(mine)]) == 0
    said = capsys.readouterr().out
    assert "about: Pairs for tests." in said
    assert "licence: CC0" in said
    assert "No faults: a study can run on it." in said
    english = numbers(said, "TEST")["en"]
    assert (english["rows"], english["different"], english["majority"]) == ("4", "2", "50.0")
    assert max(map(len, said.splitlines())) <= 110


def test_files_without_a_code_and_languages_that_no_study_knows_are_named(mine):
    (mine / "test-de.tsv").rename(mine / "test-german.tsv")
    (mine / "test-xyq.tsv").write_text(lines(rows("test", "xyq")), encoding="utf-8")
    found = check(str(mine), None)
    said = " ".join(str(found).split())
    assert found.faults == [] and found.unknown == ["xyq"]
    assert "Not read, because their names have no language's code: test-german.tsv. Rename those" in said
    assert said.endswith("No faults; a study can run on the other languages.")


def test_a_label_that_differs_is_told_by_its_sentence(mine):
    (mine / "test-de.tsv").write_text(lines(rows("test", "de", "0100")), encoding="utf-8")
    (fault,) = check(str(mine), None).faults
    assert "in 1 of 4 items with the same id (the first: 'de test one 3' in de). Correct the labels" in fault


def test_counts_of_what_is_in_a_split(mine):
    pairs = [("an egg", "an egg", "1")] * 2 + [("NS", "missing", "0"), ("the cat", "a dog", "0")]
    (mine / "test-en.tsv").write_text(lines(pairs), encoding="utf-8")
    (mine / "test-de.tsv").unlink()
    english = numbers(check(str(mine), None).report, "TEST")["en"]
    assert english == {
        "rows": "3", "dropped": "1", "different": "1", "same": "2", "majority": "66.7", "overlap": "100.0",
        "clusters": "2", "identical": "2", "repeated": "1",
    }  # fmt: skip


def test_every_fault_is_listed_with_its_line(mine, capsys):
    with open(mine / "test-en.tsv", "a", encoding="utf-8") as file:
        file.write("\tempty\t0\nonly one\na\tb\tmaybe\n\n")
    (mine / "dev-de.tsv").write_bytes(b"a\tb\t1\n\xff\tb\t0\n")
    found = check(str(mine), None)
    places = [fault.partition(": ")[0].removeprefix(f"{mine}/") for fault in found.faults]
    wanted = ["dev-de.tsv, line 2", *(f"test-en.tsv, line {line}" for line in (6, 8, 5, 7))]
    assert sorted(places) == sorted(wanted)
    assert "compared when there are no faults" in found.report
    assert main([str(mine)]) == 1
    assert "Faults: 5" in capsys.readouterr().out


def test_of_very_many_faults_some_are_listed_and_all_counted(mine):
    (mine / "test-en.tsv").write_text("a\tb\n" * (MOST + 7), encoding="utf-8")
    assert str(check(str(mine), None)).endswith("and 7 more")


def test_a_file_with_all_languages_tells_a_fault_once(mine):
    text = 'language,sentence1,sentence2,label\r\nen,"A ""b"",\r\nc",d,1\r\nde,e,f,0\r\nde,g,1\r\nen,h,,0\r\n'
    (mine / "all.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    columns = {name: name for name in ("sentence1", "sentence2", "label", "language")}
    says = {**PLAIN, "splits": {"test": {"files": "all.csv", "columns": columns}}}
    (mine / "task.yaml").write_text(yaml.safe_dump(says), encoding="utf-8")
    faults = [fault for fault in check(str(mine), None).faults if "all.csv" in fault]
    assert [fault.split(", line ")[1][:2] for fault in faults if "classes" not in fault] == ["5:", "6:"]


def test_a_source_that_finds_no_file_is_a_fault(mine):
    says = {**PLAIN, "splits": {**PLAIN["splits"], "train": {"files": "trian-{language}.tsv"}}}
    (mine / "task.yaml").write_text(yaml.safe_dump(says, sort_keys=False), encoding="utf-8")
    (fault,) = check(str(mine), None).faults
    assert "task.yaml, line" in fault
    assert "no file fits trian-{language}.tsv" in fault


def test_training_pairs_with_a_test_sentence_are_faults_unless_they_are_left_out(mine):
    shared = [("EN test ONE 0!", "new", "1"), ("en test one 1", "old", "0"), ("so en test one 2", "z", "0")]
    (mine / "train-en.tsv").write_text(lines(shared), encoding="utf-8")
    found = check(str(mine), None)
    assert ["train", "3", "1", "2", "3", "en"] in [line.split() for line in found.report.splitlines()]
    (fault,) = found.faults
    assert fault.startswith("train: 3 pairs hold a sentence of the test set (first: ('EN test ONE 0!',")
    assert fault.endswith("or say test_sentences: leave-out")
    says = {**PLAIN, "test_sentences": "leave-out"}
    (mine / "task.yaml").write_text(yaml.safe_dump(says), encoding="utf-8")
    assert not check(str(mine), None).faults


def test_what_a_study_would_refuse_is_a_fault(mine):
    (mine / "test-de.tsv").write_text(lines(rows("test", "de", "0110")), encoding="utf-8")
    (fault,) = check(str(mine), None).faults
    assert "test: labels differ from those of" in fault
    for path in mine.glob("dev-*"):
        path.unlink()
    splits = {**PLAIN["splits"], "test": {"files": "test-{language}.tsv", "parallel": False}}
    says = {**PLAIN, "splits": {split: source for split, source in splits.items() if split != "dev"}}
    (mine / "task.yaml").write_text(yaml.safe_dump(says), encoding="utf-8")
    (fault,) = check(str(mine), None).faults
    assert "no dev pairs" in fault


def test_development_pairs_that_are_the_test_pairs_are_a_fault(mine):
    for code in ("en", "de"):
        (mine / f"dev-{code}.tsv").write_bytes((mine / f"test-{code}.tsv").read_bytes())
    assert check(str(mine), None).faults == [
        "dev: every pair is a test pair: checkpoints would be chosen by what is scored"
    ]


def test_training_pairs_of_which_none_is_left_are_a_fault(mine):
    (mine / "train-en.tsv").write_bytes((mine / "test-en.tsv").read_bytes())
    description = yaml.safe_dump({**PLAIN, "test_sentences": "leave-out"})
    (mine / "task.yaml").write_text(description, encoding="utf-8")
    assert check(str(mine), None).faults == [
        "train: every pair holds a sentence of the test set: none is left to train on"
    ]


def test_what_is_parallel_and_what_two_splits_have(mine):
    (mine / "test-de.tsv").write_text(lines(rows("test", "de", "010")), encoding="utf-8")
    sets = {"train": "all", "dev": "all", "test": "test"}
    splits = {split: {**PLAIN["splits"][split], "parallel": name} for split, name in sets.items()}
    (mine / "task.yaml").write_text(yaml.safe_dump({**PLAIN, "splits": splits}), encoding="utf-8")
    report = check(str(mine), None).report
    cells = [line.split() for line in report.splitlines()]
    assert ["test", "test", "4", "3", "3", "en"] in cells
    assert ["test", "test", "3", "3", "3", "de"] in cells
    assert "4 items of train are items of dev, too." in report
    splits["dev"]["parallel"] = "test"
    (mine / "task.yaml").write_text(yaml.safe_dump({**PLAIN, "splits": splits}), encoding="utf-8")
    assert "dev: 4 items are test items, too" in check(str(mine), None).faults[0]


def test_a_task_whose_data_is_not_here_has_faults_and_a_report():
    found = check("afrixnli-release", None)
    assert found.faults and "licence: " in found.report


def test_what_cannot_be_checked_is_one_line(tmp_path, capsys):
    gone = str(tmp_path / "gone" / "task.yaml")
    (tmp_path / "pairs.tsv").write_text("")
    file = str(tmp_path / "pairs.tsv")
    cases = {"no-such": "unknown task 'no-such'", gone: "no such folder", "~no-such/x": "no such folder"}
    for given, words in cases.items():
        assert main([given]) == 1
        assert words in capsys.readouterr().out
    for folder in (str(tmp_path / "gone"), "~no-such/data"):
        assert main(["demo", "--data", folder]) == 1
        assert "does not exist" in capsys.readouterr().err
    assert main([file]) == 1 and "pairs.tsv is a file: name its folder" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        main([" "])
    assert ended.value.code == 2 and "must name something" in capsys.readouterr().err


def test_a_name_that_is_not_utf_8_is_told_and_nothing_is_written(tmp_path, capsys):
    (tmp_path / os.fsdecode(b"test-pr\xfcf-en.tsv")).write_text("1\ta b\tc d\t0\n2\te f\tg h\t1\n" * 4)
    assert main([str(tmp_path)]) == 1
    assert "not UTF-8: rename the file" in capsys.readouterr().err
    assert len(list(tmp_path.iterdir())) == 1


def test_a_table_that_is_passed_over_is_named_where_something_is_missing(tmp_path, capsys):
    (tmp_path / "train-en.csv").write_text("sentence1,sentence2,label\na b,c d,0\ne f,g h,1\n")
    (tmp_path / "test-en.csv").write_text("sentence1,sentence2,label\n")
    assert main([str(tmp_path)]) == 1
    assert f"{tmp_path}/test-en.csv: passed over" in capsys.readouterr().out


def test_three_classes_have_two_thresholds():
    words = {"sentence1": ["a b", "a b", "a b"], "sentence2": ["a b", "a c", "c d"]}
    assert overlap_floor(pd.DataFrame(words | {"label": [0, 1, 2]})) == 100
    assert overlap_floor(pd.DataFrame(words | {"label": [1, 0, 1]})) == 66.7  # two classes: one threshold
    codes = {"language1": ["de", "de", "en"], "language2": ["de", "en", "en"], "label": [1, 0, 1]}
    assert overlap_floors(pd.DataFrame(words | codes)) == {"de": 100.0, "en": 100.0}


# A first task.yaml


def test_a_folder_of_files_gets_a_task_yaml_that_loads(mine, capsys):
    (mine / "task.yaml").unlink()
    assert main([str(mine)]) == 0
    assert capsys.readouterr().out.startswith(f"written: {mine}/task.yaml")
    frame = tasks.load_pairs(str(mine), "test", ["en", "de"])
    assert frame.label.tolist() == [0, 1, 0, 1] * 2
    before = (mine / "task.yaml").read_bytes()
    with pytest.raises(tasks.DataError, match="it is not touched"):
        begin(mine)
    assert (mine / "task.yaml").read_bytes() == before


def as_jsonl(pairs: list[tuple]) -> bytes:
    named = [dict(zip(("premise", "hypothesis", "gold_label"), pair)) | {"more": 1.5} for pair in pairs]
    return "".join(json.dumps(row) + "\n" for row in named).encode()


def as_csv(pairs: list[tuple]) -> bytes:
    cells = [(k, *pair) for k, pair in enumerate(pairs, 1)]
    rows = "".join(f'{k},"{one}, ""x""\r\ny",{two},{label}\r\n' for k, one, two, label in cells)
    return b"\xef\xbb\xbf" + f"pairID,text_a,text_b,label\r\n{rows}".encode()


def as_parquet(pairs: list[tuple]) -> bytes:
    table = pd.DataFrame(pairs, columns=["question1", "question2", "is_duplicate"])
    return table.astype({"is_duplicate": int}).to_parquet()


def as_headless(pairs: list[tuple]) -> bytes:
    return lines([(f"n{k}", *pair) for k, pair in enumerate(pairs)]).encode()


def as_semicolons(pairs: list[tuple]) -> bytes:
    rows = "".join(f"{k};{one};{two};{label}\r\n" for k, (one, two, label) in enumerate(pairs))
    return f"id;text_a;text_b;label\r\n{rows}".encode()


def as_quoted_tabs(pairs: list[tuple]) -> bytes:
    return "".join(f'"{one}"\t"{two}"\t{label}\n' for one, two, label in pairs).encode()


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("{split}-{code}.csv", as_semicolons),
        ("{split}-{code}.tsv", as_quoted_tabs),
        ("{split}.{code}.jsonl", as_jsonl),
        ("{code}/{split}_2k.csv", as_csv),
        ("{split}/{code}.parquet", as_parquet),
        ("data/mine-{code}_{split}.tsv", as_headless),
    ],
)
def test_layouts_of_which_a_first_task_yaml_is_complete(tmp_path, name, written):
    for split in ("dev", "test"):
        for code in ("en", "yor"):
            path = tmp_path / name.format(split=split, code=code)
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(written(rows(split, code)))
    assert begin(tmp_path) == []
    assert not check(str(tmp_path), None).faults
    frame = tasks.load_pairs(str(tmp_path), "test", ["en", "yor"])
    assert frame.label.tolist() == [0, 1, 0, 1] * 2
    assert frame.sentence2.tolist()[4:] == [pair[1] for pair in rows("test", "yor")]


def test_a_column_of_languages_is_found(tmp_path):
    pairs = [(code, *pair) for code in ("en", "de") for pair in rows("test", code)]
    (tmp_path / "test.tsv").write_text("lang\tpremise\thypothesis\tgold\n" + lines(pairs), encoding="utf-8")
    assert begin(tmp_path) == []
    assert tasks.load_pairs(str(tmp_path), "test", ["en", "de"])["item"].tolist() == [1, 2, 3, 4] * 2


@pytest.mark.parametrize("rows", [3, 30_000])
def test_a_quote_that_never_ends_is_named(tmp_path, rows):
    text = 'sentence1,sentence2,label\n"one,two,1\n' + "a,b,0\n" * rows
    (tmp_path / "test-en.csv").write_text(text, encoding="utf-8")
    with pytest.raises(tasks.DataError, match="test-en.csv, line .*is a quote left open"):
        begin(tmp_path)


def test_a_first_line_of_a_single_cell_too_large_is_named(tmp_path):
    (tmp_path / "test-en.csv").write_text("a" * 200_000 + "\n", encoding="utf-8")
    with pytest.raises(tasks.DataError, match="test-en.csv, line 1: field larger than"):
        begin(tmp_path)


def test_labels_that_differ_in_order_are_of_no_translations(tmp_path):
    for code, labels in (("en", "0101"), ("de", "1100")):
        (tmp_path / f"test-{code}.tsv").write_text(lines(rows("test", code, labels)), encoding="utf-8")
    assert begin(tmp_path) == []
    assert tasks.load_pairs(str(tmp_path), "test", ["en", "de"])["item"].nunique() == 8


@pytest.mark.parametrize(
    ("words", "written", "looked_at"),
    [
        (("ja", "nein"), '["ja", "nein"]', True),
        (("not_duplicate", "duplicate"), '["not_duplicate", "duplicate"]', False),
        (("Yes", "sometimes"), '["sometimes", "Yes"]', False),
        (("yes", "same"), '["same", "yes"]', True),
        (("no", "yes"), '["no", "yes"]', False),
        (("0", "1"), '["0", "1"]', False),
    ],
)
def test_the_order_of_two_classes_is_to_be_looked_at_where_it_cannot_be_told(
    tmp_path, capsys, words, written, looked_at
):
    for split in ("dev", "test"):
        pairs = [(one, two, words[int(label)]) for one, two, label in rows(split, "de")]
        (tmp_path / f"{split}-de.tsv").write_text(lines(pairs), encoding="utf-8")
    assert main([str(tmp_path)]) == 0
    (line,) = [l for l in (tmp_path / "task.yaml").read_text().splitlines() if l.startswith("labels")]
    labels, _, comment = line.partition("  # ")
    assert labels == f"labels: {written}"
    assert ("the second must be that of equal meaning" in comment) == looked_at
    last = json.loads(written)[1]
    assert f"class 1, read as the same meaning: {last}" in capsys.readouterr().out.splitlines()


ENGLISH = lines(rows("test", "en"))
SCORES = lines([(f"a {k}", f"b {k}", f"{k / 3:.2f}") for k in range(12)])
UNTOLD = [  # files, which lines are to be filled in
    ({"test.tsv": lines(rows("test", "en"))}, ["languages: which language is this?"]),
    ({"pairs-en.tsv": lines(rows("t", "en"))}, ["test: no file is called test", "of which split is pairs-"]),
    ({"test-en.tsv": ENGLISH, "test-fr.tsv": ENGLISH.replace("\t1", "\toui")}, ["labels: files differ"]),
    ({"test-en.tsv": "premise\thypothesis\tscore\n" + SCORES}, ["labels: "]),
    ({"test-en.tsv": "u v\tw x\ty z\ta b\n" * 3}, ["labels: ", "columns: "]),
]  # fmt: skip


@pytest.mark.parametrize(("files", "gaps"), UNTOLD)
def test_what_cannot_be_told_is_to_be_filled_in_by_line(tmp_path, capsys, files, gaps):
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert main([str(tmp_path)]) == 1
    said = capsys.readouterr().out.splitlines()[2:]
    assert len(said) == len(gaps)
    text = (tmp_path / "task.yaml").read_text(encoding="utf-8").splitlines()
    for line, gap in zip(said, gaps):
        place, _, what = line.partition(": ")
        assert what.startswith(gap)
        assert gap in text[int(place.rpartition(" ")[2]) - 1]


def test_a_folder_without_pairs_is_refused_and_nothing_written(tmp_path):
    (tmp_path / "readme.txt").write_text("No table.\n", encoding="utf-8")
    with pytest.raises(tasks.DataError, match="no table of pairs in it"):
        begin(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["readme.txt"]


# A task on the hub

SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def cached(mine, tmp_path, monkeypatch) -> Path:
    """The task in the cache of the hub, as it lies there after a download."""
    place = tmp_path / "hub/datasets--org--pairs"
    (place / "refs").mkdir(parents=True)
    (place / "refs/main").write_text(SHA)
    (place / "blobs").mkdir()
    snapshot = place / "snapshots" / SHA
    snapshot.mkdir(parents=True)
    for number, path in enumerate(sorted(mine.iterdir())):
        (place / f"blobs/{number}").write_bytes(path.read_bytes())
        (snapshot / path.name).symlink_to(f"../../blobs/{number}")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    hub_folder._downloaded.cache_clear()
    yield snapshot
    hub_folder._downloaded.cache_clear()


@pytest.mark.parametrize("name", ["org/pairs", f"org/pairs@{SHA}"])
def test_a_task_of_the_hub_is_read_from_its_cache_and_tells_its_revision(cached, name):
    frame = tasks.load_pairs(name, "test", ["en", "de"])
    assert len(frame) == 8
    assert frame.attrs["revision"] == SHA
    assert not check(name, None).faults


def test_of_a_data_set_what_its_task_names_is_downloaded_and_nothing_else(cached, monkeypatch):
    asked = []

    def download(name, **options):
        asked.append(options)
        return str(cached)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    tasks.find("org/pairs")
    files = ["task.yaml", "train-*.tsv", "dev-*.tsv", "test-*.tsv"]
    assert asked == [{"repo_type": "dataset", "revision": SHA, "allow_patterns": files}]


def test_without_a_network_the_error_is_one_line(cached):
    with pytest.raises(tasks.DataError, match="org/other.*out of reach.*hf download org/other") as error:
        tasks.find("org/other")
    assert "\n" not in str(error.value)


def test_a_file_outside_the_data_set_is_refused(cached):
    says = {**PLAIN, "splits": {"test": {"files": "../../test-{language}.tsv"}}}
    (cached / "task.yaml").unlink()
    (cached / "task.yaml").write_text(yaml.safe_dump(says), encoding="utf-8")
    with pytest.raises(tasks.DataError, match="task.yaml, line .* lies outside the data set"):
        tasks.find("org/pairs")


# Real sets


@needs_lowres
@pytest.mark.parametrize(
    ("name", "code", "majority", "floor", "shared"),
    [("mahaparaphrase", "mr", "50.0", "60.2", "353"), ("arpa", "hy", "60.7", "78.1", "50")],
)
def test_floors_and_shared_sentences_of_real_sets(name, code, majority, floor, shared):
    found = check(name, REAL)
    assert not found.faults
    of_code = numbers(found.report, "TEST")[code]
    assert (of_code["majority"], of_code["overlap"]) == (majority, floor)
    lines = [line.split() for line in found.report.splitlines() if line.startswith("train ")]
    assert [line[2] for line in lines if line[-1] == code] == [shared]


def test_a_header_in_words_that_are_not_known_is_no_row(tmp_path):
    rows = [
        "id,satz1,satz2,urteil",
        *(f"{n},Satz a {n} .,Satz b {n} .,{'gleich' if n % 2 else 'anders'}" for n in range(9)),
    ]
    (tmp_path / "test-de.csv").write_text("\n".join(rows), encoding="utf-8")
    seen = look(tmp_path / "test-de.csv")
    assert set(seen.labels) == {"gleich", "anders"}
    assert seen.columns["label"] == "urteil"


def test_translations_with_labels_in_other_words_are_begun_as_parallel(tmp_path):
    for code, same, other in (("en", "yes", "no"), ("sw", "ndiyo", "hapana")):
        lines = [f"{n}\t{code} one {n} .\t{code} two {n} .\t{same if n % 3 else other}" for n in range(9)]
        (tmp_path / f"test-{code}.tsv").write_text("\n".join(lines), encoding="utf-8")
    begin(tmp_path)
    assert "parallel: false  #" not in (tmp_path / "task.yaml").read_text(encoding="utf-8")
