"""How findings come in: EventBridge rule, queue, and the two dead-letter queues behind them."""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Acknowledgment, Duration, RemovalPolicy, Validations
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.config import Configuration

MEMO_KEY = "hubtriage/memo"
LONGEST_RETENTION = Duration.days(14)  # AWS: the longest that SQS keeps a message
READ_ACTIONS = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
# AWS: what StartMessageMoveTask needs; it moves messages from the dead-letter queue of a queue only.
REDRIVE_ACTIONS = (
    *READ_ACTIONS,
    "sqs:StartMessageMoveTask",
    "sqs:CancelMessageMoveTask",
    "sqs:ListMessageMoveTasks",
)


def finding_pattern() -> dict[str, Any]:
    """The `detail.findings` part of the event pattern: findings a rule could want, or that carry our memo.

    A superset on purpose: what it leaves out, no rule ever sees. Archived findings come in as long as they
    carry a memo, so that what was done to them can be taken back. AWS: `findings` is a list of one in an
    event, and a pattern names its fields as if it were an object.
    """
    return {
        "$or": [
            {"RecordState": ["ACTIVE", {"exists": False}]},
            {"UserDefinedFields": {MEMO_KEY: [{"exists": True}]}},
        ]
    }


class Intake(Construct):
    """Queue of findings to triage, fed by one EventBridge rule on the default bus.

    `queue` is what the function reads, `dead_letters` holds what it could not process, `undelivered` holds
    what EventBridge could not put into the queue.
    """

    def __init__(self, scope: Construct, name: str, config: Configuration) -> None:
        super().__init__(scope, name)
        self.dead_letters = self._dead_letter_queue("DeadLetters")
        self.undelivered = self._dead_letter_queue("Undelivered")
        self.queue = self._queue(config)
        self.rule = self._rule()
        self.redrive_role = self._redrive_role()
        self._refuse_other_senders()

    def _queue(self, config: Configuration) -> sqs.Queue:
        return sqs.Queue(
            self,
            "Queue",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=LONGEST_RETENTION,
            visibility_timeout=Duration.seconds(config.sizes.visibility_timeout),
            dead_letter_queue=sqs.DeadLetterQueue(
                queue=self.dead_letters, max_receive_count=config.maximum_receives
            ),
        )

    def _dead_letter_queue(self, name: str) -> sqs.Queue:
        queue = sqs.Queue(
            self,
            name,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=LONGEST_RETENTION,
            removal_policy=RemovalPolicy.DESTROY,
        )
        Validations.of(queue).acknowledge(
            Acknowledgment(id="AwsSolutions::AwsSolutions-SQS3", reason="It is a dead-letter queue itself.")
        )
        return queue

    def _rule(self) -> events.Rule:
        target = targets.SqsQueue(
            self.queue,
            dead_letter_queue=self.undelivered,
            max_event_age=Duration.hours(24),  # AWS: the longest, and the default, said here to be seen
            retry_attempts=185,
        )
        return events.Rule(
            self,
            "Rule",
            description="Security Hub findings to triage",
            event_pattern=events.EventPattern(
                source=["aws.securityhub"],
                detail_type=["Security Hub Findings - Imported"],
                detail={"findings": finding_pattern()},
            ),
            targets=[target],
        )

    def _redrive_role(self) -> iam.Role:
        """Make the role that brings dead letters back; beside the rule it alone may send to the queue."""
        redrive = [
            _allow(REDRIVE_ACTIONS, self.dead_letters),
            _allow(READ_ACTIONS, self.undelivered),
            _allow(("sqs:SendMessage",), self.queue),
        ]
        return iam.Role(
            self,
            "Redrive",
            description="Brings dead letters back into the queue of findings",
            assumed_by=iam.AccountRootPrincipal(),  # whoever in this account is allowed to assume it
            inline_policies={"redrive": iam.PolicyDocument(statements=redrive)},
        )

    def _refuse_other_senders(self) -> None:
        """Refuse messages from anyone else, even if their own policy allows `sqs:SendMessage`.

        Whoever can write here could have a finding hidden by describing it falsely.
        """
        rule = {"ArnNotEquals": {"aws:SourceArn": self.rule.rule_arn}}
        redrive = {"ArnNotEquals": {"aws:PrincipalArn": self.redrive_role.role_arn}}
        self.undelivered.add_to_resource_policy(_refusal(self.undelivered, rule))
        condition = {"ArnNotEquals": rule["ArnNotEquals"] | redrive["ArnNotEquals"]}
        self.queue.add_to_resource_policy(_refusal(self.queue, condition))


def _allow(actions: Sequence[str], queue: sqs.Queue) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=list(actions), resources=[queue.queue_arn])


def _refusal(queue: sqs.Queue, unless_sent_by: Mapping[str, Any]) -> iam.PolicyStatement:
    """Deny sending, under a condition that a service's request or a role's can escape.

    AWS: the one carries `aws:SourceArn`, the other `aws:PrincipalArn`; a missing key counts as not equal.
    """
    return iam.PolicyStatement(
        sid="RefuseOtherSenders",
        effect=iam.Effect.DENY,
        principals=[iam.AnyPrincipal()],
        actions=["sqs:SendMessage"],
        resources=[queue.queue_arn],
        conditions=unless_sent_by,
    )
