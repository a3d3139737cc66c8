"""Which finding it is, as people know it: its title, its resource and account by name, its state."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hubtriage.aws.securityhub.api import CSPM, V2
from hubtriage.cli.text import quoted, shown
from hubtriage.engine.fields import SEVERITY, WORKFLOW, Finding, member, provider_value, read
from hubtriage.engine.ocsf.view import is_view, key_of

Accounts = Mapping[str, Mapping[str, str]]
"""The account directory: attributes by account id."""
NO_ACCOUNTS: Accounts = {}
_HUBS = {CSPM: "Security Hub CSPM", V2: "Security Hub V2"}


def subject_lines(finding: Finding, accounts: Accounts, indent: str = "  ") -> Iterator[str]:
    """Yield the resource, and the account with its name.

    The account directory names the account, else the finding itself does. Nothing of the finding can control
    the terminal.
    """
    if resource := _resource(finding.get("Resources")):
        yield f"{indent}resource {resource}"
    yield f"{indent}account {_account(finding, accounts)}"


def named(finding: Finding) -> str:
    """Return the Id of a finding, safe to print. One of Security Hub V2 may lack it, and has a name there."""
    name = finding.get("Id")
    if not is_view(finding):
        return quoted(str(name))
    _hub, uid = key_of(finding) or ("", "")
    return f"{quoted(name if isinstance(name, str) else uid)} (Security Hub V2)"


def state_line(finding: Finding) -> str:
    """Return the severity, the workflow status, and whether a control passed, in one line."""
    known, provided = provider_value(finding, SEVERITY)
    current = read(finding, SEVERITY)
    severity = f"severity {shown(current)}"
    if known and provided != current:
        severity += f" (its provider says {provided})"
    status = member(finding.get("Compliance"), "Status")
    parts = [severity, f"workflow {shown(read(finding, WORKFLOW))}"]
    return ", ".join(parts + ([f"compliance {shown(status)}"] if status else []))


def title_of(finding: Finding) -> str:
    """Return the title of a finding, safe to print; empty if it has none."""
    title = finding.get("Title")
    return shown(title) if isinstance(title, str) and title else ""


def _resource(resources: object) -> str:
    """Return the name of the first resource with its Id, and how many others there are."""
    several: Sequence[Any] = resources if isinstance(resources, list) else [resources]
    named = [each for each in several if isinstance(member(each, "Id"), str)]
    if not named:
        return ""
    name, resource_id = member(member(named[0], "Tags"), "Name"), shown(member(named[0], "Id"))
    first = f"{shown(name)} ({resource_id})" if isinstance(name, str) and name else resource_id
    more = len(named) - 1
    return f"{first} and {more:,} more" if more else first


def _account(finding: Finding, accounts: Accounts) -> str:
    return named_account(finding.get("AwsAccountId"), accounts, finding.get("AwsAccountName"))


def named_account(account: object, accounts: Accounts, otherwise: object = None) -> str:
    """Return an account's name and id, safe to print; the id alone if it has no name."""
    known = accounts.get(account, {}) if isinstance(account, str) else {}
    name = known.get("name") or otherwise
    return f"{shown(name)} ({shown(account)})" if isinstance(name, str) and name else shown(account)


def hub_name(hub: str) -> str:
    """Return what people call a hub."""
    return _HUBS[hub]


def signals_in_doubt(count: int) -> str:
    """Say of how many signals it is not known whether they are others in the other hub."""
    return (
        f"{count:,} of these are Macie's and in one hub alone: it may name a finding otherwise in each hub, "
        "so that two of them may be one"
    )
