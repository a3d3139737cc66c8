"""`hubtriage notify`: the function's own answer, as people and programs get it."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from click.testing import CliRunner, Result

from hubtriage.aws.deliveries.outputs import channel_functions, output_of
from hubtriage.cli import stack
from hubtriage.cli.commands.notify import list_, test
from hubtriage.cli.main import cli
from hubtriage.localaws.peers.faults import PeerFault
from tests.support.chat_world import ChatWorld, Invocation, chat_world

ARN = "arn:aws:lambda:eu-central-1:999900001111:function:chat"
SETTINGS = {
    "name": "sec-chat",
    "kind": "slack",
    "secret": "hubtriage/slack",
    "daily-limit": 200,
    "about": ["mode-changed", "expires-soon"],
    "address": [],
}


class Account:
    """A stack with one channel, whose function runs here."""

    def __init__(self, world: ChatWorld) -> None:
        self.world = world
        self.outputs = {output_of("sec-chat"): ARN, "LogGroupName": "x"}
        self.error: Exception | None = None
        self.answer: bytes | None = None
        self.function_error = False
        self.environment: dict[str, str] = {"CHANNEL": json.dumps(SETTINGS)}

    def invoke(self, **request: Any) -> Any:
        """Run the function."""
        assert request["FunctionName"] == ARN
        if self.error:
            raise self.error
        answer = self.answer
        if answer is None:
            said = self.world.function()(json.loads(request["Payload"]), Invocation())
            answer = json.dumps(said).encode()
        failed = {"FunctionError": "Unhandled"} if self.function_error else {}
        return {"Payload": io.BytesIO(answer), **failed}

    def get_function_configuration(self, **request: Any) -> Any:
        """Show the function."""
        assert request == {"FunctionName": ARN}
        if self.error:
            raise self.error
        return {"Environment": {"Variables": self.environment}}


@pytest.fixture(params=["slack", "teams", "webhook"])
def account(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """Return a stack with a channel of each kind."""
    with chat_world(request.param) as world:
        made = Account(world)
        for module in (list_, stack):
            monkeypatch.setattr(module, "client", lambda _service: made)
        for module in (list_, test):
            monkeypatch.setattr(module, "outputs", lambda _stack: made.outputs)
        yield made


def run(*arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(cli, ["notify", *arguments])


def test_a_test_message_is_sent_through_the_function(account: Account) -> None:
    done = run("test", "sec-chat")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(f"sec-chat: {account.world.kind} accepted a test message\n")
    assert ("look into the channel" in done.stdout) == (account.world.kind == "teams")
    assert len(account.world.messages()) == 1


def test_programs_get_json(account: Account) -> None:
    done = run("test", "sec-chat", "--json")
    assert done.exit_code == 0
    said = json.loads(done.stdout)
    assert (said["channel"], said["sent"], said["failed"]) == ("sec-chat", True, None)


def test_each_failure_says_which_step_and_what_to_do(account: Account) -> None:
    account.world.site.secrets.error = "AccessDeniedException"
    done = run("test", "sec-chat")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith(
        "Error: sec-chat: the secret of the channel is of no use: "
        "the secret hubtriage/peer cannot be read: AccessDeniedException\n  hint: the secret must be JSON"
    )
    account.world.site.secrets.error = None
    account.world.site.act({"slack": "revoke", "teams": "off", "webhook": "remove"}[account.world.kind])
    done = run("test", "sec-chat")
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: sec-chat: the message was not sent: HTTP 4")
    failed = run("test", "sec-chat", "--json")
    assert (failed.exit_code, json.loads(failed.stdout)["failed"]) == (1, "message")


def test_a_lost_answer_is_not_known(account: Account) -> None:
    account.world.site.control.fault(PeerFault("reset", after=True))
    done = run("test", "sec-chat")
    assert done.exit_code == 1
    assert "it is not known whether the message was sent" in done.stderr


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """Return a stack with a channel in Slack."""
    with chat_world("slack") as world:
        made = Account(world)
        for module in (list_, stack):
            monkeypatch.setattr(module, "client", lambda _service: made)
        for module in (list_, test):
            monkeypatch.setattr(module, "outputs", lambda _stack: made.outputs)
        yield made


def test_an_unknown_channel_is_wrong_usage(slack: Account) -> None:
    done = run("test", "sec-chta")
    assert (done.exit_code, done.stderr) == (
        2,
        "Error: stack hubtriage has no channel sec-chta\n  hint: did you mean `sec-chat`?\n",
    )
    slack.outputs = {}
    done = run("test", "sec-chat")
    assert done.exit_code == 2
    assert "hubtriage.toml defines channels" in done.stderr


@pytest.mark.parametrize(
    ("error", "exit_code", "said"),
    [
        (ClientError({"Error": {"Code": "AccessDeniedException"}}, "Invoke"), 1, "AccessDeniedException"),
        (ReadTimeoutError(endpoint_url="x"), 2, "AWS cannot be reached"),
    ],
)
def test_a_function_that_cannot_be_called(
    slack: Account, error: Exception, exit_code: int, said: str
) -> None:
    slack.error = error
    done = run("test", "sec-chat")
    assert done.exit_code == exit_code
    assert said in done.stderr
    assert "lambda:InvokeFunction" in done.stderr
    listed = run("list")
    assert listed.exit_code == exit_code
    assert "lambda:GetFunctionConfiguration" in listed.stderr


def test_a_function_that_fails(slack: Account) -> None:
    slack.function_error, slack.answer = True, b'{"errorMessage": "CHANNEL=\\u001b[2J: must not be empty"}'
    done = run("test", "sec-chat")
    assert done.exit_code == 1
    assert "the function failed" in done.stderr
    assert "\x1b" not in done.stderr


@pytest.mark.parametrize("answer", [b"null", b'{"batchItemFailures": []}', b"[]", b"<html>"])
def test_a_function_of_another_version(slack: Account, answer: bytes) -> None:
    slack.answer = answer
    assert run("test", "sec-chat").exit_code == 1


def test_channels_are_listed(slack: Account) -> None:
    done = run("list")
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        "channel   kind   messages a day  secret           also about",
        "sec-chat  slack             200  hubtriage/slack  mode-changed, expires-soon",
    ]
    assert json.loads(run("list", "--json").stdout) == [
        {
            "name": "sec-chat",
            "kind": "slack",
            "secret": "hubtriage/slack",
            "daily_limit": 200,
            "about": ["mode-changed", "expires-soon"],
        }
    ]


def test_a_stack_without_channels(slack: Account) -> None:
    slack.outputs = {"LogGroupName": "x"}
    assert run("list").stdout.startswith("the stack has no channels")
    assert json.loads(run("list", "--json").stdout) == []


def test_a_function_without_its_settings(slack: Account) -> None:
    slack.environment = {}
    done = run("list")
    assert done.exit_code == 1
    assert "is not a channel's function of this version" in done.stderr


@pytest.mark.parametrize("name", ["a", "sec-chat", "a-b-c", "1-2", "a--b", "dash", "a-dash"])
def test_the_output_of_a_channel_names_it_alone(name: str) -> None:
    key = output_of(name)
    assert key.isalnum()
    assert channel_functions({key: "arn", "Other": "x"}) == {name: "arn"}
