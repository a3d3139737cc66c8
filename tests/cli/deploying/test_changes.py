"""Which rules a deployment ends, changes and adds, and what they hold."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from click.exceptions import ClickException

from hubtriage.authoring.compiler import compile_ruleset
from hubtriage.cli.deploying import deployed
from hubtriage.cli.deploying.changes import Holdings, changed_rules, with_holdings
from hubtriage.cli.deploying.deployed import holdings_of, ruleset_of
from hubtriage.engine.planning.entry import Claim, Entry

BEFORE = """\
lists:
  sandboxes: ["111122223333"]
rules:
  - {id: kept, description: old, match: {ProductName: [Macie]}, update: {Criticality: 50}}
  - {id: changed, match: {ProductName: [Macie]}, update: {Criticality: 40}}
  - {id: listed, match: {AwsAccountId: [{in-list: sandboxes}]}, update: {Criticality: 30}}
  - {id: dated, expires: 2030-01-01, match: {ProductName: [Macie]}, update: {Criticality: 20}}
  - {id: notifies, match: {ProductName: [Macie]}, update: {Criticality: 10}, notify: a}
  - {id: opens, match: {ProductName: [Macie]}, update: {Criticality: 10}, open-ticket: a}
  - {id: deleted, match: {ProductName: [Macie]}, update: {Criticality: 10}}
  - {id: switched-off, match: {ProductName: [Macie]}, update: {Criticality: 10}}
"""
AFTER = (
    BEFORE.replace("description: old", "description: new")
    .replace("Criticality: 40", "Criticality: 41")
    .replace('["111122223333"]', '["111122223333", "444455556666"]')
    .replace("2030-01-01", "2031-01-01")
    .replace("notify: a", "notify: b")
    .replace("open-ticket: a", "open-ticket: {queue: a, per: rule}")
    .replace("id: deleted", "id: added")
    .replace("id: switched-off,", 'id: switched-off, mode: "off",')
)


def document(folder: Path, text: str) -> dict[str, Any]:
    folder.mkdir()
    (folder / "rules.yaml").write_text(text)
    return compile_ruleset(folder, revision=None)


def test_what_changes_between_two_rule_sets(tmp_path: Path) -> None:
    found = changed_rules(document(tmp_path / "before", BEFORE), document(tmp_path / "after", AFTER))
    assert found == {
        "deleted": "ended",
        "switched-off": "ended",
        "changed": "changed",
        "dated": "changed",
        "listed": "changed",
        "notifies": "changed",
        "opens": "changed",
        "added": "added",
    }


def test_a_rule_set_of_another_format_is_not_compared(tmp_path: Path) -> None:
    new = document(tmp_path / "after", AFTER)
    with pytest.raises(ValueError, match="format 0"):
        changed_rules({**new, "format": 0}, new)


def entry(**claims: Claim) -> Entry:
    return Entry(claims={name.replace("__", "."): claim for name, claim in claims.items()}, version=1)


def test_what_rules_hold_is_counted_and_what_they_hide() -> None:
    holdings = Holdings()
    hidden = Claim("SUPPRESSED", "ends")
    holdings.count(
        [
            entry(Workflow__Status=hidden, Criticality=Claim(50, "changes")),
            entry(Workflow__Status=hidden),
            entry(Criticality=Claim(50, "ends")),
            entry(Criticality=Claim(50, "other")),
        ],
        {"ends", "changes"},
    )
    changes = with_holdings(
        {"new": "added", "changes": "changed", "ends": "ended", "idle": "ended"}, holdings
    )
    assert [(one.rule, one.kind, one.held, one.hidden) for one in changes] == [
        ("ends", "ended", 3, 2),
        ("idle", "ended", 0, 0),
        ("changes", "changed", 1, 0),
        ("new", "added", 0, 0),
    ]


def archive(**members: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as opened:
        for name, content in members.items():
            opened.writestr(name.replace("_", "."), content)
    return packed.getvalue()


RULESET = {"format": 1, "rules": []}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(archive(ruleset_json=json.dumps(RULESET).encode()), None, id="the code of a function"),
        pytest.param(archive(other_json=b"{}"), "ruleset.json", id="code of another function"),
        pytest.param(archive(ruleset_json=b"{"), "cannot be read", id="half a document"),
        pytest.param(b"<Error>Expired</Error>", "not a zip file", id="an answer of S3"),
        pytest.param(archive(ruleset_json=b" " * 2000), "larger than AWS allows", id="a bomb"),
    ],
)
def test_the_deployed_rules_are_read_from_code_or_not_known(
    content: bytes, words: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deployed, "MOST_BYTES", 1000)
    monkeypatch.setattr(deployed, "_fetched", lambda _location: content)
    if words is None:
        assert ruleset_of("https://code") == RULESET
        return
    with pytest.raises(ClickException) as error:
        ruleset_of("https://code")
    assert "what is deployed is not known" in error.value.message
    assert words in error.value.message


@pytest.mark.parametrize("location", ["file:///etc/passwd", "", "https://127.0.0.1:1/code"])
def test_an_address_without_code_is_not_taken_for_no_rules(location: str) -> None:
    with pytest.raises(ClickException, match="what is deployed is not known"):
        ruleset_of(location)


def test_without_a_rule_that_could_hold_something_no_ledger_is_read() -> None:
    assert holdings_of({"LedgerTableName": "hubtriage-ledger"}, []) == Holdings()
