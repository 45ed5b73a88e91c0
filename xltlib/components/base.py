"""What every part of an experiment is: a frozen dataclass of the options it has, and no others.

    @dataclass(frozen=True, kw_only=True)
    class Shuffle(Noise):
        share: float = option(above=0, at_most=1)

A component is made from a dictionary, ``{"kind": "pgd", "radius": 0.03}``. Name, type and range of every
option are checked before anything is read. Its ``kind`` is a word of the package (kinds.py) or an import
path to a class of one's own, ``"mylab.shuffle:Shuffle"``.
"""

from __future__ import annotations

import copy
import sys
from dataclasses import MISSING, dataclass, field, fields
from importlib import import_module

from xltlib import languages
from xltlib.components.kinds import BARE, BASES, DO_NOTHING, FAMILIES, PROMISED
from xltlib.values import check, shown

TYPES = {"int": int, "float": float, "str": str, "bool": bool}


def option(
    default: object = MISSING,
    *,
    above: float | None = None,
    at_least: float | None = None,
    at_most: float | None = None,
    below: float | None = None,
    or_zero: bool = False,
    only_with: str = "",
    among: tuple[str, ...] = (),
    languages: bool = False,
    reads: bool = False,
    place: bool = False,
    blank: bool = False,
):
    """An option of a component, with the values that make sense for it.

    Args:
        default: without one the option must be given.
        above, at_least, at_most, below: bounds of a number.
        or_zero: 0, which stands for all or none, is allowed besides.
        only_with: the option without which this one has no effect: given alone, it is refused.
        among: the words that a text may be.
        languages: the text is language codes with blanks between; ``"targets"``: all but the source.
        reads: the text names unlabelled text or translations: a corpus that ships with the package, one
            below the data folder, or a folder.
        place: the text may be a path; relative ones are resolved where a study is planned.
        blank: languages, or what is read, may be nothing at all.
    """
    rules = {"above": above, "at_least": at_least, "at_most": at_most, "below": below, "or_zero": or_zero}
    rules |= {"among": among, "blank": default == "" or blank, "only_with": only_with}
    return field(
        default=default, metadata=rules | {"languages": languages, "reads": reads, "place": place or reads}
    )


def part(family: str, default: str = ""):
    """An option that is a component itself.

    Args:
        family: one of kinds.FAMILIES.
        default: its kind where nothing is said; "": it must be given.
    """
    return field(default=default or MISSING, metadata={"family": family})


def gathered():
    """A field that is no option: what :meth:`Component.gather` has read."""
    return field(default=None, init=False, repr=False, compare=False)


@dataclass(frozen=True, kw_only=True)
class Component:
    """A part of an experiment. Each family says what else its members can be asked for (kinds.py).

    Attributes:
        TOLD: options of one's own that names in tables tell where arms differ in them.
    """

    TOLD = ()

    def told_options(self) -> dict[str, str]:
        """What names may tell of the options in ``TOLD``, as ``Entry.told`` has it."""
        return {f"option {name}": f"{name}-{getattr(self, name)}" for name in self.TOLD}

    def gather(self, run) -> Component:
        """Read what it needs, through ``run.provenance`` alone, and come back ready to use.

        Args:
            run: the :class:`xltlib.run.Run` that it is a part of.
        """
        return self

    def holding(self, **found) -> Component:
        """A copy that holds what was gathered."""
        ready = copy.copy(self)
        for name, value in found.items():
            object.__setattr__(ready, name, value)
        return ready


def find(family: str, kind: str) -> type[Component]:
    """The class of a kind.

    Raises:
        ValueError: the kind is not known, or cannot be imported; names what there is.
    """
    kinds = _kinds(family)
    if not isinstance(kind, str):
        raise ValueError(f"{family}: kind = {shown(kind)}, wanted a word; known are {', '.join(kinds)}")
    module, colon, name = kinds.get(kind, kind).partition(":")
    if not colon:
        advice = "or an import path of one's own, as in mylab.shuffle:Shuffle"
        raise ValueError(f"{family}: no kind {kind!r}; known are {', '.join(kinds)}, {advice}")
    try:
        found = _imported(module, name)
    except (Exception, SystemExit) as error:  # whatever a file of one's own raises; argparse in it exits
        reason = f"cannot be imported ({_said(error)}){_advice(module, name)}"
        raise ValueError(f"{family}: kind {kind!r} {reason}") from error
    if not (isinstance(found, type) and issubclass(found, Component)):
        raise ValueError(f"{family}: kind {kind!r} is no xltlib.components.base.Component")
    if "__dataclass_fields__" not in vars(found):
        raise ValueError(f"{family}: kind {kind!r} lacks @dataclass(frozen=True, kw_only=True) above it")
    if family in PROMISED and not hasattr(found, PROMISED[family]):
        why = "its name is misspelt, or the class is of another family"
        raise ValueError(f"{family}: kind {kind!r} has no method {PROMISED[family]}: {why}")
    if family in BASES and kind not in kinds:
        _refuse_without_base(family, kind, found)
    return found


def _refuse_without_base(family: str, kind: str, found: type[Component]) -> None:
    """A class of one's own is a subclass of its family's, and does what the family is asked for."""
    module, _, name = BASES[family].partition(":")
    base = _imported(module, name)
    if not issubclass(found, base):
        raise ValueError(f"{family}: kind {kind!r} is no subclass of {BASES[family]}")
    method = PROMISED.get(family, "")
    inherited = family in DO_NOTHING and getattr(found, method) is getattr(base, method)
    if inherited and found.gather is base.gather:  # what changes the pairs themselves does so as it gathers
        raise ValueError(
            f"{family}: kind {kind!r} has no method {method} of its own, so it would change nothing; is its "
            "name misspelt?"
        )


def _kinds(family: str) -> dict[str, str]:
    if family not in FAMILIES:
        raise ValueError(f"{family} is no component: it has one value, and no options")
    return FAMILIES[family]


def _imported(module: str, name: str) -> object:
    return getattr(import_module(module), name)


def _said(error: BaseException) -> str:
    """An error in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())


def _advice(module: str, name: str) -> str:
    """What to do about an import path that is none, or that means a module of Python itself."""
    if module.endswith(".py") or not all(part.isidentifier() for part in (*module.split("."), name)):
        return ": an import path is written without ./ and .py, as in mylab.shuffle:Shuffle"
    if module.partition(".")[0] in sys.stdlib_module_names:
        return f": {module} is a module of Python itself; give your own another name"
    return ""


def options_of(component: type[Component]) -> dict:
    """The options that a component has: name -> dataclass field."""
    return {field.name: field for field in fields(component) if field.init}


def make(family: str, given: dict | str) -> Component:
    """A component from a parameter: a dictionary of its options, or its kind as a bare word.

    Args:
        family: one of kinds.FAMILIES.
        given: where no ``kind`` is said, it is the family's first.
    Raises:
        ValueError: one line that names the component, the option, the value, and what there is.

    Example:
        >>> make("batches", {"kind": "monolingual", "size": 4})
        Monolingual(size=4, exponent=0.0)
        >>> make("batches", {"size": 0})
        Traceback (most recent call last):
        ValueError: batches monolingual: size = 0, wanted a number of at least 1
    """
    kind, given = split(family, given)
    component_class = find(family, kind)
    known, checked = options_of(component_class), {}
    for name, value in given.items():
        if name not in known:
            raise ValueError(f"{family} {kind} has no option {name!r}: it has {', '.join(known) or 'none'}")
        try:
            checked[name] = _checked(f"{family} {kind}: {name}", known[name], value)
        except ValueError as error:
            if known[name].metadata.get("family", name) == name:
                raise
            raise ValueError(f"{family}.{name}: {error}") from error  # an attack is said as noise is
    for name, field in known.items():
        if name not in given and field.default is MISSING and field.default_factory is MISSING:
            raise ValueError(f"{family} {kind} needs {name}")
        if name not in given and "family" in field.metadata:
            checked[name] = make(field.metadata["family"], field.default)
    try:
        component = component_class(**checked)
    except ValueError:
        raise
    except (Exception, SystemExit) as error:  # of a __post_init__ of one's own
        raise ValueError(f"{family} {kind} cannot be made ({_said(error)})") from error
    for name, field in known.items():
        needed = field.metadata.get("only_with")
        if needed and getattr(component, name) != field.default and not getattr(component, needed):
            raise ValueError(
                f"{family} {kind}: {name} = {shown(getattr(component, name))} has no effect without {needed}"
            )
    return component


def split(family: str, given: dict | str) -> tuple[str, dict]:
    """Kind and options of a parameter; a bare word is a kind, or what BARE says.

    Example:
        >>> split("noise", "fgm"), split("encoder", "offline")
        (('fgm', {}), ('held', {'name': 'offline'}))
    """
    if isinstance(given, str):
        given = {BARE.get(family, "kind"): given}
        if not "".join(given.values()).strip():
            raise ValueError(f"{family} = '': it must name something; leave it out for its default")
    if not isinstance(given, dict):
        raise ValueError(f"{family} = {shown(given)}: wanted a dictionary of options, or a kind")
    options = dict(given)
    kind = options.pop("kind", next(iter(_kinds(family))))
    if not isinstance(kind, str):
        known = ", ".join(_kinds(family))
        raise ValueError(f"{family}: kind = {shown(kind)}, wanted a word; known are {known}")
    return kind, options


def spelled(family: str, given: dict | str) -> dict:
    """A component that stands as a bare word, as a dictionary.

    Example:
        >>> spelled("noise", "fgm"), spelled("encoder", "offline")
        ({'kind': 'fgm'}, {'kind': 'held', 'name': 'offline'})
    """
    if not isinstance(given, str):
        return given
    kind, options = split(family, given)
    return {"kind": kind, **options}


def _checked(what: str, field, value: object):
    """The value of an option, as its field says it must be."""
    rules = field.metadata
    if "family" in rules:
        return make(rules["family"], value)
    named = getattr(field.type, "__name__", field.type)  # a name, where annotations are postponed
    if named not in TYPES:
        raise ValueError(f"{what} is declared as {named}: options are {', '.join(TYPES)}, or a part")
    wanted = TYPES[named]
    check(what, wanted, rules, value)
    return wanted(value)


def resolved(family: str, given: dict | str, targets: str = "") -> dict:
    """All options of a component, defaults filled in: what a record keeps, and a run's id is a hash of.

    Args:
        targets: codes of the target languages, for options that say ``"targets"``.
    Raises:
        ValueError: as :func:`make`.

    Example:
        >>> resolved("batches", {})
        {'kind': 'monolingual', 'size': 8, 'exponent': 0.0}
    """
    kind, _ = split(family, given)
    component, found = make(family, given), {"kind": kind}
    for name, field in options_of(type(component)).items():
        value = getattr(component, name)
        if "family" in field.metadata:
            inner = given[name] if isinstance(given, dict) and name in given else field.default
            value = resolved(field.metadata["family"], inner, targets)
        elif field.metadata.get("languages"):
            if value == "targets" and not (targets or field.metadata["blank"]):
                raise ValueError(f"{family} {kind}: {name}: there is no target but the source language")
            value = " ".join(languages.parse(targets if value == "targets" else value))
        found[name] = value
    return found


def merged(base: dict, overrides: dict) -> dict:
    """Options of a component added to those of its like; another kind, or a bare word, starts afresh.

    Example:
        >>> merged({"steps": 5, "noise": {"kind": "pgd", "radius": 0.1}}, {"noise": {"radius": 0.3}})
        {'steps': 5, 'noise': {'kind': 'pgd', 'radius': 0.3}}
        >>> merged({"noise": {"kind": "pgd", "radius": 0.1}}, {"noise": {"kind": "fgm", "radius": 0.3}})
        {'noise': {'kind': 'fgm', 'radius': 0.3}}
        >>> merged({"batches": "hybrid"}, {"batches": {"size": 4}})
        {'batches': {'kind': 'hybrid', 'size': 4}}
    """
    result = dict(base)
    for name, value in overrides.items():
        before = result.get(name)
        if isinstance(before, str) and name in FAMILIES:
            before = spelled(name, before)
        alike = isinstance(value, dict) and isinstance(before, dict)
        if alike and ("kind" not in value or "kind" not in before or value["kind"] == before["kind"]):
            result[name] = merged(before, value)
        else:
            result[name] = value
    return result
