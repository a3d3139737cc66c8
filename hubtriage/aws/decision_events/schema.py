"""The JSON Schema of events, for those who read them, and for tests, which hold every event to it."""

from collections.abc import Mapping
from typing import Any, get_args

from hubtriage.aws.decision_events.about import MOST_RESOURCES
from hubtriage.aws.decision_events.event import VERSION
from hubtriage.aws.decision_events.operations import Switcher
from hubtriage.engine.fields import LABEL_RANK
from hubtriage.engine.planning.news import KINDS

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_MAYBE: Schema = {"type": ["string", "null"]}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_YES_OR_NO: Schema = {"type": "boolean"}
_TEXTS: Schema = {"type": "array", "items": _TEXT}
_MODES = ("enforce", "reopen", "observe")
_ID: Schema = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
_TIME: Schema = {
    "type": "string",
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$",
    "description": "UTC, in milliseconds",
}
_SECOND: Schema = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"}


def event_schema(*, strict: bool = False) -> Schema:
    """Return the schema of `detail`. If it is `strict`, it allows no member that this version does not have.

    Readers have to allow for them: a version may gain members.
    """
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "detail of a decision event of hubtriage",
        "oneOf": [_of_finding(), *map(_of_operation, _OPERATIONS)],
    }
    return _closed(schema) if strict else schema


def _object(members: Mapping[str, Schema]) -> Schema:
    """Return the schema of an object that has all of these members."""
    return {"type": "object", "required": list(members), "properties": dict(members)}


def _words(*words: str | None) -> Schema:
    return {"enum": list(words)}


def _list(items: Schema, most: int | None = None) -> Schema:
    return {"type": "array", "items": items} | ({} if most is None else {"maxItems": most})


def _described(schema: Schema, text: str) -> Schema:
    return {**schema, "description": text}


_FINDING = _object(
    {
        "key": _described(_ID, "names the finding, whatever its id had to be cut to"),
        "id": _TEXT,
        "product_arn": _TEXT,
        "account": _MAYBE,
        "region": _MAYBE,
        "title": _MAYBE,
        "severity": _described(_words(*LABEL_RANK, None), "after the decision"),
        "control": _MAYBE,
        "type": _described(_MAYBE, "of a finding without a control"),
        "product": _MAYBE,
        "resources": _list(_object({"type": _MAYBE, "id": _MAYBE}), MOST_RESOURCES),
        "url": _described(_MAYBE, "of the finding in the console"),
    }
)
_CHANGE = _object(
    {
        "field": _TEXT,
        "from": {},
        "to": {},
        "rule": _MAYBE,
        "why": _words("rule", "taken back", "follows provider"),
        "cause": _described(_MAYBE, "what happened to the rule whose change is taken back"),
    }
)
_DELIVERY = _object(
    {
        "to": _described(_TEXT, "a channel or queue"),
        "as": _words("message", "ticket"),
        "rule": _TEXT,
        "per": _MAYBE,
        "group": _TEXT,
        "state": _words("open", "done", None),
        "why": _MAYBE,
    }
)


def _of_finding() -> Schema:
    return _object(
        {
            "version": {"const": VERSION},
            "id": _described(_ID, "the same for every repetition of the event"),
            "kind": _words(*KINDS),
            "time": _TIME,
            "stack": _TEXT,
            "hub": _words("cspm", "v2"),
            "finding": _FINDING,
            "sequence": _described(_COUNT, "grows with every decision on the finding"),
            "rule": _described(_MAYBE, "that decided"),
            "rules": _described(_TEXTS, "that applied"),
            "owner": _MAYBE,
            "ticket": _described(_MAYBE, "of the rule, as its author wrote it"),
            "reason": _MAYBE,
            "changes": _list(_CHANGE),
            "overruled": _described(_TEXTS, "fields that a person holds from now on"),
            "refused": {"oneOf": [{"type": "null"}, _object({"code": _TEXT, "reason": _TEXT})]},
            "ruleset": _TEXT,
            "revision": _MAYBE,
            "deliver": _list(_DELIVERY),
            "cut": _described(_list(_words("rules", "changes", "overruled")), "lists that lack items"),
        }
    )


def _of_operation(kind: str) -> Schema:
    return _object(
        {
            "version": {"const": VERSION},
            "id": _ID,
            "kind": {"const": kind},
            "time": _TIME,
            "stack": _TEXT,
            "operation": _object(_OPERATIONS[kind]),
        }
    )


_OPERATIONS: Mapping[str, Mapping[str, Schema]] = {
    "expires-soon": {
        "rule": _TEXT,
        "owner": _MAYBE,
        "description": _MAYBE,
        "ticket": _MAYBE,
        "expires": _MAYBE,
        "ends": _SECOND,
        "days": _COUNT,
        "days_left": {"type": "integer"},
        "findings": _described(_COUNT, "that show again when the rule ends"),
        "by_severity": {"type": "object", "additionalProperties": _COUNT},
        "accounts": _COUNT,
        "more_accounts": _YES_OR_NO,
        "not_known": _COUNT,
        "uncounted": _COUNT,
        "left_out": _COUNT,
        "mode": _words(*_MODES, "not known"),
        "sweep": _TEXT,
        "ruleset": _TEXT,
        "revision": _MAYBE,
        "other_owners": _described(_TEXTS, "without an event of their own, if this one is for several"),
        "more_owners": _YES_OR_NO,
    },
    "sweep-finished": {
        "sweep": _TEXT,
        "status": _TEXT,
        "reason": _TEXT,
        "seconds": {"type": "number", "minimum": 0},
        **dict.fromkeys(
            (
                "read", "changed", "hidden", "reopened", "taken_back", "doubtful", "refused",
                "left_to_people", "withheld", "uncertain", "gone", "skipped", "dead_letters",
            ),
            _COUNT,
        ),
        "objection": _TEXT,
        "ruleset": _TEXT,
        "revision": _MAYBE,
        "mode": _words(*_MODES, "not known"),
        "error": _described(_MAYBE, "what a sweep failed of for good"),
    },
    "mode-changed": {
        "from": _described(_MAYBE, "the mode before; null when the stack is made"),
        "to": _words(*_MODES),
        "by": _words(*get_args(Switcher)),
        "who": _described(_MAYBE, "the person's ARN"),
        "why": _MAYBE,
    },
}  # fmt: skip


def _closed(schema: Any) -> Any:
    """Return a schema whose objects have no other members."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(each) for name, each in schema.items()}
    is_object = schema.get("type") == "object" and "required" in schema
    return closed | ({"additionalProperties": False} if is_object else {})
