"""Figures show what their tables say, name what they show, and are the same bytes every time."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from test_statistics import runs_and_predictions

from xltlib import figures, languages, statistics
from xltlib.figures import marks


def caption_of(figure) -> str:
    """What stands below a figure, in one line."""
    return " ".join(figure.get_supxlabel().split())


@pytest.fixture(scope="module")
def right():
    runs, predictions = runs_and_predictions()
    return statistics.right_answers(predictions, runs)


def drawn_marks(axis, strategy: str) -> pd.DataFrame:
    """Marks of a strategy: columns ``x, y, filled``, in the order of their places."""
    _, colour, marker = figures.look(strategy)
    rows = []
    for line in axis.lines:
        if (line.get_color(), line.get_marker()) == (colour, marker):
            filled = line.get_markerfacecolor() == colour
            rows += [(x, y, filled) for x, y in zip(line.get_xdata(), line.get_ydata())]
    return pd.DataFrame(rows, columns=["x", "y", "filled"]).dropna().sort_values("x")


def test_the_figure_shows_what_its_table_says_and_is_byte_stable(right, tmp_path):
    effects, between, _ = statistics.adaptation_effects(right)
    effects, between = statistics.corrected(effects), statistics.corrected(between)
    by_seed = statistics.effects_by_seed(right)
    for name in ("a", "b"):
        figure = figures.adaptation_effect(effects, between, by_seed, "mlm", "caption")
        figures.save(figure, effects, tmp_path / name)
    for kind in (".png", ".svg", ".csv"):
        one, two = ((tmp_path / name).with_suffix(kind).read_bytes() for name in ("a", "b"))
        assert one == two
    top, bottom = figure.axes
    expected = effects[effects.strategy == "hybrid"].set_index("language").loc[["en", "de", "ja", "id"]]
    labels = [label.get_text() for label in bottom.get_xticklabels()]
    assert labels == ["English", "German", "Japanese", "Indonesian"]
    drawn = drawn_marks(top, "hybrid")
    assert np.allclose(drawn.y, expected.effect)
    assert drawn.filled.tolist() == expected.verdict.isin(["up", "down"]).tolist()
    expected = between.set_index("language").effect
    drawn = [y for line in bottom.lines if line.get_marker() == "D" for y in line.get_ydata()]
    assert np.allclose(drawn, expected.loc[["en", "de", "ja", "id"]])
    boxes = [text.get_window_extent() for text in bottom.get_xticklabels()]
    assert all(a.x1 < b.x0 for a, b in zip(boxes, boxes[1:]))


def test_an_effect_is_filled_where_it_is_detected_and_dotted_where_one_seed_measured_it():
    effects = pd.DataFrame({"effect": [3.0, 2.0, -2.0], "verdict": ["up", "undecided", "one seed"]})
    effects = effects.assign(low=effects.effect - 1, high=effects.effect + 1, n_seeds=[6, 6, 1])
    figure, axis = plt.subplots()
    marks.draw_effects(axis, np.arange(3), effects, figures.look("hybrid"))
    assert drawn_marks(axis, "hybrid").filled.tolist() == [True, False, False]
    lines = {}
    for bars in axis.collections:
        for (x, low), (_, high) in bars.get_segments():
            lines[x] = (low, high, bars.get_linewidth()[0], bars.get_linestyle()[0][1] is None)
    assert lines == {0: (2, 4, 2.6, True), 1: (1, 3, 1.3, True), 2: (-3, -1, 1.3, False)}
    assert marks.meaning(effects).startswith(" Filled: detected after Holm's correction. Hollow: not")
    assert marks.meaning(effects).endswith("Dotted: one seed, an interval over test items alone, no verdict.")
    assert "Hollow" not in marks.meaning(effects.iloc[[0, 2]])
    assert "Dotted" not in marks.meaning(effects[:2]) and "Filled" not in marks.meaning(effects[1:])
    plt.close(figure)


def test_the_figure_of_the_family_keeps_the_order_of_adaptations_and_names_them(tmp_path):
    table = pd.DataFrame(
        {
            "strategy": ["plain"] * 3 + ["hybrid"],
            "head": "cross",
            "adaptation": ["consistency-de-es-fr", "dann", "mlm-wikipedia", "dann"],
            "effect": [2.0, 0.5, -1.0, 0.1],
            "verdict": ["undecided", "undecided", "one seed", "undecided"],
            "effect on source": [0.0, -1.0, 0.0, 0.2],
            "retrieval, more": np.nan,
            "tokens, more": [2e6, 1e6, 1e6, 1e6],
            "n_seeds": [2, 2, 1, 2],
            "control": [False, False, True, False],
        }
    )
    table = table.assign(low=table.effect - 1, high=table.effect + 1)
    figure = figures.adaptation_family(table, "caption", "German")
    shaded = [patch.get_bbox() for patch in figure.axes[0].patches]
    assert [(box.y0, box.y1) for box in shaded] == [(1.5, 2.5)] and "Grey: controls" in caption_of(figure)
    assert len(figure.axes) == 3  # a panel of which nothing was measured is not drawn
    assert [" ".join(label.get_text().split()) for label in figure.axes[0].get_yticklabels()] == [
        "consistency on parallel pairs, German, Spanish and French (2 seeds)",
        "domain discriminator (2 seeds)",
        "masked language modelling, wikipedia (1 seed)",
    ]
    assert figure.axes[0].yaxis_inverted()  # the first above
    plain, hybrid = (drawn_marks(figure.axes[0], name) for name in ("plain", "hybrid"))
    assert dict(zip(plain.x, plain.y)) == {-1.0: 1.8, 0.5: 0.8, 2.0: -0.2} and hybrid.y.tolist() == [1.2]
    assert max(x for line in figure.axes[2].lines for x in line.get_xdata()) == 2000.0  # thousands
    assert figure.axes[1].get_xlabel() == "effect on German\n(points)"
    figures.save(figure, table, tmp_path / "family")
    assert (tmp_path / "family.svg").stat().st_size > 1000


JUDGED = {"verdict": "undecided", "n_seeds": 3}


def test_the_figure_of_doses_has_a_tick_at_each_dose():
    table = pd.DataFrame({"sentences": [2560, 80, 640], "effect": [2.0, 0.5, 1.0], "low": 0.0, "high": 3.0})
    table = table.assign(use="consistency", strategy="plain", **JUDGED)
    figure = figures.dose_response(table, "caption")
    axis = figure.axes[0]
    assert [tick.get_text() for tick in axis.get_xticklabels()] == ["80", "640", "2,560"]
    assert axis.get_xscale() == "log"
    (named,) = figure.legends[0].get_texts()
    assert named.get_text() == "consistency on parallel pairs, monolingual batches"


def test_lines_of_one_adaptation_look_like_their_strategies():
    doses = pd.DataFrame({"sentences": [100, 1000], "effect": [1.0, 2.0], "low": 0.0, "high": 3.0})
    table = pd.concat([doses.assign(strategy=name, use="syntax", **JUDGED) for name in ("plain", "hybrid")])

    def looks(effects: pd.DataFrame) -> list[tuple[str, str]]:
        handles, _ = figures.dose_response(effects, "caption").axes[0].get_legend_handles_labels()
        return [(line.get_color(), line.get_marker()) for line in handles]

    assert looks(table) == [figures.look(name)[1:] for name in ("plain", "hybrid")]
    two = pd.concat([table, doses.assign(strategy="plain", use="mlm", **JUDGED)])
    assert len(set(looks(two))) == 3


def test_lines_of_doses_stand_side_by_side_around_their_dose():
    doses = pd.DataFrame({"sentences": [100, 1000], "effect": [1.0, 2.0], "low": 0.0, "high": 3.0})
    table = pd.concat([doses.assign(strategy="plain", use=use, **JUDGED) for use in ("mlm", "tsdae")])
    axis = figures.dose_response(table, "caption").axes[0]
    first, second = (line.get_xdata() for line in axis.lines if line.get_alpha())
    assert (first < [100, 1000]).all() and (second > [100, 1000]).all()
    assert np.allclose(first * second, [100**2, 1000**2])
    assert [tick.get_text() for tick in axis.get_xticklabels()] == ["100", "1,000"]


def test_every_dosed_adaptation_has_its_line():
    names = ["mlm", "tsdae", "align", "dann", "coral", "mmd", "consistency"]
    table = pd.DataFrame({"sentences": 100, "effect": 1.0, "low": 0.0, "high": 3.0, "use": names})
    figure = figures.dose_response(table.assign(strategy="plain", **JUDGED), "caption")
    assert len(figure.legends[0].get_texts()) == len(names)


def test_doses_have_a_panel_a_group_of_languages():
    doses = pd.DataFrame({"sentences": [100, 1000], "effect": [1.0, 2.0], "low": 0.0, "high": 3.0})
    doses = doses.assign(strategy="plain", use="mlm", **JUDGED)
    table = pd.concat([doses.assign(group=name) for name in ("a-b", "c")])
    figure = figures.dose_response(table, "caption")
    assert [axis.get_title() for axis in figure.axes] == ["a b", "c"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "masked language modelling, monolingual batches"
    ]


def test_figures_of_strengths_rungs_and_noises_mark_what_is_detected():
    rows = pd.DataFrame({"effect": [2.0, 1.0], "low": [1.0, -1.0], "high": 3.0, "n_seeds": 3})
    rows = rows.assign(verdict=["up", "undecided"], strategy="plain", adaptation=["mlm", "none"], rung="Z1")
    noise = rows.assign(noise="fgm", label="fgm", control="over plain training", strength=[0.1, 0.3])
    for figure in (
        figures.strength_response(noise, "Caption."),
        figures.ladder(rows, "Caption."),
        figures.arm_effects(noise.assign(language=["de", "mean"]), "Caption."),
    ):
        points = [line for line in figure.axes[0].lines if line.get_marker() not in ("None", "")]
        faces = {y: line.get_markerfacecolor() for line in points for y in line.get_ydata()}
        assert faces[1.0] == "white" and faces[2.0] != "white"
        caption = figure.get_supxlabel().replace("\n", " ")
        assert "Filled: detected" in caption and "Hollow: not detected" in caption


@pytest.mark.filterwarnings("error:constrained_layout")
def test_language_bias_of_several_adaptations_is_drawn_as_numbers():
    rows = list(itertools.product(("none", "mlm", "dann"), ("en", "de")))
    table = pd.DataFrame(rows, columns=["adaptation", "language"])
    table = table.assign(strategy="plain", head="cross", rank_distance=[0.1 * k for k in range(len(rows))])
    axis = figures.language_bias(table, "rank_distance", "caption").axes[0]
    adaptations = [label.get_text().split("; ")[1] for label in axis.get_yticklabels()]
    assert adaptations == ["none", "masked language modelling", "domain discriminator"]
    assert [text.get_text() for text in axis.texts] == ["0.00", "0.10", "0.20", "0.30", "0.40", "0.50"]
    two = figures.language_bias(table[table.adaptation != "dann"], "rank_distance", "caption").axes[0]
    # One adaptation: hollow and filled marks.
    assert [line.get_markerfacecolor() for line in two.lines] == ["none", "#7F7F7F"]


@pytest.mark.filterwarnings("error:constrained_layout")
def test_panels_of_few_languages_leave_room_for_the_names_of_strategies(tmp_path):
    rows = list(itertools.product(("plain", "hybrid", "labse-recipe"), ("de", "fr")))
    effects = pd.DataFrame(rows, columns=["strategy", "language"])
    about = {"encoder": "e", "head": "cross", "adaptation": "mlm", "resource": "high", "n_seeds": 1}
    effects = effects.assign(**about, effect=1.0, low=-1.0, high=2.0, verdict="one seed")
    between = effects[effects.strategy == "hybrid"].assign(strategy="hybrid - labse-recipe")
    by_seed = effects.assign(seed=1)
    figure = figures.adaptation_effect(effects, between, by_seed, "mlm", "caption")
    figures.save(figure, effects, tmp_path / "few")
    figure.canvas.draw()
    widths = [axis.get_position().width * figure.get_figwidth() for axis in figure.axes]
    assert min(widths) > 4
    legend = figure.axes[0].get_legend().get_window_extent()
    assert legend.x0 > figure.axes[0].get_window_extent().x1 and legend.x1 < figure.bbox.x1


@pytest.mark.parametrize("codes", ["de fr es zh ja ko id", "de fr es zh ja ko id vi ar bg el tr gl sw"])
def test_no_two_names_of_languages_overlap_in_the_figure_of_effects(codes):
    rows = list(itertools.product(("hybrid", "labse-recipe"), codes.split()))
    effects = pd.DataFrame(rows, columns=["strategy", "language"])
    about = {"encoder": "e", "head": "cross", "adaptation": "mlm", "n_seeds": 2, "verdict": "up"}
    effects = effects.assign(**about, effect=1.0, low=-1.0, high=2.0)
    effects["resource"] = [languages.BY_CODE[code].resource for code in effects.language]
    by_seed = pd.concat([effects.assign(seed=seed, effect=seed) for seed in (1, 2)])
    between = effects[effects.strategy == "hybrid"].assign(strategy="hybrid - labse-recipe")
    figure = figures.adaptation_effect(effects, between, by_seed, "mlm", "caption " * 20, set())
    figure.canvas.draw()
    words = [text for axis in figure.axes for text in [*axis.get_xticklabels(), *axis.texts]]
    boxes = [(text.get_text(), text.get_window_extent()) for text in words if text.get_text()]
    pairs = itertools.combinations(boxes, 2)
    assert not [(one, two) for (one, a), (two, b) in pairs if a.overlaps(b)]


def test_what_is_known_of_languages_has_a_row_of_panels_a_strategy():
    codes = ["de", "fr", "ja", "ko"]
    about = {"strategy": "hybrid", "head": "cross", "adaptation": "mlm"}
    effects = pd.DataFrame({**about, "language": codes, "effect": range(4)})
    effects = pd.concat([effects, effects.assign(strategy="plain", effect=[-9.0, 1.0, 2.0, 3.0])])
    known = pd.DataFrame({"fertility": [1.0, 2.0, 3.0, 4.0], "distance": [0.4, 0.3, 0.2, 0.1]}, index=codes)
    figure = figures.covariates(effects, known, "caption")
    plain, hybrid = np.array(figure.axes).reshape(2, 2)
    assert [row[0].get_ylabel().splitlines()[0] for row in (plain, hybrid)] == [
        "monolingual batches",
        "hybrid batches",
    ]
    assert [axis.get_xlabel() for axis in hybrid] == ["fertility", "distance"]
    for row, strategy in ((plain, "plain"), (hybrid, "hybrid")):
        for axis, covariate in zip(row, known):
            points = next(line for line in axis.lines if line.get_linestyle() == "None")
            assert np.allclose(points.get_ydata(), effects[effects.strategy == strategy].effect)
            assert np.allclose(points.get_xdata(), known[covariate])
            assert axis.get_ylim() == plain[0].get_ylim() and axis.get_ylim()[0] < -9
    assert [text.get_text() for text in plain[0].texts] == ["German", "French", "Japanese", "Korean"]
    assert not hybrid[0].texts
