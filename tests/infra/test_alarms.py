"""What the stack shows and tells: alarms with a runbook, metrics that exist, queries over what is logged."""

import json
import re

from hubtriage.aws.sweep.progress import Progress
from hubtriage.aws.sweep.report import step_counts
from hubtriage.aws.sweep.request import SweepRequest
from tests.support.paths import ROOT

DOC = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
METRICS = set(re.findall(r"^\| `(\w+)` \| (?:Count|Seconds) \|", DOC, re.MULTILINE))
SWEEP_METRICS = {
    name
    for ended in (Progress("done", started=1.0), Progress("waiting", started=1.0))
    for name in step_counts(SweepRequest(), Progress(), ended)
}
MEMBERS = set(re.findall(r"^\| `([a-z_]+)` \| [^|]+ \|$", DOC, re.MULTILINE))


def _all(template, kind):
    return [item["Properties"] for item in template["Resources"].values() if item["Type"] == kind]


def test_every_alarm_names_its_section_of_the_runbook_and_every_section_has_an_alarm(template):
    descriptions = [alarm["AlarmDescription"] for alarm in _all(template, "AWS::CloudWatch::Alarm")]
    anchors = [re.search(r"Runbook: docs/operating\.md#(\w+)$", text)[1] for text in descriptions]
    (section,) = re.findall(r"^## Alarms\n(.*?)^## ", DOC, re.MULTILINE | re.DOTALL)
    assert sorted(anchors) == sorted(
        name.lower() for name in re.findall(r"^### (\w+)$", section, re.MULTILINE)
    )


def test_a_runbook_of_ones_own_is_named_by_every_alarm_and_by_the_breaker_with_the_section(synthesize):
    url = "https://git.example.com/triage/docs/operating.md"
    _, template = synthesize(runbook_url=url)
    for alarm in _all(template, "AWS::CloudWatch::Alarm"):
        assert re.search(rf" Runbook: {re.escape(url)}#[a-z]+$", alarm["AlarmDescription"])
    told = [
        function["Environment"]["Variables"].get("HUBTRIAGE_RUNBOOK")
        for function in _all(template, "AWS::Lambda::Function")
    ]
    assert url in told


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


def test_sweeps_that_start_and_never_come_to_their_end_are_told(template):
    """One that is superseded every day ends in Step Functions too, and successfully."""
    (alarm,) = [a for a in _all(template, "AWS::CloudWatch::Alarm") if a.get("MetricName") == "SweepsDone"]
    assert alarm["TreatMissingData"] == "breaching"
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanOrEqualToThreshold", 0)
    assert alarm["Statistic"] == "Sum"
    silence = alarm["Period"] * alarm["EvaluationPeriods"]
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


def test_the_dashboard_shows_metrics_that_are_documented_of_this_stack(template):
    (page,) = _all(template, "AWS::CloudWatch::Dashboard")
    assert page["DashboardName"] == {"Fn::Join": ["", ["hubtriage-", {"Ref": "AWS::Region"}]]}, (
        "all Regions of an account share the names of dashboards"
    )
    body = page["DashboardBody"]
    parts = body["Fn::Join"][1] if isinstance(body, dict) else [body]
    text = "".join(part if isinstance(part, str) else "REFERENCE" for part in parts)
    shown = [metric for widget in json.loads(text)["widgets"] for metric in widget["properties"]["metrics"]]
    ours = [metric for metric in shown if metric[0] == "hubtriage"]
    assert {metric[1] for metric in ours} >= {
        "FindingsReceived",
        "Hidden",
        "TakenBack",
        "FieldsKept",
        "ApiCalls",
    }
    assert {metric[1] for metric in ours} <= METRICS
    assert all(metric[2:4] == ["service", "hubtriage"] for metric in ours)
    assert 'MetricName=\\"Changes\\"' in json.dumps(shown)


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
