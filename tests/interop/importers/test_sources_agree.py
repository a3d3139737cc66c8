"""Imported rules decide what their source decides, on findings that miss each of its conditions narrowly.

The sources decide by `tests.support.source_rules`, which has nothing of the importer; the imported rules by
the engine.
"""

import re
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.support import source_forms
from tests.support.examples import examples
from tests.support.imported_rules import decided, finding, imported, ruleset_of
from tests.support.source_rules import manager_1_suppresses, manager_2_sets, mutes, set_by

seeds = given(st.integers(0, 2**32).map(Random))

REGIONS = ("eu-west-1", "eu-west-2", "us-east-1")
ACCOUNTS = ("111122223333", "111122223334", "444455556666")
WORDS = ("dev", "Dev", "de", "devx", "xdev", "a.b", 'a"b', "a\\b", "a${b}", "a$${b}", "a%{b}", "é")
CONTROLS = ("S3.8", "EC2.8")  # of rules; those below are in findings only
NEAR_CONTROLS = (*CONTROLS, "S3.80", "s3.8", "S3.9")
KEYS = ("env", "Env", "team", "exists", "$or")
IDS = (
    "arn:aws:s3:::shop-dev",
    "arn:aws:s3:::shop-dev2",
    "arn:aws:s3:::Shop-dev",
    "arn:aws:s3:::shop.1",
    "shop",
)
DATES = ("2026-09-01T00:00:00.000Z", "2026-09-01T00:00:00.001Z", "2026-08-31T23:59:59.999Z")
TEXTS = {
    "AwsAccountId": ACCOUNTS,
    "Title": WORDS,
    "GeneratorId": WORDS,
    "Type": WORDS,
    "ResourceType": WORDS,
    "ResourceId": IDS,
    "ComplianceStatus": ("PASSED", "FAILED", "WARNING"),
    "ComplianceSecurityControlId": CONTROLS,
    "ComplianceAssociatedStandardsId": WORDS,
    "NoteText": WORDS,
}
COMPARISONS = (
    ("EQUALS", "PREFIX", "CONTAINS"),
    ("EQUALS",),
    ("NOT_EQUALS", "PREFIX_NOT_EQUALS", "NOT_CONTAINS"),
    ("PREFIX", "NOT_EQUALS"),
)


def near_finding(random: Random, **members: Any) -> dict[str, Any]:
    """A finding of the same few values as the rules, in lists of none to two, or without them."""

    def some(words: tuple[str, ...]) -> list[str]:
        return random.choices(words, k=random.choice((1, 1, 2)))

    def perhaps(**members: Any) -> dict[str, Any]:
        return members if random.random() < 0.7 else {}

    def tags() -> dict[str, str]:
        return {key: random.choice(WORDS) for key in random.sample(KEYS, random.randint(0, 2))}

    provided = {
        "Severity": {"Label": "CRITICAL"},
        "Types": some(WORDS),
        **perhaps(Confidence=random.choice((29, 30, 31))),
    }
    compliance = {
        "Status": random.choice(TEXTS["ComplianceStatus"]),
        "AssociatedStandards": [{"StandardsId": word} for word in some(WORDS)],
        **perhaps(SecurityControlId=random.choice(NEAR_CONTROLS)),
    }
    common = {
        "Region": random.choice(REGIONS),
        "AwsAccountId": random.choice(ACCOUNTS),
        "Title": random.choice(WORDS),
        "GeneratorId": random.choice(WORDS),
        "ProductName": random.choice(("Inspector", "inspector", "Security Hub")),
        "CreatedAt": random.choice(DATES),
        "Compliance": None,
        "Resources": [
            {"Type": random.choice(WORDS), "Id": random.choice(IDS), **perhaps(Tags=tags())}
            for _ in range(random.choice((1, 1, 2)))
        ],
        "FindingProviderFields": provided,
        **provided,
        **perhaps(Compliance=compliance),
        **perhaps(Note={"Text": random.choice(WORDS), "UpdatedBy": "ann"}),
        **perhaps(UserDefinedFields=tags()),
        **perhaps(ProductFields={random.choice(("ControlId", "RuleId")): random.choice(NEAR_CONTROLS)}),
    }
    return finding(**{**common, **members})


def after(ruleset: Any, one: dict[str, Any]) -> dict[str, Any]:
    """What the engine's update makes of a finding."""
    return {**one, **(decided(ruleset, one).update or {})}


def assert_same(ruleset: Any, one: dict[str, Any], update: dict[str, Any]) -> None:
    ours, theirs = after(ruleset, one), {**one, **update}
    for name in ("Severity", "Workflow", "Confidence"):
        assert ours.get(name) == theirs.get(name), (name, one)
    ours_fields, theirs_fields = ours.get("UserDefinedFields", {}), theirs.get("UserDefinedFields", {})
    assert ours_fields.get("by") == theirs_fields.get("by"), one


# -- automation rules ---------------------------------------------------------------------------


def random_criteria(random: Random, *, contains: bool = True) -> dict[str, Any]:
    names = random.sample(
        (*TEXTS, "ResourceTags", "UserDefinedFields", "Confidence", "CreatedAt"), random.randint(1, 2)
    )
    return {name: _filters(random, name, contains=contains) for name in names}


def _filters(random: Random, name: str, *, contains: bool) -> list[dict[str, Any]]:
    if name == "Confidence":
        return [{random.choice(("Gte", "Lte", "Eq")): 30}]
    if name == "CreatedAt":
        return [{random.choice(("Start", "End")): DATES[0]}]
    is_map = name not in TEXTS
    usable = [
        one
        for one in random.choice(COMPARISONS)
        if not (is_map and "PREFIX" in one) and (contains or "CONTAINS" not in one)
    ]
    key = random.choice(KEYS)
    return [
        {
            **({"Key": key} if is_map else {}),
            "Value": random.choice(TEXTS.get(name, WORDS)),
            "Comparison": random.choice(usable or ["EQUALS"]),
        }
        for _ in range(random.randint(1, 2))
    ]


def random_update(random: Random, number: int) -> dict[str, Any]:
    return random.choice(
        (
            {"Workflow": {"Status": "SUPPRESSED"}},
            {"Severity": {"Label": random.choice(("LOW", "HIGH"))}},
            {"Confidence": number},
            {"UserDefinedFields": {"by": f"rule {number} ${{x}}"}},
        )
    )


def random_rules(random: Random, regions: tuple[str, ...] = REGIONS) -> list[dict[str, Any]]:
    """One to three automation rules of different orders."""
    orders = random.sample(range(1, 1001), random.randint(1, 3))
    return [
        {
            "RuleName": f"rule {number}",
            "RuleOrder": order,
            "RuleStatus": random.choice(("ENABLED", "ENABLED", "ENABLED", "DISABLED")),
            "IsTerminal": random.random() < 0.3,
            "Criteria": random_criteria(random),
            "Update": random_update(random, number),
            "Region": random.choice(regions),
        }
        for number, order in enumerate(orders, 1)
    ]


def in_their_regions(rules: list[dict[str, Any]], managed: tuple[str, ...] = REGIONS) -> list[dict[str, Any]]:
    return [{**rule, "Regions": [rule["Region"]] if rule["Region"] in managed else []} for rule in rules]


Written = tuple[str, str, tuple[str, ...]]


def as_api(rules: list[dict[str, Any]], _random: Random) -> Written:
    return source_forms.api_answer(rules), "rules.json", ()


def as_terraform(rules: list[dict[str, Any]], _random: Random) -> Written:
    return source_forms.terraform(rules), "rules.tf", ()


def as_cdktf(rules: list[dict[str, Any]], _random: Random) -> Written:
    return source_forms.cdktf(rules), "cdk.tf.json", ()


@examples(20)
@seeds
@pytest.mark.parametrize("write", [as_api, as_terraform, as_cdktf])
def test_automation_rules_that_say_where_they_are_made(write: Callable[..., Written], random: Random) -> None:
    rules = random_rules(random)
    source, name, regions = write(rules, random)
    found = imported("automation-rules", source, name, regions=regions)
    assert_automation_rules_agree(found, in_their_regions(rules), random)


@examples(20)
@seeds
def test_automation_rules_of_cloudformation(random: Random) -> None:
    """A template does not say where it is deployed; the command does."""
    region = random.choice(REGIONS)
    rules = random_rules(random, (region,))
    source = source_forms.cloudformation(rules)
    found = imported("automation-rules", source, "template.yaml", regions=(region,))
    assert_automation_rules_agree(found, in_their_regions(rules), random)


@examples(20)
@seeds
def test_automation_rules_of_the_landing_zone_accelerator(random: Random) -> None:
    """Each is made in the managed Regions but those that it or the hub excludes."""
    managed, excluded = random.sample(REGIONS, 2), random.sample(REGIONS, 1)
    rules = random_rules(random)
    for rule in rules:
        rule["Criteria"].pop("CreatedAt", None)
        rule["Criteria"] = rule["Criteria"] or {"Title": [{"Value": "dev", "Comparison": "EQUALS"}]}
    source = source_forms.security_config(rules, list(REGIONS), excluded)
    found = imported("automation-rules", source, "security-config.yaml", regions=tuple(managed))
    made = tuple(region for region in managed if region not in excluded)
    nowhere = [rule for rule in rules if rule["Region"] not in made]
    assert len(found.refusals) == len(nowhere)
    assert all("none of the Regions" in refusal.reason for refusal in found.refusals)
    assert_automation_rules_agree(found, in_their_regions(rules, made), random, refused=len(nowhere))


def assert_automation_rules_agree(
    found: Any, rules: list[dict[str, Any]], random: Random, *, refused: int = 0
) -> None:
    assert len(found.refusals) == refused, found.refusals
    ruleset = ruleset_of(found)
    for _ in range(20):
        one = near_finding(random)
        assert_same(ruleset, one, set_by(rules, one))


# -- awsfindingsmanagerlib ----------------------------------------------------------------------

EXPRESSIONS = (
    "shop-dev",
    "^arn:aws:s3:::shop-dev$",
    "dev$",
    "^shop",
    r"shop\.\d",
    r"shop.\w",
    "(?i)SHOP-DEV",
    ":(s3|ec2):",
    "de[vx]{1,2}$",
    r"a\*b|a\$",
)
STATUSES = ("NEW", "NOTIFIED", "RESOLVED")


def random_match_on(random: Random) -> dict[str, Any]:
    control = {random.choice(("security_control_id", "rule_or_control_id")): random.choice(CONTROLS)}
    possible = {
        **control,
        "title": random.choice(WORDS),
        "product_name": random.choice(("Inspector", "Security Hub")),
        "regions": random.sample(REGIONS, 2),
        "tags": [{"key": random.choice(KEYS), "value": random.choice(WORDS)} for _ in range(2)],
        "resource_id_regexps": random.sample(EXPRESSIONS, random.randint(1, 2)),
    }
    names = random.sample(sorted(possible), random.randint(1, 2))
    return {name: possible[name] for name in names}


@examples(30)
@seeds
def test_rules_of_findings_manager_1(random: Random) -> None:
    rules = [
        {"note": f"note {number}", "action": "SUPPRESSED", "match_on": random_match_on(random)}
        for number in range(random.randint(1, 2))
    ]
    found = imported("findings-manager-1", yaml.safe_dump({"Rules": rules}, allow_unicode=True))
    assert not found.refusals
    ruleset = ruleset_of(found)
    for _ in range(20):
        one = near_finding(random, Workflow={"Status": random.choice(STATUSES)})
        expected = {"Workflow": {"Status": "SUPPRESSED"}} if manager_1_suppresses(rules, one) else {}
        assert_same(ruleset, one, expected)


@examples(30)
@seeds
def test_rules_of_findings_manager_2(random: Random) -> None:
    rules = [random_manager_2_rule(random, number) for number in range(1, random.randint(2, 4))]
    found = imported("findings-manager-2", yaml.safe_dump({"Rules": rules}, allow_unicode=True))
    assert not found.refusals
    ruleset = ruleset_of(found)
    for _ in range(20):
        one = near_finding(random)
        assert_same(ruleset, one, manager_2_sets(rules, one))


def random_manager_2_rule(random: Random, number: int) -> dict[str, Any]:
    rule = {
        "Filters": random_criteria(random, contains=False),
        "UpdatesToFilteredFindings": random_update(random, number),
    }
    if random.random() < 0.5:
        name = random.choice(("Title", "ResourceId", "Type"))
        rule["ExtraFeatures"] = {"RegexStringFilters": {name: random.sample(EXPRESSIONS, 2)}}
    return rule


# -- mutelists of Prowler -----------------------------------------------------------------------

CHECKS = ("s3_bucket_acl", "s3_bucket_acl_public", "ec2_s3_bucket", "s3_log", "awslambda_url", "prowler_x")
CHECK_PATTERNS = (
    *("*", "", "s3_bucket_acl", "^s3_bucket_acl$", "^s3_", "_acl$", "s3_*", "*_acl", "*s3_*", "lambda_"),
    *("prowler", "^(s3|ec2)_", "acl|log", "^s3_bucket|^ec2", r"s3_\w+_acl", "bucket", "^ec2_s3_bucket$"),
)
REGION_PATTERNS = ("eu-west-1", "us-east-1", "eu-", "^us", "(eu|me)-west-[12]", "-1$", "west*", "*")
ACCOUNT_PATTERNS = (*ACCOUNTS[:2], "^1111", "6666$", "4{2,}", "333[34]", "*")


def random_entry(random: Random, *, exact: bool) -> dict[str, Any]:
    """An entry; an exact one asks for neither resources nor tags."""
    entry: dict[str, Any] = {
        "Regions": random.sample(REGION_PATTERNS, random.randint(1, 2)) if random.random() < 0.5 else ["*"],
        "Resources": ["*"] if exact or random.random() < 0.7 else ["shop", "^tmp-"],
    }
    if not exact and random.random() < 0.3:
        entry["Tags"] = random.choice((["env=dev"], ["*"], [], ["env=dev|env=test", "team=web"]))
    if random.random() < 0.4:
        exceptions = {
            "Accounts": random.sample(ACCOUNT_PATTERNS[:-1], random.randint(0, 2)),
            "Regions": random.sample(REGION_PATTERNS[:-1], random.randint(0, 2)),
        }
        if not exact and random.random() < 0.3:
            exceptions["Resources"] = ["shop"]
        entry["Exceptions"] = exceptions
    return entry


def random_mutelist(random: Random, *, exact: bool) -> dict[str, Any]:
    names = random.sample(("*", *ACCOUNTS), random.randint(1, 2))
    return {
        name: {
            "Checks": {
                check: random_entry(random, exact=exact)
                for check in random.sample(CHECK_PATTERNS, random.randint(1, 3))
            }
        }
        for name in names
    }


def sent(seen: dict[str, str]) -> dict[str, Any]:
    """What Prowler sends of what it has seen."""
    tags = dict(pair.split("=") for pair in seen["Tags"].split(" | ") if pair)
    return finding(
        ProductArn=f"arn:aws:securityhub:{seen['Regions']}::product/prowler/prowler",
        GeneratorId=f"prowler-{seen['Check']}",
        AwsAccountId=seen["Accounts"],
        Region=seen["Regions"],
        Resources=[
            {"Id": f"arn:aws:s3:::{seen['Resources']}", "Type": "Other", **({"Tags": tags} if tags else {})}
        ],
    )


def random_seen(random: Random) -> dict[str, str]:
    return {
        "Check": random.choice(CHECKS),
        "Accounts": random.choice(ACCOUNTS),
        "Regions": random.choice(REGIONS),
        "Resources": random.choice(("shop", "tmp-1", "x-tmp-1")),
        "Tags": random.choice(("", "env=dev", "team=web | env=test", "env=prod")),
    }


def importing_mutelist(accounts: dict[str, Any]) -> Any:
    source = yaml.safe_dump({"Mutelist": {"Accounts": accounts}}, sort_keys=False)
    return imported("prowler-mutelist", source, "mutelist.yaml")


@examples(20)
@seeds
def test_mutelists_of_prowler(random: Random) -> None:
    accounts = random_mutelist(random, exact=True)
    found = importing_mutelist(accounts)
    assert not [one for one in found.refusals if "leave nothing" not in one.reason]
    ruleset = ruleset_of(found)
    for _ in range(20):
        seen = random_seen(random)
        expected = {"Workflow": {"Status": "SUPPRESSED"}} if mutes(accounts, seen) else {}
        assert_same(ruleset, sent(seen), expected)


@examples(20)
@seeds
def test_what_is_imported_of_a_mutelist_hides_nothing_that_prowler_shows(random: Random) -> None:
    """Neither the Prowler of today, nor older ones that read stars otherwise."""
    accounts = random_mutelist(random, exact=False)
    ruleset = ruleset_of(importing_mutelist(accounts))
    for _ in range(20):
        seen = random_seen(random)
        if after(ruleset, sent(seen))["Workflow"] == {"Status": "SUPPRESSED"}:
            assert mutes(accounts, seen)
            has_leading = any(re.match(r"\*.", one) for one in str(accounts).split("'"))
            assert has_leading or mutes(accounts, seen, every_star_is_wild=False)
