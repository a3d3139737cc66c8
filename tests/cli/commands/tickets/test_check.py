"""`hubtriage tickets check`: what the function of a queue finds, as people and programs get it."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner, Result

from hubtriage.aws.deliveries.outputs import output_of, output_of_queue, queue_functions
from hubtriage.aws.deliveries.tickets.products.examination import examined
from hubtriage.aws.deliveries.tickets.products.kinds import product
from hubtriage.cli import stack
from hubtriage.cli.commands.tickets import check
from hubtriage.cli.main import cli
from hubtriage.localaws.peers.jira.peer import JiraPeer
from tests.support.outside_services import Outside, outside

ARN = "arn:aws:lambda:eu-central-1:999900001111:function:tickets"
SECRET = {"email": "bot@acme.example", "token": "jira-token-0123456789"}


class Account:
    """A stack with a queue, whose function examines a double of Jira."""

    def __init__(self, site: Outside) -> None:
        self.site = site
        self.answer: object = None
        self.error: Exception | None = None
        self.function_error = False

    def invoke(self, **request: Any) -> Any:
        """Run the function."""
        assert (request["FunctionName"], json.loads(request["Payload"])) == (ARN, {"tickets": "check"})
        if self.error:
            raise self.error
        queue = {"kind": "jira", "url": self.site.url, "project": "SEC"}
        made = product(queue, self.site.http, self.site.store)
        said = examined("cloud", "jira", made.check) if self.answer is None else self.answer
        failed = {"FunctionError": "Unhandled"} if self.function_error else {}
        return {"Payload": io.BytesIO(json.dumps(said).encode()), **failed}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """Return a stack with a queue."""
    with outside(JiraPeer, SECRET) as site:
        made = Account(site)
        outputs = {output_of_queue("cloud"): ARN, output_of("sec-chat"): "arn:other"}
        monkeypatch.setattr(stack, "client", lambda _service: made)
        monkeypatch.setattr(check, "outputs", lambda _stack: outputs)
        yield made


def run(*arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(cli, ["tickets", "check", *arguments])


def test_a_queue_that_would_take_tickets(account: Account) -> None:
    done = run("cloud")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == "cloud: jira would take tickets, as far as that shows without one\n"
    assert account.site.stored()["issues"] == []
    assert json.loads(run("cloud", "--json").stdout)["ready"] is True


def test_what_keeps_tickets_from_being_opened(account: Account) -> None:
    account.site.configure(projects={"SEC": {"required": ["duedate"]}})
    done = run("cloud")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("cloud: a Task requires duedate (duedate): let it be optional")
    failed = run("cloud", "--json")
    assert (failed.exit_code, len(json.loads(failed.stdout)["objections"])) == (1, 1)


def test_a_service_that_refuses(account: Account) -> None:
    account.site.secrets.value = {**SECRET, "token": "wrong-token"}
    done = run("cloud")
    assert done.exit_code == 1
    assert "the token is wrong or has expired" in done.stderr
    assert "wrong-token" not in done.output


@pytest.mark.parametrize(
    ("spoil", "said", "code"),
    [
        pytest.param({"answer": {}}, "does not know what it is", 1, id="a function of an older version"),
        pytest.param(
            {"answer": {"errorMessage": "boom"}, "function_error": True},
            "boom",
            1,
            id="a function that fails",
        ),
        pytest.param(
            {"error": ClientError({"Error": {"Code": "AccessDeniedException"}}, "Invoke")},
            "lambda:InvokeFunction",
            1,
            id="no right to ask",
        ),
    ],
)
def test_a_function_that_cannot_be_asked(
    account: Account, spoil: dict[str, Any], said: str, code: int
) -> None:
    for name, value in spoil.items():
        setattr(account, name, value)
    done = run("cloud")
    assert done.exit_code == code
    assert said in done.stderr


def test_a_queue_that_there_is_not(account: Account) -> None:
    assert account is not None
    done = run("clou")
    assert done.exit_code == 2
    assert "has no queue clou" in done.stderr
    assert "did you mean `cloud`?" in done.stderr


def test_a_channel_is_no_queue() -> None:
    assert queue_functions({output_of("a-b"): "x", output_of_queue("c-d"): "y", "Other": "z"}) == {"c-d": "y"}
