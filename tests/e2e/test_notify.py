"""From a finding to a message in Slack and a signed webhook, on a deployed stack with IAM in force."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from click.testing import CliRunner, Result

from hubtriage.cli.main import cli
from hubtriage.localaws.cloud import LocalCloud
from hubtriage.localaws.findings import generate
from hubtriage.localaws.peers.faults import PeerFault
from hubtriage.localaws.peers.server import Peers, PeerServer
from hubtriage.localaws.peers.slack import SlackPeer, SlackSettings
from hubtriage.localaws.peers.webhook import WebhookPeer, WebhookSettings
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.support.acting import created_role, session_of
from tests.support.deployed_stack import SHORT_WINDOW, DeployedStack, built_stack

pytestmark = pytest.mark.e2e

RULES = """\
rules:
  - id: accepted
    match: {ProductName: [GuardDuty]}
    ceiling: HIGH
    owner: soc
    notify: [sec-chat, programs]
    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted., UpdatedBy: hubtriage}}
"""
CHANNELS = {
    "sec-chat": {"kind": "slack", "secret": "hubtriage/slack", "about": ["mode-changed"]},
    "programs": {"kind": "webhook", "secret": "hubtriage/hook", "daily-limit": 1000},
    "lost": {"kind": "slack", "secret": "hubtriage/none"},
}


@dataclass(frozen=True, slots=True)
class Site:
    """A deployed stack with channels, and the doubles that they write to."""

    stack: DeployedStack
    server: PeerServer

    def messages(self) -> list[dict[str, Any]]:
        """Return what is shown in Slack."""
        return list(self.server.peers.stored("slack")["messages"])

    def taken(self) -> list[dict[str, Any]]:
        """Return the events that the webhook has taken."""
        return [each["event"] for each in self.server.peers.stored("hook")["deliveries"]]

    def run(self, monkeypatch: pytest.MonkeyPatch, *arguments: str, role: str | None = None) -> Result:
        """Run the command, with the rights of a role if one is given."""
        session = session_of(self.stack.cloud, role) if role else {}
        for name, value in {**self.stack.cloud.environment, **session}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
        return CliRunner().invoke(cli, ["notify", *arguments])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Deploy a stack with three channels; one has no secret."""
    folder = tmp_path_factory.mktemp("channels")
    (folder / "rules").mkdir()
    (folder / "rules" / "rules.yaml").write_text(RULES)
    assembly = built_stack(folder / "rules", folder / "out", decision_events=True, channels=CHANNELS)
    peers = Peers({"slack": SlackPeer, "hook": WebhookPeer})
    cloud = LocalCloud(HubSettings.still(), batching_window=SHORT_WINDOW, auth=True)
    with PeerServer(peers) as server, cloud:
        secrets = cloud.client("secretsmanager")
        for name, value in {
            "hubtriage/slack": {"url": f"{server.url('slack')}{SlackSettings().path}"},
            "hubtriage/hook": {
                "url": f"{server.url('hook')}{WebhookSettings().path}",
                "signing_keys": list(WebhookSettings().keys),
            },
        }.items():
            secrets.create_secret(Name=name, SecretString=json.dumps(value))
        (outputs,) = cloud.deploy(assembly).values()
        cloud.wait_until_idle()  # the deployment sets the mode, which is a message
        yield Site(DeployedStack(cloud, outputs), server)


def test_hidden_findings_are_one_message_and_many_webhooks(site: Site) -> None:
    findings = list(generate(30, seed=5, producers=("guardduty",), touched=0))
    site.stack.import_findings(findings)
    site.stack.settle()
    hidden = [each for each in site.stack.findings().values() if each["Workflow"]["Status"] == "SUPPRESSED"]
    assert hidden
    events = site.taken()
    assert {each["type"] for each in events} == {"hubtriage.hidden"}
    assert sorted(each["data"]["finding"]["id"] for each in events) == sorted(each["Id"] for each in hidden)
    told = "\n".join(text for message in site.messages() for text in message["texts"])
    assert told.count("Rule accepted hid") >= 1
    assert len(site.messages()) < len(hidden)
    assert {kind for message in site.messages() for kind, _value, _where in message["live"]} <= {"link"}


def test_a_channel_is_tried_out_with_the_documented_rights(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    rights = ["lambda:InvokeFunction", "lambda:GetFunctionConfiguration", "cloudformation:DescribeStacks"]
    person = created_role(site.stack.cloud, "Tester", {"Effect": "Allow", "Action": rights, "Resource": "*"})
    before = len(site.messages())
    done = site.run(monkeypatch, "test", "sec-chat", role=person)
    assert (done.exit_code, done.stdout) == (0, "sec-chat: slack accepted a test message\n"), done.output
    assert site.messages()[before]["title"] == "hubtriage: test message"
    assert site.run(monkeypatch, "test", "programs", role=person).exit_code == 0
    assert site.taken()[-1]["type"] == "hubtriage.notice"
    listed = json.loads(site.run(monkeypatch, "list", "--json", role=person).stdout)
    assert [each["name"] for each in listed] == ["lost", "programs", "sec-chat"]


@pytest.mark.usefixtures("site")
def test_each_failure_of_a_channel_is_named(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    done = site.run(monkeypatch, "test", "lost")
    assert done.exit_code == 1
    assert (
        "lost: the secret of the channel is of no use: the secret hubtriage/none cannot be read"
        in done.stderr
    )
    site.server.peers.act("slack", "archive", {})
    done = site.run(monkeypatch, "test", "sec-chat")
    site.server.peers.act("slack", "revive", {})
    assert done.exit_code == 1
    assert "HTTP 410 Gone, channel_is_archived" in done.stderr
    assert site.run(monkeypatch, "test", "none").exit_code == 2


def test_a_message_that_fails_comes_again(site: Site) -> None:
    before = len(site.messages())
    site.server.peers.faults.add(PeerFault("status", peer="slack", status=429, retry_after=2))
    finding = next(generate(1, seed=77, producers=("guardduty",), touched=0))
    site.stack.import_findings(
        [{**finding, "Severity": {"Label": "LOW"}, "Title": "<!channel> evil.example"}]
    )
    site.stack.settle()
    [message] = site.messages()[before:]
    assert any("<!channel> evil[.]example" in text for text in message["texts"])
    assert {kind for kind, _value, _where in message["live"]} <= {"link"}
