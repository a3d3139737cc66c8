"""The rules and findings that many planning tests begin with."""

from typing import Any

from tests.support.planning import PROVIDER, Finding, Known, Rule, after, finding

SUPPRESS: Rule = {"update": {"Workflow": {"Status": "SUPPRESSED"}}}
RESOLVE: Rule = {"update": {"Workflow": {"Status": "RESOLVED"}}}
NOTIFY: Rule = {"update": {"Workflow": {"Status": "NOTIFIED"}}}
LOW: Rule = {"update": {"Severity": {"Label": "LOW"}}}
NOTE: Rule = {"update": {"Note": {"Text": "Accepted."}}}
TICKET: Rule = {"update": {"UserDefinedFields": {"ticket": "SEC-1"}}}
NOTHING: Rule = {"update": {"Workflow": {"Status": "SUPPRESSED"}}, "when": False}

TWICE = {"cat": [{"var": "accumulator"}, {"var": "accumulator"}]}
FAILS = {"==": [{"reduce": [[0] * 40, TWICE, "grows beyond all bounds"]}, "x"]}
"""A condition that cannot be evaluated."""

FAILED = {"Compliance": {"Status": "FAILED"}}
PASSED = {"Compliance": {"Status": "PASSED"}}


def other(rule: Rule, **keys: Any) -> Rule:
    """The rule with some keys of its own."""
    return {**rule, **keys}


def status(word: str) -> dict[str, Any]:
    """The member that holds a workflow status."""
    return {"Workflow": {"Status": word}}


def of_severity(label: str) -> dict[str, Any]:
    """The members of a finding with this severity, by its provider's account too."""
    severity = {"Label": label}
    return {"Severity": severity, **provided(label)}


def provided(label: str) -> dict[str, Any]:
    """What the provider says now, where the finding's own severity no longer follows it."""
    return {"FindingProviderFields": {**PROVIDER, "Severity": {"Label": label}}}


def suppressed(**members: Any) -> Known:
    """A HIGH finding that a rule has suppressed."""
    return after(finding(**members), SUPPRESS)


def mild() -> Known:
    """A finding below the ceiling of any rule, which a rule has suppressed."""
    return after(finding(**of_severity("LOW")), SUPPRESS)


def noted(found: Finding) -> str:
    """The text of a finding's note."""
    return str(found["Note"]["Text"])
