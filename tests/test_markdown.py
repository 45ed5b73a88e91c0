"""Names and sentences on their way into Markdown: shown as they are, and never live."""

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from nbconvert.filters import markdown2html
from pages import ROOT, cells_of

from xltlib import markdown
from xltlib.tables import cells

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "[click](javascript:alert(1))",
    "![seen](https://example.org/x.png)",
    "<https://example.org>",
    "`code` **bold** _slanted_ ~~gone~~",
    "a|b",
    "two\nlines\r\nthree",
    "&lt;b&gt; &#60;b>",
    "$x$ and $$y$$ and \\(z\\)",
    "back\\slash\\*",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_shown_as_it_is(name):
    page = BeautifulSoup(markdown2html(f"- **Study {markdown.escaped(name)}:** more"), "html.parser")
    assert page.get_text().strip() == f"Study {' '.join(name.splitlines())}: more"
    assert {tag.name for tag in page.find_all()} <= {"ul", "li", "p", "strong"}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_stays_in_its_cell(name):
    table = cells.markdown(["name", "effect"], [[markdown.escaped(name), "+1.0 [−0.0, +2.0]"]])
    page = BeautifulSoup(markdown2html(table), "html.parser")
    shown = [cell.get_text() for cell in page.find_all("td")]
    assert shown == [" ".join(name.splitlines()), "+1.0 [−0.0, +2.0]"]
    assert {tag.name for tag in page.find_all()} == {"table", "thead", "tbody", "tr", "th", "td"}
    assert len(cells_of(table)[1][0]) == 2


@pytest.mark.parametrize("name", HOSTILE)
def test_a_console_shows_what_was_escaped(name):
    assert markdown.plain(f"**{markdown.escaped(name)}**") == " ".join(name.splitlines())


@pytest.mark.parametrize("name", HOSTILE)
def test_sentences_of_a_study_may_name_things_in_backticks_and_nothing_else(name):
    page = BeautifulSoup(markdown2html(markdown.prose(f"As in `demo`, {name} `{name}`.")), "html.parser")
    shown = f"As in demo, {name} {name}.".replace("`", "")
    assert page.get_text().replace("`", "").strip() == " ".join(shown.splitlines())
    assert {tag.name for tag in page.find_all()} == {"p", "code"}


def test_names_of_committed_studies_stay_as_they_are():
    tables = [pd.read_csv(path) for path in sorted(ROOT.glob("figures/*/intervals.csv"))]
    names = {name for table in tables for name in [*table.strategy, *table.adaptation, *table["head"]]}
    assert len(names) > 10 and not [name for name in names if markdown.escaped(name) != name]
    assert markdown.code("mlm-wikipedia") == "`mlm-wikipedia`"
