"""Settings are compared on development data and held-out text, and no test item is looked at."""

import re

import pandas as pd
import pytest
from tiny_studies import here, tiny_study

from xltlib import development


def record(label: str, accuracy: float | None = None, parents: tuple = (), **parameters) -> dict:
    """Of a run; one without an accuracy is an adaptation."""
    about = {"run": label, "label": f"{label} seed 3", "seed": 3, "parents": dict.fromkeys(parents, "")}
    if accuracy is None:
        held_out = {"before": {"de": 100.0, "fr": 400.0}, "after": {"de": 9.0, "fr": 4.0}}
        about |= {**held_out, "on_the_way": [[5, 50.0], [10, 6.0]], "method": "mlm"}
        return about | {"arm": False, "notebook": "10_adapt", "parameters": parameters}
    checkpoints = [{"step": 1, "en": 0.1}, {"step": 9, "en": accuracy}]
    parameters |= {"scored": {"kind": "pairs", "dev": 400}}
    about |= {"arm": True, "notebook": "20_finetune", "dev_accuracy": checkpoints, "encoder": "offline"}
    return about | {"parameters": parameters}


def test_settings_stand_beside_what_they_reach():
    low = record("low", learning_rate=2e-5, encoder={"kind": "held", "frozen_layers": 4})
    high = record("high", learning_rate=1e-4, encoder={"kind": "held", "frozen_layers": 4})
    aligned = record("hybrid", 0.1, ("high",), steps=80) | {"arm": False}
    arms = [record("none", 0.9, steps=100, start="somewhere"), record("mlm-low", 0.85, ("low",), steps=100)]
    arms += [record("mlm-high", 0.8, ("hybrid",), steps=300)]
    table = development.table([low, high, aligned, *arms])
    assert table.arm.tolist() == ["none", "mlm-low", "mlm-high"] and table.seed.tolist() == [3, 3, 3]
    assert table.accuracy.tolist() == [90.0, 85.0, 80.0] and set(table.pairs) == {400}
    assert table.steps.tolist() == ["100", "100", "300"]
    assert table["adaptation: learning_rate"].tolist() == ["", "2e-05", "0.0001"]
    assert not {"start", "encoder.frozen_layers", "adaptation: encoder.frozen_layers"} & set(table)
    assert table.loc[0, ["adaptation", "before", "after"]].isna().all()
    assert table.loc[2, ["before", "late", "after"]].tolist() == pytest.approx([200.0, 50.0, 6.0])


def test_of_an_older_adaptation_nothing_is_known_of_its_way():
    older = {name: of for name, of in record("low", steps=9).items() if name != "on_the_way"}
    table = development.table([older, record("mlm", 0.9, ("low",), steps=1)])
    assert table.after.tolist() == pytest.approx([6.0]) and table.late.isna().all()


def test_a_mean_is_over_seeds_in_the_order_of_the_study():
    runs = [record("b", 0.5, steps=1), record("a", 0.7, steps=2), record("b", 0.6, steps=1) | {"seed": 4}]
    means = development.means(development.table(runs))
    assert means.arm.tolist() == ["b", "a"] and means.seeds.tolist() == [2, 1]
    assert means.accuracy.tolist() == pytest.approx([55.0, 70.0]) and means.steps.tolist() == ["1", "2"]
    assert "mean of 1 to 2 seeds; highest: `a`. The standard" in development.said(development.table(runs))


def test_the_last_of_several_adaptations_is_told_and_encoders_of_the_study_are_no_setting():
    encoder = record("mlm", learning_rate=1e-4)
    text = record("tsdae", learning_rate=2e-5) | {"method": "tsdae"}
    held = {"kind": "held", "name": "adapt-1"}
    first = record("after", 0.5, ("mlm", "tsdae"), encoder=held, steps=1)
    second = record("plain", 0.5, ("mlm",), encoder=held | {"name": "adapt-2"}, steps=1)
    table = development.table([encoder, text, first, second])
    assert table.adaptation.tolist() == ["tsdae", "mlm"] and "encoder.name" not in table
    mixed = table.assign(pairs=[0, 400])
    assert "all or 400 development pairs" in development.caption("s", [first], mixed)


def test_a_study_without_development_pairs_is_refused():
    with pytest.raises(ValueError, match="source = 'de': no run was scored on development pairs"):
        development.table([record("a", 0.5)], "de")


def test_arms_that_differ_in_a_rate_alone_are_compared(tiny, tmp_path):
    arms = {name: {"learning_rate": rate} for name, rate in (("low", 1e-5), ("high", 1e-3))}
    study = tiny_study(tiny["xlm-r"], encoders={}, arms=arms, summary="50_development")
    result = here(tmp_path, study)
    assert result.returncode == 0, result.stderr
    place = tmp_path / "figures" / "tiny"
    table = pd.read_csv(place / "development.csv")
    assert table.learning_rate.tolist() == [1e-5, 1e-3]
    assert {path.name for path in place.glob("*.csv")} == {"development.csv"}  # no accuracy on test items
    assert (place / "development.png").stat().st_size and (place / "development.svg").stat().st_size


def test_without_that_notebook_arms_of_one_name_are_named(tiny, tmp_path):
    arms = {name: {"learning_rate": rate} for name, rate in (("low", 1e-5), ("high", 1e-3))}
    result = here(tmp_path, tiny_study(tiny["xlm-r"], encoders={}, arms=arms))
    assert result.returncode == 1
    said = "low seed 1 and high seed 1 have one name in tables .*plain, cross, none., because"
    assert re.search(said, result.stdout + result.stderr), result.stdout + result.stderr


def test_an_accuracy_has_a_standard_error_where_the_number_of_pairs_is_known():
    known, unknown = record("known", 0.5), record("unknown", 0.5)
    unknown["parameters"]["scored"] = {"kind": "pairs", "dev": 0}
    assert development.table([known, unknown])["standard error"].tolist() == [2.5, 0.0]
