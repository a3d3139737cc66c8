"""What decisions become outside of AWS: tickets in a double of Jira, and messages in one of Slack."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hubtriage.localaws.cloud import LocalCloud
from hubtriage.localaws.peers.process import PeersProcess

TICKET_RULES: Final = Path(__file__).with_name("tickets.yaml")
"""A file with a rule for rules that ask for no ticket."""
_QUIET: Final = 1.5
"""Seconds after which the queue of tickets edits one again: it hurries on the local AWS."""
_MOST_ROUNDS: Final = 40
_SECRETS: Final = ("hubtriage/demo-jira", "hubtriage/demo-slack")
_OPEN: Final = re.compile(r"([\d,]+) findings? (?:is|are) open")


@dataclass(frozen=True, slots=True)
class Destinations:
    """The channels and queues that rules name; in the demonstration each is a double of Slack or Jira."""

    channels: tuple[str, ...]
    queues: tuple[str, ...]

    def settings(self, peers: PeersProcess) -> dict[str, Any]:
        """Return the settings of a stack that delivers to the doubles."""
        jira, slack = _SECRETS
        place = {"kind": "jira", "url": peers.url("jira"), "project": "SEC"}
        queue = {**place, "secret": jira, "daily-limit": 10_000}
        return {
            "decision_events": True,
            "channels": {name: {"kind": "slack", "secret": slack} for name in self.channels},
            "queues": dict.fromkeys(self.queues, queue),
        }


@dataclass(frozen=True, slots=True)
class TicketTally:
    """What there is outside of AWS at the end: tickets, the findings that they are about, and messages.

    `example` is the ticket with most findings: its key, summary and text. `message` are the texts of the last
    message, in order.
    """

    tickets: int
    findings: int
    messages: int
    example: Mapping[str, str] | None
    message: tuple[str, ...]
    problems: tuple[str, ...]

    def as_summary(self) -> dict[str, Any]:
        """Return the JSON-ready summary."""
        return {
            "tickets": self.tickets,
            "findings": self.findings,
            "messages": self.messages,
            "problems": list(self.problems),
        }


def doubles() -> PeersProcess:
    """Return doubles of Jira and Slack, to be started."""
    return PeersProcess({"jira": "jira", "slack": "slack"})


def keep_secrets(cloud: LocalCloud, peers: PeersProcess) -> None:
    """Keep the credentials of the doubles where the functions look for them."""
    jira, slack = _SECRETS
    hook = {"url": f"{peers.url('slack')}/services/T00000000/B00000000/wq7f3k2m9x4c8v1b6n5z0a"}
    account = {"email": "bot@acme.example", "token": "jira-token-0123456789"}
    for name, value in {jira: account, slack: hook}.items():
        cloud.client("secretsmanager").create_secret(Name=name, SecretString=json.dumps(value))
    peers.control.configure("slack", per_second=1000.0, burst=1000)


def work_on_tickets(cloud: LocalCloud, peers: PeersProcess, functions: Iterable[str]) -> None:
    """Have the queues work on what is due, as their schedule does, until nothing changes any more."""
    seen: object = None
    for _ in range(_MOST_ROUNDS):
        cloud.wait_until_idle()
        time.sleep(_QUIET)
        for function in functions:
            cloud.client("lambda").invoke(FunctionName=function, Payload=b'{"work": "due"}')
        shown = [issue["shown"] for issue in peers.control.stored("jira")["issues"]]
        if shown == seen:
            return
        seen = shown


def tally_tickets(lines: Iterable[Mapping[str, Any]], peers: PeersProcess) -> TicketTally:
    """Hold the tickets against what the decision log says of each finding."""
    wanted = _wanted(lines)
    issues = peers.control.stored("jira")["issues"]
    shown = {issue["key"]: _count(issue["shown"]) for issue in issues}
    most = max(issues, key=lambda issue: shown[issue["key"]], default=None)
    example = most and {"key": most["key"], "summary": most["summary"], "text": most["shown"]}
    messages = peers.control.stored("slack")["messages"]
    return TicketTally(
        tickets=len(issues),
        findings=sum(shown.values()),
        messages=len(messages),
        example=example,
        message=tuple(dict.fromkeys(messages[-1]["texts"])) if messages else (),  # the title comes twice
        problems=tuple(_problems(wanted, list(shown.values()))),
    )


def _wanted(lines: Iterable[Mapping[str, Any]]) -> Counter[tuple[str, str, str]]:
    """Count the open findings of each ticket: queue, rule and what they have in common."""
    open_: dict[tuple[str, str, str], set[tuple[str, str]]] = {}
    told = (line for line in lines if line.get("outcome") != "failed" and "event" in line)
    for line in sorted(told, key=lambda line: line["event"]["sequence"]):
        for each in line["event"]["deliver"]:
            if each["as"] == "ticket":
                found = open_.setdefault((each["to"], each["rule"], each["group"]), set())
                change = found.add if each["state"] == "open" else found.discard
                change((line["product_arn"], line["finding_id"]))
    return Counter({place: len(found) for place, found in open_.items()})


def _count(text: str) -> int:
    found = _OPEN.search(text)
    return int(found[1].replace(",", "")) if found else 0


def _problems(wanted: Mapping[tuple[str, str, str], int], shown: list[int]) -> Iterator[str]:
    if len(shown) != len(wanted):
        yield f"there are {len(shown)} tickets, and the decision log asks for {len(wanted)}"
    elif sorted(shown) != sorted(wanted.values()):
        yield "tickets show other numbers of findings than the decision log"
