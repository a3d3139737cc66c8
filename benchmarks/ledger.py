"""The ledger at DynamoDB of the local AWS: CPU time of this process, botocore's client included."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from typing import Any

from benchmarks import workload
from benchmarks.measure import Figure, Scale, cpu_seconds, parsing_seconds
from hubtriage.aws.clock import SystemClock
from hubtriage.aws.ledger.client import dynamodb
from hubtriage.aws.ledger.dynamodb import DynamoLedger
from hubtriage.aws.ledger.table import KEY, KEY_TYPE
from hubtriage.aws.securityhub.api import Key
from hubtriage.engine.planning.entry import Claim, Entry, Intent, stored
from hubtriage.localaws.cloud import LocalCloud

TABLE = "ledger"
RULE = "sandbox-public-buckets"
WRITTEN = {"Workflow.Status": "SUPPRESSED", "Severity.Label": "LOW", "Note.Text": stored("Accepted. " * 10)}
CLAIMS = {name: Claim(value, RULE) for name, value in WRITTEN.items()}
ABOUT = {"account": "111122223333", "region": "eu-central-1", "severity": "MEDIUM", "control": "S3.8"}
ENTRY = Entry(
    CLAIMS,
    started=1.79e9 + 0.123456,
    ended=1.79e9 + 0.654321,
    written=WRITTEN,
    sets=dict.fromkeys(CLAIMS, (1.79e9 + 0.123456,)),
    about=ABOUT,
)
"""An entry as most are: one write of three fields."""
INTENT = Intent(
    CLAIMS, WRITTEN, {"Workflow.Status": "NEW", "Severity.Label": "HIGH", "Note.Text": None}, 1.79e9
)


def figures(scale: Scale) -> Iterator[Figure]:
    """Measure recall of a batch's findings, a part of which is known, and writing the intents of a tenth."""
    _, messages = scale.batch
    texts = [json.dumps(finding) for finding in workload.findings(messages)]
    parsing = parsing_seconds(texts, scale.rounds)
    with LocalCloud() as cloud:
        ledger = _ledger(cloud)
        known = [_key(number) for number in range(messages)]
        ledger.write(dict.fromkeys(known, ENTRY))
        for percent in (0, 30, 100):
            some = [*known[: messages * percent // 100], *map(_key, range(messages, 2 * messages))][:messages]
            seconds = _median(lambda some=some: ledger.read(some), scale.rounds)
            name = f"ledger, recall of a batch, {percent} % known"
            yield Figure(name, seconds / messages / parsing, "x json.loads", note=_note(seconds, messages))
        versions = count(1)
        some = known[: messages // 10]
        seconds = _median(lambda: _write(ledger, some, next(versions)), scale.rounds)
        name = "ledger, intents of a tenth of a batch"
        yield Figure(name, seconds / messages / parsing, "x json.loads", note=_note(seconds, len(some)))


def _ledger(cloud: LocalCloud) -> DynamoLedger:
    cloud.client("dynamodb").create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": KEY, "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": KEY, "AttributeType": KEY_TYPE}],
        BillingMode="PAY_PER_REQUEST",
    )
    credentials: dict[str, Any] = {"aws_access_key_id": cloud.account, "aws_secret_access_key": "none"}
    client = dynamodb(endpoint_url=cloud.endpoint, region_name=cloud.region, **credentials)
    return DynamoLedger(client, TABLE, SystemClock())


def _key(number: int) -> Key:
    product = "arn:aws:securityhub:eu-central-1::product/aws/securityhub"
    control = "arn:aws:securityhub:eu-central-1:111122223333:security-control/S3.8"
    return product, f"{control}/finding/0f6c5a53-9a3e-4e7b-8b0e-{number:012d}"


def _write(ledger: DynamoLedger, keys: list[Key], version: int) -> None:
    written = ledger.write(dict.fromkeys(keys, replace(ENTRY, version=version, intent=INTENT)))
    assert len(written.versions) == len(keys), written


def _median(work: Callable[[], object], rounds: int) -> float:
    return statistics.median(cpu_seconds(work) for _ in range(rounds))


def _note(seconds: float, entries: int) -> str:
    return f"{seconds * 1e3:.0f} ms for {entries:,}"
