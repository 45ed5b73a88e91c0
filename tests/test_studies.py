"""Planning a study: likes, seeds, references, overrides, and every mistake named before a kernel starts."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from tiny_studies import HYBRID, ROOT, command, here, run_all, tiny_study

from xltlib import lineage, parameters, studies
from xltlib.run import Run

ENCODER = Path("tiny-encoder")


def planned(study: dict, overrides: tuple[str, ...] = (), data: str = "", runs: str = "runs", folder=ROOT):
    return studies.Study("tiny", study, folder).plan(studies.parse_set(list(overrides)), data, Path(runs))


def test_the_plan_resolves_names_to_runs_and_shares_encoders(tmp_path):
    nodes = planned(tiny_study(ENCODER), ("seeds=1,2",)).nodes
    assert len(nodes) == 1 + 2 * 4
    mlm = nodes["mlm"].run
    assert {nodes[f"english-mlm seed {seed}"].parameters["encoder"]["name"] for seed in (1, 2)} == {mlm}
    assert nodes["hybrid seed 2"].parameters["start"] == nodes["english seed 2"].run
    assert nodes["hybrid-mlm seed 1"].needs == ["mlm", "english-mlm seed 1"]
    assert len({node.run for node in nodes.values()}) == len(nodes)
    # Where things lie is no part of what a run is.
    elsewhere = planned(tiny_study(ENCODER), ("seeds=1,2",), str(tmp_path), "elsewhere").nodes
    assert [node.run for node in elsewhere.values()] == [node.run for node in nodes.values()]


def test_seeds_take_the_draws_of_an_adapted_encoder_in_turn():
    adapted = {"adaptation": {"text": "demo", "sentences": 60}, "steps": 2, "draws": 2}
    aligned = {"adaptation": {"kind": "align", "corpus": "demo"}, "encoder": {"name": "mlm"}, "draws": 2}
    arms = {"a": {}, "b": {"encoder": {"name": "aligned"}}}
    study = tiny_study(
        Path("tiny"), seeds=[1, 2, 3], encoders={"mlm": adapted, "aligned": aligned}, arms=arms
    )
    plan = planned(study)
    assert [plan[f"mlm draw {n}"].parameters["draw"] for n in (1, 2)] == [1, 2]
    assert plan["aligned draw 2"].needs == ["mlm draw 2"]
    assert [plan[f"b seed {n}"].needs for n in (1, 2, 3)] == [[f"aligned draw {n}"] for n in (1, 2, 1)]
    assert len({plan[f"b seed {n}"].parameters["encoder"]["name"] for n in (1, 2, 3)}) == 2
    once = {name: of for name, of in aligned.items() if name != "draws"}
    with pytest.raises(ValueError, match="aligned: mlm has draws: give draws: .1, 2. to what starts from it"):
        planned({**study, "encoders": {"mlm": adapted, "aligned": {**aligned, "draws": 3}}})
    with pytest.raises(ValueError, match="aligned: mlm has draws: give draws: .1, 2. to what starts from it"):
        planned({**study, "encoders": {"mlm": adapted, "aligned": once}})
    # Or in an order that is written down.
    both = {"mlm": {**adapted, "draws": [1, 3]}, "aligned": {**aligned, "draws": [1, 3, 1]}}
    plan = planned({**study, "encoders": both})
    assert [plan[f"b seed {n}"].needs for n in (1, 2, 3)] == [[f"aligned draw {n}"] for n in (1, 3, 1)]
    assert plan["aligned draw 3"].needs == ["mlm draw 3"] and "mlm draw 2" not in plan.nodes
    for draws in (0, "two", 1001, [], [1, 0], [1, "two"], None):
        encoders = {"mlm": {**adapted, "draws": draws}}
        with pytest.raises(ValueError, match="mlm: draws = .*: a number from 1"):
            planned(tiny_study(Path("tiny"), encoders=encoders))


def test_controls_are_arms():
    study = tiny_study(Path("tiny"), controls="english hybrid")
    assert planned(study).study.controls == ["english", "hybrid"]
    with pytest.raises(ValueError, match="controls: plain is no arm"):
        planned({**study, "controls": "plain"})


def test_groups_hold_the_targets_all_of_them():
    groups = {"known": "de ko", "unknown": "id sw"}
    study = tiny_study(Path("tiny"), groups=groups)
    study["common"]["targets"] = "en de ko id sw"
    assert planned(study).study.groups == groups
    wrong = {
        "groups: fr is no target": {**groups, "more": "ja fr"},
        "groups: id is a target in none of them": {"known": "de ko"},
        "de stands in them twice": {"known": "de ko", "unknown": "de sw"},
        "unknown = 'id': wanted two codes or more": {"known": "de ko", "unknown": "id"},
        "groups: unseen is what figures call other means": {"unseen": "de ko"},
        "'new': a name has four letters or more": {"new": "de ko"},
    }
    for told, given in wrong.items():
        with pytest.raises(ValueError, match=told):
            planned({**study, "groups": given})


def test_what_a_long_chain_waits_for_comes_first():
    plan = planned(tiny_study(ENCODER))
    behind = plan.chains(list(plan.nodes))
    for label, node in plan.nodes.items():
        assert all(behind[need] > behind[label] for need in node.needs)
    assert behind["mlm"] == 3 and behind["hybrid-mlm seed 1"] == 1  # mlm, english-mlm, hybrid-mlm


def test_a_like_gives_its_options_and_another_kind_starts_afresh():
    study = tiny_study(ENCODER)
    study["parts"] = {"wide": {"batches": {"kind": "hybrid", "size": 4, "cross": "drop"}, "steps": 7}}
    study["arms"] = {
        "same": {"like": "wide"},
        "narrow": {"like": "wide", "batches": {"size": 2, "cross": {"kind": "drop", "rate": 0.5}}},
        "plain": {"like": "narrow", "batches": {"kind": "monolingual"}},
    }
    nodes = {label: node for label, node in planned(study).nodes.items() if node.arm}
    batches = {label: node.parameters["batches"] for label, node in nodes.items()}
    assert batches["same seed 1"] == {
        "kind": "hybrid", "size": 4, "alpha": 0.5, "exponent": 0.0, "cross": {"kind": "drop", "rate": 0.3},
    }  # fmt: skip
    assert batches["narrow seed 1"]["size"] == 2 and batches["narrow seed 1"]["cross"]["rate"] == 0.5
    assert batches["plain seed 1"] == {"kind": "monolingual", "size": 8, "exponent": 0.0}
    assert {node.parameters["steps"] for node in nodes.values()} == {7}
    assert "wide seed 1" not in nodes  # a part is never run


def test_a_study_may_be_like_another():
    book = studies.Book(
        Path("studies.yaml"), {"one": tiny_study(ENCODER), "two": {"like": "one", "common": {"steps": 9}}}
    )
    one, two = (book[name].plan({}) for name in ("one", "two"))
    assert list(one.nodes) == list(two.nodes)
    assert {n.parameters["steps"] for n in two.nodes.values() if n.arm} == {9}
    with pytest.raises(ValueError, match="study three: like 'four' is no other study of studies.yaml"):
        studies.Book(Path("studies.yaml"), {"three": {"like": "four"}})["three"]


ADAPTED = {"adaptation": {"text": "demo", "sentences": 60}}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"common": {"task": "demo", "stepz": 3}}, "no notebook has a parameter 'stepz'"),
        ({"arms": {"english": {"step": 3}}}, "english: 20_finetune has no parameter 'step'"),
        ({"arms": {"english": {"steps": "3"}}}, "steps = '3' is str, wanted int"),
        ({"arms": {"english": {"steps": True}}}, "steps = True is bool, wanted int"),
        ({"arms": {"english": {"noise": {"kind": "fgm"}}}}, "english: noise fgm needs radius"),
        (
            {"arms": {"english": {"noise": {"kind": "fgm", "radius": -1.0}}}},
            "radius = -1.0, wanted a number above 0",
        ),
        ({"arms": {"english": {"noise": "some"}}}, "english: noise: no kind 'some'; known are none, fgm"),
        ({"arms": {"hybrid": {"start": "english"}}}, "start 'english' is nothing above it"),
        ({"arms": {"a": {}, "b": {"start": "a"}}}, "keeps no trained model: give it keep_model: true"),
        ({"arms": {"english": {"start": "mlm"}}}, "starts from 'mlm', which keeps no trained model"),
        (
            {"arms": {"english": {"like": "some"}}},
            "english: like 'some' is nothing above it in the study; above are 'mlm'",
        ),
        ({"trunk": {"english": {}}}, "'english' stands twice"),
        ({"arms": {"more": ADAPTED}}, "more: an adaptation is no arm"),
        ({"trunk": {"more": ADAPTED}}, "needs start, the model it adapts"),
        ({"finetune": {}}, "unknown field 'finetune'"),
        ({"seeds": None, "common": {"seed": 3}}, "name the seeds of a study as seeds"),
        ({"seeds": [0]}, "a list of whole numbers from 1"),
        ({"seeds": "1, 2"}, "a list of whole numbers from 1"),
        ({"arms": {"english": {"targets": "en xx"}}}, "unknown language 'xx'"),
        ({"arms": ["english"]}, "arms = ['english']: wanted names with a value each"),
        ({"arms": {"english": [1]}}, "english = [1]: wanted names with a value each"),
        ({"common": [1]}, "common = [1]: wanted names with a value each"),
        ({"seeds": 1.5}, "a list of whole numbers from 1"),
        ({"arms": {"english": {"seed": 3}}}, "english: seeds, --data and --runs say what seed"),
        ({"arms": {"english": {"like": ["mlm"]}}}, "english: like ['mlm'] is nothing above it"),
        ({"arms": {"english": {"start": 3}}}, "english: start 3 is nothing above it"),
        ({"arms": {"english": {"encoder": None}}}, "english: encoder = None: wanted a dictionary of options"),
        ({"arms": {"english": {"noise": {"kind": None}}}}, "english: noise: kind = None, wanted a word"),
        ({"arms": {"english": {"targets": ""}}}, "targets = '': it must name something"),
        ({"summary": "some"}, "summary 'some' is no notebook"),
        (
            {"arms": {"english": {"penalty": {"kind": "dann", "text": "demo", "languages": "xx"}}}},
            "unknown language 'xx'",
        ),
        (
            {"encoders": {"mlm": {"adaptation": {"text": "wikipedia"}}}},
            "adaptation.text = 'wikipedia' comes from a data folder",
        ),
        (
            {"encoders": {"mlm": {**ADAPTED, "measured": {"probes": "es", "corpus": "ntrex"}}}},
            "measured.corpus = 'ntrex'",
        ),
    ],
)
def test_mistakes_are_named(change, complaint):
    with pytest.raises(ValueError) as error:
        planned(tiny_study(ENCODER, **change))
    assert complaint in str(error.value) and "\n" not in str(error.value)


def test_a_mistake_ends_the_command_before_anything_is_written(tmp_path):
    result = here(tmp_path, tiny_study(ENCODER, arms={"english": {"noise": {"kind": "fgm", "radius": 0.0}}}))
    assert result.returncode == 2 and not (tmp_path / "runs").exists()
    lines = (tmp_path / "studies.yaml").read_text(encoding="utf-8").splitlines()
    complaint = "run_all: english: noise fgm: radius = 0.0, wanted a number above 0"
    line = lines.index("    english:") + 1
    assert result.stderr.strip() == f"{complaint} (studies.yaml, line {line})"


def test_a_study_file_that_is_none_is_named(tmp_path):
    path = tmp_path / "studies.yaml"
    for text, complaint in (("a: [1", "studies.yaml, line 1: "), ("- a\n", "wanted a mapping")):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match=complaint):
            studies.read(path)


def test_an_arm_can_have_seeds_of_its_own():
    study = tiny_study(ENCODER)
    study["arms"]["english"]["seeds"] = [1, 2, 3]
    labels = set(planned(study).nodes)
    assert {f"english seed {seed}" for seed in (1, 2, 3)} <= labels and "english-mlm seed 2" not in labels
    assert "english seed 3" not in planned(study, ("seeds=1",)).nodes
    study["arms"]["english"]["seeds"] = [0]
    with pytest.raises(ValueError, match="whole numbers from 1"):
        planned(study)


def test_what_the_command_line_sets_reaches_the_runs_that_have_it():
    study = tiny_study(ENCODER)
    study["arms"]["fgm"] = {"noise": {"kind": "fgm", "radius": 0.1}}
    nodes = planned(study, ("noise.radius=0.01", "steps=9", "batches.cross.size=5")).nodes
    assert nodes["fgm seed 1"].parameters["noise"]["radius"] == 0.01
    assert nodes["english seed 1"].parameters["noise"] == {"kind": "none"}
    assert nodes["hybrid seed 1"].parameters["batches"]["cross"]["size"] == 5
    assert {node.parameters["steps"] for node in nodes.values()} == {9}
    other = planned(study, ("noise.kind=none",)).nodes
    assert other["fgm seed 1"].parameters["noise"] == {"kind": "none"}
    whole = planned(study, ('noise={"kind": "drop", "share": 0.2}',)).nodes
    assert whole["english seed 1"].parameters["noise"] == {"kind": "drop", "share": 0.2}
    for wrong, complaint in (
        ("stepz=1", "--set stepz: no run of this study has it"),
        ("noise.radiuss=1", "--set noise.radiuss: no run of this study has it"),
        ("noise.radius=-1", "radius = -1, wanted a number above 0"),
        ("seed=3", "as seeds"),
    ):
        with pytest.raises(ValueError, match=complaint):
            planned(study, (wrong,))
    for wrong, complaint in (("steps", "write name=value"), ("seeds=a", "seeds are whole numbers")):
        with pytest.raises(ValueError, match=complaint):
            studies.parse_set([wrong])


def test_what_is_set_of_a_scoring_that_frozen_vectors_lack_goes_past_them():
    arms = {"english": {}, "frozen": {"head": "logistic"}}
    study = tiny_study(ENCODER, encoders={}, arms=arms)
    sets = ("scored.averaged=2", "scored.ema=0.9", "scored.precision=bf16")
    nodes = planned(study, sets).nodes
    assert nodes["frozen seed 1"].run == planned(study).nodes["frozen seed 1"].run
    scored = nodes["english seed 1"].parameters["scored"]
    assert (scored["averaged"], scored["ema"], scored["precision"]) == (2, 0.9, "bf16")
    study["common"]["scored"]["averaged"] = 2
    with pytest.raises(ValueError, match="frozen: scored.averaged = 2 has no effect"):
        planned(study)


def test_another_encoder_is_adapted_too():
    nodes = planned(tiny_study(ENCODER), ("encoder.name=other",)).nodes
    assert (
        nodes["mlm"].parameters["encoder"]["name"]
        == nodes["english seed 1"].parameters["encoder"]["name"]
        == "other"
    )
    assert nodes["english-mlm seed 1"].parameters["encoder"]["name"] == nodes["mlm"].run


def test_an_encoder_that_is_not_there_is_named_before_a_kernel_starts(tmp_path):
    with pytest.raises(ValueError, match="encoder.name = '.*/none': no such folder; one of the hub is"):
        planned(tiny_study(ENCODER), ("encoder.name=./none",))
    (tmp_path / "mine").mkdir()
    given = planned(tiny_study(ENCODER), ("encoder.name=./mine",), folder=tmp_path).nodes
    assert given["mlm"].parameters["encoder"]["name"] == str(tmp_path / "mine")


def test_folders_are_resolved_where_the_study_is_planned(tmp_path):
    (tmp_path / "lists").mkdir()
    study = tiny_study(ENCODER)
    study["arms"] = {
        "words": {"batches": {"kind": "hybrid", "cross": {"kind": "dictionary", "folder": "lists"}}}
    }
    cross = planned(study, folder=tmp_path).nodes["words seed 1"].parameters["batches"]["cross"]
    assert cross["folder"] == str(tmp_path / "lists")
    study["arms"]["words"]["batches"]["cross"]["folder"] = "none"
    with pytest.raises(ValueError, match="cross.folder = '.*none' is no folder; it holds word lists"):
        planned(study)


def test_text_that_the_data_folder_has_not_is_named(tmp_path):
    (tmp_path / "text/wikipedia").mkdir(parents=True)
    study = tiny_study(ENCODER, encoders={"mlm": {"adaptation": {"text": "wikipdia"}}})
    with pytest.raises(
        ValueError, match=f"text = 'wikipdia' is not in the data folder, {tmp_path}: known are .*wikipedia"
    ):
        planned(study, data=str(tmp_path))
    study["encoders"]["mlm"]["adaptation"]["text"] = "wikipedia"
    with pytest.raises(ValueError, match="mlm: adaptation.text = 'wikipedia': nothing in 'de'"):
        planned(study, data=str(tmp_path))
    (tmp_path / "text/wikipedia/de.txt").write_text("Satz .\n", encoding="utf-8")
    assert "mlm" in planned(study, data=str(tmp_path)).nodes


def test_a_mistake_in_what_is_common_has_the_line_of_common(tmp_path):
    text = "mine:\n  seeds: [1]\n  common:\n    task: ./mien\n    targets: en de\n  arms:\n    plain: {}\n"
    (tmp_path / "studies.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"mien.*studies.yaml, line 4"):
        studies.read(tmp_path / "studies.yaml")["mine"].plan({}, runs=tmp_path)


def test_data_that_is_asked_for_without_a_folder_is_said_with_the_line(tmp_path, monkeypatch):
    monkeypatch.delenv("XLTLIB_DATA", raising=False)
    study = studies.read(ROOT / "experiments.yaml")["baseline"]
    with pytest.raises(ValueError, match=r"set XLTLIB_DATA or --data \(.*experiments.yaml, line \d+\)"):
        study.plan({}, runs=tmp_path)


def test_the_name_that_was_meant_is_offered_for_a_start():
    arms = {"english": {"keep_model": True}, "on": {"start": "englsh"}}
    study = tiny_study(ENCODER, encoders={}, arms=arms)
    with pytest.raises(ValueError, match="'englsh' is nothing above it in the study; did you mean english?"):
        planned(study)


LABELS = {  # of adapted encoders
    "adapted": ADAPTED,
    "adapt-it": {**ADAPTED, "steps": 2},
    "bert-base-multilingual": {**ADAPTED, "steps": 3},
    "xlm-roberta-mlm": {**ADAPTED, "steps": 5},
}


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("adpted", "; did you mean adapted?"),
        ("ofline", "; did you mean offline?"),
        ("adapt-id", "; did you mean adapt-it?"),
        ("adapted seed 1", "; did you mean adapted?"),
        ("plain", ""),  # an arm, which stands below
    ],
)
def test_a_misspelt_encoder_is_named_before_a_kernel_starts(name, meant):
    arms = {"other": {"encoder": {"name": name}}, "plain": {}}
    study = tiny_study(ENCODER, encoders=LABELS, arms=arms)
    with pytest.raises(ValueError) as error:
        planned(study)
    assert str(error.value).startswith(f"other: encoder.name = {name!r}: no adapted encoder above it")
    assert str(error.value).endswith(f"ORGANISATION/MODEL{meant}")


def test_what_may_be_a_model_of_the_hub_is_no_misspelt_encoder():
    old = "bert-base-multilingual-cased xlm-roberta-base distilbert-base-multilingual-cased xlm-mlm-100-1280"
    more = "albert-base-v2 camembert-base roberta-base mine/adpted offline adapt-29e3dc5296 zzz"
    arms = {f"arm-{n}": {"encoder": {"name": name}} for n, name in enumerate([*old.split(), *more.split()])}
    plan = planned(tiny_study(ENCODER, encoders=LABELS, arms=arms))
    names = [plan[f"{label} seed 1"].parameters["encoder"]["name"] for label in arms]
    assert names == [*old.split(), *more.split()]


def test_a_plan_without_a_zero_shot_target_says_that_it_has_no_answer(tmp_path, monkeypatch):
    told = "no arm has a zero-shot target, so the summary will have no answer"
    study = tiny_study(ENCODER)
    assert planned(study).no_answer() == "" and "zero-shot target" not in planned(study).table([])
    labelled = {"languages": "en de", "zero_shot": ""}
    study["arms"]["hybrid"]["labelled"] = labelled  # one arm of several
    assert planned(study).no_answer() == ""
    of_all = {**study, "common": {**study["common"], "labelled": labelled}}
    assert told in planned(of_all).no_answer()
    alone = tiny_study(ENCODER, arms={"english": {}}, encoders={})
    alone["common"]["targets"] = "en"
    assert planned(alone).no_answer().startswith(f"targets = 'en': {told}")
    assert here(tmp_path, alone, "--list").stdout.splitlines()[-1] == planned(alone).no_answer()

    def stopped(*_):
        raise ValueError("stopped")

    monkeypatch.setattr(run_all, "carried_out", stopped)
    said = here(tmp_path, alone).stderr.splitlines()
    assert said == [f"beforehand: {planned(alone).no_answer()}", "run_all: stopped"]
    assert planned({**alone, "summary": "50_development"}).no_answer() == ""
    assert planned(study).only("mlm").no_answer() == ""


def test_the_source_is_any_language_and_its_labels_are_asked_for():
    study = tiny_study(ENCODER, encoders={}, arms={"plain": {}})
    study["common"] |= {"targets": "de en", "labelled": {"items": 60}}
    with pytest.raises(ValueError, match="it lacks de, .*; say labelled: {languages: de}, or let targets"):
        planned(study)
    study["common"]["labelled"]["languages"] = "de"
    assert planned(study)["plain seed 1"].parameters["labelled"]["zero_shot"] == "en"


def test_targets_without_test_pairs_are_refused_before_a_kernel_starts(paws):
    study = tiny_study(ENCODER)
    study["common"]["targets"] = "en sna"
    with pytest.raises(ValueError, match="task demo: no test pairs of language 'sna'; there are .* zh"):
        planned(study)
    study["common"] |= {"task": "paws-x", "targets": "en de"}
    assert "english seed 1" in planned(study, data=str(paws)).nodes
    (paws / "paws-x/x-final/de/test_2k.tsv").unlink()
    with pytest.raises(ValueError, match="no test file of language 'de': looked for .*/de/test_2k.tsv"):
        planned(study, data=str(paws))


def test_a_head_from_the_command_line_finds_its_notebook_or_is_refused():
    study = tiny_study(ENCODER, arms={"a": {}})
    with pytest.raises(ValueError, match="a: head cosine is not of 20_finetune: it is of 21_frozen"):
        planned(study, ("head=cosine",))


def test_studies_that_are_like_each_other_are_named():
    book = studies.Book(Path("studies.yaml"), {"one": {"like": "two"}, "two": {"like": "one"}, "three": 5})
    with pytest.raises(ValueError, match="like 'one' is no other study"):
        book["one"]
    with pytest.raises(ValueError, match="study three = 5: wanted names with a value each"):
        book["three"]


def test_copies_need_a_control():
    study = tiny_study(ENCODER)
    copies = {"noise": {"kind": "synonyms-copies", "words": "file.txt"}, "steps": 3}
    study["arms"] = {"copies": copies, "control": {"steps": 2}}
    with pytest.raises(ValueError, match="copies seed 1: synonyms-copies without a control"):
        planned(study)
    study["arms"]["control"]["steps"] = 3
    assert "control seed 1" in planned(study).nodes


def test_frozen_vectors_of_the_encoder_itself_are_made_once():
    study = tiny_study(ENCODER)
    study["arms"] = {"frozen": {"head": "cosine"}, "trained": {"keep_model": True, "head": "bi"}}
    study["arms"]["vectors"] = {"head": "cosine", "start": "trained"}
    nodes = planned(study, ("seeds=1,2",)).nodes
    assert "frozen seed 2" not in nodes and "vectors seed 2" in nodes
    assert nodes["frozen seed 1"].notebook == nodes["vectors seed 2"].notebook == "21_frozen"


def test_every_study_of_the_project_can_be_planned_without_torch():
    code = (
        "import sys; from pathlib import Path; from xltlib import studies;"
        "book = studies.read(Path('experiments.yaml'));"
        "plans = {n: book[n].plan({}, reads=False) for n in book.studies};"
        "assert 'torch' not in sys.modules;"
        "ids = {name: {n.run for n in p.nodes.values()} for name, p in plans.items()};"
        "assert all(p.study.cost and len(ids[name]) == len(p.nodes) for name, p in plans.items());"
        "print(len(plans), sum(len(p.nodes) for p in plans.values()))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    counted = [int(n) for n in done.stdout.split()]
    assert counted[0] >= 20 and counted[1] > 800


def test_a_plan_resolves_the_parameters_of_each_run_once(monkeypatch):
    counted, resolve = [], parameters.resolve
    monkeypatch.setattr(parameters, "resolve", lambda *given: counted.append(given) or resolve(*given))
    plan = studies.read(ROOT / "experiments.yaml")["paws-x"].plan({}, "not needed", reads=False)
    assert len(plan.nodes) == len(counted) == 96


@pytest.mark.parametrize("name", ["paws-x", "paws-x-strong", "syntax"])
def test_no_stage_of_a_training_makes_the_batches_of_another(name):
    # What starts from a model draws from its pairs in an order that the seed and their number fix.
    nodes = studies.read(ROOT / "experiments.yaml")[name].plan({"seeds": [1]}, reads=False).nodes.values()
    by_run = {node.run: node.parameters for node in nodes}
    for node in nodes:
        read, given = [], node.parameters
        while given["start"]:
            if "labelled" in given:
                read.append((given["labelled"]["items"], given["batches"]["kind"]))
            given = by_run[given["start"]]
        assert len(read) == len(set(read)), node.label


def test_a_training_that_draws_the_batches_of_one_before_it_is_warned_of():
    trunk = {"first": {"keep_model": True}, "second": {"start": "first", "keep_model": True}}
    arms = {"plain": {"start": "second"}, "hybrid": {"start": "second", "batches": HYBRID}}
    arms["as-it-was"] = {"start": "second", "learning_rate": 0.0}
    study = tiny_study(ENCODER, encoders={}, trunk=trunk, arms=arms)
    said = lineage.same_batches(planned(study).nodes)
    assert said == (
        "plain seed 1 draws the labelled pairs of second seed 1, which it goes on from, again in the same "
        "order; give it another labelled.items"
    )
    more = lineage.same_batches(planned(study, ("seeds=1,2",)).nodes)
    assert "again in the same order, and so in 1 more;" in more
    arms["plain"]["labelled"] = {"items": 59}
    assert not lineage.same_batches(planned(study).nodes)


def test_the_third_training_of_a_chain_draws_as_the_second_and_the_first_draws_otherwise():
    def drawn(start: str) -> list[int]:
        return list(Run.rng(SimpleNamespace(seed=1, start=start), "batches").permutation(50))

    first, second, third = map(drawn, ("", "finetune-first", "finetune-second"))
    assert first != second == third  # what the warning is for


def test_two_studies_share_no_anchors():
    text = (ROOT / "experiments.yaml").read_text(encoding="utf-8")
    words = [line.split("#")[0] for line in text.splitlines()]
    assert not [line for line in words if "<<" in line or " &" in line or " *" in line]


def test_the_list_prints_every_resolved_value_and_unknown_studies_are_named(tmp_path):
    study = tiny_study(ENCODER)
    study["arms"] = {"hybrid": {"batches": HYBRID}}
    listed = here(tmp_path, study, "--list")
    assert listed.returncode == 0, listed.stderr
    line = "batches: {kind: hybrid, size: 8, alpha: 0.5, exponent: 0.0, cross: {kind: translations, corpus: "
    assert line in listed.stdout and listed.stdout.splitlines()[-3].endswith("to do")
    asked = command(tmp_path, study)
    asked[2] = "paws"
    result = subprocess.run(asked, capture_output=True, text=True)
    assert result.returncode == 2 and "no study 'paws' in studies.yaml: it has tiny" in result.stderr
