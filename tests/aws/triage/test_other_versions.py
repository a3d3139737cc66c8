"""What another version of hubtriage has left behind: an entry, or rules, that this version does not read.

An entry of another format says that triage did something to the finding, and not what. So whoever cannot read
it leaves the finding alone, says so, and has the message come again.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from hubtriage.aws.ledger.entry_format import FORMAT, write_entry
from hubtriage.aws.sweep.clock import SweepClock
from hubtriage.aws.sweep.function import SweepFunction
from hubtriage.aws.sweep.occasions.outset import Outset
from hubtriage.aws.sweep.progress import Progress, ProgressError
from hubtriage.aws.sweep.request import SweepRequest, SweepRequestError
from hubtriage.aws.sweep.walk import MOST_SKIPPED, SweepError
from hubtriage.aws.triage.function import TriageFunction
from hubtriage.engine.planning.entry import Claim, Entry
from hubtriage.engine.ruleset.ruleset import load_ruleset
from tests.aws.sweep.test_deaths import Deaths
from tests.lambdas.test_triage_handler import CONTEXT
from tests.support.function_world import function
from tests.support.paths import TESTS
from tests.support.sweep_site import SweepSite
from tests.support.triage_world import (
    SUPPRESS,
    SUPPRESS_BUCKETS,
    TriageBench,
    TriageWorld,
    again,
    endings,
    finding,
    key,
    record,
    ruleset,
)

NEWER = FORMAT + 1
HELD = Entry({"Workflow.Status": Claim("SUPPRESSED", "buckets")}, version=1, started=1.0, ended=2.0)
UNREADABLE = ("failed", "LedgerUnreadable")


def newer(entry: Entry) -> str:
    """The text that a version of a newer format writes of an entry."""
    return json.dumps(json.loads(write_entry(entry)) | {"format": NEWER, "since": "a later version"})


def same_format_more_members(entry: Entry) -> str:
    return json.dumps(json.loads(write_entry(entry)) | {"since": "a later version"})


def world_with_entry(text: str, **members: Any) -> TriageWorld:
    """Two findings; of the first, which triage hides, the ledger has this text."""
    world = TriageWorld()
    world.hub.plant(finding(0, Workflow={"Status": "SUPPRESSED"}, **members), world.clock.now() - 60)
    world.hub.plant(finding(1), world.clock.now() - 60)
    world.ledger.items[key(0)] = (HELD.version, text)
    return world


TEXTS: list[Callable[[Entry], str]] = [newer, same_format_more_members]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("severity", ["MEDIUM", "CRITICAL"])
def test_a_finding_with_an_entry_of_a_newer_version_is_left_alone_and_its_message_comes_again(
    text: Callable[[Entry], str], severity: str
) -> None:
    """Also above every ceiling: whether triage has hidden it, or a person, is in the entry alone."""
    world = world_with_entry(text(HELD), Severity={"Label": severity})
    before, stored = dict(world.stored(0)), world.ledger.items[key(0)]
    bench = TriageBench(world)
    first, second = record("a", world.stored(0), age=60), record("b", world.stored(1), age=60)
    report = bench.run(first, second)
    assert endings(report) == {"finding-0": UNREADABLE, "finding-1": ("updated", "")}
    assert [message.id for message in report.failed_messages()] == ["a"]
    assert world.stored(0) == before
    assert world.ledger.items[key(0)] == stored, "it is the other version's"
    assert endings(bench.run(again(first))) == {"finding-0": UNREADABLE}


def test_the_log_names_the_format_and_the_metric_counts_it(capsys: pytest.CaptureFixture[str]) -> None:
    world = world_with_entry(newer(HELD))
    made = function(world.hub, world.clock, ruleset(SUPPRESS_BUCKETS), ledger=world.ledger)
    answer = made({"Records": [record("a", world.stored(0))]}, CONTEXT)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "a"}]}
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (line,) = [line for line in lines if line.get("finding_id") == "finding-0"]
    assert (line["level"], line["code"]) == ("WARNING", "LedgerUnreadable")
    assert f"format {NEWER} is not {FORMAT}, the one that this version reads" in line["reason"]
    counted = [line for line in lines if "LedgerFailed" in line]
    assert [sum(line["LedgerFailed"]) for line in counted] == [1]


def test_once_the_entry_can_be_read_the_finding_is_triaged_again() -> None:
    """Or the other version is deployed again: that reads what it wrote."""
    world = world_with_entry(newer(HELD), Severity={"Label": "CRITICAL"})
    bench = TriageBench(world)
    sent = record("a", world.stored(0), age=60)
    assert endings(bench.run(sent)) == {"finding-0": UNREADABLE}
    world.ledger.items[key(0)] = (HELD.version, write_entry(HELD))
    assert endings(bench.run(again(sent))) == {"finding-0": ("updated", "")}
    assert world.stored(0)["Workflow"]["Status"] == "NEW", "above the ceiling of its rule"


@pytest.mark.parametrize("line", (TESTS / "golden" / "ledger" / "entries.txt").read_text().splitlines())
def test_every_entry_that_was_ever_written_is_read_and_triaged(line: str) -> None:
    """The file grows with each format: an upgrade finds all of them in the table."""
    name, _, text = line.partition(": ")
    world = world_with_entry(text)
    (ending,) = endings(TriageBench(world).run(record("a", world.stored(0)))).values()
    assert ending[1] != "LedgerUnreadable", name


def test_an_entry_that_says_of_no_format_is_no_entry() -> None:
    world = world_with_entry('{"claims":{}}')
    assert endings(TriageBench(world).run(record("a", world.stored(0)))) == {"finding-0": UNREADABLE}


# Rules


OTHER_RULES = [
    pytest.param({"format": 2}, "has format 2, this version reads 1: build it again", id="newer"),
    pytest.param({"format": "1"}, "has format '1', this version reads 1", id="a text"),
    pytest.param({"format": None}, "has format None", id="none"),
]


@pytest.mark.parametrize(("format_of", "message"), OTHER_RULES)
def test_rules_of_another_format_are_not_guessed_at(format_of: Mapping[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        load_ruleset({**ruleset({"id": "a", "when": True, "update": SUPPRESS}), **format_of})


ENVIRONMENT = {
    "HUBTRIAGE_LEDGER_TABLE": "table",
    "HUBTRIAGE_SWEEP_QUEUE": "queue",
    "HUBTRIAGE_SWEEP_MACHINE": "arn",
    "HUBTRIAGE_CLOCK_PARAMETER": "/hubtriage/stack/clock",
    "HUBTRIAGE_MODE_PARAMETER": "/hubtriage/stack/mode",
}


@pytest.mark.parametrize(
    "make",
    [TriageFunction.from_environment, SweepFunction.from_environment, SweepClock.from_environment],
    ids=["triage", "sweep", "clock"],
)
def test_no_function_starts_with_rules_of_another_format(
    make: Callable[[Mapping[str, str]], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What does not start takes no message: all of them stay in the queue."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    (tmp_path / "ruleset.json").write_text(json.dumps({**ruleset(), "format": 2}))
    with pytest.raises(ValueError, match=r"ruleset\.json has format 2, this version reads 1: build it again"):
        make({**ENVIRONMENT, "HUBTRIAGE_RULESET": str(tmp_path / "ruleset.json")})


# Sweeps under way


def test_a_sweep_that_an_older_version_began_goes_on() -> None:
    """A member that came later is not in what an older version has handed on: it has its default."""
    whole = Progress(outset=Outset(), token="t", changed=3).as_json()
    for name in whole:
        shorter = {member: value for member, value in whole.items() if member != name}
        assert Progress.from_json(shorter).as_json() == {**Progress().as_json(), **shorter}
    request = SweepRequest(reason="deploy").as_json()
    for name in request:
        SweepRequest.from_json({member: value for member, value in request.items() if member != name})


def test_a_sweep_that_a_newer_version_began_ends_instead_of_going_on_with_a_part_of_it() -> None:
    with pytest.raises(ProgressError, match="not the progress of a sweep"):
        Progress.from_json({**Progress().as_json(), "since": 1})
    with pytest.raises(ProgressError, match="not the outset of a sweep"):
        Progress.from_json({"outset": {**Outset().as_json(), "since": 1}})
    with pytest.raises(SweepRequestError):
        SweepRequest.from_json({**SweepRequest().as_json(), "since": 1})


@pytest.mark.parametrize("left_out", [MOST_SKIPPED, MOST_SKIPPED + 1])
def test_a_sweep_fails_for_good_where_it_leaves_out_more_than_a_few_and_names_the_reason(
    left_out: int,
) -> None:
    """As after a downgrade: what is left out may not be forgotten in a report that looks like others."""
    site = SweepSite(count=left_out)
    for number in range(left_out):
        site.world.ledger.items[key(number)] = (1, newer(HELD))
    if left_out > MOST_SKIPPED:
        with pytest.raises(SweepError, match=f"more than {MOST_SKIPPED} findings .* format {NEWER} is not"):
            Deaths(site, lambda _call: False).sweep({})
    else:
        ended = Deaths(site, lambda _call: False).sweep({})["report"]
        assert (ended["status"], site.hidden) == ("skipped", 0)
