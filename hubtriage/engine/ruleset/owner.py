"""Who answers for what a rule does to a finding."""

from collections.abc import Mapping
from typing import Any

from hubtriage.engine.fields import Finding


def owner_of(
    rule: Mapping[str, Any],
    finding: Finding,  # noqa: ARG001 - a rule names one owner for all findings
    accounts: Mapping[str, Mapping[str, str]],  # noqa: ARG001
) -> str | None:
    """Return the owner of a finding that a rule hides; None if no one is named.

    `rule` is a rule's source, as of `Rule.source`. `accounts` is the account directory, by account id.
    """
    owner = rule.get("owner")
    return owner if isinstance(owner, str) and owner else None
