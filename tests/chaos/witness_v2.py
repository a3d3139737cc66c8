"""Who hides what in Security Hub V2, and what became of people's comments.

V2 keeps no history. So the load says who else wrote: people, other tools, automation rules. As in `witness`,
nothing here asks the engine, the ledger or a decision log. It reads findings in OCSF itself.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

from tests.chaos.ledger import Finding
from tests.chaos.witness import DEFAULT_CEILING, LABELS, Look, StackRules
from tests.laws.oracle.conditions import matches

STATUS, SEVERITY, COMMENT = "StatusId", "SeverityId", "Comment"
_STATUSES = {1: "NEW", 2: "NOTIFIED", 3: "SUPPRESSED", 4: "RESOLVED"}
OVERTAKING = 90.0
"""Seconds within which triage may replace a comment that it could not know of.

It believes events for half a minute, and one call may take that long too. V2 has no conditional write.
"""
_NOT_RANKED = len(LABELS)
"""Above them all: how severe a finding is, is not known."""


@dataclass(slots=True)
class OtherWriters:
    """What others than triage have set, by finding and field, in order.

    `anywhere`: comments by automation rules. `commented`: when a finding was commented on last, epoch
    seconds; not there if that was before it came.
    """

    commented: dict[str, float] = field(default_factory=dict)
    set: dict[tuple[str, str], list[Any]] = field(default_factory=dict)
    anywhere: list[str] = field(default_factory=list)

    def note(self, uid: str, fields: Mapping[str, Any], time: float | None = None) -> None:
        """Remember an update of a finding."""
        if time is not None and COMMENT in fields:
            self.commented[uid] = time
        for name, value in fields.items():
            self.set.setdefault((uid, name), []).append(value)

    def note_found(self, finding: Finding) -> None:
        """Remember what people had left on a finding before it came."""
        found = {STATUS: finding["status_id"], SEVERITY: finding["severity_id"]}
        self.note(finding["metadata"]["uid"], {**found, **_comments(finding)})

    def last(self, uid: str, name: str) -> Any:
        """What somebody else set last; None if nobody has."""
        return next(reversed(self.set.get((uid, name), [])), None)

    def comments(self) -> Iterator[tuple[str, list[Any]]]:
        """Every finding that somebody else commented on, and the comments."""
        yield from ((uid, texts) for (uid, name), texts in self.set.items() if name == COMMENT)


@dataclass(slots=True)
class CommentsShown:
    """When each comment was on a finding, as its events show: epoch seconds by finding and text."""

    times: dict[tuple[str, str], list[float]] = field(default_factory=dict)

    def note(self, finding: Finding, time: float) -> None:
        """Look at the finding of an event."""
        for text in _comments(finding).values():
            self.times.setdefault((finding["metadata"]["uid"], text), []).append(time)

    def stood(self, uid: str, text: str | None, since: float | None) -> float:
        """How long a comment since then was there, before this one; without end if that is not known."""
        if text is None or since is None:
            return inf
        return min((at - since for at in self.times.get((uid, text), ()) if at >= since), default=inf)


def look_v2(
    findings: Iterable[Finding],
    others: OtherWriters,
    shown: CommentsShown,
    stacks: Sequence[StackRules],
    told: Look,
) -> None:
    """Look at every finding of V2; what is found is added to `told`."""
    by_uid = {finding["metadata"]["uid"]: finding for finding in findings}
    for uid, finding in by_uid.items():
        for name in _hiding(finding):
            _explain(told, uid, finding, name, others, stacks)
    for uid, texts in others.comments():
        held = _comments(by_uid[uid]).get(COMMENT)
        if held in {*texts, *others.anywhere}:
            continue
        if shown.stood(uid, held, others.commented.get(uid)) < OVERTAKING:
            told.comments_overtaken += 1
            continue
        told.comments_replaced += 1
        told.blame(f"the comment {texts[-1]!r} on {uid} in V2 was replaced by {held!r}")


def _hiding(finding: Finding) -> Iterator[str]:
    """The fields by which a finding is hidden; what passed, the service resolves too."""
    passes = finding.get("compliance", {}).get("status_id") == 1
    if finding["status_id"] == 3 or (finding["status_id"] == 4 and not passes):
        yield STATUS
    if _rank(finding["severity_id"]) < _rank(_vendor(finding)):
        yield SEVERITY


def _explain(
    told: Look,
    uid: str,
    finding: Finding,
    name: str,
    others: OtherWriters,
    stacks: Sequence[StackRules],
) -> None:
    held = finding["status_id"] if name == STATUS else finding["severity_id"]
    last = others.last(uid, SEVERITY)
    bases = {_vendor(finding), *([] if last is None else [last])}
    for stack in stacks:
        for rule in stack.rules:
            if any(_hides(rule, name, held, finding, base) for base in bases):
                told.hidden[f"{stack.role} in V2: {rule['id']}"] += 1
                return
    if others.last(uid, name) == held:
        return
    told.unexplained += 1
    told.blame(f"{name} of {uid} in V2 is {held}, and neither a rule nor a person hides it by that")


def _hides(rule: Mapping[str, Any], name: str, held: int, finding: Finding, severity: int) -> bool:
    """Whether a rule in force hides the finding by what the field holds, with the severity without triage."""
    seen = {
        "ProductName": finding["metadata"]["product"].get("name"),
        "Severity": {"Label": _label(severity)},
        "GeneratorId": _generator(finding),
    }
    if rule.get("mode", "enforce") not in ("enforce", "hold") or not matches(rule["match"], seen):
        return False
    if max(_rank(severity), _rank(_vendor(finding))) > LABELS.index(rule.get("ceiling", DEFAULT_CEILING)):
        return False
    if name == STATUS:
        wanted: str | None = rule["update"].get("Workflow", {}).get("Status")
        return wanted is not None and wanted == _STATUSES.get(held)
    return _lowered(rule["update"].get("Severity", {}), severity) == _rank(held)


def _lowered(severity: Mapping[str, Any], base: int) -> int | None:
    if "AtMost" in severity:
        return min(LABELS.index(severity["AtMost"]), _rank(base))
    return LABELS.index(severity["Label"]) if "Label" in severity else None


def _comments(finding: Finding) -> dict[str, str]:
    """The comment of a finding, in the member of either version of OCSF."""
    if finding.get("comment"):
        return {COMMENT: finding["comment"]}
    notes = finding.get("notes") or []
    return {COMMENT: notes[-1]["comment"]} if notes else {}


def _vendor(finding: Finding) -> int:
    severity: int = finding.get("vendor_attributes", {}).get("severity_id", finding["severity_id"])
    return severity


def _label(severity: int) -> str:
    rank = _rank(severity)
    return "UNRANKED" if rank == _NOT_RANKED else LABELS[rank]


def _rank(severity: int) -> int:
    """1 to 5 are the labels, 6 is as grave as 5, and all else is not known."""
    return min(severity, 5) - 1 if 1 <= severity <= 6 else _NOT_RANKED


def _generator(finding: Finding) -> str:
    feature = finding["metadata"]["product"].get("feature", {}).get("uid")
    return str(feature or f"security-control/{finding.get('compliance', {}).get('control')}")
