"""How long it may take until a state of a finding can be dated against its ledger entry. Seconds.

They are facts about AWS, and no settings. Only the local AWS, where little is late, has others in its
environment.
"""

from os import environ

SKEW = float(environ.get("HUBTRIAGE_SKEW_SECONDS", "30"))
"""How far the clocks of AWS's services may differ from ours."""
SETTLE = float(environ.get("HUBTRIAGE_SETTLE_SECONDS", "300"))
"""How long after a write events of the time before may still come in."""
LAG = float(environ.get("HUBTRIAGE_LAG_SECONDS", "300"))
"""How far GetFindings may be behind."""
SHORTEST_LEASE = float(environ.get("HUBTRIAGE_SHORTEST_LEASE_SECONDS", "60"))
"""The shortest lease that a function accepts."""
LEAST_LEASE = 600
"""The shortest lease of a deployment."""
AFTER_TIMEOUT = 120
LONGEST_TO_SEND = 60.0
"""How long after its intent an update may be sent, however long the lease is."""


def lease(timeout: int) -> int:
    """Return for how long an intent belongs to the function that recorded it; `timeout` is the function's.

    After that the function has ended, and the next container decides whether the update happened.
    """
    return max(timeout + AFTER_TIMEOUT, LEAST_LEASE)


LONGEST_LEASE = lease(900)
"""For how long an intent may belong to a function of any stack. AWS: one runs for 15 minutes at most."""


def send_within(lease: float) -> float:
    """Return for how long after its intent an update may be sent; its call is over long before the lease."""
    return min(LONGEST_TO_SEND, lease / 10)


def longest_doubt(timeout: int) -> int:
    """Return after how long a finding is decidable again, whatever became of the last update of it."""
    return lease(timeout) + round(SETTLE + LAG)
