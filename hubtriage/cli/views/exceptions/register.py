"""The register of exceptions as text, and as rows for a spreadsheet."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from hubtriage.cli.text import counted, quoted, shown
from hubtriage.cli.views.tables import table

Record = Mapping[str, Any]
_UNKNOWN = "not known"
_CSV = (
    *("rule", "owner", "ticket", "reason", "mode", "ceiling", "in_force", "since", "until", "days_left"),
    *("author", "changed", "approvers", "renewals", "holds", "overruled", "above_ceiling", "description"),
)


def text(record: Record) -> Iterator[str]:
    """Yield the register as lines."""
    rows = record["exceptions"]
    yield click.style(f"{counted(len(rows), 'exception')} at {record['now']}", bold=True)
    if rows:
        yield from table(["rule", "owner", "ticket", "until", "days", "holds"], [_row(one) for one in rows])
    for one in rows:
        yield ""
        yield from _details(one)
    yield from _rest(record)


def _row(row: Record) -> Sequence[object]:
    holds = _UNKNOWN if row["holds"] is None else f"{row['holds']['findings']:,}"
    days = "" if row["days_left"] is None else str(row["days_left"])
    return [
        row["rule"],
        row["owner"] or "none",
        row["ticket"] or "none",
        row["until"] or "no end",
        days,
        holds,
    ]


def _details(row: Record) -> Iterator[str]:
    yield click.style(quoted(row["rule"]), bold=True)
    if row["description"]:
        yield f"  {quoted(row['description'])}"
    yield f"  hides up to {row['ceiling']}, mode {row['mode']}{'' if row['in_force'] else ', not in force'}"
    changed, approvers = row["changed"], ", ".join(map(quoted, row["approvers"] or ())) or _UNKNOWN
    yield f"  written by {quoted(row['author'] or _UNKNOWN)}, since {row['since'] or _UNKNOWN}"
    last = f"{changed['day']} by {quoted(changed['author'])}" if changed else _UNKNOWN
    yield f"  last changed {last}, approved by {approvers}"
    if row["renewals"]:
        yield f"  renewed {', '.join(one['day'] for one in row['renewals'])}"
    holds = row["holds"]
    if holds is None:
        return
    yield f"  holds {counted(holds['findings'], 'finding')}{_by(holds['by_severity'])}"
    if holds["accounts"]:
        yield f"  in {counted(holds['accounts'], 'account')}{_by(holds['by_account'])}"
    if row.get("by_owner"):
        yield f"  for {counted(len(row['by_owner']), 'owner')}{_by(row['by_owner'])}"
    if holds["overruled"]:
        yield f"  people overruled it on {counted(holds['overruled'], 'finding')}"
    if holds["above_ceiling"]:
        yield f"  {counted(holds['above_ceiling'], 'finding')} above its ceiling stay visible"


def _by(counts: Mapping[str, int]) -> str:
    first = [f"{shown(name)} {count:,}" for name, count in list(counts.items())[:6]]
    return f": {', '.join(first)}" if first else ""


def _rest(record: Record) -> Iterator[str]:
    """Say what is held for rules that are gone, and what no rule accounts for."""
    for one in record["ended"]:
        yield ""
        name = quoted(one["rule"]) if one["rule"] else "a rule"
        yield f"{name} is gone, and {counted(one['holds']['findings'], 'finding')} wait for the next sweep"
    if not record["history"]:
        yield ""
        yield "The folder is in no git repository: who wrote and approved the rules is not known."
    hidden = record["hidden"]
    yield ""
    if hidden is None:
        yield "What the rules hold is not known: give an export of `hubtriage findings`, or --live."
        return
    yield click.style(
        f"{counted(hidden['hidden'], 'hidden finding')} of {hidden['findings_read']:,} read", bold=True
    )
    for name, what in _GROUPS.items():
        if hidden[name]:
            yield f"  {hidden[name]:>9,}  {what}"
    for one in hidden["others"]:
        held = ", ".join(f"{field} {value}" for field, value in one["hidden_by"].items())
        yield f"             {shown(one['id'])} in account {shown(one['account'])}: {held}"


_GROUPS = {
    "by_rules": "hidden by rules",
    "by_service": "resolved by Security Hub, because their control passed",
    "by_others": "hidden by people or other tools, and by no rule, such as",
    "not_known": "not known: the input has no entries of the ledger",
}


def csv_rows(record: Record) -> Iterator[Sequence[str]]:
    """Yield a head and a row for each rule; nothing in a cell is taken for a formula."""
    yield _CSV
    for row in record["exceptions"]:
        holds = row["holds"] or {}
        cells = {
            **row,
            "changed": (row["changed"] or {}).get("day"),
            "approvers": "; ".join(row["approvers"] or ()),
            "renewals": "" if row["renewals"] is None else len(row["renewals"]),
            "holds": holds.get("findings"),
            "overruled": holds.get("overruled"),
            "above_ceiling": holds.get("above_ceiling"),
        }
        yield [_cell(cells[name]) for name in _CSV]


def _cell(value: object) -> str:
    told = "" if value is None else str(value)
    return f"'{told}" if told[:1] in ("=", "+", "-", "@", "\t", "\r") else told
