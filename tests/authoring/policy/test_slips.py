"""No critical finding of production is ever hidden: slips against that are caught, right rules are proved."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from hubtriage.authoring.compiler import compile_ruleset, policy_problems, policy_proofs
from hubtriage.authoring.loader import load_rules
from hubtriage.engine.fields import ParsedFinding
from hubtriage.engine.planning.entry import Entry
from hubtriage.engine.planning.plan import Settings, decide
from hubtriage.engine.ruleset.policy import NO_POLICY
from hubtriage.engine.ruleset.ruleset import load_ruleset

NOW = 1_793_534_400.0
POLICY = """
policy:
  - id: prod-criticals
    description: Critical findings of production accounts stay visible.
    never: hide
    findings:
      match: {Severity: {Label: [CRITICAL]}}
      when: {"!=": [{account: environment}, dev]}
"""
ACCOUNTS = """
accounts:
  "111122223333": {environment: dev, team: web}
  "222233334444": {environment: dev, team: data}
  "333344445555": {environment: prod, team: web}
  "444455556666": {environment: stage}
"""
LISTS = """
lists:
  dev-accounts: ["111122223333", "222233334444"]
  mixed-accounts: ["111122223333", "333344445555"]
  prod-accounts: ["333344445555"]
"""
HIDE = "Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted.}"
RULE = """{lists}
rules:
  - id: accepted
    ceiling: {ceiling}
    {conditions}
    update: {{{update}}}
    {more}
"""


def files(
    folder: Path,
    conditions: str,
    *,
    ceiling: str = "CRITICAL",
    update: str = HIDE,
    more: str = "mode: enforce",
) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "policy.yaml").write_text(POLICY)
    (folder / "accounts.yaml").write_text(ACCOUNTS)
    rule = RULE.format(lists=LISTS, conditions=conditions, ceiling=ceiling, update=update, more=more)
    (folder / "rules.yaml").write_text(rule)
    return folder


def both(match: str, when: str) -> str:
    return f"match: {match}\n    when: {when}"


SLIPS = {
    "no condition on the account": ("match: {Region: [eu-west-1]}", {}),
    "a list with a wrong account": ("match: {AwsAccountId: [{in-list: mixed-accounts}]}", {}),
    "an account of production": ('match: {AwsAccountId: ["333344445555"]}', {}),
    "an account that is in no directory": ('match: {AwsAccountId: ["999999999999"]}', {}),
    "a stage account": ('when: {"==": [{account: environment}, stage]}', {}),
    "not production is more than dev": ('when: {"!=": [{account: environment}, prod]}', {}),
    "a team has other accounts too": ('when: {"==": [{account: team}, web]}', {}),
    "an account without the attribute": ('when: {"!": [{account: team}]}', {}),
    "anything but a list": ("match: {AwsAccountId: [{anything-but: {in-list: dev-accounts}}]}", {}),
    "anything but production": ('match: {AwsAccountId: [{anything-but: ["333344445555"]}]}', {}),
    "a prefix of accounts": ('match: {AwsAccountId: [{prefix: "1"}]}', {}),
    "a suffix of accounts": ('match: {AwsAccountId: [{suffix: "3333"}]}', {}),
    "a wildcard in accounts": ('match: {AwsAccountId: [{wildcard: "1*3"}]}', {}),
    "a glob of accounts": ('when: {glob: [{var: AwsAccountId}, "11112222????"]}', {}),
    "the name instead of the id": ("match: {AwsAccountName: [{prefix: dev-}]}", {}),
    "the Region instead of the account": ("match: {Region: [{prefix: us-}]}", {}),
    "or instead of and": (
        'when: {or: [{"==": [{account: environment}, dev]}, {"==": [{var: Region}, eu-west-1]}]}',
        {},
    ),
    "$or with one branch too many": (
        'match: {$or: [{AwsAccountId: ["111122223333"]}, {RecordState: [ARCHIVED]}]}',
        {},
    ),
    "a negation in the wrong place": (
        'when: {"!": [{and: [{"==": [{account: environment}, prod]}, {"==": [{var: Region}, eu-west-1]}]}]}',
        {},
    ),
    "a negated list": ('when: {"!": [{in_list: [{var: AwsAccountId}, prod-accounts]}]}', {}),
    "else": (
        'when: {if: [{"==": [{account: environment}, dev]}, true, {"==": [{var: Region}, eu-west-1]}]}',
        {},
    ),
    "absence of a severity that is not that of the finding": (
        "match: {FindingProviderFields: {Severity: {Label: [{exists: false}]}}}",
        {},
    ),
    "a number above the band": ('when: {">=": [{var: Severity.Normalized}, 70]}', {}),
    "a number in the band": ('match: {Severity: {Normalized: [{numeric: [">", 94]}]}}', {}),
    "any resource of dev": (
        'when: {some: [{var: Resources}, {starts_with: [{var: Id}, "arn:aws:iam::111122223333:"]}]}',
        {},
    ),
    "lowering instead of suppressing": (
        "match: {Region: [eu-west-1]}",
        {"update": "Severity: {Label: LOW}, Note: {Text: n}"},
    ),
    "at most high": (
        "match: {Region: [eu-west-1]}",
        {"update": "Severity: {AtMost: HIGH}, Note: {Text: n}"},
    ),
    "resolved instead of suppressed": (
        "match: {Region: [eu-west-1]}",
        {"update": "Workflow: {Status: RESOLVED}, Note: {Text: n}"},
    ),
    "an override": ("match: {Region: [eu-west-1]}", {"more": "override: true"}),
    "a rule in front of all others": (
        "match: {Region: [eu-west-1]}",
        {"more": "order: 1\n    terminal: true"},
    ),
    "a rule that only observes so far": ("match: {Region: [eu-west-1]}", {"more": "mode: observe"}),
    "a window on Sundays": (
        "match: {Region: [eu-west-1]}",
        {"more": 'during: {days: [sun], from: "01:00", to: "02:00"}'},
    ),
    "an old finding": ('when: {">": [{age_days: {var: CreatedAt}}, 365]}', {}),
}

RIGHT = {
    "a ceiling below": ("match: {Region: [eu-west-1]}", {"ceiling": "HIGH"}),
    "no ceiling written": ("match: {Region: [eu-west-1]}", {"ceiling": "MEDIUM"}),
    "dev accounts by list": ("match: {AwsAccountId: [{in-list: dev-accounts}]}", {}),
    "dev accounts written out": ('match: {AwsAccountId: ["111122223333", "222233334444"]}', {}),
    "dev accounts by logic": ("when: {in_list: [{var: AwsAccountId}, dev-accounts]}", {}),
    "dev accounts by in": ('when: {in: [{var: AwsAccountId}, ["111122223333"]]}', {}),
    "the attribute": ('when: {"==": [{account: environment}, dev]}', {}),
    "the attribute the other way round": ('when: {"==": [dev, {account: environment}]}', {}),
    "strictly equal": ('when: {"===": [{account: environment}, dev]}', {}),
    "one of several values, none of production": (
        "when: {in: [{account: environment}, [dev, sandbox]]}",
        {},
    ),
    "the attribute begins so": ("when: {starts_with: [{account: environment}, de]}", {}),
    "not critical by label": ("match: {Severity: {Label: [{anything-but: CRITICAL}]}}", {}),
    "low and medium": ("match: {Severity: {Label: [LOW, MEDIUM]}}", {}),
    "not critical by logic": ('when: {"!=": [{var: Severity.Label}, CRITICAL]}', {}),
    "not critical, negated": ('when: {"!": [{"==": [{var: Severity.Label}, CRITICAL]}]}', {}),
    "a number below the band": ('when: {"<": [0, {var: Severity.Normalized}, 90]}', {}),
    "a number in a lower band": ('match: {Severity: {Normalized: [{numeric: [">=", 40, "<", 70]}]}}', {}),
    "both, in both languages": (
        both("{AwsAccountId: [{in-list: mixed-accounts}]}", '{"==": [{account: environment}, dev]}'),
        {},
    ),
    "severe ones of dev, others everywhere": (
        'when: {or: [{"==": [{account: environment}, dev]}, {"!=": [{var: Severity.Label}, CRITICAL]}]}',
        {},
    ),
    "if critical then dev": (
        'when: {if: [{"==": [{var: Severity.Label}, CRITICAL]}, {"==": [{account: environment}, dev]}, 1]}',
        {},
    ),
    "two branches, both narrow": (
        'match: {$or: [{AwsAccountId: ["111122223333"]}, {Severity: {Label: [HIGH]}}]}',
        {},
    ),
    "de Morgan": (
        'when: {"!": [{or: [{"!=": [{account: environment}, dev]}, {"!=": [{var: Region}, eu-west-1]}]}]}',
        {},
    ),
    "notified hides nothing": (
        "match: {Region: [eu-west-1]}",
        {"update": "Workflow: {Status: NOTIFIED}, Note: {Text: n}"},
    ),
    "raising hides nothing": ("match: {Region: [eu-west-1]}", {"update": "Severity: {AtLeast: HIGH}"}),
    "critical stays critical": ("match: {Region: [eu-west-1]}", {"update": "Severity: {Label: CRITICAL}"}),
    "a verdict hides nothing": (
        "match: {Region: [eu-west-1]}",
        {"update": "VerificationState: BENIGN_POSITIVE"},
    ),
    "a condition that is not looked into, beside one that suffices": (
        'when: {and: [{regex: [{var: Title}, "^S3"]}, {"==": [{account: environment}, dev]}]}',
        {},
    ),
    "two fields compared, beside one that suffices": (
        both('{AwsAccountId: ["111122223333"]}', '{"==": [{var: Region}, {var: Resources.0.Region}]}'),
        {},
    ),
    "some resource, and dev": (
        both("{Resources: {Type: [AwsS3Bucket]}}", '{"==": [{account: environment}, dev]}'),
        {},
    ),
    "no resource of another kind, and dev": (
        both(
            '{AwsAccountId: ["111122223333"]}',
            '{none: [{var: Resources}, {"!=": [{var: Type}, AwsS3Bucket]}]}',
        ),
        {},
    ),
    "old ones of dev": (
        both('{AwsAccountId: ["222233334444"]}', '{">": [{age_days: {var: CreatedAt}}, 365]}'),
        {},
    ),
    "a rule that is off": ("match: {Region: [eu-west-1]}", {"more": 'mode: "off"'}),
}


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_is_caught_with_a_finding_that_the_engine_hides(name: str, tmp_path: Path) -> None:
    conditions, more = SLIPS[name]
    folder = files(tmp_path / "rules", conditions, **more)
    loaded = load_rules(folder)
    assert loaded.errors == ()
    assert [problem.code for problem in policy_problems(loaded, NOW)] == ["E501"]
    (verdict,) = policy_proofs(loaded, NOW).verdicts()
    assert verdict.proof is not None
    witness = verdict.proof.witness
    assert witness is not None
    document = compile_ruleset(folder, revision=None, keeps_policy=False)
    for rule in document["rules"]:  # as it is once it is enforced, inside a window
        for key in ("mode", "during"):
            rule.pop(key, None)
    enforcing = load_ruleset(document)
    decision = decide(witness, Entry(), replace(enforcing, policy=NO_POLICY), NOW, Settings())
    assert decision.hides, json.dumps(decision.as_record())
    kept = decide(witness, Entry(), enforcing, NOW, Settings())
    assert not kept.hides, "the policy is enforced by planning too"
    assert {one.statement for one in kept.against_policy} == {"prod-criticals"}
    assert ParsedFinding(witness).value("Severity.Label") == "CRITICAL"
    assert witness["AwsAccountId"] not in ("111122223333", "222233334444")


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_rule_is_proved(name: str, tmp_path: Path) -> None:
    conditions, more = RIGHT[name]
    loaded = load_rules(files(tmp_path / "rules", conditions, **more))
    assert loaded.errors == ()
    assert policy_problems(loaded, NOW) == ()


def test_there_are_enough_of_both() -> None:
    assert len(SLIPS) >= 30
    assert len(RIGHT) >= 30
