"""`hubtriage logs`: which lines of the log it shows, under titles, and that it says when there are none."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, get_args

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner, Result

from hubtriage.aws.triage.results import ResultStatus
from hubtriage.cli.commands.aws import logs
from hubtriage.cli.inputs import look_up
from hubtriage.cli.main import cli
from hubtriage.cli.views.log import TITLES

CHANGE = {"field": "Workflow.Status", "from": "NEW", "to": "SUPPRESSED", "rule": "accepted", "why": "rule"}
LINE = {
    "level": "INFO",
    "message": "finding updated",
    "timestamp": "2026-10-01T08:00:00Z",
    "finding_id": "f1",
    "product_arn": "arn:product/a",
    "outcome": "updated",
    "account": "111122223333",
    "changes": [CHANGE],
}
ACCOUNTS = {
    "111122223333": {"name": "sandbox"},
    "222233334444": {"name": "lab"},
    "333344445555": {"tier": "x"},
}
Run = Callable[..., Result]


def running(monkeypatch: pytest.MonkeyPatch, *lines: dict[str, Any]) -> Run:
    """Runs the command on a log with one line of Lambda and these."""
    messages = ["START RequestId: 1", *map(json.dumps, lines)]
    page = {"events": [{"eventId": str(each), "message": text} for each, text in enumerate(messages)]}
    paginator = SimpleNamespace(paginate=lambda **_: [page])
    monkeypatch.setattr(logs, "known_accounts", lambda _folder: ACCOUNTS)
    monkeypatch.setattr(logs, "outputs", lambda _stack: {"LogGroupName": "g"})
    monkeypatch.setattr(logs, "client", lambda _name: SimpleNamespace(get_paginator=lambda _: paginator))
    return lambda *options: CliRunner().invoke(cli, ["logs", *options])


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command on a log with one decision."""
    return running(monkeypatch, LINE)


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--rule", "accepted"),
        ("--finding", "f1"),
        ("--finding", "1"),
        ("--finding", "f1", "--product-arn", "arn:product/a"),
        ("--account", "111122223333"),
        ("--account", "sandbox"),
        ("--outcome", "updated"),
    ],
)
def test_a_decision_is_shown_under_titles_and_nothing_else(run: Run, options: tuple[str, ...]) -> None:
    result = run(*options, "--utc")
    assert result.stdout.splitlines() == [
        TITLES,
        "2026-10-01 08:00:00+00:00 updated   f1 in account sandbox (111122223333)",
        "    Workflow.Status: NEW -> SUPPRESSED  accepted",
    ]
    assert (result.stderr, result.exit_code) == ("", 0)


@pytest.mark.parametrize(
    "options",
    [
        ("--errors",),
        ("--rule", "another"),
        ("--finding", "f2"),
        ("--finding", "f1", "--product-arn", "arn:product/b"),
        ("--account", "222233334444"),
        ("--account", "lab"),
        ("--outcome", "failed"),
    ],
)
def test_where_there_is_nothing_it_says_so_to_people_only(run: Run, options: tuple[str, ...]) -> None:
    result = run(*options, "--json")
    assert (result.stdout, result.exit_code) == ("", 0)
    assert result.stderr == f"{logs.NOTHING}\n"


def test_programs_get_the_lines_without_titles(run: Run) -> None:
    assert run("--json").stdout == json.dumps(LINE) + "\n"


def finding_ids(result: Result) -> list[str]:
    return [json.loads(line)["finding_id"] for line in result.stdout.splitlines()]


def test_a_whole_id_counts_more_than_the_end_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    run = running(monkeypatch, LINE | {"finding_id": "xf1"}, LINE, LINE)
    assert finding_ids(run("--finding", "f1", "--json")) == ["f1", "f1"]
    assert finding_ids(run("--finding", "xf1", "--json")) == ["xf1"]


@pytest.mark.parametrize(
    ("other", "how", "named"),
    [
        pytest.param({"finding_id": "g1"}, "give more of the Id", ["f1", "g1"], id="two findings"),
        pytest.param(
            {"product_arn": "arn:product/b"},
            "name its product with --product-arn",
            ["arn:product/a", "arn:product/b"],
            id="two products",
        ),
    ],
)
def test_where_several_findings_fit_they_are_named(
    monkeypatch: pytest.MonkeyPatch, other: dict[str, Any], how: str, named: list[str]
) -> None:
    result = running(monkeypatch, LINE, LINE | other)("--finding", "1")
    assert (result.stdout, result.exit_code) == ("", 2)
    assert result.stderr.splitlines() == [f"Error: 2 findings fit; {how}", *(f"  {name}" for name in named)]


def test_while_it_is_followed_it_ends_with_the_second_finding_that_fits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    result = running(monkeypatch, LINE, LINE | {"finding_id": "g1"})("--finding", "1", "--follow", "--json")
    assert result.exit_code == 2
    assert finding_ids(result) == ["f1"]
    assert "2 findings fit" in result.stderr


def test_a_product_without_a_finding_is_wrong_usage(run: Run) -> None:
    assert run("--product-arn", "arn:product/a").exit_code == 2


def test_an_account_that_the_directory_does_not_name_is_wrong_usage(run: Run) -> None:
    result = run("--account", "nowhere")
    assert result.exit_code == 2
    assert "no account has this name" in result.stderr


def test_every_outcome_can_be_asked_for() -> None:
    assert get_args(ResultStatus) == logs.OUTCOMES


def asked(monkeypatch: pytest.MonkeyPatch, since: str) -> int:
    """Return from which time (epoch milliseconds) the log is read."""
    starts: list[int] = []
    paginator = SimpleNamespace(paginate=lambda **request: starts.append(request["startTime"]) or [])
    monkeypatch.setattr(logs, "outputs", lambda _stack: {"LogGroupName": "g"})
    monkeypatch.setattr(logs, "client", lambda _name: SimpleNamespace(get_paginator=lambda _: paginator))
    CliRunner().invoke(cli, ["logs", "--since", since])
    return starts[0]


@pytest.mark.parametrize(
    ("since", "start"),
    [
        ("2h", 1_790_000_000 - 7200),
        ("3d", 1_790_000_000 - 3 * 86400),
        ("2026-09-20", 1_789_862_400),
        ("2026-09-20T12:00:00+02:00", 1_789_898_400),
        ("2026-09-20T10:00:00Z", 1_789_898_400),
    ],
)
def test_since_a_duration_or_a_time(monkeypatch: pytest.MonkeyPatch, since: str, start: int) -> None:
    monkeypatch.setattr(logs.time, "time", lambda: 1_790_000_000.0)
    assert asked(monkeypatch, since) == start * 1000


@pytest.mark.parametrize(
    ("since", "said"),
    [
        ("yesterday", "write a duration such as 15m, 2h or 3d, or a time"),
        ("0h", "write a duration"),
        ("2100-01-01", "in the future"),
    ],
)
def test_what_is_no_past_time_is_wrong_usage(run: Run, since: str, said: str) -> None:
    result = run("--since", since)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())


def hub(monkeypatch: pytest.MonkeyPatch, *titles: tuple[str, str]) -> list[list[str]]:
    """Lets Security Hub show findings with these Ids and titles; returns the Ids that it is asked for."""
    asked_for: list[list[str]] = []

    def paginate(Filters: dict[str, Any]) -> list[dict[str, Any]]:  # noqa: N803 - as AWS names it
        ids = [each["Value"] for each in Filters["Id"]]
        asked_for.append(ids)
        shown = [{"Id": name, "ProductArn": "arn:product/a", "Title": title} for name, title in titles]
        return [{"Findings": [each for each in shown if each["Id"] in ids]}]

    pages = SimpleNamespace(paginate=paginate)
    monkeypatch.setattr(look_up, "client", lambda _name: SimpleNamespace(get_paginator=lambda _: pages))
    return asked_for


def test_titles_are_asked_of_security_hub_once_for_each_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [LINE | {"finding_id": f"f{number % 25}"} for number in range(50)]
    run = running(monkeypatch, *many)
    asked_for = hub(monkeypatch, ("f3", "A bucket is open\x1b[31m\n"), ("f4", "Short"))
    result = run("--titles", "--rule", "accepted", "--utc")
    assert list(map(len, asked_for)) == [20, 5]
    lines = result.stdout.splitlines()
    assert lines.count('    title "A bucket is open\\u001b[31m\\n"') == 2
    assert lines.count("    title Short") == 2
    assert len(lines) == 1 + 2 * 50 + 4
    assert (result.stderr, result.exit_code) == ("", 0)


def test_only_findings_that_are_shown_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    run = running(monkeypatch, LINE, LINE | {"finding_id": "f2", "outcome": "failed"})
    asked_for = hub(monkeypatch)
    assert run("--titles", "--outcome", "failed").exit_code == 0
    assert asked_for == [["f2"]]


def test_where_titles_cannot_be_read_it_says_so_once_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    run = running(monkeypatch, *(LINE | {"finding_id": f"f{number}"} for number in range(30)))

    def refuse(_name: str) -> Any:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetFindings")

    monkeypatch.setattr(look_up, "client", refuse)
    result = run("--titles")
    assert result.stderr.count("without titles: ") == 1
    assert "AccessDeniedException" in result.stderr
    assert (len(result.stdout.splitlines()), result.exit_code) == (61, 0)


def test_programs_get_no_titles(run: Run) -> None:
    assert run("--json", "--titles").exit_code == 2
