"""An account with a deployed stack, for the checks of its ledger."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hubtriage.aws.triage.config import TriageConfig
from hubtriage.doctor.account import Account, Deployed
from hubtriage.localaws.securityhub.hub import Hub
from hubtriage.localaws.securityhub.inprocess import InProcessSecurityHub, ManualClock
from tests.support.ledger_tables import LedgerTable

OUTPUTS = {
    "LedgerTableName": "blue-ledger",
    "IntakeRuleName": "rule",
    "FunctionName": "function",
    "QueueUrl": "https://sqs/queue",
    "SweepArn": "sweep",
}


class OtherServices:
    """SQS and Step Functions: the queue's key, and how many sweeps are under way."""

    def __init__(self, key: str = "", sweeps: int = 0) -> None:
        self.key, self.sweeps = key, sweeps

    def get_queue_attributes(self, **_request: Any) -> Mapping[str, Any]:
        return {"Attributes": {"KmsMasterKeyId": self.key} if self.key else {}}

    def list_executions(self, **request: Any) -> Mapping[str, Any]:
        assert request["statusFilter"] == "RUNNING"
        return {"executions": [{}] * self.sweeps}


def account(
    tables: LedgerTable,
    *,
    others: Any = None,
    hub: Hub | None = None,
    clock: ManualClock | None = None,
    rules: Path = Path("rules"),
    most_entries: int | None = 2000,
    **config: Any,
) -> Account:
    clock = clock or ManualClock()
    other = others or OtherServices()
    made = Account(
        lambda service, _region=None: tables if service == "dynamodb" else other,
        InProcessSecurityHub(hub or Hub(), clock),
        clock,
        stack="blue",
        rules=rules,
        most_findings=0,
        most_entries=most_entries,
    )
    made.__dict__["deployed"] = Deployed("blue", "CREATE_COMPLETE", OUTPUTS)
    made.__dict__["config"] = TriageConfig(**config)
    return made


def before_deploying(tables: LedgerTable) -> Account:
    made = account(tables)
    made.__dict__["deployed"] = made.__dict__["config"] = None
    return made
