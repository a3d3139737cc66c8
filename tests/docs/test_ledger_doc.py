"""What the page about the ledger shows is so."""

import json
import re
import shutil
import subprocess
from dataclasses import fields

import pytest

from benchmarks.cost import GB, LOGS_GB
from hubtriage.aws.ledger.ending import KEPT
from hubtriage.aws.ledger.entry_format import read_entry, write_entry
from hubtriage.aws.ledger.item import ENTRY, FINDING, RULES, VERSION, hash_of
from hubtriage.aws.ledger.table import KEY, SWEEP_ACTIONS, TRIAGE_ACTIONS
from hubtriage.aws.triage.decision_log import LONGEST_ENTRY
from hubtriage.cli.views.entry import about_line, entry_lines
from hubtriage.engine.planning.entry import Claim, Entry, Intent
from tests.support.entries import ORDINARY
from tests.support.paths import ROOT

PAGE = (ROOT / "docs" / "ledger.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_entry_is_one_that_is_read_and_written_so() -> None:
    shown = blocks("json")[0]
    entry = read_entry(shown, ORDINARY.version)
    assert (entry.claims, entry.written, entry.about) == (ORDINARY.claims, ORDINARY.written, ORDINARY.about)
    assert write_entry(entry) == json.dumps(json.loads(shown), separators=(",", ":"))


def test_every_attribute_and_member_is_explained() -> None:
    named = set(re.findall(r"`([a-z_]+)`", PAGE))
    assert {KEY, FINDING, VERSION, RULES, ENTRY} <= named
    assert {each.name for kind in (Claim, Entry, Intent) for each in fields(kind)} <= named


def test_the_key_is_calculated_as_shown() -> None:
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl")
    (block,) = (block for block in blocks("sh") if block.startswith("FINDING="))
    lines = block.splitlines()[:2]
    script = "\n".join([*lines, 'printf "%s\\n%s" "$FINDING" "$KEY"'])
    finding, key = subprocess.run(
        ["sh", "-c", script], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    product, identifier = json.loads(finding)
    assert key == hash_of((product, identifier))


def test_the_permissions_are_those_of_the_roles() -> None:
    rows = {line.split("|")[1].strip(): line for line in PAGE.splitlines() if "`dynamodb:" in line}
    actions = {who: set(re.findall(r"`(dynamodb:\w+)`", row)) for who, row in rows.items()}
    assert actions["the triage function"] == set(TRIAGE_ACTIONS)
    assert actions["the sweep"] == set(SWEEP_ACTIONS)


def test_an_entry_stays_as_long_as_shown() -> None:
    assert f"within {KEPT / 86_400:.0f} days of the last" in PAGE


def test_what_is_shown_of_an_entry_is_what_the_command_prints() -> None:
    (shown,) = blocks("text")
    arn, product = shown.splitlines()[:2]
    key = (product, arn)
    entry = read_entry(blocks("json")[0], ORDINARY.version)
    lines = [arn, product, about_line(entry.about), *entry_lines(entry, entry.started + 3 * 3600)]
    assert shown.splitlines() == lines
    assert json.dumps(key, separators=(",", ":")) in PAGE


def test_an_operator_may_do_what_reading_and_writing_need() -> None:
    policy = json.loads(blocks("json")[-1])
    actions = {each["Sid"]: set(each["Action"]) for each in policy["Statement"] if "dynamodb" in str(each)}
    assert actions == {
        "ShowAndExport": {"dynamodb:BatchGetItem", "dynamodb:Scan"},
        "ImportAndRebuild": {"dynamodb:PartiQLInsert", "dynamodb:PartiQLUpdate"},
    }


def test_the_longest_entry_of_a_line_is_as_told() -> None:
    assert f"more than {LONGEST_ENTRY // 1024} KB" in PAGE


def test_what_entries_cost_in_the_log_is_as_told() -> None:
    size = len(f',"version":2,"entry":{write_entry(ORDINARY)}')
    (row,) = (line for line in PAGE.splitlines() if line.startswith("| the entry in the log line"))
    assert f"| {round(size, -1)} bytes each |" in row
    assert f"| {size * 1_000_000 / GB * LOGS_GB:.2f} USD |" in row
