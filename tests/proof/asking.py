"""Questions about two conditions, as the tests of proofs ask them."""

from collections.abc import Callable

from hubtriage.proof.comparison import Finding, Proof, find
from hubtriage.proof.conditions import Conditions


def only_first(
    first: Conditions, second: Conditions, confirm: Callable[[Finding], bool], now: float
) -> Proof:
    """Whether there is a finding on which the first conditions hold and the second do not."""
    return find([(first.holds, True), (second.holds, False)], (first.asked, second.asked), confirm, now)
