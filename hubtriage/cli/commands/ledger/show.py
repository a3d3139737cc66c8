"""`hubtriage ledger show`: the entry of one finding."""

import json
import time

import click

from hubtriage.aws.ledger.dynamodb import DynamoLedger
from hubtriage.aws.ledger.ledger import LedgerError
from hubtriage.aws.securityhub.api import Key
from hubtriage.aws.securityhub.finding_history import products_of
from hubtriage.cli.account_options import deployed_option
from hubtriage.cli.failure import fail
from hubtriage.cli.inputs.deployed_ledger import fail_at, table_of
from hubtriage.cli.inputs.look_up import in_ledger
from hubtriage.cli.inputs.one_finding import Wanted, finding_argument, product_option
from hubtriage.cli.stack import AWS_ERRORS, client
from hubtriage.cli.text import quoted
from hubtriage.cli.views.entry import about_line, as_record, entry_lines, hand_back_line
from hubtriage.engine.planning.entry import Entry


@click.command(name="show")
@finding_argument
@deployed_option
@product_option
@click.option("--json", "as_json", is_flag=True, help="Print the entry as the table holds it.")
def command(finding_id: str, stack: str, product_arn: str | None, as_json: bool) -> None:
    """Show what triage holds on one finding.

    It shows each field with its rule, its time and its earlier value, who overruled triage, and the last
    update that was sent. FINDING-ID is the finding's Id, the end or a unique part of it, or its URL in the
    Security Hub console. Anything but a whole Id makes the command read the whole table.

    Exit codes: 0; 1 the ledger has no such entry, or cannot be read; 2 several findings fit.
    """
    if not finding_id:
        raise click.UsageError("FINDING-ID must not be empty")
    _table, ledger = table_of(stack)
    wanted = Wanted(finding_id, product_arn)
    found = _found(ledger, wanted)
    if not found:
        fail(f"the ledger has no entry of {quoted(finding_id)}", "triage has never changed such a finding")
    key = wanted.only(found)
    record, text = as_record(key, found[key]), _text(key, found[key])
    click.echo(json.dumps(record, indent=2) if as_json else "\n".join(text))


def _text(key: Key, entry: Entry) -> list[str]:
    product_arn, finding_id = key
    about = about_line(entry.about)
    head = (
        [quoted(finding_id), quoted(product_arn), about]
        if about
        else [quoted(finding_id), quoted(product_arn)]
    )
    return [*head, *entry_lines(entry, time.time()), *hand_back_line(entry.claims, finding_id)]


def _found(ledger: DynamoLedger, wanted: Wanted) -> dict[Key, Entry]:
    """Return the entries that fit: by the whole Id if the finding is there, else by the end of it."""
    products = [wanted.product_arn] if wanted.product_arn else _products(wanted.end)
    recall = ledger.read([(arn, wanted.end) for arn in products])
    for fault in recall.unread.values():
        fail_at(fault)
    try:
        return recall.entries or in_ledger(wanted, ledger)
    except LedgerError as error:
        fail_at(error.fault)


def _products(finding_id: str) -> list[str]:
    """Return the products that have a finding of this Id; none if Security Hub may not be asked."""
    try:
        return products_of(client("securityhub"), finding_id)
    except AWS_ERRORS:
        return []
