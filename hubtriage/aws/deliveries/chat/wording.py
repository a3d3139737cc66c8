"""What messages say, in plain English. Pure.

Every value of a finding, of a rule or of a service goes through `harmless`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from hubtriage.aws.deliveries.chat.grouping import SEVERITIES, EventGroup
from hubtriage.aws.deliveries.chat.harmless import console_link, harmless
from hubtriage.aws.deliveries.chat.post import Post, PostParagraph
from hubtriage.aws.deliveries.envelope import ReceivedEvent

SHOWN = 3
"""Findings of a group that a message shows."""
MOST_MEMBERS = 12
LONGEST_HEADLINE = 300
LONGEST_TITLE = 140
LONGEST_LINE = 280
LONGEST_NAME = 120

_DONE: Mapping[str, str] = {
    "hidden": "{rule} hid {findings}",
    "lowered": "{rule} lowered the severity of {findings}",
    "raised": "{rule} raised the severity of {findings}",
    "escalated": "Shown again, because the severity is above the ceiling of {of_rule}: {findings}",
    "reopened": "Shown again, because {of_rule} no longer holds: {findings}",
    "changed": "{rule} changed {findings}",
    "overruled": "People overruled {of_rule} on {findings}",
    "refused": "An update by {of_rule} was refused for good: {findings}",
    "resolved": "Done outside triage, with a ticket of {of_rule}: {findings}",
    "returned": "Open again, with a ticket of {of_rule}: {findings}",
}
_COUNTED: Mapping[str, str] = {
    "hidden": "hidden",
    "lowered": "lowered",
    "raised": "raised",
    "escalated": "shown again above a ceiling",
    "reopened": "shown again",
    "changed": "changed",
    "overruled": "overruled by people",
    "refused": "refused",
    "resolved": "done",
    "returned": "open again",
}


def paragraph(group: EventGroup) -> PostParagraph:
    """Return what to say of a group."""
    if group.first.is_operation:
        return _operation(group.first)
    said = _said(group)
    link = console_link(group.first.finding.get("url")) if len(group.events) == 1 else None
    return PostParagraph(harmless_headline(said), tuple(_lines(group)), link)


def harmless_headline(text: str) -> str:
    """Return a headline that is not too long; its parts are harmless already."""
    return text if len(text) <= LONGEST_HEADLINE else f"{text[: LONGEST_HEADLINE - 1]}…"


def post_of(groups: Sequence[EventGroup], stack: str) -> Post:
    """Return one message that shows all these groups."""
    return Post(title(groups, stack), tuple(map(paragraph, groups)), tuple(groups))


def title(groups: Sequence[EventGroup], stack: str) -> str:
    """Return what a message is about, in our own words and numbers alone."""
    counts: Counter[str] = Counter()
    for group in groups:
        counts[group.kind] += len(group.events)
    said = ", ".join(_counted(kind, count) for kind, count in counts.items())
    text = f"{harmless(stack, 63)}: {said}"
    return text if len(text) <= LONGEST_TITLE else f"{text[: LONGEST_TITLE - 1]}…"


def last_word(groups: Sequence[EventGroup], most: int, stack: str) -> Post:
    """Return the last message of a day: the limit is reached, and this is not shown any more."""
    shown = tuple(paragraph(group).headline for group in groups[:10])
    rest = len(groups) - len(shown)
    lines = (*shown, f"and {rest} more of the kind") if rest > 0 else shown
    head = (
        f"The daily limit of {most:,} messages is reached. Nothing more is shown here until 00:00 UTC. "
        "The log of the channel's function has everything."
    )
    name = harmless(stack, 63)
    return Post(f"{name}: daily limit reached", (PostParagraph(head), PostParagraph("Not shown:", lines)))


def trial(stack: str, channel: str) -> Post:
    """Return the message by which people try out a channel."""
    text = f"This is a test of channel {harmless(channel, 40)}. Decisions of hubtriage will be shown here."
    return Post(f"{harmless(stack, 63)}: test message", (PostParagraph(text),))


def _said(group: EventGroup) -> str:
    rule = harmless(group.rule, LONGEST_NAME)
    text = _DONE.get(group.kind, "{rule} decided on {findings}")
    return text.format(
        rule=f"Rule {rule}" if rule else "Triage",
        of_rule=f"rule {rule}" if rule else "triage",
        findings=_findings(group),
    )


def _findings(group: EventGroup) -> str:
    count = len(group.events)
    parts = [f"{count:,} {'finding' if count == 1 else 'findings'}{_where(group)}"]
    parts += [f"{number:,} {name}" for name, number in group.severities().items()]
    return ", ".join(parts)


def _where(group: EventGroup) -> str:
    accounts = group.accounts()
    if len(accounts) > 1:
        return f" in {len(accounts):,} accounts"
    account = accounts[0]
    where = f" in account {harmless(account, LONGEST_NAME)}" if account else ""
    if group.common and group.common not in (account, group.rule):
        where += f" ({harmless(group.common, LONGEST_NAME)})"
    return where


def _lines(group: EventGroup) -> Iterator[str]:
    """Yield some of the findings, then what the rule says."""
    worst = sorted(group.events, key=lambda event: _rank(event.finding))
    for event in worst[:SHOWN]:
        yield harmless(_finding(event, group.kind), LONGEST_LINE)
    if len(worst) > SHOWN:
        yield f"and {len(worst) - SHOWN:,} more"
    for name in ("reason", "ticket", "owner"):
        value = group.first.detail.get(name)
        if isinstance(value, str) and value:
            yield harmless(f"{name.capitalize()}: {value}", LONGEST_LINE)


def _finding(event: ReceivedEvent, kind: str) -> str:
    finding = event.finding
    parts = [finding.get("severity"), finding.get("title"), _resource(finding), finding.get("account")]
    parts.append(finding.get("region"))
    text = " · ".join(str(part) for part in parts if part)
    return f"{text} · {why}" if (why := _why(event.detail, kind)) else text


def _resource(finding: Mapping[str, Any]) -> object:
    resources = finding.get("resources")
    first = resources[0] if isinstance(resources, list) and resources else None
    return first.get("id") if isinstance(first, dict) else None


def _why(detail: Mapping[str, Any], kind: str) -> str:
    """Return what the kind adds to a finding: the fields that people set, or why it was refused."""
    if kind == "overruled" and isinstance(fields := detail.get("overruled"), list):
        return "set by people: " + ", ".join(str(name).replace(".", " ") for name in fields[:5])
    if kind == "refused" and isinstance(refused := detail.get("refused"), dict):
        return f"{refused.get('code')}: {refused.get('reason')}"
    return ""


def _rank(finding: Mapping[str, Any]) -> int:
    severity = finding.get("severity")
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)


def _counted(kind: str, count: int) -> str:
    if kind in _OPERATION_TITLES:
        one, several = _OPERATION_TITLES[kind]
        return one if count == 1 else f"{count:,} {several}"
    return f"{count:,} {_COUNTED.get(kind, 'decided')}"


_OPERATION_TITLES: Mapping[str, tuple[str, str]] = {
    "expires-soon": ("an exception ends soon", "exceptions end soon"),
    "mode-changed": ("the mode was changed", "changes of the mode"),
    "sweep-finished": ("a sweep finished", "sweeps finished"),
}


def _operation(event: ReceivedEvent) -> PostParagraph:
    say = _OPERATIONS.get(event.kind)
    members = event.operation
    headline, said = say(members) if say else (f"{harmless(event.kind, 40)}", ())
    lines = _members(members, {"kind", *said})
    return PostParagraph(harmless_headline(headline), tuple(lines))


def _expires_soon(members: Mapping[str, Any]) -> tuple[str, Iterable[str]]:
    rule, days = harmless(members.get("rule"), LONGEST_NAME), members.get("days_left")
    when = members.get("expires") or members.get("ends")
    text = f"The exception {rule} ends on {harmless(when, 40)}"
    text += f", in {days:,} {'day' if days == 1 else 'days'}" if isinstance(days, int) else ""
    text += f". {_reopening(members)}."
    return text, ("rule", "days", "days_left", "expires", "ends", "findings", "uncounted", "ruleset")


def _reopening(members: Mapping[str, Any]) -> str:
    findings = members.get("findings")
    is_uncertain = bool(members.get("uncounted") or members.get("left_out") or members.get("not_known"))
    if not isinstance(findings, int) or (is_uncertain and not findings):
        return "How many findings are shown again then is not known"
    least = "At least " if is_uncertain else ""
    return f"{least}{findings:,} {'finding is' if findings == 1 else 'findings are'} shown again then"


def _mode_changed(members: Mapping[str, Any]) -> tuple[str, Iterable[str]]:
    before = members.get("from")
    text = f"The mode is now {harmless(members.get('to'), 40)}"
    text += f"; it was {harmless(before, 40)}" if before else ""
    by = _SWITCHERS.get(str(members.get("by")), "It is not known who switched it")
    return f"{text}. {by}.", ("from", "to", "by")


_SWITCHERS = {
    "breaker": "The breaker switched it: too much was to be hidden",
    "person": "A person switched it",
    "deployment": "A deployment set it",
}


def _sweep_finished(members: Mapping[str, Any]) -> tuple[str, Iterable[str]]:
    status = members.get("status")
    ended = "finished" if status == "done" else f"ended as {harmless(status, 40)}"
    counts = [
        f"{members[name]:,} {name.replace('_', ' ')}"
        for name in ("read", "changed", "hidden", "reopened", "taken_back", "refused")
        if isinstance(members.get(name), int) and members[name]
    ]
    text = f"A sweep {ended}: {', '.join(counts)}." if counts else f"A sweep {ended}."
    said = ("status", "read", "changed", "hidden", "reopened", "taken_back", "refused", "ruleset")
    return text, said


_OPERATIONS: Mapping[str, Callable[[Mapping[str, Any]], tuple[str, Iterable[str]]]] = {
    "expires-soon": _expires_soon,
    "mode-changed": _mode_changed,
    "sweep-finished": _sweep_finished,
}


def _members(members: Mapping[str, Any], said: set[str]) -> Iterator[str]:
    """Yield the other members of an operation that say something, one a line."""
    left = [(name, value) for name, value in members.items() if name not in said and value]
    for name, value in left[:MOST_MEMBERS]:
        if isinstance(value, Mapping):
            shown = ", ".join(f"{key} {each}" for key, each in value.items() if each)
        elif isinstance(value, list | tuple):
            shown = ", ".join(map(str, value))
        elif isinstance(value, bool):
            shown = "yes"
        else:
            shown = f"{value}"
        if shown:
            yield harmless(f"{name.replace('_', ' ').capitalize()}: {shown}", LONGEST_LINE)
