"""Who answers for what a rule does to a finding."""

from collections.abc import Iterable, Mapping
from typing import Any

from hubtriage.engine.fields import Finding

Accounts = Mapping[str, Mapping[str, str]]
"""The account directory: attributes by account id."""
ACCOUNT = "account"
"""The key under which a rule names an attribute of accounts instead of an owner: `owner: {account: team}`."""


def owner_of(rule: Mapping[str, Any], finding: Finding, accounts: Accounts) -> str | None:
    """Return the owner of a finding that a rule hides; None if no one is named, or that is not known.

    `rule` is a rule's source, as of `Rule.source`. `accounts` is the account directory, by account id.
    """
    attribute = owner_attribute(rule)
    owner = rule.get("owner") if attribute is None else attribute_of(finding, accounts, attribute)
    return owner if isinstance(owner, str) and owner.strip() else None


def owner_attribute(rule: Mapping[str, Any]) -> str | None:
    """Return the attribute of accounts that has the rule's owner; None for a rule with one owner, or none."""
    owner = rule.get("owner")
    attribute = owner.get(ACCOUNT) if isinstance(owner, Mapping) else None
    return attribute if isinstance(attribute, str) else None


def owner_text(rule: Mapping[str, Any]) -> str | None:
    """Return what to say of a rule's owner where no finding is spoken of; None if it has none."""
    attribute = owner_attribute(rule)
    return rule.get("owner") if attribute is None else f"by account attribute {attribute}"


def attribute_of(finding: Finding, accounts: Accounts, name: str) -> str | None:
    """Return an attribute of the finding's account; None if the directory does not have it."""
    account = finding.get("AwsAccountId")
    return accounts.get(account, {}).get(name) if isinstance(account, str) else None


def is_named(owner: str, names: Iterable[str]) -> bool:
    """Say whether one of some names is an owner's; one that ends in `*` is the beginning of a name."""
    return any(owner.startswith(name[:-1]) if name.endswith("*") else owner == name for name in names)
