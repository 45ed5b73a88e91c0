"""What makes no sense is refused where a study is planned: one line says where it stands, and what is wrong.

Files of studies, studies, what ``--set`` says, other arguments, parameters, options. Nothing is written.
"""

import copy
import math
import zipfile
from dataclasses import MISSING
from pathlib import Path

import pytest
from tiny_studies import HYBRID, ROOT, tiny_study

from xltlib import command_line, parameters, studies
from xltlib.components.base import find, make, options_of
from xltlib.components.kinds import FAMILIES
from xltlib.run import Run

NEEDED = {"radius": 0.1, "share": 0.3, "words": "a.txt", "folder": "lists", "corpus": "demo", "text": "demo"}
GOOD = "tiny:\n  seeds: [1]\n  common: {task: demo, targets: en de}\n  arms:\n    plain: {}\n"
LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdef", "bcdefg")
)
BOOKS = {  # a file of studies, and what the message must say
    "": "studies.yaml holds no study: wanted a name -> its fields",
    "# only a comment\n": "studies.yaml holds no study",
    "---\n": "studies.yaml holds no study",
    "~\n": "studies.yaml holds no study",
    "{}\n": "studies.yaml holds no study",
    "[]\n": "studies.yaml holds no study",
    "false\n": "studies.yaml holds no study",
    "- tiny\n": "studies.yaml: wanted a mapping of studies",
    "tiny\n": "studies.yaml: wanted a mapping of studies",
    "5\n": "studies.yaml: wanted a mapping of studies",
    "2024-01-01\n": "studies.yaml: wanted a mapping of studies",
    "tiny: [1": "studies.yaml, line 1: while parsing a flow sequence",
    "tiny:\n  seeds: [1\n  arms: {}": "studies.yaml, line 3: while parsing a flow sequence expected",
    "tiny:\n  seeds: [1\n  common: {}": "but got ':' (it begins on line 2)",
    "tiny: {a: }}\n": "studies.yaml, line 1",
    "tiny:\n\tseeds: [1]\n": "studies.yaml, line 2: while scanning for the next token found character",
    "tiny: 'open\n": "studies.yaml, line",
    "tiny: @x\n": "studies.yaml, line 1",
    "tiny: *missing\n": "studies.yaml, line 1: found undefined alias 'missing'",
    "a: 1\n---\nb: 2\n": "studies.yaml, line 2: expected a single document",
    "tiny: \x07\n": "studies.yaml: unacceptable character",
    'tiny: "\\UFFFFFFFF"\n': "studies.yaml",
    "tiny: " + 3000 * "[" + "\n": "studies.yaml: too many brackets inside each other",
    "tiny: " + 50 * "[" + 50 * "]" + "\n": "studies.yaml, line 1, tiny, number 1",
    "tiny: &x [*x]\n": "12 in each other; is it an alias?",
    LAUGHS: "more than 100,000 values",
    "tiny: !!python/object:os.system {}\n": "line 1, tiny: !!python/object:os.system is not read here",
    "tiny: !!set {a, b}\n": "line 1, tiny: !!set is not read here",
    "tiny: !!binary aGk=\n": "line 1, tiny: !!binary is not read here",
    "tiny: {seeds: !!int one}\n": "line 1, tiny, seeds: !!int is not read here",
    "tiny: {seeds: !mine 1}\n": "line 1, tiny, seeds: !mine is not read here",
    "tiny: {about: <<}\n": "line 1, tiny, about: !!merge is not read here",
    GOOD + GOOD: "studies.yaml, line 6: 'tiny' stands twice",
    GOOD + "    plain: {}\n": "studies.yaml, line 6, tiny, arms: 'plain' stands twice",
    GOOD + "  seeds: [2]\n": "studies.yaml, line 6, tiny: 'seeds' stands twice",
    GOOD.replace(
        "plain: {}", "plain: {steps: 2, steps: 3}"
    ): "line 5, tiny, arms, plain: 'steps' stands twice",
    GOOD.replace(
        "plain: {}", "plain: {noise: {kind: fgm, kind: pgd}}"
    ): "arms, plain, noise: 'kind' stands twice",
    GOOD.replace("plain", "1"): "line 5, tiny, arms: 1 is no name; put it in quotes",
    GOOD.replace("plain", "1.5"): "line 5, tiny, arms: 1.5 is no name; put it in quotes",
    GOOD.replace("plain", "true"): "line 5, tiny, arms: true is no name; put it in quotes",
    GOOD.replace("plain", "~"): "line 5, tiny, arms: ~ is no name; put it in quotes",
    GOOD.replace("plain", "? [a, b]\n    "): "tiny, arms: a sequence is no name",
    GOOD.replace("tiny", "5"): "studies.yaml, line 1: 5 is no name; put it in quotes",
    "tiny:\n": "studies.yaml, line 1: study tiny is empty: give it seeds and arms",
    GOOD + "other:\n": "studies.yaml, line 6: study other is empty",
    GOOD + "other: 5\n": "studies.yaml, line 6: study other = 5: wanted names with a value each",
    GOOD + "other: [plain]\n": "study other = ['plain']: wanted names with a value each",
    GOOD + "other: words\n": "study other = 'words': wanted names with a value each",
    GOOD.replace("tiny", "claims"): "study claims: figures/claims holds verdicts; take another name",
    GOOD.replace("tiny", "../../out"): "'../../out': names are plain words",
    GOOD.replace("tiny", "/elsewhere/out"): "'/elsewhere/out': names are plain words",
    GOOD.replace("tiny", "a/b"): "'a/b': names are plain words",
    GOOD.replace("tiny", "a\\b"): "names are plain words",
    GOOD.replace("tiny", "'.'"): "'.': names are plain words",
    GOOD.replace("tiny", "..'"): "names are plain words",
    GOOD.replace("tiny", "''"): "'': names are plain words",
    GOOD.replace("tiny", "'a b'"): "'a b': names are plain words",
    GOOD.replace("tiny", '"a\\nb"'): "line 1: 'a\\nb' is no name: too long, or not printable",
    GOOD.replace("tiny", "'<img src=x>'"): "names are plain words",
    GOOD.replace("plain", "'a seed 2'"): "line 5: arms: 'a seed 2': names are plain words",
    GOOD.replace("plain", "a/b"): "line 5: arms: 'a/b': names are plain words",
    GOOD.replace("plain", "offline"): "line 5: study tiny, arms: 'offline' is the name of an encoder",
}
TINY = {  # what is put in the place of a study's fields, and what the message must say
    "arms blank": ({"arms": None}, "study tiny has no arms"),
    "alpha of one": (
        {"arms": {"a": {"batches": {"kind": "hybrid", "alpha": 1, "cross": "drop"}}}},
        "a: batches.alpha = 1: nothing is drawn of cross",
    ),
    "another recipe than its own": (
        {"arms": {"a": {"encoder": {"name": "offline", "recipe": "labse"}}}},
        "a: encoder.recipe = 'labse': offline is known, and was not made so",
    ),
    "no arm": ({"arms": {}}, "study tiny has no arms"),
    "arms text": ({"arms": "plain"}, "study tiny: arms = 'plain': wanted names with a value each"),
    "trunk number": ({"trunk": 3}, "study tiny: trunk = 3: wanted names with a value each"),
    "encoders list": ({"encoders": [{"a": 1}]}, "study tiny: encoders = [{'a': 1}]: wanted names"),
    "parts false": ({"parts": False}, "study tiny: parts = False: wanted names"),
    "common text": ({"common": "task"}, "common = 'task': wanted names with a value each"),
    "arm number": ({"arms": {"a": 1.5}}, "study tiny, arms: a = 1.5: wanted names with a value each"),
    "arm text": ({"arms": {"a": "b"}}, "study tiny, arms: a = 'b': wanted names with a value each"),
    "arm false": ({"arms": {"a": False}}, "study tiny, arms: a = False: wanted names"),
    "key": ({"arms": {"a": {1: 2}}}, "study tiny, arms: a: 1 is no name; put it in quotes"),
    "inner key": ({"arms": {"a": {"noise": {None: 2}}}}, "arms: a: noise: None is no name; put it in quotes"),
    "about list": ({"about": ["x"]}, "study tiny: about = ['x']: wanted text"),
    "about number": ({"about": 5}, "study tiny: about = 5: wanted text"),
    "about half a letter": (
        {"about": "\ud800"},
        "study tiny: about holds a character that cannot be printed",
    ),
    "cost null": ({"cost": None}, "study tiny: cost = None: wanted text"),
    "field": ({"arm": {}}, "unknown field 'arm' in study tiny: known are about"),
    "noise without plain": (
        {"summary": "30_robustness", "arms": {"step-matched": {}}},
        "summary: 30_robustness compares with an arm 'plain': give the study one",
    ),
    "noise without control": (
        {"summary": "30_robustness", "arms": {"plain": {}}},
        "summary: 30_robustness compares with an arm 'step-matched': give the study one",
    ),
    "summary path": ({"summary": "../../etc/mine"}, "summary '../../etc/mine' is no notebook that sums up"),
    "summary absolute": ({"summary": "/its/mine"}, "summary '/its/mine' is no notebook that sums up"),
    "summary other": ({"summary": "20_finetune"}, "summary '20_finetune' is no notebook that sums up"),
    "summary list": ({"summary": ["90_summary"]}, "summary = ['90_summary']: wanted text"),
    "seeds float": ({"seeds": [1, 2.0]}, "seeds [1, 2.0]: a list of whole numbers from 1"),
    "seeds date": ({"seeds": ["2024-01-01"]}, "seeds ['2024-01-01']: a list of whole numbers from 1"),
    "seeds bool": ({"seeds": [True]}, "seeds [True]: a list of whole numbers from 1"),
    "seeds negative": ({"seeds": [-1]}, "seeds [-1]: a list of whole numbers from 1"),
    "seeds empty": ({"seeds": []}, "seeds []: a list of whole numbers from 1"),
    "seeds nested": ({"seeds": [[1]]}, "seeds [[1]]: a list of whole numbers from 1"),
    "seeds mapping": ({"seeds": {"a": 1}}, "seeds {'a': 1}: a list of whole numbers from 1"),
    "seeds twice": ({"seeds": [1, 1]}, "seeds [1, 1]: each stands once"),
    "seeds huge": ({"seeds": [10**12]}, "a list of whole numbers from 1"),
    "seeds many": ({"seeds": list(range(1, 2000))}, "there are 1,000 at most"),
    "seeds null": ({"seeds": None}, "name the seeds of a study as seeds"),
    "seeds of an arm": ({"arms": {"a": {"seeds": ["1"]}}}, "arms: a: seeds ['1']: a list of whole numbers"),
    "seeds of an encoder": (
        {"encoders": {"mlm": {"seeds": [1], "adaptation": {"text": "demo"}}}},
        "mlm: an encoder is made once for all seeds",
    ),
    "frozen seeds": (
        {"arms": {"a": {"head": "cosine", "seeds": [2]}}},
        "a: frozen vectors of an encoder are",
    ),
    "data in common": ({"common": {"data": "/x"}}, "common: no notebook has a parameter 'data'"),
    "unused in common": (
        {"common": {"task": "demo", "targets": "en de", "after": "centre"}, "arms": {"a": {}}},
        "common: no run of this study has after; take it out",
    ),
    "parameter of a part": ({"parts": {"p": {"stepz": 3}}}, "a parameter 'stepz'; did you mean steps?"),
    "no adaptation": ({"encoders": {"mlm": {"steps": 2}}}, "mlm: under encoders stand adaptations"),
    "like itself": ({"arms": {"a": {"like": "a"}}}, "a: like 'a' is nothing above it"),
    "like a mapping": ({"arms": {"a": {"like": {"b": 1}}}}, "a: like {'b': 1} is nothing above it"),
    "start list": ({"arms": {"a": {"start": ["b"]}}}, "a: start ['b'] is nothing above it"),
    "start of another seed": (
        {"trunk": {"t": {"keep_model": True, "seeds": [1]}}, "arms": {"a": {"start": "t", "seeds": [2]}}},
        "a: start 't' is not made for seed 2",
    ),
    "trained encoder": (
        {"arms": {"a": {"keep_model": True}, "b": {"encoder": {"name": "a"}}}},
        "b: encoder.name 'a' is no adapted encoder: say start: a",
    ),
    "other encoder": (
        {"arms": {"a": {"keep_model": True}, "b": {"start": "a", "encoder": {"name": "mlm"}}}},
        "b: start a seed 1 has encoder tiny-encoder, not adapt-",
    ),
    "other targets": (
        {"arms": {"a": {"keep_model": True}, "b": {"start": "a", "targets": "en de es"}}},
        "b: a seed 1, which it goes on from, keeps the test set of demo in 'en de' out of what it reads",
    ),
    "other head": (
        {"arms": {"a": {"keep_model": True}, "b": {"start": "a", "head": "bi"}}},
        "b: head bi cannot go on from head cross of a seed 1",
    ),
    "labels before": (
        {
            "trunk": {"a": {"keep_model": True, "labelled": {"languages": "en de", "zero_shot": ""}}},
            "arms": {"b": {"start": "a"}},
        },
        "b: de: called zero-shot, but a seed 1, which it goes on from, reads labelled items of it",
    ),
    "start with a seed": (
        {"arms": {"a": {"keep_model": True}, "b": {"start": "a seed 1"}}},
        "b: start 'a seed 1': leave out its seed, which is that of this run",
    ),
    "corpus of the task": (
        {"arms": {"a": {"batches": {"kind": "hybrid", "cross": {"kind": "translations", "corpus": "task"}}}}},
        "a: cross.corpus = 'task': translations are asked for",
    ),
    "corpus twice": (
        {
            "arms": {
                "a": {"batches": {"kind": "hybrid", "cross": {"kind": "translations", "corpus": "demo demo"}}}
            }
        },
        "a: cross.corpus = 'demo demo': a corpus stands twice",
    ),
    "text of the task and more": (
        {"arms": {"a": {"penalty": {"kind": "coral", "text": "demo task"}}}},
        "a: penalty.text = 'demo task': the task's own text stands alone",
    ),
    "corpus of the task and more": (
        {"encoders": {"m": {"adaptation": {"kind": "align", "corpus": "demo task"}}}},
        "m: adaptation.corpus = 'demo task': the task's own text stands alone",
    ),
    "same run": (
        {"arms": {"a": {}, "b": {}}},
        "b seed 1 is the same run as a seed 1, parameter by parameter",
    ),
    "same run as its like": ({"arms": {"a": {}, "b": {"like": "a"}}}, "b seed 1 is the same run as a seed 1"),
    "default said": ({"arms": {"a": {}, "b": {"warmup": 0.1}}}, "b seed 1 is the same run as a seed 1"),
}
SETS = {
    "steps": "--set 'steps': write name=value",
    "=5": "--set '=5': write name=value",
    "": "--set '': write name=value",
    "data=/x": "--set data: say --data '/x'",
    "runs=/x": "--set runs: say --runs '/x'",
    "seed=3": "name the seeds of a study as seeds",
    "seeds=": "seeds are whole numbers from 1",
    "seeds=0": "seeds [0]: a list of whole numbers from 1",
    "seeds=1,1": "seeds [1, 1]: each stands once",
    "seeds=1.5": "seeds are whole numbers from 1",
    "seeds=1,,2": "seeds are whole numbers from 1",
    "seeds=99999999999": "seeds are whole numbers from 1",
    "seeds=2024-01-01": "seeds are whole numbers from 1",
    "start=english": "--set start: what a run goes on from stands in the study",
    "encoder.name=mlm": "--set encoder.name: mlm is a run of the study; name an encoder",
    "encoder.name=mlmm": "--set: mlm: encoder.name = 'mlmm': no adapted encoder above it",
    "encoder=mlm": "--set: mlm: encoder.name = 'mlm': no adapted encoder above it",
    "steps=": "--set: mlm: 10_adapt: steps = '' is str, wanted int",
    "steps=1e3": "--set: mlm: 10_adapt: steps = 1000.0 is float, wanted int",
    "steps=NaN": "steps = nan is float, wanted int",
    "steps=[1]": "steps = [1] is list, wanted int",
    "steps=null": "steps = None is NoneType, wanted int",
    "steps=" + 5000 * "1": "is str, wanted int",
    "learning_rate=Infinity": "learning_rate = inf, wanted a finite number",
    "learning_rate=" + 400 * "1": "wanted a finite number",
    "keep_model=yes": "keep_model = 'yes' is str, wanted bool; write true or false",
    "noise=[1]": "noise = [1]: wanted a dictionary of options, or a kind",
    "noise.kind=[1]": "noise: kind = [1], wanted a word",
    'noise={"kind": "fgm", "kind": "pgd"}': "kind stands twice",
    "noise=" + 50 * "[": "too many brackets",
    "batches.cross=5": "cross = 5: wanted a dictionary of options, or a kind",
    "batches.cross.size.more=5": "no run of this study has it",
    "labeled.items=5": "no run of this study has it",
    "encoder.name=a\x00b": "it holds a character that cannot be printed",
    "encoder.name=" + 300 * "a": "too long for the name of a file or folder",
    "encoder=": "encoder = '': it must name something",
    "noise={kind: pgd}": "no JSON, which wants names and words in double quotes",
    "targets=[en, de]": "no JSON, which wants names and words in double quotes",
    "targets=targets": "unknown language 'targets'",
    "targets=": "targets = '': it must name something",
    "targets=en,,": "adaptation mlm: languages: there is no target but the source language",
    "targets=en de de": "targets = 'en de de': a language stands twice",
    "checkpoints=5": "checkpoints = 5: there are 4 steps",
}
ARGUMENTS = {
    ("tiny", "--jobs", "0"): "argument --jobs: '0': wanted a whole number from 1",
    ("tiny", "--jobs=-1"): "argument --jobs: '-1': wanted a whole number from 1",
    ("tiny", "--jobs", "two"): "argument --jobs: 'two': wanted a whole number from 1",
    ("tiny", "--jobs", "1.5"): "argument --jobs: '1.5': wanted a whole number from 1",
    ("tiny", "--jobs", "100000"): "argument --jobs: '100000': wanted a whole number from 1 to 1024",
    ("tiny", "--card-memory", "0"): "argument --card-memory: '0': wanted GiB, a number above 0",
    ("tiny", "--card-memory=-8"): "argument --card-memory: '-8': wanted GiB, a number above 0",
    ("tiny", "--card-memory", "nan"): "argument --card-memory: 'nan': wanted GiB, a number above 0",
    ("tiny", "--card-memory", "inf"): "argument --card-memory: 'inf': wanted GiB, a number above 0",
    ("tiny", "--card-memory", "8GB"): "argument --card-memory: '8GB': wanted GiB, a number above 0",
    ("tiny", "--runs", __file__): "argument --runs:",
    ("tiny", "--figures", __file__): "argument --figures:",
    ("tiny", "--figures", ""): "argument --figures: '' is no path",
    ("tiny", "--figures", "n" * 300): "is no path (File name too long)",
    ("tiny", "--runs", "/" + "n/" * 3000): "is no path (File name too long)",
    ("tiny", "--experiments", "\0"): "argument --experiments: '\\x00' is no path",
    ("tiny", "--runs", "~nobody-of-this-name/x"): "is no path",
    ("tiny", "--data", __file__): "is a file, wanted the folder of data",
    ("tiny", "--data", "n" * 300): "argument --data:",
    ("tiny", "--bundle", ""): "argument --bundle: '' is no path",
    ("tiny", "--results", ""): "argument --results: '' is no path",
    ("tiny", "--collect", ""): "argument --collect: '' is no path",
    ("tiny", "--bundle", str(ROOT / "docs")): "is there, and no file that this wrote: name another",
    ("tiny", "--results", __file__): "is there, and no file that this wrote: name another",
    ("tiny", "--results", "/dev/full"): "/dev/full is there, and no file that this wrote",
    ("tiny", "--results", "/nowhere/a.zip"): "there is no such folder",
    ("tiny", "--list", "--report"): "--report has no effect with --list",
    ("tiny", "--draw", "--force"): "--force has no effect with --draw",
    ("tiny", "--list", "--draw"): "argument --draw: not allowed with argument --list",
    ("tiny", "--status", "--bundle", "a.zip"): "argument --bundle: not allowed with argument --status",
    ("--list",): "name a study; run_all.py alone prints what there is",
    ("--set", "steps=3"): "name a study",
    ("tiny", "--sets", "steps=3"): "unrecognized arguments: --sets",
    ("tiny", "more"): "unrecognized arguments: more",
    ("tiny", "--set"): "argument --set: expected one argument",
}
PARAMETERS = [
    ("20_finetune", {"steps": 10**12}, "steps = 1000000000000, wanted a number of at most 10,000,000"),
    ("20_finetune", {"learnin_rate": 0.5}, "no parameter 'learnin_rate'; did you mean learning_rate?"),
    ("20_finetune", {"zzz": 0.5}, "no parameter 'zzz': it has task, targets"),
    ("20_finetune", {"targets": "targets"}, "targets = 'targets': unknown language 'targets'"),
    ("20_finetune", {"targets": ["en", "de"]}, "is list, wanted str; write 'en de'"),
    ("20_finetune", {"targets": "de en"}, "labelled.languages = 'en': it lacks de, the first of targets"),
    ("20_finetune", {"labelled": {"zero_shot": "de fr"}}, "zero_shot: fr is none of the targets"),
    ("10_adapt", {"encoder": {"frozen_layers": 12}}, "frozen_layers = 12, which is all of them"),
    (
        "10_adapt",
        {"adaptation": {"kind": "align", "corpus": "demo", "languages": "en"}},
        "adaptation.languages = 'en': English is the other side of translations",
    ),
    ("10_adapt", {"measured": {"corpus": "demo", "probes": "en fr"}}, "probes = 'en fr': English is the"),
    (
        "20_finetune",
        {"batches": {"kind": "hybrid", "cross": HYBRID["cross"] | {"languages": "en"}}},
        "cross.languages = 'en': English is the other side",
    ),
    ("20_finetune", {"steps": -1}, "steps = -1, wanted a number of at least 1"),
    ("20_finetune", {"learning_rate": 1e9}, "learning_rate = 1000000000.0, wanted a number of at most 1"),
    ("20_finetune", {"learning_rate": -1e-4}, "learning_rate = -0.0001, wanted a number of at least 0"),
    ("20_finetune", {"learning_rate": 10**400}, "wanted a finite number"),
    ("20_finetune", {"learning_rate": -math.inf}, "learning_rate = -inf, wanted a finite number"),
    ("20_finetune", {"warmup": 1.0}, "warmup = 1.0, wanted a number below 1"),
    ("20_finetune", {"warmup": -0.1}, "warmup = -0.1, wanted a number of at least 0"),
    ("20_finetune", {"checkpoints": 0}, "checkpoints = 0, wanted a number of at least 1"),
    ("20_finetune", {"steps": 2, "checkpoints": 3}, "checkpoints = 3: there are 2 steps"),
    ("20_finetune", {"seed": 10**12}, "seed = 1000000000000, wanted a number of at most 1,000,000,000"),
    ("20_finetune", {"precision": False}, "precision = False is bool, wanted str"),
    ("20_finetune", {"keep_model": "no"}, "keep_model = 'no' is str, wanted bool; write true or false"),
    ("10_adapt", {"draw": 0}, "draw = 0, wanted a number of at least 1"),
    (
        "10_adapt",
        {"adaptation": {"text": "demo", "checks": 31}},
        "adaptation.checks = 31: there are 30 steps",
    ),
    (
        "10_adapt",
        {"adaptation": {"text": "demo", "checks": 2, "patience": 3}},
        "adaptation.patience = 3 is never reached",
    ),
    (
        "10_adapt",
        {"targets": "en", "measured": {"bias": 5}, "adaptation": {"languages": "de", "text": "demo"}},
        "measured.bias = 5: it compares languages, and targets has one",
    ),
    (
        "10_adapt",
        {"measured": {"corpus": "demo"}},
        "measured encoder: corpus = 'demo' has no effect without probes",
    ),
    ("20_finetune", {"targets": "en", "scored": {"bias": 5}}, "scored.bias = 5: it compares languages"),
    (
        "20_finetune",
        {"targets": "en", "scored": {"pairs": "all"}},
        "scored.pairs = 'all': it compares languages",
    ),
    ("20_finetune", {"scored": {"bias": 5, "test": 1}}, "scored.bias = 5: it is measured on test items"),
    ("20_finetune", {"batches": "hybrid"}, "labelled pairs in 2 languages or more are mixed"),
    ("20_finetune", {"batches": "cross-lingual"}, "labelled pairs in 2 languages or more are mixed"),
    ("20_finetune", {"batches": {"exponent": 0.5}}, "batches.exponent = 0.5 has no effect"),
    (
        "20_finetune",
        {"batches": {"kind": "hybrid", "cross": {"kind": "translations", "corpus": "demo", "exponent": 0.5}}},
        "cross.exponent = 0.5 has no effect: there is one corpus",
    ),
    (
        "20_finetune",
        {"penalty": {"kind": "coral", "text": "demo"}, "batches": {"size": 1}},
        "batches.size = 1: penalty coral needs 2 at least",
    ),
    ("20_finetune", {"head": "bi-negatives", "batches": {"size": 1}}, "head bi-negatives needs 2 at least"),
    (
        "20_finetune",
        {"penalty": {"kind": "dann", "text": "demo", "languages": "en"}},
        "is the source language",
    ),
    (
        "20_finetune",
        {"encoder": {"frozen_layers": 13}},
        "frozen_layers = 13, but encoder offline has 12 layers",
    ),
    (
        "20_finetune",
        {"steps": 8, "checkpoints": 1, "scored": {"averaged": 5}},
        "scored.averaged = 5: it is of updates of the second half, and more than half of 8 steps; average",
    ),
    ("21_frozen", {"encoder": {"frozen_layers": 4}}, "encoder.frozen_layers = 4 has no effect"),
    (
        "21_frozen",
        {"targets": "en", "after": "centre"},
        "after centre: it compares languages, and targets has one",
    ),
    ("21_frozen", {"encoder": {"dropout": 0.1}}, "encoder.dropout = 0.1 has no effect"),
    ("21_frozen", {"head": {"kind": "cosine", "layer": 13}}, "layer = 13, but encoder offline has 12 layers"),
    ("21_frozen", {"scored": {"attack": {"kind": "pgd", "radius": 0.1}}}, "scored.attack has no effect"),
    (
        "21_frozen",
        {"scored": {"averaged": 8}},
        "scored.averaged = 8 has no effect: 21_frozen trains no weights; leave it at 0 there",
    ),
    ("21_frozen", {"scored": {"ema": 0.9}}, "scored.ema = 0.9 has no effect: 21_frozen trains no weights"),
    ("21_frozen", {"scored": {"precision": "bf16"}}, "scored.precision = 'bf16' has no effect: 21_frozen"),
]
OPTIONS = [
    ("batches", {"size": -1}, "size = -1, wanted a number of at least 1"),
    ("batches", {"size": 10**6}, "size = 1000000, wanted a number of at most 65,536"),
    ("batches", {"exponent": -1.0}, "exponent = -1.0, wanted a number of at least 0"),
    ("batches", {"exponent": 1e6}, "exponent = 1000000.0, wanted a number of at most 2"),
    ("batches", {"alpha": 0.5}, "batches monolingual has no option 'alpha'"),
    ("batches", {"kind": "hybrid", "alpha": -0.1}, "alpha = -0.1, wanted a number of at least 0"),
    (
        "batches",
        {"kind": "hybrid", "cross": {"kind": "drop", "rate": 0}},
        "rate = 0, wanted a number above 0",
    ),
    (
        "batches",
        {"kind": "hybrid", "cross": {"kind": "drop", "rate": 2}},
        "rate = 2, wanted a number of at most 1",
    ),
    ("head", {"kind": "bi", "temperature": 0.1}, "head bi has no option 'temperature'"),
    (
        "head",
        {"kind": "bi-negatives", "temperature": 0},
        "temperature = 0, wanted a number of at least 0.001",
    ),
    ("head", {"kind": "bi-negatives", "margin": 5}, "margin = 5, wanted a number of at most 2"),
    ("head", {"max_length": 2}, "max_length = 2, wanted a number of at least 8"),
    ("head", {"max_length": 10**6}, "max_length = 1000000, wanted a number of at most 8,192"),
    ("head", {"kind": "cosine", "layer": -2}, "layer = -2, wanted a number of at least -1"),
    ("encoder", {"dropout": 1.0}, "dropout = 1.0, wanted a number below 1"),
    ("encoder", "", "encoder = '': it must name something"),
    ("head", " ", "head = '': it must name something"),
    ("encoder", {"frozen_layers": -1}, "frozen_layers = -1, wanted a number of at least 0"),
    ("encoder", {"name": "x\ny"}, "it holds a character that cannot be printed"),
    ("encoder", {"name": "/my pr\udcc3\udcb8"}, "not readable in this locale; set PYTHONUTF8=1"),
    (
        "encoder",
        {"kind": "xltlib.components.noise:NoNoise"},
        "is no subclass of xltlib.components.encoder:PretrainedEncoder",
    ),
    ("labelled", {"items": -5}, "items = -5, wanted a number of at least 0"),
    ("scored", {"test": -1}, "test = -1, wanted a number of at least 0"),
    ("scored", {"bias": 1}, "bias = 1, wanted 0 or a number of at least 2"),
    ("scored", {"bias": -3}, "bias = -3, wanted 0 or a number of at least 2"),
    ("scored", {"votes": 10**6}, "votes = 1000000, wanted a number of at most 1,000"),
    ("scored", {"attack": "fgm"}, "scored.attack: noise fgm needs radius"),
    ("scored", {"attack": 5}, "scored.attack: noise = 5: wanted a dictionary of options, or a kind"),
    ("measured", {"bias": 1}, "bias = 1, wanted 0 or a number of at least 2"),
    ("adaptation", {"held_out": 0}, "held_out = 0, wanted a number of at least 1"),
    ("adaptation", {"max_length": 2}, "max_length = 2, wanted a number of at least 8"),
    ("adaptation", {"sentences": -1}, "sentences = -1, wanted a number of at least 0"),
    ("adaptation", {"sentences": 10**18}, "wanted a number of at most 1,000,000,000"),
    ("adaptation", {"head_learning_rate": 0}, "head_learning_rate = 0, wanted a number above 0"),
    ("adaptation", {"head_learning_rate": 10}, "head_learning_rate = 10, wanted a number of at most 1"),
    ("adaptation", {"kind": "tsdae", "deletion": 1}, "deletion = 1, wanted a number below 1"),
    ("adaptation", {"kind": "align", "size": 1}, "size = 1, wanted a number of at least 2"),
    ("adaptation", {"kind": "xltlib.components.head:Bi"}, "is no subclass of xltlib.components.adaptation"),
    ("noise", {"kind": "fgm", "radius": 1e6}, "radius = 1000000.0, wanted a number of at most 100"),
    (
        "noise",
        {"kind": "pgd", "radius": 0.1, "steps": 10**6},
        "steps = 1000000, wanted a number of at most 1,000",
    ),
    (
        "noise",
        {"kind": "freelb", "radius": 0.1, "steps": 1},  # plain training
        "noise freelb: steps = 1, wanted a number of at least 2",
    ),
    ("noise", {"kind": "drop", "share": 1.1}, "share = 1.1, wanted a number of at most 1"),
    (
        "noise",
        {"kind": "synonyms-copies", "words": "a.txt", "copies": 0},
        "copies = 0, wanted a number of at le",
    ),
    ("penalty", {"kind": "dann", "text": "demo", "weight": -1}, "weight = -1, wanted a number of at least 0"),
    ("penalty", {"kind": "consistency", "decay": 1.1}, "decay = 1.1, wanted a number of at most 1"),
    ("after", {"kind": "whiten", "sentences": 1}, "sentences = 1, wanted 0 or a number of at least 10"),
    ("after", {"kind": "procrustes", "sentences": 1}, "sentences = 1, wanted 0 or a number of at least 4"),
]


@pytest.fixture
def nothing_written(tmp_path, monkeypatch):
    """An empty working directory, which must be empty afterwards, too."""
    monkeypatch.chdir(tmp_path)
    yield
    assert not list(tmp_path.iterdir())


def complaint_of(call) -> str:
    """The line with which a call refuses."""
    with pytest.raises(ValueError) as error:
        call()
    said = str(error.value)
    assert said.isprintable() and len(said) < 500, said
    return said


def test_there_are_many():
    assert sum(map(len, (BOOKS, TINY, SETS, ARGUMENTS, PARAMETERS, OPTIONS))) > 200


@pytest.mark.parametrize(("text", "words"), BOOKS.items(), ids=range(len(BOOKS)))
def test_files_of_studies(text, words, tmp_path):
    path = tmp_path / "studies.yaml"
    path.write_text(text, encoding="utf-8")
    assert words in complaint_of(lambda: studies.read(path)["tiny"])
    assert list(tmp_path.iterdir()) == [path]


def test_files_that_are_none(tmp_path):
    path = tmp_path / "studies.yaml"
    assert "no file of studies (No such file" in complaint_of(lambda: studies.read(path))
    assert "no file of studies (Is a directory)" in complaint_of(lambda: studies.read(tmp_path))
    path.write_bytes("tiny: ü".encode("latin-1"))
    assert "studies.yaml is no UTF-8 (byte 6)" in complaint_of(lambda: studies.read(path))
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())  # a byte order mark is no part of the first name
    assert list(studies.read(path).studies) == ["tiny"]


@pytest.mark.parametrize(("change", "words"), TINY.values(), ids=TINY)
def test_studies(change, words, nothing_written):
    study = tiny_study(Path("tiny-encoder"), **copy.deepcopy(change))
    assert words in complaint_of(lambda: studies.Study("tiny", study).plan({}))


@pytest.mark.parametrize("entry", SETS, ids=range(len(SETS)))
def test_what_is_set(entry, nothing_written):
    study = studies.Study("tiny", tiny_study(Path("tiny-encoder")))
    assert SETS[entry] in complaint_of(lambda: study.plan(studies.parse_set([entry])))


def test_what_is_set_twice_or_named_blank():
    assert "--set steps stands twice" in complaint_of(lambda: studies.parse_set(["steps=1", "steps=2"]))
    plan = studies.Study("tiny", tiny_study(Path("tiny-encoder"))).plan({})
    for text in ("", "  "):
        assert "is blank" in complaint_of(lambda: plan.only(text))


@pytest.mark.parametrize("arguments", ARGUMENTS, ids=map(" ".join, ARGUMENTS))
def test_arguments(arguments, capsys, nothing_written):
    with pytest.raises(SystemExit) as ended:
        command_line.parsed(list(arguments), ROOT)
    said = capsys.readouterr().err
    assert ended.value.code == 2 and said.startswith("run_all: ") and said.count("\n") == 1
    assert ARGUMENTS[arguments] in said


def test_links_in_a_circle_foreign_archives_and_ones_home(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    for name, member in (("mine.zip", "photo.jpg"), ("results.zip", "results.json")):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr(member, "{}")
    for option in ("--runs", "--figures", "--experiments", "--data"):
        with pytest.raises(SystemExit):
            command_line.parsed(["tiny", option, str(tmp_path / "a/x")], ROOT)
    with pytest.raises(SystemExit):
        command_line.parsed(["tiny", "--results", str(tmp_path / "mine.zip")], ROOT)
    assert capsys.readouterr().err.count("\n") == 5
    args = command_line.parsed(["tiny", "--figures=~/x", "--results=~/results.zip"], ROOT)
    assert (args.figures, args.results) == (tmp_path / "x", tmp_path / "results.zip")


@pytest.mark.parametrize(("notebook", "given", "words"), PARAMETERS)
def test_parameters(notebook, given, words, nothing_written):
    assert words in complaint_of(lambda: parameters.resolve(notebook, given))


@pytest.mark.parametrize(("notebook", "given", "words"), [
    ("90_summary", {"save": "no"}, "90_summary: save = 'no' is str, wanted bool; write true or false"),
    ("40_language_bias", {"sentences": "100"}, "sentences = '100' is str, wanted int"),
    ("40_language_bias", {"sentences": 2.5}, "sentences = 2.5 is float, wanted int"),
    ("40_language_bias", {"sentences": math.nan}, "sentences = nan is float, wanted int"),
    ("30_robustness", {"study": 5}, "study = 5 is int, wanted str"),
    ("40_language_bias", {"sentences": 1}, "sentences = 1, wanted a number of at least 2"),
    ("40_language_bias", {"head": "crss"}, "head = 'crss': known are 'cross'"),
    ("91_claims", {"figures_folder": None}, "figures_folder = None is NoneType, wanted str"),
    ("91_claims", {"figures_folder": ""}, "figures_folder = '': it must name something"),
    ("00_explore", {"codes": "en xx"}, "codes = 'en xx': unknown language 'xx'"),
])  # fmt: skip
def test_parameters_of_notebooks_that_make_no_run(notebook, given, words):
    space = {name: default for name, (_, default) in parameters.declared(notebook).items()}
    parameters.refuse_bad_parameters(notebook, space)  # a default is fit
    assert words in complaint_of(lambda: parameters.refuse_bad_parameters(notebook, space | given))


@pytest.mark.parametrize("notebook", ["20_finetune", "90_summary"])
def test_what_papermill_sets_must_be_a_parameter_and_own_variables_need_not(notebook):
    space = {name: default for name, (_, default) in parameters.declared(notebook).items()}
    cells = ["", "mine = 5", "# Parameters\nsteps, other = 1, 2\n# Parameters\nseed.x = 3\n"]
    assert parameters.given_in(space | {"mine": 5, "In": cells}, notebook) == space
    misspelt = space | {"saev": 0.5, "In": ["", "# Parameters\nsaev = 0.5\n"]}
    assert parameters.given_in(misspelt, notebook) == space | {"saev": 0.5}
    assert "no parameter 'saev'" in complaint_of(lambda: parameters.refuse_bad_parameters(notebook, misspelt))


@pytest.mark.parametrize("place", [__file__, f"{__file__}/below/runs"])
def test_a_run_whose_record_could_not_be_written_reads_nothing(place, nothing_written):
    space = {name: default for name, (_, default) in parameters.declared("20_finetune").items()}
    assert "nothing can be written there" in complaint_of(lambda: Run("20_finetune", space | {"runs": place}))


@pytest.mark.parametrize(("family", "given", "words"), OPTIONS)
def test_options(family, given, words, nothing_written):
    assert words in complaint_of(lambda: make(family, given))


@pytest.mark.parametrize(("kind", "sentences"), [("mlm", 20), ("tsdae", 0), ("align", 7)])
def test_something_is_left_to_train_on(kind, sentences):
    corpus = {"text": "demo"} if kind != "align" else {"corpus": "demo"}
    adaptation = make("adaptation", {"kind": kind, "held_out": 20, **corpus})
    enough = [f"x{number}" for number in range(21)]
    adaptation.refuse_few({"de": enough})
    complaint = complaint_of(lambda: adaptation.refuse_few({"de": enough, "sw": enough[:sentences]}))
    assert f"adaptation.held_out = 20: {sentences} texts of sw" in complaint
    complaint = complaint_of(lambda: adaptation.refuse_few({"de": enough, "sw": ["x"] * 21}))
    assert "adaptation.held_out = 20: 21 texts of sw" in complaint  # one and the same


def test_every_number_has_a_range():
    """Beside the general bound, each parameter and option that is a number has a lowest value of its own."""
    for notebook in ("10_adapt", "20_finetune", "21_frozen"):
        for name, (kind, _) in parameters.declared(notebook).items():
            assert kind not in (int, float) or "at_least" in parameters.RULES[name], name
    for family, kinds in FAMILIES.items():
        for kind in kinds:
            for name, option in options_of(find(family, kind)).items():
                is_number = option.type in ("int", "float")
                bounds = option.metadata.get("at_least"), option.metadata.get("above")
                assert not is_number or bounds != (None, None), f"{family} {kind}: {name}"


def test_defaults_keep_to_their_ranges():
    for family, kinds in FAMILIES.items():
        for kind in kinds:
            defaults = {name: option.default for name, option in options_of(find(family, kind)).items()}
            needed = {name: NEEDED[name] for name, default in defaults.items() if default is MISSING}
            stated = {name: default for name, default in defaults.items() if default not in (MISSING, "")}
            assert make(family, {"kind": kind, **needed, **stated})


def test_what_yaml_reads_is_what_was_meant(tmp_path):
    path = tmp_path / "studies.yaml"
    plain = "plain: {precision: no, learning_rate: 5e-5, encoder: {name: 2024-01-01}}"
    path.write_text(GOOD.replace("plain: {}", plain), encoding="utf-8")
    found = studies.read(path)["tiny"].plan({}).nodes["plain seed 1"].parameters
    assert (found["precision"], found["learning_rate"]) == ("no", 5e-5)
    assert found["encoder"]["name"] == "2024-01-01"


def test_a_merged_mapping_is_read_once(tmp_path):
    path = tmp_path / "studies.yaml"
    text = GOOD.replace("plain: {}", "plain: &plain {steps: 3}\n    more: {<<: *plain, steps: 4}")
    path.write_text(text, encoding="utf-8")
    nodes = studies.read(path)["tiny"].plan({}).nodes
    assert [node.parameters["steps"] for node in nodes.values()] == [3, 4]


def test_a_mistake_in_a_study_names_its_line(tmp_path):
    path = tmp_path / "studies.yaml"
    path.write_text(GOOD + "    wrong: {steps: 0}\n", encoding="utf-8")
    said = complaint_of(lambda: studies.read(path)["tiny"].plan({}))
    assert said == "wrong: 20_finetune: steps = 0, wanted a number of at least 1 (studies.yaml, line 6)"
