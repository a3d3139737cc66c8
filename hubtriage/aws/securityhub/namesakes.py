"""Findings of several accounts under one key.

AWS: a finding belongs to an account, but an update names it by ProductArn and Id alone. Several third-party
products give findings of different accounts the same Id. No one can say which of them AWS would update, so
none of them is. Only what triage itself has hidden by then is reopened.

Security Hub V2 has no namesakes: AWS: a `metadata.uid` is unique everywhere.
"""

from collections.abc import Iterable, Mapping
from sys import intern

from hubtriage.aws.securityhub.api import Finding, Key, is_of_v2
from hubtriage.engine.planning.entry import Entry

MOST = 20_000
"""Keys that are remembered, those seen last: about 3 MB."""
NAMESAKE = "namesake"
"""Member of what an entry says about its finding: another account that has a finding under its key."""
LONGEST = 32
"""Characters of an account id that are kept; it has 12, but anyone may write it."""


def account_of(finding: Finding) -> str | None:
    """Return the account that a finding belongs to; None if it does not say."""
    account = finding.get("AwsAccountId")
    return intern(account[:LONGEST]) if isinstance(account, str) and account else None


def accounts_of(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Return the first two accounts of findings under one key: one account is the rule."""
    found = dict.fromkeys(account_of(finding) for finding in findings)
    return tuple(account for account in found if account is not None)[:2]


def accounts_on_record(entry: Entry) -> tuple[str, ...]:
    """Return the accounts that have a finding under the key of an entry, as far as it says."""
    named = (entry.about.get("account"), entry.about.get(NAMESAKE))
    return accounts_of({"AwsAccountId": account} for account in named)


def marked(about: Mapping[str, str], accounts: Iterable[str]) -> Mapping[str, str]:
    """Return what an entry says about its finding, with the other account next to the finding's own."""
    other = next((account for account in accounts if account != about.get("account")), None)
    return about if other is None else {**about, NAMESAKE: other}


def refusal(accounts: Iterable[str]) -> str:
    """Return why nothing is sent for a key with findings of these accounts."""
    listed = " and ".join(sorted(accounts))
    return (
        f"accounts {listed} have findings of this ProductArn and Id: AWS does not say which it would update"
    )


class Owners:
    """Remember the accounts of each key, for as long as this container lives."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._known: dict[int, tuple[str, ...]] = {}  # in the order in which they were noted

    def note(self, key: Key, accounts: Iterable[str]) -> tuple[str, ...]:
        """Note accounts that have a finding under a key; return up to two that are known by now."""
        if is_of_v2(key):
            return ()
        name = hash(key)
        known = tuple(dict.fromkeys((*self._known.pop(name, ()), *accounts)))[:2]
        self._known[name] = known
        if len(self._known) > self._most:
            del self._known[next(iter(self._known))]
        return known
