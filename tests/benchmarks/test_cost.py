"""What the page says of costs is what the arithmetic gives, and its figures are those of the stack."""

import json
import re
from types import SimpleNamespace
from typing import NoReturn

import pytest

from benchmarks import cost
from hubtriage.aws.ledger.memory import MemoryLedger
from hubtriage.aws.triage.config import TriageConfig
from hubtriage.aws.triage.function import Services, TriageFunction
from hubtriage.engine.ruleset.ruleset import load_ruleset
from hubtriage.localaws.findings import generate
from hubtriage.localaws.securityhub.hub import Hub
from hubtriage.localaws.securityhub.inprocess import InProcessSecurityHub, ManualClock
from hubtriage.localaws.securityhub.settings import HubSettings
from hubtriage.settings.configuration import Configuration
from tests.support.paths import ROOT

PAGE = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
CONTEXT = SimpleNamespace(aws_request_id="r" * 36, get_remaining_time_in_millis=lambda: 120_000)


def test_the_page_has_the_tables_of_the_arithmetic() -> None:
    assert "\n".join(cost.pages()) in PAGE


def test_the_figures_are_those_of_the_stack() -> None:
    config = Configuration()
    assert config.memory_mb == cost.MEMORY_GB * 1024
    assert config.architecture == "arm64"
    assert config.batch_window_seconds == cost.WINDOW_SECONDS
    assert cost.BURSTS.together == config.batch_size
    assert config.maximum_concurrency / config.calls_per_second == cost.CALL_SECONDS
    assert config.sweep_reads_per_second == cost.SWEEP_PAGES_PER_SECOND
    sweep = (ROOT / "infra" / "sweep.py").read_text(encoding="utf-8")  # to import it takes CDK, and seconds
    assert f"\nSTEP_SECONDS = {cost.SWEEP_STEP_SECONDS}\n" in sweep
    template = (ROOT / "tests" / "infra" / "golden" / "default.json").read_text(encoding="utf-8")
    assert template.count('"AWS::CloudWatch::Alarm"') == cost.ALARMS
    assert template.count('"AWS::KMS::Key"') == cost.KEYS
    for seconds in (cost.GUARD_SECONDS, cost.CLOCK_SECONDS):
        assert template.count(f'"rate({seconds // 60} minutes)"') == 1
    metrics = re.search(r"^## Metrics\n.*?^## ", PAGE, re.DOTALL | re.MULTILINE)
    assert metrics is not None
    with_events = r"Deliver|Tickets|DecisionEvents|EventsNotPut"  # which a stack has only if it is told to
    assert len(re.findall(rf"^\| `(?!{with_events})", metrics[0], re.MULTILINE)) <= cost.METRICS


def _no_queue() -> NoReturn:
    raise AssertionError("nothing should come again earlier")


@pytest.mark.parametrize("count", [3, 300])
def test_what_is_logged_is_no_more_than_what_is_counted(
    count: int, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = ManualClock()
    hub = Hub(settings=HubSettings.still())
    for finding in generate(count, seed=7, now=clock.now()):
        hub.plant(finding, clock.now())
    note = {
        "Text": "Accepted in sandbox accounts until 2027-12-31 (SEC-1042).",
        "UpdatedBy": "hubtriage/a-rule",
    }
    update = {"Workflow": {"Status": "SUPPRESSED"}, "Severity": {"Label": "LOW"}, "Note": note}
    rule = {"id": "a-rule", "when": True, "ceiling": "HIGH", "update": update}
    document = {"format": 1, "hash": "0" * 16, "rules": [rule]}
    api = InProcessSecurityHub(hub, clock)
    services = Services(api, MemoryLedger(), lambda: "arn:aws:iam::999900001111:role/hubtriage", _no_queue)
    handler = TriageFunction(TriageConfig(), load_ruleset(document), services, clock)
    events = hub.take_events(clock.now())
    handler(
        {"Records": [{"messageId": str(n), "body": json.dumps(e)} for n, e in enumerate(events)]}, CONTEXT
    )
    lines = capsys.readouterr().out.splitlines()
    decisions = [len(line) for line in lines if "finding_id" in line]
    assert decisions
    assert sum(decisions) / len(decisions) <= cost.DECISION_BYTES
    assert sum(len(line) for line in lines) - sum(decisions) <= cost.METRICS_BYTES


def test_a_hand_reckoned_load() -> None:
    """A million events in batches of 1,000, of which 100,000 change in calls of 25."""
    told = dict(cost.lines(cost.BURSTS))
    assert told["SQS: each event sent once; received and deleted in tens"] == pytest.approx(1.2 * 0.40)
    assert cost.seconds(cost.BURSTS) == pytest.approx(1_000 * (0.005 + 0.1) + 300 + 4_000 * 0.27)
    assert told[
        "DynamoDB: each finding's entry read, a changed finding's entry written twice"
    ] == pytest.approx(0.125 + 0.2 * 0.625)
    assert cost.EVEN.together == pytest.approx(2.93, abs=0.01)
