"""Mutelists of Prowler decide here as Prowler reads them, or are refused with the reason."""

import json
import re
from typing import Any

import pytest
import yaml

from hubtriage.asff.partitions import regions
from hubtriage.interop.importers.outcome import UnreadableError
from tests.support.imported_rules import decided, finding, imported, reasons, suppressed

KIND = "prowler-mutelist"
ACCOUNT = "111122223333"
CHECKS = "Mutelist.Accounts['*'].Checks"


def entry(**members: Any) -> dict[str, Any]:
    return {"Regions": ["*"], "Resources": ["*"], **members}


def mutelist(checks: Any, account: str = "*", **others: Any) -> str:
    accounts = {account: {"Checks": checks}, **{name: {"Checks": item} for name, item in others.items()}}
    return yaml.safe_dump({"Mutelist": {"Accounts": accounts}}, sort_keys=False)


def of(checks: Any, account: str = "*", **others: Any) -> Any:
    return imported(KIND, mutelist(checks, account, **others), "mutelist.yaml")


def prowlers(
    check: str = "s3_bucket_acl", region: str = "eu-west-1", account: str = ACCOUNT
) -> dict[str, Any]:
    """A finding as Prowler sends it."""
    arn = "arn:aws:s3:::shop"
    return finding(
        Id=f"prowler-{check}-{account}-{region}-0123",
        ProductArn=f"arn:aws:securityhub:{region}::product/prowler/prowler",
        ProductName="Prowler",
        GeneratorId=f"prowler-{check}",
        AwsAccountId=account,
        Region=region,
        Compliance={"Status": "FAILED"},
        Resources=[{"Type": "AwsS3Bucket", "Id": arn, "Region": region, "Tags": {"env": "dev"}}],
    )


def test_an_entry_becomes_a_rule() -> None:
    found = of({"s3_bucket_acl": entry(Regions=["eu-west-1"], Description="Accepted (SEC-9).")}, ACCOUNT)
    assert not found.refusals
    assert list(found.rules) == [
        {
            "id": f"s3-bucket-acl-{ACCOUNT}",
            "description": f'Imported from a mutelist of Prowler, rule 1 "s3_bucket_acl of {ACCOUNT}".',
            "ceiling": "CRITICAL",
            "match": {
                "ProductArn": [{"suffix": "::product/prowler/prowler"}],
                "GeneratorId": [{"wildcard": "prowler-*s3_bucket_acl*"}],
                "AwsAccountId": [ACCOUNT],
                "Region": ["eu-west-1"],
            },
            "update": {"Workflow": {"Status": "SUPPRESSED"}, "Note": {"Text": "Accepted (SEC-9)."}},
        }
    ]


def test_an_entry_without_description_gets_a_note_that_names_the_file() -> None:
    found = of({"s3_bucket_acl": entry()})
    assert decided(found, prowlers()).update["Note"]["Text"] == "Imported from mutelist.yaml."
    assert len(found.remarks) == 1


DECISIONS = [
    pytest.param("s3_bucket_acl", {}, {}, True, id="the check"),
    pytest.param("s3_bucket_acl", {}, {"check": "s3_bucket_acl_2"}, True, id="a search finds longer names"),
    pytest.param("s3_bucket_acl", {}, {"check": "s3_bucket_ac"}, False, id="but not shorter ones"),
    pytest.param("s3_bucket_acl", {}, {"check": "S3_bucket_acl"}, False, id="case counts"),
    pytest.param("^s3_bucket_acl$", {}, {"check": "s3_bucket_acl_2"}, False, id="anchors hold"),
    pytest.param("^bucket", {}, {}, False, id="an anchor is at the check, not behind the prefix"),
    pytest.param("^s3_", {}, {}, True, id="a prefix of the check"),
    pytest.param("_acl$", {}, {}, True, id="a suffix of the check"),
    pytest.param("prowler", {}, {}, False, id="the prefix of the generator is no part of the check"),
    pytest.param("-s3", {}, {}, False, id="nor is its dash"),
    pytest.param("^(s3|ec2)_", {}, {}, True, id="an expression"),
    pytest.param("^(iam|ec2)_", {}, {}, False, id="another expression"),
    pytest.param("^prowler|^s3", {}, {}, True, id="an alternation with anchors"),
    pytest.param("^prowler|^ec2", {}, {}, False, id="an alternation that would find the prefix"),
    pytest.param("s3_*", {}, {}, True, id="a star at the end"),
    pytest.param("*_acl", {}, {}, True, id="a star at the start"),
    pytest.param("*", {}, {}, True, id="every check"),
    pytest.param("", {}, {}, True, id="an empty name is found in every check"),
    pytest.param("lambda_x", {}, {"check": "awslambda_x"}, True, id="Prowler calls lambda awslambda"),
    pytest.param("lambda_x", {}, {"check": "lambda_x"}, False, id="and has no check lambda"),
    pytest.param("*", {"Regions": ["eu-west-1"]}, {}, True, id="a Region"),
    pytest.param("*", {"Regions": ["eu-west-1"]}, {"region": "eu-west-2"}, False, id="another Region"),
    pytest.param("*", {"Regions": ["eu-"]}, {"region": "eu-north-1"}, True, id="a part of a Region"),
    pytest.param("*", {"Regions": ["us-gov"]}, {}, False, id="a part of another Region"),
    pytest.param("*", {"Regions": ["us-east-1", "(eu|me)-.+-1"]}, {}, True, id="one of several"),
    pytest.param("*", {"Regions": ["us-east-1", "*"]}, {"region": "x"}, True, id="a star among several"),
    pytest.param("*", {"Resources": ["shop", "*"]}, {}, True, id="a star among resources"),
    pytest.param("*", {"Resources": [""]}, {}, True, id="the empty text is in every resource"),
    pytest.param("*", {"Tags": ["*"]}, {}, True, id="every tag"),
    pytest.param("*", {"Tags": []}, {}, True, id="no tags asked for"),
    pytest.param("*", {"Exceptions": {"Accounts": [ACCOUNT]}}, {}, False, id="an excepted account"),
    pytest.param(
        "*", {"Exceptions": {"Accounts": [ACCOUNT]}}, {"account": "444455556666"}, True, id="no other"
    ),
    pytest.param("*", {"Exceptions": {"Accounts": ["^1111"]}}, {}, False, id="an expression of accounts"),
    pytest.param(
        "*", {"Exceptions": {"Accounts": [ACCOUNT], "Regions": ["us-east-1"]}}, {}, True, id="both must fit"
    ),
    pytest.param(
        "*", {"Exceptions": {"Accounts": [ACCOUNT], "Regions": ["eu-west-1"]}}, {}, False, id="both do fit"
    ),
    pytest.param(
        "*", {"Exceptions": {"Regions": ["us-east-1"], "Tags": []}}, {}, True, id="an empty list says nothing"
    ),
    pytest.param("*", {"Exceptions": {}}, {}, True, id="no exceptions"),
    pytest.param(
        "*", {"Exceptions": {"Accounts": [ACCOUNT], "Resources": ["*"]}}, {}, False, id="and every resource"
    ),
]


@pytest.mark.parametrize(("check", "members", "given", "expected"), DECISIONS)
def test_an_entry_mutes_what_prowler_mutes(
    check: str, members: dict[str, Any], given: dict[str, str], expected: bool
) -> None:
    found = of({check: entry(**members)})
    assert not found.refusals
    assert suppressed(found, prowlers(**given)) is expected


def test_only_prowlers_own_findings_are_muted() -> None:
    found = of({"*": entry()})
    assert suppressed(found, prowlers())
    forged = {
        **prowlers(),
        "ProductArn": f"arn:aws:securityhub:eu-west-1:{ACCOUNT}:product/{ACCOUNT}/default",
    }
    assert not suppressed(found, forged)
    assert not suppressed(found, {**prowlers(), "GeneratorId": "s3_bucket_acl"})


def test_an_account_is_compared_and_not_searched() -> None:
    found = of({"^s3": entry()}, ACCOUNT, **{"*": {"^ec2": entry()}})
    assert suppressed(found, prowlers())
    assert not suppressed(found, prowlers(account="444455556666"))
    assert suppressed(found, prowlers("ec2_x", account="444455556666"))


def test_an_exception_holds_for_the_entries_below_it_and_not_for_those_above() -> None:
    excepting = entry(Exceptions={"Regions": ["eu-west-1"]})
    below, above = of({"s3_": excepting, "*": entry()}), of({"*": entry(), "s3_": excepting})
    assert not suppressed(below, prowlers())
    assert suppressed(below, prowlers(region="us-east-1"))
    assert suppressed(below, prowlers("ec2_x"))
    assert suppressed(above, prowlers())


def test_exceptions_of_another_account_do_not_matter() -> None:
    found = of(
        {"s3_": entry(Exceptions={"Regions": ["eu-west-1"]})}, "444455556666", **{"*": {"s3_": entry()}}
    )
    assert suppressed(found, prowlers())


def test_an_exception_that_cannot_be_told_spares_entries_of_other_checks() -> None:
    named = entry(Exceptions={"Resources": ["shop"]})
    found = of({"s3_acl": named, "^s3_log$": entry(), "^ec2": entry(), "log": entry()})
    assert [rule["id"] for rule in found.rules] == ["s3-log"]
    assert [where for where, _reason in reasons(found)] == [
        f"{CHECKS}.s3_acl.Exceptions.Resources",
        f"{CHECKS}['^ec2']",
        f"{CHECKS}.log",
    ]
    whole = of({"^s3_acl$": named, "^s3_log$": entry(), "^ec2": entry(), "log": entry(), "acl": entry()})
    assert [rule["id"] for rule in whole.rules] == ["s3-log", "ec2", "log"]


REFUSALS = [
    pytest.param("s3_a", {"Resources": ["shop"]}, ".s3_a.Resources", "own name of the resource", id="names"),
    pytest.param("s3_a", {"Tags": ["env=dev"]}, ".s3_a.Tags", "all tags as one text", id="tags"),
    pytest.param("s3_a", {"Regions": []}, ".s3_a.Regions", "mutes nothing", id="no Region"),
    pytest.param("s3_a", {"Resources": []}, ".s3_a.Resources", "mutes nothing", id="no resource"),
    pytest.param("s3_*_log", {}, ".['s3_*_log']", "differently", id="a star that versions differ on"),
    pytest.param("s3_.*", {}, ".['s3_.*']", "differently", id="a star behind a dot"),
    pytest.param(r"s3\*", {}, "", "differently", id="an escaped star"),
    pytest.param("*?x", {}, "", "differently", id="a star before a sign of repetition"),
    pytest.param("(s3", {}, "", "wrong", id="a broken expression"),
    pytest.param("(?=s3)", {}, "", "invalid perl operator", id="what RE2 has not"),
    pytest.param("s3_a", {"Regions": ["eu-*-1"]}, ".s3_a.Regions[0]", "differently", id="of a Region"),
    pytest.param(
        "s3_a",
        {"Exceptions": {"Resources": ["shop"]}},
        ".s3_a.Exceptions.Resources",
        "own name",
        id="excepted",
    ),
    pytest.param(
        "s3_a", {"Exceptions": {"Tags": ["a=b"]}}, ".s3_a.Exceptions.Tags", "as one text", id="tags too"
    ),
    pytest.param("s3_a", {"Exceptions": {"Accounts": ["*"]}}, ".s3_a", "leave nothing", id="all excepted"),
    pytest.param("s3_a", {"Description": "{rule.id}"}, ".s3_a.Description", "{rule.id}", id="a template"),
    pytest.param("s3_a", {"Description": "x" * 513}, ".s3_a", "512", id="a description too long for a note"),
]


@pytest.mark.parametrize(("check", "members", "where", "reason"), REFUSALS)
def test_what_is_not_exact_is_refused_and_the_others_are_imported(
    check: str, members: dict[str, Any], where: str, reason: str
) -> None:
    found = of({"^ec2_": entry(), check: entry(**members)})
    [(place, told)] = reasons(found)
    assert place.endswith(where.removeprefix("."))
    assert reason in told
    assert found.refusals[0].line is not None
    assert [rule["id"] for rule in found.rules] == ["ec2"]


def test_a_refusal_says_what_to_write() -> None:
    [refusal] = of({"s3_a": entry(Resources=["shop"])}).refusals
    assert 'GeneratorId: [{wildcard: "prowler-*s3_a*"}]' in refusal.hint


def test_an_account_of_another_cloud_is_refused() -> None:
    [(_where, told)] = reasons(of({"*": entry()}, "my-project"))
    assert "another cloud" in told


def test_a_star_at_the_end_has_a_remark() -> None:
    texts = [remark.text for remark in of({"ec2_*": entry(Description="Accepted.")}).remarks]
    assert texts == ["'ec2_*' mutes what has 'ec2_' in it; older versions of Prowler muted more"]


def test_many_exceptions_above_one_are_refused() -> None:
    checks = {f"s3_{number}x": entry(Exceptions={"Regions": ["eu-west-1"]}) for number in range(60)}
    found = of(checks)
    assert len(found.rules) == 51
    assert all("entries above" in told for _where, told in reasons(found))


def test_no_region_is_part_of_another() -> None:
    known = regions()
    assert not [(one, other) for one in known for other in known if one != other and one in other]


MALFORMED = [
    pytest.param({"s3_a": {"Regions": ["*"]}}, "'Resources' is missing", id="a list is missing"),
    pytest.param({"s3_a": entry(Resource=["x"])}, "unknown key 'Resource'", id="an unknown key"),
    pytest.param({"s3_a": entry(Regions="*")}, "a list is wanted", id="a text as list"),
    pytest.param({"s3_a": entry(Regions=[1])}, "text is wanted", id="a number"),
    pytest.param({"s3_a": entry(Tags=None)}, "a list is wanted", id="null tags"),
    pytest.param({"s3_a": entry(Exceptions=None)}, "a mapping is wanted", id="null exceptions"),
    pytest.param({"s3_a": entry(Exceptions={"Checks": []})}, "unknown key", id="an unknown exception"),
    pytest.param({"s3_a": entry(Description=1)}, "text is wanted", id="a description that is a number"),
    pytest.param({"s3_a": []}, "a mapping is wanted", id="no mapping"),
    pytest.param([], "a mapping is wanted", id="no checks"),
]


@pytest.mark.parametrize(("checks", "reason"), MALFORMED)
def test_a_list_that_prowler_does_not_take_is_unreadable_as_a_whole(checks: Any, reason: str) -> None:
    whole = {"^ec2_": entry(), **checks} if isinstance(checks, dict) else checks
    with pytest.raises(UnreadableError, match=re.escape(reason)) as caught:
        of(whole)
    assert "Prowler would refuse this mutelist" in caught.value.reason


UNREADABLE = [
    pytest.param("Mutelist:\n  Accounts: {}\n", "there are no rules", id="no account"),
    pytest.param("Mutelist: 1\n", "a mapping is wanted", id="a number"),
    pytest.param("a: 1\n", "no mapping `Mutelist:`", id="another file"),
    pytest.param("Mutelist:\n  Accounts:\n    111122223333: {}\n", "line 3", id="an account without quotes"),
    pytest.param('Mutelist:\n  Accounts:\n    "*": {}\n    "*": {}\n', "twice", id="an account twice"),
]


@pytest.mark.parametrize(("source", "reason"), UNREADABLE)
def test_a_file_without_entries_is_unreadable(source: str, reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason):
        imported(KIND, source, "mutelist.yaml")


def test_refusals_are_json_ready() -> None:
    assert json.dumps([one.as_record() for one in of({"s3_a": entry(Resources=["a"])}).refusals])
