"""Run All in a real JupyterLab, in a real browser, and save, as a user would; then `make test` must still pass.

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
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}", f"--IdentityProvider.token={token}", f"--notebook-dir={ROOT}"]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | {"JUPYTERLAB_SETTINGS_DIR": str(settings)})
    for _ in range(120):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api/status?token={token}", timeout=2)
            return server
        except OSError:
            time.sleep(0.5)
    server.terminate()
    raise TimeoutError("JupyterLab did not answer within a minute")


def run_all(notebook: Path, chromium: str, picture: str, minutes: float, theme: str) -> dict:
    """Open the notebook, choose Run > Run All Cells, wait until the last cell has run, save; returns the saved notebook."""
    from playwright.sync_api import sync_playwright

    port, token = free_port(), secrets.token_hex(8)
    settings = Path(tempfile.mkdtemp())
    chosen = {"apputils-extension/themes": {"theme": f"JupyterLab {theme.capitalize()}"}, "notebook-extension/tracker": {"windowingMode": "none"}}
    for name, value in chosen.items():  # all cells stay in the page, so that any can be looked at
        path = settings / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value))
    server = serve(port, token, settings)
    try:
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
            page = browser.new_page(viewport={"width": 1400, "height": 1800})
            page.goto(f"http://127.0.0.1:{port}/lab/tree/notebooks/{notebook.name}?token={token}&reset")
            page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
            page.wait_for_selector("text=/\\| Idle/", timeout=60_000)  # the status bar: the kernel is there
            before = notebook.stat().st_mtime
            page.click("text=Run >> nth=0")
            page.click("li[data-command='runmenu:run-all']")
            last = "[...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].at(-1).innerText"
            page.wait_for_function(f"() => {last}.includes('*')", timeout=60_000)  # queued; Run All scrolls to the last cell
            page.wait_for_function(f"() => /\\d/.test({last})", timeout=minutes * 60_000)
            page.wait_for_timeout(2000)
            page.keyboard.press("Control+s")
            for _ in range(60):
                if notebook.stat().st_mtime > before:
                    break
                page.wait_for_timeout(500)
            else:
                raise TimeoutError("JupyterLab did not save the notebook")
            page.wait_for_timeout(2000)
            if picture:
                drawn = page.locator(".jp-OutputArea-output img")
                if drawn.count():
                    drawn.first.evaluate("image => image.scrollIntoView()")
                    page.wait_for_timeout(1000)
                page.screenshot(path=picture)
            browser.close()
    finally:
        server.terminate()
        server.wait()
    return json.loads(notebook.read_text(encoding="utf-8"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebook")
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    parser.add_argument("--picture", default="", help="PNG of the browser window afterwards, at the first figure")
    parser.add_argument("--theme", default="light", choices=("light", "dark"))
    parser.add_argument("--minutes", type=float, default=10)
    arguments = parser.parse_args()
    saved = run_all(ROOT / "notebooks" / f"{arguments.notebook}.ipynb", arguments.chromium, arguments.picture, arguments.minutes, arguments.theme)
    code = [cell for cell in saved["cells"] if cell["cell_type"] == "code"]
    errors = [output["ename"] for cell in code for output in cell["outputs"] if output["output_type"] == "error"]
    print(f"{arguments.notebook}: {len(code)} code cells, counts {[cell['execution_count'] for cell in code]}, errors {errors}")
    sys.exit(bool(errors))
