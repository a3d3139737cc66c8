"""Where a finding is looked up by its Id, the end or a part of it: in Security Hub, and in the ledger."""

import click

from hubtriage.aws.ledger.dynamodb import DynamoLedger
from hubtriage.aws.securityhub.api import Finding, Key, key_of
from hubtriage.aws.securityhub.finding_history import products_of
from hubtriage.cli.inputs.one_finding import Wanted
from hubtriage.cli.progress import progress_bar
from hubtriage.cli.stack import client
from hubtriage.cli.text import quoted
from hubtriage.engine.planning.entry import Entry


def in_security_hub(wanted: Wanted) -> list[Key]:
    """Return the findings with exactly this Id; raises botocore's errors. AWS: filters by no part of one."""
    found = [(arn, wanted.end) for arn in products_of(client("securityhub"), wanted.end)]
    return wanted.among(found)


def shown_finding(key: Key) -> Finding | None:
    """Return a finding as Security Hub shows it; None if there is none any more. Raises botocore's errors."""
    product_arn, finding_id = key
    named = {"Id": finding_id, "ProductArn": product_arn}
    filters = {name: [{"Value": value, "Comparison": "EQUALS"}] for name, value in named.items()}
    found: list[Finding] = client("securityhub").get_findings(Filters=filters)["Findings"]
    return next((each for each in found if key_of(each) == key), None)


def in_ledger(wanted: Wanted, ledger: DynamoLedger) -> dict[Key, Entry]:
    """Return the entries of the findings that may be meant; this reads the whole table. Raises LedgerError.

    Prints the reason of each entry that cannot be read.
    """
    found: dict[Key, Entry] = {}
    token, is_last, read = None, False, 0
    with progress_bar("ledger") as shown:
        while not is_last:
            page = ledger.find(wanted.end, token)
            read += page.read
            shown.show(f"{read:,} entries read")
            found.update(page.entries)
            for fault in page.unread:
                click.echo(quoted(fault.message), err=True)
            token, is_last = page.token, page.token is None
    return {key: found[key] for key in wanted.among(found)}
