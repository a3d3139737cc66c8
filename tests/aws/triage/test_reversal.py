"""What each way of ending a rule does to the findings that it holds, by the sweep after a deployment."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from hubtriage.authoring.compiler import compile_ruleset
from hubtriage.aws.ledger.lease import SETTLE
from hubtriage.aws.sweep.progress import Progress
from hubtriage.engine.ruleset.ruleset import Ruleset, load_ruleset
from tests.support.sweep_world import SweepBench
from tests.support.triage_world import MACIE, NOW, TriageWorld, finding, record

FIRST, SECOND = "111122223333", "444455556666"
RULES = """
lists:
  mine: ["111122223333", "444455556666"]
rules:
  - id: accepted
    mode: enforce
    starts: 2026-01-01
    expires: 2027-01-31
    match:
      GeneratorId: [control-a]
      AwsAccountId: [{in-list: mine}]
    when: {"==": [{account: environment}, sandbox]}
    update:
      Workflow: {Status: SUPPRESSED}
      Severity: {Label: LOW}
      UserDefinedFields: {ticket: SEC-1}
      Note: {Text: Accepted.}
  - id: other
    match: {GeneratorId: [control-b]}
    update: {Workflow: {Status: SUPPRESSED}, Severity: {Label: LOW}, Note: {Text: Accepted.}}
"""
ACCOUNTS = """
accounts:
  "111122223333": {environment: sandbox}
  "444455556666": {environment: sandbox}
"""
RULE = RULES[RULES.index("  - id: accepted") : RULES.index("  - id: other")]
STOP = (
    "  - {id: stop, order: 1, terminal: true, match: {GeneratorId: [control-a]}, update: {Criticality: 1}}\n"
)
HELD = {"first": FIRST, "second": SECOND}
Edit = Callable[[Path], None]


def edit(old: str, new: str, file: str = "rules.yaml") -> Edit:
    """Change a file of the folder, as a pull request would."""

    def change(folder: Path) -> None:
        text = (folder / file).read_text()
        assert text.count(old) == 1
        (folder / file).write_text(text.replace(old, new))

    return change


def compiled(folder: Path) -> Ruleset:
    return load_ruleset(compile_ruleset(folder, revision=None))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "accounts.yaml").write_text(ACCOUNTS)
    return tmp_path


@pytest.fixture
def bench(folder: Path) -> SweepBench:
    """Both rules have done their work; then a person took one finding over."""
    world = TriageWorld()
    for name, account in HELD.items():
        world.hub.plant(finding(GeneratorId="control-a", AwsAccountId=account) | {"Id": name}, NOW)
    world.hub.plant(finding(GeneratorId="control-a") | {"Id": "a-persons"}, NOW)
    world.hub.plant(finding(GeneratorId="control-b") | {"Id": "of-the-other-rule"}, NOW)
    world.hub.plant(finding(GeneratorId="control-c") | {"Id": "of-no-rule"}, NOW)
    bench = SweepBench(world, compiled(folder))
    assert bench.sweep().changed == 4
    world.clock.sleep(2 * SETTLE)
    person = {"FindingIdentifiers": [{"Id": "a-persons", "ProductArn": MACIE}]}
    world.hub.batch_update_findings({**person, "Workflow": {"Status": "NOTIFIED"}}, world.clock.now())
    return bench


def stored(bench: SweepBench) -> dict[str, dict[str, Any]]:
    return {found["Id"]: dict(found) for found in bench.world.hub.findings()}


def is_as_provided(found: Mapping[str, Any]) -> bool:
    """Whether nothing that triage sets is left on a finding. AWS: its last user-defined field stays."""
    return (found["Workflow"]["Status"], found["Severity"]["Label"]) == ("NEW", "MEDIUM")


@pytest.mark.parametrize(
    ("change", "ended"),
    [
        pytest.param(edit(RULE, ""), HELD, id="deleted"),
        pytest.param(edit("id: accepted", "id: accepted-risk"), (), id="renamed"),
        pytest.param(edit("[control-a]", "[control-d]"), HELD, id="its match made another"),
        pytest.param(
            edit('{"==": [{account', '{"in": [{var: Id}, [x]]}  # {"==": [{account'),
            HELD,
            id="narrowed by when",
        ),
        pytest.param(edit("mode: enforce", "mode: observe"), HELD, id="put in observe"),
        pytest.param(edit("mode: enforce", "mode: hold"), (), id="put on hold"),
        pytest.param(edit("mode: enforce", 'mode: "off"'), HELD, id="switched off"),
        pytest.param(edit(', "444455556666"]', "]"), ["second"], id="its list shortened"),
        pytest.param(
            edit('  "444455556666": {environment: sandbox}\n', "", "accounts.yaml"),
            ["second"],
            id="an account taken out of the directory",
        ),
        pytest.param(
            edit('6666": {environment: sandbox}', '6666": {environment: prod}', "accounts.yaml"),
            ["second"],
            id="an account made another",
        ),
        pytest.param(edit("expires: 2027-01-31", "expires: 2027-01-14"), HELD, id="its end made yesterday"),
        pytest.param(edit("starts: 2026-01-01", "starts: 2027-01-16"), HELD, id="its start made tomorrow"),
        pytest.param(edit("mode: enforce", "ceiling: LOW"), HELD, id="its ceiling lowered"),
        pytest.param(
            edit("rules:\n", "rules:\n" + STOP),
            HELD,
            id="shadowed by a terminal rule",
        ),
    ],
)  # fmt: skip
def test_a_rule_that_is(change: Edit, ended: Mapping[str, str], folder: Path, bench: SweepBench) -> None:
    before = stored(bench)
    change(folder)
    bench.adopt_rules(compiled(folder))
    done = bench.sweep()
    after = stored(bench)
    assert (done.status, done.taken_back >= len(ended)) == ("done", True)
    assert {name for name in HELD if is_as_provided(after[name])} == set(ended)
    untouched = set(before) - set(ended) - {"a-persons"}
    assert {name for name in untouched if after[name] != before[name]} == set()
    assert after["a-persons"]["Workflow"] == {"Status": "NOTIFIED"}
    assert bench.sweep().changed == 0, "everything is settled by one sweep"


DAY = 86_400.0
LAST_SECOND = NOW - NOW % DAY + DAY - 1


@pytest.mark.parametrize(
    ("member", "now", "is_in_force"),
    [
        pytest.param("expires: 2027-01-15", LAST_SECOND, True, id="its last day is in force to its end, UTC"),
        pytest.param("expires: 2027-01-15", LAST_SECOND + 1, False, id="the day after its last it is over"),
        pytest.param(
            "starts: 2027-01-16", LAST_SECOND, False, id="the day before its first it is not in force"
        ),
        pytest.param(
            "starts: 2027-01-16", LAST_SECOND + 1, True, id="its first day is in force from its begin"
        ),
        pytest.param('expires: "2027-01-15T08:00:01Z"', NOW, True, id="before the moment of its end"),
        pytest.param('expires: "2027-01-15T08:00:00Z"', NOW, False, id="at the moment of its end"),
        pytest.param('expires: "2027-01-15T10:00:00+02:00"', NOW, False, id="a moment in another time zone"),
        pytest.param('starts: "2027-01-15T08:00:00Z"', NOW, True, id="at the moment of its start"),
    ],
)
def test_a_window_holds_for_events_and_for_the_sweep(
    member: str, now: float, is_in_force: bool, tmp_path: Path
) -> None:
    update = "{Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted.}}"
    rule = f"rules:\n  - id: a\n    {member}\n    when: true\n    update: {update}\n"
    (tmp_path / "rules.yaml").write_text(rule)
    world = TriageWorld()
    world.clock.sleep(now - NOW)
    world.hub.plant(finding(), now)
    bench = SweepBench(world, compiled(tmp_path))
    event = {"Records": [record("an event", finding(), age=0.0)]}
    (outcome,) = bench.triage.run(event, now + 60, bench.outcomes.extend, "observe").outcomes
    assert outcome.decision is not None
    assert outcome.decision.hides == is_in_force
    assert bench.sweep(progress=Progress()).hidden == is_in_force
