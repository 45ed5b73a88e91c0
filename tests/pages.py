"""The pages of the project, and the CSV files behind them as they are committed.

A study run in this checkout may have drawn its own figures over the committed ones: then its page is compared
with what is committed, unless the page itself is being changed.
"""

import io
import re
import subprocess
import tarfile
from pathlib import Path

from xltlib.tables import PAGES

ROOT = Path(__file__).resolve().parent.parent
PATHS = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")), *sorted(ROOT.glob("figures/*/README.md"))]
TEXTS = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in PATHS}


def git(*arguments: str) -> subprocess.CompletedProcess:
    """A command of git in this checkout."""
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True)


def committed(page: str, place: Path) -> Path:
    """The folder of a page's CSV files; those of a benchmark of its name are where they are beside it.

    Args:
        page: of PAGES.
        place: an empty folder, for the committed files.
    """
    folder, _ = PAGES[page]
    is_tracked = git("ls-files", "--error-unmatch", page).returncode == 0
    if not is_tracked or git("diff", "--quiet", "HEAD", "--", page).returncode != 0:
        return ROOT / folder
    beside = f"benchmarks/{Path(folder).name}"
    archive = git("archive", "HEAD", folder, *([beside] if (ROOT / beside).is_dir() else []))
    place.mkdir(parents=True, exist_ok=True)
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as packed:
        packed.extractall(place, filter="data")
    return place / folder


def flat(page: str) -> str:
    """A page's text in one line, so that a sentence may be broken anywhere."""
    return " ".join(TEXTS[page].split())


def cells_of(table: str) -> tuple[list[str], list[list[str]]]:
    """Header and rows of a Markdown table."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    return rows[0], rows[2:]


def markers(page: str) -> list[str]:
    """Names of the tables that a page has, in its order."""
    return re.findall(r"<!-- ([\w-]+) -->", TEXTS[page])
