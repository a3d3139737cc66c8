"""Update the account directory from a synchronisation, and write it so that its diff is readable."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from hubtriage.authoring.loaded import LoadedRule
from hubtriage.authoring.placeholders import templates
from hubtriage.authoring.yaml.scalars import plain_value
from hubtriage.engine.jsonlogic.syntax import operations
from hubtriage.engine.ruleset.templates import PLACEHOLDER

Attributes = Mapping[str, str]
Accounts = Mapping[str, Attributes]
MOST_NAMED = 3
HEAD = "# The account directory: what rules may know about an account in addition to its id.\n"


def merged(present: Accounts, found: Accounts, *, prune: bool = False) -> dict[str, dict[str, str]]:
    """Return the directory after a synchronisation, by account id.

    Accounts that were not found are removed. Attributes that were found replace those that stood there; other
    attributes, written by people, stay unless `prune`.
    """
    return {
        account: dict(attributes) if prune else {**_kept(present.get(account, {}), attributes), **attributes}
        for account, attributes in sorted(found.items())
    }


def _kept(present: Attributes, found: Attributes) -> dict[str, str]:
    """Return the present attributes in their order, with the values that were found."""
    return {name: found.get(name, value) for name, value in present.items()}


def written(accounts: Accounts, before: str = "") -> str:
    """Return the file's text, one account a line. Comments at the head of `before` stay, others are lost."""
    lines = [
        f"  {_scalar(account, quoted=True)}: {_flow(accounts[account])}\n" for account in sorted(accounts)
    ]
    return (
        f"{_head(before) or HEAD}accounts:\n" + "".join(lines)
        if lines
        else f"{_head(before)}accounts: {{}}\n"
    )


def _head(before: str) -> str:
    kept = []
    for line in before.splitlines(keepends=True):
        if line.strip() and not line.startswith("#"):
            break
        kept.append(line)
    return "".join(kept)


def _flow(attributes: Attributes) -> str:
    pairs = (f"{_scalar(name)}: {_scalar(value)}" for name, value in attributes.items())
    return "{" + ", ".join(pairs) + "}"


def _scalar(value: str, *, quoted: bool = False) -> str:
    """Return a text as YAML on one line, in quotes if it would be read as something else.

    It is written into a flow list and taken out: `?0` is a key in a flow mapping, and a text outside of one.
    """
    style = '"' if quoted or _needs_quotes(value) else None
    text: str = yaml.safe_dump(
        [value], default_style=style, default_flow_style=True, width=10**6, allow_unicode=True
    )
    return text.strip()[1:-1]


def _needs_quotes(value: str) -> bool:
    """Say whether a text has signs of a flow mapping in it, or more than one line, or is a number to some."""
    return (
        not value.isprintable()
        or any(sign in value for sign in ",[]{}\"'")
        or value != value.strip()
        or plain_value(value) != value
    )


def attributes_changed(before: Accounts, after: Accounts) -> set[str]:
    """Return the names of the attributes that differ on any account."""
    return {
        name
        for account in {*before, *after}
        for old, new in [(before.get(account, {}), after.get(account, {}))]
        for name in {*old, *new}
        if old.get(name) != new.get(name)
    }


def some_named(names: Sequence[str]) -> str:
    """Return the first of some accounts or owners, and how many there are beyond."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def rules_that_look_at(rules: tuple[LoadedRule, ...], names: set[str]) -> list[str]:
    """Return the ids of the rules that ask for one of these attributes, or for a computed one.

    They may do so in `when`, in a text of `update`, or as `owner`.
    """
    return [rule.id for rule in rules if any(name is None or name in names for name in _asked_by(rule))]


def _asked_by(rule: LoadedRule) -> Iterator[str | None]:
    yield from _asked(rule.when)
    if rule.model.owner_attribute is not None:
        yield rule.model.owner_attribute
    for _place, text, _limit in templates(rule.model.update.model_dump(exclude_unset=True)):
        yield from (found[2] for found in PLACEHOLDER.finditer(text) if found[1] == "account")


def _asked(logic: Any) -> Iterator[str | None]:
    """Yield the attributes that a condition asks for; None stands for one that is computed."""
    for operation in operations(logic):
        if operation.name == "account":
            attribute = operation.arguments[0] if operation.arguments else None
            yield attribute if isinstance(attribute, str) else None
