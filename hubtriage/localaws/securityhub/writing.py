"""What writes findings: providers import them, customers and automation rules update them.

Every write makes a record of the finding's history and, by default, an event.
"""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hubtriage.localaws.securityhub.asff import fields, requests
from hubtriage.localaws.securityhub.asff.requests import Finding, Identifier, identity
from hubtriage.localaws.securityhub.asff.timestamps import read_timestamp
from hubtriage.localaws.securityhub.automation.rules import AutomationRules
from hubtriage.localaws.securityhub.errors import invalid_input
from hubtriage.localaws.securityhub.events import Deliveries
from hubtriage.localaws.securityhub.faults import FaultScript, finding_message
from hubtriage.localaws.securityhub.history import Source, Write, provider_of
from hubtriage.localaws.securityhub.settings import HubSettings
from hubtriage.localaws.securityhub.store import Record, Store

Request = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class HubCall:
    """Who calls when, with what; and how the hub behaves at that time.

    owner: the member account whose findings alone the caller may update; None: any.
    """

    request: Request
    now: float
    caller: str
    trace: str | None
    settings: HubSettings
    owner: str | None = None


class FindingWriter:
    """The findings of a hub, and their events under way.

    traced: how often each finding was updated by callers with a trace.
    """

    def __init__(
        self, account: str, region: str, seed: int, faults: FaultScript, rules: AutomationRules
    ) -> None:
        self._region = region
        self._faults = faults
        self._rules = rules
        self.store = Store()
        self.traced: Counter[Identifier] = Counter()
        chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self.deliveries = Deliveries(account, region, chance)

    # Providers

    def import_findings(self, call: HubCall) -> dict[str, Any]:
        """Answer BatchImportFindings."""
        flaw = requests.flaw_of_import_request(call.request)
        if flaw:
            raise invalid_input(f"Invalid parameter 'Findings': {flaw}")
        failed = []
        for finding in call.request["Findings"]:
            problem = self._flaw_of_import(finding)
            if problem:
                failed.append(
                    {"Id": str(finding.get("Id") or "?"), "ErrorCode": problem[0], "ErrorMessage": problem[1]}
                )
            else:
                self._import_one(finding, call)
        succeeded = len(call.request["Findings"]) - len(failed)
        return {"FailedCount": len(failed), "SuccessCount": succeeded, "FailedFindings": failed}

    def _flaw_of_import(self, finding: Finding) -> tuple[str, str] | None:
        flaw = requests.flaw_of_finding(finding)
        if flaw:
            return "InvalidInput", f"Finding does not adhere to Amazon Finding Format. {flaw}"
        if requests.size(finding) > requests.SIZE_LIMIT:
            return "FindingSizeExceeded", finding_message("FindingSizeExceeded")
        code = self._faults.of_finding("BatchImportFindings", finding["Id"])
        return (code, finding_message(code)) if code else None

    def _import_one(self, incoming: Finding, call: HubCall) -> None:
        """Import a finding. AWS: one that is not newer than what is stored is ignored."""
        origin = fields.FindingOrigin(self._region, call.settings.account_names)
        original = fields.created(incoming, origin, call.now)
        record = self.store.of(incoming)
        if record is None:
            after = original
        elif _moment(incoming) > _moment(record.finding):
            after = fields.reimported(record.finding, incoming, record.pinned, origin, call.now)
        else:
            return
        self._write(after, call.now, "BATCH_IMPORT_FINDINGS", provider_of(after, call.caller))
        self._automate(original, call)
        self._announce(self._stored(incoming).finding, call.now, call.settings)

    def _automate(self, original: Finding, call: HubCall) -> None:
        record = self._stored(original)
        for rule in self._rules.applying(original, call.now):
            after = fields.customer_update(record.finding, rule.update, call.settings.udf, call.now)
            self._write(after, call.now, "BATCH_UPDATE_FINDINGS", rule.arn)
            if call.settings.automation_pins:
                record.pinned.update(set(fields.PROVIDED) & set(rule.update))

    # Customers

    def update_findings(self, call: HubCall) -> dict[str, Any]:
        """Answer BatchUpdateFindings."""
        flaw = requests.flaw_of_update_request(call.request)
        if flaw:
            raise invalid_input(f"Invalid parameter: {flaw}")
        limits = requests.flaw_of_update_values(call.request)
        if limits and call.settings.value_errors == "call":
            raise invalid_input(f"Invalid parameter: {limits}")
        identifiers = call.request["FindingIdentifiers"]
        times = Counter(map(identity, identifiers))
        processed, unprocessed = [], []
        for each in identifiers:
            code = "DuplicatedFindingIdentifier" if times[identity(each)] > 1 else None
            code = code or self._update_one(each, call, bad_values=limits is not None)
            if code is None:
                processed.append(each)
            else:
                unprocessed.append(_unprocessed(each, code))
        return {"ProcessedFindings": processed, "UnprocessedFindings": unprocessed}

    def _update_one(self, identifier: Request, call: HubCall, *, bad_values: bool) -> str | None:
        """Update one finding; the ErrorCode if that cannot be."""
        scripted = self._faults.of_finding("BatchUpdateFindings", identifier["Id"])
        if scripted:
            return scripted
        if bad_values or requests.flaw_of_identifier(identifier):
            return "InvalidInput"
        record = self.store.get(identity(identifier))
        if record is None or call.owner not in (None, record.finding.get("AwsAccountId")):
            return "FindingNotFound"
        if record.writes and call.now - record.writes[-1].time < call.settings.conflict_window:
            return "ConcurrentUpdateError"
        after = fields.customer_update(record.finding, call.request, call.settings.udf, call.now)
        user_fields = after.get("UserDefinedFields") if "UserDefinedFields" in call.request else None
        if len(user_fields or ()) > requests.USER_FIELDS_LIMIT:
            return "InvalidInput"
        if requests.size(after) > requests.SIZE_LIMIT:
            return "FindingSizeExceeded"
        self._write(after, call.now, "BATCH_UPDATE_FINDINGS", call.caller)
        self._announce(after, call.now, call.settings)
        record.pinned.update(set(fields.PROVIDED) & set(call.request))
        if call.trace is not None:
            self.traced[identity(identifier)] += 1
        return None

    # Past the API

    def plant(self, finding: Finding, now: float, caller: str, settings: HubSettings) -> None:
        """Store a finding exactly as it is, and send its event."""
        self._write(finding, now, "BATCH_IMPORT_FINDINGS", caller)
        self._announce(finding, now, settings)

    # Writing

    def _stored(self, finding: Finding) -> Record:
        record = self.store.of(finding)
        if record is None:
            raise LookupError(identity(finding))
        return record

    def _write(self, after: Finding, now: float, source: Source, caller: str) -> None:
        record = self.store.of(after)
        self.store.write(Write(now, source, caller, record.finding if record else None, after))

    def _announce(self, finding: Finding, now: float, settings: HubSettings) -> None:
        """Send the event of a finding. AWS: every write makes one, changed or not."""
        self.deliveries.send(finding, now, settings.event_delay, settings.duplicate_share)


def _unprocessed(identifier: Request, code: str) -> dict[str, Any]:
    return {"FindingIdentifier": dict(identifier), "ErrorCode": code, "ErrorMessage": finding_message(code)}


def _moment(finding: Finding) -> float:
    moment = read_timestamp(finding.get("UpdatedAt"))
    return moment if moment is not None else float("-inf")
