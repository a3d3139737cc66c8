"""Findings out of Security Hub itself, as an export in the user's cache.

It stays there for the next command, and nobody else may read it. What it holds is as old as the reading: the
command says how old, and `--fresh` reads anew.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import boto3
import click

from hubtriage.aws.clock import SystemClock
from hubtriage.aws.ledger.client import dynamodb
from hubtriage.aws.ledger.dynamodb import DynamoLedger
from hubtriage.aws.ledger.table import TABLE_VARIABLE
from hubtriage.aws.securityhub.client import security_hub
from hubtriage.cli.failure import fail, fail_on
from hubtriage.cli.inputs.exporting import Beginning, HubQuery, export_to
from hubtriage.cli.inputs.hub import WITHOUT, ExportError, HubReader
from hubtriage.cli.inputs.ledger import UNTOUCHED
from hubtriage.cli.inputs.part_file import Cursor, PartError, part_of
from hubtriage.cli.locations import Location
from hubtriage.cli.progress import ProgressBar, progress_bar
from hubtriage.cli.stack import AWS_ERRORS, account_options, outputs_if_deployed
from hubtriage.cli.terminal import note
from hubtriage.engine.text.timestamps import parse_timestamp

AGAIN = "the same command goes on from there"
_WHERE = "set AWS_REGION and AWS_PROFILE, or give --region and --profile"
ACTIVE: Mapping[str, Any] = {"RecordState": [{"Value": "ACTIVE", "Comparison": "EQUALS"}]}


@dataclass(frozen=True, slots=True)
class LiveSource:
    """What `--live` reads: findings by Filters, with the entries of a stack's ledger."""

    filters: Mapping[str, Any]
    stack: str
    with_entries: bool
    cache: Path
    fresh: bool


def live_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options with which a command reads from Security Hub.

    The command gets them as `live`; that is None without --live.
    """

    @wraps(command)
    def with_source(
        *,
        live: bool,
        filters: str | None,
        stack: str,
        without_entries: bool,
        cache: Path | None,
        fresh: bool,
        **given: Any,
    ) -> None:
        wanted = filters_of(filters)
        source = LiveSource(wanted, stack, not without_entries, cache or default_root(), fresh)
        command(live=source if live else None, **given)

    decorated: Callable[..., Any] = account_options("With --live: ")(with_source)
    for option in (
        click.option("--fresh", is_flag=True, help="With --live: read again what was read before."),
        click.option(
            "--cache",
            type=Location(path_type=Path, file_okay=False),
            help="With --live: the folder that keeps what was read, for the next run.",
        ),
        click.option("--without-entries", is_flag=True, help="With --live: do not read the ledger."),
        click.option(
            "--stack",
            default="hubtriage",
            show_default=True,
            help="With --live: name of the deployed stack whose ledger is read.",
        ),
        filters_option("With --live: "),
        click.option("--live", is_flag=True, help="Read findings and their entries from AWS."),
    ):
        decorated = option(decorated)
    return decorated


def filters_option(prefix: str = "") -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option that says which findings are read."""
    return click.option(
        "--filters",
        metavar="JSON",
        help=f"{prefix}Filters as GetFindings takes them; all active findings by default.",
    )


def filters_of(text: str | None) -> Mapping[str, Any]:
    """Return the Filters that were given. Raises click.UsageError for what is no JSON object."""
    if text is None:
        return ACTIVE
    try:
        filters = json.loads(text)
    except ValueError as error:
        raise click.UsageError(f"--filters is not JSON: {error}") from error
    if not isinstance(filters, dict):
        raise click.UsageError("--filters is no JSON object")
    return filters


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
    note(f"read {age} into {path} (--fresh reads anew)")
    return path


def hub_from_here(stack: str, table: str | None, filters: Mapping[str, Any]) -> tuple[HubQuery, HubReader]:
    """Return what is asked of the hub of these AWS credentials, and what asks. Raises ExportError."""
    clock = SystemClock()
    try:
        account = str(boto3.client("sts").get_caller_identity()["Account"])
        region = str(boto3.client("securityhub").meta.region_name)
        ledger = None if table is None else DynamoLedger(dynamodb(), table, clock)
        reader = HubReader(security_hub(), ledger, clock, filters)
    except AWS_ERRORS as error:
        raise ExportError(f"AWS credentials or Region: {error}", _WHERE) from error
    return HubQuery(account, region, filters, stack, table), reader


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


def default_root() -> Path:
    """Return the folder of the cache."""
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "hubtriage" / "findings"


def _begun(path: Path) -> float | None:
    """Return when a file was begun, in epoch seconds; None if there is none, or it is no export."""
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
