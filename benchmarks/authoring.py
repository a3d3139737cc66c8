"""What a rule writer waits for: `hubtriage lint`, and a backtest of many findings."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.measure import Figure, Scale

FILES = 10
LINT_ROUNDS = 5
_RULE = """\
  - id: rule-{n}
    description: Accepted until the account has moved.
    owner: cloud-platform
    ticket: SEC-{n}
    expires: {expires}
    ceiling: HIGH
    match:
      Compliance: {{SecurityControlId: [S3.{a}, EC2.{b}], Status: [FAILED, WARNING]}}
      AwsAccountId: ["{account}", "{other}"]
      Resources: {{Type: [AwsS3Bucket], Tags: {{env: [{{prefix: dev}}]}}}}
    when: {{"<": [{{age_days: [{{var: CreatedAt}}]}}, 30]}}
    update:
      Workflow: {{Status: SUPPRESSED}}
      Note: {{Text: "Accepted until {{rule.expires}} ({{rule.ticket}})."}}
    tests:
      - name: an accepted one
        finding: {{AwsAccountId: "{account}", Compliance: {{SecurityControlId: S3.{a}}}}}
        expect: {{Workflow: {{Status: SUPPRESSED}}}}
      - {{name: another account, finding: {{AwsAccountId: "123456789012"}}, expect: no change}}
"""


def write_rules(folder: Path, rules: int) -> None:
    """Write rule files in which lint finds nothing wrong."""
    for file in range(FILES):
        numbers = range(file, rules, FILES)
        (folder / f"rules-{file}.yaml").write_text(
            "rules:\n" + "".join(map(_rule, numbers)), encoding="utf-8"
        )


def _rule(n: int) -> str:
    expires = datetime.now(UTC).date() + timedelta(days=200)  # lint warns of what ends soon, or hardly ever
    numbers = {"a": n % 97 + 1, "b": n % 89 + 1, "account": 10**11 + n, "other": 2 * 10**11 + n}
    return _RULE.format(n=n, expires=expires, **numbers)


def figures(scale: Scale) -> Iterator[Figure]:
    """Measure both, each in a process of its own, from its start to its end."""
    with tempfile.TemporaryDirectory() as folder:
        write_rules(Path(folder), scale.linted)
        rounds = min(LINT_ROUNDS, scale.rounds)
        seconds = min(_lint_seconds(folder) for _ in range(rounds))
    yield Figure(f"lint, {scale.linted:,} rules", seconds, "s of CPU", limit=2.0, note=f"least of {rounds}")
    yield from _backtest(*scale.backtest)


def _lint_seconds(folder: str) -> float:
    """CPU time of the command, its start included."""
    before = _children()
    command = [str(Path(sys.executable).with_name("hubtriage")), "lint", "--strict", folder]
    _output(command)
    return _children() - before


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _backtest(findings: int, rules: int) -> Iterator[Figure]:
    command = [
        sys.executable,
        "-m",
        "benchmarks.backtest",
        "--findings",
        str(findings),
        "--rules",
        str(rules),
    ]
    done = json.loads(_output(command))
    name = f"backtest, {done['findings']:,} findings of 4 KB, {done['rules']:,} rules"
    yield Figure(name, done["seconds"], "s", limit=30.0, note=f"{done['processes']} processes")
    yield Figure(f"{name}: CPU", done["cpu_seconds"], "s of CPU", note="all processes together")
    yield Figure(f"{name}: memory to count", done["megabytes_here"], "MB", note="of one process")
    yield Figure(
        f"{name}: memory to judge", done["megabytes_of_a_process"], "MB", note="of each other process"
    )


def _output(command: list[str]) -> str:
    """Run a command and return what it prints; raise RuntimeError with that where it fails."""
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{ran.stdout}{ran.stderr}")
    return ran.stdout
