"""Tasks that a task.yaml describes: reading them, what is parallel to what, and what is refused."""

import json
from pathlib import Path

import pandas as pd
import pytest
import yaml
from real_data import REAL, needs_lowres

from xltlib import fingerprint, parameters, tasks
from xltlib.tasks import hub
from xltlib.tasks.described import DescribedTask, described, known_names
from xltlib.tasks.items import numbered

PLAIN = {
    "labels": {"different": "0", "same": "1"},
    "splits": {of: {"files": of + "-{language}.tsv"} for of in ("train", "dev", "test")},
}
ROWS = ["a b\tb a\t1", "c\td\t0", "e\tf\t1", "g\th\t0"]


def write(folder: Path, says: dict | str, **files: str | bytes) -> str:
    """A folder with a task.yaml and files, whose names have ``__`` for a dot; returns its name."""
    folder.mkdir(exist_ok=True)
    text = says if isinstance(says, str) else yaml.safe_dump(says, sort_keys=False, allow_unicode=True)
    (folder / "task.yaml").write_text(text, encoding="utf-8")
    for name, content in files.items():
        path = folder / name.replace("__", ".").replace("_in_", "/")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(folder)


def told(rows: list[str], language: str) -> str:
    """Lines of a file, with the language in each sentence."""
    return "".join(f"{language} {row}\n".replace("\t", f"\t{language} ", 1) for row in rows)


@pytest.fixture
def mine(tmp_path) -> str:
    """Pairs in two languages, parallel line by line, with a training file in one."""
    files = {f"test-{code}__tsv": told(ROWS, code) for code in ("en", "de")}
    files |= {f"dev-{code}__tsv": told([f"dev {row}" for row in ROWS], code) for code in ("en", "de")}
    files["train-en__tsv"] = told([f"train {row}".replace("\t", "\ttrain ", 1) for row in ROWS], "en")
    return write(tmp_path / "mine", PLAIN, **files)


def test_a_folder_of_files_is_read(mine):
    frame = tasks.load_pairs(mine, "test", ["en", "de"])
    assert frame.columns.tolist() == tasks.COLUMNS
    assert frame["item"].tolist() == [1, 2, 3, 4] * 2
    assert frame.label.tolist() == [1, 0, 1, 0] * 2
    assert frame.sentence1.tolist()[4] == "de a b"
    assert tasks.find(mine).CLASSES == ["different", "same"]
    assert tasks.find(mine).languages("train", None) == ["en"]


def test_training_and_development_pairs_come_from_their_files(mine):
    test = tasks.load_pairs(mine, "test", ["en", "de"])
    train, dev = tasks.load_training(mine, ["en"], ["en", "de"], test)
    assert len(train) == 4
    assert dev.language1.unique().tolist() == ["en", "de"]


def test_development_pairs_may_be_missing_in_a_target(mine):
    (Path(mine) / "dev-de.tsv").unlink()
    test = tasks.load_pairs(mine, "test", ["en", "de"])
    assert tasks.load_training(mine, ["en"], ["en", "de"], test)[1].language1.unique().tolist() == ["en"]


def one(folder: Path, source: dict, labels=PLAIN["labels"], **files: str | bytes) -> pd.DataFrame:
    """The test pairs, in English, of a task with one source."""
    says = {"labels": labels, "splits": {"test": source}}
    return tasks.load_pairs(write(folder, says, **files), "test", ["en"])


NAMED = {"sentence1": "premise", "sentence2": "hypothesis", "label": "gold", "id": "pair"}
AS_CSV = (
    '\ufeffpair,premise,hypothesis,gold\r\n7,"He said ""yes"",\r\nand left.",Gone.,oui\r\n9,A.,B.,non\r\n'
)


def test_csv_with_quotes_breaks_in_cells_a_mark_and_windows_line_ends(tmp_path):
    source = {"files": "{split}-{language}.csv", "columns": NAMED}
    frame = one(tmp_path, source, {"no": "non", "yes": "oui"}, **{"test-en__csv": AS_CSV})
    assert frame["item"].tolist() == [7, 9]
    assert frame.sentence1[0] == 'He said "yes", and left.'
    assert frame.label.tolist() == [1, 0]


def test_json_lines(tmp_path):
    lines = '{"premise": "a b", "hypothesis": "b", "gold": 1, "pair": "x1", "more": [1]}\n'
    lines += '{"premise": "c", "hypothesis": "d", "gold": 0, "pair": "x2"}\n'
    frame = one(tmp_path, {"files": "t-{language}.jsonl", "columns": NAMED}, **{"t-en__jsonl": lines})
    assert frame.set_index("item").label.to_dict() == {numbered("x1"): 1, numbered("x2"): 0}


def test_parquet(tmp_path):
    table = pd.DataFrame(
        {"premise": ["a", "c"], "hypothesis": ["b", "d"], "gold": [1.0, 0.0], "pair": [3, 4]}
    )
    source = {"files": "t-{language}.parquet", "columns": NAMED}
    frame = one(tmp_path, source, **{"t-en__parquet": table.to_parquet()})
    assert frame["item"].tolist() == [3, 4]
    assert frame.label.tolist() == [1, 0]


def test_labels_that_are_true_or_false(tmp_path):
    rows = [{"sentence1": of, "sentence2": "b", "label": of == "a"} for of in "ac"]
    lines = "\n".join(map(json.dumps, rows))
    frame = one(
        tmp_path, {"files": "t-{language}.jsonl"}, {"no": "false", "yes": "true"}, **{"t-en__jsonl": lines}
    )
    assert frame.label.tolist() == [1, 0]


def test_what_is_no_placeholder_of_the_task_is_a_sentence(tmp_path):
    rows = "Ns\tb\t1\nc\td\t0\n--\tf\t0\n"
    frame = one(tmp_path, {"files": "t-{language}.tsv", "placeholder": "--"}, **{"t-en__tsv": rows})
    assert frame.sentence1.tolist() == ["Ns", "c"]
    assert frame.attrs["dropped"] == {"en": 1}


def test_only_some_rows_are_read_by_their_ids(tmp_path):
    rows, source = "a\tb\t1\nc\td\t0\ne\tf\t0\n", {"files": "t-{language}.tsv", "only": "few.txt"}
    frame = one(tmp_path, source, **{"t-en__tsv": rows, "few__txt": "3\n1\n"})
    assert frame["item"].tolist() == [1, 3]
    with pytest.raises(tasks.DataError, match="few.txt, line 2: no id"):
        one(tmp_path, source, **{"t-en__tsv": rows, "few__txt": "3\n\n"})


def test_fields_of_csv_lose_their_quotes_where_a_description_says_so(tmp_path):
    rows = '"He said ""yes"""\t"Yes" , he said\t1\nc\td\t0\n'
    source = {"files": "t-{language}.tsv", "unquote": True}
    frame = one(tmp_path, source, **{"t-en__tsv": rows})
    assert frame.loc[0, ["sentence1", "sentence2"]].tolist() == ['He said "yes"', '"Yes" , he said']
    with pytest.raises(tasks.DataError, match="unquote = 'yes': known are True, False"):
        one(tmp_path, {**source, "unquote": "yes"}, **{"t-en__tsv": rows})


def test_a_region_in_a_file_name_is_mapped_by_codes(tmp_path):
    says = {**PLAIN, "splits": {"test": {"files": "t-{language}.tsv", "codes": {"zh": "zh-CN"}}}}
    name = write(tmp_path, says, **{"t-zh-CN__tsv": told(ROWS, "zh"), "t-en__tsv": told(ROWS, "en")})
    assert tasks.find(name).languages("test", None) == ["en", "zh"]
    assert len(tasks.load_pairs(name, "test", ["en", "zh"])) == 8


def test_training_files_that_are_no_translations_of_each_other_say_so(mine):
    (Path(mine) / "train-de.tsv").write_text(told(ROWS[::-1], "de other"), encoding="utf-8")
    with pytest.raises(tasks.DataError, match="parallel: false"):
        tasks.load_pairs(mine, "train", ["en", "de"])


def test_development_pairs_that_are_the_test_pairs_are_refused(mine):
    for code in ("en", "de"):
        (Path(mine) / f"dev-{code}.tsv").write_text(told(ROWS, code), encoding="utf-8")
    test = tasks.load_pairs(mine, "test", ["en", "de"])
    with pytest.raises(tasks.DataError, match="every pair is a test pair"):
        tasks.load_training(mine, ["en"], ["en", "de"], test)


def test_another_encoding(tmp_path):
    source = {"files": "t-{language}.tsv", "encoding": "utf-16"}
    frame = one(tmp_path, source, **{"t-en__tsv": "é\tb\t1\nc\td\t0\n".encode("utf-16")})
    assert frame.sentence1.tolist() == ["é", "c"]


def test_all_languages_in_one_file(tmp_path):
    rows = "language\tpremise\thypothesis\tgold\nger\ta\tb\t1\nger\tc\td\t0\neng\te\tf\t1\neng\tg\th\t0\n"
    columns = {"language": "language", "sentence1": "premise", "sentence2": "hypothesis", "label": "gold"}
    source = {"files": "all.tsv", "columns": columns, "codes": {"de": "ger", "en": "eng"}}
    name = write(tmp_path, {**PLAIN, "splits": {"test": source}}, all__tsv=rows)
    assert tasks.find(name).languages("test", None) == ["de", "en"]
    frame = tasks.load_pairs(name, "test", ["en", "de"])
    assert frame["item"].tolist() == [1, 2, 1, 2]
    assert frame.sentence1.tolist() == ["e", "g", "a", "c"]


def test_ids_of_another_task_keep_a_subset_parallel(tmp_path):
    columns = ["id", "_", "sentence1", "sentence2", "label"]
    sources = [
        {"files": "whole-{language}.tsv"},
        {"files": "part-{language}.tsv", "ids": "part-{language}.txt"},
        {"files": {"eu": "shifted.tsv"}, "columns": columns, "subtract": 100},
    ]
    says = {"labels": PLAIN["labels"], "parallel": "whole test", "splits": {"test": sources}}
    files = {
        "whole-en__tsv": told(ROWS, "en"),
        "part-sw__tsv": told(ROWS[1:3], "sw"),
        "part-sw__txt": "2\n3\n",
        "shifted__tsv": "103\tx\teu e\teu f\t1\n104\tx\teu g\teu h\t0\n",
    }
    frame = tasks.load_pairs(write(tmp_path, says, **files), "test", ["en", "sw", "eu"])
    items = frame.groupby("language1")["item"].apply(list).to_dict()
    assert items == {"en": [1, 2, 3, 4], "eu": [3, 4], "sw": [2, 3]}


def test_items_of_one_premise_are_one_cluster_in_every_language_and_set(tmp_path):
    """Rows 1 to 3 share a premise in English; Yoruba renders it in two ways, Quechua has one row of it."""
    english = ["p\ta\t0", "p\tb\t1", "p\tc\t1", "q\td\t0"]
    files = {
        "whole-en__tsv": told(english, "en"),
        "afri-yor__tsv": told(["p1\ta\t0", "p2\tb\t1", "q\td\t0"], "yor"),
        "afri-yor__txt": "1\n2\n4\n",
        "americas-quy__tsv": told(["p\tc\t1", "q\td\t0"], "quy"),
        "americas-quy__txt": "3\n4\n",
    }
    sources = [{"files": "whole-{language}.tsv"}]
    for name in ("afri", "americas"):
        sources.append({"files": name + "-{language}.tsv", "ids": name + "-{language}.txt"})
    says = {"labels": PLAIN["labels"], "parallel": "xnli test", "splits": {"test": sources}}
    name = write(tmp_path / "nli", says, **files)
    frame = tasks.load_pairs(name, "test", ["en", "yor", "quy"])
    clusters = frame.groupby("language1").cluster.apply(list).to_dict()
    assert clusters == {"en": [1, 1, 1, 4], "yor": [1, 1, 4], "quy": [1, 4]}
    # Without the language whose premises are alike nothing tells that they are of one.
    assert tasks.load_pairs(name, "test", ["yor"]).cluster.nunique() == 3


@needs_lowres
@pytest.mark.parametrize("task, codes", [("afrixnli", ["yor", "zul"]), ("americasnli", ["quy", "gn"])])
def test_three_rows_share_a_premise_in_translations_of_xnli(task, codes):
    frame = tasks.load_pairs(task, "test", ["en", *codes], REAL)
    assert (frame.groupby("cluster")["item"].nunique() % 3 == 0).all()
    assert frame.groupby("item").cluster.nunique().max() == 1


def test_items_of_different_sets_are_no_translations(tmp_path):
    test = [{"files": {"en": "a.tsv"}}, {"files": {"mr": "b.tsv"}}]
    files = {
        "a__tsv": told(ROWS, "en"),
        "b__tsv": told([row[:-1] + str(1 - int(row[-1])) for row in ROWS], "mr"),
    }
    name = write(tmp_path, {**PLAIN, "splits": {"test": test}}, **files)
    frame = tasks.load_pairs(name, "test", ["en", "mr"])
    assert frame["item"].nunique() == frame.cluster.nunique() == 8
    first = tasks.load_pairs(name, "test", ["en", "mr"], items=3)
    assert first.groupby("language1").size().to_dict() == {"en": 3, "mr": 3}


def test_languages_with_items_of_their_own(tmp_path):
    test = {"files": "t-{language}.tsv", "parallel": False}
    files = {"t-en__tsv": told(ROWS, "en"), "t-mr__tsv": told(ROWS[::-1], "mr")}
    assert tasks.load_pairs(
        write(tmp_path, {**PLAIN, "splits": {"test": test}}, **files), "test", ["en", "mr"]
    )["item"].nunique() == 8  # fmt: skip
    with pytest.raises(tasks.DataError, match="labels differ from those of"):
        says = {**PLAIN, "splits": {"test": {**test, "parallel": "these"}}}
        tasks.load_pairs(write(tmp_path, says, **files), "test", ["en", "mr"])


def test_items_that_are_tested_on_are_not_trained_on_in_another_language(tmp_path):
    says = {
        "labels": PLAIN["labels"],
        "splits": {
            "train": {"files": "dev-{language}.tsv", "languages": "en", "parallel": "xnli dev"},
            "dev": {"files": "other-{language}.tsv"},
            "test": {"files": "dev-{language}.tsv", "languages": "yor sw", "parallel": "xnli dev"},
        },
    }
    files = {f"dev-{code}__tsv": told(ROWS, code) for code in ("en", "yor", "sw")}
    name = write(tmp_path, says, **files, **{"other-en__tsv": told([f"x {row}" for row in ROWS], "en")})
    test = tasks.load_pairs(name, "test", ["yor", "sw"])
    with pytest.raises(tasks.DataError, match=r"train: 4 items are test items, too \(parallel: xnli dev\)"):
        tasks.load_training(name, ["en"], ["en"], test)


def test_training_pairs_with_a_test_sentence_are_refused_or_left_out(mine):
    path = Path(mine)
    (path / "train-en.tsv").write_text(told([*ROWS[:1], "new\tpair\t0"], "en"), encoding="utf-8")
    test = tasks.load_pairs(mine, "test", ["en"])
    with pytest.raises(tasks.DataError, match="1 of 2 stand in the test set"):
        tasks.load_training(mine, ["en"], ["en"], test)
    write(path, {**PLAIN, "test_sentences": "leave-out"})
    train, _ = tasks.load_training(mine, ["en"], ["en"], test)
    assert train.attrs["shared_with_test"] == 1
    assert len(train) == 1
    (path / "train-de.tsv").write_text("ein\tPaar\t1\nneues\tPaar\t0\n", encoding="utf-8")
    train, _ = tasks.load_training(mine, ["en", "de"], ["en"], test)
    assert train.sentence1.tolist() == ["en new", "neues"]  # a translation of what is left out goes, too
    assert train.attrs["shared_with_test"] == 2


def test_only_items_of_one_set_leave_together(mine):
    path = Path(mine)
    (path / "train-en.tsv").write_text(told([*ROWS[:1], "new\tpair\t0"], "en"), encoding="utf-8")
    (path / "train-de.tsv").write_text("ein\tPaar\t1\nneues\tPaar\t0\n", encoding="utf-8")
    splits = {**PLAIN["splits"], "train": {"files": "train-{language}.tsv", "parallel": False}}
    write(path, {**PLAIN, "test_sentences": "leave-out", "splits": splits})
    train, _ = tasks.load_training(mine, ["en", "de"], ["en"], tasks.load_pairs(mine, "test", ["en"]))
    assert train.sentence1.tolist() == ["en new", "ein", "neues"]


SOURCE = {"files": "t.tsv", "languages": "en"}
MALFORMED = [  # what task.yaml says -> what is said of it
    ("", "wanted keys with values"),
    ("labels: [a, b", "line 1"),
    ("labels: [a, b]\nsplitz: {}", "line 2: unknown key 'splitz': did you mean splits?"),
    ({"labels": ["a", "b"]}, "splits: nothing is said; wanted names"),
    ({"labels": ["a"], "splits": {"test": SOURCE}}, "labels: wanted two classes or more"),
    ({"labels": ["no", "yes", "no"], "splits": {"test": SOURCE}}, "labels: .* wanted each class once"),
    ({**PLAIN, "splits": {"test": {**SOURCE, "encoding": "punycode"}}}, "encoding = 'punycode' is not known"),
    ({**PLAIN, "splits": {"test": {**SOURCE, "format": "csv", "separator": '"'}}}, "wanted one character"),
    ({"labels": "a b", "splits": {"test": SOURCE}}, "labels = 'a b': wanted names"),
    ({"labels": {"a": ["x"], "b": ["x"]}, "splits": {"test": SOURCE}}, "b: 'x': wanted each spelling once"),
    ({"labels": {"a": True, "b": "x"}, "splits": {"test": SOURCE}}, "a: True: wanted each spelling"),
    ({**PLAIN, "test_sentences": "keep"}, "test_sentences = 'keep': known are refuse, leave-out"),
    ({**PLAIN, "about": ["x"]}, "about = .* wanted text"),
    ({"labels": ["a", "b"], "splits": {"train": SOURCE}}, "no test: a task needs pairs to be scored"),
    ({"labels": ["a", "b"], "splits": {"tests": SOURCE}}, "tests = 'tests': known are train, dev, test"),
    ({"labels": ["a", "b"], "splits": {"test": "t.tsv"}}, "test = 't.tsv': wanted names"),
    ({"labels": ["a", "b"], "splits": {"test": {"languages": "en"}}}, r"wanted files \(a path\), or hub"),
]  # fmt: skip
OF_A_SOURCE = [  # a key of a source -> what is said of it
    ({"file": "x"}, "unknown key 'file': did you mean files?"),
    ({"files": ["t.tsv"]}, "files = .* wanted a path"),
    ({"hub": "org/name"}, r"wanted files \(a path\), or hub"),
    ({"format": "xlsx"}, "format = 'xlsx': known are tsv, csv, jsonl, parquet"),
    ({"format": "csv", "separator": "||"}, "separator = '||': wanted one character"),
    ({"encoding": "klingon"}, "encoding = 'klingon' is not known"),
    ({"encoding": "base64"}, "encoding = 'base64' is not known"),
    ({"languages": ["en"]}, "languages = .* wanted text"),
    ({"columns": "abc"}, "columns = 'abc': wanted names"),
    ({"columns": ["sentence1", "sentence2"]}, "columns: label is missing"),
    ({"columns": ["sentence1", "sentence1", "label"]}, "columns: 'sentence1': wanted each of"),
    ({"columns": {"premise": "sentence1"}}, "columns: 'premise': wanted each of"),
    ({"codes": {"sw": 1}}, "codes: wanted code: how the files write it"),
    ({"ids": "column"}, "ids = 'column': no column is called id"),
    ({"ids": "rows.txt"}, "ids = 'rows.txt': say of which set these are, as in parallel: xnli test"),
    ({"subtract": "5"}, "subtract = '5': wanted a whole number"),
    ({"columns": {**NAMED, "id": "gold"}}, "columns: 'gold' stands twice"),
    ({"files": "t-{lang}.tsv"}, "files: {lang}: known are {language}"),
    ({"spelled": {"a": "x"}}, "spelled: wanted two classes"),
    ({"parallel": True}, "parallel = True: wanted the name of the set"),
    ({"parallel": "xnli {language}"}, "parallel: {language}: known is {split}"),
    ({"spelled": {"a": "x", "c": "y"}}, "spelled: wanted the classes a, b"),
]
MALFORMED += [
    ({"labels": ["a", "b"], "splits": {"test": {**SOURCE, **of}}}, said) for of, said in OF_A_SOURCE
]


@pytest.mark.parametrize(("says", "complaint"), MALFORMED)
def test_a_malformed_description_is_refused_in_one_line(tmp_path, says, complaint):
    name = write(tmp_path, says)
    with pytest.raises(tasks.DataError, match=complaint) as error:
        tasks.find(name)
    assert "task.yaml" in str(error.value)
    assert "\n" not in str(error.value)


BROKEN = [  # lines of a file -> what is said of it
    ("a\tb\t1\n\tc\t0\n", "t.tsv, line 2: an empty sentence"),
    ("a\tb\t1\nc\td\n", "t.tsv, line 2: 2 cells, wanted 3"),
    ("a\tb\t1\n\nc\td\t0\n", "t.tsv, line 2: an empty line"),
    ("a\tb\t1\nc\td\tmaybe\ne\tf\t2\n", r"t.tsv, line 2: label 'maybe', wanted one of 0, 1 \(and 1 more"),
    ("a\tb\t1\nc\td\t1\n", "every label is 1"),
    ("", "t.tsv: no rows of language en in it"),
    (b"a\tb\t1\n\xff\td\t0\n", "t.tsv, line 2: not UTF-8"),
    (b"\x1f\x8b\x08\0", "t.tsv: compressed, or a workbook"),
    ("a\tb\t1\nc\rc\td\t0\n", "t.tsv, line 2: a carriage return"),
]


@pytest.mark.parametrize(("lines", "complaint"), BROKEN)
def test_a_broken_file_of_a_described_task_is_refused(tmp_path, lines, complaint):
    name = write(tmp_path, {**PLAIN, "splits": {"test": SOURCE}}, t__tsv=lines)
    with pytest.raises(tasks.DataError, match=complaint):
        tasks.load_pairs(name, "test", ["en"])


WITH_IDS = {**SOURCE, "columns": ["id", "sentence1", "sentence2", "label"]}
HALF = '{"sentence1": "a\\ud800", "sentence2": "b", "label": 1}\n'  # JSON can escape what is no text
WITH_FILE_OF_IDS = {**SOURCE, "ids": "t.txt", "parallel": "these"}
OTHER_FAULTS = [  # source, files -> what is said
    (WITH_IDS, {"t__tsv": "1\ta\tb\t1\n1\tc\td\t0\n"}, "line 2: id 1 is already on line 1"),
    (WITH_IDS, {"t__tsv": "1\ta\tb\t1\n\tc\td\t0\n"}, "line 2: id '': wanted 1 to 11 digits"),
    ({**WITH_IDS, "subtract": 5}, {"t__tsv": "4\ta\tb\t1\n"}, "line 1: id '4': wanted .* above 5"),
    (WITH_FILE_OF_IDS, {"t__tsv": "a\tb\t1\n", "t__txt": "1\n2\n"}, "t.txt: 2 ids beside 1 rows"),
    ({**SOURCE, "ids": "t.txt", "parallel": "these"}, {"t__tsv": "a\tb\t1\n"}, "t.txt: no such file"),
    ({"files": "no-{language}.tsv"}, {}, "no test pairs of language 'en'; there are none"),
    ({"files": "t.tsv"}, {"t__tsv": "a\tb\t1\n"}, "say which languages"),
    (
        {"files": "t.tsv", "columns": ["language", "sentence1", "sentence2", "label"]},
        {"t__tsv": "en\ta\tb\n" * 2}, r"t.tsv, line 1: 3 cells, wanted 4 .* \(and 1 more\)",
    ),
    ({"hub": "org/name"}, {}, "rows of the hub need languages"),
    ({**SOURCE, "files": "{data}/t.tsv"}, {}, "lies in the data folder: set XLTLIB_DATA or --data"),
    ({**SOURCE, "columns": NAMED}, {"t__tsv": "premise\tgold\n"}, "no column 'hypothesis' for sentence2"),
    ({**SOURCE, "format": "csv"}, {"t__tsv": 'a,b,1\n"c,d,0\n'}, "line 2: unexpected end of data"),
    ({**SOURCE, "format": "jsonl"}, {"t__tsv": "a\n"}, "line 1: no JSON"),
    ({**SOURCE, "format": "jsonl"}, {"t__tsv": "[1]\n"}, "line 1: wanted an object a line"),
    ({**SOURCE, "format": "jsonl"}, {"t__tsv": '{"sentence1": "a", "sentence2": null}\n'}, "no 'sentence2'"),
    ({**SOURCE, "format": "jsonl"}, {"t__tsv": "[" * 100_000}, "line 1: too many brackets"),
    ({**SOURCE, "format": "jsonl"}, {"t__tsv": HALF}, "line 1: sentence1 = .* half a character"),
    ({"files": "t-{language}.tsv", "codes": {"sw": "en"}}, {"t-en__tsv": "", "t-sw__tsv": ""}, "are sw by"),
    ({**SOURCE, "format": "parquet"}, {"t__tsv": "a"}, "no table of Parquet"),
    ([SOURCE, SOURCE], {"t__tsv": "a\tb\t1\n"}, "t.tsv: two sources of test read it in language en"),
    (
        [SOURCE, {**SOURCE, "files": "u.tsv", "parallel": "test 1"}],
        {"t__tsv": "a\tb\t1\n", "u__tsv": "c\td\t1\n"},
        "id 1 stands twice in language en",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("source", "files", "complaint"), OTHER_FAULTS)
def test_faults_of_a_source_are_named(tmp_path, monkeypatch, source, files, complaint):
    monkeypatch.delenv("XLTLIB_DATA", raising=False)
    name = write(tmp_path, {**PLAIN, "splits": {"test": source}}, **files)
    with pytest.raises(tasks.DataError, match=complaint):
        tasks.load_pairs(name, "test", ["en"])


def test_a_missing_cell_of_the_hub_is_a_fault_and_no_text(tmp_path, monkeypatch):
    rows = {"sentence1": ["a", None, "c"], "sentence2": list("def"), "label": [1.0, 0.0, None]}
    monkeypatch.setattr(hub, "from_hub", lambda *asked: (pd.DataFrame(rows), "org/name"))
    source = {"hub": "org/name", "languages": "en"}
    task = tasks.find(write(tmp_path, {**PLAIN, "splits": {"test": source}}))
    frame, _, faults = task.read("en", "test", None)
    assert (frame.sentence1.tolist(), frame.label.tolist()) == (["a"], [1])
    assert faults == [
        "org/name, row 2: no 'sentence1' for sentence1", "org/name, row 3: no 'label' for label"
    ]  # fmt: skip


@pytest.mark.parametrize(("given", "wanted"), [({}, "validation"), ({"split": "dev"}, "dev")])
def test_a_split_of_the_hub_has_the_name_that_it_has_there(tmp_path, monkeypatch, given, wanted):
    asked = []

    def load_dataset(repository, code, split, revision):
        asked.append(split)
        raise OSError("no hub")

    monkeypatch.setattr("datasets.load_dataset", load_dataset)
    source = {"hub": "org/name", "languages": "en", **given}
    task = tasks.find(write(tmp_path, {**PLAIN, "splits": {"dev": source, "test": {**source, "split": "x"}}}))
    with pytest.raises(tasks.DataError, match="could not be had from the hub"):
        task.read("en", "dev", None)
    assert asked == [wanted]


def test_a_bundle_holds_no_task_of_the_hub(mine):
    path = Path(mine) / "task.yaml"
    with pytest.raises(tasks.DataError, match="a bundle holds no pairs of the hub; name their folder"):
        DescribedTask("organisation/name", path).refuse_for_bundle("mine")
    DescribedTask(mine, path).refuse_for_bundle("mine")


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("pawsx", "unknown task 'pawsx': did you mean 'paws-x'?"),
        ("./nowhere", "task './nowhere': no such folder"),
        ("/elsewhere/nowhere", "no such folder"),
        ("mine", "written as a path, ./mine"),
    ],
)
def test_a_task_that_is_not_there_is_refused_when_a_study_is_planned(name, complaint):
    with pytest.raises(ValueError, match=complaint):
        parameters.resolve("20_finetune", {"task": name})


def test_a_folder_without_description_says_how_to_begin_one(tmp_path):
    with pytest.raises(tasks.DataError, match=f"no task.yaml in {tmp_path}; python -m xltlib.tasks"):
        tasks.find(str(tmp_path))


def test_the_description_is_part_of_the_fingerprint_but_for_its_words(mine):
    def fingerprinted(says: dict) -> str:
        write(Path(mine), says)
        return fingerprint.code_fingerprint("20_finetune", parameters.resolve("20_finetune", {"task": mine}))

    before = fingerprinted(PLAIN)
    assert fingerprinted({**PLAIN, "about": "mine", "licence": "CC BY 4.0"}) == before
    assert fingerprinted({**PLAIN, "placeholder": "--"}) != before


def test_relative_tasks_lie_beside_the_study():
    chosen = parameters.with_absolute_places({"task": "./mine", "steps": 1}, Path("/elsewhere"))
    assert chosen == {"task": "/elsewhere/mine", "steps": 1}
    assert parameters.with_absolute_places({"task": "org/name"}, Path("/elsewhere")) == {"task": "org/name"}


@pytest.mark.parametrize("name", known_names())
def test_shipped_descriptions_read_and_say_what_they_are(name):
    task = described(name)
    assert task.description.about
    assert task.LICENCE
    assert {"train", "dev", "test"} <= set(task.description.sources)


AFRICAN = dict.fromkeys("ewe hau kin lin lug orm sna sot twi wol xho yor zul".split(), 600)
AMERICAN = dict.fromkeys("aym bzd cni gn hch nah oto quy shp tar".split(), 750)
COUNTS = {  # as the makers of the files state them
    ("afrixnli", "test"): {**AFRICAN, "amh": 600, "ibo": 600},
    ("afrixnli", "dev"): dict.fromkeys(AFRICAN, 450),
    ("americasnli", "test"): {**AMERICAN, "nah": 735, "oto": 748},
    ("americasnli", "dev"): {**dict.fromkeys(AMERICAN, 743), "cni": 658, "nah": 585, "oto": 222},
    ("myxnli", "test"): {"my": 5010},
    ("myxnli", "dev"): {"my": 2490},
    ("xnli-eu", "test"): {"eu": 5010},
    ("xnli-eu", "train"): {"en": 9807},
    ("mahaparaphrase", "test"): {"mr": 2000},
    ("mahaparaphrase", "dev"): {"mr": 999},
    ("mahaparaphrase", "train"): {"mr": 5000, "en": 18_107},
    ("arpa", "test"): {"hy": 1682},
    ("arpa", "train"): {"hy": 4233, "en": 18_107},
    ("xnli-lowres", "test"): {
        **dict.fromkeys("en de hi eu my sw ur hau xho yor ibo zul kin".split(), 600),
        **dict.fromkeys("quy gn shp cni".split(), 750),
        "nah": 735,
    },
    ("xnli-translated", "test"): dict.fromkeys("en my sw ur hau xho yor ibo zul kin".split(), 600),
    ("paws-lowres", "train"): {"en": 18_107},
    ("paws-lowres-more", "train"): {"en": 21_104},
}


@needs_lowres
@pytest.mark.parametrize(("name", "split"), list(COUNTS))
def test_real_sets_have_the_rows_that_their_makers_state(name, split):
    wanted = COUNTS[name, split]
    found = tasks.load_pairs(name, split, list(wanted), REAL)
    assert found.groupby("language1").size().to_dict() == wanted


@needs_lowres
@pytest.mark.parametrize(
    ("name", "code"), [("afrixnli", "yor"), ("americasnli", "quy"), ("myxnli", "my"), ("xnli-eu", "eu")]
)
def test_translations_of_xnli_are_parallel_to_it(name, code):
    frame = tasks.load_pairs(
        name, "test", ["en", code], REAL
    )  # labels of all languages agree, or it stops
    assert set(frame["item"][frame.language1 == code]) <= set(frame["item"][frame.language1 == "en"])
    english = tasks.load_pairs("xnli", "test", ["en"], REAL)
    assert frame[frame.language1 == "en"].sentence1.tolist() == english.sentence1.tolist()


@needs_lowres
def test_languages_of_the_low_resource_task_share_their_items_and_premises():
    codes = "en eu my sw hau yor quy gn".split()
    frame = tasks.load_pairs("xnli-lowres", "test", codes, REAL)
    items = frame.groupby("language1")["item"].agg(frozenset)
    assert len(set(items[["en", "eu", "my", "sw", "hau", "yor"]])) == 1 and items["quy"] == items["gn"]
    assert frame.groupby("item").cluster.nunique().max() == 1
    assert 195 <= frame[frame.language1 == "yor"].cluster.nunique() <= 200  # premises, three items each


@needs_lowres
def test_first_items_are_those_of_each_set():
    counted = [len(tasks.load_pairs("paws-lowres", "train", ["en"], REAL, n)) for n in (0, 9000, 8000)]
    assert counted == [18_107, 17_000, 16_000]  # as stages of a training read them


@needs_lowres
def test_paws_x_is_the_same_beside_other_paraphrases():
    codes = ["en", "de", "ko", "id"]
    ours = tasks.load_pairs("paws-lowres", "test", [*codes, "hy"], REAL)
    theirs = tasks.load_pairs("paws-x", "test", codes, REAL)
    columns = ["language1", "item", "sentence1", "sentence2", "label"]
    both = ours.merge(theirs[columns], on=columns)
    assert len(theirs) - len(both) <= 1 and len(ours[ours.language1 == "hy"]) == 1682


@needs_lowres
@pytest.mark.parametrize(("name", "code", "shared"), [("mahaparaphrase", "mr", 357), ("arpa", "hy", 50)])
def test_training_pairs_that_share_a_sentence_with_the_test_set(name, code, shared):
    test = tasks.load_pairs(name, "test", ["en", code], REAL)
    train, _ = tasks.load_training(name, [code], ["en"], test, REAL)
    assert train.attrs["shared_with_test"] == shared  # in Marathi 353 letter by letter, 4 but for punctuation


def test_item_numbers_do_not_follow_the_lines_of_the_description(tmp_path):
    says = {**PLAIN, "splits": {"test": {"files": "t-{language}.tsv", "parallel": False}}}
    files = {"t-en__tsv": told(ROWS, "en"), "t-mr__tsv": told(ROWS, "mr")}
    name = write(tmp_path, says, **files)
    before = tasks.load_pairs(name, "test", ["en", "mr"])["item"].tolist()
    write(tmp_path, "# a comment\n\n" + yaml.safe_dump({**says, "about": "mine"}, sort_keys=False))
    assert tasks.load_pairs(name, "test", ["en", "mr"])["item"].tolist() == before


def test_a_set_may_be_named_by_split_and_said_once(tmp_path):
    text = """labels: {different: "0", same: "1"}
parallel: "these {split}"
splits:
  dev: &both [{files: "{split}-{language}.tsv"}, {files: {de: "{split}.txt"}, ids: "{split}.ids"}]
  test: *both
"""
    files = {f"{of}-en__tsv": told(ROWS, f"en {of}") for of in ("dev", "test")}
    files |= {f"{of}__txt": told(ROWS[2:], f"de {of}") for of in ("dev", "test")}
    name = write(tmp_path, text, **files, dev__ids="3\n4\n", test__ids="3\n4\n")
    assert tasks.find(name).set_names("test") == {0: "these test"}
    frame = tasks.load_pairs(name, "test", ["en", "de"])
    assert frame["item"].tolist() == [1, 2, 3, 4, 3, 4]
    assert len(tasks.load_training(name, ["en"], ["en"], frame, split="dev")[0]) == 4


def test_xglues_layout_of_paws_x_is_read(tmp_path):
    for code in ("en", "de"):
        folder = tmp_path / "xglue_full_dataset/PAWSX" / code
        folder.mkdir(parents=True)
        rows = [f"{n}\t{code} one {n}\t{code} two {n}\t{n % 2}" for n in (7, 8, 9)]
        text = "\n".join(["id\tsentence1\tsentence2\tlabel", *rows, ""])
        for name in ("train", "dev_2k", "test_2k"):
            own = text.replace("one", f"one {name}").replace("two", f"two {name}")
            (folder / f"{name}.tsv").write_text(own)
    frame = tasks.load_pairs("paws-x-xglue", "test", ["en", "de"], tmp_path)
    assert frame["item"].tolist() == [7, 8, 9] * 2 and frame.label.tolist() == [1, 0, 1] * 2
    assert frame.sentence2.tolist()[-1] == "de two test_2k 9"


def test_xglues_layout_of_xnli_is_read(tmp_path):
    folder = tmp_path / "xglue_full_dataset/XNLI"
    folder.mkdir(parents=True)
    for name in ("en.dev", "de.dev", "en.test", "de.test"):
        rows = [f"{name} a\t{name} b\tneutral", f"{name} c\t{name} d\tcontradiction"]
        (folder / name).write_text("\n".join([*rows, ""]))
    train = "premise\thypo\tlabel\nit rains\tit is dry\tcontradictory\nx\ty\tentailment\n"
    (folder / "multinli.train.en.tsv").write_text(train)
    frame = tasks.load_pairs("xnli-xglue", "test", ["en", "de"], tmp_path)
    assert frame["item"].tolist() == [1, 2] * 2 and frame.sentence1.tolist()[2] == "de.test a"
    classes = tasks.find("xnli-xglue").CLASSES
    labels = [classes[label] for label in tasks.load_pairs("xnli-xglue", "train", ["en"], tmp_path).label]
    assert labels == ["contradiction", "entailment"]
