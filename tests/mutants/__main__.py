"""Plant each bug in a copy of the package and say whether the tests that should find it do.

Exit code 1 if one is not found, or no longer fits the code. `--only TEXT` plants those whose story has it.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.mutants.announcing import ANNOUNCING
from tests.mutants.channels import CHANNELS
from tests.mutants.claims import CLAIMS
from tests.mutants.deliveries import DELIVERIES
from tests.mutants.events import EVENTS
from tests.mutants.hand_back import HAND_BACK
from tests.mutants.hub_v2 import HUB_V2, SWEEP_V2
from tests.mutants.limits import SWEEP, SWITCH, TABLE
from tests.mutants.mutation import Mutation
from tests.mutants.notices import NOTICES
from tests.mutants.outside import OUTSIDE
from tests.mutants.policy import POLICY
from tests.mutants.proof import PROOF
from tests.mutants.rules import INDEX, ON_V2, RULES, WINDOWS
from tests.mutants.runtime import FORMS, RUNTIME
from tests.mutants.sending import SENDING, SIZES
from tests.mutants.tickets import TICKETS
from tests.support.paths import ROOT

_LAWS = "tests/laws/test_"
_TRIAGE = "tests/aws/triage/test_"
_SWITCH = "tests/aws/switch/test_"
_SWEEP = "tests/aws/sweep/test_"
_LEDGER = "tests/aws/ledger/test_"
# the others of the file read documents, which are not copied
_OF_POLICY = (
    "what_a_rule_sets_may_depend_on_the_finding",
    "a_team_stays_at_home",
    "a_text_of_the_finding_that_no_finding_was_found_to_have_is_not_proved",
)
FINDERS = {  # the quickest first
    CLAIMS + RULES: (
        f"{_LAWS}stories.py",
        "tests/engine/planning",
        *(f"{_LAWS}{name}.py" for name in ("oracle", "conditions", "planning", "histories")),
    ),
    POLICY: (
        "tests/engine/planning/test_policy.py",
        "tests/engine/ocsf/test_planning.py",
        f"{_TRIAGE}excerpts.py",
        "tests/engine/ruleset/test_members.py",
        "tests/aws/sweep/occasions/test_changes.py",
        f"{_LAWS}policy.py",
        f"{_LAWS}oracle.py",
    ),
    INDEX: ("tests/engine/index/test_rule_index.py",),
    ON_V2: ("tests/engine/ocsf", f"{_LAWS}two_hubs.py"),
    WINDOWS: ("tests/engine/ruleset/test_windows.py",),
    ANNOUNCING: (
        "tests/engine/planning/test_telling.py",
        f"{_TRIAGE}telling.py",
        f"{_SWEEP}announcing.py",
        f"{_TRIAGE}settling_announced.py",
    ),
    DELIVERIES: ("tests/engine/ruleset/test_delivery.py", "tests/engine/ruleset/test_members.py"),
    PROOF: (
        *(
            f"tests/proof/test_{name}.py"
            for name in ("contradictions", "changes", "relations", "expressions", "languages")
        ),
        "tests/authoring/checks/test_checks.py::test_two_rules",
        "tests/authoring/policy/test_slips.py",
        *(f"tests/authoring/policy/test_policy.py::test_{name}" for name in _OF_POLICY),
        "tests/proof/test_soundness.py",
    ),
    RUNTIME: (
        *(f"{_TRIAGE}{name}.py" for name in ("staleness", "intents", "asking", "rereading", "events")),
        *(f"{_TRIAGE}{name}.py" for name in ("namesakes", "hiding_stopped", "batch", "settling")),
        "tests/aws/securityhub/test_authorship.py",
    ),
    HUB_V2: (
        f"{_TRIAGE}v2.py",
        f"{_TRIAGE}v2_other_writers.py",
        f"{_TRIAGE}settling_v2.py",
        "tests/aws/securityhub/test_hub_v2.py",
        "tests/engine/ocsf/test_planning.py",
    ),
    SWEEP_V2: (f"{_SWEEP}v2.py",),
    HAND_BACK: (
        "tests/engine/planning/test_hand_back.py",
        f"{_TRIAGE}hand_backs.py",
        "tests/aws/hand_back",
    ),
    SWITCH: (
        *(f"{_SWITCH}{name}.py" for name in ("hide_limit", "mode", "breaker", "ledger_guard")),
        *(f"{_TRIAGE}{name}.py" for name in ("hiding_stopped", "reopening_first", "deliveries")),
    ),
    SWEEP: (
        f"{_LEDGER}ending.py",
        *(
            f"{_SWEEP}{name}.py"
            for name in ("parts", "entries", "deaths", "waiting", "function", "inprocess", "walk")
        ),
    ),
    NOTICES: ("tests/aws/sweep/notices",),
    EVENTS: (
        *(f"tests/aws/decision_events/test_{name}.py" for name in ("bus", "event")),
        f"{_SWEEP}events.py",
        *(f"{_SWITCH}{name}.py" for name in ("breaker", "resource")),
    ),
    OUTSIDE: (
        "tests/aws/deliveries/test_http.py",
        "tests/aws/deliveries/test_secrets.py",
        "tests/aws/deliveries/tickets/products",
    ),
    CHANNELS: (
        *(
            f"tests/aws/deliveries/chat/test_{name}.py"
            for name in ("hostile_texts", "webhook_signature", "histories", "posting", "trial")
        ),
        "tests/aws/deliveries/test_items.py",
    ),
    TABLE: tuple(f"{_LEDGER}{name}.py" for name in ("client", "item", "dynamodb", "contract")),
    SIZES: tuple(f"tests/engine/planning/test_{name}.py" for name in ("limits", "causes", "hostile")),
    SENDING: (
        "tests/engine/planning/test_batches.py",
        "tests/aws/securityhub/test_sending.py",
        *(f"{_TRIAGE}{name}.py" for name in ("reopening_first", "reopening_alone", "batch")),
        *(f"{_TRIAGE}{name}.py" for name in ("deliveries", "intents")),
    ),
    TICKETS: (
        "tests/aws/deliveries/tickets/test_function.py",
        "tests/aws/deliveries/tickets/test_proposal.py",
        f"{_LAWS}tickets.py",
    ),
    FORMS: ("tests/aws/ledger/test_entry_format.py", "tests/engine/planning"),
}
NO_TESTS = 5  # pytest's exit code where a file has none of a kind
LONGEST = 1800  # seconds that one bug may take; a hang is no find
EFFORTS = ("1", "10")  # times the examples of `make test`, which should find nearly all by itself
SEED = 1  # of the examples beyond those of `make test`: each run plants and tries the same


def main() -> int:
    """Plant the bugs, two at a time, and print a line for each as it is decided."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="plant only bugs whose story has this text")
    only = parser.parse_args().only
    bugs = [(bug, finders) for group, finders in FINDERS.items() for bug in group if only in bug.story]
    _compile([finder for finders in FINDERS.values() for finder in finders])
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(lambda planted: _is_found(*planted), bugs))
    sys.stdout.write(f"{sum(found)} of {len(bugs)} planted bugs found\n")
    return 0 if all(found) and bugs else 1


def _compile(finders: list[str]) -> None:
    """Have modules and tests compiled once, and not again for each bug."""
    command = [sys.executable, "-m", "pytest", "-q", "--collect-only", "-n", "0", *finders]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True)


def _is_found(bug: Mutation, finders: tuple[str, ...]) -> bool:
    started = time.monotonic()
    with TemporaryDirectory(prefix="hubtriage-mutant-") as folder:
        outcome = _plant(bug, Path(folder)) or _hunt(Path(folder), finders)
    sys.stdout.write(f"  {outcome:<15} {time.monotonic() - started:5.0f} s  {bug.file:<12} {bug.story}\n")
    sys.stdout.flush()
    return outcome.startswith("found")


def _plant(bug: Mutation, folder: Path) -> str | None:
    """Copy what the tests need with the bug in it; says so if the bug does not fit the code.

    Compiled modules are copied too: that saves seconds, and the one with the bug is compiled again.
    """
    ignored = shutil.ignore_patterns("e2e", ".hypothesis")
    for name in ("hubtriage", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", folder)
    path = folder / "hubtriage" / bug.file
    text = path.read_text(encoding="utf-8")
    if text.count(bug.old) != 1:
        return "DOES NOT FIT"
    path.write_text(text.replace(bug.old, bug.new), encoding="utf-8")
    return None


def _hunt(folder: Path, finders: tuple[str, ...]) -> str:
    """Run the tests against the copy, with more examples if those of `make test` do not find the bug."""
    for effort in EFFORTS:
        outcome = _run(folder, finders, effort)
        if outcome != "NOT FOUND":
            break
    return f"{outcome} by {effort} x" if outcome == "found" and effort != EFFORTS[0] else outcome


def _run(folder: Path, finders: tuple[str, ...], effort: str) -> str:
    """Run the tests once. Only a failed test is a find: anything else is a bug of this run."""
    kind = "" if effort == EFFORTS[0] else "hypothesis"
    options = ("-q", "-x", "-p", "no:cacheprovider", "-m", kind, f"--hypothesis-seed={SEED}")
    command = [sys.executable, "-m", "pytest", *options, *finders]
    environment = {
        **os.environ,
        "PYTHONPATH": str(folder),
        "HUBTRIAGE_LAWS_HUNT": "1",
        "HUBTRIAGE_LAWS": effort,
    }
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=LONGEST, check=False
        )
    except subprocess.TimeoutExpired:
        return "TIMED OUT"
    if done.returncode not in (0, 1, NO_TESTS):
        sys.stderr.write(done.stdout[-2000:] + done.stderr[-2000:])
    return {0: "NOT FOUND", 1: "found", NO_TESTS: "NOT FOUND"}.get(done.returncode, "BROKEN RUN")


if __name__ == "__main__":
    sys.exit(main())
