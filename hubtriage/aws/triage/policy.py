"""How long a batch trusts, waits and leaves alone."""

from dataclasses import dataclass

from hubtriage.aws.ledger.lease import send_within


@dataclass(frozen=True, slots=True)
class Policy:
    """When a finding is read again before it is changed, and how long something is awaited.

    `refresh_age`: seconds after which an event is not trusted. `patience`: deliveries at which a finding that
    is not found is refused. `lease`: seconds for which an intent in the ledger is left to who opened it.
    """

    refresh_age: float = 30.0
    patience: int = 3
    lease: float = 600.0

    @property
    def send_within(self) -> float:
        """Seconds after its intent in which an update is sent. The lease counts on that."""
        return send_within(self.lease)
