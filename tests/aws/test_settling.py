"""However events come, all that is asked for is done once all of them are handled."""

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from triage_world import FOREVER, Bench, World, finding, key

from hubtriage.engine.plan import decide
from hubtriage.local.timestamps import write_timestamp

CONTAINERS = 2
RULES = (
    {
        "id": "high",
        "match": {"Severity": {"Label": ["HIGH"]}},
        "update": {"Workflow": {"Status": "SUPPRESSED"}},
    },
    {"id": "low", "match": {"Severity": {"Label": ["LOW"]}}, "update": {"Confidence": 50}},
)
"""What is MEDIUM asks for nothing."""
FIRST = ("MEDIUM", "HIGH")
"""What the findings are at first."""
FORGED = {
    "hubtriage/managed": "hubtriage",
    "hubtriage/rules": "nobody-has-it",
    "hubtriage/memo": "1 WS.k3Jd9x",
}

NUMBERS = st.integers(0, len(FIRST) - 1)
PASSING = st.sampled_from([0.0, 0.1, 0.4, 1.3, 40.0])
UPDATES = st.sampled_from(
    [
        {"Workflow": {"Status": "NEW"}},
        {"Workflow": {"Status": "RESOLVED"}},
        {"Severity": {"Label": "LOW"}},
        {"UserDefinedFields": {"team": "web"}},
        {"UserDefinedFields": FORGED},
    ]
)
ACTS = st.one_of(
    st.tuples(st.just("provider"), PASSING, NUMBERS, st.sampled_from(["LOW", "MEDIUM", "HIGH"])),
    st.tuples(st.just("somebody"), PASSING, NUMBERS, UPDATES),
    st.tuples(st.just("batch"), PASSING, st.integers(0, CONTAINERS - 1), st.randoms(use_true_random=False)),
)


class Settling:
    """Events in a queue, and containers that take some of it at a time, in any order."""

    def __init__(self, seed: int) -> None:
        self.world = World(event_delay=(0.0, 2.0), duplicate_share=0.3, seed=seed)
        self.containers = [Bench(self.world, *RULES) for _ in range(CONTAINERS)]
        self.queue: list[dict[str, Any]] = []
        self.sent = 0
        for number, severity in enumerate(FIRST):
            self._import(number, severity)
        self.settle()

    def act(self, kind: str, passing: float, which: int, detail: Any) -> None:
        """One act of a history, some seconds after the one before."""
        self.world.clock.sleep(passing)
        if kind == "provider":
            self._import(which, detail)
        elif kind == "somebody":
            arn, name = key(which)
            request = {"FindingIdentifiers": [{"Id": name, "ProductArn": arn}], **detail}
            self.world.hub.batch_update_findings(request, self.world.clock.now())
        else:
            self._arrive()
            detail.shuffle(self.queue)
            self._handle(which, detail.randint(0, len(self.queue)))

    def settle(self) -> None:
        """Handle all events, those of triage's own updates too."""
        for turn in range(20):
            self.world.clock.sleep(3.0)
            self._arrive()
            if not self.queue:
                return
            self._handle(turn % CONTAINERS, len(self.queue))
        raise AssertionError("triage does not come to rest")

    def _import(self, number: int, severity: str) -> None:
        now = self.world.clock.now()
        provided = {"Severity": {"Label": severity}}
        updated = finding(number, FindingProviderFields=provided, UpdatedAt=write_timestamp(now))
        answer = self.world.hub.batch_import_findings([updated], now)
        assert not answer["FailedCount"]

    def _arrive(self) -> None:
        now = self.world.clock.now()
        self.queue += [_message(event, now) for event in self.world.hub.take_events(now)]

    def _handle(self, container: int, count: int) -> None:
        records, self.queue = self.queue[:count], self.queue[count:]
        for place, record in enumerate(records):
            record["messageId"] = f"m{self.sent + place}"
        self.sent += count
        report = self.containers[container].run(*records, deadline=FOREVER)
        assert not report.failed_messages()


def _message(event: Mapping[str, Any], now: float) -> dict[str, Any]:
    attributes = {"SentTimestamp": str(int(now * 1000)), "ApproximateReceiveCount": "1"}
    return {"body": json.dumps(event), "attributes": attributes}


@settings(max_examples=200, deadline=None)
@given(st.lists(ACTS, min_size=1, max_size=12), st.integers(0, 1000))
def test_once_all_events_are_handled_no_rule_asks_for_anything_more(acts: list[Any], seed: int) -> None:
    settling = Settling(seed)
    for act in acts:
        settling.act(*act)
    settling.settle()
    triage = settling.containers[0].triage
    for number in range(len(FIRST)):
        stored = settling.world.stored(number)
        left = decide(stored, triage.ruleset, settling.world.clock.now(), triage.settings)
        assert left.update is None, stored
