"""Views and noises by the names and options that notebooks give them."""

from __future__ import annotations

from torch import Tensor

from xltlib.noise.base import Both, View
from xltlib.noise.embeddings import Adversarial, RandomPerturbation
from xltlib.noise.neighbours import Mixup
from xltlib.noise.words import Seen, Synonyms, code_switching, dropping

VIEWS = ("drop", "dictionary", "synonyms", "self")
PERTURBATIONS = ("fgm", "pgd", "freelb", "perturbation", "gaussian", "uniform")
NAMES = (*PERTURBATIONS, "synonyms", "drop", "code-switch", "mixup", "salt")
# Noise by a view -> the view.
BY_VIEW = {"synonyms": "synonyms", "drop": "drop", "code-switch": "dictionary", "salt": "self"}


def make_view(
    name: str,
    rate: float,
    dictionaries: dict,
    synonyms: dict[str, list[str]],
    own: dict[str, list[str]],
    names_safe: bool = False,
) -> View:
    """The other side of a cross-lingual batch by name.

    Args:
        name: one of :data:`VIEWS`.
        rate: share of the words to which it happens.
        dictionaries: for ``dictionary``, see :func:`code_switching`.
        synonyms: for ``synonyms``: word -> synonyms.
        own: for ``self``: word -> neighbours in the encoder's own table.
        names_safe: of :class:`Synonyms`.
    Raises:
        ValueError: an unknown name.
    """
    if name not in VIEWS:
        raise ValueError(f"view={name!r}: known are {', '.join(VIEWS)}")
    if name == "drop":
        return dropping(rate)
    if name == "dictionary":
        return code_switching(dictionaries, rate)
    return Synonyms(synonyms if name == "synonyms" else own, rate, names_safe)


def check(
    name: str,
    strength: float,
    view: str = "",
    joint: bool = False,
    names_safe: bool = False,
    fixed_copies: int = 0,
    votes: int = 0,
) -> None:
    """Refuse options of noise that would do nothing, before anything is trained.

    Args:
        name: of the noise, one of :data:`NAMES` or ``""``.
        strength: of it; negative: not given.
        view: of the cross-lingual batches.
        joint, names_safe, fixed_copies, votes: as in ``20_finetune``.
    Raises:
        ValueError: names the option and what it goes with.
    """
    if name and name not in NAMES:
        raise ValueError(f"noise={name!r}: known are none, {', '.join(NAMES)}")
    if name and strength < 0:
        words = "synonyms (1 as published), drop, code-switch, mixup and salt"
        raise ValueError(f"noise={name!r} needs noise_strength: share of the words of {words}; else a radius")
    names_of_a_view = names_safe and view in ("synonyms", "self")
    for option, given, goes_with in (
        ("joint", joint, ("synonyms",)),
        ("names_safe", names_safe and not names_of_a_view, ("synonyms", "salt")),
        ("noise_copies", fixed_copies, ("synonyms",)),
        ("votes", votes, ("synonyms", "drop", "perturbation", "gaussian", "uniform")),
    ):
        if given and name not in goes_with:
            raise ValueError(f"{option} with noise={name!r}: goes with {', '.join(goes_with)}")


def make(
    name: str,
    model,
    strength: float,
    seed: int = 1,
    norm: str = "token",
    steps: int = 3,
    view: View | None = None,
    joint: bool = False,
    mixed: Tensor | None = None,
):
    """A noise by name; None for ``""``.

    Args:
        name: one of :data:`NAMES`.
        model: whose embeddings are perturbed or mixed.
        strength: relative radius of a perturbation; of noises of words, ``mixup`` and ``salt`` the share of
            words that are drawn.
        seed: of the draws.
        norm, steps: of ``pgd`` and ``freelb``; ``fgm`` makes one step from zero.
        view: of ``synonyms``, ``drop``, ``code-switch`` and ``salt``, made with this strength.
        joint: of ``synonyms``: a word is exchanged alike in both sentences.
        mixed: of ``mixup`` and ``salt``, see :class:`Mixup`.
    Raises:
        ValueError: an unknown name.
    """
    if name in ("", None):
        return None
    if name == "fgm":
        return Adversarial(model, strength, norm, steps=1, seed=seed)
    if name == "pgd":
        return Adversarial(model, strength, norm, steps, random_start=True, seed=seed)
    if name == "freelb":
        return Adversarial(model, strength, norm, steps, accumulate=True, seed=seed)
    if name in ("perturbation", "gaussian"):
        return RandomPerturbation(model, strength, "gaussian", seed)
    if name == "uniform":
        return RandomPerturbation(model, strength, "uniform", seed)
    if name == "mixup":
        return Mixup(model, mixed, strength, seed=seed)
    if name == "salt":
        return Both(Seen(view, seed, share=0.5), Mixup(model, mixed, strength, seed=seed))
    if name in BY_VIEW:
        return Seen(view, seed, joint)
    raise ValueError(f"noise={name!r}: known are {', '.join(NAMES)}")
