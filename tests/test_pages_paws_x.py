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
SHIFTED = ["zh", "ja", "ko"]  # languages in which masked language modelling loses most
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
    said = f"{recipe} points under the LaBSE recipe, detected, and"
    assert f"by {said} by {hybrid} under hybrid batches, not detected after correction" in page
    assert f"costs {said} {hybrid} under hybrid batches, not detected" in readme
    assert f"(p = {table.loc['hybrid', MASKED]['p (Holm)']:.2f})" in page
    assert between.index[between.verdict != "undecided"].tolist() == ["more-updates"]
    apart = gain(between.loc[MASKED])
    assert f"The difference between the two, {apart}, is not detected either" in page
    assert f"nor is the difference, {apart}" in readme
    denoised = loss(table.loc["labse-recipe", "tsdae"])
    assert f"Denoising lowers it by {denoised} points under the recipe, detected" in page
    assert f"Denoising loses {denoised} points under the recipe, detected" in readme


def test_both_pages_give_the_loss_by_masked_language_modelling_over_the_control(folder):
    page, readme = flat(PAGE), flat("README.md")
    over, matched = over_control(folder), on_the_mean(folder, "matched")
    recipe, hybrid = over.loc["labse-recipe", MASKED], over.loc["hybrid", MASKED]
    at_matched, undecided = matched.loc["labse-recipe", MASKED], matched.loc["hybrid", MASKED]
    assert recipe.verdict == hybrid.verdict == at_matched.verdict == "down"
    assert undecided.verdict == "undecided"
    said = f"over the control ({loss(recipe)} points), at matched shares (over no adaptation, "
    assert said + loss(at_matched) in page
    assert f"detected over the control ({loss(hybrid)}) and without seed 3" in page
    assert f"nor over it at matched shares ({loss(undecided)})" in page
    said = f"loses {loss(recipe)} points under the recipe and {loss(hybrid)} under hybrid batches"
    assert f"{said}, both detected" in readme
    assert f"against none, {loss(at_matched)}, detected, and {loss(undecided)}, not" in readme


def test_whether_the_language_of_the_text_matters_is_said_to_be_open(folder):
    page, readme, english = flat(PAGE), flat("README.md"), on_the_mean(folder).loc["hybrid", "mlm-en"]
    assert english.verdict == "undecided"
    assert f"loses {loss(english)} points, not detected (p = {english['p (Holm)']:.2f})" in page
    beyond = pd.read_csv(folder / "over_updates.csv").set_index(ARM).loc[("hybrid", "mlm-en")]
    assert beyond.verdict == "down"
    assert f"against more English updates it loses {loss(beyond)}, detected" in page
    over = over_control(folder, control="mlm-en").loc["hybrid", MASKED]
    assert over.verdict == "undecided"
    assert f"Text of the seven languages loses {loss(over)} more, not detected" in page
    assert f"English text costs {loss(english)} (hybrid batches, not detected)" in readme


def test_the_loss_is_found_without_what_was_chosen_on_as_well(folder):
    table = pd.read_csv(ROOT / "benchmarks/paws-x-strong/effects_on_parts.csv").set_index(["part", *ARM])
    parts = ["without the 250 items of choices", "without seed 3"]
    assert all(table.loc[(part, "labse-recipe", MASKED)].verdict == "down" for part in parts)
    assert [table.loc[(part, "hybrid", MASKED)].verdict for part in parts] == ["undecided", "down"]
    assert "without the items of choices and without seed 3: more updates do not explain it" in flat(PAGE)
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
        assert set(most.index) == set(SHIFTED)
        assert said.format(f"{most.min():.1f}", f"{most.max():.1f}") in page
    found = pd.read_csv(folder / "adaptation_effect.csv").query("adaptation == @MASKED and verdict == 'down'")
    found = set(zip(found.strategy, found.language, strict=True))
    assert found == {("hybrid", "zh"), ("labse-recipe", "zh"), ("labse-recipe", "ko")}
    assert "detected in Chinese under both strategies and in Korean under the recipe" in page
    base = means.xs("none", level="adaptation").mean(axis=1).loc[STRATEGIES]
    assert "they reach {:.1f} % (hybrid batches) and {:.1f} %".format(*base) in page


def test_part_of_the_loss_in_three_languages_is_a_shift_of_answers(folder):
    page, columns = flat(PAGE), ["matched", "answered_1"]
    answers = pd.read_csv(folder / "answers.csv").set_index([*ARM, "language"])[columns].sort_index()
    change = {name: answers.loc[name, MASKED] - answers.loc[name, "none"] for name in STRATEGIES}
    shift = pd.concat([table.answered_1[SHIFTED] for table in change.values()])
    assert f"pairs called paraphrases rises by {shift.min():.0f} to {shift.max():.0f} points" in page
    lost = []
    for languages in (SHIFTED, ["de", "es", "id"]):
        for name in ("labse-recipe", "hybrid"):
            of_strategy = -change[name].matched[languages]
            lost.append(f"{of_strategy.min():.1f} to {of_strategy.max():.1f}")
    said = "lose no more than others: {} and {} points, German, Spanish and Indonesian {} and {}"
    french = "French {:.1f} and {:.1f}".format(*(-change[name].matched["fr"] for name in STRATEGIES[::-1]))
    assert f"{said.format(*lost)}, {french}" in page


def test_the_page_says_what_happens_to_vectors_and_held_out_text(folder):
    page = flat(PAGE)
    measures = ["retrieval", "rank_distance", "same_language"]
    bias = pd.read_csv(folder / "language_bias.csv").groupby(ARM)[measures].mean()
    change = bias - bias.xs("none", level="adaptation").reindex(bias.index, level="strategy")
    changed = [change.xs(name, level="adaptation") for name in (MASKED, "more-updates", "tsdae")]
    masked, more, denoised = changed
    falls = "the share found falls by {:.0f} and {:.0f} points".format(*-100 * masked.retrieval)
    assert f"Translations move apart: {falls}" in page
    assert "rank distance rises by {:.2f} and {:.2f}".format(*masked.rank_distance) in page
    falls = "it falls by {:.0f} and {:.0f} points".format(*-100 * more.retrieval)
    assert f"after more English updates {falls}" in page
    found = "({:+.0f} and {:+.0f} points)".format(*100 * denoised.retrieval).replace("-", "−")
    assert f"about as many are found {found}" in page
    before, after = (bias.same_language.xs(name, level="adaptation") for name in ("none", "tsdae"))
    ends = [100 * share[name] for name in STRATEGIES for share in (before, after)]
    assert "rises from {:.0f} to {:.0f} % and from {:.0f} to {:.0f} %".format(*ends) in page
    base = bias.xs("none", level="adaptation").loc[STRATEGIES]
    found = "find {:.0f} % of the translations and the recipe {:.0f} %".format(*100 * base.retrieval)
    assert f"Hybrid batches {found}, and more in four of six seeds" in page
    assert "rank distance is {:.2f} and {:.2f}".format(*base.rank_distance) in page
    records = json.loads((folder / "runs.json").read_text())["runs"]
    plain = [record for record in records if record["arm"] and record["adaptation"] == "none"]
    rows = [(run["strategy"], run["seed"], row["retrieval"]) for run in plain for row in run["bias"]]
    of_seed = pd.DataFrame(rows, columns=["strategy", "seed", "found"]).groupby(["seed", "strategy"]).found
    of_seed = of_seed.mean().unstack()
    assert (of_seed.hybrid > of_seed["labse-recipe"] + 0.001).sum() == 4
    text = pd.read_csv(folder / "on_the_way.csv").set_index(["adaptation", "update"]).held_out
    before, after = text["hybrid-text", 375], text["hybrid-text", 500]
    assert f"perplexity fell from {before:.0f} to {after:.0f} in the last 125 (hybrid batches)" in page


def test_whether_denoising_loses_more_than_the_control_is_said_to_depend_on_the_number_of_tests(folder):
    page, readme, design = flat(PAGE), flat("README.md"), flat("docs/preregistration-paws-x.md")
    arm = ("labse-recipe", "tsdae")
    table = pd.read_csv(ROOT / "benchmarks/paws-x-strong/over_the_control.csv").set_index(ARM).loc[[arm]]
    assert table.outcome.tolist() == ["accuracy", "matched shares"]
    assert set(table.compared) == {6} and set(table.of_these) == {4}
    of_six, of_four = table["p (Holm)"].tolist(), table["p of these"].tolist()
    over, matched = over_control(folder), on_the_mean(folder, "matched")
    assert over.loc[arm].verdict == "undecided" and over.loc[arm]["p (Holm)"] == of_six[0]
    assert f"There the loss is {loss(over.loc[arm])}, detected among four tests" in page
    assert f"four tests (p = {of_four[0]:.3f}) but not among six (p = {of_six[0]:.3f})" in page
    assert f"depends on how many tests are counted (p = {of_six[0]:.3f} or {of_four[0]:.3f})" in page
    assert f"against the control p is {of_six[0]:.3f} or {of_four[0]:.3f}, by the number" in readme
    assert f"{of_four[0]:.3f} instead of {of_six[0]:.3f}" in design
    assert f"{of_four[1]:.3f} instead of {of_six[1]:.3f}" in design
    assert matched.loc[arm].verdict == "undecided"
    assert f"At matched shares {loss(matched.loc[arm])} points are lost against no adaptation, not" in page
    assert f"the effect is {cells.points(on_the_mean(folder).loc['hybrid', 'tsdae'])}, at" in page
    assert matched.loc["hybrid", "tsdae"].verdict == "equivalent to nothing"
    hybrid = over.loc["hybrid", "tsdae"]
    assert hybrid.verdict == "down" and f"{loss(hybrid)} points are lost, detected" in page


def test_consistency_gains_at_matched_shares_alone(folder):
    page, matched = flat(PAGE), on_the_mean(folder, "matched")
    recipe, hybrid = (matched.loc[name, "consistency"] for name in ("labse-recipe", "hybrid"))
    assert (recipe.verdict, hybrid.verdict) == ("up", "undecided")
    assert recipe["p (Holm)"] == pytest.approx(0.0455)
    said = f"it gains {gain(recipe)} points under the recipe, detected (p = 0.046)"
    assert f"{said}, and {gain(hybrid)} under hybrid" in page
    assert f"at matched shares it gains {gain(recipe)} under the recipe" in flat("README.md")
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
    parts = pd.read_csv(ROOT / "benchmarks/paws-x-strong/effects_on_parts.csv").set_index(["part", *ARM])
    without = parts.loc[("without the 250 items of choices", BETWEEN, "more-updates")]
    matched = on_the_mean(folder, "matched").loc[BETWEEN, "more-updates"]
    assert without.verdict == matched.verdict == "undecided"
    assert f"items of choices ({gain(without)}) or at matched shares ({gain(matched)})" in page
    model = pd.read_csv(ROOT / "benchmarks/paws-x-strong/english_model.csv").set_index("language").accuracy
    means = cells.accuracies(folder).query("selection == 'last' and language1 != 'en'")
    best = means.groupby([*ARM, "seed"]).accuracy.mean().groupby(ARM).mean().max()
    assert best < model["mean"] and f"before any strategy, {model['mean']:.1f} %" in page
    assert "No arm exceeds English models" in page


def test_both_pages_say_how_precise_the_study_is(folder):
    page, readme, table = flat(PAGE), flat("README.md"), on_the_mean(folder)
    effects, between = table.loc[STRATEGIES], table.loc[BETWEEN]
    half = (effects.high - effects.low) / 2
    assert f"Intervals are ±{half.min():.1f} to ±{half.max():.1f} points on the mean" in page
    assert half.index[half > 1].tolist() == [("labse-recipe", "consistency")]
    power = pd.read_csv(ROOT / "benchmarks/paws-x-strong/power.csv").set_index(ARM)
    found = power.found[STRATEGIES]
    said = f"the study finds effects of {found.min():.1f} to {found.max():.1f} points"
    assert f"After correction {said}" in page and f"With 80 % power {said}" in readme
    found = power.found[BETWEEN]
    assert f"differences between strategies of {found.min():.1f} to {found.max():.1f}" in page
    seeds = power.seeds
    assert seeds["hybrid", MASKED] == 9 and f"of {-power.effect['hybrid', MASKED]:.1f} points under" in page
    assert f"{seeds[BETWEEN, MASKED]} to find that it differs by {power.effect[BETWEEN, MASKED]:.1f}" in page
    majority = pd.read_csv(folder / "intervals.csv").majority
    assert f"The majority class is right in {majority.mean():.0f} %" in page


def test_the_page_gives_the_effects_of_denoising_in_the_first_study(tmp_path):
    first = on_the_mean(committed("figures/paws-x/README.md", tmp_path))
    hybrid, recipe = (cells.points(first.loc[name, "tsdae"]) for name in STRATEGIES)
    assert f"there denoising had effects of {hybrid} and {recipe}, after 50 updates" in flat(PAGE)


def test_nothing_is_detected_on_english(folder):
    table = pd.read_csv(ROOT / "benchmarks/paws-x-strong/effects_on_english.csv").set_index(ARM)
    assert set(table.verdict) == {"undecided"} and "**English.** No effect is detected" in flat(PAGE)
    assert table.effect.abs().idxmax() == ("labse-recipe", MASKED)
    said = f"a loss of {loss(table.loc['labse-recipe', MASKED])} by masked language modelling"
    assert said.replace("−0.0", "0.0") in flat(PAGE)


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
    assert set(read) == {18107} and "80 updates after 18,107 English pairs" in readme
    two_threads = {record["seed"] for record in english if record["machine"]["device"] == "cpu, 2 threads"}
    assert two_threads == {1, 2, 5, 6}
    assert "those of seeds 1, 2, 5 and 6 on two threads" in flat("docs/preregistration-paws-x.md")


def test_the_answer_of_readme_is_a_row_an_adaptation(folder):
    header, rows = cells_of(TABLES["answer"](folder))
    assert header == ["adaptation", "hybrid batches", "effect", "LaBSE recipe", "effect"]
    assert re.fullmatch(r"\*\*−1\.5 .*\*\*", rows[1][-1]) and not rows[-1][-1]
    assert "(control)" in rows[-2][0] and rows[-1][0].endswith("English")
    assert "Last two rows: controls" in flat("README.md")
