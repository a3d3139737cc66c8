"""What every ledger does: the one in memory, which tests use, and the table of the local AWS."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from hubtriage.aws.ledger.ledger import Ledger, LedgerError, LedgerFaultKind
from hubtriage.aws.securityhub.api import Key
from hubtriage.engine.planning.entry import NO_ENTRY, Claim, Entry, Intent
from tests.support.entries import HIDDEN, ORDINARY, RULE
from tests.support.ledgers import LedgerBench, MemoryBench, dynamo_bench

NEW = replace(ORDINARY, version=0)
OTHER = replace(NEW, claims={"Types": Claim(None, "other-rule")})
PRODUCT = "arn:aws:securityhub:eu-central-1::product/aws/macie"
ODD = {
    "two texts that run together the same": [("ab", "c"), ("a", "bc")],
    "quotes and brackets": [('a","b', "c"), ("a", 'b","c')],
    "half a surrogate pair": [("arn", "id\ud800"), ("arn", "id\udc00"), ("arn", "id?")],
    "a whole pair, and other planes": [("arn", "id😀"), ("arn", "idé"), ("arn", "漢")],
    "controls": [("arn", "\x00"), ("arn", "\n"), ("arn", " ")],
    "nothing": [("", ""), ("", "None"), ("None", "")],
    "the longest": [("x" * 2048, "y" * 512), ("x" * 2048, "\u6f22" * 512)],
}


@pytest.fixture(params=["memory", pytest.param("dynamodb", marks=pytest.mark.e2e)])
def bench(request: pytest.FixtureRequest) -> Iterator[LedgerBench]:
    if request.param == "memory":
        yield MemoryBench()
    else:
        with dynamo_bench(request.getfixturevalue("cloud")) as made:
            yield made


def keys(count: int) -> list[Key]:
    return [(PRODUCT, f"finding-{number}") for number in range(count)]


def scanned(ledger: Ledger, *rules: str) -> dict[Key, Entry]:
    """All pages of a scan; each key is there once."""
    found: list[tuple[Key, Entry]] = []
    token = None
    while True:
        page = ledger.scan(rules or None, token)
        found += page.entries
        if page.token is None:
            assert len(dict(found)) == len(found)
            return dict(found)
        token = page.token


def test_what_is_written_is_read(bench: LedgerBench) -> None:
    one, two, three = keys(3)
    written = bench.ledger.write({one: NEW, two: NO_ENTRY})
    assert (written.versions, written.conflicts, written.failed) == ({one: 1, two: 1}, set(), {})
    recall = bench.ledger.read([one, two, three, one])
    assert recall.entries == {one: replace(NEW, version=1), two: Entry(version=1)}
    assert recall.unread == {}


def test_a_next_version_replaces_the_last(bench: LedgerBench) -> None:
    (key,) = keys(1)
    bench.ledger.write({key: NEW})
    assert bench.ledger.write({key: replace(OTHER, version=1)}).versions == {key: 2}
    assert bench.ledger.read([key]).entries == {key: replace(OTHER, version=2)}


@pytest.mark.parametrize("version", [0, 1, 3], ids=["none expected", "an older one", "a newer one"])
def test_one_conflict_fails_alone(bench: LedgerBench, version: int) -> None:
    stale, fresh, new = keys(3)
    for each in (NEW, replace(NEW, version=1)):
        bench.ledger.write({stale: each, fresh: each})
    written = bench.ledger.write({
        stale: replace(OTHER, version=version), fresh: replace(OTHER, version=2), new: OTHER
    })  # fmt: skip
    assert (written.versions, written.conflicts, written.failed) == ({fresh: 3, new: 1}, {stale}, {})
    assert bench.ledger.read([stale]).entries == {stale: replace(NEW, version=2)}


def test_a_version_is_not_written_where_there_is_no_entry(bench: LedgerBench) -> None:
    (key,) = keys(1)
    assert bench.ledger.write({key: replace(NEW, version=4)}).conflicts == {key}
    assert bench.ledger.read([key]).entries == {}


def test_only_the_version_that_was_seen_is_deleted(bench: LedgerBench) -> None:
    seen, changed, gone, kept = keys(4)
    bench.ledger.write(dict.fromkeys([seen, changed, kept], NEW))
    bench.ledger.write({changed: replace(NEW, version=1)})
    deleted = bench.ledger.delete(dict.fromkeys([seen, changed, gone], replace(NEW, version=1)))
    assert (deleted.versions, deleted.conflicts, deleted.failed) == ({seen: 0, gone: 0}, {changed}, {})
    assert set(bench.ledger.read([seen, changed, gone, kept]).entries) == {changed, kept}
    assert bench.ledger.write({seen: NEW}).versions == {seen: 1}


def test_more_than_a_call_takes(bench: LedgerBench) -> None:
    many = keys(230)
    entries = {key: replace(NEW, ended=float(number + 1)) for number, key in enumerate(many)}
    assert bench.ledger.write(entries).versions == dict.fromkeys(many, 1)
    recall = bench.ledger.read([*many, ("x", "y")])
    assert recall.entries == {key: replace(entry, version=1) for key, entry in entries.items()}
    assert scanned(bench.ledger) == recall.entries
    assert set(bench.ledger.delete(recall.entries).versions) == set(many)
    assert scanned(bench.ledger) == {}


def test_nothing_asked_for_is_nothing_done(bench: LedgerBench) -> None:
    bench.break_down()
    assert bench.ledger.read([]).entries == {}
    assert bench.ledger.write({}).versions == {}
    assert bench.ledger.delete({}).versions == {}


@pytest.mark.parametrize("odd", [pytest.param(odd, id=name) for name, odd in ODD.items()])
def test_names_of_any_characters_are_told_apart(bench: LedgerBench, odd: list[Key]) -> None:
    entries = {key: replace(NEW, ended=float(number + 1)) for number, key in enumerate(odd)}
    bench.ledger.write(entries)
    expected = {key: replace(entry, version=1) for key, entry in entries.items()}
    assert bench.ledger.read(odd).entries == expected
    assert scanned(bench.ledger) == expected


def test_a_scan_by_rule_gives_what_names_the_rule(bench: LedgerBench) -> None:
    hidden, other, person, open_, both, nothing = keys(6)

    claims = {"Types": Claim(None, "sandbox")}
    bench.ledger.write({
        hidden: NEW,
        other: OTHER,
        person: replace(NEW, claims={name: replace(claim, person=True) for name, claim in HIDDEN.items()}),
        open_: Entry(intent=Intent(HIDDEN, {}, {}, 1.0)),
        both: replace(NEW, claims={**HIDDEN, **OTHER.claims}),
        nothing: replace(NO_ENTRY, claims=claims),
    })  # fmt: skip
    assert set(scanned(bench.ledger, RULE)) == {hidden, open_, both}
    assert set(scanned(bench.ledger, "other-rule")) == {other, both}
    assert set(scanned(bench.ledger, RULE, "other-rule")) == {hidden, other, open_, both}
    assert set(scanned(bench.ledger, "sandbox-public")) == set()
    assert set(scanned(bench.ledger)) == {hidden, other, person, open_, both, nothing}
    assert bench.ledger.scan([]).entries == []


def test_a_scan_by_more_rules_than_an_expression_names(bench: LedgerBench) -> None:
    one, two, three = keys(3)
    bench.ledger.write({one: NEW, two: OTHER, three: NO_ENTRY})
    assert set(scanned(bench.ledger, RULE, *(f"rule-{number}" for number in range(300)))) == {one}


def test_a_scan_follows_a_rule_that_an_entry_no_longer_names(bench: LedgerBench) -> None:
    (key,) = keys(1)
    bench.ledger.write({key: NEW})
    bench.ledger.write({key: replace(OTHER, version=1)})
    assert set(scanned(bench.ledger, RULE)) == set()
    assert set(scanned(bench.ledger, "other-rule")) == {key}


def test_a_page_says_how_much_was_read_for_it(bench: LedgerBench) -> None:
    bench.ledger.write(dict.fromkeys(keys(9), OTHER))
    first = bench.ledger.scan([RULE])
    assert (first.entries, first.read, first.unread) == ([], 7, [])
    assert isinstance(first.token, str)
    last = bench.ledger.scan([RULE], first.token)
    assert (last.entries, last.read, last.token) == ([], 2, None)


@pytest.mark.parametrize("text", ["", "{}", '{"format":2}', "null", '{"format":1,"claims":5}'])
def test_a_damaged_entry_is_none_and_not_nothing(bench: LedgerBench, text: str) -> None:
    broken, sound, new = keys(3)
    bench.ledger.write({broken: NEW, sound: NEW})
    bench.damage(broken, text)
    recall = bench.ledger.read([broken, sound, new])
    assert set(recall.entries) == {sound}
    fault = recall.unread.pop(broken)
    assert (fault.kind, fault.concerns_table, recall.unread) == (LedgerFaultKind.DAMAGED, False, {})
    assert fault.message.startswith(f'the entry of ["{PRODUCT}","finding-0"] is damaged: ')
    page = bench.ledger.scan(None)
    assert (dict(page.entries), page.unread) == (recall.entries, [fault])
    assert bench.ledger.write({broken: NEW}).conflicts == {broken}


def test_a_table_that_does_not_answer_is_not_an_empty_one(bench: LedgerBench) -> None:
    some = keys(130)
    bench.ledger.write(dict.fromkeys(some[:50], NEW))
    bench.break_down()
    recall = bench.ledger.read(some)
    assert recall.entries == {}
    assert set(recall.unread) == set(some)
    for ended in (
        bench.ledger.write(dict.fromkeys(some, NEW)),
        bench.ledger.delete(dict.fromkeys(some, NEW)),
    ):
        assert (ended.versions, ended.conflicts, set(ended.failed)) == ({}, set(), set(some))
        assert {fault.kind for fault in ended.failed.values()} == {LedgerFaultKind.UNREACHABLE}
        assert all(fault.concerns_table for fault in ended.failed.values())
    with pytest.raises(LedgerError) as refusal:
        bench.ledger.scan(None)
    assert refusal.value.fault.kind is LedgerFaultKind.UNREACHABLE


def test_an_entry_from_elsewhere_is_placed_as_its_version(bench: LedgerBench) -> None:
    one, two, three = keys(3)
    bench.ledger.write({two: OTHER, three: OTHER})
    placed = bench.ledger.place(
        {key: replace(NEW, version=7) for key in (one, two, three)}, {two: 1, three: 5}
    )
    assert (placed.versions, placed.conflicts, placed.failed) == ({one: 7, two: 7}, {three}, {})
    assert bench.ledger.place({one: replace(OTHER, version=9)}, {}).conflicts == {one}, "it is there already"
    assert bench.ledger.read([one, two, three]).entries == {
        one: replace(NEW, version=7),
        two: replace(NEW, version=7),
        three: replace(OTHER, version=1),
    }
    assert bench.ledger.write({one: replace(NEW, version=7)}).versions == {one: 8}
