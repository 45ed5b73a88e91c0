"""The command: ``python -m xltlib.tables [FOLDER ...]``."""

import sys
from pathlib import Path

from xltlib import console
from xltlib.places import ROOT
from xltlib.tables.pages import PAGES, write


def main(given: list[str] | None = None) -> int:
    """Write the pages of some folders anew, or all of ``PAGES``; print those that changed.

    Args:
        given: words of the command line; None: those of this process.
    Returns:
        The exit status: 2 where a page or a CSV file is missing or damaged.
    """
    console.forgiving()
    told = "Write the tables of pages anew from the CSV files beside them."
    parser = console.Parser("tables", prog="python -m xltlib.tables", description=told)
    shown = "of figures, with a README.md that has markers of tables; none: all pages of the project"
    parser.add_argument("folders", nargs="*", metavar="FOLDER", help=shown)
    folders = parser.parse_args(given).folders
    known = {ROOT / page: ROOT / folder for page, (folder, _) in PAGES.items()}
    asked = [Path(folder).resolve() for folder in folders]
    pages = {folder / "README.md": known.get(folder / "README.md", folder) for folder in asked} or known
    for page, folder in pages.items():
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
