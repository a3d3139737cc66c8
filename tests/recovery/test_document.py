"""The file of an export: what is written is read, and nothing else is."""

import gzip
import json
import os
import stat
from pathlib import Path

import pytest

from hubtriage.aws.ledger.former_roles import FormerRole
from hubtriage.aws.ledger.ledger import LedgerError, LedgerFault, LedgerFaultKind
from hubtriage.aws.ledger.memory import MemoryLedger
from hubtriage.aws.securityhub.api import Key
from hubtriage.engine.planning.entry import Entry
from hubtriage.recovery.document import Header, check, entries
from hubtriage.recovery.exporting import export
from tests.support.entries import golden_entries
from tests.support.paths import ROOT

GOLDEN = ROOT / "tests" / "golden" / "ledger" / "export.jsonl"
OLDER = FormerRole("arn:aws:iam::222233334444:role/older", 1_700_000_000.5, "older", "export-0")
HEADER = Header(
    export="export-1",
    at=1_790_000_000.25,
    stack="hubtriage",
    account="111122223333",
    region="eu-central-1",
    table="hubtriage-ledger",
    role="arn:aws:iam::111122223333:role/hubtriage-TriageRole",
    mode="observe",
    former_roles=(OLDER,),
)
HELD: dict[Key, Entry] = {("arn", name): entry for name, entry in golden_entries().items()}


def ledger() -> MemoryLedger:
    made = MemoryLedger(page=3)
    made.place(HELD, {})
    return made


def exported(path: Path) -> Path:
    assert export(ledger(), HEADER, path, lambda _count: None).entries == len(HELD)
    return path


def test_the_file_is_what_it_was(tmp_path: Path) -> None:
    """Files of this format are read for as long as people keep them."""
    made = exported(tmp_path / "ledger.jsonl").read_text()
    if os.environ.get("HUBTRIAGE_GOLDEN") == "write":
        GOLDEN.write_text(made)
    assert made == GOLDEN.read_text()
    assert check(GOLDEN).errors == []
    assert dict(entries(GOLDEN)) == HELD


@pytest.mark.parametrize("name", ["ledger.jsonl", "ledger.jsonl.gz"])
def test_what_was_exported_is_read_and_only_its_owner_may(tmp_path: Path, name: str) -> None:
    path = exported(tmp_path / name)
    document = check(path)
    assert (document.header, document.entries, document.errors) == (HEADER, len(HELD), [])
    assert dict(entries(path)) == HELD
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == [name]


def test_roles_of_an_export_are_its_own_until_then_and_those_before() -> None:
    own = FormerRole(HEADER.role, HEADER.at, "hubtriage", "export-1")
    assert HEADER.roles == (OLDER, own)


def test_an_export_that_fails_leaves_no_file(tmp_path: Path) -> None:
    broken, pages = ledger(), iter([True, False])

    def breaks(_count: int) -> None:
        if not next(pages, False):
            broken.fault = LedgerFault(LedgerFaultKind.UNREACHABLE, "ReadTimeoutError", "no answer")

    with pytest.raises(LedgerError):
        export(broken, HEADER, tmp_path / "ledger.jsonl", breaks)
    assert list(tmp_path.iterdir()) == []


def test_damaged_entries_are_left_out_and_counted(tmp_path: Path) -> None:
    broken = ledger()
    broken.items["arn", "damaged"] = (1, "{")
    done = export(broken, HEADER, tmp_path / "ledger.jsonl", lambda _count: None)
    assert (done.entries, len(done.damaged)) == (len(HELD), 1)
    document = check(tmp_path / "ledger.jsonl")
    assert (document.entries, document.damaged, document.errors) == (len(HELD), 1, [])


LINES = GOLDEN.read_text().splitlines(keepends=True)


def _with(number: int, **members: object) -> list[str]:
    changed = json.dumps(json.loads(LINES[number]) | members) + "\n"
    return [*LINES[:number], changed, *LINES[number + 1 :]]


def _without(number: int, member: str) -> list[str]:
    left = {name: value for name, value in json.loads(LINES[number]).items() if name != member}
    return [*LINES[:number], json.dumps(left) + "\n", *LINES[number + 1 :]]


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        pytest.param([], "after line 0: the end is missing", id="an empty file"),
        pytest.param(LINES[:-1], "the end is missing: this is half an export", id="half an export"),
        pytest.param(
            LINES[:2] + LINES[3:], f"{len(HELD)} entries were exported, and {len(HELD) - 1}", id="fewer"
        ),
        pytest.param([*LINES, LINES[1]], "there is more after the end", id="more after the end"),
        pytest.param([*LINES[:-2], LINES[-2][:-20]], "the line is cut off", id="a line that is cut off"),
        pytest.param([*LINES[:2], LINES[1], *LINES[2:]], "is already in line 2", id="an entry twice"),
        pytest.param(_with(0, format=2), "line 1: format 2 is not 1", id="a later format"),
        pytest.param(_with(0, hubtriage="x"), "line 1: this is not an export of a ledger", id="another file"),
        pytest.param(_with(0, more=1), "line 1: the header must have the members", id="a header with more"),
        pytest.param(
            _with(0, role="arn:aws:iam::111122223333:user/ann"), "line 1: role is not the ARN", id="a user"
        ),
        pytest.param(_with(0, mode="off"), "line 1: mode must be one of", id="no mode"),
        pytest.param(_with(0, at=-1), "line 1: at is not a time", id="no time"),
        pytest.param(_with(0, former_roles=[1]), "line 1: former_roles: a role has", id="no former role"),
        pytest.param(_with(1, version=0), "line 2: version must be a whole number from 1", id="no version"),
        pytest.param(_with(1, finding_id=7), "line 2: product_arn and finding_id must be texts", id="no Id"),
        pytest.param(_without(1, "entry"), "line 2: an entry must have the members", id="no entry"),
        pytest.param(
            _with(1, entry={"format": 9}), "line 2: format 9 is not 1", id="an entry of a later format"
        ),
        pytest.param([LINES[0], "nonsense\n", *LINES[2:]], "line 2: not JSON", id="not JSON"),
        pytest.param([LINES[0], "[]\n", *LINES[2:]], "line 2: a JSON object was expected", id="no object"),
        pytest.param(
            [LINES[0], '{"end":true,"end":true}\n', *LINES[1:]], "a member appears twice", id="twice"
        ),
        pytest.param(
            [LINES[0], "\xe9\n", *LINES[1:]], "line 2: this is not JSON as an export has it", id="no ASCII"
        ),
    ],
)
def test_what_is_no_whole_export_is_refused_with_its_line(
    tmp_path: Path, lines: list[str], error: str
) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_bytes("".join(lines).encode())
    assert any(error in each for each in check(path).errors), check(path).errors


def test_all_errors_are_listed(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_text("".join([LINES[0], "nonsense\n", "[]\n", *LINES[1:-1]]))
    assert [error.partition(":")[0] for error in check(path).errors] == [
        "line 2", "line 3", f"after line {len(LINES) + 1}",
    ]  # fmt: skip


@pytest.mark.parametrize("length", [10, 200, -9, -1])
def test_a_compressed_file_that_is_cut_off_is_refused(tmp_path: Path, length: int) -> None:
    path = exported(tmp_path / "ledger.jsonl.gz")
    path.write_bytes(path.read_bytes()[:length])
    assert check(path).errors


def test_a_compressed_file_with_other_bytes_is_refused(tmp_path: Path) -> None:
    path = exported(tmp_path / "ledger.jsonl.gz")
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 0xFF
    path.write_bytes(whole)
    assert check(path).errors
    path.write_bytes(gzip.compress(b"\x00\xff"))
    assert check(path).errors
