"""Make the bus of decision events: who may put events on it, and who may make rules that read them."""

from collections.abc import Iterator
from typing import cast

from aws_cdk import Arn, ArnComponents, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from constructs import Construct

from hubtriage.aws.decision_events.variables import NOT_PUT_METRIC, bus_name
from hubtriage.settings.configuration import Configuration

from .alarms import Alarm
from .metrics import triage_metric
from .permissions import statement

PUT_ACTIONS = ("events:PutEvents",)
READER_ACTIONS = (
    "events:DeleteRule",
    "events:DescribeRule",
    "events:DisableRule",
    "events:EnableRule",
    "events:ListTagsForResource",
    "events:ListTargetsByRule",
    "events:PutRule",
    "events:PutTargets",
    "events:RemoveTargets",
    "events:TagResource",
    "events:UntagResource",
)
"""AWS: what an account needs to manage rules of its own on the bus of another account."""


class DecisionEventsConstruct(Construct):
    """A bus of the stack's own. Accounts that may read it make rules there, and see no rule of another one.

    The bus has a name that follows from the stack's, so that rules elsewhere can name it beforehand. AWS: a
    bus keeps no event: it hands each to the rules that are there.
    """

    def __init__(self, scope: Construct, name: str, config: Configuration) -> None:
        super().__init__(scope, name)
        self._config = config
        self.bus_name = bus_name(config.stack_name)
        self.bus = events.EventBus(
            self,
            "Bus",
            event_bus_name=self.bus_name,
            description="What hubtriage decided on findings, and what happened to itself",
        )
        if config.event_readers:
            self._let_read(config.event_readers)

    def _let_read(self, accounts: tuple[str, ...]) -> None:
        """Let accounts manage the rules that they make themselves. AWS: a policy has 10 KB."""
        rules = ArnComponents(service="events", resource="rule", resource_name=f"{self.bus_name}/*")
        allowed = iam.PolicyStatement(
            actions=list(READER_ACTIONS),
            principals=[
                cast("iam.IPrincipal", iam.AccountPrincipal(account)) for account in sorted(accounts)
            ],
            resources=[Arn.format(rules, Stack.of(self))],
            conditions={"StringEqualsIfExists": {"events:creatorAccount": "${aws:PrincipalAccount}"}},
        )
        events.CfnEventBusPolicy(
            self,
            "Readers",
            event_bus_name=self.bus.event_bus_name,
            statement_id="ManageOwnRules",
            statement=allowed.to_statement_json(),
        )

    def alarms(self) -> Iterator[Alarm]:
        """Return the alarm on events that could not be put, by whichever function."""
        yield Alarm("events-not-put", triage_metric(self._config, NOT_PUT_METRIC), 0)

    def statements(self) -> tuple[iam.PolicyStatement, ...]:
        """Allow a role to put events on the bus, and nothing else there."""
        return (statement("PutDecisionEvents", PUT_ACTIONS, self.bus.event_bus_arn),)
