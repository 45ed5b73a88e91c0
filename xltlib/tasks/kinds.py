"""The tasks there are: a word -> its module. A new task is a module and a line here.

No run's code fingerprint follows this table: it follows the module of the run's own task.
"""

from importlib import import_module

from xltlib.tasks.base import Task
from xltlib.tasks.demo import DEMO_TASKS

TABLE: dict[str, Task] = {
    "paws-x": import_module("xltlib.tasks.paws"),
    "paws-x-literal": import_module("xltlib.tasks.paws_literal"),
    "xnli": import_module("xltlib.tasks.xnli"),
    **DEMO_TASKS,
}
