"""The findings that a person hands back: by their Ids, as they are now, and their entries."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from hubtriage.aws.hand_back.order import MOST_FINDINGS
from hubtriage.aws.ledger.dynamodb import DynamoLedger
from hubtriage.aws.ledger.ledger import LedgerError
from hubtriage.aws.securityhub.api import Finding, Key, is_of_v2, key_of
from hubtriage.cli.failure import UNUSABLE, fail
from hubtriage.cli.inputs.console_url import id_in
from hubtriage.cli.inputs.files.whole_file import whole_content
from hubtriage.cli.inputs.look_up import in_ledger, shown_finding
from hubtriage.cli.inputs.one_finding import Wanted
from hubtriage.cli.stack import AWS_ERRORS, client
from hubtriage.cli.text import quoted
from hubtriage.engine.fields import ParsedFinding, Value
from hubtriage.engine.planning.entry import NO_ENTRY, Entry
from hubtriage.engine.planning.hand_back import held_by_people

IDS_OF_A_CALL = 20  # AWS: values of one filter
SHOWN = 10
"""Findings to name where something is wrong with several."""


@dataclass(frozen=True, slots=True)
class HeldFinding:
    """A finding as Security Hub shows it, and its entry."""

    key: Key
    finding: Finding
    entry: Entry = NO_ENTRY

    @property
    def held(self) -> dict[str, Value]:
        """What people hold of it: values by field."""
        parsed = ParsedFinding.of(self.finding)
        return {name: parsed.value(name) for name in held_by_people(self.entry, parsed)}


def ids_of(arguments: Iterable[str], file: Path | None) -> list[str]:
    """Return the Ids of the arguments and of a file's lines, each once. Raises click.UsageError."""
    lines = [] if file is None else _lines(file)
    ids = list(dict.fromkeys(id_in(name) for name in map(str.strip, (*arguments, *lines)) if name))
    if not ids:
        raise click.UsageError("name the findings to hand back, or give a file of Ids with --from")
    if len(ids) > MOST_FINDINGS:
        raise click.UsageError(
            f"{len(ids):,} findings are more than the {MOST_FINDINGS} of one call. People have decided on "
            "each of them: look at some first, then hand back the others in further calls"
        )
    return ids


def _lines(file: Path) -> list[str]:
    try:
        return whole_content(file).decode().splitlines()
    except UnicodeDecodeError as error:
        hint = "give a text with an Id on each line"
        fail(f"{file}: this is not UTF-8 at byte {error.start + 1}", hint, exit_code=UNUSABLE)


def found_findings(ids: Sequence[str], product_arn: str | None, ledger: DynamoLedger) -> list[HeldFinding]:
    """Return the findings of these Ids, or of Ids that end so; end the command if one is not clear.

    Ends of Ids are looked up in the ledger: Security Hub finds whole ones only.
    """
    shown = _read(ids, product_arn)
    missing = [name for name in ids if not any(key[1] == name for key in shown)]
    if missing:
        whole = [_by_the_end(name, product_arn, ledger) for name in missing]
        read = _read([key[1] for key in whole if not is_of_v2(key)], product_arn)
        shown |= {key: found for key, found in read.items() if key in whole} | _read_in_v2(whole)
        if gone := [key[1] for key in whole if key not in shown]:
            fail(f"no longer there: {_named(gone)}", "a finding that is gone cannot be handed back")
    if several := [name for name in ids if sum(key[1] == name for key in shown) > 1]:
        fail(f"several products have these Ids: {_named(several)}", "give --product-arn", exit_code=2)
    return _with_entries(shown, ledger)


def _read(ids: Sequence[str], product_arn: str | None) -> dict[Key, Finding]:
    hub, found = client("securityhub"), {}
    products = [{"Value": product_arn, "Comparison": "EQUALS"}] if product_arn else []
    try:
        for start in range(0, len(ids), IDS_OF_A_CALL):
            named = [{"Value": name, "Comparison": "EQUALS"} for name in ids[start : start + IDS_OF_A_CALL]]
            filters: dict[str, Any] = {"Id": named} | ({"ProductArn": products} if products else {})
            for page in hub.get_paginator("get_findings").paginate(Filters=filters):
                found.update({key_of(each): each for each in page["Findings"]})
    except AWS_ERRORS as error:
        fail(f"Security Hub: {error}", "securityhub:GetFindings is needed")
    return found


def _read_in_v2(keys: Iterable[Key]) -> dict[Key, Finding]:
    """Return the findings of V2 among these keys, as rules see them."""
    try:
        found = {key: shown_finding(key) for key in keys if is_of_v2(key)}
    except AWS_ERRORS as error:
        fail(f"Security Hub V2: {error}", "securityhub:GetFindings is needed on the hub of V2")
    return {key: finding for key, finding in found.items() if finding is not None}


def _by_the_end(end: str, product_arn: str | None, ledger: DynamoLedger) -> Key:
    """Return the one finding of the ledger whose Id ends so; end the command if there is another number."""
    wanted = Wanted(end, product_arn, parts=False)
    try:
        found = in_ledger(wanted, ledger)
    except LedgerError as error:
        fail(f"no finding has the Id {quoted(end)}, and the ledger cannot be read: {error}", "give whole Ids")
    if not found:
        hint = "give the whole Id if triage never changed the finding"
        fail(f"there is no finding {quoted(end)}", hint, exit_code=UNUSABLE)
    return wanted.only(found)


def _with_entries(shown: dict[Key, Finding], ledger: DynamoLedger) -> list[HeldFinding]:
    recall = ledger.read(list(shown))
    if recall.unread:
        fault = next(iter(recall.unread.values()))
        click.echo(f"without what the ledger knows: {fault.message}", err=True)
    return [HeldFinding(key, finding, recall.entries.get(key, NO_ENTRY)) for key, finding in shown.items()]


def _named(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - SHOWN:,} more" if len(ids) > SHOWN else ""
    return ", ".join(map(quoted, ids[:SHOWN])) + more
