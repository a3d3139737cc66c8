"""The demonstration from the outside: as a newcomer runs it, and as it ends when it is interrupted."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from tests.support.made_once import made_once
from tests.support.paths import ROOT

PROJECT = ROOT
MARK = "HUBTRIAGE_TEST_MARK"
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are found through /proc"),
]


def start(build, mark, *arguments):
    command = [
        sys.executable,
        "-m",
        "hubtriage",
        "demo",
        "--build",
        str(build),
    ]
    return subprocess.Popen(
        [*command, *arguments],
        cwd=PROJECT,
        env=os.environ | {MARK: mark},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def left_running(mark):
    """Processes that inherited the mark and live."""
    needle = f"{MARK}={mark}".encode()
    return [
        entry.name
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and needle in environment(entry)
    ]


def environment(process):
    try:
        return (process / "environ").read_bytes()
    except (PermissionError, ProcessLookupError, FileNotFoundError):
        return b""


def none_left(mark, patience=60.0):
    deadline = time.monotonic() + patience
    while left_running(mark) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not left_running(mark)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """One whole run for all test processes; the tests look at its parts."""
    return json.loads((made_once(tmp_path_factory, "demo", whole_run) / "run.json").read_text())


def whole_run(folder):
    build, mark = folder / "build", uuid.uuid4().hex
    build.mkdir()
    process = start(build, mark, "--findings", "2000")
    out, err = process.communicate(timeout=600)
    summary = json.loads((build / "summary.json").read_text())
    (folder / "run.json").write_text(json.dumps([process.returncode, out, err, summary, mark]))


def test_it_succeeds(run):
    code, out, err, summary, _ = run
    assert (code, summary["problems"], err) == (0, [], ""), out


def test_every_finding_is_accounted_for(run):
    summary = run[3]
    assert summary["findings"] == 2000
    assert summary["changed"] + summary["unchanged"] + summary["refused"] == 2000
    assert (summary["refused"], summary["dlq"]) == (0, 0)
    assert summary["changed"] > 100


def test_calls_are_as_few_as_they_can_be(run):
    summary = run[3]
    assert 0 < summary["api_calls"] <= 1.05 * summary["ideal_calls"]
    assert summary["findings_per_call"] == round(summary["changed"] / summary["api_calls"], 2)


def test_every_rule_has_a_row_and_most_do_something(run):
    _, out, _, summary, _ = run
    assert len(summary["by_rule"]) >= 8
    assert all(rule in out for rule in summary["by_rule"])
    assert sum(map(bool, summary["by_rule"].values())) >= 4
    assert summary["observed_by_rule"]


def test_people_keep_what_they_set(run):
    assert run[3]["kept"] > 0


def test_hidden_findings_show_in_the_workflow(run):
    workflow = run[3]["workflow"]
    assert workflow["after"]["SUPPRESSED"] > workflow["before"]["SUPPRESSED"]
    assert sum(workflow["after"].values()) == sum(workflow["before"].values()) == 2000


def test_a_log_gets_plain_lines_without_colours(run):
    out = run[1]
    assert "\x1b" not in out
    assert "done  Triage" in out
    assert '"finding_id": "arn:' in out
    assert "DECISION" in out


def test_nothing_is_left_running(run):
    assert none_left(run[4])


@pytest.mark.slow
def test_both_hubs_are_triaged_and_each_finding_of_each_is_accounted_for(tmp_path):
    mark = uuid.uuid4().hex
    process = start(tmp_path, mark, "--findings", "600", "--hub", "both")
    out, err = process.communicate(timeout=600)
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert (process.returncode, summary["problems"], err) == (0, [], ""), out
    assert list(summary["hubs"]) == ["cspm", "v2"]
    for hub in summary["hubs"].values():
        assert hub["findings"] == hub["changed"] + hub["unchanged"]
        assert (hub["refused"], hub["dlq"]) == (0, 0)
        assert 0 < hub["api_calls"] <= 1.05 * hub["ideal_calls"]
    v2 = summary["hubs"]["v2"]
    assert v2["workflow"]["after"]["Suppressed"] > v2["workflow"]["before"]["Suppressed"]
    for severity in ("Unknown", "Other"):
        assert v2["severity"]["after"][severity] == v2["severity"]["before"][severity] > 0
    signals = summary["signals"]
    assert signals["hidden_in_both"] > 0
    assert signals.pop("in_both") == sum(signals.values()) > 300
    assert "BatchUpdateFindingsV2 calls changed" in out
    assert none_left(mark)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "a polite kill"])
def test_an_interrupted_run_leaves_nothing_behind(tmp_path, number):
    mark = uuid.uuid4().hex
    process = start(tmp_path, mark)
    line = next(text for text in process.stdout if "Start the local AWS" in text)
    port = int(line.rstrip().rpartition(":")[2])
    process.send_signal(number)
    process.communicate(timeout=120)
    assert process.returncode == 128 + number
    assert none_left(mark)
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), timeout=1):
        pass


def test_bad_rules_are_told_before_anything_starts(tmp_path):
    (tmp_path / "bad.yaml").write_text("rules: [{id: Bad}]\n")
    process = start(tmp_path / "build", "none", "--rules", str(tmp_path))
    out, err = process.communicate(timeout=600)
    assert process.returncode == 1
    assert out == ""
    assert "bad.yaml:1:" in err
    assert "Traceback" not in err


def test_with_tickets_a_rule_is_added_and_every_ticket_is_accounted_for(tmp_path):
    process = start(tmp_path, uuid.uuid4().hex, "--findings", "400", "--tickets", "--json")
    out, err = process.communicate(timeout=600)
    assert process.returncode == 0, err
    summary = json.loads(out)
    tickets = summary["tickets"]
    assert tickets["problems"] == []
    assert tickets["tickets"] > 3
    assert tickets["findings"] >= tickets["tickets"]
    assert tickets["messages"] > 0
