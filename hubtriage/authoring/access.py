"""What the triage function may do in Security Hub: the statements of its role that depend on the rules."""

from collections.abc import Iterable
from typing import Any

from hubtriage.authoring.iam import Denial, Rules, denials

ACTIONS = ("securityhub:BatchUpdateFindings", "securityhub:GetFindings")
HUB = "arn:${AWS::Partition}:securityhub:${AWS::Region}:${AWS::AccountId}:hub/default"
"""The hub, in the words of CloudFormation's Fn::Sub."""


def hub_statements(rules: Rules, never: Iterable[str] = (), hub: str = HUB) -> list[dict[str, Any]]:
    """IAM statements for a compiled rule set: reading and updating, less what no rule sets.

    AWS: findings are no IAM resource; the hub of the account and Region is the narrowest there is. A call
    with a denied field, or value of it, fails as a whole.
    """
    allowed = {"Sid": "Triage", "Effect": "Allow", "Action": list(ACTIONS), "Resource": hub}
    return [allowed, *(_denied(denial, hub) for denial in denials(rules, never))]


def _denied(denial: Denial, hub: str) -> dict[str, Any]:
    """AWS: a `Sid` takes letters and digits only."""
    name = denial.path.replace(".", "")
    return {
        "Sid": f"Never{name}{'' if not denial.values else 'As' + ''.join(map(str.title, denial.values))}",
        "Effect": "Deny",
        "Action": ACTIONS[0],
        "Resource": hub,
        "Condition": denial.condition(),
    }
