"""Real data: what needs them is skipped only where XLTLIB_DATA names no folder, and says so.

A folder that is not there stops the tests (tasks.data_folder), so that a slip of the pen skips nothing.
"""

import pytest

from xltlib import tasks

REAL = tasks.data_folder()
needs_lowres = pytest.mark.skipif(
    REAL is None or not (REAL / "lowres").is_dir(), reason="XLTLIB_DATA names no folder with lowres/"
)
