"""`hubtriage doctor`: with `-q` it shows only what is not ok."""

from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from hubtriage.cli.commands.aws import doctor
from hubtriage.cli.main import cli
from hubtriage.doctor.account import Identity
from hubtriage.doctor.verdict import CheckResult, Verdict


def test_quiet_leaves_what_is_not_ok(monkeypatch: pytest.MonkeyPatch) -> None:
    account = SimpleNamespace(identity=Identity("111122223333", "eu-west-1", "aws", "arn"), stack="hubtriage")
    results = [
        CheckResult("hub", "Security Hub", Verdict("ok", "enabled")),
        CheckResult("quota", "Quota", Verdict("warning", "low", "raise it")),
    ]
    monkeypatch.setattr(doctor, "_account", lambda *_: account)
    monkeypatch.setattr(doctor, "examine", lambda *_: iter(results))
    shown = CliRunner().invoke(cli, ["doctor"]).stdout.splitlines()
    assert [line.split()[0] for line in shown if line] == ["account", "ok", "warning", "do:", "1"]
    assert CliRunner().invoke(cli, ["doctor", "-q"]).stdout.splitlines() == shown[2:4]
