"""How many calls of BatchUpdateFindings a batch makes, as the service counts them. Nothing is timed.

Each of 20 rules is about one account, large or small, and sets no user-defined fields. Of 1,250 findings that
change, 5 % carry keys of other tools in theirs: a memory kept there would make a call of its own of each.
"""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks import batches
from benchmarks.measure import Figure, Scale
from hubtriage.aws.ledger.memory import MemoryLedger
from hubtriage.aws.triage.function import Services, TriageFunction
from hubtriage.engine.planning.entry import NO_ENTRY
from hubtriage.engine.planning.plan import decide
from hubtriage.engine.ruleset.ruleset import Ruleset, load_ruleset
from hubtriage.localaws.findings import NOW, generate
from hubtriage.localaws.securityhub.calls import UpdateCall, ideal_calls
from hubtriage.localaws.securityhub.hub import Hub
from hubtriage.localaws.securityhub.inprocess import InProcessSecurityHub, ManualClock
from hubtriage.localaws.securityhub.settings import HubSettings

RULES, CHANGED, OTHERS = 20, 1_250, 20
FINDINGS_A_CALL = 50
OVER_THE_FEWEST = 1.05
UPDATES: list[dict[str, Any]] = [
    {"Workflow": {"Status": "SUPPRESSED"}, "Note": {"Text": "Accepted ({rule.ticket})."}},
    {"Workflow": {"Status": "NOTIFIED"}, "Note": {"Text": "On its way ({rule.ticket})."}},
    {"VerificationState": "BENIGN_POSITIVE", "Note": {"Text": "Expected ({rule.ticket})."}},
    {"Criticality": 10, "Note": {"Text": "A test account ({rule.ticket})."}},
]
"""Each rule's payload is its own, by its ticket."""


def figures(_scale: Scale) -> Iterator[Figure]:
    """Count the calls for 50 changed findings, and all calls over the fewest that the payloads allow."""
    updates = _updates()
    changed, calls, fewest = sum(call.processed for call in updates), len(updates), ideal_calls(updates)
    assert changed == CHANGED, f"{changed} findings were changed, not {CHANGED}"
    note = f"{changed:,} findings in {calls} calls, {changed / calls:.1f} a call"
    yield Figure("calls, 20 rules, for 50 findings", calls / (changed / FINDINGS_A_CALL), "calls", 1.0, note)
    note = f"{fewest} would do for {len({call.payload for call in updates})} payloads"
    yield Figure("calls, 20 rules, over the fewest", calls / fewest, "x", OVER_THE_FEWEST, note)


def _updates() -> list[UpdateCall]:
    """Triage all in one batch; return the calls that the service saw."""
    clock, hub = ManualClock(NOW), Hub(settings=HubSettings.still())
    # a control that passed is RESOLVED: a rule that notifies has nothing but its note to set there
    drawn = [one for one in generate(3 * CHANGED, seed=5, touched=0) if not _has_passed(one)]
    ruleset = _ruleset(sorted({finding["AwsAccountId"] for finding in drawn})[:RULES])
    findings = [finding for finding in drawn if _changes(finding, ruleset)][:CHANGED]
    for number, finding in enumerate(findings):
        if number % OTHERS == 0:
            finding["UserDefinedFields"] = {"jira/issue": f"OPS-{number}"}
        hub.plant(finding, clock.now())
    services = Services(
        InProcessSecurityHub(hub, clock), MemoryLedger(), lambda: batches.ROLE, batches.no_queue
    )
    with contextlib.redirect_stdout(io.StringIO()):
        TriageFunction(batches.CONFIG, ruleset, services, clock)(batches.sqs_event(findings), batches.CONTEXT)
    return [UpdateCall.from_json(call) for call in hub.status()["updates"]]


def _has_passed(finding: Mapping[str, Any]) -> bool:
    return bool((finding.get("Compliance") or {}).get("Status") == "PASSED")


def _ruleset(accounts: list[str]) -> Ruleset:
    rules = [
        {
            "id": f"account-{number}",
            "order": 500,
            "ceiling": "CRITICAL",
            "ticket": f"SEC-{1000 + number}",
            "match": {"AwsAccountId": [account]},
            "update": UPDATES[number % len(UPDATES)],
        }
        for number, account in enumerate(accounts)
    ]
    assert len(rules) == RULES
    return load_ruleset(json.loads(json.dumps({"format": 1, "hash": "0" * 16, "rules": rules})))


def _changes(finding: Mapping[str, Any], ruleset: Ruleset) -> bool:
    return decide(finding, NO_ENTRY, ruleset, NOW, batches.CONFIG.engine_settings()).update is not None
