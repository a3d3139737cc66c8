"""The order that hands findings back, as it stands in the queue of triage."""

import json
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from hubtriage.aws.securityhub.api import Key, identifier
from hubtriage.aws.triage.events import HAND_BACK_DETAIL_TYPE, HAND_BACK_SOURCE, parse_event

MOST_FINDINGS = 100
"""Findings that one call hands back."""


class OrderError(ValueError):
    """What was asked for cannot be handed back: why not."""


def keys_of(findings: object) -> tuple[Key, ...]:
    """Return what names the findings of a request, each once. Raises OrderError."""
    if not isinstance(findings, list) or not findings:
        raise OrderError("no findings are named")
    if len(findings) > MOST_FINDINGS:
        raise OrderError(f"{len(findings)} findings are more than the {MOST_FINDINGS} of one call")
    parsed = parse_event(event(findings, "nobody", 0.0))
    if parsed.unusable:
        reason = parsed.unusable[0]
        raise OrderError(": ".join(filter(None, (reason.reason, reason.detail))))
    return tuple(dict.fromkeys(each.key for each in parsed.finding_events))


def digest_of(function: str, keys: Sequence[Key]) -> str:
    """Return a digest of what is asked, and the function (ARN) that is asked: what a caller signs."""
    text = json.dumps([function, sorted(keys)], separators=(",", ":"))
    return sha256(text.encode()).hexdigest()


def event(findings: Sequence[Any], by: str, now: float) -> dict[str, Any]:
    """Return the order, in the shape of EventBridge: who hands back (ARN), when, and what."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": HAND_BACK_DETAIL_TYPE,
        "source": HAND_BACK_SOURCE,
        "time": datetime.fromtimestamp(now, tz=UTC).isoformat().replace("+00:00", "Z"),
        "resources": [],
        "detail": {"findings": list(findings), "by": by},
    }


def messages(keys: Sequence[Key], by: str, now: float) -> list[str]:
    """Return a message for each finding: one that fails brings no other with it."""
    return [json.dumps(event([identifier(key)], by, now), separators=(",", ":")) for key in keys]
