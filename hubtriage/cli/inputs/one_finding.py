"""Which finding a command is about: its Id, the end or a part of it, or its URL; and its product."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import NoReturn

import click

from hubtriage.aws.securityhub.api import Key
from hubtriage.cli.failure import fail
from hubtriage.cli.inputs.console_url import id_callback
from hubtriage.cli.text import quoted

MOST_NAMED = 10
"""How many findings to name where several fit."""
finding_argument = click.argument("finding_id", metavar="FINDING-ID", callback=id_callback)
product_option = click.option(
    "--product-arn",
    metavar="ARN",
    help="The finding's product, if several products have a finding with this Id.",
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A finding by its Id, the end of it or a part of it; only of one product if that is given.

    `parts` is False for a command that changes findings: it takes a whole Id or the end of one.
    """

    end: str
    product_arn: str | None = None
    parts: bool = True

    def rank(self, key: Key) -> int | None:
        """Return how well a finding fits: 0 by its whole Id, 1 by its end, 2 by a part; None: not at all."""
        if self.product_arn not in (None, key[0]):
            return None
        if key[1] == self.end:
            return 0
        if key[1].endswith(self.end):
            return 1
        return 2 if self.parts and self.end in key[1] else None

    def is_end_of(self, key: Key) -> bool:
        """Say whether this is a finding's whole Id, or the end of it."""
        return self.rank(key) in (0, 1)

    def fits(self, key: Key) -> bool:
        """Say whether a finding may be meant."""
        return self.rank(key) is not None

    def among(self, keys: Iterable[Key]) -> list[Key]:
        """Return the findings that may be meant, each once: only those that fit best."""
        ranks = {key: rank for key in dict.fromkeys(keys) if (rank := self.rank(key)) is not None}
        best = min(ranks.values(), default=None)
        return [key for key, rank in ranks.items() if rank == best]

    def only(self, keys: Iterable[Key], how: str = "give more of the Id") -> Key:
        """Return the one that is meant, of at least one that fits; end with 2 if it may be several.

        `how` says how to name one of them.
        """
        fitting = self.among(keys)
        if len(fitting) > 1:
            _refuse(fitting, how)
        return fitting[0]


def _refuse(fitting: Collection[Key], how: str) -> NoReturn:
    """Name the first of several findings that fit, and end with 2."""
    are_namesakes = len({name for _, name in fitting}) == 1
    how = "name its product with --product-arn" if are_namesakes else how
    first = list(fitting)[:MOST_NAMED]
    lines = [f"\n  {quoted(arn if are_namesakes else name)}" for arn, name in first]
    more = f"\n  ... and {len(fitting) - MOST_NAMED:,} more" if len(fitting) > MOST_NAMED else ""
    fail(f"{len(fitting):,} findings fit; {how}{''.join(lines)}{more}", exit_code=2)
