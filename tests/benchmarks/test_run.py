"""The measurements run, and one that does not is noticed."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import calls, peers, run
from benchmarks.measure import SMALL, Figure, Scale
from tests.support.paths import ROOT


@pytest.fixture(autouse=True)
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where results go."""
    monkeypatch.setattr(run, "BUILD", tmp_path)
    return tmp_path


def sections(monkeypatch: pytest.MonkeyPatch, **given: Iterator[Figure]) -> None:
    """Have these in place of the real ones."""
    monkeypatch.setattr(run, "SECTIONS", {name: lambda _, got=got: got for name, got in given.items()})


def broken() -> Iterator[Figure]:
    yield Figure("half of it", 1.0, "s")
    raise KeyError("a setting that is gone")


NAMES = {
    "match": [
        "json.loads, 4 KB",
        "match, 4 KB, 100 rules",
        "match, 4 KB, 300 rules",
        "json.loads, 20 KB",
        "match, 20 KB, 100 rules",
        "match, 20 KB, 300 rules",
    ],
    "batch": [
        "batch, a tenth changes, 30% known",
        "batch, a tenth changes, 90% known",
        "one event, warm",
    ],
    "calls": ["calls, 20 rules, for 50 findings", "calls, 20 rules, over the fewest"],
    "ledger": [
        "ledger, recall of a batch, 0 % known",
        "ledger, recall of a batch, 30 % known",
        "ledger, recall of a batch, 100 % known",
        "ledger, intents of a tenth of a batch",
    ],
    "load": ["load 300 rules", "load 300 rules, peak memory"],
    "page": ["page, 300 findings: size", "page, 300 findings: first view", "page, 300 findings: search"],
    "closures": ["closures one by one, 4 KB, 100 rules", "closures one by one, 4 KB, 300 rules"],
}
"""By section: figures before and after a change are compared by their names."""


@pytest.mark.parametrize("section", NAMES)
def test_a_section_that_needs_no_network_runs_with_small_sizes(section: str, build: Path) -> None:
    """In a process of its own: among all that a test process holds, collecting garbage takes a minute."""
    code = (
        "import pathlib, sys; from benchmarks import run; run.BUILD = pathlib.Path(sys.argv[1]); "
        "sys.exit(run.main(['--small', '--only', sys.argv[2]]))"
    )
    subprocess.run([sys.executable, "-c", code, str(build), section], cwd=ROOT, check=True)
    rows = json.loads((build / "bench-small.json").read_text())["rows"]
    assert [row["name"] for row in rows] == NAMES[section]
    assert all(row["note"] == "needs Chromium" or row["value"] > 0 for row in rows), rows


def test_a_batch_makes_as_few_calls_as_promised() -> None:
    """They are counted, so no machine is too busy for the limits."""
    for figure in calls.figures(SMALL):
        assert figure.value is not None
        assert figure.limit is not None
        assert figure.value <= figure.limit, figure


def test_a_broken_section_fails_the_small_form_and_the_others_are_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], build: Path
) -> None:
    sections(monkeypatch, broken=broken(), fine=iter([Figure("all of it", 2.0, "s")]))
    assert run.main(["--small"]) == 1
    assert "section broken failed: KeyError('a setting that is gone')" in capsys.readouterr().err
    rows = json.loads((build / "bench-small.json").read_text())["rows"]
    assert [row["name"] for row in rows] == ["half of it", "all of it"]


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), None], ids=["NaN", "infinite", "none, for no reason"]
)
def test_what_is_no_number_fails_the_small_form(
    value: float | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sections(monkeypatch, odd=iter([Figure("it", value, "s")]))
    assert run.main(["--small"]) == 1
    assert f"it is {value}, no number" in capsys.readouterr().err


def test_a_peer_that_cannot_be_installed_is_not_measured_and_fails_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, build: Path
) -> None:
    monkeypatch.setattr(peers, "BUILD", tmp_path)
    nowhere = peers.Environment("nowhere", ("package-that-is-not-there==0",), python="no-such-python")

    def figures(scale: Scale) -> Iterator[Figure]:
        yield peers._figure("a peer", nowhere, [], scale.patience)

    monkeypatch.setattr(run, "SECTIONS", {"peers": figures})
    assert run.main(["--small"]) == 0
    (row,) = json.loads((build / "bench-small.json").read_text())["rows"]
    assert row["value"] is None
    assert "cannot be installed" in row["note"]


def test_a_peer_that_is_installed_and_fails_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "there" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to("/bin/false")
    (tmp_path / "there" / "ready").touch()
    monkeypatch.setattr(peers, "BUILD", tmp_path)
    with pytest.raises(subprocess.CalledProcessError):
        peers._figure("a peer", peers.Environment("there", ()), [], 1.0)
