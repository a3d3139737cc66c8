"""The local AWS from the outside: its process, its deployments, and events on their way to a function."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from hubtriage.localaws.cloud import LocalCloud
from hubtriage.localaws.crashes import recorded_crashes
from hubtriage.localaws.deploy import DeploymentError
from hubtriage.localaws.errors import LocalCloudError
from hubtriage.localaws.hub_control import HubControl
from hubtriage.localaws.process import EmulatorProcess
from hubtriage.localaws.securityhub.faults import ScriptedFault

pytestmark = pytest.mark.e2e

_PRODUCT = "arn:aws:securityhub:eu-central-1::product/aws/securityhub"

_HANDLER = '''
import json, os
import boto3

hub = boto3.client("securityhub")

def handler(event, context):
    """Note how many records came together, and by whom, on each finding that has no note of ours yet."""
    found = [json.loads(record["body"])["detail"]["findings"][0] for record in event["Records"]]
    fresh = {f["Id"]: f["ProductArn"] for f in found if "batch" not in f.get("UserDefinedFields", {})}
    print(json.dumps({"batch": len(event["Records"])}))
    identifiers = [{"Id": key, "ProductArn": value} for key, value in fresh.items()]
    for start in range(0, len(identifiers), 100):
        hub.batch_update_findings(
            FindingIdentifiers=identifiers[start:start + 100],
            UserDefinedFields={"batch": str(len(event["Records"]))},
        )
    return {"batchItemFailures": []}
'''


def _template(key: str, **extra: Any) -> dict[str, Any]:
    """A rule, a queue and a function, as small as they can be."""
    trust = {
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
        ]
    }
    return {
        "Parameters": {
            "BootstrapVersion": {
                "Type": "AWS::SSM::Parameter::Value<String>",
                "Default": "/cdk-bootstrap/hnb659fds/version",
            }
        },
        "Resources": {
            "Queue": {
                "Type": "AWS::SQS::Queue",
                "Properties": {"QueueName": "findings", "VisibilityTimeout": 60},
            },
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}},
            "Function": {
                "Type": "AWS::Lambda::Function",
                "Properties": {
                    "FunctionName": "mark",
                    "Handler": "index.handler",
                    "Runtime": "python3.13",
                    "Timeout": 30,
                    "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                    "TracingConfig": {"Mode": "Active"},
                    "Code": {
                        "S3Bucket": {"Fn::Sub": "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"},
                        "S3Key": key,
                    },
                },
            },
            "Mapping": {
                "Type": "AWS::Lambda::EventSourceMapping",
                "Properties": {
                    "FunctionName": {"Ref": "Function"},
                    "EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]},
                    "BatchSize": 200,
                    "MaximumBatchingWindowInSeconds": 5,
                    "FunctionResponseTypes": ["ReportBatchItemFailures"],
                },
            },
            "Rule": {
                "Type": "AWS::Events::Rule",
                "Properties": {
                    "EventPattern": {
                        "source": ["aws.securityhub"],
                        "detail-type": ["Security Hub Findings - Imported"],
                        "detail": {"findings": {"RecordState": ["ACTIVE"]}},
                    },
                    "Targets": [{"Id": "queue", "Arn": {"Fn::GetAtt": ["Queue", "Arn"]}}],
                },
            },
            "Question": {
                "Type": "AWS::Logs::QueryDefinition",
                "Properties": {"Name": "why", "QueryString": "fields @message"},
            },
            **extra,
        },
        "Outputs": {"QueueUrl": {"Value": {"Ref": "Queue"}}},
    }


def _assembly(folder: Path, **extra: Any) -> Path:
    """A cloud assembly as `cdk synth` would write one."""
    asset = folder / "asset.mark"
    asset.mkdir(parents=True)
    (asset / "index.py").write_text(_HANDLER)
    destination = {
        "bucketName": "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}",
        "objectKey": "mark.zip",
    }
    files = {
        "mark": {"source": {"path": asset.name, "packaging": "zip"}, "destinations": {"here": destination}}
    }
    (folder / "small.assets.json").write_text(json.dumps({"files": files}))
    (folder / "small.template.json").write_text(json.dumps(_template("mark.zip", **extra)))
    artifacts = {
        "small.assets": {"type": "cdk:asset-manifest", "properties": {"file": "small.assets.json"}},
        "small": {
            "type": "aws:cloudformation:stack",
            "environment": "aws://unknown-account/unknown-region",
            "properties": {"templateFile": "small.template.json"},
            "dependencies": ["small.assets"],
        },
    }
    (folder / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    return folder


def _finding(finding_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "SchemaVersion": "2018-10-08",
        "Id": finding_id,
        "ProductArn": _PRODUCT,
        "GeneratorId": "check",
        "AwsAccountId": "111122223333",
        "CreatedAt": "2026-10-01T00:00:00Z",
        "UpdatedAt": "2026-10-01T00:00:00Z",
        "Title": "title",
        "Description": "description",
        "Resources": [{"Type": "Other", "Id": "r"}],
        **changes,
    }


@pytest.fixture(scope="module")
def deployed(running_cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The small stack, deployed; and destroyed in the end."""
    assembly = _assembly(tmp_path_factory.mktemp("assembly") / "cdk.out")
    yield running_cloud.deploy(assembly)
    running_cloud.destroy(assembly)


def test_findings_reach_the_function_in_large_batches_and_its_updates_echo(
    cloud: LocalCloud, deployed: dict[str, dict[str, str]]
) -> None:
    assert deployed["small"]["QueueUrl"].endswith("/findings")
    findings = [_finding(f"f{number}") for number in range(150)]
    findings += [_finding(f"a{number}", RecordState="ARCHIVED") for number in range(10)]
    for start in range(0, len(findings), 100):
        cloud.client("securityhub").batch_import_findings(Findings=findings[start : start + 100])
    cloud.wait_until_idle(60)
    marked = Counter("batch" in each.get("UserDefinedFields", {}) for each in cloud.control.findings())
    assert marked == {True: 150, False: 10}
    sizes = [
        json.loads(line)["batch"] for line in cloud.log_messages("/aws/lambda/mark") if '"batch"' in line
    ]
    assert max(sizes) > 10
    status = cloud.control.status()
    updated = sum(call.processed for call in cloud.control.updates())
    assert updated >= 150
    assert status["events"]["delivered"] >= 160 + updated
    assert sum(sizes) == status["events"]["delivered"] - _archived_events(cloud)
    assert all(call.trace and call.trace.startswith("Root=1-") for call in cloud.control.updates())
    assert cloud.queue_depths()["findings"] == 0


def test_a_function_changes_findings_as_a_session_of_its_role(
    cloud: LocalCloud, deployed: dict[str, dict[str, str]]
) -> None:
    assert deployed
    hub = cloud.client("securityhub")
    hub.batch_import_findings(Findings=[_finding("f")])
    cloud.wait_until_idle(60)
    identifier = {"Id": "f", "ProductArn": _PRODUCT}
    updated, made = hub.get_finding_history(FindingIdentifier=identifier)["Records"]
    role = cloud.client("lambda").get_function(FunctionName="mark")["Configuration"]["Role"]
    session = f"arn:aws:sts::{cloud.account}:assumed-role/{role.rpartition('/')[2]}/mark"
    assert updated["UpdateSource"] == {"Type": "BATCH_UPDATE_FINDINGS", "Identity": session}
    assert made["UpdateSource"] == {"Type": "BATCH_IMPORT_FINDINGS", "Identity": _PRODUCT}


def _archived_events(cloud: LocalCloud) -> int:
    """Events that the rule's pattern lets pass by: each archived finding's import, with its duplicates."""
    delivered = cloud.control.status()["events"]["delivered"]
    sizes = [
        json.loads(line)["batch"] for line in cloud.log_messages("/aws/lambda/mark") if '"batch"' in line
    ]
    left_out = delivered - sum(sizes)
    assert 10 <= left_out <= 20
    return left_out


def test_deploying_the_same_again_changes_nothing(
    cloud: LocalCloud, deployed: dict[str, dict[str, str]], tmp_path: Path
) -> None:
    assert cloud.deploy(_assembly(tmp_path / "again")) == deployed


def test_a_stack_that_cannot_be_says_which_resource_and_why(cloud: LocalCloud, tmp_path: Path) -> None:
    assembly = _assembly(tmp_path / "wrong", Odd={"Type": "AWS::Nowhere::Thing", "Properties": {}})
    manifest = json.loads((assembly / "manifest.json").read_text())
    manifest["artifacts"]["small"]["properties"]["stackName"] = "wrong"
    (assembly / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises((DeploymentError, ClientError), match="AWS::Nowhere::Thing"):
        cloud.deploy(assembly)


def test_callers_cannot_forge_events_of_security_hub(cloud: LocalCloud) -> None:
    entry = {"Source": "aws.securityhub", "DetailType": "Security Hub Findings - Imported", "Detail": "{}"}
    [answer] = cloud.client("events").put_events(Entries=[entry])["Entries"]
    assert answer["ErrorCode"] == "NotAuthorizedForSourceException"


def test_a_lost_answer_breaks_the_connection_after_the_update(cloud: LocalCloud) -> None:
    hub = cloud.client("securityhub")
    hub.batch_import_findings(Findings=[_finding("f")])
    cloud.control.fault(ScriptedFault(lose_answer=True))
    request = {"FindingIdentifiers": [{"Id": "f", "ProductArn": _PRODUCT}], "Confidence": 5}
    with pytest.raises(ConnectionClosedError):
        hub.batch_update_findings(**request)
    assert cloud.control.findings()[0]["Confidence"] == 5
    assert hub.batch_update_findings(**request)["UnprocessedFindings"] == []


def test_an_answer_can_be_too_late(cloud: LocalCloud) -> None:
    from botocore.config import Config

    impatient = cloud.client(
        "securityhub", config=Config(read_timeout=0.5, retries={"total_max_attempts": 1})
    )
    cloud.control.fault(ScriptedFault("DescribeHub", delay=1.5))
    with pytest.raises(ReadTimeoutError):
        impatient.describe_hub()
    impatient.close()


def test_accounts_and_regions_have_hubs_of_their_own(cloud: LocalCloud) -> None:
    cloud.client("securityhub").batch_import_findings(Findings=[_finding("here")])
    import boto3

    elsewhere = boto3.session.Session().client(
        "securityhub",
        endpoint_url=cloud.endpoint,
        region_name="us-east-1",
        aws_access_key_id="111122223333",
        aws_secret_access_key="local",
    )
    with pytest.raises(ClientError, match="111122223333 is not subscribed"):
        elsewhere.get_findings()
    elsewhere.enable_security_hub()
    assert elsewhere.get_findings()["Findings"] == []
    elsewhere.close()


def test_operations_that_are_not_there_say_so(cloud: LocalCloud) -> None:
    with pytest.raises(ClientError, match="not in the local AWS: GET /invitations"):
        cloud.client("securityhub").list_invitations()


@pytest.mark.parametrize(
    ("ask", "complaint"),
    [
        (lambda control: control.configure(colour="red"), "colour"),
        (lambda control: control.plant([{"Title": "no identity"}]), "ProductArn"),
        (lambda control: control._ask("GET", "nowhere"), "there is"),
    ],
    ids=["an unknown setting", "a finding without identity", "an unknown path"],
)
def test_the_control_endpoint_says_what_is_wrong(cloud: LocalCloud, ask: Any, complaint: str) -> None:
    with pytest.raises(LocalCloudError, match=complaint):
        ask(cloud.control)


def test_it_listens_on_loopback_only(cloud: LocalCloud) -> None:
    addresses = {address for address, port in _listening() if port == urlsplit(cloud.endpoint).port}
    assert addresses == {"0100007F"}


def _listening() -> list[tuple[str, int]]:
    """(hexadecimal address, port) of the TCP sockets that listen on this machine."""
    rows = [
        line.split()
        for name in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
    ]
    return [
        (local.split(":")[0], int(local.split(":")[1], 16))
        for _, local, _, state, *_ in rows
        if state == "0A"
    ]


def test_a_port_in_use_is_said_so() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(LocalCloudError, match="cannot be used: Address already in use"):
            LocalCloud(port=taken.getsockname()[1]).start()


_OWNER = """
import sys, time
from hubtriage.localaws.cloud import LocalCloud
cloud = LocalCloud()
cloud.start()
print(cloud.process.folder, cloud.endpoint, flush=True)
if sys.argv[1] == "fail":
    raise RuntimeError("as tests do")
time.sleep(60)
"""


@pytest.mark.parametrize("end", ["fail", "kill"])
def test_nothing_is_left_when_its_owner_ends(end: str) -> None:
    command = [sys.executable, "-c", _OWNER, end]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as owner:
        assert owner.stdout is not None
        name, endpoint = owner.stdout.readline().split()
        folder, port = Path(name), urlsplit(endpoint).port
        if end == "kill":
            assert HubControl(endpoint).status()["stored"] == 0
            os.kill(owner.pid, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and (folder.exists() or _answers(port)):
        time.sleep(0.1)
    assert not folder.exists()
    assert not _answers(port)


def _answers(port: int | None) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


_CRASHING = """
import threading
from hubtriage.localaws import gateway, launcher
def crash():
    for target, name in ((gateway._put_on_bus, "ours"), (gateway.module("core.arn").parse_arn, "its own")):
        thread = threading.Thread(target=target, args=({},), name=name)
        thread.start()
        thread.join()
gateway.kill_functions = lambda: crash() or 0
launcher.main()
"""


@pytest.fixture
def crashing(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a local AWS two threads crash when functions are to be killed."""
    monkeypatch.setattr(EmulatorProcess, "launcher", ("-c", _CRASHING))


@pytest.mark.usefixtures("crashing")
def test_a_crash_of_our_own_inside_fails_whoever_stops_it(caplog: pytest.LogCaptureFixture) -> None:
    cloud = LocalCloud()
    cloud.start()
    cloud.control.kill_functions()
    assert [(crash.where, crash.ours) for crash in recorded_crashes(cloud.process.folder)] == [
        ("exception in thread ours", True),
        ("exception in thread its own", False),
    ]
    with pytest.raises(LocalCloudError, match=r"(?s)crashed inside:.*thread ours.*in _put_on_bus.*KeyError"):
        cloud.stop()
    assert "the emulator itself failed: exception in thread its own" in caplog.text
    cloud.stop()


@pytest.mark.usefixtures("crashing")
def test_a_crash_inside_is_added_to_the_error_of_a_test() -> None:
    def fail() -> None:
        with LocalCloud() as cloud:
            cloud.control.kill_functions()
            raise ValueError("of the test")

    with pytest.raises(ValueError, match="of the test") as raised:
        fail()
    assert "crashed inside" in raised.value.__notes__[0]
