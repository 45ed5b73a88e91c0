"""The door: what is let in, counted and written down; rung, names and supervision from entries alone."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from xltlib import provenance, tasks
from xltlib.components.base import make
from xltlib.door import Door
from xltlib.provenance import Entry
from xltlib.shared import Shared

FIGURES = Path(__file__).resolve().parent.parent / "figures"
ENGLISH = Entry("labels", "train", "labelled-source", ("en",))
TEXT = Entry("adaptation", "mlm", "text", ("de",))
ALIGNED = Entry("recipe", "labse-recipe", "parallel", ("de",))
HYBRID = Entry("batches", "hybrid", "parallel", ("de",))


def named(*entries: Entry, told=frozenset()) -> tuple[str, str]:
    found = provenance.names(list(entries), told)
    return found["strategy"], found["adaptation"]


def test_the_rung_is_worked_out_from_what_was_read():
    english_text = Entry("adaptation", "mlm", "text", ("en",))
    assert provenance.rung([ENGLISH]) == provenance.rung([english_text, ENGLISH]) == "Z0"
    assert provenance.rung([TEXT, ENGLISH]) == "Z1"
    assert provenance.rung([ENGLISH, Entry("noise", "code-switch", "dictionary", ("de",))]) == "Z2"
    assert provenance.rung([ENGLISH, HYBRID]) == "Z3"
    assert provenance.rung([ENGLISH, HYBRID, Entry("labels", "train", "labelled-target", ("de",))]) == "Z4"
    own = Entry("noise", "salt", "self", ("en",))
    assert provenance.rung([ENGLISH, own]) == "Z0'" and provenance.rung([TEXT, ENGLISH, own]) == "Z1"
    looked_at = [Entry("probe", "probe", "measured", ("es",)), Entry("noise", "synonyms", "words", ("en",))]
    assert provenance.rung([ENGLISH, *looked_at]) == "Z0"  # neither lifts a run


def test_names_follow_from_entries():
    assert named(ENGLISH) == ("plain", "none") and named(TEXT, ENGLISH) == ("plain", "mlm")
    assert named(ENGLISH, HYBRID) == ("hybrid", "none") and named(TEXT, ENGLISH, HYBRID) == ("hybrid", "mlm")
    assert named(TEXT, ALIGNED, ENGLISH) == ("labse-recipe", "mlm")
    assert named(TEXT, ALIGNED, ENGLISH, HYBRID) == ("labse-recipe+hybrid", "mlm")
    labse = Entry("recipe", "labse", "parallel")
    assert named(labse, Entry("adaptation", "align", "parallel", ("de",)), ENGLISH) == ("labse", "align")
    assert named(ENGLISH, Entry("noise", "fgm", "nothing")) == ("fgm", "none")
    assert named(Entry("adaptation", "more-updates", "labelled-source", ("en",)), ENGLISH) == (
        "plain",
        "more-updates",
    )
    more = Entry("adaptation", "more-pairs", "labelled-source", ("en",))
    assert named(more) == ("plain", "more-pairs") and provenance.rung([more]) == "Z0"
    assert named(ENGLISH, Entry("probe", "probe", "measured", ("es",))) == ("plain", "none")


def test_what_a_study_has_in_several_doses_stands_behind_the_name():
    def dose(value: str, codes: str = "de") -> Entry:
        return Entry("adaptation", "mlm", "text", ("de",), told={"dose": value, "languages": codes})

    assert provenance.differing([[dose("100")], [dose("100")]]) == set()
    told = provenance.differing([[dose("100")], [dose("all")]])
    assert told == {("mlm", "dose")} and named(dose("all"), ENGLISH, told=told) == ("plain", "mlm-all")
    told = provenance.differing([[dose("1")], [dose("1", "de-es")]])
    assert told == {("mlm", "languages")} and named(dose("1", "de-es"), told=told)[1] == "mlm-de-es"
    sources = [
        [Entry("adaptation", "x", kind, told={"kind": kind, "source": kind})] for kind in ("text", "parallel")
    ]
    assert provenance.differing(sources) == {("x", "kind")}  # two kinds have two sources anyway


def test_a_method_that_reads_text_and_translations_is_told_by_the_dose_of_what_differs():
    def reads(text: str, translations: str) -> list[Entry]:
        doses = {"text": text, "parallel": translations}
        return [Entry("adaptation", "both", kind, ("de",), told={"dose": of}) for kind, of in doses.items()]

    told = provenance.differing([reads("100", "50"), reads("all", "50")])
    assert told == {("both", "dose")} and named(*reads("100", "50"), told=told)[1] == "both-100"
    told = provenance.differing([reads("all", "50"), reads("all", "60")])
    assert told == {("both", "parallel dose")} and named(*reads("all", "60"), told=told)[1] == "both-60"


def test_supervision_is_the_most_that_was_read_of_a_language():
    entries = [ENGLISH, TEXT, HYBRID, Entry("probe", "probe", "measured", ("es",))]
    assert [provenance.supervision(entries, code) for code in ("en", "de", "es", "fr")] == [
        "labelled", "parallel", "none", "none",
    ]  # fmt: skip


def test_committed_runs_have_the_rungs_and_names_that_their_entries_give():
    runs = 0
    for path in FIGURES.glob("*/runs.json"):
        state = json.loads(path.read_text(encoding="utf-8"))
        read = {run["run"]: provenance.from_record(run["read"]) for run in state["runs"]}
        arms = [run for run in state["runs"] if run["arm"]]
        others = {run["run"]: (run["seed"], run["encoder"], run["head"]) for run in arms}
        told = provenance.facts_in_names({run["run"]: read[run["run"]] for run in arms}, others)
        for run in state["runs"]:
            runs += 1
            assert provenance.rung(read[run["run"]]) == run["rung"], run["label"]
            if run["arm"]:
                assert provenance.names(read[run["run"]], told).items() <= run.items(), run["label"]
    assert runs >= 263


@pytest.fixture
def door():
    test = tasks.load_pairs("demo", "test", ["en", "de"], items=6)
    return Door("demo", test, None, [])


def test_a_text_that_holds_a_test_sentence_is_left_out_and_counted(door):
    sentence = door.test[door.test.language1 == "de"].sentence1.iloc[0]
    texts = ["Ein Satz .", f"Davor {sentence} danach .", "Noch einer ."]
    kept = door.admit_by_language({"de": texts}, TEXT)["de"]
    (entry,) = door.entries
    assert kept == ["Ein Satz .", "Noch einer ."] and (entry.count, entry.left_out) == (2, 1)
    assert entry.fingerprint == tasks.fingerprint(kept) and door.vocabulary == kept
    assert door.table().iloc[0].to_dict() == {
        "use": "mlm", "kind": "text", "languages": "de", "source": "", "count": 2, "left out (test)": 1,
    }  # fmt: skip


def test_translations_of_which_one_side_is_a_test_sentence_are_left_out(door):
    english = door.test[door.test.language1 == "en"].sentence2.iloc[1]
    pairs = {"de": [("One .", "Eins ."), (english, "Irgendwas .")], "es": [("Two .", "Dos .")]}
    kept = door.admit_by_language(pairs, HYBRID, held_out=1)
    assert kept == {"de": [("One .", "Eins .")], "es": [("Two .", "Dos .")]}
    assert (door.entries[0].count, door.entries[0].left_out) == (
        0,
        1,
    )  # one a language is held out: nothing is left
    assert door.vocabulary == ["One .", "Eins .", "Two .", "Dos ."]


def test_a_language_of_which_nothing_is_left_is_refused_and_not_said_to_be_read(door):
    tested = door.test[door.test.language1 == "de"].sentence1.tolist()
    with pytest.raises(ValueError, match="own: all 6 texts of de hold a test sentence, and none is left for"):
        door.admit_by_language({"de": tested, "es": ["Uno ."]}, replace(TEXT, source="own"))
    pairs = {("one", "de"): [("One .", tested[0])], ("two", "de"): [("One .", "Eins .")]}
    kept = door.admit_by_language(pairs, HYBRID)  # one corpus has something of it
    assert kept == {("one", "de"): [], ("two", "de"): [("One .", "Eins .")]}
    with pytest.raises(ValueError, match="hybrid: all 1 texts of de hold a test sentence"):
        door.admit_by_language({("one", "de"): [("One .", tested[0])]}, HYBRID)


def test_a_line_that_is_held_out_is_not_trained_on_where_it_comes_again(tmp_path):
    (tmp_path / "de.txt").write_text("Eins .\nZwei .\nEins .\nDrei .\nZwei .\nDrei .\n", encoding="utf-8")
    for name in ("one", "two"):  # the sentence again, with another parse
        heads = ("0", "1") if name == "one" else ("2", "0")
        trees = [
            "\n".join(
                "\t".join([str(k), form, "_", "_", "_", "_", head, "dep", "_", "_"])
                for k, (form, head) in enumerate(zip(sentence.split(), heads), start=1)
            )
            for sentence in ("Eins .", f"{name} .")
        ]
        (tmp_path / name).mkdir()
        (tmp_path / name / "de.conllu").write_text("\n\n".join(trees) + "\n", encoding="utf-8")
    test = tasks.load_pairs("demo", "test", ["en", "de"], items=6)
    run = SimpleNamespace(provenance=Door("demo", test, tmp_path), codes=str.split, draw=1, source="en")
    run.kind = {"adaptation": "own"}.get
    given = {"languages": "de", "held_out": 1}
    read = make("adaptation", {"kind": "mlm", "text": str(tmp_path), **given}).gather(run)
    assert read.held_out_texts == {"de": ["Eins ."]}
    assert read.training_texts == {"de": ["Zwei .", "Drei .", "Zwei .", "Drei ."]}
    assert run.provenance.entries[-1].count == 4
    assert read.counts().loc["de"].to_dict() == {"read": 4, "held out": 1, "left out (held out)": 1}
    read = make("adaptation", {"kind": "syntax", "trees": "one two", **given}).gather(run)
    assert [tree.text for tree in read.training_texts["de"]] == ["one .", "two ."]
    assert run.provenance.entries[-1].count == 2
    pairs = [("One .", "Eins ."), ("Two .", "Zwei ."), ("One .", "Eins .")]
    assert make("adaptation", {"kind": "align", **given}).holding(texts={"de": pairs}).training_texts == {
        "de": [("Two .", "Zwei .")]
    }


def test_text_that_is_only_measured_is_not_kept_in_the_vocabulary(door):
    found = door.translations(
        "demo", ["es"], 5, Entry("probe", "probe", "measured", ("es",), "demo"), vocabulary=False
    )
    assert len(found["es"]) + door.entries[0].left_out == 5 and door.vocabulary == []


def test_labels_of_a_zero_shot_language_are_refused_wherever_they_were_read(door):
    frame = tasks.load_pairs("demo", "dev", ["en", "de"], items=4)
    door.labels(frame, "en", "train", "labels")
    assert [(e.kind, e.languages, e.count) for e in door.entries] == [
        ("labelled-source", ("en",), 4),
        ("labelled-target", ("de",), 4),
    ]
    door.refuse_labels(["es"])
    with pytest.raises(ValueError, match="de: called zero-shot, but labelled items of it are read"):
        door.refuse_labels(["de", "es"])
    ancestor = Door("demo", door.test, None, [Entry("labels", "train", "labelled-target", ("de", "zh"))])
    with pytest.raises(ValueError, match="de zh: called zero-shot, but labelled items of them are read"):
        ancestor.refuse_labels(["de", "zh"])


def test_word_lists_leave_entries_and_keep_their_words(door, tmp_path):
    (tmp_path / "en-de.txt").write_text("was wurde\nborn geboren\n", encoding="utf-8")
    (tmp_path / "synonyms.txt").write_text("was were\nthe a\n", encoding="utf-8")
    data = SimpleNamespace(
        train=pd.DataFrame({"sentence1": ["he was"], "sentence2": ["the dog"]}), test=door.test
    )
    door.synonyms(str(tmp_path / "synonyms.txt"), data, Entry("noise", "synonyms", "words", ("en",)))
    door.dictionaries(str(tmp_path), "en", ["de"], Entry("noise", "code-switch", "dictionary", ("de",)))
    synonyms, dictionary = door.entries
    assert (synonyms.source, synonyms.count) == ("synonyms.txt", 2) and dictionary.count == 2
    assert {"were", "(were", "geboren", "(geboren"} <= set(door.vocabulary)
    assert provenance.rung(door.entries) == "Z2"


def test_an_entry_of_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="kinds are labelled-source"):
        Entry("labels", "train", "labeled", ("en",))


def test_a_shared_leak_check_leaves_out_the_same_and_is_made_anew_for_another_test_set(tmp_path, monkeypatch):
    test = tasks.load_pairs("demo", "test", ["en", "de"], items=6)
    texts = {"de": ["Nichts .", test[test.language1 == "de"].sentence1.iloc[0]], "en": []}
    entry = Entry("adaptation", "mlm", "text", ("de",), "own")

    def kept(of) -> tuple:
        own = Door("demo", of, None, [], Shared(tmp_path))
        return own.admit_by_language(texts, entry), own.entries[0].left_out

    first = kept(test)
    assert first == ({"de": ["Nichts ."], "en": []}, 1)
    looked = []
    overlapping = tasks.overlapping
    monkeypatch.setattr(tasks, "overlapping", lambda *given: looked.append(1) or overlapping(*given))
    assert kept(test) == first and not looked
    assert kept(test[test.language1 == "en"])[1] == 0 and looked  # another test set


def test_parallel_items_leave_out_what_chooses_a_checkpoint_and_what_shares_a_sentence_with_it(tmp_path):
    test = tasks.load_pairs("demo", "test", ["en", "de"])
    door = Door("demo", test, None, [], Shared(tmp_path))
    entry = Entry("adaptation", "consistency", "parallel", ("de",))
    everything = door.parallel_items(["de"], "en", test[:0], 0, entry)
    chosen = everything[everything["item"] == everything["item"].iloc[0]]
    found = door.parallel_items(["de"], "en", chosen, 0, entry)
    assert not set(found.cluster) & set(chosen.cluster) and len(found) < len(everything)
    assert set(found["item"]) == set(everything["item"][~everything.cluster.isin(chosen.cluster)])
    few = door.parallel_items(["de"], "en", chosen, 3, entry)
    assert sorted(few["item"].unique()) == sorted(found["item"].unique())[:3]


TASK = """about: x
licence: y
labels: {different: [no], same: [yes]}
columns: [id, sentence1, sentence2, label]
splits:
  train: {files: "train-{language}.tsv"}
  dev: {files: "dev-{language}.tsv"}
  test: {files: "test-{language}.tsv"}
"""


def rows(code: str, split: str, count: int) -> list[list]:
    """Made-up pairs of a language and a split: number, two sentences, label."""
    return [
        [i, f"{code} sentence number {split}{i} .", f"{code} another {split}{i} one .", ("no", "yes")[i % 2]]
        for i in range(1, count + 1)
    ]


def written(place: Path, dev: dict[str, list[list]]) -> str:
    """A task with these development pairs, six test pairs a language and English training pairs."""
    tables = {f"dev-{code}": pairs for code, pairs in dev.items()} | {"train-en": rows("en", "train", 6)}
    tables |= {f"test-{code}": rows(code, "test", 6) for code in dev}
    for name, pairs in tables.items():
        lines = ["\t".join(map(str, pair)) for pair in pairs]
        (place / f"{name}.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (place / "task.yaml").write_text(TASK, encoding="utf-8")
    return str(place)


def test_parallel_items_of_a_language_beside_the_targets_hold_none_of_its_test_sentences(tmp_path):
    dev = {code: rows(code, "dev", 8) for code in ("en", "de", "fr")}
    dev["fr"][7][1] = rows("fr", "test", 3)[2][1]  # its English and German are worded otherwise
    task = written(tmp_path, dev)
    door = Door(task, tasks.load_pairs(task, "test", ["en", "de"]), None)
    chosen = tasks.load_pairs(task, "dev", ["en", "de"], items=2)
    entry = Entry("adaptation", "consistency", "parallel", ("fr",))
    found = door.parallel_items(["fr"], "en", chosen, 0, entry)
    assert sorted(set(found["item"])) == [3, 4, 5, 6, 7] and door.entries[-1].left_out == 1


def test_parallel_items_share_no_sentence_with_pairs_that_choose_a_checkpoint_in_more_languages(tmp_path):
    dev = {code: rows(code, "dev", 8) for code in ("en", "de", "ja")}
    dev["ja"][1][1] = dev["ja"][0][1]  # items 1 and 2: one cluster, but not in English and German
    dev["en"][7][1] = dev["en"][1][1]  # items 2 and 8
    task = written(tmp_path, dev)
    chosen = tasks.load_pairs(task, "dev", ["en", "de", "ja"], items=2)
    door = Door(task, tasks.load_pairs(task, "test", ["en", "de", "ja"]), None)
    entry = Entry("adaptation", "consistency", "parallel", ("de",))
    found = door.parallel_items(["de"], "en", chosen, 0, entry)
    assert not set(found.sentence1) & set(chosen.sentence1)
    assert sorted(set(found["item"])) == [3, 4, 5, 6, 7]


def asking(task: str, door: Door, head: str, dev: int = 0) -> SimpleNamespace:
    """What labelled pairs ask of a run with a frozen head."""
    run = SimpleNamespace(task=task, targets=["en", "de"], source="en", folder=None, provenance=door)
    run.scored, run.head, run.codes = make("scored", {"dev": dev}), make("head", head), str.split
    return run


@pytest.mark.parametrize("split", ["train", "dev"])
def test_a_threshold_is_fitted_on_no_development_pair_that_holds_a_test_sentence(tmp_path, split):
    dev = {code: rows(code, "dev", 8) for code in ("en", "de")}
    for i in range(6):
        dev["en"][i][1] = rows("en", "test", 6)[i][1]
    task = written(tmp_path, dev)
    door = Door(task, tasks.load_pairs(task, "test", ["en", "de"]), None)
    labelled = make("labelled", {"split": split, "zero_shot": "de"})
    data = labelled.load(asking(task, door, "cosine"), ["en"])
    (entry,) = door.entries
    assert data.dev["item"].tolist() == data.train["item"].tolist() == [7, 8]
    assert (entry.count, entry.left_out) == (2, 6) and data.record(data.test)["dev_shared_with_test"] == 6
    assert door.table()["left out (test)"].tolist() == [6]


def test_a_frozen_head_that_would_not_see_every_class_is_refused(tmp_path):
    task = written(tmp_path, {code: rows(code, "dev", 8) for code in ("en", "de")})
    test = tasks.load_pairs(task, "test", ["en", "de"])
    for head, items, dev in (("logistic", 1, 0), ("cosine", 0, 1)):
        labelled = make("labelled", {"items": items, "zero_shot": "de"})
        with pytest.raises(ValueError, match="none of the 1 labelled pairs .* is different, and it knows"):
            labelled.load(asking(task, Door(task, test, None), head, dev), ["en"])
    labelled = make("labelled", {"items": 2, "zero_shot": "de"})
    assert len(labelled.load(asking(task, Door(task, test, None), "logistic"), ["en"]).train) == 2
