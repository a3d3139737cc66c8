"""`hubtriage hand-back`: what it shows, asks and sends."""

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from click.testing import CliRunner, Result

from hubtriage.aws.ledger.ledger import Page
from hubtriage.aws.ledger.memory import MemoryLedger
from hubtriage.cli.commands.aws import hand_back
from hubtriage.cli.inputs import handed_back
from hubtriage.cli.main import cli
from hubtriage.engine.planning.entry import Claim, Entry
from tests.support.triage_world import finding, key

FUNCTION = "arn:aws:lambda:eu-west-1:111122223333:function:hubtriage-HandBack"
ANA = "arn:aws:sts::111122223333:assumed-role/Analyst/ana"
RULES = """
rules:
  - id: buckets
    match: {Resources: {Type: [AwsS3Bucket]}}
    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted., UpdatedBy: hubtriage}}
"""
OVERRULED = Entry({"Workflow.Status": Claim("SUPPRESSED", "buckets", overruled=1, person=True)}, 0, 1.0, 2.0)


class Found(MemoryLedger):
    """A ledger that finds names by a part of them, as the table does."""

    def find(self, part: str, token: str | None = None) -> Page:
        page = self.scan(None, token)
        return replace(page, entries=[(key, entry) for key, entry in page.entries if part in key[1]])


class Account:
    """An account with a stack, its findings and its ledger; what was asked of its function."""

    def __init__(self) -> None:
        self.mode = "enforce"
        self.outputs = {"HandBackFunctionArn": FUNCTION, "LedgerTableName": "ledger"}
        self.findings = [finding(1), finding(2, Note={"Text": "Mine.\x1b[2J", "UpdatedBy": "ana"})]
        self.ledger = Found()
        self.ledger.write({key(1): OVERRULED, key(2): Entry()})
        self.asked: list[dict[str, Any]] = []
        self.answer: dict[str, Any] = {"by": ANA}
        self.error: dict[str, str] = {}

    def get_parameter(self, **_request: Any) -> Any:
        return {"Parameter": {"Value": self.mode}}

    def get_paginator(self, operation: str) -> "Account":
        assert operation == "get_findings"
        return self

    def paginate(self, Filters: Any) -> Any:  # noqa: N803 - AWS's name
        named = [each["Value"] for each in Filters["Id"]]
        products = [each["Value"] for each in Filters.get("ProductArn", ())]
        fitting = [
            f for f in self.findings if f["Id"] in named and (not products or f["ProductArn"] in products)
        ]
        yield {"Findings": fitting}

    def invoke(self, **request: Any) -> Any:
        assert request["FunctionName"] == FUNCTION
        self.asked.append(json.loads(request["Payload"]))
        return {"Payload": io.BytesIO(json.dumps(self.answer).encode()), **self.error}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Account:
    made = Account()
    session = botocore.session.get_session()
    session.set_credentials("AKID", "secret")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "rules.yaml").write_text(RULES)
    for module in (hand_back, handed_back):
        monkeypatch.setattr(module, "client", lambda _service: made)
    monkeypatch.setattr(hand_back, "outputs", lambda _stack: made.outputs)
    monkeypatch.setattr(hand_back, "table_of", lambda _stack: ("ledger", made.ledger))
    monkeypatch.setattr(hand_back.botocore.session, "get_session", lambda: session)
    return made


def run(*arguments: str, **options: Any) -> Result:
    return CliRunner().invoke(cli, ["hand-back", *arguments], **options)


def test_it_shows_what_people_hold_and_what_rules_want_and_asks(account: Account) -> None:
    done = run("finding-1", input="y\n")
    assert done.exit_code == 0, done.output
    assert done.stdout == (
        "finding-1\n"
        "  a person holds Workflow.Status: NEW\n"
        "  then Workflow.Status: NEW -> SUPPRESSED  buckets\n"
        "  then Note.Text: none -> Accepted.  buckets\n"
        f"handed back 1 finding, by {ANA}; it takes effect in 5 minutes\n"
    )
    (asked,) = account.asked
    assert asked["findings"] == [{"ProductArn": key(1)[0], "Id": "finding-1"}]
    assert set(asked["proof"]) == {"authorization", "date"}


@pytest.mark.parametrize(("answer", "exit_code"), [("n\n", 1), ("", 2)])
def test_without_a_yes_nothing_is_handed_back(account: Account, answer: str, exit_code: int) -> None:
    done = run("finding-1", input=answer)
    assert done.exit_code == exit_code
    assert not account.asked


def test_several_from_a_file_or_standard_input(account: Account, tmp_path: Path) -> None:
    (tmp_path / "ids").write_text("finding-1\n\nfinding-2\nfinding-1\n")
    assert run("--from", "ids", "--yes").exit_code == 0
    assert run("--from", "-", "--yes", "finding-2", input="finding-1\n").exit_code == 0
    assert [len(asked["findings"]) for asked in account.asked] == [2, 2]


def test_json_is_for_programs(account: Account) -> None:
    done = run("finding-1", "finding-2", "--yes", "--json")
    record = json.loads(done.stdout)
    assert record["by"] == ANA
    held = [each["held_by_people"] for each in record["findings"]]
    assert held == [
        [{"field": "Workflow.Status", "value": "NEW"}],
        [{"field": "Note.Text", "value": "Mine.\x1b[2J"}],
    ]
    assert [change["to"] for change in record["findings"][1]["changes"]] == ["SUPPRESSED", "Accepted."]


def test_nothing_of_a_finding_controls_the_terminal(account: Account) -> None:
    assert "\x1b" not in run("finding-2", "--yes").output


def test_the_end_of_an_id_is_found_in_the_ledger(account: Account) -> None:
    assert run("ding-2", "--yes").exit_code == 0
    assert account.asked[0]["findings"][0]["Id"] == "finding-2"


def test_without_rules_it_says_what_people_hold(account: Account) -> None:
    done = run("finding-1", "--yes", "--rules", "elsewhere")
    assert done.exit_code == 0
    assert "then" not in done.stdout
    assert "there is no folder elsewhere here" in done.stderr


WRONG = [
    pytest.param([], 2, "name the findings to hand back", id="none"),
    pytest.param(
        [f"f{n}" for n in range(101)], 2, "101 findings are more than the 100 of one call", id="too many"
    ),
    pytest.param(["finding-9"], 2, "there is no finding finding-9", id="one that is not there"),
    pytest.param(
        ["--from", "nowhere"], 2, "nowhere: there is no such file or folder", id="a file that is not there"
    ),
]


@pytest.mark.parametrize(("arguments", "exit_code", "said"), WRONG)
def test_what_cannot_be_handed_back(
    account: Account, arguments: list[str], exit_code: int, said: str
) -> None:
    done = run(*arguments, "--yes")
    assert (done.exit_code, account.asked) == (exit_code, [])
    assert said in done.stderr.replace("\n", " ")


def test_two_findings_of_one_id_need_their_product(account: Account) -> None:
    account.findings.append({**finding(1), "ProductArn": "arn:other"})
    assert run("finding-1", "--yes").exit_code == 2
    assert run("finding-1", "--yes", "--product-arn", key(1)[0]).exit_code == 0


def test_in_observe_it_says_that_nothing_would_happen(account: Account) -> None:
    account.mode = "observe"
    done = run("finding-1", "--yes")
    assert (done.exit_code, account.asked) == (1, [])
    assert "is in observe: it writes nothing" in done.stderr


def test_a_stack_of_before_takes_nothing_back(account: Account) -> None:
    account.outputs = {}
    assert "cannot hand findings back" in run("finding-1", "--yes").stderr


REFUSED = [
    pytest.param({"refused": "AWS does not accept the signature"}, {}, "refused: AWS does not", id="refused"),
    pytest.param(
        {"errorMessage": "boom"}, {"FunctionError": "Unhandled"}, "the function failed: boom", id="failed"
    ),
]


@pytest.mark.parametrize(("answer", "error", "said"), REFUSED)
def test_what_the_function_says_is_said(account: Account, answer: Any, error: Any, said: str) -> None:
    account.answer, account.error = answer, error
    done = run("finding-1", "--yes")
    assert done.exit_code == 1
    assert said in done.stderr
