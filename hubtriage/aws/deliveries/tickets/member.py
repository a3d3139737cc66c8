"""A finding as a member of a group: what the events said of it last."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Literal

Standing = Literal["open", "done"]
RESTARTED = 60.0
"""Seconds. Sequences of a finding begin anew when its entry was dropped. Of two events that are further
apart in time, the later one is the newer, whatever its sequence; clocks of containers differ by less."""
MOST_REMARKS = 5
MARK_LENGTH = 6
"""Bytes by which a ticket remembers what it has shown: 1 in 10⁹ that one of 500 findings is mistaken."""


@dataclass(frozen=True, slots=True)
class Member:
    """What the newest event said of a finding.

    `at`: epoch seconds of that event. `why`: the reason if the finding is done. `opened`: names the event by
    which it became open last, so that a finding that comes back counts as news. `remarks`: what people did to
    it and no comment has said yet. All texts are data.
    """

    digest: str
    sequence: int
    at: float
    state: Standing
    why: str | None = None
    opened: str = ""
    severity: str = "INFORMATIONAL"
    title: str = ""
    account: str = ""
    region: str = ""
    resource: str = ""
    resource_type: str = ""
    control: str | None = None
    product_arn: str = ""
    finding: str = ""
    hub: str = "cspm"
    url: str | None = None
    owner: str | None = None
    reason: str | None = None
    per: str | None = None
    remarks: tuple[str, ...] = ()

    def remarks_until(self, sequence: int) -> list[str]:
        """Return the remarks of events up to this sequence, without their numbers."""
        return [text for number, text in map(_numbered, self.remarks) if number <= sequence]

    def without_remarks(self, sequence: int) -> "Member":
        """Return the member without the remarks of events up to this sequence."""
        left = tuple(remark for remark in self.remarks if _numbered(remark)[0] > sequence)
        return replace(self, remarks=left)

    @property
    def is_open(self) -> bool:
        """Whether the finding needs its ticket."""
        return self.state == "open"

    @property
    def mark(self) -> bytes:
        """What names this finding, open since then."""
        return sha256(f"{self.digest}{self.opened}".encode()).digest()[:MARK_LENGTH]


def is_newer(new: Member, old: Member) -> bool:
    """Say whether an event is newer than the one that made `old`."""
    if abs(new.at - old.at) > RESTARTED:
        return new.at > old.at
    return new.sequence > old.sequence


def merged(new: Member, old: Member | None) -> Member | None:
    """Return the member after an event; None if it is not newer than what is known.

    A finding that was open and is still so stays open since the same event.
    """
    if old is None:
        return replace(new, opened=_opening(new)) if new.is_open else replace(new, remarks=())
    if not is_newer(new, old):
        return None
    is_still_open = old.is_open and new.is_open
    opened = old.opened if is_still_open or not new.is_open else _opening(new)
    return replace(new, opened=opened, remarks=(*old.remarks, *new.remarks)[-MOST_REMARKS:])


def remark_of(sequence: int, text: str) -> str:
    """Return a remark that an event brings, with the event's number."""
    return f"{sequence} {text}"


def _numbered(remark: str) -> tuple[int, str]:
    number, _, text = remark.partition(" ")
    return (int(number), text) if number.isascii() and number.isdecimal() else (0, remark)


def _opening(member: Member) -> str:
    return f"{member.sequence}@{member.at:.3f}"


def marks_of(members: Iterable[Member]) -> frozenset[bytes]:
    """Return the marks of the members that are open."""
    return frozenset(member.mark for member in members if member.is_open)
