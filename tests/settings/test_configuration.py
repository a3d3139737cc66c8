"""Settings from CDK context: all checked, none guessed."""

import re
from pathlib import Path

import pytest

from hubtriage.settings.configuration import Configuration, setting_names
from hubtriage.settings.errors import ConfigurationError
from tests.support.paths import ROOT

KEY = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER_KEY = "arn:aws:kms:us-east-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab"
BOUNDARY = "arn:aws:iam::111122223333:policy/bound"
DOCUMENT = ROOT / "docs" / "deploying.md"


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
        pytest.param("tags", "a=1, b=2", "tags", ("a=1", "b=2"), id="a list is separated by commas"),
        pytest.param("tags", ["a=1", "b=2"], "tags", ("a=1", "b=2"), id="a list is a list in cdk.json"),
        pytest.param("ledger-table", "a.b-c_D", "ledger_table", "a.b-c_D", id="a table"),
        pytest.param("log-retention-days", "731", "log_retention_days", 731, id="a retention comes as text"),
        pytest.param("never", "Types, Note.Text", "never", ("Note.Text", "Types"), id="fields, sorted"),
        pytest.param("tags", "a=1,b=x y", "tags", ("a=1", "b=x y"), id="tags"),
        pytest.param(
            "tags", {"a": "1", "b": "x y"}, "tags", ("a=1", "b=x y"), id="tags as a map in cdk.json"
        ),
        pytest.param("rules", "../rules", "rules", Path("../rules"), id="a folder"),
        pytest.param(
            "regions",
            "us-gov-west-1, us-iso-east-1",
            "regions",
            ("us-gov-west-1", "us-iso-east-1"),
            id="Regions of every partition",
        ),
        pytest.param("kms-keys", KEY, "kms_keys", (KEY,), id="a key"),
        pytest.param("initial-mode", "observe", "initial_mode", "observe", id="a mode to begin with"),
        pytest.param("time-zone", "Europe/Berlin", "time_zone", "Europe/Berlin", id="a time zone"),
        pytest.param("alarm-emails", "a@example.com", "alarm_emails", ("a@example.com",), id="one address"),
        pytest.param("notice-days", "7, 60", "notice_days", (60, 7), id="days, the longest time first"),
        pytest.param("notice-days", "", "notice_days", (), id="no notices"),
        pytest.param(
            "owners",
            {"Team A, Berlin": "a@x.com", "team-*": ["b@x.com", "a@x.com"]},
            "owners",
            ("Team A, Berlin=a@x.com", "team-*=b@x.com", "team-*=a@x.com"),
            id="owners as a table",
        ),
        pytest.param("hubs", "cspm,v2", "hubs", ("cspm", "v2"), id="hubs"),
        pytest.param("owners", "a=a@x.com,a=b@x.com", "owners", ("a=a@x.com", "a=b@x.com"), id="owners"),
    ],
)
def test_reads(name, value, attribute, read):
    config = Configuration.from_context({f"hubtriage:{name}": value})
    assert getattr(config, attribute) == read


WRONG = {
    # One value, and what is said about it
    "account": ("1234", "'1234' does not have the expected form"),
    "alarm-emails": ("nobody", "'nobody' does not have the expected form"),
    "allow-empty": ("perhaps", "should be a valid boolean"),
    "architecture": ("arm", "Input should be 'arm64' or 'x86_64', not 'arm'"),
    "hand-back-action": ("Hand back!", "does not have the expected form"),
    "batch-size": (10_001, "less than or equal to 10000, not 10001"),
    "batch-window-seconds": (0, "greater than or equal to 1, not 0"),
    "breaker-limit": (0, "greater than or equal to 1"),
    "calls-per-second": (11, "less than or equal to 10"),
    "channels": (7, "this is not a table"),
    "decision-events": ("maybe", "valid boolean"),
    "event-readers": ("4444", "'4444' does not have the expected form"),
    "hubs": ("v3", "Input should be 'cspm' or 'v2', not 'v3'"),
    "home-region": ("Frankfurt", "'Frankfurt' does not have the expected form"),
    "initial-mode": ("off", "Input should be 'enforce', 'reopen' or 'observe', not 'off'"),
    "kms-keys": ("alias/mine", "'alias/mine' does not have the expected form"),
    "ledger-table": ("arn:aws:dynamodb:x", "does not have the expected form"),
    "tickets-table": ("arn:aws:dynamodb:x", "does not have the expected form"),
    "linked-regions": ("eu", "'eu' does not have the expected form"),
    "log-level": ("LOUD", "Input should be 'DEBUG'"),
    "log-retention-days": (364, "400, 545"),
    "maximum-concurrency": (1, "greater than or equal to 2"),
    "maximum-receives": (1, "greater than or equal to 5"),
    "memory-mb": (64, "greater than or equal to 128"),
    "notice-days": ("0", "greater than or equal to 1"),
    "owners": ("team-a", "'team-a' does not have the expected form"),
    "never": ("Severity", "triage sets no field 'Severity'; did you mean `Severity.Label`?"),
    "only-rules-tagged": ("Lab", "'Lab' does not have the expected form"),
    "without-rules-tagged": ("lab,lab", "lab appears twice"),
    "permission-boundary": ("bound", "'bound' does not have the expected form"),
    "reads-per-second": (4, "less than or equal to 3"),
    "refresh-age-seconds": (-1, "greater than or equal to 0"),
    "queues": ("cloud", "this is not a table"),
    "regions": ("eu-central-1,eu-central-1", "eu-central-1 appears twice"),
    "reserved-concurrency": (0, "greater than or equal to 1"),
    "routes": (["team"], "this is not a table"),
    "rules": (7, "not 7"),
    "runbook-url": ("operating.md", "'operating.md' does not have the expected form"),
    "stack-name": ("a b", "'a b' does not have the expected form"),
    "sweep-hide-limit": (-1, "greater than or equal to"),
    "sweep-reopen-limit": (-1, "greater than or equal to 0"),
    "sweep-queue-limit": (0, "greater than or equal to 1"),
    "sweep-reads-per-second": (4, "less than or equal to 3"),
    "sweep-time": ("24:00", "'24:00' does not have the expected form"),
    "sweep-wait-seconds": (301, "less than or equal to 300"),
    "tags": ("team", "'team' does not have the expected form"),
    "tomorrow-emails": ("nobody", "'nobody' does not have the expected form"),
    "time-zone": ("Europe/Berln", "no time zone 'Europe/Berln'; did you mean Europe/Berlin?"),
    "timeout-seconds": (901, "less than or equal to 900"),
    "udf": ("keep", "Input should be 'replace' or 'merge', not 'keep'"),
}


def _refusal(**context):
    with pytest.raises(ConfigurationError) as raised:
        Configuration.from_context({f"hubtriage:{name}": value for name, value in context.items()})
    return raised.value


@pytest.mark.parametrize("name", setting_names())
def test_a_wrong_value_is_named_with_what_it_should_be(name):
    value, message = WRONG[name]
    (problem,) = _refusal(**{name: value}).problems
    assert problem.startswith(f"context hubtriage:{name}: ")
    assert message in problem
    assert f"\n  hint: {Configuration.model_fields[name.replace('-', '_')].description}" in problem


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        pytest.param("tags", "aws:x=1", "'aws:x=1' cannot be one", id="a tag that is AWS's own"),
        pytest.param("tags", "team=a,team=b", "team appears twice", id="a tag with two values"),
        pytest.param("stack-name", "", "'' does not have the expected form", id="nothing"),
        pytest.param("batch-size", "many", "not 'many'", id="a word for a number"),
        pytest.param("kms-keys", "arn:aws:kms:eu-central-1:111122223333:alias/x", "form", id="an alias"),
        pytest.param("kms-keys", f"{KEY[:-1]}", "form", id="a key's id cut short"),
        pytest.param("time-zone", "Nowhere/None", "no time zone 'Nowhere/None'\n", id="a zone like none"),
    ],
)
def test_refuses_as_well(name, value, message):
    assert message in str(_refusal(**{name: value}))


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        pytest.param("batchsize", "did you mean hubtriage:batch-size?", id="the nearest is named"),
        pytest.param("batch_size", "did you mean hubtriage:batch-size?", id="underscores are no spelling"),
        pytest.param("region", "did you mean hubtriage:regions?", id="one Region is a list of one"),
        pytest.param("zzz", "known are: stack-name, account", id="a name like none lists all"),
    ],
)
def test_an_unknown_setting_is_refused(name, hint):
    (problem,) = _refusal(**{name: 10}).problems
    assert problem.startswith(f"context hubtriage:{name}: there is no such setting\n  hint: {hint}")


TOGETHER = [
    pytest.param(
        {"batch-size": 10000},
        "may need 3197 s at 4 calls/s in each of 2 invocations, and the timeout is at most 900 s",
        "lower batch-size or maximum-concurrency",
        id="a batch that no Lambda function could finish",
    ),
    pytest.param(
        {"timeout-seconds": 60}, "the timeout is at most 60 s", "lower", id="a timeout below the worst case"
    ),
    pytest.param(
        {"reserved-concurrency": 1},
        "reserved-concurrency 1 is below maximum-concurrency 2",
        "raise it to maximum-concurrency",
        id="too little is reserved",
    ),
    pytest.param(
        {"reads-per-second": 2, "sweep-reads-per-second": 2},
        "more than the 3 that AWS allows",
        "lower one",
        id="triage and sweep read more than AWS allows",
    ),
    pytest.param(
        {"maximum-receives": 290},
        "290 deliveries, 2087 s apart, take 7.0 days, and a message is kept for 14 in all",
        "lower maximum-receives to 289, or the visibility timeout with batch-size or timeout-seconds",
        id="deliveries that outlast a message, or leave its dead letter hardly any time",
    ),
    pytest.param(
        {"maximum-receives": 112, "timeout-seconds": 900},
        "112 deliveries, 5405 s apart, take 7.0 days",
        "lower maximum-receives to 111",
        id="deliveries that outlast a message because the timeout is long",
    ),
    pytest.param(
        {"maximum-receives": 5, "batch-size": 10},
        "5 deliveries, 300 s apart, are too few: it may take 1200 s until triage knows",
        "raise maximum-receives to 9",
        id="deliveries that end before a doubtful update is cleared up",
    ),
    pytest.param(
        {"account": "444455556666", "permission-boundary": BOUNDARY},
        "a policy of account 111122223333, and the stack goes to 444455556666",
        "of the account itself",
        id="a boundary of another account",
    ),
    pytest.param(
        {"hand-back-action": "mine", "hubs": "v2"},
        "a Custom Action, which Security Hub CSPM has and V2 has not",
        "name cspm in hubs too",
        id="a Custom Action without the hub that has them",
    ),
    pytest.param(
        {"linked-regions": "eu-west-1"},
        "no home-region for their findings",
        "name the aggregation Region as home-region",
        id="linked Regions without a home",
    ),
    pytest.param(
        {"home-region": "eu-central-1", "linked-regions": "all,eu-west-1"},
        "has both `all` and names",
        "keep `all`",
        id="all Regions and some",
    ),
    pytest.param(
        {"home-region": "eu-central-1", "linked-regions": "eu-central-1,eu-west-1"},
        "home-region eu-central-1 is among its own linked-regions",
        "leave it out",
        id="a home that is linked to itself",
    ),
    pytest.param(
        {"home-region": "eu-central-1", "regions": "eu-central-1,us-east-1"},
        "the findings of us-east-1 would be triaged twice if they are aggregated in eu-central-1",
        "name these in linked-regions",
        id="a stack beside the home Region, where all Regions may be aggregated",
    ),
    pytest.param(
        {"home-region": "eu-central-1", "linked-regions": "all", "regions": "us-east-1"},
        "the findings of us-east-1 would be triaged twice",
        "leave regions out",
        id="a stack beside the home Region, where all Regions are aggregated",
    ),
    pytest.param(
        {"home-region": "eu-central-1", "linked-regions": "eu-west-1", "regions": "us-east-1,eu-west-1"},
        "the findings of eu-west-1 would be triaged twice: there, and in eu-central-1",
        "leave eu-west-1 out of regions",
        id="a stack in a linked Region",
    ),
    pytest.param(
        {"kms-keys": f"{KEY},{OTHER_KEY}"},
        "2 kms-keys are given for the one Region of the AWS credentials",
        "keep the key of that Region, or name the Regions",
        id="more keys than Regions",
    ),
    pytest.param(
        {"kms-keys": KEY, "regions": "eu-central-1,us-east-1"},
        "kms-keys are of eu-central-1, and the stacks go to eu-central-1, us-east-1",
        "one key for each of these Regions",
        id="a Region without a key",
    ),
    pytest.param(
        {"kms-keys": KEY, "home-region": "us-east-1"},
        "kms-keys are of eu-central-1, and the stacks go to us-east-1",
        "one key for each of these Regions",
        id="a key of another Region",
    ),
]


@pytest.mark.parametrize(("context", "message", "hint"), TOGETHER)
def test_refuses_what_does_not_fit_together(context, message, hint):
    (problem,) = _refusal(**context).problems
    said, _, advice = problem.partition("\n  hint: ")
    assert message in said
    assert hint in advice


def test_every_problem_is_told_at_once():
    wrong = {name: value for name, (value, _message) in WRONG.items()}
    problems = _refusal(**wrong, nope=1).problems
    assert len(problems) == len(WRONG) + 1
    assert {problem.split(":")[1] for problem in problems} == {*WRONG, "nope"}


def test_conflicts_are_reported_together_with_wrong_values_unless_they_are_about_them():
    conflicting = {"reserved-concurrency": 1, "linked-regions": "eu-west-1"}
    assert len(_refusal(**conflicting).problems) == 2
    assert len(_refusal(**conflicting, udf="x").problems) == 3
    told = str(_refusal(**conflicting, **{"maximum-concurrency": 1}))
    assert "linked-regions are given" in told
    assert "is below maximum-concurrency" not in told, "the default is not what was meant"


# Where


@pytest.mark.parametrize(
    ("context", "places"),
    [
        pytest.param({}, (None,), id="by default to the Region of the credentials"),
        pytest.param({"home-region": "eu-central-1"}, ("eu-central-1",), id="once where all are aggregated"),
        pytest.param(
            {"home-region": "eu-central-1", "regions": "eu-central-1"},
            ("eu-central-1",),
            id="once where the same Region is named twice",
        ),
        pytest.param(
            {"regions": "us-east-1,eu-central-1"},
            ("us-east-1", "eu-central-1"),
            id="once in each Region that stands alone",
        ),
        pytest.param(
            {"home-region": "eu-central-1", "linked-regions": "eu-west-1", "regions": "us-east-1"},
            ("eu-central-1", "us-east-1"),
            id="at home and where AWS does not aggregate",
        ),
    ],
)
def test_stacks_go(context, places):
    config = Configuration.from_context({f"hubtriage:{name}": value for name, value in context.items()})
    assert config.places == places
    for place in places:
        alone = config.at(place)
        assert (alone.places, alone.region) == ((place,), place)
        assert Configuration.model_validate(alone.model_dump()) == alone, "still a valid choice"


def test_each_stack_gets_the_key_of_its_region():
    config = Configuration(regions=("us-east-1", "eu-central-1"), kms_keys=(KEY, OTHER_KEY))
    assert [config.at(place).kms_key for place in config.places] == [OTHER_KEY, KEY]
    assert Configuration(kms_keys=(KEY,)).at(None).kms_key == KEY
    assert Configuration().at(None).kms_key is None


# The page


def test_every_setting_is_documented_with_its_default():
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (.*?) \|", DOCUMENT.read_text(), re.MULTILINE))
    assert rows == {name: _shown(name) for name in setting_names()}


def _shown(name: str) -> str:
    default = Configuration.model_fields[name.replace("-", "_")].default
    shown = ",".join(map(str, default)) if isinstance(default, tuple) else default
    return "" if shown in (None, "", {}) else f"`{str(shown).lower() if isinstance(shown, bool) else shown}`"
