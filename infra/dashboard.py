"""Make the page of the stack in CloudWatch; it answers the questions that people have from top to bottom.

The first row says at once whether all is well. What follows says what triage does, whether it keeps up, and
what goes wrong. At the end stands what to do about each alarm. Every axis has one unit.
"""

from collections.abc import Mapping, Sequence
from typing import cast

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from aws_cdk.interfaces.aws_cloudwatch import IAlarmRef
from constructs import Construct

from hubtriage.aws.deliveries.numbers import (
    DELIVERED,
    FAILED,
    REFUSED,
    TICKETS_CLOSED,
    TICKETS_DUE,
    TICKETS_FAILED,
    TICKETS_OPENED,
    TICKETS_REOPENED,
    UNREADABLE,
    WITHHELD,
)
from hubtriage.aws.sweep.occasions.moments import SOON_DAYS
from hubtriage.aws.sweep.report import ENDING_METRIC, MODE_METRIC, MODE_NUMBERS, REOPENING_METRIC
from hubtriage.settings.configuration import Configuration

from .alarm_texts import ALARM_TEXTS, SEVERITIES, Severity
from .alarms import longest_wait
from .intake import IntakeConstruct
from .links import Links
from .metrics import METRICS_NAMESPACE, PERIOD, table_metric, triage_metric

_Shown = cloudwatch.Metric | cloudwatch.MathExpression

UPDATES_A_SECOND, READS_A_SECOND = 10, 3  # AWS: of account and Region, people and other tools included
RANGE = Duration.days(1)
"""What the page shows when it opens: periods of five minutes are 288 points of a graph."""
SWEEP_PERIOD, SWEEP_RANGE = Duration.hours(1), "-P7D"
"""Sweeps run daily: a day would show one of them."""
LAST_SWEEP_RANGE = "-PT26H"
"""A day of 25 hours, when summer time ends, and the time that a sweep takes."""
WHOLE_WIDTH, HALF, THIRD, QUARTER = 24, 12, 8, 6
FIRST_ROW, GRAPH, HEADING = 5, 6, 1
_URGENCY: Mapping[Severity, str] = {
    "page now": "a person has to look at once",
    "look tomorrow": "it can wait for the morning",
}


class Dashboard(Construct):
    """The dashboard of a stack, named after the stack and the Region."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        config: Configuration,
        links: Links,
        intake: IntakeConstruct,
        function: lambda_.Function,
        table: str,
        alarms: Mapping[str, cloudwatch.Alarm],
        pages: Mapping[str, str],
    ) -> None:
        """Make the dashboard. `pages` are further links that it shows, by their text."""
        super().__init__(scope, name)
        self._config = config
        self._links = links
        self._alarms = alarms
        page = cloudwatch.Dashboard(
            self,
            "Page",
            dashboard_name=links.dashboard_name,
            default_interval=RANGE,
            period_override=cloudwatch.PeriodOverride.INHERIT,
        )
        page.add_widgets(*self._at_a_glance(alarms))
        page.add_widgets(_text(_links_line(config, pages), HEADING + 1))
        delivering = bool(config.channels or config.queues)
        for heading, rows in (
            ("What triage does", self._effects()),
            ("Whether it keeps up", self._pace(intake)),
            ("What goes wrong", self._faults(function)),
            ("Sweeps of existing findings, the last 7 days", self._sweeps()),
            ("Ledger and function", self._means(function, table)),
            *([("Decisions that are delivered", self._deliveries())] if delivering else []),
        ):
            page.add_widgets(_text(f"## {heading}", HEADING))
            page.add_widgets(*rows)
        for severity in SEVERITIES:
            page.add_widgets(self._runbook(severity))

    def _metric(self, name: str, label: str | None = None, statistic: str = "Sum") -> cloudwatch.Metric:
        return triage_metric(self._config, name, statistic, label)

    def _at_a_glance(self, alarms: Mapping[str, cloudwatch.Alarm]) -> Sequence[cloudwatch.IWidget]:
        days = max(self._config.notice_days, default=0)
        hidden, ending, reopening = (
            self._metric(name, label, "Maximum")
            for name, label in (
                ("SweepFindingsHidden", "findings, at the last sweep"),
                (ENDING_METRIC, f"rules, within {SOON_DAYS} days"),
                (
                    REOPENING_METRIC,
                    f"findings that reopen, within {days} days",
                ),
            )
        )
        soon = [ending, reopening] if days else [ending]
        ended = [
            self._metric("SweepsDone", "finished"),
            self._metric("SweepsStopped", "ended early"),
            self._metric("SweepFindingsRead", "findings read"),
        ]
        return (
            _numbers("Mode now (1: it is on)", self._modes(), 5),
            cloudwatch.AlarmStatusWidget(
                title="Alarms: those that are on come first",
                alarms=[cast("IAlarmRef", alarm) for alarm in alarms.values()],
                sort_by=cloudwatch.AlarmStatusWidgetSortBy.STATE_UPDATED_TIMESTAMP,
                width=7,
                height=FIRST_ROW,
            ),
            _numbers("Hidden now", [hidden], 3, since=SWEEP_RANGE),
            _numbers("Exceptions ending soon", soon, 4, since=SWEEP_RANGE),
            _numbers("Sweeps in the last 26 hours", ended, 5, since=LAST_SWEEP_RANGE, whole=True),
        )

    def _modes(self) -> Sequence[cloudwatch.MathExpression]:
        """Return one number for each mode: a graph of CloudWatch has no words for values."""
        mode = {"mode": cast("cloudwatch.IMetric", self._metric(MODE_METRIC, statistic="Maximum"))}
        return [
            cloudwatch.MathExpression(
                expression=f"IF(mode == {number}, 1, 0)", using_metrics=mode, label=name, period=PERIOD
            )
            for name, number in MODE_NUMBERS.items()
        ]

    def _effects(self) -> Sequence[cloudwatch.IWidget]:
        limit = cloudwatch.HorizontalAnnotation(
            value=self._config.breaker_limit, label="breaker-limit", color=cloudwatch.Color.RED
        )
        metric = self._metric
        return (
            _graph(
                "Findings that came in, and that triage changed",
                "findings",
                [metric("FindingsReceived", "came in"), metric("FindingsChanged", "changed")],
            ),
            _graph(
                "Findings that triage hid, and showed again",
                "findings",
                [metric("Hidden", "hidden"), metric("TakenBack", "taken back")],
            ),
            _graph(
                "What the breaker counts, every 5 minutes",
                "findings",
                [
                    metric("UnplannedHides", "hidden, or held back"),
                    metric("HidingStopped", "held back by the function itself"),
                ],
                [limit],
            ),
            _graph("Findings changed, by rule", "findings", [self._search("Changes", "rule")]),
            _graph(
                "Fields left to people and other tools",
                "fields",
                [metric("FieldsKept", "left as they are"), metric("Overruled", "changed after triage")],
            ),
            _graph(
                "What rules in observe would change",
                "findings",
                [metric("FindingsObserved", "findings")],
            ),
        )

    def _pace(self, intake: IntakeConstruct) -> Sequence[cloudwatch.IWidget]:
        oldest = intake.queue.metric_approximate_age_of_oldest_message(
            period=PERIOD, statistic="Maximum", label="oldest message"
        )
        limit = cloudwatch.HorizontalAnnotation(
            value=longest_wait(self._config), label="alarm findings-waiting", color=cloudwatch.Color.RED
        )
        ages = [
            self._metric("EventAge", label, statistic)
            for statistic, label in (("p50", "half are younger"), ("p99", "99 of 100 are younger"))
        ]
        queues = {
            "findings to triage": intake.queue,
            "dead letters": intake.dead_letters,
            "undelivered": intake.undelivered,
        }
        return (
            _graph("Age of findings when they are decided", "seconds", ages),
            _graph("Age of the oldest finding in the queue", "seconds", [oldest], [limit]),
            _graph(
                "Messages in the queues", "messages", [_waiting(queue, it) for it, queue in queues.items()]
            ),
            _graph(
                "Calls of Security Hub a second",
                "calls a second",
                [
                    self._a_second("ApiCalls", "updates"),
                    self._a_second("Reads", "reads by triage"),
                    self._a_second("SweepReads", "reads by sweeps"),
                ],
                [
                    cloudwatch.HorizontalAnnotation(value=UPDATES_A_SECOND, label="quota of updates"),
                    cloudwatch.HorizontalAnnotation(value=READS_A_SECOND, label="quota of reads"),
                ],
                width=HALF,
            ),
            _graph(
                "Findings that one update changes",
                "findings a call",
                [self._metric("FindingsPerCall", "average", "Average")],
                width=HALF,
            ),
        )

    def _faults(self, function: lambda_.Function) -> Sequence[cloudwatch.IWidget]:
        metric = self._metric
        return (
            _graph(
                "Findings that could not be triaged",
                "findings",
                [
                    metric("FindingsFailed", "come again"),
                    metric("FindingsRefused", "refused"),
                    metric("NeedsAttention", "need a person"),
                ],
                width=QUARTER,
            ),
            _graph(
                "Rules that failed on a finding",
                "failures",
                [metric("RuleErrors", "a rule and a finding each")],
                width=QUARTER,
            ),
            _graph(
                "Findings left out by a call, by error",
                "findings",
                [self._search("Unprocessed", "code")],
                width=QUARTER,
            ),
            _graph(
                "Events that cannot be read", "events", [metric("EventsUnusable", "events")], width=QUARTER
            ),
            _graph(
                "Calls of Security Hub that failed",
                "calls",
                [
                    metric("Throttled", "throttled"),
                    metric("Denied", "denied"),
                    metric("CallsFailed", "failed otherwise"),
                ],
                width=QUARTER,
            ),
            _graph(
                "Findings that the ledger holds up",
                "findings",
                [
                    metric("LedgerFailed", "not read or written"),
                    metric("Conflicts", "in conflict"),
                    metric("IntentsLeft", "in doubt"),
                ],
                width=QUARTER,
            ),
            _graph(
                "Runs of the function that failed",
                "runs",
                [
                    function.metric_errors(period=PERIOD, statistic="Sum", label="errors"),
                    function.metric_throttles(period=PERIOD, statistic="Sum", label="throttled"),
                ],
                width=QUARTER,
            ),
            _graph(
                "Intake paused, as the ledger is silent",
                "looks of the guard",
                [metric("IntakePaused", "found paused")],
                width=QUARTER,
            ),
        )

    def _sweeps(self) -> Sequence[cloudwatch.IWidget]:
        groups: Mapping[str, Mapping[str, str]] = {
            "Sweeps": {
                "SweepsBegun": "begun",
                "SweepsDone": "finished",
                "SweepsStopped": "ended early",
                "SweepsWaiting": "wait for a person",
            },
            "Findings that sweeps looked at": {"SweepFindingsRead": "read"},
            "Findings that sweeps change": {
                "SweepFindingsChanged": "changed",
                "SweepFindingsWithheld": "not hidden: over the limit",
            },
        }
        return tuple(
            _graph(
                title,
                "sweeps" if title == "Sweeps" else "findings",
                [self._metric(name, label).with_(period=SWEEP_PERIOD) for name, label in metrics.items()],
                since=SWEEP_RANGE,
            )
            for title, metrics in groups.items()
        )

    def _means(self, function: lambda_.Function, table: str) -> Sequence[cloudwatch.IWidget]:
        units, throttled = (
            [table_metric(table, name, label) for name, label in names.items()]
            for names in (
                {"ConsumedReadCapacityUnits": "read", "ConsumedWriteCapacityUnits": "written"},
                {"ReadThrottleEvents": "reads", "WriteThrottleEvents": "writes"},
            )
        )
        billed = function.metric_duration(period=PERIOD, statistic="Sum")
        cost = cloudwatch.MathExpression(
            expression=f"duration / 1000 * {self._config.memory_mb / 1024:g}",
            using_metrics={"duration": cast("cloudwatch.IMetric", billed)},
            label="what Lambda bills",
            period=PERIOD,
        )
        longest = function.metric_duration(period=PERIOD, statistic="Maximum", label="longest")
        return (
            _graph("Ledger: units read and written", "units", units, width=QUARTER),
            _graph("Ledger: requests throttled", "requests", throttled, width=QUARTER),
            _graph("Function: longest run", "milliseconds", [longest], width=QUARTER),
            _graph("Function: what it costs", "GB-seconds", [cost], width=QUARTER),
        )

    def _deliveries(self) -> Sequence[cloudwatch.IWidget]:
        put: list[_Shown] = [self._metric("DecisionEvents", "put on the bus"), self._search(DELIVERED, "to")]
        failed = [
            self._metric(FAILED, "requests that failed"),
            self._metric(REFUSED, "credentials refused"),
            self._metric(UNREADABLE, "messages that cannot be read"),
        ]
        opened = [
            self._metric(TICKETS_OPENED, "opened"),
            self._metric(TICKETS_REOPENED, "opened again"),
            self._metric(TICKETS_CLOSED, "closed"),
        ]
        behind = [
            self._metric(TICKETS_DUE, "due", "Maximum"),
            self._metric(TICKETS_FAILED, "failed"),
            self._metric(WITHHELD, "held back by the daily limit"),
        ]
        return (
            _graph("Put on the bus, and delivered", "events", put, width=QUARTER),
            _graph("Services outside AWS", "requests", failed, width=QUARTER),
            _graph("Tickets", "tickets", opened, width=QUARTER),
            _graph("Messages and tickets that are not done", "messages, tickets", behind, width=QUARTER),
        )

    def _a_second(self, name: str, label: str) -> cloudwatch.MathExpression:
        calls = name.lower()
        return cloudwatch.MathExpression(
            expression=f"{calls} / PERIOD({calls})",
            using_metrics={calls: cast("cloudwatch.IMetric", self._metric(name))},
            label=label,
            period=PERIOD,
        )

    def _search(self, name: str, dimension: str) -> cloudwatch.MathExpression:
        """Return all metrics of a name, one for each value of a dimension."""
        where = (
            f"{{{METRICS_NAMESPACE},{dimension},service}} "
            f'MetricName="{name}" service="{self._config.stack_name}"'
        )
        return cloudwatch.MathExpression(
            expression=f"SEARCH('{where}', 'Sum', {PERIOD.to_seconds()})",
            using_metrics={},
            label="",
            period=PERIOD,
        )

    def _shows(self, alarm: str, severity: Severity) -> bool:
        return alarm in self._alarms and ALARM_TEXTS[alarm].severity == severity

    def _runbook(self, severity: Severity) -> cloudwatch.TextWidget:
        """Return the table of what to do about the alarms of one severity."""
        texts = {name: ALARM_TEXTS[name] for name in ALARM_TEXTS if self._shows(name, severity)}
        lines = [
            f"## Alarms: {severity} ({_URGENCY[severity]})",
            "| alarm | what happened | what that means | what to do first |",
            "|---|---|---|---|",
        ]
        for name, raw in texts.items():
            text = raw.with_settings(self._config)
            link = f"[{name}]({self._links.runbook(name)})" if self._config.runbook_url else name
            first = text.first[:1].upper() + text.first[1:]
            lines.append(f"| {link} | {text.happened} | {text.means} | {first} |")
        return _text("\n".join(lines), 2 + len(texts))


def _links_line(config: Configuration, pages: Mapping[str, str]) -> str:
    """Return the line below the first row: where to read on."""
    runbook = {"Runbook": f"{config.runbook_url}#alarms"} if config.runbook_url else {}
    links = " · ".join(f"[{text}]({link})" for text, link in {**runbook, **pages}.items())
    return (
        f"**{config.stack_name}** — {links}\n\n"
        "In `enforce` triage writes, in `reopen` it hides nothing new, in `observe` it writes nothing. "
        "What to do about each alarm stands at the end of this page."
    )


def _waiting(queue: sqs.Queue, label: str) -> cloudwatch.Metric:
    return queue.metric_approximate_number_of_messages_visible(
        period=PERIOD, statistic="Maximum", label=label
    )


def _text(markdown: str, height: int) -> cloudwatch.TextWidget:
    return cloudwatch.TextWidget(
        markdown=markdown,
        width=WHOLE_WIDTH,
        height=height,
        background=cloudwatch.TextWidgetBackground.TRANSPARENT,
    )


def _numbers(
    title: str, metrics: Sequence[_Shown], width: int, *, since: str | None = None, whole: bool = False
) -> cloudwatch.SingleValueWidget:
    """Return single numbers: the last ones, or with `whole` those of all the time `since`; see `_graph`."""
    return cloudwatch.SingleValueWidget(
        title=title,
        metrics=[cast("cloudwatch.IMetric", metric) for metric in metrics],
        width=width,
        height=FIRST_ROW,
        start=since,
        set_period_to_time_range=whole,
        full_precision=True,
    )


def _graph(
    title: str,
    unit: str,
    metrics: Sequence[_Shown],
    lines: Sequence[cloudwatch.HorizontalAnnotation] = (),
    *,
    width: int = THIRD,
    since: str | None = None,
) -> cloudwatch.GraphWidget:
    """Return a graph whose one axis has this unit.

    AWS: `since` begins with `-P` and needs no end. Without it the graph shows what the page shows.
    """
    return cloudwatch.GraphWidget(
        title=title,
        width=width,
        height=GRAPH,
        left=[cast("cloudwatch.IMetric", metric) for metric in metrics],
        left_annotations=list(lines),
        left_y_axis=cloudwatch.YAxisProps(label=unit, show_units=False, min=0),
        start=since,
    )
