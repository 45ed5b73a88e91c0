"""Values: whether one is of the type and in the range that is wanted, and how messages and tables say it."""

from __future__ import annotations

import math
import re
import unicodedata

from xltlib import languages

LARGEST = 1_000_000_000  # nothing here counts or weighs more


def check(what: str, wanted: type, rules: dict, value: object) -> None:
    """Refuse a value of another type or out of its range.

    Raises:
        ValueError: names ``what``, the value, and what was wanted.
    """
    if type(value) is not wanted and not (wanted is float and type(value) is int):
        hint = "; write true or false" if wanted is bool else ""
        if wanted is str and isinstance(value, list) and all(isinstance(part, str) for part in value):
            hint = f"; write {shown(' '.join(value))}"
        raise ValueError(f"{what} = {shown(value)} is {type(value).__name__}, wanted {wanted.__name__}{hint}")
    if wanted is str:
        _check_text(what, rules, value)
    if wanted in (int, float):
        _check_number(what, wanted, rules, value)


def _check_text(what: str, rules: dict, value: str) -> None:
    if any("\udc80" <= letter <= "\udcff" for letter in value):  # how Python keeps bytes that it cannot read
        raise ValueError(f"{what} = {shown(value)}: not readable in this locale; set PYTHONUTF8=1")
    if unprintable(value):
        raise ValueError(f"{what} = {shown(value)}: it holds a character that cannot be printed")
    if rules.get("among") and value not in rules["among"]:
        raise ValueError(f"{what} = {shown(value)}: known are {', '.join(map(repr, rules['among']))}")
    named = rules.get("languages") or rules.get("codes") or rules.get("reads") or rules.get("place")
    if named and not value.strip() and not rules.get("blank"):
        raise ValueError(f"{what} = {value!r}: it must name something")
    if rules.get("place") and any(len(part.encode()) > 255 for part in value.split("/")):
        raise ValueError(f"{what} = {shown(value)}: too long for the name of a file or folder")
    if rules.get("codes") or (rules.get("languages") and value != "targets"):  # which options may say
        try:
            languages.parse(value)
        except ValueError as error:
            raise ValueError(f"{what} = {shown(value)}: {error}") from error


def _check_number(what: str, wanted: type, rules: dict, value: float) -> None:
    if wanted is float and not is_finite(value):
        raise ValueError(f"{what} = {shown(value)}, wanted a finite number")
    if rules.get("or_zero") and value == 0:
        return
    least, most = rules.get("at_least"), rules.get("at_most") or LARGEST
    complaint = ""
    if rules.get("above") is not None and not value > rules["above"]:
        complaint = f"above {rules['above']}"
    elif least is not None and not value >= least:
        complaint = f"of at least {least}"
    elif rules.get("below") is not None and not value < rules["below"]:
        complaint = f"below {rules['below']}"
    elif not -LARGEST <= value <= most:
        complaint = f"of at most {most:,}" if value > 0 else f"of at least -{LARGEST:,}"
    if complaint:
        zero = "0 or " if rules.get("or_zero") else ""
        raise ValueError(f"{what} = {shown(value)}, wanted {zero}a number {complaint}")


def is_finite(value: float) -> bool:
    """Whether a number can be used as one: no NaN, no infinity, no integer beyond all floats."""
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def unprintable(text: str) -> bool:
    """Whether a text breaks a line, or holds a control character or half of a pair of UTF-16, which no file
    can hold."""
    return any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in text)


def shown(value: object) -> str:
    """A value as a message shows it: on one line, and not all of a long one.

    Example:
        >>> shown("5e-5"), len(shown(list(range(1000))))
        ("'5e-5'", 80)
    """
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def without_seed(label: str) -> str:
    """The label of a run as its study writes it.

    Example:
        >>> without_seed("plain-mlm seed 12"), without_seed("mlm draw 2")
        ('plain-mlm', 'mlm draw 2')
    """
    return re.sub(r" seed \d+$", "", label)


def without_draw(label: str) -> str:
    """The label of a run without its seed, or the draw of an adaptation that several seeds share.

    Example:
        >>> without_draw("mlm seed 12"), without_draw("mlm draw 2")
        ('mlm', 'mlm')
    """
    return re.sub(r" draw \d+$", "", without_seed(label))


def counted(n: int, noun: str) -> str:
    """A count with its noun.

    Example:
        >>> counted(1, "seed"), counted(6, "seed")
        ('1 seed', '6 seeds')
    """
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def from_to(values) -> str:
    """The smallest and the largest of some numbers, or the one that all are.

    Example:
        >>> from_to([6, 3, 3]), from_to([2, 2])
        ('3 to 6', '2')
    """
    return " to ".join(str(value) for value in sorted({min(values), max(values)}))


def counted_from_to(values, noun: str) -> str:
    """The same with what is counted.

    Example:
        >>> counted_from_to([6, 3, 3], "seed"), counted_from_to([1], "seed")
        ('3 to 6 seeds', '1 seed')
    """
    return from_to(values) + f" {noun}" + ("s" if max(values) > 1 else "")


def signed(value: float | None, digits: int = 1) -> str:
    """A number with its sign, a true minus; "" where there is none.

    What rounds to zero keeps its sign, so that the end of an interval shows on which side of zero it lies;
    zero itself, but for the rounding of floats, is ``+0.0``.

    Example:
        >>> signed(-2.44), signed(0.003), signed(-0.04), signed(1.25, 2), signed(float("nan"))
        ('−2.4', '+0.0', '−0.0', '+1.25', '')
        >>> signed(-1e-15)
        '+0.0'
    """
    if value is None or math.isnan(value):
        return ""
    exact = round(value, 9) + 0.0  # what is left of -0.0 is 0.0
    return f"{exact:+.{digits}f}".replace("-", "−")


def with_interval(effect: float, low: float, high: float) -> str:
    """An effect and its 95 % interval, in points; the effect alone where there is no interval.

    Example:
        >>> with_interval(1.3242, -0.0324, 2.7202), with_interval(1.3242, math.nan, math.nan)
        ('+1.3 [−0.0, +2.7]', '+1.3')
    """
    if math.isnan(low) or math.isnan(high):
        return signed(effect)
    return f"{signed(effect)} [{signed(low)}, {signed(high)}]"


def joined(parts: list[str]) -> str:
    """A list as prose has it.

    Example:
        >>> joined(["German", "French", "Korean"])
        'German, French and Korean'
    """
    *before, last = parts
    return f"{', '.join(before)} and {last}" if before else last
