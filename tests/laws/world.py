"""A hub, the events that have not been handled yet, and the triage that handles them.

Which of two states is newer is known here: what the runtime finds out by times and readings has laws of its
own. A stack's memory is as the ledger keeps it: written with each update, unless it has changed meanwhile.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from hubtriage.engine.planning.batches import group
from hubtriage.engine.planning.entry import LastChange
from hubtriage.localaws.securityhub.asff.requests import Identifier, identity
from hubtriage.localaws.securityhub.asff.timestamps import read_timestamp
from hubtriage.localaws.securityhub.hub import Hub
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.laws.deciders import Decider, Memory, Naive, Payload, Verdict
from tests.laws.oracle.entries import engine_name
from tests.laws.oracle.fields import Finding, Key

STALE_AFTER = 30.0
"""Seconds after which an event's finding is read again before it is changed."""
MOST_RECEIVES = 3
"""Deliveries of an event after which a history without a record is taken at its word."""
PERSON = "arn:aws:sts::111122223333:assumed-role/admin/jo"
_ROLE = "arn:aws:sts::111122223333:assumed-role/{}/triage"


@dataclass(frozen=True)
class Mail:
    """An event: the finding as it was at a time, its number in the hub, and how often it was handed out."""

    finding: Finding
    time: float
    number: int
    receives: int = 1


@dataclass(frozen=True)
class SentUpdate:
    """What one call of triage made of a finding. `fresh`: triage had seen it as it was."""

    key: Identifier
    before: Finding
    after: Finding
    payload: Payload
    fresh: bool


@dataclass(frozen=True)
class PlannedUpdate:
    """What a worker is about to do with a finding, the event it goes by, and the finding as it saw it.

    `version` is that of the stack's memory when it was planned.
    """

    key: Identifier
    verdict: Verdict
    seen: Finding
    mail: Mail
    version: int


@dataclass
class Stack:
    """A triage with a role and a memory of its own.

    `sent` has the number of the last event that was made by its own update, by finding.
    """

    decider: Decider
    name: str = "hubtriage"
    memories: dict[Identifier, Memory] = field(default_factory=dict)
    versions: dict[Identifier, int] = field(default_factory=dict)
    sent: dict[Identifier, int] = field(default_factory=dict)

    @property
    def role(self) -> str:
        return _ROLE.format(self.name)

    def memory(self, key: Identifier) -> Memory:
        return self.memories.get(key, self.decider.nothing())

    def version(self, key: Identifier) -> int:
        return self.versions.get(key, 0)

    def remember(self, key: Identifier, memory: Memory) -> None:
        self.memories[key] = memory
        self.versions[key] = self.version(key) + 1

    def forget(self, key: Identifier) -> None:
        """Lose the memory of a finding, as where a table is restored to a time before it."""
        self.memories.pop(key, None)
        self.versions[key] = self.version(key) + 1


@dataclass
class HubLife:
    """One hub, and its triage, if any.

    `mail` has the events by finding, oldest first, and `old_mail` those handled, which may come again.
    `on_step` is called with what triage did. Triage's clock is `slow_by` seconds behind.
    """

    hub: Hub
    stack: Stack | None
    mail: dict[Identifier, list[Mail]] = field(default_factory=dict)
    old_mail: dict[Identifier, list[Mail]] = field(default_factory=dict)
    on_step: Callable[[SentUpdate], None] = lambda _step: None
    slow_by: float = 0.0
    numbers: int = 0

    @classmethod
    def of(cls, decider: Decider | None, udf: str, *, pins: bool) -> "HubLife":
        hub = Hub(settings=HubSettings.still(udf=udf, automation_pins=pins))
        return cls(hub, Stack(decider) if decider else None)

    def own(self) -> Stack:
        assert self.stack
        return self.stack

    def finding(self, key: Identifier) -> Finding:
        found = self.hub.finding(*key)
        assert found is not None
        return found

    @staticmethod
    def name(finding: Finding) -> Identifier:
        """Return the key of a finding as events show it."""
        return identity(finding)

    def shown(self, finding: Finding) -> Finding:
        """Return a finding as the laws see it: as `finding` does."""
        return finding

    def decided_on(self, finding: Finding) -> Finding:
        """Return a finding in the form that triage decides on."""
        return finding

    def collect(self, now: float) -> None:
        """Put what the hub has sent into the mail."""
        for event in self.hub.take_events(now):
            finding = event["detail"]["findings"][0]
            self.numbers += 1
            self.mail.setdefault(self.name(finding), []).append(Mail(finding, now, self.numbers))

    # What others do

    def plant(self, finding: Finding, now: float) -> None:
        self.hub.plant(finding, now)
        self.collect(now)

    def provide(self, finding: Finding, now: float) -> None:
        answer = self.hub.batch_import_findings([finding], now)
        assert answer["FailedCount"] == 0, answer
        self.collect(now)

    def edit(self, key: Identifier, payload: Payload, now: float) -> None:
        """Update a finding as a person or another tool does."""
        self._update([key], payload, now, PERSON)
        self.collect(now)

    def user_fields(self, key: Identifier) -> dict[str, str]:
        return dict(self.finding(key).get("UserDefinedFields", {}))

    def history_lags(self, seconds: float) -> None:
        """Let the history show what happened only so many seconds later."""
        self.hub.configure(replace(self.hub.settings, history_after=seconds))

    # What triage does

    def look(self, mails: Iterable[Mail], now: float, stack: Stack | None = None) -> list[PlannedUpdate]:
        """Plan for the newest event of each finding, reading again those that may be out of date."""
        newest: dict[Identifier, Mail] = {}
        for mail in mails:
            key = self.name(mail.finding)
            if key not in newest or mail.number >= newest[key].number:
                newest[key] = mail
        plans = [self._plan(key, mail, now, stack or self.own()) for key, mail in newest.items()]
        return [plan for plan in plans if plan]

    def _plan(self, key: Identifier, mail: Mail, now: float, stack: Stack) -> PlannedUpdate | None:
        seen = mail.finding
        if mail.receives > 1:
            seen = self._read(key, now)
        elif mail.number < stack.sent.get(key, 0):
            return None
        verdict = self.ask(key, seen, now, stack)
        if mail.receives == 1 and _does_something(verdict) and now - mail.time > STALE_AFTER:
            seen = self._read(key, now)
            verdict = self.ask(key, seen, now, stack)
        if (verdict.unrecorded or verdict.outdated) and mail.receives < MOST_RECEIVES:
            self._again(key, mail)
            return None
        if verdict.outdated:  # the history is behind
            verdict = self.ask(key, seen, now, stack, is_told=False)
        if not _does_something(verdict):
            return None
        return PlannedUpdate(key, verdict, seen, mail, stack.version(key))

    def ask(
        self,
        key: Identifier,
        seen: Finding,
        now: float,
        stack: Stack,
        *,
        is_told: bool = True,
        handed_back: float | None = None,
    ) -> Verdict:
        """Decide on a finding, with what its history says where that has to be known."""
        answers: dict[Key, LastChange | None] = {}
        while True:
            memory = stack.memory(key)
            finding, moment = self.decided_on(seen), now - self.slow_by
            verdict = stack.decider.decide(finding, memory, moment, answers, handed_back)
            questions = (verdict.questions | verdict.optional_questions) - answers.keys()
            if not questions:
                return verdict
            for name in questions:
                answers[name] = self.last_change(key, name, now, stack) if is_told else None

    def hand_back(self, key: Identifier, now: float) -> PlannedUpdate | None:
        """Plan what a person asks for who hands a finding back; None while its history is behind."""
        seen, stack = self.as_stored(key), self.own()
        verdict = self.ask(key, seen, now, stack, handed_back=now)
        if verdict.unrecorded or verdict.outdated:
            return None
        return PlannedUpdate(key, verdict, seen, Mail(seen, now, self.numbers), stack.version(key))

    def last_change(self, key: Identifier, name: Key, now: float, stack: Stack) -> LastChange | None:
        """Return who changed a field last, as the history shows it to a stack."""
        request = {"FindingIdentifier": {"ProductArn": key[0], "Id": key[1]}}
        for record in self.hub.call("GetFindingHistory", request, now).body["Records"]:
            for update in record["Updates"]:
                if update["UpdatedField"] == engine_name(name):
                    author = _author(record["UpdateSource"], stack.role)
                    time = read_timestamp(record["UpdateTime"]) or 0.0
                    return LastChange(author, update.get("NewValue"), time)
        return None

    def as_stored(self, key: Identifier) -> Finding:
        """Return a finding as its event would show it now."""
        return self.finding(key)

    def all_stored(self) -> list[Finding]:
        """Return all findings as their events would show them now."""
        return self.hub.findings()

    def _again(self, key: Identifier, mail: Mail) -> None:
        self.mail.setdefault(key, []).append(replace(mail, receives=mail.receives + 1))

    def _read(self, key: Identifier, now: float) -> Finding:
        ids = [{"Value": key[1], "Comparison": "EQUALS"}]
        (found,) = self.hub.get_findings({"Filters": {"Id": ids}}, now)["Findings"]
        return dict(found)

    def send(self, plans: list[PlannedUpdate], now: float, stack: Stack | None = None) -> int:
        """Do what was planned for different findings; return how many were updated.

        A plan whose memory has changed meanwhile is given up, and its event comes again.
        """
        stack, watched = stack or self.own(), stack is None
        valid = [plan for plan in plans if plan.version == stack.version(plan.key)]
        for plan in plans:
            if plan.version != stack.version(plan.key):
                self._again(plan.key, plan.mail)
        updates = [plan for plan in valid if plan.verdict.payload is not None]
        before = {plan.key: self.finding(plan.key) for plan in updates}
        for keys, payload in self._calls(updates, stack):
            self._update(keys, payload, now, stack.role)
        for plan in valid:
            memory = plan.verdict.memory
            if plan.verdict.payload is not None:
                memory = replace(memory, started=now - self.slow_by)
            stack.remember(plan.key, memory)
        self.collect(now)
        for plan in updates:
            stack.sent[plan.key] = self.mail[plan.key][-1].number
            old, sent = before[plan.key], plan.verdict.payload
            if watched and sent is not None:
                fresh = old == self.shown(plan.seen)
                self.on_step(SentUpdate(plan.key, old, self.finding(plan.key), sent, fresh=fresh))
        return len(updates)

    def _calls(self, plans: list[PlannedUpdate], stack: Stack) -> list[tuple[list[Identifier], Payload]]:
        """Return the calls as the engine groups them; for the oracle one by one."""
        payloads = [(plan.key, plan.verdict.payload or {}) for plan in plans]
        if isinstance(stack.decider, Naive):
            return [([key], payload) for key, payload in payloads]
        calls = group(({"ProductArn": key[0], "Id": key[1]}, payload) for key, payload in payloads)
        return [([identity(each) for each in call.identifiers], call.payload) for call in calls]

    def _update(self, keys: list[Identifier], payload: Payload, now: float, caller: str) -> None:
        identifiers = [{"ProductArn": arn, "Id": each} for arn, each in keys]
        request = {"FindingIdentifiers": identifiers, **payload}
        answer = self.hub.call("BatchUpdateFindings", request, now, caller=caller).body
        assert not answer["UnprocessedFindings"], answer

    def sweep(self, now: float, stack: Stack | None = None) -> int:
        """Handle every finding as it is now; return how many were updated."""
        mails = [Mail(finding, now, self.numbers) for finding in self.all_stored()]
        return self.send(self.look(mails, now, stack), now, stack)

    def take(self, key: Identifier, place: int, how: str) -> Mail | None:
        """Take one event of a finding by its place: a `new` one, one that comes `again`, or `redelivered`."""
        mails = (self.mail if how == "new" else self.old_mail).get(key, [])
        if not mails:
            return None
        mail = mails[place % len(mails)]
        if how == "new":
            mails.remove(mail)
            self.old_mail.setdefault(key, []).append(mail)
        return replace(mail, receives=2) if how == "redelivered" else mail

    def overhear(self, key: Identifier, place: int) -> list[Mail]:
        """Return one event of a finding by its place, which another stack gets as well."""
        mails = [*self.old_mail.get(key, []), *self.mail.get(key, [])]
        return [mails[place % len(mails)]] if mails else []

    def drain(self, now: float) -> dict[Identifier, int]:
        """Handle all events, and the events that this makes; return how often each finding was updated."""
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


def _does_something(verdict: Verdict) -> bool:
    return verdict.payload is not None or verdict.learned


def _author(source: Mapping[str, Any], role: str) -> Literal["triage", "person", "service"]:
    if source["Type"] == "BATCH_IMPORT_FINDINGS":
        return "service"
    return "triage" if source["Identity"] == role else "person"
