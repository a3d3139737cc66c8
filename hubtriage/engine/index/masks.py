"""Look-up tables of one source: from a value to a bit mask of the conjunctions that it leaves possible.

A conjunction is possible for a value if it has no constraint on the source, or one that holds the value.
Bit 0 is not a conjunction. It is set while the mask is exact, that is, has no false positives.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from hubtriage.engine.index.value_sets import ALL_NUMBERS, Interval, ValueSet
from hubtriage.engine.text.addresses import parse_address, parse_network

EXACT_BIT = 1
FIRST_BIT = 1

# Beyond this many bytes a table keeps only the bits that differ from what most values leave possible.
DENSE_BYTES = 1 << 19
MAX_BOUNDS = 512

Entries = list[tuple[int, ValueSet]]  # (bit of a conjunction, value set of its constraint)
Mask = int


@dataclass(frozen=True, slots=True)
class MaskTable:
    """The masks for the values of one source.

    `texts` and `default` serve a text by one look-up, unless there is `text`, a function for it.
    `other` takes any value but a text, `number` a number, `absent` is for what is not there.
    The masks for texts have EXACT_BIT if `has_exact_texts`. `approximate` are the bits of conjunctions that
    may be false positives even where EXACT_BIT is set. `concerned` are the conjunctions with a constraint
    here: once none of them is possible, no look-up is needed.
    """

    texts: dict[str, Mask]
    default: Mask
    text: Callable[[str], Mask] | None
    other: Callable[[Any], Mask]
    number: Callable[[float], Mask]
    absent: Mask
    has_exact_texts: bool
    approximate: frozenset[int]
    concerned: Mask


def build_table(entries: Entries, size: int) -> MaskTable:
    """Build the table of one source for masks of `size` bits, from the constraints on it."""
    everything = (1 << size) - 1
    concerned = bits((bit for bit, _values in entries), size)
    free = everything & ~concerned
    approximate_texts = {bit for bit, values in entries if not values.exact_texts}
    is_exact = len(approximate_texts) < len(entries)
    default = free | _bits_where(entries, size, lambda values: values.other_texts)
    default = default if is_exact else default & ~EXACT_BIT
    texts, sparse, lost = _text_tables(entries, default, size)
    number, approximate_numbers = _number_function(entries, free, size)
    return MaskTable(
        texts=texts,
        default=default,
        text=_text_function(entries, texts, sparse, default, size),
        other=_other_function(entries, free, everything, size, number),
        number=number,
        absent=free | _bits_where(entries, size, lambda values: values.absent),
        has_exact_texts=is_exact,
        approximate=frozenset(lost | approximate_numbers | (approximate_texts if is_exact else set())),
        concerned=concerned,
    )


def bits(positions: Iterable[int], size: int) -> Mask:
    """Return the integer with these bits set."""
    buffer = bytearray(size // 8 + 1)
    for position in positions:
        buffer[position >> 3] |= 1 << (position & 7)
    return int.from_bytes(buffer, "little")


def _bits_where(entries: Entries, size: int, test: Callable[[ValueSet], bool]) -> Mask:
    return bits((bit for bit, values in entries if test(values)), size)


class _Sparse:
    """A few bits of a long integer, without the zeros below them."""

    __slots__ = ("bits", "shift")

    def __init__(self, positions: Sequence[int]) -> None:
        self.shift = min(positions)
        self.bits = bits((position - self.shift for position in positions), max(positions) - self.shift + 1)


def _text_tables(
    entries: Entries, default: Mask, size: int
) -> tuple[dict[str, Mask], dict[str, _Sparse], set[int]]:
    """Return the masks of listed texts: whole ones, or only the bits to add to the default.

    A text that a set leaves out needs a whole mask. The last value has the bits of the conjunctions for which
    that would take too many.
    """
    added = _bits_by_text((values.texts, bit) for bit, values in entries)
    removed = _bits_by_text((values.not_texts, bit) for bit, values in entries)
    most_used = sorted(removed.items(), key=lambda item: -len(item[1]))
    most_dense = 1 + DENSE_BYTES * 8 // (size + 1)
    dense = {
        text: default & ~bits(positions, size) | bits(added.pop(text, ()), size)
        for text, positions in most_used[:most_dense]
    }
    lost = {bit for _text, positions in most_used[most_dense:] for bit in positions}
    distinct = dict.fromkeys(added.values())
    if len(distinct) * (size // 8 + 1) > DENSE_BYTES:
        few = {positions: _Sparse(positions) for positions in distinct}
        return dense, {text: few[positions] for text, positions in added.items()}, lost
    whole = {positions: default | bits(positions, size) for positions in distinct}
    dense.update((text, whole[positions]) for text, positions in added.items())
    return dense, {}, lost


def _bits_by_text(sets: Iterable[tuple[frozenset[str], int]]) -> dict[str, tuple[int, ...]]:
    """Return the bits of each text. A set that many rules share is walked once."""
    sharing: defaultdict[frozenset[str], list[int]] = defaultdict(list)
    for texts, bit in sets:
        sharing[texts].append(bit)
    found: dict[str, tuple[int, ...]] = {}
    for texts, positions in sharing.items():
        alike = tuple(positions)
        for text in texts:
            before = found.get(text)
            found[text] = alike if before is None else before + alike
    return found


def _text_function(
    entries: Entries, texts: dict[str, Mask], sparse: dict[str, _Sparse], default: Mask, size: int
) -> Callable[[str], Mask] | None:
    """Return a function for what one look-up of a text cannot do; None if there is nothing of the kind."""
    if not texts and not sparse and not any(values.networks for _bit, values in entries):
        return _prefix_function(entries, default, size)
    functions = [_prefix_function(entries, 0, size), _network_function(entries, size)]
    others = [function for function in functions if function is not None]
    if not others and not sparse:
        return None

    def text(value: str) -> Mask:
        few = sparse.get(value)
        mask = texts.get(value, default) if few is None else default | few.bits << few.shift
        for function in others:
            mask |= function(value)
        return mask

    return text


def _prefix_function(entries: Entries, base: Mask, size: int) -> Callable[[str], Mask] | None:
    """Return a function from a text to a mask with the bits of the conjunctions whose prefix it has.

    All prefixes of a text form one chain of ancestors. It begins at or above the last prefix that does not
    sort after the text.
    """
    positions: defaultdict[str, list[int]] = defaultdict(list)
    for bit, values in entries:
        for prefix in values.prefixes:
            positions[prefix].append(bit)
    if not positions:
        return None
    prefixes = sorted(positions)
    parents = _parents(prefixes)
    for at, parent in enumerate(parents):
        if parent >= 0:
            positions[prefixes[at]] += positions[prefixes[parent]]
    masks = [_masked(positions[prefix], base, size, len(prefixes)) for prefix in prefixes]

    def function(value: str) -> Mask:
        at = bisect_right(prefixes, value) - 1
        while at >= 0:
            if value.startswith(prefixes[at]):
                mask = masks[at]
                return mask if isinstance(mask, int) else base | mask.bits << mask.shift
            at = parents[at]
        return base

    return function


def _masked(positions: list[int], base: Mask, size: int, count: int) -> Mask | _Sparse:
    """Return a whole mask, or where there are too many of them only the bits to add."""
    is_large = count * (size // 8 + 1) > DENSE_BYTES
    return _Sparse(positions) if is_large else base | bits(positions, size)


def _parents(prefixes: list[str]) -> list[int]:
    """Return for each sorted prefix the position of the next shorter prefix of it, -1 if there is none."""
    parents: list[int] = []
    for at, prefix in enumerate(prefixes):
        parent = at - 1
        while parent >= 0 and not prefix.startswith(prefixes[parent]):
            parent = parents[parent]
        parents.append(parent)
    return parents


def _network_function(entries: Entries, size: int) -> Callable[[str], Mask] | None:
    """Return a function from an address to the conjunctions whose network it lies in."""
    tables: defaultdict[tuple[int, int], defaultdict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for bit, values in entries:
        for network in values.networks:
            family, address, length = parse_network(network)
            tables[family, family - length][address >> family - length].append(bit)
    if not tables:
        return None
    known = [
        (family, host_bits, {address: bits(positions, size) for address, positions in table.items()})
        for (family, host_bits), table in tables.items()
    ]

    def function(value: str) -> Mask:
        parsed = parse_address(value)
        mask = 0
        if parsed is not None:
            for family, host_bits, table in known:
                if family == parsed[0]:
                    mask |= table.get(parsed[1] >> host_bits, 0)
        return mask

    return function


def _other_function(
    entries: Entries, free: Mask, everything: Mask, size: int, number: Callable[[float], Mask]
) -> Callable[[Any], Mask]:
    """Return a function for null, booleans and numbers. Lists and objects leave everything possible."""
    null = free | _bits_where(entries, size, lambda values: values.null)
    boolean = free | _bits_where(entries, size, lambda values: values.booleans)
    if not all(values.exact_booleans for _bit, values in entries):
        boolean &= ~EXACT_BIT
    inexact = everything & ~EXACT_BIT

    def other(value: Any) -> Mask:
        if value is None:
            return null
        if value is True or value is False:
            return boolean
        if isinstance(value, int | float) and value == value:
            return number(value)
        return inexact

    return other


def _number_function(entries: Entries, free: Mask, size: int) -> tuple[Callable[[float], Mask], set[int]]:
    """Return a function from a number to the mask for it, and the bits that are approximate for numbers.

    The numbers fall into places: even ones are the gaps between the bounds, odd ones the bounds themselves.
    Where no rule expects a number, its mask is not exact; otherwise single conjunctions are approximate.
    """
    approximate = {bit for bit, values in entries if not values.exact_numbers}
    expected = any(values.numbers not in ((), ALL_NUMBERS) for _bit, values in entries)
    every_bound = sorted({bound for _bit, values in entries for one in values.numbers for bound in one[:2]})
    bounds = _thinned(every_bound)
    begin: defaultdict[int, list[int]] = defaultdict(list)
    end: defaultdict[int, list[int]] = defaultdict(list)
    for bit, values in entries:
        for first, last in _places(values.numbers, bounds):
            begin[first].append(bit)
            end[last + 1].append(bit)
    is_exact = len(bounds) == len(every_bound) and (expected or not approximate)
    masks = []
    mask = free if is_exact else free & ~EXACT_BIT
    for place in range(2 * len(bounds) + 1):
        mask = mask & ~bits(end[place], size) | bits(begin[place], size)
        masks.append(mask)

    def number(value: float) -> Mask:
        at = bisect_left(bounds, value)
        return masks[2 * at + (at < len(bounds) and bounds[at] == value)]

    return number, approximate if is_exact else set()


def _places(intervals: Iterable[Interval], bounds: list[float]) -> Iterator[tuple[int, int]]:
    """Yield the first and last places of the intervals, those that overlap as one."""
    reached: tuple[int, int] | None = None
    for first, last in sorted(_extent(interval, bounds) for interval in intervals):
        if reached is not None and first <= reached[1]:
            reached = reached[0], max(last, reached[1])
        else:
            if reached is not None:
                yield reached
            reached = first, last
    if reached is not None:
        yield reached


def _extent(interval: Interval, bounds: list[float]) -> tuple[int, int]:
    """Return the first and last place of an interval, or more if its bounds were thinned out."""
    first = 2 * max(bisect_right(bounds, interval.low) - 1, 0) + 1
    last = 2 * min(bisect_left(bounds, interval.high), len(bounds) - 1) + 1
    starts_after = not interval.has_low and bounds[first // 2] == interval.low
    ends_before = not interval.has_high and bounds[last // 2] == interval.high
    return first + starts_after, last - ends_before


def _thinned(bounds: list[float]) -> list[float]:
    """Leave out bounds where there are too many, never the first and last; intervals grow to those left."""
    if len(bounds) <= MAX_BOUNDS:
        return bounds
    step = -(-len(bounds) // MAX_BOUNDS)
    return [*bounds[:-1:step], bounds[-1]]
