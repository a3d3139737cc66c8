"""`hubtriage why`: the history of one finding."""

import json
import time

import click

from hubtriage.aws.securityhub.finding_history import HistoryEvent, changes, decisions, in_order, products_of
from hubtriage.cli.failure import fail
from hubtriage.cli.stack import AWS_ERRORS, client, deployed_option, outputs
from hubtriage.cli.text import quoted
from hubtriage.cli.views.history import as_record, text

DAY = 86400.0
NOTHING = "nothing is known of it in this time: look further back with --days, or at the Id"


@click.command(name="why")
@click.argument("finding_id", metavar="FINDING-ID")
@deployed_option
@click.option("--product-arn", help="The finding's product, where several have a finding of this Id.")
@click.option(
    "--days", default=90, show_default=True, type=click.IntRange(1, 3650), help="How far to look back."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON line for each event.")
def command(finding_id: str, stack: str, product_arn: str | None, days: int, as_json: bool) -> None:
    """Show who changed a finding, when, and by which rule.

    It is read from the decision log in CloudWatch Logs and, where that is allowed, from the history that
    Security Hub keeps (90 days).

    Exit codes: 0; 1 nothing is known of the finding, or the log cannot be read.
    """
    group = outputs(stack)["LogGroupName"]
    since = time.time() - days * DAY
    try:
        events = list(decisions(client("logs"), group, finding_id, since))
    except AWS_ERRORS as error:
        fail(f"log group {group}: {error}", "logs:FilterLogEvents is needed")
    events = [event for event in events if product_arn in (None, event.record.get("product_arn"))]
    events += _history(finding_id, product_arn, events, since)
    if not events:
        fail(
            f"{quoted(finding_id)}: {NOTHING}", "the Id is that of the finding, such as arn:aws:securityhub:…"
        )
    for event in in_order(events):
        click.echo(json.dumps(as_record(event)) if as_json else "\n".join(text(event)))


def _history(
    finding_id: str, product_arn: str | None, known: list[HistoryEvent], since: float
) -> list[HistoryEvent]:
    """Return what Security Hub knows; without the permission for it, print a remark and return nothing."""
    hub = client("securityhub")
    try:
        arns = [product_arn] if product_arn else sorted({str(event.record["product_arn"]) for event in known})
        arns = arns or products_of(hub, finding_id)
        return [event for arn in arns for event in changes(hub, (arn, finding_id), since)]
    except AWS_ERRORS as error:
        click.echo(f"without the history of Security Hub: {error}", err=True)
        return []
