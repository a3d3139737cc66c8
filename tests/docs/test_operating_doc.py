"""The tables of docs/operating.md against the code."""

import json
import re
from collections.abc import Mapping
from dataclasses import fields, replace
from types import SimpleNamespace
from typing import Any, get_args

import pytest
from botocore.exceptions import ClientError

from hubtriage.aws.clock import SystemClock
from hubtriage.aws.decision_events.memory import DOWN, MemoryBus
from hubtriage.aws.decision_events.putting import OperationEvents
from hubtriage.aws.deliveries.numbers import DELIVERY_METRICS, emit_deliveries
from hubtriage.aws.ledger.former_roles import FormerRole, KnownRoles
from hubtriage.aws.ledger.memory import MemoryLedger
from hubtriage.aws.logger import logger
from hubtriage.aws.securityhub.faults import Fault
from hubtriage.aws.securityhub.sending import Traffic
from hubtriage.aws.sweep.report import emit_ahead, emit_gauges
from hubtriage.aws.switch.breaker import Breaker, BreakerConfig
from hubtriage.aws.switch.ledger_guard import LedgerGuard, LedgerGuardConfig
from hubtriage.aws.triage.config import TriageConfig
from hubtriage.aws.triage.decision_log import Circumstances, DecisionLog
from hubtriage.aws.triage.deduplication import DeduplicatedFinding
from hubtriage.aws.triage.events import (
    FINDINGS_DETAIL_TYPE,
    FindingEvent,
    HandBack,
    Message,
    SweepOrder,
    UnusableEvent,
)
from hubtriage.aws.triage.function import Services, TriageFunction
from hubtriage.aws.triage.metrics import emit, tally
from hubtriage.aws.triage.results import CONFLICT, HIDING_STOPPED, LEDGER_UNREADABLE, Outcome, Report, Result
from hubtriage.engine.planning.decision import Cause, Change, Decision, Kept, Observed
from hubtriage.engine.planning.entry import Claim, Entry, Intent
from hubtriage.engine.planning.news import Delivered, News
from hubtriage.engine.ruleset.policy import Forbidden
from hubtriage.engine.ruleset.ruleset import RuleError, load_ruleset
from hubtriage.localaws.securityhub.inprocess import ManualClock
from tests.support.broken import Bomb
from tests.support.buses import events
from tests.support.paths import ROOT

DOC = (ROOT / "docs" / "operating.md").read_text()


def table(heading: str) -> list[list[str]]:
    """Rows of the table whose first column has this heading."""
    (body,) = re.findall(rf"^\| {heading} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", DOC, re.MULTILINE)
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in body.splitlines()]


def names(heading: str) -> list[str]:
    return [row[0].strip("`") for row in table(heading)]


def everything() -> Outcome:
    """An outcome about which there is everything to say."""
    message = Message("m")
    order = SweepOrder("sweep", take_back=True)
    event = FindingEvent(("arn", "id"), {}, message, None, order)
    seen = DeduplicatedFinding(event, (message,), hand_back=HandBack("arn", 0.0))
    decision = Decision(
        "id",
        "arn",
        update={},
        rules=("r",),
        above_ceiling=("r",),
        changes=(
            Change("Workflow.Status", "NEW", "SUPPRESSED", "r", "rule"),
            Change("Types", (), ("x",), "r", "taken back", "expired"),
        ),
        kept=(Kept("Types", (), (), "r", "why"),),
        observed=(Observed("Types", None, "x", "r"),),
        errors=(RuleError("r", "m"),),
        overruled=("Types",),
        handed_back=("Types",),
        owners={"a": None},
        against_policy=(Forbidden("r", "Types", ("x",), "s"),),
        hides=True,
        news=News("hidden", 0.0, 1),
        would_deliver=(Delivered("to", "message", "r", "group"),),
    )
    result = Result("updated", "code", "reason", "call", final=True)
    return Outcome(seen, decision, result, 1.0, Entry(version=1))


def test_every_member_of_a_decision_line_is_documented() -> None:
    written: list[str] = []
    circumstances = Circumstances("s", "h", "r", "enforce", "id", "trace")
    DecisionLog(circumstances, 0, written.append, lambda: 0.0)([everything()])
    assert set(names("member")) == set(json.loads(written[0]))


class Nobody:
    """A hub, a queue and a table that deny everything, and services that take everything."""

    state = "Enabled"
    refusal = "AccessDeniedException"

    def change_message_visibility_batch(self, **_request: Any) -> Mapping[str, Any]:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "ChangeMessageVisibilityBatch")

    def put_item(self, **_request: Any) -> None:
        raise ClientError({"Error": {"Code": self.refusal}}, "PutItem")

    def get_event_source_mapping(self, **_request: Any) -> Mapping[str, Any]:
        return {"State": self.state}

    def update_event_source_mapping(self, **_request: Any) -> None: ...

    def delete_parameter(self, **_request: Any) -> None: ...

    def batch_update_findings(self, **_request: Any) -> Mapping[str, Any]:
        raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "BatchUpdateFindings")

    def get_findings(self, **_request: Any) -> Mapping[str, Any]:
        raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetFindings")

    def get_finding_history(self, **_request: Any) -> Mapping[str, Any]:
        raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetFindingHistory")

    def get_parameter(self, **_request: Any) -> Mapping[str, Any]:
        return {"Parameter": {"Value": "enforce"}}

    def put_parameter(self, **_request: Any) -> None: ...

    def publish(self, **_request: Any) -> None: ...


class Mended(Nobody):
    """A table that answers again."""

    state = "Disabled"
    refusal = "ConditionalCheckFailedException"


def all_that_happens() -> None:
    """Have every line written that there is."""
    rules = [{"id": "r", "when": True, "update": {"Workflow": {"Status": "SUPPRESSED"}}}]
    ruleset = load_ruleset({"format": 1, "hash": "h", "revision": None, "rules": rules})
    clock, ledger, nobody = ManualClock(), MemoryLedger(), Nobody()
    config = TriageConfig(hide_limit=1, queue_url="queue")
    former = KnownRoles((FormerRole("arn:aws:iam::111122223333:role/old", 1.0, "old", "export"),), 1)
    services = Services(nobody, ledger, str, lambda: nobody, lambda _deadline: former)
    triage = TriageFunction(config, ruleset, services, clock)
    event = {"detail-type": FINDINGS_DETAIL_TYPE, "time": "2027-01-15T08:00:00Z"}
    found = {"ProductArn": "arn", "Workflow": {"Status": "NEW"}, "Severity": {"Label": "LOW"}}
    findings = [7, found | {"Id": "denied"}, found | {"Id": "over the limit"}, Bomb(found | {"Id": "bomb"})]
    body = event | {"detail": {"findings": findings}}
    hidden = {"Workflow.Status": Claim("SUPPRESSED", "r")}
    ledger.write({("arn", "in doubt"): Entry(intent=Intent(hidden, {}, {}, clock.now()))})
    doubted = found | {
        "Id": "in doubt",
        "Workflow": {"Status": "SUPPRESSED"},
        "Severity": {"Label": "CRITICAL"},
    }
    by_whom = doubted | {"Id": "hidden by nobody knows whom"}
    findings.append(by_whom)
    again = {"messageId": "n", "receiptHandle": "n", "body": event | {"detail": {"findings": [doubted]}}}
    context = SimpleNamespace(aws_request_id="r", get_remaining_time_in_millis=lambda: 60_000)
    triage({"Records": [{"messageId": "m", "body": body}, again]}, context)
    breaker = Breaker(Nobody(), Nobody(), BreakerConfig("s", "/p", "arn:topic"), logger("breaker", "INFO"))
    breaker({"alarmData": {"alarmName": "a", "state": {"value": "ALARM", "reason": "much"}}}, None)
    for world in (nobody, Mended()):
        guarded = LedgerGuardConfig("ledger", mapping="enforce", mark="/paused")
        LedgerGuard(world, world, world, guarded, logger("guard", "INFO"))({}, None)


def test_every_other_line_is_documented_with_its_members(capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    all_that_happens()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    own = {"level", "location", "message", "timestamp", "service", "function_request_id"}
    trace = {"exception", "exception_name", "stack_trace"}
    told = {
        line["message"]: set(line) - own - trace
        for line in lines
        if "message" in line and "outcome" not in line
    }
    documented = {row[0].strip("`"): set(re.findall(r"`(\w+)`", row[1])) for row in table("line")}
    assert documented == told


def test_every_cause_of_a_taking_back_is_documented() -> None:
    assert set(names("`cause`")) == set(get_args(Cause))


def test_every_metric_is_documented_with_its_unit(capsys: pytest.CaptureFixture[str]) -> None:
    traffic = Traffic([1])
    traffic.unprocessed["InvalidInput"] += 1
    traffic.faults.update({(kind, "code"): 1 for kind in Fault})
    stopped = replace(everything(), result=Result("unchanged", HIDING_STOPPED))
    failures = [
        replace(everything(), result=Result("failed", code)) for code in (LEDGER_UNREADABLE, CONFLICT)
    ]
    outcomes = [everything(), stopped, *failures]
    unusable = (UnusableEvent(Message("m"), "x"),)
    report = Report((), unusable, outcomes, traffic, reads=1, intents_left=1, events_put=1)
    emit(tally(report, ()), "n", "s")
    world = Nobody()
    LedgerGuard(world, world, world, LedgerGuardConfig("l", "m", "/p"), logger("guard", "INFO"))({}, None)
    emit_gauges("enforce", 0, "n", "s")
    emit_ahead(0, 0, "n", "s")
    OperationEvents(MemoryBus(fault=DOWN), "s", "n", SystemClock(), lambda *_: None).put(*events(1))
    emit_deliveries(dict.fromkeys(DELIVERY_METRICS, 1), "to", "n", "s")
    documents = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    sent = {
        metric["Name"]: metric["Unit"]
        for document in documents
        for directive in document["_aws"]["CloudWatchMetrics"]
        for metric in directive["Metrics"]
    }
    assert {row[0].strip("`"): row[1] for row in table("metric")} == sent


def test_every_setting_is_documented_with_its_default_and_meaning() -> None:
    shown = {
        item.metadata["variable"]: (_shown(item.default), item.metadata["doc"])
        for item in fields(TriageConfig)
    }
    assert {row[0].strip("`"): (row[1], row[2]) for row in table("variable")} == shown


def _shown(default: object) -> str:
    if default in (frozenset(), ""):
        return "none"
    if isinstance(default, frozenset):
        return f"`{','.join(sorted(default))}`"
    return f"`{default:g}`" if isinstance(default, float) else f"`{default}`"
