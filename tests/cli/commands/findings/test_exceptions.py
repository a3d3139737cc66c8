"""`hubtriage exceptions`: the register as text, JSON and CSV."""

import csv
import gzip
import io
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from hubtriage.aws.securityhub.authorship import History, HistoryRecord
from hubtriage.aws.securityhub.faults import CallFault, Fault
from hubtriage.cli.inputs import live as live_inputs
from hubtriage.cli.main import cli
from hubtriage.cli.publishing import s3
from hubtriage.engine.planning.entry import Claim, Entry
from hubtriage.simulation.exported import finding_line, header_line

RULES = """\
rules:
  - id: accepted
    description: Accepted.
    owner: =cmd|' /C calc'!A0
    ticket: SEC-1
    expires: 2027-01-31
    match: {Region: [eu-west-1]}
    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted.}}
  - id: visible
    match: {Region: [eu-west-1]}
    update: {VerificationState: TRUE_POSITIVE}
"""
Folder = Callable[[Any], Path]
AT = "2026-12-01"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["exceptions", "--at", AT, *arguments])


@pytest.fixture
def export(folder: Folder) -> str:
    """An export with a finding that a rule hides, and one that a person hides."""
    folder({"a.yaml": RULES})
    held = Entry(claims={"Workflow.Status": Claim("SUPPRESSED", "accepted")}, version=1)
    lines = [header_line({"account": "111122223333"})]
    for number, entry in enumerate((held, Entry())):
        found = {
            "Id": f"f-{number}\x1b[2J",
            "ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/config",
            "AwsAccountId": "111122223333",
            "Region": "eu-west-1",
            "RecordState": "ACTIVE",
            "Workflow": {"Status": "SUPPRESSED"},
            "Severity": {"Label": "LOW"},
        }
        lines.append(finding_line(found, entry, 0.0)[0])
    Path("export.jsonl").write_text("\n".join(lines) + "\n")
    return "export.jsonl"


def test_the_register_balances(export: str) -> None:
    result = run(export)
    assert result.exit_code == 0, result.output
    assert (
        result.stdout
        == """\
1 exception at 2026-12-01T00:00:00Z
  rule      owner                  ticket  until       days  holds
  accepted  =cmd|' /C calc'!A0     SEC-1   2027-01-31  62    1

accepted
  Accepted.
  hides up to MEDIUM, mode enforce
  written by not known, since not known
  last changed not known, approved by not known
  holds 1 finding: LOW 1
  in 1 account: 111122223333 1

The folder is in no git repository: who wrote and approved the rules is not known.

2 hidden findings of 2 read
          1  hidden by rules
          1  hidden by people or other tools, and by no rule, such as
             "f-1\\u001b[2J" in account 111122223333: Workflow.Status SUPPRESSED
""".replace("A0     SEC", "A0  SEC").replace("owner                  ticket", "owner               ticket")
    )
    told = json.loads(run(export, "--json").stdout)
    assert told["hidden"]["hidden"] == told["hidden"]["by_rules"] + told["hidden"]["by_others"] == 2
    assert [one["rule"] for one in told["exceptions"]] == ["accepted"]


class RecordedStorage:
    """S3, as far as it keeps what is put."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}

    def put_object(self, **request: Any) -> None:
        self.bodies[request["Key"]] = request["Body"]


def test_half_of_a_surrogate_pair_is_written_as_json_writes_it(
    export: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A finding may have one; no text in UTF-8 can. It must not keep a register from auditors."""
    storage = RecordedStorage()
    monkeypatch.setattr(s3, "client", lambda _service: storage)
    Path(export).write_text(Path(export).read_text().replace("f-1", "f-1\\ud800"))
    result = run(export, "--json", "--html", "page.html")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["hidden"]["others"][0]["id"].startswith("f-1\ud800")
    published = CliRunner().invoke(cli, ["exceptions", export, "--publish", "s3://a-bucket/hub"])
    assert published.exit_code == 0, published.output
    assert len(storage.bodies) == 4
    assert json.loads(storage.bodies["hub/latest.json"])["hidden"]["hidden"] == 2


def test_without_findings_what_is_held_is_not_known(export: str) -> None:
    del export
    result = run()
    assert (result.exit_code, "What the rules hold is not known" in result.stdout) == (0, True)


def test_a_spreadsheet_runs_nothing(export: str) -> None:
    head, row = csv.reader(io.StringIO(run(export, "--csv").stdout))
    assert row[head.index("owner")].startswith("'=cmd")
    assert (row[head.index("holds")], row[head.index("days_left")]) == ("1", "62")


def test_a_row_for_a_spreadsheet_does_nothing_to_a_terminal(export: str, folder: Folder) -> None:
    del export
    folder({"a.yaml": RULES.replace("=cmd|' /C calc'!A0", '"a\\x1b[31m\\u202e"')})
    head, row = csv.reader(io.StringIO(run("--csv").stdout))
    assert row[head.index("owner")] == r"a\x1b[31m\u202e"


@pytest.mark.parametrize(
    ("option", "count"),
    [
        pytest.param(["--ends-within", "62"], 1, id="soon"),
        pytest.param(["--ends-within", "61"], 0, id="not so soon"),
        pytest.param(["--owner", "nobody"], 0, id="another owner"),
    ],
)
def test_some_of_them(option: list[str], count: int, export: str) -> None:
    assert len(json.loads(run(export, "--json", *option).stdout)["exceptions"]) == count


def test_a_page_holds_what_json_prints(export: str) -> None:
    result = run(export, "--json", "--html", "pages/register.html")
    assert result.exit_code == 0, result.output
    assert "page written to pages/register.html" in result.stderr
    found = re.search('id="data">(.*?)</script>', Path("pages/register.html").read_text(encoding="utf-8"))
    assert found is not None
    assert json.loads(found[1]) == json.loads(result.stdout)


def test_the_register_says_where_its_findings_come_from_and_what_is_not_read(export: str) -> None:
    with Path(export).open("a") as file:
        file.write('{"finding": 1}\n')
    said = json.loads(run(export, "--json", "--ends-within", "90").stdout)
    assert said["source"]["name"] == export
    assert [one["account"] for one in said["source"]["exports"]] == ["111122223333"]
    assert (said["source"]["unusable"], said["source"]["cut_off"]) == (1, [])
    assert said["chosen"] == {"owner": None, "ends_within": 90}
    assert json.loads(run("--json").stdout)["source"] is None


def test_an_end_beyond_all_calendars_is_the_last_moment(folder: Folder) -> None:
    folder({"a.yaml": RULES.replace("2027-01-31", "9999-12-31")})
    (row,) = json.loads(run("--json").stdout)["exceptions"]
    assert (row["until"], row["ends"]) == ("9999-12-31", "9999-12-31T23:59:59Z")


BY_TEAM = RULES.replace("=cmd|' /C calc'!A0", "{account: team}")


@pytest.mark.parametrize(
    ("directory", "owners", "held_for"),
    [
        pytest.param("{team: shop}", ["shop"], {"shop": 1}, id="the owner of the account"),
        pytest.param("{team: ' ', name: x}", ["web"], {"not known": 1}, id="not known, and never another's"),
    ],
)
def test_an_owner_by_account_answers_for_the_findings_of_its_accounts(
    directory: str, owners: list[str], held_for: dict[str, int], export: str, folder: Folder
) -> None:
    other = "" if owners == ["shop"] else '  "444455556666": {team: web}\n'
    folder({"a.yaml": BY_TEAM, "accounts.yaml": f'accounts:\n  "111122223333": {directory}\n{other}'})
    [row] = json.loads(run(export, "--json").stdout)["exceptions"]
    assert (row["owner"], row["owners"], row["by_owner"]) == ("by account attribute team", owners, held_for)
    said = 'for no known owner: "not known" 1' if other else "for 1 owner: shop 1"
    assert f"  {said}\n" in run(export).stdout
    for name in ("shop", "web", "by account attribute team"):
        shown = json.loads(run(export, "--json", "--owner", name).stdout)["exceptions"]
        assert len(shown) == (name in owners)


def many_owners(export: str, folder: Folder, count: int) -> None:
    """Let each of so many owners answer for a finding of an account of their own."""
    [head, held, *_others] = Path(export).read_text().splitlines()
    accounts = [f"{number:012}" for number in range(count)]
    lines = [held.replace("111122223333", account).replace("f-0", account) for account in accounts]
    Path(export).write_text("\n".join([head, *lines]) + "\n")
    directory = "".join(f'  "{account}": {{team: team-{account[-3:]}}}\n' for account in accounts)
    folder({"a.yaml": BY_TEAM, "accounts.yaml": f"accounts:\n{directory}"})


def test_all_owners_are_counted_and_the_chosen_one_is_shown(export: str, folder: Folder) -> None:
    many_owners(export, folder, 70)
    assert "  for 70 owners: team-000 1, team-001 1," in run(export).stdout
    assert "  for 70 owners: team-040 1, team-000 1," in run(export, "--owner", "team-040").stdout


def test_none_held_is_not_known_where_entries_are_missing(export: str) -> None:
    held = [json.loads(line) for line in Path(export).read_text().splitlines()]
    Path("bare.jsonl").write_text(json.dumps(held[1]["finding"]) + "\n")
    Path("mixed.jsonl").write_text(Path(export).read_text() + json.dumps({**held[1]["finding"], "Id": "f-2"}))
    shown = {name: run(name).stdout for name in ("bare.jsonl", "mixed.jsonl")}
    assert "  holds not known\n" in shown["bare.jsonl"]
    assert "  holds at least 1 finding: LOW 1\n" in shown["mixed.jsonl"]
    assert "  in at least 1 account: 111122223333 1\n" in shown["mixed.jsonl"]
    head, row = csv.reader(io.StringIO(run("mixed.jsonl", "--csv").stdout))
    assert (row[head.index("holds")], row[head.index("overruled")]) == ("at least 1", "not known")


PLACE = ("--publish", "s3://a-bucket/hub")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["--publish", "a-bucket"], "write s3://BUCKET/PREFIX", id="no place"),
        pytest.param(PLACE, "--publish needs FINDINGS, or --live", id="no findings"),
        pytest.param(["export.jsonl", *PLACE, "--at", AT], "leave out --at", id="another day"),
        pytest.param(["export.jsonl", *PLACE, "--owner", "web"], "leave out --owner", id="some of it"),
        pytest.param(["export.jsonl", *PLACE, "--ends-within", "9"], "leave out --ends-within", id="soon"),
    ],
)
def test_only_the_whole_register_of_now_is_published(
    arguments: Sequence[str], said: str, export: str
) -> None:
    del export
    result = CliRunner().invoke(cli, ["exceptions", *arguments])
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


def test_a_register_of_input_that_is_cut_off_is_not_published(
    export: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The credentials would fail at the first call, and with another message."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    whole = gzip.compress(Path(export).read_bytes() * 50)
    Path("cut.jsonl.gz").write_bytes(whole[: len(whole) - 20])
    result = CliRunner().invoke(cli, ["exceptions", "cut.jsonl.gz", *PLACE])
    assert result.exit_code == 2
    assert "not all of the input could be read" in result.stderr
    assert "s3:PutObject" not in result.stderr


def test_what_cannot_be_done_exits_with_2(export: str) -> None:
    assert run(export, "--json", "--csv").exit_code == 2
    assert run("none.jsonl").exit_code == 2
    assert run(export, "--rules", "none").exit_code == 2


ANA = "arn:aws:sts::111122223333:assumed-role/Admin/ana"


def live(monkeypatch: pytest.MonkeyPatch, export: str, *answers: History | CallFault) -> list[Any]:
    """Let --live read an export, and the history answer so; return the keys that are asked for."""
    asked: list[Any] = []

    def ask(key: Any) -> History | CallFault:
        asked.append(key)
        return answers[min(len(asked), len(answers)) - 1]

    monkeypatch.setattr(live_inputs, "live_file", lambda _source: Path(export))
    monkeypatch.setattr(live_inputs, "histories_from_here", lambda: ask)
    return asked


def suppressed_by(principal: str) -> History:
    return History((HistoryRecord(1.0, "person", {"Workflow.Status": "SUPPRESSED"}, principal),))


def test_live_says_who_hid_what_no_rule_hides(export: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = live(monkeypatch, export, suppressed_by(ANA))
    result = run("--live")
    assert (result.exit_code, [key[1] for key in asked]) == (0, ["f-1\x1b[2J"])
    assert f"hidden by people or other tools, and by no rule: 1 by {ANA}; such as" in result.stdout
    assert f"Workflow.Status SUPPRESSED, by {ANA} at 1970-01-01T00:00:01Z" in result.stdout
    told = json.loads(run("--live", "--json").stdout)["hidden"]
    assert told["by_whom"] == {"principals": {ANA: 1}, "no_record": 0, "unread": 0, "not_asked": 0}
    assert [(one["by"], one["at"]) for one in told["others"]] == [(ANA, "1970-01-01T00:00:01Z")]


def test_a_name_of_a_principal_cannot_write_to_the_terminal(
    export: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(monkeypatch, export, suppressed_by("arn\x1b[2J\n::error::x"))
    said = run("--live").stdout
    assert "\x1b" not in said
    assert "\n::" not in said


def test_no_one_is_asked_if_none_is_wanted(export: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = live(monkeypatch, export, History(()))
    told = json.loads(run("--live", "--json", "--by-whom", "0").stdout)["hidden"]
    assert (asked, told["by_whom"]) == ([], None)
    assert json.loads(run(export, "--json").stdout)["hidden"]["by_whom"] is None


def test_what_has_no_record_is_not_known(export: str, monkeypatch: pytest.MonkeyPatch) -> None:
    live(monkeypatch, export, History(()))
    result = run("--live")
    assert result.exit_code == 0
    assert "by no rule: 1 not known, without a record in the history; such as" in result.stdout


@pytest.mark.parametrize(
    ("kind", "hint"),
    [
        pytest.param(Fault.DENIED, "allow securityhub:GetFindingHistory", id="denied"),
        pytest.param(Fault.THROTTLED, "run the command again", id="throttled"),
    ],
)
def test_a_history_that_cannot_be_read_is_said_after_the_register(
    kind: Fault, hint: str, export: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(monkeypatch, export, CallFault(kind, "SomeException", "why \x1b"))
    result = run("--live")
    assert result.exit_code == 2
    assert "by no rule: 1 not known, as the history could not be read; such as" in result.stdout
    assert "it could not be read who hid" in result.stderr
    assert "SomeException: why" in result.stderr
    assert "\x1b" not in result.stderr
    assert hint in result.stderr


def test_whom_to_ask_needs_live(export: str) -> None:
    result = run(export, "--by-whom", "3")
    assert (result.exit_code, "it goes with --live" in result.stderr) == (2, True)
