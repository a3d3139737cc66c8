"""The laws over random histories of Security Hub V2: the same laws, steps and oracle as in the other hub.

Checks and oracle read V2's findings by themselves. Where AWS does not say how V2 behaves, each history draws
one way. There is no finding history, so no one can be asked who set a value.
"""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from hubtriage.engine.ocsf.blind import SOMETIMES, on_v2
from hubtriage.localaws.securityhub.asff.requests import Identifier
from hubtriage.localaws.securityhub.v2.lifecycle import moment_of
from tests.laws.checks import keys_of
from tests.laws.deciders import Engine, Naive
from tests.laws.findings_v2 import ACTIVITIES, COMPLIANCE, SEVERITIES, UNSURE, UPDATES, beginnings
from tests.laws.oracle.fields import Finding, held, is_a_persons
from tests.laws.oracle.ocsf import FIELDS_OF, is_renumbered, severity_is_the_vendors
from tests.laws.oracle.policy import Statements
from tests.laws.policies import POLICIES
from tests.laws.rules import Rule, rulesets
from tests.laws.test_histories import PLACES, Histories
from tests.laws.test_two_hubs import seen_and_set_in_v2
from tests.laws.world import Stack
from tests.laws.world_v2 import V2Life
from tests.support.examples import examples

NATIVE_UPDATES = st.one_of(
    st.sampled_from([1, 2, 3, 4, 5]).map(lambda status: {"StatusId": status}),
    SEVERITIES.map(lambda severity: {"SeverityId": severity}),
    st.just({"Comment": "By a native rule."}),
)
NATIVE_CRITERIA = st.sampled_from(
    [
        {"NumberFilters": [{"FieldName": "severity_id", "Filter": {"Gte": 4}}]},
        {
            "StringFilters": [
                {"FieldName": "cloud.region", "Filter": {"Value": "eu-west-1", "Comparison": "EQUALS"}}
            ]
        },
    ]
)


class HistoriesV2(Histories):
    """One history, lived by three hubs V2."""

    @initialize(
        settings=UNSURE,
        first=beginnings(0),
        second=st.none() | beginnings(1),
        rules=rulesets(fewest=1),
        others=rulesets(),
        may_lower_all=st.booleans(),
    )
    def begin(  # type: ignore[override]
        self,
        settings: dict[str, Any],
        first: tuple[Finding, Finding | None],
        second: tuple[Finding, Finding | None] | None,
        rules: list[Rule],
        others: list[Rule],
        may_lower_all: bool,
    ) -> None:
        self.hub_udf, self.keys_stay = "none", False
        self.chronicle.late = True
        self.engine = V2Life.behaving(Engine(), settings)
        self.oracle = V2Life.behaving(Naive(), settings)
        self.nobody = V2Life.behaving(None, settings)
        self.engine.on_step = self.watch
        self.worlds = [self.engine, self.oracle, self.nobody]
        self.triaged = [self.engine, self.oracle]
        self.blue = (Stack(Engine(), "blue"), Stack(Naive(), "blue"))
        for each in self.blue:
            each.decider.use([seen_and_set_in_v2(rule) for rule in others])
        for finding, odd in filter(None, (first, second)):
            self.pristine[V2Life.name(finding)] = finding
            for world in self.worlds:
                world.plant(odd, self.now) if odd else world.provide(self.sent_now(finding), self.now)
            self.remember(finding)
        self.use([{**rule, "ceiling": "CRITICAL"} for rule in rules] if may_lower_all else rules)

    def remember(self, finding: Finding) -> None:
        identifier = V2Life.name(finding)
        shown = self.engine.finding(identifier)
        for key in keys_of(shown):
            if is_a_persons(shown, key):
                self.chronicle.set_by_hand(identifier, key, None, held(shown, key))

    def use(self, rules: list[Rule]) -> None:
        """Use what V2 shows and sets of these rules: the oracle knows nothing of the rest."""
        super().use([seen_and_set_in_v2(rule) for rule in rules])

    # What providers and the service do

    def sent_now(self, finding: Finding) -> Finding:
        moment = moment_of(round(self.now * 1000))
        return {**finding, "finding_info": {**finding["finding_info"], **moment}}

    @rule(place=PLACES, severity=SEVERITIES, activity=ACTIVITIES, seconds=st.sampled_from([1, 20]))
    def the_provider_updates(  # type: ignore[override]
        self, place: int, severity: int, activity: int, seconds: int
    ) -> None:
        self.now += seconds
        key = self.key(place)
        self.provide(key, {**self.pristine[key], "severity_id": severity, "activity_id": activity})

    @rule(place=PLACES, says=COMPLIANCE)
    def a_control_passes_or_fails(self, place: int, says: int) -> None:  # type: ignore[override]
        self.now += 1
        key = self.key(place)
        self.provide(key, {**self.pristine[key], "compliance": {"status_id": says}, "activity_id": 2})

    @rule(place=PLACES, severity=SEVERITIES)
    def the_provider_changes_the_severity(self, place: int, severity: int) -> None:  # type: ignore[override]
        self.now += 1
        key = self.key(place)
        self.provide(key, {**self.pristine[key], "severity_id": severity})

    def provide(self, key: Identifier, finding: Finding) -> None:
        before = self.engine.as_stored(key)
        super().provide(key, finding)
        if is_renumbered(before, self.engine.as_stored(key)):
            self.chronicle.renumbered.add(key)
        if not self.engine.hub.settings.v2.vendor_follows:  # then nothing shows what the provider says now
            self.chronicle.unseen.add((key, "Severity"))

    @precondition(lambda self: len(self.native) < 2)
    @rule(update=NATIVE_UPDATES, criteria=NATIVE_CRITERIA)
    def a_native_rule_is_made(self, update: dict[str, Any], criteria: dict[str, Any]) -> None:
        request = {
            "RuleName": "native",
            "RuleOrder": 1,
            "Description": "d",
            "Criteria": {"OcsfFindingCriteria": {"CompositeFilters": [criteria]}},
            "Actions": [{"Type": "FINDING_FIELDS_UPDATE", "FindingFieldsUpdate": update}],
        }
        self.chronicle.native |= self.named(update)
        answers = [world.hub.call("CreateAutomationRuleV2", request, self.now) for world in self.worlds]
        self.native.append([answer.body["RuleId"] for answer in answers])

    @precondition(lambda self: self.native)
    @rule()
    def a_native_rule_is_deleted(self) -> None:
        for world, name in zip(self.worlds, self.native.pop(), strict=True):
            world.hub.call("DeleteAutomationRuleV2", {"Identifier": name}, self.now)

    # What people and other tools do

    @rule(place=PLACES, update=UPDATES)
    def somebody_edits(self, place: int, update: dict[str, Any]) -> None:  # type: ignore[override]
        self.now += 1
        self.edit(self.key(place), [update] * len(self.worlds))

    def named(self, payload: dict[str, Any]) -> set[str]:
        return {FIELDS_OF[name] for name in payload}

    @rule(place=PLACES)
    def somebody_forges_what_old_versions_kept_on_the_finding(  # type: ignore[override]
        self, place: int
    ) -> None:
        self.now += 1
        text = "hubtriage: accept no longer applies. hubtriage/memo: 1 WS.k3Jd9x"
        self.edit(self.key(place), [{"Comment": text}] * len(self.worlds))

    @rule(policy=st.one_of(st.just([]), POLICIES))
    def the_policy_is_rewritten(self, policy: Statements) -> None:
        self.policy = [_seen_in_v2(statement) for statement in policy]
        self.use(self.ruleset)

    # Laws

    def agree(self) -> None:
        super().agree()
        for key in self.pristine:
            ours, naive = (_less_times(world.as_stored(key)) for world in self.triaged)
            assert ours == naive

    def take_back(self) -> None:
        super().take_back()
        for key in self.pristine:
            if self.chronicle.has_severity_of_ours(key):
                is_renumbered = key in self.chronicle.renumbered
                severity_is_the_vendors(self.engine.as_stored(key), is_renumbered=is_renumbered)


def _seen_in_v2(statement: dict[str, Any]) -> dict[str, Any]:
    """Return a statement whose condition V2 shows."""
    return {
        name: {"when": True} if name in ("findings", "only") and on_v2(part, SOMETIMES).is_affected else part
        for name, part in statement.items()
    }


def _less_times(finding: Finding) -> Finding:
    """Return a finding without its notes, whose times differ: the newest is compared as its comment."""
    return {name: value for name, value in finding.items() if name != "notes"}


TestHistoriesV2 = HistoriesV2.TestCase
TestHistoriesV2.settings = examples(60, steps=30)
