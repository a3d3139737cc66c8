"""Planned findings as people and programs read them."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from hubtriage.cli.text import quoted
from hubtriage.cli.views.decision import decision_lines
from hubtriage.engine.planning.decision import Decision
from hubtriage.engine.ruleset.ruleset import Ruleset
from hubtriage.simulation.findings import Unusable

Planned = Decision | Unusable


def record(result: Planned, ruleset: Ruleset) -> dict[str, Any]:
    """Return the JSON line of a finding, also of an unusable one, with the rules that decided it."""
    by = {"ruleset": ruleset.hash, "revision": ruleset.revision}
    if isinstance(result, Decision):
        return result.as_record() | by
    value = result.value if isinstance(result.value, dict) else {}
    identity = {"finding_id": value.get("Id"), "product_arn": value.get("ProductArn")}
    errors = [{"rule": None, "message": result.reason}]
    return {**Decision("", "").as_record(), **identity, "errors": errors, **by}


def text(result: Planned) -> Iterator[str]:
    """Yield a finding and what becomes of it, for people."""
    if isinstance(result, Unusable):
        yield f"unusable: {result.reason}"
        return
    yield quoted(result.finding_id)
    yield from decision_lines(result.as_record())
    if result.update is None and not result.refused:
        yield "  no change"


def summary(planned: Iterable[Planned]) -> str:
    """Return how many findings of each kind there are."""
    counts = Counter(_kind(result) for result in planned)
    return ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())) or "no findings"


def _kind(result: Planned) -> str:
    if isinstance(result, Unusable):
        return "unusable"
    if result.refused:
        return "refused"
    return "to change" if result.update is not None else "unchanged"
