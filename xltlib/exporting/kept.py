"""What a run has left to be exported: its record, its head, its encoder and its weights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from xltlib import files, records, tasks
from xltlib.components.base import make, resolved
from xltlib.notebooks import FROZEN
from xltlib.places import MAKE_IT_HERE

FORMS = {"cross": "cross", "bi": "bi", "bi-negatives": "bi", "cosine": "cosine", "logistic": "logistic"}
ENCODER = "encoder"  # the form of an adapted encoder, which has no head
NEEDED = {  # in a record
    "notebook": str, "parameters": dict, "encoder": str, "strategy": str, "adaptation": str, "rung": str,
    "read": list, "seed": int, "task": str, "supervision": dict, "machine": dict,
}  # fmt: skip
PARAMETERS = {"encoder": dict, "task": str, "targets": str}  # of every run


@dataclass(frozen=True)
class Kept:
    """A finished run.

    Attributes:
        place: its folder.
        record: what it says of itself.
        head: kind and options of the head; empty of an encoder that was adapted by itself.
        encoder: what encoders.load takes to load the encoder that it began with, or has adapted.
        trained: folder of the trained weights; None: the encoder's own.
    """

    place: Path
    record: dict
    head: dict
    encoder: str
    trained: Path | None

    @property
    def form(self) -> str:
        """``"cross"``, ``"bi"``, ``"cosine"``, ``"logistic"`` or ``"encoder"``."""
        return FORMS[self.head["kind"]] if self.head else ENCODER

    @property
    def classes(self) -> list[str]:
        """Names of the classes, in the order of their probabilities; of an older record those of the task."""
        read = self.record.get("data", {}).get("classes")
        return list(read or tasks.find(self.record["parameters"]["task"]).CLASSES)

    @property
    def max_length(self) -> int:
        """Tokens of a pair (``cross``) or of a sentence (all others); what is longer is cut."""
        if self.head:
            return self.head["max_length"]
        return make("adaptation", self.record["parameters"]["adaptation"]).max_length


def find(run: str, runs: Path) -> Kept:
    """What a run has left.

    Args:
        run: its id, or the path of its folder.
        runs: the folder in which it lies, where an id is given.
    Raises:
        ValueError: there is no such run, it kept no model, or what it kept has no form outside this package;
            says what to do.
    """
    from xltlib.encoders import hub  # imports torch

    place = Path(run) if (Path(run) / records.RECORD).is_file() else Path(runs) / run
    record = records.read(place)
    if record is None:
        run_ids = sorted(path.parent.name for path in Path(runs).glob(f"*/{records.RECORD}"))
        raise ValueError(f"{place}: no run with a record is there; {runs} has {', '.join(run_ids) or 'none'}")
    files.refuse_without(record, NEEDED, place / records.RECORD, records.AGAIN)
    files.refuse_without(record["parameters"], PARAMETERS, place / records.RECORD, records.AGAIN)
    components = {name: dict for name in ("head", "after") if name in record["parameters"]}
    files.refuse_without(record["parameters"], components, place / records.RECORD, records.AGAIN)
    head = _head(record, place.parent)
    _refuse(record, head, place)
    head = resolved("head", head) if head else {}  # options that came later than the record
    encoder_name = record["parameters"]["encoder"]["name"]
    encoder = hub.pinned(encoder_name, record.get("encoder_revision", ""))
    if _is_adapted(encoder_name):
        encoder = str((place.parent / encoder_name / records.ENCODER).absolute())
    if not head:
        return Kept(place, record, head, str((place / records.ENCODER).absolute()), None)
    trained = place
    if record["notebook"] == FROZEN:
        start = record["parameters"]["start"]
        trained = place.parent / start if start else None
    if _is_adapted(encoder_name) and not Path(encoder).is_dir():
        raise ValueError(
            f"run {place.name} began with {encoder_name}, which has left no encoder in {place.parent}"
        )
    return Kept(place, record, head, encoder, trained)


def _is_adapted(encoder: str) -> bool:
    return encoder.startswith("adapt-")


def _head(record: dict, runs: Path) -> dict:
    """The head of a run; of an adaptation between two trainings, that of the model it started from."""
    theirs = record["parameters"]
    while "head" not in theirs and theirs["start"]:
        before = records.read(runs / theirs["start"])
        if before is None:
            raise ValueError(f"run {record['run']} started from {theirs['start']}, which is not in {runs}")
        theirs = before["parameters"]
    return theirs.get("head", {})


def _refuse(record: dict, head: dict, place: Path) -> None:
    """Stop where a run has nothing to export, or something that only this package can compute."""
    given, name = record["parameters"], place.name
    if head and head["kind"] not in FORMS:
        known = ", ".join(FORMS)
        raise ValueError(
            f"run {name}: head {head['kind']} is not known to the export, which knows {known}; a head of "
            "one's own needs its layers written by xltlib/exporting/modules.py"
        )
    after = given.get("after", {}).get("kind", "none")
    if after != "none":
        raise ValueError(
            f"run {name}: after: {after} turns vectors by their language, which no module of "
            "sentence-transformers does; export the run without it"
        )
    if given.get("keep_model") is False:
        raise ValueError(f"run {name} kept no model: set keep_model: true in its study, and run it again")
    if not records.has_model(place, record, looked_into=True):
        raise ValueError(f"run {name}: the model of its record is not in {place}; {MAKE_IT_HERE}")
