"""The laws over random histories: providers, people, tools, the service, late events, lost entries.

Three hubs live through the same history: one triaged by the engine, one by the oracle, one by nobody. At
rest the first two must hold the same, and each law must hold for the first.
"""

from collections.abc import Callable
from typing import Any

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from hubtriage.localaws.securityhub.asff.requests import Identifier, identity
from hubtriage.localaws.securityhub.asff.timestamps import write_timestamp
from tests.laws.checks import (
    Chronicle,
    RulesAtATime,
    changed,
    human_wins,
    keys_of,
    no_hidden_escalation,
    nothing_is_left_of_people,
    reversal,
    state,
    taking_back_never_hides,
)
from tests.laws.deciders import Engine, Naive
from tests.laws.findings import (
    IMPORTS,
    LABELS,
    RELATED_LISTS,
    SCORES,
    START,
    STATUSES,
    TYPE_LISTS,
    USER_KEYS,
    USER_VALUES,
    VERDICTS,
    Finding,
    beginnings,
)
from tests.laws.oracle.entries import engine_entry, engine_name, remembered
from tests.laws.oracle.fields import PROVIDED, USER, held, is_a_persons
from tests.laws.oracle.policy import Statements
from tests.laws.oracle.rules import could_set
from tests.laws.policies import POLICIES
from tests.laws.rules import DAY, IDS, Rule, rules, rulesets
from tests.laws.world import HubLife, Mail, PlannedUpdate, SentUpdate, Stack
from tests.support.examples import examples

PLACES = st.integers(0, 5)
FORGED = st.sampled_from(
    [
        {"hubtriage/managed": "hubtriage", "hubtriage/rules": "accept", "hubtriage/memo": "1 WS.k3Jd9x"},
        {"hubtriage/managed": "hubtriage", "hubtriage/memo": "1 WN.forged<%22SUPPRESSED%22"},
        {"hubtriage/managed": "blue", "hubtriage/memo": "?"},
    ]
)

EDITS = st.one_of(
    STATUSES.map(lambda status: ("Workflow", {"Status": status})),
    LABELS.map(lambda label: ("Severity", {"Label": label})),
    st.tuples(st.just("VerificationState"), VERDICTS),
    st.tuples(st.sampled_from(["Confidence", "Criticality"]), SCORES),
    st.tuples(st.just("Types"), TYPE_LISTS),
    st.tuples(st.just("RelatedFindings"), RELATED_LISTS),
    st.just(("Note", {"Text": "Mine.", "UpdatedBy": "jo"})),
    st.just(("Note", {"Text": "More.", "UpdatedBy": "hubtriage"})),
    st.just(("Note", {"Text": "hubtriage: accept no longer applies.", "UpdatedBy": "hubtriage/accept"})),
    st.tuples(st.sampled_from([USER + key for key in USER_KEYS]), st.one_of(st.none(), USER_VALUES)),
)
NATIVE_UPDATES = st.one_of(
    STATUSES.map(lambda status: {"Workflow": {"Status": status}}),
    LABELS.map(lambda label: {"Severity": {"Label": label}}),
    st.just({"Note": {"Text": "By a native rule.", "UpdatedBy": "automation"}}),
    st.just({"VerificationState": "TRUE_POSITIVE", "Confidence": 50}),
    st.just({"UserDefinedFields": {"owner": "them"}}),
)
NATIVE_CRITERIA = st.sampled_from(
    [
        {"SeverityLabel": [{"Value": "HIGH", "Comparison": "EQUALS"}]},
        {"RecordState": [{"Value": "ACTIVE", "Comparison": "EQUALS"}]},
    ]
)
ARRIVALS = st.lists(
    st.tuples(PLACES, PLACES, st.sampled_from(["new", "again", "redelivered"])), min_size=1, max_size=4
)


class Histories(RuleBasedStateMachine):
    """One history, lived by three hubs."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.chronicle = Chronicle()
        self.ruleset: list[Rule] = []
        self.policy: Statements = []
        self.pristine: dict[Identifier, Finding] = {}
        self.slow: list[tuple[RulesAtATime, list[PlannedUpdate], list[PlannedUpdate]]] = []
        self.planned_at: RulesAtATime | None = None
        self.native: list[list[str]] = []
        self.may_hide = True
        self.broken = False

    # Beginnings

    @initialize(
        reading=st.sampled_from([("replace", "replace"), ("replace", "merge"), ("merge", "merge")]),
        pins=st.booleans(),
        first=beginnings(0),
        second=st.none() | beginnings(1),
        rules=rulesets(fewest=1),
        others=rulesets(),
    )
    def begin(
        self,
        reading: tuple[str, str],
        pins: bool,
        first: tuple[Finding, Finding | None],
        second: tuple[Finding, Finding | None] | None,
        rules: list[Rule],
        others: list[Rule],
    ) -> None:
        udf, self.hub_udf = reading
        self.keys_stay = "merge" in reading
        self.engine = HubLife.of(Engine(udf), self.hub_udf, pins=pins)
        self.oracle = HubLife.of(Naive(udf), self.hub_udf, pins=pins)
        self.nobody = HubLife.of(None, self.hub_udf, pins=pins)
        self.engine.on_step = self.watch
        self.worlds = [self.engine, self.oracle, self.nobody]
        self.triaged = [self.engine, self.oracle]
        self.blue = (Stack(Engine(udf), "blue"), Stack(Naive(udf), "blue"))
        for each in self.blue:
            each.decider.use(others)
        for finding, odd in filter(None, (first, second)):
            self.pristine[identity(finding)] = finding
            for world in self.worlds:
                world.plant(odd, self.now) if odd else world.provide(finding, self.now)
            self.remember(odd or finding)
        self.use(rules)

    def remember(self, finding: Finding) -> None:
        """What somebody had set before the history begins is a person's."""
        for key in keys_of(finding):
            if is_a_persons(finding, key):
                self.chronicle.set_by_hand(identity(finding), key, None, held(finding, key))

    def use(self, rules: list[Rule]) -> None:
        self.ruleset = rules
        for rule_ in rules:
            if rule_.get("override"):
                self.chronicle.overridden |= could_set(rule_)
        for world in self.triaged:
            world.own().decider.use(rules, self.policy)

    @property
    def moment(self) -> RulesAtATime:
        return RulesAtATime(self.ruleset, self.now - self.engine.slow_by, self.may_hide)

    def key(self, place: int) -> Identifier:
        return list(self.pristine)[place % len(self.pristine)]

    def watch(self, step: SentUpdate) -> None:
        """Look at each update by the engine, as it happens."""
        identifier = step.key
        for key in changed(step.before, step.after):
            self.chronicle.set_by_triage(identifier, key, step.before, held(step.after, key))
        if not step.fresh:
            self.chronicle.race(identifier)
        moment = self.planned_at or self.moment
        if step.fresh:
            self.check(lambda: taking_back_never_hides(step.before, step.after, moment))
            self.check(lambda: human_wins(identifier, step.before, step.after, moment, self.chronicle))
        self.chronicle.look_at(identifier, step.after)

    def check(self, law: Callable[[], None]) -> None:
        try:
            law()
        except AssertionError:
            self.broken = True
            raise

    # What providers and the service do

    @rule(place=PLACES, says=IMPORTS, seconds=st.sampled_from([1, 20]))
    def the_provider_updates(self, place: int, says: dict[str, Any], seconds: int) -> None:
        self.now += seconds
        key = self.key(place)
        kept = {
            k: v
            for k, v in self.pristine[key].items()
            if k not in ("Compliance", "Confidence", "Criticality")
        }
        self.provide(key, {**kept, **says})

    @rule(place=PLACES, says=st.sampled_from(["PASSED", "FAILED"]))
    def a_control_passes_or_fails(self, place: int, says: str) -> None:
        self.now += 1
        key = self.key(place)
        self.provide(key, {**self.pristine[key], "Compliance": {"Status": says}, "RecordState": "ACTIVE"})

    @rule(place=PLACES, label=LABELS)
    def the_provider_changes_the_severity(self, place: int, label: str) -> None:
        self.now += 1
        key = self.key(place)
        self.provide(key, {**self.pristine[key], "Severity": {"Label": label}})

    def provide(self, key: Identifier, finding: Finding) -> None:
        self.pristine[key] = finding
        incoming = self.sent_now(finding)
        ours, untouched = self.engine.finding(key), self.nobody.finding(key)
        for world in self.worlds:
            world.provide(incoming, self.now)
        self.chronicle.set_by_service(key, ours, self.engine.finding(key))
        kept = set(changed(untouched, self.nobody.finding(key))) - set(
            changed(ours, self.engine.finding(key))
        )
        for name in kept & self.chronicle.overridden & set(PROVIDED):
            if (key, name) in self.chronicle.touched:  # it ended what an override keeps for a person
                self.chronicle.unseen.add((key, name))

    def sent_now(self, finding: Finding) -> Finding:
        """Return a finding as its provider sends it now."""
        return {**finding, "UpdatedAt": write_timestamp(self.now)}

    @precondition(lambda self: len(self.native) < 2)
    @rule(update=NATIVE_UPDATES, criteria=NATIVE_CRITERIA)
    def a_native_rule_is_made(self, update: dict[str, Any], criteria: dict[str, Any]) -> None:
        nearly_full = any(len(self.engine.user_fields(key)) > 40 for key in self.pristine)
        if nearly_full and "UserDefinedFields" in update:
            return  # nobody says what AWS does where a map would have more pairs than it may
        request = {
            "RuleName": "native",
            "RuleOrder": 1,
            "Description": "d",
            "Criteria": criteria,
            "Actions": [{"Type": "FINDING_FIELDS_UPDATE", "FindingFieldsUpdate": update}],
        }
        self.chronicle.native |= could_set({"update": update})
        answers = [world.hub.call("CreateAutomationRule", request, self.now) for world in self.worlds]
        self.native.append([answer.body["RuleArn"] for answer in answers])

    @precondition(lambda self: self.native)
    @rule()
    def a_native_rule_is_deleted(self) -> None:
        for world, arn in zip(self.worlds, self.native.pop(), strict=True):
            world.hub.call("BatchDeleteAutomationRules", {"AutomationRulesArns": [arn]}, self.now)

    # What people and other tools do

    @rule(place=PLACES, edit=EDITS)
    def somebody_edits(self, place: int, edit: tuple[str, Any]) -> None:
        self.now += 1
        identifier, (name, value) = self.key(place), edit
        payloads = [self._edit(world, identifier, name, value) for world in self.worlds]
        if None not in payloads:
            self.edit(identifier, [payload or {} for payload in payloads])

    def _edit(self, world: HubLife, identifier: Identifier, name: str, value: Any) -> dict[str, Any] | None:
        """Return the call of a person or tool; None where it cannot be made."""
        if not name.startswith(USER):
            return {name: value}
        fields = {**world.user_fields(identifier), name.removeprefix(USER): value}
        fields = {k: v for k, v in fields.items() if v is not None}
        possible = 0 < len(fields) <= 50 and not (value is None and self.hub_udf == "merge")
        return {"UserDefinedFields": fields} if possible else None

    def edit(self, identifier: Identifier, payloads: list[dict[str, Any]]) -> None:
        """Update a finding by hand, in each hub with a payload of its own."""
        before = self.engine.finding(identifier)
        for world, payload in zip(self.worlds, payloads, strict=True):
            world.edit(identifier, payload, self.now)
        after = self.engine.finding(identifier)
        for key in {*self.named(payloads[0]), *changed(before, after)}:
            self.chronicle.set_by_hand(identifier, key, held(before, key), held(after, key))
            claim = self.engine.own().memory(identifier).claims.get(engine_name(key))
            if claim is not None and claim.rule is None and held(after, key) is None:
                self.chronicle.unseen.add((identifier, key))  # gone, after no rule had wanted it

    def named(self, payload: dict[str, Any]) -> set[str]:
        """Return the fields, user-defined ones apart, that an update sets."""
        return {name for name in payload if name != "UserDefinedFields"}

    @precondition(lambda self: self.hub_udf == "replace")
    @rule(place=PLACES)
    def a_tool_wipes_the_user_fields(self, place: int) -> None:
        self.now += 1
        self.edit(self.key(place), [{"UserDefinedFields": {"owner": "them"}}] * 3)

    @rule(place=PLACES, forged=FORGED)
    def somebody_forges_what_old_versions_kept_on_the_finding(
        self, place: int, forged: dict[str, str]
    ) -> None:
        self.now += 1
        key = self.key(place)
        maps = [{**world.user_fields(key), **forged} for world in self.worlds]
        if all(len(fields) <= 50 for fields in maps):
            note = {"Text": "hubtriage: accept no longer applies.", "UpdatedBy": "hubtriage"}
            self.edit(key, [{"Note": note, "UserDefinedFields": fields} for fields in maps])

    @rule()
    def the_second_stack_sweeps(self) -> None:
        self.the_second_stack_does(lambda world, blue: world.sweep(self.now, blue))

    @rule(place=PLACES, which=PLACES)
    def the_second_stack_takes_an_event(self, place: int, which: int) -> None:
        """Let it take one that may be out of date, so that what was set meanwhile may be lost."""
        key = self.key(place)

        def take(world: HubLife, blue: Stack) -> None:
            plans = world.look(world.overhear(key, which), self.now, blue)
            if world is self.engine and any(world.shown(plan.seen) != world.finding(key) for plan in plans):
                self.chronicle.race(key)
            world.send(plans, self.now, blue)

        self.the_second_stack_does(take)

    def the_second_stack_does(self, act: Callable[[HubLife, Stack], object]) -> None:
        self.now += 1
        before = {key: self.engine.finding(key) for key in self.pristine}
        for world, blue in zip(self.triaged, self.blue, strict=True):
            act(world, blue)
        for key, old in before.items():
            new = self.engine.finding(key)
            for name in changed(old, new):
                self.chronicle.set_by_hand(key, name, held(old, name), held(new, name))
                self.chronicle.shared.add(key)
            self.chronicle.look_at(key, new)

    @rule(place=PLACES)
    def somebody_hands_a_finding_back(self, place: int) -> None:
        """Hand it back when it is as its history says."""
        self.now += 60
        key = self.key(place)
        plans = [world.hand_back(key, self.now) for world in self.triaged]
        assert (plans[0] is None) == (plans[1] is None), "engine and oracle ask for different things"
        for world, plan in zip(self.triaged, plans, strict=True):
            if plan is not None:
                if world is self.engine:
                    self.chronicle.hand_back(key, self.held_by_people(key, world.shown(plan.seen)))
                world.send([plan], self.now)

    def held_by_people(self, key: Identifier, seen: Finding) -> list[str]:
        """Return the fields that are seen to be people's, or that they would get back.

        A user-defined field that somebody took away is one of them: only the claim on it tells.
        """
        claims = self.engine.own().memory(key).claims
        gone = [name for name in claims if name.startswith(USER) and held(seen, name) is None]
        return [
            name
            for name in dict.fromkeys([*keys_of(seen), *gone])
            if name in gone
            or ((claim := claims.get(engine_name(name))) and (claim.person or claim.before is not None))
            or is_a_persons(seen, name)
            or (key, name) in self.chronicle.overruling  # also with the value that the provider has
        ]

    # What goes wrong

    @rule(place=PLACES)
    def an_entry_is_lost(self, place: int) -> None:
        """Lose what triage remembers of a finding: the table was restored to a time before it."""
        key = self.key(place)
        self.chronicle.lose(key)
        for world in self.triaged:
            world.own().forget(key)

    @rule(seconds=st.sampled_from([0.0, 0.0, 10.0, 400.0]))
    def the_history_lags(self, seconds: float) -> None:
        self.chronicle.late = self.chronicle.late or seconds > 0
        for world in self.triaged:
            world.history_lags(seconds)

    # What rule writers do

    @rule(rules=rulesets())
    def the_rules_are_rewritten(self, rules: list[Rule]) -> None:
        self.use(rules)

    @rule(policy=st.one_of(st.just([]), POLICIES))
    def the_policy_is_rewritten(self, policy: Statements) -> None:
        self.policy = policy
        self.use(self.ruleset)

    @precondition(lambda self: self.ruleset)
    @rule(place=PLACES, edited=rules("edited"))
    def a_rule_is_edited(self, place: int, edited: Rule) -> None:
        self.change(place, lambda old: {**edited, "id": old["id"]})

    @precondition(lambda self: self.ruleset)
    @rule(place=PLACES)
    def a_rule_is_deleted(self, place: int) -> None:
        self.change(place, lambda _old: None)

    @precondition(lambda self: self.ruleset)
    @rule(place=PLACES, name=st.sampled_from(IDS))
    def a_rule_is_renamed(self, place: int, name: str) -> None:
        if name not in {each["id"] for each in self.ruleset}:
            self.change(place, lambda old: {**old, "id": name})

    @precondition(lambda self: self.ruleset)
    @rule(place=PLACES, mode=st.sampled_from(["enforce", "observe", "hold", "off"]))
    def a_rule_changes_its_mode(self, place: int, mode: str) -> None:
        self.change(place, lambda old: {**old, "mode": mode})

    def change(self, place: int, edit: Callable[[Rule], Rule | None]) -> None:
        place %= len(self.ruleset)
        edited = edit(self.ruleset[place])
        self.use([*self.ruleset[:place], *([edited] if edited else []), *self.ruleset[place + 1 :]])

    @rule(seconds=st.sampled_from([20.0, 40.0, DAY / 2, DAY, 3 * DAY]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(seconds=st.sampled_from([0.0, 5.0, 3600.0]))
    def the_workers_clock_is_slow(self, seconds: float) -> None:
        """Triage's clock is set back, or right again; that of the service never is."""
        for world in self.triaged:
            world.slow_by = seconds

    @rule(may_hide=st.booleans())
    def the_mode_is_switched(self, may_hide: bool) -> None:
        """Switch to `reopen`, in which nothing new is hidden, or back to `enforce`."""
        self.may_hide = may_hide
        for world in self.triaged:
            world.own().decider.switch(may_hide=may_hide)

    # What triage does

    @rule(arrivals=ARRIVALS)
    def events_arrive(self, arrivals: list[tuple[int, int, str]]) -> None:
        """Let events arrive in any order, some of them again."""
        self.now += 1
        for world in self.triaged:
            world.send(self.looked_at(world, arrivals), self.now)
        self.agree()

    def looked_at(self, world: HubLife, arrivals: list[tuple[int, int, str]]) -> list[PlannedUpdate]:
        taken = [world.take(self.key(place), which, how) for place, which, how in arrivals]
        return world.look([mail for mail in taken if mail], self.now)

    @rule(arrivals=ARRIVALS)
    def a_slow_worker_takes_events(self, arrivals: list[tuple[int, int, str]]) -> None:
        self.now += 1
        engine, oracle = (self.looked_at(world, arrivals) for world in self.triaged)
        self.slow.append((self.moment, engine, oracle))

    @precondition(lambda self: self.slow)
    @rule()
    def the_slow_worker_sends(self) -> None:
        self.now += 1
        self.planned_at, *planned = self.slow.pop(0)
        for world, plans in zip(self.triaged, planned, strict=True):
            world.send(plans, self.now)
        self.planned_at = None
        self.agree()

    def agree(self) -> None:
        """Engine and oracle made the same of every finding, with as many calls, and remember the same."""
        for key in self.pristine:
            ours, naive = (state(world.finding(key)) for world in self.triaged)
            differing = {name: (ours.get(name), naive.get(name)) for name in {**ours, **naive}}
            differing = {name: values for name, values in differing.items() if values[0] != values[1]}
            assert not differing, f"engine and oracle differ: {differing}"
            entry = remembered(self.engine.own().memory(key), self.now)
            assert entry == remembered(engine_entry(self.oracle.own().memory(key)), self.now)
            events = [len(world.mail.get(key, [])) for world in self.triaged]
            assert events[0] == events[1], f"the oracle needed {events[1]} events for {events[0]}"

    # Laws

    @rule()
    def all_comes_to_rest(self) -> None:
        self.check(self.rest)

    def rest(self) -> None:
        self.now += 60
        updates = [world.drain(self.now) for world in self.triaged]
        swept = [world.sweep(self.now) for world in self.triaged]
        note(f"updates {updates}, swept {swept}")
        self.agree()
        assert all(count <= 1 for count in updates[0].values()), f"Fixpoint: {updates[0]}"
        for world in self.triaged:
            world.drain(self.now)
        again = [Mail(found, self.now, self.engine.numbers) for found in self.engine.all_stored()]
        assert not self.engine.look(again, self.now), "Fixpoint: a second sweep changed something"
        old = [mail for mails in self.engine.old_mail.values() for mail in mails]
        for mail in [*old, *reversed(old)]:
            plans = self.engine.look([mail], self.now + 60)
            # with its entry lost, an old event looks new; only its age tells, and what it did comes again
            changing = [plan for plan in plans if plan.key not in self.chronicle.lost]
            assert not changing, "Repetition: an old event changed something"
        for key in self.pristine:
            no_hidden_escalation(
                key, self.engine.finding(key), self.nobody.finding(key), self.moment, self.chronicle
            )

    @rule()
    def all_rules_are_deleted(self) -> None:
        self.check(self.take_back)

    def take_back(self) -> None:
        self.use([])
        self.rest()
        for key in self.pristine:
            ours, never = self.engine.finding(key), self.nobody.finding(key)
            reversal(key, ours, never, self.chronicle, keys_stay=self.keys_stay)
            nothing_is_left_of_people(key, ours, self.chronicle)

    def teardown(self) -> None:
        if self.pristine and not self.broken:
            self.take_back()


TestHistories = Histories.TestCase
TestHistories.settings = examples(150, steps=30)
