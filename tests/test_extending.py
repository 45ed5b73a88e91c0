"""docs/extending.md: its very files are run as a study; what adding a part takes."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
import yaml
from tiny_studies import ROOT, here, predictions, run

from xltlib import fingerprint, studies, tasks
from xltlib.tasks.__main__ import main as check_task

PAGE = (ROOT / "docs/extending.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```(?:python|yaml)\n# (\S+)\n(.*?)```", re.DOTALL)

ASKS = "from argparse import ArgumentParser\nArgumentParser().parse_args(['--no-such-option'])\n"


@pytest.fixture
def own(tiny, tmp_path):
    """The page's files in a folder, and its study on a tiny encoder."""
    for name, text in BLOCK.findall(PAGE):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    study = yaml.safe_load((tmp_path / "studies.yaml").read_text(encoding="utf-8"))["methods"]
    study["common"]["encoder"] = {"name": str(tiny["xlm-r"])}
    return tmp_path, study


def test_each_file_is_complete_and_short():
    files = {name: text for name, text in BLOCK.findall(PAGE) if name.endswith(".py")}
    assert len(files) == 5
    for name, text in files.items():
        lines = [line for line in text.splitlines() if line.strip()]
        assert 10 <= len(lines) <= 30, f"{name} has {len(lines)} lines"


def test_methods_of_ones_own_are_run_named_and_counted_without_touching_the_package(own):
    folder, study = own
    # In a kernel, which has to find the files as well.
    alone = here(folder, study, "--only", "shuffle", draws=False, scripts=False)
    assert alone.returncode == 0 and "1 of 1 run done" in alone.stdout, alone.stderr
    result = here(folder, study)
    assert result.returncode == 0 and "1 done already" in result.stdout, result.stderr
    state = json.loads((folder / "figures/tiny/runs.json").read_text())
    arms = {r["label"].removesuffix(" seed 1"): r for r in state["runs"] if r["arm"]}
    assert {name: (r["head"], r["strategy"], r["adaptation"], r["rung"]) for name, r in arms.items()} == {
        "plain": ("cross", "plain", "none", "Z0"),
        "shuffle": ("cross", "shuffle", "none", "Z0"),
        "simcse-plain": ("cross", "plain", "simcse", "Z1"),
        "means": ("cross", "plain", "means", "Z1"),
        "difference": ("difference", "plain", "none", "Z0"),
        "frozen": ("cosine", "plain", "none", "Z0"),
        "scale": ("cosine", "plain", "scale", "Z1"),
    }
    answers = predictions(folder)
    assert answers.run.nunique() == 7 and answers.groupby("run", observed=True).p1.first().nunique() == 7
    # Its code counts: changed, the runs that use it are to do again, and no other.
    path = folder / "mylab/shuffle.py"
    path.write_text(path.read_text(encoding="utf-8").replace("k + 1], words[k]", "k + 1], words[k] + ''"))
    listed = run(folder, study, "--list").stdout.splitlines()
    assert [line.split()[1] for line in listed if line.endswith("to do")] == ["shuffle"]


def test_a_mistake_in_an_option_or_a_file_of_ones_own_is_one_line(own, monkeypatch):
    folder, study = own
    monkeypatch.syspath_prepend(str(folder))
    for name in [name for name in sys.modules if name.split(".")[0] == "mylab"]:
        monkeypatch.delitem(sys.modules, name)

    def complaint(noise: dict) -> str:
        study["arms"]["shuffle"]["noise"] = noise
        with pytest.raises(ValueError) as error:
            studies.Study("own", study).plan({})
        return str(error.value)

    assert "Shuffle: share = 2, wanted a number of at most 1" in complaint(
        {"kind": "mylab.shuffle:Shuffle", "share": 2}
    )
    assert "mylab.shuffle:Shuffle needs share" in complaint({"kind": "mylab.shuffle:Shuffle"})
    assert "cannot be imported (ModuleNotFoundError" in complaint(
        {"kind": "mylab.shuffel:Shuffle", "share": 0.1}
    )
    assert "cannot be imported (AttributeError" in complaint({"kind": "mylab.shuffle:Shufle", "share": 0.1})
    (folder / "mylab/broken.py").write_text("def (:\n")
    assert "cannot be imported (SyntaxError" in complaint({"kind": "mylab.broken:Noise"})
    for name, code in (("leaves", "raise SystemExit(3)"), ("asks", ASKS)):
        (folder / f"mylab/{name}.py").write_text(code)
        assert "cannot be imported (SystemExit: " in complaint({"kind": f"mylab.{name}:Noise"})
    source = (folder / "mylab/shuffle.py").read_text(encoding="utf-8").rstrip()
    failing = "    def __post_init__(self):\n        raise RuntimeError('two\\nlines')\n"
    (folder / "mylab/fails.py").write_text(f"{source}\n\n{failing}", encoding="utf-8")
    said = complaint({"kind": "mylab.fails:Shuffle", "share": 0.1})
    assert "noise mylab.fails:Shuffle cannot be made (RuntimeError: two lines)" in said


def test_what_a_file_of_ones_own_imports_of_its_package_counts_too(own, monkeypatch):
    folder, _ = own
    monkeypatch.syspath_prepend(str(folder))
    (folder / "mylab/helping.py").write_text("SHARE = 0.5\n")
    (folder / "mylab/helped.py").write_text(
        "from mylab.helping import SHARE\nfrom mylab.shuffle import Shuffle as Helped\n"
    )
    files = {path.name for path in fingerprint._own_files("mylab.helped")}
    assert files == {"helped.py", "helping.py", "shuffle.py"}


def test_the_task_of_the_page_is_checked_as_shown_and_its_study_planned(tmp_path, monkeypatch, capsys):
    page = (ROOT / "docs/tasks.md").read_text(encoding="utf-8")
    (tmp_path / "mine").mkdir()
    for name, text in BLOCK.findall(page):
        (tmp_path / name).write_text(text, encoding="utf-8")
    words = {"en": ("no", "yes"), "sw": ("hapana", "ndiyo")}
    parts = [("train", "en", 400), ("dev", "en", 100), ("test", "en", 0), ("test", "sw", 0)]
    for split, code, items in parts:
        frame = tasks.load_pairs("demo", split, [code], items=items)
        cells = zip(frame["item"].astype(str), frame.sentence1, frame.sentence2, frame.label)
        lines = [f"{item}\t{one}\t{other}\t{words[code][label]}\n" for item, one, other, label in cells]
        (tmp_path / f"mine/{split}-{code}.tsv").write_text("".join(lines), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert check_task(["./mine"]) == 0
    printed = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    (shown,) = re.findall(r"```\n(TEST\n.*?)```", page, re.DOTALL)
    assert [line for line in shown.splitlines() if line not in printed] == []
    plan = studies.read(tmp_path / "mine.yaml")["own"].plan({}, runs=tmp_path / "runs", reads=False)
    assert plan["mlm seed 1"].parameters["task"] == str(tmp_path / "mine")


def test_a_fingerprint_does_not_depend_on_where_the_files_lie(own):
    folder, _ = own
    script = (
        "from xltlib import fingerprint, parameters;"
        "noise = {'kind': 'mylab.shuffle:Shuffle', 'share': 0.1};"
        "given = parameters.resolve('20_finetune', {'noise': noise});"
        "print(fingerprint.code_fingerprint('20_finetune', given))"
    )
    found = set()
    for name in ("a", "z"):  # the package's files before and behind those of one's own
        for part in ("xltlib", "notebooks"):
            shutil.copytree(ROOT / part, folder / name / part, ignore=shutil.ignore_patterns("__pycache__"))
        path = os.pathsep.join([str(folder), str(folder / name)])
        done = subprocess.run(
            [sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": path}, cwd=folder / name,
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found.add(done.stdout)
    assert len(found) == 1
