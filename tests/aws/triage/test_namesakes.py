"""Two accounts' findings under one key: AWS may update either, so nothing is sent but what reopens."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.aws.securityhub.namesakes import LONGEST, Owners, account_of
from hubtriage.aws.switch.mode import Mode
from hubtriage.aws.triage.decision_log import decision_record
from hubtriage.aws.triage.metrics import tally
from hubtriage.aws.triage.results import Report
from hubtriage.engine.planning.decision import Change
from hubtriage.engine.planning.entry import Intent
from tests.support.examples import examples
from tests.support.triage_world import (
    NOW,
    SUPPRESS_BUCKETS,
    TriageBench,
    TriageWorld,
    finding,
    key,
    record,
)

SANDBOX, PRODUCTION = "111122223333", "444455556666"
REFUSED = ("refused", "Namesakes")
NOTHING = {"id": "nothing", "match": {"Id": ["no-finding"]}, "update": {"Criticality": 1}}


def of(account: str, number: int = 0, **members: Any) -> dict[str, Any]:
    return finding(number, AwsAccountId=account, **members)


def endings(report: Report) -> dict[str, tuple[str, str]]:
    return {each.seen.newest.key[1]: (each.result.status, each.result.code) for each in report.outcomes}


@pytest.mark.parametrize("mode", ["enforce", "observe"])
@pytest.mark.parametrize("together", [True, False], ids=["in one message", "in two messages"])
@pytest.mark.parametrize("ages", [(1.0, 1.0), (1.0, 9.0), (60.0, 60.0)], ids=str)
def test_two_accounts_findings_in_one_batch_are_refused(
    mode: Mode, together: bool, ages: tuple[float, float]
) -> None:
    world = TriageWorld(2)
    bench, shown = TriageBench(world), [of(SANDBOX), of(PRODUCTION, Severity={"Label": "HIGH"})]
    messages = (
        [record("both", *shown)]
        if together
        else [record(name, one, age=age) for name, one, age in zip("ab", shown, ages, strict=True)]
    )
    report = bench.run(*messages, record("other", finding(1)), mode=mode)
    assert endings(report)["finding-0"] == REFUSED
    assert endings(report)["finding-1"][0] == ("updated" if mode == "enforce" else "unchanged")
    assert world.stored(0)["Workflow"] == {"Status": "NEW"}
    assert report.failed_messages() == ()
    assert bench.told == report.outcomes


def test_the_log_names_both_accounts_and_the_refusal_is_counted() -> None:
    report = TriageBench(TriageWorld(1)).run(record("m", of(PRODUCTION), of(SANDBOX)))
    (outcome,) = report.outcomes
    line = decision_record(outcome)
    assert (line["outcome"], line["code"]) == REFUSED
    assert line["reason"] == (
        "accounts 111122223333 and 444455556666 have findings of this ProductArn and Id: "
        "AWS does not say which it would update"
    )
    assert tally(report, ()).counts["FindingsRefused"] == 1


def test_an_event_of_another_account_than_getfindings_shows_is_refused() -> None:
    world = TriageWorld(1)
    report = TriageBench(world).run(record("m", of(PRODUCTION), age=60))
    assert endings(report) == {"finding-0": REFUSED}
    assert world.calls("BatchUpdateFindings") == 0


@pytest.mark.parametrize("event", [SANDBOX, PRODUCTION])
def test_a_key_for_which_getfindings_shows_two_accounts_is_refused(event: str) -> None:
    world = TriageWorld(2)
    world.hub.plant(of(PRODUCTION), NOW)
    report = TriageBench(world).run(record("m", of(event), finding(1), age=60))
    assert endings(report) == {"finding-0": REFUSED, "finding-1": ("updated", "")}
    assert world.suppressed([0]) == []


def test_two_accounts_on_two_pages_are_seen() -> None:
    world = TriageWorld(1)
    for number in range(20):
        for scanner in range(8):
            world.hub.plant(finding(number, ProductArn=f"arn:aws:securityhub:::product/acme/{scanner}"), NOW)
    world.hub.plant(of(PRODUCTION), NOW)
    arns = [f"arn:aws:securityhub:::product/acme/{scanner}" for scanner in range(8)]
    others = [finding(n + 1, ProductArn=arn) for n, arn in enumerate(arns)]
    report = TriageBench(world).run(record("m", finding(0), *others, age=60))
    assert endings(report)["finding-0"] == REFUSED
    assert set(endings(report).values()) == {REFUSED, ("updated", "")}


def test_what_was_seen_once_is_remembered() -> None:
    world = TriageWorld(1)
    bench = TriageBench(world)
    bench.run(record("both", of(SANDBOX), of(PRODUCTION)))
    for name, account in (("one", SANDBOX), ("other", PRODUCTION), ("again", SANDBOX)):
        world.clock.sleep(900)
        age = NOW - world.clock.now() + 1
        assert endings(bench.run(record(name, of(account), age=age))) == {"finding-0": REFUSED}
    assert world.calls("BatchUpdateFindings") == 0


def test_revisions_of_one_account_or_of_none_are_one_finding() -> None:
    world = TriageWorld(3)
    nameless = {name: value for name, value in finding(1).items() if name != "AwsAccountId"}
    report = TriageBench(world).run(
        record("a", of(SANDBOX), nameless, of("", 2)), record("b", of(SANDBOX), finding(1), finding(2))
    )
    assert {result[0] for result in endings(report).values()} == {"updated"}


@examples(50)
@given(
    st.lists(
        st.lists(
            st.tuples(
                st.integers(0, 2), st.sampled_from([SANDBOX, PRODUCTION]), st.sampled_from([1.0, 60.0])
            ),
            min_size=1,
            max_size=4,
        ),
        max_size=6,
    ),
    st.sets(st.integers(0, 2)),
)
def test_no_update_names_a_key_that_two_accounts_are_known_to_have(
    batches: list[list[tuple[int, str, float]]], doubled: set[int]
) -> None:
    world = TriageWorld(3)
    for number in doubled:
        world.hub.plant(of(PRODUCTION, number), NOW)
    known: dict[str, set[str]] = {}
    update, read = world.api.batch_update_findings, world.api.get_findings

    def updates(**request: Any) -> Mapping[str, Any]:
        for each in request["FindingIdentifiers"]:
            assert len(known[each["Id"]]) == 1
        return update(**request)

    def reads(**request: Any) -> Mapping[str, Any]:
        answer = read(**request)
        for each in answer["Findings"]:
            known.setdefault(each["Id"], set()).add(each["AwsAccountId"])
        return answer

    bench = TriageBench(world)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.api, "batch_update_findings", updates)
        patch.setattr(world.api, "get_findings", reads)
        for batch in batches:
            for number, account, _age in batch:
                known.setdefault(f"finding-{number}", set()).add(account)
            now = NOW - world.clock.now()
            messages = [
                record(str(at), of(account, number), age=now + age)
                for at, (number, account, age) in enumerate(batch)
            ]
            report = bench.run(*messages)
            for name, result in endings(report).items():
                assert (result == REFUSED) == (len(known[name]) > 1)
            world.clock.sleep(100)


REOPENED = {"finding-0": ("updated", "Namesakes")}
AGAIN = {"finding-0": REFUSED}
HIDE_AND_LOWER = {
    **SUPPRESS_BUCKETS,
    "update": {**SUPPRESS_BUCKETS["update"], "Severity": {"Label": "LOW"}},
}


def hidden(rule: Mapping[str, Any] = SUPPRESS_BUCKETS, **members: Any) -> TriageWorld:
    """Sandbox's finding, which triage has hidden a while ago."""
    world = TriageWorld()
    provided = {"FindingProviderFields": {"Severity": {"Label": "MEDIUM"}}}
    world.hub.plant(of(SANDBOX, **provided, **members), NOW)
    TriageBench(world, rule).see()
    assert world.suppressed([0]) == [0]
    world.clock.sleep(1000)
    return world


def _changes(bench: TriageBench) -> tuple[Change, ...]:
    """What the last decision changed."""
    decision = bench.told[-1].decision
    return () if decision is None else decision.changes


def meets_production(world: TriageWorld, bench: TriageBench) -> None:
    """The container sees production's finding of the same key, which is not hidden."""
    age = NOW - world.clock.now()
    assert endings(bench.run(record("other", of(PRODUCTION), age=age))) == AGAIN


def test_what_triage_has_hidden_is_reopened_and_stays_so() -> None:
    world = hidden()
    bench = TriageBench(world)
    meets_production(world, bench)
    assert endings(bench.see(name="refresh")) == REOPENED
    assert world.stored(0)["Workflow"] == {"Status": "NEW"}
    entry = world.entry(0)
    assert dict(entry.claims).keys() == {"Note.Text"}
    assert [change.cause for change in _changes(bench)] == ["several accounts have its key"]
    assert (entry.about["account"], entry.about["namesake"]) == (SANDBOX, PRODUCTION)
    world.clock.sleep(1000)
    assert endings(TriageBench(world).see(name="in another container")) == AGAIN
    assert world.calls("BatchUpdateFindings") == 2


def test_what_an_update_has_hidden_of_another_account_is_reopened_wherever_it_is_seen() -> None:
    """Whoever shares a product with production could have its finding hidden by a namesake."""
    world = hidden()
    production = of(PRODUCTION, Severity={"Label": "CRITICAL"}, Workflow={"Status": "SUPPRESSED"})
    fresh = TriageBench(world)
    report = fresh.run(record("m", production, age=NOW - world.clock.now()))
    assert endings(report) == REOPENED, "the entry says whose finding was hidden"
    assert world.suppressed([0]) == []


def test_a_lowered_severity_is_raised_and_what_hides_nothing_stays() -> None:
    world = hidden(HIDE_AND_LOWER)
    bench = TriageBench(world, HIDE_AND_LOWER)
    meets_production(world, bench)
    assert endings(bench.see(name="refresh")) == REOPENED
    assert world.stored(0)["Severity"]["Label"] == "MEDIUM"
    assert world.stored(0)["Note"]["Text"] == "Accepted."


@pytest.mark.parametrize(
    "members",
    [
        pytest.param({"Workflow": {"Status": "NOTIFIED"}}, id="a person has it otherwise"),
        pytest.param(
            {"Compliance": {"Status": "PASSED"}}, id="it would become RESOLVED, and perhaps another"
        ),
    ],
)
def test_what_would_not_be_reopened_is_left(members: dict[str, Any]) -> None:
    world = hidden()
    bench = TriageBench(world)
    meets_production(world, bench)
    assert endings(bench.see(name="refresh", **members)) == AGAIN
    assert world.calls("BatchUpdateFindings") == 1
    assert dict(world.entry(0).claims).keys() == {"Workflow.Status", "Note.Text"}, "nothing is decided"


def test_of_two_in_one_batch_the_hidden_one_counts() -> None:
    world = hidden()
    age = NOW - world.clock.now()
    messages = [record(str(n), one, age=age) for n, one in enumerate([world.stored(0), of(PRODUCTION)])]
    assert endings(TriageBench(world).run(*messages)) == REOPENED


def test_an_update_under_way_is_awaited() -> None:
    world = hidden()
    entry = world.entry(0)
    intent = Intent(entry.claims, entry.written, {}, world.clock.now())
    world.ledger.write({key(0): replace(entry, intent=intent)})
    bench = TriageBench(world)
    meets_production(world, bench)
    assert endings(bench.see(name="refresh")) == {"finding-0": ("failed", "Undecidable")}
    world.clock.sleep(700)
    assert endings(bench.see(name="refresh", receives=2)) == REOPENED


def test_a_reading_that_shows_both_reopens_what_the_event_shows() -> None:
    world = hidden()
    world.hub.plant(of(PRODUCTION), world.clock.now())
    assert endings(TriageBench(world, NOTHING).see(name="late", ago=60)) == REOPENED
    assert world.suppressed([0]) == []


def test_in_observe_nothing_is_written() -> None:
    world = hidden()
    bench = TriageBench(world)
    meets_production(world, bench)
    report = bench.run(record("m", world.stored(0), age=NOW - world.clock.now()), mode="observe")
    assert endings(report) == {"finding-0": ("unchanged", "Observe")}
    assert world.suppressed([0]) == [0]


def test_owners_are_forgotten_in_the_order_in_which_they_were_seen() -> None:
    owners = Owners(most=2)
    owners.note(key(0), [SANDBOX])
    owners.note(key(1), [SANDBOX])
    owners.note(key(0), [])
    owners.note(key(2), [SANDBOX])
    assert owners.note(key(0), [PRODUCTION]) == (SANDBOX, PRODUCTION)
    assert owners.note(key(1), [PRODUCTION]) == (PRODUCTION,)
    assert owners.note(key(0), ["777788889999"]) == (SANDBOX, PRODUCTION), "two are enough"


def test_an_account_that_is_no_text_is_none_and_a_long_one_is_cut() -> None:
    assert account_of({"AwsAccountId": 111122223333}) is None
    assert account_of({"AwsAccountId": "1" * 1_000_000}) == "1" * LONGEST
