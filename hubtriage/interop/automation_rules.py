"""AWS: facts about Security Hub's automation rules that importing and exporting share."""

RESOURCE = "AWS::SecurityHub::AutomationRule"
V2_RESOURCE = "AWS::SecurityHub::AutomationRuleV2"
TERRAFORM_V2_RESOURCE = "aws_securityhub_automation_rule_v2"

MOST_RULES = 100  # of one account and Region
HIGHEST_ORDER = 1000
