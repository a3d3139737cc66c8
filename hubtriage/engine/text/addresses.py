"""IP addresses and networks, read strictly: what is not plainly an address is none."""

from __future__ import annotations

from collections.abc import Callable, Iterable

_LONGEST_V4 = 15
_LONGEST_V6 = 39
_HEX = frozenset("0123456789abcdefABCDEF")


class NetworkError(ValueError):
    """A text that names no network; the message says why."""


def parse_address(text: str) -> tuple[int, int] | None:
    """Return (bits, value): 32 for IPv4 and 128 for IPv6; None for anything else.

    IPv4 is four decimal numbers without leading zeros. IPv6 takes neither a zone nor an IPv4 tail.
    """
    if ":" in text:
        return _parse_v6(text) if len(text) <= _LONGEST_V6 else None
    return _parse_v4(text) if len(text) <= _LONGEST_V4 else None


def _parse_v4(text: str) -> tuple[int, int] | None:
    octets = text.split(".")
    if len(octets) != 4:
        return None
    value = 0
    for octet in octets:
        if (
            not octet.isascii()
            or not octet.isdigit()
            or len(octet) > 3
            or (octet[0] == "0" and len(octet) > 1)
        ):
            return None
        number = int(octet)
        if number > 255:
            return None
        value = value << 8 | number
    return 32, value


def _parse_v6(text: str) -> tuple[int, int] | None:
    head, gap, tail = text.partition("::")
    left = head.split(":") if head else []
    right = tail.split(":") if tail else []
    missing = 8 - len(left) - len(right)
    if (missing < 1) if gap else missing:
        return None
    groups = left + ["0"] * missing + right if gap else left
    value = 0
    for group in groups:
        if not 1 <= len(group) <= 4 or not _HEX.issuperset(group):
            return None
        value = value << 16 | int(group, 16)
    return 128, value


def parse_network(text: str) -> tuple[int, int, int]:
    """Return (bits, network address, prefix length) of a text such as "10.0.0.0/8".

    Raises NetworkError for a malformed text, and for an address with bits set outside its mask: it is unclear
    which network was meant.
    """
    address, slash, length = text.partition("/")
    parsed = parse_address(address)
    if parsed is None:
        raise NetworkError(f"{address!r} is no IP address")
    bits, value = parsed
    if not slash or not length.isascii() or not length.isdigit() or len(length) > 3 or int(length) > bits:
        raise NetworkError(f"{text!r} needs a prefix length of 0 to {bits} after the slash")
    host_bits = bits - int(length)
    if value >> host_bits << host_bits != value:
        raise NetworkError(f"{text!r} has bits set beyond its prefix length")
    return bits, value, int(length)


def compile_networks(texts: Iterable[str]) -> Callable[[str], bool]:
    """Compile networks to one test of address texts. Raises NetworkError."""
    by_length: dict[tuple[int, int], set[int]] = {}
    for bits, network, length in map(parse_network, texts):
        by_length.setdefault((bits, bits - length), set()).add(network >> bits - length)
    tables = list(by_length.items())

    def contains(address: str) -> bool:
        parsed = parse_address(address)
        if parsed is None:
            return False
        bits, value = parsed
        return any(bits == of and value >> host_bits in known for (of, host_bits), known in tables)

    return contains
