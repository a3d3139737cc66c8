"""Entries of the ledger in lines of the decision log.

Lines are believed if the triage function can have written them, member by member. What a finding says stands
in them as a JSON string of ASCII characters, so it can neither be a line nor a member of one. Who may write
into the function's log group can forge lines: see docs/security.md.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from hubtriage.aws.ledger.entry_format import read_entry
from hubtriage.aws.ledger.former_roles import MESSAGE, FormerRole, FormerRolesError, former_role
from hubtriage.aws.ledger.forms.strict import EntryError
from hubtriage.aws.securityhub.api import Key
from hubtriage.aws.triage.config import LEVELS
from hubtriage.aws.triage.results import ResultStatus
from hubtriage.engine.planning.entry import Entry

FILTER = '"version"'
"""What CloudWatch Logs looks for: of the lines of the function those about the ledger have this member."""
OUTCOMES = get_args(ResultStatus)


@dataclass(frozen=True, slots=True)
class LoggedEntry:
    """An entry as the ledger held it after a batch."""

    key: Key
    entry: Entry


@dataclass(frozen=True, slots=True)
class LoggedRoles:
    """The former roles as a container has read them, in the version of their item."""

    roles: tuple[FormerRole, ...]
    version: int


@dataclass(frozen=True, slots=True)
class UnusableLine:
    """A line about an entry that cannot be used, and why; the entry's key if that is known."""

    reason: str
    key: Key | None = None


Logged = LoggedEntry | LoggedRoles | UnusableLine


def read_logged(message: str, service: str) -> Logged | None:
    """Return what an event of the log says of the ledger of the stack `service`; None if nothing.

    An event is one line. One that holds several was not written by the function's own logging.
    """
    record = _record(message)
    if record is None or record.get("service") != service or "version" not in record:
        return None
    version = record["version"]
    if record.get("level") not in LEVELS or type(version) is not int or version < 1:
        return None
    if record.get("message") == MESSAGE:
        return _roles(record, version)
    outcome = record.get("outcome")
    if outcome not in OUTCOMES or record.get("message") != f"finding {outcome}":
        return None
    return _entry(record, version)


def _record(message: str) -> Mapping[str, Any] | None:
    text = message.rstrip("\n")
    if not (text.startswith("{") and text.endswith("}") and text.isascii() and text.isprintable()):
        return None
    try:
        record = json.loads(text, object_pairs_hook=_members)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) != len(pairs):
        raise ValueError("a member appears twice")
    return read


def _entry(record: Mapping[str, Any], version: int) -> LoggedEntry | UnusableLine | None:
    product_arn, finding_id = record.get("product_arn"), record.get("finding_id")
    if not (isinstance(product_arn, str) and isinstance(finding_id, str) and "entry" in record):
        return None
    key = (product_arn, finding_id)
    if record["entry"] is None:
        return UnusableLine("the entry was too long for the log", key)
    try:
        return LoggedEntry(key, read_entry(json.dumps(record["entry"]), version))
    except EntryError as error:
        return UnusableLine(str(error), key)


def _roles(record: Mapping[str, Any], version: int) -> LoggedRoles | UnusableLine:
    raw = record.get("roles")
    if not isinstance(raw, list):
        return UnusableLine("former roles: a list was expected")
    try:
        return LoggedRoles(tuple(former_role(each) for each in raw), version)
    except FormerRolesError as error:
        return UnusableLine(f"former roles: {error}")
