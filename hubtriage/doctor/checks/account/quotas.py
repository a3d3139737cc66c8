"""Check how much is left of the quotas that triage shares with others."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hubtriage.aws.securityhub.api import CSPM
from hubtriage.aws.securityhub.faults import API_ERRORS, call_fault
from hubtriage.doctor.account import Account
from hubtriage.doctor.verdict import Status, Verdict


@dataclass(frozen=True, slots=True)
class Quota:
    """How much of a quota is used, and the least that should be left."""

    name: str
    used: int
    limit: int
    least: int

    @property
    def is_tight(self) -> bool:
        """Whether less is left than should be."""
        return self.limit - self.used < self.least

    def __str__(self) -> str:
        return f"{self.name}: {self.used:,} of {self.limit:,}"


def look(account: Account) -> Verdict:
    """Read each quota by itself: one that may not be read does not hide the others."""
    quotas: list[Quota] = []
    details: list[str] = []
    for read in _READERS:
        try:
            quotas += read(account)
        except API_ERRORS as error:
            details.append(f"not read: {call_fault(error).code}: {call_fault(error).message}")
    tight = [quota for quota in quotas if quota.is_tight]
    status: Status = "warning" if tight else "unchecked" if details else "ok"
    seen = "; ".join(map(str, tight or quotas)) or "none could be read"
    advice = "ask AWS for a higher quota, or free some of it" if tight else ""
    data = {quota.name: {"used": quota.used, "limit": quota.limit} for quota in quotas}
    return Verdict(status, seen, advice, tuple(details), data)


def automation_rules(account: Account) -> Iterator[Quota]:
    """Yield the quota of automation rules. AWS: 100 for an administrator in a Region."""
    if CSPM in account.hubs:
        yield Quota("automation rules", len(account.natives), 100, 20)


def _event_rules(account: Account) -> Iterator[Quota]:
    """AWS: rules of a bus, in some Regions fewer."""
    pages = account.client("events").get_paginator("list_rules").paginate()
    used = sum(len(page["Rules"]) for page in pages)
    few = account.identity.region in ("af-south-1", "eu-south-1")
    yield Quota("EventBridge rules", used, 100 if few else 300, 10)


def _concurrency(account: Account) -> Iterator[Quota]:
    """AWS: invocations at once of all functions together, less what some have reserved."""
    limits = account.client("lambda").get_account_settings()["AccountLimit"]
    total, free = limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"]
    yield Quota("concurrent invocations reserved", total - free, total, 20)


_READERS: tuple[Callable[[Account], Iterator[Quota]], ...] = (automation_rules, _event_rules, _concurrency)
