"""The register of exceptions as text, and as rows for a spreadsheet."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from hubtriage.cli.subject import hub_name
from hubtriage.cli.text import counted, escaped, quoted, shown
from hubtriage.cli.views.exceptions.signals import signal_lines
from hubtriage.cli.views.tables import table

Record = Mapping[str, Any]
_UNKNOWN = "not known"
_SIGNALS = "signals"
_CSV = (
    *("rule", "owner", "ticket", "reason", "mode", "ceiling", "in_force", "since", "until", "days_left"),
    *("author", "changed", "approvers", "renewals", "holds", "overruled", "above_ceiling", "description"),
)


def text(record: Record) -> Iterator[str]:
    """Yield the register as lines."""
    rows = record["exceptions"]
    yield click.style(f"{counted(len(rows), 'exception')} at {record['now']}", bold=True)
    if rows:
        head = ["rule", "owner", "ticket", "until", "days", "holds"]
        head += ["signals"] if _has_both_hubs(record) else []
        yield from table(head, [_row(one, record) for one in rows])
    for one in rows:
        yield ""
        yield from _details(one, record)
    yield from _rest(record)


def _row(row: Record, record: Record) -> Sequence[object]:
    holds = _UNKNOWN if row["holds"] is None else _quantity(row["holds"]["findings"], record)
    days = "" if row["days_left"] is None else str(row["days_left"])
    signals = [_quantity(row["holds"]["signals"], record)] if _has_both_hubs(record) else []
    return [
        row["rule"],
        row["owner"] or "none",
        row["ticket"] or "none",
        row["until"] or "no end",
        days,
        holds,
        *signals,
    ]


def _has_both_hubs(record: Record) -> bool:
    """Say whether findings of Security Hub V2 were read: then counts are also of signals, and by hub."""
    return record["hidden"] is not None and "by_hub" in record["hidden"]


def _quantity(count: int, record: Record) -> str:
    """Return a count of findings that a rule holds, as far as it is known."""
    return _as_known(f"{count:,}", count, record)


def _as_known(said: str, count: int, record: Record) -> str:
    """Return what is said of a count, or that there may be more: none found is not known to be none."""
    if not _is_in_part(record):
        return said
    return f"at least {said}" if count else _UNKNOWN


def _is_in_part(record: Record) -> bool:
    """Say whether a rule may hold findings that were not counted: without entries, or not read."""
    source = record["source"]
    return bool(record["hidden"]["not_known"] or source["unusable"] or source["cut_off"])


def _details(row: Record, record: Record) -> Iterator[str]:
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
    yield f"  holds {_counted(holds['findings'], 'finding', record)}{_by(holds['by_severity'])}"
    if "signals" in holds:
        signals = _counted(holds["signals"], "signal", record)
        yield f"  about {signals}: {_in_hubs(holds['by_hub'], record)}"
    if holds["accounts"]:
        yield f"  in {_counted(holds['accounts'], 'account', record)}{_by(holds['by_account'])}"
    if row.get("by_owner"):
        yield _for_owners(row, record)
    if holds["overruled"]:
        yield f"  people overruled it on {_counted(holds['overruled'], 'finding', record)}"
    if holds["above_ceiling"]:
        yield f"  {_counted(holds['above_ceiling'], 'finding', record)} above its ceiling stay visible"


def _for_owners(row: Record, record: Record) -> str:
    """Say who answers for what a rule holds; the owner by whom the rows were chosen comes first."""
    number, counts = row["owners_holding"], row["by_owner"]
    chosen = (record.get("chosen") or {}).get("owner")
    first = {name: count for name, count in counts.items() if name == chosen}
    who = _counted(number, "owner", record) if number else "no known owner"
    return f"  for {who}{_by({**first, **counts})}"


def _counted(count: int, what: str, record: Record) -> str:
    """Return a count of things, as far as it is known."""
    return _as_known(counted(count, what), count, record)


def _in_hubs(counts: Mapping[str, int], record: Record) -> str:
    return ", ".join(
        f"{_counted(count, 'finding', record)} in {hub_name(hub)}" for hub, count in counts.items()
    )


def _by(counts: Mapping[str, int]) -> str:
    first = [f"{shown(name)} {count:,}" for name, count in list(counts.items())[:6]]
    return f": {', '.join(first)}" if first else ""


def _rest(record: Record) -> Iterator[str]:
    """Say what is held for rules that are gone, and what no rule accounts for."""
    for one in record["ended"]:
        yield ""
        name = quoted(one["rule"]) if one["rule"] else "a rule"
        held = _counted(one["holds"]["findings"], "finding", record)
        yield f"{name} is gone, and {held} wait for the next sweep"
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
            yield f"  {hidden[name]:>9,}  {what}{_by_whom(hidden) if name == 'by_others' else ''}"
    for one in hidden["others"]:
        held = ", ".join(f"{field} {value}" for field, value in one["hidden_by"].items())
        by = f", by {shown(one['by'])} at {one['at'] or _UNKNOWN}" if one.get("by") else ""
        hub = f" of {hub_name(one['hub'])}" if "hub" in one else ""
        yield f"             {shown(one['id'])}{hub} in account {shown(one['account'])}: {held}{by}"
    if _has_both_hubs(record):
        yield from signal_lines(hidden)


def _by_whom(hidden: Record) -> str:
    """Return who hid how many of the findings that no rule hides; empty if no one was asked."""
    counts = hidden["by_whom"]
    if counts is None:
        return ", such as"
    named = list(counts["principals"].items())
    said = [f"{count:,} by {shown(who)}" for who, count in named[:_MOST_NAMED]]
    if rest := named[_MOST_NAMED:]:
        said.append(f"{sum(count for _who, count in rest):,} by {len(rest):,} others")
    said += [f"{counts[name]:,} {what}" for name, what in _NOT_KNOWN.items() if counts[name]]
    return f": {', '.join(said)}; such as"


_MOST_NAMED = 5
_NOT_KNOWN = {
    "no_record": "not known, without a record in the history",
    "unread": "not known, as the history could not be read",
    "not_asked": "not asked about",
}


_GROUPS = {
    "by_rules": "hidden by rules",
    "by_service": "resolved by Security Hub, because their control passed",
    "by_others": "hidden by people or other tools, and by no rule",
    "not_known": "not known: the input has no entries of the ledger",
}


def csv_rows(record: Record) -> Iterator[Sequence[str]]:
    """Yield a head and a row for each rule; nothing in a cell is taken for a formula.

    The column of signals is there if findings of Security Hub V2 were read.
    """
    names = (*_CSV, _SIGNALS) if _has_both_hubs(record) else _CSV
    yield names
    for row in record["exceptions"]:
        cells = {
            **row,
            "changed": (row["changed"] or {}).get("day"),
            "approvers": "; ".join(row["approvers"] or ()),
            "renewals": "" if row["renewals"] is None else len(row["renewals"]),
            **_cells_of(row["holds"], record),
        }
        yield [_cell(cells[name]) for name in names]


_COUNTS = {"holds": "findings", "overruled": "overruled", "above_ceiling": "above_ceiling"}


def _cells_of(holds: Record | None, record: Record) -> Record:
    """Return the cells with counts of findings: plain numbers, unless there may be more."""
    if holds is None:
        return dict.fromkeys(_COUNTS)
    counts = {**_COUNTS, **({_SIGNALS: _SIGNALS} if _SIGNALS in holds else {})}
    return {cell: _as_known(str(holds[name]), holds[name], record) for cell, name in counts.items()}


def _cell(value: object) -> str:
    told = "" if value is None else escaped(str(value))
    return f"'{told}" if told[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") else told
