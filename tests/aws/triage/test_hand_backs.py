"""A finding that is handed back: waited for, read, decided on as if no one held it, and logged with who."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from hubtriage.aws.ledger.lease import LAG, LEAST_LEASE
from hubtriage.aws.triage.decision_log import decision_record, level_of
from hubtriage.aws.triage.events import parse_event
from hubtriage.aws.triage.hand_backs import MOST_HAND_BACKS, VOID_AFTER
from hubtriage.aws.triage.results import Report
from hubtriage.localaws.securityhub.asff.timestamps import write_timestamp
from tests.support.triage_world import (
    NOW,
    TriageBench,
    TriageWorld,
    by_a_person,
    endings,
    finding,
    key,
    lags,
    record,
    sqs,
)

ANA = "arn:aws:sts::111122223333:assumed-role/Analyst/ana"
ACTION = "arn:aws:securityhub:eu-west-1:111122223333:action/custom/handback"
NEW, NOTIFIED, RESOLVED = ({"Status": word} for word in ("NEW", "NOTIFIED", "RESOLVED"))
UPDATED, UNCHANGED = {"finding-0": ("updated", "")}, {"finding-0": ("unchanged", "")}


def handing_back(at: float, number: int = 0, receives: int = 1, **members: Any) -> dict[str, Any]:
    """What the stack's function sends."""
    product_arn, name = key(number)
    body = {
        "source": "hubtriage.hand-back",
        "detail-type": "Hand Back",
        "time": write_timestamp(at),
        "detail": {"findings": [{"ProductArn": product_arn, "Id": name}], "by": ANA},
    }
    return record(f"hand-back-{number}", receives=receives, body=json.dumps(body | members))


def chosen(time: float, action: str = ACTION, **members: Any) -> dict[str, Any]:
    """What Security Hub sends when somebody chooses a Custom Action."""
    body = {
        "source": "aws.securityhub",
        "detail-type": "Security Hub Findings - Custom Action",
        "time": write_timestamp(time),
        "resources": [action],
        "detail": {"actionName": "Hand back", "findings": [finding(**members)]},
    }
    return record("chosen", body=json.dumps(body))


class Site:
    """A finding that triage had suppressed and that a person has reopened, and a person who hands it back."""

    def __init__(self, *rules: Mapping[str, Any]) -> None:
        self.world = TriageWorld(1)
        self.bench = TriageBench(self.world, *rules)
        self.bench.triage.hand_back_action = ACTION

    def reopened(self) -> "Site":
        assert endings(self.bench.see()) == UPDATED
        self.pass_(2 * LAG)
        by_a_person(self.world, Workflow=NEW)
        assert endings(self.bench.see()) == UNCHANGED
        assert self.world.entry(0).claims["Workflow.Status"].person
        self.pass_(2 * LAG)
        return self

    def pass_(self, seconds: float) -> None:
        self.world.clock.sleep(seconds)

    @property
    def now(self) -> float:
        return self.world.clock.now()

    @property
    def status(self) -> str:
        return str(self.world.stored(0)["Workflow"]["Status"])

    def run(self, *records: Mapping[str, Any], **options: Any) -> Report:
        return self.bench.run(*records, deadline=self.now + 600, **options)


def test_a_reopened_finding_is_hidden_again() -> None:
    site = Site().reopened()
    sent = handing_back(site.now)
    report = site.run(sent)
    assert endings(report) == {"finding-0": ("failed", "HandBackWaits")}
    assert site.status == "NEW"
    (again_at,) = report.again_at.values()
    assert again_at == pytest.approx(site.now + LAG, abs=0.001)
    site.pass_(LAG)
    assert endings(site.run({**sent})) == UPDATED
    assert site.status == "SUPPRESSED"
    assert not site.world.entry(0).claims["Workflow.Status"].person
    site.pass_(LAG)
    assert endings(site.run(sent)) == UNCHANGED, "the same once more"
    assert endings(site.bench.see()) == UNCHANGED


def test_the_console_hands_back_by_one_custom_action() -> None:
    site = Site().reopened()
    at = site.now
    site.pass_(LAG)
    report = site.run(chosen(at))
    assert endings(report) == UPDATED
    assert decision_record(site.bench.told[-1])["hand_back"]["by"] == ACTION


def test_another_custom_action_hands_nothing_back() -> None:
    site = Site().reopened()
    other = chosen(site.now - LAG, action=ACTION + "2")
    report = site.run(other)
    assert [each.reason for each in report.unusable] == ["not a findings event"]
    site.bench.triage.hand_back_action = ""
    assert site.run(chosen(site.now - LAG)).unusable
    assert site.status == "NEW"


def test_what_a_hand_back_says_of_the_finding_is_not_believed() -> None:
    site = Site().reopened()
    shown = finding(Severity={"Label": "CRITICAL"}, Workflow=RESOLVED, Title="Forged", Resources=[])
    body = {"findings": [shown], "by": ANA}
    site.run(handing_back(site.now - LAG, detail=body))
    assert site.status == "SUPPRESSED", "the rule is about the finding's resources"
    (event,) = parse_event(sqs(chosen(NOW)), ACTION).finding_events
    assert event.finding.keys() == {"ProductArn", "Id", "AwsAccountId"}


def test_the_log_says_who_handed_back_and_what() -> None:
    site = Site().reopened()
    at = site.now
    site.pass_(LAG)
    site.run(handing_back(at))
    outcome = site.bench.told[-1]
    line = decision_record(outcome)
    assert line["hand_back"] == {"by": ANA, "at": "2027-01-15T08:20:00.000+00:00"}
    assert line["handed_back"] == ["Workflow.Status"]
    site.pass_(LAG)
    site.run(handing_back(site.now - LAG))
    assert site.bench.told[-1].result.status == "unchanged"
    assert level_of(site.bench.told[-1]) == "INFO", "also if nothing was to be done"


def test_waiting_is_no_warning() -> None:
    site = Site().reopened()
    site.run(handing_back(site.now))
    assert level_of(site.bench.told[-1]) == "INFO"


def test_a_reading_that_lags_is_not_taken_for_what_people_did() -> None:
    """The analyst suppresses by hand and hands back at once; GetFindings still shows NEW."""
    site = Site({"id": "none", "match": {"Id": ["x"]}, "update": {"Criticality": 1}})
    by_a_person(site.world, Workflow={"Status": "SUPPRESSED"})
    sent = handing_back(site.now)
    lags(site.world, 250)
    site.run(sent)
    site.pass_(LAG)
    assert endings(site.run(sent)) == UPDATED
    assert site.status == "NEW"


def test_a_person_who_decides_after_the_hand_back_is_heard() -> None:
    site = Site().reopened()
    sent = handing_back(site.now)
    site.pass_(60)
    by_a_person(site.world, Workflow=NOTIFIED)
    site.bench.see()
    site.pass_(LAG)
    assert endings(site.run(sent)) == UNCHANGED
    assert site.status == "NOTIFIED"
    assert site.world.entry(0).claims["Workflow.Status"].person


def test_a_finding_that_triage_does_not_know_can_be_handed_back() -> None:
    site = Site()
    by_a_person(site.world, Workflow=NOTIFIED)
    site.bench.see()
    assert site.status == "NOTIFIED"
    site.pass_(LAG)
    assert endings(site.run(handing_back(site.now - LAG))) == UPDATED
    assert site.status == "SUPPRESSED"


def test_one_above_every_ceiling_is_not_hidden() -> None:
    site = Site().reopened()
    site.world.hub.plant({**site.world.stored(0), "Severity": {"Label": "CRITICAL"}}, site.now)
    site.pass_(LAG)
    site.run(handing_back(site.now - LAG))
    assert site.status == "NEW"


def test_in_observe_nothing_is_handed_back() -> None:
    site = Site().reopened()
    sent = handing_back(site.now - LAG)
    assert endings(site.run(sent, mode="observe")) == {"finding-0": ("unchanged", "Observe")}
    assert site.world.entry(0).claims["Workflow.Status"].person


def test_in_reopen_nothing_is_hidden_and_the_person_forgotten() -> None:
    site = Site().reopened()
    site.run(handing_back(site.now - LAG), mode="reopen")
    assert site.status == "NEW"
    assert "Workflow.Status" not in site.world.entry(0).claims
    assert endings(site.bench.see()) == UPDATED
    assert site.status == "SUPPRESSED"


def test_an_old_hand_back_is_void() -> None:
    site = Site().reopened()
    at = site.now
    site.pass_(VOID_AFTER + 1)
    report = site.run(handing_back(at))
    assert endings(report) == {"finding-0": ("refused", "HandBackTooOld")}
    assert not report.failed_messages()
    assert site.status == "NEW"


def test_a_container_takes_so_many_and_leaves_the_rest_for_later() -> None:
    site = Site()
    for number in range(1, MOST_HAND_BACKS + 3):
        site.world.hub.plant(finding(number), NOW)
    site.pass_(LAG)
    report = site.run(*(handing_back(NOW, number) for number in range(MOST_HAND_BACKS + 3)))
    limited = [end for end in endings(report).values() if end == ("failed", "HandBackLimit")]
    assert len(limited) == len(report.failed_messages()) == len(report.again_at) == 3


def test_an_event_beside_it_is_triaged_at_once_while_the_hand_back_waits() -> None:
    site = Site().reopened()
    shown = record("event", site.world.stored(0), age=NOW - site.now)
    report = site.run(shown, handing_back(site.now))
    assert [(outcome.result.status, outcome.result.code) for outcome in report.outcomes] == [
        ("failed", "HandBackWaits"),
        ("unchanged", ""),
    ]
    assert [message.id for message in report.failed_messages()] == ["hand-back-0"]


@pytest.mark.parametrize("order", [0, 1], ids=["before", "after"])
def test_an_event_and_a_hand_back_that_is_due_are_decided_together(order: int) -> None:
    site = Site().reopened()
    records = [record("event", site.world.stored(0), age=NOW - site.now), handing_back(site.now - LAG)]
    report = site.run(*(records[::-1] if order else records))
    assert endings(report) == UPDATED
    assert len(report.outcomes) == 1
    assert site.status == "SUPPRESSED"


def test_it_is_not_decided_before_our_own_last_write_is_sure() -> None:
    site = Site().reopened()
    entry = site.world.entry(0)
    wrote = replace(entry, started=site.now - 9, ended=site.now - 8, written={"Criticality": 5})
    site.world.ledger.write({key(0): wrote})
    sent = handing_back(site.now - LAG)
    assert endings(site.run(sent)) == {"finding-0": ("failed", "Undecidable")}
    site.pass_(LAG)
    assert endings(site.run(sent)) == UPDATED
    assert site.status == "SUPPRESSED"


def test_it_is_not_decided_while_an_update_is_under_way() -> None:
    site = Site().reopened()
    entry = site.world.entry(0)
    site.world.ledger.write({key(0): entry.intending(entry, {"Criticality": 5}, {}, site.now - 9)})
    sent = handing_back(site.now - LAG)
    assert endings(site.run(sent)) == {"finding-0": ("failed", "Undecidable")}
    assert site.status == "NEW"
    site.pass_(LEAST_LEASE)
    assert endings(site.run(sent)) == UPDATED, "what it was about is settled first"


def test_a_finding_that_is_not_there_is_refused_in_the_end() -> None:
    site = Site()
    site.pass_(LAG)
    ends = [endings(site.run(handing_back(NOW, 7, receives=again))) for again in (1, 3)]
    assert [end["finding-7"] for end in ends] == [
        ("failed", "FindingNotFound"),
        ("refused", "FindingNotFound"),
    ]


NO_HAND_BACKS = [
    pytest.param({"detail": {"findings": [finding()]}}, id="nobody named"),
    pytest.param({"detail": {"findings": [finding()], "by": ""}}, id="an empty name"),
    pytest.param({"detail": {"findings": [finding()], "by": "x" * 3000}}, id="too long a name"),
    pytest.param({"detail": {"findings": [finding()], "by": ["x"]}}, id="a name that is no text"),
    pytest.param({"detail": None}, id="no detail"),
    pytest.param({"time": "soon"}, id="no time"),
    pytest.param({"detail": {"findings": [], "by": ANA}}, id="no finding"),
    pytest.param({"detail": {"findings": [{"Id": "x"}], "by": ANA}}, id="a finding without a name"),
]


@pytest.mark.parametrize("members", NO_HAND_BACKS)
def test_what_cannot_be_read_is_unusable(members: dict[str, Any]) -> None:
    parsed = parse_event(sqs(handing_back(NOW, **members)), ACTION)
    assert not parsed.finding_events
    assert len(parsed.unusable) == 1
