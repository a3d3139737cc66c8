"""Make the way in for findings: an EventBridge rule, a queue, and the two dead-letter queues behind them."""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Acknowledgment, Duration, RemovalPolicy, Validations
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from hubtriage.aws.triage.events import ACTION_DETAIL_TYPE, DETAIL_TYPES, FINDINGS_SOURCE
from hubtriage.settings.capacity import RETENTION_DAYS
from hubtriage.settings.configuration import Configuration

from .encryption import KEY_USE_ACTIONS, key_statements, queue_encryption

LONGEST_RETENTION = Duration.days(RETENTION_DAYS)
QUEUE_READ_ACTIONS = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
# AWS: what StartMessageMoveTask needs; it moves messages from the dead-letter queue of a queue only.
REDRIVE_ACTIONS = (
    *QUEUE_READ_ACTIONS,
    "sqs:StartMessageMoveTask",
    "sqs:CancelMessageMoveTask",
    "sqs:ListMessageMoveTasks",
)


class IntakeConstruct(Construct):
    """Queue of findings to triage, fed with all of them by one EventBridge rule on the default bus.

    Another rule lets in what people hand back in the console, if the deployment has a Custom Action for that.

    `queue` is what the function reads, `dead_letters` holds what it could not process, `undelivered` holds
    what EventBridge could not put into the queue.
    """

    def __init__(self, scope: Construct, name: str, config: Configuration) -> None:
        super().__init__(scope, name)
        self._config = config
        self.dead_letters = self._dead_letter_queue("DeadLetters")
        self.undelivered = self._dead_letter_queue("Undelivered", _NO_QUEUES_DEAD_LETTERS)
        self.queue = self._queue(config)
        self.rule = self._rule(
            "Rule",
            "Security Hub findings to triage",
            events.EventPattern(
                source=[FINDINGS_SOURCE],
                detail_type=[name for hub, name in DETAIL_TYPES.items() if hub in config.hubs],
            ),
        )
        self._rules = [self.rule]
        self.redrive_role = self._redrive_role()

    def _queue(self, config: Configuration) -> sqs.Queue:
        return sqs.Queue(
            self,
            "Queue",
            **queue_encryption(self, config),
            enforce_ssl=True,
            retention_period=LONGEST_RETENTION,
            visibility_timeout=Duration.seconds(config.capacity.visibility_timeout),
            dead_letter_queue=sqs.DeadLetterQueue(
                queue=self.dead_letters, max_receive_count=config.maximum_receives
            ),
        )

    def _dead_letter_queue(self, name: str, allowed: sqs.RedriveAllowPolicy | None = None) -> sqs.Queue:
        queue = sqs.Queue(
            self,
            name,
            **queue_encryption(self, self._config),
            enforce_ssl=True,
            retention_period=LONGEST_RETENTION,
            removal_policy=RemovalPolicy.DESTROY,
            redrive_allow_policy=allowed,
        )
        Validations.of(queue).acknowledge(
            Acknowledgment(id="AwsSolutions::AwsSolutions-SQS3", reason="It is a dead-letter queue itself.")
        )
        return queue

    def let_in_action(self, action: str) -> None:
        """Let in the events of one Custom Action (ARN), and of no other."""
        pattern = events.EventPattern(
            source=[FINDINGS_SOURCE], detail_type=[ACTION_DETAIL_TYPE], resources=[action]
        )
        self._rules.append(self._rule("HandBackRule", "Findings that people hand back", pattern))

    def _rule(self, name: str, description: str, pattern: events.EventPattern) -> events.Rule:
        target = targets.SqsQueue(
            self.queue,
            dead_letter_queue=self.undelivered,
            max_event_age=Duration.hours(24),  # AWS: the longest, and the default; explicit for readers
            retry_attempts=185,
        )
        return events.Rule(self, name, description=description, event_pattern=pattern, targets=[target])

    def _redrive_role(self) -> iam.Role:
        """Make the role that brings dead letters back into the queue."""
        redrive = [
            _allow(REDRIVE_ACTIONS, self.dead_letters),
            _allow(QUEUE_READ_ACTIONS, self.undelivered),
            _allow(("sqs:SendMessage",), self.queue),
            *key_statements(self._config, KEY_USE_ACTIONS),
        ]
        return iam.Role(
            self,
            "Redrive",
            description="Brings dead letters back into the queue of findings",
            assumed_by=iam.AccountRootPrincipal(),  # anyone in this account who is allowed to assume it
            inline_policies={"redrive": iam.PolicyDocument(statements=redrive)},
        )

    def refuse_other_senders(self, *roles: iam.IRole) -> None:
        """Refuse messages of all but the rules, the redrive role and these roles, whatever policies say.

        A false message could make triage hide a finding. No one sends dead letters. AWS: SQS itself moves
        them, there and back, whatever the policy of their queue says.
        """
        arns = [rule.rule_arn for rule in self._rules]
        rule = {"ArnNotEquals": {"aws:SourceArn": arns if len(arns) > 1 else arns[0]}}
        senders = [role.role_arn for role in (self.redrive_role, *roles)]
        self.undelivered.add_to_resource_policy(refusal(self.undelivered, rule))
        condition = {"ArnNotEquals": rule["ArnNotEquals"] | {"aws:PrincipalArn": senders}}
        self.queue.add_to_resource_policy(refusal(self.queue, condition))
        self.dead_letters.add_to_resource_policy(refusal(self.dead_letters))


def _allow(actions: Sequence[str], queue: sqs.Queue) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=list(actions), resources=[queue.queue_arn])


# A redrive sends on what is in it, so no queue may use it as its dead-letter queue. The queue of dead letters
# cannot have such a policy: it would name the main queue, and CloudFormation needs each before the other.
_NO_QUEUES_DEAD_LETTERS = sqs.RedriveAllowPolicy(redrive_permission=sqs.RedrivePermission.DENY_ALL)


def refusal(queue: sqs.Queue, unless_sent_by: Mapping[str, Any] | None = None) -> iam.PolicyStatement:
    """Deny sending, except to requests that fail one part of the condition.

    AWS: a service's request carries `aws:SourceArn`, a role's `aws:PrincipalArn`. A missing key counts as
    not equal.
    """
    return iam.PolicyStatement(
        sid="RefuseOtherSenders",
        effect=iam.Effect.DENY,
        principals=[iam.AnyPrincipal()],
        actions=["sqs:SendMessage"],
        resources=[queue.queue_arn],
        conditions=unless_sent_by,
    )
