"""Findings out of Security Hub itself, as an export in the user's cache.

It stays there for the next command, and no one else may read it. What it holds is as old as the reading: the
command says how old, and `--fresh` reads again.
"""

import hashlib
import json
import math
import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import boto3
import click

from hubtriage.aws.clock import SystemClock
from hubtriage.aws.ledger.client import dynamodb
from hubtriage.aws.ledger.dynamodb import DynamoLedger
from hubtriage.aws.ledger.table import TABLE_VARIABLE
from hubtriage.aws.securityhub.api import Key
from hubtriage.aws.securityhub.authorship import Authorship, History
from hubtriage.aws.securityhub.backoff import Backoff
from hubtriage.aws.securityhub.client import security_hub
from hubtriage.aws.securityhub.faults import CallFault
from hubtriage.aws.securityhub.ratelimit import TokenBucket
from hubtriage.aws.sweep.inprocess import HISTORIES
from hubtriage.cli.failure import fail, fail_on
from hubtriage.cli.inputs.exporting import Beginning, HubQuery, export_to
from hubtriage.cli.inputs.files.part_file import Cursor, PartError, part_of
from hubtriage.cli.inputs.hub import WITHOUT, ExportError, HubReader
from hubtriage.cli.inputs.ledger import UNTOUCHED
from hubtriage.cli.inputs.live_options import HubFilters, LiveSource
from hubtriage.cli.progress import ProgressBar, progress_bar
from hubtriage.cli.stack import AWS_ERRORS, outputs_if_deployed
from hubtriage.cli.terminal import note
from hubtriage.engine.text.timestamps import parse_timestamp

AGAIN = "run the same command again to continue from there"
_WHERE = "set AWS_REGION and AWS_PROFILE, or give --region and --profile"


def live_file(source: LiveSource) -> Path:
    """Return the file with all findings of a source; read them if they are not there yet.

    Ends the command with 2 if they cannot be read.
    """
    try:
        table = table_from_here(source.stack) if source.with_entries else None
        if source.with_entries and table is None:
            click.echo(UNTOUCHED.format(stack=source.stack), err=True)
        query, reader = hub_from_here(source.stack, table, source.filters)
        path = cached(query, source.cache)
        if source.fresh or part_of(path).exists() or _begun(path) is None:
            _read(path, reader, query, fresh=source.fresh)
    except ExportError as error:
        fail(str(error), error.hint(AGAIN), exit_code=2)
    except PartError as error:
        fail(str(error), error.hint, exit_code=2)
    except OSError as error:
        fail_on(error.filename, error)
    age = age_in_words(time.time() - (_begun(path) or 0.0))
    note(f"read {age} into {path} (--fresh reads again)")
    return path


def hub_from_here(stack: str, table: str | None, filters: HubFilters) -> tuple[HubQuery, HubReader]:
    """Return what is asked of the hubs of these AWS credentials, and what asks. Raises ExportError."""
    clock = SystemClock()
    try:
        account = str(boto3.client("sts").get_caller_identity()["Account"])
        region = str(boto3.client("securityhub").meta.region_name)
        ledger = None if table is None else DynamoLedger(dynamodb(), table, clock)
        reader = HubReader(security_hub(), ledger, clock, filters)
    except AWS_ERRORS as error:
        raise ExportError(f"AWS credentials or Region: {error}", _WHERE) from error
    return HubQuery(account, region, filters, stack, table), reader


def histories_from_here() -> Callable[[Key], History | CallFault]:
    """Return what reads the history of a finding in the hub of these AWS credentials, two a second.

    It tries again what fails for a while, and never raises for what the service or the network does.
    """
    clock = SystemClock()
    budget = TokenBucket.of_a_second(HISTORIES, clock)
    # whose updates are triage's own does not matter here
    authorship = Authorship(security_hub(), lambda: "", budget, Backoff(random.random), clock.monotonic)
    return lambda key: authorship.history(key, None, math.inf)


def table_from_here(stack: str) -> str | None:
    """Return the table of a stack's ledger; None if there is no such stack. Raises ExportError."""
    if table := os.environ.get(TABLE_VARIABLE):
        return table
    try:
        outputs = outputs_if_deployed(stack) or {}
    except AWS_ERRORS as error:
        hint = (
            f"allow it, name the table in {TABLE_VARIABLE}, or leave the entries out with --without-entries"
        )
        raise ExportError(f"cloudformation:DescribeStacks: {error}", hint) from error
    if outputs and "LedgerTableName" not in outputs:
        raise ExportError(f"stack {stack} has no ledger", f"deploy this version of hubtriage, or {WITHOUT}")
    return outputs.get("LedgerTableName")


def _read(path: Path, reader: HubReader, query: HubQuery, *, fresh: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with progress_bar("reading") as bar:
        how = Beginning(resume=True, fresh=fresh)
        export_to(path, reader, query, SystemClock().now(), how, shows(bar))


def shows(bar: ProgressBar) -> Callable[[Cursor], None]:
    """Return what shows on a bar how far reading has come."""
    return lambda cursor: bar.show(f"{cursor.findings:,} findings, {cursor.entries:,} with entries")


def cached(query: HubQuery, root: Path) -> Path:
    """Return the file of the cache for a query."""
    digest = hashlib.sha256(json.dumps(query.as_record(), sort_keys=True).encode()).hexdigest()[:12]
    return root / f"{query.account}-{query.region}-{digest}.jsonl"


def _begun(path: Path) -> float | None:
    """Return when a file was begun, in epoch seconds; None if there is none, or it is not an export."""
    try:
        with path.open(encoding="utf-8") as lines:
            return parse_timestamp(json.loads(next(lines))["begun"])
    except (FileNotFoundError, ValueError, KeyError, TypeError, StopIteration):
        return None


def age_in_words(seconds: float) -> str:
    """Return how long ago something was, for people."""
    if seconds < 60:
        return "just now"
    return f"{seconds / 60:.0f} minutes ago" if seconds < 2 * 3600 else f"{seconds / 3600:.0f} hours ago"
