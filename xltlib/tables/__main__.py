"""The command: ``python -m xltlib.tables [FOLDER ...]``."""

import sys
from pathlib import Path

from xltlib.tables.pages import PAGES, ROOT, write


def main(folders: list[str]) -> None:
    """Write the pages of some folders anew, or all of ``PAGES``; print those that changed."""
    pages = {Path(folder) / "README.md": Path(folder) for folder in folders}
    if not folders:
        pages = {ROOT / page: ROOT / folder for page, (folder, _) in PAGES.items()}
    for page, folder in pages.items():
        if write(page, folder):
            print(f"written: {page}")


if __name__ == "__main__":
    main(sys.argv[1:])
