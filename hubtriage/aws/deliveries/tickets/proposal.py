"""The rules of an exception for what a person accepted in a ticket. Pure.

They are a proposal: a file for a pull request, which people review as every rule. Nothing here hides
anything. What is accepted is what the ticket showed when it was closed, finding by finding. A rule matches
one control in one account and Region, and the resources of these findings. The Region matters: the resource
of some findings is the account itself, whose id is the same everywhere.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from hubtriage.aws.decision_events.texts import MARK, UNSEEN
from hubtriage.aws.deliveries.tickets.desired import SEVERITIES, clean, counts
from hubtriage.aws.deliveries.tickets.records.member import Member
from hubtriage.aws.deliveries.tickets.records.record import TicketRecord

LONGEST_ID = 63
LONGEST_DESCRIPTION = 200
NOTE = "Accepted until {rule.expires} ({rule.ticket})."
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_OTHERS = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class ProposedRules:
    """The rules as a file holds them. `left_out`: findings that no rule can name exactly, by title."""

    rules: tuple[dict[str, Any], ...]
    left_out: tuple[str, ...]


def propose(
    record: TicketRecord, members: Iterable[Member], shown: Collection[bytes], owner: str | None, expires: str
) -> ProposedRules:
    """Return rules that accept the open findings which a ticket showed; `expires` is a day.

    Findings of a control are accepted by control, account, Region and resource, others by their Ids.
    """
    is_open = [member for member in members if member.is_open and member.mark in shown]
    named = [member for member in is_open if _conditions_of(member) is not None]
    parts: defaultdict[tuple[str, ...], list[Member]] = defaultdict(list)
    for member in sorted(named, key=lambda one: (*_part_of(one), one.resource, one.finding)):
        parts[_part_of(member)].append(member)
    names = _names(record, list(parts))
    rules = tuple(
        _rule(record, name, some, owner, expires) for name, some in zip(names, parts.values(), strict=True)
    )
    left_out = tuple(clean(one.title or one.finding) for one in is_open if _conditions_of(one) is None)
    return ProposedRules(rules, left_out)


def _part_of(member: Member) -> tuple[str, ...]:
    """Return what the findings of one rule have in common."""
    if member.control:
        return member.control, member.account, member.region
    return "", member.account, member.product_arn


def _conditions_of(member: Member) -> tuple[str, ...] | None:
    """Return the texts by which a rule names a finding; None if one of them is not whole."""
    by_control = (member.control, member.region, member.resource)
    own = by_control if member.control else (member.product_arn, member.finding)
    texts = tuple(text or "" for text in own)
    return texts if all(map(_is_exact, texts)) and _ACCOUNT.fullmatch(member.account) else None


def _is_exact(text: str) -> bool:
    """Say whether a rule can name a text as it is: it is whole, and no one takes it for a wildcard."""
    is_whole = bool(text) and text.isprintable() and UNSEEN not in text and not text.endswith(MARK)
    return is_whole and not {"*", "?"} & set(text)


def _rule(
    record: TicketRecord, name: str, members: list[Member], owner: str | None, expires: str
) -> dict[str, Any]:
    first = members[0]
    match: dict[str, Any] = {"AwsAccountId": [first.account]}
    if first.control:
        match["Region"] = [first.region]
        match["Compliance"] = {"SecurityControlId": [first.control]}
        match["Resources"] = {"Id": _each_once(member.resource for member in members)}
    else:
        match["ProductArn"] = [first.product_arn]
        match["Id"] = _each_once(member.finding for member in members)
    return {
        "id": name,
        "description": _description(record, members),
        "owner": clean(owner or first.owner or "unknown"),
        "ticket": clean(record.key or ""),
        "reason": "risk-accepted",
        "expires": expires,
        "ceiling": next(iter(counts(members)), SEVERITIES[-1]),
        "match": match,
        "update": {"Workflow": {"Status": "SUPPRESSED"}, "Note": {"Text": NOTE}},
        "tests": _tests(first),
    }


def _description(record: TicketRecord, members: list[Member]) -> str:
    title = clean(members[0].title or members[0].finding)
    return clean(f"{title}: accepted in {record.key} as {record.resolution}.", LONGEST_DESCRIPTION)


def _tests(member: Member) -> list[dict[str, Any]]:
    """Return a test with a finding that the rule hides, and one with a finding of another account."""
    about: dict[str, Any] = {"AwsAccountId": member.account, "Severity": {"Label": member.severity}}
    if member.control:
        about["Region"] = member.region
        about["Compliance"] = {"SecurityControlId": member.control, "Status": "FAILED"}
        about["Resources"] = [{"Type": member.resource_type or "Other", "Id": member.resource}]
    else:
        about |= {"ProductArn": member.product_arn, "Id": member.finding}
    other = "000000000000" if member.account != "000000000000" else "111122223333"
    return [
        {
            "name": "what was accepted is hidden",
            "finding": about,
            "expect": {"Workflow": {"Status": "SUPPRESSED"}},
        },
        {
            "name": "the same in another account is not",
            "finding": about | {"AwsAccountId": other},
            "expect": "no change",
        },
    ]


def _plain_name(ticket: str | None, control: str) -> str:
    return _OTHERS.sub("-", f"accepted-{ticket}-{control}".lower()).strip("-")


def _names(record: TicketRecord, parts: list[tuple[str, ...]]) -> list[str]:
    """Return an id for each rule: from the ticket and the control, with a number where two are the same."""
    names: list[str] = []
    for control, *_others in parts:
        plain = _plain_name(record.key, control)
        name, number = plain[:LONGEST_ID], 1
        while name in names:
            number += 1
            name = f"{plain[: LONGEST_ID - 5]}-{number}"
        names.append(name)
    return names


def _each_once(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))
