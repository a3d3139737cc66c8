"""Make the events: a decision on a finding, and what happens to the stack itself. Pure.

An event has the same id however often it is made, so that its readers can tell a repetition from news.
All members are always there: null or empty where there is nothing to say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from json import dumps
from typing import Any, Literal, get_args

from hubtriage.aws.decision_events.about import finding_object
from hubtriage.aws.decision_events.cutting import within_limits
from hubtriage.aws.decision_events.digest import digest
from hubtriage.aws.decision_events.texts import event_text
from hubtriage.aws.securityhub.api import Finding, Key, hub_of, key_of
from hubtriage.engine.planning.news import Delivered, News
from hubtriage.engine.ruleset.owner import owner_of
from hubtriage.engine.ruleset.ruleset import Rule, Ruleset

VERSION = "1"
"""Of the events' shape: another one as soon as a reader of this one could misread an event."""
SOURCE = "hubtriage"
DECISION, OPERATION = "Triage Decision", "Triage Operation"
"""The detail types."""
LONGEST_TEXT = 256
"""Characters of a text of a rule."""
LONGEST_REASON = 1024
"""Characters of what a service or triage says about a finding that was refused."""
LONGEST_GROUP = 200

OperationKind = Literal["expires-soon", "sweep-finished", "mode-changed"]
OPERATION_KINDS: tuple[str, ...] = get_args(OperationKind)


@dataclass(frozen=True, slots=True)
class EventRefusal:
    """Why a finding was refused for good: the code of the result, and the reason."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class EventOrigin:
    """What all events of a function have in common: its stack and Region."""

    stack: str
    region: str


@dataclass(frozen=True, slots=True)
class DecisionEvent:
    """An event: its id, what EventBridge's envelope says, and `detail` as JSON. `at`: epoch seconds."""

    id: str
    detail_type: str
    kind: str
    at: float
    detail: str

    @property
    def size(self) -> int:
        """Return the bytes that count. AWS: 14 for the time, and UTF-8 of source, detail type and detail."""
        return 14 + sum(len(text.encode()) for text in (SOURCE, self.detail_type, self.detail))


def finding_event(
    news: News, finding: Finding, ruleset: Ruleset, origin: EventOrigin, refused: EventRefusal | None = None
) -> DecisionEvent:
    """Return the event of a decision on a finding. `refused` says why, where the news are that it was.

    `finding` is in any state from before the decision on: what the changes set counts for the event.
    """
    key = key_of(finding)
    name = decision_id(key, news.rule, news.kind, news.sequence, refused.code if refused else None)
    record = {
        "version": VERSION,
        "id": name,
        "kind": news.kind,
        "time": event_time(news.at),
        "stack": origin.stack,
        "hub": hub_of(key),
        "finding": finding_object(finding, key, news.changes, origin.region),
        "sequence": news.sequence,
        "rule": news.rule,
        "rules": list(news.rules),
        **_texts_of_rule(ruleset.by_id.get(news.rule or ""), finding, ruleset),
        "changes": [_change(change) for change in news.changes],
        "overruled": list(news.overruled),
        "refused": None if refused is None else _refusal(refused),
        "ruleset": ruleset.hash,
        "revision": ruleset.revision,
        "deliver": [_delivery(each) for each in news.deliver],
    }
    limited = within_limits(record, ("changes",) if news.is_cut else ())
    return DecisionEvent(name, DECISION, news.kind, news.at, as_json(limited))


def operation_event(
    kind: OperationKind, at: float, members: Mapping[str, Any], named_by: Sequence[object], stack: str
) -> DecisionEvent:
    """Return the event of something that happened to the stack at `at` (epoch seconds).

    `members` are the kind's own, JSON-ready. `named_by` is what no other event of its kind and stack has.
    """
    name = digest("operation", stack, kind, *named_by)
    record = {
        "version": VERSION,
        "id": name,
        "kind": kind,
        "time": event_time(at),
        "stack": stack,
        "operation": dict(members),
    }
    return DecisionEvent(name, OPERATION, kind, at, as_json(record))


def decision_id(key: Key, rule: str | None, kind: str, sequence: int, refused: str | None) -> str:
    """Return the id of a decision: the same for the same finding, rule, kind and sequence.

    A refusal has the sequence of the event before it. So the code of why it was `refused` counts too: the
    finding may have been refused for another reason before.
    """
    return digest(hub_of(key), *key, rule, kind, sequence, *(() if refused is None else (refused,)))


def event_time(at: float) -> str:
    """Return epoch seconds as ISO 8601 in UTC, in milliseconds."""
    return datetime.fromtimestamp(at, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def as_json(record: Mapping[str, Any]) -> str:
    """Return a record as JSON without needless bytes. AWS counts the bytes of UTF-8."""
    return dumps(record, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _texts_of_rule(rule: Rule | None, finding: Finding, ruleset: Ruleset) -> dict[str, str | None]:
    source = {} if rule is None else rule.source
    owner = owner_of(source, finding, ruleset.accounts)
    return {
        "owner": _text(owner, LONGEST_TEXT),
        "ticket": _text(source.get("ticket"), LONGEST_TEXT),
        "reason": _text(source.get("reason"), LONGEST_TEXT),
    }


def _change(change: Mapping[str, Any]) -> dict[str, Any]:
    """Return a change with all its members. Their texts are cut with the event."""
    return {name: change.get(name) for name in ("field", "from", "to", "rule", "why", "cause")}


def _delivery(delivered: Delivered) -> dict[str, Any]:
    """Return a delivery with all its members."""
    return {
        "to": delivered.to,
        "as": delivered.kind,
        "rule": delivered.rule,
        "per": delivered.per,
        "group": event_text(delivered.group, LONGEST_GROUP),
        "state": delivered.state,
        "why": delivered.why,
    }


def _refusal(refused: EventRefusal) -> dict[str, str | None]:
    return {"code": _text(refused.code, LONGEST_TEXT), "reason": _text(refused.reason, LONGEST_REASON)}


def _text(text: object, longest: int) -> str | None:
    return event_text(text, longest) if isinstance(text, str) else None
