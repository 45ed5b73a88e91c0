"""One reader, one rule: whatever the bytes of a file, it gives what stands in them or one named error."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xltlib import tasks, text_files
from xltlib.noise import lists

HEADER = b"id\tsentence1\tsentence2\tlabel\n"
# What each reader reads below a folder: a good file, and how it is read.
FILES = {
    "paws-x": ("paws-x/x-final/de/test_2k.tsv", HEADER + b"1\tone\ttwo\t1\n2\tthree\tfour\t0\n"),
    "paws-x-literal": ("paws-x/x-final/de/test_2k.tsv", HEADER + b"1\tone\ttwo\t1\n2\tthree\tfour\t0\n"),
    "xnli": ("xnli/test-de.tsv", b"one\ttwo\tneutral\nthree\tfour\tentailment\n"),
    "text": ("text/own/de.txt", b"one\ntwo three\n"),
    "parallel": ("parallel/ntrex/newstest2019-ref.deu.txt", b"eins\nzwei\n"),
    "dictionary": ("lists/en-de.txt", b"one eins\ntwo\tzwei\n"),
    "synonyms": ("synonyms/s.txt", b"big large\nsmall tiny\n"),
    "synonyms.json": ("synonyms/s.json", b'{"big": ["large"],\n "small": ["tiny"]}\n'),
}


def read(name: str, folder: Path):
    """What a reader gives, as plain values."""
    path = folder / FILES[name][0]
    if name == "text":
        return tasks.load_text("own", "de", folder)
    if name == "parallel":
        return tasks.load_parallel("ntrex", "de", folder)
    if name == "dictionary":
        return lists.read_dictionary(path)
    if name.startswith("synonyms"):
        return lists.read_synonyms(path)
    frame = tasks.load_pairs(name, "test", ["de"], folder)
    return frame[["item", "sentence1", "sentence2", "label"]].values.tolist()


def put(name: str, folder: Path, raw: bytes) -> Path:
    path = folder / FILES[name][0]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)
    if name == "parallel":
        (path.parent / "newstest2019-src.eng.txt").write_bytes(b"one\ntwo\n")
    return path


every_reader = pytest.mark.parametrize("name", FILES)


@every_reader
def test_line_ends_of_windows_a_byte_order_mark_and_a_missing_newline_change_nothing(tmp_path, name):
    raw = FILES[name][1]
    put(name, tmp_path, raw)
    wanted = read(name, tmp_path)
    assert len(wanted) == 2
    for other in (raw.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + raw, raw.rstrip(b"\n")):
        put(name, tmp_path, other)
        assert read(name, tmp_path) == wanted


@every_reader
@pytest.mark.parametrize(
    ("bad", "complaint"),
    [
        (b"\xf6", "not UTF-8"),  # Latin-1
        (b"\xed\xa0\x80", "not UTF-8"),  # half a character, as some databases write it
        (b"\r", "a carriage return"),
        (b"\0", "a NUL"),  # UTF-16 of English is half NULs
    ],
)
def test_what_no_two_programs_read_alike_is_refused_with_file_and_line(tmp_path, name, bad, complaint):
    first, second, *rest = FILES[name][1].split(b"\n")
    path = put(name, tmp_path, b"\n".join([first, second[:1] + bad + second[1:], *rest]))
    with pytest.raises(text_files.DataError, match=f", line 2: {complaint}") as error:
        read(name, tmp_path)
    assert str(error.value).startswith(str(path)) and "\n" not in str(error.value)


@every_reader
@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n", "git lfs pull"),
        (b"<!DOCTYPE html>\n<p>Not found\n", "line 1: a page of HTML or XML"),
        (b"\n<html>\n", "line 1: a page of HTML or XML"),
        (b'\xef\xbb\xbf<?xml version="1.0"?>\n', "line 1: a page of HTML or XML"),
    ],
)
def test_what_was_downloaded_in_place_of_a_file_is_refused(tmp_path, name, raw, complaint):
    put(name, tmp_path, raw)
    with pytest.raises(text_files.DataError, match=complaint):
        read(name, tmp_path)


@pytest.mark.parametrize("name", [name for name in FILES if name != "synonyms.json"])
def test_json_is_no_plain_text(tmp_path, name):
    put(name, tmp_path, b'{"text": "one"}\n')
    with pytest.raises(text_files.DataError, match="line 1: it holds JSON"):
        read(name, tmp_path)


@pytest.mark.parametrize("name", ["s.json", "s.JSON"])
def test_synonyms_that_are_the_word_itself_are_none(tmp_path, name):
    (tmp_path / name).write_text('{"big": ["big"], "small": []}', encoding="utf-8")
    with pytest.raises(text_files.DataError, match="no word has another than itself"):
        lists.read_synonyms(tmp_path / name)


def test_parallel_files_with_the_same_sentences_are_refused(tmp_path):
    put("parallel", tmp_path, b"one\ntwo\n")
    with pytest.raises(text_files.DataError, match="the same sentences as in newstest2019-src.eng.txt"):
        read("parallel", tmp_path)


@every_reader
def test_line_ends_made_windows_twice_are_refused(tmp_path, name):
    put(name, tmp_path, FILES[name][1].replace(b"\n", b"\r\r\n"))
    with pytest.raises(text_files.DataError, match="line 1: a carriage return"):
        read(name, tmp_path)


@every_reader
def test_a_file_that_is_not_there_or_cannot_be_read_is_named(tmp_path, name):
    path = put(name, tmp_path, FILES[name][1])
    path.unlink()
    with pytest.raises(text_files.DataError, match=path.name):
        read(name, tmp_path)
    path.mkdir()
    with pytest.raises(text_files.DataError, match=path.name):
        read(name, tmp_path)


def test_a_carriage_return_no_longer_makes_four_translations_of_three(tmp_path):
    path = put("parallel", tmp_path, b"eins\rzwei\ndrei\n")
    with pytest.raises(text_files.DataError, match="ref.deu.txt, line 1: a carriage return"):
        read("parallel", tmp_path)
    path.write_bytes(b"eins zwei\ndrei\n")
    assert read("parallel", tmp_path) == [("one", "eins zwei"), ("two", "drei")]


# No-break space, line and paragraph separator, next line, vertical tab, form feed, file to unit separator.
SPACES = "\u00a0\u2028\u2029\u0085\x0b\x0c\x1c\x1d\x1e\x1f\u3000"


@pytest.mark.parametrize("space", SPACES)
def test_no_other_white_space_parts_lines_or_columns(tmp_path, space):
    word = f"a{space}b"
    put("text", tmp_path, f"{word} c\nd\n".encode())
    assert read("text", tmp_path) == [f"{word} c", "d"]
    put("parallel", tmp_path, f"{word} c\nd\n".encode())
    assert read("parallel", tmp_path) == [("one", f"{word} c"), ("two", "d")]
    put("dictionary", tmp_path, f"{word} x\nc\t{word}\n".encode())
    assert read("dictionary", tmp_path) == {word: ["x"], "c": [word]}
    for task in ("paws-x", "xnli"):
        put(task, tmp_path, FILES[task][1].replace(b"three", word.encode()))
        assert [row[1] for row in read(task, tmp_path)] == ["one", word]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("one eins\ntwo zwei noun\n", "line 2: 'two zwei noun' has 3 columns"),
        ("one\teins\ntwo\tzwei\tnoun\n", r"line 2: 'two\\tzwei\\tnoun' has 3 columns"),
        ("one\t\teins\n", "line 1: .* has 3 columns"),
        ("one\t\n", "line 1: .* has an empty column"),
        ("one;eins\n", "line 1: 'one;eins' has 1 columns"),
        ("one; eins\n", "line 1: .* parted by a tab or a blank"),
        ("#words here\none eins\n", "line 1: .* is no translation; delete the line"),
        ("word translation\none eins\n", "line 1: .* is no translation; delete the line"),
        ("2 3\none 0.1 0.2 0.3\n", "line 2: .* has 4 columns"),  # vectors, with word2vec's first line
        ("one 0.1 0.2 0.3\n", "line 1: .* has 4 columns"),  # GloVe's have none
        ("the 23135851162\nof 13151942776\nand 12997637966\n", "3 of 3 words have a number"),  # frequencies
        ("one -0.1\ntwo 1e-3\nthree drei\n", "2 of 3 words have a number"),  # vectors of one number
        ("\n \n", "no translation in it"),
    ],
)
def test_what_is_no_list_of_translations_is_refused(tmp_path, text, complaint):
    put("dictionary", tmp_path, text.encode())
    with pytest.raises(text_files.DataError, match=f"en-de.txt.*{complaint}"):
        read("dictionary", tmp_path)


def test_lists_with_numbers_and_with_several_words_behind_a_tab_are_read(tmp_path):
    put("dictionary", tmp_path, b"1990 1990\n7 sieben\ntwo 2\nice cream\tEis am Stiel\n  dog   Hund \n")
    wanted = {"1990": ["1990"], "7": ["sieben"], "two": ["2"], "ice cream": ["Eis am Stiel"], "dog": ["Hund"]}
    assert read("dictionary", tmp_path) == wanted


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"big": ["large"], "big": ["huge"]}', "'big' stands in it twice"),
        ('{"big": [""]}', "none of them empty"),
        ('{"big": ["\\ud800"]}', "wanted one JSON object"),
        ("[" * 100_000, "wanted one JSON object"),
        ('{"big": ' + "1" * 5000 + "}", "wanted one JSON object"),
        ("", "line 1: no JSON"),
    ],
)
def test_what_is_no_table_of_synonyms_is_refused(tmp_path, text, complaint):
    put("synonyms.json", tmp_path, text.encode())
    with pytest.raises(text_files.DataError, match=f"s.json.*{complaint}") as error:
        read("synonyms.json", tmp_path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["text", "parallel"])
@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        (b"1\tone\ntwo\n", "line 1: 2 columns"),
        (b"one\neins\tzwei\tdrei\n", "line 2: 3 columns"),
        (b"", "no sentence in it"),
        (b" \n\xc2\xa0\n", "no sentence in it"),
    ],
)
def test_a_table_or_nothing_is_no_text(tmp_path, name, raw, complaint):
    path = put(name, tmp_path, raw)
    with pytest.raises(text_files.DataError, match=f"{path.name}.*{complaint}"):
        read(name, tmp_path)


# -- whatever stands in a file ----------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        b"\t", b"\n", b"\r\n", b"\r", b'"', b'""', b" ", b"", b"0", b"1", b"7", b"-1.5", b"NS", b"ns",
        b"one", b"\tneutral", b"9" * 20, b"\xef\xbb\xbf", b"\xff", b"\0", HEADER, b"1\tone\ttwo\t1\n",
        b"3\tfive\tsix\t0\n", b"five\tsix\tneutral\n", b"word Wort\n", b"word\tWort\n",
        b'{"big": [', b', "a": ["b"]', b'"large"', b"]", b"}", b"\\ud800", b"null", b"NaN",
        *(letter.encode() for letter in "\u00b2\u0661\u00a0\u2028\u0085\u3000\ufeff語é"),
    ]
)  # fmt: skip
EDITS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 3), PIECES), min_size=1, max_size=4)


def edited(raw: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    """A file in which some bytes, each (place, how many), are exchanged for others."""
    for place, length, piece in edits:
        raw = raw[:place] + piece + raw[place + length :]
    return raw


@every_reader
@settings(max_examples=225, deadline=None, database=None, derandomize=True)
@given(noise=st.one_of(EDITS, EDITS, st.lists(PIECES, max_size=20).map(b"".join), st.binary(max_size=60)))
def test_any_bytes_give_what_is_wanted_or_one_named_error(tmp_path_factory, name, noise):
    """Eight readers, 225 files each: a good file with other bytes in places, pieces of such files, noise."""
    folder = tmp_path_factory.getbasetemp() / f"any-{name}"
    path = put(name, folder, noise if isinstance(noise, bytes) else edited(FILES[name][1], noise))
    there = {place: place.stat().st_mtime_ns for place in folder.rglob("*")}
    try:
        found = read(name, folder)
    except text_files.DataError as error:
        said = str(error)
        assert path.name in said and "\n" not in said and len(said) < 600 + 2 * len(str(path))
    else:
        assert found and json.dumps(found, ensure_ascii=False).encode("utf-8")
    assert {place: place.stat().st_mtime_ns for place in folder.rglob("*")} == there


SENTENCE = st.text(st.characters(exclude_characters="\t\r\n\0\ufeff", exclude_categories=["Cs"]), min_size=1)


@settings(max_examples=200, deadline=None, database=None, derandomize=True)
@given(
    sentences=st.lists(SENTENCE.map(str.strip).filter(bool), min_size=1, max_size=6),
    end=st.sampled_from(["\n", "\r\n"]),
    mark=st.sampled_from(["", "\ufeff"]),
    last=st.booleans(),
)
def test_sentences_come_back_as_they_were_written(tmp_path_factory, sentences, end, mark, last):
    raw = (mark + end.join(sentences) + end * last).encode()
    put("text", tmp_path_factory.getbasetemp() / "round", raw)
    assert read("text", tmp_path_factory.getbasetemp() / "round") == sentences


# -- names and places -------------------------------------------------------------------------------------


def test_a_folder_in_the_working_directory_hides_no_known_name(tmp_path, monkeypatch):
    data, here = tmp_path / "data", tmp_path / "here"
    put("parallel", data, b"eins\nzwei\n")
    put("synonyms", data, b"big large\n")
    (data / "text/wikipedia").mkdir(parents=True)
    (data / "text/wikipedia/de.txt").write_bytes(b"Aus den Daten .\n")
    shipped = tasks.load_text("demo", "de", None, 2), tasks.load_parallel("demo", "de", None, 2)
    for name in ("ntrex", "wikipedia", "demo", "mine"):
        (here / name).mkdir(parents=True)
        (here / name / "de.txt").write_bytes(b"Von hier .\n")
        (here / name / "newstest2019-src.eng.txt").write_bytes(b"here\n")
        (here / name / "newstest2019-ref.deu.txt").write_bytes(b"hier\n")
    (here / "s.txt").write_bytes(b"big huge\n")
    monkeypatch.chdir(here)
    assert tasks.load_text("wikipedia", "de", data) == ["Aus den Daten ."]
    assert tasks.load_parallel("ntrex", "de", data) == [("one", "eins"), ("two", "zwei")]
    assert (tasks.load_text("demo", "de", None, 2), tasks.load_parallel("demo", "de", None, 2)) == shipped
    assert lists.synonyms_of({"big"}, "s.txt", data) == {"big": ["large"]}
    # Written as a path they are what is meant.
    assert tasks.load_text("./wikipedia", "de", data) == ["Von hier ."]
    assert tasks.load_parallel(str(here / "ntrex"), "de", data) == [("here", "hier")]
    assert lists.synonyms_of({"big"}, "./s.txt", data) == {"big": ["huge"]}
    for load in (tasks.load_text, tasks.load_parallel):
        with pytest.raises(text_files.DataError, match=f"'mine': {data}.*mine is no folder"):
            load("mine", "de", data)
        with pytest.raises(text_files.DataError, match=r"'mine' is no path.*XLTLIB_DATA.*\./mine"):
            load("mine", "de", None)
    with pytest.raises(text_files.DataError, match=r"'s.txt' is no path.*\./s.txt"):
        lists.synonyms_of({"big"}, "s.txt")
