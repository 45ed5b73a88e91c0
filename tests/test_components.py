"""Components: made from dictionaries, checked by name, type and range; what goes together; fingerprints."""

import math
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from xltlib import fingerprint, parameters, provenance, tasks
from xltlib.components.base import Component, find, make, merged, option, options_of, resolved
from xltlib.components.kinds import FAMILIES
from xltlib.components.noise import Noise
from xltlib.components.penalty import Penalty
from xltlib.door import Door
from xltlib.noise.base import plain

ROOT = Path(__file__).resolve().parent.parent
KINDS = [(family, kind) for family, kinds in FAMILIES.items() for kind in kinds]
NEEDED = {  # options without a default
    "dictionary": {"folder": "lists"},
    "code-switch": {"folder": "lists"},
    "synonyms": {"words": "file.txt"},
    "synonyms-copies": {"words": "file.txt"},
    "translations": {"corpus": "demo"},
    "drop": {"share": 0.1},
    "mixup": {"share": 0.3},
    "salt": {"share": 0.3},
    "dann": {"text": "demo"},
    "coral": {"text": "demo"},
    "mmd": {"text": "demo"},
    **{kind: {"radius": 0.1} for kind in ("fgm", "pgd", "freelb", "gaussian", "perturbation", "uniform")},
}


def given(family: str, kind: str) -> dict:
    """The least that makes a component of this kind."""
    needed = {} if (family, kind) == ("cross", "drop") else NEEDED.get(kind, {})
    return {"kind": kind, **needed}


@pytest.mark.parametrize(("family", "kind"), KINDS)
def test_every_kind_is_made_and_says_what_its_options_are(family, kind):
    component = make(family, given(family, kind))
    classes = [base for base in type(component).__mro__ if issubclass(base, Component)]
    docstrings = " ".join(base.__doc__ or "" for base in classes)
    for name in options_of(type(component)):
        assert re.search(rf"\b{name}\b", docstrings), (
            f"{type(component).__name__}'s docstring does not say what {name} is"
        )
    assert type(component).__doc__ and resolved(family, given(family, kind), "de")["kind"] == kind
    if family in ("head", "batches", "cross", "noise", "penalty", "adaptation", "after"):
        assert "rung" in type(component).__doc__, "which rung it needs"


@pytest.mark.parametrize(("family", "kind"), KINDS)
def test_every_wrong_option_is_one_line_that_names_component_option_value_and_what_there_is(family, kind):
    with pytest.raises(ValueError, match=rf"^{family} {kind} has no option 'radiuss': it has ") as error:
        make(family, {**given(family, kind), "radiuss": 1})
    assert "\n" not in str(error.value)
    for name in NEEDED.get(kind, {}) if (family, kind) != ("cross", "drop") else {}:
        rest = {option: value for option, value in given(family, kind).items() if option != name}
        with pytest.raises(ValueError, match=rf"^{family} {kind} needs {name}$"):
            make(family, rest)
    for name, option in options_of(find(family, kind)).items():
        if option.type in ("int", "float"):
            for value in ("3", True, None, math.nan, math.inf):
                with pytest.raises(ValueError, match=rf"^{family} {kind}: {name} = "):
                    make(family, {**given(family, kind), name: value})


@pytest.mark.parametrize(
    ("family", "options", "complaint"),
    [
        ("noise", {"kind": "pgdd"}, "noise: no kind 'pgdd'; known are none, fgm, pgd, "),
        ("noise", {"kind": "fgm", "radius": 0.0}, "noise fgm: radius = 0.0, wanted a number above 0"),
        ("noise", {"kind": "fgm", "radius": -1}, "noise fgm: radius = -1, wanted a number above 0"),
        ("noise", {"kind": "fgm", "radius": 0.1, "norm": "l1"}, "norm = 'l1': known are 'token', 'sequence'"),
        (
            "noise",
            {"kind": "pgd", "radius": 0.1, "steps": 0},
            "noise pgd: steps = 0, wanted a number of at least 1",
        ),
        ("noise", {"kind": "drop", "share": 1.5}, "noise drop: share = 1.5, wanted a number of at most 1"),
        (
            "batches",
            {"kind": "hybrid", "alpha": 1.2},
            "batches hybrid: alpha = 1.2, wanted a number of at most 1",
        ),
        ("batches", {"size": 0}, "batches monolingual: size = 0, wanted a number of at least 1"),
        ("batches", {"size": 2.5}, "batches monolingual: size = 2.5 is float, wanted int"),
        ("batches", {"kind": "hybrid", "cross": {"kind": "translation"}}, "cross: no kind 'translation'"),
        ("batches", {"kind": "hybrid", "cross": {"kind": "translations"}}, "cross translations needs corpus"),
        ("labelled", {"split": "test"}, "labelled pairs: split = 'test': known are 'train', 'dev'"),
        ("labelled", {"languages": "en xx"}, "unknown language 'xx'"),
        ("encoder", {"dropout": 2}, "encoder held: dropout = 2, wanted a number below 1"),
        ("encoder", 3, "encoder = 3: wanted a dictionary of options, or a kind"),
        ("noise", {"kind": "nowhere.at_all:Noise"}, "noise: kind 'nowhere.at_all:Noise' cannot be imported"),
        ("noise", {"kind": "./mylab:S"}, "an import path is written without ./ and .py, as in mylab."),
        ("noise", {"kind": "mylab.py:S"}, "an import path is written without ./ and .py"),
        ("noise", {"kind": "my-lab:S"}, "an import path is written without ./ and .py"),
        ("noise", {"kind": "random:S"}, "random is a module of Python itself; give your own another name"),
        ("noise", {"kind": "xltlib.batching:Batch"}, "is no xltlib.components.base.Component"),
        ("noise", {"kind": "xltlib.components.head:Bi"}, "has no method step: its name is misspelt, or"),
        ("labelled", {"languages": ""}, "labelled pairs: languages = '': it must name something"),
        ("penalty", {"kind": "dann", "text": ""}, "penalty dann: text = '': it must name something"),
    ],
)
def test_mistakes_are_named(family, options, complaint):
    with pytest.raises(ValueError) as error:
        make(family, options)
    assert complaint in str(error.value) and "\n" not in str(error.value)


GERMAN = {"targets": "de en", "labelled": "de"}  # the source language


@pytest.mark.parametrize(
    ("notebook", "change", "complaint"),
    [
        ("20_finetune", {"step": 3}, "20_finetune has no parameter 'step'; did you mean steps?"),
        ("20_finetune", {"steps": 0}, "20_finetune: steps = 0, wanted a number of at least 1"),
        ("20_finetune", {"steps": "3"}, "steps = '3' is str, wanted int"),
        ("20_finetune", {"learning_rate": math.nan}, "learning_rate = nan, wanted a finite number"),
        ("20_finetune", {"seed": 0}, "seed = 0, wanted a number of at least 1"),
        ("20_finetune", {"task": "pawsx"}, "unknown task 'pawsx': did you mean 'paws-x'?"),
        ("20_finetune", {"precision": "fp16"}, "precision = 'fp16': known are 'no', 'bf16', 'auto'"),
        ("20_finetune", {"head": "bi-negatives", "task": "xnli"}, "task xnli has more than two classes"),
        ("21_frozen", {"head": "cosine", "task": "xnli"}, "task xnli has more than two classes"),
        (
            "20_finetune",
            {"labelled": {"stands_for": "more-updates"}, "batches": {"kind": "hybrid"}},
            "labelled.stands_for: what stands for an adaptation has monolingual batches",
        ),
        (
            "20_finetune",
            {"labelled": {"languages": "en de"}, "noise": {"kind": "synonyms", "words": "a.txt"}},
            "word lists and neighbours are of words of en",
        ),
        (
            "20_finetune",
            {"labelled": {"languages": "de"}, "batches": {"kind": "hybrid", "cross": {"kind": "self"}}},
            "word lists and neighbours are of words of en",
        ),
        (
            "20_finetune",
            {"noise": {"kind": "pgd", "radius": 0.1}, "penalty": {"kind": "dann", "text": "demo"}},
            "noise pgd computes the loss several times a step",
        ),
        (
            "20_finetune",
            {**GERMAN, "noise": {"kind": "synonyms", "words": "wordnet"}},
            "words = 'wordnet': it is of English words, and the source language is de",
        ),
        (
            "20_finetune",
            {**GERMAN, "noise": {"kind": "synonyms-copies", "words": "wordnet"}},
            "words = 'wordnet': it is of English words, and the source language is de",
        ),
        (
            "20_finetune",
            {**GERMAN, "batches": {"kind": "hybrid", "cross": {"kind": "synonyms", "words": "wordnet"}}},
            "words = 'wordnet': it is of English words, and the source language is de",
        ),
        (
            "10_adapt",
            {"adaptation": {"kind": "mlm-ranking", "translated": "en de"}},
            "adaptation.translated = 'en de': English is the other side of translations",
        ),
        ("20_finetune", {"head": "cosine"}, "head cosine is not of 20_finetune: it is of 21_frozen"),
        ("21_frozen", {"head": "cross"}, "head cross is not of 21_frozen: it is of 20_finetune"),
        ("20_finetune", {"labelled": "en de"}, "de: called zero-shot, but labelled items of it are read"),
        (
            "20_finetune",
            {"targets": "en sw", "labelled": "en swh"},
            "sw: called zero-shot, but labelled items of it are read",
        ),
        ("10_adapt", {"adaptation": {"text": "demo", "sentences": 20}}, "nothing is left to train on"),
        (
            "10_adapt",
            {"adaptation": {"text": "demo", "patience": 2}},
            "adaptation mlm: patience = 2 has no effect without checks",
        ),
        ("20_finetune", {"penalty": "consistency"}, "a teacher that stays as it was needs start"),
        (
            "20_finetune",
            {"penalty": "consistency", "start": "finetune-1", "labelled": {"split": "dev"}},
            "its pairs are the items that labelled.split dev trains on",
        ),
        ("20_finetune", {"scored": {"votes": 3}}, "scored.votes = 3: goes with noise gaussian, perturbation"),
        (
            "20_finetune",
            {"scored": {"attack": {"kind": "gaussian", "radius": 0.1}}},
            "scored.attack: gaussian is no adversarial noise",
        ),
        (
            "10_adapt",
            {"measured": {"probes": "de", "corpus": "demo"}},
            "measured.probes: de is adapted to, and measured anyway",
        ),
        (
            "10_adapt",
            {"measured": {"probes": "es"}},
            "measured encoder: probes = 'es' has no effect without corpus",
        ),
    ],
)
def test_what_does_not_go_together_is_refused_before_anything_is_read(notebook, change, complaint):
    with pytest.raises(ValueError) as error:
        parameters.resolve(notebook, change)
    assert complaint in str(error.value) and "\n" not in str(error.value)


def test_english_is_refused_as_translated_and_not_as_text():
    ranking = {"kind": "mlm-ranking", "languages": "en de", "translated": "de"}
    assert parameters.resolve("10_adapt", {"adaptation": ranking})["adaptation"]["languages"] == "en de"


def test_wordnet_goes_with_english():
    noise = {"kind": "synonyms", "words": "wordnet"}
    assert parameters.resolve("20_finetune", {"noise": noise})["noise"]["words"] == "wordnet"


def test_targets_stand_for_all_languages_but_the_source():
    given = {"targets": "en de sw", "penalty": {"kind": "dann", "text": "demo"}}
    found = parameters.resolve("20_finetune", given)
    assert found["penalty"]["languages"] == "de sw" and found["labelled"]["zero_shot"] == "de sw"
    labelled = {"languages": "de en", "zero_shot": "sw"}
    found = parameters.resolve("20_finetune", {**given, "labelled": labelled})
    assert found["labelled"]["languages"] == "en de"  # in plot order: the order of writing is no other run


def test_options_of_a_component_are_added_and_another_kind_starts_afresh():
    base = {
        "noise": {"kind": "pgd", "radius": 0.1, "steps": 5},
        "batches": {"kind": "hybrid", "cross": {"kind": "drop"}},
    }
    assert merged(base, {"noise": {"radius": 0.2}})["noise"] == {"kind": "pgd", "radius": 0.2, "steps": 5}
    assert merged(base, {"noise": {"kind": "fgm", "radius": 0.2}})["noise"] == {"kind": "fgm", "radius": 0.2}
    inner = merged(base, {"batches": {"cross": {"rate": 0.5}}})["batches"]
    assert inner == {"kind": "hybrid", "cross": {"kind": "drop", "rate": 0.5}}
    assert merged({"batches": {"size": 8}}, {"batches": {"kind": "hybrid"}})["batches"] == {
        "size": 8,
        "kind": "hybrid",
    }
    assert base["noise"]["radius"] == 0.1  # nothing is changed in place


def test_an_option_at_its_default_is_no_part_of_what_a_run_is():
    plain = parameters.resolve("20_finetune", {})
    spelled_out = parameters.resolve(
        "20_finetune", {"noise": {"kind": "none"}, "scored": {"test": 40, "dev": 20, "bias": 0}}
    )
    other = parameters.resolve("20_finetune", {"scored": {"test": 40, "dev": 20, "bias": 5}})
    ids = [parameters.run_id("20_finetune", each) for each in (plain, spelled_out, other)]
    assert ids[0] == ids[1] != ids[2]
    assert parameters.run_id("20_finetune", {**plain, "runs": "elsewhere", "data": "/data"}) == ids[0]


@dataclass(frozen=True, kw_only=True)
class Own(Noise):
    """A noise of this file.

    Args:
        share: of nothing.
    """

    share: float = option(0.5, above=0)

    def step(self, model, seed):
        return plain


def test_a_kind_of_ones_own_is_an_import_path_and_is_checked_alike():
    assert make("noise", {"kind": f"{__name__}:Own"}) == Own(share=0.5)
    with pytest.raises(ValueError, match="share = 0, wanted a number above 0"):
        make("noise", {"kind": f"{__name__}:Own", "share": 0})
    own = parameters.resolve("20_finetune", {"noise": {"kind": f"{__name__}:Own"}})
    plain = parameters.resolve("20_finetune", {})
    assert fingerprint.code_fingerprint("20_finetune", own) != fingerprint.code_fingerprint(
        "20_finetune", plain
    )


@dataclass(frozen=True, kw_only=True)
class Misspelt(Noise):
    """A noise whose method has a name that nothing calls."""

    def stepp(self, model, seed):
        raise RuntimeError("called")


@dataclass(frozen=True, kw_only=True)
class Still(Penalty):
    """A penalty that does nothing."""


@pytest.mark.parametrize(
    ("family", "kind", "method"), [("noise", "Misspelt", "step"), ("penalty", "Still", "beside")]
)
def test_a_method_of_ones_own_that_would_change_nothing_is_refused(family, kind, method):
    with pytest.raises(ValueError, match=f"has no method {method} of its own, so it would change nothing"):
        make(family, {"kind": f"{__name__}:{kind}"})


def test_a_penalty_that_reads_nothing_says_so_by_itself():
    class Asked:
        provenance = Door("demo", tasks.load_pairs("demo", "test", ["en"], items=6), None)

        def kind(self, family):
            return "near"

    assert Still().gather(Asked()) == Still()
    (entry,) = Asked.provenance.entries
    assert (entry.role, entry.use, entry.kind) == ("adaptation", "near", "nothing")


def test_a_view_without_a_pair_to_see_is_refused_and_not_looked_for_for_ever():
    pairs = tasks.load_pairs("demo", "test", ["en", "de"], items=6).query("language1 == 'de'")
    data = SimpleNamespace(train=pairs, source="en")
    with pytest.raises(ValueError, match="it changes pairs in en, and none is read; add en to labelled"):
        make("cross", "drop").stream(SimpleNamespace(lengths=None), data, 4, None)


CACHED = ("_code_of", "_cells", "_followed")


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of the package whose files may be changed, and the fingerprint of parameters by it."""
    shutil.copytree(ROOT / "xltlib", tmp_path / "xltlib", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    monkeypatch.setattr(fingerprint, "ROOT", tmp_path)

    def code(notebook: str, given: dict) -> str:
        for name in CACHED:
            getattr(fingerprint, name).cache_clear()
        return fingerprint.code_fingerprint(notebook, parameters.resolve(notebook, given))

    yield tmp_path, code
    for name in CACHED:
        getattr(fingerprint, name).cache_clear()


def test_a_fingerprint_follows_the_modules_of_a_runs_own_components(copy):
    place, code = copy
    runs = {
        "plain": ("20_finetune", {}),
        "noisy": ("20_finetune", {"noise": {"kind": "fgm", "radius": 0.1}}),
        "words": ("20_finetune", {"noise": {"kind": "drop", "share": 0.1}}),
        "penalty": ("20_finetune", {"penalty": {"kind": "dann", "text": "demo"}}),
        "mlm": ("10_adapt", {}),
        "frozen": ("21_frozen", {}),
    }
    before = {name: code(*run) for name, run in runs.items()}
    assert len({before["plain"], before["noisy"], before["words"], before["penalty"]}) == 4

    def changed(file: str, line: str) -> set[str]:
        path = place / "xltlib" / file
        text = path.read_text(encoding="utf-8")
        path.write_text(text + line, encoding="utf-8")
        after = {name for name, run in runs.items() if code(*run) != before[name]}
        path.write_text(text, encoding="utf-8")
        return after

    assert changed("noise/embeddings.py", "\nNEW = 1\n") == {"noisy"}
    assert changed("components/word_noise.py", "\nNEW = 1\n") == {"words"}
    assert changed("adaptation/during.py", "\nNEW = 1\n") == {"penalty"}
    assert changed("adaptation/mlm.py", "\nNEW = 1\n") == {"mlm"}
    assert changed("frozen.py", "\nNEW = 1\n") == {"frozen"}
    assert changed("components/kinds.py", "\nNEW = 1\n") == set()  # a line in the table makes nothing stale
    assert changed("studies.py", "\nNEW = 1\n") == set()  # nor does what only plans or reads
    assert changed("tasks/kinds.py", "\nNEW = 1\n") == changed("tasks/xnli.py", "\nNEW = 1\n") == set()
    runs["text of the corpus"] = ("10_adapt", {"task": "paws-x", "adaptation": {"text": "demo"}})
    before["text of the corpus"] = code(*runs["text of the corpus"])
    assert "text of the corpus" in changed("tasks/demo.py", "\nNEW = 1\n")
    assert changed("heads.py", "\n# only a comment\n") == set()
    assert changed("heads.py", "\nNEW = 1\n") == set(runs)


@dataclass(frozen=True, kw_only=True)
class Dosed(Noise):
    """A noise of one's own whose share names tell."""

    share: float = option(above=0, at_most=1)
    TOLD = ("share",)


def test_names_tell_options_of_ones_own_where_arms_differ_in_them():
    run = SimpleNamespace(kind=str, scored=SimpleNamespace(votes=0))
    mild, strong = ([Dosed(share=share).entry(run)] for share in (0.3, 0.6))
    assert provenance.names(mild, provenance.differing([mild, strong]))["strategy"] == "noise-share-0.3"
    assert provenance.names(mild, provenance.differing([mild, mild]))["strategy"] == "noise"
