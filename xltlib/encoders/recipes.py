"""How an encoder was pretrained, where that decides the rung: read off the model's own files, never its name.

LaBSE was pretrained on translations, and so was whatever is trained further from it.
"""

from __future__ import annotations

import json
from pathlib import Path

from xltlib.encoders import folders
from xltlib.encoders.encoder import OFFLINE
from xltlib.encoders.hub import local_folder

STATE = "xltlib_encoder.json"  # beside a model that was saved here: pooling, dense layer, recipe
RECIPES = ("", "labse")
LABSE_IDS = ("sentence-transformers/labse",)  # on the hub, in lower case
LABSE = {  # what its config.json says; no other published model has a vocabulary of this size
    "model_type": "bert",
    "vocab_size": 501_153,
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
}


def recipe_of(name: str) -> str:
    """How an encoder was pretrained: ``"labse"``, or ``""`` for any other way.

    Args:
        name: as :func:`xltlib.encoders.load` takes it.
    Raises:
        OSError: as :func:`xltlib.encoders.hub.local_folder`.
        ValueError: a file that tells cannot be read.
    """
    if name == OFFLINE:
        return ""
    if name.lower().partition("@")[0] in LABSE_IDS:  # at whichever revision
        return "labse"
    folder = local_folder(name)
    try:
        return recipe_in(folder)
    except folders.Refused as error:
        raise ValueError(f"encoder {name!r}: {error}") from error


def recipe_in(folder: Path) -> str:
    """The same of a folder: by what was written beside the model here, or by configuration and vocabulary."""
    state = folder / STATE
    if state.is_file() and (written := written_recipe(folders.read_dictionary(state))):
        return written
    transformer = folders.chain_of(folder).transformer
    config = folders.read_dictionary(transformer / "config.json")
    is_labse = all(config.get(key) == value for key, value in LABSE.items())
    return "labse" if is_labse and vocabulary_size(transformer) == LABSE["vocab_size"] else ""


def written_recipe(state: dict) -> str:
    """The recipe that STATE tells; "": it tells none.

    Raises:
        Refused: it is not known.
    """
    recipe = state.get("recipe", "")
    if recipe not in RECIPES:
        raise folders.Refused(f"{STATE}: recipe = {recipe!r}: known are {', '.join(map(repr, RECIPES))}")
    return recipe


def vocabulary_size(folder: Path) -> int:
    """How many pieces a tokenizer has, by its own file; 0 where that is of another kind."""
    lines, whole = folder / "vocab.txt", folder / "tokenizer.json"
    if lines.is_file():
        return sum(1 for line in lines.read_bytes().split(b"\n") if line)
    if whole.is_file():
        model = folders.read_dictionary(whole).get("model")
        vocabulary = model.get("vocab") if isinstance(model, dict) else None
        return len(vocabulary) if isinstance(vocabulary, (dict, list)) else 0
    return 0


def note_recipe(folder: Path, recipe: str) -> None:
    """Write down how an encoder was pretrained where its files no longer tell: its vocabulary was trimmed."""
    state = folder / STATE
    if recipe and state.is_file():
        state.write_text(json.dumps({**folders.read_dictionary(state), "recipe": recipe}), encoding="utf-8")
