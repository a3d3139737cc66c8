"""What else a file may be in which no rules are found: known by words that it has, with the reason.

People keep their exceptions in many forms. A file that is asked to be imported and cannot be should at least
be called by its name. Nothing is concluded from it: it only words an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from hubtriage.interop.importers.outcome import UnreadableError

_LOOKED_AT = 200_000  # characters: who writes a form says so early
_BY_HAND = "write what still applies as rules by hand, on the fields that Security Hub gives its findings"


@dataclass(frozen=True, slots=True)
class _Form:
    """A form: in one of the `signs`, all expressions are found. `why` says why it is not imported."""

    name: str
    signs: tuple[tuple[re.Pattern[str], ...], ...]
    why: str
    hint: str = _BY_HAND


def _signs(*alternatives: str) -> tuple[tuple[re.Pattern[str], ...], ...]:
    """Compile alternatives of expressions that must all be found, which stand apart by ` & `."""
    return tuple(
        tuple(re.compile(one, re.MULTILINE) for one in alternative.split(" & "))
        for alternative in alternatives
    )


_KINDS = {
    "findings-manager-1": _signs(r"^\"?Rules\"?: & match_on", r"^Suppressions:"),
    "findings-manager-2": _signs(r"UpdatesToFilteredFindings"),
    "automation-rules": _signs(
        r"AWS::SecurityHub::AutomationRule(?:V2)?\b",
        r"securityhub_automation_rule(?:_v2)?\b",
        r"FINDING_FIELDS_UPDATE & FindingFieldsUpdate",
        r"OcsfFindingCriteria",
        r"^centralSecurityServices: & automationRules",
    ),
    "prowler-mutelist": _signs(r"^\"?Mutelist\"?: & Accounts"),
}
"""By what the kinds that are imported are known."""

_INSIDE = "{0} hides findings itself, by fields that only {0} has"
_CODE = "it is about code and packages before they are deployed, not about findings in Security Hub"
_FORMS = (
    _Form(
        "a rule file of hubtriage itself",
        _signs(r"^rules: & ^ *(?:- )?id: & ^ *update:"),
        "it needs no import",
        "put it into the folder of your rules",
    ),
    _Form(
        "findings, not rules",
        _signs(r"\"SchemaVersion\" & \"ProductArn\"", r"\"Findings\" & \"ProductArn\""),
        "there is nothing to import in them",
        "give the file with the rules; `hubtriage plan` and `backtest` read findings",
    ),
    _Form(
        "a list of an older Prowler",
        _signs(r"^\"?(?:Mute List|Allowlist)\"?: & Accounts"),
        "Prowler 3 and 4 read it differently from Prowler 5",
        "rewrite it for Prowler 5, with Mutelist: at its top, and import that",
    ),
    _Form(
        "a suppression rule of GuardDuty",
        _signs(r"AWS::GuardDuty::Filter", r"aws_guardduty_filter", r"\bFindingCriteria\b & \bCriterion\b"),
        _INSIDE.format("GuardDuty"),
    ),
    _Form(
        "a suppression rule of Inspector",
        _signs(
            r"AWS::InspectorV2::Filter",
            r"aws_inspector2_filter",
            r"\"(?:action|filterAction)\": *\"SUPPRESS\"",
        ),
        _INSIDE.format("Inspector"),
    ),
    _Form(
        "a suppression rule of Macie",
        _signs(
            r"AWS::Macie::FindingsFilter",
            r"aws_macie2_findings_filter",
            r"\bfindingCriteria\b & \bcriterion\b"
        ),
        _INSIDE.format("Macie"),
    ),
    _Form(
        "an archive rule of IAM Access Analyzer",
        _signs(r"aws_accessanalyzer_archive_rule", r"\b[Aa]rchiveRules\b"),
        _INSIDE.format("IAM Access Analyzer"),
    ),
    _Form(
        "controls of Security Hub that are switched off",
        _signs(
            r"securityhub_standards_control",
            r"DisabledStandardsControls",
            r"[Dd]isabled_?[Ss]ecurity_?[Cc]ontrol_?[Ii]dentifiers",
            r"controlsToDisable",
        ),
        "a control that is off makes no findings that a rule could hide",
        "leave it as it is",
    ),
    _Form(
        "an insight of Security Hub",
        _signs(r"AWS::SecurityHub::Insight", r"aws_securityhub_insight", r"\"InsightArn\""),
        "it groups findings and hides none",
        "leave it as it is",
    ),
    _Form(
        "rules or conformance packs of AWS Config",
        _signs(
            r"AWS::Config::", r"\"?aws_config_", r"ConformancePack", r"ConfigRuleName",
        ),
        "Config makes no finding for what it does not evaluate; each of its rules has other exceptions",
    ),
    _Form(
        "an ignore file of Trivy",
        _signs(
            r"^(?:vulnerabilities|misconfigurations|secrets|licenses): & ^ *- *id:",
            r"\A(?:[ \t]*(?:#.*)?\n)*(?:CVE-[0-9]|AVD-|GHSA-|DS[0-9]|KSV)",
        ),
        _CODE,
    ),
    _Form("settings of Checkov", _signs(r"^ *skip-check:", r"\"failed_checks\"", r"checkov:skip"), _CODE),
    _Form("settings of tfsec", _signs(r"^severity_overrides:", r"tfsec:ignore"), _CODE),
    _Form("an ignore file of Grype", _signs(r"^ignore: & ^ *- *vulnerability:"), _CODE),
    _Form("a policy file of Snyk", _signs(r"^ignore: & SNYK-"), _CODE),
    _Form(
        "suppressions of cfn-nag or cdk-nag",
        _signs(r"rules_to_suppress", r"RulesToSuppress", r"\bcdk_nag\b"),
        _CODE,
    ),
    _Form(
        "a statement in VEX",
        _signs(r"openvex\.dev", r"\"bomFormat\"", r"\"csaf_version\""),
        "it is about products and their vulnerabilities, not about findings in accounts",
    ),
    _Form(
        "controls of Steampipe or Powerpipe",
        _signs(r"^(?:control|benchmark|mod) +\"", r"\bsteampipe\b", r"\bpowerpipe\b"),
        "what they leave out is written in SQL",
    ),
    _Form(
        "accepted risks of DefectDojo",
        _signs(r"\"(?:accepted_findings|risk_acceptance|accepted_risks|risk_accepted)\""),
        "they name findings by DefectDojo's own numbers",
    ),
    _Form(
        "policies of Cloud Custodian",
        _signs(r"^policies: & ^ *(?:- )?resource:"),
        "they act on resources, not on findings",
    ),
    _Form(
        "exceptions for Kubernetes policies",
        _signs(r"^ *kind: *PolicyException", r"^apiVersion: *\S*kyverno"),
        "they are about clusters, not about findings in Security Hub",
    ),
)  # fmt: skip


def named(kind: str, content: bytes) -> UnreadableError | None:
    """Return the error that calls a file by its name; None if it looks like `kind`, or like nothing known."""
    text = content[: 4 * _LOOKED_AT].decode("utf-8", "replace")[:_LOOKED_AT]
    if _looks_like(_KINDS[kind], text):
        return None
    for other, signs in _KINDS.items():
        if _looks_like(signs, text):
            return UnreadableError(f"this looks like {other}", f"run `hubtriage import {other}`")
    for form in _FORMS:
        if _looks_like(form.signs, text):
            return UnreadableError(f"this looks like {form.name}: {form.why}", form.hint)
    return None


def _looks_like(signs: Iterable[Iterable[re.Pattern[str]]], text: str) -> bool:
    return any(all(expression.search(text) for expression in sign) for sign in signs)
