"""Make the ledger: the table that remembers, for every finding, what triage did to it."""

from collections.abc import Iterator

from aws_cdk import Arn, ArnComponents, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from constructs import Construct

from hubtriage.aws.ledger.table import KEY, table_name
from hubtriage.settings.configuration import Configuration

from .alarms import Alarm
from .encryption import customer_key
from .metrics import table_metric, triage_metric
from .permissions import statement


class LedgerConstruct(Construct):
    """The table, or the name of one that is there already; `table_name` and `table_arn` are known either way.

    It outlives the stack, and its name is fixed. AWS refuses a second table of the same name. So a stack that
    is made again cannot begin with an empty ledger by mistake: all that triage has hidden would then count as
    the work of people.
    """

    def __init__(self, scope: Construct, name: str, config: Configuration) -> None:
        super().__init__(scope, name)
        self._config = config
        if config.ledger_table is None:
            table = self._table(config)
            self.table_name, self.table_arn = table.table_name, table.table_arn
        else:
            self.table_name = config.ledger_table
            components = ArnComponents(service="dynamodb", resource="table", resource_name=self.table_name)
            self.table_arn = Arn.format(components, Stack.of(self))

    def _table(self, config: Configuration) -> dynamodb.Table:
        key = customer_key(self, config)
        return dynamodb.Table(
            self,
            "Table",
            table_name=table_name(config.stack_name),
            partition_key=dynamodb.Attribute(name=KEY, type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED if key else None,
            encryption_key=key,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=True,
            removal_policy=RemovalPolicy.RETAIN,
        )

    def alarms(self) -> Iterator[Alarm]:
        """Return the alarms on the ledger."""
        failed, in_doubt = (triage_metric(self._config, name) for name in ("LedgerFailed", "IntentsLeft"))
        throttled = table_metric(self.table_name, "WriteThrottleEvents")
        yield Alarm("ledger-failing", failed, 0, periods=12, hits=2)
        yield Alarm("ledger-throttled", throttled, 0, periods=3)
        yield Alarm("updates-in-doubt", in_doubt, 0, periods=12, hits=2)

    def allow(self, actions: tuple[str, ...]) -> iam.PolicyStatement:
        """Return the statement that allows a role these actions on the table."""
        return statement("UseLedger", actions, self.table_arn)
