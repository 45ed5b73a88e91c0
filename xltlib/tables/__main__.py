"""The command: ``python -m xltlib.tables [FOLDER ...]``."""

import sys
from pathlib import Path

from xltlib import console
from xltlib.places import ROOT
from xltlib.tables.pages import PAGES, write


def main(argv: list[str] | None = None) -> int:
    """Write the pages of some folders anew, or all of ``PAGES``; print those that changed.

    Args:
        argv: words of the command line; None: those of this process.
    Returns:
        The exit status: 2 where a page or a CSV file is missing or damaged.
    """
    console.forgiving()
    description = "Write the tables of pages anew from the CSV files beside them."
    parser = console.Parser("tables", prog="python -m xltlib.tables", description=description)
    help_text = "of figures, with a README.md that has markers of tables; none: all pages of the project"
    parser.add_argument("folders", nargs="*", metavar="FOLDER", help=help_text)
    folders = parser.parse_args(argv).folders
    project_pages = {ROOT / page: ROOT / folder for page, (folder, _) in PAGES.items()}
    requested = [Path(folder).resolve() for folder in folders]
    pages = {}
    for folder in requested:
        page = folder / "README.md"
        pages[page] = project_pages.get(page, folder)
    for page, folder in (pages or project_pages).items():
        try:
            changed = write(page, folder)
        except (OSError, ValueError) as error:
            print(f"tables: {error}", file=sys.stderr)
            return 2
        if changed:
            print(f"written: {page}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
