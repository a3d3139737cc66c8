"""Rule sets small enough to read, in the compiled form, and the deployments that are reviewed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hubtriage.aws.deployment.identity import identity_of

RULE = {"id": "sample", "match": {"Sample": [True]}, "update": {"Workflow": {"Status": "SUPPRESSED"}}}
RULESET = {"format": 1, "hash": "0123456789abcdef", "revision": None, "rules": [RULE]}
REGEX_RULE = {
    "id": "named",
    "when": {"regex": [{"var": "Title"}, "^test-[0-9]+$"]},
    "update": {"Workflow": {"Status": "RESOLVED"}},
}
REGEX_RULESET = {
    "format": 1, "hash": "fedcba9876543210", "revision": None, "rules": [REGEX_RULE], "regex": True
}  # fmt: skip

IDENTITY = identity_of(
    {**RULESET, "revision": "0123456789ab"},
    folder="rules",
    repository="git.example.com/sec/triage-rules",
    is_known=True,
    committed=1_800_000_000,
    are_samples=False,
)


@dataclass(frozen=True, slots=True)
class Deployment:
    """Settings as a deployer writes them, the rules, and the stacks that come of it."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    stacks: tuple[str, ...] = ("hubtriage",)
    ruleset: Mapping[str, Any] = field(default_factory=lambda: RULESET)


def _key(region: str) -> str:
    return f"arn:aws:kms:{region}:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"


DEFAULT = "default"
DEPLOYMENTS = {
    DEFAULT: Deployment(),
    "own-key": Deployment({"kms-keys": _key("eu-central-1")}),
    "bounded-tagged-named": Deployment(
        {
            "stack-name": "sec-triage",
            "permission-boundary": "arn:aws:iam::111122223333:policy/boundary",
            "tags": "team=security,cost-center=42",
        },
        ("sec-triage",),
    ),
    "home-region": Deployment({"account": "111122223333", "home-region": "eu-central-1"}),
    "several-regions": Deployment(
        {
            "regions": "eu-central-1,us-east-1",
            "kms-keys": f"{_key('us-east-1')},{_key('eu-central-1')}",
        },
        ("hubtriage-eu-central-1", "hubtriage-us-east-1"),
    ),
    "careful": Deployment(
        {
            "alarm-emails": "soc@example.com,on-call@example.com",
            "breaker-limit": 50,
            "initial-mode": "observe",
            "never": "Severity.Label,Note.Text",
            "hand-back-action": "handback",
            "owners": {"team-a": ["a@example.com", "soc@example.com"], "cloud-*": "cloud@example.com"},
        }
    ),
    "loaded": Deployment(
        {
            "architecture": "x86_64",
            "batch-size": 100,
            "batch-window-seconds": 60,
            "log-retention-days": 731,
            "maximum-concurrency": 5,
            "memory-mb": 1024,
            "refresh-age-seconds": 10,
            "reserved-concurrency": 5,
            "udf": "merge",
        }
    ),
    "both-hubs": Deployment(
        {"hubs": "cspm,v2", "never": "Severity.Label,Note.Text", "account": "111122223333"}
    ),
    "decision-events": Deployment({"decision-events": True, "event-readers": "222233334444,111122223333"}),
    "deliveries": Deployment(
        {
            "decision-events": True,
            "channels": {
                "sec-chat": {"kind": "slack", "secret": "hubtriage/slack", "about": ["expires-soon"]},
                "soc": {"kind": "webhook", "secret": "hubtriage/soc", "about": ["mode-changed", "refused"]},
                "mail": {"kind": "email", "address": ["soc@example.com", "ciso@example.com"]},
            },
            "queues": {
                "cloud": {
                    "kind": "jira",
                    "url": "https://acme.atlassian.net",
                    "secret": "hubtriage/jira",
                    "project": "SEC",
                },
                "incidents": {
                    "kind": "servicenow",
                    "url": "https://acme.service-now.com",
                    "secret": "arn:aws:secretsmanager:eu-central-1:111122223333:secret:snow-AbCdEf",
                },
            },
        }
    ),
    "own-key-deliveries": Deployment(
        {
            "kms-keys": _key("eu-central-1"),
            "decision-events": True,
            "tickets-table": "tickets-of-before",
            "channels": {"mail": {"kind": "email", "address": "soc@example.com"}},
        }
    ),
    "v2": Deployment({"hubs": "v2"}),
    "regex": Deployment(ruleset=REGEX_RULESET),
}
"""By name; each has a reviewed copy in `golden`."""
