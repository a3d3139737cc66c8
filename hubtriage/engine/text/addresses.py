"""IP addresses and networks, read strictly: a text that is not plainly one is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import AddressValueError, IPv4Address, IPv6Address

_LONGEST = 39  # eight groups of four digits


class NetworkError(ValueError):
    """A text that names no network; the message says why."""


def parse_address(text: str) -> tuple[int, int] | None:
    """Return (bits, value): 32 for IPv4 and 128 for IPv6; None for anything else.

    IPv4 is four decimal numbers without leading zeros. IPv6 takes neither a zone nor an IPv4 tail, which the
    standard library would: no provider writes them, and rules compare addresses as numbers.
    """
    if len(text) > _LONGEST or "%" in text:
        return None
    try:
        if ":" not in text:
            return 32, int(IPv4Address(text))
        return None if "." in text else (128, int(IPv6Address(text)))
    except AddressValueError:
        return None


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
