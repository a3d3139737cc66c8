"""What the doctor says of Security Hub V2: whether it is on, named, forgotten, and what its rules set."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hubtriage.aws.securityhub.api import CSPM, V2, Key
from hubtriage.aws.triage.config import TriageConfig
from hubtriage.doctor.account import Account, Deployed, Identity
from hubtriage.doctor.checks.account import hub, hub_v2, quotas
from hubtriage.doctor.checks.rules import native_rules_v2
from hubtriage.doctor.checks.runtime import function
from hubtriage.doctor.examine import CHECKS, examine
from hubtriage.doctor.sample import EntrySample
from hubtriage.doctor.verdict import Verdict
from hubtriage.engine.planning.entry import Entry
from hubtriage.localaws.securityhub.hub import Hub
from hubtriage.localaws.securityhub.inprocess import InProcessSecurityHub, ManualClock
from tests.support.triage_world import key
from tests.support.v2_triage_world import v2_key


class FakeHub:
    """A client of a hub that is on, or answers with an error code, and has automation rules."""

    def __init__(self, answer: str = "", rules: Collection[dict[str, Any]] = ()) -> None:
        self._answer = answer
        self._rules = {rule["RuleId"]: rule for rule in rules}

    def describe_security_hub_v2(self) -> dict[str, Any]:
        if self._answer:
            raise ClientError({"Error": {"Code": self._answer}}, "DescribeSecurityHubV2")
        return {"HubV2Arn": "arn", "SubscribedAt": "2026-10-01T00:00:00Z"}

    def list_automation_rules_v2(self, **request: Any) -> dict[str, Any]:
        """One rule a page. AWS: without what their actions set."""
        names = list(self._rules)
        at = names.index(request["NextToken"]) if "NextToken" in request else 0
        rule = self._rules[names[at]]
        page = [{name: rule[name] for name in ("RuleId", "RuleStatus")}]
        return {"Rules": page} | ({"NextToken": names[at + 1]} if at + 1 < len(names) else {})

    def get_automation_rule_v2(self, *, Identifier: str) -> dict[str, Any]:  # noqa: N803 - its name there
        return self._rules[Identifier]


def account(
    client: FakeHub, hubs: Collection[str], entries: Collection[Key] = (), rules: Path = Path("rules")
) -> Account:
    clock = ManualClock()
    made = Account(
        lambda _service, _region=None: client,
        InProcessSecurityHub(Hub(), clock),
        clock,
        stack="blue",
        rules=rules,
        most_findings=0,
        hubs=hubs,
    )
    environment = TriageConfig(hubs=frozenset(hubs), ledger_table="l").as_environment()
    outputs = {"ModeParameterName": "/m", "QueueUrl": "https://q/1/queue", "LedgerTableName": "l"}
    made.__dict__["deployed"] = Deployed("blue", "CREATE_COMPLETE", outputs) if entries else None
    made.__dict__["function"] = {"Environment": {"Variables": environment}}
    made.__dict__["identity"] = Identity("1" * 12, "eu-central-1", "aws", "arn")
    made.__dict__["sample"] = EntrySample(len(entries), [(each, Entry()) for each in entries])
    return made


@pytest.mark.parametrize(
    ("answer", "hubs", "entries", "status", "said"),
    [
        pytest.param("", (CSPM, V2), [], "ok", "on since 2026-10-01", id="on and named"),
        pytest.param("InvalidAccessException", (V2,), [], "problem", 'hubs = ["cspm"]', id="named and off"),
        pytest.param("", (CSPM,), [], "warning", 'hubs = ["cspm", "v2"]', id="on and not named"),
        pytest.param("", (CSPM,), [key(1), v2_key(1)], "problem", "sweep --take-back", id="still held"),
        pytest.param("AccessDenied", (CSPM,), [v2_key(1)], "problem", "no one takes", id="not known"),
    ],
)
def test_the_hub_is_compared_with_the_setting(
    answer: str, hubs: Collection[str], entries: list[Key], status: str, said: str
) -> None:
    verdict = hub_v2.look(account(FakeHub(answer), hubs, entries))
    assert verdict is not None
    assert (verdict.status, said in f"{verdict.seen} {verdict.advice}") == (status, True), verdict


@pytest.mark.parametrize("answer", ["ResourceNotFoundException", "AccessDeniedException"])
def test_nothing_is_said_of_a_hub_that_no_one_uses(answer: str) -> None:
    assert hub_v2.look(account(FakeHub(answer), (CSPM,), [key(1)])) is None


def test_a_missing_permission_is_reported_where_it_matters() -> None:
    with pytest.raises(ClientError):
        hub_v2.look(account(FakeHub("AccessDeniedException"), (V2,)))


def test_the_other_hub_is_not_looked_at_where_it_is_not_triaged() -> None:
    assert hub.look(account(FakeHub(), (V2,))) is None
    assert hub.look(account(FakeHub(), (V2,), [v2_key(1)])) is None


def test_findings_of_the_other_hub_that_the_ledger_still_holds_are_reported() -> None:
    verdict = hub.look(account(FakeHub(), (V2,), [v2_key(1), key(1)]))
    assert verdict is not None
    assert verdict.status == "problem"
    assert "holds findings of Security Hub CSPM, and hubs does not name cspm" in verdict.seen


@pytest.mark.parametrize(
    ("name", "of"),
    [
        ("administrator", CSPM),
        ("aggregation", CSPM),
        ("automation-rules", CSPM),
        ("automation-rules-v2", V2),
    ],
)
def test_what_concerns_one_hub_is_not_asked_where_the_other_alone_is_triaged(name: str, of: str) -> None:
    (check,) = (each for each in CHECKS if each.name == name)
    (other,) = {CSPM, V2} - {of}
    assert list(examine(account(FakeHub(), (other,)), [check])) == []


def test_automation_rules_of_a_hub_that_is_not_triaged_do_not_count() -> None:
    assert list(quotas.automation_rules(account(FakeHub(), (V2,)))) == []


@pytest.mark.parametrize(
    ("hubs", "ends"),
    [((CSPM,), ["hub/default"]), ((V2,), ["hubv2/any"]), ((CSPM, V2), ["hub/default", "hubv2/any"])],
)
def test_the_function_needs_what_its_hubs_need(hubs: Collection[str], ends: list[str]) -> None:
    seen = account(FakeHub(), hubs, [key(1)])
    seen.__dict__["customer_key"] = None
    assert seen.deployed is not None
    needed = function.needed(seen, seen.deployed)
    assert sorted(arn.rpartition(":")[2] for arn in needed if ":securityhub:" in arn) == ends


def rule(name: str, status: str = "ENABLED", **sets: Any) -> dict[str, Any]:
    actions = [{"Type": "FINDING_FIELDS_UPDATE", "FindingFieldsUpdate": sets}]
    return {"RuleId": name, "RuleName": name, "RuleStatus": status, "Actions": actions}


def overlaps(tmp_path: Path, *rules: dict[str, Any]) -> Verdict | None:
    (tmp_path / "rules.yaml").write_text(
        "rules:\n"
        "  - id: mine\n"
        "    match: {Region: [eu-west-1]}\n"
        "    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: T.}}\n"
        "  - id: watched\n"
        "    mode: observe\n"
        "    match: {Region: [eu-west-1]}\n"
        "    update: {Severity: {Label: LOW}, Note: {Text: T.}}\n"
    )
    return native_rules_v2.look(account(FakeHub(rules=rules), (V2,), rules=tmp_path))


def test_rules_of_v2_that_set_what_ours_set_are_named(tmp_path: Path) -> None:
    verdict = overlaps(
        tmp_path,
        rule("hides", StatusId=3, Comment="x"),
        rule("lowers", SeverityId=1),
        rule("off", "DISABLED", StatusId=3),
    )
    assert verdict is not None
    assert (verdict.status, verdict.seen) == ("warning", "2 in force, 2 fields that rules of yours set too")
    assert list(verdict.details) == [
        "the automation rule 'hides' sets Comment, and so do mine",
        "the automation rule 'hides' sets StatusId, and so do mine",
    ]


def test_rules_of_v2_that_set_something_else_are_fine(tmp_path: Path) -> None:
    verdict = overlaps(tmp_path, rule("lowers", SeverityId=1))
    assert verdict is not None
    assert (verdict.status, verdict.seen) == ("ok", "1 in force, none sets what rules of yours set")
