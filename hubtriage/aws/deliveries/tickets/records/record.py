"""What the table remembers of a group's ticket."""

from dataclasses import dataclass
from typing import Literal

from hubtriage.aws.deliveries.tickets.records.group import TicketGroup

State = Literal["none", "creating", "open", "closed"]
"""`creating`: a request may have made a ticket whose id is not known."""
ClosedBy = Literal["hubtriage", "person", "gone"]
"""`gone`: the ticket was deleted, or may not be seen any more."""
Speech = Literal["done", "back", "closed-by-person", "remarks"]
"""What a comment is about."""


@dataclass(frozen=True, slots=True)
class Saying:
    """A comment that is to be made, or was made while its answer was lost. `number` makes its key.

    `remarks`: the members whose remarks it says, each as digest and sequence.
    """

    what: Speech
    number: int
    remarks: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class TicketRecord:
    """A group's ticket. Times are epoch seconds.

    - `version` rises with each write of a worker; `wants` with each change of a member, by any function
    - `episode`: which ticket of the group this is; `former`: the key of the one before
    - `id`, `key`, `url`: of the ticket, as far as it is known
    - `attempts`: requests to create it; `doubt_at`: when the last one was sent whose end is not known
    - `shown`: digest of what it shows; `settled`: the `wants` up to which it shows everything
    - `doing`: a change of state that was begun; `saying`: a comment that was begun; `said_done`: whether the
      comment that explains its closing was made
    - `spoken_on`, `spoken`: how many comments it had on a day, or changes of state with one
    - `quiet_until`: no edit before; `wait_until`: nothing before, because the service or a limit says so
    - `tries`: failures in a row; `last_error`: of the last; `failed`: trying again will hardly help
    - `unsure_until`: until when a request without an answer may still be done; `unsure_close`: to close it
    - `missing_since`: since when it was not found; `check_until`: until when a second one may turn up
    - `lease`: until when a worker has the group to itself; `due`: when to look at it again
    """

    group: TicketGroup
    version: int = 0
    wants: int = 0
    state: State = "none"
    episode: int = 1
    former: str | None = None
    id: str | None = None
    key: str | None = None
    url: str | None = None
    attempts: int = 0
    doubt_at: float | None = None
    shown: str | None = None
    settled: int | None = None
    doing: Literal["close", "reopen"] | None = None
    saying: Saying | None = None
    said_done: bool = False
    speeches: int = 0
    spoken_on: str | None = None
    spoken: int = 0
    closed_by: ClosedBy | None = None
    resolution: str | None = None
    quiet_until: float = 0.0
    wait_until: float = 0.0
    tries: int = 0
    last_error: str | None = None
    failed: bool = False
    missing_since: float | None = None
    check_until: float | None = None
    unsure_until: float | None = None
    unsure_close: bool = False
    open_findings: int = 0
    done_findings: int = 0
    lease: float | None = None
    due: float | None = None
