"""The pretrained encoder of a run."""

from __future__ import annotations

from dataclasses import dataclass

from xltlib.components.base import Component, option

LAYERS_KNOWN = {"offline": 12}
MOST_LAYERS = 200


@dataclass(frozen=True, kw_only=True)
class PretrainedEncoder(Component):
    """A pretrained multilingual encoder, and how much of it training may move (rung Z0).

    LaBSE is of rung Z3 because of its pretraining.

    Args:
        name: hub id, also at a revision (``organisation/model@commit``), folder written as a path,
            ``"offline"``, or the id of an adapted encoder.
        frozen_layers: lowest layers that stay as they were pretrained. The embedding table always does:
            rows of languages that are not trained on would stay behind while those of English move.
        dropout: in the encoder, and before the classifier.
        trim: keep only the pieces of the text at hand; changes no output.
        recipe: how it was pretrained: ``"labse"``: on translations, as LaBSE. ``""``: what its own files say,
            by which LaBSE is known under any name.
    """

    name: str = option("offline", place=True)
    frozen_layers: int = option(0, at_least=0, at_most=MOST_LAYERS)
    dropout: float = option(0.0, at_least=0, below=1)
    trim: bool = option(True)
    recipe: str = option("", among=("", "labse"))

    @property
    def layers(self) -> int:
        """How many layers it has, or might have: of an encoder that is not at hand only loading it tells."""
        return LAYERS_KNOWN.get(self.name, MOST_LAYERS)
