"""A file of studies as it stands: YAML read strictly, and the shape of each study checked at the door.

YAML is read by the core schema of its version 1.2, as it is meant: ``no`` is a word, ``5e-5`` a number, a
date a word. Keys are words and stand once. What a file comes to when its aliases are written out has a limit.
"""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from xltlib.languages import MEANS
from xltlib.notebooks import SUMMARIES, SUMMARY
from xltlib.values import shown, unprintable

FIELDS = (
    "about",
    "cost",
    "like",
    "seeds",
    "groups",
    "controls",
    "common",
    "parts",
    "encoders",
    "trunk",
    "arms",
    "summary",
)
SECTIONS = ("parts", "encoders", "trunk", "arms")
NAME = re.compile(r"\w[\w.+=-]*")
GROUP = re.compile(r"[a-z]{4}[a-z-]*")  # no code of a language is so long
TAKEN = "offline"  # the encoder that needs no hub: no run can be called so
TAG = "tag:yaml.org,2002:"
PLAIN = {  # tag -> what is read so, and the characters that it may begin with
    "null": (r"~|null|Null|NULL|", "~nN"),
    "bool": (r"true|True|TRUE|false|False|FALSE", "tTfF"),
    "int": (r"[-+]?(0|[1-9][0-9]{0,17})", "-+0123456789"),
    "float": (
        r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*)([eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+"
        r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+.0123456789",
    ),
    "merge": (r"<<", "<"),
}
MOST, DEEPEST = 100_000, 12  # values of a file, aliases written out; one inside the other
MOST_SEEDS = MOST_DRAWS = 1000


class Loader(yaml.SafeLoader):
    """PyYAML's, by the core schema."""

    yaml_implicit_resolvers: dict = {}


for _name, (_pattern, _first) in PLAIN.items():
    _letters = [*_first, ""] if _name == "null" else list(_first)
    Loader.add_implicit_resolver(TAG + _name, re.compile(rf"(?:{_pattern})\Z"), _letters)


class Lines(dict):
    """The line on which each value of a file stands, by the keys that lead to it.

    Args:
        file: its name.
    """

    def __init__(self, file: str):
        super().__init__()
        self.file = file

    def at(self, *keys: object) -> str:
        """File and line of a value, or of what it stands in; "" of no file."""
        while keys and keys not in self:
            keys = keys[:-1]
        return f"{self.file}, line {self[keys]}" if keys in self else self.file

    def add(self, node: yaml.Node, loader: Loader, keys: tuple = (), line: int = 1) -> None:
        """The lines of a value and of all that is in it.

        Args:
            line: on which its key stands.
        Raises:
            ValueError: a key stands twice or is no word, a tag, or too much.
        """
        self[keys] = line
        if len(self) > MOST or len(keys) > DEEPEST:
            raise self.error(keys, f"more than {MOST:,} values, or {DEEPEST} in each other; is it an alias?")
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                name, place = self._key(key, keys), key.start_mark.line + 1
                if (*keys, name) in self:
                    raise self.error(keys, f"{shown(name)} stands twice", place)
                self.add(value, loader, (*keys, name), place)
        elif isinstance(node, yaml.SequenceNode):
            for number, value in enumerate(node.value, start=1):
                self.add(value, loader, (*keys, number), value.start_mark.line + 1)
        if not _is_plain(node, loader):
            raise self.error(keys, f"{node.tag.replace(TAG, '!!')} is not read here")

    def _key(self, node: yaml.Node, keys: tuple) -> str:
        """What a value stands under."""
        line = node.start_mark.line + 1
        if not isinstance(node, yaml.ScalarNode):
            raise self.error(keys, f"a {node.id} is no name", line)
        if node.tag not in (f"{TAG}str", f"{TAG}merge"):
            raise self.error(keys, f"{node.value or 'nothing'} is no name; put it in quotes", line)
        if unprintable(node.value) or len(node.value) > 200:
            raise self.error(keys, f"{shown(node.value)} is no name: too long, or not printable", line)
        return node.value

    def error(self, keys: tuple, message: str, line: int = 0) -> ValueError:
        """A mistake, with its place before it."""
        path = "".join(f", {key}" if isinstance(key, str) else f", number {key}" for key in keys)
        return ValueError(f"{self.file}, line {line or self[keys]}{path}: {' '.join(message.split())}")


def _is_plain(node: yaml.Node, loader: Loader) -> bool:
    """Whether a value is of a type that is read here, and what its tag says: ``!!int x`` is not."""
    if not isinstance(node, yaml.ScalarNode):
        return node.tag in (f"{TAG}map", f"{TAG}seq")
    if node.tag == f"{TAG}str":
        return True
    resolved_tag = loader.resolve(yaml.ScalarNode, node.value, (True, False))
    return resolved_tag == node.tag and node.tag != f"{TAG}merge"


def parse(text: str, file: str) -> tuple[object, Lines]:
    """What a text of YAML holds, and the lines on which it stands.

    Args:
        file: its name, for messages.
    Raises:
        ValueError: one line, with the file's.

    Example:
        >>> parse("precision: no\\nlearning_rate: 5e-5", "studies.yaml")[0]
        {'precision': 'no', 'learning_rate': 5e-05}
    """
    lines = Lines(file)
    try:
        loader = Loader(text)
        node = loader.get_single_node()
        if node is not None:
            lines.add(node, loader)
        return loader.construct_document(node) if node is not None else None, lines
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{file}, line {mark.line + 1}" if mark else file
        message = " ".join(f"{error.context or ''} {error.problem or ''}".split())
        if error.context_mark and error.context_mark.line < mark.line:
            message += f" (it begins on line {error.context_mark.line + 1})"
        raise ValueError(f"{place}: {message}") from error
    except RecursionError as error:
        raise ValueError(f"{file}: too many brackets inside each other") from error
    except (yaml.YAMLError, OverflowError) as error:  # the last: a letter that there is not
        raise ValueError(f"{file}: {' '.join(str(error).split())}") from error


def read(path: Path) -> tuple[dict, Lines]:
    """The studies of a file: name -> fields, of which each has the shape of a study; and their lines.

    Raises:
        ValueError: one line that names the file, and study, section, label and key as far as it goes.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ValueError(f"{path}: no file of studies ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} is no UTF-8 (byte {error.start}): save it as UTF-8") from error
    studies, lines = parse(text, path.name)
    example = "wanted a name -> its fields, as in mine: {seeds: [1], common: {...}, arms: {...}}"
    if not studies:
        raise ValueError(f"{path.name} holds no study: {example}")
    if not isinstance(studies, dict):
        raise ValueError(f"{path.name}: wanted a mapping of studies, {example}")
    for name, fields in studies.items():
        check_study(name, fields, lines)
    return studies, lines


def check_study(name: object, fields: object, lines: Lines) -> None:
    """Refuse what has not the shape of a study; what parameters it holds is checked where it is planned.

    Raises:
        ValueError: names the field, the label, and the line where there is one.
    """
    check_name("study", name, lines.at(name))
    if fields is None:
        raise ValueError(f"{_before(lines.at(name))}study {name} is empty: give it seeds and arms")
    place = f"{_before(lines.at(name))}study {name}"
    for field, value in mapping(place, fields).items():
        location = f"{_before(lines.at(name, field))}study {name}"
        if field not in FIELDS:
            raise ValueError(f"unknown field {shown(field)} in {location}: known are {', '.join(FIELDS)}")
        if field in ("about", "cost", "like", "controls", "summary"):
            if not isinstance(value, str):
                raise ValueError(
                    f"{location}: {field} = {shown(value)}: wanted text, in quotes if it is no word"
                )
            if unprintable(value.replace("\n", " ").replace("\t", " ")):
                raise ValueError(f"{location}: {field} holds a character that cannot be printed")
        if field == "seeds" and value is not None:
            whole_numbers(value, location)
        if field == "groups":
            _check_groups(location, value)
        if field == "common":
            _check_values(f"{location}: common", value)
        if field in SECTIONS:
            _check_section(name, field, value, lines)
    if fields.get("summary", SUMMARY) not in SUMMARIES:
        raise ValueError(
            f"{_before(lines.at(name, 'summary'))}study {name}: summary {shown(fields['summary'])} is no "
            f"notebook that sums up a study; leave it out, or {' or '.join(SUMMARIES)}"
        )


def _check_groups(place: str, groups: object) -> None:
    """Names of groups with two languages or more each, no language twice."""
    all_codes: list[str] = []
    for name, codes in mapping(f"{place}: groups", groups).items():
        if name in MEANS:
            raise ValueError(f"{place}: groups: {name} is what figures call other means; take another name")
        if not (isinstance(name, str) and GROUP.fullmatch(name)):
            raise ValueError(f"{place}: groups: {shown(name)}: a name has four letters or more, and hyphens")
        if not isinstance(codes, str) or len(codes.split()) < 2:
            raise ValueError(
                f"{place}: groups: {name} = {shown(codes)}: wanted two codes or more, as in de ko"
            )
        all_codes += codes.split()
    repeated = next((code for code in all_codes if all_codes.count(code) > 1), None)
    if repeated:
        raise ValueError(f"{place}: groups: {repeated} stands in them twice")


def _check_section(name: str, section: str, runs: object, lines: Lines) -> None:
    """The runs, or parts, of a section."""
    prefix = _before(lines.at(name, section))
    for label, fields in mapping(f"{prefix}study {name}: {section}", runs).items():
        place = f"{_before(lines.at(name, section, label))}study {name}, {section}"
        check_name(section, label, lines.at(name, section, label))
        if label == TAKEN and section != "parts":
            raise ValueError(f"{place}: {label!r} is the name of an encoder; give the run another")
        _check_values(f"{place}: {label}", fields)
        if fields and fields.get("seeds") is not None:
            whole_numbers(fields["seeds"], f"{place}: {label}")


def _check_values(context: str, values: object) -> None:
    """Names with a value each; of values whatever a parameter can be."""
    for key, value in mapping(context, values).items():
        if not isinstance(key, str):
            raise ValueError(f"{context}: {shown(key)} is no name; put it in quotes")
        if isinstance(value, dict):
            _check_values(f"{context}: {key}", value)


def _before(place: str) -> str:
    return f"{place}: " if place else ""


def check_name(kind: str, name: object, place: str) -> None:
    """Refuse the name of a study or label that is none: it becomes that of a file, and stands in tables.

    Raises:
        ValueError: names it, and what names are.
    """
    if not isinstance(name, str):
        raise ValueError(f"{_before(place)}{kind}: {shown(name)} is no name; put it in quotes")
    if kind == "study" and name == "claims":
        raise ValueError(f"{_before(place)}study claims: figures/claims holds verdicts; take another name")
    if not NAME.fullmatch(name) or len(name) > 100:
        raise ValueError(
            f"{_before(place)}{kind}: {shown(name)}: names are plain words, of letters, digits and - _ . + ="
        )


def mapping(context: str, value: object) -> dict:
    """A field that holds names and values; an empty one may be left blank.

    Raises:
        ValueError: it is something else; names it.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError(f"{context} = {shown(value)}: wanted names with a value each, as in {{steps: 10}}")
    return value


def whole_numbers(seeds: object, context: str = "") -> list[int]:
    """Seeds as a list.

    Raises:
        ValueError: they are no whole numbers from 1, too many, or one stands twice.
    """
    numbers = list(seeds) if isinstance(seeds, (list, tuple)) else [seeds]
    prefix = f"{_before(context)}seeds {shown(seeds)}"
    if not numbers or any(type(seed) is not int or not 1 <= seed <= 10**9 for seed in numbers):
        raise ValueError(f"{prefix}: a list of whole numbers from 1, as in [1, 2]")
    if len(set(numbers)) < len(numbers) or len(numbers) > MOST_SEEDS:
        raise ValueError(f"{prefix}: each stands once, and there are {MOST_SEEDS:,} at most")
    return numbers


def draws_in_turn(draws: object) -> list[int]:
    """The draws of an adapted encoder, in the order in which seeds take them; none where they make no sense.

    Example:
        >>> draws_in_turn(3), draws_in_turn([1, 2, 1]), draws_in_turn("two")
        ([1, 2, 3], [1, 2, 1], [])
    """
    in_turn = draws if isinstance(draws, list) else [draws]
    if not all(type(draw) is int and 1 <= draw <= MOST_DRAWS for draw in in_turn):
        return []
    return in_turn if isinstance(draws, list) else list(range(1, draws + 1))
