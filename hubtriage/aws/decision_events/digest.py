"""Names of 128 bits that are made from what they name. Pure."""

from hashlib import sha256
from json import dumps


def digest(*parts: object) -> str:
    """Return 128 bits of SHA-256 in hex of parts (JSON-ready); `a, b` is not `ab`."""
    return sha256(dumps(parts).encode()).hexdigest()[:32]
