"""`hubtriage ledger show`: the entry of one finding."""

import json
import time

import click

from hubtriage.aws.ledger.dynamodb import DynamoLedger
from hubtriage.aws.ledger.ledger import LedgerError
from hubtriage.aws.securityhub.api import Key
from hubtriage.aws.securityhub.finding_history import products_of
from hubtriage.cli.failure import fail
from hubtriage.cli.inputs.deployed_ledger import fail_at, table_of
from hubtriage.cli.progress import progress_bar
from hubtriage.cli.stack import AWS_ERRORS, client, deployed_option
from hubtriage.cli.text import quoted
from hubtriage.cli.views.entry import about_line, as_record, entry_lines
from hubtriage.engine.planning.entry import Entry

MOST_IDS = 10
"""How many findings to name where several fit."""


@click.command(name="show")
@click.argument("finding_id", metavar="FINDING-ID")
@deployed_option
@click.option("--product-arn", help="The finding's product, where several have a finding of this Id.")
@click.option("--json", "as_json", is_flag=True, help="Print the entry as the table holds it.")
def command(finding_id: str, stack: str, product_arn: str | None, as_json: bool) -> None:
    """Show what triage holds on one finding.

    Which fields, since when, by which rule, what was there before, who overruled it, and the update that was
    sent last. FINDING-ID is the finding's Id, or the end of it. For the end of an Id the whole table is read.

    Exit codes: 0; 1 the ledger has no such entry, or cannot be read; 2 several findings fit.
    """
    if not finding_id:
        raise click.UsageError("FINDING-ID must not be empty")
    _table, ledger = table_of(stack)
    found = _found(ledger, finding_id, product_arn)
    if not found:
        fail(f"the ledger has no entry of {quoted(finding_id)}", "triage has never changed such a finding")
    if len(found) > 1:
        names = "".join(f"\n  {quoted(name)} of {quoted(arn)}" for arn, name in list(found)[:MOST_IDS])
        fail(f"{len(found):,} findings fit; give the whole Id, and --product-arn:{names}", exit_code=2)
    ((key, entry),) = found.items()
    click.echo(json.dumps(as_record(key, entry), indent=2) if as_json else "\n".join(_text(key, entry)))


def _text(key: Key, entry: Entry) -> list[str]:
    product_arn, finding_id = key
    about = about_line(entry.about)
    head = (
        [quoted(finding_id), quoted(product_arn), about]
        if about
        else [quoted(finding_id), quoted(product_arn)]
    )
    return [*head, *entry_lines(entry, time.time())]


def _found(ledger: DynamoLedger, finding_id: str, product_arn: str | None) -> dict[Key, Entry]:
    """Return the entries that fit: by the whole Id if the finding is there, else by the end of it."""
    products = [product_arn] if product_arn else _products(finding_id)
    recall = ledger.read([(arn, finding_id) for arn in products])
    for fault in recall.unread.values():
        fail_at(fault)
    return recall.entries or _by_the_end(ledger, finding_id, product_arn)


def _products(finding_id: str) -> list[str]:
    """Return the products that have a finding of this Id; none if Security Hub may not be asked."""
    try:
        return products_of(client("securityhub"), finding_id)
    except AWS_ERRORS:
        return []


def _by_the_end(ledger: DynamoLedger, end: str, product_arn: str | None) -> dict[Key, Entry]:
    found: dict[Key, Entry] = {}
    token, is_last, read = None, False, 0
    with progress_bar("ledger") as shown:
        while not is_last:
            try:
                page = ledger.find(end, token)
            except LedgerError as error:
                fail_at(error.fault)
            read += page.read
            shown.show(f"{read:,} entries read")
            found.update((key, entry) for key, entry in page.entries if _fits(key, end, product_arn))
            for fault in page.unread:
                click.echo(fault.message, err=True)
            token, is_last = page.token, page.token is None
    return found


def _fits(key: Key, end: str, product_arn: str | None) -> bool:
    return key[1].endswith(end) and product_arn in (None, key[0])
