"""Asks PyPI and npm for known vulnerabilities of what is pinned here.

Exit codes: 0 none is known, 1 some are, 2 (only with --require) somebody could not be asked. Not being able
to ask is told, and is never the same as a good answer: pip-audit itself ends well when it finds no package.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = "lambdas/requirements.txt"
LOCKED = "requirements.txt"


@dataclass(frozen=True)
class Answer:
    """What is known of a set of packages. `unasked` names what nobody could tell anything of, and why."""

    asked: int = 0
    vulnerable: tuple[str, ...] = ()
    unasked: tuple[str, ...] = ()


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask, tell, and return the exit code."""
    parser = argparse.ArgumentParser(prog="audit", description=__doc__)
    parser.add_argument("--require", action="store_true", help="fail also when somebody cannot be asked")
    chosen = parser.parse_args(arguments)
    answers = {"PyPI": pypi(), "npm": npm()}
    sys.stdout.writelines(f"{line}\n" for line in told(answers))
    return verdict(answers.values(), require=chosen.require)


def verdict(answers: Iterable[Answer], *, require: bool) -> int:
    """The exit code."""
    answers = tuple(answers)
    if any(answer.vulnerable for answer in answers):
        return 1
    return 2 if require and any(answer.unasked for answer in answers) else 0


def told(answers: Mapping[str, Answer]) -> Iterator[str]:
    """The lines for people."""
    for name, answer in answers.items():
        yield from (f"{name}: VULNERABLE {one}" for one in answer.vulnerable)
        if answer.unasked:
            count, first = len(answer.unasked), answer.unasked[0]
            yield f"{name}: NOT AUDITED: {count} could not be asked about, such as {first}"
        if answer.asked and not answer.vulnerable:
            yield f"{name}: no vulnerability is known in {answer.asked} packages"


def pypi() -> Answer:
    """What pip-audit knows. First of what ships: where it can tell nothing of that, it is asked no more."""
    shipped = read_pip_audit(*_run(_pip_audit(SHIPPED)))
    if shipped.unasked and not shipped.asked:
        return shipped
    return read_pip_audit(*_run(_pip_audit(LOCKED)))


def _pip_audit(requirements: str) -> list[str]:
    asked = ["--requirement", requirements, "--disable-pip", "--no-deps"]
    return [sys.executable, "-m", "pip_audit", "--format", "json", "--progress-spinner", "off", *asked]


def read_pip_audit(output: str, errors: str) -> Answer:
    """The answer in what pip-audit wrote."""
    report = _object(output)
    if "dependencies" not in report:
        return Answer(unasked=(f"all of them: {_last_line(errors)}",))
    known = [found for found in report["dependencies"] if "skip_reason" not in found]
    skipped = [
        f"{found['name']}: {found['skip_reason']}"
        for found in report["dependencies"]
        if "skip_reason" in found
    ]
    return Answer(len(known), tuple(_vulnerabilities(known)), tuple(skipped))


def _vulnerabilities(known: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for found in known:
        for flaw in found["vulns"]:
            fixed = ", ".join(flaw.get("fix_versions") or ()) or "no version yet"
            yield f"{found['name']} {found['version']}: {flaw['id']}, fixed in {fixed}"


def npm() -> Answer:
    """What `npm audit` knows."""
    return read_npm_audit(*_run(["npm", "audit", "--json"]))


def read_npm_audit(output: str, errors: str) -> Answer:
    """The answer in what npm wrote."""
    report = _object(output)
    if "vulnerabilities" not in report:
        return Answer(unasked=(f"all of them: {report.get('message') or _last_line(errors)}",))
    found = [f"{name}: {flaw['severity']}" for name, flaw in report["vulnerabilities"].items()]
    return Answer(report["metadata"]["dependencies"]["total"], tuple(found))


def _run(command: list[str]) -> tuple[str, str]:
    """(output, errors); how it ended says too little to be looked at."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout, done.stderr


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it said nothing"


if __name__ == "__main__":
    sys.exit(main())
