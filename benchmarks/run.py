"""Measure everything, print one table, write `build/bench.json`; or hold the last results against the limits.

    python -m benchmarks.run                      # about five minutes
    python -m benchmarks.run --small              # all of it with small sizes, in seconds
    python -m benchmarks.run --only match         # one section
    python -m benchmarks.run --check              # exit 1 if a number is beyond its limit

`build/bench.json` has `schema` (1), `machine` (Python, processors), and `rows`, each with `name`, `value`,
`unit`, `limit` (null where a figure is only for comparison) and `note`. Smaller is better in all figures with
a limit. A value is null where something could not be measured here, and `note` says why. The small form
writes `build/bench-small.json`, and its limits mean little.

Exit code 1 where a section fails, or gives what is no number; the other sections are measured all the same.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from benchmarks import authoring, calls, coldstart, engine, ledger, page, peers, pipeline
from benchmarks.measure import FULL, SMALL, Figure, Scale

BUILD = Path(__file__).parent.parent / "build"
FULL_RESULTS, SMALL_RESULTS = "bench.json", "bench-small.json"
SCHEMA = 1

SECTIONS: dict[str, Callable[[Scale], Iterator[Figure]]] = {
    "match": engine.figures,
    "batch": pipeline.figures,
    "calls": calls.figures,
    "ledger": ledger.figures,
    "load": engine.loading_figures,
    "cold": coldstart.figures,
    "closures": engine.closure_figures,
    "peers": peers.figures,
    "authoring": authoring.figures,
    "page": page.figures,
}


def measure(sections: Sequence[str], scale: Scale) -> tuple[list[Figure], list[str]]:
    """Run the sections, printing each figure as it comes; return the figures, and what is wrong."""
    figures: list[Figure] = []
    problems: list[str] = []
    for section in sections:
        try:
            for figure in SECTIONS[section](scale):
                print(shown(figure), flush=True)
                figures.append(figure)
        except Exception as error:  # noqa: BLE001 - one broken section leaves the others to be measured
            traceback.print_exception(error)
            problems.append(f"section {section} failed: {error!r}")
    problems += [f"{figure.name} is {figure.value}, no number" for figure in figures if not figure.is_sound]
    return figures, problems


def shown(figure: Figure) -> str:
    """Lay out one line of the table."""
    value = figure.value
    number = "-" if value is None else f"{value:,.2f}" if value < 100 else f"{value:,.0f}"
    limit = f"(at most {figure.limit:,.2f})" if figure.limit is not None else ""
    return f"{figure.name:<58} {number:>10} {figure.unit:<15} {limit:<20} {figure.note}"


def write(figures: list[Figure], path: Path) -> None:
    """Write the results; sections that were not measured now keep their last ones."""
    kept = {row["name"]: row for row in _last(path)} | {figure.name: asdict(figure) for figure in figures}
    machine = {"python": platform.python_version(), "processors": os.cpu_count()}
    document = {"schema": SCHEMA, "machine": machine, "rows": list(kept.values())}
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n")


def _last(path: Path) -> list[dict[str, Any]]:
    return json.loads(path.read_text())["rows"] if path.exists() else []


def check(path: Path, slack: float) -> int:
    """Compare the last results with their limits; return the exit code."""
    rows = [Figure(**row) for row in _last(path)]
    limited = [row for row in rows if row.limit is not None and row.value is not None]
    beyond = [row for row in limited if row.value > row.limit * slack]
    for row in limited:
        print(("BEYOND  " if row in beyond else "within  ") + shown(row))
    if not limited:
        print("nothing measured yet: run `make bench`")
    return 1 if beyond or not limited else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="small sizes: to see that every section runs")
    parser.add_argument("--only", choices=SECTIONS, action="append")
    parser.add_argument("--rules", type=int, action="append", help="numbers of rules (100, 1000 and 10000)")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--slack", type=float, default=1.0, help="factor on all limits, for busy machines")
    options = parser.parse_args(arguments)
    if options.check:
        return check(BUILD / FULL_RESULTS, options.slack)
    scale = SMALL if options.small else FULL
    if options.rules:
        scale = replace(scale, rules=tuple(options.rules))
    figures, problems = measure(options.only or list(SECTIONS), scale)
    write(
        [figure for figure in figures if figure.is_sound],
        BUILD / (SMALL_RESULTS if options.small else FULL_RESULTS),
    )
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
