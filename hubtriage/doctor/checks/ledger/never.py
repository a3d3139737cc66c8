"""Check whether the ledger still holds something in fields that triage may no longer set."""

from collections import Counter
from collections.abc import Iterator

from hubtriage.aws.ledger.held import Held, held
from hubtriage.doctor.account import Account
from hubtriage.doctor.verdict import Flaw, Verdict, counted, flawed

MOST_SECONDS = 300.0
"""Enough for some million entries. AWS: the filter reads a page of a thousand entries in about 50 ms."""
_HOW = "see docs/deploying.md, Fields that are never set"


def look(account: Account) -> Verdict | None:
    """Count entries that claim such a field; without the setting `never` there is nothing to look at."""
    if account.config is None or not account.config.never:
        return None
    until = account.clock.monotonic() + MOST_SECONDS
    found = held(
        account.client("dynamodb").scan,
        account.ledger_table,
        account.config.never,
        lambda: account.clock.monotonic() < until,
    )
    return judge(found, account.config.never)


def judge(found: Held, never: frozenset[str]) -> Verdict:
    """Return the verdict on what the ledger holds in these fields."""
    data = {"held": dict(found.wanted), "following": dict(found.following)}
    fine = f"the ledger holds nothing in {', '.join(sorted(never))}"
    return flawed(_flaws(found), Verdict("ok", fine, data=data))


def _flaws(found: Held) -> Iterator[Flaw]:
    if found.wanted:
        yield Flaw(
            "problem",
            f"triage can no longer take back what it set in fields of `never`: {_by_field(found.wanted)}",
            f"take it back first: {_HOW}",
        )
    if found.following:
        yield Flaw(
            "warning",
            f"fields of `never` no longer follow their provider: {_by_field(found.following)}",
            _HOW,
        )
    if found.damaged:
        items = counted(found.damaged, "item")
        yield Flaw("problem", f"{items} that name such fields cannot be read", "see the check of entries")
    if not found.is_whole:
        seen = f"the table was not read completely within {MOST_SECONDS:.0f} seconds"
        yield Flaw("unchecked", seen, "run it again when DynamoDB answers faster")


def _by_field(findings: Counter[str]) -> str:
    return ", ".join(f"{name} ({counted(count, 'finding')})" for name, count in sorted(findings.items()))
