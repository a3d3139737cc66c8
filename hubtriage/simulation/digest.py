"""Digests that stand for texts where all findings are counted in bounded memory."""

from hashlib import blake2b


def digest(text: str) -> int:
    """Return eight bytes that stand for a text: among a million, two collide once in 30 million runs."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()) or 1
