"""Backtest 100,000 findings of 4 KB against 1,000 rules: time on all cores, and memory.

python -m benchmarks.backtest [--findings N] [--rules N] [--processes N]
"""

import argparse
import json
import os
import resource
import tempfile
import time
from pathlib import Path

from benchmarks import workload
from hubtriage.engine.planning.plan import Settings
from hubtriage.localaws.findings import NOW, generate
from hubtriage.simulation.backtest.judge import Task
from hubtriage.simulation.backtest.run import backtest
from hubtriage.simulation.backtest.sample import sample_size
from hubtriage.simulation.inputs.documents import read_file

_UPDATES = (
    {"Workflow": {"Status": "SUPPRESSED"}, "Note": {"Text": "Accepted ({rule.id})."}},
    {"Severity": {"AtMost": "LOW"}},
    {"UserDefinedFields": {"routed": "yes"}},
)


def ruleset(count: int) -> dict[str, object]:
    """A compiled rule set of this many rules."""
    rules = [
        {**rule, "ceiling": "HIGH", "update": _UPDATES[at % len(_UPDATES)]}
        for at, rule in enumerate(workload.rules(count))
    ]
    return {"format": 1, "hash": "0" * 16, "revision": None, "rules": rules}


def write_findings(path: Path, count: int, size: int) -> None:
    """Write findings as JSON lines."""
    with path.open("w", encoding="utf-8") as lines:
        for finding in generate(count, 1, size=size):
            lines.write(json.dumps(finding) + "\n")


def cpu_seconds() -> float:
    """CPU time of this process and of those that it has ended: on a busy machine the fairer number."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def main() -> None:
    """Measure, and print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--findings", type=int, default=100_000)
    parser.add_argument("--rules", type=int, default=1_000)
    parser.add_argument("--size", type=int, default=4_096)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "findings.jsonl"
        write_findings(path, asked.findings, asked.size)
        task = Task(ruleset(asked.rules), NOW, Settings(), examples=5, sample=sample_size(asked.rules))
        begun, cpu = time.perf_counter(), cpu_seconds()
        tally = backtest(read_file(path), task, processes=asked.processes)
        seconds = time.perf_counter() - begun
    print(
        json.dumps(
            {
                "findings": tally.total.findings,
                "rules": asked.rules,
                "processes": asked.processes,
                "seconds": round(seconds, 1),
                "findings_per_second": round(tally.total.findings / seconds),
                "cpu_seconds": round(cpu_seconds() - cpu, 1),
                "changed": tally.verdicts["changed"],
                "megabytes_here": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
                "megabytes_of_a_process": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
            }
        )
    )


if __name__ == "__main__":
    main()
