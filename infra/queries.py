"""Save queries of CloudWatch Logs Insights over the log of decisions."""

from aws_cdk import aws_logs as logs
from constructs import Construct

from hubtriage.settings.configuration import Configuration

_FINDING = "filter ispresent(finding_id)"
# AWS: a query addresses members of a list by index. The first is enough: these lists seldom hold more.
QUERIES = {
    "What a rule did": """\
fields @timestamp, outcome, account, finding_id, changes.0.field, changes.0.from, changes.0.to
| filter @message like '"rule":"RULE-ID"' and ispresent(changes.0.field)
| sort @timestamp desc
| limit 1000""",
    "Why a finding is as it is": """\
fields @timestamp, outcome, code, reason, @message
| filter finding_id = "FINDING-ID"
| sort @timestamp desc
| limit 200""",
    "What people kept": f"""\
{_FINDING} and ispresent(kept.0.field)
| stats count_distinct(finding_id) as findings by kept.0.field, kept.0.rule, kept.0.why
| sort findings desc""",
    "What was refused or failed": f"""\
{_FINDING} and outcome in ["refused", "failed"]
| stats count(*) as times, count_distinct(finding_id) as findings by outcome, code, reason
| sort times desc""",
    "What observed rules would do": f"""\
{_FINDING} and ispresent(observed.0.field)
| stats count_distinct(finding_id) as findings by observed.0.rule, observed.0.field, observed.0.to
| sort findings desc""",
    "Which rules cannot be evaluated": f"""\
{_FINDING} and ispresent(errors.0.rule)
| stats count_distinct(finding_id) as findings by errors.0.rule, errors.0.message
| sort findings desc""",
}
"""Query text by name; RULE-ID and FINDING-ID are for people to fill in."""


class Queries(Construct):
    """The queries, in a folder named after the stack."""

    def __init__(self, scope: Construct, name: str, config: Configuration, log_group: logs.ILogGroup) -> None:
        super().__init__(scope, name)
        for title, text in QUERIES.items():
            logs.CfnQueryDefinition(
                self,
                title.title().replace(" ", ""),
                name=f"{config.stack_name}/{title}",
                query_string=text,
                log_group_names=[log_group.log_group_name],
            )
