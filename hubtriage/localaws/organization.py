"""The organisation whose findings are generated: twenty accounts, their Regions and their neighbours.

It never changes, so that rules, tests and the demonstration can name its accounts. All account ids, addresses
and domains are documentation values or belong to no one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

REGIONS: Final = ("eu-central-1", "eu-west-1", "us-east-1", "ap-southeast-2")
"""Regions with workloads, busiest first; the first is the home Region of Security Hub."""


@dataclass(frozen=True, slots=True)
class MemberAccount:
    """A member account: twelve digits, its name in Organizations, what it is for, who answers for it."""

    id: str
    name: str
    environment: str
    unit: str
    owner: str


ACCOUNTS: Final = (
    MemberAccount("123456789012", "shop-prod", "prod", "workloads", "shop"),
    MemberAccount("210987654321", "shop-staging", "staging", "workloads", "shop"),
    MemberAccount("111122223333", "sandbox-platform", "sandbox", "sandbox", "platform"),
    MemberAccount("444455556666", "sandbox-data", "sandbox", "sandbox", "data"),
    MemberAccount("777788889999", "data-prod", "prod", "workloads", "data"),
    MemberAccount("222233334444", "payments-prod", "prod", "workloads", "payments"),
    MemberAccount("333344445555", "data-dev", "dev", "workloads", "data"),
    MemberAccount("555566667777", "shop-dev", "dev", "workloads", "shop"),
    MemberAccount("666677778888", "platform-prod", "prod", "infrastructure", "platform"),
    MemberAccount("888899990000", "payments-staging", "staging", "workloads", "payments"),
    MemberAccount("121212121212", "platform-dev", "dev", "infrastructure", "platform"),
    MemberAccount("131313131313", "network-prod", "prod", "infrastructure", "network"),
    MemberAccount("141414141414", "shared-services", "prod", "infrastructure", "platform"),
    MemberAccount("151515151515", "payments-dev", "dev", "workloads", "payments"),
    MemberAccount("161616161616", "sandbox-training", "sandbox", "sandbox", "people"),
    MemberAccount("171717171717", "analytics-prod", "prod", "workloads", "analytics"),
    MemberAccount("181818181818", "analytics-dev", "dev", "workloads", "analytics"),
    MemberAccount("191919191919", "backup", "prod", "security", "security"),
    MemberAccount("202020202020", "log-archive", "prod", "security", "security"),
    MemberAccount("999900001111", "security-tooling", "prod", "security", "security"),
)
"""Largest first: how many findings an account has falls with its place."""

PARTNERS: Final = ("998877665544", "887766554433")
"""Accounts of other companies that the organisation works with: expected in resource policies."""

STRANGERS: Final = ("101010101010", "909090909090", "313131313131")
"""Accounts that no one knows."""

SCANNERS: Final = ("198.51.100.10", "198.51.100.11", "198.51.100.12")
"""Public addresses of the organisation's own vulnerability scanners."""


def account_directory() -> dict[str, dict[str, str]]:
    """Return the accounts in the form of `rules/accounts.yaml`: id to attributes."""
    return {
        account.id: {
            "name": account.name,
            "environment": account.environment,
            "ou": account.unit,
            "owner": account.owner,
        }
        for account in ACCOUNTS
    }
