"""Which findings triage hides, and which of these must not wait: those that no rule may hide."""

from hubtriage.engine.fields import SEVERITY, WORKFLOW, ParsedFinding
from hubtriage.engine.planning.entry import Claims, Entry, stored
from hubtriage.engine.ruleset.hiding import is_hiding
from hubtriage.engine.ruleset.ruleset import is_above


def is_hidden_above(ceiling: str, finding: ParsedFinding, entry: Entry) -> bool:
    """Return whether triage hides a finding that is more severe than `ceiling`, the highest of all rules."""
    return is_above(ceiling, finding) and is_hidden(finding, entry)


def is_hidden(finding: ParsedFinding, entry: Entry) -> bool:
    """Return whether triage hides a finding, or was about to: it shows what hides it and is ours."""
    claims = [entry.claims, *([entry.intent.claims] if entry.intent else ())]
    return any(_hide(each, finding) for each in claims)


def _hide(claims: Claims, finding: ParsedFinding) -> bool:
    return any(
        claim is not None
        and not claim.person
        and claim.value == stored(finding.value(name))
        and is_hiding(name, finding.value(name), finding)
        for name in (WORKFLOW, SEVERITY)
        for claim in [claims.get(name)]
    )
