"""`hubtriage logs`: which lines of the log it tells, and that it says when there are none."""

import json
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result

from hubtriage.cli.commands.aws import logs
from hubtriage.cli.main import cli

CHANGE = {"field": "Workflow.Status", "from": "NEW", "to": "SUPPRESSED", "rule": "accepted", "why": "rule"}
LINE = {
    "level": "INFO",
    "message": "finding updated",
    "timestamp": "2026-10-01T08:00:00Z",
    "finding_id": "f1",
    "outcome": "updated",
    "changes": [CHANGE],
}
Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command on a log with one line of Lambda and one decision."""
    messages = ["START RequestId: 1", json.dumps(LINE)]
    page = {"events": [{"eventId": str(each), "message": text} for each, text in enumerate(messages)]}
    paginator = SimpleNamespace(paginate=lambda **_: [page])
    monkeypatch.setattr(logs, "outputs", lambda _stack: {"LogGroupName": "g"})
    monkeypatch.setattr(logs, "client", lambda _name: SimpleNamespace(get_paginator=lambda _: paginator))
    return lambda *options: CliRunner().invoke(cli, ["logs", *options])


@pytest.mark.parametrize("options", [(), ("--rule", "accepted"), ("--finding", "f1")])
def test_a_decision_is_told_and_nothing_else(run: Run, options: tuple[str, ...]) -> None:
    result = run(*options)
    assert result.stdout.splitlines() == [
        "2026-10-01 08:00:00 updated f1",
        "    Workflow.Status: NEW -> SUPPRESSED  accepted",
    ]
    assert (result.stderr, result.exit_code) == ("", 0)


@pytest.mark.parametrize("options", [("--errors",), ("--rule", "another"), ("--finding", "f2")])
def test_where_there_is_nothing_it_says_so_to_people_only(run: Run, options: tuple[str, ...]) -> None:
    result = run(*options, "--json")
    assert (result.stdout, result.exit_code) == ("", 0)
    assert result.stderr == f"{logs.NOTHING}\n"
