"""Terraform configurations and states: rules as written, and nothing that only Terraform knows."""

import json
from typing import Any

import pytest

from hubtriage.interop.importers.outcome import UnreadableError
from tests.support.imported_rules import decided, finding, imported, reasons, suppressed

CONFIGURATION = """
locals { unrelated = [for one in var.some : one] }

resource "aws_s3_bucket" "other" { bucket = "b" }

resource "aws_securityhub_automation_rule" "accepted" {
  rule_name   = "Accepted \\"dev\\" buckets"
  rule_order  = 10
  description = "From ${var.team}"
  is_terminal = true

  criteria {
    aws_account_id {
      comparison = "EQUALS"
      value      = ACCOUNT
    }
    resource_tags {
      comparison = "EQUALS"
      key        = "env"
      value      = "dev"
    }
    confidence {
      gte = 30
    }
    created_at {
      date_range {
        unit  = "DAYS"
        value = 90
      }
    }
  }

  actions {
    type = "FINDING_FIELDS_UPDATE"
    finding_fields_update {
      user_defined_fields = {
        some_key = "a"
        "b c"    = "d"
      }
      types = ["Effects/Data Exposure"]
      severity {
        label = "LOW"
      }
      note {
        text       = NOTE
        updated_by = "terraform"
      }
    }
  }

  lifecycle { ignore_changes = [description] }
}
"""


def of(account: str = '"111122223333"', note: str = '"Approved: $${x}."', **changes: str) -> Any:
    source = CONFIGURATION.replace("ACCOUNT", account).replace("NOTE", note)
    for old, new in changes.values():
        assert old in source
        source = source.replace(old, new, 1)
    return imported("automation-rules", source, "main.tf")


def test_a_configuration_gives_the_rule_that_terraform_would_make() -> None:
    found = of()
    assert not found.refusals
    [rule] = found.rules
    assert rule["id"] == "accepted-dev-buckets"
    assert rule["update"] == {
        "UserDefinedFields": {"some_key": "a", "b c": "d"},
        "Types": ["Effects/Data Exposure"],
        "Severity": {"Label": "LOW"},
        "Note": {"Text": "Approved: ${x}.", "UpdatedBy": "terraform"},
    }
    assert decided(found, finding(Confidence=30)).update["Severity"] == {"Label": "LOW"}
    for members in ({"Confidence": 29}, {"Confidence": 30, "CreatedAt": "2026-01-01T00:00:00Z"}):
        assert decided(found, finding(**members)).update is None


NOTES = [
    pytest.param('"a\\tb\\\\n \\u00e9"', "a\tb\\n é", id="escapes"),
    pytest.param("<<EOT\n  one\n  two\nEOT", "  one\n  two\n", id="a text in several lines"),
    pytest.param(
        "<<-EOT\n    one\n      two\n    EOT", "one\n  two\n", id="one whose indentation is taken off"
    ),
    pytest.param('"100 %%{x}"', "100 %{x}", id="a percent sign that is escaped"),
]


@pytest.mark.parametrize(("note", "text"), NOTES)
def test_texts_mean_what_they_mean_to_terraform(note: str, text: str) -> None:
    [rule] = of(note=note).rules
    assert rule["update"]["Note"]["Text"] == text


EXPRESSIONS = [
    pytest.param("var.account", "var.account", id="a variable"),
    pytest.param('"${var.account}"', "${var.account}", id="an interpolation"),
    pytest.param('"%{ if x }1%{ endif }"', "%{ if x }", id="a directive"),
    pytest.param('join("", ["1"])', "join", id="a function"),
]


@pytest.mark.parametrize(("account", "shown"), EXPRESSIONS)
def test_a_value_that_only_terraform_knows_is_refused(account: str, shown: str) -> None:
    found = of(account)
    [(where, reason)] = reasons(found)
    assert where == "aws_securityhub_automation_rule.accepted.Criteria.AwsAccountId[0].Value"
    assert shown in reason
    assert "terraform show -json" in found.refusals[0].hint


CHANGES = [
    pytest.param(("rule_order", "for_each = var.x\n  rule_order"), "for_each", id="one rule for each"),
    pytest.param(("rule_order", "count = 0\n  rule_order"), "count", id="a rule that is counted out"),
    pytest.param(
        ("rule_order", "count = var.on ? 1 : 0\n  rule_order"), "count", id="a rule that may be counted out"
    ),
    pytest.param(
        ("criteria {", 'criteria {\n    dynamic "title" {\n      for_each = x\n      content {}\n    }'),
        "criteria.dynamic",
        id="a block that is made on deployment",
    ),
    pytest.param(
        ("  lifecycle", "  criteria {}\n  lifecycle"), "criteria", id="two blocks where there is one"
    ),
]


@pytest.mark.parametrize(("change", "where"), CHANGES)
def test_a_rule_that_may_not_exist_as_written_is_refused(change: tuple[str, str], where: str) -> None:
    [(place, _reason)] = reasons(of(change=change))
    assert place == f"aws_securityhub_automation_rule.accepted.{where}"


STATE = {
    "format_version": "1.0",
    "terraform_version": "1.9.0",
    "values": {
        "root_module": {
            "resources": [{"type": "aws_s3_bucket", "name": "b", "values": {}}],
            "child_modules": [
                {
                    "resources": [
                        {
                            "address": 'module.hub.aws_securityhub_automation_rule.accepted["a"]',
                            "type": "aws_securityhub_automation_rule",
                            "name": "accepted",
                            "values": {
                                "arn": "arn:x",
                                "rule_name": "accepted",
                                "rule_order": 10,
                                "description": "d",
                                "is_terminal": False,
                                "rule_status": "ENABLED",
                                "tags": None,
                                "criteria": [
                                    {
                                        "aws_account_id": [{"comparison": "EQUALS", "value": "111122223333"}],
                                        "title": [],
                                        "confidence": [],
                                    }
                                ],
                                "actions": [
                                    {
                                        "type": "FINDING_FIELDS_UPDATE",
                                        "finding_fields_update": [
                                            {
                                                "confidence": None,
                                                "note": [],
                                                "severity": [],
                                                "types": None,
                                                "workflow": [{"status": "SUPPRESSED"}],
                                            }
                                        ],
                                    }
                                ],
                            },
                        }
                    ]
                }
            ],
        }
    },
}


ADDRESS = 'module.hub.aws_securityhub_automation_rule.accepted["a"]'


def shown(unknown: Any = None, **values: Any) -> Any:
    """What `terraform show -json` prints: of a state, or of a plan that does not know something."""
    document = json.loads(json.dumps(STATE))
    (rule,) = document["values"]["root_module"]["child_modules"][0]["resources"]
    rule["values"] |= values
    if unknown is not None:
        document["planned_values"] = document.pop("values")
        document["resource_changes"] = [{"address": ADDRESS, "change": {"after_unknown": unknown}}]
    return document


@pytest.mark.parametrize("document", [shown(), shown({}), shown({"arn": True, "criteria": [{}]})])
def test_a_state_or_a_plan_gives_what_terraform_has_evaluated(document: Any) -> None:
    found = imported("automation-rules", json.dumps(document), "state.json")
    assert not found.refusals
    note = {"Text": "Imported from state.json."}
    assert found.rules[0]["update"] == {"Workflow": {"Status": "SUPPRESSED"}, "Note": note}
    assert suppressed(found, finding())


UNKNOWN = [
    pytest.param(shown({"criteria": [{"aws_account_id": True}]}), "criteria", id="a criterion"),
    pytest.param(shown({"criteria": [{"title": [{"value": True}]}]}), "criteria", id="a criterion's value"),
    pytest.param(shown({"criteria": True}), "criteria", id="all criteria"),
    pytest.param(
        shown({"actions": [{"finding_fields_update": [{"severity": True}]}]}), "actions", id="an action"
    ),
    pytest.param(shown({"rule_order": True}), "rule_order", id="the order"),
    pytest.param(shown({"is_terminal": True}), "is_terminal", id="whether it is terminal"),
    pytest.param(shown({"rule_status": True}), "rule_status", id="whether it is enabled"),
    pytest.param(shown(True), "rule_order", id="everything"),
    pytest.param({**shown({}), "resource_changes": []}, "rule_order", id="a plan that says nothing of it"),
]


@pytest.mark.parametrize(("document", "argument"), UNKNOWN)
def test_what_a_plan_does_not_know_is_not_taken_for_left_out(document: Any, argument: str) -> None:
    found = imported("automation-rules", json.dumps(document), "plan.json")
    [(where, reason)] = reasons(found)
    assert (found.rules, where.rpartition(".")[2]) == ((), argument)
    assert "before it is applied" in reason


ALIASED = """
provider "aws" { region = "eu-central-1" }
provider "aws" {
  alias  = "ireland"
  region = "eu-west-1"
}
provider "aws" {
  alias  = "somewhere"
  region = var.region
}
"""
OTHERS = """
provider "awscc" { region = "us-east-1" }
provider "google" { region = "europe-west1" }
"""
PLACES = [
    pytest.param({}, "", (), None, id="nothing is said"),
    pytest.param({"region": "eu-west-1"}, "", (), ["eu-west-1"], id="an argument"),
    pytest.param({"region": "eu-west-1"}, "", ("eu-west-1", "eu-west-3"), ["eu-west-1"], id="one of two"),
    pytest.param({"region": "eu-west-1"}, "", ("all",), ["eu-west-1"], id="and every Region asked for"),
    pytest.param({"region": "eu-west-1"}, "", ("us-east-1",), None, id="and another one asked for"),
    pytest.param({"region": "var.region"}, "", (), None, id="an expression"),
    pytest.param({"region": "var.region"}, "", ("eu-west-1",), ["eu-west-1"], id="or asked for"),
    pytest.param({}, ALIASED, (), ["eu-central-1"], id="the provider's"),
    pytest.param({}, ALIASED + OTHERS, (), ["eu-central-1"], id="not another provider's"),
    pytest.param({}, OTHERS, (), None, id="nor another's in its place"),
    pytest.param({"provider": "aws.ireland"}, ALIASED, (), ["eu-west-1"], id="a named provider's"),
    pytest.param({"provider": "aws.somewhere"}, ALIASED, (), None, id="a provider's that is an expression"),
    pytest.param({"provider": "aws.absent"}, ALIASED, (), None, id="a provider that is not in the file"),
    pytest.param({}, "", ("eu-west-1", "eu-west-3"), ["eu-west-1", "eu-west-3"], id="Regions asked for"),
]


@pytest.mark.parametrize(("arguments", "providers", "asked", "regions"), PLACES)
def test_a_rule_is_for_the_region_in_which_it_acts(
    arguments: dict[str, str], providers: str, asked: tuple[str, ...], regions: list[str] | None
) -> None:
    written = "".join(
        f"  {name} = {value if '.' in value else json.dumps(value)}\n" for name, value in arguments.items()
    )
    source = CONFIGURATION.replace("  rule_name", f"{written}  rule_name", 1) + providers
    source = source.replace("ACCOUNT", '"111122223333"').replace("NOTE", '"n"')
    found = imported("automation-rules", source, "main.tf", regions=asked)
    if regions is None:
        assert (found.rules, len(found.refusals)) == ((), 1)
    else:
        assert found.rules[0]["match"]["Region"] == regions


def test_a_resource_whose_type_is_no_text_is_none_of_ours() -> None:
    resources = [{"type": one, "address": "a", "values": {}} for one in ([], {}, 1, None)]
    state = {"terraform_version": "1", "values": {"root_module": {"resources": resources}}}
    with pytest.raises(UnreadableError):
        imported("automation-rules", json.dumps(state))


CONTAINERS = [
    pytest.param('module "m" { source = "./m" }', "module", id="a module"),
    pytest.param('resource "aws_cloudformation_stack_set" "s" { name = "s" }', "stack set", id="a stack set"),
    pytest.param('resource "aws_cloudformation_stack" "s" { name = "s" }', "stack", id="a stack"),
    pytest.param('resource "aws_securityhub_automation_rules" "s" {}', "not a resource", id="unknown"),
]


@pytest.mark.parametrize(("source", "words"), CONTAINERS)
def test_what_may_hold_rules_elsewhere_is_refused_by_name(source: str, words: str) -> None:
    found = imported("automation-rules", source, "main.tf")
    assert (found.rules, len(found.refusals)) == ((), 1)
    assert words in found.refusals[0].reason


def test_a_state_file_is_unreadable() -> None:
    state = {"version": 4, "terraform_version": "1.9.5", "serial": 1, "lineage": "x", "resources": []}
    with pytest.raises(UnreadableError, match="a state file of Terraform"):
        imported("automation-rules", json.dumps(state), "terraform.tfstate")


@pytest.mark.parametrize("key", ["(local.key)", '"${var.prefix}-env"', '"%{ if x }a%{ endif }"'])
def test_a_key_that_is_an_expression_is_refused(key: str) -> None:
    found = of(change=('"b c"   ', key))
    [(where, reason)] = reasons(found)
    assert "user_defined_fields" in where
    assert "known only on deployment" in reason


JSON_CONFIGURATION = {
    "//": {"metadata": {"stackName": "hub"}},
    "provider": {"aws": [{"region": "eu-central-1"}]},
    "resource": {
        "aws_securityhub_automation_rule": {
            "quiet": {
                "rule_name": "quiet",
                "rule_order": 3,
                "description": "d",
                "criteria": [{"aws_account_id": [{"comparison": "EQUALS", "value": "111122223333"}]}],
                "actions": [
                    {
                        "type": "FINDING_FIELDS_UPDATE",
                        "finding_fields_update": [{"workflow": [{"status": "SUPPRESSED"}]}],
                    }
                ],
            }
        }
    },
}


def test_a_configuration_in_json_is_read_with_its_provider() -> None:
    found = imported("automation-rules", json.dumps(JSON_CONFIGURATION), "cdk.tf.json", regions=())
    assert not found.refusals
    assert found.rules[0]["match"] == {"AwsAccountId": ["111122223333"], "Region": ["eu-central-1"]}


def test_a_provider_whose_alias_is_no_text_says_nothing_of_regions() -> None:
    damaged = {**JSON_CONFIGURATION, "provider": {"aws": [{"alias": ["x"], "region": "eu-central-1"}]}}
    [(_where, reason)] = reasons(imported("automation-rules", json.dumps(damaged), "cdk.tf.json", regions=()))
    assert "Region" in reason


def test_an_expression_in_json_is_refused() -> None:
    text = json.dumps(JSON_CONFIGURATION).replace('"111122223333"', '"${var.account}"')
    [(_where, reason)] = reasons(imported("automation-rules", text, "cdk.tf.json"))
    assert "var.account" in reason


def test_the_resource_of_cloud_control_has_the_same_arguments() -> None:
    source = """
resource "awscc_securityhub_automation_rule" "logs" {
  rule_name   = "logs"
  rule_order  = 3
  description = "d"
  criteria    = { resource_id = [{ comparison = "PREFIX", value = "arn:aws:s3:::acme-" }] }
  actions     = [{ type = "FINDING_FIELDS_UPDATE", finding_fields_update = CHANGE }]
}
"""
    source = source.replace("CHANGE", '{ workflow = { status = "SUPPRESSED" } }')
    found = imported("automation-rules", source, "main.tf")
    assert not found.refusals
    assert suppressed(found, finding(Resources=[{"Id": "arn:aws:s3:::acme-logs"}]))
    assert not suppressed(found, finding(Resources=[{"Id": "arn:aws:s3:::other"}]))
