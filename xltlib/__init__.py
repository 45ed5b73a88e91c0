"""xltlib: domain adaptation and zero-shot cross-lingual transfer, measured per language.

Where to look, to read or to change one thing:

* a batch: batching; its loss: losses, heads.loss; an update: training.train; a noise in it: noise/
* an adaptation: adaptation/, one file a method (mlm, tsdae, align, syntax, domain, consistency, after)
* an option of a notebook: components/, which say what a part needs and reads, and build it
* a task, a text, translations, trees: tasks/; the encoder: encoders/
* answers and probabilities: prediction; the checkpoint they are of: checkpoints
* an effect, its interval, its verdict: statistics/
* a table of a study: summary/; a figure: figures/; a table of a page: tables/

One run, in the order of a notebook: run (its parameters and components), door (reads all text and labels),
provenance (what was read, the rung), training, prediction, records (what is kept); progress and tracking
watch it. A study: studies and planning (what is to be run), store (what is done), execution and kernels (run
the rest), drawing (the summary). After the runs: summary, robustness, development and claims.

Importing the package imports none of these, and no torch. Where the packages that it needs are not
installed, importing it exits with one line that says what to do.
"""

import sys
from importlib.util import find_spec

__version__ = "0.1.0"

# What the commands import first. A Python without them is most often that of the system: said in one line.
_lacks = [
    name
    for name in ("filelock", "matplotlib", "numpy", "pandas", "papermill", "pyarrow", "tqdm", "yaml")
    if find_spec(name) is None
]
if _lacks:
    sys.exit(
        f"xltlib: {sys.executable} lacks {', '.join(_lacks)}: run `make setup`, and use .venv/bin/python "
        "(or `source .venv/bin/activate`); in a bundle, `pip install -r requirements.lock`"
    )
