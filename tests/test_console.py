"""Reporting never ends the work: consoles that know few characters, that are gone, and damaged progress."""

import io
import os
import subprocess
import sys

import pytest
from tiny_studies import ROOT, tiny_study

from xltlib import console, progress, showing, studies
from xltlib.forecast import Forecast

SAID = ("한국어: 실패", "−0.5 [−1.0, +2.0]", "a file \udce9 that is no UTF-8")


def latin() -> io.TextIOWrapper:
    """A console that knows Western European letters alone."""
    return io.TextIOWrapper(io.BytesIO(), encoding="latin-1", write_through=True)


def shown_by(stream: io.TextIOWrapper) -> str:
    return stream.buffer.getvalue().decode("latin-1")


@pytest.fixture
def plan(tmp_path):
    return studies.Study("tiny", tiny_study("offline")).plan({}, runs=tmp_path)


@pytest.mark.parametrize("text", SAID)
def test_what_a_console_does_not_know_is_written_otherwise(text):
    stream = latin()
    with pytest.raises(UnicodeEncodeError):
        print(text, file=stream)
    console.forgiving(stream)
    print(text, file=stream)
    assert text.encode("latin-1", "backslashreplace").decode("latin-1") in shown_by(stream)


@pytest.mark.parametrize("text", SAID)
def test_a_failing_run_is_told_on_every_console(plan, tmp_path, text):
    stream = latin()
    lines = showing.Shown(Forecast(plan, list(plan.nodes), 1, tmp_path), stream)
    lines.say(f"FAILED english seed 1: {text}")
    lines.close()
    assert "FAILED english seed 1: " in shown_by(stream)


def test_a_console_that_is_gone_is_no_reason_to_stop(plan, tmp_path):
    forecast = Forecast(plan, list(plan.nodes), 1, tmp_path)
    closed = io.StringIO()
    lines = showing.Shown(forecast, closed)
    closed.close()
    lines._last_shown = 0.0
    lines.update(set(), ["english seed 1"])
    lines.say("done")
    lines.close()


class Full(io.StringIO):
    """A log on a full disk."""

    def flush(self):
        raise OSError(28, "No space left on device")


def test_a_full_disk_under_the_log_is_no_reason_to_stop(plan, tmp_path):
    lines = showing.Shown(Forecast(plan, list(plan.nodes), 1, tmp_path), Full())
    lines.say("done")
    console.say("done", Full())


@pytest.mark.parametrize("damaged", [
    '{"stage": 5, "changed": "now"}', '{"seconds": [1], "rate": {}}', '{"began": "y"}', '{"began": NaN}',
    '{"updates": [1]}', '{"seconds": {"training": null}}', "[" * 100_000, "null",
])  # fmt: skip
def test_damaged_progress_of_a_run_is_said_once_and_stops_nothing(plan, tmp_path, damaged):
    forecast, stream = Forecast(plan, list(plan.nodes), 1, tmp_path), io.StringIO()
    place = forecast.place("english seed 1")
    place.mkdir(parents=True)
    (place / progress.FILE).write_text(damaged, encoding="utf-8")
    lines = showing.Shown(forecast, stream)
    for _ in range(3):
        lines._last_shown = 0.0
        lines.update(set(), ["english seed 1"])
    assert stream.getvalue().count("not shown") <= 1 and stream.getvalue()
    assert progress.read(place) is None and "english seed 1" not in showing.status(plan, [], tmp_path)
    assert showing.status(plan, ["english seed 1"], tmp_path).endswith("nothing is running")


def test_every_command_forgives_its_console():
    commands = [ROOT / "run_all.py", *ROOT.glob("xltlib/**/*.py")]
    commands = [path for path in commands if '"__main__"' in path.read_text(encoding="utf-8")]
    assert len(commands) >= 4
    commands.remove(ROOT / "xltlib" / "canonical.py")  # prints nothing but digits
    for path in commands:
        text = path.read_text(encoding="utf-8")
        assert "console.forgiving()" in text or "stopping.stoppable(main)" in text, path


PRINTS = """
import sys
from xltlib import stopping

def main():
    print("한국어 −0.5")
    print("오류", file=sys.stderr)
    return 3

sys.exit(stopping.stoppable(main))
"""


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "utf-8"])
def test_a_command_prints_on_any_console_to_its_end(encoding):
    given = os.environ | {"PYTHONIOENCODING": f"{encoding}:strict", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", PRINTS], capture_output=True, env=given)
    assert done.returncode == 3 and b"Traceback" not in done.stderr
    expected = "한국어 −0.5".encode(encoding, "backslashreplace")
    assert done.stdout.strip() == expected


def test_head_may_have_what_it_wanted():
    says = "import sys; from xltlib import console; console.say('line', sys.stdout); sys.exit(3)"
    given = os.environ | {"PYTHONPATH": str(ROOT)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    done = subprocess.Popen([sys.executable, "-c", says], env=given, **pipes)
    done.stdout.close()  # before Python has begun
    assert (done.wait(), done.stderr.read()) == (3, b"")
