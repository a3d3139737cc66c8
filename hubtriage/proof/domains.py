"""Values that stand for all values of a field: one for each way in which tests can tell values apart."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import IPv4Address, IPv6Address
from itertools import pairwise
from typing import Any, Final

from hubtriage.asff.fields import AsffField, UnknownPath, is_complete, is_timestamp, look_up
from hubtriage.asff.samples import SAMPLES, sample
from hubtriage.engine.fields import label_of
from hubtriage.engine.pattern.compiler import values_at
from hubtriage.engine.text.addresses import NetworkError, parse_address, parse_network
from hubtriage.proof.abstraction import ACCOUNT, OPAQUE
from hubtriage.proof.languages import FixedForm, exactly, texts_by_membership
from hubtriage.proof.questions import Boundaries, Keys, Question


class _Absent:
    """Stands for a member that is not there."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()

MOST_WORDS = 64
"""Up to so many single texts are looked at together with the patterns; beyond, one by one."""

# AWS: whole numbers from 0 to 100.
_SCORES = frozenset({("Confidence",), ("Criticality",), ("Severity", "Normalized")})
# Rules see a number with every label.
_PRODUCT = ("Severity", "Product")  # rules never see it
_NUMBER = ("Severity", "Normalized")
_FORMS: dict[Keys, FixedForm] = {ACCOUNT: FixedForm("0123456789", 12)}


@dataclass(frozen=True)
class Domain:
    """The values that stand for all others, and why some may be missing (empty if none is)."""

    values: tuple[Any, ...]
    gap: str = ""


def domain_of(keys: Keys, questions: Sequence[Question]) -> Domain:
    """Return the values of a field that tests can tell apart, with `ABSENT` if the field may be missing."""
    if keys[-1].startswith(OPAQUE):
        return Domain((True, False))
    field = look_up(keys)
    if keys == _PRODUCT or (isinstance(field, UnknownPath) and field.below):
        return Domain((ABSENT,))
    kind = field.kind if isinstance(field, AsffField) else "unknown"
    boundaries = Boundaries()
    for question in questions:
        boundaries = boundaries.with_(question.boundaries)
    values, gap = _present(keys, kind, field, boundaries)
    told_apart = list(_told_apart(keys, [*_of_samples(keys, kind), *values], questions))
    may_be_absent = keys != _NUMBER and (not isinstance(field, AsffField) or field.optional)
    return Domain((*told_apart, ABSENT) if may_be_absent else tuple(told_apart), gap or boundaries.unknown)


def _present(keys: Keys, kind: str, field: object, boundaries: Boundaries) -> tuple[list[Any], str]:
    if isinstance(field, AsffField) and field.values and is_complete(keys):
        return list(field.values), ""
    if kind == "number":
        return _numbers(boundaries, whole=keys in _SCORES), ""
    if kind == "boolean":
        return [True, False], ""
    texts, gap = _texts(keys, boundaries)
    if kind == "unknown":
        return [*texts, *_numbers(boundaries, whole=False), True, False], gap
    return list(texts), gap


def _told_apart(keys: Keys, values: Iterable[Any], questions: Sequence[Question]) -> Iterator[Any]:
    """Yield the first value of each group that no test tells apart, and that goes with the same others."""
    seen = set()
    tests = [question.test for question in questions]
    for value in values:
        answers = (_goes_with(keys, value), tuple(test(value) for test in tests))
        if answers not in seen:
            seen.add(answers)
            yield value


def _goes_with(keys: Keys, value: Any) -> object:
    """Return what decides which values of other fields a value goes with.

    A severity's label and number agree.
    """
    if keys == ("Severity", "Label"):
        return value
    return label_of(value) if keys == ("Severity", "Normalized") else None


_MORE: dict[Keys, list[Any]] = {ACCOUNT: ["210987654321"], ("Region",): ["us-east-1", "eu-central-1"]}


@cache
def _of_samples(keys: Keys, kind: str) -> tuple[Any, ...]:
    """Return what sample findings hold at a path: findings made of such values read like real ones."""
    if kind not in ("text", "number"):
        return ()
    held = [value for name in SAMPLES for value in values_at(sample(name), keys)] + _MORE.get(keys, [])
    fitting = str if kind == "text" else int
    return tuple(dict.fromkeys(value for value in held if type(value) is fitting))


def _numbers(boundaries: Boundaries, *, whole: bool) -> list[Any]:
    """Return the numbers at which some answer may change, and one between each two of them."""
    bounds = sorted({0.0, *(one for one in boundaries.numbers if math.isfinite(one))})
    if whole:
        near = {math.floor(one) + step for one in bounds for step in (-1, 0, 1)} | {0, 100}
        return sorted(one for one in near if 0 <= one <= 100)
    between = [(low + high) / 2 for low, high in pairwise(bounds)]
    numbers = sorted({*bounds, *between, bounds[0] - 1, bounds[-1] + 1}, key=lambda one: (one < 0, abs(one)))
    return [int(one) if one == int(one) else one for one in numbers]


def _texts(keys: Keys, boundaries: Boundaries) -> tuple[list[str], str]:
    if boundaries.moments or boundaries.ages:
        return _timestamps(keys, boundaries)
    if is_timestamp(keys) and not boundaries.patterns:
        return [*sorted(boundaries.words), _unlike(boundaries.words, _DATES)], ""
    if boundaries.networks:
        return _addresses(boundaries)
    return _by_patterns(keys, boundaries)


def _by_patterns(keys: Keys, boundaries: Boundaries) -> tuple[list[str], str]:
    form = _FORMS.get(keys)
    words = sorted(boundaries.words)
    known = [exactly(word) for word in words] if len(words) <= MOST_WORDS else []
    found = texts_by_membership([*boundaries.patterns, *known], form)
    if found is None:
        return words, "too many texts are told apart"
    texts = list(found.values())
    if known or not words:
        return texts, ""
    others = [_other_than(text, boundaries, form) for text in texts]
    possible = [word for word in words if form is None or form.pattern().matches(word)]
    return [*possible, *(text for text in others if text is not None)], "" if None not in others else _MANY


_MANY = "so many single texts are named that others of their form may be missed"


def _other_than(text: str, boundaries: Boundaries, form: FixedForm | None) -> str | None:
    """Return a text that patterns do not tell from this one, and that is not one of the words; or None."""
    wanted = [pattern.matches(text) for pattern in boundaries.patterns]
    for candidate in _variations(text, form):
        if candidate in boundaries.words:
            continue
        if [pattern.matches(candidate) for pattern in boundaries.patterns] == wanted:
            return candidate
    return None


def _variations(text: str, form: FixedForm | None) -> Iterator[str]:
    yield text
    if form is None:
        yield from (text + end for end in ("x", "-other", "zz9"))
        yield from (start + text for start in ("x", "other-", "9zz"))
        yield from (text[:at] + "other" + text[at:] for at in range(1, len(text)))
        return
    for at in range(form.length - 1, -1, -1):
        for first in form.characters:
            for second in form.characters:
                changed = text[:at] + first + text[at + 1 :]
                yield second + changed[1:]


def _timestamps(keys: Keys, boundaries: Boundaries) -> tuple[list[str], str]:
    """Return the moments at which an answer may change, one before and one after each."""
    bounds = {
        datetime.fromtimestamp(at, UTC) for at in (*boundaries.moments, *boundaries.ages) if _is_a_date(at)
    }
    step = timedelta(milliseconds=1)
    moments = {at + change for at in bounds for change in (-step, timedelta(), step)}
    texts = [_written(at) for at in sorted(moments)] + sorted(boundaries.words)
    if boundaries.moments and boundaries.ages:
        return texts, "a moment and an age are asked of one timestamp: their order changes with time"
    if boundaries.patterns or boundaries.networks:
        return texts, "a moment and a form of text are asked of one value"
    return texts if is_timestamp(keys) else [*texts, _unlike(boundaries.words, _NO_DATES)], ""


_DATES = tuple(f"20{year}-01-02T03:04:05.678Z" for year in range(10, 99))
_NO_DATES = ("none", "never", "other", "no date", "unknown")


def _unlike(words: Collection[str], candidates: Iterable[str]) -> str:
    """Return the first candidate that is not among some words."""
    return next(one for one in candidates if one not in words)


def _is_a_date(seconds: float) -> bool:
    return -6e10 < seconds < 2.5e11  # within the years that are written with four digits


def _written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


def _addresses(boundaries: Boundaries) -> tuple[list[str], str]:
    """Return an address for each network less the networks in it, some outside, and no address."""
    try:
        networks = sorted({parse_network(network) for network in boundaries.networks})
    except NetworkError:
        return [], "a network cannot be read"
    taken = {parsed for word in boundaries.words if (parsed := parse_address(word)) is not None}
    found = [_outside_of_inner(network, networks, taken) for network in networks]
    outside = [_outside_of_inner((bits, 0, 0), networks, taken) for bits in (32, 128)]
    texts = [one for one in (*found, *outside) if one is not None]
    gap = "an address and a form of text are asked of one value" if boundaries.patterns else ""
    return [*texts, *sorted(boundaries.words), _unlike(boundaries.words, _NO_DATES)], gap


_Network = tuple[int, int, int]


def _outside_of_inner(network: _Network, all_: Sequence[_Network], taken: set[tuple[int, int]]) -> str | None:
    """Return an address of a network that is in none of the smaller ones, and not taken; None without one."""
    bits, first, length = network
    last = first + (1 << bits - length) - 1
    inner = [one for one in all_ if one[0] == bits and one[2] > length and first <= one[1] <= last]
    at = first
    while at <= last:
        covering = [one for one in inner if one[1] <= at < one[1] + (1 << bits - one[2])]
        if covering:
            at = max(one[1] + (1 << bits - one[2]) for one in covering)
        elif (bits, at) in taken:
            at += 1
        else:
            return str(IPv4Address(at) if bits == 32 else IPv6Address(at))
    return None
