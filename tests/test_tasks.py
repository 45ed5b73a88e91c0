import csv
from types import SimpleNamespace

import pandas as pd
import pytest

from xltlib import tasks
from xltlib.components.mixed_batches import Labels
from xltlib.tasks import leakage, paws_files

GOOD = "id\tsentence1\tsentence2\tlabel\n1\ta b\tb a\t1\n2\tc\td\t0\n"


def write(path, text):
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (GOOD.replace("sentence1", "premise"), "line 1: header is"),
        (GOOD.replace("a b", "a\tb"), "line 2: 5 fields"),
        (GOOD.replace("\td\t0", "\t0"), "line 3: 3 fields"),
        (GOOD.replace("\t0\n", "\tmaybe\n"), "line 3: label 'maybe'"),
        (GOOD.replace("2\tc", "1\tc"), "line 3: id 1 is already on line 2"),
        (GOOD.replace("\tc\t", "\t \t"), "line 3: an empty sentence"),
        (GOOD.replace("\n2\t", "\n\n2\t"), "line 3: an empty line; delete it"),
        (GOOD.replace("2\tc", "two\tc"), "line 3: id 'two'"),
        (GOOD.replace("2\tc", "01\tc"), "line 3: id 1 is already on line 2"),
        (GOOD.replace("2\tc", "\u00b2\tc"), "line 3: id '\u00b2'"),  # a digit that is no decimal
        (GOOD.replace("2\tc", f"{10**12}\tc"), "line 3: id .* 12 digits"),
        (GOOD.split("\n")[0] + "\n", "no rows"),
        ("", "line 1: header is ''"),
    ],
)
def test_a_broken_file_is_refused_with_file_and_line(tmp_path, text, complaint):
    path = write(tmp_path / "test_2k.tsv", text)
    with pytest.raises(tasks.DataError, match=complaint) as error:
        tasks.read_paws_file(path)
    assert "test_2k.tsv" in str(error.value)


def test_a_file_in_another_encoding_is_refused_with_the_line(tmp_path):
    (tmp_path / "a.tsv").write_bytes(GOOD.replace("c\td", "é\td").encode("latin-1"))
    with pytest.raises(tasks.DataError, match="a.tsv, line 3: not UTF-8"):
        tasks.read_paws_file(tmp_path / "a.tsv")


def test_windows_line_ends_and_a_missing_last_newline_are_read(tmp_path):
    rows = tasks.read_paws_file(write(tmp_path / "a.tsv", GOOD.rstrip("\n").replace("\n", "\r\n")))
    assert rows.values.tolist() == [[1, "a b", "b a", 1], [2, "c", "d", 0]]


def test_folder_and_package_give_the_same_frame(paws):
    package = tasks.load_pairs("demo", "test", ["en", "de"])[tasks.COLUMNS]
    assert tasks.load_pairs("paws-x", "test", ["en", "de"], paws).equals(package)


def test_placeholders_are_dropped_and_counted(paws):
    path = paws / "paws-x/x-final/de/test_2k.tsv"
    lines = path.read_text().splitlines()
    fields = lines[1].split("\t")
    lines[1] = "\t".join([fields[0], "NS", *fields[2:]])
    path.write_text("\n".join(lines) + "\n")
    frame = tasks.load_pairs("paws-x", "test", ["en", "de"], paws)
    assert frame.attrs["dropped"] == {"en": 0, "de": 1}
    assert tasks.counts(frame).dropped.tolist() == [0, 1]
    assert len(frame[frame.language1 == "de"]) == len(frame[frame.language1 == "en"]) - 1
    assert not frame.isin(["NS"]).any().any()


@pytest.mark.parametrize("cell", ["ns", '"NS"', "NS.", "WL", '"Ns ."', "\uff2e\uff33"])
def test_placeholders_in_other_spellings_are_dropped_too_and_short_cells_counted(paws, cell):
    path = paws / "paws-x/x-final/de/test_2k.tsv"
    header, one, two, three, *rest = path.read_text().splitlines()
    one = replaced(one, 2, cell)
    two, three = replaced(two, 1, "Ja"), replaced(three, 2, "...")
    path.write_text("\n".join([header, one, two, three, *rest]) + "\n")
    frame = tasks.load_pairs("paws-x", "test", ["en", "de"], paws)
    assert frame.attrs["dropped"] == {"en": 0, "de": 1} and frame.attrs["short"] == {"en": 0, "de": 2}
    assert tasks.counts(frame).short.tolist() == [0, 2]
    assert not frame.sentence2.eq(cell).any() and frame.sentence1.eq("Ja").sum() == 1
    path.write_text("\n".join([header, one]) + "\n")
    with pytest.raises(tasks.DataError, match="test_2k.tsv: no row is left"):
        tasks.load_pairs("paws-x", "test", ["de"], paws)


def replaced(line, column, cell):
    """A line with another cell in a column."""
    fields = line.split("\t")
    fields[column] = cell
    return "\t".join(fields)


@pytest.mark.parametrize(
    ("field", "sentence"),
    [
        ('"He said ""yes"" ."', 'He said "yes" .'),
        ('"Plain ."', "Plain ."),
        ('"""Yes"" , he said ."', '"Yes" , he said .'),
        ('"" Yes ""', '"" Yes ""'),  # not one field of CSV
        ('"Yes" , he said "no"', '"Yes" , he said "no"'),
        ('He said "yes"', 'He said "yes"'),
        ('"Never closed .', '"Never closed .'),
        ('"', '"'),
        ('"""', '"""'),
        ('``Yes\'\' , "he" said .', '``Yes\'\' , "he" said .'),
    ],
)
def test_a_field_that_is_wholly_one_of_csv_is_unquoted_and_counted(paws, field, sentence):
    path = paws / "paws-x/x-final/de/test_2k.tsv"
    header, one, *rest = path.read_text().splitlines()
    item = int(one.split("\t")[0])
    path.write_text("\n".join([header, replaced(one, 1, field), *rest]) + "\n")
    known = ("paws-x", "paws-x-literal")
    both = {task: tasks.load_pairs(task, "test", ["en", "de"], paws) for task in known}
    read = {task: pairs[(pairs.language1 == "de") & (pairs["item"] == item)] for task, pairs in both.items()}
    assert read["paws-x"].sentence1.item() == sentence and read["paws-x-literal"].sentence1.item() == field
    changed = int(sentence != field)
    assert both["paws-x"].attrs["unquoted"] == {"en": 0, "de": changed}
    assert both["paws-x-literal"].attrs["unquoted"] == {"en": 0, "de": 0}
    assert ("unquoted" in tasks.counts(both["paws-x"])) == bool(changed)
    assert "unquoted" not in tasks.counts(both["paws-x-literal"])


def test_quotes_join_no_lines_and_an_empty_field_of_csv_is_empty(tmp_path):
    open_quotes = GOOD.replace("\tb a\t", '\t"b a\t').replace("\tc\t", '\tc"\t')
    rows = tasks.read_paws_file(write(tmp_path / "test_2k.tsv", open_quotes))
    assert rows.values.tolist() == [[1, "a b", '"b a', 1], [2, 'c"', "d", 0]]
    empty = GOOD.replace("\tc\t", '\t""\t')
    with pytest.raises(tasks.DataError, match="line 3: an empty sentence"):
        tasks.read_paws_file(write(tmp_path / "test_2k.tsv", empty))
    rows = tasks.read_paws_file(write(tmp_path / "translated_train.tsv", empty))
    assert rows.sentence1.tolist() == ["a b", "NS"] and rows.attrs["unquoted"] == 1


def shifted(path):
    """Give every row of a file the id of the row below it."""
    header, *rows = path.read_text().splitlines()
    ids = [row.split("\t")[0] for row in rows]
    moved = [replaced(row, 0, item) for row, item in zip(rows, [*ids[1:], "999999"])]
    path.write_text("\n".join([header, *moved]) + "\n")


def test_languages_whose_ids_are_shifted_are_no_translations(paws):
    labels = tasks.load_pairs("demo", "test", ["en"]).label.tolist()
    differ = sum(one != two for one, two in zip(labels, labels[1:]))
    shifted(paws / "paws-x/x-final/de/test_2k.tsv")
    told = f"paws-x, test: labels differ from those of en for de in {differ} of {len(labels) - 1} items"
    with pytest.raises(tasks.DataError, match=told):
        tasks.load_pairs("paws-x", "test", ["en", "de", "es"], paws)
    tasks.load_pairs("paws-x", "test", ["en", "es"], paws)
    # Where the first language is the odd one, it is the one that is named.
    with pytest.raises(tasks.DataError, match=f"those of en for de in {differ} of"):
        tasks.load_pairs("paws-x", "test", ["de", "en", "es"], paws)


def test_a_lost_line_of_xnli_and_one_other_label_are_noticed(tmp_path):
    place = tmp_path / "xnli"
    place.mkdir()
    labels = ["neutral", "entailment", "contradiction", "entailment", "neutral", "neutral"]
    rows = [f"p{i}\th{i}\t{label}\n" for i, label in enumerate(labels)]
    write(place / "dev-en.tsv", "".join(rows))
    write(place / "dev-de.tsv", "".join(rows[1:]))
    with pytest.raises(tasks.DataError, match="xnli, dev: labels differ from those of en for de in 4 of 5"):
        tasks.load_pairs("xnli", "dev", ["en", "de"], tmp_path)
    write(place / "dev-de.tsv", "".join(rows).replace("h5\tneutral", "h5\tentailment"))
    with pytest.raises(tasks.DataError, match="for de in 1 of 6 items"):
        tasks.load_pairs("xnli", "dev", ["en", "de"], tmp_path)


def test_training_files_need_not_be_translations_of_each_other_until_they_are_paired(paws):
    english = paws / "paws-x/x-final/en/train.tsv"
    german = paws / "paws-x/x-final/de/translated_train.tsv"
    german.write_bytes(english.read_bytes())
    parallel = tasks.load_pairs("paws-x", "train", ["en", "de"], paws)
    tasks.refuse_other_labels(parallel, "labelled pairs")
    shifted(german)
    apart = tasks.load_pairs("paws-x", "train", ["en", "de"], paws)
    assert len(apart) == len(parallel)
    with pytest.raises(tasks.DataError, match="cross-lingual batches: labels differ"):
        Labels().read(SimpleNamespace(data=SimpleNamespace(train=apart)), "hybrid")


def test_a_test_file_of_one_label_is_refused(paws):
    path = paws / "paws-x/x-final/de/test_2k.tsv"
    header, *rows = path.read_text().splitlines()
    path.write_text("\n".join([header, *(row[:-1] + "0" for row in rows)]) + "\n")
    with pytest.raises(tasks.DataError, match="every label is 0.*placeholder release"):
        tasks.load_pairs("paws-x", "test", ["de"], paws)


def test_a_missing_language_says_where_it_was_looked_for(paws):
    with pytest.raises(tasks.DataError, match="language 'ko'.*x-final/ko/test_2k.tsv"):
        tasks.load_pairs("paws-x", "test", ["ko"], paws)


def test_the_hub_path_reads_parquet_and_marks_blank_rows(tmp_path, monkeypatch):
    # Else an older test's rows may come back.
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    frame = tasks.load_pairs("demo", "train", ["en"])
    rows = frame[["item", "sentence1", "sentence2", "label"]].rename(columns={"item": "id"})
    rows.loc[0, "sentence2"] = ""
    (tmp_path / "en").mkdir()
    rows.to_parquet(tmp_path / "en/train-00000-of-00001.parquet")
    (tmp_path / "README.md").write_text(
        "---\nconfigs:\n- config_name: en\n  data_files:\n  - split: train\n    path: en/train-*\n---\n"
    )
    read, where = paws_files.hub_rows("en", "train", str(tmp_path), None)
    assert len(read) == len(rows) and "en/train" in where
    assert read.sentence2.tolist() == ["NS", *rows.sentence2.tolist()[1:]]  # load_pairs drops and counts it
    assert read.attrs == {"unquoted": 0, "revision": ""}


@pytest.mark.parametrize("read", ["paws-x", "xnli"])
def test_rows_of_the_hub_tell_the_commit_that_was_read(monkeypatch, read):
    commit, asked = "0a" * 20, []

    class Rows:
        class info:
            download_checksums = {f"hf://datasets/some/corpus@{commit}/en/test.parquet": {"num_bytes": 1}}

        def to_pandas(self):
            names = ("premise", "hypothesis") if read == "xnli" else ("sentence1", "sentence2")
            return pd.DataFrame({"id": [1], names[0]: ["a b"], names[1]: ["b a"], "label": [1]})

    def load_dataset(repository, code, split, revision):
        asked.append((repository, code, split, revision))
        return Rows()

    monkeypatch.setattr("datasets.load_dataset", load_dataset)
    hub_rows = tasks.find(read).hub_rows
    rows, where = hub_rows("en", "test")
    assert len(asked) == 1 and rows.attrs["revision"] == commit and f"@{commit} en/test" in where
    Rows.info.download_checksums = None
    rows, where = hub_rows("en", "test")
    pinned = asked[0][3] or ""
    assert rows.attrs["revision"] == pinned and (pinned or "@unknown en/test") in where


@pytest.mark.parametrize("task", ["paws-x", "paws-x-literal", "xnli"])
def test_test_pairs_of_a_language_beside_the_targets_are_found_on_the_hub_too(monkeypatch, task):
    asked = []

    def from_hub(repository, revision, code, split):
        asked.append((code, split))
        found = pd.DataFrame({"id": [1, 2], "label": [0, 1]})
        for column in ("sentence1", "sentence2", "premise", "hypothesis"):
            found[column] = [f"{column} one", f"{column} two"]
        found.attrs["revision"] = ""
        return found, f"{repository} {code}/{split}"

    monkeypatch.setattr("xltlib.tasks.paws_files.from_hub", from_hub)
    monkeypatch.setattr("xltlib.tasks.xnli.from_hub", from_hub)
    assert len(tasks.test_pairs(task, "es", None)) == 2 and asked == [("es", "test")]
    assert tasks.test_pairs(task, "quy", None).empty and len(asked) == 1  # a language that it does not have


def test_a_broken_test_file_of_a_language_beside_the_targets_is_refused(paws):
    assert tasks.test_pairs("paws-x", "quy", paws).empty
    place = paws_files.find_file(paws, "de", "test")
    place.write_text(place.read_text(encoding="utf-8") + "no row\n", encoding="utf-8")
    with pytest.raises(tasks.DataError, match="test_2k.tsv, line"):
        tasks.test_pairs("paws-x", "de", paws)


def test_without_a_hub_the_error_says_what_to_do():
    with pytest.raises(tasks.DataError, match="could not be had from the hub.*XLTLIB_DATA"):
        tasks.load_pairs("paws-x", "test", ["en"], None)


@pytest.mark.parametrize(("files", "codes", "complaint"), [
    ({"en": "a\tb\tneutral\nc\td\tentailment\n"}, [], "are not named: wanted at least one"),
    ({"en": "a\tb\tneutral\nc\td\tentailment\n"}, ["en", "en"], "languages en en: .* each once"),
    ({"en": "a\tb\tneutral\nc\td\tneutral\n"}, ["en"], "every label is 2: wanted gold labels$"),
    ({"en": "a\tb\tneutral\nc\td\tentailment\n\n"}, ["en"], "line 3: an empty line; delete it"),
    (
        dict.fromkeys(["en", "de"], "a\tb\tneutral\nc\td\tentailment\n"),
        ["en", "de"],
        "de has the sentences of en",
    ),
])  # fmt: skip
def test_what_is_no_test_set_is_refused(tmp_path, files, codes, complaint):
    (tmp_path / "xnli").mkdir()
    for code, text in files.items():
        write(tmp_path / "xnli" / f"test-{code}.tsv", text)
    with pytest.raises(tasks.DataError, match=complaint):
        tasks.load_pairs("xnli", "test", codes, tmp_path)


def test_languages_without_a_common_item_and_fewer_items_than_none_are_refused(tmp_path):
    for code, first in (("en", 1), ("de", 5)):
        rows = f"{first}\tx {code}\ty {code}\t1\n{first + 1}\tz {code}\tw {code}\t0\n"
        place = tmp_path / "paws-x" / "x-final" / code
        place.mkdir(parents=True)
        write(place / "test_2k.tsv", GOOD.split("\n")[0] + "\n" + rows)
    with pytest.raises(tasks.DataError, match="no item of en has an id of another language"):
        tasks.load_pairs("paws-x", "test", ["en", "de"], tmp_path)
    with pytest.raises(tasks.DataError, match="items = -3: wanted 0"):
        tasks.load_pairs("demo", "test", ["en"], items=-3)


def test_clusters_join_items_through_chains_of_shared_sentences():
    frame = pd.DataFrame(
        {
            "item": [1, 2, 3, 4, 1],
            "language1": ["en", "en", "en", "en", "de"],
            "language2": ["en", "en", "en", "en", "de"],
            "sentence1": ["a", "b", "x", "y", "A"],
            "sentence2": ["b", "c", "z", "w", "y"],
        }
    )
    # 1 and 2 share "b"; "y" is German in item 1 and English in item 4: another sentence.
    assert tasks.shared_sentence_clusters(frame).tolist() == [1, 1, 3, 4, 1]


def test_training_on_a_test_sentence_is_refused_even_inside_a_paragraph():
    test = tasks.load_pairs("demo", "test", ["en", "de"])
    sentence = test.sentence1.iloc[3]
    hidden = f"Something else. {sentence.upper()} And more."
    with pytest.raises(tasks.DataError, match="unlabelled text: 1 of 2 stand in the test set"):
        tasks.refuse_test_sentences(["Nothing here.", hidden], test, "unlabelled text")
    assert tasks.overlapping(["Nothing here.", hidden], test) == [False, True]
    with pytest.raises(tasks.DataError, match="1 of 1"):
        tasks.refuse_test_sentences([("new", test.sentence2.iloc[0])], test, "pairs")
    tasks.refuse_test_sentences(tasks.load_text("demo", "de", None), test, "demo text")


def test_short_test_sentences_are_found_inside_text_too():
    first, second = ["蔡諷には息子、蔡瑁もいた。"], ["却下 。"]
    test = pd.DataFrame({"sentence1": first, "sentence2": second})
    texts = ["甲乙丙。蔡諷には息子、蔡瑁もいた。丁", "却下された", "却下。"]
    assert tasks.overlapping(texts, test) == [True, False, True]


def test_test_sentences_are_found_from_six_letters_on_and_at_the_very_end():
    test = pd.DataFrame({"sentence1": ["abcdef", "vwxyz"], "sentence2": ["twelveletter", "another long one"]})
    assert tasks.overlapping(["12 abcdef 34", "12 vwxyz 34", "vwxyz"], test) == [True, False, True]
    texts = ["before twelveletter", "twelveletter after", "twelvelette"]
    assert tasks.overlapping(texts, test) == [True, True, False]


def test_development_pairs_are_refused_where_all_of_them_are_tested_and_not_where_some_are():
    test = pd.DataFrame({"sentence1": ["one two", "three four"], "sentence2": ["five six", "seven eight"]})
    swapped = test.rename(columns={"sentence1": "sentence2", "sentence2": "sentence1"})
    with pytest.raises(tasks.DataError, match="mine: every pair is a test pair"):
        leakage.refuse_test_pairs(swapped, test, "mine")
    another = pd.DataFrame({"sentence1": ["new"], "sentence2": ["newer"]})
    leakage.refuse_test_pairs(pd.concat([test, another]), test, "mine")


def test_parallel_text_reads_both_layouts_and_refuses_unequal_files(tmp_path):
    place = tmp_path / "parallel/ntrex"
    place.mkdir(parents=True)
    write(place / "newstest2019-src.eng.txt", "one\ntwo\n\n")
    write(place / "newstest2019-ref.deu.txt", "eins\nzwei\ndrei\n")
    assert tasks.load_parallel("ntrex", "de", tmp_path) == [("one", "eins"), ("two", "zwei")]
    write(place / "newstest2019-ref.deu.txt", "eins\n")
    with pytest.raises(tasks.DataError, match="1 lines beside 3"):
        tasks.load_parallel("ntrex", "de", tmp_path)
    write(place / "tatoeba.spa-eng.spa", "uno\n")
    write(place / "tatoeba.spa-eng.eng", "one\n")
    assert tasks.load_parallel(str(place), "es", None) == [("one", "uno")]


def test_official_translated_training_files_are_read_and_their_blanks_counted(paws):
    english = (paws / "paws-x/x-final/en/train.tsv").read_text().splitlines()
    fields = english[3].split("\t")
    english[3] = "\t".join([fields[0], "", *fields[2:]])
    (paws / "paws-x/x-final/de/translated_train.tsv").write_text("\n".join(english) + "\n")
    frame = tasks.load_pairs("paws-x", "train", ["en", "de"], paws)
    assert frame.attrs["dropped"] == {"en": 0, "de": 1}
    assert tasks.find("paws-x").languages("train", paws) == ["de", "en"]


def test_fingerprint_follows_content_not_order():
    frame = tasks.load_pairs("demo", "test", ["en"])
    assert tasks.fingerprint(frame) == tasks.fingerprint(frame.iloc[::-1])
    changed = frame.copy()
    changed.loc[0, "sentence1"] += "!"
    assert tasks.fingerprint(changed) != tasks.fingerprint(frame)


def test_real_paws_x_has_the_documented_placeholders_and_no_overlap(real):
    codes = ["en", "de", "fr", "es", "zh", "ja", "ko"]
    test = tasks.load_pairs("paws-x", "test", codes, real)
    assert test.attrs["dropped"] == {"en": 0, "de": 32, "fr": 14, "es": 1, "zh": 25, "ja": 55, "ko": 28}
    assert tasks.counts(test).identical["zh"] == 71
    train = tasks.load_pairs("paws-x", "train", ["en"], real)
    # The official file, or PAWS-Wiki's labelled test set.
    assert len(train) == 49401 or (len(train), train.label.sum()) == (8000, 3536)
    tasks.refuse_test_sentences(list(zip(train.sentence1, train.sentence2)), test, "train")
    dev = tasks.load_pairs("paws-x", "dev", ["en"], real)
    with pytest.raises(tasks.DataError, match="stand in the test set"):
        tasks.refuse_test_sentences(list(zip(dev.sentence1, dev.sentence2)), test, "dev")


def test_real_paws_x_has_the_documented_fields_of_csv(real):
    """docs/data.md says so."""
    codes = ["en", "de", "es", "fr", "ja", "ko", "zh", "id"]
    test = tasks.load_pairs("paws-x", "test", codes, real)
    assert list(test.attrs["unquoted"].values()) == [0, 134, 244, 260, 0, 246, 14, 54]
    dev = tasks.load_pairs("paws-x", "dev", codes, real)
    assert list(dev.attrs["unquoted"].values()) == [0, 9, 155, 207, 11, 145, 5, 52]
    assert set(test.attrs["short"].values()) == set(dev.attrs["short"].values()) == {0}
    # Python's own reader of CSV gives the same rows.
    for split, frame in (("test", test), ("dev", dev)):
        for code in codes:
            path = paws_files.find_file(real, code, split)
            with path.open(encoding="utf-8", newline="") as file:
                rows = {int(row["id"]): row for row in csv.DictReader(file, delimiter="\t")}
            for row in frame[frame.language1 == code].itertuples():
                theirs = rows[row.item]
                assert row.sentence1 == theirs["sentence1"].strip()
                assert row.sentence2 == theirs["sentence2"].strip()


def test_real_xnli_agrees_in_all_languages(real):
    codes = sorted(path.stem.removeprefix("test-") for path in (real / "xnli").glob("test-*.tsv"))
    test = tasks.load_pairs("xnli", "test", codes, real)
    assert len(test) == 5010 * len(codes) and set(test.attrs["dropped"].values()) == {0}
    assert {code: n for code, n in test.attrs["short"].items() if n} == {"de": 3, "es": 3, "hi": 1, "sw": 1}
