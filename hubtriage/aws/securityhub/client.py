"""The Security Hub client of a Lambda: one attempt a call, bounded waiting, whole findings."""

from typing import Any, cast

from botocore.config import Config
from botocore.session import Session, get_session

from hubtriage.aws.securityhub.answers import parse_findings
from hubtriage.aws.securityhub.api import SecurityHubApi, WholeApi
from hubtriage.aws.securityhub.hub_v2 import BothHubs

CONNECT_TIMEOUT = 3.0
"""Seconds for each address of the service: botocore tries one after another (measured: four took 12 s)."""
IN_REGION = 1.1
"""The same where the service is near. AWS: what its SDKs take for calls within a Region."""
READ_TIMEOUT = 10.0


def security_hub(
    connect_timeout: float = CONNECT_TIMEOUT, session: Session | None = None, **options: Any
) -> SecurityHubApi:
    """Return a client of both hubs for the environment's Region, credentials and endpoint.

    `options` are those of `create_client`.

    It makes one attempt a call: retries are ours, because each must keep to the rate budget and the
    deadline. It is botocore's client, which boto3's is too; without boto3 a container starts sooner.
    """
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 1},
        connect_timeout=connect_timeout,
        read_timeout=READ_TIMEOUT,
    )
    client = (session or get_session()).create_client("securityhub", config=config, **options)
    for operation in ("GetFindings", "GetFindingsV2"):
        client.meta.events.register(f"before-parse.securityhub.{operation}", parse_findings)
    return BothHubs(cast("WholeApi", client))
