"""Measure everything, print one table, write `build/bench.json`; or hold the last results against the limits.

    python benchmarks/run.py                      # about five minutes
    python benchmarks/run.py --only match         # rows whose name has this word
    python benchmarks/run.py --check              # exit 1 if a number is beyond its limit

`build/bench.json` has `schema` (1), `machine` (Python, processors), and `rows`, each with `name`, `value`,
`unit`, `limit` (null where a row is only for comparison) and `note`. Smaller is better in all rows with a
limit. A value is null where something could not be measured here, and `note` says why.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import authoring, coldstart, engine, peers, pipeline
from benchmarks.measure import Row

RESULTS = Path(__file__).parent.parent / "build" / "bench.json"
SCHEMA = 1
COUNTS = [100, 1_000, 10_000]

SECTIONS: dict[str, Callable[[list[int]], Iterator[Row]]] = {
    "match": engine.rows,
    "batch": lambda _counts: pipeline.rows(),
    "load": lambda _counts: engine.loading_rows(),
    "cold": lambda _counts: coldstart.rows(),
    "closures": engine.closure_rows,
    "peers": peers.rows,
    "authoring": lambda _counts: authoring.rows(),
}


def measure(sections: list[str], counts: list[int]) -> list[Row]:
    """Run the sections, printing each row as it comes."""
    rows = []
    for section in sections:
        for row in SECTIONS[section](counts):
            print(shown(row), flush=True)
            rows.append(row)
    return rows


def shown(row: Row) -> str:
    """Lay out one line of the table."""
    value = "-" if math.isnan(row.value) else f"{row.value:,.2f}" if row.value < 100 else f"{row.value:,.0f}"
    limit = f"(at most {row.limit:,.2f})" if row.limit is not None else ""
    return f"{row.name:<58} {value:>10} {row.unit:<15} {limit:<20} {row.note}"


def write(rows: list[Row]) -> None:
    """Write the results; sections that were not measured now keep their last ones."""
    kept = {row["name"]: row for row in _last()}
    for row in rows:
        kept[row.name] = {**row.as_json(), "value": None if math.isnan(row.value) else row.value}
    machine = {"python": platform.python_version(), "processors": os.cpu_count()}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(
        json.dumps({"schema": SCHEMA, "machine": machine, "rows": list(kept.values())}, indent=1) + "\n"
    )


def _last() -> list[dict]:
    return json.loads(RESULTS.read_text())["rows"] if RESULTS.exists() else []


def check(slack: float) -> int:
    """Compare the last results with their limits; return the exit code."""
    rows = [Row(**row) for row in _last() if row["limit"] is not None and row["value"] is not None]
    beyond = [row for row in rows if row.value > row.limit * slack]
    for row in rows:
        print(("BEYOND  " if row in beyond else "within  ") + shown(row))
    if not rows:
        print("nothing measured yet: run `make bench`")
    return 1 if beyond or not rows else 0


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=SECTIONS, action="append")
    parser.add_argument("--rules", type=int, action="append", help="numbers of rules (100, 1000 and 10000)")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--slack", type=float, default=1.0, help="factor on all limits, for busy machines")
    options = parser.parse_args()
    if options.check:
        return check(options.slack)
    write(measure(options.only or list(SECTIONS), options.rules or COUNTS))
    return 0


if __name__ == "__main__":
    sys.exit(main())
