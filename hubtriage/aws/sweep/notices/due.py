"""Which notices are due, and what each says: one of a rule and an owner, as a plain object. Pure.

A notice is due on the first day on which the end of its rule is so many days away, and something shows again
then. While nothing would, it stays due. Of several that are due, the nearest is given alone. So a rule that
is first deployed 5 days before its end gets the notice of 7 days, and not that of 30.
"""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hubtriage.aws.sweep.notices.given import GivenNotice
from hubtriage.aws.sweep.notices.tally import EndingGroup, EndingTally
from hubtriage.engine.fields import SEVERITIES
from hubtriage.engine.ruleset.ruleset import Rule

DAY = 86_400.0
FORMAT = 1
"""The version of a notice's members."""
NO_SEVERITY = "(none)"
LONGEST_TEXT = 500
"""Characters that a notice quotes of a text of a rule."""

Notice = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SweepFacts:
    """What all notices of a sweep have in common.

    `now` is in epoch seconds. `mode` is that of the stack. The sweep left out `left_out` findings. `revision`
    and `ruleset` name the deployed rules.
    """

    now: float
    mode: str
    sweep: str
    ruleset: str
    revision: str | None
    left_out: int = 0


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
    """Return the notices of a rule, one for each owner of what it hides."""
    groups = {owner: group for (name, owner), group in tally.groups.items() if name == rule.id}
    owners = sorted(groups.items(), key=lambda item: (-item[1].findings, item[0] or ""))
    own = rule.source.get("owner")
    owners = owners or [(own if isinstance(own, str) else None, EndingGroup())]
    return [_notice(rule, days, owner, group, tally.uncounted, around) for owner, group in owners]


def _notice(
    rule: Rule, days: int, owner: str | None, group: EndingGroup, uncounted: int, around: SweepFacts
) -> Notice:
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
    order = [*reversed(SEVERITIES), None]
    return {label or NO_SEVERITY: count for label in order if (count := group.severities[label])}


def _cut(text: object) -> str | None:
    if not isinstance(text, str):
        return None
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"
