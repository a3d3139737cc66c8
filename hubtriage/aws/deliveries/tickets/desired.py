"""What a group's ticket should be and say, from its members alone. Pure.

The texts of findings and rules are data: they are cut, and what does not show is replaced. Each adapter
renders them so that nothing in them is markup. Some programs make links of plain addresses too. An attacker
may choose what a finding says, so its addresses are shown as `https[:]//example.com`.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from hubtriage.aws.decision_events.texts import event_text
from hubtriage.aws.deliveries.tickets.records.group import TicketGroup
from hubtriage.aws.deliveries.tickets.records.member import Member
from hubtriage.aws.deliveries.tickets.records.record import Saying
from hubtriage.aws.deliveries.tickets.service import Bullets, Link, Paragraph, Span, Text, TicketDraft, plain

MOST_LISTED = 20
LONGEST_TEXT = 160
LONGEST_SUMMARY = 200
LONGEST_REASON = 500
_SCHEME = re.compile(r":(?=//)")
SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL")
OUR_TEXT = (
    "hubtriage keeps the title and this description as its findings are. It overwrites what people change in "
    "them. Comments and all other fields are yours."
)
REASONS = {
    "rule no longer applies": "the rule no longer applies",
    "moved": "now in another ticket",
    "archived": "archived by its provider",
    "passed": "its check has passed",
    "resolved": "resolved",
    "suppressed": "suppressed",
    "gone": "no longer in Security Hub",
}
"""Why a finding is done, as tickets say it; any other reason is said as it came."""


@dataclass(frozen=True, slots=True)
class Desired:
    """What a ticket should be. `digest` names what it should show; `remarks` wait for a comment."""

    is_open: bool
    draft: TicketDraft
    digest: str
    open: tuple[Member, ...]
    done: tuple[Member, ...]

    @property
    def remarks(self) -> tuple[Member, ...]:
        """The members with something that people have to read."""
        return tuple(member for member in (*self.open, *self.done) if member.remarks)


def desire(group: TicketGroup, members: Iterable[Member], former: str | None = None) -> Desired:
    """Return what the ticket of a group should be. `former`: the key of the ticket that it follows."""
    ordered = sorted(members, key=_urgency)
    is_open = tuple(member for member in ordered if member.is_open)
    done = tuple(member for member in ordered if not member.is_open)
    draft = TicketDraft(
        _summary(group, is_open or done), _description(group, is_open, done, former), _highest(is_open)
    )
    shown = "\n".join((draft.summary, draft.severity, plain(draft.text)))
    return Desired(bool(is_open), draft, sha256(shown.encode()).hexdigest()[:32], is_open, done)


def comment(saying: Saying, desired: Desired) -> Text:
    """Return what a comment says: of the ticket's state, and the remarks that it is to say."""
    said = () if saying.what == "remarks" else (_paragraph(_OF_STATE[saying.what](desired)),)
    until = dict(saying.remarks)
    lines = [
        (_remark(member, remark),)
        for member in desired.remarks
        for remark in member.remarks_until(until.get(member.digest, 0))
    ]
    return (*said, *_bullets(lines))


def duplicate_comment(key: str) -> Text:
    """Return what the second ticket of a group says before it is closed."""
    return (
        _paragraph(f"This ticket is a duplicate of {clean(key)}. An answer of the ticket service was lost."),
    )


def closing_reason(desired: Desired) -> str:
    """Return in one line why the ticket is closed."""
    return f"No finding of this ticket is open any more: {_why_done(desired.done)}."


def counts(members: Sequence[Member]) -> dict[str, int]:
    """Return how many members each severity has, the highest first, without those that have none."""
    counted = Counter(_severity(member) for member in members)
    return {severity: counted[severity] for severity in SEVERITIES if counted[severity]}


def clean(text: str, longest: int = LONGEST_TEXT) -> str:
    """Return a text of a finding or a rule as one line in which everything shows, cut with a mark."""
    return " ".join(event_text(text, longest).split())


def _found(text: str, longest: int = LONGEST_TEXT) -> str:
    """Return a text of a finding: no program makes a link of it."""
    return _SCHEME.sub("[:]", clean(text, longest))


def _severity(member: Member) -> str:
    return member.severity if member.severity in SEVERITIES else "INFORMATIONAL"


def _urgency(member: Member) -> tuple[int, str, str, str]:
    return SEVERITIES.index(_severity(member)), member.title, member.resource, member.digest


def _highest(members: Sequence[Member]) -> str:
    return next(iter(counts(members)), "INFORMATIONAL")


def _summary(group: TicketGroup, members: Sequence[Member]) -> str:
    """Return the title. It has no numbers, so that people recognize a ticket that grows."""
    titles = {member.title for member in members if member.title}
    what = _found(next(iter(titles)), 100) if len(titles) == 1 else f"findings of rule {group.rule}"
    return clean(f"{what} ({_about(group, members)})", LONGEST_SUMMARY)


def _about(group: TicketGroup, members: Sequence[Member]) -> str:
    per = next((member.per for member in members if member.per), None)
    if per == "finding":
        return _found(next((member.resource or member.account for member in members), group.name), 60)
    if per == "rule" or per is None:
        return f"rule {group.rule}" if per else _found(group.name, 60)
    return f"{per} {_found(group.name, 60)}"


def _description(
    group: TicketGroup, is_open: tuple[Member, ...], done: tuple[Member, ...], former: str | None
) -> Text:
    blocks: list[Paragraph | Bullets] = [_paragraph(_standing(is_open, done))]
    blocks += _bullets([_line(member) for member in is_open[:MOST_LISTED]])
    if len(is_open) > MOST_LISTED:
        blocks.append(_paragraph(f"… and {len(is_open) - MOST_LISTED:,} more open findings."))
    blocks.append(_paragraph(_origin(group, is_open or done)))
    if former:
        blocks.append(_paragraph(f"This ticket follows {clean(former)}, which cannot be used any more."))
    blocks.append(_paragraph(OUR_TEXT))
    return tuple(blocks)


def _standing(is_open: tuple[Member, ...], done: tuple[Member, ...]) -> str:
    parts = []
    if is_open:
        parts.append(f"{_findings(len(is_open))} open: {_by_severity(is_open)}.")
    else:
        parts.append("No finding is open.")
    if done:
        parts.append(f"{len(done):,} done: {_why_done(done)}.")
    return " ".join(parts)


def _findings(count: int) -> str:
    return "1 finding is" if count == 1 else f"{count:,} findings are"


def _by_severity(members: Sequence[Member]) -> str:
    return ", ".join(f"{count:,} {severity}" for severity, count in counts(members).items())


def _why_done(done: Sequence[Member]) -> str:
    reasons = Counter(_reason(member) for member in done)
    listed = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))[:MOST_LISTED]
    return ", ".join(f"{count:,} {reason}" for reason, count in listed)


def _reason(member: Member) -> str:
    why = member.why or "for a reason that is not known"
    return REASONS.get(why, clean(why))


def _line(member: Member) -> tuple[Span, ...]:
    title = _found(member.title) or _found(member.finding)
    named: Span = Link(title, member.url) if member.url and member.url.startswith("https://") else title
    where = ", ".join(_found(part) for part in (member.resource, member.account, member.region) if part)
    return (f"{_severity(member)}: ", named, f" - {where}" if where else "")


def _origin(group: TicketGroup, members: Sequence[Member]) -> str:
    newest_first = sorted(members, key=lambda member: (member.at, member.digest), reverse=True)
    owner = next((f" Owner: {clean(each.owner)}." for each in newest_first if each.owner), "")
    reason = next((each.reason for each in newest_first if each.reason), None)
    because = f" Reason: {clean(reason, LONGEST_REASON)}" if reason else ""
    return f"Rule: {group.rule}.{owner}{because}"


def _remark(member: Member, remark: str) -> str:
    return f"{clean(remark)}: {_found(member.title) or _found(member.finding)} - {_found(member.resource)}"


def _done(desired: Desired) -> str:
    return f"{closing_reason(desired)} hubtriage closes the ticket."


def _back(desired: Desired) -> str:
    counted = f"{_findings(len(desired.open))} open: {_by_severity(desired.open)}."
    return f"{counted} hubtriage has opened the ticket again."


def _closed_by_person(desired: Desired) -> str:
    counted = f"{_findings(len(desired.open))} still open: {_by_severity(desired.open)}."
    return (
        f"{counted} hubtriage leaves the ticket closed. It opens again when a new finding belongs to it, or "
        "one comes back."
    )


_OF_STATE = {"done": _done, "back": _back, "closed-by-person": _closed_by_person}


def _paragraph(text: str) -> Paragraph:
    return Paragraph((text,))


def _bullets(lines: Sequence[tuple[Span, ...]]) -> list[Bullets]:
    if not lines:
        return []
    more = [] if len(lines) <= MOST_LISTED else [(f"… and {len(lines) - MOST_LISTED:,} more",)]
    return [Bullets((*lines[:MOST_LISTED], *more))]
