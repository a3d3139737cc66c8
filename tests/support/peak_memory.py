"""Measure what one piece of work takes in a process of its own: `python -m tests.support.peak_memory`.

Arguments: the hub's address, `batch`, `events`, `sweep` or `held`, and how many findings. Writes a JSON
object: the most bytes that the process held (`resident`), and what was done.
"""

import json
import resource
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hubtriage.aws.clock import SystemClock
from hubtriage.aws.ledger.memory import MemoryLedger
from hubtriage.aws.securityhub.api import SecurityHubApi
from hubtriage.aws.securityhub.authorship import Authorship
from hubtriage.aws.securityhub.client import security_hub
from hubtriage.aws.securityhub.ratelimit import TokenBucket
from hubtriage.aws.securityhub.reading import Getter, Reader
from hubtriage.aws.securityhub.sending import Sender
from hubtriage.aws.sweep.destination import NoDestination
from hubtriage.aws.sweep.pages import Sources
from hubtriage.aws.sweep.progress import Progress
from hubtriage.aws.sweep.request import ACTIVE, MANAGED, SweepRequest
from hubtriage.aws.sweep.walk import Pace, Walk
from hubtriage.aws.triage.batch import Triage
from hubtriage.aws.triage.policy import Policy
from hubtriage.engine.fields import NOTE
from hubtriage.engine.planning.entry import Claim, Entry
from hubtriage.engine.planning.plan import Settings
from hubtriage.engine.ruleset.ruleset import Ruleset, load_ruleset
from tests.support.triage_world import ROLE, backoff, finding, key

RULE = {
    "id": "policy",
    "match": {"GeneratorId": ["policy"]},
    "update": {"Workflow": {"Status": "SUPPRESSED"}},
}


def large(number: int) -> dict[str, Any]:
    """A finding of about 235 KB, many small values: AWS's limit is 240 KB."""
    resources = [
        {
            "Type": "Other",
            "Id": f"resource-{number}-{at}",
            "Tags": {f"{tag}": f"{number + tag}" for tag in range(50)},
        }
        for at in range(330)
    ]
    return finding(number, Resources=resources)


def batch(api: SecurityHubApi, ruleset: Ruleset, count: int) -> dict[str, Any]:
    """Triage events that are old, so that each finding is read again."""
    return _batch(api, ruleset, [_event(finding(number), "2027-01-01T00:00:00Z") for number in range(count)])


def events(api: SecurityHubApi, ruleset: Ruleset, count: int) -> dict[str, Any]:
    """Triage events that are new, each with a whole large finding."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return _batch(api, ruleset, [_event(large(number), now) for number in range(count)])


def _event(shown: dict[str, Any], time: str) -> str:
    return json.dumps(
        {
            "detail-type": "Security Hub Findings - Imported",
            "source": "aws.securityhub",
            "time": time,
            "detail": {"findings": [shown]},
        }
    )


def _batch(api: SecurityHubApi, ruleset: Ruleset, bodies: list[str]) -> dict[str, Any]:
    clock = SystemClock()
    budget = TokenBucket(1e6, 1e6, clock)
    triage = Triage(
        ruleset,
        Settings(),
        Policy(),
        Sender(api, budget, backoff(), clock.monotonic),
        Reader(api, budget, backoff(), clock.monotonic),
        Authorship(api, lambda: ROLE, budget, backoff(), clock.monotonic),
        MemoryLedger(),
        clock,
    )
    records = [{"messageId": str(at), "body": body} for at, body in enumerate(bodies)]
    report = triage.run({"Records": records}, clock.monotonic() + 600, _forget)
    return {"done": sorted({outcome.result.status for outcome in report.outcomes}), "reads": report.reads}


def _forget(_outcomes: Sequence[object]) -> None:
    """Keep nothing."""


def sweep(api: SecurityHubApi, ruleset: Ruleset, _count: int) -> dict[str, Any]:
    """Sweep all findings by pages, each with an update."""
    return _sweep(api, ruleset, MemoryLedger(), SweepRequest(scopes=(ACTIVE,)))


def held(api: SecurityHubApi, ruleset: Ruleset, count: int) -> dict[str, Any]:
    """Sweep all findings by their entries, each with an update."""
    ledger = MemoryLedger()
    ledger.write({key(number): Entry({NOTE: Claim("x", "policy")}) for number in range(count)})
    return _sweep(api, ruleset, ledger, SweepRequest(scopes=(MANAGED,)))


def _sweep(
    api: SecurityHubApi, ruleset: Ruleset, ledger: MemoryLedger, request: SweepRequest
) -> dict[str, Any]:
    clock = SystemClock()
    getter = Getter(api, TokenBucket(1e6, 1e6, clock), backoff(), clock.monotonic)
    pace = Pace(step=600.0)
    reader = Reader(api, TokenBucket(1e6, 1e6, clock), backoff(), clock.monotonic)
    sources = Sources(getter, reader, ledger, clock, Policy().lease)
    walk = Walk(request, ruleset, Settings(), sources, NoDestination(), pace)
    progress = walk.step(Progress())
    return {"done": progress.status, "read": progress.read, "changed": progress.changed}


def _resident() -> int:
    """Return the most memory of this process. Linux: `ru_maxrss` may count that of its parent."""
    status = Path("/proc/self/status")
    if status.exists():
        (peak,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(peak.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # macOS: bytes


def main(address: str, kind: str, count: str) -> None:
    """Measure and write."""
    api = security_hub(
        region_name="eu-west-1",
        endpoint_url=address,
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="secret",
    )
    ruleset = load_ruleset({"format": 1, "hash": "0" * 16, "revision": None, "rules": [RULE]})
    work = {"batch": batch, "events": events, "sweep": sweep, "held": held}[kind]
    done = work(api, ruleset, int(count))
    sys.stdout.write(json.dumps({"resident": _resident(), **done}))


if __name__ == "__main__":
    main(*sys.argv[1:])
