"""What the stack shows and tells: alarms with a runbook, metrics that exist, queries over what is logged."""

import json
import re

import pytest

from hubtriage.aws.sweep.progress import Progress
from hubtriage.aws.sweep.report import step_counts
from hubtriage.aws.sweep.request import SweepRequest
from hubtriage.settings.configuration import Configuration
from infra.alarm_texts import ALARM_TEXTS, SEVERITIES
from tests.support.paths import ROOT

DOC = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
ALWAYS = {name for name, text in ALARM_TEXTS.items() if text.feature is None}
"""The alarms that every stack has; for the others see test_deliveries."""
METRICS = set(re.findall(r"^\| `(\w+)` \| (?:Count|Seconds|None) \|", DOC, re.MULTILINE))
SWEEP_METRICS = {
    name
    for ended in (Progress("done", started=1.0), Progress("waiting", started=1.0))
    for name in step_counts(SweepRequest(), Progress(), ended)
}
MEMBERS = set(re.findall(r"^\| `([a-z_]+)` \| [^|]+ \|$", DOC, re.MULTILINE))


def _all(template, kind):
    return [item["Properties"] for item in template["Resources"].values() if item["Type"] == kind]


def _alarms(template):
    """The alarms by name, without that of the stack."""
    alarms = _all(template, "AWS::CloudWatch::Alarm")
    return {alarm["AlarmName"].removeprefix("hubtriage-"): alarm for alarm in alarms}


def test_names_are_readable_and_begin_with_the_stack_s_so_that_two_stacks_get_on(template, synthesize):
    _, other = synthesize(stack_name="sec-triage")
    names, others = (
        {alarm["AlarmName"] for alarm in _all(each, "AWS::CloudWatch::Alarm")} for each in (template, other)
    )
    assert names == {f"hubtriage-{name}" for name in ALWAYS}
    assert others == {f"sec-triage-{name}" for name in ALWAYS}
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)+", name) for name in ALARM_TEXTS)


def test_an_alarm_of_another_name_is_another_resource(template):
    """CloudFormation makes a resource of a new id before it deletes the old one, which has the same name."""
    ids = {
        item["Properties"]["AlarmName"]: name
        for name, item in template["Resources"].items()
        if item["Type"] == "AWS::CloudWatch::Alarm"
    }
    for name, logical_id in ids.items():
        words = name.removeprefix("hubtriage-").split("-")
        assert re.fullmatch(f"Watch{''.join(map(str.capitalize, words))}[0-9A-F]{{8}}", logical_id)


def test_the_page_has_the_severity_of_every_alarm_with_the_reason():
    (table,) = re.findall(r"^\| alarm \| severity \| why \|\n\|[-|]+\|\n((?:\|.*\n)+)", DOC, re.MULTILINE)
    assert table.splitlines() == [
        f"| [{name}](#{name}) | {text.severity} | {text.why} |" for name, text in ALARM_TEXTS.items()
    ]
    assert {text.severity for text in ALARM_TEXTS.values()} == set(SEVERITIES)


def test_every_alarm_has_a_section_of_the_page_and_every_section_an_alarm():
    (section,) = re.findall(r"^## Alarms\n(.*?)^## ", DOC, re.MULTILINE | re.DOTALL)
    assert sorted(re.findall(r"^### (\S+)$", section, re.MULTILINE)) == sorted(ALARM_TEXTS)


def test_each_severity_has_a_topic_that_hears_the_beginning_and_the_end(template):
    topics = {
        severity: {"Ref": name}
        for severity, start in (("page now", "WatchAlarms"), ("look tomorrow", "WatchTomorrow"))
        for name, item in template["Resources"].items()
        if item["Type"] == "AWS::SNS::Topic" and name.startswith(start)
    }
    for name, alarm in _alarms(template).items():
        topic = topics[ALARM_TEXTS[name].severity]
        assert alarm["OKActions"] == [topic]
        assert [action for action in alarm["AlarmActions"] if "Ref" in action] == [topic]
    outputs = template["Outputs"]
    assert outputs["AlarmTopicArn"]["Value"] == topics["page now"]
    assert outputs["TomorrowTopicArn"]["Value"] == topics["look tomorrow"]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        pytest.param({}, [[], []], id="nobody"),
        pytest.param({"alarm_emails": ("a@b.c",)}, [["a@b.c"], ["a@b.c"]], id="the same people for both"),
        pytest.param(
            {"alarm_emails": ("a@b.c",), "tomorrow_emails": ("d@e.f",)}, [["a@b.c"], ["d@e.f"]], id="others"
        ),
    ],
)
def test_who_hears_of_what(synthesize, settings, told):
    _, template = synthesize(**settings)
    subscribed = [
        (each["TopicArn"]["Ref"], each["Endpoint"]) for each in _all(template, "AWS::SNS::Subscription")
    ]
    assert [
        [address for topic, address in subscribed if topic.startswith(start)]
        for start in ("WatchAlarms", "WatchTomorrow")
    ] == told


def test_a_description_says_how_urgent_it_is_what_happened_and_what_to_do_first(template):
    for name, alarm in _alarms(template).items():
        text = ALARM_TEXTS[name].with_settings(Configuration())
        said = _text(alarm["AlarmDescription"])
        assert said.startswith(
            f"{text.severity.upper()}. {text.happened} {text.means} First: {text.first} Run"
        )
        assert "{" not in said
        assert max(map(len, re.split(r"(?<=[.:]) ", text.description))) < 160, "short sentences"


def test_without_a_runbook_each_alarm_and_the_breaker_link_to_the_dashboard(template):
    host = {
        "Fn::If": [
            "Linksawsusgov",
            "console.amazonaws-us-gov.com",
            {"Fn::If": ["Linksawscn", "console.amazonaws.cn", "REGION.console.aws.amazon.com"]},
        ]
    }
    for value in [alarm["AlarmDescription"] for alarm in _alarms(template).values()] + _told(template):
        parts = json.loads(re.sub(r"(Linksaws[a-z]+)[0-9A-F]{8}", r"\1", json.dumps(value["Fn::Join"][1])))
        shown = [_known(part) for part in parts]
        before, after = "".join(shown[: shown.index("HOST")]), "".join(shown[shown.index("HOST") + 1 :])
        assert before.endswith("https://")
        assert after == "/cloudwatch/home?region=REGION#dashboards/dashboard/hubtriage-REGION"
        assert host in [_plain(part) for part in parts]


def _told(template):
    """What the breaker is told of where to read on."""
    variables = [item["Environment"]["Variables"] for item in _all(template, "AWS::Lambda::Function")]
    return [each["HUBTRIAGE_RUNBOOK"] for each in variables if "HUBTRIAGE_RUNBOOK" in each]


def _plain(part):
    """A part of a joined text in which a reference to the Region is text."""
    text = json.dumps(part).replace(
        json.dumps({"Fn::Join": ["", [{"Ref": "AWS::Region"}, ".console.aws.amazon.com"]]}),
        '"REGION.console.aws.amazon.com"',
    )
    return json.loads(text)


def _known(part):
    if part == {"Ref": "AWS::Region"}:
        return "REGION"
    return "HOST" if isinstance(part, dict) else part


def test_a_runbook_of_ones_own_is_named_by_every_alarm_and_by_the_breaker_with_the_section(synthesize):
    url = "https://git.example.com/triage/docs/operating.md"
    _, template = synthesize(runbook_url=url)
    for name, alarm in _alarms(template).items():
        assert alarm["AlarmDescription"].endswith(f" Runbook: {url}#{name}")
    assert _told(template) == [f"{url}#breaker-tripped"]


def test_an_alarm_s_description_fits_with_the_longest_address(synthesize):
    _, template = synthesize(runbook_url="https://example.com/".ljust(400, "x"))
    descriptions = [alarm["AlarmDescription"] for alarm in _all(template, "AWS::CloudWatch::Alarm")]
    assert max(map(len, descriptions)) <= 1024  # AWS


def test_a_day_without_a_sweep_is_told_also_the_longest_day_of_the_year(template):
    (alarm,) = [a for a in _all(template, "AWS::CloudWatch::Alarm") if a.get("MetricName") == "SweepsBegun"]
    assert alarm["TreatMissingData"] == "breaching"
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanOrEqualToThreshold", 0)
    assert alarm["Statistic"] == "Sum"
    assert alarm["Period"] >= 3600, "AWS: only so may it look at more than a day"
    assert 25 * 3600 < alarm["Period"] * alarm["EvaluationPeriods"] <= 7 * 86_400
    assert f"for {alarm['EvaluationPeriods']} hours" in ALARM_TEXTS["sweep-missing"].happened


def test_sweeps_that_start_and_never_come_to_their_end_are_told(template):
    """One that is superseded every day ends in Step Functions too, and successfully."""
    (alarm,) = [a for a in _all(template, "AWS::CloudWatch::Alarm") if a.get("MetricName") == "SweepsDone"]
    assert alarm["TreatMissingData"] == "breaching"
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanOrEqualToThreshold", 0)
    assert alarm["Statistic"] == "Sum"
    silence = alarm["Period"] * alarm["EvaluationPeriods"]
    assert f"for {alarm['EvaluationPeriods']} hours" in ALARM_TEXTS["sweep-unfinished"].happened
    assert silence > 49 * 3600, "two days of which one has 25 hours: one sweep may end early, the next late"
    assert alarm["Period"] == 3600, "AWS: only so may it look at more than a day"
    (machine,) = [
        json.loads(_text(item["DefinitionString"]))
        for item in _all(template, "AWS::StepFunctions::StateMachine")
    ]
    assert machine["TimeoutSeconds"] < silence, "then also one that takes everything back is over"


def _text(value):
    if isinstance(value, str):
        return value
    return "".join(part if isinstance(part, str) else "x" for part in value["Fn::Join"][1])


def test_nobody_is_woken_for_a_finding_that_fails_once_and_is_triaged_when_it_comes_again(template):
    """AWS: a message that failed counts as one that waits until it comes again, and grows older."""
    (queue,) = [
        each
        for each in _all(template, "AWS::SQS::Queue")
        if "maxReceiveCount" in str(each.get("RedrivePolicy"))
    ]
    (alarm,) = [
        each
        for each in _all(template, "AWS::CloudWatch::Alarm")
        if each.get("MetricName") == "ApproximateAgeOfOldestMessage"
    ]
    assert alarm["Threshold"] >= 2 * queue["VisibilityTimeout"]
    watched = {alarm.get("MetricName") for alarm in _all(template, "AWS::CloudWatch::Alarm")}
    assert not watched & {"FindingsFailed", "CallsFailed", "Unprocessed", "FieldsKept"}


def test_a_breaker_or_a_guard_that_fails_is_told(template):
    watched = [
        alarm["Dimensions"][0]["Value"]["Ref"]
        for alarm in _all(template, "AWS::CloudWatch::Alarm")
        if alarm.get("MetricName") == "Errors"
    ]
    assert sorted(name.rstrip("0123456789ABCDEF") for name in watched) == [
        "BreakerFunction",
        "LedgerGuardFunction",
        "SweepClock",
        "TriageFunction",
    ]


def _alarm(template, metric):
    (alarm,) = [each for each in _all(template, "AWS::CloudWatch::Alarm") if each["MetricName"] == metric]
    return alarm


def test_a_ledger_that_fails_once_wakes_nobody_and_one_that_fails_twice_in_an_hour_does(template):
    """Where few findings come in, minutes may pass between two failures: a row of periods would never be."""
    alarm = _alarm(template, "LedgerFailed")
    assert alarm["DatapointsToAlarm"] == 2
    assert alarm["Period"] * alarm["EvaluationPeriods"] == 3600


def test_a_pause_that_ends_by_itself_wakes_nobody_and_one_that_lasts_does(template):
    alarm = _alarm(template, "IntakePaused")
    assert (alarm["Period"], alarm["EvaluationPeriods"], alarm["Threshold"]) == (300, 3, 0)
    assert alarm["TreatMissingData"] == "notBreaching"


def test_throttles_of_the_ledger_are_told_where_they_last(template):
    alarm = _alarm(template, "WriteThrottleEvents")
    (table,) = [
        name for name, item in template["Resources"].items() if item["Type"] == "AWS::DynamoDB::Table"
    ]
    assert alarm["Namespace"] == "AWS/DynamoDB"
    assert alarm["Dimensions"] == [{"Name": "TableName", "Value": {"Ref": table}}]
    assert alarm["Period"] * alarm["EvaluationPeriods"] == 900


def test_every_alarm_on_triage_itself_watches_a_metric_that_is_documented(template):
    watched = [a for a in _all(template, "AWS::CloudWatch::Alarm") if a.get("Namespace") == "hubtriage"]
    assert {alarm["MetricName"] for alarm in watched} == {
        "Denied",
        "EventsUnusable",
        "IntakePaused",
        "IntentsLeft",
        "LedgerFailed",
        "NeedsAttention",
        "NoticesFailed",
        "PolicyKept",
        "RuleErrors",
        "SweepFindingsWithheld",
        "SweepsBegun",
        "SweepsDone",
        "SweepsWaiting",
        "Throttled",
        "UnplannedHides",
    }
    assert {alarm["MetricName"] for alarm in watched} <= METRICS | SWEEP_METRICS
    assert all(alarm["Dimensions"] == [{"Name": "service", "Value": "hubtriage"}] for alarm in watched)


def test_the_saved_queries_are_those_that_the_page_explains(template):
    saved = {query["Name"]: query for query in _all(template, "AWS::Logs::QueryDefinition")}
    (table,) = re.findall(r"^\| query \| answers \|\n\|[-|]+\|\n((?:\|.*\n)+)", DOC, re.MULTILINE)
    explained = re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)
    assert sorted(saved) == sorted(f"hubtriage/{title}" for title in explained)
    assert {json.dumps(query["LogGroupNames"]) for query in saved.values()} == {
        json.dumps([{"Ref": name}])
        for name, item in template["Resources"].items()
        if item["Type"] == "AWS::Logs::LogGroup" and name.startswith("TriageLog")
    }


def test_each_query_asks_for_members_that_a_line_has():
    from infra.queries import QUERIES

    assert QUERIES
    for title, query in QUERIES.items():
        asked = _asked(query)
        assert asked, title
        assert {word.partition(".")[0] for word in asked} <= MEMBERS, title


def _asked(query: str) -> set[str]:
    """Return the members of a line that a query names."""
    text = re.sub(r"'[^']*'|\"[^\"]*\"", "", query)
    words = set(re.findall(r"@?[a-z_]+(?:\.\d+\.[a-z]+)?", text))
    language = {"fields", "filter", "sort", "limit", "stats", "by", "as", "and", "in", "like", "desc"}
    language |= {"count", "count_distinct", "ispresent", "findings", "times", "@timestamp", "@message"}
    return words - language
