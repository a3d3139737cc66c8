"""What each hub hides, and the signals that are hidden, as lines."""

from collections.abc import Iterator, Mapping
from typing import Any

import click

from hubtriage.cli.subject import hub_name, signals_in_doubt
from hubtriage.cli.text import counted, shown

Record = Mapping[str, Any]

_GROUPS = {
    "by_rules": "by rules",
    "by_service": "by Security Hub",
    "by_others": "by people or other tools",
    "not_known": "not known",
}
_KINDS = {
    "hidden_in_both": "in both hubs",
    "alone": "in the only hub that shows them",
    "hidden_in_one": "in one hub, and visible in the other",
}
_CAUSES = {
    "service": "by Security Hub, because its control passed",
    "others": "by people or other tools",
    "not known": "not known by whom",
}


def signal_lines(hidden: Record) -> Iterator[str]:
    """Yield what each hub hides, then the signals, then those that one hub alone hides."""
    for hub, counts in hidden["by_hub"].items():
        groups = ", ".join(f"{counts[name]:,} {what}" for name, what in _GROUPS.items() if counts[name])
        of = f"{counted(counts['hidden'], 'hidden finding')} of {counts['findings_read']:,} read"
        yield f"  {hub_name(hub)}: {of}{': ' if groups else ''}{groups}"
    signals = hidden["signals"]
    yield click.style(f"{counted(signals['hidden'], 'hidden signal')}", bold=True)
    yield from (f"  {signals[name]:>9,}  {what}" for name, what in _KINDS.items() if signals[name])
    yield from (_example(one) for one in signals["examples"])
    if signals["in_doubt"]:
        yield f"  {signals_in_doubt(signals['in_doubt'])}"


def _example(one: Record) -> str:
    causes = ", ".join(
        f"{field} {shown(value)} {cause(one['causes'][field])}" for field, value in one["hidden_by"].items()
    )
    where = f"hidden in {hub_name(one['hidden_in'])}, visible in {hub_name(one['visible_in'])}"
    return f"             {shown(one['id'])} in account {shown(one['account'])}: {where}: {causes}"


def cause(by: str) -> str:
    """Return by whom a field was set, for people."""
    return _CAUSES.get(by) or f"by {shown(by)}"
