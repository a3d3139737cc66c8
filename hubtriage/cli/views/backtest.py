"""A backtest as people read it in a terminal."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from hubtriage.cli.subject import hub_name, signals_in_doubt
from hubtriage.cli.text import counted, quoted, shown
from hubtriage.cli.views.tables import duration, table
from hubtriage.simulation.backtest.report import rules_that_do_something

MOST_ROWS = 20
MOST_FUNNELS = 10
_COLUMNS = {
    "matched": "matched",
    "changed": "changed",
    "hidden": "hidden",
    "taken_back": "taken back",
    "kept": "left to people",
    "observed": "would change",
    "above_ceiling": "above ceiling",
    "stopped": "stopped before",
    "failed": "failed",
}
_GROUP_COLUMNS = ("findings", "changed", "hidden", "taken_back", "kept")

Record = Mapping[str, Any]


def render(report: Record, most: int = MOST_ROWS) -> Iterator[str]:
    """Yield the report as lines; a list that is cut at `most` rows says so."""
    yield from summary(report)
    yield from _section("By rule", _rules(report))
    if "hubs" in report:
        yield from _both_hubs(report)
    yield from _section("What changes", _transitions(report["changes"]), most)
    for name in ("severity", "account", "product"):
        yield from _section(f"By {name}", _groups(report[f"by_{name}"], name), most)
    yield from _section("Rules that never match", _pairs(report["never"], "rule", "why"), most)
    yield from _funnels(report)
    yield from _section("Rules that contradict each other; the later one wins", _conflicts(report), most)
    yield from _section("Left to people", _kept(report["kept"]), most)
    yield from _section("Refused", _with_findings(report["refused"], "why"), most)
    yield from _section("Undecidable", _with_findings(report["undecidable"], "why"), most)
    yield from _section("Rules that failed", _with_findings(report["errors"], "rule", "message"), most)
    yield from _section("Unusable", _pairs(report["unusable"], "place", "reason"), most)


def summary(report: Record) -> Iterator[str]:
    """Yield how many findings there are, what happens to them, and how many calls that takes."""
    totals = report["totals"]
    words = {
        "changed": "to change",
        "hidden": "of these hidden",
        "taken_back": "of these taken back",
        "noted": "recorded in the ledger only, because people changed what triage had set",
        "refused": "refused",
        "kept": "with fields left to people",
        "unchanged": "unchanged",
        "repeated": "repetitions, counted once",
        "unusable": "unusable",
        "undecidable": "undecidable: triage may have changed them while they were read",
    }
    yield click.style(counted(totals["findings"], "finding"), bold=True)
    yield from (f"  {totals[name]:>9,}  {text}" for name, text in words.items() if totals[name])
    yield cost_line(report["cost"])


def cost_line(cost: Record) -> str:
    """Return how many calls and how much time the changes take."""
    if not cost["updates"]:
        return "  no call of BatchUpdateFindings"
    calls = f"about {counted(cost['calls'], 'call')} of BatchUpdateFindings"
    rate = f"{cost['calls_per_second']} calls/s of AWS's {cost['quota_per_second']}"
    each = counted(cost["findings_per_call"], "finding")
    return f"  {calls} ({each} each), {duration(cost['hours'])} at {rate}"


Rows = tuple[Sequence[str], list[list[object]]]


def _section(title: str, rows: Rows, most: int | None = None) -> Iterator[str]:
    head, body = rows
    if not body:
        return
    yield ""
    yield click.style(title, bold=True)
    yield from table(head, body[:most])
    if most is not None and len(body) > most:
        yield f"  … and {len(body) - most:,} more (--json has all)"


def _rules(report: Record) -> Rows:
    """Return a row for each rule that does something; leave out columns without a number."""
    return _rows_of(list(rules_that_do_something(report)))


def _rows_of(rows: Sequence[Record]) -> Rows:
    used = [name for name in _COLUMNS if name == "changed" or any(row[name] for row in rows)]
    body = [[row["rule"], *(row[name] for name in used)] for row in rows]
    return ["rule", *(_COLUMNS[name] for name in used)], body


def _both_hubs(report: Record) -> Iterator[str]:
    """Yield what happens in each hub, and to signals: one that both hubs show counts once."""
    signals = report["hubs"]["signals"]
    rows = [
        [hub_name(hub), *(counts[column] for column in _GROUP_COLUMNS)]
        for hub, counts in report["hubs"]["findings"].items()
    ]
    rows.append(["signals", signals["signals"], *(signals[column] for column in _GROUP_COLUMNS[1:])])
    head = ["hub", *(_COLUMNS.get(column, column) for column in _GROUP_COLUMNS)]
    yield from _section("By hub", (head, rows))
    of_all = counted(signals["signals"], "signal")
    yield f"  {signals['in_both']:,} of {of_all} in both hubs, counted once"
    if signals["in_doubt"]:
        yield f"  {signals_in_doubt(signals['in_doubt'])}"
    in_signals = [{"rule": row["rule"], **row["signals"]} for row in rules_that_do_something(report)]
    yield from _section("By rule, in signals", _rows_of(in_signals))


def _transitions(transitions: Sequence[Record]) -> Rows:
    return ("field", "to", "findings"), [
        [transition["field"], transition_text(transition), transition["findings"]]
        for transition in transitions
    ]


def transition_text(transition: Record) -> str:
    """Return the old and the new value of a field; for a free text only that it changes."""
    if transition["from"] is None and transition["to"] is None:
        return "another value"
    return f"{shown(transition['from'])} -> {shown(transition['to'])}"


def _groups(groups: Sequence[Record], name: str) -> Rows:
    body = [[_name(group), *(group[column] for column in _GROUP_COLUMNS)] for group in groups]
    return [name, *(_COLUMNS.get(column, column) for column in _GROUP_COLUMNS)], body


def _name(group: Record) -> str:
    title = group.get("about", {}).get("name")
    return f"{group['name']} {title}" if title else group["name"]


def _funnels(report: Record) -> Iterator[str]:
    """Yield, for each rule that matches nothing, how many findings each of its conditions leaves."""
    never = {one["rule"] for one in report["never"]}
    rows = [row for row in report["by_rule"] if row["rule"] in never and row["funnel"]][:MOST_FUNNELS]
    if not rows:
        return
    sampled, total = report["sampled"], report["totals"]["findings"]
    of = counted(total, "finding") if sampled == total else f"a sample of {sampled:,} findings"
    yield ""
    yield click.style(f"Findings that each condition leaves, of {of}", bold=True)
    for row in rows:
        yield f"  {shown(row['rule'])}"
        yield from (f"  {stage['left']:>9,}  {quoted(stage['condition'])}" for stage in row["funnel"])


def _pairs(records: Sequence[Record], *members: str) -> Rows:
    return members, [[record[member] for member in members] for record in records]


def _with_findings(records: Sequence[Record], *members: str) -> Rows:
    return [*members, "findings"], [[*(r[member] for member in members), r["findings"]] for r in records]


def _conflicts(report: Record) -> Rows:
    head = ("field", "overridden", "wins", "findings", "such as")
    names = ("field", "loser", "winner", "findings", "example")
    body = [[conflict[name] for name in names] for conflict in report["conflicts"]]
    return head, body


def _kept(kept: Sequence[Record]) -> Rows:
    return ("field", "rule", "why", "findings"), [
        [left["field"], left["rule"] or "", left["why"], left["findings"]] for left in kept
    ]
