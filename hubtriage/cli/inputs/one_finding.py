"""Which finding a command is about: its Id or the end of it, and its product where several fit."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import NoReturn

import click

from hubtriage.aws.securityhub.api import Key
from hubtriage.cli.failure import fail
from hubtriage.cli.text import quoted

MOST_NAMED = 10
"""How many findings to name where several fit."""
finding_argument = click.argument("finding_id", metavar="FINDING-ID")
product_option = click.option(
    "--product-arn",
    metavar="ARN",
    help="The finding's product, if several products have a finding with this Id.",
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A finding by its Id or the end of it; only of one product if that is given."""

    end: str
    product_arn: str | None = None

    def fits(self, key: Key) -> bool:
        """Say whether a finding may be meant."""
        return key[1].endswith(self.end) and self.product_arn in (None, key[0])

    def among(self, keys: Iterable[Key]) -> list[Key]:
        """Return the findings that may be meant, each once. A whole Id means no other that ends like it."""
        fitting = [key for key in dict.fromkeys(keys) if self.fits(key)]
        whole = [key for key in fitting if key[1] == self.end]
        return whole or fitting

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
