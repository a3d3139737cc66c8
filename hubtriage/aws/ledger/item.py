"""An entry as an item of the table: its key, what conditions and filters look at, and its text.

- `k`: a hash of the finding's name; ProductArn and Id may be longer than a key (AWS: 2,048 bytes)
- `finding`: ["ProductArn", "Id"], so that a page of the table gives the names back
- `version`: goes up with each write; conditions compare it
- `rules`: the ids of the rules that hold something, for filters
- `entry`: the entry, as `write_entry` writes it
"""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from json import dumps, loads
from typing import Any

from hubtriage.aws.ledger.entry_format import read_entry, write_entry
from hubtriage.aws.ledger.forms.strict import EntryError
from hubtriage.aws.ledger.ledger import LedgerFault, LedgerFaultKind
from hubtriage.aws.ledger.table import KEY
from hubtriage.aws.securityhub.api import Key
from hubtriage.engine.planning.entry import Entry

FINDING, VERSION, RULES, ENTRY = "finding", "version", "rules", "entry"
Item = Mapping[str, Mapping[str, Any]]
"""An item as the low-level API gives it: each value in an object that names its type."""


def finding_text(key: Key) -> str:
    """Return a finding's name as one text, in ASCII: half a surrogate pair cannot be sent otherwise."""
    return dumps(key, separators=(",", ":"))


def text_part(part: str) -> str:
    """Return a part of a ProductArn or an Id as `finding_text` has it."""
    return dumps(part)[1:-1]


def hash_of(key: Key) -> str:
    """Return the partition key: 192 bits, so no one finds two findings that share an entry."""
    return urlsafe_b64encode(sha256(finding_text(key).encode()).digest()[:24]).decode()


def attributes(entry: Entry, version: int) -> dict[str, dict[str, Any]]:
    """Return what changes from one version of an entry to the next."""
    return {
        VERSION: {"N": str(version)},
        RULES: {"L": [{"S": rule} for rule in entry.rules]},
        ENTRY: {"S": write_entry(entry)},
    }


def entry_of(item: Item) -> Entry:
    """Return the entry of an item with version and text. Raises EntryError for one that is damaged."""
    return read_entry(_attribute(item, ENTRY, "S"), _version(item))


def key_of_item(item: Item) -> Key:
    """Return the finding's name. Raises EntryError if the item has none, or one that its hash belies."""
    text = _attribute(item, FINDING, "S")
    try:
        named = loads(text)
    except (ValueError, RecursionError):
        named = None
    if not (isinstance(named, list) and len(named) == 2 and all(isinstance(part, str) for part in named)):
        raise EntryError("finding: no list of ProductArn and Id")
    key = (named[0], named[1])
    if hash_of(key) != _attribute(item, KEY, "S"):
        raise EntryError(f"{KEY}: not the hash of the finding's name")
    return key


def damaged(error: EntryError, what: str) -> LedgerFault:
    """Return the fault of an item that is not one of ours; `what` says where to look for it."""
    return LedgerFault(LedgerFaultKind.DAMAGED, "EntryError", f"the entry of {what} is damaged: {error}")


def _attribute(item: Item, name: str, kind: str) -> str:
    value = item.get(name, {}).get(kind)
    if not isinstance(value, str):
        raise EntryError(f"{name}: no attribute of type {kind}")
    return value


def _version(item: Item) -> int:
    text = _attribute(item, VERSION, "N")
    if not text.isdecimal() or int(text) < 1:
        raise EntryError(f"version: {text!r} is no whole number from 1")
    return int(text)
