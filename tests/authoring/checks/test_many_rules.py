"""Many rules at once: the checks that compare rules with each other find nothing in good ones."""

from hubtriage.authoring.checks.registry import warnings
from hubtriage.authoring.loader import load_rules
from hubtriage.authoring.samples import SAMPLE_NOW

RULE = """\
  - id: rule-{n}
    owner: o
    ticket: T-{n}
    expires: 2027-12-31
    match:
      Compliance: {{SecurityControlId: [S3.{a}, EC2.{b}], Status: [FAILED, WARNING]}}
      AwsAccountId: ["{account}", "{other}"]
      Resources: {{Type: [AwsS3Bucket], Tags: {{env: [{{prefix: dev}}]}}}}
    when: {{"<": [{{age_days: [{{var: CreatedAt}}]}}, 30]}}
    update:
      Workflow: {{Status: SUPPRESSED}}
      Note: {{Text: "Accepted until {{rule.expires}} ({{rule.ticket}})."}}
    tests:
      - name: an accepted one
        finding: {{AwsAccountId: "{account}", Compliance: {{SecurityControlId: S3.{a}}}}}
        expect: {{Workflow: {{Status: SUPPRESSED}}}}
      - {{name: another account, finding: {{AwsAccountId: "123456789012"}}, expect: no change}}
"""


def test_a_thousand_good_rules_give_no_warning(folder):
    rules = (
        RULE.format(n=n, a=n % 97 + 1, b=n % 89 + 1, account=10**11 + n, other=2 * 10**11 + n)
        for n in range(1000)
    )
    path = folder("rules:\n" + "".join(rules))
    loaded = load_rules(path)
    found = warnings(loaded, SAMPLE_NOW)
    assert (len(loaded.rules), loaded.problems, found) == (1000, (), ())
