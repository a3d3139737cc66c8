"""`hubtriage doctor` against the local AWS: each check's good answer, and each problem provoked."""

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from time import time
from typing import Any

import boto3
import pytest
from click.testing import CliRunner, Result

from hubtriage.aws.ledger.table import KEY
from hubtriage.aws.switch.ledger_guard import mark_name
from hubtriage.cli.main import cli
from hubtriage.engine.planning.entry import Claim, Entry, Intent
from hubtriage.localaws.cloud import LocalCloud
from hubtriage.localaws.securityhub.faults import ScriptedFault
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.support.deployed_stack import DeployedStack, built_stack, deployed_stack
from tests.support.ledger_tables import item_of
from tests.support.paths import TESTS

pytestmark = pytest.mark.e2e

GOLDEN = TESTS / "golden" / "doctor"
PRODUCT = "arn:aws:securityhub:eu-central-1::product/aws/securityhub"
RULES = """\
rules:
  - id: noisy
    match: {GeneratorId: [noisy]}
    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted.}}
"""
WITHOUT_STACK = [
    "hub",
    "hub-v2",
    "administrator",
    "aggregation",
    "rules",
    "automation-rules",
    "quotas",
    "caller",
    "bootstrap",
    "stack",
]
HOME: dict[str, Any] = {"administrator": "999900001111", "home_region": "eu-central-1"}


def finding(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "SchemaVersion": "2018-10-08",
        "Id": f"finding-{number}",
        "ProductArn": PRODUCT,
        "GeneratorId": "noisy",
        "AwsAccountId": "111122223333",
        "Region": "eu-central-1",
        "CreatedAt": "2026-10-01T00:00:00Z",
        "UpdatedAt": "2026-10-01T00:00:00Z",
        "Title": "T",
        "Description": "D",
        "Severity": {"Label": "LOW"},
        "Resources": [{"Type": "Other", "Id": "x"}],
        "Workflow": {"Status": "NEW"},
        "RecordState": "ACTIVE",
        **changes,
    }


def automation_rule(hub: Any, name: str, generator: str, status: str) -> None:
    hub.create_automation_rule(
        RuleName=name,
        RuleOrder=1,
        Description="d",
        Criteria={"GeneratorId": [{"Value": generator, "Comparison": "EQUALS"}]},
        Actions=[{"Type": "FINDING_FIELDS_UPDATE", "FindingFieldsUpdate": {"Workflow": {"Status": status}}}],
    )


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["doctor", "--rules", str(folder), *arguments])


def checks(done: Result) -> dict[str, dict[str, Any]]:
    return {check["check"]: check for check in json.loads(done.stdout)["checks"]}


def hold_to(name: str, output: str, folder: Path) -> None:
    """Compare with the golden file, without what differs from run to run."""
    output = output.replace(str(folder), "RULES")
    output = re.sub(r"\d{4}-\d\d-\d\d( \d\d:\d\d)?", "WHEN", output)
    output = re.sub(r"none of \d+ is on", "none of ALL is on", output)
    output = re.sub(r"as deployed \([0-9a-f]{16}\)", "as deployed (HASH)", output)
    output = re.sub(r"reserved: [\d,]+ of [\d,]+", "reserved: SOME of ALL", output)
    output = re.sub(r"hubtriage-doctor-[0-9a-f]{16}", "hubtriage-doctor-ID", output)
    if os.environ.get("HUBTRIAGE_GOLDEN") == "write":
        (GOLDEN / name).write_text(output, encoding="utf-8")
    assert output == (GOLDEN / name).read_text(encoding="utf-8")


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "rules.yaml").write_text(RULES)
    return folder


@pytest.fixture
def aws(cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalCloud]:
    """The local AWS without a stack, in the environment as any AWS tool reads it."""
    for name, value in cloud.environment.items():
        monkeypatch.setenv(name, value)
    yield cloud
    cloud.control.configure(**HOME, visible_after=0.0)


# Before deploying


def test_before_deploying_all_is_told(aws: LocalCloud, rules: Path) -> None:
    done = run(rules)
    assert done.exit_code == 0, done.output
    hold_to("before.txt", done.stdout, rules)
    assert "\x1b[" not in done.stdout


def turn_off(cloud: LocalCloud) -> None:
    cloud.client("securityhub").disable_security_hub()


def overlap(cloud: LocalCloud) -> None:
    automation_rule(cloud.client("securityhub"), "Tell", "noisy", "NOTIFIED")
    cloud.control.plant([finding(1), finding(2), finding(3, GeneratorId="quiet")])


def agree(cloud: LocalCloud) -> None:
    automation_rule(cloud.client("securityhub"), "Hide", "noisy", "SUPPRESSED")
    cloud.control.plant([finding(1)])


def overlap_unseen(cloud: LocalCloud) -> None:
    automation_rule(cloud.client("securityhub"), "Tell", "noisy", "NOTIFIED")


def other_findings(cloud: LocalCloud) -> None:
    automation_rule(cloud.client("securityhub"), "Tell", "quiet", "NOTIFIED")
    cloud.control.plant([finding(1)])


def many_rules(cloud: LocalCloud) -> None:
    cloud.control.configure(quotas=False)
    for number in range(81):
        automation_rule(cloud.client("securityhub"), f"rule {number}", "quiet", "NOTIFIED")


def per_standard(cloud: LocalCloud) -> None:
    hub = cloud.client("securityhub")
    hub.update_security_hub_configuration(ControlFindingGenerator="STANDARD_CONTROL")


def configured(**settings: Any) -> Callable[[LocalCloud], None]:
    return lambda cloud: cloud.control.configure(**settings)


def denied(operation: str) -> Callable[[LocalCloud], None]:
    fault = ScriptedFault(operation, error="AccessDeniedException", times=100)
    return lambda cloud: cloud.control.fault(fault)


BEFORE = [
    pytest.param(turn_off, "hub", "problem", "off in 999900001111, eu-central-1", id="Security Hub is off"),
    pytest.param(
        per_standard, "hub", "warning", "a finding for each standard", id="findings for each standard"
    ),
    pytest.param(
        configured(administrator="111122223333"), "administrator", "problem", "111122223333", id="a member"
    ),
    pytest.param(
        configured(administrator=None), "administrator", "ok", "stands alone", id="a lonely account"
    ),
    pytest.param(
        configured(home_region="us-east-1"), "aggregation", "problem", "us-east-1", id="a linked Region"
    ),
    pytest.param(configured(home_region=None), "aggregation", "ok", "none", id="no aggregation"),
    pytest.param(
        overlap, "automation-rules", "problem", "1 overlap with rules of yours", id="different values"
    ),
    pytest.param(agree, "automation-rules", "warning", "1 overlap with rules of yours", id="the same value"),
    pytest.param(overlap_unseen, "automation-rules", "warning", "1 overlap", id="criteria that allow it"),
    pytest.param(other_findings, "automation-rules", "ok", "no overlap", id="a rule for other findings"),
    pytest.param(many_rules, "quotas", "warning", "automation rules: 81 of 100", id="few rules left"),
    pytest.param(
        denied("ListMembers"), "administrator", "unchecked", "AccessDenied", id="members may not be listed"
    ),
    pytest.param(
        denied("GetFindings"),
        "automation-rules",
        "unchecked",
        "0 findings looked at",
        id="findings may not be read",
    ),
]


@pytest.mark.parametrize(("provoke", "name", "status", "words"), BEFORE)
def test_what_is_wrong_with_the_account_is_told(
    aws: LocalCloud, rules: Path, provoke: Callable[[LocalCloud], None], name: str, status: str, words: str
) -> None:
    provoke(aws)
    try:
        done = run(rules, "--json", "--findings", "5")
    finally:
        if provoke is turn_off:
            aws.client("securityhub").enable_security_hub()
    found = checks(done)
    assert (found[name]["status"], words in found[name]["seen"]) == (status, True), found[name]
    problems = {check for check, told in found.items() if told["status"] == "problem"}
    assert problems == ({name} if status == "problem" else set())
    assert done.exit_code == (1 if problems else 0)
    assert list(found) == WITHOUT_STACK  # the others go on


def test_what_overlaps_is_told_with_an_example(aws: LocalCloud, rules: Path) -> None:
    overlap(aws)
    hold_to("overlap.txt", run(rules).stdout, rules)
    [told] = checks(run(rules, "--json"))["automation-rules"]["data"]["overlaps"]
    assert told == {
        "automation_rule": "Tell",
        "region": "eu-central-1",
        "rule": "noisy",
        "field": "Workflow.Status",
        "findings": 2,
        "differing": 2,
        "example": "finding-1",
    }


def test_an_overlap_is_what_really_happens(aws: LocalCloud, rules: Path) -> None:
    overlap(aws)
    assert json.loads(run(rules, "--json").stdout)["counts"]["problem"] == 1
    hub = aws.client("securityhub")
    updated = {"FindingIdentifiers": [{"Id": "finding-1", "ProductArn": PRODUCT}]}
    hub.batch_update_findings(**updated, Workflow={"Status": "SUPPRESSED"})
    hub.batch_import_findings(Findings=[finding(1, UpdatedAt="2026-10-05T00:00:00Z")])
    [stored] = [one for one in aws.control.findings() if one["Id"] == "finding-1"]
    assert stored["Workflow"]["Status"] == "NOTIFIED"


def test_automation_rules_of_linked_regions_count_for_their_findings(aws: LocalCloud, rules: Path) -> None:
    there = boto3.session.Session().client("securityhub", region_name="eu-west-1")
    there.enable_security_hub()
    automation_rule(there, "Tell", "noisy", "NOTIFIED")
    aws.control.plant([finding(1), finding(2, Region="eu-west-1")])
    try:
        [told] = checks(run(rules, "--json"))["automation-rules"]["data"]["overlaps"]
    finally:
        arns = [rule["RuleArn"] for rule in there.list_automation_rules()["AutomationRulesMetadata"]]
        there.batch_delete_automation_rules(AutomationRulesArns=arns)
        there.disable_security_hub()
        there.close()
    assert (told["region"], told["findings"], told["example"]) == ("eu-west-1", 1, "finding-2")


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [
        pytest.param("rules: [{id: BAD}]", "problem", "error", id="rules with errors"),
        pytest.param(None, "unchecked", "there is no folder", id="no folder of rules"),
    ],
)
def test_rules_that_cannot_be_used_are_told(
    aws: LocalCloud, tmp_path: Path, text: str | None, status: str, words: str
) -> None:
    overlap_unseen(aws)
    folder = tmp_path / "mine"
    if text is not None:
        folder.mkdir()
        (folder / "rules.yaml").write_text(text)
    found = checks(run(folder, "--json"))
    assert (found["rules"]["status"], words in found["rules"]["seen"]) == (status, True), found["rules"]
    assert found["automation-rules"]["status"] == "unchecked"
    assert found["quotas"]["status"] == "ok"


def test_warnings_and_what_is_unchecked_count_with_strict_only(aws: LocalCloud, rules: Path) -> None:
    denied("ListMembers")(aws)
    assert run(rules).exit_code == 0
    assert run(rules, "--strict").exit_code == 1


def test_what_a_finding_says_does_not_reach_the_terminal(aws: LocalCloud, rules: Path) -> None:
    automation_rule(aws.client("securityhub"), "Tell", "noisy", "NOTIFIED")
    aws.control.plant([finding(1, Id="x\x1b[2J\nok  Security Hub")])
    output = run(rules).stdout
    assert "\x1b[2J" not in output
    assert "\\u001b[2J\\nok  Security Hub" in output


@pytest.mark.parametrize(("udf", "delay"), [("replace", 0.0), ("merge", 0.5)])
def test_the_probe_finds_out_what_is_true_and_leaves_an_archived_finding(
    aws: LocalCloud, rules: Path, udf: str, delay: float
) -> None:
    aws.control.configure(udf=udf, visible_after=delay)
    told = checks(run(rules, "--json", "--probe-udf"))["udf"]
    assert (told["status"], told["data"]) == ("ok", {"udf": udf, "setting": None})
    assert [one["RecordState"] for one in aws.control.findings()] == ["ARCHIVED"]


def test_without_the_probe_nothing_is_changed(aws: LocalCloud, rules: Path) -> None:
    aws.control.plant([finding(1)])
    before = aws.control.findings()
    run(rules)
    assert aws.control.findings() == before
    assert not {"BatchImportFindings", "BatchUpdateFindings"} & set(aws.control.status()["calls"])


def test_without_aws_it_says_so_and_ends(
    aws: LocalCloud, rules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    done = run(rules)
    assert done.exit_code == 2
    assert "Error: AWS cannot be reached: Could not connect" in done.stderr
    assert "hint: look at AWS_PROFILE" in done.stderr


# With a stack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedStack]:
    folder = tmp_path_factory.mktemp("doctor")
    (folder / "rules").mkdir()
    (folder / "rules" / "rules.yaml").write_text(RULES)
    assembly = built_stack(folder / "rules", folder / "out")
    with deployed_stack(assembly, HubSettings.still()) as deployed:
        deployed.settle()
        yield deployed


@pytest.fixture
def deployed(stack: DeployedStack, monkeypatch: pytest.MonkeyPatch) -> DeployedStack:
    for name, value in stack.cloud.environment.items():
        monkeypatch.setenv(name, value)
    return stack


def test_after_deploying_all_is_told(deployed: DeployedStack, rules: Path) -> None:
    done = run(rules, "--probe-udf")
    assert done.exit_code == 0, done.output
    hold_to("after.txt", done.stdout, rules)


Provocation = Callable[[DeployedStack], Callable[[], object]]
"""Makes something wrong, and gives what makes it good again."""


def switched_to(value: str) -> Provocation:
    def provoke(stack: DeployedStack) -> Callable[[], object]:
        systems, name = stack.cloud.client("ssm"), stack.outputs["ModeParameterName"]
        systems.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)
        return lambda: systems.put_parameter(Name=name, Value="enforce", Type="String", Overwrite=True)

    return provoke


def dead_letter(stack: DeployedStack) -> Callable[[], object]:
    sqs, url = stack.cloud.client("sqs"), stack.outputs["DeadLetterQueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="{}")
    return lambda: sqs.purge_queue(QueueUrl=url)


def alarmed(stack: DeployedStack) -> Callable[[], object]:
    watch, name = stack.cloud.client("cloudwatch"), stack.outputs["BreakerAlarmName"]
    actions = watch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["AlarmActions"]
    assert actions
    watch.disable_alarm_actions(AlarmNames=[name])
    watch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="test")

    def undo() -> None:
        watch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="test")
        watch.enable_alarm_actions(AlarmNames=[name])

    return undo


def muted(stack: DeployedStack) -> Callable[[], object]:
    watch, name = stack.cloud.client("cloudwatch"), stack.outputs["BreakerAlarmName"]
    watch.disable_alarm_actions(AlarmNames=[name])
    return lambda: watch.enable_alarm_actions(AlarmNames=[name])


def shut(stack: DeployedStack) -> Callable[[], object]:
    events, name = stack.cloud.client("events"), stack.outputs["IntakeRuleName"]
    events.disable_rule(Name=name)
    return lambda: events.enable_rule(Name=name)


def unmapped(stack: DeployedStack) -> Callable[[], object]:
    functions = stack.cloud.client("lambda")
    listed = functions.list_event_source_mappings(FunctionName=stack.outputs["FunctionName"])
    [mapping] = listed["EventSourceMappings"]
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    return lambda: functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)


def paused(stack: DeployedStack) -> Callable[[], object]:
    """Do what the guard of the ledger does while the ledger does not answer."""
    functions, systems = stack.cloud.client("lambda"), stack.cloud.client("ssm")
    listed = functions.list_event_source_mappings(FunctionName=stack.outputs["FunctionName"])
    [mapping] = listed["EventSourceMappings"]
    name = mark_name("hubtriage")
    systems.put_parameter(Name=name, Value=mapping["UUID"], Type="String")
    resume = unmapped(stack)

    def undo() -> None:
        resume()
        systems.delete_parameter(Name=name)

    return undo


def unprotected(stack: DeployedStack) -> Callable[[], object]:
    tables, name = stack.cloud.client("dynamodb"), stack.outputs["LedgerTableName"]
    tables.update_table(TableName=name, DeletionProtectionEnabled=False)
    return lambda: tables.update_table(TableName=name, DeletionProtectionEnabled=True)


def not_recoverable(stack: DeployedStack) -> Callable[[], object]:
    tables, name = stack.cloud.client("dynamodb"), stack.outputs["LedgerTableName"]

    def switch(on: bool) -> None:
        wanted = {"PointInTimeRecoveryEnabled": on}
        tables.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=wanted)

    switch(False)
    return lambda: switch(True)


def ending_by_themselves(stack: DeployedStack) -> Callable[[], object]:
    tables, name = stack.cloud.client("dynamodb"), stack.outputs["LedgerTableName"]

    def switch(on: bool) -> None:
        wanted = {"Enabled": on, "AttributeName": "until"}
        tables.update_time_to_live(TableName=name, TimeToLiveSpecification=wanted)

    switch(True)
    return lambda: switch(False)


def with_entry(finding_id: str, held: Entry, **changes: Any) -> Provocation:
    """Put an entry into the ledger; `changes` are attributes that are otherwise."""

    def provoke(stack: DeployedStack) -> Callable[[], object]:
        tables, table = stack.cloud.client("dynamodb"), stack.outputs["LedgerTableName"]
        item = {**item_of(finding_id, held), **changes}
        tables.put_item(TableName=table, Item=item)
        return lambda: tables.delete_item(TableName=table, Key={KEY: item[KEY]})

    return provoke


def hidden_by(rule: str, *, with_its_entry: bool) -> Provocation:
    """Plant a finding that triage has closed for a rule that is not deployed."""
    note = {"Text": "Accepted.", "UpdatedBy": f"hubtriage/{rule}", "UpdatedAt": "2026-10-01T00:00:00Z"}
    planted = finding(90, GeneratorId="quiet", Workflow={"Status": "SUPPRESSED"}, Note=note)
    entry = Entry(claims={"Workflow.Status": Claim("SUPPRESSED", rule)})

    def provoke(stack: DeployedStack) -> Callable[[], object]:
        # Its event would have it reopened at once.
        open_again = shut(stack)
        stack.cloud.control.plant([planted])
        stack.cloud.wait_until_idle()
        open_again()
        forget = with_entry(planted["Id"], entry)(stack) if with_its_entry else lambda: None

        def undo() -> None:
            forget()
            archived = {**planted, "RecordState": "ARCHIVED", "UpdatedAt": "2027-01-01T00:00:00Z"}
            stack.cloud.client("securityhub").batch_import_findings(Findings=[archived])

        return undo

    return provoke


def held_for_ever(stack: DeployedStack) -> Callable[[], object]:
    """Put a field into `never` of which the ledger holds a claim."""
    functions, function = stack.cloud.client("lambda"), stack.outputs["FunctionName"]
    variables = functions.get_function_configuration(FunctionName=function)["Environment"]["Variables"]

    def set_never(names: str) -> None:
        changed = {"Variables": {**variables, "HUBTRIAGE_NEVER": names}}
        functions.update_function_configuration(FunctionName=function, Environment=changed)
        functions.get_waiter("function_active_v2").wait(FunctionName=function)

    forget = with_entry("held", Entry(claims={"Severity.Label": Claim("LOW", "noisy")}))(stack)
    set_never("Severity.Label")

    def undo() -> None:
        set_never(variables["HUBTRIAGE_NEVER"])
        forget()

    return undo


def unpermitted(stack: DeployedStack) -> Callable[[], object]:
    functions, iam = stack.cloud.client("lambda"), stack.cloud.client("iam")
    configuration = functions.get_function_configuration(FunctionName=stack.outputs["FunctionName"])
    role = configuration["Role"].rpartition("/")[2]
    policy = iam.get_role_policy(RoleName=role, PolicyName="triage")["PolicyDocument"]
    statement = {"Effect": "Deny", "Action": "securityhub:BatchUpdateFindings", "Resource": "*"}
    denying = json.dumps({"Version": "2012-10-17", "Statement": [*policy["Statement"], statement]})
    iam.put_role_policy(RoleName=role, PolicyName="triage", PolicyDocument=denying)
    return lambda: iam.put_role_policy(RoleName=role, PolicyName="triage", PolicyDocument=json.dumps(policy))


def sweep_stopped(stack: DeployedStack) -> Callable[[], object]:
    states, machine = stack.cloud.client("stepfunctions"), stack.outputs["SweepArn"]
    request = json.dumps({"request": {"scopes": "nonsense"}})
    arn = states.start_execution(stateMachineArn=machine, input=request)["executionArn"]
    states.stop_execution(executionArn=arn)

    def undo() -> None:
        states.start_execution(stateMachineArn=machine, input="{}")
        stack.cloud.wait_until_idle()

    return undo


AFTER = [
    pytest.param(switched_to("observe"), "mode", "warning", "nothing is written", id="triage observes"),
    pytest.param(switched_to("stop"), "mode", "problem", "not a mode", id="a mode that there is not"),
    pytest.param(dead_letter, "queues", "problem", "1 dead letters", id="a dead letter"),
    pytest.param(alarmed, "alarms", "problem", "are on", id="an alarm"),
    pytest.param(muted, "alarms", "warning", "switched off", id="an alarm that nobody hears"),
    pytest.param(shut, "intake", "problem", "disabled", id="the intake is shut"),
    pytest.param(unmapped, "intake", "problem", "mapping is", id="the function gets nothing"),
    pytest.param(paused, "intake", "problem", "the ledger did not answer", id="the ledger does not answer"),
    pytest.param(unprotected, "ledger", "warning", "deleted by mistake", id="an unprotected ledger"),
    pytest.param(not_recoverable, "ledger", "warning", "cannot be restored", id="no backups"),
    pytest.param(ending_by_themselves, "ledger", "problem", "by the attribute until", id="a time to live"),
    pytest.param(
        with_entry("broken", Entry(), entry={"S": "{}"}),
        "ledger-entries",
        "problem",
        "1 entry cannot be read",
        id="an entry that cannot be read",
    ),
    pytest.param(
        with_entry("begun", Entry(intent=Intent({}, {"Workflow.Status": "NEW"}, {}, time() - 86_400))),
        "ledger-entries",
        "warning",
        "whether 1 update happened",
        id="an update that may have happened",
    ),
    pytest.param(
        hidden_by("deleted", with_its_entry=True),
        "hidden",
        "problem",
        "1 finding hidden by triage, although no rule",
        id="a finding that should be open",
    ),
    pytest.param(
        hidden_by("deleted", with_its_entry=False),
        "hidden",
        "warning",
        "1 closed finding with a note of triage, but without an entry",
        id="a lost entry",
    ),
    pytest.param(
        held_for_ever, "never", "problem", "Severity.Label (1 finding)", id="what cannot be taken back"
    ),
    pytest.param(
        unpermitted, "function", "problem", "lacks securityhub:BatchUpdateFindings", id="a lost permission"
    ),
    pytest.param(sweep_stopped, "sweep", "problem", "started", id="a sweep that did not end"),
]


@pytest.mark.parametrize(("provoke", "name", "status", "words"), AFTER)
def test_what_is_wrong_with_the_stack_is_told(
    deployed: DeployedStack, rules: Path, provoke: Provocation, name: str, status: str, words: str
) -> None:
    undo = provoke(deployed)
    try:
        done = run(rules, "--json")
    finally:
        undo()
    found = checks(done)
    assert (found[name]["status"], words in found[name]["seen"]) == (status, True), found[name]
    assert found[name]["do"]
    problems = {check for check, told in found.items() if told["status"] == "problem"}
    assert problems == ({name} if status == "problem" else set())
    assert done.exit_code == (1 if problems else 0)


def test_rules_that_are_not_deployed_are_told(deployed: DeployedStack, rules: Path) -> None:
    (rules / "rules.yaml").write_text(RULES.replace("SUPPRESSED", "NOTIFIED"))
    told = checks(run(rules, "--json"))["rules"]
    assert told["status"] == "warning"
    assert told["data"]["folder"] != told["data"]["deployed"]


TAGGING = """\
  - id: tagging
    match: {GeneratorId: [noisy]}
    update: {UserDefinedFields: {team: blue}}
"""


@pytest.mark.parametrize(
    ("text", "status"),
    [
        pytest.param(RULES, "warning", id="it would lose keys once a rule sets user-defined fields"),
        pytest.param(RULES + TAGGING, "problem", id="it loses keys"),
    ],
)
def test_a_setting_that_loses_keys_is_told(
    deployed: DeployedStack, rules: Path, text: str, status: str
) -> None:
    (rules / "rules.yaml").write_text(text)
    functions, name = deployed.cloud.client("lambda"), deployed.outputs["FunctionName"]
    variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    functions.update_function_configuration(
        FunctionName=name, Environment={"Variables": {**variables, "HUBTRIAGE_UDF": "merge"}}
    )
    active = functions.get_waiter("function_active_v2")
    active.wait(FunctionName=name)
    try:
        done = run(rules, "--json", "--probe-udf")
    finally:
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
        active.wait(FunctionName=name)
    assert checks(done)["udf"]["status"] == status
    assert done.exit_code == (status == "problem")
