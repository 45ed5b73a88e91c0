"""What README.md and the page of the study that answers the question say of PAWS-X is so."""

import json
import re

import pandas as pd
import pytest
from pages import ROOT, cells_of, committed, flat

from xltlib import statistics
from xltlib.tables import TABLES, cells

PAGE = "figures/paws-x-strong/README.md"
ARM = ["strategy", "adaptation"]
MASKED, BETWEEN = "mlm-7-languages", "hybrid - labse-recipe"
STRATEGIES = ["hybrid", "labse-recipe"]


@pytest.fixture
def folder(tmp_path):
    """The committed folder of the study."""
    return committed(PAGE, tmp_path)


def on_the_mean(folder, name: str = "groups") -> pd.DataFrame:
    """A table's effects on the mean of the targets: a row an arm, or difference of strategies."""
    table = pd.read_csv(folder / f"{name}.csv").query("language == 'mean'")
    return table.set_index(ARM).sort_index()


def over_control(folder, name: str = "over_controls", control: str = "more-updates") -> pd.DataFrame:
    """Effects over a control: a row an arm."""
    return on_the_mean(folder, name).query("over == @control")


def loss(row) -> str:
    """An effect as a loss, with its interval; an end above zero is a gain there."""
    low, high = f"{-row.high:.1f}".replace("-", "−"), f"{-row.low:.1f}"
    return f"{-row.effect:.1f} [{low}, {high}]"


def gain(row) -> str:
    """An effect without its sign, with its interval."""
    return f"{row.effect:.1f} [{row.low:.1f}, {row.high:.1f}]".replace("-", "−")


def test_both_answers_give_what_is_detected_on_paws_x(folder):
    page, readme, table = flat(PAGE), flat("README.md"), on_the_mean(folder)
    effects, between = table.loc[STRATEGIES], table.loc[BETWEEN]
    found = effects[effects.verdict == "down"]
    assert set(found.index) == {("labse-recipe", MASKED), ("labse-recipe", "tsdae")}
    assert set(effects.verdict) == {"down", "undecided"} and set(effects.n_seeds) == {6}
    recipe, hybrid = loss(table.loc["labse-recipe", MASKED]), loss(table.loc["hybrid", MASKED])
    said = f"by {recipe} points under the LaBSE recipe, detected, and by {hybrid} under hybrid batches"
    assert said in page
    said = f"it costs {recipe} points under the LaBSE recipe; under hybrid batches the loss of {hybrid}"
    assert f"{said} is not detected after correction" in readme
    p = table.loc["hybrid", MASKED]["p (Holm)"]
    assert f"not detected after correction (p = {p:.2f})" in page
    denoised = table.loc["labse-recipe", "tsdae"]
    assert f"Denoising lowers it by {loss(denoised)} points under the recipe, detected" in page
    assert f"Denoising loses {-denoised.effect:.1f} points under the recipe, not detectably more" in readme
    assert over_control(folder).loc["labse-recipe", "tsdae"].verdict == "undecided"
    assert between.index[between.verdict != "undecided"].tolist() == ["more-updates"]
    assert "No adaptation has a detectably different effect under the two strategies" in page
    assert "No effect of an adaptation differs detectably between the strategies" in readme


def test_both_pages_give_the_loss_by_masked_language_modelling_over_the_control(folder):
    page, readme = flat(PAGE), flat("README.md")
    over, matched = over_control(folder), on_the_mean(folder, "matched")
    recipe, hybrid = over.loc["labse-recipe", MASKED], over.loc["hybrid", MASKED]
    assert recipe.verdict == hybrid.verdict == matched.loc["labse-recipe", MASKED].verdict == "down"
    at_matched = loss(matched.loc["labse-recipe", MASKED])
    assert f"over the control ({loss(recipe)} points), at matched shares ({at_matched})" in page
    assert f"detected over the control ({loss(hybrid)}) and without seed 3" in page
    assert f"equally many English updates, {loss(recipe)}, and at [matched shares]" in readme
    said = f"#matched-shares), {at_matched}; under hybrid batches only over those updates, {loss(hybrid)}"
    assert said in readme
    undecided = matched.loc["hybrid", MASKED]
    assert undecided.verdict == "undecided" and f"nor at matched shares ({loss(undecided)})" in page


def test_whether_the_language_of_the_text_matters_is_said_to_be_open(folder):
    page, english = flat(PAGE), on_the_mean(folder).loc["hybrid", "mlm-en"]
    assert english.verdict == "undecided"
    said = f"English text costs {loss(english)} points there, not detected"
    assert f"{said} (p = {english['p (Holm)']:.2f})" in page
    over = over_control(folder, control="mlm-en").loc["hybrid", MASKED]
    assert over.verdict == "undecided"
    assert f"text of the seven languages costs {loss(over)} more, not detected" in page
    assert "That English text costs less is not shown" in flat("README.md")


def test_the_loss_is_found_without_what_was_chosen_on_as_well(folder):
    table = pd.read_csv(ROOT / "benchmarks/paws-x-strong/effects_on_parts.csv").set_index(["part", *ARM])
    parts = ["without the 250 items of choices", "without seed 3"]
    assert all(table.loc[(part, "labse-recipe", MASKED)].verdict == "down" for part in parts)
    assert [table.loc[(part, "hybrid", MASKED)].verdict for part in parts] == ["undecided", "down"]
    assert "without the items of choices and without seed 3: it is not one of more updates" in flat(PAGE)
    whole = table.loc["all"].sort_index()
    assert (whole.effect - on_the_mean(folder).effect).abs().max() < 0.01


def test_every_seed_loses_by_masked_language_modelling_and_most_in_three_languages(folder):
    page, means = flat(PAGE), cells.accuracies(folder).query("selection == 'last' and language1 != 'en'")
    means = means.groupby([*ARM, "seed"]).accuracy.mean().unstack("seed")
    lost = pd.concat([means.loc[name, MASKED] - means.loc[name, "none"] for name in STRATEGIES])
    assert (lost < 0).all() and "loses accuracy in all six seeds under both strategies" in page
    effects = pd.read_csv(folder / "adaptation_effect.csv").query("adaptation == @MASKED")
    for strategy, said in (("labse-recipe", "{} to {} points under"), ("hybrid", "{} to {} under")):
        lost = -effects.query("strategy == @strategy").set_index("language").effect
        most = lost.nlargest(3)
        assert set(most.index) == {"zh", "ja", "ko"}
        assert said.format(f"{most.min():.1f}", f"{most.max():.1f}") in page
    base = means.xs("none", level="adaptation").mean(axis=1).loc[STRATEGIES]
    assert "they reach {:.1f} % (hybrid batches) and {:.1f} %".format(*base) in page


def test_the_page_says_what_happens_to_vectors_and_held_out_text(folder):
    page = flat(PAGE)
    bias = pd.read_csv(folder / "language_bias.csv").groupby(ARM)[["retrieval", "rank_distance"]].mean()
    change = bias - bias.xs("none", level="adaptation").reindex(bias.index, level="strategy")
    lost = [f"{-100 * change.loc[(name, MASKED)].retrieval:.0f}" for name in STRATEGIES]
    assert "of the translations {} and {} points fewer are found".format(*lost) in page
    further = [f"{change.loc[(name, MASKED)].rank_distance:.2f}" for name in STRATEGIES]
    assert "rank distance rises by {} and {}".format(*further) in page
    hybrid, recipe = (f"{100 * change.loc[(name, 'tsdae')].retrieval:+.0f}" for name in STRATEGIES)
    assert f"changes translations found by {hybrid} and {recipe} points".replace("-", "−") in page
    found = [f"{100 * bias.loc[(name, 'none')].retrieval:.0f}" for name in STRATEGIES]
    assert "hybrid batches find {} % of the translations, the recipe {} %".format(*found) in page
    text = pd.read_csv(folder / "on_the_way.csv").set_index(["adaptation", "update"]).held_out
    before, after = text["hybrid-text", 375], text["hybrid-text", 500]
    assert f"perplexity fell from {before:.0f} to {after:.0f} in the last 125 (hybrid batches)" in page


def test_denoising_is_said_to_be_no_effect_of_the_text(folder):
    page, over = flat(PAGE), over_control(folder)
    recipe, matched = over.loc["labse-recipe", "tsdae"], on_the_mean(folder, "matched")
    assert f"over the control the loss of {loss(recipe)} is not detected" in page
    named = over[over.index.get_level_values("adaptation").isin([MASKED, "tsdae"])]
    of_four = pd.Series(statistics.holm(named.p), named.index)["labse-recipe", "tsdae"]
    assert len(over) == 6 and len(named) == 4
    said = f"Its p is {recipe['p (Holm)']:.3f} among the six arms that the table compares with the control"
    assert f"{said}, and {of_four:.3f} among the four" in page
    assert f"{of_four:.3f} instead of {recipe['p (Holm)']:.3f}" in flat("docs/preregistration-paws-x.md")
    assert f"At matched shares {loss(matched.loc['labse-recipe', 'tsdae'])} points are lost" in page
    assert matched.loc["labse-recipe", "tsdae"].verdict == "undecided"
    assert f"the effect is {cells.points(on_the_mean(folder).loc['hybrid', 'tsdae'])}, and" in page
    assert matched.loc["hybrid", "tsdae"].verdict == "equivalent to nothing"


def test_consistency_gains_at_matched_shares_alone(folder):
    page, matched = flat(PAGE), on_the_mean(folder, "matched")
    recipe, hybrid = (matched.loc[name, "consistency"] for name in ("labse-recipe", "hybrid"))
    assert (recipe.verdict, hybrid.verdict) == ("up", "undecided")
    assert 0.04 < recipe["p (Holm)"] < 0.05
    said = f"it gains {gain(recipe)} points under the recipe, detected (p just below 5 %)"
    assert f"{said}, and {gain(hybrid)} under hybrid" in page
    assert f"at matched shares gains {gain(recipe)} under the recipe" in flat("README.md")
    assert (matched.loc[STRATEGIES].verdict == "up").sum() == 1
    answers = pd.read_csv(folder / "answers.csv").query("language != 'en'")
    said = answers.groupby(ARM).answered_1.mean().unstack("adaptation")
    assert f"Models call {said.consistency.mean():.0f} % of the pairs" in page
    assert said.consistency.round().nunique() == 1
    least, most = said.none.min(), said.none.max()
    assert f"with it and {least:.0f} to {most:.0f} % without; {answers.labels_1.mean():.0f} % are" in page


def test_more_english_updates_differ_between_the_strategies_and_no_arm_passes_the_english_model(folder):
    page, table = flat(PAGE), on_the_mean(folder)
    more, between = table.loc["hybrid", "more-updates"], table.loc[BETWEEN, "more-updates"]
    assert more.verdict == "undecided" and between.verdict == "up"
    assert f"gain {gain(more)} points under hybrid batches, not detected, and {gain(between)} more" in page
    model = pd.read_csv(ROOT / "benchmarks/paws-x-strong/english_model.csv").set_index("language").accuracy
    means = cells.accuracies(folder).query("selection == 'last' and language1 != 'en'")
    best = means.groupby([*ARM, "seed"]).accuracy.mean().groupby(ARM).mean().max()
    assert best < model["mean"] and f"before any strategy, {model['mean']:.1f} %" in page


def test_both_pages_say_how_precise_the_study_is(folder):
    page, readme, table = flat(PAGE), flat("README.md"), on_the_mean(folder)
    effects, between = table.loc[STRATEGIES], table.loc[BETWEEN]
    half = (effects.high - effects.low) / 2
    assert f"Intervals are ±{half.min():.1f} to ±{half.max():.1f} points on the mean" in page
    assert half.index[half > 1].tolist() == [("labse-recipe", "consistency")]
    found = statistics.detectable(effects.low, effects.high, effects.n_seeds)
    least_and_most = f"{found.min():.1f} to {found.max():.1f} points"
    assert f"before correction: {least_and_most}" in page
    assert f"the study finds effects of {least_and_most}, before correction" in readme
    found = statistics.detectable(between.low, between.high, between.n_seeds)
    assert f"and {found.min():.1f} to {found.max():.1f} of differences between strategies" in page
    majority = pd.read_csv(folder / "intervals.csv").majority
    assert f"The majority class is right in {majority.mean():.0f} %" in page


def test_what_the_study_rests_on_is_said(folder):
    page, readme = flat(PAGE), flat("README.md")
    records = json.loads((folder / "runs.json").read_text())["runs"]
    arms = [record for record in records if record["arm"]]
    assert len(arms) == 6 * 11 and {record["rung"] for record in arms} == {"Z3"}
    counts = pd.read_csv(folder / "adaptation_effect.csv")
    assert counts.n_items.max() == 1000 and "at most 1,000 test items a language" in readme
    assert set(counts.resource) == {"high", "medium"} and "in seven languages, none low-resource" in readme
    english = [record for record in records if record["label"].startswith("english seed")]
    read = [entry["count"] for record in english for entry in record["read"] if entry["role"] == "labels"]
    assert set(read) == {18107} and "an English model of 18,107 pairs" in readme
    two_threads = {record["seed"] for record in english if record["machine"]["device"] == "cpu, 2 threads"}
    assert two_threads == {1, 2, 5, 6}
    assert "those of seeds 1, 2, 5 and 6 on two threads" in flat("docs/preregistration-paws-x.md")


def test_the_answer_of_readme_is_a_row_an_adaptation(folder):
    header, rows = cells_of(TABLES["answer"](folder))
    assert header == ["adaptation", "hybrid batches", "effect", "LaBSE recipe", "effect"]
    assert re.fullmatch(r"\*\*−1\.5 .*\*\*", rows[1][-1]) and not rows[-1][-1]
    assert "(control)" in rows[-2][0] and rows[-1][0].endswith("English")
    assert "The last two rows are controls" in flat("README.md")
