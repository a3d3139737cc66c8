"""Terraform configurations and states: rules as written, and nothing that only Terraform knows."""

import json
from typing import Any

import pytest

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


def test_a_count_that_is_calculated_is_remarked_on() -> None:
    [remark] = of(change=("rule_order", "count = var.on ? 1 : 0\n  rule_order")).remarks
    assert "count" in remark.text


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


@pytest.mark.parametrize("key", ["values", "planned_values"])
def test_a_state_or_a_plan_gives_what_terraform_has_evaluated(key: str) -> None:
    state = {**STATE, key: STATE["values"]}
    found = imported("automation-rules", json.dumps(state), "state.json")
    assert not found.refusals
    assert found.rules[0]["update"] == {"Workflow": {"Status": "SUPPRESSED"}}
    assert suppressed(found, finding())
