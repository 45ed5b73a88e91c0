"""An executed notebook as one page to read and to send: no code, nothing fetched when it is opened.

Nor does anything on it act: what cells put out may hold names and sentences of anybody's. Of its HTML only
what is harmless is kept, and the page itself forbids scripts.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

STYLE = """
:root { color-scheme: light; }
body { max-width: 76rem; margin: 0 auto; padding: 1.5rem 1.25rem 4rem; color: #222; background: #fff;
  font: 16px/1.5 system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
p, li, nav { max-width: 46rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 1rem; }
h2 { font-size: 1.35rem; margin: 2.6rem 0 .6rem; padding-top: .8rem; border-top: 1px solid #ddd; }
h3 { font-size: 1.1rem; }
a { color: #0b5c99; }
a.anchor-link { visibility: hidden; margin-left: .4rem; color: #999; text-decoration: none; }
h1:hover .anchor-link, h2:hover .anchor-link, h3:hover .anchor-link { visibility: visible; }
nav { margin: 2.2rem 0 0; padding: .8rem 1.2rem; background: #f5f6f7; border-radius: 4px; }
nav ul { margin: .3rem 0 0; padding-left: 1.2rem; columns: 2; }
code, pre { font: .88em/1.45 ui-monospace, SFMono-Regular, Consolas, monospace; }
pre { margin: .6rem 0; overflow-x: auto; white-space: pre-wrap; }
img { display: block; max-width: 100%; height: auto; margin: .8rem 0; }
.output_html { overflow-x: auto; }
table, .dataframe { border: 0; border-collapse: collapse; margin: .8rem 0; font-size: .84rem; }
th, td { padding: .25rem .6rem; text-align: right; vertical-align: top; border: 0; }
thead th { border-bottom: 1px solid #888; }
tbody th { text-align: left; font-weight: 600; }
tbody tr { border-bottom: 1px solid #eee; }
@media print { nav { display: none; } h2 { break-after: avoid; } img, tr { break-inside: avoid; } }
"""
SHOWN = ("text/html", "image/png", "image/jpeg", "text/plain")  # of what a cell puts out
TAGS = (
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "dd", "del", "div", "dl", "dt", "em", "h3", "h4",
    "hr", "i", "li", "ol", "p", "pre", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th",
    "thead", "tr", "ul",
)  # fmt: skip
ATTRIBUTES = {
    "a": ["href", "title"],
    "table": ["border", "class"],
    "th": ["colspan", "rowspan", "halign", "valign"],
    "td": ["colspan", "rowspan"],
}
PANDAS_STYLE = re.compile(r"<style scoped>.*?</style>\s*", re.DOTALL)  # this page has its own
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"  # no script, nothing from elsewhere
HEADING = re.compile(r'<h([12]) id="([^"]+)">(.*?)<a class="anchor-link"', re.DOTALL)


def write(notebook: Path, target: Path) -> Path:
    """The executed notebook as one self-contained HTML file, without code.

    In the notebook's order; a table of contents stands behind the first section, which is the answer. Each
    figure is described by the prose above it.

    Args:
        notebook: executed.
        target: of the page.
    Returns:
        Where the page lies.
    """
    import nbformat
    from nbconvert import HTMLExporter

    book = nbformat.read(notebook, 4)
    describe_pictures(book)
    defuse(book)
    without = {"exclude_input": True, "exclude_input_prompt": True, "exclude_output_prompt": True}
    body, _ = HTMLExporter(template_name="basic", embed_images=True, **without).from_notebook_node(book)
    body = with_contents(body)
    target.write_text(page(title_of(book), body), encoding="utf-8")
    return target


def describe_pictures(book) -> None:
    """Give each figure of a notebook its description: the nearest prose above it."""
    above = ""
    for cell in book.cells:
        if cell.cell_type == "markdown":
            above = plain(cell.source)
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                output.setdefault("metadata", {}).setdefault("image/png", {})["alt"] = f"Figure. {above}"


def defuse(book) -> None:
    """Keep of what cells put out text, tables and pictures, and of their HTML what does nothing.

    Markdown is turned into HTML first: a link or a tag may stand in it as well.
    """
    from nbconvert.filters import markdown2html
    from nbconvert.preprocessors.sanitize import SanitizeHTML

    clean = SanitizeHTML(tags=list(TAGS), attributes=ATTRIBUTES).sanitize_html_tags
    for cell in [cell for cell in book.cells if cell.cell_type == "code"]:
        for output in cell.outputs:
            data = output.get("data", {})
            if "text/markdown" in data:
                data["text/html"] = markdown2html(data["text/markdown"])
            if "text/html" in data:
                data["text/html"] = clean(PANDAS_STYLE.sub("", data["text/html"]))
            for kind in [kind for kind in data if kind not in SHOWN]:
                del data[kind]
        cell.outputs = [output for output in cell.outputs if output.get("data") != {}]


def plain(markdown: str) -> str:
    """Prose without its markup, on one line.

    Example:
        >>> plain("## The *effect*\\nof `mlm`")
        'The effect: of mlm'
    """
    heading, _, rest = markdown.partition("\n")
    text = " ".join(line.lstrip("# ") for line in rest.splitlines() if line)
    if heading.startswith("#"):
        heading = heading.lstrip("# ")
        text = f"{heading}: {text}" if text else heading
    else:
        text = f"{heading} {text}".strip()
    return re.sub(r"[*`]", "", text)


def title_of(book) -> str:
    """The first heading of a notebook."""
    first, _, _ = book.cells[0].source.partition("\n")
    return plain(first)


def with_contents(body: str) -> str:
    """The page with a table of contents before its second section; one with fewer sections as it is."""
    sections = [found for found in HEADING.finditer(body) if found[1] == "2"]
    if len(sections) < 2:
        return body
    links = "\n".join(f'<li><a href="#{found[2]}">{found[3].strip()}</a></li>' for found in sections)
    contents = f'<nav aria-label="Contents"><strong>Contents</strong>\n<ul>\n{links}\n</ul></nav>\n'
    before = sections[1].start()
    return body[:before] + contents + body[before:]


def page(title: str, body: str) -> str:
    """A whole HTML document."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )
