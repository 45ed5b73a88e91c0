"""The tables of README.md, docs/ and figures/<study>/README.md, written from the committed CSV files.

    python -m xltlib.tables                    # all pages of this checkout
    python -m xltlib.tables figures/mine       # the page of one study, also of one's own

A page holds a table between ``<!-- NAME -->`` and ``<!-- /NAME -->``; what stands between them is replaced.
A table is a function, folder of CSV files -> Markdown. ``TABLES`` names them; ``PAGES`` says which page has
which.
"""

from xltlib.tables.pages import PAGES, TABLES, filled, write

__all__ = ["PAGES", "TABLES", "filled", "write"]
