"""The demonstration as people see it: progress while it runs, then what happened."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn
from rich.table import Table
from rich.text import Text

from hubtriage.cli.text import escaped
from hubtriage.localaws.demo.hubs import CSPM
from hubtriage.localaws.demo.signals import SignalTally
from hubtriage.localaws.demo.tickets import TicketTally
from hubtriage.localaws.demo.verdict import DemoVerdict, FieldShift, RuleTally

_LINES_OF_AN_EXAMPLE = 6
_NUMBERS_WIDTH = 44
_LEAST_ROOM = 24
_ORDER = {
    "Workflow.Status": ("NEW", "NOTIFIED", "SUPPRESSED", "RESOLVED"),
    "Severity.Label": ("CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL"),
    "status": ("New", "In Progress", "Suppressed", "Resolved", "Archived"),
    "severity": ("Fatal", "Critical", "High", "Medium", "Low", "Informational", "Unknown", "Other"),
}
_LEGEND = "  would change: rules in mode observe write nothing; left to people: what a person had set stays"
_NOT_SHOWN = frozenset(
    {"level", "service", "mode", "xray_trace_id", "function_request_id", "version", "entry"}
)


class PlainProgress:
    """One line for each step that is over."""

    def __init__(self, target: Console) -> None:
        self._target = target
        self._step = ""

    def begin(self, step: str, total: int | None = None) -> None:  # noqa: ARG002
        """Remember the step."""
        self._step = step

    def advance(self, done: int) -> None:
        """Print nothing: a moving bar is of no use in a log."""

    def report(self, standing: str) -> None:
        """Print nothing, for the same reason."""

    def end(self, outcome: str, seconds: float) -> None:
        """Print the step's line."""
        self._target.print(_done(self._step, outcome, seconds))


class LiveProgress:
    """A moving bar for the step under way, and a line for each that is over."""

    def __init__(self, target: Console) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(30),
            TextColumn("{task.fields[count]}"),
            console=target,
            transient=True,
        )
        self._task: TaskID | None = None
        self._step = ""
        self._total: int | None = None

    def __enter__(self) -> LiveProgress:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def begin(self, step: str, total: int | None = None) -> None:
        """Show a bar for the step; it pulses while the total is unknown."""
        self._step, self._total = step, total
        self._task = self._progress.add_task(step, total=total, count="")

    def advance(self, done: int) -> None:
        """Move the bar."""
        if self._task is not None:
            self._progress.update(self._task, completed=done, count=f"{done:,} of {self._total or 0:,}")

    def report(self, standing: str) -> None:
        """Show the progress next to the bar."""
        if self._task is not None:
            self._progress.update(self._task, count=standing)

    def end(self, outcome: str, seconds: float) -> None:
        """Replace the bar by the step's line."""
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._progress.console.print(_done(self._step, outcome, seconds))


def _done(step: str, outcome: str, seconds: float) -> Text:
    return Text.assemble(("  done  ", "green"), f"{step:<24}", f"{seconds:5.1f} s  ", (outcome, "dim"))


INTRODUCTION = (
    "The whole system on this machine: the real stack, deployed to a local AWS by CloudFormation.\n"
    "Findings arrive in Security Hub, go through EventBridge and SQS to the triage Lambda, and are updated."
)


def report(
    verdicts: Mapping[str, DemoVerdict],
    explanations: Mapping[str, Iterable[str]],
    signals: SignalTally | None,
    summary_file: str,
    width: int,
    tickets: TicketTally | None = None,
) -> Group:
    """Return everything that is shown when the demonstration is over, for lines of this width.

    One hub after the other, if there are several.
    """
    parts: list[RenderableType] = []
    only = list(verdicts) == [CSPM]
    for name, verdict in verdicts.items():
        parts += _of_hub(verdict, "" if only else verdict.hub.title, explanations[name], width)
    if signals is not None:
        parts += _section("Signals that both hubs have", Text(_signals(signals)))
    if tickets is not None:
        parts += _section("Tickets and messages", Text(_tickets(tickets)))
    parts += _section("Result", _result(verdicts, summary_file, tickets))
    return Group(*parts)


def _of_hub(verdict: DemoVerdict, title: str, explanation: Iterable[str], width: int) -> list[RenderableType]:
    """Return what is shown of one hub; `title` names it where there may be another."""
    first = f"{title}: what each rule did, in findings" if title else "What each rule did, in findings"
    parts = [
        *_section(first, _rules(verdict.rules, width), Text(_LEGEND, "dim")),
        *_section(f"{title or 'Security Hub'} before and after", _shifts(verdict)),
        *_section("API calls", Text(_calls(verdict))),
    ]
    if verdict.example is not None:
        parts += _section("One finding explained", _indented(explanation))
        parts += _section(
            "From its line in the decision log (CloudWatch Logs)", Text(_log_line(verdict.example))
        )
    return parts


def _signals(tally: SignalTally) -> str:
    return (
        f"  {tally.in_both:,} signals = {tally.hidden_in_both:,} hidden by triage in both hubs + "
        f"{tally.hidden_in_cspm:,} in CSPM alone + {tally.hidden_in_v2:,} in V2 alone + "
        f"{tally.hidden_in_neither:,} in neither.\n"
        "  What people had set in one hub, and what V2 does not show, makes the difference."
    )


def _section(title: str, *bodies: RenderableType) -> list[RenderableType]:
    return [Text(), Text(title, "bold"), *bodies]


def _table(*columns: str) -> Table:
    """Return a table without lines: first column left, numbers right."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for position, column in enumerate(columns):
        table.add_column(column, justify="left" if position == 0 else "right", no_wrap=True)
    return table


def _rules(rules: tuple[RuleTally, ...], width: int) -> Table:
    """Return a row for each rule; on a narrow terminal without what the rule is for."""
    table = _table("  rule", "changed", "would change", "left to people")
    room = width - max((len(rule.id) for rule in rules), default=0) - _NUMBERS_WIDTH
    if room >= _LEAST_ROOM:
        table.add_column("what it is for", style="dim", no_wrap=True)
    for rule in rules:
        cells = [f"  {rule.id}", _count(rule.changed), _count(rule.observed), _count(rule.kept)]
        if room >= _LEAST_ROOM:
            cells.append(textwrap.shorten(rule.description, room, placeholder=" ..."))
        table.add_row(*cells)
    return table


def _count(number: int) -> str:
    return f"{number:,}" if number else "-"


def _shifts(verdict: DemoVerdict) -> Table:
    table = _table("  ", "before", "after", "")
    for shift in (verdict.workflow, verdict.severity):
        for value in _values(shift):
            before, after = shift.before.get(value, 0), shift.after.get(value, 0)
            difference = f"{after - before:+,}" if after != before else ""
            table.add_row(f"  {shift.field} {value}", f"{before:,}", f"{after:,}", difference)
    return table


def _values(shift: FieldShift) -> list[str]:
    present = shift.before.keys() | shift.after.keys()
    known = [value for value in _ORDER.get(shift.field, ()) if value in present]
    return known + sorted(present - set(known))


def _indented(lines: Iterable[str]) -> Text:
    """Return lines that may be styled with ANSI codes; they hold no other control characters."""
    return Text.from_ansi("\n".join(f"  {line}" for line in lines))


def _calls(verdict: DemoVerdict) -> str:
    return (
        f"  {verdict.api_calls} {verdict.hub.operation} calls changed {verdict.changed:,} findings, "
        f"{verdict.findings_per_call:g} a call; {verdict.ideal_calls} would be the fewest possible.\n"
        f"  One call for each finding would have taken {verdict.changed / 10:,.0f} s at AWS's quota of 10/s."
    )


def _log_line(line: Mapping[str, Any]) -> str:
    """Return the line with a row for each member; JSON keeps everything that came from a finding escaped."""
    rows = [
        f"    {json.dumps(name)}: {json.dumps(value)}"
        for name, value in line.items()
        if name not in _NOT_SHOWN
    ]
    return "  {\n" + ",\n".join(rows) + "\n  }"


def _tickets(tally: TicketTally) -> str:
    """Return the numbers, the largest ticket and the last message; their texts come from findings."""
    counted = f"{tally.tickets:,} tickets about {tally.findings:,} findings in a double of Jira"
    lines = [f"  {counted}; {tally.messages:,} messages in a double of Slack."]
    if tally.example is not None:
        lines += ["", f"  {tally.example['key']}: {escaped(tally.example['summary'])}"]
        lines += _beginning(tally.example["text"].splitlines())
    if tally.message:
        lines += ["", "  The last message:"]
        lines += _beginning([line for text in tally.message for line in text.splitlines()])
    return "\n".join(lines)


def _beginning(lines: Sequence[str]) -> list[str]:
    """Return the first lines of an example."""
    more = ["    ..."] if len(lines) > _LINES_OF_AN_EXAMPLE else []
    return [f"    {escaped(line)}" for line in lines[:_LINES_OF_AN_EXAMPLE]] + more


def _result(by_hub: Mapping[str, DemoVerdict], summary_file: str, tickets: TicketTally | None = None) -> Text:
    verdicts = list(by_hub.values())
    only = list(by_hub) == [CSPM]
    sums = "".join(_sum(verdict, "" if only else f"{verdict.hub.title}: ") for verdict in verdicts)
    problems = dict.fromkeys(problem for verdict in verdicts for problem in verdict.problems)
    problems |= dict.fromkeys(tickets.problems if tickets else ())
    if problems:
        told = "\n".join(f"  problem: {problem}" for problem in problems)
        return Text.assemble(sums, (told, "bold red"), f"\n  Numbers: {summary_file}")
    agree = "  Security Hub, the decision log and the queues agree: every finding is accounted for.\n"
    last = f"  All numbers are in {summary_file}. Change a rule in the rules folder, and run it again."
    return Text.assemble(sums, (agree, "green"), last)


def _sum(verdict: DemoVerdict, where: str) -> str:
    return (
        f"  {where}{verdict.findings:,} findings = {verdict.changed:,} changed + {verdict.unchanged:,} "
        f"unchanged + {verdict.refused:,} refused; dead-letter queues: {verdict.dead}; "
        f"{verdict.kept:,} left as people had set them.\n"
    )
