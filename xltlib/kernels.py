"""The kernel of a run: this interpreter with this checkout's package, on the cores that one may use."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from xltlib import languagefile
from xltlib.places import ROOT

LOG = ".log"  # beside an executed notebook: what its kernel said besides; none is kept of a finished one
# Kernels otherwise warn that they listen on the loopback interface, and say how they were ended.
QUIET = ["--IPKernelApp.log_level=50"]
DIED = "the kernel died; most often memory was short (2 GiB a run at a time, large encoders more)"
# Kernels look once a second whether their parent lives; not if it was killed before they began to.
ORPHAN = "o = __import__('os'); o.getppid() == int(o.environ['JPY_PARENT_PID']) or o._exit(1); del o"
WITH_PARENT = [f"--IPKernelApp.exec_lines={ORPHAN}"]


def threads_of(jobs: int) -> int:
    """Threads of each of so many runs at a time on this machine.

    What the user exported as OMP_NUM_THREADS, else the cores that this process may use (by its affinity mask
    and its container's quota), divided among the runs: two trainings with two threads each on two cores run
    many times slower.
    """
    return exported_threads() or max(1, cores() // jobs)


def cores() -> int:
    """The cores that this process may use."""
    from joblib import cpu_count

    return cpu_count()


def exported_threads() -> int:
    """OMP_NUM_THREADS as the user exported it; 0 if it is not, or is no number."""
    first = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()  # "4,2" gives nested regions two
    return int(first) if first.isdecimal() else 0


def environment(threads: int, module_folder: str = "", card: str = "") -> dict[str, str]:
    """The environment variables of a kernel: it imports the package from here, wherever one is installed.

    Args:
        threads: of torch and OpenMP.
        module_folder: folder in which modules of one's own, and languages.yaml, are found.
        card: the graphics card that it sees; "": all.
    """
    variables = {**os.environ, **languagefile.variables(module_folder)}
    variables["OMP_NUM_THREADS"] = variables["MKL_NUM_THREADS"] = str(threads)
    paths = [str(ROOT), *variables.get("PYTHONPATH", "").split(os.pathsep), module_folder]
    variables["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(path for path in paths if path))
    variables["TOKENIZERS_PARALLELISM"] = "false"
    if card:
        variables["CUDA_VISIBLE_DEVICES"] = card
    return variables


def execute(notebook: str, output: Path, given: dict, variables: dict[str, str]) -> None:
    """Execute a notebook of the project in a fresh kernel, through papermill.

    Args:
        notebook: its name.
        output: where it is kept, executed.
        given: its parameters.
        variables: of :func:`environment`.
    Raises:
        Exception: whatever a cell raised, or a kernel that died.
    """
    import papermill

    papermill.execute_notebook(
        verbatim(ROOT / "notebooks" / f"{notebook}.ipynb"),
        verbatim(output),
        given,
        cwd=str(ROOT / "notebooks"),
        kernel_name="python3",
        kernel_manager_class=own(variables, output.with_suffix(LOG)),
        progress_bar=False,
        extra_arguments=[*QUIET, *WITH_PARENT],
    )
    output.with_suffix(LOG).unlink(missing_ok=True)


def verbatim(path: Path) -> str:
    """A path as papermill takes it: it would fill in parameters between braces."""
    return str(path).replace("{", "{{").replace("}", "}}")


def own(variables: dict[str, str], log: Path) -> type:
    """The class of a kernel of this interpreter.

    Whatever other kernels are installed under its name, and wherever: Jupyter would look for a ``python3``.

    Args:
        variables: of its environment.
        log: file for what it says outside its notebook: why it died, if it does.
    """
    from jupyter_client import AsyncKernelManager
    from jupyter_client.kernelspec import KernelSpec

    class Own(AsyncKernelManager):
        @property
        def kernel_spec(self) -> KernelSpec:
            command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
            return KernelSpec(argv=command, display_name="Python 3", language="python")

        async def start_kernel(self, **options) -> None:
            with log.open("wb") as stderr:
                await super().start_kernel(**options, env=variables, stderr=stderr)

    return Own


def reason(error: Exception, output: Path) -> tuple[str, str]:
    """Why a notebook failed: the kind of error, and its message in a line.

    Args:
        output: where the executed notebook lies.
    """
    kind = getattr(error, "ename", type(error).__name__)
    message = in_a_line(getattr(error, "evalue", "") or str(error))
    if hasattr(error, "ename"):  # a cell raised it
        return kind, message
    words = last_words(output.with_suffix(LOG))
    if kind == "DeadKernelError" and not words:
        return kind, DIED
    return kind, f"{message}: {words}" if words else message


def in_a_line(message: str) -> str:
    """The first line of a message, and its last, where libraries refer to a report above it.

    Example:
        >>> in_a_line("weights are missing\\n  a: 3\\nsee the report above")
        'weights are missing ... see the report above'
    """
    lines = [line.strip() for line in message.splitlines() if line.strip()] or [""]
    return lines[0] if len(lines) == 1 else f"{lines[0]} ... {lines[-1]}"


def last_words(log: Path) -> str:
    """The last line that a kernel said outside its notebook; "" if it said none."""
    if not log.is_file():
        return ""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
