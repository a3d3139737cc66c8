"""What hides a finding: a status that closes it, or a severity below the provider's."""

from hubtriage.engine.fields import HIDING_STATUSES, LABEL_RANK, SEVERITY, WORKFLOW, ParsedFinding, Value


def is_hiding(name: str, value: Value, finding: ParsedFinding) -> bool:
    """Say whether this value hides the finding: closed, or less severe than its provider says."""
    if name == WORKFLOW:
        return value in HIDING_STATUSES
    return name == SEVERITY and lowers(value, finding)


def lowers(label: str | None, finding: ParsedFinding) -> bool:
    """Say whether a severity label is below the provider's."""
    _known, provided = finding.provider_value(SEVERITY)
    provided = provided or finding.value(SEVERITY)
    return label is not None and provided is not None and LABEL_RANK[label] < LABEL_RANK[provided]


def shows_more(name: str, value: Value, finding: ParsedFinding) -> bool:
    """Say whether this value shows more of the finding than it has now: open again, or more severe."""
    now = finding.value(name)
    if name == WORKFLOW:
        return now in HIDING_STATUSES and value not in HIDING_STATUSES
    return name == SEVERITY and now is not None and value is not None and LABEL_RANK[value] > LABEL_RANK[now]
