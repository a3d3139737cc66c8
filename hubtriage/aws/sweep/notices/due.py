"""Which notices are due, and what each says: one of a rule and an owner, as a plain object. Pure.

A notice is due on the first day on which the end of its rule is so many days away, and something shows again
then. While nothing would, it stays due. Of several that are due, the nearest is given alone. So a rule that
is first deployed 5 days before its end gets the notice of 7 days, and not that of 30.
"""

import json
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any

from hubtriage.aws.sweep.notices.given import GivenNotice
from hubtriage.aws.sweep.notices.tally import MOST_OWNER, OTHER_OWNERS, EndingGroup, EndingTally
from hubtriage.engine.fields import LABEL_RANK
from hubtriage.engine.ruleset.owner import Accounts, owner_attribute, owner_of
from hubtriage.engine.ruleset.ruleset import Rule

DAY = 86_400.0
FORMAT = 1
"""The version of a notice's members."""
NO_SEVERITY = "(none)"
MOST_NAMES = 50_000
"""Bytes of JSON for the names of owners in one notice. AWS: a message has 256 KiB, a line of the log too."""
LONGEST_TEXT = 500
"""Characters that a notice quotes of a text of a rule."""

Notice = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SweepFacts:
    """What all notices of a sweep have in common.

    `now` is in epoch seconds. `mode` is that of the stack. The sweep left out `left_out` findings or more:
    one reason may stand for several. `revision` and `ruleset` name the deployed rules. `accounts` is the
    account directory.
    """

    now: float
    mode: str
    sweep: str
    ruleset: str
    revision: str | None
    left_out: int = 0
    accounts: Accounts = field(default_factory=dict)


def due(
    rules: Iterable[Rule],
    tally: EndingTally,
    days: Collection[int],
    given: Collection[GivenNotice],
    now: float,
) -> Iterator[GivenNotice]:
    """Yield the notices to give, the earliest end first.

    While some findings are counted nowhere, a rule without any number may be due too.
    """
    counted = {rule for (rule, _owner), group in tally.groups.items() if group.findings or group.unknown}
    for rule in sorted(rules, key=lambda rule: (rule.ends or 0.0, rule.id)):
        if rule.ends is None or rule.ends <= now or not (rule.id in counted or tally.uncounted):
            continue
        reached = [horizon for horizon in days if rule.ends - now <= horizon * DAY]
        if reached and (nearest := GivenNotice(rule.ends, rule.id, min(reached))) not in given:
            yield nearest


def notices_of(rule: Rule, days: int, tally: EndingTally, around: SweepFacts) -> Sequence[Notice]:
    """Return the notices of a rule, one for each owner of what it hides, and one for all that have no own."""
    groups = _by_owner(rule, tally)
    owners = sorted(groups.items(), key=lambda item: (-item[1].findings, item[0] or ""))
    others = _others(rule, groups, around.accounts)
    return [
        _notice(rule, days, owner, group, tally.uncounted, around)
        | ({"other_owners": others} if owner == OTHER_OWNERS else {})
        for owner, group in owners
    ]


def _by_owner(rule: Rule, tally: EndingTally) -> dict[str | None, EndingGroup]:
    """Return what is counted of a rule; if its owner does not depend on the account, that is the only one."""
    found = {owner: group for (name, owner), group in tally.groups.items() if name == rule.id}
    if owner_attribute(rule.source) is not None:
        return found or {OTHER_OWNERS: EndingGroup()}
    owner = owner_of(rule.source, {}, {})
    owner, whole = owner and owner[:MOST_OWNER], EndingGroup()
    if found and OTHER_OWNERS not in found:
        return found
    for group in (found.pop(OTHER_OWNERS, EndingGroup()), found.get(owner, EndingGroup())):
        whole.add(group)
    return {**found, owner: whole}


def _others(rule: Rule, groups: Collection[str | None], accounts: Accounts) -> list[str]:
    """Return the owners in the directory that have no notice of their own, as many as a message takes."""
    owners = {owner_of(rule.source, {"AwsAccountId": account}, accounts) for account in accounts}
    named = sorted(one for one in owners if one is not None and one[:MOST_OWNER] not in groups)
    sizes = accumulate(len(json.dumps(one)) for one in named)
    return [one for one, size in zip(named, sizes, strict=True) if size <= MOST_NAMES]


def _notice(
    rule: Rule, days: int, owner: str | None, group: EndingGroup, uncounted: int, around: SweepFacts
) -> dict[str, Any]:
    ends, source = rule.ends or 0.0, rule.source
    return {
        "format": FORMAT,
        "rule": rule.id,
        "owner": owner,
        "description": _cut(source.get("description")),
        "ticket": _cut(source.get("ticket")),
        "expires": _cut(source.get("expires")),
        "ends": datetime.fromtimestamp(ends, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "days": days,
        "days_left": math.ceil((ends - around.now) / DAY),
        "findings": group.findings,
        "by_severity": _by_severity(group),
        "accounts": len(group.accounts),
        "more_accounts": group.more_accounts,
        "not_known": group.unknown,
        "uncounted": uncounted,
        "left_out": around.left_out,
        "mode": around.mode,
        "sweep": around.sweep,
        "ruleset": around.ruleset,
        "revision": around.revision,
    }


def _by_severity(group: EndingGroup) -> dict[str, int]:
    """Return how many findings will have each severity, the gravest first."""
    order = [*reversed(LABEL_RANK), None]
    return {label or NO_SEVERITY: count for label in order if (count := group.severities[label])}


def _cut(text: object) -> str | None:
    if not isinstance(text, str):
        return None
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"
