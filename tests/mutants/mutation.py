"""A bug to plant."""

from typing import NamedTuple


class Mutation(NamedTuple):
    """A bug: what it does, the package's file, the text as it is and as the bug has it."""

    story: str
    file: str
    old: str
    new: str
