"""What handing a finding back would do, as text and as JSON."""

from collections.abc import Iterator, Mapping
from typing import Any

from hubtriage.cli.inputs.handed_back import HandedBack
from hubtriage.cli.text import quoted, shown
from hubtriage.cli.views.decision import decision_lines
from hubtriage.engine.fields import ParsedFinding
from hubtriage.engine.planning.decision import Decision
from hubtriage.engine.planning.hand_back import held_by_people

NOTHING_HELD = "people hold nothing here"
NOTHING_TO_DO = "triage would leave it as it is"


def as_record(one: HandedBack, decision: Decision | None) -> dict[str, Any]:
    """Return what people hold, and what the rules would do then; `decision` is None without rules."""
    held = _held(one)
    record: dict[str, Any] = {
        "finding_id": one.key[1],
        "product_arn": one.key[0],
        "held_by_people": [{"field": name, "value": _plain(value)} for name, value in held.items()],
    }
    if decision is None:
        return record
    decided = decision.as_record()
    return record | {
        name: decided[name] for name in ("changes", "kept", "errors", "above_ceiling", "refused")
    }


def lines(one: HandedBack, decision: Decision | None) -> Iterator[str]:
    """Yield the same as text. Nothing of a finding can control the terminal."""
    yield quoted(one.key[1])
    held = _held(one)
    if not held:
        yield f"  {NOTHING_HELD}"
    for name, value in held.items():
        yield f"  a person holds {quoted(name)}: {shown(_plain(value))}"
    if decision is None:
        return
    would = list(decision_lines(decision.as_record(), "  then "))
    yield from would or [f"  then {NOTHING_TO_DO}"]


def _held(one: HandedBack) -> Mapping[str, Any]:
    finding = ParsedFinding(one.finding)
    return {name: finding.value(name) for name in held_by_people(one.entry, finding)}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
