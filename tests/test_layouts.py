"""Layouts of translations, unlabelled text and word lists: each is found by any code, and none is guessed."""

import re

import pytest

from xltlib import provenance, tasks, text_files
from xltlib.components.vector_adaptation import Procrustes
from xltlib.door import Door
from xltlib.noise import lists
from xltlib.provenance import Entry
from xltlib.tasks import layouts

SPANISH = {"a.quy-spa.quy": "huk\niskay\n", "a.quy-spa.spa": "uno\ndos\n"}  # Quechua has no English here
QUECHUA = [("uno", "huk"), ("dos", "iskay")]


def put(place, files):
    """Files of a folder, by name; the folder."""
    for name, text in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text, encoding="utf-8")
    return str(place)


DE, EN = "eins\nzwei\n", "one\ntwo\n"
GERMAN = {
    "Moses": {"Europarl.de-en.de": DE, "Europarl.de-en.en": EN},
    "Moses, other order": {"x.y.en-de.de": DE, "x.y.en-de.en": EN},
    "Moses, no name": {"deu-eng.deu": DE, "deu-eng.eng": EN},
    "Moses, scripts": {"deu_Latn-eng_Latn.deu_Latn": DE, "deu_Latn-eng_Latn.eng_Latn": EN},
    "Tatoeba": {"tatoeba.deu-eng.deu": DE, "tatoeba.deu-eng.eng": EN},
    "NTREX, script": {"newstest2019-ref.deu-Latn.txt": DE, "newstest2019-src.eng.txt": EN},
    "FLORES": {"deu_Latn.dev": DE, "eng_Latn.dev": EN, "fra_Latn.dev": "un\ndeux\n"},
    "FLORES, folders": {"devtest/deu_Latn.devtest": DE, "devtest/eng_Latn.devtest": EN},
    "table": {"en-de.tsv": "one\teins\ntwo\tzwei\n"},
    "table, other order": {"deu-eng.tsv": "eins\tone\n\nzwei\ttwo\n"},
    "table of a code": {"de.tsv": "one\teins\ntwo\tzwei\n"},
    "table, header": {"de.tsv": "deu\teng\neins\tone\nzwei\ttwo\n"},
    "table, names": {"en-de.tsv": "German\tEnglish\neins\tone\nzwei\ttwo\n"},
}


def door() -> Door:
    return Door("demo", tasks.load_pairs("demo", "test", ["en", "de"]), None)


@pytest.mark.parametrize("layout", GERMAN)
def test_translations_are_read_in_every_layout(tmp_path, layout):
    place = put(tmp_path / "parallel/own", GERMAN[layout])
    expected = [("one", "eins"), ("two", "zwei")]
    assert tasks.load_parallel("own", "de", tmp_path) == tasks.load_parallel(place, "de", None) == expected
    assert tasks.load_parallel("own", "de", tmp_path, limit=1) == expected[:1]
    assert tasks.pivot("own", "de", tmp_path) == "en"
    with pytest.raises(text_files.DataError, match="no translations of language 'ko'"):
        tasks.load_parallel("own", "ko", tmp_path)


@pytest.mark.parametrize("other", [name for name in GERMAN if name not in ("Moses", "NTREX, script")])
def test_two_layouts_that_fit_are_refused_and_named(tmp_path, other):
    put(tmp_path, GERMAN["NTREX, script"])
    put(tmp_path, GERMAN[other])
    told = r"'de' may be newstest2019-ref.deu-Latn.txt beside newstest2019-src.eng.txt and .*; name a folder"
    with pytest.raises(text_files.DataError, match=told) as refused:
        tasks.load_parallel(str(tmp_path), "de", None)
    assert "\n" not in str(refused.value)


def test_dev_and_devtest_of_flores_in_one_folder_are_refused(tmp_path):
    for split in ("dev", "devtest"):
        put(tmp_path, {f"{split}/{code}_Latn.{split}": "a\n" for code in ("eng", "deu")})
    with pytest.raises(text_files.DataError, match="deu_Latn.dev beside eng_Latn.dev and deu_Latn.devtest"):
        tasks.load_parallel(str(tmp_path), "de", None)
    assert layouts.translations(tmp_path / "dev", "de").pivot == "en"


def test_an_exact_code_wins_over_one_with_a_script(tmp_path):
    source = {"newstest2019-src.eng.txt": "one\n", "newstest2019-ref.uzb-Cyrl.txt": "бир\n"}
    put(tmp_path, source)
    assert tasks.load_parallel(str(tmp_path), "uz", None) == [("one", "бир")]
    put(tmp_path, {"newstest2019-ref.uzb.txt": "bir\n"})
    assert tasks.load_parallel(str(tmp_path), "uz", None) == [("one", "bir")]
    put(tmp_path, {"newstest2019-ref.zho-TW.txt": "一\n"})
    with pytest.raises(text_files.DataError, match="no translations of language 'zh'"):
        tasks.load_parallel(str(tmp_path), "zh", None)


@pytest.mark.parametrize(
    "files",
    [
        SPANISH,
        {"spa-quy.tsv": "uno\thuk\ndos\tiskay\n"},
        {"quy.tsv": "quy\tspa\nhuk\tuno\niskay\tdos\n"},
        {"quy.tsv": "Spanish\tquy\nuno\thuk\ndos\tiskay\n"},
        {"quy_Latn.dev": "huk\niskay\n", "spa_Latn.dev": "uno\ndos\n"},
    ],
)
def test_another_pivot_is_read_and_stands_in_the_entry(tmp_path, files):
    place = put(tmp_path, files)
    assert tasks.load_parallel(place, "quy", None) == QUECHUA
    assert tasks.pivot(place, "quy", None) == "es"
    run = door()
    entry = Entry("recipe", "labse-recipe", "parallel", ("quy",), place)
    assert run.translations(place, ["quy"], 0, entry) == {"quy": QUECHUA}
    assert run.corpora([place], ["quy"], 0, entry) == {place: {"quy": QUECHUA}}
    assert [each.languages for each in run.entries] == [("quy", "es"), ("quy", "es")]
    assert provenance.supervision(run.entries, "es") == "parallel"
    assert provenance.rung(run.entries) == "Z3"


def test_of_several_corpora_each_language_is_read_from_all_that_have_it(tmp_path):
    put(tmp_path / "parallel/news", {"newstest2019-src.eng.txt": EN, "newstest2019-ref.deu.txt": DE})
    put(tmp_path / "parallel/more", {"de.tsv": "three\tdrei\n", **SPANISH})
    put(tmp_path / "text/news", {"de.txt": "eins\n"})
    put(tmp_path / "text/more", {"de.txt": "drei\n", "quy.txt": "huk\n"})
    german = [("one", "eins"), ("two", "zwei"), ("three", "drei")]
    assert tasks.load_parallel("news more", "de", tmp_path) == german
    assert tasks.load_parallel("news more", "quy", tmp_path) == QUECHUA
    assert [tasks.pivot("news more", code, tmp_path) for code in ("de", "quy")] == ["en", "es"]
    assert tasks.load_text("news more", "de", tmp_path) == ["eins", "drei"]
    assert tasks.load_text("news more", "quy", tmp_path) == ["huk"]
    run = Door("demo", tasks.load_pairs("demo", "test", ["en", "de"]), tmp_path)
    entry = Entry("batches", "hybrid", "parallel", ("de", "quy"))
    assert run.corpora(["news", "more"], ["de", "quy"], 0, entry) == {
        "news": {"de": german[:2]},
        "more": {"de": german[2:], "quy": QUECHUA},
    }
    assert run.entries[0].languages == ("de", "quy", "es")
    with pytest.raises(text_files.DataError, match="no translations of language 'ko' in .*more"):
        run.corpora(["news", "more"], ["de", "ko"], 0, entry)
    with pytest.raises(text_files.DataError, match="ko.txt"):
        tasks.load_text("news more", "ko", tmp_path)


def test_two_corpora_with_other_pivots_of_a_language_are_refused(tmp_path):
    put(tmp_path / "parallel/one", SPANISH)
    put(tmp_path / "parallel/two", {"quy.tsv": "one\thuk\n"})
    with pytest.raises(text_files.DataError, match="es in one, en in two; name one corpus"):
        tasks.pivot("one two", "quy", tmp_path)


def test_english_stays_the_pivot_where_there_is_a_choice_and_out_of_the_entry(tmp_path):
    place = put(tmp_path, SPANISH | {"b.eng-quy.quy": "huk\n", "b.eng-quy.eng": "one\n"})
    assert tasks.load_parallel(place, "quy", None) == [("one", "huk")]
    run = door()
    run.translations(place, ["quy"], 0, Entry("recipe", "labse-recipe", "parallel", ("quy",)))
    assert run.entries[0].languages == ("quy",)


def test_english_stands_in_the_entry_of_a_run_whose_source_is_another_language(tmp_path):
    run = Door("demo", tasks.load_pairs("demo", "test", ["de", "en", "fr"]), None, source="de")
    entry = Entry("adaptation", "align", "parallel", ("fr",))
    run.translations("demo", ["fr"], 20, entry)
    run.corpora(["demo"], ["fr"], 20, entry)
    assert [each.languages for each in run.entries] == [("fr", "en"), ("fr", "en")]
    assert provenance.supervision(run.entries, "en") == "parallel"
    place = put(tmp_path, {"de-fr.tsv": "eins\tun\nzwei\tdeux\n"})
    run.translations(place, ["fr"], 0, entry)
    assert run.entries[-1].languages == ("fr",)  # its other side is the source language


def test_test_sentences_of_a_pivot_and_of_languages_beside_the_targets_are_left_out(tmp_path):
    spanish = tasks.load_pairs("demo", "test", ["es"], items=2).sentence1.tolist()
    place = put(
        tmp_path, {"a.quy-es.quy": "huk\niskay\nkimsa\n", "a.quy-es.es": "\n".join([*spanish, "tres"])}
    )
    test = tasks.load_pairs("demo", "test", ["en", "de"], items=10)
    door = Door("demo", test, None)
    kept = door.translations(place, ["quy"], 0, Entry("recipe", "align", "parallel", ("quy",)))
    assert kept == {"quy": [("tres", "kimsa")]}
    assert door.entries[-1].left_out == 2
    (tmp_path / "es.txt").write_text("\n".join([spanish[0], "Solo esto ."]), encoding="utf-8")
    text = door.text(place, ["es"], 0, Entry("adaptation", "mlm", "text", ("es",)))
    assert text == {"es": ["Solo esto ."]}
    assert door.test is test  # what is measured on test sentences stays what it was


def test_two_pivots_without_english_are_refused(tmp_path):
    place = put(tmp_path, SPANISH | {"quy-fra.quy": "huk\n", "quy-fra.fra": "un\n"})
    told = "a.quy-spa.quy beside a.quy-spa.spa and quy-fra.quy beside quy-fra.fra; .*, or leave quy out"
    with pytest.raises(text_files.DataError, match=told):
        tasks.load_parallel(place, "quy", None)


def test_vectors_are_rotated_onto_no_third_language():
    procrustes = Procrustes()
    procrustes._refuse_pivot({"quy": "es", "fr": "es"}, "es")
    procrustes._refuse_pivot({"de": "en"}, "en")
    with pytest.raises(ValueError, match="has de with en, and vectors are rotated onto those of es"):
        procrustes._refuse_pivot({"de": "en", "quy": "es"}, "es")
    with pytest.raises(ValueError, match="has quy with es, and vectors are rotated onto those of en"):
        procrustes._refuse_pivot({"quy": "es"}, "en")


@pytest.mark.parametrize(
    "files, complaint",
    [
        ({"en-de.tsv": "one\teins\ntwo\tzwei\t0.5\n"}, "en-de.tsv, line 2: 3 columns, wanted two"),
        ({"en-de.tsv": "one\teins\ntwo zwei\n"}, "en-de.tsv, line 2: 1 columns, wanted two"),
        ({"en-de.tsv": "source\ttarget\none\teins\n"}, "en-de.tsv, line 1: it names columns, but no"),
        ({"en-de.tsv": "one\t\n"}, "en-de.tsv: no line has text in both it and its other column"),
        ({"en-de.tsv": "one\tone\n"}, "en-de.tsv: the same sentences as in its other column"),
        ({"x.de-en.de": "eins\n"}, "x.de-en.en: no such file"),
        ({"x.de-en.de": "eins\nzwei\n", "x.de-en.en": "one\n"}, "x.de-en.de: 2 lines beside 1 in x.de-en.en"),
        ({"deu_Latn.dev": "eins\ta\n", "eng_Latn.dev": "one\n"}, "deu_Latn.dev, line 1: 2 columns"),
    ],
)
def test_faults_of_translations_are_named(tmp_path, files, complaint):
    with pytest.raises(text_files.DataError, match=re.escape(complaint)):
        tasks.load_parallel(put(tmp_path, files), "de", None)


def test_text_is_found_by_another_code_where_its_own_is_missing(tmp_path):
    put(tmp_path / "text/own", {"deu.txt": "eins\n", "spa_Latn.txt": "uno\n"})
    assert tasks.load_text("own", "de", tmp_path) == ["eins"]
    assert tasks.load_text(str(tmp_path / "text/own"), "es", None) == ["uno"]
    put(tmp_path / "text/own", {"deu_Latn.txt": "drei\n"})
    with pytest.raises(text_files.DataError, match="'de' may be deu.txt and deu_Latn.txt"):
        tasks.load_text("own", "de", tmp_path)
    put(tmp_path / "text/own", {"de.txt": "zwei\n"})
    assert tasks.load_text("own", "de", tmp_path) == ["zwei"]
    with pytest.raises(text_files.DataError, match="ko.txt: no such file"):
        tasks.load_text("own", "ko", tmp_path)


@pytest.mark.parametrize(
    "name, text",
    [
        ("en-de.txt", "one eins\none\tein\n"),
        ("en-de.0-5000.txt", "one eins\none ein\n"),
        ("eng-deu.tsv", "one\teins\none\tein\n"),
        ("eng_Latn-deu_Latn.tsv", "One\teins\t0.9\none\tein\t7\n"),
    ],
)
def test_word_lists_are_read_in_every_layout(tmp_path, name, text):
    put(tmp_path, {name: text, "de-en.txt": "eins one\n", "en-fr.txt": "one un\n", "notes.tsv": "a\n"})
    run = door()
    entry = Entry("noise", "code-switch", "dictionary", ("de",))
    assert run.dictionaries(str(tmp_path), "en", ["de"], entry) == {"de": {"one": ["eins", "ein"]}}


def test_a_whole_word_list_is_taken_before_its_parts_and_two_that_fit_are_refused(tmp_path):
    parts = {"en-de.0-5000.txt": "one eins\n", "en-de.5000-6500.txt": "two zwei\n"}
    put(tmp_path, parts)
    with pytest.raises(text_files.DataError, match="may be en-de.0-5000.txt and en-de.5000-6500.txt; name"):
        layouts.word_list(tmp_path, "en", "de")
    put(tmp_path, {"en-de.txt": "one eins\ntwo zwei\n"})
    assert layouts.word_list(tmp_path, "en", "de").name == "en-de.txt"
    put(tmp_path, {"eng-deu.tsv": "one\teins\n"})
    with pytest.raises(text_files.DataError, match="words of 'en' in 'de' may be en-de.txt and eng-deu.tsv"):
        layouts.word_list(tmp_path, "en", "de")


@pytest.mark.parametrize(
    "name, text, complaint",
    [
        ("en-de.tsv", "one\teins\t0.5\ntwo\tzwei\thigh\n", "en-de.tsv, line 2: .* has 3 columns"),
        ("en-de.tsv", "one\teins\t0.5\t1\n", "en-de.tsv, line 1: .* has 4 columns"),
        ("en-de.txt", "one\teins\t0.5\n", "en-de.txt, line 1: .* has 3 columns"),
        ("en-de.tsv", "one\t\t0.5\n", "en-de.tsv, line 1: .* has an empty column"),
    ],
)
def test_faults_of_word_lists_are_named(tmp_path, name, text, complaint):
    put(tmp_path, {name: text})
    with pytest.raises(text_files.DataError, match=complaint):
        lists.read_dictionary(layouts.word_list(tmp_path, "en", "de"))
