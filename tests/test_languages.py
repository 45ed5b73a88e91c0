"""Languages beside the table: rows from CLDR, from languages.yaml and from records; the level "unseen"."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from xltlib import collected, figures, kernels, languagefile, languages, levels, records, statistics, studies
from xltlib import tasks
from xltlib.door import Door
from xltlib.provenance import Entry
from xltlib.encoders.pieces import measured
from xltlib.files import Damaged
from xltlib.summary import pictures, words
from xltlib.tables import adaptation
from xltlib.tasks.text import load_parallel

ROOT = Path(__file__).resolve().parent.parent
LOW_RESOURCE = "amh hau orm xho eu my mr hy ibo kin sna sot wol yor zul ewe lin lug twi aym gn".split()
NOT_IN_CLDR = "bzd cni hch nah oto quy shp tar".split()
ROW = "qqq: {name: Quux, script: Latin, resource: medium, source: counted}\n"


@pytest.fixture(autouse=True)
def nothing_learned(monkeypatch):
    """No row of a study's file or of a record is left from another test, or for one."""
    monkeypatch.delenv(languagefile.VARIABLE, raising=False)
    monkeypatch.setattr(languages, "_recorded", {})
    yield
    os.environ.pop(languagefile.VARIABLE, None)
    languagefile._read.cache_clear()


def written(folder: Path, text: str) -> Path:
    path = folder / languagefile.NAME
    path.write_text(text, encoding="utf-8")
    return path


def test_cldr_gives_name_script_and_the_codes_of_files():
    row = languages.row("si")
    assert (row.name, row.script, row.family, row.resource, row.source) == (
        "Sinhala", "Sinhala", "", "low", languages.ASSUMED,
    )  # fmt: skip
    assert "sin" in (row.alpha3, *row.others)
    assert languages.row("swa").family == "Bantu" and languages.row("swa").name == "Swahili"
    assert languages.row("sr-Latn").name == "Serbian (Latin)"
    files = {languages.row("sr-Latn").alpha3, *languages.row("sr-Latn").others}
    assert "srp-Latn" in files and not files & {"srp", "srp-Cyrl"}  # the other script is another text


def test_the_table_is_as_it_was_and_comes_first():
    assert all(languages.row(row.code) is row for row in languages.TABLE)
    mixed = ["zul", "sw", "bzd", "en", "ko", "tr"]
    assert languages.in_order(mixed) == ["en", "ko", "tr", "sw", "bzd", "zul"]
    assert sorted(languages.ORDER, key=languages.rank) == list(languages.ORDER)


def test_every_low_resource_language_has_a_row_with_the_source_of_its_level():
    for code in LOW_RESOURCE + NOT_IN_CLDR:
        row = languages.row(code)
        assert languages.is_known(code) and row.name != code and row.script
        assert row.resource == "low" and (row.source or code in languages.BY_CODE)
    assert all(languages.from_cldr(code) is None for code in NOT_IN_CLDR)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("qqq", "languages.yaml, beside the file of studies: qqq: {name: ..., script: ..., resource: low"),
        ("low", "this word has another meaning in tables; put the script behind it, as in low-Latn"),
        ("nan", "as in nan-Latn"),
        ("Sna", "two or three small letters"),
        ("sna_Latn", "as in sna-Latn"),
        ("und", "another meaning"),
    ],
)
def test_a_code_without_a_row_is_refused_and_what_to_do_is_said(code, said):
    with pytest.raises(ValueError, match=f"^unknown language '{code}': ") as error:
        languages.parse(f"en {code}")
    assert said in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nqqq: {name: [1]}", "line 1: 'a' is no language code"),
        ("\nde: {name: German}", "line 2: 'de' is in the table"),
        ("qqq: Quux", "line 1: 'qqq': wanted fields"),
        ("qqq: {name: Quux}", "line 1: 'qqq' lacks resource"),
        ("qqq: {resource: low, source: here}", "line 1: 'qqq' lacks name"),
        (ROW + "rrr:\n  level: low", "line 3: rrr: no field 'level'; known are name, script"),
        ("qqq: {name: Quux, script: Latin, resource: unseen, source: me}", "known are high, medium, low"),
        ("qqq: {name: 1}", "name = 1: wanted text"),
        (ROW + ROW, "line 2: 'qqq' stands twice"),
        ("- qqq", "wanted a row a language"),
        ("qqq: {name: !!python/name:os.system }", "line 1"),
    ],
)
def test_a_fault_in_languages_yaml_is_named_by_file_and_line(tmp_path, text, said):
    path = written(tmp_path, text)
    with pytest.raises(ValueError, match="^languages.yaml") as error:
        languagefile.read(path)
    assert said in str(error.value) and "\n" not in str(error.value)


def test_the_file_beside_a_study_holds_for_its_plan_alone_and_wins_over_cldr(tmp_path):
    written(tmp_path, ROW + "si: {name: Sinhalese, resource: medium, source: counted}")
    fields = {"seeds": [1], "common": {"targets": "en qqq"}, "arms": {"english": {}}}
    study = studies.Study("tiny", fields, tmp_path)
    assert study.plan({}, reads=False).nodes
    assert languages.row("qqq").name == "Quux" and languages.row("qqq").source == "counted"
    assert languages.row("si").name == "Sinhalese" and languages.row("si").script == "Sinhala"
    assert languages.row("bzd").name == "Bribri"  # the project's rows hold, too
    with pytest.raises(ValueError, match="unknown language 'qqq'"):
        studies.Study("tiny", fields, tmp_path / "elsewhere").plan({}, reads=False)


def test_kernels_see_the_file_of_the_study_and_a_bundle_has_all_rows(tmp_path):
    path = written(tmp_path, ROW)
    assert kernels.environment(1, str(tmp_path))[languagefile.VARIABLE] == str(path)
    assert languagefile.VARIABLE not in kernels.environment(1, str(tmp_path / "elsewhere"))
    packed = written(tmp_path, languagefile.merged(tmp_path))
    assert {"qqq", "bzd"} <= set(languagefile.read(packed))


def test_a_record_keeps_the_rows_that_a_reader_elsewhere_lacks(tmp_path):
    languagefile.use(written(tmp_path, ROW).parent)
    kept = languages.rows_for_record(["en", "qqq"])
    assert list(kept) == ["qqq"]
    languagefile.use(tmp_path / "elsewhere")
    assert not languages.is_known("qqq") and languages.row("qqq").name == "qqq"
    run = tmp_path / "run"
    run.mkdir()
    (run / records.RECORD).write_text(json.dumps({"languages": kept}))
    records.read(run)
    assert languages.row("qqq").name == "Quux" and languages.parse("qqq en") == ["en", "qqq"]


@pytest.mark.parametrize("rows", [[], {"qqq": 1}, {"QQ": {}}, {"qqq": {"name": "Quux"}}])
def test_rows_of_a_record_that_are_none_are_named(tmp_path, rows):
    (tmp_path / collected.RUNS).write_text(json.dumps({"runs": [{"languages": rows}]}))
    with pytest.raises(Damaged, match="'languages'"):
        collected.state(tmp_path)


def test_translations_are_found_by_any_code_of_a_language(tmp_path):
    for name in ("newstest2019-src.eng.txt", "tatoeba.lug-eng.eng"):
        (tmp_path / name).write_text("a\n")
    for name in ("newstest2019-ref.sna-Latn.txt", "newstest2019-ref.mya.txt", "tatoeba.lug-eng.lug"):
        (tmp_path / name).write_text("b\n")
    for code in ("sna", "sn", "my", "mya", "lug", "lg"):
        assert load_parallel(str(tmp_path), code, None) == [("a", "b")], code
    with pytest.raises(ValueError, match=r"of language 'zul' in .*: looked for newstest2019-ref.zul.txt"):
        load_parallel(str(tmp_path), "zul", None)


# The fourth level.


def test_the_lists_have_as_many_languages_as_their_makers_say():
    """Two entries of one language, and two codes of Norwegian, make the difference."""
    lists = pd.read_csv(levels.LISTS).set_index("list")
    sizes = lists.languages.str.split().map(lambda codes: len(set(codes)))
    assert (sizes - lists.stated).to_dict() == {"XLM-R": -1, "mBERT": 0, "LaBSE": 1}
    assert lists.source.str.len().min() > 20


@pytest.mark.parametrize(
    ("encoder", "unseen"),
    [
        ("offline", "ibo kin sna sot wol yor zul ewe lin lug twi aym gn " + " ".join(NOT_IN_CLDR)),
        ("FacebookAI/xlm-roberta-large", "ibo kin"),
        ("sentence-transformers/LaBSE", "ewe lin lug twi orm aym gn quy"),
        ("google-bert/bert-base-multilingual-cased", "amh hau orm xho ibo"),
    ],
)
def test_what_is_on_no_list_is_unseen(encoder, unseen):
    assert {levels.level(code, encoder) for code in unseen.split()} == {"unseen"}
    assert all(levels.level(row.code, encoder) == row.resource for row in languages.TABLE)
    listed = set("amh hau orm xho eu my mr hy".split()) - set(unseen.split())
    assert {levels.level(code, encoder) for code in listed} <= {"low"}


def test_unknown_pieces_count_more_than_a_list_and_without_one_alone():
    assert levels.level("my", "offline", unknown=0.05) == "low"
    assert levels.level("my", "offline", unknown=0.051) == "unseen"
    assert levels.level("zul", "somebody/encoder") == "low"
    assert levels.level("zul", "somebody/encoder", unknown=0.2) == "unseen"
    assert "tokenizer alone" in levels.source("zul", "somebody/encoder")


class Known:
    """Pieces of three sentences; 3 is unknown, 6 a blank."""

    class tokenizer:
        unk_token_id = 3

        @staticmethod
        def convert_tokens_to_ids(piece: str) -> int:
            return 6

    known = {"a b": [1, 2, 4], "c": [6, 3], "": []}


def test_pieces_are_counted_a_word_and_a_blank_is_no_piece_that_is_known():
    assert measured(Known, ["a b", "c"]) == {"pieces_per_word": 1.6667, "unknown": 0.25}
    assert measured(Known, ["c"])["unknown"] == 1.0
    assert measured(Known, [""]) == {"pieces_per_word": 0.0, "unknown": 0.0}


@pytest.fixture(scope="module")
def right() -> pd.DataFrame:
    """Answers of two arms with two encoders: German and Hausa, Zulu and Bribri."""
    rng, rows = np.random.default_rng(1), []
    for encoder in ("offline", "LaBSE"):
        for adaptation in ("none", "mlm"):
            for seed in (1, 2):
                for language in ("de", "hau", "sw", "zul", "bzd"):
                    about = {"encoder": encoder, "head": "cross", "strategy": encoder, "rung": "Z1"}
                    about |= {"adaptation": adaptation, "seed": seed, "language": language}
                    answers = rng.integers(0, 2, 30)
                    rows += [{**about, "item": k, "cluster": k, "right": a} for k, a in enumerate(answers)]
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def effects(right) -> pd.DataFrame:
    codes = ["de", "hau", "sw", "zul", "bzd"]
    found = {(of, code): levels.level(code, of) for of in ("offline", "LaBSE") for code in codes}
    table, _, _ = statistics.adaptation_effects(right, groups=codes, levels=found)
    return statistics.corrected(table)


def test_an_effect_has_the_level_of_its_language_for_its_encoder(effects):
    level = effects.set_index(["encoder", "language"]).resource
    assert level["offline", "zul"] == "unseen" and level["LaBSE", "zul"] == "low"
    assert level["offline", "hau"] == "low" and level["offline", "de"] == "high"
    means = effects[effects.language.isin(languages.MEANS)]
    assert means[means.encoder == "offline"].language.tolist() == ["mean", "low", "unseen"]
    assert means[means.encoder == "LaBSE"].language.tolist() == ["mean", "low"]
    assert words.language("unseen") == "mean of unseen" and words.language("bzd") == "Bribri"


def test_the_figure_sets_unseen_languages_apart(effects):
    drawn = effects[~effects.language.isin(languages.MEANS)]
    by_seed = drawn.assign(seed=1)
    figure = figures.adaptation_effect(drawn, drawn.head(0), by_seed, "mlm", "caption")
    labels = figure.axes[0].get_xticklabels()
    assert [label.get_text() for label in labels] == ["German", "Swahili", "Hausa", "Bribri", "Zulu"]
    colours = languages.RESOURCE_COLOURS
    assert [label.get_color() for label in labels][2:] == [colours["low"], *[colours["unseen"]] * 2]
    said = [text.get_text() for text in figure.axes[0].texts]
    assert said == ["high-resource", "low-resource", "unseen by the encoder"]


class Data:
    """As much of a study as the table of pieces needs."""

    pieces = {("offline", "de"): {"pieces_per_word": 1.5, "unknown": 0.0}}
    pieces[("offline", "my")] = {"pieces_per_word": 9.0, "unknown": 0.25}
    levels = {("offline", "de"): "high", ("offline", "my"): "unseen", ("offline", "fr"): "high"}


def test_pieces_stand_beside_level_and_source():
    table = pictures.piece_table(Data).set_index("language")
    assert table.index.tolist() == ["de", "my"]
    assert table.loc["my", "pieces a word"] == 9.0 and table.loc["my", "unknown pieces (%)"] == 25.0
    assert table.loc["my", "source of the level"] == "25 % of its pieces are unknown"


def test_no_module_asks_the_table_alone():
    """A language of one's own is not in it: ``of``, ``rank`` and ``in_order`` know all."""
    asked = re.compile(r"languages\.(BY_CODE\[|ORDER\.index|ORDER\b if)")
    sources = [*(ROOT / "xltlib").rglob("*.py"), *(ROOT / "notebooks").glob("*.ipynb")]
    assert not [path.name for path in sources if asked.search(path.read_text(encoding="utf-8"))]


def test_tables_say_which_languages_the_encoder_has_not_seen(tmp_path):
    shown = {
        "strategy": "plain",
        "head": "cross",
        "adaptation": "none",
        "accuracy": 50.0,
        "low": 40,
        "high": 60,
    }
    rows = [{**shown, "encoder": "offline", "language": code} for code in ("en", "sw", "yor")]
    pd.DataFrame(rows).to_csv(tmp_path / "intervals.csv", index=False)
    written = adaptation.intervals(tmp_path)
    assert "| Yoruba (unseen) |" in written
    assert "| Swahili |" in written


@pytest.mark.parametrize("codes", ["en sw swa", "en swh sw", "en sna sna-Latn"])
def test_one_language_under_two_codes_is_refused(codes):
    with pytest.raises(ValueError, match="a language stands twice"):
        languages.parse(codes)


def test_labels_read_under_another_code_of_a_zero_shot_language_are_seen():
    door = Door("demo", tasks.load_pairs("demo", "test", ["en", "sw"], items=2), None)
    door.note(Entry("labels", "train", "labelled-target", ("swa",)))
    with pytest.raises(ValueError, match="sw: called zero-shot"):
        door.refuse_labels(["sw", "de"])


def test_a_list_is_of_an_encoder_by_its_whole_name():
    names = ["offline", "FacebookAI/xlm-roberta-large", "intfloat/multilingual-e5-base@0a1b"]
    assert [levels.seen_by(name).name for name in names] == ["XLM-R"] * 3
    assert (
        levels.seen_by("mine/xlm-roberta-base-finetuned-yoruba") is levels.seen_by("mine/labse-mine") is None
    )
