"""A decision as people read it: `plan`, `explain`, `logs` and `why` print these lines.

The record is that of `Decision.as_record`, or a line of the decision log. A log may hold lines of other
versions, so a member may be missing.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from hubtriage.cli.text import quoted, shown

Record = Mapping[str, Any]


def decision_lines(record: Record, indent: str = "  ") -> Iterator[str]:
    """Yield a line for each field, with the rule and the reason, and for each rule that did not act.

    Of a finding that people handed back it begins with who did, and which fields they hold no longer.
    """
    yield from _handed_back(record, indent)
    for change in objects(record.get("changes")):
        step = f"{shown(change.get('from'))} -> {shown(change.get('to'))}"
        yield f"{indent}{_field(change)}: {step}  {_by(change)}"
    for kept in objects(record.get("kept")):
        instead = f"stays {shown(kept.get('value'))}, not {shown(kept.get('wanted'))}"
        rule = f"{shown(kept['rule'])}: " if kept.get("rule") else ""
        yield f"{indent}{_field(kept)}: {instead}  {rule}{_text(kept.get('why'))}"
    yield from observed_lines(record, indent)
    for error in objects(record.get("errors")):
        yield f"{indent}error in {shown(error.get('rule'))}: {_text(error.get('message'))}"
    yield from policy_lines(record, indent)
    yield from owner_lines(record, indent)
    yield from delivery_lines(record, indent)
    if rules := record.get("above_ceiling"):
        yield f"{indent}above the ceiling of {', '.join(map(shown, rules))}"
    if refused := record.get("refused"):
        yield f"{indent}refused: {_text(refused)}"
    yield from _in_words_of_v2(record, indent)


def _handed_back(record: Record, indent: str) -> Iterator[str]:
    hand_back, fields = record.get("hand_back"), record.get("handed_back")
    if isinstance(hand_back, Mapping):
        what = (
            ", ".join(map(shown, fields))
            if isinstance(fields, list) and fields
            else "nothing that people held"
        )
        yield f"{indent}handed back by {_text(hand_back.get('by'))}: {what}"


def _in_words_of_v2(record: Record, indent: str) -> Iterator[str]:
    """Yield what Security Hub V2 gets, in its own words."""
    v2 = record.get("v2")
    update = v2.get("update") if isinstance(v2, Mapping) else None
    if isinstance(update, Mapping):
        values = ", ".join(f"{_text(name)} {shown(value)}" for name, value in update.items())
        yield f"{indent}as V2 takes it: {values}"


def observed_lines(record: Record, indent: str = "  ") -> Iterator[str]:
    """Yield a line for each field that would be otherwise if a rule in `observe` were in force."""
    for seen in objects(record.get("observed")):
        would = f"would be {shown(seen.get('to'))}"
        yield f"{indent}{_field(seen)}: {would}  {shown(seen.get('rule'))} (observe)"


def policy_lines(record: Record, indent: str = "  ") -> Iterator[str]:
    """Yield a line for each value that a rule wants and the house policy forbids."""
    for one in objects(record.get("against_policy")):
        said = f"the house policy forbids {shown(one.get('wanted'))} ({_text(one.get('statement'))})"
        yield f"{indent}{_field(one)}: {said}  {shown(one.get('rule'))}"


def owner_lines(record: Record, indent: str = "  ") -> Iterator[str]:
    """Yield who answers for the finding, for each rule that leaves it to the account directory."""
    owners = record.get("owners")
    for rule, owner in owners.items() if isinstance(owners, Mapping) else ():
        yield f"{indent}owner for {_text(rule)}: {_text(owner) if owner else 'not known'}"


def delivery_lines(record: Record, indent: str = "  ") -> Iterator[str]:
    """Yield what is announced, and a line for each message and ticket.

    Those that rules in `observe` would add are among them.
    """
    event = record.get("event")
    if isinstance(event, Mapping):
        yield f"{indent}announced as {_text(event.get('kind'))}"
        for one in objects(event.get("deliver")):
            yield f"{indent}{_delivered(one)}  {shown(one.get('rule'))}"
    for one in objects(record.get("would_deliver")):
        yield f"{indent}{_delivered(one)}  {shown(one.get('rule'))}"


def _delivered(one: Record) -> str:
    if one.get("as") != "ticket":
        return f"message to {_text(one.get('to'))}"
    state = "open" if one.get("state") == "open" else f"done, {_text(one.get('why'))}"
    of = "" if one.get("per") in ("finding", "rule") else f" {_text(one.get('group'))}"
    return f"ticket in {_text(one.get('to'))} per {_text(one.get('per'))}{of}: {state}"


def _field(item: Record) -> str:
    return _text(item.get("field"))


def _by(change: Record) -> str:
    """Return which rule a change comes from, and why if it is not what the rule wants now."""
    rule = shown(change["rule"]) if change.get("rule") else ""
    if change.get("why") == "rule":
        return rule
    cause = f": {_text(change['cause'])}" if change.get("cause") else ""
    return f"{rule} ({_text(change.get('why'))}{cause})".lstrip()


def _text(value: object) -> str:
    return quoted(str(value))


def objects(value: object) -> list[Record]:
    """Return the objects of a list; nothing for what is not a list."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
