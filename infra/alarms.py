"""Make what calls a person: alarms, and the topic that they are sent to."""

from collections.abc import Iterator
from dataclasses import dataclass

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from hubtriage.settings.configuration import Configuration

from .dashboard import Dashboard, triage_metric
from .encryption import customer_key
from .intake import IntakeConstruct

# AWS: a message that failed ages until it comes again. That is no trouble if it then succeeds. A message
# that was received three times no longer counts: it is on its way to the dead letters.
TRIES_AWAITED = 2


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm as data: it goes off when `metric` is above `limit` in `periods` periods in a row.

    With `hits` so many of the periods are enough. With `silence` it goes off when `metric` has no value above
    `limit` in that many.
    """

    id: str
    description: str
    metric: cloudwatch.IMetric
    limit: float
    periods: int = 1
    hits: int | None = None
    silence: bool = False

    @property
    def comparison(self) -> cloudwatch.ComparisonOperator:
        """How CloudWatch compares a value with the limit."""
        operator = cloudwatch.ComparisonOperator
        return operator.LESS_THAN_OR_EQUAL_TO_THRESHOLD if self.silence else operator.GREATER_THAN_THRESHOLD

    @property
    def missing(self) -> cloudwatch.TreatMissingData:
        """What a period without a value means."""
        treat = cloudwatch.TreatMissingData
        return treat.BREACHING if self.silence else treat.NOT_BREACHING


class AlarmsConstruct(Construct):
    """Alarms on everything that could lose or delay a finding, sent to an encrypted topic."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        config: Configuration,
        intake: IntakeConstruct,
        function: lambda_.Function,
        table: str,
    ) -> None:
        super().__init__(scope, name)
        self._runbook = config.runbook_url
        self.key = customer_key(self, config) or self._key()
        self.topic = self._topic(config)
        Dashboard(self, "Dashboard", config, intake, function, table)
        for alarm in triage_alarms(config, intake, function):
            self.add(alarm)

    def _topic(self, config: Configuration) -> sns.Topic:
        topic = sns.Topic(self, "Alarms", master_key=self.key, enforce_ssl=True)
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsPublish",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            )
        )
        for address in config.alarm_emails:
            topic.add_subscription(subscriptions.EmailSubscription(address))
        return topic

    def _key(self) -> kms.IKey:
        """Make the topic's key: CloudWatch may not use the AWS managed one."""
        key = kms.Key(
            self,
            "Key",
            description="Encrypts the messages of hubtriage's alarms",
            enable_key_rotation=True,
            pending_window=Duration.days(7),
            removal_policy=RemovalPolicy.DESTROY,  # no message outlives its delivery
        )
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsEncrypt",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                resources=["*"],  # AWS: in a key's policy this means the key
            )
        )
        return key

    def add(self, alarm: Alarm) -> cloudwatch.Alarm:
        """Make an alarm that reports to the topic when it goes off and when it is over."""
        made = cloudwatch.Alarm(
            self,
            alarm.id,
            alarm_description=f"{alarm.description} Runbook: {self._runbook}#{alarm.id.lower()}",
            metric=alarm.metric,
            threshold=alarm.limit,
            evaluation_periods=alarm.periods,
            datapoints_to_alarm=alarm.hits,
            comparison_operator=alarm.comparison,
            treat_missing_data=alarm.missing,
        )
        action = actions.SnsAction(self.topic)
        made.add_alarm_action(action)
        made.add_ok_action(action)
        return made


def triage_alarms(
    config: Configuration, intake: IntakeConstruct, function: lambda_.Function
) -> Iterator[Alarm]:
    """Return the alarms on intake and triage, each with what it means and what to do."""
    five_minutes = Duration.minutes(5)
    yield Alarm(
        "DeadLettersNotEmpty",
        "Findings could not be triaged and wait in the dead-letter queue. Read the log of the function, "
        "remove the cause, then redrive the queue.",
        _waiting(intake.dead_letters),
        0,
    )
    yield Alarm(
        "UndeliveredNotEmpty",
        "EventBridge could not put findings into the queue. Look at the queue's policy and encryption.",
        _waiting(intake.undelivered),
        0,
    )
    yield Alarm(
        "EventsLost",
        "EventBridge could put findings neither into the queue nor into its dead-letter queue, so they are "
        "lost. Look at the key's policy, then run `hubtriage sweep`.",
        _undeliverable(intake.rule),
        0,
    )
    yield Alarm(
        "FunctionFails",
        "The triage function ends in errors or in timeouts, so whole batches are tried again.",
        function.metric_errors(period=five_minutes, statistic="Sum"),
        0,
    )
    yield Alarm(
        "FunctionThrottled",
        "The account has no concurrency left for the triage function: findings wait longer. Reserve some.",
        function.metric_throttles(period=five_minutes, statistic="Sum"),
        0,
        periods=3,
    )
    yield Alarm(
        "FindingsWait",
        "The oldest finding has waited for longer than two tries may take: more findings change than the "
        "quota of BatchUpdateFindings allows, or a batch keeps failing.",
        intake.queue.metric_approximate_age_of_oldest_message(period=five_minutes, statistic="Maximum"),
        TRIES_AWAITED * config.capacity.visibility_timeout,
        periods=2,
    )
    for name, description, periods in _TRIAGE_ALARMS:
        yield Alarm(name, description, triage_metric(config, _METRICS.get(name, name)), 0, periods)


_TRIAGE_ALARMS = (
    (
        "NeedsAttention",
        (
            "Security Hub refuses an update for good, or triage has a bug: another delivery cannot help. "
            "The log has an ERROR line for each finding."
        ),
        1,
    ),
    (
        "Denied",
        (
            "Security Hub denies calls of triage: its role, a policy above it, or Security Hub itself was "
            "changed."
        ),
        1,
    ),
    ("EventsUnusable", "Events that cannot be read are in the queue. The log has the reason of each.", 1),
    (
        "RuleErrors",
        (
            "A rule cannot be evaluated on some findings, and what it could set is left as it is. The log "
            "names rule and finding."
        ),
        1,
    ),
    (
        "ServiceThrottles",
        "Security Hub has throttled triage for a quarter of an hour: something else uses the same quota.",
        3,
    ),
)
_METRICS = {"ServiceThrottles": "Throttled"}


def _undeliverable(rule: events.IRule) -> cloudwatch.Metric:
    """AWS: counts the events of a rule that its dead-letter queue did not take either."""
    return cloudwatch.Metric(
        namespace="AWS/Events",
        metric_name="InvocationsFailedToBeSentToDlq",
        dimensions_map={"RuleName": rule.rule_name},
        statistic="Sum",
        period=Duration.minutes(5),
    )


def _waiting(queue: sqs.IQueue) -> cloudwatch.Metric:
    return queue.metric_approximate_number_of_messages_visible(
        period=Duration.minutes(1), statistic="Maximum"
    )
