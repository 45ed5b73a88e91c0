"""The card of an exported model, README.md: what it is, what it read, how well it does, how to load it."""

from __future__ import annotations

from pathlib import Path

from xltlib import languages, records, tasks
from xltlib.encoders import OFFLINE
from xltlib.exporting import accuracy, classifier, snippets
from xltlib.exporting.agreement import LONGEST, Agreement
from xltlib.exporting.kept import ENCODER, Kept
from xltlib.exporting.rebuilt import Rebuilt
from xltlib.markdown import code, escaped

HUB_IDS = {OFFLINE: "intfloat/multilingual-e5-small"}
WHAT = {
    "cross": "A classifier of sentence pairs that reads both sentences at once (cross-encoder)",
    "bi": "A classifier of sentence pairs that encodes each sentence by itself (bi-encoder)",
    "cosine": "A threshold on the cosine of two sentence vectors, of an encoder that stays as it is",
    "logistic": "A logistic regression on two sentence vectors, of an encoder that stays as it is",
    "encoder": "A sentence encoder, adapted to text without labels",
}
PIPELINES = {"cross": "text-classification", "encoder": "feature-extraction"}
OTHER_PIPELINE = "sentence-similarity"
RUNGS = {
    "Z0": "labels of the source language alone",
    "Z0'": "labels of the source language, and what the encoder itself knows of other languages",
    "Z1": "unlabelled text of the targets",
    "Z1t": "unlabelled text of the targets with dependency trees",
    "Z2": "word lists",
    "Z3": "translations",
    "Z4": "labels of targets",
}


def write(rebuilt: Rebuilt, found: Agreement, vocabulary: str, folder: Path) -> None:
    """Write the card from the run's record.

    Args:
        found: what the folder was asked, and how close its answers are.
        vocabulary: ``"whole"`` or ``"trimmed"``.
    """
    kept = rebuilt.kept
    parts = [
        _front_matter(kept),
        f"# {escaped(kept.record['task'])}: {escaped(kept.place.name)}",
        f"{WHAT[kept.form]}, on {escaped(_hub_id(kept))}. It was made by xltlib, and loads without it.",
        _loading(rebuilt),
        _read(kept),
        _accuracy(kept),
        _made(rebuilt, found, vocabulary),
        _limits(kept, vocabulary),
        _licences(kept),
    ]
    text = "\n\n".join(part for part in parts if part)
    (folder / "README.md").write_text(text + "\n", encoding="utf-8")


def _encoder(kept: Kept) -> str:
    """The encoder that it all began with, as tables name it."""
    return kept.record["encoder"]


def _hub_id(kept: Kept) -> str:
    """The same by its id on the model hub, where it has one."""
    return HUB_IDS.get(_encoder(kept), _encoder(kept))


def _front_matter(kept: Kept) -> str:
    """What the model hub reads: YAML between two lines."""
    from huggingface_hub import ModelCardData

    name = _hub_id(kept)
    data = ModelCardData(
        language=_languages(kept),
        license="other",
        license_name="see-below",
        license_link="README.md",
        library_name="sentence-transformers",
        base_model=name if name.count("/") == 1 else None,
        pipeline_tag=PIPELINES.get(kept.form, OTHER_PIPELINE),
        tags=["cross-lingual", kept.record["task"], kept.form],
    )
    return f"---\n{data.to_yaml()}\n---"


def _languages(kept: Kept) -> list[str]:
    """Languages that it was scored in; of an adapted encoder those that it read."""
    if kept.form != ENCODER:
        return languages.listed(kept.record["parameters"]["targets"])
    return languages.in_order(code for entry in kept.record["read"] for code in entry["languages"])


def _loading(rebuilt: Rebuilt) -> str:
    """Complete code."""
    kept, shown = rebuilt.kept, [f"## How to load it\n\n```python\n{snippets.OF[rebuilt.kept.form]}```"]
    if kept.form == "cross":
        shown.append("Without `apply_softmax=True` it gives scores, not probabilities.")
        if classifier.has_own(rebuilt.model):
            shown.append(f"Or by transformers alone:\n\n```python\n{snippets.CLASSIFIER}```")
        else:
            shown.append(
                "`AutoModelForSequenceClassification` of transformers has no such head (it pools "
                f"{rebuilt.model.pretrained.pooling} states of {rebuilt.model.model.config.model_type}): "
                "load it as above."
            )
    unit = "pair" if kept.form == "cross" else "sentence"
    cut = ", of two sentences the longer one first" if kept.form == "cross" else ""
    shown.append(
        f"A {unit} of more than {kept.max_length} tokens is cut{cut}. Nothing is put before a sentence."
    )
    return "\n\n".join(shown)


def _read(kept: Kept) -> str:
    """What the run, and those that it goes on from, have read."""
    rung = kept.record["rung"]
    rows = ["| for | method | what | languages | source | count |", "|---|---|---|---|---|---|"]
    for entry in kept.record["read"]:
        cells = [*(entry[key] for key in ("role", "use", "kind")), " ".join(entry["languages"])]
        rows.append(f"| {' | '.join(map(escaped, [*cells, entry['source'], entry['count']]))} |")
    table = "\n".join(rows)
    return f"## What it has read\n\n{table}\n\nRung {rung}: {RUNGS.get(rung, 'see the table')}."


def _accuracy(kept: Kept) -> str:
    """A row a language; nothing of a run that predicted nothing."""
    if "accuracy" not in kept.record:
        return ""
    predictions, read = records.predictions(kept.place, kept.record), kept.record["supervision"]
    rows = ["| language | accuracy | 95 % interval | items | read of it |", "|---|---|---|---|---|"]
    for row in accuracy.by_language(predictions).itertuples():
        name = languages.row(row.Index).name
        interval = f"{row.low:.1f} to {row.high:.1f}"
        rows.append(
            f"| {name} ({row.Index}) | {row.accuracy:.1f} | {interval} | {row.items} | {read[row.Index]} |"
        )
    note = (
        f"In per cent, of {_scored(kept)}, last checkpoint, one seed. "
        "Intervals are Wilson's, of as many items as clusters that share a sentence are worth."
    )
    mean, pairs = accuracy.in_two_languages(predictions)
    if pairs:
        note += f" On {pairs} pairs in two languages {mean:.1f} % are right."
    if kept.record["parameters"]["scored"].get("votes"):
        note += " They are of votes of noisy copies; the model here answers the pair itself."
    return "\n\n".join(["## Accuracy", note, "\n".join(rows)])


def _scored(kept: Kept) -> str:
    """The test items that were scored, in words."""
    first, task = kept.record["parameters"]["scored"].get("test", 0), escaped(kept.record["task"])
    return f"the first {first} test items of {task}" if first else f"the test set of {task}"


def _made(rebuilt: Rebuilt, found: Agreement, vocabulary: str) -> str:
    """Parameters, seed, machine, and how it was checked."""
    kept = rebuilt.kept
    record, machine = kept.record, kept.record["machine"]
    pieces = len(rebuilt.model.pretrained.tokenizer)
    packages = [f"{name} {machine[name]}" for name in ("torch", "transformers", "sentence-transformers")]
    given = record["parameters"]
    size = given.get("batches", given.get("adaptation", {})).get("size")
    lines = [
        *([f"{given['steps']} updates of {size}, learning rate {given['learning_rate']}"] if size else []),
        f"strategy {escaped(record['strategy'])}, adaptation {escaped(record['adaptation'])}",
        f"seed {record['seed']}",
        f"encoder {escaped(_hub_id(kept))}, {vocabulary} vocabulary ({pieces:,} pieces)",
        f"machine: {', '.join(map(escaped, [machine['device'], *packages]))}",
    ]
    if kept.form != ENCODER:
        lines.append(f"classes: {', '.join(map(escaped, kept.classes))}")
    odd = "in two languages, with unknown characters and longer than fits"
    if rebuilt.model.max_length > LONGEST:
        odd = "in two languages and with unknown characters"
    compared = (
        f"Read back by sentence-transformers on {found.pairs} pairs, among them pairs {odd}, its numbers "
        f"differ from the model's by at most {found.difference:.0e}."
    )
    if found.predicted:
        compared += (
            f" What the run itself predicted of {found.predicted} of them differs by {found.of_the_run:.0e}."
        )
    return "\n\n".join(["## How it was made", "\n".join(f"* {line}" for line in lines), compared])


def _limits(kept: Kept, vocabulary: str) -> str:
    """What was not measured."""
    record, limits = kept.record, []
    if "accuracy" in record:
        limits.append("No other text, domain or language was measured than that of the table above.")
    else:
        limits.append("What it does on a task was not measured: train a classifier on it first.")
    if zero_shot := record.get("zero_shot"):
        named = ", ".join(languages.row(target).name for target in zero_shot)
        limits.append(f"No label was read of {named} (zero-shot).")
    if _encoder(kept) == OFFLINE:
        limits.append(
            "The encoder is multilingual-e5-small, out of a file of 4 bits a weight: results are about it, "
            "not about XLM-R or LaBSE. It may have met translations and labels in pretraining."
        )
    if kept.form == "cosine":
        limits.append("Probabilities of a cosine are not calibrated.")
    if any(name.startswith("demo") for name in _sources(kept)):
        limits.append("Text named demo is of a generated corpus, which says nothing about real text.")
    if vocabulary == "trimmed":
        limits.append("Its vocabulary has the pieces of the text that the run read: other text is cut finer.")
    return "## Limits\n\n" + "\n".join(f"* {line}" for line in limits)


def _sources(kept: Kept) -> list[str]:
    """Where all that was read is from, each once, and the task of the test set."""
    read = [entry["source"] for entry in kept.record["read"] if entry["source"]]
    return list(dict.fromkeys([kept.record["task"], *read]))


def _licence(name: str, kept: Kept) -> str:
    """What a task says of its licence; "" of what is no task, or says nothing."""
    if name == kept.record["task"]:
        name = kept.record["parameters"]["task"]  # where a task of one's own lies
    try:
        return tasks.find(name).LICENCE
    except tasks.DataError:
        return ""


def _licences(kept: Kept) -> str:
    """Of data and encoder, as far as they are stated."""
    lines = []
    for name in _sources(kept):
        lines.append(f"* {escaped(name)}: {escaped(_licence(name, kept) or 'not stated')}")
    authors = "that of its authors, which holds for what is made of it, too"
    lines.append(f"* encoder {code(_hub_id(kept))}: {authors}")
    return "\n\n".join(["## Licences", "\n".join(lines)])
