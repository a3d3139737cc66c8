"""A hub, the events that nobody has handled yet, and the triage that handles them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from hubtriage.engine.planning.batches import group
from hubtriage.engine.planning.plan import Settings, decide
from hubtriage.engine.ruleset.ruleset import load_ruleset
from hubtriage.localaws.securityhub.asff.requests import Identifier, identity
from hubtriage.localaws.securityhub.hub import Hub
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.laws.oracle.conditions import ACCOUNTS
from tests.laws.oracle.rules import Rule
from tests.laws.oracle.triage import Oracle

Finding = dict[str, Any]
Payload = Mapping[str, Any]

STALE_AFTER = 30.0
"""Seconds after which an event's finding is read again before it is changed."""


class Decider(Protocol):
    """What decides: the engine, or the oracle."""

    def use(self, rules: list[Rule]) -> None:
        """Take these rules from now on."""

    def switch(self, *, may_hide: bool, never: frozenset[str] = frozenset()) -> None:
        """Set whether anything new may be hidden, and what is never written."""

    def decide(self, finding: Finding, now: float) -> Payload | None:
        """The update of a finding, if any."""


class Engine:
    """The engine, with a law of its own: every finding ends as updated, unchanged or refused."""

    def __init__(self, udf: str, stack: str = "hubtriage", known: frozenset[str] = frozenset()) -> None:
        self.settings = Settings(stack=stack, udf=udf, known_stacks=known)  # type: ignore[arg-type]
        self.use([])

    def switch(self, *, may_hide: bool, never: frozenset[str] = frozenset()) -> None:
        self.settings = replace(self.settings, may_hide=may_hide, never=never)

    def use(self, rules: list[Rule]) -> None:
        compiled = [rule for rule in rules if rule.get("mode") != "off"]
        self.ruleset = load_ruleset(
            {"format": 1, "hash": "0" * 16, "revision": None, "rules": compiled, "accounts": ACCOUNTS}
        )

    def decide(self, finding: Finding, now: float) -> Payload | None:
        decision = decide(finding, self.ruleset, now, self.settings)
        if decision.update is None:
            assert not decision.changes, "changes without an update"
        else:
            assert decision.refused is None, "updated and refused"
        return decision.update


class Naive:
    """The oracle."""

    def __init__(self, udf: str, stack: str = "hubtriage", known: frozenset[str] = frozenset()) -> None:
        self.oracle = Oracle(udf, stack, known)
        self.use([])

    def switch(self, *, may_hide: bool, never: frozenset[str] = frozenset()) -> None:
        self.oracle.may_hide = may_hide
        self.oracle.never = frozenset(name.removesuffix(".Status").removesuffix(".Label") for name in never)

    def use(self, rules: list[Rule]) -> None:
        self.rules = rules

    def decide(self, finding: Finding, now: float) -> Payload | None:
        return self.oracle.update(finding, self.rules, now)


@dataclass(frozen=True)
class Mail:
    """An event: the finding as it was at a time, and how often the queue has handed it out."""

    finding: Finding
    time: float
    receives: int = 1


@dataclass(frozen=True)
class SentUpdate:
    """What one call of triage made of a finding. `fresh`: triage had seen it as it was."""

    before: Finding
    after: Finding
    payload: Payload
    fresh: bool


@dataclass
class PlannedUpdate:
    """An update that a worker is about to send, and the finding as the worker saw it."""

    key: Identifier
    payload: Payload
    seen: Finding


@dataclass
class HubLife:
    """One hub, and its triage, if any.

    `mail` has the events by finding, oldest first, and `old_mail` those handled, which may come again.
    `on_step` is told what triage did. Triage's clock is `slow_by` seconds behind.
    """

    hub: Hub
    triage: Decider | None
    mail: dict[Identifier, list[Mail]] = field(default_factory=dict)
    old_mail: dict[Identifier, list[Mail]] = field(default_factory=dict)
    on_step: Callable[[SentUpdate], None] = lambda _step: None
    slow_by: float = 0.0

    @classmethod
    def of(cls, triage: Decider | None, udf: str, *, pins: bool) -> "HubLife":
        return cls(Hub(settings=HubSettings.still(udf=udf, automation_pins=pins)), triage)

    def finding(self, key: Identifier) -> Finding:
        found = self.hub.finding(*key)
        assert found is not None
        return found

    def collect(self, now: float) -> None:
        """Put what the hub has sent into the mail."""
        for event in self.hub.take_events(now):
            finding = event["detail"]["findings"][0]
            self.mail.setdefault(identity(finding), []).append(Mail(finding, now))

    # What others do

    def plant(self, finding: Finding, now: float) -> None:
        self.hub.plant(finding, now)
        self.collect(now)

    def provide(self, finding: Finding, now: float) -> None:
        answer = self.hub.batch_import_findings([finding], now)
        assert answer["FailedCount"] == 0, answer
        self.collect(now)

    def edit(self, key: Identifier, payload: Payload, now: float) -> None:
        """An update by somebody else."""
        self._update([key], payload, now)
        self.collect(now)

    def user_fields(self, key: Identifier) -> dict[str, str]:
        return dict(self.finding(key).get("UserDefinedFields", {}))

    # What triage does

    def look(self, mails: list[Mail], now: float, triage: Decider | None = None) -> list[PlannedUpdate]:
        """Plan for the newest event of each finding, reading again those that may be out of date."""
        newest: dict[Identifier, Mail] = {}
        for mail in mails:
            key = identity(mail.finding)
            if key not in newest or mail.time >= newest[key].time:
                newest[key] = mail
        plans = [self._plan(key, mail, now, triage or self.own()) for key, mail in newest.items()]
        return [plan for plan in plans if plan]

    def _plan(self, key: Identifier, mail: Mail, now: float, triage: Decider) -> PlannedUpdate | None:
        clock = now - self.slow_by
        seen, payload = mail.finding, triage.decide(mail.finding, clock)
        if payload is not None and (mail.receives > 1 or now - mail.time > STALE_AFTER):
            seen = self._read(key, now)
            payload = triage.decide(seen, clock)
        return None if payload is None else PlannedUpdate(key, payload, seen)

    def own(self) -> Decider:
        assert self.triage
        return self.triage

    def _read(self, key: Identifier, now: float) -> Finding:
        ids = [{"Value": key[1], "Comparison": "EQUALS"}]
        (found,) = self.hub.get_findings({"Filters": {"Id": ids}}, now)["Findings"]
        return dict(found)

    def send(self, plans: list[PlannedUpdate], now: float, *, watched: bool = True) -> int:
        """Send plans for different findings; the number of findings that were updated."""
        before = {plan.key: self.finding(plan.key) for plan in plans}
        for keys, payload in self._calls(plans):
            self._update(keys, payload, now)
        for plan in plans if watched else ():
            old = before[plan.key]
            self.on_step(SentUpdate(old, self.finding(plan.key), plan.payload, fresh=old == plan.seen))
        self.collect(now)
        return len(plans)

    def _calls(self, plans: list[PlannedUpdate]) -> list[tuple[list[Identifier], Payload]]:
        """As the engine groups them; for the oracle one by one."""
        if isinstance(self.triage, Naive):
            return [([plan.key], plan.payload) for plan in plans]
        calls = group(({"ProductArn": plan.key[0], "Id": plan.key[1]}, plan.payload) for plan in plans)
        return [([identity(each) for each in call.identifiers], call.payload) for call in calls]

    def _update(self, keys: list[Identifier], payload: Payload, now: float) -> None:
        identifiers = [{"ProductArn": arn, "Id": each} for arn, each in keys]
        answer = self.hub.batch_update_findings({"FindingIdentifiers": identifiers, **payload}, now)
        assert not answer["UnprocessedFindings"], answer

    def sweep(self, now: float, triage: Decider | None = None) -> int:
        """Handle every finding as it is now; the number of findings that were updated."""
        plans = self.look([Mail(finding, now) for finding in self.hub.findings()], now, triage)
        return self.send(plans, now, watched=triage is None)

    def take(self, key: Identifier, place: int, how: str) -> Mail | None:
        """One event of a finding by its place: a `new` one, one that comes `again`, or is `redelivered`."""
        mails = (self.mail if how == "new" else self.old_mail).get(key, [])
        if not mails:
            return None
        mail = mails[place % len(mails)]
        if how == "new":
            mails.remove(mail)
            self.old_mail.setdefault(key, []).append(mail)
        return replace(mail, receives=2) if how == "redelivered" else mail

    def overhear(self, key: Identifier, place: int) -> list[Mail]:
        """One event of a finding by its place, which another stack gets as well."""
        mails = [*self.old_mail.get(key, []), *self.mail.get(key, [])]
        return [mails[place % len(mails)]] if mails else []

    def drain(self, now: float) -> dict[Identifier, int]:
        """Handle all events, and the events that this makes; how often each finding was updated."""
        updates: dict[Identifier, int] = {}
        for _ in range(20):
            waiting = [(key, mail) for key, mails in self.mail.items() for mail in mails]
            if not waiting:
                return updates
            for key, mail in waiting:
                self.mail[key].remove(mail)
                self.old_mail.setdefault(key, []).append(mail)
                updates[key] = updates.get(key, 0) + self.send(self.look([mail], now), now)
        raise AssertionError(f"triage does not come to rest: {updates}")
