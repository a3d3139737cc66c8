"""Planned findings as people and programs read them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hubtriage.aws.securityhub.api import Key
from hubtriage.cli.subject import named
from hubtriage.cli.text import quoted, shown
from hubtriage.cli.views.decision import decision_lines
from hubtriage.engine.fields import Value
from hubtriage.engine.ocsf.view import is_view, key_of
from hubtriage.engine.planning.decision import Decision
from hubtriage.engine.ruleset.ruleset import Ruleset
from hubtriage.simulation.exported import ExportedFinding
from hubtriage.simulation.inputs.findings import Unusable


@dataclass(frozen=True, slots=True)
class PlannedFinding:
    """A finding of the input, and what was decided; None if it is undecidable."""

    item: ExportedFinding
    decision: Decision | None


Planned = PlannedFinding | Unusable


def record(result: Planned, ruleset: Ruleset) -> dict[str, Any]:
    """Return the JSON line of a finding, also of an unusable one, with the rules that decided it.

    `in_doubt`: triage seems to have changed the finding, and no entry says what it set. `undecidable`: why
    nothing was decided.
    """
    by = {"ruleset": ruleset.hash, "revision": ruleset.revision}
    if isinstance(result, Unusable):
        value = result.value if isinstance(result.value, dict) else {}
        errors = [{"rule": None, "message": result.reason}]
        return {**_nothing(value), "errors": errors, "in_doubt": False, "undecidable": None, **by}
    item, decision = result.item, result.decision
    known = {"in_doubt": item.is_in_doubt, "undecidable": item.undecidable}
    return (decision.as_record() if decision else _nothing(item.finding)) | known | by


def _nothing(finding: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record of a finding on which nothing was decided."""
    identity = {"finding_id": finding.get("Id"), "product_arn": finding.get("ProductArn")}
    return Decision("", "").as_record() | identity | _in_v2(finding)


def _in_v2(finding: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the record of a finding of Security Hub V2 has in addition, where nothing was decided."""
    key = key_of(finding) if is_view(finding) else None
    return {"v2": {"metadata_uid": key[1], "update": None}} if key else {}


def text(result: Planned) -> Iterator[str]:
    """Yield a finding and what happens to it, for people; nothing if it is unusable."""
    if isinstance(result, Unusable):
        return
    yield named(result.item.finding)
    decision = result.decision
    if decision is None:
        yield f"  undecidable: {quoted(str(result.item.undecidable))}"
        return
    yield from decision_lines(decision.as_record())
    if decision.update is None and not decision.refused:
        yield "  no change"


def handed_back_record(key: Key, held: Mapping[str, Value], decision: Decision | None) -> dict[str, Any]:
    """Return what people hold on a finding, and what happens if it is handed back.

    `decision` is None if the rules are not known.
    """
    record: dict[str, Any] = {
        "finding_id": key[1],
        "product_arn": key[0],
        "held_by_people": [{"field": name, "value": _plain(value)} for name, value in held.items()],
    }
    if decision is None:
        return record
    decided = decision.as_record()
    return record | {
        name: decided[name] for name in ("changes", "kept", "errors", "above_ceiling", "refused")
    }


def handed_back_lines(key: Key, held: Mapping[str, Value], decision: Decision | None) -> Iterator[str]:
    """Yield the same as text. Nothing of a finding can control the terminal."""
    yield quoted(key[1])
    if not held:
        yield "  people hold no field of it"
    for name, value in held.items():
        yield f"  a person holds {quoted(name)}: {shown(_plain(value))}"
    if decision is not None:
        would = list(decision_lines(decision.as_record(), "  then "))
        yield from would or ["  then no change"]


def _plain(value: Value) -> Any:
    return list(value) if isinstance(value, tuple) else value


def summary(counts: Mapping[str, int]) -> str:
    """Return how many findings of each kind there are."""
    return ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())) or "no findings"


def kind(result: Planned) -> str:
    """Return what happened to a finding, for the summary."""
    if isinstance(result, Unusable):
        return "unusable"
    if result.decision is None:
        return "undecidable"
    if result.decision.refused:
        return "refused"
    return "to change" if result.decision.update is not None else "unchanged"
