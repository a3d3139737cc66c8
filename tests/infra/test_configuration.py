"""Settings from CDK context: all checked, none guessed."""

import re
from pathlib import Path

import pytest

from infra.config import Configuration, ConfigurationError, setting_names

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "deploying.md"


def test_defaults_hold_without_any_context_and_foreign_values_are_not_ours():
    assert Configuration.from_context({"@aws-cdk/core:flag": True, "rules": 7}) == Configuration()


@pytest.mark.parametrize(
    ("name", "value", "attribute", "read"),
    [
        pytest.param(
            "batch-size", "200", "batch_size", 200, id="a number comes as text from the command line"
        ),
        pytest.param("batch-size", 200, "batch_size", 200, id="a number comes as a number from cdk.json"),
        pytest.param("calls-per-second", "2.5", "calls_per_second", 2.5, id="a rate may be fractional"),
        pytest.param("allow-empty", "true", "allow_empty", True, id="a switch comes as text"),
        pytest.param("known-stacks", "a, b", "known_stacks", ("a", "b"), id="a list is separated by commas"),
        pytest.param(
            "known-stacks", ["a", "b"], "known_stacks", ("a", "b"), id="a list is a list in cdk.json"
        ),
        pytest.param("log-retention-days", "731", "log_retention_days", 731, id="a retention comes as text"),
        pytest.param("never", "Types, Note.Text", "never", ("Note.Text", "Types"), id="fields, sorted"),
        pytest.param("tags", "a=1,b=x y", "tags", ("a=1", "b=x y"), id="tags"),
        pytest.param("rules", "../rules", "rules", Path("../rules"), id="a folder"),
        pytest.param("alarm-emails", "a@example.com", "alarm_emails", ("a@example.com",), id="one address"),
    ],
)
def test_reads(name, value, attribute, read):
    config = Configuration.from_context({f"hubtriage:{name}": value})
    assert getattr(config, attribute) == read


@pytest.mark.parametrize(
    ("context", "message"),
    [
        pytest.param(
            {"hubtriage:batchsize": 10},
            "context hubtriage:batchsize: there is no such setting\n"
            "  hint: did you mean hubtriage:batch-size?",
            id="a misspelt name names the nearest",
        ),
        pytest.param(
            {"hubtriage:batch_size": 10},
            "context hubtriage:batch_size: there is no such setting\n"
            "  hint: did you mean hubtriage:batch-size?",
            id="underscores are no second spelling",
        ),
        pytest.param(
            {"hubtriage:zzz": 1}, "hint: known are: stack-name, account", id="a name like none lists all"
        ),
        pytest.param(
            {"hubtriage:architecture": "arm"},
            "context hubtriage:architecture: Input should be 'arm64' or 'x86_64', not 'arm'\n"
            "  hint: processor of the Lambda function",
            id="an unknown architecture",
        ),
        pytest.param({"hubtriage:log-retention-days": 364}, "hubtriage:log-retention-days", id="364 days"),
        pytest.param({"hubtriage:maximum-concurrency": 1}, "greater than or equal to 2", id="AWS needs 2"),
        pytest.param({"hubtriage:batch-window-seconds": 0}, "greater than or equal to 1", id="no window"),
        pytest.param({"hubtriage:calls-per-second": 11}, "less than or equal to 10", id="above the quota"),
        pytest.param(
            {"hubtriage:stack-name": "a b"}, "hubtriage:stack-name", id="a blank in the stack's name"
        ),
        pytest.param({"hubtriage:account": "1234"}, "hubtriage:account", id="an account id of four digits"),
        pytest.param({"hubtriage:alarm-emails": "nobody"}, "hubtriage:alarm-emails", id="no address"),
        pytest.param(
            {"hubtriage:never": "Severity"},
            "triage sets no field 'Severity'; did you mean `Severity.Label`?",
            id="a field that is never set must be one that could be",
        ),
        pytest.param({"hubtriage:tags": "team"}, "hubtriage:tags", id="a tag without a value"),
        pytest.param({"hubtriage:tags": "aws:x=1"}, "hubtriage:tags", id="a tag that is AWS's own"),
        pytest.param(
            {"hubtriage:permission-boundary": "bound"},
            "hubtriage:permission-boundary",
            id="a boundary by name",
        ),
        pytest.param(
            {"hubtriage:batch-size": 10000},
            "may need 3197 s at 4 calls/s in each of 2 invocations, and the timeout is 900 s at most",
            id="a batch that no Lambda function could finish",
        ),
        pytest.param(
            {"hubtriage:timeout-seconds": 60},
            "the timeout is 60 s at most",
            id="a timeout below the worst case",
        ),
        pytest.param(
            {"hubtriage:reserved-concurrency": 1},
            "is below maximum-concurrency 2",
            id="too little is reserved",
        ),
        pytest.param(
            {"hubtriage:known-stacks": "hubtriage"},
            "names this stack itself",
            id="its own name is known anyway",
        ),
    ],
)
def test_refuses(context, message):
    with pytest.raises(ConfigurationError) as raised:
        Configuration.from_context(context)
    assert message in str(raised.value)


def test_reports_every_problem_at_once():
    with pytest.raises(ConfigurationError) as raised:
        Configuration.from_context({"hubtriage:udf": "x", "hubtriage:memory-mb": 1, "hubtriage:nope": 1})
    assert len(raised.value.problems) == 3


def test_every_setting_is_documented_with_its_default():
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (.*?) \|", DOCUMENT.read_text(), re.MULTILINE))
    assert rows == {name: _shown(name) for name in setting_names()}


def _shown(name: str) -> str:
    default = Configuration.model_fields[name.replace("-", "_")].default
    shown = ",".join(default) if isinstance(default, tuple) else default
    return "" if shown in (None, "") else f"`{str(shown).lower() if isinstance(shown, bool) else shown}`"
