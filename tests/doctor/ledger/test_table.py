"""What the doctor says of the ledger's table: whether it is there, at work, and safe."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from hubtriage.doctor.checks.ledger import entries, hidden, never, table, throttling
from hubtriage.doctor.checks.ledger.table import Keeping, judge
from hubtriage.doctor.verdict import Status
from tests.doctor.ledger.accounts import OtherServices, account, before_deploying
from tests.support.ledger_tables import TABLE, LedgerTable, refusal

KEY = "arn:aws:kms:eu-central-1:123456789012:key/mine"
OTHER_KEY = "arn:aws:kms:eu-central-1:123456789012:key/other"


def encrypted(key: str) -> dict[str, Any]:
    return {"SSEDescription": {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key}}


def test_a_ledger_as_the_stack_makes_it_is_well() -> None:
    verdict = table.look(account(LedgerTable()))
    assert verdict is not None
    assert verdict.status == "ok"
    assert verdict.seen == "blue-ledger: protected, and can be restored; entries of about 1,204 findings"


def test_before_deploying_there_is_nothing_to_look_at() -> None:
    checks = (table.look, throttling.look, entries.look, never.look, hidden.look)
    assert [look(before_deploying(LedgerTable())) for look in checks] == [None] * 5


def test_a_table_that_is_gone_is_a_problem_and_one_that_may_not_be_seen_is_not() -> None:
    tables = LedgerTable()
    tables.denied["DescribeTable"] = refusal("ResourceNotFoundException")
    verdict = table.look(account(tables))
    assert verdict is not None
    assert (verdict.status, verdict.seen) == (
        "problem",
        "there is no table blue-ledger, so nothing is triaged",
    )
    assert "ledger-table" in verdict.advice
    tables.denied["DescribeTable"] = refusal("AccessDeniedException")
    with pytest.raises(ClientError, match="AccessDenied"):
        table.look(account(tables))


@pytest.mark.parametrize(
    ("described", "keeping", "status", "words"),
    [
        pytest.param({"TableStatus": "UPDATING"}, Keeping(), "ok", "protected", id="a table that is changed"),
        pytest.param(
            {"TableStatus": "INACCESSIBLE_ENCRYPTION_CREDENTIALS"},
            Keeping(),
            "problem",
            "it is INACCESSIBLE_ENCRYPTION_CREDENTIALS, so nothing is triaged",
            id="a table whose key is gone",
        ),
        pytest.param(
            {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]},
            Keeping(),
            "problem",
            "not the key of a ledger",
            id="a table of something else",
        ),
        pytest.param({}, Keeping(recovery=False), "warning", "cannot be restored", id="without recovery"),
        pytest.param(
            {"DeletionProtectionEnabled": False},
            Keeping(),
            "warning",
            "deleted by mistake",
            id="without protection",
        ),
        pytest.param(
            {},
            Keeping(expires_by="ttl"),
            "problem",
            "DynamoDB deletes entries by the attribute ttl",
            id="entries that end by themselves",
        ),
        pytest.param(
            encrypted(KEY), Keeping(stack_key=KEY), "ok", "protected", id="encrypted as the stack is"
        ),
        pytest.param(
            {},
            Keeping(stack_key=KEY),
            "warning",
            f"a key of AWS, not with {KEY}",
            id="a table without the stack's key",
        ),
        pytest.param(
            encrypted(OTHER_KEY),
            Keeping(stack_key=KEY),
            "warning",
            f"{OTHER_KEY}, not with {KEY}",
            id="a table with another key",
        ),
        pytest.param(
            encrypted(KEY),
            Keeping(),
            "warning",
            "which the stack does not know",
            id="a table with a key, and a stack without",
        ),
    ],
)
def test_how_the_table_is_kept(
    described: dict[str, Any], keeping: Keeping, status: Status, words: str
) -> None:
    verdict = judge(TABLE | described, keeping)
    assert (verdict.status, words in verdict.seen) == (status, True), verdict
    assert bool(verdict.advice) == (status != "ok")


def test_how_the_table_is_kept_is_asked_for() -> None:
    tables = LedgerTable(**encrypted(KEY))
    tables.recovery = "DISABLED"
    tables.lifetime = {"TimeToLiveStatus": "ENABLED", "AttributeName": "gone"}
    verdict = table.look(account(tables, others=OtherServices(KEY)))
    assert verdict is not None
    assert (verdict.data["recovery"], verdict.data["expires_by"], verdict.data["key"]) == (False, "gone", KEY)
    assert "encrypted" not in verdict.seen


def test_all_that_is_wrong_is_told_with_what_to_do_and_the_worst_counts() -> None:
    verdict = judge(
        {**TABLE, "TableStatus": "DELETING", "DeletionProtectionEnabled": False}, Keeping(recovery=False)
    )
    assert verdict.status == "problem"
    assert verdict.seen.count(";") == verdict.advice.count(";") == 2
    assert "--deletion-protection-enabled" in verdict.advice
    assert "PointInTimeRecoveryEnabled=true" in verdict.advice
