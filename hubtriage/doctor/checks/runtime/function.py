"""Check whether the triage function works, and whether its role allows what it needs."""

from collections.abc import Mapping
from typing import Any

from hubtriage.authoring.permissions.iam import ACTIONS, ACTIONS_V2
from hubtriage.aws.ledger.table import TRIAGE_ACTIONS
from hubtriage.aws.securityhub.api import CSPM, V2
from hubtriage.doctor.account import Account, Deployed
from hubtriage.doctor.checks.runtime.bus import putting
from hubtriage.doctor.iam_simulator import Denied, denied
from hubtriage.doctor.verdict import Verdict


def look(account: Account) -> Verdict | None:
    """Read the function's state, and what its role allows, with boundary and organization."""
    if account.deployed is None:
        return None
    configuration = account.function
    broken = _broken(configuration)
    if broken:
        return Verdict("problem", broken, "deploy again; see the function in the Lambda console")
    return judge(denied(account, configuration["Role"], needed(account, account.deployed)))


def judge(missing: list[Denied]) -> Verdict:
    """Return the verdict on what the function's role may not do."""
    if not missing:
        return Verdict("ok", "active, with all permissions that it needs")
    return Verdict(
        "problem",
        f"its role lacks {', '.join(each.action for each in missing)}",
        "look for changes made by hand or by the organization, then deploy again",
        tuple(map(str, missing)),
        {"denied": [str(each) for each in missing]},
    )


def _broken(configuration: Mapping[str, Any]) -> str:
    """AWS: State and LastUpdateStatus of a function."""
    if configuration.get("State", "Active") not in ("Active", "Inactive"):
        return f"the function is {configuration['State']}: {configuration.get('StateReason', '')}"
    if configuration.get("LastUpdateStatus") == "Failed":
        return f"its last update failed: {configuration.get('LastUpdateStatusReason', '')}"
    return ""


def needed(account: Account, deployed: Deployed) -> dict[str, tuple[str, ...]]:
    """Return the actions that every batch needs, by resource."""
    who = account.identity
    mode = (
        f"arn:{who.partition}:ssm:{who.region}:{who.account}:parameter{deployed.output('ModeParameterName')}"
    )
    queue = deployed.output("QueueUrl").rpartition("/")[2]
    key = account.customer_key
    table = f"arn:{who.partition}:dynamodb:{who.region}:{who.account}:table/{account.ledger_table}"
    of_hubs = {CSPM: (who.hub(), ACTIONS), V2: (who.hub_v2(), ACTIONS_V2)}
    return (
        {
            **dict(of_hubs[hub] for hub in account.hubs),
            mode: ("ssm:GetParameter",),
            table: TRIAGE_ACTIONS,
            f"arn:{who.partition}:sqs:{who.region}:{who.account}:{queue}": (
                "sqs:ReceiveMessage",
                "sqs:DeleteMessage",
                "sqs:ChangeMessageVisibility",
            ),
        }
        | ({key: ("kms:Decrypt",)} if key else {})
        | putting(account, deployed)
    )
