"""One batch of a hostile event between two ordinary ones, through the whole function."""

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest

from hubtriage.localaws.securityhub.hub import Hub
from hubtriage.localaws.securityhub.inprocess import ManualClock
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.support.function_world import function

ARN = "arn:aws:securityhub:eu-west-1:111122223333:product/111122223333/default"
CONTEXT = SimpleNamespace(aws_request_id="request-1", get_remaining_time_in_millis=lambda: 120_000)
CPU_SECONDS = 10.0
"""Far above what any batch here takes, far below what work that grows faster than a finding would."""

RULES: list[dict[str, Any]] = [
    {
        "id": "tells-titles",
        "order": 100,
        "match": {"AwsAccountId": ["111122223333", {"prefix": "9"}], "RecordState": [{"anything-but": "x"}]},
        "update": {
            "Note": {"Text": "{finding.Title} ({finding.Resources.0.Tags.env})", "UpdatedBy": "hubtriage/t"},
            "UserDefinedFields": {"title": "{finding.Title}", "score": "{finding.Confidence}"},
        },
    },
    {
        "id": "suppresses-temporary-ones",
        "ceiling": "HIGH",
        "order": 200,
        "match": {"Resources": {"Tags": {"env": [{"wildcard": "*t*-*-*!"}, {"equals-ignore-case": "Dev"}]}}},
        "when": {"and": [
            {"regex": [{"var": "Title"}, "^(a+)+$|temporary"]},
            {"glob": [{"lower": [{"var": "Title"}]}, "*t*e*m*p*"]},
        ]},
        "update": {"Workflow": {"Status": "SUPPRESSED"}},
    },
    {
        "id": "asks-everything",
        "ceiling": "HIGH",
        "order": 300,
        "when": {"or": [
            {">": [{"age_days": [{"var": "CreatedAt"}]}, 10]},
            {"==": [{"var": "Confidence"}, 7]},
            {"==": [{"var": "Resources"}, "7"]},
            {"in": ["7", {"var": "Description"}]},
            {"cidr": [{"var": "Title"}, "10.0.0.0/8"]},
            {"some": [{"var": "Resources"}, {"==": [{"var": "Id"}, "7"]}]},
        ]},
        "update": {"Severity": {"AtMost": "LOW"}, "Types": {"Add": ["Effects"]}, "Criticality": 5},
        "override": True,
    },
]  # fmt: skip


def ordinary(number: int) -> dict[str, Any]:
    return {
        "SchemaVersion": "2018-10-08",
        "Id": f"ordinary-{number}",
        "ProductArn": ARN,
        "AwsAccountId": "111122223333",
        "CreatedAt": "2026-10-01T00:00:00Z",
        "UpdatedAt": "2026-10-01T00:00:00Z",
        "Title": "a temporary bucket",
        "Description": "d",
        "Types": ["TTPs"],
        "Severity": {"Label": "HIGH"},
        "FindingProviderFields": {"Severity": {"Label": "HIGH"}, "Types": ["TTPs"]},
        "Resources": [{"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::b", "Tags": {"env": "dev"}}],
        "Workflow": {"Status": "NEW"},
        "RecordState": "ACTIVE",
    }


def hostile(**members: Any) -> dict[str, Any]:
    return ordinary(0) | {"Id": "hostile"} | members


QUIET: Mapping[str, Any] = {  # what no rule wants anything of
    "AwsAccountId": "222222222222",
    "CreatedAt": "2027-01-14T00:00:00Z",
    "Title": "quiet",
}


def tagged(value: Any) -> dict[str, Any]:
    return {"Resources": [{"Type": "AwsS3Bucket", "Id": value, "Tags": {"env": value, value: value}}]}


def body(finding: Any) -> str:
    envelope = {"detail-type": "Security Hub Findings - Imported", "time": "2027-01-15T08:00:00Z"}
    return json.dumps(envelope | {"detail": {"findings": [finding]}})


def raw(**texts: str) -> str:
    """The event of a hostile finding some of whose members are written in this very JSON."""
    written = (
        json.dumps(hostile())[:-1] + "".join(f', "{name}": {text}' for name, text in texts.items()) + "}"
    )
    return body(None).replace("[null]", f"[{written}]")


class Night:
    """One batch, delivered for the `receives`th time, and what became of everything in it."""

    def __init__(self, bodies: list[str], capsys: pytest.CaptureFixture[str], receives: int = 1) -> None:
        clock = ManualClock()
        self.hub = Hub(settings=HubSettings.still())
        for text in bodies:
            _plant(self.hub, text, clock.now())
        document = {"format": 1, "hash": "h", "revision": None, "rules": RULES}
        handler = function(self.hub, clock, document, log_level="DEBUG")
        capsys.readouterr()
        began = time.process_time()
        records = [_record(number, text, receives) for number, text in enumerate(bodies)]
        self.answer = handler({"Records": records}, CONTEXT)
        self.cpu = time.process_time() - began
        self.output = capsys.readouterr().out
        self.lines = [json.loads(line, parse_constant=_no_json) for line in self.output.splitlines()]

    @property
    def hostile(self) -> dict[str, Any]:
        """The one line about what is not ordinary."""
        others = ("ordinary-1", "ordinary-2")
        (line,) = [one for one in self.lines if "level" in one and one.get("finding_id") not in others]
        return line

    @property
    def result(self) -> tuple[str, str]:
        """How the hostile event ended, and the code or the reason."""
        line = self.hostile
        if "outcome" in line:
            return line["outcome"], line.get("code", "")
        return "unusable", line["reason"]

    def of_the_ordinary(self) -> tuple[list[Any], list[Any]]:
        """What the log says of the ordinary findings and what the hub holds of them, but for call ids."""
        told = [line for line in self.lines if str(line.get("finding_id")).startswith("ordinary")]
        told = [{name: value for name, value in line.items() if name != "call_id"} for line in told]
        return told, [self.hub.finding(ARN, f"ordinary-{number}") for number in (1, 2)]


def _no_json(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _plant(hub: Hub, text: str, now: float) -> None:
    """Put the finding into the hub as it is, where a hub could hold such a thing."""
    try:
        (finding,) = json.loads(text)["detail"]["findings"]
    except (ValueError, RecursionError):
        return
    if isinstance(finding, dict) and isinstance(finding.get("Id"), str):
        with suppress(RecursionError):
            hub.plant(finding, now)


def _record(number: int, text: str, receives: int) -> dict[str, Any]:
    attributes = {"SentTimestamp": str(number), "ApproximateReceiveCount": str(receives)}
    return {"messageId": f"m{number}", "body": text, "attributes": attributes}


ORDINARY = [body(ordinary(1)), body(ordinary(2))]


def check(text: str, capsys: pytest.CaptureFixture[str], alone: dict[int, Any], receives: int = 1) -> Night:
    """Run the batch with the hostile event in the middle, and hold it to everything that must be so.

    `alone` keeps what becomes of the ordinary findings alone, by `receives`.
    """
    if receives not in alone:
        alone[receives] = Night(ORDINARY, capsys, receives).of_the_ordinary()
    night = Night([ORDINARY[0], text, ORDINARY[1]], capsys, receives)
    assert night.of_the_ordinary() == alone[receives]
    assert {item["itemIdentifier"] for item in night.answer["batchItemFailures"]} <= {"m1"}
    printable = night.output.replace("\n", "")
    assert printable.isascii()
    assert printable.isprintable()
    assert len([line for line in night.lines if "level" in line]) == 3
    assert night.cpu < CPU_SECONDS
    return night
