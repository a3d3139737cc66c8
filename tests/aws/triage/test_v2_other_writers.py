"""Whatever happens to a finding of V2 on the way, what people did stays, and what rules did ends with them.

Each history is a row of acts, minutes apart: providers, people and other tools, faults of the service, other
rules, events and repetitions. In the end nothing fails any more and no rule is left.
"""

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from hubtriage.engine.ocsf.view import severity_label
from hubtriage.localaws.securityhub.v2.other_writers import write_remediation_text
from tests.support.examples import examples
from tests.support.hub_v2_world import ocsf, uid
from tests.support.settling_hubs import MEMBERS
from tests.support.v2_triage_world import V2TriageWorld, both_hubs, v2_record

_NOTE = {"Text": "Accepted.", "UpdatedBy": "x"}
_BUCKETS = {"Resources": {"Type": ["AwsS3Bucket"]}}
_HIDE: dict[str, Any] = {
    "id": "hide",
    "ceiling": "HIGH",
    "match": {**_BUCKETS, "Severity": {"Label": ["LOW", "MEDIUM", "HIGH"]}},
    "update": {"Workflow": {"Status": "SUPPRESSED"}, "Note": _NOTE, "UserDefinedFields": {"a": "b"}},
}
_LOWER = {
    "id": "lower",
    "ceiling": "CRITICAL",
    "match": _BUCKETS,
    "update": {"Severity": {"Label": "INFORMATIONAL"}, "Note": _NOTE},
}
_NOTIFY = {"id": "notify", "match": _BUCKETS, "update": {"Workflow": {"Status": "NOTIFIED"}}}
_RESOLVE = {**_HIDE, "id": "resolve", "update": {"Workflow": {"Status": "RESOLVED"}, "Note": _NOTE}}
RULES: dict[str, tuple[dict[str, Any], ...]] = {
    "hide": (_HIDE,),
    "lower and notify": (_LOWER, _NOTIFY),
    "hide and lower": (_HIDE, _LOWER),
    "resolve": (_RESOLVE,),
    "none": ({**_HIDE, "match": {"Id": ["of no finding"]}},),
}
UPDATE = "BatchUpdateFindingsV2"
FAULTS: tuple[dict[str, Any], ...] = (
    {"operation": UPDATE, "lose_answer": True},
    {"operation": UPDATE, "error": "ThrottlingException"},
    {"operation": UPDATE, "error": "ConflictException"},
    {"operation": UPDATE, "error": "InternalServerException"},
    {"operation": UPDATE, "error": "AccessDeniedException"},
    {"operation": UPDATE, "finding_error": "ConflictException"},
    {"operation": UPDATE, "finding_error": "ResourceNotFoundException"},
    {"operation": "GetFindingsV2", "error": "ThrottlingException"},
)
EDITS: tuple[dict[str, Any], ...] = (
    {"StatusId": 1},
    {"StatusId": 3},
    {"StatusId": 5},
    {"SeverityId": 2},
    {"Comment": "Mine."},
)
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("rules"), st.sampled_from(sorted(RULES))),
        st.tuples(st.just("event"), st.tuples(st.sampled_from([1.0, 60.0]), st.sampled_from([1, 2, 3]))),
        st.tuples(st.just("provider"), st.sampled_from([0, 1, 2, 3, 4, 5, 6, 99])),
        st.tuples(st.just("compliance"), st.sampled_from([1, 3])),
        st.tuples(
            st.just("person"),
            st.sampled_from(EDITS),
        ),
        st.tuples(st.just("tool"), st.just("Remediated.")),
        st.tuples(st.just("fault"), st.tuples(st.sampled_from(FAULTS), st.sampled_from([1, 4, 9]))),
        st.tuples(st.just("late"), st.integers(1, 6)),
        st.tuples(st.just("lag"), st.sampled_from([0.0, 45.0, 250.0])),
        st.tuples(st.just("wait"), st.sampled_from([20.0, 400.0, 3600.0])),
    ),
    max_size=14,
)


class History:
    """A finding of V2, triage over it, and what others wrote last in each of its fields."""

    def __init__(self) -> None:
        self.world = V2TriageWorld()
        self.world.provide(ocsf(1))
        self.rules = RULES["hide"]
        self.theirs: dict[str, Any] = {}
        self.faults: list[tuple[dict[str, Any], int]] = []
        self.is_behind = False
        self.states = [(self.world.clock.now(), self.world.ocsf(1))]

    def act(self, kind: str, what: Any) -> None:
        if kind == "rules":
            self.rules = RULES[what]
        else:
            getattr(self, kind)(what)
        self.states.append((self.world.clock.now(), self.world.ocsf(1)))
        self.world.clock.sleep(7.0)

    def event(self, how: tuple[float, int]) -> None:
        age, receives = how
        for fault, times in self.faults:
            self.world.fault(times=times, **fault)
        before = self.world.ocsf(1)
        both_hubs(self.world, *self.rules).run(self.world.event(1, ago=age, receives=receives))
        self.world.hub.faults.clear()
        self.faults = []
        self.check(before)

    def late(self, back: int) -> None:
        """An event arrives that shows the finding as it was some acts ago."""
        self.is_behind = True
        moment, finding = self.states[-min(back, len(self.states))]
        now = self.world.clock.now()
        sent = v2_record("late", finding, age=now - moment, now=now)
        both_hubs(self.world, *self.rules).run(sent)

    def check(self, before: Any) -> None:
        """What triage may do to a finding that others have written, whatever the rules say."""
        after = self.world.ocsf(1)
        if self.is_behind:
            return
        if before["severity_id"] in (0, 99) and before["status_id"] in (1, 2):
            assert after["status_id"] in (1, 2), "a severity that is not known is hidden by no rule"
        if "comment" in self.theirs:
            assert after.get("comment") == self.theirs["comment"], "a comment of others stays"
        if before["status_id"] in (5, 6, 99):
            assert after["status_id"] == before["status_id"], "a status of others stays"

    def person(self, values: dict[str, Any]) -> None:
        self.world.person_sets(1, **values)
        self.theirs |= {MEMBERS[name]: value for name, value in values.items()}

    def tool(self, text: str) -> None:
        write_remediation_text(self.world.inner, [uid(1)], text)
        self.theirs |= {"status_id": 1, "comment": text}

    def provider(self, severity: int) -> None:
        self._provide(severity_id=severity)

    def compliance(self, status: int) -> None:
        self._provide(compliance={"status_id": status})

    def _provide(self, **changes: Any) -> None:
        """The service itself may reset a status, and resolve what passes."""
        before = self.world.status_of(1)
        self.world.hub.v2.advance(uid(1), changes, self.world.clock.now(), self.world.hub.settings)
        if self.world.status_of(1) != before:
            self.theirs.pop("status_id", None)

    def fault(self, what: tuple[dict[str, Any], int]) -> None:
        self.faults.append(what)

    def lag(self, seconds: float) -> None:
        """From now on readings are so far behind. What others did in that time may be overwritten once."""
        self.world.hub.configure(self.world.hub.settings.changed({"visible_after": seconds}))
        self.is_behind = self.is_behind or seconds > 0

    def wait(self, seconds: float) -> None:
        self.world.clock.sleep(seconds)

    def finish(self) -> None:
        """Nothing fails any more, and no rule is left. Two events, an hour apart."""
        self.faults = []
        self.rules = RULES["none"]
        self.world.hub.configure(self.world.hub.settings.changed({"visible_after": 0.0}))
        for _event in range(3):
            self.world.clock.sleep(3600.0)
            self.event((1.0, 5))


@examples(300)
@given(ACTS)
@example([("fault", (FAULTS[0], 9)), ("event", (1.0, 1)), ("person", {"StatusId": 1})])
@example([("rules", "hide and lower"), ("fault", (FAULTS[0], 4)), ("event", (1.0, 1)), ("tool", "Done.")])
def test_in_the_end_only_others_hide_a_finding(acts: list[tuple[str, Any]]) -> None:
    history = History()
    for kind, what in acts:
        history.act(kind, what)
    history.finish()
    shown = history.world.ocsf(1)
    theirs = history.theirs
    if shown["status_id"] in (3, 5):
        assert theirs.get("status_id") == shown["status_id"], json.dumps(shown)
    if shown["status_id"] == 4:
        assert shown["compliance"]["status_id"] == 1, "only what passes is resolved"
    # A vendor that goes from Critical to Fatal, or from Unknown to Other, says nothing that rules could see.
    severity, vendors = shown["severity_id"], shown["vendor_attributes"]["severity_id"]
    if severity_label(severity) != severity_label(vendors):
        assert theirs.get("severity_id") == shown["severity_id"], json.dumps(shown)
    if "comment" in theirs and not history.is_behind:
        assert shown["comment"] == theirs["comment"]
    assert not history.world.v2_entry(1).intent
