"""Histories that every kind of decision depends on, told by hand: the engine and the oracle live them alike.

The random histories find what nobody thought of; these make sure that what somebody did think of is always
among them. After each step all events are handled, both hubs must hold the same, and the story says what.
"""

from collections.abc import Callable
from typing import Any

import pytest

from hubtriage.localaws.securityhub.asff.timestamps import write_timestamp
from tests.laws.checks import state
from tests.laws.deciders import Engine, Naive
from tests.laws.oracle.entries import engine_entry, remembered
from tests.laws.oracle.fields import held
from tests.laws.rules import FAILS_ON_ARCHIVED
from tests.laws.world import HubLife

START = 1_790_000_000.0
KEY = ("arn:aws:securityhub:us-east-1::product/aws/securityhub", "story/1")
CONTROL = {
    "SchemaVersion": "2018-10-08",
    "Id": KEY[1],
    "ProductArn": KEY[0],
    "GeneratorId": "security-control/S3.8",
    "AwsAccountId": "111122223333",
    "CreatedAt": "2026-01-01T00:00:00Z",
    "UpdatedAt": "2026-01-01T00:00:00Z",
    "Title": "t",
    "Description": "d",
    "Severity": {"Label": "LOW"},
    "Types": ["Software and Configuration Checks"],
    "Resources": [{"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::b"}],
    "Compliance": {"Status": "FAILED"},
    "RecordState": "ACTIVE",
}
ALL = {"when": True}


def rule(name: str, update: dict[str, Any], **keys: Any) -> dict[str, Any]:
    return {"id": name, **ALL, "update": update, **keys}


def suppress(**keys: Any) -> dict[str, Any]:
    return rule("suppress", {"Workflow": {"Status": "SUPPRESSED"}}, **keys)


def notify(**keys: Any) -> dict[str, Any]:
    return rule("notify", {"Workflow": {"Status": "NOTIFIED"}}, **keys)


class LawStory:
    """One finding in two hubs, one triaged by the engine and one by the oracle."""

    def __init__(self, assumed: str, true: str) -> None:
        self.now = START
        self.udf = true
        self.keys_go = assumed == true == "replace"
        self.keys_merge = assumed == "merge"
        self.provided: dict[str, Any] = dict(CONTROL)
        self.worlds = [HubLife.of(triage(assumed), true, pins=False) for triage in (Engine, Naive)]
        self.provider()

    def provider(self, **says: Any) -> None:
        """Let the provider update the finding."""
        self.now += 60
        self.provided |= says
        for world in self.worlds:
            world.provide({**self.provided, "UpdatedAt": write_timestamp(self.now)}, self.now)
        self.found = self.worlds[0].finding(KEY)
        self.rest()

    def stored(self, **members: Any) -> None:
        """Store the finding as it is given, without what the service would fill in."""
        for world in self.worlds:
            world.plant({**CONTROL, **members}, self.now)
        self.rest()

    def person(self, **update: Any) -> None:
        """Let somebody update it by hand, keeping all user-defined fields."""
        self.now += 60
        for world in self.worlds:
            fields = {**world.user_fields(KEY), **update.get("UserDefinedFields", {})}
            world.edit(
                KEY,
                update | ({"UserDefinedFields": fields} if "UserDefinedFields" in update else {}),
                self.now,
            )
        self.rest()

    def tool(self, **fields: str) -> None:
        """Let a tool write its own user-defined fields, as if there were no others."""
        self.now += 60
        for world in self.worlds:
            world.edit(KEY, {"UserDefinedFields": fields}, self.now)
        self.rest()

    def rules(self, *rules: dict[str, Any]) -> None:
        """Change the rules, and sweep."""
        for world in self.worlds:
            world.own().decider.use(list(rules))
        self.sweep()

    def switch(self, *, may_hide: bool = True, never: frozenset[str] = frozenset()) -> None:
        """Set whether anything new may be hidden, and what is never written."""
        for world in self.worlds:
            world.own().decider.switch(may_hide=may_hide, never=never)

    def forget(self) -> None:
        """Lose what triage remembers of the finding."""
        for world in self.worlds:
            world.own().forget(KEY)

    def history_lags(self, seconds: float) -> None:
        """Let the history show what happened only so many seconds later."""
        for world in self.worlds:
            world.history_lags(seconds)

    def sweep(self, seconds: float = 60) -> None:
        """Let time go by, then sweep."""
        self.now += seconds
        for world in self.worlds:
            world.sweep(self.now)
        self.rest()

    def rest(self) -> None:
        """Handle all events; the hubs must agree, and nothing must be left to do."""
        for world in self.worlds:
            world.drain(self.now)
        engine, oracle = self.worlds
        assert state(engine.finding(KEY)) == state(oracle.finding(KEY))
        entry = remembered(engine.own().memory(KEY), self.now)
        assert entry == remembered(engine_entry(oracle.own().memory(KEY)), self.now)
        assert engine.sweep(self.now) == 0, "one call for each outside event"
        engine.drain(self.now)

    def holds(self, field: str, value: Any) -> None:
        """Demand what the finding in the engine's hub must hold now."""
        assert held(self.worlds[0].finding(KEY), field) == value

    def was(self, field: str, value: Any) -> None:
        """Demand what it held when the provider had updated it, before triage came."""
        assert held(self.found, field) == value


def a_reset_through_passed(story: LawStory) -> None:
    story.rules(notify())
    story.provider(Compliance={"Status": "PASSED"})
    story.was("Workflow", "RESOLVED")
    story.holds("Workflow", "RESOLVED")
    story.provider(Compliance={"Status": "FAILED"})
    story.was("Workflow", "NEW")
    story.holds("Workflow", "NOTIFIED")


def what_passed_before_a_rule_that_opens(story: LawStory) -> None:
    story.provider(Compliance={"Status": "PASSED"})
    story.rules(suppress(order=100), notify(order=200))
    story.holds("Workflow", "RESOLVED")
    story.rules(suppress(order=100))
    story.holds("Workflow", "SUPPRESSED")
    story.rules(suppress(order=100), notify(order=200))
    story.holds("Workflow", "RESOLVED")
    story.provider(Compliance={"Status": "FAILED"})
    story.holds("Workflow", "NOTIFIED")


def a_reset_through_the_archive(story: LawStory) -> None:
    story.rules(notify())
    story.provider(RecordState="ARCHIVED")
    story.provider(RecordState="ACTIVE")
    story.was("Workflow", "NEW")
    story.holds("Workflow", "NOTIFIED")


def a_reset_of_what_we_resolved(story: LawStory) -> None:
    story.rules(rule("resolve", {"Workflow": {"Status": "RESOLVED"}}))
    story.provider(Compliance={"Status": "PASSED"})
    story.provider(Compliance={"Status": "FAILED"})
    story.holds("Workflow", "RESOLVED")


def a_reopening_while_the_finding_is_archived(story: LawStory) -> None:
    story.rules(notify())
    story.provider(RecordState="ARCHIVED")
    story.person(Workflow={"Status": "NEW"})
    story.holds("Workflow", "NEW")
    story.provider(RecordState="ACTIVE")
    story.holds("Workflow", "NEW")


def a_reopening_that_is_remembered(story: LawStory) -> None:
    story.rules(suppress())
    story.person(Workflow={"Status": "NEW"})
    story.provider(Description="refreshed")
    story.holds("Workflow", "NEW")
    story.person(Workflow={"Status": "SUPPRESSED"})
    story.rules()
    story.holds("Workflow", "SUPPRESSED")


def an_escalation_behind_a_lowered_severity(story: LawStory) -> None:
    story.rules(suppress(), rule("lower", {"Severity": {"Label": "INFORMATIONAL"}}))
    story.provider(Severity={"Label": "CRITICAL"})
    story.holds("Workflow", "NEW")
    story.holds("Severity", "CRITICAL")


def an_escalation_just_above_the_ceiling(story: LawStory) -> None:
    story.rules(
        suppress(ceiling="LOW"), rule("lower", {"Severity": {"Label": "INFORMATIONAL"}}, ceiling="MEDIUM")
    )
    story.provider(Severity={"Label": "MEDIUM"})
    story.holds("Workflow", "NEW")
    story.holds("Severity", "INFORMATIONAL")
    story.provider(Severity={"Label": "HIGH"})
    story.holds("Severity", "HIGH")


def an_escalation_to_high_where_no_ceiling_is_written(story: LawStory) -> None:
    story.rules(suppress(), rule("lower", {"Severity": {"Label": "INFORMATIONAL"}}))
    story.provider(Severity={"Label": "MEDIUM"})
    story.holds("Workflow", "SUPPRESSED")
    story.holds("Severity", "INFORMATIONAL")
    story.provider(Severity={"Label": "HIGH"})
    story.holds("Workflow", "NEW")
    story.holds("Severity", "HIGH")


def an_escalation_behind_a_severity_that_a_person_lowered(story: LawStory) -> None:
    story.provider(Severity={"Label": "MEDIUM"})
    story.person(Severity={"Label": "LOW"})
    story.rules(suppress(ceiling="HIGH"))
    story.holds("Workflow", "SUPPRESSED")
    story.provider(Severity={"Label": "CRITICAL"})
    story.was("Workflow", "SUPPRESSED")
    story.holds("Workflow", "NEW")
    story.holds("Severity", "LOW")
    story.provider(Severity={"Label": "HIGH"})
    story.holds("Workflow", "SUPPRESSED")


def an_escalation_that_came_before_the_rule_and_after_the_person(story: LawStory) -> None:
    story.provider(Severity={"Label": "MEDIUM"})
    story.person(Severity={"Label": "LOW"})
    story.provider(Severity={"Label": "CRITICAL"})
    story.rules(suppress(ceiling="HIGH"))
    story.holds("Workflow", "NEW")


def an_escalation_behind_a_persons_severity_that_an_override_took_over(story: LawStory) -> None:
    story.provider(Severity={"Label": "MEDIUM"})
    story.person(Severity={"Label": "LOW"})
    raised = rule("raise", {"Severity": {"AtLeast": "MEDIUM"}}, override=True)
    story.rules(raised, suppress(ceiling="HIGH"))
    story.holds("Severity", "MEDIUM")
    story.holds("Workflow", "SUPPRESSED")
    story.provider(Severity={"Label": "CRITICAL"})
    story.holds("Workflow", "NEW")


def a_severity_that_a_person_raised_above_the_ceiling(story: LawStory) -> None:
    story.rules(suppress(ceiling="HIGH"))
    story.holds("Workflow", "SUPPRESSED")
    story.person(Severity={"Label": "CRITICAL"})
    story.holds("Workflow", "NEW")
    story.person(Severity={"Label": "MEDIUM"})
    story.holds("Workflow", "SUPPRESSED")


def an_escalation_above_the_ceiling_of_a_rule_that_fails(story: LawStory) -> None:
    story.provider(Severity={"Label": "MEDIUM"})
    lower = rule("lower", {"Severity": {"AtMost": "LOW"}}, when=FAILS_ON_ARCHIVED)
    story.rules(lower, suppress(when=FAILS_ON_ARCHIVED))
    story.provider(RecordState="ARCHIVED")
    story.holds("Workflow", "SUPPRESSED")
    story.holds("Severity", "LOW")
    story.provider(Severity={"Label": "CRITICAL"})
    story.holds("Workflow", "NEW")
    story.holds("Severity", "CRITICAL")


def an_escalation_while_a_rule_that_hides_nothing_fails(story: LawStory) -> None:
    story.rules(suppress())
    story.provider(RecordState="ARCHIVED")
    failing = notify(order=1, when=FAILS_ON_ARCHIVED)
    story.rules(suppress(ceiling="LOW"), failing)
    story.holds("Workflow", "SUPPRESSED")
    story.provider(Severity={"Label": "MEDIUM"})
    story.holds("Workflow", "NEW")


def an_escalation_of_what_is_never_written(story: LawStory) -> None:
    story.rules(suppress(), rule("lower", {"Severity": {"Label": "INFORMATIONAL"}}))
    story.switch(never=frozenset({"Workflow", "Severity"}))
    story.rules()
    story.holds("Workflow", "SUPPRESSED")
    story.provider(Severity={"Label": "CRITICAL"})
    story.holds("Workflow", "NEW")
    story.holds("Severity", "INFORMATIONAL")


def a_mode_in_which_nothing_new_is_hidden(story: LawStory) -> None:
    story.rules(suppress())
    story.switch(may_hide=False)
    lower = rule("lower", {"Severity": {"Label": "INFORMATIONAL"}, "UserDefinedFields": {"why": "dev"}})
    story.rules(suppress(), lower, rule("tag", {"UserDefinedFields": {"owner": "net"}}))
    story.holds("Workflow", "SUPPRESSED")
    story.holds("Severity", "LOW")
    story.holds("UserDefinedFields.why", None)
    story.holds("UserDefinedFields.owner", "net")
    story.provider(Severity={"Label": "CRITICAL"})
    story.holds("Workflow", "NEW")
    story.provider(Severity={"Label": "LOW"})
    story.holds("Workflow", "NEW")
    story.switch(may_hide=True)
    story.sweep()
    story.holds("Workflow", "SUPPRESSED")
    story.holds("Severity", "INFORMATIONAL")


def a_severity_that_is_followed_while_nothing_new_is_hidden(story: LawStory) -> None:
    story.rules(rule("lower", {"Severity": {"Label": "INFORMATIONAL"}}))
    story.rules()
    story.switch(may_hide=False)
    story.rules(rule("lower", {"Severity": {"Label": "INFORMATIONAL"}}))
    story.provider(Severity={"Label": "MEDIUM"})
    story.holds("Severity", "MEDIUM")


def a_severity_that_follows_its_provider_for_ever(story: LawStory) -> None:
    story.rules(rule("raise", {"Severity": {"Label": "HIGH"}}))
    story.rules()
    story.provider(Severity={"Label": "MEDIUM"})
    story.provider(Severity={"Label": "CRITICAL"})
    story.holds("Severity", "CRITICAL")


def a_rule_that_starts_and_ends(story: LawStory) -> None:
    story.rules(suppress(starts=story.now + 3600, ends=story.now + 7200))
    story.holds("Workflow", "NEW")
    story.sweep(3600)
    story.holds("Workflow", "SUPPRESSED")
    story.sweep(3600)
    story.holds("Workflow", "NEW")


def an_order_and_a_terminal_rule(story: LawStory) -> None:
    story.rules(suppress(order=1), notify(order=2))
    story.holds("Workflow", "NOTIFIED")
    story.rules(suppress(order=1, terminal=True), notify(order=2))
    story.holds("Workflow", "SUPPRESSED")


def severities_between_bounds(story: LawStory) -> None:
    story.provider(Severity={"Label": "HIGH"})
    least = rule("least", {"Severity": {"AtLeast": "MEDIUM"}}, order=2)
    story.rules(rule("lower", {"Severity": {"Label": "LOW"}}, order=1, ceiling="HIGH"), least)
    story.holds("Severity", "HIGH")
    story.provider(Severity={"Label": "INFORMATIONAL"})
    story.holds("Severity", "MEDIUM")
    story.rules(least, rule("most", {"Severity": {"AtMost": "LOW"}}, order=3, ceiling="CRITICAL"))
    story.holds("Severity", "INFORMATIONAL")
    story.provider(Severity={"Label": "CRITICAL"})
    story.holds("Severity", "LOW")


def severities_without_a_label(story: LawStory) -> None:
    story.rules(notify(match={"Severity": {"Label": ["HIGH"]}}))
    for normalized, status in ((69, "NEW"), (70, "NOTIFIED"), (89, "NOTIFIED"), (90, "NEW")):
        story.stored(Severity={"Normalized": normalized})
        story.holds("Workflow", status)


def types_added_and_removed(story: LawStory) -> None:
    story.provider(Types=["TTPs/Discovery", "Effects/Data Exposure"])
    story.rules(rule("edit", {"Types": {"Add": ["Unusual Behaviors"], "Remove": ["TTPs/Discovery"]}}))
    story.holds("Types", frozenset({"Effects/Data Exposure", "Unusual Behaviors"}))
    story.provider(Types=["TTPs/Discovery", "TTPs/Persistence"])
    story.holds("Types", frozenset({"TTPs/Persistence", "Unusual Behaviors"}))
    story.rules()
    story.holds("Types", frozenset({"TTPs/Discovery", "TTPs/Persistence"}))


def types_in_another_order(story: LawStory) -> None:
    story.provider(Types=["TTPs/Discovery", "Effects/Data Exposure"])
    before = story.worlds[0].finding(KEY)
    story.rules(rule("same", {"Types": ["Effects/Data Exposure", "TTPs/Discovery"]}))
    assert story.worlds[0].finding(KEY) == before


def texts_with_what_rule_and_finding_say(story: LawStory) -> None:
    fields = {"why": "{rule.ticket} in {finding.AwsAccountId}", "long": "{rule.id}" + "x" * 1023}
    story.rules(rule("told", {"UserDefinedFields": fields}, ticket="SEC-1"))
    story.holds("UserDefinedFields.why", "SEC-1 in 111122223333")
    story.holds("UserDefinedFields.long", "told" + "x" * 1019 + "\u2026")


def a_rule_in_observe_then_on_hold(story: LawStory) -> None:
    story.rules(suppress(mode="observe"))
    story.holds("Workflow", "NEW")
    story.rules(suppress(mode="hold"))
    story.holds("Workflow", "NEW")
    story.rules(suppress())
    story.rules(suppress(mode="hold"))
    story.holds("Workflow", "SUPPRESSED")
    story.rules(suppress(mode="observe"))
    story.holds("Workflow", "NEW")


def an_escalation_of_what_a_rule_lowered_before_it_was_changed_and_put_on_hold(story: LawStory) -> None:
    story.rules(rule("lower", {"Severity": {"Label": "INFORMATIONAL"}}))
    story.rules(rule("lower", {"Confidence": 5}, mode="hold"))
    story.holds("Severity", "INFORMATIONAL")
    story.provider(Severity={"Label": "HIGH"})
    story.holds("Severity", "HIGH")


def a_persons_field_without_override(story: LawStory) -> None:
    story.person(VerificationState="TRUE_POSITIVE")
    story.rules(rule("verdict", {"VerificationState": "FALSE_POSITIVE"}))
    story.holds("VerificationState", "TRUE_POSITIVE")


def a_persons_note_and_an_override(story: LawStory) -> None:
    story.person(Note={"Text": "Mine.", "UpdatedBy": "ana"})
    story.rules(rule("note", {"Note": {"Text": "Ours."}}, override=True))
    assert story.worlds[0].finding(KEY)["Note"]["Text"] == "Mine."


def an_override_that_gives_back(story: LawStory) -> None:
    story.person(VerificationState="TRUE_POSITIVE")
    story.rules(rule("verdict", {"VerificationState": "FALSE_POSITIVE"}, override=True))
    story.holds("VerificationState", "FALSE_POSITIVE")
    story.rules()
    story.holds("VerificationState", "TRUE_POSITIVE")


def an_override_that_would_give_back_a_suppression(story: LawStory) -> None:
    story.person(Workflow={"Status": "SUPPRESSED"})
    story.rules(notify(override=True))
    story.holds("Workflow", "NOTIFIED")
    story.rules()
    story.holds("Workflow", "NEW")


def an_override_that_would_give_back_what_had_been_resolved(story: LawStory) -> None:
    story.person(Workflow={"Status": "RESOLVED"})
    story.rules(notify(override=True))
    story.holds("Workflow", "NOTIFIED")
    story.rules(rule("resolve", {"Workflow": {"Status": "RESOLVED"}}))
    story.holds("Workflow", "RESOLVED")
    story.rules()
    story.holds("Workflow", "NEW")


def a_tug_of_war(story: LawStory) -> None:
    story.rules(suppress(override=True))
    for _ in range(5):
        story.person(Workflow={"Status": "NEW"})
    story.holds("Workflow", "NEW")


def user_fields_come_and_go(story: LawStory) -> None:
    story.person(UserDefinedFields={"jira": "SEC-1"})
    story.rules(rule("owner", {"UserDefinedFields": {"owner": "net"}}))
    story.rules(rule("owner", {"UserDefinedFields": {"owner": "web"}}))
    story.rules()
    assert story.worlds[0].user_fields(KEY)["jira"] == "SEC-1"


def suppress_with_keys(count: int, name: str = "k") -> dict[str, Any]:
    fields = {f"{name}{number}": "v" for number in range(count)}
    return rule(f"suppress-{name}", {"Workflow": {"Status": "SUPPRESSED"}, "UserDefinedFields": fields})


def as_many_user_fields_as_can_be_taken_back(story: LawStory) -> None:
    story.rules(suppress_with_keys(40))
    story.provider(RecordState="ARCHIVED")
    story.holds("Workflow", "SUPPRESSED")
    story.provider(Severity={"Label": "CRITICAL"})
    story.holds("Workflow", "NEW")
    story.provider(Severity={"Label": "LOW"})
    story.holds("Workflow", "SUPPRESSED")
    story.rules()
    story.holds("Workflow", "NEW")


def more_user_fields_than_could_be_taken_back(story: LawStory) -> None:
    story.rules(suppress_with_keys(45))
    story.provider(Severity={"Label": "CRITICAL"})
    story.holds("Workflow", "NEW")
    story.provider(Severity={"Label": "LOW"})
    story.rules()
    story.holds("Workflow", "NEW")


def many_user_fields_in_the_place_of_many_others(story: LawStory) -> None:
    if story.udf == "merge" and not story.keys_merge:
        pytest.skip("the service refuses 60 pairs, and triage thinks that they are 30")
    story.rules(suppress_with_keys(30))
    story.holds("Workflow", "SUPPRESSED")
    others = suppress_with_keys(30, "other")
    story.rules({**others, "update": {**others["update"], "Workflow": {"Status": "NOTIFIED"}}})
    story.holds("Workflow", "NOTIFIED")
    story.rules(rule("keys", {"UserDefinedFields": others["update"]["UserDefinedFields"]}))
    story.holds("Workflow", "NEW")


def a_status_taken_back_where_keys_have_no_room(story: LawStory) -> None:
    if story.udf == "merge" and not story.keys_merge:
        pytest.skip("the service refuses 60 pairs, and triage thinks that they are 30")
    story.rules(suppress_with_keys(30))
    story.rules(rule("keys", {"UserDefinedFields": {f"other{n}": "v" for n in range(30)}}))
    story.holds("Workflow", "NEW")
    story.holds("UserDefinedFields.other29", "v" if story.keys_go else None)


def a_tool_that_wipes_map_and_note(story: LawStory) -> None:
    note = {"Note": {"Text": "Accepted."}, "UserDefinedFields": {"why": "dev"}}
    story.rules(rule("suppress", {"Workflow": {"Status": "SUPPRESSED"}, **note}))
    story.tool(theirs="1")
    story.person(Note={"Text": "Theirs.", "UpdatedBy": "tool"})
    story.holds("Workflow", "SUPPRESSED")
    story.provider(Severity={"Label": "CRITICAL"})
    story.holds("Workflow", "NEW")
    story.holds("Note", "Theirs.")


def a_tool_that_sends_its_own_map_again_and_again(story: LawStory) -> None:
    story.rules(rule("tag", {"UserDefinedFields": {"owner": "net"}}, override=True))
    for _ in range(5):
        story.tool(theirs="1")
    story.holds("UserDefinedFields.owner", None if story.udf == "replace" else "net")


def what_old_versions_kept_on_the_finding_is_another_tools(story: LawStory) -> None:
    claim = {"hubtriage/managed": "hubtriage", "hubtriage/memo": "1 WS.abcdef SL.abcdef<%22LOW%22"}
    story.person(UserDefinedFields=claim, Workflow={"Status": "SUPPRESSED"})
    story.person(Note={"Text": "hubtriage: suppress no longer applies.", "UpdatedBy": "hubtriage"})
    story.holds("Workflow", "SUPPRESSED")
    story.rules(rule("lower", {"Confidence": 5, "Note": {"Text": "Low."}}))
    story.holds("Workflow", "SUPPRESSED")
    story.holds("Note", "hubtriage: suppress no longer applies.")
    story.rules()
    story.holds("UserDefinedFields.hubtriage/memo", claim["hubtriage/memo"])


def a_repaired_exception(story: LawStory) -> None:
    story.rules(suppress())
    story.provider(Compliance={"Status": "PASSED"})
    story.was("Workflow", "SUPPRESSED")
    story.rules()
    story.holds("Workflow", "RESOLVED")
    story.provider(Compliance={"Status": "FAILED"})
    story.holds("Workflow", "NEW")
    story.provider(Compliance={"Status": "PASSED"})
    story.holds("Workflow", "RESOLVED")


def an_exception_taken_back_on_passed_where_the_service_does_not_reset(story: LawStory) -> None:
    story.rules(suppress())
    story.stored(Compliance={"Status": "PASSED"}, Workflow={"Status": "SUPPRESSED"})
    story.rules()
    story.holds("Workflow", "RESOLVED")
    story.stored(Compliance={"Status": "FAILED"}, Workflow={"Status": "RESOLVED"})
    story.holds("Workflow", "NEW")


def a_notification_taken_back_on_passed(story: LawStory) -> None:
    story.rules(notify())
    story.stored(Compliance={"Status": "PASSED"}, Workflow={"Status": "NOTIFIED"})
    story.holds("Workflow", "NOTIFIED")
    story.rules()
    story.holds("Workflow", "NOTIFIED")
    story.provider(Compliance={"Status": "FAILED"})
    story.holds("Workflow", "NEW")


def what_the_service_resolved_while_the_status_is_never_written(story: LawStory) -> None:
    story.rules(notify())
    story.stored(Compliance={"Status": "PASSED"}, Workflow={"Status": "NOTIFIED"})
    story.rules()
    story.switch(never=frozenset({"Workflow"}))
    story.stored(Compliance={"Status": "PASSED"}, Workflow={"Status": "RESOLVED"})
    story.switch()
    story.stored(Compliance={"Status": "FAILED"}, Workflow={"Status": "RESOLVED"})
    story.holds("Workflow", "NEW")


def a_reset_that_triage_did_not_see(story: LawStory) -> None:
    story.rules(notify())
    for world in story.worlds:
        for status in ("PASSED", "FAILED"):
            story.now += 1
            said = {**CONTROL, "Compliance": {"Status": status}, "UpdatedAt": write_timestamp(story.now)}
            world.provide(said, story.now)
    story.rest()
    story.holds("Workflow", "NOTIFIED")


def a_person_who_resolves_what_passed_over_our_suppression(story: LawStory) -> None:
    story.rules(suppress())
    story.provider(Compliance={"Status": "PASSED"})
    story.person(Workflow={"Status": "RESOLVED"})
    story.person(Workflow={"Status": "NEW"})
    story.holds("Workflow", "NEW")


def an_overruling_that_outlives_ceiling_rule_and_other_updates(story: LawStory) -> None:
    both = rule("suppress", {"Workflow": {"Status": "SUPPRESSED"}, "Note": {"Text": "Accepted."}})
    story.rules(both)
    story.person(Workflow={"Status": "NEW"})
    story.provider(Severity={"Label": "CRITICAL"})
    story.provider(Severity={"Label": "LOW"})
    story.holds("Workflow", "NEW")
    story.rules()
    story.rules(both)
    story.holds("Workflow", "NEW")


def a_history_that_lags_behind_a_person(story: LawStory) -> None:
    story.rules(suppress())
    story.history_lags(600)
    story.person(Workflow={"Status": "NEW"})
    story.holds("Workflow", "NEW")
    story.history_lags(0)
    story.sweep()
    story.holds("Workflow", "NEW")


def a_lost_entry_of_what_is_hidden(story: LawStory) -> None:
    story.rules(suppress(), rule("lower", {"Severity": {"Label": "INFORMATIONAL"}}))
    story.forget()
    story.provider(Severity={"Label": "CRITICAL"})
    story.holds("Workflow", "NEW")
    story.holds("Severity", "CRITICAL")


def a_lost_entry_and_a_late_history(story: LawStory) -> None:
    story.rules(suppress())
    story.forget()
    story.history_lags(600)
    story.provider(Severity={"Label": "CRITICAL"})
    story.holds("Workflow", "SUPPRESSED")
    story.history_lags(0)
    story.sweep()
    story.holds("Workflow", "NEW")


def a_lost_entry_above_the_ceilings_in_force(story: LawStory) -> None:
    story.rules(suppress())
    story.forget()
    high = suppress(id="high", ceiling="CRITICAL")
    story.rules({**high, "mode": "observe"}, {**high, "id": "later", "starts": story.now + 86_400.0 * 30})
    story.provider(Severity={"Label": "CRITICAL"})
    story.holds("Workflow", "NEW")


def a_lost_entry_of_what_a_person_suppressed(story: LawStory) -> None:
    story.person(Workflow={"Status": "SUPPRESSED"})
    story.rules(notify())
    story.forget()
    story.provider(Severity={"Label": "CRITICAL"})
    story.holds("Workflow", "SUPPRESSED")


def a_field_that_flaps(story: LawStory) -> None:
    for _ in range(4):
        story.rules(suppress())
        story.holds("Workflow", "SUPPRESSED")
        story.rules()
        story.holds("Workflow", "NEW")
    story.rules(suppress(), rule("tag", {"UserDefinedFields": {"owner": "net"}}))
    story.holds("Workflow", "NEW")
    story.holds("UserDefinedFields.owner", "net")
    story.sweep(86_400)
    story.holds("Workflow", "SUPPRESSED")


def a_note_that_comes_and_goes(story: LawStory) -> None:
    accepted = rule("note", {"Note": {"Text": "Accepted."}})
    story.rules(accepted)
    story.rules()
    story.holds("Note", "hubtriage: note no longer applies.")
    story.rules(accepted)
    story.holds("Note", "Accepted.")
    story.person(Note={"Text": "hubtriage: note no longer applies.", "UpdatedBy": "hubtriage"})
    story.rules(rule("note", {"Note": {"Text": "Still accepted."}}))
    story.holds("Note", "hubtriage: note no longer applies.")


def a_note_that_says_already_that_it_no_longer_applies(story: LawStory) -> None:
    story.rules(rule("note", {"Note": {"Text": "hubtriage: note no longer applies."}}))
    story.rules()
    note = story.worlds[0].finding(KEY)["Note"]
    assert (note["Text"], note["UpdatedBy"]) == ("hubtriage: note no longer applies.", "hubtriage/note")


def an_override_that_does_not_give_back_what_hides(story: LawStory) -> None:
    story.provider(Severity={"Label": "HIGH"})
    story.person(Workflow={"Status": "SUPPRESSED"}, Severity={"Label": "LOW"})
    raised = {"Workflow": {"Status": "NOTIFIED"}, "Severity": {"Label": "CRITICAL"}}
    story.rules(rule("open", raised, override=True))
    story.holds("Workflow", "NOTIFIED")
    story.holds("Severity", "CRITICAL")
    story.rules()
    story.holds("Workflow", "NEW")
    story.holds("Severity", "HIGH")


def a_key_that_a_rule_wants_again(story: LawStory) -> None:
    story.person(UserDefinedFields={"jira": "SEC-1"})
    story.rules(rule("owner", {"UserDefinedFields": {"owner": "net"}}))
    story.rules()
    story.rules(rule("owner", {"UserDefinedFields": {"owner": "net"}}))
    story.holds("UserDefinedFields.owner", "net")
    story.rules(rule("owner", {"UserDefinedFields": {"owner": "web"}}))
    story.holds("UserDefinedFields.owner", "web")


def the_last_key_and_one_that_comes_beside_it(story: LawStory) -> None:
    story.rules(rule("owner", {"UserDefinedFields": {"owner": "net"}}))
    story.rules()
    story.holds("UserDefinedFields.owner", "net")
    story.person(UserDefinedFields={"jira": "SEC-1"})
    story.holds("UserDefinedFields.owner", None if story.keys_go else "net")


def a_finding_without_workflow(story: LawStory) -> None:
    story.stored(FindingProviderFields={"Severity": {"Label": "LOW"}})
    story.rules(suppress(match={"Workflow": {"Status": ["NEW"]}}))
    story.holds("Workflow", "SUPPRESSED")


STORIES: list[Callable[[LawStory], None]] = [
    a_reset_through_passed,
    what_passed_before_a_rule_that_opens,
    a_reset_through_the_archive,
    a_reset_of_what_we_resolved,
    a_reopening_while_the_finding_is_archived,
    a_reopening_that_is_remembered,
    an_escalation_behind_a_lowered_severity,
    an_escalation_just_above_the_ceiling,
    an_escalation_to_high_where_no_ceiling_is_written,
    an_escalation_behind_a_severity_that_a_person_lowered,
    an_escalation_that_came_before_the_rule_and_after_the_person,
    an_escalation_behind_a_persons_severity_that_an_override_took_over,
    a_severity_that_a_person_raised_above_the_ceiling,
    an_escalation_above_the_ceiling_of_a_rule_that_fails,
    an_escalation_while_a_rule_that_hides_nothing_fails,
    an_escalation_of_what_is_never_written,
    a_mode_in_which_nothing_new_is_hidden,
    a_severity_that_is_followed_while_nothing_new_is_hidden,
    a_severity_that_follows_its_provider_for_ever,
    a_rule_that_starts_and_ends,
    an_order_and_a_terminal_rule,
    severities_between_bounds,
    severities_without_a_label,
    types_added_and_removed,
    types_in_another_order,
    texts_with_what_rule_and_finding_say,
    a_rule_in_observe_then_on_hold,
    an_escalation_of_what_a_rule_lowered_before_it_was_changed_and_put_on_hold,
    a_persons_field_without_override,
    a_persons_note_and_an_override,
    an_override_that_gives_back,
    an_override_that_would_give_back_a_suppression,
    an_override_that_would_give_back_what_had_been_resolved,
    a_tug_of_war,
    user_fields_come_and_go,
    as_many_user_fields_as_can_be_taken_back,
    more_user_fields_than_could_be_taken_back,
    many_user_fields_in_the_place_of_many_others,
    a_status_taken_back_where_keys_have_no_room,
    a_tool_that_wipes_map_and_note,
    a_tool_that_sends_its_own_map_again_and_again,
    what_old_versions_kept_on_the_finding_is_another_tools,
    a_repaired_exception,
    an_exception_taken_back_on_passed_where_the_service_does_not_reset,
    a_notification_taken_back_on_passed,
    what_the_service_resolved_while_the_status_is_never_written,
    a_reset_that_triage_did_not_see,
    a_person_who_resolves_what_passed_over_our_suppression,
    an_overruling_that_outlives_ceiling_rule_and_other_updates,
    a_history_that_lags_behind_a_person,
    a_lost_entry_of_what_is_hidden,
    a_lost_entry_and_a_late_history,
    a_lost_entry_above_the_ceilings_in_force,
    a_lost_entry_of_what_a_person_suppressed,
    a_field_that_flaps,
    a_note_that_comes_and_goes,
    a_note_that_says_already_that_it_no_longer_applies,
    an_override_that_does_not_give_back_what_hides,
    a_key_that_a_rule_wants_again,
    the_last_key_and_one_that_comes_beside_it,
    a_finding_without_workflow,
]


@pytest.mark.parametrize(
    ("assumed", "true"), [("replace", "replace"), ("merge", "merge"), ("replace", "merge")]
)
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__.replace("_", " "))
def test_story(story: Callable[[LawStory], None], assumed: str, true: str) -> None:
    """Under each reading of UserDefinedFields, and where `replace` is assumed and `merge` is true."""
    story(LawStory(assumed, true))
