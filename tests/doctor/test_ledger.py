"""What the doctor says of the ledger: the table, how it is kept, and what it holds in fields of `never`."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hubtriage.aws.ledger.item import attributes
from hubtriage.aws.triage.config import TriageConfig
from hubtriage.doctor.account import Account, Deployed
from hubtriage.doctor.checks.runtime import intake, ledger
from hubtriage.doctor.checks.runtime.ledger import Held, held, judge
from hubtriage.doctor.verdict import Status
from hubtriage.engine.planning.entry import Claim, Entry
from hubtriage.localaws.securityhub.hub import Hub
from hubtriage.localaws.securityhub.inprocess import InProcessSecurityHub, ManualClock

TABLE: dict[str, Any] = {
    "TableName": "blue-ledger",
    "TableStatus": "ACTIVE",
    "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
    "DeletionProtectionEnabled": True,
    "ItemCount": 1204,
}


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "DescribeTable")


def entry(**claims: Claim) -> Mapping[str, Any]:
    """An item whose entry has these claims; `__` stands for the dot in a field."""
    return attributes(Entry(claims={name.replace("__", "."): claim for name, claim in claims.items()}), 3)


class Tables:
    """A table with some items in one page each."""

    def __init__(self, *items: Mapping[str, Any], recovery: str = "ENABLED", **table: Any) -> None:
        self.items = items
        self.recovery = recovery
        self.table = TABLE | table
        self.missing: ClientError | None = None
        self.asked: list[Mapping[str, Any]] = []

    def describe_table(self, **request: Any) -> Mapping[str, Any]:
        assert request == {"TableName": "blue-ledger"}
        if self.missing:
            raise self.missing
        return {"Table": self.table}

    def describe_continuous_backups(self, **_request: Any) -> Mapping[str, Any]:
        recovery = {"PointInTimeRecoveryStatus": self.recovery}
        return {"ContinuousBackupsDescription": {"PointInTimeRecoveryDescription": recovery}}

    def get_paginator(self, operation: str) -> "Tables":
        assert operation == "scan"
        return self

    def paginate(self, **request: Any) -> Iterator[Mapping[str, Any]]:
        """AWS: filters after reading, so a page may be empty."""
        self.asked.append(request)
        texts = [value["S"] for value in request["ExpressionAttributeValues"].values()]
        for item in self.items:
            yield {"Items": [item] if any(text in item["entry"]["S"] for text in texts) else []}


def account(tables: Any, never: frozenset[str] = frozenset(), others: Any = None) -> Account:
    clock = ManualClock()
    made = Account(
        lambda service, _region=None: tables if service == "dynamodb" else others,
        InProcessSecurityHub(Hub(), clock),
        clock,
        stack="blue",
        rules=Path("rules"),
        most_findings=0,
    )
    outputs = {"LedgerTableName": "blue-ledger", "IntakeRuleName": "rule", "FunctionName": "function"}
    made.__dict__["deployed"] = Deployed("blue", "CREATE_COMPLETE", outputs)
    made.__dict__["config"] = TriageConfig(never=never)
    return made


def test_a_ledger_as_the_stack_makes_it_is_well() -> None:
    verdict = ledger.look(account(tables := Tables()))
    assert verdict is not None
    assert verdict.status == "ok"
    assert verdict.seen == "blue-ledger: protected, and can be restored; entries of about 1,204 findings"
    assert tables.asked == [], "entries are read only where a field may hold what cannot be taken back"


def test_before_deploying_there_is_nothing_to_look_at() -> None:
    without = account(Tables())
    without.__dict__["deployed"] = None
    assert ledger.look(without) is None


def test_a_table_that_is_gone_is_a_problem_and_one_that_may_not_be_seen_is_not() -> None:
    tables = Tables()
    tables.missing = refused("ResourceNotFoundException")
    verdict = ledger.look(account(tables))
    assert verdict is not None
    assert (verdict.status, verdict.seen) == (
        "problem",
        "there is no table blue-ledger, so nothing is triaged",
    )
    assert "ledger-table" in verdict.advice
    tables.missing = refused("AccessDeniedException")
    with pytest.raises(ClientError, match="AccessDenied"):
        ledger.look(account(tables))


@pytest.mark.parametrize(
    ("table", "recovery", "status", "words"),
    [
        pytest.param({"TableStatus": "UPDATING"}, "ENABLED", "ok", "protected", id="a table that is changed"),
        pytest.param(
            {"TableStatus": "INACCESSIBLE_ENCRYPTION_CREDENTIALS"},
            "ENABLED",
            "problem",
            "it is INACCESSIBLE_ENCRYPTION_CREDENTIALS, so nothing is triaged",
            id="a table whose key is gone",
        ),
        pytest.param(
            {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]},
            "ENABLED",
            "problem",
            "another key than a ledger",
            id="a table of something else",
        ),
        pytest.param({}, "DISABLED", "warning", "could not be restored", id="without recovery"),
        pytest.param(
            {"DeletionProtectionEnabled": False},
            "ENABLED",
            "warning",
            "deleted by mistake",
            id="without protection",
        ),
    ],
)
def test_how_the_table_is_kept(table: dict[str, Any], recovery: str, status: Status, words: str) -> None:
    verdict = judge(TABLE | table, recovery, Held())
    assert (verdict.status, words in verdict.seen) == (status, True), verdict
    assert bool(verdict.advice) == (status != "ok")


def test_all_that_is_wrong_is_told_with_what_to_do_and_the_worst_counts() -> None:
    verdict = judge(
        {**TABLE, "TableStatus": "DELETING", "DeletionProtectionEnabled": False}, "DISABLED", Held()
    )
    assert verdict.status == "problem"
    assert verdict.seen.count(";") == verdict.advice.count(";") == 2
    assert "--deletion-protection-enabled" in verdict.advice
    assert "PointInTimeRecoveryEnabled=true" in verdict.advice


OURS, FOLLOWING = Claim("LOW", "a-rule"), Claim("LOW", None)
PERSONS = Claim("LOW", "a-rule", person=True)


@pytest.mark.parametrize(
    ("items", "status", "words"),
    [
        pytest.param([], "ok", "protected", id="an empty ledger"),
        pytest.param(
            [entry(Severity__Label=OURS), entry(Severity__Label=OURS), entry(Types=OURS)],
            "problem",
            "can no longer take back what it set in fields of `never`: Severity.Label (2 findings)",
            id="what triage set cannot be taken back any more",
        ),
        pytest.param(
            [entry(Severity__Label=FOLLOWING)],
            "warning",
            "no longer follow their provider: Severity.Label (1 finding)",
            id="what was taken back no longer follows",
        ),
        pytest.param([entry(Severity__Label=PERSONS)], "ok", "protected", id="a person's field is not ours"),
        pytest.param([entry(Types=OURS)], "ok", "protected", id="other fields do not matter"),
        pytest.param(
            [{"entry": {"S": '{"Severity.Label": 7}'}, "version": {"N": "1"}}],
            "problem",
            "1 entries cannot be read",
            id="an entry that somebody has broken",
        ),
    ],
)
def test_what_the_ledger_holds_in_a_field_that_is_never_set(
    items: list[Mapping[str, Any]], status: Status, words: str
) -> None:
    verdict = ledger.look(account(Tables(*items), frozenset({"Severity.Label"})))
    assert verdict is not None
    assert (verdict.status, words in verdict.seen) == (status, True), verdict


def test_a_ledger_that_is_too_large_is_looked_at_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "MOST_PAGES", 1)
    tables = Tables(entry(Types=OURS), entry(Severity__Label=OURS))
    assert not held(tables, "blue-ledger", ["Severity.Label"]).all_read
    assert judge(TABLE, "ENABLED", held(tables, "blue-ledger", ["Severity.Label"])).status == "unchecked"


# A pause


class Paused:
    """A stack whose mapping is disabled; `mark` is the parameter of the guard."""

    def __init__(self, mark: str | None) -> None:
        self.mark = mark

    def describe_rule(self, **_request: Any) -> Mapping[str, Any]:
        return {"State": "ENABLED"}

    def list_event_source_mappings(self, **_request: Any) -> Mapping[str, Any]:
        return {"EventSourceMappings": [{"State": "Disabled", "UUID": "mapping"}]}

    def get_parameter(self, **request: Any) -> Mapping[str, Any]:
        assert request == {"Name": "/hubtriage/blue/paused"}
        if self.mark is None:
            raise refused("ParameterNotFound")
        return {"Parameter": {"Value": self.mark}}


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        pytest.param("mapping", "paused, as the ledger did not answer", id="paused by the guard"),
        pytest.param(None, "mapping is Disabled", id="disabled by a person"),
        pytest.param("another", "mapping is Disabled", id="disabled by a person, after a pause of another"),
    ],
)
def test_a_pause_says_whose_it_is(mark: str | None, words: str) -> None:
    verdict = intake.look(account(Tables(), others=Paused(mark)))
    assert verdict is not None
    assert (verdict.status, words in verdict.seen) == ("problem", True), verdict
