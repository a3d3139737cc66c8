"""What writes OCSF findings: providers, customers and automation rules. Every write makes an event."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hubtriage.localaws.securityhub.asff.values import copied
from hubtriage.localaws.securityhub.errors import invalid_input
from hubtriage.localaws.securityhub.events import Deliveries
from hubtriage.localaws.securityhub.faults import FaultScript, finding_message
from hubtriage.localaws.securityhub.settings import HubSettings
from hubtriage.localaws.securityhub.v2 import lifecycle, requests, words
from hubtriage.localaws.securityhub.v2.events import envelope_v2
from hubtriage.localaws.securityhub.v2.rules import AutomationRulesV2
from hubtriage.localaws.securityhub.v2.store import RecordV2, StoreV2
from hubtriage.localaws.securityhub.v2.words import Finding

Request = Mapping[str, Any]
_OPERATION = "BatchUpdateFindingsV2"


@dataclass(frozen=True, slots=True)
class Customer:
    """Who updates: `owner` is the member account whose findings alone they may; None: any. See `HubCall`."""

    now: float
    settings: HubSettings
    trace: str | None = None
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class _Named:
    """A finding as a call names it, and the record that the name leads to."""

    name: str | Request
    record: RecordV2 | None

    @property
    def key(self) -> Any:
        """What is equal for two names of one finding."""
        return self.name if isinstance(self.name, str) else tuple(sorted(self.name.items()))

    @property
    def uid(self) -> str:
        """The `metadata.uid`, or the provider's id where that is not known."""
        if self.record is not None:
            return str(words.uid_of(self.record.finding))
        return self.name if isinstance(self.name, str) else str(self.name["FindingInfoUid"])

    def answered(self, answers: str) -> dict[str, Any]:
        """Return the name in the form of the answer."""
        asked = "MetadataUid" if isinstance(self.name, str) else "FindingIdentifier"
        both = answers == "both" and self.record is not None
        return {**(_both_names(self.record.finding) if both and self.record else {}), asked: self.name}


class FindingWriterV2:
    """The OCSF findings of a hub; their events go on their way in `deliveries`.

    traced: how often each finding, by `metadata.uid`, was updated by callers with a trace.
    """

    def __init__(self, faults: FaultScript, rules: AutomationRulesV2, deliveries: Deliveries) -> None:
        self._faults = faults
        self._rules = rules
        self._deliveries = deliveries
        self.store = StoreV2()
        self.traced: Counter[str] = Counter()

    # Providers, who have ways of their own: AWS has no operation for them

    def provide(self, incoming: Mapping[str, Any], now: float, settings: HubSettings) -> Finding:
        """Take in what a provider found, or found again, and return what is stored then.

        As in CSPM, what is not newer than what is stored is ignored. Automation rules look at what the
        provider sent, and apply each time.
        """
        given = lifecycle.named(incoming)
        record = self.store.get(str(words.uid_of(given)))
        if record is None or record.is_gone(now, settings.v2.retention):
            record = self.store.add(given, lifecycle.created(given, settings.v2), now)
        elif _is_newer(given, record.original):
            again = lifecycle.provided_again(record.finding, given, settings.v2, pinned=record.pinned)
            record.original = given
            record.states.append((now, again))
        else:
            return copied(record.finding)  # type: ignore[no-any-return]
        self._automate(record, now, settings)
        self._announce(record, now, settings)
        return copied(record.finding)  # type: ignore[no-any-return]

    def advance(self, uid: str, changes: Mapping[str, Any], now: float, settings: HubSettings) -> Finding:
        """Have the provider of a finding send it again at `now`, with changes, and return what is stored.

        `changes` are merged into what the provider sent last, object by object. Raises LookupError if there
        is no such finding.
        """
        record = self.store.get(uid)
        if record is None:
            raise LookupError(f"there is no finding {uid}")
        moment = round(now * 1000)
        before = lifecycle.modified(record.original)
        moment = moment if before is None else max(moment, int(before) + 1)
        moved = {"activity_id": words.UPDATE, "finding_info": lifecycle.moment_of(moment)}
        return self.provide(_merged(_merged(record.original, moved), changes), now, settings)

    def plant(self, finding: Mapping[str, Any], now: float, settings: HubSettings) -> None:
        """Store a finding exactly as it is, however odd, and send its event."""
        record = self.store.get(str(words.uid_of(finding)))
        exact = copied(finding)
        if record is None:
            record = self.store.add(exact, exact, now)
        else:
            record.states.append((now, exact))
        self._announce(record, now, settings)

    def _automate(self, record: RecordV2, now: float, settings: HubSettings) -> None:
        given = lifecycle.created(record.original, settings.v2)
        for update in self._rules.updates(given, now):
            after = lifecycle.updated(record.finding, update, settings.v2, now)
            record.states.append((now, after))
            record.pinned |= settings.v2.automation_pins and "SeverityId" in update

    # Customers

    def update_findings(self, request: Request, customer: Customer) -> dict[str, Any]:
        """Answer BatchUpdateFindingsV2: each finding is updated whole, or not at all."""
        flaw = requests.flaw_of_names(request)
        limits = flaw or requests.flaw_of_values(request)
        v2 = customer.settings.v2
        if flaw or (limits and v2.value_errors == "call"):
            raise invalid_input(f"Invalid parameter: {limits}")
        named = self._named(request, customer)
        times = Counter(each.key for each in named)
        if v2.duplicates == "call" and len(times) < len(named):
            raise invalid_input("Invalid parameter: findings should be named once")
        if v2.duplicates == "processed":
            named = list({each.key: each for each in named}.values())
        processed, unprocessed = [], []
        for each in named:
            is_twice = v2.duplicates == "unprocessed" and times[each.key] > 1
            is_bad = limits is not None or is_twice
            code = "ValidationException" if is_bad else self._update_one(each, request, customer)
            if code is None:
                processed.append(each.answered(v2.answers))
            else:
                unprocessed.append(_unprocessed(each.answered(v2.answers), code))
        return {"ProcessedFindings": processed, "UnprocessedFindings": unprocessed}

    def records_of(self, answer: Request) -> list[RecordV2]:
        """Return the records of the findings that an answer says were updated."""
        found = [
            self.store.get(each["MetadataUid"])
            if "MetadataUid" in each
            else self.store.of_signal(*(each["FindingIdentifier"][name] for name in _TRIPLE))
            for each in answer["ProcessedFindings"]
        ]
        return [record for record in found if record is not None]

    def _named(self, request: Request, customer: Customer) -> list[_Named]:
        uids, triples = request.get("MetadataUids", ()), request.get("FindingIdentifiers", ())
        found = [(uid, self.store.get(uid)) for uid in uids]
        found += [(each, self.store.of_signal(*(each[name] for name in _TRIPLE))) for each in triples]
        return [_Named(name, self._theirs(record, customer)) for name, record in found]

    def _theirs(self, record: RecordV2 | None, customer: Customer) -> RecordV2 | None:
        """Return the record if the customer sees it."""
        if record is None or record.is_gone(customer.now, customer.settings.v2.retention):
            return None
        return record if customer.owner in (None, words.account_of(record.finding)) else None

    def _update_one(self, named: _Named, request: Request, customer: Customer) -> str | None:
        """Update one finding; the ErrorCode if that cannot be."""
        scripted = self._faults.of_finding(_OPERATION, named.uid)
        if scripted:
            return scripted
        record, settings = named.record, customer.settings
        if record is None:
            return "ResourceNotFoundException"
        if customer.now - record.written < settings.conflict_window:
            return "ConflictException"
        after = lifecycle.updated(record.finding, request, settings.v2, customer.now)
        is_changed = after != record.finding
        record.states.append((customer.now, after))
        record.pinned |= settings.v2.pins_severity and "SeverityId" in request
        if is_changed or settings.v2.events_when_unchanged:
            self._announce(record, customer.now, settings)
        if customer.trace is not None:
            self.traced[named.uid] += 1
        return None

    def _announce(self, record: RecordV2, now: float, settings: HubSettings) -> None:
        self._deliveries.send(
            record.finding, now, settings.event_delay, settings.duplicate_share, envelope_v2
        )


_TRIPLE = ("CloudAccountUid", "FindingInfoUid", "MetadataProductUid")


def _both_names(finding: Finding) -> dict[str, Any]:
    triple = dict(zip(_TRIPLE, words.signal_of(finding), strict=True))
    return {"MetadataUid": words.uid_of(finding), "FindingIdentifier": triple}


def _unprocessed(name: Mapping[str, Any], code: str) -> dict[str, Any]:
    return {**name, "ErrorCode": code, "ErrorMessage": finding_message(code)}


def _is_newer(incoming: Finding, original: Finding) -> bool:
    new, old = lifecycle.modified(incoming), lifecycle.modified(original)
    return new is None or old is None or new > old


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> Finding:
    """Return an object with changes; objects in it are merged too, all else is replaced."""
    merged = dict(base)
    for name, value in changes.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(name), Mapping)
        merged[name] = _merged(merged[name], value) if both else value
    return merged
