"""Nothing in a finding acts on the terminal, the page, the pull request or the program that reads an output.

Each command runs on a harmless finding and on one with a hostile text wherever a finding has text. The
hostile one may not add a line, nor a character that is not printed, nor markup.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
from click.testing import CliRunner

from hubtriage.aws.ledger.entry_format import write_entry
from hubtriage.aws.securityhub.claim_history import ClaimHistory
from hubtriage.aws.securityhub.finding_history import HistoryEvent
from hubtriage.aws.triage.decision_log import Circumstances, DecisionLog
from hubtriage.aws.triage.deduplication import DeduplicatedFinding
from hubtriage.aws.triage.events import FindingEvent, Message
from hubtriage.aws.triage.results import Outcome, Result
from hubtriage.cli.commands.aws import logs
from hubtriage.cli.main import cli
from hubtriage.cli.views.why import FindingStanding, event_record, held_record, lines
from hubtriage.engine.planning.entry import Claim, Entry, stored
from hubtriage.engine.planning.plan import Settings, decide
from hubtriage.engine.ruleset.ruleset import load_ruleset

HARMLESS = "Harmless text"
TEXTS = {
    "terminal escapes": "a\x1b[2J\x1b]0;owned\x07\x9b31m\x7f",
    "line ends of all kinds": "a\r\nupdated: 1\x0b\x0c\x85\u2028\u2029b",
    "text that changes its direction": "abc\u202egnp.exe\u2066",
    "markup": "</script><img src=x onerror=alert(1)><!-- ]]> <a href='javascript:alert(1)'>",
    "Markdown": "`x` | @security-team [a](javascript:1) ![](http://x/y.png) \n\n# h\n***\n",
    "a spreadsheet formula": "=cmd|'/C calc'!A0",
    "a format string": "{0} {finding.Id} %s %(x)s $data ${data}",
    "a workflow command": "::error file=x::owned",
}
RULES = """\
rules:
  - id: tells
    when: true
    update:
      Note: {Text: "{finding.Title} {finding.AwsAccountId}"}
      UserDefinedFields: {title: "{finding.Title}"}
      Types: {Add: [Effects]}
  - id: looks
    ceiling: HIGH
    match: {Title: [{anything-but: x}], Resources: {Id: [{prefix: ""}]}}
    when: {or: [{"==": [{var: Title}, x]}, {"<": [{var: Confidence}, 1]}, {in: [{var: Id}, {var: Types}]}]}
    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted.}}
"""
OTHERS = RULES.replace("Effects", "TTPs").replace("SUPPRESSED", "NOTIFIED")


FREE = ("Title", "Description", "Note", "UserDefinedFields", "Confidence")


def document(text: str) -> str:
    """The finding as JSON."""
    return json.dumps(finding(text))


def finding(text: str) -> dict[str, Any]:
    """A finding with the text wherever one can be."""
    return {
        "Id": text,
        "ProductArn": text,
        "ProductName": text,
        "AwsAccountId": text,
        "GeneratorId": text,
        "Title": text,
        "Description": text,
        "Types": [text],
        "Severity": {"Label": "HIGH", "Original": text},
        "FindingProviderFields": {"Types": ["b"], "Severity": {"Label": text, "Original": text}},
        "Compliance": {"Status": text, "SecurityControlId": text},
        "Resources": [{"Type": text, "Id": text, "Tags": {text: text}}],
        "Workflow": {"Status": "SUPPRESSED"},
        "RecordState": text,
        "Note": {"Text": text, "UpdatedBy": "hubtriage/x"},
        "UserDefinedFields": {f"key {text}": text, "title": f"old {text}"},
        "Confidence": 7,
    }


def entry(text: str) -> Entry:
    """An entry of the ledger with the text wherever one can be, the names of rules included."""
    key = f"UserDefinedFields.key {text}"
    return Entry(
        version=1,
        claims={
            "Workflow.Status": Claim("SUPPRESSED", text),
            "Note.Text": Claim(stored(text), text),
            "Types": Claim(stored((text,)), text, before=(text,)),
            key: Claim(stored(text), text, before=text, overruled=1),
        },
        about={text: text},
    )


def exported(document: str) -> str:
    """The finding of a document with its entry, as an export has them."""
    title = json.loads(document, parse_int=str, parse_float=str)["Title"]
    return f'{{"finding": {document}, "entry": {write_entry(entry(title))}}}'


class Desk:
    """A folder with rules and a finding, and what the commands say of them."""

    def __init__(self, folder: Path, document: str) -> None:
        self.folder = folder
        whole = json.loads(document)
        free = {name: whole[name] for name in FREE if name in whole}  # lint refuses the text anywhere else
        tested = RULES + f"    tests: [{{name: n, finding: {json.dumps(free)}, expect: {{Confidence: 9}}}}]\n"
        for name, rules in (("rules", RULES), ("others", OTHERS), ("tested", tested)):
            (folder / name).mkdir(parents=True)
            (folder / name / "rules.yaml").write_text(rules)
        (folder / "found.json").write_text(exported(document))

    def run(self, arguments: str) -> str:
        """The output of a command; `@` in its arguments stands for this folder."""
        told = [each.replace("@", f"{self.folder}/") for each in arguments.split()]
        result = CliRunner().invoke(cli, told)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert result.exit_code in (0, 1), result.output
        return result.stdout.replace(str(self.folder), "")


OUTPUTS = {
    "plan": "plan @found.json --rules @rules",
    "explain": "explain @found.json --rules @rules --all",
    "backtest": "backtest @found.json --rules @rules --processes 1",
    "diff": "diff @rules @others @found.json --processes 1",
    "test": "test @tested --coverage",
}
MARKDOWN = OUTPUTS["diff"] + " --format markdown"
OUR_MARKUP = re.compile(r"</?(?:code|details|summary)>")


def lines_of(output: str) -> list[str]:
    """The lines of an output, in which there may be nothing that is not printed."""
    assert {one for one in output if not one.isprintable()} <= {"\n"}
    return output.split("\n")


@pytest.mark.parametrize("arguments", [*OUTPUTS.values(), MARKDOWN], ids=[*OUTPUTS, "Markdown"])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_what_people_read_has_the_lines_that_it_would_have_anyway(
    text: str, arguments: str, tmp_path: Path
) -> None:
    hostile = lines_of(Desk(tmp_path / "hostile", document(text)).run(arguments))
    harmless = lines_of(Desk(tmp_path / "harmless", document(HARMLESS)).run(arguments))
    assert any(HARMLESS in line for line in harmless)
    assert len(hostile) == len(harmless)
    assert [line for line in hostile if line.lstrip().startswith("::")] == []


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_markdown_has_no_markup_but_our_own(text: str, tmp_path: Path) -> None:
    output = OUR_MARKUP.sub("", Desk(tmp_path, document(text)).run(MARKDOWN))
    assert not set("<>`@!") & set(output)
    assert "](" not in output
    assert not [line for line in output.splitlines() if line.startswith("#") and "hubtriage" not in line]


class Page(HTMLParser):
    """The tags of a page, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(f"{tag} {sorted(name for name, _ in attrs)}")


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_page_of_a_backtest_has_the_elements_that_it_would_have_anyway(text: str, tmp_path: Path) -> None:
    pages = []
    for name, told in (("hostile", text), ("harmless", HARMLESS)):
        desk = Desk(tmp_path / name, document(told))
        desk.run(OUTPUTS["backtest"] + " --html @page.html")
        pages.append(Page((desk.folder / "page.html").read_text(encoding="utf-8")).tags)
    assert pages[0] == pages[1]


def _no_json(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


@pytest.mark.parametrize("name", ["plan", "explain", "backtest", "diff"])
@pytest.mark.parametrize("number", ["7", "1e400", "-1e400"])
def test_what_programs_read_is_json(number: str, name: str, tmp_path: Path) -> None:
    hostile = document("a\x1b\ud800\u2028\u202e").replace('"Confidence": 7', f'"Confidence": {number}')
    output = Desk(tmp_path, hostile).run(OUTPUTS[name] + " --json")
    assert output.isascii()
    json.loads(output, parse_constant=_no_json)


@pytest.mark.parametrize("name", ["plan", "explain", "backtest"])
def test_half_of_a_surrogate_pair_is_told_as_one(name: str, tmp_path: Path) -> None:
    assert "\\ud800" in "".join(lines_of(Desk(tmp_path, document("\ud800")).run(OUTPUTS[name])))


@pytest.mark.parametrize("number", ["1e400", "-1e400", "7" * 4000])
def test_the_page_of_a_backtest_can_read_its_own_data(number: str, tmp_path: Path) -> None:
    desk = Desk(tmp_path, document(HARMLESS).replace('"Confidence": 7', f'"Confidence": {number}'))
    desk.run(OUTPUTS["backtest"] + " --html @page.html")
    data = re.search(r'<script[^>]* id="data"[^>]*>(.*?)</script>', (tmp_path / "page.html").read_text())
    assert data is not None
    assert HARMLESS in str(json.loads(data[1], parse_constant=_no_json))


def decision_line(found: Mapping[str, Any]) -> str:
    """The line of the decision log about a finding."""
    written: list[str] = []
    shared = Circumstances("hubtriage", "h", "r", "enforce", "request")
    message = Message("m")
    seen = DeduplicatedFinding(
        FindingEvent((found["ProductArn"], found["Id"]), found, message, None), (message,)
    )
    rules = [{"id": "r", "when": True, "update": {"Note": {"Text": "{finding.Title}!"}, "Types": ["x"]}}]
    ruleset = load_ruleset({"format": 1, "hash": "h", "rules": rules})
    decision = decide(found, entry(found["Title"]), ruleset, 0.0, Settings())
    DecisionLog(shared, 0, written.append, lambda: 0.0)([Outcome(seen, decision, Result("updated"), 1.0)])
    return written[0]


def told_by_logs(line: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What `hubtriage logs` prints of a log with this line."""
    page = {"events": [{"eventId": "1", "message": line}]}
    paginator = SimpleNamespace(paginate=lambda **_: [page])
    monkeypatch.setattr(logs, "outputs", lambda _stack: {"LogGroupName": "g"})
    monkeypatch.setattr(logs, "client", lambda _name: SimpleNamespace(get_paginator=lambda _: paginator))
    return CliRunner().invoke(cli, ["logs"]).stdout


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_told_log_has_the_lines_that_it_would_have_anyway(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = lines_of(told_by_logs(decision_line(finding(text)), monkeypatch))
    harmless = lines_of(told_by_logs(decision_line(finding(HARMLESS)), monkeypatch))
    assert any(HARMLESS in line for line in harmless)
    assert len(hostile) == len(harmless)
    assert [line for line in hostile if line.lstrip().startswith("::")] == []


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_story_of_a_finding_has_the_lines_that_it_would_have_anyway(text: str) -> None:
    hostile, harmless = (list(_story(told)) for told in (text, HARMLESS))
    assert any(HARMLESS in line for line in harmless)
    assert len(lines_of("\n".join(hostile))) == len(harmless)
    assert [line for line in hostile if line.lstrip().startswith("::")] == []


def _story(told: str) -> Iterator[str]:
    update = {"UpdatedField": told, "OldValue": told, "NewValue": told}
    changed = {"UpdateSource": {"Type": told, "Identity": told}, "Updates": [update], "FindingCreated": False}
    events = (
        HistoryEvent(0.0, "decision", json.loads(decision_line(finding(told)))),
        HistoryEvent(1.0, "change", changed),
    )
    held = replace(entry(told), asked={told: told}, written={told: told}, started=1.0, ended=1.0)
    known = {name: ClaimHistory(0.0, told, told, 1.0, told) for name in held.claims}
    persons = {name: replace(claim, person=True) for name, claim in held.claims.items()}
    for claims in (held.claims, persons):
        standing = FindingStanding((told, told), replace(held, claims=claims), known, events)
        yield from map(click.unstyle, lines(standing, 2.0))
        assert json.dumps(held_record(standing)).isascii()
    assert all(json.dumps(event_record(event)).isascii() for event in events)
