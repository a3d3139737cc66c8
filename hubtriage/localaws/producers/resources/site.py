"""Where a resource stands, and what follows from that: its name, its ARNs, its age."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hubtriage.localaws.organization import MemberAccount
from hubtriage.localaws.producers.draw import DAY, Draw, timestamp

_BUILT: Final = 1_700_000_000.0


@dataclass(frozen=True, slots=True)
class ResourceSite:
    """Where a resource stands and what it is called; `draw` decides its details."""

    draw: Draw
    account: MemberAccount
    region: str
    name: str

    def arn(self, service: str, resource: str) -> str:
        """Return an ARN of this account and Region."""
        return f"arn:aws:{service}:{self.region}:{self.account.id}:{resource}"

    def global_arn(self, service: str, resource: str) -> str:
        """Return an ARN without a Region, as of IAM."""
        return f"arn:aws:{service}::{self.account.id}:{resource}"

    def built(self) -> str:
        """Return when the resource was created."""
        return timestamp(_BUILT + self.draw.between(0, 900) * DAY)

    def private_ip(self) -> str:
        """Return a private address."""
        return f"10.{self.draw.between(0, 63)}.{self.draw.between(0, 255)}.{self.draw.between(4, 250)}"
