"""What each alarm says: how urgent it is and why, what happened, what that means, and what to do first.

No alarm of CloudWatch is needed to read it: the alarms, the dashboard and docs/operating.md all have it from
here.
"""

from dataclasses import dataclass, replace
from typing import Literal

from hubtriage.settings.configuration import Configuration

Severity = Literal["page now", "look tomorrow"]
Feature = Literal["decision-events", "deliveries"]
"""What not every stack has: events of decisions, and channels or queues that they are delivered to."""
SEVERITIES: tuple[Severity, ...] = ("page now", "look tomorrow")


@dataclass(frozen=True, slots=True)
class AlarmText:
    """The words of one alarm. `{config.…}` stands for a setting; `why` is the reason of `severity`.

    With a `feature` only stacks that have it have the alarm.
    """

    severity: Severity
    why: str
    happened: str
    means: str
    first: str
    feature: Feature | None = None

    def with_settings(self, config: Configuration) -> "AlarmText":
        """Return the same words with the settings of a deployment in them."""
        happened, means, first = (
            text.format(config=config) for text in (self.happened, self.means, self.first)
        )
        return replace(self, happened=happened, means=means, first=first)

    @property
    def description(self) -> str:
        """The words as people get them in a message."""
        return f"{self.severity.upper()}. {self.happened} {self.means} First: {self.first}"


_OLD_RULES = "Rules that were deleted or have expired may still hide old findings."

ALARM_TEXTS = {
    "breaker-tripped": AlarmText(
        "page now",
        "a wrong rule may hide real threats",
        "The rules asked triage to hide more than {config.breaker_limit:,} findings in 5 minutes.",
        "The breaker should have switched triage to reopen, in which it hides nothing new.",
        "check the switch with `hubtriage mode`, then look at what triage did with `hubtriage logs`.",
    ),
    "breaker-failing": AlarmText(
        "page now",
        "triage may go on hiding what it should not",
        "The breaker could not switch triage to reopen, or could not say so.",
        "Triage may still hide findings.",
        "stop it with `hubtriage mode reopen`, then read the log of the breaker.",
    ),
    "sweep-limit-reached": AlarmText(
        "page now",
        "a wrong rule may have hidden that many findings",
        "The rules asked a sweep to hide more than {config.sweep_hide_limit:,} findings.",
        "It hid that many and left the others unchanged.",
        "look at what rules did with `hubtriage logs`. Correct them, or run `hubtriage sweep --budget N`.",
    ),
    "access-denied": AlarmText(
        "page now",
        "nothing is triaged, so what becomes severe stays hidden",
        "Security Hub denies calls of triage.",
        "Its role, a policy above it, or Security Hub itself was changed. Findings wait in the queue.",
        "run `hubtriage doctor`, then undo the change.",
    ),
    "intake-paused": AlarmText(
        "page now",
        "nothing is triaged, so what becomes severe stays hidden",
        "The ledger has not answered for a quarter of an hour, so the guard has paused the intake.",
        "No finding is triaged. They wait in the queue until the ledger answers; then the intake resumes.",
        "read the log of the ledger's guard, which says what is wrong.",
    ),
    "findings-waiting": AlarmText(
        "page now",
        "too little is triaged, so what becomes severe stays hidden",
        "The oldest finding has waited longer than two attempts may take.",
        "More findings change than the quota of BatchUpdateFindings allows, or a batch keeps failing.",
        "see on the dashboard whether the queue shrinks; if not, run `hubtriage logs --errors`.",
    ),
    "events-undelivered": AlarmText(
        "page now",
        "no new finding reaches triage",
        "EventBridge could not put findings into the queue.",
        "They wait in a queue of their own for 14 days, and later ones wait there too.",
        "look at the queue's policy and encryption, then run `hubtriage redrive`.",
    ),
    "events-lost": AlarmText(
        "page now",
        "findings are lost, and more will be",
        "EventBridge could put findings neither into the queue nor into the queue for undelivered events.",
        "Those events are lost.",
        "look at the policy of the key and of the queues, then run `hubtriage sweep`.",
    ),
    "dead-letters-waiting": AlarmText(
        "look tomorrow",
        "nothing is lost for 14 days, and what fails many findings pages by itself",
        "Findings could not be triaged, and wait in the dead-letter queue.",
        "The findings stay as they are, hidden or not, until you send them back.",
        "run `hubtriage logs --errors`, remove the cause, then run `hubtriage redrive`.",
    ),
    "function-failing": AlarmText(
        "look tomorrow",
        "the batches come again; if it lasts, findings-waiting pages",
        "The triage function ends in errors or in timeouts.",
        "Whole batches are tried again.",
        "read the error with `hubtriage logs --errors`.",
    ),
    "function-throttled": AlarmText(
        "look tomorrow",
        "findings are late only; if it lasts, findings-waiting pages",
        "The account has no concurrency left for the triage function.",
        "Findings wait for longer.",
        "find the function that uses it up, or set `reserved-concurrency`.",
    ),
    "findings-need-attention": AlarmText(
        "look tomorrow",
        "it concerns single findings, which stay as they are in Security Hub",
        "Security Hub refuses an update for good, or triage has a bug.",
        "Another delivery cannot help.",
        "read the ERROR line of each finding with `hubtriage logs --errors`.",
    ),
    "events-unreadable": AlarmText(
        "look tomorrow",
        "what cannot be read is put aside, and all else is triaged",
        "Events that cannot be read are in the queue.",
        "Something other than Security Hub may send there.",
        "read the reason of each with `hubtriage logs --errors`.",
    ),
    "rules-failing": AlarmText(
        "look tomorrow",
        "what the rule could set is left as it is",
        "A rule cannot be evaluated on some findings.",
        "What it could set there is left as it is.",
        "find rule and finding with `hubtriage logs --errors`, then correct the rule.",
    ),
    "rules-against-policy": AlarmText(
        "look tomorrow",
        "the policy was kept: what it forbids was not done",
        "A rule wants what the house policy forbids on some findings, and was kept from it.",
        "No such rule passes lint, so the deployed rules were not checked, or these findings are malformed.",
        "find rule and finding with `hubtriage logs --errors`, then run `hubtriage policy` on the rules.",
    ),
    "security-hub-throttling": AlarmText(
        "look tomorrow",
        "findings are late only; if it lasts, findings-waiting pages",
        "Security Hub has throttled triage for a quarter of an hour.",
        "Something else uses the same quota.",
        "find the other caller in CloudTrail, or lower `calls-per-second`.",
    ),
    "ledger-failing": AlarmText(
        "look tomorrow",
        "the findings come again; if the ledger does not answer at all, intake-paused pages",
        "Several times within an hour, triage could not read or write its ledger.",
        "The findings concerned stay as they are, and come again.",
        "read the reason of each with `hubtriage logs --errors`.",
    ),
    "ledger-throttled": AlarmText(
        "look tomorrow",
        "findings are late only; if it lasts, findings-waiting pages",
        "DynamoDB has throttled the ledger for a quarter of an hour.",
        "More findings change than the table takes. They come again later.",
        "wait for half an hour: the table grows by itself.",
    ),
    "updates-in-doubt": AlarmText(
        "look tomorrow",
        "triage reads those findings again and puts the ledger right",
        "Several times within an hour, triage could not learn or record how updates ended.",
        "Triage leaves their findings alone for some minutes, then reads them again.",
        "look in `hubtriage logs --errors` for why answers are lost.",
    ),
    "ledger-guard-failing": AlarmText(
        "look tomorrow",
        "it matters only if the ledger fails too; then findings-waiting pages",
        "The guard of the ledger ends in errors.",
        "It may neither pause nor resume the intake.",
        "run `hubtriage doctor`, and read the log of the guard.",
    ),
    "sweep-failed": AlarmText(
        "look tomorrow",
        "events are triaged all the same; a sweep runs every day",
        "A sweep over existing findings failed.",
        _OLD_RULES,
        "read the log of the sweep, remove the cause, then run `hubtriage sweep --resume`.",
    ),
    "sweep-missing": AlarmText(
        "look tomorrow",
        "events are triaged all the same",
        "No sweep of all findings has begun for 26 hours, though one should every day.",
        _OLD_RULES,
        "start one with `hubtriage sweep`, then look at the schedule.",
    ),
    "sweep-waiting": AlarmText(
        "look tomorrow",
        "it hides nothing, and the person who deployed is at work",
        "A deployment ended more than half of the rules in force, or would reopen more than "
        "{config.sweep_reopen_limit:,} findings.",
        "Its sweep waits for a person, because a deployment from the wrong branch looks the same.",
        "read the log of the sweep. If it is meant, run `hubtriage sweep --confirm`. If not, deploy the "
        "right rules.",
    ),
    "notices-failing": AlarmText(
        "look tomorrow",
        "each daily sweep tries again, and the numbers are in its log",
        "Owners could not be notified that their exceptions end soon.",
        "They do not know yet which findings reopen.",
        "read the log of the sweep, remove the cause, then run `hubtriage sweep`.",
    ),
    "sweep-clock-failing": AlarmText(
        "look tomorrow",
        "the clock loses no moment, and the daily sweep makes up for it",
        "The clock that starts a sweep when a rule begins or ends has failed three times.",
        "It looks again in a few minutes, and loses no moment.",
        "if the alarm stays on, read the log of the clock.",
    ),
    "sweep-unfinished": AlarmText(
        "look tomorrow",
        "events are triaged all the same",
        "No sweep has done all of its work for 50 hours, though some may have started.",
        _OLD_RULES,
        "read in the log of the sweep how the last ones ended.",
    ),
    "events-not-put": AlarmText(
        "look tomorrow",
        "the decisions are made, and their messages come again until the events are put",
        "Events of decisions could not be put on the bus of the stack.",
        "Their readers, and channels and tickets, do not know of these decisions yet.",
        "run `hubtriage doctor`, then read the lines `decision events not put` and `event not put` of the "
        "logs.",
        "decision-events",
    ),
    "deliveries-dead": AlarmText(
        "look tomorrow",
        "Security Hub has the decisions; channels and tickets lack them",
        "Decisions could not be delivered to a channel or a queue of tickets.",
        "They wait in the dead-letter queue for 14 days. People there do not know of them.",
        "read the log of the function that failed, remove the cause, then run "
        "`hubtriage redrive --deliveries`.",
        "deliveries",
    ),
    "deliveries-undelivered": AlarmText(
        "look tomorrow",
        "Security Hub has the decisions; channels and tickets lack them",
        "EventBridge could not put decisions into the queue of a channel or of tickets.",
        "They wait in a queue of their own for 14 days, and later ones wait there too.",
        "look at the queue's policy and encryption, then run `hubtriage redrive --deliveries`.",
        "deliveries",
    ),
    "deliveries-failing": AlarmText(
        "look tomorrow",
        "what fails is tried again; if it lasts, deliveries-dead goes off",
        "For a quarter of an hour, requests to Jira, ServiceNow or a chat have failed.",
        "Messages and tickets are late.",
        "see whether the service is down, then read the log of the channel's or queue's function.",
        "deliveries",
    ),
    "delivery-credentials-refused": AlarmText(
        "look tomorrow",
        "tickets wait for a new one; messages are tried again for ten hours, then they are dead letters",
        "A service refuses the credentials of a channel or a queue, or their secret cannot be read.",
        "A token may have expired: those of Jira last for a year at most. Nothing is delivered there.",
        "run `hubtriage doctor`, then put a new token into the secret.",
        "deliveries",
    ),
    "delivery-limit-reached": AlarmText(
        "look tomorrow",
        "the rest of the tickets follows tomorrow; the decisions themselves are made",
        "A channel or a queue has reached its daily limit.",
        "Messages beyond it are counted and not shown. Tickets beyond it are opened on the next day.",
        "look at what rules did with `hubtriage logs`, then correct the rule, or raise `daily-limit`.",
        "deliveries",
    ),
    "tickets-failed": AlarmText(
        "look tomorrow",
        "the findings are triaged; their tickets say something else",
        "Tickets cannot be made as they should be, and another try does not help.",
        "The service refuses a field, a transition or the closing. Such a ticket is never taken for closed.",
        "run `hubtriage tickets failed`, which has the answer of the service.",
        "deliveries",
    ),
}
"""By the name of the alarm, which begins with the name of the stack. The most urgent come first."""
