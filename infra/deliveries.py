"""Deliver decisions: each channel and queue has a rule on the bus, a queue, and a function of its own.

These functions read answers of services outside AWS, and must not be able to do anything else. They have no
right on Security Hub, on the ledger or on the bus. In the table of tickets each reaches its own items only.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from aws_cdk import Acknowledgment, Arn, ArnComponents, ArnFormat, Duration, RemovalPolicy, Stack, Validations
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from hubtriage.aws.decision_events.event import SOURCE
from hubtriage.aws.deliveries.chat.config import CHANNEL_VARIABLE, TOPIC_VARIABLE
from hubtriage.aws.deliveries.items import EXPIRES, GROUP, ITEM, TABLE_VARIABLE, own_keys
from hubtriage.aws.deliveries.numbers import FAILED, REFUSED, TICKETS_FAILED, WITHHELD
from hubtriage.aws.deliveries.outputs import output_of, output_of_queue
from hubtriage.aws.deliveries.tickets.environment import QUEUE_VARIABLE, SCOPE_VARIABLE
from hubtriage.aws.deliveries.tickets.records.item import DUE, DUE_INDEX, QUEUE
from hubtriage.settings.configuration import Configuration
from hubtriage.settings.deliveries import Channel, TicketQueue

from .alarms import Alarm, AlarmsConstruct, waiting
from .decision_events import DecisionEventsConstruct
from .encryption import KEY_READ_ACTIONS, KEY_USE_ACTIONS, customer_key, key_statements, queue_encryption
from .function import Function, lambda_log_level
from .intake import LONGEST_RETENTION, QUEUE_READ_ACTIONS, REDRIVE_ACTIONS, refusal
from .metrics import METRICS_NAMESPACE, triage_metric
from .permissions import statement

CHAT, TICKETS = "chat", "tickets"
HANDLERS = {name: f"lambdas.{name}.handler.handler" for name in (CHAT, TICKETS)}
TABLE_ACTIONS = {
    CHAT: ("dynamodb:GetItem", "dynamodb:UpdateItem"),
    TICKETS: (
        "dynamodb:BatchGetItem",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:Query",
        "dynamodb:UpdateItem",
    ),
}
POSTPONE_ACTIONS = ("sqs:ChangeMessageVisibility",)
_SUFFIX = re.compile(r"-[A-Za-z0-9]{6}$")
TIMEOUTS = {CHAT: 120, TICKETS: 300}
"""Seconds: a service may take a quarter of a minute for each answer, and slow ones come together."""
WINDOWS = {CHAT: 60, TICKETS: 20}
"""Seconds for which messages wait for others; a sweep makes many decisions of one kind at once."""
BATCH = 500
"""Messages of one invocation. AWS: together at most 6 MB."""
WEBHOOK_BATCH = 50
"""Messages of one invocation for a webhook. It gets a request for each, and may be slow to answer."""
RECEIVES = 10
WORK_MINUTES = 5
"""How often a queue looks at tickets that are due, and at those that people may have closed."""


@dataclass(frozen=True, slots=True)
class DeliveryTarget:
    """A channel or queue by its name, as the settings have it."""

    name: str
    kind: str
    settings: Channel | TicketQueue

    @property
    def function(self) -> str:
        """Which function delivers to it."""
        return TICKETS if isinstance(self.settings, TicketQueue) else CHAT

    @property
    def about(self) -> tuple[str, ...]:
        """The kinds of events that it gets without a rule asking."""
        return tuple(self.settings.about) if isinstance(self.settings, Channel) else ()

    @property
    def construct_id(self) -> str:
        """Its id in CDK; letters and digits alone could be those of two names."""
        return f"{'Queue' if self.function == TICKETS else 'Channel'}-{self.name}"

    def pattern(self) -> events.EventPattern:
        """Return the pattern of the events that concern it."""
        asked = {"deliver": {"to": [self.name]}}
        detail = {"$or": [asked, {"kind": list(self.about)}]} if self.about else asked
        return events.EventPattern(source=[SOURCE], detail=detail)

    def environment(self) -> dict[str, str]:
        """Return the variable with its settings; no secret is among them."""
        variable = QUEUE_VARIABLE if self.function == TICKETS else CHANNEL_VARIABLE
        document = {"name": self.name, **self.settings.model_dump(mode="json", by_alias=True)}
        return {variable: json.dumps(document, sort_keys=True, separators=(",", ":"))}


def targets_of(config: Configuration) -> tuple[DeliveryTarget, ...]:
    """Return all channels and queues by their names."""
    channels = (DeliveryTarget(name, each.kind, each) for name, each in sorted(config.channels.items()))
    queues = (DeliveryTarget(name, each.kind, each) for name, each in sorted(config.queues.items()))
    return (*channels, *queues)


def delivering_functions(config: Configuration) -> tuple[str, ...]:
    """Return the names of the packages that the channels and queues need."""
    needed = {target.function for target in targets_of(config)}
    return tuple(name for name in (CHAT, TICKETS) if name in needed)


class DeliveriesConstruct(Construct):
    """All channels and queues, the table of what was delivered, and two queues for what could not be.

    `dead_letters` holds what the functions could not deliver, `undelivered` what EventBridge could not put
    into their queues.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        config: Configuration,
        packages: Mapping[str, Path],
        bus: events.IEventBus,
        alarms: AlarmsConstruct,
    ) -> None:
        super().__init__(scope, name)
        self._config = config
        self.table_name, self.table_arn = self._table()
        self.dead_letters = self._dead_letter_queue("DeadLetters")
        self.undelivered = self._dead_letter_queue("Undelivered")
        self.targets = tuple(
            DeliveryConstruct(self, target, config, packages[target.function], bus, alarms)
            for target in targets_of(config)
        )
        self.redrive_role = self._redrive_role()
        self._refuse_other_senders()

    def go_before(self, *functions: lambda_.Function) -> None:
        """Let queues be there before anything decides for them: a bus keeps no event."""
        for function in functions:
            function.node.add_dependency(self)

    def _table(self) -> tuple[str, str]:
        """Make the table that outlives the stack, or name the one that the settings name.

        Its name is fixed, as that of the ledger: a stack that is made again cannot begin with an empty table
        by mistake, and open every ticket a second time.
        """
        config = self._config
        if config.tickets_table is not None:
            components = ArnComponents(
                service="dynamodb", resource="table", resource_name=config.tickets_table
            )
            return config.tickets_table, Arn.format(components, Stack.of(self))
        key = customer_key(self, config)
        text, number = dynamodb.AttributeType.STRING, dynamodb.AttributeType.NUMBER
        table = dynamodb.Table(
            self,
            "Table",
            table_name=tickets_table_name(config.stack_name),
            partition_key=dynamodb.Attribute(name=GROUP, type=text),
            sort_key=dynamodb.Attribute(name=ITEM, type=text),
            time_to_live_attribute=EXPIRES,
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED if key else None,
            encryption_key=key,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        table.add_global_secondary_index(
            index_name=DUE_INDEX,
            partition_key=dynamodb.Attribute(name=QUEUE, type=text),
            sort_key=dynamodb.Attribute(name=DUE, type=number),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
        )
        return table.table_name, table.table_arn

    def _dead_letter_queue(self, name: str) -> sqs.Queue:
        queue = sqs.Queue(
            self,
            name,
            **queue_encryption(self, self._config),
            enforce_ssl=True,
            retention_period=LONGEST_RETENTION,
            removal_policy=RemovalPolicy.DESTROY,
        )
        Validations.of(queue).acknowledge(
            Acknowledgment(id="AwsSolutions::AwsSolutions-SQS3", reason="It is a dead-letter queue itself.")
        )
        return queue

    def _redrive_role(self) -> iam.Role:
        """Make the role that brings back what could not be delivered."""
        statements = [
            statement("MoveDeadLetters", REDRIVE_ACTIONS, self.dead_letters.queue_arn),
            statement("TakeUndelivered", QUEUE_READ_ACTIONS, self.undelivered.queue_arn),
            iam.PolicyStatement(
                sid="SendAgain",
                actions=["sqs:SendMessage", "sqs:GetQueueUrl"],
                resources=[each.queue.queue_arn for each in self.targets],
            ),
            *key_statements(self._config, KEY_USE_ACTIONS),
        ]
        return iam.Role(
            self,
            "Redrive",
            description="Brings back decisions that could not be delivered",
            assumed_by=iam.AccountRootPrincipal(),  # anyone in this account who is allowed to assume it
            inline_policies={"redrive": iam.PolicyDocument(statements=statements)},
        )

    def _refuse_other_senders(self) -> None:
        """Refuse messages of all but the rules and the redrive role: a false one could close a ticket."""
        rules = [each.rule.rule_arn for each in self.targets]
        from_rules = {"ArnNotEquals": {"aws:SourceArn": rules if len(rules) > 1 else rules[0]}}
        self.undelivered.add_to_resource_policy(refusal(self.undelivered, from_rules))
        self.dead_letters.add_to_resource_policy(refusal(self.dead_letters))
        for each in self.targets:
            senders = {"aws:SourceArn": each.rule.rule_arn, "aws:PrincipalArn": self.redrive_role.role_arn}
            each.queue.add_to_resource_policy(refusal(each.queue, {"ArnNotEquals": senders}))

    def alarms(self) -> Iterator[Alarm]:
        """Return the alarms on deliveries."""
        yield Alarm("deliveries-dead", waiting(self.dead_letters), 0)
        yield Alarm("deliveries-undelivered", waiting(self.undelivered), 0)
        yield Alarm("deliveries-failing", triage_metric(self._config, FAILED), 0, periods=3)
        yield Alarm("delivery-credentials-refused", triage_metric(self._config, REFUSED), 0)
        yield Alarm("delivery-limit-reached", triage_metric(self._config, WITHHELD), 0)
        yield Alarm("tickets-failed", triage_metric(self._config, TICKETS_FAILED), 0)

    def outputs(self) -> dict[str, str]:
        """Return what commands need to know of the deployed channels and queues."""
        return {
            "TicketsTableName": self.table_name,
            "DeliveryDeadLettersUrl": self.dead_letters.queue_url,
            "DeliveryDeadLettersArn": self.dead_letters.queue_arn,
            "DeliveryUndeliveredUrl": self.undelivered.queue_url,
            "DeliveryRedriveRoleArn": self.redrive_role.role_arn,
            **{
                output_of(each.target.name): each.function.function_arn
                for each in self.targets
                if each.target.function == CHAT
            },
            **{
                output_of_queue(each.target.name): each.function.function_arn
                for each in self.targets
                if each.target.function == TICKETS
            },
        }


def make_deliveries(
    scope: Construct,
    config: Configuration,
    packages: Mapping[str, Path],
    decisions: DecisionEventsConstruct | None,
    alarms: AlarmsConstruct,
) -> DeliveriesConstruct | None:
    """Make what delivers decisions, if they leave the system and there is a channel or a queue."""
    if decisions is None or not targets_of(config):
        return None
    return DeliveriesConstruct(scope, "Deliveries", config, packages, decisions.bus, alarms)


def tickets_table_name(stack: str) -> str:
    """Return the name of the table of what a stack has delivered."""
    return f"{stack}-tickets"


class DeliveryConstruct(Construct):
    """One channel or queue: the rule that takes its events, their queue, and the function that delivers."""

    def __init__(
        self,
        scope: "DeliveriesConstruct",
        target: DeliveryTarget,
        config: Configuration,
        package: Path,
        bus: events.IEventBus,
        alarms: AlarmsConstruct,
    ) -> None:
        super().__init__(scope, target.construct_id)
        self.target = target
        self._config = config
        self.queue = self._queue(scope.dead_letters)
        self.rule = self._rule(bus, scope.undelivered)
        self.topic = self._topic(alarms)
        self.function = self._function(package, scope, alarms)
        self._batches()
        if target.function == TICKETS:
            self._schedule()

    def _queue(self, dead_letters: sqs.Queue) -> sqs.Queue:
        # AWS: six times the function's timeout and the window, so that no message comes twice for no reason.
        seconds = 6 * TIMEOUTS[self.target.function] + WINDOWS[self.target.function]
        return sqs.Queue(
            self,
            "Queue",
            **queue_encryption(self, self._config),
            enforce_ssl=True,
            retention_period=LONGEST_RETENTION,
            visibility_timeout=Duration.seconds(seconds),
            dead_letter_queue=sqs.DeadLetterQueue(queue=dead_letters, max_receive_count=RECEIVES),
        )

    def _rule(self, bus: events.IEventBus, undelivered: sqs.Queue) -> events.Rule:
        target = targets.SqsQueue(
            self.queue, dead_letter_queue=undelivered, max_event_age=Duration.hours(24), retry_attempts=185
        )
        return events.Rule(
            self,
            "Rule",
            description=f"Decisions for {self.target.name}",
            event_bus=bus,
            event_pattern=self.target.pattern(),
            targets=[target],
        )

    def _topic(self, alarms: AlarmsConstruct) -> sns.Topic | None:
        """Make the topic of a channel of e-mails; AWS sends no e-mail to an address that did not confirm."""
        settings = self.target.settings
        if not isinstance(settings, Channel) or settings.kind != "email":
            return None
        topic = sns.Topic(self, "Topic", master_key=alarms.key, enforce_ssl=True)
        for address in settings.address:
            topic.add_subscription(subscriptions.EmailSubscription(address))
        return topic

    def _function(self, package: Path, scope: "DeliveriesConstruct", alarms: AlarmsConstruct) -> Function:
        kind = self.target.function
        return Function(
            self,
            "Function",
            self._config,
            package,
            handler=HANDLERS[kind],
            description=f"Delivers decisions to {self.target.name} ({self.target.kind})",
            role_description=f"Delivers decisions to {self.target.name}",
            policy_name="deliver",
            statements=[*self._statements(scope.table_arn, alarms)],
            timeout=Duration.seconds(TIMEOUTS[kind]),
            environment=self._environment(scope.table_name),
            memory_mb=256,
            log_level=lambda_log_level(self._config),
        )

    def _environment(self, table: str) -> dict[str, str]:
        stack = Stack.of(self)
        topic = {TOPIC_VARIABLE: self.topic.topic_arn} if self.topic else {}
        scope = {SCOPE_VARIABLE: f"{stack.account}:{stack.region}:{self._config.stack_name}"}
        return {
            **self.target.environment(),
            **topic,
            **(scope if self.target.function == TICKETS else {}),
            TABLE_VARIABLE: table,
            "POWERTOOLS_SERVICE_NAME": self._config.stack_name,
            "POWERTOOLS_METRICS_NAMESPACE": METRICS_NAMESPACE,
        }

    def _statements(self, table: str, alarms: AlarmsConstruct) -> Iterator[iam.PolicyStatement]:
        yield statement("ReadQueue", (*QUEUE_READ_ACTIONS, *POSTPONE_ACTIONS), self.queue.queue_arn)
        yield self._own_items(table)
        if self.target.settings.secret:
            arn = secret_arn(self, self.target.settings.secret)
            yield statement("ReadSecret", ("secretsmanager:GetSecretValue",), arn)
        if self.topic:
            yield statement("SendMails", ("sns:Publish",), self.topic.topic_arn)
        yield from key_statements(self._config, KEY_USE_ACTIONS if self.topic else KEY_READ_ACTIONS)
        if self.topic and self._config.kms_key is None:
            yield statement("EncryptMails", KEY_USE_ACTIONS, alarms.key.key_arn)

    def _own_items(self, table: str) -> iam.PolicyStatement:
        """Allow to use the target's own items, also in the index of tickets."""
        has_index = self.target.function == TICKETS
        return iam.PolicyStatement(
            sid="UseItems",
            actions=list(TABLE_ACTIONS[self.target.function]),
            resources=[table, *([f"{table}/index/{DUE_INDEX}"] if has_index else [])],
            conditions={"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [own_keys(self.target.name)]}},
        )

    def _batches(self) -> lambda_.EventSourceMapping:
        return lambda_.EventSourceMapping(
            self,
            "Batches",
            target=self.function,
            event_source_arn=self.queue.queue_arn,
            batch_size=WEBHOOK_BATCH if self.target.kind == "webhook" else BATCH,
            max_batching_window=Duration.seconds(WINDOWS[self.target.function]),
            max_concurrency=2,  # AWS: the least
            report_batch_item_failures=True,
        )

    def _schedule(self) -> None:
        """Have the function look at tickets that are due, and at what people did to the others."""
        function = cast("lambda_.IFunction", self.function)
        work = targets.LambdaFunction(function, event=events.RuleTargetInput.from_object({"work": "due"}))
        events.Rule(
            self,
            "Work",
            description=f"Works on the tickets of {self.target.name} that are due",
            schedule=events.Schedule.rate(Duration.minutes(WORK_MINUTES)),
            targets=[cast("events.IRuleTarget", work)],
        )


def secret_arn(scope: Construct, secret: str) -> str:
    """Return what matches the ARN of a secret. AWS: it ends with six characters that no one chooses."""
    if secret.startswith("arn:"):
        return secret if _SUFFIX.search(secret) else f"{secret}-??????"
    return Arn.format(
        ArnComponents(
            service="secretsmanager",
            resource="secret",
            resource_name=f"{secret}-??????",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        ),
        Stack.of(scope),
    )
