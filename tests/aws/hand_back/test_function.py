"""What people ask the function that hands back, and what it puts into the queue."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from hubtriage.aws.hand_back.function import HandBackFunction
from hubtriage.aws.hand_back.order import MOST_FINDINGS, digest_of
from hubtriage.aws.hand_back.proof import Caller, ProofError
from hubtriage.aws.logger import logger
from hubtriage.aws.queue import MessageQueue, QueueError
from hubtriage.aws.triage.events import HandBack, parse_event
from hubtriage.localaws.securityhub.inprocess import ManualClock
from tests.support.triage_world import NOW, backoff, finding, key, record, sqs

FUNCTION = "arn:aws:lambda:eu-west-1:111122223333:function:hubtriage-HandBack"
ANA = "arn:aws:sts::111122223333:assumed-role/Analyst/ana"


class Asked:
    """Answers for AWS who signed: `caller`, whatever the signature."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.digests: list[str] = []

    def identity(self, proof: object, digest: str) -> Caller:
        self.digests.append(digest)
        if proof is None:
            raise ProofError("there is no signature")
        return self.caller


class Queue:
    """SQS, with what was sent to it; it refuses as many messages as it is told."""

    def __init__(self, refused: int = 0) -> None:
        self.bodies: list[str] = []
        self._refused = refused

    def send_message_batch(self, **request: Any) -> dict[str, Any]:
        if self._refused:
            return {"Failed": [{"Id": each["Id"], "Code": "x"} for each in request["Entries"]]}
        self.bodies += [each["MessageBody"] for each in request["Entries"]]
        return {}


class Desk:
    def __init__(self, account: str = "111122223333", refused: int = 0) -> None:
        clock = ManualClock(NOW)
        self.asked, self.queue = Asked(Caller(ANA, account)), Queue(refused)
        sending = MessageQueue(self.queue, "url", backoff(), clock)  # type: ignore[arg-type]
        self.function = HandBackFunction(self.asked, sending, logger("test", "INFO"), clock)  # type: ignore[arg-type]

    def __call__(self, request: Any, function: str = FUNCTION) -> dict[str, Any]:
        return self.function(request, SimpleNamespace(invoked_function_arn=function))


def named(*numbers: int) -> list[dict[str, str]]:
    return [{"ProductArn": key(number)[0], "Id": key(number)[1]} for number in numbers]


def test_an_order_for_each_finding_says_who_gave_it() -> None:
    desk = Desk()
    assert desk({"findings": named(1, 2, 1), "proof": {}}) == {"findings": 2, "by": ANA}
    events = parse_event(sqs(*(record("m", body=body) for body in desk.queue.bodies))).finding_events
    assert [(event.key, event.hand_back) for event in events] == [
        (key(1), HandBack(ANA, NOW)),
        (key(2), HandBack(ANA, NOW)),
    ]
    assert desk.asked.digests == [digest_of(FUNCTION, [key(2), key(1)])]


def test_nothing_else_of_a_request_reaches_the_queue() -> None:
    desk = Desk()
    desk(
        {
            "findings": [finding(1, Title="Forged")],
            "proof": {},
            "by": "somebody",
            "sweep": {"take_back": True},
        }
    )
    (body,) = map(json.loads, desk.queue.bodies)
    assert body["detail"] == {"findings": named(1), "by": ANA}


def test_an_alias_of_the_function_is_the_function() -> None:
    desk = Desk()
    desk({"findings": named(1), "proof": {}}, f"{FUNCTION}:live")
    assert desk.asked.digests == [digest_of(FUNCTION, [key(1)])]


REFUSED = [
    pytest.param("text", "no findings are named", id="no object"),
    pytest.param({"findings": named(1)}, "there is no signature", id="without a proof"),
    pytest.param({"findings": [], "proof": {}}, "no findings are named", id="no findings"),
    pytest.param({"findings": "f", "proof": {}}, "no findings are named", id="no list"),
    pytest.param({"findings": [{"Id": "f"}], "proof": {}}, "a finding without ProductArn", id="half a name"),
    pytest.param({"findings": ["f"], "proof": {}}, "a finding that is no object", id="a text"),
    pytest.param(
        {"findings": named(*range(MOST_FINDINGS + 1)), "proof": {}},
        "101 findings are more than",
        id="too many",
    ),
]


@pytest.mark.parametrize(("request_", "reason"), REFUSED)
def test_what_is_refused_sends_nothing(
    request_: Any, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = Desk()
    assert reason in desk(request_)["refused"]
    assert not desk.queue.bodies
    assert reason in capsys.readouterr().out


def test_identities_of_other_accounts_are_refused() -> None:
    desk = Desk(account="999999999999")
    assert "is not of account 111122223333" in desk({"findings": named(1), "proof": {}})["refused"]
    assert not desk.queue.bodies


def test_the_log_says_who_handed_back_what(capsys: pytest.CaptureFixture[str]) -> None:
    Desk()({"findings": named(1), "proof": {}})
    line = json.loads(capsys.readouterr().out)
    assert (line["message"], line["by"], line["finding_ids"]) == ("handed back", ANA, ["finding-1"])


def test_a_queue_that_takes_nothing_fails_the_call() -> None:
    with pytest.raises(QueueError):
        Desk(refused=1)({"findings": named(1), "proof": {}})
