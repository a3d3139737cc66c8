"""The file of an export: a header, an entry a line, and an end that counts them. JSON, one object a line.

    {"hubtriage":"ledger","format":1,"export":"…","at":1790000000.5,"stack":"hubtriage",…}
    {"product_arn":"arn:…","finding_id":"arn:…","version":3,"entry":{"format":1,…}}
    {"end":true,"entries":1,"damaged":0}

A name that ends in `.gz` is compressed. Without its end a file is half an export, and refused.
"""

import gzip
import json
import os
import secrets
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import IO, Any, cast

from hubtriage.aws.ledger.entry_format import read_entry, write_entry
from hubtriage.aws.ledger.former_roles import FormerRole, FormerRolesError, former_role, is_role
from hubtriage.aws.ledger.forms.strict import EntryError
from hubtriage.aws.ledger.item import finding_text, hash_of
from hubtriage.aws.securityhub.api import Key
from hubtriage.aws.switch.mode import MODES
from hubtriage.engine.planning.entry import Entry

FORMAT = 1
"""Goes up with every change after which an older reader would misread a file."""
KIND = "ledger"
_TEXTS = ("export", "stack", "account", "region", "table", "role", "mode")
_HEADER = {"hubtriage", "format", "at", "former_roles", *_TEXTS}
_LINE = {"product_arn", "finding_id", "version", "entry"}
_END = {"end", "entries", "damaged"}


class DocumentError(ValueError):
    """A file that is not a whole export: in which line, and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Header:
    """Where an export comes from. `at` is when it began (epoch seconds), `export` a name that no other has.

    `role` is the ARN of the role by which triage writes there, `mode` how its switch stood. `former_roles`
    are those by which it wrote before that ledger was moved there.
    """

    export: str
    at: float
    stack: str
    account: str
    region: str
    table: str
    role: str
    mode: str
    former_roles: tuple[FormerRole, ...] = ()

    @property
    def roles(self) -> tuple[FormerRole, ...]:
        """All roles whose updates are triage's for the stack that takes over the entries."""
        return (*self.former_roles, FormerRole(self.role, self.at, self.stack, self.export))


def new_name() -> str:
    """Return a name for an export that no other has."""
    return secrets.token_urlsafe(12)


@dataclass(slots=True)
class DocumentWriter:
    """Writes the lines of one export."""

    file: IO[bytes]
    entries: int = 0

    def header(self, header: Header) -> None:
        """Write the first line."""
        roles = [_role(role) for role in header.former_roles]
        named = {name: getattr(header, name) for name in _TEXTS}
        self._write({"hubtriage": KIND, "format": FORMAT, "at": header.at, **named, "former_roles": roles})

    def entry(self, key: Key, entry: Entry) -> None:
        """Write an entry."""
        product_arn, finding_id = key
        named = {"product_arn": product_arn, "finding_id": finding_id, "version": entry.version}
        text = json.dumps(named, separators=(",", ":"))
        self.file.write(f'{text[:-1]},"entry":{write_entry(entry)}}}\n'.encode())
        self.entries += 1

    def end(self, damaged: int) -> None:
        """Write the last line; `damaged` entries could not be exported."""
        self._write({"end": True, "entries": self.entries, "damaged": damaged})

    def _write(self, line: Mapping[str, Any]) -> None:
        self.file.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")


def _role(role: FormerRole) -> dict[str, Any]:
    return {"role": role.role, "until": role.until, "stack": role.stack, "export": role.export}


@contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that only its owner may read; it has its name once the block has ended without error."""
    aside = path.with_name(f".{path.name}.part")
    aside.unlink(missing_ok=True)
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as raw:
            if path.suffix == ".gz":
                with gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as packed:
                    yield cast("IO[bytes]", packed)
            else:
                yield raw
            raw.flush()
            os.fsync(raw.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


@dataclass(slots=True)
class CheckedExport:
    """A file that was read to its end. `errors` say what is wrong with it, each with its line."""

    header: Header | None = None
    entries: int = 0
    damaged: int = 0
    errors: list[str] = field(default_factory=list)


def check(path: Path) -> CheckedExport:
    """Read a whole file and report every error in it."""
    found = CheckedExport()
    seen: dict[str, int] = {}
    number, ended = 0, False
    try:
        for number, line in _lines(path):
            try:
                if ended:
                    raise DocumentError("there is more after the end of the export")
                if number == 1:
                    found.header = _read_header(_object(line))
                elif '"end":true' in line[:20]:
                    _read_end(_object(line), found)
                    ended = True
                else:
                    key, _entry = _read_entry(_object(line))
                    _count(found, seen, key, number)
            except DocumentError as error:
                found.errors.append(f"line {number}: {error}")
                if number == 1:
                    return found
    except UnicodeDecodeError:
        found.errors.append(f"line {number + 1}: this is not JSON as an export has it")
        return found
    except (OSError, EOFError, zlib.error) as error:
        found.errors.append(f"after line {number}: cannot be read: {error or 'it ends in the middle'}")
        return found
    if not ended:
        found.errors.append(f"after line {number}: the end is missing: this is half an export")
    return found


def _count(found: CheckedExport, seen: dict[str, int], key: Key, number: int) -> None:
    found.entries += 1
    first = seen.setdefault(hash_of(key), number)
    if first != number:
        raise DocumentError(f"{finding_text(key)} is already in line {first}")


def entries(path: Path) -> Iterator[tuple[Key, Entry]]:
    """Yield the entries of a file that `check` found without error. Raises DocumentError if it changed."""
    for number, line in _lines(path):
        if number > 1 and '"end":true' not in line[:20]:
            yield _read_entry(_object(line))


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines with their numbers."""
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            yield number, line.decode("ascii")


def _object(line: str) -> dict[str, Any]:
    if not line.endswith("\n"):
        raise DocumentError("the line is cut off")
    try:
        raw = json.loads(line, object_pairs_hook=_members)
    except DocumentError:
        raise
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"not JSON: {error}") from None
    if not isinstance(raw, dict):
        raise DocumentError("a JSON object was expected")
    return raw


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) != len(pairs):
        raise DocumentError("a member appears twice")
    return read


def _read_header(raw: Mapping[str, Any]) -> Header:
    if raw.get("hubtriage") != KIND:
        raise DocumentError("this is not an export of a ledger")
    if type(raw.get("format")) is not int or raw["format"] != FORMAT:
        raise DocumentError(f"format {raw.get('format')!r} is not {FORMAT}, the one that this version reads")
    if raw.keys() != _HEADER:
        raise DocumentError(f"the header must have the members {', '.join(sorted(_HEADER))}")
    if not all(isinstance(raw[name], str) and raw[name] for name in _TEXTS):
        raise DocumentError(f"{', '.join(_TEXTS)} must be texts")
    if raw["mode"] not in MODES:
        raise DocumentError(f"mode must be one of {', '.join(MODES)}")
    if not is_role(raw["role"]):
        raise DocumentError("role is not the ARN of an IAM role")
    at = raw["at"]
    if isinstance(at, bool) or not isinstance(at, int | float) or not (isfinite(at) and at > 0):
        raise DocumentError("at is not a time in seconds")
    texts = {name: raw[name] for name in _TEXTS}
    return Header(at=float(at), former_roles=_read_roles(raw["former_roles"]), **texts)


def _read_roles(raw: object) -> tuple[FormerRole, ...]:
    if not isinstance(raw, list):
        raise DocumentError("former_roles must be a list")
    try:
        return tuple(former_role(each) for each in raw)
    except FormerRolesError as error:
        raise DocumentError(f"former_roles: {error}") from None


def _read_entry(raw: Mapping[str, Any]) -> tuple[Key, Entry]:
    if raw.keys() != _LINE:
        raise DocumentError(f"an entry must have the members {', '.join(sorted(_LINE))}")
    product_arn, finding_id, version = raw["product_arn"], raw["finding_id"], raw["version"]
    if not (isinstance(product_arn, str) and isinstance(finding_id, str)):
        raise DocumentError("product_arn and finding_id must be texts")
    if type(version) is not int or version < 1:
        raise DocumentError("version must be a whole number from 1")
    try:
        return (product_arn, finding_id), read_entry(json.dumps(raw["entry"]), version)
    except EntryError as error:
        raise DocumentError(str(error)) from None


def _read_end(raw: Mapping[str, Any], found: CheckedExport) -> None:
    counts = (raw.get("entries"), raw.get("damaged"))
    if raw.keys() != _END or not all(type(count) is int and count >= 0 for count in counts):
        raise DocumentError(f"the end must have the members {', '.join(sorted(_END))}")
    if raw["entries"] != found.entries:
        raise DocumentError(f"{raw['entries']} entries were exported, and {found.entries} are here")
    found.damaged = raw["damaged"]
