"""Security Hub V2 over HTTP with a real client, small findings, and shorthands."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from hubtriage.localaws.securityhub.asff.timestamps import write_timestamp
from hubtriage.localaws.securityhub.hub import Hub
from hubtriage.localaws.securityhub.inprocess import ManualClock
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.support.hub_server import HOME, hub_server

NOW = 1_800_000_000.0
ACCOUNT = "123456789012"
CONTROLS = "arn:aws:securityhub:eu-west-1::productv2/aws/securityhub"
_SESSION = boto3.session.Session()  # reads the model of the service once
_ONE_ATTEMPT = Config(retries={"mode": "standard", "total_max_attempts": 1}, proxies={})


def uid(number: int) -> str:
    """A `metadata.uid`."""
    return f"{number:064x}"


def ocsf(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A control finding as its provider would send it; a changed member that is None is left out."""
    base = {
        "class_uid": 2003,
        "severity_id": 4,
        "cloud": {"account": {"uid": ACCOUNT}, "provider": "AWS", "region": "eu-west-1"},
        "compliance": {"control": "S3.8", "status_id": 3},
        "finding_info": finding_info(number),
        "metadata": {"uid": uid(number), "version": "1.8.0", "product": {"uid": CONTROLS}},
        "resources": [{"type": "AWS::S3::Bucket", "uid": "logs"}],
    }
    return {name: value for name, value in {**base, **changes}.items() if value is not None}


def finding_info(number: int = 1, at: float = NOW, **changes: Any) -> dict[str, Any]:
    """The part of a finding that its provider dates."""
    return {
        "uid": f"arn:aws:securityhub:eu-west-1:{ACCOUNT}:security-control/S3.8/finding/{number}",
        "title": "Buckets should block public access",
        "types": ["Software and Configuration Checks", "Posture Management"],
        "modified_time": round(at * 1000),
        "modified_time_dt": write_timestamp(at),
        **changes,
    }


class HubV2World:
    """A hub behind HTTP, a real client of it, and the time."""

    def __init__(self, hub: Hub, address: str, clock: ManualClock) -> None:
        self.hub, self.clock = hub, clock
        self.client = _SESSION.client(
            "securityhub",
            endpoint_url=address,
            region_name=HOME[1],
            aws_access_key_id=HOME[0],
            aws_secret_access_key="local",
            config=_ONE_ATTEMPT,
        )

    def provide(self, *findings: dict[str, Any]) -> None:
        """Have providers send findings."""
        for each in findings or (ocsf(),):
            self.hub.v2.provide(each, self.clock.now(), self.hub.settings)

    def advance(self, number: int = 1, **changes: Any) -> dict[str, Any]:
        """Have the provider of a finding send it again a minute later; what is stored then."""
        self.clock.sleep(60.0)
        return self.hub.v2.advance(uid(number), changes, self.clock.now(), self.hub.settings)

    def update(self, *numbers: int, **fields: Any) -> dict[str, Any]:
        """BatchUpdateFindingsV2 of findings by their numbers, a second later."""
        self.clock.sleep(1.0)
        answer: dict[str, Any] = self.client.batch_update_findings_v2(
            MetadataUids=[uid(number) for number in numbers or (1,)], **fields
        )
        answer.pop("ResponseMetadata")
        return answer

    def found(self, **request: Any) -> list[int]:
        """The numbers of the findings on a page of GetFindingsV2."""
        found = self.client.get_findings_v2(**request)["Findings"]
        return [int(each["metadata"]["uid"], 16) for each in found]

    def stored(self, number: int = 1) -> dict[str, Any]:
        """A finding that has to be there."""
        finding = self.hub.v2.finding(uid(number))
        assert finding is not None
        return finding

    def events(self) -> list[dict[str, Any]]:
        """What has arrived on the bus since the last time."""
        return self.hub.take_events(self.clock.now())

    def refusal(self, operation: str, **request: Any) -> tuple[str, int]:
        """The error code and HTTP status of a call that the service refuses."""
        with pytest.raises(ClientError) as refused:
            getattr(self.client, operation)(**request)
        answer = refused.value.response
        return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


@contextmanager
def hub_v2_world(
    *, still: bool = True, v2: dict[str, Any] | None = None, **settings: Any
) -> Iterator[HubV2World]:
    """Serve a hub with these settings, those of V2 apart; still: without quotas, its events at once."""
    made = HubSettings.still(**settings) if still else HubSettings(**settings)
    clock = ManualClock(NOW)
    with hub_server(made.changed({"v2": v2 or {}}), clock.now) as (hub, address):
        yield HubV2World(hub, address, clock)
