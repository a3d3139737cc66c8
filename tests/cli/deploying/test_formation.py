"""What CloudFormation reports while it deploys: each resource once, and why it failed."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from hubtriage.cli.deploying.formation import StackEvents, line_of


class Formation:
    """CloudFormation with events, the newest first, two to a page."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.error: ClientError | None = None
        self.pages = 0

    def happens(self, name: str, status: str, reason: str = "", kind: str = "AWS::Lambda::Function") -> None:
        event = {
            "EventId": str(len(self.events)),
            "LogicalResourceId": name,
            "ResourceStatus": status,
            "ResourceType": kind,
        }
        self.events.insert(0, event | ({"ResourceStatusReason": reason} if reason else {}))

    def get_paginator(self, _name: str) -> "Formation":
        return self

    def paginate(self, **_request: Any) -> Iterator[Mapping[str, Any]]:
        if self.error is not None:
            raise self.error
        for start in range(0, len(self.events), 2):
            self.pages += 1
            yield {"StackEvents": self.events[start : start + 2]}


def refusal(message: str) -> ClientError:
    return ClientError({"Error": {"Code": "ValidationError", "Message": message}}, "DescribeStackEvents")


def test_each_resource_that_is_done_is_shown_once_and_what_was_before_is_not() -> None:
    formation, shown = Formation(), list[str]()
    for _ in range(10):
        formation.happens("Old", "UPDATE_COMPLETE")
    events = StackEvents(formation, "hubtriage", shown.append)
    events.begin()
    assert formation.pages == 1, "a stack may have thousands of events"
    formation.happens("hubtriage", "UPDATE_IN_PROGRESS", kind="AWS::CloudFormation::Stack")
    formation.happens("Function", "UPDATE_IN_PROGRESS")
    formation.happens("Function", "UPDATE_COMPLETE")
    events.look()
    formation.happens("Queue", "CREATE_COMPLETE", kind="AWS::SQS::Queue")
    formation.happens("Log", "DELETE_SKIPPED", kind="AWS::Logs::LogGroup")
    formation.happens("hubtriage", "UPDATE_COMPLETE", kind="AWS::CloudFormation::Stack")
    events.look()
    events.look()
    assert shown == [
        "updated  Function  AWS::Lambda::Function",
        "created  Queue  AWS::SQS::Queue",
        "kept     Log  AWS::Logs::LogGroup",
    ]
    assert events.reasons == ()


def test_a_stack_that_is_not_there_yet_has_no_events() -> None:
    formation, shown = Formation(), list[str]()
    formation.error = refusal("Stack [hubtriage] does not exist")
    events = StackEvents(formation, "hubtriage", shown.append)
    events.begin()
    events.look()
    formation.error = None
    formation.happens("Function", "CREATE_COMPLETE")
    events.look()
    assert shown == ["created  Function  AWS::Lambda::Function"]


def test_events_that_cannot_be_read_do_not_end_a_deployment() -> None:
    formation = Formation()
    events = StackEvents(formation, "hubtriage", lambda _line: None)
    events.begin()
    formation.error = refusal("Rate exceeded")
    events.look()
    assert "Rate exceeded" in events.trouble


def test_the_reasons_are_those_of_what_failed_first_and_nothing_in_them_acts_on_a_terminal() -> None:
    formation = Formation()
    events = StackEvents(formation, "hubtriage", lambda _line: None)
    events.begin()
    formation.happens("Rules", "CREATE_FAILED", "refused: \x1b[2J they are of x/y", "Custom::HubtriageRules")
    formation.happens("Function", "UPDATE_FAILED", "Resource update cancelled")
    formation.happens("hubtriage", "UPDATE_ROLLBACK_FAILED", "why", "AWS::CloudFormation::Stack")
    events.look()
    assert events.reasons == ('Rules (Custom::HubtriageRules): "refused: \\u001b[2J they are of x/y"',)


def test_what_has_only_begun_has_no_line() -> None:
    event = {"ResourceStatus": "CREATE_IN_PROGRESS", "ResourceType": "x", "LogicalResourceId": "x"}
    assert line_of(event) is None
