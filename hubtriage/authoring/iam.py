"""What the triage function may do in Security Hub: the statements of its role that depend on the rules."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hubtriage.engine.fields import SEVERITY, WORKFLOW

Rules = Iterable[Mapping[str, Any]]

ACTIONS = ("securityhub:BatchUpdateFindings", "securityhub:GetFindingHistory", "securityhub:GetFindings")
HUB = "arn:${AWS::Partition}:securityhub:${AWS::Region}:${AWS::AccountId}:hub/default"
"""The hub, in the words of CloudFormation's Fn::Sub."""

_SPELLINGS = {SEVERITY: (SEVERITY, "Severity.Normalized", "Severity.Product")}  # AWS: each sets the severity


@dataclass(frozen=True, slots=True)
class Denial:
    """A BatchUpdateFindings field that IAM denies: the given values of it, or all if `values` is empty."""

    path: str
    values: tuple[str, ...] = ()

    def condition(self) -> dict[str, Any]:
        """Return the condition of a Deny statement.

        AWS: its key is `securityhub:ASFFSyntaxPath/` and the path of a leaf.
        """
        key = f"securityhub:ASFFSyntaxPath/{self.path}"
        return {"StringEquals": {key: list(self.values)}} if self.values else {"Null": {key: "false"}}


def denials(rules: Rules, never: Iterable[str] = ()) -> list[Denial]:
    """Return what the function is denied: SUPPRESSED where no enforced rule sets it, and the fields `never`.

    NEW and RESOLVED stay allowed: taking back needs them. Security Hub resolves a control that passed.
    """
    fields = set(never)
    statuses = _denied_statuses(rules, fields)
    workflow = [Denial(WORKFLOW, statuses)] if statuses else []
    others = sorted(fields - {WORKFLOW})
    return workflow + [Denial(path) for name in others for path in _SPELLINGS.get(name, (name,))]


def _denied_statuses(rules: Rules, never: Collection[str]) -> tuple[str, ...]:
    if WORKFLOW in never:
        return ("SUPPRESSED", "NOTIFIED")
    enforced = [rule["update"] for rule in rules if rule.get("mode", "enforce") == "enforce"]
    suppress = any(update.get("Workflow", {}).get("Status") == "SUPPRESSED" for update in enforced)
    return () if suppress else ("SUPPRESSED",)


def hub_statements(rules: Rules, never: Iterable[str] = (), hub: str = HUB) -> list[dict[str, Any]]:
    """Return the IAM statements for a compiled rule set: read and update, less what is denied.

    AWS: findings are no IAM resource; the hub of the account and Region is the narrowest there is. A call
    with a denied field, or a denied value of a field, fails as a whole.
    """
    allowed = {"Sid": "Triage", "Effect": "Allow", "Action": list(ACTIONS), "Resource": hub}
    return [allowed, *(_deny_statement(denial, hub) for denial in denials(rules, never))]


def _deny_statement(denial: Denial, hub: str) -> dict[str, Any]:
    name = denial.path.replace(".", "")  # AWS: a `Sid` takes letters and digits only
    return {
        "Sid": f"Never{name}{'' if not denial.values else 'As' + ''.join(map(str.title, denial.values))}",
        "Effect": "Deny",
        "Action": ACTIONS[0],
        "Resource": hub,
        "Condition": denial.condition(),
    }
