"""Whatever stands in a file of studies, a plan comes of it or one error of one line. Nothing is written."""

import copy
import random
import string
import tempfile
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from hypothesis.configuration import set_hypothesis_home_dir
from tiny_studies import tiny_study

from xltlib import parameters, studies
from xltlib.components.base import find, options_of
from xltlib.components.kinds import FAMILIES
from xltlib.plan import Plan

set_hypothesis_home_dir(Path(tempfile.gettempdir()) / "xltlib-hypothesis")  # and not the checkout
NOTEBOOKS = ("10_adapt", "20_finetune", "21_frozen")
KINDS = sorted({kind for kinds in FAMILIES.values() for kind in kinds})
PLAIN = sorted({name for notebook in NOTEBOOKS for name in parameters.declared(notebook)})
OPTIONS = sorted(
    {name for f, kinds in FAMILIES.items() for kind in kinds for name in options_of(find(f, kind))}
)
LABELS = ["mlm", "english", "english-mlm", "hybrid", "plain", "tiny"]
NAMES = sorted({*studies.FIELDS, *PLAIN, *OPTIONS, *LABELS, "kind", "like", "seeds"})
MODEST = {"max_examples": 500, "deadline": None, "database": None, "derandomize": True}
MODEST["suppress_health_check"] = list(HealthCheck)

numbers = some.one_of(
    some.integers(-3, 40),
    some.integers(),
    some.floats(),
    some.sampled_from([0, 1, 2, 1e-4, 0.5, float("nan"), float("inf"), 10**30]),
)
words = some.one_of(
    some.sampled_from(
        [*NAMES, *KINDS, "demo", "paws-x", "en de", "targets", "no", "5e-5", "2024-01-01", "~", ""]
    ),
    some.text(max_size=12),
)
scalars = some.one_of(some.none(), some.booleans(), numbers, words, some.dates())
names = some.one_of(some.sampled_from(NAMES), some.sampled_from(NAMES), words, numbers, some.none())
values = some.recursive(
    scalars,
    lambda inner: some.one_of(some.lists(inner, max_size=3), some.dictionaries(names, inner, max_size=4)),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder to which all files of studies are written."""
    return tmp_path_factory.mktemp("studies")


def planned(folder: Path, text: str) -> list[object]:
    """What comes of every study of a file: a plan, or the message of an error."""
    path, found = folder / "studies.yaml", []
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    try:
        book = studies.read(path)
        book.table()
    except ValueError as error:
        found.append(str(error))
        return found
    finally:
        assert sorted(of.name for of in folder.iterdir()) == ["studies.yaml"]
    for name in book.studies:
        try:
            found.append(book[name].plan({}, "", folder / "runs"))
        except ValueError as error:
            found.append(str(error))
    assert sorted(of.name for of in folder.iterdir()) == ["studies.yaml"]
    return found


def sensible(found: list[object]) -> None:
    """A plan with runs, or one line that is no page."""
    for of in found:
        if isinstance(of, Plan):
            assert of.nodes and of.table([])
        else:
            assert len(of.splitlines()) == 1 and 10 < len(of) < 1200, of


def paths_of(value: object, above: tuple = ()) -> list[tuple]:
    """The ways to every value in a structure."""
    found = [above] if above else []
    if isinstance(value, dict):
        for key, inner in value.items():
            found += paths_of(inner, (*above, key))
    return found


def exchanged(study: dict, path: tuple, value: object) -> dict:
    """A structure with another value in one place."""
    result = copy.deepcopy(study)
    inner = result
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return result


GOOD = {"tiny": tiny_study(Path("tiny-encoder"))}
WRITTEN = yaml.safe_dump(GOOD, sort_keys=False)


@settings(**MODEST)
@given(data=some.data())
def test_a_value_anywhere_in_a_study(folder, data):
    """One value or two of a study that can be planned are something else."""
    study = GOOD
    for _ in range(data.draw(some.integers(1, 2))):
        path = data.draw(some.sampled_from(paths_of(study)))
        study = exchanged(study, path, data.draw(values))
    sensible(planned(folder, yaml.safe_dump(study, allow_unicode=True)))


@settings(**{**MODEST, "max_examples": 400})
@given(option=some.sampled_from(OPTIONS), family=some.sampled_from(sorted(FAMILIES)), data=some.data())
def test_any_option_of_any_component(folder, option, family, data):
    """A component of a sensible kind with an option that it has or has not, and any value."""
    kind = data.draw(some.sampled_from(sorted(FAMILIES[family])))
    given = {
        "kind": kind,
        option: data.draw(values),
        **data.draw(some.dictionaries(names, scalars, max_size=2)),
    }
    study = exchanged(GOOD, ("tiny", "arms", "more"), {family: given})
    sensible(planned(folder, yaml.safe_dump(study, allow_unicode=True)))


@settings(**{**MODEST, "max_examples": 300})
@given(studies_=some.one_of(values, some.dictionaries(some.sampled_from(LABELS), values, max_size=3)))
def test_any_structure(folder, studies_):
    sensible(planned(folder, yaml.safe_dump(studies_, allow_unicode=True)))


@settings(**{**MODEST, "max_examples": 400})
@given(seed=some.integers(0, 2**32), text=some.text(max_size=6))
def test_text_that_is_nearly_a_study(folder, seed, text):
    """Letters of a file are exchanged, left out, or doubled; what comes is put in anywhere."""
    drawn, letters = random.Random(seed), list(WRITTEN)
    for _ in range(drawn.randint(1, 6)):
        at = drawn.randrange(len(letters))
        letters[at] = drawn.choice(
            [*string.punctuation, *" \n\t", "", 2 * letters[at], text, "&a ", "*a", "<<: "]
        )
    sensible(planned(folder, "".join(letters)))


def test_the_study_itself_can_be_planned(folder):
    (plan,) = planned(folder, WRITTEN)
    assert len(plan.nodes) == 5
