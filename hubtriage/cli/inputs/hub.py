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
from hubtriage.aws.securityhub.api import CSPM, V2, Finding, Key, SecurityHubApi
from hubtriage.aws.securityhub.backoff import Backoff
from hubtriage.aws.securityhub.faults import CallFault, Fault
from hubtriage.aws.securityhub.hub_v2 import HUB, as_sent
from hubtriage.aws.securityhub.ratelimit import TokenBucket
from hubtriage.aws.securityhub.reading import PAGE, Fresh, Getter, keyed
from hubtriage.cli.inputs.live_options import HubFilters
from hubtriage.engine.ocsf.view import HUB_V2, asff_view, is_ocsf, is_view, key_of
from hubtriage.engine.planning.entry import NO_ENTRY
from hubtriage.simulation.exported import finding_line

# AWS: 3 a second and bursts of 6, shared with everyone in the account; one is left to the others.
CALLS_PER_SECOND = 2.0
BURST = 2.0
_OF_V2 = " v2 "  # before the token of a page of V2
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
    """The line of a finding. `name` is a digest of what distinguishes it from others: its key and account."""

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

    def __init__(self, api: SecurityHubApi, ledger: Ledger | None, clock: Clock, filters: HubFilters) -> None:
        self._ledger = ledger
        self._clock = clock
        self._requests: Mapping[str, Mapping[str, Any]] = {
            CSPM: {"Filters": filters.cspm},
            V2: {HUB: HUB_V2, "Filters": filters.v2},
        }
        self._hubs = [hub for hub in self._requests if hub in filters.hubs]
        self._ahead = 0.0
        budget = TokenBucket(CALLS_PER_SECOND, BURST, clock)
        self._getter = Getter(api, budget, Backoff(random.random), clock.monotonic)

    def page(self, token: str | None) -> HubPage:
        """Read a page, then the entries of its findings; those of V2 follow those of CSPM.

        Raises ExportError.
        """
        hub, token = self._place(token)
        request: dict[str, Any] = {**self._requests[hub], "MaxResults": PAGE}
        if token is not None:
            request["NextToken"] = token
        asked_at = self._clock.now()
        answer = self._getter.get(request, inf, Fresh())
        if isinstance(answer, CallFault):
            raise _call_error(answer, hub)
        findings = list(keyed(answer["Findings"]))
        self._learn_time(answer)
        asked_at -= self._ahead
        page = HubPage(self._token(hub, answer.get("NextToken")), skipped=SKIPPED in answer)
        recall = self._recall([key for key, _finding in findings])
        page.lines = [_line(key, finding, recall, asked_at) for key, finding in findings]
        return page

    def _place(self, token: str | None) -> tuple[str, str | None]:
        """Return the hub whose page begins at a token, and the token as the hub knows it."""
        if token is None:
            return self._hubs[0], None
        return (V2, token.removeprefix(_OF_V2) or None) if token.startswith(_OF_V2) else (CSPM, token)

    def _token(self, hub: str, token: str | None) -> str | None:
        """Return where the next page begins: with the first one of V2 after the last one of CSPM."""
        if hub == V2:
            return _OF_V2 + token if token else None
        return token or (_OF_V2 if V2 in self._hubs else None)

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
    text, is_undecidable = finding_line(
        finding, entry, asked_at, is_damaged=is_damaged, sent=as_sent(finding)
    )
    has_entry = entry is not None and entry != NO_ENTRY
    return HubLine(name_of(finding), text, has_entry, is_undecidable)


def name_of(finding: Finding) -> bytes:
    """Return a digest of what tells a finding from others.

    AWS: two accounts may use one ProductArn and Id. A finding of V2 may be in OCSF, or what rules see of it.
    """
    view = asff_view(finding) if is_ocsf(finding) else finding
    key = key_of(view)
    if key is not None and is_view(view):
        name = json.dumps([*key, view.get("AwsAccountId")])
    elif is_view(view):
        name = json.dumps(view)  # it has no name, and so nothing that another could not have
    else:
        name = json.dumps([finding.get(member) for member in ("ProductArn", "Id", "AwsAccountId")])
    return blake2b(name.encode(), digest_size=16).digest()


def _call_error(fault: CallFault, hub: str) -> ExportError:
    operation, option = ("GetFindingsV2", "--filters-v2") if hub == V2 else ("GetFindings", "--filters")
    problem = f"securityhub:{operation}: {fault.code}: {fault.message}"
    if fault.kind is Fault.REFUSED:
        return ExportError(problem, f"look at {option}", is_refused=True)
    hint = "docs/export.md lists the permissions of the command" if fault.kind is Fault.DENIED else ""
    return ExportError(problem, _RENEW if fault.code in _EXPIRED else hint, is_under_way=True)


def _ledger_error(fault: LedgerFault) -> ExportError:
    problem = f"dynamodb:BatchGetItem: {fault.code}: {fault.message}"
    is_lasting = fault.kind in (LedgerFaultKind.DENIED, LedgerFaultKind.MISSING)
    hint = f"allow it, name the stack with --stack, or {WITHOUT}" if is_lasting else ""
    return ExportError(problem, _RENEW if fault.code in _EXPIRED else hint, is_under_way=True)
