"""`make faults`: break everything that can break, and account for every event."""

import argparse
import json
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.faults.bench import FaultLedger, run
from tests.faults.ledger import FATES
from tests.support.paths import ROOT


def main() -> int:
    """Run all cases, print the ledger, write it; 1 when an event is unaccounted for or ended otherwise."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer cases, fewer deliveries")
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "faults", help="folder to write to")
    options = parser.parse_args()
    options.build.mkdir(parents=True, exist_ok=True)
    ledger = run(options.build, quick=options.quick)
    path = options.build / "ledger.json"
    path.write_text(json.dumps(ledger.as_record(), indent=2) + "\n", encoding="utf-8")
    show(ledger, Console(width=max(Console().width, 120)), path)
    return 1 if ledger.problems else 0


def show(ledger: FaultLedger, console: Console, path: Path) -> None:
    """Print the ledger: a row for each case, a column for each fate."""
    table = Table("fault", "struck", *FATES, title="Events by what became of them", title_justify="left")
    for column in table.columns[1:]:
        column.justify = "right"
    for row in ledger.rows:
        counts = [str(row.fates.get(fate, 0) or "") for fate in FATES]
        table.add_row(row.case, str(row.struck or ""), *counts, style="red" if row.problems else "")
    table.add_section()
    table.add_row("all", "", *(str(count) for count in ledger.fates.values()), style="bold")
    console.print(table)
    for problem in ledger.problems:
        console.print(f"problem: {problem}", style="red", markup=False)
    verdict = "not every event is accounted for" if ledger.problems else "every event is accounted for"
    console.print(f"{ledger.events} events in {ledger.seconds:.0f} s: {verdict}. {path}", markup=False)


if __name__ == "__main__":
    sys.exit(main())
