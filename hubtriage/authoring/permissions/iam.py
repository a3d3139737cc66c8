"""What the triage function may do in Security Hub: the statements of its role that depend on the rules."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hubtriage.engine.fields import NOTE, SEVERITY, WORKFLOW

Rules = Iterable[Mapping[str, Any]]

ACTIONS = ("securityhub:BatchUpdateFindings", "securityhub:GetFindingHistory", "securityhub:GetFindings")
ACTIONS_V2 = ("securityhub:BatchUpdateFindings", "securityhub:GetFindings")
"""AWS: of BatchUpdateFindingsV2 and GetFindingsV2."""
HUB = "arn:${AWS::Partition}:securityhub:${AWS::Region}:${AWS::AccountId}:hub/default"
"""The hub, in the words of CloudFormation's Fn::Sub."""
HUB_V2 = HUB.replace("hub/default", "hubv2/*")
"""The hub of V2. AWS: its name ends with an id that only the service knows; there is one in a Region."""

_SPELLINGS = {SEVERITY: (SEVERITY, "Severity.Normalized", "Severity.Product")}  # AWS: each sets the severity


_IN_V2 = {WORKFLOW: "StatusId", SEVERITY: "SeverityId", NOTE: "Comment"}
_STATUS_IDS = {"NOTIFIED": "2", "SUPPRESSED": "3"}
_NEVER_SET = ("0", "5", "99")
"""Statuses of V2 that no rule can set: Unknown, Archived, Other."""


@dataclass(frozen=True, slots=True)
class Denial:
    """A BatchUpdateFindings field that IAM denies: the given values of it, or all if `values` is empty.

    `syntax` is that of the hub: ASFF, or OCSF of V2.
    """

    path: str
    values: tuple[str, ...] = ()
    syntax: str = "ASFF"

    def condition(self) -> dict[str, Any]:
        """Return the condition of a Deny statement.

        AWS: its key is `securityhub:ASFFSyntaxPath/` and the path of a leaf, or the same of OCSF.
        """
        key = f"securityhub:{self.syntax}SyntaxPath/{self.path}"
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


def denials_v2(rules: Rules, never: Iterable[str] = ()) -> list[Denial]:
    """Return what the function is denied in Security Hub V2: the same, as far as there is something like it.

    No rule can set Archived, which hides a finding too, so that it is always denied.
    """
    fields = set(never)
    statuses = (*(_STATUS_IDS[each] for each in _denied_statuses(rules, fields)), *_NEVER_SET)
    others = [path for name, path in _IN_V2.items() if name in fields and name != WORKFLOW]
    return [Denial(_IN_V2[WORKFLOW], statuses, "OCSF"), *(Denial(path, syntax="OCSF") for path in others)]


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


def hub_v2_statements(rules: Rules, never: Iterable[str] = (), hub: str = HUB_V2) -> list[dict[str, Any]]:
    """Return the same for Security Hub V2."""
    allowed = {"Sid": "TriageV2", "Effect": "Allow", "Action": list(ACTIONS_V2), "Resource": hub}
    return [allowed, *(_deny_statement(denial, hub) for denial in denials_v2(rules, never))]


def _deny_statement(denial: Denial, hub: str) -> dict[str, Any]:
    name = denial.path.replace(".", "")  # AWS: a `Sid` takes letters and digits only
    values = f"As{''.join(map(str.title, denial.values))}" if denial.values else ""
    return {
        "Sid": f"Never{name}{values}",
        "Effect": "Deny",
        "Action": ACTIONS[0],
        "Resource": hub,
        "Condition": denial.condition(),
    }
