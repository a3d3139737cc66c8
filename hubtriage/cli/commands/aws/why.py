"""`hubtriage why`: what triage holds on one finding, and its history."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click

from hubtriage.aws.clock import SystemClock
from hubtriage.aws.ledger.client import dynamodb
from hubtriage.aws.ledger.dynamodb import DynamoLedger
from hubtriage.aws.ledger.former_roles import until_when
from hubtriage.aws.ledger.ledger import LedgerError, LedgerFault
from hubtriage.aws.securityhub.api import Finding, Key, is_of_v2
from hubtriage.aws.securityhub.authorship import Author, author_of, role_of
from hubtriage.aws.securityhub.claim_history import claim_histories
from hubtriage.aws.securityhub.echoes import without_echoes
from hubtriage.aws.securityhub.finding_history import (
    AuthorOf,
    HistoryEvent,
    changes,
    decisions,
    key_of_line,
)
from hubtriage.cli.account_options import deployed_option
from hubtriage.cli.failure import fail
from hubtriage.cli.inputs.look_up import in_ledger, in_security_hub, shown_finding
from hubtriage.cli.inputs.one_finding import (
    Wanted,
    finding_argument,
    product_option,
)
from hubtriage.cli.inputs.rules import known_accounts
from hubtriage.cli.options import rules_option
from hubtriage.cli.stack import AWS_ERRORS, client, outputs
from hubtriage.cli.terminal import print_lines
from hubtriage.cli.text import quoted
from hubtriage.cli.views.why import FindingStanding, event_record, held_record, lines
from hubtriage.engine.planning.entry import NO_ENTRY, Entry

DAY = 86400.0
NOTHING = "no finding has such an Id, and no decision in this time was about one"
NO_HISTORY = "Security Hub V2 has no history of findings: what others changed is not shown"
HINT = "look further back with --days, or at the Id, such as arn:aws:securityhub:…"


@click.command(name="why")
@finding_argument
@deployed_option
@product_option
@rules_option
@click.option(
    "--days", default=90, show_default=True, type=click.IntRange(1, 3650), help="How far to look back."
)
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON line for what is held, then one for each event."
)
def command(
    finding_id: str, stack: str, product_arn: str | None, folder: Path, days: int, as_json: bool
) -> None:
    """Show what triage holds on a finding, and who changed it when.

    FINDING-ID is the finding's Id, the end of it, a part of it that the ledger has once, or the finding's URL
    in the Security Hub console. The ledger shows what is held. The decision log in CloudWatch Logs and the
    history in Security Hub (90 days) show what happened; each update appears once. The account directory of
    --rules names the account. Sources that you are not allowed to read are left out and named. Times are in
    UTC.

    Exit codes: 0; 1 the stack or its log cannot be read; 2 no such stack, no finding that fits, or several.
    """
    why = _Why(outputs(stack), time.time() - days * DAY)
    key = why.key(Wanted(finding_id, product_arn))
    standing = why.standing(key)
    if as_json:
        records = [held_record(standing), *map(event_record, standing.events)]
        click.echo("\n".join(map(json.dumps, records)))
    else:
        print_lines(lines(standing, time.time(), known_accounts(folder)))


@dataclass(frozen=True, slots=True)
class _Why:
    """Reads what ledger, log and history of a stack say of a finding since a time (epoch seconds)."""

    deployed: Mapping[str, str]
    since: float

    def key(self, wanted: Wanted) -> Key:
        """Return which finding is meant; end with 2 if that is not clear."""
        found = self._in_security_hub(wanted) or self._in_ledger(wanted)
        if not any(wanted.is_end_of(key) for key in found):  # in the log it may be the end of one
            found = wanted.among([*found, *self._in_log(wanted)])
        if not found:
            fail(f"{quoted(wanted.end)}: {NOTHING}", HINT, exit_code=2)
        return wanted.only(found)

    def standing(self, key: Key) -> FindingStanding:
        """Return what is held and what happened, each update once."""
        entry, author = self._entry(key), self._author()
        told = [event for event in self._decisions(key[1]) if key_of_line(event) == key]
        changed = self._changes(key, author or _no_one)
        events = without_echoes([*told, *changed], own_only=author is not None)
        histories = claim_histories(entry or NO_ENTRY, events)
        return FindingStanding(key, entry, histories, tuple(events), self._finding(key))

    def _finding(self, key: Key) -> Finding | None:
        try:
            return shown_finding(key)
        except AWS_ERRORS as error:
            _without("the finding itself", error)
            return None

    @property
    def _ledger(self) -> DynamoLedger:
        return DynamoLedger(dynamodb(), self.deployed.get("LedgerTableName", ""), SystemClock())

    def _in_security_hub(self, wanted: Wanted) -> list[Key]:
        try:
            return in_security_hub(wanted)
        except AWS_ERRORS as error:
            _without("the findings of Security Hub", error)
            return []

    def _in_ledger(self, wanted: Wanted) -> list[Key]:
        if "LedgerTableName" not in self.deployed:
            return []
        try:
            return list(in_ledger(wanted, self._ledger))
        except LedgerError as error:
            _without("searching the ledger", error)
            return []

    def _in_log(self, wanted: Wanted) -> list[Key]:
        return wanted.among(map(key_of_line, self._decisions(wanted.end)))

    def _decisions(self, end: str) -> list[HistoryEvent]:
        group = self.deployed["LogGroupName"]
        try:
            return list(decisions(client("logs"), group, end, self.since))
        except AWS_ERRORS as error:
            fail(f"log group {group}: {error}", "logs:FilterLogEvents is needed")

    def _entry(self, key: Key) -> Entry | None:
        """Return the entry of a finding; None if the ledger cannot be read."""
        if "LedgerTableName" not in self.deployed:
            return None
        recall = self._ledger.read([key])
        for fault in recall.unread.values():
            _without("the ledger", f"{fault.code}: {fault.message}")
            return None
        return recall.entries.get(key, NO_ENTRY)

    def _changes(self, key: Key, author: AuthorOf) -> list[HistoryEvent]:
        if is_of_v2(key):
            click.echo(NO_HISTORY, err=True)
            return []
        try:
            return list(changes(client("securityhub"), key, self.since, author))
        except AWS_ERRORS as error:
            _without("the history of Security Hub", error)
            return []

    def _author(self) -> AuthorOf | None:
        """Return what knows triage's own updates; None if its role may not be looked at."""
        name = self.deployed.get("FunctionName")
        if name is None:
            return None
        try:
            function = client("lambda").get_function_configuration(FunctionName=name)
        except AWS_ERRORS as error:
            _without("the role of the function", error)
            return None
        former = self._ledger.former_roles.read()
        if isinstance(former, LedgerFault):
            _without("former roles", f"{former.code}: {former.message}")
        known = {} if isinstance(former, LedgerFault) else until_when(former.roles)
        until = {role_of(arn): moment for arn, moment in known.items()}
        return partial(author_of, {role_of(str(function["Role"]))}, until)


def _no_one(source: object, time: float) -> Author:
    return author_of((), {}, source, time)


def _without(what: str, error: object) -> None:
    """Print that something is left out, and why."""
    click.echo(f"without {what}: {quoted(str(error))}", err=True)
