"""Exporting a hub into a file: at which rate, what stops it, and what a later run goes on from."""

import gzip
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from hubtriage.aws.ledger.ledger import LedgerFault, LedgerFaultKind
from hubtriage.aws.ledger.memory import MemoryLedger
from hubtriage.aws.securityhub.answers import UNPARSED
from hubtriage.cli.inputs.exporting import Beginning, HubQuery, export_lines, export_to
from hubtriage.cli.inputs.files.part_file import Cursor, PartError, part_file, part_of
from hubtriage.cli.inputs.hub import CALLS_PER_SECOND, ExportError, HubReader
from hubtriage.cli.inputs.live_options import ACTIVE, HubFilters
from hubtriage.engine.planning.entry import Claim, Entry, Intent
from hubtriage.localaws.securityhub.faults import ScriptedFault
from hubtriage.localaws.securityhub.hub import Hub
from hubtriage.localaws.securityhub.inprocess import InProcessSecurityHub, ManualClock
from hubtriage.localaws.securityhub.settings import HubSettings
from hubtriage.simulation.inputs.documents import read_file
from hubtriage.simulation.inputs.findings import items_of

PRODUCT = "arn:aws:securityhub:us-east-1::product/aws/guardduty"
COUNT = 450
PAGES = 5
QUERY = HubQuery("111122223333", "us-east-1", HubFilters(), "hubtriage", "hubtriage-ledger")
HELD = {"Workflow.Status": Claim("SUPPRESSED", "r")}
RESUME, FRESH, NEITHER = Beginning(resume=True), Beginning(fresh=True), Beginning()


def finding(number: int, **members: Any) -> dict[str, Any]:
    return {
        "Id": f"f-{number}",
        "ProductArn": PRODUCT,
        "AwsAccountId": "111122223333",
        "RecordState": "ARCHIVED" if number >= COUNT else "ACTIVE",
        "UpdatedAt": "2026-10-01T00:00:00Z",
        **members,
    }


class ExportSite:
    """A hub and a ledger in memory, and a file to export to. `api` may be replaced by a broken one."""

    def __init__(self, path: Path) -> None:
        self.hub = Hub(settings=HubSettings())
        self.clock = ManualClock()
        self.api: Any = InProcessSecurityHub(self.hub, self.clock)
        self.ledger = MemoryLedger()
        self.path = path
        self.shown: list[int] = []

    def plant(self, *findings: Mapping[str, Any]) -> None:
        for each in findings:
            self.hub.plant(dict(each), self.clock.now())

    def hold(self, number: int, entry: Entry) -> None:
        self.ledger.write({(PRODUCT, f"f-{number}"): entry})

    def export(self, how: Beginning = NEITHER, query: HubQuery = QUERY, path: Path | None = None) -> Cursor:
        reader = HubReader(self.api, self.ledger if query.table else None, self.clock, query.filters)
        return export_to(path or self.path, reader, query, self.clock.now(), how, self._watch)

    def _watch(self, cursor: Cursor) -> None:
        self.shown.append(cursor.findings)

    def lines(self, path: Path | None = None) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (path or self.path).read_text().splitlines()]

    def ids(self) -> list[str]:
        return [line["finding"]["Id"] for line in self.lines()[1:]]

    @property
    def calls(self) -> int:
        return sum(count for (name, _), count in self.hub.call_log.counts.items() if name == "GetFindings")


EVERY = Counter(f"f-{number}" for number in range(COUNT))


@pytest.fixture
def site(tmp_path: Path) -> ExportSite:
    made = ExportSite(tmp_path / "export.jsonl")
    made.plant(*(finding(number) for number in range(COUNT + 10)))
    return made


def test_every_active_finding_is_there_once_and_read_within_the_rate(site: ExportSite) -> None:
    begun = site.clock.now()
    cursor = site.export()
    assert (cursor.findings, cursor.entries, cursor.undecidable) == (COUNT, 0, 0)
    assert Counter(site.ids()) == EVERY
    assert site.calls == PAGES
    assert site.clock.now() - begun >= (PAGES - 2) / CALLS_PER_SECOND
    assert site.shown[-1] == COUNT
    assert [file.name for file in site.path.parent.iterdir()] == [site.path.name]


def test_the_first_line_says_where_the_others_come_from(site: ExportSite) -> None:
    site.export()
    header = site.lines()[0]
    assert header.pop("version")
    assert header == {
        "hubtriage-export": 1,
        "begun": "2027-01-15T08:00:00Z",
        "entries": True,
        "account": "111122223333",
        "region": "us-east-1",
        "stack": "hubtriage",
        "table": "hubtriage-ledger",
        "filters": ACTIVE,
    }


def test_a_finding_has_its_entry_beside_it_as_the_ledger_keeps_it(site: ExportSite) -> None:
    entry = Entry(HELD, started=1_000.0, ended=1_001.0, written={"Workflow.Status": "SUPPRESSED"})
    site.hold(3, entry)
    cursor = site.export()
    lines = {line["finding"]["Id"]: line for line in site.lines()[1:]}
    assert cursor.entries == 1
    assert lines["f-3"]["entry"] == {
        "format": 1,
        "claims": {"Workflow.Status": {"value": "SUPPRESSED", "rule": "r"}},
        "started": 1000.0,
        "ended": 1001.0,
        "written": {"Workflow.Status": "SUPPRESSED"},
    }
    assert lines["f-4"]["entry"] is None
    assert lines["f-4"]["read"] == 1_800_000_000.0


def test_without_a_table_no_entry_is_known_and_the_first_line_says_so(site: ExportSite) -> None:
    site.hold(3, Entry(HELD))
    site.export(query=HubQuery("111122223333", "us-east-1", HubFilters(), "hubtriage", None))
    header, *lines = site.lines()
    assert (header["entries"], header["table"]) == (False, None)
    assert not any("entry" in line for line in lines)


def test_a_damaged_entry_makes_one_finding_undecidable(site: ExportSite) -> None:
    site.ledger.items[(PRODUCT, "f-3")] = (1, "{")
    assert site.export().undecidable == 1
    (line,) = (line for line in site.lines()[1:] if "undecidable" in line)
    assert (line["finding"]["Id"], "entry" in line) == ("f-3", False)
    assert line["undecidable"] == "its entry in the ledger is damaged"


def test_an_update_that_is_under_way_makes_its_finding_undecidable(site: ExportSite) -> None:
    written = {"Workflow.Status": "SUPPRESSED"}
    intent = Intent(HELD, written, {"Workflow.Status": "NEW"}, site.clock.now() - 5)
    site.hold(3, Entry(intent=intent))
    assert site.export().undecidable == 1


@pytest.mark.parametrize("wrong", [-240.0, 0.0, 240.0])
def test_the_clock_of_the_service_says_when_a_finding_was_read(wrong: float, site: ExportSite) -> None:
    """The machine here may be minutes off, and the entry has the time of the service."""
    ended = site.clock.now() - wrong - 100
    site.hold(3, Entry(HELD, started=ended - 1, ended=ended, written={"Workflow.Status": "SUPPRESSED"}))
    site.api = Dated(site.api, wrong)
    assert site.export().undecidable == 1
    assert site.lines()[1]["read"] == pytest.approx(1_800_000_000.0 - wrong, abs=1)


class Dated:
    """Answers say when they were given, by a clock that the one here is ahead of."""

    def __init__(self, api: InProcessSecurityHub, ahead: float) -> None:
        self._api, self._ahead = api, ahead

    def get_findings(self, **request: Any) -> Any:
        answer = self._api.get_findings(**request)
        date = formatdate(self._api.clock.now() - self._ahead, usegmt=True)
        return {**answer, "ResponseMetadata": {"HTTPHeaders": {"date": date}}}


def test_a_date_that_is_none_is_passed_over(site: ExportSite) -> None:
    first = site.api.get_findings()
    site.api = Answering({**first, "NextToken": None, "ResponseMetadata": {"HTTPHeaders": {"date": "soon"}}})
    site.export()
    assert site.lines()[1]["read"] == pytest.approx(1_800_000_000.0, abs=1)


FAULTS = [
    pytest.param({"error": "InternalException", "times": 4}, id="the service fails"),
    pytest.param({"error": "AccessDeniedException"}, id="a right is missing"),
    pytest.param({"error": "TooManyRequestsException", "times": 8}, id="it stays throttled"),
    pytest.param({"lose_answer": True, "times": 4}, id="the network is gone"),
]


@pytest.mark.parametrize("page", range(PAGES))
@pytest.mark.parametrize("fault", FAULTS)
def test_each_page_may_fail_and_the_next_run_goes_on_there(
    fault: dict[str, Any], page: int, site: ExportSite
) -> None:
    site.hub.faults.add(ScriptedFault(operation="GetFindings", skip=page, **fault))
    with pytest.raises(ExportError, match=r"securityhub:GetFindings: "):
        site.export()
    assert not site.path.exists()
    before = site.calls
    site.export(RESUME)
    assert Counter(site.ids()) == EVERY
    assert site.calls - before == PAGES - page


class Interrupting:
    """Calls `stop` instead of the `number`-th call of the api."""

    def __init__(self, api: Any, number: int, stop: Callable[[], None]) -> None:
        self._api, self._left, self._stop = api, number, stop

    def get_findings(self, **request: Any) -> Any:
        self._left -= 1
        if self._left == 0:
            self._stop()
        return self._api.get_findings(**request)


def interrupt() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("name", ["export.jsonl", "export.jsonl.gz"])
def test_an_export_that_is_interrupted_again_and_again_comes_to_its_end(
    name: str, site: ExportSite, tmp_path: Path
) -> None:
    site.path = tmp_path / name
    api = site.api
    for _ in range(PAGES - 1):
        site.clock.sleep(60)
        site.api = Interrupting(api, 2, interrupt)
        with pytest.raises(KeyboardInterrupt):
            site.export(RESUME)
    site.api = api
    assert site.export(RESUME).findings == COUNT
    assert site.calls == PAGES
    found = [item for document in read_file(site.path) for item in items_of(document)]
    assert Counter(item.finding["Id"] for item in found) == EVERY  # type: ignore[union-attr]


def test_what_was_written_without_being_counted_is_written_again(site: ExportSite) -> None:
    """As after a power cut between the page and its cursor, or within the page."""
    site.api = Interrupting(site.api, 4, interrupt)
    with pytest.raises(KeyboardInterrupt):
        site.export()
    with part_of(site.path).open("ab") as part:
        part.write(b'{"finding": {"Id": "f-300", "Prod')
    site.export(RESUME)
    assert Counter(site.ids()) == EVERY


def test_a_page_that_was_counted_but_is_not_there_is_not_missed(site: ExportSite) -> None:
    site.api = Interrupting(site.api, 4, interrupt)
    with pytest.raises(KeyboardInterrupt):
        site.export()
    with part_of(site.path).open("r+b") as part:
        part.truncate(1_000)
    site.export(RESUME)
    assert Counter(site.ids()) == EVERY


def test_an_export_whose_last_page_is_written_only_takes_its_name(site: ExportSite) -> None:
    site.export()
    cursor = Cursor(QUERY.as_record(), site.clock.now(), site.path.stat().st_size, None, True, COUNT)
    site.path.replace(part_of(site.path))
    site.path.with_name("export.jsonl.cursor").write_text(json.dumps(asdict(cursor)))
    before = site.calls
    assert site.export(RESUME).findings == COUNT
    assert (site.calls, Counter(site.ids())) == (before, EVERY)


def _interrupted(site: ExportSite) -> None:
    api = site.api
    site.api = Interrupting(api, 4, interrupt)
    with pytest.raises(KeyboardInterrupt):
        site.export()
    site.api = api


def _damage(site: ExportSite, **changes: Any) -> None:
    cursor = site.path.with_name("export.jsonl.cursor")
    cursor.write_text(json.dumps({**json.loads(cursor.read_text()), **changes}))


STALE = [
    pytest.param({"token": "too old"}, id="a token that is too old"),
    pytest.param({"format": 2}, id="a cursor of another version"),
    pytest.param({"surprise": 1}, id="a cursor with a member more"),
    pytest.param({"size": 10**9}, id="a size that the part does not have"),
]


@pytest.mark.parametrize("changes", STALE)
def test_what_cannot_be_gone_on_from_is_begun_anew(changes: dict[str, Any], site: ExportSite) -> None:
    _interrupted(site)
    _damage(site, **changes)
    site.plant(finding(0, Title="changed since"))
    assert site.export(RESUME).findings == COUNT
    assert Counter(site.ids()) == EVERY
    assert site.lines()[1]["finding"]["Title"] == "changed since", "what was read before is dropped"


def test_filters_that_are_refused_are_not_tried_for_ever(site: ExportSite) -> None:
    site.hub.faults.add(ScriptedFault(operation="GetFindings", error="InvalidInputException", times=50))
    with pytest.raises(ExportError, match="InvalidInputException"):
        site.export()
    assert site.calls == 1
    with pytest.raises(ExportError, match="InvalidInputException"):
        site.export(RESUME)
    assert site.calls == 2


def test_a_token_and_then_the_query_refused_end_it(site: ExportSite) -> None:
    _interrupted(site)
    site.hub.faults.add(ScriptedFault(operation="GetFindings", error="InvalidInputException", times=50))
    before = site.calls
    with pytest.raises(ExportError, match="InvalidInputException"):
        site.export(RESUME)
    assert site.calls - before == 2


def test_throttling_is_waited_out(site: ExportSite) -> None:
    site.hub.faults.add(ScriptedFault(operation="GetFindings", error="TooManyRequestsException", times=3))
    site.export()
    assert Counter(site.ids()) == EVERY


class Repeating:
    """Gives some findings of a page again on the next one, in a later state, as pages do that shift."""

    def __init__(self, api: Any) -> None:
        self._api = api
        self._last: list[Any] = []

    def get_findings(self, **request: Any) -> Any:
        answer = self._api.get_findings(**request)
        again = [{**each, "Title": "later"} for each in self._last]
        self._last = answer["Findings"][-7:]
        return {**answer, "Findings": [*again, *answer["Findings"], *answer["Findings"][:3]]}


class Answering:
    """Answers each call alike."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def get_findings(self, **_request: Any) -> Any:
        return self._answer


def test_a_finding_that_comes_again_stands_there_once_as_it_was_read_first(site: ExportSite) -> None:
    site.api = Repeating(site.api)
    assert site.export().findings == COUNT
    assert Counter(site.ids()) == EVERY
    assert not any("Title" in line["finding"] for line in site.lines()[1:])


def test_a_finding_that_comes_again_after_a_resumption_stands_there_once(site: ExportSite) -> None:
    api = site.api
    site.api = Repeating(Interrupting(api, 4, interrupt))
    with pytest.raises(KeyboardInterrupt):
        site.export()
    repeating = Repeating(api)
    repeating._last = [finding(number) for number in range(290, 300)]
    site.api = repeating
    site.export(RESUME)
    assert Counter(site.ids()) == EVERY


def test_findings_of_two_accounts_under_one_name_are_both_there(tmp_path: Path) -> None:
    site = ExportSite(tmp_path / "export.jsonl")

    site.api = Answering({"Findings": [finding(1), finding(1, AwsAccountId="444455556666")]})
    assert site.export().findings == 2


def test_a_finding_that_cannot_be_parsed_is_counted(tmp_path: Path) -> None:
    site = ExportSite(tmp_path / "export.jsonl")

    site.api = Answering({UNPARSED: b'{"Findings":[' + b"[" * 200_000 + b"]" * 200_000 + b"]}"})
    cursor = site.export()
    assert (cursor.findings, cursor.skipped) == (0, 1)


# What is there already


def test_an_interrupted_export_is_neither_dropped_nor_gone_on_with_unasked(site: ExportSite) -> None:
    _interrupted(site)
    with pytest.raises(PartError, match="interrupted after 300 findings") as caught:
        site.export()
    assert caught.value.hint == "continue with --resume, or start again with --fresh"
    before = site.calls
    site.export(FRESH)
    assert site.calls - before == PAGES
    assert Counter(site.ids()) == EVERY


def test_an_export_does_not_go_on_with_another_query(site: ExportSite) -> None:
    _interrupted(site)
    other = HubQuery("444455556666", "us-east-1", HubFilters(cspm={}), "hubtriage", "hubtriage-ledger")
    with pytest.raises(PartError, match="another query: account, filters differ"):
        site.export(RESUME, other)


def test_two_exports_do_not_write_one_file(site: ExportSite) -> None:
    with part_file(site.path), pytest.raises(PartError, match="another export writes it"):
        site.export()


def test_a_complete_file_stays_until_the_next_one_is_complete(site: ExportSite) -> None:
    site.export()
    before = site.path.read_bytes()
    _interrupted(site)
    assert site.path.read_bytes() == before
    site.clock.sleep(60)
    site.export(FRESH)
    assert site.path.read_bytes() != before


def test_nobody_else_may_read_what_was_read(site: ExportSite) -> None:
    _interrupted(site)
    files = list(site.path.parent.iterdir())
    assert len(files) == 2
    site.export(RESUME)
    assert not any(file.stat().st_mode & 0o077 for file in site.path.parent.iterdir())


def test_a_packed_export_is_read_as_any_other(site: ExportSite, tmp_path: Path) -> None:
    packed = tmp_path / "export.jsonl.gz"
    site.export(path=packed)
    site.export()
    text = gzip.decompress(packed.read_bytes()).decode()
    assert [json.loads(line)["finding"]["Id"] for line in text.splitlines()[1:]] == site.ids()


# The ledger


TABLE_FAULTS = [
    pytest.param(LedgerFaultKind.DENIED, "AccessDeniedException", "--without-entries", id="denied"),
    pytest.param(LedgerFaultKind.MISSING, "ResourceNotFoundException", "--without-entries", id="no table"),
    pytest.param(LedgerFaultKind.DENIED, "ExpiredTokenException", "renew the AWS credentials", id="expired"),
    pytest.param(LedgerFaultKind.UNREACHABLE, "ConnectTimeoutError", "AGAIN", id="no answer"),
]


@pytest.mark.parametrize(("kind", "code", "hint"), TABLE_FAULTS)
def test_a_ledger_that_cannot_be_read_is_not_taken_for_an_empty_one(
    kind: LedgerFaultKind, code: str, hint: str, site: ExportSite
) -> None:
    site.hold(3, Entry(HELD))
    site.ledger.fault = LedgerFault(kind, code, "so it is")
    with pytest.raises(ExportError, match=f"dynamodb:BatchGetItem: {code}: so it is") as caught:
        site.export()
    assert hint in caught.value.hint("AGAIN")
    assert not site.path.exists()
    site.ledger.fault = None
    assert site.export(RESUME).entries == 1
    assert Counter(site.ids()) == EVERY


# Without a file


def _unwatched(_cursor: Cursor) -> None:
    """Do nothing."""


def test_the_lines_of_a_stream_are_those_of_the_file(site: ExportSite) -> None:
    pages: list[list[str]] = []
    reader = HubReader(Repeating(site.api), site.ledger, site.clock, HubFilters())
    cursor = export_lines(reader, QUERY, site.clock.now(), pages.append, _unwatched)
    assert cursor.findings == COUNT
    header, *lines = (json.loads(line) for page in pages for line in page)
    assert header["hubtriage-export"] == 1
    assert Counter(line["finding"]["Id"] for line in lines) == EVERY


# What is in findings


@pytest.mark.parametrize(
    "text",
    ["a\x1b[2J\x07\x7f", "\r\n{}\n", "\u2028\udc9b", '"}\n{"finding": {}}', "\x00", "\N{PILE OF POO}"],
)
def test_no_text_of_a_finding_is_more_than_text(text: str, tmp_path: Path) -> None:
    site = ExportSite(tmp_path / "export.jsonl")
    site.plant(finding(1, Title=text, Resources=[{"Type": text, "Tags": {text: text}}]))
    site.export()
    content = site.path.read_bytes()
    assert content.isascii()
    assert content.count(b"\n") == 2
    assert all(0x20 <= byte < 0x7F for byte in content.replace(b"\n", b""))
    assert site.lines()[1]["finding"]["Title"] == text


def test_what_json_cannot_say_does_not_make_the_line_unreadable(tmp_path: Path) -> None:
    site = ExportSite(tmp_path / "export.jsonl")

    site.api = Answering({"Findings": [finding(1, Confidence=float("inf"))]})
    site.export()
    assert '"Confidence":"inf"' in site.path.read_text()


def test_a_finding_that_is_nested_too_deep_is_marked_and_hides_no_other(tmp_path: Path) -> None:
    site = ExportSite(tmp_path / "export.jsonl")
    deep: Any = 1
    for _ in range(150):
        deep = [deep]

    site.api = Answering({"Findings": [finding(1, ProductFields=deep), finding(2)]})
    assert site.export().undecidable == 1
    first, second = site.lines()[1:]
    assert first["finding"] == {"Id": "f-1", "ProductArn": PRODUCT, "AwsAccountId": "111122223333"}
    assert first["undecidable"] == "it is nested deeper than 100 levels, and left out"
    assert "undecidable" not in second
