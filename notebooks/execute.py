"""Execute the notebooks with their committed parameters, in place, in the form in which they are committed.

    python notebooks/execute.py [NAME ...]     # all of them, or those named

No timings, no widget state, no progress bars: two executions on one machine leave the same bytes.
"""

import argparse
import os
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from tqdm import tqdm

from xltlib import kernels

FOLDER = Path(__file__).resolve().parent

if __name__ == "__main__":
    os.environ["TQDM_DISABLE"] = "1"  # in the kernels; the bar below is made before them
    there = sorted(path.stem for path in FOLDER.glob("*.ipynb"))
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(there)}; none: all of them")
    chosen = parser.parse_args().names or there
    if unknown := {Path(name).stem for name in chosen} - set(there):
        parser.error(f"no notebook {', '.join(sorted(unknown))}: there are {', '.join(there)}")
    for name in tqdm(chosen, desc="notebooks", disable=False):
        path = FOLDER / f"{Path(name).stem}.ipynb"
        book = nbformat.read(path, as_version=4)
        own = kernels.own(dict(os.environ), path.with_suffix(kernels.LOG))
        options = {"kernel_manager_class": own, "record_timing": False, "timeout": 1200}
        NotebookClient(book, **options, resources={"metadata": {"path": str(FOLDER)}}).execute()
        path.with_suffix(kernels.LOG).unlink()
        book.metadata.pop("widgets", None)
        # The patch release of Python is no part of a notebook.
        book.metadata["language_info"] = {"name": "python"}
        for cell in book.cells:
            if cell.cell_type == "code":
                cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
        nbformat.write(book, path)
