"""Which finding it is, as commands show it: title, resource, account."""

from typing import Any

import pytest

from hubtriage.cli.subject import subject_lines, title_of

ACCOUNTS = {"111122223333": {"name": "shop-prod", "environment": "prod"}, "444455556666": {"tier": "gold"}}
BUCKET = {"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::logs"}
NAMED = {"Id": "arn:aws:ec2:eu-west-1:1:instance/i-1", "Tags": {"Name": "web 1"}}


@pytest.mark.parametrize(
    ("finding", "told"),
    [
        pytest.param(
            {"AwsAccountId": "111122223333", "AwsAccountName": "other", "Resources": [BUCKET]},
            ["resource arn:aws:s3:::logs", "account shop-prod (111122223333)"],
            id="the directory names the account",
        ),
        pytest.param(
            {"AwsAccountId": "444455556666", "AwsAccountName": "data", "Resources": [NAMED, BUCKET]},
            [
                'resource "web 1" (arn:aws:ec2:eu-west-1:1:instance/i-1) and 1 more',
                "account data (444455556666)",
            ],
            id="a tag names the resource, the finding its account",
        ),
        pytest.param({"AwsAccountId": "000000000001"}, ["account 000000000001"], id="nothing has a name"),
        pytest.param(
            {"AwsAccountId": ["1"], "Resources": [1, {"Id": 2}]}, ['account ["1"]'], id="odd shapes"
        ),
        pytest.param({"Resources": BUCKET}, ["resource arn:aws:s3:::logs", "account none"], id="one object"),
        pytest.param(
            {"AwsAccountName": "a\x1b[2J", "Resources": [{"Id": "x\ny", "Tags": {"Name": "\u202e"}}]},
            [r'resource "\u202e" ("x\ny")', r'account "a\u001b[2J" (none)'],
            id="nothing acts on the terminal",
        ),
    ],
)
def test_resource_and_account(finding: dict[str, Any], told: list[str]) -> None:
    assert list(subject_lines(finding, ACCOUNTS, "")) == told


def test_only_a_text_is_a_title() -> None:
    assert title_of({"Title": "a b"}) == '"a b"'
    assert title_of({"Title": 1}) == title_of({}) == title_of({"Title": ""}) == ""
