"""Run All in a real JupyterLab, in a real browser, and save, as a user would; `make test` must still pass.

Not a test that pytest collects: it needs `pip install playwright` and a Chromium.

    python tests/in_jupyterlab.py 20_finetune --chromium /usr/bin/chromium --picture lab.png
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def serve(port: int, token: str, settings: Path) -> subprocess.Popen:
    """A JupyterLab of the environment that runs this script; returns once it answers."""
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--no-browser",
        "--allow-root",
        f"--port={port}",
        f"--IdentityProvider.token={token}",
        f"--notebook-dir={ROOT}",
    ]
    server = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"JUPYTERLAB_SETTINGS_DIR": str(settings)},
    )
    for _ in range(120):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api/status?token={token}", timeout=2)
            return server
        except OSError:
            time.sleep(0.5)
    server.terminate()
    raise TimeoutError("JupyterLab did not answer within a minute")


def settings_folder(theme: str) -> Path:
    """JupyterLab's settings: all cells stay in the page, so that any can be looked at."""
    folder = Path(tempfile.mkdtemp())
    chosen = {
        "apputils-extension/themes": {"theme": f"JupyterLab {theme.capitalize()}"},
        "notebook-extension/tracker": {"windowingMode": "none"},
    }
    for name, value in chosen.items():
        path = folder / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value))
    return folder


def run_cells(page, minutes: float) -> None:
    """Choose Run > Run All Cells and wait until the last cell has run."""
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
    page.wait_for_selector("text=/\\| Idle/", timeout=60_000)  # the status bar: the kernel is there
    page.click("text=Run >> nth=0")
    page.click("li[data-command='runmenu:run-all']")
    last = "[...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].at(-1).innerText"
    # Queued; Run All scrolls to the last cell.
    page.wait_for_function(f"() => {last}.includes('*')", timeout=60_000)
    page.wait_for_function(f"() => /\\d/.test({last})", timeout=minutes * 60_000)
    page.wait_for_timeout(2000)


def save(page, notebook: Path, before: float) -> None:
    """Save with the keyboard and wait until the file is newer than before the run."""
    page.keyboard.press("Control+s")
    for _ in range(60):
        if notebook.stat().st_mtime > before:
            break
        page.wait_for_timeout(500)
    else:
        raise TimeoutError("JupyterLab did not save the notebook")
    page.wait_for_timeout(2000)


def take_picture(page, picture: str) -> None:
    """The browser window at the first figure, if there is one."""
    drawn = page.locator(".jp-OutputArea-output img")
    if drawn.count():
        drawn.first.evaluate("image => image.scrollIntoView()")
        page.wait_for_timeout(1000)
    page.screenshot(path=picture)


def run_all(notebook: Path, chromium: str, picture: str, minutes: float, theme: str) -> dict:
    """Open the notebook, run all cells and save; returns the saved notebook."""
    from playwright.sync_api import sync_playwright

    port, token = free_port(), secrets.token_hex(8)
    server = serve(port, token, settings_folder(theme))
    try:
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
            page = browser.new_page(viewport={"width": 1400, "height": 1800})
            page.goto(f"http://127.0.0.1:{port}/lab/tree/notebooks/{notebook.name}?token={token}&reset")
            before = notebook.stat().st_mtime
            run_cells(page, minutes)
            save(page, notebook, before)
            if picture:
                take_picture(page, picture)
            browser.close()
    finally:
        server.terminate()
        server.wait()
    return json.loads(notebook.read_text(encoding="utf-8"))


if __name__ == "__main__":
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=layout)
    parser.add_argument("notebook")
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    picture = "PNG of the browser window afterwards, at the first figure"
    parser.add_argument("--picture", default="", help=picture)
    parser.add_argument("--theme", default="light", choices=("light", "dark"))
    parser.add_argument("--minutes", type=float, default=10)
    arguments = parser.parse_args()
    path = ROOT / "notebooks" / f"{arguments.notebook}.ipynb"
    saved = run_all(path, arguments.chromium, arguments.picture, arguments.minutes, arguments.theme)
    code = [cell for cell in saved["cells"] if cell["cell_type"] == "code"]
    outputs = [output for cell in code for output in cell["outputs"]]
    errors = [output["ename"] for output in outputs if output["output_type"] == "error"]
    counts = [cell["execution_count"] for cell in code]
    print(f"{arguments.notebook}: {len(code)} code cells, counts {counts}, errors {errors}")
    sys.exit(bool(errors))
