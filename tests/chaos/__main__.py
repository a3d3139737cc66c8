"""`make chaos SEED=n`: everything goes wrong under load, and every event is accounted for."""

import argparse
import json
import resource
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.chaos.ledger import Balance
from tests.chaos.plan import draw_plan
from tests.chaos.run import ChaosReport, run
from tests.faults.ledger import FATES
from tests.support.paths import ROOT

_EVERY = 5.0
"""Seconds between two lines about the load; what goes wrong is told at once."""


def main() -> int:
    """Run, print the balance, write it; 1 if it does not balance."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="what is drawn from, the same each time")
    parser.add_argument(
        "--findings", type=int, default=20_000, help="how many are sent (default %(default)s)"
    )
    parser.add_argument(
        "--hub",
        choices=("cspm", "both"),
        default="cspm",
        help="whether Security Hub V2 has findings too, and faults of its own (default %(default)s)",
    )
    parser.add_argument(
        "--tickets", action="store_true", help="decisions open tickets and send messages, which fail too"
    )
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "chaos", help="folder to write to")
    options = parser.parse_args()
    options.build.mkdir(parents=True, exist_ok=True)
    console = Console(width=max(Console().width, 120), highlight=False)
    plan = draw_plan(options.seed, options.findings, both=options.hub == "both", tickets=options.tickets)
    report = run(plan, options.build, Teller(console))
    path = options.build / "ledger.json"
    path.write_text(json.dumps(report.as_record(), indent=2) + "\n", encoding="utf-8")
    show(report, console, path)
    return 1 if report.problems else 0


class Teller:
    """Prints progress: every act, and now and then how the load goes on."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()
        self._last = 0.0

    def __call__(self, line: str) -> None:
        """Print a line, unless it is only about the load and one was printed just now."""
        now = time.monotonic()
        if "messages wait" in line and now - self._last < _EVERY:
            return
        if "messages wait" in line:
            self._last = now
        self._console.print(f"{now - self._began:6.0f} s  {line}", markup=False)


def show(report: ChaosReport, console: Console, path: Path) -> None:
    """Print what happened, and the balance."""
    console.print(_happenings(report))
    console.print(_balance("Events by what became of them", report.before))
    console.print(_balance("The same after the redrive and a sweep", report.after))
    for stack, told in report.redriven.items():
        console.print(f"hubtriage redrive --stack {stack}: {', '.join(told.splitlines())}", markup=False)
    hidden = ", ".join(f"{count} by {rule}" for rule, count in report.look.hidden.most_common())
    console.print(
        f"by the hub and the rules alone: hidden are {hidden}; {report.look.unexplained} that no rule hides, "
        f"{report.look.keys_of_ours} user-defined fields that no rule sets, "
        f"{report.look.comments_replaced} comments of others in V2 that triage replaced, "
        f"{report.look.comments_overtaken} that came while triage wrote its own",
        markup=False,
    )
    if report.plan.tickets:
        told = ", ".join(f"{count:,} {name}" for name, count in report.deliveries.counts.items())
        console.print(f"decisions that left the system: {told}", markup=False)
    console.print(f"a last sweep changed {report.last_sweep_changed} findings")
    for problem in report.problems:
        console.print(f"problem: {problem}", style="red", markup=False)
    verdict = "does not balance" if report.problems else "balances"
    seconds, processor = sum(report.seconds.values()), _processor_seconds()
    unaccounted = report.before.unaccounted + report.after.unaccounted
    events = report.after.events
    findings = len(report.plan.findings) + len(report.plan.findings_v2)
    console.print(
        f"seed {report.plan.seed}: {events:,} events of {findings:,} findings in "
        f"{seconds:.0f} s ({processor:.0f} s of processor time), {unaccounted} unaccounted for: "
        f"it {verdict}. {path}",
        markup=False,
    )


def _processor_seconds() -> float:
    """Of this process and of all that it started and that has ended."""
    own, others = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


def _happenings(report: ChaosReport) -> Table:
    table = Table("second", "what happened", "messages waiting", "struck", title="What went wrong")
    for happening in report.happenings:
        struck = str(happening.struck or "")
        table.add_row(f"{happening.at:.0f}", happening.act.name, str(happening.waiting), struck)
    return table


def _balance(title: str, balance: Balance) -> Table:
    table = Table("producer", *FATES, title=title, title_justify="left")
    for column in table.columns[1:]:
        column.justify = "right"
    for producer, fates in sorted(balance.fates.items()):
        table.add_row(producer, *(str(fates[fate] or "") for fate in FATES))
    table.add_section()
    table.add_row("all", *(str(count) for count in balance.totals.values()), style="bold")
    for reason, count in balance.reasons.most_common(8):
        table.caption = (table.caption or "") + f"refused {count}: {reason[:100]}\n"
    return table


if __name__ == "__main__":
    sys.exit(main())
