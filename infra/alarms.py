"""Make what calls a person: alarms, and the topics that they are sent to."""

from collections.abc import Iterator, Sequence
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

from .alarm_texts import ALARM_TEXTS
from .encryption import customer_key
from .intake import IntakeConstruct
from .links import Links
from .metrics import triage_metric

# AWS: a message that failed ages until it comes again. That is no trouble if it then succeeds. A message
# that was received three times no longer counts: it is on its way to the dead letters.
TRIES_AWAITED = 2


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm as data: it goes off when `metric` is above `limit` in `periods` periods in a row.

    `name` is one of `ALARM_TEXTS`. With `hits` so many of the periods are enough. With `silence` it goes off
    when `metric` has no value above `limit` in that many.
    """

    name: str
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
    """Alarms on everything that could lose or delay a finding, sent to two encrypted topics.

    `topic` gets those for which a person is woken, `tomorrow` all others. `made` has the alarms by name.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        config: Configuration,
        links: Links,
    ) -> None:
        super().__init__(scope, name)
        self._config = config
        self._links = links
        self.made: dict[str, cloudwatch.Alarm] = {}
        self.key = customer_key(self, config) or self._key()
        self.topic = self._topic("Alarms", config.alarm_emails)
        self.tomorrow = self._topic("Tomorrow", config.tomorrow_emails or config.alarm_emails)

    def _topic(self, name: str, addresses: Sequence[str]) -> sns.Topic:
        topic = sns.Topic(self, name, master_key=self.key, enforce_ssl=True)
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsPublish",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            )
        )
        for address in addresses:
            topic.add_subscription(subscriptions.EmailSubscription(address))
        return topic

    def _key(self) -> kms.IKey:
        """Make the key of both topics: CloudWatch may not use the AWS managed one."""
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
        """Make an alarm that reports to its topic when it goes off and when it is over.

        Its id in CloudFormation derives from its name, as they must change together. CloudFormation makes a
        resource of a new id before it deletes the old one, and AWS refuses two alarms of the same name.
        """
        text = ALARM_TEXTS[alarm.name].with_settings(self._config)
        made = cloudwatch.Alarm(
            self,
            "".join(map(str.capitalize, alarm.name.split("-"))),
            alarm_name=f"{self._config.stack_name}-{alarm.name}",
            alarm_description=f"{text.description} Runbook: {self._links.runbook(alarm.name)}",
            metric=alarm.metric,
            threshold=alarm.limit,
            evaluation_periods=alarm.periods,
            datapoints_to_alarm=alarm.hits,
            comparison_operator=alarm.comparison,
            treat_missing_data=alarm.missing,
        )
        action = actions.SnsAction(self.topic if text.severity == "page now" else self.tomorrow)
        made.add_alarm_action(action)
        made.add_ok_action(action)
        self.made[alarm.name] = made
        return made


def triage_alarms(
    config: Configuration, intake: IntakeConstruct, function: lambda_.Function
) -> Iterator[Alarm]:
    """Return the alarms on intake and triage."""
    five_minutes = Duration.minutes(5)
    yield Alarm("dead-letters-waiting", waiting(intake.dead_letters), 0)
    yield Alarm("events-undelivered", waiting(intake.undelivered), 0)
    yield Alarm("events-lost", _undeliverable(intake.rule), 0)
    yield Alarm("function-failing", function.metric_errors(period=five_minutes, statistic="Sum"), 0)
    yield Alarm(
        "function-throttled", function.metric_throttles(period=five_minutes, statistic="Sum"), 0, periods=3
    )
    yield Alarm(
        "findings-waiting",
        intake.queue.metric_approximate_age_of_oldest_message(period=five_minutes, statistic="Maximum"),
        longest_wait(config),
        periods=2,
    )
    for name, metric, periods in _TRIAGE_ALARMS:
        yield Alarm(name, triage_metric(config, metric), 0, periods)


_TRIAGE_ALARMS = (
    ("findings-need-attention", "NeedsAttention", 1),
    ("access-denied", "Denied", 1),
    ("events-unreadable", "EventsUnusable", 1),
    ("rules-failing", "RuleErrors", 1),
    ("rules-against-policy", "PolicyKept", 1),
    ("security-hub-throttling", "Throttled", 3),
)


def longest_wait(config: Configuration) -> int:
    """Return the age of the oldest message beyond which findings wait for too long, seconds."""
    return TRIES_AWAITED * config.capacity.visibility_timeout


def _undeliverable(rule: events.IRule) -> cloudwatch.Metric:
    """AWS: counts the events of a rule that its dead-letter queue did not take either."""
    return cloudwatch.Metric(
        namespace="AWS/Events",
        metric_name="InvocationsFailedToBeSentToDlq",
        dimensions_map={"RuleName": rule.rule_name},
        statistic="Sum",
        period=Duration.minutes(5),
    )


def waiting(queue: sqs.IQueue) -> cloudwatch.Metric:
    """Return how many messages wait in a queue."""
    return queue.metric_approximate_number_of_messages_visible(
        period=Duration.minutes(1), statistic="Maximum"
    )
