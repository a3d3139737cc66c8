"""W307: a rule hides findings by something that the people in the account decide."""

from collections.abc import Iterator

from hubtriage.asff.fields import Keys
from hubtriage.authoring.checks.constraints import constraints_of
from hubtriage.authoring.checks.linted_rule import LintedRule, dotted
from hubtriage.authoring.checks.set_relations import is_list_of_texts
from hubtriage.authoring.problems import Problem
from hubtriage.engine.index.conjunctions import Source

CODE = "W307"
# What the people in an account choose: names, texts and tags of what they make, and what it does.
_FREE: set[Keys] = {
    *(
        ("Title",),
        ("Description",),
        ("AwsAccountName",),
        ("ProductFields",),
        ("UserDefinedFields",),
        ("Note",),
    ),
    *(("Process",), ("Malware", "Name"), ("Malware", "Path"), ("Detection",), ("Network",)),
    *(("ThreatIntelIndicators", "Value"), ("Threats", "Name"), ("Threats", "FilePaths")),
    *(("Resources", "ApplicationName"), ("Resources", "ApplicationArn"), ("Resources", "Tags")),
    *(("Resources", "Details", "Other"), ("Vulnerabilities", "VulnerablePackages", "FilePath")),
    *(("Action", "DnsRequestAction", "Domain"), ("Action", "AwsApiCallAction", "DomainDetails")),
    *(("Action", "AwsApiCallAction", "AffectedResources"), ("GeneratorDetails", "Labels")),
}
# AWS writes these keys of ProductFields, and none of their values is chosen in the account.
_AWS_KEYS = {
    *("aws/securityhub/ProductName", "aws/securityhub/CompanyName", "aws/securityhub/SeverityLabel"),
    *("aws/inspector/ProductVersion", "aws/inspector/FindingStatus", "aws/inspector/inspectorScore"),
    *("aws/guardduty/service/archived", "aws/guardduty/service/count", "aws/guardduty/service/resourceRole"),
    *(
        "aws/guardduty/service/action/actionType",
        "PreviousComplianceStatus",
        "aws/config/ConfigComplianceType",
    ),
    *("ControlId", "RuleId", "StandardsArn", "StandardsControlArn", "StandardsGuideArn"),
}
_DETAILS: Keys = ("Resources", "Details")
_NAMES = ("Name", "Identifier", "Description", "Path", "Label", "Value", "UserData", "Command", "Comment")
_ID: Keys = ("Resources", "Id")
_PARTIAL = ("prefix", "suffix", "wildcard", "equals-ignore-case", "starts_with", "ends_with", "glob", "regex")


def check(rule: LintedRule) -> Iterator[Problem]:
    """Report tags, names, titles and parts of resource ids in a rule that hides without naming accounts."""
    if not rule.hides:
        return
    for keys, place, is_key in rule.paths:
        plain = tuple(key for key in keys if not key.isdecimal())
        if _is_free(plain) or (plain == _ID and _is_partial(rule)):
            if _names_accounts(rule):
                return
            message = f"anyone who may set {dotted(plain)} can hide findings with this rule"
            hint = "name the accounts where only your pipeline can, by AwsAccountId or an account attribute"
            yield rule.problem(CODE, place, message, hint, key=is_key)
            return


def _is_free(keys: Keys) -> bool:
    """Say whether people in the account choose this text, and may give it to another resource."""
    if keys[:1] == ("ProductFields",) and dotted(keys[1:]) in _AWS_KEYS:
        return False
    is_name = keys[:2] == _DETAILS and keys[-1].endswith(_NAMES)
    return is_name or any(keys[:length] in _FREE for length in (1, 2, 3))


def _names_accounts(rule: LintedRule) -> bool:
    """Say whether the rule names its accounts, by their ids or by what the account directory says."""
    ids = (
        match_field
        for match_field in rule.match_fields
        if match_field.keys == ("AwsAccountId",) and "$or" not in match_field.place
    )
    if any(not match_field.operators for match_field in ids):
        return True  # the usual case, and quicker to see than the constraints of all conditions
    return any(_is_of_account(one.source) and is_list_of_texts(one.values) for one in constraints_of(rule))


def _is_of_account(source: Source) -> bool:
    return source == ("AwsAccountId",) or (isinstance(source, str) and source.startswith('{"account"'))


def _is_partial(rule: LintedRule) -> bool:
    tests = {
        operator
        for match_field in rule.match_fields
        if match_field.keys == _ID
        for operator, _operand, _at in match_field.operators
    }
    operators = {operation.name for operation in rule.operations}
    return bool((tests | operators) & set(_PARTIAL))
