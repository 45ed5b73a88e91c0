"""A report: one page of an executed notebook, without code; no kernel."""

import base64
import re

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from xltlib import report

PIXEL = base64.b64encode(b"not really a picture").decode()


def picture():
    return new_output("display_data", {"image/png": PIXEL, "text/plain": "<Figure size 1x1>"})


def cells() -> list:
    """Those of a summary in small."""
    table = {"text/html": "<table><tr><td>4.2</td></tr></table>", "text/plain": "4.2"}
    return [
        new_markdown_cell("# What it does\n\nThe question."),
        new_code_cell("resamples: int = 10", metadata={"tags": ["parameters"]}, execution_count=1),
        new_code_cell(
            "Markdown(summary.answer(data))",
            execution_count=2,
            outputs=[
                new_output("execute_result", {"text/markdown": "- **Nothing:** at all."}, execution_count=2)
            ],
        ),
        new_markdown_cell('## The *effect* on "each"\n\nPoints with `lines`.'),
        new_code_cell("plt.show()", execution_count=3, outputs=[picture()]),
        new_code_cell(
            "table", execution_count=4, outputs=[new_output("execute_result", table, execution_count=4)]
        ),
        new_markdown_cell("## Seed by seed\n\nIs it luck?"),
        new_code_cell(
            "print(1)", execution_count=5, outputs=[new_output("stream", name="stdout", text="one < two\n")]
        ),
        new_markdown_cell("## Power\n\nHow much?"),
        new_code_cell("plt.show()", execution_count=6, outputs=[picture(), picture()]),
    ]


def written(tmp_path, page_cells: list) -> str:
    nbformat.write(new_notebook(cells=page_cells), tmp_path / "summary.ipynb")
    target = report.write(tmp_path / "summary.ipynb", tmp_path / "report.html")
    assert target == tmp_path / "report.html"
    return target.read_text(encoding="utf-8")


@pytest.fixture
def page(tmp_path):
    return written(tmp_path, cells())


def test_no_code_and_no_prompt(page):
    assert "resamples: int" not in page and "plt.show" not in page
    assert not re.search(r"(In|Out)(&nbsp;|\s)*\[", page)


def test_everything_stands_in_the_order_of_the_notebook(page):
    marks = [
        "The question.",
        "<strong>Nothing:</strong>",
        "Points with",
        PIXEL,
        "4.2",
        "Is it luck",
        "one &lt; two",
    ]
    places = [page.index(mark) for mark in [*marks, "How much"]]
    assert places == sorted(places)
    assert page.count(PIXEL) == 3


def test_contents_stand_behind_the_answer_and_lead_to_every_section(page):
    assert page.index("4.2") < page.index("<nav") < page.index("Is it luck")
    links = BeautifulSoup(page, "html.parser").nav.find_all("a")
    assert [link.get_text() for link in links] == ['The effect on "each"', "Seed by seed", "Power"]
    for link in links:
        (section,) = BeautifulSoup(page, "html.parser").find_all(id=link["href"].removeprefix("#"))
        assert section.name == "h2" and link.get_text() in section.get_text()


def test_pictures_are_described_by_the_prose_above_them(page):
    said = [image["alt"] for image in BeautifulSoup(page, "html.parser").find_all("img")]
    first, power = 'Figure. The effect on "each": Points with lines.', "Figure. Power: How much?"
    assert said == [first, power, power]


def test_nothing_is_fetched_and_nothing_runs(page):
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", page)
    assert "<script" not in page and "@import" not in page and "url(" not in page
    assert set(re.findall(r'src="([^",]*)', page)) == {"data:image/png;base64"}


@pytest.mark.parametrize("data", [
    {"text/markdown": "- <img src=x onerror=alert(1)> and [a link](javascript:alert(2))"},
    {"text/html": "<table onclick='x()'><tr><td><script>alert(1)</script><svg onload=x()></td></tr></table>"},
    {"text/html": "<iframe src='https://example.org'></iframe><a href='data:text/html,x'>open</a>"},
    {"application/javascript": "alert(1)", "text/plain": "a plot"},
    {"image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"},
])  # fmt: skip
def test_what_cells_put_out_does_not_act(tmp_path, data):
    more = [*cells(), new_code_cell("x", execution_count=7, outputs=[new_output("display_data", data)])]
    page = BeautifulSoup(written(tmp_path, more), "html.parser")
    assert not page.find_all(["script", "svg", "iframe", "object"])
    assert all(image["src"].startswith("data:image/png") for image in page.find_all("img"))
    attributes = {name for tag in page.body.find_all() for name in tag.attrs}
    assert not [name for name in attributes if name.startswith("on")]
    links = [a["href"] for a in page.find_all("a", href=True)]
    assert not [link for link in links if not link.startswith("#")]
    policy = page.find("meta", {"http-equiv": "Content-Security-Policy"})["content"]
    assert policy.startswith("default-src 'none'") and "script" not in policy


def test_the_page_is_whole_and_has_the_title_of_the_notebook(page):
    assert page.startswith("<!DOCTYPE html>") and page.count("</html>") == 1
    assert "<title>What it does</title>" in page


def test_a_notebook_without_sections_has_no_contents(tmp_path):
    page = written(tmp_path, cells()[:5])
    assert "<nav" not in page and PIXEL in page


def test_the_notebook_is_left_as_it_was(tmp_path):
    written(tmp_path, cells())
    kept = nbformat.read(tmp_path / "summary.ipynb", 4)
    assert [cell.source for cell in kept.cells] == [cell.source for cell in cells()]
    assert not kept.cells[4].outputs[0].metadata
