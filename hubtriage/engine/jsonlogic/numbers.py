"""Read, write and calculate numbers as JavaScript does, because JavaScript defines JsonLogic.

One thing is better here on purpose: integers above 2^53 stay exact where they are read, compared and written,
so ids that are numbers keep their last digits. Arithmetic is in doubles, as in JavaScript.
"""

from __future__ import annotations

import math
import re
from typing import TypeAlias

Number: TypeAlias = int | float

# ECMAScript's white space and line terminators; Python's own `strip()` takes others.
WHITE_SPACE = "\t\n\v\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(
    map(chr, range(0x2000, 0x200B))
)
_DECIMAL = r"[+-]?(?:Infinity|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
_WHOLE_TEXT = re.compile(_DECIMAL)
_LEADING_TEXT = re.compile(_DECIMAL)
_INTEGER = re.compile(r"[+-]?[0-9]{1,300}")
_RADIX = re.compile(r"0(?:[xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)")
_EXPONENT_FROM = 10**21


def to_double(value: Number) -> float:
    """Return the nearest double; a huge integer becomes infinite."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def is_negative(value: Number) -> bool:
    """Say whether the sign is minus, which also -0 has."""
    return value < 0 or (value == 0 and type(value) is float and math.copysign(1.0, value) < 0)


def number_of(text: str) -> Number:
    """Convert a whole string as JavaScript's `Number()` does: "" is 0, "0x1f" is 31, "5 apples" is NaN."""
    stripped = text.strip(WHITE_SPACE)
    if not stripped:
        return 0
    if _WHOLE_TEXT.fullmatch(stripped):
        return _decimal(stripped)
    if _RADIX.fullmatch(stripped):
        return to_double(int(stripped, 0))
    return math.nan


def leading_number(text: str) -> Number:
    """Convert the start of a string as JavaScript's `parseFloat(text)` does: "5 apples" is 5, "" is NaN."""
    found = _LEADING_TEXT.match(text.lstrip(WHITE_SPACE))
    return _decimal(found.group()) if found else math.nan


def _decimal(text: str) -> Number:
    if _INTEGER.fullmatch(text):
        value = int(text)
        return -0.0 if value == 0 and text[0] == "-" else value
    return float(text)


def number_text(value: Number) -> str:
    """Write a number as JavaScript does: 5.0 is "5", 1e21 is "1e+21", 1e-7 is "1e-7"."""
    if type(value) is int and -_EXPONENT_FROM < value < _EXPONENT_FROM:
        return str(value)
    double = to_double(value)
    if math.isnan(double):
        return "NaN"
    if math.isinf(double):
        return "Infinity" if double > 0 else "-Infinity"
    if double == 0:
        return "0"
    return ("-" if double < 0 else "") + _positive_text(abs(double))


def _positive_text(value: float) -> str:
    """Lay out the shortest digits that `repr` finds by ECMAScript's rules for `Number::toString`."""
    mantissa, _, exponent = repr(value).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = whole + fraction
    point = len(whole) + int(exponent or 0) - (len(digits) - len(digits.lstrip("0")))
    digits = digits.strip("0")
    if len(digits) <= point <= 21:
        return digits.ljust(point, "0")
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return "0." + "0" * -point + digits
    tail = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{tail}e{point - 1:+d}"


def negate(value: Number) -> float:
    """Change the sign; 0 becomes -0, which division can tell apart."""
    return -to_double(value)


def divide(left: Number, right: Number) -> float:
    """Divide; by zero gives an infinity or NaN."""
    dividend, divisor = to_double(left), to_double(right)
    if divisor != 0:
        return dividend / divisor
    if dividend == 0 or math.isnan(dividend):
        return math.nan
    return -math.inf if is_negative(dividend) != is_negative(divisor) else math.inf


def remainder(left: Number, right: Number) -> float:
    """Return what division leaves, with the sign of the dividend."""
    dividend, divisor = to_double(left), to_double(right)
    if divisor == 0 or math.isinf(dividend) or math.isnan(dividend) or math.isnan(divisor):
        return math.nan
    return math.fmod(dividend, divisor)


def smallest(numbers: list[Number]) -> Number:
    """Return the least of the numbers, NaN if one is NaN, -0 before 0."""
    if any(number != number for number in numbers):
        return math.nan
    return min(numbers, key=lambda number: (number, not is_negative(number)))


def largest(numbers: list[Number]) -> Number:
    """Return the greatest of the numbers, NaN if one is NaN, 0 before -0."""
    if any(number != number for number in numbers):
        return math.nan
    return max(numbers, key=lambda number: (number, not is_negative(number)))
