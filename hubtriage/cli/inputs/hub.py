"""Findings of a hub with their entries of the ledger, page by page, as lines of an export."""

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from hashlib import blake2b
from math import inf
from typing import Any

from hubtriage.aws.clock import Clock
from hubtriage.aws.ledger.ledger import Ledger, LedgerFault, LedgerFaultKind, Recall
from hubtriage.aws.securityhub.answers import SKIPPED
from hubtriage.aws.securityhub.api import Finding, Key, SecurityHubApi
from hubtriage.aws.securityhub.backoff import Backoff
from hubtriage.aws.securityhub.faults import CallFault, Fault
from hubtriage.aws.securityhub.ratelimit import TokenBucket
from hubtriage.aws.securityhub.reading import PAGE, Fresh, Getter, keyed
from hubtriage.engine.planning.entry import NO_ENTRY
from hubtriage.simulation.exported import finding_line

# AWS: 3 a second and bursts of 6, shared with everyone in the account; one is left to the others.
CALLS_PER_SECOND = 2.0
BURST = 2.0
WITHOUT = "leave the entries out with --without-entries"
_RENEW = "renew the AWS credentials"
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})


class ExportError(Exception):
    """What could not be read, and why. `hint`: what to do about it.

    `is_refused`: Security Hub takes no such request. `is_under_way`: pages before may have been read.
    """

    def __init__(
        self, problem: str, hint: str = "", *, is_refused: bool = False, is_under_way: bool = False
    ) -> None:
        super().__init__(problem)
        self._hint = hint
        self.is_refused, self._is_under_way = is_refused, is_under_way

    def hint(self, again: str) -> str:
        """Return what to do; `again` says how to go on from the pages before."""
        return "; ".join(filter(None, (self._hint, again if self._is_under_way else "")))


@dataclass(frozen=True, slots=True)
class HubLine:
    """The line of a finding. `name` is a digest of what distinguishes it from others: ProductArn, Id and
    account.
    """

    name: bytes
    text: str
    has_entry: bool
    is_undecidable: bool


@dataclass(slots=True)
class HubPage:
    """Lines of findings, and the token of the page after them; None after the last.

    `skipped`: whether a finding of the page could not be parsed, and is left out.
    """

    token: str | None
    lines: list[HubLine] = field(default_factory=list)
    skipped: bool = False


class HubReader:
    """Reads pages within the rate budget. Without a `ledger` the lines have no entries."""

    def __init__(
        self, api: SecurityHubApi, ledger: Ledger | None, clock: Clock, filters: Mapping[str, Any]
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._filters = filters
        self._ahead = 0.0
        budget = TokenBucket(CALLS_PER_SECOND, BURST, clock)
        self._getter = Getter(api, budget, Backoff(random.random), clock.monotonic)

    def page(self, token: str | None) -> HubPage:
        """Read a page, then the entries of its findings. Raises ExportError."""
        request: dict[str, Any] = {"Filters": self._filters, "MaxResults": PAGE}
        if token is not None:
            request["NextToken"] = token
        asked_at = self._clock.now()
        answer = self._getter.get(request, inf, Fresh())
        if isinstance(answer, CallFault):
            raise _call_error(answer)
        findings = list(keyed(answer["Findings"]))
        self._learn_time(answer)
        asked_at -= self._ahead
        page = HubPage(answer.get("NextToken") or None, skipped=SKIPPED in answer)
        recall = self._recall([key for key, _finding in findings])
        page.lines = [_line(key, finding, recall, asked_at) for key, finding in findings]
        return page

    def _learn_time(self, answer: Mapping[str, Any]) -> None:
        """Learn how far the clock here is ahead of the service's, or rather a little more.

        Entries have times of AWS's clocks. AWS: a request is refused only if its clock is off by five
        minutes, and in these a reading of before an update would pass for one from after it.
        """
        date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
        try:
            self._ahead = self._clock.now() - parsedate_to_datetime(date).timestamp() if date else self._ahead
        except ValueError:
            return

    def _recall(self, keys: list[Key]) -> Recall | None:
        if self._ledger is None:
            return None
        recall = self._ledger.read(keys) if keys else Recall()
        for fault in recall.unread.values():
            if fault.kind is not LedgerFaultKind.DAMAGED:
                raise _ledger_error(fault)
        return recall


def _line(key: Key, finding: Finding, recall: Recall | None, asked_at: float) -> HubLine:
    is_damaged = recall is not None and key in recall.unread
    entry = None if recall is None or is_damaged else recall.entries.get(key, NO_ENTRY)
    text, is_undecidable = finding_line(finding, entry, asked_at, is_damaged=is_damaged)
    has_entry = entry is not None and entry != NO_ENTRY
    return HubLine(name_of(finding), text, has_entry, is_undecidable)


def name_of(finding: Finding) -> bytes:
    """Return a digest of what tells a finding from others.

    AWS: two accounts may use one ProductArn and Id.
    """
    name = json.dumps([finding.get(member) for member in ("ProductArn", "Id", "AwsAccountId")])
    return blake2b(name.encode(), digest_size=16).digest()


def _call_error(fault: CallFault) -> ExportError:
    problem = f"securityhub:GetFindings: {fault.code}: {fault.message}"
    if fault.kind is Fault.REFUSED:
        return ExportError(problem, "look at --filters", is_refused=True)
    hint = "docs/export.md lists the permissions of the command" if fault.kind is Fault.DENIED else ""
    return ExportError(problem, _RENEW if fault.code in _EXPIRED else hint, is_under_way=True)


def _ledger_error(fault: LedgerFault) -> ExportError:
    problem = f"dynamodb:BatchGetItem: {fault.code}: {fault.message}"
    is_lasting = fault.kind in (LedgerFaultKind.DENIED, LedgerFaultKind.MISSING)
    hint = f"allow it, name the stack with --stack, or {WITHOUT}" if is_lasting else ""
    return ExportError(problem, _RENEW if fault.code in _EXPIRED else hint, is_under_way=True)
