"""Where a finding is looked up by its Id, the end or a part of it: in Security Hub, and in the ledger."""

from collections.abc import Iterable, Mapping

import click

from hubtriage.aws.ledger.dynamodb import DynamoLedger
from hubtriage.aws.securityhub.api import Finding, Key, is_of_v2, key_of
from hubtriage.aws.securityhub.finding_history import products_of
from hubtriage.aws.securityhub.hub_v2 import BothHubs, asking_for
from hubtriage.cli.inputs.one_finding import Wanted
from hubtriage.cli.progress import progress_bar
from hubtriage.cli.stack import AWS_ERRORS, client
from hubtriage.cli.subject import title_of
from hubtriage.cli.text import quoted
from hubtriage.engine.ocsf.view import HUB_V2
from hubtriage.engine.planning.entry import Entry


def in_security_hub(wanted: Wanted) -> list[Key]:
    """Return the findings with exactly this Id; raises botocore's errors. AWS: filters by no part of one."""
    found = [(arn, wanted.end) for arn in products_of(client("securityhub"), wanted.end)]
    return wanted.among(found)


def shown_finding(key: Key) -> Finding | None:
    """Return a finding as Security Hub shows it; None if there is none any more. Raises botocore's errors."""
    if is_of_v2(key):
        return _shown_in_v2(key)
    product_arn, finding_id = key
    named = {"Id": finding_id, "ProductArn": product_arn}
    filters = {name: [{"Value": value, "Comparison": "EQUALS"}] for name, value in named.items()}
    found: list[Finding] = client("securityhub").get_findings(Filters=filters)["Findings"]
    return next((each for each in found if key_of(each) == key), None)


def _shown_in_v2(key: Key) -> Finding | None:
    both = BothHubs(client("securityhub"))
    found: list[Finding] = both.get_findings(**asking_for([key[1]]))["Findings"]
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


TITLES_OF_A_CALL = 20
"""AWS: GetFindings takes so many Ids."""


class FindingTitles:
    """The titles of findings, asked of Security Hub once for each finding, as long as it answers."""

    def __init__(self) -> None:
        self._titles: dict[Key, str] = {}
        self._is_silent = False

    def of(self, keys: Iterable[Key]) -> Mapping[Key, str]:
        """Return the titles that are known, safe to print; for a finding that is gone it is empty.

        If Security Hub cannot be asked, say so once and go on without.
        """
        missing = [key for key in dict.fromkeys(keys) if key not in self._titles]
        if missing and not self._is_silent:
            try:
                self._learn(missing)
            except AWS_ERRORS as error:
                self._is_silent = True
                click.echo(f"without titles: {quoted(str(error))}", err=True)
        return self._titles

    def _learn(self, keys: list[Key]) -> None:
        self._titles |= dict.fromkeys(keys, "")
        ids, uids = ([name for at, name in keys if (at == HUB_V2) is of_v2] for of_v2 in (False, True))
        if ids:
            named = [{"Value": each, "Comparison": "EQUALS"} for each in dict.fromkeys(ids)]
            pages = client("securityhub").get_paginator("get_findings").paginate(Filters={"Id": named})
            for page in pages:
                self._titles |= {key_of(each): title_of(each) for each in page["Findings"]}
        if uids:
            found = BothHubs(client("securityhub")).get_findings(**asking_for(uids))["Findings"]
            self._titles |= {key_of(each): title_of(each) for each in found}
