"""A finding as a member of a group: what the events said of it last."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Literal

Standing = Literal["open", "done"]
RESTARTED = 60.0
"""Seconds. Sequences of a finding begin again at 1 when its entry was dropped. Of two events that are further
apart in time, the later one is the newer, whatever its sequence; clocks of containers differ by less."""
MOST_REMARKS = 5
MARK_LENGTH = 6
"""Bytes by which a ticket remembers what it has shown: 1 in 10⁹ that one of 500 findings is mistaken."""


@dataclass(frozen=True, slots=True)
class Member:
    """What the newest event said of a finding.

    `at`: epoch seconds of that event. `why`: the reason if the finding is done. `opened`, `opened_at`:
    sequence and time of the event since which it is open, so that a finding that comes back counts as news.
    `remarks`: what people did to it and no comment has said yet; `told`: up to which event comments have said
    all. All texts are data.
    """

    digest: str
    sequence: int
    at: float
    state: Standing
    why: str | None = None
    opened: int = 0
    opened_at: float = 0.0
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
    told: int = 0

    def remarks_until(self, sequence: int) -> list[str]:
        """Return the remarks of events up to this sequence, without their numbers."""
        return [text for number, text in map(_numbered, self.remarks) if number <= sequence]

    def without_remarks(self, sequence: int) -> "Member":
        """Return the member without the remarks of events up to this sequence."""
        left = tuple(remark for remark in self.remarks if _numbered(remark)[0] > sequence)
        return replace(self, remarks=left, told=max(self.told, sequence))

    @property
    def is_open(self) -> bool:
        """Whether the finding needs its ticket."""
        return self.state == "open"

    @property
    def mark(self) -> bytes:
        """What names this finding, open since then."""
        since = f"{self.digest} {self.opened} {self.opened_at:.3f}"
        return sha256(since.encode()).digest()[:MARK_LENGTH]


def merged(new: Member, old: Member | None) -> Member | None:
    """Return the member after an event; None if the event changes nothing of it.

    A finding that was open and is still so is open since the same event. If the event that it was done in
    between comes late, it is open since that one.
    """
    if old is None:
        return _opened(new, new) if new.is_open else replace(new, remarks=())
    if _is_newer(_moment(new), _moment(old)):
        current = replace(new, opened=old.opened, opened_at=old.opened_at, told=old.told)
        comes_back = new.is_open and not old.is_open
        return _with_remarks(_opened(current, new) if comes_back else current, old, new)
    was_done = old.is_open and not new.is_open and _is_newer(_moment(new), (old.opened, old.opened_at))
    changed = _with_remarks(_opened(old, new) if was_done else old, old, new)
    return None if changed == old else changed


def remark_of(sequence: int, text: str) -> str:
    """Return a remark that an event brings, with the event's number."""
    return f"{sequence} {text}"


def _with_remarks(member: Member, old: Member, new: Member) -> Member:
    """Return a member with what no comment has said yet, each once."""
    news = [remark for remark in new.remarks if _numbered(remark)[0] > old.told]
    return replace(member, remarks=tuple(dict.fromkeys((*old.remarks, *news)))[-MOST_REMARKS:])


def _opened(member: Member, by: Member) -> Member:
    return replace(member, opened=by.sequence, opened_at=by.at)


def _moment(member: Member) -> tuple[int, float]:
    return member.sequence, member.at


def _is_newer(new: tuple[int, float], old: tuple[int, float]) -> bool:
    """Say whether an event, as sequence and time, is newer than another."""
    if abs(new[1] - old[1]) > RESTARTED:
        return new[1] > old[1]
    return new[0] > old[0]


def _numbered(remark: str) -> tuple[int, str]:
    number, _, text = remark.partition(" ")
    return (int(number), text) if number.isascii() and number.isdecimal() else (0, remark)


def marks_of(members: Iterable[Member]) -> frozenset[bytes]:
    """Return the marks of the members that are open."""
    return frozenset(member.mark for member in members if member.is_open)
