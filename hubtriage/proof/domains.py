"""Values that stand for all values of a field: one for each way in which tests can tell values apart."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from ipaddress import IPv4Address, IPv6Address
from itertools import count, pairwise
from typing import Any, Final

from hubtriage.asff.fields import AsffField, UnknownPath, is_complete, is_timestamp, look_up
from hubtriage.asff.samples import SAMPLES, sample
from hubtriage.engine.fields import label_of
from hubtriage.engine.pattern.compiler import values_at
from hubtriage.engine.text.addresses import NetworkError, parse_network
from hubtriage.engine.text.timestamps import parse_timestamp
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
_LABELS = frozenset({("Severity", "Label"), ("FindingProviderFields", "Severity", "Label")})
_BAND_EDGES = frozenset((0, 1, 39, 40, 69, 70, 89, 90, 100))
_FORMS: dict[Keys, FixedForm] = {ACCOUNT: FixedForm("0123456789", 12)}


@dataclass(frozen=True)
class Domain:
    """The values that stand for all others, and why some may be missing (empty if none is)."""

    values: tuple[Any, ...]
    gap: str = ""


@lru_cache(maxsize=4096)
def domain_of(keys: Keys, questions: tuple[Question, ...]) -> Domain:
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
        if keys in _SCORES:
            return _scores(boundaries, _BAND_EDGES if keys == _NUMBER else frozenset((0, 100))), ""
        return _numbers(boundaries), ""
    if kind == "boolean":
        return [True, False], ""
    texts, gap = _texts(keys, boundaries)
    if kind == "unknown":
        return [
            *texts,
            *_numbers(boundaries),
            True,
            False,
        ], gap or "AWS's model of a finding has no such member"
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

    A severity's label and number agree, and ceilings tell labels apart.
    """
    if keys in _LABELS:
        return value
    return label_of(value) if keys == _NUMBER else None


_MORE: dict[Keys, list[Any]] = {ACCOUNT: ["210987654321"], ("Region",): ["us-east-1", "eu-central-1"]}


@cache
def _of_samples(keys: Keys, kind: str) -> tuple[Any, ...]:
    """Return what sample findings hold at a path: findings made of such values read like real ones."""
    if kind not in ("text", "number"):
        return ()
    held = [value for name in SAMPLES for value in values_at(sample(name), keys)] + _MORE.get(keys, [])
    fitting = str if kind == "text" else int
    return tuple(dict.fromkeys(value for value in held if type(value) is fitting))


def _scores(boundaries: Boundaries, edges: Collection[int]) -> list[Any]:
    """Return the whole numbers around those at which some answer may change, and some more."""
    near = {math.floor(one) + step for one in _finite(boundaries.numbers) for step in (-1, 0, 1)}
    return sorted(one for one in near | {*edges} if 0 <= one <= 100)


def _numbers(boundaries: Boundaries) -> list[Any]:
    """Return the numbers at which some answer may change, and one between each two of them."""
    bounds = sorted({0, *_finite(boundaries.numbers)})
    between = [one for low, high in pairwise(bounds) if low < (one := _middle(low, high)) < high]
    ends = [*_finite([bounds[0] - _away(bounds[0]), bounds[-1] + _away(bounds[-1])])]
    numbers = sorted({*bounds, *between, *ends}, key=lambda one: (one < 0, abs(one)))
    return [int(one) if one == int(one) else one for one in numbers]


def _finite(numbers: Iterable[float]) -> Iterator[float]:
    """Yield the numbers that JSON has; a whole number may be larger than any other."""
    return (one for one in numbers if isinstance(one, int) or math.isfinite(one))


def _middle(low: float, high: float) -> float:
    whole = (math.floor(low) + math.ceil(high)) // 2
    return whole if low < whole < high else low + (high - low) / 2


def _away(number: float) -> float:
    """Return how far another number surely lies: a large one does not change by one."""
    return 1 if isinstance(number, int) or abs(number) < 1e9 else abs(number)


def _texts(keys: Keys, boundaries: Boundaries) -> tuple[list[str], str]:
    if boundaries.moments or boundaries.ages:
        return _timestamps(keys, boundaries)
    if is_timestamp(keys) and not boundaries.patterns:
        return [*sorted(boundaries.words), _unlike(boundaries.words, _dates())], ""
    if boundaries.networks:
        return _addresses(boundaries)
    return _by_patterns(keys, boundaries)


def _by_patterns(keys: Keys, boundaries: Boundaries) -> tuple[list[str], str]:
    form = _FORMS.get(keys)
    words = sorted(boundaries.words)
    known = [exactly(word) for word in words] if len(words) <= MOST_WORDS else []
    found = texts_by_membership([*boundaries.patterns, *known], form)
    if found is None:
        alone = [texts_by_membership([pattern], form) or {} for pattern in boundaries.patterns]
        return [*words, *(text for one in alone for text in one.values())], "too many texts are told apart"
    texts = list(found.values())
    if known or not words:
        return texts, ""
    others = [_other_than(text, boundaries, form) for text in texts]
    possible = [word for word in words if form is None or form.has(word)]
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
    bounds = [
        _EPOCH + timedelta(seconds=at) for at in (*boundaries.moments, *boundaries.ages) if _is_a_date(at)
    ]
    step = timedelta(milliseconds=1)
    moments = {at + change for at in bounds for change in (-step, timedelta(), step) if _FIRST < at < _LAST}
    # the word of a moment is one way to write it, and its test holds for no other
    texts = [_unlike(boundaries.words, _ways_to_write(at)) for at in (*sorted(moments), _FIRST, _LAST)]
    texts += sorted(boundaries.words)
    if boundaries.moments and boundaries.ages:
        return texts, "a moment and an age are asked of one timestamp: their order changes with time"
    if boundaries.ages and any(parse_timestamp(word) is not None for word in boundaries.words):
        return texts, "a timestamp and an age are asked of one value: their order changes with time"
    if boundaries.patterns or boundaries.networks:
        return texts, "a moment and a form of text are asked of one value"
    return texts if is_timestamp(keys) else [*texts, _unlike(boundaries.words, _no_dates())], ""


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = datetime(1, 1, 2, tzinfo=UTC)
_LAST = datetime(9999, 12, 30, tzinfo=UTC)


def _is_a_date(seconds: float) -> bool:
    return _FIRST.timestamp() < seconds < _LAST.timestamp()


def _dates() -> Iterator[str]:
    return (f"2010-01-02T03:04:{number % 60:02}.{number // 60:03}Z" for number in range(60_000))


def _no_dates() -> Iterator[str]:
    return (f"other{number or ''}" for number in count())


def _unlike(words: Collection[str], candidates: Iterable[str]) -> str:
    """Return the first candidate that is not among some words."""
    return next(one for one in candidates if one not in words)


def _ways_to_write(moment: datetime) -> Iterator[str]:
    """Yield timestamps of one moment."""
    for minutes in range(18 * 60):
        there = (moment + timedelta(minutes=minutes)).isoformat(timespec="milliseconds")[:23]
        for digits in range(3, 10):
            zone = f"+{minutes // 60:02}:{minutes % 60:02}" if minutes else "Z"
            yield f"{there:0<{20 + digits}}{zone}"


def _addresses(boundaries: Boundaries) -> tuple[list[str], str]:
    """Return an address for each network less the networks in it, some outside, and no address."""
    try:
        networks = sorted({parse_network(network) for network in boundaries.networks})
    except NetworkError:
        return [], "a network cannot be read"
    found = [_outside_of_inner(network, networks, boundaries.words) for network in networks]
    outside = [_outside_of_inner((bits, 0, 0), networks, boundaries.words) for bits in (32, 128)]
    texts = [one for one in (*found, *outside) if one is not None]
    gap = "an address and a form of text are asked of one value" if boundaries.patterns else ""
    return [*texts, *sorted(boundaries.words), _unlike(boundaries.words, _no_dates())], gap


_Network = tuple[int, int, int]


def _outside_of_inner(network: _Network, all_: Sequence[_Network], words: Collection[str]) -> str | None:
    """Return an address of a network that is in none of the smaller ones, and no word; None without one."""
    bits, first, length = network
    last = first + (1 << bits - length) - 1
    inner = [one for one in all_ if one[0] == bits and one[2] > length and first <= one[1] <= last]
    at = first
    while at <= last:
        covering = [one for one in inner if one[1] <= at < one[1] + (1 << bits - one[2])]
        if covering:
            at = max(one[1] + (1 << bits - one[2]) for one in covering)
            continue
        written = next((one for one in _written_addresses(bits, at) if one not in words), None)
        if written is not None:
            return written
        at += 1
    return None


def _written_addresses(bits: int, address: int) -> Iterator[str]:
    """Yield ways to write one address; IPv4 has only one."""
    if bits == 32:
        yield str(IPv4Address(address))
        return
    whole = IPv6Address(address)
    groups = whole.exploded.split(":")
    yield from dict.fromkeys((str(whole), whole.exploded, str(whole).upper(), whole.exploded.upper()))
    for zeros in range(1 << len(groups)):  # each group with all its digits, or as few as it has
        yield ":".join(one if zeros >> at & 1 else f"{int(one, 16):x}" for at, one in enumerate(groups))
