"""Entries of an export, written where a ledger has none."""

from dataclasses import replace
from pathlib import Path

import pytest

from hubtriage.aws.ledger.former_roles import FormerRole, KnownRoles
from hubtriage.aws.ledger.ledger import LedgerFault, LedgerFaultKind
from hubtriage.aws.ledger.memory import MemoryLedger
from hubtriage.aws.securityhub.api import Key
from hubtriage.engine.planning.entry import Entry
from hubtriage.recovery.document import DocumentError
from hubtriage.recovery.exporting import export
from hubtriage.recovery.importing import (
    SAMPLED,
    ImportReport,
    add_roles,
    compare,
    import_entries,
    is_begun,
    sample,
)
from tests.recovery.test_document import HEADER
from tests.recovery.test_rebuilding import ARN, HID, TAKEN_BACK, RolesItem

COUNT = 250
DENIED = LedgerFault(LedgerFaultKind.DENIED, "AccessDeniedException", "no")


def keys(count: int = COUNT) -> list[Key]:
    return [(ARN, f"finding-{number}") for number in range(count)]


def nothing(_count: int) -> None:
    """Watch nothing."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    source = MemoryLedger(page=70)
    source.place({key: replace(HID, version=number) for number, key in enumerate(keys(), start=1)}, {})
    export(source, HEADER, tmp_path / "ledger.jsonl.gz", nothing)
    return tmp_path / "ledger.jsonl.gz"


def counts(imported: ImportReport) -> tuple[int, int, int, list[str]]:
    return imported.written, imported.same, imported.changed, imported.failed


def test_entries_are_written_with_their_versions_and_it_may_run_twice(file: Path) -> None:
    target = MemoryLedger()
    compared = compare(target, file, nothing)
    assert (compared.absent, compared.same, compared.others, compared.failed) == (COUNT, 0, 0, [])
    assert target.items == {}
    assert counts(import_entries(target, file, nothing)) == (COUNT, 0, 0, [])
    assert {key: version for key, (version, _) in target.items.items()} == {
        key: number for number, key in enumerate(keys(), start=1)
    }
    before = dict(target.items)
    assert counts(import_entries(target, file, nothing)) == (0, COUNT, 0, [])
    assert target.items == before


def test_what_a_run_did_that_was_interrupted_is_not_done_again(file: Path) -> None:
    target, done = MemoryLedger(), list[int]()

    def stop(count: int) -> None:
        done.append(count)
        if count == 200:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_entries(target, file, stop)
    assert len(target.items) == 200
    assert counts(import_entries(target, file, nothing)) == (50, 200, 0, [])
    assert done == [100, 200]


def test_another_entry_of_the_same_finding_is_named_and_stays(file: Path) -> None:
    target, others = MemoryLedger(), keys()[5:20]
    target.place(dict.fromkeys(others, TAKEN_BACK), {})
    compared = compare(target, file, nothing)
    assert (compared.absent, compared.others, len(compared.shown)) == (COUNT - 15, 15, 10)
    assert set(compared.shown) <= {name for _, name in others}
    assert counts(import_entries(target, file, nothing)) == (COUNT - 15, 0, 15, [])
    assert target.read(others).entries == dict.fromkeys(others, TAKEN_BACK)


def test_an_entry_that_triage_begins_at_the_same_moment_stays(file: Path) -> None:
    """It is written only where there is none, whatever was read before."""

    class Busy(MemoryLedger):
        def place(self, entries, over, deadline=0.0):  # type: ignore[no-untyped-def]
            key = keys()[0]
            if key in entries:
                super().place({key: TAKEN_BACK}, {})
            return super().place(entries, over, deadline)

    target = Busy()
    assert counts(import_entries(target, file, nothing)) == (COUNT - 1, 0, 1, [])
    assert target.read(keys(1)).entries == {keys()[0]: TAKEN_BACK}


def test_a_table_that_cannot_be_read_or_written_is_said_to(file: Path) -> None:
    assert compare(MemoryLedger(fault=DENIED), file, nothing).failed == ["AccessDeniedException: no"] * COUNT
    failing = MemoryLedger(fault=DENIED)
    imported = import_entries(failing, file, nothing)
    assert (imported.written, imported.failed) == (0, ["AccessDeniedException: no"] * COUNT)


def test_a_file_that_changes_between_checking_and_writing_is_noticed(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.jsonl"
    other.write_text('{"hubtriage":"ledger"}\nnonsense\n')
    with pytest.raises(DocumentError):
        import_entries(MemoryLedger(), other, nothing)


def test_roles_are_written_once_and_those_of_before_stay() -> None:
    item = RolesItem()
    own = FormerRole("arn:aws:iam::555566667777:role/own-older", 5.0, "x", "export-x")
    item.known = KnownRoles((own,), 1)
    assert not is_begun(HEADER, item.known)
    assert add_roles(item, HEADER, item.known) is None
    assert item.known == KnownRoles((own, *HEADER.roles), 2)
    assert is_begun(HEADER, item.known)
    assert add_roles(item, HEADER, item.known) is None
    assert item.known.version == 2


def test_findings_that_are_gone_are_not_looked_for_and_the_sample_is_even(tmp_path: Path) -> None:
    source = MemoryLedger()
    many = keys(1000)
    gone: dict[Key, Entry] = {(ARN, f"gone-{number}"): replace(HID, gone=1.0) for number in range(50)}
    source.place({**dict.fromkeys(many, HID), **gone}, {})
    export(source, HEADER, tmp_path / "ledger.jsonl", nothing)
    drawn = sample(tmp_path / "ledger.jsonl")
    assert len(drawn) == len(set(drawn)) == SAMPLED
    assert set(drawn) <= set(many)
    lines = (tmp_path / "ledger.jsonl").read_text().splitlines()
    order = [index for index, line in enumerate(lines) for key in drawn if f'"{key[1]}"' in line]
    assert max(order) > 900
