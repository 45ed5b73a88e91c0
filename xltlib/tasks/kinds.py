"""The tasks there are: a word of the package, or what a ``task.yaml`` describes.

No run's code fingerprint follows this table: it follows the module of the run's own task.
"""

from difflib import get_close_matches

from xltlib import places
from xltlib.tasks.base import Task
from xltlib.tasks.demo import DEMO_TASKS
from xltlib.tasks.described import described, known_names
from xltlib.tasks.paws import PawsX
from xltlib.tasks.xnli import Xnli
from xltlib.text_files import DataError

TABLE: dict[str, Task] = {
    "paws-x": PawsX(),
    "paws-x-literal": PawsX(literal=True),
    "xnli": Xnli(),
    **DEMO_TASKS,
}


def find(name: str) -> Task:
    """A task by its name.

    Args:
        name: a word of the package; a folder that holds a ``task.yaml``, written as a path (``./mine``); or a
            data set of the hub that holds one (``organisation/name``, or with ``@`` and a revision).
    Raises:
        DataError: there is none of that name; or its description has a mistake, by file and line.

    Example:
        >>> find("xnli").CLASSES
        ['contradiction', 'entailment', 'neutral']
    """
    if name in TABLE:
        return TABLE[name]
    words = [*TABLE, *known_names()]
    if name in words or "/" in name or places.is_path(name):
        return described(name)
    similar = get_close_matches(name, words, 1)
    hint = f"did you mean {similar[0]!r}?" if similar else f"known are {', '.join(words)}."
    raise DataError(
        f"unknown task {name!r}: {hint} A folder with a task.yaml is written as a path, ./{name}"
    )
